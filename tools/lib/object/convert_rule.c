// SPDX-License-Identifier: GPL-2.0-or-later
/* Converts rules and subjects; see the header. */
#include "object/convert_rule.h"

#include <string.h>

#include "object/read_part.h"

struct np_convert_list np_convert_list_of(struct np_arena *arena, const struct np_node *at)
{
	return (struct np_convert_list) {
		.arena = arena,
		.list = np_node_new(arena, NP_NODE_LIST, at->line, at->column),
	};
}

struct np_convert_list np_convert_map_of(struct np_arena *arena, const struct np_node *at)
{
	return (struct np_convert_list) {
		.arena = arena,
		.list = np_node_new(arena, NP_NODE_MAP, at->line, at->column),
	};
}

void np_convert_add(struct np_convert_list *list, struct np_node *entry)
{
	np_node_append(list->list, &list->tail, entry);
}

void np_convert_set(struct np_convert_list *map, const char *key, struct np_node *entry)
{
	np_node_set_key(entry, key, entry->line, entry->column);
	np_convert_add(map, entry);
}

struct np_node *np_convert_text(struct np_arena *arena, const char *text,
				const struct np_node *at)
{
	struct np_node *node = np_node_new(arena, NP_NODE_STRING, at->line, at->column);

	node->count = (uint32_t)strlen(text);
	node->text = np_arena_memdup(arena, text, node->count);
	return node;
}

struct np_node *np_convert_number(struct np_arena *arena, int64_t number,
				  const struct np_node *at)
{
	struct np_node *node = np_node_new(arena, NP_NODE_INT, at->line, at->column);

	node->number = number;
	return node;
}

/* The input is at most NP_DEPTH_MAX levels deep. */
struct np_node *np_convert_copy(struct np_arena *arena, const struct np_node *node)
{
	struct np_node *to = np_node_new(arena, node->type, node->line, node->column), *tail = NULL;
	const struct np_node *child;
	struct np_node *copy;

	switch (node->type) {
	case NP_NODE_LIST:
	case NP_NODE_MAP:
		for (child = node->child; child; child = child->next) {
			/* the API server drops fields that are null */
			if (node->type == NP_NODE_MAP && child->type == NP_NODE_NULL)
				continue;
			copy = np_convert_copy(arena, child);
			if (node->type == NP_NODE_MAP)
				np_node_set_key(copy, np_arena_memdup(arena, child->key,
								      strlen(child->key)),
						child->key_line, child->key_column);
			np_node_append(to, &tail, copy);
		}
		return to;
	case NP_NODE_STRING:
		return np_convert_text(arena, node->text, node);
	default:
		to->number = node->number;
		return to;
	}
}

/* Finds the one field of a map that is set. Returns its index in known, or -1. */
static int np_convert_one_of(struct np_decode *d, const struct np_node *map,
			     const struct np_path *path, const char *const *known, size_t count,
			     const struct np_node **field)
{
	const struct np_node *one;
	int found = -1;
	size_t i;

	if (np_expect(d, map, NP_NODE_MAP, path) || np_check_fields(d, map, path, known, count))
		return -1;
	for (i = 0; i < count; i++) {
		one = np_node_get(map, known[i]);
		if (!one || one->type == NP_NODE_NULL)
			continue;
		if (found >= 0)
			return np_fail_key(d, one, NP_FIELD(path, known[i]),
					   "must not stand beside %s", known[found]);
		found = (int)i;
		*field = one;
	}
	if (found < 0)
		np_fail(d, map, path, "is empty: exactly one of its fields must be set");
	return found;
}

/* Both kinds have pods with both selectors, which means the same. */
static int np_convert_pods(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path)
{
	static const char * const known[] = { "namespaceSelector", "podSelector" };
	const struct np_node *field;
	struct np_selector selector;
	size_t i;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_check_fields(d, node, path, known, NP_COUNT(known)))
		return -1;
	for (i = 0; i < NP_COUNT(known); i++)
		if (np_need(d, node, known[i], NP_NODE_MAP, path, &field) ||
		    np_decode_selector(d, field, NP_FIELD(path, known[i]), &selector))
			return -1;
	return 0;
}

/* Namespaces or nodes, by their labels. */
static int np_convert_selector(struct np_decode *d, const struct np_node *node,
			       const struct np_path *path)
{
	struct np_selector selector;

	if (np_expect(d, node, NP_NODE_MAP, path))
		return -1;
	return np_decode_selector(d, node, path, &selector);
}

