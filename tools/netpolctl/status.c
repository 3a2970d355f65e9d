// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl status
 */
#ifndef _GNU_SOURCE
#endif
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "common.h"
#include "netlink/observe.h"
#include "node/finding.h"
#include "object/settings.h"
#include "undo/undo.h"

struct np_status {
	struct np_client client;
	struct np_info info;
	struct np_settings settings;
	struct np_counter_list counters;
	struct np_observe_list observed;
	int64_t left;		/* milliseconds until a change is taken back; -1: none waits */
	char **warning;
	size_t warning_count;
};

static void np_status_warn(struct np_status *st, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void np_status_warn(struct np_status *st, const char *fmt, ...)
{
	va_list args;

	st->warning = np_array_grow(st->warning, st->warning_count, sizeof(*st->warning));
	va_start(args, fmt);
	st->warning[st->warning_count++] = np_xvasprintf(fmt, args);
	va_end(args);
}

static void np_check_way(struct np_status *st, const struct np_counters *c, const char *way,
			 int seen_attr, int device_attr)
{
	uint64_t seen = np_counter(c, seen_attr), moved = np_counter(c, device_attr);
	char name[IF_NAMESIZE];

	if (!np_bypass_suspected(c, seen_attr, device_attr))
		return;
	np_status_warn(st, "pod %s/%s: its interface %s moved %llu packets %s it, the hook saw "
		       "%llu; some of its traffic may bypass the policies (a bridge without "
		       "br_netfilter, a flowtable, a tc or XDP redirect), or it is from before "
		       "it was loaded; 'netpolctl doctor' looks for the cause", c->namespace,
		       c->name, np_interface_name(c->ifindex, name), (unsigned long long)moved, way,
		       (unsigned long long)seen);
}

#define NP_STATUS_NAMED	10	/* the most pods that are named */

/* Warns of local pods that a limit has closed. */
static void np_status_lacking(struct np_status *st, const struct np_state *state)
{
	const struct np_shortage *lack;
	const struct np_pod *pod;
	unsigned int named = 0;
	char *text = NULL;
	size_t length, i;
	uint32_t k;
	FILE *file;

	for (i = 0; i < state->objects.pod_count && named < NP_STATUS_NAMED; i++) {
		pod = &state->objects.pods[i];
		for (k = 0; k < state->pod[i].lack_count; k++) {
			lack = &state->pod[i].lack[k];
			file = open_memstream(&text, &length);
			if (!file)
				continue;
			np_shortage_print(file, lack);
			fclose(file);
			np_status_warn(st, "pod %s/%s is closed in %s: %s", pod->namespace,
				       pod->name, np_direction_name(lack->direction), text);
			free(text);
		}
		named += !!state->pod[i].lack_count;
	}
	if (st->info.lacking > named)
		np_status_warn(st, "%u more pods are closed for want of room; 'netpolctl get pods -A' "
			       "lists them", st->info.lacking - named);
}

/* Warns of the pods that limits have closed, if there are any. */
static int np_status_limits(struct np_status *st, struct np_error *err)
{
	struct np_state state;
	int ret;

	if (!st->info.lacking)
		return 0;
	np_state_init(&state);
	ret = np_state_get(&st->client, NETPOL_CMD_GET_POD, &state, err);
	if (!ret)
		np_status_lacking(st, &state);
	np_state_free(&state);
	return ret;
}

static void np_status_check(struct np_status *st)
{
	const struct np_counters *c;
	size_t i;

	for (i = 0; i < st->counters.count; i++) {
		c = &st->counters.item[i];
		if (c->kind != NP_COUNTERS_POD || !c->ifindex)
			continue;
		np_check_way(st, c, "from", NETPOL_COUNTERS_A_SEEN_SENT,
			     NETPOL_COUNTERS_A_DEVICE_SENT);
		np_check_way(st, c, "to", NETPOL_COUNTERS_A_SEEN_RECEIVED,
			     NETPOL_COUNTERS_A_DEVICE_RECEIVED);
	}
	if (st->info.generation && !(st->info.flags & NETPOL_FLAG_ENFORCING))
		np_status_warn(st, "objects are loaded, but nothing is enforced");
}

static const struct np_counters *np_status_total(const struct np_status *st)
{
	size_t i;

	for (i = 0; i < st->counters.count; i++)
		if (st->counters.item[i].kind == NP_COUNTERS_TOTAL)
			return &st->counters.item[i];
	return NULL;
}

static bool np_limit_high(const struct np_limit *limit)
{
	return limit->has_used && limit->max && limit->used > limit->max / 2;
}

static unsigned int np_percent(const struct np_limit *limit)
{
	return (unsigned int)((double)limit->used * 100 / (double)limit->max);
}

/* Seconds until the next audit ends; false: none has an end. */
static bool np_status_next_end(const struct np_status *st, uint64_t *seconds)
{
	const struct np_observe *next = np_observe_next(&st->observed);
	uint64_t now = (uint64_t)time(NULL);

	if (!next)
		return false;
	*seconds = next->until > now ? next->until - now : 0;
	return true;
}

static void np_status_observed(const struct np_status *st)
{
	char text[NP_TIME_TEXT_SIZE];
	uint64_t seconds;

	if (!st->observed.count && !st->observed.policies)
		return;
	printf("audits      %zu; %zu policies are observed, not enforced", st->observed.count,
	       st->observed.policies);
	if (np_status_next_end(st, &seconds))
		printf("; the next audit ends %s", np_time_left_text(seconds, text));
	putchar('\n');
}

/* Packets of a direction. Those that were audited are part of those that were allowed. */
static void np_status_packets(const struct np_counters *c, const char *title, int allowed,
			      int denied, int audited)
{
	printf("%-11s %llu allowed, %llu denied", title, (unsigned long long)np_counter(c, allowed),
	       (unsigned long long)np_counter(c, denied));
	if (np_counter(c, audited))
		printf("; %llu of the allowed audited", (unsigned long long)np_counter(c, audited));
	putchar('\n');
}

static void np_status_table(const struct np_status *st)
{
	const struct np_info *info = &st->info;
	const struct np_counters *c = np_status_total(st);
	bool enforcing = info->flags & NETPOL_FLAG_ENFORCING;
	unsigned int i;

	printf("module      %s, ABI %u to %u\n", info->version, info->abi_min, info->abi_max);
	printf("generation  %llu\n", (unsigned long long)info->generation);
	fputs("enforcing   ", stdout);
	np_color_print(stdout, enforcing ? NP_COLOR_GOOD : NP_COLOR_NOTE,
		       enforcing ? "yes" : "no");
	putchar('\n');
	if (st->left >= 0)
		printf("waiting     a change is taken back in %lld s unless it is confirmed\n",
		       (long long)(st->left + 999) / 1000);
	np_status_observed(st);
	for (i = 0; i < info->origin_count; i++)
		printf("origin      %s: %llu objects, generation %llu\n", info->origin[i].name,
		       (unsigned long long)info->origin[i].objects,
		       (unsigned long long)info->origin[i].generation);
	for (i = 0; i < info->limit_count; i++)
		if (np_limit_high(&info->limit[i]))
			printf("limit       %s: %llu of %llu (%u %%)\n",
			       np_limit_name(info->limit[i].id),
			       (unsigned long long)info->limit[i].used,
			       (unsigned long long)info->limit[i].max,
			       np_percent(&info->limit[i]));
	if (info->lacking)
		printf("no room     %u local pods are closed\n", info->lacking);
	for (i = 0; i < NP_SETTING_COUNT; i++) {
		if (np_setting_default(&st->settings, i))
			continue;
		printf("setting     %s=", np_setting_name(i));
		np_setting_print(stdout, &st->settings, i);
		putchar('\n');
	}
	if (!c)
		return;
	np_status_packets(c, "ingress", NETPOL_COUNTERS_A_INGRESS_ALLOWED,
			  NETPOL_COUNTERS_A_INGRESS_DENIED, NETPOL_COUNTERS_A_INGRESS_AUDITED);
	np_status_packets(c, "egress", NETPOL_COUNTERS_A_EGRESS_ALLOWED,
			  NETPOL_COUNTERS_A_EGRESS_DENIED, NETPOL_COUNTERS_A_EGRESS_AUDITED);
	printf("denied      %llu spoofed, %llu unknown, %llu to tunnels; %llu unchecked\n",
	       (unsigned long long)np_counter(c, NETPOL_COUNTERS_A_SPOOFED),
	       (unsigned long long)np_counter(c, NETPOL_COUNTERS_A_UNKNOWN),
	       (unsigned long long)np_counter(c, NETPOL_COUNTERS_A_TUNNELS),
	       (unsigned long long)np_counter(c, NETPOL_COUNTERS_A_UNCHECKED));
	printf("undecided   %llu passed without a policy, %llu neighbour discovery\n",
	       (unsigned long long)np_counter(c, NETPOL_COUNTERS_A_UNDECIDED),
	       (unsigned long long)np_counter(c, NETPOL_COUNTERS_A_DISCOVERY));
	printf("events      %llu sent, %llu lost\n",
	       (unsigned long long)np_counter(c, NETPOL_COUNTERS_A_EVENTS),
	       (unsigned long long)np_counter(c, NETPOL_COUNTERS_A_EVENTS_LOST));
}

static void np_status_write_info(struct np_writer *w, const struct np_info *info)
{
	size_t i;

	np_write_object(w, "module");
	np_write_string(w, "version", info->version);
	np_write_number(w, "abiMin", info->abi_min);
	np_write_number(w, "abiMax", info->abi_max);
	np_write_number(w, "features", info->features);
	np_write_end(w);
	np_write_number(w, "generation", info->generation);
	np_write_bool(w, "enforcing", info->flags & NETPOL_FLAG_ENFORCING);
	np_write_array(w, "origins");
	for (i = 0; i < info->origin_count; i++) {
		np_write_object(w, NULL);
		np_write_string(w, "name", info->origin[i].name);
		np_write_number(w, "objects", info->origin[i].objects);
		np_write_number(w, "generation", info->origin[i].generation);
		np_write_end(w);
	}
	np_write_end(w);
	np_write_array(w, "limits");
	for (i = 0; i < info->limit_count; i++) {
		np_write_object(w, NULL);
		np_write_string(w, "name", np_limit_name(info->limit[i].id));
		if (info->limit[i].has_used)
			np_write_number(w, "used", info->limit[i].used);
		np_write_number(w, "max", info->limit[i].max);
		np_write_end(w);
	}
	np_write_end(w);
	np_write_number(w, "podsWithoutRoom", info->lacking);
}

static void np_status_write(const struct np_status *st)
{
	const struct np_observe *next = np_observe_next(&st->observed);
	const struct np_counters *c = np_status_total(st);
	char text[NP_TIME_TEXT_SIZE];
	uint64_t seconds;
	struct np_writer w;
	size_t i;
	int attr;

	np_writer_init(&w, stdout, np_common.format);
	np_write_top(&w, "Status");
	np_status_write_info(&w, &st->info);
	if (st->left >= 0)
		np_write_number(&w, "confirmSeconds", (st->left + 999) / 1000);
	np_write_object(&w, "audits");
	np_write_number(&w, "count", st->observed.count);
	np_write_number(&w, "policies", st->observed.policies);
	if (np_status_next_end(st, &seconds)) {
		np_write_string(&w, "nextEnd", np_time_utc_text(next->until, text));
		np_write_number(&w, "secondsLeft", seconds);
	}
	np_write_end(&w);
	np_settings_write(&w, "settings", &st->settings);
	np_write_object(&w, "counters");
	for (attr = NP_COUNTER_FIRST; c && attr <= NP_COUNTER_LAST; attr++)
		if (c->has[attr - NP_COUNTER_FIRST])
			np_write_number(&w, np_counter_name(attr), np_counter(c, attr));
	np_write_end(&w);
	np_write_array(&w, "warnings");
	for (i = 0; i < st->warning_count; i++)
		np_write_string(&w, NULL, st->warning[i]);
	np_write_end(&w);
	np_write_end(&w);
}

static int np_status_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_status st = { .warning = NULL };
	struct np_error err = { 0 };
	size_t i;
	int ret;

	ret = np_options_parse(cmd, argc, argv, NULL, NULL);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind < argc)
		return np_usage(cmd, "status takes no word \"%.40s\"", argv[optind]);
	ret = np_connect(&st.client, &st.info, &err) ||
	      np_settings_get(&st.client, &st.settings, &err) ||
	      np_counters_get(&st.client, false, &st.counters, &err) ||
	      np_observe_get(&st.client, &st.observed, &err) ||
	      np_observe_count(&st.client, &st.observed, &err) ||
	      np_status_limits(&st, &err);
	if (!ret) {
		if (np_undo_left(&st.left, &err))
			np_status_warn(&st, "it is not known whether a change waits for its "
				       "confirmation: %s", err.text);
		np_status_check(&st);
		if (np_format_structured(np_common.format))
			np_status_write(&st);
		else
			np_status_table(&st);
		for (i = 0; i < st.warning_count; i++)
			np_warning("%s", st.warning[i]);
	}
	ret = ret ? np_report(&err) : NP_EXIT_OK;
	for (i = 0; i < st.warning_count; i++)
		free(st.warning[i]);
	free(st.warning);
	np_counters_free(&st.counters);
	np_observe_free(&st.observed);
	np_settings_free(&st.settings);
	np_info_free(&st.info);
	np_client_close(&st.client);
	return ret;
}

const struct np_command np_command_status = {
	.name = "status",
	.summary = "the module, its load and its warnings on one screen",
	.usage = "[status] [-o FORM]",
	.about = "Shows the module on one screen: its version and whether it enforces, policies "
		"that are observed, who loaded objects, limits that are more than half used, settings that are not "
		"the default, packets so far. Local pods whose interface moved many more "
		"packets than the hooks saw (20 or more, and a third of all) are warned of, "
		"because their traffic may bypass the policies. Other warnings name the pods "
		"that a limit has closed because there is no room for their policies, and the "
		"namespaces with pods of too many kinds, each with the limit and what to "
		"do.\n\n"
		"Warnings go to standard error, and with json and yaml to \"warnings\" too. "
		"They leave the exit status 0.",
	.examples = "netpolctl\n"
		"netpolctl status -o json | jq .warnings",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.run = np_status_run,
};
