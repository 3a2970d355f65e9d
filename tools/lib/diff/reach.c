// SPDX-License-Identifier: GPL-2.0-or-later
/* Compares two states by the connections that they allow. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netpol.h>

#include "base/alloc.h"
#include "diff/reach.h"
#include "matrix/matrix.h"
#include "matrix/steps.h"
#include "matrix/why.h"

/**
 * struct np_reach_run - a comparison that runs
 * @result: what is found
 * @side: states
 * @world: the core, filled with each
 * @steps: behind the verdict that is explained
 * @words: of a set of ports
 * @found: lines of the pair that is compared, by family == AF_INET6
 * @count: how many
 */
struct np_reach_run {
	struct np_reach_result *result;
	const struct np_diff_side *side[2];
	struct np_offline world[2];
	struct np_matrix_steps *steps;
	size_t words;
	struct np_reach_line *found[2];
	size_t count[2];
};

const struct np_diff_pod *np_reach_first(const struct np_reach_result *result, size_t group)
{
	return &result->groups.pod[result->groups.group[group].first];
}

const char *np_reach_name(uint8_t reach)
{
	return reach == NP_REACH_ALLOWED ? "allowed" : reach == NP_REACH_DENIED ? "denied" :
										 "none";
}

/* Both states have the same addresses outside. */
static bool np_reach_outside(const struct np_diff_pod *pod)
{
	return pod->pod[0] && np_diff_is_outside(pod->pod[0]);
}

enum np_reach_kind np_reach_kind(const struct np_reach_result *result,
				 const struct np_reach_line *line)
{
	const struct np_diff_pod *from = np_reach_first(result, line->source);
	const struct np_diff_pod *to = np_reach_first(result, line->destination);

	if (np_reach_outside(from) || np_reach_outside(to))
		return NP_REACH_OUTSIDE;
	if (!from->pod[0] || !to->pod[0])
		return NP_REACH_NEW;
	return from->pod[1] && to->pod[1] ? NP_REACH_BOTH : NP_REACH_GONE;
}

int np_reach_load(struct np_offline *world, const struct np_diff_side *side, struct np_error *err)
{
	const struct np_diff_origin *origin;
	int turn;
	size_t i;

	if (np_offline_init(world, NP_DIFF_HERE, err))
		return -1;
	/* A state that is no node's has all its pods here. */
	world->world->limit[NETPOL_LIMIT_LOCAL_PODS] = world->world->limit[NETPOL_LIMIT_PODS];
	if (side->audits && np_offline_observe(world, side->audits, err))
		return -1;
	for (turn = 0; turn < 2; turn++)
		for (i = 0; i < side->origins; i++) {
			origin = &side->origin[i];
			if (origin->loses == turn)
				continue;
			if (np_offline_apply(world, origin->name, &origin->objects, true, err))
				return -1;
		}
	return 0;
}

static int np_reach_check_size(const struct np_reach_result *result,
			       const struct np_reach_options *opts, struct np_error *err)
{
	uint64_t groups = result->groups.groups, outside = result->outside;
	uint64_t pairs = groups * groups - outside * outside;

	if (groups == outside) {
		np_error_set(err, NP_EXIT_INPUT, "there are no pods%s, so there are no connections "
			     "to compare", opts->namespaces ? " of these namespaces" : "");
		np_error_hint(err, "give the pods of the cluster to both sides with -f, or ask for "
			      "--objects alone");
		return -1;
	}
	if (pairs * result->ports.count * 2 <= NP_MATRIX_CELLS_MAX)
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "%zu pods of %zu kinds, %zu sets of addresses outside and "
		     "%zu port intervals are more than %u verdicts",
		     result->groups.pods - result->outside,
		     result->groups.groups - result->outside, result->outside,
		     result->ports.count, NP_MATRIX_CELLS_MAX);
	np_error_hint(err, "ask for some namespaces with -n, for some ports with --ports, or for "
		      "--objects alone");
	return -1;
}

/* What a state says of a flow. NP_REACH_NONE if no node of the state judges it. */
static enum np_reach np_reach_ask(const struct np_reach_run *run, size_t state,
				  const struct np_diff_pod *from, const struct np_diff_pod *to,
				  bool v6, const struct np_diff_ports_of *of,
				  struct np_flow *flow)
{
	uint8_t family = v6 ? AF_INET6 : AF_INET;

	if (!from->address[state][v6] || !to->address[state][v6])
		return NP_REACH_NONE;
	*flow = (struct np_flow) {
		.source = *from->address[state][v6],
		.destination = *to->address[state][v6],
		.protocol = np_diff_ports_protocol(of, family),
		.port = of->first,
	};
	return np_offline_judge(&run->world[state], flow, NULL) ? NP_REACH_ALLOWED :
								  NP_REACH_DENIED;
}

