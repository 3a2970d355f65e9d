// SPDX-License-Identifier: GPL-2.0
/*
 * NETPOL_CMD_EVAL: the verdict for the first packet of a connection, without sending one. It
 * comes from the code that judges packets, on the snapshot in force. What hook.c decides
 * before the policies, by settings and by the node's addresses, is decided here in its order.
 */
#include "eval.h"
#include "core/explain.h"
#include "encode.h"
#include "netlink.h"
#include "parse.h"
#include "source.h"
#include "tunnel.h"

/* Bytes of steps in an answer. Steps beyond them are left out; the verdict never is. */
#define STEPS_MAX (128 * 1024)

/* Bytes for the rest of the answer. */
#define HEAD_SIZE 256

/**
 * struct end - one end of the connection, as the request names it
 * @pod: pod, if the request names one; NULL: it gives an address
 * @address: addresses by [family == AF_INET6], network order
 * @has: which of the two addresses there are
 */
struct end {
	const struct netpol_pod *pod;
	struct in6_addr address[2];
	bool has[2];
};

/**
 * struct answer - the answer; its steps are first counted and then put
 * @skb: message; NULL: steps are only counted
 * @origin: origins of the snapshot
 * @bytes: size of all steps
 * @full: a step did not fit, so no more are put
 */
struct answer {
	struct sk_buff *skb;
	const struct netpol_origin *origin;
	size_t bytes;
	bool full;
};

/* Attribute types of the destination are those of the source plus this number. */
#define DESTINATION (NETPOL_EVAL_A_DESTINATION_NAMESPACE - NETPOL_EVAL_A_SOURCE_NAMESPACE)

/* The pod that an end names, and its first address of each family. */
static int end_pod(struct netpol_parse *parse, const struct nlattr *nest,
		   struct nlattr **tb, int shift, struct end *end)
{
	int ns_type = NETPOL_EVAL_A_SOURCE_NAMESPACE + shift;
	int name_type = NETPOL_EVAL_A_SOURCE_NAME + shift;
	struct netpol_text ns, name;
	int error;
	u32 i;

	error = netpol_need_text(parse, nest, tb, ns_type, false, &ns);
	if (!error)
		error = netpol_need_text(parse, nest, tb, name_type, false, &name);
	if (error)
		return error;
	end->pod = netpol_snapshot_pod(parse->world, parse->world->snapshot, ns, name);
	if (!end->pod)
		return netpol_refuse(parse->refusal, tb[name_type], -ENOENT,
				     "no pod %s/%s is loaded", ns.data, name.data);
	for (i = 0; i < netpol_pod_addresses(end->pod); i++) {
		const u8 *address;
		u8 family;

		address = netpol_pod_address(end->pod, i, &family);
		if (end->has[family == AF_INET6])
			continue;
		end->has[family == AF_INET6] = true;
		memcpy(&end->address[family == AF_INET6], address,
		       family == AF_INET ? 4 : 16);
	}
	return 0;
}

/* One end: a pod by namespace and name, or one address. */
static int parse_end(struct netpol_parse *parse, const struct nlattr *nest,
		     struct nlattr **tb, int shift, struct end *end)
{
	const struct nlattr *v4 = tb[NETPOL_EVAL_A_SOURCE4 + shift];
	const struct nlattr *v6 = tb[NETPOL_EVAL_A_SOURCE6 + shift];
	const struct nlattr *ns = tb[NETPOL_EVAL_A_SOURCE_NAMESPACE + shift];
	const struct nlattr *name = tb[NETPOL_EVAL_A_SOURCE_NAME + shift];

	memset(end, 0, sizeof(*end));
	if (!v4 && !v6)
		return end_pod(parse, nest, tb, shift, end);
	if ((v4 && v6) || ns || name)
		return netpol_refuse(parse->refusal, v6 ? v6 : v4, -EINVAL,
				     "each end must be one pod or one address");
	end->has[!v4] = true;
	memcpy(&end->address[!v4], nla_data(v4 ? v4 : v6), v4 ? 4 : 16);
	return 0;
}

