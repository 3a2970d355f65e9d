// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iptables with ipset, as kube-router and as Calico lay them out. Left out, in their
 * favour, is what costs them more: the jumps for egress, logging (NFLOG), and rejecting
 * instead of dropping.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "render.h"

static const char *render_protocol(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : "udp";
}

/* One port, or a range. */
static void render_port(const struct model_rule *rule, int port, FILE *out)
{
	fprintf(out, "%d", rule->port[port].from);
	if (rule->port[port].to != rule->port[port].from)
		fprintf(out, ":%d", rule->port[port].to);
}

static void render_head(const char *chains, FILE *out)
{
	fprintf(out, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
		":OUTPUT ACCEPT [0:0]\n%s", chains);
}

/* A chain for each number below @count. */
static void render_chains(const char *prefix, int count, FILE *out)
{
	int i;

	for (i = 0; i < count; i++)
		fprintf(out, ":%s%d - [0:0]\n", prefix, i);
}

/* Every rule of every policy, and the end. */
static void render_rules(const struct model *model,
			 void (*render)(const struct model *model, int policy, int number,
					FILE *out), FILE *out)
{
	int i, j;

	for (i = 0; i < model->policies; i++) {
		for (j = 0; j < model->policy[i].rules; j++)
			render(model, i, j, out);
	}
	fprintf(out, "COMMIT\n");
}

static void render_pod_set(const struct model *model, const struct model_rule *rule,
			   const char *type, const char *name, FILE *out)
{
	int i;

	fprintf(out, "create %s %s family inet maxelem 1048576\n", name, type);
	for (i = 0; i < model->pods; i++) {
		if (model_rule_has_pod(rule, &model->pod[i]))
			fprintf(out, "add %s %s\n", name, render_address(model->pod[i].address));
	}
}

void render_kube_router_sets(const struct model *model, FILE *out)
{
	char name[32];
	int i, j, n;

	for (i = 0; i < model->policies; i++) {
		fprintf(out, "create KUBE-DST-%d hash:ip family inet\n", i);
		for (j = 0; j < MODEL_LOCAL; j++)
			fprintf(out, "add KUBE-DST-%d %s\n", i,
				render_address(model_local_address(j)));
		for (j = 0; j < model->policy[i].rules; j++) {
			const struct model_rule *rule = &model->policy[i].rule[j];

			snprintf(name, sizeof(name), "KUBE-SRC-%d-%d", i, j);
			if (!rule->is_block) {
				render_pod_set(model, rule, "hash:ip", name, out);
				continue;
			}
			fprintf(out, "create %s hash:net family inet\nadd %s %s/%d\n", name, name,
				render_address(rule->block), rule->length);
			for (n = 0; n < rule->excepts; n++)
				fprintf(out, "add %s %s/%d nomatch\n", name,
					render_address(rule->except[n]), rule->except_length[n]);
		}
	}
}

static void render_kube_router_rule(const struct model *model, int policy, int number,
				    FILE *out)
{
	const struct model_rule *rule = &model->policy[policy].rule[number];
	int i;

	for (i = 0; i < (rule->ports ?: 1); i++) {
		fprintf(out, "-A KUBE-NWPLCY-%d -m comment --comment \"rule to ACCEPT traffic "
			"from source pods to dest pods selected by policy name p%d namespace n0\" "
			"-m set --match-set KUBE-SRC-%d-%d src -m set --match-set KUBE-DST-%d dst ",
			policy, policy, policy, number, policy);
		if (rule->ports) {
			fprintf(out, "-p %s --dport ", render_protocol(rule->port[i].protocol));
			render_port(rule, i, out);
		}
		fprintf(out, " -j MARK --set-xmark 0x10000/0x10000\n"
			"-A KUBE-NWPLCY-%d -m mark --mark 0x10000/0x10000 -j RETURN\n", policy);
	}
}

void render_kube_router(const struct model *model, FILE *out)
{
	const char *address;
	int i, j;

	render_head(":KUBE-ROUTER-FORWARD - [0:0]\n", out);
	render_chains("KUBE-POD-FW-", MODEL_LOCAL, out);
	render_chains("KUBE-NWPLCY-", model->policies, out);
	fprintf(out, "-A FORWARD -m comment --comment \"kube-router netpol\" "
		"-j KUBE-ROUTER-FORWARD\n");
	for (i = 0; i < MODEL_LOCAL; i++) {
		address = render_address(model_local_address(i));
		fprintf(out, "-A KUBE-ROUTER-FORWARD -d %s/32 -m comment --comment \"rule to jump "
			"traffic destined to POD name:local-%d namespace: n0 to chain\" "
			"-j KUBE-POD-FW-%d\n", address, i, i);
		fprintf(out, "-A KUBE-POD-FW-%d -m comment --comment \"rule for stateful firewall "
			"for pod\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
			"-A KUBE-POD-FW-%d -m comment --comment \"rule to drop invalid state for "
			"pod\" -m conntrack --ctstate INVALID -j DROP\n"
			"-A KUBE-POD-FW-%d -d %s/32 -m comment --comment \"rule to permit the "
			"traffic to pods when source is the pod's local node\" "
			"-m addrtype --src-type LOCAL -j ACCEPT\n", i, i, i, address);
		for (j = 0; j < model->policies; j++)
			fprintf(out, "-A KUBE-POD-FW-%d -d %s/32 -m comment --comment \"run "
				"through nw policy p%d\" -j KUBE-NWPLCY-%d\n", i, address, j, j);
		fprintf(out, "-A KUBE-POD-FW-%d -m comment --comment \"rule to drop traffic\" "
			"-m mark ! --mark 0x10000/0x10000 -j DROP\n"
			"-A KUBE-POD-FW-%d -j MARK --set-xmark 0x0/0x10000\n"
			"-A KUBE-POD-FW-%d -m comment --comment \"set mark to ACCEPT traffic that "
			"comply to network policies\" -j MARK --set-xmark 0x20000/0x20000\n",
			i, i, i);
	}
	fprintf(out, "-A KUBE-ROUTER-FORWARD -m comment --comment \"rule to explicitly ACCEPT "
		"traffic that comply to network policies\" -m mark --mark 0x20000/0x20000 "
		"-j ACCEPT\n");
	render_rules(model, render_kube_router_rule, out);
}

