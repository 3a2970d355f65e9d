/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One thing wrong with a good request: a byte, a length, a type, an order, a piece that is
 * missing or there twice. And the good requests that this is done to.
 */
#ifndef NETPOL_MUTATE_H
#define NETPOL_MUTATE_H

#include "netpol_obj.h"

/* Of the random numbers; set it to anything but 0 first. */
static uint64_t state;

/* xorshift64*: the same numbers on every machine. */
static inline uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return n ? (state * 0x2545F4914F6CDD1DULL >> 33) % n : 0;
}

static inline unsigned long from_env(const char *name, unsigned long value)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : value;
}

static inline unsigned long default_rounds(void)
{
	return getenv("KSFT_MACHINE_SLOW") ? 6000 : 20000;
}

/* A nest within a message, as a path of offsets from the outside in. */
struct spot {
	uint32_t outer[8];
	uint32_t depth;
	uint32_t at;
};

static inline bool is_nest(const struct msg *m, uint32_t at)
{
	return ((const struct nlattr *)(m->data + at))->nla_type & NLA_F_NESTED;
}

/* An attribute at random, at any depth; false if there is none. */
static inline bool pick(const struct msg *m, struct spot *s)
{
	uint32_t begin = NLMSG_HDRLEN + GENL_HDRLEN, end = m->len;

	memset(s, 0, sizeof(*s));
	for (;;) {
		uint32_t n = 0, chosen = 0;

		at_for_each(a, m->data + begin, end - begin)
			if (!below(++n))
				chosen = (const unsigned char *)a - m->data;
		if (!n)
			return s->depth > 0;
		s->at = chosen;
		if (!is_nest(m, chosen) || s->depth == 7 || !below(3))
			return true;
		s->outer[s->depth++] = chosen;
		begin = chosen + NLA_HDRLEN;
		end = chosen + ((struct nlattr *)(m->data + chosen))->nla_len;
		if (begin == end) {
			s->depth--;
			return true;
		}
	}
}

/* Makes room for @by bytes at @at, or takes -@by bytes away there. */
static inline void shift(struct msg *m, const struct spot *s, uint32_t at, int by)
{
	uint32_t from = by < 0 ? at - by : at, i;

	if (from > m->len || m->len + by > MSG_MAX)
		return;
	memmove(m->data + from + (by < 0 ? by : by), m->data + from, m->len - from);
	m->len += by;
	for (i = 0; i < s->depth; i++)
		((struct nlattr *)(m->data + s->outer[i]))->nla_len += by;
}

static inline const char *mutate(struct msg *m)
{
	unsigned char copy[2048];
	struct nlattr *a;
	uint32_t len, total;
	struct spot s;

	if (!pick(m, &s))
		return "nothing";
	a = (void *)(m->data + s.at);
	len = a->nla_len;
	total = NLA_ALIGN(len);
	if (s.at + total > m->len)
		return "nothing";
	switch (below(12)) {
	case 0:
		a->nla_type ^= 1 << below(16);
		return "type bit";
	case 1:
		a->nla_type = (a->nla_type & ~NLA_TYPE_MASK) | below(40);
		return "type";
	case 2:
		a->nla_len = below(2) ? below(64) : len + below(9) - 4;
		return "length";
	case 3:
		a->nla_type ^= NLA_F_NESTED;
		return "nested flag";
	case 4:
		if (len > NLA_HDRLEN)
			m->data[s.at + NLA_HDRLEN + below(len - NLA_HDRLEN)] ^= 1 << below(8);
		return "payload bit";
	case 5:
		if (len > NLA_HDRLEN)
			m->data[s.at + NLA_HDRLEN + below(len - NLA_HDRLEN)] = below(256);
		return "payload byte";
	case 6:
		if (len > NLA_HDRLEN)
			memset(m->data + s.at + NLA_HDRLEN, below(2) ? 0xff : 0,
			       len - NLA_HDRLEN);
		return "extreme payload";
	case 7:
		shift(m, &s, s.at, -(int)total);
		return "removed";
	case 8:
		if (total > sizeof(copy))
			return "nothing";
		memcpy(copy, a, total);
		shift(m, &s, s.at, total);
		memcpy(m->data + s.at, copy, total);
		return "doubled";
	case 9: {
		/* trade places with the next one */
		struct nlattr *b = (void *)(m->data + s.at + total);
		uint32_t next = s.at + total;

		if (next + NLA_HDRLEN > m->len || total > sizeof(copy) ||
		    next + NLA_ALIGN(b->nla_len) > m->len || b->nla_len < NLA_HDRLEN)
			return "nothing";
		memcpy(copy, a, total);
		len = NLA_ALIGN(b->nla_len);
		memmove(a, b, len);
		memcpy((char *)a + len, copy, total);
		return "swapped";
	}
	case 10:
		m->len -= below(m->len - NLMSG_HDRLEN);
		return "cut off";
	default:
		if (m->len + 16 < MSG_MAX) {
			len = below(16) + 1;
			memset(m->data + m->len, below(256), len);
			m->len += len;
		}
		return "more at the end";
	}
}

