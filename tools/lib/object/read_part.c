// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what policies of both kinds have: selectors, address blocks, numbers of ports. */
#include <string.h>
#include <linux/netpol.h>

#include "object/read_part.h"
#include "base/loop.h"
#include "base/sort.h"
#include "object/validate.h"

static int np_requirement_order(const void *a, const void *b)
{
	const struct np_requirement *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int np_decode_match_labels(struct np_decode *d,
				  const struct np_node *map,
				  const struct np_path *path,
				  struct np_selector *selector)
{
	const struct np_node *entry;
	const char *wrong;

	for (entry = map->child; entry; entry = entry->next) {
		const struct np_path *at = NP_FIELD(path, entry->key);
		struct np_requirement need = {
			.op = NP_OP_IN,
			.match_label = true,
			.value_count = 1,
		};
		const char *value = "";

		wrong = np_check_label_key(entry->key);
		if (wrong)
			return np_fail_key(d, entry, path,
					   "label key \"%.100s\" %s",
					   entry->key, wrong);
		if (entry->type != NP_NODE_NULL || d->exact) {
			if (np_expect(d, entry, NP_NODE_STRING, at))
				return -1;
			value = entry->text;
		} else if (!d->lenient) {
			np_warn(d, entry, at, "null is taken as an empty value");
		}
		wrong = np_check_label_value(value);
		if (wrong)
			return np_fail(d, entry, at, "\"%.100s\" %s", value,
				       wrong);
		np_breathe();
		need.key = np_intern_str(d->objs, entry->key);
		need.value = np_arena_alloc(&d->objs->arena,
					    sizeof(*need.value));
		need.value[0] = np_intern_str(d->objs, value);
		selector->item[selector->count++] = need;
	}
	np_sort_many(selector->item, selector->count, sizeof(*selector->item),
		     np_requirement_order);
	return 0;
}

static int np_decode_values(struct np_decode *d, const struct np_node *list,
			    const struct np_path *path,
			    struct np_requirement *need)
{
	const struct np_node *entry;
	const char *wrong;
	uint32_t i = 0;

	need->value = np_arena_zalloc(&d->objs->arena,
				      list->count * sizeof(*need->value));
	for (entry = list->child; entry; entry = entry->next) {
		const struct np_path *at = NP_INDEX(path, i++);
		const char *value = "";

		np_breathe();
		if (entry->type != NP_NODE_NULL || !d->lenient || d->exact) {
			if (np_expect(d, entry, NP_NODE_STRING, at))
				return -1;
			value = entry->text;
		}
		/* API servers up to 1.26 accepted such values and keep them. */
		wrong = np_check_label_value(value);
		if (wrong && (!d->lenient || d->exact))
			return np_fail(d, entry, at, "\"%.100s\" %s", value,
				       wrong);
		/* No label can have such a value, and the kernel has no room for it. */
		if (strlen(value) > NETPOL_VALUE_MAX) {
			np_warn(d, entry, at, "\"%.100s\" %s: no label has it, ignored",
				value, wrong);
			continue;
		}
		if (wrong)
			np_warn(d, entry, at, "\"%.100s\" %s", value, wrong);
		need->value[need->value_count++] = np_intern_str(d->objs,
								 value);
	}
	return 0;
}

static int np_decode_operator(struct np_decode *d, const struct np_node *map,
			      const struct np_path *path, uint8_t *op)
{
	const struct np_node *field;

	if (np_need(d, map, "operator", NP_NODE_STRING, path, &field))
		return -1;
	for (*op = NP_OP_IN; *op <= NP_OP_DOES_NOT_EXIST; (*op)++)
		if (!strcmp(field->text, np_operator_name(*op)))
			return 0;
	return np_fail(d, field, NP_FIELD(path, "operator"),
		       "\"%.60s\" must be In, NotIn, Exists or DoesNotExist",
		       field->text);
}

static int np_decode_requirement(struct np_decode *d,
				 const struct np_node *node,
				 const struct np_path *path,
				 struct np_requirement *need)
{
	const struct np_path *at = NP_FIELD(path, "values");
	const struct np_node *key, *values;
	const char *wrong;
	bool set;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    NP_CHECK_FIELDS(d, node, path, "key", "operator", "values") ||
	    np_get(d, node, "key", NP_NODE_STRING, path, &key))
		return -1;
	if (!key)
		return np_fail(d, node, NP_FIELD(path, "key"), "is missing");
	wrong = np_check_label_key(key->text);
	if (wrong)
		return np_fail(d, key, NP_FIELD(path, "key"), "\"%.100s\" %s",
			       key->text, wrong);
	need->key = np_intern_str(d->objs, key->text);
	if (np_decode_operator(d, node, path, &need->op) ||
	    np_get(d, node, "values", NP_NODE_LIST, path, &values))
		return -1;
	set = need->op == NP_OP_IN || need->op == NP_OP_NOT_IN;
	if (set && (!values || !values->count))
		return np_fail(d, values ? values : node, at,
			       "must not be empty for operator %s",
			       np_operator_name(need->op));
	if (!set && values && values->count)
		return np_fail(d, values, at, "must be empty for operator %s",
			       np_operator_name(need->op));
	return set ? np_decode_values(d, values, at, need) : 0;
}

