// SPDX-License-Identifier: GPL-2.0-or-later
/* Made-up addresses. */
#include "bundle/redact_address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>

#define NP_FIRST_KEPT	224u	/* multicast and what is behind it */

/* Makes 32 bytes of the key, of what they are for, and of bytes. */
static void np_redact_mix(const struct np_redact_map *map, char purpose, const uint8_t *data,
			  size_t len, uint8_t mix[SHA256_DIGEST_LENGTH])
{
	uint8_t text[NP_REDACT_KEY + 1 + 32];

	memcpy(text, map->key, NP_REDACT_KEY);
	text[NP_REDACT_KEY] = (uint8_t)purpose;
	memcpy(text + NP_REDACT_KEY + 1, data, len);
	SHA256(text, NP_REDACT_KEY + 1 + len, mix);
}

/* First octets that are no network of hosts stay as they are. */
static bool np_octet_kept(unsigned int octet)
{
	return !octet || octet == 127 || octet >= NP_FIRST_KEPT;
}

void np_redact_map_init(struct np_redact_map *map, const uint8_t *key)
{
	uint8_t mix[SHA256_DIGEST_LENGTH], at, list[256], swap;
	unsigned int count = 0, i, k;

	memcpy(map->key, key, sizeof(map->key));
	for (i = 0; i < 256; i++) {
		map->octet[i] = (uint8_t)i;
		if (!np_octet_kept(i))
			list[count++] = (uint8_t)i;
	}
	for (i = count; i > 1; i--) {
		at = (uint8_t)i;
		np_redact_mix(map, 'o', &at, 1, mix);
		k = (mix[0] << 16 | mix[1] << 8 | mix[2]) % i;
		swap = list[i - 1];
		list[i - 1] = list[k];
		list[k] = swap;
	}
	for (i = 0, k = 0; i < 256; i++)
		if (!np_octet_kept(i))
			map->octet[i] = list[k++];
}

/* Replaces the octets from the first one on, each by what the octets before it decide. */
static void np_redact_octets(const struct np_redact_map *map, char family, const uint8_t *real,
			     uint8_t *made, size_t first, size_t size)
{
	uint8_t mix[SHA256_DIGEST_LENGTH];
	unsigned int bit, at, above;
	size_t i;

	for (i = first; i < size; i++) {
		np_redact_mix(map, family, real, i, mix);
		made[i] = 0;
		for (bit = 0; bit < 8; bit++) {
			/* a bit of the mix for each bit and the bits above it */
			above = real[i] >> (8 - bit);
			at = (1u << bit) - 1 + above;
			made[i] |= (uint8_t)(((real[i] >> (7 - bit) & 1) ^
					      (mix[at / 8] >> (at % 8) & 1)) << (7 - bit));
		}
	}
}

/* Clears the bits behind a prefix. */
static void np_redact_mask(uint8_t *addr, size_t size, unsigned int length)
{
	size_t i;

	for (i = 0; i < size; i++) {
		unsigned int bits = length > i * 8 ? length - (unsigned int)i * 8 : 0;

		if (bits < 8)
			addr[i] &= (uint8_t)(0xff00 >> bits);
	}
}

static bool np_redact_network(const uint8_t *addr, size_t size, unsigned int length)
{
	uint8_t masked[16];

	memcpy(masked, addr, size);
	np_redact_mask(masked, size, length);
	return !memcmp(masked, addr, size);
}

static void np_redact_ipv4(const struct np_redact_map *map, const uint8_t *real, int length,
			   uint8_t *made)
{
	memcpy(made, real, 4);
	if (np_octet_kept(real[0]) || (length >= 0 && length < 8))
		return;
	made[0] = map->octet[real[0]];
	np_redact_octets(map, '4', real, made, 1, 4);
	if (length >= 0 && np_redact_network(real, 4, (unsigned int)length))
		np_redact_mask(made, 4, (unsigned int)length);
}

static void np_redact_ipv6(const struct np_redact_map *map, const uint8_t *real, int length,
			   uint8_t *made)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, zero[15];
	bool local = real[0] == 0xfe && (real[1] & 0xc0) == 0x80;

	memcpy(made, real, 16);
	if (!memcmp(real, mapped, sizeof(mapped))) {
		np_redact_ipv4(map, real + 12, length >= 96 ? length - 96 : -1, made + 12);
		return;
	}
	/* The unspecified and the loopback address, and multicast. */
	if (real[0] == 0xff || (!memcmp(real, zero, sizeof(zero)) && real[15] < 2))
		return;
	np_redact_octets(map, '6', real, made, local ? 8 : 1, 16);
	if (length >= 0 && np_redact_network(real, 16, (unsigned int)length))
		np_redact_mask(made, 16, (unsigned int)length);
}

/* Reads "/24" and returns how long that is, or 0. */
static size_t np_redact_length(const char *text, size_t len, int most, int *length)
{
	size_t n = 1;
	int value = 0;

	*length = -1;
	if (len < 2 || text[0] != '/' || !isdigit((unsigned char)text[1]))
		return 0;
	while (n < len && n < 4 && isdigit((unsigned char)text[n]))
		value = value * 10 + text[n++] - '0';
	if (value > most || (n < len && isalnum((unsigned char)text[n])))
		return 0;
	*length = value;
	return n;
}

static size_t np_redact_take_ipv4(const struct np_redact_map *map, const char *text, size_t len,
				  struct np_buffer *out)
{
	uint8_t real[4], made[4];
	size_t at = 0, digits, more;
	unsigned int i, value;
	char between = 0;
	int length;

