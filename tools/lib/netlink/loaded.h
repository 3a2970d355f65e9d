/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one origin has loaded, to compare input with.
 */
#ifndef NP_NETLINK_LOADED_H
#define NP_NETLINK_LOADED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "netlink/client.h"
#include "netlink/decode.h"
#include "object/state.h"

/* One object of the kernel's; strings belong to the state it came from. */
struct np_loaded_item {
	__uint128_t digest;	/* of what it means */
	uint8_t object;		/* enum netpol_object */
	bool seen;		/* for the caller */
	const char *namespace;	/* "" for a namespace */
	const char *name;
	const char *origin;
	const struct np_pod_state *pod;
};

/* All objects, ordered by kind, namespace, name and origin. */
struct np_loaded {
	struct np_state state;
	struct np_loaded_item *item;
	size_t count;
};

/* Dumps all objects; np_loaded_free() also after a failure. */
int np_loaded_get(struct np_client *client, struct np_loaded *loaded, struct np_error *err);
void np_loaded_free(struct np_loaded *loaded);
/* Makes the items from the state; np_loaded_get() does it too. */
void np_loaded_index(struct np_loaded *loaded);
/* The object of an origin, or with origin NULL of any; NULL: there is none. */
struct np_loaded_item *np_loaded_find(struct np_loaded *loaded, uint8_t object,
				      const char *namespace, const char *name,
				      const char *origin);

/* "networkpolicy", "pod", "namespace" */
const char *np_object_name(uint8_t object);

/* What a command did to each object. */
struct np_result {
	uint8_t object;
	const char *namespace;
	const char *name;
	const char *action;	/* "created", "configured", ... */
};

struct np_result_list {
	struct np_result *item;
	size_t count;
};

void np_result_add(struct np_result_list *list, uint8_t object, const char *namespace,
		   const char *name, const char *action);

#endif
