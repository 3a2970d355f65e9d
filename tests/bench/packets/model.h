/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One seeded model of a cluster, its policies and its traffic, from which every rule set
 * of the packet bench is rendered. Ingress, IPv4; what an alternative can't express is
 * known to its renderer (see render.h).
 */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_TEAMS	5	/* values of the label team of namespaces */
#define MODEL_APPS	20	/* values of the label app of pods */
#define MODEL_RULES	3	/* at most, of a policy */
#define MODEL_PORTS	3	/* at most, of a rule */
#define MODEL_EXCEPTS	2	/* at most, of a block */
#define MODEL_LOCAL	8	/* isolated pods on this node; one more that isn't */
#define MODEL_ANY	(-1)

/* Host byte order throughout, but for struct model_flow. */
struct model_pod {
	uint32_t address;
	int namespace;
	int app;
};

/* Pods of namespaces with this team and with this app; MODEL_ANY: all. Or a block. */
struct model_rule {
	bool is_block;
	bool own_namespace;	/* no namespaceSelector */
	int team, app;
	uint32_t block;
	int length;
	uint32_t except[MODEL_EXCEPTS];
	int except_length[MODEL_EXCEPTS];
	int excepts;
	struct {
		uint8_t protocol;
		uint16_t from, to;
	} port[MODEL_PORTS];
	int ports;		/* 0: every port and protocol */
};

struct model_policy {
	struct model_rule rule[MODEL_RULES];
	int rules;
};

/* As kmod/netpol_bench.c has it; network byte order. */
struct model_flow {
	uint32_t source, destination;
	uint16_t source_port, port;
	uint8_t protocol, pod, pad[2];
};

/**
 * struct model - all of it
 * @mixed: blocks with excepts, ranges and rules without ports too; else each rule has one
 *	peer of pods and single ports, which every alternative can express
 * @namespaces: namespace n has the labels team=t(n % MODEL_TEAMS)
 * @pods: remote pods
 * @policies: select the pods app=subject in namespace 0: the local pods but for the last
 */
struct model {
	bool mixed;
	int namespaces;
	int pods;
	int policies;
	struct model_pod *pod;
	struct model_policy *policy;
	uint64_t seed;
};

/* One model for one set of arguments, on every machine. */
void model_make(struct model *model, uint64_t seed, int pods, int policies, bool mixed);
/* From 0 to @below - 1. */
uint32_t model_random(struct model *model, uint32_t below);
uint32_t model_local_address(int local);
bool model_rule_has_pod(const struct model_rule *rule, const struct model_pod *pod);
bool model_block_has(const struct model_rule *rule, uint32_t address);
/* What NetworkPolicy says to a new connection; walks everything, trusts nothing. */
bool model_allows(const struct model *model, uint32_t source, int local, uint8_t protocol,
		  uint16_t port);
const struct model_pod *model_find_pod(const struct model *model, uint32_t address);

#endif
