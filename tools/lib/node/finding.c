// SPDX-License-Identifier: GPL-2.0-or-later
/* What the checks of doctor work on, and what they find. */
#include "node/finding.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void np_finding_add(struct np_finding_list *list, const char *check, enum np_health health,
		    const char *fmt, ...)
{
	struct np_finding *finding;
	va_list args;

	list->item = np_array_grow(list->item, list->count, sizeof(*list->item));
	finding = &list->item[list->count++];
	*finding = (struct np_finding) { .check = check, .health = health };
	va_start(args, fmt);
	finding->text = np_xvasprintf(fmt, args);
	va_end(args);
}

void np_finding_hint(struct np_finding_list *list, const char *fmt, ...)
{
	struct np_finding *finding = &list->item[list->count - 1];
	va_list args;

	va_start(args, fmt);
	finding->hint = np_xvasprintf(fmt, args);
	va_end(args);
}

void np_finding_free(struct np_finding_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		free(list->item[i].text);
		free(list->item[i].hint);
	}
	free(list->item);
	memset(list, 0, sizeof(*list));
}

enum np_health np_finding_worst(const struct np_finding_list *list)
{
	enum np_health worst = NP_HEALTH_OK;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->item[i].health > worst)
			worst = list->item[i].health;
	return worst;
}

const char *np_health_name(enum np_health health)
{
	static const char * const name[] = { "ok", "warn", "fail" };

	return name[health];
}

bool np_bypass_suspected(const struct np_counters *c, int seen_attr, int device_attr)
{
	uint64_t seen = np_counter(c, seen_attr), moved = np_counter(c, device_attr);

	/* at least a third of the packets that the interface moved */
	return moved > seen && moved - seen >= NP_BYPASS_LEAST && moved - seen >= moved / 3;
}

const struct np_counters *np_patient_pod(const struct np_patient *patient, uint32_t ifindex)
{
	size_t i;

	for (i = 0; patient->counters && ifindex && i < patient->counters->count; i++)
		if (patient->counters->item[i].kind == NP_COUNTERS_POD &&
		    patient->counters->item[i].ifindex == ifindex)
			return &patient->counters->item[i];
	return NULL;
}
