// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl sync
 */
#include "sync.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "kube/cluster.h"
#include "common.h"
#include "base/log.h"
#include "netlink/snapshot.h"
#include "object/settings.h"
#include "object/validate.h"

#define NP_SYNC_SERVERS	16
#define NP_SYNC_FOLDERS	8

struct np_sync {
	struct np_agent_options agent;
	struct np_cluster_options cluster;
	const char *server[NP_SYNC_SERVERS];
	const char *folder[NP_SYNC_FOLDERS + 1];
	size_t folder_count;
	bool json;
	bool boot;
	char node[256];
	char version[NP_SOURCE_KINDS][64];
	struct np_cluster *source;
};

enum {
	NP_OPT_NODE = 0x100,
	NP_OPT_KUBECONFIG,
	NP_OPT_CONTEXT,
	NP_OPT_IN_CLUSTER,
	NP_OPT_SERVER,
	NP_OPT_SERVER_FROM,
	NP_OPT_GZIP,
	NP_OPT_SPREAD,
	NP_OPT_SNAPSHOT,
	NP_OPT_SNAPSHOT_INTERVAL,
	NP_OPT_AUDIT,
	NP_OPT_ANNOTATIONS,
	NP_OPT_LISTEN,
	NP_OPT_PROBES,
	NP_OPT_SOCKET,
	NP_OPT_PREFIX,
	NP_OPT_RANGE,
	NP_OPT_INTERFACE,
	NP_OPT_NO_NODE_GUARD,
	NP_OPT_NO_NODE_RANGES,
	NP_OPT_UNKNOWN,
	NP_OPT_SOURCE,
	NP_OPT_CNI,
	NP_OPT_LOG,
	NP_OPT_BOOT,
	NP_OPT_TAINT,
	NP_OPT_ONCE,
	NP_OPT_WAIT,
};

static int np_sync_time(const char *option, const char *arg, int64_t *ms, struct np_error *err)
{
	int value;

	if (!np_parse_timeout(arg, &value))
		return np_error_set(err, NP_EXIT_USAGE, "--%s takes 500ms, 30s or 2m, not "
				    "\"%.40s\"", option, arg);
	*ms = value < 0 ? 0 : value;
	return 0;
}

/* Parses an option like the setting of that name. */
static int np_sync_setting(struct np_sync *sync, const char *name, const char *arg,
			   struct np_error *err)
{
	char *word;
	int ret;

	if (asprintf(&word, "%s=%s", name, arg) < 0)
		return np_error_set(err, NP_EXIT_USAGE, "no memory");
	ret = np_setting_assign(&sync->agent.settings, word, err);
	free(word);
	return ret;
}

static const char *np_sync_or_none(const char *arg)
{
	return strcmp(arg, "none") ? arg : NULL;
}

static int np_sync_take_agent(int code, const char *arg, struct np_sync *sync,
			      struct np_error *err)
{
	struct np_agent_options *agent = &sync->agent;

	switch (code) {
	case NP_OPT_SNAPSHOT:
		agent->snapshot = np_sync_or_none(arg);
		return 0;
	case NP_OPT_SNAPSHOT_INTERVAL:
		return np_sync_time("snapshot-interval", arg, &agent->snapshot_ms, err);
	case NP_OPT_AUDIT:
		return np_sync_time("audit-interval", arg, &agent->compare_ms, err);
	case NP_OPT_ANNOTATIONS:
		agent->audit_annotations = true;
		return 0;
	case NP_OPT_LISTEN:
		agent->listen = np_sync_or_none(arg);
		return 0;
	case NP_OPT_PROBES:
		agent->probes = np_sync_or_none(arg);
		return 0;
	case NP_OPT_SOCKET:
		agent->socket = np_sync_or_none(arg);
		return 0;
	case NP_OPT_PREFIX:
		return np_sync_setting(sync, "guard-prefix", arg, err);
	case NP_OPT_RANGE:
		return np_sync_setting(sync, "pod-range", arg, err);
	case NP_OPT_INTERFACE:
		return np_sync_setting(sync, "guard-interface", arg, err);
	case NP_OPT_UNKNOWN:
		return np_sync_setting(sync, "unknown", arg, err);
	case NP_OPT_SOURCE:
		return np_sync_setting(sync, "source-allow", arg, err);
	case NP_OPT_NO_NODE_GUARD:
		agent->node_guard = false;
		return 0;
	case NP_OPT_NO_NODE_RANGES:
		agent->node_ranges = false;
		return 0;
	case NP_OPT_CNI:
		if (!strcmp(arg, "none"))
			sync->folder_count = 0;
		else if (sync->folder_count == NP_SYNC_FOLDERS)
			return np_error_set(err, NP_EXIT_USAGE, "more than %d --cni-cache",
					    NP_SYNC_FOLDERS);
		else
			sync->folder[sync->folder_count++] = arg;
		agent->cni = sync->folder;
		return 0;
	case NP_OPT_BOOT:
		sync->boot = true;
		return 0;
	case NP_OPT_ONCE:
		agent->once = true;
		return 0;
	default:
		return np_sync_time("wait", arg, &agent->once_ms, err);
	}
}

