// SPDX-License-Identifier: GPL-2.0-or-later
/* The checks of lint about what rules are beside others. */
#include <stdio.h>
#include <stdlib.h>

#include "object/lint_match.h"
#include "object/lint_rule.h"

/* The rules of one direction of a policy. */
struct np_rules {
	const struct np_rule *rule;
	uint32_t count;
	const char *list;
	const char *peers;
};

static struct np_rules np_rules_of(const struct np_policy *policy, bool egress)
{
	struct np_rules rules = {
		.rule = egress ? policy->egress : policy->ingress,
		.count = egress ? policy->egress_count : policy->ingress_count,
		.list = egress ? "egress" : "ingress",
		.peers = egress ? "to" : "from",
	};

	return rules;
}

static bool np_same_rule(const struct np_rule *a, const struct np_rule *b)
{
	return np_lint_rule_within(a, b) && np_lint_rule_within(b, a);
}

/* Says of two rules at most one thing: the later one is the same, or one adds nothing. */
static void np_check_rules(const struct np_linting *l, const struct np_rules *rules,
			   uint32_t first, uint32_t second, bool *said)
{
	const struct np_rule *a = &rules->rule[first], *b = &rules->rule[second];
	struct np_lint_finding *item;
	uint32_t narrow, wide;

	if (np_same_rule(a, b)) {
		if (said[second])
			return;
		said[second] = true;
		item = np_lint_add(l, NP_LINT_DUPLICATE, b->line,
				   "is the same as spec.%s[%u]", rules->list, first);
		np_lint_path(item, "spec.%s[%u]", rules->list, second);
		np_lint_hint(item, "keep one of them");
		np_lint_fix_entry(item, NP_LINT_FIX_RULE, b->line);
		return;
	}
	narrow = np_lint_rule_within(b, a) ? second : first;
	wide = narrow == second ? first : second;
	if (said[narrow] || !np_lint_rule_within(&rules->rule[narrow], &rules->rule[wide]))
		return;
	said[narrow] = true;
	item = np_lint_add(l, NP_LINT_ADDS_NOTHING, rules->rule[narrow].line,
			   "adds nothing: spec.%s[%u] allows all of it", rules->list, wide);
	np_lint_path(item, "spec.%s[%u]", rules->list, narrow);
	np_lint_hint(item, "rules add up, and none takes away: is the other one too wide?");
}

/* Peers of one rule, in the same way. */
static void np_check_peers(const struct np_linting *l, const struct np_rules *rules,
			   uint32_t index)
{
	const struct np_rule *rule = &rules->rule[index];
	struct np_lint_finding *item;
	uint32_t i, k;

	for (i = 0; i < rule->peer_count; i++) {
		for (k = 0; k < rule->peer_count; k++)
			if (k != i && np_lint_peer_within(&rule->peer[i], &rule->peer[k]) &&
			    (k < i || !np_lint_peer_within(&rule->peer[k], &rule->peer[i])))
				break;
		if (k == rule->peer_count)
			continue;
		if (np_lint_peer_within(&rule->peer[k], &rule->peer[i])) {
			item = np_lint_add(l, NP_LINT_DUPLICATE, rule->peer[i].line,
					   "is the same as spec.%s[%u].%s[%u]", rules->list, index,
					   rules->peers, k);
			np_lint_hint(item, "keep one of them");
			np_lint_fix_entry(item, NP_LINT_FIX_PEER, rule->peer[i].line);
		} else {
			item = np_lint_add(l, NP_LINT_ADDS_NOTHING, rule->peer[i].line,
					   "adds nothing: spec.%s[%u].%s[%u] matches all of it",
					   rules->list, index, rules->peers, k);
			np_lint_hint(item, "entries of a list add up; for both conditions at once "
				     "write both selectors into one entry");
		}
		np_lint_path(item, "spec.%s[%u].%s[%u]", rules->list, index, rules->peers, i);
	}
}

static void np_check_ports(const struct np_linting *l, const struct np_rules *rules,
			   uint32_t index)
{
	const struct np_rule *rule = &rules->rule[index];
	struct np_lint_finding *item;
	uint32_t i, k;

	for (i = 0; i < rule->port_count; i++) {
		for (k = 0; k < i; k++)
			if (np_lint_port_within(&rule->port[i], &rule->port[k]) &&
			    np_lint_port_within(&rule->port[k], &rule->port[i]))
				break;
		if (k == i)
			continue;
		item = np_lint_add(l, NP_LINT_DUPLICATE, rule->port[i].line,
				   "is the same as spec.%s[%u].ports[%u]", rules->list, index, k);
		np_lint_path(item, "spec.%s[%u].ports[%u]", rules->list, index, i);
		np_lint_hint(item, "keep one of them; without a protocol a port is one of TCP");
		np_lint_fix_entry(item, NP_LINT_FIX_PORT, rule->port[i].line);
	}
}

/* True if a block holds all of an address range, and none of its excepts takes any away. */
static bool np_block_opens(const struct np_ipblock *block, const struct np_cidr *range)
{
	uint32_t i;

	if (!np_cidr_contains(&block->cidr, range))
		return false;
	for (i = 0; i < block->except_count; i++)
		if (np_cidr_contains(&block->except[i], range) ||
		    np_cidr_contains(range, &block->except[i]))
			return false;
	return true;
}

