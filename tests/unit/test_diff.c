// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl diff: over random worlds the connections that differ are exactly the difference of two
 * matrices, and of what the naive evaluator says, for every pair of pods, both families and ports
 * at random, for addresses at random that are no pod's, and for audits at random; half of the worlds
 * have ClusterNetworkPolicies. Objects that mean the same do not differ, however they are written.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "check.h"
#include "diff/diff.h"
#include "diff/json.h"
#include "diff/outside.h"
#include "diff/text.h"
#include "matrix/matrix.h"
#include "object/load.h"

#include "../evaluator/evaluator.h"
#include "../evaluator/history.h"

#define WORLDS		100
#define WORLD_PODS	24	/* the evaluator is slow */

static struct np_error err;
static unsigned long compared, differing, judged, grouped, one_sided, mismatches, large, tiered;
static unsigned long outside_asked, outside_differ, outside_lines;
static unsigned long audited_asked, audited_differ;

/* Takes over what the other one does not have by name, as if all had one origin. */
static void take(struct np_objects *to, const struct np_objects *from)
{
	size_t i, k;

	for (i = 0; i < from->namespace_count; i++) {
		for (k = 0; k < to->namespace_count; k++)
			if (!strcmp(to->namespaces[k].name, from->namespaces[i].name))
				break;
		if (k == to->namespace_count)
			*np_objects_add_namespace(to) = from->namespaces[i];
	}
	for (i = 0; i < from->pod_count; i++) {
		for (k = 0; k < to->pod_count; k++)
			if (!strcmp(to->pods[k].namespace, from->pods[i].namespace) &&
			    !strcmp(to->pods[k].name, from->pods[i].name))
				break;
		if (k < to->pod_count)
			continue;
		*np_objects_add_pod(to) = from->pods[i];
		to->pods[k].place.column = 0;	/* no interface is gone here */
		to->pods[k].deleting = false;	/* the evaluator goes by age alone */
	}
	for (i = 0; i < from->policy_count; i++) {
		for (k = 0; k < to->policy_count; k++)
			if (!strcmp(to->policies[k].namespace, from->policies[i].namespace) &&
			    !strcmp(to->policies[k].name, from->policies[i].name))
				break;
		if (k == to->policy_count)
			*np_objects_add_policy(to) = from->policies[i];
	}
}

static void side_of(struct np_diff_side *side, const char *name, const struct np_objects *objs)
{
	np_diff_side_init(side, name);
	take(&side->files, objs);
	np_diff_side_files(side);
}

/* What a matrix says; a matrix without a pod is one that could not be made. */
static enum np_reach matrix_says(const struct np_matrix *m, uint32_t i, uint32_t k, size_t port)
{
	if (i == NP_MATRIX_NONE || k == NP_MATRIX_NONE)
		return NP_REACH_NONE;
	return m->allowed[np_matrix_at(m, port, i, k)] == NP_MATRIX_ALLOW ? NP_REACH_ALLOWED :
									   NP_REACH_DENIED;
}

static enum np_reach evaluator_says(const struct np_objects *objs, const struct np_diff_pod *from,
				    const struct np_diff_pod *to, size_t state, bool v6,
				    const struct np_matrix_port *port)
{
	struct evaluator ev = { .origin = { objs }, .origins = 1 };
	struct evaluator_end end[2] = {
		{ .address = from->address[state][v6] }, { .address = to->address[state][v6] },
	};
	struct evaluator_half egress, ingress;

	if (!end[0].address || !end[1].address)
		return NP_REACH_NONE;
	end[0].pod = evaluator_owner(&ev, end[0].address);
	end[1].pod = evaluator_owner(&ev, end[1].address);
	judged++;
	return evaluator_judge(&ev, &end[0], &end[1], port->protocol, port->port, &egress,
			       &ingress) ? NP_REACH_ALLOWED : NP_REACH_DENIED;
}

static bool covers(const struct np_diff_ports *ports, const uint64_t *set,
		   const struct np_matrix_port *port)
{
	const struct np_diff_ports_of *of;
	size_t i;

	for (i = 0; i < ports->count; i++) {
		of = &ports->item[i];
		if (!(set[i / 64] >> i % 64 & 1))
			continue;
		if (port->has_port ? of->protocol == port->protocol && of->first <= port->port &&
				     port->port <= of->last :
				     !of->protocol || of->protocol == port->protocol)
			return true;
	}
	return false;
}

