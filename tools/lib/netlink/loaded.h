/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is loaded in the kernel, to compare input with. */
#ifndef NP_NETLINK_LOADED_H
#define NP_NETLINK_LOADED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "netlink/client.h"
#include "netlink/decode.h"
#include "object/state.h"

/* An object that is loaded. Its strings belong to the state that it came from. */
struct np_loaded_item {
	__uint128_t digest;	/* digest of what the object means */
	uint8_t object;		/* enum netpol_object */
	bool seen;		/* for the caller */
	const char *namespace;	/* "" for a namespace and a ClusterNetworkPolicy */
	const char *name;
	const char *origin;
	const struct np_pod_state *pod;
};

/* All loaded objects, in order of kind, namespace, name and origin. */
struct np_loaded {
	struct np_state state;
	struct np_loaded_item *item;
	size_t count;
};

/* Dumps all objects. np_loaded_free() must be called after a failure too. */
int np_loaded_get(struct np_client *client, struct np_loaded *loaded, struct np_error *err);
void np_loaded_free(struct np_loaded *loaded);
/* Makes the items from the state. np_loaded_get() does this as well. */
void np_loaded_index(struct np_loaded *loaded);
/*
 * Finds the object of an origin, or of any origin if origin is NULL. Returns NULL if there is
 * none.
 */
struct np_loaded_item *np_loaded_find(struct np_loaded *loaded, uint8_t object,
				      const char *namespace, const char *name,
				      const char *origin);

/* "networkpolicy", "clusternetworkpolicy" if namespace is "", "pod", "namespace" */
const char *np_object_name(uint8_t object, const char *namespace);

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
