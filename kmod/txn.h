/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transactions: objects that a socket hands over message by message, and that a commit
 * publishes all at once. Nothing of a transaction can be seen by packets, dumps or other
 * transactions before. A transaction belongs to one socket (network namespace and port
 * number) and ends with its commit, its abort, or that socket. Any number of them can be
 * open; none waits for another: of two over one origin the second to commit is refused.
 */
#ifndef NETPOL_TXN_H
#define NETPOL_TXN_H

#include <linux/xarray.h>
#include <net/genetlink.h>
#include "netns.h"
#include <linux/netpol.h>

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
 * @object: owned; NULL once an edit has it
 * @kind: enum netpol_operation_kind
 */
struct netpol_operation {
	void *object;
	u8 kind;
};

#define NETPOL_OPERATIONS 254

/**
 * struct netpol_operations - a page of them
 * @next: the page after it
 * @count: operations in use
 * @operation: in the order of the messages
 */
struct netpol_operations {
	struct netpol_operations *next;
	u32 count;
	struct netpol_operation operation[NETPOL_OPERATIONS];
};

/**
 * struct netpol_txn - a transaction; everything under the lock of its struct netpol_net
 * @node: place in netpol_net.transactions
 * @number: for its owner to name it
 * @portid: owner
 * @full: what the origin has and this does not set is deleted
 * @failed: a message was refused: there is nothing to commit
 * @origin: whose objects they are
 * @base: the origin's generation that it builds on
 * @messages: TXN_ADD messages taken
 * @bytes: memory that it is charged for
 * @npods: pods set
 * @nlocals: of these, local ones
 * @nnamespaces: namespaces set
 * @npolicies: policies set
 * @nlabel_sets: label sets
 * @label_sets: struct netpol_label_set by number, owned
 * @policy: the last one set, for rules, peers and ports to come; NULL: none
 * @first: pages of operations
 * @last: the page being filled
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
	struct xarray label_sets;
	struct netpol_policy *policy;
	struct netpol_operations *first;
	struct netpol_operations *last;
};

int netpol_txn_register(void);
void netpol_txn_unregister(void);
void netpol_txn_close_all(struct netpol_net *nn);
int netpol_txn_begin_doit(struct sk_buff *skb, struct genl_info *info);
int netpol_txn_add_doit(struct sk_buff *skb, struct genl_info *info);
int netpol_txn_commit_doit(struct sk_buff *skb, struct genl_info *info);
int netpol_txn_abort_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* NETPOL_TXN_H */
