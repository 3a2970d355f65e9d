// SPDX-License-Identifier: GPL-2.0-or-later
#include "../e2e/e2e.h"

#include <sys/wait.h>

#include "cluster.h"

struct slot slots[SLOTS];
const char *const node_name[NODES] = { "node1", "node2" };

void ip_batch(const char *netns, const char *format, ...)
{
	char command[64];
	va_list args;
	FILE *pipe;

	if (!strcmp(netns, "-"))
		strcpy(command, "ip -batch -");
	else
		snprintf(command, sizeof(command), "ip -n %s -batch -", netns);
	pipe = popen(command, "w");
	if (!pipe)
		die("popen");
	va_start(args, format);
	vfprintf(pipe, format, args);
	va_end(args);
	errno = 0;
	if (pclose(pipe))
		die("ip in %s failed", netns);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t size = strlen(text);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		die("%s", path);
	close(fd);
}

static void forwarding(const char *netns)
{
	netns_enter(netns);
	write_file("/proc/sys/net/ipv4/ip_forward", "1");
	write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	netns_enter("-");
}

static void node_begin(unsigned int n)
{
	const char *name = node_name[n];
	unsigned int me = n + 1;

	ip_batch("-", "netns add %s\n", name);
	ip_batch("-",
		 "link add u%u type veth peer name uplink netns %s\n"
		 "addr add 172.31.%u.1/30 dev u%u\n"
		 "link set u%u up\n", me, name, me, me, me);
	ip_batch(name,
		 "link set lo up\n"
		 "addr add 172.31.%u.2/30 dev uplink\n"
		 "link set uplink up\n"
		 "route add default via 172.31.%u.1\n", me, me);
	if (n)
		ip_batch(name, "link add mesh type veth peer name mesh netns %s\n", node_name[0]);
	forwarding(name);
}

static void node_link(unsigned int n)
{
	unsigned int me = n + 1, other = 2 - n;

	ip_batch(node_name[n],
		 "addr add 172.30.0.%u/30 dev mesh\n"
		 "addr add fd00:30::%u/64 dev mesh nodad\n"
		 "link set mesh up\n"
		 "route add 10.1.%u.0/24 via 172.30.0.%u\n"
		 "route add fd01:%u::/64 via fd00:30::%u\n"
		 "addr add 10.1.%u.1/32 dev lo\n"
		 "addr add fd01:%u::1/128 dev lo nodad\n",
		 me, me, other, other, other, other, me, me);
}

void cluster_begin(void)
{
	unsigned int i;

	ip_batch("-",
		 "link set lo up\n"
		 "addr add 10.0.2.15/24 dev eth0\n"
		 "link set eth0 up\n"
		 "route add default via 10.0.2.2\n");
	forwarding("-");
	errno = 0;
	if (system("nft 'table ip up { chain post { type nat hook postrouting priority 100; "
		   "oifname \"eth0\" masquerade; }; }'"))
		die("nft");
	for (i = 0; i < NODES; i++)
		node_begin(i);
	for (i = 0; i < NODES; i++)
		node_link(i);
	for (i = 0; i < SLOTS; i++) {
		snprintf(slots[i].netns, sizeof(slots[i].netns), "slot%u", i);
		slots[i].node = i * NODES / SLOTS;
		ip_batch("-", "netns add %s\n", slots[i].netns);
		ip_batch(slots[i].netns, "link set lo up\n");
	}
}

void slot_up(struct slot *slot, unsigned int number)
{
	unsigned int i = (unsigned int)(slot - slots), me = slot->node + 1;
	const char *node = node_name[slot->node];

	slot->number = number;
	snprintf(slot->v4, sizeof(slot->v4), "10.1.%u.%u", me, 10 + number);
	snprintf(slot->v6, sizeof(slot->v6), "fd01:%u::%x", me, 16 + number);
	ip_batch(node,
		 "link add v%u type veth peer name eth0 netns %s\n"
		 "link set v%u addrgenmode none\n"
		 "addr add 169.254.1.1/32 dev v%u scope link\n"
		 "addr add fe80::1/64 dev v%u nodad\n"
		 "link set v%u up\n", i, slot->netns, i, i, i, i);
	ip_batch(slot->netns,
		 "link set eth0 addrgenmode none\n"
		 "addr add fe80::2:%x/64 dev eth0 nodad\n"
		 "addr add %s/32 dev eth0\n"
		 "addr add %s/128 dev eth0 nodad\n"
		 "link set eth0 up\n"
		 "route add 169.254.1.1 dev eth0 scope link\n"
		 "route add default via 169.254.1.1 dev eth0\n"
		 "route add default via fe80::1 dev eth0\n", i, slot->v4, slot->v6);
	ip_batch(node,
		 "route add %s/32 dev v%u src 10.1.%u.1\n"
		 "route add %s/128 dev v%u src fd01:%u::1\n",
		 slot->v4, i, me, slot->v6, i, me);
	slot->up = true;
}

void slot_down(struct slot *slot)
{
	slot->up = false;
	ip_batch(node_name[slot->node], "link del v%u\n", (unsigned int)(slot - slots));
}

void node_uplink(unsigned int node, bool up)
{
	ip_batch("-", "link set u%u %s\n", node + 1, up ? "up" : "down");
}
