// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns nodes into objects: helpers, metadata, kinds and lists. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/time.h"
#include "object/read.h"
#include "object/validate.h"

static size_t np_path_text(const struct np_path *path, char *buf, size_t size)
{
	size_t len;
	int n;

	if (!path) {
		buf[0] = '\0';
		return 0;
	}
	len = np_path_text(path->up, buf, size);
	if (path->key)
		n = snprintf(buf + len, size - len, "%s%s", len ? "." : "",
			     path->key);
	else
		n = snprintf(buf + len, size - len, "[%u]", path->index);
	len += n;
	return len < size ? len : size - 1;
}

static int np_vfail(struct np_decode *d, uint32_t line, uint32_t column,
		    const struct np_path *path, const char *fmt, va_list args)
{
	struct np_error *err = d->err;

	np_error_vset(err, NP_EXIT_INPUT, fmt, args);
	np_error_place(err, d->file, line, column);
	np_path_text(path, err->path, sizeof(err->path));
	if (*d->name)
		snprintf(err->object, sizeof(err->object), "%.64s %s%s%s",
			 d->kind, d->namespace, *d->namespace ? "/" : "",
			 d->name);
	return -1;
}

int np_fail(struct np_decode *d, const struct np_node *node,
	    const struct np_path *path, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	np_vfail(d, node->line, node->column, path, fmt, args);
	va_end(args);
	return -1;
}

int np_fail_key(struct np_decode *d, const struct np_node *node,
		const struct np_path *path, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	np_vfail(d, node->key_line, node->key_column, path, fmt, args);
	va_end(args);
	return -1;
}

struct np_place np_decode_place(const struct np_decode *d,
				const struct np_node *node)
{
	struct np_place place = {
		.file = d->file,
		.line = node->line,
		.column = node->column,
	};

	return place;
}

void np_warn(struct np_decode *d, const struct np_node *node,
	     const struct np_path *path, const char *fmt, ...)
{
	struct np_place place = np_decode_place(d, node);
	char where[384], text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	np_path_text(path, where, sizeof(where));
	np_objects_warn(d->objs, &place, where, "%s", text);
}

int np_expect(struct np_decode *d, const struct np_node *node,
	      enum np_node_type type, const struct np_path *path)
{
	static const struct np_node sample[] = {
		[NP_NODE_BOOL] = { .type = NP_NODE_BOOL },
		[NP_NODE_STRING] = { .type = NP_NODE_STRING },
		[NP_NODE_LIST] = { .type = NP_NODE_LIST },
		[NP_NODE_MAP] = { .type = NP_NODE_MAP },
	};

	if (node->type == type)
		return 0;
	np_fail(d, node, path, "must be %s, is %s",
		type == NP_NODE_INT ? "a whole number" :
		np_node_type_name(&sample[type]), np_node_type_name(node));
	if (type == NP_NODE_STRING && node->type < NP_NODE_STRING &&
	    node->type != NP_NODE_NULL)
		np_error_hint(d->err, "quote it: \"%.60s\"", node->text);
	if (type == NP_NODE_INT && node->type == NP_NODE_FLOAT)
		np_error_hint(d->err, "%.60s is not a whole number",
			      node->text);
	if (type == NP_NODE_LIST && node->type == NP_NODE_MAP)
		np_error_hint(d->err, "begin each entry with '- '");
	return -1;
}

int np_get(struct np_decode *d, const struct np_node *map, const char *key,
	   enum np_node_type type, const struct np_path *path,
	   const struct np_node **field)
{
	*field = np_node_get(map, key);
	if (*field && (*field)->type == NP_NODE_NULL)
		*field = NULL;
	if (!*field)
		return 0;
	return np_expect(d, *field, type, NP_FIELD(path, key));
}

int np_get_string(struct np_decode *d, const struct np_node *map,
		  const char *key, const struct np_path *path,
		  const char **text)
{
	const struct np_node *field;

	*text = "";
	if (np_get(d, map, key, NP_NODE_STRING, path, &field))
		return -1;
	if (field)
		*text = np_intern(d->objs, field->text, field->count);
	return 0;
}

int np_expect_entry(struct np_decode *d, const struct np_node *node,
		    const struct np_path *path, const char *meaning,
		    bool *null)
{
	*null = node->type == NP_NODE_NULL;
	if (!*null)
		return np_expect(d, node, NP_NODE_MAP, path);
	if (d->lenient) {
		np_warn(d, node, path, "is null, which means %s", meaning);
		return 0;
	}
	np_fail(d, node, path, "is null, which would mean %s", meaning);
	np_error_hint(d->err,
		      "a '-' with nothing behind it? Write {} if %s is meant",
		      meaning);
	return -1;
}

