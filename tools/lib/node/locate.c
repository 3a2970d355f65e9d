// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds where pods are: by the longest matching route of the node, by the results of the CNI, and
 * by what is found at the other ends of interfaces.
 */
#include "node/locate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/claim.h"
#include "object/digest.h"

/*
 * Has a bridge seen an address behind a port that leads to other nodes? Behind which of its other
 * ports it saw one says nothing, because pods can send in any name.
 */
static bool np_bridge_away(const struct np_host *host, uint32_t bridge,
			   const struct np_address *addr)
{
	const struct np_device *port = np_host_device(host, np_host_port(host, bridge, addr));

	return port && port->kind != NP_DEVICE_POD;
}

enum np_where np_host_locate(const struct np_host *host, const struct np_address *addr,
			     uint32_t *ifindex)
{
	const struct np_route *route = np_host_route(host, addr);
	const struct np_device *device;

	*ifindex = 0;
	if (!route)
		return NP_WHERE_REMOTE;
	if (route->kind == NP_ROUTE_OWN)
		return NP_WHERE_OWN;
	if (route->kind != NP_ROUTE_DIRECT || !route->to.length)
		return NP_WHERE_REMOTE;
	device = np_host_device(host, route->ifindex);
	if (!device || device->kind == NP_DEVICE_TUNNEL || device->kind == NP_DEVICE_PHYSICAL)
		return NP_WHERE_REMOTE;
	*ifindex = device->ifindex;
	if (device->kind == NP_DEVICE_BRIDGE)
		return np_bridge_away(host, device->ifindex, addr) ? NP_WHERE_AWAY :
								     NP_WHERE_BRIDGE;
	if (route->to.length == np_family_bits(addr->family))
		return NP_WHERE_LOCAL;
	return NP_WHERE_CONNECTED;
}

/* What is found about one pod. */
struct np_found {
	bool own;		/* an address is the node's own */
	bool away;		/* a bridge saw an address behind a port to other nodes */
	bool kept;		/* it is local because it is loaded so */
	bool named;		/* the administrator named its interface */
	uint32_t ifindex;	/* its interface by a route or by the CNI, or 0 */
	/* addresses in doubt, and where they may be */
	const struct np_address *bridged;
	const struct np_address *connected;
	uint32_t bridge;
	uint32_t device;
};

struct np_locating {
	const struct np_host *host;
	const struct np_objects *objs;
	const struct np_locate_options *opts;
	const struct np_placement *loaded;	/* what is loaded of the same pods, or NULL */
	np_locate_warn_fn warn;
	void *arg;
	/* for each pod of objs */
	struct np_found *found;
	struct np_placement *place;
};

