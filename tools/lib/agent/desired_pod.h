/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pods of the desired state.
 */
#ifndef NP_AGENT_DESIRED_POD_H
#define NP_AGENT_DESIRED_POD_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/desired_record.h"

/* Returns a pod that exists, or NULL. */
struct np_desired_pod *np_desired_pod(const struct np_desired *d, const char *namespace,
				      const char *name);

/* Fills in NP_POD_ADDRESSES_MAX addresses at most, IPv4 first, and returns how many there are. */
uint32_t np_desired_addresses(const struct np_desired_pod *pod, struct np_address *address);
/*
 * Fills in a pod, which points into the record and to address and uid_text. These must have room
 * for NP_POD_ADDRESSES_MAX addresses and NP_UID_TEXT bytes. The node of a pod that is not local is
 * "".
 */
void np_desired_pod_view(const struct np_desired *d, const struct np_desired_pod *pod,
			 struct np_pod *view, struct np_address *address, char *uid_text);

/* Adds or replaces a pod. If it is not to be kept, the earlier version of it is removed. */
void np_desired_pod_upsert(struct np_desired *d, const struct np_pod *pod);
void np_desired_pod_remove(struct np_desired *d, struct np_desired_pod *pod);

/* Sets the placement of a local pod. own: one of its addresses is an address of the node. */
void np_desired_set_placement(struct np_desired *d, struct np_desired_pod *pod,
			      uint32_t ifindex, bool own);
/* Sets whether a pod waits because a local pod owns an address of it, see owner.h. */
void np_desired_set_waits(struct np_desired *d, struct np_desired_pod *pod, bool waits);
/*
 * Sets the addresses that the CNI has given to local pods, sorted and each once. The array is
 * taken. Pods of other nodes that have one of them wait.
 */
void np_desired_set_owned(struct np_desired *d, struct np_address *owned, size_t count);
/*
 * Sets the addresses of a local pod that the API server does not have yet. Addresses from the API
 * server stay. Returns the record, which may have moved.
 */
struct np_desired_pod *np_desired_early(struct np_desired *d, struct np_desired_pod *pod,
					const struct np_address *address, uint32_t count);
/*
 * Sets the addresses that a local pod has according to the CNI. If the API server says otherwise,
 * its addresses belong to an earlier sandbox of the pod and are replaced: after a reboot, or when
 * the sandbox was made again, the API server keeps the old addresses until kubelet has reported,
 * and meanwhile they may belong to other pods. Returns the record, which may have moved.
 */
struct np_desired_pod *np_desired_actual(struct np_desired *d, struct np_desired_pod *pod,
					 const struct np_address *address, uint32_t count);

#endif
