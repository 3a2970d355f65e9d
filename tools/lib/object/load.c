// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads Kubernetes objects from files, directories, standard input and buffers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object/convert.h"
#include "object/json.h"
#include "object/load.h"
#include "object/read.h"
#include "object/yaml.h"

#define NP_DIRECTORY_DEPTH 32

/* How an input is written. */
enum np_input_format {
	NP_INPUT_GUESS,
	NP_INPUT_YAML,
	NP_INPUT_JSON,
};

/* Notes an error that is of no object, where errors are collected. Returns -1. */
static int np_load_failed(const struct np_load_options *opts, const struct np_error *err)
{
	if (opts && opts->errors)
		np_errors_add(opts->errors, err);
	return -1;
}

static bool np_has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return len > tail && !strcmp(name + len - tail, suffix);
}

static enum np_input_format np_format_of(const char *name)
{
	if (np_has_suffix(name, ".json"))
		return NP_INPUT_JSON;
	if (np_has_suffix(name, ".yaml") || np_has_suffix(name, ".yml"))
		return NP_INPUT_YAML;
	return NP_INPUT_GUESS;
}

static enum np_input_format np_format_guess(const char *data, size_t len)
{
	size_t i = len >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (i < len && memchr(" \t\r\n", data[i], 4))
		i++;
	/* A template that begins with "{{" is neither, and the YAML reader says so. */
	if (len - i >= 2 && data[i] == '{' && data[i + 1] == '{')
		return NP_INPUT_YAML;
	return i < len && (data[i] == '{' || data[i] == '[') ?
	       NP_INPUT_JSON : NP_INPUT_YAML;
}

static int np_read(struct np_objects *objs, struct np_input *in,
		   enum np_input_format format, const struct np_load_options *opts,
		   struct np_error *err)
{
	struct np_decode d = {
		.objs = objs,
		.err = err,
		.file = np_intern_str(objs, in->name),
		.lenient = opts && opts->lenient,
		.convert = opts ? opts->convert : NULL,
		.own = opts && opts->own,
		.errors = opts ? opts->errors : NULL,
		.kind = "",
		.namespace = "",
		.name = "",
	};
	const struct np_reader reader = {
		.items_begin = np_decode_items_begin,
		.item = np_decode_item,
		.document = np_decode_document,
		.arg = &d,
		.errors = d.errors,
	};
	uint32_t found = d.convert ? d.convert->found : 0;
	size_t errors = d.errors ? d.errors->count : 0;
	struct np_mark mark = np_objects_mark(objs);
	int ret;

	if (format == NP_INPUT_JSON)
		ret = np_json_read(in, &reader, err);
	else
		ret = np_yaml_read(in, &reader, err);
	if (np_go_on(&d, ret) || (d.errors && d.errors->count != errors))
		ret = -1;
	if (ret) {
		np_objects_rewind(objs, &mark);
	} else if (objs->namespace_count == mark.namespace_count &&
		   objs->pod_count == mark.pod_count &&
		   objs->policy_count == mark.policy_count &&
		   objs->node_count == mark.node_count &&
		   objs->skipped_count == mark.skipped_count &&
		   (!d.convert || d.convert->found == found)) {
		const struct np_place place = { .file = d.file };

		np_objects_warn(objs, &place, "", "holds no object");
	}
	return ret;
}

int np_load_buffer(struct np_objects *objs, const char *name,
		   const char *data, size_t len,
		   const struct np_load_options *opts, struct np_error *err)
{
	struct np_input in = {
		.name = name,
		.data = data,
		.len = len,
		.fd = -1,
	};

	return np_read(objs, &in, np_format_guess(data, len), opts, err);
}

/* A pipe can't be read twice, so what was read to guess the format is put in front of the rest. */
struct np_peeked {
	char head[512];
	size_t len;
};

static int np_peek(int fd, const char *name, struct np_peeked *peeked,
		   struct np_error *err)
{
	struct np_input in = { .name = name, .fd = fd };
	ssize_t n;

	peeked->len = 0;
	for (;;) {
		n = np_input_read(&in, peeked->head + peeked->len,
				  sizeof(peeked->head) - peeked->len, err);
		if (n < 0)
			return -1;
		peeked->len += n;
		/*
		 * The first byte that is neither white space nor part of a byte order mark
		 * decides.
		 */
		if (!n || peeked->len == sizeof(peeked->head) ||
		    (peeked->len > 3 &&
		     strspn(peeked->head + 3, " \t\r\n") < peeked->len - 3))
			return 0;
	}
}

