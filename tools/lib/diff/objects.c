// SPDX-License-Identifier: GPL-2.0-or-later
/* Compares two states object by object. */
#include <stdlib.h>
#include <string.h>
#include <linux/netpol.h>

#include "base/buffer.h"
#include "diff/objects.h"
#include "diff/spell.h"
#include "object/digest.h"
#include "object/select.h"

/* An object of one side. */
struct np_diff_entry {
	uint8_t object;
	const char *namespace;
	const char *name;
	size_t rank;		/* of its origin; 0 wins over all others */
	const char *origin;
	const void *what;	/* struct np_namespace, np_pod or np_policy */
	bool observed;		/* a policy that is not enforced for any pod */
	bool paired;
};

struct np_diff_entries {
	struct np_diff_entry *item;
	size_t count;
};

static int np_diff_entry_names(const struct np_diff_entry *a, const struct np_diff_entry *b)
{
	int order = (int)a->object - (int)b->object;

	if (!order)
		order = strcmp(a->namespace, b->namespace);
	return order ? order : strcmp(a->name, b->name);
}

static int np_diff_entry_order(const void *left, const void *right)
{
	const struct np_diff_entry *a = left, *b = right;
	int order = np_diff_entry_names(a, b);

	return order ? order : a->rank < b->rank ? -1 : a->rank > b->rank;
}

static void np_diff_entry(struct np_diff_entries *list, const struct np_diff_side *side,
			  size_t rank, uint8_t object, const char *namespace, const char *name,
			  const void *what)
{
	list->item = np_array_grow(list->item, list->count, sizeof(*list->item));
	list->item[list->count++] = (struct np_diff_entry) {
		.object = object,
		.namespace = namespace,
		.name = name,
		.rank = rank,
		.origin = side->origin[rank].name,
		.what = what,
		.observed = object == NETPOL_OBJECT_POLICY && np_diff_side_observes(side, what),
	};
}

/* Namespaces and pods of an origin that loses against another one are left out. */
static struct np_diff_entries np_diff_entries(const struct np_diff_side *side)
{
	struct np_diff_entries list = { 0 };
	const struct np_objects *objs;
	size_t rank, i, kept = 0;

	for (rank = 0; rank < side->origins; rank++) {
		objs = &side->origin[rank].objects;
		for (i = 0; i < objs->namespace_count; i++)
			np_diff_entry(&list, side, rank, NETPOL_OBJECT_NAMESPACE, "",
				      objs->namespaces[i].name, &objs->namespaces[i]);
		for (i = 0; i < objs->pod_count; i++)
			np_diff_entry(&list, side, rank, NETPOL_OBJECT_POD,
				      objs->pods[i].namespace, objs->pods[i].name,
				      &objs->pods[i]);
		for (i = 0; i < objs->policy_count; i++)
			np_diff_entry(&list, side, rank, NETPOL_OBJECT_POLICY,
				      objs->policies[i].namespace, objs->policies[i].name,
				      &objs->policies[i]);
	}
	if (list.count)
		qsort(list.item, list.count, sizeof(*list.item), np_diff_entry_order);
	for (i = 0; i < list.count; i++)
		if (!kept || list.item[i].object == NETPOL_OBJECT_POLICY ||
		    np_diff_entry_names(&list.item[kept - 1], &list.item[i]))
			list.item[kept++] = list.item[i];
	list.count = kept;
	return list;
}

static struct np_diff_object *np_diff_object(struct np_diff_objects *diff, char sign,
					     const struct np_diff_entry *entry, bool ambiguous)
{
	struct np_diff_object *item;

	diff->item = np_array_grow(diff->item, diff->items, sizeof(*diff->item));
	item = &diff->item[diff->items++];
	*item = (struct np_diff_object) {
		.sign = sign,
		.object = entry->object,
		.namespace = entry->namespace,
		.name = entry->name,
		.origin = ambiguous ? entry->origin : NULL,
	};
	return item;
}

