// SPDX-License-Identifier: GPL-2.0-or-later
/* Audits of random worlds, in the core; see audits.h. */
#include <string.h>

#include "run.h"

/* Most at the same time; there are few, so that they meet. */
#define MOST	12
/* The time when a history begins. */
#define START	1000

static struct netpol_text text_of(const char *name)
{
	return (struct netpol_text){ name, strlen(name) };
}

static bool same_name(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Its place, or audits->count. */
static unsigned int find(const struct audits *audits, const struct evaluator_audit *about)
{
	unsigned int i;

	for (i = 0; i < audits->count; i++)
		if (same_name(audits->about[i].namespace, about->namespace) &&
		    same_name(audits->about[i].policy, about->policy) &&
		    same_name(audits->about[i].pod, about->pod))
			break;
	return i;
}

static void take_out(struct audits *audits, unsigned int i)
{
	audits->count--;
	audits->about[i] = audits->about[audits->count];
	audits->end[i] = audits->end[audits->count];
}

/* Is its time over, as soon as somebody looks? */
static bool over(const struct audits *audits, unsigned int i)
{
	return audits->end[i] && audits->end[i] <= netpol_clock;
}

void audits_begin(void)
{
	netpol_clock = START;
}

void audits_end(void)
{
	netpol_clock = 0;
}

static const char *some_name(struct history *h, const char *prefix, unsigned int count)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%u", prefix, history_random(h, count));
	return np_intern_str(&h->pool, text);
}

const struct audit_step *audits_next(const struct audits *audits, struct history *h)
{
	static const enum audit_kind kinds[] = { AUDIT_BEGIN, AUDIT_BEGIN, AUDIT_END, AUDIT_LOOK,
						 AUDIT_WAIT };
	struct audit_step *step = &h->audit_step[h->audit_steps];
	unsigned int which;

	if (h->audit_steps == HISTORY_AUDITS)
		return NULL;
	h->audit_steps++;
	memset(step, 0, sizeof(*step));
	step->kind = kinds[history_random(h, ARRAY_SIZE(kinds))];
	step->before = h->transactions;
	step->after = -1;
	if (step->kind == AUDIT_BEGIN && audits->count == MOST)
		step->kind = AUDIT_END;
	if (step->kind == AUDIT_WAIT) {
		step->seconds = 1 + history_random(h, 30);
		return step;
	}
	if (!history_random(h, 4))
		step->after = history_random(h, history_random(h, 2) ? 8 : 60);
	if (step->kind == AUDIT_LOOK)
		return step;
	if (step->kind == AUDIT_BEGIN && history_random(h, 3))
		step->seconds = 1 + history_random(h, 40);
	/* most of those that are ended are there */
	if (step->kind == AUDIT_END && audits->count && history_random(h, 4)) {
		step->about = audits->about[history_random(h, audits->count)];
		return step;
	}
	which = history_random(h, 7);
	step->about.namespace = some_name(h, "n", h->namespaces);
	if (which == 1 || which == 2 || which == 6)
		step->about.policy = some_name(h, "policy", h->policies);
	if (which >= 3)
		step->about.pod = some_name(h, "pod", h->pods);
	return step;
}

/*
 * The edit of a step, with a failing allocation or without. Return: 0 if it is published; else a
 * negative errno, and it has left everything as it was.
 */
static int edit(struct run *run, const struct audit_step *step, long after)
{
	struct netpol_world *w = run->core.world;
	struct netpol_snapshot *old = w->snapshot;
	struct netpol_audit about = {};
	struct netpol_fault fault = {};
	struct books before, books;
	struct netpol_edit *edit;
	int error = 0;

	if (step->about.namespace) {
		about.ns = netpol_ns_get(w, text_of(step->about.namespace));
		about.end = step->seconds ? netpol_clock + step->seconds : 0;
		snprintf(about.policy, sizeof(about.policy), "%s", step->about.policy ?: "");
		snprintf(about.pod, sizeof(about.pod), "%s", step->about.pod ?: "");
	}
	run_take_books(&before, w);
	netpol_fail_after = after;
	edit = netpol_edit_begin(w, NULL, &fault);
	error = PTR_ERR_OR_ZERO(edit);
	if (!error && step->kind == AUDIT_BEGIN)
		error = netpol_edit_audit(edit, &about);
	else if (!error && step->kind == AUDIT_END)
		error = netpol_edit_audit_end(edit, &about);
	if (!error)
		error = netpol_edit_prepare(edit);
	if (error == -ENOMEM && netpol_fail_after >= 0)
		WRONG(run, "an audit is refused before an allocation failed");
	netpol_fail_after = 0;
	if (error && !IS_ERR(edit))
		netpol_edit_abort(edit);
	else if (!error)
		netpol_edit_publish(edit);
	if (netpol_fail_after)
		WRONG(run, "the end of an edit of audits allocates");
	netpol_fail_after = -1;
	run_take_books(&books, w);
	if (error && memcmp(&before, &books, sizeof(books)))
		WRONG(run, "an abort of audits changed the books");
	if (!error && books.generation != before.generation + 1)
		WRONG(run, "the generation did not go up by one with an audit");
	if (!error)
		netpol_snapshot_put(w, old);
	if (about.ns)
		netpol_ns_put(w, about.ns);
	return error;
}

