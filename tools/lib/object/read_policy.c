// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns nodes into struct np_policy and applies the API's defaults. */
#include <stdlib.h>
#include <string.h>

#include "object/read_part.h"
#include "object/read_policy.h"
#include "object/validate.h"

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
		    np_decode_cidr(d, entry, at, np_cidr_parse, cidr, &host_bits))
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
	if (np_decode_cidr(d, cidr, NP_FIELD(path, "cidr"), np_cidr_parse, &block->cidr,
			   &host_bits))
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
			if (np_go_on(d, np_decode_peer(d, entry, NP_INDEX(at, i),
						       &rule->peer[i])))
				return -1;
	}
	if (ports && ports->count) {
		rule->port_count = ports->count;
		rule->port = np_arena_zalloc(&d->objs->arena, ports->count *
					     sizeof(*rule->port));
		at = NP_FIELD(path, "ports");
		for (entry = ports->child, i = 0; entry;
		     entry = entry->next, i++)
			if (np_go_on(d, np_decode_port(d, entry, NP_INDEX(at, i),
						       &rule->port[i])))
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
		if (np_go_on(d, np_decode_rule(d, entry, NP_INDEX(path, i), peers,
					       &(*rules)[i])))
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

static int np_decode_subject(struct np_decode *d, const struct np_node *spec,
			     const struct np_path *path, struct np_policy *policy)
{
	const struct np_node *pods;

	if (np_get(d, spec, "podSelector", NP_NODE_MAP, path, &pods))
		return -1;
	return np_decode_selector(d, pods, NP_FIELD(path, "podSelector"), &policy->pod_selector);
}

static int np_decode_spec(struct np_decode *d, const struct np_node *spec,
			  const struct np_path *path, struct np_policy *policy)
{
	if (np_go_on(d, NP_CHECK_FIELDS(d, spec, path, "podSelector", "policyTypes",
					"ingress", "egress")) ||
	    np_go_on(d, np_decode_subject(d, spec, path, policy)) ||
	    np_go_on(d, np_decode_rules(d, spec, path, "ingress", "from",
					&policy->ingress, &policy->ingress_count)) ||
	    np_go_on(d, np_decode_rules(d, spec, path, "egress", "to",
					&policy->egress, &policy->egress_count)))
		return -1;
	return np_decode_types(d, spec, path, policy);
}

int np_decode_policy(struct np_decode *d, const struct np_node *node,
		     const struct np_path *path)
{
	struct np_policy policy = { .place = np_decode_place(d, node) };
	const struct np_node *spec;
	struct np_meta meta;

	if (np_go_on(d, np_decode_meta(d, node, path, NP_SCOPE_NAMESPACED, &meta)) ||
	    np_go_on(d, NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata",
					"spec", "status")) ||
	    np_get(d, node, "spec", NP_NODE_MAP, path, &spec))
		return -1;
	policy.namespace = meta.namespace;
	policy.name = meta.name;
	policy.labels = meta.labels;
	np_decode_audit(d, &meta, path, &policy.audit_asked, &policy.audit_refused);
	/* Only what the kernel had is written by this tool. */
	policy.audit = d->own && policy.audit_asked;
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

	if (np_decode_meta(d, node, up, NP_SCOPE_NAMESPACED, &meta))
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
