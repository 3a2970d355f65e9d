/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ends of a connection as people name them: a pod, a workload, an address, the world outside,
 * the node, or a pod that does not exist.
 */
#ifndef NP_EXPLAIN_END_H
#define NP_EXPLAIN_END_H

#include "base/error.h"
#include "netlink/report.h"
#include "object/object.h"

enum np_end_kind {
	NP_END_POD,		/* NAMESPACE/NAME: of a pod or of a workload */
	NP_END_ADDRESS,
	NP_END_WORLD,		/* world */
	NP_END_HOST,		/* host */
	NP_END_MADE_UP,		/* label:KEY=VALUE,...@NAMESPACE */
};

/**
 * struct np_named_end - an end that somebody named
 * @text: as it was written
 * @kind: enum np_end_kind
 * @end: what is asked about; filled in by np_end_resolve() if @text does not say it
 * @workload: @end is a pod of this workload
 * @note: what @text was taken for; "": what it says
 */
struct np_named_end {
	const char *text;
	uint8_t kind;
	struct np_end end;
	bool workload;
	char note[768];
};

/* Reads an end. Returns false if the text is none. */
bool np_end_parse(const char *text, struct np_named_end *end);
/*
 * Finds out what two ends stand for among the objects, and adds the pods that do not exist.
 * Returns 0, or -1 with *err filled.
 */
int np_end_resolve(struct np_objects *objs, struct np_named_end *source,
		   struct np_named_end *destination, uint8_t family, struct np_error *err);

#endif
