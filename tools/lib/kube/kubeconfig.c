// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kubeconfig: finding the files, merging them, resolving one context.
 *
 * Files are read into memory once and parsed for each thing that is looked
 * for; the first file that has it wins whole. The decoders of entries are in
 * kubeconfig_entry.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "kube/kubeconfig.h"
#include "kube/kubeconfig_entry.h"

#define NP_KUBE_FILES_MAX	64
#define NP_TOKEN_MAX		(1024 * 1024)
#define NP_SERVICE_ACCOUNT	"/var/run/secrets/kubernetes.io/serviceaccount"

struct np_kube_files {
	struct np_kube_file file[NP_KUBE_FILES_MAX];
	size_t count;
};

void np_secret_free(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

char *np_secret_read(const char *path, size_t max, size_t *len)
{
	size_t room = 16384, have = 0;
	char *data = NULL, *grown;
	int fd, saved;
	ssize_t n;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	data = np_xmalloc(room);
	for (;;) {
		if (have == room - 1) {
			if (have > max) {
				errno = EFBIG;
				goto fail;
			}
			/* realloc would leave a copy behind */
			grown = np_xmalloc(2 * room);
			memcpy(grown, data, have);
			OPENSSL_cleanse(data, have);
			free(data);
			data = grown;
			room *= 2;
		}
		n = read(fd, data + have, room - 1 - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto fail;
		if (!n)
			break;
		have += n;
	}
	if (have > max) {
		errno = EFBIG;
		goto fail;
	}
	close(fd);
	data[have] = 0;
	*len = have;
	return data;
fail:
	saved = errno;
	OPENSSL_cleanse(data, have);
	free(data);
	close(fd);
	errno = saved;
	return NULL;
}

void np_kube_warn(struct np_kubeconfig *cfg, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cfg->warnings = np_xrealloc(cfg->warnings, cfg->warning_count + 1,
				    sizeof(*cfg->warnings));
	cfg->warnings[cfg->warning_count++] = np_xstrdup(text);
}

/* Adds a file; a missing one is an error or skipped. */
static int np_kube_add(struct np_kube_files *files, const char *path,
		       bool must_exist, struct np_error *err)
{
	struct np_kube_file *file;
	struct stat st;
	size_t i;

	for (i = 0; i < files->count; i++)
		if (!strcmp(files->file[i].path, path))
			return 0;
	if (files->count == NP_KUBE_FILES_MAX) {
		np_error_set(err, NP_EXIT_API,
			     "KUBECONFIG names more than %d files", NP_KUBE_FILES_MAX);
		np_error_hint(err, "name only those that are needed");
		return -1;
	}
	file = &files->file[files->count];
	file->data = np_secret_read(path, NP_DOCUMENT_MAX, &file->len);
	if (!file->data) {
		if (errno == ENOENT && !must_exist)
			return 0;
		np_error_set(err, NP_EXIT_API, "cannot be read: %s",
			     errno == EFBIG ? "larger than 8 MiB" : strerror(errno));
		np_error_hint(err, "the kubeconfig must be a file that this user may read");
		np_error_place(err, path, 0, 0);
		return -1;
	}
	file->path = np_xstrdup(path);
	file->open = !stat(path, &st) && (st.st_mode & 077);
	files->count++;
	return 0;
}

static bool np_given(const char *text)
{
	return text && *text;
}

/* K1: the files in their order; none is fine, and means "in the cluster". */
static int np_kube_collect(const struct np_kubeconfig_search *search,
			   struct np_kube_files *files,
			   struct np_kubeconfig *cfg, struct np_error *err)
{
	char path[4096];

	if (np_given(search->path))
		return np_kube_add(files, search->path, true, err);
	if (np_given(search->list)) {
		const char *at = search->list;

		while (*at) {
			size_t len = strcspn(at, ":");

			snprintf(path, sizeof(path), "%.*s", (int)len, at);
			if (len >= sizeof(path)) {
				np_error_set(err, NP_EXIT_API,
					     "a path in KUBECONFIG is too long");
				np_error_hint(err, "paths go up to 4095 bytes");
				return -1;
			}
			if (len && np_kube_add(files, path, false, err))
				return -1;
			at += len + (at[len] == ':');
		}
		if (!files->count)
			np_kube_warn(cfg, "none of the files that KUBECONFIG names exists: %s",
				     search->list);
		return 0;
	}
	if (!np_given(search->home))
		return 0;
	if (snprintf(path, sizeof(path), "%s/.kube/config", search->home) >=
	    (int)sizeof(path))
		return 0;
	return np_kube_add(files, path, false, err);
}

/* One path of the service account; NULL if it is not there. */
static char *np_account_file(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = np_xmalloc(size);

	snprintf(path, size, "%s/%s", directory, name);
	if (!access(path, R_OK))
		return path;
	free(path);
	return NULL;
}

/* K12: the service account of the pod that we run in. */
static int np_kube_in_cluster(const struct np_kubeconfig_search *search,
			      struct np_kubeconfig *cfg, struct np_error *err)
{
	const char *directory = np_given(search->service_account) ?
				search->service_account : NP_SERVICE_ACCOUNT;
	const char *host = search->service_host, *port = search->service_port;
	char server[512];

	cfg->in_cluster = true;
	cfg->token_file = np_account_file(directory, "token");
	cfg->ca.path = np_account_file(directory, "ca.crt");
	if (!np_given(host) || !np_given(port) || !cfg->token_file ||
	    !cfg->ca.path) {
		np_error_set(err, NP_EXIT_API,
			     "no kubeconfig, and not in a pod: missing%s%s%s%s",
			     np_given(host) ? "" : " $KUBERNETES_SERVICE_HOST",
			     np_given(port) ? "" : " $KUBERNETES_SERVICE_PORT",
			     cfg->token_file ? "" : " the service account's token",
			     cfg->ca.path ? "" : " the service account's ca.crt");
		np_error_hint(err, "give --kubeconfig FILE, or set KUBECONFIG; "
			      "in a pod, mount a service account at %s", directory);
		return -1;
	}
	snprintf(server, sizeof(server), strchr(host, ':') ?
		 "https://[%s]:%s" : "https://%s:%s", host, port);
	cfg->server = np_xstrdup(server);
	cfg->file = np_xstrdup("the pod's service account");
	return 0;
}

int np_kube_check_url(char *url, const char *what, bool server,
		      struct np_error *err)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL, *query = NULL;
	CURLUcode code;
	int ret = -1;

	code = u ? curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) :
		   CURLUE_OUT_OF_MEMORY;
	if (code || curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) || !*host) {
		np_error_set(err, NP_EXIT_API, "%s is no URL", what);
		np_error_hint(err, server ? "write https://HOST:PORT" :
			      "write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT");
		goto out;
	}
	if (strcmp(scheme, "https") && strcmp(scheme, "http") &&
	    (server || (strcmp(scheme, "socks5") && strcmp(scheme, "socks5h")))) {
		np_error_set(err, NP_EXIT_API, "%s has the scheme %.20s", what, scheme);
		np_error_hint(err, server ? "write https://HOST:PORT" :
			      "http, https and socks5 are supported");
		goto out;
	}
	if (server && (!curl_url_get(u, CURLUPART_USER, &user, 0) ||
		       !curl_url_get(u, CURLUPART_QUERY, &query, 0))) {
		np_error_set(err, NP_EXIT_API, "%s has a user name or a query", what);
		np_error_hint(err, "credentials belong into users:");
		goto out;
	}
	if (server)
		while (*url && url[strlen(url) - 1] == '/')
			url[strlen(url) - 1] = 0;
	ret = 0;
