// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Truth tables by real packets: for a seeded sample of each step's verdicts, connections
 * between network namespaces, through the loaded module. All pods are on one node.
 *
 *   packets SEED COUNT FILE...	COUNT verdicts of each step
 *
 * What is allowed has to be answered. What is denied has to be counted by the module as
 * denied, and not answered. A step after the first of its case also sends on the
 * connections that were left open before it: today's policy holds for them too.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>

#include "../evaluator/random.h"
#include "ask.h"
#include "table.h"
#include "flow.h"
#include "net.h"

#define ATTEMPTS	2048

/* The last two network namespaces are the ends of the control connection. */
#define CONTROL		(NET_PODS - 2)

/*
 * What does not come is given up only after this many seconds and this many exchanges on a
 * connection that works: the clock of an emulated machine may run as it likes.
 */
#define DEADLINE	10
#define EXCHANGES	200

/**
 * struct attempt - a connection and what becomes of it
 * @flow: connection
 * @source: address, for a later step
 * @destination: the same
 * @service: by way of a Service
 * @held: was open before this step
 * @allowed: what the table says
 * @text: who to whom
 */
struct attempt {
	struct flow flow;
	struct np_address source;
	struct np_address destination;
	uint8_t protocol;
	uint16_t port;
	const struct net_pod *from;
	const struct net_pod *to;
	bool service;
	bool held;
	bool allowed;
	char text[400];
};

/**
 * struct packets - of the whole run
 * @client: the module
 * @net: network namespaces
 * @random: state of the generator
 * @count: verdicts of a step
 * @control: a connection of nobody's pods, which always works
 * @attempt: of this step; connections of the step before first
 * @attempts: how many
 * @pod: by row of this step, or NULL where nothing can be sent
 * @tag: tags that a sampled step has
 * @sampled, @services, @held: verdicts by kind
 */
struct packets {
	struct np_client client;
	struct net net;
	uint64_t random;
	unsigned int count;
	struct flow control;
	struct attempt *attempt[ATTEMPTS];
	unsigned int attempts;
	struct net_pod *pod[TABLE_ENDS];
	const char *tag[512];
	bool tag_sent[512];
	unsigned int tags;
	unsigned long sampled, services, held, denied;
	unsigned long by_protocol[256];
	unsigned int wrong;
};

/* Packets that the module has denied so far. */
static uint64_t denied(struct packets *p)
{
	struct np_counter_list list = {};
	struct np_error err = {};
	uint64_t sum = 0;
	size_t i;

	if (np_counters_get(&p->client, false, &list, &err)) {
		np_error_print(stderr, &err);
		exit(2);
	}
	for (i = 0; i < list.count; i++)
		if (list.item[i].kind == NP_COUNTERS_TOTAL)
			sum += np_counter(&list.item[i], NETPOL_COUNTERS_A_INGRESS_DENIED) +
			       np_counter(&list.item[i], NETPOL_COUNTERS_A_EGRESS_DENIED);
	np_counters_free(&list);
	return sum;
}

static bool has_address(const struct net_pod *pod, const struct np_address *address)
{
	unsigned int i;

	for (i = 0; i < pod->count; i++)
		if (!memcmp(&pod->address[i], address, sizeof(*address)))
			return true;
	return false;
}

/* A network namespace for the pod of a row: rather one that has its address already. */
static struct net_pod *choose(struct packets *p, const struct np_pod *owner,
			      const struct np_address *address)
{
	struct net_pod *best = NULL;
	unsigned int i;

	for (i = 1; i < CONTROL; i++) {
		struct net_pod *pod = &p->net.pod[i];

		if (pod->owner == owner)
			return pod;
		if (!pod->owner && (!best || has_address(pod, address)))
			best = pod;
	}
	errno = 0;
	if (!best)
		net_die("more than %d pods in a table", CONTROL - 1);
	best->owner = owner;
	return best;
}

