// SPDX-License-Identifier: GPL-2.0
/* The world and its snapshots; see world.h. */
#include "core/hash.h"
#include "core/world.h"

/*
 * The limits. They are far above the largest cluster that Kubernetes supports (150,000 pods,
 * 10,000 namespaces), and far below what would endanger a node.
 */
static const u64 default_limit[NETPOL_LIMIT_MAX + 1] = {
	[NETPOL_LIMIT_NAMESPACES] = 1 << 16,
	[NETPOL_LIMIT_PODS] = 1 << 19,
	[NETPOL_LIMIT_LOCAL_PODS] = 1 << 12,
	[NETPOL_LIMIT_POLICIES] = 1 << 17,
	[NETPOL_LIMIT_IDENTITIES] = 1 << 20,
	[NETPOL_LIMIT_ADDRESSES] = 1 << 20,
	[NETPOL_LIMIT_PODS_PER_NAMESPACE] = 1 << 18,
	[NETPOL_LIMIT_POLICIES_PER_NAMESPACE] = 1 << 16,
	[NETPOL_LIMIT_RULES_PER_POLICY] = 4096,
	[NETPOL_LIMIT_PEERS_PER_POLICY] = 1 << 16,
	[NETPOL_LIMIT_PORTS_PER_POLICY] = 1 << 16,
	[NETPOL_LIMIT_LABELS_PER_OBJECT] = 256,
	[NETPOL_LIMIT_PORTS_PER_POD] = 256,
	[NETPOL_LIMIT_ADDRESSES_PER_POD] = NETPOL_POD_ADDRESSES,
	[NETPOL_LIMIT_CELLS_PER_PROGRAM] = 1 << 22,
	[NETPOL_LIMIT_BYTES] = 1ULL << 30,
	[NETPOL_LIMIT_UNFREED_BYTES] = 256ULL << 20,
	[NETPOL_LIMIT_TRANSACTIONS] = 64,
	[NETPOL_LIMIT_GUARDS] = NETPOL_GUARDS_MAX,
	[NETPOL_LIMIT_PROGRAM_BYTES] = 256ULL << 20,
	[NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE] = 64ULL << 20,
};

/* The intern tables of a world, one after the other; NULL after the last. */
static struct netpol_intern *world_table(struct netpol_world *world, u32 i)
{
	struct netpol_intern *table[] = {
		&world->keys, &world->labels, &world->label_sets, &world->port_names,
		&world->port_sets, &world->selectors, &world->peers, &world->ns_names,
		&world->templates, &world->identities,
	};

	return i < ARRAY_SIZE(table) ? table[i] : NULL;
}

/**
 * netpol_world_free() - free one object; a callback of netpol_retire_run()
 * @context: struct netpol_world, locked
 * @object: object that nobody can see any more
 * @kind: enum netpol_world_retire
 */
void netpol_world_free(void *context, void *object, u8 kind)
{
	struct netpol_world *world = context;

	switch (kind) {
	case NETPOL_RETIRE_NAMESPACE:
		netpol_namespace_free(world, object);
		break;
	case NETPOL_RETIRE_POD:
		netpol_pod_free(world, object);
		break;
	case NETPOL_RETIRE_POLICY:
		netpol_policy_free(world, object);
		break;
	case NETPOL_RETIRE_PROGRAM:
		netpol_program_free(world, object);
		break;
	case NETPOL_RETIRE_SETTINGS:
		netpol_settings_free(object);
		break;
	case NETPOL_RETIRE_AUDITS:
		netpol_audits_free(world, object);
		break;
	}
}

/* Frees what is on a retire list of a world, which is locked. */
void netpol_world_run(struct netpol_world *world, struct netpol_retire_list *list)
{
	netpol_retire_run(list, netpol_world_free, world);
}

/* Gives back what a world has of itself. Each may be NULL. */
static void put_own(struct netpol_world *world)
{
	if (world->unknown)
		netpol_peer_put(world, world->unknown);
	if (world->cluster)
		netpol_ns_put(world, world->cluster);
	netpol_percpu_free(world->unmatched);
}

/*
 * Makes an empty world, with a snapshot of generation 0 that the caller publishes. Return: NULL
 * without memory.
 */
struct netpol_world *netpol_world_create(void)
{
	struct netpol_world *world = netpol_alloc(sizeof(*world));
	struct netpol_settings *settings;
	struct netpol_intern *table;
	u32 i;