int np_load_fd(struct np_objects *objs, const char *name, int fd,
	       const struct np_load_options *opts, struct np_error *err)
{
	enum np_input_format format = np_format_of(name);
	struct np_input in = { .name = name, .fd = fd };
	struct np_peeked peeked = { 0 };

	if (format == NP_INPUT_GUESS) {
		if (np_peek(fd, name, &peeked, err))
			return np_load_failed(opts, err);
		format = np_format_guess(peeked.head, peeked.len);
		in.data = peeked.head;
		in.len = peeked.len;
	}
	return np_read(objs, &in, format, opts, err);
}

static int np_load_errno(const char *path, const char *what, const struct np_load_options *opts,
			 struct np_error *err)
{
	np_error_set(err, NP_EXIT_INPUT, "%s: %s", what, strerror(errno));
	np_error_place(err, path, 0, 0);
	return np_load_failed(opts, err);
}

static int np_load_file(struct np_objects *objs, const char *path,
			const struct np_load_options *opts,
			struct np_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return np_load_errno(path, "cannot be opened", opts, err);
	ret = np_load_fd(objs, path, fd, opts, err);
	close(fd);
	return ret;
}

static int np_load_filter(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int np_byte_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct np_load_walk {
	struct np_objects *objs;
	const struct np_load_options *opts;
	struct np_error *err;
	size_t files;
	size_t directories;	/* a directory that is not entered */
};

static int np_load_walk(struct np_load_walk *walk, const char *path, unsigned int depth);

/* Directories behind symbolic links are not entered, because they may form a loop. */
static int np_walk_entry(struct np_load_walk *walk, const char *path,
			 const struct dirent *entry, unsigned int depth)
{
	struct stat st, link;

	if (lstat(path, &link) || stat(path, &st)) {
		/* A symbolic link that leads nowhere, or a file that has just been deleted. */
		if (errno == ENOENT && np_format_of(path) == NP_INPUT_GUESS)
			return 0;
		return np_load_errno(path, "cannot be opened", walk->opts, walk->err);
	}
	if (S_ISDIR(st.st_mode)) {
		if (S_ISLNK(link.st_mode))
			return 0;
		if (!walk->opts || !walk->opts->recursive) {
			walk->directories++;
			return 0;
		}
		return np_load_walk(walk, path, depth + 1);
	}
	if (!S_ISREG(st.st_mode) ||
	    np_format_of(entry->d_name) == NP_INPUT_GUESS)
		return 0;
	walk->files++;
	return np_load_file(walk->objs, path, walk->opts, walk->err);
}

static int np_load_walk(struct np_load_walk *walk, const char *path, unsigned int depth)
{
	struct dirent **list;
	bool all = walk->opts && walk->opts->errors;
	int count, i, ret = 0;

	if (depth > NP_DIRECTORY_DEPTH) {
		np_error_set(walk->err, NP_EXIT_INPUT,
			     "directories nested deeper than %u",
			     NP_DIRECTORY_DEPTH);
		np_error_place(walk->err, path, 0, 0);
		return np_load_failed(walk->opts, walk->err);
	}
	count = scandir(path, &list, np_load_filter, np_byte_order);
	if (count < 0)
		return np_load_errno(path, "cannot be read", walk->opts, walk->err);
	for (i = 0; i < count; i++) {
		size_t len = strlen(path);
		char *name;

		while (len > 1 && path[len - 1] == '/')
			len--;
		name = np_xmalloc(len + strlen(list[i]->d_name) + 2);
		memcpy(name, path, len);
		name[len] = '/';
		strcpy(name + len + 1, list[i]->d_name);
		if ((!ret || all) && np_walk_entry(walk, name, list[i], depth))
			ret = -1;
		free(name);
		free(list[i]);
	}
	free(list);
	return ret;
}

static int np_load_directory(struct np_objects *objs, const char *path,
			     const struct np_load_options *opts,
			     struct np_error *err)
{
	struct np_load_walk walk = { .objs = objs, .opts = opts, .err = err };
	struct np_mark mark = np_objects_mark(objs);

	if (np_load_walk(&walk, path, 0)) {
		np_objects_rewind(objs, &mark);
		return -1;
	}
	if (walk.files)
		return 0;
	np_error_set(err, NP_EXIT_INPUT,
		     "has no file ending in .yaml, .yml or .json");
	np_error_place(err, path, 0, 0);
	if (walk.directories)
		np_error_hint(err, "-R reads its %zu director%s too",
			      walk.directories,
			      walk.directories == 1 ? "y" : "ies");
	return np_load_failed(opts, err);
}

int np_load_path(struct np_objects *objs, const char *path,
		 const struct np_load_options *opts, struct np_error *err)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return np_load_fd(objs, path, STDIN_FILENO, opts, err);
	if (stat(path, &st))
		return np_load_errno(path, "cannot be opened", opts, err);
	if (S_ISDIR(st.st_mode))
		return np_load_directory(objs, path, opts, err);
	return np_load_file(objs, path, opts, err);
}

