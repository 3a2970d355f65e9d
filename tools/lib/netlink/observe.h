/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkPolicies that are observed instead of enforced: what the module calls an audit. Requests,
 * and what of the loaded policies and pods an audit is about.
 */
#ifndef NP_NETLINK_OBSERVE_H
#define NP_NETLINK_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "base/error.h"
#include "netlink/client.h"
#include "netlink/decode.h"

/**
 * struct np_observe - one audit
 * @namespace: of its policies
 * @policy: name of the policy; "": all of the namespace
 * @pod: name of the pod for which they are observed; "": for all pods. Never beside @policy
 * @until: when it ends, in seconds since 1970; 0: it has no end
 * @policies: how many loaded policies it is about, by np_observe_count(); not of one with a @pod
 */
struct np_observe {
	char namespace[NETPOL_NAMESPACE_MAX + 1];
	char policy[NETPOL_NAME_MAX + 1];
	char pod[NETPOL_NAME_MAX + 1];
	uint64_t until;
	size_t policies;
};

/**
 * struct np_observe_list - all audits of a network namespace
 * @item: the audits, in order of namespace, policy and pod
 * @count: how many
 * @policies: loaded policies that are observed for all pods, by np_observe_count(): by one of
 *	the audits, or because they were loaded as such
 */
struct np_observe_list {
	struct np_observe *item;
	size_t count;
	size_t policies;
};

#define NP_OBSERVE_TEXT	(NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 16)

/* Writes "namespace shop", "policy shop/redis" or "pod shop/web-1", and returns text. */
const char *np_observe_text(const struct np_observe *observe, char text[NP_OBSERVE_TEXT]);
/* True if both are about the same policies of the same pods. For whoever searches a list. */
bool np_observe_same(const struct np_observe *a, const struct np_observe *b);

/*
 * Begins an audit, or changes its end. Sets *generation. Returns 0, or -1 with *err filled; the
 * kernel refuses an end that has passed, and one audit too many.
 */
int np_observe_begin(struct np_client *client, const struct np_observe *observe,
		     uint64_t *generation, struct np_error *err);
/* Ends an audit. NP_EXIT_NEGATIVE if there is none, with nothing changed. */
int np_observe_end(struct np_client *client, const struct np_observe *observe,
		   uint64_t *generation, struct np_error *err);
/*
 * Lists the audits. A module that knows of none has an empty list. np_observe_free() must be called
 * after a failure too.
 */
int np_observe_get(struct np_client *client, struct np_observe_list *list, struct np_error *err);
void np_observe_free(struct np_observe_list *list);
/* For np_client_dump(): arg is the list. */
int np_observe_decode(const struct nlmsghdr *nlh, void *list, struct np_error *err);
void np_observe_reset(void *list);
/* Returns the audit that ends next; NULL: none has an end. */
const struct np_observe *np_observe_next(const struct np_observe_list *list);
/*
 * Returns the audit by which a policy is observed for a pod, the one that lasts longest if there
 * are several; NULL: none. With pod "", only those that are for all pods count.
 */
const struct np_observe *np_observe_find(const struct np_observe_list *list, const char *namespace,
					 const char *policy, const char *pod);
/* Dumps the policies and counts those that are observed: policies of the list and its items. */
int np_observe_count(struct np_client *client, struct np_observe_list *list,
		     struct np_error *err);

/* What the kernel says of a NetworkPolicy. */
struct np_observed_policy {
	char namespace[NETPOL_NAMESPACE_MAX + 1];
	char name[NETPOL_NAME_MAX + 1];
	char origin[NETPOL_ORIGIN_MAX + 1];
	bool audit;	/* it was loaded as one that is observed */
};

/* Loaded policies that are observed for all pods, by an audit or because they were loaded so. */
struct np_observed {
	struct np_observed_policy *item;	/* in order of namespace, name and origin */
	size_t count;
};

/*
 * Dumps them in the place of those that there were. Returns 0, or -1 with *err filled.
 * np_observed_free() must be called after a failure too.
 */
int np_observed_get(struct np_client *client, struct np_observed *observed, struct np_error *err);
/* Returns true if a policy of an origin is one of them. */
bool np_observed_has(const struct np_observed *observed, const char *namespace, const char *name,
		     const char *origin);
void np_observed_free(struct np_observed *observed);

#define NP_OBSERVE_NAMES	3

/* Pods of this node, of which the first ones are named. The names belong to the state. */
struct np_observe_pods {
	size_t count;
	const char *name[NP_OBSERVE_NAMES];
};

/**
 * struct np_observe_effect - what an audit means for the policies and pods that are loaded
 * @policies: NetworkPolicies that it is about
 * @has_namespace: the namespace is loaded
 * @has_pod: the pod is loaded, as one of this node
 * @cluster: a ClusterNetworkPolicy has the name of the namespace
 * @open: by enum netpol_direction: pods of this node that one of @policies selects and no enforced
 *	NetworkPolicy isolates
 * @narrowed: pods that one of @policies with rules selects and an enforced NetworkPolicy isolates,
 *	so that these rules accept nothing any more
 */
struct np_observe_effect {
	size_t policies;
	bool has_namespace;
	bool has_pod;
	bool cluster;
	struct np_observe_pods open[NETPOL_DIRECTIONS];
	struct np_observe_pods narrowed[NETPOL_DIRECTIONS];
};

/*
 * Works out the effect of an audit. list holds all audits, this one among them; the objects of the
 * state are all that is loaded.
 */
void np_observe_effect(const struct np_observe *observe, const struct np_observe_list *list,
		       const struct np_state *state, struct np_observe_effect *effect);

#endif
