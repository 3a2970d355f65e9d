// SPDX-License-Identifier: GPL-2.0-or-later
/* The module's core in this process, filled from Kubernetes objects. */
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "netlink/encode.h"
#include "object/digest.h"
#include "offline/offline.h"

static struct netpol_text np_offline_text(const char *text)
{
	return NETPOL_TEXT(text);
}

int np_offline_fail(struct np_offline *off, int error, const char *what,
		    const char *namespace, const char *name, struct np_error *err)
{
	const char *slash = *namespace ? "/" : "";

	if (!off->fault.error)
		off->fault.error = error;
	if (off->fault.text[0])
		return np_error_set(err, NP_EXIT_INPUT, "%s", off->fault.text);
	if (*what)
		return np_error_set(err, NP_EXIT_INPUT, "%s %s%s%s: %s", what, namespace,
				    slash, name, strerror(-error));
	return np_error_set(err, NP_EXIT_INPUT, "%s", strerror(-error));
}

static int np_offline_done(struct np_offline *off, int error, struct np_error *err)
{
	return error ? np_offline_fail(off, error, "", "", "", err) : 0;
}

int np_offline_init(struct np_offline *off, const char *node, struct np_error *err)
{
	static bool ready;

	memset(off, 0, sizeof(*off));
	if (!ready)
		netpol_hash_init();
	ready = true;
	off->node = node;
	off->world = netpol_world_create();
	if (!off->world)
		return np_offline_done(off, -ENOMEM, err);
	/* `netpolctl matrix` treats every pod of a cluster as local. */
	if (!node)
		off->world->limit[NETPOL_LIMIT_LOCAL_PODS] =
			off->world->limit[NETPOL_LIMIT_PODS];
	return 0;
}

void np_offline_free(struct np_offline *off)
{
	if (off->edit)
		np_offline_abort(off);
	if (off->world)
		netpol_world_destroy(off->world);
	off->world = NULL;
	np_arena_free(&off->scratch);
}

int np_offline_begin(struct np_offline *off, const char *origin, struct np_error *err)
{
	struct netpol_edit *edit;

	memset(&off->fault, 0, sizeof(off->fault));
	edit = netpol_edit_begin(off->world, origin, &off->fault);
	if (IS_ERR(edit))
		return np_offline_done(off, PTR_ERR(edit), err);
	off->edit = edit;
	return 0;
}

int np_offline_expect(struct np_offline *off, uint32_t namespaces, uint32_t pods,
		      uint32_t policies, struct np_error *err)
{
	return np_offline_done(off, netpol_edit_expect(off->edit, namespaces, pods, policies),
			       err);
}

static struct netpol_label_text *np_offline_labels(struct np_offline *off,
						   const struct np_labels *labels)
{
	struct netpol_label_text *text;
	uint32_t i;

	text = np_arena_alloc(&off->scratch, (labels->count + 1) * sizeof(*text));
	for (i = 0; i < labels->count; i++) {
		text[i].key = np_offline_text(labels->item[i].key);
		text[i].value = np_offline_text(labels->item[i].value);
	}
	return text;
}

struct netpol_namespace *np_offline_make_namespace(struct np_offline *off,
						   const struct np_namespace *ns)
{
	struct netpol_namespace *made;

	made = netpol_namespace_create(off->world, np_offline_text(ns->name),
				       np_offline_labels(off, &ns->labels),
				       ns->labels.count);
	np_arena_reset(&off->scratch);
	return made;
}

int np_offline_namespace(struct np_offline *off, const struct np_namespace *ns,
			 struct np_error *err)
{
	struct netpol_namespace *made = np_offline_make_namespace(off, ns);
	int error;

	error = IS_ERR(made) ? PTR_ERR(made) : netpol_edit_namespace(off->edit, made);
	return error ? np_offline_fail(off, error, "namespace", "", ns->name, err) : 0;
}

