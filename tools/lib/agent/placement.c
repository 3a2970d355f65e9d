// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the addresses and interfaces of local pods, and measures how long each pod has waited.
 */
#include "agent/placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/rtnetlink.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include "agent/desired_pod.h"
#include "agent/owner.h"
#include "base/log.h"
#include "base/loop.h"
#include "netlink/decode.h"
#include "node/host_read.h"
#include "object/digest.h"

#define NP_PLACE_SOON	10	/* milliseconds from an event to reading the tables */
#define NP_PLACE_PACE	250	/* shortest time between two readings */
#define NP_PLACE_DRAIN	256	/* messages that are read at a time */

static const struct np_log_about np_about = { .component = "local" };

/* --- watching ------------------------------------------------------------------- */

static void np_place_later(struct np_agent_node *node)
{
	int64_t since = np_loop_now(node->loop) - node->read_ms, delay = NP_PLACE_SOON;

	if (np_timer_active(&node->timer))
		return;
	if (since < NP_PLACE_PACE && NP_PLACE_PACE - since > delay)
		delay = NP_PLACE_PACE - since;
	np_timer_start(node->loop, &node->timer, delay);
}

static void np_place_fire(void *context)
{
	struct np_agent_node *node = context;

	node->stale = true;
	node->changed(node->arg);
}

/*
 * Reads away what a socket says. Returns whether it said anything. What is left, where others write
 * faster than this reads, is read when the loop looks again, because this must not go on for ever.
 */
static bool np_place_drain(int fd)
{
	char buffer[32768];
	bool any = false;
	ssize_t got;
	int i;

	for (i = 0; i < NP_PLACE_DRAIN; i++) {
		got = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (got > 0 || (got < 0 && errno == ENOBUFS))
			any = true;
		else if (!got || errno != EINTR)
			break;
	}
	return any;
}

/*
 * Is urgent: the kernel's notices are read away before the socket overruns. It touches nothing but
 * a flag, the sockets and the timer, which work on the tables does not use meanwhile.
 */
static void np_route_ready(void *context, unsigned int events)
{
	struct np_agent_node *node = context;
	bool any = np_place_drain(node->route_fd);

	(void)events;
	if (node->inside_fd >= 0)
		any |= np_place_drain(node->inside_fd);
	if (!any)
		return;
	node->host_stale = true;
	np_place_later(node);
}

/* Reads the events of the cache. Returns true if one of its folders has gone. */
static bool np_cni_drain(int fd)
{
	char buffer[16384] __attribute__((aligned(8)));
	const struct inotify_event *event;
	bool gone = false;
	ssize_t got, at;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		for (at = 0; at < got; at += (ssize_t)sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(buffer + at);
			gone |= event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED);
		}
	return gone;
}

static void np_watch_cni(struct np_agent_node *node);

static void np_cni_ready(void *context, unsigned int events)
{
	struct np_agent_node *node = context;

	(void)events;
	if (np_cni_drain(node->cni_fd) || node->cni_missing)
		np_watch_cni(node);
	node->cni_stale = true;
	np_place_later(node);
}

/* Opens a socket that tells of changes. Returns it, or -1. */
static int np_watch_open(unsigned int groups)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd, size = 1024 * 1024;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (!bind(fd, (struct sockaddr *)&from, sizeof(from)))
		return fd;
	close(fd);
	return -1;
}

static int np_watch_routes(struct np_agent_node *node, struct np_error *err)
{
	node->route_fd = np_watch_open(RTMGRP_LINK | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
				       RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	if (node->route_fd < 0)
		return np_error_set(err, NP_EXIT_KERNEL, "route netlink: %s", strerror(errno));
	node->route_io.ready = np_route_ready;
	node->route_io.context = node;
	node->route_io.urgent = true;
	np_io_set(node->loop, &node->route_io, node->route_fd, NP_IO_READ);
	return 0;
}

/*
 * Watches the addresses in the network namespaces of pods, which come after their interfaces. The
 * kernel tells of all namespaces that have a number in ours, if we may hear it.
 */
static void np_watch_inside(struct np_agent_node *node)
{
	int on = 1;

	node->inside_fd = np_watch_open(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	if (node->inside_fd < 0)
		return;
	if (setsockopt(node->inside_fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on))) {
		np_log_line(NP_LOG_INFO, &np_about, "without CAP_NET_BROADCAST a pod's interface "
			    "may be found late, where only the pod's own addresses show it");
		close(node->inside_fd);
		node->inside_fd = -1;
		return;
	}
	node->inside_io.ready = np_route_ready;
	node->inside_io.context = node;
	node->inside_io.urgent = true;
	np_io_set(node->loop, &node->inside_io, node->inside_fd, NP_IO_READ);
}

#define NP_CNI_EVENTS	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | \
			 IN_MOVE_SELF | IN_ONLYDIR)
