/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kubeconfig files and the service account of a pod: which API server to talk
 * to, and how to prove who we are. Nothing here opens a connection.
 *
 * Rules of merging and validation are those of client-go's clientcmd.
 */
#ifndef NP_KUBECONFIG_H
#define NP_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct cJSON;

/* Where to look. Strings stay the caller's; NULL and "" are "not given". */
struct np_kubeconfig_search {
	const char *path;	/* --kubeconfig: this file or an error */
	const char *list;	/* $KUBECONFIG: colon between files */
	const char *home;	/* $HOME */
	const char *context;	/* instead of current-context */
	bool in_cluster;	/* the service account only */
	const char *service_host;	/* $KUBERNETES_SERVICE_HOST */
	const char *service_port;
	const char *service_account;	/* NULL: the directory in every pod */
};

/*
 * Something in PEM: from a file, read again when it changes, or given in
 * the configuration. path or data or neither. Private keys are wiped.
 */
struct np_pem {
	char *path;
	char *data;
	size_t len;
};

struct np_exec_env {
	char *name;
	char *value;
};

/* A plugin that hands out credentials; K13, K14. */
struct np_exec_config {
	char *command;
	char **args;		/* NULL at the end */
	size_t arg_count;
	struct np_exec_env *env;
	size_t env_count;
	char *api_version;	/* client.authentication.k8s.io/v1 or v1beta1 */
	char *install_hint;
	bool provide_cluster_info;
	struct cJSON *cluster_config;	/* the cluster's extension for it */
};

/* Header "Impersonate-Extra-KEY: VALUE", one for each value. */
struct np_extra {
	char *key;
	char **values;
	size_t value_count;
};

/* One cluster and one user, resolved. NULL: not given. */
struct np_kubeconfig {
	char *file;		/* that named the context, for messages */
	char *server;		/* URL, no slash at its end */
	char *tls_server_name;
	char *proxy_url;
	bool insecure;		/* insecure-skip-tls-verify */
	bool disable_compression;
	bool in_cluster;
	struct np_pem ca;
	struct np_pem cert;
	struct np_pem key;
	char *token;
	char *token_file;
	char *username;
	char *password;
	char *as;
	char *as_uid;
	char **as_groups;
	size_t as_group_count;
	struct np_extra *as_extra;
	size_t as_extra_count;
	struct np_exec_config *exec;
	char **warnings;
	size_t warning_count;
};

/* Fills a search from the environment; the rest is zeroed. */
void np_kubeconfig_environment(struct np_kubeconfig_search *search);
/*
 * 0, or -1 with *err filled (NP_EXIT_API; it names file, line and field, and
 * no secret). cfg need not be initialised and is to be freed only after 0.
 */
int np_kubeconfig_load(const struct np_kubeconfig_search *search,
		       struct np_kubeconfig *cfg, struct np_error *err);
/* Wipes what is secret. */
void np_kubeconfig_free(struct np_kubeconfig *cfg);
/* Would both connect to the same place in the same way? */
bool np_kubeconfig_equal(const struct np_kubeconfig *a,
			 const struct np_kubeconfig *b);

/* Frees a string after wiping it; NULL is fine. */
void np_secret_free(char *text);
/*
 * A whole file of at most max bytes, terminated, to be wiped by its reader.
 * NULL with errno; EFBIG if it is larger.
 */
char *np_secret_read(const char *path, size_t max, size_t *len);
/*
 * Base64 as in *-data: line breaks are fine. NULL if it is none. To be freed
 * with np_secret_free(), or wiped by its length.
 */
char *np_base64_decode(const char *text, size_t *len);

#endif
