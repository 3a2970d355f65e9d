/* SPDX-License-Identifier: GPL-2.0 */
/* The decisions about a packet, and the registration of the hooks that ask for them. */
#ifndef NETPOL_HOOK_H
#define NETPOL_HOOK_H

#include <linux/netfilter.h>
#include "netns.h"

unsigned int netpol_decide(struct netpol_net *nn, struct sk_buff *skb,
			   const struct nf_hook_state *state);
int netpol_hook_register(struct netpol_net *nn);
void netpol_hook_unregister(struct netpol_net *nn);

#endif /* NETPOL_HOOK_H */
