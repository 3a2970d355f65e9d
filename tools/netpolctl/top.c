// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl top
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "base/time.h"
#include "common.h"
#include "netlink/observe.h"
#include "netlink/rates.h"

struct np_top {
	enum np_rate_kind kind;
	enum np_rate_order order;
	bool has_order;
	int interval;		/* milliseconds */
	unsigned long rounds;	/* 0: no end */
	unsigned long rows;	/* 0: as many as there are, or as the screen has */
	bool screen;		/* drawn over */
	struct np_client client;
	struct np_counter_list last;
	int64_t last_ms;
	struct np_observed observed;	/* of policies and rules */
	uint64_t generation;		/* of which observed is; 0: none yet */
};

enum { NP_OPT_SORT = 0x100, NP_OPT_ROWS };

static int np_top_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	static const char * const order[] = {
		[NP_RATE_BY_PACKETS] = "packets",
		[NP_RATE_BY_DENIED] = "denied",
		[NP_RATE_BY_AUDITED] = "audited",
		[NP_RATE_BY_NAME] = "name",
		NULL
	};
	struct np_top *top = ctx;
	int choice;

	switch (code) {
	case 'i':
		if (np_parse_timeout(arg, &top->interval) && top->interval >= 100)
			return 0;
		return np_error_set(err, NP_EXIT_USAGE, "--interval takes a time of 100ms or more, "
				    "as 500ms, 2s or 1m, not \"%.40s\"", arg);
	case 'b':
		return np_parse_count("batch", arg, &top->rounds, err);
	case NP_OPT_ROWS:
		return np_parse_count("rows", arg, &top->rows, err);
	case NP_OPT_SORT:
		choice = np_parse_choice("sort", arg, order, err);
		if (choice < 0)
			return -1;
		top->order = (enum np_rate_order)choice;
		top->has_order = true;
	}
	return 0;
}

static const char * const np_top_words[] = {
	[NP_RATE_PODS] = "pods",
	[NP_RATE_POLICIES] = "policies",
	[NP_RATE_RULES] = "rules",
};

static const char * const np_top_names[NP_RATE_VALUES] = {
	"ingressAllowed", "ingressDenied", "egressAllowed", "egressDenied",
	"ingressAudited", "egressAudited",
};

/* Is the policy of a row observed for all pods? What its rules have accepted then is not let in. */
static bool np_top_observed(const struct np_top *top, const struct np_rate *rate)
{
	return np_observed_has(&top->observed, rate->subject->namespace, rate->subject->name,
			       rate->subject->origin);
}

static void np_top_values(struct np_writer *w, const struct np_rate *rate)
{
	int value;

	for (value = 0; value < NP_RATE_VALUES; value++)
		np_write_number(w, np_top_names[value], rate->value[value]);
}

static void np_top_write(const struct np_top *top, const struct np_rate_list *list,
			 size_t rows, int64_t elapsed)
{
	const struct np_rate *rate;
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, NP_FORMAT_JSONL);
	np_write_top(&w, "Rates");
	np_write_number(&w, "milliseconds", (uint64_t)elapsed);
	np_write_object(&w, "total");
	if (list->total.subject)
		np_top_values(&w, &list->total);
	np_write_end(&w);
	np_write_array(&w, np_top_words[top->kind]);
	for (i = 0; i < rows; i++) {
		rate = &list->item[i];
		np_write_object(&w, NULL);
		if (*rate->subject->namespace)
			np_write_string(&w, "namespace", rate->subject->namespace);
		np_write_string(&w, "name", rate->subject->name);
		if (top->kind == NP_RATE_PODS) {
			np_top_values(&w, rate);
		} else {
			np_write_string(&w, "origin", rate->subject->origin);
			if (*np_tier_text(rate->subject->tier))
				np_write_string(&w, "tier", np_tier_text(rate->subject->tier));
			if (np_top_observed(top, rate))
				np_write_bool(&w, "observed", true);
		}
		if (rate->rule) {
			np_write_string(&w, "direction", np_direction_name(rate->rule->direction));
			np_write_number(&w, "index", rate->rule->index);
		}
		if (top->kind != NP_RATE_PODS)
			np_write_number(&w, "packets", rate->value[NP_RATE_PACKETS]);
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}

/* Has the node ever audited a packet? Then pods have a column of these. */
static bool np_top_audits(const struct np_rate_list *list)
{
	const struct np_counters *total = list->total.subject;

	return total && (np_counter(total, NETPOL_COUNTERS_A_INGRESS_AUDITED) ||
			 np_counter(total, NETPOL_COUNTERS_A_EGRESS_AUDITED));
}