static void np_locating_warn(const struct np_locating *at, size_t i, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void np_locating_warn(const struct np_locating *at, size_t i, const char *fmt, ...)
{
	const struct np_pod *pod = &at->objs->pods[i];
	char text[768];
	int len;
	va_list args;

	if (!at->warn)
		return;
	len = snprintf(text, sizeof(text), "pod %s/%s: ", pod->namespace, pod->name);
	va_start(args, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	at->warn(at->arg, text);
}

static const char *np_device_name(const struct np_host *host, uint32_t ifindex)
{
	const struct np_device *device = np_host_device(host, ifindex);

	return device ? device->name : "?";
}

static void np_locate_routes(const struct np_locating *at, size_t pod_number)
{
	const struct np_pod *pod = &at->objs->pods[pod_number];
	struct np_found *found = &at->found[pod_number];
	uint32_t ifindex, i;

	for (i = 0; i < pod->address_count; i++) {
		switch (np_host_locate(at->host, &pod->address[i], &ifindex)) {
		case NP_WHERE_LOCAL:
			if (found->ifindex && found->ifindex != ifindex)
				np_locating_warn(at, pod_number,
						 "its addresses are behind %s and %s; taken: %s",
						 np_device_name(at->host, found->ifindex),
						 np_device_name(at->host, ifindex),
						 np_device_name(at->host, found->ifindex));
			else
				found->ifindex = ifindex;
			break;
		case NP_WHERE_OWN:
			found->own = true;
			break;
		case NP_WHERE_AWAY:
			found->away = true;
			found->bridge = ifindex;
			break;
		case NP_WHERE_BRIDGE:
			found->bridged = &pod->address[i];
			found->bridge = ifindex;
			break;
		case NP_WHERE_CONNECTED:
			found->connected = &pod->address[i];
			found->device = ifindex;
			break;
		case NP_WHERE_REMOTE:
			break;
		}
	}
}

/* Returns the interface of a pod by the results of the CNI, or 0. */
static uint32_t np_locate_cni(const struct np_locating *at, const struct np_pod *pod)
{
	const struct np_cni_entry *entry;
	const struct np_device *device;
	uint8_t uid[NETPOL_UID_LEN];
	uint32_t i;

	if (!at->opts->cni || !*pod->uid)
		return 0;
	np_uid_bytes(pod->uid, uid);
	entry = np_cni_find(at->opts->cni, pod->namespace, pod->name, uid);
	for (i = 0; entry && i < entry->interface_count; i++) {
		device = np_host_device_named(at->host, entry->interface[i]);
		if (device && device->kind == NP_DEVICE_POD)
			return device->ifindex;
	}
	return 0;
}

/* Is a pod loaded as local, and does nothing speak against it? A pod never moves. */
static bool np_locate_loaded(const struct np_locating *at, size_t i)
{
	const struct np_placement *loaded = at->loaded ? &at->loaded[i] : NULL;
	const struct np_found *found = &at->found[i];

	if (found->ifindex || !loaded || !loaded->local)
		return false;
	return loaded->ifindex ? !!np_host_device(at->host, loaded->ifindex) :
				 !!found->connected;
}

/* Places a pod by what root has written. */
static void np_locate_pod(const struct np_locating *at, size_t i)
{
	const struct np_locate_options *opts = at->opts;
	const struct np_pod *pod = &at->objs->pods[i];
	struct np_placement *place = &at->place[i];
	struct np_found *found = &at->found[i];
	bool routed;

	np_locate_routes(at, i);
	place->own = found->own;
	if (found->own)
		return;
	routed = found->ifindex;
	if (!found->ifindex)
		found->ifindex = np_locate_cni(at, pod);
	found->kept = np_locate_loaded(at, i);
	place->local = found->ifindex || (found->bridged && !found->away) || found->kept;
	if (opts->mode == NP_LOCATE_ALL) {
		place->local = true;
	} else if (opts->mode == NP_LOCATE_NONE) {
		place->local = false;
	} else if (opts->node) {
		place->local = !strcmp(pod->node, opts->node);
		if (!place->local && routed)
			np_locating_warn(at, i, "spec.nodeName is \"%s\", but it is reached over "
					 "%s of this node", pod->node,
					 np_device_name(at->host, found->ifindex));
	}
	place->ifindex = place->local ? found->ifindex : 0;
}

static int np_locate_override(const struct np_locating *at,
			      const struct np_locate_override *over, struct np_error *err)
{
	const struct np_device *device = np_host_device_named(at->host, over->device);
	const char *slash = strchr(over->pod, '/');
	const struct np_pod *pods = at->objs->pods;
	size_t i;

	if (!device)
		return np_error_set(err, NP_EXIT_INPUT, "--interface %s=%s: no such interface",
				    over->pod, over->device);
	for (i = 0; slash && i < at->objs->pod_count; i++)
		if (!strcmp(pods[i].name, slash + 1) &&
		    strlen(pods[i].namespace) == (size_t)(slash - over->pod) &&
		    !strncmp(pods[i].namespace, over->pod, slash - over->pod))
			break;
	if (!slash || i == at->objs->pod_count)
		return np_error_set(err, NP_EXIT_INPUT,
				    "--interface %s=%s: the input has no such pod", over->pod,
				    over->device);
	at->place[i].local = true;
	at->place[i].ifindex = device->ifindex;
	at->found[i].named = true;
	return 0;
}

static const char np_advice[] = "its interface is not known, so what comes in its name from an "
				"interface that may be a pod's is dropped (--interface names it)";

/* Adds the remarks about a pod that nothing certain places. */
static void np_locate_doubt(const struct np_locating *at, size_t i,
			    const struct np_claimant *claimant)
{
	const struct np_placement *place = &at->place[i];
	const struct np_found *found = &at->found[i];
	bool guess = at->opts->mode == NP_LOCATE_AUTO && !at->opts->node;
	const char *first = np_device_name(at->host, claimant->rival[0]);
	char text[NP_CIDR_TEXT];

	if (place->ifindex) {
		if (guess && found->kept && !found->bridged && !found->connected &&
		    !claimant->shown)
			np_locating_warn(at, i, "no local route leads to it any more, nor is it "
					 "found behind an interface; left local behind %s, as it is "
					 "loaded (--node or --local says otherwise)",
					 np_device_name(at->host, place->ifindex));
	} else if (!place->local) {
		if (guess && found->connected)
			np_locating_warn(at, i, "%s is in a subnet on %s, not behind a route of its "
					 "own; taken as remote (--node, --local or --interface says "
					 "otherwise)", np_address_text(found->connected, text),
					 np_device_name(at->host, found->device));
	} else if (claimant->rival[1]) {
		np_locating_warn(at, i, "it may be behind %s or %s, and one of them is not "
				 "telling the truth; %s", first,
				 np_device_name(at->host, claimant->rival[1]), np_advice);
	} else if (claimant->rival[0]) {
		np_locating_warn(at, i, "%s has its address, but is another pod's interface or may "
				 "be; %s", first, np_advice);
	} else if (guess && found->bridged) {
		np_locating_warn(at, i, "no port of bridge %s leads to %s yet; taken as local (--node "
				 "says otherwise), %s", np_device_name(at->host, found->bridge),
				 np_address_text(found->bridged, text), np_advice);
	} else if (at->opts->node) {
		np_locating_warn(at, i, "spec.nodeName is this node, but no local route and no "
				 "interface leads to it; %s", np_advice);
	}
}

/*
 * Places the pods that root has written nothing of. A pod that a bridge saw on another node, and
 * that an interface of this node shows, is local behind an interface that is not known: one of
 * the two is a lie, and this way neither is believed.
 */
static void np_locate_claims(const struct np_locating *at)
{
	size_t count = at->objs->pod_count, others = at->opts->other_count, known = 0, i;
	bool guess = at->opts->mode == NP_LOCATE_AUTO && !at->opts->node;
	struct np_claimant *claimant = np_xcalloc(count + others + 1, sizeof(*claimant));
	uint32_t *taken = np_xcalloc(count + 1, sizeof(*taken));
	const struct np_pod *pod;

	for (i = 0; i < count; i++) {
		pod = &at->objs->pods[i];
		if (at->place[i].ifindex)
			taken[known++] = at->place[i].ifindex;
		else if (np_pod_usable(pod) && !at->found[i].own &&
			 (at->place[i].local || (guess && at->found[i].away)))
			claimant[i] = (struct np_claimant) {
				.address = pod->address,
				.address_count = pod->address_count,
				.bridge = at->found[i].bridge,
				.loaded = at->loaded && at->loaded[i].local ?
					  at->loaded[i].ifindex : 0,
			};
	}
	for (i = 0; i < others; i++)
		claimant[count + i] = (struct np_claimant) {
			.address = at->opts->other[i].pod->address,
			.address_count = at->opts->other[i].pod->address_count,
			.loaded = at->opts->other[i].ifindex,
		};
	np_claims_settle(at->host, taken, known, claimant, count + others);
	for (i = 0; i < count; i++) {
		if (!np_pod_usable(&at->objs->pods[i]) || at->found[i].own || at->found[i].named)
			continue;
		if (claimant[i].shown && !at->place[i].local) {
			at->place[i].local = true;
			np_locating_warn(at, i, "bridge %s saw it behind a port that leads to other "
					 "nodes, but an interface of this node shows its address; taken "
					 "as local (--node says otherwise), %s",
					 np_device_name(at->host, at->found[i].bridge), np_advice);
			continue;
		}
		if (at->place[i].local && !at->place[i].ifindex)
			at->place[i].ifindex = claimant[i].ifindex;
		np_locate_doubt(at, i, &claimant[i]);
	}
	free(claimant);
	free(taken);
}

int np_locate(const struct np_host *host, const struct np_objects *objs,
	      const struct np_locate_options *opts, const struct np_placement *loaded,
	      struct np_placement *place, np_locate_warn_fn warn, void *arg,
	      struct np_error *err)
{
	struct np_locating at = {
		.host = host, .objs = objs, .opts = opts, .loaded = loaded, .warn = warn,
		.arg = arg, .place = place,
	};
	size_t i;
	int ret = 0;

	at.found = np_xcalloc(objs->pod_count + 1, sizeof(*at.found));
	for (i = 0; i < objs->pod_count; i++) {
		place[i] = (struct np_placement){ 0 };
		if (np_pod_usable(&objs->pods[i]))
			np_locate_pod(&at, i);
	}
	for (i = 0; !ret && i < opts->override_count; i++)
		ret = np_locate_override(&at, &opts->override[i], err);
	if (!ret)
		np_locate_claims(&at);
	free(at.found);
	return ret;
}
