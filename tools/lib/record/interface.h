/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces of the pods in flow records. Events do not name them; the list of local pods does.
 */
#ifndef NP_RECORD_INTERFACE_H
#define NP_RECORD_INTERFACE_H

#include <stdint.h>

#include "netlink/client.h"
#include "netlink/local.h"
#include "record/record.h"

/**
 * struct np_interfaces - what is known of the interfaces of local pods
 * @client: to ask the kernel with; it must have joined no group of events
 * @list: the local pods when they were last asked for
 * @read: when that was, in milliseconds of CLOCK_MONOTONIC; 0: never
 */
struct np_interfaces {
	struct np_client *client;
	struct np_local_list list;
	int64_t read;
};

/*
 * Sets the interfaces of a record. The list is read again if it lacks the pod that was judged, or
 * if its interface is gone, but no more than once a second; what is not found is left unset.
 */
void np_interfaces_set(struct np_interfaces *known, struct np_record *record);
void np_interfaces_free(struct np_interfaces *known);

#endif
