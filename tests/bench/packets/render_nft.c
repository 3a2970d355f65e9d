// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nftables, three ways, each with connections known to conntrack accepted first:
 *
 * vmap       pod address -> chain; in the chain one concatenated set a policy (peer,
 *            protocol, port): a hash, or where there are ranges, "pipapo", one for each
 *            port of a rule then, because such a set takes no two that overlap
 * interval   pod address -> chain; one interval set of peers a rule, ports in the rule
 * expanded   everything in one hash: peer, pod, protocol, port
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "render.h"

static void render_head(FILE *out)
{
	fprintf(out, "table ip netpol_bench {\n");
}

/* Dispatch by pod, and the chain of each, which @rules fills in. */
static void render_chains(const struct model *model, FILE *out,
			  void (*rules)(const struct model *model, FILE *out))
{
	int i;

	for (i = 0; i < MODEL_LOCAL; i++) {
		fprintf(out, "chain pod%d {\n", i);
		rules(model, out);
		fprintf(out, "drop\n}\n");
	}
	fprintf(out, "map pods { type ipv4_addr : verdict; elements = {");
	for (i = 0; i < MODEL_LOCAL; i++)
		fprintf(out, "%s %s : goto pod%d", i ? "," : "",
			render_address(model_local_address(i)), i);
	fprintf(out, " } }\nchain forward { type filter hook forward priority 0; policy accept;\n"
		"ct state established,related accept\nip daddr vmap @pods\n}\n}\n");
}

static void render_range_text(FILE *out, const struct render_range *range)
{
	fprintf(out, "%s", render_address(range->from));
	if (range->to != range->from)
		fprintf(out, "-%s", render_address(range->to));
}

static void render_sep(FILE *out, int *elements)
{
	fprintf(out, "%s", (*elements)++ ? ", " : "elements = { ");
}

static void render_end_set(FILE *out, int elements)
{
	fprintf(out, "%s}\n", elements ? " } " : "");
}

/* A set of peers with one port, or with any where the rule has none. */
static void render_port_set(const struct model *model, const struct model_rule *rule, int port,
			    FILE *out)
{
	struct render_range *range;
	int i, n, elements = 0;

	n = render_sources(model, rule, &range);
	for (i = 0; i < n; i++) {
		render_sep(out, &elements);
		render_range_text(out, &range[i]);
		if (!rule->ports) {
			fprintf(out, " . 0-255 . 0-65535");
			continue;
		}
		fprintf(out, " . %d . %d", rule->port[port].protocol, rule->port[port].from);
		if (rule->port[port].to != rule->port[port].from)
			fprintf(out, "-%d", rule->port[port].to);
	}
	free(range);
	render_end_set(out, elements);
}

static void render_policy_set(const struct model *model, int policy, FILE *out)
{
	const struct model_rule *rule = model->policy[policy].rule;
	struct render_range *range;
	int i, j, n, elements = 0;

	fprintf(out, "set p%d { type ipv4_addr . inet_proto . inet_service; ", policy);
	n = render_sources(model, rule, &range);
	for (i = 0; i < n; i++) {
		for (j = 0; j < rule->ports; j++) {
			render_sep(out, &elements);
			fprintf(out, "%s . %d . %d", render_address(range[i].from),
				rule->port[j].protocol, rule->port[j].from);
		}
	}
	free(range);
	render_end_set(out, elements);
}

static void render_vmap_rules(const struct model *model, FILE *out)
{
	int i, j, n;

	for (i = 0; i < model->policies; i++) {
		if (!model->mixed) {
			fprintf(out, "ip saddr . ip protocol . th dport @p%d accept\n", i);
			continue;
		}
		for (j = 0; j < model->policy[i].rules; j++) {
			for (n = 0; n < (model->policy[i].rule[j].ports ?: 1); n++)
				fprintf(out, "ip saddr . ip protocol . th dport @p%d_%d_%d "
					"accept\n", i, j, n);
		}
	}
}

