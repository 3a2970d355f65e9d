// SPDX-License-Identifier: GPL-2.0-or-later
/* Kubernetes objects, and what the other renderers share. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "render.h"

const char *render_address(uint32_t address)
{
	static char text[4][INET_ADDRSTRLEN];
	static unsigned int turn;
	struct in_addr in = { .s_addr = htonl(address) };

	turn = (turn + 1) % 4;
	inet_ntop(AF_INET, &in, text[turn], sizeof(text[turn]));
	return text[turn];
}

static int render_by_address(const void *a, const void *b)
{
	const struct render_range *one = a, *other = b;

	return one->from < other->from ? -1 : one->from > other->from;
}

/* A block without its excepts: what lies between them. */
static int render_block(const struct model_rule *rule, struct render_range *range)
{
	uint32_t next = rule->block, last = rule->block + ((1u << (32 - rule->length)) - 1);
	struct render_range hole[MODEL_EXCEPTS];
	int i, count = 0;

	for (i = 0; i < rule->excepts; i++) {
		hole[i].from = rule->except[i];
		hole[i].to = rule->except[i] + ((1u << (32 - rule->except_length[i])) - 1);
	}
	qsort(hole, rule->excepts, sizeof(*hole), render_by_address);
	for (i = 0; i < rule->excepts; i++) {
		if (hole[i].from > next) {
			range[count].from = next;
			range[count++].to = hole[i].from - 1;
		}
		if (hole[i].to + 1 > next)
			next = hole[i].to + 1;
	}
	if (next <= last) {
		range[count].from = next;
		range[count++].to = last;
	}
	return count;
}

int render_sources(const struct model *model, const struct model_rule *rule,
		   struct render_range **range)
{
	int i, count = 0;

	*range = calloc(model->pods + MODEL_EXCEPTS + 1, sizeof(**range));
	if (!*range)
		abort();
	if (rule->is_block)
		return render_block(rule, *range);
	for (i = 0; i < model->pods; i++) {
		if (!model_rule_has_pod(rule, &model->pod[i]))
			continue;
		(*range)[count].from = model->pod[i].address;
		(*range)[count++].to = model->pod[i].address;
	}
	return count;
}

static void render_pod(FILE *out, int namespace, const char *name, int number, const char *app,
		       int app_number, uint32_t address)
{
	fprintf(out, ",\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"namespace\":"
		"\"n%d\",\"name\":\"%s-%d\",\"uid\":\"%s-%d\",\"labels\":{\"app\":\"%s",
		namespace, name, number, name, number, app);
	if (app_number >= 0)
		fprintf(out, "%d", app_number);
	fprintf(out, "\"}},\"spec\":{\"containers\":[]},\"status\":{\"phase\":\"Running\","
		"\"podIP\":\"%s\",\"podIPs\":[{\"ip\":\"%s\"}]}}", render_address(address),
		render_address(address));
}

static void render_rule(FILE *out, const struct model_rule *rule)
{
	int i;

	fprintf(out, "{\"from\":[{");
	if (rule->is_block) {
		fprintf(out, "\"ipBlock\":{\"cidr\":\"%s/%d\"", render_address(rule->block),
			rule->length);
		for (i = 0; i < rule->excepts; i++)
			fprintf(out, "%s\"%s/%d\"", i ? "," : ",\"except\":[",
				render_address(rule->except[i]), rule->except_length[i]);
		fprintf(out, "%s}", rule->excepts ? "]" : "");
	} else {
		if (!rule->own_namespace)
			fprintf(out, "\"namespaceSelector\":{\"matchLabels\":{\"team\":"
				"\"t%d\"}},", rule->team);
		fprintf(out, "\"podSelector\":{");
		if (rule->app != MODEL_ANY)
			fprintf(out, "\"matchLabels\":{\"app\":\"a%d\"}", rule->app);
		fprintf(out, "}");
	}
	fprintf(out, "}]");
	for (i = 0; i < rule->ports; i++) {
		fprintf(out, "%s{\"protocol\":\"%s\",\"port\":%d", i ? "," : ",\"ports\":[",
			rule->port[i].protocol == IPPROTO_TCP ? "TCP" : "UDP",
			rule->port[i].from);
		if (rule->port[i].to != rule->port[i].from)
			fprintf(out, ",\"endPort\":%d", rule->port[i].to);
		fprintf(out, "}");
	}
	fprintf(out, "%s}", rule->ports ? "]" : "");
}

void render_objects(const struct model *model, FILE *out)
{
	int i, j;

	fprintf(out, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[");
	for (i = 0; i < model->namespaces; i++)
		fprintf(out, "%s\n{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":"
			"{\"name\":\"n%d\",\"labels\":{\"team\":\"t%d\"}}}", i ? "," : "", i,
			i % MODEL_TEAMS);
	for (i = 0; i <= MODEL_LOCAL; i++)
		render_pod(out, 0, "local", i, i < MODEL_LOCAL ? "subject" : "open", -1,
			   model_local_address(i));
	for (i = 0; i < model->pods; i++)
		render_pod(out, model->pod[i].namespace, "pod", i, "a", model->pod[i].app,
			   model->pod[i].address);
	for (i = 0; i < model->policies; i++) {
		fprintf(out, ",\n{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":"
			"\"NetworkPolicy\",\"metadata\":{\"namespace\":\"n0\",\"name\":\"p%d\"},"
			"\"spec\":{\"podSelector\":{\"matchLabels\":{\"app\":\"subject\"}},"
			"\"policyTypes\":[\"Ingress\"],\"ingress\":[", i);
		for (j = 0; j < model->policy[i].rules; j++) {
			fprintf(out, "%s", j ? "," : "");
			render_rule(out, &model->policy[i].rule[j]);
		}
		fprintf(out, "]}}");
	}
	fprintf(out, "\n]}\n");
}