/* The family of the connection: the requested one, or one that both ends have, IPv4 first. */
static int parse_family(struct netpol_parse *parse, struct nlattr **tb,
			const struct end *source, const struct end *destination, u8 *family)
{
	const struct nlattr *attr = tb[NETPOL_EVAL_A_FAMILY];
	u32 v6;

	if (attr && nla_get_u8(attr) != AF_INET && nla_get_u8(attr) != AF_INET6)
		return netpol_refuse(parse->refusal, attr, -EINVAL,
				     "the family is neither AF_INET nor AF_INET6");
	for (v6 = 0; v6 < 2; v6++) {
		*family = v6 ? AF_INET6 : AF_INET;
		if (source->has[v6] && destination->has[v6] &&
		    (!attr || nla_get_u8(attr) == *family))
			return 0;
	}
	return netpol_refuse(parse->refusal, attr, -EADDRNOTAVAIL,
			     "the two ends have no addresses of the same family");
}

/* The connection that the request asks about. */
static int parse_flow(struct netpol_parse *parse, const struct nlattr *nest,
		      struct nlattr **tb, struct end *source, struct end *destination,
		      struct netpol_flow *flow)
{
	const struct nlattr *port = tb[NETPOL_EVAL_A_PORT];
	bool has_ports;
	int error;

	memset(flow, 0, sizeof(*flow));
	if (!tb[NETPOL_EVAL_A_PROTOCOL])
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_EVAL_A_PROTOCOL);
	flow->protocol = nla_get_u8(tb[NETPOL_EVAL_A_PROTOCOL]);
	has_ports = netpol_protocol_index(flow->protocol) != NETPOL_PROTOCOLS;
	if (has_ports && !port)
		return netpol_refuse_missing(parse->refusal, nest, NETPOL_EVAL_A_PORT);
	if (!has_ports && port)
		return netpol_refuse(parse->refusal, port, -EINVAL,
				     "protocol %u has no ports", flow->protocol);
	if (port)
		flow->port = nla_get_u16(port);
	error = parse_end(parse, nest, tb, 0, source);
	if (!error)
		error = parse_end(parse, nest, tb, DESTINATION, destination);
	if (!error)
		error = parse_family(parse, tb, source, destination, &flow->family);
	if (error)
		return error;
	flow->source = &source->address[flow->family == AF_INET6];
	flow->destination = &destination->address[flow->family == AF_INET6];
	return 0;
}

/* Would a tunnel of this node take what goes to its address? */
static bool for_tunnel(struct net *net, const struct netpol_flow *flow)
{
	bool takes;

	if (flow->protocol != IPPROTO_UDP)
		return netpol_tunnel_protocol(flow->protocol);
	rcu_read_lock();
	takes = netpol_tunnel_takes_flow(net, flow->family, flow->source, flow->destination,
					 flow->port);
	rcu_read_unlock();
	return takes;
}

/*
 * Do the settings or the addresses of the node decide, before any policy but those of the Admin
 * tier? @direction and @reason are set if so. @to_node: set to whether the destination is an
 * address of the node.
 */
static bool judge_settings(const struct netpol_net *nn, const struct netpol_flow *flow,
			   bool *to_node, u8 *direction, u8 *reason)
{
	const struct netpol_snapshot *snapshot = nn->world->snapshot;
	const struct netpol_settings *settings = snapshot->settings;
	const struct nf_hook_state state = { .net = nn->net };
	bool deny = settings->unknown == NETPOL_UNKNOWN_DENY;
	struct netpol_end source, destination;
	struct netpol_judgement judgement;
	bool node;

	*to_node = false;
	netpol_resolve(snapshot, flow->family, flow->source, &source);
	netpol_resolve(snapshot, flow->family, flow->destination, &destination);
	*direction = NETPOL_DIRECTION_EGRESS;
	if (!source.identity && netpol_source_is_node(&state, flow->family, flow->source)) {
		*reason = NETPOL_REASON_OWN_NODE;
		return true;
	}
	*reason = NETPOL_REASON_UNKNOWN;
	if (deny && !source.identity &&
	    netpol_settings_guards(settings, flow->family, flow->source))
		return true;
	if (destination.identity)
		return false;
	node = netpol_source_is_node(&state, flow->family, flow->destination);
	if (deny && !node &&
	    netpol_settings_guards(settings, flow->family, flow->destination)) {
		*direction = NETPOL_DIRECTION_INGRESS;
		return true;
	}
	*to_node = node;
	destination.node = node;
	*reason = NETPOL_REASON_HOST_ALLOW;
	if (node && source.local &&
	    netpol_settings_host_allows(settings, flow->family, flow->protocol, flow->port,
					flow->destination))
		return !netpol_judge_admin(snapshot, flow, &source, &destination, &judgement);
	*reason = NETPOL_REASON_TUNNEL;
	if (node && source.identity && settings->tunnels == NETPOL_TUNNELS_DENY &&
	    for_tunnel(nn->net, flow))
		return true;
	*reason = NETPOL_REASON_HOST_ALLOW;
	return node && source.local && settings->host_egress == NETPOL_HOST_EGRESS_ALLOW &&
	       !netpol_judge_admin(snapshot, flow, &source, &destination, &judgement);
}

