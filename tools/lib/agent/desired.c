// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fills the desired state by what a source reports.
 */
#include "agent/desired.h"

#include <stdlib.h>
#include <string.h>

#include "agent/desired_decode.h"
#include "agent/desired_node.h"
#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "agent/desired_trouble.h"
#include "base/loop.h"
#include "object/digest.h"
#include "object/validate.h"

/* The name of a ClusterNetworkPolicy that stands for those whose names cannot be read. */
#define NP_NAMELESS_POLICY	"0.unreadable.netpol.invalid"

void np_desired_init(struct np_desired *d, const char *node)
{
	memset(d, 0, sizeof(*d));
	d->node = node;
	d->full = true;
	d->cluster = np_xcalloc(1, sizeof(*d->cluster) + 1);
	np_objects_init(&d->scratch);
}

void np_desired_free(struct np_desired *d)
{
	size_t i;

	np_desired_set_full(d);
	for (i = 0; i < d->policies.room; i++)
		if (d->policies.slot[i])
			free(((struct np_desired_policy *)d->policies.slot[i])->policy);
	np_hash_free_records(&d->policies);
	np_hash_free_records(&d->pods);
	np_hash_free_records(&d->namespaces);
	np_hash_free_records(&d->troubles);
	np_desired_labels_free(&d->labels);
	free(d->cluster);
	free(d->local);
	free(d->owned);
	free(d->pod_cidr);
	np_desired_nodes_free(d);
	np_objects_free(&d->scratch);
	memset(d, 0, sizeof(*d));
}

static void np_namespace_upsert(struct np_desired *d, const struct np_namespace *object)
{
	struct np_desired_namespace *ns = np_desired_namespace_get(d, object->name);
	uint16_t state = NP_DESIRED_KNOWN, had = ns->flags;
	struct np_desired_labels *before = ns->labels;
	static const struct np_labels none;
	const char *reason = np_desired_labels_large(&object->labels, NULL, 0);

	ns->labels = np_desired_labels_get(&d->labels, &ns->label_bytes,
					   reason ? &none : &object->labels, NULL, 0);
	ns->epoch = d->epoch[NP_SOURCE_NAMESPACE];
	np_trouble_clear(d, NETPOL_OBJECT_NAMESPACE, "", ns->name);
	if (reason) {
		/* Without its labels it must not be loaded. */
		state |= NP_DESIRED_REJECTED;
		d->stats.refused[NP_SOURCE_NAMESPACE]++;
		np_trouble_set(d, NETPOL_OBJECT_NAMESPACE, "", ns->name, NP_TROUBLE_REJECTED, false,
			       reason);
		np_desired_remark(d, NP_SOURCE_NAMESPACE, "", ns->name, reason);
	}
	ns->flags = (had & ~NP_DESIRED_REJECTED) | state;
	ns->audit_asked = d->audit_annotations && object->audit_asked;
	np_desired_labels_put(&d->labels, before);
	np_desired_namespace_select(d, ns);
	if (before != ns->labels || ns->flags != had)
		np_desired_set_pending(d, NETPOL_OBJECT_NAMESPACE, ns);
}

static void np_namespace_remove(struct np_desired *d, struct np_desired_namespace *ns)
{
	np_trouble_clear(d, NETPOL_OBJECT_NAMESPACE, "", ns->name);
	np_desired_labels_put(&d->labels, ns->labels);
	ns->labels = NULL;
	ns->flags &= ~(NP_DESIRED_KNOWN | NP_DESIRED_REJECTED);
	np_desired_namespace_select(d, ns);
	np_desired_set_pending(d, NETPOL_OBJECT_NAMESPACE, ns);
	np_desired_namespace_check(d, ns);
}

static bool np_is_policy(enum np_source_kind kind)
{
	return kind == NP_SOURCE_POLICY || kind == NP_SOURCE_CLUSTER_POLICY;
}

