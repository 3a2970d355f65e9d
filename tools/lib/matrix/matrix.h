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

#include "base/error.h"
#include "matrix/verdicts.h"
#include "netlink/client.h"
#include "object/object.h"

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

/* Returns the index of the pod "namespace/name", or NP_MATRIX_NONE. */
uint32_t np_matrix_find(const struct np_matrix *m, const char *text);

/* For tests, which fill a matrix by hand. Rows must be sorted. */
void np_matrix_alloc(struct np_matrix *m, bool reasons);

#endif
