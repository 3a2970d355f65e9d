/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was read of ClusterNetworkPolicies must come to the same when it is written and read again,
 * also if it could not be read in part. Shared by the fuzzers of the loader.
 */
#ifndef NP_FUZZ_AGAIN_H
#define NP_FUZZ_AGAIN_H

#include <stdlib.h>

#include "base/output.h"
#include "object/digest.h"
#include "object/load.h"
#include "object/write.h"

static inline void fuzz_again(const struct np_policy *policy, enum np_format format)
{
	const struct np_load_options lenient = { .lenient = true };
	const struct np_policy_state state = { 0 };
	struct np_objects objs;
	struct np_error err;
	struct np_writer w;
	char *text = NULL;
	size_t len;
	FILE *file;

	if (policy->tier == NP_TIER_NETWORK_POLICY)
		return;
	file = open_memstream(&text, &len);
	np_writer_init(&w, file, format);
	np_manifest_policy(&w, NULL, policy, &state);
	fclose(file);
	np_objects_init(&objs);
	if (np_load_buffer(&objs, "again", text, len, &lenient, &err) || objs.policy_count != 1 ||
	    np_policy_digest(&objs.policies[0]) != np_policy_digest(policy)) {
		fputs(text, stderr);
		abort();
	}
	np_objects_free(&objs);
	free(text);
}

/* What is refused is refused as well where all errors are collected, and the first is the same. */
static inline void fuzz_all_errors(const char *text, size_t len, const struct np_load_options *opts,
				   const struct np_error *first)
{
	struct np_load_options all_opts = *opts;
	struct np_errors all = { 0 };
	struct np_objects objs;
	struct np_error err;

	all_opts.errors = &all;
	np_objects_init(&objs);
	if (!np_load_buffer(&objs, "fuzz", text, len, &all_opts, &err) || !all.count ||
	    objs.policy_count || objs.pod_count || all.item[0].line != first->line ||
	    strcmp(all.item[0].text, first->text))
		abort();
	np_errors_free(&all);
	np_objects_free(&objs);
}

#endif
