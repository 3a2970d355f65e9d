// SPDX-License-Identifier: GPL-2.0-or-later
/* Converts policies of v1alpha1; see the header. */
#include "object/convert.h"

#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "object/convert_rule.h"
#include "object/read_cluster.h"

#define NP_CONVERT_VERSION	NP_CLUSTER_GROUP "/v1alpha1"
/* So that rules to come can stand before those that were the only ones of their tier. */
#define NP_CONVERT_BASELINE	1000
#define NP_CONVERT_APPLIED	"kubectl.kubernetes.io/last-applied-configuration"

static const struct np_list_kind np_convert_lists[] = {
	{ "AdminNetworkPolicyList", NP_CONVERT_VERSION, "AdminNetworkPolicy" },
	{ "BaselineAdminNetworkPolicyList", NP_CONVERT_VERSION, "BaselineAdminNetworkPolicy" },
};

const struct np_list_kind *np_convert_list(const char *kind)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (!strcmp(kind, np_convert_lists[i].list))
			return &np_convert_lists[i];
	return NULL;
}

void np_convert_free(struct np_convert *c)
{
	free(c->policy);
	free(c->refused);
	np_arena_free(&c->arena);
	memset(c, 0, sizeof(*c));
}

static void np_convert_refuse(struct np_convert *c, const struct np_error *err)
{
	if (c->refusals++ >= NP_CONVERT_REFUSED_MAX)
		return;
	c->refused = np_array_grow(c->refused, c->refusals - 1, sizeof(*c->refused));
	c->refused[c->refusals - 1] = *err;
}

/* What one object becomes, before it is divided. */
struct np_convert_parts {
	const struct np_node *at;
	const struct np_node *labels;
	const struct np_node *annotations;
	const struct np_node *subject;
	const char *name;
	uint8_t tier;
	uint16_t priority;
	struct np_convert_list rules[2];	/* ingress, egress */
};

/* Copies what people and their programs have written, without what kubectl keeps. */
static const struct np_node *np_convert_annotations(struct np_convert *c, const struct np_node *map)
{
	struct np_convert_list to = { .arena = &c->arena };
	struct np_node *entry, *next;

	if (!map)
		return NULL;
	to.list = np_convert_copy(&c->arena, map);
	entry = to.list->child;
	to.list->child = NULL;
	to.list->count = 0;
	for (; entry; entry = next) {
		next = entry->next;
		entry->next = NULL;
		if (strcmp(entry->key, NP_CONVERT_APPLIED))
			np_convert_add(&to, entry);
	}
	return to.list->count ? to.list : NULL;
}

/* Reads what stands above the rules. */
static int np_convert_head(struct np_convert *c, struct np_decode *d, const struct np_node *node,
			   const struct np_path *path, bool baseline,
			   struct np_convert_parts *parts)
{
	const struct np_node *meta = np_node_get(node, "metadata"), *labels, *annotations;
	struct np_meta read;

	if (np_decode_meta(d, node, path, NP_SCOPE_CLUSTER, &read) ||
	    NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata", "spec", "status") ||
	    np_get(d, meta, "labels", NP_NODE_MAP, NP_FIELD(path, "metadata"), &labels) ||
	    np_get(d, meta, "annotations", NP_NODE_MAP, NP_FIELD(path, "metadata"), &annotations))
		return -1;
	if (labels && labels->count)
		parts->labels = labels;
	parts->annotations = np_convert_annotations(c, annotations);
	parts->at = node;
	parts->name = np_arena_memdup(&c->arena, read.name, strlen(read.name));
	if (!baseline)
		return 0;
	if (strcmp(read.name, "default"))
		return np_fail(d, np_node_get(meta, "name"),
			       NP_FIELD(NP_FIELD(path, "metadata"), "name"),
			       "\"%.100s\" must be default: there is one of this kind", read.name);
	/* An AdminNetworkPolicy may be called default as well. */
	parts->name = "default-baseline";
	return 0;
}

static int np_convert_spec(struct np_convert *c, struct np_decode *d, const struct np_node *spec,
			   const struct np_path *path, bool baseline,
			   struct np_convert_parts *parts)
{
	static const char * const known[] = { "subject", "ingress", "egress", "priority" };
	int egress;

	parts->tier = baseline ? NP_TIER_BASELINE : NP_TIER_ADMIN;
	parts->priority = NP_CONVERT_BASELINE;
	if (np_check_fields(d, spec, path, known, baseline ? 3 : 4) ||
	    (!baseline && np_decode_priority(d, spec, path, &parts->priority)) ||
	    np_convert_subject(d, spec, path, &parts->subject))
		return -1;
	for (egress = 0; egress < 2; egress++) {
		parts->rules[egress] = np_convert_list_of(&c->arena, spec);
		if (np_convert_rules(d, spec, path, egress, baseline, &parts->rules[egress]))
			return -1;
	}
	return 0;
}

