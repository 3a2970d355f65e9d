// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings and their text.
 */
#include "object/settings.h"
#include "object/validate.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <netinet/in.h>

void np_settings_add_prefix(struct np_settings *set, const struct np_cidr *cidr)
{
	set->guard_prefix = np_array_grow(set->guard_prefix, set->guard_prefix_count,
					  sizeof(*set->guard_prefix));
	set->guard_prefix[set->guard_prefix_count++] = *cidr;
}

void np_settings_add_range(struct np_settings *set, const struct np_cidr *cidr)
{
	set->pod_range = np_array_grow(set->pod_range, set->pod_range_count,
				       sizeof(*set->pod_range));
	set->pod_range[set->pod_range_count++] = *cidr;
}

void np_settings_add_interface(struct np_settings *set, const char *name)
{
	size_t i = set->guard_interface_count++;

	set->guard_interface = np_array_grow(set->guard_interface, i,
					     sizeof(*set->guard_interface));
	snprintf(set->guard_interface[i], sizeof(set->guard_interface[i]), "%s", name);
}

void np_settings_add_allow(struct np_settings *set, const struct np_host_allow *allow)
{
	set->host_allow = np_array_grow(set->host_allow, set->host_allow_count,
					sizeof(*set->host_allow));
	set->host_allow[set->host_allow_count++] = *allow;
}

void np_settings_add_source(struct np_settings *set, const struct np_source_allow *allow)
{
	set->source_allow = np_array_grow(set->source_allow, set->source_allow_count,
					  sizeof(*set->source_allow));
	set->source_allow[set->source_allow_count++] = *allow;
}

void np_settings_free(struct np_settings *set)
{
	free(set->guard_prefix);
	free(set->pod_range);
	free(set->guard_interface);
	free(set->host_allow);
	free(set->source_allow);
	memset(set, 0, sizeof(*set));
}

bool np_settings_guard_address(const struct np_settings *set, const struct np_address *address)
{
	struct np_cidr one = np_address_block(address);
	size_t i;

	for (i = 0; i < set->guard_prefix_count; i++)
		if (np_cidr_contains(&set->guard_prefix[i], &one))
			return true;
	return false;
}

bool np_settings_guard_interface(const struct np_settings *set, const char *name)
{
	const char *pattern;
	size_t i, len;

	for (i = 0; i < set->guard_interface_count; i++) {
		pattern = set->guard_interface[i];
		len = strlen(pattern);
		if (len && pattern[len - 1] == '*' ? !strncmp(pattern, name, len - 1) :
						     !strcmp(pattern, name))
			return true;
	}
	return false;
}

enum {
	NP_SET_GUARD_PREFIX,
	NP_SET_GUARD_INTERFACE,
	NP_SET_UNKNOWN,
	NP_SET_ESTABLISHED,
	NP_SET_HOST_EGRESS,
	NP_SET_HOST_ALLOW,
	NP_SET_SOURCE_ALLOW,
	NP_SET_EVENT_RATE,
	NP_SET_TUNNELS,
	NP_SET_POD_RANGE,
};

static const struct {
	const char *name;
	const char *json;
	const char *word[2];	/* the words of a choice, the default first */
} np_setting[NP_SETTING_COUNT] = {
	[NP_SET_GUARD_PREFIX] = { "guard-prefix", "guardPrefix", { NULL } },
	[NP_SET_GUARD_INTERFACE] = { "guard-interface", "guardInterface", { NULL } },
	[NP_SET_UNKNOWN] = { "unknown", "unknown", { "deny", "allow" } },
	[NP_SET_ESTABLISHED] = { "established", "established", { "cut", "keep" } },
	[NP_SET_HOST_EGRESS] = { "host-egress", "hostEgress", { "enforce", "allow" } },
	[NP_SET_HOST_ALLOW] = { "host-allow", "hostAllow", { NULL } },
	[NP_SET_SOURCE_ALLOW] = { "source-allow", "sourceAllow", { NULL } },
	[NP_SET_EVENT_RATE] = { "event-rate", "eventRate", { NULL } },
	[NP_SET_TUNNELS] = { "tunnels", "tunnels", { "deny", "allow" } },
	[NP_SET_POD_RANGE] = { "pod-range", "podRange", { NULL } },
};

/* Reads a text that is a decimal number of at most max. */
static bool np_number_parse(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 10)
		return false;
	*value = strtoul(text, &end, 10);
	return !*end && *value <= max;
}

