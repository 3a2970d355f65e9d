// SPDX-License-Identifier: GPL-2.0
/*
 * NETPOL_CMD_GET_TRIE: the programs of one pod of this node, as packets run them. The name of
 * the command says less than it does: the rule trie is only one part of a program.
 */
#include "dump_program.h"
#include "dump.h"
#include "encode.h"
#include "parse.h"

/* What is listed of each program, in this order. */
enum stage {
	STAGE_HEAD,
	STAGE_POLICIES,		/* those that did not fit beside the head */
	STAGE_RANGES,
	STAGE_NAMES,
	STAGE_IDENTITIES,
	STAGE_PREFIXES,
	STAGE_CELLS,

	STAGES
};

/* Direction of the program that is listed: dump->stage counts the stages of both. */
static u8 stage_direction(const struct netpol_dump *dump)
{
	return dump->stage / STAGES;
}

static const struct netpol_program *stage_program(const struct netpol_dump *dump)
{
	return dump->local->program[stage_direction(dump)];
}

/*
 * Finds the local pod that the request names. The first .dumpit does this and not .start,
 * because kernels before 6.12 do not send the sentence of a refusal by .start.
 */
static int find_local(struct netpol_parse *parse, struct netpol_dump *dump)
{
	const struct nlattr *nest = netpol_dump_attrs(dump->cb)[NETPOL_A_TRIE];
	const struct nlattr *attr, *ns_attr = NULL, *name_attr = NULL;
	const struct netpol_local *local = NULL;
	const struct netpol_pod *pod;
	struct netpol_text ns, name;
	int left, error;

	if (!nest)
		return netpol_refuse_missing(parse->refusal, NULL, NETPOL_A_TRIE);
	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) == NETPOL_TRIE_A_POD_NAMESPACE)
			ns_attr = attr;
		else
			name_attr = attr;
	}
	if (!ns_attr)
		return netpol_refuse_missing(parse->refusal, nest,
					     NETPOL_TRIE_A_POD_NAMESPACE);
	if (!name_attr)
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_TRIE_A_POD_NAME);
	error = netpol_parse_text(parse, ns_attr, false, &ns);
	if (!error)
		error = netpol_parse_text(parse, name_attr, false, &name);
	if (error)
		return error;
	pod = netpol_snapshot_pod(parse->world, dump->snapshot, ns, name);
	if (!pod)
		return netpol_refuse(parse->refusal, name_attr, -ENOENT,
				     "no pod %s/%s is loaded", ns.data, name.data);
	if (netpol_pod_is_local(pod) && pod->slot != NETPOL_NO_SLOT)
		local = netpol_snapshot_local(dump->snapshot, pod->slot);
	if (!local || local->pod != pod)
		return netpol_refuse(parse->refusal, name_attr, -EINVAL,
				     "pod %s/%s is not on this node, so it has no programs",
				     ns.data, name.data);
	dump->local = local;
	return 0;
}

/* Puts as many of the program's policies as fit, from dump->slot on. */
static void put_policies(struct netpol_dump *dump, struct sk_buff *skb)
{
	const struct netpol_program *program = stage_program(dump);
	unsigned char *mark;

	for (; program && dump->slot < program->npolicies; dump->slot++) {
		mark = skb_tail_pointer(skb);
		if (netpol_put_policy_name(skb, NETPOL_TRIE_A_POLICY, dump->snapshot,
					   program->policy[dump->slot], 0)) {
			nlmsg_trim(skb, mark);
			break;
		}
	}
}

/*
 * Classes of a program, as they are listed: those after a rule that passes, and those of observed
 * policies, are the same ones.
 */
static u32 program_classes(const struct netpol_program *program)
{
	if (!program)
		return 0;
	if (program->passed)
		return program->passed;
	return program->audit ? program->audit : program->nclasses;
}

