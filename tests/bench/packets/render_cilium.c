// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What Cilium's agent would put into its maps: an identity for each namespace and set of
 * labels, and for each block and except; addresses and blocks to identities (ipcache);
 * identity, protocol and port to accept (policymap). One line an entry:
 *
 *   ipcache ADDRESS LENGTH IDENTITY
 *   policy IDENTITY PROTOCOL PORT BITS      BITS of protocol and port that count, 0 to 24
 */
#include <stdlib.h>

#include "render.h"

#define FIRST_POD	256	/* identities below are reserved */
#define FIRST_BLOCK	(1 << 24)

struct render_prefix {
	uint32_t address;
	int length;
};

static int render_by_prefix(const void *a, const void *b)
{
	const struct render_prefix *one = a, *other = b;

	if (one->address != other->address)
		return one->address < other->address ? -1 : 1;
	return one->length - other->length;
}

/* A range of ports as prefixes. */
static void render_port_prefixes(FILE *out, uint32_t identity, uint8_t protocol, uint32_t from,
				 uint32_t to)
{
	int bits;

	while (from <= to) {
		bits = 0;
		while (bits < 16 && !(from & ((2u << bits) - 1)) &&
		       from + ((2u << bits) - 1) <= to)
			bits++;
		fprintf(out, "policy %u %d %u %d\n", identity, protocol, from, 24 - bits);
		from += 1u << bits;
	}
}

static void render_entry(FILE *out, uint32_t identity, const struct model_rule *rule)
{
	int i;

	if (!rule->ports)
		fprintf(out, "policy %u 0 0 0\n", identity);
	for (i = 0; i < rule->ports; i++)
		render_port_prefixes(out, identity, rule->port[i].protocol, rule->port[i].from,
				     rule->port[i].to);
}

/*
 * Does all of @prefix belong to the block, but for excepts further in? Those are prefixes,
 * with identities, of their own.
 */
static bool render_prefix_allowed(const struct model_rule *rule,
				  const struct render_prefix *prefix)
{
	struct model_rule wide = *rule;
	int i, kept = 0;

	for (i = 0; i < rule->excepts; i++) {
		if (rule->except_length[i] > prefix->length)
			continue;
		wide.except[kept] = rule->except[i];
		wide.except_length[kept++] = rule->except_length[i];
	}
	wide.excepts = kept;
	return prefix->length >= rule->length && model_block_has(&wide, prefix->address);
}

static int render_prefixes(const struct model *model, struct render_prefix *prefix)
{
	int i, j, n, count = 0, unique = 0;

	for (i = 0; i < model->policies; i++) {
		for (j = 0; j < model->policy[i].rules; j++) {
			const struct model_rule *rule = &model->policy[i].rule[j];

			if (!rule->is_block)
				continue;
			prefix[count].address = rule->block;
			prefix[count++].length = rule->length;
			for (n = 0; n < rule->excepts; n++) {
				prefix[count].address = rule->except[n];
				prefix[count++].length = rule->except_length[n];
			}
		}
	}
	qsort(prefix, count, sizeof(*prefix), render_by_prefix);
	for (i = 0; i < count; i++) {
		if (!unique || render_by_prefix(&prefix[unique - 1], &prefix[i]))
			prefix[unique++] = prefix[i];
	}
	return unique;
}

static uint32_t render_identity(const struct model_pod *pod)
{
	return FIRST_POD + pod->namespace * MODEL_APPS + pod->app;
}

static void render_rule_entries(const struct model *model, const struct model_rule *rule,
				const bool *used, const struct render_prefix *prefix, int prefixes,
				FILE *out)
{
	struct model_pod pod = {};
	int i;

	for (i = 0; rule->is_block && i < prefixes; i++) {
		if (render_prefix_allowed(rule, &prefix[i]))
			render_entry(out, FIRST_BLOCK + i, rule);
	}
	if (rule->is_block)
		return;
	for (i = 0; i < model->namespaces * MODEL_APPS; i++) {
		pod.namespace = i / MODEL_APPS;
		pod.app = i % MODEL_APPS;
		if (used[i] && model_rule_has_pod(rule, &pod))
			render_entry(out, render_identity(&pod), rule);
	}
}

void render_cilium(const struct model *model, FILE *out)
{
	struct render_prefix *prefix;
	int i, j, prefixes;
	bool *used;

	prefix = calloc((size_t)model->policies * MODEL_RULES * (1 + MODEL_EXCEPTS) + 1,
			sizeof(*prefix));
	used = calloc((size_t)model->namespaces * MODEL_APPS, sizeof(*used));
	if (!prefix || !used)
		abort();
	for (i = 0; i < model->pods; i++) {
		used[render_identity(&model->pod[i]) - FIRST_POD] = true;
		fprintf(out, "ipcache %s 32 %u\n", render_address(model->pod[i].address),
			render_identity(&model->pod[i]));
	}
	prefixes = render_prefixes(model, prefix);
	for (i = 0; i < prefixes; i++)
		fprintf(out, "ipcache %s %d %u\n", render_address(prefix[i].address),
			prefix[i].length, FIRST_BLOCK + i);
	for (i = 0; i < model->policies; i++) {
		for (j = 0; j < model->policy[i].rules; j++)
			render_rule_entries(model, &model->policy[i].rule[j], used, prefix,
					    prefixes, out);
	}
	free(prefix);
	free(used);
}
