// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where records go, as it is written on a command line.
 */
#include "record/target.h"

#include <stdlib.h>
#include <string.h>

/* Splits "host:port" or "[address]:port". Returns false for another form. */
static bool np_target_endpoint(const char *text, struct np_target *target)
{
	const char *colon = strrchr(text, ':'), *digit;
	size_t length = colon ? (size_t)(colon - text) : 0;
	unsigned long port = 0;

	if (length > 2 && *text == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length)) {
		return false;	/* an IPv6 address without brackets: what is its port? */
	}
	if (!length || length >= sizeof(target->host) || memchr(text, '/', length) ||
	    memchr(text, '[', length))
		return false;
	for (digit = colon + 1; *digit >= '0' && *digit <= '9' && port <= 65535; digit++)
		port = 10 * port + (unsigned long)(*digit - '0');
	if (*digit || !port || port > 65535)
		return false;
	memcpy(target->host, text, length);
	target->host[length] = '\0';
	snprintf(target->port, sizeof(target->port), "%u", (unsigned int)port);
	return true;
}

int np_target_parse(const char *option, const char *text, struct np_target *target,
		    struct np_error *err)
{
	bool good = *text;

	memset(target, 0, sizeof(*target));
	target->text = text;
	if (!strncmp(text, "udp://", 6))
		target->kind = NP_TARGET_UDP;
	else if (!strncmp(text, "tcp://", 6))
		target->kind = NP_TARGET_TCP;
	else
		good = good && !strstr(text, "://");
	if (target->kind != NP_TARGET_FILE)
		good = np_target_endpoint(text + 6, target);
	if (good)
		return 0;
	np_error_set(err, NP_EXIT_USAGE, "--%s cannot write to \"%.80s\"", option, text);
	np_error_hint(err, "it takes a file, - for standard output, udp://HOST:PORT or "
		      "tcp://HOST:PORT; an IPv6 address stands in brackets, as in "
		      "udp://[fd00::5]:4739");
	return -1;
}
