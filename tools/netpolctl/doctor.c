// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl doctor
 */
#include <stdio.h>
#include <string.h>

#include "agent/kernel.h"
#include "agent/options.h"
#include "common.h"
#include "node/doctor.h"
#include "sync.h"

enum {
	NP_OPT_CHECK = 0x100,
	NP_OPT_SOCKET,
};

static const struct np_option_row np_doctor_options[] = {
	{ "check", NP_OPT_CHECK, "ID", "@doctor", "run only this check" },
	{ "socket", NP_OPT_SOCKET, "PATH", "@files",
	  "where the agent answers; by default /run/netpol/sync.sock" },
	{ 0 }
};

struct np_doctor_options {
	const char *check;	/* NULL: all */
	const char *socket;
};

static int np_doctor_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_doctor_options *opts = ctx;

	(void)err;
	if (code == NP_OPT_CHECK)
		opts->check = arg;
	else
		opts->socket = arg;
	return 0;
}

/* Asks the agent, if there is one. */
static void np_doctor_agent(struct np_patient_agent *agent, const struct np_info *info)
{
	struct np_patient_kind *to;
	const cJSON *kind, *age;
	struct np_error err;
	cJSON *root;

	agent->owns = info && np_info_objects(info, NP_KUBE_ORIGIN);
	root = np_sync_status_fetch(agent->socket, NULL, &err);
	if (!root)
		return;
	agent->answers = true;
	agent->ready = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ready"));
	snprintf(agent->waiting, sizeof(agent->waiting), "%s",
		 np_sync_status_text(root, "waitingFor", "it does not say why"));
	cJSON_ArrayForEach(kind, cJSON_GetObjectItemCaseSensitive(root, "kinds")) {
		if (agent->kinds == NP_PATIENT_KINDS)
			break;
		/* Nobody listens for what nobody asks about. */
		if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(kind, "needed")))
			continue;
		to = &agent->kind[agent->kinds++];
		snprintf(to->name, sizeof(to->name), "%s",
			 np_sync_status_text(kind, "kind", "?"));
		snprintf(to->error, sizeof(to->error), "%s",
			 np_sync_status_text(kind, "error", ""));
		to->connected = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(kind, "connected"));
		age = cJSON_GetObjectItemCaseSensitive(kind, "lastEventAgeSeconds");
		to->age = cJSON_IsNumber(age) ? age->valuedouble : -1;
	}
	cJSON_Delete(root);
}

static void np_doctor_table(const struct np_finding_list *list)
{
	static const enum np_color color[] = { NP_COLOR_GOOD, NP_COLOR_NOTE, NP_COLOR_BAD };
	const struct np_finding *finding;
	size_t i;

	for (i = 0; i < list->count; i++) {
		finding = &list->item[i];
		np_color_print(stdout, color[finding->health], np_health_name(finding->health));
		printf("%*s%-12s ", finding->health == NP_HEALTH_OK ? 4 : 2, "", finding->check);
		np_print_escaped(stdout, finding->text ? finding->text : "");
		putchar('\n');
		if (!finding->hint || !*finding->hint)
			continue;
		printf("%18s hint: ", "");
		np_print_escaped(stdout, finding->hint);
		putchar('\n');
	}
}

static void np_doctor_write(const struct np_finding_list *list)
{
	const struct np_finding *finding;
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, np_common.format);
	np_write_top(&w, "Doctor");
	np_write_string(&w, "status", np_health_name(np_finding_worst(list)));
	np_write_array(&w, "findings");
	for (i = 0; i < list->count; i++) {
		finding = &list->item[i];
		np_write_object(&w, NULL);
		np_write_string(&w, "check", finding->check);
		np_write_string(&w, "status", np_health_name(finding->health));
		np_write_string(&w, "text", finding->text ? finding->text : "");
		if (finding->hint && *finding->hint)
			np_write_string(&w, "hint", finding->hint);
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}

static int np_doctor_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_counter_list counters = { .count = 0 };
	struct np_settings settings = { .unknown = 0 };
	struct np_local_list local = { .count = 0 };
	struct np_finding_list list = { .count = 0 };
	struct np_patient patient = { .info = NULL };
	struct np_error err = { 0 };
	struct np_doctor_options opts = { .socket = NP_AGENT_SOCKET };
	struct np_patient_agent agent = { .kinds = 0 };
	struct np_client client;
	struct np_info info;
	bool known;
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_doctor_take, &opts);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind < argc)
		return np_usage(cmd, "doctor takes no word \"%.40s\"", argv[optind]);
	ret = np_connect(&client, &info, &err) ||
	      np_settings_get(&client, &settings, &err) ||
	      np_counters_get(&client, false, &counters, &err) ||
	      np_local_get(&client, &local, &err);
	/* Some checks work without the module. */
	if (ret && err.exit != NP_EXIT_MODULE && err.exit != NP_EXIT_ABI) {
		ret = np_report(&err);
		goto out;
	}
	patient.timeout = np_common.timeout;
	if (ret) {
		patient.absent = &err;
	} else {
		patient.info = &info;
		patient.settings = &settings;
		patient.counters = &counters;
		patient.local = &local;
	}
	agent.socket = opts.socket;
	np_doctor_agent(&agent, patient.info);
	patient.agent = &agent;
	known = np_doctor(&patient, opts.check, &list);
	if (!known) {
		ret = np_usage(cmd, "there is no check \"%.40s\"", opts.check);
		goto out;
	}
	if (np_format_structured(np_common.format))
		np_doctor_write(&list);
	else
		np_doctor_table(&list);
	ret = np_finding_worst(&list) == NP_HEALTH_FAIL ? NP_EXIT_NEGATIVE : NP_EXIT_OK;
out:
	np_finding_free(&list);
	np_counters_free(&counters);
	np_local_free(&local);
	np_settings_free(&settings);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

const struct np_command np_command_doctor = {
	.name = "doctor",
	.summary = "what keeps this node from enforcing its policies",
	.usage = "doctor [--check ID] [--socket PATH] [-o FORM]",
	.about = "Looks for what keeps this node from enforcing its policies: the module, the "
		"kernel that boots next, bridges without br_netfilter, flowtables, "
		"redirects, ipvlan and macvlan, IPVS without conntrack, VRFs, a DNS cache of "
		"the node that pods can't reach, guards, packets that the hooks never saw, "
		"an agent that hears nothing of the cluster, the clock. Changes nothing.",
	.options = np_doctor_options,
	.exits = "0 nothing fails (there may be warnings), 1 something does.",
	.examples = "netpolctl doctor\n"
		"netpolctl doctor -o json | jq '.findings[] | select(.status != \"ok\")'",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.run = np_doctor_run,
};
