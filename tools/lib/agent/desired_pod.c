// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pods of the desired state.
 */
#include "agent/desired_pod.h"

#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include "agent/desired_policy.h"
#include "agent/desired_trouble.h"
#include "object/digest.h"

#define NP_POD_STATE	(NP_DESIRED_LOCAL | NP_DESIRED_DELETING | NP_DESIRED_RUNNING)

struct np_pod_key {
	const struct np_desired_namespace *namespace;
	const char *name;
};

static uint32_t np_pod_hash(const struct np_desired_namespace *ns, const char *name)
{
	return np_hash_bytes(ns->hash, name, strlen(name));
}

static bool np_pod_match(const void *record, const void *key)
{
	const struct np_desired_pod *pod = record;
	const struct np_pod_key *want = key;

	return pod->namespace == want->namespace &&
	       !strcmp(np_desired_pod_name(pod), want->name);
}

static struct np_desired_pod *np_pod_find(const struct np_desired *d,
					  const struct np_desired_namespace *ns,
					  const char *name)
{
	struct np_pod_key key = { ns, name };

	return np_hash_find(&d->pods, np_pod_hash(ns, name), np_pod_match, &key);
}

struct np_desired_pod *np_desired_pod(const struct np_desired *d, const char *namespace,
				      const char *name)
{
	struct np_desired_namespace *ns = np_desired_namespace_find(d, namespace);
	struct np_desired_pod *pod = ns ? np_pod_find(d, ns, name) : NULL;

	return pod && !(pod->flags & NP_DESIRED_GONE) ? pod : NULL;
}

uint32_t np_desired_addresses(const struct np_desired_pod *pod, struct np_address *address)
{
	const uint8_t *data = pod->data;
	uint32_t i, count = 0;

	memset(address, 0, sizeof(*address) * (pod->address4 + pod->address6));
	for (i = 0; i < pod->address4; i++, data += 4, count++) {
		address[count].family = AF_INET;
		memcpy(address[count].addr, data, 4);
	}
	for (i = 0; i < pod->address6; i++, data += 16, count++) {
		address[count].family = AF_INET6;
		memcpy(address[count].addr, data, 16);
	}
	return count;
}

void np_desired_pod_view(const struct np_desired *d, const struct np_desired_pod *pod,
			 struct np_pod *view, struct np_address *address, char *uid_text)
{
	memset(view, 0, sizeof(*view));
	view->namespace = pod->namespace->name;
	view->name = np_desired_pod_name(pod);
	view->uid = np_uid_text(pod->uid, uid_text);
	view->node = pod->flags & NP_DESIRED_LOCAL ? d->node : "";
	view->labels.item = pod->labels->label;
	view->labels.count = pod->labels->label_count;
	view->port = pod->labels->port;
	view->port_count = pod->labels->port_count;
	view->address = address;
	view->address_count = np_desired_addresses(pod, address);
	view->created = pod->created;
	view->phase = pod->flags & NP_DESIRED_RUNNING ? NP_PHASE_RUNNING : NP_PHASE_PENDING;
	view->deleting = pod->flags & NP_DESIRED_DELETING;
}

static void np_local_add(struct np_desired *d, struct np_desired_pod *pod)
{
	d->local = np_array_grow(d->local, d->local_count, sizeof(*d->local));
	d->local[d->local_count++] = pod;
}

static void np_local_replace(struct np_desired *d, const struct np_desired_pod *old,
			     struct np_desired_pod *pod)
{
	size_t i;

	for (i = 0; i < d->local_count; i++) {
		if (d->local[i] != old)
			continue;
		d->local[i] = pod ? pod : d->local[--d->local_count];
		return;
	}
}

static void np_local_changed(struct np_desired *d, struct np_desired_pod *pod, bool gone)
{
	if (d->local_changed)
		d->local_changed(d->arg, pod, gone);
}

/* Ends what only a local pod has, because the pod is not local any more. */
static void np_local_drop(struct np_desired *d, struct np_desired_pod *pod)
{
	if (!(pod->flags & NP_DESIRED_LOCAL))
		return;
	np_local_changed(d, pod, true);
	np_local_replace(d, pod, NULL);
	pod->flags &= ~(NP_DESIRED_LOCAL | NP_DESIRED_OWN | NP_DESIRED_WITHHELD |
			NP_DESIRED_EARLY);
	pod->waits = false;
	pod->rejected = 0;
	pod->ifindex = 0;
	np_desired_policies_select(d, pod, pod->labels, NULL);
}

