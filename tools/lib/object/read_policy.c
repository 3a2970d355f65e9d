// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns nodes into struct np_policy and applies the API's defaults. */
#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "object/read_policy.h"
#include "base/loop.h"
#include "base/sort.h"
#include "object/validate.h"

static int np_requirement_order(const void *a, const void *b)
{
	const struct np_requirement *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int np_decode_match_labels(struct np_decode *d,
				  const struct np_node *map,
				  const struct np_path *path,
				  struct np_selector *selector)
{
	const struct np_node *entry;
	const char *wrong;

	for (entry = map->child; entry; entry = entry->next) {
		const struct np_path *at = NP_FIELD(path, entry->key);
		struct np_requirement need = {
			.op = NP_OP_IN,
			.match_label = true,
			.value_count = 1,
		};
		const char *value = "";

		wrong = np_check_label_key(entry->key);
		if (wrong)
			return np_fail_key(d, entry, path,
					   "label key \"%.100s\" %s",
					   entry->key, wrong);
		if (entry->type != NP_NODE_NULL) {
			if (np_expect(d, entry, NP_NODE_STRING, at))
				return -1;
			value = entry->text;
		} else if (!d->lenient) {
			np_warn(d, entry, at, "null is taken as an empty value");
		}
		wrong = np_check_label_value(value);
		if (wrong)
			return np_fail(d, entry, at, "\"%.100s\" %s", value,
				       wrong);
		np_breathe();
		need.key = np_intern_str(d->objs, entry->key);
		need.value = np_arena_alloc(&d->objs->arena,
					    sizeof(*need.value));
		need.value[0] = np_intern_str(d->objs, value);
		selector->item[selector->count++] = need;
	}
	np_sort_many(selector->item, selector->count, sizeof(*selector->item),
		     np_requirement_order);
	return 0;
}

static int np_decode_values(struct np_decode *d, const struct np_node *list,
			    const struct np_path *path,
			    struct np_requirement *need)
{
	const struct np_node *entry;
	const char *wrong;
	uint32_t i = 0;

	need->value = np_arena_zalloc(&d->objs->arena,
				      list->count * sizeof(*need->value));
	for (entry = list->child; entry; entry = entry->next) {
		const struct np_path *at = NP_INDEX(path, i++);
		const char *value = "";

		np_breathe();
		if (entry->type != NP_NODE_NULL || !d->lenient) {
			if (np_expect(d, entry, NP_NODE_STRING, at))
				return -1;
			value = entry->text;
		}
		/* API servers up to 1.26 accepted such values and keep them. */
		wrong = np_check_label_value(value);
		if (wrong && !d->lenient)
			return np_fail(d, entry, at, "\"%.100s\" %s", value,
				       wrong);
		/* No label can have such a value, and the kernel has no room for it. */
		if (strlen(value) > NETPOL_VALUE_MAX) {
			np_warn(d, entry, at, "\"%.100s\" %s: no label has it, ignored",
				value, wrong);
			continue;
		}
		if (wrong)
			np_warn(d, entry, at, "\"%.100s\" %s", value, wrong);
		need->value[need->value_count++] = np_intern_str(d->objs,
								 value);
	}
	return 0;
}

static int np_decode_operator(struct np_decode *d, const struct np_node *map,
			      const struct np_path *path, uint8_t *op)
{
	const struct np_node *field;

	if (np_get(d, map, "operator", NP_NODE_STRING, path, &field))
		return -1;
	if (!field)
		return np_fail(d, map, NP_FIELD(path, "operator"),
			       "is missing");
	for (*op = NP_OP_IN; *op <= NP_OP_DOES_NOT_EXIST; (*op)++)
		if (!strcmp(field->text, np_operator_name(*op)))
			return 0;
	return np_fail(d, field, NP_FIELD(path, "operator"),
		       "\"%.60s\" must be In, NotIn, Exists or DoesNotExist",
		       field->text);
}

static int np_decode_requirement(struct np_decode *d,
				 const struct np_node *node,
				 const struct np_path *path,
				 struct np_requirement *need)
{
	const struct np_path *at = NP_FIELD(path, "values");
	const struct np_node *key, *values;
	const char *wrong;
	bool set;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    NP_CHECK_FIELDS(d, node, path, "key", "operator", "values") ||
	    np_get(d, node, "key", NP_NODE_STRING, path, &key))
		return -1;
	if (!key)
		return np_fail(d, node, NP_FIELD(path, "key"), "is missing");
	wrong = np_check_label_key(key->text);
	if (wrong)
		return np_fail(d, key, NP_FIELD(path, "key"), "\"%.100s\" %s",
			       key->text, wrong);
	need->key = np_intern_str(d->objs, key->text);
	if (np_decode_operator(d, node, path, &need->op) ||
	    np_get(d, node, "values", NP_NODE_LIST, path, &values))
		return -1;
	set = need->op == NP_OP_IN || need->op == NP_OP_NOT_IN;
	if (set && (!values || !values->count))
		return np_fail(d, values ? values : node, at,
			       "must not be empty for operator %s",
			       np_operator_name(need->op));
	if (!set && values && values->count)
		return np_fail(d, values, at, "must be empty for operator %s",
			       np_operator_name(need->op));
	return set ? np_decode_values(d, values, at, need) : 0;
}

