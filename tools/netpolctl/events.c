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

/*
 * Sends a request after the groups were joined: from its answer on the kernel knows of it. It comes
 * from a socket of its own, as events may be waiting at the other one.
 */
static int np_events_say(struct np_error *err)
{
	struct np_client client;
	struct np_info info = { 0 };
	int ret = np_client_open(&client, NETPOL_GENL_NAME, np_common.timeout, err);

	if (!ret)
		ret = np_info_get(&client, &info, err);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

int np_events_join(struct np_client *client, const char *what, bool changes,
		   struct np_error *err)
{
	size_t i;

	for (i = 0; i < np_events_count(changes); i++)
		if (np_events_asked(what, i) &&
		    np_client_join(client, np_events_groups[i].group, err))
			return -1;
	return np_events_say(err);
}