/* What opens an except again: a peer of a rule, or a whole rule if peer is UINT32_MAX. */
struct np_opener {
	const struct np_policy *policy;
	uint32_t rule;
	uint32_t peer;
};

/*
 * Finds what opens a range in the rules of one policy, for all that `rule` allows, other than
 * `self`. A block that is no wider than the range was written on purpose to open it, so such a one
 * only counts within `rule` itself.
 */
static bool np_find_opener(const struct np_policy *policy, const struct np_rules *rules,
			   const struct np_rule *rule, const struct np_peer *self,
			   const struct np_cidr *range, struct np_opener *opener)
{
	const struct np_peer *peer;
	uint32_t i, k;

	opener->policy = policy;
	for (i = 0; i < rules->count; i++) {
		if (&rules->rule[i] != rule && !np_lint_ports_within(rule, &rules->rule[i]))
			continue;
		opener->rule = i;
		opener->peer = UINT32_MAX;
		if (!rules->rule[i].peer_count)
			return true;
		for (k = 0; k < rules->rule[i].peer_count; k++) {
			peer = &rules->rule[i].peer[k];
			opener->peer = k;
			if (peer != self && peer->ipblock && np_block_opens(peer->ipblock, range) &&
			    (&rules->rule[i] == rule ||
			     peer->ipblock->cidr.length < range->length))
				return true;
		}
	}
	return false;
}

/* The same among all policies that surely select every pod that this one does. */
static bool np_find_opener_all(const struct np_linting *l, bool egress, const struct np_rule *rule,
			       const struct np_peer *self, const struct np_cidr *range,
			       struct np_opener *opener)
{
	struct np_rules rules = np_rules_of(l->policy, egress);
	const struct np_policy *policy;
	size_t i;

	if (np_find_opener(l->policy, &rules, rule, self, range, opener))
		return true;
	for (i = 0; i < l->objs->policy_count; i++) {
		policy = &l->objs->policies[i];
		if (policy == l->policy || policy->namespace != l->policy->namespace ||
		    !(policy->directions & (egress ? NP_DIR_EGRESS : NP_DIR_INGRESS)) ||
		    !np_lint_selector_within(&l->policy->pod_selector, &policy->pod_selector))
			continue;
		rules = np_rules_of(policy, egress);
		if (np_find_opener(policy, &rules, rule, NULL, range, opener))
			return true;
	}
	return false;
}

static void np_check_excepts(const struct np_linting *l, const struct np_rules *rules, bool egress,
			     uint32_t index, uint32_t peer_index)
{
	const struct np_rule *rule = &rules->rule[index];
	const struct np_peer *peer = &rule->peer[peer_index];
	struct np_lint_finding *item;
	struct np_opener opener;
	char text[NP_CIDR_TEXT], part[64];
	uint32_t i;

	for (i = 0; peer->ipblock && i < peer->ipblock->except_count; i++) {
		const struct np_cidr *range = &peer->ipblock->except[i];

		part[0] = '\0';
		if (!np_find_opener_all(l, egress, rule, peer, range, &opener))
			continue;
		if (opener.peer != UINT32_MAX)
			snprintf(part, sizeof(part), ".%s[%u]", rules->peers, opener.peer);
		item = np_lint_add(l, NP_LINT_EXCEPT_VOID, peer->line,
				   "except %s has no effect: spec.%s[%u]%s%s%s allows it",
				   np_cidr_text(range, text), rules->list, opener.rule, part,
				   opener.policy == l->policy ? "" : " of policy ",
				   opener.policy == l->policy ? "" : opener.policy->name);
		np_lint_path(item, "spec.%s[%u].%s[%u].ipBlock.except[%u]", rules->list, index,
			     rules->peers, peer_index, i);
		np_lint_hint(item, "rules and policies add up, so every block that holds the range "
			     "needs the except");
	}
}

void np_lint_rules_together(const struct np_linting *l, bool egress)
{
	struct np_rules rules = np_rules_of(l->policy, egress);
	bool *said = np_xcalloc(rules.count + 1, sizeof(*said));
	uint32_t i, k;

	for (i = 0; i < rules.count; i++)
		for (k = 0; k < i; k++)
			np_check_rules(l, &rules, k, i, said);
	for (i = 0; i < rules.count; i++) {
		/* Of a rule that is not needed at all nothing more is said. */
		if (!said[i]) {
			np_check_peers(l, &rules, i);
			np_check_ports(l, &rules, i);
		}
		for (k = 0; k < rules.rule[i].peer_count; k++)
			np_check_excepts(l, &rules, egress, i, k);
	}
	free(said);
}

void np_lint_no_direction(const struct np_linting *l, bool egress)
{
	struct np_rules rules = np_rules_of(l->policy, egress);
	struct np_lint_finding *item;

	if (!rules.count)
		return;
	item = np_lint_add(l, NP_LINT_NO_DIRECTION, rules.rule[0].line,
			   "has no effect: policyTypes does not name %s",
			   egress ? "Egress" : "Ingress");
	np_lint_path(item, "spec.%s", rules.list);
	np_lint_hint(item, "add %s to policyTypes, or take the rules out",
		     egress ? "Egress" : "Ingress");
}
