// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kubeconfig: where it is looked for, merging, what may be combined, errors.
 * The names of the functions are the statements of docs/api-client.md.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "check.h"
#include "kube/kubeconfig.h"
#include "object/object.h"

static char dir[64];
static struct np_kubeconfig cfg;
static struct np_error err;
static bool loaded;

static char *at(const char *name)
{
	static char path[4][160];
	static unsigned int turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static char *put(const char *name, const char *text)
{
	char *path = at(name);
	FILE *f = fopen(path, "w");

	if (!CHECK(f))
		exit(1);
	fputs(text, f);
	fclose(f);
	chmod(path, 0600);
	return path;
}

static int load(const struct np_kubeconfig_search *search)
{
	int ret;

	if (loaded)
		np_kubeconfig_free(&cfg);
	ret = np_kubeconfig_load(search, &cfg, &err);
	loaded = !ret;
	return ret;
}

static int load_text(const char *text)
{
	struct np_kubeconfig_search search = { .path = put("config", text) };

	return load(&search);
}

#define TOP								\
	"apiVersion: v1\nkind: Config\ncurrent-context: x\n"		\
	"contexts:\n- name: x\n  context: {cluster: c, user: u, namespace: n}\n"
/* A configuration with these fields of the cluster and the user. */
#define CONFIG(cluster, user)						\
	TOP "clusters:\n- name: c\n  cluster: {server: 'https://a:1'" cluster "}\n" \
	"users:\n- name: u\n  user: {" user "}\n"
#define CLUSTER(fields)							\
	TOP "clusters:\n- name: c\n  cluster: {" fields "}\nusers:\n- name: u\n  user: {}\n"

static void bad(const char *text, const char *path, const char *what)
{
	if (!CHECK_EQ(load_text(text), -1))
		return;
	CHECK_EQ(err.exit, NP_EXIT_API);
	CHECK_STR(err.path, path);
	if (!CHECK(strstr(err.text, what)))
		printf("\t\"%s\"\n", err.text);
	CHECK(*err.file || !*path);
	CHECK(*path == 0 || err.line);
}

static bool warned(const char *what)
{
	size_t i;

	for (i = 0; loaded && i < cfg.warning_count; i++)
		if (strstr(cfg.warnings[i], what))
			return true;
	return false;
}

static void k1_order(void)
{
	struct np_kubeconfig_search s = { 0 };
	char list[512];

	mkdir(at(".kube"), 0700);
	put(".kube/config", CLUSTER("server: https://home"));
	put("one", CLUSTER("server: https://one"));
	put("two", CLUSTER("server: https://two"));
	put("token", "t");
	put("ca.crt", "c");
	s.home = dir;
	s.service_host = "10.0.0.1";
	s.service_port = "443";
	s.service_account = dir;
	CHECK_EQ(load(&s), 0);
	CHECK_STR(cfg.server, "https://home");
	s.list = "";
	CHECK_EQ(load(&s), 0);
	CHECK_STR(cfg.server, "https://home");
	/* missing files and duplicates in the list */
	snprintf(list, sizeof(list), "%s/none::%s/two:%s/one:%s/two", dir, dir,
		 dir, dir);
	s.list = list;
	CHECK_EQ(load(&s), 0);
	CHECK_STR(cfg.server, "https://two");
	CHECK(!warned("KUBECONFIG"));
	s.path = at("one");
	CHECK_EQ(load(&s), 0);
	CHECK_STR(cfg.server, "https://one");
	s.path = at("none");
	CHECK_EQ(load(&s), -1);
	CHECK(strstr(err.text, "No such file"));
	CHECK(strstr(err.file, "none"));
	/* all missing: a warning, then in-cluster */
	s.path = NULL;
	snprintf(list, sizeof(list), "%s/none", dir);
	CHECK_EQ(load(&s), 0);
	CHECK(warned("none of the files that KUBECONFIG names"));
	CHECK(cfg.in_cluster);
	CHECK_STR(cfg.server, "https://10.0.0.1:443");
	/* no home default either */
	s.list = NULL;
	s.home = "/nonexistent";
	CHECK_EQ(load(&s), 0);
	CHECK(cfg.in_cluster && !warned("KUBECONFIG"));
	/* told to */
	s.path = at("one");
	s.in_cluster = true;
	CHECK_EQ(load(&s), 0);
	CHECK(cfg.in_cluster);
	/* a file that can't be parsed is named, also if it is the second */
	put("broken", "a: [\n");
	snprintf(list, sizeof(list), "%s/one:%s/broken", dir, dir);
	s = (struct np_kubeconfig_search){ .list = list };
	CHECK_EQ(load(&s), -1);
	CHECK(strstr(err.file, "broken"));
	s.list = at("one");
	s.context = "y";
	CHECK_EQ(load(&s), -1);
	CHECK(strstr(err.text, "no context \"y\""));
}

static void k2_merge(void)
{
	struct np_kubeconfig_search s = { 0 };
	char list[512];

	put("one", "clusters: [{name: c, cluster: {server: 'https://one'}}]\n"
	    "users: [{name: v, user: {token: other}}]\n");
	put("two", TOP "clusters: [{name: c, cluster: {server: 'https://two', tls-server-name: two}}]\n"
	    "users: [{name: u, user: {token: second}}]\n");
	put("three", "current-context: z\nusers: [{name: u, user: {token: third, as: x}}]\n"
	    "contexts: [{name: x, context: {cluster: none}}]\n");
	snprintf(list, sizeof(list), "%s/one:%s/two:%s/three", dir, dir, dir);
	s.list = list;
	CHECK_EQ(load(&s), 0);
	/* whole entry of the first file: no tls-server-name of the second */
	CHECK_STR(cfg.server, "https://one");
	CHECK_STR(cfg.tls_server_name, NULL);
	CHECK_STR(cfg.token, "second");
	CHECK_STR(cfg.as, NULL);
	snprintf(list, sizeof(list), "%s/three:%s/two", dir, dir);
	CHECK_EQ(load(&s), -1);
	CHECK(strstr(err.text, "no context \"z\""));
}

static void k3_paths(void)
{
	char want[160];

	CHECK_EQ(load_text(CONFIG(", certificate-authority: sub/ca",
				  "client-certificate: ../c, client-key: /abs/k, tokenFile: t, "
				  "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./p}")), 0);
	snprintf(want, sizeof(want), "%s/sub/ca", dir);
	CHECK_STR(cfg.ca.path, want);
	snprintf(want, sizeof(want), "%s/../c", dir);
	CHECK_STR(cfg.cert.path, want);
	CHECK_STR(cfg.key.path, "/abs/k");
	snprintf(want, sizeof(want), "%s/t", dir);
	CHECK_STR(cfg.token_file, want);
	snprintf(want, sizeof(want), "%s/./p", dir);
	CHECK_STR(cfg.exec ? cfg.exec->command : NULL, want);
	CHECK_EQ(load_text(CONFIG("", "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p}")), 0);
	CHECK_STR(cfg.exec ? cfg.exec->command : NULL, "p");
}

static void k4_data(void)
{
	bad(CONFIG(", certificate-authority: a, certificate-authority-data: QUJD", ""),
	    "clusters[0].cluster.certificate-authority-data", "both given");
	bad(CONFIG("", "client-certificate: a, client-certificate-data: QUJD, client-key: k"),
	    "users[0].user.client-certificate-data", "both given");
	bad(CONFIG("", "client-key: a, client-key-data: QUJD, client-certificate: k"),
	    "users[0].user.client-key-data", "both given");
	bad(CONFIG(", certificate-authority-data: 'QUJ'", ""),
	    "clusters[0].cluster.certificate-authority-data", "no base64");
	bad(CONFIG("", "client-key-data: 'QU*D', client-certificate: a"),
	    "users[0].user.client-key-data", "no base64");
	CHECK_EQ(load_text(CONFIG(", certificate-authority-data: \"QUJD\\nRA==\\n\"", "")), 0);
	CHECK_EQ(cfg.ca.len, 4);
	CHECK(!memcmp(cfg.ca.data, "ABCD", 4));
}

static void k5_missing(void)
{
	bad("apiVersion: v1\nkind: Config\n", "", "no current-context");
	bad("current-context: x\n", "", "no context \"x\"");
	bad("current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n",
	    "", "no cluster \"c\"");
	bad("current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
	    "clusters: [{name: c, cluster: {server: 'https://a'}}]\n", "", "no user \"u\"");
	bad("current-context: x\ncontexts: [{name: x, context: {}}]\n",
	    "contexts[0].context.cluster", "empty");
	bad("current-context: x\ncontexts: [{name: x}]\n", "contexts[0].context", "missing");
	bad(CLUSTER("server: ''"), "clusters[0].cluster.server", "empty");
	bad(CLUSTER(""), "clusters[0].cluster.server", "empty");
	bad(CLUSTER("server: 'a b'"), "clusters[0].cluster.server", "no URL");
	bad(CLUSTER("server: 'ftp://a'"), "clusters[0].cluster.server", "scheme");
	bad(CLUSTER("server: 'https://u:p@a'"), "clusters[0].cluster.server", "user name");
	bad(CONFIG("", "client-certificate: a"), "", "without its key");
	bad(CONFIG("", "client-key: a"), "", "without its certificate");
	bad(CONFIG("", "token: 12"), "users[0].user.token", "must be a string");
	bad("kind: Pod\n", "kind", "not Config");
	bad("apiVersion: v2\n", "apiVersion", "not v1");
	bad("- a\n", "", "no kubeconfig");
	bad(CONFIG("", "") "---\na: b\n", "", "more than one document");
	bad("current-context: x\ncontexts: [{name: x, context: {cluster: c}}, {name: x, context: {cluster: d}}]\n",
	    "contexts[1].name", "twice");
	CHECK_EQ(load(&(struct np_kubeconfig_search){ .path = dir }), -1);
	CHECK(strstr(err.text, "cannot be read"));
	/* without a user: anonymous */
	CHECK_EQ(load_text("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
			   "clusters: [{name: c, cluster: {server: 'https://a'}}]\n"), 0);
}

static void k6_insecure(void)
{
	bad(CONFIG(", insecure-skip-tls-verify: true, certificate-authority: a", ""),
	    "clusters[0].cluster.insecure-skip-tls-verify", "together");
	CHECK_EQ(load_text(CONFIG(", insecure-skip-tls-verify: true", "")), 0);
	CHECK(cfg.insecure);
	CHECK(warned("not checked"));
	bad(CONFIG(", insecure-skip-tls-verify: 'true'", ""),
	    "clusters[0].cluster.insecure-skip-tls-verify", "must be true or false");
	CHECK_EQ(load_text(CONFIG("", "")), 0);
	CHECK(!cfg.insecure && !warned("not checked"));
}

static void k7_server(void)
{
	CHECK_EQ(load_text(CLUSTER("server: 'https://[2001:db8::1]:6443/prefix/x//', tls-server-name: kube")), 0);
	CHECK_STR(cfg.server, "https://[2001:db8::1]:6443/prefix/x");
	CHECK_STR(cfg.tls_server_name, "kube");
}

static void k8_proxy(void)
{
	CHECK_EQ(load_text(CONFIG(", proxy-url: 'http://u:p@proxy:3128'", "")), 0);
	CHECK_STR(cfg.proxy_url, "http://u:p@proxy:3128");
	CHECK_EQ(load_text(CONFIG(", proxy-url: 'socks5://proxy'", "")), 0);
	CHECK_EQ(load_text(CONFIG(", proxy-url: 'https://proxy'", "")), 0);
	bad(CONFIG(", proxy-url: 'socks4://u:secret@proxy'", ""),
	    "clusters[0].cluster.proxy-url", "scheme");
	CHECK(!strstr(err.text, "secret"));
	bad(CONFIG(", proxy-url: 'http://u:secret@'", ""),
	    "clusters[0].cluster.proxy-url", "no URL");
	CHECK(!strstr(err.text, "secret"));
}

static void k12_in_cluster(void)
{
	struct np_kubeconfig_search s = {
		.in_cluster = true, .service_account = dir,
		.service_host = "fd00::1", .service_port = "6443",
	};
	char want[160];

	put("token", "t");
	put("ca.crt", "c");
	CHECK_EQ(load(&s), 0);
	CHECK_STR(cfg.server, "https://[fd00::1]:6443");
	snprintf(want, sizeof(want), "%s/token", dir);
	CHECK_STR(cfg.token_file, want);
	snprintf(want, sizeof(want), "%s/ca.crt", dir);
	CHECK_STR(cfg.ca.path, want);
	/* all that is missing in one message */
	unlink(at("token"));
	s.service_port = "";
	CHECK_EQ(load(&s), -1);
	CHECK_EQ(err.exit, NP_EXIT_API);
	CHECK(strstr(err.text, "$KUBERNETES_SERVICE_PORT the service account's token"));
	CHECK(!strstr(err.text, "HOST") && !strstr(err.text, "ca.crt"));
	CHECK(strstr(err.hint, "--kubeconfig"));
	s = (struct np_kubeconfig_search){ .service_account = dir };
	unlink(at("ca.crt"));
	CHECK_EQ(load(&s), -1);
	CHECK(strstr(err.text, "HOST") && strstr(err.text, "ca.crt"));
}

/* Where the server is comes from another file, whom to trust does not. */
static void k21_server_from(void)
{
	struct np_kubeconfig_search s = { .in_cluster = true, .service_account = dir };
	char want[160];

	put("token", "t");
	put("ca.crt", "c");
	s.server_from = put("kubelet", TOP "clusters:\n- name: c\n  cluster: {server: 'https://k:6443', "
			    "tls-server-name: t.example, proxy-url: 'http://p:3128', "
			    "insecure-skip-tls-verify: true}\n"
			    "users:\n- name: u\n  user: {client-certificate: /none/cert, "
			    "client-key: /none/key}\n");
	chmod(s.server_from, 0644);
	CHECK_EQ(load(&s), 0);
	CHECK_STR(cfg.server, "https://k:6443");
	CHECK_STR(cfg.tls_server_name, "t.example");
	CHECK_STR(cfg.proxy_url, "http://p:3128");
	CHECK(!cfg.insecure && !cfg.cert.path && !cfg.key.path && !cfg.warning_count);
	snprintf(want, sizeof(want), "%s/ca.crt", dir);
	CHECK_STR(cfg.ca.path, want);
	snprintf(want, sizeof(want), "%s/token", dir);
	CHECK_STR(cfg.token_file, want);
	/* with a kubeconfig of its own: that one's user and authority */
	s = (struct np_kubeconfig_search){ .server_from = at("kubelet") };
	s.path = put("config", CONFIG(", tls-server-name: own.example, "
				      "certificate-authority: own.crt", "token: own"));
	CHECK_EQ(load(&s), 0);
	CHECK_STR(cfg.server, "https://k:6443");
	CHECK_STR(cfg.tls_server_name, "t.example");
	CHECK_STR(cfg.token, "own");
	CHECK(strstr(cfg.ca.path, "own.crt"));
	/* a name for TLS belongs to its server */
	put("kubelet", CLUSTER("server: https://k2"));
	CHECK_EQ(load(&s), 0);
	CHECK_STR(cfg.server, "https://k2");
	CHECK(!cfg.tls_server_name && !cfg.proxy_url);
	/* without TLS this file would decide whom to trust */
	put("kubelet", CLUSTER("server: http://127.0.0.1:8080"));
	CHECK_EQ(load(&s), -1);
	CHECK(strstr(err.text, "does not use https") && strstr(err.file, "kubelet"));
	put("kubelet", CLUSTER("server: HTTPS://k3"));
	CHECK_EQ(load(&s), 0);
	put("kubelet", "apiVersion: v1\nkind: Config\n");
	CHECK_EQ(load(&s), -1);
	CHECK(strstr(err.text, "no current-context") && strstr(err.file, "kubelet"));
	unlink(at("kubelet"));
	CHECK_EQ(load(&s), -1);
	CHECK(strstr(err.text, "No such file") && strstr(err.file, "kubelet"));
}

#define V1 "apiVersion: client.authentication.k8s.io/v1, "

static void k13_exec(void)
{
	const char *path = "users[0].user.exec.interactiveMode";
	char *text;

	bad(CONFIG("", "exec: {" V1 "command: p}"), path, "must be given");
	bad(CONFIG("", "exec: {" V1 "command: p, interactiveMode: Always}"), path, "daemon");
	bad(CONFIG("", "exec: {" V1 "command: p, interactiveMode: no}"), path, "");
	bad(CONFIG("", "exec: {" V1 "command: p, interactiveMode: Maybe}"), path, "must be");
	bad(CONFIG("", "exec: {command: p}"), "users[0].user.exec.apiVersion", "must be");
	bad(CONFIG("", "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: p}"),
	    "users[0].user.exec.apiVersion", "must be");
	bad(CONFIG("", "exec: {" V1 "interactiveMode: Never}"), "users[0].user.exec.command", "empty");
	bad(CONFIG("", "exec: {" V1 "interactiveMode: Never, command: p, args: [1]}"),
	    "users[0].user.exec.args", "a number");
	bad(CONFIG("", "exec: {" V1 "interactiveMode: Never, command: p, env: [{value: x}]}"),
	    "users[0].user.exec.env", "proper name");
	CHECK_EQ(load_text(CONFIG(", extensions: [{name: client.authentication.k8s.io/exec, "
				  "extension: {a: [1, true, ~, x, 1.5]}}]",
				  "exec: {" V1 "interactiveMode: IfAvailable, command: p, "
				  "provideClusterInfo: true, args: [a, 'b c'], "
				  "env: [{name: A, value: b=c}, {name: B}]}")), 0);
	if (!CHECK(loaded && cfg.exec))
		return;
	CHECK_EQ(cfg.exec->arg_count, 2);
	CHECK_STR(cfg.exec->args[1], "b c");
	CHECK_STR(cfg.exec->args[2], NULL);
	CHECK_EQ(cfg.exec->env_count, 2);
	CHECK_STR(cfg.exec->env[0].value, "b=c");
	CHECK_STR(cfg.exec->env[1].value, "");
	CHECK(cfg.exec->provide_cluster_info);
	text = cJSON_PrintUnformatted(cfg.exec->cluster_config);
	CHECK_STR(text, "{\"a\":[1,true,null,\"x\",1.5]}");
	free(text);
	/* an extension without a plugin is nothing */
	CHECK_EQ(load_text(CONFIG(", extensions: [{name: client.authentication.k8s.io/exec, extension: {}}]", "")), 0);
	CHECK(!cfg.exec);
}

static void k15_combinations(void)
{
	bad(CONFIG("", "token: t, username: u, password: p"), "", "both a token");
	bad(CONFIG("", "tokenFile: t, username: u"), "", "both a token");
	bad(CONFIG("", "auth-provider: {name: gcp}, exec: {command: p}"),
	    "users[0].user.auth-provider", "together");
	bad(CONFIG("", "auth-provider: {name: gcp}"), "users[0].user.auth-provider",
	    "not supported");
	CHECK(strstr(err.hint, "exec"));
	CHECK_EQ(load_text(CONFIG("", "auth-provider: {name: gcp}, token: t")), 0);
	CHECK_EQ(load_text(CONFIG("", "token: t, exec: {" V1 "interactiveMode: Never, command: p}")), 0);
	CHECK_EQ(load_text(CONFIG("", "client-certificate: c, client-key: k, token: t")), 0);
	CHECK_EQ(load_text(CONFIG("", "client-certificate: c, client-key: k, username: u, password: p")), 0);
	bad(CONFIG("", "token: \"a\\r\\nX: y\""), "users[0].user.token", "control character");
	CHECK(!strstr(err.text, "X: y"));
}

static void k16_impersonation(void)
{
	CHECK_EQ(load_text(CONFIG("", "as: a, as-uid: b, as-groups: [c, d], as-user-extra: {k: [v, w]}")), 0);
	CHECK_STR(cfg.as, "a");
	CHECK_STR(cfg.as_uid, "b");
	CHECK_EQ(cfg.as_group_count, 2);
	CHECK_EQ(cfg.as_extra_count, 1);
	CHECK_STR(cfg.as_extra[0].key, "k");
	CHECK_EQ(cfg.as_extra[0].value_count, 2);
	bad(CONFIG("", "as-groups: [c]"), "", "without as");
	bad(CONFIG("", "as-uid: c"), "", "without as");
	bad(CONFIG("", "as-user-extra: {k: [v]}"), "", "without as");
}

static void k19_readable(void)
{
	struct np_kubeconfig_search s = { .path = put("config", CONFIG("", "token: t")) };

	CHECK_EQ(load(&s), 0);
	CHECK(!warned("chmod"));
	chmod(s.path, 0640);
	CHECK_EQ(load(&s), 0);
	CHECK(warned("chmod 600"));
	chmod(s.path, 0604);
	CHECK_EQ(load(&s), 0);
	CHECK(warned("chmod 600"));
}

/* What a careless hand leaves without quotes is not repeated in messages. */
static void k19_unreadable(void)
{
	static const char *const text[] = {
		CONFIG("", "password: *hunter"), CONFIG("", "password: !hunter 2"),
		CONFIG("", "password: !!hunter 2"), CONFIG("", "password: !hunter [2]"),
		"{\"users\":[{\"name\":\"u\",\"user\":{\"token\":hunter}}]}",
	};
	size_t i;

	for (i = 0; i < sizeof(text) / sizeof(*text); i++) {
		CHECK_EQ(load_text(text[i]), -1);
		CHECK(!strstr(err.text, "hunter") && !strstr(err.hint, "hunter"));
		CHECK(strstr(err.text, "not shown") && err.line);
	}
}

static void k20_forms(void)
{
	char *text = np_xmalloc(1 << 20);
	size_t i, len;

	CHECK_EQ(load_text(" {\"current-context\":\"x\",\"preferences\":{},\"items\":[{}],"
			   "\"contexts\":[{\"name\":\"x\",\"context\":{\"cluster\":\"c\"}}],"
			   "\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"https:\\/\\/a\",\"more\":1}}],"
			   "\"extensions\":[{\"name\":\"e\",\"extension\":{}}]}"), 0);
	CHECK_STR(loaded ? cfg.server : NULL, "https://a");
	/* limits of the reader hold: depth, aliases */
	len = sprintf(text, "a: ");
	for (i = 0; i < 70; i++)
		text[len++] = '[';
	for (i = 0; i < 70; i++)
		text[len++] = ']';
	text[len++] = '\n';
	text[len] = 0;
	CHECK_EQ(load_text(text), -1);
	len = sprintf(text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
	for (i = 1; i < 8; i++)
		len += sprintf(text + len, "a%zu: &a%zu [*a%zu, *a%zu, *a%zu, *a%zu, *a%zu, *a%zu, *a%zu, *a%zu, *a%zu]\n",
			       i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
			       i - 1, i - 1, i - 1);
	CHECK_EQ(load_text(text), -1);
	CHECK_EQ(err.exit, NP_EXIT_API);
	free(text);
}

static void equal(void)
{
	static const char *const other[] = {
		CONFIG("", "token: s"), CONFIG(", tls-server-name: x", "token: t"),
		CONFIG(", insecure-skip-tls-verify: true", "token: t"),
		CONFIG(", certificate-authority: x", "token: t"),
		CONFIG(", certificate-authority-data: QUJD", "token: t"),
		CONFIG(", proxy-url: 'http://x'", "token: t"),
		CONFIG("", "token: t, as: x"), CONFIG("", "tokenFile: t"),
		CONFIG("", "token: t, as: x, as-groups: [a]"),
		CONFIG("", "exec: {" V1 "interactiveMode: Never, command: p}"),
	};
	struct np_kubeconfig first;
	size_t i;

	CHECK_EQ(load_text(CONFIG("", "token: t")), 0);
	first = cfg;
	loaded = false;
	CHECK_EQ(load_text(CONFIG("", "token: t")), 0);
	CHECK(np_kubeconfig_equal(&first, &cfg));
	for (i = 0; i < sizeof(other) / sizeof(*other); i++) {
		CHECK_EQ(load_text(other[i]), 0);
		CHECK(!np_kubeconfig_equal(&first, &cfg));
		CHECK(!np_kubeconfig_equal(&cfg, &first));
		CHECK(np_kubeconfig_equal(&cfg, &cfg));
	}
	np_kubeconfig_free(&first);
}

int main(void)
{
	static const char *const files[] = {
		".kube/config", ".kube", "config", "one", "two", "three",
		"broken", "token", "ca.crt",
	};
	size_t i;

	snprintf(dir, sizeof(dir), "/tmp/test_kubeconfig.XXXXXX");
	if (!CHECK(mkdtemp(dir)))
		return 1;
	k1_order();
	k2_merge();
	k3_paths();
	k4_data();
	k5_missing();
	k6_insecure();
	k7_server();
	k8_proxy();
	k12_in_cluster();
	k21_server_from();
	k13_exec();
	k15_combinations();
	k16_impersonation();
	k19_readable();
	k19_unreadable();
	k20_forms();
	equal();
	if (loaded)
		np_kubeconfig_free(&cfg);
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		remove(at(files[i]));
	rmdir(dir);
	return check_done("kubeconfig");
}
