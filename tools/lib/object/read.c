// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads objects and lists of objects from nodes, by their kind. */
#include "object/read.h"

#include <string.h>

#include "object/convert.h"
#include "object/read_cluster.h"
#include "object/read_node.h"
#include "object/read_pod.h"
#include "object/read_policy.h"
#include "object/read_service.h"

static const struct np_list_kind np_lists[] = {
	{ "List", NULL, NULL },
	{ "NamespaceList", "v1", "Namespace" },
	{ "PodList", "v1", "Pod" },
	{ "NodeList", "v1", "Node" },
	{ "NetworkPolicyList", "networking.k8s.io/v1", "NetworkPolicy" },
	{ "ClusterNetworkPolicyList", NP_CLUSTER_API, "ClusterNetworkPolicy" },
};

/*
 * Reads a ClusterNetworkPolicy. Where the input is read leniently, what cannot be read of one is
 * closed, because to leave it out could open what it denies.
 */
static int np_decode_cluster(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path)
{
	struct np_mark mark = np_objects_mark(d->objs);
	struct np_errors *errors = d->errors;
	int ret;

	if (!d->lenient)
		return np_decode_cluster_policy(d, node, path);
	/* What is closed is no error. */
	d->errors = NULL;
	ret = np_decode_cluster_policy(d, node, path);
	if (ret) {
		np_objects_rewind(d->objs, &mark);
		ret = np_decode_cluster_policy_closed(d, node, path);
	}
	d->errors = errors;
	return ret;
}

static const struct {
	const char *kind;
	const char *api_version;
	int (*decode)(struct np_decode *d, const struct np_node *node,
		      const struct np_path *path);
} np_kinds[] = {
	{ "Namespace", "v1", np_decode_namespace },
	{ "Pod", "v1", np_decode_pod },
	{ "Node", "v1", np_decode_kube_node },
	{ "NetworkPolicy", "networking.k8s.io/v1", np_decode_policy },
	{ "ClusterNetworkPolicy", NP_CLUSTER_API, np_decode_cluster },
};

static void np_skip(struct np_decode *d, const struct np_node *node,
		    const char *api_version, const char *kind)
{
	const struct np_node *meta = np_node_get(node, "metadata"), *field;
	struct np_skipped *skipped = np_objects_add_skipped(d->objs);

	skipped->api_version = np_intern_str(d->objs, api_version);
	skipped->kind = np_intern_str(d->objs, kind);
	skipped->namespace = "";
	skipped->name = "";
	skipped->place = np_decode_place(d, node);
	field = meta ? np_node_get(meta, "namespace") : NULL;
	if (field && field->type == NP_NODE_STRING)
		skipped->namespace = np_intern_str(d->objs, field->text);
	field = meta ? np_node_get(meta, "name") : NULL;
	if (field && field->type == NP_NODE_STRING)
		skipped->name = np_intern_str(d->objs, field->text);
	if (!strcmp(kind, "Service") && !strcmp(api_version, "v1"))
		np_decode_service(d, node);
}

/*
 * True if a kind is a policy that another program enforces, such as Calico, Cilium or Antrea:
 * their names end alike. Lists of such kinds count too. So does a kind of another group that is
 * called as one that netpol knows.
 */
static bool np_is_other(const char *api_version, const char *kind)
{
	size_t len = strlen(kind), i;

	for (i = 0; i < NP_COUNT(np_kinds); i++)
		if (!strcmp(kind, np_kinds[i].kind))
			return true;
	if (len > 4 && !strcmp(kind + len - 4, "List"))
		len -= 4;
	return strchr(api_version, '/') && len >= 13 &&
	       !strncmp(kind + len - 13, "NetworkPolicy", 13);
}

/* True if an object of this kind was skipped before. */
static bool np_skipped_before(const struct np_decode *d, const char *api_version,
			      const char *kind)
{
	size_t i;

	for (i = d->objs->skipped_count; i-- > 0;)
		if (!strcmp(d->objs->skipped[i].kind, kind) &&
		    !strcmp(d->objs->skipped[i].api_version, api_version))
			return true;
	return false;
}

/* Says once for each such kind that it is not enforced. */
static void np_warn_kind(struct np_decode *d, const struct np_node *node,
			 const struct np_path *path, const char *api_version, const char *kind)
{
	if (np_is_other(api_version, kind) && !np_skipped_before(d, api_version, kind))
		np_warn(d, node, path, "%.100s of %.100s is not enforced, skipped", kind,
			api_version);
}

