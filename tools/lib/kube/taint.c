// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removes a taint from the agent's own Node, by one PATCH at a time.
 */
#include "kube/taint.h"

#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "kube/cluster_state.h"
#include "kube/request.h"
#include "kube/status.h"

#define NP_TAINT_RETRY_MS	1000	/* after a failure, then doubled */
#define NP_TAINT_RETRY_MAX_MS	60000
#define NP_TAINT_REQUEST_MS	30000	/* for one request, its tries included */
#define NP_TAINT_CALM_MS	300000	/* if it comes again sooner, somebody sets it */
#define NP_TAINT_EFFECTS	3	/* a Node has a key at most once for each effect */

struct np_taint {
	struct np_cluster *cluster;
	char *key;
	bool ready;
	unsigned int index[NP_TAINT_EFFECTS];	/* in the list of the Node, ascending */
	unsigned int count;		/* taints with the key; 0: the Node has none */
	struct np_call call;
	bool calling;
	char *body;			/* of the call */
	struct np_timer timer;		/* for the next request */
	struct np_timer deadline;	/* for the call */
	int64_t retry_ms;		/* pause after the next request */
	int64_t removed_ms;		/* when the taint was last removed */
	int64_t pause_ms;		/* end of the pause after that */
	struct np_source_stats stats;	/* apart from those of the kinds that are followed */
	long told;			/* status that was logged last, -1: no answer, 0: nothing */
};

static void np_taint_later(struct np_taint *taint, int64_t delay_ms)
{
	int64_t pause = taint->pause_ms - np_loop_now(taint->cluster->loop);

	if (delay_ms < pause)
		delay_ms = pause;
	if (taint->ready && taint->count && !taint->calling && !np_timer_active(&taint->timer))
		np_timer_start(taint->cluster->loop, &taint->timer, delay_ms);
}

/* Returns how long to pause. The next pause is longer. */
static int64_t np_taint_delay(struct np_taint *taint)
{
	int64_t delay = taint->retry_ms + np_jitter((uint32_t)taint->retry_ms);

	taint->retry_ms *= 2;
	if (taint->retry_ms > NP_TAINT_RETRY_MAX_MS)
		taint->retry_ms = NP_TAINT_RETRY_MAX_MS;
	return delay;
}

static void np_taint_pause(struct np_taint *taint)
{
	np_taint_later(taint, np_taint_delay(taint));
}

/*
 * The taint was removed. If somebody sets it again and again, as who keeps the taints of a group of
 * nodes does, each removal is followed by a longer pause.
 */
static void np_taint_removed(struct np_taint *taint)
{
	int64_t now = np_loop_now(taint->cluster->loop);
	bool again = now - taint->removed_ms < NP_TAINT_CALM_MS;

	if (!again)
		taint->retry_ms = NP_TAINT_RETRY_MS;
	np_cluster_log(taint->cluster, again ? NP_LOG_WARNING : NP_LOG_INFO, NP_SOURCE_NODE,
		       "the agent is ready; the taint %s was removed from this Node%s", taint->key,
		       again ? " again: who sets it while the node runs?" : "");
	taint->told = 0;
	taint->removed_ms = now;
	taint->pause_ms = now + np_taint_delay(taint);
	/* The watch shows the Node without it. If it never does, it is tried again. */
	np_taint_later(taint, NP_TAINT_RETRY_MAX_MS);
}

static void np_taint_end_call(struct np_taint *taint)
{
	np_timer_stop(&taint->deadline);
	taint->calling = false;
	free(taint->body);
	taint->body = NULL;
}

/* Tells why the taint stays. The same is told again for debugging only. */
static void np_taint_tell(struct np_taint *taint, long status, const char *why)
{
	enum np_log_level level = status == 403 ? NP_LOG_ERROR : NP_LOG_WARNING;

	if (taint->told == status)
		level = NP_LOG_DEBUG;
	taint->told = status;
	if (status == 403)
		np_cluster_log(taint->cluster, level, NP_SOURCE_NODE, "the taint %s stays "
			       "on this Node: the ClusterRole must allow patch of nodes in the API "
			       "group \"\", see deploy/kubernetes/taint%s%s", taint->key,
			       *why ? "; the server says: " : "", why);
	else
		np_cluster_log(taint->cluster, level, NP_SOURCE_NODE, "the taint %s is "
			       "still on this Node, and removing it is tried again: %s", taint->key,
			       why);
}

static void np_taint_done(void *context, const struct np_http_result *result, const char *error)
{
	struct np_taint *taint = context;
	struct np_api_status status = { 0 };

	np_taint_end_call(taint);
	if (!error && result->end == NP_HTTP_DONE && result->status == 200) {
		np_taint_removed(taint);
		return;
	}
	if (error || result->end != NP_HTTP_DONE) {
		np_taint_tell(taint, -1, error ? error : result->error);
	} else {
		np_api_status_read(&status, result->body, result->body_len);
		/*
		 * 409 and 422: the taints have changed since they were seen, and the watch is about
		 * to say how. 404: the Node was deleted.
		 */
		if (result->status == 409 || result->status == 422 || result->status == 404)
			np_cluster_log(taint->cluster, NP_LOG_DEBUG, NP_SOURCE_NODE, "the Node has "
				       "changed while the taint %s was removed: %s", taint->key,
				       status.text);
		else
			np_taint_tell(taint, result->status, *status.text ? status.text :
				      "the server refused it");
	}
	np_taint_pause(taint);
}

