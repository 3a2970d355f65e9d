// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reflector: events, list items and Status objects.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/object.h"
#include "kube/reflector_read.h"

static const char *np_text(const cJSON *map, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, name);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static const cJSON *np_map(const cJSON *map, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, name);

	return cJSON_IsObject(item) ? item : NULL;
}

void np_reflector_set_version(struct np_reflector *r, const char *version)
{
	if (!*version || !strcmp(version, r->version))
		return;
	free(r->version);
	r->version = np_xstrdup(version);
}

static void np_api_status_from(struct np_api_status *status, const cJSON *root)
{
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(root, "code");
	const char *message = np_text(root, "message");
	const char *reason = np_text(root, "reason");
	const cJSON *causes, *cause;

	if (cJSON_IsNumber(code) && code->valuedouble >= 100 &&
	    code->valuedouble < 1000)
		status->code = (int)code->valuedouble;
	snprintf(status->text, sizeof(status->text), "%s%s%s", reason,
		 *reason && *message ? ": " : "", message);
	status->expired = status->code == 410 || !strcmp(reason, "Expired") ||
			  !strcmp(reason, "Gone");
	status->bad_selector = strstr(message, "field label not supported");
	status->too_large = strstr(message, "Too large resource version");
	causes = cJSON_GetObjectItemCaseSensitive(np_map(root, "details"), "causes");
	cJSON_ArrayForEach(cause, causes)
		if (!strcmp(np_text(cause, "reason"), "ResourceVersionTooLarge"))
			status->too_large = true;
}

void np_api_status_read(struct np_api_status *status, const char *text,
			size_t len)
{
	cJSON *root = len ? cJSON_ParseWithLength(text, len) : NULL;

	if (root)
		np_api_status_from(status, root);
	cJSON_Delete(root);
}

static bool np_is_namespaced(enum np_source_kind kind)
{
	return kind == NP_SOURCE_POD || kind == NP_SOURCE_POLICY;
}

/* Pods on the host's network are never pods to us, filter or not. */
static bool np_is_wanted(const struct np_reflector *r, const cJSON *object)
{
	const cJSON *spec;

	if (r->kind != NP_SOURCE_POD)
		return true;
	spec = np_map(object, "spec");
	return !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(spec, "hostNetwork"));
}

/* Hands an object over, or says that it can't be. */
static void np_reflector_object(struct np_reflector *r, const cJSON *object,
				bool gone)
{
	const struct np_source_ops *ops = r->cluster->ops;
	void *context = r->cluster->context;
	const cJSON *meta = np_map(object, "metadata");
	const char *namespace = np_text(meta, "namespace");
	const char *name = np_text(meta, "name");
	const char *uid = np_text(meta, "uid");

	r->last_event_ms = np_loop_now(r->cluster->loop);
	if (!*name || !*namespace == np_is_namespaced(r->kind)) {
		r->stats.rejected++;
		ops->rejected(context, r->kind, namespace, name, uid,
			      *name ? "metadata.namespace is missing or out of place" :
			      "metadata.name is missing");
		return;
	}
	if (!np_is_wanted(r, object))
		return;
	r->stats.objects++;
	if (gone)
		ops->remove(context, r->kind, namespace, name, uid);
	else
		ops->upsert(context, r->kind, object);
}

static void np_reflector_bookmark(struct np_reflector *r, const cJSON *object)
{
	const cJSON *meta = np_map(object, "metadata");
	const char *version = np_text(meta, "resourceVersion");

	r->stats.bookmarks++;
	r->last_event_ms = np_loop_now(r->cluster->loop);
	if (!*version) {
		r->garbage = "a bookmark without a version";
		return;
	}
	if (r->phase == NP_PHASE_WATCH) {
		np_reflector_set_version(r, version);
		np_reflector_tell(r);
	} else if (!strcmp(np_text(np_map(meta, "annotations"),
				   "k8s.io/initial-events-end"), "true")) {
		np_reflector_synced(r, version);
	}
	/* the version of a streaming list counts at its end only */
}

