// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl audit
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/time.h"
#include "common.h"
#include "netlink/observe.h"
#include "object/validate.h"

#define NP_AUDIT_DAYS_MAX	3650
#define NP_AUDIT_FOR_MAX	(NP_AUDIT_DAYS_MAX * 24ULL * 60 * 60)	/* seconds */

enum {
	NP_OPT_FOR = 0x100,
	NP_OPT_POD,
	NP_OPT_END,
	NP_OPT_ALL,
};

struct np_audit_args {
	struct np_observe observe;	/* what was named */
	uint64_t seconds;		/* of --for; 0: no end */
	bool has_for;
	bool end;
	bool all;
	bool named;
	uint64_t generation;		/* 0: nothing was changed */
	const char *action;		/* "begun", "changed", "ended"; NULL: listed */
};

/* Reads "90", "90s", "1500ms", "10m", "2h" or "7d" into seconds, rounded up. */
static bool np_audit_seconds(const char *text, uint64_t *seconds)
{
	int ms;

	if (np_time_span_parse(text, seconds))
		return *seconds <= NP_AUDIT_FOR_MAX;
	if (!np_parse_timeout(text, &ms) || ms < 1000)
		return false;
	*seconds = ((uint64_t)ms + 999) / 1000;
	return true;
}

/* Takes over a namespace, and a name in it. Both pointers may be into one text. */
static int np_audit_names(struct np_audit_args *audit, const char *namespace, const char *policy,
			  const char *pod, struct np_error *err)
{
	struct np_observe *observe = &audit->observe;
	const char *name = *pod ? pod : policy;
	const char *why = np_check_dns_label(namespace);

	if (why)
		return np_error_set(err, NP_EXIT_USAGE, "\"%.80s\" is no name of a namespace: %s",
				    namespace, why);
	why = *name ? np_check_dns_subdomain(name) : NULL;
	if (why)
		return np_error_set(err, NP_EXIT_USAGE, "\"%.80s\" is no name of a %s: %s", name,
				    *pod ? "pod" : "policy", why);
	snprintf(observe->namespace, sizeof(observe->namespace), "%s", namespace);
	snprintf(observe->policy, sizeof(observe->policy), "%s", policy);
	snprintf(observe->pod, sizeof(observe->pod), "%s", pod);
	audit->named = true;
	return 0;
}

static int np_audit_one_pod(struct np_audit_args *audit, const char *text, struct np_error *err)
{
	char namespace[NETPOL_NAMESPACE_MAX + 1], name[NETPOL_NAME_MAX + 1];

	if (!np_split_name(text, namespace, sizeof(namespace), name, sizeof(name)))
		return np_error_set(err, NP_EXIT_USAGE, "--pod takes NAMESPACE/POD, not \"%.80s\"",
				    text);
	if (audit->named)
		return np_error_set(err, NP_EXIT_USAGE, "--pod can be given once");
	return np_audit_names(audit, namespace, "", name, err);
}

static int np_audit_word(struct np_audit_args *audit, const char *text, struct np_error *err)
{
	char namespace[NETPOL_NAMESPACE_MAX + 1], name[NETPOL_NAME_MAX + 1];

	if (!strchr(text, '/'))
		return np_audit_names(audit, text, "", "", err);
	if (!np_split_name(text, namespace, sizeof(namespace), name, sizeof(name)))
		return np_error_set(err, NP_EXIT_USAGE, "audit takes NAMESPACE or "
				    "NAMESPACE/POLICY, not \"%.80s\"", text);
	return np_audit_names(audit, namespace, name, "", err);
}

static int np_audit_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_audit_args *audit = ctx;

	switch (code) {
	case NP_OPT_FOR:
		audit->has_for = true;
		audit->seconds = 0;
		if (!strcmp(arg, "ever") || np_audit_seconds(arg, &audit->seconds))
			return 0;
		return np_error_set(err, NP_EXIT_USAGE, "--for takes a time between 1s and %dd, as "
				    "30s, 10m, 2h or 7d, or \"ever\", not \"%.40s\"",
				    NP_AUDIT_DAYS_MAX, arg);
	case NP_OPT_POD:
		return np_audit_one_pod(audit, arg, err);
	case NP_OPT_END:
		audit->end = true;
		return 0;
	default:
		audit->all = true;
		return 0;
	}
}

/* The seconds that are left of an audit; 0 too if it is over. */
static uint64_t np_audit_left(const struct np_observe *observe)
{
	uint64_t now = (uint64_t)time(NULL);

	return observe->until > now ? observe->until - now : 0;
}

