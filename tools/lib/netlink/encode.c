// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns objects into netlink messages. */
#include "netlink/encode.h"

#include <string.h>
#include <netinet/in.h>

#include "base/alloc.h"
#include "base/loop.h"
#include "netlink/client.h"
#include "object/digest.h"

/*
 * Units. Each returns 0, or a libnl error when the message has no room, after which
 * the caller cuts the message back to where the unit began. nla_nest_end() would take
 * away a nest without attributes, and an empty selector means everything.
 */
struct np_named_labels {
	uint32_t id;
	const struct np_pod *pod;
};

static int np_put_address(struct nl_msg *msg, int type4, int type6, uint8_t family,
			  const uint8_t *addr)
{
	if (family == AF_INET)
		return nla_put(msg, type4, 4, addr);
	return nla_put(msg, type6, 16, addr);
}

static int np_put_labels(struct nl_msg *msg, int type, const struct np_labels *labels)
{
	struct nlattr *nest;
	uint32_t i;

	for (i = 0; i < labels->count; i++) {
		nest = nla_nest_start(msg, type);
		if (!nest || nla_put_string(msg, NETPOL_LABEL_A_KEY, labels->item[i].key) ||
		    nla_put_string(msg, NETPOL_LABEL_A_VALUE, labels->item[i].value) ||
		    nla_nest_end(msg, nest))
			return -NLE_NOMEM;
	}
	return 0;
}

static int np_put_selector(struct nl_msg *msg, int type, const struct np_selector *selector)
{
	const struct np_requirement *req;
	struct nlattr *outer, *nest;
	uint32_t i, v;

	outer = nla_nest_start(msg, type);
	if (!outer)
		return -NLE_NOMEM;
	for (i = 0; i < selector->count; i++) {
		req = &selector->item[i];
		nest = nla_nest_start(msg, NETPOL_SELECTOR_A_REQUIREMENT);
		/*
		 * Both enumerations of operators have the same order; one begins at 0, the other
		 * at 1.
		 */
		if (!nest || nla_put_string(msg, NETPOL_REQUIREMENT_A_KEY, req->key) ||
		    nla_put_u8(msg, NETPOL_REQUIREMENT_A_OPERATOR, req->op + 1))
			return -NLE_NOMEM;
		for (v = 0; v < req->value_count; v++)
			if (nla_put_string(msg, NETPOL_REQUIREMENT_A_VALUE, req->value[v]))
				return -NLE_NOMEM;
		if (nla_nest_end(msg, nest))
			return -NLE_NOMEM;
	}
	return nla_nest_end_keep_empty(msg, outer);
}

int np_put_prefix(struct nl_msg *msg, int type, const struct np_cidr *cidr)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	if (!nest || np_put_address(msg, NETPOL_PREFIX_A_ADDRESS4, NETPOL_PREFIX_A_ADDRESS6,
				    cidr->family, cidr->addr) ||
	    nla_put_u8(msg, NETPOL_PREFIX_A_LENGTH, cidr->length))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_named_port(struct nl_msg *msg, int type, const struct np_named_port *port)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	if (!nest || nla_put_string(msg, NETPOL_PORT_A_NAME, port->name) ||
	    nla_put_u8(msg, NETPOL_PORT_A_PROTOCOL, port->protocol) ||
	    nla_put_u16(msg, NETPOL_PORT_A_FIRST, port->number))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_label_set(struct nl_msg *msg, const void *unit, const void *extra)
{
	const struct np_named_labels *set = unit;
	const struct np_pod *pod = set->pod;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_LABEL_SET);
	uint32_t i;

	(void)extra;
	if (!nest || nla_put_u32(msg, NETPOL_LABEL_SET_A_ID, set->id) ||
	    np_put_labels(msg, NETPOL_LABEL_SET_A_LABEL, &pod->labels))
		return -NLE_NOMEM;
	for (i = 0; i < pod->port_count; i++)
		if (np_put_named_port(msg, NETPOL_LABEL_SET_A_PORT, &pod->port[i]))
			return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_namespace(struct nl_msg *msg, const void *unit, const void *extra)
{
	const struct np_namespace *ns = unit;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_NAMESPACE);

	(void)extra;
	if (!nest || nla_put_string(msg, NETPOL_NAMESPACE_A_NAME, ns->name) ||
	    np_put_labels(msg, NETPOL_NAMESPACE_A_LABEL, &ns->labels))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

