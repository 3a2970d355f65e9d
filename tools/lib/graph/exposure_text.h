/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what workloads are exposed to for people. */
#ifndef NP_GRAPH_EXPOSURE_TEXT_H
#define NP_GRAPH_EXPOSURE_TEXT_H

#include <stdio.h>

#include "graph/exposure.h"

/* Writes lines of 80 columns; most: names in a list of those that pass the same. */
void np_exposure_write_text(const struct np_exposure *exposure, size_t most, FILE *file);

#endif