/* Returns the number of edits that lead from a to b, or limit if they are as many or more. */
static size_t np_distance(const char *a, const char *b, size_t limit)
{
	size_t la = strlen(a), lb = strlen(b), row[32], i, j;

	if (lb + 1 > sizeof(row) / sizeof(row[0]) || la > lb + limit ||
	    lb > la + limit)
		return limit;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		size_t corner = row[0], best;

		row[0] = i;
		for (j = 1; j <= lb; j++) {
			best = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb] < limit ? row[lb] : limit;
}

static void np_hint_field(struct np_error *err, const char *key,
			  const char *const *known, size_t count)
{
	const char *best = NULL;
	size_t least = 3, i, n, len;

	for (i = 0; i < count; i++) {
		n = strcasecmp(key, known[i]) ?
		    np_distance(key, known[i], least) : 0;
		if (n < least) {
			least = n;
			best = known[i];
		}
	}
	if (best) {
		np_error_hint(err, "did you mean %s?", best);
		return;
	}
	np_error_hint(err, "the fields here are: ");
	for (i = 0; i < count; i++) {
		len = strlen(err->hint);
		snprintf(err->hint + len, sizeof(err->hint) - len, "%s%s",
			 i ? ", " : "", known[i]);
	}
}

static bool np_is_field(const char *key, const char *const *known,
			size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(key, known[i]))
			return true;
	return false;
}

/* Warns if the input is read leniently, else fails. */
static int np_unknown_field(struct np_decode *d, const struct np_node *field,
			    const struct np_path *path,
			    const char *const *known, size_t count)
{
	if (d->lenient && !d->known_only) {
		np_warn(d, field, NP_FIELD(path, field->key),
			"unknown field, ignored");
		return 0;
	}
	np_fail_key(d, field, NP_FIELD(path, field->key), "unknown field");
	np_hint_field(d->err, field->key, known, count);
	return -1;
}

int np_check_fields(struct np_decode *d, const struct np_node *map,
		    const struct np_path *path, const char *const *known,
		    size_t count)
{
	const struct np_node *field;

	for (field = map->child; field; field = field->next)
		if (!np_is_field(field->key, known, count) &&
		    np_unknown_field(d, field, path, known, count))
			return -1;
	return 0;
}

/* True if two different names are one letter apart: one more, one less or another one. */
static bool np_one_edit(const char *a, const char *b)
{
	size_t la, lb;

	while (*a && *a == *b) {
		a++;
		b++;
	}
	la = strlen(a);
	lb = strlen(b);
	while (la && lb && a[la - 1] == b[lb - 1]) {
		la--;
		lb--;
	}
	return la <= 1 && lb <= 1;
}

int np_check_misspelt(struct np_decode *d, const struct np_node *map,
		      const struct np_path *path, const char *const *known,
		      size_t count)
{
	const struct np_node *field;
	size_t i;

	for (field = map->child; field; field = field->next) {
		if (np_is_field(field->key, known, count))
			continue;
		for (i = 0; i < count; i++)
			if (!strcasecmp(field->key, known[i]) ||
			    np_one_edit(field->key, known[i]))
				break;
		if (i < count &&
		    np_unknown_field(d, field, path, known, count))
			return -1;
	}
	return 0;
}

int np_decode_protocol(struct np_decode *d, const struct np_node *field,
		       const struct np_path *path, uint8_t *protocol)
{
	static const uint8_t all[] = {
		NP_PROTOCOL_TCP, NP_PROTOCOL_UDP, NP_PROTOCOL_SCTP,
	};
	size_t i;

	*protocol = NP_PROTOCOL_TCP;
	if (!field)
		return 0;
	for (i = 0; i < sizeof(all); i++)
		if (!strcmp(field->text, np_protocol_name(all[i]))) {
			*protocol = all[i];
			return 0;
		}
	np_fail(d, field, path, "\"%.60s\" must be TCP, UDP or SCTP",
		field->text);
	for (i = 0; i < sizeof(all); i++)
		if (!strcasecmp(field->text, np_protocol_name(all[i])))
			np_error_hint(d->err, "write %s in capitals",
				      np_protocol_name(all[i]));
	return -1;
}

