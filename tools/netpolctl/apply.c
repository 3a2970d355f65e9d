// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl apply
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "diff/diff.h"
#include "diff/json.h"
#include "diff/outside.h"
#include "diff/text.h"
#include "object/audit.h"
#include "object/load.h"
#include "netlink/loaded.h"
#include "netlink/observe.h"
#include "netlink/plan.h"
#include "netlink/transaction.h"
#include "node/host_read.h"

#define NP_APPLY_TRIES	5
#define NP_APPLY_FOLDERS	8
#define NP_WARNINGS_MAX	10
#define NP_APPLY_LINES	50	/* of a diff, of each kind */

enum np_dry_run {
	NP_DRY_NONE,
	NP_DRY_CLIENT,
	NP_DRY_KERNEL,
};

struct np_apply {
	const char **file;
	size_t file_count;
	struct np_load_options load;
	struct np_locate_options locate;
	struct np_locate_override *override;
	const char *cni_folder[NP_APPLY_FOLDERS + 1];	/* ends with NULL */
	size_t cni_folder_count;
	bool cni_given;		/* the folders are those of the command line */
	enum np_dry_run dry;
	bool replace;
	bool allow_empty_kinds;
	bool with_diff;
	bool exit_code;
	bool audit;		/* all NetworkPolicies are observed */
	bool audit_annotations;	/* those are that ask for it */
	const char *origin;

	struct np_objects objects;
	struct np_host host;
	struct np_cni cni;
	struct np_placement *place;
	bool placed;		/* remarks about the input have been printed */
	size_t warnings;
	struct np_result_list results;
	uint64_t generation;

	/* what the kernel has, and how that changes, until the result is printed */
	struct np_loaded loaded;
	struct np_observe_list audits;
	struct np_diff_side before;
	struct np_diff_side after;
	struct np_diff diff;
};

static int np_apply_interface(struct np_apply *ap, const char *arg, struct np_error *err)
{
	char *copy, *equals;

	copy = strdup(arg);
	equals = copy ? strchr(copy, '=') : NULL;
	if (!equals || !strchr(copy, '/') || strchr(copy, '/') > equals || !equals[1]) {
		free(copy);
		return np_error_set(err, NP_EXIT_USAGE, "--interface takes "
				    "NAMESPACE/POD=DEVICE, not \"%.80s\"", arg);
	}
	*equals = '\0';
	ap->override = np_array_grow(ap->override, ap->locate.override_count,
				     sizeof(*ap->override));
	ap->override[ap->locate.override_count++] = (struct np_locate_override) {
		.pod = copy,
		.device = equals + 1,
	};
	ap->locate.override = ap->override;
	return 0;
}

static int np_apply_folder(struct np_apply *ap, const char *folder, struct np_error *err)
{
	ap->cni_given = true;
	if (!strcmp(folder, "none"))
		ap->cni_folder_count = 0;
	else if (ap->cni_folder_count == NP_APPLY_FOLDERS)
		return np_error_set(err, NP_EXIT_USAGE, "more than %d --cni-cache",
				    NP_APPLY_FOLDERS);
	else
		ap->cni_folder[ap->cni_folder_count++] = folder;
	ap->cni_folder[ap->cni_folder_count] = NULL;
	return 0;
}

enum {
	NP_OPT_REPLACE = 0x100,
	NP_OPT_EMPTY,
	NP_OPT_ORIGIN,
	NP_OPT_DRY_RUN,
	NP_OPT_DIFF,
	NP_OPT_EXIT_CODE,
	NP_OPT_AUDIT,
	NP_OPT_ANNOTATIONS,
	NP_OPT_LENIENT,
	NP_OPT_LOCAL,
	NP_OPT_NODE,
	NP_OPT_INTERFACE,
	NP_OPT_CNI,
};

