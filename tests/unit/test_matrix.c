// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl matrix: equal to the truth tables, with a reason for every verdict; its forms
 * with strings that are no names; what --expect takes and finds.
 */
#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>
#include <cjson/cJSON.h>

#include "check.h"
#include "object/load.h"
#include "object/nodes.h"
#include "matrix/expect.h"
#include "matrix/html.h"
#include "matrix/matrix.h"
#include "matrix/why.h"
#include "matrix/write.h"
#include "netlink/report.h"

#define SHARED "../shared/corpora/truth-tables.jsonl.xz"

static struct np_error err;
static unsigned long verdicts, mismatches, steps;

static struct np_address first_address(const struct np_objects *objs, const char *text)
{
	struct np_address none = { 0 };
	char name[512];
	size_t i;

	for (i = 0; i < objs->pod_count; i++) {
		snprintf(name, sizeof(name), "%s/%s", objs->pods[i].namespace,
			 objs->pods[i].name);
		if (!strcmp(name, text) && objs->pods[i].address_count)
			return objs->pods[i].address[0];
	}
	return none;
}

/* What the halves of a cell say: the verdict in a third form. */
static char from_reasons(const struct np_matrix *m, size_t at)
{
	const struct np_matrix_cell *cell = &m->cells[m->cell[at]];
	const struct np_matrix_why *why;
	unsigned int judged = 0, d;

	for (d = 0; d < 2; d++) {
		if (cell->half[d] == NP_MATRIX_NONE)
			continue;
		why = &m->whys[cell->half[d]];
		judged++;
		if (why->reason == NETPOL_REASON_SELF)
			return NP_MATRIX_ALLOW;
		if (!why->accept)
			return NP_MATRIX_DENY;
		if ((why->reason == NETPOL_REASON_RULE) != (why->decider != NP_MATRIX_NONE))
			return 'r';
	}
	return judged == 2 ? NP_MATRIX_ALLOW : NP_MATRIX_UNKNOWN;
}

/* The row for an end of a table: a pod at its first address, or the address of a pod. */
static uint32_t row_of(const struct np_matrix *m, const struct np_objects *objs, const char *text)
{
	struct np_address address = first_address(objs, text);
	uint32_t at = np_matrix_find(m, text), i;
	char buf[NP_CIDR_TEXT];

	if (at != NP_MATRIX_NONE &&
	    !memcmp(&m->pod[at].address, &address, sizeof(address)))
		return at;
	for (i = 0; i < m->pods; i++)
		if (!strcmp(np_address_text(&m->pod[i].address, buf), text))
			return i;
	return NP_MATRIX_NONE;
}

/* How the command takes a key of the tables; NULL: it has no such question. */
static const char *port_of(const char *key)
{
	return !strcmp(key, "GRE/0") ? "47/0" : !strcmp(key, "TCP/0") ? NULL : key;
}

static void compare_grid(const struct np_matrix *m, const struct np_objects *objs,
			 const char *name, const cJSON *pods, const cJSON *grid)
{
	int count = cJSON_GetArraySize(pods), i, j;
	uint32_t from, to;
	size_t port;

	if (!port_of(grid->string))
		return;
	for (port = 0; port < m->ports && strcmp(m->port[port].text, port_of(grid->string));
	     port++)
		;
	if (!CHECK(port < m->ports))
		return;
	for (i = 0; i < count; i++) {
		const char *row = cJSON_GetStringValue(cJSON_GetArrayItem(grid, i));

		from = row_of(m, objs, cJSON_GetStringValue(cJSON_GetArrayItem(pods, i)));
		for (j = 0; j < count; j++) {
			to = row_of(m, objs, cJSON_GetStringValue(cJSON_GetArrayItem(pods, j)));
			if (from == NP_MATRIX_NONE || to == NP_MATRIX_NONE || row[j] == '?')
				continue;
			verdicts++;
			if (m->allowed[np_matrix_at(m, port, from, to)] != row[j] &&
			    mismatches++ < 20)
				printf("%s: %s from %s to %s is not %c\n", name, grid->string,
				       m->pod[from].text, m->pod[to].text, row[j]);
		}
	}
}