/* Is a policy of this kind? Policies of both kinds are in one table. */
static bool np_policy_is(const struct np_desired *d, const struct np_desired_policy *policy,
			 enum np_source_kind kind)
{
	return (policy->namespace == d->cluster) == (kind == NP_SOURCE_CLUSTER_POLICY);
}

/* Returns the records of a kind, and where the number of the list stands in one of them. */
static const struct np_hash *np_records(const struct np_desired *d, enum np_source_kind kind,
					size_t *epoch_at)
{
	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		*epoch_at = offsetof(struct np_desired_namespace, epoch);
		return &d->namespaces;
	case NP_SOURCE_POD:
		*epoch_at = offsetof(struct np_desired_pod, epoch);
		return &d->pods;
	case NP_SOURCE_POLICY:
	case NP_SOURCE_CLUSTER_POLICY:
		*epoch_at = offsetof(struct np_desired_policy, epoch);
		return &d->policies;
	case NP_SOURCE_NODES:
		*epoch_at = offsetof(struct np_desired_node, epoch);
		return &d->nodes;
	default:
		return NULL;
	}
}

/*
 * The number of the list has wrapped, because lists may break off any number of times before one is
 * complete. A record that was seen long ago must not count as seen in the current list.
 */
static void np_epochs_wrap(struct np_desired *d, enum np_source_kind kind)
{
	size_t epoch_at, at = 0;
	const struct np_hash *hash = np_records(d, kind, &epoch_at);
	struct np_trouble *trouble;
	void *record;

	while (hash && (record = np_hash_next(hash, &at)))
		if (!np_is_policy(kind) || np_policy_is(d, record, kind))
			((uint8_t *)record)[epoch_at] = 0;
	at = 0;
	while ((trouble = np_hash_next(&d->troubles, &at)))
		if (np_desired_kind(trouble->object, trouble->namespace) == kind)
			trouble->epoch = 0;
	d->epoch[kind] = 1;
}

void np_desired_begin(struct np_desired *d, enum np_source_kind kind)
{
	if (!++d->epoch[kind])
		np_epochs_wrap(d, kind);
	d->nameless[kind] = false;
}

/* Returns a field of an object's metadata, or "" if it is no string. */
static const char *np_meta_text(const struct np_node *object, const char *key)
{
	return np_node_text(np_node_get(object, "metadata"), key);
}

/*
 * Takes a policy that cannot be read as one without rules that selects the whole namespace, because
 * it is not known which pods it selects.
 */
static void np_close_namespace(struct np_desired *d, const char *namespace, const char *name)
{
	struct np_policy policy = {
		.namespace = namespace,
		.name = name,
		.pod_selector.present = true,
		.directions = NP_DIR_INGRESS | NP_DIR_EGRESS,
	};

	np_desired_policy_upsert(d, &policy, true);
}

/*
 * Takes a ClusterNetworkPolicy that cannot be read, or whose subject cannot. If there is an earlier
 * version of it, by its uid, that one stays, with all that it allows and denies: only
 * administrators write these, and to deny everything to every pod would be worse. Returns false if
 * there is none.
 */
static bool np_keep_cluster_policy(struct np_desired *d, const char *name, const char *uid)
{
	struct np_desired_policy *policy = np_desired_policy(d, "", name);
	uint8_t bytes[NETPOL_UID_LEN];

	np_uid_bytes(uid, bytes);
	if (!policy || !*uid || policy->lost || memcmp(policy->uid, bytes, sizeof(bytes)))
		return false;
	policy->epoch = d->epoch[NP_SOURCE_CLUSTER_POLICY];
	policy->kept = true;
	return true;
}

