// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Desired state: interned texts and label sets, namespaces, lists of changes.
 */
#include "agent/desired.h"

#include <stdlib.h>
#include <string.h>

/* --- texts and label sets ------------------------------------------------------- */

static bool np_text_match(const void *record, const void *key)
{
	return !strcmp(((const struct np_text *)record)->text, key);
}

static struct np_text *np_text_of(const char *text)
{
	return (struct np_text *)(text - offsetof(struct np_text, text));
}

const char *np_text_get(struct np_desired *d, const char *text)
{
	size_t len = strlen(text);
	uint32_t hash = np_hash_bytes(0, text, len);
	struct np_text *found = np_hash_find(&d->texts, hash, np_text_match, text);

	if (!found) {
		found = np_xmalloc(sizeof(*found) + len + 1);
		found->hash = hash;
		found->refs = 0;
		memcpy(found->text, text, len + 1);
		np_hash_add(&d->texts, found);
	}
	found->refs++;
	return found->text;
}

void np_text_put(struct np_desired *d, const char *text)
{
	struct np_text *record = np_text_of(text);

	if (--record->refs)
		return;
	np_hash_remove(&d->texts, record);
	free(record);
}

struct np_bundle_key {
	const struct np_labels *labels;
	const struct np_named_port *port;
	uint32_t port_count;
};

static bool np_bundle_match(const void *record, const void *key)
{
	const struct np_label_bundle *bundle = record;
	const struct np_bundle_key *want = key;
	uint32_t i;

	if (bundle->label_count != want->labels->count ||
	    bundle->port_count != want->port_count)
		return false;
	for (i = 0; i < bundle->label_count; i++)
		if (strcmp(bundle->label[i].key, want->labels->item[i].key) ||
		    strcmp(bundle->label[i].value, want->labels->item[i].value))
			return false;
	for (i = 0; i < bundle->port_count; i++)
		if (strcmp(bundle->port[i].name, want->port[i].name) ||
		    bundle->port[i].number != want->port[i].number ||
		    bundle->port[i].protocol != want->port[i].protocol)
			return false;
	return true;
}

static uint32_t np_bundle_hash(const struct np_bundle_key *key)
{
	uint32_t hash = key->labels->count, i;
	const struct np_label *label;

	for (i = 0; i < key->labels->count; i++) {
		label = &key->labels->item[i];
		hash = np_hash_bytes(hash, label->key, strlen(label->key));
		hash = np_hash_bytes(hash, label->value, strlen(label->value));
	}
	for (i = 0; i < key->port_count; i++) {
		hash = np_hash_bytes(hash, key->port[i].name, strlen(key->port[i].name));
		hash = np_hash_bytes(hash, &key->port[i].number, sizeof(key->port[i].number));
	}
	return hash;
}

struct np_label_bundle *np_bundle_get(struct np_desired *d, const struct np_labels *labels,
				      const struct np_named_port *port, uint32_t port_count)
{
	struct np_bundle_key key = { labels, port, port_count };
	uint32_t hash, i;
	struct np_label_bundle *bundle;

	hash = np_bundle_hash(&key);
	bundle = np_hash_find(&d->bundles, hash, np_bundle_match, &key);
	if (bundle) {
		bundle->refs++;
		return bundle;
	}
	bundle = np_xcalloc(1, sizeof(*bundle) + labels->count * sizeof(bundle->label[0]) +
			    port_count * sizeof(bundle->port[0]));
	bundle->hash = hash;
	bundle->refs = 1;
	bundle->label_count = labels->count;
	bundle->port_count = port_count;
	bundle->port = (struct np_named_port *)&bundle->label[labels->count];
	for (i = 0; i < labels->count; i++) {
		bundle->label[i].key = np_text_get(d, labels->item[i].key);
		bundle->label[i].value = np_text_get(d, labels->item[i].value);
	}
	for (i = 0; i < port_count; i++) {
		bundle->port[i] = port[i];
		bundle->port[i].name = np_text_get(d, port[i].name);
	}
	np_hash_add(&d->bundles, bundle);
	return bundle;
}

