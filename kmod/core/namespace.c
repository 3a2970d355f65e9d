// SPDX-License-Identifier: GPL-2.0
#include "core/array.h"
#include "core/hash.h"
#include "core/namespace.h"
#include "core/world.h"

/**
 * netpol_name_hash() - hash of the name of a pod or policy in its namespace
 * @ns: namespace
 * @name: name
 *
 * Return: the keyed hash.
 */
u32 netpol_name_hash(const struct netpol_ns *ns, struct netpol_text name)
{
	return netpol_hash(name.data, name.length) ^ ns->interned.hash * 0x9e3779b1u;
}

/* The namespace of this name, without a new reference, or NULL. World locked. */
struct netpol_ns *netpol_ns_find(struct netpol_world *world, struct netpol_text name)
{
	u32 hash = netpol_hash(name.data, name.length);
	struct netpol_ns *ns;

	hlist_for_each_entry(ns, netpol_intern_chain(&world->ns_names, hash),
			     interned.node)
		if (ns->interned.hash == hash && ns->length == name.length &&
		    !memcmp(ns->name, name.data, name.length))
			return ns;
	return NULL;
}

/* Finds a number that no namespace has, and makes world->ns reach to it. */
static int ns_number(struct netpol_world *world, u32 *number)
{
	for (*number = world->ns_hint; *number < world->ns_size; (*number)++)
		if (!world->ns[*number])
			return 0;
	return netpol_array_reserve((void **)&world->ns, world->ns_size, &world->ns_size,
				    max(64u, *number + 1), sizeof(*world->ns));
}

/**
 * netpol_ns_get() - find or make the namespace of this name
 * @world: world, locked
 * @name: name
 *
 * Return: the namespace with one more reference, or NULL without memory.
 */
struct netpol_ns *netpol_ns_get(struct netpol_world *world, struct netpol_text name)
{
	struct netpol_ns *ns = netpol_ns_find(world, name);
	u32 number;

	if (ns)
		return netpol_ns_hold(ns);
	if (ns_number(world, &number))
		return NULL;
	ns = netpol_alloc(sizeof(*ns) + name.length + 1);
	if (!ns)
		return NULL;
	memcpy(ns->name, name.data, name.length);
	ns->length = name.length;
	ns->number = number;
	INIT_LIST_HEAD(&ns->policies);
	INIT_LIST_HEAD(&ns->fresh);
	world->ns[number] = ns;
	world->ns_hint = number + 1;
	netpol_intern_add(&world->ns_names, &ns->interned,
			  netpol_hash(name.data, name.length));
	return ns;
}

/* Gives a reference back; the last one frees the namespace. World locked. */
void netpol_ns_put(struct netpol_world *world, struct netpol_ns *ns)
{
	if (--ns->interned.refs)
		return;
	netpol_intern_remove(&world->ns_names, &ns->interned);
	world->ns[ns->number] = NULL;
	world->ns_hint = min(world->ns_hint, ns->number);
	netpol_ns_set_labels(world, ns, NULL);
	WARN_ON_ONCE(!list_empty(&ns->policies) || !list_empty(&ns->fresh));
	netpol_idset_free(&ns->identities);
	netpol_free(ns->blocks);
	netpol_free(ns);
}

/* Takes a namespace out of the sets of its labels and of loaded namespaces. */
static void ns_unpost(struct netpol_world *world, struct netpol_ns *ns,
		      const struct netpol_labels *labels)
{
	u32 i;

	for (i = 0; i < labels->count; i++) {
		netpol_idset_del(&labels->label[i]->namespaces, ns->number);
		netpol_idset_del(&labels->label[i]->key->namespaces, ns->number);
	}
	netpol_idset_del(&world->loaded_namespaces, ns->number);
	netpol_idset_and_not(&world->loaded_identities, &ns->identities);
}

/* Puts a namespace into the sets of its labels and of loaded namespaces. 0 or -ENOMEM. */
static int ns_post(struct netpol_world *world, struct netpol_ns *ns,
		   const struct netpol_labels *labels)
{
	int error;
	u32 i;

	for (i = 0; i < labels->count; i++) {
		error = netpol_idset_add(&labels->label[i]->namespaces, ns->number);
		if (!error)
			error = netpol_idset_add(&labels->label[i]->key->namespaces,
						 ns->number);
		if (error)
			return error;
	}
	error = netpol_idset_add(&world->loaded_namespaces, ns->number);
	if (!error)
		error = netpol_idset_or(&world->loaded_identities, &ns->identities);
	return error;
}

/**
 * netpol_ns_set_labels() - give a namespace its labels, or mark it as not loaded
 * @world: world, locked
 * @ns: namespace
 * @labels: new labels, of which a reference is taken; NULL: the namespace is not loaded
 *
 * Return: 0, or -ENOMEM, after which the namespace is not loaded. Cannot fail with NULL, nor
 * with the labels that the namespace had before, because sets keep their room.
 */
int netpol_ns_set_labels(struct netpol_world *world, struct netpol_ns *ns,
			 struct netpol_labels *labels)
{
	struct netpol_labels *old = ns->labels;
	int error = 0;

	if (labels)
		netpol_labels_hold(labels);
	ns->labels = NULL;
	if (old)
		ns_unpost(world, ns, old);
	if (labels) {
		error = ns_post(world, ns, labels);
		if (error) {
			ns_unpost(world, ns, labels);
			netpol_labels_put(world, labels);
		} else {
			ns->labels = labels;
		}
	}
	if (old)
		netpol_labels_put(world, old);
	return error;
}

/**
 * netpol_namespace_create() - make a Namespace object
 * @world: world, locked
 * @name: name
 * @labels: labels
 * @nlabels: how many
 *
 * Return: the object, owned by the caller; -ENOMEM; -EEXIST for a key given twice.
 */
struct netpol_namespace *netpol_namespace_create(struct netpol_world *world,
						 struct netpol_text name,
						 const struct netpol_label_text *labels,
						 u32 nlabels)
{
	struct netpol_namespace *namespace;
	struct netpol_labels *set;

	set = netpol_labels_get(world, labels, nlabels);
	if (IS_ERR(set))
		return ERR_CAST(set);
	namespace = netpol_alloc(sizeof(*namespace));
	if (!namespace)
		goto put_labels;
	namespace->ns = netpol_ns_get(world, name);
	if (!namespace->ns)
		goto free;
	namespace->labels = set;
	namespace->hash = namespace->ns->interned.hash;
	return namespace;
free:
	netpol_free(namespace);
put_labels:
	netpol_labels_put(world, set);
	return ERR_PTR(-ENOMEM);
}

/* Frees a Namespace object that nobody can see any more. */
void netpol_namespace_free(struct netpol_world *world,
			   struct netpol_namespace *namespace)
{
	netpol_labels_put(world, namespace->labels);
	netpol_ns_put(world, namespace->ns);
	netpol_free(namespace);
}