	if (!world)
		return NULL;
	INIT_LIST_HEAD(&world->active_peers);
	INIT_LIST_HEAD(&world->programs);
	memcpy(world->limit, default_limit, sizeof(world->limit));
	for (i = 0; (table = world_table(world, i)); i++)
		if (netpol_intern_init(table))
			goto fail;
	world->snapshot = netpol_alloc(sizeof(*world->snapshot));
	settings = netpol_settings_create();
	if (!world->snapshot || !settings) {
		netpol_settings_free(settings);
		goto fail;
	}
	world->snapshot->settings = settings;
	world->snapshot->refs = 1;
	world->cluster = netpol_ns_get(world, (struct netpol_text){ "", 0 });
	world->unknown = netpol_peer_get(world, NULL, NULL, NULL);
	world->unmatched = netpol_percpu_alloc(sizeof(u64));
	if (!world->cluster || !world->unknown || !world->unmatched)
		goto fail_snapshot;
	/* it stays on the list of active peers, whatever policies there are */
	world->unknown->users = 1;
	return world;
fail_snapshot:
	put_own(world);
	netpol_free(world->ns);
	netpol_settings_free(settings);
fail:
	for (i = 0; (table = world_table(world, i)); i++)
		netpol_intern_exit(table);
	netpol_free(world->snapshot);
	netpol_free(world);
	return NULL;
}

static void free_table(struct netpol_world *world, struct netpol_table *table, u8 kind)
{
	u32 i;

	for (i = 0; table->slots && i <= table->mask; i++) {
		void *object = (void *)netpol_table_slot(table, i);

		if (object)
			netpol_world_free(world, object, kind);
		if (i % 1024 == 0)
			cond_resched();
	}
	netpol_table_free_all(table);
}

/**
 * netpol_world_destroy() - free a world and everything in it
 * @world: world whose snapshot no packet and no reader can see any more
 */
void netpol_world_destroy(struct netpol_world *world)
{
	struct netpol_snapshot *snapshot = world->snapshot;
	struct netpol_program *program, *next_program;
	struct netpol_policy *policy;
	struct netpol_intern *table;
	u32 i;

	WARN_ON_ONCE(snapshot->refs != 1);
	while (netpol_world_reap(world))
		;
	list_for_each_entry_safe(program, next_program, &world->programs, node) {
		netpol_program_free(world, program);
		cond_resched();
	}
	for (i = 0; snapshot->policies.slots && i <= snapshot->policies.mask; i++) {
		policy = (void *)netpol_table_slot(&snapshot->policies, i);
		if (policy)
			list_del_init(&policy->node);
		netpol_offer(i);
	}
	netpol_table_free_all(&snapshot->claims);
	free_table(world, &snapshot->pods, NETPOL_RETIRE_POD);
	free_table(world, &snapshot->policies, NETPOL_RETIRE_POLICY);
	free_table(world, &snapshot->namespaces, NETPOL_RETIRE_NAMESPACE);
	netpol_addrmap_free_all(&snapshot->addrmap[0]);
	netpol_addrmap_free_all(&snapshot->addrmap[1]);
	netpol_addrmap_free_all(&snapshot->interfaces);
	netpol_pages_free_all(snapshot->locals);
	netpol_pages_free_all(snapshot->ports);
	netpol_settings_free((struct netpol_settings *)snapshot->settings);
	netpol_audits_free(world, (struct netpol_audits *)snapshot->audits);
	netpol_free(snapshot);
	put_own(world);
	for (i = 0; (table = world_table(world, i)); i++)
		netpol_intern_exit(table);
	netpol_idset_free(&world->loaded_namespaces);
	netpol_idset_free(&world->loaded_identities);
	netpol_idset_free(&world->slots);
	netpol_free(world->active_label);
	netpol_free(world->template);
	netpol_free(world->identity);
	netpol_free(world->blocks);
	netpol_free(world->ns);
	netpol_free(world);
}

/* Takes a reference on a snapshot, for a reader that gives up the RCU read lock. World locked. */
struct netpol_snapshot *netpol_snapshot_get(struct netpol_snapshot *snapshot)
{
	snapshot->refs++;
	return snapshot;
}

