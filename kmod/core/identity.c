// SPDX-License-Identifier: GPL-2.0
#include "core/array.h"
#include "core/identity.h"
#include "core/world.h"

/*
 * Hash of a namespace, a label set and named ports. It mixes their hashes, which are keyed, so
 * that nobody who could choose a colliding combination knows them.
 */
static u32 kind_hash(const struct netpol_ns *ns, const struct netpol_labels *labels,
		     const struct netpol_ports *ports)
{
	u32 hash = ns->interned.hash * 0x9e3779b1u ^ labels->interned.hash;

	return ports ? hash * 0x85ebca6bu ^ ports->interned.hash : hash;
}

/* Finds a number that no template has, and makes world->template reach to it. */
static int template_number(struct netpol_world *world, u32 *number)
{
	for (*number = world->template_hint; *number < world->template_size; (*number)++)
		if (!world->template[*number])
			return 0;
	return netpol_array_reserve((void **)&world->template, world->template_size,
				    &world->template_size, max(64u, *number + 1),
				    sizeof(*world->template));
}

/* Takes a template out of the sets of its keys, and gives its number back. */
static void template_unpost(struct netpol_world *world, struct netpol_template *template)
{
	u32 i;

	for (i = 0; i < template->labels->count; i++)
		netpol_idset_del(&template->labels->label[i]->key->templates,
				 template->number);
	world->template[template->number] = NULL;
	world->template_hint = min(world->template_hint, template->number);
}

/* Gives a template its number, and puts it into the sets of its keys. Return: 0 or -ENOMEM. */
static int template_post(struct netpol_world *world, struct netpol_template *template)
{
	int error = template_number(world, &template->number);
	u32 i;

	if (error)
		return error;
	world->template[template->number] = template;
	world->template_hint = template->number + 1;
	for (i = 0; !error && i < template->labels->count; i++)
		error = netpol_idset_add(&template->labels->label[i]->key->templates,
					 template->number);
	if (error)
		template_unpost(world, template);
	return error;
}

/**
 * netpol_template_get() - find or make the template of a namespace, labels and ports
 * @world: world, locked
 * @ns: namespace; a reference is taken
 * @labels: full label set; a reference is taken
 * @ports: named ports or NULL; a reference is taken
 *
 * Return: the template with one more reference, or NULL without memory.
 */
struct netpol_template *netpol_template_get(struct netpol_world *world,
					    struct netpol_ns *ns,
					    struct netpol_labels *labels,
					    struct netpol_ports *ports)
{
	u32 hash = kind_hash(ns, labels, ports);
	struct netpol_template *template;

	hlist_for_each_entry(template, netpol_intern_chain(&world->templates, hash),
			     interned.node) {
		if (template->ns == ns && template->labels == labels &&
		    template->ports == ports) {
			template->interned.refs++;
			return template;
		}
	}
	template = netpol_alloc(sizeof(*template));
	if (!template)
		return NULL;
	template->labels = labels;
	if (template_post(world, template)) {
		netpol_free(template);
		return NULL;
	}
	netpol_labels_hold(labels);
	template->ns = netpol_ns_hold(ns);
	template->ports = netpol_ports_hold(ports);
	netpol_intern_add(&world->templates, &template->interned, hash);
	return template;
}

/* Gives a reference back; the last one frees the template. World locked. */
void netpol_template_put(struct netpol_world *world, struct netpol_template *template)
{
	if (--template->interned.refs)
		return;
	netpol_intern_remove(&world->templates, &template->interned);
	template_unpost(world, template);
	if (template->identity)
		netpol_identity_put(world, template->identity);
	netpol_ports_put(world, template->ports);
	netpol_labels_put(world, template->labels);
	netpol_ns_put(world, template->ns);
	netpol_free(template);
}

/* Makes world->identity and world->blocks reach to @block. Return: 0 or -ENOMEM. */
static int blocks_reserve(struct netpol_world *world, u32 block)
{
	u32 size = max(64u, world->nblocks * 2);
	struct netpol_identity **identity;
	struct netpol_ns **blocks;

	if (block < world->nblocks)
		return 0;
	size = max(size, block + 1);
	identity = netpol_alloc_array((size_t)size * NETPOL_IDENTITY_BLOCK,
				      sizeof(*identity));
	blocks = netpol_alloc_array(size, sizeof(*blocks));
	if (!identity || !blocks) {
		netpol_free(identity);
		netpol_free(blocks);
		return -ENOMEM;
	}
	if (world->nblocks) {
		memcpy(identity, world->identity, (size_t)world->nblocks *
		       NETPOL_IDENTITY_BLOCK * sizeof(*identity));
		memcpy(blocks, world->blocks, world->nblocks * sizeof(*blocks));
	}
	netpol_free(world->identity);
	netpol_free(world->blocks);
	world->identity = identity;
	world->blocks = blocks;
	world->nblocks = size;
	return 0;
}

