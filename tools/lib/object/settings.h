/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of a network namespace, and their text: NAME=VALUE words of the command line, JSON.
 */
#ifndef NP_OBJECT_SETTINGS_H
#define NP_OBJECT_SETTINGS_H

#include <stdio.h>
#include <linux/netpol.h>

#include "base/error.h"
#include "object/object.h"
#include "base/output.h"

/* An address, protocol and port that pods may always reach on their own node. */
struct np_host_allow {
	struct np_address address;
	uint8_t protocol;	/* enum np_protocol */
	uint16_t port;
};

/* Addresses that a pod may send from besides its own. */
struct np_source_allow {
	struct np_cidr prefix;
	char namespace[NETPOL_NAMESPACE_MAX + 1];	/* empty: all pods */
	char name[NETPOL_NAME_MAX + 1];
};

/* All settings of a network namespace. A structure whose bytes are all zero has the defaults. */
struct np_settings {
	struct np_cidr *guard_prefix;
	char (*guard_interface)[NETPOL_INTERFACE_MAX + 2];
	struct np_host_allow *host_allow;
	struct np_source_allow *source_allow;
	struct np_cidr *pod_range;	/* every address in them is a pod's, known or not */
	size_t pod_range_count;
	size_t guard_prefix_count;
	size_t guard_interface_count;
	size_t host_allow_count;
	size_t source_allow_count;
	uint32_t event_rate;	/* events a second; 0: the default */
	uint8_t unknown;	/* enum netpol_unknown */
	uint8_t established;	/* enum netpol_established */
	uint8_t host_egress;	/* enum netpol_host_egress */
	uint8_t tunnels;	/* enum netpol_tunnels */
};

#define NP_EVENT_RATE_DEFAULT	100

void np_settings_add_prefix(struct np_settings *set, const struct np_cidr *cidr);
void np_settings_add_interface(struct np_settings *set, const char *name);
void np_settings_add_allow(struct np_settings *set, const struct np_host_allow *allow);
void np_settings_add_source(struct np_settings *set, const struct np_source_allow *allow);
void np_settings_add_range(struct np_settings *set, const struct np_cidr *cidr);
void np_settings_free(struct np_settings *set);

/* Returns true if a guard prefix covers an address, or a guard pattern the name of an interface. */
bool np_settings_guard_address(const struct np_settings *set, const struct np_address *address);
bool np_settings_guard_interface(const struct np_settings *set, const char *name);

/* Reads "tcp", "udp" or "sctp" in any case. Returns 0 for anything else. */
uint8_t np_protocol_parse(const char *text);
/* Reads "ADDR:PROTO/PORT". An IPv6 address may be written in brackets. */
bool np_host_allow_parse(const char *text, struct np_host_allow *allow);

#define NP_HOST_ALLOW_TEXT	(NP_CIDR_TEXT + 16)
const char *np_host_allow_text(const struct np_host_allow *allow,
			       char text[NP_HOST_ALLOW_TEXT]);

/*
 * Reads "PREFIX" or "NAMESPACE/POD=PREFIX". All bytes of a structure that was read are set, so
 * that two can be compared.
 */
bool np_source_allow_parse(const char *text, struct np_source_allow *allow);

#define NP_SOURCE_ALLOW_TEXT	(NP_CIDR_TEXT + NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2)
const char *np_source_allow_text(const struct np_source_allow *allow,
				 char text[NP_SOURCE_ALLOW_TEXT]);

/* The number of settings, and the name of each on the command line. */
#define NP_SETTING_COUNT	10
const char *np_setting_name(unsigned int index);
/* True if the setting has its default. */
bool np_setting_default(const struct np_settings *set, unsigned int index);
/* Prints the value of a setting as the command line accepts it. */
void np_setting_print(FILE *file, const struct np_settings *set, unsigned int index);
/* Changes one setting by "NAME=VALUE". An empty value or "default" is the default. */
int np_setting_assign(struct np_settings *set, const char *word, struct np_error *err);

void np_settings_write(struct np_writer *w, const char *key, const struct np_settings *set);

struct cJSON;
/* Reads what np_settings_write() wrote as JSON. */
int np_settings_read_json(const struct cJSON *json, struct np_settings *set,
			  struct np_error *err);

#endif
