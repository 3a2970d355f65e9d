// SPDX-License-Identifier: GPL-2.0
#include "core/hash.h"
#include "core/label.h"
#include "core/world.h"

static bool text_equal(struct netpol_text text, const char *data, u32 length)
{
	return text.length == length && !memcmp(text.data, data, length);
}

/**
 * netpol_key_get() - find or make the key of this name
 * @world: world, locked
 * @name: the name
 *
 * Return: the key with one more reference, or NULL without memory.
 */
struct netpol_key *netpol_key_get(struct netpol_world *world, struct netpol_text name)
{
	u32 hash = netpol_hash(name.data, name.length);
	struct netpol_key *key;

	hlist_for_each_entry(key, netpol_intern_chain(&world->keys, hash),
			     interned.node) {
		if (key->interned.hash == hash &&
		    text_equal(name, key->name, key->length)) {
			key->interned.refs++;
			return key;
		}
	}
	key = netpol_alloc(sizeof(*key) + name.length + 1);
	if (!key)
		return NULL;
	memcpy(key->name, name.data, name.length);
	key->length = name.length;
	key->serial = ++world->serial;
	netpol_intern_add(&world->keys, &key->interned, hash);
	return key;
}

/* Gives a reference back; the last one frees the key. World locked. */
void netpol_key_put(struct netpol_world *world, struct netpol_key *key)
{
	if (--key->interned.refs)
		return;
	netpol_intern_remove(&world->keys, &key->interned);
	netpol_idset_free(&key->identities);
	netpol_idset_free(&key->namespaces);
	netpol_idset_free(&key->templates);
	netpol_free(key);
}

/**
 * netpol_label_get() - find or make the label of this key and value
 * @world: world, locked
 * @key_name: key
 * @value: value
 *
 * Return: the label with one more reference, or NULL without memory.
 */
struct netpol_label *netpol_label_get(struct netpol_world *world,
				      struct netpol_text key_name,
				      struct netpol_text value)
{
	struct netpol_key *key = netpol_key_get(world, key_name);
	struct netpol_label *label;
	u32 hash;

	if (!key)
		return NULL;
	hash = netpol_hash(value.data, value.length) ^ (u32)key->serial * 0x9e3779b1u;
	hlist_for_each_entry(label, netpol_intern_chain(&world->labels, hash),
			     interned.node) {
		if (label->key == key &&
		    text_equal(value, label->value, label->length)) {
			netpol_key_put(world, key);
			label->interned.refs++;
			return label;
		}
	}
	label = netpol_alloc(sizeof(*label) + value.length + 1);
	if (!label) {
		netpol_key_put(world, key);
		return NULL;
	}
	memcpy(label->value, value.data, value.length);
	label->length = value.length;
	label->key = key;
	label->serial = ++world->serial;
	netpol_intern_add(&world->labels, &label->interned, hash);
	return label;
}

/* Gives a reference back; the last one frees the label. World locked. */
void netpol_label_put(struct netpol_world *world, struct netpol_label *label)
{
	if (--label->interned.refs)
		return;
	netpol_intern_remove(&world->labels, &label->interned);
	netpol_key_put(world, label->key);
	netpol_idset_free(&label->identities);
	netpol_idset_free(&label->namespaces);
	netpol_free(label);
}

static int label_order(const void *a, const void *b)
{
	const struct netpol_label *left = *(struct netpol_label * const *)a;
	const struct netpol_label *right = *(struct netpol_label * const *)b;

	if (left->key->serial != right->key->serial)
		return left->key->serial < right->key->serial ? -1 : 1;
	return left->serial < right->serial ? -1 : left->serial > right->serial;
}

/* The interned set of these sorted labels, without a new reference, or NULL. */
static struct netpol_labels *labels_find(struct netpol_world *world,
					 struct netpol_label *const *label, u32 count, u32 hash)
{
	struct netpol_labels *set;

	hlist_for_each_entry(set, netpol_intern_chain(&world->label_sets, hash),
			     interned.node)
		if (set->interned.hash == hash && set->count == count &&
		    !memcmp(set->label, label, count * sizeof(*label)))
			return set;
	return NULL;
}

/*
 * Interns a new set, whose labels are sorted and hold one reference each. If there is an equal
 * set, @set is freed. Returns the interned set with one more reference; cannot fail.
 */