static int np_sync_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	static const char * const format[] = { "text", "json", NULL };
	struct np_sync *sync = ctx;
	struct np_cluster_options *cluster = &sync->cluster;
	const char *wrong;
	int choice;

	switch (code) {
	case NP_OPT_NODE:
		sync->agent.node = arg;
		return 0;
	case NP_OPT_KUBECONFIG:
		cluster->search.path = arg;
		return 0;
	case NP_OPT_CONTEXT:
		cluster->search.context = arg;
		return 0;
	case NP_OPT_IN_CLUSTER:
		cluster->search.in_cluster = true;
		return 0;
	case NP_OPT_SERVER:
		if (!*arg) {
			np_error_set(err, NP_EXIT_USAGE, "--api-server is empty");
			np_error_hint(err, "give the URL of an API server that needs no pod "
				      "network, no cluster DNS and no Service: "
				      "https://192.0.2.10:6443; the DaemonSet takes it from "
				      "api-server in deploy/kubernetes/kustomization.yaml");
			return -1;
		}
		if (cluster->server_count == NP_SYNC_SERVERS)
			return np_error_set(err, NP_EXIT_USAGE, "more than %d --api-server",
					    NP_SYNC_SERVERS);
		sync->server[cluster->server_count++] = arg;
		return 0;
	case NP_OPT_SERVER_FROM:
		if (!*arg) {
			np_error_set(err, NP_EXIT_USAGE, "--api-server-from is empty");
			np_error_hint(err, "give the path of a kubeconfig, such as kubelet's: "
				      "/etc/kubernetes/kubelet.conf");
			return -1;
		}
		cluster->search.server_from = arg;
		return 0;
	case NP_OPT_GZIP:
		cluster->gzip = true;
		return 0;
	case NP_OPT_SPREAD:
		return np_sync_time("spread", arg, &cluster->spread_ms, err);
	case NP_OPT_TAINT:
		wrong = np_check_label_key(arg);
		if (wrong)
			return np_error_set(err, NP_EXIT_USAGE, "--remove-taint takes the key of a "
					    "taint, and \"%.80s\" %s", arg, wrong);
		cluster->remove_taint = arg;
		return 0;
	case NP_OPT_LOG:
		choice = np_parse_choice("log-format", arg, format, err);
		sync->json = choice == 1;
		return choice < 0 ? -1 : 0;
	default:
		return np_sync_take_agent(code, arg, sync, err);
	}
}

static void np_sync_reload(void *arg)
{
	struct np_log_about about = { .component = "client" };
	struct np_sync *sync = arg;
	struct np_error err = { 0 };

	if (!np_cluster_reload(sync->source, &err))
		return;
	about.error = err.text;
	np_log_line(NP_LOG_ERROR, &about, "the configuration before stays in force");
}

/* The name of this node, in lower case and without blanks around it, as kubelet registers it. */
static int np_sync_node(struct np_sync *sync, struct np_error *err)
{
	const char *name = sync->agent.node, *wrong;
	char host[HOST_NAME_MAX + 1] = "";
	size_t len, i;

	if (!name || !*name)
		name = getenv("NODE_NAME");
	if (!name || !*name) {
		gethostname(host, sizeof(host) - 1);
		name = host;
	}
	name += strspn(name, " \t\r\n");
	len = strlen(name);
	while (len && strchr(" \t\r\n", name[len - 1]))
		len--;
	for (i = 0; i < len && i < sizeof(sync->node) - 1; i++)
		sync->node[i] = name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 'a' - 'A' : name[i];
	wrong = np_check_dns_subdomain(sync->node);
	if (wrong) {
		np_error_set(err, NP_EXIT_USAGE, "the name of this node, \"%.80s\", %s", sync->node,
			     wrong);
		np_error_hint(err, "give the name that `kubectl get nodes` shows: --node NAME, or "
			      "NODE_NAME");
		return -1;
	}
	sync->agent.node = sync->node;
	sync->cluster.node = sync->node;
	return 0;
}

static struct np_cluster *np_sync_source(struct np_sync *sync, struct np_agent *agent,
					 struct np_loop *loop, struct np_error *err)
{
	struct np_cluster_options *cluster = &sync->cluster;
	unsigned int k;

