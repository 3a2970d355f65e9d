/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Explanations of what the kernel enforces: its own answer, with words for the rules that it
 * reports; and whether it answers as files do.
 */
#ifndef NP_EXPLAIN_KERNEL_H
#define NP_EXPLAIN_KERNEL_H

#include "explain/explain.h"
#include "netlink/client.h"

/**
 * struct np_explain_loaded - what the module has loaded, for the life of an explanation
 * @state: namespaces, pods, policies, as they were dumped
 * @objs: those of them that count, which share their memory
 * @origin: of each policy
 */
struct np_explain_loaded {
	struct np_state state[3];
	struct np_objects objs;
	const char **origin;
};

/*
 * Explains the kernel's answer. The caller has set question, request and named. All of it is of one
 * generation of the kernel's state. Returns 0, or -1 with *err filled.
 */
int np_explain_kernel(struct np_explain *x, struct np_client *client,
		      struct np_explain_loaded *loaded, struct np_error *err);
void np_explain_loaded_free(struct np_explain_loaded *loaded);

/*
 * Explains a connection by the policies of objects, as np_explain_objects() does, with the audits
 * that the kernel has, and asks the kernel as well. Returns 0 and the kernel's answer, or -1 with
 * *err filled.
 */
int np_explain_verify(struct np_explain *x, struct np_client *client, struct np_objects *objs,
		      struct np_eval *kernel, struct np_error *err);

/*
 * True if the kernel's answer is that of the files, as far as this node judges the connection: the
 * same policies and rules in the same order, and the same end of each half.
 */
bool np_explain_same(const struct np_eval *files, const struct np_eval *kernel);

#endif
