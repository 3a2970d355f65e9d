// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An extended acknowledgment names the attribute that the kernel refused by its offset in
 * the request. This finds the object and the path of names that lead to that attribute.
 */
#include "netlink/place.h"
#include "netlink/decode.h"
#include "netlink/schema.h"

#include <string.h>

/* The attribute of a type; NULL if the schema, which may be NULL, has none. */
static const struct np_schema_attr *schema_attr(const struct np_schema *schema,
						unsigned int type)
{
	if (!schema || type > schema->max || !schema->attr[type].name)
		return NULL;
	return &schema->attr[type];
}

static void path_add(struct np_error *err, const struct np_schema *schema, unsigned int type)
{
	const struct np_schema_attr *attr = schema_attr(schema, type);
	size_t used = strlen(err->path), room = sizeof(err->path) - used;

	if (attr)
		snprintf(err->path + used, room, "%s%s", used ? "." : "", attr->name);
	else
		snprintf(err->path + used, room, "%sattribute %u", used ? "." : "", type);
}

/* Sets err->object to "Pod shop/cart-0" and the like, from the attributes of the object. */
static void name_object(const struct nlattr *nest, unsigned int type, struct np_error *err)
{
	const char *kind = type == NETPOL_A_NAMESPACE ? "Namespace" :
			   type == NETPOL_A_POD ? "Pod" : "NetworkPolicy";
	char space[NETPOL_NAMESPACE_MAX + 1] = "", name[NETPOL_NAME_MAX + 1] = "";
	int at_space = 0, at_name = NETPOL_NAMESPACE_A_NAME, left;
	struct nlattr *attr;

	if (type == NETPOL_A_POD) {
		at_space = NETPOL_POD_A_NAMESPACE;
		at_name = NETPOL_POD_A_NAME;
	} else if (type == NETPOL_A_POLICY) {
		at_space = NETPOL_POLICY_A_NAMESPACE;
		at_name = NETPOL_POLICY_A_NAME;
	}
	nla_for_each_nested(attr, (struct nlattr *)nest, left) {
		if (type == NETPOL_A_POLICY && nla_type(attr) == NETPOL_POLICY_A_KIND &&
		    nla_len(attr) == 1 && nla_get_u8(attr) == NETPOL_KIND_CLUSTER_NETWORK_POLICY)
			kind = "ClusterNetworkPolicy";
		if (at_space && nla_type(attr) == at_space)
			nla_strlcpy(space, attr, sizeof(space));
		else if (nla_type(attr) == at_name)
			nla_strlcpy(name, attr, sizeof(name));
	}
	snprintf(err->object, sizeof(err->object), "%s %s%s%s", kind, space, *space ? "/" : "",
		 name);
}

/*
 * Adds the attributes that hold the byte at @offset to the path, outermost first. An
 * offset of an attribute's header means that attribute, for the kernel points there.
 * Returns what is inside the innermost one; NULL if it is no nest.
 */
static const struct np_schema *walk(const struct nlmsghdr *nlh, uint32_t offset,
				    struct np_error *err)
{
	const struct np_schema *schema = &np_netpol_schema;
	const struct np_schema_attr *known;
	const char *base = (const char *)nlh;
	struct nlattr *attr;
	unsigned int type;
	size_t start;
	int left;

	attr = np_message_attrs(nlh, &left);
	while (nla_ok(attr, left)) {
		type = nla_type(attr);
		if (schema == &np_netpol_schema &&
		    (type == NETPOL_A_NAMESPACE || type == NETPOL_A_POD ||
		     type == NETPOL_A_POLICY))
			name_object(attr, type, err);
		start = (const char *)attr - base;
		if (offset >= start + NLA_ALIGN(attr->nla_len)) {
			attr = nla_next(attr, &left);
			continue;
		}
		if (offset < start)
			break;
		/* Label sets and deletions belong to no object before them. */
		if (schema == &np_netpol_schema &&
		    (type < NETPOL_A_NAMESPACE || type > NETPOL_A_PORT))
			err->object[0] = '\0';
		path_add(err, schema, type);
		known = schema_attr(schema, type);
		schema = known ? known->nest : NULL;
		if (!schema || offset < start + NLA_HDRLEN + 1)
			break;
		left = nla_len(attr);
		attr = nla_data(attr);
	}
	return schema;
}

void np_message_at(const struct nlmsghdr *nlh, uint32_t offset, struct np_error *err)
{
	if (offset < NLMSG_HDRLEN || offset >= nlh->nlmsg_len)
		return;
	err->object[0] = '\0';
	err->path[0] = '\0';
	walk(nlh, offset, err);
}

void np_message_missing(const struct nlmsghdr *nlh, uint32_t nest, uint32_t type,
			struct np_error *err)
{
	const struct np_schema *schema = &np_netpol_schema;

	err->object[0] = '\0';
	err->path[0] = '\0';
	if (nest >= NLMSG_HDRLEN && nest < nlh->nlmsg_len)
		schema = walk(nlh, nest, err);
	path_add(err, schema, type);
}