/* An object as np_load_keep_last() compares it. */
struct np_identity {
	const char *kind;
	bool *drop;		/* of its kind's array: set for those that do not count */
	const char *namespace;
	const char *name;
	const struct np_place *place;
	size_t index;
};

static int np_identity_order(const void *a, const void *b)
{
	const struct np_identity *x = a, *y = b;
	int order = strcmp(x->kind, y->kind);

	if (!order)
		order = strcmp(x->namespace, y->namespace);
	if (!order)
		order = strcmp(x->name, y->name);
	if (!order)
		order = x->index < y->index ? -1 : x->index > y->index;
	return order;
}

static bool np_same_identity(const struct np_identity *a,
			     const struct np_identity *b)
{
	return !strcmp(a->kind, b->kind) && !strcmp(a->name, b->name) &&
	       !strcmp(a->namespace, b->namespace);
}

/* Fills list with one entry for each object. drop has one for each, in the same order. */
static void np_identities(const struct np_objects *objs, bool *drop,
			  struct np_identity *list)
{
	struct np_identity *at = list;
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		*at++ = (struct np_identity){
			"Namespace", drop, "", objs->namespaces[i].name,
			&objs->namespaces[i].place, i };
	for (i = 0; i < objs->pod_count; i++)
		*at++ = (struct np_identity){
			"Pod", drop + objs->namespace_count,
			objs->pods[i].namespace, objs->pods[i].name,
			&objs->pods[i].place, i };
	for (i = 0; i < objs->policy_count; i++)
		*at++ = (struct np_identity){
			np_policy_kind(&objs->policies[i]),
			drop + objs->namespace_count + objs->pod_count,
			objs->policies[i].namespace, objs->policies[i].name,
			&objs->policies[i].place, i };
	for (i = 0; i < objs->node_count; i++)
		*at++ = (struct np_identity){
			"Node", drop + objs->namespace_count + objs->pod_count +
			objs->policy_count, "", objs->nodes[i].name, &objs->nodes[i].place, i };
}

/* Takes the marked ones out of an array. */
static size_t np_drop_marked(void *array, size_t count, size_t size, const bool *drop)
{
	char *item = array;
	size_t i, kept = 0;

	for (i = 0; i < count; i++) {
		if (drop[i])
			continue;
		if (kept != i)
			memcpy(item + kept * size, item + i * size, size);
		kept++;
	}
	return kept;
}

/* Warns of one object that is given again, and says how many others are. */
static void np_warn_twice(struct np_objects *objs, const struct np_identity *first,
			  const struct np_identity *second, size_t others)
{
	char more[64] = "";

	if (others)
		snprintf(more, sizeof(more), "; so it is with %zu other%s", others,
			 others == 1 ? "" : "s");
	np_objects_warn(objs, second->place, "",
			"%s %s%s%s is given again, before at %.200s:%u; the last one counts%s",
			second->kind, second->namespace, *second->namespace ? "/" : "",
			second->name, first->place->file, first->place->line, more);
}

void np_load_keep_last(struct np_objects *objs)
{
	size_t count = objs->namespace_count + objs->pod_count +
		       objs->policy_count + objs->node_count;
	struct np_identity *list = np_xcalloc(count + 1, sizeof(*list));
	bool *drop = np_xcalloc(count + 1, sizeof(*drop));
	bool *pods = drop + objs->namespace_count, *policies = pods + objs->pod_count;
	bool *nodes = policies + objs->policy_count;
	size_t i, twice = 0, shown = 0;

	np_identities(objs, drop, list);
	qsort(list, count, sizeof(*list), np_identity_order);
	for (i = 1; i < count; i++) {
		if (!np_same_identity(&list[i - 1], &list[i]))
			continue;
		list[i - 1].drop[list[i - 1].index] = true;
		/* Of an object that is given three times the last pair counts. */
		if (i + 1 < count && np_same_identity(&list[i], &list[i + 1]))
			continue;
		if (!twice++)
			shown = i;
	}
	if (twice) {
		np_warn_twice(objs, &list[shown - 1], &list[shown], twice - 1);
		objs->namespace_count = np_drop_marked(objs->namespaces, objs->namespace_count,
						       sizeof(*objs->namespaces), drop);
		objs->pod_count = np_drop_marked(objs->pods, objs->pod_count,
						 sizeof(*objs->pods), pods);
		objs->policy_count = np_drop_marked(objs->policies, objs->policy_count,
						    sizeof(*objs->policies), policies);
		objs->node_count = np_drop_marked(objs->nodes, objs->node_count,
						  sizeof(*objs->nodes), nodes);
	}
	free(drop);
	free(list);
}
