/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `netpolctl get` was asked for, and how it is printed. */
#ifndef NP_GET_H
#define NP_GET_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/client.h"
#include "netlink/decode.h"
#include "netlink/observe.h"
#include "netlink/report.h"

struct np_get {
	const char *namespace;	/* NULL: all */
	const char *origin;	/* NULL: all */
	bool all;
	bool no_policies;	/* leave NetworkPolicies out */
	bool no_cluster;	/* leave ClusterNetworkPolicies out */
	uint64_t unused;	/* get rules: seconds of --unused; 0: all rules */
	struct np_observe_list observed;	/* of get policies */
	char **name;
	bool *found;		/* by name: an object has it */
	int name_count;
};

/* True if the object was asked for. Marks its name as found. */
bool np_get_wanted(const struct np_get *get, const char *namespace, const char *name,
		   const char *origin);
/* Fails with the first name that no object has. */
int np_get_missing(const struct np_get *get, const char *kind, struct np_error *err);
/* Prints what each rule of a policy that selects a pod of this node has decided. */
int np_get_rules(struct np_client *client, const struct np_get *get, struct np_error *err);
/*
 * Prints a dump of NETPOL_CMD_GET_NAMESPACE, _POD or _POLICY. Notes in the state which policies are
 * observed.
 */
void np_get_print(const struct np_get *get, struct np_state *state, uint8_t command);
void np_get_print_trie(const struct np_trie_list *list, const char *namespace,
		       const char *name);

#endif
