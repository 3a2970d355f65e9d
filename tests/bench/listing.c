// SPDX-License-Identifier: GPL-2.0-or-later
#include "listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void listing_give(const struct listing *listing, enum np_source_kind kind, const char *text)
{
	static struct np_arena arena;
	struct np_node *object;
	struct np_error err;

	if (np_json_object(text, strlen(text), np_source_pick(kind), &arena, &object, &err) !=
	    NP_JSON_WHOLE) {
		fprintf(stderr, "listing: %s: %s\n", err.text, text);
		exit(1);
	}
	listing->give(kind, object);
	np_arena_reset(&arena);
}

void listing_pod(struct listing *listing, unsigned int i, unsigned int version)
{
	static const char filler[] = "{\"name\":\"ENVIRONMENT_VARIABLE\",\"value\":\"some value that is "
		"as long as such values are\"}";
	static char text[8192];
	bool local = i < listing->locals;
	unsigned int k;
	int len;

	len = sprintf(text, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":"
		      "\"web-%u-7d9f8b6c5d-%05u\",\"namespace\":\"team-%u\",\"uid\":"
		      "\"%08x-1111-4222-8333-%012x\",\"resourceVersion\":\"%u\","
		      "\"creationTimestamp\":\"2026-01-01T00:00:00Z\",\"labels\":{\"app\":\"web-%u\","
		      "\"pod-template-hash\":\"7d9f8b6c5d\",\"part\":\"t%u\",\"tier\":\"v%u\"},"
		      "\"annotations\":{\"a\":\"b\"}},\"spec\":{\"nodeName\":\"%s%u\",\"containers\":[",
		      i / 50, i, i % listing->spaces, i, i, i + version * 1000000, i / 50,
		      listing->distinct ? i : i % listing->spaces, version, local ? "here" : "node-",
		      local ? 0 : i % 5000);
	for (k = 0; k < 2; k++) {
		unsigned int f;

		len += sprintf(text + len, "%s{\"name\":\"c%u\",\"image\":\"registry/app:1\","
			       "\"ports\":[{\"name\":\"p%u\",\"containerPort\":%u,\"protocol\":\"TCP\"}],"
			       "\"env\":[", k ? "," : "", k, k, 8080 + k);
		for (f = 0; f < 21; f++)
			len += sprintf(text + len, "%s%s", f ? "," : "", filler);
		len += sprintf(text + len, "]}");
	}
	len += sprintf(text + len, "]},\"status\":{\"phase\":\"Running\",\"podIP\":\"10.%u.%u.%u\","
		       "\"podIPs\":[{\"ip\":\"10.%u.%u.%u\"}]}}", 16 + i / 65536, i / 256 % 256,
		       i % 256, 16 + i / 65536, i / 256 % 256, i % 256);
	listing->pod_bytes = (size_t)len;
	listing_give(listing, NP_SOURCE_POD, text);
}

void listing_all(struct listing *listing)
{
	char text[2048];
	unsigned int i;

	for (i = 0; i < listing->spaces; i++) {
		sprintf(text, "{\"metadata\":{\"name\":\"team-%u\",\"labels\":{\"team\":\"t%u\"}}}",
			i, i);
		listing_give(listing, NP_SOURCE_NAMESPACE, text);
	}
	for (i = 0; i < listing->policies; i++) {
		sprintf(text, "{\"metadata\":{\"name\":\"allow-%u\",\"namespace\":\"team-%u\"},"
			"\"spec\":{\"podSelector\":{\"matchLabels\":{\"app\":\"web-%u\"}},"
			"\"policyTypes\":[\"Ingress\",\"Egress\"],\"ingress\":[{\"from\":[{"
			"\"podSelector\":{\"matchLabels\":{\"tier\":\"v0\"}}},{\"namespaceSelector\":{"
			"\"matchLabels\":{\"team\":\"t%u\"}}}],\"ports\":[{\"port\":8080}]}],"
			"\"egress\":[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]}]}}", i,
			i % listing->spaces, i % 3000, (i + 1) % listing->spaces);
		listing_give(listing, NP_SOURCE_POLICY, text);
	}
	listing_give(listing, NP_SOURCE_NODE, "{\"metadata\":{\"name\":\"here0\"},\"spec\":{}}");
	for (i = 0; i < listing->pods; i++)
		listing_pod(listing, i, 0);
}
