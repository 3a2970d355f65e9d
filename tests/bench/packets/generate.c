// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-model SEED PODS POLICIES plain|mixed PROOF FLOWS DIRECTORY
 *
 * Writes a model's rule sets, its traffic and what the model says to each packet:
 *
 *   objects.json kube-router.ipset kube-router.iptables calico.ipset calico.iptables
 *   vmap.nft interval.nft expanded.nft cilium.maps
 *   flows          struct model_flow, one after another
 *   plan           NAME FIRST COUNT: which of them are what
 *   expect         of the flows of "proof", one line of 0 and 1
 *   eval           SOURCE DESTINATION PROTOCOL VERDICT of some of the same, for netpolctl
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "render.h"

#define ZIPF_PEERS	100
#define ESTABLISHED	1024
#define EVAL_EVERY	100

static const char *directory;

static FILE *open_in(const char *name)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	out = fopen(path, "w");
	if (!out)
		err(2, "%s", path);
	return out;
}

static void close_out(FILE *out)
{
	if (ferror(out) || fclose(out))
		err(2, "%s", directory);
}

static void write_file(const struct model *model, const char *name,
		       void (*render)(const struct model *model, FILE *out))
{
	FILE *out = open_in(name);

	render(model, out);
	close_out(out);
}

/* A packet in the making: host byte order. */
struct packet {
	uint32_t source;
	int local;
	uint8_t protocol;
	uint16_t source_port, port;
};

static void write_packet(FILE *out, const struct packet *packet)
{
	struct model_flow flow = {
		.source = htonl(packet->source),
		.destination = htonl(model_local_address(packet->local)),
		.source_port = htons(packet->source_port),
		.port = htons(packet->port),
		.protocol = packet->protocol,
		.pod = packet->local,
	};

	fwrite(&flow, sizeof(flow), 1, out);
}

static const struct model_rule *some_rule(struct model *model)
{
	const struct model_policy *policy;
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		policy = &model->policy[model_random(model, model->policies)];
		if (policy->rules)
			return &policy->rule[model_random(model, policy->rules)];
	}
	errx(2, "no policy of this model has a rule: take another seed");
}

/* Somebody whom @rule lets in; false if nobody was found. */
static bool some_source(struct model *model, const struct model_rule *rule, uint32_t *source)
{
	struct render_range *range;
	uint32_t length;
	int n, i;

	n = render_sources(model, rule, &range);
	if (n) {
		i = model_random(model, n);
		length = range[i].to - range[i].from + 1;
		*source = range[i].from + (length ? model_random(model, length) : 0);
	}
	free(range);
	return n;
}

static void some_port(struct model *model, const struct model_rule *rule, struct packet *packet)
{
	int i;

	packet->protocol = IPPROTO_UDP;
	packet->port = 8000 + model_random(model, 8);
	if (!rule->ports)
		return;
	i = model_random(model, rule->ports);
	packet->protocol = rule->port[i].protocol;
	packet->port = rule->port[i].from +
		       model_random(model, rule->port[i].to - rule->port[i].from + 1);
}

/*
 * For the proof: half of the packets are made from a rule, at the edges of its ports and
 * blocks too; the others are random. Each flow once.
 */
static void proof_packet(struct model *model, struct packet *packet, int number)
{
	const struct model_rule *rule = some_rule(model);

	memset(packet, 0, sizeof(*packet));
	packet->local = model_random(model, MODEL_LOCAL + 1);
	some_port(model, rule, packet);
	if (model_random(model, 4) || !some_source(model, rule, &packet->source))
		packet->source = model->pod[model_random(model, model->pods)].address;
	switch (model_random(model, 8)) {
	case 0:
		packet->port = model_random(model, 65535) + 1;
		break;
	case 1:
		packet->port += model_random(model, 3) - 1;
		break;
	case 2:
		packet->source = 0xc6120000u + model_random(model, 1 << 17);
		break;
	case 3:
		if (rule->is_block)
			packet->source = rule->block - 1 + model_random(model, 3);
		break;
	case 4:
		if (rule->is_block && rule->excepts)
			packet->source = rule->except[0] - 1 + model_random(model, 3);
		break;
	case 5:
		packet->protocol ^= IPPROTO_TCP ^ IPPROTO_UDP;
		break;
	case 6:
		if (model->mixed) {
			packet->protocol = IPPROTO_ICMP;
			packet->port = 0;
		}
		break;
	}
	packet->source_port = 1024 + number % 60000;
	if (packet->local == MODEL_LOCAL && model_random(model, 8))
		packet->local = model_random(model, MODEL_LOCAL);
}

static void write_proof(struct model *model, FILE *flows, int count)
{
	FILE *expect = open_in("expect"), *eval = open_in("eval");
	struct packet packet;
	bool allowed;
	int i;

	for (i = 0; i < count; i++) {
		proof_packet(model, &packet, i);
		allowed = model_allows(model, packet.source, packet.local, packet.protocol,
				       packet.protocol == IPPROTO_ICMP ? 0 : packet.port);
		write_packet(flows, &packet);
		fputc('0' + allowed, expect);
		if (i % EVAL_EVERY)
			continue;
		fprintf(eval, "%s %s ", render_address(packet.source),
			render_address(model_local_address(packet.local)));
		if (packet.protocol == IPPROTO_ICMP)
			fprintf(eval, "icmp %d\n", allowed);
		else
			fprintf(eval, "%s/%d %d\n", packet.protocol == IPPROTO_TCP ? "tcp" : "udp",
				packet.port, allowed);
	}
	fputc('\n', expect);
	close_out(expect);
	close_out(eval);
}

