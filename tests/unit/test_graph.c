// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What exposure and graph are made of: over random worlds the connections between pods are exactly
 * those of the matrix, those with addresses at random that are no pod's are what the naive
 * evaluator says, what passes between two workloads is what all and what some pairs of their pods
 * allow, and the arrows of a drawing say each of that once. Half of the worlds have ClusterNetworkPolicies.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <linux/netpol.h>

#include "check.h"
#include "graph/arrows.h"
#include "graph/dot.h"
#include "graph/exposure_json.h"
#include "graph/exposure_text.h"
#include "graph/html.h"
#include "graph/mermaid.h"
#include "matrix/matrix.h"
#include "object/load.h"

#include "../evaluator/evaluator.h"
#include "../evaluator/history.h"

#define WORLDS		400
#define WORLD_PODS	24

static struct np_error err;
static unsigned long verdicts, allowed, outside, outside_allowed, joined, in_part, mismatches;
static unsigned long runs, arrows_seen, arrow_pairs;

/* What is read from files has no host bits in its blocks; made-up worlds have some. */
static void canonical_cidr(struct np_cidr *cidr)
{
	unsigned int bit;

	for (bit = cidr->length; bit < 128; bit++)
		cidr->addr[bit / 8] &= (uint8_t)~(128 >> bit % 8);
}

static void canonical_rules(struct np_rule *rule, uint32_t count)
{
	struct np_ipblock *block;
	uint32_t i, k, e;

	for (i = 0; i < count; i++)
		for (k = 0; k < rule[i].peer_count; k++) {
			block = rule[i].peer[k].ipblock;
			if (!block)
				continue;
			canonical_cidr(&block->cidr);
			for (e = 0; e < block->except_count; e++)
				canonical_cidr(&block->except[e]);
		}
}

/* All origins of a model as one, each pod with a workload or without one. */
static void state_of(struct np_objects *to, struct history *h, const struct model *model)
{
	static const char *const owner[] = { NULL, "web", "db" };
	const struct np_objects *from;
	unsigned int origin;
	size_t i, k;

	np_objects_init(to);
	for (origin = 0; origin < HISTORY_ORIGINS; origin++) {
		from = &model->origin[origin];
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
			to->pods[k].owner = owner[history_random(h, 3)];
		}
		for (i = 0; i < from->policy_count; i++) {
			for (k = 0; k < to->policy_count; k++)
				if (!strcmp(to->policies[k].namespace,
					    from->policies[i].namespace) &&
				    !strcmp(to->policies[k].name, from->policies[i].name))
					break;
			if (k < to->policy_count)
				continue;
			*np_objects_add_policy(to) = from->policies[i];
			canonical_rules(to->policies[k].ingress, to->policies[k].ingress_count);
			canonical_rules(to->policies[k].egress, to->policies[k].egress_count);
		}
	}
}

static bool covers(const struct np_flows *flows, uint32_t set, const struct np_matrix_port *port)
{
	const struct np_diff_ports_of *of;
	size_t i;

	for (i = 0; i < flows->ports.count; i++) {
		of = &flows->ports.item[i];
		if (!(flows->set[set]->bit[i / 64] >> i % 64 & 1))
			continue;
		if (port->has_port ? of->protocol == port->protocol && of->first <= port->port &&
				     port->port <= of->last :
				     !of->protocol || of->protocol == port->protocol)
			return true;
	}
	return false;
}

/* Ports that rules name, those beside them, and other protocols. */
static void some_ports(struct np_matrix *m, struct history *h, const struct np_objects *objs)
{
	const struct np_policy *policy;
	const struct np_rule *rule;
	char text[80];
	size_t i;

	for (i = 0; i < objs->policy_count && m->ports < 20; i++) {
		policy = &objs->policies[i];
		rule = policy->ingress_count ? policy->ingress :
		       policy->egress_count ? policy->egress : NULL;
		if (!rule || !rule->port_count || !rule->port->first ||
		    rule->port->last == UINT16_MAX)
			continue;
		snprintf(text, sizeof(text), "%u/%u,%u/%u,%u/%u", rule->port->protocol,
			 rule->port->first, rule->port->protocol, rule->port->last,
			 rule->port->protocol, rule->port->last + 1u);
		CHECK_EQ(np_matrix_add_ports(m, text, &err), 0);
	}
	snprintf(text, sizeof(text), "tcp/%u,udp/53,icmp,icmpv6,47,tcp/1,sctp/65535",
		 1 + history_random(h, 65535));
	CHECK_EQ(np_matrix_add_ports(m, text, &err), 0);
}