	cluster->servers = sync->server;
	cluster->have_state = agent->snapshot.restored;
	cluster->have_cluster_policies = np_kernel_has_cluster_policies(&agent->kernel);
	cluster->foreign = true;
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		cluster->kinds[k] = true;
		if (agent->snapshot.restored && sync->agent.snapshot)
			np_snapshot_resource_version(sync->agent.snapshot,
						     np_source_kind_name(k), sync->version[k],
						     sizeof(sync->version[k]));
		cluster->versions[k] = sync->version[k];
	}
	return np_cluster_open(loop, cluster, np_intake_ops(), &agent->intake, err);
}

static int np_sync_follow(struct np_sync *sync)
{
	struct np_loop *loop = np_loop_new();
	struct np_error err = { 0 };
	struct np_agent agent;
	int ret;

	np_log_init(sync->json, np_common.verbose, np_common.quiet);
	if (np_sync_node(sync, &err) || np_enter(&err)) {
		np_loop_free(loop);
		return np_report(&err);
	}
	ret = np_agent_start(&agent, loop, &sync->agent, &err);
	if (!ret) {
		sync->source = np_sync_source(sync, &agent, loop, &err);
		ret = sync->source ? 0 : -1;
	}
	if (!ret) {
		agent.reload = np_sync_reload;
		agent.arg = sync;
		agent.outside.cluster = sync->source;
		np_cluster_start(sync->source);
		np_loop_run(loop);
		agent.outside.cluster = NULL;
		np_cluster_close(sync->source);
		np_agent_stop(&agent);
	}
	ret = ret ? np_report(&err) : agent.status;
	np_agent_free(&agent);
	np_loop_free(loop);
	return ret;
}

static int np_sync_boot(struct np_sync *sync)
{
	struct np_loop *loop = np_loop_new();
	struct np_error err = { 0 };
	struct np_agent agent;
	int ret;

	np_log_init(sync->json, np_common.verbose, np_common.quiet);
	if (np_enter(&err)) {
		np_loop_free(loop);
		return np_report(&err);
	}
	ret = np_agent_boot(&agent, loop, &sync->agent, &err) ? np_report(&err) : agent.status;
	np_agent_free(&agent);
	np_loop_free(loop);
	return ret;
}

static const struct np_option_row np_sync_options[] = {
	{ "node", NP_OPT_NODE, "NAME", NULL,
	  "name of our own Node; by default NODE_NAME, else the host name" },
	{ "kubeconfig", NP_OPT_KUBECONFIG, "FILE", "@files",
	  "by default KUBECONFIG, else ~/.kube/config, else the service account of the pod" },
	{ "context", NP_OPT_CONTEXT, "NAME", NULL,
	  "use this context instead of the kubeconfig's current one" },
	{ "in-cluster", NP_OPT_IN_CLUSTER, NULL, NULL,
	  "use the service account of this pod, and nothing else" },
	{ "api-server", NP_OPT_SERVER, "URL", NULL,
	  "use this server instead of the kubeconfig's; may be repeated" },
	{ "api-server-from", NP_OPT_SERVER_FROM, "FILE", "@files",
	  "use the server of this kubeconfig, such as kubelet's, and nothing else of it" },
	{ "gzip", NP_OPT_GZIP, NULL, NULL, "ask for compressed lists" },
	{ "spread", NP_OPT_SPREAD, "TIME", NULL,
	  "wait up to this long, at random, before the first request; by default 0" },
	{ "snapshot", NP_OPT_SNAPSHOT, "FILE", "none @files",
	  "snapshot file, or none; by default /var/lib/netpol/snapshot" },
	{ "snapshot-interval", NP_OPT_SNAPSHOT_INTERVAL, "TIME", NULL,
	  "least time between two snapshot files; by default 10s" },
	{ "audit-interval", NP_OPT_AUDIT, "TIME", NULL,
	  "time between two comparisons of the kernel with the desired state; by default 60m; 0: "
	  "none" },
	{ "audit-annotations", NP_OPT_ANNOTATIONS, NULL, NULL,
	  "observe NetworkPolicies instead of enforcing them where they, or their Namespaces, have "
	  "the annotation netpolctl/audit: \"true\"" },
	{ "listen", NP_OPT_LISTEN, "ADDR:PORT", "none",
	  "where metrics and probes are served, or none; by default 127.0.0.1:9474" },
	{ "probe-listen", NP_OPT_PROBES, "ADDR:PORT", "none",
	  "where probes alone are served as well, or none; by default 127.0.0.1:9475" },
	{ "socket", NP_OPT_SOCKET, "PATH", "none @files",
	  "where 'sync status' asks, or none; by default /run/netpol/sync.sock" },
	{ "guard-prefix", NP_OPT_PREFIX, "CIDR,...", NULL, "more pod addresses of this node" },
	{ "guard-interface", NP_OPT_INTERFACE, "NAME,...", NULL,
	  "interfaces of pods; a * at the end matches any rest" },
	{ "pod-range", NP_OPT_RANGE, "CIDR,...", NULL,
	  "addresses of pods in the whole cluster, for a Deny" },
	{ "no-node-guard", NP_OPT_NO_NODE_GUARD, NULL, NULL,
	  "do not use the podCIDRs of the Node as guards" },
	{ "no-node-ranges", NP_OPT_NO_NODE_RANGES, NULL, NULL,
	  "do not use the podCIDRs of all Nodes as ranges of pods" },
	{ "unknown", NP_OPT_UNKNOWN, "WHAT", "deny allow",
	  "what happens to packets of addresses in a guard that are no known pod's: deny "
	  "(default) or allow" },
	{ "source-allow", NP_OPT_SOURCE, "[NS/POD=]CIDR,...", NULL,
	  "addresses that pods may send from besides their own ones" },
	{ "cni-cache", NP_OPT_CNI, "DIR", "none @folders",
	  "a folder with results of the container network interface, or none; may be repeated" },
	{ "log-format", NP_OPT_LOG, "FORM", "text json",
	  "form of the log on standard error: text (default) or json" },
	{ "boot", NP_OPT_BOOT, NULL, NULL,
	  "put snapshot and guards in force, without API server, and end" },
	{ "remove-taint", NP_OPT_TAINT, "KEY", NULL,
	  "remove this taint from our Node once the first commit is in force" },
	{ "once", NP_OPT_ONCE, NULL, NULL, "end when the kernel has the whole desired state" },
	{ "wait", NP_OPT_WAIT, "TIME", NULL,
	  "with --once: give up after this long; by default 5m" },
	{ 0 }
};

