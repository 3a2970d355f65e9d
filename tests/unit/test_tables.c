// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input as an API server takes it: the tables in tests/unit/input. Each case is loaded as
 * YAML, and once more as JSON that says the same; both must come to the same. So must a
 * single object that comes from an API server.
 *
 * A file is a row of cases, each begun by a line "#= NAME". The lines with #= that follow
 * say what is expected:
 *
 *   #= accept: TEXT         what is read, written out as describe() does
 *   #= reject: LINE:COLUMN PATH: WORDS    the error; WORDS are part of its text, lines
 *                           are those of the case
 *   #= also: LINE:COLUMN PATH, ...    where errors are collected, those behind the first one;
 *                           in cluster.yaml they need not be named, as many cases have two
 *   #= lenient: TEXT        what is read with --lenient
 *   #= lenient-reject       refused with --lenient too
 *   #= warning: WORDS       part of a warning, of accept, else of lenient
 *   #= no warning           there is none
 *   #= yaml only            not to be tried as JSON
 *
 * A case whose first line is indented is what stands below "spec:" of a policy; in
 * cluster.yaml, of a ClusterNetworkPolicy.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "load_check.h"
#include "agent/desired.h"
#include "agent/desired_decode.h"
#include "base/output.h"
#include "object/digest.h"
#include "object/json.h"
#include "object/write.h"
#include "object/yaml.h"

/* What a case says. Text is not terminated by it but by len. */
struct one_case {
	const char *file;
	int line;
	char name[200];
	char accept[2000], reject[400], also[400], lenient[2000], warning[200];
	bool has_accept, has_reject, has_lenient, lenient_reject, no_warning, yaml_only;
	struct np_buffer text;	/* to load */
	uint32_t head;		/* lines before the case's own */
};

static unsigned int cases, as_json, from_api, again, compared;

static void failed(const struct one_case *c, const char *form, const char *have,
		   const char *want)
{
	check_failed++;
	printf("%s:%d: %s, as %s:\n\thave %s\n\twant %s\n", c->file, c->line, c->name, form,
	       have, want);
}

/* --- what was read, as a line ------------------------------------------------ */

static void describe_selector(FILE *out, const struct np_selector *selector)
{
	uint32_t i, v;

	if (!selector->present || !selector->count) {
		fputs(selector->present ? "*" : "any", out);
		return;
	}
	for (i = 0; i < selector->count; i++) {
		const struct np_requirement *need = &selector->item[i];

		fprintf(out, "%s%s %s", i ? " & " : "(", need->key,
			need->op == NP_OP_IN ? "in " : need->op == NP_OP_NOT_IN ? "notin " :
			need->op == NP_OP_EXISTS ? "exists" : "!exists");
		for (v = 0; v < need->value_count; v++)
			fprintf(out, "%s%s", v ? "," : "", need->value[v]);
	}
	fputc(')', out);
}

static void describe_peer(FILE *out, const struct np_peer *peer)
{
	char text[NP_CIDR_TEXT];
	uint32_t i;

	if (peer->ipblock) {
		fputs(np_cidr_text(&peer->ipblock->cidr, text), out);
		for (i = 0; i < peer->ipblock->except_count; i++)
			fprintf(out, "-%s", np_cidr_text(&peer->ipblock->except[i], text));
		return;
	}
	if (peer->ns_selector.present) {
		fputs("namespaces=", out);
		describe_selector(out, &peer->ns_selector);
	}
	if (peer->pod_selector.present) {
		fputs(peer->ns_selector.present ? "+pods=" : "pods=", out);
		describe_selector(out, &peer->pod_selector);
	}
}

static void describe_port(FILE *out, const struct np_port *port)
{
	fprintf(out, "%s/", np_protocol_name(port->protocol));
	if (port->kind == NP_PORT_ANY)
		fputs("any", out);
	else if (port->kind == NP_PORT_NAME)
		fputs(port->name, out);
	else if (port->kind == NP_PORT_NUMBER)
		fprintf(out, "%u", port->first);
	else
		fprintf(out, "%u-%u", port->first, port->last);
}

