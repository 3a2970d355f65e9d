// SPDX-License-Identifier: GPL-2.0
/*
 * Policies to program: collects the rules in order and the peers that they name, and has
 * the classes, the rows and their cells made.
 */
#include "core/blocks.h"
#include "core/classes.h"
#include "core/compile.h"
#include "core/compile_state.h"
#include "core/order.h"
#include "core/rows.h"
#include "core/world.h"

/* Has a peer made of selectors got its number (@scratch) in this compilation? */
static bool peer_known(const struct netpol_program *program, const struct netpol_peer *peer)
{
	return peer->scratch < program->npeers && program->peer[peer->scratch] == peer;
}

/* Lists the rules of the direction in order and makes sure that each has a counter. */
static int collect_orders(struct netpol_compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, j, at = 0;
	int error;

	for (i = 0; i < program->npolicies; i++) {
		for (j = 0; j < program->policy[i]->nrules; j++)
			at += program->policy[i]->rule[j].direction ==
				program->direction;
		cond_resched();
	}
	if (netpol_compile_charge(c, (at + 1) *
				  (sizeof(*program->order) + sizeof(*program->counter))))
		return -EDQUOT;
	program->order = netpol_alloc_array(at + 1, sizeof(*program->order));
	program->counter = netpol_alloc_array(at + 1, sizeof(*program->counter));
	if (!program->order || !program->counter)
		return -ENOMEM;
	for (i = 0; i < program->npolicies; i++) {
		struct netpol_policy *policy = program->policy[i];

		error = netpol_policy_need_hits(c->world, policy);
		if (error)
			return error;
		if (i < program->nenforced)
			program->isolates |= policy->tier == NETPOL_TIER_NETWORK_POLICY;
		for (j = 0; j < policy->nrules; j++) {
			if (policy->rule[j].direction != program->direction)
				continue;
			program->counter[program->norders] = policy->hits->packets + j;
			program->order[program->norders++] = (struct netpol_order){
				.policy = policy, .rule = &policy->rule[j],
			};
			if (policy->tier == NETPOL_TIER_ADMIN)
				program->stage2 = program->norders;
			if (i < program->nenforced)
				program->observed = program->norders;
			program->doubts |= netpol_rule_doubts(&policy->rule[j]);
		}
	}
	program->counter[program->norders] = c->world->unmatched;
	return 0;
}

/* Gives a peer its number when it is met for the first time, and its set if it has none. */
static int add_peer(struct netpol_compile *c, struct netpol_peer *peer)
{
	struct netpol_program *program = c->program;
	int error;

	peer->scratch = program->npeers;
	program->peer[program->npeers++] = peer;
	if (!list_empty(&peer->active))
		return 0;
	error = netpol_peer_evaluate(c->world, peer, &peer->set);
	if (error)
		return error;
	list_add_tail(&peer->active, &c->world->active_peers);
	peer->activated = c->world->edits;
	cond_resched();
	return 0;
}

static void add_block(struct netpol_compile *c, const struct netpol_block *block)
{
	c->block[c->nblocks].block = block;
	c->block[c->nblocks++].rule = c->nblock_rules;
	c->nedges[block->family == AF_INET6] += 1 + block->nexcepts;
}

/* Finds the distinct peers made of selectors, the blocks, and the rules without peers. */
static int collect_peers(struct netpol_compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, j, size = 0, at = 0;
	int error;

	for (i = 0; i < program->norders; i++) {
		size += program->order[i].rule->npeers;
		netpol_offer(i);
	}
	size += program->doubts;
	if (netpol_compile_charge(c, size * (sizeof(*program->peer) +
					     sizeof(*program->peer_random))))
		return -EDQUOT;
	program->peer = netpol_alloc_array(size, sizeof(*program->peer));
	c->block = netpol_alloc_array(size, sizeof(*c->block));
	c->any_order = netpol_alloc_array(program->norders, sizeof(*c->any_order));
	if (!program->peer || !c->block || !c->any_order)
		return -ENOMEM;
	for (i = 0; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;
		u32 before = c->nblocks;

		if (rule->action == NETPOL_ACTION_NONE)
			continue;
		if (!rule->npeers)
			c->any_order[c->nany++] = i;
		for (j = 0; j < rule->npeers; j++) {
			struct netpol_peer *peer = rule->peer[j].pods;

			netpol_offer(at++);
			if (!peer) {
				add_block(c, rule->peer[j].block);
				continue;
			}
			if (peer_known(program, peer))
				continue;
			error = add_peer(c, peer);
			if (error)
				return error;
		}
		c->nblock_rules += c->nblocks != before;
	}
	c->unknown_item = U32_MAX;
	if (program->doubts) {
		c->unknown_item = program->npeers;
		error = add_peer(c, c->world->unknown);
		if (error)
			return error;
	}
	c->nitems = program->npeers + c->nblock_rules;
	program->by_address = c->nblocks;
	program->simple = !c->nblocks;
	return 0;
}

