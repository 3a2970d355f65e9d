// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random packets against the evaluator: pods that may send anything, through the loaded
 * module, under random policies.
 *
 *   noise SEED WORLDS PACKETS	PACKETS in each of WORLDS, with a route to each pod, and in
 *				as many with all pods on a bridge
 *
 * Nothing may arrive that the policies deny, that came in somebody else's name, or that is
 * an answer to nothing; what begins a connection in good order and is allowed must arrive.
 * Where a packet says something false of itself, only what no reading of it allows is
 * wrong. Every third world has a Service. In the one after it conntrack is told to leave all
 * packets alone, ahead of defragmentation or behind it: there nothing is an answer, and each packet
 * is judged by its own header. The policies change from world to world, and the connections of up
 * to three worlds before stay.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/resource.h>

#include "../evaluator/random.h"
#include "ask.h"
#include "net.h"
#include "noise_packet.h"
#include "object/load.h"

#define PODS		8
#define OUTSIDE		2	/* addresses of no pod, all at one place */
#define ENDS		(PODS + OUTSIDE)
#define SERVICE_POD	2	/* who is behind the Service */
#define FENCE_FROM	(NET_PODS - 2)
#define FENCE_TO	(NET_PODS - 1)
#define BATCH		128
#define TOLD		20
#define BRIDGE		"noise0"

/* Addresses of an end, of IPv4 and of IPv6. */
struct end {
	struct np_address address[2];
	struct net_pod *place;
};

struct sent {
	struct noise_packet packet;
	unsigned int from;
	bool forged;
	bool fresh;		/* nobody used its ports between these two before */
	bool service;
	unsigned int arrived;	/* bit by end; OUTSIDE counts as one */
};

static struct net net;
static struct np_client client;
static struct end ends[ENDS];
static struct sent sent[BATCH];
static int tap[NET_PODS];
static uint64_t state;
static struct np_objects objects;
static struct evaluator ev;
static char world[16384];
static bool bridged, serviced, untracked;
static uint32_t next_number = 1;
/* Who was allowed to send to whom, with which ports, in any world so far. */
static bool opened[ENDS][ENDS][256][NOISE_PORTS][NOISE_PORTS];
/* ... and who tried to. */
static bool tried[ENDS][ENDS][256][NOISE_PORTS][NOISE_PORTS];
/* Who sent a bent packet to whom: what that opened, if anything, nobody knows. */
static bool bent[ENDS][ENDS];
static unsigned long count_sent, count_arrived, count_due, wrong;

static const struct np_address service_address[2] = {
	{ AF_INET, { 10, 96, 0, 1 } },
	{ AF_INET6, { 0xfd, 0x96, [15] = 1 } },
};

static uint32_t any(uint32_t n)
{
	return random_below(&state, n);
}

/* --- the world -------------------------------------------------------------------- */

static void ends_make(void)
{
	unsigned int i, six;

	for (i = 0; i < ENDS; i++) {
		ends[i].place = &net.pod[i < PODS ? i + 1 : 0];
		for (six = 0; six < 2; six++) {
			struct np_address *a = &ends[i].address[six];

			a->family = six ? AF_INET6 : AF_INET;
			a->addr[0] = six ? 0xfd : 10;
			a->addr[1] = i < PODS ? 9 : 8;
			a->addr[six ? 15 : 3] = i + 1;
		}
	}
	for (i = 0; i <= PODS; i++) {
		const struct np_address *list[2 * OUTSIDE];
		unsigned int j, n = 0;

		for (j = 0; j < ENDS; j++) {
			if (ends[j].place != &net.pod[i])
				continue;
			list[n++] = &ends[j].address[0];
			list[n++] = &ends[j].address[1];
		}
		net_assign(&net, &net.pod[i], list, n);
	}
}