/* What a published edit changes. */
static void apply(struct audits *audits, const struct audit_step *step)
{
	unsigned int i;

	audits->now = netpol_clock;
	for (i = audits->count; i; i--) {
		if (!over(audits, i - 1))
			continue;
		take_out(audits, i - 1);
		run_totals.over_time++;
	}
	i = find(audits, &step->about);
	if (step->kind == AUDIT_BEGIN) {
		audits->about[i] = step->about;
		audits->end[i] = step->seconds ? netpol_clock + step->seconds : 0;
		run_totals.begun += i == audits->count;
		audits->count += i == audits->count;
	} else if (step->kind == AUDIT_END) {
		take_out(audits, i);
		run_totals.ended++;
	}
}

void audits_run(struct run *run, const struct audit_step *step)
{
	struct audits *audits = &run->audits;
	int error, want = 0;
	unsigned int i;

	if (!step)
		return;
	if (step->kind == AUDIT_WAIT) {
		netpol_clock += step->seconds;
		return;
	}
	i = find(audits, &step->about);
	if (step->kind == AUDIT_END && (i == audits->count || over(audits, i)))
		want = -ENOENT;
	error = edit(run, step, step->after);
	if (error == -ENOMEM && step->after >= 0) {
		run_totals.audits_starved++;
		run_check_books(run);
		if (!run->what[0])
			run_compare(run);
		/* it must be possible to do the same once more */
		if (!run->what[0])
			error = edit(run, step, -1);
	}
	if (run->what[0])
		return;
	if (error != want)
		WRONG(run, "an edit of audits gives %d, not %d", error, want);
	else if (error)
		run_totals.absent++;
	else
		apply(audits, step);
	run_check_books(run);
	if (!run->what[0])
		run_compare(run);
}

void audits_before(struct run *run, unsigned int transaction)
{
	const struct history *h = run->history;
	unsigned int i;

	for (i = 0; i < h->audit_steps && !run->what[0]; i++)
		if (h->audit_step[i].before == transaction && !h->audit_step[i].dropped)
			audits_run(run, &h->audit_step[i]);
}

void audits_again(const struct audits *audits, struct history *h)
{
	unsigned int i;

	for (i = 0; i < audits->count && h->audit_steps < HISTORY_AUDITS; i++)
		h->audit_step[h->audit_steps++] = (struct audit_step){
			.kind = AUDIT_BEGIN,
			.before = h->transactions,
			.about = audits->about[i],
			.after = -1,
		};
}

void audits_end_all(struct run *run)
{
	struct audit_step step = { .kind = AUDIT_LOOK, .after = -1 };

	audits_run(run, &step);
	while (run->audits.count && !run->what[0]) {
		step.kind = AUDIT_END;
		step.about = run->audits.about[0];
		audits_run(run, &step);
	}
	if (run->what[0] || !run->core.world->snapshot->audits)
		return;
	/* those that are over go from the list with the next edit of it */
	step.about = (struct evaluator_audit){ .namespace = "n0" };
	for (step.kind = AUDIT_BEGIN; step.kind <= AUDIT_END; step.kind++)
		audits_run(run, &step);
}

void audits_check(struct run *run)
{
	const struct netpol_snapshot *s = run->core.world->snapshot;
	const struct netpol_audits *core = s->audits;
	unsigned int i, place, count = 0;

	if (s->now != run->audits.now)
		WRONG(run, "an edit takes the time that may not, or does not");
	for (i = 0; core && i < core->count; i++) {
		const struct netpol_audit *audit = &core->audit[i];
		const struct evaluator_audit about = {
			.namespace = audit->ns->name,
			.policy = audit->policy[0] ? audit->policy : NULL,
			.pod = audit->pod[0] ? audit->pod : NULL,
		};

		if (!netpol_audit_lasts(audit, s->now))
			continue;
		count++;
		place = find(&run->audits, &about);
		if (place == run->audits.count || audit->end != run->audits.end[place])
			WRONG(run, "an audit is under way that nobody began, or with another end");
	}
	if (count != run->audits.count)
		WRONG(run, "%u audits are under way, not %u", count, run->audits.count);
}

bool audits_name(const struct run *run, const struct netpol_pod *pod)
{
	unsigned int i;

	for (i = 0; i < run->audits.count; i++)
		if (run->audits.about[i].pod &&
		    !strcmp(run->audits.about[i].pod, netpol_pod_name(pod)) &&
		    !strcmp(run->audits.about[i].namespace, pod->template->ns->name))
			return true;
	return false;
}
