/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a packet says about itself. Nothing is looked up and nothing is changed; the
 * addresses point into the packet and are good as long as nobody moves its data, which
 * no function here does.
 */
#ifndef NETPOL_PACKET_H
#define NETPOL_PACKET_H

#include <linux/bits.h>
#include <linux/skbuff.h>
#include "core/classify.h"

#define NETPOL_PACKET_MALFORMED	BIT(0)	/* lengths contradict each other */
#define NETPOL_PACKET_DISCOVERY	BIT(1)	/* ND, MLD or DAD that can't have been routed */

/**
 * struct netpol_packet - a packet, by its own header
 * @flow: addresses, protocol, destination port; no_ports where they can't be had
 * @source_port: host order; like @flow.port 0 for other protocols than the three
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
