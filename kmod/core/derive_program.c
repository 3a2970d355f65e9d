// SPDX-License-Identifier: GPL-2.0
/*
 * What follows from changed objects, second half: sets of peers, and the programs of
 * local pods. As in derive.c, what is changed in place is noted in the undo log first.
 */
#include "core/compile.h"
#include "core/edit_state.h"
#include "core/patch.h"

/* Up to so many new or relabelled identities, each is asked for by itself. */
#define FEW_IDENTITIES 64

/* The same where all of them were split off others, whose peers and rows they have. */
#define FEW_SPLITS 1024

/* Up to so many changed objects, each is asked whether it is about a pod. */
#define FEW_OBJECTS 64

/* May the edit have changed what a peer matches? */
static bool peer_affected(const struct netpol_edit *edit, const struct netpol_peer *peer)
{
	u32 i;

	if (edit->identities.count > FEW_IDENTITIES ||
	    edit->relabelled.count > FEW_IDENTITIES)
		return true;
	for (i = 0; i < edit->relabelled.count; i++) {
		const struct netpol_ns *ns = edit->relabelled.change[i].subject;
		bool before, after;

		if (peer->ns) {
			if (peer->ns == ns && !ns->labels != !ns->before)
				return true;
			continue;
		}
		before = ns->before && netpol_selector_matches(peer->namespaces,
							       ns->before);
		after = ns->labels && netpol_selector_matches(peer->namespaces,
							      ns->labels);
		if (before != after)
			return true;
	}
	for (i = 0; i < edit->identities.count; i++)
		if (netpol_peer_matches(peer, edit->identities.change[i].subject))
			return true;
	return false;
}

/* Notes the identities of the edit and of relabelled namespaces, unless they are many. */
static int list_affected(struct netpol_edit *edit)
{
	struct netpol_idset_walk walk;
	u32 i, number;

	if (edit->identities.count > (edit->relabelled.count ? FEW_IDENTITIES : FEW_SPLITS))
		return 0;
	for (i = 0; i < edit->identities.count; i++) {
		const struct netpol_change *change = &edit->identities.change[i];

		if (!change->value && i >= FEW_IDENTITIES)
			return 0;
		if (netpol_log_add(&edit->affected, 0, 0, change->subject,
				   edit->relabelled.count ? NULL : change->value))
			return -ENOMEM;
	}
	for (i = 0; i < edit->relabelled.count; i++) {
		const struct netpol_ns *ns = edit->relabelled.change[i].subject;

		netpol_idset_for_each(&ns->identities, walk, number) {
			if (edit->affected.count >= FEW_IDENTITIES)
				return 0;
			if (netpol_log_add(&edit->affected, 0, 0,
					   edit->world->identity[number], NULL))
				return -ENOMEM;
		}
	}
	edit->one_by_one = true;
	return 0;
}

/* Brings a peer's set up to date where few identities can have come or gone. */
static int update_members(struct netpol_edit *edit, struct netpol_peer *peer)
{
	u32 i;
	int error;

	for (i = 0; i < edit->affected.count; i++) {
		const struct netpol_identity *identity = edit->affected.change[i].subject;
		const struct netpol_identity *origin = edit->affected.change[i].value;
		bool has = netpol_idset_has(&peer->set, identity->number);
		bool match;

		/* the keys of a peer in use were active before the edit split anything */
		match = origin ? netpol_idset_has(&peer->set, origin->number) :
				 netpol_peer_matches(peer, identity);
		if (has == match)
			continue;
		error = netpol_undo_note(edit, match ? NETPOL_UNDO_MEMBER_NEW :
						       NETPOL_UNDO_MEMBER_GONE,
					 identity->number, peer, NULL);
		if (error)
			return error;
		if (match) {
			error = netpol_idset_add(&peer->set, identity->number);
			if (error)
				return error;
		} else {
			netpol_idset_del(&peer->set, identity->number);
		}
		peer->changed = edit->serial;
	}
	return 0;
}

/* Evaluates a peer anew. */
static int update_set(struct netpol_edit *edit, struct netpol_peer *peer,
		      struct netpol_idset *set)
{
	struct netpol_idset *before;
	int error;

	error = netpol_peer_evaluate(edit->world, peer, set);
	if (error || netpol_idset_equal(set, &peer->set))
		return error;
	before = netpol_alloc(sizeof(*before));
	error = before ? netpol_undo_note(edit, NETPOL_UNDO_PEER, 0, peer, before) : -ENOMEM;
	if (error) {
		netpol_free(before);
		return error;
	}
	*before = peer->set;
	peer->set = *set;
	peer->changed = edit->serial;
	memset(set, 0, sizeof(*set));
	return 0;
}