/*
 * Gives a namespace one more block: the one after its last if that is free, so that the numbers
 * of the namespace stay close together, else the first free one. Return: 0, -ENOMEM or -ENOSPC.
 */
static int block_take(struct netpol_world *world, struct netpol_ns *ns)
{
	u32 block = ns->nblocks ? ns->blocks[ns->nblocks - 1] + 1 : 0;
	int error;

	if (!block || block >= world->nblocks || world->blocks[block]) {
		block = max(world->block_hint, 1u);
		while (block < world->nblocks && world->blocks[block])
			block++;
		world->block_hint = block;
	}
	if (block >= world->limit[NETPOL_LIMIT_IDENTITIES] / NETPOL_IDENTITY_BLOCK)
		return -ENOSPC;
	error = blocks_reserve(world, block);
	if (error)
		return error;
	error = netpol_array_reserve((void **)&ns->blocks, ns->nblocks, &ns->sblocks,
				     ns->nblocks + 1, sizeof(*ns->blocks));
	if (error)
		return error;
	ns->blocks[ns->nblocks++] = block;
	world->blocks[block] = ns;
	return 0;
}

/* Finds a free number in a block. Return: false if there is none. */
static bool block_number(struct netpol_world *world, u32 block, u32 *number)
{
	for (*number = block * NETPOL_IDENTITY_BLOCK;
	     *number < (block + 1) * NETPOL_IDENTITY_BLOCK; (*number)++)
		if (!world->identity[*number])
			return true;
	return false;
}

/* Finds a free number for an identity of a namespace. Return: 0, -ENOMEM or -ENOSPC. */
static int identity_number(struct netpol_world *world, struct netpol_ns *ns, u32 *number)
{
	int error;

	for (; ns->first_block < ns->nblocks; ns->first_block++)
		if (block_number(world, ns->blocks[ns->first_block], number))
			return 0;
	error = block_take(world, ns);
	if (error)
		return error;
	block_number(world, ns->blocks[ns->nblocks - 1], number);
	return 0;
}

/* A number of a block has become free. A block whose numbers are all free is given back. */
static void block_release(struct netpol_world *world, struct netpol_ns *ns, u32 block)
{
	u32 i, used = 0;

	for (i = 0; i < NETPOL_IDENTITY_BLOCK; i++)
		used += !!world->identity[block * NETPOL_IDENTITY_BLOCK + i];
	/* @first_block may have passed this block only if it was full before */
	if (used && used < NETPOL_IDENTITY_BLOCK - 1)
		return;
	for (i = 0; ns->blocks[i] != block; i++)
		;
	ns->first_block = min(ns->first_block, i);
	if (used)
		return;
	ns->nblocks--;
	memmove(&ns->blocks[i], &ns->blocks[i + 1],
		(ns->nblocks - i) * sizeof(*ns->blocks));
	world->blocks[block] = NULL;
	world->block_hint = min(world->block_hint, block);
}

/*
 * Takes an identity out of the sets of its labels, keys and namespace. The sets of peers keep its
 * number, because there may be very many; see netpol_derive_peers().
 */
static void identity_unpost(struct netpol_world *world, struct netpol_identity *identity)
{
	u32 i;

	for (i = 0; i < identity->labels->count; i++) {
		struct netpol_label *label = identity->labels->label[i];

		netpol_idset_del(&label->identities, identity->number);
		netpol_idset_del(&label->key->identities, identity->number);
	}
	netpol_idset_del(&identity->ns->identities, identity->number);
	netpol_idset_del(&world->loaded_identities, identity->number);
}

/* Puts an identity into the sets of its labels, keys and namespace. Return: 0 or -ENOMEM. */
static int identity_post(struct netpol_world *world, struct netpol_identity *identity)
{
	int error;
	u32 i;

	for (i = 0; i < identity->labels->count; i++) {
		struct netpol_label *label = identity->labels->label[i];

		error = netpol_idset_add(&label->identities, identity->number);
		if (!error)
			error = netpol_idset_add(&label->key->identities,
						 identity->number);
		if (error)
			return error;
	}
	error = netpol_idset_add(&identity->ns->identities, identity->number);
	if (!error && identity->ns->labels)
		error = netpol_idset_add(&world->loaded_identities, identity->number);
	return error;
}

static void identity_free(struct netpol_world *world, struct netpol_identity *identity)
{
	identity_unpost(world, identity);
	world->identity[identity->number] = NULL;
	world->nidentities--;
	block_release(world, identity->ns, identity->number / NETPOL_IDENTITY_BLOCK);
	netpol_ports_put(world, identity->ports);
	netpol_labels_put(world, identity->labels);
	netpol_ns_put(world, identity->ns);
	netpol_free(identity);
}