/*
 * A requirement whose values were all dropped. In then matches nothing, which takes two
 * requirements to say; NotIn matches everything.
 */
static void np_add_requirement(struct np_selector *selector,
			       struct np_requirement need)
{
	bool empty = !need.value_count;

	if (empty && need.op == NP_OP_NOT_IN)
		return;
	if (empty && need.op == NP_OP_IN) {
		need.op = NP_OP_EXISTS;
		selector->item[selector->count++] = need;
		need.op = NP_OP_DOES_NOT_EXIST;
	}
	selector->item[selector->count++] = need;
}

/* If node is NULL, the selector is not present. */
static int np_decode_selector(struct np_decode *d, const struct np_node *node,
			      const struct np_path *path,
			      struct np_selector *selector)
{
	const struct np_node *labels, *list, *entry;
	struct np_requirement need;
	const struct np_path *at;
	uint32_t count, i = 0;

	memset(selector, 0, sizeof(*selector));
	if (!node)
		return 0;
	selector->present = true;
	if (NP_CHECK_FIELDS(d, node, path, "matchLabels",
			    "matchExpressions") ||
	    np_get(d, node, "matchLabels", NP_NODE_MAP, path, &labels) ||
	    np_get(d, node, "matchExpressions", NP_NODE_LIST, path, &list))
		return -1;
	/* One expression may become two requirements. */
	count = (labels ? labels->count : 0) + (list ? list->count * 2 : 0);
	if (!count)
		return 0;
	selector->item = np_arena_zalloc(&d->objs->arena,
					 count * sizeof(*selector->item));
	if (labels &&
	    np_decode_match_labels(d, labels, NP_FIELD(path, "matchLabels"),
				   selector))
		return -1;
	at = NP_FIELD(path, "matchExpressions");
	for (entry = list ? list->child : NULL; entry; entry = entry->next) {
		memset(&need, 0, sizeof(need));
		if (np_decode_requirement(d, entry, NP_INDEX(at, i++), &need))
			return -1;
		np_add_requirement(selector, need);
	}
	return 0;
}

/* Sets *host_bits if the block has bits behind its mask, which are cleared in *cidr. */
static int np_decode_cidr(struct np_decode *d, const struct np_node *node,
			  const struct np_path *path, struct np_cidr *cidr, bool *host_bits)
{
	char text[NP_CIDR_TEXT], address[NP_CIDR_TEXT];
	struct np_address addr;
	const char *wrong, *slash;

	wrong = np_cidr_parse(node->text, cidr);
	if (wrong) {
		np_fail(d, node, path, "\"%.100s\" %s", node->text, wrong);
		if (!np_address_parse(node->text, &addr))
			np_error_hint(d->err, "for one address write %s/%d",
				      np_address_text(&addr, text),
				      addr.family == AF_INET ? 32 : 128);
		return -1;
	}
	np_cidr_text(cidr, text);
	slash = strchr(node->text, '/');
	snprintf(address, sizeof(address), "%.*s", (int)(slash - node->text),
		 node->text);
	wrong = np_address_parse(address, &addr);
	*host_bits = !wrong && addr.family == cidr->family &&
		     memcmp(addr.addr, cidr->addr, sizeof(addr.addr));
	if (!d->lenient && (wrong || addr.family != cidr->family || *host_bits ||
			    (cidr->family == AF_INET && strcmp(text, node->text))))
		np_warn(d, node, path, "\"%.100s\" is taken as %s", node->text,
			text);
	return 0;
}

static void np_note_host_bits(struct np_decode *d, const struct np_node *node,
			      struct np_ipblock *block, uint32_t at)
{
	if (block->host_bits)
		return;
	block->host_bits = np_intern_str(d->objs, node->text);
	block->host_bits_at = at;
}

static int np_decode_except(struct np_decode *d, const struct np_node *list,
			    const struct np_path *path,
			    struct np_ipblock *block)
{
	char text[NP_CIDR_TEXT];
	const struct np_node *entry;
	bool host_bits;

