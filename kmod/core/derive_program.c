// SPDX-License-Identifier: GPL-2.0
/* Programs of local pods; see derive_program.h. */
#include "core/array.h"
#include "core/compile.h"
#include "core/derive_program.h"
#include "core/edit.h"
#include "core/edit_state.h"
#include "core/hash.h"
#include "core/patch.h"

/* With up to so many changed objects, each is checked whether it matters to a pod. */
#define FEW_OBJECTS 64

/**
 * struct policy_list - policies that select a pod in one direction, in order
 * @policy: the policies
 * @count: how many
 * @size: room for how many
 * @closed: nobody knows which cluster-wide policies select the pod, so there are none here, and
 *	everything is denied
 */
struct policy_list {
	struct netpol_policy **policy;
	u32 count;
	u32 size;
	bool closed;
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

static bool program_is(const struct netpol_program *program, u32 hash, u8 direction,
		       struct netpol_policy *const *policy, u32 npolicies,
		       const struct netpol_ports *ports)
{
	return program->hash == hash && program->direction == direction &&
	       program->npolicies == npolicies && program->ports == ports &&
	       (!npolicies || !memcmp(program->policy, policy, npolicies * sizeof(*policy)));
}

/* Memory of a namespace's programs in the next snapshot, as far as it is known. */
static u64 *next_bytes(const struct netpol_edit *edit, struct netpol_ns *ns)
{
	if (ns->edit_serial != edit->serial) {
		ns->edit_serial = edit->serial;
		ns->edit_bytes = 0;
	}
	return &ns->edit_bytes;
}

static u64 less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/*
 * How many bytes the next program of a namespace may have. @own: the edit changed the policies or
 * the pod that it is for; if not, others made the program larger, and a refusal would be for
 * them: then only the limit for all counts. A namespace above its share may do with less.
 */
static u64 program_budget(const struct netpol_edit *edit, struct netpol_ns *ns, bool own)
{
	const struct netpol_world *world = edit->world;
	u64 used = *next_bytes(edit, ns), share, all;

	all = less(max(world->limit[NETPOL_LIMIT_PROGRAM_BYTES],
		       world->snapshot->program_bytes + world->hits_bytes),
		   edit->next->program_bytes + world->hits_bytes);
	if (!own)
		return all;
	share = less(max(world->limit[NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE],
			 ns->program_bytes + ns->hits_bytes), used + ns->hits_bytes);
	return min(share, all);
}

/*
 * The object to blame for a program: the largest policy that the edit set, or the pod, or NULL.
 * @share: of the namespace @ns, above its share; that is nobody else's fault
 */
static const void *blamed(const struct netpol_edit *edit, const struct netpol_pod *pod,
			  struct netpol_policy *const *policy, u32 npolicies, bool share,
			  const struct netpol_ns *ns)
{
	const struct netpol_policy *largest = NULL;
	u32 i;

	for (i = 0; i < npolicies; i++)
		if (policy[i]->mark == edit->serial && (!share || policy[i]->ns == ns) &&
		    (!largest || policy[i]->npeers + policy[i]->nports + policy[i]->nrules >
				 largest->npeers + largest->nports + largest->nrules))
			largest = policy[i];
	if (largest)
		return largest;
	return pod->mark == edit->serial ? pod : NULL;
}

/* The namespace that a program of these policies is charged to; see struct netpol_program. */
static struct netpol_ns *charged(const struct netpol_edit *edit,
				 struct netpol_policy *const *policy, u32 npolicies)
{
	u32 i;

	for (i = 0; i < npolicies; i++)
		if (policy[i]->tier == NETPOL_TIER_NETWORK_POLICY)
			return policy[i]->ns;
	return edit->world->cluster;
}

/* Refuses a program that is over its budget. Return: -ENOSPC */
static int refuse_program(struct netpol_edit *edit, const struct netpol_pod *pod, bool own,
			  struct netpol_policy *const *policy, u32 npolicies)
{
	struct netpol_world *world = edit->world;
	struct netpol_ns *ns = charged(edit, policy, npolicies);
	bool share = own && program_budget(edit, ns, true) < program_budget(edit, ns, false);

