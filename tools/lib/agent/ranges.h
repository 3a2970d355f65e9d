/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ranges of pods that Nodes give: their podCIDRs, without the addresses in there that are those
 * of Nodes themselves. The kernel takes an address in a range for that of a pod, also if nobody
 * knows the pod yet. So a Deny or Pass of pods is not missed by one, but it would hit what another
 * node sends from an address of its own.
 *
 * An address is a Node's if it is one of its status.addresses or of a tunnel that Calico notes. The
 * first address of an IPv4 podCIDR is one too, because flannel gives it to its tunnel and nobody
 * gives it to a pod. If there is no room for so many pieces, that is left to Nodes that flannel has
 * noted. If there is still no room, the podCIDRs of as many Nodes as fit are ranges, and the others
 * are counted.
 */
#ifndef NP_AGENT_RANGES_H
#define NP_AGENT_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/desired_record.h"

/*
 * Finds the ranges anew, for at most `room` of them. To be called after Nodes have changed, and
 * after np_desired_nodes_index(). Returns true if they differ from those before.
 */
bool np_desired_ranges_update(struct np_desired *d, size_t room);
/* Returns true if the ranges of Nodes are known and are to be in force. */
bool np_desired_ranges_known(const struct np_desired *d);

#endif
