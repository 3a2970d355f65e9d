/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns objects into netlink messages for NETPOL_CMD_TXN_ADD. The encoder cuts its stream into
 * messages at the borders of the units that the ABI names (label set, namespace, pod, policy
 * head, rule, peer, except, port), so the size of a message limits no object.
 */
#ifndef NP_NETLINK_ENCODE_H
#define NP_NETLINK_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <linux/netpol.h>
#include <netlink/msg.h>

#include "base/error.h"
#include "base/hash.h"
#include "object/object.h"
#include "object/settings.h"
#include "object/state.h"

struct np_encoder;

/* Makes a message with all that comes before the objects. */
typedef struct nl_msg *(*np_message_new_fn)(void *arg, size_t size);
/* Sends a full message, which the encoder keeps. Returns 0, or -1 with *err filled. */
typedef int (*np_message_send_fn)(void *arg, struct nl_msg *msg, struct np_error *err);

/* Turns objects into messages. Each transaction has an encoder of its own. */
struct np_encoder {
	np_message_new_fn fresh;
	np_message_send_fn send;
	void *arg;
	struct nl_msg *msg;
	size_t size;		/* capacity of msg */
	uint32_t start;		/* length of msg without objects */
	uint64_t messages;
	uint64_t bytes;
	uint32_t objects;	/* so far, counted as the kernel numbers them in refusals */
	struct np_hash sets;	/* the label sets that were sent, numbered from 1 */
};

void np_encoder_init(struct np_encoder *enc, np_message_new_fn fresh, np_message_send_fn send,
		     void *arg);
void np_encoder_free(struct np_encoder *enc);
/*
 * The objects must not be freed before np_encoder_free(), because label sets are compared with
 * them.
 */
int np_encode_namespace(struct np_encoder *enc, const struct np_namespace *ns,
			struct np_error *err);
int np_encode_pod(struct np_encoder *enc, const struct np_pod *pod,
		  const struct np_placement *place, struct np_error *err);
/*
 * Encodes a pod in two steps, for a caller that numbers the label sets itself. Such a caller
 * must not use np_encode_pod() in the same transaction.
 */
int np_encode_label_set(struct np_encoder *enc, const struct np_pod *pod, uint32_t number,
			struct np_error *err);
int np_encode_pod_of_set(struct np_encoder *enc, const struct np_pod *pod,
			 const struct np_placement *place, uint32_t number,
			 struct np_error *err);
int np_encode_policy(struct np_encoder *enc, const struct np_policy *policy,
		     struct np_error *err);
/* The enum netpol_tier of a ClusterNetworkPolicy. */
uint8_t np_encode_tier(const struct np_policy *policy);
/*
 * The enum netpol_action of a rule; a rule of a NetworkPolicy accepts. A closed rule that accepts
 * matches nothing, and every other closed rule denies. An action that is not known denies too.
 */
uint8_t np_encode_action(const struct np_rule *rule);
int np_encode_settings(struct np_encoder *enc, const struct np_settings *set,
		       struct np_error *err);
/*
 * namespace is NULL or "" for a namespace, the settings, and a ClusterNetworkPolicy, which a
 * policy without one is. uid is NULL for anything but a pod.
 */
int np_encode_delete(struct np_encoder *enc, uint8_t object, const char *namespace,
		     const char *name, const uint8_t *uid, struct np_error *err);
/* Puts a nest of enum netpol_prefix_attr. Returns 0, or a negative number if msg is full. */
int np_put_prefix(struct nl_msg *msg, int type, const struct np_cidr *cidr);
/* Sends the last message, unless it is empty. */
int np_encoder_flush(struct np_encoder *enc, struct np_error *err);

#endif
