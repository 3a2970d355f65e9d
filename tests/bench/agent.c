// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory and CPU time of the node agent's state: a first list, the encoding of its full
 * transaction, changes, and a list again, of pods of 4.4 KB JSON with label sets that no
 * two share. Without the API client and without a kernel.
 *
 *	agent [-q] [-o FILE.json]
 *
 *	-q	a tenth of the objects
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netlink/msg.h>

#include "agent/desired.h"
#include "agent/encode.h"
#include "listing.h"
#include "rows.h"

static struct np_desired desired;

static void give(enum np_source_kind kind, const struct np_node *object)
{
	if (kind != NP_SOURCE_NODE)
		np_desired_upsert(&desired, kind, object);
}

static struct listing listing = {
	.spaces = 100,
	.pods = 150000,
	.locals = 110,
	.policies = 10000,
	.distinct = true,
	.give = give,
};

static void list(void)
{
	unsigned int i;

	for (i = 0; i < NP_SOURCE_NODE; i++)
		np_desired_begin(&desired, i);
	listing_all(&listing);
	for (i = 0; i < NP_SOURCE_NODE; i++)
		np_desired_synced(&desired, i);
}

static struct nl_msg *fresh(void *arg, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(size + 64);

	nlmsg_put(msg, 0, 0, 1, 4, 0);
	return msg;
}

static int sent(void *arg, struct nl_msg *msg, struct np_error *err)
{
	return 0;
}

static void encode(const char *params)
{
	struct np_change *change, *refused;
	struct np_error err = { 0 };
	struct np_desired_pod **pod;
	double cpu = rows_cpu();
	struct np_encoder enc;
	size_t count, i;

	np_encoder_init(&enc, fresh, sent, NULL);
	pod = np_desired_by_arrival(&desired, &count);
	change = np_xcalloc(count, sizeof(*change));
	for (i = 0; i < count; i++)
		change[i] = (struct np_change){ .object = NETPOL_OBJECT_POD, .record = pod[i] };
	free(pod);
	np_changes_encode(&desired, change, count, &enc, &refused, &err);
	free(change);
	np_encoder_flush(&enc, &err);
	rows_add("agent: encode a full transaction, CPU", params, rows_cpu() - cpu, "s",
		 ROWS_NO_TARGET, false);
	rows_add("agent: bytes of a pod in a full transaction", params,
		 (double)enc.bytes / (double)count, "bytes", ROWS_NO_TARGET, false);
	np_encoder_free(&enc);
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	char params[128];
	unsigned int i;
	double cpu;
	int option;

	while ((option = getopt(argc, argv, "qo:")) != -1) {
		switch (option) {
		case 'q':
			listing.pods /= 10;
			listing.policies /= 10;
			break;
		case 'o':
			file = optarg;
			break;
		default:
			fprintf(stderr, "usage: agent [-q] [-o FILE.json]\n");
			return 1;
		}
	}
	snprintf(params, sizeof(params), "\"pods\":%u,\"policies\":%u", listing.pods,
		 listing.policies);
	rows_begin(file);
	np_desired_init(&desired, "here0");
	cpu = rows_cpu();
	list();
	rows_add("agent: a first list, parsed and kept, CPU", params, rows_cpu() - cpu, "s", 10,
		 false);
	rows_add("agent: JSON of a pod", params, (double)listing.pod_bytes, "bytes", ROWS_NO_TARGET, false);
	/* With what a process has anyway, so the short form is within it too. */
	rows_add("agent: resident after it", params, rows_memory("VmRSS:"), "MiB", 64, true);
	encode(params);
	np_desired_finish_full(&desired);
	cpu = rows_cpu();
	for (i = 0; i < 6000; i++)
		listing_pod(&listing, i % listing.pods, 1 + i % 3);
	rows_add("agent: 6,000 changes, CPU", params, rows_cpu() - cpu, "s", ROWS_NO_TARGET, false);
	list();
	rows_add("agent: resident after a second list", params, rows_memory("VmRSS:"), "MiB", 64, true);
	rows_add("agent: resident at most", params, rows_memory("VmHWM:"), "MiB", 96, true);
	np_desired_free(&desired);
	return rows_end();
}