	block->except = np_arena_zalloc(&d->objs->arena,
					list->count * sizeof(*block->except));
	for (entry = list->child; entry; entry = entry->next) {
		const struct np_path *at = NP_INDEX(path, block->except_count);
		struct np_cidr *cidr = &block->except[block->except_count++];

		if (np_expect(d, entry, NP_NODE_STRING, at) ||
		    np_decode_cidr(d, entry, at, cidr, &host_bits))
			return -1;
		if (host_bits)
			np_note_host_bits(d, entry, block, block->except_count);
		np_cidr_text(&block->cidr, text);
		if (cidr->family != block->cidr.family)
			return np_fail(d, entry, at,
				       "\"%.100s\" is not of the address family of cidr %s",
				       entry->text, text);
		if (cidr->length <= block->cidr.length ||
		    !np_cidr_contains(&block->cidr, cidr))
			return np_fail(d, entry, at,
				       "\"%.100s\" must be a strict part of cidr %s",
				       entry->text, text);
	}
	return 0;
}

static int np_decode_ipblock(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path,
			     struct np_ipblock *block)
{
	const struct np_node *cidr, *list;
	bool host_bits;

	if (NP_CHECK_FIELDS(d, node, path, "cidr", "except") ||
	    np_get(d, node, "cidr", NP_NODE_STRING, path, &cidr) ||
	    np_get(d, node, "except", NP_NODE_LIST, path, &list))
		return -1;
	if (!cidr || !cidr->count)
		return np_fail(d, cidr ? cidr : node, NP_FIELD(path, "cidr"),
			       "is missing");
	if (np_decode_cidr(d, cidr, NP_FIELD(path, "cidr"), &block->cidr, &host_bits))
		return -1;
	if (host_bits)
		np_note_host_bits(d, cidr, block, 0);
	if (!list || !list->count)
		return 0;
	return np_decode_except(d, list, NP_FIELD(path, "except"), block);
}

static int np_decode_peer(struct np_decode *d, const struct np_node *node,
			  const struct np_path *path, struct np_peer *peer)
{
	const struct np_node *pods, *namespaces, *block;
	bool null;

	peer->line = node->line;
	if (np_expect_entry(d, node, path, "an empty peer", &null))
		return -1;
	if (null)
		return np_fail(d, node, path, "a peer must not be empty");
	if (NP_CHECK_FIELDS(d, node, path, "podSelector", "namespaceSelector",
			    "ipBlock") ||
	    np_get(d, node, "podSelector", NP_NODE_MAP, path, &pods) ||
	    np_get(d, node, "namespaceSelector", NP_NODE_MAP, path,
		   &namespaces) ||
	    np_get(d, node, "ipBlock", NP_NODE_MAP, path, &block))
		return -1;
	if (!pods && !namespaces && !block) {
		np_fail(d, node, path,
			"a peer must have podSelector, namespaceSelector or ipBlock");
		np_error_hint(d->err,
			      "podSelector: {} is every pod of the namespace, "
			      "namespaceSelector: {} every pod; to allow "
			      "everyone leave the list out");
		return -1;
	}
	if (block && (pods || namespaces)) {
		np_fail_key(d, block, NP_FIELD(path, "ipBlock"),
			    "must not stand beside podSelector or namespaceSelector");
		np_error_hint(d->err, "make it an entry of its own: - ipBlock:");
		return -1;
	}
	if (block) {
		peer->ipblock = np_arena_zalloc(&d->objs->arena,
						sizeof(*peer->ipblock));
		return np_decode_ipblock(d, block, NP_FIELD(path, "ipBlock"),
					 peer->ipblock);
	}
	if (np_decode_selector(d, pods, NP_FIELD(path, "podSelector"),
			       &peer->pod_selector))
		return -1;
	return np_decode_selector(d, namespaces,
				  NP_FIELD(path, "namespaceSelector"),
				  &peer->ns_selector);
}

static int np_decode_port_name(struct np_decode *d, const struct np_node *node,
			       const struct np_path *path,
			       struct np_port *port)
{
	const char *wrong = np_check_port_name(node->text);

	if (wrong) {
		np_fail(d, node, path, "\"%.60s\" is no port name: it %s",
			node->text, wrong);
		if (node->count && node->count < 6 &&
		    strspn(node->text, "0123456789") == node->count)
			np_error_hint(d->err,
				      "write %.5s without quotes for a number",
				      node->text);
		return -1;
	}
	port->kind = NP_PORT_NAME;
	port->name = np_intern_str(d->objs, node->text);
	return 0;
}