/* Bytes that a step takes in the answer, at most. */
static size_t step_size(const struct netpol_step *step)
{
	size_t size = nla_total_size(0) + 6 * nla_total_size(1) + nla_total_size(4);

	if (step->subject)
		size += nla_total_size(NETPOL_NAMESPACE_MAX + 1) +
			nla_total_size(strlen(netpol_pod_name(step->subject->pod)) + 1);
	if (step->policy)
		size += nla_total_size(NETPOL_NAMESPACE_MAX + 1) +
			nla_total_size(strlen(step->policy->name) + 1) +
			nla_total_size(NETPOL_ORIGIN_MAX + 1);
	if (step->reason == NETPOL_REASON_NO_ROOM)
		size += nla_total_size(0) + nla_total_size(1) + nla_total_size(4) +
			nla_total_size(NETPOL_NAMESPACE_MAX + 1) + nla_total_size_64bit(8);
	if (step->name)
		size += nla_total_size(strlen(step->name) + 1);
	return size;
}

static int put_step_policy(struct sk_buff *skb, const struct netpol_origin *origin,
			   const struct netpol_step *step)
{
	const struct netpol_policy *policy = step->policy;

	if ((!policy->namespaces &&
	     nla_put_string(skb, NETPOL_STEP_A_POLICY_NAMESPACE, policy->ns->name)) ||
	    nla_put_u8(skb, NETPOL_STEP_A_TIER, policy->tier) ||
	    nla_put_u8(skb, NETPOL_STEP_A_ACTION, step->action) ||
	    (step->audit && nla_put_u8(skb, NETPOL_STEP_A_AUDITED, 1)) ||
	    (step->name && nla_put_string(skb, NETPOL_STEP_A_RULE_NAME, step->name)) ||
	    nla_put_string(skb, NETPOL_STEP_A_POLICY_NAME, policy->name) ||
	    nla_put_string(skb, NETPOL_STEP_A_POLICY_ORIGIN, origin[policy->origin].name) ||
	    (step->rule != NETPOL_NO_RULE &&
	     nla_put_u32(skb, NETPOL_STEP_A_RULE, step->rule)))
		return -EMSGSIZE;
	return 0;
}

/* Puts what the subject of a half lacks, so that it is closed. */
static int put_step_lack(struct sk_buff *skb, const struct netpol_step *step)
{
	const struct netpol_local *local = step->subject;

	return netpol_put_lack(skb, NETPOL_STEP_A_LACK, &local->runtime->lack[step->direction],
			       step->direction, local->pod);
}

