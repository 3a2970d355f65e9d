/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all commands share: the table of commands, common options, the connection to the
 * module, notes and errors.
 */
#ifndef NP_COMMON_H
#define NP_COMMON_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/client.h"
#include "base/errors.h"
#include "netlink/loaded.h"
#include "node/locate.h"
#include "object/load.h"
#include "object/settings.h"
#include "base/output.h"
#include "netlink/report.h"
#include "options.h"

#ifndef NETPOL_VERSION
#define NETPOL_VERSION	"0.1.0"
#endif

/**
 * struct np_command - a command; --help, its man page and completion are made from it
 * @name: the word that names it
 * @summary: a phrase for the list of commands
 * @usage: lines of what follows "netpolctl", with names of arguments in capitals
 * @about: what it does; lines that begin with a blank are kept as they are, others are filled
 * @options: its table of options, or NULL
 * @exits: what its exit statuses mean, if there is more to say than for every command, or NULL
 * @examples: a command a line
 * @words: what completion offers for its words, as for the argument of an option; a | stands
 *	between two words, and ... at the end means that the last one may be repeated; or NULL
 * @forms: NP_FORMAT_BIT()s of what -o may be; 0: -o names a file, which is left in np_common.form,
 *	and @options has a row that says so
 * @form: the one without -o
 * @changes: it may change what is in force
 * @run: gets its arguments from argv[1] on and returns an exit status
 */
struct np_command {
	const char *name;
	const char *summary;
	const char *usage;
	const char *about;
	const struct np_option_row *options;
	const char *exits;
	const char *examples;
	const char *words;
	unsigned int forms;
	enum np_format form;
	bool changes;
	int (*run)(const struct np_command *cmd, int argc, char **argv);
};

/* The options that every command has. */
struct np_common {
	const char *form;	/* -o as it was written; NULL if it was not given */
	enum np_format format;	/* -o as the command understands it */
	bool no_headers;
	bool quiet;
	bool verbose;
	bool changes;		/* the command that runs may change what is in force */
	const char *netns;
	int timeout;		/* in milliseconds; negative: no limit */
	int confirm;		/* milliseconds until a change is taken back; 0: never */
	bool waits;		/* the change that was made waits for its confirmation */
	enum np_color_mode color;
	struct np_errors errors;	/* of the input, if it has several */
};

extern struct np_common np_common;

/* Reads "30", "30s", "500ms" or "2m" into milliseconds, and "0", which means no limit, into -1. */
bool np_parse_timeout(const char *text, int *timeout);

/*
 * Reads the word of an option, such as --sort, that takes one of a list. Returns its index, or -1
 * with *err filled. The list ends with NULL.
 */
int np_parse_choice(const char *option, const char *arg, const char *const *word,
		    struct np_error *err);
/* Reads the number of an option, from 1 on. Returns 0, or -1 with *err filled. */
int np_parse_count(const char *option, const char *arg, unsigned long *count,
		   struct np_error *err);
/* Reads 4 or 6 of --family into AF_INET or AF_INET6. Returns 0, or -1 with *err filled. */
int np_parse_family(const char *arg, uint8_t *family, struct np_error *err);

/* Enters the network namespace of --netns, the first time it is called. */
int np_enter(struct np_error *err);
/*
 * Enters the network namespace of --netns, connects to the module, reads its info, checks the ABI
 * and, for a command that changes something, calls np_undo_check().
 */
int np_connect(struct np_client *client, struct np_info *info, struct np_error *err);

/*
 * With --confirm, makes sure that the change of this origin which follows is taken back unless it
 * is confirmed. To be called when connected.
 */
int np_confirm_begin(struct np_client *client, const char *origin, struct np_error *err);
/* With --confirm, sets the generation that the change must be built on, and returns true. */
bool np_confirm_base(uint64_t *base);
/* To be called before the commit is sent. */
void np_confirm_send(void);
/*
 * To be called after the attempt, also after one that failed; says whether a change waits, and
 * sets np_common.waits. changed is false if all was in force already, as a commit of the same is a
 * new generation too.
 */