/* Moves the next rules of a direction into the spec of a part. */
static void np_convert_take(struct np_convert_list *rules, const char *key,
			    struct np_convert_list *spec)
{
	struct np_convert_list to = np_convert_list_of(rules->arena, spec->list);
	struct np_node *rule;

	while (rules->list->child && to.list->count < NP_CLUSTER_MAX) {
		rule = rules->list->child;
		rules->list->child = rule->next;
		rules->list->count--;
		rule->next = NULL;
		np_convert_add(&to, rule);
	}
	if (to.list->count)
		np_convert_set(spec, key, to.list);
}

/* Makes the policy of one part. */
static struct np_node *np_convert_part(struct np_convert *c, struct np_convert_parts *parts,
				       const char *name)
{
	const struct np_node *at = parts->at;
	struct np_arena *arena = &c->arena;
	struct np_convert_list root = np_convert_map_of(arena, at);
	struct np_convert_list meta = np_convert_map_of(arena, at);
	struct np_convert_list spec = np_convert_map_of(arena, at);

	np_convert_set(&meta, "name", np_convert_text(arena, name, at));
	if (parts->labels)
		np_convert_set(&meta, "labels", np_convert_copy(arena, parts->labels));
	if (parts->annotations)
		np_convert_set(&meta, "annotations", np_convert_copy(arena, parts->annotations));
	np_convert_set(&spec, "tier", np_convert_text(arena, np_tier_name(parts->tier), at));
	np_convert_set(&spec, "priority", np_convert_number(arena, parts->priority, at));
	np_convert_set(&spec, "subject", np_convert_copy(arena, parts->subject));
	np_convert_take(&parts->rules[0], "ingress", &spec);
	np_convert_take(&parts->rules[1], "egress", &spec);
	np_convert_set(&root, "apiVersion",
		       np_convert_text(arena, NP_CLUSTER_API, at));
	np_convert_set(&root, "kind", np_convert_text(arena, "ClusterNetworkPolicy", at));
	np_convert_set(&root, "metadata", meta.list);
	np_convert_set(&root, "spec", spec.list);
	return root.list;
}

/* What was made is read as any other file. That also finds what this reader knows nothing of. */
static int np_convert_check(struct np_decode *d, const struct np_node *root)
{
	struct np_error err = { 0 };
	struct np_objects objs;
	struct np_decode again = {
		.objs = &objs,
		.err = &err,
		.file = d->file,
		.kind = "ClusterNetworkPolicy",
		.namespace = "",
		.name = "",
	};
	int ret;

	np_objects_init(&objs);
	ret = np_decode_cluster_policy(&again, root, NULL);
	if (ret) {
		np_error_set(d->err, NP_EXIT_INPUT, "the ClusterNetworkPolicy that it becomes is "
			     "refused: %.200s: %.200s", err.path, err.text);
		np_error_place(d->err, d->file, err.line, err.column);
		snprintf(d->err->object, sizeof(d->err->object), "%.100s %.260s", d->kind,
			 d->name);
		if (*err.hint)
			np_error_hint(d->err, "%s", err.hint);
	}
	np_objects_free(&objs);
	return ret;
}

/* Makes the policies of one object. */
static int np_convert_divide(struct np_convert *c, struct np_decode *d, const struct np_path *path,
			     struct np_convert_parts *parts)
{
	uint32_t ingress = parts->rules[0].list->count, egress = parts->rules[1].list->count;
	uint32_t most = ingress > egress ? ingress : egress, part;
	uint32_t count = most ? (most + NP_CLUSTER_MAX - 1) / NP_CLUSTER_MAX : 1;
	struct np_converted made = {
		.place = np_decode_place(d, parts->at),
		.tier = parts->tier,
		.priority = parts->priority,
		.source = c->found,
	};
	char name[NETPOL_NAME_MAX + 32], of[NETPOL_NAME_MAX + 64];

