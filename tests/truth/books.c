// SPDX-License-Identifier: GPL-2.0-or-later
/* The core's own books; see run.h. */
#include <string.h>

#include "core/compile.h"
#include "run.h"

static u32 list_count(const struct list_head *head)
{
	const struct list_head *at;
	u32 count = 0;

	list_for_each(at, head)
		count++;
	return count;
}

void run_take_books(struct books *b, const struct netpol_world *w)
{
	const struct netpol_snapshot *s = w->snapshot;
	struct netpol_interned *thing;
	u32 i;

	memset(b, 0, sizeof(*b));
	b->snapshot = s;
	b->generation = s->generation;
	b->namespaces = s->namespaces.count;
	b->pods = s->pods.count;
	b->policies = s->policies.count;
	b->claims = s->claims.count;
	b->nlocals = s->nlocals;
	b->addresses[0] = s->addrmap[0].count;
	b->addresses[1] = s->addrmap[1].count;
	b->keys = w->keys.count;
	b->labels = w->labels.count;
	b->label_sets = w->label_sets.count;
	b->port_names = w->port_names.count;
	b->port_sets = w->port_sets.count;
	b->selectors = w->selectors.count;
	b->peer_objects = w->peers.count;
	b->ns_names = w->ns_names.count;
	b->templates = w->templates.count;
	b->identities = w->identities.count;
	b->nidentities = w->nidentities;
	b->loaded_namespaces = netpol_idset_weight(&w->loaded_namespaces);
	b->loaded_identities = netpol_idset_weight(&w->loaded_identities);
	b->slots = netpol_idset_weight(&w->slots);
	b->retired_bytes = w->retired_bytes;
	netpol_intern_for_each(&w->keys, i, thing)
		b->active_keys += container_of(thing, struct netpol_key, interned)->active;
	/* the core's own peer is never taken back */
	b->active_peers = list_count(&w->active_peers) - !list_empty(&w->unknown->active);
	b->programs = list_count(&w->programs);
	memcpy(b->origin, s->origin, sizeof(b->origin));
	b->audits = s->audits;
	b->now = s->now;
}

/* Peers and keys are in use exactly while loaded policies name them. */
static void check_users(struct run *run)
{
	const struct netpol_world *w = run->core.world;
	const struct netpol_snapshot *s = w->snapshot;
	struct netpol_interned *thing;
	struct netpol_peer *peer;
	struct netpol_key *key;
	u32 i, j, k, l, users;

	netpol_intern_for_each(&w->peers, i, thing) {
		peer = container_of(thing, struct netpol_peer, interned);
		/* the core itself holds the one that stands for pods that are not known */
		users = peer == w->unknown;
		for (j = 0; s->policies.slots && j <= s->policies.mask; j++) {
			const struct netpol_policy *policy = netpol_table_slot(&s->policies, j);

			for (k = 0; policy && k < policy->nrules; k++)
				for (l = 0; l < policy->rule[k].npeers; l++)
					users += policy->rule[k].peer[l].pods == peer;
		}
		if (peer->users != users || (!users && !list_empty(&peer->active)))
			WRONG(run, "users of a peer");
	}
	netpol_intern_for_each(&w->keys, i, thing) {
		struct netpol_interned *other;

		key = container_of(thing, struct netpol_key, interned);
		users = 0;
		netpol_intern_for_each(&w->peers, j, other) {
			peer = container_of(other, struct netpol_peer, interned);
			for (k = 0; peer->pods && k < peer->pods->count; k++)
				if (peer->pods->requirement[k].key == key)
					users += peer->users;
		}
		if (key->namers != users || key->active != !!users)
			WRONG(run, "a key is in use that nobody names, or the other way round");
	}
}