static struct netpol_identity *identity_create(struct netpol_world *world,
					       const struct netpol_template *template,
					       struct netpol_labels *labels, u32 hash)
{
	struct netpol_identity *identity;
	u32 number;
	int error;

	identity = netpol_alloc(sizeof(*identity));
	if (!identity)
		return ERR_PTR(-ENOMEM);
	error = identity_number(world, template->ns, &number);
	if (error) {
		netpol_free(identity);
		return ERR_PTR(error);
	}
	identity->number = number;
	identity->ns = netpol_ns_hold(template->ns);
	identity->labels = netpol_labels_hold(labels);
	identity->ports = netpol_ports_hold(template->ports);
	identity->created = world->edits;
	world->identity[number] = identity;
	world->nidentities++;
	error = identity_post(world, identity);
	if (error) {
		identity_free(world, identity);
		return ERR_PTR(error);
	}
	netpol_intern_add(&world->identities, &identity->interned, hash);
	return identity;
}

/* The identity that a template with these active labels has, without a new reference, or NULL. */
struct netpol_identity *netpol_identity_find(struct netpol_world *world,
					     const struct netpol_template *template,
					     const struct netpol_labels *labels)
{
	u32 hash = kind_hash(template->ns, labels, template->ports);
	struct netpol_identity *identity;

	hlist_for_each_entry(identity, netpol_intern_chain(&world->identities, hash),
			     interned.node)
		if (identity->ns == template->ns && identity->labels == labels &&
		    identity->ports == template->ports)
			return identity;
	return NULL;
}

/**
 * netpol_identity_get() - find or make the identity of a template, by the keys active now
 * @world: world, locked
 * @template: the template
 *
 * Return: the identity with one more reference; -ENOMEM; -ENOSPC over the limit.
 */
struct netpol_identity *netpol_identity_get(struct netpol_world *world,
					    const struct netpol_template *template)
{
	struct netpol_identity *identity;
	struct netpol_labels *labels;

	labels = netpol_labels_active(world, template->labels);
	if (!labels)
		return ERR_PTR(-ENOMEM);
	identity = netpol_identity_find(world, template, labels);
	if (identity)
		identity->interned.refs++;
	else
		identity = identity_create(world, template, labels,
					   kind_hash(template->ns, labels, template->ports));
	netpol_labels_put(world, labels);
	return identity;
}

static bool labels_have(const struct netpol_labels *labels, const struct netpol_label *label)
{
	return netpol_labels_find(labels, label->key) == label;
}

/* Takes an identity out of the sets of the labels that it has and @other lacks. */
static void labels_unpost(struct netpol_identity *identity,
			  const struct netpol_labels *labels,
			  const struct netpol_labels *other)
{
	u32 i;

	for (i = 0; i < labels->count; i++) {
		struct netpol_label *label = labels->label[i];

		if (labels_have(other, label))
			continue;
		netpol_idset_del(&label->identities, identity->number);
		netpol_idset_del(&label->key->identities, identity->number);
	}
}

/**
 * netpol_identity_rename() - give an identity other labels, as other keys are active now
 * @world: world, locked
 * @identity: identity; it keeps its number
 * @labels: its labels from now on, which no identity of its namespace and ports has; or, to undo
 *	that, the labels that it had before
 *
 * Return: 0; -ENOMEM with nothing changed. To undo cannot fail.
 */
int netpol_identity_rename(struct netpol_world *world, struct netpol_identity *identity,
			   struct netpol_labels *labels)
{
	struct netpol_labels *old = identity->labels;
	int error = 0;
	u32 i;

	for (i = 0; i < labels->count && !error; i++) {
		struct netpol_label *label = labels->label[i];

		if (labels_have(old, label))
			continue;
		error = netpol_idset_add(&label->identities, identity->number);
		if (!error)
			error = netpol_idset_add(&label->key->identities,
						 identity->number);
	}
	if (error) {
		labels_unpost(identity, labels, old);
		return error;
	}
	labels_unpost(identity, old, labels);
	netpol_intern_remove(&world->identities, &identity->interned);
	identity->labels = netpol_labels_hold(labels);
	netpol_labels_put(world, old);
	netpol_intern_move(&world->identities, &identity->interned,
			   kind_hash(identity->ns, labels, identity->ports));
	return 0;
}

/* Gives a reference back; the last one frees the identity and its number. World locked. */
void netpol_identity_put(struct netpol_world *world, struct netpol_identity *identity)
{
	if (--identity->interned.refs)
		return;
	netpol_intern_remove(&world->identities, &identity->interned);
	identity_free(world, identity);
}
