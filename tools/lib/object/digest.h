/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digests of objects, and uids in binary.
 */
#ifndef NP_OBJECT_DIGEST_H
#define NP_OBJECT_DIGEST_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/netpol.h>

#include "object/object.h"
#include "object/state.h"

#define NP_UID_TEXT	37

/* A pod's uid as the kernel has it: a UUID in binary, else a digest; "" is all zero. */
void np_uid_bytes(const char *uid, uint8_t bytes[NETPOL_UID_LEN]);
/* The text of a UUID, "" for all zero; returns text. */
const char *np_uid_text(const uint8_t bytes[NETPOL_UID_LEN], char text[NP_UID_TEXT]);

/* Digests: 128 bits that are equal for objects that mean the same to the kernel. */
__uint128_t np_namespace_digest(const struct np_namespace *ns);
__uint128_t np_pod_digest(const struct np_pod *pod, const struct np_placement *place);
__uint128_t np_policy_digest(const struct np_policy *policy);
/* The same of the labels and named ports of a pod, and whether two pods share them. */
__uint128_t np_label_set_digest(const struct np_pod *pod);
bool np_same_label_set(const struct np_pod *a, const struct np_pod *b);

/* True for a pod that runs, or whose phase was not written. */
bool np_pod_running(const struct np_pod *pod);

#endif
