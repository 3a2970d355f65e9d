// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's status as JSON, to whoever connects to its socket.
 */
#include "agent/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "kube/cluster.h"
#include "netlink/loaded.h"
#include "base/output.h"

#define NP_STATUS_TROUBLES	100	/* listed; all are counted */

static void np_status_kinds(struct np_agent *agent, struct np_writer *w)
{
	const struct np_agent_kind *kind;
	int64_t now = np_loop_now(agent->loop);
	unsigned int k;

	np_write_array(w, "kinds");
	for (k = 0; k < NP_SOURCE_KINDS; k++) {
		kind = &agent->kind[k];
		np_write_object(w, NULL);
		np_write_string(w, "kind", np_source_kind_name(k));
		np_write_bool(w, "synced", agent->desired.synced[k]);
		np_write_bool(w, "connected", kind->connected);
		if (kind->last_event_ms >= 0)
			np_write_number(w, "lastEventAgeSeconds",
					(now - kind->last_event_ms) / 1000);
		np_write_number(w, "events", agent->desired.stats.events[k]);
		np_write_number(w, "malformed", agent->desired.stats.malformed[k]);
		np_write_number(w, "refused", agent->desired.stats.refused[k]);
		if (*kind->version)
			np_write_string(w, "resourceVersion", kind->version);
		if (*kind->error)
			np_write_string(w, "error", kind->error);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_status_cluster(const struct np_agent *agent, struct np_writer *w)
{
	struct np_cluster_status status;
	size_t i;

	if (!agent->cluster)
		return;
	np_cluster_status(agent->cluster, &status);
	np_write_object(w, "server");
	np_write_string(w, "url", status.server ? status.server : "");
	np_write_string(w, "configuration", status.file ? status.file : "");
	np_write_bool(w, "insecure", status.insecure);
	if (status.cert_expiry)
		np_write_number(w, "certificateExpiry", status.cert_expiry);
	np_write_array(w, "warnings");
	for (i = 0; i < status.warning_count; i++)
		np_write_string(w, NULL, status.warnings[i]);
	np_write_end(w);
	np_write_end(w);
}

static void np_status_troubles(struct np_agent *agent, struct np_writer *w)
{
	static const char * const state[] = {
		[NP_TROUBLE_KEPT] = "kept", [NP_TROUBLE_CLOSED] = "closed",
		[NP_TROUBLE_ASIDE] = "aside",
	};
	const struct np_desired *d = &agent->desired;
	const struct np_trouble *trouble;
	size_t i, listed = 0;

	np_write_number(w, "troubleCount", d->troubles.count);
	np_write_array(w, "troubles");
	for (i = 0; i < d->troubles.room && listed < NP_STATUS_TROUBLES; i++) {
		trouble = (void *)d->troubles.slot[i];
		if (!trouble)
			continue;
		listed++;
		np_write_object(w, NULL);
		np_write_string(w, "object", np_object_name(trouble->object));
		if (*trouble->namespace)
			np_write_string(w, "namespace", trouble->namespace);
		np_write_string(w, "name", trouble->name);
		np_write_string(w, "state", state[trouble->kind]);
		np_write_string(w, "reason", trouble->reason);
		np_write_end(w);
	}
	np_write_end(w);
}

void np_agent_status_write(struct np_agent *agent, FILE *file)
{
	const struct np_desired *d = &agent->desired;
	int64_t now = np_loop_now(agent->loop);
	struct np_writer w;
	char why[512];
	size_t i, closed = 0;

	for (i = 0; i < d->local_count; i++)
		closed += !np_desired_pod_loaded(d->local[i]);
	np_writer_init(&w, file, NP_FORMAT_JSON);
	np_write_top(&w, "SyncStatus");
	np_write_string(&w, "node", d->node);
	np_write_bool(&w, "ready", np_agent_ready(agent, why, sizeof(why)));
	if (*why)
		np_write_string(&w, "waitingFor", why);
	np_write_number(&w, "generation", agent->commit.kernel_generation);
	if (agent->committed_ms >= 0)
		np_write_number(&w, "lastCommitAgeSeconds", (now - agent->committed_ms) / 1000);
	np_write_number(&w, "changesWaiting", d->change_count);
	np_write_number(&w, "commitsFull", agent->commit.stats.full);
	np_write_number(&w, "commitsDelta", agent->commit.stats.delta);
	np_write_number(&w, "commitFailures", agent->commit.stats.failures);
	np_write_number(&w, "audits", agent->commit.stats.audits);
	np_write_number(&w, "repairs", agent->commit.stats.repairs);
	np_write_number(&w, "namespaces", d->namespaces.count);
	np_write_number(&w, "pods", d->pods.count);
	np_write_number(&w, "policies", d->policies.count);
	np_write_number(&w, "localPods", d->local_count);
	np_write_number(&w, "localPodsClosed", closed);
	np_write_bool(&w, "restored", agent->restored);
	np_write_number(&w, "snapshots", agent->snapshots);
	np_write_number(&w, "snapshotFailures", agent->snapshot_failures);
	if (agent->snapshot_ms >= 0)
		np_write_number(&w, "snapshotAgeSeconds", (now - agent->snapshot_ms) / 1000);
	np_status_cluster(agent, &w);
	np_status_kinds(agent, &w);
	np_status_troubles(agent, &w);
	np_write_end(&w);
}

/* One answer a connection; who doesn't take it at once gets what fits the socket. */
static void np_socket_ready(void *context, unsigned int events)
{
	struct np_agent *agent = context;
	int fd = accept4(agent->socket_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int size = 1024 * 1024;
	char *text = NULL;
	size_t len = 0;
	FILE *file;

	(void)events;
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	file = open_memstream(&text, &len);
	if (file) {
		np_agent_status_write(agent, file);
		if (!fclose(file))
			send(fd, text, len, MSG_NOSIGNAL);
	}
	free(text);
	close(fd);
}

int np_agent_socket_start(struct np_agent *agent, struct np_error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *path = agent->opts->socket;
	mode_t mask;
	int ret;

	if (!path)
		return 0;
	if (strlen(path) >= sizeof(at.sun_path))
		return np_error_set(err, NP_EXIT_USAGE, "--socket: the path is too long");
	strcpy(at.sun_path, path);
	agent->socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (agent->socket_fd < 0)
		return np_error_set(err, NP_EXIT_USAGE, "socket: %s", strerror(errno));
	/* Another agent that is alive must not lose its socket to us. */
	if (!connect(agent->socket_fd, (struct sockaddr *)&at, sizeof(at)) || errno == EAGAIN) {
		np_error_set(err, NP_EXIT_USAGE, "another agent answers at %s", path);
		np_error_hint(err, "one agent a node; --socket takes another path");
		return -1;
	}
	unlink(path);
	mask = umask(0177);
	ret = bind(agent->socket_fd, (struct sockaddr *)&at, sizeof(at)) ||
	      listen(agent->socket_fd, 8);
	umask(mask);
	if (ret) {
		np_error_set(err, NP_EXIT_USAGE, "cannot listen at %s: %s", path,
			     strerror(errno));
		np_error_hint(err, "its folder has to exist; --socket takes another path");
		return -1;
	}
	agent->socket_io.ready = np_socket_ready;
	agent->socket_io.context = agent;
	np_io_set(agent->loop, &agent->socket_io, agent->socket_fd, NP_IO_READ);
	return 0;
}

void np_agent_socket_stop(struct np_agent *agent)
{
	if (agent->socket_fd < 0)
		return;
	if (agent->socket_io.loop) {
		np_io_stop(&agent->socket_io);
		unlink(agent->opts->socket);
	}
	close(agent->socket_fd);
	agent->socket_fd = -1;
}