static void wrong(const char *what, const char *from, const char *to, bool v6, const char *port)
{
	if (mismatches++ < 20)
		printf("%s: %s -> %s IPv%c %s\n", what, from, to, v6 ? '6' : '4', port);
}

/* Each pair of pods, as the pods of two groups that are asked for once. */
static void compare_pods(const struct np_flows *flows, const struct np_matrix *m, bool v6)
{
	const struct np_diff_groups *groups = &flows->groups;
	const struct np_diff_pod *from, *to;
	uint32_t row, column, set;
	size_t a, b, i, k, port;
	bool want;

	for (a = 0; a < groups->groups; a++)
		for (b = 0; b < groups->groups; b++) {
			if (flows->out_of[a] != SIZE_MAX || flows->out_of[b] != SIZE_MAX)
				continue;
			set = np_flows_between(flows, v6, a, b);
			for (i = 0; i < groups->group[a].count; i++)
				for (k = 0; k < groups->group[b].count; k++) {
					from = &groups->pod[groups->group[a].first + i];
					to = &groups->pod[groups->group[b].first + k];
					row = np_matrix_find(m, from->text);
					column = np_matrix_find(m, to->text);
					if (from == to)
						continue;
					if (row == NP_MATRIX_NONE || column == NP_MATRIX_NONE) {
						if (set != NP_FLOWS_UNASKED)
							wrong("asked", from->text, to->text, v6, "");
						continue;
					}
					for (port = 0; port < m->ports; port++) {
						want = m->allowed[np_matrix_at(m, port, row, column)] ==
						       NP_MATRIX_ALLOW;
						verdicts++;
						allowed += want;
						if (set == NP_FLOWS_UNASKED ||
						    covers(flows, set, &m->port[port]) != want)
							wrong("matrix", from->text, to->text, v6,
							      m->port[port].text);
					}
				}
		}
}

static bool in_range(const struct np_diff_range *range, const struct np_address *address)
{
	return memcmp(range->first, address->addr, 16) <= 0 &&
	       memcmp(address->addr, range->last, 16) <= 0;
}

/* The set of addresses outside that holds an address; there is one at most. */
static size_t set_of(const struct np_flows *flows, const struct np_address *address)
{
	const struct np_diff_outside_set *set;
	size_t s, r, found = SIZE_MAX;

	for (s = 0; s < flows->outside.sets; s++) {
		set = &flows->outside.set[s];
		for (r = 0; set->address.family == address->family && r < set->ranges; r++)
			if (in_range(&set->range[r], address)) {
				CHECK(found == SIZE_MAX);
				found = s;
			}
	}
	return found;
}

/* An address near a block of a policy, or anywhere. */
static struct np_address some_address(struct history *h, const struct np_objects *objs)
{
	const struct np_policy *policy;
	const struct np_ipblock *block;
	struct np_address address = { .family = AF_INET };
	const struct np_rule *rule;
	uint32_t i, tries;
	uint8_t *last;

	for (tries = 0; objs->policy_count && tries < 20; tries++) {
		policy = &objs->policies[history_random(h, objs->policy_count)];
		rule = policy->ingress_count ? policy->ingress :
		       policy->egress_count ? policy->egress : NULL;
		if (!rule || !rule->peer_count || !rule->peer->ipblock)
			continue;
		block = rule->peer->ipblock;
		address.family = block->cidr.family;
		memcpy(address.addr, block->cidr.addr, 16);
		if (block->except_count && history_random(h, 2))
			memcpy(address.addr, block->except->addr, 16);
		last = &address.addr[address.family == AF_INET ? 3 : 15];
		*last = (uint8_t)(*last + history_random(h, 3) - 1);
		return address;
	}
	for (i = 0; i < 4; i++)
		address.addr[i] = (uint8_t)history_random(h, 256);
	return address;
}