/* Puts the pods on one bridge, instead of a route to each. */
static void bridge_begin(void)
{
	char text[4096];
	unsigned int i, at;

	at = snprintf(text, sizeof(text),
		      "link add " BRIDGE " address 02:00:00:00:03:00 type bridge forward_delay 0 "
		      "mcast_snooping 0\nlink set " BRIDGE " up\n"
		      "addr add 172.16.254.1/32 dev " BRIDGE "\n"
		      "addr add fd00:fffe::1/128 dev " BRIDGE " nodad\n");
	for (i = 1; i <= PODS; i++)
		at += snprintf(text + at, sizeof(text) - at,
			       "link set v%u master " BRIDGE "\n"
			       "route replace 10.9.0.%u/32 dev " BRIDGE "\n"
			       "route replace fd09::%x/128 dev " BRIDGE "\n"
			       "neigh replace 10.9.0.%u lladdr 02:00:00:00:02:%02x dev " BRIDGE
			       " nud permanent\n"
			       "neigh replace fd09::%x lladdr 02:00:00:00:02:%02x dev " BRIDGE
			       " nud permanent\n", i, i, i, i, i, i, i);
	net_run("ip -batch -", text);
	bridged = true;
}

/* --- policies --------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2)))
static void say(const char *format, ...)
{
	size_t at = strlen(world);
	va_list args;

	va_start(args, format);
	vsnprintf(world + at, sizeof(world) - at, format, args);
	va_end(args);
}

static void say_selector(void)
{
	if (any(4))
		say("{matchLabels: {%s: \"%u\"}}", any(2) ? "a" : "b", any(3));
	else
		say("{}");
}

static void say_peer(void)
{
	static const char *const block[] = { "10.9.0.0/29", "10.9.0.4/30", "10.8.0.0/16",
					     "0.0.0.0/0", "fd09::/125", "fd08::/64", "::/0" };
	unsigned int i = any(7);

	say("      - ");
	switch (any(4)) {
	case 0:
		say("{podSelector: ");
		say_selector();
		break;
	case 1:
		say("{namespaceSelector: {matchLabels: {team: \"%u\"}}", any(3));
		break;
	case 2:
		say("{namespaceSelector: {}, podSelector: ");
		say_selector();
		break;
	default:
		say("{ipBlock: {cidr: \"%s\"%s}", block[i],
		    i == 3 && any(2) ? ", except: [\"10.9.0.2/31\", \"10.8.0.0/24\"]" : "");
	}
	say("}\n");
}

static void say_rules(const char *direction, const char *peer)
{
	static const char *const protocol[] = { "TCP", "UDP", "SCTP" };
	unsigned int rules = any(3), n, port;

	say("  %s:%s\n", direction, rules ? "" : " []");
	while (rules--) {
		say("  -");
		if (any(5)) {
			say(" %s:\n", peer);
			for (n = 1 + any(2); n; n--)
				say_peer();
		} else {
			say(" %s: []\n", peer);
		}
		if (!any(3))
			continue;
		say("    ports:\n");
		for (n = 1 + any(3); n; n--) {
			port = noise_port[any(NOISE_PORTS)];
			say("      - {protocol: %s", protocol[any(3)]);
			if (any(6))
				say(", port: %u", port);
			else if (any(2))
				say(", port: %u, endPort: %u", port, port + 600);
			say("}\n");
		}
	}
}

static void policies_make(void)
{
	unsigned int i, n = 1 + any(6), types;

	for (i = 0; i < n; i++) {
		types = 1 + any(3);
		say("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
		    "metadata: {name: policy-%u, namespace: n%u}\nspec:\n  podSelector: ", i, any(2));
		say_selector();
		say("\n  policyTypes: [%s%s%s]\n", types & 1 ? "Ingress" : "",
		    types == 3 ? ", " : "", types & 2 ? "Egress" : "");
		if (types & 1)
			say_rules("ingress", "from");
		if (types & 2)
			say_rules("egress", "to");
	}
}

/* A rule of a cluster-wide policy; rules for egress may name networks. */
static void say_action(bool egress)
{
	static const char *const action[] = { "Accept", "Deny", "Pass" };
	static const char *const protocol[] = { "tcp", "udp", "sctp" };
	static const char *const network[] = { "10.9.0.0/29", "10.8.0.0/16", "0.0.0.0/0",
					       "fd09::/125", "fd08::/64", "::/0" };
	unsigned int n, port;

	say("  - action: %s\n    %s:\n", action[any(3)], egress ? "to" : "from");
	for (n = 1 + any(2); n; n--) {
		switch (any(egress ? 4 : 3)) {
		case 0:
			say("    - {namespaces: {matchLabels: {team: \"%u\"}}}\n", any(3));
			break;
		case 1:
			say("    - {namespaces: {}}\n");
			break;
		case 2:
			say("    - {pods: {podSelector: ");
			say_selector();
			say("}}\n");
			break;
		default:
			say("    - {networks: [\"%s\"]}\n", network[any(6)]);
		}
	}
	if (!any(3))
		return;
	say("    protocols:\n");
	for (n = 1 + any(3); n; n--) {
		port = noise_port[any(NOISE_PORTS)];
		if (any(2))
			say("    - {%s: {destinationPort: {number: %u}}}\n", protocol[any(3)], port);
		else
			say("    - {%s: {destinationPort: {range: {start: %u, end: %u}}}}\n",
			    protocol[any(3)], port, port + 600);
	}
}