static int np_sync_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_sync sync = {
		.agent = {
			.snapshot = NP_AGENT_SNAPSHOT,
			.listen = NP_AGENT_LISTEN,
			.probes = NP_AGENT_PROBES,
			.socket = NP_AGENT_SOCKET,
			.tool = "/proc/self/exe",
			.cni = np_cni_folders,
			.node_guard = true,
			.node_ranges = true,
			.compare_ms = 3600 * 1000,
			.snapshot_ms = 10 * 1000,
			.once_ms = 300 * 1000,
		},
	};
	int ret;

	np_kubeconfig_environment(&sync.cluster.search);
	ret = np_options_parse(cmd, argc, argv, np_sync_take, &sync);
	if (ret == NP_PARSE_DONE) {
		sync.agent.timeout = np_common.timeout;
		if (argc - optind == 1 && !strcmp(argv[optind], "status"))
			ret = np_sync_status(sync.agent.socket ? sync.agent.socket :
					     NP_AGENT_SOCKET);
		else if (argc - optind == 1 && !strcmp(argv[optind], "check"))
			ret = np_sync_check(sync.agent.snapshot);
		else if (optind < argc)
			ret = np_usage(cmd, "sync takes the words status and check, not \"%.40s\"",
				       argv[optind]);
		else if (sync.cluster.server_count && sync.cluster.search.server_from)
			ret = np_usage(cmd, "%s", "--api-server and --api-server-from both say "
				       "where the API server is: give one of them");
		else
			ret = sync.boot ? np_sync_boot(&sync) : np_sync_follow(&sync);
	}
	np_settings_free(&sync.agent.settings);
	return ret;
}

const struct np_command np_command_sync = {
	.name = "sync",
	.summary = "follow the API server, as the node agent",
	.usage = "sync [OPTION...]\n"
		"sync status [-o FORM] [--socket PATH]\n"
		"sync check [--snapshot FILE]",
	.about = "Follows the Kubernetes API server and keeps this node's kernel up to date. "
		"Ends by SIGTERM; the kernel then goes on enforcing. 'sync status' asks the "
		"agent that runs. 'sync check' asks the module whether guards and snapshot "
		"are in force, so that no pod starts open.",
	.options = np_sync_options,
	.exits = "of 'status': 1 the agent is not ready, 4 none answers; of 'check': 0 guards "
		"and snapshot are in force, 1 they are not.",
	.examples = "netpolctl sync --kubeconfig /etc/netpol/kubeconfig --guard-interface 'cali*'\n"
		"netpolctl sync status -o json | jq .troubles",
	.words = "status check",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON),
	.form = NP_FORMAT_TABLE,
	.run = np_sync_run,
};