	snprintf(of, sizeof(of), "%s %s", d->kind, d->name);
	made.of = np_arena_memdup(&c->arena, of, strlen(of));
	if (count > 1 && strlen(parts->name) + strlen("-part-00") > NETPOL_NAME_MAX)
		return np_fail(d, parts->at, path, "becomes %u policies of at most %u rules a "
			       "direction, and its name is too long to number them", count,
			       NP_CLUSTER_MAX);
	for (part = 0; part < count; part++) {
		snprintf(name, sizeof(name), count > 1 ? "%s-part-%02u" : "%s", parts->name,
			 part + 1);
		made.part = part;
		made.name = np_arena_memdup(&c->arena, name, strlen(name));
		made.root = np_convert_part(c, parts, name);
		if (np_convert_check(d, made.root))
			return -1;
		c->policy = np_array_grow(c->policy, c->count, sizeof(*c->policy));
		c->policy[c->count++] = made;
	}
	if (count > 1)
		np_warn(d, parts->at, path, "%s becomes %u policies of one priority, because one "
			"takes %u rules a direction; netpol asks them in the order of their names, "
			"which the API leaves open", of, count, NP_CLUSTER_MAX);
	if (parts->tier == NP_TIER_BASELINE)
		np_warn(d, parts->at, path, "the BaselineAdminNetworkPolicy becomes %s of tier "
			"Baseline, priority %u, which is the last", count > 1 ? made.name :
			parts->name, NP_CONVERT_BASELINE);
	return 0;
}

int np_convert_object(struct np_convert *c, struct np_decode *d, const struct np_node *node,
		      const struct np_path *path, const char *api_version, const char *kind)
{
	bool baseline = !strcmp(kind, np_convert_lists[1].kind);
	struct np_convert_parts parts = { 0 };
	struct np_errors *errors = d->errors;
	const struct np_node *spec;
	size_t count = c->count;
	int ret;

	if (strcmp(api_version, NP_CONVERT_VERSION) ||
	    (!baseline && strcmp(kind, np_convert_lists[0].kind)))
		return 0;
	d->exact = true;
	/* A policy that is refused is noted by its first error, and the file is none the worse. */
	d->errors = NULL;
	ret = np_convert_head(c, d, node, path, baseline, &parts) ||
	      np_need(d, node, "spec", NP_NODE_MAP, path, &spec) ||
	      np_convert_spec(c, d, spec, NP_FIELD(path, "spec"), baseline, &parts) ||
	      np_convert_divide(c, d, path, &parts);
	d->exact = false;
	d->errors = errors;
	if (ret) {
		c->count = count;
		np_convert_refuse(c, d->err);
	}
	c->found++;
	return 1;
}

/* A policy that was made, or one that was there; then it has no source. */
struct np_convert_order {
	const char *name;
	struct np_converted *made;
	const struct np_policy *there;
	uint8_t tier;
	uint16_t priority;
};