/* Explains what the second state says. */
static uint32_t np_reach_why(struct np_reach_run *run, enum np_reach reach,
			     const struct np_flow *flow)
{
	struct np_matrix *reasons = &run->result->reasons;
	uint32_t half[2] = { NP_MATRIX_NONE, NP_MATRIX_NONE };
	struct np_matrix_steps *steps = run->steps;
	int i;

	if (reach == NP_REACH_NONE)
		return NP_MATRIX_NONE;
	np_matrix_steps_reset(steps);
	np_offline_explain(&run->world[1], flow, NULL, np_matrix_steps_visit, steps);
	for (i = 0; i < 2; i++) {
		/* lines of one cause stay one, whichever rule passed them on */
		steps->why[i].passes = 0;
		if (steps->judged[i])
			half[i] = np_matrix_why(reasons, &steps->why[i]);
	}
	return np_matrix_cell(reasons, half[NETPOL_DIRECTION_EGRESS],
			      half[NETPOL_DIRECTION_INGRESS]);
}

static bool np_reach_like(const struct np_reach_line *a, const struct np_reach_line *b)
{
	return a->was == b->was && a->is == b->is && a->why == b->why;
}

/* Adds a port to the line of the pair that has the same verdicts for the same reasons. */
static void np_reach_note(struct np_reach_run *run, bool v6, const struct np_reach_line *like,
			  size_t port)
{
	struct np_reach_line *line;
	size_t i;

	for (i = 0; i < run->count[v6] && !np_reach_like(&run->found[v6][i], like); i++)
		;
	if (i == run->count[v6]) {
		run->found[v6] = np_array_grow(run->found[v6], i, sizeof(*line));
		run->found[v6][i] = *like;
		run->found[v6][i].ports = np_arena_zalloc(&run->result->reasons.arena,
							  run->words * sizeof(uint64_t));
		run->count[v6]++;
	}
	run->found[v6][i].ports[port / 64] |= 1ULL << port % 64;
}

static void np_reach_family(struct np_reach_run *run, struct np_reach_line *like,
			    const struct np_diff_pod *from, const struct np_diff_pod *to, bool v6)
{
	const struct np_diff_ports *ports = &run->result->ports;
	struct np_flow flow[2];
	enum np_reach reach[2];
	bool allowed[2];
	size_t i, s;

	run->count[v6] = 0;
	if ((!from->address[0][v6] || !to->address[0][v6]) &&
	    (!from->address[1][v6] || !to->address[1][v6]))
		return;
	like->families |= v6 ? NP_REACH_IPV6 : NP_REACH_IPV4;
	for (i = 0; i < ports->count; i++) {
		for (s = 0; s < 2; s++) {
			reach[s] = np_reach_ask(run, s, from, to, v6, &ports->item[i], &flow[s]);
			allowed[s] = reach[s] == NP_REACH_ALLOWED;
		}
		if (allowed[0] == allowed[1])
			continue;
		like->was = reach[0];
		like->is = reach[1];
		like->why = np_reach_why(run, reach[1], &flow[1]);
		np_reach_note(run, v6, like, i);
	}
}

static void np_reach_add(struct np_reach_run *run, const struct np_reach_line *line,
			 uint8_t families, bool all)
{
	struct np_reach_result *result = run->result;
	struct np_reach_line *to;

	result->line = np_array_grow(result->line, result->lines, sizeof(*result->line));
	to = &result->line[result->lines++];
	*to = *line;
	to->families = families;
	to->all_families = all;
	result->connections[np_reach_kind(result, to)][to->is == NP_REACH_ALLOWED] += to->pairs;
}

/* Puts the lines of both families together where they are equal. */
static void np_reach_merge(struct np_reach_run *run, uint8_t families)
{
	bool both = families == (NP_REACH_IPV4 | NP_REACH_IPV6), same;
	struct np_reach_line *four, *six;
	size_t i, k;

	for (i = 0; i < run->count[0]; i++) {
		four = &run->found[0][i];
		for (k = 0, same = false; k < run->count[1] && !same; k++) {
			six = &run->found[1][k];
			same = six->families && np_reach_like(four, six) &&
			       !memcmp(four->ports, six->ports, run->words * sizeof(uint64_t));
			if (same)
				six->families = 0;
		}
		np_reach_add(run, four, same ? families : NP_REACH_IPV4, same || !both);
	}
	for (k = 0; k < run->count[1]; k++)
		if (run->found[1][k].families)
			np_reach_add(run, &run->found[1][k], NP_REACH_IPV6, !both);
}

