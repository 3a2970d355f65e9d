/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares a matrix with the verdicts that a file expects.
 */
#ifndef NP_MATRIX_EXPECT_H
#define NP_MATRIX_EXPECT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "matrix/verdicts.h"

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
