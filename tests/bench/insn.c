// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instructions a packet, in the guest of tests/bench/insn.sh: loads one cluster after the
 * other, sends packets through netpol's hooks by netpol_bench.ko, checks each verdict and
 * prints a line of JSON for each kind of packet.
 *
 *	insn short|full|one [NAME=VALUE...]
 *
 * Clusters differ from the base in one size each; corners in all of them.
 */
#include "../selftests/netpol_net.h"
#include "insn.h"

#define PEERS		32	/* peers that each kind of packet is measured with */
#define APPS		60	/* values of the label "app" that policies name */
#define APPS_ALL	64
#define TEAMS		10
#define LOCALS_MAX	250
#define SUBJECTS	4	/* pods that the policies in question select, turn and turn about */

/**
 * struct world - the sizes of a cluster
 * @policies: that select the pod in question
 * @cluster: in all
 * @pods: in all, each with an IPv4 and an IPv6 address
 * @cidrs: blocks in a policy of the pod, of each family, half of them with an except
 * @ports: port items of a rule; 0: every port
 * @locals: pods on this node
 * @scattered: addresses all over a /12, blocks of all lengths; else a /24 per node
 * @guards: the prefixes of the node's pods are guarded, unknown=deny
 * @quick: part of the short form
 * @admins: cluster-wide policies of the Admin tier that select the pod, and do not decide about the
 *	packets that are sent
 * @passes: another one passes every packet of a pod on to the NetworkPolicies
 */
struct world {
	unsigned int policies;
	unsigned int cluster;
	unsigned int pods;
	unsigned int cidrs;
	unsigned int ports;
	unsigned int locals;
	unsigned int scattered;
	unsigned int guards;
	unsigned int quick;
	unsigned int admins;
	unsigned int passes;
};

static const struct world worlds[] = {
	/* policies, cluster, pods, cidrs, ports, locals, scattered, guards, quick */
	{ 10, 1000, 10000, 0, 1, 30, 0, 0, 1 },
	{ 1, 1000, 10000, 0, 1, 30, 0, 0, 0 },
	{ 100, 1000, 10000, 0, 1, 30, 0, 0, 0 },
	{ 1000, 1000, 10000, 0, 1, 30, 0, 0, 1 },
	{ 10, 10, 10000, 0, 1, 30, 0, 0, 0 },
	{ 10, 100, 10000, 0, 1, 30, 0, 0, 0 },
	{ 10, 10000, 10000, 0, 1, 30, 0, 0, 0 },
	{ 10, 30000, 10000, 0, 1, 30, 0, 0, 0 },
	{ 10, 1000, 1000, 0, 1, 30, 0, 0, 0 },
	{ 10, 1000, 30000, 0, 1, 30, 0, 0, 0 },
	{ 10, 1000, 150000, 0, 1, 30, 0, 0, 0 },
	{ 10, 1000, 10000, 1, 1, 30, 0, 0, 0 },
	{ 10, 1000, 10000, 100, 1, 30, 0, 0, 0 },
	{ 10, 1000, 10000, 10000, 1, 30, 0, 0, 1 },
	{ 10, 1000, 10000, 10000, 1, 30, 1, 0, 0 },
	{ 10, 1000, 10000, 0, 0, 30, 0, 0, 0 },
	{ 10, 1000, 10000, 0, 16, 30, 0, 0, 0 },
	{ 10, 1000, 10000, 0, 1, 110, 0, 0, 0 },
	{ 10, 1000, 10000, 0, 1, 250, 0, 0, 0 },
	{ 10, 1000, 10000, 0, 1, 30, 1, 0, 0 },
	{ 10, 1000, 10000, 0, 1, 30, 0, 1, 1 },
	{ 1, 10, 1000, 0, 1, 30, 0, 0, 1 },
	{ 1000, 30000, 150000, 0, 1, 250, 1, 0, 0 },
	{ 1000, 30000, 150000, 10000, 16, 250, 1, 1, 0 },
	{ 10, 1000, 10000, 0, 1, 30, 0, 0, 0, .admins = 1 },
	{ 10, 1000, 10000, 0, 1, 30, 0, 0, 0, .admins = 10 },
	{ 10, 1000, 10000, 0, 1, 30, 0, 0, 1, .admins = 1000 },
	{ 10, 1000, 10000, 0, 1, 30, 0, 0, 0, .admins = 1, .passes = 1 },
	{ 10, 1000, 10000, 0, 1, 30, 0, 0, 1, .admins = 1000, .passes = 1 },
};

