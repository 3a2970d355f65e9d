/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Syntax of names, labels, ports and addresses, as the API server checks it.
 * Pure functions. Each check returns NULL, or what is wrong as a constant
 * text that follows the value in a message: "Web" must be ...
 */
#ifndef NP_OBJECT_VALIDATE_H
#define NP_OBJECT_VALIDATE_H

#include <stdbool.h>

#include "object/object.h"

const char *np_check_dns_label(const char *text);
const char *np_check_dns_subdomain(const char *text);
const char *np_check_label_key(const char *text);
const char *np_check_label_value(const char *text);
const char *np_check_port_name(const char *text);

/*
 * Reads text as Go's net.ParseCIDR of the Kubernetes fork does: zeros in
 * front are decimal, host bits are dropped, an IPv4-mapped block becomes
 * IPv4. Unused bytes are zero.
 */
const char *np_parse_cidr(const char *text, struct np_cidr *cidr);
const char *np_parse_address(const char *text, struct np_address *addr);

/* Does outer hold every address of inner? Families never mix. */
bool np_cidr_contains(const struct np_cidr *outer,
		      const struct np_cidr *inner);

#endif
