/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads Services from nodes, for lint. No Service is ever enforced, so none can be wrong: what
 * cannot be read is left out.
 */
#ifndef NP_OBJECT_READ_SERVICE_H
#define NP_OBJECT_READ_SERVICE_H

#include "object/field.h"

void np_decode_service(struct np_decode *d, const struct np_node *node);

#endif
