// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From bytes to documents: YAML, JSON, places, limits, files, messages.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "load_check.h"
#include "object/node.h"

#define PORT(text) SPEC("  ingress: [{ports: [{" text "}]}]\n")

/* Of an object that is given more than once the last one counts. */
static void test_again(void)
{
	size_t warnings;

	CHECK_EQ(load("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nstatus: {podIP: 10.0.0.1}\n"
		      "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: p}\n"
		      "---\n" HEAD "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
		      "status: {podIP: 10.0.0.2}\n---\napiVersion: v1\nkind: Pod\n"
		      "metadata: {name: q}\n---\n" HEAD
		      "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
		      "status: {podIP: 10.0.0.3}\n"), 0);
	np_load_keep_last(&objs);
	CHECK_EQ(objs.namespace_count, 1);
	CHECK_EQ(objs.policy_count, 1);
	CHECK_EQ(objs.pod_count, 2);
	CHECK_STR(objs.pods[0].name, "q");
	CHECK_EQ(objs.pods[1].address[0].addr[3], 3);
	CHECK(strstr(objs.warnings[objs.warning_count - 1].text,
		     "; the last one counts; so it is with 1 other"));
	warnings = objs.warning_count;
	np_load_keep_last(&objs);
	CHECK_EQ(objs.warning_count, warnings);
	/* kinds of policy are apart */
	CHECK_EQ(load(HEAD "---\n" CLUSTER_SPEC("  {tier: Admin, priority: 1, subject: {namespaces: {}}}\n")
		      "---\n" CLUSTER_SPEC("  {tier: Admin, priority: 2, subject: {namespaces: {}}}\n")), 0);
	CHECK_EQ(objs.policy_count, 3);
	np_load_keep_last(&objs);
	if (CHECK_EQ(objs.policy_count, 2))
		CHECK_EQ(objs.policies[1].priority, 2);
	CHECK_STR(objs.warnings[objs.warning_count - 1].text,
		  "ClusterNetworkPolicy a is given again, before at t.yaml:6; the last one counts");
}

static void called_template(const struct np_error *e, uint32_t line, int at, const char *what)
{
	bool ok = e->exit == NP_EXIT_INPUT && e->line == line && strstr(e->text, "a template") &&
		  strstr(e->hint, "render it first");

	if (!check_one(ok, __FILE__, at, what))
		printf("\thave %u: %s (%s)\n", e->line, e->text, e->hint);
}

/* A text is called a template where reading ends at the first error, and where it goes on. */
static void template_at(const char *text, uint32_t line, int at)
{
	struct np_errors all = { 0 };
	const struct np_load_options opts = { .errors = &all };

	CHECK_EQ(load(text), -1);
	called_template(&err, line, at, "called a template");
	CHECK_EQ(np_load_buffer(&objs, "t.yaml", text, strlen(text), &opts, &err), -1);
	if (CHECK(all.count))
		called_template(&all.item[0], line, at, "called a template among all errors");
	np_errors_free(&all);
}

#define TEMPLATE(text, line)	template_at(text, line, __LINE__)

static void test_template(void)
{
	TEMPLATE("{{- if .Values.policy }}\n", 1);
	TEMPLATE("{{- if .Values.policy }}\n" HEAD "{{- end }}\n", 1);
	TEMPLATE(HEAD "  namespace: {{ .Release.Namespace }}\n", 5);
	TEMPLATE(HEAD "  namespace: {{ .Release.Namespace }}-x\nspec: {}\n", 5);
	TEMPLATE(HEAD "spec:\n  podSelector:\n    {{- include \"a.b\" . | nindent 4 }}\n", 7);
	TEMPLATE(HEAD "  labels: {{ toYaml .Values.labels | indent 4 }}\nspec: {}\n", 5);
	TEMPLATE("# Copyright\n{{/* a comment */}}\n" HEAD, 2);
	/* within a word it is YAML, and what is wrong is found in the object */
	TEMPLATE("apiVersion {{p}}\n", 1);
	TEMPLATE(HEAD "spec:\n  podSelector: all-{{ .Values.pods }}\n", 6);
	TEMPLATE(HEAD "---\n" HEAD "spec: x{{ .Values.spec }}\n---\n" HEAD, 10);
	/* and what only quotes one is not called so */
	CHECK_EQ(load(HEAD "  annotations: {a: \"{{ x }}\"}\nspec: {}\n"), 0);
	BAD(HEAD "  annotations: {a: \"{{ x }}\"}\nspec: [\n", 7, 1, "", "did not find");
	BAD(HEAD "  annotations:\n    a: |\n      {{ x }}\nspec: {a: 1}\n", 8, 8, "spec.a",
	    "unknown field");
}

