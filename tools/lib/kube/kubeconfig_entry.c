// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the entries of a kubeconfig file, which is YAML or JSON.
 *
 * Unknown fields are ignored, as every client does. Known fields must have the right type. Nodes
 * are wiped afterwards, because tokens and keys are among them.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "kube/kubeconfig_entry.h"
#include "kube/secret.h"
#include "object/json.h"
#include "object/yaml.h"

struct np_kube_parse {
	const struct np_kube_file *file;
	struct np_kubeconfig *cfg;
	enum np_kube_section section;
	const char *name;
	struct np_kube_context *context;
	struct np_error *err;
	char path[160];		/* path of the current entry, for messages */
	unsigned int documents;
	int found;
};

static const char np_plugin_version[] = "client.authentication.k8s.io/v1";
static const char np_plugin_beta[] = "client.authentication.k8s.io/v1beta1";
static const char np_plugin_extension[] = "client.authentication.k8s.io/exec";

static int __attribute__((format(printf, 5, 6)))
np_kube_fail(struct np_kube_parse *k, const struct np_node *node,
	     const char *field, const char *hint, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	np_error_vset(k->err, NP_EXIT_API, fmt, args);
	va_end(args);
	np_error_hint(k->err, "%s", hint);
	np_error_place(k->err, k->file->path, node ? node->line : 0,
		       node ? node->column : 0);
	snprintf(k->err->path, sizeof(k->err->path), "%s%s%s", k->path,
		 *k->path && *field ? "." : "", field);
	return -1;
}

/* Gets a field. *node is NULL if it is missing or null. Returns -1 if it has another type. */
static int np_kube_get(struct np_kube_parse *k, const struct np_node *map,
		       const char *field, enum np_node_type type,
		       const struct np_node **node)
{
	static const char *const name[] = {
		[NP_NODE_NULL] = "null", [NP_NODE_BOOL] = "true or false",
		[NP_NODE_INT] = "a number", [NP_NODE_FLOAT] = "a number",
		[NP_NODE_STRING] = "a string", [NP_NODE_LIST] = "a list",
		[NP_NODE_MAP] = "a map",
	};

	*node = np_node_get(map, field);
	if (*node && (*node)->type == NP_NODE_NULL)
		*node = NULL;
	if (*node && (*node)->type != type)
		return np_kube_fail(k, *node, field, type == NP_NODE_STRING ?
				    "put it in quotes" : "see kubectl config view for the form",
				    "must be %s, not %s", name[type],
				    np_node_type_name(*node));
	return 0;
}

/* Gets a string. *text stays as it is if the field is missing or empty. */
static int np_kube_string(struct np_kube_parse *k, const struct np_node *map,
			  const char *field, char **text)
{
	const struct np_node *node;

	if (np_kube_get(k, map, field, NP_NODE_STRING, &node))
		return -1;
	if (node && *node->text)
		*text = np_xstrdup(node->text);
	return 0;
}