static int np_decode_port_number(struct np_decode *d,
				 const struct np_node *node,
				 const struct np_path *path, uint16_t *number)
{
	if (np_expect(d, node, NP_NODE_INT, path))
		return -1;
	if (node->number < 1 || node->number > 65535)
		return np_fail(d, node, path, "%lld must be 1 to 65535",
			       (long long)node->number);
	*number = node->number;
	return 0;
}

static int np_decode_end_port(struct np_decode *d, const struct np_node *node,
			      const struct np_path *path, struct np_port *port)
{
	if (port->kind == NP_PORT_ANY)
		return np_fail(d, node, path, "must not stand without port");
	if (port->kind == NP_PORT_NAME)
		return np_fail(d, node, path,
			       "must not stand beside a port name");
	if (np_decode_port_number(d, node, path, &port->last))
		return -1;
	if (port->last < port->first)
		return np_fail(d, node, path, "%u is below port %u",
			       port->last, port->first);
	if (port->last > port->first)
		port->kind = NP_PORT_RANGE;
	return 0;
}

static int np_decode_port(struct np_decode *d, const struct np_node *node,
			  const struct np_path *path, struct np_port *port)
{
	const struct np_node *protocol, *number, *end;
	const struct np_path *at = NP_FIELD(path, "port");
	bool null;

	port->protocol = NP_PROTOCOL_TCP;
	port->line = node->line;
	if (np_expect_entry(d, node, path, "every TCP port", &null))
		return -1;
	if (null)
		return 0;
	if (NP_CHECK_FIELDS(d, node, path, "protocol", "port", "endPort") ||
	    np_get(d, node, "protocol", NP_NODE_STRING, path, &protocol) ||
	    np_decode_protocol(d, protocol, NP_FIELD(path, "protocol"),
			       &port->protocol))
		return -1;
	port->has_protocol = protocol;
	number = np_node_get(node, "port");
	if (number && number->type == NP_NODE_STRING) {
		if (np_decode_port_name(d, number, at, port))
			return -1;
	} else if (number && number->type != NP_NODE_NULL) {
		if (np_decode_port_number(d, number, at, &port->first))
			return -1;
		port->kind = NP_PORT_NUMBER;
		port->last = port->first;
	}
	end = np_node_get(node, "endPort");
	if (!end || end->type == NP_NODE_NULL)
		return 0;
	return np_decode_end_port(d, end, NP_FIELD(path, "endPort"), port);
}

static int np_decode_rule(struct np_decode *d, const struct np_node *node,
			  const struct np_path *path, const char *peers,
			  struct np_rule *rule)
{
	const struct np_node *from, *ports, *entry;
	const char *const known[] = { peers, "ports" };
	const struct np_path *at;
	uint32_t i;
	bool null;

	rule->line = node->line;
	if (np_expect_entry(d, node, path, "to allow everything", &null))
		return -1;
	if (null)
		return 0;
	if (np_check_fields(d, node, path, known, 2) ||
	    np_get(d, node, peers, NP_NODE_LIST, path, &from) ||
	    np_get(d, node, "ports", NP_NODE_LIST, path, &ports))
		return -1;
	if (from && from->count) {
		rule->peer_count = from->count;
		rule->peer = np_arena_zalloc(&d->objs->arena, from->count *
					     sizeof(*rule->peer));
		at = NP_FIELD(path, peers);
		for (entry = from->child, i = 0; entry; entry = entry->next, i++)
			if (np_decode_peer(d, entry, NP_INDEX(at, i),
					   &rule->peer[i]))
				return -1;
	}
	if (ports && ports->count) {
		rule->port_count = ports->count;
		rule->port = np_arena_zalloc(&d->objs->arena, ports->count *
					     sizeof(*rule->port));
		at = NP_FIELD(path, "ports");
		for (entry = ports->child, i = 0; entry;
		     entry = entry->next, i++)
			if (np_decode_port(d, entry, NP_INDEX(at, i),
					   &rule->port[i]))
				return -1;
	}
	return 0;
}

static int np_decode_rules(struct np_decode *d, const struct np_node *spec,
			   const struct np_path *up, const char *field,
			   const char *peers, struct np_rule **rules,
			   uint32_t *count)
{
	const struct np_path *path = NP_FIELD(up, field);
	const struct np_node *list, *entry;
	uint32_t i = 0;

	if (np_get(d, spec, field, NP_NODE_LIST, up, &list))
		return -1;
	if (!list || !list->count)
		return 0;
	*rules = np_arena_zalloc(&d->objs->arena,
				 list->count * sizeof(**rules));
	*count = list->count;
	for (entry = list->child; entry; entry = entry->next, i++)
		if (np_decode_rule(d, entry, NP_INDEX(path, i), peers,
				   &(*rules)[i]))
			return -1;
	return 0;
}

