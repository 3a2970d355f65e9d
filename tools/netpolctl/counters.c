// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl counters
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "common.h"

static void np_counters_cell(struct np_table *table, const struct np_counters *c, int attr)
{
	if (c->has[attr - NP_COUNTER_FIRST])
		np_table_add(table, "%llu", (unsigned long long)np_counter(c, attr));
	else
		np_table_add(table, "-");
}

/* The columns of numbers: those of the table, and those that wide has besides. */
static const int np_counters_columns[] = {
	NETPOL_COUNTERS_A_INGRESS_ALLOWED, NETPOL_COUNTERS_A_INGRESS_DENIED,
	NETPOL_COUNTERS_A_EGRESS_ALLOWED, NETPOL_COUNTERS_A_EGRESS_DENIED,
	NETPOL_COUNTERS_A_SPOOFED, NETPOL_COUNTERS_A_INGRESS_AUDITED,
	NETPOL_COUNTERS_A_EGRESS_AUDITED, NETPOL_COUNTERS_A_SEEN_SENT,
	NETPOL_COUNTERS_A_SEEN_RECEIVED, NETPOL_COUNTERS_A_DEVICE_SENT,
	NETPOL_COUNTERS_A_DEVICE_RECEIVED,
};

#define NP_COUNTERS_COLUMNS	7
#define NP_COUNTERS_COLUMNS_WIDE	11

static void np_counters_subjects(const struct np_counter_list *list)
{
	static const char * const titles[] = {
		"NAMESPACE", "POD", "IN-ALLOWED", "IN-DENIED", "OUT-ALLOWED", "OUT-DENIED",
		"SPOOFED", "IN-AUDITED", "OUT-AUDITED", "HOOK-SENT", "HOOK-RECEIVED",
		"DEVICE-SENT", "DEVICE-RECEIVED",
	};
	unsigned int columns = np_common.format == NP_FORMAT_WIDE ? NP_COUNTERS_COLUMNS_WIDE :
								     NP_COUNTERS_COLUMNS;
	const struct np_counters *c;
	struct np_table table;
	unsigned int k;
	size_t i;

	np_table_init(&table, titles, 2 + columns);
	for (i = 0; i < list->count; i++) {
		c = &list->item[i];
		if (c->kind == NP_COUNTERS_POLICY)
			continue;
		np_table_add(&table, "%s", *c->namespace ? c->namespace : "*");
		np_table_add(&table, "%s", *c->name ? c->name : "*");
		for (k = 0; k < columns; k++)
			np_counters_cell(&table, c, np_counters_columns[k]);
	}
	np_table_print(&table, stdout, np_common.no_headers);
	np_table_free(&table);
}

static void np_counters_rules(const struct np_counter_list *list)
{
	static const char * const titles[] = {
		"NAMESPACE", "POLICY", "ORIGIN", "RULE", "PACKETS", "LAST-HIT",
	};
	char text[NP_TIME_SPAN_SIZE];
	const struct np_rule_hits *rule;
	const struct np_counters *c;
	struct np_table table;
	size_t i, r;

	np_table_init(&table, titles, 6);
	for (i = 0; i < list->count; i++) {
		c = &list->item[i];
		for (r = 0; c->kind == NP_COUNTERS_POLICY && r < c->rule_count; r++) {
			np_table_add(&table, "%s", *c->namespace ? c->namespace : "-");
			np_table_add(&table, "%s", c->name);
			np_table_add(&table, "%s", c->origin);
			rule = &c->rule[r];
			np_table_add(&table, "%s[%u]", np_direction_name(rule->direction),
				     rule->index);
			np_table_add(&table, "%llu", (unsigned long long)rule->hits);
			np_table_add(&table, "%s", rule->has_idle ?
				     np_time_span_text(rule->idle, text) : "-");
		}
	}
	if (table.count && !np_common.no_headers)
		putchar('\n');
	np_table_print(&table, stdout, np_common.no_headers);
	np_table_free(&table);
}

static void np_counters_values(struct np_writer *w, const struct np_counters *c)
{
	int attr;

	for (attr = NP_COUNTER_FIRST; attr <= NP_COUNTER_LAST; attr++)
		if (c->has[attr - NP_COUNTER_FIRST])
			np_write_number(w, np_counter_name(attr), np_counter(c, attr));
}

