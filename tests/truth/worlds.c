// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random worlds: made-up clusters and what happens to them, judged by the core, by the
 * naive evaluator and, with -m, by the loaded module.
 *
 *   worlds [-m] [-n HISTORIES] [-v VERDICTS] [-s SEED] [-b BUDGET] [-f]
 *
 *	-m	in the loaded module too
 *	-n	how many histories (default 600)
 *	-v	stop after this many verdicts
 *	-s	the first one's seed (default 1)
 *	-b	most verdicts a step; 0: all (default 20000)
 *	-f	no worlds: puts faults into the comparison, and looks whether they are found
 *		and what is shown of them is small
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object/load.h"
#include "run.h"

static unsigned int failed;

/* As long as nothing goes wrong; true if something did, which is then written. */
static bool run_seed(uint64_t seed, bool module, FILE *to)
{
	struct history h;
	unsigned int i, j, count;
	bool audits, wrong;
	struct run run;

	/* the core's own random numbers, so that a failure comes again */
	netpol_random_seed = seed + 1;
	history_begin(&h, seed);
	h.unicast = module;
	h.audit = history_random(&h, 2);
	/* half of the worlds have none, and show what fails there by less */
	audits = history_random(&h, 2) && !module;
	count = 3 + history_random(&h, h.pods > 20 ? 8 : 24);
	run_begin(&run, &h, module);
	for (i = 0; i < count && !run.what[0]; i++) {
		for (j = 0; audits && j < 2 && !run.what[0]; j++)
			audits_run(&run, audits_next(&run.audits, &h));
		if (run.what[0])
			break;
		run_transaction(&run, history_next(&h, &run.model));
		if (!run.what[0])
			run_juggle(&run);
	}
	if (!run.what[0])
		run_empty(&run);
	wrong = run.what[0];
	if (wrong) {
		fprintf(to, "# seed %llu: %s\n", (unsigned long long)seed, run.what);
		run_shrink(&h, &run, to);
	}
	run_end(&run);
	wrong |= run.what[0];
	netpol_warnings = 0;
	history_free(&h);
	return wrong;
}

/*
 * One fault: the core's answer to what a rule lets in on a port, or keeps out, is taken for its
 * opposite. Two pods or one, a policy of one rule, and perhaps a namespace show that. Only a
 * ClusterNetworkPolicy has rules that keep something out.
 */
static void try_fault(unsigned int port, bool denied)
{
	struct np_load_options opts = { .lenient = true };
	struct np_objects objs;
	struct np_error err;
	char *text = NULL;
	size_t size = 0, i;
	FILE *to = open_memstream(&text, &size);
	uint64_t seed;
	bool small;

	run_totals.fault = port;
	run_totals.fault_denied = denied;
	for (seed = 1; seed < 100; seed++)
		if (run_seed(seed, false, to))
			break;
	fclose(to);
	np_objects_init(&objs);
	small = seed < 100 && strstr(text, "the smallest world that fails") &&
		!np_load_buffer(&objs, "shrunk", text, size, &opts, &err) &&
		objs.policy_count == 1 && (objs.policies[0].tier || !denied) && objs.policies[0].ingress_count == 1 &&
		!objs.policies[0].egress_count && objs.pod_count >= 1 && objs.pod_count <= 2 &&
		objs.namespace_count <= 2 && objs.policies[0].ingress[0].peer_count <= 1 &&
		objs.policies[0].ingress[0].port_count <= 1;
	for (i = 0; small && i < objs.pod_count; i++)
		small = objs.pods[i].address_count == 1;
	if (!small) {
		failed++;
		printf("a fault on port %u, %s, is not found, or not shown by a small world:\n"
		       "%s\n", port, denied ? "denied" : "accepted", text);
	} else {
		printf("a fault on port %u, %s, is shown by %zu namespaces, %zu pods and "
		       "1 rule\n", port, denied ? "denied" : "accepted",
		       objs.namespace_count, objs.pod_count);
	}
	np_objects_free(&objs);
	free(text);
	run_totals.fault = 0;
}

int main(int argc, char **argv)
{
	unsigned long i, worlds = 600, seed = 1, most = -1ul;
	bool module = false, faults = false;
	int opt;

	while ((opt = getopt(argc, argv, "mn:v:s:b:f")) != -1) {
		switch (opt) {
		case 'm': module = true; break;
		case 'n': worlds = strtoul(optarg, NULL, 0); break;
		case 'v': most = strtoul(optarg, NULL, 0); break;
		case 's': seed = strtoul(optarg, NULL, 0); break;
		case 'b': run_totals.budget = strtoul(optarg, NULL, 0); break;
		case 'f': faults = true; break;
		default: return 2;
		}
	}
	if (faults) {
		try_fault(80, false);
		try_fault(8080, false);
		try_fault(80, true);
		try_fault(8080, true);
		return failed != 0;
	}
	for (i = 0; i < worlds && failed < 3 && run_totals.verdicts < most; i++)
		failed += run_seed(seed + i, module, stdout);
	printf("%lu histories from seed %lu, %lu transactions: %lu published, %lu aborted "
	       "(%lu out of memory, %lu over a limit), %lu stale, %lu with pods that a "
	       "limit closed, %lu with observed policies that a limit leaves out\n", i, seed,
	       run_totals.transactions, run_totals.published, run_totals.refused,
	       run_totals.starved, run_totals.over, run_totals.stale, run_totals.lacking,
	       run_totals.unobserved);
	printf("%lu judged on this node, %lu allowed\n", run_totals.judged, run_totals.allowed);
	printf("%lu halves: %lu by the Admin tier, %lu after it passed, %lu by NetworkPolicies, "
	       "%lu by the Baseline tier; %lu with an unknown end, %lu of a pod without a "
	       "Namespace, %lu only observed, %lu accepted by what is observed\n",
	       run_totals.halves, run_totals.tiers[NP_TIER_ADMIN],
	       run_totals.passed, run_totals.tiers[NP_TIER_NETWORK_POLICY],
	       run_totals.tiers[NP_TIER_BASELINE], run_totals.unknown, run_totals.closed,
	       run_totals.audited, run_totals.observed);
	printf("audits: %lu begun, %lu ended by command, %lu by time; %lu were not there to be "
	       "ended, %lu edits out of memory\n", run_totals.begun, run_totals.ended, run_totals.over_time,
	       run_totals.absent, run_totals.audits_starved);
	printf("random worlds, core and evaluator: %lu verdicts compared, %u mismatches\n",
	       run_totals.verdicts, failed);
	if (module)
		printf("random worlds, module and evaluator: %lu verdicts compared, "
		       "%u mismatches\n", run_totals.module, failed);
	return failed || !run_totals.verdicts || (module && !run_totals.module);
}
