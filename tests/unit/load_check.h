/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the tests of the loader: load a text, expect one policy, or expect
 * an error at a place.
 */
#ifndef NP_LOAD_CHECK_H
#define NP_LOAD_CHECK_H

#include "check.h"
#include "object/load.h"

static struct np_objects objs;
static struct np_error err;

#define HEAD "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" \
	     "metadata:\n  name: a\n"
/* HEAD has 4 lines: the spec's first line is 6. */
#define SPEC(text) HEAD "spec:\n" text

#define CLUSTER_HEAD "apiVersion: policy.networking.k8s.io/v1alpha2\n" \
		     "kind: ClusterNetworkPolicy\nmetadata:\n  name: a\n"
#define CLUSTER_SPEC(text) CLUSTER_HEAD "spec:\n" text

static inline int load_opts(const char *text, size_t len, bool lenient)
{
	struct np_load_options opts = { .lenient = lenient };

	np_objects_free(&objs);
	np_objects_init(&objs);
	return np_load_buffer(&objs, "t.yaml", text, len, &opts, &err);
}

static inline int load(const char *text)
{
	return load_opts(text, strlen(text), false);
}

static inline int load_lenient(const char *text)
{
	return load_opts(text, strlen(text), true);
}

/* The one policy of a text that must load; NULL if it does not. */
static inline const struct np_policy *policy_at(const char *text, int line)
{
	if (load(text) || objs.policy_count != 1) {
		printf("%s:%d: does not load: %u:%u %s: %s\n", __FILE__, line,
		       err.line, err.column, err.path, err.text);
		check_failed++;
		return NULL;
	}
	check_passed++;
	return &objs.policies[0];
}

/* The text must be refused at a place, for a field, with some words. */
static inline void bad_at(const char *text, uint32_t line, uint32_t column,
		   const char *path, const char *words, int at)
{
	bool ok = load(text) && err.exit == NP_EXIT_INPUT &&
		  err.line == line && err.column == column &&
		  !strcmp(err.path, path) && strstr(err.text, words) &&
		  !objs.policy_count && !strcmp(err.file, "t.yaml");

	if (!check_one(ok, __FILE__, at, "refused as it should be"))
		printf("\thave %u:%u %s: %s\n\twant %u:%u %s: %s\n", err.line,
		       err.column, err.path, err.text, line, column, path,
		       words);
	err.text[0] = '\0';
}

#define BAD(text, line, column, path, words) \
	bad_at(text, line, column, path, words, __LINE__)
#define POLICY(text) policy_at(text, __LINE__)

#endif
