/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flow records: packets that are alike in all but the time and the source port, counted.
 */
#ifndef NP_RECORD_RECORD_H
#define NP_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "base/hash.h"
#include "netlink/report.h"
#include "object/address.h"

/*
 * The most bytes that the names of the policies of a record may have, each with a byte that ends
 * it. At least one name always has room.
 */
#define NP_RECORD_POLICIES	512

/*
 * What the packets of a record have in common, but for the names. Records are told apart by its
 * bytes, so those between its members are zero.
 */
struct np_record_key {
	struct np_address source;
	struct np_address destination;
	uint32_t policies;		/* how many isolate */
	uint32_t listed;		/* of them named in the record */
	uint16_t destination_port;
	uint8_t has_ports;
	uint8_t protocol;
	uint8_t verdict;		/* enum netpol_verdict */
	uint8_t direction;		/* enum netpol_direction */
	uint8_t reason;			/* enum netpol_reason */
};

/* The interface of a pod; the name is "" if it is not known. */
struct np_record_interface {
	uint32_t index;
	char name[IF_NAMESIZE];
};

/* The names that a record has: the first of these, and then key.listed policies. */
enum np_record_name {
	NP_RECORD_SOURCE_NAMESPACE,
	NP_RECORD_SOURCE_POD,
	NP_RECORD_DESTINATION_NAMESPACE,
	NP_RECORD_DESTINATION_POD,
	NP_RECORD_POLICY,
};

/**
 * struct np_record - a flow record; one block of memory, which belongs to its table
 * @hash: for struct np_hash
 * @key: see there
 * @packets: how many
 * @first: time of the first one, in nanoseconds since 1970
 * @last: time of the last one
 * @source_port: that of all its packets; 0 if they had several, or none
 * @source: the interface of the source; set by whoever writes the record, 0 until then
 * @destination: that of the destination
 * @length: bytes of text
 * @text: the names in order, each ended by a NUL byte: see np_record_name()
 */
struct np_record {
	uint32_t hash;
	struct np_record_key key;
	uint64_t packets;
	uint64_t first;
	uint64_t last;
	uint16_t source_port;
	struct np_record_interface source;
	struct np_record_interface destination;
	size_t length;
	char text[];
};

/* What is in no record that was written, since the beginning. */
struct np_lost {
	uint64_t events;	/* of the kernel's that were not read, and packets in none */
	uint64_t records;	/* that were made, and not written to where they should go */
	uint64_t packets;	/* in these */
};

/* Records in the order of their first packets. All bytes zero: it is empty. */
struct np_record_table {
	struct np_hash hash;
	struct np_record **record;
	size_t count;
};

/* Counts the packets of an event in its record, which is made if they are the first ones. */
void np_record_add(struct np_record_table *table, const struct np_event *event);
/* Forgets all records; the table may be used again. */
void np_record_clear(struct np_record_table *table);
void np_record_free(struct np_record_table *table);
/*
 * Returns a name of a record, which is "" for an end that is no known pod. Policies are
 * NP_RECORD_POLICY + 0 to key.listed - 1, as "namespace/name", or "name" of a ClusterNetworkPolicy.
 */
const char *np_record_name(const struct np_record *record, unsigned int which);

#endif
