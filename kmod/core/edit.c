// SPDX-License-Identifier: GPL-2.0
/* Edits: objects into the next snapshot, and its publication or abort; see edit.h. */
#include "core/array.h"
#include "core/derive_identity.h"
#include "core/derive_peer.h"
#include "core/derive_pod.h"
#include "core/derive_program.h"
#include "core/edit.h"
#include "core/edit_state.h"

/*
 * Finds the number of the edit's origin in the next snapshot. A new origin takes a number that
 * no origin has, or else the number of one without objects. Return: 0 or -ENOSPC.
 */
static int edit_origin(struct netpol_edit *edit, const char *name)
{
	struct netpol_origin *origin = edit->next->origin;
	int i, place = netpol_world_origin(edit->next, name);

	for (i = 0; place < 0 && i < NETPOL_ORIGINS; i++)
		if (!origin[i].name[0])
			place = i;
	for (i = 0; place < 0 && i < NETPOL_ORIGINS; i++)
		if (!origin[i].objects)
			place = i;
	if (place < 0)
		return netpol_fail(edit->fault, -ENOSPC,
				   "origin %s: %u other origins have objects, which is the limit",
				   name, NETPOL_ORIGINS);
	if (strcmp(origin[place].name, name)) {
		memset(&origin[place], 0, sizeof(*origin));
		strscpy(origin[place].name, name, sizeof(origin[place].name));
	}
	edit->origin = place;
	return 0;
}

/**
 * netpol_edit_begin() - begin the next snapshot
 * @world: world, locked until the edit ends
 * @origin: name of the origin whose objects are edited; NULL: only audits are, and those end whose
 *	time has come. An edit of objects ends none: who commits is not to blame for what follows
 * @fault: refusals are explained here until the edit ends
 *
 * Return: the edit; -ENOMEM; -ENOSPC for one origin too many.
 */
struct netpol_edit *netpol_edit_begin(struct netpol_world *world, const char *origin,
				      struct netpol_fault *fault)
{
	const struct netpol_snapshot *base = world->snapshot;
	struct netpol_edit *edit = netpol_alloc(sizeof(*edit));
	int error;

	if (!edit)
		return ERR_PTR(-ENOMEM);
	edit->next = netpol_alloc(sizeof(*edit->next));
	if (!edit->next) {
		netpol_free(edit);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&edit->unused);
	edit->world = world;
	edit->fault = fault;
	edit->serial = ++world->edits;
	memcpy(edit->next->origin, base->origin, sizeof(base->origin));
	edit->next->settings = base->settings;
	edit->next->audits = base->audits;
	edit->next->now = base->now;
	if (!origin) {
		edit->next->now = netpol_now();
		edit->ended = netpol_audits_ended(base->audits, base->now, edit->next->now);
	}
	edit->next->generation = base->generation + 1;
	edit->next->nlocals = base->nlocals;
	edit->addresses = base->claims.count;
	netpol_table_edit_init(&edit->namespaces, &base->namespaces,
			       netpol_namespace_hash, &edit->cow);
	netpol_table_edit_init(&edit->pods, &base->pods, netpol_pod_hash, &edit->cow);
	netpol_table_edit_init(&edit->policies, &base->policies,
			       netpol_policy_hash, &edit->cow);
	netpol_table_edit_init(&edit->claims, &base->claims, netpol_claim_hash,
			       &edit->cow);
	netpol_addrmap_edit_init(&edit->addrmap[0], &base->addrmap[0], AF_INET, &edit->cow);
	netpol_addrmap_edit_init(&edit->addrmap[1], &base->addrmap[1], AF_INET6, &edit->cow);
	netpol_addrmap_edit_init(&edit->interfaces, &base->interfaces, AF_INET,
				 &edit->cow);
	netpol_pages_edit_init(&edit->locals, base->locals, NETPOL_LOCAL_SHIFT,
			       &edit->cow);
	netpol_pages_edit_init(&edit->ports, base->ports, NETPOL_PORTS_SHIFT, &edit->cow);
	edit->origin = NETPOL_ORIGINS;
	error = origin ? edit_origin(edit, origin) : 0;
	if (error) {
		netpol_edit_abort(edit);
		return ERR_PTR(error);
	}
	return edit;
}

/* Takes a new object over; on failure it is freed. Return: 0 or -ENOMEM. */
static int edit_own(struct netpol_edit *edit, void *object, u8 kind)
{
	int error = netpol_retire_add(&edit->cow.created, object, kind);

	if (error)
		netpol_world_free(edit->world, object, kind);
	return error;
}

