/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encodes changes of the desired state, in the order in which they are to be sent.
 */
#ifndef NP_AGENT_ENCODE_H
#define NP_AGENT_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/desired_record.h"
#include "netlink/encode.h"

/*
 * Returns the pods that are to be loaded, in the order of their arrival. If two running pods have
 * the same address, the kernel gives it to the one whose uid came last. So pods that are being
 * deleted come first. The others follow in the order of their creation, and if that is equal in the
 * order in which the agent first saw them. The caller frees the array.
 */
struct np_desired_pod **np_desired_by_arrival(const struct np_desired *d, size_t *count);

/*
 * Sorts changes so that they can be committed in parts. What takes access away comes before what
 * gives it: policies come before the pods that they select, and deletions of policies come last.
 * ClusterNetworkPolicies are in the order in which they are asked. Pods are in the order of their
 * arrival.
 */
void np_changes_sort(struct np_change *change, size_t count);

/*
 * Encodes changes as one transaction: each record as it is to be loaded, or its deletion. Each
 * change gets the number by which the kernel refers to its object. Returns 0, or -1 with *err
 * filled and *refused set to the change that cannot be encoded.
 */
int np_changes_encode(struct np_desired *d, struct np_change *change, size_t count,
		      struct np_encoder *enc, struct np_change **refused, struct np_error *err);
/* Returns the change whose object had this number in the transaction, or NULL. */
struct np_change *np_changes_find(struct np_change *change, size_t count, uint64_t number);

#endif
