// SPDX-License-Identifier: GPL-2.0
/* Programs of local pods; see derive_program.h. */
#include "core/array.h"
#include "core/classify.h"
#include "core/compile.h"
#include "core/derive_peer.h"
#include "core/derive_program.h"
#include "core/edit.h"
#include "core/edit_state.h"
#include "core/hash.h"
#include "core/patch.h"

/* With up to so many changed objects, each is checked whether it matters to a pod. */
#define FEW_OBJECTS 64

/* All directions, as bits. */
#define ALL_DIRECTIONS (BIT(NETPOL_DIRECTIONS) - 1)

/* When an edit completes the entry of a local pod: in this order, see local_turn(). */
enum turn {
	TURN_KEPT,
	TURN_OTHER,
	TURN_CHANGED,

	TURNS
};

/**
 * struct policy_list - policies that select a pod in one direction, see struct netpol_selection
 * @policy: the policies
 * @count: how many
 * @enforced: how many of them, the first ones, are enforced
 * @size: room for how many
 * @closed: nobody knows which cluster-wide policies select the pod, so there are none here, and
 *	everything is denied
 */
struct policy_list {
	struct netpol_policy **policy;
	u32 count;
	u32 enforced;
	u32 size;
	bool closed;
};

/**
 * struct wanted - the program that a local pod is to have in one direction
 * @policy: its policies, in order; without one, it denies everything
 * @npolicies: how many
 * @nenforced: how many of them, the first ones, are enforced
 * @direction: enum netpol_direction
 * @ports: named ports of the pod if a rule needs them, else NULL
 * @ns: the namespace that the program is charged to; see charged()
 * @own: the edit changed the pod or the policies of @ns. If not, others made the program larger
 * @lacking: there is no room for the policies, so there are none here
 */
struct wanted {
	struct netpol_policy **policy;
	u32 npolicies;
	u32 nenforced;
	u8 direction;
	struct netpol_ports *ports;
	struct netpol_ns *ns;
	bool own;
	bool lacking;
};

/*
 * Is a program out of date? It is if one of its peers matches other identities now, or if its
 * row map has a row for a number that the edit has given to a new identity.
 */
static bool program_stale(const struct netpol_edit *edit,
			  const struct netpol_program *program)
{
	u32 i;

	for (i = 0; i < program->npeers; i++) {
		if (program->peer[i]->changed == edit->serial)
			return true;
		netpol_offer(i);
	}
	for (i = 0; i < edit->identities.count; i++) {
		if (netpol_program_row(program, edit->identities.split[i].identity->number))
			return true;
		netpol_offer(i);
	}
	return false;
}

/* Has a policy of a program gone, so that no pod can have the program from now on? */
static bool program_doomed(const struct netpol_program *program)
{
	u32 i;

	for (i = 0; i < program->npolicies; i++) {
		if (list_empty(&program->policy[i]->node))
			return true;
		netpol_offer(i);
	}
	return false;
}

/*
 * Patches a program that is out of date, or marks it as stale so that it is compiled anew where
 * a pod needs it. Return: 0 or -ENOMEM.
 */
static int refresh_program(struct netpol_edit *edit, struct netpol_program *program)
{
	struct netpol_program *patched = NULL;
	int error = 0;

	if (program_doomed(program) || !program_stale(edit, program))
		return 0;
	if (edit->one_by_one)
		error = netpol_program_patch(edit, program, &patched);
	if (error || patched == program)
		return error;
	if (!patched) {
		program->stale = edit->serial;
		return 0;
	}
	error = netpol_undo_note(edit, (struct netpol_undo){
		.kind = NETPOL_UNDO_PROGRAM, .program = program, .replacement = patched,
	});
	if (error)
		return error;
	list_replace(&program->node, &patched->node);
	program->moved = edit->serial;
	program->replacement = patched;
	return 0;
}

static u32 wanted_hash(const struct wanted *wanted)
{
	return netpol_hash(wanted->policy, wanted->npolicies * sizeof(*wanted->policy)) +
	       wanted->nenforced;
}

static bool program_is(const struct netpol_program *program, u32 hash,
		       const struct wanted *wanted)
{
	return program->hash == hash && program->direction == wanted->direction &&
	       program->npolicies == wanted->npolicies &&
	       program->nenforced == wanted->nenforced && program->ports == wanted->ports &&
	       program->ns == wanted->ns && program->lacking == wanted->lacking &&
	       (!wanted->npolicies ||
		!memcmp(program->policy, wanted->policy,
			wanted->npolicies * sizeof(*wanted->policy)));
}

/* Memory of a namespace's programs in the next snapshot, as far as it is known. */
static u64 *next_bytes(struct netpol_edit *edit, struct netpol_ns *ns)
{
	if (ns->edit_serial != edit->serial) {
		ns->edit_serial = edit->serial;
		ns->edit_bytes = 0;
		edit->ncharged += ns != edit->world->cluster;
	}
	return &ns->edit_bytes;
}

static u64 less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/* What namespaces may not take of the memory for all programs: it is kept for world->cluster. */
static u64 reserve(const struct netpol_world *world)
{
	return min(world->limit[NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE],
		   world->limit[NETPOL_LIMIT_PROGRAM_BYTES] / 4);
}

/*
 * How many bytes the next program of a namespace may have so that all programs take no more than
 * they may. What is in force already may go on.
 */
