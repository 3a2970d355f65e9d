// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many packets there were between two reports of the counters.
 */
#include "netlink/rates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const int np_rate_attr[NP_RATE_VALUES] = {
	[NP_RATE_IN_ALLOWED] = NETPOL_COUNTERS_A_INGRESS_ALLOWED,
	[NP_RATE_IN_DENIED] = NETPOL_COUNTERS_A_INGRESS_DENIED,
	[NP_RATE_OUT_ALLOWED] = NETPOL_COUNTERS_A_EGRESS_ALLOWED,
	[NP_RATE_OUT_DENIED] = NETPOL_COUNTERS_A_EGRESS_DENIED,
	[NP_RATE_IN_AUDITED] = NETPOL_COUNTERS_A_INGRESS_AUDITED,
	[NP_RATE_OUT_AUDITED] = NETPOL_COUNTERS_A_EGRESS_AUDITED,
};

/* Counters only grow. One that is lower than before has begun again. */
static uint64_t np_rate_grown(uint64_t before, uint64_t after)
{
	return after >= before ? after - before : after;
}

static void np_rate_value(struct np_rate *rate, enum np_rate_value value, uint64_t packets)
{
	rate->value[value] = packets;
	/* what is audited is among the allowed ones */
	if (value == NP_RATE_IN_AUDITED || value == NP_RATE_OUT_AUDITED) {
		rate->audited += packets;
		return;
	}
	rate->packets += packets;
	if (rate->subject->kind != NP_COUNTERS_POLICY &&
	    (value == NP_RATE_IN_DENIED || value == NP_RATE_OUT_DENIED))
		rate->denied += packets;
}

static const struct np_rule_hits *np_rate_rule(const struct np_counters *c,
					       const struct np_rule_hits *like)
{
	size_t i;

	for (i = 0; c && i < c->rule_count; i++)
		if (c->rule[i].direction == like->direction && c->rule[i].index == like->index)
			return &c->rule[i];
	return NULL;
}

static struct np_rate *np_rate_add(struct np_rate_list *list, const struct np_counters *subject)
{
	list->item = np_array_grow(list->item, list->count, sizeof(*list->item));
	list->item[list->count] = (struct np_rate) { .subject = subject };
	return &list->item[list->count++];
}

static void np_rate_policy(struct np_rate_list *list, const struct np_counters *before,
			   const struct np_counters *after, bool each)
{
	struct np_rate *rate = each ? NULL : np_rate_add(list, after);
	const struct np_rule_hits *old;
	uint64_t packets, sum = 0;
	size_t i;

	for (i = 0; i < after->rule_count; i++) {
		old = np_rate_rule(before, &after->rule[i]);
		packets = np_rate_grown(old ? old->hits : 0, after->rule[i].hits);
		sum += packets;
		if (!each)
			continue;
		rate = np_rate_add(list, after);
		rate->rule = &after->rule[i];
		np_rate_value(rate, NP_RATE_PACKETS, packets);
	}
	if (!each)
		np_rate_value(rate, NP_RATE_PACKETS, sum);
}

static void np_rate_subject(struct np_rate *rate, const struct np_counters *before,
			    const struct np_counters *after)
{
	int value;

	rate->subject = after;
	for (value = 0; value < NP_RATE_VALUES; value++)
		np_rate_value(rate, value,
			      np_rate_grown(before ? np_counter(before, np_rate_attr[value]) : 0,
					    np_counter(after, np_rate_attr[value])));
}

static int np_rate_more(uint64_t a, uint64_t b)
{
	return a > b ? -1 : a < b;
}

static int np_rate_by_name(const void *left, const void *right)
{
	const struct np_rate *a = left, *b = right;
	int ret = np_counters_compare(a->subject, b->subject);

	if (!ret && a->rule)
		ret = (int)a->rule->direction - (int)b->rule->direction;
	if (!ret && a->rule)
		ret = a->rule->index < b->rule->index ? -1 : a->rule->index > b->rule->index;
	return ret;
}

static int np_rate_by_packets(const void *left, const void *right)
{
	const struct np_rate *a = left, *b = right;
	int ret = np_rate_more(a->packets, b->packets);

	return ret ? ret : np_rate_by_name(left, right);
}

static int np_rate_by_audited(const void *left, const void *right)
{
	const struct np_rate *a = left, *b = right;
	int ret = np_rate_more(a->audited, b->audited);

	return ret ? ret : np_rate_by_packets(left, right);
}

static int np_rate_by_denied(const void *left, const void *right)
{
	const struct np_rate *a = left, *b = right;
	int ret = np_rate_more(a->denied, b->denied);

	return ret ? ret : np_rate_by_audited(left, right);
}

void np_rates_make(const struct np_counter_list *before, const struct np_counter_list *after,
		   enum np_rate_kind kind, enum np_rate_order order, struct np_rate_list *list)
{
	static int (* const compare[])(const void *left, const void *right) = {
		[NP_RATE_BY_PACKETS] = np_rate_by_packets,
		[NP_RATE_BY_DENIED] = np_rate_by_denied,
		[NP_RATE_BY_AUDITED] = np_rate_by_audited,
		[NP_RATE_BY_NAME] = np_rate_by_name,
	};
	const struct np_counters *old, *c;
	size_t i;

	memset(list, 0, sizeof(*list));
	for (i = 0; i < after->count; i++) {
		c = &after->item[i];
		old = before->count ? bsearch(c, before->item, before->count, sizeof(*c),
					      np_counters_compare) : NULL;
		if (c->kind == NP_COUNTERS_TOTAL)
			np_rate_subject(&list->total, old, c);
		else if (c->kind == NP_COUNTERS_POLICY && kind != NP_RATE_PODS)
			np_rate_policy(list, old, c, kind == NP_RATE_RULES);
		else if (c->kind == NP_COUNTERS_POD && kind == NP_RATE_PODS)
			np_rate_subject(np_rate_add(list, c), old, c);
	}
	if (list->count)
		qsort(list->item, list->count, sizeof(*list->item), compare[order]);
}

const char *np_rate_text(uint64_t packets, uint64_t elapsed, char text[NP_RATE_TEXT])
{
	uint64_t tenths;

	elapsed = elapsed ? elapsed : 1;
	tenths = (packets * 10000 + elapsed / 2) / elapsed;
	if (!packets)
		strcpy(text, "0");
	else if (!tenths)
		strcpy(text, "<0.1");
	else if (tenths < 100)
		snprintf(text, NP_RATE_TEXT, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	else
		snprintf(text, NP_RATE_TEXT, "%" PRIu64, (packets * 1000 + elapsed / 2) / elapsed);
	return text;
}
