// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers about URLs and headers of HTTP from their text: proxies, loopback, Retry-After.
 */
#include "kube/http_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "object/address.h"

/* Splits a URL. The host has no brackets. The port is "" if the scheme has none. */
static bool np_url_host(const char *url, char *host, size_t size, char *port,
			size_t port_size)
{
	CURLU *u = curl_url();
	char *part = NULL;
	bool ok = false;
	size_t len;

	if (!u || curl_url_set(u, CURLUPART_URL, url, 0) ||
	    curl_url_get(u, CURLUPART_HOST, &part, 0))
		goto out;
	len = strlen(part);
	if (*part == '[' && len > 2)
		snprintf(host, size, "%.*s", (int)len - 2, part + 1);
	else
		snprintf(host, size, "%s", part);
	ok = len < size;
	curl_free(part);
	part = NULL;
	*port = 0;
	if (!curl_url_get(u, CURLUPART_PORT, &part, CURLU_DEFAULT_PORT))
		snprintf(port, port_size, "%s", part);
out:
	curl_free(part);
	curl_url_cleanup(u);
	return ok;
}

bool np_http_is_loopback(const char *url)
{
	static const struct in6_addr one = IN6ADDR_LOOPBACK_INIT;
	struct np_address address;
	char host[256], port[8];

	if (!np_url_host(url, host, sizeof(host), port, sizeof(port)))
		return false;
	if (!strcasecmp(host, "localhost"))
		return true;
	if (np_address_parse(host, &address))
		return false;
	if (address.family == AF_INET)
		return address.addr[0] == 127;
	return !memcmp(address.addr, &one, sizeof(one));
}

static bool np_same_address(const struct np_address *a, const struct np_address *b)
{
	return a->family == b->family && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* Returns true if entry is an address block that contains the host, which is an address. */
static bool np_in_block(const char *host, const char *entry)
{
	struct np_cidr block, one;

	return !np_cidr_parse(entry, &block) && np_prefix_parse(host, &one) &&
	       np_cidr_contains(&block, &one);
}

/*
 * Returns true if an entry of NO_PROXY matches, by the rules of Go. An entry is "*", an address,
 * an address block, "name" for that host and all subdomains, or ".name" for the subdomains. It
 * may have a port.
 */
static bool np_no_proxy_entry(char *entry, const char *host, const char *port)
{
	struct np_address address, other;
	bool is_address = !np_address_parse(host, &address);
	size_t len, host_len = strlen(host);
	char *colon;

	if (!strcmp(entry, "*"))
		return true;
	if (is_address && np_in_block(host, entry))
		return true;
	if (np_address_parse(entry, &other)) {
		colon = strrchr(entry, ':');
		if (colon && !strchr(colon, ']')) {
			if (strcmp(colon + 1, port))
				return false;
			*colon = 0;
		}
		len = strlen(entry);
		if (*entry == '[' && entry[len - 1] == ']') {
			entry[len - 1] = 0;
			entry++;
		}
	}
	if (is_address)
		return !np_address_parse(entry, &other) && np_same_address(&address, &other);
	if (!strncmp(entry, "*.", 2))
		entry++;
	len = strlen(entry);
	if (!len || len > host_len)
		return false;
	if (*entry == '.')
		return !strcasecmp(host + host_len - len, entry);
	return !strcasecmp(host + host_len - len, entry) &&
	       (len == host_len || host[host_len - len - 1] == '.');
}

static const char *np_environment(char *(*environment)(const char *name),
				  const char *upper, const char *lower)
{
	const char *value = environment(upper);

	if (!value || !*value)
		value = environment(lower);
	return value && *value ? value : NULL;
}

const char *np_http_proxy(const char *server,
			  char *(*environment)(const char *name))
{
	char host[256], port[8], entry[300];
	const char *proxy, *list;

	proxy = !strncasecmp(server, "https:", 6) ?
		np_environment(environment, "HTTPS_PROXY", "https_proxy") :
		np_environment(environment, "HTTP_PROXY", "http_proxy");
	if (!proxy || np_http_is_loopback(server) ||
	    !np_url_host(server, host, sizeof(host), port, sizeof(port)))
		return NULL;
	list = np_environment(environment, "NO_PROXY", "no_proxy");
	while (list && *list) {
		size_t len = strcspn(list, ", \t");

		if (len && len < sizeof(entry)) {
			snprintf(entry, sizeof(entry), "%.*s", (int)len, list);
			if (np_no_proxy_entry(entry, host, port))
				return NULL;
		}
		list += len + (list[len] != 0);
	}
	return proxy;
}

int64_t np_http_retry_after(const char *value)
{
	const char *end;
	int64_t seconds = 0;
	time_t when;

	value += strspn(value, " \t");
	for (end = value; isdigit((unsigned char)*end); end++)
		if (seconds < INT32_MAX)
			seconds = 10 * seconds + *end - '0';
	if (end != value)
		return end[strspn(end, " \t\r\n")] ? -1 : 1000 * seconds;
	/* A date begins with the day of the week. */
	if (!isalpha((unsigned char)*value))
		return -1;
	when = curl_getdate(value, NULL);
	if (when < 0)
		return -1;
	seconds = when - time(NULL);
	return seconds < 0 ? -1 : 1000 * seconds;
}