static void describe_rules(FILE *out, const char *direction, const char *peers,
			   const struct np_rule *rule, uint32_t count, bool cluster)
{
	static const char * const action[] = { "Accept", "Deny", "Pass" };
	const struct np_rule_nodes *nodes;
	const struct np_peer *peer;
	const struct np_port *port;
	uint32_t i, k, peer_count, port_count;

	fprintf(out, " %s[", direction);
	for (i = 0; i < count; i++) {
		fputs(i ? "; " : "", out);
		if (cluster)
			fprintf(out, "%s ", action[rule[i].action]);
		if (cluster && *rule[i].name)
			fprintf(out, "\"%s\" ", rule[i].name);
		nodes = rule[i].nodes;
		/* Before they are resolved, such rules must be closed. */
		if (nodes && (!rule[i].closed || rule[i].peer_count || rule[i].port_count))
			fputs("open ", out);
		if (rule[i].closed && !nodes) {
			fputs(rule[i].peer_count || rule[i].port_count ? "half closed" : "closed",
			      out);
			continue;
		}
		peer = nodes ? nodes->peer : rule[i].peer;
		peer_count = nodes ? nodes->peer_count : rule[i].peer_count;
		port = nodes ? nodes->port : rule[i].port;
		port_count = nodes ? nodes->port_count : rule[i].port_count;
		fprintf(out, "%s ", peers);
		for (k = 0; k < peer_count; k++) {
			fputs(k ? "," : "", out);
			describe_peer(out, &peer[k]);
		}
		for (k = 0; nodes && k < nodes->node_count; k++) {
			fputs(k || peer_count ? ",nodes=" : "nodes=", out);
			describe_selector(out, &nodes->node[k].selector);
		}
		fputs(peer_count || nodes ? " ports " : "any ports ", out);
		for (k = 0; k < port_count; k++) {
			fputs(k ? "," : "", out);
			describe_port(out, &port[k]);
		}
		fputs(port_count ? "" : "any", out);
	}
	fputc(']', out);
}

/* Rules of a direction that is not in policyTypes mean nothing and are left out. */
static void describe_policy(FILE *out, const struct np_policy *policy, bool named)
{
	bool cluster = policy->tier != NP_TIER_NETWORK_POLICY;

	if (cluster && named)
		fprintf(out, " %s%s", policy->namespace, policy->name);
	else if (named)
		fprintf(out, " %s/%s", policy->namespace, policy->name);
	if (cluster) {
		fprintf(out, " %s %u namespaces=",
			policy->tier == NP_TIER_ADMIN ? "Admin" : "Baseline", policy->priority);
		describe_selector(out, &policy->ns_selector);
	}
	fputs(" pods=", out);
	describe_selector(out, &policy->pod_selector);
	if (policy->directions & NP_DIR_INGRESS)
		describe_rules(out, "Ingress", "from", policy->ingress, policy->ingress_count,
			       cluster);
	if (policy->directions & NP_DIR_EGRESS)
		describe_rules(out, "Egress", "to", policy->egress, policy->egress_count, cluster);
}

static void describe_labels(FILE *out, const struct np_labels *labels)
{
	uint32_t i;

	fputs(" {", out);
	for (i = 0; i < labels->count; i++)
		fprintf(out, "%s%s=%s", i ? "," : "", labels->item[i].key,
			labels->item[i].value);
	fputc('}', out);
}

static void describe_pod(FILE *out, const struct np_pod *pod)
{
	char text[NP_CIDR_TEXT];
	uint32_t i;

	fprintf(out, " pod %s/%s", pod->namespace, pod->name);
	describe_labels(out, &pod->labels);
	for (i = 0; i < pod->address_count; i++)
		fprintf(out, " %s", np_address_text(&pod->address[i], text));
	for (i = 0; i < pod->port_count; i++)
		fprintf(out, " %s=%s/%u", pod->port[i].name,
			np_protocol_name(pod->port[i].protocol), pod->port[i].number);
	if (*pod->node)
		fprintf(out, " local=%s", pod->node);
	fputs(pod->deleting ? " deleting" : "", out);
	fputs(np_pod_usable(pod) ? "" : " unusable", out);
}