static void test_yaml(void)
{
	const struct np_policy *p;

	BAD(HEAD "  name: b\n", 5, 3, "", "\"name\" is given twice, first at line 4");
	BAD(SPEC("  <<: {}\n"), 6, 3, "", "merge key");
	BAD(SPEC("  ingress: [*x]\n"), 6, 13, "", "no anchor");
	BAD(SPEC("  ingress: &x [*x]\n"), 6, 16, "", "inside its own");
	BAD(SPEC("  ? [a]\n  : b\n"), 6, 5, "", "cannot be a key");
	BAD(SPEC("  ~: b\n"), 6, 3, "", "cannot be a key");
	BAD(SPEC("\tpodSelector: {}\n"), 6, 1, "", "cannot start");
	BAD(SPEC("  a: !!binary aGk=\n"), 6, 6, "", "not supported");
	BAD(SPEC("  a: \"x\\0y\"\n"), 6, 6, "", "NUL");
	BAD(SPEC("  a: [1, 2\n"), 7, 1, "", "did not find");
	BAD(HEAD "# \xc3\xa4\xff\n", 5, 4, "", "UTF-8");
	BAD(HEAD "# \x01\n", 5, 3, "", "control characters");
	p = POLICY(SPEC("  podSelector: &s {matchLabels: &l {a: !!str 1, b: ! "
			"yes, 1: x, on: z}}\n"
			"  ingress:\n"
			"  - from:\n"
			"    - podSelector: *s\n"
			"    - {podSelector: {matchLabels: *l}}\n"));
	if (p) {
		CHECK_EQ(p->ingress[0].peer_count, 2);
		CHECK_EQ(p->ingress[0].peer[1].pod_selector.count, 4);
		CHECK_STR(p->pod_selector.item[0].key, "1");
		CHECK_STR(p->pod_selector.item[1].value[0], "1");
		CHECK_STR(p->pod_selector.item[2].value[0], "yes");
		CHECK_STR(p->pod_selector.item[3].key, "true");
	}
	CHECK_EQ(load("---\n# nothing\n---\n" HEAD "---\n...\n---\n" HEAD), 0);
	CHECK_EQ(objs.policy_count, 2);
	CHECK_EQ(objs.policies[1].place.line, 11);
	np_load_keep_last(&objs);
	CHECK_EQ(objs.policy_count, 1);
	CHECK_EQ(objs.policies[0].place.line, 11);
	CHECK_EQ(objs.warnings[objs.warning_count - 1].place.line, 11);
	CHECK_STR(objs.warnings[objs.warning_count - 1].text,
		  "NetworkPolicy default/a is given again, before at t.yaml:4; the last one counts");
	CHECK(POLICY("\xef\xbb\xbf" HEAD));
	CHECK(POLICY("apiVersion: networking.k8s.io/v1\r\n"
		     "kind: NetworkPolicy\r\n"
		     "metadata:\r\n"
		     "  name: a\r\n"));
	BAD("apiVersion: networking.k8s.io/v1\r\nkind: NetworkPolicy\r\nmetadata:\r\n  name: A\r\n",
	    4, 9, "metadata.name", "lower");
	BAD("\xef\xbb\xbf{\n\"apiVersion\": 1}", 2, 15, "apiVersion",
	    "must be a string");
	CHECK_EQ(load(""), 0);
	CHECK_EQ(objs.warning_count, 1);
	CHECK_EQ(load("# only\n"), 0);
	CHECK_EQ(load(" \n"), 0);
}

