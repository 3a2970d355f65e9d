// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a watch stream and as a list: what is handed over has a name,
 * and a version counts only where it may.
 */
#include <stdlib.h>
#include <string.h>

#include "kube/cluster_state.h"
#include "kube/reflector.h"
#include "kube/reflector_read.h"
#include "kube/reflector_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_kind(void *context, enum np_source_kind kind)
{
}

static void on_upsert(void *context, enum np_source_kind kind,
		      const struct np_node *object)
{
	const struct np_node *meta = np_node_get(object, "metadata");

	if (!*np_node_text(meta, "name") || !*np_node_text(meta, "namespace"))
		abort();
}

static void on_remove(void *context, enum np_source_kind kind,
		      const char *namespace, const char *name, const char *uid)
{
	if (!*name || !uid || !namespace)
		abort();
}

static void on_rejected(void *context, enum np_source_kind kind,
			const char *namespace, const char *name,
			const char *uid, const char *reason)
{
	if (!reason || !*reason || strlen(namespace) + strlen(name) + strlen(uid) > 1 << 20)
		abort();
}

static void on_state(void *context, enum np_source_kind kind,
		     const struct np_source_state *state)
{
	if (!state->synced && *state->resource_version)
		abort();
}

static void on_log(void *context, enum np_log_level level,
		   enum np_source_kind kind, const char *message)
{
}

static const struct np_source_ops ops = {
	.begin = on_kind,
	.upsert = on_upsert,
	.remove = on_remove,
	.synced = on_kind,
	.rejected = on_rejected,
	.state = on_state,
	.log = on_log,
};

/* The streams of a reflector whose cluster is never asked. */
static void run(struct np_cluster *cluster, enum np_reflector_phase phase,
		const uint8_t *data, size_t size, size_t step)
{
	struct np_reflector *r = np_reflector_new(cluster, NP_SOURCE_POD, "");
	struct np_api_status status = { 0 };

	np_splitter_reset(&r->splitter, phase == NP_PHASE_LIST ? NP_SPLIT_LIST :
			  NP_SPLIT_STREAM);
	r->splitter.ops = phase == NP_PHASE_LIST ? &np_reflector_items :
			  &np_reflector_events;
	r->phase = phase;
	np_api_status_read(&status, (const char *)data, size);
	while (size) {
		size_t n = step < size ? step : size;

		if (np_splitter_feed(&r->splitter, (const char *)data, n) ||
		    r->ended || r->garbage)
			break;
		data += n;
		size -= n;
	}
	if (phase == NP_PHASE_INITIAL && r->phase == phase && *r->version)
		abort();
	if (phase == NP_PHASE_LIST && !size && np_splitter_complete(&r->splitter))
		np_reflector_head(r);
	np_reflector_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct np_cluster cluster = { .ops = &ops };
	size_t step;

	if (!size)
		return 0;
	if (!cluster.loop)
		cluster.loop = np_loop_new();
	step = 1 + data[0];
	run(&cluster, NP_PHASE_WATCH, data + 1, size - 1, step);
	run(&cluster, NP_PHASE_INITIAL, data + 1, size - 1, step);
	run(&cluster, NP_PHASE_LIST, data + 1, size - 1, step);
	return 0;
}
