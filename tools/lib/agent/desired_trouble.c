// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects that are not enforced as they are.
 */
#include "agent/desired_trouble.h"

#include <stdlib.h>
#include <string.h>

struct np_trouble_key {
	uint8_t object;
	const char *namespace;
	const char *name;
};

static bool np_trouble_match(const void *record, const void *key)
{
	const struct np_trouble *trouble = record;
	const struct np_trouble_key *want = key;

	return trouble->object == want->object && !strcmp(trouble->name, want->name) &&
	       !strcmp(trouble->namespace, want->namespace);
}

static struct np_trouble *np_trouble_find(struct np_desired *d, uint8_t object,
					  const char *namespace, const char *name,
					  uint32_t *hash)
{
	struct np_trouble_key key = { object, namespace, name };

	*hash = np_hash_bytes(object, namespace, strlen(namespace));
	*hash = np_hash_bytes(*hash, name, strlen(name));
	return np_hash_find(&d->troubles, *hash, np_trouble_match, &key);
}

void np_trouble_clear(struct np_desired *d, uint8_t object, const char *namespace,
		      const char *name)
{
	struct np_trouble *trouble;
	uint32_t hash;

	if (!d->troubles.count)
		return;
	trouble = np_trouble_find(d, object, namespace, name, &hash);
	if (!trouble)
		return;
	np_hash_remove(&d->troubles, trouble);
	free(trouble);
}

void np_trouble_set(struct np_desired *d, uint8_t object, const char *namespace,
		    const char *name, enum np_trouble_kind kind, bool refused,
		    const char *reason)
{
	size_t a = strlen(namespace) + 1, b = strlen(name) + 1, c = strlen(reason) + 1;
	struct np_trouble *trouble;
	uint32_t hash;

	trouble = np_trouble_find(d, object, namespace, name, &hash);
	if (trouble) {
		np_hash_remove(&d->troubles, trouble);
		free(trouble);
	}
	if (d->troubles.count >= NP_TROUBLES_MAX)
		return;
	trouble = np_xmalloc(sizeof(*trouble) + a + b + c);
	trouble->hash = hash;
	trouble->object = object;
	trouble->kind = kind;
	trouble->refused = refused;
	trouble->epoch = d->epoch[np_desired_kind(object, namespace)];
	memcpy(trouble->text, namespace, a);
	memcpy(trouble->text + a, name, b);
	memcpy(trouble->text + a + b, reason, c);
	trouble->namespace = trouble->text;
	trouble->name = trouble->text + a;
	trouble->reason = trouble->text + a + b;
	np_hash_add(&d->troubles, trouble);
}

/* Removing a record moves others, so the records are collected first and removed afterwards. */
void np_troubles_sweep(struct np_desired *d, enum np_source_kind kind)
{
	struct np_trouble **unseen = NULL, *trouble;
	size_t count = 0, at = 0, i;

	while ((trouble = np_hash_next(&d->troubles, &at))) {
		if (np_desired_kind(trouble->object, trouble->namespace) != kind ||
		    trouble->refused || trouble->epoch == d->epoch[kind])
			continue;
		unseen = np_array_grow(unseen, count, sizeof(*unseen));
		unseen[count++] = trouble;
	}
	for (i = 0; i < count; i++) {
		np_hash_remove(&d->troubles, unseen[i]);
		free(unseen[i]);
	}
	free(unseen);
}
