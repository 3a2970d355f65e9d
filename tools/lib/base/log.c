// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's log.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>

#include "base/error.h"

struct np_log np_log;

static const struct {
	const char *name;
	int priority;		/* the priority that syslog and journald use */
} np_level[] = {
	[NP_LOG_DEBUG] = { "debug", 7 },
	[NP_LOG_INFO] = { "info", 6 },
	[NP_LOG_WARNING] = { "warning", 4 },
	[NP_LOG_ERROR] = { "error", 3 },
};

/* JOURNAL_STREAM names the device and inode of journald's stream. */
static bool np_log_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 && !fstat(2, &st) &&
	       st.st_dev == device && st.st_ino == inode;
}

void np_log_init(bool json, bool verbose, bool quiet)
{
	np_log.json = json;
	np_log.verbose = verbose;
	np_log.quiet = quiet;
	np_log.journal = np_log_is_journal();
}

static void np_log_member(FILE *out, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	fprintf(out, ",\"%s\":", key);
	np_print_json_string(out, value);
}

static void np_log_json(FILE *out, enum np_log_level level,
			const struct np_log_about *about, const char *text)
{
	struct timespec now;
	char when[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(out, "{\"ts\":\"%s.%03ldZ\",\"level\":\"%s\",\"msg\":", when,
		now.tv_nsec / 1000000, np_level[level].name);
	np_print_json_string(out, text);
	np_log_member(out, "component", about->component);
	np_log_member(out, "kind", about->kind);
	np_log_member(out, "ns", about->namespace);
	np_log_member(out, "name", about->name);
	np_log_member(out, "err", about->error);
	fputs("}\n", out);
}

static void np_log_text(FILE *out, enum np_log_level level,
			const struct np_log_about *about, const char *text)
{
	if (np_log.journal)
		fprintf(out, "<%d>", np_level[level].priority);
	else
		fputs("netpolctl: ", out);
	if (level != NP_LOG_INFO)
		fprintf(out, "%s: ", np_level[level].name);
	if (about->kind && *about->kind)
		fprintf(out, "%s%s", about->kind, about->name && *about->name ? " " : ": ");
	if (about->name && *about->name) {
		if (about->namespace && *about->namespace) {
			np_print_escaped(out, about->namespace);
			putc('/', out);
		}
		np_print_escaped(out, about->name);
		fputs(": ", out);
	}
	np_print_escaped(out, text);
	if (about->error && *about->error) {
		fputs(": ", out);
		np_print_escaped(out, about->error);
	}
	putc('\n', out);
}

void np_log_line(enum np_log_level level, const struct np_log_about *about,
		 const char *fmt, ...)
{
	static const struct np_log_about none;
	char text[1024], *line = NULL;
	size_t len = 0;
	va_list args;
	FILE *out;

	if ((level == NP_LOG_DEBUG && !np_log.verbose) ||
	    (level < NP_LOG_WARNING && np_log.quiet))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	out = open_memstream(&line, &len);
	if (!out)
		return;
	if (np_log.json)
		np_log_json(out, level, about ? about : &none, text);
	else
		np_log_text(out, level, about ? about : &none, text);
	if (!fclose(out))
		/* A single write keeps the lines of several processes apart. */
		fwrite(line, 1, len, stderr);
	free(line);
}