/* The first line of a pair of groups, as they are in order; or of the one after it. */
static size_t first_line(const struct np_reach_result *reach, size_t from, size_t to)
{
	size_t low = 0, high = reach->lines, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (reach->line[mid].source < from ||
		    (reach->line[mid].source == from && reach->line[mid].destination < to))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The lines of a pair of groups that hold a port; *line is the last of them. */
static unsigned int lines_of(const struct np_reach_result *reach, size_t from, size_t to, bool v6,
			     const struct np_matrix_port *port, const struct np_reach_line **line)
{
	unsigned int count = 0;
	size_t i;

	for (i = first_line(reach, from, to); i < reach->lines; i++) {
		if (reach->line[i].source != from || reach->line[i].destination != to)
			break;
		if (!(reach->line[i].families & (v6 ? NP_REACH_IPV6 : NP_REACH_IPV4)) ||
		    !covers(&reach->ports, reach->line[i].ports, port))
			continue;
		*line = &reach->line[i];
		count++;
	}
	return count;
}

static void compare_pods(const struct np_reach_result *reach, const struct np_matrix m[2],
			 const struct np_objects objs[2], size_t groups[2], size_t pods[2],
			 bool v6, bool evaluate)
{
	const struct np_diff_pod *from = &reach->groups.pod[pods[0]];
	const struct np_diff_pod *to = &reach->groups.pod[pods[1]];
	const struct np_reach_line *line = NULL;
	uint32_t row[2], column[2];
	enum np_reach want[2];
	unsigned int count;
	size_t port, s;
	bool same;

	for (s = 0; s < 2; s++) {
		row[s] = np_matrix_find(&m[s], from->text);
		column[s] = np_matrix_find(&m[s], to->text);
	}
	for (port = 0; port < m[0].ports; port++) {
		for (s = 0; s < 2; s++) {
			want[s] = matrix_says(&m[s], row[s], column[s], port);
			if (evaluate && want[s] != evaluator_says(&objs[s], from, to, s, v6,
								  &m[0].port[port]) &&
			    mismatches++ < 20)
				printf("%s -> %s IPv%c %s: %s says the matrix, not the evaluator\n",
				       from->text, to->text, v6 ? '6' : '4', m[0].port[port].text,
				       np_reach_name(want[s]));
		}
		compared++;
		same = (want[0] == NP_REACH_ALLOWED) == (want[1] == NP_REACH_ALLOWED);
		differing += !same;
		one_sided += !same && (want[0] == NP_REACH_NONE || want[1] == NP_REACH_NONE);
		count = lines_of(reach, groups[0], groups[1], v6, &m[0].port[port], &line);
		if (count == !same && (same || (line->was == want[0] && line->is == want[1])))
			continue;
		if (mismatches++ < 20)
			printf("%s -> %s IPv%c %s: %u lines, matrices say %s, %s\n", from->text,
			       to->text, v6 ? '6' : '4', m[0].port[port].text, count,
			       np_reach_name(want[0]), np_reach_name(want[1]));
	}
}

static void compare_groups(const struct np_reach_result *reach, const struct np_matrix m[2],
			   const struct np_objects objs[2], size_t from, size_t to, bool v6,
			   bool evaluate)
{
	const struct np_diff_pods *a = &reach->groups.group[from];
	const struct np_diff_pods *b = &reach->groups.group[to];
	size_t groups[2] = { from, to }, pods[2], i, k;

	for (i = 0; i < a->count; i++)
		for (k = 0; k < b->count; k++) {
			pods[0] = a->first + i;
			pods[1] = b->first + k;
			if (pods[0] != pods[1])
				compare_pods(reach, m, objs, groups, pods, v6, evaluate);
		}
}

static void add_port(struct np_matrix *m, uint8_t protocol, uint32_t port)
{
	char text[24];

	snprintf(text, sizeof(text), "%u/%u", protocol, port ? port : 1);
	CHECK_EQ(np_matrix_add_ports(m, text, &err), 0);
}

/* Ports that rules name, those beside them, ports of pods, any ports, and other protocols. */
static void some_ports(struct np_matrix *m, struct history *h, const struct np_objects *objs)
{
	static const uint8_t protocol[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	const struct np_policy *policy;
	const struct np_port *port;
	const struct np_rule *rule;
	size_t i, k;

	for (i = 0; i < objs->policy_count && m->ports < 30; i++) {
		policy = &objs->policies[i];
		rule = policy->ingress_count ? policy->ingress : policy->egress;
		for (k = 0; k < (policy->ingress_count ? policy->ingress_count :
						       policy->egress_count); k++) {
			if (!rule[k].port_count || m->ports > 30)
				continue;
			port = &rule[k].port[0];
			add_port(m, port->protocol, port->first);
			add_port(m, port->protocol, port->last);
			if (port->last < 65535)
				add_port(m, port->protocol, port->last + 1u);
			if (port->first > 1)
				add_port(m, port->protocol, port->first - 1u);
		}
	}
	for (i = 0; i < objs->pod_count && m->ports < 40; i++)
		if (objs->pods[i].port_count)
			add_port(m, objs->pods[i].port[0].protocol, objs->pods[i].port[0].number);
	for (i = 0; i < 3; i++)
		add_port(m, protocol[i], 1 + history_random(h, 65535));
	CHECK_EQ(np_matrix_add_ports(m, "icmp,icmpv6,47,33,tcp/1,tcp/65535", &err), 0);
}

/*
 * What the evaluator says in a state of a pod and an address that is no pod's. NP_REACH_NONE if the
 * state lacks the pod, or its address of the family.
 */
static enum np_reach outside_says(const struct np_objects *objs, const struct np_diff_pod *pod,
				  size_t state, const struct np_address *address, bool from_pod,
				  const struct np_matrix_port *port)
{
	bool v6 = address->family == AF_INET6;
	struct np_diff_pod other = { .text = NULL };

	other.address[state][v6] = address;
	return from_pod ? evaluator_says(objs, pod, &other, state, v6, port) :
			  evaluator_says(objs, &other, pod, state, v6, port);
}

/* Lines of a pod's group and of addresses outside that hold a port and say the same. */
static bool outside_told(const struct np_reach_result *reach, size_t group, bool v6, bool from_pod,
			 const struct np_matrix_port *port, const enum np_reach says[2])
{
	const struct np_reach_line *line;
	size_t i;

	for (i = 0; i < reach->lines; i++) {
		line = &reach->line[i];
		if (np_reach_kind(reach, line) == NP_REACH_OUTSIDE &&
		    (from_pod ? line->source : line->destination) == group &&
		    line->families & (v6 ? NP_REACH_IPV6 : NP_REACH_IPV4) &&
		    line->was == says[0] && line->is == says[1] &&
		    covers(&reach->ports, line->ports, port))
			return true;
	}
	return false;
}

/* An address near a block of a policy, or anywhere. */
static struct np_address some_address(struct history *h, const struct np_objects *objs)
{
	const struct np_policy *policy;
	const struct np_ipblock *block;
	struct np_address address = { .family = AF_INET };
	const struct np_rule *rule;
	uint32_t i, count, tries;
	uint8_t *last;
	bool egress;

	for (tries = 0; objs->policy_count && tries < 20; tries++) {
		policy = &objs->policies[history_random(h, objs->policy_count)];
		egress = history_random(h, 2);
		rule = egress ? policy->egress : policy->ingress;
		count = egress ? policy->egress_count : policy->ingress_count;
		if (!count)
			continue;
		rule += history_random(h, count);
		if (!rule->peer_count)
			continue;
		block = rule->peer[history_random(h, rule->peer_count)].ipblock;
		if (!block)
			continue;
		address.family = block->cidr.family;
		memcpy(address.addr, block->cidr.addr, 16);
		if (block->except_count && history_random(h, 2)) {
			i = history_random(h, block->except_count);
			memcpy(address.addr, block->except[i].addr, 16);
		}
		last = &address.addr[address.family == AF_INET ? 3 : 15];
		*last = (uint8_t)(*last + history_random(h, 3) - 1);
		return address;
	}
	for (i = 0; i < 4; i++)
		address.addr[i] = (uint8_t)history_random(h, 256);
	return address;
}

/* Each line is right, and what differs for an address at random has a line. */
static void compare_outside(const struct np_objects objs[2], struct history *h,
			    const struct np_matrix *ports)
{
	struct evaluator ev[2] = {
		{ .origin = { &objs[0] }, .origins = 1 }, { .origin = { &objs[1] }, .origins = 1 },
	};
	struct np_diff diff = { .by_reach = true };
	struct np_reach_options opts = { 0 };
	const struct np_reach_line *line;
	const struct np_diff_pod *pod, *out;
	const struct np_reach_result *reach = &diff.reach;
	struct np_diff_side side[2];
	struct np_address address;
	enum np_reach says[2];
	size_t i, k, p, s;
	bool from_pod, v6;

	side_of(&side[0], "a", &objs[0]);
	side_of(&side[1], "b", &objs[1]);
	np_diff_outside_add(&side[0], &side[1]);
	if (np_diff_compare(&diff, &side[0], &side[1], &opts, &err)) {
		CHECK(strstr(err.text, "there are no pods"));
		goto out;
	}
	for (i = 0; i < reach->lines; i++) {
		line = &reach->line[i];
		if (np_reach_kind(reach, line) != NP_REACH_OUTSIDE)
			continue;
		pod = np_reach_first(reach, line->source);
		out = np_reach_first(reach, line->destination);
		from_pod = !strncmp(out->text, NP_DIFF_OUTSIDE, strlen(NP_DIFF_OUTSIDE));
		if (!from_pod) {
			pod = out;
			out = np_reach_first(reach, line->source);
		}
		v6 = out->address[0][1];
		for (p = 0; p < ports->ports; p++) {
			if (!covers(&reach->ports, line->ports, &ports->port[p]))
				continue;
			for (s = 0; s < 2; s++)
				says[s] = outside_says(&objs[s], pod, s, out->address[s][v6],
						       from_pod, &ports->port[p]);
			mismatches += says[0] != line->was || says[1] != line->is;
			outside_lines++;
		}
	}
	for (k = 0; k < 40; k++) {
		address = some_address(h, &objs[k % 2]);
		v6 = address.family == AF_INET6;
		if (evaluator_owner(&ev[0], &address) || evaluator_owner(&ev[1], &address))
			continue;
		for (i = 0; i < reach->groups.groups; i++) {
			pod = np_reach_first(reach, i);
			if (!strncmp(pod->text, NP_DIFF_OUTSIDE, strlen(NP_DIFF_OUTSIDE)))
				continue;
			p = history_random(h, ports->ports);
			from_pod = history_random(h, 2);
			for (s = 0; s < 2; s++)
				says[s] = outside_says(&objs[s], pod, s, &address, from_pod,
						       &ports->port[p]);
			outside_asked++;
			if ((says[0] == NP_REACH_ALLOWED) == (says[1] == NP_REACH_ALLOWED))
				continue;
			outside_differ++;
			mismatches += !outside_told(reach, i, v6, from_pod, &ports->port[p], says);
		}
	}
out:
	np_diff_free(&diff);
	np_diff_side_free(&side[0]);
	np_diff_side_free(&side[1]);
}

static void compare_world(const struct np_objects objs[2], struct history *h, bool evaluate,
			  bool ask)
{
	struct np_diff diff = { .by_reach = true };
	struct np_reach_options opts = { 0 };
	struct np_matrix_options options;
	struct np_diff_side side[2];
	struct np_matrix m[2];
	size_t s, i, k;
	int v6;

	side_of(&side[0], "a", &objs[0]);
	side_of(&side[1], "b", &objs[1]);
	np_matrix_init(&m[0]);
	some_ports(&m[0], h, &objs[1]);
	opts.asked = ask ? &m[0] : NULL;
	if (np_diff_compare(&diff, &side[0], &side[1], &opts, &err)) {
		CHECK(strstr(err.text, "there are no pods"));
		goto out;
	}
	for (i = 0; i < diff.reach.groups.groups; i++)
		grouped += diff.reach.groups.group[i].count > 1;
	for (v6 = 0; v6 < 2; v6++) {
		options = (struct np_matrix_options) { .family = v6 ? AF_INET6 : AF_INET };
		np_matrix_init(&m[1]);
		memcpy(m[1].port, m[0].port, sizeof(m[0].port));
		m[1].ports = m[0].ports;
		for (s = 0; s < 2; s++)
			if (np_matrix_from_objects(&m[s], &objs[s], &options, &err))
				m[s].pods = 0;
		for (i = 0; i < diff.reach.groups.groups; i++)
			for (k = 0; k < diff.reach.groups.groups; k++)
				compare_groups(&diff.reach, m, objs, i, k, v6, evaluate);
		np_matrix_free(&m[1]);
	}
	if (evaluate)
		compare_outside(objs, h, &m[0]);
out:
	np_matrix_free(&m[0]);
	np_diff_free(&diff);
	np_diff_side_free(&side[0]);
	np_diff_side_free(&side[1]);
}

#define AUDITS	3

/* An audit of a namespace, a policy or a pod that a world may have, for both who are asked. */
static void some_audit(struct history *h, struct np_observe *observe,
		       struct evaluator_audit *about)
{
	unsigned int which = history_random(h, 3);

	memset(observe, 0, sizeof(*observe));
	memset(about, 0, sizeof(*about));
	snprintf(observe->namespace, sizeof(observe->namespace), "n%u",
		 history_random(h, h->namespaces));
	about->namespace = observe->namespace;
	if (which == 1) {
		snprintf(observe->policy, sizeof(observe->policy), "policy%u",
			 history_random(h, h->policies));
		about->policy = observe->policy;
	} else if (which == 2) {
		snprintf(observe->pod, sizeof(observe->pod), "pod%u", history_random(h, h->pods));
		about->pod = observe->pod;
	}
}

/* One pair of groups, on every port, in two states that differ in their audits. */
static void compare_audited(const struct np_reach_result *reach, const struct evaluator ev[2],
			    const size_t group[2], const struct np_matrix *ports, bool v6)
{
	const struct np_diff_pods *a = &reach->groups.group[group[0]];
	const struct np_diff_pods *b = &reach->groups.group[group[1]];
	const struct np_reach_line *line = NULL;
	const struct np_diff_pod *from, *to;
	struct evaluator_half egress, ingress;
	struct evaluator_end end[2];
	size_t i, k, p, s;
	unsigned int count;
	bool says[2];

	for (i = 0; i < a->count; i++)
		for (k = 0; k < b->count; k++) {
			from = &reach->groups.pod[a->first + i];
			to = &reach->groups.pod[b->first + k];
			if (from == to || !from->address[0][v6] || !to->address[0][v6])
				continue;
			end[0] = (struct evaluator_end) { .address = from->address[0][v6] };
			end[1] = (struct evaluator_end) { .address = to->address[0][v6] };
			end[0].pod = evaluator_owner(&ev[0], end[0].address);
			end[1].pod = evaluator_owner(&ev[0], end[1].address);
			for (p = 0; p < ports->ports; p++) {
				for (s = 0; s < 2; s++)
					says[s] = evaluator_judge(&ev[s], &end[0], &end[1],
								  ports->port[p].protocol,
								  ports->port[p].port, &egress,
								  &ingress);
				audited_asked++;
				audited_differ += says[0] != says[1];
				count = lines_of(reach, group[0], group[1], v6, &ports->port[p],
						 &line);
				if (count == (says[0] != says[1]) &&
				    (!count || (line->is == NP_REACH_ALLOWED) == says[1]))
					continue;
				if (mismatches++ < 20)
					printf("audits: %s -> %s IPv%c %s: %u lines, was %d, is %d\n",
					       from->text, to->text, v6 ? '6' : '4',
					       ports->port[p].text, count, says[0], says[1]);
			}
		}
}

/* The same objects, with other audits: what differs is what the evaluator says of them. */
static void compare_audits(const struct np_objects *objs, struct history *h)
{
	struct evaluator_audit about[2][AUDITS];
	struct np_observe observe[2][AUDITS];
	struct evaluator ev[2];
	struct np_observe_list list[2];
	struct np_diff diff = { .by_reach = true };
	struct np_reach_options opts = { 0 };
	struct np_diff_side side[2];
	struct np_matrix ports;
	size_t group[2], s, i;

	np_matrix_init(&ports);
	some_ports(&ports, h, objs);
	opts.asked = &ports;
	for (s = 0; s < 2; s++) {
		side_of(&side[s], s ? "b" : "a", objs);
		list[s] = (struct np_observe_list) {
			.item = observe[s], .count = history_random(h, AUDITS + 1),
		};
		for (i = 0; i < list[s].count; i++)
			some_audit(h, &observe[s][i], &about[s][i]);
		side[s].audits = &list[s];
		ev[s] = (struct evaluator) {
			.origin = { objs }, .origins = 1, .audit = about[s],
			.audits = list[s].count,
		};
	}
	if (np_diff_compare(&diff, &side[0], &side[1], &opts, &err)) {
		CHECK(strstr(err.text, "there are no pods"));
		goto out;
	}
	for (group[0] = 0; group[0] < diff.reach.groups.groups; group[0]++)
		for (group[1] = 0; group[1] < diff.reach.groups.groups; group[1]++)
			for (i = 0; i < 2; i++)
				compare_audited(&diff.reach, ev, group, &ports, i);
out:
	np_matrix_free(&ports);
	np_diff_free(&diff);
	np_diff_side_free(&side[0]);
	np_diff_side_free(&side[1]);
}

static void state_of(struct np_objects *to, const struct model *model)
{
	unsigned int i;

	np_objects_init(to);
	for (i = 0; i < HISTORY_ORIGINS; i++)
		take(to, &model->origin[i]);
}

/* Gives each pod two replicas, the same ones in both states, so that there are pods alike. */
static void replicate(struct np_objects *pool, struct np_objects *objs)
{
	size_t count = objs->pod_count, i;
	struct np_address *addresses;
	const char *family, *at;
	struct np_pod *copy;
	char text[256];
	uint32_t k, hash;
	int replica;

	for (i = 0; i < 2 * count; i++) {
		replica = i >= count;
		copy = np_objects_add_pod(objs);
		*copy = objs->pods[i % count];
		/* the same address for the same name; two names with one address do no harm */
		hash = (uint32_t)replica;
		for (at = copy->name; *at; at++)
			hash = hash * 31 + (uint8_t)*at;
		for (at = copy->namespace; *at; at++)
			hash = hash * 31 + (uint8_t)*at;
		addresses = np_arena_alloc(&pool->arena, copy->address_count * sizeof(*addresses));
		memcpy(addresses, copy->address, copy->address_count * sizeof(*addresses));
		copy->address = addresses;
		for (k = 0; k < copy->address_count; k++) {
			/* The second one lies beside the pod, perhaps in another block. */
			if (replica) {
				addresses[k].addr[addresses[k].family == AF_INET ? 3 : 15] ^= 77;
				continue;
			}
			family = copy->address[k].family == AF_INET ? "172.20.%u.%u" :
								      "fd77::%x:%x%02x";
			snprintf(text, sizeof(text), family, hash >> 8 & 255, hash & 255, k);
			CHECK(!np_address_parse(text, &copy->address[k]));
		}
		snprintf(text, sizeof(text), "%s-r%d", copy->name, replica);
		copy->name = np_intern_str(pool, text);
	}
}

static bool has_tiers(const struct np_objects *objs)
{
	size_t i;

	for (i = 0; i < objs->policy_count; i++)
		if (objs->policies[i].tier != NP_TIER_NETWORK_POLICY)
			return true;
	return false;
}

static void run_world(uint64_t seed)
{
	struct np_objects objs[2];
	struct model model;
	struct history h;
	unsigned int i;

	netpol_random_seed = seed;
	history_begin(&h, seed);
	/* states that are compared have no ranges of pods */
	h.ranges = 0;
	model_begin(&model, &h);
	h.unicast = seed % 4;
	for (i = 0; i < 12; i++)
		model_apply(&model, history_next(&h, &model));
	state_of(&objs[0], &model);
	for (i = 0; i < 1 + seed % 3; i++)
		model_apply(&model, history_next(&h, &model));
	state_of(&objs[1], &model);
	if (objs[0].pod_count + objs[1].pod_count <= 2 * WORLD_PODS) {
		tiered += has_tiers(&objs[0]) && has_tiers(&objs[1]);
		if (h.unicast)
			compare_audits(&objs[1], &h);
		for (i = 0; seed % 2 && i < 2; i++)
			replicate(&h.pool, &objs[i]);
		compare_world(objs, &h, h.unicast, seed % 5 == 0);
	} else {
		large++;
	}
	np_objects_free(&objs[0]);
	np_objects_free(&objs[1]);
	model_free(&model);
	history_free(&h);
}

static void test_worlds(void)
{
	uint64_t seed;

	for (seed = 1; seed - large <= WORLDS; seed++)
		run_world(seed);
	printf("%lu verdicts compared with matrices, %lu with the evaluator; %lu differ, %lu of them "
	       "of pods of one side; %lu groups of several pods; %lu mismatches\n", compared,
	       judged, differing, one_sided, grouped, mismatches);
	printf("%lu verdicts on addresses outside, %lu differ; %lu that lines tell of\n",
	       outside_asked, outside_differ, outside_lines);
	printf("%lu verdicts with audits, %lu differ by them alone\n", audited_asked,
	       audited_differ);
	CHECK_EQ(mismatches, 0);
	CHECK(audited_asked > 20000 && audited_differ > 1000);
	CHECK(outside_asked > 10000 && outside_differ > 500 && outside_lines > 500);
	CHECK(compared > 100000 && judged > 100000);
	printf("%lu worlds have ClusterNetworkPolicies before and after\n", tiered);
	CHECK(tiered > 20);
	CHECK(differing > 1000 && one_sided > 100 && grouped > 100);
}

#define NS(name, labels) \
	"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " name ", labels: {" labels "}}\n"
#define POD(ns, name, labels, address) \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: " ns \
	", labels: {" labels "}}\nstatus: {podIP: '" address "'}\n"
#define POLICY(ns, name, spec) \
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" \
	"metadata: {name: " name ", namespace: " ns "}\nspec: " spec "\n"

static void side_from(struct np_diff_side *side, const char *name, const char *text)
{
	np_diff_side_init(side, name);
	CHECK_EQ(np_load_buffer(&side->files, "t.yaml", text, strlen(text), NULL, &err), 0);
	np_diff_side_files(side);
}

/* What is written of a difference; to be freed. */
static char *formed(const struct np_diff *diff,
		    void (*form)(const struct np_diff *diff, FILE *file))
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	form(diff, file);
	fclose(file);
	return text;
}

/* What is written of two states; to be freed. */
static char *written(const char *a, const char *b, bool objects, bool reach,
		     void (*form)(const struct np_diff *diff, FILE *file))
{
	struct np_diff diff = { .by_objects = objects, .by_reach = reach };
	struct np_reach_options opts = { 0 };
	struct np_diff_side side[2];
	char *text;

	side_from(&side[0], "a", a);
	side_from(&side[1], "b", b);
	CHECK_EQ(np_diff_compare(&diff, &side[0], &side[1], &opts, &err), 0);
	text = formed(&diff, form);
	np_diff_free(&diff);
	np_diff_side_free(&side[0]);
	np_diff_side_free(&side[1]);
	return text;
}

static void form_text(const struct np_diff *diff, FILE *file)
{
	np_diff_write_text(diff, 50, file);
}

static void form_short(const struct np_diff *diff, FILE *file)
{
	np_diff_write_text(diff, 1, file);
}

static void form_md(const struct np_diff *diff, FILE *file)
{
	np_diff_write_md(diff, 50, file);
}

static void check_objects(const char *a, const char *b, const char *want)
{
	char *text = written(a, b, true, false, form_text);

	CHECK_STR(text, want);
	free(text);
}

/* The same meaning, written in another way. */
static void test_same(void)
{
	static const char before[] =
		NS("m", "x: z, a: b") POD("m", "p", "app: web, tier: t", "10.0.0.1")
		POLICY("m", "np", "{podSelector: {matchLabels: {a: b, c: d}}, ingress: ["
		       "{from: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: "
		       "[10.1.0.0/16, 10.2.0.0/16]}}], ports: [{port: 80}, {port: 53, "
		       "protocol: UDP}]}, {}], egress: [{}]}");
	static const char after[] =
		POLICY("m", "np", "{policyTypes: [Egress, Ingress], egress: [{to: [], ports: []}], "
		       "ingress: [{}, {ports: [{port: 53, protocol: UDP}, {protocol: TCP, "
		       "port: 80, endPort: 80}], from: [{ipBlock: {except: [10.2.0.0/16, "
		       "10.1.0.0/16], cidr: 10.0.0.0/8}}, {podSelector: {}}]}], podSelector: "
		       "{matchExpressions: [{key: c, operator: In, values: [d]}, {key: a, "
		       "operator: In, values: [b]}]}}")
		POD("m", "p", "tier: t, app: web", "10.0.0.1") NS("m", "a: b, x: z");

	check_objects(before, after, "objects: 0 added, 0 removed, 0 changed\n");
}

static void test_objects(void)
{
	check_objects(NS("m", "a: b") POD("m", "p", "x: \"1\"", "10.0.0.1")
		      POD("m", "q", "", "10.0.0.2") POLICY("m", "old", "{}")
		      POLICY("m", "np", "{podSelector: {matchLabels: {a: b}}, ingress: [{from: ["
			     "{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}, "
			     "{ports: [{port: 1, endPort: 9}]}]}"),
		      NS("m", "a: c") POD("m", "p", "x: \"2\"", "10.0.0.9")
		      POD("m", "r", "", "10.0.0.2") POLICY("m", "new", "{}")
		      POLICY("m", "np", "{podSelector: {}, egress: [{to: [{namespaceSelector: {}}]}], "
			     "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}, "
			     "{namespaceSelector: {matchExpressions: [{key: t, operator: NotIn, "
			     "values: [x, w]}]}, podSelector: {}}], ports: [{port: http}]}]}"),
		      "objects: 2 added, 2 removed, 3 changed\n"
		      "  ~ namespace/m\n"
		      "      - labels a=b\n"
		      "      + labels a=c\n"
		      "  ~ pod/m/p\n"
		      "      - labels x=1\n"
		      "      + labels x=2\n"
		      "      - addresses 10.0.0.1\n"
		      "      + addresses 10.0.0.9\n"
		      "  - pod/m/q\n"
		      "  + pod/m/r\n"
		      "  + networkpolicy/m/new\n"
		      "  ~ networkpolicy/m/np\n"
		      "      ~ podSelector a=b -> {}\n"
		      "      ~ policyTypes Ingress -> Ingress, Egress\n"
		      "      + ingress[0] from all pods of namespaces t notin (w,x)\n"
		      "      - ingress[0] on tcp/80\n"
		      "      + ingress[0] on tcp/http\n"
		      "      - ingress[1] from anywhere on tcp/1-9\n"
		      "      + egress[0] to all pods of all namespaces on every port\n"
		      "  - networkpolicy/m/old\n");
}

/* Rules of a direction that policyTypes leaves out have no effect. */
static void test_left_out(void)
{
	check_objects(POLICY("m", "np", "{policyTypes: [Ingress], egress: [{}]}"),
		      POLICY("m", "np", "{policyTypes: [Ingress]}"),
		      "objects: 0 added, 0 removed, 0 changed\n");
}

#define PODS \
	NS("m", "") POD("m", "web-1", "app: web", "10.0.0.1") \
	POD("m", "web-2", "app: web", "10.0.0.2") POD("m", "db", "app: db", "10.0.0.3") \
	POLICY("m", "deny", "{podSelector: {matchLabels: {app: db}}}")

static void check_reach(const char *a, const char *b, const char *want)
{
	char *text = written(a, b, false, true, form_text);

	CHECK_STR(text, want);
	free(text);
}

static void test_reach(void)
{
	check_reach(PODS, PODS, "connections: 0 appear, 0 go\n");
	check_reach(PODS, PODS POLICY("m", "allow", "{podSelector: {matchLabels: {app: db}}, "
				      "ingress: [{}, {from: [{podSelector: {matchLabels: "
				      "{app: web}}}], ports: [{port: 5432}]}]}"),
		    "connections: 2 appear, 0 go\n"
		    "  + m/web-1 +1 -> m/db  all ports  denied -> allowed: ingress[0] of m/allow\n");
	check_reach(PODS, PODS POLICY("m", "allow", "{podSelector: {matchLabels: {app: db}}, "
				      "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], "
				      "ports: [{port: 5432}, {port: 53, protocol: UDP}, "
				      "{port: 54, endPort: 60, protocol: UDP}]}]}"),
		    "connections: 2 appear, 0 go\n"
		    "  + m/web-1 +1 -> m/db  tcp/5432, udp/53-60\n"
		    "      denied -> allowed: ingress[0] of m/allow\n");
	check_reach(PODS POD("m", "gone", "app: web", "10.0.0.4"),
		    PODS POD("m", "new", "app: db", "fd00::1")
		    POLICY("m", "quiet", "{podSelector: {matchLabels: {app: web}}, "
			   "policyTypes: [Egress]}"),
		    "connections: 0 appear, 2 go\n"
		    "  - m/web-1 +1 -> m/web-1 +1  all ports\n"
		    "      allowed -> denied: isolated by m/quiet (egress)\n"
		    "connections of 1 new pod: 0\n"
		    "connections of 1 pod that go: 5\n"
		    "  - m/db -> m/gone  all ports  allowed -> none: no pod there any more\n"
		    "  - m/gone -> m/web-1 +1  all ports  allowed -> none: no pod there any more\n"
		    "  - m/web-1 +1 -> m/gone  all ports  allowed -> none: no pod there any more\n");
}

/* Pods of one label set that a block tells apart. */
static void test_blocks(void)
{
	static const char pods[] =
		POD("m", "a", "", "10.0.0.1") POD("m", "b", "", "10.0.1.1")
		POD("m", "c", "", "10.0.2.1") POD("m", "d", "", "10.1.0.1")
		POD("m", "db", "app: db", "10.9.0.1");
	char with[4096];

	snprintf(with, sizeof(with), "%s%s", pods,
		 POLICY("m", "allow", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{"
			"ipBlock: {cidr: 10.0.0.0/16, except: [10.0.1.0/24]}}]}]}"));
	check_reach(pods, with,
		    "connections: 0 appear, 2 go\n"
		    "  - m/b -> m/db  all ports  allowed -> denied: isolated by m/allow (ingress)\n"
		    "  - m/d -> m/db  all ports  allowed -> denied: isolated by m/allow (ingress)\n");
}

/* Only one family differs, or the families differ in their ports. */
static void test_families(void)
{
	static const char pods[] =
		"---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: m}\n"
		"status: {podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}\n"
		"---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: m, "
		"labels: {app: db}}\n"
		"status: {podIPs: [{ip: 10.0.0.2}, {ip: 'fd00::2'}]}\n";
	char both[4096];

	snprintf(both, sizeof(both), "%s%s", pods,
		 POLICY("m", "v4", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{"
			"ipBlock: {cidr: 10.0.0.0/8}}]}, {ports: [{port: 1}]}]}"));
	check_reach(pods, both,
		    "connections: 0 appear, 1 go\n"
		    "  - m/a -> m/b  all but tcp/1 over IPv6\n"
		    "      allowed -> denied: isolated by m/v4 (ingress)\n");
}

static void test_forms(void)
{
	static const char after[] =
		PODS POD("m", "new-pod", "", "10.0.0.7")
		POLICY("m", "allow", "{podSelector: {matchLabels: {app: db}}, ingress: [{}]}");
	char *text;

	text = written(PODS, after, true, true, form_md);
	CHECK(strstr(text, "**Network policies:** 2 objects added, 0 removed, 0 changed; "
		     "**2 connections appear, 0 go**, 1 new pod\n"));
	CHECK(strstr(text, "| appears | m/web-1 \\+1 | m/db | all ports | denied, now allowed | "
		     "ingress\\[0\\] of m/allow |\n"));
	CHECK(strstr(text, "<details><summary>connections of new pods</summary>"));
	CHECK(strstr(text, "| appears | m/new-pod | m/db | all ports | none, now allowed | "));
	CHECK(strstr(text, "- m/web-1, m/web-2\n"));
	free(text);
	text = written(PODS, after, true, true, form_short);
	CHECK(strstr(text, "  + pod/m/new-pod\n  and 1 more; -v shows all\n"));
	free(text);
	text = written(PODS, after, true, true, np_diff_write_json);
	CHECK(strstr(text, "\"appear\": 2,"));
	CHECK(strstr(text, "\"protocol\": \"other\""));
	free(text);
}

/* The plan adds, replaces and deletes what a transaction would. */
static void test_plan(void)
{
	static const char loaded[] =
		NS("m", "") POD("m", "a", "", "10.0.0.1") POD("m", "b", "", "10.0.0.2")
		POLICY("m", "x", "{}") POLICY("m", "other", "{}");
	static const char input[] =
		POD("m", "a", "", "10.0.0.1")
		"---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: m}\n"
		"status: {phase: Succeeded}\n" POLICY("m", "x", "{ingress: [{}]}");
	struct np_placement place[2] = { { .local = true }, { .local = true } };
	struct np_plan plan = { .origin = "manual", .place = place };
	struct np_diff_objects diff;
	struct np_diff_side a, b;
	struct np_objects objs;
	struct np_state state;
	size_t i;

	np_objects_init(&objs);
	np_state_init(&state);
	CHECK_EQ(np_load_buffer(&objs, "i.yaml", input, strlen(input), NULL, &err), 0);
	CHECK_EQ(np_load_buffer(&state.objects, "l.yaml", loaded, strlen(loaded), NULL, &err), 0);
	state.namespace = np_xcalloc(1, sizeof(*state.namespace));
	state.pod = np_xcalloc(2, sizeof(*state.pod));
	state.policy = np_xcalloc(2, sizeof(*state.policy));
	strcpy(state.namespace[0].origin, "manual");
	for (i = 0; i < 2; i++) {
		strcpy(state.pod[i].origin, "manual");
		state.pod[i].place.local = true;
	}
	strcpy(state.policy[0].origin, "manual");
	strcpy(state.policy[1].origin, "kube");
	plan.objects = &objs;
	for (i = 0; i < 2; i++) {
		plan.replace = i;
		np_diff_side_init(&a, "kernel");
		np_diff_side_init(&b, "then");
		np_diff_side_state(&a, &state);
		np_diff_side_plan(&b, &state, &plan);
		np_diff_objects_compare(&diff, &a, &b);
		/* pod b is finished; policy x has a rule now; only --replace drops the namespace */
		CHECK_EQ(diff.count[0], 0);
		CHECK_EQ(diff.count[1], 1 + plan.replace);
		CHECK_EQ(diff.count[2], 1);
		CHECK_EQ(np_diff_side_count(&b, NETPOL_OBJECT_POLICY), 2);
		np_diff_objects_free(&diff);
		np_diff_side_free(&a);
		np_diff_side_free(&b);
	}
	np_state_free(&state);
	np_objects_free(&objs);
}

/*
 * Audits of both states are listed and are no difference; that a policy is observed for all pods is
 * one; what an observed policy would deny is not allowed by it.
 */
static void test_audits(void)
{
	static const char text[] =
		NS("m", "") POD("m", "a", "", "10.0.0.1") POD("m", "b", "", "10.0.0.2")
		POLICY("m", "x", "{podSelector: {}, policyTypes: [Ingress]}");
	struct np_observe item[] = {
		{ .namespace = "m", .pod = "a" }, { .namespace = "m", .policy = "x" },
	};
	struct np_observe_list both = { item, 1 }, more = { item, 2 };
	struct np_reach_options opts = { 0 };
	struct np_diff_side a, b;
	struct np_diff diff;
	char *form;

	side_from(&a, "a", text);
	side_from(&b, "b", text);
	a.audits = &both;
	b.audits = &both;
	diff = (struct np_diff) { .by_objects = true, .by_reach = true };
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), 0);
	CHECK(!np_diff_differs(&diff));
	form = formed(&diff, np_diff_write_json);
	CHECK(strstr(form, "\"pod\": \"a\""));
	free(form);
	np_diff_free(&diff);

	b.audits = &more;
	diff = (struct np_diff) { .by_objects = true, .by_reach = true };
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), 0);
	CHECK(np_diff_differs(&diff));
	/* ingress of a is open in both, that of b in the second one */
	CHECK_EQ(diff.reach.connections[NP_REACH_BOTH][1], 1);
	CHECK_EQ(diff.reach.connections[NP_REACH_BOTH][0], 0);
	form = formed(&diff, form_text);
	CHECK(strstr(form, "audits: 2; "));
	CHECK(strstr(form, "    pod m/a\n"));
	CHECK(strstr(form, "    policy m/x, only of b\n"));
	CHECK(strstr(form, "~ audit enforced -> observed"));
	CHECK(strstr(form, "denied -> allowed: no policy isolates"));
	free(form);
	form = formed(&diff, form_md);
	CHECK(strstr(form, "- policy m/x, only of b\n"));
	free(form);
	np_diff_free(&diff);
	np_diff_side_free(&a);
	np_diff_side_free(&b);
}

