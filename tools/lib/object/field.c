// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads fields of nodes, and the metadata that all objects have. */
#include "object/field.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/loop.h"
#include "base/sort.h"
#include "base/time.h"
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

int np_go_on(struct np_decode *d, int ret)
{
	if (!ret || !d->errors)
		return ret;
	np_errors_add(d->errors, d->err);
	return 0;
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

int np_need(struct np_decode *d, const struct np_node *map, const char *key,
	    enum np_node_type type, const struct np_path *path, const struct np_node **field)
{
	if (np_get(d, map, key, type, path, field))
		return -1;
	return *field ? 0 : np_fail(d, map, NP_FIELD(path, key), "is missing");
}

int np_get_entries(struct np_decode *d, const struct np_node *map, const char *key,
		   const struct np_path *path, bool required, uint32_t max,
		   const struct np_node **list)
{
	const struct np_path *at = NP_FIELD(path, key);

	if (required ? np_need(d, map, key, NP_NODE_LIST, path, list) :
		       np_get(d, map, key, NP_NODE_LIST, path, list))
		return -1;
	if (!*list)
		return 0;
	if (!(*list)->count)
		return np_fail(d, *list, at, "must have at least one entry");
	if (max && (*list)->count > max)
		return np_fail(d, *list, at, "must have at most %u entries, has %u", max,
			       (unsigned int)(*list)->count);
	return 0;
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
	if (d->lenient && !d->known_only && !d->exact) {
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
	int ret = 0;

	for (field = map->child; field; field = field->next) {
		if (np_is_field(field->key, known, count))
			continue;
		if (np_go_on(d, ret))
			return -1;
		ret = np_unknown_field(d, field, path, known, count);
	}
	return ret;
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
	int ret = 0;
	size_t i;

	for (field = map->child; field; field = field->next) {
		if (np_is_field(field->key, known, count))
			continue;
		for (i = 0; i < count; i++)
			if (!strcasecmp(field->key, known[i]) ||
			    np_one_edit(field->key, known[i]))
				break;
		if (i == count)
			continue;
		if (np_go_on(d, ret))
			return -1;
		ret = np_unknown_field(d, field, path, known, count);
	}
	return ret;
}

int np_decode_priority(struct np_decode *d, const struct np_node *spec,
		       const struct np_path *path, uint16_t *priority)
{
	const struct np_node *field;

	if (np_need(d, spec, "priority", NP_NODE_INT, path, &field))
		return -1;
	if (field->number < 0 || field->number > NP_CLUSTER_PRIORITY_MAX)
		return np_fail(d, field, NP_FIELD(path, "priority"), "%lld must be 0 to %u",
			       (long long)field->number, NP_CLUSTER_PRIORITY_MAX);
	*priority = (uint16_t)field->number;
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
		np_breathe();
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
	np_sort_many(labels->item, labels->count, sizeof(*labels->item), np_label_order);
	return 0;
}

/* Reads the namespace, which only an object that is in one has. */
static int np_decode_namespace_of(struct np_decode *d, const struct np_node *map,
				  const struct np_path *path, enum np_scope scope,
				  struct np_meta *meta)
{
	const struct np_path *at = NP_FIELD(path, "namespace");
	const struct np_node *field;
	const char *wrong;

	if (np_get(d, map, "namespace", NP_NODE_STRING, path, &field))
		return -1;
	if (scope == NP_SCOPE_NAMESPACED) {
		if (!field || !field->count) {
			meta->namespace = np_intern_str(d->objs, "default");
			return 0;
		}
		wrong = np_check_dns_label(field->text);
		if (wrong)
			return np_fail(d, field, at, "\"%.100s\" %s", field->text, wrong);
		meta->namespace = np_intern_str(d->objs, field->text);
		return 0;
	}
	if (!field || !field->count)
		return 0;
	if (scope == NP_SCOPE_OF_NAMESPACE)
		return np_fail(d, field, at, "a namespace is not in a namespace");
	if (!d->lenient)
		return np_fail(d, field, at, "a %s is not in a namespace", d->kind);
	np_warn(d, field, at, "a %s is not in a namespace, ignored", d->kind);
	return 0;
}

/* Reads the name first, because messages about the rest of the object show it. */
static int np_decode_name(struct np_decode *d, const struct np_node *map,
			  const struct np_path *path, enum np_scope scope,
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
	wrong = scope == NP_SCOPE_OF_NAMESPACE ? np_check_dns_label(field->text) :
						 np_check_dns_subdomain(field->text);
	if (wrong)
		return np_fail(d, field, NP_FIELD(path, "name"),
			       "\"%.260s\" %s", field->text, wrong);
	meta->name = np_intern_str(d->objs, field->text);
	if (np_decode_namespace_of(d, map, path, scope, meta))
		return -1;
	d->namespace = meta->namespace;
	d->name = meta->name;
	return 0;
}

void np_decode_audit(struct np_decode *d, const struct np_meta *meta, const struct np_path *up,
		     bool *asked, bool *refused)
{
	const struct np_path *path = NP_FIELD(NP_FIELD(up, "metadata"), "annotations");
	const struct np_node *value = np_node_get(meta->annotations, NP_AUDIT_KEY);
	bool given = value && value->type != NP_NODE_NULL;
	char result[400];

	*asked = given && value->type == NP_NODE_STRING && !strcmp(value->text, "true");
	if (refused)
		*refused = given && !*asked;
	if (!given || *asked)
		return;
	snprintf(result, sizeof(result), "so %s %s%s%s does not ask for an audit", d->kind,
		 d->namespace, *d->namespace ? "/" : "", d->name);
	if (value->type != NP_NODE_STRING)
		np_warn(d, value, NP_FIELD(path, NP_AUDIT_KEY),
			"is %s and not the text \"true\" or \"false\" in quotes, %s",
			np_node_type_name(value), result);
	else if (strcmp(value->text, "false"))
		np_warn(d, value, NP_FIELD(path, NP_AUDIT_KEY),
			"\"%.40s\" is neither \"true\" nor \"false\", %s", value->text, result);
}

int np_decode_meta(struct np_decode *d, const struct np_node *node,
		   const struct np_path *up, enum np_scope scope,
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
	if (np_decode_name(d, map, path, scope, meta))
		return -1;
	if (NP_CHECK_FIELDS(d, map, path, "annotations", "clusterName",
			    "creationTimestamp", "deletionGracePeriodSeconds",
			    "deletionTimestamp", "finalizers", "generateName",
			    "generation", "initializers", "labels",
			    "managedFields", "name", "namespace",
			    "ownerReferences", "resourceVersion", "selfLink",
			    "uid"))
		return -1;
	if (np_get(d, map, "annotations", NP_NODE_MAP, path, &meta->annotations) ||
	    np_decode_labels(d, map, path, &meta->labels) ||
	    np_get_string(d, map, "uid", path, &meta->uid))
		return -1;
	meta->owners = np_node_get(map, "ownerReferences");
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