static void compare_address(const struct np_flows *flows, struct evaluator *ev,
			    const struct np_address *address, const struct np_matrix *m)
{
	bool v6 = address->family == AF_INET6, leaves, want;
	struct evaluator_half egress, ingress;
	struct evaluator_end end[2];
	size_t set = set_of(flows, address), g, out, port;
	char text[NP_CIDR_TEXT];
	uint32_t ports;

	for (out = 0; out < flows->groups.groups && flows->out_of[out] != set; out++)
		;
	/* a family that no pod has is not asked for */
	if (set == SIZE_MAX) {
		for (g = 0; g < flows->groups.groups; g++)
			if (np_flows_first(flows, g)->address[0][v6])
				wrong("no set", np_flows_first(flows, g)->text, "outside", v6, "");
		return;
	}
	for (g = 0; g < flows->groups.groups; g++) {
		if (flows->out_of[g] != SIZE_MAX || !np_flows_first(flows, g)->address[0][v6])
			continue;
		for (port = 0; port < 2 * m->ports; port++) {
			leaves = port % 2;
			end[!leaves].address = np_flows_first(flows, g)->address[0][v6];
			end[!leaves].pod = evaluator_owner(ev, end[!leaves].address);
			end[leaves].address = address;
			end[leaves].pod = NULL;
			want = evaluator_judge(ev, &end[0], &end[1], m->port[port / 2].protocol,
					       m->port[port / 2].port, &egress, &ingress);
			ports = leaves ? np_flows_between(flows, v6, g, out) :
					 np_flows_between(flows, v6, out, g);
			outside++;
			outside_allowed += want;
			if (covers(flows, ports, &m->port[port / 2]) != want)
				wrong(leaves ? "to outside" : "from outside",
				      np_flows_first(flows, g)->text,
				      np_address_text(address, text), v6,
				      m->port[port / 2].text);
		}
	}
}

/* What passes between two workloads, by their names alone. */
static void compare_workloads(const struct np_workloads *all, const struct np_workload *from,
			      const struct np_workload *to, const struct np_matrix *m, bool v6)
{
	struct np_passes pass = np_workloads_pass(all, v6, from, to);
	size_t port, i, k, pairs, yes;
	uint32_t row, column;
	char text[2][600];

	for (port = 0; port < m->ports; port++) {
		pairs = 0;
		yes = 0;
		for (i = 0; i < from->pods; i++)
			for (k = 0; k < to->pods; k++) {
				snprintf(text[0], sizeof(text[0]), "%s/%s", from->namespace,
					 from->pod[i]);
				snprintf(text[1], sizeof(text[1]), "%s/%s", to->namespace,
					 to->pod[k]);
				row = np_matrix_find(m, text[0]);
				column = np_matrix_find(m, text[1]);
				if (row == NP_MATRIX_NONE || column == NP_MATRIX_NONE ||
				    row == column)
					continue;
				pairs++;
				yes += m->allowed[np_matrix_at(m, port, row, column)] ==
				       NP_MATRIX_ALLOW;
			}
		joined++;
		in_part += yes && yes < pairs;
		if (!pairs ? pass.all != NP_FLOWS_UNASKED :
		    pass.all == NP_FLOWS_UNASKED ||
		    covers(all->flows, pass.all, &m->port[port]) != (yes == pairs) ||
		    covers(all->flows, pass.some, &m->port[port]) != (yes > 0))
			wrong("workloads", from->name, to->name, v6, m->port[port].text);
	}
}

static size_t run_addresses;
static struct np_address run_address;
static bool run_holds;

static void visit_run(void *context, uint8_t family, const struct np_diff_range *range)
{
	run_addresses++;
	run_holds |= family == run_address.family && in_range(range, &run_address);
}