static bool np_address_unspecified(const struct np_address *address)
{
	static const uint8_t zero[16];

	return !memcmp(address->addr, zero, sizeof(zero));
}

/* Copies the addresses of a pod. Returns 0, or -E2BIG. */
static int np_offline_addresses(struct netpol_pod_text *text, const struct np_pod *pod)
{
	const struct np_address *address;
	uint32_t i;

	for (i = 0; i < pod->address_count; i++) {
		address = &pod->address[i];
		if (np_address_unspecified(address))
			continue;
		if (text->naddress4 + text->naddress6 == NETPOL_POD_ADDRESSES)
			return -E2BIG;
		if (address->family == AF_INET)
			memcpy(text->address4[text->naddress4++], address->addr, 4);
		else
			memcpy(text->address6[text->naddress6++], address->addr, 16);
	}
	return 0;
}

static struct netpol_ports *np_offline_ports(struct np_offline *off, const struct np_pod *pod)
{
	struct netpol_port_text *text;
	uint32_t i;

	text = np_arena_alloc(&off->scratch, (pod->port_count + 1) * sizeof(*text));
	for (i = 0; i < pod->port_count; i++) {
		text[i].name = np_offline_text(pod->port[i].name);
		text[i].port = pod->port[i].number;
		text[i].protocol = pod->port[i].protocol;
	}
	return netpol_ports_get(off->world, text, pod->port_count);
}

int np_offline_kind_get(struct np_offline *off, const struct np_pod *pod,
			struct np_offline_kind *kind)
{
	int error;

	kind->labels = netpol_labels_get(off->world, np_offline_labels(off, &pod->labels),
					 pod->labels.count);
	error = PTR_ERR_OR_ZERO(kind->labels);
	if (!error) {
		kind->ports = np_offline_ports(off, pod);
		error = PTR_ERR_OR_ZERO(kind->ports);
		if (error)
			netpol_labels_put(off->world, kind->labels);
	}
	np_arena_reset(&off->scratch);
	return error;
}

void np_offline_kind_put(struct np_offline *off, struct np_offline_kind *kind)
{
	netpol_ports_put(off->world, kind->ports);
	netpol_labels_put(off->world, kind->labels);
}

struct netpol_pod *np_offline_make_pod(struct np_offline *off, const struct np_pod *pod,
				       const struct np_offline_kind *kind,
				       const uint8_t uid[NETPOL_UID_LEN])
{
	struct netpol_pod_text text = {
		.ns = np_offline_text(pod->namespace),
		.name = np_offline_text(pod->name),
		.labels = kind->labels,
		.ports = kind->ports,
	};
	int error = np_offline_addresses(&text, pod);

	if (error)
		return ERR_PTR(error);
	if (!off->node || !strcmp(off->node, pod->node))
		text.flags |= NETPOL_POD_F_LOCAL;
	if (pod->phase == NP_PHASE_RUNNING || pod->phase == NP_PHASE_NONE)
		text.flags |= NETPOL_POD_F_RUNNING;
	memcpy(text.uid, uid, sizeof(text.uid));
	return netpol_pod_create(off->world, &text);
}

int np_offline_pod(struct np_offline *off, const struct np_pod *pod, struct np_error *err)
{
	struct np_offline_kind kind;
	struct netpol_pod *made;
	uint8_t uid[NETPOL_UID_LEN];
	int error;

	if (!np_pod_usable(pod))
		return np_offline_delete_pod(off, pod->namespace, pod->name, NULL, err);
	np_uid_bytes(pod->uid, uid);
	error = np_offline_kind_get(off, pod, &kind);
	if (!error) {
		made = np_offline_make_pod(off, pod, &kind, uid);
		np_offline_kind_put(off, &kind);
		error = IS_ERR(made) ? PTR_ERR(made) : netpol_edit_pod(off->edit, made);
	}
	return error ? np_offline_fail(off, error, "pod", pod->namespace, pod->name, err) : 0;
}

