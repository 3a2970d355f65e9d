// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The API client: its configuration, servers, credentials and reflectors.
 */
#include "kube/cluster.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "kube/cluster_state.h"
#include "kube/discovery.h"
#include "kube/foreign.h"
#include "kube/http_text.h"
#include "kube/reflector.h"
#include "kube/reflector_state.h"
#include "kube/taint.h"

static void np_free_list(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

/* Certificates were replaced. Streams over connections with the old ones are opened again. */
static void np_cluster_changed(void *context)
{
	struct np_cluster *cluster = context;
	int kind;

	np_cluster_log(cluster, NP_LOG_INFO, NP_SOURCE_KINDS,
		       "new certificates: opening new connections");
	for (kind = 0; kind < NP_SOURCE_KINDS; kind++)
		if (cluster->started && cluster->reflectors[kind])
			np_reflector_renew(cluster->reflectors[kind]);
}

static void np_cluster_warning(void *context, const char *text)
{
	np_cluster_log(context, NP_LOG_WARNING, NP_SOURCE_KINDS, "%s", text);
}

static const struct np_credential_ops np_cluster_credential_ops = {
	.changed = np_cluster_changed,
	.warning = np_cluster_warning,
};

/* Escapes the characters of a key that the name of a header must not have. */
static void np_escape_key(char *to, size_t size, const char *from)
{
	size_t len = 0;

	for (; *from && len + 4 < size; from++) {
		unsigned char c = *from;

		if (isalnum(c) || strchr("!#$&'*+-.^_`|~", c))
			to[len++] = tolower(c);
		else
			len += snprintf(to + len, size - len, "%%%02X", c);
	}
	to[len] = 0;
}

/* Adds a header to a list that has room for it. */
static int np_add_header(char **list, size_t *count, const char *name,
			 const char *value, struct np_error *err)
{
	size_t size = strlen(name) + strlen(value) + 3;
	const char *p;

	for (p = value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			np_error_set(err, NP_EXIT_API,
				     "the value of %.60s has a control character", name);
			np_error_hint(err, "write it on one line");
			return -1;
		}
	list[*count] = np_xmalloc(size);
	snprintf(list[(*count)++], size, "%s: %s", name, value);
	return 0;
}

/* Makes the headers for impersonation: statement K16. */
static int np_impersonation(const struct np_kubeconfig *cfg, char ***headers,
			    struct np_error *err)
{
	size_t count = 0, room = 2 + cfg->as_group_count, i, j;
	char name[400], **list;

	for (i = 0; i < cfg->as_extra_count; i++)
		room += cfg->as_extra[i].value_count;
	list = np_xcalloc(room + 1, sizeof(*list));	/* NULL ends it at any time */
	*headers = list;
	if (cfg->as && np_add_header(list, &count, "Impersonate-User", cfg->as, err))
		return -1;
	if (cfg->as_uid &&
	    np_add_header(list, &count, "Impersonate-Uid", cfg->as_uid, err))
		return -1;
	for (i = 0; i < cfg->as_group_count; i++)
		if (np_add_header(list, &count, "Impersonate-Group",
				  cfg->as_groups[i], err))
			return -1;
	for (i = 0; i < cfg->as_extra_count; i++) {
		strcpy(name, "Impersonate-Extra-");
		np_escape_key(name + strlen(name), sizeof(name) - strlen(name),
			      cfg->as_extra[i].key);
		for (j = 0; j < cfg->as_extra[i].value_count; j++)
			if (np_add_header(list, &count, name,
					  cfg->as_extra[i].values[j], err))
				return -1;
	}
	if (count > 200) {
		np_error_set(err, NP_EXIT_API, "too many headers of impersonation: %zu", count);
		np_error_hint(err, "give fewer groups and extra values");
		return -1;
	}
	return 0;
}

/* Credentials are not sent to another host without encryption: statement K18. */
static int np_check_plain(const struct np_cluster *cluster,
			  const struct np_kubeconfig *cfg, const char *url,
			  struct np_error *err)
{
	bool secret = cfg->token || cfg->token_file || cfg->exec ||
		      cfg->username || cfg->password;

	if (!secret || cluster->options.plain_token ||
	    strncasecmp(url, "http:", 5) ||
	    (np_http_is_loopback(url) && !cfg->proxy_url))
		return 0;
	np_error_set(err, NP_EXIT_API,
		     "%.300s is not encrypted, and a token or password would be sent to it",
		     url);
	np_error_hint(err, "use https");
	return -1;
}

/* The parts of a cluster that come from its configuration. They are replaced together. */
struct np_cluster_parts {
	struct np_server *servers;
	size_t server_count;
	char **headers;
};

static void np_parts_free(struct np_cluster_parts *parts)
{
	size_t i;

	for (i = 0; i < parts->server_count; i++)
		free(parts->servers[i].url);
	free(parts->servers);
	np_free_list(parts->headers);
}

static int np_parts_make(const struct np_cluster *cluster,
			 const struct np_kubeconfig *cfg,
			 struct np_cluster_parts *parts, struct np_error *err)
{
	const struct np_cluster_options *o = &cluster->options;
	size_t count = o->server_count ? o->server_count : 1, i;

	memset(parts, 0, sizeof(*parts));
	parts->servers = np_xcalloc(count, sizeof(*parts->servers));
	for (i = 0; i < count; i++) {
		char *url = np_xstrdup(o->server_count ? o->servers[i] : cfg->server);

		parts->servers[parts->server_count++].url = url;
		if (np_kube_check_url(url, "--api-server", true, err) ||
		    np_check_plain(cluster, cfg, url, err))
			goto fail;
	}
	if (!np_impersonation(cfg, &parts->headers, err))
		return 0;
fail:
	np_parts_free(parts);
	return -1;
}

static void np_parts_take(struct np_cluster *cluster,
			  const struct np_cluster_parts *parts)
{
	cluster->servers = parts->servers;
	cluster->server_count = parts->server_count;
	cluster->headers = parts->headers;
	/* The agent keeps to this server. Agents of other nodes choose other ones. */
	cluster->current = np_jitter(parts->server_count);
}

static int np_copy_options(struct np_cluster *cluster,
			   const struct np_cluster_options *options,
			   struct np_error *err)
{
	struct np_cluster_options *o = &cluster->options;
	char **servers;
	const char *p;
	size_t i;

	*o = *options;
	servers = np_xcalloc(o->server_count + 1, sizeof(*servers));
	for (i = 0; i < o->server_count; i++)
		servers[i] = np_xstrdup(options->servers[i]);
	o->servers = (const char *const *)servers;
	cluster->node = np_xstrdup(options->node ? options->node : "");
	o->node = cluster->node;
	o->remove_taint = NULL;
	for (i = 0; i < NP_SOURCE_KINDS; i++)
		o->versions[i] = NULL;
	for (p = cluster->node; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			break;
	if (!*p && (*cluster->node || !o->kinds[NP_SOURCE_NODE]))
		return 0;
	np_error_set(err, NP_EXIT_USAGE, *p ?
		     "the node's name \"%.100s\" is no name of a node" :
		     "the node's name is not known%s", cluster->node);
	np_error_hint(err, "give --node NAME, or set NODE_NAME, as in kubectl get nodes");
	return -1;
}

static void np_set_user_agent(struct np_cluster *cluster)
{
	struct utsname system;
	char text[600];

	if (uname(&system))
		memset(&system, 0, sizeof(system));
	snprintf(text, sizeof(text), "netpolctl/" NETPOL_VERSION " (%s/%s) %s",
		 *system.sysname == 'L' ? "linux" : system.sysname,
		 !strcmp(system.machine, "x86_64") ? "amd64" :
		 !strcmp(system.machine, "aarch64") ? "arm64" : system.machine,
		 cluster->node);
	cluster->user_agent = np_xstrdup(text);
}

struct np_cluster *np_cluster_open(struct np_loop *loop,
				   const struct np_cluster_options *options,
				   const struct np_source_ops *ops,
				   void *context, struct np_error *err)
{
	struct np_cluster *cluster = np_xcalloc(1, sizeof(*cluster));
	struct np_cluster_parts parts;
	size_t i;
	int kind;

	np_secrets_protect();
	cluster->loop = loop;
	cluster->ops = ops;
	cluster->context = context;
	if (np_copy_options(cluster, options, err))
		goto fail;
	if (np_kubeconfig_load(&options->search, &cluster->cfg, err)) {
		memset(&cluster->cfg, 0, sizeof(cluster->cfg));
		goto fail;
	}
	if (np_parts_make(cluster, &cluster->cfg, &parts, err))
		goto fail;
	np_parts_take(cluster, &parts);
	cluster->credential = np_credential_new(loop, &cluster->cfg,
						&np_cluster_credential_ops, cluster,
						&cluster->killed, err);
	if (!cluster->credential)
		goto fail;
	np_set_user_agent(cluster);
	cluster->http = np_http_new(loop);
	for (kind = 0; kind < NP_SOURCE_KINDS; kind++) {
		const char *version = options->versions[kind];

		if (!options->kinds[kind])
			continue;
		cluster->reflectors[kind] = np_reflector_new(cluster, kind, version);
		cluster->resting[kind] = kind == NP_SOURCE_NODES;
		if (np_discovery_optional(kind))
			cluster->discovery = np_discovery_new(cluster->reflectors[kind],
							      options->have_cluster_policies ||
							      (version && *version));
	}
	if (options->foreign)
		cluster->foreign = np_foreign_new(cluster);
	if (options->remove_taint)
		cluster->taint = np_taint_new(cluster, options->remove_taint);
	for (i = 0; i < cluster->cfg.warning_count; i++)
		np_cluster_log(cluster, NP_LOG_WARNING, NP_SOURCE_KINDS, "%s",
			       cluster->cfg.warnings[i]);
	return cluster;
fail:
	np_cluster_close(cluster);
	return NULL;
}

void np_cluster_start(struct np_cluster *cluster)
{
	int64_t delay = np_jitter((uint32_t)cluster->options.spread_ms);
	int kind;

	cluster->started = true;
	for (kind = 0; kind < NP_SOURCE_KINDS; kind++)
		if (cluster->reflectors[kind] && !np_discovery_optional(kind) &&
		    !cluster->resting[kind])
			np_reflector_start(cluster->reflectors[kind], delay);
	if (cluster->discovery)
		np_discovery_start(cluster->discovery, delay);
	if (cluster->foreign)
		np_foreign_start(cluster->foreign);
}

void np_cluster_close(struct np_cluster *cluster)
{
	struct np_cluster_parts parts;
	int kind;

	if (!cluster)
		return;
	np_discovery_free(cluster->discovery);
	cluster->returned = NULL;
	for (kind = 0; kind < NP_SOURCE_KINDS; kind++)
		np_reflector_free(cluster->reflectors[kind]);
	np_foreign_free(cluster->foreign);
	np_taint_free(cluster->taint);
	np_http_free(cluster->http);
	np_credential_free(cluster->credential);
	np_plugin_killed_free(&cluster->killed);
	parts.servers = cluster->servers;
	parts.server_count = cluster->server_count;
	parts.headers = cluster->headers;
	np_parts_free(&parts);
	np_kubeconfig_free(&cluster->cfg);
	np_free_list((char **)cluster->options.servers);
	free(cluster->node);
	free(cluster->user_agent);
	np_arena_free(&cluster->arena);
	free(cluster);
}

/* Returns true if versions of one configuration are valid for the other. */
static bool np_same_cluster(const struct np_kubeconfig *a,
			    const struct np_kubeconfig *b)
{
	return !strcmp(a->server, b->server) && !a->ca.path == !b->ca.path &&
	       (!a->ca.path || !strcmp(a->ca.path, b->ca.path)) &&
	       a->ca.len == b->ca.len &&
	       (!a->ca.len || !memcmp(a->ca.data, b->ca.data, a->ca.len));
}

/* Opens all streams again; list and forget are those of np_reflector_restart(). */
static void np_cluster_restart(struct np_cluster *cluster, bool list, bool forget)
{
	int kind;

	if (!cluster->started)
		return;
	for (kind = 0; kind < NP_SOURCE_KINDS; kind++) {
		if (!cluster->reflectors[kind] || np_discovery_optional(kind))
			continue;
		if (cluster->resting[kind])
			np_reflector_rest(cluster->reflectors[kind], forget);
		else
			np_reflector_restart(cluster->reflectors[kind], list, forget);
	}
	if (cluster->discovery)
		np_discovery_restart(cluster->discovery, list, forget);
}

void np_cluster_follow(struct np_cluster *cluster, enum np_source_kind kind, bool follow)
{
	struct np_reflector *r = cluster->reflectors[kind];

	if (!r || cluster->resting[kind] != follow)
		return;
	cluster->resting[kind] = !follow;
	if (!follow)
		np_reflector_rest(r, false);
	else if (cluster->started)
		/* Somebody waits for it, and does so for a while only. */
		np_reflector_start(r, 0);
}

int np_cluster_reload(struct np_cluster *cluster, struct np_error *err)
{
	struct np_cluster_parts parts, old;
	struct np_credential *credential;
	struct np_kubeconfig cfg, *kept;
	bool same;
	int kind;

	if (np_kubeconfig_load(&cluster->options.search, &cfg, err))
		return -1;
	if (np_kubeconfig_equal(&cfg, &cluster->cfg)) {
		np_kubeconfig_free(&cfg);
		np_credential_check(cluster->credential);
		return 0;
	}
	if (np_parts_make(cluster, &cfg, &parts, err)) {
		np_kubeconfig_free(&cfg);
		return -1;
	}
	/* The credential keeps a pointer to the configuration, so the new one takes its place. */
	kept = np_xmalloc(sizeof(*kept));
	*kept = cluster->cfg;
	same = np_same_cluster(&cfg, kept);
	cluster->cfg = cfg;
	credential = np_credential_new(cluster->loop, &cluster->cfg,
				       &np_cluster_credential_ops, cluster, &cluster->killed, err);
	if (!credential) {
		np_kubeconfig_free(&cluster->cfg);
		cluster->cfg = *kept;
		free(kept);
		np_parts_free(&parts);
		return -1;
	}
	for (kind = 0; kind < NP_SOURCE_KINDS; kind++)
		if (cluster->reflectors[kind])
			np_reflector_stop(cluster->reflectors[kind]);
	if (cluster->discovery)
		np_discovery_stop(cluster->discovery);
	if (cluster->foreign)
		np_foreign_stop(cluster->foreign);
	if (cluster->taint)
		np_taint_stop(cluster->taint);
	np_credential_free(cluster->credential);
	cluster->credential = credential;
	np_kubeconfig_free(kept);
	free(kept);
	old.servers = cluster->servers;
	old.server_count = cluster->server_count;
	old.headers = cluster->headers;
	np_parts_take(cluster, &parts);
	np_parts_free(&old);
	np_cluster_restart(cluster, !same, !same);
	if (cluster->started && cluster->foreign)
		np_foreign_start(cluster->foreign);
	return 0;
}

void np_cluster_refresh(struct np_cluster *cluster)
{
	np_cluster_restart(cluster, true, false);
}

void np_cluster_set_ready(struct np_cluster *cluster, bool ready)
{
	if (cluster->taint)
		np_taint_ready(cluster->taint, ready);
}

uint64_t np_cluster_foreign_rounds(const struct np_cluster *cluster)
{
	return np_foreign_rounds(cluster->foreign);
}

const struct np_foreign_kind *np_cluster_foreign(const struct np_cluster *cluster, size_t number,
						 enum np_foreign_state *state)
{
	return np_foreign_kind(cluster->foreign, number, state);
}

void np_cluster_state(const struct np_cluster *cluster,
		      enum np_source_kind kind, struct np_source_state *state)
{
	static const struct np_source_stats none;

	if (cluster->reflectors[kind])
		np_reflector_state(cluster->reflectors[kind], state);
	else
		*state = (struct np_source_state){
			.resource_version = "", .error = "",
			.last_event_ms = -1, .stats = &none,
		};
}

void np_cluster_status(const struct np_cluster *cluster,
		       struct np_cluster_status *status)
{
	*status = (struct np_cluster_status){
		.server = cluster->servers[cluster->current].url,
		.file = cluster->cfg.file,
		.insecure = cluster->cfg.insecure,
		.warnings = (const char *const *)cluster->cfg.warnings,
		.warning_count = cluster->cfg.warning_count,
		.cert_expiry = np_credential_expiry(cluster->credential),
		.bad_rotations = np_credential_bad_rotations(cluster->credential),
	};
}