static void np_diff_part(struct np_diff_object *item, char sign, const char *path,
			 const char *text)
{
	item->part = np_array_grow(item->part, item->parts, sizeof(*item->part));
	item->part[item->parts++] = (struct np_diff_part) { sign, path, text };
}

static const char *np_diff_arrow(struct np_arena *arena, const char *a, const char *b)
{
	struct np_buffer buffer = { 0 };
	const char *text;

	np_buffer_print(&buffer, "%s -> %s", a, b);
	text = np_arena_memdup(arena, buffer.data, buffer.len);
	np_buffer_free(&buffer);
	return text;
}

/* Adds a part for each text that only one of two sorted lists has; frees both. */
static void np_diff_lists(struct np_arena *arena, struct np_diff_object *item, const char *path,
			  const char *word, struct np_spelled *a, struct np_spelled *b)
{
	size_t i = 0, k = 0;
	struct np_spelled one = { 0 };
	int order;

	while (i < a->count || k < b->count) {
		order = i == a->count ? 1 : k == b->count ? -1 : strcmp(a->text[i], b->text[k]);
		if (order) {
			np_spell_add(&one, word);
			np_spell_add(&one, order < 0 ? a->text[i] : b->text[k]);
			np_diff_part(item, order < 0 ? NP_DIFF_REMOVED : NP_DIFF_ADDED, path,
				     np_spell_join(arena, &one, ""));
			np_spell_free(&one);
		}
		i += order <= 0;
		k += order >= 0;
	}
	np_spell_free(a);
	np_spell_free(b);
}

/* A rule in one spelling. */
struct np_diff_rule {
	struct np_spelled peers;
	struct np_spelled ports;
	const char *text;
	bool paired;
};

struct np_diff_rules {
	struct np_diff_rule *rule;
	uint32_t count;
};

/* What a rule of a cluster-wide policy does, and its name. */
static void np_diff_rule_action(struct np_buffer *buffer, const struct np_policy *policy,
				const struct np_rule *rule)
{
	if (policy->tier == NP_TIER_NETWORK_POLICY)
		return;
	np_buffer_print(buffer, "%s ", np_rule_action_name(rule->action));
	if (rule->name && *rule->name)
		np_buffer_print(buffer, "(%s) ", rule->name);
	if (rule->closed)
		np_buffer_print(buffer, "(could not be read) ");
}

static struct np_diff_rules np_diff_rules(struct np_arena *arena, const struct np_policy *policy,
					  uint8_t direction)
{
	bool ingress = direction == NP_DIR_INGRESS;
	const struct np_rule *rule = ingress ? policy->ingress : policy->egress;
	struct np_diff_rules rules = {
		.count = ingress ? policy->ingress_count : policy->egress_count,
	};
	struct np_diff_rule *made;
	struct np_buffer buffer;
	uint32_t i;

	if (!(policy->directions & direction))
		rules.count = 0;
	rules.rule = np_xcalloc(rules.count + 1, sizeof(*rules.rule));
	for (i = 0; i < rules.count; i++) {
		made = &rules.rule[i];
		memset(&buffer, 0, sizeof(buffer));
		np_spell_peers(arena, &rule[i], &made->peers);
		np_spell_ports(arena, &rule[i], &made->ports);
		np_diff_rule_action(&buffer, policy, &rule[i]);
		np_buffer_print(&buffer, "%s %s on %s", ingress ? "from" : "to",
				np_spell_join(arena, &made->peers, " or "),
				np_spell_join(arena, &made->ports, ", "));
		made->text = np_arena_memdup(arena, buffer.data, buffer.len);
		np_buffer_free(&buffer);
	}
	return rules;
}

static void np_diff_rules_free(struct np_diff_rules *rules)
{
	uint32_t i;

	for (i = 0; i < rules->count; i++) {
		np_spell_free(&rules->rule[i].peers);
		np_spell_free(&rules->rule[i].ports);
	}
	free(rules->rule);
}

static int np_diff_rule_order(const void *left, const void *right)
{
	const struct np_diff_rule *a = *(struct np_diff_rule * const *)left;
	const struct np_diff_rule *b = *(struct np_diff_rule * const *)right;

	return strcmp(a->text, b->text);
}

