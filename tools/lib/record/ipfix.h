/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flow records as IPFIX messages (RFC 7011). docs/flows.md lists the information elements.
 */
#ifndef NP_RECORD_IPFIX_H
#define NP_RECORD_IPFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "record/record.h"

/*
 * The most bytes of a message, so that with the headers of UDP and IP it fits into a packet on
 * nearly every path. Every record has room in one.
 */
#define NP_IPFIX_MESSAGE	1400
/*
 * The private enterprise number of netpol's own elements. netpol has none of its own from IANA;
 * this one is for documentation (RFC 5612).
 */
#define NP_IPFIX_ENTERPRISE	32473

/**
 * struct np_ipfix - a message that is being made; all bytes zero: there is none so far
 * @bytes: what there is of it; owned
 * @set: offset of its last set; 0: it has none
 * @records: data records in it
 * @packets: packets in them
 */
struct np_ipfix {
	struct np_buffer bytes;
	size_t set;
	uint32_t records;
	uint64_t packets;
};

/*
 * Adds the templates, and the types of netpol's own elements (RFC 5610), under this enterprise
 * number. They have room in a message of their own.
 */
void np_ipfix_templates(struct np_ipfix *message, uint32_t enterprise);
/* Adds a record. Returns false, and changes nothing, if the message has no room for it. */
bool np_ipfix_record(struct np_ipfix *message, const struct np_record *record);
/* Adds what was lost since the beginning, likewise; when is in milliseconds since 1970. */
bool np_ipfix_lost(struct np_ipfix *message, const struct np_lost *lost, uint64_t when);
/*
 * Completes the header of a whole message: when it is sent, in seconds since 1970, and how many
 * data records were sent before it in this session.
 */
void np_ipfix_stamp(void *message, size_t len, uint32_t when, uint32_t sequence);
void np_ipfix_free(struct np_ipfix *message);

#endif
