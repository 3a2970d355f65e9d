// SPDX-License-Identifier: GPL-2.0-or-later
/* What exposure and graph share. */
#include "workload.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel.h"

void np_workload_init(struct np_workload_run *run)
{
	memset(run, 0, sizeof(*run));
	np_matrix_init(&run->asked);
	np_diff_side_init(&run->side, "files");
}

void np_workload_free(struct np_workload_run *run)
{
	np_exposure_free(&run->exposure);
	np_workloads_free(&run->workloads);
	np_flows_free(&run->flows);
	np_diff_side_free(&run->side);
	np_matrix_free(&run->asked);
	free(run->file);
}

int np_workload_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_workload_run *run = ctx;

	switch (code) {
	case 'f':
		run->file = np_array_grow(run->file, run->files, sizeof(*run->file));
		run->file[run->files++] = arg;
		break;
	case 'R':
		run->load.recursive = true;
		break;
	case NP_OPT_WORKLOAD_LENIENT:
		run->load.lenient = true;
		break;
	case NP_OPT_WORKLOAD_KERNEL:
		run->kernel = true;
		break;
	case NP_OPT_WORKLOAD_PORTS:
		return np_matrix_add_ports(&run->asked, arg, err);
	}
	return 0;
}

int np_workload_check(const struct np_command *cmd, struct np_workload_run *run, int argc,
		      char **argv)
{
	run->word = (const char *const *)argv + optind;
	run->words = argc > optind ? argc - optind : 0;
	if (run->kernel && run->files)
		return np_usage(cmd, "-f and --kernel can't be had together");
	if (!run->kernel && !run->files)
		return np_usage(cmd, "%s needs -f FILE or --kernel", cmd->name);
	return NP_PARSE_DONE;
}

static bool np_workload_is(const struct np_workload *workload, const char *word)
{
	size_t len = strlen(workload->namespace);

	if (strncmp(word, workload->namespace, len))
		return false;
	return !word[len] || (word[len] == '/' && !strcmp(word + len + 1, workload->name));
}

/* Finds what the words choose among the workloads of this node. Returns -1 with *err filled. */
static int np_workload_choose(const struct np_workload_run *run, bool *wanted,
			      struct np_error *err)
{
	const struct np_workloads *all = &run->workloads;
	bool found, elsewhere;
	size_t i, k;

	for (i = 0; !run->words && i < all->count; i++)
		wanted[i] = all->item[i].here;
	for (k = 0; k < run->words; k++) {
		found = false;
		elsewhere = false;
		for (i = 0; i < all->count; i++) {
			if (!np_workload_is(&all->item[i], run->word[k]))
				continue;
			wanted[i] |= all->item[i].here;
			found |= all->item[i].here;
			elsewhere |= !all->item[i].here;
		}
		if (found)
			continue;
		np_error_set(err, NP_EXIT_INPUT, elsewhere ? "\"%.80s\" has no pod on this node" :
			     "\"%.80s\" is no namespace, workload or pod with an address",
			     run->word[k]);
		np_error_hint(err, elsewhere ? "run it on a node that has one, or give files" :
			      "as shop, shop/web or shop/web-1; finished pods and those of the "
			      "host's network don't count");
		return -1;
	}
	return 0;
}

static int np_workload_read(struct np_workload_run *run, struct np_error *err)
{
	if (run->kernel)
		return np_read_kernel(&run->side, err);
	if (run->files == 1 && np_diff_is_snapshot(run->file[0]))
		return np_diff_side_snapshot(&run->side, run->file[0], err);
	if (np_read_manifests(&run->side.files, run->file, run->files, &run->load, err))
		return -1;
	np_diff_side_files(&run->side);
	return 0;
}

/* Tells of pods that nothing is said of although the reader may look for them. */
static void np_workload_left_out(const struct np_workload_run *run)
{
	const struct np_objects *objs = &run->side.files;
	size_t i, unusable = 0;

	for (i = 0; i < objs->pod_count; i++)
		unusable += !np_pod_usable(&objs->pods[i]);
	if (unusable)
		np_notice("left out %zu pod%s without an address, finished, or of the host's network",
			  unusable, unusable == 1 ? "" : "s");
	if (np_diff_side_has_remote(&run->side))
		np_notice("pods of other nodes are other ends only, and what their policies say is "
			  "not judged");
}

static int np_workload_ask(struct np_workload_run *run, const bool *wanted, struct np_error *err)
{
	bool *groups = np_xcalloc(run->flows.groups.groups + 1, sizeof(*groups));
	size_t i, k;
	int ret;

	for (i = 0; i < run->workloads.count; i++)
		for (k = 0; wanted[i] && k < run->workloads.item[i].parts; k++)
			groups[run->workloads.item[i].part[k].group] = true;
	ret = np_flows_ask(&run->flows, groups, err);
	free(groups);
	return ret ? ret : np_exposure_make(&run->exposure, &run->workloads, wanted, err);
}

int np_workload_find(struct np_workload_run *run, struct np_error *err)
{
	bool *wanted;
	int ret;

	if (np_workload_read(run, err) ||
	    np_flows_load(&run->flows, &run->side, &run->asked, err))
		return -1;
	np_workloads_make(&run->workloads, &run->flows, run->word, run->words);
	wanted = np_xcalloc(run->workloads.count + 1, sizeof(*wanted));
	ret = np_workload_choose(run, wanted, err);
	if (!ret)
		ret = np_workload_ask(run, wanted, err);
	free(wanted);
	if (!ret)
		np_workload_left_out(run);
	return ret;
}