static int np_decode_types(struct np_decode *d, const struct np_node *spec,
			   const struct np_path *up, struct np_policy *policy)
{
	const struct np_path *path = NP_FIELD(up, "policyTypes");
	const struct np_node *list, *entry;
	uint32_t i = 0;

	if (np_get(d, spec, "policyTypes", NP_NODE_LIST, up, &list))
		return -1;
	if (!list || !list->count) {
		policy->directions = NP_DIR_INGRESS;
		if (policy->egress_count)
			policy->directions |= NP_DIR_EGRESS;
		return 0;
	}
	policy->types_given = true;
	for (entry = list->child; entry; entry = entry->next, i++) {
		const struct np_path *at = NP_INDEX(path, i);

		if (np_expect(d, entry, NP_NODE_STRING, at))
			return -1;
		if (!strcmp(entry->text, "Ingress"))
			policy->directions |= NP_DIR_INGRESS;
		else if (!strcmp(entry->text, "Egress"))
			policy->directions |= NP_DIR_EGRESS;
		else
			return np_fail(d, entry, at,
				       "\"%.60s\" must be Ingress or Egress",
				       entry->text);
		if (i == 2)
			return np_fail(d, entry, path,
				       "must have no more than two entries");
	}
	return 0;
}

static int np_decode_spec(struct np_decode *d, const struct np_node *spec,
			  const struct np_path *path, struct np_policy *policy)
{
	const struct np_node *pods;

	if (NP_CHECK_FIELDS(d, spec, path, "podSelector", "policyTypes",
			    "ingress", "egress") ||
	    np_get(d, spec, "podSelector", NP_NODE_MAP, path, &pods) ||
	    np_decode_selector(d, pods, NP_FIELD(path, "podSelector"),
			       &policy->pod_selector) ||
	    np_decode_rules(d, spec, path, "ingress", "from",
			    &policy->ingress, &policy->ingress_count) ||
	    np_decode_rules(d, spec, path, "egress", "to",
			    &policy->egress, &policy->egress_count))
		return -1;
	return np_decode_types(d, spec, path, policy);
}

int np_decode_policy(struct np_decode *d, const struct np_node *node,
		     const struct np_path *path)
{
	struct np_policy policy = { .place = np_decode_place(d, node) };
	const struct np_node *spec;
	struct np_meta meta;

	if (np_decode_meta(d, node, path, true, &meta) ||
	    NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata",
			    "spec", "status") ||
	    np_get(d, node, "spec", NP_NODE_MAP, path, &spec))
		return -1;
	policy.namespace = meta.namespace;
	policy.name = meta.name;
	policy.labels = meta.labels;
	if (spec) {
		if (np_decode_spec(d, spec, NP_FIELD(path, "spec"), &policy))
			return -1;
	} else {
		policy.directions = NP_DIR_INGRESS;
		if (!d->lenient)
			np_warn(d, node, NP_FIELD(path, "spec"),
				"is missing: no pod of namespace %.63s may receive anything",
				policy.namespace);
	}
	*np_objects_add_policy(d->objs) = policy;
	return 0;
}

/* Without policyTypes a policy is about egress if it has any such rule. */
static bool np_has_egress(const struct np_node *spec)
{
	const struct np_node *egress = np_node_get(spec, "egress");

	return egress && egress->type != NP_NODE_NULL &&
	       (egress->type != NP_NODE_LIST || egress->count);
}

int np_decode_policy_closed(struct np_decode *d, const struct np_node *node,
			    const struct np_path *up)
{
	struct np_policy policy = { .place = np_decode_place(d, node) };
	const struct np_node *spec = np_node_get(node, "spec"), *pods;
	const struct np_path *path = NP_FIELD(up, "spec");
	struct np_meta meta;

	if (np_decode_meta(d, node, up, true, &meta))
		return -1;
	policy.namespace = meta.namespace;
	policy.name = meta.name;
	if (np_get(d, spec, "podSelector", NP_NODE_MAP, path, &pods) ||
	    np_decode_selector(d, pods, NP_FIELD(path, "podSelector"), &policy.pod_selector))
		policy.pod_selector = (struct np_selector) { 0 };
	policy.pod_selector.present = true;
	if (!spec || spec->type != NP_NODE_MAP || np_decode_types(d, spec, path, &policy) ||
	    (!policy.types_given && np_has_egress(spec)))
		policy.directions = NP_DIR_INGRESS | NP_DIR_EGRESS;
	*np_objects_add_policy(d->objs) = policy;
	return 0;
}
