// SPDX-License-Identifier: GPL-2.0-or-later
/* The model: made from a seed, judged by walking. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define REMOTE_FIRST	0x0a400000u	/* 10.64.0.0, 250 addresses of each /24: one a node */
#define LOCAL_FIRST	0x0a010001u	/* 10.1.0.1 */
#define BLOCKS_FIRST	0xc6120000u	/* 198.18.0.0/15, for benchmarks (RFC 2544) */

/* xorshift64*, for a generator that is the same everywhere */
uint32_t model_random(struct model *model, uint32_t below)
{
	uint64_t x = model->seed;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	model->seed = x;
	return (uint32_t)(((x * 0x2545f4914f6cdd1dull) >> 32) * below >> 32);
}

uint32_t model_local_address(int local)
{
	return LOCAL_FIRST + local;
}

static void model_ports(struct model *model, struct model_rule *rule)
{
	int i;

	if (model->mixed && !model_random(model, 5))
		return;
	rule->ports = 1 + model_random(model, model->mixed ? MODEL_PORTS : 2);
	for (i = 0; i < rule->ports; i++) {
		rule->port[i].protocol = model->mixed && model_random(model, 2) ? IPPROTO_TCP :
				      IPPROTO_UDP;
		rule->port[i].from = 8000 + model_random(model, 8);
		rule->port[i].to = rule->port[i].from;
		if (model->mixed && !model_random(model, 3))
			rule->port[i].to += 1 + model_random(model, 1000);
	}
	/* twice the same port would be twice the same element of a set */
	if (rule->ports == 2 && !model->mixed && rule->port[0].from == rule->port[1].from)
		rule->ports = 1;
}

static void model_block(struct model *model, struct model_rule *rule)
{
	int i;

	rule->is_block = true;
	rule->length = 17 + model_random(model, 10);
	rule->block = (BLOCKS_FIRST + model_random(model, 1 << 17)) &
		      ~((1u << (32 - rule->length)) - 1);
	rule->excepts = model_random(model, MODEL_EXCEPTS + 1);
	for (i = 0; i < rule->excepts; i++) {
		rule->except_length[i] = rule->length + 1 +
					 model_random(model, 32 - rule->length);
		rule->except[i] = (rule->block +
				   model_random(model, 1u << (32 - rule->length))) &
				  ~((1u << (32 - rule->except_length[i])) - 1);
	}
}

static void model_rule(struct model *model, struct model_rule *rule)
{
	rule->team = model_random(model, MODEL_TEAMS);
	rule->app = model_random(model, MODEL_APPS);
	if (model->mixed) {
		switch (model_random(model, 6)) {
		case 0:
		case 1:
			model_block(model, rule);
			break;
		case 2:
			rule->own_namespace = true;
			break;
		case 3:
			rule->app = MODEL_ANY;
			break;
		}
	}
	model_ports(model, rule);
}

void model_make(struct model *model, uint64_t seed, int pods, int policies, bool mixed)
{
	int i, j;

	memset(model, 0, sizeof(*model));
	model->seed = seed * 0x9e3779b97f4a7c15ull + 1;
	model->mixed = mixed;
	model->pods = pods;
	model->policies = policies;
	model->namespaces = pods < 1000 ? 10 : pods / 100;
	model->pod = calloc(pods, sizeof(*model->pod));
	model->policy = calloc(policies, sizeof(*model->policy));
	if (!model->pod || !model->policy)
		abort();
	for (i = 0; i < pods; i++) {
		model->pod[i].address = REMOTE_FIRST + (i / 250 << 8) + i % 250 + 1;
		model->pod[i].namespace = model_random(model, model->namespaces);
		model->pod[i].app = model_random(model, MODEL_APPS);
	}
	for (i = 0; i < policies; i++) {
		struct model_policy *policy = &model->policy[i];

		policy->rules = mixed ? model_random(model, MODEL_RULES + 1) : 1;
		for (j = 0; j < policy->rules; j++)
			model_rule(model, &policy->rule[j]);
	}
}

bool model_rule_has_pod(const struct model_rule *rule, const struct model_pod *pod)
{
	if (rule->is_block)
		return model_block_has(rule, pod->address);
	if (rule->own_namespace ? pod->namespace != 0 : pod->namespace % MODEL_TEAMS != rule->team)
		return false;
	return rule->app == MODEL_ANY || rule->app == pod->app;
}

static bool model_in(uint32_t address, uint32_t block, int length)
{
	return !((address ^ block) >> (32 - length));
}

bool model_block_has(const struct model_rule *rule, uint32_t address)
{
	int i;

	if (!rule->is_block || !model_in(address, rule->block, rule->length))
		return false;
	for (i = 0; i < rule->excepts; i++) {
		if (model_in(address, rule->except[i], rule->except_length[i]))
			return false;
	}
	return true;
}

const struct model_pod *model_find_pod(const struct model *model, uint32_t address)
{
	int i;

	for (i = 0; i < model->pods; i++) {
		if (model->pod[i].address == address)
			return &model->pod[i];
	}
	return NULL;
}

static bool model_ports_have(const struct model_rule *rule, uint8_t protocol, uint16_t port)
{
	int i;

	for (i = 0; i < rule->ports; i++) {
		if (rule->port[i].protocol == protocol && rule->port[i].from <= port &&
		    port <= rule->port[i].to)
			return true;
	}
	return !rule->ports;
}

bool model_allows(const struct model *model, uint32_t source, int local, uint8_t protocol,
		  uint16_t port)
{
	const struct model_pod *pod = model_find_pod(model, source);
	int i, j;

	if (local >= MODEL_LOCAL || !model->policies)
		return true;
	for (i = 0; i < model->policies; i++) {
		for (j = 0; j < model->policy[i].rules; j++) {
			const struct model_rule *rule = &model->policy[i].rule[j];

			if ((pod ? model_rule_has_pod(rule, pod) :
			     model_block_has(rule, source)) &&
			    model_ports_have(rule, protocol, port))
				return true;
		}
	}
	return false;
}