/* An address is in the runs of the peers of its set, or in those of the others. */
static void compare_runs(const struct np_exposure *exposure, const struct np_address *address)
{
	const struct np_flows *flows = exposure->workloads->flows;
	size_t set = set_of(flows, address), i, k, p;
	const struct np_exposure_list *world;
	bool v6 = address->family == AF_INET6, is;

	run_address = *address;
	for (i = 0; set != SIZE_MAX && i < exposure->items; i++) {
		world = &exposure->item[i].side[i % 2].world;
		for (k = 0; k < world->items; k++) {
			for (is = false, p = 0; p < world->item[k].count; p++)
				is |= world->item[k].peer[p] == set;
			run_holds = false;
			np_exposure_runs(exposure, &world->item[k], v6, false, visit_run, NULL);
			CHECK(run_holds == is);
			run_holds = false;
			np_exposure_runs(exposure, &world->item[k], v6, true, visit_run, NULL);
			CHECK(run_holds != is);
			runs++;
		}
	}
}

static bool listed(const size_t *set, size_t count, size_t what)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (set[i] == what)
			return true;
	return false;
}

/* What passes as arrows have it: the same for both families where the ends have one only. */
static void drawn_passes(const struct np_workloads *all, size_t from, size_t to,
			 struct np_passes passes[2])
{
	int v6;

	for (v6 = 0; v6 < 2; v6++)
		passes[v6] = np_workloads_pass(all, v6, &all->item[from], &all->item[to]);
	for (v6 = 0; v6 < 2; v6++)
		if (passes[v6].some == NP_FLOWS_UNASKED)
			passes[v6] = passes[!v6];
}

/* Each pair of workloads has the arrow that says what passes, and no other one. */
static void compare_arrows(const struct np_exposure *exposure)
{
	const struct np_workloads *all = exposure->workloads;
	struct np_arrows arrows;
	struct np_passes passes[2];
	const struct np_arrow *arrow, *found;
	size_t from, to, i, count;

	CHECK_EQ(np_arrows_make(&arrows, exposure, &err), 0);
	CHECK_EQ(arrows.drawns, all->count);
	CHECK_EQ(arrows.namespaces, all->namespaces);
	arrows_seen += arrows.arrows;
	for (from = 0; from < all->count; from++)
		for (to = 0; to < all->count; to++) {
			if (from == to && !np_arrows_itself(&arrows, from))
				continue;
			drawn_passes(all, from, to, passes);
			found = NULL;
			count = 0;
			for (i = 0; i < arrows.arrows; i++) {
				arrow = &arrows.arrow[i];
				if (!listed(arrow->from, arrow->froms, from) ||
				    !listed(arrow->to, arrow->tos, to))
					continue;
				found = arrow;
				count++;
			}
			arrow_pairs += count;
			if (count != np_passes_any(passes) ||
			    (found && !np_passes_same(found->passes, passes)))
				wrong("arrows", all->item[from].name, all->item[to].name, false, "");
		}
	for (i = 0; i < exposure->items; i++)
		for (to = 0; to < 2; to++) {
			for (count = 0, from = 0; from < arrows.worlds; from++)
				count += arrows.world[from].leaves == (to == NETPOL_DIRECTION_EGRESS) &&
					 listed(arrows.world[from].from, arrows.world[from].froms,
						exposure->item[i].workload);
			CHECK_EQ(count, exposure->item[i].side[to].world.items);
		}
	np_arrows_free(&arrows);
}

static char *written;
static size_t written_len;

/* Whatever is written is whole: it begins and ends as it must. */
static void check_written(FILE *file, const char *begins, const char *ends)
{
	fclose(file);
	if (!CHECK(!strncmp(written, begins, strlen(begins))) ||
	    !CHECK(written_len >= strlen(ends) && !strcmp(written + written_len - strlen(ends), ends)))
		printf("%.200s\n", written);
	free(written);
}

