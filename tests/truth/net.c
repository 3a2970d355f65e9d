// SPDX-License-Identifier: GPL-2.0-or-later
/* Network namespaces of a node and its pods; see the header. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "net.h"

void net_die(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, error ? ": %s\n" : "\n", strerror(error));
	exit(2);
}

static void sysctl_set(const char *name, const char *value)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	file = fopen(path, "w");
	if (!file || fputs(value, file) < 0 || fclose(file))
		net_die("%s", path);
}

static void enter(int netns)
{
	if (setns(netns, CLONE_NEWNET))
		net_die("setns");
}

static int route_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)))
		net_die("route socket");
	return fd;
}

/* A request to rtnetlink; attributes follow one of three heads. */
struct request {
	struct nlmsghdr nlh;
	union {
		struct ifaddrmsg address;
		struct rtmsg route;
		struct ndmsg neighbour;
	};
	char attrs[256];
};

static void attr(struct request *r, unsigned short type, const void *data, unsigned short len)
{
	struct rtattr *rta = (struct rtattr *)((char *)r + NLMSG_ALIGN(r->nlh.nlmsg_len));

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(rta), data, len);
	r->nlh.nlmsg_len = NLMSG_ALIGN(r->nlh.nlmsg_len) + RTA_ALIGN(rta->rta_len);
}

static void request_begin(struct request *r, unsigned short type, size_t head)
{
	memset(r, 0, sizeof(*r));
	r->nlh.nlmsg_len = NLMSG_LENGTH(head);
	r->nlh.nlmsg_type = type;
	r->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (type == RTM_NEWADDR || type == RTM_NEWROUTE || type == RTM_NEWNEIGH)
		r->nlh.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
}

static void request_send(int fd, struct request *r, const char *what)
{
	char buffer[4096];
	const struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	ssize_t len;

	if (send(fd, r, r->nlh.nlmsg_len, 0) < 0)
		net_die("%s", what);
	len = recv(fd, buffer, sizeof(buffer), 0);
	if (len < (ssize_t)NLMSG_LENGTH(sizeof(*e)) || nlh->nlmsg_type != NLMSG_ERROR)
		net_die("%s: no answer", what);
	errno = -e->error;
	if (e->error)
		net_die("%s", what);
}

