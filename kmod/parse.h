/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes objects of the core out of the attributes of NETPOL_CMD_TXN_ADD; encode.h is the way
 * back. The attribute policies in netlink_policy.c have checked each attribute by itself. These
 * functions check how attributes relate to each other and the limits on one object, and
 * create the object.
 *
 * Every function needs the lock of @nn, because objects share what is interned in its world.
 * What a function returns belongs to the caller. A refusal is explained in @refusal.
 */
#ifndef NETPOL_PARSE_H
#define NETPOL_PARSE_H

#include <linux/xarray.h>
#include <net/netlink.h>
#include "netns.h"

struct netpol_refusal;

/**
 * struct netpol_parse - what the functions need to know about the request
 * @nn: state of the network namespace, locked
 * @world: its control side
 * @refusal: explains a refusal
 */
struct netpol_parse {
	struct netpol_net *nn;
	struct netpol_world *world;
	struct netpol_refusal *refusal;
};

/**
 * struct netpol_label_set - a label set with a number, which pods refer to
 * @labels: labels, one reference
 * @ports: named ports, one reference, or NULL
 */
struct netpol_label_set {
	struct netpol_labels *labels;
	struct netpol_ports *ports;
};

/**
 * struct netpol_deletion - an object to delete
 * @object: enum netpol_object
 * @kind: enum netpol_kind, for a policy
 * @has_uid: only a pod whose uid is @uid is deleted
 * @uid: uid of a pod
 * @ns: namespace of a pod or policy, in @data
 * @name: name, in @data
 * @data: the characters of @ns and @name
 */
struct netpol_deletion {
	u8 object;
	u8 kind;
	bool has_uid;
	u8 uid[NETPOL_UID_LEN];
	struct netpol_text ns;
	struct netpol_text name;
	char data[];
};

int netpol_no_memory(struct netpol_parse *parse);
int netpol_need_text(struct netpol_parse *parse, const struct nlattr *nest,
		     struct nlattr **tb, u16 type, bool empty, struct netpol_text *text);
int netpol_need_protocol(struct netpol_parse *parse, const struct nlattr *nest,
			 struct nlattr **tb, u16 type, u8 *protocol);
void netpol_nest_attrs(struct nlattr **tb, int max, const struct nlattr *nest);
u32 netpol_count_attrs(const struct nlattr *nest, int type);
int netpol_count_limited(struct netpol_parse *parse, const struct nlattr *nest, int type,
			 u32 limit, const char *what, u32 *count);
int netpol_parse_prefix(struct netpol_parse *parse, const struct nlattr *nest, u8 *family,
			const void **address, u8 *length);
int netpol_parse_text(struct netpol_parse *parse, const struct nlattr *attr, bool empty,
		      struct netpol_text *text);
struct netpol_label_set *netpol_parse_label_set(struct netpol_parse *parse,
						const struct nlattr *nest, u32 *id);
struct netpol_namespace *netpol_parse_namespace(struct netpol_parse *parse,
						const struct nlattr *nest);
struct netpol_pod *netpol_parse_pod(struct netpol_parse *parse, const struct nlattr *nest,
				    struct xarray *label_sets);
struct netpol_settings *netpol_parse_settings(struct netpol_parse *parse,
					      const struct nlattr *nest);
struct netpol_deletion *netpol_parse_delete(struct netpol_parse *parse,
					    const struct nlattr *nest);

#endif /* NETPOL_PARSE_H */