/* True if neither state has a node that judges these pods. */
static bool np_reach_elsewhere(const struct np_diff_pod *from, const struct np_diff_pod *to)
{
	size_t s;

	for (s = 0; s < 2; s++)
		if ((from->pod[s] && !strcmp(from->pod[s]->node, NP_DIFF_HERE)) ||
		    (to->pod[s] && !strcmp(to->pod[s]->node, NP_DIFF_HERE)))
			return false;
	return true;
}

static void np_reach_pair(struct np_reach_run *run, size_t source, size_t destination)
{
	const struct np_diff_pods *a = &run->result->groups.group[source];
	const struct np_diff_pods *b = &run->result->groups.group[destination];
	const struct np_diff_pod *pod = run->result->groups.pod;
	bool same = source == destination;
	struct np_reach_line like = {
		.source = source,
		.destination = destination,
		.pairs = (uint64_t)a->count * (b->count - same),
	};
	const struct np_diff_pod *from = &pod[a->first], *to = &pod[b->first + same];

	/* A pod always reaches itself, and nothing is asked of what passes by all pods. */
	if (!like.pairs || (np_reach_outside(from) && np_reach_outside(to)) ||
	    np_reach_elsewhere(from, to))
		return;
	np_reach_family(run, &like, from, to, false);
	np_reach_family(run, &like, from, to, true);
	np_reach_merge(run, like.families);
}

/*
 * Every port may differ for a reason of its own, so that few rules and pods make more lines than
 * anybody reads or than fit into memory.
 */
static int np_reach_check_lines(const struct np_reach_run *run,
				const struct np_reach_options *opts, struct np_error *err)
{
	const struct np_reach_result *result = run->result;
	uint64_t most = opts->bytes ? opts->bytes : NP_REACH_BYTES_MAX;

	if (result->lines * (sizeof(*result->line) + run->words * sizeof(uint64_t)) <= most)
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "more than %zu lines differ, each with %zu port "
		     "intervals, which is more than can be kept", result->lines,
		     result->ports.count);
	np_error_hint(err, "ask for some namespaces with -n, for some ports with --ports, or for "
		      "--objects alone");
	return -1;
}

static void np_reach_count_pods(struct np_reach_result *result)
{
	const struct np_diff_pod *pod;
	size_t i, s;
	bool here;

	for (i = 0; i < result->groups.pods; i++) {
		pod = &result->groups.pod[i];
		if (np_reach_outside(pod))
			continue;
		for (s = 0, here = false; s < 2; s++) {
			result->only[s] += pod->pod[s] && !pod->pod[!s];
			here |= pod->pod[s] && !strcmp(pod->pod[s]->node, NP_DIFF_HERE);
		}
		result->elsewhere += !here;
	}
}

static int np_reach_run(struct np_reach_run *run, const struct np_reach_options *opts,
			struct np_error *err)
{
	struct np_reach_result *result = run->result;
	size_t i, k;

	for (i = 0; i < 2; i++)
		if (np_reach_load(&run->world[i], run->side[i], err))
			return -1;
	np_diff_groups_make(&result->groups, run->side, run->world, opts->namespace,
			    opts->namespaces);
	for (i = 0; i < result->groups.groups; i++)
		result->outside += np_reach_outside(np_reach_first(result, i));
	if (opts->asked && opts->asked->ports)
		np_diff_ports_asked(&result->ports, opts->asked);
	else
		np_diff_ports_of_rules(&result->ports, run->side[0], run->side[1]);
	if (np_reach_check_size(result, opts, err))
		return -1;
	run->words = (result->ports.count + 63) / 64;
	run->steps = np_xcalloc(1, sizeof(*run->steps));
	np_reach_count_pods(result);
	for (i = 0; i < result->groups.groups; i++)
		for (k = 0; k < result->groups.groups; k++) {
			np_reach_pair(run, i, k);
			if (np_reach_check_lines(run, opts, err))
				return -1;
		}
	return 0;
}

int np_reach_compare(struct np_reach_result *result, const struct np_diff_side *a,
		     const struct np_diff_side *b, const struct np_reach_options *opts,
		     struct np_error *err)
{
	struct np_reach_run run = { .result = result, .side = { a, b } };
	int ret;

	memset(result, 0, sizeof(*result));
	np_matrix_init(&result->reasons);
	ret = np_reach_run(&run, opts, err);
	np_offline_free(&run.world[0]);
	np_offline_free(&run.world[1]);
	if (run.steps)
		np_arena_free(&run.steps->arena);
	free(run.steps);
	free(run.found[0]);
	free(run.found[1]);
	return ret;
}

void np_reach_free(struct np_reach_result *result)
{
	np_diff_groups_free(&result->groups);
	np_diff_ports_free(&result->ports);
	np_matrix_free(&result->reasons);
	free(result->line);
	memset(result, 0, sizeof(*result));
}