static u64 budget_of_all(struct netpol_edit *edit, struct netpol_ns *ns)
{
	const struct netpol_world *world = edit->world;
	struct netpol_ns *cluster = world->cluster;
	u64 limit = world->limit[NETPOL_LIMIT_PROGRAM_BYTES];
	u64 now = world->snapshot->program_bytes + world->hits_bytes;
	u64 next = edit->next->program_bytes + world->hits_bytes;
	u64 cluster_now = cluster->program_bytes + cluster->hits_bytes;
	u64 cluster_next = *next_bytes(edit, cluster) + cluster->hits_bytes;
	u64 mine = *next_bytes(edit, ns) + ns->hits_bytes, all = less(max(limit, now), next);

	if (ns == cluster)
		return all;
	all = min(all, less(max(limit - reserve(world), now - cluster_now), next - cluster_next));
	if (edit->part)
		all = min(all, less(edit->part, mine));
	return all;
}

/*
 * How many bytes the next program of a namespace may have. @own: see struct wanted; where it is not
 * set, a refusal would be for others, so that only the limit for all counts. A namespace above its
 * share may do with less.
 */
static u64 program_budget(struct netpol_edit *edit, struct netpol_ns *ns, bool own)
{
	const struct netpol_world *world = edit->world;
	u64 all = budget_of_all(edit, ns), share;

	if (!own)
		return all;
	share = less(max(world->limit[NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE],
			 ns->program_bytes + ns->hits_bytes),
		     *next_bytes(edit, ns) + ns->hits_bytes);
	return min(share, all);
}

/*
 * The object of the edit to blame for a program that takes too much: the largest policy of the
 * namespace that the program is charged to, or the pod, or NULL. A cluster-wide policy is not to
 * blame for a program that is a tenant's, or a tenant could keep it out.
 */
static const void *blamed(const struct netpol_edit *edit, const struct netpol_local *local,
			  const struct wanted *wanted)
{
	const struct netpol_policy *largest = NULL;
	u32 i;

	for (i = 0; i < wanted->npolicies; i++) {
		const struct netpol_policy *policy = wanted->policy[i];

		netpol_offer(i);
		if (policy->set == edit->serial && policy->ns == wanted->ns &&
		    (!largest || policy->npeers + policy->nports + policy->nrules >
				 largest->npeers + largest->nports + largest->nrules))
			largest = policy;
	}
	if (largest)
		return largest;
	return local->runtime->changed == edit->serial && local->pod->mark == edit->serial ?
	       local->pod : NULL;
}

/*
 * The namespace that a program is charged to. What depends on the pod, by the policies of its
 * namespace, by its labels or by its named ports, is charged to its namespace: whoever makes pods
 * could make up any number of such programs. What is left is the same for all pods of the
 * namespace, and the doing of whoever loads cluster-wide policies: world->cluster.
 */
static struct netpol_ns *charged(const struct netpol_edit *edit,
				 const struct netpol_template *template,
				 const struct wanted *wanted)
{
	u32 i;

	for (i = 0; i < wanted->npolicies; i++) {
		if (!wanted->policy[i]->namespaces || wanted->policy[i]->subject->count)
			return template->ns;
		netpol_offer(i);
	}
	return wanted->ports ? template->ns : edit->world->cluster;
}

/* The limit that a program does not fit in. @error: -ENOSPC for cells, -EDQUOT for memory. */
static u32 limit_hit(struct netpol_edit *edit, const struct wanted *wanted, int error)
{
	if (error != -EDQUOT)
		return NETPOL_LIMIT_CELLS_PER_PROGRAM;
	return wanted->own && program_budget(edit, wanted->ns, true) <
			      program_budget(edit, wanted->ns, false) ?
	       NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE : NETPOL_LIMIT_PROGRAM_BYTES;
}

/* Refuses a program that takes too much, unless that is explained already. Return: -ENOSPC */
static int refuse_program(struct netpol_edit *edit, const struct netpol_local *local,
			  const struct wanted *wanted)
{
	struct netpol_world *world = edit->world;
	const struct netpol_ns *ns = wanted->ns;
	u32 limit = limit_hit(edit, wanted, -EDQUOT);

	return netpol_fail(edit->fault, -ENOSPC,
			   "%s%s: programs of its pods take more than %llu MiB, %s; pod %s: use fewer rules, ports or blocks",
			   ns == world->cluster ? "ClusterNetworkPolicies" : "namespace ",
			   ns->name, (unsigned long long)(world->limit[limit] >> 20),
			   limit == NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE ?
			   "the share of a namespace" : "with those of all others",
			   netpol_pod_name(local->pod));
}

/* Does some peer match the pods of a namespace otherwise, since the edit has relabelled it? */
static bool tells_labels(const struct netpol_edit *edit, const struct netpol_ns *ns)
{
	const struct netpol_peer *peer;

	list_for_each_entry(peer, &edit->world->active_peers, active) {
		if (netpol_peer_relabelled(peer, ns))
			return true;
		cond_resched();
	}
	return false;
}

/*
 * Counts, by namespace, the identities that the edit made for new pods, or that are others for some
 * peer since it relabelled their namespace. Return: how many others there are, which policies have
 * split by naming a label.
 */