/* Gets a string for a header or the name of a host, which must be a single line. */
static int np_kube_line(struct np_kube_parse *k, const struct np_node *map,
			const char *field, char **text)
{
	const char *p;

	if (np_kube_string(k, map, field, text))
		return -1;
	for (p = *text ? *text : ""; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return np_kube_fail(k, np_node_get(map, field), field,
					    "write it on one line, without control characters",
					    "has a control character");
	return 0;
}

static int np_kube_bool(struct np_kube_parse *k, const struct np_node *map,
			const char *field, bool *value)
{
	const struct np_node *node;

	if (np_kube_get(k, map, field, NP_NODE_BOOL, &node))
		return -1;
	if (node)
		*value = node->truth;
	return 0;
}

/* Relative paths are relative to the file that names them: statement K3. */
static char *np_kube_resolve_path(const struct np_kube_file *file, char *path)
{
	const char *slash = strrchr(file->path, '/');
	size_t len, size;
	char *whole;

	if (!path || *path == '/' || !slash)
		return path;
	len = slash - file->path + 1;
	size = len + strlen(path) + 1;
	whole = np_xmalloc(size);
	snprintf(whole, size, "%.*s%s", (int)len, file->path, path);
	free(path);
	return whole;
}

static int np_kube_path(struct np_kube_parse *k, const struct np_node *map,
			const char *field, char **path)
{
	if (np_kube_string(k, map, field, path))
		return -1;
	*path = np_kube_resolve_path(k->file, *path);
	return 0;
}

/* Gets a path of a file, or the data itself, but not both: statement K4. */
static int np_kube_pem(struct np_kube_parse *k, const struct np_node *map,
		       const char *field, const char *data_field,
		       struct np_pem *pem)
{
	const struct np_node *node;

	if (np_kube_path(k, map, field, &pem->path) ||
	    np_kube_get(k, map, data_field, NP_NODE_STRING, &node))
		return -1;
	if (!node || !*node->text)
		return 0;
	if (pem->path)
		return np_kube_fail(k, node, data_field, "keep one of them",
				    "%s and %s are both given", field, data_field);
	pem->data = np_base64_decode(node->text, &pem->len);
	if (!pem->data)
		return np_kube_fail(k, node, data_field,
				    "it is the PEM file in base64: base64 -w0 FILE",
				    "is no base64");
	return 0;
}

/* Gets a list of strings. */
static int np_kube_strings(struct np_kube_parse *k, const struct np_node *list,
			   const char *field, char ***out, size_t *count)
{
	const struct np_node *node;

	*out = np_xcalloc(list->count + 1, sizeof(**out));
	for (node = list->child; node; node = node->next) {
		if (node->type != NP_NODE_STRING)
			return np_kube_fail(k, node, field, "put it in quotes",
					    "has an entry that is %s, not a string",
					    np_node_type_name(node));
		(*out)[(*count)++] = np_xstrdup(node->text);
	}
	return 0;
}

/* Makes JSON of the extension that a plugin is given. */
static cJSON *np_kube_json(const struct np_node *node)
{
	const struct np_node *child;
	cJSON *json;

	switch (node->type) {
	case NP_NODE_NULL:
		return cJSON_CreateNull();
	case NP_NODE_BOOL:
		return cJSON_CreateBool(node->truth);
	case NP_NODE_INT:
		return cJSON_CreateNumber(node->number);
	case NP_NODE_FLOAT:
		return cJSON_CreateNumber(strtod(node->text, NULL));
	case NP_NODE_STRING:
		return cJSON_CreateString(node->text);
	case NP_NODE_LIST:
		json = cJSON_CreateArray();
		for (child = node->child; child; child = child->next)
			cJSON_AddItemToArray(json, np_kube_json(child));
		return json;
	default:
		json = cJSON_CreateObject();
		for (child = node->child; child; child = child->next)
			cJSON_AddItemToObject(json, child->key,
					      np_kube_json(child));
		return json;
	}
}

/* Gets the extension of a cluster that its plugin is given. */
static int np_kube_extension(struct np_kube_parse *k,
			     const struct np_node *cluster,
			     struct np_kubeconfig *cfg)
{
	const struct np_node *list, *entry, *name, *value;

	if (np_kube_get(k, cluster, "extensions", NP_NODE_LIST, &list))
		return -1;
	for (entry = list ? list->child : NULL; entry; entry = entry->next) {
		name = np_node_get(entry, "name");
		value = np_node_get(entry, "extension");
		if (!name || name->type != NP_NODE_STRING || !value ||
		    strcmp(name->text, np_plugin_extension))
			continue;
		if (!cfg->exec)
			cfg->exec = np_xcalloc(1, sizeof(*cfg->exec));
		cJSON_Delete(cfg->exec->cluster_config);
		cfg->exec->cluster_config = np_kube_json(value);
	}
	return 0;
}

static int np_kube_cluster(struct np_kube_parse *k, const struct np_node *map)
{
	struct np_kubeconfig *cfg = k->cfg;
	const struct np_node *node = np_node_get(map, "server");

	free(cfg->file);
	cfg->file = np_xstrdup(k->file->path);
	if (np_kube_line(k, map, "server", &cfg->server) ||
	    np_kube_line(k, map, "tls-server-name", &cfg->tls_server_name) ||
	    np_kube_bool(k, map, "insecure-skip-tls-verify", &cfg->insecure) ||
	    np_kube_bool(k, map, "disable-compression", &cfg->disable_compression) ||
	    np_kube_line(k, map, "proxy-url", &cfg->proxy_url) ||
	    np_kube_pem(k, map, "certificate-authority",
			"certificate-authority-data", &cfg->ca) ||
	    np_kube_extension(k, map, cfg))
		return -1;
	if (!cfg->server)
		return np_kube_fail(k, node ? node : map, "server",
				    "write https://HOST:PORT", "is empty");
	if (np_kube_check_url(cfg->server, "the server", true, k->err)) {
		np_error_place(k->err, k->file->path, node->line, node->column);
		snprintf(k->err->path, sizeof(k->err->path), "%s.server", k->path);
		return -1;
	}
	node = np_node_get(map, "proxy-url");
	if (cfg->proxy_url &&
	    np_kube_check_url(cfg->proxy_url, "the proxy", false, k->err)) {
		np_error_place(k->err, k->file->path, node->line, node->column);
		snprintf(k->err->path, sizeof(k->err->path), "%s.proxy-url", k->path);
		return -1;
	}
	if (cfg->insecure && (cfg->ca.path || cfg->ca.data))
		return np_kube_fail(k, np_node_get(map, "insecure-skip-tls-verify"),
				    "insecure-skip-tls-verify", "remove it",
				    "must not be given together with a certificate authority");
	return 0;
}

static int np_kube_exec_env(struct np_kube_parse *k, const struct np_node *list,
			    struct np_exec_config *exec)
{
	const struct np_node *node;

	exec->env = np_xcalloc(list->count + 1, sizeof(*exec->env));
	for (node = list->child; node; node = node->next) {
		struct np_exec_env *env = &exec->env[exec->env_count];

		if (node->type != NP_NODE_MAP)
			return np_kube_fail(k, node, "env",
					    "each entry has name and value",
					    "has an entry that is %s",
					    np_node_type_name(node));
		exec->env_count++;
		if (np_kube_string(k, node, "name", &env->name) ||
		    np_kube_string(k, node, "value", &env->value))
			return -1;
		if (!env->name || strchr(env->name, '='))
			return np_kube_fail(k, node, "env",
					    "each entry has name and value",
					    "has an entry without a proper name");
		if (!env->value)
			env->value = np_xstrdup("");
	}
	return 0;
}

/* Checks interactiveMode. The agent has no terminal at which a plugin could ask. */
static int np_kube_exec_mode(struct np_kube_parse *k, const struct np_node *map,
			     const struct np_exec_config *exec)
{
	const struct np_node *node;
	const char *mode;

	if (np_kube_get(k, map, "interactiveMode", NP_NODE_STRING, &node))
		return -1;
	mode = node ? node->text : "";
	if (!*mode && !strcmp(exec->api_version, np_plugin_version))
		return np_kube_fail(k, map, "interactiveMode",
				    "write Never or IfAvailable",
				    "must be given with %s", np_plugin_version);
	if (!strcmp(mode, "Always"))
		return np_kube_fail(k, node, "interactiveMode",
				    "use a plugin that needs no terminal, or a token",
				    "Always can't work in a daemon");
	if (*mode && strcmp(mode, "Never") && strcmp(mode, "IfAvailable"))
		return np_kube_fail(k, node, "interactiveMode",
				    "write Never or IfAvailable",
				    "must be Never, IfAvailable or Always");
	return 0;
}

static int np_kube_exec(struct np_kube_parse *k, const struct np_node *map)
{
	struct np_exec_config *exec = k->cfg->exec;
	const struct np_node *node;
	size_t len;

	if (!exec)
		exec = np_xcalloc(1, sizeof(*exec));
	k->cfg->exec = exec;
	len = strlen(k->path);
	snprintf(k->path + len, sizeof(k->path) - len, ".exec");
	if (np_kube_string(k, map, "command", &exec->command) ||
	    np_kube_string(k, map, "apiVersion", &exec->api_version) ||
	    np_kube_string(k, map, "installHint", &exec->install_hint) ||
	    np_kube_bool(k, map, "provideClusterInfo", &exec->provide_cluster_info))
		return -1;
	if (!exec->command)
		return np_kube_fail(k, map, "command",
				    "name the plugin's program", "is empty");
	if (!exec->api_version || (strcmp(exec->api_version, np_plugin_version) &&
				   strcmp(exec->api_version, np_plugin_beta)))
		return np_kube_fail(k, map, "apiVersion",
				    "write client.authentication.k8s.io/v1",
				    "must be %s or v1beta1", np_plugin_version);
	/* A name without a slash is looked up in PATH. */
	if (strchr(exec->command, '/'))
		exec->command = np_kube_resolve_path(k->file, exec->command);
	if (np_kube_get(k, map, "args", NP_NODE_LIST, &node) ||
	    (node && np_kube_strings(k, node, "args", &exec->args,
				     &exec->arg_count)) ||
	    np_kube_get(k, map, "env", NP_NODE_LIST, &node) ||
	    (node && np_kube_exec_env(k, node, exec)))
		return -1;
	return np_kube_exec_mode(k, map, exec);
}

static int np_kube_extra(struct np_kube_parse *k, const struct np_node *map)
{
	struct np_kubeconfig *cfg = k->cfg;
	const struct np_node *node;

	cfg->as_extra = np_xcalloc(map->count + 1, sizeof(*cfg->as_extra));
	for (node = map->child; node; node = node->next) {
		struct np_extra *extra = &cfg->as_extra[cfg->as_extra_count];

		if (node->type != NP_NODE_LIST)
			return np_kube_fail(k, node, "as-user-extra",
					    "each key has a list of values",
					    "has a value that is %s",
					    np_node_type_name(node));
		cfg->as_extra_count++;
		extra->key = np_xstrdup(node->key);
		if (np_kube_strings(k, node, "as-user-extra", &extra->values,
				    &extra->value_count))
			return -1;
	}
	return 0;
}

static int np_kube_user(struct np_kube_parse *k, const struct np_node *map)
{
	struct np_kubeconfig *cfg = k->cfg;
	const struct np_node *exec, *provider, *node;

	if (np_kube_pem(k, map, "client-certificate", "client-certificate-data",
			&cfg->cert) ||
	    np_kube_pem(k, map, "client-key", "client-key-data", &cfg->key) ||
	    np_kube_line(k, map, "token", &cfg->token) ||
	    np_kube_path(k, map, "tokenFile", &cfg->token_file) ||
	    np_kube_string(k, map, "username", &cfg->username) ||
	    np_kube_string(k, map, "password", &cfg->password) ||
	    np_kube_line(k, map, "as", &cfg->as) ||
	    np_kube_line(k, map, "as-uid", &cfg->as_uid) ||
	    np_kube_get(k, map, "as-groups", NP_NODE_LIST, &node) ||
	    (node && np_kube_strings(k, node, "as-groups", &cfg->as_groups,
				     &cfg->as_group_count)) ||
	    np_kube_get(k, map, "as-user-extra", NP_NODE_MAP, &node) ||
	    (node && np_kube_extra(k, node)) ||
	    np_kube_get(k, map, "auth-provider", NP_NODE_MAP, &provider) ||
	    np_kube_get(k, map, "exec", NP_NODE_MAP, &exec))
		return -1;
	if (provider && exec)
		return np_kube_fail(k, provider, "auth-provider", "remove it",
				    "must not be given together with exec");
	if (provider && !cfg->token && !cfg->token_file && !cfg->username)
		return np_kube_fail(k, provider, "auth-provider",
				    "use the exec plugin that your provider offers instead",
				    "is not supported; clients dropped it in Kubernetes 1.26");
	return exec ? np_kube_exec(k, exec) : 0;
}

static int np_kube_entry(struct np_kube_parse *k, const struct np_node *map)
{
	struct np_kube_context *context = k->context;

	switch (k->section) {
	case NP_KUBE_CONTEXT:
		if (np_kube_string(k, map, "cluster", &context->cluster) ||
		    np_kube_string(k, map, "user", &context->user))
			return -1;
		if (!context->cluster)
			return np_kube_fail(k, map, "cluster",
					    "name one of the clusters", "is empty");
		return 0;
	case NP_KUBE_CLUSTER:
		return np_kube_cluster(k, map);
	default:
		return np_kube_user(k, map);
	}
}

/* Finds an entry in a list such as clusters: [{name: N, cluster: {...}}]. */
static int np_kube_list(struct np_kube_parse *k, const struct np_node *root)
{
	static const char *const list_name[] = { NULL, "contexts", "clusters", "users" };
	static const char *const entry_name[] = { NULL, "context", "cluster", "user" };
	const struct np_node *list, *entry, *name, *value, *match = NULL;
	unsigned int i = 0;

	if (np_kube_get(k, root, list_name[k->section], NP_NODE_LIST, &list))
		return -1;
	for (entry = list ? list->child : NULL; entry; entry = entry->next, i++) {
		snprintf(k->path, sizeof(k->path), "%s[%u]", list_name[k->section], i);
		if (entry->type != NP_NODE_MAP)
			return np_kube_fail(k, entry, "", "each entry has a name",
					    "must be a map, not %s",
					    np_node_type_name(entry));
		if (np_kube_get(k, entry, "name", NP_NODE_STRING, &name))
			return -1;
		if (strcmp(name ? name->text : "", k->name))
			continue;
		if (match)
			return np_kube_fail(k, entry, "name", "remove one of them",
					    "\"%.100s\" is given twice", k->name);
		match = entry;
		snprintf(k->path, sizeof(k->path), "%s[%u].%s",
			 list_name[k->section], i, entry_name[k->section]);
		if (np_kube_get(k, entry, entry_name[k->section], NP_NODE_MAP,
				&value))
			return -1;
		if (!value)
			return np_kube_fail(k, entry, "", "see kubectl config view",
					    "is missing");
		if (np_kube_entry(k, value))
			return -1;
		k->found = 1;
	}
	return 0;
}

static int np_kube_root(struct np_kube_parse *k, const struct np_node *root)
{
	const struct np_node *node;

	/* An empty file is an empty configuration. */
	if (!root || root->type == NP_NODE_NULL)
		return 0;
	if (root->type != NP_NODE_MAP)
		return np_kube_fail(k, root, "", "it has kind: Config at its top",
				    "is no kubeconfig");
	if (k->section != NP_KUBE_CURRENT)
		return np_kube_list(k, root);
	if (np_kube_get(k, root, "kind", NP_NODE_STRING, &node))
		return -1;
	/* The value is not shown. With a wrong quote it may be a secret. */
	if (node && *node->text && strcmp(node->text, "Config"))
		return np_kube_fail(k, node, "kind", "it has kind: Config at its top",
				    "is not Config");
	if (np_kube_get(k, root, "apiVersion", NP_NODE_STRING, &node))
		return -1;
	if (node && *node->text && strcmp(node->text, "v1"))
		return np_kube_fail(k, node, "apiVersion", "only v1 is known",
				    "is not v1");
	if (np_kube_get(k, root, "current-context", NP_NODE_STRING, &node))
		return -1;
	if (node && *node->text && !k->context->current)
		k->context->current = np_xstrdup(node->text);
	return 0;
}

/* Wipes all texts, because the arena is freed without that. */
static void np_kube_wipe(struct np_node *node)
{
	for (; node; node = node->next) {
		if (node->type == NP_NODE_STRING)
			OPENSSL_cleanse((char *)node->text, strlen(node->text));
		else if (node->type == NP_NODE_MAP || node->type == NP_NODE_LIST)
			np_kube_wipe(node->child);
	}
}

static int np_kube_items_begin(void *arg, struct np_node *head,
			       struct np_error *err)
{
	return 0;
}

static int np_kube_item(void *arg, struct np_node *item, uint32_t index,
			struct np_error *err)
{
	return 0;
}

static int np_kube_document(void *arg, struct np_node *root, bool items_read,
			    struct np_error *err)
{
	struct np_kube_parse *k = arg;
	int ret;

	if (k->documents++)
		return np_kube_fail(k, root, "", "remove all but the first",
				    "has more than one document");
	ret = np_kube_root(k, root);
	np_kube_wipe(root);
	return ret;
}

/*
 * The readers quote what they cannot read. This may be a password: without quotes YAML may take
 * it for an alias or a tag, and with a wrong quote for a key. So the quotation is removed.
 */
static void np_kube_hide(struct np_error *err)
{
	if (!err->quotes)
		return;
	snprintf(err->text, sizeof(err->text),
		 "what is here can't be read; it is not shown, as it may be a secret");
	np_error_hint(err, "put texts that begin with * or ! in quotes; give no key twice");
	err->quotes = false;
}

int np_kube_parse(const struct np_kube_file *file, struct np_kubeconfig *cfg,
		  enum np_kube_section section, const char *name,
		  struct np_kube_context *context, struct np_error *err)
{
	struct np_kube_parse k = {
		.file = file, .cfg = cfg, .section = section, .name = name,
		.context = context, .err = err,
	};
	const struct np_reader reader = {
		.items_begin = np_kube_items_begin,
		.item = np_kube_item,
		.document = np_kube_document,
		.arg = &k,
	};
	struct np_input in = {
		.name = file->path, .data = file->data, .len = file->len, .fd = -1,
	};
	size_t i = 0;

	while (i < file->len && strchr(" \t\r\n", file->data[i]))
		i++;
	/* YAML reads JSON, except for its escapes. So JSON has a reader of its own. */
	if (i < file->len && file->data[i] == '{' ? np_json_read(&in, &reader, err) :
						    np_yaml_read(&in, &reader, err)) {
		np_kube_hide(err);
		err->exit = NP_EXIT_API;
		return -1;
	}
	return k.found;
}
