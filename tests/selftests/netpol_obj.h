/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects for the selftests: transactions with namespaces, pods and policies written
 * from short texts, EVAL, and a picture of all state to compare before and after.
 *
 * Labels are written "key=value,key=value"; selectors "key=value,key!=value,key,!key,
 * key in a|b,key notin a|b"; addresses and prefixes as usual; pods "namespace/name".
 */
#ifndef NETPOL_OBJ_H
#define NETPOL_OBJ_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include "netpol_nl.h"

#define INGRESS		(1U << NETPOL_DIRECTION_INGRESS)
#define EGRESS		(1U << NETPOL_DIRECTION_EGRESS)
#define LOCAL		(NETPOL_POD_F_LOCAL | NETPOL_POD_F_RUNNING)
#define REMOTE		NETPOL_POD_F_RUNNING

#define TXN_MESSAGE	24000	/* bytes of a TXN_ADD before the next one is begun */

/**
 * struct txn - a transaction being filled
 * @nl: its socket, whose request in the making holds what was not sent yet
 * @number: given by the kernel
 * @error: first refusal of a TXN_ADD
 */
struct txn {
	struct nl *nl;
	uint32_t number;
	int error;
};

static inline void txn_message(struct txn *t)
{
	struct msg *m = nl_msg(t->nl, NETPOL_CMD_TXN_ADD);

	put_u32(m, NETPOL_A_TXN, t->number);
}

/* TXN_BEGIN; @base: NULL for none. Then objects may be added. */
static inline int txn_begin_at(struct txn *t, struct nl *nl, const char *origin,
			       uint32_t flags, const uint64_t *base)
{
	struct msg *m = nl_msg(nl, NETPOL_CMD_TXN_BEGIN);
	int ret;

	memset(t, 0, sizeof(*t));
	t->nl = nl;
	put_str(m, NETPOL_A_ORIGIN, origin);
	if (flags)
		put_u32(m, NETPOL_A_FLAGS, flags);
	if (base)
		put_u64(m, NETPOL_A_BASE_GENERATION, *base);
	ret = nl_call(nl);
	if (ret)
		return ret;
	if (!nl_reply(nl, NETPOL_A_TXN))
		return -EPROTO;
	t->number = at_u(nl_reply(nl, NETPOL_A_TXN));
	txn_message(t);
	return 0;
}

static inline int txn_begin(struct txn *t, struct nl *nl, const char *origin,
			    uint32_t flags)
{
	return txn_begin_at(t, nl, origin, flags, NULL);
}

/* Sends what has gathered; needed before another request on the socket. */
static inline int txn_flush(struct txn *t)
{
	int ret = 0;

	if (t->nl->out.len > NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + 4) {
		ret = nl_call(t->nl);
		if (ret && !t->error)
			t->error = ret;
	}
	txn_message(t);
	return ret;
}

static inline struct msg *txn_room(struct txn *t)
{
	if (t->nl->out.len > TXN_MESSAGE)
		txn_flush(t);
	return &t->nl->out;
}

/* TXN_COMMIT without sending what has gathered. */
static inline int txn_commit_only(struct txn *t, uint32_t flags)
{
	struct msg *m = nl_msg(t->nl, NETPOL_CMD_TXN_COMMIT);
	int ret;

	put_u32(m, NETPOL_A_TXN, t->number);
	if (flags)
		put_u32(m, NETPOL_A_FLAGS, flags);
	ret = nl_call(t->nl);
	return ret;
}

/* Sends the rest and commits: the first error of any step. */
static inline int txn_commit(struct txn *t)
{
	struct ack ack;
	int ret;

	txn_flush(t);
	if (t->error) {
		ack = t->nl->ack;
		ret = txn_commit_only(t, 0);
		t->nl->ack = ack;
		return ret ? t->error : -EPROTO;
	}
	return txn_commit_only(t, 0);
}

static inline int txn_check(struct txn *t)
{
	txn_flush(t);
	return t->error ? t->error : txn_commit_only(t, NETPOL_FLAG_CHECK);
}

static inline int txn_abort(struct txn *t)
{
	struct msg *m = nl_msg(t->nl, NETPOL_CMD_TXN_ABORT);

	put_u32(m, NETPOL_A_TXN, t->number);
	return nl_call(t->nl);
}

