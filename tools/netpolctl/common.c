// SPDX-License-Identifier: GPL-2.0-or-later
/* Code that all commands share. */
#include "common.h"
#include "netlink/plan.h"
#include "object/nodes.h"

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
	       (np_common.changes && np_confirm_check(err)) ? -1 : 0;
}

int np_report(const struct np_error *err)
{
	struct np_error whole = *err, line;

	if (err->exit == NP_EXIT_INPUT && !*err->hint && np_common.changes)
		np_error_hint(&whole, "nothing was changed; mend it and run it again");
	line = whole;
	/* An error of the kernel has no file, so the object is put before the path. */
	if (*err->object && !*err->file)
		snprintf(line.path, sizeof(line.path), "%.200s%s%.160s", err->object,
			 *err->path ? ": " : "", err->path);
	fflush(stdout);
	np_error_print(stderr, &line);
	if (np_common.form && (!strcmp(np_common.form, "json") ||
			       !strcmp(np_common.form, "jsonl")))
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

int np_read_manifests(struct np_objects *objs, const char *const *file, size_t count,
		      const struct np_load_options *load, struct np_error *err)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (np_load_path(objs, file[i], load, err))
			return -1;
	np_load_keep_last(objs);
	if (np_nodes_resolve_all(objs, load->lenient, err) || np_plan_limits(objs, err))
		return -1;
	for (i = 0; i < objs->warning_count; i++)
		np_warning_print(stderr, &objs->warnings[i]);
	return 0;
}
