/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a drawing as a page. */
#ifndef NP_GRAPH_HTML_H
#define NP_GRAPH_HTML_H

#include <stdio.h>

#include "graph/arrows.h"

/* The contents of page.html. */
extern const char np_graph_page[];
/* Writes the page, which needs nothing else. */
void np_graph_write_html(const struct np_arrows *arrows, FILE *file);

#endif
