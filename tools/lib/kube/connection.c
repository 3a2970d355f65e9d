// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks, compares and frees what a kubeconfig says.
 */
#include "kube/connection.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/alloc.h"
#include "kube/secret.h"

void np_kube_warn(struct np_kubeconfig *cfg, const char *fmt, ...)
{
	va_list args;

	cfg->warnings = np_array_grow(cfg->warnings, cfg->warning_count, sizeof(*cfg->warnings));
	va_start(args, fmt);
	cfg->warnings[cfg->warning_count++] = np_xvasprintf(fmt, args);
	va_end(args);
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

void np_exec_free(struct np_exec_config *exec)
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