static struct netpol_requirement_text *
np_offline_selector(struct np_offline *off, const struct np_selector *selector)
{
	static const uint8_t operators[] = {
		[NP_OP_IN] = NETPOL_OPERATOR_IN,
		[NP_OP_NOT_IN] = NETPOL_OPERATOR_NOT_IN,
		[NP_OP_EXISTS] = NETPOL_OPERATOR_EXISTS,
		[NP_OP_DOES_NOT_EXIST] = NETPOL_OPERATOR_DOES_NOT_EXIST,
	};
	struct netpol_requirement_text *text;
	uint32_t i, j;

	text = np_arena_alloc(&off->scratch, (selector->count + 1) * sizeof(*text));
	for (i = 0; i < selector->count; i++) {
		const struct np_requirement *item = &selector->item[i];
		struct netpol_text *value;

		value = np_arena_alloc(&off->scratch, (item->value_count + 1) * sizeof(*value));
		for (j = 0; j < item->value_count; j++)
			value[j] = np_offline_text(item->value[j]);
		text[i].key = np_offline_text(item->key);
		text[i].operator = operators[item->op];
		text[i].count = item->value_count;
		text[i].value = value;
	}
	return text;
}

static int np_offline_peer(struct np_offline *off, struct netpol_policy *policy,
			   const struct np_peer *peer)
{
	const struct np_ipblock *block = peer->ipblock;
	uint32_t i;
	int error;

	if (!block)
		return netpol_rule_add_pods(off->world, policy,
					    np_offline_selector(off, &peer->ns_selector),
					    peer->ns_selector.count,
					    peer->ns_selector.present,
					    np_offline_selector(off, &peer->pod_selector),
					    peer->pod_selector.count,
					    peer->pod_selector.present);
	error = netpol_rule_add_block(policy, block->cidr.family, block->cidr.addr,
				      block->cidr.length);
	for (i = 0; !error && i < block->except_count; i++)
		error = netpol_rule_add_except(policy, block->except[i].family,
					       block->except[i].addr,
					       block->except[i].length);
	return error;
}

static int np_offline_port(struct np_offline *off, struct netpol_policy *policy,
			   const struct np_port *port)
{
	uint16_t first = port->first, last = port->last;
	const char *name = "";

	switch (port->kind) {
	case NP_PORT_ANY:
		first = 0;
		last = 65535;
		break;
	case NP_PORT_NAME:
		first = 0;
		last = 0;
		name = port->name;
		break;
	}
	return netpol_rule_add_port(off->world, policy, port->protocol, np_offline_text(name),
				    first, last);
}

static int np_offline_rules(struct np_offline *off, struct netpol_policy *policy,
			    uint8_t direction, const struct np_rule *rule, uint32_t count)
{
	uint32_t i, j;
	int error = 0;

	for (i = 0; !error && i < count; i++) {
		error = netpol_policy_add_rule(policy, direction, np_encode_action(&rule[i]),
					       np_offline_text(rule[i].name ? rule[i].name : ""));
		for (j = 0; !error && j < rule[i].peer_count; j++)
			error = np_offline_peer(off, policy, &rule[i].peer[j]);
		for (j = 0; !error && j < rule[i].port_count; j++)
			error = np_offline_port(off, policy, &rule[i].port[j]);
	}
	return error;
}

/* A policy without a namespace is cluster-wide. */
static uint8_t np_offline_kind(const char *namespace)
{
	return *namespace ? NETPOL_KIND_NETWORK_POLICY : NETPOL_KIND_CLUSTER_NETWORK_POLICY;
}

