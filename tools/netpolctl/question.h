/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What eval and explain share: how a connection is asked about, of the kernel or of files. */
#ifndef NP_QUESTION_H
#define NP_QUESTION_H

#include "common.h"

/* Their options; see np_asking_take(). */
enum {
	NP_OPT_ASK_FAMILY = 0x100,
	NP_OPT_ASK_LENIENT,
};

/* Options that every command with a question has, beside those of files. */
#define NP_ROW_ASK_PROTOCOL \
	{ "protocol", 'p', "PROTO", "tcp/ udp/ sctp/ icmp icmpv6", \
	  "protocol, and port if it has some: tcp/PORT, udp/PORT, sctp/PORT, icmp, icmpv6 or a " \
	  "number" }
#define NP_ROW_ASK_LENIENT \
	{ "lenient", NP_OPT_ASK_LENIENT, NULL, NULL, \
	  "with -f: leave out, with a warning, what cannot be enforced" }
#define NP_ROW_ASK_FAMILY \
	{ "family", NP_OPT_ASK_FAMILY, "4|6", "4 6", \
	  "which addresses of the pods; by default what both have" }

/**
 * struct np_asking - what the options say
 * @request: protocol, port and family; the command fills in the ends
 * @protocol: as it was written; NULL: it was not given
 * @file: files to be judged; none: the kernel is asked
 * @file_count: how many
 * @load: how to read them
 */
struct np_asking {
	struct np_eval_request request;
	const char *protocol;
	const char **file;
	size_t file_count;
	struct np_load_options load;
};

/* Takes one of the options. Returns 0, or -1 with *err filled, or 1 if it is another option. */
int np_asking_take(struct np_asking *asking, int code, const char *arg, struct np_error *err);
/* Takes -p PROTO[/PORT] of a command to which every port may be meant. As np_asking_take(). */
int np_asking_some(const char *arg, struct np_asking *asking, struct np_error *err);
/*
 * Checks what a command has: two ends, a protocol, and no option of files without files. Returns
 * NP_PARSE_DONE or an exit status.
 */
int np_asking_check(const struct np_command *cmd, const struct np_asking *asking, int words);
/* Connects to the module and asks it. A pod that is not loaded is an error of the input. */
int np_asking_kernel(const struct np_eval_request *request, struct np_eval *eval,
		     struct np_error *err);

#endif
