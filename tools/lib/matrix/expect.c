// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads the verdicts that a file expects, and finds how a matrix differs from them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/netpol.h>

#include "matrix/expect.h"
#include "matrix/matrix.h"
#include "matrix/why.h"
#include "netlink/report.h"
#include "object/json.h"
#include "object/yaml.h"
#include "base/output.h"

/* The square root of NP_MATRIX_CELLS_MAX. */
#define NP_EXPECT_PODS_MAX	8192

/* What the reader's callbacks work on. */
struct np_expect_load {
	struct np_expect *expect;
	bool found;
};

static int np_expect_fail(const struct np_expect *expect, const struct np_node *node,
			  const char *path, struct np_error *err, const char *text)
{
	np_error_set(err, NP_EXIT_INPUT, "%s", text);
	np_error_place(err, expect->file, node->line, node->column);
	snprintf(err->path, sizeof(err->path), "%.300s", path);
	np_error_hint(err, "the form is that of 'netpolctl matrix -o json'");
	return -1;
}

/* Reads the names. Each must be "namespace/name" and occur once. */
static int np_expect_pods(struct np_expect *expect, const struct np_node *root,
			  struct np_error *err)
{
	const struct np_node *list = np_node_get(root, "pods"), *entry;
	const char *slash;
	uint32_t i;

	if (!list || list->type != NP_NODE_LIST || !list->count)
		return np_expect_fail(expect, list ? list : root, "pods", err,
				      "must be a list of pods, and not empty");
	if (list->count > NP_EXPECT_PODS_MAX)
		return np_expect_fail(expect, list, "pods", err, "has more pods than any matrix");
	expect->pod = np_arena_alloc(&expect->arena, list->count * sizeof(*expect->pod));
	for (entry = list->child; entry; entry = entry->next) {
		slash = entry->type == NP_NODE_STRING ? strchr(entry->text, '/') : NULL;
		if (!slash || slash == entry->text || !slash[1])
			return np_expect_fail(expect, entry, "pods", err,
					      "a pod is written \"namespace/name\"");
		for (i = 0; i < expect->pods; i++)
			if (!strcmp(expect->pod[i], entry->text))
				return np_expect_fail(expect, entry, "pods", err,
						      "this pod is given twice");
		expect->pod[expect->pods++] = np_arena_memdup(&expect->arena, entry->text,
							      entry->count);
	}
	return 0;
}

static int np_expect_rows(struct np_expect *expect, const struct np_node *list,
			  struct np_error *err)
{
	const struct np_node *entry;
	char path[64], text[160];
	uint32_t i = 0;

	snprintf(path, sizeof(path), "allowed.%.40s", list->key);
	if (list->type != NP_NODE_LIST || list->count != expect->pods) {
		snprintf(text, sizeof(text), "must be a list of %u strings, one for each pod",
			 expect->pods);
		return np_expect_fail(expect, list, path, err, text);
	}
	for (entry = list->child; entry; entry = entry->next, i++) {
		snprintf(path, sizeof(path), "allowed.%.40s[%u]", list->key, i);
		if (entry->type != NP_NODE_STRING || entry->count != expect->pods ||
		    strspn(entry->text, "01?") != entry->count) {
			snprintf(text, sizeof(text),
				 "must be a string of %u characters 1, 0 or ?, one for each pod",
				 expect->pods);
			return np_expect_fail(expect, entry, path, err, text);
		}
		expect->row[expect->ports * expect->pods + i] =
			np_arena_memdup(&expect->arena, entry->text, entry->count);
	}
	expect->port[expect->ports++] = np_arena_memdup(&expect->arena, list->key,
							strlen(list->key));
	return 0;
}

static int np_expect_document(void *arg, struct np_node *root, bool items_read,
			      struct np_error *err)
{
	struct np_expect_load *load = arg;
	struct np_expect *expect = load->expect;
	const struct np_node *map, *entry;

