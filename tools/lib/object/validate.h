/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The syntax of names, labels and ports, as the API server checks it. Pure functions. Each
 * check returns NULL, or what is wrong as a constant text that follows the value in a message:
 * "Web" must be ...
 */
#ifndef NP_OBJECT_VALIDATE_H
#define NP_OBJECT_VALIDATE_H

const char *np_check_dns_label(const char *text);
const char *np_check_dns_subdomain(const char *text);
const char *np_check_label_key(const char *text);
const char *np_check_label_value(const char *text);
const char *np_check_port_name(const char *text);

#endif
