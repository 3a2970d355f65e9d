// SPDX-License-Identifier: GPL-2.0-or-later
/* Explanations as text, JSON and YAML. */
#include "explain/print.h"

#include <string.h>

#include "explain/say.h"
#include "object/write.h"

#define NP_PRINT_WIDTH	80
/* How many rules that do not match, peers or ports of a rule, and connections are listed. */
#define NP_PRINT_RULES	10
#define NP_PRINT_PARTS	4
#define NP_PRINT_OPENED	10

/* Prints a paragraph behind `first`, and its further lines behind `next`. The text is escaped. */
static void np_print_wrapped(FILE *file, const char *first, const char *next, const char *text)
{
	size_t column = strlen(first), len;
	char word[512];

	fputs(first, file);
	for (;;) {
		len = strcspn(text, " ");
		if (len >= sizeof(word))
			len = sizeof(word) - 1;
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		np_print_escaped(file, word);
		column += len;
		text += len;
		if (!*text)
			break;
		len = *text == ' ' ? strcspn(text + 1, " ") : 0;
		if (*text == ' ' && column + 1 + len > NP_PRINT_WIDTH) {
			fprintf(file, "\n%s", next);
			column = strlen(next);
		} else if (*text == ' ') {
			fputc(' ', file);
			column++;
		}
		text += *text == ' ';
	}
	fputc('\n', file);
}

/* Prints why the peers or the ports of a rule do not match, if there are several reasons. */
static void np_print_parts(struct np_arena *arena, FILE *file, const struct np_reason_part *part,
			   uint32_t count, bool all)
{
	bool differ = false;
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (part[i].code == NP_REASON_MATCHES)
			return;
		differ |= !!strcmp(part[i].text, part[0].text);
	}
	for (i = 0; differ && i < count && (all || i < NP_PRINT_PARTS); i++)
		np_print_wrapped(file, "      ", "        ",
				 np_say(arena, "%s (%s): %s", part[i].path, part[i].says,
					part[i].text));
	if (differ && i < count)
		fprintf(file, "      and %u more, which -v lists\n", count - i);
}

/* The path of the first part that matches, or NULL. */
static const char *np_print_match(const struct np_reason_part *part, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (part[i].code == NP_REASON_MATCHES)
			return part[i].path;
	return NULL;
}

/*
 * Says by which parts a rule matches. Of a NetworkPolicy it is not said, because it does not matter
 * which of its rules matches.
 */
static const char *np_print_matches(struct np_arena *arena, const struct np_policy *policy,
				    const struct np_reason_rule *rule)
{
	const char *peer = np_print_match(rule->peer, rule->peer_count);
	const char *port = np_print_match(rule->port, rule->port_count);

	if (policy->tier == NP_TIER_NETWORK_POLICY || !peer)
		return "matches";
	return np_say(arena, "matches by %s%s%s%s%s", peer, port ? " and " : "",
		      port ? port : "", *rule->note ? "; " : "", rule->note);
}

static void np_print_rule(struct np_arena *arena, FILE *file, const struct np_policy *policy,
			  const struct np_reason_rule *rule, bool egress, uint32_t index, bool all)
{
	const char *list = egress ? "egress" : "ingress";

	np_print_wrapped(file, "    ", "      ",
			 np_say(arena, "%s[%u] (%s): %s", list, index, rule->says,
				rule->matches ? np_print_matches(arena, policy, rule) :
						rule->text));
	if (rule->matches)
		return;
	np_print_parts(arena, file, rule->peer, rule->peer_count, all);
	np_print_parts(arena, file, rule->port, rule->port_count, all);
}

static void np_print_step(const struct np_explain *x, FILE *file, size_t index, bool all)
{
	const struct np_explain_step *step = &x->step[index];
	bool egress = x->eval.step[index].direction == NETPOL_DIRECTION_EGRESS;
	struct np_arena arena = { 0 };
	uint32_t i, shown = 0, left = 0;

	if (!step->rule_count)
		fprintf(file, "    it has no %s rules\n", egress ? "egress" : "ingress");
	for (i = 0; i < step->rule_count; i++) {
		if (!all && !step->rule[i].matches && shown >= NP_PRINT_RULES) {
			left++;
			continue;
		}
		shown += !step->rule[i].matches;
		np_print_rule(&arena, file, step->policy, &step->rule[i], egress, i, all);
	}
	if (left)
		fprintf(file, "    and %u more rule%s that %s not match, which -v lists\n", left,
			left == 1 ? "" : "s", left == 1 ? "does" : "do");
	np_arena_free(&arena);
}

