/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshot files.
 *
 * Text, one JSON object a line: a head (format and module version, boot id, generation),
 * the settings, one line an origin, one line an object, and a last line with a CRC-64
 * of all before it. Files are replaced as a whole or not at all. Pods are in the order in
 * which they are to be loaded again: those that lost an address to another come first.
 */
#ifndef NP_NETLINK_SNAPSHOT_H
#define NP_NETLINK_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "netlink/decode.h"
#include "object/settings.h"
#include "object/state.h"
#include "base/output.h"
#include "netlink/report.h"

#define NP_SNAPSHOT_FORMAT	1

/* Objects of one origin. place[i] belongs to objects.pods[i]. */
struct np_snapshot_origin {
	char name[NETPOL_ORIGIN_MAX + 1];
	struct np_objects objects;
	struct np_placement *place;
};

/* A snapshot that has been read. */
struct np_snapshot {
	uint32_t format;
	char module[NETPOL_VERSION_MAX + 1];
	char boot_id[NETPOL_BOOT_ID_MAX + 1];
	char time[32];
	uint64_t generation;
	bool same_boot;
	size_t left_out;	/* local pods of an earlier boot, which were not read */
	struct np_settings settings;
	struct np_snapshot_origin *origin;
	size_t origin_count;
};

/*
 * A snapshot being written, object by object, so that it needs no second copy of what is in
 * it. np_snapshot_begin(), then the objects, then np_snapshot_end(), which puts the file
 * under its name or, with failed, takes it away. np_snapshot_write() does all of it.
 */
struct np_snapshot_output {
	const char *path;	/* the caller's */
	char temp[4096];
	FILE *file;
	int fd;
	uint64_t crc;
	struct np_writer w;
};

/* The resource version of a kind at the API server when the snapshot was made. */
struct np_snapshot_version {
	const char *kind;	/* "pods" */
	const char *version;
};

/* Removes the temporary files of writers of path that were killed at least an hour ago. */
void np_snapshot_sweep(const char *path);

/* versions ends with an entry without kind, or is NULL. info's origins are in it. */
int np_snapshot_begin(struct np_snapshot_output *out, const char *path,
		      const struct np_info *info, const struct np_settings *set,
		      const struct np_snapshot_version *versions, struct np_error *err);
void np_snapshot_namespace(struct np_snapshot_output *out, const struct np_namespace *ns,
			   const struct np_namespace_state *state);
void np_snapshot_pod(struct np_snapshot_output *out, const struct np_pod *pod,
		     const struct np_pod_state *state);
void np_snapshot_policy(struct np_snapshot_output *out, const struct np_policy *policy,
			const struct np_policy_state *state);
int np_snapshot_end(struct np_snapshot_output *out, bool failed, struct np_error *err);
/*
 * The resource version of a kind in the head of a file, which is not checked any further:
 * "" if there is none. version has size bytes.
 */
void np_snapshot_resource_version(const char *path, const char *kind, char *version,
				  size_t size);

/* This boot's random id; "" if there is none. */
void np_boot_id(char id[NETPOL_BOOT_ID_MAX + 1]);

/* Writes to path, or to standard output for "-". *skipped: local pods without interface. */
int np_snapshot_write(const char *path, const struct np_info *info,
		      const struct np_settings *set, const struct np_state *state,
		      size_t *skipped, struct np_error *err);
/*
 * Reads and checks all of it: NP_EXIT_INPUT with the reason if it is damaged or of a
 * newer format. Local pods are left out unless boot_id is the one of the snapshot.
 */
int np_snapshot_read(const char *path, const char *boot_id, struct np_snapshot *snap,
		     struct np_error *err);
/* Reads and checks a snapshot in memory. name is used in messages. */
int np_snapshot_parse(const char *name, char *data, size_t len, const char *boot_id,
		      struct np_snapshot *snap, struct np_error *err);
void np_snapshot_free(struct np_snapshot *snap);

/* Computes CRC-64/XZ. The first call begins with 0, each further one with the last result. */
uint64_t np_crc64(uint64_t crc, const void *data, size_t len);

#endif