static void write_all(const struct np_exposure *exposure)
{
	struct np_arrows arrows;
	FILE *file;

	CHECK_EQ(np_arrows_make(&arrows, exposure, &err), 0);
	file = open_memstream(&written, &written_len);
	np_graph_write_dot(&arrows, file);
	check_written(file, "digraph netpol {\n", "\n}\n");
	file = open_memstream(&written, &written_len);
	np_graph_write_mermaid(&arrows, file);
	check_written(file, "flowchart LR\n", "stroke:none\n");
	file = open_memstream(&written, &written_len);
	np_graph_write_html(&arrows, file);
	check_written(file, "<!DOCTYPE html>\n", "</html>\n");
	file = open_memstream(&written, &written_len);
	np_exposure_write_json(exposure, file);
	check_written(file, "{\n", "}\n");
	file = open_memstream(&written, &written_len);
	np_exposure_write_text(exposure, 3, file);
	check_written(file, "", "\n");
	np_arrows_free(&arrows);
}

static void compare_world(const struct np_objects *objs, struct history *h)
{
	struct evaluator ev = {
		.origin = { objs }, .origins = 1, .kube_node = h->kube_node,
		.kube_nodes = h->kube_nodes,
	};
	struct np_matrix_options options = { 0 };
	static const uint8_t zero[16];
	struct np_workloads workloads = { 0 };
	struct np_exposure exposure = { 0 };
	struct np_address address;
	struct np_flows flows;
	struct np_diff_side side;
	struct np_matrix m;
	size_t i, k;
	int v6;

	np_diff_side_init(&side, "a");
	for (i = 0; i < objs->namespace_count; i++)
		*np_objects_add_namespace(&side.files) = objs->namespaces[i];
	for (i = 0; i < objs->pod_count; i++)
		*np_objects_add_pod(&side.files) = objs->pods[i];
	for (i = 0; i < objs->policy_count; i++)
		*np_objects_add_policy(&side.files) = objs->policies[i];
	np_diff_side_files(&side);
	np_matrix_init(&m);
	some_ports(&m, h, objs);
	if (np_flows_load(&flows, &side, NULL, &err)) {
		CHECK(strstr(err.text, "there are no pods"));
		goto out;
	}
	np_workloads_make(&workloads, &flows, NULL, 0);
	CHECK_EQ(np_flows_ask(&flows, NULL, &err), 0);
	for (v6 = 0; v6 < 2; v6++) {
		options.family = v6 ? AF_INET6 : AF_INET;
		if (np_matrix_from_objects(&m, objs, &options, &err))
			m.pods = 0;
		compare_pods(&flows, &m, v6);
		for (i = 0; i < workloads.count; i++)
			for (k = 0; k < workloads.count; k++)
				compare_workloads(&workloads, &workloads.item[i],
						  &workloads.item[k], &m, v6);
	}
	CHECK_EQ(np_exposure_make(&exposure, &workloads, NULL, &err), 0);
	CHECK_EQ(exposure.items, workloads.count);
	compare_arrows(&exposure);
	write_all(&exposure);
	for (i = 0; h->unicast && i < 10; i++) {
		address = some_address(h, objs);
		/* the unspecified address is nobody's */
		if (evaluator_owner(&ev, &address) || !memcmp(address.addr, zero, sizeof(zero)))
			continue;
		compare_address(&flows, &ev, &address, &m);
		compare_runs(&exposure, &address);
	}
	np_exposure_free(&exposure);
	np_workloads_free(&workloads);
out:
	np_flows_free(&flows);
	np_matrix_free(&m);
	np_diff_side_free(&side);
}