#define NP_CNI_ABOVE	(IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_MASK_ADD)

/*
 * Watches a folder. If it does not exist, those above it are watched, from the top on, so that
 * the next part of the path cannot appear unseen. Returns true if the folder exists.
 */
static bool np_watch_folder(int fd, const char *folder)
{
	char *path, *end;

	if (inotify_add_watch(fd, folder, NP_CNI_EVENTS) >= 0)
		return true;
	path = np_xstrdup(folder);
	inotify_add_watch(fd, *path == '/' ? "/" : ".", NP_CNI_ABOVE);
	for (end = path; (end = strchr(end + 1, '/'));) {
		*end = '\0';
		if (inotify_add_watch(fd, path, NP_CNI_ABOVE) < 0)
			break;
		*end = '/';
	}
	free(path);
	return inotify_add_watch(fd, folder, NP_CNI_EVENTS) >= 0;
}

/* Watches the folders of the cache anew. Changes that came before are found by reading it. */
static void np_watch_cni(struct np_agent_node *node)
{
	const char *const *folder = node->opts->cni;
	unsigned int watched = 0;

	np_io_stop(&node->cni_io);
	if (node->cni_fd >= 0)
		close(node->cni_fd);
	node->cni_fd = folder && *folder ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
	node->cni_missing = false;
	for (; node->cni_fd >= 0 && *folder; folder++)
		if (np_watch_folder(node->cni_fd, *folder))
			watched++;
		else
			node->cni_missing = true;
	if (!watched)
		np_log_line(NP_LOG_INFO, &np_about, "there is no cache of CNI results yet; until "
			    "there is one, addresses of pods come only from the API server");
	if (node->cni_fd < 0)
		return;
	node->cni_io.ready = np_cni_ready;
	node->cni_io.context = node;
	np_io_set(node->loop, &node->cni_io, node->cni_fd, NP_IO_READ);
	node->cni_stale = true;
}

void np_agent_node_init(struct np_agent_node *node, struct np_loop *loop,
			const struct np_agent_options *opts, struct np_desired *desired)
{
	memset(node, 0, sizeof(*node));
	node->loop = loop;
	node->opts = opts;
	node->desired = desired;
	node->route_fd = -1;
	node->inside_fd = -1;
	node->cni_fd = -1;
	node->timer.fire = np_place_fire;
	node->timer.context = node;
	np_host_init(&node->host);
}

struct np_kept_reading {
	struct np_agent_node *node;
	struct np_state state;
};

static int np_kept_read(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_kept_reading *reading = arg;
	struct np_agent_node *node = reading->node;
	const struct np_pod_state *pod;
	size_t i;

	if (np_state_decode(&reading->state, nlh, err))
		return -1;
	for (i = 0; i < reading->state.objects.pod_count; i++) {
		pod = &reading->state.pod[i];
		if (!pod->place.ifindex || pod->flags & NETPOL_OBJECT_F_GONE ||
		    strcmp(pod->origin, NP_KUBE_ORIGIN))
			continue;
		node->kept = np_array_grow(node->kept, node->kept_count, sizeof(*node->kept));
		memcpy(node->kept[node->kept_count].uid, pod->uid, sizeof(pod->uid));
		node->kept[node->kept_count++].ifindex = pod->place.ifindex;
	}
	np_state_reset(&reading->state);
	return 0;
}

static void np_kept_restart(void *arg)
{
	((struct np_kept_reading *)arg)->node->kept_count = 0;
}

static int np_kept_compare(const void *a, const void *b)
{
	return memcmp(((const struct np_node_kept *)a)->uid, ((const struct np_node_kept *)b)->uid,
		      NETPOL_UID_LEN);
}

/*
 * Reads which interfaces the kernel has pods of ours with. An earlier agent found them, perhaps by
 * what is no longer there, and a running pod must not lose its interface because of a restart.
 */
