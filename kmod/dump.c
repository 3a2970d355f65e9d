// SPDX-License-Identifier: GPL-2.0
#include "dump.h"
#include "encode.h"
#include "event.h"

/*
 * Size of the buffer for an object that does not fit into the usual one. A nested attribute
 * has at most NETPOL_NEST_MAX bytes; the rest is room for headers.
 */
#define LARGE_BUFFER SKB_WITH_OVERHEAD(65536)

/* Sequence number of a generation for netlink's check of dumps, where 0 stands for none. */
static u32 generation_seq(u64 generation)
{
	u32 seq = (u32)(generation ^ generation >> 32);

	return seq ? seq : 1;
}

/* .start of all dumps: takes a reference on the snapshot in force. -EINVAL or -ENOMEM */
int netpol_dump_start(struct netlink_callback *cb)
{
	struct netpol_net *nn = netpol_net(sock_net(cb->skb->sk));
	int error = netpol_request_check(cb->nlh, cb->extack);
	struct netpol_dump *dump;

	netpol_event_forget(nn);
	if (error)
		return error;
	dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	if (!dump)
		return -ENOMEM;
	dump->nn = nn;
	mutex_lock(&nn->lock);
	dump->snapshot = netpol_snapshot_get(nn->world->snapshot);
	list_add_tail(&dump->node, &nn->dumps);
	cb->seq = generation_seq(dump->snapshot->generation);
	mutex_unlock(&nn->lock);
	cb->prev_seq = cb->seq;
	cb->args[0] = (long)dump;
	return 0;
}

/* .done of all dumps: gives the snapshot back. */
int netpol_dump_done(struct netlink_callback *cb)
{
	struct netpol_dump *dump = netpol_dump_of(cb);
	struct netpol_net *nn = dump->nn;

	mutex_lock(&nn->lock);
	list_del(&dump->node);
	if (dump->snapshot)
		netpol_net_drop(nn, dump->snapshot);
	mutex_unlock(&nn->lock);
	kfree(dump);
	return 0;
}

/* Takes the snapshots away from all dumps. @nn is locked. */
void netpol_dump_revoke(struct netpol_net *nn)
{
	struct netpol_dump *dump;

	lockdep_assert_held(&nn->lock);
	list_for_each_entry(dump, &nn->dumps, node) {
		if (!dump->snapshot)
			continue;
		netpol_net_drop(nn, dump->snapshot);
		dump->snapshot = NULL;
		dump->local = NULL;
	}
}

/*
 * For a network namespace that goes away. Its sockets are gone, and so are their dumps. If a
 * dump is left nevertheless, it must not hold state that is about to be freed. @nn is locked.
 */
void netpol_dump_close_all(struct netpol_net *nn)
{
	WARN_ON_ONCE(!list_empty(&nn->dumps));
	netpol_dump_revoke(nn);
}

/* Begins a message, which genlmsg_end() ends. Return: its header; NULL: the buffer is full. */
void *netpol_dump_message(struct netpol_dump *dump, struct sk_buff *skb)
{
	struct netlink_callback *cb = dump->cb;
	void *header;

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			     &netpol_genl_family, NLM_F_MULTI, dump->command);
	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}

/*
 * An object did not fit into the buffer. If the buffer holds something else, the object goes
 * into the next one. Otherwise a larger buffer is asked for; an empty message keeps the dump
 * going until it comes.
 */
static int dump_overflow(struct netpol_dump *dump, struct sk_buff *skb)
{
	struct netlink_callback *cb = dump->cb;
	void *header;

	if (dump->units) {
		cb->min_dump_alloc = 0;
		return skb->len;
	}
	if (cb->min_dump_alloc == LARGE_BUFFER)
		return -EMSGSIZE;
	cb->min_dump_alloc = LARGE_BUFFER;
	header = netpol_dump_message(dump, skb);
	if (!header)
		return -EMSGSIZE;
	genlmsg_end(skb, header);
	return skb->len;
}

/**
 * netpol_dump_run() - body of each .dumpit
 * @skb: buffer to fill
 * @cb: netlink's callback
 * @command: enum netpol_cmd
 * @fill: fills the buffer with whole messages, from where it stopped the last time
 *
 * Return: length of @skb if there may be more to come; 0: this was all; -EINTR: the snapshot
 * was taken away; another errno: the dump failed.
 */
