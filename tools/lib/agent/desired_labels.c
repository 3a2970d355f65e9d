// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The label sets of the desired state.
 */
#include "agent/desired_labels.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/loop.h"

#define NP_LABELS_BREATHE	256

/* A key, value or port name. Those who use it point to the member text. */
struct np_shared_text {
	uint32_t hash;
	uint32_t refs;
	char text[];
};

static bool np_shared_text_match(const void *record, const void *key)
{
	return !strcmp(((const struct np_shared_text *)record)->text, key);
}

static const char *np_shared_text_get(struct np_desired_label_sets *all, const char *text)
{
	size_t len = strlen(text);
	uint32_t hash = np_hash_bytes(0, text, len);
	struct np_shared_text *found = np_hash_find(&all->texts, hash, np_shared_text_match, text);

	if (!found) {
		found = np_xmalloc(sizeof(*found) + len + 1);
		found->hash = hash;
		found->refs = 0;
		memcpy(found->text, text, len + 1);
		np_hash_add(&all->texts, found);
	}
	found->refs++;
	return found->text;
}

static void np_shared_text_put(struct np_desired_label_sets *all, const char *text)
{
	struct np_shared_text *record =
		(struct np_shared_text *)(text - offsetof(struct np_shared_text, text));

	if (--record->refs)
		return;
	np_hash_remove(&all->texts, record);
	free(record);
}

struct np_desired_labels_key {
	size_t *charged;
	const struct np_labels *labels;
	const struct np_named_port *port;
	uint32_t port_count;
};

static bool np_desired_labels_match(const void *record, const void *key)
{
	const struct np_desired_labels *have = record;
	const struct np_desired_labels_key *want = key;
	uint32_t i;

	if (have->charged != want->charged || have->label_count != want->labels->count ||
	    have->port_count != want->port_count)
		return false;
	for (i = 0; i < have->label_count; i++)
		if (strcmp(have->label[i].key, want->labels->item[i].key) ||
		    strcmp(have->label[i].value, want->labels->item[i].value))
			return false;
	for (i = 0; i < have->port_count; i++)
		if (strcmp(have->port[i].name, want->port[i].name) ||
		    have->port[i].number != want->port[i].number ||
		    have->port[i].protocol != want->port[i].protocol)
			return false;
	return true;
}

static uint32_t np_desired_labels_hash(const struct np_desired_labels_key *key)
{
	uint32_t hash = np_hash_bytes(key->labels->count, &key->charged, sizeof(key->charged)), i;
	const struct np_label *label;

	for (i = 0; i < key->labels->count; i++) {
		label = &key->labels->item[i];
		hash = np_hash_bytes(hash, label->key, strlen(label->key));
		hash = np_hash_bytes(hash, label->value, strlen(label->value));
		if (!(i % NP_LABELS_BREATHE))
			np_breathe();
	}
	for (i = 0; i < key->port_count; i++) {
		hash = np_hash_bytes(hash, key->port[i].name, strlen(key->port[i].name));
		hash = np_hash_bytes(hash, &key->port[i].number, sizeof(key->port[i].number));
	}
	return hash;
}

/* What a text takes besides its bytes: its head, that of the allocator, its place in the table. */
#define NP_TEXT_BYTES	(sizeof(struct np_shared_text) + 32)

/* Every text counts, although other label sets may have it too. */
static size_t np_desired_labels_bytes(const struct np_desired_labels_key *key)
{
	size_t bytes = sizeof(struct np_desired_labels);
	uint32_t i;

	for (i = 0; i < key->labels->count; i++)
		bytes += sizeof(key->labels->item[i]) + 2 * NP_TEXT_BYTES +
			 strlen(key->labels->item[i].key) + strlen(key->labels->item[i].value);
	for (i = 0; i < key->port_count; i++)
		bytes += sizeof(key->port[i]) + NP_TEXT_BYTES + strlen(key->port[i].name);
	return bytes;
}

const char *np_desired_labels_large(const struct np_labels *labels,
				    const struct np_named_port *port, uint32_t port_count)
{
	const struct np_desired_labels_key key = {
		.labels = labels, .port = port, .port_count = port_count,
	};

	return np_desired_labels_bytes(&key) > NP_LABEL_BYTES_OBJECT ?
	       "its labels and named ports take too much memory" : NULL;
}

const char *np_desired_labels_refused(const struct np_desired_label_sets *all, size_t *charged,
				      const struct np_desired_labels *old,
				      const struct np_labels *labels,
				      const struct np_named_port *port, uint32_t port_count)
{
	struct np_desired_labels_key key = { charged, labels, port, port_count };
	size_t less = old && old->refs == 1 ? old->bytes : 0;
	const char *large = np_desired_labels_large(labels, port, port_count);
	size_t more = np_desired_labels_bytes(&key), share;

	if (large)
		return large;
	if (np_hash_find(&all->sets, np_desired_labels_hash(&key), np_desired_labels_match, &key))
		return NULL;
	share = *charged - less + more;
	if (share > NP_LABEL_BYTES_SHARE ||
	    (share > NP_LABEL_BYTES_LOW && all->bytes - less + more > NP_LABEL_BYTES_ALL))
		return "the labels of this namespace and its pods take too much memory";
	return NULL;
}

struct np_desired_labels *np_desired_labels_get(struct np_desired_label_sets *all, size_t *charged,
						const struct np_labels *labels,
						const struct np_named_port *port,
						uint32_t port_count)
{
	struct np_desired_labels_key key = { charged, labels, port, port_count };
	uint32_t hash = np_desired_labels_hash(&key), i;
	struct np_desired_labels *set;

	set = np_hash_find(&all->sets, hash, np_desired_labels_match, &key);
	if (set) {
		set->refs++;
		return set;
	}
	set = np_xcalloc(1, sizeof(*set) + labels->count * sizeof(set->label[0]) +
			 port_count * sizeof(set->port[0]));
	set->hash = hash;
	set->refs = 1;
	set->bytes = np_desired_labels_bytes(&key);
	set->charged = charged;
	*charged += set->bytes;
	all->bytes += set->bytes;
	set->label_count = labels->count;
	set->port_count = port_count;
	set->port = (struct np_named_port *)&set->label[labels->count];
	for (i = 0; i < labels->count; i++) {
		set->label[i].key = np_shared_text_get(all, labels->item[i].key);
		set->label[i].value = np_shared_text_get(all, labels->item[i].value);
		np_breathe();
	}
	for (i = 0; i < port_count; i++) {
		set->port[i] = port[i];
		set->port[i].name = np_shared_text_get(all, port[i].name);
	}
	np_hash_add(&all->sets, set);
	return set;
}

void np_desired_labels_put(struct np_desired_label_sets *all, struct np_desired_labels *labels)
{
	uint32_t i;

	if (!labels || --labels->refs)
		return;
	*labels->charged -= labels->bytes;
	all->bytes -= labels->bytes;
	for (i = 0; i < labels->label_count; i++) {
		np_shared_text_put(all, labels->label[i].key);
		np_shared_text_put(all, labels->label[i].value);
		np_breathe();
	}
	for (i = 0; i < labels->port_count; i++)
		np_shared_text_put(all, labels->port[i].name);
	np_hash_remove(&all->sets, labels);
	free(labels);
}

void np_desired_labels_free(struct np_desired_label_sets *all)
{
	np_hash_free_records(&all->sets);
	np_hash_free_records(&all->texts);
}
