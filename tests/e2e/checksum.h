/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checksum of IP and of what it carries (RFC 1071). */
#ifndef NETPOL_E2E_CHECKSUM_H
#define NETPOL_E2E_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>

/* Adds data of any length to a sum. */
static inline uint32_t sum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *byte = data;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? byte[i] : (uint32_t)byte[i] << 8;
	return sum;
}

/* The checksum of what was added, in network order. */
static inline uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

#endif