/* The sets of the peers that programs are made of, each by two ways. */
static void check_peers(struct run *run)
{
	struct netpol_world *w = run->core.world;
	struct netpol_idset set = {};
	struct netpol_peer *peer;
	u32 i;

	list_for_each_entry(peer, &w->active_peers, active) {
		if (netpol_peer_evaluate(w, peer, &set))
			WRONG(run, "no memory for the set of a peer");
		for (i = 0; i < w->nblocks * NETPOL_IDENTITY_BLOCK; i++) {
			/* a set may keep the number of an identity that has gone */
			if (!w->identity[i])
				continue;
			if (netpol_idset_has(&set, i) != netpol_idset_has(&peer->set, i))
				WRONG(run, "the set of a peer is out of date");
			if (netpol_peer_matches(peer, w->identity[i]) !=
			    netpol_idset_has(&peer->set, i))
				WRONG(run, "peer and identity %u: set and labels differ", i);
		}
	}
	netpol_idset_free(&set);
}

/* Local pods that are alike have the same programs, unless an audit is about one of them alone. */
static void check_sharing(struct run *run)
{
	const struct netpol_snapshot *s = run->core.world->snapshot;
	struct netpol_idset_walk a, b;
	u32 i, j;

	netpol_idset_for_each(&run->core.world->slots, a, i) {
		const struct netpol_local *left = netpol_snapshot_local(s, i);

		if (left->pod->slot != i || left->runtime != left->pod->runtime ||
		    left->identity != left->pod->template->identity->number)
			WRONG(run, "local pod %u is not in order", i);
		netpol_idset_for_each(&run->core.world->slots, b, j) {
			const struct netpol_local *right = netpol_snapshot_local(s, j);

			if (left->pod->template == right->pod->template &&
			    !audits_name(run, left->pod) && !audits_name(run, right->pod) &&
			    memcmp(left->program, right->program, sizeof(left->program)))
				WRONG(run, "equal pods %u and %u have two programs", i, j);
		}
	}
}

/* A program that was patched again and again says what one made of today's state says. */
static void check_rows(struct run *run, const struct netpol_program *p)
{
	const struct netpol_selection selection = { p->policy, p->npolicies, p->nenforced };
	struct netpol_world *w = run->core.world;
	struct netpol_fault fault = {};
	struct netpol_program *fresh;
	u64 budget = U64_MAX;
	u32 i, class;

	fresh = netpol_program_compile(w, p->ns, p->direction, &selection, p->ports, &budget,
				       &fault);
	if (IS_ERR(fresh)) {
		WRONG(run, "a program in use can't be made again: %s", fault.text);
		return;
	}
	if (fresh->nclasses != p->nclasses)
		WRONG(run, "classes of a program");
	for (i = 0; !run->what[0] && i < w->nblocks * NETPOL_IDENTITY_BLOCK; i++)
		for (class = 0; w->identity[i] && class < p->nclasses; class++)
			if (netpol_program_cell_at(p, netpol_program_row(p, i), class) !=
			    netpol_program_cell_at(fresh, netpol_program_row(fresh, i), class))
				WRONG(run, "a program's row of identity %u is out of date", i);
	netpol_program_free(w, fresh);
}

/*
 * Who pays for a program: the namespace of its pods, if their labels, their ports or their
 * NetworkPolicies make it what it is.
 */
static const struct netpol_ns *payer(const struct netpol_world *w, const struct netpol_program *p,
				     const struct netpol_ns *ns)
{
	bool own = p->ports;
	u32 i;

	for (i = 0; i < p->npolicies; i++)
		own |= p->policy[i]->kind == NETPOL_KIND_NETWORK_POLICY ||
		       p->policy[i]->subject->count;
	return own ? ns : w->cluster;
}

/*
 * Programs of equal policies, of which the same ones are enforced, ports and payers exist once, only
 * those in use exist, and their bytes are counted.
 */
