// SPDX-License-Identifier: GPL-2.0
/* Keyed hashes; see hash.h. */
#include "core/hash.h"

siphash_key_t netpol_hash_key;

void netpol_hash_init(void)
{
	get_random_bytes(&netpol_hash_key, sizeof(netpol_hash_key));
}

u32 netpol_address_hash(u8 family, const void *address)
{
	return netpol_hash(address, family == AF_INET ? 4 : 16);
}
