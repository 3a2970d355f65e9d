// SPDX-License-Identifier: GPL-2.0-or-later
/* Code that all commands share. */
#include "common.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "netlink/plan.h"
#include "object/nodes.h"
#include "undo/undo.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>
#include <linux/netpol.h>

struct np_common np_common = { .timeout = NP_CLIENT_TIMEOUT };

bool np_parse_timeout(const char *text, int *timeout)
{
	unsigned long number, unit = 1000;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	number = strtoul(text, &end, 10);
	if (!strcmp(end, "ms"))
		unit = 1;
	else if (!strcmp(end, "m"))
		unit = 60000;
	else if (*end && strcmp(end, "s"))
		return false;
	if (number > (unsigned long)INT32_MAX / unit)
		return false;
	*timeout = number ? (int)(number * unit) : -1;
	return true;
}

int np_parse_choice(const char *option, const char *arg, const char *const *word,
		    struct np_error *err)
{
	char list[128] = "";
	size_t len = 0;
	int i;

	for (i = 0; word[i] && len < sizeof(list); i++) {
		if (!strcmp(arg, word[i]))
			return i;
		len += snprintf(list + len, sizeof(list) - len, "%s%s", !i ? "" :
				word[i + 1] ? ", " : " or ", word[i]);
	}
	return np_error_set(err, NP_EXIT_USAGE, "--%s takes %s, not \"%.40s\"", option, list, arg);
}

int np_parse_count(const char *option, const char *arg, unsigned long *count,
		   struct np_error *err)
{
	char *end = NULL;

	errno = 0;
	*count = *arg >= '0' && *arg <= '9' ? strtoul(arg, &end, 10) : 0;
	if (*count && !*end && !errno)
		return 0;
	return np_error_set(err, NP_EXIT_USAGE, "--%s takes a number from 1 on, not \"%.40s\"",
			    option, arg);
}

int np_parse_family(const char *arg, uint8_t *family, struct np_error *err)
{
	static const char * const word[] = { "4", "6", NULL };
	int choice = np_parse_choice("family", arg, word, err);

	if (choice < 0)
		return -1;
	*family = choice ? AF_INET6 : AF_INET;
	return 0;
}

int np_enter(struct np_error *err)
{
	static bool done;

	if (done || !np_common.netns)
		return 0;
	done = true;
	return np_netns_enter(np_common.netns, err);
}

int np_connect(struct np_client *client, struct np_info *info, struct np_error *err)
{
	memset(client, 0, sizeof(*client));
	memset(info, 0, sizeof(*info));
	if (np_enter(err) ||
	    np_client_open(client, NETPOL_GENL_NAME, np_common.timeout, err))
		return -1;
	return np_info_get(client, info, err) || np_info_check(info, err) ||
	       (np_common.changes && np_undo_check(err)) ? -1 : 0;
}

void np_report_text(const struct np_error *err)
{
	struct np_error line = *err;

	if (*err->object)
		snprintf(line.path, sizeof(line.path), "%.200s%s%.160s", err->object,
			 *err->path ? ": " : "", err->path);
	np_error_print(stderr, &line);
}

static bool np_wants_json(void)
{
	return np_common.form && (!strcmp(np_common.form, "json") ||
				  !strcmp(np_common.form, "jsonl"));
}

/* Prints all errors of the input. */
static int np_report_input(const struct np_errors *errors)
{
	size_t kept = np_errors_kept(errors), i;

	fflush(stdout);
	for (i = 0; i < kept; i++)
		np_report_text(&errors->item[i]);
	if (kept < errors->count)
		fprintf(stderr, "netpolctl: error: and %zu more\n", errors->count - kept);
	if (np_common.changes)
		fputs("hint: nothing was changed; mend them and run it again\n", stderr);
	if (np_wants_json())
		np_error_print_json_all(stdout, errors->item, kept, errors->count - kept);
	return errors->item[0].exit;
}

int np_report(const struct np_error *err)
{
	struct np_error whole = *err;

	if (np_common.errors.count > 1)
		return np_report_input(&np_common.errors);
	if (err->exit == NP_EXIT_INPUT && np_common.changes &&
	    strncmp(err->hint, "nothing was", 11))
		np_error_hint(&whole, "nothing was changed; %.480s",
			      *err->hint ? err->hint : "mend it and run it again");
	fflush(stdout);
	np_report_text(&whole);
	if (np_wants_json())
		np_error_print_json(stdout, &whole);
	return err->exit;
}

int np_usage(const struct np_command *cmd, const char *fmt, ...)
{
	struct np_error err = { 0 };
	va_list args;

	va_start(args, fmt);
	np_error_vset(&err, NP_EXIT_USAGE, fmt, args);
	va_end(args);
	np_error_hint(&err, "netpolctl %s --help", cmd->name);
	return np_report(&err);
}

static void np_tell(const char *level, const char *fmt, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, args);
	fflush(stdout);
	fprintf(stderr, "netpolctl: %s: ", level);
	np_print_escaped(stderr, text);
	fputc('\n', stderr);
}

void np_notice(const char *fmt, ...)
{
	va_list args;

	if (np_common.quiet)
		return;
	va_start(args, fmt);
	np_tell("note", fmt, args);
	va_end(args);
}

void np_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	np_tell("warning", fmt, args);
	va_end(args);
}

