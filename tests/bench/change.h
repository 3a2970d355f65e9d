/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The changes that the benches of the control path make to a loaded cluster (shape.h). */
#ifndef BENCH_CHANGE_H
#define BENCH_CHANGE_H

#include "object/object.h"

/**
 * struct change - one kind of change
 * @name: for the table
 * @make: fills set with what is set by round, and other with what puts it back
 * @restore: other is set again; else what was set is deleted
 * @size: messages and bytes are rows of their own
 * @large: needs the shape's large namespace
 */
struct change {
	const char *name;
	void (*make)(unsigned int round, struct np_objects *set, struct np_objects *other);
	bool restore;
	bool size;
	bool large;
};

extern const struct change changes[];
extern const size_t change_count;

/* One more pod of "ns-0" with labels that others have, too; with a value that none has. */
struct np_pod *change_pod(struct np_objects *set, unsigned int round);
struct np_pod *change_identity(struct np_objects *set, unsigned int round);

#endif
