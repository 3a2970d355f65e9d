/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of an edit share: edit.c (objects), derive*.c and patch.c (what follows). */
#ifndef NETPOL_CHANGE_H
#define NETPOL_CHANGE_H

#include "core/edit.h"

/**
 * struct netpol_change - something that an edit did, or what it was before
 * @kind: of the log it is in
 * @subject: what changed
 * @value: what it was, or what took its place
 * @number: the same for plain numbers
 */
struct netpol_change {
	u32 kind;
	u32 number;
	void *subject;
	void *value;
};

/**
 * struct netpol_log - changes in order
 * @change: owned
 * @count: how many
 * @size: room for how many
 */
struct netpol_log {
	struct netpol_change *change;
	u32 count;
	u32 size;
};

/* Kinds of changes in the log of objects: @subject was replaced by @value. */
enum netpol_object_change {
	NETPOL_CHANGE_NAMESPACE,
	NETPOL_CHANGE_POD,
	NETPOL_CHANGE_POLICY,
};

/* Kinds of changes in the undo log. */
enum netpol_undo {
	NETPOL_UNDO_NS,			/* @subject had the labels @value */
	NETPOL_UNDO_KEY,		/* @subject was not active */
	NETPOL_UNDO_TEMPLATE,		/* @subject had the identity @value: a reference */
	NETPOL_UNDO_RENAME,		/* @subject had the labels @value: a reference */
	NETPOL_UNDO_PEER,		/* @subject had the set @value: owned */
	NETPOL_UNDO_MEMBER_NEW,		/* @subject did not match identity @number */
	NETPOL_UNDO_MEMBER_GONE,	/* @subject matched identity @number */
	NETPOL_UNDO_PROGRAM,		/* @subject was in place of @value */
	NETPOL_UNDO_SLOT_TAKEN,		/* slot @number was free */
	NETPOL_UNDO_SLOT_FREED,		/* slot @number was taken */
};

/**
 * struct netpol_edit - see edit.h
 * @world: world, locked for the whole life of the edit
 * @fault: where a refusal is explained
 * @serial: number of the edit, world->edits
 * @next: the snapshot in the making
 * @cow: what was allocated and what was replaced
 * @origin: number of the origin
 * @namespaces: table in the making
 * @pods: table in the making
 * @policies: table in the making
 * @claims: table in the making
 * @addrmap: address maps in the making, IPv4 and IPv6
 * @addresses: addresses of the pods set so far, claims to come included
 * @interfaces: table in the making
 * @locals: local pods in the making
 * @ports: named ports by identity, in the making
 * @objects: changes of objects
 * @undo: how to put the control side back
 * @touched: addresses whose owner may have changed: @subject, family in @number, hash
 *	in @kind
 * @identities: identities made by this edit: @subject; split off @value, or NULL
 * @unused: programs that the next snapshot does not use
 * @relabelled: namespaces whose labels changed: @subject
 * @affected: identities whose peers may have changed, @subject, if @one_by_one; split
 *	off @value, whose peers they have, or NULL
 * @one_by_one: there are so few of them that each set and row is changed by itself
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
	struct netpol_log objects;
	struct netpol_log undo;
	struct netpol_log touched;
	struct netpol_log identities;
	struct netpol_log unused;
	struct netpol_log relabelled;
	struct netpol_log affected;
	bool one_by_one;
};

int netpol_log_reserve(struct netpol_log *log, u32 size);
int netpol_log_add(struct netpol_log *log, u32 kind, u32 number, void *subject,
		   void *value);
int netpol_undo_note(struct netpol_edit *edit, u32 kind, u32 number, void *subject,
		     void *value);
void netpol_undo_run(struct netpol_edit *edit);
void netpol_undo_forget(struct netpol_edit *edit);
int netpol_derive_peers(struct netpol_edit *edit);
int netpol_derive_programs(struct netpol_edit *edit);

#endif /* NETPOL_CHANGE_H */
