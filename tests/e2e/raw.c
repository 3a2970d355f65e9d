// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * raw - hand-made packets, whatever their sender is called.
 *
 *   raw [-n COUNT] NETNS udp SOURCE PORT DESTINATION PORT
 *   raw [-n COUNT] NETNS tcp SOURCE PORT DESTINATION PORT FLAGS SEQ ACK [PAYLOAD]
 *                              FLAGS: letters of SAFRP
 *   raw NETNS sctp SOURCE PORT DESTINATION PORT CHUNK TAG [INIT-TAG]
 *                              one chunk of the type CHUNK; INIT-TAG: of INIT and INIT ACK
 *   raw NETNS dccp SOURCE PORT DESTINATION PORT TYPE
 *   raw NETNS fragments SOURCE PORT DESTINATION PORT [first|later]
 *                              a UDP datagram in two fragments, or only one of them
 *   raw NETNS short SOURCE DESTINATION       UDP of which only four bytes are there
 *   raw NETNS too-big OUTER-SOURCE OUTER-DESTINATION PROTO SOURCE PORT DESTINATION PORT
 *                              ICMP "fragmentation needed" or ICMPv6 "packet too big"
 *                              that quotes a packet of PROTO (tcp or udp)
 *   raw NETNS solicit SOURCE DESTINATION TARGET HOPS   a neighbour solicitation
 *   raw NETNS icmp6 TYPE CODE SOURCE DESTINATION HOPS   an ICMPv6 message with 40 bytes of data
 *   raw NETNS proto N SOURCE DESTINATION     the IP protocol N
 *   raw NETNS headers CHAIN SOURCE PORT DESTINATION PORT
 *                              UDP behind IPv6 extension headers, a letter each: h hop by hop,
 *                              d destination options, r routing (arrived), a authentication,
 *                              f fragment (of a whole packet), u unknown (253), n "no next
 *                              header", t destination options that end behind the packet
 *   raw NETNS bent KIND SOURCE PORT DESTINATION PORT
 *                              options: UDP behind 40 bytes of IPv4 options; length: UDP that
 *                              says it is longer; offset: TCP whose data would begin inside its
 *                              header; tcp, sctp, icmp: 12, 8 or 4 bytes of such a header;
 *                              overlap: fragments of UDP, the last with PORT over the first's,
 *                              which has port 9; tiny: TCP, its ports alone in the first one
 *
 * The source need not be an address of the sender. Checksums are right. With -m MAC before
 * NETNS, a packet goes out by eth0 to that Ethernet address, whatever the routes say.
 */
#include "e2e.h"
#include "checksum.h"

#include <endian.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>

static uint8_t packet[2048];
static bool v4;
static struct address from, to;
static unsigned int repeat = 1;
static const char *mac;

static uint32_t sum_addresses(const struct address *source, const struct address *destination)
{
	if (source->sa.sa_family == AF_INET)
		return sum_add(sum_add(0, &source->v4.sin_addr, 4),
			       &destination->v4.sin_addr, 4);
	return sum_add(sum_add(0, &source->v6.sin6_addr, 16), &destination->v6.sin6_addr, 16);
}

/* Writes an IP header; returns its length. */
static size_t ip_put(uint8_t *at, const struct address *source,
		     const struct address *destination, uint8_t protocol, size_t payload,
		     uint8_t hops)
{
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = hops, .protocol = protocol,
		.id = htons(0x4e50), .tot_len = htons((uint16_t)(sizeof(ip) + payload)),
		.saddr = source->v4.sin_addr.s_addr,
		.daddr = destination->v4.sin_addr.s_addr,
	};
	struct ip6_hdr ip6 = {
		.ip6_flow = htonl(6u << 28), .ip6_nxt = protocol, .ip6_hlim = hops,
		.ip6_plen = htons((uint16_t)payload),
		.ip6_src = source->v6.sin6_addr, .ip6_dst = destination->v6.sin6_addr,
	};

	if (source->sa.sa_family == AF_INET6) {
		memcpy(at, &ip6, sizeof(ip6));
		return sizeof(ip6);
	}
	ip.check = sum_fold(sum_add(0, &ip, sizeof(ip)));
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t udp_put(uint8_t *at, unsigned int source, unsigned int destination, size_t data)
{
	size_t len = sizeof(struct udphdr) + data;
	struct udphdr udp = {
		.source = htons((uint16_t)source), .dest = htons((uint16_t)destination),
		.len = htons((uint16_t)len),
	};

	memcpy(at, &udp, sizeof(udp));
	memset(at + sizeof(udp), '?', data);
	udp.check = sum_fold(sum_add(sum_addresses(&from, &to) + IPPROTO_UDP + len, at, len));
	memcpy(at, &udp, sizeof(udp));
	return len;
}