/* What the kernel gets besides a pod: the number of its label set, and its placement. */
struct np_placed_pod {
	uint32_t set;
	struct np_placement place;
};

static int np_put_pod(struct nl_msg *msg, const void *unit, const void *extra)
{
	static const uint8_t zero[NETPOL_UID_LEN];
	const struct np_placed_pod *placed = extra;
	const struct np_pod *pod = unit;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_POD);
	uint8_t uid[NETPOL_UID_LEN];
	uint32_t flags = 0, i;

	np_uid_bytes(pod->uid, uid);
	if (placed->place.local)
		flags |= NETPOL_POD_F_LOCAL;
	if (np_pod_running(pod))
		flags |= NETPOL_POD_F_RUNNING;
	if (!nest || nla_put_string(msg, NETPOL_POD_A_NAMESPACE, pod->namespace) ||
	    nla_put_string(msg, NETPOL_POD_A_NAME, pod->name) ||
	    (memcmp(uid, zero, sizeof(uid)) &&
	     nla_put(msg, NETPOL_POD_A_UID, sizeof(uid), uid)) ||
	    nla_put_u32(msg, NETPOL_POD_A_LABEL_SET, placed->set))
		return -NLE_NOMEM;
	for (i = 0; i < pod->address_count; i++)
		if (np_put_address(msg, NETPOL_POD_A_ADDRESS4, NETPOL_POD_A_ADDRESS6,
				   pod->address[i].family, pod->address[i].addr))
			return -NLE_NOMEM;
	if (nla_put_u32(msg, NETPOL_POD_A_FLAGS, flags))
		return -NLE_NOMEM;
	if (placed->place.local && placed->place.ifindex &&
	    nla_put_u32(msg, NETPOL_POD_A_IFINDEX, placed->place.ifindex))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_policy(struct nl_msg *msg, const void *unit, const void *extra)
{
	const struct np_policy *policy = unit;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_POLICY);

	(void)extra;
	if (!nest || nla_put_u8(msg, NETPOL_POLICY_A_KIND, NETPOL_KIND_NETWORK_POLICY) ||
	    nla_put_string(msg, NETPOL_POLICY_A_NAMESPACE, policy->namespace) ||
	    nla_put_string(msg, NETPOL_POLICY_A_NAME, policy->name) ||
	    np_put_selector(msg, NETPOL_POLICY_A_SUBJECT, &policy->pod_selector) ||
	    nla_put_u8(msg, NETPOL_POLICY_A_DIRECTIONS, policy->directions) ||
	    (policy->audit &&
	     nla_put_u32(msg, NETPOL_POLICY_A_FLAGS, NETPOL_POLICY_F_AUDIT)))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

uint8_t np_encode_tier(const struct np_policy *policy)
{
	return policy->tier == NP_TIER_ADMIN ? NETPOL_TIER_ADMIN : NETPOL_TIER_BASELINE;
}

uint8_t np_encode_action(const struct np_rule *rule)
{
	if (rule->action == NP_ACTION_ACCEPT)
		return rule->closed ? NETPOL_ACTION_NONE : NETPOL_ACTION_ACCEPT;
	return rule->action == NP_ACTION_PASS && !rule->closed ? NETPOL_ACTION_PASS :
								 NETPOL_ACTION_DENY;
}

/*
 * A ClusterNetworkPolicy. Its directions are those of its rules. The kernel wants to be told at
 * least one, so that one without rules gets both, which have no effect.
 */
