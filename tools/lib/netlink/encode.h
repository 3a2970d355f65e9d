/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects in netlink messages: encoding for NETPOL_CMD_TXN_ADD, decoding of dumps.
 *
 * The encoder cuts its stream into messages at the borders of the units that the ABI
 * names (label set, namespace, pod, policy head, rule, peer, except, port), so that no
 * object is bound by the size of a message. The decoder takes both what the encoder
 * makes and what the kernel dumps.
 */
#ifndef NP_MESSAGE_H
#define NP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <linux/netpol.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/error.h"
#include "object/object.h"

#define NP_UID_TEXT	37

/* A pod's uid as the kernel has it: a UUID in binary, else a digest; "" is all zero. */
void np_uid_bytes(const char *uid, uint8_t bytes[NETPOL_UID_LEN]);
/* The text of a UUID, "" for all zero; returns text. */
const char *np_uid_text(const uint8_t bytes[NETPOL_UID_LEN], char text[NP_UID_TEXT]);

/* Where a pod runs, as far as the kernel is told. */
struct np_placement {
	bool local;
	uint32_t ifindex;	/* 0: not known */
	bool own;		/* an address is the node's own: not to be loaded */
};

/* An address, protocol and port that pods may always reach on their own node. */
struct np_host_allow {
	struct np_address address;
	uint8_t protocol;	/* enum np_protocol */
	uint16_t port;
};

/* All settings of a network namespace; zeroed bytes are the defaults. */
struct np_settings {
	struct np_cidr *guard_prefix;
	char (*guard_interface)[NETPOL_INTERFACE_MAX + 2];
	struct np_host_allow *host_allow;
	size_t guard_prefix_count;
	size_t guard_interface_count;
	size_t host_allow_count;
	uint32_t event_rate;	/* a second; 0: the default */
	uint8_t unknown;	/* enum netpol_unknown */
	uint8_t established;	/* enum netpol_established */
	uint8_t host_egress;	/* enum netpol_host_egress */
};

#define NP_EVENT_RATE_DEFAULT	100

void np_settings_add_prefix(struct np_settings *set, const struct np_cidr *cidr);
void np_settings_add_interface(struct np_settings *set, const char *name);
void np_settings_add_allow(struct np_settings *set, const struct np_host_allow *allow);
void np_settings_free(struct np_settings *set);

struct np_encoder;
struct np_label_set;

/* Makes an empty message with all that comes before the objects. */
typedef struct nl_msg *(*np_message_new_fn)(void *arg, size_t size);
/* Takes a full message, which stays the encoder's; 0, or -1 with *err. */
typedef int (*np_message_send_fn)(void *arg, struct nl_msg *msg, struct np_error *err);

/* Turns objects into messages; one encoder a transaction. */
struct np_encoder {
	np_message_new_fn fresh;
	np_message_send_fn send;
	void *arg;
	struct nl_msg *msg;
	size_t size;		/* room of msg */
	uint32_t start;		/* length of msg without objects */
	uint64_t messages;
	uint64_t bytes;
	struct np_label_set *set;	/* hash table of label sets sent so far */
	size_t set_count;
	size_t set_room;
};

void np_encoder_init(struct np_encoder *enc, np_message_new_fn fresh, np_message_send_fn send,
		     void *arg);
void np_encoder_free(struct np_encoder *enc);
/* The objects must stay until np_encoder_free(): label sets are compared with them. */
int np_encode_namespace(struct np_encoder *enc, const struct np_namespace *ns,
			struct np_error *err);
int np_encode_pod(struct np_encoder *enc, const struct np_pod *pod,
		  const struct np_placement *place, struct np_error *err);
/*
 * The same in two steps, for a caller that numbers the label sets itself: it must not use
 * np_encode_pod() in that transaction.
 */
int np_encode_label_set(struct np_encoder *enc, const struct np_pod *pod, uint32_t number,
			struct np_error *err);
int np_encode_pod_of_set(struct np_encoder *enc, const struct np_pod *pod,
			 const struct np_placement *place, uint32_t number,
			 struct np_error *err);
int np_encode_policy(struct np_encoder *enc, const struct np_policy *policy,
		     struct np_error *err);
int np_encode_settings(struct np_encoder *enc, const struct np_settings *set,
		       struct np_error *err);
/* namespace is NULL for a namespace and the settings, uid for anything but a pod. */
int np_encode_delete(struct np_encoder *enc, uint8_t object, const char *namespace,
		     const char *name, const uint8_t *uid, struct np_error *err);
/* Sends what is left over. */
int np_encoder_flush(struct np_encoder *enc, struct np_error *err);

/* What the kernel knows of an object besides the object. */
struct np_namespace_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_OBJECT_F_* */
};

struct np_pod_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_OBJECT_F_* */
	uint32_t identity;
	struct np_placement place;
	bool running;
	uint8_t uid[NETPOL_UID_LEN];
};

struct np_policy_state {
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint32_t flags;		/* NETPOL_POLICY_F_* */
	uint32_t pods;		/* local pods it selects */
	uint16_t priority;
	uint8_t tier;		/* enum netpol_tier */
	uint8_t kind;		/* enum netpol_kind */
};

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

/* Digests: 128 bits that are equal for objects that mean the same to the kernel. */
__uint128_t np_namespace_digest(const struct np_namespace *ns);
__uint128_t np_pod_digest(const struct np_pod *pod, const struct np_placement *place);
__uint128_t np_policy_digest(const struct np_policy *policy);
/* The same of the labels and named ports of a pod, and whether two pods share them. */
__uint128_t np_label_set_digest(const struct np_pod *pod);
bool np_same_label_set(const struct np_pod *a, const struct np_pod *b);

/* Names in err->object and err->path what is at a byte offset of a message. */
void np_message_at(const struct nlmsghdr *nlh, uint32_t offset, struct np_error *err);
/* The same for an attribute of a type that is missing in the nest at an offset, 0: none. */
void np_message_missing(const struct nlmsghdr *nlh, uint32_t nest, uint32_t type,
			struct np_error *err);

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