	if (load->found)
		return np_expect_fail(expect, root, "", err, "holds more than one document");
	load->found = true;
	if (root->type != NP_NODE_MAP)
		return np_expect_fail(expect, root, "", err, "must be a map");
	if (np_expect_pods(expect, root, err))
		return -1;
	map = np_node_get(root, "allowed");
	if (!map || map->type != NP_NODE_MAP || !map->count)
		return np_expect_fail(expect, map ? map : root, "allowed", err,
				      "must be a map of ports, and not empty");
	if (map->count > NP_MATRIX_PORTS_MAX)
		return np_expect_fail(expect, map, "allowed", err,
				      "has more ports than any matrix");
	expect->port = np_arena_alloc(&expect->arena, map->count * sizeof(*expect->port));
	expect->row = np_arena_alloc(&expect->arena, (size_t)map->count * expect->pods *
				     sizeof(*expect->row));
	for (entry = map->child; entry; entry = entry->next)
		if (np_expect_rows(expect, entry, err))
			return -1;
	return 0;
}

static int np_expect_items(void *arg, struct np_node *head, struct np_error *err)
{
	return np_error_set(err, NP_EXIT_INPUT, "is a list of objects, not a matrix");
}

static int np_expect_item(void *arg, struct np_node *item, uint32_t index,
			  struct np_error *err)
{
	return np_expect_items(arg, item, err);
}

int np_expect_read(struct np_expect *expect, const char *path, struct np_error *err)
{
	struct np_expect_load load = { .expect = expect };
	const struct np_reader reader = {
		.items_begin = np_expect_items,
		.item = np_expect_item,
		.document = np_expect_document,
		.arg = &load,
	};
	struct np_input in = { .name = path };
	const char *dot = strrchr(path, '.');
	bool yaml = dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
	int ret;

	memset(expect, 0, sizeof(*expect));
	expect->file = path;
	in.fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (in.fd < 0) {
		np_error_set(err, NP_EXIT_INPUT, "%s", strerror(errno));
		np_error_place(err, path, 0, 0);
		np_error_hint(err, "--expect takes a file as 'netpolctl matrix -o json' writes it");
		return -1;
	}
	ret = yaml ? np_yaml_read(&in, &reader, err) : np_json_read(&in, &reader, err);
	if (in.fd != STDIN_FILENO)
		close(in.fd);
	if (!ret && !load.found) {
		ret = np_error_set(err, NP_EXIT_INPUT, "is empty");
		np_error_place(err, path, 0, 0);
	}
	if (ret && !*err->hint)
		np_error_hint(err, "--expect takes a file as 'netpolctl matrix -o json' writes it");
	return ret;
}

void np_expect_free(struct np_expect *expect)
{
	np_arena_free(&expect->arena);
	memset(expect, 0, sizeof(*expect));
}

int np_expect_ports(const struct np_expect *expect, struct np_matrix *m, struct np_error *err)
{
	uint32_t i;

	for (i = 0; i < expect->ports; i++)
		if (np_matrix_add_ports(m, expect->port[i], err)) {
			err->exit = NP_EXIT_INPUT;
			np_error_place(err, expect->file, 0, 0);
			snprintf(err->path, sizeof(err->path), "allowed");
			return -1;
		}
	return 0;
}

/* A growing list of findings. */
struct np_findings {
	struct np_difference *item;
	size_t count;
};

static struct np_difference *np_finding(struct np_findings *list, enum np_difference_kind kind,
					const char *name)
{
	struct np_difference *item;

	list->item = np_array_grow(list->item, list->count, sizeof(*list->item));
	item = &list->item[list->count++];
	memset(item, 0, sizeof(*item));
	item->kind = (uint8_t)kind;
	item->name = name;
	return item;
}

/*
 * Finds the row of the file for each pod of the matrix. A pod that only one of them has is a
 * finding.
 */
static uint32_t *np_expect_map(const struct np_expect *expect, const struct np_matrix *m,
			       struct np_findings *list)
{
	uint32_t *place = np_xmalloc(m->pods * sizeof(*place)), at, i;
	size_t j;

	memset(place, 0xff, m->pods * sizeof(*place));
	for (i = 0; i < expect->pods; i++) {
		at = np_matrix_find(m, expect->pod[i]);
		if (at == NP_MATRIX_NONE)
			np_finding(list, NP_DIFFERENCE_POD_MISSING, expect->pod[i]);
		else
			place[at] = i;
	}
	for (j = 0; j < m->pods; j++)
		if (place[j] == NP_MATRIX_NONE)
			np_finding(list, NP_DIFFERENCE_POD_NEW, m->pod[j].text);
	return place;
}