/* Names what let the connection through in each direction. */
static void np_print_allowed(const struct np_explain *x, FILE *file)
{
	const struct np_step *step, *by[2] = { NULL, NULL };
	unsigned int count = 0, direction;
	char name[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2];
	size_t i;

	for (i = 0; i < x->eval.step_count; i++) {
		step = &x->eval.step[i];
		direction = step->direction == NETPOL_DIRECTION_INGRESS;
		if (step->has_rule && !by[direction] && !step->audited &&
		    step->action != NETPOL_ACTION_PASS)
			by[direction] = step;
		if (*step->policy_name)
			continue;
		fputs(count++ ? "; " : " (", file);
		if (step->reason != NETPOL_REASON_RULE || !by[direction]) {
			if (*step->pod_name && step->reason != NETPOL_REASON_SELF)
				fprintf(file, "%s ", np_direction_name(step->direction));
			fputs(np_reason_text(step->reason), file);
			continue;
		}
		snprintf(name, sizeof(name), "%s/%s", np_step_space(by[direction]),
			 by[direction]->policy_name);
		fprintf(file, "%s by ", np_direction_name(step->direction));
		np_print_escaped(file, name);
		fprintf(file, " %s[%u]", np_direction_name(step->direction),
			by[direction]->rule);
	}
	if (count)
		fputc(')', file);
}

static const char *np_print_opened(struct np_arena *arena, const struct np_change_opened *opened)
{
	return np_say(arena, "%s/%s -> %s/%s %s", opened->source->namespace, opened->source->name,
		      opened->destination->namespace, opened->destination->name,
		      np_say_protocol(arena, opened->port.protocol, opened->port.port));
}

static void np_print_opens(struct np_arena *arena, const struct np_change *change, FILE *file,
			   bool all)
{
	size_t i;

	if (!change->count)
		fprintf(file, "# Between pods of the input it opens nothing else%s.\n",
			change->partial ? " among those that were tried" : "");
	else
		fprintf(file, "# It also opens %s%llu more connection%s between pods of the "
			"input:\n", change->partial ? "at least " : "",
			(unsigned long long)change->count, change->count == 1 ? "" : "s");
	for (i = 0; i < change->listed && (all || i < NP_PRINT_OPENED); i++)
		np_print_wrapped(file, "#   ", "#     ",
				 np_print_opened(arena, &change->opened[i]));
	if (i < change->count)
		fprintf(file, "#   and %llu more%s\n", (unsigned long long)change->count - i,
			all ? "" : ", which -v lists");
}

/* Where labels do not tell a pod from the others of its namespace, all of them are meant. */
static void np_print_wide(struct np_arena *arena, const struct np_policy *policy, FILE *file)
{
	const struct np_peer *peer =
		(policy->egress_count ? policy->egress : policy->ingress)->peer;

	if (!policy->pod_selector.count)
		np_print_wrapped(file, "# ", "# ",
				 np_say(arena, "It selects every pod of %s, those to come too.",
					policy->namespace));
	if (!peer->ipblock && !peer->pod_selector.count)
		np_print_wrapped(file, "# ", "# ", "Its peer is every pod of the other end's "
				 "namespace, those to come too.");
}