	edit->fault->object = blamed(edit, pod, policy, npolicies, share, ns);
	return netpol_fail(edit->fault, -ENOSPC,
			   "%s%s: programs of its pods take more than %llu MiB, %s; pod %s: use fewer rules, ports or blocks",
			   ns == world->cluster ? "ClusterNetworkPolicies" : "namespace ",
			   ns->name, (unsigned long long)
			   (world->limit[share ? NETPOL_LIMIT_PROGRAM_BYTES_PER_NAMESPACE :
						 NETPOL_LIMIT_PROGRAM_BYTES] >> 20),
			   share ? "the share of a namespace" : "with those of all others",
			   netpol_pod_name(pod));
}

/* The next snapshot uses a program. Return: 0, or -EDQUOT if it takes too much memory. */
static int use_program(struct netpol_edit *edit, struct netpol_program *program, bool own)
{
	struct netpol_ns *ns = program->ns;
	u64 budget;

	if (program->used == edit->serial)
		return 0;
	budget = program_budget(edit, ns, own);
	program->used = edit->serial;
	*next_bytes(edit, ns) += program->bytes;
	edit->next->program_bytes += program->bytes;
	return program->bytes > budget ? -EDQUOT : 0;
}

/*
 * Finds the program of a list of policies for a pod, or compiles it. Without policies it denies
 * everything. @own: see program_budget(). Return: 0, -ENOMEM, -ENOSPC or -EDQUOT.
 */
static int find_program(struct netpol_edit *edit, const struct netpol_pod *pod,
			u8 direction, struct netpol_policy **policy, u32 npolicies, bool own,
			const struct netpol_program **found)
{
	struct netpol_world *world = edit->world;
	struct netpol_ports *ports = NULL;
	struct netpol_program *program;
	u32 hash, at = 0;
	int error;

	if (netpol_policies_need_ports(policy, npolicies, direction))
		ports = pod->template->ports;
	hash = netpol_hash(policy, npolicies * sizeof(*policy));
	list_for_each_entry(program, &world->programs, node) {
		netpol_offer(at++);
		if (program->stale == edit->serial ||
		    !program_is(program, hash, direction, policy, npolicies, ports))
			continue;
		*found = program;
		return use_program(edit, program, own);
	}
	program = netpol_program_compile(world, direction, policy, npolicies, ports,
					 program_budget(edit, charged(edit, policy, npolicies),
							own), edit->fault);
	if (IS_ERR(program))
		return PTR_ERR(program);
	error = netpol_retire_add(&edit->cow.created, program, NETPOL_RETIRE_PROGRAM);
	if (error) {
		netpol_program_free(world, program);
		return error;
	}
	program->hash = hash;
	list_add(&program->node, &world->programs);
	*found = program;
	return use_program(edit, program, own);
}

/*
 * Adds the policies of a namespace and a tier that select pods of a template in a direction.
 * Return: 0 or -ENOMEM.
 */
static int select_tier(const struct netpol_edit *edit, const struct netpol_template *template,
		       u8 direction, struct netpol_ns *ns, u8 tier, struct policy_list *list)
{
	struct netpol_policy *policy;
	u32 at = 0;

	if (!list_empty(&ns->fresh))
		netpol_policies_settle(edit, ns);
	list_for_each_entry(policy, &ns->policies, node) {
		/* a selector may have many requirements */
		if (at++ % 64 == 63)
			cond_resched();
		if (policy->tier != tier || !(policy->directions & BIT(direction)) ||
		    !netpol_policy_selects(policy, template->ns, template->labels))
			continue;
		if (netpol_array_reserve((void **)&list->policy, list->count, &list->size,
					 list->count + 1, sizeof(*list->policy)))
			return -ENOMEM;
		list->policy[list->count++] = policy;
	}
	return 0;
}

/*
 * Lists the policies that select pods of a template in a direction, in the order in which their
 * rules decide. NetworkPolicies that isolate the pod have the last word, so that the Baseline tier
 * counts only without them. Return: 0 or -ENOMEM.
 */
static int select_policies(const struct netpol_edit *edit,
			   const struct netpol_template *template, u8 direction,
			   struct policy_list *list)
{
	struct netpol_ns *cluster = edit->world->cluster;
	u32 admin;
	int error;