static void np_top_table(const struct np_top *top, const struct np_rate_list *list, size_t rows,
			 uint64_t elapsed)
{
	static const char * const pods[] = {
		"NAMESPACE", "POD", "IN-ALLOWED/s", "IN-DENIED/s", "OUT-ALLOWED/s", "OUT-DENIED/s",
		"AUDITED/s",
	};
	static const char * const policies[] = {
		"NAMESPACE", "POLICY", "ORIGIN", "PACKETS/s", "STATE",
	};
	static const char * const rules[] = {
		"NAMESPACE", "POLICY", "ORIGIN", "RULE", "PACKETS/s", "STATE",
	};
	bool audits = np_top_audits(list);
	const struct np_rate *rate;
	char text[NP_RATE_TEXT];
	struct np_table table;
	size_t i;
	int value;

	if (top->kind == NP_RATE_PODS)
		np_table_init(&table, pods, audits ? 7 : 6);
	else if (top->kind == NP_RATE_POLICIES)
		np_table_init(&table, policies, 5);
	else
		np_table_init(&table, rules, 6);
	for (i = 0; i < rows; i++) {
		rate = &list->item[i];
		np_table_add(&table, "%s", *rate->subject->namespace ? rate->subject->namespace :
								       "-");
		np_table_add(&table, "%s", rate->subject->name);
		if (top->kind != NP_RATE_PODS)
			np_table_add(&table, "%s", rate->subject->origin);
		if (rate->rule)
			np_table_add(&table, "%s[%u]", np_direction_name(rate->rule->direction),
				     rate->rule->index);
		for (value = 0; value < (top->kind == NP_RATE_PODS ? NP_RATE_IN_AUDITED : 1);
		     value++)
			np_table_add(&table, "%s",
				     np_rate_text(rate->value[value], elapsed, text));
		if (top->kind != NP_RATE_PODS)
			np_table_add(&table, "%s",
				     np_top_observed(top, rate) ? "observed" : "-");
		else if (audits)
			np_table_add(&table, "%s", np_rate_text(rate->audited, elapsed, text));
	}
	np_table_print(&table, stdout, np_common.no_headers);
	np_table_free(&table);
}

/* The first line: the node as a whole, and how much is not shown. */
static void np_top_head(const struct np_rate_list *list, size_t rows, uint64_t elapsed)
{
	static const char * const words[NP_RATE_IN_AUDITED] = {
		"in ", " allowed ", " denied, out ", " allowed ",
	};
	char text[NP_RATE_TEXT];
	int value;

	printf("over %.1f s, a second: ", (double)elapsed / 1000);
	for (value = 0; value < NP_RATE_IN_AUDITED; value++)
		printf("%s%s", words[value],
		       np_rate_text(list->total.value[value], elapsed, text));
	fputs(" denied", stdout);
	if (np_top_audits(list))
		printf("; %s of the allowed audited",
		       np_rate_text(list->total.audited, elapsed, text));
	if (rows < list->count)
		printf("; %zu of %zu", rows, list->count);
	putchar('\n');
}

/* How many rows this round has. */
static size_t np_top_rows(const struct np_top *top, const struct np_rate_list *list)
{
	size_t rows = top->rows && top->rows < list->count ? top->rows : list->count;
	struct winsize size;

	/* The head, the titles, and the line on which the cursor stays. */
	if (top->screen && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row > 3 &&
	    rows > size.ws_row - 3u)
		rows = size.ws_row - 3u;
	return rows;
}

/* Lists the policies that are observed anew if the kernel's state has changed. */
static int np_top_list_observed(struct np_top *top, struct np_error *err)
{
	struct np_info info;
	int ret;

	if (top->kind == NP_RATE_PODS)
		return 0;
	ret = np_info_get(&top->client, &info, err);
	if (!ret && info.generation != top->generation) {
		ret = np_observed_get(&top->client, &top->observed, err);
		top->generation = info.generation;
	}
	np_info_free(&info);
	return ret;
}

