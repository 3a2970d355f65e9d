/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random packets: of any protocol, whole or in fragments, in order or bent, and what is
 * known of each when it is made. Nothing here reads a packet: the maker says what it made.
 */
#ifndef NOISE_PACKET_H
#define NOISE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "object/object.h"

#define NOISE_PORTS	8
#define NOISE_PARTS	3
#define NOISE_BYTES	1200

/* Ports that packets and policies use. */
extern const uint16_t noise_port[NOISE_PORTS];

/**
 * struct noise_packet - one packet
 * @number: its own, all over its payload
 * @source, @destination: addresses in its header
 * @protocol: of its last header
 * @source_port, @destination_port: indexes of noise_port; of protocols without ports 0
 * @may_bend: it may be bent; set by the caller
 * @opens: a connection may begin with it, so it has to arrive where it is allowed
 * @bent: something in it is not as it says, so its protocol and ports are anybody's guess
 * @control: neighbour or multicast listener discovery, which has rules of its own
 * @quotes: an ICMP error; it quotes a packet from @destination to @quoted, with these ports
 * @quoted: where the quoted packet went to
 * @quoted_protocol: of the quoted packet
 * @part: one, or the fragments
 * @size: bytes of each
 * @parts: how many
 */
struct noise_packet {
	uint32_t number;
	struct np_address source;
	struct np_address destination;
	uint8_t protocol;
	uint8_t source_port;
	uint8_t destination_port;
	bool may_bend;
	bool opens;
	bool bent;
	bool control;
	bool quotes;
	struct np_address quoted;
	uint8_t quoted_protocol;
	uint8_t part[NOISE_PARTS][NOISE_BYTES];
	unsigned int size[NOISE_PARTS];
	unsigned int parts;
};

/*
 * Fills in a packet whose number, addresses, quoted address and may_bend are set.
 * All else is chosen at random.
 */
void noise_make(struct noise_packet *p, uint64_t *state);
/* The number in a packet that came, or 0; it may be any part of one. */
uint32_t noise_find(const uint8_t *data, unsigned int size);
/* Is what came an ICMP error or a redirect? Then a number in it is that of the packet that it quotes. */
bool noise_is_error(const uint8_t *data, unsigned int size, uint8_t family);

#endif
