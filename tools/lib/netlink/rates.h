/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many packets there were between two reports of the counters. */
#ifndef NP_NETLINK_RATES_H
#define NP_NETLINK_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "netlink/report.h"

/* What rates are of. */
enum np_rate_kind {
	NP_RATE_PODS,		/* local pods */
	NP_RATE_POLICIES,	/* all rules of a policy together */
	NP_RATE_RULES,
};

/* Of a pod, all of them; of a policy or rule, only NP_RATE_PACKETS. */
enum np_rate_value {
	NP_RATE_IN_ALLOWED,
	NP_RATE_PACKETS = NP_RATE_IN_ALLOWED,
	NP_RATE_IN_DENIED,
	NP_RATE_OUT_ALLOWED,
	NP_RATE_OUT_DENIED,	/* forged packets included */
	NP_RATE_IN_AUDITED,	/* of those allowed: what observed policies would deny */
	NP_RATE_OUT_AUDITED,
	NP_RATE_VALUES
};

/* What the rows of a list are sorted by. */
enum np_rate_order {
	NP_RATE_BY_PACKETS,	/* all packets, most first */
	NP_RATE_BY_DENIED,	/* most first, then audited, then all packets */
	NP_RATE_BY_AUDITED,	/* most first, then all packets */
	NP_RATE_BY_NAME,
};

/* One pod, policy or rule. The subject belongs to the later report. */
struct np_rate {
	const struct np_counters *subject;
	const struct np_rule_hits *rule;	/* of NP_RATE_RULES, else NULL */
	uint64_t value[NP_RATE_VALUES];
	uint64_t packets;			/* allowed and denied */
	uint64_t denied;
	uint64_t audited;
};

struct np_rate_list {
	struct np_rate *item;
	size_t count;
	struct np_rate total;	/* of the node; its subject is NULL if the report has no total */
};

/*
 * Compares two reports that np_counters_sort() has sorted. What is in the later one alone, and what
 * has begun again since, counts from 0. The caller frees list->item, and keeps the later report
 * until then.
 */
void np_rates_make(const struct np_counter_list *before, const struct np_counter_list *after,
		   enum np_rate_kind kind, enum np_rate_order order, struct np_rate_list *list);

#define NP_RATE_TEXT	24
/*
 * Packets a second, of so many in so many milliseconds, with one decimal below 10 so that rare ones
 * show: "0", "0.3", "9.9", "10". Less than 0.1 but more than none is "<0.1". Returns text.
 */
const char *np_rate_text(uint64_t packets, uint64_t elapsed, char text[NP_RATE_TEXT]);

#endif