static int np_top_round(struct np_top *top, struct np_error *err)
{
	struct np_counter_list now;
	struct np_rate_list list;
	int64_t now_ms, elapsed;
	size_t rows;

	if (np_top_list_observed(top, err))
		return -1;
	if (np_counters_get(&top->client, false, &now, err)) {
		np_counters_free(&now);
		return -1;
	}
	np_counters_sort(&now);
	now_ms = np_time_monotonic();
	elapsed = now_ms - top->last_ms;
	if (top->last_ms) {
		np_rates_make(&top->last, &now, top->kind, top->order, &list);
		rows = np_top_rows(top, &list);
		if (np_common.format == NP_FORMAT_JSONL) {
			np_top_write(top, &list, rows, elapsed);
		} else {
			if (top->screen)
				fputs("\033[H\033[J", stdout);
			np_top_head(&list, rows, (uint64_t)elapsed);
			np_top_table(top, &list, rows, (uint64_t)elapsed);
		}
		fflush(stdout);
		free(list.item);
	}
	np_counters_free(&top->last);
	top->last = now;
	top->last_ms = now_ms;
	return 0;
}

static int np_top_watch(struct np_top *top, struct np_error *err)
{
	unsigned long round;

	if (np_top_round(top, err))
		return -1;
	for (round = 0; !top->rounds || round < top->rounds; round++) {
		poll(NULL, 0, top->interval);
		if (np_top_round(top, err))
			return -1;
		if (ferror(stdout))
			break;
	}
	return 0;
}

static const struct np_option_row np_top_options[] = {
	{ "interval", 'i', "TIME", NULL,
	  "time between two rounds: 500ms, 2s (default), 1m; not below 100ms" },
	{ "batch", 'b', "N", NULL, "end after N rounds, and never draw over them" },
	{ "sort", NP_OPT_SORT, "FIELD", "packets denied audited name",
	  "order of the rows: packets, denied (of pods only, their default), audited (of pods "
	  "only) or name" },
	{ "rows", NP_OPT_ROWS, "N", NULL, "show at most N rows each time" },
	{ 0 }
};

static int np_top_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_top top = { .interval = 2000 };
	struct np_error err = { 0 };
	struct np_info info;
	unsigned int i = NP_RATE_PODS;
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_top_take, &top);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind < argc)
		for (i = 0; i <= NP_RATE_RULES && strcmp(argv[optind], np_top_words[i]); i++)
			;
	if (argc - optind > 1 || i > NP_RATE_RULES)
		return np_usage(cmd, "top takes pods, policies or rules, not \"%.40s\"",
				argv[argc - 1]);
	top.kind = (enum np_rate_kind)i;
	if (!top.has_order && top.kind == NP_RATE_PODS)
		top.order = NP_RATE_BY_DENIED;
	if ((top.order == NP_RATE_BY_DENIED || top.order == NP_RATE_BY_AUDITED) &&
	    top.kind != NP_RATE_PODS)
		return np_usage(cmd, "--sort %s is for pods; policies and rules count what they "
				"decide", top.order == NP_RATE_BY_DENIED ? "denied" : "audited");
	top.screen = !top.rounds && np_common.format == NP_FORMAT_TABLE && isatty(STDOUT_FILENO);
	ret = np_connect(&top.client, &info, &err) || np_top_watch(&top, &err);
	if (ret)
		ret = np_report(&err);
	np_info_free(&info);
	np_counters_free(&top.last);
	np_observed_free(&top.observed);
	np_client_close(&top.client);
	return ret;
}

const struct np_command np_command_top = {
	.name = "top",
	.summary = "packets a second of pods, policies and rules",
	.usage = "top [pods|policies|rules] [OPTION...]",
	.about = "Shows packets a second: allowed and denied of each local pod, or how many "
		"each policy or rule has accepted or, of a ClusterNetworkPolicy, decided. "
		"Audited packets are those of the allowed ones that observed policies would "
		"deny; pods have a column of them once the node has audited one. The STATE of "
		"a policy is observed if it is not enforced for any pod: its packets are "
		"those that it would accept. On "
		"a terminal the screen is drawn anew each time and shows as many rows as it "
		"has; elsewhere each round is a table of its own. Ends with Ctrl-C.\n\n"
		"In the form jsonl each round is one JSON object on a line, with the packets "
		"of the round as they were counted, and its milliseconds. What has begun to "
		"count again since the round before counts from 0.",
	.options = np_top_options,
	.examples = "netpolctl top\n"
		"netpolctl top rules -i 10s -b 1 -o jsonl | jq '.rules[0]'",
	.words = "pods policies rules",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSONL),
	.form = NP_FORMAT_TABLE,
	.run = np_top_run,
};
