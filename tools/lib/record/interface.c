// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interfaces of the pods in flow records.
 */
#include "record/interface.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

/* Milliseconds between two lists of all pods, which may be long. */
#define NP_INTERFACES_PAUSE	1000

static int np_interfaces_compare(const void *left, const void *right)
{
	const struct np_local_pod *a = left, *b = right;
	int ret = strcmp(a->namespace, b->namespace);

	return ret ? ret : strcmp(a->name, b->name);
}

/* Reads the list anew. Without an answer there are no names: the records say the rest. */
static bool np_interfaces_read(struct np_interfaces *known)
{
	int64_t now = np_time_monotonic();
	struct np_error err = { 0 };

	if (known->read && now - known->read < NP_INTERFACES_PAUSE)
		return false;
	np_local_free(&known->list);
	if (np_local_get(known->client, &known->list, &err))
		np_local_free(&known->list);
	if (known->list.count)
		qsort(known->list.item, known->list.count, sizeof(*known->list.item),
		      np_interfaces_compare);
	known->read = np_time_monotonic();
	return true;
}

/* Sets the interface of the pod whose names begin there. Returns false if it is not known. */
static bool np_interfaces_find(const struct np_interfaces *known, const struct np_record *record,
			       unsigned int names, struct np_record_interface *interface)
{
	const char *namespace = np_record_name(record, names);
	const char *pod = np_record_name(record, names + 1);
	struct np_local_pod want = { .ifindex = 0 }, *found = NULL;

	if (!*pod)
		return true;
	snprintf(want.namespace, sizeof(want.namespace), "%s", namespace);
	snprintf(want.name, sizeof(want.name), "%s", pod);
	if (known->list.count)
		found = bsearch(&want, known->list.item, known->list.count, sizeof(want),
				np_interfaces_compare);
	if (!found || !found->ifindex || !if_indextoname(found->ifindex, interface->name)) {
		memset(interface, 0, sizeof(*interface));
		return false;
	}
	interface->index = found->ifindex;
	return true;
}

void np_interfaces_set(struct np_interfaces *known, struct np_record *record)
{
	bool source, destination;

	do {
		source = np_interfaces_find(known, record, NP_RECORD_SOURCE_NAMESPACE,
					    &record->source);
		destination = np_interfaces_find(known, record, NP_RECORD_DESTINATION_NAMESPACE,
						 &record->destination);
		if (record->key.direction == NETPOL_DIRECTION_INGRESS ? destination : source)
			break;
	} while (np_interfaces_read(known));
}

void np_interfaces_free(struct np_interfaces *known)
{
	np_local_free(&known->list);
}