/* A pod of another node is judged there, and pods of files are where the node has them. */
static void test_node(void)
{
	struct np_diff diff = { .by_reach = true, .by_objects = true };
	struct np_reach_options opts = { 0 };
	struct np_diff_side a, b;
	size_t i;

	side_from(&a, "kernel", PODS);
	side_from(&b, "b", POLICY("m", "all", "{}")
		  POLICY("m", "far", "{podSelector: {matchLabels: {app: db}}}")
		  POLICY("other", "far", "{}"));
	CHECK(np_diff_side_borrow(&b, &a, NETPOL_OBJECT_POD));
	CHECK(!np_diff_side_borrow(&b, &a, NETPOL_OBJECT_POD));
	CHECK(np_diff_side_borrow(&b, &a, NETPOL_OBJECT_NAMESPACE));
	a.node = true;
	a.manifests = false;
	for (i = 0; i < 3; i++)
		if (strcmp(a.origin[0].objects.pods[i].name, "web-1"))
			a.origin[0].objects.pods[i].node = "";
	np_diff_side_align(&a, &b);
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), 0);
	/* only the ingress of web-1 is judged here, not that of web-2 and db */
	CHECK_EQ(diff.reach.elsewhere, 2);
	/* so nobody misses a policy that selects db, or nobody here */
	CHECK_EQ(diff.objects.elsewhere, 2);
	CHECK_EQ(diff.objects.count[0], 1);
	CHECK_STR(diff.objects.item[0].name, "all");
	CHECK_EQ(diff.reach.connections[NP_REACH_BOTH][0], 2);
	CHECK_EQ(diff.reach.connections[NP_REACH_BOTH][1], 0);
	for (i = 0; i < diff.reach.lines; i++)
		CHECK_STR(np_reach_first(&diff.reach, diff.reach.line[i].destination)->text,
			  "m/web-1");
	np_diff_free(&diff);
	np_diff_side_free(&a);
	np_diff_side_free(&b);
}