/* Brings the sets of the peers in use up to date. Return: 0 or -ENOMEM. */
int netpol_derive_peers(struct netpol_edit *edit)
{
	struct netpol_idset set = {};
	struct netpol_peer *peer;
	int error;

	if (!edit->identities.count && !edit->relabelled.count)
		return 0;
	error = list_affected(edit);
	if (error)
		return error;
	list_for_each_entry(peer, &edit->world->active_peers, active) {
		if (edit->one_by_one)
			error = update_members(edit, peer);
		else if (peer_affected(edit, peer))
			error = update_set(edit, peer, &set);
		if (error)
			break;
		cond_resched();
	}
	netpol_idset_free(&set);
	return error;
}

/*
 * Is a program out of date: does one of its peers match others now, or is a row kept for
 * a number that has become somebody else?
 */
static bool program_stale(const struct netpol_edit *edit,
			  const struct netpol_program *program)
{
	u32 i;

	for (i = 0; i < program->npeers; i++)
		if (program->peer[i]->changed == edit->serial)
			return true;
	for (i = 0; i < edit->identities.count; i++) {
		const struct netpol_identity *identity =
			edit->identities.change[i].subject;

		if (netpol_program_row(program, identity->number))
			return true;
	}
	return false;
}

/* Puts a program that is out of date aside: for one with other rows, or for a new one. */
static int refresh_program(struct netpol_edit *edit, struct netpol_program *program)
{
	struct netpol_program *patched = NULL;
	int error = 0;

	if (!program_stale(edit, program))
		return 0;
	if (edit->one_by_one)
		error = netpol_program_patch(edit, program, &patched);
	if (error || patched == program)
		return error;
	if (!patched) {
		program->stale = edit->serial;
		return 0;
	}
	error = netpol_undo_note(edit, NETPOL_UNDO_PROGRAM, 0, program, patched);
	if (error)
		return error;
	list_replace(&program->node, &patched->node);
	program->moved = edit->serial;
	program->replacement = patched;
	return 0;
}

static bool program_is(const struct netpol_program *program, u8 direction,
		       struct netpol_policy *const *policy, u32 npolicies,
		       const struct netpol_ports *ports)
{
	return program->direction == direction && program->npolicies == npolicies &&
	       program->ports == ports &&
	       !memcmp(program->policy, policy, npolicies * sizeof(*policy));
}

/* The program of a list of policies: one that is there already, or a new one. */
static int find_program(struct netpol_edit *edit, const struct netpol_pod *pod,
			u8 direction, struct netpol_policy **policy, u32 npolicies,
			const struct netpol_program **found)
{
	struct netpol_world *world = edit->world;
	struct netpol_ports *ports = NULL;
	struct netpol_program *program;
	int error;

	*found = NULL;
	if (!npolicies)
		return 0;
	if (netpol_policies_need_ports(policy, npolicies, direction))
		ports = pod->template->ports;
	list_for_each_entry(program, &world->programs, node) {
		if (program->stale == edit->serial ||
		    !program_is(program, direction, policy, npolicies, ports))
			continue;
		program->used = edit->serial;
		*found = program;
		return 0;
	}
	program = netpol_program_compile(world, direction, policy, npolicies, ports,
					 edit->fault);
	if (IS_ERR(program))
		return PTR_ERR(program);
	error = netpol_retire_add(&edit->cow.created, program, NETPOL_RETIRE_PROGRAM);
	if (error) {
		netpol_program_free(world, program);
		return error;
	}
	program->used = edit->serial;
	list_add(&program->node, &world->programs);
	*found = program;
	return 0;
}

/* The policies that select a pod in a direction, in order. */
static int select_policies(struct netpol_edit *edit, const struct netpol_pod *pod,
			   u8 direction, struct netpol_log *log)
{
	const struct netpol_template *template = pod->template;
	struct netpol_policy *policy;

	log->count = 0;
	list_for_each_entry(policy, &template->ns->policies, node) {
		if (!(policy->directions & BIT(direction)) ||
		    !netpol_selector_matches(policy->subject, template->labels))
			continue;
		if (netpol_log_add(log, 0, 0, policy, NULL))
			return -ENOMEM;
	}
	return 0;
}