static int np_apply_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	static const char * const dry[] = { "none", "client", "kernel", NULL };
	static const char * const local[] = { "auto", "all", "none", NULL };
	struct np_apply *ap = ctx;
	int choice = 0;

	switch (code) {
	case 'f':
		ap->file = np_array_grow(ap->file, ap->file_count, sizeof(*ap->file));
		ap->file[ap->file_count++] = arg;
		break;
	case 'R':
		ap->load.recursive = true;
		break;
	case NP_OPT_REPLACE:
		ap->replace = true;
		break;
	case NP_OPT_EMPTY:
		ap->allow_empty_kinds = true;
		break;
	case NP_OPT_ORIGIN:
		ap->origin = arg;
		return np_origin_check(arg, err);
	case NP_OPT_DRY_RUN:
		choice = np_parse_choice("dry-run", arg, dry, err);
		ap->dry = choice < 0 ? NP_DRY_NONE : (enum np_dry_run)choice;
		np_common.changes = ap->dry == NP_DRY_NONE;
		break;
	case NP_OPT_DIFF:
		ap->with_diff = true;
		break;
	case NP_OPT_EXIT_CODE:
		ap->exit_code = true;
		break;
	case NP_OPT_AUDIT:
		ap->audit = true;
		break;
	case NP_OPT_ANNOTATIONS:
		ap->audit_annotations = true;
		break;
	case NP_OPT_LENIENT:
		ap->load.lenient = true;
		break;
	case NP_OPT_LOCAL:
		choice = np_parse_choice("local", arg, local, err);
		ap->locate.mode = choice < 0 ? NP_LOCATE_AUTO : (enum np_locate_mode)choice;
		break;
	case NP_OPT_NODE:
		ap->locate.node = arg;
		break;
	case NP_OPT_INTERFACE:
		return np_apply_interface(ap, arg, err);
	case NP_OPT_CNI:
		return np_apply_folder(ap, arg, err);
	}
	return choice < 0 ? -1 : 0;
}

/* Prints one note for each kind that netpol does not use. */
static void np_apply_skipped(const struct np_objects *objs)
{
	size_t i, k, count;

	for (i = 0; i < objs->skipped_count; i++) {
		for (k = 0; k < i; k++)
			if (!strcmp(objs->skipped[k].kind, objs->skipped[i].kind))
				break;
		if (k < i)
			continue;
		for (count = 1; k + 1 < objs->skipped_count; k++)
			count += !strcmp(objs->skipped[k + 1].kind, objs->skipped[i].kind);
		np_notice("skipped %zu of kind %s", count, objs->skipped[i].kind);
	}
}

static const char *np_unusable(const struct np_pod *pod)
{
	return pod->host_network ? "of the host's network" :
	       !pod->address_count ? "without an address" : "finished";
}

static void np_apply_unusable(const struct np_objects *objs)
{
	static const char * const why[] = {
		"of the host's network", "without an address", "finished",
	};
	size_t count[3] = { 0 }, i;
	unsigned int k;

	for (i = 0; i < objs->pod_count; i++) {
		if (np_pod_usable(&objs->pods[i]))
			continue;
		for (k = 0; strcmp(why[k], np_unusable(&objs->pods[i])); k++)
			;
		count[k]++;
		if (np_common.verbose)
			np_notice("skipped pod %s/%s: %s", objs->pods[i].namespace,
				  objs->pods[i].name, why[k]);
	}
	for (k = 0; k < 3; k++)
		if (count[k])
			np_notice("skipped %zu pod%s %s", count[k], count[k] == 1 ? "" : "s",
				  why[k]);
}

/* Says which ClusterNetworkPolicies --audit leaves alone. */
static void np_apply_cluster(const struct np_objects *objs)
{
	const char *first = NULL;
	size_t count = 0, i;

	for (i = 0; i < objs->policy_count; i++) {
		if (objs->policies[i].tier == NP_TIER_NETWORK_POLICY)
			continue;
		first = first ? first : objs->policies[i].name;
		count++;
	}
	if (count == 1)
		np_warning("ClusterNetworkPolicy %s is enforced: --audit is for NetworkPolicies",
			   first);
	else if (count)
		np_warning("ClusterNetworkPolicy %s and %zu more are enforced: --audit is for "
			   "NetworkPolicies", first, count - 1);
}

