// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups of events, and the options that choose among packets.
 */
#include "events.h"

#include <string.h>

#include "common.h"

/* The words for groups of events. Changes come last. */
static const struct {
	const char *word;
	const char *group;
} np_events_groups[] = {
	{ "deny", NETPOL_MCGRP_DENY },
	{ "audit", NETPOL_MCGRP_AUDIT },
	{ "change", NETPOL_MCGRP_CHANGE },
};

static size_t np_events_count(bool changes)
{
	return NP_COUNT(np_events_groups) - !changes;
}

static bool np_events_asked(const char *what, size_t group)
{
	return !strcmp(what, "all") || !strcmp(what, np_events_groups[group].word);
}

int np_events_take(int code, const char *arg, struct np_filter *filter, struct np_error *err)
{
	return np_filter_value_add(filter, code == 'n' ? NP_FILTER_NAMESPACE :
				   (enum np_filter_field)(code - NP_OPT_FILTER), arg, err);
}

bool np_events_known(const char *what, bool changes)
{
	size_t i;

	for (i = 0; i < np_events_count(changes); i++)
		if (np_events_asked(what, i))
			return true;
	return false;
}

int np_events_join(struct np_client *client, const char *what, bool changes,
		   struct np_error *err)
{
	size_t i;

	for (i = 0; i < np_events_count(changes); i++)
		if (np_events_asked(what, i) &&
		    np_client_join(client, np_events_groups[i].group, err))
			return -1;
	return 0;
}
