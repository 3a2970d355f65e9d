/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings as text: NAME=VALUE words of the command line, and JSON.
 */
#ifndef NP_SETTING_TEXT_H
#define NP_SETTING_TEXT_H

#include <stdio.h>

#include "base/error.h"
#include "netlink/encode.h"
#include "base/output.h"

/* "10.0.0.0/8" (host bits cleared) or a plain address, of which all bits count. */
bool np_cidr_parse(const char *text, struct np_cidr *cidr);
bool np_address_parse(const char *text, struct np_address *addr);
/* "tcp", "udp", "sctp", also in capitals; 0 if none of them. */
uint8_t np_protocol_parse(const char *text);
/* "ADDR:PROTO/PORT", an IPv6 address also in brackets. */
bool np_host_allow_parse(const char *text, struct np_host_allow *allow);

#define NP_HOST_ALLOW_TEXT	(NP_CIDR_TEXT + 16)
const char *np_host_allow_text(const struct np_host_allow *allow,
			       char text[NP_HOST_ALLOW_TEXT]);

/* Number of settings, and the name of each as the command line has it. */
#define NP_SETTING_COUNT	7
const char *np_setting_name(unsigned int index);
/* True if it is at its default. */
bool np_setting_default(const struct np_settings *set, unsigned int index);
/* Its value as the command line takes it. */
void np_setting_print(FILE *file, const struct np_settings *set, unsigned int index);
/* Sets one by "NAME=VALUE"; an empty value, or "default", is the default. */
int np_setting_assign(struct np_settings *set, const char *word, struct np_error *err);

void np_settings_write(struct np_writer *w, const char *key, const struct np_settings *set);

struct cJSON;
/* What np_settings_write() wrote as JSON. */
int np_settings_read_json(const struct cJSON *json, struct np_settings *set,
			  struct np_error *err);

#endif