static u32 count_grown(struct netpol_edit *edit)
{
	struct netpol_ns *ns;
	u32 i, split = 0;

	for (i = 0; i < edit->identities.count; i++) {
		ns = edit->identities.split[i].identity->ns;
		netpol_offer(i);
		if (edit->identities.split[i].parent) {
			split++;
			continue;
		}
		if (ns->grown_serial != edit->serial) {
			ns->grown = 0;
			ns->grown_by_labels = false;
		}
		ns->grown_serial = edit->serial;
		ns->grown++;
	}
	for (i = 0; i < edit->relabelled.count; i++) {
		ns = edit->relabelled.ns[i];
		if (!tells_labels(edit, ns))
			continue;
		ns->grown_serial = edit->serial;
		ns->grown = netpol_idset_weight(&ns->identities);
		ns->grown_by_labels = true;
	}
	return split;
}

/*
 * The object of the edit that made programs of others larger, by labels that their policies tell
 * apart: of the namespace with most of them, the Namespace object if it was relabelled, else the
 * first pod. NULL: it was no such object, or rather a policy that names a label which was of no
 * account before. No pod is to blame for that, and who has many pods could have it blamed on
 * others.
 */
static const struct netpol_change *grown_by(struct netpol_edit *edit)
{
	const struct netpol_change *found = NULL;
	u32 i, most = count_grown(edit);

	for (i = 0; i < edit->objects.count; i++) {
		const struct netpol_change *change = &edit->objects.change[i];
		const struct netpol_namespace *namespace = change->object;
		const struct netpol_pod *pod = change->object;
		bool is_namespace = change->kind == NETPOL_CHANGE_NAMESPACE;
		const struct netpol_ns *its;

		netpol_offer(i);
		if (!change->object || change->kind == NETPOL_CHANGE_POLICY)
			continue;
		its = change->kind == NETPOL_CHANGE_POD ? pod->template->ns : namespace->ns;
		if (its->grown_serial != edit->serial || its->grown <= most ||
		    its->grown_by_labels != is_namespace ||
		    (!its->grown_by_labels && pod->template->identity->created != edit->serial))
			continue;
		most = its->grown;
		found = change;
	}
	return found;
}

/*
 * Refuses what makes a program of others too large, and names it. @error: -EDQUOT for memory,
 * -ENOSPC for cells. Return: -ENOSPC.
 */
static int refuse_grown(struct netpol_edit *edit, const struct netpol_local *local,
			const struct wanted *wanted, int error)
{
	const struct netpol_change *change = grown_by(edit);
	const struct netpol_world *world = edit->world;
	const struct netpol_namespace *namespace;
	const struct netpol_pod *pod;
	bool is_pod;

	if (!change)
		return refuse_program(edit, local, wanted);
	is_pod = change->kind == NETPOL_CHANGE_POD;
	namespace = change->object;
	pod = change->object;
	/* the compiler may have explained it as the doing of those whose program it is */
	memset(edit->fault, 0, sizeof(*edit->fault));
	edit->fault->object = change->object;
	return netpol_fail(edit->fault, -ENOSPC,
			   "%s %s%s%s: with its labels, %s%s have more than %llu %s",
			   is_pod ? "pod" : "namespace",
			   is_pod ? pod->template->ns->name : namespace->ns->name,
			   is_pod ? "/" : "", is_pod ? netpol_pod_name(pod) : "",
			   wanted->ns == world->cluster ? "ClusterNetworkPolicies" :
							  "programs of namespace ",
			   wanted->ns->name, (unsigned long long)
			   (error == -EDQUOT ? world->limit[NETPOL_LIMIT_PROGRAM_BYTES] >> 20 :
					       world->limit[NETPOL_LIMIT_CELLS_PER_PROGRAM]),
			   error == -EDQUOT ? "MiB with those of all others" : "cells on one pod");
}

/* The next snapshot uses a program. Return: 0, or -EDQUOT if it takes too much memory. */
static int use_program(struct netpol_edit *edit, struct netpol_program *program, bool own)
{
	if (program->used == edit->serial)
		return 0;
	/* mostly there is plenty for all */
	if ((own || edit->part ||
	     edit->next->program_bytes + program->bytes > edit->plenty) &&
	    !netpol_program_closed(program) &&
	    program->bytes > program_budget(edit, program->ns, own))
		return -EDQUOT;
	program->used = edit->serial;
	*next_bytes(edit, program->ns) += program->bytes;
	edit->next->program_bytes += program->bytes;
	return 0;
}

/*
 * Finds the program of a list of policies, or compiles it. One that denies everything can always
 * be had; there are at most two for each reason. @need: if the program takes too much, so many
 * bytes at least. Return: 0, -ENOMEM, -ENOSPC or -EDQUOT.
 */
static int find_program(struct netpol_edit *edit, const struct wanted *wanted, u64 *need,
			const struct netpol_program **found)
{
	const struct netpol_selection selection = {
		.policy = wanted->policy, .count = wanted->npolicies,
		.enforced = wanted->nenforced,
	};
	u64 budget = wanted->npolicies ? program_budget(edit, wanted->ns, wanted->own) : U64_MAX;
	u32 hash = wanted_hash(wanted);
	struct netpol_world *world = edit->world;
	struct netpol_program *program;
	u32 at = 0;
	int error;

	list_for_each_entry(program, &world->programs, node) {
		netpol_offer(at++);
		if (program->stale == edit->serial || !program_is(program, hash, wanted))
			continue;
		*found = program;
		*need = program->bytes;
		return use_program(edit, program, wanted->own);
	}
	program = netpol_program_compile(world, wanted->ns, wanted->direction, &selection,
					 wanted->ports, &budget, edit->fault);
	*need = budget;
	if (IS_ERR(program))
		return PTR_ERR(program);
	error = netpol_retire_add(&edit->cow.created, program, NETPOL_RETIRE_PROGRAM);
	if (error) {
		netpol_program_free(world, program);
		return error;
	}
	program->hash = hash;
	program->lacking = wanted->lacking;
	list_add(&program->node, &world->programs);
	*found = program;
	return use_program(edit, program, wanted->own);
}

