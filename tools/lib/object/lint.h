/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what is valid in a set of policies and most likely not meant. */
#ifndef NP_OBJECT_LINT_H
#define NP_OBJECT_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "object/object.h"

/*
 * The checks, as indexes of np_lint_checks. The numbers are stable: one is never used for
 * another check.
 */
enum np_lint_id {
	NP_LINT_EMPTY_SELECTOR,		/* NP001 */
	NP_LINT_SELECTS_NOTHING,
	NP_LINT_DNS_BLOCKED,
	NP_LINT_PORT_NAME,
	NP_LINT_POD_ADDRESS,
	NP_LINT_NODE_LOCAL_DNS,
	NP_LINT_NO_DIRECTION,
	NP_LINT_NOBODY,
	NP_LINT_OTHER_NAMESPACE,
	NP_LINT_NEVER_BOTH,		/* NP010 */
	NP_LINT_HOST_PODS,
	NP_LINT_MISTYPED_ALL,
	NP_LINT_EXCEPT_VOID,
	NP_LINT_HOST_BITS,
	NP_LINT_OWN_NAMESPACE,
	NP_LINT_DUPLICATE,
	NP_LINT_ADDS_NOTHING,
	NP_LINT_CLUSTER_IP,

	NP_LINT_COUNT
};

/* A check: its identifier ("NP001"), its name ("empty-selector") and what its findings mean. */
struct np_lint_check {
	const char *id;
	const char *name;
	const char *text;
};

extern const struct np_lint_check np_lint_checks[NP_LINT_COUNT];

/**
 * struct np_lint_finding - what a check found in one place
 * @id: enum np_lint_id
 * @policy: the policy that it is about
 * @line: line of the policy's file
 * @path: path of the field
 * @text: what was found there
 * @hint: what to do
 */
struct np_lint_finding {
	uint8_t id;
	const struct np_policy *policy;
	uint32_t line;
	char *path;
	char *text;
	char *hint;
};

/**
 * struct np_lint - findings, in the order of the policies
 * @disabled: by enum np_lint_id, set by the caller
 * @item: the findings
 * @count: how many
 */
struct np_lint {
	bool disabled[NP_LINT_COUNT];
	struct np_lint_finding *item;
	size_t count;
};

/* Disables a check, which is named by its identifier or its name. Fails with NP_EXIT_USAGE. */
int np_lint_disable(struct np_lint *lint, const char *text, struct np_error *err);
/*
 * Adds the findings about objs, which must not be freed before the findings. Checks that need
 * pods are left out if objs has none.
 */
void np_lint_run(struct np_lint *lint, const struct np_objects *objs);
void np_lint_free(struct np_lint *lint);

#endif