/* Takes a ClusterNetworkPolicy of which only the name is known: it denies all to every pod. */
static void np_close_cluster(struct np_desired *d, const char *name)
{
	static const struct np_rule deny = {
		.name = "", .action = NP_ACTION_DENY, .closed = true,
	};
	const struct np_policy policy = {
		.namespace = "",
		.name = name,
		.tier = NP_TIER_ADMIN,
		.ns_selector.present = true,
		.directions = NP_DIR_INGRESS | NP_DIR_EGRESS,
		.ingress = (struct np_rule *)&deny,
		.egress = (struct np_rule *)&deny,
		.ingress_count = 1,
		.egress_count = 1,
	};

	np_desired_policy_upsert(d, &policy, true);
	np_desired_policy(d, "", name)->lost = true;
}

static uint8_t np_source_object(enum np_source_kind kind)
{
	static const uint8_t object[NP_SOURCE_KINDS] = {
		[NP_SOURCE_NAMESPACE] = NETPOL_OBJECT_NAMESPACE,
		[NP_SOURCE_POD] = NETPOL_OBJECT_POD,
		[NP_SOURCE_POLICY] = NETPOL_OBJECT_POLICY,
		[NP_SOURCE_CLUSTER_POLICY] = NETPOL_OBJECT_POLICY,
	};

	return object[kind];
}

/* Takes what exists of an object out of the kernel. The record, with its addresses, stays. */
static void np_withdraw(struct np_desired *d, enum np_source_kind kind, const char *namespace,
			const char *name, const char *uid)
{
	struct np_desired_namespace *ns;
	uint8_t bytes[NETPOL_UID_LEN];
	struct np_desired_pod *pod;

	np_uid_bytes(uid, bytes);
	if (kind == NP_SOURCE_NAMESPACE) {
		ns = np_desired_namespace(d, name);
		if (!ns)
			return;
		if (*uid && memcmp(bytes, ns->uid, sizeof(bytes))) {
			np_namespace_remove(d, ns);
			return;
		}
		ns->epoch = d->epoch[kind];
		ns->flags |= NP_DESIRED_REJECTED;
		np_desired_namespace_select(d, ns);
		np_desired_set_pending(d, NETPOL_OBJECT_NAMESPACE, ns);
		return;
	}
	pod = np_desired_pod(d, namespace, name);
	if (!pod)
		return;
	/* Another pod of that name: the one that had these addresses is certainly gone. */
	if (*uid && memcmp(bytes, pod->uid, sizeof(bytes))) {
		np_desired_pod_remove(d, pod);
		return;
	}
	pod->epoch = d->epoch[kind];
	pod->flags |= NP_DESIRED_REJECTED;
	np_desired_set_pending(d, NETPOL_OBJECT_POD, pod);
}

/*
 * A pod or namespace cannot be read, so it is not loaded. Its last good version must not stay:
 * whoever writes the object could keep every later change of it from the kernels.
 */
static void np_reject(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		      const char *name, const char *uid, const char *reason)
{
	np_withdraw(d, kind, namespace, name, uid);
	if (kind == NP_SOURCE_NAMESPACE)
		namespace = "";
	np_trouble_set(d, np_source_object(kind), namespace, name, NP_TROUBLE_REJECTED, false,
		       reason);
	np_desired_remark(d, kind, namespace, name, reason);
}

/*
 * Is called for a policy of which only the name can be read. Its last good version may allow what
 * this one does not, so it does not stay.
 */
static void np_close_unread(struct np_desired *d, const char *namespace, const char *name,
			    const char *uid, const char *reason)
{
	if (!*namespace || !*name) {
		/* It may be any policy that the list does not contain otherwise. */
		d->nameless[NP_SOURCE_POLICY] = true;
		np_desired_remark(d, NP_SOURCE_POLICY, namespace, name, reason);
		return;
	}
	np_close_namespace(d, namespace, name);
	np_uid_bytes(uid, np_desired_policy(d, namespace, name)->uid);
	np_trouble_set(d, NETPOL_OBJECT_POLICY, namespace, name, NP_TROUBLE_CLOSED, false,
		       reason);
	np_desired_remark(d, NP_SOURCE_POLICY, namespace, name, reason);
}