/* Decides which NetworkPolicies of the input are observed, and says how many. */
static void np_apply_audit(struct np_apply *ap)
{
	struct np_objects *objs = &ap->objects;
	size_t asked = np_audit_decide(objs, ap->audit, ap->audit_annotations), observed = 0, i;

	for (i = 0; i < objs->policy_count; i++)
		observed += objs->policies[i].audit;
	if (ap->audit)
		np_apply_cluster(objs);
	else if (asked && !ap->audit_annotations)
		np_notice("%zu %s to be observed by the annotation " NP_AUDIT_KEY " and %s "
			  "enforced; --audit-annotations honours it", asked,
			  asked == 1 ? "policy asks" : "policies ask", asked == 1 ? "is" : "are");
	if (observed)
		np_notice("%zu %s observed instead of enforced: what %s would deny passes",
			  observed, observed == 1 ? "policy is" : "policies are",
			  observed == 1 ? "it" : "they");
}

static void np_apply_warn(void *arg, const char *text)
{
	struct np_apply *ap = arg;

	if (ap->warnings++ < NP_WARNINGS_MAX || np_common.verbose)
		np_warning("%s", text);
}

static int np_apply_read(struct np_apply *ap, struct np_error *err)
{
	struct np_objects *objs = &ap->objects;

	if (np_read_manifests(objs, ap->file, ap->file_count, &ap->load, err))
		return -1;
	np_apply_skipped(objs);
	np_apply_unusable(objs);
	np_apply_audit(ap);
	if (objs->namespace_count || objs->pod_count || objs->policy_count)
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "the input has no namespace, pod or network policy");
	if (ap->replace)
		np_error_hint(err, "'netpolctl flush --yes' drops everything");
	return -1;
}

static int np_apply_host(struct np_apply *ap, struct np_error *err)
{
	if (!ap->objects.pod_count)
		return 0;
	if (np_enter(err) || np_host_read(&ap->host, np_common.timeout, err))
		return -1;
	np_cni_read(&ap->cni, ap->cni_given ? ap->cni_folder : np_cni_folders);
	ap->locate.cni = &ap->cni;
	return 0;
}

static void np_apply_own(const struct np_apply *ap)
{
	const struct np_objects *objs = &ap->objects;
	size_t count = 0, i;

	for (i = 0; i < objs->pod_count; i++) {
		if (!ap->place[i].own)
			continue;
		count++;
		if (np_common.verbose)
			np_notice("skipped pod %s/%s: its address is the node's own",
				  objs->pods[i].namespace, objs->pods[i].name);
	}
	if (count)
		np_notice("skipped %zu pod%s with an address of the node itself", count,
			  count == 1 ? "" : "s");
}

/* Returns the loaded local pods that the input does not have. The caller frees the array. */
static struct np_locate_other *np_apply_others(const struct np_plan *plan,
					       const struct np_loaded *loaded, size_t *count)
{
	size_t *number = np_plan_others(plan, loaded, count), i;
	struct np_locate_other *other = np_xcalloc(*count + 1, sizeof(*other));

	for (i = 0; i < *count; i++) {
		other[i].pod = &loaded->state.objects.pods[number[i]];
		other[i].ifindex = loaded->state.pod[number[i]].place.ifindex;
	}
	free(number);
	return other;
}

/*
 * Finds the placement of all pods. loaded is what the kernel has, or NULL with plan. Remarks are
 * printed the first time only.
 */
static int np_apply_place(struct np_apply *ap, const struct np_plan *plan,
			  struct np_loaded *loaded, struct np_error *err)
{
	struct np_placement *kept = NULL;
	struct np_locate_other *other = NULL;
	int ret;

