/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what differs for programs, as docs/schema/diff.json says. */
#ifndef NP_DIFF_JSON_H
#define NP_DIFF_JSON_H

#include "base/output.h"
#include "diff/diff.h"

/* Writes the members of the document into an object that is open. */
void np_diff_write_members(struct np_writer *w, const struct np_diff *diff);
/* Writes the member "ports": those of a set, as np_diff_ports_join() joins them. */
void np_diff_write_ports(struct np_writer *w, const struct np_diff_ports *ports,
			 const uint64_t *set);
/* Writes the whole document. */
void np_diff_write_json(const struct np_diff *diff, FILE *file);

#endif
