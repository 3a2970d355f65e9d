// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IP addresses and address blocks: text to bytes and back, and many blocks as few.
 */
#include "object/address.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>

#include "base/sort.h"

/*
 * Reads a decimal number of at most max at *text and moves *text behind it. Returns -1 if
 * there is none.
 */
static int np_decimal(const char **text, int max)
{
	const char *s = *text;
	int n = 0;

	if (!isdigit((unsigned char)*s))
		return -1;
	for (; isdigit((unsigned char)*s); s++) {
		n = n * 10 + (*s - '0');
		if (n > max)
			return -1;
	}
	*text = s;
	return n;
}

static bool np_parse_v4(const char *text, const char *end, uint8_t *addr)
{
	int i, n;

	for (i = 0; i < 4; i++) {
		if (i && (text >= end || *text++ != '.'))
			return false;
		n = np_decimal(&text, 255);
		if (n < 0)
			return false;
		addr[i] = n;
	}
	return text == end;
}

static int np_hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool np_parse_v6(const char *text, const char *end, uint8_t *addr)
{
	int ellipsis = -1, i = 0;

	memset(addr, 0, 16);
	if (end - text >= 2 && text[0] == ':' && text[1] == ':') {
		ellipsis = 0;
		text += 2;
	}
	while (i < 16 && text < end) {
		const char *s = text;
		unsigned int n = 0;

		for (; s < end && np_hex_digit(*s) >= 0; s++) {
			n = n << 4 | np_hex_digit(*s);
			if (n > 0xffff)
				return false;
		}
		if (s == text)
			return false;
		if (s < end && *s == '.') {
			if ((ellipsis < 0 && i != 12) || i > 12 ||
			    !np_parse_v4(text, end, addr + i))
				return false;
			i += 4;
			text = end;
			break;
		}
		addr[i++] = n >> 8;
		addr[i++] = n & 0xff;
		text = s;
		if (text == end)
			break;
		if (*text++ != ':' || text == end)
			return false;
		if (*text == ':') {
			if (ellipsis >= 0)
				return false;
			ellipsis = i;
			text++;
		}
	}
	if (text != end)
		return false;
	if (i == 16)
		return ellipsis < 0;
	if (ellipsis < 0)
		return false;
	memmove(addr + 16 - (i - ellipsis), addr + ellipsis, i - ellipsis);
	memset(addr + ellipsis, 0, 16 - i);
	return true;
}

static const uint8_t np_mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool np_parse_either(const char *text, const char *end, struct np_address *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (np_parse_v4(text, end, addr->addr)) {
		addr->family = AF_INET;
		return true;
	}
	if (np_parse_v6(text, end, addr->addr)) {
		addr->family = AF_INET6;
		return true;
	}
	return false;
}

static void np_unmap(uint8_t *family, uint8_t *addr)
{
	*family = AF_INET;
	memmove(addr, addr + 12, 4);
	memset(addr + 4, 0, 12);
}

const char *np_address_parse(const char *text, struct np_address *addr)
{
	if (!np_parse_either(text, text + strlen(text), addr))
		return "is not an IP address";
	if (addr->family == AF_INET6 && !memcmp(addr->addr, np_mapped, 12))
		np_unmap(&addr->family, addr->addr);
	return NULL;
}

uint8_t np_family_bits(uint8_t family)
{
	return family == AF_INET ? 32 : 128;
}

struct np_cidr np_address_block(const struct np_address *addr)
{
	struct np_cidr block = { .family = addr->family, .length = np_family_bits(addr->family) };

	memcpy(block.addr, addr->addr, sizeof(block.addr));
	return block;
}

void np_cidr_mask(struct np_cidr *cidr)
{
	unsigned int i, bits;

	for (i = 0; i < sizeof(cidr->addr); i++) {
		bits = cidr->length > i * 8 ? cidr->length - i * 8 : 0;
		if (bits < 8)
			cidr->addr[i] &= (uint8_t)(0xff00 >> bits);
	}
}

const char *np_cidr_parse(const char *text, struct np_cidr *cidr)
{
	const char *slash = strchr(text, '/');
	struct np_address addr;
	struct np_cidr block;
	int length;

	memset(cidr, 0, sizeof(*cidr));
	if (!slash) {
		if (np_parse_either(text, text + strlen(text), &addr))
			return "has no prefix length";
		return "is not an address block";
	}
	if (!np_parse_either(text, slash, &addr))
		return "is not an address block";
	block = np_address_block(&addr);
	text = slash + 1;
	length = np_decimal(&text, block.length);
	if (length < 0 || *text)
		return block.length == 32 ? "must have a prefix length from 0 to 32" :
					    "must have a prefix length from 0 to 128";
	block.length = length;
	np_cidr_mask(&block);
	/* The block is an IPv4-mapped one only if its mask covers all of ::ffff:0:0/96. */
	if (block.family == AF_INET6 && !memcmp(block.addr, np_mapped, 12)) {
		np_unmap(&block.family, block.addr);
		block.length -= 96;
	}
	*cidr = block;
	return NULL;
}