static void cluster_policies_make(void)
{
	unsigned int i, rules, n = any(4), directions;

	for (i = 0; i < n; i++) {
		say("---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
		    "metadata: {name: cluster-%u}\nspec:\n  tier: %s\n  priority: %u\n  subject: ", i,
		    any(3) ? "Admin" : "Baseline", any(3));
		if (any(2)) {
			say("{namespaces: {matchLabels: {team: \"%u\"}}}\n", any(3));
		} else {
			say("{pods: {podSelector: ");
			say_selector();
			say("}}\n");
		}
		directions = 1 + any(3);
		if (directions & 1) {
			say("  ingress:\n");
			for (rules = 1 + any(3); rules; rules--)
				say_action(false);
		}
		if (directions & 2) {
			say("  egress:\n");
			for (rules = 1 + any(3); rules; rules--)
				say_action(true);
		}
	}
}

/* A Service for everything that goes to its address, or no conntrack, or neither. */
static void rules_choose(unsigned long number)
{
	static const char *const chain[] = {
		"",
		"chain services { type nat hook prerouting priority dstnat;\n"
		"ip daddr 10.96.0.1 dnat ip to 10.9.0.3\n"
		"ip6 daddr fd96::1 dnat ip6 to fd09::3\n}\n",
		"chain untracked { type filter hook prerouting priority -300; notrack\n}\n",
		"chain untracked { type filter hook prerouting priority -450; notrack\n}\n",
	};
	unsigned int kind = number % 3;
	char text[512];

	serviced = kind == 1;
	untracked = kind == 2;
	kind += untracked && number / 3 % 2;
	snprintf(text, sizeof(text), "table inet noise\ndelete table inet noise\n"
		 "table inet noise {\n%s}\n", chain[kind]);
	net_nft(text);
}

/* No connection is known any more, to the kernel and here. */
static void connections_forget(void)
{
	net_run("conntrack -F >/dev/null 2>&1", "");
	memset(tried, 0, sizeof(tried));
	memset(opened, 0, sizeof(opened));
	memset(bent, 0, sizeof(bent));
}