/* The memory that an object is charged for. Label sets are shared, but count for each object. */
static u64 object_bytes(u32 kind, const void *object)
{
	const struct netpol_namespace *namespace = object;
	const struct netpol_policy *policy = object;
	const struct netpol_pod *pod = object;
	u64 bytes = 0;
	u32 i, j;

	if (!object)
		return 0;
	switch (kind) {
	case NETPOL_CHANGE_NAMESPACE:
		return sizeof(*namespace) +
		       namespace->labels->count * sizeof(*namespace->labels->label);
	case NETPOL_CHANGE_POD:
		return netpol_pod_size(pod->naddress6 * 16 + pod->naddress4 * 4,
				       strlen(netpol_pod_name(pod))) +
		       pod->template->labels->count * sizeof(void *);
	}
	for (i = 0; i < policy->nrules; i++) {
		for (j = 0; j < policy->rule[i].npeers; j++) {
			if (policy->rule[i].peer[j].block)
				bytes += sizeof(struct netpol_block);
			netpol_offer(j);
		}
		netpol_offer(i);
	}
	return bytes + sizeof(*policy) + policy->nrules * sizeof(*policy->rule) +
	       policy->npeers * sizeof(struct netpol_block_except) +
	       policy->nports * sizeof(struct netpol_rule_port) +
	       (policy->subject->count + (policy->namespaces ? policy->namespaces->count : 0)) *
	       sizeof(*policy->subject->requirement);
}

/*
 * Puts @object in the place of @old in its table, and notes the change; either may be NULL.
 * @kind: enum netpol_object_kind; @retire: enum netpol_world_retire, of the same object.
 * Return: 0, -ENOMEM or -ENOSPC.
 */
static int edit_swap(struct netpol_edit *edit, struct netpol_table_edit *table, u32 kind,
		     u8 retire, void *old, void *object, u32 hash, u8 origin)
{
	struct netpol_world *world = edit->world;
	u64 before = object_bytes(kind, old), after = object_bytes(kind, object);
	int error;

	if (after > before &&
	    world->bytes + after - before > world->limit[NETPOL_LIMIT_BYTES])
		return netpol_fail(edit->fault, -ENOSPC,
				   "objects take more than %llu bytes of memory",
				   (unsigned long long)world->limit[NETPOL_LIMIT_BYTES]);
	if (old) {
		error = netpol_retire_add_sized(&edit->cow.retired, old, retire, before);
		if (error)
			return error;
	}
	error = netpol_log_change(&edit->objects, kind, old, object);
	if (error)
		return error;
	if (old && object)
		error = netpol_table_replace(table, old, object);
	else if (object)
		error = netpol_table_insert(table, object, hash);
	else
		error = netpol_table_remove(table, old);
	if (error) {
		edit->objects.count--;
		return error;
	}
	edit->next->origin[origin].objects += !!object - !!old;
	world->bytes += after - before;
	return 0;
}

/**
 * netpol_edit_expect() - make room for objects, so that no table grows while they come
 * @edit: edit
 * @namespaces: how many Namespace objects are to come at most
 * @pods: how many pods
 * @policies: how many policies
 *
 * Return: 0, -ENOMEM, or -ENOSPC for more than a table holds.
 */
int netpol_edit_expect(struct netpol_edit *edit, u32 namespaces, u32 pods, u32 policies)
{
	int error = netpol_log_expect_changes(&edit->objects, namespaces + pods + policies);

	if (!error)
		error = netpol_table_reserve(&edit->namespaces,
					     max(edit->namespaces.count, namespaces));
	if (!error)
		error = netpol_table_reserve(&edit->pods, max(edit->pods.count, pods));
	if (!error)
		error = netpol_table_reserve(&edit->policies,
					     max(edit->policies.count, policies));
	return error;
}

static bool namespace_match(const void *value, const void *key)
{
	const struct netpol_namespace *a = value, *b = key;

	return a->ns == b->ns && a->origin == b->origin;
}

/**
 * netpol_edit_namespace() - add or replace a Namespace object
 * @edit: edit
 * @namespace: object; belongs to the edit, also on failure
 *
 * Return: 0, -ENOMEM or -ENOSPC.
 */
