// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flow records as lines of JSON.
 */
#include "record/jsonl.h"

#include "base/output.h"
#include "base/time.h"

/* An end: its address and, as far as they are known, port, pod and interface. */
static void np_jsonl_end(struct np_writer *w, const char *key, const struct np_address *address,
			 uint16_t port, const struct np_record *record, enum np_record_name names,
			 const struct np_record_interface *interface)
{
	const char *namespace = np_record_name(record, names);
	const char *pod = np_record_name(record, names + 1u);
	char text[NP_CIDR_TEXT];

	np_write_object(w, key);
	if (address->family)
		np_write_string(w, "address", np_address_text(address, text));
	if (port)
		np_write_number(w, "port", port);
	if (*pod) {
		np_write_string(w, "namespace", namespace);
		np_write_string(w, "pod", pod);
	}
	if (*interface->name)
		np_write_string(w, "interface", interface->name);
	np_write_end(w);
}

void np_jsonl_record(FILE *file, const struct np_record *record)
{
	const struct np_record_key *key = &record->key;
	char time[NP_TIME_TEXT_SIZE], protocol[NP_PROTOCOL_TEXT];
	struct np_writer w;
	uint32_t i;

	np_writer_init(&w, file, NP_FORMAT_JSONL);
	np_write_top(&w, "Flow");
	np_write_string(&w, "start", np_time_milli_text(record->first / 1000000, time));
	np_write_string(&w, "end", np_time_milli_text(record->last / 1000000, time));
	np_write_number(&w, "packets", record->packets);
	np_write_string(&w, "verdict", np_verdict_name(key->verdict));
	np_write_string(&w, "direction", np_direction_name(key->direction));
	np_write_string(&w, "reason", np_reason_name(key->reason));
	np_write_string(&w, "protocol", np_protocol_text(key->protocol, protocol));
	np_jsonl_end(&w, "source", &key->source, record->source_port, record,
		     NP_RECORD_SOURCE_NAMESPACE, &record->source);
	np_jsonl_end(&w, "destination", &key->destination, key->destination_port, record,
		     NP_RECORD_DESTINATION_NAMESPACE, &record->destination);
	np_write_array(&w, "policies");
	for (i = 0; i < key->listed; i++)
		np_write_string(&w, NULL, np_record_name(record, NP_RECORD_POLICY + i));
	np_write_end(&w);
	np_write_number(&w, "policyCount", key->policies);
	np_write_end(&w);
}

void np_jsonl_lost(FILE *file, const struct np_lost *lost, uint64_t when)
{
	char time[NP_TIME_TEXT_SIZE];
	struct np_writer w;

	np_writer_init(&w, file, NP_FORMAT_JSONL);
	np_write_top(&w, "FlowsLost");
	np_write_string(&w, "time", np_time_milli_text(when, time));
	np_write_number(&w, "events", lost->events);
	np_write_number(&w, "records", lost->records);
	np_write_number(&w, "packets", lost->packets);
	np_write_end(&w);
}
