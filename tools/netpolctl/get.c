// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl get
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "common.h"
#include "get.h"

enum {
	NP_OPT_ORIGIN = 0x100,
	NP_OPT_UNUSED,
};

bool np_get_wanted(const struct np_get *get, const char *namespace, const char *name,
		   const char *origin)
{
	const char *word, *slash;
	int i;

	if ((get->origin && strcmp(get->origin, origin)) ||
	    (get->namespace && strcmp(get->namespace, namespace)))
		return false;
	if (!get->name_count)
		return true;
	for (i = 0; i < get->name_count; i++) {
		word = get->name[i];
		slash = *namespace ? strchr(word, '/') : NULL;
		if (slash && (strlen(namespace) != (size_t)(slash - word) ||
			      strncmp(word, namespace, slash - word)))
			continue;
		if (!strcmp(slash ? slash + 1 : word, name)) {
			get->found[i] = true;
			return true;
		}
	}
	return false;
}

int np_get_missing(const struct np_get *get, const char *kind, struct np_error *err)
{
	int i;

	for (i = 0; i < get->name_count; i++)
		if (!get->found[i])
			return np_error_set(err, NP_EXIT_NEGATIVE, "%s \"%.200s\" is not loaded",
					    kind, get->name[i]);
	return 0;
}

static int np_get_objects(struct np_client *client, struct np_get *get, uint8_t command,
			  const char *kind, struct np_error *err)
{
	struct np_state state;
	int ret;

	np_state_init(&state);
	ret = np_state_get(client, command, &state, err);
	if (!ret && command == NETPOL_CMD_GET_POLICY)
		ret = np_observe_get(client, &get->observed, err);
	if (!ret) {
		np_get_print(get, &state, command);
		ret = np_get_missing(get, kind, err);
	}
	np_observe_free(&get->observed);
	np_state_free(&state);
	return ret;
}

static int np_get_settings(struct np_client *client, struct np_error *err)
{
	struct np_settings set = { 0 };
	int ret = np_settings_get(client, &set, err);

	if (!ret)
		np_show_settings(&set);
	np_settings_free(&set);
	return ret;
}

static void np_get_origins(const struct np_info *info)
{
	static const char * const titles[] = { "ORIGIN", "OBJECTS", "GENERATION" };
	struct np_table table;
	struct np_writer w;
	size_t i;

	if (np_format_structured(np_common.format)) {
		np_writer_init(&w, stdout, np_common.format);
		np_write_top(&w, "OriginList");
		np_write_array(&w, "items");
		for (i = 0; i < info->origin_count; i++) {
			np_write_object(&w, NULL);
			np_write_string(&w, "name", info->origin[i].name);
			np_write_number(&w, "objects", info->origin[i].objects);
			np_write_number(&w, "generation", info->origin[i].generation);
			np_write_end(&w);
		}
		np_write_end(&w);
		np_write_end(&w);
		return;
	}
	np_table_init(&table, titles, np_common.format == NP_FORMAT_NAME ? 1 : 3);
	for (i = 0; i < info->origin_count; i++) {
		np_table_add(&table, "%s", info->origin[i].name);
		if (np_common.format == NP_FORMAT_NAME)
			continue;
		np_table_add(&table, "%llu", (unsigned long long)info->origin[i].objects);
		np_table_add(&table, "%llu", (unsigned long long)info->origin[i].generation);
	}
	np_table_sort(&table);
	np_table_print(&table, stdout,
		       np_common.no_headers || np_common.format == NP_FORMAT_NAME);
	np_table_free(&table);
}

static void np_get_limits(const struct np_info *info)
{
	static const char * const titles[] = { "LIMIT", "USED", "MAX", "PERCENT" };
	const struct np_limit *limit;
	struct np_table table;
	struct np_writer w;
	size_t i;

	if (np_format_structured(np_common.format)) {
		np_writer_init(&w, stdout, np_common.format);
		np_write_top(&w, "LimitList");
		np_write_array(&w, "items");
		for (i = 0; i < info->limit_count; i++) {
			limit = &info->limit[i];
			np_write_object(&w, NULL);
			np_write_string(&w, "name", np_limit_name(limit->id));
			if (limit->has_used)
				np_write_number(&w, "used", limit->used);
			np_write_number(&w, "max", limit->max);
			np_write_end(&w);
		}
		np_write_end(&w);
		np_write_end(&w);
		return;
	}
	np_table_init(&table, titles, 4);
	for (i = 0; i < info->limit_count; i++) {
		limit = &info->limit[i];
		np_table_add(&table, "%s", np_limit_name(limit->id));
		if (limit->has_used)
			np_table_add(&table, "%llu", (unsigned long long)limit->used);
		else
			np_table_add(&table, "-");
		np_table_add(&table, "%llu", (unsigned long long)limit->max);
		if (limit->has_used && limit->max)
			np_table_add(&table, "%.0f", 100.0 * limit->used / limit->max);
		else
			np_table_add(&table, "-");
	}
	np_table_print(&table, stdout, np_common.no_headers);
	np_table_free(&table);
}