	for (i = 0; i < 4; i++) {
		if (i == 1 && at < len && (text[at] == '.' || text[at] == '-'))
			between = text[at];
		if (i && (at >= len || !between || text[at++] != between))
			return 0;
		for (value = 0, digits = 0; at < len && digits < 3 &&
		     isdigit((unsigned char)text[at]); digits++)
			value = value * 10 + (unsigned int)(text[at++] - '0');
		if (!digits || value > 255)
			return 0;
		real[i] = (uint8_t)value;
	}
	if (at < len && isalnum((unsigned char)text[at]))
		return 0;
	more = between == '.' ? np_redact_length(text + at, len - at, 32, &length) : 0;
	np_redact_ipv4(map, real, more ? length : -1, made);
	np_buffer_print(out, "%u%c%u%c%u%c%u%.*s", made[0], between, made[1], between, made[2],
			between, made[3], (int)more, text + at);
	return at + more;
}

/* Makes an address of a link layer up. Returns false for one that stays. */
static bool np_redact_mac(const struct np_redact_map *map, const uint8_t *real, size_t size,
			  uint8_t mix[SHA256_DIGEST_LENGTH])
{
	size_t i;

	for (i = 0; i < size; i++)
		if (real[i] && real[i] != 0xff)
			break;
	/* none, and that of everybody */
	if (i == size)
		return false;
	np_redact_mix(map, 'm', real, size, mix);
	mix[0] = 2;	/* locally administered */
	return true;
}

/* An address of a link layer: six pairs of digits or more. */
static size_t np_redact_take_mac(const struct np_redact_map *map, const char *text, size_t run,
				 struct np_buffer *out)
{
	uint8_t mix[SHA256_DIGEST_LENGTH], real[32];
	size_t pairs = 0, i;
	char pair[3] = "";

	if (run % 3 != 2 || run < 17 || run > 95)
		return 0;
	for (i = 0; i < run; i++) {
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return 0;
		if (i % 3 == 1) {
			memcpy(pair, text + i - 1, 2);
			real[pairs++] = (uint8_t)strtoul(pair, NULL, 16);
		}
	}
	if (!np_redact_mac(map, real, pairs, mix))
		return 0;
	for (i = 0; i < pairs; i++)
		np_buffer_print(out, "%s%02x", i ? ":" : "", mix[i]);
	return run;
}

/* What "ip" prints of a bridge, "8000.a:58:a:f4:0:1": a priority, and its address without zeros. */
static size_t np_redact_take_bridge(const struct np_redact_map *map, const char *text, size_t len,
				    struct np_buffer *out)
{
	uint8_t mix[SHA256_DIGEST_LENGTH], real[6];
	size_t at, i, digits;
	char group[3];

	for (at = 0; at < 4; at++)
		if (at >= len || !isxdigit((unsigned char)text[at]))
			return 0;
	for (i = 0; i < sizeof(real); i++) {
		if (at >= len || text[at++] != (i ? ':' : '.'))
			return 0;
		memset(group, 0, sizeof(group));
		for (digits = 0; at < len && digits < 2 && isxdigit((unsigned char)text[at]);)
			group[digits++] = text[at++];
		if (!digits)
			return 0;
		real[i] = (uint8_t)strtoul(group, NULL, 16);
	}
	if (at < len && (isalnum((unsigned char)text[at]) || text[at] == ':'))
		return 0;
	if (!np_redact_mac(map, real, sizeof(real), mix))
		return 0;
	np_buffer_print(out, "%.4s", text);
	for (i = 0; i < sizeof(real); i++)
		np_buffer_print(out, "%c%x", i ? ':' : '.', mix[i]);
	return at;
}

static size_t np_redact_take_ipv6(const struct np_redact_map *map, const char *text, size_t len,
				  struct np_buffer *out)
{
	char address[INET6_ADDRSTRLEN];
	uint8_t real[16], made[16];
	size_t run = 0, more, colons = 0;
	int length;

	while (run < len && run < 96 &&
	       (isxdigit((unsigned char)text[run]) || text[run] == ':' || text[run] == '.'))
		colons += text[run++] == ':';
	if (colons < 2)
		return 0;
	if (np_redact_take_mac(map, text, run, out))
		return run;
	/* a port, or the end of a sentence, may stand behind it */
	for (; run > 1; run--) {
		if (run >= sizeof(address) || (run < len && isalnum((unsigned char)text[run])))
			continue;
		memcpy(address, text, run);
		address[run] = '\0';
		if (inet_pton(AF_INET6, address, real) == 1)
			break;
	}
	if (run <= 1)
		return 0;
	more = np_redact_length(text + run, len - run, 128, &length);
	np_redact_ipv6(map, real, more ? length : -1, made);
	inet_ntop(AF_INET6, made, address, sizeof(address));
	np_buffer_print(out, "%s%.*s", address, (int)more, text + run);
	return run + more;
}

size_t np_redact_address(const struct np_redact_map *map, const char *text, size_t len,
			 struct np_buffer *out)
{
	size_t taken;

	if (!isxdigit((unsigned char)*text) && *text != ':')
		return 0;
	taken = np_redact_take_ipv4(map, text, len, out);
	if (!taken)
		taken = np_redact_take_bridge(map, text, len, out);
	return taken ? taken : np_redact_take_ipv6(map, text, len, out);
}