struct netpol_policy *np_offline_make_policy(struct np_offline *off,
					     const struct np_policy *policy)
{
	bool ingress = policy->directions & NP_DIR_INGRESS;
	bool egress = policy->directions & NP_DIR_EGRESS;
	struct netpol_policy *made;
	int error = 0;

	made = netpol_policy_create(off->world, np_offline_text(policy->namespace),
				    np_offline_text(policy->name),
				    np_offline_kind(policy->namespace),
				    ingress << NETPOL_DIRECTION_INGRESS |
				    egress << NETPOL_DIRECTION_EGRESS,
				    np_offline_selector(off, &policy->pod_selector),
				    policy->pod_selector.count);
	if (!made)
		error = -ENOMEM;
	if (!error)
		made->audit = policy->audit;
	if (!error && policy->tier != NP_TIER_NETWORK_POLICY)
		error = netpol_policy_set_tier(off->world, made, np_encode_tier(policy),
					       policy->priority,
					       np_offline_selector(off, &policy->ns_selector),
					       policy->ns_selector.count);
	if (!error && ingress)
		error = np_offline_rules(off, made, NETPOL_DIRECTION_INGRESS, policy->ingress,
					 policy->ingress_count);
	if (!error && egress)
		error = np_offline_rules(off, made, NETPOL_DIRECTION_EGRESS, policy->egress,
					 policy->egress_count);
	np_arena_reset(&off->scratch);
	if (!error)
		return made;
	if (made)
		netpol_policy_free(off->world, made);
	return ERR_PTR(error);
}

int np_offline_policy(struct np_offline *off, const struct np_policy *policy,
		      struct np_error *err)
{
	struct netpol_policy *made = np_offline_make_policy(off, policy);
	int error;

	error = IS_ERR(made) ? PTR_ERR(made) : netpol_edit_policy(off->edit, made);
	return error ? np_offline_fail(off, error, "policy", policy->namespace, policy->name,
				       err) : 0;
}

int np_offline_delete_namespace(struct np_offline *off, const char *name,
				struct np_error *err)
{
	int error = netpol_edit_delete_namespace(off->edit, np_offline_text(name));

	return np_offline_done(off, error, err);
}

int np_offline_delete_pod(struct np_offline *off, const char *namespace, const char *name,
			  const char *uid, struct np_error *err)
{
	uint8_t bytes[NETPOL_UID_LEN];
	int error;

	if (uid)
		np_uid_bytes(uid, bytes);
	error = netpol_edit_delete_pod(off->edit, np_offline_text(namespace), np_offline_text(name),
				       uid ? bytes : NULL);
	return np_offline_done(off, error, err);
}

int np_offline_delete_policy(struct np_offline *off, const char *namespace, const char *name,
			     struct np_error *err)
{
	int error = netpol_edit_delete_policy(off->edit, np_offline_kind(namespace),
					      np_offline_text(namespace), np_offline_text(name));

	return np_offline_done(off, error, err);
}

int np_offline_sweep(struct np_offline *off, struct np_error *err)
{
	return np_offline_done(off, netpol_edit_sweep(off->edit), err);
}

int np_offline_prepare(struct np_offline *off, struct np_error *err)
{
	return np_offline_done(off, netpol_edit_prepare(off->edit), err);
}

void np_offline_publish(struct np_offline *off)
{
	struct netpol_snapshot *old = off->world->snapshot;

	netpol_edit_publish(off->edit);
	off->edit = NULL;
	/* No packet reads this snapshot, so there is no grace period to wait for. */
	netpol_snapshot_put(off->world, old);
}

void np_offline_abort(struct np_offline *off)
{
	netpol_edit_abort(off->edit);
	off->edit = NULL;
}

static int np_offline_pods(struct np_offline *off, const struct np_objects *objs,
			   struct np_error *err)
{
	const struct np_pod **pod = np_pods_by_arrival(objs);
	int error = 0;
	size_t i;

	for (i = 0; !error && i < objs->pod_count; i++)
		error = np_offline_pod(off, pod[i], err);
	free(pod);
	return error;
}

