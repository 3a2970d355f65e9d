// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads objects of the API by the functions that read manifests, so that both mean the same.
 */
#include "agent/desired_decode.h"

#include <stdlib.h>
#include <string.h>

#include "object/read_pod.h"
#include "object/read_policy.h"
#include "object/validate.h"

int np_desired_decode(struct np_desired *d, enum np_source_kind kind,
		      const struct np_node *object, bool *closed, struct np_error *err)
{
	static const char * const name[NP_SOURCE_KINDS] = {
		[NP_SOURCE_NAMESPACE] = "Namespace", [NP_SOURCE_POD] = "Pod",
		[NP_SOURCE_POLICY] = "NetworkPolicy",
	};
	struct np_decode decode = {
		.objs = &d->scratch,
		.err = err,
		.file = "",
		.lenient = true,
		.known_only = kind == NP_SOURCE_POLICY,
		.kind = name[kind],
		.namespace = "",
		.name = "",
	};
	struct np_error ignored;

	*closed = false;
	np_objects_reset(&d->scratch);
	if (object->type != NP_NODE_MAP)
		return np_error_set(err, NP_EXIT_INPUT, "the object is %s",
				    np_node_type_name(object));
	switch (kind) {
	case NP_SOURCE_NAMESPACE:
		return np_decode_namespace(&decode, object, NULL);
	case NP_SOURCE_POD:
		if (!np_decode_pod(&decode, object, NULL))
			return 0;
		np_objects_reset(&d->scratch);
		*closed = !np_decode_pod_closed(&decode, object);
		return *closed ? 0 : -1;
	default:
		break;
	}
	if (!np_decode_policy(&decode, object, NULL))
		return 0;
	decode.err = &ignored;
	*closed = !np_decode_policy_closed(&decode, object, NULL);
	return *closed ? 0 : -1;
}

static int np_node_cidr(const struct np_node *item, struct np_cidr *cidr, struct np_error *err)
{
	const char *wrong;

	if (item->type != NP_NODE_STRING)
		return np_error_set(err, NP_EXIT_INPUT, "an entry of podCIDRs is not a string");
	wrong = np_cidr_parse(item->text, cidr);
	if (wrong)
		return np_error_set(err, NP_EXIT_INPUT, "podCIDR \"%.60s\" %s", item->text,
				    wrong);
	return 0;
}

int np_desired_decode_node(struct np_desired *d, const struct np_node *object,
			   struct np_error *err)
{
	const struct np_node *spec = np_node_get(object, "spec"), *item;
	const struct np_node *list = np_node_get(spec, "podCIDRs");
	const struct np_node *one = np_node_get(spec, "podCIDR");
	struct np_cidr *cidr;
	size_t count = 0;
	int ret = 0;

	/* Its name is what commits wait for, and that could be read. */
	d->node_seen = true;
	if (list && list->type != NP_NODE_LIST)
		list = NULL;
	cidr = np_xcalloc((list ? list->count : 0) + 1, sizeof(*cidr));
	for (item = list ? list->child : NULL; item && !ret; item = item->next)
		ret = np_node_cidr(item, &cidr[count++], err);
	if (!count && one && one->type != NP_NODE_NULL)
		ret = np_node_cidr(one, &cidr[count++], err);
	if (ret) {
		free(cidr);
		return -1;
	}
	d->node_read = true;
	/* A Node that was registered again has no podCIDR at first, but its pods still run. */
	if (!count) {
		free(cidr);
		return 0;
	}
	free(d->pod_cidr);
	d->pod_cidr = cidr;
	d->pod_cidr_count = count;
	return 0;
}
