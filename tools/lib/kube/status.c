// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Status objects of the API server.
 */
#include "kube/status.h"

#include <stdio.h>
#include <string.h>

static const struct np_pick np_pick_cause[] = { { "reason", NULL }, { NULL, NULL } };
static const struct np_pick np_pick_details[] = { { "causes", np_pick_cause }, { NULL, NULL } };

const struct np_pick np_pick_status[] = {
	{ "code", NULL }, { "message", NULL }, { "reason", NULL },
	{ "details", np_pick_details }, { NULL, NULL },
};

void np_api_status_from(struct np_api_status *status, const struct np_node *object)
{
	const struct np_node *code = np_node_get(object, "code"), *causes, *cause;
	const char *message = np_node_text(object, "message");
	const char *reason = np_node_text(object, "reason");

	if (code && code->type == NP_NODE_INT && code->number >= 100 && code->number < 1000)
		status->code = (int)code->number;
	snprintf(status->text, sizeof(status->text), "%s%s%s", reason,
		 *reason && *message ? ": " : "", message);
	status->expired = status->code == 410 || !strcmp(reason, "Expired") ||
			  !strcmp(reason, "Gone");
	status->bad_selector = strstr(message, "field label not supported");
	status->too_large = strstr(message, "Too large resource version");
	causes = np_node_get(np_node_get(object, "details"), "causes");
	if (!causes || causes->type != NP_NODE_LIST)
		return;
	for (cause = causes->child; cause; cause = cause->next)
		if (!strcmp(np_node_text(cause, "reason"), "ResourceVersionTooLarge"))
			status->too_large = true;
}

void np_api_status_read(struct np_api_status *status, const char *text, size_t len)
{
	struct np_arena arena = { 0 };
	struct np_node *root;
	struct np_error err;

	if (np_json_object(text, len, np_pick_status, &arena, &root, &err) == NP_JSON_WHOLE)
		np_api_status_from(status, root);
	np_arena_free(&arena);
}