static void frame_send(size_t len)
{
	struct sockaddr_ll to_mac = {
		.sll_family = AF_PACKET, .sll_halen = ETH_ALEN,
		.sll_protocol = htons(v4 ? ETHERTYPE_IP : ETHERTYPE_IPV6),
		.sll_ifindex = (int)if_nametoindex("eth0"),
	};
	unsigned char *at = to_mac.sll_addr;
	static int fd = -1;

	errno = 0;
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", at, at + 1, at + 2, at + 3, at + 4,
		   at + 5) != ETH_ALEN)
		die("\"%s\" is no Ethernet address", mac);
	if (fd < 0)
		fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("packet socket");
	if (sendto(fd, packet, len, 0, (struct sockaddr *)&to_mac, sizeof(to_mac)) != (ssize_t)len)
		die("sendto");
}

static void packet_send(size_t len)
{
	static int fd = -1;
	struct address target = to;
	int on = 1;

	if (mac) {
		frame_send(len);
		return;
	}
	if (fd < 0)
		fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) ||
	    (v4 && setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &on, sizeof(on))))
		die("raw socket");
	target.v4.sin_port = 0;		/* the same place in both families */
	if (!v4 && (IN6_IS_ADDR_LINKLOCAL(&to.v6.sin6_addr) ||
		    IN6_IS_ADDR_MULTICAST(&to.v6.sin6_addr)))
		target.v6.sin6_scope_id = if_nametoindex("eth0");
	if (sendto(fd, packet, len, 0, &target.sa, target.len) != (ssize_t)len)
		die("sendto");
}

static void ends_parse(const char *source, const char *destination)
{
	address_parse(&from, source, 0);
	address_parse(&to, destination, 0);
	errno = 0;
	if (!from.len || from.sa.sa_family != to.sa.sa_family)
		die("both ends need an address of one family");
	v4 = from.sa.sa_family == AF_INET;
}

static size_t header_size(void)
{
	return v4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
}

static void send_udp(char **arg)
{
	size_t len;

	ends_parse(arg[0], arg[2]);
	len = udp_put(packet + header_size(), (unsigned int)atoi(arg[1]),
		      (unsigned int)atoi(arg[3]), 8);
	len += ip_put(packet, &from, &to, IPPROTO_UDP, len, 64);
	while (repeat--)
		packet_send(len);
}

static void send_tcp(int count, char **arg)
{
	const char *data = count > 7 ? arg[7] : "";
	uint8_t *at;
	size_t len;
	struct tcphdr tcp = { .doff = 5, .window = htons(65535) };

	ends_parse(arg[0], arg[2]);
	at = packet + header_size();
	tcp.source = htons((uint16_t)atoi(arg[1]));
	tcp.dest = htons((uint16_t)atoi(arg[3]));
	tcp.syn = !!strchr(arg[4], 'S');
	tcp.ack = !!strchr(arg[4], 'A');
	tcp.fin = !!strchr(arg[4], 'F');
	tcp.rst = !!strchr(arg[4], 'R');
	tcp.psh = !!strchr(arg[4], 'P');
	tcp.seq = htonl((uint32_t)strtoul(arg[5], NULL, 0));
	tcp.ack_seq = htonl((uint32_t)strtoul(arg[6], NULL, 0));
	len = sizeof(tcp) + strlen(data);
	memcpy(at, &tcp, sizeof(tcp));
	memcpy(at + sizeof(tcp), data, strlen(data));
	tcp.check = sum_fold(sum_add(sum_addresses(&from, &to) + IPPROTO_TCP + len, at, len));
	memcpy(at, &tcp, sizeof(tcp));
	len += ip_put(packet, &from, &to, IPPROTO_TCP, len, 64);
	while (repeat--)
		packet_send(len);
}

