// SPDX-License-Identifier: GPL-2.0-or-later
/* The tree of a YAML or JSON document. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object/node.h"
#include "base/sort.h"

ssize_t np_input_read(struct np_input *in, void *buf, size_t size,
		      struct np_error *err)
{
	ssize_t n;

	if (in->len || in->fd < 0) {
		if (size > in->len)
			size = in->len;
		if (!size)
			return 0;
		memcpy(buf, in->data, size);
		in->data += size;
		in->len -= size;
		return size;
	}
	do {
		n = read(in->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		np_error_set(err, NP_EXIT_INPUT, "cannot be read: %s",
			     strerror(errno));
		np_error_place(err, in->name, 0, 0);
	}
	return n;
}

struct np_node *np_node_new(struct np_arena *arena, enum np_node_type type,
			    uint32_t line, uint32_t column)
{
	struct np_node *node = np_arena_zalloc(arena, sizeof(*node));

	node->type = type;
	node->line = line;
	node->column = column;
	return node;
}

void np_node_append(struct np_node *parent, struct np_node **tail,
		    struct np_node *child)
{
	if (*tail)
		(*tail)->next = child;
	else
		parent->child = child;
	*tail = child;
	parent->count++;
}

void np_node_set_key(struct np_node *node, const char *key, uint32_t line,
		     uint32_t column)
{
	uint32_t hash = 2166136261u;
	const char *s;

	for (s = key; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	node->key = key;
	node->key_hash = hash;
	node->key_line = line;
	node->key_column = column;
}

struct np_node *np_node_get(const struct np_node *map, const char *key)
{
	struct np_node *node;

	if (!map || map->type != NP_NODE_MAP)
		return NULL;
	for (node = map->child; node; node = node->next)
		if (!strcmp(node->key, key))
			return node;
	return NULL;
}

const char *np_node_text(const struct np_node *map, const char *key)
{
	const struct np_node *node = np_node_get(map, key);

	return node && node->type == NP_NODE_STRING ? node->text : "";
}

/* Orders entries by key, then by location. */
static int np_node_order(const void *a, const void *b)
{
	const struct np_node *x = *(const struct np_node *const *)a;
	const struct np_node *y = *(const struct np_node *const *)b;
	int order;

	if (x->key_hash != y->key_hash)
		return x->key_hash < y->key_hash ? -1 : 1;
	order = strcmp(x->key, y->key);
	if (order)
		return order;
	if (x->key_line != y->key_line)
		return x->key_line < y->key_line ? -1 : 1;
	return x->key_column < y->key_column ? -1 :
	       x->key_column > y->key_column;
}

static bool np_same_key(const struct np_node *a, const struct np_node *b)
{
	return a->key_hash == b->key_hash && !strcmp(a->key, b->key);
}

const struct np_node *np_node_duplicate(const struct np_node *map,
					const struct np_node **first)
{
	const struct np_node *a, *b, **sorted;
	uint32_t i;

	if (map->count <= 16) {
		for (a = map->child; a; a = a->next)
			for (b = a->next; b; b = b->next)
				if (np_same_key(a, b)) {
					*first = a;
					return b;
				}
		return NULL;
	}
	sorted = np_xcalloc(map->count, sizeof(*sorted));
	for (a = map->child, i = 0; a; a = a->next)
		sorted[i++] = a;
	np_sort_many(sorted, map->count, sizeof(*sorted), np_node_order);
	for (i = 1, b = NULL; i < map->count; i++)
		if (np_same_key(sorted[i - 1], sorted[i])) {
			*first = sorted[i - 1];
			b = sorted[i];
			break;
		}
	free(sorted);
	return b;
}

int np_node_check_duplicates(const struct np_node *map, const char *file,
			     struct np_error *err)
{
	const struct np_node *first, *second;

	second = np_node_duplicate(map, &first);
	if (!second)
		return 0;
	np_error_set(err, NP_EXIT_INPUT,
		     "key \"%.100s\" is given twice, first at line %u",
		     second->key, first->key_line);
	np_error_hint(err, "lines %u and %u: keep one of them",
		      first->key_line, second->key_line);
	np_error_place(err, file, second->key_line, second->key_column);
	err->quotes = true;
	return -1;
}

const char *np_node_type_name(const struct np_node *node)
{
	switch (node->type) {
	case NP_NODE_NULL:
		return "null";
	case NP_NODE_BOOL:
		return "a boolean";
	case NP_NODE_INT:
	case NP_NODE_FLOAT:
		return "a number";
	case NP_NODE_STRING:
		return "a string";
	case NP_NODE_LIST:
		return "a list";
	default:
		return "a map";
	}
}

int np_input_check_encoding(const char *name, const char *head, size_t len,
			    struct np_error *err)
{
	if (len < 2)
		return 0;
	if (!memcmp(head, "\x1f\x8b", 2)) {
		np_error_set(err, NP_EXIT_INPUT, "is compressed by gzip");
		np_error_hint(err, "gunzip -c FILE | netpolctl ... -f -");
		np_error_place(err, name, 1, 1);
		return -1;
	}
	/*
	 * UTF-16 and UTF-32 are recognised by their byte order mark, or by a first character that
	 * is ASCII.
	 */
	if (memcmp(head, "\xff\xfe", 2) && memcmp(head, "\xfe\xff", 2) && head[0] &&
	    head[1])
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "is UTF-16 or UTF-32, not UTF-8");
	np_error_hint(err, "iconv -f UTF-16 -t UTF-8 FILE | netpolctl ... -f -");
	np_error_place(err, name, 1, 1);
	return -1;
}