static void np_counters_write_kind(struct np_writer *w, const char *key,
				   const struct np_counter_list *list,
				   enum np_counters_kind kind)
{
	const struct np_counters *c;
	char name[IF_NAMESIZE];
	size_t i, r;

	np_write_array(w, key);
	for (i = 0; i < list->count; i++) {
		c = &list->item[i];
		if (c->kind != kind)
			continue;
		np_write_object(w, NULL);
		if (kind != NP_COUNTERS_POLICY || *c->namespace)
			np_write_string(w, "namespace", c->namespace);
		np_write_string(w, "name", c->name);
		if (*np_tier_text(c->tier))
			np_write_string(w, "tier", np_tier_text(c->tier));
		if (*c->origin)
			np_write_string(w, "origin", c->origin);
		if (c->ifindex)
			np_write_string(w, "interface", np_interface_name(c->ifindex, name));
		np_counters_values(w, c);
		if (kind == NP_COUNTERS_POLICY)
			np_write_array(w, "rules");
		for (r = 0; kind == NP_COUNTERS_POLICY && r < c->rule_count; r++) {
			np_write_object(w, NULL);
			np_write_string(w, "direction",
					np_direction_name(c->rule[r].direction));
			np_write_number(w, "index", c->rule[r].index);
			if (*c->rule[r].name)
				np_write_string(w, "name", c->rule[r].name);
			np_write_number(w, "packets", c->rule[r].hits);
			np_write_hit(w, &c->rule[r]);
			np_write_end(w);
		}
		if (kind == NP_COUNTERS_POLICY)
			np_write_end(w);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_counters_write(const struct np_counter_list *list)
{
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, np_common.format);
	np_write_top(&w, "Counters");
	np_write_object(&w, "total");
	for (i = 0; i < list->count; i++)
		if (list->item[i].kind == NP_COUNTERS_TOTAL)
			break;
	if (i < list->count)
		np_counters_values(&w, &list->item[i]);
	np_write_end(&w);
	np_counters_write_kind(&w, "pods", list, NP_COUNTERS_POD);
	np_counters_write_kind(&w, "policies", list, NP_COUNTERS_POLICY);
	np_write_end(&w);
}

int np_show_counters(struct np_client *client, bool zero, struct np_error *err)
{
	struct np_counter_list list;

	if (np_counters_get(client, zero, &list, err)) {
		np_counters_free(&list);
		return -1;
	}
	np_counters_sort(&list);
	if (np_format_structured(np_common.format)) {
		np_counters_write(&list);
	} else {
		np_counters_subjects(&list);
		np_counters_rules(&list);
	}
	np_counters_free(&list);
	return 0;
}

static int np_counters_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	(void)code;
	(void)arg;
	(void)err;
	*(bool *)ctx = true;
	return 0;
}

static const struct np_option_row np_counters_options[] = {
	{ "zero", 0x100, NULL, NULL, "read the counters, and set them to zero in the same step" },
	{ 0 }
};

static int np_counters_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_client client;
	struct np_error err = { 0 };
	struct np_info info;
	bool zero = false;
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_counters_take, &zero);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind < argc)
		return np_usage(cmd, "counters takes no word \"%.40s\"", argv[optind]);
	ret = np_connect(&client, &info, &err) || np_show_counters(&client, zero, &err);
	if (ret)
		ret = np_report(&err);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

const struct np_command np_command_counters = {
	.name = "counters",
	.summary = "packets allowed, denied and audited, by pod and by rule",
	.usage = "counters [--zero] [-o FORM]",
	.about = "Shows packets allowed and denied: in total, for each local pod, and for "
		"each rule, with the time since it decided one (to 10 seconds). The form "
		"wide adds what the hooks and the interface of a pod saw. Audited packets are "
		"part of those allowed: policies that are observed ('netpolctl help audit') "
		"would deny them.",
	.options = np_counters_options,
	.examples = "netpolctl counters\n"
		"netpolctl counters --zero -o json | jq '.pods[] | select(.ingressDenied > "
		"0)'",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_WIDE) |
		 NP_FORMAT_BIT(NP_FORMAT_JSON) | NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.run = np_counters_run,
};
