/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks of lint share: what they work on, and how a finding is made. */
#ifndef NP_OBJECT_LINT_FIND_H
#define NP_OBJECT_LINT_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "object/lint_finding.h"

struct np_dns;

/**
 * struct np_linting - what the checks of one policy work on
 * @lint: where findings go
 * @objs: the whole input
 * @policy: the policy that is checked
 * @pod_namespace: for each pod, its namespace, or NULL if the input does not have it
 * @dns: what the input says about DNS
 * @own_pods: the input has pods of the policy's namespace
 * @other_pods: the input has pods of other namespaces, so it shows more than one namespace
 * @all_pods: the input seems to have the pods of the whole cluster
 * @all_namespaces: the input seems to have every namespace of the cluster
 */
struct np_linting {
	struct np_lint *lint;
	const struct np_objects *objs;
	const struct np_policy *policy;
	const struct np_namespace **pod_namespace;
	struct np_dns *dns;
	bool own_pods;
	bool other_pods;
	bool all_pods;
	bool all_namespaces;
};

/* Where a rule or a part of it stands: spec.LIST[RULE].PEERS[...]. */
struct np_lint_at {
	const char *list;	/* "ingress" or "egress" */
	const char *peers;	/* "from" or "to" */
	uint32_t rule;
};

/*
 * Begins a finding, at the policy's own line if line is 0. Returns NULL if the check is
 * disabled, which the two functions below take.
 */
struct np_lint_finding *np_lint_add(const struct np_linting *l, enum np_lint_id id,
				    uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void np_lint_path(struct np_lint_finding *item, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void np_lint_hint(struct np_lint_finding *item, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Proposes a fix: `old`, which must live as long as the objects, becomes `text`. */
void np_lint_fix_text(struct np_lint_finding *item, uint32_t line, uint32_t column, const char *old,
		      const char *text);
/* Proposes to take out the entry of a list that begins in a line. */
void np_lint_fix_entry(struct np_lint_finding *item, enum np_lint_fix_kind kind, uint32_t line);

#endif