static int np_agent_node_kept(struct np_agent_node *node, struct np_kernel *kernel,
			      struct np_error *err)
{
	struct np_kept_reading reading = { .node = node };
	struct np_client *client = &kernel->client;
	int ret;

	np_state_init(&reading.state);
	ret = np_client_dump(client, np_client_message(client, NETPOL_CMD_GET_POD, 256),
			     np_kept_restart, np_kept_read, &reading, err);
	np_state_free(&reading.state);
	if (node->kept_count)
		qsort(node->kept, node->kept_count, sizeof(*node->kept), np_kept_compare);
	return ret;
}

/* Returns the interface that a pod was last known to have, or 0. */
static uint32_t np_place_kept(const struct np_agent_node *node, const struct np_desired_pod *pod)
{
	struct np_node_kept want = { .ifindex = 0 }, *kept = NULL;

	if (pod->ifindex)
		return pod->ifindex;
	memcpy(want.uid, pod->uid, sizeof(want.uid));
	if (node->kept_count)
		kept = bsearch(&want, node->kept, node->kept_count, sizeof(want), np_kept_compare);
	return kept ? kept->ifindex : 0;
}

int np_agent_node_open(struct np_agent_node *node, struct np_kernel *kernel, struct np_error *err)
{
	node->host_stale = true;
	node->read_ms = np_loop_now(node->loop) - NP_PLACE_PACE;
	if (np_agent_node_kept(node, kernel, err) || np_watch_routes(node, err))
		return -1;
	np_watch_inside(node);
	np_watch_cni(node);
	return 0;
}

void np_agent_node_close(struct np_agent_node *node)
{
	np_timer_stop(&node->timer);
	np_io_stop(&node->route_io);
	np_io_stop(&node->inside_io);
	np_io_stop(&node->cni_io);
	if (node->route_fd >= 0)
		close(node->route_fd);
	if (node->inside_fd >= 0)
		close(node->inside_fd);
	if (node->cni_fd >= 0)
		close(node->cni_fd);
	np_host_free(&node->host);
	np_cni_free(&node->cni);
	free(node->seen);
	free(node->kept);
	node->seen = NULL;
	node->kept = NULL;
	node->kept_count = 0;
}

void np_agent_node_refresh(struct np_agent_node *node)
{
	node->host_stale = true;
	node->cni_stale = true;
	node->stale = true;
}

/* --- delays --------------------------------------------------------------------- */

static int np_seen_compare(const void *a, const void *b)
{
	return memcmp(&((const struct np_node_address *)a)->address,
		      &((const struct np_node_address *)b)->address, sizeof(struct np_address));
}

static const struct np_node_address *np_seen_find(const struct np_agent_node *node,
						  const struct np_address *address)
{
	struct np_node_address key = { .address = *address };

	if (!node->seen_count)
		return NULL;
	return bsearch(&key, node->seen, node->seen_count, sizeof(key), np_seen_compare);
}

/* Notes the addresses that routes lead to directly, and keeps when each was first seen. */
static void np_seen_update(struct np_agent_node *node)
{
	const struct np_host *host = &node->host;
	struct np_node_address *seen = np_xcalloc(host->route_count, sizeof(*seen));
	const struct np_node_address *old;
	const struct np_route *route;
	size_t count = 0, i;

	for (i = 0; i < host->route_count; i++) {
		route = &host->route[i];
		if (route->kind != NP_ROUTE_DIRECT ||
		    route->to.length != np_family_bits(route->to.family))
			continue;
		seen[count].address.family = route->to.family;
		memcpy(seen[count].address.addr, route->to.addr, sizeof(route->to.addr));
		old = np_seen_find(node, &seen[count].address);
		seen[count].ms = old ? old->ms : (uint32_t)np_loop_now(node->loop);
		count++;
	}
	if (count)
		qsort(seen, count, sizeof(*seen), np_seen_compare);
	free(node->seen);
	node->seen = seen;
	node->seen_count = count;
}