/*
 * The same for a ClusterNetworkPolicy. One whose name cannot be read either gets a name that no
 * other has, until a complete list shows that it is gone.
 */
static void np_close_unread_cluster(struct np_desired *d, const char *name, const char *uid,
				    const char *reason)
{
	char text[600];

	if (np_check_dns_subdomain(name)) {
		d->nameless[NP_SOURCE_CLUSTER_POLICY] = true;
		name = NP_NAMELESS_POLICY;
		uid = "";
	}
	if (np_keep_cluster_policy(d, name, uid)) {
		snprintf(text, sizeof(text), "its version before stays in force: %.512s", reason);
	} else {
		np_close_cluster(d, name);
		np_uid_bytes(uid, np_desired_policy(d, "", name)->uid);
		snprintf(text, sizeof(text), "it denies everything to every pod: %.512s", reason);
	}
	np_trouble_set(d, NETPOL_OBJECT_POLICY, "", name, NP_TROUBLE_CLOSED, false, text);
	np_desired_remark(d, NP_SOURCE_CLUSTER_POLICY, "", name, text);
}

static void np_malformed_object(struct np_desired *d, enum np_source_kind kind,
				const struct np_node *object, const struct np_error *err)
{
	const char *namespace = np_meta_text(object, "namespace");
	const char *name = np_meta_text(object, "name");
	char reason[sizeof(err->path) + sizeof(err->text) + 4];

	snprintf(reason, sizeof(reason), "%s%s%s", err->path, *err->path ? ": " : "", err->text);
	if (kind == NP_SOURCE_POLICY)
		np_close_unread(d, namespace, name, np_meta_text(object, "uid"), reason);
	else if (kind == NP_SOURCE_CLUSTER_POLICY)
		np_close_unread_cluster(d, name, np_meta_text(object, "uid"), reason);
	else
		np_reject(d, kind, namespace, name, np_meta_text(object, "uid"), reason);
}

/* Tells of an annotation of the object that was read, if it was to count and cannot. */
static void np_tell_annotation(struct np_desired *d, enum np_source_kind kind,
			       const char *namespace, const char *name)
{
	const struct np_warning *warning = d->scratch.warnings;
	size_t i;

	for (i = 0; d->audit_annotations && i < d->scratch.warning_count; i++, warning++)
		if (!strcmp(warning->path, "metadata.annotations." NP_AUDIT_KEY))
			np_desired_notice(d, kind, namespace, name, warning->text);
}

/*
 * Takes the pod that was read. closed: the object cannot be read for the reason in err, and what
 * was read says only where the pod is. What it does not say stays as it was, because a pod never
 * changes its node.
 */
static void np_take_pod(struct np_desired *d, struct np_pod *pod, bool closed,
			const struct np_error *err)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	const struct np_desired_pod *before;
	uint8_t uid[NETPOL_UID_LEN];

	if (!closed) {
		np_desired_pod_upsert(d, pod);
		return;
	}
	np_uid_bytes(pod->uid, uid);
	before = np_desired_pod(d, pod->namespace, pod->name);
	if (before && !memcmp(before->uid, uid, sizeof(uid))) {
		if (!*pod->node && before->flags & NP_DESIRED_LOCAL)
			pod->node = d->node;
		if (!pod->address_count) {
			pod->address = address;
			pod->address_count = np_desired_addresses(before, address);
		}
	}
	np_desired_pod_upsert(d, pod);
	np_reject(d, NP_SOURCE_POD, pod->namespace, pod->name, pod->uid, err->text);
}

