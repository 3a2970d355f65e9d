/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dumps. Each holds one snapshot from its start to its end, so that it is consistent
 * however long its reader takes. Cursors are slot numbers in the snapshot's tables,
 * which never change. Where replaced state takes too much memory, the commit that finds
 * it so revokes the snapshots of all dumps; their readers see NLM_F_DUMP_INTR and -EINTR
 * and begin again.
 */
#ifndef NETPOL_DUMP_H
#define NETPOL_DUMP_H

#include "netlink.h"

/**
 * struct netpol_dump - one dump in progress; under the lock of @nn
 * @node: place in netpol_net.dumps
 * @nn: network namespace
 * @snapshot: one reference; NULL: revoked
 * @cb: netlink's side of it, during a call of .dumpit
 * @command: enum netpol_cmd
 * @units: objects, or parts of one, put into the buffer of this call
 * @stage: what is listed now, where a dump lists several kinds of things
 * @slot: next slot of the table listed now, or the next number
 * @sub: next part of the object at @slot
 * @rule: GET_POLICY: rule that goes on
 * @peer: next peer of it
 * @except: next except of that peer, counted from 1; 0: the peer itself
 * @port: next port of the rule
 * @has_policy: the message says which policy it is about
 * @has_rule: and which rule
 * @local: GET_TRIE: the pod, part of @snapshot
 * @zero: GET_COUNTERS: reset what is read
 */
struct netpol_dump {
	struct list_head node;
	struct netpol_net *nn;
	struct netpol_snapshot *snapshot;
	struct netlink_callback *cb;
	u8 command;
	u32 units;
	u32 stage;
	u32 slot;
	u32 sub;
	u32 rule;
	u32 peer;
	u32 except;
	u32 port;
	bool has_policy;
	bool has_rule;
	const struct netpol_local *local;
	bool zero;
};

/* Fills a buffer. 0: all is told; -EMSGSIZE: it is full and there is more. Locked. */
typedef int (*netpol_dump_fill_fn)(struct netpol_dump *dump, struct sk_buff *skb);

int netpol_dump_start(struct netlink_callback *cb);
int netpol_dump_done(struct netlink_callback *cb);
void netpol_dump_revoke(struct netpol_net *nn);
void netpol_dump_close_all(struct netpol_net *nn);
int netpol_dump_run(struct sk_buff *skb, struct netlink_callback *cb, u8 command,
		    netpol_dump_fill_fn fill);
void *netpol_dump_message(struct netpol_dump *dump, struct sk_buff *skb);
int netpol_namespace_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int netpol_pod_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int netpol_policy_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

/* The dump that a callback of netlink is about. */
static inline struct netpol_dump *netpol_dump_of(struct netlink_callback *cb)
{
	return (struct netpol_dump *)cb->args[0];
}

#endif /* NETPOL_DUMP_H */
