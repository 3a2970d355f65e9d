/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How to reach an API server and how to prove who we are: what a kubeconfig or a
 * service account resolves to.
 */
#ifndef NP_KUBE_CONNECTION_H
#define NP_KUBE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct cJSON;

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

/* Frees a plugin's configuration; NULL is fine. */
void np_exec_free(struct np_exec_config *exec);

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

/* Wipes what is secret. */
void np_kubeconfig_free(struct np_kubeconfig *cfg);
/* Would both connect to the same place in the same way? */
bool np_kubeconfig_equal(const struct np_kubeconfig *a,
			 const struct np_kubeconfig *b);

/*
 * Checks a server's or proxy's URL; a server's loses the slashes at its end.
 * what names it in messages.
 */
int np_kube_check_url(char *url, const char *what, bool server,
		      struct np_error *err);
void np_kube_warn(struct np_kubeconfig *cfg, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