/* A new allowed UDP flow, uniform over the policies and then over their peers. */
static void allowed_packet(struct model *model, struct packet *packet)
{
	const struct model_rule *rule;

	do {
		rule = some_rule(model);
		some_port(model, rule, packet);
	} while (packet->protocol != IPPROTO_UDP || !some_source(model, rule, &packet->source));
	packet->local = model_random(model, MODEL_LOCAL);
}

static void denied_packet(struct model *model, struct packet *packet)
{
	do {
		packet->source = model->pod[model_random(model, model->pods)].address;
		packet->protocol = IPPROTO_UDP;
		packet->port = 8000 + model_random(model, 8);
		packet->local = model_random(model, MODEL_LOCAL);
	} while (model_allows(model, packet->source, packet->local, packet->protocol,
			      packet->port));
}

/* Rank r of ZIPF_PEERS with weight 1/r. */
static int zipf(struct model *model)
{
	static double sum[ZIPF_PEERS];
	double x;
	int i;

	if (sum[0] == 0) {
		for (i = 0; i < ZIPF_PEERS; i++)
			sum[i] = (i ? sum[i - 1] : 0) + 1.0 / (i + 1);
	}
	x = model_random(model, 1 << 30) / (double)(1 << 30) * sum[ZIPF_PEERS - 1];
	for (i = 0; i < ZIPF_PEERS - 1 && sum[i] < x; i++)
		;
	return i;
}

static void write_traffic(struct model *model, FILE *flows, int proof, int count)
{
	struct packet packet = {}, peer[ZIPF_PEERS] = {};
	FILE *plan = open_in("plan");
	int i, first = proof;

	fprintf(plan, "proof 0 %d\nnew %d %d\n", proof, first, count);
	for (i = 0; i < count; i++) {
		allowed_packet(model, &packet);
		packet.source_port = 1024 + i % 60000;
		write_packet(flows, &packet);
	}
	first += count;
	fprintf(plan, "new-zipf %d %d\n", first, count);
	for (i = 0; i < ZIPF_PEERS; i++)
		allowed_packet(model, &peer[i]);
	for (i = 0; i < count; i++) {
		packet = peer[zipf(model)];
		packet.source_port = 1024 + i % 60000;
		write_packet(flows, &packet);
	}
	first += count;
	fprintf(plan, "denied %d %d\n", first, count);
	for (i = 0; i < count; i++) {
		denied_packet(model, &packet);
		packet.source_port = 1024 + i % 60000;
		write_packet(flows, &packet);
	}
	first += count;
	fprintf(plan, "established %d %d\n", first, ESTABLISHED);
	for (i = 0; i < ESTABLISHED; i++) {
		allowed_packet(model, &packet);
		packet.source_port = 1024 + i;
		write_packet(flows, &packet);
	}
	first += ESTABLISHED;
	/* one flow, as a bulk transfer is: what it takes without a miss in a cache */
	fprintf(plan, "established-one %d %d\n", first, ESTABLISHED);
	for (i = 0; i < ESTABLISHED; i++)
		write_packet(flows, &packet);
	close_out(plan);
}

static int number(const char *text, int low, int high)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value < low || value > high)
		errx(2, "\"%s\" is no number from %d to %d", text, low, high);
	return value;
}

int main(int argc, char **argv)
{
	struct model model;
	FILE *out;
	int proof, count;

	if (argc != 8)
		errx(2, "usage: bench-model SEED PODS POLICIES plain|mixed PROOF FLOWS DIRECTORY");
	directory = argv[7];
	if (mkdir(directory, 0755) && errno != EEXIST)
		err(2, "%s", directory);
	proof = number(argv[5], 0, 50000);
	count = number(argv[6], 0, 50000);
	model_make(&model, number(argv[1], 0, 1 << 30), number(argv[2], 10, 150000),
		   number(argv[3], 1, 10000), !strcmp(argv[4], "mixed"));

	write_file(&model, "objects.json", render_objects);
	write_file(&model, "kube-router.ipset", render_kube_router_sets);
	write_file(&model, "kube-router.iptables", render_kube_router);
	write_file(&model, "calico.ipset", render_calico_sets);
	write_file(&model, "calico.iptables", render_calico);
	write_file(&model, "vmap.nft", render_vmap);
	write_file(&model, "interval.nft", render_interval);
	write_file(&model, "cilium.maps", render_cilium);
	if (!model.mixed) {
		out = open_in("expanded.nft");
		if (render_expanded(&model, out))
			errx(2, "this model can't be expanded");
		close_out(out);
	}
	out = open_in("flows");
	write_proof(&model, out, proof);
	if (count)
		write_traffic(&model, out, proof, count);
	close_out(out);
	if (!count) {
		out = open_in("plan");
		fprintf(out, "proof 0 %d\n", proof);
		close_out(out);
	}
	free(model.pod);
	free(model.policy);
	return 0;
}