/* Takes the policy that was read. closed: its rules cannot be read, and err says why. */
static void np_take_policy(struct np_desired *d, const struct np_node *object, bool closed,
			   const struct np_error *err)
{
	const struct np_policy *policy = &d->scratch.policies[0];
	struct np_desired_policy *record;

	np_desired_policy_upsert(d, policy, closed);
	record = np_desired_policy(d, policy->namespace, policy->name);
	np_uid_bytes(np_meta_text(object, "uid"), record->uid);
	if (!closed) {
		np_tell_annotation(d, NP_SOURCE_POLICY, policy->namespace, policy->name);
		return;
	}
	np_trouble_set(d, NETPOL_OBJECT_POLICY, policy->namespace, policy->name,
		       NP_TROUBLE_CLOSED, false, err->text);
	np_desired_remark(d, NP_SOURCE_POLICY, policy->namespace, policy->name, err->text);
}

/*
 * Takes a ClusterNetworkPolicy whose subject cannot be read. What was read of its rules is for
 * every pod.
 */
static void np_take_lost_policy(struct np_desired *d, const struct np_policy *policy,
				const char *uid, const char *reason)
{
	struct np_desired_policy *record;
	char text[600];

	if (np_keep_cluster_policy(d, policy->name, uid)) {
		snprintf(text, sizeof(text), "its version before stays in force: %.512s", reason);
	} else {
		np_desired_policy_upsert(d, policy, false);
		record = np_desired_policy(d, "", policy->name);
		record->lost = true;
		np_uid_bytes(uid, record->uid);
		snprintf(text, sizeof(text), "%s", reason);
	}
	np_trouble_set(d, NETPOL_OBJECT_POLICY, "", policy->name, NP_TROUBLE_CLOSED, false, text);
	np_desired_remark(d, NP_SOURCE_CLUSTER_POLICY, "", policy->name, text);
}

/*
 * Takes the ClusterNetworkPolicy that was read. closed: some of it cannot be read, which the rules
 * that were read say already, and err says what.
 */
static void np_take_cluster_policy(struct np_desired *d, const struct np_node *object, bool closed,
				   const struct np_error *err)
{
	const struct np_policy *policy = &d->scratch.policies[0];
	const char *uid = np_meta_text(object, "uid");
	struct np_desired_policy *record;

	if (closed && np_desired_decode_lost(d)) {
		np_take_lost_policy(d, policy, uid, err->text);
		return;
	}
	np_desired_policy_upsert(d, policy, false);
	record = np_desired_policy(d, "", policy->name);
	np_uid_bytes(uid, record->uid);
	if (!closed || record->flags & NP_DESIRED_CLOSED)
		return;
	np_trouble_set(d, NETPOL_OBJECT_POLICY, "", policy->name, NP_TROUBLE_CLOSED, false,
		       err->text);
	np_desired_remark(d, NP_SOURCE_CLUSTER_POLICY, "", policy->name, err->text);
}

/*
 * Notes a Node that cannot be read. Its last version does not stay: the policies that name Nodes
 * count with what they cannot see.
 */
static void np_unread_node(struct np_desired *d, const char *name, const char *uid,
			   const char *reason)
{
	np_desired_remark(d, NP_SOURCE_NODES, "", name, reason);
	if (*name) {
		np_desired_node_set(d, name, uid, NULL);
	} else {
		/* It may be any Node, until a list without one like it is complete. */
		d->nameless[NP_SOURCE_NODES] = true;
		d->nodes_nameless = true;
		d->nodes_stale = true;
	}
}

static void np_take_node(struct np_desired *d, const struct np_node *object)
{
	const char *name = np_meta_text(object, "name"), *uid = np_meta_text(object, "uid");
	struct np_error err = { 0 };
	bool closed;

	if (!np_desired_decode(d, NP_SOURCE_NODES, object, &closed, &err)) {
		np_desired_node_set(d, name, uid, &d->scratch.nodes[0]);
		return;
	}
	d->stats.malformed[NP_SOURCE_NODES]++;
	np_unread_node(d, name, uid, err.text);
}

