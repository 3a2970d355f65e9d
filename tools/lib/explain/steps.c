// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps of an answer, for people and for programs. */
#include "explain/steps.h"

#include <string.h>

void np_question_set(struct np_question *question, const char *source, const char *destination,
		     const char *protocol)
{
	char *c;

	question->source = source;
	question->destination = destination;
	snprintf(question->protocol, sizeof(question->protocol), "%s", protocol);
	for (c = question->protocol; *c; c++)
		*c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
}

/* What the rule of a step does. */
static const char *np_steps_does(const struct np_step *step)
{
	if (step->action == NETPOL_ACTION_PASS)
		return "passed on";
	return *np_verdict_name(step->verdict) ? np_verdict_name(step->verdict) : "matched";
}

void np_steps_line(FILE *file, const struct np_step *step, unsigned int number)
{
	char pod[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2];
	char policy[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 16];

	snprintf(pod, sizeof(pod), "%s/%s", step->pod_namespace, step->pod_name);
	fprintf(file, "%u %-7s of ", number, np_direction_name(step->direction));
	if (*step->pod_name)
		np_print_escaped(file, pod);
	else
		fputc('-', file);
	if (!*step->policy_name) {
		fprintf(file, "   %s%s%s", np_verdict_name(step->verdict),
			step->verdict ? ": " : "", np_reason_text(step->reason));
		if (step->verdict == NETPOL_VERDICT_AUDIT)
			fputs(", but policies that are observed would deny it", file);
		if (step->lack.limit) {
			fputs(": ", file);
			np_shortage_print(file, &step->lack);
		}
		fputc('\n', file);
		return;
	}
	snprintf(policy, sizeof(policy), "%s/%s", np_step_space(step), step->policy_name);
	fputs(step->audited ? "   observed " : *step->policy_namespace ? "   isolated by " :
	      "   selected by ", file);
	np_print_escaped(file, policy);
	if (step->has_rule)
		fprintf(file, "   %s by %s[%u]", np_steps_does(step),
			np_direction_name(step->direction), step->rule);
	else
		fputs("   no rule matches", file);
	if (*step->rule_name) {
		fputs(", ", file);
		np_print_escaped(file, step->rule_name);
	}
	fputc('\n', file);
}

/*
 * Finds the half that decided: the one whose direction the verdict has, else the first step
 * that denies. Of what is only observed it is the first half that would deny.
 */
static const struct np_step *np_steps_decider(const struct np_eval *eval)
{
	const struct np_step *step;
	size_t i;

	for (i = 0; i < eval->step_count; i++) {
		step = &eval->step[i];
		if (eval->verdict == NETPOL_VERDICT_AUDIT) {
			if (!*step->policy_name && step->verdict == NETPOL_VERDICT_AUDIT)
				return step;
			continue;
		}
		if (*step->pod_name && (eval->has_direction ?
		    step->direction == eval->direction :
		    step->verdict == NETPOL_VERDICT_DENY))
			return step;
	}
	return NULL;
}

static void np_steps_policies(FILE *file, const struct np_eval *eval, const struct np_step *half)
{
	bool audit = eval->verdict == NETPOL_VERDICT_AUDIT;
	const struct np_step *step;
	unsigned int count = 0;
	char name[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2];
	size_t i;

	for (i = 0; half && i < eval->step_count; i++) {
		step = &eval->step[i];
		if (step->direction != half->direction || !*step->policy_namespace ||
		    step->audited != audit)
			continue;
		snprintf(name, sizeof(name), "%s/%s", step->policy_namespace,
			 step->policy_name);
		fputs(count++ ? ", " : step->audited ?
		      " (policies that would isolate, and are only observed: " :
		      " (policies that isolate: ", file);
		np_print_escaped(file, name);
	}
	if (count)
		fputc(')', file);
	else
		fprintf(file, " (%s)", np_reason_text(eval->reason));
}

