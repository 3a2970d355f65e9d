/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policies as they were loaded: which pods, which directions, an ordered list of rules
 * of peers and ports. An object is filled by its loader and immutable after that, but
 * for the fields named so. Every call needs the world's mutex; names and hits are also
 * read under RCU, through the programs that refer to the policy.
 */
#ifndef NETPOL_POLICY_H
#define NETPOL_POLICY_H

#include "core/label.h"
#include "core/namespace.h"
#include "core/selector.h"

/**
 * struct netpol_block - an ipBlock: a prefix less its excepts
 * @family: AF_INET or AF_INET6
 * @length: bits of the prefix
 * @address: network order, bits past @length are zero
 * @nexcepts: how many
 * @sexcepts: room for how many
 * @except: each within the prefix and longer; owned
 */
struct netpol_block {
	u8 family;
	u8 length;
	u8 address[16];
	u32 nexcepts;
	u32 sexcepts;
	struct netpol_block_except {
		u8 address[16];
		u8 length;
	} *except;
};

/**
 * struct netpol_rule_peer - one peer of a rule
 * @pods: pods that selectors name, one reference; NULL: @block
 * @block: addresses; owned
 */
struct netpol_rule_peer {
	struct netpol_peer *pods;
	struct netpol_block *block;
};

/**
 * struct netpol_rule_port - one port item of a rule
 * @name: a port by name, one reference; NULL: by number
 * @first: first number, host order
 * @last: last number, inclusive
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 */
struct netpol_rule_port {
	struct netpol_port_name *name;
	u16 first;
	u16 last;
	u8 protocol;
};

/**
 * struct netpol_rule - accepts what matches a peer and a port
 * @peer: peers, owned; none: any
 * @port: ports, owned; none: any, and every protocol
 * @npeers: how many
 * @speers: room for how many
 * @nports: how many
 * @sports: room for how many
 * @index: place among the rules of its direction
 * @direction: enum netpol_direction
 * @action: enum netpol_action
 */
struct netpol_rule {
	struct netpol_rule_peer *peer;
	struct netpol_rule_port *port;
	u32 npeers;
	u32 speers;
	u32 nports;
	u32 sports;
	u32 index;
	u8 direction;
	u8 action;
};

/**
 * struct netpol_hits - packets that each rule of a policy decided
 * @refs: policy versions that share it
 * @count: rules
 * @packets: per CPU, @count of them
 * @zero: their sums when they were last reset, @count of them; under the mutex
 */
struct netpol_hits {
	u32 refs;
	u32 count;
	u64 __percpu *packets;
	u64 *zero;
};

/**
 * struct netpol_policy - one policy of one origin
 * @node: place in its namespace's list; changed under the mutex
 * @ns: namespace, one reference
 * @subject: pods of @ns that it is about, one reference
 * @rule: rules in order, owned
 * @nrules: how many
 * @srules: room for how many
 * @npeers: peers of all rules
 * @nports: ports of all rules
 * @hits: counters; NULL until a program uses the policy; set under the mutex
 * @mark: serial of the last edit that set it
 * @hash: of namespace and name
 * @origin: number of the origin
 * @kind: enum netpol_kind
 * @directions: bits 1 << enum netpol_direction
 * @name: owned, with NUL
 */
struct netpol_policy {
	struct list_head node;
	struct netpol_ns *ns;
	struct netpol_selector *subject;
	struct netpol_rule *rule;
	u32 nrules;
	u32 srules;
	u32 npeers;
	u32 nports;
	struct netpol_hits *hits;
	u64 mark;
	u32 hash;
	u8 origin;
	u8 kind;
	u8 directions;
	char *name;
};

struct netpol_policy *netpol_policy_create(struct netpol_world *world,
					   struct netpol_text ns,
					   struct netpol_text name, u8 kind,
					   u8 directions,
					   const struct netpol_requirement_text *subject,
					   u32 nsubject);
void netpol_policy_free(struct netpol_world *world, struct netpol_policy *policy);
struct netpol_rule *netpol_policy_add_rule(struct netpol_policy *policy, u8 direction);
int netpol_rule_add_pods(struct netpol_world *world, struct netpol_policy *policy,
			 const struct netpol_requirement_text *namespaces,
			 u32 nnamespaces, bool has_namespaces,
			 const struct netpol_requirement_text *pods, u32 npods,
			 bool has_pods);
int netpol_rule_add_block(struct netpol_policy *policy, u8 family, const void *address,
			  u8 length);
int netpol_rule_add_except(struct netpol_policy *policy, u8 family, const void *address,
			   u8 length);
int netpol_rule_add_port(struct netpol_world *world, struct netpol_policy *policy,
			 u8 protocol, struct netpol_text name, u16 first, u16 last);
void netpol_policy_share_hits(struct netpol_policy *policy, struct netpol_policy *old);
bool netpol_policy_equal(const struct netpol_policy *a, const struct netpol_policy *b);
bool netpol_policies_need_ports(struct netpol_policy *const *policy, u32 npolicies,
				u8 direction);
int netpol_policy_need_hits(struct netpol_policy *policy);
bool netpol_prefix_has(const u8 *prefix, u8 length, const u8 *address);
bool netpol_block_has(const struct netpol_block *block, u8 family, const void *address);


#endif /* NETPOL_POLICY_H */