/* The head. If the pod is not isolated, it has no program, and the head shows no rows. */
static int put_head(struct netpol_dump *dump, struct sk_buff *skb)
{
	const struct netpol_program *program = stage_program(dump);
	const struct netpol_pod *pod = dump->local->pod;

	if (nla_put_string(skb, NETPOL_TRIE_A_POD_NAMESPACE, pod->template->ns->name) ||
	    nla_put_string(skb, NETPOL_TRIE_A_POD_NAME, netpol_pod_name(pod)) ||
	    nla_put_u32(skb, NETPOL_TRIE_A_ROWS, program ? program->nrows : 0) ||
	    nla_put_u32(skb, NETPOL_TRIE_A_CLASSES, program_classes(program)) ||
	    nla_put_u64_64bit(skb, NETPOL_TRIE_A_BYTES, program ? program->bytes : 0,
			      NETPOL_TRIE_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static const u8 protocol_number[NETPOL_PROTOCOLS] = {
	[NETPOL_PROTOCOL_TCP] = IPPROTO_TCP,
	[NETPOL_PROTOCOL_UDP] = IPPROTO_UDP,
	[NETPOL_PROTOCOL_SCTP] = IPPROTO_SCTP,
};

/*
 * A range of ports and its class. dump->sub is the protocol, dump->slot the range. The last
 * one has no ports: it is the class of other protocols, and of packets without ports.
 */
static int put_range(const struct netpol_dump *dump, struct sk_buff *skb,
		     const struct netpol_program *program)
{
	const struct netpol_ranges *ranges;
	u16 first, last = U16_MAX;

	if (dump->sub == NETPOL_PROTOCOLS)
		return nla_put_u32(skb, NETPOL_TRIE_A_CLASS, program->other);
	ranges = &program->ranges[dump->sub];
	first = ranges->first[dump->slot];
	if (dump->slot + 1 < ranges->count)
		last = ranges->first[dump->slot + 1] - 1;
	/* the first range includes port 0, which no packet has */
	if (!first && last != U16_MAX)
		first = 1;
	if (nla_put_u32(skb, NETPOL_TRIE_A_CLASS, ranges->class + dump->slot))
		return -EMSGSIZE;
	return netpol_put_port(skb, NETPOL_TRIE_A_PORT, protocol_number[dump->sub], NULL,
			       first, last);
}

static int put_prefix_row(const struct netpol_dump *dump, struct sk_buff *skb,
			  const struct netpol_program *program)
{
	const struct netpol_prefix *prefix = &program->prefix[dump->slot];
	u8 family = dump->slot < program->nprefixes[0] ? AF_INET : AF_INET6;

	if (netpol_put_prefix(skb, NETPOL_TRIE_A_PREFIX, family, prefix->addr,
			      prefix->length) ||
	    nla_put_u32(skb, NETPOL_TRIE_A_ROW, prefix->row))
		return -EMSGSIZE;
	return 0;
}

static int put_cell(const struct netpol_dump *dump, struct sk_buff *skb,
		    const struct netpol_program *program)
{
	u32 row = dump->slot / program->nclasses, class = dump->slot % program->nclasses;
	u32 cell = netpol_program_cell_at(program, row, class);
	bool audited = program->audit && class >= program->audit;
	bool passed = !audited && program->passed && class >= program->passed;

	if (nla_put_u32(skb, NETPOL_TRIE_A_ROW, row) ||
	    nla_put_u32(skb, NETPOL_TRIE_A_CLASS, class % program_classes(program)) ||
	    (passed && nla_put_flag(skb, NETPOL_TRIE_A_PASSED)) ||
	    (audited && nla_put_flag(skb, NETPOL_TRIE_A_AUDITED)) ||
	    (NETPOL_CELL_ORDER(cell) < program->norders &&
	     nla_put_u32(skb, NETPOL_TRIE_A_RULE, NETPOL_CELL_ORDER(cell))) ||
	    nla_put_u8(skb, NETPOL_TRIE_A_ACTION, NETPOL_CELL_ACTION(cell)))
		return -EMSGSIZE;
	return 0;
}

/* Puts the attributes of the entry that the cursor is at. */
static int put_content(struct netpol_dump *dump, struct sk_buff *skb)
{
	const struct netpol_program *program = stage_program(dump);
	const struct netpol_name_class *name;

	switch (dump->stage % STAGES) {
	case STAGE_HEAD:
		return put_head(dump, skb);
	case STAGE_RANGES:
		return put_range(dump, skb, program);
	case STAGE_NAMES:
		name = &program->names[dump->slot];
		if (nla_put_u32(skb, NETPOL_TRIE_A_CLASS, name->class))
			return -EMSGSIZE;
		return netpol_put_port(skb, NETPOL_TRIE_A_PORT, name->protocol,
				       name->name->name, 0, 0);
	case STAGE_IDENTITIES:
		if (nla_put_u32(skb, NETPOL_TRIE_A_IDENTITY, dump->slot) ||
		    nla_put_u32(skb, NETPOL_TRIE_A_ROW,
				netpol_program_row(program, dump->slot)))
			return -EMSGSIZE;
		return 0;
	case STAGE_PREFIXES:
		return put_prefix_row(dump, skb, program);
	case STAGE_CELLS:
		return put_cell(dump, skb, program);
	}
	return 0;
}

/* Does this range consist of port 0 alone, which no packet has? */
static bool range_void(const struct netpol_ranges *ranges, u32 i)
{
	return !i && ranges->count > 1 && ranges->first[1] == 1;
}

/* seek() for the ranges; false: there is none left. */
static bool seek_range(struct netpol_dump *dump, const struct netpol_program *program)
{
	for (; dump->sub < NETPOL_PROTOCOLS; dump->sub++, dump->slot = 0) {
		const struct netpol_ranges *ranges = &program->ranges[dump->sub];

		if (range_void(ranges, dump->slot))
			dump->slot++;
		if (dump->slot < ranges->count)
			return true;
	}
	return !dump->slot;
}

/* seek() for the cells; false: there is none left. */
static bool seek_cell(struct netpol_dump *dump, const struct netpol_program *program)
{
	u32 cells = program->nrows * program->nclasses;

	for (; dump->slot < cells; dump->slot++) {
		u32 row = dump->slot / program->nclasses, class = dump->slot % program->nclasses;

		if (NETPOL_CELL_ACTION(netpol_program_cell_at(program, row, class)))
			return true;
		netpol_offer(dump->slot);
	}
	return false;
}

/* Moves the cursor to the next entry of this stage; false: there is none left. */
static bool seek(struct netpol_dump *dump)
{
	const struct netpol_program *program = stage_program(dump);

	if (dump->stage % STAGES == STAGE_HEAD)
		return !dump->sub;
	if (!program)
		return false;
	switch (dump->stage % STAGES) {
	case STAGE_POLICIES:
		return dump->slot < program->npolicies;
	case STAGE_RANGES:
		return seek_range(dump, program);
	case STAGE_NAMES:
		return dump->slot < program->nnames;
	case STAGE_IDENTITIES:
		while (dump->slot < program->nidentities &&
		       !netpol_program_row(program, dump->slot))
			dump->slot++;
		return dump->slot < program->nidentities;
	case STAGE_PREFIXES:
		return dump->slot < program->nprefixes[0] + program->nprefixes[1];
	case STAGE_CELLS:
		return seek_cell(dump, program);
	}
	return false;
}

/* One NETPOL_A_TRIE. The head, and each entry that continues it, has as many policies as fit. */
static int put_entry(struct netpol_dump *dump, struct sk_buff *skb)
{
	bool policies = dump->stage % STAGES <= STAGE_POLICIES;
	u32 slot = dump->slot;
	struct nlattr *nest;

	nest = nla_nest_start(skb, NETPOL_A_TRIE);
	if (!nest || nla_put_u8(skb, NETPOL_TRIE_A_DIRECTION, stage_direction(dump)) ||
	    put_content(dump, skb))
		return -EMSGSIZE;
	if (policies)
		put_policies(dump, skb);
	if (dump->stage % STAGES == STAGE_POLICIES && dump->slot == slot)
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	if (dump->stage % STAGES == STAGE_HEAD)
		dump->sub = 1;
	else if (!policies)
		dump->slot++;
	return 0;
}

/* Lists entries of one direction, from the cursor on, in one message. A head has its own. */
static int fill_message(struct netpol_dump *dump, struct sk_buff *skb)
{
	u8 direction = stage_direction(dump);
	bool head = dump->stage % STAGES == STAGE_HEAD;
	void *header = netpol_dump_message(dump, skb);
	unsigned char *mark;
	int error = 0;
	u32 units = 0;

	if (!header)
		return -EMSGSIZE;
	while (stage_direction(dump) == direction) {
		if (!seek(dump)) {
			/* STAGE_POLICIES goes on from where the head stopped */
			if (dump->stage % STAGES != STAGE_HEAD)
				dump->slot = 0;
			dump->sub = 0;
			dump->stage++;
			if (head)
				break;
			continue;
		}
		mark = skb_tail_pointer(skb);
		error = put_entry(dump, skb);
		if (error) {
			nlmsg_trim(skb, mark);
			break;
		}
		units++;
	}
	dump->units += units;
	if (units)
		genlmsg_end(skb, header);
	else
		genlmsg_cancel(skb, header);
	return error;
}

static int fill_program(struct netpol_dump *dump, struct sk_buff *skb)
{
	struct netpol_parse parse = { dump->nn, dump->nn->world, &dump->refusal };
	int error = 0;

	dump->refusal.extack = dump->cb->extack;
	if (!dump->local)
		error = find_local(&parse, dump);
	while (!error && stage_direction(dump) < NETPOL_DIRECTIONS)
		error = fill_message(dump, skb);
	return error;
}

/* NETPOL_CMD_GET_TRIE. -EINVAL, -ENOENT */
int netpol_program_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netpol_dump_run(skb, cb, NETPOL_CMD_GET_TRIE, fill_program);
}