static unsigned short address_len(const struct np_address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

/*
 * An IPv6 address is acknowledged before a worker of the kernel (addrconf_dad_work()) makes
 * the route by which packets to it are taken in: waits for that.
 */
static void address_settle(const struct net_pod *pod, const struct np_address *address)
{
	char buffer[4096];
	const struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;
	const struct rtmsg *route = NLMSG_DATA(nlh);
	unsigned int tries;
	struct request r;
	ssize_t len;

	for (tries = 0; tries < 100000; tries++) {
		request_begin(&r, RTM_GETROUTE, sizeof(r.route));
		r.nlh.nlmsg_flags = NLM_F_REQUEST;
		r.route.rtm_family = address->family;
		r.route.rtm_dst_len = address_len(address) * 8;
		attr(&r, RTA_DST, address->addr, address_len(address));
		if (send(pod->route, &r, r.nlh.nlmsg_len, 0) < 0)
			net_die("asking for a route");
		len = recv(pod->route, buffer, sizeof(buffer), 0);
		if (len < (ssize_t)NLMSG_LENGTH(sizeof(*route)))
			net_die("asking for a route: no answer");
		if (nlh->nlmsg_type == RTM_NEWROUTE && route->rtm_type == RTN_LOCAL)
			return;
		sched_yield();
	}
	errno = 0;
	net_die("an address of a pod never becomes local");
}

/* One address of a pod comes or goes: in the pod, and the way to it on the node. */
static void address_change(struct net *net, struct net_pod *pod,
			   const struct np_address *address, bool add)
{
	unsigned char mac[6] = { 2, 0, 0, 0, 2, pod - net->pod };
	unsigned short len = address_len(address);
	struct request r;

	request_begin(&r, add ? RTM_NEWADDR : RTM_DELADDR, sizeof(r.address));
	r.address.ifa_family = address->family;
	r.address.ifa_prefixlen = len * 8;
	r.address.ifa_flags = IFA_F_NODAD;
	r.address.ifa_index = pod->inside;
	attr(&r, IFA_LOCAL, address->addr, len);
	attr(&r, IFA_ADDRESS, address->addr, len);
	request_send(pod->route, &r, "address of a pod");
	if (add && address->family == AF_INET6)
		address_settle(pod, address);

	request_begin(&r, add ? RTM_NEWROUTE : RTM_DELROUTE, sizeof(r.route));
	r.route.rtm_family = address->family;
	r.route.rtm_dst_len = len * 8;
	r.route.rtm_table = RT_TABLE_MAIN;
	r.route.rtm_protocol = RTPROT_STATIC;
	r.route.rtm_scope = address->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	r.route.rtm_type = RTN_UNICAST;
	attr(&r, RTA_DST, address->addr, len);
	attr(&r, RTA_OIF, &pod->ifindex, 4);
	request_send(net->route, &r, "route to a pod");

	request_begin(&r, add ? RTM_NEWNEIGH : RTM_DELNEIGH, sizeof(r.neighbour));
	r.neighbour.ndm_family = address->family;
	r.neighbour.ndm_ifindex = pod->ifindex;
	r.neighbour.ndm_state = NUD_PERMANENT;
	attr(&r, NDA_DST, address->addr, len);
	attr(&r, NDA_LLADDR, mac, sizeof(mac));
	request_send(net->route, &r, "neighbour");
}

bool net_same_address(const struct np_address *a, const struct np_address *b)
{
	return a->family == b->family && !memcmp(a->addr, b->addr, address_len(a));
}

void net_assign(struct net *net, struct net_pod *pod, const struct np_address *const *address,
		unsigned int count)
{
	unsigned int i, j;

	for (i = pod->count; i; i--) {
		for (j = 0; j < count; j++)
			if (net_same_address(&pod->address[i - 1], address[j]))
				break;
		if (j < count)
			continue;
		address_change(net, pod, &pod->address[i - 1], false);
		pod->address[i - 1] = pod->address[--pod->count];
	}
	for (j = 0; j < count; j++) {
		for (i = 0; i < pod->count; i++)
			if (net_same_address(&pod->address[i], address[j]))
				break;
		if (i < pod->count)
			continue;
		address_change(net, pod, address[j], true);
		pod->address[pod->count++] = *address[j];
	}
}

/* The commands that make pod number i; the last address on an interface must not go. */
static void pod_script(FILE *ip, unsigned int i)
{
	fprintf(ip, "link add v%u address 02:00:00:00:01:%02x type veth peer name eth0 "
		"address 02:00:00:00:02:%02x netns p%u\n", i, i, i, i);
	fprintf(ip, "link set v%u up\n", i);
	fprintf(ip, "address add 172.16.255.1/32 dev v%u\n", i);
	fprintf(ip, "address add fd00:ffff::1/128 dev v%u nodad\n", i);
}

static void pod_inside(unsigned int i)
{
	FILE *ip = popen("ip -batch -", "w");

	if (!ip)
		net_die("ip");
	fprintf(ip, "link set lo up\nlink set eth0 up\n");
	fprintf(ip, "address add 169.254.7.%u/32 dev eth0\n", i + 1);
	fprintf(ip, "neighbour add 169.254.1.1 lladdr 02:00:00:00:01:%02x dev eth0 "
		"nud permanent\n", i);
	fprintf(ip, "route add default via 169.254.1.1 dev eth0 onlink\n");
	fprintf(ip, "neighbour add fe80::1 lladdr 02:00:00:00:01:%02x dev eth0 "
		"nud permanent\n", i);
	fprintf(ip, "route add default via fe80::1 dev eth0\n");
	errno = 0;
	if (pclose(ip))
		net_die("ip in a pod");
}

void net_begin(struct net *net)
{
	char path[64];
	unsigned int i;
	FILE *ip;

	net->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	net->route = route_socket();
	if (net->netns < 0)
		net_die("the node's network namespace");
	sysctl_set("ipv4/ip_forward", "1");
	sysctl_set("ipv6/conf/all/forwarding", "1");
	sysctl_set("ipv6/conf/default/accept_dad", "0");
	sysctl_set("ipv4/conf/all/rp_filter", "0");
	sysctl_set("ipv4/conf/default/rp_filter", "0");
	sysctl_set("ipv4/conf/all/send_redirects", "0");
	ip = popen("ip -batch -", "w");
	if (!ip)
		net_die("ip");
	fprintf(ip, "link set lo up\n");
	for (i = 0; i < NET_PODS; i++)
		fprintf(ip, "netns add p%u\n", i);
	for (i = 0; i < NET_PODS; i++)
		pod_script(ip, i);
	errno = 0;
	if (pclose(ip))
		net_die("ip in the node");
	for (i = 0; i < NET_PODS; i++) {
		struct net_pod *pod = &net->pod[i];

		snprintf(path, sizeof(path), "v%u", i);
		pod->ifindex = if_nametoindex(path);
		snprintf(path, sizeof(path), "/run/netns/p%u", i);
		pod->netns = open(path, O_RDONLY | O_CLOEXEC);
		if (!pod->ifindex || pod->netns < 0)
			net_die("%s", path);
		enter(pod->netns);
		sysctl_set("ipv6/conf/all/accept_dad", "0");
		pod->route = route_socket();
		pod->inside = if_nametoindex("eth0");
		pod_inside(i);
		enter(net->netns);
	}
}

int net_socket(struct net *net, const struct net_pod *pod, int family, int type, int protocol)
{
	int fd;

	if (pod)
		enter(pod->netns);
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		net_die("socket of protocol %d", protocol);
	if (pod)
		enter(net->netns);
	return fd;
}

void net_run(const char *command, const char *input)
{
	FILE *to = popen(command, "w");

	if (!to || fputs(input, to) < 0)
		net_die("%s", command);
	errno = 0;
	if (pclose(to))
		net_die("%s: %s", command, input);
}

void net_nft(const char *script)
{
	net_run("nft -f -", script);
}

bool net_routable(const struct np_address *address)
{
	const uint8_t *a = address->addr;
	static const uint8_t loopback[16] = { [15] = 1 };

	if (address->family == AF_INET)
		return a[0] && a[0] != 127 && (a[0] < 224 || a[0] >= 240) &&
		       !(a[0] == 255 && a[1] == 255 && a[2] == 255 && a[3] == 255);
	return a[0] != 0xff && !(a[0] == 0xfe && (a[1] & 0xc0) == 0x80) &&
	       memcmp(a, loopback, 16);
}

socklen_t net_sockaddr(struct sockaddr_storage *to, const struct np_address *address,
		       uint16_t port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = address->family;
	if (address->family == AF_INET) {
		memcpy(&v4->sin_addr, address->addr, 4);
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	memcpy(&v6->sin6_addr, address->addr, 16);
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}