static int np_convert_by_name(const void *left, const void *right)
{
	const struct np_convert_order *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int np_convert_by_order(const void *left, const void *right)
{
	const struct np_convert_order *a = left, *b = right;

	if (a->tier != b->tier)
		return a->tier < b->tier ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Refuses what an object became, once. */
static void np_convert_take_back(struct np_convert *c, struct np_converted *made,
				 const char *why, const char *other)
{
	struct np_error err = { 0 };
	size_t i;

	if (!made || made->refused)
		return;
	np_error_set(&err, NP_EXIT_INPUT, "%.100s: %.300s", why, other);
	np_error_place(&err, made->place.file, made->place.line, made->place.column);
	snprintf(err.object, sizeof(err.object), "%s", made->of);
	np_convert_refuse(c, &err);
	for (i = 0; i < c->count; i++)
		if (c->policy[i].source == made->source)
			c->policy[i].refused = true;
}

static const char *np_convert_called(const struct np_convert_order *at)
{
	return at->made ? at->made->of : at->name;
}

static bool np_convert_same_source(const struct np_convert_order *a,
				   const struct np_convert_order *b)
{
	return a->made && b->made && a->made->source == b->made->source;
}

/* Policies of one object must follow each other; which of others is asked first was open before. */
static void np_convert_check_order(struct np_convert *c, struct np_objects *objs,
				   struct np_convert_order *list, size_t count)
{
	const struct np_convert_order *a, *b;
	size_t i;

	for (i = 1; i < count; i++) {
		a = &list[i - 1];
		b = &list[i];
		if (b->made && b->made->part && !np_convert_same_source(a, b))
			np_convert_take_back(c, b->made, "another policy of its priority would "
					     "stand between its parts", np_convert_called(a));
		if (np_convert_same_source(a, b) || a->tier != b->tier ||
		    a->priority != b->priority || (!a->made && !b->made))
			continue;
		np_objects_warn(objs, b->made ? &b->made->place : &b->there->place, "",
				"%s and %s have tier %s and priority %u: netpol asks them in the "
				"order of their names, and which was asked first before was open",
				np_convert_called(a), np_convert_called(b), np_tier_name(b->tier),
				b->priority);
	}
}

/* By what they were made of, the object that was read first in front. */
static int np_convert_by_source(const void *left, const void *right)
{
	const struct np_converted *a = *(const struct np_converted *const *)left;
	const struct np_converted *b = *(const struct np_converted *const *)right;
	int order = strcmp(a->of, b->of);

	return order ? order : a->source < b->source ? -1 : a->source > b->source;
}

/* Of an object that was given more than once the last one counts. */
static void np_convert_keep_last(struct np_convert *c, struct np_objects *objs)
{
	const struct np_converted **list = np_xcalloc(c->count + 1, sizeof(*list));
	bool *drop = np_xcalloc(c->count + 1, sizeof(*drop));
	const struct np_converted *next = NULL;
	size_t i, kept = 0;

	for (i = 0; i < c->count; i++)
		list[i] = &c->policy[i];
	qsort(list, c->count, sizeof(*list), np_convert_by_source);
	/* next: the one of the following object that has the same name */
	for (i = c->count; i-- > 0;) {
		if (i + 1 < c->count && list[i + 1]->source != list[i]->source)
			next = strcmp(list[i]->of, list[i + 1]->of) ? NULL : list[i + 1];
		if (!next)
			continue;
		drop[list[i] - c->policy] = true;
		if (list[i]->part)
			continue;
		c->found--;
		np_objects_warn(objs, &next->place, "",
				"%s is given again, before at %.200s:%u; the last one counts",
				next->of, list[i]->place.file, list[i]->place.line);
	}
	for (i = 0; i < c->count; i++)
		if (!drop[i])
			c->policy[kept++] = c->policy[i];
	c->count = kept;
	free(drop);
	free(list);
}

void np_convert_finish(struct np_convert *c, struct np_objects *objs)
{
	struct np_convert_order *list = np_xcalloc(c->count + objs->policy_count + 1,
						   sizeof(*list));
	size_t i, count = 0;

	np_convert_keep_last(c, objs);
	for (i = 0; i < c->count; i++)
		list[count++] = (struct np_convert_order) {
			.name = c->policy[i].name, .made = &c->policy[i],
			.tier = c->policy[i].tier, .priority = c->policy[i].priority,
		};
	for (i = 0; i < objs->policy_count; i++)
		if (objs->policies[i].tier != NP_TIER_NETWORK_POLICY)
			list[count++] = (struct np_convert_order) {
				.name = objs->policies[i].name, .there = &objs->policies[i],
				.tier = objs->policies[i].tier,
				.priority = objs->policies[i].priority,
			};
	qsort(list, count, sizeof(*list), np_convert_by_name);
	for (i = 1; i < count; i++) {
		if (strcmp(list[i - 1].name, list[i].name))
			continue;
		np_convert_take_back(c, list[i - 1].made, "two policies would have one name",
				     list[i].name);
		np_convert_take_back(c, list[i].made, "two policies would have one name",
				     list[i].name);
	}
	qsort(list, count, sizeof(*list), np_convert_by_order);
	np_convert_check_order(c, objs, list, count);
	free(list);
}

/* Writes a node, under its key or as an entry. There are no numbers below 0. */
static void np_convert_write_node(struct np_writer *w, const char *key, const struct np_node *node)
{
	const struct np_node *child;

	switch (node->type) {
	case NP_NODE_MAP:
	case NP_NODE_LIST:
		if (node->type == NP_NODE_MAP)
			np_write_object(w, key);
		else
			np_write_array(w, key);
		for (child = node->child; child; child = child->next)
			np_convert_write_node(w, node->type == NP_NODE_MAP ? child->key : NULL,
					      child);
		np_write_end(w);
		break;
	case NP_NODE_INT:
		np_write_number(w, key, (uint64_t)node->number);
		break;
	default:
		np_write_string(w, key, node->text);
		break;
	}
}

void np_convert_write(const struct np_convert *c, FILE *file, enum np_format format)
{
	struct np_writer w;
	size_t i;

	np_writer_init(&w, file, format);
	if (format != NP_FORMAT_YAML) {
		np_write_object(&w, NULL);
		np_write_string(&w, "apiVersion", "v1");
		np_write_string(&w, "kind", "List");
		np_write_array(&w, "items");
	}
	for (i = 0; i < c->count; i++) {
		if (c->policy[i].refused)
			continue;
		if (format == NP_FORMAT_YAML) {
			fputs("---\n", file);
			np_writer_init(&w, file, format);
		}
		np_convert_write_node(&w, NULL, c->policy[i].root);
	}
	if (format != NP_FORMAT_YAML) {
		np_write_end(&w);
		np_write_end(&w);
	}
}
