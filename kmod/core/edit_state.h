/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of an edit, shared by the files that make one. edit.c takes the objects and
 * publishes or aborts; the derive_*.c files find what follows from the objects, patch.c and
 * the compiler make programs of it, log.c keeps the notes.
 */
#ifndef NETPOL_EDIT_STATE_H
#define NETPOL_EDIT_STATE_H

#include "core/fault.h"
#include "core/log.h"
#include "core/world.h"

/**
 * struct netpol_edit - an edit, see edit.h; lives under the world's mutex
 * @world: world, locked for the whole life of the edit
 * @fault: a refusal is explained here
 * @serial: number of the edit, world->edits; marks what belongs to it
 * @next: the snapshot that is being made
 * @cow: memory that the edit allocated, and what it replaced
 * @origin: number of the origin whose objects are edited
 * @namespaces: table of the next snapshot
 * @pods: table of the next snapshot
 * @policies: table of the next snapshot
 * @claims: table of the next snapshot
 * @addresses: addresses of all pods in @pods
 * @addrmap: address maps of the next snapshot, IPv4 and IPv6
 * @interfaces: interface map of the next snapshot
 * @locals: local pods of the next snapshot
 * @ports: named ports by identity, of the next snapshot
 * @objects: objects that were changed
 * @undo: how to undo what was changed in place
 * @touched: addresses whose owner may have changed
 * @identities: identities that the edit made
 * @relabelled: namespaces whose labels changed
 * @unused: programs that the next snapshot does not use, taken off world->programs
 * @affected: identities whose peers may have changed; only if @one_by_one. One with a parent
 *	is matched by the peers that match the parent
 * @one_by_one: so few identities are affected that each set and each row is changed for each
 *	of them, instead of made anew
 * @ncharged: namespaces that programs of the next snapshot are charged to, world->cluster apart
 * @plenty: with programs of so many bytes no limit is near that others' programs count against
 * @part: what each of them may have at most; 0: as much as there is
 * @lacks: cluster-wide policies changed, and there was no room for the program of a pod with those
 *	of all others
 * @ended: an audit has ended by its time
 */
struct netpol_edit {
	struct netpol_world *world;
	struct netpol_fault *fault;
	u64 serial;
	struct netpol_snapshot *next;
	struct netpol_cow cow;
	u8 origin;
	struct netpol_table_edit namespaces;
	struct netpol_table_edit pods;
	struct netpol_table_edit policies;
	struct netpol_table_edit claims;
	u64 addresses;
	struct netpol_addrmap_edit addrmap[2];
	struct netpol_addrmap_edit interfaces;
	struct netpol_pages_edit locals;
	struct netpol_pages_edit ports;
	struct netpol_change_log objects;
	struct netpol_undo_log undo;
	struct netpol_touched_log touched;
	struct netpol_split_log identities;
	struct netpol_ns_log relabelled;
	struct list_head unused;
	struct netpol_split_log affected;
	bool one_by_one;
	u32 ncharged;
	u64 plenty;
	u64 part;
	bool lacks;
	bool ended;
};

#endif /* NETPOL_EDIT_STATE_H */