static void run_matrix(const struct np_objects *objs, const cJSON *json, uint8_t family,
		       bool exact)
{
	struct np_matrix_options opts = { .reasons = true, .family = family };
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(json, "case"));
	const cJSON *allowed = cJSON_GetObjectItem(json, "allowed"), *grid, *pod;
	const cJSON *pods = cJSON_GetObjectItem(json, "pods");
	struct np_matrix m;
	size_t at;
	int i = 0;

	np_matrix_init(&m);
	cJSON_ArrayForEach(grid, allowed)
		if (port_of(grid->string))
			CHECK_EQ(np_matrix_add_ports(&m, port_of(grid->string), &err), 0);
	/* the only thing to refuse is that there are no pods, or none with such an address */
	if (np_matrix_from_objects(&m, objs, &opts, &err)) {
		CHECK(strstr(err.text, objs->pod_count ? "no pod has an IPv" :
			     "there are no pods"));
		np_matrix_free(&m);
		return;
	}
	cJSON_ArrayForEach(grid, allowed)
		compare_grid(&m, objs, name, pods, grid);
	for (at = 0; at < np_matrix_at(&m, m.ports, 0, 0); at++)
		if (from_reasons(&m, at) != m.allowed[at] && mismatches++ < 20)
			printf("%s: reasons say %c, not %c\n", name, from_reasons(&m, at),
			       m.allowed[at]);
	if (exact && CHECK_EQ(m.pods, cJSON_GetArraySize(pods)))
		cJSON_ArrayForEach(pod, pods)
			CHECK_STR(cJSON_GetStringValue(pod), m.pod[i++].text);
	np_matrix_free(&m);
}

/*
 * A matrix of files judges every pod as one of its node, and has no settings, so it says nothing
 * of cases that are about other nodes or about ranges of pods. tests/truth has them.
 */
static bool about_a_matrix(const cJSON *json)
{
	return !cJSON_IsTrue(cJSON_GetObjectItem(json, "here")) &&
	       !cJSON_GetObjectItem(json, "ranges");
}

/* exact: rows and columns are those of the table, in its order. */
static void run_line(const char *line, bool exact)
{
	struct np_load_options lenient = { .lenient = true };
	cJSON *json = cJSON_Parse(line);
	char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(json, "objects"));
	struct np_objects objs;

	if (!about_a_matrix(json)) {
		cJSON_free(text);
		cJSON_Delete(json);
		return;
	}
	steps++;
	np_objects_init(&objs);
	CHECK_EQ(np_load_buffer(&objs, "t.json", text, strlen(text), &lenient, &err), 0);
	CHECK_EQ(np_nodes_resolve_all(&objs, true, NULL, &err), 0);
	run_matrix(&objs, json, AF_INET, exact);
	if (!exact)
		run_matrix(&objs, json, AF_INET6, false);
	np_objects_free(&objs);
	cJSON_free(text);
	cJSON_Delete(json);
}

static void run_file(const char *name, FILE *file, bool exact)
{
	char *line = NULL;
	size_t size = 0;

	verdicts = 0;
	mismatches = 0;
	steps = 0;
	while (getline(&line, &size, file) > 0)
		if (*line != '\n')
			run_line(line, exact);
	free(line);
	printf("%s: %lu steps, %lu verdicts, %lu mismatches\n", name, steps, verdicts,
	       mismatches);
	CHECK_EQ(mismatches, 0);
	CHECK(verdicts);
}