static void describe_node(FILE *out, const struct np_kube_node *node)
{
	char text[NP_CIDR_TEXT];
	uint32_t i;

	fprintf(out, " node %s", node->name);
	describe_labels(out, &node->labels);
	for (i = 0; i < node->address_count; i++)
		fprintf(out, " %s", np_address_text(&node->address[i], text));
}

/* All that was read; to be freed. */
static char *describe(const struct one_case *c)
{
	char *text = NULL;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	for (i = 0; i < objs.namespace_count; i++) {
		fprintf(out, " namespace %s", objs.namespaces[i].name);
		describe_labels(out, &objs.namespaces[i].labels);
	}
	for (i = 0; i < objs.pod_count; i++)
		describe_pod(out, &objs.pods[i]);
	for (i = 0; i < objs.policy_count; i++)
		describe_policy(out, &objs.policies[i], !c->head);
	for (i = 0; i < objs.node_count; i++)
		describe_node(out, &objs.nodes[i]);
	for (i = 0; i < objs.skipped_count; i++)
		fprintf(out, " skipped %s", objs.skipped[i].kind);
	fclose(out);
	return text;
}

/* --- the same as JSON -------------------------------------------------------- */

static void json_node(FILE *out, const struct np_node *node)
{
	const struct np_node *child;

	switch (node->type) {
	case NP_NODE_NULL:
		fputs("null", out);
		break;
	case NP_NODE_BOOL:
		fputs(node->truth ? "true" : "false", out);
		break;
	case NP_NODE_INT:
		fprintf(out, "%lld", (long long)node->number);
		break;
	case NP_NODE_FLOAT:
		fputs(node->text, out);
		break;
	case NP_NODE_STRING:
		np_print_json_string(out, node->text);
		break;
	default:
		fputc(node->type == NP_NODE_LIST ? '[' : '{', out);
		for (child = node->child; child; child = child->next) {
			if (node->type == NP_NODE_MAP) {
				np_print_json_string(out, child->key);
				fputc(':', out);
			}
			json_node(out, child);
			fputs(child->next ? "," : "", out);
		}
		fputc(node->type == NP_NODE_LIST ? ']' : '}', out);
	}
}

static int json_document(void *arg, struct np_node *root, bool items_read,
			 struct np_error *error)
{
	if (root)
		json_node(arg, root);
	fputc('\n', arg);
	return 0;
}

/* A case as JSON; NULL if it is no YAML. To be freed. */
static char *to_json(const struct one_case *c, size_t *len)
{
	struct np_input in = { .name = "t", .data = c->text.data, .len = c->text.len, .fd = -1 };
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	const struct np_reader reader = { .document = json_document, .arg = out };
	int ret = np_yaml_read(&in, &reader, &err);

	fclose(out);
	if (ret) {
		free(text);
		text = NULL;
	}
	return text;
}

/* --- running a case ---------------------------------------------------------- */

static bool warned(const char *words)
{
	size_t i;

	for (i = 0; i < objs.warning_count; i++)
		if (strstr(objs.warnings[i].text, words))
			return true;
	return false;
}

static void expect_read(const struct one_case *c, const char *form, const char *want)
{
	char *have = describe(c);

	/* each thing begins with a blank */
	if (strcmp(have + (*have == ' '), want))
		failed(c, form, have + (*have == ' '), want);
	else
		check_passed++;
	free(have);
}

static void expect_error(const struct one_case *c, const char *form, bool places)
{
	uint32_t line, column;
	char have[2000], where[64];
	const char *rest, *path_end;
	int used = 0;

	if (sscanf(c->reject, "%u:%u %n", &line, &column, &used) != 2 || !used) {
		failed(c, form, c->reject, "LINE:COLUMN and what follows");
		return;
	}
	rest = c->reject + used;
	snprintf(where, sizeof(where), "%u:%u ", err.line - c->head, err.column);
	snprintf(have, sizeof(have), "%s%s%s%s", where, err.path, *err.path ? ": " : "",
		 err.text);
	path_end = strstr(rest, ": ");
	if (err.exit != NP_EXIT_INPUT ||
	    (places && (err.line != line + c->head || err.column != column)) ||
	    (*err.path && (!path_end || strncmp(rest, err.path, path_end - rest) ||
			   err.path[path_end - rest])) ||
	    !strstr(err.text, *err.path && path_end ? path_end + 2 : rest))
		failed(c, form, have, c->reject);
	else
		check_passed++;
}

