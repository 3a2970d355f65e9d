// SPDX-License-Identifier: GPL-2.0-or-later
/* The smallest world or history that shows a wrong verdict; see run.h. */
#include <stdlib.h>
#include <string.h>

#include "run.h"

/**
 * struct shrink - a search
 * @h: what fails, with less and less in it
 * @flow: the tuple that is judged wrongly
 * @has_flow: it is that; else: anything that goes wrong
 * @module: the module is part of it
 * @any: something could be left out in this round
 * @what: what is wrong with what is left
 */
struct shrink {
	struct history *h;
	struct np_flow flow;
	bool has_flow;
	bool module;
	bool any;
	char what[640];
};

/* Runs it again, without what is dropped. */
static bool fails(struct shrink *s)
{
	struct history *h = s->h;
	unsigned int i, j;
	struct run run;
	bool same;

	for (i = 0; i < h->transactions; i++)
		for (j = 0; j < h->transaction[i].count; j++)
			if (h->transaction[i].operation[j].kind == SET_POLICY)
				history_directions(&h->transaction[i].operation[j].policy);
	run_begin(&run, h, s->module);
	if (s->has_flow)
		run.only = &s->flow;
	for (i = 0; i < h->transactions && !run.what[0]; i++) {
		audits_before(&run, i);
		if (!run.what[0] && !h->transaction[i].dropped)
			run_transaction(&run, &h->transaction[i]);
	}
	if (!run.what[0])
		audits_before(&run, h->transactions);
	run_end(&run);
	same = s->has_flow ? run.has_flow : run.what[0];
	if (same)
		memcpy(s->what, run.what, sizeof(s->what));
	return same;
}

static void drop(struct shrink *s, bool *dropped)
{
	if (*dropped)
		return;
	*dropped = true;
	if (fails(s))
		s->any = true;
	else
		*dropped = false;
}

/*
 * Leaves out items of an array, first all but the least that there must be, then each. The array
 * may be another object's too: it is replaced, not changed.
 */
static void drop_items(struct shrink *s, void *array, uint32_t *count, size_t size,
		       uint32_t least)
{
	void **slot = array;
	char *old = *slot, *fresh;
	uint32_t i, n = *count;

	if (n <= least)
		return;
	*count = least;
	if (fails(s)) {
		s->any = true;
		return;
	}
	*count = n;
	for (i = n; i && *count > 1; i--) {
		old = *slot;
		fresh = np_arena_zalloc(&s->h->pool.arena, *count * size);
		memcpy(fresh, old, (i - 1) * size);
		memcpy(fresh + (i - 1) * size, old + i * size, (*count - i) * size);
		*slot = fresh;
		--*count;
		if (fails(s)) {
			s->any = true;
			continue;
		}
		*slot = old;
		++*count;
	}
}

/* A name in a ClusterNetworkPolicy is three ports, which stay together. */
static void drop_ports(struct shrink *s, struct np_rule *rule, bool is_cluster)
{
	uint32_t i, n = rule->port_count;

	for (i = 0; is_cluster && i < rule->port_count; i++) {
		if (rule->port[i].kind != NP_PORT_NAME)
			continue;
		rule->port_count = 0;
		if (fails(s))
			s->any = true;
		else
			rule->port_count = n;
		return;
	}
	drop_items(s, &rule->port, &rule->port_count, sizeof(*rule->port), 0);
}

static void drop_selector(struct shrink *s, struct np_selector *selector)
{
	uint32_t i;

	drop_items(s, &selector->item, &selector->count, sizeof(*selector->item), 0);
	for (i = 0; i < selector->count; i++)
		if (selector->item[i].value_count > 1)
			drop_items(s, &selector->item[i].value, &selector->item[i].value_count,
				   sizeof(*selector->item[i].value), 1);
}

/* Makes networks of what a rule says of Nodes. */
static void drop_nodes(struct shrink *s, struct np_rule *rule)
{
	struct np_rule_nodes *nodes = rule->nodes;

	rule->nodes = NULL;
	if (nodes && !fails(s))
		rule->nodes = nodes;
}

static void drop_rules(struct shrink *s, bool is_cluster, struct np_rule **rules,
		       uint32_t *count)
{
	uint32_t i, j;

	drop_items(s, rules, count, sizeof(**rules), 0);
	for (i = 0; i < *count; i++) {
		struct np_rule *rule = &(*rules)[i];

		drop_nodes(s, rule);
		if (rule->nodes)
			continue;
		/* a rule of a ClusterNetworkPolicy has peers */
		drop_items(s, &rule->peer, &rule->peer_count, sizeof(*rule->peer), is_cluster);
		drop_ports(s, rule, is_cluster);
		for (j = 0; j < rule->peer_count; j++) {
			struct np_peer *peer = &rule->peer[j];

			if (peer->ipblock)
				drop_items(s, &peer->ipblock->except,
					   &peer->ipblock->except_count,
					   sizeof(*peer->ipblock->except), 0);
			drop_selector(s, &peer->ns_selector);
			drop_selector(s, &peer->pod_selector);
		}
	}
}