static int put_step(struct sk_buff *skb, const struct netpol_origin *origin,
		    const struct netpol_step *step)
{
	struct nlattr *nest = nla_nest_start(skb, NETPOL_A_STEP);
	u8 verdict = step->accept ? NETPOL_VERDICT_ALLOW : NETPOL_VERDICT_DENY;
	const struct netpol_pod *pod = step->subject ? step->subject->pod : NULL;

	if (!step->policy && step->audit)
		verdict = NETPOL_VERDICT_AUDIT;
	if (!nest || nla_put_u8(skb, NETPOL_STEP_A_DIRECTION, step->direction) ||
	    (pod && nla_put_string(skb, NETPOL_STEP_A_POD_NAMESPACE,
				   pod->template->ns->name)) ||
	    (pod && nla_put_string(skb, NETPOL_STEP_A_POD_NAME, netpol_pod_name(pod))) ||
	    ((!step->policy || step->accept || step->action == NETPOL_ACTION_DENY) &&
	     nla_put_u8(skb, NETPOL_STEP_A_VERDICT, verdict)) ||
	    nla_put_u8(skb, NETPOL_STEP_A_REASON, step->reason) ||
	    (step->policy && put_step_policy(skb, origin, step)) ||
	    (step->reason == NETPOL_REASON_NO_ROOM && put_step_lack(skb, step)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Counts or puts a step. If it does not fit, it is left out with all steps after it. */
static int visit_step(void *context, const struct netpol_step *step)
{
	struct answer *answer = context;
	unsigned char *mark;

	answer->bytes += step_size(step);
	if (!answer->skb || answer->full)
		return 0;
	mark = skb_tail_pointer(answer->skb);
	if (put_step(answer->skb, answer->origin, step)) {
		nlmsg_trim(answer->skb, mark);
		answer->full = true;
	}
	return 0;
}

/* Judges the connection and visits the steps of the decision in order. */
static int judge(struct netpol_net *nn, const struct netpol_flow *flow,
		 struct netpol_judgement *judgement, struct answer *answer)
{
	struct netpol_step step = { .rule = NETPOL_NO_RULE };
	bool to_node;

	if (!judge_settings(nn, flow, &to_node, &step.direction, &step.reason))
		return netpol_explain(nn->world, flow, to_node, judgement, visit_step, answer);
	step.accept = step.reason == NETPOL_REASON_OWN_NODE ||
		      step.reason == NETPOL_REASON_HOST_ALLOW;
	memset(judgement, 0, sizeof(*judgement));
	judgement->accept = step.accept;
	judgement->direction = step.direction;
	judgement->reason = step.reason;
	return visit_step(answer, &step);
}

static int put_verdict(struct sk_buff *skb, const struct netpol_net *nn,
		       const struct netpol_judgement *judgement)
{
	u8 verdict = judgement->accept ? NETPOL_VERDICT_ALLOW : NETPOL_VERDICT_DENY;

	if (netpol_judgement_audit(judgement))
		verdict = NETPOL_VERDICT_AUDIT;
	if (nla_put_u64_64bit(skb, NETPOL_A_GENERATION, nn->world->snapshot->generation,
			      NETPOL_A_PAD) ||
	    nla_put_u8(skb, NETPOL_A_VERDICT, verdict) ||
	    nla_put_u8(skb, NETPOL_A_REASON, judgement->reason) ||
	    nla_put_u8(skb, NETPOL_A_DIRECTION, judgement->direction))
		return -EMSGSIZE;
	return 0;
}

/* Makes the whole answer. @nn stays locked, so that both rounds see the same state. */
static struct sk_buff *evaluate(struct netpol_net *nn, struct genl_info *info,
				const struct netpol_flow *flow)
{
	struct answer answer = { .origin = nn->world->snapshot->origin };
	struct netpol_judgement judgement;
	void *header;
	int error;

	error = judge(nn, flow, &judgement, &answer);
	if (error)
		return ERR_PTR(error);
	answer.bytes = min_t(size_t, answer.bytes, STEPS_MAX);
	answer.skb = netpol_reply_new(info, NETPOL_CMD_EVAL, HEAD_SIZE + answer.bytes,
				      &header);
	if (!answer.skb)
		answer.skb = netpol_reply_new(info, NETPOL_CMD_EVAL, NLMSG_DEFAULT_SIZE,
					      &header);
	if (!answer.skb)
		return ERR_PTR(-ENOMEM);
	error = put_verdict(answer.skb, nn, &judgement);
	if (!error)
		error = judge(nn, flow, &judgement, &answer);
	if (error) {
		nlmsg_free(answer.skb);
		return ERR_PTR(error);
	}
	genlmsg_end(answer.skb, header);
	return answer.skb;
}

/* NETPOL_CMD_EVAL. -EINVAL, -ENOENT, -EADDRNOTAVAIL, -ENOMEM */
int netpol_eval_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	struct netpol_net *nn = netpol_net(genl_info_net(info));
	const struct nlattr *nest = info->attrs[NETPOL_A_EVAL];
	struct nlattr *tb[NETPOL_EVAL_A_MAX + 1];
	struct end source, destination;
	struct netpol_parse parse;
	struct sk_buff *reply;
	struct netpol_flow flow;
	int error;

	if (!nest)
		return netpol_refuse_missing(refusal, NULL, NETPOL_A_EVAL);
	netpol_nest_attrs(tb, NETPOL_EVAL_A_MAX, nest);
	mutex_lock(&nn->lock);
	parse = (struct netpol_parse){ nn, nn->world, refusal };
	error = parse_flow(&parse, nest, tb, &source, &destination, &flow);
	reply = error ? ERR_PTR(error) : evaluate(nn, info, &flow);
	mutex_unlock(&nn->lock);
	if (IS_ERR(reply))
		return PTR_ERR(reply);
	return genlmsg_reply(reply, info);
}