static void test_json(void)
{
	BAD("{", 1, 2, "", "found the end");
	BAD("{\"a\":1,}", 1, 8, "", "comma");
	BAD("{\"a\":[1,]}", 1, 9, "", "comma");
	BAD("{\"a\" 1}", 1, 6, "", "expected ':', found '1'");
	BAD("{a:1}", 1, 2, "", "double quotes");
	BAD("{\"a\":01}", 1, 7, "", "expected ',' or '}'");
	BAD("{\"a\":-}", 1, 7, "", "expected a value");
	BAD("{\"a\":1.}", 1, 8, "", "a digit");
	BAD("{\"a\":nul}", 1, 6, "", "\"nul\"");
	BAD("{\"a\":\"\n\"}", 1, 7, "", "0x0a");
	BAD("{\"a\":\"\\x\"}", 1, 8, "", "after \\");
	BAD("{\"a\":\"\\u00g0\"}", 1, 11, "", "hexadecimal");
	BAD("{\"a\":\"\\u0000\"}", 1, 13, "", "NUL");
	BAD("{\"a\":\"\xff\"}", 1, 6, "", "not UTF-8");
	BAD("{\"a\":\"abc", 1, 6, "", "closing quote");
	BAD("[1]", 1, 1, "", "expected an object");
	BAD("{\"\xc3\xa4\":\n {\"\xc3\xa4\":\"\\ud83d\\ude00\",\"b\" 1}}", 2, 26,
	    "", "expected ':'");
	BAD("{\"a\":1,\n\"b\":2,\n\"a\":3}", 3, 1, "",
	    "\"a\" is given twice, first at line 1");
	BAD("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}} x",
	    1, 58, "", "expected an object, found 'x'");
	CHECK_EQ(load("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
		      "\"name\":\"p\","
		      "\"uid\":\"\\u0041\\n\\ud83d\\ude00\\ud800\\ud800\\n\\udc"
		      "00\"}}\n"
		      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
		      "\"name\":\"q\"}}\n"), 0);
	if (CHECK_EQ(objs.pod_count, 2))
		CHECK_STR(objs.pods[0].uid,
			  "A\n\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd\n\xef\xbf\xbd");
}

/* The same text in UTF-16 or UTF-32, with or without a byte order mark. */
static size_t widen(char *to, const char *text, unsigned int width, bool big, bool mark)
{
	size_t len = 0, i;

	memset(to, 0, (strlen(text) + 1) * width);
	if (mark) {
		to[big ? width - 2 : 0] = big ? '\xfe' : '\xff';
		to[big ? width - 1 : 1] = big ? '\xff' : '\xfe';
		len = width;
	}
	for (i = 0; text[i]; i++, len += width)
		to[len + (big ? width - 1 : 0)] = text[i];
	return len;
}

static void test_encodings(void)
{
	static const char * const text[] = { HEAD, "{\"kind\": \"Pod\"}" };
	char wide[1024], dir[] = "/tmp/test_input.XXXXXX";
	unsigned int t, w, m;
	int fd = mkstemp(dir);
	size_t len;

	CHECK(fd >= 0);
	for (t = 0; t < 2; t++)
		for (w = 2; w <= 4; w += 2)
			for (m = 0; m < 4; m++) {
				len = widen(wide, text[t], w, m & 1, m & 2);
				CHECK_EQ(load_opts(wide, len, false), -1);
				CHECK_STR(err.text, "is UTF-16 or UTF-32, not UTF-8");
				CHECK(strstr(err.hint, "iconv"));
				CHECK_EQ(err.line, 1);
				/* and out of a file, which is read to guess its form */
				CHECK_EQ(ftruncate(fd, 0), 0);
				CHECK_EQ(pwrite(fd, wide, len, 0), (ssize_t)len);
				CHECK_EQ(np_load_path(&objs, dir, NULL, &err), -1);
				CHECK(strstr(err.text, "UTF-16"));
			}
	close(fd);
	unlink(dir);
	CHECK_EQ(load_opts("\x1f\x8b\x08\0", 4, false), -1);
	CHECK(strstr(err.text, "gzip") && strstr(err.hint, "gunzip"));
	/* one byte, and a mark that is cut off */
	CHECK_EQ(load_opts("\xff", 1, false), -1);
	CHECK_EQ(load_opts("\xef\xbb", 2, false), -1);
	/* of files put together, where libyaml would see no second document */
	BAD(HEAD "\xef\xbb\xbf---\n" HEAD, 5, 1, "", "byte order mark inside");
	BAD(HEAD "---\n\xef\xbb\xbf" HEAD, 6, 1, "", "byte order mark inside");
	BAD("\xef\xbb\xbf" HEAD "---\r\n\xef\xbb\xbf" HEAD, 6, 1, "",
	    "byte order mark inside");
	BAD("\xef\xbb\xbf\xef\xbb\xbf" HEAD, 1, 1, "", "byte order mark inside");
	CHECK(POLICY(SPEC("  podSelector: {} # \xef\xbb\xbf\n")));
	/* a mark inside is a character, so not white space */
	BAD("{\"kind\":\xef\xbb\xbf\"Pod\"}", 1, 9, "", "byte 0xef");
}