/* Kinds of good requests that build_add() makes. */
#define BUILD_KINDS	6

static inline void build_add(struct txn *t, uint32_t kind)
{
	struct msg *m = &t->nl->out;
	uint32_t at, one;

	switch (kind) {
	case 0:
		t_cluster(t);
		break;
	case 1:
		t_namespace(t, "shop", "team=sales,a=b,c");
		t_labels(t, 40, "app=web,x=y", "http/6/80,dns/17/53");
		t_pod(t, &(struct pod){ "shop/web", 40, { "10.0.1.2", "10.0.1.4", "fd00:1::2" },
					LOCAL, 1, 1 });
		break;
	case 2:
		t_policy(t, "shop/m", "app in web|db,tier notin x,!gone,here",
			 INGRESS | EGRESS);
		t_rule(t, NETPOL_DIRECTION_INGRESS);
		t_peer(t, "team=sales", "app,app!=none");
		t_block(t, "10.0.0.0/8");
		t_except(t, "10.1.0.0/16");
		t_except(t, "10.2.0.0/16");
		t_port(t, IPPROTO_UDP, 1, 65535, NULL);
		t_port(t, IPPROTO_SCTP, 0, 0, "name");
		t_rule(t, NETPOL_DIRECTION_EGRESS);
		t_block(t, "::/0");
		t_except(t, "fe80::/10");
		break;
	case 3:
		at = nest(m, NETPOL_A_SETTINGS);
		put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "10.0.0.0/8");
		put_prefix(m, NETPOL_SETTINGS_A_GUARD_PREFIX, "fd00::/8");
		put_str(m, NETPOL_SETTINGS_A_GUARD_INTERFACE, "veth*");
		put_u8(m, NETPOL_SETTINGS_A_UNKNOWN, 1);
		put_u8(m, NETPOL_SETTINGS_A_ESTABLISHED, 1);
		put_u8(m, NETPOL_SETTINGS_A_HOST_EGRESS, 1);
		one = nest(m, NETPOL_SETTINGS_A_HOST_ALLOW);
		put_address(m, NETPOL_HOST_ALLOW_A_ADDRESS4, 0, "169.254.20.10");
		put_u8(m, NETPOL_HOST_ALLOW_A_PROTOCOL, IPPROTO_UDP);
		put_u16(m, NETPOL_HOST_ALLOW_A_PORT, 53);
		nest_end(m, one);
		one = nest(m, NETPOL_SETTINGS_A_SOURCE_ALLOW);
		put_prefix(m, NETPOL_SOURCE_ALLOW_A_PREFIX, "203.0.113.0/24");
		put_str(m, NETPOL_SOURCE_ALLOW_A_NAMESPACE, "shop");
		put_str(m, NETPOL_SOURCE_ALLOW_A_NAME, "web");
		nest_end(m, one);
		put_u32(m, NETPOL_SETTINGS_A_EVENT_RATE, 7);
		put_u8(m, NETPOL_SETTINGS_A_TUNNELS, 1);
		nest_end(m, at);
		break;
	case 4:
		t_cluster_policy(t, "rampart", NETPOL_TIER_ADMIN, 1000, "team in sales|staff", "app",
				 INGRESS | EGRESS);
		t_action(t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_DENY, "nobody else");
		t_peer(t, "team!=sales", "app notin client");
		t_port(t, IPPROTO_TCP, 0, 0, "http");
		t_action(t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_PASS, NULL);
		t_peer(t, "", NULL);
		t_action(t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_NONE, "unreadable");
		t_action(t, NETPOL_DIRECTION_EGRESS, NETPOL_ACTION_ACCEPT, "out");
		t_block(t, "192.0.2.0/24");
		t_port(t, IPPROTO_SCTP, 1, 65535, NULL);
		t_cluster_policy(t, "moat", NETPOL_TIER_BASELINE, 0, "", "", INGRESS);
		t_action(t, NETPOL_DIRECTION_INGRESS, NETPOL_ACTION_DENY, NULL);
		break;
	default:
		t_delete(t, NETPOL_OBJECT_POD, "shop/web", 1);
		t_delete(t, NETPOL_OBJECT_POLICY, "shop/web", 0);
		t_delete(t, NETPOL_OBJECT_NAMESPACE, "office", 0);
		t_delete(t, NETPOL_OBJECT_SETTINGS, NULL, 0);
	}
}

#endif
