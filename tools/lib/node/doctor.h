/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks whether this node enforces what was loaded: checks of the module, of ways past its
 * hooks, and of what may surprise pods. They only read. Each check has a stable identifier and
 * makes one or more findings.
 */
#ifndef NP_NODE_DOCTOR_H
#define NP_NODE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "node/finding.h"

/*
 * Runs all checks in their order, or only the one that `only` names, in the present network
 * namespace. It enters the network namespaces of pods for a moment and comes back. Returns
 * false if no check has the name.
 */
bool np_doctor(const struct np_patient *patient, const char *only,
	       struct np_finding_list *list);
/* Returns the name of the check with this number, or NULL after the last one. */
const char *np_doctor_check(size_t index);

#endif
