/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question about one connection, answered from files: what NETPOL_CMD_EVAL answers, by the
 * module's core in this process.
 */
#ifndef NP_OFFLINE_ASK_H
#define NP_OFFLINE_ASK_H

#include "base/error.h"
#include "netlink/report.h"
#include "object/object.h"
#include "offline/offline.h"

/*
 * Judges the first packet of a connection by the policies of the objects, both halves, as if
 * both ends were pods of one node. What a node adds is not known here: its settings and its own
 * addresses. The answer has no generation. Returns 0, or -1 with *err filled: NP_EXIT_INPUT if a
 * pod is not among the objects, can't be enforced, has no address of the family or shares its
 * address with another pod, or if neither end is a pod. *eval is to be freed with np_eval_free()
 * in any case.
 */
int np_offline_ask(const struct np_objects *objs, const struct np_eval_request *request,
		   struct np_eval *eval, struct np_error *err);

/*
 * The steps of np_offline_ask(), for whoever asks more than one question of the same objects.
 * np_ask_flow() finds the connection that is asked about, and fails as described above;
 * np_ask_find() does not mind addresses that two pods or none have. np_ask_judge() judges it in a
 * world that the objects were loaded into.
 */
int np_ask_find(const struct np_objects *objs, const struct np_eval_request *request,
		struct np_flow *flow, struct np_error *err);
int np_ask_flow(const struct np_objects *objs, const struct np_eval_request *request,
		struct np_flow *flow, struct np_error *err);
void np_ask_judge(const struct np_offline *off, const struct np_flow *flow, struct np_eval *eval);
/* Returns a pod that has the address, but not the given one; NULL: there is none. */
const struct np_pod *np_ask_owner(const struct np_objects *objs,
				  const struct np_address *address, const struct np_pod *but);

#endif
