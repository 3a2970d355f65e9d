// SPDX-License-Identifier: GPL-2.0-or-later
/* The syntax of names, labels and ports. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "object/validate.h"

static bool np_is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || isdigit((unsigned char)c);
}

static bool np_is_alnum(char c)
{
	return np_is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])? */
static bool np_is_dns_label(const char *text, size_t len)
{
	size_t i;

	if (!len || !np_is_lower_alnum(text[0]) ||
	    !np_is_lower_alnum(text[len - 1]))
		return false;
	for (i = 1; i + 1 < len; i++)
		if (!np_is_lower_alnum(text[i]) && text[i] != '-')
			return false;
	return true;
}

const char *np_check_dns_label(const char *text)
{
	size_t len = strlen(text);

	if (len > 63)
		return "must be no more than 63 characters";
	if (!np_is_dns_label(text, len))
		return "must be lower case letters, digits or '-', and begin "
		       "and end with a letter or digit";
	return NULL;
}

static bool np_is_dns_subdomain(const char *text, size_t len)
{
	const char *end = text + len, *dot;

	for (;;) {
		dot = memchr(text, '.', end - text);
		if (!np_is_dns_label(text, (dot ? dot : end) - text))
			return false;
		if (!dot)
			return true;
		text = dot + 1;
	}
}

const char *np_check_dns_subdomain(const char *text)
{
	size_t len = strlen(text);

	if (len > 253)
		return "must be no more than 253 characters";
	if (!np_is_dns_subdomain(text, len))
		return "must be lower case letters, digits, '-' or '.', and "
		       "each part must begin and end with a letter or digit";
	return NULL;
}

/* ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9] */
static bool np_is_qualified(const char *text, size_t len)
{
	size_t i;

	if (!len || !np_is_alnum(text[0]) || !np_is_alnum(text[len - 1]))
		return false;
	for (i = 1; i + 1 < len; i++)
		if (!np_is_alnum(text[i]) && !strchr("-_.", text[i]))
			return false;
	return true;
}

const char *np_check_label_key(const char *text)
{
	const char *slash = strchr(text, '/');
	const char *name = slash ? slash + 1 : text;
	size_t len = strlen(name);

	if (slash) {
		size_t prefix = slash - text;

		if (!prefix)
			return "has nothing before the '/'";
		if (prefix > 253)
			return "has a prefix of more than 253 characters";
		if (!np_is_dns_subdomain(text, prefix))
			return "has a prefix that is not a DNS subdomain";
	}
	if (!len)
		return "has an empty name";
	if (len > 63)
		return "has a name of more than 63 characters";
	if (!np_is_qualified(name, len))
		return "must be letters, digits, '-', '_' or '.', begin and "
		       "end with a letter or digit, and may have a DNS prefix "
		       "before one '/'";
	return NULL;
}

const char *np_check_label_value(const char *text)
{
	size_t len = strlen(text);

	if (len > 63)
		return "must be no more than 63 characters";
	if (len && !np_is_qualified(text, len))
		return "must be letters, digits, '-', '_' or '.', and begin "
		       "and end with a letter or digit";
	return NULL;
}

const char *np_check_port_name(const char *text)
{
	size_t len = strlen(text), i;
	bool letter = false;

	if (!len || len > 15)
		return "must be 1 to 15 characters";
	for (i = 0; i < len; i++) {
		if (text[i] >= 'a' && text[i] <= 'z')
			letter = true;
		else if (!isdigit((unsigned char)text[i]) && text[i] != '-')
			return "must be lower case letters, digits or '-'";
		if (text[i] == '-' && text[i + 1] == '-')
			return "must not have two '-' in a row";
	}
	if (!letter)
		return "must have at least one letter";
	if (text[0] == '-' || text[len - 1] == '-')
		return "must not begin or end with '-'";
	return NULL;
}