/* Is a policy observed for a pod instead of enforced? */
static bool observed(const struct netpol_edit *edit, const struct netpol_policy *policy,
		     const struct netpol_pod *pod)
{
	const struct netpol_snapshot *next = edit->next;

	return policy->audit ||
	       netpol_audits_have(next->audits, next->now, policy, netpol_pod_name(pod));
}

/*
 * Adds the policies of a namespace and a tier that select a pod in a direction, those that are
 * enforced or those that are observed (@audit). Return: 0 or -ENOMEM.
 */
static int select_tier(const struct netpol_edit *edit, const struct netpol_pod *pod, u8 direction,
		       struct netpol_ns *ns, u8 tier, bool audit, struct policy_list *list)
{
	const struct netpol_template *template = pod->template;
	struct netpol_policy *policy;
	u32 at = 0;

	if (!list_empty(&ns->fresh))
		netpol_policies_settle(edit, ns);
	list_for_each_entry(policy, &ns->policies, node) {
		/* a selector may have many requirements */
		if (at++ % 64 == 63)
			cond_resched();
		if (policy->tier != tier || !(policy->directions & BIT(direction)) ||
		    !netpol_policy_selects(policy, template->ns, template->labels) ||
		    observed(edit, policy, pod) != audit)
			continue;
		if (netpol_array_reserve((void **)&list->policy, list->count, &list->size,
					 list->count + 1, sizeof(*list->policy)))
			return -ENOMEM;
		list->policy[list->count++] = policy;
	}
	return 0;
}

/* Does nobody know which cluster-wide policies select pods of a namespace, while there are any? */
static bool nobody_knows(const struct netpol_edit *edit, const struct netpol_ns *ns)
{
	return edit->world->cluster->npolicies && !ns->labels;
}

/*
 * Lists the policies that select a pod in a direction, in the order in which their rules decide.
 * NetworkPolicies that isolate the pod have the last word, so that the Baseline tier counts only
 * without them. Those that are observed would only accept more then, and make no difference.
 * Return: 0 or -ENOMEM.
 */
static int select_policies(const struct netpol_edit *edit, const struct netpol_pod *pod,
			   u8 direction, struct policy_list *list)
{
	struct netpol_ns *cluster = edit->world->cluster, *ns = pod->template->ns;
	u32 admin;
	int error;

	list->count = 0;
	list->enforced = 0;
	list->closed = nobody_knows(edit, ns);
	if (list->closed)
		return 0;
	error = select_tier(edit, pod, direction, cluster, NETPOL_TIER_ADMIN, false, list);
	admin = list->count;
	if (!error)
		error = select_tier(edit, pod, direction, ns, NETPOL_TIER_NETWORK_POLICY, false,
				    list);
	list->enforced = list->count;
	if (error || list->count > admin)
		return error;
	error = select_tier(edit, pod, direction, cluster, NETPOL_TIER_BASELINE, false, list);
	list->enforced = list->count;
	if (!error)
		error = select_tier(edit, pod, direction, ns, NETPOL_TIER_NETWORK_POLICY, true,
				    list);
	return error;
}

/* May the edit have changed which policies select pods of a template in a direction? */
static bool reselect(const struct netpol_edit *edit, const struct netpol_template *template,
		     u8 direction)
{
	const struct netpol_ns *cluster = edit->world->cluster, *ns = template->ns;
	const struct netpol_policy *policy[2];
	u32 i, j;

	if (ns->audits_changed == edit->serial)
		return true;
	/* before or after the edit there are policies that select by the labels of namespaces */
	if (ns->labels_changed == edit->serial &&
	    (cluster->npolicies || cluster->policies_changed == edit->serial))
		return true;
	if (ns->policies_changed != edit->serial && cluster->policies_changed != edit->serial)
		return false;
	if (edit->objects.count > FEW_OBJECTS || !ns->labels)
		return true;
	for (i = 0; i < edit->objects.count; i++) {
		if (edit->objects.change[i].kind != NETPOL_CHANGE_POLICY)
			continue;
		policy[0] = edit->objects.change[i].old;
		policy[1] = edit->objects.change[i].object;
		for (j = 0; j < 2; j++)
			if (policy[j] && policy[j]->directions & BIT(direction) &&
			    netpol_policy_selects(policy[j], ns, template->labels))
				return true;
	}
	return false;
}

/* Is a pod closed in a direction because its program took too much? */
static bool lacks_program(const struct netpol_local *local, u8 direction)
{
	return local->program[direction] && local->program[direction]->lacking;
}

/* In how many directions does a pod lack its program? */
static u32 count_lacking(const struct netpol_local *local)
{
	u32 count = 0;
	u8 i;

	for (i = 0; i < NETPOL_DIRECTIONS; i++)
		count += lacks_program(local, i);
	return count;
}

/*
 * Notes which program a pod lacks, for want of what, and how large it is at least. Return: 0 or
 * -ENOMEM.
 */
