// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's metrics. Their labels are kinds, reasons and directions, so there are few of them.
 * They are never names of pods or policies, nor addresses.
 */
#include "agent/metrics.h"

#include <dirent.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>

#include "agent/desired_policy.h"
#include "agent/desired_trouble.h"
#include "agent/settings.h"
#include "agent/state.h"
#include "kube/cluster.h"
#include "netlink/report.h"

#ifndef NETPOL_VERSION
#define NETPOL_VERSION	"0.1.0"
#endif

static double np_wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Returns the time of day for a time of the loop's clock. */
static double np_wall_time(const struct np_agent *agent, int64_t ms)
{
	return np_wall_clock() - (double)(np_loop_now(agent->loop) - ms) / 1000;
}

static void np_metrics_process(const struct np_agent *agent, FILE *file)
{
	unsigned long pages = 0, resident = 0;
	struct rusage use;
	FILE *statm;
	unsigned int fds = 0;
	DIR *dir;

	getrusage(RUSAGE_SELF, &use);
	np_metric_one(file, "process_cpu_seconds_total", "counter",
		      "Processor time that the agent has used, in seconds.",
		      (double)use.ru_utime.tv_sec + (double)use.ru_stime.tv_sec +
		      (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	statm = fopen("/proc/self/statm", "re");
	if (statm) {
		if (fscanf(statm, "%lu %lu", &pages, &resident) == 2) {
			np_metric_one(file, "process_resident_memory_bytes", "gauge",
				      "Resident memory of the agent, in bytes.",
				      (double)resident * (double)sysconf(_SC_PAGESIZE));
			np_metric_one(file, "process_virtual_memory_bytes", "gauge",
				      "Virtual memory of the agent, in bytes.",
				      (double)pages * (double)sysconf(_SC_PAGESIZE));
		}
		fclose(statm);
	}
	dir = opendir("/proc/self/fd");
	while (dir && readdir(dir))
		fds++;
	if (dir) {
		closedir(dir);
		/* ".", ".." and the open folder do not count. */
		np_metric_one(file, "process_open_fds", "gauge",
			      "Open file descriptors of the agent.", fds - 3);
	}
	np_metric_one(file, "netpol_loop_longest_seconds", "gauge",
		      "The most processor time that the agent ever took before it looked at its "
		      "watchdog and probes again.",
		      (double)np_loop_longest(agent->loop) / 1e9);
	np_metric_one(file, "process_start_time_seconds", "gauge",
		      "When the agent was started, in seconds since 1970.",
		      np_wall_time(agent, agent->started_ms));
}

static void np_metrics_kernel(struct np_agent *agent, FILE *file)
{
	static const struct {
		int attr;
		const char *direction;
		const char *verdict;
	} packets[] = {
		{ NETPOL_COUNTERS_A_INGRESS_ALLOWED, "ingress", "allow" },
		{ NETPOL_COUNTERS_A_INGRESS_DENIED, "ingress", "deny" },
		{ NETPOL_COUNTERS_A_EGRESS_ALLOWED, "egress", "allow" },
		{ NETPOL_COUNTERS_A_EGRESS_DENIED, "egress", "deny" },
	};
	struct np_counter_list list = { 0 };
	const struct np_counters *total = NULL;
	struct np_error err = { 0 };
	size_t i;
	int ret;

	ret = agent->kernel.open ? np_counters_get(&agent->kernel.client, false, &list, &err) :
				   -1;
	for (i = 0; !ret && i < list.count; i++)
		if (list.item[i].kind == NP_COUNTERS_TOTAL)
			total = &list.item[i];
	np_metric_one(file, "netpol_module_up", "gauge",
		      "1 if the kernel module answers, else 0.", !ret);
	if (total) {
		np_metric_head(file, "netpol_packets_total", "counter",
			       "Packets that were judged, by direction and verdict.");
		for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
			np_metric_value(file, "netpol_packets_total",
					(double)np_counter(total, packets[i].attr), "direction",
					packets[i].direction, "verdict", packets[i].verdict,
			NP_METRIC_END);
		np_metric_head(file, "netpol_packets_audited_total", "counter",
			       "Packets that were allowed because the policies that would deny "
			       "them are observed, by direction.");
		np_metric_value(file, "netpol_packets_audited_total",
				(double)np_counter(total, NETPOL_COUNTERS_A_INGRESS_AUDITED),
				"direction", "ingress", NP_METRIC_END);
		np_metric_value(file, "netpol_packets_audited_total",
				(double)np_counter(total, NETPOL_COUNTERS_A_EGRESS_AUDITED),
				"direction", "egress", NP_METRIC_END);
		np_metric_one(file, "netpol_packets_spoofed_total", "counter",
			      "Packets dropped because their source address is forged.",
			      (double)np_counter(total, NETPOL_COUNTERS_A_SPOOFED));
		np_metric_one(file, "netpol_packets_unknown_total", "counter",
			      "Packets dropped because one of their addresses is unknown: it is "
			      "inside a guard and belongs to no known pod.",
			      (double)np_counter(total, NETPOL_COUNTERS_A_UNKNOWN));
		np_metric_one(file, "netpol_packets_unchecked_total", "counter",
			      "Packets whose source could not be checked against an interface.",
			      (double)np_counter(total, NETPOL_COUNTERS_A_UNCHECKED));
		np_metric_one(file, "netpol_packets_tunnels_total", "counter",
			      "Packets of pods to tunnels of this node, dropped.",
			      (double)np_counter(total, NETPOL_COUNTERS_A_TUNNELS));
		np_metric_one(file, "netpol_packets_undecided_total", "counter",
			      "Packets of pods that passed without asking a policy.",
			      (double)np_counter(total, NETPOL_COUNTERS_A_UNDECIDED));
		np_metric_one(file, "netpol_packets_discovery_total", "counter",
			      "Neighbour and multicast listener discovery that passed.",
			      (double)np_counter(total, NETPOL_COUNTERS_A_DISCOVERY));
		np_metric_head(file, "netpol_events_lost_total", "counter",
			       "Events about denied packets that were not sent, by reason.");
		np_metric_value(file, "netpol_events_lost_total",
				(double)np_counter(total, NETPOL_COUNTERS_A_EVENTS_LOST),
				"reason", "rate", NP_METRIC_END);
	}
	np_counters_free(&list);
}

/* Pods that limits have closed. */
static void np_metrics_limits(struct np_agent *agent, FILE *file)
{
	uint32_t pods;

	if (np_kernel_lacking(&agent->kernel, &pods))
		np_metric_one(file, "netpol_local_pods_without_room", "gauge",
			      "Pods of this node that a limit of the kernel module has closed.",
			      pods);
}

static void np_metrics_source(struct np_agent *agent, FILE *file)
{
	const struct np_intake_kind *kind = agent->intake.kind;
	unsigned int k, r;

#define NP_EACH_KIND(name, type, help, value) do {				\
	np_metric_head(file, name, type, help);					\
	for (k = 0; k < NP_SOURCE_KINDS; k++)					\
		np_metric_value(file, name, (double)(value), "kind",		\
				np_source_kind_name(k), NP_METRIC_END);		\
} while (0)
	NP_EACH_KIND("netpol_sync_synced", "gauge",
		     "1 after a list of the kind was complete, else 0.",
		     agent->desired.synced[k]);
	NP_EACH_KIND("netpol_sync_needed", "gauge",
		     "1 if the kind is to be followed, else 0: all Nodes are followed only while "
		     "policies need them.",
		     k != NP_SOURCE_NODES || agent->desired.node_users);
	NP_EACH_KIND("netpol_sync_connected", "gauge",
		     "1 while the API server answers a list or watch of the kind, or says that it "
		     "does not have the kind, else 0.",
		     kind[k].connected);
	np_metric_head(file, "netpol_sync_last_event_timestamp_seconds", "gauge",
		       "When the API server last sent anything about the kind, in seconds since "
		       "1970.");
	for (k = 0; k < NP_SOURCE_KINDS; k++)
		if (kind[k].last_event_ms >= 0)
			np_metric_value(file, "netpol_sync_last_event_timestamp_seconds",
					np_wall_time(agent, kind[k].last_event_ms), "kind",
					np_source_kind_name(k), NP_METRIC_END);
	NP_EACH_KIND("netpol_sync_absent", "gauge",
		     "1 if the API server does not have the kind, else 0.", kind[k].absent);
	NP_EACH_KIND("netpol_sync_requests_total", "counter", "Requests sent to the API server.",
		     kind[k].stats.requests);
	NP_EACH_KIND("netpol_sync_received_bytes_total", "counter",
		     "Bytes received from the API server.", kind[k].stats.bytes);
	NP_EACH_KIND("netpol_sync_events_total", "counter",
		     "Objects received from the API server, deletions included.",
		     agent->desired.stats.events[k]);
	NP_EACH_KIND("netpol_object_errors_total", "counter",
		     "Objects from the API server that the agent could not read.",
		     agent->desired.stats.malformed[k]);
	NP_EACH_KIND("netpol_objects_refused_total", "counter",
		     "Objects that exceed a bound or that the kernel refused.",
		     agent->desired.stats.refused[k]);
	NP_EACH_KIND("netpol_sync_unauthorized_total", "counter",
		     "Requests that the API server answered with status 401.",
		     kind[k].stats.unauthorized);
	NP_EACH_KIND("netpol_sync_forbidden_total", "counter",
		     "Requests that the API server answered with status 403.",
		     kind[k].stats.forbidden);
	NP_EACH_KIND("netpol_sync_throttled_total", "counter",
		     "Requests that the API server answered with status 429.",
		     kind[k].stats.throttled);
#undef NP_EACH_KIND
	np_metric_head(file, "netpol_sync_relists_total", "counter",
		       "Lists that were begun from the start, by reason.");
	for (k = 0; k < NP_SOURCE_KINDS; k++)
		for (r = 0; r < NP_RELIST_REASONS; r++)
			np_metric_value(file, "netpol_sync_relists_total",
					(double)kind[k].stats.relists[r], "kind",
					np_source_kind_name(k), "reason",
					np_relist_reason_name(r), NP_METRIC_END);
	np_metric_head(file, "netpol_sync_watch_ends_total", "counter",
		       "Watches that ended, by reason.");
	for (k = 0; k < NP_SOURCE_KINDS; k++)
		for (r = 0; r < NP_WATCH_ENDS; r++)
			np_metric_value(file, "netpol_sync_watch_ends_total",
					(double)kind[k].stats.watch_ends[r], "kind",
					np_source_kind_name(k), "reason",
					np_watch_end_name(r), NP_METRIC_END);
}

static size_t np_count_flag(const struct np_agent *agent, uint16_t flag)
{
	size_t count = 0, i;

	for (i = 0; i < agent->desired.local_count; i++)
		count += !!(agent->desired.local[i]->flags & flag);
	return count;
}

static void np_metrics_local(const struct np_agent *agent, FILE *file)
{
	size_t unplaced = 0, i;

	for (i = 0; i < agent->desired.local_count; i++)
		unplaced += !agent->desired.local[i]->ifindex;
	np_metric_one(file, "netpol_local_pods", "gauge", "Pods of this node.",
		      (double)agent->desired.local_count);
	np_metric_one(file, "netpol_local_pods_unplaced", "gauge",
		      "Pods of this node whose interface is not known.", (double)unplaced);
	np_metric_one(file, "netpol_local_pods_closed", "gauge",
		      "Pods of this node that are not in the kernel.",
		      (double)np_agent_unloaded(agent));
	np_metric_one(file, "netpol_local_pods_unguarded", "gauge",
		      "Pods of this node that no guard covers.",
		      (double)np_settings_unguarded(agent->opts, &agent->desired,
						    &agent->node.host, NULL));
	np_metric_one(file, "netpol_local_pods_early", "gauge",
		      "Pods of this node whose addresses are known only from the CNI.",
		      (double)np_count_flag(agent, NP_DESIRED_EARLY));
	np_metric_histogram(file, "netpol_pod_wait_seconds",
			    "Seconds from the first sight of a local pod's address to its commit.",
			    &agent->node.delay);
}

static void np_metrics_commit(const struct np_agent *agent, FILE *file)
{
	const struct np_commit_stats *stats = &agent->kernel.stats;
	char why[512];

	np_metric_head(file, "netpol_commits_total", "counter", "Transactions committed, by type.");
	np_metric_value(file, "netpol_commits_total", (double)stats->full, "type", "full",
			NP_METRIC_END);
	np_metric_value(file, "netpol_commits_total", (double)stats->delta, "type", "delta",
			NP_METRIC_END);
	np_metric_one(file, "netpol_commit_failures_total", "counter",
		      "Attempts to commit that failed.", (double)stats->failures);
	np_metric_one(file, "netpol_commit_objects_total", "counter",
		      "Objects sent in committed transactions.", (double)stats->objects);
	np_metric_one(file, "netpol_commit_bytes_total", "counter",
		      "Bytes sent in committed transactions.", (double)stats->bytes);
	np_metric_histogram(file, "netpol_commit_duration_seconds",
			    "Seconds from the beginning of a transaction to its commit.",
			    &stats->duration);
	np_metric_one(file, "netpol_kernel_generation", "gauge",
		      "Generation of the kernel after the last commit.",
		      (double)agent->kernel.generation);
	np_metric_one(file, "netpol_changes_waiting", "gauge",
		      "Changes that are not committed yet.",
		      (double)agent->desired.pending_count);
	np_metric_one(file, "netpol_audits_total", "counter",
		      "Comparisons of the objects in the kernel with the desired ones.",
		      (double)stats->comparisons);
	np_metric_one(file, "netpol_divergence_repairs_total", "counter",
		      "How many times the kernel differed from what was committed, and was "
		      "repaired.",
		      (double)stats->repairs);
	np_metric_one(file, "netpol_ready", "gauge",
		      "1 if every kind is synced and everything was committed, else 0.",
		      np_agent_ready(agent, why, sizeof(why)));
}

static void np_metrics_snapshot(const struct np_agent *agent, FILE *file)
{
	np_metric_one(file, "netpol_snapshots_total", "counter", "Snapshot files written.",
		      (double)agent->snapshot.count);
	np_metric_one(file, "netpol_snapshot_failures_total", "counter",
		      "Snapshot files that could not be written.",
		      (double)agent->snapshot.failures);
	if (agent->snapshot.written_ms >= 0)
		np_metric_one(file, "netpol_snapshot_timestamp_seconds", "gauge",
			      "When the last snapshot file was written, in seconds since 1970.",
			      np_wall_time(agent, agent->snapshot.written_ms));
}

static void np_metrics_foreign(const struct np_agent *agent, FILE *file)
{
	const struct np_foreign_kind *kind;
	enum np_foreign_state state;
	char text[128];
	size_t i;

	np_metric_head(file, "netpol_policies_not_enforced", "gauge",
		       "1 for a kind of policies that the cluster has and that netpol does not "
		       "enforce. forbidden: whether there are any may not be listed.");
	for (i = 0; (kind = np_cluster_foreign(agent->outside.cluster, i, &state)); i++) {
		if (state == NP_FOREIGN_NONE)
			continue;
		snprintf(text, sizeof(text), "%s.%s", kind->resource, kind->group);
		np_metric_value(file, "netpol_policies_not_enforced", 1, "kind", text, "state",
				np_foreign_state_name(state), NP_METRIC_END);
	}
}

static void np_metrics_cluster(const struct np_agent *agent, FILE *file)
{
	struct np_cluster_status status;

	if (!agent->outside.cluster)
		return;
	np_cluster_status(agent->outside.cluster, &status);
	if (status.cert_expiry)
		np_metric_one(file, "netpol_client_certificate_expiry_timestamp_seconds", "gauge",
			      "When the agent's client certificate expires, in seconds since 1970.",
			      (double)status.cert_expiry);
	np_metric_one(file, "netpol_client_bad_rotations_total", "counter",
		      "New client certificates that cannot be used, so that the one before "
		      "stays in use.",
		      (double)status.bad_rotations);
	np_metrics_foreign(agent, file);
}

void np_agent_metrics_write(struct np_agent *agent, FILE *file)
{
	const struct np_desired *d = &agent->desired;
	size_t at = 0, rejected = 0, closed = 0;
	const struct np_trouble *trouble;

	np_metric_head(file, "netpol_build_info", "gauge", "The version of the agent, as a label.");
	np_metric_value(file, "netpol_build_info", 1, "version", NETPOL_VERSION, NP_METRIC_END);
	np_metric_head(file, "netpol_module_info", "gauge",
		       "The version of the kernel module, as a label.");
	np_metric_value(file, "netpol_module_info", 1, "version", agent->kernel.version,
			NP_METRIC_END);
	np_metrics_kernel(agent, file);
	np_metrics_limits(agent, file);
	np_metric_head(file, "netpol_objects", "gauge", "Objects that the agent knows, by kind.");
	np_metric_value(file, "netpol_objects", (double)d->namespaces.count, "kind",
			"namespaces", NP_METRIC_END);
	np_metric_value(file, "netpol_objects", (double)d->pods.count, "kind", "pods",
			NP_METRIC_END);
	np_metric_value(file, "netpol_objects", (double)(d->policies.count - d->cluster_policies),
			"kind", "networkpolicies", NP_METRIC_END);
	np_metric_value(file, "netpol_objects", (double)d->cluster_policies, "kind",
			"clusternetworkpolicies", NP_METRIC_END);
	while ((trouble = np_hash_next(&d->troubles, &at))) {
		rejected += trouble->kind == NP_TROUBLE_REJECTED;
		closed += trouble->kind == NP_TROUBLE_CLOSED;
	}
	np_metric_head(file, "netpol_objects_troubled", "gauge",
		       "Objects that are not enforced as they are. closed: the policy without its "
		       "rules, or with rules that accept nothing or deny everything; aside: not "
		       "loaded.");
	np_metric_value(file, "netpol_objects_troubled", (double)rejected, "state", "aside",
			NP_METRIC_END);
	np_metric_value(file, "netpol_objects_troubled", (double)closed, "state", "closed",
			NP_METRIC_END);
	np_metric_one(file, "netpol_policies_observed", "gauge",
		      "NetworkPolicies that an annotation makes observed instead of enforced.",
		      (double)np_desired_observed(d));
	np_metric_one(file, "netpol_node_ranges", "gauge",
		      "Ranges of pods that the podCIDRs of Nodes have come to.",
		      (double)d->range_count);
	np_metric_one(file, "netpol_node_ranges_left_out", "gauge",
		      "Blocks of podCIDRs for which the kernel has no room among the ranges of pods.",
		      (double)d->ranges_left_out);
	np_metrics_source(agent, file);
	np_metrics_cluster(agent, file);
	np_metrics_commit(agent, file);
	np_metrics_local(agent, file);
	np_metrics_snapshot(agent, file);
	np_metrics_process(agent, file);
}
