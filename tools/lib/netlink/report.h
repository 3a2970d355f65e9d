/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the module tells of itself: information and limits, settings, counters,
 * evaluations, programs of a pod, events. Requests, and decoders into plain structs.
 */
#ifndef NP_NETLINK_REPORT_H
#define NP_NETLINK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/output.h"
#include "netlink/client.h"
#include "netlink/decode.h"
#include "object/settings.h"

struct np_limit {
	uint32_t id;		/* enum netpol_limit */
	bool has_used;		/* else a bound on one object */
	uint64_t used;
	uint64_t max;
};

struct np_origin {
	char name[NETPOL_ORIGIN_MAX + 1];
	uint64_t generation;
	uint64_t objects;
};

/* NETPOL_CMD_GET_INFO */
struct np_info {
	uint32_t abi_min;
	uint32_t abi_max;
	uint32_t flags;		/* NETPOL_FLAG_* */
	uint64_t features;
	uint64_t generation;
	char version[NETPOL_VERSION_MAX + 1];
	char boot_id[NETPOL_BOOT_ID_MAX + 1];
	struct np_limit *limit;
	struct np_origin *origin;
	size_t limit_count;
	size_t origin_count;
	uint32_t lacking;	/* local pods that a limit has closed */
};

int np_info_get(struct np_client *client, struct np_info *info, struct np_error *err);
void np_info_free(struct np_info *info);
int np_info_decode(const struct nlmsghdr *nlh, void *info, struct np_error *err);
/* Generation of an origin's last commit, 0 if it has none. */
uint64_t np_info_generation(const struct np_info *info, const char *origin);
/* How many objects an origin has loaded; 0 if there is no such origin. */
uint64_t np_info_objects(const struct np_info *info, const char *origin);
/* NP_EXIT_ABI if tool and module have no revision in common. */
int np_info_check(const struct np_info *info, struct np_error *err);

int np_settings_get(struct np_client *client, struct np_settings *set, struct np_error *err);

/* Dumps of objects into a state, which is emptied first. */
int np_state_get(struct np_client *client, uint8_t command, struct np_state *state,
		 struct np_error *err);

enum np_counters_kind {
	NP_COUNTERS_TOTAL,
	NP_COUNTERS_POD,
	NP_COUNTERS_POLICY,
};

/**
 * struct np_rule_hits - what a rule decided
 * @direction: enum netpol_direction
 * @index: place among the rules of the direction
 * @hits: packets
 * @watched: seconds since they are counted; 0 too if the module does not say
 * @idle: seconds since the rule was last seen to decide one, if has_idle
 * @has_idle: it has decided one since they are counted; never set by a module that does not say
 * @has_watched: the module says watched and idle
 * @name: of a rule of a ClusterNetworkPolicy, or ""
 */
struct np_rule_hits {
	uint8_t direction;
	uint32_t index;
	uint64_t hits;
	uint64_t watched;
	uint64_t idle;
	bool has_watched;
	bool has_idle;
	char name[NETPOL_RULE_NAME_MAX + 1];
};

#define NP_COUNTER_FIRST	NETPOL_COUNTERS_A_INGRESS_ALLOWED
#define NP_COUNTER_LAST		NETPOL_COUNTERS_A_EGRESS_AUDITED
#define NP_COUNTER_COUNT	(NP_COUNTER_LAST - NP_COUNTER_FIRST + 1)

/* One subject of NETPOL_CMD_GET_COUNTERS. */
struct np_counters {
	enum np_counters_kind kind;
	char namespace[NETPOL_NAMESPACE_MAX + 1];
	char name[NETPOL_NAME_MAX + 1];
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint8_t tier;		/* enum netpol_tier of a policy; 0 if the module does not say */
	uint32_t ifindex;
	uint64_t value[NP_COUNTER_COUNT];	/* see np_counter() */
	bool has[NP_COUNTER_COUNT];
	struct np_rule_hits *rule;
	size_t rule_count;
};

struct np_counter_list {
	struct np_counters *item;
	size_t count;
};

/* Value of NETPOL_COUNTERS_A_...; 0 if the module did not send it. */
uint64_t np_counter(const struct np_counters *c, int attr);
/* "ingressAllowed" for NETPOL_COUNTERS_A_INGRESS_ALLOWED */
const char *np_counter_name(int attr);
int np_counters_get(struct np_client *client, bool zero, struct np_counter_list *list,
		    struct np_error *err);
void np_counters_reset(void *list);
/* The order of subjects: kind, namespace, name, origin. For qsort(). */
int np_counters_compare(const void *left, const void *right);
void np_counters_sort(struct np_counter_list *list);
void np_counters_free(struct np_counter_list *list);
int np_counters_decode(const struct nlmsghdr *nlh, void *list, struct np_error *err);

/* One end of an evaluation: a pod by name, or an address. */
struct np_end {
	char namespace[NETPOL_NAMESPACE_MAX + 1];
	char name[NETPOL_NAME_MAX + 1];		/* "": address */
	struct np_address address;
};

struct np_eval_request {
	struct np_end source;
	struct np_end destination;
	uint8_t family;		/* 0: what both have */
	uint8_t protocol;
	bool has_port;
	uint16_t port;
};