static void world_make(unsigned long number)
{
	struct np_load_options opts = { 0 };
	struct np_placement place[PODS] = { 0 };
	struct np_error err = { 0 };
	unsigned int i;
	size_t j;

	*world = 0;
	for (i = 0; i < 2; i++)
		say("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: n%u, labels: {team: \"%u\"}}\n",
		    i, i);
	for (i = 0; i < PODS; i++)
		say("---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%u, namespace: n%u, uid: u%u, "
		    "labels: {a: \"%u\", b: \"%u\"}}\nspec: {nodeName: here}\n"
		    "status: {phase: Running, podIPs: [{ip: 10.9.0.%u}, {ip: \"fd09::%x\"}]}\n",
		    i + 1, i % 2, i + 1, i % 3, i / 4, i + 1, i + 1);
	policies_make();
	if (any(2))
		cluster_policies_make();
	np_objects_free(&objects);
	np_objects_init(&objects);
	errno = 0;
	if (np_load_buffer(&objects, "world", world, strlen(world), &opts, &err)) {
		np_error_print(stderr, &err);
		net_die("the world cannot be read:\n%s", world);
	}
	for (j = 0; j < objects.pod_count; j++) {
		place[j].local = true;
		place[j].ifindex = net.pod[atoi(objects.pods[j].name + 1)].ifindex;
	}
	if (ask_load(&client, "manual", &objects, place, &err)) {
		np_error_print(stderr, &err);
		net_die("the world cannot be loaded");
	}
	ev = (struct evaluator){ .origin = { &objects }, .origins = 1 };
	rules_choose(number);
}

/* --- what should be --------------------------------------------------------------- */

/* The end that has an address, or ENDS. */
static unsigned int end_of(const struct np_address *address)
{
	unsigned int i;

	for (i = 0; i < ENDS; i++)
		if (net_same_address(address, &ends[i].address[address->family == AF_INET6]))
			break;
	return i;
}

/* May a connection be opened? Ports by index. */
static bool legal(const struct np_address *from, const struct np_address *to, uint8_t protocol,
		  unsigned int port)
{
	struct evaluator_end source = { from, evaluator_owner(&ev, from) };
	struct evaluator_end destination = { to, evaluator_owner(&ev, to) };
	struct evaluator_half egress, ingress;

	return evaluator_judge(&ev, &source, &destination, protocol, noise_port[port], &egress,
			       &ingress);
}

/* ... of any protocol, with any port? */
static bool legal_somehow(const struct np_address *from, const struct np_address *to)
{
	static const uint8_t protocol[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, 253 };
	unsigned int i, port;

	for (i = 0; i < sizeof(protocol); i++)
		for (port = 0; port < NOISE_PORTS; port++)
			if (legal(from, to, protocol[i], port))
				return true;
	return false;
}

static bool *flow(bool table[ENDS][ENDS][256][NOISE_PORTS][NOISE_PORTS], unsigned int from,
		  unsigned int to, const struct noise_packet *p, bool back)
{
	return back ? &table[to][from][p->protocol][p->destination_port][p->source_port] :
		      &table[from][to][p->protocol][p->source_port][p->destination_port];
}

/* May an ICMP error arrive, because of the connection that it quotes? */
static bool quotes_legal(const struct noise_packet *p, const struct np_address *to)
{
	unsigned int client_end = end_of(to), server = end_of(&p->quoted);

	if (client_end == ENDS || server == ENDS || bent[client_end][server] ||
	    bent[server][client_end])
		return legal_somehow(to, &p->quoted) || legal_somehow(&p->quoted, to);
	return (opened[client_end][server][p->quoted_protocol][p->source_port][p->destination_port] &&
		legal(to, &p->quoted, p->quoted_protocol, p->destination_port)) ||
	       (opened[server][client_end][p->quoted_protocol][p->destination_port][p->source_port] &&
		legal(&p->quoted, to, p->quoted_protocol, p->source_port));
}

/* Where a packet goes to after the Service, or ENDS. */
static unsigned int target(const struct sent *s)
{
	if (serviced && net_same_address(&s->packet.destination,
			     &service_address[s->packet.destination.family == AF_INET6]))
		return SERVICE_POD;
	return end_of(&s->packet.destination);
}