/* Spelling may differ: tcp/80 and TCP/80 are the same port. */
static uint32_t np_expect_port(const struct np_expect *expect, const char *text)
{
	struct np_matrix one;
	struct np_error unused;
	uint32_t i;
	bool same;

	for (i = 0; i < expect->ports; i++) {
		np_matrix_init(&one);
		same = !np_matrix_add_ports(&one, expect->port[i], &unused) &&
		       !strcmp(one.port[0].text, text);
		np_matrix_free(&one);
		if (same)
			return i;
	}
	return NP_MATRIX_NONE;
}

static uint64_t np_expect_port_compare(const struct np_expect *expect, const struct np_matrix *m,
				       const uint32_t *place, size_t port, uint32_t expected,
				       struct np_findings *list)
{
	struct np_difference *item;
	uint64_t compared = 0;
	size_t i, j;
	char want;

	for (i = 0; i < m->pods; i++) {
		for (j = 0; j < m->pods; j++) {
			if (place[i] == NP_MATRIX_NONE || place[j] == NP_MATRIX_NONE)
				continue;
			want = expect->row[(size_t)expected * expect->pods +
					   place[i]][place[j]];
			if (want == NP_MATRIX_UNKNOWN)
				continue;
			compared++;
			if (want == m->allowed[np_matrix_at(m, port, i, j)])
				continue;
			item = np_finding(list, NP_DIFFERENCE_VERDICT, NULL);
			item->want = want;
			item->port = port;
			item->source = i;
			item->destination = j;
		}
	}
	return compared;
}

uint64_t np_expect_compare(const struct np_expect *expect, const struct np_matrix *m,
			   struct np_difference **list, size_t *count)
{
	struct np_findings findings = { 0 };
	uint32_t *place = np_expect_map(expect, m, &findings), at, i;
	bool *used = np_xcalloc(expect->ports, sizeof(*used));
	uint64_t compared = 0;
	size_t port;

	for (port = 0; port < m->ports; port++) {
		at = np_expect_port(expect, m->port[port].text);
		if (at == NP_MATRIX_NONE) {
			np_finding(&findings, NP_DIFFERENCE_PORT_NEW, m->port[port].text);
			continue;
		}
		used[at] = true;
		compared += np_expect_port_compare(expect, m, place, port, at, &findings);
	}
	for (i = 0; i < expect->ports; i++)
		if (!used[i])
			np_finding(&findings, NP_DIFFERENCE_PORT_MISSING, expect->port[i]);
	free(used);
	free(place);
	*list = findings.item;
	*count = findings.count;
	return compared;
}

static const char *np_matrix_word(char verdict)
{
	return verdict == NP_MATRIX_ALLOW ? "allowed" : verdict == NP_MATRIX_DENY ? "denied" :
	       "not judged here";
}

static char np_difference_have(const struct np_matrix *m, const struct np_difference *item)
{
	return m->allowed[np_matrix_at(m, item->port, item->source, item->destination)];
}

static void np_difference_line(const struct np_matrix *m, const struct np_difference *item,
			       FILE *file)
{
	static const char * const text[][2] = {
		[NP_DIFFERENCE_POD_MISSING] = { "pod ", ": expected, not in the input" },
		[NP_DIFFERENCE_POD_NEW] = { "pod ", ": in the input, not expected" },
		[NP_DIFFERENCE_PORT_MISSING] = { "port ", ": expected, not asked for" },
		[NP_DIFFERENCE_PORT_NEW] = { "port ", ": asked for, not in what is expected" },
	};

	if (item->kind != NP_DIFFERENCE_VERDICT) {
		fputs(text[item->kind][0], file);
		np_print_escaped(file, item->name);
		fprintf(file, "%s\n", text[item->kind][1]);
		return;
	}
	fprintf(file, "%s ", m->port[item->port].text);
	np_print_escaped(file, m->pod[item->source].text);
	fputs(" -> ", file);
	np_print_escaped(file, m->pod[item->destination].text);
	fputs(": ", file);
	np_color_print(file, item->want == NP_MATRIX_DENY ? NP_COLOR_BAD : NP_COLOR_NOTE,
		       np_matrix_word(np_difference_have(m, item)));
	fprintf(file, ", expected %s", np_matrix_word(item->want));
	if (m->cell) {
		fputs(" (", file);
		np_matrix_describe(m, item->port, item->source, item->destination, file);
		fputc(')', file);
	}
	fputc('\n', file);
}

