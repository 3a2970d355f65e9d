// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds what is valid in a set of policies and most likely not meant. */
#include <stdlib.h>
#include <string.h>

#include "object/lint.h"
#include "object/lint_cluster.h"
#include "object/lint_dns.h"
#include "object/lint_fix.h"
#include "object/lint_match.h"
#include "object/lint_peer.h"
#include "object/lint_rule.h"

const struct np_lint_check np_lint_checks[NP_LINT_COUNT] = {
	[NP_LINT_EMPTY_SELECTOR] = { "NP001", "empty-selector",
		"An empty selector opens to every pod of the cluster" },
	[NP_LINT_SELECTS_NOTHING] = { "NP002", "selects-nothing",
		"A policy selects no pod" },
	[NP_LINT_DNS_BLOCKED] = { "NP003", "dns-blocked",
		"An egress policy leaves pods without DNS" },
	[NP_LINT_PORT_NAME] = { "NP004", "port-name-unknown",
		"No pod has a port of this name" },
	[NP_LINT_POD_ADDRESS] = { "NP005", "block-of-pods",
		"An address block holds addresses of pods" },
	[NP_LINT_NODE_LOCAL_DNS] = { "NP006", "node-local-dns",
		"A DNS cache on the node is out of the reach of pods with egress policies" },
	[NP_LINT_NO_DIRECTION] = { "NP007", "direction-left-out",
		"policyTypes leaves out the direction of rules" },
	[NP_LINT_NOBODY] = { "NP008", "peer-nobody",
		"A peer asks for labels that no pod or no namespace has" },
	[NP_LINT_OTHER_NAMESPACE] = { "NP009", "peer-elsewhere",
		"The pods of a podSelector are in another namespace" },
	[NP_LINT_NEVER_BOTH] = { "NP010", "peer-never-both",
		"No pod meets both selectors of a peer" },
	[NP_LINT_HOST_PODS] = { "NP011", "peer-on-host-network",
		"A peer matches only pods on the host's network" },
	[NP_LINT_MISTYPED_ALL] = { "NP012", "block-mistyped-all",
		"A block such as 0.0.0.0/24 is a mistyped 0.0.0.0/0" },
	[NP_LINT_EXCEPT_VOID] = { "NP013", "except-void",
		"Another rule allows what an except takes away" },
	[NP_LINT_HOST_BITS] = { "NP014", "host-bits",
		"An address block has bits behind its mask" },
	[NP_LINT_OWN_NAMESPACE] = { "NP015", "own-namespace-blocked",
		"A policy without rules blocks its own namespace too" },
	[NP_LINT_DUPLICATE] = { "NP016", "duplicate",
		"A rule, peer or port is there twice" },
	[NP_LINT_ADDS_NOTHING] = { "NP017", "adds-nothing",
		"Another rule or peer covers all of this one" },
	[NP_LINT_CLUSTER_IP] = { "NP018", "block-of-cluster-ip",
		"An address block is that of a Service" },
	[NP_LINT_EQUAL_PRIORITY] = { "NP019", "equal-priority",
		"Two ClusterNetworkPolicies of a tier have one priority" },
	[NP_LINT_HIDDEN_RULE] = { "NP020", "hidden-rule",
		"An earlier rule of a ClusterNetworkPolicy matches all of this one" },
	[NP_LINT_IDLE_PASS] = { "NP021", "idle-pass",
		"A Pass of tier Baseline is followed by no Deny" },
	[NP_LINT_DENIES_DNS] = { "NP022", "admin-denies-dns",
		"A Deny of tier Admin leaves pods without DNS" },
};

int np_lint_disable(struct np_lint *lint, const char *text, struct np_error *err)
{
	int i;

	for (i = 0; i < NP_LINT_COUNT; i++)
		if (!strcmp(text, np_lint_checks[i].id) ||
		    !strcmp(text, np_lint_checks[i].name)) {
			lint->disabled[i] = true;
			return 0;
		}
	np_error_set(err, NP_EXIT_USAGE, "there is no check \"%.40s\"", text);
	np_error_hint(err, "the checks are %s to %s", np_lint_checks[0].id,
		      np_lint_checks[NP_LINT_COUNT - 1].id);
	return -1;
}