/* An address of either family, as text and as bytes. */
struct address {
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
};

static struct nl nl;
static int proc = -1;
static unsigned int uplink, device[LOCALS_MAX];
static unsigned int peers = PEERS;
static int kind = -1;
static bool failed;

static void die(const char *what)
{
	fprintf(stderr, "insn: %s: %s%s%s\n", what, strerror(errno),
		nl.ack.has_text ? ": " : "", nl.ack.has_text ? nl.ack.text : "");
	exit(1);
}

/* A permutation of 20 bits, the same for ever. */
static unsigned int scatter(unsigned int i)
{
	return (i * 0x9e375u + 0x3039u) & 0xfffffu;
}

static void set4(struct address *a, unsigned int value)
{
	unsigned int n = htonl(value);

	memcpy(a->bytes, &n, sizeof(n));
	inet_ntop(AF_INET, a->bytes, a->text, sizeof(a->text));
}

static void set6(struct address *a, unsigned int high, unsigned int subnet, unsigned int low)
{
	unsigned int word[4] = { htonl(high), htonl(subnet), 0, htonl(low) };

	memcpy(a->bytes, word, sizeof(word));
	inet_ntop(AF_INET6, a->bytes, a->text, sizeof(a->text));
}

/* Pods are numbered, local ones first, and of these the subjects. */
static void pod_address(const struct world *w, unsigned int pod, bool v6, struct address *a)
{
	unsigned int node = 0, at = pod;

	if (pod >= w->locals) {
		node = 1 + (pod - w->locals) / 110;
		at = (pod - w->locals) % 110;
	}
	if (w->scattered && v6)
		set6(a, 0xfd000000, scatter(pod), scatter(pod + 7));
	else if (w->scattered)
		set4(a, 0x0a100000 | scatter(pod));
	else if (v6)
		set6(a, 0xfd000000, node, at + 2);
	else
		set4(a, 0x0a010000 + (node << 8) + at + 2);
}

static unsigned int namespaces(const struct world *w)
{
	unsigned int n = w->pods / 1000;

	return n < TEAMS ? TEAMS : n;
}

static unsigned int pod_ns(const struct world *w, unsigned int pod)
{
	return pod < SUBJECTS ? 0 : pod % namespaces(w);
}

/* A quarter are what the first policy lets in, or would, from other teams' namespaces. */
static unsigned int pod_app(const struct world *w, unsigned int pod)
{
	unsigned int i = pod / namespaces(w);

	if (pod < w->locals)
		return pod % TEAMS ? 1 + pod % (APPS - 1) : 0;
	return i % 4 ? 1 + (i / 4 * 3 + i % 4 - 1) % (APPS_ALL - 1) : 0;
}

/* Where IPv4 block number @i begins; host bits may be set. */
static unsigned int block_base(const struct world *w, unsigned int i, unsigned int *length)
{
	*length = w->scattered ? 16 + i % 9 : 24;
	return w->scattered ? 0x40000000 + scatter(i) * 0x400 : 0x64400000 + (i << 8);
}

/* Is an IPv4 address in a block, and not in its except? Scattered ones overlap. */
static bool in_block(const struct world *w, const struct address *a)
{
	unsigned int address, base, length, i;

	memcpy(&address, a->bytes, sizeof(address));
	address = ntohl(address);
	for (i = 0; i < w->cidrs; i++) {
		base = block_base(w, i, &length);
		if ((address ^ base) >> (32 - length) == 0 &&
		    !(i % 2 && (address >> (30 - length) & 3) == 3))
			return true;
	}
	return false;
}