/* Do the policies of a pod have to be selected anew: does the edit change one of them? */
static bool reselect(const struct netpol_edit *edit, const struct netpol_template *template,
		     u8 direction)
{
	const struct netpol_policy *policy[2];
	u32 i, j;

	if (template->ns->policies_changed != edit->serial)
		return false;
	if (edit->objects.count > FEW_OBJECTS)
		return true;
	for (i = 0; i < edit->objects.count; i++) {
		if (edit->objects.change[i].kind != NETPOL_CHANGE_POLICY)
			continue;
		policy[0] = edit->objects.change[i].subject;
		policy[1] = edit->objects.change[i].value;
		for (j = 0; j < 2; j++)
			if (policy[j] && policy[j]->ns == template->ns &&
			    policy[j]->directions & BIT(direction) &&
			    netpol_selector_matches(policy[j]->subject, template->labels))
				return true;
	}
	return false;
}

/* Finds the program of a local pod in one direction. */
static int derive_program(struct netpol_edit *edit, const struct netpol_local *local,
			  u8 direction, bool selected, struct netpol_log *log,
			  const struct netpol_program **found)
{
	const struct netpol_program *program = local->program[direction];
	struct netpol_policy **policy;
	int error;
	u32 i;

	if (program && program->moved == edit->serial)
		program = program->replacement;
	if (!selected) {
		*found = program;
		if (!program)
			return 0;
		if (program->stale != edit->serial) {
			((struct netpol_program *)program)->used = edit->serial;
			return 0;
		}
		return find_program(edit, local->pod, direction, program->policy,
				    program->npolicies, found);
	}
	error = select_policies(edit, local->pod, direction, log);
	if (error)
		return error;
	policy = netpol_alloc_array(log->count, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	for (i = 0; i < log->count; i++)
		policy[i] = log->change[i].subject;
	error = find_program(edit, local->pod, direction, policy, log->count, found);
	netpol_free(policy);
	return error;
}

/*
 * Keeps an address of each family with a local pod, so that its packets need not look it
 * up: one that leads to this pod, and to nobody else who claims it as well.
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

static int derive_local(struct netpol_edit *edit, u32 slot, struct netpol_log *log)
{
	const struct netpol_local *local = netpol_pages_read(&edit->locals, slot);
	const struct netpol_program *program[NETPOL_DIRECTIONS];
	const struct netpol_template *template = local->pod->template;
	bool changed = local->runtime->changed == edit->serial;
	struct netpol_local *write;
	u8 direction;
	int error;

	for (direction = 0; direction < NETPOL_DIRECTIONS; direction++) {
		error = derive_program(edit, local, direction, changed ||
				       reselect(edit, template, direction), log,
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

/* Of two pods that may be behind one interface, or behind two that share a place. */
static bool better_behind(const struct netpol_local *local, const struct netpol_local *other)
{
	return !other || (other->runtime->gone && !local->runtime->gone);
}

/* Leads from interfaces to the local pods behind them, once these are not written any more. */
static void fill_behind(struct netpol_edit *edit)
{
	const struct netpol_local *local, **place;
	struct netpol_idset_walk walk;
	u32 slot;

	if (!edit->locals.dir_fresh) {
		memcpy(edit->next->behind, edit->world->snapshot->behind,
		       sizeof(edit->next->behind));
		return;
	}
	netpol_idset_for_each(&edit->world->slots, walk, slot) {
		local = netpol_pages_read(&edit->locals, slot);
		if (!local->ifindex)
			continue;
		place = &edit->next->behind[local->ifindex % NETPOL_BEHIND];
		if (better_behind(local, *place))
			*place = local;
	}
}

/* Finds or makes the programs of all local pods. Return: 0, -ENOMEM or -ENOSPC. */
int netpol_derive_programs(struct netpol_edit *edit)
{
	struct netpol_world *world = edit->world;
	struct netpol_program *program, *next;
	struct netpol_idset_walk walk;
	struct netpol_log log = {};
	int error = 0;
	u32 slot;

	list_for_each_entry_safe(program, next, &world->programs, node) {
		error = refresh_program(edit, program);
		if (error)
			return error;
		cond_resched();
	}
	netpol_idset_for_each(&world->slots, walk, slot) {
		error = derive_local(edit, slot, &log);
		if (error)
			break;
		cond_resched();
	}
	netpol_free(log.change);
	if (error)
		return error;
	fill_behind(edit);
	list_for_each_entry(program, &world->programs, node) {
		if (program->used == edit->serial)
			continue;
		error = netpol_log_add(&edit->unused, 0, 0, program, NULL);
		if (!error)
			error = netpol_retire_add_sized(&edit->cow.retired, program,
							NETPOL_RETIRE_PROGRAM,
							program->bytes);
		if (error)
			return error;
	}
	return 0;
}

