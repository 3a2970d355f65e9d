/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes an archive of files: tar, in the form that POSIX calls ustar, compressed by gzip. */
#ifndef NP_BUNDLE_ARCHIVE_H
#define NP_BUNDLE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct np_archive {
	const char *path;
	const char *folder;	/* that all files of the archive are in */
	int64_t when;		/* their time, in seconds since 1970 */
	char temp[4096];	/* what is written, until it gets its name; "": path itself */
	void *stream;		/* gzFile */
	int error;		/* the first errno */
};

/*
 * Begins an archive at a path, which is a new file that only its owner can read. With force, a file
 * that is there is replaced as a whole; a symbolic link is replaced too, and what it leads to is
 * left alone. "-" is standard output. Returns 0, or -1 with *err filled.
 */
int np_archive_begin(struct np_archive *archive, const char *path, bool force, const char *folder,
		     int64_t when, struct np_error *err);
/* Adds a file. The name is short: with the folder no more than 99 characters. */
void np_archive_add(struct np_archive *archive, const char *name, const void *data, size_t len);
/* Ends it. If anything failed, or failed is set, the file is removed. */
int np_archive_end(struct np_archive *archive, bool failed, struct np_error *err);

#endif