void np_confirm_end(struct np_client *client, bool failed, bool changed);

/*
 * Prints an error, or all that np_read_files() has found, also as JSON if that format was asked
 * for, and returns the exit status.
 */
int np_report(const struct np_error *err);
/* Prints an error as text, with its object. */
void np_report_text(const struct np_error *err);
/*
 * Prints an error about the use of a command with a hint to its help, and returns the exit
 * status.
 */
int np_usage(const struct np_command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Print "netpolctl: note: ..." unless -q is given, and "netpolctl: warning: ..." always. */
void np_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void np_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Splits "namespace/name" into two buffers. Returns false if the text has another form. */
bool np_split_name(const char *text, char *namespace, size_t namespace_size, char *name,
		   size_t name_size);
/*
 * Returns the name of an interface of this network namespace, "#7" if it has none, or "-" for
 * 0.
 */
const char *np_interface_name(uint32_t ifindex, char text[IF_NAMESIZE]);

/*
 * Prints results sorted, as lines, names, JSON or YAML; kind is the document's, suffix
 * follows each line ("" or " (dry run)"). more may be NULL; it adds members to a document.
 */
void np_result_print(struct np_result_list *list, const char *kind, bool dry, const char *suffix,
		     uint64_t generation, void (*more)(struct np_writer *w, const void *arg),
		     const void *arg);

/* Parts of commands that other commands use too. */
void np_show_settings(const struct np_settings *set);
/* Writes when a rule was last hit, and since when it is watched, as far as it is known. */
void np_write_hit(struct np_writer *w, const struct np_rule_hits *rule);
int np_show_counters(struct np_client *client, bool zero, struct np_error *err);

extern const struct np_command np_command_status;
extern const struct np_command np_command_doctor;
extern const struct np_command np_command_apply;
extern const struct np_command np_command_confirm;
extern const struct np_command np_command_audit;
extern const struct np_command np_command_delete;
extern const struct np_command np_command_get;
extern const struct np_command np_command_eval;
extern const struct np_command np_command_explain;
extern const struct np_command np_command_matrix;
extern const struct np_command np_command_exposure;
extern const struct np_command np_command_graph;
extern const struct np_command np_command_diff;
extern const struct np_command np_command_lint;
extern const struct np_command np_command_convert;
extern const struct np_command np_command_flush;
extern const struct np_command np_command_sync;
extern const struct np_command np_command_save;
extern const struct np_command np_command_restore;
extern const struct np_command np_command_version;
extern const struct np_command np_command_settings;
extern const struct np_command np_command_counters;
extern const struct np_command np_command_top;
extern const struct np_command np_command_monitor;
extern const struct np_command np_command_trace;
extern const struct np_command np_command_flows;
extern const struct np_command np_command_bundle;

/*
 * Checks that a command has files and no words. count: how many -f named. Returns NP_PARSE_DONE or
 * an exit status.
 */
int np_check_files(const struct np_command *cmd, size_t count, int argc, char **argv);
/*
 * Reads files to the end, and finds all their errors. Returns 0, or -1 with *err filled; then
 * np_report() prints the others as well.
 */
int np_read_files(struct np_objects *objs, const char *const *file, size_t count,
		  const struct np_load_options *load, struct np_error *err);
/*
 * Prints the warnings of objects that were read, each once, also if a file is read again for
 * another purpose.
 */
void np_print_warnings(const struct np_objects *objs);
/*
 * Reads manifests that are to be judged or loaded: every file, the last of objects that are given
 * twice, within the module's limits; warnings are printed. Returns 0, or -1 with *err filled, as
 * np_read_files() does.
 */
int np_read_manifests(struct np_objects *objs, const char *const *file, size_t count,
		      const struct np_load_options *load, struct np_error *err);

#endif
