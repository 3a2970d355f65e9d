/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which labels selectors match. Pure functions. */
#ifndef NP_OBJECT_SELECT_H
#define NP_OBJECT_SELECT_H

#include <stdbool.h>

#include "object/object.h"

/* True if a value, which may be NULL, is one of those that the requirement names. */
bool np_requirement_has(const struct np_requirement *need, const char *value);
/* value: that of the label that the requirement names, or NULL if there is none. */
bool np_requirement_holds(const struct np_requirement *need, const char *value);
bool np_requirement_met(const struct np_requirement *need, const struct np_labels *labels);
/* True if all requirements are met, so also if there are none. */
bool np_selector_met(const struct np_selector *selector, const struct np_labels *labels);

#endif
