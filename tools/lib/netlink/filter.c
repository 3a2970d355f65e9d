// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which events of denied packets somebody wants to see.
 */
#include "netlink/filter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <netinet/in.h>

#include "base/alloc.h"
#include "object/settings.h"

/*
 * Takes over the name of a namespace. Returns false for what none has: a dot or a colon, as in an
 * address or a block that is not written correctly.
 */
static bool np_filter_namespace(const char *text, size_t length, struct np_filter_value *value)
{
	if (!length || length >= sizeof(value->namespace) || strcspn(text, "./:") < length)
		return false;
	memcpy(value->namespace, text, length);
	value->namespace[length] = '\0';
	return true;
}

/* Splits "namespace/name" into a value. Returns false if the text has another form. */
static bool np_filter_name(const char *text, struct np_filter_value *value)
{
	const char *slash = strchr(text, '/');

	if (!slash || !slash[1] || strchr(slash + 1, '/') ||
	    strlen(slash + 1) >= sizeof(value->name) ||
	    !np_filter_namespace(text, (size_t)(slash - text), value))
		return false;
	strcpy(value->name, slash + 1);
	return true;
}

/* Takes over the name of a ClusterNetworkPolicy, which is in no namespace. */
static bool np_filter_cluster(const char *text, struct np_filter_value *value)
{
	if (!*text || strchr(text, '/') || strlen(text) >= sizeof(value->name))
		return false;
	strcpy(value->name, text);
	value->namespace[0] = '\0';
	return true;
}

static bool np_filter_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*number = strtoul(text, &end, 10);
	return !*end && *number <= max;
}

/* Reads "53", "udp/53", "udp" or "icmp"; "ip/47" for a protocol that has no name. */
static bool np_filter_port(const char *text, struct np_filter_value *value)
{
	const char *slash = strchr(text, '/');
	unsigned long number;
	char name[16];

	if (np_filter_number(text, UINT16_MAX, &number)) {
		value->port = (uint16_t)number;
		return number;
	}
	if (slash && (size_t)(slash - text) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", slash ? (int)(slash - text) : 15, text);
	if (slash && !strcasecmp(name, "ip")) {
		if (!np_filter_number(slash + 1, UINT8_MAX, &number))
			return false;
		value->protocol = (uint8_t)number;
		return number;
	}
	value->protocol = np_protocol_parse(name);
	if (!slash && !strcasecmp(name, "icmp"))
		value->protocol = IPPROTO_ICMP;
	if (!slash && !strcasecmp(name, "icmpv6"))
		value->protocol = IPPROTO_ICMPV6;
	if (!value->protocol)
		return false;
	if (!slash)
		return strlen(text) < sizeof(name);
	if (!np_filter_number(slash + 1, UINT16_MAX, &number))
		return false;
	value->port = (uint16_t)number;
	return number;
}

static bool np_filter_read(enum np_filter_field field, const char *text,
			   struct np_filter_value *value)
{
	switch (field) {
	case NP_FILTER_FROM:
	case NP_FILTER_TO:
	case NP_FILTER_POD:
		return np_prefix_parse(text, &value->block) || np_filter_name(text, value);
	case NP_FILTER_NAMESPACE:
		return np_filter_namespace(text, strlen(text), value);
	case NP_FILTER_POLICY:
		return np_filter_name(text, value) || np_filter_cluster(text, value);
	default:
		return np_filter_port(text, value);
	}
}

int np_filter_value_add(struct np_filter *filter, enum np_filter_field field, const char *text,
			struct np_error *err)
{
	static const struct {
		const char *what;
		const char *forms;
	} help[NP_FILTER_FIELDS] = {
		[NP_FILTER_FROM] = { "source", "NAMESPACE/POD, an address, or a block such as "
						"10.0.0.0/8" },
		[NP_FILTER_TO] = { "destination", "NAMESPACE/POD, an address, or a block such as "
						  "10.0.0.0/8" },
		[NP_FILTER_POD] = { "pod", "NAMESPACE/POD, an address, or a block such as "
					   "10.0.0.0/8" },
		[NP_FILTER_NAMESPACE] = { "namespace", "its name" },
		[NP_FILTER_POLICY] = { "policy", "NAMESPACE/POLICY, or the name alone of a "
						 "ClusterNetworkPolicy" },
		[NP_FILTER_PORT] = { "port", "53, udp/53, udp, icmp, icmpv6, or ip/47 for a "
					     "protocol without a name" },
	};
	struct np_filter_value value = { .port = 0 };

	if (!np_filter_read(field, text, &value)) {
		np_error_set(err, NP_EXIT_USAGE, "\"%.80s\" is no %s", text, help[field].what);
		np_error_hint(err, "%s", help[field].forms);
		return -1;
	}
	filter->value[field] = np_array_grow(filter->value[field], filter->count[field],
					     sizeof(value));
	filter->value[field][filter->count[field]++] = value;
	return 0;
}

void np_filter_free(struct np_filter *filter)
{
	size_t i;

	for (i = 0; i < NP_FILTER_FIELDS; i++)
		free(filter->value[i]);
	memset(filter, 0, sizeof(*filter));
}

static bool np_filter_end(const struct np_filter_value *value, const struct np_end *end)
{
	struct np_cidr address = np_address_block(&end->address);

	if (value->block.family)
		return address.family && np_cidr_contains(&value->block, &address);
	return *end->name && !strcmp(value->namespace, end->namespace) &&
	       !strcmp(value->name, end->name);
}

static bool np_filter_policy(const struct np_filter_value *value, const struct np_event *event)
{
	uint32_t i;

	for (i = 0; i < event->policy_count; i++)
		if (!strcmp(value->namespace, event->policy[i].namespace) &&
		    !strcmp(value->name, event->policy[i].name))
			return true;
	return false;
}

static bool np_filter_one(enum np_filter_field field, const struct np_filter_value *value,
			  const struct np_event *event)
{
	const struct np_end *from = &event->source, *to = &event->destination;

	switch (field) {
	case NP_FILTER_FROM:
		return np_filter_end(value, from);
	case NP_FILTER_TO:
		return np_filter_end(value, to);
	case NP_FILTER_POD:
		return np_filter_end(value, from) || np_filter_end(value, to);
	case NP_FILTER_NAMESPACE:
		return (*from->name && !strcmp(value->namespace, from->namespace)) ||
		       (*to->name && !strcmp(value->namespace, to->namespace));
	case NP_FILTER_POLICY:
		return np_filter_policy(value, event);
	default:
		return (!value->protocol || value->protocol == event->protocol) &&
		       (!value->port ||
			(event->has_ports && value->port == event->destination_port));
	}
}

bool np_filter_match(const struct np_filter *filter, const struct np_event *event)
{
	size_t field, i;

	for (field = 0; !event->change && field < NP_FILTER_FIELDS; field++) {
		for (i = 0; i < filter->count[field]; i++)
			if (np_filter_one(field, &filter->value[field][i], event))
				break;
		if (filter->count[field] && i == filter->count[field])
			return false;
	}
	return true;
}
