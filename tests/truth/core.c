// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Truth tables against the core in this process and against the naive evaluator.
 *
 *   core [-e] FILE...
 *
 *	-e	the evaluator alone
 */
#include <string.h>

#include "ask.h"
#include "offline/offline.h"
#include "table.h"

/* Of one run: the core, over all steps of a case. */
struct core {
	struct np_offline offline;
	bool open;
	unsigned int wrong;
};

/* The evaluator against the tables, without the core. */
static void run_naive(struct table *t, struct table_totals *totals, void *arg)
{
	unsigned long *left = arg;
	char where[512];
	size_t i;

	for (i = 0; i < t->count; i++) {
		const struct table_verdict *v = &t->verdict[i];
		bool naive = table_naive(t, v);

		totals->verdicts++;
		if (naive == v->allowed)
			continue;
		totals->mismatches++;
		if (*left && (*left)--)
			printf("%s: table %d, evaluator %d\n",
			       table_where(t, v, where, sizeof(where)), v->allowed, naive);
	}
}

static void run_step(struct table *t, struct table_totals *totals, void *arg)
{
	struct core *core = arg;
	struct np_error err;
	char where[512];
	size_t i;

	if (!t->step || !core->open) {
		if (core->open)
			np_offline_free(&core->offline);
		core->open = true;
		if (np_offline_init(&core->offline, t->ev.node ? TABLE_NODE : NULL, &err)) {
			core->wrong++;
			return;
		}
	}
	if (ask_offline_ranges(&core->offline, t->range, t->ranges, &err) ||
	    np_offline_apply(&core->offline, "manual", &t->objs, true, &err)) {
		printf("%s, step %d: %s\n", t->name, t->step, err.text);
		core->wrong++;
		return;
	}
	for (i = 0; i < t->count; i++) {
		const struct table_verdict *v = &t->verdict[i];
		struct np_flow flow = {
			.source = t->address[v->source],
			.destination = t->address[v->destination],
			.protocol = v->protocol,
			.port = v->port,
		};
		bool judged = np_offline_judge(&core->offline, &flow, NULL);
		bool naive = table_naive(t, v);

		totals->verdicts++;
		if (judged == v->allowed && naive == v->allowed)
			continue;
		if (totals->mismatches++ < 40)
			printf("%s: table %d, core %d, evaluator %d\n",
			       table_where(t, v, where, sizeof(where)), v->allowed, judged,
			       naive);
	}
}

int main(int argc, char **argv)
{
	struct table_totals sum;
	unsigned long shown = 40;
	struct core core = {};
	unsigned int wrong;

	if (argc > 1 && !strcmp(argv[1], "-e")) {
		wrong = table_run(argv + 2, argc - 2, run_naive, &shown, &sum);
		printf("evaluator: %lu verdicts compared, %lu mismatches\n", sum.verdicts,
		       sum.mismatches);
		return wrong || sum.mismatches || !sum.verdicts;
	}
	core.wrong += table_run(argv + 1, argc - 1, run_step, &core, &sum);
	if (core.open)
		np_offline_free(&core.offline);
	core.wrong += netpol_warnings;
	printf("core and evaluator: %lu verdicts compared, %lu mismatches\n", sum.verdicts,
	       sum.mismatches);
	return core.wrong || sum.mismatches || !sum.verdicts;
}