void np_bundle_put(struct np_desired *d, struct np_label_bundle *bundle)
{
	uint32_t i;

	if (!bundle || --bundle->refs)
		return;
	for (i = 0; i < bundle->label_count; i++) {
		np_text_put(d, bundle->label[i].key);
		np_text_put(d, bundle->label[i].value);
	}
	for (i = 0; i < bundle->port_count; i++)
		np_text_put(d, bundle->port[i].name);
	np_hash_remove(&d->bundles, bundle);
	free(bundle);
}

/* --- namespaces ----------------------------------------------------------------- */

static bool np_namespace_match(const void *record, const void *key)
{
	return !strcmp(((const struct np_desired_namespace *)record)->name, key);
}

static struct np_desired_namespace *np_namespace_find(const struct np_desired *d,
						      const char *name)
{
	return np_hash_find(&d->namespaces, np_hash_bytes(1, name, strlen(name)),
			    np_namespace_match, name);
}

struct np_desired_namespace *np_desired_namespace(const struct np_desired *d, const char *name)
{
	struct np_desired_namespace *ns = np_namespace_find(d, name);

	return ns && ns->flags & NP_DESIRED_KNOWN ? ns : NULL;
}

struct np_desired_namespace *np_namespace_get(struct np_desired *d, const char *name)
{
	struct np_desired_namespace *ns = np_namespace_find(d, name);
	size_t len = strlen(name);

	if (ns)
		return ns;
	ns = np_xcalloc(1, sizeof(*ns) + len + 1);
	ns->hash = np_hash_bytes(1, name, len);
	memcpy(ns->name, name, len + 1);
	np_hash_add(&d->namespaces, ns);
	return ns;
}

void np_namespace_check(struct np_desired *d, struct np_desired_namespace *ns)
{
	if (ns->pods || ns->policies || ns->flags & (NP_DESIRED_KNOWN | NP_DESIRED_LISTED))
		return;
	np_hash_remove(&d->namespaces, ns);
	free(ns);
}

void np_desired_namespace_view(const struct np_desired_namespace *ns,
			       struct np_namespace *view)
{
	memset(view, 0, sizeof(*view));
	view->name = ns->name;
	view->labels.item = ns->labels ? ns->labels->label : NULL;
	view->labels.count = ns->labels ? ns->labels->label_count : 0;
}

bool np_desired_namespace_loaded(const struct np_desired_namespace *ns)
{
	return (ns->flags & (NP_DESIRED_KNOWN | NP_DESIRED_ASIDE)) == NP_DESIRED_KNOWN;
}

static void np_namespace_upsert(struct np_desired *d, const struct np_namespace *object)
{
	struct np_desired_namespace *ns = np_namespace_get(d, object->name);
	struct np_label_bundle *labels = np_bundle_get(d, &object->labels, NULL, 0);

	ns->epoch = d->epoch[NP_SOURCE_NAMESPACE];
	np_trouble_clear(d, NETPOL_OBJECT_NAMESPACE, "", ns->name);
	if (labels == ns->labels && ns->flags & NP_DESIRED_KNOWN &&
	    !(ns->flags & NP_DESIRED_ASIDE)) {
		np_bundle_put(d, labels);
		return;
	}
	np_bundle_put(d, ns->labels);
	ns->labels = labels;
	ns->flags |= NP_DESIRED_KNOWN;
	ns->flags &= ~NP_DESIRED_ASIDE;
	np_desired_list(d, NETPOL_OBJECT_NAMESPACE, ns);
}

static void np_namespace_remove(struct np_desired *d, struct np_desired_namespace *ns)
{
	np_trouble_clear(d, NETPOL_OBJECT_NAMESPACE, "", ns->name);
	np_bundle_put(d, ns->labels);
	ns->labels = NULL;
	ns->flags &= ~(NP_DESIRED_KNOWN | NP_DESIRED_ASIDE);
	np_desired_list(d, NETPOL_OBJECT_NAMESPACE, ns);
	np_namespace_check(d, ns);
}

/* --- changes -------------------------------------------------------------------- */