/*
 * A requirement whose values were all dropped. In then matches nothing, which takes two
 * requirements to say; NotIn matches everything.
 */
static void np_add_requirement(struct np_selector *selector,
			       struct np_requirement need)
{
	bool empty = !need.value_count;

	if (empty && need.op == NP_OP_NOT_IN)
		return;
	if (empty && need.op == NP_OP_IN) {
		need.op = NP_OP_EXISTS;
		selector->item[selector->count++] = need;
		need.op = NP_OP_DOES_NOT_EXIST;
	}
	selector->item[selector->count++] = need;
}

int np_decode_selector(struct np_decode *d, const struct np_node *node,
		       const struct np_path *path, struct np_selector *selector)
{
	const struct np_node *labels, *list, *entry;
	struct np_requirement need;
	const struct np_path *at;
	uint32_t count, i = 0;

	memset(selector, 0, sizeof(*selector));
	if (!node)
		return 0;
	selector->present = true;
	if (NP_CHECK_FIELDS(d, node, path, "matchLabels",
			    "matchExpressions") ||
	    np_get(d, node, "matchLabels", NP_NODE_MAP, path, &labels) ||
	    np_get(d, node, "matchExpressions", NP_NODE_LIST, path, &list))
		return -1;
	/* One expression may become two requirements. */
	count = (labels ? labels->count : 0) + (list ? list->count * 2 : 0);
	if (!count)
		return 0;
	selector->item = np_arena_zalloc(&d->objs->arena,
					 count * sizeof(*selector->item));
	if (labels &&
	    np_decode_match_labels(d, labels, NP_FIELD(path, "matchLabels"),
				   selector))
		return -1;
	at = NP_FIELD(path, "matchExpressions");
	for (entry = list ? list->child : NULL; entry; entry = entry->next) {
		memset(&need, 0, sizeof(need));
		if (np_decode_requirement(d, entry, NP_INDEX(at, i++), &need))
			return -1;
		np_add_requirement(selector, need);
	}
	return 0;
}

int np_decode_cidr(struct np_decode *d, const struct np_node *node,
		   const struct np_path *path, np_cidr_parse_fn parse, struct np_cidr *cidr,
		   bool *host_bits)
{
	char text[NP_CIDR_TEXT], address[NP_CIDR_TEXT];
	struct np_address addr;
	const char *wrong, *slash;

	wrong = parse(node->text, cidr);
	if (wrong) {
		np_fail(d, node, path, "\"%.100s\" %s", node->text, wrong);
		if (!np_address_parse(node->text, &addr))
			np_error_hint(d->err, "for one address write %s/%d",
				      np_address_text(&addr, text), np_family_bits(addr.family));
		return -1;
	}
	np_cidr_text(cidr, text);
	slash = strchr(node->text, '/');
	snprintf(address, sizeof(address), "%.*s", (int)(slash - node->text),
		 node->text);
	wrong = np_address_parse(address, &addr);
	*host_bits = !wrong && addr.family == cidr->family &&
		     memcmp(addr.addr, cidr->addr, sizeof(addr.addr));
	if (!d->lenient && (wrong || addr.family != cidr->family || *host_bits ||
			    (cidr->family == AF_INET && strcmp(text, node->text))))
		np_warn(d, node, path, "\"%.100s\" is taken as %s", node->text,
			text);
	return 0;
}

void np_note_host_bits(struct np_decode *d, const struct np_node *node,
		       struct np_ipblock *block, uint32_t at)
{
	if (block->host_bits)
		return;
	block->host_bits = np_intern_str(d->objs, node->text);
	block->host_bits_at = at;
	block->line = node->line;
	block->column = node->column;
}

int np_decode_port_number(struct np_decode *d, const struct np_node *node,
			  const struct np_path *path, uint16_t *number)
{
	if (np_expect(d, node, NP_NODE_INT, path))
		return -1;
	if (node->number < 1 || node->number > 65535)
		return np_fail(d, node, path, "%lld must be 1 to 65535",
			       (long long)node->number);
	*number = node->number;
	return 0;
}
