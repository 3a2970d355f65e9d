/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ends of an arrow as a drawing shows them: all that is drawn, a whole namespace, or a
 * workload; and the texts of a drawing, which are printable characters in UTF-8 and line ends. What
 * else has a meaning in a format is the format's to escape.
 */
#ifndef NP_GRAPH_ENDS_H
#define NP_GRAPH_ENDS_H

#include "base/buffer.h"
#include "graph/arrows.h"

enum np_end_of {
	NP_END_OF_ALL,		/* all workloads that are drawn, of which there are several */
	NP_END_OF_NAMESPACE,	/* all that are drawn of a namespace, likewise */
	NP_END_OF_WORKLOAD,
};

/* Calls visit for each end, with the workload, or the first one of the namespace that is drawn. */
void np_ends_visit(const struct np_arrows *arrows, const size_t *set, size_t count,
		   void (*visit)(void *context, enum np_end_of kind, size_t workload),
		   void *context);
/* Returns true if an arrow has the end NP_END_OF_ALL. */
bool np_ends_all(const struct np_arrows *arrows);
/* Returns the first workload of the namespace of a workload that is drawn. */
size_t np_ends_namespace(const struct np_arrows *arrows, size_t workload);
/* Writes the ports of an arrow and, behind a line end, the addresses if it is one of the world. */
void np_ends_label(struct np_buffer *to, const struct np_arrows *arrows,
		   const struct np_arrow *arrow);
/*
 * If an arrow leads from one end to one end, fills in their names in a drawing: "all", "world",
 * "n7" for the namespace that begins with workload 7, "w7" for a workload. Else returns false.
 */
bool np_ends_single(const struct np_arrows *arrows, const struct np_arrow *arrow, char from[32],
		    char to[32]);
/* Fills in the name of an end. */
void np_ends_name(enum np_end_of kind, size_t workload, char name[32]);
/* Write the name of a workload, with a line that counts its pods, and that of its namespace. */
void np_ends_workload(struct np_buffer *to, const struct np_arrows *arrows, size_t workload);
void np_ends_space(struct np_buffer *to, const struct np_arrows *arrows, size_t workload);
/* Returns how a workload is isolated in a direction, or NP_ISOLATED_ALL for an other end only. */
uint8_t np_ends_isolated(const struct np_arrows *arrows, size_t workload, uint8_t direction);
#endif
