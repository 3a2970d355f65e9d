/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what workloads are exposed to as docs/schema/exposure.json says. */
#ifndef NP_GRAPH_EXPOSURE_JSON_H
#define NP_GRAPH_EXPOSURE_JSON_H

#include <stdio.h>

#include "graph/exposure.h"

void np_exposure_write_json(const struct np_exposure *exposure, FILE *file);

#endif
