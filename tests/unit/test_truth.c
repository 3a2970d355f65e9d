// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Truth tables: worlds with the verdict for every pair of pods, computed elsewhere or by
 * hand. The core and the naive evaluator must both agree with them.
 *
 * tests/tables/ has this project's own, one JSON object a line: `case`, `step`, `tags`,
 * `objects` (a Kubernetes List), `pods` (rows and columns: "namespace/name", the pod's
 * first address, or an address), `allowed` ("TCP/80" to one string a source, one
 * character a destination: 1 allowed, 0 denied, ? not asked). Steps after the first
 * replace the objects of the step before.
 */
#include <dirent.h>
#include <unistd.h>
#include <stdlib.h>
#include <cjson/cJSON.h>

#include "../evaluator/evaluator.c"
#include "check.h"
#include "load.h"
#include "offline.h"
#include "validate.h"

#define SHARED "../shared/corpora/truth-tables.jsonl.xz"

#define ENDS_MAX 64

static unsigned long verdicts, mismatches, steps, cases;

/**
 * struct table - one step of one case
 * @name: of the case
 * @step: number of the step
 * @objs: objects
 * @end: rows and columns
 * @address: of each
 * @text: of each, as written
 * @ends: how many
 * @offline: the core, over all steps of a case
 */
struct table {
	const char *name;
	int step;
	struct np_objects objs;
	struct evaluator_end end[ENDS_MAX];
	struct np_address address[ENDS_MAX];
	const char *text[ENDS_MAX];
	int ends;
	struct np_offline offline;
};

static void bad(const struct table *t, const char *what, const char *more)
{
	printf("%s, step %d: %s %s\n", t->name, t->step, what, more);
	check_failed++;
}

static const struct np_pod *pod_of(const struct np_objects *objs, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t i;

	for (i = 0; slash && i < objs->pod_count; i++) {
		const struct np_pod *pod = &objs->pods[i];

		if (strlen(pod->namespace) == slash - text && !strcmp(pod->name, slash + 1) &&
		    !strncmp(pod->namespace, text, slash - text))
			return pod;
	}
	return NULL;
}

/* Finds the rows and columns. */
static bool table_ends(struct table *t, const struct evaluator *ev, const cJSON *list)
{
	const cJSON *entry;

	t->ends = 0;
	cJSON_ArrayForEach(entry, list) {
		const char *text = cJSON_GetStringValue(entry);
		struct np_address *address = &t->address[t->ends];
		const struct np_pod *pod = pod_of(&t->objs, text);

		memset(address, 0, sizeof(*address));
		if (t->ends + 1 == ENDS_MAX)
			return false;
		if (pod && pod->address_count) {
			*address = pod->address[0];
		} else if (np_parse_address(text, address)) {
			bad(t, "no pod with an address:", text);
			return false;
		}
		t->text[t->ends] = text;
		t->end[t->ends].address = address;
		t->end[t->ends].pod = evaluator_owner(ev, address);
		t->ends++;
	}
	return true;
}

static bool parse_port(const char *text, uint8_t *protocol, uint16_t *port)
{
	static const struct {
		const char *name;
		uint8_t number;
	} known[] = {
		{ "TCP", IPPROTO_TCP }, { "UDP", IPPROTO_UDP }, { "SCTP", IPPROTO_SCTP },
		{ "ICMP", IPPROTO_ICMP }, { "ICMPv6", IPPROTO_ICMPV6 }, { "GRE", IPPROTO_GRE },
	};
	const char *slash = strchr(text, '/');
	size_t i;

	for (i = 0; slash && i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i].name) != slash - text ||
		    strncmp(known[i].name, text, slash - text))
			continue;
		*protocol = known[i].number;
		*port = strtoul(slash + 1, NULL, 10);
		return true;
	}
	return false;
}

static void compare(struct table *t, const struct evaluator *ev, const char *what, int row,
		    int column, uint8_t protocol, uint16_t port, bool want)
{
	struct np_flow flow = {
		.source = t->address[row],
		.destination = t->address[column],
		.protocol = protocol,
		.port = port,
	};
	struct evaluator_half egress, ingress;
	bool core, naive;

	core = np_offline_judge(&t->offline, &flow, NULL);
	naive = evaluator_judge(ev, &t->end[row], &t->end[column], protocol, port, &egress,
				&ingress);
	verdicts++;
	if (core == want && naive == want)
		return;
	if (mismatches++ < 40)
		printf("%s, step %d: %s from %s to %s: table %d, core %d, evaluator %d\n",
		       t->name, t->step, what, t->text[row], t->text[column], want, core,
		       naive);
}