struct np_step {
	uint8_t direction;
	uint8_t verdict;	/* 0: absent */
	uint8_t reason;
	uint8_t tier;		/* enum netpol_tier of the policy, 0: absent */
	uint8_t action;		/* enum netpol_action of the rule, NONE: absent */
	bool has_rule;
	bool audited;		/* the policy is observed instead of enforced */
	uint32_t rule;
	struct np_shortage lack;	/* of a half with the reason NO_ROOM */
	char rule_name[NETPOL_RULE_NAME_MAX + 1];
	char pod_namespace[NETPOL_NAMESPACE_MAX + 1];
	char pod_name[NETPOL_NAME_MAX + 1];
	char policy_namespace[NETPOL_NAMESPACE_MAX + 1];	/* "": none */
	char policy_name[NETPOL_NAME_MAX + 1];	/* "": summary of one half */
	char policy_origin[NETPOL_ORIGIN_MAX + 1];
};

/*
 * What stands before the '/' in the name of a step's policy: the namespace, or the tier of a
 * cluster-wide policy, which is the name of no namespace because of its capital letter.
 */
const char *np_step_space(const struct np_step *step);

/*
 * Does a packet with this verdict, enum netpol_verdict, pass? What is only observed does. A verdict
 * that this tool does not know is none that it calls open.
 */
static inline bool np_verdict_passes(uint8_t verdict)
{
	return verdict == NETPOL_VERDICT_ALLOW || verdict == NETPOL_VERDICT_AUDIT;
}

struct np_eval {
	uint8_t verdict;
	uint8_t reason;
	bool has_direction;
	uint8_t direction;
	bool has_generation;	/* false: the answer is not the kernel's */
	uint64_t generation;
	struct np_step *step;
	size_t step_count;
};

int np_eval_get(struct np_client *client, const struct np_eval_request *request,
		struct np_eval *eval, struct np_error *err);
int np_eval_decode(const struct nlmsghdr *nlh, void *eval, struct np_error *err);
void np_eval_free(struct np_eval *eval);

/* One NETPOL_A_TRIE of the programs of a pod. */
struct np_trie {
	bool has_row, has_class, has_rule, has_identity, has_prefix, has_port, has_action;
	bool passed;		/* the cell counts after a rule that passes */
	bool audited;		/* the cell is what observed policies say */
	bool head;		/* ROWS, CLASSES and BYTES are set */
	uint8_t direction;
	uint8_t action;
	uint32_t rows, classes;
	uint32_t row, class, rule, identity;
	uint64_t bytes;
	struct np_cidr prefix;
	struct np_port port;
	char *policies;		/* of a head: "name ns/name ns/name", in order */
};

struct np_trie_list {
	struct np_trie *item;
	size_t count;
	uint8_t direction;	/* of the message being read */
};

int np_trie_get(struct np_client *client, const char *namespace, const char *name,
		struct np_trie_list *list, struct np_error *err);
int np_trie_decode(const struct nlmsghdr *nlh, void *list, struct np_error *err);
void np_trie_reset(void *list);
void np_trie_free(struct np_trie_list *list);

#define NP_EVENT_POLICIES	8

struct np_policy_name {
	char namespace[NETPOL_NAMESPACE_MAX + 1];	/* "" of a ClusterNetworkPolicy */
	char name[NETPOL_NAME_MAX + 1];
};

/* NETPOL_CMD_EVENT and NETPOL_CMD_CHANGE */
struct np_event {
	bool change;
	/* change */
	char origin[NETPOL_ORIGIN_MAX + 1];
	uint64_t generation;
	/* packets */
	bool packet;		/* false: it tells of lost packets alone */
	uint8_t verdict;
	uint8_t direction;
	uint8_t reason;
	uint8_t protocol;
	bool has_ports;
	uint16_t source_port;	/* 0 if they have several */
	uint16_t destination_port;
	uint64_t count;		/* how many it is about, 1 or more */
	uint64_t first;		/* time of the first one */
	uint64_t time;		/* of the last one, in nanoseconds since 1970 */
	uint64_t lost;		/* packets that are in no event, since this was last told */
	struct np_end source;		/* name "" if no known pod, address always */
	struct np_end destination;
	uint32_t policies;		/* how many isolate */
	uint32_t policy_count;		/* of them listed */
	struct np_policy_name policy[NP_EVENT_POLICIES];
	bool has_rule;			/* a rule of the first policy denied */
	uint32_t rule;
	char rule_name[NETPOL_RULE_NAME_MAX + 1];
};

/* False: a message of another command. */
int np_event_decode(const struct nlmsghdr *nlh, struct np_event *event, struct np_error *err);

/* "ingress"; "ALLOW"; "notIsolated", ...; words for JSON and for people. */
const char *np_direction_name(uint8_t direction);
const char *np_verdict_name(uint8_t verdict);
const char *np_reason_name(uint8_t reason);
const char *np_reason_text(uint8_t reason);
/* Says which limit a pod is closed for, whose policies it is about and what to do. */
void np_shortage_print(FILE *file, const struct np_shortage *lack);
void np_shortage_write(struct np_writer *w, const struct np_shortage *lack);
#define NP_PROTOCOL_TEXT	8
/* "tcp" for IPPROTO_TCP, and the number of a protocol that has no word here. Returns text. */
const char *np_protocol_text(uint8_t protocol, char text[NP_PROTOCOL_TEXT]);
/* "Admin", "NetworkPolicy" or "Baseline" for enum netpol_tier, "" for what is none. */
const char *np_tier_text(uint8_t tier);
const char *np_limit_name(uint32_t id);

#endif
