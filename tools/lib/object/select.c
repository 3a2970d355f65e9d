// SPDX-License-Identifier: GPL-2.0-or-later
/* Which labels selectors match. */
#include "object/select.h"

#include <string.h>

bool np_requirement_has(const struct np_requirement *need, const char *value)
{
	uint32_t i;

	for (i = 0; value && i < need->value_count; i++)
		if (!strcmp(need->value[i], value))
			return true;
	return false;
}

bool np_requirement_holds(const struct np_requirement *need, const char *value)
{
	switch (need->op) {
	case NP_OP_IN:
		return np_requirement_has(need, value);
	case NP_OP_NOT_IN:
		return !np_requirement_has(need, value);
	case NP_OP_EXISTS:
		return value;
	default:
		return !value;
	}
}

bool np_requirement_met(const struct np_requirement *need, const struct np_labels *labels)
{
	return np_requirement_holds(need, np_labels_get(labels, need->key));
}

bool np_selector_met(const struct np_selector *selector, const struct np_labels *labels)
{
	uint32_t i;

	for (i = 0; i < selector->count; i++)
		if (!np_requirement_met(&selector->item[i], labels))
			return false;
	return true;
}