static void np_print_change(const struct np_explain *x, FILE *file, bool all)
{
	struct np_policy_state state = { { 0 } };
	const struct np_change *change = &x->change;
	const struct np_policy *policy;
	const struct np_ipblock *block;
	struct np_arena arena = { 0 };
	struct np_writer w;
	unsigned int i;

	if (change->none) {
		np_print_wrapped(file, "# ", "# ",
				 np_say(&arena, "No rule can be proposed: %s.", change->none));
	} else {
		np_print_wrapped(file, "# ", "# ",
				 np_say(&arena, "%s would allow it. netpolctl apply -f takes "
					     "the lines from --- on.", change->policies == 1 ?
					     "This policy" : "These policies"));
		np_print_opens(&arena, change, file, all);
	}
	for (i = 0; i < change->policies; i++) {
		policy = &change->policy[i];
		block = (policy->egress_count ? policy->egress : policy->ingress)->peer->ipblock;
		if (!i && !*np_protocol_name(x->flow.protocol))
			np_print_wrapped(file, "# ", "# ",
					 np_say(&arena, "A rule cannot name %s, so this opens "
						     "every port and protocol; %u were tried.",
						     x->question.protocol, change->ports));
		if (block && x->named[!!policy->egress_count].kind == NP_END_WORLD)
			np_print_wrapped(file, "# ", "# ",
					 "It is for every address outside private networks.");
		np_print_wide(&arena, policy, file);
		fputs("---\n", file);
		np_writer_init(&w, file, NP_FORMAT_YAML);
		np_manifest_policy(&w, NULL, policy, &state);
	}
	np_arena_free(&arena);
}

static void np_print_kernel(const struct np_explain *x, const struct np_explain_more *more,
			    FILE *file)
{
	unsigned int i;

	if (!more->kernel)
		return;
	if (more->same) {
		fprintf(file, "The kernel says the same   generation %llu\n",
			(unsigned long long)more->kernel->generation);
		return;
	}
	fputs("\nThe kernel's answer differs:\n", file);
	for (i = 0; i < more->kernel->step_count; i++)
		np_steps_line(file, &more->kernel->step[i], i + 1);
	np_steps_verdict(file, more->kernel, &x->question);
	np_steps_source(file, more->kernel);
}

/* A line that is no YAML, once a change has begun, would spoil what apply reads. */
void np_explain_print(const struct np_explain *x, const struct np_explain_more *more, FILE *file)
{
	struct np_arena arena = { 0 };
	size_t i;

	for (i = 0; i < 2; i++)
		if (*x->named[i].note)
			np_print_wrapped(file, "", "  ",
					 np_say(&arena, "%s %s: %s", i ? "destination" : "source",
						x->named[i].text, x->named[i].note));
	for (i = 0; i < x->eval.step_count; i++) {
		np_steps_line(file, &x->eval.step[i], (unsigned int)i + 1);
		if (x->step && x->step[i].policy)
			np_print_step(x, file, i, more->all);
	}
	np_steps_verdict(file, &x->eval, &x->question);
	if (x->eval.verdict == NETPOL_VERDICT_ALLOW)
		np_print_allowed(x, file);
	np_steps_source(file, &x->eval);
	np_print_kernel(x, more, file);
	if (x->change.none || x->change.policies)
		np_print_change(x, file, more->all);
	np_arena_free(&arena);
}