static struct netpol_labels *labels_intern(struct netpol_world *world,
					   struct netpol_labels *set)
{
	u32 hash = netpol_hash(set->label, set->count * sizeof(*set->label));
	struct netpol_labels *old = labels_find(world, set->label, set->count, hash);
	u32 i;

	if (!old) {
		netpol_intern_add(&world->label_sets, &set->interned, hash);
		return set;
	}
	for (i = 0; i < set->count; i++)
		netpol_label_put(world, set->label[i]);
	netpol_free(set);
	return netpol_labels_hold(old);
}

/**
 * netpol_labels_get() - find or make the set of these labels
 * @world: world, locked
 * @text: labels in any order
 * @count: how many
 *
 * Return: the set with one more reference; -ENOMEM; -EEXIST if two labels have one key.
 */
struct netpol_labels *netpol_labels_get(struct netpol_world *world,
					const struct netpol_label_text *text,
					u32 count)
{
	struct netpol_labels *set;
	int error = -ENOMEM;
	u32 i;

	set = netpol_alloc(struct_size(set, label, count));
	if (!set)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < count; i++) {
		set->label[i] = netpol_label_get(world, text[i].key, text[i].value);
		if (!set->label[i])
			goto fail;
		set->count++;
	}
	sort(set->label, count, sizeof(*set->label), label_order, NULL);
	error = -EEXIST;
	for (i = 1; i < count; i++)
		if (set->label[i]->key == set->label[i - 1]->key)
			goto fail;
	return labels_intern(world, set);
fail:
	for (i = 0; i < set->count; i++)
		netpol_label_put(world, set->label[i]);
	netpol_free(set);
	return ERR_PTR(error);
}

