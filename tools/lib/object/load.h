/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads Kubernetes objects from files, directories, standard input and buffers. */
#ifndef NP_OBJECT_LOAD_H
#define NP_OBJECT_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/errors.h"
#include "object/object.h"

struct np_convert;

struct np_load_options {
	/*
	 * Set for objects that an API server has accepted: unknown fields, null list entries and
	 * bad values of matchExpressions are warnings and not errors, and there are no remarks on
	 * style.
	 */
	bool lenient;
	/*
	 * Set for what this tool has written: the lists of peers of ClusterNetworkPolicies may be
	 * longer than the API allows, because the addresses of Nodes are among them, and have a
	 * network twice, because the kernel takes that of other programs. NP_AUDIT_KEY says that
	 * the kernel observed the policy, and that it is to do so again.
	 */
	bool own;
	bool recursive;		/* enter directories inside a directory as well */
	/* Set to convert AdminNetworkPolicies instead of refusing them; see object/convert.h. */
	struct np_convert *convert;
	/*
	 * Set to find all errors and not the first one only: they are added here, what they are
	 * about is left out, and the reading goes on. A part that is no YAML or JSON ends its file.
	 */
	struct np_errors *errors;
};

/*
 * All three add to objs and return 0, or return -1 with *err filled and objs
 * as it was (but for memory). opts may be NULL. The name is copied. Where
 * errors are collected, *err means nothing.
 *
 * A path is a file, "-" for standard input, or a directory, whose *.yaml,
 * *.yml and *.json files are read in order of their names; names that begin
 * with a dot are not read. A file's format follows its suffix; without a known
 * one, and for buffers, what begins with { or [ is JSON.
 */
int np_load_path(struct np_objects *objs, const char *path,
		 const struct np_load_options *opts, struct np_error *err);
int np_load_buffer(struct np_objects *objs, const char *name,
		   const char *data, size_t len,
		   const struct np_load_options *opts, struct np_error *err);
/* Reads fd to its end and does not close it. */
int np_load_fd(struct np_objects *objs, const char *name, int fd,
	       const struct np_load_options *opts, struct np_error *err);

/*
 * To be called after all files have been loaded. Of an object that is given more than once the
 * last one is kept, as if they had been applied one after the other, and there is a warning. If
 * there are several such objects, one warning names one and counts the others.
 */
void np_load_keep_last(struct np_objects *objs);

#endif
