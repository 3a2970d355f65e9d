// SPDX-License-Identifier: GPL-2.0-or-later
/* The ports that two states are asked for. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "diff/ports.h"

#define NP_DIFF_PORT_MAX	65535
#define NP_DIFF_PROTOCOLS	3

static const uint8_t np_diff_protocol[NP_DIFF_PROTOCOLS] = {
	NP_PROTOCOL_TCP, NP_PROTOCOL_UDP, NP_PROTOCOL_SCTP,
};

/* A named port that rules use. */
struct np_diff_port_name {
	const char *name;
	uint8_t protocol;
};

/* Where intervals begin. */
struct np_diff_cuts {
	bool at[NP_DIFF_PROTOCOLS][NP_DIFF_PORT_MAX + 2];
	struct np_diff_port_name *name;
	size_t names;
};

static size_t np_diff_protocol_index(uint8_t protocol)
{
	size_t i;

	for (i = 0; i < NP_DIFF_PROTOCOLS && np_diff_protocol[i] != protocol; i++)
		;
	return i;
}

static void np_diff_cut(struct np_diff_cuts *cuts, uint8_t protocol, uint32_t first,
			uint32_t last)
{
	size_t index = np_diff_protocol_index(protocol);

	if (index == NP_DIFF_PROTOCOLS)
		return;
	cuts->at[index][first] = true;
	cuts->at[index][last + 1] = true;
}

static void np_diff_cut_rules(struct np_diff_cuts *cuts, const struct np_rule *rule,
			      uint32_t count)
{
	const struct np_port *port;
	uint32_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < rule[i].port_count; k++) {
			port = &rule[i].port[k];
			if (port->kind == NP_PORT_NUMBER || port->kind == NP_PORT_RANGE)
				np_diff_cut(cuts, port->protocol, port->first, port->last);
			if (port->kind != NP_PORT_NAME)
				continue;
			cuts->name = np_array_grow(cuts->name, cuts->names, sizeof(*cuts->name));
			cuts->name[cuts->names++] = (struct np_diff_port_name) {
				port->name, port->protocol,
			};
		}
}

static int np_diff_port_name_order(const void *left, const void *right)
{
	const struct np_diff_port_name *a = left, *b = right;
	int order = (int)a->protocol - (int)b->protocol;

	return order ? order : strcmp(a->name, b->name);
}

/* A name that rules use means the ports that pods have by it. */
static void np_diff_cut_pods(struct np_diff_cuts *cuts, const struct np_objects *objs)
{
	struct np_diff_port_name key;
	const struct np_pod *pod;
	uint32_t k;
	size_t i;

	for (i = 0; cuts->names && i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		for (k = 0; k < pod->port_count; k++) {
			key.name = pod->port[k].name;
			key.protocol = pod->port[k].protocol;
			if (bsearch(&key, cuts->name, cuts->names, sizeof(key),
				    np_diff_port_name_order))
				np_diff_cut(cuts, key.protocol, pod->port[k].number,
					    pod->port[k].number);
		}
	}
}

static void np_diff_ports_add(struct np_diff_ports *ports, uint8_t protocol, uint32_t first,
			      uint32_t last)
{
	ports->item = np_array_grow(ports->item, ports->count, sizeof(*ports->item));
	ports->item[ports->count++] = (struct np_diff_ports_of) {
		protocol, (uint16_t)first, (uint16_t)last,
	};
}

void np_diff_ports_of_rules(struct np_diff_ports *ports, const struct np_diff_side *a,
			    const struct np_diff_side *b)
{
	const struct np_diff_side *side[] = { a, b };
	struct np_diff_cuts *cuts = np_xcalloc(1, sizeof(*cuts));
	const struct np_objects *objs;
	uint32_t port, first;
	size_t s, i, k;

	memset(ports, 0, sizeof(*ports));
	for (s = 0; s < 2; s++)
		for (i = 0; i < side[s]->origins; i++) {
			objs = &side[s]->origin[i].objects;
			for (k = 0; k < objs->policy_count; k++) {
				np_diff_cut_rules(cuts, objs->policies[k].ingress,
						  objs->policies[k].ingress_count);
				np_diff_cut_rules(cuts, objs->policies[k].egress,
						  objs->policies[k].egress_count);
			}
		}
	if (cuts->names)
		qsort(cuts->name, cuts->names, sizeof(*cuts->name), np_diff_port_name_order);
	for (s = 0; s < 2; s++)
		for (i = 0; i < side[s]->origins; i++)
			np_diff_cut_pods(cuts, &side[s]->origin[i].objects);
	for (i = 0; i < NP_DIFF_PROTOCOLS; i++) {
		cuts->at[i][NP_DIFF_PORT_MAX + 1] = true;
		for (first = 1, port = 2; port <= NP_DIFF_PORT_MAX + 1; port++) {
			if (!cuts->at[i][port])
				continue;
			np_diff_ports_add(ports, np_diff_protocol[i], first, port - 1);
			first = port;
		}
	}
	np_diff_ports_add(ports, 0, 0, 0);
	free(cuts->name);
	free(cuts);
}

