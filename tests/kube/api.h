/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of a test to a real API server, as its administrator.
 */
#ifndef KUBE_API_H
#define KUBE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>

#include "../evaluator/evaluator.h"

/* Ends the program if it can't be: the API server must be up. Not thread safe. */
void api_begin(const char *url, const char *ca_file, const char *token);
/*
 * One request; body (may be NULL) is consumed. Returns the HTTP status, 0 if the server
 * can't be reached. PATCH is a JSON merge patch.
 */
long api_try(const char *method, const char *path, cJSON *body);
/* The same, but anything but success ends the program, with what the server said. */
void api(const char *method, const char *path, cJSON *body);
/* Whether the answer to a GET holds this text. */
bool api_says(const char *path, const char *text);
/* metadata.resourceVersion of the last answer, in a static buffer. */
const char *api_version(void);

enum api_cluster {
	API_CLUSTER_NONE,	/* there is no such kind */
	API_CLUSTER_THERE,
	API_CLUSTER_KEPT,	/* those that were loaded last, whatever the API server has */
};

/* Says which ClusterNetworkPolicies api_load() takes from now on; none at first. */
void api_cluster(enum api_cluster which);
/* All namespaces, pods and policies, as the API server has them now. */
void api_load(struct np_objects *objects);
/* One line to the control port of plane.sh, its answer in a static buffer. */
const char *api_control(const char *host, unsigned int port, const char *what);

#endif