int netpol_edit_namespace(struct netpol_edit *edit, struct netpol_namespace *namespace)
{
	struct netpol_world *world = edit->world;
	struct netpol_namespace *old;
	int error;

	namespace->origin = edit->origin;
	namespace->mark = edit->serial;
	error = edit_own(edit, namespace, NETPOL_RETIRE_NAMESPACE);
	if (error)
		return error;
	old = netpol_table_edit_find(&edit->namespaces, namespace->hash, namespace_match,
				     namespace);
	if (old && old->labels == namespace->labels) {
		old->mark = edit->serial;
		return netpol_retire_add(&edit->cow.retired, namespace,
					 NETPOL_RETIRE_NAMESPACE);
	}
	if (!old && edit->namespaces.count >= world->limit[NETPOL_LIMIT_NAMESPACES])
		return netpol_fail(edit->fault, -ENOSPC,
				   "namespace %s: more than %llu namespaces",
				   namespace->ns->name, (unsigned long long)
				   world->limit[NETPOL_LIMIT_NAMESPACES]);
	return edit_swap(edit, &edit->namespaces, NETPOL_CHANGE_NAMESPACE,
			 NETPOL_RETIRE_NAMESPACE, old, namespace, namespace->hash,
			 edit->origin);
}

static bool pod_match(const void *value, const void *key)
{
	const struct netpol_pod *a = value, *b = key;

	return a->origin == b->origin && netpol_pod_same_name(a, b);
}

/* Is there room for one more pod, or for another version of one? Return: 0 or -ENOSPC. */
static int pod_limits(struct netpol_edit *edit, const struct netpol_pod *pod,
		      bool fresh)
{
	struct netpol_world *world = edit->world;
	const char *what = NULL;
	u32 limit = 0;

	if (fresh && edit->pods.count >= world->limit[NETPOL_LIMIT_PODS]) {
		limit = NETPOL_LIMIT_PODS;
		what = "pods";
	} else if (fresh && pod->template->ns->npods >=
		   world->limit[NETPOL_LIMIT_PODS_PER_NAMESPACE]) {
		limit = NETPOL_LIMIT_PODS_PER_NAMESPACE;
		what = "pods in one namespace";
	} else if (edit->addresses + netpol_pod_addresses(pod) >
		   world->limit[NETPOL_LIMIT_ADDRESSES]) {
		limit = NETPOL_LIMIT_ADDRESSES;
		what = "addresses";
	}
	if (!what)
		return 0;
	return netpol_fail(edit->fault, -ENOSPC, "pod %s/%s: more than %llu %s",
			   pod->template->ns->name, netpol_pod_name(pod),
			   (unsigned long long)world->limit[limit], what);
}

/**
 * netpol_edit_pod() - add or replace a pod
 * @edit: edit
 * @pod: object; belongs to the edit, also on failure
 *
 * Return: 0, -ENOMEM or -ENOSPC.
 */
int netpol_edit_pod(struct netpol_edit *edit, struct netpol_pod *pod)
{
	struct netpol_pod *old;
	bool same_uid;
	int error;

	pod->origin = edit->origin;
	pod->mark = edit->serial;
	error = edit_own(edit, pod, NETPOL_RETIRE_POD);
	if (error)
		return error;
	old = netpol_table_edit_find(&edit->pods, pod->hash, pod_match, pod);
	if (old && netpol_pod_equal(old, pod)) {
		old->mark = edit->serial;
		return netpol_retire_add(&edit->cow.retired, pod, NETPOL_RETIRE_POD);
	}
	if (old)
		edit->addresses -= netpol_pod_addresses(old);
	error = pod_limits(edit, pod, !old);
	if (error)
		return error;
	edit->addresses += netpol_pod_addresses(pod);
	same_uid = old && !memcmp(old->uid, pod->uid, sizeof(pod->uid));
	pod->arrived = same_uid ? old->arrived : ++edit->world->arrivals;
	/* this keeps @gone: setting the same pod again does not bring its interface back */
	if (same_uid && old->runtime && pod->runtime && old->ifindex == pod->ifindex)
		netpol_pod_share_runtime(pod, old);
	error = edit_swap(edit, &edit->pods, NETPOL_CHANGE_POD, NETPOL_RETIRE_POD, old,
			  pod, pod->hash, edit->origin);
	if (!error && !old)
		pod->template->ns->npods++;
	return error;
}

static bool policy_match(const void *value, const void *key)
{
	const struct netpol_policy *a = value, *b = key;

	return a->ns == b->ns && a->origin == b->origin && a->kind == b->kind &&
	       !strcmp(a->name, b->name);
}

/*
 * Does policy @a come before @b in order? Cluster-wide ones by tier, priority, name and origin, the
 * winning one first; NetworkPolicies, whose order decides nothing, by origin and name.
 */