/* What is wrong with a packet's coming to its target, or NULL. */
static const char *objection(const struct sent *s)
{
	const struct noise_packet *p = &s->packet;
	unsigned int from = end_of(&p->source), to = target(s);
	const struct np_address *at = &ends[to].address[p->source.family == AF_INET6];

	if (s->forged)
		return "it came in somebody else's name";
	if (untracked) {
		if (p->bent ? legal_somehow(&p->source, at) :
			      legal(&p->source, at, p->protocol, p->destination_port))
			return NULL;
		return "it is denied, and has no entry";
	}
	if (p->quotes && quotes_legal(p, at))
		return NULL;
	if (p->bent || from == ENDS)
		return legal_somehow(&p->source, at) || legal_somehow(at, &p->source) ? NULL :
		       "nothing is allowed between the two";
	if (legal(&p->source, at, p->protocol, p->destination_port))
		return NULL;
	if (*flow(opened, from, to, p, true) && legal(at, &p->source, p->protocol, p->source_port))
		return NULL;
	if (bent[to][from] && legal_somehow(at, &p->source))
		return NULL;
	return "it is denied, and no answer";
}

/* Does it have to arrive? */
static bool is_due(const struct sent *s)
{
	const struct noise_packet *p = &s->packet;
	unsigned int to = target(s);
	bool due = p->opens && s->fresh;

	/* without conntrack nothing is out of order */
	if (untracked)
		due = p->opens || (!p->bent && (p->protocol == IPPROTO_TCP ||
						p->protocol == IPPROTO_SCTP));
	return due && !s->forged && to < ENDS &&
	       ends[to].place != ends[s->from].place &&
	       legal(&p->source, &ends[to].address[p->source.family == AF_INET6], p->protocol,
		     p->destination_port);
}

/* --- packets ------------------------------------------------------------------------ */

static int packet_socket(const struct net_pod *pod)
{
	int fd = net_socket(&net, pod, AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	int size = 32 << 20, on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
		net_die("a packet socket");
	return fd;
}

/* Puts a packet on the wire of a network namespace as it is. */
static void wire(unsigned int place, uint8_t family, const uint8_t *data, size_t size,
		 unsigned int neighbour)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_halen = ETH_ALEN,
		.sll_protocol = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6),
		.sll_ifindex = net.pod[place].inside,
		.sll_addr = { 2, 0, 0, 0, 1, place },
	};

	if (bridged && place >= 1 && place <= PODS) {
		to.sll_addr[4] = neighbour ? 2 : 3;
		to.sll_addr[5] = neighbour;
	}
	if (sendto(tap[place], data, size, 0, (struct sockaddr *)&to, sizeof(to)) !=
	    (ssize_t)size)
		net_die("sending a packet");
}

/* One of these pods' addresses, or another one. */
static struct np_address any_address(bool six)
{
	struct np_address a = { six ? AF_INET6 : AF_INET };

	if (any(8))
		return ends[any(ENDS)].address[six];
	a.addr[0] = six ? 0xfd : 10;
	a.addr[1] = 7 + any(4);
	a.addr[six ? 15 : 3] = any(256);
	return a;
}

static void packet_send(struct sent *s)
{
	struct noise_packet *p = &s->packet;
	unsigned int place, to, i, neighbour = 0;
	bool six = any(2);

	s->arrived = 0;
	s->from = any(ENDS);
	place = ends[s->from].place - net.pod;
	p->number = next_number++;
	p->source = any(6) ? ends[s->from].address[six] : any_address(six);
	p->destination = any(8) ? ends[any(ENDS)].address[six] :
			 any(2) ? service_address[six] : any_address(six);
	p->quoted = any_address(six);
	i = end_of(&p->source);
	to = target(s);
	/* between the others nothing is bent, so that all of their connections are known */
	p->may_bend = i == ENDS || to == ENDS || (i + to) % 3 == 0;
	noise_make(p, &state);
	if (p->bent && !untracked && i < ENDS && to < ENDS)
		bent[i][to] = true;
	/* who is outside may have any address that is no pod's */
	s->forged = place ? i != s->from : i < PODS;
	s->fresh = false;
	if (to < ENDS && !s->forged && !p->bent && !untracked && i < ENDS) {
		s->fresh = !*flow(tried, i, to, p, false) && !*flow(tried, i, to, p, true) &&
			   !bent[i][to] && !bent[to][i];
		*flow(tried, i, to, p, false) = true;
		if (legal(&p->source, &ends[to].address[six], p->protocol, p->destination_port))
			*flow(opened, i, to, p, false) = true;
	}
	if (to < PODS && any(4))
		neighbour = to + 1;
	for (i = 0; i < p->parts; i++)
		wire(place, p->source.family, p->part[i], p->size[i], neighbour);
	count_sent++;
}

