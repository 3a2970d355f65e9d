/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdicts of a matrix, and the reasons behind them.
 */
#ifndef NP_MATRIX_VERDICTS_H
#define NP_MATRIX_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "object/address.h"

/*
 * Limits of a matrix, and of one that is written as a page, which has a reason for each
 * verdict.
 */
#define NP_MATRIX_PORTS_MAX	64
#define NP_MATRIX_CELLS_MAX	(64u * 1024 * 1024)
#define NP_MATRIX_PAGE_PODS_MAX	1000
#define NP_MATRIX_PAGE_CELLS_MAX 2000000u

#define NP_MATRIX_NONE		UINT32_MAX

#define NP_MATRIX_ALLOW		'1'
#define NP_MATRIX_DENY		'0'
#define NP_MATRIX_UNKNOWN	'?'	/* in part judged by another node */

/**
 * struct np_matrix_port - a column of questions
 * @text: "TCP/80"; protocols without ports have port 0
 * @protocol: IPPROTO_*
 * @has_port: TCP, UDP or SCTP
 * @port: destination port
 */
struct np_matrix_port {
	char text[16];
	uint8_t protocol;
	bool has_port;
	uint16_t port;
};

/**
 * struct np_matrix_pod - a row and a column
 * @text: "namespace/name"
 * @namespace: of the pod
 * @name: of the pod
 * @address: that is judged: the pod's first of the family
 */
struct np_matrix_pod {
	const char *text;
	const char *namespace;
	const char *name;
	struct np_address address;
};

/* The tiers whose rules may pass a connection on: Admin and Baseline. */
#define NP_MATRIX_PASSES_MAX	2

/**
 * struct np_matrix_rule - a rule that a reason names
 * @policy: "namespace/name" of its policy; of a cluster-wide one its tier stands first
 * @name: name of the rule, "" or NULL if it has none
 * @rule: index, or NP_MATRIX_NONE: no rule of the policy
 * @tier: enum netpol_tier
 */
struct np_matrix_rule {
	const char *policy;
	const char *name;
	uint32_t rule;
	uint8_t tier;
};

/**
 * struct np_matrix_why - the outcome of one half, and what stands behind it
 * @reason: enum netpol_reason
 * @accept: of this half
 * @rule: of policy @decider, the first that matches, or NP_MATRIX_NONE
 * @decider: which of @policy decides, or NP_MATRIX_NONE
 * @policies: how many isolate the pod in this direction, and the cluster-wide one that decides
 * @policy: "namespace/name" of each, in order; of a cluster-wide one its tier stands first
 * @rule_name: of @rule, "" or NULL if it has none
 * @tier: of policy @decider, enum netpol_tier
 * @passes: how many rules passed the connection on before
 * @pass: they, in order
 */
struct np_matrix_why {
	uint8_t reason;
	bool accept;
	uint32_t rule;
	uint32_t decider;
	uint32_t policies;
	const char **policy;
	const char *rule_name;
	uint8_t tier;
	uint32_t passes;
	struct np_matrix_rule pass[NP_MATRIX_PASSES_MAX];
};

/**
 * struct np_matrix_cell - why a verdict is what it is
 * @half: index of a struct np_matrix_why by enum netpol_direction, or NP_MATRIX_NONE:
 *	not judged
 */
struct np_matrix_cell {
	uint32_t half[2];
};

/**
 * struct np_matrix - verdicts; owns all that it points to
 * @arena: of rows and reasons
 * @pod: rows and columns, sorted by @text
 * @pods: how many
 * @port: ports asked for, in order
 * @ports: how many
 * @family: AF_INET or AF_INET6
 * @generation: of the kernel's state; 0: from files
 * @allowed: NP_MATRIX_*, by np_matrix_at()
 * @cell: index of a cell of @cells for each, or NULL: reasons were not asked for
 * @whys: distinct reasons
 * @cells: distinct pairs of reasons
 */
struct np_matrix {
	struct np_arena arena;
	struct np_matrix_pod *pod;
	size_t pods;
	struct np_matrix_port port[NP_MATRIX_PORTS_MAX];
	size_t ports;
	uint8_t family;
	uint64_t generation;
	char *allowed;
	uint32_t *cell;
	struct np_matrix_why *whys;
	size_t why_count;
	struct np_matrix_cell *cells;
	size_t cell_count;

	/* private to matrix.c */
	struct np_hash why_table;
	struct np_hash cell_table;
};

/* Returns the index of a verdict in allowed and cell. */
static inline size_t np_matrix_at(const struct np_matrix *m, size_t port, size_t source,
				  size_t destination)
{
	return (port * m->pods + source) * m->pods + destination;
}

#endif