static void test_tables(void)
{
	struct dirent **entry;
	int count = scandir("tests/tables", &entry, NULL, alphasort), i;
	char path[512];
	FILE *file;

	CHECK(count > 2);
	for (i = 0; i < count; i++) {
		if (strstr(entry[i]->d_name, ".jsonl")) {
			snprintf(path, sizeof(path), "tests/tables/%s", entry[i]->d_name);
			file = fopen(path, "r");
			if (CHECK(file)) {
				run_file(path, file, false);
				fclose(file);
			}
		}
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
	if (access(SHARED, R_OK)) {
		printf("%s is not there: 1 file skipped\n", SHARED);
		return;
	}
	file = popen("xz -dc " SHARED, "r");
	if (CHECK(file)) {
		run_file(SHARED, file, true);
		CHECK_EQ(pclose(file), 0);
	}
}

static void test_ports(void)
{
	static const char * const bad[] = {
		"", "tcp", "tcp/", "tcp/0", "tcp/65536", "tcp/x", "tcp/80x", "tcp/-1", "tcp/ 80",
		"http/80", "80/tcp", "icmp/8", "47/1", "256", "0", "tcp/80,", ",tcp/80",
		"tcp/80/udp", "6", "sctp", "a-protocol-with-a-long-name/1", "tcp/000080",
	};
	struct np_matrix m;
	size_t i;

	np_matrix_init(&m);
	CHECK_EQ(np_matrix_add_ports(&m, "tcp/80,UDP/53,Sctp/3868,icmp,icmpv6,47,6/443,tcp/80,"
				     "ICMP/0", &err), 0);
	if (CHECK_EQ(m.ports, 7)) {
		CHECK_STR(m.port[0].text, "TCP/80");
		CHECK_STR(m.port[1].text, "UDP/53");
		CHECK_STR(m.port[2].text, "SCTP/3868");
		CHECK_STR(m.port[3].text, "ICMP/0");
		CHECK_STR(m.port[4].text, "ICMPv6/0");
		CHECK_STR(m.port[5].text, "47/0");
		CHECK_STR(m.port[6].text, "TCP/443");
		CHECK(m.port[0].has_port && !m.port[3].has_port && !m.port[5].has_port);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m.ports = 0;
		if (!check_one(np_matrix_add_ports(&m, bad[i], &err) &&
			       err.exit == NP_EXIT_USAGE && *err.hint, __FILE__, __LINE__, bad[i]))
			printf("\t%s\n", bad[i]);
	}
	m.ports = 0;
	for (i = 1; i <= NP_MATRIX_PORTS_MAX; i++) {
		char text[16];

		snprintf(text, sizeof(text), "tcp/%zu", i);
		CHECK_EQ(np_matrix_add_ports(&m, text, &err), 0);
	}
	CHECK_EQ(np_matrix_add_ports(&m, "tcp/64", &err), 0);
	CHECK_EQ(np_matrix_add_ports(&m, "udp/64", &err), -1);
	np_matrix_free(&m);
}

#define POD(ns, name, more, address) \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: " ns "}\n" \
	"spec: {" more "}\nstatus: {" address "}\n"

static const char rows[] =
	POD("b", "x", "", "podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}, {ip: 10.0.0.9}]")
	POD("a", "x", "", "podIP: 10.0.0.2, phase: Running")
	POD("a-b", "x", "", "podIP: 10.0.0.3")
	POD("a", "six", "", "podIP: 'fd00::2'")
	POD("a", "none", "", "phase: Pending")
	POD("a", "host", "hostNetwork: true", "podIP: 10.0.0.4")
	POD("a", "done", "", "podIP: 10.0.0.2, phase: Succeeded");

static int rows_of(struct np_matrix *m, const char *text, struct np_matrix_options *opts)
{
	struct np_objects objs;
	int ret;

	np_objects_init(&objs);
	np_matrix_free(m);
	np_matrix_init(m);
	CHECK_EQ(np_matrix_add_ports(m, "tcp/80", &err), 0);
	CHECK_EQ(np_load_buffer(&objs, "t.yaml", text, strlen(text), NULL, &err), 0);
	ret = np_matrix_from_objects(m, &objs, opts, &err);
	np_objects_free(&objs);
	return ret;
}

static void test_rows(void)
{
	const char *namespace[] = { "b", "c" };
	struct np_matrix_options opts = { 0 };
	struct np_matrix m = { 0 };
	char text[NP_CIDR_TEXT];

	CHECK_EQ(rows_of(&m, rows, &opts), 0);
	if (CHECK_EQ(m.pods, 3)) {
		/* order of the whole text: '-' sorts before '/' */
		CHECK_STR(m.pod[0].text, "a-b/x");
		CHECK_STR(m.pod[1].text, "a/x");
		CHECK_STR(m.pod[2].text, "b/x");
		CHECK_STR(m.pod[2].namespace, "b");
		CHECK_STR(m.pod[2].name, "x");
		CHECK_STR(np_address_text(&m.pod[2].address, text), "10.0.0.1");
	}
	opts.family = AF_INET6;
	CHECK_EQ(rows_of(&m, rows, &opts), 0);
	if (CHECK_EQ(m.pods, 2)) {
		CHECK_STR(m.pod[0].text, "a/six");
		CHECK_STR(m.pod[1].text, "b/x");
	}
	opts.family = 0;
	CHECK_EQ(rows_of(&m, POD("a", "six", "", "podIP: 'fd00::2'"), &opts), 0);
	CHECK_EQ(m.family, AF_INET6);
	opts.namespace = namespace;
	opts.namespaces = 2;
	CHECK_EQ(rows_of(&m, rows, &opts), 0);
	CHECK_EQ(m.pods, 1);
	opts.namespace = &namespace[1];
	opts.namespaces = 1;
	CHECK_EQ(rows_of(&m, rows, &opts), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	np_matrix_free(&m);
}

/* Too large for a page: said before a single verdict is asked for. */
static void test_bounds(void)
{
	struct np_matrix m;

	np_matrix_init(&m);
	m.ports = 1;
	m.pods = NP_MATRIX_PAGE_PODS_MAX;
	CHECK_EQ(np_matrix_check_page(&m, &err), 0);
	m.pods++;
	CHECK_EQ(np_matrix_check_page(&m, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	CHECK(strstr(err.text, "1001 pods and 1 port are more than a page can show"));
	CHECK(strstr(err.hint, "-n"));
	m.pods = 600;
	m.ports = 6;
	CHECK_EQ(np_matrix_check_page(&m, &err), -1);
}

#define EVIL	"</script><img src=x onerror=alert(1)>&\"'=1|`*"

/* Two pods and one policy with names that no API server lets through. */
static void evil(struct np_matrix *m)
{
	static struct np_matrix_pod pod[2] = {
		{ .text = "=" EVIL "/p", .namespace = "=" EVIL, .name = "p" },
		{ .text = "n/" EVIL "\n", .namespace = "n", .name = EVIL "\n" },
	};
	const char *policy[] = { "n/" EVIL };
	struct np_matrix_why why = {
		.reason = NETPOL_REASON_ISOLATED,
		.rule = NP_MATRIX_NONE,
		.decider = NP_MATRIX_NONE,
		.policies = 1,
		.policy = policy,
	};
	uint32_t deny, open, at;

	np_matrix_init(m);
	CHECK_EQ(np_matrix_add_ports(m, "tcp/80", &err), 0);
	m->family = AF_INET;
	m->pods = 2;
	m->pod = np_xmalloc(sizeof(pod));
	memcpy(m->pod, pod, sizeof(pod));
	m->pod[0].address.family = AF_INET;
	m->pod[1].address.family = AF_INET;
	np_matrix_alloc(m, true);
	deny = np_matrix_why(m, &why);
	why = (struct np_matrix_why) {
		.reason = NETPOL_REASON_NOT_ISOLATED,
		.accept = true,
		.rule = NP_MATRIX_NONE,
		.decider = NP_MATRIX_NONE,
	};
	open = np_matrix_why(m, &why);
	CHECK(open != deny && np_matrix_why(m, &why) == open);
	for (at = 0; at < 4; at++) {
		m->allowed[at] = at & 1 ? NP_MATRIX_DENY : NP_MATRIX_ALLOW;
		m->cell[at] = np_matrix_cell(m, open, at & 1 ? deny : open);
	}
	CHECK_EQ(m->cell_count, 2);
}

static size_t occurrences(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)); text++)
		count++;
	return count;
}

static void form_csv(const struct np_matrix *m, FILE *file)
{
	np_matrix_write_csv(m, file, false);
}

static void form_table(const struct np_matrix *m, FILE *file)
{
	np_matrix_write_table(m, file, false);
}

static char *written(const struct np_matrix *m, void (*form)(const struct np_matrix *, FILE *))
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	form(m, file);
	fclose(file);
	return text;
}