/**
 * netpol_snapshot_drop() - give a reference back, and leave the freeing to others
 * @world: world, locked
 * @snapshot: snapshot; NULL does nothing
 *
 * When a newer snapshot is published, the reference of the world is given back after a grace
 * period, so that packets that still read the old one are done. What nobody needs any more then
 * is left to netpol_world_reap().
 */
void netpol_snapshot_drop(struct netpol_world *world, struct netpol_snapshot *snapshot)
{
	struct netpol_snapshot *next;

	/* each snapshot holds a reference on the next one, so they are freed in order */
	for (; snapshot && !--snapshot->refs; snapshot = next) {
		next = snapshot->next;
		netpol_retire_move(&world->unread, &snapshot->retired);
		netpol_free(snapshot);
	}
}

/*
 * Frees some of what no snapshot needs any more, oldest first. Return: is there more? World
 * locked. May sleep.
 */
bool netpol_world_reap(struct netpol_world *world)
{
	world->retired_bytes -= netpol_retire_step(&world->unread, netpol_world_free, world);
	return world->unread.first;
}

/* Gives a reference back, and frees what nobody needs any more. World locked. May sleep. */
void netpol_snapshot_put(struct netpol_world *world, struct netpol_snapshot *snapshot)
{
	netpol_snapshot_drop(world, snapshot);
	while (netpol_world_reap(world))
		;
}

/* The number of the origin of this name, or -ENOENT. */
int netpol_world_origin(struct netpol_snapshot *snapshot, const char *name)
{
	int i;

	for (i = 0; i < NETPOL_ORIGINS; i++)
		if (!strcmp(snapshot->origin[i].name, name))
			return i;
	return -ENOENT;
}

/* How much of a limit is in use; 0 for a limit on single objects. World locked. */
u64 netpol_world_used(const struct netpol_world *world, u32 limit)
{
	const struct netpol_snapshot *snapshot = world->snapshot;

	switch (limit) {
	case NETPOL_LIMIT_NAMESPACES:
		return snapshot->namespaces.count;
	case NETPOL_LIMIT_PODS:
		return snapshot->pods.count;
	case NETPOL_LIMIT_LOCAL_PODS:
		return snapshot->nlocals;
	case NETPOL_LIMIT_POLICIES:
		return snapshot->policies.count;
	case NETPOL_LIMIT_IDENTITIES:
		return world->nidentities;
	case NETPOL_LIMIT_ADDRESSES:
		return snapshot->claims.count;
	case NETPOL_LIMIT_BYTES:
		return world->bytes;
	case NETPOL_LIMIT_UNFREED_BYTES:
		return world->retired_bytes;
	case NETPOL_LIMIT_PROGRAM_BYTES:
		return snapshot->program_bytes + world->hits_bytes;
	default:
		return 0;
	}
}

/* Hashes of what the tables of a snapshot hold (netpol_table_hash_fn). */
u32 netpol_namespace_hash(const void *value)
{
	return ((const struct netpol_namespace *)value)->hash;
}

u32 netpol_pod_hash(const void *value)
{
	return ((const struct netpol_pod *)value)->hash;
}

u32 netpol_policy_hash(const void *value)
{
	return ((const struct netpol_policy *)value)->hash;
}

u32 netpol_claim_hash(const void *value)
{
	const struct netpol_pod *pod = netpol_claim_pod(value);
	const u8 *address;
	u8 family;

	address = netpol_pod_address(pod, (unsigned long)value & NETPOL_CLAIM_MASK,
				     &family);
	return netpol_address_hash(family, address);
}

/* Does origin @a win over origin @b? "kube" wins over all others, then the lower name does. */
bool netpol_origin_wins(const struct netpol_snapshot *snapshot, u8 a, u8 b)
{
	const char *left = snapshot->origin[a].name, *right = snapshot->origin[b].name;

	if (a == b)
		return false;
	if (!strcmp(left, "kube") || !strcmp(right, "kube"))
		return !strcmp(left, "kube");
	return strcmp(left, right) < 0;
}

/* Is there the same pod of an origin that wins over this pod's? */
bool netpol_pod_shadowed(const struct netpol_snapshot *snapshot,
			 const struct netpol_pod *pod)
{
	const struct netpol_pod *other;
	u32 cursor = 0;

	while ((other = netpol_table_for_each(&snapshot->pods, pod->hash, &cursor,
					      netpol_pod_hash)))
		if (netpol_pod_same_name(pod, other) &&
		    netpol_origin_wins(snapshot, other->origin, pod->origin))
			return true;
	return false;
}

