// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the node's tables over route netlink: links, routes, neighbours, bridge forwarding, and
 * the addresses in the network namespaces at the other ends of links.
 *
 * The kernel says in which network namespace the other end of a link is (IFLA_LINK_NETNSID), and
 * it lets whoever has CAP_NET_ADMIN there read its addresses (IFA_TARGET_NETNSID). So nothing has
 * to be entered, and no name of the namespace or process in it has to be known.
 */
#include "node/host_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "netlink/client.h"

/* True for a device whose kind may lead to a pod. A tun device without a link layer cannot. */
static uint8_t np_device_kind(const char *kind, unsigned short type)
{
	static const char * const tunnel[] = {
		"vxlan", "geneve", "gre", "gretap", "erspan", "ip6gre", "ip6gretap",
		"ip6erspan", "ipip", "sit", "ip6tnl", "vti", "vti6", "xfrm", "wireguard",
		"bareudp", "gtp", "amt", "macsec",
	};
	static const char * const pod[] = {
		"veth", "tun", "netkit", "ipvlan", "ipvtap", "macvlan", "macvtap", "dummy",
		"openvswitch", "ifb", "nlmon",
	};
	size_t i;

	if (!strcmp(kind, "bridge"))
		return NP_DEVICE_BRIDGE;
	for (i = 0; i < sizeof(tunnel) / sizeof(tunnel[0]); i++)
		if (!strcmp(kind, tunnel[i]))
			return NP_DEVICE_TUNNEL;
	if (type == ARPHRD_NONE || type == ARPHRD_TUNNEL || type == ARPHRD_TUNNEL6 ||
	    type == ARPHRD_SIT || type == ARPHRD_IPGRE || type == ARPHRD_IP6GRE)
		return NP_DEVICE_TUNNEL;
	for (i = 0; i < sizeof(pod) / sizeof(pod[0]); i++)
		if (!strcmp(kind, pod[i]))
			return NP_DEVICE_POD;
	return NP_DEVICE_PHYSICAL;
}

static int np_read_link(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	struct np_device device = { .name = "" };
	const struct ifinfomsg *link = NLMSG_DATA(nlh);
	char kind[32] = "";

	(void)err;
	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse((struct nlmsghdr *)nlh, sizeof(*link), tb, IFLA_MAX, NULL))
		return 0;
	device.ifindex = (uint32_t)link->ifi_index;
	if (tb[IFLA_IFNAME])
		nla_strlcpy(device.name, tb[IFLA_IFNAME], sizeof(device.name));
	if (tb[IFLA_MASTER] && nla_len(tb[IFLA_MASTER]) >= 4)
		device.master = nla_get_u32(tb[IFLA_MASTER]);
	if (tb[IFLA_LINK] && nla_len(tb[IFLA_LINK]) >= 4 && tb[IFLA_LINK_NETNSID] &&
	    nla_len(tb[IFLA_LINK_NETNSID]) >= 4) {
		device.peer = nla_get_u32(tb[IFLA_LINK]);
		device.netns = (int32_t)nla_get_u32(tb[IFLA_LINK_NETNSID]);
	}
	if (tb[IFLA_LINKINFO] &&
	    !nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) &&
	    info[IFLA_INFO_KIND])
		nla_strlcpy(kind, info[IFLA_INFO_KIND], sizeof(kind));
	device.kind = np_device_kind(kind, link->ifi_type);
	np_host_add_device(arg, &device);
	return 0;
}

static uint8_t np_route_kind(const struct rtmsg *msg, struct nlattr *tb[])
{
	if (msg->rtm_type == RTN_LOCAL)
		return NP_ROUTE_OWN;
	if (msg->rtm_type != RTN_UNICAST)
		return NP_ROUTE_OTHER;
	if (tb[RTA_GATEWAY] || tb[RTA_VIA] || tb[RTA_MULTIPATH] || tb[RTA_ENCAP] ||
	    (tb[RTA_NH_ID] && !tb[RTA_OIF]))
		return NP_ROUTE_GATEWAY;
	return NP_ROUTE_DIRECT;
}