	list->count = 0;
	list->closed = cluster->npolicies && !template->ns->labels;
	if (list->closed)
		return 0;
	error = select_tier(edit, template, direction, cluster, NETPOL_TIER_ADMIN, list);
	admin = list->count;
	if (!error)
		error = select_tier(edit, template, direction, template->ns,
				    NETPOL_TIER_NETWORK_POLICY, list);
	if (!error && list->count == admin)
		error = select_tier(edit, template, direction, cluster, NETPOL_TIER_BASELINE,
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

/*
 * Finds the program of a local pod in one direction. @changed: the pod did; @select: other policies
 * may select it than before. A program that grows with the cluster-wide policies is not the doing
 * of its namespace, which could keep them out otherwise. @list: scratch. Return: 0, -ENOMEM or
 * -ENOSPC.
 */
static int derive_program(struct netpol_edit *edit, const struct netpol_local *local,
			  u8 direction, bool changed, bool select, struct policy_list *list,
			  const struct netpol_program **found)
{
	const struct netpol_program *program = local->program[direction];
	struct netpol_policy **policy = NULL;
	bool own = false;
	u32 npolicies = 0;
	int error;

	if (program && program->moved == edit->serial)
		program = program->replacement;
	*found = program;
	if (select) {
		error = select_policies(edit, local->pod->template, direction, list);
		if (error)
			return error;
		policy = list->policy;
		npolicies = list->count;
		*found = NULL;
		own = changed || charged(edit, policy, npolicies)->policies_changed == edit->serial;
		if (npolicies || list->closed)
			error = find_program(edit, local->pod, direction, policy, npolicies, own,
					     found);
	} else if (program) {
		policy = program->policy;
		npolicies = program->npolicies;
		error = program->stale == edit->serial ?
			find_program(edit, local->pod, direction, policy, npolicies, false, found) :
			use_program(edit, (struct netpol_program *)program, false);
	} else {
		return 0;
	}
	if (error == -EDQUOT)
		return refuse_program(edit, local->pod, own, policy, npolicies);
	return error;
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

/* Completes the entry of a local pod. @list: scratch. Return: 0, -ENOMEM or -ENOSPC. */
static int derive_local(struct netpol_edit *edit, u32 slot, struct policy_list *list)
{
	const struct netpol_local *local = netpol_pages_read(&edit->locals, slot);
	const struct netpol_program *program[NETPOL_DIRECTIONS];
	const struct netpol_template *template = local->pod->template;
	bool changed = local->runtime->changed == edit->serial;
	struct netpol_local *write;
	u8 direction;
	int error;

	for (direction = 0; direction < NETPOL_DIRECTIONS; direction++) {
		error = derive_program(edit, local, direction, changed, changed ||
				       reselect(edit, template, direction), list,
				       &program[direction]);
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

/* Adds the addresses of a local pod to netpol_snapshot::sources. */
static void add_sources(struct netpol_snapshot *next, const struct netpol_pod *pod)
{
	const u8 *address;
	u32 i, bit;
	u8 family;

	for (i = 0; i < netpol_pod_addresses(pod); i++) {
		address = netpol_pod_address(pod, i, &family);
		bit = netpol_source_bit(family, address);
		next->sources[family == AF_INET6][bit / 64] |= 1ULL << bit % 64;
	}
}

/*
 * Fills netpol_snapshot::behind and ::sources, or copies them if no entry of a local pod
 * changed. After the last write to the entries, because ::behind points to them.
 */
static void fill_behind(struct netpol_edit *edit)
{
	const struct netpol_local *local, **place;
	struct netpol_idset_walk walk;
	u32 slot;

	if (!edit->locals.dir_fresh) {
		memcpy(edit->next->behind, edit->world->snapshot->behind,
		       sizeof(edit->next->behind));
		memcpy(edit->next->sources, edit->world->snapshot->sources,
		       sizeof(edit->next->sources));
		return;
	}
	netpol_idset_for_each(&edit->world->slots, walk, slot) {
		local = netpol_pages_read(&edit->locals, slot);
		add_sources(edit->next, local->pod);
		if (!local->ifindex)
			continue;
		place = &edit->next->behind[local->ifindex % NETPOL_BEHIND];
		if (better_behind(local, *place))
			*place = local;
	}
}

int netpol_derive_programs(struct netpol_edit *edit)
{
	struct netpol_world *world = edit->world;
	struct netpol_program *program, *next;
	struct netpol_idset_walk walk;
	struct policy_list list = {};
	int error = 0;
	u32 slot;

	list_for_each_entry_safe(program, next, &world->programs, node) {
		error = refresh_program(edit, program);
		if (error)
			return error;
		cond_resched();
	}
	netpol_idset_for_each(&world->slots, walk, slot) {
		error = derive_local(edit, slot, &list);
		if (error)
			break;
		cond_resched();
	}
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