static bool policy_before(const struct netpol_edit *edit, const struct netpol_policy *a,
			  const struct netpol_policy *b)
{
	int names = strcmp(a->name, b->name);

	if (a->tier != b->tier)
		return a->tier < b->tier;
	if (a->priority != b->priority)
		return a->priority < b->priority;
	if (a->namespaces && names)
		return names < 0;
	if (a->origin != b->origin)
		return netpol_origin_wins(edit->next, a->origin, b->origin);
	return names < 0;
}

/* Counts the peers of a policy, and the keys that they name, as loaded or as no longer loaded. */
static void count_peers(struct netpol_policy *policy, int change)
{
	u32 i, j, k;

	for (i = 0; i < policy->nrules; i++) {
		for (j = 0; j < policy->rule[i].npeers; j++) {
			struct netpol_peer *peer = policy->rule[i].peer[j].pods;

			netpol_offer(j);
			if (!peer)
				continue;
			peer->users += change;
			for (k = 0; peer->pods && k < peer->pods->count; k++)
				peer->pods->requirement[k].key->namers += change;
		}
		cond_resched();
	}
}

/* What the sorting of policies needs. */
struct policy_sorting {
	const struct netpol_edit *edit;
	u32 steps;
};

static int policy_compare(void *priv, const struct list_head *a, const struct list_head *b)
{
	struct policy_sorting *sorting = priv;

	netpol_offer(sorting->steps++);
	return policy_before(sorting->edit, list_entry(b, struct netpol_policy, node),
			     list_entry(a, struct netpol_policy, node));
}

/**
 * netpol_policies_settle() - put the policies of a namespace in order
 * @edit: edit
 * @ns: namespace
 *
 * Those that came since the last time are sorted, and then merged with the others. So the order in
 * which tenants write policies does not matter: to find the place of each one at once would cost a
 * walk of the list for every policy that does not come behind all others.
 */
void netpol_policies_settle(const struct netpol_edit *edit, struct netpol_ns *ns)
{
	struct policy_sorting sorting = { .edit = edit };
	struct list_head *place, *last;

	/* mostly they come in order */
	while (!list_empty(&ns->fresh) &&
	       (list_empty(&ns->policies) ||
		policy_compare(&sorting, ns->policies.prev, ns->fresh.next) <= 0))
		list_move_tail(ns->fresh.next, &ns->policies);
	if (list_empty(&ns->fresh))
		return;
	place = ns->policies.prev;
	list_sort(&sorting, &ns->fresh, policy_compare);
	while (!list_empty(&ns->fresh)) {
		last = ns->fresh.prev;
		while (place != &ns->policies &&
		       policy_before(edit, list_entry(last, struct netpol_policy, node),
				     list_entry(place, struct netpol_policy, node))) {
			place = place->prev;
			netpol_offer(sorting.steps++);
		}
		list_move(last, place);
	}
}

static void policy_attach(struct netpol_policy *policy)
{
	list_add_tail(&policy->node, &policy->ns->fresh);
	policy->ns->npolicies++;
	count_peers(policy, 1);
}

static void policy_detach(struct netpol_policy *policy)
{
	list_del_init(&policy->node);
	policy->ns->npolicies--;
	count_peers(policy, -1);
}

/* Is a policy within the limits? @fresh: it is no new version of one. Return: 0 or -ENOSPC. */
static int policy_limits(struct netpol_edit *edit, const struct netpol_policy *policy,
			 bool fresh)
{
	struct netpol_world *world = edit->world;
	const char *what = NULL;
	u32 limit = 0;

	if (fresh && edit->policies.count >= world->limit[NETPOL_LIMIT_POLICIES]) {
		limit = NETPOL_LIMIT_POLICIES;
		what = "policies";
	} else if (fresh && policy->ns->npolicies >=
		   world->limit[NETPOL_LIMIT_POLICIES_PER_NAMESPACE]) {
		limit = NETPOL_LIMIT_POLICIES_PER_NAMESPACE;
		what = "policies in one namespace";
	} else if (policy->nrules > world->limit[NETPOL_LIMIT_RULES_PER_POLICY]) {
		limit = NETPOL_LIMIT_RULES_PER_POLICY;
		what = "rules";
	} else if (policy->npeers > world->limit[NETPOL_LIMIT_PEERS_PER_POLICY]) {
		limit = NETPOL_LIMIT_PEERS_PER_POLICY;
		what = "peers and excepts";
	} else if (policy->nports > world->limit[NETPOL_LIMIT_PORTS_PER_POLICY]) {
		limit = NETPOL_LIMIT_PORTS_PER_POLICY;
		what = "ports";
	}
	if (!what)
		return 0;
	return netpol_fail(edit->fault, -ENOSPC, "policy %s%s%s: more than %llu %s",
			   policy->ns->name, netpol_policy_slash(policy), policy->name,
			   (unsigned long long)world->limit[limit], what);
}