static int np_put_cluster_policy(struct nl_msg *msg, const void *unit, const void *extra)
{
	const struct np_policy *policy = unit;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_POLICY);
	uint8_t directions = policy->directions;

	(void)extra;
	if (!directions)
		directions = NP_DIR_INGRESS | NP_DIR_EGRESS;
	if (!nest || nla_put_u8(msg, NETPOL_POLICY_A_KIND, NETPOL_KIND_CLUSTER_NETWORK_POLICY) ||
	    nla_put_string(msg, NETPOL_POLICY_A_NAME, policy->name) ||
	    np_put_selector(msg, NETPOL_POLICY_A_SUBJECT, &policy->pod_selector) ||
	    nla_put_u8(msg, NETPOL_POLICY_A_DIRECTIONS, directions) ||
	    nla_put_u8(msg, NETPOL_POLICY_A_TIER, np_encode_tier(policy)) ||
	    nla_put_u16(msg, NETPOL_POLICY_A_PRIORITY, policy->priority) ||
	    np_put_selector(msg, NETPOL_POLICY_A_SUBJECT_NAMESPACES, &policy->ns_selector))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_rule(struct nl_msg *msg, const void *unit, const void *extra)
{
	const uint8_t *direction = extra;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_RULE);

	(void)unit;
	if (!nest || nla_put_u8(msg, NETPOL_RULE_A_DIRECTION, *direction))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_cluster_rule(struct nl_msg *msg, const void *unit, const void *extra)
{
	const uint8_t *direction = extra;
	const struct np_rule *rule = unit;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_RULE);

	if (!nest || nla_put_u8(msg, NETPOL_RULE_A_DIRECTION, *direction) ||
	    nla_put_u8(msg, NETPOL_RULE_A_ACTION, np_encode_action(rule)) ||
	    (rule->name && *rule->name &&
	     nla_put_string(msg, NETPOL_RULE_A_NAME, rule->name)))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_peer(struct nl_msg *msg, const void *unit, const void *extra)
{
	const struct np_peer *peer = unit;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_PEER);

	(void)extra;
	if (!nest)
		return -NLE_NOMEM;
	if (peer->ipblock) {
		if (np_put_prefix(msg, NETPOL_PEER_A_PREFIX, &peer->ipblock->cidr))
			return -NLE_NOMEM;
		return nla_nest_end(msg, nest);
	}
	if (peer->pod_selector.present &&
	    np_put_selector(msg, NETPOL_PEER_A_POD_SELECTOR, &peer->pod_selector))
		return -NLE_NOMEM;
	if (peer->ns_selector.present &&
	    np_put_selector(msg, NETPOL_PEER_A_NAMESPACE_SELECTOR, &peer->ns_selector))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_except(struct nl_msg *msg, const void *unit, const void *extra)
{
	(void)extra;
	return np_put_prefix(msg, NETPOL_A_EXCEPT, unit);
}

static int np_put_port(struct nl_msg *msg, const void *unit, const void *extra)
{
	const struct np_port *port = unit;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_PORT);

	(void)extra;
	if (!nest || nla_put_u8(msg, NETPOL_PORT_A_PROTOCOL, port->protocol))
		return -NLE_NOMEM;
	if (port->kind == NP_PORT_NAME) {
		if (nla_put_string(msg, NETPOL_PORT_A_NAME, port->name))
			return -NLE_NOMEM;
	} else if (port->kind != NP_PORT_ANY) {
		if (nla_put_u16(msg, NETPOL_PORT_A_FIRST, port->first) ||
		    (port->last != port->first &&
		     nla_put_u16(msg, NETPOL_PORT_A_LAST, port->last)))
			return -NLE_NOMEM;
	}
	return nla_nest_end(msg, nest);
}