uint16_t *np_desired_flags(uint8_t object, void *record)
{
	switch (object) {
	case NETPOL_OBJECT_NAMESPACE:
		return &((struct np_desired_namespace *)record)->flags;
	case NETPOL_OBJECT_POD:
		return &((struct np_desired_pod *)record)->flags;
	default:
		return &((struct np_desired_policy *)record)->flags;
	}
}

bool np_desired_loaded(uint8_t object, const void *record)
{
	switch (object) {
	case NETPOL_OBJECT_NAMESPACE:
		return np_desired_namespace_loaded(record);
	case NETPOL_OBJECT_POD:
		return np_desired_pod_loaded(record);
	default:
		return np_desired_policy_loaded(record);
	}
}

static struct np_change *np_change_add(struct np_desired *d)
{
	if (d->change_count == d->change_room) {
		d->change_room = d->change_room ? d->change_room * 2 : 64;
		d->change = np_xrealloc(d->change, d->change_room, sizeof(*d->change));
	}
	return &d->change[d->change_count++];
}

void np_desired_list(struct np_desired *d, uint8_t object, void *record)
{
	uint16_t *flags = np_desired_flags(object, record);

	if (d->full || *flags & NP_DESIRED_LISTED)
		return;
	if (!(*flags & NP_DESIRED_COMMITTED) && !np_desired_loaded(object, record))
		return;
	*flags |= NP_DESIRED_LISTED;
	*np_change_add(d) = (struct np_change) { .object = object, .record = record };
}

void np_desired_list_stray(struct np_desired *d, uint8_t object, const char *namespace,
			   const char *name)
{
	size_t len = strlen(namespace) + 1;
	struct np_stray *stray = np_xmalloc(sizeof(*stray) + len + strlen(name) + 1);

	strcpy(stray->text, namespace);
	strcpy(stray->text + len, name);
	stray->namespace = stray->text;
	stray->name = stray->text + len;
	*np_change_add(d) = (struct np_change) {
		.object = object, .stray = true, .record = stray,
	};
}

static void np_change_done(struct np_desired *d, const struct np_change *change, bool told)
{
	uint16_t *flags;

	if (change->stray) {
		free(change->record);
		return;
	}
	flags = np_desired_flags(change->object, change->record);
	*flags &= ~NP_DESIRED_LISTED;
	if (told && np_desired_loaded(change->object, change->record))
		*flags |= NP_DESIRED_COMMITTED;
	else if (told)
		*flags &= ~NP_DESIRED_COMMITTED;
	if (change->object == NETPOL_OBJECT_NAMESPACE)
		np_namespace_check(d, change->record);
	else if (change->object == NETPOL_OBJECT_POD && *flags & NP_DESIRED_DEAD)
		free(change->record);
	else if (change->object == NETPOL_OBJECT_POD && *flags & NP_DESIRED_GONE)
		np_pod_remove(d, change->record);
	else if (*flags & NP_DESIRED_GONE)
		np_policy_remove(d, change->record);
}

struct np_change *np_desired_take(struct np_desired *d, size_t *count)
{
	struct np_change *change = d->change;

	*count = d->change_count;
	d->change = NULL;
	d->change_count = 0;
	d->change_room = 0;
	return change;
}

void np_desired_finish(struct np_desired *d, const struct np_change *change)
{
	np_change_done(d, change, true);
}

void np_desired_give_back(struct np_desired *d, const struct np_change *change)
{
	*np_change_add(d) = *change;
}

void np_desired_set_full(struct np_desired *d)
{
	size_t i;

	d->full = true;
	for (i = 0; i < d->change_count; i++)
		np_change_done(d, &d->change[i], false);
	free(d->change);
	d->change = NULL;
	d->change_count = 0;
	d->change_room = 0;
}

static void np_all_done(struct np_hash *hash, uint8_t object)
{
	uint16_t *flags;
	size_t i;

	for (i = 0; i < hash->room; i++) {
		if (!hash->slot[i])
			continue;
		flags = np_desired_flags(object, hash->slot[i]);
		if (np_desired_loaded(object, hash->slot[i]))
			*flags |= NP_DESIRED_COMMITTED;
		else
			*flags &= ~NP_DESIRED_COMMITTED;
	}
}