static void compare_grid(struct table *t, const struct evaluator *ev, const cJSON *grid)
{
	const char *what = grid->string;
	uint8_t protocol;
	uint16_t port;
	int i, j;

	if (!parse_port(what, &protocol, &port) || cJSON_GetArraySize(grid) != t->ends) {
		bad(t, "bad grid", what);
		return;
	}
	for (i = 0; i < t->ends; i++) {
		const char *row = cJSON_GetStringValue(cJSON_GetArrayItem(grid, i));

		if (strlen(row) != t->ends) {
			bad(t, "bad row", row);
			return;
		}
		for (j = 0; j < t->ends; j++)
			if (row[j] != '?')
				compare(t, ev, what, i, j, protocol, port, row[j] == '1');
	}
}

/* Takes over the objects of a step. */
static bool table_load(struct table *t, const cJSON *objects)
{
	struct np_load_options opts = { .lenient = true };
	char *text = cJSON_PrintUnformatted(objects);
	struct np_error err;
	int error;

	np_objects_free(&t->objs);
	np_objects_init(&t->objs);
	error = np_load_buffer(&t->objs, t->name, text, strlen(text), &opts, &err);
	cJSON_free(text);
	if (!error)
		error = np_offline_apply(&t->offline, "manual", &t->objs, true, &err);
	if (error)
		bad(t, err.path, err.text);
	return !error;
}

static void run_line(struct table *t, const char *line)
{
	struct evaluator ev = { .origin = { &t->objs }, .origins = 1 };
	cJSON *json = cJSON_Parse(line);
	const cJSON *grid;
	struct np_error err;

	t->name = cJSON_GetStringValue(cJSON_GetObjectItem(json, "case"));
	if (!t->name) {
		t->name = "(no case)";
		bad(t, "not a table:", line);
		cJSON_Delete(json);
		return;
	}
	t->step = cJSON_GetNumberValue(cJSON_GetObjectItem(json, "step"));
	if (!t->step) {
		cases++;
		np_offline_free(&t->offline);
		CHECK(!np_offline_init(&t->offline, NULL, &err));
	}
	steps++;
	if (table_load(t, cJSON_GetObjectItem(json, "objects")) &&
	    table_ends(t, &ev, cJSON_GetObjectItem(json, "pods")))
		cJSON_ArrayForEach(grid, cJSON_GetObjectItem(json, "allowed"))
			compare_grid(t, &ev, grid);
	cJSON_Delete(json);
}

static void run_file(const char *name, FILE *file)
{
	struct table t = {};
	size_t size = 0;
	char *line = NULL;

	verdicts = 0;
	mismatches = 0;
	steps = 0;
	cases = 0;
	while (getline(&line, &size, file) > 0)
		if (*line != '\n')
			run_line(&t, line);
	free(line);
	np_offline_free(&t.offline);
	np_objects_free(&t.objs);
	printf("%s: %lu cases, %lu steps, %lu verdicts, %lu mismatches\n", name, cases, steps,
	       verdicts, mismatches);
	CHECK_EQ(mismatches, 0);
	CHECK(verdicts);
}

static void run_own(void)
{
	struct dirent **entry;
	char path[512];
	int i, count = scandir("tests/tables", &entry, NULL, alphasort);
	unsigned int files = 0;

	for (i = 0; i < count; i++) {
		const char *name = entry[i]->d_name;
		FILE *file;

		if (strlen(name) > 6 && !strcmp(name + strlen(name) - 6, ".jsonl")) {
			snprintf(path, sizeof(path), "tests/tables/%s", name);
			file = fopen(path, "r");
			if (CHECK(file)) {
				run_file(path, file);
				fclose(file);
				files++;
			}
		}
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
	CHECK(files);
}

static void run_shared(void)
{
	FILE *file;

	if (access(SHARED, R_OK)) {
		printf("%s is not there: 1 file skipped\n", SHARED);
		return;
	}
	file = popen("xz -dc " SHARED, "r");
	if (!CHECK(file))
		return;
	run_file(SHARED, file);
	CHECK_EQ(pclose(file), 0);
}

int main(void)
{
	run_own();
	run_shared();
	CHECK_EQ(netpol_warnings, 0);
	return check_done("test_truth");
}