int np_convert_subject(struct np_decode *d, const struct np_node *spec, const struct np_path *up,
		       const struct np_node **subject)
{
	static const char * const known[] = { "namespaces", "pods" };
	const struct np_path *path = NP_FIELD(up, "subject");
	const struct np_node *field;
	int which;

	if (np_need(d, spec, "subject", NP_NODE_MAP, up, subject))
		return -1;
	which = np_convert_one_of(d, *subject, path, known, NP_COUNT(known), &field);
	if (which < 0 ||
	    (which ? np_convert_pods(d, field, NP_FIELD(path, "pods")) :
		     np_convert_selector(d, field, NP_FIELD(path, "namespaces"))))
		return -1;
	return 0;
}

static int np_convert_networks(struct np_decode *d, const struct np_node *node,
			       const struct np_path *path)
{
	const struct np_node *entry;
	struct np_cidr cidr;
	bool host_bits;
	uint32_t i = 0;

	if (np_expect(d, node, NP_NODE_LIST, path))
		return -1;
	if (!node->count || node->count > NP_CLUSTER_MAX)
		return np_fail(d, node, path, "must have 1 to %u entries, has %u", NP_CLUSTER_MAX,
			       (unsigned int)node->count);
	for (entry = node->child; entry; entry = entry->next, i++)
		if (np_expect(d, entry, NP_NODE_STRING, NP_INDEX(path, i)) ||
		    np_decode_cidr(d, entry, NP_INDEX(path, i), np_network_parse, &cidr,
				   &host_bits))
			return -1;
	return 0;
}

/* A peer: which kind it is of, and the checked node. */
struct np_convert_peer {
	const struct np_node *node;
	bool selects;		/* pods, by their labels */
};

static int np_convert_peer(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, bool egress, bool baseline,
			   struct np_convert_peer *peer)
{
	static const char * const known[] = {
		"namespaces", "pods", "networks", "nodes", "domainNames",
	};
	const struct np_node *field;
	const struct np_path *at;
	int which;

	which = np_convert_one_of(d, node, path, known, !egress ? 2 : baseline ? 4 :
				  NP_COUNT(known), &field);
	if (which < 0)
		return -1;
	at = NP_FIELD(path, known[which]);
	peer->node = node;
	peer->selects = which < 2;
	switch (which) {
	case 1:
		return np_convert_pods(d, field, at);
	case 2:
		return np_convert_networks(d, field, at);
	case 4:
		np_fail_key(d, field, at, "is not enforced");
		np_error_hint(d->err, "write the addresses as networks, or take the peer out");
		return -1;
	default:
		return np_convert_selector(d, field, at);
	}
}

/*
 * Reads the peers of a rule. Those that select pods come first, because a rule that denies or
 * passes also denies pods that are not known yet if it has such a peer: where the rule becomes
 * several, the first one must.
 */
static int np_convert_peers(struct np_decode *d, const struct np_node *list,
			    const struct np_path *path, bool egress, bool baseline,
			    struct np_convert_peer *peer)
{
	struct np_convert_peer other[NP_CONVERT_OLD_MAX], one;
	uint32_t i = 0, selecting = 0, others = 0;
	const struct np_node *entry;

	for (entry = list->child; entry; entry = entry->next, i++) {
		if (np_convert_peer(d, entry, NP_INDEX(path, i), egress, baseline, &one))
			return -1;
		if (one.selects)
			peer[selecting++] = one;
		else
			other[others++] = one;
	}
	for (i = 0; i < others; i++)
		peer[selecting + i] = other[i];
	return 0;
}

/* The field of a protocol in a ClusterNetworkPolicy; TCP if none is written. */
static int np_convert_protocol(struct np_decode *d, const struct np_node *map,
			       const struct np_path *path, const char **key)
{
	static const char * const name[] = { "TCP", "UDP", "SCTP" };
	static const char * const keys[] = { "tcp", "udp", "sctp" };
	const struct np_node *field;
	size_t i;

	if (np_get(d, map, "protocol", NP_NODE_STRING, path, &field))
		return -1;
	*key = keys[0];
	for (i = 0; field && i < NP_COUNT(name); i++) {
		*key = keys[i];
		if (!strcmp(field->text, name[i]))
			return 0;
	}
	return !field ? 0 : np_fail(d, field, NP_FIELD(path, "protocol"),
				    "\"%.60s\" must be TCP, UDP or SCTP", field->text);
}

