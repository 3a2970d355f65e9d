// SPDX-License-Identifier: GPL-2.0
/*
 * Policies to program, first half: the rules in order, the peers that they name, and
 * the classes that their ports cut each protocol into. The rows are made in rows.c.
 */
#include "core/compile_state.h"

/* The number of a peer in this compilation, if it has one. */
static bool peer_known(const struct netpol_program *program,
		       const struct netpol_peer *peer, u32 *item)
{
	*item = peer->scratch;
	return *item < program->npeers && program->peer[*item] == peer;
}

/* Lists the rules of the direction and makes sure that each has a counter. */
static int collect_orders(struct compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, j, at = 0;
	int error;

	for (i = 0; i < program->npolicies; i++)
		for (j = 0; j < program->policy[i]->nrules; j++)
			at += program->policy[i]->rule[j].direction ==
				program->direction;
	program->order = netpol_alloc_array(at, sizeof(*program->order));
	if (!program->order)
		return -ENOMEM;
	for (i = 0; i < program->npolicies; i++) {
		struct netpol_policy *policy = program->policy[i];

		error = netpol_policy_need_hits(policy);
		if (error)
			return error;
		for (j = 0; j < policy->nrules; j++) {
			struct netpol_order *order;

			if (policy->rule[j].direction != program->direction)
				continue;
			order = &program->order[program->norders++];
			order->policy = policy;
			order->rule = &policy->rule[j];
			order->packets = policy->hits->packets + j;
		}
	}
	return 0;
}

/* The item of a pod peer that is met for the first time; its set is brought up to date. */
static int add_peer(struct compile *c, struct netpol_peer *peer)
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

static void add_block(struct compile *c, const struct netpol_block *block)
{
	c->block[c->nblocks].block = block;
	c->block[c->nblocks++].rule = c->nblock_rules;
	c->nedges[block->family == AF_INET6] += 1 + block->nexcepts;
	if (c->nblocks % 1024 == 0)
		cond_resched();
}

/* Finds the distinct pod peers, and the blocks. */
static int collect_peers(struct compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, j, item, size = 0;
	int error;

	for (i = 0; i < program->norders; i++)
		size += program->order[i].rule->npeers;
	program->peer = netpol_alloc_array(size, sizeof(*program->peer));
	c->block = netpol_alloc_array(size, sizeof(*c->block));
	if (!program->peer || !c->block)
		return -ENOMEM;
	for (i = 0; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;
		u32 before = c->nblocks;

		for (j = 0; j < rule->npeers; j++) {
			struct netpol_peer *peer = rule->peer[j].pods;

			if (!peer) {
				add_block(c, rule->peer[j].block);
				continue;
			}
			if (peer_known(program, peer, &item))
				continue;
			error = add_peer(c, peer);
			if (error)
				return error;
		}
		c->nblock_rules += c->nblocks != before;
	}
	c->nitems = program->npeers + c->nblock_rules;
	program->by_address = c->nblocks;
	program->simple = !c->nblocks;
	return 0;
}

static bool has_blocks(const struct netpol_rule *rule)
{
	u32 i;

	for (i = 0; i < rule->npeers; i++)
		if (rule->peer[i].block)
			return true;
	return false;
}

/* Which rules name which item. */
static int collect_items(struct compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, j, item, blocks;

	c->number = netpol_alloc_array(c->nitems, sizeof(*c->number));
	c->item_first = netpol_alloc_array(c->nitems + 2, sizeof(*c->item_first));
	c->any_order = netpol_alloc_array(program->norders, sizeof(*c->any_order));
	if (!c->number || !c->item_first || !c->any_order)
		return -ENOMEM;
	if (c->nitems)
		get_random_bytes(c->number, c->nitems * sizeof(*c->number));
	/* counted into the place after the next, so that filling ends right */
	for (i = 0, blocks = program->npeers; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;

		cond_resched();
		if (!rule->npeers)
			c->any_order[c->nany++] = i;
		for (j = 0; j < rule->npeers; j++)
			if (rule->peer[j].pods && peer_known(program, rule->peer[j].pods, &item))
				c->item_first[2 + item]++;
		if (has_blocks(rule))
			c->item_first[2 + blocks++]++;
	}
	for (i = 0; i < c->nitems; i++)
		c->item_first[i + 2] += c->item_first[i + 1];
	c->item_order = netpol_alloc_array(c->item_first[c->nitems + 1], sizeof(*c->item_order));
	if (!c->item_order)
		return -ENOMEM;
	for (i = 0, blocks = program->npeers; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;

		cond_resched();
		for (j = 0; j < rule->npeers; j++)
			if (rule->peer[j].pods)
				c->item_order[c->item_first[rule->peer[j].pods->scratch + 1]++] = i;
		if (has_blocks(rule))
			c->item_order[c->item_first[1 + blocks++]++] = i;
	}
	return 0;
}

