/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an edit notes while it is made: the objects that it changed, what follows from that,
 * and how to undo what it changes in place on the control side. Each list holds entries in
 * order, is owned by the edit, and grows by the function that adds to it. All of them need
 * the world's mutex.
 */
#ifndef NETPOL_LOG_H
#define NETPOL_LOG_H

#include <netpol/shim.h>

struct netpol_edit;
struct netpol_identity;
struct netpol_idset;
struct netpol_key;
struct netpol_labels;
struct netpol_ns;
struct netpol_peer;
struct netpol_program;
struct netpol_template;

/* Kinds of objects that an edit changes. */
enum netpol_object_kind {
	NETPOL_CHANGE_NAMESPACE,	/* struct netpol_namespace */
	NETPOL_CHANGE_POD,		/* struct netpol_pod */
	NETPOL_CHANGE_POLICY,		/* struct netpol_policy */
};

/**
 * struct netpol_change - an object that was added, replaced or removed
 * @kind: enum netpol_object_kind
 * @old: the object before; NULL: there was none
 * @object: the object in its place; NULL: it was removed
 */
struct netpol_change {
	u32 kind;
	void *old;
	void *object;
};

/**
 * struct netpol_change_log - changed objects
 * @change: the changes
 * @count: how many
 * @size: room for how many
 */
struct netpol_change_log {
	struct netpol_change *change;
	u32 count;
	u32 size;
};

/**
 * struct netpol_touched - an address whose owner may have changed
 * @address: 4 or 16 bytes; memory of an object or page that outlives the edit
 * @hash: netpol_address_hash()
 * @family: AF_INET or AF_INET6
 */
struct netpol_touched {
	const void *address;
	u32 hash;
	u8 family;
};

/**
 * struct netpol_touched_log - addresses whose owner may have changed, some more than once
 * @touched: the addresses
 * @count: how many
 * @size: room for how many
 */
struct netpol_touched_log {
	struct netpol_touched *touched;
	u32 count;
	u32 size;
};

/**
 * struct netpol_split - an identity and where it comes from
 * @identity: the identity
 * @parent: the identity that it was split from; NULL: it was made for new pods
 */
struct netpol_split {
	struct netpol_identity *identity;
	struct netpol_identity *parent;
};

/**
 * struct netpol_split_log - identities
 * @split: the identities
 * @count: how many
 * @size: room for how many
 */
struct netpol_split_log {
	struct netpol_split *split;
	u32 count;
	u32 size;
};

/**
 * struct netpol_ns_log - namespaces
 * @ns: the namespaces, without references
 * @count: how many
 * @size: room for how many
 */
struct netpol_ns_log {
	struct netpol_ns **ns;
	u32 count;
	u32 size;
};

/**
 * enum netpol_undo_kind - what is to be undone, and which fields of struct netpol_undo say so
 * @NETPOL_UNDO_LABELS: namespace @ns had @labels
 * @NETPOL_UNDO_KEY: @key was active if it is not now, and the other way round
 * @NETPOL_UNDO_TEMPLATE: @template had identity @before; holds the reference that it had
 * @NETPOL_UNDO_RENAME: @identity had @labels; holds a reference on them
 * @NETPOL_UNDO_SET: @peer had the set @set, which the entry owns
 * @NETPOL_UNDO_PEER: @peer was in world->active_peers with @set, which the entry owns
 * @NETPOL_UNDO_MEMBER_NEW: the set of @peer did not have identity @number
 * @NETPOL_UNDO_MEMBER_GONE: the set of @peer had identity @number
 * @NETPOL_UNDO_PROGRAM: @program was in world->programs where @replacement is
 * @NETPOL_UNDO_SLOT_TAKEN: slot @number was free
 * @NETPOL_UNDO_SLOT_FREED: slot @number was taken
 * @NETPOL_UNDO_LACK: @runtime had @lack, which the entry owns, in direction @number
 */
enum netpol_undo_kind {
	NETPOL_UNDO_LABELS,
	NETPOL_UNDO_KEY,
	NETPOL_UNDO_TEMPLATE,
	NETPOL_UNDO_RENAME,
	NETPOL_UNDO_SET,
	NETPOL_UNDO_PEER,
	NETPOL_UNDO_MEMBER_NEW,
	NETPOL_UNDO_MEMBER_GONE,
	NETPOL_UNDO_PROGRAM,
	NETPOL_UNDO_SLOT_TAKEN,
	NETPOL_UNDO_SLOT_FREED,
	NETPOL_UNDO_LACK,
};

/**
 * struct netpol_undo - how to undo one change on the control side; see enum netpol_undo_kind
 * @kind: enum netpol_undo_kind
 * @number: number of an identity, slot, or direction
 * @ns: namespace
 * @key: label key
 * @template: template
 * @identity: identity
 * @peer: peer
 * @program: program before
 * @runtime: runtime of a local pod
 * @labels: labels before
 * @before: identity before
 * @set: set before
 * @replacement: program in place of @program
 * @lack: what the pod lacked before
 */
struct netpol_undo {
	u32 kind;
	u32 number;
	union {
		struct netpol_ns *ns;
		struct netpol_key *key;
		struct netpol_template *template;
		struct netpol_identity *identity;
		struct netpol_peer *peer;
		struct netpol_program *program;
		struct netpol_runtime *runtime;
	};
	union {
		struct netpol_labels *labels;
		struct netpol_identity *before;
		struct netpol_idset *set;
		struct netpol_program *replacement;
		struct netpol_lack *lack;
	};
};

/**
 * struct netpol_undo_log - changes on the control side, oldest first
 * @undo: the changes
 * @count: how many
 * @size: room for how many
 */
struct netpol_undo_log {
	struct netpol_undo *undo;
	u32 count;
	u32 size;
};

/* Make room for entries in all, so that many can be added without growing. 0 or -ENOMEM. */
int netpol_log_expect_changes(struct netpol_change_log *log, u32 count);
int netpol_log_expect_touched(struct netpol_touched_log *log, u32 count);

/* Append an entry. Return: 0; -ENOMEM with nothing added. */
int netpol_log_change(struct netpol_change_log *log, u32 kind, void *old, void *object);
int netpol_log_touched(struct netpol_touched_log *log, u8 family, const void *address, u32 hash);
int netpol_log_split(struct netpol_split_log *log, struct netpol_identity *identity,
		     struct netpol_identity *parent);
int netpol_log_ns(struct netpol_ns_log *log, struct netpol_ns *ns);

/*
 * Notes how to undo what is about to be changed; called before the change, so that an abort
 * needs no memory. What the entry is to own or hold becomes its own. Return: 0; -ENOMEM with
 * nothing noted or taken over.
 */
int netpol_undo_note(struct netpol_edit *edit, struct netpol_undo undo);

/* The edit is aborted: puts the control side back to before it, newest change first. */
void netpol_undo_run(struct netpol_edit *edit);

/* The edit is published: gives up what could have been put back. */
void netpol_undo_forget(struct netpol_edit *edit);

#endif /* NETPOL_LOG_H */