static int np_read_route(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	const struct rtmsg *msg = NLMSG_DATA(nlh);
	struct nlattr *tb[RTA_MAX + 1];
	struct np_route route = { 0 };
	uint32_t table;
	size_t len;

	(void)err;
	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse((struct nlmsghdr *)nlh, sizeof(*msg), tb, RTA_MAX, NULL) ||
	    msg->rtm_flags & RTM_F_CLONED || msg->rtm_src_len || msg->rtm_tos ||
	    (msg->rtm_family != AF_INET && msg->rtm_family != AF_INET6))
		return 0;
	table = tb[RTA_TABLE] && nla_len(tb[RTA_TABLE]) >= 4 ? nla_get_u32(tb[RTA_TABLE]) :
		msg->rtm_table;
	if (table != RT_TABLE_LOCAL && table != RT_TABLE_MAIN && table != RT_TABLE_DEFAULT)
		return 0;
	len = np_family_bits(msg->rtm_family) / 8;
	if (msg->rtm_dst_len > len * 8)
		return 0;
	if (tb[RTA_DST]) {
		if ((size_t)nla_len(tb[RTA_DST]) < len)
			return 0;
		memcpy(route.to.addr, nla_data(tb[RTA_DST]), len);
	}
	route.to.family = msg->rtm_family;
	route.to.length = msg->rtm_dst_len;
	route.table = (uint8_t)table;
	route.kind = np_route_kind(msg, tb);
	if (tb[RTA_OIF] && nla_len(tb[RTA_OIF]) >= 4)
		route.ifindex = nla_get_u32(tb[RTA_OIF]);
	if (tb[RTA_PRIORITY] && nla_len(tb[RTA_PRIORITY]) >= 4)
		route.priority = nla_get_u32(tb[RTA_PRIORITY]);
	np_host_add_route(arg, &route);
	return 0;
}

static int np_read_neighbour(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	const struct ndmsg *msg = NLMSG_DATA(nlh);
	struct np_neighbour near = { 0 };
	struct np_station station = { 0 };
	struct nlattr *tb[NDA_MAX + 1];
	uint8_t family;

	(void)err;
	if (nlh->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse((struct nlmsghdr *)nlh, sizeof(*msg), tb, NDA_MAX, NULL))
		return 0;
	family = msg->ndm_family;
	if (!tb[NDA_LLADDR] || nla_len(tb[NDA_LLADDR]) != 6)
		return 0;
	if (family == AF_BRIDGE) {
		/*
		 * Entries of the bridge itself and those of a VXLAN device's own table have no
		 * bridge port.
		 */
		if (!tb[NDA_MASTER] || nla_len(tb[NDA_MASTER]) < 4 ||
		    msg->ndm_state & NUD_PERMANENT)
			return 0;
		station.bridge = nla_get_u32(tb[NDA_MASTER]);
		station.port = (uint32_t)msg->ndm_ifindex;
		memcpy(station.mac, nla_data(tb[NDA_LLADDR]), 6);
		np_host_add_station(arg, &station);
		return 0;
	}
	if (msg->ndm_state & (NUD_FAILED | NUD_INCOMPLETE) || !tb[NDA_DST] ||
	    nla_len(tb[NDA_DST]) != np_family_bits(family) / 8)
		return 0;
	near.address.family = family;
	near.ifindex = (uint32_t)msg->ndm_ifindex;
	memcpy(near.address.addr, nla_data(tb[NDA_DST]), np_family_bits(family) / 8);
	memcpy(near.mac, nla_data(tb[NDA_LLADDR]), 6);
	np_host_add_neighbour(arg, &near);
	return 0;
}

static void np_restart_links(void *arg)
{
	((struct np_host *)arg)->device_count = 0;
}

static int np_host_dump(struct np_client *client, struct np_host *host, uint16_t type,
			uint8_t family, size_t size, np_reply_fn reply, struct np_error *err)
{
	size_t routes = host->route_count, near = host->neighbour_count;
	size_t stations = host->station_count;
	struct nl_msg *msg;
	char head[32] = { 0 };
	int ret = -1, try;

	head[0] = (char)family;	/* the family is the first byte of each of these headers */
	for (try = 0; ret && try < NP_CLIENT_TRIES; try++) {
		msg = nlmsg_alloc_simple(type, 0);
		if (!msg || nlmsg_append(msg, head, size, NLMSG_ALIGNTO))
			return np_error_set(err, NP_EXIT_KERNEL, "no memory for a message");
		if (type == RTM_GETLINK)
			np_restart_links(host);
		host->route_count = routes;
		host->neighbour_count = near;
		host->station_count = stations;
		ret = np_client_dump(client, msg, NULL, reply, host, err);
		if (ret)
			return -1;
		ret = client->interrupted ? -1 : 0;
	}
	/* Tables that change during every reading are used as they were read last. */
	return 0;
}