static int note_lack(struct netpol_edit *edit, const struct netpol_local *local,
		     const struct wanted *wanted, u64 need, u32 limit)
{
	struct netpol_lack *lack = &local->runtime->lack[wanted->direction], *before;
	int error;

	before = netpol_alloc(sizeof(*before));
	if (!before)
		return -ENOMEM;
	*before = *lack;
	error = netpol_undo_note(edit, (struct netpol_undo){
		.kind = NETPOL_UNDO_LACK, .runtime = local->runtime, .number = wanted->direction,
		.lack = before,
	});
	if (error) {
		netpol_free(before);
		return error;
	}
	*lack = (struct netpol_lack){
		.need = need, .limit = limit, .own = wanted->own,
		.cluster = wanted->ns == edit->world->cluster, .hash = wanted_hash(wanted),
	};
	return 0;
}

static int lack_program(struct netpol_edit *edit, const struct netpol_local *local,
			const struct wanted *wanted, u64 need, int error,
			const struct netpol_program **found);

/*
 * Finds the program of a pod without its observed policies, which are left out of @wanted already.
 * Return: 0, -ENOMEM or -ENOSPC.
 */
static int find_enforced(struct netpol_edit *edit, const struct netpol_local *local,
			 struct wanted *wanted, const struct netpol_program **found)
{
	const struct netpol_template *template = local->pod->template;
	u64 need = 0;
	int error;

	*found = NULL;
	if (!wanted->npolicies)
		return 0;
	wanted->ports = netpol_policies_need_ports(wanted->policy, wanted->npolicies,
						   wanted->direction) ? template->ports : NULL;
	wanted->ns = charged(edit, template, wanted);
	error = find_program(edit, wanted, &need, found);
	if (error == -EDQUOT || error == -ENOSPC)
		return lack_program(edit, local, wanted, need, error, found);
	return error;
}

/*
 * A program takes too much, @error is -EDQUOT or -ENOSPC. If an object of the edit is to blame, or
 * others' pods made a program take too much memory, the edit is refused. But where a program has
 * too many cells because of others' pods, those who wrote its policies have chosen so, and their
 * pod is closed: they could keep the pods of others out otherwise. Cluster-wide policies are not
 * refused because of tenants, whose pods they make programs larger of: such a pod is closed in the
 * direction until there is room. It concerns others only where there is no room for all, see
 * share_equally(). Likewise a pod whose policies are enforced because an audit has ended by its
 * time; who begins or ends one is refused. Policies that are observed never close a pod: without
 * room for them nobody asks them. Return: 0, -ENOMEM or -ENOSPC.
 */
static int lack_program(struct netpol_edit *edit, const struct netpol_local *local,
			const struct wanted *wanted, u64 need, int error,
			const struct netpol_program **found)
{
	struct netpol_lack *lack = &local->runtime->lack[wanted->direction];
	const struct netpol_ns *ns = local->pod->template->ns;
	struct netpol_ns *cluster = edit->world->cluster;
	const struct wanted closed = {
		.direction = wanted->direction, .ns = cluster, .lacking = true,
	};
	bool policies = cluster->policies_changed == edit->serial;
	bool asked = ns->audits_changed == edit->serial && !edit->ended;

	edit->fault->object = blamed(edit, local, wanted);
	if (edit->fault->object ||
	    (asked && !lacks_program(local, wanted->direction)))
		return refuse_program(edit, local, wanted);
	if (wanted->nenforced < wanted->npolicies) {
		struct wanted enforced = *wanted;

		memset(edit->fault, 0, sizeof(*edit->fault));
		edit->next->nunobserved++;
		enforced.npolicies = wanted->nenforced;
		return find_enforced(edit, local, &enforced, found);
	}
	if (!wanted->own && !policies && ns->labels_changed != edit->serial &&
	    !lacks_program(local, wanted->direction) &&
	    (error == -EDQUOT || wanted->ns == cluster))
		return refuse_grown(edit, local, wanted, error);
	/* the compiler may have explained a refusal that there is none of */
	memset(edit->fault, 0, sizeof(*edit->fault));
	error = note_lack(edit, local, wanted, error == -EDQUOT ? need : NETPOL_CELLS_NEED,
			  limit_hit(edit, wanted, error));
	if (error)
		return error;
	edit->next->nlacking++;
	if (policies && lack->need != NETPOL_CELLS_NEED && need > budget_of_all(edit, wanted->ns))
		edit->lacks = true;
	else
		lack->tried = edit->serial;
	return find_program(edit, &closed, &need, found);
}

/*
 * Does a program count against the share of those who pay for it? One that a pod lacks for its
 * share goes on to do so, until there is room in it.
 */
static bool counts_as_own(const struct netpol_edit *edit, const struct netpol_local *local,
			  u8 direction, bool changed, const struct netpol_ns *ns)
{
	const struct netpol_lack *lack = &local->runtime->lack[direction];

	return changed || ns->policies_changed == edit->serial ||
	       ns->audits_changed == edit->serial ||
	       (lacks_program(local, direction) && lack->own &&
		lack->cluster == (ns == edit->world->cluster));
}

/*
 * derive_program() where other policies may select the pod (@select), or its program does not do.
 * @changed: the pod did. @list: scratch. Return: 0, -ENOMEM or -ENOSPC.
 */
