/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP addresses and address blocks: text to bytes and back. Pure functions.
 */
#ifndef NP_OBJECT_ADDRESS_H
#define NP_OBJECT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct np_address {
	uint8_t family;		/* AF_INET or AF_INET6 */
	uint8_t addr[16];	/* IPv4 uses the first four bytes, the others are zero */
};

/* An address block. Its host bits are zero. An IPv4 block uses the first four bytes. */
struct np_cidr {
	uint8_t family;		/* AF_INET or AF_INET6 */
	uint8_t length;
	uint8_t addr[16];
};

/*
 * Each returns NULL, or what is wrong as a constant text that follows the value in a
 * message: "10.0.0.0" has no prefix length. They read what the API server accepts, which
 * is Kubernetes' fork of Go's net.ParseIP and net.ParseCIDR: zeros in front are decimal
 * and IPv4-mapped IPv6 becomes IPv4. Host bits of a block are cleared, unused bytes are
 * zero.
 */
const char *np_address_parse(const char *text, struct np_address *addr);
const char *np_cidr_parse(const char *text, struct np_cidr *cidr);
/*
 * Reads a block as a ClusterNetworkPolicy has it: what isCIDR() of CEL accepts. That takes neither
 * zeros in front nor IPv4-mapped IPv6.
 */
const char *np_network_parse(const char *text, struct np_cidr *cidr);
/* A block, or an address, which stands for the block that holds only itself. */
bool np_prefix_parse(const char *text, struct np_cidr *cidr);

/* How long the prefix of one address is: 32, or 128 for any family but AF_INET. */
uint8_t np_family_bits(uint8_t family);
/* The block that holds only this address. */
struct np_cidr np_address_block(const struct np_address *addr);
/* Clears the host bits. */
void np_cidr_mask(struct np_cidr *cidr);

/* True if outer holds every address of inner. Families never mix. */
bool np_cidr_contains(const struct np_cidr *outer, const struct np_cidr *inner);

/*
 * Makes few blocks of many: those that together hold exactly the same addresses, in order. Returns
 * how many there are.
 */
size_t np_cidr_aggregate(struct np_cidr *cidr, size_t count);

#define NP_CIDR_TEXT 64
/* Writes the canonical text (RFC 5952), such as "10.0.0.0/8", and returns buf. */
const char *np_cidr_text(const struct np_cidr *cidr, char buf[NP_CIDR_TEXT]);
const char *np_address_text(const struct np_address *addr,
			    char buf[NP_CIDR_TEXT]);

#endif
