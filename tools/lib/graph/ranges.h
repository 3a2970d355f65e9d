/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the addresses outside that pass the same. */
#ifndef NP_GRAPH_RANGES_H
#define NP_GRAPH_RANGES_H

#include "base/buffer.h"
#include "graph/exposure.h"

/*
 * Writes "all addresses", "all IPv4 addresses but 10.0.0.0/8 and fd00::/8", behind what the buffer
 * holds, which ends with a blank if it holds anything. The peers are of the world of the item.
 */
void np_exposure_ranges_text(struct np_buffer *to, const struct np_exposure *exposure,
			     const struct np_exposed *item,
			     const struct np_exposure_peers *peers);

#endif
