/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a drawing in the language of Graphviz. */
#ifndef NP_GRAPH_DOT_H
#define NP_GRAPH_DOT_H

#include <stdio.h>

#include "graph/arrows.h"

void np_graph_write_dot(const struct np_arrows *arrows, FILE *file);

#endif