void render_vmap(const struct model *model, FILE *out)
{
	int i, j, n;

	render_head(out);
	for (i = 0; i < model->policies; i++) {
		if (!model->mixed) {
			render_policy_set(model, i, out);
			continue;
		}
		for (j = 0; j < model->policy[i].rules; j++) {
			const struct model_rule *rule = &model->policy[i].rule[j];

			for (n = 0; n < (rule->ports ?: 1); n++) {
				fprintf(out, "set p%d_%d_%d { type ipv4_addr . inet_proto . "
					"inet_service; flags interval; ", i, j, n);
				render_port_set(model, rule, n, out);
			}
		}
	}
	render_chains(model, out, render_vmap_rules);
}

static void render_interval_rules(const struct model *model, FILE *out)
{
	int i, j, n;

	for (i = 0; i < model->policies; i++) {
		for (j = 0; j < model->policy[i].rules; j++) {
			const struct model_rule *rule = &model->policy[i].rule[j];

			if (!rule->ports)
				fprintf(out, "ip saddr @p%d_%d accept\n", i, j);
			for (n = 0; n < rule->ports; n++)
				fprintf(out, "ip saddr @p%d_%d %s dport %d-%d accept\n", i, j,
					rule->port[n].protocol == IPPROTO_TCP ? "tcp" : "udp",
					rule->port[n].from, rule->port[n].to);
		}
	}
}

void render_interval(const struct model *model, FILE *out)
{
	struct render_range *range;
	int i, j, k, n, elements;

	render_head(out);
	for (i = 0; i < model->policies; i++) {
		for (j = 0; j < model->policy[i].rules; j++) {
			fprintf(out, "set p%d_%d { type ipv4_addr; flags interval; ", i, j);
			n = render_sources(model, &model->policy[i].rule[j], &range);
			for (k = 0, elements = 0; k < n; k++) {
				render_sep(out, &elements);
				render_range_text(out, &range[k]);
			}
			free(range);
			render_end_set(out, elements);
		}
	}
	render_chains(model, out, render_interval_rules);
}

static int render_by_number(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

int render_expanded(const struct model *model, FILE *out)
{
	uint64_t *key;
	size_t count = 0, size = 0, i;
	struct render_range *range;
	int p, j, n, elements = 0;

	if (model->mixed)
		return -1;
	for (p = 0; p < model->policies; p++)
		size += (size_t)model->pods * MODEL_PORTS;
	key = malloc((size + 1) * sizeof(*key));
	if (!key)
		abort();
	for (p = 0; p < model->policies; p++) {
		const struct model_rule *rule = model->policy[p].rule;

		n = render_sources(model, rule, &range);
		while (n--) {
			for (j = 0; j < rule->ports; j++)
				key[count++] = (uint64_t)range[n].from << 24 |
					       rule->port[j].protocol << 16 | rule->port[j].from;
		}
		free(range);
	}
	qsort(key, count, sizeof(*key), render_by_number);
	render_head(out);
	fprintf(out, "set flows { type ipv4_addr . ipv4_addr . inet_proto . inet_service; ");
	for (i = 0; i < count; i++) {
		if (i && key[i] == key[i - 1])
			continue;
		for (j = 0; j < MODEL_LOCAL; j++) {
			render_sep(out, &elements);
			fprintf(out, "%s . %s . %u . %u", render_address(key[i] >> 24),
				render_address(model_local_address(j)),
				(unsigned int)(key[i] >> 16 & 255), (unsigned int)(key[i] & 0xffff));
		}
	}
	free(key);
	render_end_set(out, elements);
	fprintf(out, "set isolated { type ipv4_addr; elements = {");
	for (j = 0; j < MODEL_LOCAL; j++)
		fprintf(out, "%s %s", j ? "," : "", render_address(model_local_address(j)));
	fprintf(out, " } }\nchain forward { type filter hook forward priority 0; policy accept;\n"
		"ct state established,related accept\n"
		"ip saddr . ip daddr . ip protocol . th dport @flows accept\n"
		"ip daddr @isolated drop\n}\n}\n");
	return 0;
}