static int np_label_order(const void *a, const void *b)
{
	const struct np_label *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int np_decode_labels(struct np_decode *d, const struct np_node *meta,
			    const struct np_path *up, struct np_labels *labels)
{
	const struct np_path *path = NP_FIELD(up, "labels");
	const struct np_node *map, *entry;
	const char *wrong;

	memset(labels, 0, sizeof(*labels));
	if (np_get(d, meta, "labels", NP_NODE_MAP, up, &map))
		return -1;
	if (!map || !map->count)
		return 0;
	labels->item = np_arena_zalloc(&d->objs->arena,
				       map->count * sizeof(*labels->item));
	for (entry = map->child; entry; entry = entry->next) {
		struct np_label *label = &labels->item[labels->count++];
		const struct np_path *at = NP_FIELD(path, entry->key);

		wrong = np_check_label_key(entry->key);
		if (wrong)
			return np_fail_key(d, entry, path,
					   "label key \"%.100s\" %s",
					   entry->key, wrong);
		label->key = np_intern_str(d->objs, entry->key);
		label->value = "";
		if (entry->type == NP_NODE_NULL) {
			if (!d->lenient)
				np_warn(d, entry, at,
					"null is taken as an empty value");
			continue;
		}
		if (np_expect(d, entry, NP_NODE_STRING, at))
			return -1;
		wrong = np_check_label_value(entry->text);
		if (wrong)
			return np_fail(d, entry, at, "\"%.100s\" %s",
				       entry->text, wrong);
		label->value = np_intern_str(d->objs, entry->text);
	}
	qsort(labels->item, labels->count, sizeof(*labels->item),
	      np_label_order);
	return 0;
}

/* Reads the name first, because messages about the rest of the object show it. */
static int np_decode_name(struct np_decode *d, const struct np_node *map,
			  const struct np_path *path, bool namespaced,
			  struct np_meta *meta)
{
	const struct np_node *field;
	const char *wrong;

	if (np_get(d, map, "name", NP_NODE_STRING, path, &field))
		return -1;
	if (!field || !field->count) {
		np_fail(d, field ? field : map, NP_FIELD(path, "name"),
			"is missing");
		if (np_node_get(map, "generateName"))
			np_error_hint(d->err,
				      "only the API server makes a name of generateName");
		return -1;
	}
	wrong = namespaced ? np_check_dns_subdomain(field->text) :
			     np_check_dns_label(field->text);
	if (wrong)
		return np_fail(d, field, NP_FIELD(path, "name"),
			       "\"%.260s\" %s", field->text, wrong);
	meta->name = np_intern_str(d->objs, field->text);
	if (np_get(d, map, "namespace", NP_NODE_STRING, path, &field))
		return -1;
	if (namespaced && (!field || !field->count)) {
		meta->namespace = "default";
	} else if (namespaced) {
		wrong = np_check_dns_label(field->text);
		if (wrong)
			return np_fail(d, field, NP_FIELD(path, "namespace"),
				       "\"%.100s\" %s", field->text, wrong);
		meta->namespace = np_intern_str(d->objs, field->text);
	} else if (field && field->count) {
		return np_fail(d, field, NP_FIELD(path, "namespace"),
			       "a namespace is not in a namespace");
	}
	d->namespace = meta->namespace;
	d->name = meta->name;
	return 0;
}

int np_decode_meta(struct np_decode *d, const struct np_node *node,
		   const struct np_path *up, bool namespaced,
		   struct np_meta *meta)
{
	const struct np_path *path = NP_FIELD(up, "metadata");
	const struct np_node *map, *field;
	const char *text;

	memset(meta, 0, sizeof(*meta));
	meta->namespace = "";
	if (np_get(d, node, "metadata", NP_NODE_MAP, up, &map))
		return -1;
	if (!map)
		return np_fail(d, node, NP_FIELD(path, "name"), "is missing");
	if (np_decode_name(d, map, path, namespaced, meta))
		return -1;
	if (NP_CHECK_FIELDS(d, map, path, "annotations", "clusterName",
			    "creationTimestamp", "deletionGracePeriodSeconds",
			    "deletionTimestamp", "finalizers", "generateName",
			    "generation", "initializers", "labels",
			    "managedFields", "name", "namespace",
			    "ownerReferences", "resourceVersion", "selfLink",
			    "uid"))
		return -1;
	if (np_get(d, map, "annotations", NP_NODE_MAP, path, &field) ||
	    np_decode_labels(d, map, path, &meta->labels) ||
	    np_get_string(d, map, "uid", path, &meta->uid))
		return -1;
	/* Not interned, because every object has its own. */
	field = np_node_get(map, "creationTimestamp");
	if (field && field->type == NP_NODE_STRING)
		meta->created = np_time_parse(field->text);
	if (np_get(d, map, "deletionTimestamp", NP_NODE_STRING, path, &field))
		return -1;
	text = field ? field->text : "";
	meta->deleting = *text;
	return 0;
}

static const struct np_list_kind np_lists[] = {
	{ "List", NULL, NULL },
	{ "NamespaceList", "v1", "Namespace" },
	{ "PodList", "v1", "Pod" },
	{ "NetworkPolicyList", "networking.k8s.io/v1", "NetworkPolicy" },
};

static const struct {
	const char *kind;
	const char *api_version;
	int (*decode)(struct np_decode *d, const struct np_node *node,
		      const struct np_path *path);
} np_kinds[] = {
	{ "Namespace", "v1", np_decode_namespace },
	{ "Pod", "v1", np_decode_pod },
	{ "NetworkPolicy", "networking.k8s.io/v1", np_decode_policy },
};

#define NP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void np_skip(struct np_decode *d, const struct np_node *node,
		    const char *api_version, const char *kind)
{
	const struct np_node *meta = np_node_get(node, "metadata"), *field;
	struct np_skipped *skipped = np_objects_add_skipped(d->objs);

	skipped->api_version = np_intern_str(d->objs, api_version);
	skipped->kind = np_intern_str(d->objs, kind);
	skipped->namespace = "";
	skipped->name = "";
	skipped->place = np_decode_place(d, node);
	field = meta ? np_node_get(meta, "namespace") : NULL;
	if (field && field->type == NP_NODE_STRING)
		skipped->namespace = np_intern_str(d->objs, field->text);
	field = meta ? np_node_get(meta, "name") : NULL;
	if (field && field->type == NP_NODE_STRING)
		skipped->name = np_intern_str(d->objs, field->text);
}