void np_agent_node_measure(struct np_agent_node *node)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	uint32_t now = (uint32_t)np_loop_now(node->loop), since, k, count;
	const struct np_node_address *seen;
	struct np_desired_pod *pod;
	bool first = !node->measured;
	size_t i;

	for (i = 0; i < node->desired->local_count; i++) {
		pod = node->desired->local[i];
		if (pod->flags & NP_DESIRED_MEASURED || !np_desired_pod_loaded(pod))
			continue;
		pod->flags |= NP_DESIRED_MEASURED;
		if (first)
			continue;
		since = pod->since;
		count = np_desired_addresses(pod, address);
		for (k = 0; k < count; k++) {
			seen = np_seen_find(node, &address[k]);
			if (seen && (int32_t)(seen->ms - since) < 0)
				since = seen->ms;
		}
		np_histogram_add(&node->delay, (uint32_t)(now - since) / 1000.0);
	}
	node->measured = true;
}

/* --- addresses and interfaces --------------------------------------------------- */

static void np_place_early(struct np_agent_node *node)
{
	const struct np_cni_entry *entry;
	struct np_desired_pod *pod;
	size_t i;

	for (i = 0; i < node->desired->local_count; i++) {
		np_breathe();
		pod = node->desired->local[i];
		entry = np_owner_entry(&node->cni, &node->host, pod);
		np_desired_actual(node->desired, pod, entry ? entry->address : NULL,
				  entry ? entry->address_count : 0);
	}
}

static void np_place_remark(void *arg, const char *text)
{
	(void)arg;
	np_log_line(NP_LOG_DEBUG, &np_about, "%s", text);
}

static void np_place_all(struct np_agent_node *node)
{
	struct np_desired *d = node->desired;
	const struct np_locate_options opts = {
		.node = node->opts->node,
		.cni = &node->cni,
	};
	struct np_placement *placement, *loaded;
	const struct np_cni_entry *entry;
	struct np_objects objs = { 0 };
	struct np_address *address;
	struct np_error err;
	char (*uid)[NP_UID_TEXT];
	size_t i;

	objs.pod_count = d->local_count;
	objs.pods = np_xcalloc(objs.pod_count, sizeof(*objs.pods));
	placement = np_xcalloc(objs.pod_count, sizeof(*placement));
	loaded = np_xcalloc(objs.pod_count, sizeof(*loaded));
	uid = np_xcalloc(objs.pod_count, sizeof(*uid));
	address = np_xcalloc(objs.pod_count, NP_POD_ADDRESSES_MAX * sizeof(*address));
	for (i = 0; i < objs.pod_count; i++) {
		np_desired_pod_view(d, d->local[i], &objs.pods[i],
				    &address[i * NP_POD_ADDRESSES_MAX], uid[i]);
		/* The result of a static pod has another uid. */
		entry = np_owner_entry(&node->cni, &node->host, d->local[i]);
		if (entry)
			objs.pods[i].uid = entry->uid;
		loaded[i].ifindex = np_place_kept(node, d->local[i]);
		loaded[i].local = loaded[i].ifindex;
	}
	/* np_locate() fails only because of overrides, and there are none. */
	np_locate(&node->host, &objs, &opts, loaded, placement, np_place_remark, node, &err);
	for (i = 0; i < objs.pod_count; i++)
		np_desired_set_placement(d, d->local[i], placement[i].ifindex, placement[i].own);
	free(objs.pods);
	free(placement);
	free(loaded);
	free(uid);
	free(address);
}

void np_agent_node_update(struct np_agent_node *node)
{
	struct np_error err = { 0 };
	struct np_host fresh;

	if (node->host_stale) {
		/* Cleared first, because a notice that comes while the tables are read counts. */
		node->host_stale = false;
		np_host_init(&fresh);
		if (np_host_read(&fresh, node->opts->timeout, &err)) {
			np_host_free(&fresh);
			node->host_stale = true;
			np_log_line(NP_LOG_WARNING, &np_about, "the node's tables cannot be "
				    "read; the earlier ones are used: %s", err.text);
			np_place_later(node);
		} else {
			np_host_free(&node->host);
			node->host = fresh;
			np_seen_update(node);
		}
		node->read_ms = np_loop_now(node->loop);
		node->stale = true;
		/* A notice that came while they were read counted from the reading before this. */
		if (np_timer_active(&node->timer)) {
			np_timer_stop(&node->timer);
			np_place_later(node);
		}
	}
	if (node->cni_stale && node->opts->cni) {
		node->cni_stale = false;
		np_cni_read(&node->cni, node->opts->cni);
		node->stale = true;
	}
	if (!node->stale)
		return;
	node->stale = false;
	np_place_early(node);
	np_owners_update(node->desired, &node->cni, &node->host);
	np_place_all(node);
}
