/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policies as they were loaded: the pods that they select, their directions, and an ordered
 * list of rules with peers and ports. An object is filled by its loader and does not change
 * after that, except for the fields whose comment says so. Every call needs the world's mutex.
 * Names and hits are also read under RCU, through the programs that refer to the policy.
 */
#ifndef NETPOL_POLICY_H
#define NETPOL_POLICY_H

#include "core/label.h"
#include "core/namespace.h"
#include "core/selector.h"
#include <linux/netpol.h>

/**
 * struct netpol_block - an ipBlock: a prefix without its excepts
 * @family: AF_INET or AF_INET6
 * @length: length of the prefix
 * @address: network order; the bits past @length are zero
 * @nexcepts: how many excepts
 * @sexcepts: room for how many
 * @except: excepts, each of them inside the prefix and longer; owned
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
 * struct netpol_rule_peer - one peer of a rule, made of selectors or an ipBlock
 * @pods: the peer if it is made of selectors, one reference; else NULL
 * @block: the ipBlock, owned; else NULL
 */
struct netpol_rule_peer {
	struct netpol_peer *pods;
	struct netpol_block *block;
};

/**
 * struct netpol_rule_port - one entry of the ports of a rule
 * @name: name of the port, one reference; NULL: the port is given by numbers
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
 * struct netpol_rule - matches where one of its peers and one of its ports does
 * @peer: peers, owned; a rule without peers matches every other end
 * @port: ports, owned; a rule without ports matches every port of every protocol
 * @npeers: how many peers
 * @speers: room for how many
 * @nports: how many ports
 * @sports: room for how many
 * @index: index among the rules of its direction
 * @direction: enum netpol_direction
 * @action: enum netpol_action; NONE: the rule matches nothing
 * @selects: a peer is made of selectors
 * @blocks: a peer is an ipBlock
 * @name: name with NUL, owned; NULL if it has none
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
	bool selects;
	bool blocks;
	char *name;
};

/**
 * struct netpol_hits_rule - what is known of the counter of one rule; under the mutex
 * @zero: sum when it was last reset
 * @seen: sum when somebody last looked
 * @since: time of the first look since the rule is as it is, in seconds since boot; 0: nobody
 *	has looked yet
 * @hit: time of the last look since then that found more packets than the one before; 0: none
 *	did
 */
struct netpol_hits_rule {
	u64 zero;
	u64 seen;
	u64 since;
	u64 hit;
};

/**
 * struct netpol_hits - counters of the packets that each rule of a policy decided
 * @refs: versions of the policy that share them
 * @count: number of rules
 * @packets: counter of each rule, per CPU
 * @rule: what is known of each counter
 */
struct netpol_hits {
	u32 refs;
	u32 count;
	u64 __percpu *packets;
	struct netpol_hits_rule *rule;
};

/**
 * struct netpol_policy - one policy of one origin
 * @node: place in the list of its namespace; changes, under the mutex
 * @ns: namespace, one reference; of a cluster-wide policy world->cluster
 * @namespaces: of a cluster-wide policy, selector of the namespaces of its subjects, one reference;
 *	else NULL
 * @subject: selector of the pods that the policy selects, of @ns or of @namespaces; one reference
 * @rule: rules in order, owned
 * @nrules: how many
 * @srules: room for how many
 * @npeers: number of peers and excepts of all rules
 * @nports: number of ports of all rules
 * @hits: counters; NULL until a program uses the policy; set under the mutex
 * @mark: serial of the last edit that set it; changes, under the mutex
 * @set: serial of the edit that loaded it
 * @hash: netpol_name_hash()
 * @origin: number of the origin
 * @kind: enum netpol_kind
 * @tier: enum netpol_tier
 * @directions: bits 1 << enum netpol_direction
 * @audit: it is observed, not enforced, whatever the audits say (core/audit.h)
 * @priority: in its tier, the lowest first; 0 in that of NetworkPolicies
 * @name: name with NUL, owned
 */
struct netpol_policy {
	struct list_head node;
	struct netpol_ns *ns;
	struct netpol_selector *namespaces;
	struct netpol_selector *subject;
	struct netpol_rule *rule;
	u32 nrules;
	u32 srules;
	u32 npeers;
	u32 nports;
	struct netpol_hits *hits;
	u64 mark;
	u64 set;
	u32 hash;
	u8 origin;
	u8 kind;
	u8 tier;
	u8 directions;
	bool audit;
	u16 priority;
	char *name;
};

struct netpol_policy *netpol_policy_create(struct netpol_world *world,
					   struct netpol_text ns,
					   struct netpol_text name, u8 kind,
					   u8 directions,
					   const struct netpol_requirement_text *subject,
					   u32 nsubject);
int netpol_policy_set_tier(struct netpol_world *world, struct netpol_policy *policy, u8 tier,
			   u16 priority, const struct netpol_requirement_text *namespaces,
			   u32 nnamespaces);
void netpol_policy_free(struct netpol_world *world, struct netpol_policy *policy);
int netpol_policy_add_rule(struct netpol_policy *policy, u8 direction, u8 action,
			   struct netpol_text name);
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
void netpol_policy_succeed(const struct netpol_policy *policy,
			   const struct netpol_policy *old);
bool netpol_policy_selects(const struct netpol_policy *policy, const struct netpol_ns *ns,
			   const struct netpol_labels *labels);
bool netpol_policy_equal(const struct netpol_policy *a, const struct netpol_policy *b);
bool netpol_policies_need_ports(struct netpol_policy *const *policy, u32 npolicies,
				u8 direction);
void netpol_hits_look(struct netpol_hits *hits, u32 i, u64 sum, u64 now);
int netpol_policy_need_hits(struct netpol_world *world, struct netpol_policy *policy);
bool netpol_prefix_has(const u8 *prefix, u8 length, const u8 *address);
bool netpol_block_has(const struct netpol_block *block, u8 family, const void *address);

/* What stands between the namespace and the name of a policy in a message; see @ns. */
static inline const char *netpol_policy_slash(const struct netpol_policy *policy)
{
	return policy->ns->name[0] ? "/" : "";
}

/* Does the rule deny or pass on pods that it selects, and so also those that are not known? */
static inline bool netpol_rule_doubts(const struct netpol_rule *rule)
{
	return rule->selects && rule->action != NETPOL_ACTION_ACCEPT &&
	       rule->action != NETPOL_ACTION_NONE;
}

/*
 * Does the rule doubt and have networks as well? To a pod that is not known it denies, also where a
 * network has the pod's address; to others there it does what it says.
 */
static inline bool netpol_rule_mixed(const struct netpol_rule *rule)
{
	return netpol_rule_doubts(rule) && rule->blocks;
}

#endif /* NETPOL_POLICY_H */
