// SPDX-License-Identifier: GPL-2.0-or-later
/* Explanations of what the kernel enforces. */
#include "explain/kernel.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "offline/ask.h"

#define NP_EXPLAIN_TRIES	5

/* What one attempt has left is freed; the question stays. */
static void np_explain_again(struct np_explain *x, struct np_explain_loaded *loaded)
{
	np_eval_free(&x->eval);
	np_observe_free(&x->observed);
	np_explain_loaded_free(loaded);
	memset(&x->eval, 0, sizeof(x->eval));
}

void np_explain_loaded_free(struct np_explain_loaded *loaded)
{
	int i;

	for (i = 0; i < 3; i++)
		np_state_free(&loaded->state[i]);
	np_objects_free(&loaded->objs);
	free(loaded->origin);
	memset(loaded, 0, sizeof(*loaded));
}

/* What another origin shadows has no part in verdicts, and neither has a pod without interface. */
static bool np_explain_counts(uint32_t flags)
{
	return !(flags & (NETPOL_OBJECT_F_SHADOWED | NETPOL_OBJECT_F_GONE));
}

static void np_explain_view(struct np_explain_loaded *loaded)
{
	const struct np_state *ns = &loaded->state[0], *pods = &loaded->state[1];
	const struct np_state *policies = &loaded->state[2];
	struct np_objects *objs = &loaded->objs;
	size_t i;

	for (i = 0; i < ns->objects.namespace_count; i++)
		if (np_explain_counts(ns->namespace[i].flags))
			*np_objects_add_namespace(objs) = ns->objects.namespaces[i];
	for (i = 0; i < pods->objects.pod_count; i++)
		if (np_explain_counts(pods->pod[i].flags))
			*np_objects_add_pod(objs) = pods->objects.pods[i];
	loaded->origin = np_xcalloc(policies->objects.policy_count + 1, sizeof(*loaded->origin));
	for (i = 0; i < policies->objects.policy_count; i++) {
		*np_objects_add_policy(objs) = policies->objects.policies[i];
		loaded->origin[i] = policies->policy[i].origin;
	}
}

static int np_explain_load(struct np_explain_loaded *loaded, struct np_client *client,
			   struct np_error *err)
{
	static const uint8_t command[] = {
		NETPOL_CMD_GET_NAMESPACE, NETPOL_CMD_GET_POD, NETPOL_CMD_GET_POLICY,
	};
	int i;

	np_objects_init(&loaded->objs);
	for (i = 0; i < 3; i++)
		np_state_init(&loaded->state[i]);
	for (i = 0; i < 3; i++)
		if (np_state_get(client, command[i], &loaded->state[i], err))
			return -1;
	np_explain_view(loaded);
	return 0;
}

/* An address of this node that other machines can use, of the family. */
static bool np_explain_node(uint8_t family, struct np_address *address)
{
	struct ifaddrs *list, *item;
	bool found = false;

	if (getifaddrs(&list))
		return false;
	for (item = list; item && !found; item = item->ifa_next) {
		if (!item->ifa_addr || item->ifa_addr->sa_family != family)
			continue;
		memset(address, 0, sizeof(*address));
		address->family = family;
		if (family == AF_INET) {
			const struct sockaddr_in *in = (const void *)item->ifa_addr;

			memcpy(address->addr, &in->sin_addr, 4);
			found = address->addr[0] != 127;
		} else {
			const struct sockaddr_in6 *in6 = (const void *)item->ifa_addr;

			memcpy(address->addr, &in6->sin6_addr, 16);
			found = !IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) &&
				!IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
		}
	}
	freeifaddrs(list);
	return found;
}

static int np_explain_host(struct np_explain *x, struct np_error *err)
{
	struct np_named_end *named;
	char text[NP_CIDR_TEXT];
	int i;

	for (i = 0; i < 2; i++) {
		named = &x->named[i];
		if (named->kind != NP_END_HOST || named->end.address.family)
			continue;
		if (!np_explain_node(x->request.family == AF_INET6 ? AF_INET6 : AF_INET,
				     &named->end.address))
			return np_error_set(err, NP_EXIT_INPUT,
					    "this node has no address of the family");
		snprintf(named->note, sizeof(named->note), "%s, an address of this node",
			 np_address_text(&named->end.address, text));
	}
	return 0;
}

/* One attempt. Returns 0, -1, or 1 if the kernel's state has changed meanwhile. */
static int np_explain_try(struct np_explain *x, struct np_client *client,
			  struct np_explain_loaded *loaded, struct np_error *err)
{
	struct np_info before, after;
	uint64_t generation;
	int ret;