void np_desired_all_done(struct np_desired *d)
{
	np_all_done(&d->namespaces, NETPOL_OBJECT_NAMESPACE);
	np_all_done(&d->pods, NETPOL_OBJECT_POD);
	np_all_done(&d->policies, NETPOL_OBJECT_POLICY);
	d->full = false;
}

/* --- what the source calls ------------------------------------------------------ */

void np_desired_init(struct np_desired *d, const char *node)
{
	memset(d, 0, sizeof(*d));
	d->node = node;
	d->full = true;
	np_objects_init(&d->scratch);
}

static void np_remark(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		      const char *name, const char *text)
{
	if (d->remark)
		d->remark(d->arg, kind, namespace, name, text);
}

static void np_forget_epochs(const struct np_hash *hash, size_t epoch_at)
{
	size_t i;

	for (i = 0; i < hash->room; i++)
		if (hash->slot[i])
			*((uint8_t *)hash->slot[i] + epoch_at) = 0;
}

/*
 * Lists may break off any number of times before one is whole: no record that was seen
 * long ago may pass for one of the list at hand when the number comes round.
 */
static void np_epochs_wrap(struct np_desired *d, enum np_source_kind kind)
{
	struct np_trouble *trouble;
	size_t i;

	if (kind == NP_SOURCE_NAMESPACE)
		np_forget_epochs(&d->namespaces, offsetof(struct np_desired_namespace, epoch));
	else if (kind == NP_SOURCE_POD)
		np_forget_epochs(&d->pods, offsetof(struct np_desired_pod, epoch));
	else if (kind == NP_SOURCE_POLICY)
		np_forget_epochs(&d->policies, offsetof(struct np_desired_policy, epoch));
	for (i = 0; i < d->troubles.room; i++) {
		trouble = (struct np_trouble *)d->troubles.slot[i];
		if (trouble && np_object_source(trouble->object) == kind)
			trouble->epoch = 0;
	}
	d->epoch[kind] = 1;
}

void np_desired_begin(struct np_desired *d, enum np_source_kind kind)
{
	if (!++d->epoch[kind])
		np_epochs_wrap(d, kind);
	if (kind == NP_SOURCE_POLICY)
		d->nameless = false;
}

/* A field of an object's metadata; "" if it is no string. */
static const char *np_meta_text(const struct np_node *object, const char *key)
{
	return np_node_text(np_node_get(object, "metadata"), key);
}

/* The whole namespace is closed: which of its pods are meant can't be read. */
static void np_close_namespace(struct np_desired *d, const char *namespace, const char *name)
{
	struct np_policy policy = {
		.namespace = namespace,
		.name = name,
		.pod_selector.present = true,
		.directions = NP_DIR_INGRESS | NP_DIR_EGRESS,
	};

	np_policy_upsert(d, &policy, true);
}

static uint8_t np_source_object(enum np_source_kind kind)
{
	static const uint8_t object[NP_SOURCE_KINDS] = {
		[NP_SOURCE_NAMESPACE] = NETPOL_OBJECT_NAMESPACE,
		[NP_SOURCE_POD] = NETPOL_OBJECT_POD,
		[NP_SOURCE_POLICY] = NETPOL_OBJECT_POLICY,
	};

	return object[kind];
}

enum np_source_kind np_object_source(uint8_t object)
{
	return object == NETPOL_OBJECT_NAMESPACE ? NP_SOURCE_NAMESPACE :
	       object == NETPOL_OBJECT_POD ? NP_SOURCE_POD : NP_SOURCE_POLICY;
}

/*
 * A pod or namespace that can't be read keeps its last good version, unless it is another
 * one by its uid: then the last version is of one that is gone for certain.
 */
