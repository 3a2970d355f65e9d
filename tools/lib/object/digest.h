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

/*
 * Writes a pod's uid as the kernel keeps it: the bytes of a UUID, or a digest of any other
 * text. "" is all zero.
 */
void np_uid_bytes(const char *uid, uint8_t bytes[NETPOL_UID_LEN]);
/* Writes the text of a UUID, or "" if all bytes are zero, and returns it. */
const char *np_uid_text(const uint8_t bytes[NETPOL_UID_LEN], char text[NP_UID_TEXT]);

/* 128-bit digests. They are equal for objects that mean the same to the kernel. */
__uint128_t np_namespace_digest(const struct np_namespace *ns);
__uint128_t np_pod_digest(const struct np_pod *pod, const struct np_placement *place);
__uint128_t np_policy_digest(const struct np_policy *policy);
/* Returns the hash of a pod's label set, for a struct np_hash. */
uint32_t np_label_set_hash(const struct np_pod *pod);
/* Returns true if two pods have the same label set. */
bool np_same_label_set(const struct np_pod *a, const struct np_pod *b);

/* True if a pod runs, or if its phase was not written. */
bool np_pod_running(const struct np_pod *pod);

#endif