/**
 * netpol_edit_policy() - add or replace a policy
 * @edit: edit
 * @policy: object, filled; belongs to the edit, also on failure
 *
 * Return: 0, -ENOMEM or -ENOSPC.
 */
int netpol_edit_policy(struct netpol_edit *edit, struct netpol_policy *policy)
{
	struct netpol_policy *old;
	int error;

	policy->origin = edit->origin;
	policy->mark = edit->serial;
	error = edit_own(edit, policy, NETPOL_RETIRE_POLICY);
	if (error)
		return error;
	/* a policy may have very many peers to compare */
	cond_resched();
	old = netpol_table_edit_find(&edit->policies, policy->hash, policy_match, policy);
	if (old && netpol_policy_equal(old, policy)) {
		old->mark = edit->serial;
		return netpol_retire_add(&edit->cow.retired, policy,
					 NETPOL_RETIRE_POLICY);
	}
	error = policy_limits(edit, policy, !old);
	if (error)
		return error;
	if (old)
		netpol_policy_share_hits(policy, old);
	error = edit_swap(edit, &edit->policies, NETPOL_CHANGE_POLICY,
			  NETPOL_RETIRE_POLICY, old, policy, policy->hash, edit->origin);
	if (error)
		return error;
	if (old)
		policy_detach(old);
	policy_attach(policy);
	policy->set = edit->serial;
	policy->ns->policies_changed = edit->serial;
	return 0;
}

/**
 * netpol_edit_settings() - replace the settings
 * @edit: edit
 * @settings: settings after netpol_settings_finish(); belong to the edit, also on failure
 *
 * Return: 0 or -ENOMEM.
 */
int netpol_edit_settings(struct netpol_edit *edit, struct netpol_settings *settings)
{
	int error;

	settings->origin = edit->origin;
	error = edit_own(edit, settings, NETPOL_RETIRE_SETTINGS);
	if (!error)
		error = netpol_retire_add(&edit->cow.retired,
					  (void *)edit->next->settings,
					  NETPOL_RETIRE_SETTINGS);
	if (!error)
		edit->next->settings = settings;
	return error;
}

/* Replaces the audits, which belong to the edit, also on failure. Return: 0 or a negative errno. */
static int edit_audits(struct netpol_edit *edit, struct netpol_audits *audits)
{
	int error;

	error = edit_own(edit, audits, NETPOL_RETIRE_AUDITS);
	if (!error && audits->count > NETPOL_AUDITS_MAX)
		error = netpol_fail(edit->fault, -ENOSPC, "more than %u audits",
				    NETPOL_AUDITS_MAX);
	if (!error && edit->next->audits)
		error = netpol_retire_add_sized(&edit->cow.retired, (void *)edit->next->audits,
						NETPOL_RETIRE_AUDITS,
						struct_size(audits, audit,
							    edit->next->audits->count));
	if (error)
		return error;
	edit->next->audits = audits;
	return 0;
}

/**
 * netpol_edit_audit() - begin an audit, or change the end of one
 * @edit: edit
 * @audit: the audit, which ends later than now; copied, with a reference of its own
 *
 * Return: 0; -ENOMEM; -ENOSPC for one too many.
 */
int netpol_edit_audit(struct netpol_edit *edit, const struct netpol_audit *audit)
{
	struct netpol_audits *audits = netpol_audits_with(edit->next->audits, edit->next->now,
							  audit);

	return IS_ERR(audits) ? PTR_ERR(audits) : edit_audits(edit, audits);
}

/**
 * netpol_edit_audit_end() - end an audit
 * @edit: edit
 * @audit: what it is about
 *
 * Return: 0; -ENOENT: there is none; -ENOMEM.
 */
int netpol_edit_audit_end(struct netpol_edit *edit, const struct netpol_audit *audit)
{
	struct netpol_audits *audits = netpol_audits_without(edit->next->audits, edit->next->now,
							     audit);

	return IS_ERR(audits) ? PTR_ERR(audits) : edit_audits(edit, audits);
}