/* Rows to network namespaces; what belongs to no pod is outside. */
static void place_rows(struct packets *p, const struct table *t)
{
	const struct np_address *address[TABLE_ENDS];
	unsigned int i, j, n;

	for (i = 0; i < NET_PODS; i++)
		p->net.pod[i].owner = NULL;
	for (i = 0; i < t->ends; i++) {
		p->pod[i] = NULL;
		if (!net_routable(&t->address[i]))
			continue;
		p->pod[i] = &p->net.pod[0];
		if (t->end[i].pod && table_is_here(t, t->end[i].pod))
			p->pod[i] = choose(p, t->end[i].pod, &t->address[i]);
	}
	/* an address may change hands: first away, then to */
	for (n = 0; n < 2 * CONTROL; n++) {
		struct net_pod *pod = &p->net.pod[n % CONTROL];
		unsigned int count = 0;

		for (i = 0; i < t->ends; i++) {
			if (p->pod[i] != pod || (n < CONTROL && !has_address(pod, &t->address[i])))
				continue;
			for (j = 0; j < count; j++)
				if (!memcmp(address[j], &t->address[i], sizeof(**address)))
					break;
			address[j] = &t->address[i];
			count += j == count;
		}
		net_assign(&p->net, pod, address, count);
	}
}

static void load(struct packets *p, const struct table *t)
{
	struct np_placement *place = np_xcalloc(t->objs.pod_count + 1, sizeof(*place));
	struct np_error err = {};
	unsigned int i;
	size_t j;

	for (j = 0; j < t->objs.pod_count; j++) {
		place[j].local = table_is_here(t, &t->objs.pods[j]);
		for (i = 1; i < NET_PODS; i++)
			if (p->net.pod[i].owner == &t->objs.pods[j])
				place[j].ifindex = p->net.pod[i].ifindex;
	}
	if (ask_ranges(&p->client, t->range, t->ranges, NULL, &err) ||
	    ask_load(&p->client, "manual", &t->objs, place, &err)) {
		printf("%s, step %d: %s\n", t->name, t->step, err.text);
		p->wrong++;
	}
	free(place);
}

/* The verdict for the way back, without ports. */
static bool way_back(const struct table *t, const struct table_verdict *v)
{
	size_t k;

	for (k = 0; k < t->count; k++)
		if (t->verdict[k].source == v->destination &&
		    t->verdict[k].destination == v->source &&
		    t->verdict[k].protocol == v->protocol)
			return t->verdict[k].allowed;
	return false;
}