/* True if a decimal number has a zero in front. */
static bool np_zero_in_front(const char *text)
{
	size_t len;

	for (; *text; text += len + (text[len] != '\0')) {
		len = strspn(text, "0123456789");
		if (len > 1 && *text == '0')
			return true;
	}
	return false;
}

/* True if a group of an IPv6 address has more than four digits, which then begin with zeros. */
static bool np_long_group(const char *text, const char *end)
{
	size_t len;

	for (; text < end; text += len + 1) {
		len = strspn(text, "0123456789abcdefABCDEF");
		if (len > 4)
			return true;
	}
	return false;
}

const char *np_network_parse(const char *text, struct np_cidr *cidr)
{
	const char *wrong = np_cidr_parse(text, cidr), *slash, *colon, *decimal = text;
	struct np_address addr;

	if (wrong)
		return wrong;
	slash = strchr(text, '/');
	colon = strrchr(text, ':');
	if (colon) {
		np_parse_v6(text, slash, addr.addr);
		if (!memcmp(addr.addr, np_mapped, sizeof(np_mapped)))
			return "must be written as an IPv4 block";
		if (np_long_group(text, slash))
			return "must not have zeros in front of a number";
		decimal = strchr(colon, '.') ? colon + 1 : slash;
	}
	return np_zero_in_front(decimal) ? "must not have zeros in front of a number" : NULL;
}

bool np_prefix_parse(const char *text, struct np_cidr *cidr)
{
	struct np_address addr;

	if (strchr(text, '/'))
		return !np_cidr_parse(text, cidr);
	if (np_address_parse(text, &addr))
		return false;
	*cidr = np_address_block(&addr);
	return true;
}

bool np_cidr_contains(const struct np_cidr *outer,
		      const struct np_cidr *inner)
{
	unsigned int bytes = outer->length / 8, rest = outer->length % 8;

	if (outer->family != inner->family || outer->length > inner->length)
		return false;
	if (memcmp(outer->addr, inner->addr, bytes))
		return false;
	return !rest || !((outer->addr[bytes] ^ inner->addr[bytes]) &
			  (0xff << (8 - rest)) & 0xff);
}

/* By family, then by address; of two with one address the wider one comes first. */
static int np_cidr_order(const void *left, const void *right)
{
	const struct np_cidr *a = left, *b = right;
	int order = (int)a->family - (int)b->family;

	if (!order)
		order = memcmp(a->addr, b->addr, sizeof(a->addr));
	return order ? order : (int)a->length - (int)b->length;
}

/* If two blocks are the halves of one, makes that of the first. */
static bool np_cidr_join(struct np_cidr *a, const struct np_cidr *b)
{
	struct np_cidr both = *a;

	if (a->family != b->family || a->length != b->length || !a->length)
		return false;
	both.length--;
	if (a->addr[both.length / 8] & (0x80 >> both.length % 8) || !np_cidr_contains(&both, b))
		return false;
	*a = both;
	return true;
}

size_t np_cidr_aggregate(struct np_cidr *cidr, size_t count)
{
	size_t kept = 0, i;

	np_sort_many(cidr, count, sizeof(*cidr), np_cidr_order);
	for (i = 0; i < count; i++) {
		if (kept && np_cidr_contains(&cidr[kept - 1], &cidr[i]))
			continue;
		cidr[kept++] = cidr[i];
		while (kept > 1 && np_cidr_join(&cidr[kept - 2], &cidr[kept - 1]))
			kept--;
	}
	return kept;
}

const char *np_cidr_text(const struct np_cidr *cidr, char buf[NP_CIDR_TEXT])
{
	size_t len;

	if (!inet_ntop(cidr->family, cidr->addr, buf, NP_CIDR_TEXT))
		buf[0] = '\0';
	len = strlen(buf);
	snprintf(buf + len, NP_CIDR_TEXT - len, "/%u", cidr->length);
	return buf;
}

const char *np_address_text(const struct np_address *addr,
			    char buf[NP_CIDR_TEXT])
{
	if (!inet_ntop(addr->family, addr->addr, buf, NP_CIDR_TEXT))
		buf[0] = '\0';
	return buf;
}