/* NUL bytes are refused wherever they stand; nothing behind them is cut off. */
static void test_nul(void)
{
	static const char * const text[] = {
		HEAD "spec: {}\n", HEAD "spec: {podSelector: {matchLabels: {a: \"b\"}}} # c\n",
		"{\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"NetworkPolicy\",\n"
		" \"metadata\": {\"name\": \"a\"}, \"spec\": {\"podSelector\": {}}}\n",
	};
	size_t i, at, len;
	char copy[512];

	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		len = strlen(text[i]);
		CHECK_EQ(load(text[i]), 0);
		for (at = 0; at < len; at++) {
			memcpy(copy, text[i], len);
			copy[at] = '\0';
			if (!load_opts(copy, len, false)) {
				check_failed++;
				printf("text %zu is taken with a NUL at %zu\n", i, at);
			}
			memmove(copy + at + 1, text[i] + at, len - at);
			if (!load_opts(copy, len + 1, false)) {
				check_failed++;
				printf("text %zu is taken with a NUL before %zu\n", i, at);
			}
		}
		check_passed++;
	}
}

/* CRLF is what LF is, in both forms and in the middle of everything. */
static void test_line_ends(void)
{
	static const char * const text[] = {
		SPEC("  podSelector:\n    matchLabels:\n      a: b\n  ingress:\n  - from:\n"
		     "    - podSelector: {}\n# end\n") "---\n" HEAD "spec: {}\n...\n",
		"{\"apiVersion\": \"v1\",\n\"kind\": \"Namespace\",\n\"metadata\":\n"
		"{\"name\":\n\"m\"}}\n",
	};
	size_t i, k, len, policies;
	char copy[1024];

	for (i = 0; i < 2; i++) {
		CHECK_EQ(load(text[i]), 0);
		policies = objs.policy_count;
		for (len = 0, k = 0; text[i][k]; k++) {
			if (text[i][k] == '\n')
				copy[len++] = '\r';
			copy[len++] = text[i][k];
		}
		CHECK_EQ(load_opts(copy, len, false), 0);
		CHECK_EQ(objs.policy_count, policies);
		if (policies && CHECK_EQ(policies, 2)) {
			CHECK_STR(objs.policies[0].pod_selector.item[0].value[0], "b");
			CHECK_EQ(objs.policies[0].ingress[0].peer[0].line, 11);
			CHECK_EQ(objs.policies[1].place.line, 14);
		}
	}
}