static void np_keep(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		    const char *name, const char *uid, const char *reason)
{
	struct np_desired_namespace *ns;
	uint8_t bytes[NETPOL_UID_LEN];
	struct np_desired_pod *pod;

	if (kind == NP_SOURCE_NAMESPACE) {
		ns = np_desired_namespace(d, name);
		np_uid_bytes(uid, bytes);
		if (ns && *uid && memcmp(bytes, ns->uid, sizeof(bytes)))
			np_namespace_remove(d, ns);
		else if (ns)
			ns->epoch = d->epoch[kind];
		namespace = "";
	} else if (kind == NP_SOURCE_POD) {
		pod = np_desired_pod(d, namespace, name);
		np_uid_bytes(uid, bytes);
		if (pod && *uid && memcmp(bytes, pod->uid, sizeof(bytes)))
			np_pod_remove(d, pod);
		else if (pod)
			pod->epoch = d->epoch[kind];
	}
	np_trouble_set(d, np_source_object(kind), namespace, name, NP_TROUBLE_KEPT, false,
		       reason);
	np_remark(d, kind, namespace, name, reason);
}

/* The last good version may allow what this one doesn't, so it does not stay. */
static void np_close_unread(struct np_desired *d, const char *namespace, const char *name,
			    const char *uid, const char *reason)
{
	if (!*namespace || !*name) {
		/* It may be any of those that the list does not show. */
		d->nameless = true;
		np_remark(d, NP_SOURCE_POLICY, namespace, name, reason);
		return;
	}
	np_close_namespace(d, namespace, name);
	np_uid_bytes(uid, np_desired_policy(d, namespace, name)->uid);
	np_trouble_set(d, NETPOL_OBJECT_POLICY, namespace, name, NP_TROUBLE_CLOSED, false,
		       reason);
	np_remark(d, NP_SOURCE_POLICY, namespace, name, reason);
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
	else
		np_keep(d, kind, namespace, name, np_meta_text(object, "uid"), reason);
}

/* A decoded policy; closed: without its rules, for the reason in err. */
static void np_take_policy(struct np_desired *d, const struct np_node *object, bool closed,
			   const struct np_error *err)
{
	const struct np_policy *policy = &d->scratch.policies[0];
	struct np_desired_policy *record;

	np_policy_upsert(d, policy, closed);
	record = np_desired_policy(d, policy->namespace, policy->name);
	np_uid_bytes(np_meta_text(object, "uid"), record->uid);
	if (!closed)
		return;
	np_trouble_set(d, NETPOL_OBJECT_POLICY, policy->namespace, policy->name,
		       NP_TROUBLE_CLOSED, false, err->text);
	np_remark(d, NP_SOURCE_POLICY, policy->namespace, policy->name, err->text);
}

void np_desired_upsert(struct np_desired *d, enum np_source_kind kind, const struct np_node *object)
{
	struct np_desired_namespace *ns;
	struct np_error err = { 0 };
	bool closed = false;
	int ret;

	d->stats.events[kind]++;
	if (kind == NP_SOURCE_NODE) {
		if (np_desired_decode_node(d, object, &err)) {
			d->stats.malformed[kind]++;
			np_remark(d, kind, "", np_meta_text(object, "name"), err.text);
		}
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
		break;
	case NP_SOURCE_POD:
		np_pod_upsert(d, &d->scratch.pods[0]);
		break;
	default:
		np_take_policy(d, object, closed, &err);
		break;
	}
}

/* Late: a newer one has the name. Where either uid is not known, it is not told apart. */
static bool np_other_uid(const char *uid, const uint8_t *have)
{
	static const uint8_t none[NETPOL_UID_LEN];
	uint8_t bytes[NETPOL_UID_LEN];

	np_uid_bytes(uid, bytes);
	return *uid && memcmp(have, none, sizeof(none)) && memcmp(bytes, have, sizeof(bytes));
}

void np_desired_remove(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *uid)
{
	struct np_desired_namespace *ns;
	struct np_desired_policy *policy;
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
			np_pod_remove(d, pod);
		np_trouble_clear(d, NETPOL_OBJECT_POD, namespace, name);
		break;
	case NP_SOURCE_POLICY:
		policy = np_desired_policy(d, namespace, name);
		if (policy && np_other_uid(uid, policy->uid))
			return;
		if (policy)
			np_policy_remove(d, policy);
		np_trouble_clear(d, NETPOL_OBJECT_POLICY, namespace, name);
		break;
	default:
		/* Our own Node: while we run, what it said last still holds. */
		break;
	}
}

