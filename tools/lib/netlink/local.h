/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local pods that are loaded in the kernel.
 */
#ifndef NP_NETLINK_LOCAL_H
#define NP_NETLINK_LOCAL_H

#include <stddef.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "netlink/client.h"
#include "object/object.h"

struct np_local_pod {
	char namespace[NETPOL_NAMESPACE_MAX + 1];
	char name[NETPOL_NAME_MAX + 1];
	uint32_t ifindex;	/* 0: its interface is not known */
	struct np_address address[NP_POD_ADDRESSES_MAX];
	uint32_t address_count;
};

struct np_local_list {
	struct np_local_pod *item;
	size_t count;
};

/*
 * Dumps the pods and keeps the local ones. Returns 0, or -1 with *err filled. np_local_free() must
 * be called after a failure too.
 */
int np_local_get(struct np_client *client, struct np_local_list *list, struct np_error *err);
void np_local_free(struct np_local_list *list);

#endif