static int remove_namespace(struct netpol_edit *edit, struct netpol_namespace *old)
{
	return edit_swap(edit, &edit->namespaces, NETPOL_CHANGE_NAMESPACE,
			 NETPOL_RETIRE_NAMESPACE, old, NULL, 0, old->origin);
}

static int remove_pod(struct netpol_edit *edit, struct netpol_pod *old)
{
	int error = edit_swap(edit, &edit->pods, NETPOL_CHANGE_POD, NETPOL_RETIRE_POD,
			      old, NULL, 0, old->origin);

	if (error)
		return error;
	old->template->ns->npods--;
	edit->addresses -= netpol_pod_addresses(old);
	return 0;
}

static int remove_policy(struct netpol_edit *edit, struct netpol_policy *old)
{
	int error = edit_swap(edit, &edit->policies, NETPOL_CHANGE_POLICY,
			      NETPOL_RETIRE_POLICY, old, NULL, 0, old->origin);

	if (error)
		return error;
	policy_detach(old);
	old->ns->policies_changed = edit->serial;
	return 0;
}

/* Deletes the origin's Namespace object if there is one. Return: 0 or -ENOMEM. */
int netpol_edit_delete_namespace(struct netpol_edit *edit, struct netpol_text name)
{
	struct netpol_namespace key = {
		.ns = netpol_ns_find(edit->world, name),
		.origin = edit->origin,
	};
	struct netpol_namespace *old;

	if (!key.ns)
		return 0;
	old = netpol_table_edit_find(&edit->namespaces, key.ns->interned.hash,
				     namespace_match, &key);
	return old ? remove_namespace(edit, old) : 0;
}

/**
 * netpol_edit_delete_pod() - delete the origin's pod if there is one
 * @edit: edit
 * @ns: namespace
 * @name: name
 * @uid: delete the pod only if it has this uid; NULL: whatever uid it has
 *
 * Return: 0 or -ENOMEM.
 */
int netpol_edit_delete_pod(struct netpol_edit *edit, struct netpol_text ns,
			   struct netpol_text name, const u8 *uid)
{
	struct netpol_ns *found = netpol_ns_find(edit->world, ns);
	struct netpol_pod *pod;
	u32 cursor = 0, hash;

	if (!found)
		return 0;
	hash = netpol_name_hash(found, name);
	while ((pod = netpol_table_edit_for_each(&edit->pods, hash, &cursor))) {
		if (pod->origin != edit->origin || pod->template->ns != found ||
		    strlen(netpol_pod_name(pod)) != name.length ||
		    memcmp(netpol_pod_name(pod), name.data, name.length))
			continue;
		if (uid && memcmp(uid, pod->uid, sizeof(pod->uid)))
			return 0;
		return remove_pod(edit, pod);
	}
	return 0;
}

/* Deletes the origin's policy if there is one. Return: 0 or -ENOMEM. */
int netpol_edit_delete_policy(struct netpol_edit *edit, u8 kind, struct netpol_text ns,
			      struct netpol_text name)
{
	struct netpol_ns *found = netpol_ns_find(edit->world, ns);
	struct netpol_policy *policy;
	u32 cursor = 0, hash;

	if (!found)
		return 0;
	hash = netpol_name_hash(found, name);
	while ((policy = netpol_table_edit_for_each(&edit->policies, hash, &cursor))) {
		if (policy->origin == edit->origin && policy->kind == kind &&
		    policy->ns == found && strlen(policy->name) == name.length &&
		    !memcmp(policy->name, name.data, name.length))
			return remove_policy(edit, policy);
	}
	return 0;
}

/**
 * struct sweep_list - objects to remove
 * @object: the objects
 * @count: how many
 * @size: room for how many
 */
struct sweep_list {
	void **object;
	u32 count;
	u32 size;
};

/*
 * Lists the objects of a table that are to be removed; this comes before the first is removed,
 * because a removal moves others in the table. @doomed: NULL for all. Return: 0 or -ENOMEM.
 */
static int sweep_find(struct netpol_edit *edit, struct netpol_table_edit *table,
		      bool (*doomed)(const struct netpol_edit *edit, const void *value),
		      struct sweep_list *list)
{
	void *value;
	u32 i;

	list->count = 0;
	for (i = 0; table->count && i <= table->mask; i++) {
		value = netpol_table_edit_slot(table, i);
		if (i % 1024 == 0)
			cond_resched();
		if (!value || (doomed && !doomed(edit, value)))
			continue;
		if (netpol_array_reserve((void **)&list->object, list->count, &list->size,
					 list->count + 1, sizeof(*list->object)))
			return -ENOMEM;
		list->object[list->count++] = value;
	}
	return 0;
}