/* Block number @i; @inside: an address in it, or, @except, in its except. */
static void block(const struct world *w, unsigned int i, bool v6, char *prefix, char *except,
		  struct address *inside, bool in_except)
{
	unsigned int length, base = block_base(w, i, &length), bit = in_except ? 1 : 0;
	struct address a;

	if (v6) {
		length += 24;
		set6(&a, 0x20010000 | base >> 16, base << 16, 0);
		sprintf(prefix, "%s/%u", a.text, length);
		/* the upper quarter of the block */
		set6(&a, 0x20010000 | base >> 16, base << 16 | 3u << (64 - length - 2), 0);
		sprintf(except, "%s/%u", a.text, length + 2);
		set6(inside, 0x20010000 | base >> 16,
		     base << 16 | (bit ? 3u << (64 - length - 2) : 0), 77);
	} else {
		base &= ~0U << (32 - length);
		set4(&a, base);
		sprintf(prefix, "%s/%u", a.text, length);
		set4(&a, base | 3u << (32 - length - 2));
		sprintf(except, "%s/%u", a.text, length + 2);
		set4(inside, base | (bit ? 3u << (32 - length - 2) : 0) | 7);
	}
}

/* Each port for all protocols. */
static void load_ports(struct txn *t, const struct world *w, unsigned int first)
{
	static const unsigned char protocol[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	unsigned int i;

	for (i = 0; i < w->ports * 3; i++)
		t_port(t, protocol[i % 3], first + i / 3 * 100, i > 2 ? first + i / 3 * 100 + 9 : 0,
		       NULL);
}

static void load_policy(struct txn *t, const struct world *w, const char *name,
			const char *subject, unsigned int peer, unsigned int port)
{
	char app[32], team[32];
	unsigned int direction;

	sprintf(app, "app=a%u", peer % APPS);
	sprintf(team, "team=t%u", peer / APPS % TEAMS);
	t_policy(t, name, subject, INGRESS | EGRESS);
	for (direction = 0; direction < NETPOL_DIRECTIONS; direction++) {
		t_rule(t, direction);
		t_peer(t, team, app);
		load_ports(t, w, port);
	}
}

static void load_blocks(struct txn *t, const struct world *w)
{
	char prefix[64], except[64];
	unsigned int direction, i, v6;
	struct address inside;

	t_policy(t, "n0/blocks", "role=subject", INGRESS | EGRESS);
	for (direction = 0; direction < NETPOL_DIRECTIONS; direction++) {
		t_rule(t, direction);
		for (i = 0; i < w->cidrs; i++)
			for (v6 = 0; v6 < 2; v6++) {
				block(w, i, v6, prefix, except, &inside, false);
				t_block(t, prefix);
				if (i % 2)
					t_except(t, except);
			}
		load_ports(t, w, 80);
	}
}

/* A cluster-wide policy of the Admin tier, on the subjects, with one peer in each direction. */
static void load_admin(struct txn *t, unsigned int number, uint8_t action, const char *namespaces)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_POLICY);
	unsigned int direction;
	char name[32];

	sprintf(name, "admin%u", number);
	put_u8(m, NETPOL_POLICY_A_KIND, NETPOL_KIND_CLUSTER_NETWORK_POLICY);
	put_str(m, NETPOL_POLICY_A_NAME, name);
	put_selector(m, NETPOL_POLICY_A_SUBJECT, "role=subject");
	put_selector(m, NETPOL_POLICY_A_SUBJECT_NAMESPACES, "");
	put_u8(m, NETPOL_POLICY_A_TIER, NETPOL_TIER_ADMIN);
	put_u16(m, NETPOL_POLICY_A_PRIORITY, number);
	put_u8(m, NETPOL_POLICY_A_DIRECTIONS, INGRESS | EGRESS);
	nest_end(m, at);
	for (direction = 0; direction < NETPOL_DIRECTIONS; direction++) {
		m = txn_room(t);
		at = nest(m, NETPOL_A_RULE);
		put_u8(m, NETPOL_RULE_A_DIRECTION, direction);
		put_u8(m, NETPOL_RULE_A_ACTION, action);
		nest_end(m, at);
		t_peer(t, namespaces, NULL);
	}
}