/* --- pieces ------------------------------------------------------------------ */

/* Cuts the next item off a comma list: its length; *list goes on behind it. */
static inline size_t next_item(const char **list, const char **item)
{
	size_t len = strcspn(*list, ",");

	*item = *list;
	*list += len + ((*list)[len] == ',');
	return len;
}

static inline void put_labels(struct msg *m, uint16_t type, const char *labels)
{
	const char *item, *value;

	while (labels && *labels) {
		size_t len = next_item(&labels, &item);
		uint32_t at = nest(m, type);

		value = memchr(item, '=', len);
		if (value) {
			put_strn(m, NETPOL_LABEL_A_KEY, item, value - item);
			put_strn(m, NETPOL_LABEL_A_VALUE, value + 1, item + len - value - 1);
		} else {
			put_strn(m, NETPOL_LABEL_A_KEY, item, len);
			put_str(m, NETPOL_LABEL_A_VALUE, "");
		}
		nest_end(m, at);
	}
}

static inline void put_values(struct msg *m, const char *value, size_t len)
{
	while (len) {
		const char *bar = memchr(value, '|', len);
		size_t part = bar ? bar - value : len;

		put_strn(m, NETPOL_REQUIREMENT_A_VALUE, value, part);
		part += !!bar;
		value += part;
		len -= part;
	}
}

/* A selector; "" selects everything. */
static inline void put_selector(struct msg *m, uint16_t type, const char *text)
{
	uint32_t at = nest(m, type), one;
	const char *item, *sign;

	while (*text) {
		size_t len = next_item(&text, &item), skip;
		uint8_t operator;

		one = nest(m, NETPOL_SELECTOR_A_REQUIREMENT);
		if (*item == '!') {
			put_strn(m, NETPOL_REQUIREMENT_A_KEY, item + 1, len - 1);
			put_u8(m, NETPOL_REQUIREMENT_A_OPERATOR,
			       NETPOL_OPERATOR_DOES_NOT_EXIST);
			nest_end(m, one);
			continue;
		}
		if ((sign = memmem(item, len, " notin ", 7))) {
			operator = NETPOL_OPERATOR_NOT_IN;
			skip = 7;
		} else if ((sign = memmem(item, len, " in ", 4))) {
			operator = NETPOL_OPERATOR_IN;
			skip = 4;
		} else if ((sign = memmem(item, len, "!=", 2))) {
			operator = NETPOL_OPERATOR_NOT_IN;
			skip = 2;
		} else if ((sign = memchr(item, '=', len))) {
			operator = NETPOL_OPERATOR_IN;
			skip = 1;
		} else {
			operator = NETPOL_OPERATOR_EXISTS;
			sign = item + len;
			skip = 0;
		}
		put_strn(m, NETPOL_REQUIREMENT_A_KEY, item, sign - item);
		put_u8(m, NETPOL_REQUIREMENT_A_OPERATOR, operator);
		if (skip)
			put_values(m, sign + skip, item + len - sign - skip);
		nest_end(m, one);
	}
	nest_end(m, at);
}

/* An address, by the family that it looks like. */
static inline void put_address(struct msg *m, uint16_t type4, uint16_t type6,
			       const char *text)
{
	unsigned char data[16];

	if (inet_pton(AF_INET, text, data) == 1)
		put(m, type4, data, 4);
	else if (inet_pton(AF_INET6, text, data) == 1)
		put(m, type6, data, 16);
	else
		abort();
}

static inline void put_prefix(struct msg *m, uint16_t type, const char *text)
{
	uint32_t at = nest(m, type);
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];

	if (!slash)
		abort();
	snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
	put_address(m, NETPOL_PREFIX_A_ADDRESS4, NETPOL_PREFIX_A_ADDRESS6, address);
	put_u8(m, NETPOL_PREFIX_A_LENGTH, atoi(slash + 1));
	nest_end(m, at);
}

/* "namespace/name" into two attributes. */
static inline void put_pod_name(struct msg *m, uint16_t ns, uint16_t name,
				const char *pod)
{
	const char *slash = strchr(pod, '/');

	if (!slash)
		abort();
	put_strn(m, ns, pod, slash - pod);
	put_str(m, name, slash + 1);
}

