/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of lint about one peer: NP001, NP005, NP008 to NP012, NP014 and NP018. */
#ifndef NP_OBJECT_LINT_PEER_H
#define NP_OBJECT_LINT_PEER_H

#include "object/lint_find.h"

void np_lint_peer(const struct np_linting *l, const struct np_rule *rule,
		  const struct np_lint_at *at, uint32_t index);

#endif