static void check_programs(struct run *run)
{
	struct netpol_world *w = run->core.world;
	const struct netpol_snapshot *s = w->snapshot;
	struct netpol_program *p, *q;
	struct netpol_idset_walk walk;
	u64 bytes = 0, of_ns, of_all = 0;
	u32 i, slot, users;

	for (i = 0; i < w->ns_size; i++)
		of_all += w->ns[i] ? w->ns[i]->program_bytes : 0;
	list_for_each_entry(p, &w->programs, node) {
		check_rows(run, p);
		users = 0;
		netpol_idset_for_each(&w->slots, walk, slot) {
			const struct netpol_local *local = netpol_snapshot_local(s, slot);

			if (local->program[p->direction] != p)
				continue;
			users++;
			if (p->ns != payer(w, p, local->pod->template->ns))
				WRONG(run, "a program is charged to \"%s\"", p->ns->name);
		}
		bytes += p->bytes;
		of_ns = 0;
		list_for_each_entry(q, &w->programs, node)
			of_ns += q->ns == p->ns ? q->bytes : 0;
		if (p->ns->program_bytes != of_ns)
			WRONG(run, "bytes of the programs of \"%s\"", p->ns->name);
		if (!users)
			WRONG(run, "a program that nobody uses");
		list_for_each_entry(q, &w->programs, node)
			if (p != q && p->direction == q->direction && p->ports == q->ports &&
			    p->npolicies == q->npolicies && p->nenforced == q->nenforced &&
			    p->ns == q->ns &&
			    !memcmp(p->policy, q->policy, p->npolicies * sizeof(*p->policy)))
				WRONG(run, "a program twice");
	}
	if (bytes != s->program_bytes || bytes != of_all)
		WRONG(run, "bytes of all programs");
}

/*
 * What packets take for granted of a local pod without a look-up: the address that it keeps
 * leads to it, and it keeps one of each family if any does.
 */
static void check_near(struct run *run)
{
	const struct netpol_snapshot *s = run->core.world->snapshot;
	const struct netpol_local *local;
	struct netpol_idset_walk walk;
	u32 slot, i, value, word;
	const u8 *address;
	bool has[2];
	u8 family;

	netpol_idset_for_each(&run->core.world->slots, walk, slot) {
		local = netpol_snapshot_local(s, slot);
		has[0] = local->address4 != NETPOL_NO_ADDRESS4;
		has[1] = local->address6[0] | local->address6[1];
		word = local->address4;
		if (has[0] && netpol_address_value(s, AF_INET, &word) != (NETPOL_VALUE_LOCAL | slot))
			WRONG(run, "a local pod keeps an IPv4 address that is not its own");
		if (has[1] && netpol_address_value(s, AF_INET6, local->address6) !=
			      (NETPOL_VALUE_LOCAL | slot))
			WRONG(run, "a local pod keeps an IPv6 address that is not its own");
		for (i = 0; i < netpol_pod_addresses(local->pod); i++) {
			u8 copy[16];

			address = netpol_pod_address(local->pod, i, &family);
			memcpy(copy, address, family == AF_INET ? 4 : 16);
			value = netpol_address_value(s, family, copy);
			if (value == (NETPOL_VALUE_LOCAL | slot) && !has[family == AF_INET6])
				WRONG(run, "a local pod does not keep its address");
		}
		if (local->ifindex && !netpol_snapshot_behind(s, local->ifindex))
			WRONG(run, "a local pod is not behind its interface");
	}
	for (i = 0; i < NETPOL_BEHIND; i++) {
		local = s->behind[i];
		if (local && (!local->runtime || local->ifindex % NETPOL_BEHIND != i ||
			      local != netpol_snapshot_local(s, local->pod->slot)))
			WRONG(run, "an interface leads to a pod that is not behind it");
	}
}

