/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made-up addresses. Two addresses share as many leading bits as the real ones do, except in the
 * first octet of IPv4, so that an address lies in the same blocks as before. What says nothing of a
 * network stays: loopback, unspecified and multicast addresses, the prefix fe80::/64, and blocks
 * of IPv4 that are wider than /8.
 */
#ifndef NP_BUNDLE_REDACT_ADDRESS_H
#define NP_BUNDLE_REDACT_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define NP_REDACT_KEY	32	/* bytes */

/* What decides how addresses are made up. */
struct np_redact_map {
	uint8_t key[NP_REDACT_KEY];
	uint8_t octet[256];	/* the made-up first octet of an IPv4 address */
};

/* key: NP_REDACT_KEY random bytes. */
void np_redact_map_init(struct np_redact_map *map, const uint8_t *key);
/*
 * If a text begins with an address, adds a made-up one to out and returns how long the address is
 * in the text, with the length of a block behind it. Else returns 0. An address is one of IPv4,
 * also with '-' in place of the dots, of IPv6, or of a link layer, also in the ID of a bridge.
 */
size_t np_redact_address(const struct np_redact_map *map, const char *text, size_t len,
			 struct np_buffer *out);

#endif
