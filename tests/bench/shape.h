/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made-up clusters of a given size for the benches: namespaces, pods and policies as
 * the tool has them. The same shape and the same numbers give the same objects.
 */
#ifndef BENCH_SHAPE_H
#define BENCH_SHAPE_H

#include "object/object.h"

/* Pods scheduled here are local. */
#define SHAPE_NODE	"here"

/* Addresses count up from here: 100.64.0.0/11 and 100.96.0.0/11, host order. */
#define SHAPE_ADDRESS		0x64400001
#define SHAPE_ADDRESS_LARGE	0x64600001
#define SHAPE_ADDRESS_FRESH	0x64700001

/* Every so many pods carry a key of their own that no policy names at first. */
#define SHAPE_RARE	1000

/**
 * struct shape - size of a cluster
 * @name: for tables
 * @namespaces: how many, each with the same number of pods and policies
 * @pods: how many, all namespaces together
 * @local: of these, on this node
 * @policies: how many, all namespaces together
 * @apps: kinds of pods in a namespace, each with its own labels
 * @blocks: ipBlocks of each policy that has any
 * @excepts: of each ipBlock
 * @large: pods of one more namespace, "large", 0: there is none
 * @blocks_only: policies name ipBlocks and nothing else
 */
struct shape {
	const char *name;
	unsigned int namespaces;
	unsigned int pods;
	unsigned int local;
	unsigned int policies;
	unsigned int apps;
	unsigned int blocks;
	unsigned int excepts;
	unsigned int large;
	bool blocks_only;
};

/* The sizes that the benches share; the first is for tests of the benches. */
extern const struct shape shapes[];
extern const size_t shape_count;
/* One of them; ends the process if there is none of that name. */
const struct shape *shape_named(const char *name);

/* Fills objs, which is initialised and empty. */
void shape_make(const struct shape *shape, struct np_objects *objs);

/* One more object of objs; what it returns moves when another is added. */
struct np_pod *shape_pod(struct np_objects *objs, const char *namespace, const char *name,
			 uint32_t address);
struct np_policy *shape_policy(struct np_objects *objs, const char *namespace,
			       const char *name, const char *app);
struct np_namespace *shape_namespace(struct np_objects *objs, const char *name,
				     const char *team, const char *env);
/*
 * A cluster-wide policy of the Admin tier, of every pod, with rules that accept, deny and pass in
 * turn.
 */
struct np_policy *shape_cluster(struct np_objects *objs, const char *name, unsigned int priority,
				unsigned int ingress, unsigned int egress);
void shape_label(struct np_objects *objs, struct np_labels *labels, const char *key,
		 const char *value);
/* One more peer of a rule; key NULL: every pod, team NULL: the policy's namespace. */
struct np_peer *shape_peer(struct np_objects *objs, struct np_rule *rule, const char *team,
			   const char *key, const char *value);
/* One more ipBlock of a rule: length bits of address, host order. */
struct np_ipblock *shape_block(struct np_objects *objs, struct np_rule *rule,
			       uint32_t address, unsigned int length);
void shape_except(struct np_objects *objs, struct np_ipblock *block, uint32_t address,
		  unsigned int length);
void shape_port(struct np_objects *objs, struct np_rule *rule, unsigned int first,
		unsigned int last);
void shape_port_name(struct np_objects *objs, struct np_rule *rule, const char *name);

#endif
