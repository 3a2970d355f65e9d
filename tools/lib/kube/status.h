/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Status objects, which the API server sends instead of the objects that were asked for.
 */
#ifndef NP_KUBE_STATUS_H
#define NP_KUBE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "object/json.h"

/* What matters of a Status: the body of an answer other than 200, or the object of an event. */
struct np_api_status {
	int code;		/* HTTP status, 0: none */
	bool too_large;		/* the version that was asked for is newer than the server's */
	bool bad_selector;	/* the server does not know a field selector */
	bool expired;		/* the server no longer knows the version */
	char text[512];		/* reason and message, for people */
};

/* The fields of a Status that np_api_status_from() reads. */
extern const struct np_pick np_pick_status[];

/* Reads a Status. The code stays as it is if the Status has none. */
void np_api_status_from(struct np_api_status *status, const struct np_node *object);
/* Reads a Status from text. Text that is not JSON changes nothing. */
void np_api_status_read(struct np_api_status *status, const char *text, size_t len);

#endif