/* What the core counts is what the model has. */
static void check_counts(struct run *run)
{
	size_t namespaces = 0, pods = 0, policies = 0, addresses = 0, locals = 0;
	const struct netpol_snapshot *s = run->core.world->snapshot;
	unsigned int i;
	size_t j;

	for (i = 0; i < HISTORY_ORIGINS; i++) {
		const struct np_objects *objs = &run->model.origin[i];
		int origin = netpol_world_origin((struct netpol_snapshot *)s,
						 history_origin[i]);

		namespaces += objs->namespace_count;
		policies += objs->policy_count;
		pods += objs->pod_count;
		for (j = 0; j < objs->pod_count; j++) {
			addresses += objs->pods[j].address_count;
			locals += !strcmp(objs->pods[j].node, HISTORY_NODE);
		}
		if ((origin < 0 ? 0 : s->origin[origin].objects) !=
		    objs->namespace_count + objs->pod_count + objs->policy_count)
			WRONG(run, "origin %s: count of objects", history_origin[i]);
	}
	if (s->namespaces.count != namespaces || s->pods.count != pods ||
	    s->policies.count != policies || s->claims.count != addresses ||
	    s->nlocals != locals || netpol_idset_weight(&run->core.world->slots) != locals)
		WRONG(run, "counts of objects");
}

/*
 * Of two policies of one origin, does the one with the lower name come first? Cluster-wide ones
 * are in the order in which they are asked, whosever they are.
 */
static bool in_order(const struct list_head *policies)
{
	const struct netpol_policy *policy, *before = NULL;

	list_for_each_entry(policy, policies, node) {
		if (before && policy->kind == NETPOL_KIND_CLUSTER_NETWORK_POLICY) {
			if (before->tier > policy->tier ||
			    (before->tier == policy->tier && before->priority > policy->priority) ||
			    (before->tier == policy->tier && before->priority == policy->priority &&
			     strcmp(before->name, policy->name) > 0))
				return false;
		} else if (before && before->origin == policy->origin &&
			   strcmp(before->name, policy->name) > 0) {
			return false;
		}
		before = policy;
	}
	return true;
}

/* What each namespace counts. */
static void check_namespaces(struct run *run)
{
	const struct netpol_snapshot *s = run->core.world->snapshot;
	struct netpol_interned *thing;
	u32 i, j, pods;

	netpol_intern_for_each(&run->core.world->ns_names, i, thing) {
		const struct netpol_ns *ns = container_of(thing, struct netpol_ns, interned);

		for (j = 0, pods = 0; s->pods.slots && j <= s->pods.mask; j++) {
			const struct netpol_pod *pod = netpol_table_slot(&s->pods, j);

			pods += pod && pod->template->ns == ns;
		}
		/* Policies that came after the last compilation are not in order yet. */
		if (ns->npods != pods ||
		    ns->npolicies != list_count(&ns->policies) + list_count(&ns->fresh))
			WRONG(run, "counts of namespace %s", ns->name);
		if (!in_order(&ns->policies))
			WRONG(run, "order of policies of namespace %s", ns->name);
	}
}

void run_check_books(struct run *run)
{
	struct netpol_world *w = run->core.world;
	u32 i, j, count = 0;

	for (i = 0; i < w->nblocks * NETPOL_IDENTITY_BLOCK; i++) {
		const struct netpol_identity *identity = w->identity[i];

		if (!identity)
			continue;
		count++;
		for (j = 0; j < identity->labels->count; j++)
			if (!identity->labels->label[j]->key->active)
				WRONG(run, "identity %u has a key that nobody selects on", i);
		if (identity->number != i || !netpol_idset_has(&identity->ns->identities, i) ||
		    netpol_idset_has(&w->loaded_identities, i) != !!identity->ns->labels ||
		    w->blocks[i / NETPOL_IDENTITY_BLOCK] != identity->ns)
			WRONG(run, "identity %u is not in order", i);
	}
	if (count != w->nidentities || count != w->identities.count)
		WRONG(run, "count of identities");
	check_counts(run);
	check_near(run);
	check_namespaces(run);
	check_users(run);
	check_peers(run);
	check_sharing(run);
	check_programs(run);
	audits_check(run);
}