static void test_forms(void)
{
	char *text, *end;
	struct np_matrix m;
	cJSON *json;

	evil(&m);
	text = written(&m, np_matrix_write_html);
	/* the page has two scripts and no image */
	CHECK_EQ(occurrences(text, "</script"), 2);
	CHECK_EQ(occurrences(text, "<img"), 0);
	CHECK_EQ(occurrences(text, "onerror=alert(1)\\u003e\\u0026"), 3);
	CHECK_EQ(occurrences(text, "http:") + occurrences(text, "https:") +
		 occurrences(text, "//cdn") + occurrences(text, "@DATA@"), 0);
	/* and its data are JSON */
	end = strstr(text, "id=\"data\">");
	if (CHECK(end)) {
		end += strlen("id=\"data\">");
		*strstr(end, "</script>") = '\0';
		json = cJSON_Parse(end);
		CHECK_STR(cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(
				cJSON_GetObjectItem(json, "head"), "pods"), 1)), "n/" EVIL "\n");
		CHECK_EQ(cJSON_GetArraySize(cJSON_GetObjectItem(json, "cells")), 2);
		cJSON_Delete(json);
	}
	free(text);

	text = written(&m, np_matrix_write_json);
	json = cJSON_Parse(text);
	CHECK_STR(cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(
			cJSON_GetObjectItem(json, "allowed"), "TCP/80"), 1)), "10");
	cJSON_Delete(json);
	free(text);

	text = written(&m, form_csv);
	CHECK(!strncmp(text, "source,destination,TCP/80\n\"'=<", 30));
	CHECK(strstr(text, "alert(1)>&\"\"'=1|`*/p\",\"n/</script>"));
	CHECK(strstr(text, "\n\",deny\n"));
	free(text);

	text = written(&m, np_matrix_write_md);
	CHECK_EQ(occurrences(text, "\n"), 6);
	CHECK_EQ(occurrences(text, "\\<img src=x onerror=alert\\(1\\)\\>\\&\\\"'=1\\|\\`\\*"), 4);
	CHECK_EQ(occurrences(text, " self |"), 2);
	free(text);

	text = written(&m, form_table);
	CHECK(strstr(text, "TCP/80  (2 allowed, 2 denied)\n"));
	CHECK(strstr(text, EVIL "\\n"));
	CHECK(strstr(text, " . X\n"));
	free(text);
	np_matrix_free(&m);
}