uint8_t np_protocol_parse(const char *text)
{
	if (!strcasecmp(text, "tcp"))
		return NP_PROTOCOL_TCP;
	if (!strcasecmp(text, "udp"))
		return NP_PROTOCOL_UDP;
	return strcasecmp(text, "sctp") ? 0 : NP_PROTOCOL_SCTP;
}

bool np_host_allow_parse(const char *text, struct np_host_allow *allow)
{
	char copy[128], *colon, *slash, *host = copy;
	unsigned long port;
	size_t len;

	memset(allow, 0, sizeof(*allow));
	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	colon = strrchr(copy, ':');
	slash = colon ? strchr(colon, '/') : NULL;
	if (!slash)
		return false;
	*colon = '\0';
	*slash = '\0';
	len = strlen(host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		host++;
	}
	allow->protocol = np_protocol_parse(colon + 1);
	if (np_address_parse(host, &allow->address) || !allow->protocol ||
	    !np_number_parse(slash + 1, 65535, &port) || !port)
		return false;
	allow->port = (uint16_t)port;
	return true;
}

const char *np_host_allow_text(const struct np_host_allow *allow, char text[NP_HOST_ALLOW_TEXT])
{
	const char *proto = allow->protocol == NP_PROTOCOL_TCP ? "tcp" :
			    allow->protocol == NP_PROTOCOL_UDP ? "udp" : "sctp";
	bool six = allow->address.family == AF_INET6;
	char addr[NP_CIDR_TEXT];

	snprintf(text, NP_HOST_ALLOW_TEXT, "%s%s%s:%s/%u", six ? "[" : "",
		 np_address_text(&allow->address, addr), six ? "]" : "", proto, allow->port);
	return text;
}

bool np_source_allow_parse(const char *text, struct np_source_allow *allow)
{
	const char *equals = strchr(text, '='), *slash = strchr(text, '/');

	memset(allow, 0, sizeof(*allow));
	if (!equals)
		return np_prefix_parse(text, &allow->prefix);
	if (!slash || slash > equals || slash - text > NETPOL_NAMESPACE_MAX ||
	    equals - slash - 1 > NETPOL_NAME_MAX)
		return false;
	memcpy(allow->namespace, text, slash - text);
	memcpy(allow->name, slash + 1, equals - slash - 1);
	return !np_check_dns_label(allow->namespace) && !np_check_dns_subdomain(allow->name) &&
	       np_prefix_parse(equals + 1, &allow->prefix);
}

const char *np_source_allow_text(const struct np_source_allow *allow,
				 char text[NP_SOURCE_ALLOW_TEXT])
{
	bool all = !allow->namespace[0];
	char prefix[NP_CIDR_TEXT];

	snprintf(text, NP_SOURCE_ALLOW_TEXT, "%s%s%s%s%s", allow->namespace, all ? "" : "/",
		 allow->name, all ? "" : "=", np_cidr_text(&allow->prefix, prefix));
	return text;
}

const char *np_setting_name(unsigned int index)
{
	return np_setting[index].name;
}

static uint8_t *np_setting_choice(struct np_settings *set, unsigned int index)
{
	return index == NP_SET_UNKNOWN ? &set->unknown :
	       index == NP_SET_ESTABLISHED ? &set->established :
	       index == NP_SET_HOST_EGRESS ? &set->host_egress :
	       index == NP_SET_TUNNELS ? &set->tunnels : NULL;
}

bool np_setting_default(const struct np_settings *set, unsigned int index)
{
	switch (index) {
	case NP_SET_GUARD_PREFIX:
		return !set->guard_prefix_count;
	case NP_SET_GUARD_INTERFACE:
		return !set->guard_interface_count;
	case NP_SET_HOST_ALLOW:
		return !set->host_allow_count;
	case NP_SET_SOURCE_ALLOW:
		return !set->source_allow_count;
	case NP_SET_POD_RANGE:
		return !set->pod_range_count;
	case NP_SET_EVENT_RATE:
		return !set->event_rate || set->event_rate == NP_EVENT_RATE_DEFAULT;
	}
	return !*np_setting_choice((struct np_settings *)set, index);
}

static const char *np_choice_text(const struct np_settings *set, unsigned int index)
{
	uint8_t choice = *np_setting_choice((struct np_settings *)set, index);

	return choice < 2 ? np_setting[index].word[choice] : "other";
}

static uint32_t np_event_rate(const struct np_settings *set)
{
	return set->event_rate ? set->event_rate : NP_EVENT_RATE_DEFAULT;
}

