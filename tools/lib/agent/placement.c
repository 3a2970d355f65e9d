// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pods of this node: their interfaces from the node's tables, their addresses from the
 * network interface's cache until the API server tells them, and how long each waited.
 */
#include "agent/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/rtnetlink.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include "base/log.h"

#define NP_PLACE_SOON	10	/* milliseconds from an event to reading the tables */
#define NP_PLACE_PACE	250	/* at least between two readings */

static const struct np_log_about np_about = { .component = "local" };

/* --- what changes --------------------------------------------------------------- */

static void np_place_later(struct np_agent *agent)
{
	int64_t since = np_loop_now(agent->loop) - agent->placed_ms, delay = NP_PLACE_SOON;

	if (np_timer_active(&agent->place_timer))
		return;
	if (since < NP_PLACE_PACE && NP_PLACE_PACE - since > delay)
		delay = NP_PLACE_PACE - since;
	np_timer_start(agent->loop, &agent->place_timer, delay);
}

static void np_place_fire(void *context)
{
	struct np_agent *agent = context;

	agent->place_stale = true;
	np_agent_wake(agent);
	/* Before anything is synced there is nobody to place, but times are noted. */
	if (!np_timer_active(&agent->commit_timer))
		np_agent_place(agent);
}

static bool np_route_matters(const char *data, size_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)data;
	int left = (int)len;

	for (; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
		const struct ndmsg *near = NLMSG_DATA(nlh);

		/* That a neighbour is reachable or stale moves no pod. */
		if (nlh->nlmsg_type != RTM_NEWNEIGH && nlh->nlmsg_type != RTM_DELNEIGH)
			return true;
		if (nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(*near)) &&
		    (near->ndm_family == AF_BRIDGE || near->ndm_state & NUD_REACHABLE))
			return true;
	}
	return false;
}