static const struct np_pod *np_policy_first_pod(const struct np_linting *l)
{
	size_t i;

	for (i = 0; i < l->objs->pod_count; i++)
		if (np_lint_selects(l->policy, &l->objs->pods[i]))
			return &l->objs->pods[i];
	return NULL;
}

static bool np_pod_has_port(const struct np_pod *pod, const struct np_port *port)
{
	uint32_t i;

	for (i = 0; i < pod->port_count; i++)
		if (pod->port[i].protocol == port->protocol && pod->port[i].name == port->name)
			return true;
	return false;
}

/* True if a pod has a port of this name; with `subject`, if one that the policy selects has. */
static bool np_port_known(const struct np_linting *l, const struct np_port *port, bool subject)
{
	size_t i;

	for (i = 0; i < l->objs->pod_count; i++)
		if ((!subject || np_lint_selects(l->policy, &l->objs->pods[i])) &&
		    np_pod_has_port(&l->objs->pods[i], port))
			return true;
	return false;
}

static void np_lint_port(const struct np_linting *l, const struct np_port *port,
			 const char *list, uint32_t rule, uint32_t index, bool subject)
{
	struct np_lint_finding *item;

	/* A policy that selects nothing gets a finding of its own. */
	if (port->kind != NP_PORT_NAME || !l->objs->pod_count ||
	    np_port_known(l, port, subject) || (subject && !np_policy_first_pod(l)))
		return;
	item = np_lint_add(l, NP_LINT_PORT_NAME, port->line,
			   "no pod%s has a %s port \"%s\"",
			   subject ? " that the policy selects" : "",
			   np_protocol_name(port->protocol), port->name);
	np_lint_path(item, "spec.%s[%u].ports[%u].port", list, rule, index);
	np_lint_hint(item, "names are those of the containers' ports, with their protocol");
}

static void np_lint_rules(const struct np_linting *l, bool egress)
{
	const struct np_rule *rules = egress ? l->policy->egress : l->policy->ingress;
	uint32_t count = egress ? l->policy->egress_count : l->policy->ingress_count, k;
	struct np_lint_at at = {
		.list = egress ? "egress" : "ingress",
		.peers = egress ? "to" : "from",
	};

	if (!(l->policy->directions & (egress ? NP_DIR_EGRESS : NP_DIR_INGRESS))) {
		np_lint_no_direction(l, egress);
		return;
	}
	for (at.rule = 0; at.rule < count; at.rule++) {
		for (k = 0; k < rules[at.rule].peer_count; k++)
			np_lint_peer(l, &rules[at.rule], &at, k);
		for (k = 0; k < rules[at.rule].port_count; k++)
			np_lint_port(l, &rules[at.rule].port[k], at.list, at.rule, k, !egress);
	}
	np_lint_rules_together(l, egress);
}

/* True if the policy's name says that it denies, so that this is surely meant. */
static bool np_named_deny(const struct np_policy *policy)
{
	static const char * const words[] = { "deny", "block", "drop", "reject", "closed", "none" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(policy->name, words[i]))
			return true;
	return false;
}

/*
 * The sample that is often shown to isolate a namespace from others has no rules, so it blocks
 * the namespace's own pods as well. Whoever writes policyTypes knows what they do, and what has no
 * podSelector is a part that other tools complete, such as a patch.
 */
static void np_lint_own_namespace(const struct np_linting *l)
{
	const struct np_policy *policy = l->policy;
	struct np_lint_finding *item;

	if (policy->types_given || policy->ingress_count || policy->egress_count ||
	    !policy->pod_selector.present || policy->pod_selector.count || np_named_deny(policy) ||
	    np_lint_admin_accepts(l->objs, false))
		return;
	item = np_lint_add(l, NP_LINT_OWN_NAMESPACE, 0,
			   "without rules nobody may send to pods of namespace %s, not even its own "
			   "pods", policy->namespace);
	np_lint_path(item, "spec");
	np_lint_hint(item, "to let them reach each other add ingress: [{from: [{podSelector: "
		     "{}}]}]; if all is to be denied, say so by policyTypes: [Ingress]");
}