static struct np_diff_rule **np_diff_rules_sorted(const struct np_diff_rules *rules)
{
	struct np_diff_rule **sorted = np_xcalloc(rules->count + 1, sizeof(*sorted));
	uint32_t i;

	for (i = 0; i < rules->count; i++)
		sorted[i] = &rules->rule[i];
	if (rules->count)
		qsort(sorted, rules->count, sizeof(*sorted), np_diff_rule_order);
	return sorted;
}

/* Pairs equal rules, whatever their order. */
static void np_diff_rules_pair(const struct np_diff_rules *a, const struct np_diff_rules *b)
{
	struct np_diff_rule **left = np_diff_rules_sorted(a), **right = np_diff_rules_sorted(b);
	uint32_t i = 0, k = 0;
	int order;

	while (i < a->count && k < b->count) {
		order = strcmp(left[i]->text, right[k]->text);
		if (!order) {
			left[i]->paired = true;
			right[k]->paired = true;
		}
		i += order <= 0;
		k += order >= 0;
	}
	free(left);
	free(right);
}

/* Pairs rules that are equal and in the same place: the first that matches decides. */
static void np_diff_rules_pair_in_order(const struct np_diff_rules *a,
					const struct np_diff_rules *b)
{
	uint32_t i;

	for (i = 0; i < a->count && i < b->count; i++) {
		a->rule[i].paired = !strcmp(a->rule[i].text, b->rule[i].text);
		b->rule[i].paired = a->rule[i].paired;
	}
}

static void np_diff_policy_rules(struct np_arena *arena, struct np_diff_object *item,
				 const struct np_policy *a, const struct np_policy *b,
				 uint8_t direction)
{
	struct np_diff_rules before = np_diff_rules(arena, a, direction);
	struct np_diff_rules after = np_diff_rules(arena, b, direction);
	bool ordered = a->tier != NP_TIER_NETWORK_POLICY;
	bool ingress = direction == NP_DIR_INGRESS;
	const struct np_diff_rule *was, *is;
	const char *path;
	char text[32];
	uint32_t i;

	if (ordered)
		np_diff_rules_pair_in_order(&before, &after);
	else
		np_diff_rules_pair(&before, &after);
	for (i = 0; i < before.count || i < after.count; i++) {
		was = i < before.count && !before.rule[i].paired ? &before.rule[i] : NULL;
		is = i < after.count && !after.rule[i].paired ? &after.rule[i] : NULL;
		if (!was && !is)
			continue;
		snprintf(text, sizeof(text), "%s[%u]", ingress ? "ingress" : "egress", i);
		path = np_arena_memdup(arena, text, strlen(text));
		if (was && is && ordered) {
			np_diff_part(item, NP_DIFF_CHANGED, path,
				     np_diff_arrow(arena, was->text, is->text));
			continue;
		}
		if (was && is) {
			np_diff_lists(arena, item, path, ingress ? "from " : "to ",
				      &before.rule[i].peers, &after.rule[i].peers);
			np_diff_lists(arena, item, path, "on ", &before.rule[i].ports,
				      &after.rule[i].ports);
			continue;
		}
		np_diff_part(item, was ? NP_DIFF_REMOVED : NP_DIFF_ADDED, path,
			     was ? was->text : is->text);
	}
	np_diff_rules_free(&before);
	np_diff_rules_free(&after);
}

static const char *np_diff_types(uint8_t directions)
{
	return directions == NP_DIR_INGRESS ? "Ingress" :
	       directions == NP_DIR_EGRESS ? "Egress" : directions ? "Ingress, Egress" : "none";
}