static double now(void)
{
	struct timespec ts;

	/* of this process: other work on the machine doesn't count */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Refused with these words, in less than a second. */
static void check_limit(const char *text, size_t len, const char *words,
			int line)
{
	double start = now();
	bool ok = load_opts(text, len, false) && strstr(err.text, words);

	if (!check_one(ok, __FILE__, line, words))
		printf("\t%s\n", err.text);
	check_one(now() - start < 1, __FILE__, line, "fast");
	err.text[0] = '\0';
}

static void test_depth(size_t size, char *big)
{
	size_t i;

	memset(big, '[', size);
	memcpy(big, "a: ", 3);
	check_limit(big, size, "deeper than 64", __LINE__);
	CHECK_EQ(err.column, 3 + 64);
	memcpy(big, "{\"a\":", 5);
	check_limit(big, size, "deeper than 64", __LINE__);
	CHECK_EQ(err.column, 5 + 64);
	for (i = 0; i + 5 < size; i += 5)
		memcpy(big + i, "{\"a\":", 5);
	check_limit(big, i, "deeper than 64", __LINE__);
	for (i = 0; i + 2 < size; i += 2)
		memcpy(big + i, "- ", 2);
	check_limit(big, i, "deeper than 64", __LINE__);
	memset(big, '[', size);
	memcpy(big, "--- [", 5);
	check_limit(big, size, "deeper than 64", __LINE__);
	memset(big, '{', size);
	memcpy(big, "a: ", 3);
	check_limit(big, size, "cannot be a key", __LINE__);
}

static void test_limits(void)
{
	size_t size = 10 * 1024 * 1024, len, i;
	char *big = malloc(size + 1);

	test_depth(size, big);
	memset(big, 'a', size);
	check_limit(big, size, "larger than 8 MiB", __LINE__);
	memcpy(big, "{\"a\":\"", 6);
	check_limit(big, size, "larger than 8 MiB", __LINE__);
	memset(big, ' ', size);
	memcpy(big, "{", 1);
	check_limit(big, size, "larger than 8 MiB", __LINE__);
	for (i = 0; i + 16 < size; i += 16)
		memcpy(big + i, "%TAG !aaaa! bbb\n", 16);
	check_limit(big, i, "begin with '%'", __LINE__);
	memcpy(big, "a: [", 4);
	for (i = 4; i + 2 < 3 * 1024 * 1024; i += 2)
		memcpy(big + i, "1,", 2);
	/* Not timed: a million nodes take a while under the sanitizers. */
	CHECK(load_opts(big, i, false) && strstr(err.text, "more than 1000000"));
	memcpy(big, "{\"a\":[1,", 8);
	CHECK(load_opts(big, i, false) && strstr(err.text, "more than 1000000"));
	for (len = 0, i = 0; i < 1200; i++)
		len += sprintf(big + len, "a%zu: &a%zu x\n", i, i);
	check_limit(big, len, "anchors", __LINE__);
	/* Nine of nine of nine: a few bytes, many nodes. */
	len = sprintf(big, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (i = 1; i < 9; i++)
		len += sprintf(big + len,
			       "a%zu: &a%zu [*a%zu,*a%zu,*a%zu,*a%zu,*a%zu,"
			       "*a%zu,*a%zu,*a%zu,*a%zu]\n",
			       i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
			       i - 1, i - 1, i - 1);
	check_limit(big, len, "aliases expand", __LINE__);
	/* One level each, deeper and deeper through aliases. */
	len = sprintf(big, "a0: &a0 [x]\n");
	for (i = 1; i < 70; i++)
		len += sprintf(big + len, "a%zu: &a%zu [*a%zu]\n", i, i,
			       i - 1);
	check_limit(big, len, "makes it nested too deep", __LINE__);
	free(big);
}

/* An error of a file, by its line. */
static void expect_kept(const struct np_errors *all, size_t i, const char *file, uint32_t line)
{
	if (!CHECK(i < np_errors_kept(all)))
		return;
	CHECK_STR(strrchr(all->item[i].file, '/') + 1, file);
	CHECK_EQ(all->item[i].line, line);
}

static void write_file(const char *dir, const char *name, const char *text);

/* All errors of all files are found, up to a limit, and nothing is left of a file that has one. */
static void test_all_errors(void)
{
	struct np_errors all = { 0 };
	const struct np_load_options opts = { .errors = &all };
	char dir[] = "/tmp/test_all.XXXXXX", command[128];
	char *text = malloc(200 * 200);
	size_t len = 0, i;

	if (!CHECK(mkdtemp(dir)))
		return;
	np_objects_reset(&objs);
	write_file(dir, "a.yaml", HEAD "spec: {a: 1}\n---\n" HEAD "---\n" HEAD "spec: {b: 1}\n");
	write_file(dir, "b.yaml", HEAD);
	write_file(dir, "c.yaml", HEAD "spec: {c: 1}\n---\n" HEAD "spec: [\n---\n" HEAD
		   "spec: {d: 1}\n");
	write_file(dir, "d.json", "{\"apiVersion\": \"v1\", \"items\": [\n"
		   "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {}},\n"
		   "{\"apiVersion\": \"v1\"},\n"
		   "{\"kind\": \"Pod\"}], \"kind\": \"List\", \"x\": 1}\n{,\n");
	write_file(dir, "e.yaml", "{{ if }}\n");
	CHECK_EQ(np_load_path(&objs, dir, &opts, &err), -1);
	CHECK_EQ(objs.policy_count, 0);
	CHECK_EQ(all.count, 10);
	expect_kept(&all, 0, "a.yaml", 5);
	expect_kept(&all, 1, "a.yaml", 16);
	expect_kept(&all, 2, "c.yaml", 5);
	expect_kept(&all, 3, "c.yaml", 12);
	expect_kept(&all, 4, "d.json", 2);
	/* entries without a kind wait for that of the list */
	expect_kept(&all, 5, "d.json", 4);
	expect_kept(&all, 6, "d.json", 3);
	expect_kept(&all, 7, "d.json", 4);
	expect_kept(&all, 8, "d.json", 5);
	expect_kept(&all, 9, "e.yaml", 1);
	CHECK(strstr(all.item[9].hint, "render it first"));
	np_errors_free(&all);
	/* more than are kept; one policy may have them all */
	for (i = 0; i < 150; i++)
		len += sprintf(text + len, i < 100 ? HEAD "spec: {a: 1}\n---\n" : i == 100 ?
			       SPEC("  ingress:\n") "  - {x: 1}\n" : "  - {x: 1}\n");
	CHECK_EQ(np_load_buffer(&objs, "t/t.yaml", text, len, &opts, &err), -1);
	CHECK_EQ(all.count, 150);
	CHECK_EQ(np_errors_kept(&all), NP_ERRORS_MAX);
	expect_kept(&all, NP_ERRORS_MAX - 1, "t.yaml", 6 * (NP_ERRORS_MAX - 1) + 5);
	np_errors_free(&all);
	/* and without errors there are none */
	CHECK_EQ(np_load_buffer(&objs, "t.yaml", HEAD, strlen(HEAD), &opts, &err), 0);
	CHECK_EQ(all.count, 0);
	free(text);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	CHECK_EQ(system(command), 0);
}

static char *join(const char *a, const char *b)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", a, b);
	return path;
}

static void write_file(const char *dir, const char *name, const char *text)
{
	FILE *out = fopen(join(dir, name), "w");

	if (!CHECK(out))
		return;
	fputs(text, out);
	fclose(out);
}

#define NS(name) "apiVersion: v1\nkind: Namespace\nmetadata: {name: " name "}\n"

static void test_paths(void)
{
	struct np_load_options opts = { .recursive = true };
	char dir[] = "/tmp/test_load.XXXXXX", sub[64], command[128];
	int fds[2], old;

	if (!CHECK(mkdtemp(dir)))
		return;
	snprintf(sub, sizeof(sub), "%s/sub", dir);
	np_objects_reset(&objs);
	CHECK_EQ(mkdir(sub, 0700), 0);
	CHECK_EQ(np_load_path(&objs, dir, NULL, &err), -1);
	CHECK(strstr(err.text, "no file ending"));
	CHECK(strstr(err.hint, "-R"));
	write_file(dir, "b.yml", NS("b"));
	write_file(dir, "a.yaml", NS("a"));
	write_file(dir, "c.json", "{\"apiVersion\":\"v1\","
				  "\"kind\":\"Namespace\",\"metadata\":{"
				  "\"name\":\"c\"}}");
	write_file(dir, "d.txt", "[");
	write_file(dir, ".e.yaml", "[");
	write_file(sub, "f.yaml", NS("f"));
	CHECK_EQ(symlink(dir, join(sub, "loop")), 0);
	CHECK_EQ(np_load_path(&objs, dir, NULL, &err), 0);
	if (CHECK_EQ(objs.namespace_count, 3)) {
		CHECK_STR(objs.namespaces[0].name, "a");
		CHECK_STR(objs.namespaces[2].name, "c");
		CHECK_STR(objs.namespaces[1].place.file, join(dir, "b.yml"));
	}
	np_objects_reset(&objs);
	CHECK_EQ(np_load_path(&objs, dir, &opts, &err), 0);
	CHECK_EQ(objs.namespace_count, 4);
	/* The suffix decides: this is YAML, though it begins with a brace. */
	write_file(dir, "g.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: g}}");
	CHECK_EQ(np_load_path(&objs, join(dir, "g.yaml"), NULL, &err), 0);
	write_file(dir, "h.yaml", NS("h") "---\n" NS("H"));
	CHECK_EQ(np_load_path(&objs, dir, NULL, &err), -1);
	CHECK_EQ(objs.namespace_count, 5);
	CHECK_EQ(err.line, 7);
	CHECK_EQ(np_load_path(&objs, join(dir, "none"), NULL, &err), -1);
	CHECK(strstr(err.text, "No such file"));
	old = dup(STDIN_FILENO);
	if (CHECK_EQ(pipe(fds), 0)) {
		CHECK_EQ(write(fds[1], " \n" NS("x"), 52), 52);
		close(fds[1]);
		dup2(fds[0], STDIN_FILENO);
		close(fds[0]);
		np_objects_reset(&objs);
		CHECK_EQ(np_load_path(&objs, "-", NULL, &err), 0);
		CHECK_EQ(objs.namespace_count, 1);
		CHECK_STR(objs.namespaces[0].place.file, "-");
		dup2(old, STDIN_FILENO);
	}
	close(old);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	CHECK_EQ(system(command), 0);
}

/* A list far over the limit of one object, out of a buffer. */
static void test_long_list(void)
{
	size_t len, count = 60000, i;
	char *text = malloc(count * 220 + 100);

	len = sprintf(text, "{\"apiVersion\":\"v1\",\"items\":[\n");
	for (i = 0; i < count; i++)
		len += sprintf(text + len,
			       "%s{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
			       "\"metadata\":{\"name\":\"p%zu\","
			       "\"namespace\":\"n\",\"labels\":{"
			       "\"app\":\"web\"},\"annotations\":{"
			       "\"a\":\"%040zu\"}},\"status\":{"
			       "\"podIP\":\"10.1.%zu.%zu\"}}\n",
			       i ? "," : "", i, i, i >> 8 & 255, i & 255);
	sprintf(text + len, "],\"kind\":\"List\"}");
	CHECK(len > NP_DOCUMENT_MAX);
	CHECK_EQ(load(text), 0);
	CHECK_EQ(objs.pod_count, count);
	CHECK(objs.pods[0].labels.item[0].value ==
	      objs.pods[count - 1].labels.item[0].value);
	CHECK_EQ(objs.pods[count - 1].place.line, count + 1);
	free(text);
}

/* The same objects in both formats give the same, but for the places. */
static void test_equal(void)
{
	static const char yaml[] = SPEC("  podSelector:\n"
					"    matchLabels: {b: x, a: \"1\"}\n"
					"    matchExpressions:\n"
					"    - {key: k, operator: NotIn, "
					"values: [v, w]}\n"
					"  ingress:\n"
					"  - ports: [{port: 80, endPort: 90, "
					"protocol: UDP}, {port: http}]\n"
					"    from: [{ipBlock: {cidr: "
					"10.0.0.0/8, except: [10.1.0.0/16]}}]\n");
	static const char json[] = "{\"apiVersion\":\"networking.k8s.io/v1\","
				   "\"kind\":\"NetworkPolicy\",\"metadata\":{"
				   "\"name\":\"a\"},\"spec\":{\"podSelector\":{"
				   "\"matchLabels\":{\"b\":\"x\",\"a\":\"1\"},"
				   "\"matchExpressions\":[{\"key\":\"k\","
				   "\"operator\":\"NotIn\",\"values\":[\"v\","
				   "\"w\"]}]},\"ingress\":[{\"ports\":[{"
				   "\"port\":80,\"endPort\":90,"
				   "\"protocol\":\"UDP\"},{\"port\":\"http\"}],"
				   "\"from\":[{\"ipBlock\":{"
				   "\"cidr\":\"10.0.0.0/8\",\"except\":["
				   "\"10.1.0.0/16\"]}}]}]}}";
	const struct np_policy *a, *b;
	uint32_t i;

	np_objects_reset(&objs);
	CHECK_EQ(np_load_buffer(&objs, "y", yaml, strlen(yaml), NULL, &err),
		 0);
	CHECK_EQ(np_load_buffer(&objs, "j", json, strlen(json), NULL, &err),
		 0);
	if (!CHECK_EQ(objs.policy_count, 2))
		return;
	a = &objs.policies[0];
	b = &objs.policies[1];
	/* Strings are interned, so equal ones are the same pointer. */
	CHECK(a->name == b->name && a->namespace == b->namespace);
	CHECK(a->directions == b->directions &&
	      a->pod_selector.count == 3 && b->pod_selector.count == 3);
	for (i = 0; i < 3; i++) {
		const struct np_requirement *x = &a->pod_selector.item[i];
		const struct np_requirement *y = &b->pod_selector.item[i];

		CHECK(x->key == y->key && x->op == y->op &&
		      x->value_count == y->value_count &&
		      !memcmp(x->value, y->value,
			      x->value_count * sizeof(*x->value)));
	}
	for (i = 0; i < 2; i++) {
		const struct np_port *x = &a->ingress[0].port[i];
		const struct np_port *y = &b->ingress[0].port[i];

		CHECK(x->kind == y->kind && x->first == y->first &&
		      x->last == y->last && x->name == y->name &&
		      x->protocol == y->protocol);
	}
	CHECK(!memcmp(&a->ingress[0].peer[0].ipblock->cidr,
		      &b->ingress[0].peer[0].ipblock->cidr,
		      sizeof(struct np_cidr)));
}

static void check_print(void (*print)(FILE *, const struct np_error *),
			const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	print(out, &err);
	fclose(out);
	CHECK_STR(text, want);
	free(text);
}

static void test_print(void)
{
	load(PORT("port: 80, endPort: 79"));
	check_print(np_error_print, "netpolctl: error: t.yaml:6:42: "
				    "spec.ingress[0].ports[0].endPort: 79 is "
				    "below port 80\n");
	check_print(np_error_print_json,
		    "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Error\","
		    "\"exitStatus\":3,\"file\":\"t.yaml\",\"line\":6,"
		    "\"column\":42,\"object\":\"NetworkPolicy default/a\","
		    "\"path\":\"spec.ingress[0].ports[0].endPort\","
		    "\"message\":\"79 is below port 80\"}\n");
	np_error_set(&err, NP_EXIT_INPUT, "a\x1b[31m\n\xc2\x9b\xe2\x80\xae\xff\xc3\xa4");
	np_error_place(&err, "x\ty", 1, 2);
	np_error_hint(&err, "h\r");
	check_print(np_error_print, "netpolctl: error: x\\ty:1:2: a\\x1b[31m\\n"
				    "\\u009b\\u202e\\xff\xc3\xa4\n"
				    "hint: h\\r\n");
	check_print(np_error_print_json,
		    "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Error\","
		    "\"exitStatus\":3,\"file\":\"x\\u0009y\",\"line\":1,"
		    "\"column\":2,\"message\":\"a\\u001b["
		    "31m\\u000a\\u009b\\u202e\\ufffd\xc3\xa4\","
		    "\"hint\":\"h\\u000d\"}\n");
}

int main(void)
{
	test_yaml();
	test_again();
	test_template();
	test_json();
	test_encodings();
	test_nul();
	test_line_ends();
	test_limits();
	test_paths();
	test_all_errors();
	test_long_list();
	test_equal();
	test_print();
	np_objects_free(&objs);
	return check_done("test_input");
}