/* Is there the same Namespace object of an origin that wins over this one's? */
bool netpol_namespace_shadowed(const struct netpol_snapshot *snapshot,
			       const struct netpol_namespace *namespace)
{
	const struct netpol_namespace *other;
	u32 cursor = 0;

	while ((other = netpol_table_for_each(&snapshot->namespaces, namespace->hash,
					      &cursor, netpol_namespace_hash)))
		if (other->ns == namespace->ns &&
		    netpol_origin_wins(snapshot, other->origin, namespace->origin))
			return true;
	return false;
}

/*
 * What a pod lacks in a direction, because of which it is closed; NULL: nothing. World locked: the
 * size is of the world as it is now.
 */
const struct netpol_lack *netpol_pod_lack(const struct netpol_snapshot *snapshot,
					  const struct netpol_pod *pod, u8 direction)
{
	const struct netpol_program *program;
	const struct netpol_local *local;

	if (!snapshot->locals || pod->slot >= snapshot->locals->count)
		return NULL;
	local = netpol_snapshot_local(snapshot, pod->slot);
	program = local->pod == pod ? local->program[direction] : NULL;
	return program && program->lacking ? &local->runtime->lack[direction] : NULL;
}

/* How many local pods lack something, and the @first of them. World locked. */
u32 netpol_world_lacking(const struct netpol_world *world, const struct netpol_pod **first)
{
	const struct netpol_snapshot *snapshot = world->snapshot;
	struct netpol_idset_walk walk;
	u32 slot, count = 0;

	*first = NULL;
	if (!snapshot->nlacking)
		return 0;
	netpol_idset_for_each(&world->slots, walk, slot) {
		const struct netpol_pod *pod = netpol_snapshot_local(snapshot, slot)->pod;

		netpol_offer(slot);
		if (!netpol_pod_lack(snapshot, pod, NETPOL_DIRECTION_INGRESS) &&
		    !netpol_pod_lack(snapshot, pod, NETPOL_DIRECTION_EGRESS))
			continue;
		if (!count++)
			*first = pod;
	}
	return count;
}

/* Does another pod own one of this pod's addresses? World locked. */
bool netpol_pod_conflict(const struct netpol_snapshot *snapshot,
			 const struct netpol_pod *pod)
{
	const struct netpol_pod *other;
	const void *claim;
	const u8 *address;
	u32 i, cursor;
	u8 family;

	for (i = 0; i < netpol_pod_addresses(pod); i++) {
		address = netpol_pod_address(pod, i, &family);
		cursor = 0;
		while ((claim = netpol_table_for_each(&snapshot->claims,
						      netpol_address_hash(family, address),
						      &cursor, netpol_claim_hash))) {
			other = netpol_claim_pod(claim);
			if (netpol_claim_is(claim, family, address) &&
			    !netpol_pod_same_name(other, pod) &&
			    !netpol_pod_shadowed(snapshot, other) &&
			    netpol_pod_owns(other, pod))
				return true;
		}
	}
	return false;
}

/**
 * netpol_snapshot_pod() - find a pod by its name
 * @world: world, locked
 * @snapshot: snapshot to look in
 * @ns: namespace
 * @name: name
 *
 * Return: the pod of the origin that wins, if several have it, or NULL.
 */
const struct netpol_pod *netpol_snapshot_pod(struct netpol_world *world,
					     const struct netpol_snapshot *snapshot,
					     struct netpol_text ns,
					     struct netpol_text name)
{
	struct netpol_ns *found = netpol_ns_find(world, ns);
	const struct netpol_pod *pod, *best = NULL;
	u32 cursor = 0, hash;

	if (!found)
		return NULL;
	hash = netpol_name_hash(found, name);
	while ((pod = netpol_table_for_each(&snapshot->pods, hash, &cursor,
					    netpol_pod_hash))) {
		if (pod->template->ns != found ||
		    strlen(netpol_pod_name(pod)) != name.length ||
		    memcmp(netpol_pod_name(pod), name.data, name.length))
			continue;
		if (!best || netpol_origin_wins(snapshot, pod->origin, best->origin))
			best = pod;
	}
	return best;
}
