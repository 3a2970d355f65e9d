/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exposure and graph share: where the state comes from, and which workloads are meant. */
#ifndef NP_WORKLOAD_H
#define NP_WORKLOAD_H

#include "common.h"
#include "graph/exposure.h"
#include "matrix/matrix.h"
#include "object/load.h"

/* Their options; see np_workload_take(). */
enum {
	NP_OPT_WORKLOAD_LENIENT = 0x100,
	NP_OPT_WORKLOAD_KERNEL,
	NP_OPT_WORKLOAD_PORTS,
};

/* Rows for their tables of options. */
#define NP_ROW_WORKLOAD_FILES \
	{ "filename", 'f', "FILE", "@files", \
	  "manifests: a file, a directory, or - for standard input, may be repeated; or one " \
	  "snapshot of 'netpolctl save'" }
#define NP_ROW_WORKLOAD_LENIENT \
	{ "lenient", NP_OPT_WORKLOAD_LENIENT, NULL, NULL, \
	  "unknown fields are warnings instead of errors" }
#define NP_ROW_WORKLOAD_KERNEL \
	{ "kernel", NP_OPT_WORKLOAD_KERNEL, NULL, NULL, \
	  "take what the module has loaded: pods of this node" }
#define NP_ROW_WORKLOAD_PORTS \
	{ "ports", NP_OPT_WORKLOAD_PORTS, "LIST", NULL, \
	  "protocols and ports to ask for: tcp/80,udp/53,icmp and so on; by default every port" }

/**
 * struct np_workload_run - what the options and words say, and what is found
 * @file: manifests, or one snapshot
 * @files: how many
 * @load: how to read them
 * @asked: ports to ask for
 * @kernel: take what the module has loaded
 * @word: namespaces, workloads, pods; none: all
 * @words: how many
 * @side: state
 * @flows: its connections
 * @workloads: all of them
 * @exposure: those that the words choose
 */
struct np_workload_run {
	const char **file;
	size_t files;
	struct np_load_options load;
	struct np_matrix asked;
	bool kernel;
	const char *const *word;
	size_t words;

	struct np_diff_side side;
	struct np_flows flows;
	struct np_workloads workloads;
	struct np_exposure exposure;
};

void np_workload_init(struct np_workload_run *run);
void np_workload_free(struct np_workload_run *run);
/* For np_options_parse(), with run for its context. */
int np_workload_take(int code, const char *arg, void *run, struct np_error *err);
/*
 * To be called when the options are parsed: takes the words, and checks where the state comes from.
 * Returns NP_PARSE_DONE or an exit status.
 */
int np_workload_check(const struct np_command *cmd, struct np_workload_run *run, int argc,
		      char **argv);
/*
 * Reads the state, asks for all that the words choose, and prints notes. Returns 0, or -1 with *err
 * filled: NP_EXIT_INPUT if a word chooses nothing.
 */
int np_workload_find(struct np_workload_run *run, struct np_error *err);

#endif