/*
 * Handles a policy of a kind that netpol does not enforce. To skip it silently could open what
 * it denies, so it is an error, or a warning for each one where the input is read leniently.
 */
static int np_refuse(struct np_decode *d, const struct np_node *node,
		     const struct np_path *path, const char *api_version, const char *kind)
{
	static const char * const kinds[] = {
		"ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy",
	};
	const char *group = "policy.networking.k8s.io/";
	size_t i, len;

	if (strncmp(api_version, group, strlen(group)))
		return 0;
	for (i = 0; i < NP_COUNT(kinds); i++) {
		len = strlen(kinds[i]);
		if (!strncmp(kind, kinds[i], len) && (!kind[len] || !strcmp(kind + len, "List")))
			break;
	}
	if (i == NP_COUNT(kinds))
		return 0;
	if (d->lenient) {
		np_warn(d, node, path, "%s is not enforced by this version, skipped", kind);
		return 0;
	}
	np_fail(d, node, path, "%s is not enforced by this version", kind);
	np_error_hint(d->err,
		      "take it out of the input, or give --lenient to go on without what it "
		      "allows and denies");
	return -1;
}

/*
 * Checks that the kind belongs to the API group that netpol knows it from. Returns 1 if it
 * does, 0 if it is another group's kind of that name, -1 if the version is not known.
 */
static int np_check_version(struct np_decode *d, const struct np_node *node,
			    const struct np_path *path, const char *have,
			    const char *want)
{
	const char *slash = strchr(want, '/');
	size_t group = slash ? (size_t)(slash - want) + 1 : 0;
	const struct np_node *field;

	if (!strcmp(have, want))
		return 1;
	if (strchr(have, '/') &&
	    (!group || (strncmp(have, want, group) &&
			strncmp(have, "extensions/", 11))))
		return 0;
	field = np_node_get(node, "apiVersion");
	np_fail(d, field ? field : node, NP_FIELD(path, "apiVersion"),
		"\"%.100s\" is not supported for %s", have, d->kind);
	np_error_hint(d->err, "use %s", want);
	return -1;
}

static int np_decode_object(struct np_decode *d, const struct np_node *node,
			    const struct np_path *path,
			    const struct np_list_kind *in);

static int np_decode_entries(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path,
			     const struct np_list_kind *list)
{
	const struct np_path *at = NP_FIELD(path, "items");
	const struct np_node *items, *item;
	uint32_t i = 0;

	if (NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata",
			    "items") ||
	    np_get(d, node, "items", NP_NODE_LIST, path, &items))
		return -1;
	for (item = items ? items->child : NULL; item; item = item->next, i++)
		if (np_decode_object(d, item, NP_INDEX(at, i), list))
			return -1;
	return 0;
}