/* Too much to ask is refused before any verdict; equal pods are asked once. */
static void test_bounds(void)
{
	struct np_diff diff = { .by_reach = true };
	struct np_reach_options opts = { 0 };
	char text[256], labels[64];
	struct np_diff_side side;
	struct np_objects *objs;
	unsigned int turn, i;

	for (turn = 0; turn < 2; turn++) {
		np_diff_side_init(&side, "a");
		objs = &side.files;
		for (i = 0; i < 3000; i++) {
			snprintf(labels, sizeof(labels), "{num: \"%u\"}", i);
			snprintf(text, sizeof(text), "apiVersion: v1\nkind: Pod\nmetadata: {name: p%u, "
				 "namespace: a, labels: %s}\nstatus: {podIP: 10.0.%u.%u}\n", i, labels,
				 i / 250, i % 250 + 1);
			CHECK_EQ(np_load_buffer(objs, "t.yaml", text, strlen(text), NULL, &err), 0);
		}
		snprintf(text, sizeof(text), "%s", turn ? POLICY("a", "np",
			 "{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: ["
			 "{key: num, operator: Exists}]}}]}]}") :
			 POLICY("a", "np", "{}"));
		CHECK_EQ(np_load_buffer(objs, "t.yaml", text, strlen(text), NULL, &err), 0);
		np_diff_side_files(&side);
		memset(&diff, 0, sizeof(diff));
		diff.by_reach = true;
		if (!turn) {
			CHECK_EQ(np_diff_compare(&diff, &side, &side, &opts, &err), 0);
			CHECK_EQ(diff.reach.groups.groups, 1);
		} else {
			CHECK_EQ(np_diff_compare(&diff, &side, &side, &opts, &err), -1);
			CHECK_EQ(err.exit, NP_EXIT_INPUT);
			CHECK(strstr(err.text, "3000 pods of 3000 kinds, 0 sets of addresses outside"));
			CHECK(strstr(err.hint, "--objects"));
		}
		np_diff_free(&diff);
		np_diff_side_free(&side);
	}
}

