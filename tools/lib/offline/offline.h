/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's core in this process: a world filled from Kubernetes objects, judged by
 * the code that packets run through. One thread; nothing here talks to the kernel.
 */
#ifndef NP_OFFLINE_OFFLINE_H
#define NP_OFFLINE_OFFLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/classify.h"
#include "core/edit.h"
#include "base/error.h"
#include "core/explain.h"
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

/* node stays the caller's. 0, or -1 with *err without memory. */
int np_offline_init(struct np_offline *off, const char *node, struct np_error *err);
/* Aborts an open transaction. Nobody may hold a snapshot any more. */
void np_offline_free(struct np_offline *off);

/*
 * A transaction of an origin. After a call that returned -1, with *err filled and
 * off->fault.error a negative errno, only np_offline_abort() may follow.
 */
int np_offline_begin(struct np_offline *off, const char *origin, struct np_error *err);
/* Makes room for so many objects to be set, before many are. */
int np_offline_expect(struct np_offline *off, uint32_t namespaces, uint32_t pods,
		      uint32_t policies, struct np_error *err);
int np_offline_namespace(struct np_offline *off, const struct np_namespace *ns,
			 struct np_error *err);
/* A pod that can't be enforced (np_pod_usable()) is deleted rather than set. */
int np_offline_pod(struct np_offline *off, const struct np_pod *pod, struct np_error *err);
int np_offline_policy(struct np_offline *off, const struct np_policy *policy,
		      struct np_error *err);
int np_offline_delete_namespace(struct np_offline *off, const char *name,
				struct np_error *err);
/* uid NULL: whatever it has. */
int np_offline_delete_pod(struct np_offline *off, const char *namespace, const char *name,
			  const char *uid, struct np_error *err);
int np_offline_delete_policy(struct np_offline *off, const char *namespace, const char *name,
			     struct np_error *err);
/* Deletes what the origin had and this transaction did not set. */
int np_offline_sweep(struct np_offline *off, struct np_error *err);
int np_offline_prepare(struct np_offline *off, struct np_error *err);
/*
 * Objects without a transaction, for netpol_edit_*(); the caller owns them. Error
 * pointers where they can't be made. A kind is made once for all pods that share it.
 */
struct netpol_namespace *np_offline_make_namespace(struct np_offline *off,
						   const struct np_namespace *ns);
struct netpol_pod *np_offline_make_pod(struct np_offline *off, const struct np_pod *pod,
				       const struct np_offline_kind *kind,
				       const uint8_t uid[NETPOL_UID_LEN]);
struct netpol_policy *np_offline_make_policy(struct np_offline *off,
					     const struct np_policy *policy);
/* 0 or a negative errno; a kind that was got is put. */
int np_offline_kind_get(struct np_offline *off, const struct np_pod *pod,
			struct np_offline_kind *kind);
void np_offline_kind_put(struct np_offline *off, struct np_offline_kind *kind);
/* Notes an errno of the core in *err; fault.text says more if the core had more to say. */
int np_offline_fail(struct np_offline *off, int error, const char *what,
		    const char *namespace, const char *name, struct np_error *err);

/* After np_offline_prepare(); can't fail. */
void np_offline_publish(struct np_offline *off);
/* At any time before; can't fail. */
void np_offline_abort(struct np_offline *off);

/*
 * All objects as one transaction, pods by np_pods_by_arrival(). Full: they replace
 * what the origin had. 0, or -1 with *err filled and the world as it was.
 */
int np_offline_apply(struct np_offline *off, const char *origin,
		     const struct np_objects *objs, bool full, struct np_error *err);

/* The verdict for a flow in a snapshot; judgement may be NULL. */
bool np_offline_judge_in(const struct netpol_snapshot *snapshot, const struct np_flow *flow,
			 struct netpol_judgement *judgement);
/* The same with what is in force. */
bool np_offline_judge(const struct np_offline *off, const struct np_flow *flow,
		      struct netpol_judgement *judgement);
/* The same, and the steps behind it, as netpol_explain() has them; visit returns 0. */
bool np_offline_explain(const struct np_offline *off, const struct np_flow *flow,
			int (*visit)(void *context, const struct netpol_step *step),
			void *context);

#endif
