// SPDX-License-Identifier: GPL-2.0-or-later
/* Random packets; see the header. */
#include "noise_packet.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include "../e2e/checksum.h"
#include "../evaluator/random.h"

const uint16_t noise_port[NOISE_PORTS] = { 7, 53, 80, 443, 1000, 1500, 2000, 40000 };

static const uint8_t mark[4] = { 'N', 'P', 0xa7, '!' };

/* Tag that both ends of an SCTP association expect. */
#define SCTP_TAG	7

static size_t address_size(const struct np_address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

/* The checksum of a transport header over its packet, with the addresses. */
static uint16_t transport_sum(const struct noise_packet *p, const void *data, size_t size)
{
	uint32_t sum = sum_add(0, p->source.addr, address_size(&p->source));

	sum = sum_add(sum, p->destination.addr, address_size(&p->destination));
	return sum_fold(sum_add(sum + p->protocol + (uint32_t)size, data, size));
}

/* CRC32c, as RFC 9260 has it for SCTP. */
static uint32_t crc32c(const uint8_t *data, size_t size)
{
	uint32_t crc = ~0u;
	size_t i;
	int bit;

	for (i = 0; i < size; i++) {
		crc ^= data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* The payload is the number, again and again, so that each fragment has it whole. */
static size_t payload_put(uint8_t *at, uint32_t number, size_t size)
{
	size_t i;

	for (i = 0; i + 8 <= size; i += 8) {
		memcpy(at + i, mark, 4);
		memcpy(at + i + 4, &number, 4);
	}
	return i;
}

uint32_t noise_find(const uint8_t *data, unsigned int size)
{
	uint32_t number;
	unsigned int i;

	/* Twice, because a bit of the first one may have been bent. */
	for (i = 0; i + 16 <= size; i++) {
		if (memcmp(data + i, mark, 4) || memcmp(data + i, data + i + 8, 8))
			continue;
		memcpy(&number, data + i + 4, 4);
		return number;
	}
	return 0;
}

bool noise_is_error(const uint8_t *data, unsigned int size, uint8_t family)
{
	unsigned int head = family == AF_INET ? (data[0] & 15) * 4 : 40;

	if (size <= head)
		return false;
	if (family == AF_INET)
		return data[9] == IPPROTO_ICMP &&
		       (data[head] == ICMP_DEST_UNREACH || data[head] == ICMP_TIME_EXCEEDED ||
			data[head] == ICMP_PARAMETERPROB || data[head] == ICMP_REDIRECT);
	return data[6] == IPPROTO_ICMPV6 &&
	       (!(data[head] & ICMP6_INFOMSG_MASK) || data[head] == ND_REDIRECT);
}

/* --- transport ------------------------------------------------------------------ */

static void ports_choose(struct noise_packet *p, uint64_t *state)
{
	p->source_port = random_below(state, NOISE_PORTS);
	p->destination_port = random_below(state, NOISE_PORTS);
}

static size_t tcp_put(struct noise_packet *p, uint8_t *at, uint64_t *state)
{
	static const uint8_t often[] = { TH_SYN, TH_SYN, TH_SYN | TH_ACK, TH_ACK, TH_RST,
					 TH_FIN | TH_ACK, TH_PUSH | TH_ACK, 0 };
	struct tcphdr tcp = { .th_off = 5, .th_win = htons(1000) };
	size_t size;

	ports_choose(p, state);
	tcp.th_flags = random_below(state, 8) ? often[random_below(state, sizeof(often))] :
		       (uint8_t)random_below(state, 256);
	tcp.th_sport = htons(noise_port[p->source_port]);
	tcp.th_dport = htons(noise_port[p->destination_port]);
	tcp.th_seq = htonl(random_below(state, 4) * 1000);
	tcp.th_ack = htonl(random_below(state, 4) * 1000);
	p->opens = tcp.th_flags == TH_SYN;
	memcpy(at, &tcp, sizeof(tcp));
	size = sizeof(tcp) + payload_put(at + sizeof(tcp), p->number, 64);
	tcp.th_sum = transport_sum(p, at, size);
	memcpy(at, &tcp, sizeof(tcp));
	return size;
}

static size_t udp_put(struct noise_packet *p, uint8_t *at, uint64_t *state)
{
	struct udphdr udp = { 0 };
	size_t size;

	ports_choose(p, state);
	size = sizeof(udp) + payload_put(at + sizeof(udp), p->number,
					 32 + random_below(state, 500));
	udp.uh_sport = htons(noise_port[p->source_port]);
	udp.uh_dport = htons(noise_port[p->destination_port]);
	udp.uh_ulen = htons((uint16_t)size);
	p->opens = p->protocol == IPPROTO_UDP;
	memcpy(at, &udp, sizeof(udp));
	udp.uh_sum = transport_sum(p, at, size);
	memcpy(at, &udp, sizeof(udp));
	return size;
}

/* INIT, or a chunk of any type; alone or with another one behind it. */
static size_t sctp_put(struct noise_packet *p, uint8_t *at, uint64_t *state)
{
	static const uint8_t tags[] = { 0, 1, 2, SCTP_TAG };
	bool init = random_below(state, 2), alone = random_below(state, 2);
	uint32_t tag = init ? 0 : htonl(tags[random_below(state, sizeof(tags))]), crc;
	uint16_t port, length;
	size_t size;

	ports_choose(p, state);
	memset(at, 0, 32);
	port = htons(noise_port[p->source_port]);
	memcpy(at, &port, 2);
	port = htons(noise_port[p->destination_port]);
	memcpy(at + 2, &port, 2);
	memcpy(at + 4, &tag, 4);
	at[12] = init ? 1 : random_below(state, 16);
	length = htons(alone ? 20 + 4 + 64 : 20);
	memcpy(at + 14, &length, 2);
	at[19] = SCTP_TAG;	/* INIT: the tag that its sender expects */
	at[25] = 1;		/* and one stream each way */
	at[27] = 1;
	/* a parameter of the chunk, or another chunk, of a type that is skipped */
	at[32] = alone ? 0x80 : 0x80 | 63;
	at[33] = alone ? 63 : 0;
	length = htons(4 + 64);
	memcpy(at + 34, &length, 2);
	size = 36 + payload_put(at + 36, p->number, 64);
	crc = crc32c(at, size);
	memcpy(at + 8, &crc, 4);
	/* conntrack takes INIT only alone in its packet (RFC 9260, 6.10) */
	p->opens = init && alone;
	return size;
}

static size_t quote_put(struct noise_packet *p, uint8_t *at, uint64_t *state);

static size_t icmp_put(struct noise_packet *p, uint8_t *at, uint64_t *state)
{
	bool six = p->source.family == AF_INET6;
	uint8_t echo = six ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	size_t size = 8;
	uint16_t sum;

	memset(at, 0, 8);
	switch (random_below(state, 4)) {
	case 0:
		at[0] = echo;
		break;
	case 1:
		at[0] = six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
		break;
	case 2:
		p->quotes = true;
		at[0] = six ? 1 + random_below(state, 4) :
			random_below(state, 2) ? ICMP_DEST_UNREACH : ICMP_TIME_EXCEEDED;
		at[1] = random_below(state, 5);
		size += quote_put(p, at + 8, state);
		break;
	default:
		at[0] = random_below(state, 256);
		at[1] = random_below(state, 3);
	}
	p->control = six && at[0] >= 130 && at[0] != 138 && at[0] <= 153;
	p->opens = at[0] == echo;
	size += payload_put(at + size, p->number, 64);
	sum = six ? transport_sum(p, at, size) : sum_fold(sum_add(0, at, size));
	memcpy(at + 2, &sum, 2);
	return size;
}

static size_t other_put(struct noise_packet *p, uint8_t *at, uint64_t *state)
{
	/* GRE: a header of version 0 without anything; elsewhere it is payload */
	size_t head = p->protocol == IPPROTO_GRE ? 4 : 0;

	memset(at, 0, head);
	p->opens = p->protocol == 89 || p->protocol == 103 || p->protocol == 253;
	return head + payload_put(at + head, p->number, 32 + random_below(state, 200));
}

static uint8_t protocol_choose(uint8_t family, uint64_t *state)
{
	static const uint8_t others[] = { 2, 4, IPPROTO_DCCP, 41, IPPROTO_GRE, IPPROTO_ESP, 89,
					  103, 112, 115, IPPROTO_UDPLITE, 137, 253 };

	switch (random_below(state, 10)) {
	case 0: case 1: case 2:
		return IPPROTO_TCP;
	case 3: case 4: case 5:
		return IPPROTO_UDP;
	case 6:
		return IPPROTO_SCTP;
	case 7: case 8:
		return family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	}
	return others[random_below(state, sizeof(others))];
}

static size_t transport_put(struct noise_packet *p, uint8_t *at, uint64_t *state)
{
	switch (p->protocol) {
	case IPPROTO_TCP:
		return tcp_put(p, at, state);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return udp_put(p, at, state);
	case IPPROTO_SCTP:
		return sctp_put(p, at, state);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return icmp_put(p, at, state);
	}
	return other_put(p, at, state);
}

/* --- IP --------------------------------------------------------------------------- */

/* An IP header; returns its size. fragment: its field of IPv4, from offset and flags. */
static size_t ip_put(uint8_t *at, const struct np_address *source,
		     const struct np_address *destination, uint8_t protocol, size_t payload,
		     uint8_t hops, uint16_t id, uint16_t fragment)
{
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = hops, .protocol = protocol, .id = htons(id),
		.frag_off = htons(fragment), .tot_len = htons((uint16_t)(sizeof(ip) + payload)),
	};
	struct ip6_hdr ip6 = {
		.ip6_flow = htonl(6u << 28), .ip6_nxt = protocol, .ip6_hlim = hops,
		.ip6_plen = htons((uint16_t)payload),
	};

	if (source->family == AF_INET6) {
		memcpy(&ip6.ip6_src, source->addr, 16);
		memcpy(&ip6.ip6_dst, destination->addr, 16);
		memcpy(at, &ip6, sizeof(ip6));
		return sizeof(ip6);
	}
	memcpy(&ip.saddr, source->addr, 4);
	memcpy(&ip.daddr, destination->addr, 4);
	ip.check = sum_fold(sum_add(0, &ip, sizeof(ip)));
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

/* The header of the packet that an ICMP error is about, and the ports of it. */
static size_t quote_put(struct noise_packet *p, uint8_t *at, uint64_t *state)
{
	static const uint8_t quotable[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_SCTP };
	uint16_t port;
	size_t head;

	p->quoted_protocol = quotable[random_below(state, sizeof(quotable))];
	ports_choose(p, state);
	head = ip_put(at, &p->destination, &p->quoted, p->quoted_protocol, 100, 60, 1, 0);
	memset(at + head, 0, 8);
	port = htons(noise_port[p->source_port]);
	memcpy(at + head, &port, 2);
	port = htons(noise_port[p->destination_port]);
	memcpy(at + head + 2, &port, 2);
	return head + 8;
}

/* Extension headers of IPv6 in front of a protocol; returns their size. */
static size_t extensions_put(uint8_t *at, uint8_t *first, uint8_t protocol, uint64_t *state)
{
	unsigned int count = random_below(state, 4) ? 0 : 1 + random_below(state, 3), i;
	uint8_t *next = first;
	size_t size = 0;

	for (i = 0; i < count; i++) {
		bool hop = !i && !random_below(state, 3);

		*next = hop ? IPPROTO_HOPOPTS : IPPROTO_DSTOPTS;
		next = at + size;
		memset(at + size, 0, 8);
		at[size + 2] = 1;	/* PadN over the rest */
		at[size + 3] = 4;
		size += 8;
	}
	*next = protocol;
	return size;
}

/* Cuts what is behind the headers into fragments of IPv4 or IPv6. */
static void fragments_make(struct noise_packet *p, const uint8_t *body, size_t size,
			   uint16_t id, uint64_t *state)
{
	size_t at = 0, cut, head;

	/* The first one has the transport header. */
	p->parts = 0;
	while (at < size) {
		uint8_t *to = p->part[p->parts];
		bool more;

		cut = 40 + random_below(state, 20) * 8;
		more = p->parts < NOISE_PARTS - 1 && at + cut < size;
		if (!more)
			cut = size - at;
		if (p->source.family == AF_INET) {
			head = ip_put(to, &p->source, &p->destination, p->protocol, cut, 60, id,
				      (uint16_t)(at / 8) | (more ? 0x2000 : 0));
		} else {
			struct ip6_frag frag = {
				.ip6f_nxt = p->protocol,
				.ip6f_offlg = htons((uint16_t)at | more),
				.ip6f_ident = htonl(0x10000u + id),
			};

			head = ip_put(to, &p->source, &p->destination, IPPROTO_FRAGMENT,
				      cut + sizeof(frag), 60, id, 0);
			memcpy(to + head, &frag, sizeof(frag));
			head += sizeof(frag);
		}
		memcpy(to + head, body + at, cut);
		p->size[p->parts++] = head + cut;
		at += cut;
	}
}

/* One thing that is not as it should be; never in the addresses. */
static void bend(struct noise_packet *p, uint64_t *state)
{
	bool four = p->source.family == AF_INET;
	uint8_t *data = p->part[0];
	unsigned int head = four ? 20 : 40, at, part;
	struct iphdr ip;

	p->bent = true;
	p->opens = false;
	switch (random_below(state, 5)) {
	case 0:		/* a bit of the header behind the addresses */
		at = head + random_below(state, 24);
		data[at] ^= 1 << random_below(state, 8);
		return;
	case 1:		/* too short */
		p->size[0] = head + random_below(state, p->size[0] - head);
		at = four ? p->size[0] : p->size[0] - 40;
		data[four ? 2 : 4] = at >> 8;
		data[four ? 3 : 5] = at;
		break;
	case 2:		/* another protocol */
		data[four ? 9 : 6] = random_below(state, 256);
		break;
	case 3:		/* a fragment is missing, or comes twice */
		part = random_below(state, p->parts);
		if (random_below(state, 2) && p->parts > 1) {
			memmove(&p->part[part], &p->part[part + 1],
				(p->parts - part - 1) * sizeof(p->part[0]));
			memmove(&p->size[part], &p->size[part + 1],
				(p->parts - part - 1) * sizeof(p->size[0]));
			p->parts--;
		} else if (p->parts < NOISE_PARTS) {
			memcpy(p->part[p->parts], p->part[part], NOISE_BYTES);
			p->size[p->parts++] = p->size[part];
		}
		return;
	default:	/* flags, offset, type of service, length */
		at = four ? 1 + random_below(state, 8) : 1 + random_below(state, 6);
		data[at] ^= 1 << random_below(state, 8);
	}
	if (!four)
		return;
	memcpy(&ip, data, sizeof(ip));
	ip.check = 0;
	ip.check = sum_fold(sum_add(0, &ip, sizeof(ip)));
	memcpy(data, &ip, sizeof(ip));
}

void noise_make(struct noise_packet *p, uint64_t *state)
{
	uint8_t body[NOISE_BYTES];
	uint8_t extension[32], first;
	size_t size, more = 0, head;

	p->opens = p->bent = p->control = p->quotes = false;
	p->source_port = p->destination_port = 0;
	memset(body, 0, sizeof(body));
	p->protocol = protocol_choose(p->source.family, state);
	size = transport_put(p, body, state);
	if (!random_below(state, 8) && size > 100) {
		fragments_make(p, body, size, (uint16_t)p->number, state);
	} else {
		first = p->protocol;
		if (p->source.family == AF_INET6)
			more = extensions_put(extension, &first, p->protocol, state);
		head = ip_put(p->part[0], &p->source, &p->destination, first, more + size, 60,
			      (uint16_t)p->number, 0);
		memcpy(p->part[0] + head, extension, more);
		memcpy(p->part[0] + head + more, body, size);
		p->size[0] = head + more + size;
		p->parts = 1;
	}
	if (p->may_bend && random_below(state, 2))
		bend(p, state);
}