static void load_admins(struct txn *t, const struct world *w)
{
	char evil[32];
	unsigned int i;

	for (i = 0; i < w->admins; i++) {
		sprintf(evil, "team=evil%u", i);
		load_admin(t, i, NETPOL_ACTION_DENY, evil);
	}
	if (w->passes)
		load_admin(t, w->admins, NETPOL_ACTION_PASS, "");
}

static void load_settings(struct txn *t, const struct world *w)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_SETTINGS);

	if (w->guards) {
		put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "10.1.0.0/24");
		put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "fd00::/64");
	}
	nest_end(m, at);
}

static void load_pods(struct txn *t, const struct world *w)
{
	struct address v4, v6;
	char name[64], text[64];
	unsigned int i;

	for (i = 0; i < namespaces(w); i++) {
		sprintf(name, "n%u", i);
		sprintf(text, "team=t%u", i % TEAMS);
		t_namespace(t, name, text);
	}
	for (i = 0; i < APPS_ALL; i++) {
		sprintf(text, "app=a%u", i);
		t_labels(t, i + 1, text, NULL);
	}
	t_labels(t, APPS_ALL + 1, "app=a0,role=subject", NULL);
	for (i = 0; i < w->pods; i++) {
		struct pod pod = {
			.name = name,
			.labels = i < SUBJECTS ? APPS_ALL + 1 : pod_app(w, i) + 1,
			.address = { v4.text, v6.text },
			.flags = i < w->locals ? LOCAL : REMOTE,
			.ifindex = i < w->locals ? device[i] : 0,
		};

		pod_address(w, i, false, &v4);
		pod_address(w, i, true, &v6);
		sprintf(name, "n%u/p%u", pod_ns(w, i), i);
		t_pod(t, &pod);
	}
}

static void load(const struct world *w)
{
	char name[64], subject[32];
	unsigned int i, left;
	struct txn t;

	if (txn_begin(&t, &nl, "bench", NETPOL_FLAG_FULL))
		die("TXN_BEGIN");
	load_settings(&t, w);
	load_pods(&t, w);
	for (i = 0; i < w->policies; i++) {
		sprintf(name, "n0/on%u", i);
		load_policy(&t, w, name, "role=subject", i, 80);
	}
	if (w->cidrs)
		load_blocks(&t, w);
	load_admins(&t, w);
	left = w->cluster > w->policies ? w->cluster - w->policies : 0;
	for (i = 0; i < left; i++) {
		sprintf(name, "n%u/c%u", i % namespaces(w), i);
		sprintf(subject, "app=a%u", 1 + i % (APPS - 1));
		load_policy(&t, w, name, subject, i * 7, 8000);
	}
	errno = -txn_commit(&t);
	if (errno)
		die("commit");
}

/* Which flow, between a subject and what. */
enum whom {
	ALLOWED,	/* remote pods that a policy names */
	EACH,		/* remote pods, of which another policy names each */
	DENIED,		/* remote pods that none names */
	BLOCK,		/* addresses in a block */
	EXCEPTED,	/* addresses in an except */
	STRANGER,	/* addresses that nobody names */
	NEIGHBOUR,	/* local pods that a policy names, and that let it in */
};

/**
 * struct kind - a kind of packet
 * @name: for people
 * @whom: the other end
 * @egress: the subject opens; else the other end does
 * @state: enum netpol_bench_state
 * @accepted: the verdict to expect; of ICMP where the rules have no ports, else it is denied
 * @protocol: IPPROTO_*, for either family; 0: TCP
 * @node: the other end is the node itself, so the hook is that at LOCAL_IN
 */
struct kind {
	const char *name;
	enum whom whom;
	bool egress;
	uint8_t state;
	bool accepted;
	unsigned char protocol;
	bool node;
};

