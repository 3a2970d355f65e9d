/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a change's write to the last packet with the old verdict, and who took how long.
 */
#ifndef KUBE_LATENCY_H
#define KUBE_LATENCY_H

#include <stdbool.h>

/*
 * Replaces the pods of all slots by one on each node and LATENCY_PODS - 2 elsewhere, then
 * makes count changes, in turn of a policy, of a pod's and of a namespace's labels, each of
 * which opens or closes the way between the two. Prints lines that begin with "# latency".
 * False: some change was not enforced in time.
 */
bool latency_run(const char *url, const char *ca_file, const char *token, unsigned int count);

#define LATENCY_PODS 100

#endif