static void drop_parts(struct shrink *s, struct operation *op)
{
	struct np_pod *pod = &op->pod;

	switch (op->kind) {
	case SET_NAMESPACE:
		drop_items(s, &op->namespace.labels.item, &op->namespace.labels.count,
			   sizeof(*op->namespace.labels.item), 0);
		break;
	case SET_POD:
		drop_items(s, &pod->labels.item, &pod->labels.count, sizeof(*pod->labels.item),
			   0);
		drop_items(s, &pod->port, &pod->port_count, sizeof(*pod->port), 0);
		drop_items(s, &pod->address, &pod->address_count, sizeof(*pod->address), 0);
		break;
	case SET_POLICY:
		drop_selector(s, &op->policy.ns_selector);
		drop_selector(s, &op->policy.pod_selector);
		drop_rules(s, op->policy.tier, &op->policy.ingress, &op->policy.ingress_count);
		drop_rules(s, op->policy.tier, &op->policy.egress, &op->policy.egress_count);
		break;
	default:
		break;
	}
}

static void drop_ranges(struct shrink *s)
{
	unsigned int n = s->h->ranges;

	if (!n)
		return;
	s->h->ranges = 0;
	if (fails(s))
		s->any = true;
	else
		s->h->ranges = n;
}

static void search(struct shrink *s)
{
	unsigned int i, j, rounds;

	s->any = true;
	for (rounds = 0; s->any && rounds < 6; rounds++) {
		s->any = false;
		drop_ranges(s);
		for (i = s->h->audit_steps; i; i--)
			drop(s, &s->h->audit_step[i - 1].dropped);
		for (i = s->h->transactions; i; i--)
			drop(s, &s->h->transaction[i - 1].dropped);
		for (i = 0; i < s->h->transactions; i++) {
			struct transaction *txn = &s->h->transaction[i];

			for (j = 0; !txn->dropped && j < txn->count; j++)
				drop(s, &txn->operation[j].dropped);
			for (j = 0; !txn->dropped && j < txn->count; j++)
				if (!txn->operation[j].dropped)
					drop_parts(s, &txn->operation[j]);
		}
	}
}

/* Operations that make what an origin has. */
static void add_world(struct history *h, const struct np_objects *objs, unsigned int origin)
{
	struct transaction *txn = &h->transaction[h->transactions++];
	size_t count = objs->namespace_count + objs->pod_count + objs->policy_count, i;

	memset(txn, 0, sizeof(*txn));
	txn->origin = origin;
	txn->full = true;
	txn->operation = np_arena_zalloc(&h->pool.arena, (count + 1) * sizeof(*txn->operation));
	for (i = 0; i < objs->namespace_count; i++) {
		txn->operation[txn->count].kind = SET_NAMESPACE;
		txn->operation[txn->count++].namespace = objs->namespaces[i];
	}
	for (i = 0; i < objs->pod_count; i++) {
		txn->operation[txn->count].kind = SET_POD;
		txn->operation[txn->count++].pod = objs->pods[i];
	}
	for (i = 0; i < objs->policy_count; i++) {
		txn->operation[txn->count].kind = SET_POLICY;
		txn->operation[txn->count++].policy = objs->policies[i];
	}
}

/* Does what was loaded when it failed fail by itself? Then the history is of no interest. */
static bool without_history(struct shrink *s, const struct run *failed)
{
	const struct model *model = &failed->model;
	struct history *h = s->h, old = *h;
	unsigned int i;

	h->transactions = 0;
	for (i = 0; i < HISTORY_ORIGINS; i++)
		if (model->origin[i].namespace_count || model->origin[i].pod_count ||
		    model->origin[i].policy_count)
			add_world(h, &model->origin[i], i);
	h->audit_steps = 0;
	audits_again(&failed->audits, h);
	if (s->has_flow && fails(s))
		return true;
	old.pool = h->pool;
	*h = old;
	return false;
}

bool run_shrink(struct history *h, const struct run *failed, FILE *to)
{
	struct shrink s = {
		.h = h,
		.flow = failed->flow,
		.has_flow = failed->has_flow,
		.module = failed->client,
	};
	bool world = without_history(&s, failed);

	if (!world && !fails(&s)) {
		fprintf(to, "# it does not fail when it is run again\n");
		return false;
	}
	search(&s);
	fprintf(to, "# the smallest %s that fails: %s\n", world ? "world" : "history", s.what);
	history_print(h, to);
	return true;
}