static int np_convert_number_of(struct np_decode *d, const struct np_node *map, const char *key,
				const struct np_path *path, uint16_t *number)
{
	const struct np_node *field;

	if (np_need(d, map, key, NP_NODE_INT, path, &field))
		return -1;
	return np_decode_port_number(d, field, NP_FIELD(path, key), number);
}

/* Writes {tcp: {destinationPort: {number: 80}}}, or a range if there is more than one port. */
static struct np_node *np_convert_destination(struct np_arena *arena, const struct np_node *at,
					      const char *key, uint16_t first, uint16_t last)
{
	struct np_convert_list item = np_convert_map_of(arena, at);
	struct np_convert_list protocol = np_convert_map_of(arena, at);
	struct np_convert_list port = np_convert_map_of(arena, at);
	struct np_convert_list range = np_convert_map_of(arena, at);

	if (first == last) {
		np_convert_set(&port, "number", np_convert_number(arena, first, at));
	} else {
		np_convert_set(&range, "start", np_convert_number(arena, first, at));
		np_convert_set(&range, "end", np_convert_number(arena, last, at));
		np_convert_set(&port, "range", range.list);
	}
	np_convert_set(&protocol, "destinationPort", port.list);
	np_convert_set(&item, key, protocol.list);
	return item.list;
}

static int np_convert_port_number(struct np_decode *d, const struct np_node *node,
				  const struct np_path *path, struct np_arena *arena,
				  struct np_node **to)
{
	static const char * const known[] = { "protocol", "port" };
	uint16_t number;
	const char *key;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_check_fields(d, node, path, known, NP_COUNT(known)) ||
	    np_convert_protocol(d, node, path, &key) ||
	    np_convert_number_of(d, node, "port", path, &number))
		return -1;
	*to = np_convert_destination(arena, node, key, number, number);
	return 0;
}

static int np_convert_port_range(struct np_decode *d, const struct np_node *node,
				 const struct np_path *path, struct np_arena *arena,
				 struct np_node **to)
{
	static const char * const known[] = { "protocol", "start", "end" };
	uint16_t first, last;
	const char *key;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_check_fields(d, node, path, known, NP_COUNT(known)) ||
	    np_convert_protocol(d, node, path, &key) ||
	    np_convert_number_of(d, node, "start", path, &first) ||
	    np_convert_number_of(d, node, "end", path, &last))
		return -1;
	if (first > last)
		return np_fail(d, np_node_get(node, "end"), NP_FIELD(path, "end"),
			       "%u must not be below start %u", last, first);
	*to = np_convert_destination(arena, node, key, first, last);
	return 0;
}

/* mixed: the rule has peers whose ports have no names */
static int np_convert_port(struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, struct np_arena *arena, bool mixed,
			   struct np_node **to)
{
	static const char * const known[] = { "portNumber", "portRange", "namedPort" };
	const struct np_node *field;
	struct np_convert_list item;
	int which;

	which = np_convert_one_of(d, node, path, known, NP_COUNT(known), &field);
	if (which < 0)
		return -1;
	if (which == 0)
		return np_convert_port_number(d, field, NP_FIELD(path, known[0]), arena, to);
	if (which == 1)
		return np_convert_port_range(d, field, NP_FIELD(path, known[1]), arena, to);
	if (np_expect(d, field, NP_NODE_STRING, NP_FIELD(path, known[2])))
		return -1;
	if (mixed) {
		np_fail(d, field, NP_FIELD(path, known[2]), "has no exact form beside networks or "
			"nodes, whose ports have no names");
		np_error_hint(d->err, "make two rules of it: one of the pods, with the name, and "
			      "one of the networks or nodes, with numbers");
		return -1;
	}
	item = np_convert_map_of(arena, node);
	np_convert_set(&item, "destinationNamedPort", np_convert_text(arena, field->text, field));
	*to = item.list;
	return 0;
}

/* A rule that has been read. */
struct np_convert_rule {
	const struct np_node *node;
	const char *name;
	const char *action;
	const char *peers;		/* "from" or "to" */
	struct np_convert_peer peer[NP_CONVERT_OLD_MAX];
	struct np_node *port[NP_CONVERT_OLD_MAX];
	uint32_t peer_count;
	uint32_t port_count;
};