int netpol_dump_run(struct sk_buff *skb, struct netlink_callback *cb, u8 command,
		    netpol_dump_fill_fn fill)
{
	struct netpol_dump *dump = netpol_dump_of(cb);
	struct netpol_net *nn = dump->nn;
	int error;

	mutex_lock(&nn->lock);
	if (!dump->snapshot) {
		/* a changed number makes netlink set NLM_F_DUMP_INTR in the last message */
		cb->seq = cb->prev_seq == 1 ? 2 : 1;
		error = -EINTR;
		goto unlock;
	}
	dump->cb = cb;
	dump->command = command;
	dump->units = 0;
	error = fill(dump, skb);
	if (error == -EMSGSIZE)
		error = dump_overflow(dump, skb);
unlock:
	mutex_unlock(&nn->lock);
	return error;
}

/* The next value of a table, from dump->slot on; NULL: there is none left. */
static const void *table_next(struct netpol_dump *dump, const struct netpol_table *table)
{
	const void *value;

	for (; table->slots && dump->slot <= table->mask; dump->slot++) {
		value = netpol_table_slot(table, dump->slot);
		if (value)
			return value;
	}
	return NULL;
}

/* Ends a message, or takes it back if nothing was put into it. Return: @error */
static int message_end(struct netpol_dump *dump, struct sk_buff *skb, void *header,
		       int error)
{
	if (dump->units)
		genlmsg_end(skb, header);
	else
		genlmsg_cancel(skb, header);
	return error;
}

typedef int (*put_object_fn)(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
			     const void *object);

/* Lists the objects of a table, one attribute each. */
static int fill_objects(struct netpol_dump *dump, struct sk_buff *skb,
			const struct netpol_table *table, put_object_fn put)
{
	void *header = netpol_dump_message(dump, skb);
	const void *object;
	unsigned char *mark;
	int error = 0;

	if (!header)
		return -EMSGSIZE;
	while ((object = table_next(dump, table))) {
		mark = skb_tail_pointer(skb);
		error = put(skb, dump->snapshot, object);
		if (error) {
			nlmsg_trim(skb, mark);
			break;
		}
		dump->slot++;
		dump->units++;
	}
	return message_end(dump, skb, header, error);
}

static int put_namespace(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
			 const void *object)
{
	return netpol_put_namespace(skb, snapshot, object);
}

static int fill_namespaces(struct netpol_dump *dump, struct sk_buff *skb)
{
	return fill_objects(dump, skb, &dump->snapshot->namespaces, put_namespace);
}

/* NETPOL_CMD_GET_NAMESPACE */
int netpol_namespace_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netpol_dump_run(skb, cb, NETPOL_CMD_GET_NAMESPACE, fill_namespaces);
}

static int put_pod(struct sk_buff *skb, const struct netpol_snapshot *snapshot,
		   const void *object)
{
	return netpol_put_pod(skb, snapshot, object);
}

static int fill_pods(struct netpol_dump *dump, struct sk_buff *skb)
{
	return fill_objects(dump, skb, &dump->snapshot->pods, put_pod);
}

/* NETPOL_CMD_GET_POD */
int netpol_pod_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netpol_dump_run(skb, cb, NETPOL_CMD_GET_POD, fill_pods);
}

