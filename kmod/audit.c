// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about audits (core/audit.h). An audit is no object: it belongs to no origin, and no full
 * transaction takes it away. Whoever loads policies goes on without knowing of it.
 */
#include "audit.h"
#include "dump.h"
#include "netlink.h"
#include "parse.h"

/* The longest time until an audit ends, a hundred years. */
#define NETPOL_AUDIT_SECONDS_MAX (100ULL * 366 * 24 * 3600)

/* Copies an optional name. Return: 0 or a negative errno, explained. */
static int copy_name(struct netpol_parse *parse, const struct nlattr *attr, char *name)
{
	struct netpol_text text;
	int error;

	if (!attr)
		return 0;
	error = netpol_parse_text(parse, attr, false, &text);
	if (!error)
		memcpy(name, text.data, text.length);
	return error;
}

/* By how many nanoseconds the time of day is ahead of the clock of netpol_now(). */
static u64 day_ahead(void)
{
	return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_REAL)) -
	       ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
}

/*
 * Reads when an audit is to end. From then on it is the clock that nobody can set which counts: an
 * audit lasts as long as it was to last when it began, and not a part of a second less, although
 * the seconds of the two clocks begin at different times. Return: 0 or -EINVAL, explained.
 */
static int parse_until(struct netpol_parse *parse, const struct nlattr *attr, bool end, u64 *at)
{
	u64 until = attr ? nla_get_u64(attr) : 0, now = ktime_get_real_seconds();

	*at = 0;
	if (!attr)
		return 0;
	if (end)
		return netpol_refuse(parse->refusal, attr, -EINVAL, "an audit ends at once");
	if (until <= now)
		return netpol_refuse(parse->refusal, attr, -EINVAL,
				     "the audit would have ended already");
	until = min_t(u64, until, now + NETPOL_AUDIT_SECONDS_MAX);
	*at = div_u64(until * NSEC_PER_SEC - day_ahead() + NSEC_PER_SEC - 1, NSEC_PER_SEC);
	return 0;
}

/*
 * Reads what an audit is about into @audit, which is zeroed, and takes a reference on its
 * namespace. Return: 0 or a negative errno, explained.
 */
static int parse_audit(struct netpol_parse *parse, const struct nlattr *nest, bool end,
		       struct netpol_audit *audit)
{
	struct nlattr *tb[NETPOL_AUDIT_A_MAX + 1];
	struct netpol_text ns;
	int error;

	netpol_nest_attrs(tb, NETPOL_AUDIT_A_MAX, nest);
	error = netpol_need_text(parse, nest, tb, NETPOL_AUDIT_A_NAMESPACE, false, &ns);
	if (!error)
		error = copy_name(parse, tb[NETPOL_AUDIT_A_POLICY], audit->policy);
	if (!error)
		error = copy_name(parse, tb[NETPOL_AUDIT_A_POD], audit->pod);
	if (!error && audit->policy[0] && audit->pod[0])
		error = netpol_refuse(parse->refusal, tb[NETPOL_AUDIT_A_POD], -EINVAL,
				      "an audit is about one policy or about one pod");
	if (!error)
		error = parse_until(parse, tb[NETPOL_AUDIT_A_UNTIL], end, &audit->end);
	if (error)
		return error;
	audit->ns = netpol_ns_get(parse->world, ns);
	return audit->ns ? 0 : netpol_no_memory(parse);
}

/* Begins or ends an audit. @nn is locked. Return: 0 or a negative errno, explained. */
static int change_audit(struct netpol_net *nn, struct netpol_refusal *refusal,
			const struct nlattr *nest, bool end, struct netpol_audit *audit)
{
	struct netpol_parse parse = { nn, nn->world, refusal };
	struct netpol_fault fault = {};
	int error = parse_audit(&parse, nest, end, audit);

	if (error)
		return error;
	error = netpol_net_audit(nn, audit, end, &fault);
	if (error == -ENOENT)
		netpol_fail(&fault, error, "there is no such audit");
	netpol_ns_put(nn->world, audit->ns);
	return error ? netpol_refuse_fault(refusal, error, &fault) : 0;
}

static int audit_doit(struct netpol_refusal *refusal, struct genl_info *info, u8 command)
{
	struct netpol_net *nn = netpol_net(genl_info_net(info));
	const struct nlattr *nest = info->attrs[NETPOL_A_AUDIT];
	struct netpol_audit *audit;
	struct sk_buff *reply;
	void *header;
	int error;

	if (!nest)
		return netpol_refuse_missing(refusal, NULL, NETPOL_A_AUDIT);
	audit = kzalloc(sizeof(*audit), GFP_KERNEL_ACCOUNT);
	if (!audit)
		return -ENOMEM;
	/* past the commit nothing may fail */
	reply = netpol_reply_new(info, command, nla_total_size_64bit(sizeof(u64)), &header);
	if (!reply) {
		kfree(audit);
		return -ENOMEM;
	}
	mutex_lock(&nn->lock);
	error = change_audit(nn, refusal, nest, command == NETPOL_CMD_AUDIT_END, audit);
	if (!error && nla_put_u64_64bit(reply, NETPOL_A_GENERATION,
					nn->world->snapshot->generation, NETPOL_A_PAD))
		error = -EMSGSIZE;
	mutex_unlock(&nn->lock);
	kfree(audit);
	return netpol_reply_send(info, reply, header, error);
}

/* NETPOL_CMD_AUDIT. -EINVAL, -ENOSPC, -EAGAIN, -ENOMEM */
int netpol_audit_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	return audit_doit(refusal, info, NETPOL_CMD_AUDIT);
}

/* NETPOL_CMD_AUDIT_END. -EINVAL, -ENOENT, -ENOSPC, -EAGAIN, -ENOMEM */
int netpol_audit_end_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	return audit_doit(refusal, info, NETPOL_CMD_AUDIT_END);
}

static int put_audit(struct sk_buff *skb, const struct netpol_audit *audit)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_AUDIT);
	u64 until = div_u64(audit->end * NSEC_PER_SEC + day_ahead(), NSEC_PER_SEC);

	if (!nest || nla_put_string(skb, NETPOL_AUDIT_A_NAMESPACE, audit->ns->name) ||
	    (audit->policy[0] && nla_put_string(skb, NETPOL_AUDIT_A_POLICY, audit->policy)) ||
	    (audit->pod[0] && nla_put_string(skb, NETPOL_AUDIT_A_POD, audit->pod)) ||
	    (audit->end && nla_put_u64_64bit(skb, NETPOL_AUDIT_A_UNTIL,
					     until, NETPOL_AUDIT_A_PAD)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_audits(struct netpol_dump *dump, struct sk_buff *skb)
{
	const struct netpol_audits *audits = dump->snapshot->audits;
	void *header = netpol_dump_message(dump, skb);
	unsigned char *mark;
	int error = 0;

	if (!header)
		return -EMSGSIZE;
	for (; audits && dump->slot < audits->count && !error; dump->slot++) {
		const struct netpol_audit *audit = &audits->audit[dump->slot];

		if (!netpol_audit_lasts(audit, dump->snapshot->now))
			continue;
		mark = skb_tail_pointer(skb);
		error = put_audit(skb, audit);
		if (error) {
			nlmsg_trim(skb, mark);
			break;
		}
		dump->units++;
	}
	if (dump->units)
		genlmsg_end(skb, header);
	else
		genlmsg_cancel(skb, header);
	return error;
}

/* NETPOL_CMD_GET_AUDIT */
int netpol_audit_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netpol_dump_run(skb, cb, NETPOL_CMD_GET_AUDIT, fill_audits);
}