static bool namespace_doomed(const struct netpol_edit *edit, const void *value)
{
	const struct netpol_namespace *namespace = value;

	return namespace->origin == edit->origin && namespace->mark != edit->serial;
}

static bool pod_doomed(const struct netpol_edit *edit, const void *value)
{
	const struct netpol_pod *pod = value;

	return pod->origin == edit->origin && pod->mark != edit->serial;
}

static bool policy_doomed(const struct netpol_edit *edit, const void *value)
{
	const struct netpol_policy *policy = value;

	return policy->origin == edit->origin && policy->mark != edit->serial;
}

/* Removes the objects that the origin had and the edit did not set, or @all objects. */
static int edit_sweep(struct netpol_edit *edit, bool all)
{
	struct sweep_list list = {};
	int error;
	u32 i;

	error = sweep_find(edit, &edit->policies, all ? NULL : policy_doomed, &list);
	for (i = 0; !error && i < list.count; i++)
		error = remove_policy(edit, list.object[i]);
	if (!error)
		error = sweep_find(edit, &edit->pods, all ? NULL : pod_doomed, &list);
	for (i = 0; !error && i < list.count; i++)
		error = remove_pod(edit, list.object[i]);
	if (!error)
		error = sweep_find(edit, &edit->namespaces, all ? NULL : namespace_doomed,
				   &list);
	for (i = 0; !error && i < list.count; i++)
		error = remove_namespace(edit, list.object[i]);
	netpol_free(list.object);
	return error;
}

/* Removes the objects that the origin had and this edit did not set. Return: 0 or -ENOMEM. */
int netpol_edit_sweep(struct netpol_edit *edit)
{
	return edit_sweep(edit, false);
}

/*
 * Removes every object of every origin, ends all audits, and returns the settings to their
 * defaults. Return: 0 or -ENOMEM.
 */
int netpol_edit_clear(struct netpol_edit *edit)
{
	struct netpol_settings *settings = netpol_settings_create();
	struct netpol_audits *audits;
	int error;
	u32 i;

	if (!settings)
		return -ENOMEM;
	for (i = 0; i < NETPOL_ORIGINS; i++)
		edit->next->origin[i].generation = edit->next->generation;
	error = netpol_edit_settings(edit, settings);
	if (error || !edit->next->audits)
		return error ? error : edit_sweep(edit, true);
	audits = netpol_alloc(sizeof(*audits));
	if (!audits)
		return -ENOMEM;
	error = edit_audits(edit, audits);
	return error ? error : edit_sweep(edit, true);
}

/**
 * netpol_edit_prepare() - bring everything that packets read up to date
 * @edit: filled
 *
 * Return: 0, after which netpol_edit_publish() cannot fail; -ENOMEM; -ENOSPC over a limit.
 */
int netpol_edit_prepare(struct netpol_edit *edit)
{
	const struct netpol_snapshot *base = edit->world->snapshot;
	int error;

	if (edit->next->audits != base->audits || edit->ended)
		netpol_audits_mark(base->audits, base->now, edit->next->audits, edit->next->now,
				   edit->serial);
	if (edit->origin < NETPOL_ORIGINS)
		edit->next->origin[edit->origin].generation = edit->next->generation;
	error = netpol_derive_namespaces(edit);
	if (!error)
		error = netpol_derive_keys(edit);
	if (!error)
		error = netpol_derive_pods(edit);
	if (!error)
		error = netpol_derive_addresses(edit);
	if (!error)
		error = netpol_derive_peers(edit);
	if (!error)
		error = netpol_derive_programs(edit);
	return error;
}

/* Frees an edit and its notes, but nothing that they are about. */
static void edit_free(struct netpol_edit *edit)
{
	netpol_free(edit->objects.change);
	netpol_free(edit->undo.undo);
	netpol_free(edit->touched.touched);
	netpol_free(edit->identities.split);
	netpol_free(edit->relabelled.ns);
	netpol_free(edit->affected.split);
	netpol_free(edit);
}

/* What new versions of policies don't take over from the old ones, whose counters they share. */
static void policies_succeed(struct netpol_edit *edit)
{
	const struct netpol_change *change;
	u32 i;

	for (i = 0; i < edit->objects.count; i++) {
		change = &edit->objects.change[i];
		if (change->kind == NETPOL_CHANGE_POLICY && change->old && change->object)
			netpol_policy_succeed(change->object, change->old);
		netpol_offer(i);
	}
}