int np_offline_apply(struct np_offline *off, const char *origin,
		     const struct np_objects *objs, bool full, struct np_error *err)
{
	int error = np_offline_begin(off, origin, err);
	size_t i;

	if (error)
		return error;
	error = np_offline_expect(off, objs->namespace_count, objs->pod_count,
				  objs->policy_count, err);
	for (i = 0; !error && i < objs->namespace_count; i++)
		error = np_offline_namespace(off, &objs->namespaces[i], err);
	if (!error)
		error = np_offline_pods(off, objs, err);
	for (i = 0; !error && i < objs->policy_count; i++)
		error = np_offline_policy(off, &objs->policies[i], err);
	if (!error && full)
		error = np_offline_sweep(off, err);
	if (!error)
		error = np_offline_prepare(off, err);
	if (error)
		np_offline_abort(off);
	else
		np_offline_publish(off);
	return error;
}

static int np_offline_audit(struct np_offline *off, const struct np_observe *observe)
{
	struct netpol_audit audit = { .ns = NULL };
	struct netpol_ns *ns = netpol_ns_get(off->world, np_offline_text(observe->namespace));
	int error;

	if (IS_ERR(ns))
		return PTR_ERR(ns);
	audit.ns = ns;
	memcpy(audit.policy, observe->policy, sizeof(audit.policy));
	memcpy(audit.pod, observe->pod, sizeof(audit.pod));
	error = netpol_edit_audit(off->edit, &audit);
	netpol_ns_put(off->world, ns);
	return error;
}

int np_offline_observe(struct np_offline *off, const struct np_observe_list *list,
		       struct np_error *err)
{
	struct netpol_edit *edit;
	int error = 0;
	size_t i;

	if (!list->count)
		return 0;
	memset(&off->fault, 0, sizeof(off->fault));
	edit = netpol_edit_begin(off->world, NULL, &off->fault);
	if (IS_ERR(edit))
		return np_offline_done(off, PTR_ERR(edit), err);
	off->edit = edit;
	for (i = 0; !error && i < list->count; i++)
		error = np_offline_audit(off, &list->item[i]);
	if (!error)
		error = netpol_edit_prepare(edit);
	if (error)
		np_offline_abort(off);
	else
		np_offline_publish(off);
	return np_offline_done(off, error, err);
}

/*
 * Makes the core's flow. The addresses are copied into `from` and `to`, because they are not
 * aligned in objects.
 */
static struct netpol_flow np_offline_flow(const struct np_flow *flow, uint32_t from[4],
					  uint32_t to[4])
{
	memcpy(from, flow->source.addr, sizeof(flow->source.addr));
	memcpy(to, flow->destination.addr, sizeof(flow->destination.addr));
	return (struct netpol_flow){
		.source = from,
		.destination = to,
		.family = flow->source.family,
		.protocol = flow->protocol,
		.port = flow->port,
	};
}

bool np_offline_judge_in(const struct netpol_snapshot *snapshot, const struct np_flow *flow,
			 struct netpol_judgement *judgement)
{
	struct netpol_end source, destination;
	struct netpol_judgement unused;
	uint32_t from[4], to[4];
	struct netpol_flow core = np_offline_flow(flow, from, to);

	netpol_resolve(snapshot, core.family, from, &source);
	netpol_resolve(snapshot, core.family, to, &destination);
	return netpol_judge(snapshot, &core, &source, &destination,
			    judgement ? judgement : &unused);
}

bool np_offline_judge(const struct np_offline *off, const struct np_flow *flow,
		      struct netpol_judgement *judgement)
{
	return np_offline_judge_in(off->world->snapshot, flow, judgement);
}

bool np_offline_explain(const struct np_offline *off, const struct np_flow *flow,
			struct netpol_judgement *judgement,
			int (*visit)(void *context, const struct netpol_step *step),
			void *context)
{
	struct netpol_judgement unused;
	uint32_t from[4], to[4];
	struct netpol_flow core = np_offline_flow(flow, from, to);

	if (!judgement)
		judgement = &unused;
	netpol_explain(off->world, &core, false, judgement, visit, context);
	return judgement->accept;
}
