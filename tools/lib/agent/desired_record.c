// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The records of the desired state and the list of pending changes.
 */
#include "agent/desired_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

void np_desired_remark(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *text)
{
	if (d->remark)
		d->remark(d->arg, kind, namespace, name, text);
}

void np_desired_notice(struct np_desired *d, enum np_source_kind kind, const char *namespace,
		       const char *name, const char *text)
{
	if (d->notice)
		d->notice(d->arg, kind, namespace, name, text);
}

enum np_source_kind np_desired_kind(uint8_t object, const char *namespace)
{
	return object == NETPOL_OBJECT_NAMESPACE ? NP_SOURCE_NAMESPACE :
	       object == NETPOL_OBJECT_POD ? NP_SOURCE_POD :
	       *namespace ? NP_SOURCE_POLICY : NP_SOURCE_CLUSTER_POLICY;
}

/* --- records ------------------------------------------------------------------- */

static bool np_desired_namespace_match(const void *record, const void *key)
{
	return !strcmp(((const struct np_desired_namespace *)record)->name, key);
}

struct np_desired_namespace *np_desired_namespace_find(const struct np_desired *d,
						       const char *name)
{
	return np_hash_find(&d->namespaces, np_hash_bytes(1, name, strlen(name)),
			    np_desired_namespace_match, name);
}

struct np_desired_namespace *np_desired_namespace_get(struct np_desired *d, const char *name)
{
	struct np_desired_namespace *ns = np_desired_namespace_find(d, name);
	size_t len = strlen(name);

	if (ns)
		return ns;
	ns = np_xcalloc(1, sizeof(*ns) + len + 1);
	ns->hash = np_hash_bytes(1, name, len);
	memcpy(ns->name, name, len + 1);
	np_hash_add(&d->namespaces, ns);
	return ns;
}

struct np_desired_namespace *np_desired_namespace(const struct np_desired *d, const char *name)
{
	struct np_desired_namespace *ns = np_desired_namespace_find(d, name);

	return ns && ns->flags & NP_DESIRED_KNOWN ? ns : NULL;
}

void np_desired_namespace_view(const struct np_desired_namespace *ns, struct np_namespace *view)
{
	memset(view, 0, sizeof(*view));
	view->name = ns->name;
	view->labels.item = ns->labels ? ns->labels->label : NULL;
	view->labels.count = ns->labels ? ns->labels->label_count : 0;
}

void np_desired_namespace_check(struct np_desired *d, struct np_desired_namespace *ns)
{
	if (ns == d->cluster || ns->pods || ns->policies ||
	    ns->flags & (NP_DESIRED_KNOWN | NP_DESIRED_PENDING))
		return;
	np_desired_labels_put(&d->labels, ns->counted);
	np_hash_remove(&d->namespaces, ns);
	free(ns);
}

void np_desired_pod_free(struct np_desired *d, struct np_desired_pod *pod)
{
	struct np_desired_namespace *ns = pod->namespace;

	np_hash_remove(&d->pods, pod);
	np_desired_labels_put(&d->labels, pod->labels);
	free(pod);
	ns->pods--;
	np_desired_namespace_check(d, ns);
}

void np_desired_policy_free(struct np_desired *d, struct np_desired_policy *policy)
{
	struct np_desired_namespace *ns = policy->namespace;

	*policy->at = policy->next;
	if (policy->next)
		policy->next->at = policy->at;
	ns->policy_bytes -= policy->bytes;
	if (ns == d->cluster)
		d->cluster_policies--;
	else
		d->policy_bytes -= policy->bytes;
	np_hash_remove(&d->policies, policy);
	free(policy->policy);
	free(policy);
	np_desired_namespace_check(d, ns);
}

const char *np_desired_pod_name(const struct np_desired_pod *pod)
{
	return (const char *)pod->data + pod->address4 * 4 + pod->address6 * 16;
}

const uint8_t *np_desired_pod_mirror(const struct np_desired_pod *pod)
{
	const char *name = np_desired_pod_name(pod);

	return pod->mirror ? (const uint8_t *)name + strlen(name) + 1 : NULL;
}

bool np_desired_namespace_loaded(const struct np_desired_namespace *ns)
{
	return (ns->flags & (NP_DESIRED_KNOWN | NP_DESIRED_REJECTED)) == NP_DESIRED_KNOWN;
}