#define UNTRACKED	NETPOL_BENCH_UNTRACKED
#define NEW		NETPOL_BENCH_NEW
#define ORIGINAL	NETPOL_BENCH_ORIGINAL
#define REPLY		NETPOL_BENCH_REPLY

static const struct kind kinds[] = {
	{ "new, allowed", ALLOWED, false, NEW, true },
	{ "new, denied", DENIED, false, NEW, false },
	{ "by any policy, new, allowed", EACH, false, NEW, true },
	{ "established", ALLOWED, false, ORIGINAL, true },
	{ "established, reply", ALLOWED, false, REPLY, true },
	{ "established, denied", DENIED, false, ORIGINAL, false },
	{ "new from the pod, allowed", ALLOWED, true, NEW, true },
	{ "new from the pod, denied", DENIED, true, NEW, false },
	{ "established from the pod", ALLOWED, true, ORIGINAL, true },
	{ "established from the pod, reply", ALLOWED, true, REPLY, true },
	{ "UDP, new, allowed", ALLOWED, false, NEW, true, .protocol = IPPROTO_UDP },
	{ "UDP, new, denied", DENIED, false, NEW, false, .protocol = IPPROTO_UDP },
	{ "UDP, established, reply", ALLOWED, false, REPLY, true, .protocol = IPPROTO_UDP },
	{ "untracked, allowed", ALLOWED, false, UNTRACKED, true },
	{ "untracked from the pod, denied", DENIED, true, UNTRACKED, false },
	{ "untracked UDP, allowed", ALLOWED, false, UNTRACKED, true, .protocol = IPPROTO_UDP },
	{ "untracked from outside, denied", STRANGER, false, UNTRACKED, false },
	{ "ICMP, new", ALLOWED, false, NEW, true, .protocol = IPPROTO_ICMP },
	{ "ICMP, reply", ALLOWED, false, REPLY, true, .protocol = IPPROTO_ICMP },
	{ "ICMP, untracked from the pod, denied", DENIED, true, UNTRACKED, false,
	  .protocol = IPPROTO_ICMP },
	{ "SCTP, new, allowed", ALLOWED, false, NEW, true, .protocol = IPPROTO_SCTP },
	{ "SCTP, new, denied", DENIED, false, NEW, false, .protocol = IPPROTO_SCTP },
	{ "SCTP, established", ALLOWED, false, ORIGINAL, true, .protocol = IPPROTO_SCTP },
	{ "SCTP, established, reply", ALLOWED, false, REPLY, true, .protocol = IPPROTO_SCTP },
	{ "SCTP, established, denied", DENIED, false, ORIGINAL, false,
	  .protocol = IPPROTO_SCTP },
	{ "new from outside, denied", STRANGER, false, NEW, false },
	{ "CIDR, new, allowed", BLOCK, false, NEW, true },
	{ "CIDR, established", BLOCK, false, ORIGINAL, true },
	{ "CIDR, new to it, allowed", BLOCK, true, NEW, true },
	{ "CIDR, new, excepted", EXCEPTED, false, NEW, false },
	{ "CIDR, to the node, new, allowed", BLOCK, true, NEW, true, .node = true },
	{ "to the node, new, denied", STRANGER, true, NEW, false, .node = true },
	{ "to the node, reply to it", STRANGER, false, REPLY, true, .node = true },
	{ "to the node, untracked UDP, denied", STRANGER, true, UNTRACKED, false,
	  .protocol = IPPROTO_UDP, .node = true },
	{ "between pods of the node, new, allowed", NEIGHBOUR, false, NEW, true },
	{ "between pods of the node, established", NEIGHBOUR, false, ORIGINAL, true },
};

/* The n-th of a kind's other ends: its address and its interface; false: no more. */
static bool other_end(const struct world *w, enum whom whom, unsigned int n, bool v6,
		      struct address *a, unsigned int *interface)
{
	static unsigned int pod;
	char prefix[64], except[64];
	unsigned int step, i;