static uint32_t crc32c(const uint8_t *at, size_t len)
{
	uint32_t crc = ~0u;
	unsigned int bit;

	while (len--) {
		crc ^= *at++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Writes a number in network order. */
static void put(uint8_t *at, uint32_t value, size_t bytes)
{
	while (bytes--) {
		at[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

static void send_sctp(int count, char **arg)
{
	uint8_t *at;
	uint32_t crc;
	size_t len = 12 + 20;

	ends_parse(arg[0], arg[2]);
	at = packet + header_size();
	memset(at, 0, len);
	put(at, (uint32_t)atoi(arg[1]), 2);
	put(at + 2, (uint32_t)atoi(arg[3]), 2);
	put(at + 4, (uint32_t)strtoul(arg[5], NULL, 0), 4);
	at[12] = (uint8_t)atoi(arg[4]);
	at[13] = at[12] ? 0 : 3;		/* DATA: the first and last fragment */
	put(at + 14, 20, 2);
	if (count > 6) {
		put(at + 16, (uint32_t)strtoul(arg[6], NULL, 0), 4);
		put(at + 20, 65535, 4);		/* window */
		put(at + 24, 1, 2);		/* streams out and in */
		put(at + 26, 1, 2);
	}
	crc = htole32(crc32c(at, len));
	memcpy(at + 8, &crc, 4);
	len += ip_put(packet, &from, &to, IPPROTO_SCTP, len, 64);
	packet_send(len);
}

/* A header with room for every type's fields: 48-bit numbers, and the same number each time. */
static void send_dccp(char **arg)
{
	uint8_t *at;
	size_t len = 28 + 8;
	uint16_t sum;

	ends_parse(arg[0], arg[2]);
	at = packet + header_size();
	memset(at, 0, len);
	put(at, (uint32_t)atoi(arg[1]), 2);
	put(at + 2, (uint32_t)atoi(arg[3]), 2);
	at[4] = 7;
	at[8] = (uint8_t)(atoi(arg[4]) << 1 | 1);
	put(at + 12, 77, 4);
	put(at + 20, 77, 4);
	sum = sum_fold(sum_add(sum_addresses(&from, &to) + IPPROTO_DCCP + len, at, len));
	memcpy(at + 6, &sum, 2);
	len += ip_put(packet, &from, &to, IPPROTO_DCCP, len, 64);
	packet_send(len);
}

/* The first fragment has the UDP header and 40 bytes, the second 48 more. */
static void send_fragments(int count, char **arg)
{
	uint8_t datagram[96], *at;
	const char *only = count > 4 ? arg[4] : "";
	unsigned int part, last = strcmp(only, "first") ? 1 : 0;
	size_t len;

	ends_parse(arg[0], arg[2]);
	udp_put(datagram, (unsigned int)atoi(arg[1]), (unsigned int)atoi(arg[3]), 88);
	for (part = strcmp(only, "later") ? 0 : 1; part <= last; part++) {
		if (v4) {
			struct iphdr *ip = (struct iphdr *)packet;

			len = ip_put(packet, &from, &to, IPPROTO_UDP, 48, 64);
			ip->frag_off = htons(part ? 6 : IP_MF);
			at = packet + len;
		} else {
			struct ip6_frag fragment = {
				.ip6f_nxt = IPPROTO_UDP, .ip6f_ident = htonl(0x4e50),
				.ip6f_offlg = htons(part ? 48 : 1),
			};

			len = ip_put(packet, &from, &to, IPPROTO_FRAGMENT, 56, 64);
			memcpy(packet + len, &fragment, sizeof(fragment));
			len += sizeof(fragment);
			at = packet + len;
		}
		memcpy(at, datagram + part * 48, 48);
		packet_send(len + 48);
	}
}

static void send_short(char **arg)
{
	size_t len;

	ends_parse(arg[0], arg[1]);
	len = ip_put(packet, &from, &to, IPPROTO_UDP, 4, 64);
	memset(packet + len, 0, 4);
	packet_send(len + 4);
}

static void send_too_big(char **arg)
{
	struct address outer[2], inner[2];
	bool tcp = !strcmp(arg[2], "tcp");
	uint8_t *at, *icmp;
	size_t len, quoted = tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
	struct udphdr ports = { .len = htons(1000) };
	uint16_t sum;

	ends_parse(arg[3], arg[5]);
	inner[0] = from;
	inner[1] = to;
	ends_parse(arg[0], arg[1]);
	outer[0] = from;
	outer[1] = to;
	icmp = packet + header_size();
	memset(icmp, 0, 8);
	icmp[0] = v4 ? ICMP_DEST_UNREACH : ICMP6_PACKET_TOO_BIG;
	icmp[1] = v4 ? ICMP_FRAG_NEEDED : 0;
	icmp[6] = 1280 >> 8;	/* the MTU, at the end of the word in both families */
	at = icmp + 8;
	at += ip_put(at, &inner[0], &inner[1], tcp ? IPPROTO_TCP : IPPROTO_UDP, 1000, 63);
	ports.source = htons((uint16_t)atoi(arg[4]));
	ports.dest = htons((uint16_t)atoi(arg[6]));
	memset(at, 0, quoted);
	memcpy(at, &ports, tcp ? 4 : sizeof(ports));
	if (tcp)
		at[12] = 5 << 4;
	/* what a stranger would send along */
	memcpy(at + quoted, "NETPOL", 6);
	len = (size_t)(at + quoted + 6 - icmp);
	sum = sum_fold(sum_add(v4 ? 0 : sum_addresses(&outer[0], &outer[1]) + IPPROTO_ICMPV6 +
			       len, icmp, len));
	memcpy(icmp + 2, &sum, 2);
	len += ip_put(packet, &outer[0], &outer[1], v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, len, 64);
	packet_send(len);
}

static void send_solicit(char **arg)
{
	struct nd_neighbor_solicit ns = { .nd_ns_type = ND_NEIGHBOR_SOLICIT };
	size_t len = sizeof(ns);
	uint8_t *at;

	ends_parse(arg[0], arg[1]);
	errno = 0;
	if (inet_pton(AF_INET6, arg[2], &ns.nd_ns_target) != 1)
		die("\"%s\" is no IPv6 address", arg[2]);
	at = packet + header_size();
	ns.nd_ns_cksum = sum_fold(sum_add(sum_addresses(&from, &to) + IPPROTO_ICMPV6 + len,
					  &ns, len));
	memcpy(at, &ns, len);
	len += ip_put(packet, &from, &to, IPPROTO_ICMPV6, len, (uint8_t)atoi(arg[3]));
	packet_send(len);
}

static void send_icmp6(char **arg)
{
	uint8_t *at = packet + sizeof(struct ip6_hdr);
	size_t len = 48;
	uint16_t sum;

	ends_parse(arg[2], arg[3]);
	memset(at, 0, 8);
	at[0] = (uint8_t)atoi(arg[0]);
	at[1] = (uint8_t)atoi(arg[1]);
	memset(at + 8, '?', 40);
	sum = sum_fold(sum_add(sum_addresses(&from, &to) + IPPROTO_ICMPV6 + len, at, len));
	memcpy(at + 2, &sum, 2);
	len += ip_put(packet, &from, &to, IPPROTO_ICMPV6, len, (uint8_t)atoi(arg[4]));
	packet_send(len);
}

static void send_proto(char **arg)
{
	size_t len;

	ends_parse(arg[1], arg[2]);
	len = ip_put(packet, &from, &to, (uint8_t)atoi(arg[0]), 8, 64);
	memset(packet + len, '?', 8);
	packet_send(len + 8);
}

/* One extension header of 8 bytes, all padding; its protocol number. */
static uint8_t header_put(uint8_t *at, char letter)
{
	memset(at, 0, 8);
	switch (letter) {
	case 'r':
		at[2] = 4;	/* segment routing, no segment left */
		return IPPROTO_ROUTING;
	case 'f':
		return IPPROTO_FRAGMENT;
	case 'a':
		return IPPROTO_AH;	/* its length is in words of 4 bytes, less 2: 0 */
	case 'u':
		return 253;		/* RFC 3692 */
	case 'n':
		return IPPROTO_NONE;
	case 't':
		at[1] = 200;
		break;
	}
	at[2] = 1;			/* PadN */
	at[3] = 4;
	return letter == 'h' ? IPPROTO_HOPOPTS : IPPROTO_DSTOPTS;
}

static void send_headers(char **arg)
{
	uint8_t *at, *next;
	const char *letter;
	uint16_t payload;
	size_t len;

	ends_parse(arg[1], arg[3]);
	errno = 0;
	if (v4 || strlen(arg[0]) > 64)
		die("up to 64 extension headers, of IPv6");
	at = packet + ip_put(packet, &from, &to, IPPROTO_UDP, 0, 64);
	next = packet + 6;
	for (letter = arg[0]; *letter; letter++) {
		*next = header_put(at, *letter);
		at[0] = IPPROTO_UDP;
		next = at;
		at += 8;
	}
	at += udp_put(at, (unsigned int)atoi(arg[2]), (unsigned int)atoi(arg[4]), 8);
	len = (size_t)(at - packet);
	payload = htons((uint16_t)(len - sizeof(struct ip6_hdr)));
	memcpy(packet + 4, &payload, 2);
	packet_send(len);
}

/* A part of a transport's packet, @len bytes of it from @at on, @offset in the whole. */
static void fragment_send(uint8_t protocol, const uint8_t *at, size_t len, size_t offset, bool more)
{
	struct ip6_frag fragment = {
		.ip6f_nxt = protocol, .ip6f_ident = htonl(0x4e51),
		.ip6f_offlg = htons((uint16_t)(offset | more)),
	};
	size_t head = v4 ? 0 : sizeof(fragment);

	head += ip_put(packet, &from, &to, v4 ? protocol : IPPROTO_FRAGMENT, head + len, 64);
	if (v4)
		((struct iphdr *)packet)->frag_off = htons((uint16_t)(offset / 8 |
								      (more ? IP_MF : 0)));
	else
		memcpy(packet + sizeof(struct ip6_hdr), &fragment, sizeof(fragment));
	memcpy(packet + head, at, len);
	packet_send(head + len);
}

static void send_overlap(unsigned int source, unsigned int destination)
{
	uint8_t first[64], last[64];

	udp_put(first, source, 9, sizeof(first) - 8);
	udp_put(last, source, destination, sizeof(last) - 8);
	fragment_send(IPPROTO_UDP, first, 32, 0, true);
	fragment_send(IPPROTO_UDP, last, 40, 0, true);
	fragment_send(IPPROTO_UDP, last + 40, 24, 40, false);
}

static void send_tiny(unsigned int source, unsigned int destination)
{
	struct tcphdr tcp = {
		.source = htons((uint16_t)source), .dest = htons((uint16_t)destination),
		.doff = 5, .syn = 1, .window = htons(65535),
	};
	const uint8_t *at = (const uint8_t *)&tcp;

	tcp.check = sum_fold(sum_add(sum_addresses(&from, &to) + IPPROTO_TCP + sizeof(tcp), at,
				     sizeof(tcp)));
	fragment_send(IPPROTO_TCP, at, 8, 0, true);
	fragment_send(IPPROTO_TCP, at + 8, sizeof(tcp) - 8, 8, false);
}

static void send_bent(char **arg)
{
	static const struct {
		const char *name;
		uint8_t protocol;
		size_t len;
	} kind[] = {
		{ "length", IPPROTO_UDP, 16 }, { "offset", IPPROTO_TCP, 20 },
		{ "tcp", IPPROTO_TCP, 12 }, { "sctp", IPPROTO_SCTP, 8 },
		{ "icmp", IPPROTO_ICMP, 4 },
	};
	unsigned int source = (unsigned int)atoi(arg[2]), destination = (unsigned int)atoi(arg[4]);
	uint16_t ports[2] = { htons((uint16_t)source), htons((uint16_t)destination) };
	uint8_t protocol, *at;
	size_t len, i;

	ends_parse(arg[1], arg[3]);
	at = packet + header_size();
	errno = 0;
	if (!strcmp(arg[0], "overlap")) {
		send_overlap(source, destination);
		return;
	}
	if (!strcmp(arg[0], "tiny")) {
		send_tiny(source, destination);
		return;
	}
	if (!strcmp(arg[0], "options") && v4) {
		memset(at, 1, 40);
		len = 40 + udp_put(at + 40, source, destination, 8);
		len += ip_put(packet, &from, &to, IPPROTO_UDP, len, 64);
		((struct iphdr *)packet)->ihl = 15;
		packet_send(len);
		return;
	}
	for (i = 0; i < sizeof(kind) / sizeof(kind[0]); i++)
		if (!strcmp(arg[0], kind[i].name))
			break;
	if (i == sizeof(kind) / sizeof(kind[0]))
		die("no bent packet is called %s", arg[0]);
	protocol = kind[i].protocol;
	if (protocol == IPPROTO_ICMP && !v4)
		protocol = IPPROTO_ICMPV6;
	len = kind[i].len;
	memset(at, 0, len);
	memcpy(at, ports, sizeof(ports));
	if (protocol == IPPROTO_UDP)
		at[4] = 0x7f;		/* 32,512 bytes */
	else if (protocol == IPPROTO_TCP && len > 12)
		at[12] = 2 << 4;	/* and no flags */
	len += ip_put(packet, &from, &to, protocol, len, 64);
	packet_send(len);
}

int main(int argc, char **argv)
{
	const char *what;
	int opt;

	e2e_name = "raw";
	while ((opt = getopt(argc, argv, "+m:n:")) != -1) {
		if (opt == 'm')
			mac = optarg;
		else if (opt == 'n')
			repeat = (unsigned int)atoi(optarg);
		else
			return 2;
	}
	argc -= optind + 2;
	argv += optind + 2;
	what = argc >= 0 ? argv[-1] : "";
	if (argc >= 0)
		netns_enter(argv[-2]);
	if (argc == 4 && !strcmp(what, "udp"))
		send_udp(argv);
	else if (argc >= 7 && !strcmp(what, "tcp"))
		send_tcp(argc, argv);
	else if (argc >= 6 && !strcmp(what, "sctp"))
		send_sctp(argc, argv);
	else if (argc == 5 && !strcmp(what, "dccp"))
		send_dccp(argv);
	else if (argc >= 4 && !strcmp(what, "fragments"))
		send_fragments(argc, argv);
	else if (argc == 2 && !strcmp(what, "short"))
		send_short(argv);
	else if (argc == 7 && !strcmp(what, "too-big"))
		send_too_big(argv);
	else if (argc == 4 && !strcmp(what, "solicit"))
		send_solicit(argv);
	else if (argc == 5 && !strcmp(what, "icmp6"))
		send_icmp6(argv);
	else if (argc == 3 && !strcmp(what, "proto"))
		send_proto(argv);
	else if (argc == 5 && !strcmp(what, "headers"))
		send_headers(argv);
	else if (argc == 5 && !strcmp(what, "bent"))
		send_bent(argv);
	else
		die("see the head of raw.c for its arguments");
	return 0;
}
