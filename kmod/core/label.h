/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Label keys, labels (key=value), label sets, and named ports. All of them are interned: equal
 * content is one object, so that comparing pointers compares content. Every call needs the
 * world's mutex. A get() returns a reference that the caller owns and gives back by put().
 */
#ifndef NETPOL_LABEL_H
#define NETPOL_LABEL_H

#include "core/idset.h"
#include "core/intern.h"

struct netpol_world;

/**
 * struct netpol_text - characters that need not end in NUL
 * @data: the characters, not owned
 * @length: how many bytes
 */
struct netpol_text {
	const char *data;
	u32 length;
};

/* The text of a string that ends in NUL. */
#define NETPOL_TEXT(literal) ((struct netpol_text){ (literal), strlen(literal) })

/**
 * struct netpol_key - a label key
 * @interned: head
 * @serial: order among keys; never used twice
 * @namers: how often peers of loaded policies name the key
 * @active: there are such peers, as of the last edit, so that values tell identities apart
 * @identities: identities that have the key; only while it is active
 * @namespaces: loaded namespaces that have the key
 * @templates: templates whose label set has the key, whether it is active or not
 * @length: bytes of @name without the NUL
 * @name: the key, with NUL
 */
struct netpol_key {
	struct netpol_interned interned;
	u64 serial;
	u32 namers;
	bool active;
	struct netpol_idset identities;
	struct netpol_idset namespaces;
	struct netpol_idset templates;
	u32 length;
	char name[];
};

/**
 * struct netpol_label - a key and a value
 * @interned: head
 * @key: the key, one reference
 * @serial: order among labels; never used twice
 * @identities: identities that have the label; only while the key is active
 * @namespaces: loaded namespaces that have the label
 * @length: bytes of @value without the NUL
 * @value: the value, with NUL
 */
struct netpol_label {
	struct netpol_interned interned;
	struct netpol_key *key;
	u64 serial;
	struct netpol_idset identities;
	struct netpol_idset namespaces;
	u32 length;
	char value[];
};

/**
 * struct netpol_labels - a label set, in which no key occurs twice
 * @interned: head
 * @count: how many labels
 * @label: labels, sorted by the serial of the key, one reference each
 */
struct netpol_labels {
	struct netpol_interned interned;
	u32 count;
	struct netpol_label *label[];
};

/**
 * struct netpol_port_name - the name of a container port
 * @interned: head
 * @name: the name, with NUL
 */
struct netpol_port_name {
	struct netpol_interned interned;
	char name[];
};

/**
 * struct netpol_named_port - a container port that has a name
 * @name: the name, one reference
 * @port: number, host order
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 */
struct netpol_named_port {
	struct netpol_port_name *name;
	u16 port;
	u8 protocol;
};

/**
 * struct netpol_ports - the named ports of a pod; read by packets under RCU
 * @interned: head, control path only
 * @count: how many
 * @port: the ports, sorted by protocol, port and name; none twice
 */
struct netpol_ports {
	struct netpol_interned interned;
	u32 count;
	struct netpol_named_port port[];
};

/* A label as it is given to the core. */
struct netpol_label_text {
	struct netpol_text key;
	struct netpol_text value;
};

/* A named port as it is given to the core. */
struct netpol_port_text {
	struct netpol_text name;
	u16 port;
	u8 protocol;
};

struct netpol_key *netpol_key_get(struct netpol_world *world, struct netpol_text name);
void netpol_key_put(struct netpol_world *world, struct netpol_key *key);
struct netpol_label *netpol_label_get(struct netpol_world *world,
				      struct netpol_text key,
				      struct netpol_text value);
void netpol_label_put(struct netpol_world *world, struct netpol_label *label);
struct netpol_labels *netpol_labels_get(struct netpol_world *world,
					const struct netpol_label_text *text,
					u32 count);
struct netpol_labels *netpol_labels_active(struct netpol_world *world,
					   const struct netpol_labels *labels);
void netpol_labels_put(struct netpol_world *world, struct netpol_labels *labels);
struct netpol_label *netpol_labels_find(const struct netpol_labels *labels,
					const struct netpol_key *key);
struct netpol_port_name *netpol_port_name_get(struct netpol_world *world,
					      struct netpol_text name);
void netpol_port_name_put(struct netpol_world *world, struct netpol_port_name *name);
struct netpol_ports *netpol_ports_get(struct netpol_world *world,
				      const struct netpol_port_text *text, u32 count);
void netpol_ports_put(struct netpol_world *world, struct netpol_ports *ports);

/* Takes one more reference of a label set that is held. */
static inline struct netpol_labels *netpol_labels_hold(struct netpol_labels *labels)
{
	labels->interned.refs++;
	return labels;
}

/* Takes one more reference of named ports that are held; NULL is no ports. */
static inline struct netpol_ports *netpol_ports_hold(struct netpol_ports *ports)
{
	if (ports)
		ports->interned.refs++;
	return ports;
}

#endif /* NETPOL_LABEL_H */