/*
 * What was read of ClusterNetworkPolicies, written as a manifest and read again, is the same. A
 * rule that is closed stays so.
 */
static void run_again(const struct one_case *c, enum np_format format)
{
	const struct np_policy_state state = { 0 };
	char *want = describe(c), *text = NULL;
	const char *form = format == NP_FORMAT_YAML ? "YAML again" : "JSON again";
	__uint128_t digest = np_policy_digest(&objs.policies[0]);
	struct np_writer w;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	again++;
	np_writer_init(&w, out, format);
	np_manifest_policy(&w, NULL, &objs.policies[0], &state);
	fclose(out);
	if (load_opts(text, len, true) || objs.policy_count != 1)
		failed(c, form, err.text, "what is written can be read");
	else if (np_policy_digest(&objs.policies[0]) != digest)
		failed(c, form, "another digest", "the same");
	else
		expect_read(c, form, want + (*want == ' '));
	if (strstr(want, "closed") ? !load_opts(text, len, false) : load_opts(text, len, false))
		failed(c, form, err.text, strstr(want, "closed") ?
		       "a rule that is closed is refused in files" : "it can be read");
	free(text);
	free(want);
}

/*
 * Where all errors are collected, the first one is the same, nothing is left of the input, and the
 * others are those that the case names.
 */
static void expect_all(const struct one_case *c, const char *form, const char *text, size_t len)
{
	const struct np_error first = err;
	struct np_errors all = { 0 };
	const struct np_load_options opts = { .errors = &all };
	struct np_buffer others = { 0 };
	bool same, exact;
	size_t i;

	np_objects_reset(&objs);
	CHECK_EQ(np_load_buffer(&objs, "t.yaml", text, len, &opts, &err), -1);
	CHECK_EQ(objs.policy_count + objs.pod_count + objs.namespace_count + objs.node_count, 0);
	same = all.count && all.item[0].line == first.line &&
	       all.item[0].column == first.column && !strcmp(all.item[0].path, first.path) &&
	       !strcmp(all.item[0].text, first.text) && !strcmp(all.item[0].hint, first.hint) &&
	       !strcmp(all.item[0].object, first.object);
	if (!same)
		failed(c, form, all.count ? all.item[0].text : "no error", first.text);
	exact = *c->also || !strstr(c->file, "cluster");
	np_buffer_print(&others, "%s", "");
	for (i = 1; i < np_errors_kept(&all); i++)
		np_buffer_print(&others, "%s%u:%u %s", i == 1 ? "" : ", ",
				all.item[i].line - c->head, all.item[i].column, all.item[i].path);
	if (exact && !strcmp(form, "YAML") && strcmp(others.data, c->also))
		failed(c, form, others.data, c->also);
	/* Places differ in JSON. */
	for (i = 1; exact && !strcmp(form, "JSON") && i < np_errors_kept(&all); i++)
		if (!strstr(c->also, all.item[i].path))
			failed(c, form, all.item[i].path, c->also);
	np_buffer_free(&others);
	np_errors_free(&all);
}

/*
 * A text is refused with all errors if it is refused with the first one, which is the same, and
 * means the same if it is not.
 */
static void compare_all(const struct one_case *c, const char *form, const char *text, size_t len,
			bool lenient)
{
	bool refused = load_opts(text, len, lenient), same;
	char *want = refused ? NULL : describe(c);
	const struct np_error first = err;
	struct np_errors all = { 0 };
	const struct np_load_options opts = { .lenient = lenient, .errors = &all };
	char *have;

	np_objects_reset(&objs);
	same = refused == !!np_load_buffer(&objs, "t.yaml", text, len, &opts, &err) &&
	       refused == !!all.count;
	if (!same) {
		failed(c, form, all.count ? all.item[0].text : "taken",
		       refused ? first.text : "taken");
	} else if (refused) {
		if (all.item[0].line != first.line || all.item[0].column != first.column ||
		    strcmp(all.item[0].text, first.text))
			failed(c, form, all.item[0].text, first.text);
	} else {
		have = describe(c);
		if (strcmp(have, want))
			failed(c, form, have, want);
		free(have);
	}
	compared++;
	free(want);
	np_errors_free(&all);
}