void np_desired_pod_remove(struct np_desired *d, struct np_desired_pod *pod)
{
	if (!(pod->flags & NP_DESIRED_GONE)) {
		np_trouble_clear(d, NETPOL_OBJECT_POD, pod->namespace->name,
				 np_desired_pod_name(pod));
		pod->flags |= NP_DESIRED_GONE;
		np_local_drop(d, pod);
		np_desired_set_pending(d, NETPOL_OBJECT_POD, pod);
	}
	if (!(pod->flags & NP_DESIRED_PENDING))
		np_desired_pod_free(d, pod);
}

static bool np_common_address(const struct np_desired_pod *pod, const struct np_address *address,
			      uint32_t count)
{
	struct np_address have[NP_POD_ADDRESSES_MAX];
	uint32_t i, k, n = np_desired_addresses(pod, have);

	for (i = 0; i < count; i++)
		for (k = 0; k < n; k++)
			if (!memcmp(&address[i], &have[k], sizeof(have[k])))
				return true;
	return false;
}

/*
 * Replaces a record by one with other addresses, or with another uid in mirror, which is NULL for
 * none. The old record is freed, unless it is in the list
 * of pending changes: then it is marked as replaced.
 */
static struct np_desired_pod *np_pod_resize(struct np_desired *d, struct np_desired_pod *old,
					    const struct np_address *address, uint32_t count,
					    const uint8_t *mirror)
{
	const char *name = np_desired_pod_name(old);
	uint32_t four = 0, i, at4 = 0, at6;
	struct np_desired_pod *pod;
	size_t len;

	for (i = 0; i < count; i++)
		four += address[i].family == AF_INET;
	len = four * 4 + (count - four) * 16;
	pod = np_xmalloc(sizeof(*pod) + len + strlen(name) + 1 + (mirror ? NETPOL_UID_LEN : 0));
	*pod = *old;
	pod->mirror = mirror;
	if (!old->address4 && !old->address6)
		pod->since = d->now;
	/* The interface was found by the addresses that the pod had. */
	if (!np_common_address(old, address, count))
		pod->ifindex = 0;
	pod->address4 = (uint8_t)four;
	pod->address6 = (uint8_t)(count - four);
	at6 = four * 4;
	for (i = 0; i < count; i++) {
		if (address[i].family == AF_INET) {
			memcpy(pod->data + at4, address[i].addr, 4);
			at4 += 4;
		} else {
			memcpy(pod->data + at6, address[i].addr, 16);
			at6 += 16;
		}
	}
	strcpy((char *)pod->data + len, name);
	if (mirror)
		memcpy(pod->data + len + strlen(name) + 1, mirror, NETPOL_UID_LEN);
	np_hash_remove(&d->pods, old);
	pod->flags &= ~NP_DESIRED_PENDING;
	np_hash_add(&d->pods, pod);
	np_local_replace(d, old, pod);
	if (old->flags & NP_DESIRED_PENDING)
		old->flags |= NP_DESIRED_REPLACED;
	else
		free(old);
	return pod;
}

static struct np_desired_pod *np_pod_new(struct np_desired *d, struct np_desired_namespace *ns,
					 const char *name)
{
	struct np_desired_pod *pod = np_xcalloc(1, sizeof(*pod) + strlen(name) + 1);

	strcpy((char *)pod->data, name);
	pod->hash = np_pod_hash(ns, name);
	pod->namespace = ns;
	ns->pods++;
	np_hash_add(&d->pods, pod);
	return pod;
}

static bool np_same_addresses(const struct np_desired_pod *pod, const struct np_address *address,
			      uint32_t count)
{
	struct np_address have[NP_POD_ADDRESSES_MAX];
	uint32_t i, k, n = np_desired_addresses(pod, have);

	if (n != count)
		return false;
	/* A record has its IPv4 addresses first, so the order may differ. It has no meaning. */
	for (i = 0; i < count; i++) {
		for (k = 0; k < n; k++)
			if (!memcmp(&address[i], &have[k], sizeof(have[k])))
				break;
		if (k == n)
			return false;
	}
	return true;
}

static int np_owned_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct np_address));
}

/* Does a pod of another node have an address that belongs to a local pod? */
static bool np_pod_claims(const struct np_desired *d, const struct np_desired_pod *pod)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	uint32_t i, n;

	if (!d->owned_count)
		return false;
	n = np_desired_addresses(pod, address);
	for (i = 0; i < n; i++)
		if (bsearch(&address[i], d->owned, d->owned_count, sizeof(*d->owned),
			    np_owned_compare))
			return true;
	return false;
}

void np_desired_set_owned(struct np_desired *d, struct np_address *owned, size_t count)
{
	struct np_desired_pod *pod;
	size_t i;

	if (count == d->owned_count &&
	    (!count || !memcmp(owned, d->owned, count * sizeof(*owned)))) {
		free(owned);
		return;
	}
	free(d->owned);
	d->owned = owned;
	d->owned_count = count;
	for (i = 0; i < d->pods.room; i++) {
		pod = (struct np_desired_pod *)d->pods.slot[i];
		if (pod && !(pod->flags & (NP_DESIRED_LOCAL | NP_DESIRED_GONE)))
			np_desired_set_waits(d, pod, np_pod_claims(d, pod));
	}
}