/*
 * Handles a policy of the kinds that came before ClusterNetworkPolicy. To skip it silently could
 * open what it denies, so it is an error, or a warning where the input is read leniently.
 */
static int np_refuse(struct np_decode *d, const struct np_node *node,
		     const struct np_path *path, const char *api_version, const char *kind)
{
	static const struct {
		const char *kind;
		const char *tier;
	} kinds[] = {
		{ "AdminNetworkPolicy", "Admin" }, { "BaselineAdminNetworkPolicy", "Baseline" },
	};
	static const char group[] = NP_CLUSTER_GROUP "/";
	size_t i, len;

	if (d->lenient || strncmp(api_version, group, strlen(group)))
		return 0;
	for (i = 0; i < NP_COUNT(kinds); i++) {
		len = strlen(kinds[i].kind);
		if (!strncmp(kind, kinds[i].kind, len) &&
		    (!kind[len] || !strcmp(kind + len, "List")))
			break;
	}
	if (i == NP_COUNT(kinds))
		return 0;
	np_fail(d, node, path, "%s is not enforced: ClusterNetworkPolicy took its place", kind);
	np_error_hint(d->err,
		      "'netpolctl convert -f FILE' writes it as a ClusterNetworkPolicy of tier %s; "
		      "or give --lenient to go on without what it allows and denies",
		      kinds[i].tier);
	return -1;
}

/*
 * Checks that the kind belongs to the API group that netpol knows it from. Returns 1 if it
 * does, 0 if it is another group's kind of that name, -1 if the version is not known.
 */
static int np_check_version(struct np_decode *d, const struct np_node *node,
			    const struct np_path *path, const char *have,
			    const char *want)
{
	const char *slash = strchr(want, '/');
	size_t group = slash ? (size_t)(slash - want) + 1 : 0;
	bool extensions = !strncmp(want, "networking.k8s.io/", 18);
	const struct np_node *field;

	if (!strcmp(have, want))
		return 1;
	if (strchr(have, '/') &&
	    (!group || (strncmp(have, want, group) &&
			(!extensions || strncmp(have, "extensions/", 11)))))
		return 0;
	field = np_node_get(node, "apiVersion");
	np_fail(d, field ? field : node, NP_FIELD(path, "apiVersion"),
		"\"%.100s\" is not supported for %s", have, d->kind);
	np_error_hint(d->err, "use %s", want);
	return -1;
}

static int np_decode_one(struct np_decode *d, const struct np_node *node,
			 const struct np_path *path, const struct np_list_kind *in);

static int np_decode_entries(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path,
			     const struct np_list_kind *list)
{
	const struct np_path *at = NP_FIELD(path, "items");
	const struct np_node *items, *item;
	uint32_t i = 0;

	if (np_go_on(d, NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata",
					"items")) ||
	    np_get(d, node, "items", NP_NODE_LIST, path, &items))
		return -1;
	for (item = items ? items->child : NULL; item; item = item->next, i++)
		if (np_decode_one(d, item, NP_INDEX(at, i), list))
			return -1;
	return 0;
}

/* Reads kind and apiVersion, or takes those that the list around the object implies. */
static int np_decode_kind(struct np_decode *d, const struct np_node *node,
			  const struct np_path *path,
			  const struct np_list_kind *in, const char **kind,
			  const char **api_version)
{
	d->kind = "";
	d->namespace = "";
	d->name = "";
	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    np_get_string(d, node, "kind", path, kind) ||
	    np_get_string(d, node, "apiVersion", path, api_version))
		return -1;
	if (in && in->kind && !**kind)
		*kind = in->kind;
	if (in && in->kind && !**api_version)
		*api_version = in->api_version;
	if (!**kind) {
		np_fail(d, node, NP_FIELD(path, "kind"), "is missing");
		np_error_hint(d->err,
			      "a Kubernetes object has apiVersion, kind and metadata");
		return -1;
	}
	if (!**api_version)
		return np_fail(d, node, NP_FIELD(path, "apiVersion"),
			       "is missing");
	d->kind = *kind;
	if (in && in->kind && strcmp(*kind, in->kind))
		return np_fail(d, np_node_get(node, "kind"),
			       NP_FIELD(path, "kind"),
			       "\"%.100s\" is in a %s", *kind, in->list);
	return 0;
}