static void np_route_ready(void *context, unsigned int events)
{
	char buffer[32768] __attribute__((aligned(8)));
	struct np_agent *agent = context;
	bool stale = false;
	ssize_t got;

	(void)events;
	for (;;) {
		got = recv(agent->route_fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (got > 0)
			stale |= np_route_matters(buffer, (size_t)got);
		else if (got < 0 && errno == ENOBUFS)
			stale = true;
		else if (!got || errno != EINTR)
			break;
	}
	if (!stale)
		return;
	agent->host_stale = true;
	np_place_later(agent);
}

static void np_cni_ready(void *context, unsigned int events)
{
	char buffer[16384] __attribute__((aligned(8)));
	struct np_agent *agent = context;

	(void)events;
	while (read(agent->cni_fd, buffer, sizeof(buffer)) > 0)
		;
	agent->cni_stale = true;
	np_place_later(agent);
}

static int np_watch_routes(struct np_agent *agent, struct np_error *err)
{
	struct sockaddr_nl from = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
			     RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int size = 1024 * 1024;

	agent->route_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
				 NETLINK_ROUTE);
	if (agent->route_fd < 0 ||
	    bind(agent->route_fd, (struct sockaddr *)&from, sizeof(from)))
		return np_error_set(err, NP_EXIT_KERNEL, "route netlink: %s", strerror(errno));
	setsockopt(agent->route_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	agent->route_io.ready = np_route_ready;
	agent->route_io.context = agent;
	np_io_set(agent->loop, &agent->route_io, agent->route_fd, NP_IO_READ);
	return 0;
}

static void np_watch_cni(struct np_agent *agent)
{
	const char *const *folder;
	unsigned int watched = 0;

	agent->cni_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (folder = agent->opts->cni; agent->cni_fd >= 0 && folder && *folder; folder++)
		watched += inotify_add_watch(agent->cni_fd, *folder, IN_CLOSE_WRITE |
					     IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) >= 0;
	if (!watched) {
		np_log_line(NP_LOG_INFO, &np_about, "no cache of CNI results here; addresses of "
			    "pods come from the API server alone");
		return;
	}
	agent->cni_io.ready = np_cni_ready;
	agent->cni_io.context = agent;
	np_io_set(agent->loop, &agent->cni_io, agent->cni_fd, NP_IO_READ);
	agent->cni_stale = true;
}

int np_agent_watch_node(struct np_agent *agent, struct np_error *err)
{
	agent->place_timer.fire = np_place_fire;
	agent->place_timer.context = agent;
	agent->host_stale = true;
	agent->placed_ms = np_loop_now(agent->loop) - NP_PLACE_PACE;
	if (np_watch_routes(agent, err))
		return -1;
	np_watch_cni(agent);
	return 0;
}

void np_agent_unwatch_node(struct np_agent *agent)
{
	np_timer_stop(&agent->place_timer);
	np_io_stop(&agent->route_io);
	np_io_stop(&agent->cni_io);
	if (agent->route_fd >= 0)
		close(agent->route_fd);
	if (agent->cni_fd >= 0)
		close(agent->cni_fd);
	np_host_free(&agent->host);
	np_cni_free(&agent->cni);
	free(agent->seen);
	agent->seen = NULL;
}

/* --- since when an address is here ------------------------------------------------ */

static int np_seen_compare(const void *a, const void *b)
{
	return memcmp(&((const struct np_agent_seen *)a)->address,
		      &((const struct np_agent_seen *)b)->address, sizeof(struct np_address));
}

static const struct np_agent_seen *np_seen_find(const struct np_agent *agent,
						const struct np_address *address)
{
	struct np_agent_seen key = { .address = *address };

	if (!agent->seen_count)
		return NULL;
	return bsearch(&key, agent->seen, agent->seen_count, sizeof(key), np_seen_compare);
}

static void np_seen_update(struct np_agent *agent)
{
	const struct np_host *host = &agent->host;
	struct np_agent_seen *seen = np_xcalloc(host->route_count, sizeof(*seen));
	const struct np_agent_seen *old;
	const struct np_route *route;
	size_t count = 0, i;

	for (i = 0; i < host->route_count; i++) {
		route = &host->route[i];
		if (route->kind != NP_ROUTE_DIRECT ||
		    route->to.length != (route->to.family == AF_INET ? 32 : 128))
			continue;
		seen[count].address.family = route->to.family;
		memcpy(seen[count].address.addr, route->to.addr, sizeof(route->to.addr));
		old = np_seen_find(agent, &seen[count].address);
		seen[count].ms = old ? old->ms : (uint32_t)np_loop_now(agent->loop);
		count++;
	}
	if (count)
		qsort(seen, count, sizeof(*seen), np_seen_compare);
	free(agent->seen);
	agent->seen = seen;
	agent->seen_count = count;
}

/* After a commit: pods that are in the kernel for the first time. */
void np_agent_waited(struct np_agent *agent)
{
	struct np_address address[NP_DESIRED_ADDRESSES];
	uint32_t now = (uint32_t)np_loop_now(agent->loop), since, k, count;
	const struct np_agent_seen *seen;
	struct np_desired_pod *pod;
	bool first = !agent->wait.count && !agent->placements;
	size_t i;

	for (i = 0; i < agent->desired.local_count; i++) {
		pod = agent->desired.local[i];
		if (pod->flags & NP_DESIRED_WAITED || !np_desired_pod_loaded(pod))
			continue;
		pod->flags |= NP_DESIRED_WAITED;
		if (first)
			continue;
		since = pod->since;
		count = np_desired_addresses(pod, address);
		for (k = 0; k < count; k++) {
			seen = np_seen_find(agent, &address[k]);
			if (seen && (int32_t)(seen->ms - since) < 0)
				since = seen->ms;
		}
		np_histogram_add(&agent->wait, (uint32_t)(now - since) / 1000.0);
	}
	agent->placements++;
}

/* --- placing -------------------------------------------------------------------- */

static void np_place_early(struct np_agent *agent)
{
	const struct np_cni_entry *entry;
	struct np_desired_pod *pod;
	size_t i;

	for (i = 0; i < agent->desired.local_count; i++) {
		pod = agent->desired.local[i];
		entry = np_cni_find(&agent->cni, pod->namespace->name, np_desired_pod_name(pod),
				    pod->uid);
		np_desired_actual(&agent->desired, pod, entry ? entry->address : NULL,
				  entry ? entry->address_count : 0);
	}
}

/* The pod's interface as the network interface named it, where the tables don't tell. */
static uint32_t np_place_cni(const struct np_agent *agent, const struct np_desired_pod *pod)
{
	const struct np_device *device;
	const struct np_cni_entry *entry;
	uint32_t i;

	entry = np_cni_find(&agent->cni, pod->namespace->name, np_desired_pod_name(pod),
			    pod->uid);
	for (i = 0; entry && i < entry->interface_count; i++) {
		device = np_host_device_named(&agent->host, entry->interface[i]);
		if (device && device->kind == NP_DEVICE_POD)
			return device->ifindex;
	}
	return 0;
}

/*
 * What a bridge has learned comes from frames of the pods, and one of them may claim the
 * address of another: the network interface's word comes first, and a pod that was found
 * stays where it is as long as that interface exists.
 */
static uint32_t np_place_one(const struct np_agent *agent, const struct np_desired_pod *pod,
			     uint32_t found)
{
	const struct np_device *device = np_host_device(&agent->host, found);
	uint32_t named;

	if (device && !device->master)
		return found;
	named = np_place_cni(agent, pod);
	if (named)
		return named;
	if (np_host_device(&agent->host, pod->ifindex))
		return pod->ifindex;
	return found;
}

static void np_place_remark(void *arg, const char *text)
{
	(void)arg;
	np_log_line(NP_LOG_DEBUG, &np_about, "%s", text);
}

static void np_place_all(struct np_agent *agent)
{
	struct np_desired *d = &agent->desired;
	const struct np_locate_options opts = { .node = agent->opts->node };
	struct np_placement *place, *loaded;
	struct np_objects objs = { 0 };
	struct np_address *address;
	struct np_error err;
	uint32_t ifindex;
	char (*uid)[NP_UID_TEXT];
	size_t i;

	objs.pod_count = d->local_count;
	objs.pods = np_xcalloc(objs.pod_count, sizeof(*objs.pods));
	place = np_xcalloc(objs.pod_count, sizeof(*place));
	loaded = np_xcalloc(objs.pod_count, sizeof(*loaded));
	uid = np_xcalloc(objs.pod_count, sizeof(*uid));
	address = np_xcalloc(objs.pod_count, NP_DESIRED_ADDRESSES * sizeof(*address));
	for (i = 0; i < objs.pod_count; i++) {
		np_desired_pod_view(d, d->local[i], &objs.pods[i],
				    &address[i * NP_DESIRED_ADDRESSES], uid[i]);
		loaded[i].local = d->local[i]->ifindex;
		loaded[i].ifindex = d->local[i]->ifindex;
	}
	/* Without overrides it can't fail. */
	np_locate(&agent->host, &objs, &opts, loaded, place, np_place_remark, agent, &err);
	for (i = 0; i < objs.pod_count; i++) {
		ifindex = place[i].ifindex;
		if (!place[i].own)
			ifindex = np_place_one(agent, d->local[i], ifindex);
		np_desired_place(d, d->local[i], ifindex, place[i].own);
	}
	free(objs.pods);
	free(place);
	free(loaded);
	free(uid);
	free(address);
}

void np_agent_place(struct np_agent *agent)
{
	struct np_error err = { 0 };
	struct np_host fresh;

	if (agent->host_stale) {
		np_host_init(&fresh);
		if (np_host_read(&fresh, agent->opts->timeout, &err)) {
			np_host_free(&fresh);
			np_log_line(NP_LOG_WARNING, &np_about, "the node's tables can't be "
				    "read, those read before are used: %s", err.text);
			np_place_later(agent);
		} else {
			np_host_free(&agent->host);
			agent->host = fresh;
			agent->host_stale = false;
			np_seen_update(agent);
		}
		agent->placed_ms = np_loop_now(agent->loop);
		agent->place_stale = true;
	}
	if (agent->cni_stale && agent->opts->cni) {
		np_cni_read(&agent->cni, agent->opts->cni);
		agent->cni_stale = false;
		agent->place_stale = true;
	}
	if (!agent->place_stale)
		return;
	agent->place_stale = false;
	np_place_early(agent);
	np_place_all(agent);
}