static void np_lint_policy(const struct np_linting *l)
{
	struct np_lint_finding *item;

	if (!l->objs->pod_count || np_policy_first_pod(l)) {
		np_lint_own_namespace(l);
	} else if ((l->own_pods || l->all_pods) && np_lint_asks(&l->policy->pod_selector)) {
		item = np_lint_add(l, NP_LINT_SELECTS_NOTHING, 0, "selects no pod of namespace %s",
				   l->policy->namespace);
		np_lint_path(item, "spec.podSelector");
		np_lint_hint(item, "a pod must have all of the labels, and be in the policy's "
			     "namespace");
	}
	np_lint_rules(l, false);
	np_lint_rules(l, true);
	np_lint_dns(l);
}

static int np_namespace_order(const void *a, const void *b)
{
	const struct np_namespace *x = *(const struct np_namespace * const *)a;
	const struct np_namespace *y = *(const struct np_namespace * const *)b;

	return strcmp(x->name, y->name);
}

static int np_namespace_find(const void *key, const void *item)
{
	const struct np_namespace *ns = *(const struct np_namespace * const *)item;

	return strcmp(key, ns->name);
}

/* Returns the namespace of each pod. The caller frees the array. */
static const struct np_namespace **np_pod_namespaces(const struct np_objects *objs)
{
	const struct np_namespace **sorted = np_xcalloc(objs->namespace_count + 1, sizeof(*sorted));
	const struct np_namespace **of = np_xcalloc(objs->pod_count + 1, sizeof(*of)), **found;
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		sorted[i] = &objs->namespaces[i];
	qsort(sorted, objs->namespace_count, sizeof(*sorted), np_namespace_order);
	for (i = 0; i < objs->pod_count; i++) {
		found = bsearch(objs->pods[i].namespace, sorted, objs->namespace_count,
				sizeof(*sorted), np_namespace_find);
		of[i] = found ? *found : NULL;
	}
	free(sorted);
	return of;
}

/* Every cluster has pods in this namespace, and whoever asks for some namespaces leaves it out. */
static bool np_has_all_pods(const struct np_objects *objs)
{
	size_t i;

	for (i = 0; i < objs->pod_count; i++)
		if (!strcmp(objs->pods[i].namespace, "kube-system"))
			return true;
	return false;
}

/* Every cluster has these two, and whoever writes out namespaces by hand has neither. */
static bool np_has_all_namespaces(const struct np_objects *objs)
{
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		if (!strcmp(objs->namespaces[i].name, "kube-system") ||
		    !strcmp(objs->namespaces[i].name, "default"))
			return true;
	return false;
}

static void np_look_at_pods(struct np_linting *l)
{
	size_t i;

	l->own_pods = false;
	l->other_pods = false;
	for (i = 0; i < l->objs->pod_count && !(l->own_pods && l->other_pods); i++)
		if (l->objs->pods[i].namespace == l->policy->namespace)
			l->own_pods = true;
		else
			l->other_pods = true;
}

void np_lint_run(struct np_lint *lint, const struct np_objects *objs)
{
	struct np_linting l = { .lint = lint, .objs = objs };
	bool all = np_has_all_namespaces(objs);
	size_t i;

	l.pod_namespace = np_pod_namespaces(objs);
	l.dns = np_lint_dns_find(objs);
	l.all_pods = np_has_all_pods(objs);
	for (i = 0; i < objs->policy_count; i++) {
		l.policy = &objs->policies[i];
		if (l.policy->tier != NP_TIER_NETWORK_POLICY) {
			np_lint_cluster(&l);
			continue;
		}
		np_look_at_pods(&l);
		l.all_namespaces = all || (objs->namespace_count && l.own_pods && l.other_pods);
		np_lint_policy(&l);
	}
	np_lint_dns_free(l.dns);
	free(l.pod_namespace);
}

void np_lint_free(struct np_lint *lint)
{
	size_t i;

	np_lint_fix_free(lint);
	for (i = 0; i < lint->count; i++) {
		free(lint->item[i].path);
		free(lint->item[i].text);
		free(lint->item[i].hint);
	}
	free(lint->item);
	memset(lint, 0, sizeof(*lint));
}
