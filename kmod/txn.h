/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transactions. A socket hands objects over, message by message, and a commit publishes all
 * of them at once. Before the commit, packets, dumps and other transactions see nothing of
 * them. A transaction belongs to one socket (network namespace and port number) and ends by
 * commit, by abort or with the socket. Several transactions can be open, and none waits for
 * another: if two are open for one origin, the second one to commit is refused.
 */
#ifndef NETPOL_TXN_H
#define NETPOL_TXN_H

#include <linux/xarray.h>
#include <net/genetlink.h>
#include "netns.h"
#include <linux/netpol.h>

struct netpol_refusal;

/**
 * enum netpol_operation_kind - what a transaction does with an object
 * @NETPOL_OPERATION_NAMESPACE: sets a struct netpol_namespace
 * @NETPOL_OPERATION_POD: sets a struct netpol_pod
 * @NETPOL_OPERATION_POLICY: sets a struct netpol_policy
 * @NETPOL_OPERATION_SETTINGS: sets a struct netpol_settings
 * @NETPOL_OPERATION_DELETE: deletes what a struct netpol_deletion names
 */
enum netpol_operation_kind {
	NETPOL_OPERATION_NAMESPACE,
	NETPOL_OPERATION_POD,
	NETPOL_OPERATION_POLICY,
	NETPOL_OPERATION_SETTINGS,
	NETPOL_OPERATION_DELETE,
};

/**
 * struct netpol_operation - one step of a transaction
 * @object: what @kind says; owned, until an edit has taken it over
 * @kind: enum netpol_operation_kind
 * @taken: an edit has taken @object over, and may have freed it
 */
struct netpol_operation {
	void *object;
	u8 kind;
	bool taken;
};

/* Operations in a page, which takes just under 4 KiB. */
#define NETPOL_OPERATIONS 254

/**
 * struct netpol_operations - a page of operations
 * @next: the page after this one, or NULL
 * @count: elements of @operation in use
 * @operation: operations, in the order in which their messages came
 */
struct netpol_operations {
	struct netpol_operations *next;
	u32 count;
	struct netpol_operation operation[NETPOL_OPERATIONS];
};

/**
 * struct netpol_txn - a transaction; everything is under the lock of its struct netpol_net
 * @node: entry in netpol_net.transactions
 * @number: number by which requests name it
 * @portid: netlink port number of the socket that owns it
 * @full: the commit also deletes all objects of the origin that the transaction does not set
 * @failed: one of its messages was refused, so it can't be committed
 * @origin: origin of the objects
 * @base: generation of that origin which the transaction builds on
 * @bytes: memory that it is charged for
 * @messages: TXN_ADD messages received
 * @npods: pods that it sets
 * @nlocals: how many of these are local
 * @nnamespaces: namespaces that it sets
 * @npolicies: policies that it sets
 * @nlabel_sets: label sets received
 * @noperations: operations received, which are also the numbers of objects in refusals
 * @policy_number: number of @policy
 * @label_sets: struct netpol_label_set by number, owned
 * @policy: the last policy set, which rules, peers and ports to come belong to; or NULL
 * @first: first page of operations, or NULL
 * @last: page that is being filled, or NULL
 */
struct netpol_txn {
	struct list_head node;
	u32 number;
	u32 portid;
	bool full;
	bool failed;
	char origin[NETPOL_ORIGIN_MAX + 1];
	u64 base;
	u64 bytes;
	u32 messages;
	u32 npods;
	u32 nlocals;
	u32 nnamespaces;
	u32 npolicies;
	u32 nlabel_sets;
	u32 noperations;
	u32 policy_number;
	struct xarray label_sets;
	struct netpol_policy *policy;
	struct netpol_operations *first;
	struct netpol_operations *last;
};

int netpol_txn_register(void);
void netpol_txn_unregister(void);
void netpol_txn_close_all(struct netpol_net *nn);
int netpol_txn_begin_doit(struct netpol_refusal *refusal, struct genl_info *info);
int netpol_txn_add_doit(struct netpol_refusal *refusal, struct genl_info *info);
int netpol_txn_commit_doit(struct netpol_refusal *refusal, struct genl_info *info);
int netpol_txn_abort_doit(struct netpol_refusal *refusal, struct genl_info *info);

#endif /* NETPOL_TXN_H */