#define EXPECT(pods, allowed) "{\"pods\": [" pods "],\n\"allowed\": {" allowed "}}"

static const struct {
	const char *name;
	const char *text;
	uint32_t line;
	uint32_t column;
	const char *words;
} malformed[] = {
	{ "empty", "", 0, 0, "is empty" },
	{ "no JSON", "what", 1, 1, "expected an object" },
	{ "cut off", "{\"pods\": [\"a/b\"", 1, 16, "expected" },
	{ "a list", "[1]", 1, 1, "expected an object" },
	{ "items", "{\"items\": []}", 0, 0, "not a matrix" },
	{ "no pods", "{\"allowed\": {}}", 1, 1, "must be a list of pods" },
	{ "pods no list", "{\"pods\": 1}", 1, 10, "must be a list of pods" },
	{ "no pod", EXPECT("", "\"TCP/80\": []"), 1, 10, "not empty" },
	{ "pod a number", EXPECT("1", "\"TCP/80\": [\"1\"]"), 1, 11, "namespace/name" },
	{ "pod no name", EXPECT("\"a/\"", "\"TCP/80\": [\"1\"]"), 1, 11, "namespace/name" },
	{ "pod twice", EXPECT("\"a/b\", \"a/b\"", "\"TCP/80\": []"), 1, 18, "twice" },
	{ "no allowed", "{\"pods\": [\"a/b\"]}", 1, 1, "must be a map of ports" },
	{ "allowed empty", EXPECT("\"a/b\"", ""), 2, 12, "not empty" },
	{ "rows missing", EXPECT("\"a/b\"", "\"TCP/80\": []"), 2, 23, "list of 1 strings" },
	{ "row short", EXPECT("\"a/b\"", "\"TCP/80\": [\"\"]"), 2, 24, "string of 1 characters" },
	{ "row long", EXPECT("\"a/b\"", "\"TCP/80\": [\"11\"]"), 2, 24, "string of 1 char" },
	{ "row odd", EXPECT("\"a/b\"", "\"TCP/80\": [\"2\"]"), 2, 24, "1, 0 or ?" },
	{ "row a number", EXPECT("\"a/b\"", "\"TCP/80\": [1]"), 2, 24, "1, 0 or ?" },
	{ "port twice", EXPECT("\"a/b\"", "\"TCP/80\": [\"1\"], \"TCP/80\": [\"1\"]"), 2, 30,
	  "given twice" },
	{ "two documents", EXPECT("\"a/b\"", "\"TCP/80\": [\"1\"]") "\n{}", 3, 1,
	  "more than one document" },
	{ "NUL", "{\"pods\\u0000\": []}", 1, 13, "NUL" },
};

