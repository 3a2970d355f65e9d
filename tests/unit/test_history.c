// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ClusterNetworkPolicies of made-up histories, printed as manifests and read again as they come
 * from an API server, are what they were: what the truth tests print of a world that fails is that
 * world.
 */
#include <stdlib.h>

#include "../evaluator/history.h"
#include "check.h"
#include "object/load.h"

#define SEEDS 60

static bool same_requirement(const struct np_requirement *a, const struct np_requirement *b)
{
	uint32_t i;

	if (strcmp(a->key, b->key) || a->op != b->op || a->value_count != b->value_count)
		return false;
	for (i = 0; i < a->value_count; i++)
		if (strcmp(a->value[i], b->value[i]))
			return false;
	return true;
}

static bool has_requirements(const struct np_selector *a, const struct np_selector *b)
{
	uint32_t i, j;

	for (i = 0; i < b->count; i++) {
		for (j = 0; j < a->count; j++)
			if (same_requirement(&a->item[j], &b->item[i]))
				break;
		if (j == a->count)
			return false;
	}
	return true;
}

/*
 * The order of requirements means nothing, nor does saying one twice, and a selector without any
 * means all namespaces or pods, as one that is not there.
 */
static bool same_selector(const struct np_selector *a, const struct np_selector *b)
{
	return has_requirements(a, b) && has_requirements(b, a);
}

static bool same_peer(const struct np_peer *a, const struct np_peer *b)
{
	if (!a->ipblock || !b->ipblock)
		return !a->ipblock == !b->ipblock &&
		       same_selector(&a->ns_selector, &b->ns_selector) &&
		       same_selector(&a->pod_selector, &b->pod_selector);
	return a->ipblock->cidr.family == b->ipblock->cidr.family &&
	       a->ipblock->cidr.length == b->ipblock->cidr.length &&
	       np_cidr_contains(&a->ipblock->cidr, &b->ipblock->cidr) &&
	       !a->ipblock->except_count && !b->ipblock->except_count;
}

/* The order of peers means nothing, and the same network is written once. */
static bool has_peers(const struct np_rule *a, const struct np_rule *b)
{
	uint32_t i, j;

	for (i = 0; i < b->peer_count; i++) {
		for (j = 0; j < a->peer_count; j++)
			if (same_peer(&a->peer[j], &b->peer[i]))
				break;
		if (j == a->peer_count)
			return false;
	}
	return true;
}

static bool same_port(const struct np_port *a, const struct np_port *b)
{
	if (a->protocol != b->protocol || a->kind != b->kind)
		return false;
	if (a->kind == NP_PORT_NAME)
		return !strcmp(a->name, b->name);
	return a->first == b->first && a->last == b->last;
}

static void check_rules(const struct np_rule *have, uint32_t count, const struct np_rule *want,
			uint32_t wanted)
{
	uint32_t i, j;

	if (!CHECK_EQ(count, wanted))
		return;
	for (i = 0; i < count; i++) {
		const struct np_rule *a = &have[i], *b = &want[i];

		CHECK_EQ(a->action, b->action);
		CHECK_EQ(a->closed, b->closed);
		CHECK_STR(a->name ? a->name : "", b->name ? b->name : "");
		CHECK(has_peers(a, b) && has_peers(b, a));
		if (!CHECK_EQ(a->port_count, b->port_count))
			continue;
		for (j = 0; j < a->port_count; j++)
			CHECK(same_port(&a->port[j], &b->port[j]));
	}
}

static void check_policy(const struct np_policy *have, const struct np_policy *want)
{
	CHECK_STR(have->name, want->name);
	CHECK_STR(have->namespace, want->namespace);
	CHECK_EQ(have->tier, want->tier);
	CHECK_EQ(have->priority, want->priority);
	CHECK_EQ(have->directions, want->directions);
	CHECK(same_selector(&have->ns_selector, &want->ns_selector));
	CHECK(same_selector(&have->pod_selector, &want->pod_selector));
	check_rules(have->ingress, have->ingress_count, want->ingress, want->ingress_count);
	check_rules(have->egress, have->egress_count, want->egress, want->egress_count);
}

/* Prints what the last transaction sets, and reads it. Returns the number of policies. */
static size_t check_transaction(struct history *h)
{
	struct np_load_options opts = { .lenient = true, .own = true };
	struct transaction *txn = &h->transaction[h->transactions - 1];
	struct np_objects objs;
	struct np_error err;
	char *text = NULL;
	size_t size = 0, count = 0;
	unsigned int i;
	FILE *to;

	for (i = 0; i < txn->count; i++)
		txn->operation[i].dropped = txn->operation[i].kind != SET_POLICY ||
					    !txn->operation[i].policy.tier;
	for (i = 0; i + 1 < h->transactions; i++)
		h->transaction[i].dropped = true;
	to = open_memstream(&text, &size);
	history_print(h, to);
	fclose(to);
	np_objects_init(&objs);
	if (!CHECK_EQ(np_load_buffer(&objs, "history.yaml", text, size, &opts, &err), 0))
		np_error_print(stdout, &err);
	for (i = 0; i < txn->count; i++) {
		if (txn->operation[i].dropped)
			continue;
		if (CHECK(count < objs.policy_count))
			check_policy(&objs.policies[count], &txn->operation[i].policy);
		count++;
	}
	CHECK_EQ(objs.policy_count, count);
	np_objects_free(&objs);
	free(text);
	return count;
}

/* Returns the number of policies that were printed and read. */
static size_t check_history(uint64_t seed)
{
	struct model model;
	struct history h;
	size_t count = 0;
	unsigned int i;

	history_begin(&h, seed);
	model_begin(&model, &h);
	for (i = 0; h.cluster && i < 10; i++) {
		const struct transaction *txn = history_next(&h, &model);

		model_apply(&model, txn);
		count += check_transaction(&h);
	}
	model_free(&model);
	history_free(&h);
	return count;
}

int main(void)
{
	size_t count = 0;
	uint64_t seed;

	for (seed = 1; seed <= SEEDS; seed++)
		count += check_history(seed);
	CHECK(count > SEEDS);
	return check_done("history");
}