/* Lines take memory: too many of them are refused, and the limit is no other one than that. */
static void test_lines(void)
{
	struct np_diff diff = { .by_reach = true };
	struct np_reach_options opts = { .bytes = 1 };
	struct np_diff_side a, b;

	side_from(&a, "a", PODS);
	side_from(&b, "b", PODS POLICY("m", "all", "{}"));
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	CHECK(strstr(err.text, "lines differ, each with 4 port intervals"));
	np_diff_free(&diff);
	diff = (struct np_diff){ .by_reach = true };
	opts.bytes = 10000;
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), 0);
	np_diff_free(&diff);
	np_diff_side_free(&a);
	np_diff_side_free(&b);
}

/* What another node judges now is not what no policy isolates. */
static void test_moved(void)
{
	static const char input[] = PODS POLICY("m", "all", "{}");
	struct np_diff diff = { .by_reach = true };
	struct np_reach_options opts = { 0 };
	struct np_diff_side a, b;
	char *text;
	size_t i;

	side_from(&a, "a", input);
	side_from(&b, "b", input);
	for (i = 0; i < 3; i++)
		if (!strcmp(b.origin[0].objects.pods[i].name, "db"))
			b.origin[0].objects.pods[i].node = "";
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), 0);
	text = formed(&diff, form_text);
	CHECK(strstr(text, "denied -> allowed: judged on another node now"));
	CHECK(!strstr(text, "no policy isolates"));
	free(text);
	np_diff_free(&diff);
	np_diff_side_free(&a);
	np_diff_side_free(&b);
}