/* --- objects ----------------------------------------------------------------- */

/* A label set; @ports is NULL or "name/protocol/port,...". */
static inline void t_labels(struct txn *t, uint32_t id, const char *labels,
			    const char *ports)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_LABEL_SET), one;
	unsigned int protocol, port;
	char name[32];
	const char *item;

	put_u32(m, NETPOL_LABEL_SET_A_ID, id);
	put_labels(m, NETPOL_LABEL_SET_A_LABEL, labels);
	while (ports && *ports) {
		next_item(&ports, &item);
		if (sscanf(item, "%31[^/]/%u/%u", name, &protocol, &port) != 3)
			abort();
		one = nest(m, NETPOL_LABEL_SET_A_PORT);
		put_str(m, NETPOL_PORT_A_NAME, name);
		put_u8(m, NETPOL_PORT_A_PROTOCOL, protocol);
		put_u16(m, NETPOL_PORT_A_FIRST, port);
		nest_end(m, one);
	}
	nest_end(m, at);
}

static inline void t_namespace(struct txn *t, const char *name, const char *labels)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_NAMESPACE);

	put_str(m, NETPOL_NAMESPACE_A_NAME, name);
	put_labels(m, NETPOL_NAMESPACE_A_LABEL, labels);
	nest_end(m, at);
}

/**
 * struct pod - a pod to load
 * @name: "namespace/name"
 * @labels: number of a label set; 0: none
 * @address: up to four
 * @flags: NETPOL_POD_F_*
 * @ifindex: interface or 0
 * @uid: first byte of its uid; 0: no uid
 */
struct pod {
	const char *name;
	uint32_t labels;
	const char *address[4];
	uint32_t flags;
	uint32_t ifindex;
	uint8_t uid;
};

static inline void t_pod(struct txn *t, const struct pod *pod)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_POD);
	uint8_t uid[NETPOL_UID_LEN] = { pod->uid };
	int i;

	put_pod_name(m, NETPOL_POD_A_NAMESPACE, NETPOL_POD_A_NAME, pod->name);
	if (pod->uid)
		put(m, NETPOL_POD_A_UID, uid, sizeof(uid));
	if (pod->labels)
		put_u32(m, NETPOL_POD_A_LABEL_SET, pod->labels);
	for (i = 0; i < 4 && pod->address[i]; i++)
		put_address(m, NETPOL_POD_A_ADDRESS4, NETPOL_POD_A_ADDRESS6,
			    pod->address[i]);
	put_u32(m, NETPOL_POD_A_FLAGS, pod->flags);
	if (pod->ifindex)
		put_u32(m, NETPOL_POD_A_IFINDEX, pod->ifindex);
	nest_end(m, at);
}

/* A policy, @name as "namespace/name"; its rules follow. */
static inline void t_policy(struct txn *t, const char *name, const char *subject,
			    uint8_t directions)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_POLICY);

	put_u8(m, NETPOL_POLICY_A_KIND, NETPOL_KIND_NETWORK_POLICY);
	put_pod_name(m, NETPOL_POLICY_A_NAMESPACE, NETPOL_POLICY_A_NAME, name);
	put_selector(m, NETPOL_POLICY_A_SUBJECT, subject);
	put_u8(m, NETPOL_POLICY_A_DIRECTIONS, directions);
	nest_end(m, at);
}

static inline void t_rule(struct txn *t, uint8_t direction)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_RULE);

	put_u8(m, NETPOL_RULE_A_DIRECTION, direction);
	nest_end(m, at);
}

/* A cluster-wide policy; its rules follow, by t_action(). */
static inline void t_cluster_policy(struct txn *t, const char *name, uint8_t tier,
				    uint16_t priority, const char *namespaces,
				    const char *pods, uint8_t directions)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_POLICY);

	put_u8(m, NETPOL_POLICY_A_KIND, NETPOL_KIND_CLUSTER_NETWORK_POLICY);
	put_str(m, NETPOL_POLICY_A_NAME, name);
	put_selector(m, NETPOL_POLICY_A_SUBJECT, pods);
	put_selector(m, NETPOL_POLICY_A_SUBJECT_NAMESPACES, namespaces);
	put_u8(m, NETPOL_POLICY_A_TIER, tier);
	put_u16(m, NETPOL_POLICY_A_PRIORITY, priority);
	put_u8(m, NETPOL_POLICY_A_DIRECTIONS, directions);
	nest_end(m, at);
}

