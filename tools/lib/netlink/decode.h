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
	size_t namespace_room;
	size_t pod_room;
	size_t policy_room;
	struct np_state_set *set;
	size_t set_count;
	size_t set_room;
	bool has_rule;		/* a RULE was read of the last policy */
	bool has_peer;		/* a PEER was read of the last rule */
	bool continued;		/* nothing was read since a continued POLICY */
	uint8_t direction;	/* of the last rule */
};

void np_state_init(struct np_state *state);
void np_state_reset(struct np_state *state);
void np_state_free(struct np_state *state);
/* Appends the objects of one message, in order; attributes it does not know are skipped. */
int np_state_decode(struct np_state *state, const struct nlmsghdr *nlh, struct np_error *err);
/* For np_client_dump(): arg is the state. */
int np_state_reply(const struct nlmsghdr *nlh, void *arg, struct np_error *err);
void np_state_restart(void *arg);

/* First attribute after the headers of a generic netlink message, with their length. */
struct nlattr *np_message_attrs(const struct nlmsghdr *nlh, int *len);

/*
 * Readers of one attribute, shared with report.c: false if it is too short or, for a
 * string, not terminated within `size` bytes of text.
 */
bool np_read_u8(const struct nlattr *attr, uint8_t *value);
bool np_read_u16(const struct nlattr *attr, uint16_t *value);
bool np_read_u32(const struct nlattr *attr, uint32_t *value);
bool np_read_u64(const struct nlattr *attr, uint64_t *value);
bool np_read_string(const struct nlattr *attr, char *to, size_t size);
bool np_read_address(const struct nlattr *attr, uint8_t family, struct np_address *to);
/* A NETPOL_PREFIX_A_* nest; host bits are cleared. */
bool np_read_prefix(const struct nlattr *attr, struct np_cidr *cidr);
/* A NETPOL_PORT_A_* nest; the name goes to objs, or is skipped if that is NULL. */
bool np_read_port(const struct nlattr *attr, struct np_port *port, struct np_objects *objs);
/* A NETPOL_A_SETTINGS nest. */
bool np_read_settings(const struct nlattr *attr, struct np_settings *set);
/* Fails with "malformed ... from the kernel". */
int np_malformed(struct np_error *err, const char *what);

#endif
