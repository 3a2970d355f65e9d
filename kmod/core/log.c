// SPDX-License-Identifier: GPL-2.0
/* What an edit notes, and its undo; see log.h. */
#include "core/array.h"
#include "core/edit_state.h"
#include "core/log.h"

/* Entries that a list has room for when it gets its first. */
#define LOG_FIRST	16u

/* cond_resched() is called once in so many changes that are undone or forgotten. */
#define UNDO_BATCH	64

static int reserve(void **array, u32 count, u32 *size, u32 wanted, size_t element)
{
	return netpol_array_reserve(array, count, size, max(LOG_FIRST, wanted), element);
}

int netpol_log_expect_changes(struct netpol_change_log *log, u32 count)
{
	return reserve((void **)&log->change, log->count, &log->size, count, sizeof(*log->change));
}

int netpol_log_expect_touched(struct netpol_touched_log *log, u32 count)
{
	return reserve((void **)&log->touched, log->count, &log->size, count,
		       sizeof(*log->touched));
}

int netpol_log_change(struct netpol_change_log *log, u32 kind, void *old, void *object)
{
	if (netpol_log_expect_changes(log, log->count + 1))
		return -ENOMEM;
	log->change[log->count++] = (struct netpol_change){
		.kind = kind, .old = old, .object = object,
	};
	return 0;
}

int netpol_log_touched(struct netpol_touched_log *log, u8 family, const void *address, u32 hash)
{
	if (netpol_log_expect_touched(log, log->count + 1))
		return -ENOMEM;
	log->touched[log->count++] = (struct netpol_touched){
		.address = address, .hash = hash, .family = family,
	};
	return 0;
}

int netpol_log_split(struct netpol_split_log *log, struct netpol_identity *identity,
		     struct netpol_identity *parent)
{
	if (reserve((void **)&log->split, log->count, &log->size, log->count + 1,
		    sizeof(*log->split)))
		return -ENOMEM;
	log->split[log->count++] = (struct netpol_split){
		.identity = identity, .parent = parent,
	};
	return 0;
}

int netpol_log_ns(struct netpol_ns_log *log, struct netpol_ns *ns)
{
	if (reserve((void **)&log->ns, log->count, &log->size, log->count + 1, sizeof(*log->ns)))
		return -ENOMEM;
	log->ns[log->count++] = ns;
	return 0;
}

int netpol_undo_note(struct netpol_edit *edit, struct netpol_undo undo)
{
	struct netpol_undo_log *log = &edit->undo;

	if (reserve((void **)&log->undo, log->count, &log->size, log->count + 1,
		    sizeof(*log->undo)))
		return -ENOMEM;
	log->undo[log->count++] = undo;
	return 0;
}

/* Undoes one change; cannot fail. */
static void undo_one(struct netpol_world *world, const struct netpol_undo *undo)
{
	struct netpol_identity *identity;

	switch (undo->kind) {
	case NETPOL_UNDO_LABELS:
		netpol_ns_set_labels(world, undo->ns, undo->labels);
		cond_resched();
		break;
	case NETPOL_UNDO_KEY:
		undo->key->active = !undo->key->active;
		break;
	case NETPOL_UNDO_TEMPLATE:
		identity = undo->template->identity;
		undo->template->identity = undo->before;
		netpol_identity_put(world, identity);
		break;
	case NETPOL_UNDO_RENAME:
		netpol_identity_rename(world, undo->identity, undo->labels);
		netpol_labels_put(world, undo->labels);
		break;
	case NETPOL_UNDO_PEER:
		list_add_tail(&undo->peer->active, &world->active_peers);
		fallthrough;
	case NETPOL_UNDO_SET:
		netpol_idset_free(&undo->peer->set);
		undo->peer->set = *undo->set;
		netpol_free(undo->set);
		break;
	case NETPOL_UNDO_MEMBER_NEW:
		netpol_idset_del(&undo->peer->set, undo->number);
		break;
	case NETPOL_UNDO_MEMBER_GONE:
		/* the set had room for it before the edit, and keeps that */
		netpol_idset_add(&undo->peer->set, undo->number);
		break;
	case NETPOL_UNDO_PROGRAM:
		list_replace(&undo->replacement->node, &undo->program->node);
		break;
	case NETPOL_UNDO_SLOT_TAKEN:
		netpol_idset_del(&world->slots, undo->number);
		break;
	case NETPOL_UNDO_SLOT_FREED:
		netpol_idset_add(&world->slots, undo->number);
		break;
	case NETPOL_UNDO_LACK:
		undo->runtime->lack[undo->number] = *undo->lack;
		netpol_free(undo->lack);
		break;
	}
}

void netpol_undo_run(struct netpol_edit *edit)
{
	struct netpol_world *world = edit->world;
	struct netpol_program *program, *next_program;
	struct netpol_peer *peer, *next_peer;
	u32 i, at = 0;

	/* programs that the edit made may be among the unused ones */
	list_splice_init(&edit->unused, &world->programs);
	list_for_each_entry_safe(program, next_program, &world->programs, node)
		if (program->created == edit->serial)
			list_del_init(&program->node);
	list_for_each_entry_safe(peer, next_peer, &world->active_peers, active) {
		netpol_offer(at++);
		if (peer->activated != edit->serial)
			continue;
		list_del_init(&peer->active);
		netpol_idset_free(&peer->set);
	}
	for (i = edit->undo.count; i; i--) {
		undo_one(world, &edit->undo.undo[i - 1]);
		if (i % UNDO_BATCH == 0)
			cond_resched();
	}
}

void netpol_undo_forget(struct netpol_edit *edit)
{
	struct netpol_world *world = edit->world;
	u32 i;

	for (i = 0; i < edit->undo.count; i++) {
		const struct netpol_undo *undo = &edit->undo.undo[i];

		if (i % UNDO_BATCH == UNDO_BATCH - 1)
			cond_resched();
		switch (undo->kind) {
		case NETPOL_UNDO_TEMPLATE:
			if (undo->before)
				netpol_identity_put(world, undo->before);
			break;
		case NETPOL_UNDO_RENAME:
			netpol_labels_put(world, undo->labels);
			break;
		case NETPOL_UNDO_PEER:
		case NETPOL_UNDO_SET:
			netpol_idset_free(undo->set);
			netpol_free(undo->set);
			break;
		case NETPOL_UNDO_LACK:
			netpol_free(undo->lack);
			break;
		}
	}
}
