/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of two pods with one address is the owner of it.
 *
 * After a reboot pods keep their uids and are given new addresses, often each other's. The API
 * server shows the old addresses until kubelet has reported. So if the CNI has given an address to
 * a local pod, no other pod owns it, whatever the API server says. If the other one is local it
 * waits until it has an address of its own: it is not loaded, and its addresses are guarded. If it
 * is a pod of another node, its address is wrong, or is left over from a node that is gone, or
 * somebody there lies. It is not loaded either, so the kernel does not take it for the owner,
 * however new it is.
 */
#ifndef NP_AGENT_OWNER_H
#define NP_AGENT_OWNER_H

#include "agent/desired_record.h"
#include "node/cni.h"
#include "node/host.h"

/*
 * Finds the result of the CNI for a pod, or returns NULL. A static pod has its result under its own
 * uid and not under that of the mirror pod. Everybody may write the annotation of a mirror pod, so
 * such a result counts only if there is none under the uid of the pod, and if its interface is
 * there: it must not be one that an earlier pod of that name has left behind.
 */
const struct np_cni_entry *np_owner_entry(const struct np_cni *cni, const struct np_host *host,
					  const struct np_desired_pod *pod);
/*
 * Finds out which pods wait. host: the tables of the node. A result of the CNI whose
 * interface is not among them is left over from an earlier sandbox and gives no address to anybody.
 * Of two results with one address the latest counts.
 */
void np_owners_update(struct np_desired *d, const struct np_cni *cni, const struct np_host *host);

#endif