/* One set a selector, whoever uses it. */
static void render_calico_name(const struct model_rule *rule, char *name, size_t size)
{
	snprintf(name, size, "cali40s:%s%d-a%d", rule->own_namespace ? "n" : "t",
		 rule->own_namespace ? 0 : rule->team, rule->app);
}

void render_calico_sets(const struct model *model, FILE *out)
{
	bool done[2][MODEL_TEAMS][MODEL_APPS + 1] = {};
	char name[32];
	int i, j;

	for (i = 0; i < model->policies; i++) {
		for (j = 0; j < model->policy[i].rules; j++) {
			const struct model_rule *rule = &model->policy[i].rule[j];
			bool *seen = &done[rule->own_namespace][rule->own_namespace ? 0 :
				rule->team][rule->app + 1];

			if (rule->is_block || *seen)
				continue;
			*seen = true;
			render_calico_name(rule, name, sizeof(name));
			render_pod_set(model, rule, "hash:net", name, out);
		}
	}
}

static void render_calico_match(int policy, const struct model_rule *rule, uint8_t protocol,
				FILE *out)
{
	const char *comma = "";
	char name[32];
	int i;

	fprintf(out, "-A cali-pi-p%d ", policy);
	if (rule->is_block) {
		fprintf(out, "-s %s/%d ", render_address(rule->block), rule->length);
		if (rule->excepts)
			fprintf(out, "-m mark --mark 0x40000/0x40000 ");
	} else {
		render_calico_name(rule, name, sizeof(name));
		fprintf(out, "-m set --match-set %s src ", name);
	}
	if (protocol) {
		fprintf(out, "-p %s -m multiport --dports ", render_protocol(protocol));
		for (i = 0; i < rule->ports; i++) {
			if (rule->port[i].protocol != protocol)
				continue;
			fputs(comma, out);
			render_port(rule, i, out);
			comma = ",";
		}
	}
	fprintf(out, " -j MARK --set-xmark 0x10000/0x10000\n"
		"-A cali-pi-p%d -m mark --mark 0x10000/0x10000 -j RETURN\n", policy);
}

static void render_calico_rule(const struct model *model, int policy, int number, FILE *out)
{
	const struct model_rule *rule = &model->policy[policy].rule[number];
	bool tcp = false, udp = false;
	int i;

	/* excepts by a scratch bit of the mark: one rule has one source */
	if (rule->is_block && rule->excepts) {
		fprintf(out, "-A cali-pi-p%d -j MARK --set-xmark 0x40000/0x40000\n", policy);
		for (i = 0; i < rule->excepts; i++)
			fprintf(out, "-A cali-pi-p%d -s %s/%d -j MARK --set-xmark 0x0/0x40000\n",
				policy, render_address(rule->except[i]), rule->except_length[i]);
	}
	for (i = 0; i < rule->ports; i++) {
		tcp |= rule->port[i].protocol == IPPROTO_TCP;
		udp |= rule->port[i].protocol == IPPROTO_UDP;
	}
	if (tcp)
		render_calico_match(policy, rule, IPPROTO_TCP, out);
	if (udp)
		render_calico_match(policy, rule, IPPROTO_UDP, out);
	if (!rule->ports)
		render_calico_match(policy, rule, 0, out);
}

void render_calico(const struct model *model, FILE *out)
{
	int i, j;

	render_head(":cali-FORWARD - [0:0]\n:cali-to-wl-dispatch - [0:0]\n", out);
	render_chains("cali-tw-cali", MODEL_LOCAL, out);
	render_chains("cali-pi-p", model->policies, out);
	fprintf(out, "-A FORWARD -j cali-FORWARD\n"
		"-A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000\n"
		"-A cali-FORWARD -o cali+ -j cali-to-wl-dispatch\n"
		"-A cali-FORWARD -m comment --comment \"Policy explicitly accepted packet.\" "
		"-m mark --mark 0x10000/0x10000 -j ACCEPT\n");
	for (i = 0; i < MODEL_LOCAL; i++) {
		fprintf(out, "-A cali-to-wl-dispatch -o cali%d -g cali-tw-cali%d\n", i, i);
		fprintf(out, "-A cali-tw-cali%d -m conntrack --ctstate RELATED,ESTABLISHED "
			"-j ACCEPT\n"
			"-A cali-tw-cali%d -m conntrack --ctstate INVALID -j DROP\n"
			"-A cali-tw-cali%d -j MARK --set-xmark 0x0/0x10000\n"
			"-A cali-tw-cali%d -m comment --comment \"Start of policies\" "
			"-j MARK --set-xmark 0x0/0x20000\n", i, i, i, i);
		for (j = 0; j < model->policies; j++)
			fprintf(out, "-A cali-tw-cali%d -m mark --mark 0x0/0x20000 -j cali-pi-p%d\n"
				"-A cali-tw-cali%d -m comment --comment \"Return if policy "
				"accepted\" -m mark --mark 0x10000/0x10000 -j RETURN\n", i, j, i);
		fprintf(out, "-A cali-tw-cali%d -m comment --comment \"Drop if no policies passed "
			"packet\" -m mark --mark 0x0/0x20000 -j DROP\n", i);
	}
	render_rules(model, render_calico_rule, out);
}
