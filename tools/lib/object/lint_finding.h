/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lint finds: the numbers of its checks, and lists of findings. */
#ifndef NP_OBJECT_LINT_FINDING_H
#define NP_OBJECT_LINT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/object.h"

/*
 * The checks, as indexes of np_lint_checks in lint.h. The numbers are stable: one is never
 * used for another check.
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
	NP_LINT_EQUAL_PRIORITY,
	NP_LINT_HIDDEN_RULE,		/* NP020 */
	NP_LINT_IDLE_PASS,
	NP_LINT_DENIES_DNS,

	NP_LINT_COUNT
};

/* What a fix does: it replaces a text, or takes an entry out of a list. */
enum np_lint_fix_kind {
	NP_LINT_FIX_TEXT,
	NP_LINT_FIX_RULE,
	NP_LINT_FIX_PEER,
	NP_LINT_FIX_PORT,
};

/**
 * struct np_lint_fix - the one change that is right for a finding
 * @kind: what it does
 * @line: the line of the policy's file where it begins
 * @column: where the text begins, in characters from 1; of NP_LINT_FIX_TEXT
 * @last: the last line, which np_lint_fix_find() finds
 * @old: the text that is there now, which lives as long as the objects; of NP_LINT_FIX_TEXT
 * @text: what it becomes; of NP_LINT_FIX_TEXT
 */
struct np_lint_fix {
	enum np_lint_fix_kind kind;
	uint32_t line;
	uint32_t column;
	uint32_t last;
	const char *old;
	char *text;
};

/**
 * struct np_lint_finding - what a check found in one place
 * @id: enum np_lint_id
 * @policy: the policy that it is about
 * @line: line of the policy's file
 * @path: path of the field
 * @text: what was found there
 * @hint: what to do
 * @fix: the change that does it; NULL: there are several, or none is known
 */
struct np_lint_finding {
	uint8_t id;
	const struct np_policy *policy;
	uint32_t line;
	char *path;
	char *text;
	char *hint;
	struct np_lint_fix *fix;
};

struct np_fix_file;

/**
 * struct np_lint - findings, in the order of the policies
 * @disabled: by enum np_lint_id, set by the caller
 * @item: the findings
 * @count: how many
 * @file: the files of the fixes, which np_lint_fix_find() reads
 * @file_count: how many
 */
struct np_lint {
	bool disabled[NP_LINT_COUNT];
	struct np_lint_finding *item;
	size_t count;
	struct np_fix_file *file;
	size_t file_count;
};

#endif
