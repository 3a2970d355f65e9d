// SPDX-License-Identifier: GPL-2.0-or-later
/* What passes between two ends. */
#include "graph/passes.h"

void np_passes_add(struct np_flows *flows, struct np_passes *passes, uint32_t set)
{
	if (set == NP_FLOWS_UNASKED)
		return;
	if (passes->all == NP_FLOWS_UNASKED) {
		passes->all = set;
		passes->some = set;
		return;
	}
	passes->all = np_flows_and(flows, passes->all, set);
	passes->some = np_flows_or(flows, passes->some, set);
}

bool np_passes_same(const struct np_passes a[2], const struct np_passes b[2])
{
	return a[0].all == b[0].all && a[0].some == b[0].some && a[1].all == b[1].all &&
	       a[1].some == b[1].some;
}

bool np_passes_any(const struct np_passes passes[2])
{
	int v6;

	for (v6 = 0; v6 < 2; v6++)
		if (passes[v6].some != NP_FLOWS_UNASKED && passes[v6].some != NP_FLOWS_NOTHING)
			return true;
	return false;
}

bool np_passes_asked(const struct np_passes passes[2])
{
	return passes[0].some != NP_FLOWS_UNASKED || passes[1].some != NP_FLOWS_UNASKED;
}

bool np_passes_full(const struct np_flows *flows, const struct np_passes passes[2])
{
	int v6;

	for (v6 = 0; v6 < 2; v6++)
		if (passes[v6].all != NP_FLOWS_UNASKED && passes[v6].all != flows->full)
			return false;
	return np_passes_asked(passes);
}

/* Adds ports, and over which families if not over all that there are. */
static void np_passes_set(struct np_buffer *to, const struct np_flows *flows, uint32_t set,
			  const char *over, const char *some)
{
	np_buffer_print(to, "%s", to->len ? "; " : "");
	np_flows_text(to, flows, set);
	np_buffer_print(to, "%s%s", over, some);
}

static void np_passes_family(struct np_buffer *to, struct np_flows *flows,
			     const struct np_passes *passes, const char *over)
{
	uint32_t rest;

	if (passes->some == NP_FLOWS_UNASKED || passes->some == NP_FLOWS_NOTHING)
		return;
	if (passes->all != NP_FLOWS_NOTHING)
		np_passes_set(to, flows, passes->all, over, "");
	rest = np_flows_without(flows, passes->some, passes->all);
	if (rest != NP_FLOWS_NOTHING)
		np_passes_set(to, flows, rest, over, " for some pods");
}

void np_passes_text(struct np_buffer *to, struct np_flows *flows,
		    const struct np_passes passes[2])
{
	bool differ = passes[0].all != passes[1].all || passes[0].some != passes[1].some;

	np_passes_family(to, flows, &passes[0], differ ? " over IPv4" : "");
	if (differ)
		np_passes_family(to, flows, &passes[1], " over IPv6");
}
