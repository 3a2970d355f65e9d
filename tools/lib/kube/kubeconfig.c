// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the kubeconfig files, merges them, and resolves one context.
 *
 * Files are read into memory once, and parsed for each entry that is looked for. The first file
 * that has the entry wins, and entries are not merged. kubeconfig_entry.c reads the entries.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "kube/kubeconfig.h"
#include "kube/kubeconfig_entry.h"
#include "kube/secret.h"

#define NP_KUBE_FILES_MAX	64
#define NP_TOKEN_MAX		(1024 * 1024)
#define NP_SERVICE_ACCOUNT	"/var/run/secrets/kubernetes.io/serviceaccount"

struct np_kube_files {
	struct np_kube_file file[NP_KUBE_FILES_MAX];
	size_t count;
};

/* Adds a file. If it does not exist this is an error or it is skipped. */
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

/* Collects the files in their order: statement K1. Without any the agent is in a pod. */
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

/* Returns the path of a file of the service account, or NULL if it cannot be read. */
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

/* Takes the service account of the pod that this process runs in: statement K12. */
static int np_kube_in_cluster(const struct np_kubeconfig_search *search,
			      struct np_kubeconfig *cfg, struct np_error *err)
{
	const char *directory = np_given(search->service_account) ?
				search->service_account : NP_SERVICE_ACCOUNT;
	const char *host = search->service_host, *port = search->service_port;
	bool host_missing = !np_given(host) && !np_given(search->server_from);
	bool port_missing = !np_given(port) && !np_given(search->server_from);
	char server[512];

	cfg->in_cluster = true;
	cfg->token_file = np_account_file(directory, "token");
	cfg->ca.path = np_account_file(directory, "ca.crt");
	if (host_missing || port_missing || !cfg->token_file || !cfg->ca.path) {
		np_error_set(err, NP_EXIT_API,
			     "no kubeconfig, and not in a pod: missing%s%s%s%s",
			     host_missing ? " $KUBERNETES_SERVICE_HOST" : "",
			     port_missing ? " $KUBERNETES_SERVICE_PORT" : "",
			     cfg->token_file ? "" : " the service account's token",
			     cfg->ca.path ? "" : " the service account's ca.crt");
		np_error_hint(err, "give --kubeconfig FILE, or set KUBECONFIG; "
			      "in a pod, mount a service account at %s", directory);
		return -1;
	}
	cfg->file = np_xstrdup("the pod's service account");
	if (np_given(search->server_from))
		return 0;
	snprintf(server, sizeof(server), strchr(host, ':') ?
		 "https://[%s]:%s" : "https://%s:%s", host, port);
	cfg->server = np_xstrdup(server);
	return 0;
}

/* Checks what may be combined: statements K4, K5, K6, K15 and K16. */
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

/* Looks for an entry in all files. Returns 1 if it was found, 0 if not, -1 with *err filled. */
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

/* Reads the cluster of the current context into cfg, and the names of the context. */
static int np_kube_find_cluster(struct np_kube_files *files, struct np_kube_context *context,
				struct np_kubeconfig *cfg, struct np_error *err)
{
	int ret;

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
	return 0;
}

static int np_kube_resolve(const struct np_kubeconfig_search *search,
			   struct np_kube_files *files,
			   struct np_kube_context *context,
			   struct np_kubeconfig *cfg, struct np_error *err)
{
	size_t i;
	int ret;

	/* Every file must be readable, even if nothing of it is used. */
	for (i = 0; i < files->count; i++)
		if (np_kube_parse(&files->file[i], cfg, NP_KUBE_CURRENT, NULL,
				  context, err) < 0)
			return -1;
	if (np_given(search->context)) {
		np_secret_free(context->current);
		context->current = np_xstrdup(search->context);
	}
	if (np_kube_find_cluster(files, context, cfg, err))
		return -1;
	/* Without a user in the context requests are anonymous. */
	if (!np_given(context->user))
		return 0;
	ret = np_kube_find(files, cfg, NP_KUBE_USER, context->user, context,
			   err);
	if (ret <= 0)
		return ret ? ret : np_kube_missing(files, "user", context->user,
						   err);
	return np_kube_validate(cfg, context->user, err);
}

static void np_kube_forget(struct np_kube_files *files, struct np_kube_context *context)
{
	size_t i;

	for (i = 0; i < files->count; i++) {
		OPENSSL_cleanse(files->file[i].data, files->file[i].len);
		free(files->file[i].data);
		free(files->file[i].path);
	}
	free(files);
	np_secret_free(context->current);
	np_secret_free(context->cluster);
	np_secret_free(context->user);
}

/*
 * Takes the way to the API server from the kubeconfig at path, and no credentials and no
 * authority: a file that somebody else keeps must not decide whom the agent trusts. So the server
 * must use https, as plain http to this machine would need no authority. That the file's owner
 * lets others read it is not the agent's concern either. Statement K21.
 */
static int np_kube_take_server(const char *path, struct np_kubeconfig *cfg, struct np_error *err)
{
	struct np_kube_files *files = np_xcalloc(1, sizeof(*files));
	struct np_kube_context context = { 0 };
	struct np_kubeconfig other = { 0 };
	int ret;

	ret = np_kube_add(files, path, true, err);
	if (!ret && np_kube_parse(&files->file[0], &other, NP_KUBE_CURRENT, NULL, &context,
				  err) < 0)
		ret = -1;
	if (!ret)
		ret = np_kube_find_cluster(files, &context, &other, err);
	if (!ret && strncasecmp(other.server, "https:", 6)) {
		np_error_set(err, NP_EXIT_API, "the server %.300s does not use https, so its "
			     "certificate could not be checked", other.server);
		np_error_hint(err, "give the address of an API server with --api-server");
		np_error_place(err, path, 0, 0);
		ret = -1;
	}
	if (!ret) {
		free(cfg->server);
		free(cfg->tls_server_name);
		np_secret_free(cfg->proxy_url);
		cfg->server = other.server;
		cfg->tls_server_name = other.tls_server_name;
		cfg->proxy_url = other.proxy_url;
		other.server = NULL;
		other.tls_server_name = NULL;
		other.proxy_url = NULL;
	}
	np_kube_forget(files, &context);
	np_kubeconfig_free(&other);
	return ret;
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
	if (!ret && np_given(search->server_from))
		ret = np_kube_take_server(search->server_from, cfg, err);
	if (!ret && cfg->exec && !cfg->exec->command) {
		/* The cluster has an extension for a plugin, but the user has no plugin. */
		np_exec_free(cfg->exec);
		cfg->exec = NULL;
	}
	if (!ret && cfg->insecure)
		np_kube_warn(cfg, "the API server's certificate is not checked (insecure-skip-tls-verify): "
			     "whoever is in between can open every policy");
	for (i = 0; i < files->count && !ret; i++)
		if (files->file[i].open)
			np_kube_warn(cfg, "%s may be read by others than its owner: chmod 600 it",
				     files->file[i].path);
	np_kube_forget(files, &context);
	if (ret)
		np_kubeconfig_free(cfg);
	return ret;
}