/* A rule of a cluster-wide policy; @name NULL: it has none. */
static inline void t_action(struct txn *t, uint8_t direction, uint8_t action, const char *name)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_RULE);

	put_u8(m, NETPOL_RULE_A_DIRECTION, direction);
	put_u8(m, NETPOL_RULE_A_ACTION, action);
	if (name)
		put_str(m, NETPOL_RULE_A_NAME, name);
	nest_end(m, at);
}

/* A peer by selectors; NULL: that selector is absent. */
static inline void t_peer(struct txn *t, const char *namespaces, const char *pods)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_PEER);

	if (pods)
		put_selector(m, NETPOL_PEER_A_POD_SELECTOR, pods);
	if (namespaces)
		put_selector(m, NETPOL_PEER_A_NAMESPACE_SELECTOR, namespaces);
	nest_end(m, at);
}

static inline void t_block(struct txn *t, const char *prefix)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_PEER);

	put_prefix(m, NETPOL_PEER_A_PREFIX, prefix);
	nest_end(m, at);
}

static inline void t_except(struct txn *t, const char *prefix)
{
	put_prefix(txn_room(t), NETPOL_A_EXCEPT, prefix);
}

/* A port item: by @name, or a range; @last 0: one port; @first 0 too: all. */
static inline void t_port(struct txn *t, uint8_t protocol, uint16_t first,
			  uint16_t last, const char *name)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_PORT);

	put_u8(m, NETPOL_PORT_A_PROTOCOL, protocol);
	if (first)
		put_u16(m, NETPOL_PORT_A_FIRST, first);
	if (last)
		put_u16(m, NETPOL_PORT_A_LAST, last);
	if (name)
		put_str(m, NETPOL_PORT_A_NAME, name);
	nest_end(m, at);
}

/* Deletes "name" of a namespace, "namespace/name" of others, or the settings. */
static inline void t_delete(struct txn *t, uint8_t object, const char *name, uint8_t uid)
{
	struct msg *m = txn_room(t);
	uint32_t at = nest(m, NETPOL_A_DELETE);
	uint8_t bytes[NETPOL_UID_LEN] = { uid };

	put_u8(m, NETPOL_DELETE_A_OBJECT, object);
	if (object == NETPOL_OBJECT_POLICY)
		put_u8(m, NETPOL_DELETE_A_KIND, NETPOL_KIND_NETWORK_POLICY);
	if (name && strchr(name, '/'))
		put_pod_name(m, NETPOL_DELETE_A_NAMESPACE, NETPOL_DELETE_A_NAME, name);
	else if (name)
		put_str(m, NETPOL_DELETE_A_NAME, name);
	if (uid)
		put(m, NETPOL_DELETE_A_UID, bytes, sizeof(bytes));
	nest_end(m, at);
}

/* --- asking ------------------------------------------------------------------ */

/* GET_INFO into nl->reply. */
static inline int nl_info(struct nl *nl)
{
	nl_msg(nl, NETPOL_CMD_GET_INFO);
	return nl_call(nl);
}

/* The generation in force; ~0 if GET_INFO fails. */
static inline uint64_t nl_generation(struct nl *nl)
{
	return nl_info(nl) ? ~0ULL : at_u(nl_reply(nl, NETPOL_A_GENERATION));
}

/* Value @type of a limit: NETPOL_LIMIT_A_USED or _MAX; ~0 if it is not there. */
static inline uint64_t nl_limit(struct nl *nl, uint32_t limit, uint16_t type)
{
	if (nl_info(nl))
		return ~0ULL;
	at_for_each(a, nl->reply.data, nl->reply.len)
		if (at_type(a) == NETPOL_A_LIMIT && at_u_in(a, NETPOL_LIMIT_A_ID) == limit)
			return at_u_in(a, type);
	return ~0ULL;
}

static inline uint64_t nl_used(struct nl *nl, uint32_t limit)
{
	return nl_limit(nl, limit, NETPOL_LIMIT_A_USED);
}

