/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module's core in this process: a world that is filled from Kubernetes objects and judged
 * by the code that judges packets in the kernel. For one thread; nothing here talks to the
 * kernel.
 */
#ifndef NP_OFFLINE_OFFLINE_H
#define NP_OFFLINE_OFFLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/classify.h"
#include "core/edit.h"
#include "base/error.h"
#include "core/explain.h"
#include "netlink/observe.h"
#include "object/object.h"

/**
 * struct np_offline - a world of one's own
 * @world: world; its snapshot is in force
 * @edit: open transaction, or NULL
 * @fault: why the core refused something; error is 0 if it never did
 * @node: pods scheduled here are local; NULL: all pods are
 * @scratch: what one call needs
 */
struct np_offline {
	struct netpol_world *world;
	struct netpol_edit *edit;
	struct netpol_fault fault;
	const char *node;
	struct np_arena scratch;
};

/**
 * struct np_flow - the first packet of a connection
 * @source: address
 * @destination: address of the same family
 * @protocol: IPPROTO_*
 * @port: destination port, 0 where the protocol has none
 */
struct np_flow {
	struct np_address source;
	struct np_address destination;
	uint8_t protocol;
	uint16_t port;
};

/**
 * struct np_offline_kind - what pods made alike share, one reference each
 * @labels: full label set
 * @ports: named ports or NULL
 */
struct np_offline_kind {
	struct netpol_labels *labels;
	struct netpol_ports *ports;
};

/*
 * Makes an empty world. node must not be freed before it. Returns 0, or -1 with *err filled if
 * memory is short.
 */
int np_offline_init(struct np_offline *off, const char *node, struct np_error *err);
/* Frees the world and aborts an open transaction. Nobody may hold a snapshot any more. */
void np_offline_free(struct np_offline *off);

/*
 * Opens a transaction of an origin. A call that fails returns -1 with *err filled and a
 * negative errno in off->fault.error; after it only np_offline_abort() may follow.
 */
int np_offline_begin(struct np_offline *off, const char *origin, struct np_error *err);
/* Makes room for this many objects. To be called before many are set. */
int np_offline_expect(struct np_offline *off, uint32_t namespaces, uint32_t pods,
		      uint32_t policies, struct np_error *err);
int np_offline_namespace(struct np_offline *off, const struct np_namespace *ns,
			 struct np_error *err);
/* Sets a pod, or deletes it if it can't be enforced; see np_pod_usable(). */
int np_offline_pod(struct np_offline *off, const struct np_pod *pod, struct np_error *err);
int np_offline_policy(struct np_offline *off, const struct np_policy *policy,
		      struct np_error *err);
int np_offline_delete_namespace(struct np_offline *off, const char *name,
				struct np_error *err);
/* Deletes an object. uid NULL: whatever uid the pod has. */
int np_offline_delete_pod(struct np_offline *off, const char *namespace, const char *name,
			  const char *uid, struct np_error *err);
int np_offline_delete_policy(struct np_offline *off, const char *namespace, const char *name,
			     struct np_error *err);
/* Deletes what the origin had before and this transaction has not set. */
int np_offline_sweep(struct np_offline *off, struct np_error *err);
int np_offline_prepare(struct np_offline *off, struct np_error *err);
/*
 * Make objects for netpol_edit_*() without a transaction. The caller owns them. They return an
 * error pointer if the object can't be made. A kind is made once for all pods that share it.
 */
struct netpol_namespace *np_offline_make_namespace(struct np_offline *off,
						   const struct np_namespace *ns);
struct netpol_pod *np_offline_make_pod(struct np_offline *off, const struct np_pod *pod,
				       const struct np_offline_kind *kind,
				       const uint8_t uid[NETPOL_UID_LEN]);
struct netpol_policy *np_offline_make_policy(struct np_offline *off,
					     const struct np_policy *policy);
/* Returns 0 or a negative errno. Drops the reference on the kind. */
int np_offline_kind_get(struct np_offline *off, const struct np_pod *pod,
			struct np_offline_kind *kind);
void np_offline_kind_put(struct np_offline *off, struct np_offline_kind *kind);
/* Turns an errno of the core into *err, with the sentence in fault.text if the core wrote one. */
int np_offline_fail(struct np_offline *off, int error, const char *what,
		    const char *namespace, const char *name, struct np_error *err);

/* Publishes the transaction. To be called after np_offline_prepare(). Cannot fail. */
void np_offline_publish(struct np_offline *off);
/* Aborts the transaction, at any time before that. Cannot fail. */
void np_offline_abort(struct np_offline *off);

/*
 * Loads all objects in one transaction, pods in the order of np_pods_by_arrival(). With `full`
 * they replace all that the origin had. Returns 0, or -1 with *err filled and the world
 * unchanged.
 */
int np_offline_apply(struct np_offline *off, const char *origin,
		     const struct np_objects *objs, bool full, struct np_error *err);

/*
 * Begins audits without an end, besides those that there are. What they are about may be loaded
 * later. No transaction may be open. Returns 0, or -1 with *err filled and the world unchanged.
 */
int np_offline_observe(struct np_offline *off, const struct np_observe_list *list,
		       struct np_error *err);

/* Returns the verdict for a flow in a snapshot. judgement may be NULL. */
bool np_offline_judge_in(const struct netpol_snapshot *snapshot, const struct np_flow *flow,
			 struct netpol_judgement *judgement);
/* Returns the verdict for a flow in the snapshot that is in force. */
bool np_offline_judge(const struct np_offline *off, const struct np_flow *flow,
		      struct netpol_judgement *judgement);
/*
 * Returns the verdict and calls visit, which returns 0, for each step behind it; see
 * netpol_explain(). judgement may be NULL.
 */
bool np_offline_explain(const struct np_offline *off, const struct np_flow *flow,
			struct netpol_judgement *judgement,
			int (*visit)(void *context, const struct netpol_step *step),
			void *context);

#endif
