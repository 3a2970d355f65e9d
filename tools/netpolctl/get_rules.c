// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl get rules
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "common.h"
#include "get.h"

/* Whether a rule has decided nothing for that many seconds, and was watched as long. */
static bool np_get_rule_unused(const struct np_rule_hits *rule, uint64_t seconds)
{
	return rule->has_watched && rule->watched >= seconds &&
	       (!rule->has_idle || rule->idle >= seconds);
}

static void np_get_rule_row(struct np_table *table, const struct np_counters *c,
			    const struct np_rule_hits *rule)
{
	char text[NP_TIME_SPAN_SIZE];

	np_table_add(table, "%s", *c->namespace ? c->namespace : "-");
	np_table_add(table, "%s", c->name);
	np_table_add(table, "%s", c->origin);
	np_table_add(table, "%s[%u]", np_direction_name(rule->direction), rule->index);
	np_table_add(table, "%llu", (unsigned long long)rule->hits);
	np_table_add(table, "%s", rule->has_idle ? np_time_span_text(rule->idle, text) : "-");
	np_table_add(table, "%s", rule->has_watched ? np_time_span_text(rule->watched, text) :
						      "-");
	np_table_add(table, "%s", *rule->name ? rule->name : "-");
}

static void np_get_rule_write(struct np_writer *w, const struct np_counters *c,
			      const struct np_rule_hits *rule)
{
	np_write_object(w, NULL);
	if (*c->namespace)
		np_write_string(w, "namespace", c->namespace);
	np_write_string(w, "policy", c->name);
	if (*np_tier_text(c->tier))
		np_write_string(w, "tier", np_tier_text(c->tier));
	np_write_string(w, "origin", c->origin);
	np_write_string(w, "direction", np_direction_name(rule->direction));
	np_write_number(w, "index", rule->index);
	if (*rule->name)
		np_write_string(w, "name", rule->name);
	np_write_number(w, "packets", rule->hits);
	np_write_hit(w, rule);
	np_write_end(w);
}

void np_write_hit(struct np_writer *w, const struct np_rule_hits *rule)
{
	if (rule->has_idle)
		np_write_number(w, "secondsSinceLastHit", rule->idle);
	if (rule->has_watched)
		np_write_number(w, "secondsWatched", rule->watched);
}

/*
 * Prints the rules that were asked for. Returns how many of them are left out because they are
 * not watched for as long as --unused asks.
 */
static size_t np_get_rules_print(const struct np_get *get, const struct np_counter_list *list)
{
	static const char * const titles[] = {
		"NAMESPACE", "POLICY", "ORIGIN", "RULE", "PACKETS", "LAST-HIT", "WATCHED",
		"RULE-NAME",
	};
	bool structured = np_format_structured(np_common.format);
	const struct np_counters *c;
	size_t i, r, young = 0;
	struct np_table table;
	struct np_writer w;

	np_table_init(&table, titles, 8);
	if (structured) {
		np_writer_init(&w, stdout, np_common.format);
		np_write_top(&w, "RuleList");
		np_write_array(&w, "items");
	}
	for (i = 0; i < list->count; i++) {
		c = &list->item[i];
		if (c->kind != NP_COUNTERS_POLICY ||
		    !np_get_wanted(get, c->namespace, c->name, c->origin))
			continue;
		for (r = 0; r < c->rule_count; r++) {
			if (get->unused && !np_get_rule_unused(&c->rule[r], get->unused)) {
				young += !c->rule[r].has_watched ||
					 (!c->rule[r].has_idle &&
					  c->rule[r].watched < get->unused);
				continue;
			}
			if (structured)
				np_get_rule_write(&w, c, &c->rule[r]);
			else
				np_get_rule_row(&table, c, &c->rule[r]);
		}
	}
	if (structured) {
		np_write_end(&w);
		np_write_end(&w);
	} else {
		np_table_print(&table, stdout, np_common.no_headers);
	}
	np_table_free(&table);
	return young;
}

int np_get_rules(struct np_client *client, const struct np_get *get, struct np_error *err)
{
	char text[NP_TIME_SPAN_SIZE];
	struct np_counter_list list;
	size_t young;
	int ret;

	ret = np_counters_get(client, false, &list, err);
	if (!ret) {
		np_counters_sort(&list);
		young = np_get_rules_print(get, &list);
		if (young)
			np_notice("rules that have decided nothing, but are watched for less "
				  "than %s, are left out: %zu",
				  np_time_span_text(get->unused, text), young);
		ret = np_get_missing(get, "policy", err);
		if (ret)
			np_error_hint(err, "only policies that select a pod of this node and have "
				      "rules are counted; 'netpolctl get policies' lists all");
	}
	np_counters_free(&list);
	return ret;
}