	free(ap->place);
	ap->place = np_xcalloc(ap->objects.pod_count + 1, sizeof(*ap->place));
	if (loaded) {
		kept = np_plan_loaded(&ap->objects, loaded, ap->origin);
		other = np_apply_others(plan, loaded, &ap->locate.other_count);
		ap->locate.other = other;
	}
	ret = np_locate(&ap->host, &ap->objects, &ap->locate, kept, ap->place,
			ap->placed ? NULL : np_apply_warn, ap, err);
	free(kept);
	free(other);
	ap->locate.other = NULL;
	ap->locate.other_count = 0;
	if (!ap->placed && ap->warnings > NP_WARNINGS_MAX && !np_common.verbose)
		np_warning("and %zu more of this kind; -v shows all",
			   ap->warnings - NP_WARNINGS_MAX);
	if (!ap->placed && !ret)
		np_apply_own(ap);
	ap->placed = true;
	return ret;
}

/* Forgets what a try has read and compared. */
static void np_apply_forget(struct np_apply *ap)
{
	np_diff_free(&ap->diff);
	np_diff_side_free(&ap->before);
	np_diff_side_free(&ap->after);
	np_observe_free(&ap->audits);
	np_loaded_free(&ap->loaded);
}

/*
 * Compares what is loaded with what the plan makes of it, both with the audits that run. Where
 * connections can't be compared, the reason is a note, as the change itself may be fine. Returns 0,
 * or -1 with *err filled if the audits can't be listed.
 */
static int np_apply_diff(struct np_apply *ap, struct np_client *client, const struct np_plan *plan,
			 struct np_error *err)
{
	struct np_reach_options opts = { 0 };
	struct np_error why = { 0 };

	if (np_observe_get(client, &ap->audits, err))
		return -1;
	np_diff_side_init(&ap->before, "kernel");
	np_diff_side_init(&ap->after, "kernel after apply");
	np_diff_side_state(&ap->before, &ap->loaded.state);
	np_diff_side_plan(&ap->after, &ap->loaded.state, plan);
	ap->before.audits = &ap->audits;
	ap->after.audits = &ap->audits;
	ap->diff.by_objects = true;
	ap->diff.by_reach = true;
	np_diff_outside_add(&ap->before, &ap->after);
	if (!np_diff_compare(&ap->diff, &ap->before, &ap->after, &opts, &why))
		return 0;
	np_notice("connections are not compared: %s", why.text);
	np_reach_free(&ap->diff.reach);
	ap->diff.by_reach = false;
	return 0;
}

/* Tries to apply once. Returns 0, -1, or 1 if another writer committed first. */
static int np_apply_try(struct np_apply *ap, struct np_client *client, struct np_error *err)
{
	struct np_transaction_options opts = { .full = ap->replace, .has_base = true };
	struct np_transaction txn = { .client = client };
	struct np_plan plan = {
		.objects = &ap->objects,
		.origin = ap->origin,
		.replace = ap->replace,
		.allow_empty_kinds = ap->allow_empty_kinds,
	};
	struct np_loaded *loaded = &ap->loaded;
	struct np_info info;
	bool kept;
	int ret;

	ap->results.count = 0;
	np_apply_forget(ap);
	ret = np_info_get(client, &info, err);
	opts.base = np_info_generation(&info, ap->origin);
	kept = np_confirm_base(&opts.base);
	np_info_free(&info);
	if (ret)
		return -1;
	ret = np_loaded_get(client, loaded, err);
	if (!ret)
		ret = np_plan_kinds(&plan, loaded, err);
	if (!ret)
		ret = np_apply_place(ap, &plan, loaded, err);
	plan.place = ap->place;
	if (!ret && ap->with_diff)
		ret = np_apply_diff(ap, client, &plan, err);
	if (!ret)
		ret = np_transaction_begin(&txn, client, ap->origin, &opts, err);
	if (!ret)
		ret = np_plan_send(&plan, loaded, &txn.encoder, &ap->results, err);
	if (!ret)
		np_confirm_send();
	if (!ret)
		ret = np_transaction_commit(&txn, ap->dry == NP_DRY_KERNEL, &ap->generation,
					    err);
	/* What is to be taken back must be what was saved. */
	if (ret && client->refusal.error == ESTALE && !kept)
		ret = 1;
	np_transaction_end(&txn);
	return ret;
}

static bool np_apply_changed(const struct np_apply *ap)
{
	size_t i;

	for (i = 0; i < ap->results.count; i++)
		if (strcmp(ap->results.item[i].action, "unchanged"))
			return true;
	return false;
}