static int np_decode_object(struct np_decode *d, const struct np_node *node,
			    const struct np_path *path,
			    const struct np_list_kind *in)
{
	const char *kind, *api_version;
	size_t i;
	int ret;

	if (np_decode_kind(d, node, path, in, &kind, &api_version))
		return -1;
	for (i = 0; i < NP_COUNT(np_kinds); i++) {
		if (strcmp(kind, np_kinds[i].kind))
			continue;
		ret = np_check_version(d, node, path, api_version,
				       np_kinds[i].api_version);
		if (ret > 0)
			return np_kinds[i].decode(d, node, path);
		if (ret < 0)
			return -1;
	}
	for (i = 0; i < NP_COUNT(np_lists); i++) {
		const char *version = np_lists[i].api_version;

		if (strcmp(kind, np_lists[i].list))
			continue;
		ret = np_check_version(d, node, path, api_version,
				       version ? version : "v1");
		if (ret > 0)
			return np_decode_entries(d, node, path, &np_lists[i]);
		if (ret < 0)
			return -1;
	}
	if (d->convert && np_convert_list(kind))
		return np_decode_entries(d, node, path, np_convert_list(kind));
	if (d->convert && np_convert_object(d->convert, d, node, path, api_version, kind))
		return 0;
	if (np_refuse(d, node, path, api_version, kind))
		return -1;
	np_warn_kind(d, node, path, api_version, kind);
	np_skip(d, node, api_version, kind);
	return 0;
}

/* Reads an object. Where errors are collected, one that has some is left out. */
static int np_decode_one(struct np_decode *d, const struct np_node *node,
			 const struct np_path *path, const struct np_list_kind *in)
{
	size_t errors = d->errors ? d->errors->count : 0;
	struct np_mark mark = np_objects_mark(d->objs);

	if (np_go_on(d, np_decode_object(d, node, path, in)))
		return -1;
	if (d->errors && d->errors->count != errors)
		np_objects_rewind(d->objs, &mark);
	return 0;
}

/* Sets list_kind, or list_foreign if the kind is no list of objects that netpol uses. */
static void np_list_of(struct np_decode *d, const struct np_node *node)
{
	const struct np_node *kind = np_node_get(node, "kind");
	size_t i;

	d->list_known = kind && kind->type == NP_NODE_STRING;
	d->list_kind = NULL;
	if (!d->list_known)
		return;
	for (i = 0; i < NP_COUNT(np_lists); i++)
		if (!strcmp(kind->text, np_lists[i].list))
			d->list_kind = &np_lists[i];
	if (d->convert && !d->list_kind)
		d->list_kind = np_convert_list(kind->text);
	d->list_foreign = !d->list_kind;
}

int np_decode_items_begin(void *arg, struct np_node *head,
			  struct np_error *err)
{
	struct np_decode *d = arg;

	d->err = err;
	d->mark = np_objects_mark(d->objs);
	d->pending = NULL;
	d->pending_tail = NULL;
	d->list_foreign = false;
	np_list_of(d, head);
	return 0;
}

int np_decode_item(void *arg, struct np_node *item, uint32_t index,
		   struct np_error *err)
{
	struct np_decode *d = arg;

	d->err = err;
	if (d->list_foreign)
		return 0;
	if (!d->list_known && !np_node_get(item, "kind")) {
		item->key_line = index;
		if (d->pending_tail)
			d->pending_tail->next = item;
		else
			d->pending = item;
		d->pending_tail = item;
		return 1;
	}
	return np_decode_one(d, item, NP_INDEX(NP_FIELD(NULL, "items"), index),
			     d->list_kind);
}

static int np_decode_pending(struct np_decode *d)
{
	struct np_node *item;

	for (item = d->pending; item; item = item->next)
		if (np_decode_one(d, item, NP_INDEX(NP_FIELD(NULL, "items"), item->key_line),
				  d->list_kind))
			return -1;
	return 0;
}

int np_decode_document(void *arg, struct np_node *root, bool items_read,
		       struct np_error *err)
{
	struct np_decode *d = arg;

	d->err = err;
	if (!root || root->type == NP_NODE_NULL)
		return 0;
	if (items_read) {
		bool known = d->list_known;

		np_list_of(d, root);
		/* The list is of a kind that netpol does not use, so nothing in it counts. */
		if (!d->list_kind)
			np_objects_rewind(d->objs, &d->mark);
		else if (!known && np_decode_pending(d))
			return -1;
	}
	return np_decode_one(d, root, NULL, NULL);
}