static int np_get_trie(struct np_client *client, const struct np_get *get, struct np_error *err)
{
	char namespace[NETPOL_NAMESPACE_MAX + 1] = "default", name[NETPOL_NAME_MAX + 1];
	struct np_trie_list list = { .item = NULL };
	int ret;

	if (!np_split_name(get->name[0], namespace, sizeof(namespace), name, sizeof(name))) {
		snprintf(name, sizeof(name), "%s", get->name[0]);
		if (get->namespace)
			snprintf(namespace, sizeof(namespace), "%s", get->namespace);
	}
	ret = np_trie_get(client, namespace, name, &list, err);
	if (!ret)
		np_get_print_trie(&list, namespace, name);
	else if (client->refusal.error == ENOENT || client->refusal.error == ESRCH)
		np_error_hint(err, "only pods of this node have programs; 'netpolctl get pods' "
			      "lists them");
	np_trie_free(&list);
	return ret;
}

enum np_get_kind {
	NP_GET_NAMESPACES,
	NP_GET_PODS,
	NP_GET_POLICIES,
	NP_GET_NETWORK_POLICIES,
	NP_GET_CLUSTER_POLICIES,
	NP_GET_RULES,
	NP_GET_SETTINGS,
	NP_GET_ORIGINS,
	NP_GET_LIMITS,
	NP_GET_COUNTERS,
	NP_GET_TRIE,
	NP_GET_UNKNOWN,
};

#define NP_FORMS_PLAIN	(NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) | \
			 NP_FORMAT_BIT(NP_FORMAT_YAML))
#define NP_FORMS_NAMED	(NP_FORMS_PLAIN | NP_FORMAT_BIT(NP_FORMAT_NAME))
#define NP_FORMS_WIDE	(NP_FORMS_PLAIN | NP_FORMAT_BIT(NP_FORMAT_WIDE))
#define NP_FORMS_ALL	(NP_FORMS_NAMED | NP_FORMAT_BIT(NP_FORMAT_WIDE))

static const struct {
	const char *name;
	enum np_get_kind kind;
	unsigned int forms;
} np_get_kinds[] = {
	{ "namespaces", NP_GET_NAMESPACES, NP_FORMS_ALL },
	{ "namespace", NP_GET_NAMESPACES, NP_FORMS_ALL },
	{ "ns", NP_GET_NAMESPACES, NP_FORMS_ALL },
	{ "pods", NP_GET_PODS, NP_FORMS_ALL },
	{ "pod", NP_GET_PODS, NP_FORMS_ALL },
	{ "po", NP_GET_PODS, NP_FORMS_ALL },
	{ "policies", NP_GET_POLICIES, NP_FORMS_ALL },
	{ "policy", NP_GET_POLICIES, NP_FORMS_ALL },
	{ "networkpolicies", NP_GET_NETWORK_POLICIES, NP_FORMS_ALL },
	{ "networkpolicy", NP_GET_NETWORK_POLICIES, NP_FORMS_ALL },
	{ "netpol", NP_GET_NETWORK_POLICIES, NP_FORMS_ALL },
	{ "clusternetworkpolicies", NP_GET_CLUSTER_POLICIES, NP_FORMS_ALL },
	{ "clusternetworkpolicy", NP_GET_CLUSTER_POLICIES, NP_FORMS_ALL },
	{ "cnp", NP_GET_CLUSTER_POLICIES, NP_FORMS_ALL },
	{ "rules", NP_GET_RULES, NP_FORMS_PLAIN },
	{ "settings", NP_GET_SETTINGS, NP_FORMS_PLAIN },
	{ "origins", NP_GET_ORIGINS, NP_FORMS_NAMED },
	{ "limits", NP_GET_LIMITS, NP_FORMS_PLAIN },
	{ "counters", NP_GET_COUNTERS, NP_FORMS_WIDE },
	{ "trie", NP_GET_TRIE, NP_FORMS_PLAIN },
};

static int np_get_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_get *get = ctx;

	if (code == 'n')
		get->namespace = arg;
	else if (code == 'A')
		get->all = true;
	else if (code == NP_OPT_ORIGIN)
		get->origin = arg;
	else if (!np_time_span_parse(arg, &get->unused))
		return np_error_set(err, NP_EXIT_USAGE, "--unused takes a time such as 12h or 7d, "
				    "not \"%.40s\"", arg);
	return 0;
}