/* The same of the text with a few bytes changed. */
static void compare_damaged(const struct one_case *c, const char *form, const char *text,
			    size_t len)
{
	static const char bytes[] = "{}[]:,-\"' \nax0/.*&";
	char *copy = malloc(len + 1);
	unsigned int round, i;

	if (len > 4096)
		goto out;
	for (round = 0; round < 12; round++) {
		memcpy(copy, text, len);
		for (i = 0; i <= round % 3; i++)
			copy[(unsigned int)rand() % len] =
				bytes[(unsigned int)rand() % (sizeof(bytes) - 1)];
		compare_all(c, form, copy, len, round & 1);
	}
out:
	free(copy);
}

static void run_form(const struct one_case *c, const char *form, const char *text, size_t len)
{
	bool yaml = !strcmp(form, "YAML"), loads = !load_opts(text, len, false);

	if (c->has_reject && loads)
		failed(c, form, "it is taken", c->reject);
	else if (c->has_reject)
		expect_error(c, form, yaml);
	else if (!loads)
		failed(c, form, err.text, c->accept);
	else
		expect_read(c, form, c->accept);
	if (c->has_accept && *c->warning && !warned(c->warning))
		failed(c, form, "no such warning", c->warning);
	if (c->no_warning && objs.warning_count)
		failed(c, form, objs.warnings[0].text, "no warning");
	if (c->has_reject && !loads)
		expect_all(c, form, text, len);
	compare_all(c, form, text, len, false);
	compare_all(c, form, text, len, true);
	compare_damaged(c, form, text, len);
	if (!c->has_lenient && !c->lenient_reject && !c->has_accept)
		return;
	loads = !load_opts(text, len, true);
	if (c->lenient_reject ? loads : !loads)
		failed(c, form, loads ? "taken with --lenient" : err.text, "the opposite");
	else if (!c->lenient_reject)
		expect_read(c, form, c->has_lenient ? c->lenient : c->accept);
	if (c->has_lenient && *c->warning && !warned(c->warning))
		failed(c, form, "no such warning with --lenient", c->warning);
	if (loads && objs.policy_count == 1 && objs.policies[0].tier != NP_TIER_NETWORK_POLICY) {
		run_again(c, yaml ? NP_FORMAT_YAML : NP_FORMAT_JSON);
		load_opts(text, len, true);
	}
}

static bool kind_of(const struct np_node *object, enum np_source_kind *kind)
{
	static const char * const name[] = {
		[NP_SOURCE_NAMESPACE] = "Namespace", [NP_SOURCE_POD] = "Pod",
		[NP_SOURCE_POLICY] = "NetworkPolicy",
	};
	unsigned int k;

	for (k = 0; k < sizeof(name) / sizeof(name[0]); k++)
		if (!strcmp(np_node_text(object, "kind"), name[k])) {
			*kind = k;
			return true;
		}
	return false;
}

/*
 * The object of a case as the agent reads it from an API server means what it means in a
 * file that is read leniently. But a policy with an unknown field is closed.
 */
static void run_api(const struct one_case *c, const char *text, size_t len)
{
	const char *newline = memchr(text, '\n', len);
	struct np_arena arena = { 0 };
	enum np_source_kind kind;
	struct np_objects loaded;
	struct np_desired d;
	struct np_node *root;
	bool closed;
	char *want;

	if (load_opts(text, len, true) || newline != text + len - 1 ||
	    objs.namespace_count + objs.pod_count + objs.policy_count != 1)
		return;
	np_desired_init(&d, "");
	if (np_json_object(text, len, NULL, &arena, &root, &err) != NP_JSON_WHOLE ||
	    !kind_of(root, &kind))
		goto out;
	from_api++;
	if (np_json_object(text, len, np_source_pick(kind), &arena, &root, &err) !=
	    NP_JSON_WHOLE || np_desired_decode(&d, kind, root, &closed, &err)) {
		failed(c, "object of the API", err.text, "what is read leniently");
	} else if (closed) {
		if (!warned("unknown field"))
			failed(c, "object of the API", err.text, "what is read leniently");
	} else {
		want = describe(c);
		loaded = objs;
		objs = d.scratch;
		expect_read(c, "object of the API", want + (*want == ' '));
		objs = loaded;
		free(want);
	}
out:
	np_desired_free(&d);
	np_arena_free(&arena);
}