/* Is it from the node itself, which quotes what it can't forward? */
static bool from_node(const uint8_t *data, uint8_t family)
{
	static const uint8_t six[] = { 0xfd, 0, 0xff };

	if (family == AF_INET)
		return data[12] == 172 && data[13] == 16;
	return !memcmp(data + 8, six, 3) || (data[8] == 0xfe && (data[9] & 0xc0) == 0x80);
}

static void take(unsigned int place, const uint8_t *data, unsigned int size)
{
	uint32_t number = noise_find(data, size);
	uint8_t family = data[0] >> 4 == 6 ? AF_INET6 : AF_INET;
	struct sent *s = &sent[number % BATCH];

	if (!number || s->packet.number != number)
		return;
	if (from_node(data, family) && noise_is_error(data, size, family))
		return;
	s->arrived |= 1u << place;
	count_arrived++;
}

/* Everything that came; returns whether the fence did. */
static bool receive(uint32_t fence)
{
	struct sockaddr_ll from;
	socklen_t length = sizeof(from);
	uint8_t data[4096];
	unsigned int i;
	bool came = false;
	ssize_t size;

	for (i = 0; i < NET_PODS; i++) {
		if (tap[i] < 0)
			continue;
		while ((size = recvfrom(tap[i], data, sizeof(data), 0, (struct sockaddr *)&from,
					&length)) > 0) {
			/* a bridge floods what is for somebody whom it has not heard of */
			if (from.sll_pkttype == PACKET_OTHERHOST)
				continue;
			if (i == FENCE_TO)
				came |= noise_find(data, size) == fence;
			else
				take(i, data, size);
		}
	}
	return came;
}

/* Packets keep their order on one processor: what is before the fence has come. */
static void fence_pass(void)
{
	struct noise_packet p = {
		.source = { AF_INET, { 172, 31, 255, 1 } },
		.destination = { AF_INET, { 172, 31, 255, 2 } },
	};
	time_t deadline = time(NULL) + 60;

	p.number = next_number++;
	do {
		noise_make(&p, &state);
	} while (!p.opens || p.bent || p.parts != 1);
	wire(FENCE_FROM, AF_INET, p.part[0], p.size[0], 0);
	while (!receive(p.number)) {
		errno = 0;
		if (time(NULL) > deadline)
			net_die("the fence does not come through");
		sched_yield();
	}
	receive(0);
}

static void complain(const struct sent *s, const char *what)
{
	const struct noise_packet *p = &s->packet;
	char from[NP_CIDR_TEXT], to[NP_CIDR_TEXT];
	unsigned int i, j;

	if (wrong++ >= TOLD)
		return;
	printf("packet %u from p%u: %s to %s, protocol %u, ports %u and %u, %u parts%s%s%s: %s "
	       "(arrived at %x)\n", p->number, s->from + 1, np_address_text(&p->source, from),
	       np_address_text(&p->destination, to), p->protocol, noise_port[p->source_port],
	       noise_port[p->destination_port], p->parts, p->bent ? ", bent" : "",
	       p->quotes ? ", quotes" : "", serviced ? ", with the Service" :
	       untracked ? ", without conntrack" : "", what, s->arrived);
	for (i = 0; i < p->parts; i++) {
		for (j = 0; j < p->size[i] && j < 96; j++)
			printf("%02x%s", p->part[i][j], j % 4 == 3 ? " " : "");
		putchar('\n');
	}
}