static void test_worlds(void)
{
	struct np_objects objs;
	struct model model;
	struct history h;
	unsigned int i, done = 0;
	uint64_t seed;

	for (seed = 1; done < WORLDS; seed++) {
		netpol_random_seed = seed;
		history_begin(&h, seed);
		h.ranges = 0;	/* a state that is compared has no ranges of pods */
		model_begin(&model, &h);
		h.unicast = seed % 4;
		for (i = 0; i < 12; i++)
			model_apply(&model, history_next(&h, &model));
		state_of(&objs, &h, &model);
		if (objs.pod_count <= WORLD_PODS) {
			compare_world(&objs, &h);
			done++;
		}
		np_objects_free(&objs);
		model_free(&model);
		history_free(&h);
	}
	printf("%lu verdicts between pods, %lu allow; %lu with addresses outside, %lu allow; %lu "
	       "between workloads, %lu allow some pods; %lu runs; %lu mismatches\n", verdicts,
	       allowed, outside, outside_allowed, joined, in_part, runs, mismatches);
	printf("%lu arrows for %lu pairs of workloads\n", arrows_seen, arrow_pairs);
	CHECK_EQ(mismatches, 0);
	CHECK(arrows_seen > 500 && arrow_pairs > 2 * arrows_seen);
	CHECK(verdicts > 50000 && allowed > 5000 && allowed < verdicts - 5000);
	CHECK(outside > 20000 && outside_allowed > 2000 && outside_allowed < outside - 2000);
	CHECK(joined > 20000 && in_part > 500 && runs > 500 && run_addresses > 500);
}

/*
 * An audit of one pod: its policies are named apart, what they would deny passes for this pod, and
 * the other pod of the workload is isolated by them.
 */
static void test_observed(void)
{
	static const char text[] =
		"---\n{apiVersion: v1, kind: List, items: [\n"
		" {apiVersion: v1, kind: Namespace, metadata: {name: m}},\n"
		" {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: m},\n"
		"  status: {podIP: 10.0.0.1}},\n"
		" {apiVersion: v1, kind: Pod, metadata: {name: b, namespace: m},\n"
		"  status: {podIP: 10.0.0.2}},\n"
		" {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,\n"
		"  metadata: {name: x, namespace: m}, spec: {podSelector: {}}}]}\n";
	struct np_observe audit = { .namespace = "m", .pod = "a" };
	struct np_observe_list audits = { &audit, 1 };
	const struct np_exposure_side *side_of_a, *side_of_b;
	struct np_workloads workloads = { 0 };
	struct np_exposure exposure = { 0 };
	struct np_diff_side side;
	struct np_flows flows;
	FILE *file;

	np_diff_side_init(&side, "a");
	CHECK_EQ(np_load_buffer(&side.files, "t.yaml", text, strlen(text), NULL, &err), 0);
	np_diff_side_files(&side);
	side.audits = &audits;
	CHECK_EQ(np_flows_load(&flows, &side, NULL, &err), 0);
	np_workloads_make(&workloads, &flows, NULL, 0);
	CHECK_EQ(np_flows_ask(&flows, NULL, &err), 0);
	CHECK_EQ(np_exposure_make(&exposure, &workloads, NULL, &err), 0);
	if (!CHECK_EQ(exposure.items, 2))
		goto out;
	side_of_a = &exposure.item[0].side[NETPOL_DIRECTION_INGRESS];
	side_of_b = &exposure.item[1].side[NETPOL_DIRECTION_INGRESS];
	CHECK_EQ(side_of_a->policies, 0);
	if (CHECK_EQ(side_of_a->observeds, 1))
		CHECK_STR(side_of_a->observed[0], "m/x");
	CHECK_EQ(side_of_a->isolated, NP_ISOLATED_NONE);
	CHECK_EQ(side_of_a->own.items, 1);
	CHECK_EQ(side_of_b->observeds, 0);
	CHECK_EQ(side_of_b->policies, 1);
	CHECK_EQ(side_of_b->isolated, NP_ISOLATED_ALL);
	CHECK_EQ(side_of_b->own.items, 0);
	written = NULL;
	file = open_memstream(&written, &written_len);
	np_exposure_write_text(&exposure, 3, file);
	fclose(file);
	CHECK(strstr(written, "  ingress: not isolated; observed and not enforced: m/x\n"
		     "    world             everything, its policies are only observed\n"));
	CHECK(strstr(written, "  ingress: isolated by m/x\n    world             nothing\n"));
	free(written);
	written = NULL;
out:
	np_exposure_free(&exposure);
	np_workloads_free(&workloads);
	np_flows_free(&flows);
	np_diff_side_free(&side);
}

int main(void)
{
	test_worlds();
	test_observed();
	return check_done("graph");
}
