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

/* The first interface of one pod sandbox. */
struct np_cni_entry {
	char *namespace;
	char *name;
	char *uid;		/* "" if the runtime did not name it */
	int64_t time;		/* when the file was written, in nanoseconds since 1970 */
	struct np_address address[NP_CNI_ADDRESSES];
	uint32_t address_count;
	char interface[4][IFNAMSIZ];	/* its end on the node */
	uint32_t interface_count;
};

struct np_cni {
	struct np_cni_entry *entry;
	size_t count;
	/* number of files that held no result when the folders were last read */
	size_t unreadable;
};

/* Where container runtimes keep the results; ends with NULL. */
extern const char *const np_cni_folders[];

/* Reads all files of the folders. The list ends with NULL. A folder may be missing. */
void np_cni_read(struct np_cni *cni, const char *const *folders);
void np_cni_free(struct np_cni *cni);
/* Reads one result. Returns false if it is no result of a pod. */
bool np_cni_parse(struct np_cni *cni, const char *text, size_t len, int64_t time);
/*
 * Finds the latest entry of a pod. It must name the pod's uid, because a file left behind by
 * an earlier pod of the same name holds an address that another pod may have by now.
 */
const struct np_cni_entry *np_cni_find(const struct np_cni *cni, const char *namespace,
				       const char *name, const uint8_t *uid);

#endif