static void judge(const struct sent *s)
{
	unsigned int to = target(s), place = to < ENDS ? ends[to].place - net.pod : 0;
	unsigned int strangers = s->arrived & ~1u;
	const char *what;

	if (s->packet.control)
		return;
	if (to < ENDS)
		strangers &= ~(1u << place);
	if (strangers) {
		complain(s, "it came to a pod that it was not for");
		return;
	}
	if (to < ENDS && s->arrived >> place & 1 && ends[s->from].place != ends[to].place) {
		what = objection(s);
		if (what)
			complain(s, what);
	}
	if (!is_due(s))
		return;
	count_due++;
	if (!(s->arrived >> place & 1))
		complain(s, "it is allowed, and did not arrive");
}

static void run_world(unsigned long number, unsigned long packets)
{
	unsigned long before = wrong;
	unsigned int i;

	world_make(number);
	while (packets) {
		unsigned int n = packets < BATCH ? packets : BATCH;

		for (i = 0; i < n; i++)
			packet_send(&sent[next_number % BATCH]);
		fence_pass();
		for (i = 0; i < BATCH; i++) {
			if (sent[i].packet.number)
				judge(&sent[i]);
			sent[i].packet.number = 0;
		}
		packets -= n;
	}
	if (wrong > before && before < TOLD)
		printf("the world was:\n%s\n", world);
}

/* Pods take what comes and answer nothing, or their answers would be taken for packets. */
static void pods_silence(void)
{
	char text[256];
	unsigned int i;

	for (i = 0; i <= PODS; i++) {
		snprintf(text, sizeof(text), "ip netns exec p%u nft -f -", i);
		net_run(text, "table inet silent { chain in { type filter hook prerouting priority -500; "
		    "policy drop; }\n}\n");
	}
}

/* Returns true if something was wrong, or if hardly anything had to arrive. */
static bool run_worlds(unsigned long worlds, unsigned long packets)
{
	unsigned long i;

	count_sent = count_arrived = count_due = wrong = 0;
	for (i = 0; i < worlds && wrong < TOLD; i++) {
		if (i % 4 == 0)
			connections_forget();
		run_world(i, packets);
	}
	printf("%lu packets in %lu worlds, %lu arrived, %lu had to\n", count_sent, i, count_arrived,
	       count_due);
	printf("random packets%s: %lu verdicts compared, %lu mismatches\n",
	       bridged ? " on a bridge" : "", count_sent, wrong);
	return wrong || count_due < count_sent / 50;
}

int main(int argc, char **argv)
{
	struct np_address fence[2] = {
		{ AF_INET, { 172, 31, 255, 1 } }, { AF_INET, { 172, 31, 255, 2 } },
	};
	const struct np_address *one;
	unsigned long worlds, packets;
	unsigned int i;
	cpu_set_t cpu;
	bool failed;

	if (argc != 4) {
		fputs("usage: noise SEED WORLDS PACKETS\n", stderr);
		return 2;
	}
	state = strtoull(argv[1], NULL, 0) * 0x2545f4914f6cdd1dULL + 1;
	worlds = strtoul(argv[2], NULL, 0);
	packets = strtoul(argv[3], NULL, 0);
	/* on one processor packets keep their order */
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		net_die("setting up");
	ask_begin(&client);
	net_begin(&net);
	np_objects_init(&objects);
	ends_make();
	for (i = 0; i < 2; i++) {
		one = &fence[i];
		net_assign(&net, &net.pod[FENCE_FROM + i], &one, 1);
	}
	pods_silence();
	for (i = 0; i < NET_PODS; i++)
		tap[i] = i <= PODS || i >= FENCE_FROM ? packet_socket(&net.pod[i]) : -1;
	failed = run_worlds(worlds, packets);
	bridge_begin();
	failed |= run_worlds(worlds, packets);
	return failed;
}