static void np_audit_members(struct np_writer *w, const struct np_audit_args *audit,
			     const struct np_observe *observe)
{
	char text[NP_TIME_TEXT_SIZE];

	np_write_string(w, "namespace", observe->namespace);
	if (*observe->policy)
		np_write_string(w, "policy", observe->policy);
	if (*observe->pod)
		np_write_string(w, "pod", observe->pod);
	if (audit->action)
		np_write_string(w, "action", audit->action);
	if (audit->end)
		return;
	if (!*observe->pod || audit->action)
		np_write_number(w, "policies", observe->policies);
	if (!observe->until)
		return;
	np_write_string(w, "until", np_time_utc_text(observe->until, text));
	np_write_number(w, "secondsLeft", np_audit_left(observe));
}

static void np_audit_document(const struct np_audit_args *audit, const struct np_observe_list *list)
{
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, np_common.format);
	for (i = 0; np_common.format == NP_FORMAT_JSONL && i < list->count; i++) {
		np_write_top(&w, "Audit");
		if (audit->generation)
			np_write_number(&w, "generation", audit->generation);
		np_audit_members(&w, audit, &list->item[i]);
		np_write_end(&w);
	}
	if (np_common.format == NP_FORMAT_JSONL)
		return;
	np_write_top(&w, "AuditList");
	if (audit->generation)
		np_write_number(&w, "generation", audit->generation);
	if (!audit->action)
		np_write_number(&w, "policies", list->policies);
	np_write_array(&w, "items");
	for (i = 0; i < list->count; i++) {
		np_write_object(&w, NULL);
		np_audit_members(&w, audit, &list->item[i]);
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}

static void np_audit_table(const struct np_observe_list *list)
{
	static const char * const titles[] = {
		"NAMESPACE", "POLICY", "POD", "POLICIES", "UNTIL", "ENDS",
	};
	const struct np_observe *observe;
	char text[NP_TIME_TEXT_SIZE];
	struct np_table table;
	size_t i;

	np_table_init(&table, titles, 6);
	for (i = 0; i < list->count; i++) {
		observe = &list->item[i];
		np_table_add(&table, "%s", observe->namespace);
		np_table_add(&table, "%s", *observe->policy ? observe->policy : "*");
		np_table_add(&table, "%s", *observe->pod ? observe->pod : "*");
		if (*observe->pod)
			np_table_add(&table, "-");
		else
			np_table_add(&table, "%zu", observe->policies);
		np_table_add(&table, "%s", observe->until ?
			     np_time_local_text(observe->until, text) : "-");
		np_table_add(&table, "%s", observe->until ?
			     np_time_left_text(np_audit_left(observe), text) : "never");
	}
	np_table_print(&table, stdout, np_common.no_headers);
	np_table_free(&table);
	if (!list->count)
		np_notice("there is no audit");
}

static int np_audit_show(struct np_client *client, const struct np_audit_args *audit,
			 struct np_error *err)
{
	struct np_observe_list list = { .item = NULL };
	int ret;

	ret = np_observe_get(client, &list, err) || np_observe_count(client, &list, err);
	if (!ret && np_format_structured(np_common.format))
		np_audit_document(audit, &list);
	else if (!ret)
		np_audit_table(&list);
	np_observe_free(&list);
	return ret ? -1 : 0;
}

/* Writes the names of pods, "shop/web-1, shop/web-2 and 3 more", into text. */
static const char *np_audit_pod_names(const struct np_observe *observe,
				      const struct np_observe_pods *pods, struct np_buffer *text)
{
	size_t i;

	text->len = 0;
	for (i = 0; i < pods->count && i < NP_OBSERVE_NAMES; i++)
		np_buffer_print(text, "%s%s/%s", i ? ", " : "", observe->namespace, pods->name[i]);
	if (i < pods->count)
		np_buffer_print(text, " and %zu more", pods->count - i);
	return text->data;
}