void np_setting_print(FILE *file, const struct np_settings *set, unsigned int index)
{
	char text[NP_SOURCE_ALLOW_TEXT];
	size_t i;

	switch (index) {
	case NP_SET_GUARD_PREFIX:
		for (i = 0; i < set->guard_prefix_count; i++)
			fprintf(file, "%s%s", i ? "," : "",
				np_cidr_text(&set->guard_prefix[i], text));
		break;
	case NP_SET_POD_RANGE:
		for (i = 0; i < set->pod_range_count; i++)
			fprintf(file, "%s%s", i ? "," : "",
				np_cidr_text(&set->pod_range[i], text));
		break;
	case NP_SET_GUARD_INTERFACE:
		for (i = 0; i < set->guard_interface_count; i++) {
			fputs(i ? "," : "", file);
			np_print_escaped(file, set->guard_interface[i]);
		}
		break;
	case NP_SET_HOST_ALLOW:
		for (i = 0; i < set->host_allow_count; i++)
			fprintf(file, "%s%s", i ? "," : "",
				np_host_allow_text(&set->host_allow[i], text));
		break;
	case NP_SET_SOURCE_ALLOW:
		for (i = 0; i < set->source_allow_count; i++) {
			fputs(i ? "," : "", file);
			np_print_escaped(file, np_source_allow_text(&set->source_allow[i], text));
		}
		break;
	case NP_SET_EVENT_RATE:
		fprintf(file, "%u", np_event_rate(set));
		break;
	default:
		fputs(np_choice_text(set, index), file);
	}
}

/* Adds one entry to a list. */
static bool np_setting_add(struct np_settings *set, unsigned int index, const char *text)
{
	struct np_source_allow source;
	struct np_host_allow allow;
	struct np_cidr cidr;
	const char *star;

	switch (index) {
	case NP_SET_GUARD_PREFIX:
		if (!np_prefix_parse(text, &cidr))
			return false;
		np_settings_add_prefix(set, &cidr);
		return true;
	case NP_SET_POD_RANGE:
		if (!np_prefix_parse(text, &cidr))
			return false;
		np_settings_add_range(set, &cidr);
		return true;
	case NP_SET_GUARD_INTERFACE:
		star = strchr(text, '*');
		if (!*text || (star && star[1]) || strchr(text, '/') ||
		    strlen(text) > NETPOL_INTERFACE_MAX)
			return false;
		np_settings_add_interface(set, text);
		return true;
	case NP_SET_SOURCE_ALLOW:
		if (!np_source_allow_parse(text, &source))
			return false;
		np_settings_add_source(set, &source);
		return true;
	}
	if (!np_host_allow_parse(text, &allow))
		return false;
	np_settings_add_allow(set, &allow);
	return true;
}

static void np_setting_clear(struct np_settings *set, unsigned int index)
{
	uint8_t *choice = np_setting_choice(set, index);

	if (choice)
		*choice = 0;
	else if (index == NP_SET_GUARD_PREFIX)
		set->guard_prefix_count = 0;
	else if (index == NP_SET_GUARD_INTERFACE)
		set->guard_interface_count = 0;
	else if (index == NP_SET_POD_RANGE)
		set->pod_range_count = 0;
	else if (index == NP_SET_HOST_ALLOW)
		set->host_allow_count = 0;
	else if (index == NP_SET_SOURCE_ALLOW)
		set->source_allow_count = 0;
	else
		set->event_rate = 0;
}

static int np_setting_bad(unsigned int index, const char *value, struct np_error *err)
{
	static const char * const form[] = {
		"CIDR,CIDR,... as 10.244.1.0/24,fd00:1::/64",
		"NAME,NAME,... of at most 15 characters in all; a last * matches any rest",
		"deny or allow", "cut or keep", "enforce or allow",
		"ADDR:PROTO/PORT,... as 169.254.20.10:udp/53,[fd00::10]:tcp/53",
		"CIDR or NAMESPACE/POD=CIDR,... as 10.99.0.0/16,shop/vpn=203.0.113.0/24",
		"events a second, 1 to 4294967295",
		"deny or allow",
		"CIDR,CIDR,... as 10.244.0.0/16,fd00::/48",
	};

	np_error_set(err, NP_EXIT_USAGE, "%s: bad value \"%.80s\"", np_setting[index].name,
		     value);
	np_error_hint(err, "%s takes %s", np_setting[index].name, form[index]);
	return -1;
}

static int np_setting_value(struct np_settings *set, unsigned int index, const char *value,
			    struct np_error *err)
{
	uint8_t *choice = np_setting_choice(set, index);
	char *copy, *entry, *next;
	unsigned long number;
	int ret = 0;

