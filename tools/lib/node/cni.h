/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the container network interface told the container runtime: the cache of results
 * that libcni keeps of each pod sandbox, with its addresses and its interface on the
 * node. It knows a pod's address before the API server does.
 */
#ifndef NP_NODE_CNI_H
#define NP_NODE_CNI_H

#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "object/object.h"

#define NP_CNI_ADDRESSES	8
#define NP_CNI_FILE_MAX		(1024 * 1024)
#define NP_CNI_ENTRIES_MAX	8192

/* One sandbox's first interface. */
struct np_cni_entry {
	char *namespace;
	char *name;
	char *uid;		/* "" if the runtime didn't say */
	int64_t time;		/* of the file, nanoseconds since 1970 */
	struct np_address address[NP_CNI_ADDRESSES];
	uint32_t address_count;
	char interface[4][IFNAMSIZ];	/* on the node's side */
	uint32_t interface_count;
};

struct np_cni {
	struct np_cni_entry *entry;
	size_t count;
	size_t unreadable;	/* files that were no result, in the last reading */
};

/* Reads all files of the folders, the list ends with NULL; a missing folder is fine. */
void np_cni_read(struct np_cni *cni, const char *const *folders);
void np_cni_free(struct np_cni *cni);
/* One result as text; false if it is of no use. */
bool np_cni_parse(struct np_cni *cni, const char *text, size_t len, int64_t time);
/*
 * The latest entry of a pod. It has to name the pod's uid: a file that was left behind by
 * one of the same name would give this one an address that may be another's by now.
 */
const struct np_cni_entry *np_cni_find(const struct np_cni *cni, const char *namespace,
				       const char *name, const uint8_t *uid);

#endif