static int port_order(const void *a, const void *b)
{
	return *(const u16 *)a - *(const u16 *)b;
}

/* Calls @visit for each number that a port item stands for on the subject. */
static void port_numbers(const struct netpol_program *program,
			 const struct netpol_rule_port *port,
			 void (*visit)(void *context, u16 first, u16 last),
			 void *context)
{
	u32 i;

	if (!port->name) {
		visit(context, port->first, port->last);
		return;
	}
	if (program->direction == NETPOL_DIRECTION_EGRESS || !program->ports)
		return;
	for (i = 0; i < program->ports->count; i++) {
		const struct netpol_named_port *named = &program->ports->port[i];

		if (named->name == port->name && named->protocol == port->protocol)
			visit(context, named->port, named->port);
	}
}

/* Borders of ranges, while they are collected. */
struct borders {
	u16 *port;
	u32 count;
};

static void count_border(void *context, u16 first, u16 last)
{
	((struct borders *)context)->count += 2;
}

static void add_border(void *context, u16 first, u16 last)
{
	struct borders *borders = context;

	borders->port[borders->count++] = first;
	if (last < 65535)
		borders->port[borders->count++] = last + 1;
}

/* Visits the port items of one protocol. */
static void protocol_numbers(const struct netpol_program *program, u32 protocol,
			     void (*visit)(void *context, u16 first, u16 last),
			     void *context)
{
	u32 i, j;

	for (i = 0; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;

		cond_resched();
		for (j = 0; j < rule->nports; j++)
			if (netpol_protocol_index(rule->port[j].protocol) == protocol)
				port_numbers(program, &rule->port[j], visit, context);
	}
}

static int name_order(const void *a, const void *b)
{
	const struct netpol_name_class *left = a, *right = b;

	if (left->name != right->name)
		return left->name < right->name ? -1 : 1;
	return left->protocol - right->protocol;
}

/* Egress: a class for each named port that a rule names. */
static int make_names(struct compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, j, n = 0, at = 0;

	if (program->direction != NETPOL_DIRECTION_EGRESS)
		return 0;
	for (i = 0; i < program->norders; i++)
		for (j = 0; j < program->order[i].rule->nports; j++)
			n += !!program->order[i].rule->port[j].name;
	if (!n)
		return 0;
	program->names = netpol_alloc_array(n, sizeof(*program->names));
	if (!program->names)
		return -ENOMEM;
	for (i = 0; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;

		for (j = 0; j < rule->nports; j++) {
			if (!rule->port[j].name)
				continue;
			program->names[at].name = rule->port[j].name;
			program->names[at++].protocol = rule->port[j].protocol;
		}
	}
	sort(program->names, n, sizeof(*program->names), name_order, NULL);
	for (i = 0, at = 0; i < n; i++)
		if (!at || name_order(&program->names[at - 1], &program->names[i]))
			program->names[at++] = program->names[i];
	program->nnames = at;
	program->simple = false;
	for (i = 0; i < at; i++)
		program->names[i].class = program->nclasses++;
	return 0;
}