static void np_reflector_event(struct np_reflector *r, const cJSON *root)
{
	const char *type = np_text(root, "type");
	const cJSON *object = np_map(root, "object");
	bool gone = !strcmp(type, "DELETED");

	if (!object) {
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
			np_reflector_set_version(r, np_text(np_map(object, "metadata"),
							    "resourceVersion"));
	} else {
		r->garbage = "an event of an unknown type";
		return;
	}
	if (!r->got_event && !r->need_list)
		np_reflector_works(r);
	r->got_event = true;
	r->garbage_count = 0;
}

static void np_on_event(void *context, const char *text, size_t len)
{
	struct np_reflector *r = context;
	cJSON *root;

	/* what follows an end in the same read doesn't count */
	if (r->ended || r->garbage)
		return;
	root = cJSON_ParseWithLength(text, len);
	if (root)
		np_reflector_event(r, root);
	else
		r->garbage = "an event that is no JSON";
	cJSON_Delete(root);
}

static void np_on_item(void *context, const char *text, size_t len)
{
	struct np_reflector *r = context;
	cJSON *root;

	if (r->garbage)
		return;
	root = cJSON_ParseWithLength(text, len);
	if (root)
		np_reflector_object(r, root, false);
	else
		r->garbage = "an item that is no JSON";
	cJSON_Delete(root);
}

/* Names of an object of which only the beginning was kept. */
struct np_beginning {
	char namespace[256];
	char name[256];
	char uid[128];
	char version[64];
	char type[16];
};

static void np_beginning_read(struct np_beginning *s, const char *text,
			      size_t len, bool event)
{
	static const char *const type[] = { "type" };
	const char *path[3] = { "object", "metadata" };
	const char *const *from = event ? path : path + 1;
	size_t count = event ? 3 : 2;

	np_split_peek(text, len, type, 1, s->type, sizeof(s->type));
	path[2] = "namespace";
	np_split_peek(text, len, from, count, s->namespace, sizeof(s->namespace));
	path[2] = "name";
	np_split_peek(text, len, from, count, s->name, sizeof(s->name));
	path[2] = "uid";
	np_split_peek(text, len, from, count, s->uid, sizeof(s->uid));
	path[2] = "resourceVersion";
	np_split_peek(text, len, from, count, s->version, sizeof(s->version));
}

static void np_reflector_skipped(struct np_reflector *r, const char *text,
				 size_t len, const char *reason, bool event)
{
	const struct np_source_ops *ops = r->cluster->ops;
	struct np_beginning s;

	if (r->ended || r->garbage)
		return;
	np_beginning_read(&s, text, len, event);
	r->last_event_ms = np_loop_now(r->cluster->loop);
	if (event && !strcmp(s.type, "DELETED") && *s.name) {
		r->stats.objects++;
		ops->remove(r->cluster->context, r->kind, s.namespace, s.name, s.uid);
	} else {
		r->stats.rejected++;
		ops->rejected(r->cluster->context, r->kind, s.namespace, s.name,
			      s.uid, reason);
	}
	if (event) {
		if (r->phase == NP_PHASE_WATCH)
			np_reflector_set_version(r, s.version);
		r->got_event = true;
	}
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

int np_reflector_head(struct np_reflector *r)
{
	const char *text, *version, *next;
	size_t len;
	cJSON *root;

	text = np_splitter_head(&r->splitter, &len);
	root = cJSON_ParseWithLength(text, len);
	version = np_text(np_map(root, "metadata"), "resourceVersion");
	next = np_text(np_map(root, "metadata"), "continue");
	if (!root)
		r->garbage = "a list that is no JSON";
	else if (!r->splitter.items_seen)
		r->garbage = "an answer that is no list";
	else if (!*version)
		r->garbage = "a list without a version";
	free(r->next_page);
	r->next_page = NULL;
	if (!r->garbage && *next)
		r->next_page = np_xstrdup(next);
	else if (!r->garbage)
		np_reflector_synced(r, version);
	cJSON_Delete(root);
	return r->garbage ? -1 : 0;
}