out:
	curl_free(scheme);
	curl_free(host);
	np_secret_free(user);
	curl_free(query);
	curl_url_cleanup(u);
	return ret;
}

/* What a user may combine: K4, K5, K6, K15, K16. */
static int np_kube_validate(struct np_kubeconfig *cfg, const char *user,
			    struct np_error *err)
{
	const char *text = NULL, *hint = "keep one of them";

	if (cfg->insecure && (cfg->ca.path || cfg->ca.data)) {
		text = "insecure-skip-tls-verify and a certificate authority are both given";
		hint = "remove insecure-skip-tls-verify";
	} else if ((cfg->token || cfg->token_file) &&
		   (cfg->username || cfg->password)) {
		text = "both a token and a user name with password are given";
	} else if ((cfg->cert.path || cfg->cert.data) && !cfg->key.path &&
		   !cfg->key.data) {
		text = "a client certificate is given without its key";
		hint = "add client-key or client-key-data";
	} else if ((cfg->key.path || cfg->key.data) && !cfg->cert.path &&
		   !cfg->cert.data) {
		text = "a client key is given without its certificate";
		hint = "add client-certificate or client-certificate-data";
	} else if ((cfg->as_uid || cfg->as_group_count || cfg->as_extra_count) &&
		   !cfg->as) {
		text = "as-uid, as-groups or as-user-extra is given without as";
		hint = "add as: USER";
	}
	if (!text)
		return 0;
	np_error_set(err, NP_EXIT_API, "user \"%.100s\": %s", user, text);
	np_error_hint(err, "%s", hint);
	np_error_place(err, cfg->file, 0, 0);
	return -1;
}

