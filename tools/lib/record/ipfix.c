// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPFIX messages: a header, and sets of templates and of the records that they describe. All
 * numbers are in network byte order.
 */
#include "record/ipfix.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define NP_IPFIX_VERSION	10
#define NP_IPFIX_HEADER		16
#define NP_IPFIX_OWN		0x8000	/* bit of an element's number: an enterprise's */
#define NP_IPFIX_VARIABLE	0xffff	/* length of an element that each record says */
#define NP_IPFIX_LONG		255	/* a length in three bytes instead of one follows */

/* Numbers of sets: two that RFC 7011 gives, and netpol's templates. */
enum {
	NP_SET_TEMPLATE = 2,
	NP_SET_OPTIONS = 3,
	NP_SET_FOUR = 256,	/* a record with IPv4 addresses */
	NP_SET_SIX,		/* a record with IPv6 addresses */
	NP_SET_LOST,
	NP_SET_TYPES,
};

/* Values of informationElementDataType and informationElementSemantics (RFC 5610). */
enum {
	NP_TYPE_UNSIGNED32 = 3,
	NP_TYPE_STRING = 13,
	NP_SEMANTICS_DEFAULT = 0,
	NP_SEMANTICS_QUANTITY = 1,
};

/* Values of firewallEvent and forwardingStatus. */
enum {
	NP_FIREWALL_DENIED = 3,
	NP_FIREWALL_ALERT = 4,
	NP_FORWARDED = 64,
	NP_DROPPED_ACL = 129,
};

/* An element of a template: its number, with NP_IPFIX_OWN if it is netpol's, and its length. */
struct np_ipfix_element {
	uint16_t id;
	uint16_t length;
};

/* The elements behind the addresses, in the order of np_ipfix_record(). */
static const struct np_ipfix_element np_ipfix_elements[] = {
	{ 4, 1 },	/* protocolIdentifier */
	{ 7, 2 },	/* sourceTransportPort */
	{ 11, 2 },	/* destinationTransportPort */
	{ 61, 1 },	/* flowDirection */
	{ 233, 1 },	/* firewallEvent */
	{ 89, 1 },	/* forwardingStatus */
	{ 2, 8 },	/* packetDeltaCount */
	{ 152, 8 },	/* flowStartMilliseconds */
	{ 153, 8 },	/* flowEndMilliseconds */
	{ 10, 4 },	/* ingressInterface */
	{ 14, 4 },	/* egressInterface */
};

static const struct np_ipfix_element np_ipfix_four[] = {
	{ 8, 4 },	/* sourceIPv4Address */
	{ 12, 4 },	/* destinationIPv4Address */
};

static const struct np_ipfix_element np_ipfix_six[] = {
	{ 27, 16 },	/* sourceIPv6Address */
	{ 28, 16 },	/* destinationIPv6Address */
};

/* What was lost; the first element is the scope. */
static const struct np_ipfix_element np_ipfix_loss[] = {
	{ 149, 4 },	/* observationDomainId */
	{ 323, 8 },	/* observationTimeMilliseconds */
	{ 164, 8 },	/* ignoredPacketTotalCount */
	{ 166, 8 },	/* notSentFlowTotalCount */
	{ 167, 8 },	/* notSentPacketTotalCount */
};

/* The type of an element; the first two are the scope. */
static const struct np_ipfix_element np_ipfix_type[] = {
	{ 346, 4 },	/* privateEnterpriseNumber */
	{ 303, 2 },	/* informationElementId */
	{ 339, 1 },	/* informationElementDataType */
	{ 344, 1 },	/* informationElementSemantics */
	{ 341, NP_IPFIX_VARIABLE },	/* informationElementName */
};

/*
 * netpol's own elements, numbered from 1, in the order in which records have them. Their numbers
 * and meanings never change; new ones come at the end.
 */
static const struct np_ipfix_own {
	const char *name;
	uint8_t type;
} np_ipfix_own[] = {
	{ "sourcePodNamespace", NP_TYPE_STRING },
	{ "sourcePodName", NP_TYPE_STRING },
	{ "destinationPodNamespace", NP_TYPE_STRING },
	{ "destinationPodName", NP_TYPE_STRING },
	{ "sourceInterfaceName", NP_TYPE_STRING },
	{ "destinationInterfaceName", NP_TYPE_STRING },
	{ "networkPolicyVerdict", NP_TYPE_STRING },
	{ "networkPolicyReason", NP_TYPE_STRING },
	{ "networkPolicyNames", NP_TYPE_STRING },
	{ "networkPolicyCount", NP_TYPE_UNSIGNED32 },
};

