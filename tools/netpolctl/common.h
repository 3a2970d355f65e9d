/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all commands share: the table entry of a command, common options, connecting,
 * notes, errors.
 */
#ifndef NP_COMMON_H
#define NP_COMMON_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/client.h"
#include "base/error.h"
#include "netlink/loaded.h"
#include "node/locate.h"
#include "object/settings.h"
#include "base/output.h"
#include "netlink/report.h"

#ifndef NETPOL_VERSION
#define NETPOL_VERSION	"0.1.0"
#endif

/* One command; run() gets its own words from argv[1] on and returns an exit status. */
struct np_command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(const struct np_command *cmd, int argc, char **argv);
};

/* Options common to every command. */
struct np_common {
	const char *form;	/* -o as written, NULL: not given */
	enum np_format format;	/* -o as the command takes it */
	bool no_headers;
	bool quiet;
	bool verbose;
	const char *netns;
	int timeout;		/* milliseconds, < 0: for ever */
	enum np_color_mode color;
};

extern struct np_common np_common;

/* A long option of a command; has_arg as in struct option. */
struct np_option {
	const char *name;
	int has_arg;
	int code;		/* a letter: also the short option */
};

/* Takes one option; 0, or -1 with *err. */
typedef int (*np_option_fn)(int code, const char *arg, void *ctx, struct np_error *err);

#define NP_PARSE_DONE	(-1)

/*
 * Parses common options and those of the command (a list that ends with a NULL name).
 * NP_PARSE_DONE: go on with *words from argv[optind]; else the exit status to return
 * (after --help, or an error that is reported already). formats: NP_FORMAT_BIT()s, the
 * default form being `standard`.
 */
int np_parse(const struct np_command *cmd, int argc, char **argv,
	     const struct np_option *options, np_option_fn take, void *ctx,
	     unsigned int formats, enum np_format standard);
/* Common options in front of the command's name; gives the index of the name. */
int np_parse_leading(int argc, char **argv, int *first);

/* "30", "30s", "500ms", "2m" to milliseconds; "0", which means for ever, to -1. */
bool np_parse_timeout(const char *text, int *timeout);

/* Enters --netns, once. */
int np_enter(struct np_error *err);
/* Enters --netns, opens the client, reads info and checks the ABI. */
int np_connect(struct np_client *client, struct np_info *info, struct np_error *err);

/* Prints the error, as JSON too if that form is asked for; returns its exit status. */
int np_report(const struct np_error *err);
/* The same for a wrong use of the command, with a pointer to its help. */
int np_usage(const struct np_command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "netpolctl: note: ..." unless -q; "netpolctl: warning: ..." always. */
void np_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void np_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "namespace/name", into an end or two buffers; false if it is not that. */
bool np_split_name(const char *text, char *namespace, size_t namespace_size, char *name,
		   size_t name_size);
/* Name of an interface of this network namespace, or "#7", or "-" for 0. */
const char *np_interface_name(uint32_t ifindex, char text[IF_NAMESIZE]);

/*
 * Prints results sorted, as lines, names, JSON or YAML; kind is the document's, suffix
 * follows each line ("" or " (dry run)").
 */
void np_result_print(struct np_result_list *list, const char *kind, bool dry, const char *suffix,
		     uint64_t generation);

/* Parts of commands that other commands use. */
void np_show_settings(const struct np_settings *set);
int np_show_counters(struct np_client *client, bool zero, struct np_error *err);

extern const struct np_command np_command_status;
extern const struct np_command np_command_doctor;
extern const struct np_command np_command_apply;
extern const struct np_command np_command_delete;
extern const struct np_command np_command_get;
extern const struct np_command np_command_eval;
extern const struct np_command np_command_matrix;
extern const struct np_command np_command_lint;
extern const struct np_command np_command_flush;
extern const struct np_command np_command_sync;
extern const struct np_command np_command_save;
extern const struct np_command np_command_restore;
extern const struct np_command np_command_version;
extern const struct np_command np_command_settings;
extern const struct np_command np_command_counters;
extern const struct np_command np_command_monitor;

#endif