/* Says what an audit that has begun means for what is loaded. */
static void np_audit_warn(const struct np_observe *observe, const struct np_observe_effect *effect)
{
	struct np_buffer names = { 0 };
	uint8_t dir;

	if (*observe->policy && !effect->policies)
		np_warning("no policy %s/%s is loaded; it is observed once it is",
			   observe->namespace, observe->policy);
	else if (*observe->pod && !effect->has_pod)
		np_warning("no pod %s/%s of this node is loaded; its policies are observed once it "
			   "is", observe->namespace, observe->pod);
	else if (!effect->policies && !effect->has_namespace)
		np_warning("no namespace %s is loaded; its policies are observed once they are%s",
			   observe->namespace, effect->cluster ?
			   "; the ClusterNetworkPolicy of that name stays enforced" : "");
	else if (!effect->policies)
		np_warning("no policy of namespace %s is loaded; each is observed once it is",
			   observe->namespace);
	for (dir = 0; dir < NETPOL_DIRECTIONS; dir++)
		if (effect->open[dir].count)
			np_warning("no NetworkPolicy isolates the %s of these pods of this node any "
				   "more: %s", np_direction_name(dir),
				   np_audit_pod_names(observe, &effect->open[dir], &names));
	for (dir = 0; dir < NETPOL_DIRECTIONS; dir++)
		if (effect->narrowed[dir].count)
			np_warning("other policies still isolate the %s of these pods of this node, "
				   "so what only rules of an observed one accept is denied: %s",
				   np_direction_name(dir),
				   np_audit_pod_names(observe, &effect->narrowed[dir], &names));
	np_buffer_free(&names);
}

/* Tells what was begun, changed or ended. */
static void np_audit_told(const struct np_audit_args *audit, const struct np_observe_list *list)
{
	char text[NP_OBSERVE_TEXT], when[NP_TIME_TEXT_SIZE];
	const struct np_observe *observe;
	size_t i;

	if (np_format_structured(np_common.format)) {
		np_audit_document(audit, list);
		return;
	}
	for (i = 0; !np_common.quiet && i < list->count; i++) {
		observe = &list->item[i];
		printf("%s ", np_observe_text(observe, text));
		if (audit->end) {
			puts("is enforced again");
			continue;
		}
		printf("is observed");
		if (observe->until) {
			printf(" until %s", np_time_local_text(observe->until, when));
			printf(", %s", np_time_left_text(np_audit_left(observe), when));
		}
		printf("; policies: %zu\n", observe->policies);
	}
}

/* The end of an audit that begins now and lasts so long, at least. */
static uint64_t np_audit_until(uint64_t seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec + !!now.tv_nsec + seconds;
}

static int np_audit_begin(struct np_client *client, struct np_audit_args *audit,
			  struct np_error *err)
{
	struct np_observe_list before = { .item = NULL }, after = { .item = NULL };
	struct np_loaded loaded = { .count = 0 };
	struct np_observe *observe = &audit->observe;
	const struct np_observe_list told = { .item = observe, .count = 1 };
	struct np_observe_effect effect;
	size_t i;
	int ret;

	audit->action = "begun";
	ret = np_observe_get(client, &before, err);
	for (i = 0; !ret && i < before.count; i++)
		if (np_observe_same(&before.item[i], observe))
			audit->action = "changed";
	if (audit->seconds)
		observe->until = np_audit_until(audit->seconds);
	if (!ret)
		ret = np_observe_begin(client, observe, &audit->generation, err);
	/* From here on it is in force, whatever cannot be said about it. */
	if (!ret) {
		if (np_observe_get(client, &after, err) || np_loaded_get(client, &loaded, err)) {
			np_warning("it is in force, but what it means is not known: %s", err->text);
			memset(&effect, 0, sizeof(effect));
		} else {
			np_observe_effect(observe, &after, &loaded.state, &effect);
			observe->policies = effect.policies;
			np_audit_warn(observe, &effect);
		}
		np_audit_told(audit, &told);
	}
	np_loaded_free(&loaded);
	np_observe_free(&before);
	np_observe_free(&after);
	return ret;
}

static int np_audit_end(struct np_client *client, struct np_audit_args *audit, struct np_error *err)
{
	const struct np_observe_list told = { .item = &audit->observe, .count = 1 };
	int ret;

	audit->action = "ended";
	ret = np_observe_end(client, &audit->observe, &audit->generation, err);
	if (!ret)
		np_audit_told(audit, &told);
	return ret;
}

static int np_audit_end_all(struct np_client *client, struct np_audit_args *audit,
			    struct np_error *err)
{
	struct np_observe_list list = { .item = NULL };
	size_t i, ended = 0;
	int ret;