void np_desired_upsert(struct np_desired *d, enum np_source_kind kind, const struct np_node *object)
{
	struct np_desired_namespace *ns;
	struct np_error err = { 0 };
	bool closed = false;
	int ret;

	d->stats.events[kind]++;
	if (kind == NP_SOURCE_NODE) {
		if (strcmp(np_meta_text(object, "name"), d->node))
			return;
		if (np_desired_decode_node(d, object, &err)) {
			d->stats.malformed[kind]++;
			np_desired_remark(d, kind, "", np_meta_text(object, "name"), err.text);
		}
		return;
	}
	if (kind == NP_SOURCE_NODES) {
		np_take_node(d, object);
		return;
	}
	ret = np_desired_decode(d, kind, object, &closed, &err);
	if (ret || closed)
		d->stats.malformed[kind]++;
	if (ret) {
		np_malformed_object(d, kind, object, &err);
		return;
	}
	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		np_namespace_upsert(d, &d->scratch.namespaces[0]);
		ns = np_desired_namespace(d, d->scratch.namespaces[0].name);
		np_uid_bytes(np_meta_text(object, "uid"), ns->uid);
		np_tell_annotation(d, kind, "", ns->name);
		break;
	case NP_SOURCE_POD:
		np_take_pod(d, &d->scratch.pods[0], closed, &err);
		break;
	case NP_SOURCE_CLUSTER_POLICY:
		np_take_cluster_policy(d, object, closed, &err);
		break;
	default:
		np_take_policy(d, object, closed, &err);
		break;
	}
}

/* Returns true if the uids differ, so that the source means an earlier object of that name. */
static bool np_other_uid(const char *uid, const uint8_t *have)
{
	static const uint8_t none[NETPOL_UID_LEN];
	uint8_t bytes[NETPOL_UID_LEN];

	np_uid_bytes(uid, bytes);
	return *uid && memcmp(have, none, sizeof(none)) && memcmp(bytes, have, sizeof(bytes));
}

/* namespace: "" for a ClusterNetworkPolicy */
static void np_remove_policy(struct np_desired *d, const char *namespace, const char *name,
			     const char *uid)
{
	struct np_desired_policy *policy = np_desired_policy(d, namespace, name);

	if (policy && np_other_uid(uid, policy->uid))
		return;
	if (policy)
		np_desired_policy_remove(d, policy);
	np_trouble_clear(d, NETPOL_OBJECT_POLICY, namespace, name);
}

static void np_remove_node(struct np_desired *d, const char *name, const char *uid)
{
	struct np_desired_node *node = np_desired_node(d, name);

	if (node && !np_other_uid(uid, node->uid))
		np_desired_node_remove(d, node);
}

void np_desired_remove(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *uid)
{
	struct np_desired_namespace *ns;
	struct np_desired_pod *pod;

	d->stats.events[kind]++;
	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		ns = np_desired_namespace(d, name);
		if (ns && np_other_uid(uid, ns->uid))
			return;
		if (ns)
			np_namespace_remove(d, ns);
		np_trouble_clear(d, NETPOL_OBJECT_NAMESPACE, "", name);
		break;
	case NP_SOURCE_POD:
		pod = np_desired_pod(d, namespace, name);
		if (pod && np_other_uid(uid, pod->uid))
			return;
		if (pod)
			np_desired_pod_remove(d, pod);
		np_trouble_clear(d, NETPOL_OBJECT_POD, namespace, name);
		break;
	case NP_SOURCE_POLICY:
		/* Without its namespace it is no object that is known. */
		if (*namespace)
			np_remove_policy(d, namespace, name, uid);
		break;
	case NP_SOURCE_CLUSTER_POLICY:
		np_remove_policy(d, "", name, uid);
		break;
	case NP_SOURCE_NODES:
		np_remove_node(d, name, uid);
		break;
	default:
		/* The podCIDRs that the Node had last stay in force. */
		break;
	}
}