	np_setting_clear(set, index);
	if (!*value || !strcmp(value, "default"))
		return 0;
	if (choice) {
		for (number = 0; number < 2; number++)
			if (!strcmp(value, np_setting[index].word[number]))
				break;
		if (number == 2)
			return np_setting_bad(index, value, err);
		*choice = (uint8_t)number;
		return 0;
	}
	if (index == NP_SET_EVENT_RATE) {
		if (!np_number_parse(value, UINT32_MAX, &number) || !number)
			return np_setting_bad(index, value, err);
		set->event_rate = (uint32_t)number;
		return 0;
	}
	copy = np_xmalloc(strlen(value) + 1);
	strcpy(copy, value);
	for (entry = copy; !ret && entry; entry = next) {
		next = strchr(entry, ',');
		if (next)
			*next++ = '\0';
		if (!np_setting_add(set, index, entry))
			ret = np_setting_bad(index, entry, err);
	}
	free(copy);
	return ret;
}

int np_setting_assign(struct np_settings *set, const char *word, struct np_error *err)
{
	const char *equals = strchr(word, '=');
	unsigned int i;

	for (i = 0; equals && i < NP_SETTING_COUNT; i++)
		if (strlen(np_setting[i].name) == (size_t)(equals - word) &&
		    !strncmp(word, np_setting[i].name, equals - word))
			return np_setting_value(set, i, equals + 1, err);
	if (!equals)
		np_error_set(err, NP_EXIT_USAGE, "\"%.80s\" is not NAME=VALUE", word);
	else
		np_error_set(err, NP_EXIT_USAGE, "there is no setting \"%.*s\"",
			     (int)(equals - word > 80 ? 80 : equals - word), word);
	np_error_hint(err, "settings: guard-prefix, guard-interface, unknown, established, "
		      "host-egress, host-allow, source-allow, event-rate, tunnels, pod-range");
	return -1;
}

void np_settings_write(struct np_writer *w, const char *key, const struct np_settings *set)
{
	char text[NP_SOURCE_ALLOW_TEXT];
	size_t i;

	np_write_object(w, key);
	np_write_array(w, "guardPrefix");
	for (i = 0; i < set->guard_prefix_count; i++)
		np_write_string(w, NULL, np_cidr_text(&set->guard_prefix[i], text));
	np_write_end(w);
	np_write_array(w, "guardInterface");
	for (i = 0; i < set->guard_interface_count; i++)
		np_write_string(w, NULL, set->guard_interface[i]);
	np_write_end(w);
	np_write_string(w, "unknown", np_choice_text(set, NP_SET_UNKNOWN));
	np_write_string(w, "established", np_choice_text(set, NP_SET_ESTABLISHED));
	np_write_string(w, "hostEgress", np_choice_text(set, NP_SET_HOST_EGRESS));
	np_write_array(w, "hostAllow");
	for (i = 0; i < set->host_allow_count; i++)
		np_write_string(w, NULL, np_host_allow_text(&set->host_allow[i], text));
	np_write_end(w);
	np_write_array(w, "sourceAllow");
	for (i = 0; i < set->source_allow_count; i++)
		np_write_string(w, NULL, np_source_allow_text(&set->source_allow[i], text));
	np_write_end(w);
	np_write_number(w, "eventRate", np_event_rate(set));
	np_write_string(w, "tunnels", np_choice_text(set, NP_SET_TUNNELS));
	np_write_array(w, "podRange");
	for (i = 0; i < set->pod_range_count; i++)
		np_write_string(w, NULL, np_cidr_text(&set->pod_range[i], text));
	np_write_end(w);
	np_write_end(w);
}

int np_settings_read_json(const cJSON *json, struct np_settings *set, struct np_error *err)
{
	const cJSON *value, *entry;
	char number[16];
	unsigned int i;

	for (i = 0; i < NP_SETTING_COUNT; i++) {
		value = cJSON_GetObjectItemCaseSensitive(json, np_setting[i].json);
		if (!value)
			continue;
		np_setting_clear(set, i);
		if (cJSON_IsNumber(value) && i == NP_SET_EVENT_RATE) {
			snprintf(number, sizeof(number), "%.0f", value->valuedouble);
			if (np_setting_value(set, i, number, err))
				return -1;
		} else if (cJSON_IsString(value) && np_setting_choice(set, i)) {
			if (np_setting_value(set, i, value->valuestring, err))
				return -1;
		} else if (cJSON_IsArray(value) && !np_setting_choice(set, i)) {
			cJSON_ArrayForEach(entry, value)
				if (!cJSON_IsString(entry) ||
				    !np_setting_add(set, i, entry->valuestring))
					return np_setting_bad(i, "", err);
		} else {
			return np_setting_bad(i, "", err);
		}
	}
	return 0;
}