/* Cuts the ports of each protocol into ranges that no rule divides. */
static int make_classes(struct compile *c)
{
	struct netpol_program *program = c->program;
	u32 protocol, i, at;

	for (protocol = 0; protocol < NETPOL_PROTOCOLS; protocol++) {
		struct netpol_ranges *ranges = &program->ranges[protocol];
		struct borders borders = { .count = 1 };

		protocol_numbers(program, protocol, count_border, &borders);
		borders.port = netpol_alloc_array(borders.count, sizeof(u16));
		if (!borders.port)
			return -ENOMEM;
		borders.count = 1;
		protocol_numbers(program, protocol, add_border, &borders);
		sort(borders.port, borders.count, sizeof(u16), port_order, NULL);
		for (i = 1, at = 1; i < borders.count; i++)
			if (borders.port[i] != borders.port[at - 1])
				borders.port[at++] = borders.port[i];
		ranges->first = borders.port;
		ranges->count = at;
		ranges->class = program->nclasses;
		for (i = 1; i < NETPOL_FEW_RANGES; i++)
			ranges->border[i - 1] = i < at ? borders.port[i] : U16_MAX + 1;
		program->nclasses += at;
	}
	program->other = program->nclasses++;
	return make_names(c);
}

/* Where the spans of the rule in hand go. */
struct span_sink {
	struct compile *c;
	u8 protocol;
	u32 count;
};

static void count_span(void *context, u16 first, u16 last)
{
	((struct span_sink *)context)->count++;
}

static void add_span(void *context, u16 first, u16 last)
{
	struct span_sink *sink = context;
	struct span *span = &sink->c->span[sink->count++];

	span->first = netpol_program_class(sink->c->program, sink->protocol, first);
	span->last = netpol_program_class(sink->c->program, sink->protocol, last);
}