static noinline int look_for_program(struct netpol_edit *edit, const struct netpol_local *local,
				     u8 direction, bool changed, bool select,
				     struct policy_list *list,
				     const struct netpol_program **found)
{
	const struct netpol_template *template = local->pod->template;
	const struct netpol_program *program = local->program[direction];
	struct wanted wanted = { .direction = direction };
	u64 need = 0;
	int error;

	if (program && program->moved == edit->serial)
		program = program->replacement;
	*found = program;
	if (select) {
		error = select_policies(edit, local->pod, direction, list);
		if (error)
			return error;
		*found = NULL;
		if (!list->count && !list->closed)
			return 0;
		wanted.policy = list->policy;
		wanted.npolicies = list->count;
		wanted.nenforced = list->enforced;
		if (netpol_policies_need_ports(list->policy, list->count, direction))
			wanted.ports = template->ports;
		wanted.ns = charged(edit, template, &wanted);
		wanted.own = counts_as_own(edit, local, direction, changed, wanted.ns);
	} else {
		wanted.policy = program->policy;
		wanted.npolicies = program->npolicies;
		wanted.nenforced = program->nenforced;
		wanted.ports = program->ports;
		wanted.ns = program->ns;
		wanted.lacking = program->lacking;
		edit->next->nlacking += lacks_program(local, direction);
	}
	if (select || program->stale == edit->serial) {
		error = find_program(edit, &wanted, &need, found);
	} else {
		need = program->bytes;
		error = use_program(edit, (struct netpol_program *)program, false);
	}
	if (error == -EDQUOT || error == -ENOSPC)
		return lack_program(edit, local, &wanted, need, error, found);
	return error;
}

/*
 * Finds the program of a local pod in one direction. @changed: the pod did; @select: other policies
 * may select it than before. @list: scratch. Return: 0, -ENOMEM or -ENOSPC.
 */
static int derive_program(struct netpol_edit *edit, const struct netpol_local *local,
			  u8 direction, bool changed, bool select, struct policy_list *list,
			  const struct netpol_program **found)
{
	const struct netpol_program *program = local->program[direction];

	*found = program;
	if (!select && !program)
		return 0;
	if (!select && program->used == edit->serial && !netpol_program_closed(program))
		return 0;
	if (!select && program->moved != edit->serial && program->stale != edit->serial &&
	    !netpol_program_closed(program) &&
	    !use_program(edit, (struct netpol_program *)program, false))
		return 0;
	return look_for_program(edit, local, direction, changed, select, list, found);
}

/*
 * Keeps an address of each family in the entry of a local pod, so that its packets need no
 * lookup: one whose value in the address map is this pod, as another pod may claim it too.
 */
static void note_addresses(struct netpol_edit *edit, struct netpol_local *local, u32 slot)
{
	u32 i = netpol_pod_addresses(local->pod), word;
	const u8 *address;
	u8 family;

	local->address4 = NETPOL_NO_ADDRESS4;
	memset(local->address6, 0, sizeof(local->address6));
	while (i--) {
		address = netpol_pod_address(local->pod, i, &family);
		if (netpol_addrmap_get(&edit->addrmap[family == AF_INET6], address) !=
		    (NETPOL_VALUE_LOCAL | slot))
			continue;
		if (family == AF_INET6) {
			memcpy(local->address6, address, sizeof(local->address6));
			continue;
		}
		memcpy(&word, address, sizeof(word));
		local->address4 = word;
	}
}

/*
 * Completes the entry of a local pod. @list: scratch; @select: bits of the directions in which
 * other policies may select the pod, or there may be room for the program that it lacks. Return: 0,
 * -ENOMEM or -ENOSPC.
 */
static int derive_local(struct netpol_edit *edit, u32 slot, const struct netpol_local *local,
			struct policy_list *list, u8 select)
{
	const struct netpol_program *program[NETPOL_DIRECTIONS];
	struct netpol_template *template = local->pod->template;
	bool changed = local->runtime->changed == edit->serial;
	struct netpol_local *write;
	u8 direction;
	int error;

	for (direction = 0; direction < NETPOL_DIRECTIONS; direction++) {
		error = derive_program(edit, local, direction, changed, select & BIT(direction),
				       list, &program[direction]);
		if (error)
			return error;
	}
	if (!changed && local->identity == template->identity->number &&
	    !memcmp(program, local->program, sizeof(program)))
		return 0;
	write = netpol_pages_write(&edit->locals, slot);
	if (!write)
		return -ENOMEM;
	memcpy(write->program, program, sizeof(program));
	write->identity = template->identity->number;
	if (changed)
		note_addresses(edit, write, slot);
	return 0;
}

/*
 * Is @local the better hint for a bucket of netpol_snapshot::behind? One whose interface is
 * there is better than one whose interface is gone.
 */
static bool better_behind(const struct netpol_local *local, const struct netpol_local *other)
{
	return !other || (other->runtime->gone && !local->runtime->gone);
}

/**
 * struct common - bits in which the words of all addresses of a family agree so far
 * @set: those that are set in all of them; of no addresses, all
 * @clear: those that are clear in all of them; of no addresses, all
 */
struct common {
	u64 set;
	u64 clear;
};

/* Adds the addresses of a local pod to netpol_snapshot::sources and to what all have in common. */
static void add_sources(struct netpol_snapshot *next, const struct netpol_pod *pod,
			struct common common[2])
{
	const u8 *address;
	u32 i, bit;
	u8 family;
	u64 word;