static void np_taint_late(void *context)
{
	struct np_taint *taint = context;

	np_call_cancel(&taint->call);
	np_taint_end_call(taint);
	np_taint_tell(taint, -1, "no answer in 30 seconds");
	np_taint_pause(taint);
}

static void np_taint_answered(void *context)
{
}

/* The answer is the Node, which the watch shows as well. */
static int np_taint_data(void *context, const char *data, size_t len)
{
	return 0;
}

static void np_taint_step(cJSON *patch, const char *op, unsigned int index, const char *part,
			  const char *value)
{
	cJSON *step = cJSON_CreateObject();
	char path[64];

	snprintf(path, sizeof(path), "/spec/taints/%u%s", index, part);
	cJSON_AddStringToObject(step, "op", op);
	cJSON_AddStringToObject(step, "path", path);
	if (value)
		cJSON_AddStringToObject(step, "value", value);
	cJSON_AddItemToArray(patch, step);
}

/* From the last taint to the first, so that the indexes of the others stay as they are. */
static char *np_taint_patch(const struct np_taint *taint)
{
	cJSON *patch = cJSON_CreateArray();
	unsigned int i = taint->count;
	char *text;

	while (i--) {
		np_taint_step(patch, "test", taint->index[i], "/key", taint->key);
		np_taint_step(patch, "remove", taint->index[i], "", NULL);
	}
	text = cJSON_PrintUnformatted(patch);
	cJSON_Delete(patch);
	return text;
}

static void np_taint_fire(void *context)
{
	struct np_taint *taint = context;
	struct np_cluster *cluster = taint->cluster;
	struct np_call *call = &taint->call;
	struct np_buffer path = { 0 };

	if (!taint->ready || !taint->count)
		return;
	/* The name has only letters, digits and "-._", see np_copy_options(). */
	np_buffer_print(&path, "/api/v1/nodes/%s", cluster->node);
	taint->body = np_taint_patch(taint);
	taint->calling = true;
	call->cluster = cluster;
	call->path = path.data;
	call->accept = "Accept: application/json";
	call->patch = taint->body;
	call->server = np_cluster_choose(cluster);
	call->aside = true;
	call->stats = &taint->stats;
	call->answered = np_taint_answered;
	call->data = np_taint_data;
	call->done = np_taint_done;
	call->context = taint;
	np_timer_start(cluster->loop, &taint->deadline, NP_TAINT_REQUEST_MS);
	np_call_start(call);
}

struct np_taint *np_taint_new(struct np_cluster *cluster, const char *key)
{
	struct np_taint *taint = np_xcalloc(1, sizeof(*taint));

	taint->cluster = cluster;
	taint->key = np_xstrdup(key);
	taint->retry_ms = NP_TAINT_RETRY_MS;
	taint->removed_ms = np_loop_now(cluster->loop) - NP_TAINT_CALM_MS;
	taint->timer.fire = np_taint_fire;
	taint->timer.context = taint;
	taint->deadline.fire = np_taint_late;
	taint->deadline.context = taint;
	return taint;
}

void np_taint_seen(struct np_taint *taint, const struct np_node *object)
{
	const struct np_node *list = np_node_get(np_node_get(object, "spec"), "taints"), *item;
	unsigned int before = taint->count, index = 0;

	taint->count = 0;
	if (list && list->type == NP_NODE_LIST)
		for (item = list->child; item; item = item->next, index++)
			if (!strcmp(np_node_text(item, "key"), taint->key) &&
			    taint->count < NP_TAINT_EFFECTS)
				taint->index[taint->count++] = index;
	if (!taint->count)
		np_timer_stop(&taint->timer);
	/* Its pauses are not over because something else of the Node has changed. */
	else if (!before)
		np_taint_later(taint, 0);
}

void np_taint_ready(struct np_taint *taint, bool ready)
{
	taint->ready = ready;
	if (ready)
		np_taint_later(taint, 0);
	else
		np_timer_stop(&taint->timer);
}

void np_taint_stop(struct np_taint *taint)
{
	if (taint->calling) {
		np_call_cancel(&taint->call);
		np_taint_end_call(taint);
	}
	np_timer_stop(&taint->timer);
	np_taint_later(taint, NP_TAINT_RETRY_MS);
}

void np_taint_free(struct np_taint *taint)
{
	if (!taint)
		return;
	taint->ready = false;
	np_taint_stop(taint);
	free(taint->key);
	free(taint);
}
