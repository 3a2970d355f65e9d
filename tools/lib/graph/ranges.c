// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes the addresses outside that pass the same. */
#include "graph/ranges.h"

#include <sys/socket.h>

/* Separates what follows from what is there already. */
static void np_ranges_between(struct np_buffer *to, const char *text)
{
	if (to->len && to->data[to->len - 1] != ' ')
		np_buffer_print(to, "%s", text);
}

static void np_ranges_one(void *context, uint8_t family, const struct np_diff_range *range)
{
	np_ranges_between(context, ", ");
	np_diff_range_text(context, family, range);
}

/* Adds the addresses of a family: all, all but some, or a list. */
static void np_ranges_family(struct np_buffer *to, const struct np_exposure *exposure,
			     const struct np_exposure_peers *peers, bool v6)
{
	size_t runs = np_exposure_runs(exposure, peers, v6, false, NULL, NULL);
	size_t others = np_exposure_runs(exposure, peers, v6, true, NULL, NULL);

	if (!runs)
		return;
	np_ranges_between(to, " and ");
	if (others >= runs) {
		np_exposure_runs(exposure, peers, v6, false, np_ranges_one, to);
		return;
	}
	np_buffer_print(to, "all IPv%c addresses%s", v6 ? '6' : '4', others ? " but " : "");
	np_exposure_runs(exposure, peers, v6, true, np_ranges_one, to);
}

void np_exposure_ranges_text(struct np_buffer *to, const struct np_exposure *exposure,
			     const struct np_exposed *item,
			     const struct np_exposure_peers *peers)
{
	size_t others = 0;
	int v6;

	for (v6 = 0; v6 < 2; v6++)
		if (item->families[v6])
			others += np_exposure_runs(exposure, peers, v6, true, NULL, NULL);
	if (!others) {
		np_buffer_print(to, "all addresses");
		return;
	}
	np_ranges_family(to, exposure, peers, false);
	np_ranges_family(to, exposure, peers, true);
}