/* Adds the lowest bytes of a number. */
static void np_ipfix_number(struct np_ipfix *message, uint64_t value, unsigned int bytes)
{
	uint8_t data[8];
	unsigned int i;

	for (i = 0; i < bytes; i++)
		data[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
	np_buffer_add(&message->bytes, data, bytes);
}

/* Writes a number of two bytes over what is there. */
static void np_ipfix_set16(char *at, size_t value)
{
	at[0] = (char)(value >> 8);
	at[1] = (char)value;
}

static void np_ipfix_set32(char *at, uint32_t value)
{
	np_ipfix_set16(at, value >> 16);
	np_ipfix_set16(at + 2, value & 0xffff);
}

/*
 * Adds text as a string that is valid UTF-8 without control characters, as collectors may print
 * it; what is neither is a question mark each.
 */
static void np_ipfix_text(struct np_ipfix *message, const char *text, size_t len)
{
	unsigned int used;
	uint32_t code;

	for (; len; text += used, len -= used) {
		used = np_utf8_next(text, len, &code);
		if (used && code >= 0x20 && (code < 0x7f || code >= 0xa0)) {
			np_buffer_add(&message->bytes, text, used);
		} else {
			np_buffer_add(&message->bytes, "?", 1);
			used = used ? used : 1;
		}
	}
}

/* Begins an element of variable length. Returns what np_ipfix_string_end() wants. */
static size_t np_ipfix_string_begin(struct np_ipfix *message)
{
	np_ipfix_number(message, (uint64_t)NP_IPFIX_LONG << 16, 3);
	return message->bytes.len;
}

/* The length always takes three bytes, which RFC 7011 allows: it is known only now. */
static void np_ipfix_string_end(struct np_ipfix *message, size_t begin)
{
	np_ipfix_set16(message->bytes.data + begin - 2, message->bytes.len - begin);
}

static void np_ipfix_string(struct np_ipfix *message, const char *text)
{
	size_t begin = np_ipfix_string_begin(message);

	np_ipfix_text(message, text, strlen(text));
	np_ipfix_string_end(message, begin);
}

/* What np_ipfix_back() goes back to. */
struct np_ipfix_mark {
	size_t len;
	size_t set;
};

/* Begins something in a set of this number, which is opened unless it is the last one. */
static struct np_ipfix_mark np_ipfix_begin(struct np_ipfix *message, uint16_t number)
{
	struct np_ipfix_mark mark;
	const uint8_t *set;

	if (!message->bytes.len) {
		np_ipfix_number(message, NP_IPFIX_VERSION, 2);
		np_ipfix_number(message, 0, 2);
		np_ipfix_number(message, 0, 8);
		np_ipfix_number(message, 0, 4);	/* the observation domain: all of the node */
	}
	mark.len = message->bytes.len;
	mark.set = message->set;
	set = (const uint8_t *)message->bytes.data + message->set;
	if (!message->set || set[0] != number >> 8 || set[1] != (number & 0xff)) {
		message->set = message->bytes.len;
		np_ipfix_number(message, number, 2);
		np_ipfix_number(message, 0, 2);
	}
	return mark;
}

/* Ends it. Returns false, and takes it back, if the message is too long with it. */
static bool np_ipfix_end(struct np_ipfix *message, struct np_ipfix_mark mark)
{
	bool room = message->bytes.len <= NP_IPFIX_MESSAGE;

	if (!room) {
		message->bytes.len = mark.len;
		message->set = mark.set;
	}
	if (message->set)
		np_ipfix_set16(message->bytes.data + message->set + 2,
			       message->bytes.len - message->set);
	return room;
}

static void np_ipfix_describe(struct np_ipfix *message, const struct np_ipfix_element *element,
			      size_t count, uint32_t enterprise)
{
	size_t i;

	for (i = 0; i < count; i++) {
		np_ipfix_number(message, element[i].id, 2);
		np_ipfix_number(message, element[i].length, 2);
		if (element[i].id & NP_IPFIX_OWN)
			np_ipfix_number(message, enterprise, 4);
	}
}

/* A template of records: two addresses, the elements behind them and netpol's own. */
static void np_ipfix_template(struct np_ipfix *message, uint16_t number,
			      const struct np_ipfix_element *addresses, uint32_t enterprise)
{
	struct np_ipfix_mark mark = np_ipfix_begin(message, NP_SET_TEMPLATE);
	struct np_ipfix_element own;
	size_t i;

	np_ipfix_number(message, number, 2);
	np_ipfix_number(message, 2 + NP_COUNT(np_ipfix_elements) + NP_COUNT(np_ipfix_own), 2);
	np_ipfix_describe(message, addresses, 2, 0);
	np_ipfix_describe(message, np_ipfix_elements, NP_COUNT(np_ipfix_elements), 0);
	for (i = 0; i < NP_COUNT(np_ipfix_own); i++) {
		own.id = (uint16_t)(NP_IPFIX_OWN | (i + 1));
		own.length = np_ipfix_own[i].type == NP_TYPE_STRING ? NP_IPFIX_VARIABLE : 4;
		np_ipfix_describe(message, &own, 1, enterprise);
	}
	np_ipfix_end(message, mark);
}

/* A template of records about something else than packets; the first elements are their scope. */
static void np_ipfix_options(struct np_ipfix *message, uint16_t number,
			     const struct np_ipfix_element *element, size_t count, size_t scope)
{
	struct np_ipfix_mark mark = np_ipfix_begin(message, NP_SET_OPTIONS);

	np_ipfix_number(message, number, 2);
	np_ipfix_number(message, count, 2);
	np_ipfix_number(message, scope, 2);
	np_ipfix_describe(message, element, count, 0);
	np_ipfix_end(message, mark);
}

void np_ipfix_templates(struct np_ipfix *message, uint32_t enterprise)
{
	struct np_ipfix_mark mark;
	size_t i;

	np_ipfix_template(message, NP_SET_FOUR, np_ipfix_four, enterprise);
	np_ipfix_template(message, NP_SET_SIX, np_ipfix_six, enterprise);
	np_ipfix_options(message, NP_SET_LOST, np_ipfix_loss, NP_COUNT(np_ipfix_loss), 1);
	np_ipfix_options(message, NP_SET_TYPES, np_ipfix_type, NP_COUNT(np_ipfix_type), 2);
	for (i = 0; i < NP_COUNT(np_ipfix_own); i++) {
		mark = np_ipfix_begin(message, NP_SET_TYPES);
		np_ipfix_number(message, enterprise, 4);
		np_ipfix_number(message, i + 1, 2);
		np_ipfix_number(message, np_ipfix_own[i].type, 1);
		np_ipfix_number(message, np_ipfix_own[i].type == NP_TYPE_STRING ?
				NP_SEMANTICS_DEFAULT : NP_SEMANTICS_QUANTITY, 1);
		np_ipfix_string(message, np_ipfix_own[i].name);
		np_ipfix_end(message, mark);
		message->records++;
	}
}

/* The names of the policies, with commas between them. */
static void np_ipfix_policies(struct np_ipfix *message, const struct np_record *record)
{
	size_t begin = np_ipfix_string_begin(message);
	const char *name;
	uint32_t i;

	for (i = 0; i < record->key.listed; i++) {
		name = np_record_name(record, NP_RECORD_POLICY + i);
		np_ipfix_text(message, ",", i ? 1 : 0);
		np_ipfix_text(message, name, strlen(name));
	}
	np_ipfix_string_end(message, begin);
}

bool np_ipfix_record(struct np_ipfix *message, const struct np_record *record)
{
	const struct np_record_key *key = &record->key;
	bool six = key->source.family == AF_INET6, deny = key->verdict == NETPOL_VERDICT_DENY;
	struct np_ipfix_mark mark = np_ipfix_begin(message, six ? NP_SET_SIX : NP_SET_FOUR);
	unsigned int i;

	np_buffer_add(&message->bytes, key->source.addr, six ? 16 : 4);
	np_buffer_add(&message->bytes, key->destination.addr, six ? 16 : 4);
	np_ipfix_number(message, key->protocol, 1);
	np_ipfix_number(message, record->source_port, 2);
	np_ipfix_number(message, key->destination_port, 2);
	np_ipfix_number(message, key->direction != NETPOL_DIRECTION_INGRESS, 1);
	np_ipfix_number(message, deny ? NP_FIREWALL_DENIED : NP_FIREWALL_ALERT, 1);
	np_ipfix_number(message, deny ? NP_DROPPED_ACL : NP_FORWARDED, 1);
	np_ipfix_number(message, record->packets, 8);
	np_ipfix_number(message, record->first / 1000000, 8);
	np_ipfix_number(message, record->last / 1000000, 8);
	np_ipfix_number(message, record->source.index, 4);
	np_ipfix_number(message, record->destination.index, 4);
	for (i = 0; i < NP_RECORD_POLICY; i++)
		np_ipfix_string(message, np_record_name(record, i));
	np_ipfix_string(message, record->source.name);
	np_ipfix_string(message, record->destination.name);
	np_ipfix_string(message, np_verdict_name(key->verdict));
	np_ipfix_string(message, np_reason_name(key->reason));
	np_ipfix_policies(message, record);
	np_ipfix_number(message, key->policies, 4);
	if (!np_ipfix_end(message, mark))
		return false;
	message->records++;
	message->packets += record->packets;
	return true;
}

bool np_ipfix_lost(struct np_ipfix *message, const struct np_lost *lost, uint64_t when)
{
	struct np_ipfix_mark mark = np_ipfix_begin(message, NP_SET_LOST);

	np_ipfix_number(message, 0, 4);
	np_ipfix_number(message, when, 8);
	np_ipfix_number(message, lost->events, 8);
	np_ipfix_number(message, lost->records, 8);
	np_ipfix_number(message, lost->packets, 8);
	if (!np_ipfix_end(message, mark))
		return false;
	message->records++;
	return true;
}

void np_ipfix_stamp(void *message, size_t len, uint32_t when, uint32_t sequence)
{
	char *header = message;

	np_ipfix_set16(header + 2, len);
	np_ipfix_set32(header + 4, when);
	np_ipfix_set32(header + 8, sequence);
}

void np_ipfix_free(struct np_ipfix *message)
{
	np_buffer_free(&message->bytes);
	memset(message, 0, sizeof(*message));
}