void np_difference_print(const struct np_matrix *m, const struct np_difference *list,
			 size_t count, uint64_t compared, size_t most, FILE *file)
{
	size_t i;

	for (i = 0; i < count && i < most; i++)
		np_difference_line(m, &list[i], file);
	if (count > most)
		fprintf(file, "and %zu more; -v shows all\n", count - most);
	if (count)
		fprintf(file, "%zu difference%s, %llu verdicts compared\n", count,
			count == 1 ? "" : "s", (unsigned long long)compared);
	else
		fprintf(file, "%llu verdicts are as expected\n", (unsigned long long)compared);
}

static void np_difference_step(struct np_writer *w, uint8_t direction,
			       const struct np_matrix_rule *rule, const char *action)
{
	np_write_object(w, NULL);
	np_write_string(w, "direction", np_direction_name(direction));
	np_write_string(w, "policy", rule->policy);
	if (rule->tier != NETPOL_TIER_NETWORK_POLICY)
		np_write_string(w, "tier", np_tier_text(rule->tier));
	if (rule->rule != NP_MATRIX_NONE)
		np_write_number(w, "rule", rule->rule);
	if (rule->name && *rule->name)
		np_write_string(w, "ruleName", rule->name);
	np_write_string(w, "action", action);
	np_write_end(w);
}

/* Writes what stands behind a verdict: rules that pass on, then the one that decides. */
static void np_difference_steps(const struct np_matrix *m, const struct np_difference *item,
				struct np_writer *w)
{
	size_t at = np_matrix_at(m, item->port, item->source, item->destination);
	struct np_matrix_rule rule = { .rule = NP_MATRIX_NONE, .tier = NETPOL_TIER_NETWORK_POLICY };
	const struct np_matrix_why *why;
	uint8_t direction;
	uint32_t i;

	np_write_array(w, "steps");
	why = np_matrix_decider(m, at, &direction);
	for (i = 0; why && i < why->passes; i++)
		np_difference_step(w, direction, &why->pass[i], "Pass");
	if (why && why->decider != NP_MATRIX_NONE) {
		rule = np_matrix_decided(why);
		np_difference_step(w, direction, &rule, why->accept ? "Accept" : "Deny");
	} else if (why && !why->accept) {
		for (i = 0; i < why->policies; i++) {
			rule.policy = why->policy[i];
			np_difference_step(w, direction, &rule, "Isolate");
		}
	}
	np_write_end(w);
}

void np_difference_write_json(const struct np_matrix *m, const struct np_difference *list,
			      size_t count, uint64_t compared, FILE *file)
{
	static const char * const kind[] = {
		"podMissing", "podNew", "portMissing", "portNew", "verdict",
	};
	struct np_writer w;
	char *why = NULL;
	size_t i, len;
	FILE *text;

	np_writer_init(&w, file, NP_FORMAT_JSON);
	np_write_top(&w, "MatrixDifference");
	np_write_number(&w, "compared", compared);
	np_write_array(&w, "differences");
	for (i = 0; i < count; i++) {
		np_write_object(&w, NULL);
		np_write_string(&w, "kind", kind[list[i].kind]);
		if (list[i].kind != NP_DIFFERENCE_VERDICT) {
			np_write_string(&w, "name", list[i].name);
			np_write_end(&w);
			continue;
		}
		np_write_string(&w, "port", m->port[list[i].port].text);
		np_write_string(&w, "source", m->pod[list[i].source].text);
		np_write_string(&w, "destination", m->pod[list[i].destination].text);
		np_write_format(&w, "expected", "%c", list[i].want);
		np_write_format(&w, "verdict", "%c", np_difference_have(m, &list[i]));
		text = m->cell ? open_memstream(&why, &len) : NULL;
		if (text) {
			np_matrix_describe(m, list[i].port, list[i].source,
					   list[i].destination, text);
			fclose(text);
			np_write_string(&w, "reason", why);
			free(why);
			np_difference_steps(m, &list[i], &w);
		}
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}