/* The reading of the addresses of one other network namespace. */
struct np_inside_reading {
	struct np_host *host;
	int32_t netns;		/* its number */
	size_t before;		/* entries that were there before */
};

static int np_read_inside(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	const struct np_inside_reading *reading = arg;
	const struct ifaddrmsg *msg = NLMSG_DATA(nlh);
	struct nlattr *tb[IFA_MAX + 1], *address;
	struct np_host *host = reading->host;
	struct np_inside inside = { 0 };
	size_t i, len;

	(void)err;
	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse((struct nlmsghdr *)nlh, sizeof(*msg), tb, IFA_MAX, NULL) ||
	    (msg->ifa_family != AF_INET && msg->ifa_family != AF_INET6))
		return 0;
	len = np_family_bits(msg->ifa_family) / 8;
	/* With a peer, IFA_ADDRESS is the peer's. */
	address = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!address || (size_t)nla_len(address) < len)
		return 0;
	inside.address.family = msg->ifa_family;
	memcpy(inside.address.addr, nla_data(address), len);
	for (i = 0; i < host->device_count; i++) {
		if (!host->device[i].peer || host->device[i].peer != msg->ifa_index ||
		    host->device[i].netns != reading->netns)
			continue;
		inside.ifindex = host->device[i].ifindex;
		np_host_add_inside(host, &inside);
	}
	return 0;
}

static void np_restart_inside(void *arg)
{
	const struct np_inside_reading *reading = arg;

	reading->host->inside_count = reading->before;
}

/*
 * Reads the addresses of one family of the network namespace with this number. One that has gone
 * meanwhile has none.
 */
static int np_inside_dump(struct np_client *client, struct np_host *host, int32_t netns,
			  uint8_t family, struct np_error *err)
{
	struct np_inside_reading reading = {
		.host = host, .netns = netns, .before = host->inside_count,
	};
	struct ifaddrmsg head = { .ifa_family = family };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, 0);

	if (!msg || nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) ||
	    nla_put_s32(msg, IFA_TARGET_NETNSID, netns)) {
		nlmsg_free(msg);
		return np_error_set(err, NP_EXIT_KERNEL, "no memory for a message");
	}
	if (!np_client_dump(client, msg, np_restart_inside, np_read_inside, &reading, err))
		return 0;
	host->inside_count = reading.before;
	if (client->refusal.error == EACCES || client->refusal.error == EPERM)
		host->blind = true;
	return client->refusal.error == EINVAL || host->blind ? 0 : -1;
}

/*
 * Reads what is at the other ends of links. Where it is not permitted to look into one network
 * namespace, what the others show is worth nothing, because claims are weighed.
 */
static int np_host_look_inside(struct np_client *client, struct np_host *host,
			       struct np_error *err)
{
	const struct np_device *device = host->device;
	size_t i, k;

	for (i = 0; !host->blind && i < host->device_count; i++) {
		if (!device[i].peer || device[i].kind != NP_DEVICE_POD)
			continue;
		for (k = 0; k < i; k++)
			if (device[k].peer && device[k].kind == NP_DEVICE_POD &&
			    device[k].netns == device[i].netns)
				break;
		if (k < i)
			continue;
		if (np_inside_dump(client, host, device[i].netns, AF_INET, err) ||
		    np_inside_dump(client, host, device[i].netns, AF_INET6, err))
			return -1;
	}
	if (host->blind)
		host->inside_count = 0;
	return 0;
}

int np_host_read(struct np_host *host, int timeout, struct np_error *err)
{
	struct np_client client;
	int ret;

	ret = np_client_open_route(&client, timeout, err) ||
	      np_host_dump(&client, host, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg),
			   np_read_link, err) ||
	      np_host_dump(&client, host, RTM_GETROUTE, AF_INET, sizeof(struct rtmsg),
			   np_read_route, err) ||
	      np_host_dump(&client, host, RTM_GETROUTE, AF_INET6, sizeof(struct rtmsg),
			   np_read_route, err) ||
	      np_host_dump(&client, host, RTM_GETNEIGH, AF_INET, sizeof(struct ndmsg),
			   np_read_neighbour, err) ||
	      np_host_dump(&client, host, RTM_GETNEIGH, AF_INET6, sizeof(struct ndmsg),
			   np_read_neighbour, err) ||
	      np_host_dump(&client, host, RTM_GETNEIGH, AF_BRIDGE, sizeof(struct ndmsg),
			   np_read_neighbour, err) ||
	      np_host_look_inside(&client, host, err);
	np_client_close(&client);
	np_host_sort(host);
	return ret ? -1 : 0;
}