/* Two nodes may differ in their settings alone. */
static void test_settings(void)
{
	struct np_settings was = { 0 }, is = { 0 };
	struct np_diff diff = { .by_objects = true };
	struct np_reach_options opts = { 0 };
	struct np_diff_side a, b;
	char *text;

	side_from(&a, "a", PODS);
	side_from(&b, "b", PODS);
	CHECK_EQ(np_setting_assign(&is, "unknown=allow", &err), 0);
	CHECK_EQ(np_setting_assign(&is, "guard-prefix=10.0.0.0/8", &err), 0);
	/* manifests have none */
	a.settings = &is;
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), 0);
	CHECK(!np_diff_differs(&diff));
	np_diff_free(&diff);
	b.settings = &is;
	diff = (struct np_diff){ .by_objects = true };
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), 0);
	CHECK(!np_diff_differs(&diff));
	np_diff_free(&diff);
	a.settings = &was;
	diff = (struct np_diff){ .by_objects = true };
	CHECK_EQ(np_diff_compare(&diff, &a, &b, &opts, &err), 0);
	CHECK(np_diff_differs(&diff));
	text = formed(&diff, form_text);
	CHECK_STR(text, "settings: 2 changed; connections are judged without them\n"
		  "  ~ guard-prefix none -> 10.0.0.0/8\n  ~ unknown deny -> allow\n"
		  "objects: 0 added, 0 removed, 0 changed\n");
	free(text);
	text = formed(&diff, form_md);
	CHECK(strstr(text, "**Network policies:** settings differ\n"));
	CHECK(strstr(text, "- unknown: deny, now allow\n"));
	free(text);
	text = formed(&diff, np_diff_write_json);
	CHECK(strstr(text, "\"name\": \"unknown\""));
	free(text);
	np_diff_free(&diff);
	np_diff_side_free(&a);
	np_diff_side_free(&b);
	np_settings_free(&is);
}

int main(void)
{
	test_worlds();
	test_same();
	test_objects();
	test_left_out();
	test_reach();
	test_blocks();
	test_families();
	test_forms();
	test_plan();
	test_audits();
	test_node();
	test_lines();
	test_moved();
	test_settings();
	test_bounds();
	return check_done("test_diff");
}