	audit->action = "ended";
	ret = np_observe_get(client, &list, err);
	for (i = 0; !ret && i < list.count; i++) {
		ret = np_observe_end(client, &list.item[i], &audit->generation, err);
		if (!ret)
			list.item[ended++] = list.item[i];
		else if (err->exit == NP_EXIT_NEGATIVE)
			ret = 0;	/* its time has come meanwhile */
	}
	list.count = ended;
	if (!ret || ended)
		np_audit_told(audit, &list);
	if (!ret && !ended)
		np_notice("there is no audit");
	np_observe_free(&list);
	return ret;
}

/* Looks at what was asked for as a whole. Returns 0, or an exit status after a message. */
static int np_audit_check(const struct np_command *cmd, const struct np_audit_args *audit)
{
	if (audit->end && audit->has_for)
		return np_usage(cmd, "--for and --end exclude each other");
	if (audit->all && !audit->end)
		return np_usage(cmd, "--all belongs to --end");
	if (audit->all && audit->named)
		return np_usage(cmd, "--all and the name of an audit exclude each other");
	if (audit->end && !audit->all && !audit->named)
		return np_usage(cmd, "--end needs NAMESPACE, NAMESPACE/POLICY, --pod or --all");
	if (audit->has_for && !audit->named)
		return np_usage(cmd, "--for needs NAMESPACE, NAMESPACE/POLICY or --pod");
	if (audit->named && !audit->has_for && !audit->end)
		return np_usage(cmd, "how long? --for 1h, or --for ever until --end");
	return 0;
}

static const struct np_option_row np_audit_options[] = {
	{ "for", NP_OPT_FOR, "TIME", "ever",
	  "how long: 30s, 10m, 2h, 7d, or ever (until --end); of what is observed already, from "
	  "now on" },
	{ "pod", NP_OPT_POD, "NAMESPACE/POD", "@pods",
	  "the policies that select this pod, for this pod alone" },
	{ "end", NP_OPT_END, NULL, NULL, "enforce again what was named in the same way" },
	{ "all", NP_OPT_ALL, NULL, NULL,
	  "with --end: all of them; a policy that was loaded to be observed stays so" },
	{ 0 }
};

static int np_audit_command(const struct np_command *cmd, int argc, char **argv)
{
	struct np_audit_args audit = { .seconds = 0 };
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_audit_take, &audit);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (argc - optind > 1)
		return np_usage(cmd, "audit takes one NAMESPACE or NAMESPACE/POLICY");
	if (optind < argc && audit.named)
		return np_usage(cmd, "--pod and \"%.40s\" exclude each other", argv[optind]);
	if (optind < argc && np_audit_word(&audit, argv[optind], &err))
		return np_report(&err);
	ret = np_audit_check(cmd, &audit);
	if (ret)
		return ret;
	np_common.changes = audit.named || audit.all;
	ret = np_connect(&client, &info, &err);
	if (!ret && audit.all)
		ret = np_audit_end_all(&client, &audit, &err);
	else if (!ret && audit.end)
		ret = np_audit_end(&client, &audit, &err);
	else if (!ret && audit.named)
		ret = np_audit_begin(&client, &audit, &err);
	else if (!ret)
		ret = np_audit_show(&client, &audit, &err);
	if (ret)
		ret = np_report(&err);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

const struct np_command np_command_audit = {
	.name = "audit",
	.summary = "observe policies instead of enforcing them, for a time",
	.usage = "audit\n"
		"audit NAMESPACE[/POLICY] --for TIME\n"
		"audit --pod NAMESPACE/POD --for TIME\n"
		"audit --end NAMESPACE[/POLICY]|--pod NAMESPACE/POD|--all",
	.about = "Observes NetworkPolicies of this node instead of enforcing them: they "
		"isolate no pod, and let nothing in that others deny. What they would deny "
		"passes, is counted as audited ('netpolctl counters'), and 'netpolctl monitor "
		"audit' shows it. That is for all policies of a namespace, for one of them, "
		"or for those that select a pod, there alone. The kernel enforces them again "
		"when the time is over. A reboot and 'netpolctl flush' end it too. "
		"ClusterNetworkPolicies are always enforced. Without words it lists what is "
		"observed, and until when.",
	.options = np_audit_options,
	.examples = "netpolctl audit shop/default-deny --for 1h\n"
		"netpolctl monitor audit --policy shop/default-deny\n"
		"netpolctl audit --end shop/default-deny",
	.words = "@namespaces @networkpolicies",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_YAML) | NP_FORMAT_BIT(NP_FORMAT_JSONL),
	.form = NP_FORMAT_TABLE,
	.changes = true,
	.run = np_audit_command,
};