/* Can the network show this verdict? */
static bool can_send(const struct packets *p, const struct table *t,
		     const struct table_verdict *v)
{
	const struct net_pod *from = p->pod[v->source], *to = p->pod[v->destination];
	uint8_t family = t->address[v->source].family;

	/* port 0 is no port of a socket */
	if (*np_protocol_name(v->protocol) && !v->port)
		return false;
	/* an echo has the protocol of its family */
	if (v->protocol == (family == AF_INET ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return false;
	/* for conntrack both ways of GRE are one connection: who may open it may be answered */
	if (v->protocol == IPPROTO_GRE && !v->allowed && way_back(t, v))
		return false;
	return from && to && from != to && family == t->address[v->destination].family;
}

static struct attempt *attempt_add(struct packets *p)
{
	struct attempt *a = np_xcalloc(1, sizeof(*a));

	errno = 0;
	if (p->attempts == ATTEMPTS)
		net_die("too many connections at once");
	p->attempt[p->attempts++] = a;
	a->flow.fd = -1;
	return a;
}

static void attempt_begin(struct packets *p, const struct table *t,
			  const struct table_verdict *v, const struct table_service *service)
{
	struct attempt *a = attempt_add(p);

	a->source = t->address[v->source];
	a->destination = t->address[v->destination];
	a->protocol = v->protocol;
	a->port = v->port;
	a->from = p->pod[v->source];
	a->to = p->pod[v->destination];
	a->allowed = v->allowed;
	a->service = service;
	table_where(t, v, a->text, sizeof(a->text));
	flow_serve(&p->net, a->to, &a->destination, v->protocol, v->port);
	if (service)
		flow_open(&a->flow, &p->net, a->from, &a->source, &service->address,
			  v->protocol, service->port);
	else
		flow_open(&a->flow, &p->net, a->from, &a->source, &a->destination, v->protocol,
			  v->port);
}

/* GRE has nothing that tells a new connection from one of the step before. */
static void forget_gre(const struct table *t)
{
	size_t k;

	for (k = 0; k < t->count; k++)
		if (t->verdict[k].protocol == IPPROTO_GRE)
			break;
	if (k < t->count && system("conntrack -D -p gre >/dev/null 2>&1") < 0)
		net_die("conntrack");
}

/* Some of the step's verdicts: as many denied as allowed, where there are as many. */
static void sample(struct packets *p, const struct table *t)
{
	struct table_verdict *list = np_xcalloc(t->count + 1, sizeof(*list)), swap;
	unsigned int i, j, n[2] = {}, want[2], taken[2] = {};
	size_t k, count = 0;

	for (k = 0; k < t->count; k++)
		if (can_send(p, t, &t->verdict[k]))
			list[count++] = t->verdict[k];
	for (k = count; k > 1; k--) {
		j = random_below(&p->random, k);
		swap = list[k - 1];
		list[k - 1] = list[j];
		list[j] = swap;
	}
	for (k = 0; k < count; k++)
		n[list[k].allowed]++;
	/* what one kind lacks the other may have */
	for (i = 0; i < 2; i++)
		want[i] = n[!i] < p->count / 2 ? p->count - n[!i] : p->count / 2;
	for (k = 0; k < count; k++) {
		if (taken[list[k].allowed]++ >= want[list[k].allowed] && !t->all_packets)
			continue;
		attempt_begin(p, t, &list[k], NULL);
		p->sampled++;
		p->by_protocol[list[k].protocol]++;
	}
	free(list);
}

static void nft_address(char *text, size_t size, const struct np_address *address,
			uint16_t port)
{
	char buffer[NP_CIDR_TEXT];

	snprintf(text, size, address->family == AF_INET ? "%s:%u" : "[%s]:%u",
		 np_address_text(address, buffer), port);
}

/*
 * The step's Services as DNAT rules, and its hiding of sources. What conntrack still knows of
 * the Services of the case before must go: a connection from the same port straight to the
 * pod behind would have the same way back, and conntrack drops such a one.
 */
static void network(struct packets *p, const struct table *t)
{
	static bool there;
	char script[4096] = "table inet truth\ndelete table inet truth\n", to[128];
	char address[NP_CIDR_TEXT];
	unsigned int i;
	size_t at;

	if (there && !t->step && system("conntrack -F >/dev/null 2>&1") < 0)
		net_die("conntrack");
	if (!t->services && !t->masquerade) {
		if (there)
			net_nft(script);
		there = false;
		return;
	}
	there = true;
	at = strlen(script);
	at += snprintf(script + at, sizeof(script) - at, "table inet truth {\n"
		       "chain services { type nat hook prerouting priority dstnat;\n");
	for (i = 0; i < t->services; i++) {
		const struct table_service *s = &t->service[i];
		const char *family = s->address.family == AF_INET ? "ip" : "ip6";

		nft_address(to, sizeof(to), &t->address[s->to], s->target);
		at += snprintf(script + at, sizeof(script) - at,
			       "%s daddr %s meta l4proto %u th dport %u dnat %s to %s\n",
			       family, np_address_text(&s->address, address), s->protocol,
			       s->port, family, to);
	}
	at += snprintf(script + at, sizeof(script) - at, "}\n");
	if (t->masquerade)
		at += snprintf(script + at, sizeof(script) - at, "chain hide { type nat hook "
			       "postrouting priority srcnat; masquerade\n}\n");
	snprintf(script + at, sizeof(script) - at, "}\n");
	net_nft(script);
}

/* Every verdict about a Service's pod and port, by way of the Service. */
static void services(struct packets *p, const struct table *t)
{
	unsigned int i;
	size_t k;

	for (i = 0; i < t->services; i++) {
		const struct table_service *s = &t->service[i];

		for (k = 0; k < t->count; k++) {
			const struct table_verdict *v = &t->verdict[k];

			if (v->destination != s->to || v->protocol != s->protocol ||
			    v->port != s->target)
				continue;
			/* a pod reaches itself only where its own source is hidden */
			if (!can_send(p, t, v) &&
			    !(v->source == v->destination && t->masquerade))
				continue;
			attempt_begin(p, t, v, s);
			p->services++;
		}
	}
}

/* The verdict of this step for a connection of the step before. */
static const struct table_verdict *verdict_now(const struct packets *p, const struct table *t,
					       const struct attempt *a)
{
	size_t k;

	for (k = 0; k < t->count; k++) {
		const struct table_verdict *v = &t->verdict[k];

		if (p->pod[v->source] == a->from && p->pod[v->destination] == a->to &&
		    v->protocol == a->protocol && v->port == a->port &&
		    !memcmp(&t->address[v->source], &a->source, sizeof(a->source)) &&
		    !memcmp(&t->address[v->destination], &a->destination,
			    sizeof(a->destination)))
			return v;
	}
	return NULL;
}

/* Connections that are open and that this step still speaks of; the others are closed. */
static void hold(struct packets *p, const struct table *t)
{
	unsigned int i, kept = 0;

	for (i = 0; i < p->attempts; i++) {
		struct attempt *a = p->attempt[i];
		const struct table_verdict *v = t->step ? verdict_now(p, t, a) : NULL;

		if (!v || !a->flow.answered || a->service || a->held || a->flow.error) {
			flow_close(&a->flow);
			free(a);
			continue;
		}
		a->held = true;
		a->allowed = v->allowed;
		table_where(t, v, a->text, sizeof(a->text));
		p->attempt[kept++] = a;
	}
	if (!kept)
		flow_forget();
	p->attempts = kept;
}

static bool right(const struct attempt *a)
{
	return a->allowed ? a->flow.answered : !a->flow.answered && !a->flow.error;
}

/* Opens the control connection; no table has its addresses. */
static void control_begin(struct packets *p)
{
	static const struct np_address a = { AF_INET, { 172, 31, 255, 1 } };
	static const struct np_address b = { AF_INET, { 172, 31, 255, 2 } };
	const struct np_address *from = &a, *to = &b;

	net_assign(&p->net, &p->net.pod[CONTROL], &from, 1);
	net_assign(&p->net, &p->net.pod[CONTROL + 1], &to, 1);
	flow_serve(&p->net, &p->net.pod[CONTROL + 1], to, IPPROTO_UDP, 7);
	flow_open(&p->control, &p->net, &p->net.pod[CONTROL], from, to, IPPROTO_UDP, 7);
	while (!p->control.answered && !p->control.error)
		flow_poll(1000);
	errno = p->control.error;
	if (errno)
		net_die("the control connection");
}

/* One exchange, behind everything that was sent before. */
static void control_exchange(struct packets *p)
{
	unsigned int tries;

	flow_again(&p->control);
	for (tries = 0; !p->control.answered && tries < 1000; tries++)
		flow_poll(10);
}

/* Waits until all is as it should be, or for long. */
static void wait_all(struct packets *p, uint64_t before)
{
	unsigned int i, open, refused, exchanges = 0;
	time_t deadline = time(NULL) + DEADLINE;

	do {
		open = 0;
		refused = 0;
		control_exchange(p);
		while (flow_poll(0))
			;
		for (i = 0; i < p->attempts; i++) {
			open += p->attempt[i]->allowed && !p->attempt[i]->flow.answered &&
				!p->attempt[i]->flow.error;
			refused += !p->attempt[i]->allowed && right(p->attempt[i]);
		}
		/* what the module has denied can't come any more */
		if (!open && denied(p) - before >= refused)
			break;
		flow_poll(open ? 20 : 5);
	} while (++exchanges < EXCHANGES || time(NULL) < deadline);
	while (flow_poll(0))
		;
	if (denied(p) - before < refused) {
		printf("%u connections are to be denied, the module denied %llu packets\n",
		       refused, (unsigned long long)(denied(p) - before));
		p->wrong++;
	}
}

static void count_tags(struct packets *p, const struct table *t, bool sent)
{
	const cJSON *entry;
	unsigned int i;

	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(t->json, "tags")) {
		const char *tag = cJSON_GetStringValue(entry);

		for (i = 0; i < p->tags; i++)
			if (!strcmp(p->tag[i], tag))
				break;
		errno = 0;
		if (i == sizeof(p->tag) / sizeof(p->tag[0]))
			net_die("too many tags");
		if (i == p->tags)
			p->tag[p->tags++] = strdup(tag);
		p->tag_sent[i] |= sent;
	}
}

static void run_step(struct table *t, struct table_totals *totals, void *arg)
{
	struct packets *p = arg;
	unsigned long sampled = p->sampled;
	uint64_t before;
	unsigned int i;

	if (!t->step)
		hold(p, t);
	place_rows(p, t);
	load(p, t);
	network(p, t);
	if (t->step)
		hold(p, t);
	forget_gre(t);
	before = denied(p);
	for (i = 0; i < p->attempts; i++, p->held++)
		flow_again(&p->attempt[i]->flow);
	sample(p, t);
	services(p, t);
	wait_all(p, before);
	for (i = 0; i < p->attempts; i++) {
		const struct attempt *a = p->attempt[i];

		totals->verdicts++;
		p->denied += !a->allowed;
		if (right(a))
			continue;
		if (totals->mismatches++ < 40)
			printf("%s%s%s: table %d, packets %d (error %d)\n", a->text,
			       a->service ? " by a Service" : "", a->held ? ", held" : "",
			       a->allowed, a->flow.answered, a->flow.error);
	}
	count_tags(p, t, p->sampled > sampled);
}

int main(int argc, char **argv)
{
	static struct packets p;
	struct rlimit files = { 65536, 65536 };
	struct table_totals sum;
	unsigned int i, missing = 0;
	cpu_set_t cpu;

	if (argc < 4) {
		fputs("usage: packets SEED COUNT FILE...\n", stderr);
		return 2;
	}
	/* on one processor packets keep their order */
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu) || setrlimit(RLIMIT_NOFILE, &files))
		net_die("setting up");
	p.random = strtoull(argv[1], NULL, 0) * 0x2545f4914f6cdd1dULL + 1;
	p.count = strtoul(argv[2], NULL, 0);
	ask_begin(&p.client);
	net_begin(&p.net);
	flow_begin();
	control_begin(&p);
	p.wrong += table_run(argv + 3, argc - 3, run_step, &p, &sum);
	for (i = 0; i < p.tags; i++) {
		if (p.tag_sent[i])
			continue;
		printf("no verdict with tag %s was sampled\n", p.tag[i]);
		missing++;
	}
	printf("%lu sampled (%lu TCP, %lu UDP, %lu SCTP, %lu others), %lu by a Service, "
	       "%lu on connections already open; %lu denied; %u of %u tags\n",
	       p.sampled, p.by_protocol[IPPROTO_TCP], p.by_protocol[IPPROTO_UDP],
	       p.by_protocol[IPPROTO_SCTP], p.by_protocol[IPPROTO_ICMP] +
	       p.by_protocol[IPPROTO_ICMPV6] + p.by_protocol[IPPROTO_GRE], p.services, p.held,
	       p.denied, p.tags - missing, p.tags);
	printf("real packets: %lu verdicts compared, %lu mismatches\n", sum.verdicts,
	       sum.mismatches);
	return p.wrong || sum.mismatches || missing || !sum.verdicts;
}
