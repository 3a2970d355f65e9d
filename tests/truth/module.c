// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Truth tables against the loaded module, by EVAL; every pod is local.
 *
 *   module FILE...
 */
#include <stdlib.h>

#include "ask.h"
#include "table.h"

struct module {
	struct np_client client;
	unsigned int wrong;
};

static void run_step(struct table *t, struct table_totals *totals, void *arg)
{
	static struct answer answer[ASK_MAX];
	static struct np_flow flow[ASK_MAX];
	struct module *module = arg;
	struct np_error err = {};
	char where[512];
	size_t i, j, n;

	if (ask_load(&module->client, "manual", &t->objs, NULL, &err)) {
		printf("%s, step %d: %s\n", t->name, t->step, err.text);
		module->wrong++;
		return;
	}
	for (i = 0; i < t->count; i += n) {
		n = t->count - i < ASK_MAX ? t->count - i : ASK_MAX;
		for (j = 0; j < n; j++)
			flow[j] = (struct np_flow){
				.source = t->address[t->verdict[i + j].source],
				.destination = t->address[t->verdict[i + j].destination],
				.protocol = t->verdict[i + j].protocol,
				.port = t->verdict[i + j].port,
			};
		ask(&module->client, flow, n, answer);
		for (j = 0; j < n; j++) {
			const struct table_verdict *v = &t->verdict[i + j];
			bool allowed = answer[j].verdict == NETPOL_VERDICT_ALLOW;
			bool naive = table_naive(t, v);

			totals->verdicts++;
			if (!answer[j].error && allowed == v->allowed && naive == v->allowed)
				continue;
			if (totals->mismatches++ < 40)
				printf("%s: table %d, module %d (error %d), evaluator %d\n",
				       table_where(t, v, where, sizeof(where)), v->allowed,
				       allowed, answer[j].error, naive);
		}
	}
}

int main(int argc, char **argv)
{
	struct module module = {};
	struct table_totals sum;

	ask_begin(&module.client);
	module.wrong += table_run(argv + 1, argc - 1, run_step, &module, &sum);
	np_client_close(&module.client);
	printf("module by EVAL: %lu verdicts compared, %lu mismatches\n", sum.verdicts,
	       sum.mismatches);
	return module.wrong || sum.mismatches || !sum.verdicts;
}