void np_desired_rejected(struct np_desired *d, enum np_source_kind kind, const char *namespace,
			 const char *name, const char *uid, const char *reason)
{
	d->stats.events[kind]++;
	d->stats.malformed[kind]++;
	if (kind == NP_SOURCE_POLICY)
		np_close_unread(d, namespace, name, uid, reason);
	else if (kind == NP_SOURCE_NODE || !*name)
		np_remark(d, kind, namespace, name, reason);
	else
		np_keep(d, kind, namespace, name, uid, reason);
}

/* Records that were not seen since the list began; to be freed. */
static void **np_unseen(const struct np_hash *hash, size_t epoch_at, uint8_t epoch,
			size_t *count)
{
	void **found = NULL;
	size_t i;

	*count = 0;
	for (i = 0; i < hash->room; i++) {
		if (!hash->slot[i] || *((uint8_t *)hash->slot[i] + epoch_at) == epoch)
			continue;
		if (!(*count % 1024))
			found = np_xrealloc(found, *count + 1024, sizeof(*found));
		found[(*count)++] = hash->slot[i];
	}
	return found;
}

static void np_sweep_policy(struct np_desired *d, struct np_desired_policy *policy)
{
	static const char reason[] = "a policy whose name can't be read may be this one";
	struct np_policy head = *policy->policy;

	if (policy->flags & NP_DESIRED_GONE)
		return;
	if (!d->nameless) {
		np_trouble_clear(d, NETPOL_OBJECT_POLICY, head.namespace, head.name);
		np_policy_remove(d, policy);
		return;
	}
	head.ingress_count = 0;
	head.egress_count = 0;
	np_policy_upsert(d, &head, true);
	np_trouble_set(d, NETPOL_OBJECT_POLICY, policy->namespace->name, policy->policy->name,
		       NP_TROUBLE_CLOSED, false, reason);
}

/* Troubles of objects that are not there any more. */
static void np_sweep_troubles(struct np_desired *d, uint8_t object, uint8_t epoch)
{
	struct np_trouble *trouble;
	void **found;
	size_t count, i;

	found = np_unseen(&d->troubles, offsetof(struct np_trouble, epoch), epoch, &count);
	for (i = 0; i < count; i++) {
		trouble = found[i];
		if (trouble->object != object || trouble->refused)
			continue;
		np_hash_remove(&d->troubles, trouble);
		free(trouble);
	}
	free(found);
}

void np_desired_synced(struct np_desired *d, enum np_source_kind kind)
{
	struct np_desired_namespace *ns;
	struct np_desired_pod *pod;
	size_t count = 0, i;
	void **found = NULL;

	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		found = np_unseen(&d->namespaces, offsetof(struct np_desired_namespace, epoch),
				  d->epoch[kind], &count);
		for (i = 0; i < count; i++) {
			ns = found[i];
			if (ns->flags & NP_DESIRED_KNOWN)
				np_namespace_remove(d, ns);
		}
		break;
	case NP_SOURCE_POD:
		found = np_unseen(&d->pods, offsetof(struct np_desired_pod, epoch),
				  d->epoch[kind], &count);
		for (i = 0; i < count; i++) {
			pod = found[i];
			if (!(pod->flags & NP_DESIRED_GONE))
				np_pod_remove(d, pod);
		}
		break;
	case NP_SOURCE_POLICY:
		found = np_unseen(&d->policies, offsetof(struct np_desired_policy, epoch),
				  d->epoch[kind], &count);
		for (i = 0; i < count; i++)
			np_sweep_policy(d, found[i]);
		break;
	default:
		break;
	}
	free(found);
	if (kind != NP_SOURCE_NODE)
		np_sweep_troubles(d, np_source_object(kind), d->epoch[kind]);
	d->synced[kind] = true;
}