	for (i = 0; i < netpol_pod_addresses(pod); i++) {
		address = netpol_pod_address(pod, i, &family);
		bit = netpol_source_bit(family, address);
		next->sources[family == AF_INET6][bit / 64] |= 1ULL << bit % 64;
		word = netpol_source_word(family, address);
		common[family == AF_INET6].set &= word;
		common[family == AF_INET6].clear &= ~word;
	}
}

/*
 * Fills netpol_snapshot::behind, ::sources, ::common4 and ::common6, or copies them if no entry of
 * a local pod changed. After the last write to the entries, because ::behind points to them.
 */
static void fill_behind(struct netpol_edit *edit)
{
	struct common common[2] = { { ~0ULL, ~0ULL }, { ~0ULL, ~0ULL } };
	const struct netpol_local *local, **place;
	struct netpol_idset_walk walk;
	u32 slot;

	if (!edit->locals.dir_fresh) {
		edit->next->common4 = edit->world->snapshot->common4;
		edit->next->common6 = edit->world->snapshot->common6;
		memcpy(edit->next->behind, edit->world->snapshot->behind,
		       sizeof(edit->next->behind));
		memcpy(edit->next->sources, edit->world->snapshot->sources,
		       sizeof(edit->next->sources));
		return;
	}
	netpol_idset_for_each(&edit->world->slots, walk, slot) {
		local = netpol_pages_read(&edit->locals, slot);
		add_sources(edit->next, local->pod, common);
		if (!local->ifindex)
			continue;
		place = &edit->next->behind[local->ifindex % NETPOL_BEHIND];
		if (better_behind(local, *place))
			*place = local;
	}
	edit->next->common4.bits = common[0].set;
	edit->next->common4.mask = common[0].set | common[0].clear;
	edit->next->common6.bits = common[1].set;
	edit->next->common6.mask = common[1].set | common[1].clear;
}

/* Does a program stay as large as it is, or get smaller, if a pod keeps it? */
static bool stays_small(const struct netpol_edit *edit, const struct netpol_program *program)
{
	if (program->moved == edit->serial)
		return program->replacement->bytes <= program->bytes;
	return program->stale != edit->serial;
}

/*
 * When is it the turn of a local pod? First come those that keep their programs, with no more bytes
 * than before, so that what there is counts before what is added; at last those that the edit
 * changed. @select: set as derive_local() needs it.
 */
static enum turn local_turn(const struct netpol_edit *edit, const struct netpol_local *local,
			    u8 *select)
{
	enum turn turn = edit->part ? TURN_OTHER : TURN_KEPT;
	u8 i;

	*select = ALL_DIRECTIONS;
	if (local->runtime->changed == edit->serial)
		return TURN_CHANGED;
	for (i = 0; i < NETPOL_DIRECTIONS; i++) {
		/* with equal parts, what was closed for the time being may have its program */
		if ((edit->part && lacks_program(local, i)) ||
		    reselect(edit, local->pod->template, i)) {
			turn = TURN_OTHER;
			continue;
		}
		*select &= ~BIT(i);
		if (local->program[i] && !stays_small(edit, local->program[i]))
			turn = TURN_OTHER;
	}
	return turn;
}

/* Counts the programs that a pod keeps, other than in the directions of @select. */
static void count_kept(struct netpol_edit *edit, const struct netpol_local *local, u8 select)
{
	struct netpol_program *program;
	u8 i;

	for (i = 0; i < NETPOL_DIRECTIONS; i++) {
		program = (struct netpol_program *)local->program[i];
		if (select & BIT(i) || !program || !stays_small(edit, program))
			continue;
		if (program->moved == edit->serial)
			program = program->replacement;
		/* all that is in force has room, and the pod's turn comes */
		if (!netpol_program_closed(program))
			use_program(edit, program, false);
	}
}

/*
 * Completes the entries of the local pods whose turn it is. @left: the turns of others are added,
 * as bits. Return: 0, -ENOMEM or -ENOSPC.
 */
static int derive_turn(struct netpol_edit *edit, struct policy_list *list, enum turn turn,
		       u32 *left)
{
	const struct netpol_local *local;
	struct netpol_idset_walk walk;
	enum turn its;
	u32 slot, at = 0;
	u8 select;
	int error;

	netpol_idset_for_each(&edit->world->slots, walk, slot) {
		local = netpol_pages_read(&edit->locals, slot);
		its = local_turn(edit, local, &select);
		if (its == turn) {
			error = derive_local(edit, slot, local, list, select);
			if (error)
				return error;
			cond_resched();
			continue;
		}
		netpol_offer(at++);
		*left |= BIT(its);
		if (turn == TURN_KEPT && its == TURN_OTHER && !edit->part)
			count_kept(edit, local, select);
	}
	return 0;
}

/*
 * Completes the entries of all local pods, and counts what there is before what is added. Return:
 * 0, -ENOMEM or -ENOSPC.
 */
static int derive_locals(struct netpol_edit *edit, struct policy_list *list)
{
	u32 turn, left = BIT(TURN_KEPT);
	int error = 0;

	for (turn = 0; turn < TURNS && !error; turn++)
		if (left & BIT(turn))
			error = derive_turn(edit, list, turn, &left);
	return error;
}

/*
 * There is not enough memory for all programs, so some pods would be closed whose only fault is
 * their place: begins anew with an equal part for each namespace. One that takes less than that
 * loses nothing by the others, which may have what is left then, whatever was in force before.
 * Return: 0, -ENOMEM or -ENOSPC.
 */