/* Names the rule of a cluster-wide policy that denies in the direction of the verdict. */
static bool np_steps_denier(FILE *file, const struct np_eval *eval)
{
	const struct np_step *step;
	char name[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2];
	size_t i;

	for (i = 0; i < eval->step_count; i++) {
		step = &eval->step[i];
		if (!*step->policy_name || step->action != NETPOL_ACTION_DENY ||
		    step->direction != eval->direction)
			continue;
		snprintf(name, sizeof(name), "%s/%s", np_step_space(step), step->policy_name);
		fprintf(file, " (by %s[%u] of ", np_direction_name(step->direction), step->rule);
		np_print_escaped(file, name);
		fputc(')', file);
		return true;
	}
	return false;
}

void np_steps_verdict(FILE *file, const struct np_eval *eval, const struct np_question *question)
{
	const struct np_step *half = np_steps_decider(eval);
	bool deny = eval->verdict == NETPOL_VERDICT_DENY;
	bool audit = eval->verdict == NETPOL_VERDICT_AUDIT;
	char line[1024];

	np_color_print(file, deny ? NP_COLOR_BAD : audit ? NP_COLOR_NOTE : NP_COLOR_GOOD,
		       np_verdict_name(eval->verdict));
	if (deny && half)
		snprintf(line, sizeof(line), " %s %s/%s", np_direction_name(half->direction),
			 half->pod_namespace, half->pod_name);
	else
		snprintf(line, sizeof(line), " %s -> %s %s", question->source,
			 question->destination, question->protocol);
	np_print_escaped(file, line);
	if (audit)
		np_steps_policies(file, eval, half);
	if (deny && !(eval->reason == NETPOL_REASON_RULE && np_steps_denier(file, eval)))
		np_steps_policies(file, eval, eval->reason == NETPOL_REASON_ISOLATED ||
				  !eval->reason ? half : NULL);
}

void np_steps_source(FILE *file, const struct np_eval *eval)
{
	if (eval->has_generation)
		fprintf(file, "   generation %llu\n", (unsigned long long)eval->generation);
	else
		fputs("   from files\n", file);
}

void np_steps_write_verdict(struct np_writer *w, const struct np_eval *eval,
			    const struct np_question *question)
{
	np_write_string(w, "source", question->source);
	np_write_string(w, "destination", question->destination);
	np_write_string(w, "protocol", question->protocol);
	np_write_string(w, "verdict", np_verdict_name(eval->verdict));
	np_write_string(w, "reason", np_reason_name(eval->reason));
	if (eval->has_direction)
		np_write_string(w, "direction", np_direction_name(eval->direction));
	if (eval->has_generation)
		np_write_number(w, "generation", eval->generation);
}

void np_steps_write(struct np_writer *w, const struct np_step *step)
{
	np_write_string(w, "direction", np_direction_name(step->direction));
	if (*step->pod_name)
		np_write_format(w, "pod", "%s/%s", step->pod_namespace, step->pod_name);
	if (*step->policy_name) {
		np_write_format(w, "policy", "%s/%s", np_step_space(step), step->policy_name);
		if (!*step->policy_namespace)
			np_write_string(w, "tier", np_tier_text(step->tier));
		if (*step->policy_origin)
			np_write_string(w, "origin", step->policy_origin);
		if (step->audited)
			np_write_bool(w, "audited", true);
	}
	if (step->verdict)
		np_write_string(w, "verdict", np_verdict_name(step->verdict));
	if (step->reason)
		np_write_string(w, "reason", np_reason_name(step->reason));
	if (step->lack.limit)
		np_shortage_write(w, &step->lack);
	if (step->has_rule)
		np_write_number(w, "rule", step->rule);
	if (*step->rule_name)
		np_write_string(w, "ruleName", step->rule_name);
	if (step->has_rule && !*step->policy_namespace)
		np_write_string(w, "action", step->action == NETPOL_ACTION_PASS ? "Pass" :
				step->action == NETPOL_ACTION_DENY ? "Deny" : "Accept");
}