	*interface = uplink;
	switch (whom) {
	case STRANGER:
		if (v6)
			set6(a, 0x20020000, n, n * 77);
		else
			set4(a, 0xc6120000 + n * 259);
		return true;
	case BLOCK:
	case EXCEPTED:
		if (n >= w->cidrs || (whom == EXCEPTED && w->cidrs < 2))
			return false;
		step = w->cidrs / PEERS ? w->cidrs / PEERS : 1;
		i = n * step;
		if (whom == EXCEPTED)
			i |= 1;
		for (; i < w->cidrs; i += 2) {
			block(w, i, v6, prefix, except, a, whom == EXCEPTED);
			if (v6 || whom == BLOCK || !in_block(w, a))
				return true;
		}
		return false;
	case EACH:
		/* as load() has it, what policy number i names */
		step = w->policies / PEERS ? w->policies / PEERS : 1;
		i = n * step;
		if (i >= w->policies)
			return false;
		for (pod = w->locals + n * 97; pod < w->pods; pod++)
			if (pod_app(w, pod) == i % APPS &&
			    pod_ns(w, pod) % TEAMS == i / APPS % TEAMS)
				break;
		if (pod >= w->pods)
			return false;
		break;
	case NEIGHBOUR:
		/* in a namespace of team t0, with app=a0, and none of the cluster's policies */
		if (!n)
			pod = SUBJECTS - 1;
		for (pod++; pod < w->locals; pod++)
			if (!pod_app(w, pod) && pod_ns(w, pod) % TEAMS == 0)
				break;
		if (pod >= w->locals)
			return false;
		*interface = device[pod];
		break;
	default:
		if (!n)
			pod = w->locals;
		/* spread over all of them */
		step = (w->pods - w->locals) / (PEERS * 2);
		for (pod += step > 100 ? step - 100 : 0; pod < w->pods; pod++)
			if (whom == DENIED ? pod_app(w, pod) >= APPS :
			    !pod_app(w, pod) && pod_ns(w, pod) % TEAMS == 0)
				break;
		if (pod >= w->pods)
			return false;
		pod_address(w, pod++, v6, a);
		return true;
	}
	pod_address(w, pod, v6, a);
	return true;
}

static bool measure(struct netpol_bench_packet *p)
{
	if (write(proc, p, sizeof(*p)) != sizeof(*p) || read(proc, p, sizeof(*p)) != sizeof(*p)) {
		fprintf(stderr, "insn: /proc/%s: %s\n", NETPOL_BENCH_PROC, strerror(errno));
		return false;
	}
	return true;
}

static void report(const struct world *w, const struct kind *k, bool v6, unsigned int n,
		   uint64_t min, uint64_t sum, uint64_t max)
{
	char admins[64] = "";

	if (w->admins)
		sprintf(admins, ",\"admins\":%u,\"passes\":%s", w->admins,
			w->passes ? "true" : "false");
	printf("{\"name\":\"packet\",\"params\":{\"kind\":\"%s\",\"family\":\"%s\","
	       "\"policies\":%u,\"cluster\":%u,\"pods\":%u,\"cidrs\":%u,\"ports\":%u,"
	       "\"locals\":%u,\"addresses\":\"%s\",\"guards\":%s%s},\"value\":%.1f,"
	       "\"unit\":\"instructions\",\"min\":%llu,\"max\":%llu,\"peers\":%u}\n",
	       k->name, v6 ? "v6" : "v4", w->policies, w->cluster, w->pods, w->cidrs, w->ports,
	       w->locals, w->scattered ? "scattered" : "dense", w->guards ? "true" : "false", admins,
	       (double)sum / n, (unsigned long long)min, (unsigned long long)max, n);
}

static unsigned char protocol_of(const struct kind *k, bool v6)
{
	if (k->protocol == IPPROTO_ICMP && v6)
		return IPPROTO_ICMPV6;
	return k->protocol ?: IPPROTO_TCP;
}