static int share_equally(struct netpol_edit *edit, struct policy_list *list)
{
	struct netpol_world *world = edit->world;
	struct netpol_program *program;
	int error;

	edit->part = (world->limit[NETPOL_LIMIT_PROGRAM_BYTES] - reserve(world)) /
		     max(1u, edit->ncharged);
	edit->next->program_bytes = 0;
	edit->next->nlacking = 0;
	list_for_each_entry(program, &world->programs, node) {
		program->used = 0;
		program->ns->edit_bytes = 0;
	}
	error = derive_locals(edit, list);
	edit->part = 0;
	edit->lacks = false;
	return error;
}

/* Does another pod have the program that a pod lacks, so that it takes nothing more? */
static bool others_have(const struct netpol_edit *edit, const struct netpol_local *local,
			u8 direction, const struct netpol_ns *ns)
{
	const struct netpol_program *program;
	u32 at = 0;

	list_for_each_entry(program, &edit->world->programs, node) {
		netpol_offer(at++);
		if (program->used == edit->serial && program->direction == direction &&
		    program->hash == local->runtime->lack[direction].hash && program->ns == ns &&
		    (!program->ports || program->ports == local->pod->template->ports))
			return true;
	}
	return false;
}

/* May there be room for a program that a pod lacks, also because another pod has the same one? */
static bool may_have_room(struct netpol_edit *edit, const struct netpol_local *local)
{
	const struct netpol_lack *lack;
	struct netpol_ns *ns;
	u8 i;

	for (i = 0; i < NETPOL_DIRECTIONS; i++) {
		lack = &local->runtime->lack[i];
		ns = lack->cluster ? edit->world->cluster : local->pod->template->ns;
		if (lacks_program(local, i) && lack->tried != edit->serial &&
		    (lack->need == NETPOL_CELLS_NEED ||
		     lack->need <= program_budget(edit, ns, lack->own) ||
		     others_have(edit, local, i, ns)))
			return true;
	}
	return false;
}

/*
 * Looks for room for the programs that pods lack, behind all those that are in force. To find out
 * in vain takes as long as to compile the program, so after the first one there is no further try,
 * and the next edit begins behind it. Return: 0, -ENOMEM or -ENOSPC.
 */
static int fill_room(struct netpol_edit *edit, struct policy_list *list)
{
	struct netpol_world *world = edit->world;
	u32 slot, before, first = world->retry;
	const struct netpol_local *local;
	struct netpol_idset_walk walk;
	bool more = true, wrapped;
	int error, round;

	for (round = 0; more; round++) {
		/* others like a pod that gets its programs may have been passed over */
		wrapped = round % 2;
		more = !wrapped;
		netpol_idset_for_each(&world->slots, walk, slot) {
			local = netpol_pages_read(&edit->locals, slot);
			cond_resched();
			if ((wrapped ? slot >= first : slot < first) ||
			    !may_have_room(edit, local))
				continue;
			before = edit->next->nlacking;
			edit->next->nlacking -= count_lacking(local);
			world->retry = slot + 1;
			error = derive_local(edit, slot, local, list, ALL_DIRECTIONS);
			if (error || edit->next->nlacking >= before)
				return error;
			more |= edit->next->nlacking < before;
		}
	}
	return 0;
}

/*
 * Forgets the programs that pods had until fill_room() found better ones, closed or without what is
 * observed, if no pod has them any more.
 */
static void drop_makeshift(struct netpol_edit *edit)
{
	struct netpol_program *program;
	struct netpol_idset_walk walk;
	bool used;
	u32 slot;

	list_for_each_entry(program, &edit->world->programs, node) {
		cond_resched();
		if (program->used != edit->serial)
			continue;
		used = false;
		netpol_idset_for_each(&edit->world->slots, walk, slot) {
			const struct netpol_local *local = netpol_pages_read(&edit->locals, slot);

			used |= local->program[program->direction] == program;
		}
		if (used)
			continue;
		program->used = 0;
		*next_bytes(edit, program->ns) -= program->bytes;
		edit->next->program_bytes -= program->bytes;
	}
}

int netpol_derive_programs(struct netpol_edit *edit)
{
	struct netpol_world *world = edit->world;
	struct netpol_program *program, *next;
	struct policy_list list = {};
	bool filled;
	int error = 0;

	edit->plenty = less(less(world->limit[NETPOL_LIMIT_PROGRAM_BYTES], reserve(world)),
			    world->hits_bytes);
	list_for_each_entry_safe(program, next, &world->programs, node) {
		error = refresh_program(edit, program);
		if (error)
			return error;
		cond_resched();
	}
	error = derive_locals(edit, &list);
	if (!error && edit->lacks)
		error = share_equally(edit, &list);
	filled = !error && edit->next->nlacking;
	if (filled)
		error = fill_room(edit, &list);
	if (filled && !error)
		drop_makeshift(edit);
	netpol_free(list.policy);
	if (error)
		return error;
	fill_behind(edit);
	list_for_each_entry_safe(program, next, &world->programs, node) {
		if (program->used == edit->serial)
			continue;
		list_move(&program->node, &edit->unused);
		error = netpol_retire_add_sized(&edit->cow.retired, program,
						NETPOL_RETIRE_PROGRAM, program->bytes);
		if (error)
			return error;
	}
	return 0;
}
