// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl delete
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "object/load.h"
#include "netlink/loaded.h"
#include "netlink/transaction.h"

struct np_target {
	uint8_t object;
	const char *namespace;
	const char *name;
};

struct np_delete {
	const char **file;
	size_t file_count;
	struct np_load_options load;
	const char *namespace;
	const char *origin;
	bool ignore;
	bool dry;
	struct np_objects objects;	/* also holds the strings of the targets */
	struct np_target *target;
	size_t target_count;
	struct np_result_list results;
	uint64_t generation;
};

enum {
	NP_OPT_ORIGIN = 0x100,
	NP_OPT_IGNORE,
	NP_OPT_DRY_RUN,
};

static int np_delete_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	static const char * const dry[] = { "none", "kernel", NULL };
	struct np_delete *del = ctx;
	int choice;

	switch (code) {
	case 'f':
		del->file = np_array_grow(del->file, del->file_count, sizeof(*del->file));
		del->file[del->file_count++] = arg;
		break;
	case 'R':
		del->load.recursive = true;
		break;
	case 'n':
		del->namespace = arg;
		break;
	case NP_OPT_ORIGIN:
		del->origin = arg;
		break;
	case NP_OPT_IGNORE:
		del->ignore = true;
		break;
	case NP_OPT_DRY_RUN:
		choice = np_parse_choice("dry-run", arg, dry, err);
		if (choice < 0)
			return -1;
		del->dry = choice;
		np_common.changes = !del->dry;
		break;
	}
	return 0;
}

static void np_delete_add(struct np_delete *del, uint8_t object, const char *namespace,
			  const char *name)
{
	del->target = np_array_grow(del->target, del->target_count, sizeof(*del->target));
	del->target[del->target_count++] = (struct np_target) {
		.object = object,
		.namespace = namespace,
		.name = name,
	};
}

/* Reads a target: "policy/NAME", "policy/NAMESPACE/NAME", "pod/...", "namespace/NAME". */
static int np_delete_word(struct np_delete *del, const char *word, struct np_error *err)
{
	static const struct {
		const char *name;
		uint8_t object;
		bool wide;	/* in no namespace */
	} kind[] = {
		{ "policy", NETPOL_OBJECT_POLICY, false },
		{ "networkpolicy", NETPOL_OBJECT_POLICY, false },
		{ "netpol", NETPOL_OBJECT_POLICY, false },
		{ "clusternetworkpolicy", NETPOL_OBJECT_POLICY, true },
		{ "cnp", NETPOL_OBJECT_POLICY, true },
		{ "pod", NETPOL_OBJECT_POD, false },
		{ "po", NETPOL_OBJECT_POD, false },
		{ "namespace", NETPOL_OBJECT_NAMESPACE, true },
		{ "ns", NETPOL_OBJECT_NAMESPACE, true },
	};
	const char *slash = strchr(word, '/'), *space = del->namespace, *name;
	uint8_t object = 0;
	bool wide = false;
	size_t i;

	for (i = 0; slash && i < sizeof(kind) / sizeof(kind[0]); i++) {
		if (strlen(kind[i].name) == (size_t)(slash - word) &&
		    !strncmp(word, kind[i].name, slash - word)) {
			object = kind[i].object;
			wide = kind[i].wide;
		}
	}
	name = slash ? slash + 1 : NULL;
	slash = name ? strchr(name, '/') : NULL;
	if (slash && !wide) {
		space = np_intern(&del->objects, name, slash - name);
		name = slash + 1;
	}
	/* Without its namespace, a policy would be a ClusterNetworkPolicy. */
	if (!object || !*name || strchr(name, '/') || (!wide && !*space)) {
		np_error_set(err, NP_EXIT_USAGE, "\"%.80s\" names no object", word);
		np_error_hint(err, "as policy/NAME, pod/NAMESPACE/NAME, namespace/NAME or "
			      "clusternetworkpolicy/NAME");
		return -1;
	}
	np_delete_add(del, object, wide ? "" : space, name);
	return 0;
}

static int np_delete_files(struct np_delete *del, struct np_error *err)
{
	struct np_objects *objs = &del->objects;
	size_t i;

	if (np_read_files(objs, del->file, del->file_count, &del->load, err))
		return -1;
	np_load_keep_last(objs);
	np_print_warnings(objs);
	for (i = 0; i < objs->policy_count; i++)
		np_delete_add(del, NETPOL_OBJECT_POLICY, objs->policies[i].namespace,
			      objs->policies[i].name);
	for (i = 0; i < objs->pod_count; i++)
		np_delete_add(del, NETPOL_OBJECT_POD, objs->pods[i].namespace,
			      objs->pods[i].name);
	for (i = 0; i < objs->namespace_count; i++)
		np_delete_add(del, NETPOL_OBJECT_NAMESPACE, "", objs->namespaces[i].name);
	return 0;
}

static int np_delete_missing(const struct np_delete *del, const struct np_target *target,
			     struct np_loaded *loaded, struct np_error *err)
{
	struct np_loaded_item *other = np_loaded_find(loaded, target->object, target->namespace,
						      target->name, NULL);