/* Reads kind and apiVersion, or takes those that the list around the object implies. */
static int np_decode_kind(struct np_decode *d, const struct np_node *node,
			  const struct np_path *path,
			  const struct np_list_kind *in, const char **kind,
			  const char **api_version)
{
	d->kind = "";
	d->namespace = "";
	d->name = "";
	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_get_string(d, node, "kind", path, kind) ||
	    np_get_string(d, node, "apiVersion", path, api_version))
		return -1;
	if (in && in->kind && !**kind)
		*kind = in->kind;
	if (in && in->kind && !**api_version)
		*api_version = in->api_version;
	if (!**kind) {
		np_fail(d, node, NP_FIELD(path, "kind"), "is missing");
		np_error_hint(d->err,
			      "a Kubernetes object has apiVersion, kind and metadata");
		return -1;
	}
	if (!**api_version)
		return np_fail(d, node, NP_FIELD(path, "apiVersion"),
			       "is missing");
	d->kind = *kind;
	if (in && in->kind && strcmp(*kind, in->kind))
		return np_fail(d, np_node_get(node, "kind"),
			       NP_FIELD(path, "kind"),
			       "\"%.100s\" is in a %s", *kind, in->list);
	return 0;
}

static int np_decode_object(struct np_decode *d, const struct np_node *node,
			    const struct np_path *path,
			    const struct np_list_kind *in)
{
	const char *kind, *api_version;
	size_t i;
	int ret;

	if (np_decode_kind(d, node, path, in, &kind, &api_version))
		return -1;
	for (i = 0; i < NP_COUNT(np_kinds); i++) {
		if (strcmp(kind, np_kinds[i].kind))
			continue;
		ret = np_check_version(d, node, path, api_version,
				       np_kinds[i].api_version);
		if (ret > 0)
			return np_kinds[i].decode(d, node, path);
		if (ret < 0)
			return -1;
		np_warn(d, node, path, "%s of %.100s is not enforced, skipped",
			kind, api_version);
	}
	for (i = 0; i < NP_COUNT(np_lists); i++) {
		const char *version = np_lists[i].api_version;

		if (strcmp(kind, np_lists[i].list))
			continue;
		ret = np_check_version(d, node, path, api_version,
				       version ? version : "v1");
		if (ret > 0)
			return np_decode_entries(d, node, path, &np_lists[i]);
		if (ret < 0)
			return -1;
	}
	if (np_refuse(d, node, path, api_version, kind))
		return -1;
	np_skip(d, node, api_version, kind);
	return 0;
}

/* Sets list_kind, or list_foreign if the kind is no list of objects that netpol uses. */
static void np_list_of(struct np_decode *d, const struct np_node *node)
{
	const struct np_node *kind = np_node_get(node, "kind");
	size_t i;

	d->list_known = kind && kind->type == NP_NODE_STRING;
	d->list_kind = NULL;
	if (!d->list_known)
		return;
	for (i = 0; i < NP_COUNT(np_lists); i++)
		if (!strcmp(kind->text, np_lists[i].list))
			d->list_kind = &np_lists[i];
	d->list_foreign = !d->list_kind;
}

int np_decode_items_begin(void *arg, struct np_node *head,
			  struct np_error *err)
{
	struct np_decode *d = arg;

	d->err = err;
	d->mark = np_objects_mark(d->objs);
	d->pending = NULL;
	d->pending_tail = NULL;
	d->list_foreign = false;
	np_list_of(d, head);
	return 0;
}

int np_decode_item(void *arg, struct np_node *item, uint32_t index,
		   struct np_error *err)
{
	struct np_decode *d = arg;

	d->err = err;
	if (d->list_foreign)
		return 0;
	if (!d->list_known && !np_node_get(item, "kind")) {
		item->key_line = index;
		if (d->pending_tail)
			d->pending_tail->next = item;
		else
			d->pending = item;
		d->pending_tail = item;
		return 1;
	}
	return np_decode_object(d, item,
				NP_INDEX(NP_FIELD(NULL, "items"), index),
				d->list_kind);
}

static int np_decode_pending(struct np_decode *d)
{
	struct np_node *item;

	for (item = d->pending; item; item = item->next)
		if (np_decode_object(d, item,
				     NP_INDEX(NP_FIELD(NULL, "items"),
					      item->key_line), d->list_kind))
			return -1;
	return 0;
}

int np_decode_document(void *arg, struct np_node *root, bool items_read,
		       struct np_error *err)
{
	struct np_decode *d = arg;

	d->err = err;
	if (!root || root->type == NP_NODE_NULL)
		return 0;
	if (items_read) {
		bool known = d->list_known;

		np_list_of(d, root);
		/* The list is of a kind that netpol does not use, so nothing in it counts. */
		if (!d->list_kind)
			np_objects_rewind(d->objs, &d->mark);
		else if (!known && np_decode_pending(d))
			return -1;
	}
	return np_decode_object(d, root, NULL, NULL);
}
