// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads events and items of lists.
 *
 * An object is read once, from its text into nodes, and only the fields that are needed. If it
 * holds what no manifest may hold, such as a key that is given twice or a NUL, the keeper is told
 * that this object cannot be read, and the stream goes on. If it is not JSON the stream ends, and
 * everything is listed again. If an item of that list is not JSON either, it is rejected alone:
 * otherwise one object could keep its kind from ever being synced. Then the end of the watch, some
 * minutes later, is followed by a list again.
 */
#include "kube/reflector_read.h"

#include <stdlib.h>
#include <string.h>

#include "kube/cluster_state.h"
#include "kube/reflector_state.h"
#include "kube/taint.h"

#define NP_NAME_BYTES	255	/* longest name of an object that cannot be read */

static const struct np_pick np_pick_end_mark[] = {
	{ "k8s.io/initial-events-end", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_bookmark_meta[] = {
	{ "resourceVersion", NULL }, { "annotations", np_pick_end_mark }, { NULL, NULL },
};

static const struct np_pick np_pick_bookmark[] = {
	{ "metadata", np_pick_bookmark_meta }, { NULL, NULL },
};

static const struct np_pick np_pick_names_meta[] = {
	{ "namespace", NULL }, { "name", NULL }, { "uid", NULL }, { "resourceVersion", NULL },
	{ NULL, NULL },
};

static const struct np_pick np_pick_names[] = {
	{ "metadata", np_pick_names_meta }, { NULL, NULL },
};

static const struct np_pick np_pick_head_meta[] = {
	{ "resourceVersion", NULL }, { "continue", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_head[] = {
	{ "metadata", np_pick_head_meta }, { NULL, NULL },
};

/* Reads an object into the arena of the cluster, which holds one object at a time. */
static enum np_json_end np_object_read(struct np_reflector *r, const char *text, size_t len,
				       const struct np_pick *pick, struct np_node **root,
				       struct np_error *err)
{
	np_arena_reset(&r->cluster->arena);
	return np_json_object(text, len, pick, &r->cluster->arena, root, err);
}

static enum np_json_end np_event_read(struct np_reflector *r, const char *text, size_t len,
				      const struct np_pick *object, struct np_node **root,
				      struct np_error *err)
{
	const struct np_pick pick[] = {
		{ "type", NULL }, { "object", object }, { NULL, NULL },
	};

	return np_object_read(r, text, len, pick, root, err);
}

static bool np_is_namespaced(enum np_source_kind kind)
{
	return kind == NP_SOURCE_POD || kind == NP_SOURCE_POLICY;
}

/* Pods on the network of the host are left out, also if the server cannot select the others. */
static bool np_is_wanted(const struct np_reflector *r, const struct np_node *object)
{
	const struct np_node *host;

	if (r->kind != NP_SOURCE_POD)
		return true;
	host = np_node_get(np_node_get(object, "spec"), "hostNetwork");
	return !host || host->type != NP_NODE_BOOL || !host->truth;
}

/* Hands an object over, or rejects it. */
static void np_reflector_object(struct np_reflector *r, const struct np_node *object,
				bool gone)
{
	const struct np_source_ops *ops = r->cluster->ops;
	void *context = r->cluster->context;
	const struct np_node *meta = np_node_get(object, "metadata");
	const char *namespace = np_node_text(meta, "namespace");
	const char *name = np_node_text(meta, "name");
	const char *uid = np_node_text(meta, "uid");

	r->last_event_ms = np_loop_now(r->cluster->loop);
	if (!*name || !*namespace == np_is_namespaced(r->kind)) {
		r->stats.rejected++;
		r->garbled |= !*name;
		ops->rejected(context, r->kind, namespace, name, uid,
			      *name ? "metadata.namespace is missing or out of place" :
			      "metadata.name is missing");
		return;
	}
	if (!np_is_wanted(r, object))
		return;
	r->stats.objects++;
	if (r->kind == NP_SOURCE_NODE && r->cluster->taint)
		np_taint_seen(r->cluster->taint, gone ? NULL : object);
	if (gone)
		ops->remove(context, r->kind, namespace, name, uid);
	else
		ops->upsert(context, r->kind, object);
}

/* The watch has come to a version. Versions that went back end it. */
static void np_reflector_move(struct np_reflector *r, const char *version)
{
	if (np_reflector_is_older(r, version)) {
		r->went_back = true;
		r->ended = true;
		return;
	}
	np_reflector_set_version(r, version);
}

static void np_reflector_bookmark(struct np_reflector *r, const struct np_node *object)
{
	const struct np_node *meta = np_node_get(object, "metadata");
	const char *version = np_node_text(meta, "resourceVersion");

	r->stats.bookmarks++;
	r->last_event_ms = np_loop_now(r->cluster->loop);
	if (!*version) {
		r->garbage = "a bookmark without a version";
		return;
	}
	if (r->phase == NP_PHASE_WATCH) {
		np_reflector_move(r, version);
		np_reflector_tell(r);
	} else if (!strcmp(np_node_text(np_node_get(meta, "annotations"),
					"k8s.io/initial-events-end"), "true")) {
		np_reflector_synced(r, version);
	}
	/* Inside a streaming list a bookmark's version does not count. */
}

static void np_reflector_event(struct np_reflector *r, const struct np_node *root)
{
	const char *type = np_node_text(root, "type");
	const struct np_node *object = np_node_get(root, "object");
	bool gone = !strcmp(type, "DELETED");

	if (!object || object->type != NP_NODE_MAP) {
		r->garbage = "an event without an object";
		return;
	}
	if (!strcmp(type, "ERROR")) {
		np_api_status_from(&r->status, object);
		if (!r->status.code)
			r->status.code = 500;
		r->ended = true;
		return;
	}
	if (!strcmp(type, "BOOKMARK")) {
		np_reflector_bookmark(r, object);
	} else if (gone || !strcmp(type, "ADDED") || !strcmp(type, "MODIFIED")) {
		np_reflector_object(r, object, gone);
		if (r->phase == NP_PHASE_WATCH)
			np_reflector_move(r, np_node_text(np_node_get(object, "metadata"),
							  "resourceVersion"));
	} else {
		r->garbage = "an event of an unknown type";
		return;
	}
	if (!r->got_event && !r->need_list)
		np_reflector_works(r);
	if (r->phase == NP_PHASE_WATCH)
		r->expired = false;
	r->got_event = true;
	r->garbage_count = 0;
}

/* Returns a name of an object that cannot be read, or "" if the name is too long. */
static const char *np_short_text(const struct np_node *meta, const char *key)
{
	const char *text = np_node_text(meta, key);

	return strlen(text) > NP_NAME_BYTES ? "" : text;
}

/* Rejects an object or the event of one. root is the part that could be read. */
static void np_reflector_reject(struct np_reflector *r, const struct np_node *root,
				const char *reason, bool event)
{
	const struct np_node *object = event ? np_node_get(root, "object") : root;
	const struct np_node *meta = np_node_get(object, "metadata");
	const char *namespace = np_short_text(meta, "namespace");
	const char *name = np_short_text(meta, "name");
	const char *uid = np_short_text(meta, "uid");
	const struct np_source_ops *ops = r->cluster->ops;

	r->last_event_ms = np_loop_now(r->cluster->loop);
	/* Only a list can show that an object without a name is gone. */
	r->garbled |= !*name;
	if (event && !strcmp(np_node_text(root, "type"), "DELETED") && *name) {
		r->stats.objects++;
		ops->remove(r->cluster->context, r->kind, namespace, name, uid);
	} else {
		r->stats.rejected++;
		ops->rejected(r->cluster->context, r->kind, namespace, name, uid, reason);
	}
	if (!event)
		return;
	if (r->phase == NP_PHASE_WATCH)
		np_reflector_move(r, np_node_text(meta, "resourceVersion"));
	r->got_event = true;
}

static void np_on_event(void *context, const char *text, size_t len)
{
	struct np_reflector *r = context;
	const struct np_pick *other = NULL;
	enum np_json_end end;
	struct np_node *root;
	struct np_error err;
	const char *type;

	/* Events that follow the end in the same read do not count. */
	if (r->ended || r->garbage)
		return;
	end = np_event_read(r, text, len, np_source_pick(r->kind), &root, &err);
	type = np_node_text(root, "type");
	if (!strcmp(type, "ERROR"))
		other = np_pick_status;
	else if (!strcmp(type, "BOOKMARK"))
		other = np_pick_bookmark;
	if (other)
		end = np_event_read(r, text, len, other, &root, &err);
	if (end == NP_JSON_WHOLE)
		np_reflector_event(r, root);
	else if (end == NP_JSON_REFUSED && !other)
		np_reflector_reject(r, root, err.text, true);
	else
		r->garbage = "an event that is not JSON";
	np_arena_reset(&r->cluster->arena);
}

static void np_on_item(void *context, const char *text, size_t len)
{
	struct np_reflector *r = context;
	enum np_json_end end;
	struct np_node *root;
	struct np_error err;

	if (r->garbage)
		return;
	end = np_object_read(r, text, len, np_source_pick(r->kind), &root, &err);
	if (end == NP_JSON_WHOLE) {
		np_reflector_object(r, root, false);
	} else if (end == NP_JSON_REFUSED || r->garbage_count) {
		np_reflector_reject(r, root, err.text, false);
		/* The next list may have it whole. */
		r->garbled |= end != NP_JSON_REFUSED;
	} else {
		r->garbage = "an item that is not JSON";
	}
	np_arena_reset(&r->cluster->arena);
}

/* Rejects an object that exceeds a limit. Its beginning was kept, and has the names. */
static void np_reflector_skipped(struct np_reflector *r, const char *text, size_t len,
				 const char *reason, bool event)
{
	struct np_node *root;
	struct np_error err;

	if (r->ended || r->garbage)
		return;
	if (event)
		np_event_read(r, text, len, np_pick_names, &root, &err);
	else
		np_object_read(r, text, len, np_pick_names, &root, &err);
	np_reflector_reject(r, root, reason, event);
	np_arena_reset(&r->cluster->arena);
}

static void np_on_skipped_event(void *context, const char *text, size_t len,
				const char *reason)
{
	np_reflector_skipped(context, text, len, reason, true);
}

static void np_on_skipped_item(void *context, const char *text, size_t len,
			       const char *reason)
{
	np_reflector_skipped(context, text, len, reason, false);
}

const struct np_splitter_ops np_reflector_events = {
	.object = np_on_event,
	.skipped = np_on_skipped_event,
};

const struct np_splitter_ops np_reflector_items = {
	.object = np_on_item,
	.skipped = np_on_skipped_item,
};

/* For a list of which only the version matters. */
static void np_on_ignored(void *context, const char *text, size_t len)
{
}

static void np_on_ignored_skip(void *context, const char *text, size_t len, const char *reason)
{
}

const struct np_splitter_ops np_reflector_ignored = {
	.object = np_on_ignored,
	.skipped = np_on_ignored_skip,
};

int np_reflector_head(struct np_reflector *r)
{
	const struct np_node *meta;
	const char *text, *version, *next;
	enum np_json_end end;
	struct np_node *root;
	struct np_error err;
	size_t len;

	text = np_splitter_head(&r->splitter, &len);
	end = np_object_read(r, text, len, np_pick_head, &root, &err);
	meta = np_node_get(root, "metadata");
	version = np_node_text(meta, "resourceVersion");
	next = np_node_text(meta, "continue");
	if (end != NP_JSON_WHOLE)
		r->garbage = "a list that is not JSON";
	else if (!r->splitter.items_seen)
		r->garbage = "an answer that is not a list";
	else if (!*version)
		r->garbage = "a list without a version";
	free(r->next_page);
	r->next_page = NULL;
	if (!r->garbage && r->phase == NP_PHASE_CHECK)
		r->went_back = np_reflector_is_older(r, version);
	else if (!r->garbage && *next)
		r->next_page = np_xstrdup(next);
	else if (!r->garbage)
		np_reflector_synced(r, version);
	np_arena_reset(&r->cluster->arena);
	return r->garbage ? -1 : 0;
}