/* The class of a named port of an egress rule; it is in the sorted list. */
static u32 name_class(const struct netpol_program *program,
		      const struct netpol_rule_port *port)
{
	const struct netpol_name_class wanted = {
		.name = port->name,
		.protocol = port->protocol,
	};
	u32 low = 0, high = program->nnames;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (name_order(&program->names[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return program->names[low].class;
}

static void rule_spans(struct compile *c, const struct netpol_rule *rule,
		       struct span_sink *sink,
		       void (*visit)(void *context, u16 first, u16 last))
{
	struct netpol_program *program = c->program;
	u32 i;

	for (i = 0; i < rule->nports; i++) {
		const struct netpol_rule_port *port = &rule->port[i];

		if (i % 256 == 0)
			cond_resched();
		sink->protocol = port->protocol;
		port_numbers(program, port, visit, sink);
		if (!port->name || program->direction != NETPOL_DIRECTION_EGRESS)
			continue;
		if (c->span) {
			c->span[sink->count].first = name_class(program, port);
			c->span[sink->count].last = c->span[sink->count].first;
		}
		sink->count++;
	}
}

/* Makes the classes that each rule covers. Return: 0 or -ENOMEM. */
int netpol_compile_spans(struct compile *c)
{
	struct netpol_program *program = c->program;
	struct span_sink sink = { .c = c };
	u32 i;

	c->span_first = netpol_alloc_array(program->norders + 1, sizeof(u32));
	if (!c->span_first)
		return -ENOMEM;
	for (i = 0; i < program->norders; i++) {
		if (program->order[i].rule->nports)
			rule_spans(c, program->order[i].rule, &sink, count_span);
		else
			sink.count++;
	}
	c->span = netpol_alloc_array(sink.count, sizeof(*c->span));
	if (!c->span)
		return -ENOMEM;
	sink.count = 0;
	for (i = 0; i < program->norders; i++) {
		c->span_first[i] = sink.count;
		if (program->order[i].rule->nports) {
			rule_spans(c, program->order[i].rule, &sink, add_span);
			continue;
		}
		c->span[sink.count].first = 0;
		c->span[sink.count++].last = program->other;
	}
	c->span_first[program->norders] = sink.count;
	return 0;
}

/* What a later patch needs to tell the rows apart: the peers' numbers. */
static int keep_numbers(struct compile *c)
{
	struct netpol_program *program = c->program;

	program->number = netpol_alloc_array(program->npeers, sizeof(*program->number));
	if (!program->number)
		return -ENOMEM;
	memcpy(program->number, c->number, program->npeers * sizeof(*program->number));
	program->signature = c->signature;
	c->signature = NULL;
	program->rows_size = c->rows_size;
	program->bytes += program->npeers * sizeof(*program->number) +
			  c->rows_size * sizeof(*program->signature);
	return 0;
}

/* Do ingress rules of these policies name ports, so that the subject's own matter? */
bool netpol_policies_need_ports(struct netpol_policy *const *policy, u32 npolicies,
				u8 direction)
{
	u32 i, j, k;

	if (direction != NETPOL_DIRECTION_INGRESS)
		return false;
	for (i = 0; i < npolicies; i++)
		for (j = 0; j < policy[i]->nrules; j++)
			for (k = 0; k < policy[i]->rule[j].nports; k++)
				if (policy[i]->rule[j].direction == direction &&
				    policy[i]->rule[j].port[k].name)
					return true;
	return false;
}

/**
 * netpol_program_compile() - the program of a list of policies
 * @world: world, locked
 * @direction: enum netpol_direction; every policy is about it
 * @policy: policies that select the pod, in order
 * @npolicies: how many, 1 or more
 * @ports: named ports of the pod if netpol_policies_need_ports(), else NULL
 * @fault: a refusal is explained here
 *
 * Peers that have no set yet get one and join world->active_peers.
 *
 * Return: the program, owned by the caller, which must outlive neither the policies nor
 * their namespaces; -ENOMEM; -ENOSPC for more cells than the limit.
 */
struct netpol_program *netpol_program_compile(struct netpol_world *world, u8 direction,
					      struct netpol_policy **policy, u32 npolicies,
					      struct netpol_ports *ports,
					      struct netpol_fault *fault)
{
	struct compile c = { .world = world, .fault = fault };
	struct netpol_program *program;
	int error = -ENOMEM;

	program = netpol_alloc(sizeof(*program));
	if (!program)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&program->node);
	c.program = program;
	program->direction = direction;
	program->created = world->edits;
	program->ports = netpol_ports_hold(ports);
	program->policy = netpol_alloc_array(npolicies, sizeof(*program->policy));
	if (program->policy) {
		memcpy(program->policy, policy, npolicies * sizeof(*program->policy));
		program->npolicies = npolicies;
		error = collect_orders(&c);
	}
	if (!error)
		error = collect_peers(&c);
	if (!error)
		error = collect_items(&c);
	if (!error)
		error = make_classes(&c);
	if (!error)
		error = netpol_compile_spans(&c);
	if (!error)
		error = netpol_compile_rows(&c);
	if (!error)
		error = keep_numbers(&c);
	netpol_free(c.number);
	netpol_free(c.item_first);
	netpol_free(c.item_order);
	netpol_free(c.any_order);
	netpol_free(c.span_first);
	netpol_free(c.span);
	netpol_free(c.block);
	netpol_free(c.signature);
	netpol_free(c.row_slot);
	netpol_free(c.hit);
	netpol_free(c.next);
	if (!error)
		return program;
	netpol_program_free(world, program);
	return ERR_PTR(error);
}

/* Frees a program that no packet can see any more, whole or half made. */
void netpol_program_free(struct netpol_world *world, struct netpol_program *program)
{
	u32 i;

	for (i = 0; program->rows && i < program->nidentities / NETPOL_ROWS_PAGE; i++)
		if (program->rows[i] != (u16 *)netpol_zero_page)
			netpol_free(program->rows[i]);
	netpol_free(program->rows);
	netpol_free(program->cell);
	for (i = 0; i < NETPOL_PROTOCOLS; i++)
		netpol_free(program->ranges[i].first);
	netpol_trie_free(program->trie[0]);
	netpol_trie_free(program->trie[1]);
	netpol_free(program->names);
	netpol_free(program->order);
	netpol_free(program->policy);
	netpol_free(program->peer);
	netpol_free(program->signature);
	netpol_free(program->number);
	netpol_free(program->prefix);
	netpol_ports_put(world, program->ports);
	netpol_free(program);
}