/* Fills in the uid of the static pod that a pod shows. Returns uid, or NULL if there is none. */
static const uint8_t *np_pod_mirror(const struct np_pod *pod, uint8_t *uid)
{
	if (!pod->mirror || !*pod->mirror)
		return NULL;
	np_uid_bytes(pod->mirror, uid);
	return uid;
}

static bool np_same_mirror(const struct np_desired_pod *pod, const uint8_t *mirror)
{
	const uint8_t *have = np_desired_pod_mirror(pod);

	return !have == !mirror && (!have || !memcmp(have, mirror, NETPOL_UID_LEN));
}

/* Returns false for a pod that is not kept; desired_record.h says which pods are. */
static bool np_pod_wanted(const struct np_desired *d, const struct np_pod *pod, bool *local)
{
	*local = *pod->node && !strcmp(pod->node, d->node);
	if (pod->host_network || pod->phase == NP_PHASE_SUCCEEDED ||
	    pod->phase == NP_PHASE_FAILED)
		return false;
	return *local || pod->address_count;
}

static uint16_t np_pod_state(const struct np_pod *pod, bool local)
{
	uint16_t flags = 0;

	if (local)
		flags |= NP_DESIRED_LOCAL;
	if (pod->deleting)
		flags |= NP_DESIRED_DELETING;
	if (pod->phase == NP_PHASE_RUNNING || pod->phase == NP_PHASE_NONE)
		flags |= NP_DESIRED_RUNNING;
	return flags;
}

/* Begins anew with a record whose pod is new, or has another uid than the last of that name. */
static void np_pod_reborn(struct np_desired *d, struct np_desired_pod *pod, const uint8_t *uid)
{
	np_local_drop(d, pod);
	memcpy(pod->uid, uid, sizeof(pod->uid));
	pod->arrival = ++d->arrivals;
	pod->since = d->now;
	pod->flags &= NP_DESIRED_PENDING | NP_DESIRED_COMMITTED;
}

/*
 * Takes the labels and named ports of a pod, or none if they exceed the bounds: then it must not be
 * loaded, because a policy may select by what is missing. Returns false in that case. The caller
 * drops the reference to those that it had before.
 */
static bool np_pod_take_labels(struct np_desired *d, struct np_desired_pod *pod,
			       const struct np_pod *object)
{
	size_t *charged = &pod->namespace->label_bytes;
	static const struct np_labels none;
	const char *reason;

	reason = np_desired_labels_refused(&d->labels, charged, pod->labels, &object->labels,
					   object->port, object->port_count);
	pod->labels = np_desired_labels_get(&d->labels, charged, reason ? &none : &object->labels,
					    object->port, reason ? 0 : object->port_count);
	if (!reason)
		return true;
	d->stats.refused[NP_SOURCE_POD]++;
	np_trouble_set(d, NETPOL_OBJECT_POD, object->namespace, object->name, NP_TROUBLE_REJECTED,
		       false, reason);
	np_desired_remark(d, NP_SOURCE_POD, object->namespace, object->name, reason);
	return false;
}

/* Takes note of a pod that differs from what it was. before: its labels until now, or NULL. */
static void np_pod_changed(struct np_desired *d, struct np_desired_pod *pod, uint16_t state,
			   struct np_desired_labels *before)
{
	bool local = state & NP_DESIRED_LOCAL, was_local = pod->flags & NP_DESIRED_LOCAL;

	if (local && !was_local)
		np_local_add(d, pod);
	pod->flags = (pod->flags & ~(NP_POD_STATE | NP_DESIRED_REJECTED)) | state;
	if (local) {
		np_local_changed(d, pod, false);
		if (!was_local || before != pod->labels)
			np_desired_policies_select(d, pod, was_local ? before : NULL, pod->labels);
	}
	np_desired_set_pending(d, NETPOL_OBJECT_POD, pod);
}