/* What a cluster-wide policy has besides. */
static void np_diff_cluster(struct np_arena *arena, struct np_diff_object *item,
			    const struct np_policy *a, const struct np_policy *b)
{
	const char *was = np_spell_selector(arena, &a->ns_selector);
	const char *is = np_spell_selector(arena, &b->ns_selector);
	char text[48];

	if (a->tier != b->tier)
		np_diff_part(item, NP_DIFF_CHANGED, "tier",
			     np_diff_arrow(arena, np_tier_name(a->tier), np_tier_name(b->tier)));
	if (a->priority != b->priority) {
		snprintf(text, sizeof(text), "%u -> %u", a->priority, b->priority);
		np_diff_part(item, NP_DIFF_CHANGED, "priority",
			     np_arena_memdup(arena, text, strlen(text)));
	}
	if (strcmp(was, is))
		np_diff_part(item, NP_DIFF_CHANGED, "namespaces",
			     np_diff_arrow(arena, was, is));
}

static void np_diff_policy(struct np_arena *arena, struct np_diff_object *item,
			   const struct np_diff_entry *before, const struct np_diff_entry *after)
{
	const struct np_policy *a = before->what, *b = after->what;
	const char *was = np_spell_selector(arena, &a->pod_selector);
	const char *is = np_spell_selector(arena, &b->pod_selector);

	if (strcmp(was, is))
		np_diff_part(item, NP_DIFF_CHANGED, "podSelector",
			     np_diff_arrow(arena, was, is));
	np_diff_cluster(arena, item, a, b);
	if (a->directions != b->directions && a->tier == NP_TIER_NETWORK_POLICY)
		np_diff_part(item, NP_DIFF_CHANGED, "policyTypes",
			     np_diff_arrow(arena, np_diff_types(a->directions),
					   np_diff_types(b->directions)));
	if (before->observed != after->observed)
		np_diff_part(item, NP_DIFF_CHANGED, "audit", before->observed ?
			     "observed -> enforced" : "enforced -> observed");
	np_diff_policy_rules(arena, item, a, b, NP_DIR_INGRESS);
	np_diff_policy_rules(arena, item, a, b, NP_DIR_EGRESS);
}

/* A uid alone is no difference: no policy depends on it. */
static void np_diff_pod(struct np_arena *arena, struct np_diff_object *item,
			const struct np_pod *a, const struct np_pod *b)
{
	struct np_spelled was = { 0 }, is = { 0 };

	np_spell_labels(arena, &a->labels, &was);
	np_spell_labels(arena, &b->labels, &is);
	np_diff_lists(arena, item, "labels", "", &was, &is);
	np_spell_addresses(arena, a, &was);
	np_spell_addresses(arena, b, &is);
	np_diff_lists(arena, item, "addresses", "", &was, &is);
	np_spell_named_ports(arena, a, &was);
	np_spell_named_ports(arena, b, &is);
	np_diff_lists(arena, item, "ports", "", &was, &is);
}

static void np_diff_namespace(struct np_arena *arena, struct np_diff_object *item,
			      const struct np_namespace *a, const struct np_namespace *b)
{
	struct np_spelled was = { 0 }, is = { 0 };

	np_spell_labels(arena, &a->labels, &was);
	np_spell_labels(arena, &b->labels, &is);
	np_diff_lists(arena, item, "labels", "", &was, &is);
}

/* Compares an object of both sides, and keeps it if something differs. */
static void np_diff_both(struct np_diff_objects *diff, struct np_diff_entry *a,
			 struct np_diff_entry *b, bool ambiguous)
{
	struct np_diff_object *item = np_diff_object(diff, NP_DIFF_CHANGED, b, ambiguous);

	a->paired = true;
	b->paired = true;
	if (a->object == NETPOL_OBJECT_NAMESPACE)
		np_diff_namespace(&diff->arena, item, a->what, b->what);
	else if (a->object == NETPOL_OBJECT_POD)
		np_diff_pod(&diff->arena, item, a->what, b->what);
	else
		np_diff_policy(&diff->arena, item, a, b);
	if (!item->parts)
		diff->items--;
}

/* True if two objects of one name are to be compared in this turn. */
static bool np_diff_pairs(const struct np_diff_entry *a, const struct np_diff_entry *b,
			  size_t turn)
{
	if (a->paired || b->paired)
		return false;
	if (turn)
		return turn == 2 || !strcmp(a->origin, b->origin);
	return a->object == NETPOL_OBJECT_POLICY &&
	       np_policy_digest(a->what) == np_policy_digest(b->what);
}