static int np_put_source_allow(struct nl_msg *msg, const struct np_source_allow *allow)
{
	struct nlattr *nest = nla_nest_start(msg, NETPOL_SETTINGS_A_SOURCE_ALLOW);

	if (!nest || np_put_prefix(msg, NETPOL_SOURCE_ALLOW_A_PREFIX, &allow->prefix))
		return -NLE_NOMEM;
	if (allow->namespace[0] &&
	    (nla_put_string(msg, NETPOL_SOURCE_ALLOW_A_NAMESPACE, allow->namespace) ||
	     nla_put_string(msg, NETPOL_SOURCE_ALLOW_A_NAME, allow->name)))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

static int np_put_settings(struct nl_msg *msg, const void *unit, const void *extra)
{
	const struct np_settings *set = unit;
	struct nlattr *outer = nla_nest_start(msg, NETPOL_A_SETTINGS), *nest;
	const struct np_host_allow *allow;
	size_t i;

	(void)extra;
	if (!outer)
		return -NLE_NOMEM;
	for (i = 0; i < set->guard_prefix_count; i++)
		if (np_put_prefix(msg, NETPOL_SETTINGS_A_GUARD_PREFIX, &set->guard_prefix[i]))
			return -NLE_NOMEM;
	for (i = 0; i < set->pod_range_count; i++)
		if (np_put_prefix(msg, NETPOL_SETTINGS_A_POD_RANGE, &set->pod_range[i]))
			return -NLE_NOMEM;
	for (i = 0; i < set->guard_interface_count; i++)
		if (nla_put_string(msg, NETPOL_SETTINGS_A_GUARD_INTERFACE,
				   set->guard_interface[i]))
			return -NLE_NOMEM;
	if (nla_put_u8(msg, NETPOL_SETTINGS_A_UNKNOWN, set->unknown) ||
	    nla_put_u8(msg, NETPOL_SETTINGS_A_ESTABLISHED, set->established) ||
	    nla_put_u8(msg, NETPOL_SETTINGS_A_HOST_EGRESS, set->host_egress) ||
	    (set->tunnels && nla_put_u8(msg, NETPOL_SETTINGS_A_TUNNELS, set->tunnels)))
		return -NLE_NOMEM;
	for (i = 0; i < set->host_allow_count; i++) {
		allow = &set->host_allow[i];
		nest = nla_nest_start(msg, NETPOL_SETTINGS_A_HOST_ALLOW);
		if (!nest || np_put_address(msg, NETPOL_HOST_ALLOW_A_ADDRESS4,
					    NETPOL_HOST_ALLOW_A_ADDRESS6,
					    allow->address.family, allow->address.addr) ||
		    nla_put_u8(msg, NETPOL_HOST_ALLOW_A_PROTOCOL, allow->protocol) ||
		    nla_put_u16(msg, NETPOL_HOST_ALLOW_A_PORT, allow->port) ||
		    nla_nest_end(msg, nest))
			return -NLE_NOMEM;
	}
	for (i = 0; i < set->source_allow_count; i++)
		if (np_put_source_allow(msg, &set->source_allow[i]))
			return -NLE_NOMEM;
	if (nla_put_u32(msg, NETPOL_SETTINGS_A_EVENT_RATE, set->event_rate))
		return -NLE_NOMEM;
	return nla_nest_end(msg, outer);
}

struct np_deletion {
	uint8_t object;
	const char *namespace;
	const char *name;
	const uint8_t *uid;
};

static int np_put_delete(struct nl_msg *msg, const void *unit, const void *extra)
{
	const struct np_deletion *del = unit;
	struct nlattr *nest = nla_nest_start(msg, NETPOL_A_DELETE);

	(void)extra;
	if (!nest || nla_put_u8(msg, NETPOL_DELETE_A_OBJECT, del->object) ||
	    (del->object == NETPOL_OBJECT_POLICY &&
	     nla_put_u8(msg, NETPOL_DELETE_A_KIND, del->namespace ?
			NETPOL_KIND_NETWORK_POLICY : NETPOL_KIND_CLUSTER_NETWORK_POLICY)) ||
	    (del->namespace &&
	     nla_put_string(msg, NETPOL_DELETE_A_NAMESPACE, del->namespace)) ||
	    (del->name && nla_put_string(msg, NETPOL_DELETE_A_NAME, del->name)) ||
	    (del->uid && nla_put(msg, NETPOL_DELETE_A_UID, NETPOL_UID_LEN, del->uid)))
		return -NLE_NOMEM;
	return nla_nest_end(msg, nest);
}

/* A label set that was sent. It begins with its hash, as struct np_hash asks for. */
struct np_sent_label_set {
	uint32_t hash;
	uint32_t id;
	struct np_pod pod;	/* a copy, because the array of pods may move; the labels do not */
};

static bool np_sent_label_set_match(const void *record, const void *key)
{
	const struct np_sent_label_set *sent = record;

	return np_same_label_set(&sent->pod, key);
}

void np_encoder_init(struct np_encoder *enc, np_message_new_fn fresh, np_message_send_fn send,
		     void *arg)
{
	memset(enc, 0, sizeof(*enc));
	enc->fresh = fresh;
	enc->send = send;
	enc->arg = arg;
}

static void np_encoder_drop(struct np_encoder *enc)
{
	if (enc->msg)
		nlmsg_free(enc->msg);
	enc->msg = NULL;
}

void np_encoder_free(struct np_encoder *enc)
{
	np_encoder_drop(enc);
	np_hash_free_records(&enc->sets);
}

int np_encoder_flush(struct np_encoder *enc, struct np_error *err)
{
	int ret = 0;

	if (enc->msg && nlmsg_hdr(enc->msg)->nlmsg_len > enc->start) {
		enc->messages++;
		enc->bytes += nlmsg_hdr(enc->msg)->nlmsg_len;
		ret = enc->send(enc->arg, enc->msg, err);
		np_breathe();
	}
	np_encoder_drop(enc);
	return ret;
}

static int np_encoder_put(struct np_encoder *enc,
			  int (*put)(struct nl_msg *, const void *, const void *),
			  const void *unit, const void *extra, struct np_error *err)
{
	size_t size = NP_MESSAGE_SIZE;
	struct nlmsghdr *nlh;
	uint32_t mark;

	for (;;) {
		if (!enc->msg) {
			enc->msg = enc->fresh(enc->arg, size);
			enc->start = nlmsg_hdr(enc->msg)->nlmsg_len;
			enc->size = size;
		}
		nlh = nlmsg_hdr(enc->msg);
		mark = nlh->nlmsg_len;
		if (!put(enc->msg, unit, extra))
			return 0;
		nlh->nlmsg_len = mark;
		if (mark == enc->start && enc->size == NP_MESSAGE_SIZE_LARGE)
			return np_error_set(err, NP_EXIT_INPUT,
					    "more labels, values or ports than fit a message");
		if (mark == enc->start)
			size = NP_MESSAGE_SIZE_LARGE;
		if (np_encoder_flush(enc, err))
			return -1;
	}
}

/* Puts the unit with which an object begins. */
static int np_encoder_put_object(struct np_encoder *enc,
				 int (*put)(struct nl_msg *, const void *, const void *),
				 const void *unit, const void *extra, struct np_error *err)
{
	if (np_encoder_put(enc, put, unit, extra, err))
		return -1;
	enc->objects++;
	return 0;
}

static void np_encode_blame(struct np_error *err, const char *kind, const char *namespace,
			    const char *name, const struct np_place *place)
{
	if (!err->object[0])
		snprintf(err->object, sizeof(err->object), "%s %s%s%s", kind,
			 namespace ? namespace : "", namespace ? "/" : "", name);
	if (place && place->line && !err->line)
		np_error_place(err, place->file, place->line, place->column);
}

/* Finds the number of the pod's label set. A new label set is sent first. */
static int np_encode_set(struct np_encoder *enc, const struct np_pod *pod, uint32_t *id,
			 struct np_error *err)
{
	struct np_named_labels unit = { .id = (uint32_t)enc->sets.count + 1, .pod = pod };
	uint32_t hash = np_label_set_hash(pod);
	struct np_sent_label_set *sent;

	sent = np_hash_find(&enc->sets, hash, np_sent_label_set_match, pod);
	if (!sent) {
		if (np_encoder_put(enc, np_put_label_set, &unit, NULL, err))
			return -1;
		sent = np_xmalloc(sizeof(*sent));
		sent->hash = hash;
		sent->id = unit.id;
		sent->pod = *pod;
		np_hash_add(&enc->sets, sent);
	}
	*id = sent->id;
	return 0;
}

int np_encode_namespace(struct np_encoder *enc, const struct np_namespace *ns,
			struct np_error *err)
{
	if (!np_encoder_put_object(enc, np_put_namespace, ns, NULL, err))
		return 0;
	np_encode_blame(err, "Namespace", NULL, ns->name, &ns->place);
	return -1;
}

int np_encode_pod(struct np_encoder *enc, const struct np_pod *pod,
		  const struct np_placement *place, struct np_error *err)
{
	struct np_placed_pod placed = { 0 };

	if (place)
		placed.place = *place;
	if (!np_encode_set(enc, pod, &placed.set, err) &&
	    !np_encoder_put_object(enc, np_put_pod, pod, &placed, err))
		return 0;
	np_encode_blame(err, "Pod", pod->namespace, pod->name, &pod->place);
	return -1;
}

int np_encode_label_set(struct np_encoder *enc, const struct np_pod *pod, uint32_t number,
			struct np_error *err)
{
	struct np_named_labels unit = { .id = number, .pod = pod };

	if (!np_encoder_put(enc, np_put_label_set, &unit, NULL, err))
		return 0;
	np_encode_blame(err, "Pod", pod->namespace, pod->name, &pod->place);
	return -1;
}

int np_encode_pod_of_set(struct np_encoder *enc, const struct np_pod *pod,
			 const struct np_placement *place, uint32_t number,
			 struct np_error *err)
{
	struct np_placed_pod placed = { .set = number, .place = *place };

	if (!np_encoder_put_object(enc, np_put_pod, pod, &placed, err))
		return 0;
	np_encode_blame(err, "Pod", pod->namespace, pod->name, &pod->place);
	return -1;
}

static int np_encode_rule(struct np_encoder *enc, const struct np_rule *rule,
			  uint8_t direction, bool cluster, struct np_error *err)
{
	const struct np_ipblock *block;
	uint32_t i, e;

	if (np_encoder_put(enc, cluster ? np_put_cluster_rule : np_put_rule, rule, &direction,
			   err))
		return -1;
	for (i = 0; i < rule->peer_count; i++) {
		if (np_encoder_put(enc, np_put_peer, &rule->peer[i], NULL, err))
			return -1;
		block = rule->peer[i].ipblock;
		for (e = 0; block && e < block->except_count; e++)
			if (np_encoder_put(enc, np_put_except, &block->except[e], NULL, err))
				return -1;
	}
	for (i = 0; i < rule->port_count; i++)
		if (np_encoder_put(enc, np_put_port, &rule->port[i], NULL, err))
			return -1;
	return 0;
}

int np_encode_policy(struct np_encoder *enc, const struct np_policy *policy,
		     struct np_error *err)
{
	bool cluster = policy->tier != NP_TIER_NETWORK_POLICY;
	uint32_t i;

	if (np_encoder_put_object(enc, cluster ? np_put_cluster_policy : np_put_policy, policy,
				  NULL, err))
		goto blame;
	for (i = 0; policy->directions & NP_DIR_INGRESS && i < policy->ingress_count; i++)
		if (np_encode_rule(enc, &policy->ingress[i], NETPOL_DIRECTION_INGRESS, cluster,
				   err))
			goto blame;
	for (i = 0; policy->directions & NP_DIR_EGRESS && i < policy->egress_count; i++)
		if (np_encode_rule(enc, &policy->egress[i], NETPOL_DIRECTION_EGRESS, cluster,
				   err))
			goto blame;
	return 0;
blame:
	np_encode_blame(err, np_policy_kind(policy), cluster ? NULL : policy->namespace,
			policy->name, &policy->place);
	return -1;
}

int np_encode_settings(struct np_encoder *enc, const struct np_settings *set,
		       struct np_error *err)
{
	return np_encoder_put_object(enc, np_put_settings, set, NULL, err);
}

int np_encode_delete(struct np_encoder *enc, uint8_t object, const char *namespace,
		     const char *name, const uint8_t *uid, struct np_error *err)
{
	struct np_deletion del = {
		object, namespace && *namespace ? namespace : NULL, name, uid,
	};

	return np_encoder_put_object(enc, np_put_delete, &del, NULL, err);
}
