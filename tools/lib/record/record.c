// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flow records, found by what their packets have in common.
 */
#include "record/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"

/* A record that is looked for. */
struct np_record_wanted {
	struct np_record_key key;
	struct np_buffer text;
};

static void np_record_put(struct np_buffer *text, const char *name)
{
	np_buffer_add(text, name, strlen(name) + 1);
}

static void np_record_want(const struct np_event *event, struct np_record_wanted *wanted)
{
	struct np_record_key *key = &wanted->key;
	const struct np_policy_name *policy;
	size_t names, length;

	memset(wanted, 0, sizeof(*wanted));
	key->source = event->source.address;
	key->destination = event->destination.address;
	key->policies = event->policies;
	key->has_ports = event->has_ports;
	key->destination_port = event->has_ports ? event->destination_port : 0;
	key->protocol = event->protocol;
	key->verdict = event->verdict;
	key->direction = event->direction;
	key->reason = event->reason;
	np_record_put(&wanted->text, event->source.namespace);
	np_record_put(&wanted->text, event->source.name);
	np_record_put(&wanted->text, event->destination.namespace);
	np_record_put(&wanted->text, event->destination.name);
	names = wanted->text.len;
	for (; key->listed < event->policy_count; key->listed++) {
		policy = &event->policy[key->listed];
		length = strlen(policy->namespace) + 1 + strlen(policy->name) + 1;
		if (wanted->text.len - names + length > NP_RECORD_POLICIES)
			break;
		if (*policy->namespace) {
			np_buffer_add(&wanted->text, policy->namespace, strlen(policy->namespace));
			np_buffer_add(&wanted->text, "/", 1);
		}
		np_record_put(&wanted->text, policy->name);
	}
}

static bool np_record_match(const void *record, const void *key)
{
	const struct np_record_wanted *wanted = key;
	const struct np_record *known = record;

	return !memcmp(&known->key, &wanted->key, sizeof(known->key)) &&
	       known->length == wanted->text.len &&
	       !memcmp(known->text, wanted->text.data, known->length);
}

void np_record_add(struct np_record_table *table, const struct np_event *event)
{
	uint16_t port = event->has_ports ? event->source_port : 0;
	struct np_record_wanted wanted;
	struct np_record *record;
	uint32_t hash;

	np_record_want(event, &wanted);
	hash = np_hash_bytes(np_hash_bytes(0, &wanted.key, sizeof(wanted.key)), wanted.text.data,
			     wanted.text.len);
	record = np_hash_find(&table->hash, hash, np_record_match, &wanted);
	if (!record) {
		record = np_xcalloc(1, sizeof(*record) + wanted.text.len);
		record->hash = hash;
		record->key = wanted.key;
		record->first = event->first;
		record->last = event->time;
		record->source_port = port;
		record->length = wanted.text.len;
		memcpy(record->text, wanted.text.data, record->length);
		np_hash_add(&table->hash, record);
		table->record = np_array_grow(table->record, table->count, sizeof(*table->record));
		table->record[table->count++] = record;
	}
	np_buffer_free(&wanted.text);
	record->packets += event->count;
	if (event->first < record->first)
		record->first = event->first;
	if (event->time > record->last)
		record->last = event->time;
	if (record->source_port != port)
		record->source_port = 0;
}

void np_record_clear(struct np_record_table *table)
{
	np_hash_clear(&table->hash);
	while (table->count)
		free(table->record[--table->count]);
}

void np_record_free(struct np_record_table *table)
{
	np_record_clear(table);
	np_hash_free(&table->hash);
	free(table->record);
	table->record = NULL;
}

const char *np_record_name(const struct np_record *record, unsigned int which)
{
	const char *name = record->text;

	while (which--)
		name += strlen(name) + 1;
	return name;
}