	np_error_set(err, NP_EXIT_INPUT, "%s %s%s%s is not loaded by origin \"%s\"",
		     np_object_name(target->object, target->namespace), target->namespace,
		     *target->namespace ? "/" : "", target->name, del->origin);
	if (other)
		np_error_hint(err, "it is of origin \"%s\": --origin %s", other->origin,
			      other->origin);
	else
		np_error_hint(err, "nothing was deleted; --ignore-not-found goes on");
	return -1;
}

static int np_delete_objects(struct np_delete *del, struct np_loaded *loaded,
			     struct np_encoder *enc, struct np_error *err)
{
	const struct np_target *target;
	struct np_loaded_item *item;
	size_t i;

	for (i = 0; i < del->target_count; i++) {
		target = &del->target[i];
		item = np_loaded_find(loaded, target->object, target->namespace, target->name,
				      del->origin);
		if (!item && !del->ignore)
			return np_delete_missing(del, target, loaded, err);
		if (!item || item->seen)
			continue;
		item->seen = true;
		np_result_add(&del->results, target->object, target->namespace, target->name,
			      "deleted");
		if (np_encode_delete(enc, target->object,
				     *target->namespace ? target->namespace : NULL,
				     target->name, NULL, err))
			return -1;
	}
	return 0;
}

static int np_delete_kernel(struct np_delete *del, struct np_error *err)
{
	struct np_transaction_options opts = { .has_base = true };
	struct np_transaction txn = { 0 };
	struct np_loaded loaded = { 0 };
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_connect(&client, &info, err);
	opts.base = np_info_generation(&info, del->origin);
	np_info_free(&info);
	if (!ret)
		ret = np_confirm_begin(&client, del->origin, err);
	np_confirm_base(&opts.base);
	if (!ret)
		ret = np_loaded_get(&client, &loaded, err);
	if (!ret) {
		ret = np_transaction_begin(&txn, &client, del->origin, &opts, err);
		if (!ret)
			ret = np_delete_objects(del, &loaded, &txn.encoder, err);
		if (!ret)
			np_confirm_send();
		if (!ret)
			ret = np_transaction_commit(&txn, del->dry, &del->generation, err);
		np_transaction_end(&txn);
	}
	np_confirm_end(&client, ret, del->results.count);
	np_loaded_free(&loaded);
	np_client_close(&client);
	return ret ? -1 : 0;
}

static const struct np_option_row np_delete_options[] = {
	NP_ROW_FILES,
	NP_ROW_RECURSIVE,
	{ "namespace", 'n', "NAME", "@namespaces",
	  "namespace of policies and pods that are named without one; by default default" },
	{ "origin", NP_OPT_ORIGIN, "NAME", "@origins", "on whose behalf; by default manual" },
	{ "ignore-not-found", NP_OPT_IGNORE, NULL, NULL,
	  "objects that are not loaded are no error" },
	{ "dry-run", NP_OPT_DRY_RUN, "MODE", "none kernel",
	  "change nothing: let the kernel do everything except publish it (kernel); none "
	  "(default)" },
	NP_ROW_CONFIRM,
	{ 0 }
};

static int np_delete_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_delete del = {
		.load.lenient = true,
		.namespace = "default",
		.origin = NP_MANUAL_ORIGIN,
	};
	struct np_error err = { 0 };
	bool named;
	int ret;

	np_objects_init(&del.objects);
	ret = np_options_parse(cmd, argc, argv, np_delete_take, &del);
	if (ret != NP_PARSE_DONE)
		goto out;
	if (np_common.confirm && del.dry) {
		ret = np_usage(cmd, "--confirm is for a change, and a dry run makes none");
		goto out;
	}
	named = optind < argc;
	if (named == !!del.file_count) {
		ret = np_usage(cmd, "delete takes either objects or -f FILE");
		goto out;
	}
	for (ret = 0; !ret && optind < argc; optind++)
		ret = np_delete_word(&del, argv[optind], &err);
	if (!ret && del.file_count)
		ret = np_delete_files(&del, &err);
	if (!ret)
		ret = np_delete_kernel(&del, &err);
	if (ret)
		ret = np_report(&err);
	else
		np_result_print(&del.results, "DeleteResult", del.dry,
				del.dry ? " (dry run)" : "", del.generation, NULL, NULL);
out:
	free(del.file);
	free(del.target);
	free(del.results.item);
	np_objects_free(&del.objects);
	return ret;
}

const struct np_command np_command_delete = {
	.name = "delete",
	.summary = "delete objects by name or by manifest",
	.usage = "delete OBJECT... [-n NAMESPACE] [OPTION...]\n"
		"delete -f FILE [-f FILE...] [OPTION...]",
	.about = "Deletes objects by name, or those that a manifest holds: all of them in one "
		"step, or none. OBJECT is policy/NAME, pod/NAME, namespace/NAME or "
		"clusternetworkpolicy/NAME (cnp/NAME); policy/NAMESPACE/NAME, as 'apply' "
		"prints it, works too. A namespace's pods and policies stay.",
	.options = np_delete_options,
	.examples = "netpolctl delete policy/allow-web -n shop\n"
		"netpolctl delete -f policies/ --ignore-not-found",
	.words = "@objects ...",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_NAME) |
		 NP_FORMAT_BIT(NP_FORMAT_JSON) | NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.changes = true,
	.run = np_delete_run,
};
