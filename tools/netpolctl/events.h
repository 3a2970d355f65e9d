/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands that follow the kernel's events share: the words for groups of events, and the
 * options that say which packets are meant.
 */
#ifndef NP_EVENTS_H
#define NP_EVENTS_H

#include "netlink/client.h"
#include "netlink/filter.h"

/* One code for each field of a filter, from this one on. */
#define NP_OPT_FILTER	0x200

/* The rows of the options that fill a struct np_filter. */
#define NP_ROW_FROM \
	{ "from", NP_OPT_FILTER + NP_FILTER_FROM, "END", "@pods", \
	  "sent by NAMESPACE/POD, an address or a block; may be repeated" }
#define NP_ROW_TO \
	{ "to", NP_OPT_FILTER + NP_FILTER_TO, "END", "@pods", \
	  "sent to NAMESPACE/POD, an address or a block; may be repeated" }
#define NP_ROW_POD \
	{ "pod", NP_OPT_FILTER + NP_FILTER_POD, "END", "@pods", \
	  "sent by or to NAMESPACE/POD, an address or a block; may be repeated" }
#define NP_ROW_NAMESPACE \
	{ "namespace", 'n', "NAME", "@namespaces", \
	  "sent by or to a pod of this namespace; may be repeated" }
#define NP_ROW_POLICY \
	{ "policy", NP_OPT_FILTER + NP_FILTER_POLICY, "NAME", "@policies", \
	  "isolated by the policy NAMESPACE/NAME, or by a ClusterNetworkPolicy NAME, alone or " \
	  "among others, or that would be; may be repeated" }
#define NP_ROW_PORT \
	{ "port", NP_OPT_FILTER + NP_FILTER_PORT, "PORT", "tcp udp sctp icmp icmpv6", \
	  "sent to a port or by a protocol: 53, udp/53, udp, icmp, icmpv6 or ip/47; may be " \
	  "repeated" }

/* Takes the argument of one of these. Returns 0, or -1 with *err filled. */
int np_events_take(int code, const char *arg, struct np_filter *filter, struct np_error *err);
/*
 * True if what names events: deny, audit or all, and change if the command is for changes too. All
 * is then all that the command is for.
 */
bool np_events_known(const char *what, bool changes);
/* Joins the groups of events that what names. Returns 0, or -1 with *err filled. */
int np_events_join(struct np_client *client, const char *what, bool changes,
		   struct np_error *err);

#endif