/**
 * netpol_edit_publish() - make the prepared snapshot the world's
 * @edit: prepared; freed
 *
 * Cannot fail. The caller publishes the snapshot to packets and, after a grace period, gives
 * the reference on the snapshot before back by netpol_snapshot_put().
 *
 * Return: the snapshot, which is world->snapshot now.
 */
struct netpol_snapshot *netpol_edit_publish(struct netpol_edit *edit)
{
	struct netpol_snapshot *next = edit->next, *old = edit->world->snapshot;
	struct netpol_program *program, *next_program;
	struct netpol_world *world = edit->world;
	struct netpol_ns *ns;
	bool doubts = false, ranges;

	netpol_table_edit_done(&edit->namespaces, &next->namespaces);
	netpol_table_edit_done(&edit->pods, &next->pods);
	netpol_table_edit_done(&edit->policies, &next->policies);
	netpol_table_edit_done(&edit->claims, &next->claims);
	netpol_addrmap_edit_done(&edit->addrmap[0], &next->addrmap[0]);
	netpol_addrmap_edit_done(&edit->addrmap[1], &next->addrmap[1]);
	netpol_addrmap_edit_done(&edit->interfaces, &next->interfaces);
	next->locals = netpol_pages_edit_done(&edit->locals);
	next->ports = netpol_pages_edit_done(&edit->ports);
	list_for_each_entry(program, &world->programs, node) {
		program->ns->program_bytes = program->ns->edit_bytes;
		doubts |= program->doubts;
	}
	list_for_each_entry_safe(program, next_program, &edit->unused, node) {
		ns = program->ns;
		ns->program_bytes = ns->edit_serial == edit->serial ? ns->edit_bytes : 0;
		list_del_init(&program->node);
	}
	next->plain = next->nlocals &&
		      next->settings->established == NETPOL_ESTABLISHED_CUT;
	ranges = doubts && (next->settings->nguards || next->settings->nranges);
	next->guarded = (next->settings->unknown == NETPOL_UNKNOWN_DENY &&
			 (next->settings->nguards || next->settings->npatterns)) ||
			ranges;
	next->host_judged = !ranges && !next->settings->nhost_allow &&
			    next->settings->host_egress == NETPOL_HOST_EGRESS_ENFORCE;
	/* one reference is the world's, one that of the snapshot before */
	next->refs = 2;
	old->next = next;
	world->retired_bytes += edit->cow.retired.bytes;
	netpol_retire_move(&old->retired, &edit->cow.retired);
	netpol_retire_drop(&edit->cow.created);
	policies_succeed(edit);
	world->snapshot = next;
	netpol_undo_forget(edit);
	edit_free(edit);
	return next;
}

/* Takes the changes of objects back: the counts, and the order of policies. */
static void objects_undo(struct netpol_edit *edit)
{
	u32 i;

	for (i = edit->objects.count; i; i--) {
		const struct netpol_change *change = &edit->objects.change[i - 1];
		struct netpol_policy *policy = change->object, *old = change->old;
		struct netpol_pod *pod;

		edit->world->bytes += object_bytes(change->kind, change->old) -
				      object_bytes(change->kind, change->object);
		switch (change->kind) {
		case NETPOL_CHANGE_POD:
			pod = change->object ? change->object : change->old;
			pod->template->ns->npods += !!change->old - !!change->object;
			break;
		case NETPOL_CHANGE_POLICY:
			if (policy)
				policy_detach(policy);
			if (old)
				policy_attach(old);
			break;
		}
	}
}

/**
 * netpol_edit_abort() - give an edit up
 * @edit: edit in any state; freed
 *
 * Cannot fail. Afterwards the world is as it was before the edit began.
 */
void netpol_edit_abort(struct netpol_edit *edit)
{
	netpol_undo_run(edit);
	objects_undo(edit);
	netpol_table_edit_abort(&edit->namespaces);
	netpol_table_edit_abort(&edit->pods);
	netpol_table_edit_abort(&edit->policies);
	netpol_table_edit_abort(&edit->claims);
	netpol_addrmap_edit_abort(&edit->addrmap[0]);
	netpol_addrmap_edit_abort(&edit->addrmap[1]);
	netpol_addrmap_edit_abort(&edit->interfaces);
	netpol_pages_edit_abort(&edit->locals);
	netpol_pages_edit_abort(&edit->ports);
	netpol_world_run(edit->world, &edit->cow.created);
	netpol_retire_drop(&edit->cow.retired);
	netpol_free(edit->next);
	edit_free(edit);
}
