// SPDX-License-Identifier: GPL-2.0
#include "core/pod.h"
#include "core/policy.h"
#include "core/world.h"

static struct netpol_runtime *runtime_create(void)
{
	struct netpol_runtime *runtime = netpol_alloc(sizeof(*runtime));

	if (!runtime)
		return NULL;
	runtime->stats = (struct netpol_pod_stats __percpu *)
		netpol_percpu_alloc(sizeof(struct netpol_pod_stats));
	if (!runtime->stats) {
		netpol_free(runtime);
		return NULL;
	}
	runtime->refs = 1;
	return runtime;
}

static void runtime_put(struct netpol_runtime *runtime)
{
	if (!runtime || --runtime->refs)
		return;
	netpol_percpu_free(runtime->stats);
	netpol_free(runtime);
}

/**
 * netpol_pod_create() - make a pod object
 * @world: world, locked
 * @text: content of the pod; the pod takes its own references of labels and ports
 *
 * Return: the pod, owned by the caller; -ENOMEM; -E2BIG for too many addresses.
 */
struct netpol_pod *netpol_pod_create(struct netpol_world *world,
				     const struct netpol_pod_text *text)
{
	size_t addresses = text->naddress6 * 16 + text->naddress4 * 4;
	struct netpol_pod *pod;
	struct netpol_ns *ns;

	if (text->naddress4 + text->naddress6 > NETPOL_POD_ADDRESSES)
		return ERR_PTR(-E2BIG);
	pod = netpol_alloc(netpol_pod_size(addresses, text->name.length));
	if (!pod)
		return ERR_PTR(-ENOMEM);
	ns = netpol_ns_get(world, text->ns);
	if (!ns)
		goto free;
	pod->template = netpol_template_get(world, ns, text->labels, text->ports);
	pod->hash = netpol_name_hash(ns, text->name);
	netpol_ns_put(world, ns);
	if (!pod->template)
		goto free;
	if (text->flags & NETPOL_POD_F_LOCAL) {
		pod->runtime = runtime_create();
		if (!pod->runtime)
			goto put_template;
	}
	pod->slot = NETPOL_NO_SLOT;
	pod->ifindex = text->flags & NETPOL_POD_F_LOCAL ? text->ifindex : 0;
	pod->flags = text->flags;
	pod->naddress4 = text->naddress4;
	pod->naddress6 = text->naddress6;
	memcpy(pod->uid, text->uid, sizeof(pod->uid));
	memcpy(pod->data, text->address6, text->naddress6 * 16);
	memcpy(pod->data + text->naddress6 * 16, text->address4, text->naddress4 * 4);
	memcpy(pod->data + addresses, text->name.data, text->name.length);
	return pod;
put_template:
	netpol_template_put(world, pod->template);
free:
	netpol_free(pod);
	return ERR_PTR(-ENOMEM);
}

/* Frees a pod that nobody can see any more. */
void netpol_pod_free(struct netpol_world *world, struct netpol_pod *pod)
{
	runtime_put(pod->runtime);
	netpol_template_put(world, pod->template);
	netpol_free(pod);
}

/*
 * Of two pods that claim one address, does @a own it? The one whose interface is not gone
 * does, else the one that runs, else the one whose uid came last.
 */
bool netpol_pod_owns(const struct netpol_pod *a, const struct netpol_pod *b)
{
	bool a_gone = a->runtime && a->runtime->gone;
	bool b_gone = b->runtime && b->runtime->gone;

	if (a_gone != b_gone)
		return b_gone;
	if ((a->flags ^ b->flags) & NETPOL_POD_F_RUNNING)
		return a->flags & NETPOL_POD_F_RUNNING;
	return a->arrived > b->arrived;
}

/* Lets a new version of a pod go on with the runtime of the old one, and so its counters. */
void netpol_pod_share_runtime(struct netpol_pod *pod, struct netpol_pod *old)
{
	runtime_put(pod->runtime);
	pod->runtime = old->runtime;
	pod->runtime->refs++;
}

/* Do two versions of a pod have the same content? Their name is the same. */
bool netpol_pod_equal(const struct netpol_pod *a, const struct netpol_pod *b)
{
	return a->template == b->template && a->flags == b->flags &&
	       a->ifindex == b->ifindex && a->naddress4 == b->naddress4 &&
	       a->naddress6 == b->naddress6 && !memcmp(a->uid, b->uid, sizeof(a->uid)) &&
	       !memcmp(a->data, b->data, a->naddress6 * 16 + a->naddress4 * 4);
}