void np_desired_pod_upsert(struct np_desired *d, const struct np_pod *object)
{
	uint8_t uid[NETPOL_UID_LEN], static_uid[NETPOL_UID_LEN], epoch = d->epoch[NP_SOURCE_POD];
	const uint8_t *mirror = np_pod_mirror(object, static_uid);
	struct np_address address[NP_POD_ADDRESSES_MAX];
	struct np_desired_labels *before;
	struct np_desired_namespace *ns;
	struct np_desired_pod *pod;
	bool local, changed, whole;
	uint16_t state, had;

	np_trouble_clear(d, NETPOL_OBJECT_POD, object->namespace, object->name);
	if (!np_pod_wanted(d, object, &local)) {
		pod = np_desired_pod(d, object->namespace, object->name);
		if (pod)
			np_desired_pod_remove(d, pod);
		return;
	}
	ns = np_desired_namespace_get(d, object->namespace);
	pod = np_pod_find(d, ns, object->name);
	if (!pod)
		pod = np_pod_new(d, ns, object->name);
	pod->epoch = epoch;
	np_uid_bytes(object->uid, uid);
	changed = !pod->labels || pod->flags & NP_DESIRED_GONE ||
		  memcmp(uid, pod->uid, sizeof(uid));
	if (changed)
		np_pod_reborn(d, pod, uid);
	had = pod->flags;
	if (!local)
		np_local_drop(d, pod);
	before = pod->labels;
	whole = np_pod_take_labels(d, pod, object);
	changed |= before != pod->labels;
	pod->created = object->created > 0 && object->created < UINT32_MAX ?
		       (uint32_t)object->created : 0;
	/* Addresses from the CNI stay until the API server has some. */
	if ((object->address_count || !(pod->flags & NP_DESIRED_EARLY)) &&
	    !np_same_addresses(pod, object->address, object->address_count)) {
		pod = np_pod_resize(d, pod, object->address, object->address_count, mirror);
		changed = true;
	}
	if (!np_same_mirror(pod, mirror)) {
		pod = np_pod_resize(d, pod, address, np_desired_addresses(pod, address), mirror);
		changed = true;
	}
	if (object->address_count)
		pod->flags &= ~NP_DESIRED_EARLY;
	state = np_pod_state(object, local) | (whole ? 0 : NP_DESIRED_REJECTED);
	/* A pod that was rejected is tried again. */
	changed |= state != (had & (NP_POD_STATE | NP_DESIRED_REJECTED));
	if (changed)
		np_pod_changed(d, pod, state, before);
	if (!local)
		np_desired_set_waits(d, pod, np_pod_claims(d, pod));
	np_desired_labels_put(&d->labels, before);
}

void np_desired_set_placement(struct np_desired *d, struct np_desired_pod *pod,
			      uint32_t ifindex, bool own)
{
	uint16_t flags = (pod->flags & ~NP_DESIRED_OWN) | (own ? NP_DESIRED_OWN : 0);

	if (pod->ifindex == ifindex && pod->flags == flags)
		return;
	pod->ifindex = ifindex;
	pod->flags = flags;
	np_desired_set_pending(d, NETPOL_OBJECT_POD, pod);
}

void np_desired_set_waits(struct np_desired *d, struct np_desired_pod *pod, bool waits)
{
	if (pod->waits == waits)
		return;
	pod->waits = waits;
	np_desired_set_pending(d, NETPOL_OBJECT_POD, pod);
	if (waits)
		np_desired_remark(d, NP_SOURCE_POD, pod->namespace->name, np_desired_pod_name(pod),
				  pod->flags & NP_DESIRED_LOCAL ?
				  "the CNI has given its address to another pod; it waits, "
				  "closed, until it has one of its own" :
				  "the CNI of this node has given its address to a pod here; it is "
				  "not loaded until it has one of its own");
}

struct np_desired_pod *np_desired_early(struct np_desired *d, struct np_desired_pod *pod,
					const struct np_address *address, uint32_t count)
{
	if ((pod->address4 || pod->address6) && !(pod->flags & NP_DESIRED_EARLY))
		return pod;
	if (np_same_addresses(pod, address, count))
		return pod;
	pod = np_pod_resize(d, pod, address, count, np_desired_pod_mirror(pod));
	pod->flags &= ~NP_DESIRED_EARLY;
	if (count)
		pod->flags |= NP_DESIRED_EARLY;
	np_desired_set_pending(d, NETPOL_OBJECT_POD, pod);
	return pod;
}

struct np_desired_pod *np_desired_actual(struct np_desired *d, struct np_desired_pod *pod,
					 const struct np_address *address, uint32_t count)
{
	struct np_address have[NP_POD_ADDRESSES_MAX];
	uint32_t i, k, n = np_desired_addresses(pod, have);
	bool family, found;

	for (i = 0; i < n && !(pod->flags & NP_DESIRED_EARLY); i++) {
		family = false;
		found = false;
		for (k = 0; k < count; k++) {
			family |= address[k].family == have[i].family;
			found |= !memcmp(&address[k], &have[i], sizeof(have[i]));
		}
		if (family && !found)
			pod->flags |= NP_DESIRED_EARLY;
	}
	return np_desired_early(d, pod, address, count);
}
