// SPDX-License-Identifier: GPL-2.0
/* Port classes; see classes.h. */
#include "core/classes.h"
#include "core/compile_state.h"
#include "core/order.h"

/*
 * Calls @visit for each range of port numbers that a port of a rule stands for. In ingress, a
 * named port stands for the numbers that the subject gives to the name; in egress, its number
 * depends on the destination, so that it has none here (see make_names()).
 */
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

#define PORTS	65536

/**
 * struct port_set - a set of ports of one protocol
 * @word: one bit a port
 * @used: one bit for each word that is not zero, so that few ports are found without
 *	reading all words
 */
struct port_set {
	u64 word[PORTS / 64];
	u64 used[PORTS / 64 / 64];
};

static void port_set_add(struct port_set *set, u32 port)
{
	set->word[port / 64] |= BIT_ULL(port % 64);
	set->used[port / 64 / 64] |= BIT_ULL(port / 64 % 64);
}

/* Writes the ports of a set to @port, in order. Return: how many there are. NULL: counts. */
static u32 port_set_list(const struct port_set *set, u16 *port)
{
	u64 used, bits;
	u32 i, word, n = 0;

	for (i = 0; i < ARRAY_SIZE(set->used); i++) {
		for (used = set->used[i]; used; used &= used - 1) {
			word = i * 64 + __ffs64(used);
			if (!port) {
				n += hweight64(set->word[word]);
				continue;
			}
			for (bits = set->word[word]; bits; bits &= bits - 1)
				port[n++] = word * 64 + __ffs64(bits);
		}
	}
	return n;
}

/* Notes that ranges begin at a port of a rule and after it. @context: a struct port_set. */
static void add_border(void *context, u16 first, u16 last)
{
	struct port_set *borders = context;

	port_set_add(borders, first);
	if (last < PORTS - 1)
		port_set_add(borders, last + 1);
}

/* Notes where the ranges of one protocol begin that no rule divides. */
static void protocol_borders(const struct netpol_program *program, u32 protocol,
			     struct port_set *borders)
{
	u32 i, j;

	for (i = 0; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;

		cond_resched();
		for (j = 0; j < rule->nports; j++) {
			if (netpol_protocol_index(rule->port[j].protocol) == protocol)
				port_numbers(program, &rule->port[j], add_border, borders);
			/* a named port may stand for many numbers */
			if (j % 256 == 255)
				cond_resched();
		}
	}
}

static int name_order(const void *a, const void *b)
{
	const struct netpol_name_class *left = a, *right = b;

	if (left->name != right->name)
		return left->name < right->name ? -1 : 1;
	return left->protocol - right->protocol;
}

/* Makes a class for each named port that an egress rule names. Return: 0, -ENOMEM or -EDQUOT. */
static int make_names(struct netpol_compile *c)
{
	struct netpol_program *program = c->program;
	u32 i, j, n = 0, at = 0;

	if (program->direction != NETPOL_DIRECTION_EGRESS)
		return 0;
	for (i = 0; i < program->norders; i++) {
		cond_resched();
		for (j = 0; j < program->order[i].rule->nports; j++)
			n += !!program->order[i].rule->port[j].name;
	}
	if (!n)
		return 0;
	if (netpol_compile_charge(c, n * sizeof(*program->names)))
		return -EDQUOT;
	program->names = netpol_alloc_array(n, sizeof(*program->names));
	if (!program->names)
		return -ENOMEM;
	for (i = 0; i < program->norders; i++) {
		const struct netpol_rule *rule = program->order[i].rule;

		cond_resched();
		for (j = 0; j < rule->nports; j++) {
			if (!rule->port[j].name)
				continue;
			program->names[at].name = rule->port[j].name;
			program->names[at++].protocol = rule->port[j].protocol;
		}
	}
	if (netpol_sort(program->names, n, sizeof(*program->names), name_order))
		return -ENOMEM;
	for (i = 0, at = 0; i < n; i++) {
		if (!at || name_order(&program->names[at - 1], &program->names[i]))
			program->names[at++] = program->names[i];
		netpol_offer(i);
	}
	program->nnames = at;
	program->simple = false;
	for (i = 0; i < at; i++)
		program->names[i].class = program->nclasses++;
	return 0;
}

/*
 * Makes the ranges of a protocol from the ports at which they begin. Return: 0, -ENOMEM or
 * -EDQUOT.
 */
static int make_ranges(struct netpol_compile *c, struct netpol_ranges *ranges,
		       const struct port_set *borders)
{
	u32 i;

	ranges->count = port_set_list(borders, NULL);
	if (netpol_compile_charge(c, ranges->count * sizeof(u16)))
		return -EDQUOT;
	ranges->first = netpol_alloc_array(ranges->count, sizeof(u16));
	if (!ranges->first)
		return -ENOMEM;
	port_set_list(borders, ranges->first);
	for (i = 1; i < NETPOL_FEW_RANGES; i++)
		ranges->border[i - 1] = i < ranges->count ? ranges->first[i] : U16_MAX + 1;
	return 0;
}

/* Cuts the ports of each protocol into ranges that no rule divides; each gets a class. */
int netpol_compile_classes(struct netpol_compile *c)
{
	struct port_set *borders = netpol_alloc(sizeof(*borders));
	struct netpol_program *program = c->program;
	int error = borders ? 0 : -ENOMEM;
	u32 protocol;

	for (protocol = 0; protocol < NETPOL_PROTOCOLS && !error; protocol++) {
		struct netpol_ranges *ranges = &program->ranges[protocol];

		memset(borders, 0, sizeof(*borders));
		port_set_add(borders, 0);
		protocol_borders(program, protocol, borders);
		error = make_ranges(c, ranges, borders);
		ranges->class = program->nclasses;
		program->nclasses += ranges->count;
	}
	netpol_free(borders);
	if (error)
		return error;
	program->other = program->nclasses++;
	return make_names(c);
}

/**
 * struct span_sink - takes the spans of a rule
 * @c: compilation
 * @protocol: IPPROTO_* of the ports that are visited
 * @count: spans so far, of all rules
 */
struct span_sink {
	struct netpol_compile *c;
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
	struct netpol_span *span = &sink->c->span[sink->count++];

	span->first = netpol_program_class(sink->c->program, sink->protocol, first);
	span->last = netpol_program_class(sink->c->program, sink->protocol, last);
}

/* The class of a named port of an egress rule, which is in program->names. */
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

/* Calls @visit for the numbered ports of a rule; counts, or adds, the spans of named ones. */
static void rule_spans(struct netpol_compile *c, const struct netpol_rule *rule,
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

int netpol_compile_spans(struct netpol_compile *c)
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