static inline uint64_t nl_max(struct nl *nl, uint32_t limit)
{
	return nl_limit(nl, limit, NETPOL_LIMIT_A_MAX);
}

/* Value @type of an origin; ~0 if there is no such origin. */
static inline uint64_t nl_origin(struct nl *nl, const char *name, uint16_t type)
{
	if (nl_info(nl))
		return ~0ULL;
	at_for_each(a, nl->reply.data, nl->reply.len)
		if (at_type(a) == NETPOL_A_ORIGIN_INFO &&
		    !strcmp(at_str_in(a, NETPOL_ORIGIN_A_NAME), name))
			return at_u_in(a, type);
	return ~0ULL;
}

static inline int nl_flush_objects(struct nl *nl)
{
	nl_msg(nl, NETPOL_CMD_FLUSH);
	return nl_call(nl);
}

/* EVAL into nl->reply; an end is "namespace/name" or an address; @family 0: any. */
static inline int nl_eval_family(struct nl *nl, const char *from, const char *to,
				 uint8_t protocol, uint16_t port, uint8_t family)
{
	struct msg *m = nl_msg(nl, NETPOL_CMD_EVAL);
	uint32_t at = nest(m, NETPOL_A_EVAL);

	if (family)
		put_u8(m, NETPOL_EVAL_A_FAMILY, family);
	if (strchr(from, '/'))
		put_pod_name(m, NETPOL_EVAL_A_SOURCE_NAMESPACE,
			     NETPOL_EVAL_A_SOURCE_NAME, from);
	else
		put_address(m, NETPOL_EVAL_A_SOURCE4, NETPOL_EVAL_A_SOURCE6, from);
	if (strchr(to, '/'))
		put_pod_name(m, NETPOL_EVAL_A_DESTINATION_NAMESPACE,
			     NETPOL_EVAL_A_DESTINATION_NAME, to);
	else
		put_address(m, NETPOL_EVAL_A_DESTINATION4, NETPOL_EVAL_A_DESTINATION6, to);
	put_u8(m, NETPOL_EVAL_A_PROTOCOL, protocol);
	if (port)
		put_u16(m, NETPOL_EVAL_A_PORT, port);
	nest_end(m, at);
	return nl_call(nl);
}

/* The verdict, enum netpol_verdict, or a negative errno. TCP. */
static inline int nl_verdict(struct nl *nl, const char *from, const char *to,
			     uint16_t port)
{
	int ret = nl_eval_family(nl, from, to, IPPROTO_TCP, port, 0);

	return ret ? ret : (int)at_u(nl_reply(nl, NETPOL_A_VERDICT));
}

static inline int nl_reason(struct nl *nl)
{
	return at_u(nl_reply(nl, NETPOL_A_REASON));
}

/* --- pictures of all state --------------------------------------------------- */

#define PICTURE_DUMPS 3

/**
 * struct picture - everything that can be seen of the state
 * @dump: of namespaces, pods and policies
 * @settings: answer to GET_SETTINGS
 * @verdicts: answers to EVAL between the pods given, on three ports
 * @generation: in force
 */
struct picture {
	struct bytes dump[PICTURE_DUMPS];
	struct bytes settings;
	struct bytes verdicts;
	uint64_t generation;
};

/* Takes a picture; @pods is NULL-terminated. */
static inline int picture_take(struct nl *nl, struct picture *p, const char *const *pods)
{
	static const uint8_t cmd[PICTURE_DUMPS] = {
		NETPOL_CMD_GET_NAMESPACE, NETPOL_CMD_GET_POD, NETPOL_CMD_GET_POLICY,
	};
	static const uint16_t port[] = { 80, 443, 8080 };
	uint32_t i, j, k;
	int ret;

	memset(p, 0, sizeof(*p));
	p->generation = nl_generation(nl);
	for (i = 0; i < PICTURE_DUMPS; i++) {
		ret = nl_dump(nl, cmd[i], &p->dump[i]);
		if (ret)
			return ret;
	}
	nl_msg(nl, NETPOL_CMD_GET_SETTINGS);
	ret = nl_call(nl);
	if (ret)
		return ret;
	at_for_each(a, nl->reply.data, nl->reply.len)
		if (at_type(a) == NETPOL_A_SETTINGS)
			bytes_add(&p->settings, a, a->nla_len);
	for (i = 0; pods && pods[i]; i++)
		for (j = 0; pods[j]; j++)
			for (k = 0; k < 3; k++) {
				ret = nl_verdict(nl, pods[i], pods[j], port[k]);
				bytes_add(&p->verdicts, &ret, sizeof(ret));
				if (ret < 0)
					continue;
				at_for_each(a, nl->reply.data, nl->reply.len)
					if (at_type(a) != NETPOL_A_GENERATION)
						bytes_add(&p->verdicts, a, a->nla_len);
			}
	return 0;
}