static char expect_path[] = "/tmp/test_matrix.XXXXXX";

static int expect_read(struct np_expect *expect, const char *text)
{
	FILE *file = fopen(expect_path, "w");

	if (CHECK(file)) {
		fputs(text, file);
		fclose(file);
	}
	return np_expect_read(expect, expect_path, &err);
}

static void test_malformed(void)
{
	struct np_expect expect;
	struct np_matrix m;
	bool ok;
	size_t i;

	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		ok = expect_read(&expect, malformed[i].text) && err.exit == NP_EXIT_INPUT &&
		     err.line == malformed[i].line && err.column == malformed[i].column &&
		     strstr(err.text, malformed[i].words) && *err.hint;
		if (!check_one(ok, __FILE__, __LINE__, malformed[i].name))
			printf("\t%s: %u:%u: %s\n", malformed[i].name, err.line, err.column,
			       err.text);
		np_expect_free(&expect);
	}
	CHECK_EQ(np_expect_read(&expect, "/nonexistent", &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	np_expect_free(&expect);
	np_matrix_init(&m);
	CHECK_EQ(expect_read(&expect, EXPECT("\"a/b\"", "\"HTTP/80\": [\"1\"]")), 0);
	CHECK_EQ(np_expect_ports(&expect, &m, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	np_expect_free(&expect);
	np_matrix_free(&m);
}

static const char world[] =
	POD("m", "a", "", "podIP: 10.0.0.1")
	POD("m", "b", "", "podIP: 10.0.0.2")
	POD("m", "c", "", "podIP: 10.0.0.3")
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
	"metadata: {name: deny, namespace: m}\nspec: {}\n";

static char *differences(const struct np_matrix *m, const char *text, size_t *count,
			 uint64_t *compared, bool json)
{
	struct np_difference *list = NULL;
	struct np_expect expect;
	char *out = NULL;
	size_t len;
	FILE *file;

	CHECK_EQ(expect_read(&expect, text), 0);
	*compared = np_expect_compare(&expect, m, &list, count);
	file = open_memstream(&out, &len);
	if (json)
		np_difference_write_json(m, list, *count, *compared, file);
	else
		np_difference_print(m, list, *count, *compared, 2, file);
	fclose(file);
	free(list);
	np_expect_free(&expect);
	return out;
}

static void test_expect(void)
{
	struct np_matrix_options opts = { .reasons = true };
	struct np_matrix m = { 0 };
	uint64_t compared;
	size_t count;
	char *text;

	CHECK_EQ(rows_of(&m, world, &opts), 0);
	/* another order of pods, another spelling of the port, one verdict not asked */
	text = differences(&m, EXPECT("\"m/c\", \"m/a\", \"m/b\"",
				      "\"tcp/80\": [\"100\", \"010\", \"?01\"]"), &count,
			   &compared, false);
	CHECK_EQ(count, 0);
	CHECK_STR(text, "8 verdicts are as expected\n");
	free(text);
	text = differences(&m, EXPECT("\"m/a\", \"m/b\", \"m/c\"",
				      "\"TCP/80\": [\"110\", \"010\", \"000\"]"), &count,
			   &compared, false);
	CHECK_STR(text, "TCP/80 m/a -> m/b: denied, expected allowed (ingress of m/b: isolated, "
		  "no rule accepts (isolated by m/deny))\n"
		  "TCP/80 m/c -> m/c: allowed, expected denied (ingress of m/c: a pod to "
		  "itself)\n"
		  "2 differences, 9 verdicts compared\n");
	free(text);
	text = differences(&m, EXPECT("\"m/a\", \"m/b\", \"m/d\"",
				      "\"TCP/80\": [\"100\", \"010\", \"001\"], "
				      "\"UDP/1\": [\"100\", \"010\", \"001\"]"), &count,
			   &compared, false);
	CHECK_EQ(count, 3);
	CHECK_EQ(compared, 4);
	CHECK(strstr(text, "pod m/d: expected, not in the input\n"
		     "pod m/c: in the input, not expected\n"
		     "and 1 more; -v shows all\n"));
	free(text);
	text = differences(&m, EXPECT("\"m/a\"", "\"UDP/1\": [\"1\"]"), &count, &compared, true);
	CHECK_EQ(count, 4);
	CHECK(strstr(text, "\"kind\": \"portNew\",\n      \"name\": \"TCP/80\""));
	CHECK(strstr(text, "\"kind\": \"portMissing\",\n      \"name\": \"UDP/1\""));
	CHECK(strstr(text, "\"compared\": 0"));
	free(text);
	np_matrix_free(&m);
}

/* What -o json writes is what --expect takes. */
static void test_round_trip(void)
{
	struct np_matrix_options opts = { 0 };
	struct np_matrix m = { 0 };
	uint64_t compared;
	char *json, *text;
	size_t count;

	CHECK_EQ(rows_of(&m, world, &opts), 0);
	json = written(&m, np_matrix_write_json);
	text = differences(&m, json, &count, &compared, false);
	CHECK_EQ(count, 0);
	CHECK_EQ(compared, 9);
	free(text);
	free(json);
	np_matrix_free(&m);
}

/* A policy that is only observed has no part in a verdict, and no reason names it. */
static void test_observed(void)
{
	static const char text[] =
		"---\n{apiVersion: v1, kind: List, items: [\n"
		" {apiVersion: v1, kind: Namespace, metadata: {name: m}},\n"
		" {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: m},\n"
		"  status: {podIP: 10.0.0.1}},\n"
		" {apiVersion: v1, kind: Pod, metadata: {name: b, namespace: m},\n"
		"  status: {podIP: 10.0.0.2}},\n"
		" {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,\n"
		"  metadata: {name: x, namespace: m},\n"
		"  spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}}]}\n";
	struct np_matrix_options opts = { .reasons = true };
	struct np_objects objs;
	struct np_matrix m;
	size_t i;
	int audit;

	np_objects_init(&objs);
	CHECK_EQ(np_load_buffer(&objs, "t.yaml", text, strlen(text), NULL, &err), 0);
	for (audit = 0; audit < 2; audit++) {
		objs.policies[0].audit = audit;
		np_matrix_init(&m);
		CHECK_EQ(np_matrix_add_ports(&m, "tcp/80,tcp/81", &err), 0);
		CHECK_EQ(np_matrix_from_objects(&m, &objs, &opts, &err), 0);
		for (i = 0; i < 2; i++) {
			CHECK_EQ(m.allowed[np_matrix_at(&m, i, 0, 1)],
				 audit || !i ? NP_MATRIX_ALLOW : NP_MATRIX_DENY);
			CHECK_EQ(from_reasons(&m, np_matrix_at(&m, i, 0, 1)),
				 m.allowed[np_matrix_at(&m, i, 0, 1)]);
		}
		for (i = 0; audit && i < m.why_count; i++)
			CHECK_EQ(m.whys[i].policies, 0);
		np_matrix_free(&m);
	}
	np_objects_free(&objs);
}

int main(void)
{
	int fd = mkstemp(expect_path);

	CHECK(fd >= 0);
	close(fd);
	test_tables();
	test_ports();
	test_rows();
	test_bounds();
	test_forms();
	test_observed();
	test_malformed();
	test_expect();
	test_round_trip();
	unlink(expect_path);
	return check_done("test_matrix");
}