static int np_get_kernel(struct np_get *get, enum np_get_kind kind, struct np_error *err)
{
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_connect(&client, &info, err);
	if (!ret) {
		switch (kind) {
		case NP_GET_NAMESPACES:
			ret = np_get_objects(&client, get, NETPOL_CMD_GET_NAMESPACE,
					     "namespace", err);
			break;
		case NP_GET_PODS:
			ret = np_get_objects(&client, get, NETPOL_CMD_GET_POD, "pod", err);
			break;
		case NP_GET_POLICIES:
			ret = np_get_objects(&client, get, NETPOL_CMD_GET_POLICY, "policy", err);
			break;
		case NP_GET_NETWORK_POLICIES:
			ret = np_get_objects(&client, get, NETPOL_CMD_GET_POLICY,
					     "networkpolicy", err);
			break;
		case NP_GET_CLUSTER_POLICIES:
			ret = np_get_objects(&client, get, NETPOL_CMD_GET_POLICY,
					     "clusternetworkpolicy", err);
			break;
		case NP_GET_RULES:
			ret = np_get_rules(&client, get, err);
			break;
		case NP_GET_SETTINGS:
			ret = np_get_settings(&client, err);
			break;
		case NP_GET_ORIGINS:
			np_get_origins(&info);
			break;
		case NP_GET_LIMITS:
			np_get_limits(&info);
			break;
		case NP_GET_COUNTERS:
			ret = np_show_counters(&client, false, err);
			break;
		default:
			ret = np_get_trie(&client, get, err);
		}
	}
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

static const struct np_option_row np_get_options[] = {
	{ "namespace", 'n', "NAME", "@namespaces", "only of this namespace" },
	{ "all-namespaces", 'A', NULL, NULL, "of all namespaces, which is the default" },
	{ "origin", NP_OPT_ORIGIN, "NAME", "@origins", "only what this origin has loaded" },
	{ "unused", NP_OPT_UNUSED, "TIME", NULL,
	  "with rules: those that have decided nothing for so long: 90s, 5m, 12h, 7d" },
	{ "output", 'o', "FORM", NULL,
	  "form of the output: table (default), wide, json, yaml or name, as far as the "
	  "kind has it" },
	{ 0 }
};

static int np_get_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_get get = { .name = NULL };
	enum np_get_kind kind = NP_GET_UNKNOWN;
	struct np_error err = { 0 };
	size_t i;
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_get_take, &get);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind == argc)
		return np_usage(cmd, "get needs a kind: namespaces, pods, policies, rules, "
				"settings, origins, limits, counters or trie");
	for (i = 0; i < sizeof(np_get_kinds) / sizeof(np_get_kinds[0]); i++)
		if (!strcmp(argv[optind], np_get_kinds[i].name))
			break;
	if (i == sizeof(np_get_kinds) / sizeof(np_get_kinds[0]))
		return np_usage(cmd, "there is no kind \"%.40s\"", argv[optind]);
	kind = np_get_kinds[i].kind;
	if (np_common.form && np_format_parse(np_common.form, np_get_kinds[i].forms,
					      &np_common.format, &err))
		return np_report(&err);
	get.name = argv + optind + 1;
	get.name_count = argc - optind - 1;
	if (kind == NP_GET_TRIE && get.name_count != 1)
		return np_usage(cmd, "get trie takes one NAMESPACE/POD");
	if (kind >= NP_GET_SETTINGS && kind <= NP_GET_COUNTERS && get.name_count)
		return np_usage(cmd, "get %s takes no names", argv[optind]);
	if (get.unused && kind != NP_GET_RULES)
		return np_usage(cmd, "--unused belongs to 'get rules'");
	if (get.all && get.namespace)
		return np_usage(cmd, "-A and -n exclude each other");
	if (kind == NP_GET_NAMESPACES || kind == NP_GET_CLUSTER_POLICIES)
		get.namespace = NULL;
	get.no_policies = kind == NP_GET_CLUSTER_POLICIES;
	get.no_cluster = kind == NP_GET_NETWORK_POLICIES;
	get.found = np_xcalloc(get.name_count + 1, sizeof(*get.found));
	ret = np_get_kernel(&get, kind, &err);
	if (ret)
		ret = np_report(&err);
	free(get.found);
	return ret;
}

const struct np_command np_command_get = {
	.name = "get",
	.summary = "list what is loaded, also as manifests",
	.usage = "get KIND [NAME...] [OPTION...]\n"
		"get rules [POLICY...] [--unused TIME] [OPTION...]\n"
		"get trie NAMESPACE/POD [-o FORM]",
	.about = "Lists what the kernel has loaded. KIND is namespaces (ns), pods (po), "
		"policies, rules, settings, origins, limits, counters or trie. Of policies, "
		"networkpolicies (netpol) and clusternetworkpolicies (cnp) are one kind "
		"each. NAME is a name, or NAMESPACE/NAME. In the forms json and yaml "
		"namespaces, pods and policies are a Kubernetes List that 'apply -f -' takes "
		"back. The STATE of a policy is observed if it is not enforced for any pod "
		"('netpolctl help audit').\n\n"
		"'get trie' shows the compiled programs of a pod. 'get rules' shows how many "
		"packets each rule has decided on this node, how long ago it did (to 10 "
		"seconds), and since when that is watched, which begins again when the rule "
		"is changed; rules of policies that select no pod of this node are not "
		"counted.",
	.options = np_get_options,
	.examples = "netpolctl get pods -n shop -o wide\n"
		"netpolctl get policies -o yaml > policies.yaml\n"
		"netpolctl get rules --unused 7d",
	.words = "namespaces pods policies networkpolicies clusternetworkpolicies rules "
		"settings origins limits counters trie | @named ...",
	.forms = NP_FORMS_ALL,
	.form = NP_FORMAT_TABLE,
	.run = np_get_run,
};