static int np_diff_ports_order(const void *left, const void *right)
{
	const struct np_diff_ports_of *a = left, *b = right;
	size_t i = np_diff_protocol_index(a->protocol), k = np_diff_protocol_index(b->protocol);
	int order = i < k ? -1 : i > k;

	if (!order)
		order = (int)a->protocol - (int)b->protocol;
	return order ? order : (int)a->first - (int)b->first;
}

void np_diff_ports_asked(struct np_diff_ports *ports, const struct np_matrix *asked)
{
	size_t i;

	memset(ports, 0, sizeof(*ports));
	ports->asked = true;
	for (i = 0; i < asked->ports; i++)
		np_diff_ports_add(ports, asked->port[i].protocol, asked->port[i].port,
				  asked->port[i].port);
	qsort(ports->item, ports->count, sizeof(*ports->item), np_diff_ports_order);
}

void np_diff_ports_free(struct np_diff_ports *ports)
{
	free(ports->item);
	memset(ports, 0, sizeof(*ports));
}

uint8_t np_diff_ports_protocol(const struct np_diff_ports_of *of, uint8_t family)
{
	if (of->protocol)
		return of->protocol;
	return family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

size_t np_diff_ports_join(const struct np_diff_ports *ports, const uint64_t *set, bool complement,
			  struct np_diff_ports_of *out)
{
	const struct np_diff_ports_of *of;
	size_t i, count = 0;

	for (i = 0; i < ports->count; i++) {
		of = &ports->item[i];
		if (!(set[i / 64] >> i % 64 & 1) != complement)
			continue;
		if (count && of->protocol && out[count - 1].protocol == of->protocol &&
		    out[count - 1].last + 1 == of->first)
			out[count - 1].last = of->last;
		else
			out[count++] = *of;
	}
	return count;
}

void np_diff_ports_name(struct np_buffer *to, const struct np_diff_ports *ports,
			const struct np_diff_ports_of *of)
{
	const char *name = np_protocol_name(of->protocol);

	if (!of->protocol) {
		np_buffer_print(to, "other protocols");
		return;
	}
	if (!*name) {
		if (of->protocol == IPPROTO_ICMP || of->protocol == IPPROTO_ICMPV6)
			np_buffer_print(to, of->protocol == IPPROTO_ICMP ? "icmp" : "icmpv6");
		else
			np_buffer_print(to, "protocol %u", of->protocol);
		return;
	}
	for (; *name; name++)
		np_buffer_print(to, "%c", tolower((unsigned char)*name));
	if (of->first == 1 && of->last == NP_DIFF_PORT_MAX)
		return;
	if (of->first == of->last)
		np_buffer_print(to, "/%u", of->first);
	else
		np_buffer_print(to, "/%u-%u", of->first, of->last);
}

void np_diff_ports_text(struct np_buffer *to, const struct np_diff_ports *ports,
			const uint64_t *set)
{
	struct np_diff_ports_of *in = np_xcalloc(ports->count + 1, sizeof(*in));
	struct np_diff_ports_of *out = np_xcalloc(ports->count + 1, sizeof(*out)), *list = in;
	size_t count = np_diff_ports_join(ports, set, false, in), i;
	size_t others = np_diff_ports_join(ports, set, true, out);

	if (!ports->asked && !others) {
		np_buffer_print(to, "all ports");
		count = 0;
	} else if (!ports->asked && others < count) {
		np_buffer_print(to, "all but ");
		list = out;
		count = others;
	}
	for (i = 0; i < count; i++) {
		np_buffer_print(to, i ? ", " : "");
		np_diff_ports_name(to, ports, &list[i]);
	}
	free(in);
	free(out);
}