void np_desired_rejected(struct np_desired *d, enum np_source_kind kind, const char *namespace,
			 const char *name, const char *uid, const char *reason)
{
	d->stats.events[kind]++;
	d->stats.malformed[kind]++;
	if (kind == NP_SOURCE_NODE && !strcmp(name, d->node))
		d->node_seen = true;
	if (kind == NP_SOURCE_POLICY)
		np_close_unread(d, namespace, name, uid, reason);
	else if (kind == NP_SOURCE_CLUSTER_POLICY)
		np_close_unread_cluster(d, name, uid, reason);
	else if (kind == NP_SOURCE_NODES)
		np_unread_node(d, name, uid, reason);
	else if (kind == NP_SOURCE_NODE || !*name)
		np_desired_remark(d, kind, namespace, name, reason);
	else
		np_reject(d, kind, namespace, name, uid, reason);
}

/*
 * Returns the records of a kind that were not seen since its list began. The caller frees the
 * array.
 */
static void **np_unseen(const struct np_desired *d, enum np_source_kind kind, size_t *count)
{
	size_t epoch_at, at = 0;
	const struct np_hash *hash = np_records(d, kind, &epoch_at);
	void **found = NULL;
	uint8_t *record;

	*count = 0;
	while (hash && (record = np_hash_next(hash, &at))) {
		if (record[epoch_at] == d->epoch[kind] ||
		    (np_is_policy(kind) && !np_policy_is(d, (void *)record, kind)))
			continue;
		found = np_array_grow(found, *count, sizeof(*found));
		found[(*count)++] = record;
	}
	return found;
}

/*
 * Removes a policy that a complete list did not contain. If the list had a policy whose name cannot
 * be read, that may be this one: then it loses its rules and stays.
 */
static void np_sweep_policy(struct np_desired *d, struct np_desired_policy *policy)
{
	static const char reason[] = "the API server has a policy whose name cannot be read; "
				     "it may be this one";
	struct np_policy head = *policy->policy;

	np_breathe();
	if (policy->flags & NP_DESIRED_GONE)
		return;
	if (!d->nameless[np_desired_kind(NETPOL_OBJECT_POLICY, head.namespace)]) {
		np_trouble_clear(d, NETPOL_OBJECT_POLICY, head.namespace, head.name);
		np_desired_policy_remove(d, policy);
		return;
	}
	if (head.tier == NP_TIER_NETWORK_POLICY) {
		head.ingress_count = 0;
		head.egress_count = 0;
	}
	np_desired_policy_upsert(d, &head, true);
	np_trouble_set(d, NETPOL_OBJECT_POLICY, policy->namespace->name, policy->policy->name,
		       NP_TROUBLE_CLOSED, false, reason);
}

void np_desired_synced(struct np_desired *d, enum np_source_kind kind)
{
	struct np_desired_namespace *ns;
	struct np_desired_pod *pod;
	size_t count = 0, i;
	void **found = NULL;

	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		found = np_unseen(d, kind, &count);
		for (i = 0; i < count; i++) {
			ns = found[i];
			if (ns->flags & NP_DESIRED_KNOWN)
				np_namespace_remove(d, ns);
			np_breathe();
		}
		break;
	case NP_SOURCE_POD:
		found = np_unseen(d, kind, &count);
		for (i = 0; i < count; i++) {
			pod = found[i];
			if (!(pod->flags & NP_DESIRED_GONE))
				np_desired_pod_remove(d, pod);
			np_breathe();
		}
		break;
	case NP_SOURCE_POLICY:
	case NP_SOURCE_CLUSTER_POLICY:
		found = np_unseen(d, kind, &count);
		for (i = 0; i < count; i++)
			np_sweep_policy(d, found[i]);
		break;
	case NP_SOURCE_NODES:
		found = np_unseen(d, kind, &count);
		for (i = 0; i < count; i++)
			np_desired_node_remove(d, found[i]);
		np_desired_nodes_listed(d);
		break;
	default:
		break;
	}
	free(found);
	if (kind != NP_SOURCE_NODE && kind != NP_SOURCE_NODES)
		np_troubles_sweep(d, kind);
	d->synced[kind] = true;
}