bool np_desired_pod_loaded(const struct np_desired_pod *pod)
{
	return !(pod->flags & (NP_DESIRED_GONE | NP_DESIRED_REJECTED | NP_DESIRED_OWN |
			       NP_DESIRED_WITHHELD | NP_DESIRED_REPLACED)) &&
	       !pod->waits && (pod->address4 || pod->address6);
}

bool np_desired_policy_loaded(const struct np_desired_policy *policy)
{
	return (policy->flags & (NP_DESIRED_GONE | NP_DESIRED_WANTED | NP_DESIRED_REJECTED)) ==
	       NP_DESIRED_WANTED;
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

/* --- pending changes ----------------------------------------------------------- */

void np_desired_give_back(struct np_desired *d, const struct np_change *change)
{
	d->pending = np_array_grow(d->pending, d->pending_count, sizeof(*d->pending));
	d->pending[d->pending_count++] = *change;
}

void np_desired_set_pending(struct np_desired *d, uint8_t object, void *record)
{
	const struct np_change change = { .object = object, .record = record };
	uint16_t *flags = np_desired_flags(object, record);

	if (object != NETPOL_OBJECT_POD || *flags & NP_DESIRED_LOCAL)
		d->urgent = true;
	if (d->full || *flags & NP_DESIRED_PENDING)
		return;
	if (!(*flags & NP_DESIRED_COMMITTED) && !np_desired_loaded(object, record))
		return;
	*flags |= NP_DESIRED_PENDING;
	np_desired_give_back(d, &change);
}

struct np_stale *np_stale_new(const char *namespace, const char *name)
{
	size_t len = strlen(namespace) + 1;
	struct np_stale *stale = np_xmalloc(sizeof(*stale) + len + strlen(name) + 1);

	strcpy(stale->text, namespace);
	strcpy(stale->text + len, name);
	stale->namespace = stale->text;
	stale->name = stale->text + len;
	return stale;
}

/*
 * Ends a change. committed: the kernel now has what the record says. Frees a record that is not
 * needed any more.
 */
static void np_change_end(struct np_desired *d, const struct np_change *change, bool committed)
{
	uint16_t *flags;

	if (change->stale) {
		free(change->record);
		return;
	}
	flags = np_desired_flags(change->object, change->record);
	*flags &= ~NP_DESIRED_PENDING;
	if (committed && np_desired_loaded(change->object, change->record))
		*flags |= NP_DESIRED_COMMITTED;
	else if (committed)
		*flags &= ~NP_DESIRED_COMMITTED;
	if (change->object == NETPOL_OBJECT_NAMESPACE)
		np_desired_namespace_check(d, change->record);
	else if (change->object == NETPOL_OBJECT_POD && *flags & NP_DESIRED_REPLACED)
		free(change->record);
	else if (change->object == NETPOL_OBJECT_POD && *flags & NP_DESIRED_GONE)
		np_desired_pod_free(d, change->record);
	else if (*flags & NP_DESIRED_GONE)
		np_desired_policy_free(d, change->record);
}

struct np_change *np_desired_take(struct np_desired *d, size_t *count)
{
	struct np_change *change = d->pending;

	*count = d->pending_count;
	d->pending = NULL;
	d->pending_count = 0;
	return change;
}

void np_desired_finish(struct np_desired *d, const struct np_change *change)
{
	np_change_end(d, change, true);
}

void np_desired_set_full(struct np_desired *d)
{
	size_t i;

	d->full = true;
	for (i = 0; i < d->pending_count; i++) {
		np_change_end(d, &d->pending[i], false);
		np_breathe();
	}
	free(d->pending);
	d->pending = NULL;
	d->pending_count = 0;
}

static void np_desired_finish_all(struct np_hash *hash, uint8_t object)
{
	uint16_t *flags;
	size_t at = 0;
	void *record;

	while ((record = np_hash_next(hash, &at))) {
		flags = np_desired_flags(object, record);
		if (np_desired_loaded(object, record))
			*flags |= NP_DESIRED_COMMITTED;
		else
			*flags &= ~NP_DESIRED_COMMITTED;
	}
}

void np_desired_finish_full(struct np_desired *d)
{
	np_desired_finish_all(&d->namespaces, NETPOL_OBJECT_NAMESPACE);
	np_desired_finish_all(&d->pods, NETPOL_OBJECT_POD);
	np_desired_finish_all(&d->policies, NETPOL_OBJECT_POLICY);
	d->full = false;
}
