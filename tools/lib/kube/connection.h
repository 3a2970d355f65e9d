/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kubeconfig or a service account says: how to reach an API server and how to
 * authenticate there. K numbers are those of the statements in docs/api-client.md.
 */
#ifndef NP_KUBE_CONNECTION_H
#define NP_KUBE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct cJSON;

/*
 * A certificate or key in PEM. It lies in a file, which is read again when it changes, or in the
 * configuration itself, or is not given. So at most one of path and data is set. Private keys
 * are wiped from memory.
 */
struct np_pem {
	char *path;
	char *data;
	size_t len;
};

/* A variable of the environment of a plugin. */
struct np_exec_env {
	char *name;
	char *value;
};

/* A plugin that prints credentials: statements K13 and K14. */
struct np_exec_config {
	char *command;
	char **args;		/* ends with NULL */
	size_t arg_count;
	struct np_exec_env *env;
	size_t env_count;
	char *api_version;	/* client.authentication.k8s.io/v1 or v1beta1 */
	char *install_hint;
	bool provide_cluster_info;
	struct cJSON *cluster_config;	/* the extension of the cluster that is meant for it */
};

/* Frees the configuration of a plugin, which may be NULL. */
void np_exec_free(struct np_exec_config *exec);

/* Becomes one header "Impersonate-Extra-KEY: VALUE" for each value. */
struct np_extra {
	char *key;
	char **values;
	size_t value_count;
};

/* One cluster and one user of it. Pointers are NULL for what is not given. */
struct np_kubeconfig {
	char *file;		/* file of the cluster, for messages */
	char *server;		/* URL without a slash at its end */
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

/* Frees its members and wipes secrets. */
void np_kubeconfig_free(struct np_kubeconfig *cfg);
/* Returns true if both lead to the same server in the same way. Warnings do not count. */
bool np_kubeconfig_equal(const struct np_kubeconfig *a,
			 const struct np_kubeconfig *b);

/*
 * Checks the URL of a server or a proxy, which messages call `what`. Slashes at the end of a
 * server's URL are removed. Returns 0, or -1 with *err filled.
 */
int np_kube_check_url(char *url, const char *what, bool server,
		      struct np_error *err);
/* Adds a warning. */
void np_kube_warn(struct np_kubeconfig *cfg, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
