/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a drawing as a flowchart of Mermaid. */
#ifndef NP_GRAPH_MERMAID_H
#define NP_GRAPH_MERMAID_H

#include <stdio.h>

#include "graph/arrows.h"

void np_graph_write_mermaid(const struct np_arrows *arrows, FILE *file);

#endif