/* Makes room in world->active_label for @count labels. Return: 0 or -ENOMEM. */
static int active_reserve(struct netpol_world *world, u32 count)
{
	struct netpol_label **larger;

	if (world->active_label && count <= world->active_size)
		return 0;
	count = roundup_pow_of_two(max_t(u32, 16, count));
	larger = netpol_alloc_array(count, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	netpol_free(world->active_label);
	world->active_label = larger;
	world->active_size = count;
	return 0;
}

/**
 * netpol_labels_active() - find or make the set of the labels that have active keys
 * @world: world, locked
 * @labels: a full label set
 *
 * Return: the set of those of @labels whose keys are active, with one more reference, or NULL
 * without memory.
 */
struct netpol_labels *netpol_labels_active(struct netpol_world *world,
					   const struct netpol_labels *labels)
{
	struct netpol_labels *set;
	u32 i, hash, count = 0;

	if (active_reserve(world, labels->count))
		return NULL;
	/* the set nearly always exists, so it is looked up before memory is allocated for it */
	for (i = 0; i < labels->count; i++)
		if (labels->label[i]->key->active)
			world->active_label[count++] = labels->label[i];
	hash = netpol_hash(world->active_label, count * sizeof(*world->active_label));
	set = labels_find(world, world->active_label, count, hash);
	if (set)
		return netpol_labels_hold(set);
	set = netpol_alloc(struct_size(set, label, count));
	if (!set)
		return NULL;
	for (i = 0; i < count; i++) {
		set->label[i] = world->active_label[i];
		set->label[i]->interned.refs++;
	}
	set->count = count;
	netpol_intern_add(&world->label_sets, &set->interned, hash);
	return set;
}

/* Gives a reference back; the last one frees the set. World locked. */
void netpol_labels_put(struct netpol_world *world, struct netpol_labels *labels)
{
	u32 i;

	if (--labels->interned.refs)
		return;
	netpol_intern_remove(&world->label_sets, &labels->interned);
	for (i = 0; i < labels->count; i++)
		netpol_label_put(world, labels->label[i]);
	netpol_free(labels);
}

/* The label of a set that has this key, without a new reference, or NULL. */
struct netpol_label *netpol_labels_find(const struct netpol_labels *labels,
					const struct netpol_key *key)
{
	u32 low = 0, high = labels->count;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (labels->label[middle]->key == key)
			return labels->label[middle];
		if (labels->label[middle]->key->serial < key->serial)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Finds or makes a port name. Returns it with one more reference; NULL without memory. */
struct netpol_port_name *netpol_port_name_get(struct netpol_world *world,
					      struct netpol_text text)
{
	u32 hash = netpol_hash(text.data, text.length);
	struct netpol_port_name *name;

	hlist_for_each_entry(name, netpol_intern_chain(&world->port_names, hash),
			     interned.node) {
		if (name->interned.hash == hash &&
		    text_equal(text, name->name, strlen(name->name))) {
			name->interned.refs++;
			return name;
		}
	}
	name = netpol_alloc(sizeof(*name) + text.length + 1);
	if (!name)
		return NULL;
	memcpy(name->name, text.data, text.length);
	netpol_intern_add(&world->port_names, &name->interned, hash);
	return name;
}

/* Gives a reference back; the last one frees the name. World locked. */
void netpol_port_name_put(struct netpol_world *world, struct netpol_port_name *name)
{
	if (--name->interned.refs)
		return;
	netpol_intern_remove(&world->port_names, &name->interned);
	netpol_free(name);
}

static int port_order(const void *a, const void *b)
{
	const struct netpol_named_port *left = a, *right = b;

	if (left->protocol != right->protocol)
		return left->protocol - right->protocol;
	if (left->port != right->port)
		return left->port - right->port;
	return left->name < right->name ? -1 : left->name > right->name;
}

static void ports_free(struct netpol_world *world, struct netpol_ports *ports)
{
	u32 i;

	for (i = 0; i < ports->count; i++)
		netpol_port_name_put(world, ports->port[i].name);
	netpol_free(ports);
}

/* Chains keyed hashes over all ports, because tenants choose the numbers as they like. */
static u32 ports_hash(const struct netpol_ports *ports)
{
	u64 part[2] = { 0, 0 };
	u32 i;

	for (i = 0; i < ports->count; i++) {
		const struct netpol_named_port *port = &ports->port[i];

		part[1] = (u64)port->name->interned.hash << 32 | (u32)port->port << 8 |
			  port->protocol;
		part[0] = netpol_hash(part, sizeof(part));
	}
	return part[0];
}

static bool ports_equal(const struct netpol_ports *a, const struct netpol_ports *b)
{
	u32 i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (port_order(&a->port[i], &b->port[i]))
			return false;
	return true;
}

/**
 * netpol_ports_get() - find or make the set of these named ports
 * @world: world, locked
 * @text: ports in any order; repeated ones count once
 * @count: how many
 *
 * Return: the set with one more reference; NULL for no ports; -ENOMEM.
 */
struct netpol_ports *netpol_ports_get(struct netpol_world *world,
				      const struct netpol_port_text *text, u32 count)
{
	struct netpol_ports *ports, *old;
	u32 i, at = 0, hash;

	if (!count)
		return NULL;
	ports = netpol_alloc(struct_size(ports, port, count));
	if (!ports)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < count; i++) {
		struct netpol_named_port *port = &ports->port[i];

		port->name = netpol_port_name_get(world, text[i].name);
		if (!port->name) {
			ports_free(world, ports);
			return ERR_PTR(-ENOMEM);
		}
		port->port = text[i].port;
		port->protocol = text[i].protocol;
		ports->count++;
	}
	sort(ports->port, count, sizeof(*ports->port), port_order, NULL);
	for (i = 0; i < count; i++) {
		if (at && !port_order(&ports->port[at - 1], &ports->port[i])) {
			netpol_port_name_put(world, ports->port[i].name);
			continue;
		}
		ports->port[at++] = ports->port[i];
	}
	ports->count = at;
	hash = ports_hash(ports);
	hlist_for_each_entry(old, netpol_intern_chain(&world->port_sets, hash),
			     interned.node) {
		if (old->interned.hash == hash && ports_equal(old, ports)) {
			ports_free(world, ports);
			return netpol_ports_hold(old);
		}
	}
	netpol_intern_add(&world->port_sets, &ports->interned, hash);
	return ports;
}

/* Gives a reference back; the last one frees the set. NULL is no ports. World locked. */
void netpol_ports_put(struct netpol_world *world, struct netpol_ports *ports)
{
	if (!ports || --ports->interned.refs)
		return;
	netpol_intern_remove(&world->port_sets, &ports->interned);
	ports_free(world, ports);
}