	if (np_info_get(client, &before, err))
		return -1;
	generation = before.generation;
	np_info_free(&before);
	if (np_explain_load(loaded, client, err) ||
	    np_observe_get(client, &x->observed, err) || np_explain_host(x, err) ||
	    np_explain_ends(x, &loaded->objs, err))
		return -1;
	if (np_eval_get(client, &x->request, &x->eval, err) || np_info_get(client, &after, err))
		return -1;
	ret = x->eval.generation != generation || after.generation != generation;
	np_info_free(&after);
	if (ret)
		return 1;
	if (np_ask_find(&loaded->objs, &x->request, &x->flow, err) ||
	    np_explain_fill(x, &loaded->objs, loaded->origin, err))
		return -1;
	if (x->eval.verdict == NETPOL_VERDICT_DENY)
		np_explain_propose(x, &loaded->objs);
	return 0;
}

static int np_explain_restless(struct np_error *err)
{
	np_error_set(err, NP_EXIT_TIMEOUT, "the kernel's state changed %u times while it was "
		     "being read", NP_EXPLAIN_TRIES);
	np_error_hint(err, "run it again, or use 'netpolctl eval', which asks once");
	return -1;
}

int np_explain_kernel(struct np_explain *x, struct np_client *client,
		      struct np_explain_loaded *loaded, struct np_error *err)
{
	int i, ret = 1;

	for (i = 0; i < NP_EXPLAIN_TRIES && ret > 0; i++) {
		if (i)
			np_explain_again(x, loaded);
		ret = np_explain_try(x, client, loaded, err);
	}
	return ret > 0 ? np_explain_restless(err) : ret;
}

/* One attempt. Returns 0, -1, or 1 if the kernel's state has changed meanwhile. */
static int np_explain_answer(struct np_explain *x, struct np_client *client,
			     struct np_eval *kernel, struct np_error *err)
{
	struct np_info before;
	uint64_t generation;

	if (np_info_get(client, &before, err))
		return -1;
	generation = before.generation;
	np_info_free(&before);
	if (np_observe_get(client, &x->observed, err) ||
	    np_eval_get(client, &x->request, kernel, err))
		return -1;
	return kernel->generation != generation;
}

int np_explain_verify(struct np_explain *x, struct np_client *client, struct np_objects *objs,
		      struct np_eval *kernel, struct np_error *err)
{
	int i, ret;

	if (np_explain_ends(x, objs, err))
		return -1;
	ret = np_explain_answer(x, client, kernel, err);
	for (i = 1; i < NP_EXPLAIN_TRIES && ret > 0; i++) {
		np_observe_free(&x->observed);
		np_eval_free(kernel);
		ret = np_explain_answer(x, client, kernel, err);
	}
	if (ret > 0)
		return np_explain_restless(err);
	return ret ? ret : np_explain_objects(x, objs, err);
}

/* The next step of a direction from *at on; NULL: there is none. */
static const struct np_step *np_explain_next(const struct np_eval *eval, uint8_t direction,
					     size_t *at)
{
	const struct np_step *step;

	while (*at < eval->step_count) {
		step = &eval->step[(*at)++];
		if (step->direction == direction)
			return step;
	}
	return NULL;
}

/* The kernel leaves out steps that do not fit into its answer. The last one then names a policy. */
static bool np_explain_cut(const struct np_eval *kernel)
{
	return kernel->step_count && *kernel->step[kernel->step_count - 1].policy_name;
}

static bool np_explain_same_half(const struct np_eval *files, const struct np_eval *kernel,
				 uint8_t direction)
{
	size_t at = 0, other = 0;
	const struct np_step *a, *b;

	do {
		a = np_explain_next(files, direction, &at);
		b = np_explain_next(kernel, direction, &other);
		if (a && b &&
		    (a->reason != b->reason || a->verdict != b->verdict || a->tier != b->tier ||
		     (!*a->policy_namespace && a->action != b->action) ||
		     a->has_rule != b->has_rule || a->rule != b->rule ||
		     strcmp(a->policy_namespace, b->policy_namespace) ||
		     strcmp(a->policy_name, b->policy_name)))
			return false;
	} while (a && b);
	return np_explain_cut(kernel) ? !b : !a && !b;
}

bool np_explain_same(const struct np_eval *files, const struct np_eval *kernel)
{
	static const uint8_t directions[] = { NETPOL_DIRECTION_EGRESS, NETPOL_DIRECTION_INGRESS };
	const struct np_step *step, *other;
	bool elsewhere = false;
	size_t at, other_at;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		at = 0;
		other_at = 0;
		step = np_explain_next(kernel, directions[i], &at);
		other = np_explain_next(files, directions[i], &other_at);
		if (!step || step->reason == NETPOL_REASON_NOT_LOCAL)
			elsewhere |= !!other;
		else if (!np_explain_same_half(files, kernel, directions[i]))
			return false;
	}
	/* Another node may deny what this one lets through. */
	return files->verdict == kernel->verdict || (elsewhere && !np_explain_cut(kernel));
}