static int np_apply_kernel(struct np_apply *ap, struct np_error *err)
{
	struct np_client client;
	struct np_info info;
	int ret, try;

	ret = np_connect(&client, &info, err);
	np_info_free(&info);
	if (!ret)
		ret = np_confirm_begin(&client, ap->origin, err);
	if (!ret)
		ret = np_apply_host(ap, err);
	if (!ret)
		for (try = 0, ret = 1; ret > 0 && try < NP_APPLY_TRIES; try++)
			ret = np_apply_try(ap, &client, err);
	np_confirm_end(&client, ret, np_apply_changed(ap));
	np_client_close(&client);
	return ret ? -1 : 0;
}

/* Without the kernel, the result lists what is in the input. */
static int np_apply_client(struct np_apply *ap, struct np_error *err)
{
	const struct np_objects *objs = &ap->objects;
	size_t i;

	if (np_apply_host(ap, err) || np_apply_place(ap, NULL, NULL, err))
		return -1;
	for (i = 0; i < objs->namespace_count; i++)
		np_result_add(&ap->results, NETPOL_OBJECT_NAMESPACE, "",
			      objs->namespaces[i].name, "valid");
	for (i = 0; i < objs->pod_count; i++)
		if (np_pod_usable(&objs->pods[i]) && !ap->place[i].own)
			np_result_add(&ap->results, NETPOL_OBJECT_POD,
				      objs->pods[i].namespace, objs->pods[i].name, "valid");
	for (i = 0; i < objs->policy_count; i++)
		np_result_add(&ap->results, NETPOL_OBJECT_POLICY, objs->policies[i].namespace,
			      objs->policies[i].name, "valid");
	return 0;
}

static void np_apply_free(struct np_apply *ap)
{
	size_t i;

	for (i = 0; i < ap->locate.override_count; i++)
		free((char *)ap->override[i].pod);
	free(ap->override);
	free(ap->file);
	free(ap->place);
	np_host_free(&ap->host);
	np_cni_free(&ap->cni);
	free(ap->results.item);
	np_apply_forget(ap);
	np_objects_free(&ap->objects);
}

static void np_apply_members(struct np_writer *w, const void *arg)
{
	np_write_object(w, "diff");
	np_diff_write_members(w, arg);
	np_write_end(w);
}

/* Prints what was done, and returns the exit status. */
static int np_apply_print(struct np_apply *ap)
{
	np_result_print(&ap->results, "ApplyResult", ap->dry, ap->dry ? " (dry run)" : "",
			ap->generation, ap->with_diff ? np_apply_members : NULL, &ap->diff);
	if (ap->with_diff && !np_format_structured(np_common.format))
		np_diff_write_text(&ap->diff, np_common.verbose ? SIZE_MAX : NP_APPLY_LINES,
				   stdout);
	return ap->exit_code && np_apply_changed(ap) ? NP_EXIT_NEGATIVE : NP_EXIT_OK;
}

static int np_apply_check(const struct np_command *cmd, const struct np_apply *ap, int argc,
			  char **argv)
{
	int ret = np_check_files(cmd, ap->file_count, argc, argv);

	if (ret != NP_PARSE_DONE)
		return ret;
	if (ap->allow_empty_kinds && !ap->replace)
		return np_usage(cmd, "--allow-empty-kinds is for --replace");
	if (np_common.confirm && ap->dry)
		return np_usage(cmd, "--confirm is for a change, and a dry run makes none");
	if ((ap->with_diff || ap->exit_code) && ap->dry == NP_DRY_CLIENT)
		return np_usage(cmd, "--diff and --exit-code ask the kernel, so --dry-run=client "
				"can't be had with them");
	if (ap->with_diff && np_common.format == NP_FORMAT_NAME)
		return np_usage(cmd, "--diff has the output forms table, json and yaml");
	return NP_PARSE_DONE;
}

