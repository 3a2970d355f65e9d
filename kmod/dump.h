/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dumps of namespaces, pods and policies, and what all dumps share. A dump holds one snapshot
 * from its start to its end, so its answer is consistent however slowly it is read. Its cursor
 * is a slot number of a table in the snapshot, which never changes. If replaced state takes
 * too much memory, the commit that notices it takes the snapshots away from all dumps. Their
 * readers see NLM_F_DUMP_INTR and -EINTR, and begin again.
 */
#ifndef NETPOL_DUMP_H
#define NETPOL_DUMP_H

#include "netlink.h"

/**
 * struct netpol_dump - a dump in progress; under the lock of @nn
 * @node: entry in netpol_net.dumps
 * @nn: state of the network namespace
 * @snapshot: one reference; NULL: it was taken away
 * @cb: netlink's callback, while .dumpit runs
 * @command: enum netpol_cmd
 * @units: objects or parts of objects that this call put into the buffer
 * @stage: the kind of things listed now, for a dump that lists several kinds
 * @slot: next slot of the table that is listed now, or the next index
 * @sub: next part of the object at @slot
 * @rule: GET_POLICY: the rule to go on with
 * @peer: next peer of that rule
 * @except: next except of that peer, counted from 1; 0: the peer itself
 * @port: next port of that rule
 * @has_policy: the current message says which policy it is about
 * @has_rule: the current message says which rule it is about
 * @local: GET_TRIE: the pod, part of @snapshot; NULL: not looked up yet
 * @zero: GET_COUNTERS: counters are reset once they are read
 * @refusal: GET_TRIE: why the request is refused; netlink copies it before .done
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
	struct netpol_refusal refusal;
};

/*
 * Fills a buffer, under the lock of the network namespace. Return: 0 when everything is
 * listed; -EMSGSIZE: the buffer is full and there is more; another errno ends the dump.
 */
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

/* The dump that a netlink callback belongs to. */
static inline struct netpol_dump *netpol_dump_of(struct netlink_callback *cb)
{
	return (struct netpol_dump *)cb->args[0];
}

#endif /* NETPOL_DUMP_H */
