/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events of denied packets somebody wants to see.
 */
#ifndef NP_NETLINK_FILTER_H
#define NP_NETLINK_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "netlink/report.h"
#include "object/address.h"

/* What a condition is about. */
enum np_filter_field {
	NP_FILTER_FROM,		/* source: NAMESPACE/POD, an address or a block */
	NP_FILTER_TO,		/* destination, likewise */
	NP_FILTER_POD,		/* source or destination, likewise */
	NP_FILTER_NAMESPACE,	/* namespace of the source or the destination */
	NP_FILTER_POLICY,	/* NAMESPACE/POLICY, one of those that isolate */
	NP_FILTER_PORT,		/* destination port 53, udp/53, or a protocol: icmp, 47 */
	NP_FILTER_FIELDS,
};

/**
 * struct np_filter_value - one value that a field may have
 * @namespace: of a pod or policy, or the namespace itself; "" if it is a block or a port
 * @name: of the pod or policy
 * @block: addresses, if its family is not 0
 * @protocol: IPPROTO_*; 0: any
 * @port: destination port; 0: any
 */
struct np_filter_value {
	char namespace[NETPOL_NAMESPACE_MAX + 1];
	char name[NETPOL_NAME_MAX + 1];
	struct np_cidr block;
	uint8_t protocol;
	uint16_t port;
};

/**
 * struct np_filter - conditions on an event: each field that has values must have one of them
 * @value: values of each field; owned
 * @count: how many
 */
struct np_filter {
	struct np_filter_value *value[NP_FILTER_FIELDS];
	size_t count[NP_FILTER_FIELDS];
};

/* Adds a value. Returns 0, or -1 with *err filled (NP_EXIT_USAGE) if the text is none. */
int np_filter_value_add(struct np_filter *filter, enum np_filter_field field, const char *text,
			struct np_error *err);
void np_filter_free(struct np_filter *filter);
/*
 * True if the event meets all conditions. A change always does: it is about no packet. A packet
 * whose isolating policies are too many to be listed meets a condition on a policy if one of the
 * listed ones does.
 */
bool np_filter_match(const struct np_filter *filter, const struct np_event *event);

#endif
