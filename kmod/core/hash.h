/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hashes of names, labels and addresses. Tenants choose these, so every hash is keyed with a
 * random key that nobody outside the kernel knows: no tenant can choose what collides.
 */
#ifndef NETPOL_CORE_HASH_H
#define NETPOL_CORE_HASH_H

#include <netpol/shim.h>

/* The key of all hashes; set by netpol_hash_init() and then never changed. */
extern siphash_key_t netpol_hash_key;

/* Draws the key. Called once, before the first world is created. */
void netpol_hash_init(void);

/* The hash of @length bytes. */
static inline u32 netpol_hash(const void *data, size_t length)
{
	return siphash(data, length, &netpol_hash_key);
}

/* The hash of an address of 4 or 16 bytes, by its family. */
u32 netpol_address_hash(u8 family, const void *address);

#endif /* NETPOL_CORE_HASH_H */