/* Returns true if a policy selects a pod of the node. */
static bool np_diff_selects_here(const struct np_diff_side *side, const struct np_policy *policy)
{
	const struct np_objects *objs;
	size_t i, k;

	for (i = 0; i < side->origins; i++) {
		objs = &side->origin[i].objects;
		for (k = 0; k < objs->pod_count; k++)
			if (*objs->pods[k].node &&
			    (policy->tier != NP_TIER_NETWORK_POLICY ||
			     !strcmp(objs->pods[k].namespace, policy->namespace)) &&
			    np_selector_met(&policy->pod_selector, &objs->pods[k].labels))
				return true;
	}
	return false;
}

/* Keeps an object that only one side has. many: that side has manifests of many nodes, or NULL. */
static void np_diff_one(struct np_diff_objects *diff, char sign, const struct np_diff_entry *entry,
			const struct np_diff_side *many, bool ambiguous)
{
	if (many && entry->object == NETPOL_OBJECT_POLICY &&
	    !np_diff_selects_here(many, entry->what))
		diff->elsewhere++;
	else
		np_diff_object(diff, sign, entry, ambiguous);
}

/*
 * Compares the objects of one name: policies of several origins first with an equal one, then
 * with one of the same origin, then with any.
 */
static void np_diff_group(struct np_diff_objects *diff, struct np_diff_entry *a, size_t before,
			  struct np_diff_entry *b, size_t after,
			  const struct np_diff_side *const many[2])
{
	bool ambiguous = before > 1 || after > 1;
	size_t turn, i, k;

	for (turn = 0; turn < 3; turn++)
		for (i = 0; i < before; i++)
			for (k = 0; k < after; k++)
				if (np_diff_pairs(&a[i], &b[k], turn))
					np_diff_both(diff, &a[i], &b[k], ambiguous);
	for (i = 0; i < before; i++)
		if (!a[i].paired)
			np_diff_one(diff, NP_DIFF_REMOVED, &a[i], many[0], ambiguous);
	for (k = 0; k < after; k++)
		if (!b[k].paired)
			np_diff_one(diff, NP_DIFF_ADDED, &b[k], many[1], ambiguous);
}

/* Returns how many entries from at on have the name of first. */
static size_t np_diff_namesakes(const struct np_diff_entries *list, size_t at,
				const struct np_diff_entry *first)
{
	size_t count = 0;

	while (at + count < list->count && !np_diff_entry_names(&list->item[at + count], first))
		count++;
	return count;
}

void np_diff_objects_compare(struct np_diff_objects *diff, const struct np_diff_side *a,
			     const struct np_diff_side *b)
{
	struct np_diff_entries left = np_diff_entries(a), right = np_diff_entries(b);
	const struct np_diff_side *many[2] = { NULL, NULL };
	const struct np_diff_entry *first;
	size_t i = 0, k = 0, before, after;

	memset(diff, 0, sizeof(*diff));
	if (a->manifests && !b->manifests && np_diff_side_has_remote(b))
		many[0] = a;
	if (b->manifests && !a->manifests && np_diff_side_has_remote(a))
		many[1] = b;
	while (i < left.count || k < right.count) {
		if (i == left.count || (k < right.count &&
					np_diff_entry_names(&right.item[k], &left.item[i]) < 0))
			first = &right.item[k];
		else
			first = &left.item[i];
		before = np_diff_namesakes(&left, i, first);
		after = np_diff_namesakes(&right, k, first);
		np_diff_group(diff, left.item + i, before, right.item + k, after, many);
		i += before;
		k += after;
	}
	for (i = 0; i < diff->items; i++)
		diff->count[strchr("+-~", diff->item[i].sign) - "+-~"]++;
	free(left.item);
	free(right.item);
}

void np_diff_objects_free(struct np_diff_objects *diff)
{
	size_t i;

	for (i = 0; i < diff->items; i++)
		free(diff->item[i].part);
	free(diff->item);
	np_arena_free(&diff->arena);
	memset(diff, 0, sizeof(*diff));
}