static void np_write_parts(struct np_writer *w, const char *key,
			   const struct np_reason_part *part, uint32_t count)
{
	uint32_t i;

	np_write_array(w, key);
	for (i = 0; i < count; i++) {
		np_write_object(w, NULL);
		np_write_string(w, "path", part[i].path);
		np_write_string(w, "says", part[i].says);
		np_write_bool(w, "matches", part[i].code == NP_REASON_MATCHES);
		np_write_string(w, "code", np_reason_code_name(part[i].code));
		if (*part[i].text)
			np_write_string(w, "text", part[i].text);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_write_rules(struct np_writer *w, const struct np_explain_step *step, bool egress)
{
	const struct np_reason_rule *rule;
	uint32_t i;

	np_write_array(w, "rules");
	for (i = 0; i < step->rule_count; i++) {
		rule = &step->rule[i];
		np_write_object(w, NULL);
		np_write_format(w, "path", "spec.%s[%u]", egress ? "egress" : "ingress", i);
		np_write_string(w, "says", rule->says);
		np_write_bool(w, "matches", rule->matches);
		if (*rule->text)
			np_write_string(w, "text", rule->text);
		if (*rule->note)
			np_write_string(w, "note", rule->note);
		np_write_parts(w, "peers", rule->peer, rule->peer_count);
		np_write_parts(w, "ports", rule->port, rule->port_count);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_write_answer(struct np_writer *w, const struct np_eval *eval,
			    const struct np_explain_step *more)
{
	size_t i;

	np_write_array(w, "steps");
	for (i = 0; i < eval->step_count; i++) {
		np_write_object(w, NULL);
		np_steps_write(w, &eval->step[i]);
		if (more && more[i].policy)
			np_write_rules(w, &more[i],
				       eval->step[i].direction == NETPOL_DIRECTION_EGRESS);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_write_named(struct np_writer *w, const char *key, const struct np_named_end *named)
{
	static const char * const kind[] = { "pod", "address", "world", "host", "madeUp" };
	char text[NP_CIDR_TEXT];

	np_write_object(w, key);
	np_write_string(w, "kind", named->workload ? "workload" : kind[named->kind]);
	if (*named->end.name && named->kind != NP_END_MADE_UP)
		np_write_format(w, "pod", "%s/%s", named->end.namespace, named->end.name);
	else if (named->end.address.family)
		np_write_string(w, "address", np_address_text(&named->end.address, text));
	if (*named->note)
		np_write_string(w, "note", named->note);
	np_write_end(w);
}

static void np_write_opened(struct np_writer *w, const struct np_change *change, bool all)
{
	struct np_arena arena = { 0 };
	const struct np_change_opened *opened;
	size_t i;

	np_write_object(w, "opens");
	np_write_number(w, "count", change->count);
	np_write_bool(w, "complete", !change->partial);
	np_write_array(w, "ports");
	for (i = 0; i < change->ports; i++)
		np_write_string(w, NULL, np_say_protocol(&arena, change->port[i].protocol,
							 change->port[i].port));
	np_write_end(w);
	np_write_array(w, "connections");
	for (i = 0; i < change->listed && (all || i < NP_PRINT_OPENED); i++) {
		opened = &change->opened[i];
		np_write_object(w, NULL);
		np_write_format(w, "source", "%s/%s", opened->source->namespace,
				opened->source->name);
		np_write_format(w, "destination", "%s/%s", opened->destination->namespace,
				opened->destination->name);
		np_write_string(w, "protocol",
				np_say_protocol(&arena, opened->port.protocol,
						opened->port.port));
		np_write_end(w);
	}
	np_write_end(w);
	np_write_end(w);
	np_arena_free(&arena);
}

static void np_write_change(struct np_writer *w, const struct np_change *change, bool all)
{
	struct np_policy_state state = { { 0 } };
	unsigned int i;

	np_write_object(w, "change");
	if (change->none)
		np_write_string(w, "none", change->none);
	np_write_array(w, "policies");
	for (i = 0; i < change->policies; i++)
		np_manifest_policy(w, NULL, &change->policy[i], &state);
	np_write_end(w);
	if (change->policies)
		np_write_opened(w, change, all);
	np_write_end(w);
}

void np_explain_write(const struct np_explain *x, const struct np_explain_more *more,
		      struct np_writer *w)
{
	np_write_top(w, "Explanation");
	np_steps_write_verdict(w, &x->eval, &x->question);
	np_write_string(w, "from", x->eval.has_generation ? "kernel" : "files");
	np_write_object(w, "ends");
	np_write_named(w, "source", &x->named[0]);
	np_write_named(w, "destination", &x->named[1]);
	np_write_end(w);
	np_write_answer(w, &x->eval, x->step);
	if (more->kernel) {
		np_write_object(w, "verify");
		np_write_bool(w, "same", more->same);
		np_write_string(w, "verdict", np_verdict_name(more->kernel->verdict));
		np_write_string(w, "reason", np_reason_name(more->kernel->reason));
		np_write_number(w, "generation", more->kernel->generation);
		np_write_answer(w, more->kernel, NULL);
		np_write_end(w);
	}
	if (x->change.none || x->change.policies)
		np_write_change(w, &x->change, more->all);
	np_write_end(w);
}