static int np_convert_action(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path, bool baseline, const char **action)
{
	const struct np_node *field;

	if (np_need(d, node, "action", NP_NODE_STRING, path, &field))
		return -1;
	*action = !strcmp(field->text, "Allow") ? "Accept" :
		  !strcmp(field->text, "Deny") ? "Deny" :
		  !strcmp(field->text, "Pass") && !baseline ? "Pass" : NULL;
	if (*action)
		return 0;
	return np_fail(d, field, NP_FIELD(path, "action"), "\"%.60s\" must be Allow%s Deny%s",
		       field->text, baseline ? " or" : ",", baseline ? "" : " or Pass");
}

static int np_convert_read_rule(struct np_decode *d, const struct np_node *node,
				const struct np_path *path, bool egress, bool baseline,
				struct np_arena *arena, struct np_convert_rule *rule)
{
	const char *const known[] = { "name", "action", egress ? "to" : "from", "ports" };
	const struct np_node *peers, *ports, *entry, *name;
	bool mixed;
	uint32_t i = 0;

	rule->node = node;
	rule->peers = known[2];
	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_check_fields(d, node, path, known, NP_COUNT(known)) ||
	    np_get(d, node, "name", NP_NODE_STRING, path, &name) ||
	    np_convert_action(d, node, path, baseline, &rule->action) ||
	    np_get_entries(d, node, known[2], path, true, NP_CONVERT_OLD_MAX, &peers) ||
	    np_convert_peers(d, peers, NP_FIELD(path, known[2]), egress, baseline, rule->peer) ||
	    np_get_entries(d, node, "ports", path, false, NP_CONVERT_OLD_MAX, &ports))
		return -1;
	rule->name = name ? name->text : "";
	rule->peer_count = peers->count;
	rule->port_count = ports ? ports->count : 0;
	mixed = !rule->peer[rule->peer_count - 1].selects;
	for (entry = ports ? ports->child : NULL; entry; entry = entry->next, i++)
		if (np_convert_port(d, entry, NP_INDEX(NP_FIELD(path, "ports"), i), arena, mixed,
				    &rule->port[i]))
			return -1;
	return 0;
}

static uint32_t np_convert_end(uint32_t from, uint32_t count)
{
	return count - from > NP_CLUSTER_MAX ? from + NP_CLUSTER_MAX : count;
}

/* Writes one rule of some of the peers and ports. */
static void np_convert_write_rule(const struct np_convert_rule *rule, uint32_t peer, uint32_t port,
				  struct np_convert_list *to)
{
	struct np_arena *arena = to->arena;
	struct np_convert_list map = np_convert_map_of(arena, rule->node);
	struct np_convert_list peers = np_convert_list_of(arena, rule->node);
	struct np_convert_list ports = np_convert_list_of(arena, rule->node);
	uint32_t i;

	for (i = peer; i < np_convert_end(peer, rule->peer_count); i++)
		np_convert_add(&peers, np_convert_copy(arena, rule->peer[i].node));
	for (i = port; i < np_convert_end(port, rule->port_count); i++)
		np_convert_add(&ports, np_convert_copy(arena, rule->port[i]));
	if (*rule->name)
		np_convert_set(&map, "name", np_convert_text(arena, rule->name, rule->node));
	np_convert_set(&map, "action", np_convert_text(arena, rule->action, rule->node));
	np_convert_set(&map, rule->peers, peers.list);
	if (rule->port_count)
		np_convert_set(&map, "protocols", ports.list);
	np_convert_add(to, map.list);
}

int np_convert_rules(struct np_decode *d, const struct np_node *spec, const struct np_path *up,
		     bool egress, bool baseline, struct np_convert_list *to)
{
	const char *key = egress ? "egress" : "ingress";
	const struct np_path *path = NP_FIELD(up, key);
	const struct np_node *list, *entry;
	struct np_convert_rule rule;
	uint32_t i = 0, peer, port;

	if (np_get(d, spec, key, NP_NODE_LIST, up, &list))
		return -1;
	if (list && list->count > NP_CONVERT_OLD_MAX)
		return np_fail(d, list, path, "must have at most %u entries, has %u",
			       NP_CONVERT_OLD_MAX, (unsigned int)list->count);
	for (entry = list ? list->child : NULL; entry; entry = entry->next, i++) {
		if (np_convert_read_rule(d, entry, NP_INDEX(path, i), egress, baseline, to->arena,
					 &rule))
			return -1;
		/* With one action for all of them, rules in a row are as good as one. */
		port = 0;
		do {
			for (peer = 0; peer < rule.peer_count; peer += NP_CLUSTER_MAX)
				np_convert_write_rule(&rule, peer, port, to);
			port += NP_CLUSTER_MAX;
		} while (port < rule.port_count);
	}
	return 0;
}