static const struct np_option_row np_apply_options[] = {
	NP_ROW_FILES,
	NP_ROW_RECURSIVE,
	{ "replace", NP_OPT_REPLACE, NULL, NULL,
	  "the input is everything that its origin has: objects that it lacks are deleted" },
	{ "allow-empty-kinds", NP_OPT_EMPTY, NULL, NULL,
	  "with --replace: also if the input has no policy, no pod or no namespace while such are "
	  "loaded" },
	{ "origin", NP_OPT_ORIGIN, "NAME", "@origins", "on whose behalf; by default manual" },
	{ "dry-run", NP_OPT_DRY_RUN, "MODE", "none client kernel",
	  "change nothing: check the input only (client), or let the kernel do everything except "
	  "publish it (kernel); none (default)" },
	{ "diff", NP_OPT_DIFF, NULL, NULL,
	  "print what the change does in the kernel as well: objects, and connections that appear "
	  "and go, as 'netpolctl diff' shows them" },
	{ "exit-code", NP_OPT_EXIT_CODE, NULL, NULL,
	  "exit status 1 if an object is created, configured or deleted" },
	{ "audit", NP_OPT_AUDIT, NULL, NULL,
	  "observe all NetworkPolicies of the input instead of enforcing them: what they would "
	  "deny passes, is counted and reported" },
	{ "audit-annotations", NP_OPT_ANNOTATIONS, NULL, NULL,
	  "observe the NetworkPolicies that ask for it by the annotation netpolctl/audit: "
	  "\"true\", their own or their Namespace's" },
	{ "lenient", NP_OPT_LENIENT, NULL, NULL,
	  "unknown fields are warnings instead of errors, and rules of ClusterNetworkPolicies that "
	  "cannot be read are closed" },
	{ "local", NP_OPT_LOCAL, "WHICH", "auto all none",
	  "pods that run on this node: auto (by the routes, the default), all or none" },
	{ "node", NP_OPT_NODE, "NAME", NULL, "pods with this spec.nodeName run on this node" },
	{ "interface", NP_OPT_INTERFACE, "NS/POD=DEV", NULL,
	  "this pod runs on this node, behind the interface DEV; may be repeated" },
	{ "cni-cache", NP_OPT_CNI, "DIR", "none @folders",
	  "a folder with results of the container network interface, or none; may be repeated" },
	NP_ROW_CONFIRM,
	{ 0 }
};

static int np_apply_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_apply ap = { .origin = NP_MANUAL_ORIGIN };
	struct np_error err = { 0 };
	int ret;

	np_objects_init(&ap.objects);
	ret = np_options_parse(cmd, argc, argv, np_apply_take, &ap);
	if (ret == NP_PARSE_DONE)
		ret = np_apply_check(cmd, &ap, argc, argv);
	if (ret != NP_PARSE_DONE)
		goto out;
	ret = np_apply_read(&ap, &err);
	if (!ret)
		ret = ap.dry == NP_DRY_CLIENT ? np_apply_client(&ap, &err) :
						np_apply_kernel(&ap, &err);
	ret = ret ? np_report(&err) : np_apply_print(&ap);
out:
	np_apply_free(&ap);
	return ret;
}

const struct np_command np_command_apply = {
	.name = "apply",
	.summary = "load namespaces, pods and policies from manifests",
	.usage = "apply -f FILE [-f FILE...] [OPTION...]",
	.about = "Loads namespaces, pods, NetworkPolicies and ClusterNetworkPolicies from "
		"manifests, YAML or JSON: all of the input in one step, or nothing. Adds and "
		"updates; other objects stay. Pods of the host's network, finished ones and "
		"ones without an address, or with one of the node's own, are left out, and "
		"deleted if they are loaded.",
	.options = np_apply_options,
	.examples = "kubectl get ns,po,netpol -A -o yaml | netpolctl apply -f - --lenient\n"
		"netpolctl apply -f policies/ -R --dry-run=kernel --diff --exit-code\n"
		"kubectl get ns,po,netpol -A -o yaml | netpolctl apply -f - --lenient "
		"--replace",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_NAME) |
		 NP_FORMAT_BIT(NP_FORMAT_JSON) | NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.changes = true,
	.run = np_apply_run,
};
