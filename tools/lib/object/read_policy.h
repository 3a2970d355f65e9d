/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads policies from nodes. Both functions return 0, or -1 with d->err filled.
 */
#ifndef NP_OBJECT_READ_POLICY_H
#define NP_OBJECT_READ_POLICY_H

#include "object/field.h"

int np_decode_policy(struct np_decode *d, const struct np_node *node,
		     const struct np_path *path);
/*
 * Reads a policy that np_decode_policy() cannot read as one without rules, which isolates what it
 * selects in its directions. If its selector cannot be read, it selects the whole namespace. If its
 * types cannot be read, it covers both directions. Fails if not even its name can be read.
 */
int np_decode_policy_closed(struct np_decode *d, const struct np_node *node,
			    const struct np_path *path);

#endif
