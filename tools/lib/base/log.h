/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's log: lines on standard error, for people or as JSON objects.
 *
 * Below a systemd unit lines for people begin with the priority that journald reads.
 */
#ifndef NP_BASE_LOG_H
#define NP_BASE_LOG_H

#include <stdbool.h>

enum np_log_level {
	NP_LOG_DEBUG,
	NP_LOG_INFO,
	NP_LOG_WARNING,
	NP_LOG_ERROR,
};

/*
 * How to log. A structure whose bytes are all zero has the defaults. The process has one,
 * np_log, which only one thread may use.
 */
struct np_log {
	bool json;
	bool verbose;		/* also print lines for debugging */
	bool quiet;		/* print only warnings and errors */
	bool journal;		/* standard error goes to journald */
};

extern struct np_log np_log;

/* What a line is about. Members that are NULL are left out of the line. */
struct np_log_about {
	const char *component;	/* "agent", "commit", "client", "local" */
	const char *kind;	/* "pods", ... */
	const char *namespace;
	const char *name;
	const char *error;
};

void np_log_init(bool json, bool verbose, bool quiet);
void np_log_line(enum np_log_level level, const struct np_log_about *about,
		 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
