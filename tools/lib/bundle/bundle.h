/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive with what somebody who looks for a fault on a node asks for: the answers of this tool,
 * of the node agent and of the kernel. Nothing is changed. Each piece is bounded in bytes and time;
 * what cannot be had is left out, and the file MANIFEST of the archive says why. There are no
 * credentials in it: the tool's configuration, environments and the kubeconfig are not read.
 */
#ifndef NP_BUNDLE_BUNDLE_H
#define NP_BUNDLE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/**
 * struct np_bundle_options - what is asked for
 * @path: where the archive is written; "-": standard output
 * @force: replace a file that is there
 * @redact: put made-up names and addresses in place of real ones
 * @socket: where the agent answers
 * @metrics: ADDRESS:PORT of its metrics
 * @version: of this tool
 * @timeout: milliseconds for one piece
 */
struct np_bundle_options {
	const char *path;
	bool force;
	bool redact;
	const char *socket;
	const char *metrics;
	const char *version;
	int timeout;
};

/* What came of it. */
struct np_bundle_result {
	size_t files;		/* in the archive */
	size_t missing;		/* pieces that could not be had */
	size_t cut;		/* pieces that are longer than what is in the archive */
};

/*
 * Gathers all pieces, in the present network namespace, and writes the archive. Returns 0, or -1
 * with *err filled; then there is no archive.
 */
int np_bundle_make(const struct np_bundle_options *opts, struct np_bundle_result *result,
		   struct np_error *err);

#endif