bool np_split_name(const char *text, char *namespace, size_t namespace_size, char *name,
		   size_t name_size)
{
	const char *slash = strchr(text, '/');

	if (!slash || slash == text || !slash[1] || strchr(slash + 1, '/') ||
	    (size_t)(slash - text) >= namespace_size || strlen(slash + 1) >= name_size)
		return false;
	memcpy(namespace, text, slash - text);
	namespace[slash - text] = '\0';
	strcpy(name, slash + 1);
	return true;
}

const char *np_interface_name(uint32_t ifindex, char text[IF_NAMESIZE])
{
	if (!ifindex)
		strcpy(text, "-");
	else if (!if_indextoname(ifindex, text))
		snprintf(text, IF_NAMESIZE, "#%u", ifindex);
	return text;
}

static int np_result_compare(const void *left, const void *right)
{
	const struct np_result *a = left, *b = right;
	int ret = (int)a->object - (int)b->object;

	if (!ret)
		ret = strcmp(a->namespace, b->namespace);
	return ret ? ret : strcmp(a->name, b->name);
}

static void np_result_write(const struct np_result_list *list, const char *kind, bool dry,
			    uint64_t generation,
			    void (*more)(struct np_writer *w, const void *arg), const void *arg)
{
	const struct np_result *result;
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, np_common.format);
	np_write_top(&w, kind);
	np_write_bool(&w, "dryRun", dry);
	if (generation)
		np_write_number(&w, "generation", generation);
	if (np_common.waits)
		np_write_number(&w, "confirmSeconds", (np_common.confirm + 999) / 1000);
	np_write_array(&w, "objects");
	for (i = 0; i < list->count; i++) {
		result = &list->item[i];
		np_write_object(&w, NULL);
		np_write_string(&w, "object", np_object_name(result->object, result->namespace));
		if (*result->namespace)
			np_write_string(&w, "namespace", result->namespace);
		np_write_string(&w, "name", result->name);
		np_write_string(&w, "action", result->action);
		np_write_end(&w);
	}
	np_write_end(&w);
	if (more)
		more(&w, arg);
	np_write_end(&w);
}

void np_result_print(struct np_result_list *list, const char *kind, bool dry, const char *suffix,
		     uint64_t generation, void (*more)(struct np_writer *w, const void *arg),
		     const void *arg)
{
	const struct np_result *result;
	size_t i;

	if (list->count)
		qsort(list->item, list->count, sizeof(*list->item), np_result_compare);
	if (np_format_structured(np_common.format)) {
		np_result_write(list, kind, dry, generation, more, arg);
		return;
	}
	for (i = 0; !np_common.quiet && i < list->count; i++) {
		result = &list->item[i];
		printf("%s/", np_object_name(result->object, result->namespace));
		np_print_escaped(stdout, result->namespace);
		fputs(*result->namespace ? "/" : "", stdout);
		np_print_escaped(stdout, result->name);
		if (np_common.format != NP_FORMAT_NAME)
			printf(" %s%s", result->action, suffix);
		putchar('\n');
	}
}

int np_check_files(const struct np_command *cmd, size_t count, int argc, char **argv)
{
	if (optind < argc)
		return np_usage(cmd, "a file is given as -f %.80s", argv[optind]);
	if (!count)
		return np_usage(cmd, "%s needs -f FILE", cmd->name);
	return NP_PARSE_DONE;
}

/* Returns -1 with *err filled if the input has errors. */
static int np_input_errors(struct np_error *err)
{
	if (!np_common.errors.count)
		return 0;
	*err = np_common.errors.item[0];
	return -1;
}

int np_read_files(struct np_objects *objs, const char *const *file, size_t count,
		  const struct np_load_options *load, struct np_error *err)
{
	struct np_load_options all = *load;
	size_t i;

	all.errors = &np_common.errors;
	for (i = 0; i < count; i++)
		np_load_path(objs, file[i], &all, err);
	return np_input_errors(err);
}

/* A warning that was printed. */
struct np_warned {
	uint32_t hash;		/* first, for struct np_hash */
	char text[];
};

static bool np_warned_match(const void *record, const void *key)
{
	const struct np_warned *warned = record;

	return !strcmp(warned->text, key);
}

void np_print_warnings(const struct np_objects *objs)
{
	static struct np_hash printed;	/* as long as the process lives */
	struct np_buffer line = { 0 };
	struct np_warned *warned;
	uint32_t hash;
	size_t i;

	for (i = 0; i < objs->warning_count; i++) {
		const struct np_warning *warning = &objs->warnings[i];

		line.len = 0;
		np_buffer_print(&line, "%s:%u:%u: %s", warning->place.file, warning->place.line,
				warning->place.column, warning->text);
		hash = np_hash_bytes(0, line.data, line.len);
		if (np_hash_find(&printed, hash, np_warned_match, line.data))
			continue;
		warned = np_xmalloc(sizeof(*warned) + line.len + 1);
		warned->hash = hash;
		memcpy(warned->text, line.data, line.len + 1);
		np_hash_add(&printed, warned);
		np_warning_print(stderr, warning);
	}
	np_buffer_free(&line);
}

int np_read_manifests(struct np_objects *objs, const char *const *file, size_t count,
		      const struct np_load_options *load, struct np_error *err)
{
	if (np_read_files(objs, file, count, load, err))
		return -1;
	np_load_keep_last(objs);
	np_nodes_resolve_all(objs, load->lenient, &np_common.errors, err);
	np_plan_limits(objs, &np_common.errors, err);
	if (np_input_errors(err))
		return -1;
	np_print_warnings(objs);
	return 0;
}