static int np_kube_missing(const struct np_kube_files *files,
			   const char *what, const char *name,
			   struct np_error *err)
{
	np_error_set(err, NP_EXIT_API, "there is no %s \"%.100s\"", what, name);
	np_error_hint(err, "see what is there with: kubectl config view");
	np_error_place(err, files->file[0].path, 0, 0);
	return -1;
}

/* Looks through all files; the first that has it wins. 1: found. */
static int np_kube_find(struct np_kube_files *files, struct np_kubeconfig *cfg,
			enum np_kube_section section, const char *name,
			struct np_kube_context *context, struct np_error *err)
{
	size_t i;
	int ret;

	for (i = 0; i < files->count; i++) {
		ret = np_kube_parse(&files->file[i], cfg, section, name,
				    context, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int np_kube_resolve(const struct np_kubeconfig_search *search,
			   struct np_kube_files *files,
			   struct np_kube_context *context,
			   struct np_kubeconfig *cfg, struct np_error *err)
{
	size_t i;
	int ret;

	/* every file must be readable, also those that decide nothing */
	for (i = 0; i < files->count; i++)
		if (np_kube_parse(&files->file[i], cfg, NP_KUBE_CURRENT, NULL,
				  context, err) < 0)
			return -1;
	if (np_given(search->context)) {
		np_secret_free(context->current);
		context->current = np_xstrdup(search->context);
	}
	if (!np_given(context->current)) {
		np_error_set(err, NP_EXIT_API, "no current-context is set");
		np_error_hint(err, "set one with: kubectl config use-context NAME");
		np_error_place(err, files->file[0].path, 0, 0);
		return -1;
	}
	ret = np_kube_find(files, cfg, NP_KUBE_CONTEXT, context->current,
			   context, err);
	if (ret <= 0)
		return ret ? ret : np_kube_missing(files, "context",
						   context->current, err);
	ret = np_kube_find(files, cfg, NP_KUBE_CLUSTER, context->cluster,
			   context, err);
	if (ret <= 0)
		return ret ? ret : np_kube_missing(files, "cluster",
						   context->cluster, err);
	/* a context without a user is anonymous */
	if (!np_given(context->user))
		return 0;
	ret = np_kube_find(files, cfg, NP_KUBE_USER, context->user, context,
			   err);
	if (ret <= 0)
		return ret ? ret : np_kube_missing(files, "user", context->user,
						   err);
	return np_kube_validate(cfg, context->user, err);
}

static void np_pem_free(struct np_pem *pem)
{
	free(pem->path);
	if (pem->data)
		OPENSSL_cleanse(pem->data, pem->len);
	free(pem->data);
}

static void np_strings_free(char **list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		np_secret_free(list[i]);
	free(list);
}

static void np_exec_free(struct np_exec_config *exec)
{
	size_t i;

	if (!exec)
		return;
	free(exec->command);
	np_strings_free(exec->args, exec->arg_count);
	for (i = 0; i < exec->env_count; i++) {
		free(exec->env[i].name);
		np_secret_free(exec->env[i].value);
	}
	free(exec->env);
	free(exec->api_version);
	free(exec->install_hint);
	cJSON_Delete(exec->cluster_config);
	free(exec);
}

void np_kubeconfig_environment(struct np_kubeconfig_search *search)
{
	memset(search, 0, sizeof(*search));
	search->list = getenv("KUBECONFIG");
	search->home = getenv("HOME");
	search->service_host = getenv("KUBERNETES_SERVICE_HOST");
	search->service_port = getenv("KUBERNETES_SERVICE_PORT");
}

int np_kubeconfig_load(const struct np_kubeconfig_search *search,
		       struct np_kubeconfig *cfg, struct np_error *err)
{
	struct np_kube_files *files = np_xcalloc(1, sizeof(*files));
	struct np_kube_context context = { 0 };
	size_t i;
	int ret = 0;

	memset(cfg, 0, sizeof(*cfg));
	if (!search->in_cluster)
		ret = np_kube_collect(search, files, cfg, err);
	if (!ret && files->count)
		ret = np_kube_resolve(search, files, &context, cfg, err);
	else if (!ret)
		ret = np_kube_in_cluster(search, cfg, err);
	if (!ret && cfg->exec && !cfg->exec->command) {
		/* the cluster had something for a plugin that nobody uses */
		np_exec_free(cfg->exec);
		cfg->exec = NULL;
	}
	if (!ret && cfg->insecure)
		np_kube_warn(cfg, "the API server's certificate is not checked (insecure-skip-tls-verify): "
			     "whoever is in between can open every policy");
	for (i = 0; i < files->count; i++) {
		struct np_kube_file *file = &files->file[i];

		if (file->open && !ret)
			np_kube_warn(cfg, "%s may be read by others than its owner: chmod 600 it",
				     file->path);
		OPENSSL_cleanse(file->data, file->len);
		free(file->data);
		free(file->path);
	}
	free(files);
	np_secret_free(context.current);
	np_secret_free(context.cluster);
	np_secret_free(context.user);
	if (ret)
		np_kubeconfig_free(cfg);
	return ret;
}

void np_kubeconfig_free(struct np_kubeconfig *cfg)
{
	size_t i;

	free(cfg->file);
	free(cfg->server);
	free(cfg->tls_server_name);
	np_secret_free(cfg->proxy_url);
	np_pem_free(&cfg->ca);
	np_pem_free(&cfg->cert);
	np_pem_free(&cfg->key);
	np_secret_free(cfg->token);
	free(cfg->token_file);
	np_secret_free(cfg->username);
	np_secret_free(cfg->password);
	free(cfg->as);
	free(cfg->as_uid);
	np_strings_free(cfg->as_groups, cfg->as_group_count);
	for (i = 0; i < cfg->as_extra_count; i++) {
		free(cfg->as_extra[i].key);
		np_strings_free(cfg->as_extra[i].values,
				cfg->as_extra[i].value_count);
	}
	free(cfg->as_extra);
	np_exec_free(cfg->exec);
	np_strings_free(cfg->warnings, cfg->warning_count);
	memset(cfg, 0, sizeof(*cfg));
}

static bool np_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool np_same_pem(const struct np_pem *a, const struct np_pem *b)
{
	return np_same(a->path, b->path) && a->len == b->len &&
	       (!a->len || !memcmp(a->data, b->data, a->len));
}

static bool np_same_list(char *const *a, size_t count_a, char *const *b,
			 size_t count_b)
{
	size_t i;

	if (count_a != count_b)
		return false;
	for (i = 0; i < count_a; i++)
		if (!np_same(a[i], b[i]))
			return false;
	return true;
}

static bool np_same_exec(const struct np_exec_config *a,
			 const struct np_exec_config *b)
{
	size_t i;

	if (!a || !b)
		return a == b;
	if (!np_same(a->command, b->command) || a->env_count != b->env_count ||
	    !np_same(a->api_version, b->api_version) ||
	    !np_same_list(a->args, a->arg_count, b->args, b->arg_count) ||
	    a->provide_cluster_info != b->provide_cluster_info)
		return false;
	for (i = 0; i < a->env_count; i++)
		if (!np_same(a->env[i].name, b->env[i].name) ||
		    !np_same(a->env[i].value, b->env[i].value))
			return false;
	if (!a->cluster_config || !b->cluster_config)
		return a->cluster_config == b->cluster_config;
	return cJSON_Compare(a->cluster_config, b->cluster_config, true);
}

bool np_kubeconfig_equal(const struct np_kubeconfig *a,
			 const struct np_kubeconfig *b)
{
	size_t i;

	if (!np_same(a->server, b->server) ||
	    !np_same(a->tls_server_name, b->tls_server_name) ||
	    !np_same(a->proxy_url, b->proxy_url) || a->insecure != b->insecure ||
	    a->disable_compression != b->disable_compression ||
	    !np_same_pem(&a->ca, &b->ca) || !np_same_pem(&a->cert, &b->cert) ||
	    !np_same_pem(&a->key, &b->key) || !np_same(a->token, b->token) ||
	    !np_same(a->token_file, b->token_file) ||
	    !np_same(a->username, b->username) ||
	    !np_same(a->password, b->password) || !np_same(a->as, b->as) ||
	    !np_same(a->as_uid, b->as_uid) ||
	    !np_same_list(a->as_groups, a->as_group_count, b->as_groups,
			  b->as_group_count) ||
	    a->as_extra_count != b->as_extra_count ||
	    !np_same_exec(a->exec, b->exec))
		return false;
	for (i = 0; i < a->as_extra_count; i++)
		if (!np_same(a->as_extra[i].key, b->as_extra[i].key) ||
		    !np_same_list(a->as_extra[i].values,
				  a->as_extra[i].value_count,
				  b->as_extra[i].values,
				  b->as_extra[i].value_count))
			return false;
	return true;
}
