/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who reaches whom: the verdict for every pair of pods and every port asked for, from
 * files through the core in this process, or from the loaded module. The same shape as
 * the truth tables of the tests: one string a source, one character a destination.
 */
#ifndef NP_MATRIX_MATRIX_H
#define NP_MATRIX_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "netlink/client.h"
#include "base/error.h"
#include "object/object.h"

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

/**
 * struct np_matrix_why - the outcome of one half, and what stands behind it
 * @reason: enum netpol_reason
 * @accept: of this half
 * @rule: of policy @decider, the first that matches, or NP_MATRIX_NONE
 * @decider: which of @policy accepts first, or NP_MATRIX_NONE
 * @policies: how many isolate the pod in this direction
 * @policy: "namespace/name" of each, in order
 */
struct np_matrix_why {
	uint8_t reason;
	bool accept;
	uint32_t rule;
	uint32_t decider;
	uint32_t policies;
	const char **policy;
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

/**
 * struct np_matrix_options - what is asked
 * @namespace: pods of these only, as rows and columns; all pods are judged with
 * @namespaces: how many; 0: all
 * @family: 0: AF_INET if a pod has such an address
 * @reasons: fill cell, whys and cells
 * @page: refuse what is too large for a page, before any verdict
 */
struct np_matrix_options {
	const char **namespace;
	size_t namespaces;
	uint8_t family;
	bool reasons;
	bool page;
};

void np_matrix_init(struct np_matrix *m);
void np_matrix_free(struct np_matrix *m);

/*
 * Adds ports such as "tcp/80,udp/53,icmp,47". A port that is given twice counts once. Fails
 * with NP_EXIT_USAGE.
 */
int np_matrix_add_ports(struct np_matrix *m, const char *text, struct np_error *err);

/* Fills in rows and verdicts, after the ports were added. Returns 0, or -1 with *err filled. */
int np_matrix_from_objects(struct np_matrix *m, const struct np_objects *objs,
			   const struct np_matrix_options *opts, struct np_error *err);
int np_matrix_from_kernel(struct np_matrix *m, struct np_client *client,
			  const struct np_matrix_options *opts, struct np_error *err);

/* Returns the index of a verdict in allowed and cell. */
static inline size_t np_matrix_at(const struct np_matrix *m, size_t port, size_t source,
				  size_t destination)
{
	return (port * m->pods + source) * m->pods + destination;
}

/* Returns the index of the pod "namespace/name", or NP_MATRIX_NONE. */
uint32_t np_matrix_find(const struct np_matrix *m, const char *text);

/* For tests, which fill a matrix by hand. Rows must be sorted. */
void np_matrix_alloc(struct np_matrix *m, bool reasons);
/*
 * Returns the index of an equal reason, or of an equal pair of reasons, which is added if it
 * is new. Strings are copied.
 */
uint32_t np_matrix_why(struct np_matrix *m, const struct np_matrix_why *why);
uint32_t np_matrix_cell(struct np_matrix *m, uint32_t egress, uint32_t ingress);
/*
 * Prints the reason of the half that decided, such as "ingress of a/b: isolated by a/deny, no
 * rule accepts".
 */
void np_matrix_describe(const struct np_matrix *m, size_t port, size_t source,
			size_t destination, FILE *file);

/* Each writes the matrix in one format. */
void np_matrix_write_json(const struct np_matrix *m, FILE *file);
void np_matrix_write_table(const struct np_matrix *m, FILE *file, bool no_headers);
void np_matrix_write_csv(const struct np_matrix *m, FILE *file, bool no_headers);
void np_matrix_write_md(const struct np_matrix *m, FILE *file);
/* Fails with NP_EXIT_INPUT, before anything is written, if the matrix is too large for a page. */
int np_matrix_check_page(const struct np_matrix *m, struct np_error *err);
/* The contents of page.html. */
extern const char np_matrix_page[];
/* Writes the page. The matrix must have reasons. */
void np_matrix_write_html(const struct np_matrix *m, FILE *file);

/**
 * struct np_expect - the verdicts that a file expects
 * @arena: of the strings
 * @file: name, for messages
 * @pod: "namespace/name" of rows and columns
 * @pods: how many
 * @port: keys of "allowed", as written
 * @row: by port * pods + source
 * @ports: how many
 */
struct np_expect {
	struct np_arena arena;
	const char *file;
	const char **pod;
	uint32_t pods;
	const char **port;
	const char **row;
	uint32_t ports;
};

/*
 * Reads a file as YAML or JSON by its suffix. Fails with NP_EXIT_INPUT. np_expect_free() must
 * be called after a failure too.
 */
int np_expect_read(struct np_expect *expect, const char *path, struct np_error *err);
void np_expect_free(struct np_expect *expect);
/* Adds the ports of the file to a matrix. Fails with NP_EXIT_INPUT. */
int np_expect_ports(const struct np_expect *expect, struct np_matrix *m, struct np_error *err);

enum np_difference_kind {
	NP_DIFFERENCE_POD_MISSING,	/* a pod is expected but not in the input */
	NP_DIFFERENCE_POD_NEW,
	NP_DIFFERENCE_PORT_MISSING,	/* a port is expected but was not asked for */
	NP_DIFFERENCE_PORT_NEW,
	NP_DIFFERENCE_VERDICT,
};

/**
 * struct np_difference - one finding
 * @kind: enum np_difference_kind
 * @want: NP_MATRIX_* that was expected
 * @name: pod or port; NULL for a verdict
 * @port: of a verdict, index in the matrix
 * @source: of a verdict
 * @destination: of a verdict
 */
struct np_difference {
	uint8_t kind;
	char want;
	const char *name;
	size_t port;
	size_t source;
	size_t destination;
};

/*
 * Compares a matrix with what was expected. The caller frees the list. Returns the number of
 * verdicts that were compared.
 */
uint64_t np_expect_compare(const struct np_expect *expect, const struct np_matrix *m,
			   struct np_difference **list, size_t *count);
/* Prints at most `most` findings as lines for people, and a last line with the totals. */
void np_difference_print(const struct np_matrix *m, const struct np_difference *list,
			 size_t count, uint64_t compared, size_t most, FILE *file);
void np_difference_write_json(const struct np_matrix *m, const struct np_difference *list,
			      size_t count, uint64_t compared, FILE *file);

#endif
