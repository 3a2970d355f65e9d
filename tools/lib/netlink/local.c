// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dumps the local pods.
 */
#include "netlink/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "netlink/decode.h"

struct np_local_reading {
	struct np_local_list *list;
	struct np_state state;
};

/* Keeps the local pods of one message. All others are forgotten with it. */
static int np_local_read(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_local_reading *reading = arg;
	struct np_local_list *list = reading->list;
	const struct np_pod_state *state;
	const struct np_pod *pod;
	struct np_local_pod *item;
	size_t i;

	if (np_state_decode(&reading->state, nlh, err))
		return -1;
	for (i = 0; i < reading->state.objects.pod_count; i++) {
		pod = &reading->state.objects.pods[i];
		state = &reading->state.pod[i];
		if (!state->place.local || state->flags & NETPOL_OBJECT_F_GONE)
			continue;
		list->item = np_array_grow(list->item, list->count, sizeof(*list->item));
		item = &list->item[list->count++];
		memset(item, 0, sizeof(*item));
		snprintf(item->namespace, sizeof(item->namespace), "%s", pod->namespace);
		snprintf(item->name, sizeof(item->name), "%s", pod->name);
		item->ifindex = state->place.ifindex;
		while (item->address_count < pod->address_count &&
		       item->address_count < NP_POD_ADDRESSES_MAX) {
			item->address[item->address_count] = pod->address[item->address_count];
			item->address_count++;
		}
	}
	np_state_reset(&reading->state);
	return 0;
}

static void np_local_restart(void *arg)
{
	struct np_local_reading *reading = arg;

	np_state_reset(&reading->state);
	reading->list->count = 0;
}

int np_local_get(struct np_client *client, struct np_local_list *list, struct np_error *err)
{
	struct np_local_reading reading = { .list = list };
	int ret;

	np_state_init(&reading.state);
	ret = np_client_dump(client, np_client_message(client, NETPOL_CMD_GET_POD, 256),
			     np_local_restart, np_local_read, &reading, err);
	np_state_free(&reading.state);
	return ret;
}

void np_local_free(struct np_local_list *list)
{
	free(list->item);
	memset(list, 0, sizeof(*list));
}
