/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Status objects of the API server: what it says instead of what was asked for.
 */
#ifndef NP_KUBE_STATUS_H
#define NP_KUBE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "object/json.h"

/* The body of an answer that is an error, or the object of an ERROR event. */
struct np_api_status {
	int code;		/* 0: none */
	bool too_large;		/* our version is newer than the server's */
	bool bad_selector;	/* a field selector that it doesn't know */
	bool expired;
	char text[512];
};

/* The fields of a Status that are read. */
extern const struct np_pick np_pick_status[];

/* From a node of those fields; what it does not say stays as it is. */
void np_api_status_from(struct np_api_status *status, const struct np_node *object);
/* From text; what is no JSON changes nothing. */
void np_api_status_read(struct np_api_status *status, const char *text, size_t len);

#endif
