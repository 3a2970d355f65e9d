// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Truth tables against the loaded module, by EVAL.
 *
 *   module FILE...
 */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "table.h"

struct module {
	struct np_client client;
	unsigned int wrong;
};

/* A row as a pod by name, where it is one and the name is asked for; else by address. */
static struct np_end end_of(const struct table *t, unsigned int row, bool by_name)
{
	struct np_end end = { .address = t->address[row] };
	const struct np_pod *pod = t->end[row].pod;

	/* a pod that shares its address with another has it only if it is the owner */
	if (by_name && pod && strchr(t->text[row], '/')) {
		snprintf(end.namespace, sizeof(end.namespace), "%s", pod->namespace);
		snprintf(end.name, sizeof(end.name), "%s", pod->name);
	}
	return end;
}

static void run_step(struct table *t, struct table_totals *totals, void *arg)
{
	static struct answer answer[ASK_MAX];
	static struct np_eval_request request[ASK_MAX];
	struct module *module = arg;
	struct np_placement *place = np_xcalloc(t->objs.pod_count + 1, sizeof(*place));
	struct np_error err = {};
	char where[512];
	size_t i, j, n;
	int error;

	for (i = 0; i < t->objs.pod_count; i++)
		place[i].local = table_is_here(t, &t->objs.pods[i]);
	error = ask_ranges(&module->client, t->range, t->ranges, NULL, &err);
	if (!error)
		error = ask_load(&module->client, "manual", &t->objs, place, &err);
	free(place);
	if (error) {
		printf("%s, step %d: %s\n", t->name, t->step, err.text);
		module->wrong++;
		return;
	}
	for (i = 0; i < t->count; i += n) {
		n = t->count - i < ASK_MAX ? t->count - i : ASK_MAX;
		for (j = 0; j < n; j++) {
			const struct table_verdict *v = &t->verdict[i + j];

			request[j] = (struct np_eval_request){
				.source = end_of(t, v->source, j % 4 == 1 || j % 4 == 3),
				.destination = end_of(t, v->destination, j % 4 >= 2),
				.family = t->address[v->source].family,
				.protocol = v->protocol,
				.has_port = *np_protocol_name(v->protocol),
				.port = v->port,
			};
		}
		ask(&module->client, request, n, answer);
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