static inline void picture_free(struct picture *p)
{
	int i;

	for (i = 0; i < PICTURE_DUMPS; i++)
		bytes_free(&p->dump[i]);
	bytes_free(&p->settings);
	bytes_free(&p->verdicts);
}

/* What differs between two pictures, or NULL. Order in a dump counts. */
static inline const char *picture_differs(const struct picture *a,
					  const struct picture *b)
{
	static const char *const name[PICTURE_DUMPS] = { "namespaces", "pods", "policies" };
	int i;

	for (i = 0; i < PICTURE_DUMPS; i++)
		if (!bytes_equal(&a->dump[i], &b->dump[i]))
			return name[i];
	if (!bytes_equal(&a->settings, &b->settings))
		return "settings";
	if (!bytes_equal(&a->verdicts, &b->verdicts))
		return "verdicts";
	return a->generation != b->generation ? "generation" : NULL;
}

/* --- a small cluster ----------------------------------------------------------- */

static const char *const cluster_pods[] = {
	"shop/web", "shop/db", "office/client", "office/guest", NULL
};

/*
 * Two namespaces with two local pods each. shop/web takes its port "http" (TCP 80) and
 * TCP 8000 to 8999 from office/client, and anything from 192.0.2.0/24 less one host;
 * shop/db takes TCP 5432 from shop/web; office/guest may send to UDP 53 only.
 */
static inline void t_cluster(struct txn *t)
{
	static const struct pod pods[] = {
		{ "shop/web", 1, { "10.0.1.2", "fd00:1::2" }, LOCAL, 0, 1 },
		{ "shop/db", 2, { "10.0.1.3", "fd00:1::3" }, LOCAL, 0, 2 },
		{ "office/client", 3, { "10.0.2.2", "fd00:2::2" }, LOCAL, 0, 3 },
		{ "office/guest", 4, { "10.0.2.3" }, LOCAL, 0, 4 },
		{ "office/far", 3, { "10.9.2.9", "fd00:9::9" }, REMOTE, 0, 5 },
	};
	unsigned int i;

	t_namespace(t, "shop", "team=sales");
	t_namespace(t, "office", "team=staff");
	t_labels(t, 1, "app=web,tier=front", "http/6/80,alt/6/8080");
	t_labels(t, 2, "app=db", NULL);
	t_labels(t, 3, "app=client", NULL);
	t_labels(t, 4, "app=guest", NULL);
	for (i = 0; i < sizeof(pods) / sizeof(pods[0]); i++)
		t_pod(t, &pods[i]);
	t_policy(t, "shop/web", "app=web", INGRESS);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_peer(t, "team=staff", "app=client");
	t_port(t, IPPROTO_TCP, 0, 0, "http");
	t_port(t, IPPROTO_TCP, 8000, 8999, NULL);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_block(t, "192.0.2.0/24");
	t_except(t, "192.0.2.7/32");
	t_policy(t, "shop/db", "app=db", INGRESS);
	t_rule(t, NETPOL_DIRECTION_INGRESS);
	t_peer(t, NULL, "app=web");
	t_port(t, IPPROTO_TCP, 5432, 0, NULL);
	t_policy(t, "office/guest", "app=guest", EGRESS);
	t_rule(t, NETPOL_DIRECTION_EGRESS);
	t_port(t, IPPROTO_UDP, 53, 0, NULL);
}

/* Loads the cluster as the whole of origin "manual". */
static inline int load_cluster(struct nl *nl)
{
	struct txn t;
	int ret = txn_begin(&t, nl, "manual", NETPOL_FLAG_FULL);

	if (ret)
		return ret;
	t_cluster(&t);
	return txn_commit(&t);
}

#endif /* NETPOL_OBJ_H */
