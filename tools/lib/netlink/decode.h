/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects out of netlink messages: what the encoder makes, and what the kernel dumps.
 */
#ifndef NP_NETLINK_DECODE_H
#define NP_NETLINK_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <netlink/attr.h>

#include "base/error.h"
#include "netlink/schema.h"
#include "object/object.h"
#include "object/settings.h"
#include "object/state.h"

/*
 * What was decoded. state.pod[i] belongs to objects.pods[i] and so on. Metadata that
 * the kernel does not keep (labels of a policy, nodeName) is empty.
 */
struct np_state {
	struct np_objects objects;
	struct np_namespace_state *namespace;
	struct np_pod_state *pod;
	struct np_policy_state *policy;

	/* private to the decoder */
	struct np_state_set *set;
	size_t set_count;
	bool has_rule;		/* a RULE was read of the last policy */
	bool has_peer;		/* a PEER was read of the last rule */
	bool continued;		/* nothing was read since a continued POLICY */
	uint8_t direction;	/* of the last rule */
};

/* Reads a NETPOL_POD_A_LACK or NETPOL_STEP_A_LACK. Returns false if it cannot be read. */
bool np_read_shortage(const struct nlattr *nest, struct np_shortage *lack);

void np_state_init(struct np_state *state);
void np_state_reset(struct np_state *state);
void np_state_free(struct np_state *state);
/* Appends the objects of one message, in order; attributes it does not know are skipped. */
int np_state_decode(struct np_state *state, const struct nlmsghdr *nlh, struct np_error *err);
/*
 * Forgets the objects, and decodes again the last policy of a message, which begins in it. So a
 * long dump of policies needs not be in memory as a whole, although a policy may go on in the next
 * message.
 */
int np_state_decode_last(struct np_state *state, const struct nlmsghdr *nlh, struct np_error *err);
/* For np_client_dump(): arg is the state. */
int np_state_reply(const struct nlmsghdr *nlh, void *arg, struct np_error *err);
void np_state_restart(void *arg);

/* First attribute after the headers of a generic netlink message, with their length. */
struct nlattr *np_message_attrs(const struct nlmsghdr *nlh, int *len);

/*
 * Read the attributes of a nest, or of a message, into tb, which has room for as many as
 * the schema knows and one more: tb[type] is the last attribute of the type, NULL where
 * there is none. False: an attribute is not as long as the schema says, or is a string
 * that does not end.
 */
bool np_parse_nest(const struct np_schema *schema, const struct nlattr *nest,
		   struct nlattr **tb);
bool np_parse_message(const struct nlmsghdr *nlh, struct nlattr **tb);

/* The number in a parsed attribute; 0 without an attribute. */
static inline uint8_t np_attr_u8(const struct nlattr *attr)
{
	return attr ? nla_get_u8((struct nlattr *)attr) : 0;
}

static inline uint16_t np_attr_u16(const struct nlattr *attr)
{
	return attr ? nla_get_u16((struct nlattr *)attr) : 0;
}

static inline uint32_t np_attr_u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32((struct nlattr *)attr) : 0;
}

static inline uint64_t np_attr_u64(const struct nlattr *attr)
{
	return attr ? nla_get_u64((struct nlattr *)attr) : 0;
}

/* Copies the text of a parsed attribute; without one, @to stays as it is. */
static inline void np_attr_string(const struct nlattr *attr, char *to, size_t size)
{
	if (attr)
		nla_strlcpy(to, attr, size);
}

/*
 * The address in one of two parsed attributes, with family 0 if there is neither. False if
 * there are both.
 */
bool np_read_address(const struct nlattr *four, const struct nlattr *six,
		     struct np_address *to);
/* A NETPOL_PREFIX_A_* nest; host bits are cleared. */
bool np_read_prefix(const struct nlattr *attr, struct np_cidr *cidr);
/* A NETPOL_PORT_A_* nest; the name goes to objs, or is skipped if that is NULL. */
bool np_read_port(const struct nlattr *attr, struct np_port *port, struct np_objects *objs);
/* A NETPOL_A_SETTINGS nest. */
bool np_read_settings(const struct nlattr *attr, struct np_settings *set);
/* Fails with "malformed ... from the kernel". */
int np_malformed(struct np_error *err, const char *what);

#endif