static void run_kind(const struct world *w, const struct kind *k, bool v6)
{
	uint64_t min = ~0ULL, max = 0, sum = 0;
	struct address subject, other;
	unsigned int interface, n;

	for (n = 0; n < peers && other_end(w, k->whom, n, v6, &other, &interface); n++) {
		bool accepted = k->accepted && (k->protocol != IPPROTO_ICMP || !w->ports);
		bool back = k->state == NETPOL_BENCH_REPLY;
		unsigned int at = device[n % SUBJECTS];
		struct netpol_bench_packet p = {
			.family = v6 ? AF_INET6 : AF_INET,
			.protocol = protocol_of(k, v6),
			.state = k->state,
			.local_in = k->node,
			.source_port = 40000 + n,
			.port = 80 + 100 * (w->ports ? n % w->ports : n),
			.in = k->egress != back ? at : interface,
			.out = k->egress == back ? at : k->node ? 0 : interface,
		};

		pod_address(w, n % SUBJECTS, v6, &subject);
		memcpy(p.source, k->egress ? subject.bytes : other.bytes, 16);
		memcpy(p.destination, k->egress ? other.bytes : subject.bytes, 16);
		if (!measure(&p)) {
			failed = true;
			return;
		}
		if (p.accepted != accepted) {
			fprintf(stderr, "insn: %s, %s: %s was %s\n", k->name, v6 ? "v6" : "v4",
				other.text, p.accepted ? "accepted" : "denied");
			failed = true;
		}
		if (p.instructions < min)
			min = p.instructions;
		if (p.instructions > max)
			max = p.instructions;
		sum += p.instructions;
	}
	if (n)
		report(w, k, v6, n, min, sum, max);
}

static void run_world(const struct world *w)
{
	unsigned int i, v6;

	load(w);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (v6 = 0; v6 < 2 && (kind < 0 || kind == (int)i); v6++)
			run_kind(w, &kinds[i], v6);
	fflush(stdout);
}

static void make_devices(void)
{
	char name[32];
	unsigned int i;

	if (sh("(echo link add uplink type dummy; for i in $(seq 0 %u); do "
	       "echo link add pod$i type dummy; done) | ip -batch -", LOCALS_MAX - 1))
		die("no dummy interfaces");
	uplink = if_nametoindex("uplink");
	for (i = 0; i < LOCALS_MAX; i++) {
		sprintf(name, "pod%u", i);
		device[i] = if_nametoindex(name);
		if (!device[i])
			die(name);
	}
}

/* One cluster, which differs from the base in what the arguments say. */
static void run_one(char **args)
{
	struct world w = worlds[0];
	unsigned int value;
	char name[32];

	for (; *args; args++) {
		if (sscanf(*args, "%31[a-z]=%u", name, &value) != 2)
			name[0] = '\0';
		if (!strcmp(name, "policies"))
			w.policies = value;
		else if (!strcmp(name, "cluster"))
			w.cluster = value;
		else if (!strcmp(name, "pods"))
			w.pods = value;
		else if (!strcmp(name, "cidrs"))
			w.cidrs = value;
		else if (!strcmp(name, "ports"))
			w.ports = value;
		else if (!strcmp(name, "locals"))
			w.locals = value;
		else if (!strcmp(name, "scattered"))
			w.scattered = value;
		else if (!strcmp(name, "guards"))
			w.guards = value;
		else if (!strcmp(name, "admins"))
			w.admins = value;
		else if (!strcmp(name, "passes"))
			w.passes = value;
		else if (!strcmp(name, "peers"))
			peers = value;
		else if (!strcmp(name, "kind"))
			kind = value;
		else
			die(*args);
	}
	run_world(&w);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && !strcmp(argv[1], "short");
	unsigned int i;

	make_devices();
	proc = open("/proc/" NETPOL_BENCH_PROC, O_RDWR | O_CLOEXEC);
	if (proc < 0)
		die("/proc/" NETPOL_BENCH_PROC);
	if (nl_open(&nl))
		die("netlink");
	if (argc > 1 && !strcmp(argv[1], "one")) {
		run_one(argv + 2);
		return failed;
	}
	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
		if (!quick || worlds[i].quick)
			run_world(&worlds[i]);
	return failed;
}