/* Calls @visit for each item of each rule, with the order of the rule. */
static void visit_items(struct netpol_compile *c,
			void (*visit)(struct netpol_csr *csr, u32 item, u32 order))
{
	const struct netpol_program *program = c->program;
	u32 i, j, blocks = program->npeers;

	for (i = 0; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;

		cond_resched();
		if (rule->action == NETPOL_ACTION_NONE)
			continue;
		if (netpol_rule_doubts(rule))
			visit(&c->item_orders, c->unknown_item, i);
		for (j = 0; j < rule->npeers; j++) {
			if (rule->peer[j].pods)
				visit(&c->item_orders, rule->peer[j].pods->scratch, i);
			netpol_offer(j);
		}
		if (rule->blocks)
			visit(&c->item_orders, blocks++, i);
	}
}

static void count_item(struct netpol_csr *csr, u32 item, u32 order)
{
	netpol_csr_count(csr, item);
}

/* Draws the random number of each item, and lists the rules that it belongs to. */
static int collect_items(struct netpol_compile *c)
{
	int error;

	c->item_random = netpol_alloc_array(c->nitems, sizeof(*c->item_random));
	if (!c->item_random)
		return -ENOMEM;
	if (c->nitems)
		netpol_random(c->item_random, c->nitems * sizeof(*c->item_random));
	error = netpol_csr_init(&c->item_orders, c->nitems);
	if (error)
		return error;
	visit_items(c, count_item);
	error = netpol_csr_begin(&c->item_orders);
	if (!error)
		visit_items(c, netpol_csr_add);
	return error;
}

/* Keeps in the program what a later patch needs to tell the rows apart. */
static int keep_signatures(struct netpol_compile *c)
{
	struct netpol_program *program = c->program;

	program->peer_random = netpol_alloc_array(program->npeers, sizeof(*program->peer_random));
	if (!program->peer_random)
		return -ENOMEM;
	netpol_copy(program->peer_random, c->item_random,
		    program->npeers * sizeof(*program->peer_random));
	program->signature = c->signature;
	c->signature = NULL;
	return 0;
}

/* Can a cell pass? Of the Baseline tier nearly all that pass accept, see order_action(). */
static bool passes(const struct netpol_program *program)
{
	u32 i;

	for (i = 0; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;

		netpol_offer(i);
		if (rule->action == NETPOL_ACTION_PASS &&
		    (i < program->stage2 || netpol_rule_mixed(rule)))
			return true;
	}
	return false;
}

struct netpol_program *netpol_program_compile(struct netpol_world *world, struct netpol_ns *ns,
					      u8 direction,
					      const struct netpol_selection *selection,
					      struct netpol_ports *ports,
					      u64 *budget, struct netpol_fault *fault)
{
	struct netpol_compile c = { .world = world, .fault = fault, .budget = *budget };
	struct netpol_program *program;
	int error = -ENOMEM;
	u32 classes;

	program = netpol_alloc(sizeof(*program));
	if (!program)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&program->node);
	c.program = program;
	program->ns = netpol_ns_hold(ns);
	program->isolates = !selection->count;
	program->direction = direction;
	program->created = world->edits;
	program->ports = netpol_ports_hold(ports);
	program->bytes = sizeof(*program) + selection->count * sizeof(*program->policy);
	program->policy = netpol_alloc_array(selection->count, sizeof(*program->policy));
	if (program->policy) {
		netpol_copy(program->policy, selection->policy,
			    selection->count * sizeof(*program->policy));
		program->npolicies = selection->count;
		program->nenforced = selection->enforced;
		error = collect_orders(&c);
	}
	if (!error)
		error = collect_peers(&c);
	if (!error)
		error = collect_items(&c);
	if (!error)
		error = netpol_compile_classes(&c);
	if (!error)
		error = netpol_compile_spans(&c);
	classes = program->nclasses;
	if (!error && passes(program)) {
		program->passed = program->nclasses;
		program->nclasses += classes;
		program->simple = false;
	}
	if (!error && program->nenforced < program->npolicies) {
		program->audit = program->nclasses;
		program->nclasses += classes;
		program->simple = false;
	}
	if (!error)
		error = netpol_compile_rows(&c);
	if (!error)
		error = netpol_compile_blocks(&c);
	if (!error)
		error = netpol_compile_cells(&c);
	if (!error)
		error = keep_signatures(&c);
	netpol_free(c.item_random);
	netpol_csr_free(&c.item_orders);
	netpol_free(c.any_order);
	netpol_free(c.span_first);
	netpol_free(c.span);
	netpol_free(c.block);
	netpol_free(c.signature);
	netpol_free(c.row_slot);
	netpol_free(c.run_first);
	netpol_free(c.run);
	netpol_free(c.row_cell);
	netpol_free(c.hit);
	netpol_free(c.next);
	*budget = program->bytes;
	if (!error)
		return program;
	netpol_program_free(world, program);
	return ERR_PTR(error);
}
