/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the headers of a packet. Nothing is looked up and nothing is changed. The addresses
 * point into the packet, so they are valid until its data is moved, which nothing here does.
 */
#ifndef NETPOL_PACKET_H
#define NETPOL_PACKET_H

#include <linux/bits.h>
#include <linux/skbuff.h>
#include "core/classify.h"

#define NETPOL_PACKET_MALFORMED	BIT(0)	/* its lengths contradict each other */
#define NETPOL_PACKET_DISCOVERY	BIT(1)	/* ND or MLD that can't have been routed */
#define NETPOL_PACKET_INIT	BIT(2)	/* SCTP that opens an association */

/**
 * struct netpol_packet - a packet, by its own headers
 * @flow: addresses, protocol and destination port; @flow.no_ports: the ports can't be read
 * @source_port: host order; 0, like @flow.port, for protocols other than TCP, UDP and SCTP
 * @flags: NETPOL_PACKET_*
 */
struct netpol_packet {
	struct netpol_flow flow;
	u16 source_port;
	u8 flags;
};

bool netpol_packet_parse(const struct sk_buff *skb, u8 family,
			 struct netpol_packet *packet);

#endif /* NETPOL_PACKET_H */