static int put_rule(struct sk_buff *skb, const struct netpol_rule *rule)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_RULE);

	if (!nest || nla_put_u8(skb, NETPOL_RULE_A_DIRECTION, rule->direction) ||
	    nla_put_u8(skb, NETPOL_RULE_A_ACTION, rule->action) ||
	    nla_put_u32(skb, NETPOL_RULE_A_INDEX, rule->index) ||
	    (rule->name && nla_put_string(skb, NETPOL_RULE_A_NAME, rule->name)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Is there another part of the rule to list: a peer, an except or a port? */
static bool has_part(const struct netpol_dump *dump, const struct netpol_rule *rule)
{
	return dump->peer < rule->npeers || dump->port < rule->nports;
}

/* Puts the part of a rule that the cursor is at. */
static int put_part(const struct netpol_dump *dump, struct sk_buff *skb,
		    const struct netpol_rule *rule)
{
	const struct netpol_block_except *except;
	const struct netpol_rule_peer *peer;
	const struct netpol_rule_port *port;

	if (dump->peer == rule->npeers) {
		port = &rule->port[dump->port];
		if (port->name)
			return netpol_put_port(skb, NETPOL_A_PORT, port->protocol,
					       port->name->name, 0, 0);
		return netpol_put_port(skb, NETPOL_A_PORT, port->protocol, NULL,
				       port->first, port->last);
	}
	peer = &rule->peer[dump->peer];
	if (!dump->except)
		return netpol_put_peer(skb, peer);
	except = &peer->block->except[dump->except - 1];
	return netpol_put_prefix(skb, NETPOL_A_EXCEPT, peer->block->family,
				 except->address, except->length);
}

/* Moves the cursor to the next part of the rule. */
static void next_part(struct netpol_dump *dump, const struct netpol_rule *rule)
{
	const struct netpol_block *block;

	if (dump->peer == rule->npeers) {
		dump->port++;
		return;
	}
	block = rule->peer[dump->peer].block;
	if (block && dump->except < block->nexcepts) {
		dump->except++;
		return;
	}
	dump->peer++;
	dump->except = 0;
}

/*
 * Lists the rest of a rule. If the message does not yet say which policy and which rule a part
 * belongs to, both are put before the part, the policy flagged as continued. If one of the
 * three does not fit, none is kept.
 */
static int fill_rule(struct netpol_dump *dump, struct sk_buff *skb,
		     const struct netpol_policy *policy, const struct netpol_rule *rule)
{
	unsigned char *mark;
	bool part;
	int error;

	do {
		mark = skb_tail_pointer(skb);
		part = has_part(dump, rule);
		error = 0;
		if (!dump->has_policy)
			error = netpol_put_policy_name(skb, NETPOL_A_POLICY, dump->snapshot,
						       policy, NETPOL_POLICY_F_CONTINUED);
		if (!error && !dump->has_rule)
			error = put_rule(skb, rule);
		if (!error && part)
			error = put_part(dump, skb, rule);
		if (error) {
			nlmsg_trim(skb, mark);
			return error;
		}
		dump->has_policy = true;
		dump->has_rule = true;
		dump->units++;
		if (part)
			next_part(dump, rule);
	} while (has_part(dump, rule));
	return 0;
}

/* Lists a policy, or the rest of it. dump->sub is 1 once the policy itself was put. */
static int fill_policy(struct netpol_dump *dump, struct sk_buff *skb,
		       const struct netpol_policy *policy)
{
	unsigned char *mark = skb_tail_pointer(skb);
	int error;

	if (!dump->sub) {
		error = netpol_put_policy(skb, dump->snapshot, policy);
		if (error) {
			nlmsg_trim(skb, mark);
			return error;
		}
		dump->has_policy = true;
		dump->sub = 1;
		dump->units++;
	}
	for (; dump->rule < policy->nrules; dump->rule++) {
		error = fill_rule(dump, skb, policy, &policy->rule[dump->rule]);
		if (error)
			return error;
		dump->has_rule = false;
		dump->peer = 0;
		dump->except = 0;
		dump->port = 0;
	}
	dump->rule = 0;
	dump->sub = 0;
	return 0;
}

static int fill_policies(struct netpol_dump *dump, struct sk_buff *skb)
{
	void *header = netpol_dump_message(dump, skb);
	const struct netpol_policy *policy;
	int error = 0;

	if (!header)
		return -EMSGSIZE;
	dump->has_policy = false;
	dump->has_rule = false;
	while ((policy = table_next(dump, &dump->snapshot->policies))) {
		error = fill_policy(dump, skb, policy);
		if (error)
			break;
		dump->slot++;
	}
	return message_end(dump, skb, header, error);
}

/* NETPOL_CMD_GET_POLICY */
int netpol_policy_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netpol_dump_run(skb, cb, NETPOL_CMD_GET_POLICY, fill_policies);
}