static void run_case(const struct one_case *c)
{
	size_t len;
	char *json;

	cases++;
	if (c->has_accept == c->has_reject) {
		failed(c, "case", "both or none of accept and reject", "one of them");
		return;
	}
	run_form(c, "YAML", c->text.data, c->text.len);
	if (c->yaml_only)
		return;
	json = to_json(c, &len);
	if (!json) {
		failed(c, "JSON", err.text, "YAML, or \"yaml only\"");
		return;
	}
	as_json++;
	run_form(c, "JSON", json, len);
	run_api(c, json, len);
	free(json);
}

/* --- reading the files ------------------------------------------------------- */

static bool take(const char *line, const char *key, char *to, size_t size, bool *has)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len))
		return false;
	line += len;
	line += *line == ' ';
	snprintf(to, size, "%.*s", (int)strcspn(line, "\n"), line);
	if (has)
		*has = true;
	return true;
}

/* A line behind "#= "; false: it is no expectation, so the name of a new case. */
static bool expectation(struct one_case *c, const char *line)
{
	char word[16];

	if (take(line, "accept:", c->accept, sizeof(c->accept), &c->has_accept) ||
	    take(line, "reject:", c->reject, sizeof(c->reject), &c->has_reject) ||
	    take(line, "also:", c->also, sizeof(c->also), NULL) ||
	    take(line, "lenient:", c->lenient, sizeof(c->lenient), &c->has_lenient) ||
	    take(line, "warning:", c->warning, sizeof(c->warning), NULL))
		return true;
	return take(line, "lenient-reject\n", word, sizeof(word), &c->lenient_reject) ||
	       take(line, "no warning\n", word, sizeof(word), &c->no_warning) ||
	       take(line, "yaml only\n", word, sizeof(word), &c->yaml_only);
}

static void add_line(struct one_case *c, const char *line)
{
	const char *spec = strstr(c->file, "cluster") ? CLUSTER_SPEC("") : SPEC("");
	const char *head = !c->text.len && *line == ' ' ? spec : "";

	if (*head)
		c->head = 5;
	np_buffer_print(&c->text, "%s%s", head, line);
}

static void end_case(struct one_case *c)
{
	if (*c->name)
		run_case(c);
	np_buffer_free(&c->text);
	memset(c, 0, sizeof(*c));
}

static void run_file(const char *path)
{
	struct one_case c = { 0 };
	char *line = NULL;
	size_t size = 0;
	int number = 0;
	FILE *in = fopen(path, "r");

	if (!CHECK(in))
		return;
	while (getline(&line, &size, in) > 0) {
		number++;
		if (!strncmp(line, "#= ", 3)) {
			if (*c.name && !c.text.len && expectation(&c, line + 3))
				continue;
			end_case(&c);
			c.file = path;
			c.line = number;
			snprintf(c.name, sizeof(c.name), "%.*s", (int)strcspn(line + 3, "\n"),
				 line + 3);
		} else if (*c.name && (*line != '\n' || c.text.len)) {
			add_line(&c, line);
		}
	}
	end_case(&c);
	free(line);
	fclose(in);
}

int main(void)
{
	struct dirent **entry;
	int count = scandir("tests/unit/input", &entry, NULL, alphasort), i;
	char path[512];

	CHECK(count > 2);
	for (i = 0; i < count; i++) {
		if (strstr(entry[i]->d_name, ".yaml")) {
			snprintf(path, sizeof(path), "tests/unit/input/%s", entry[i]->d_name);
			run_file(path);
		}
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
	printf("%u cases, %u of them as JSON too, %u from an API server, %u written again, "
	       "%u with all errors\n", cases, as_json, from_api, again, compared);
	CHECK(cases > 350 && as_json > 330 && from_api > 100 && again > 250);
	np_objects_free(&objs);
	return check_done("test_tables");
}
