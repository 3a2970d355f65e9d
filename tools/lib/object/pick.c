// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fields of an object of the API server that are read.
 */
#include "object/pick.h"

#include <stddef.h>

#include "object/object.h"

static const struct np_pick np_pick_port[] = {
	{ "name", NULL }, { "containerPort", NULL }, { "protocol", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_container[] = {
	{ "restartPolicy", NULL }, { "ports", np_pick_port }, { NULL, NULL },
};

static const struct np_pick np_pick_pod_spec[] = {
	{ "nodeName", NULL }, { "hostNetwork", NULL }, { "containers", np_pick_container },
	{ "initContainers", np_pick_container }, { NULL, NULL },
};

static const struct np_pick np_pick_address[] = { { "ip", NULL }, { NULL, NULL } };

static const struct np_pick np_pick_pod_status[] = {
	{ "phase", NULL }, { "podIP", NULL }, { "podIPs", np_pick_address }, { NULL, NULL },
};

/* Of the annotations only the one of a mirror pod is read; see struct np_pod. */
static const struct np_pick np_pick_annotations[] = { { NP_MIRROR_KEY, NULL }, { NULL, NULL } };

/* resourceVersion says nothing about the object. A list or a watch goes on from it. */
static const struct np_pick np_pick_pod_meta[] = {
	{ "name", NULL }, { "namespace", NULL }, { "uid", NULL }, { "labels", NULL },
	{ "annotations", np_pick_annotations }, { "creationTimestamp", NULL },
	{ "deletionTimestamp", NULL }, { "resourceVersion", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_audit[] = { { NP_AUDIT_KEY, NULL }, { NULL, NULL } };

static const struct np_pick np_pick_meta[] = {
	{ "name", NULL }, { "namespace", NULL }, { "uid", NULL }, { "labels", NULL },
	{ "annotations", np_pick_audit }, { "creationTimestamp", NULL },
	{ "deletionTimestamp", NULL }, { "resourceVersion", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_name[] = {
	{ "name", NULL }, { "namespace", NULL }, { "uid", NULL }, { "resourceVersion", NULL },
	{ NULL, NULL },
};

static const struct np_pick np_pick_taint[] = { { "key", NULL }, { NULL, NULL } };

static const struct np_pick np_pick_node_spec[] = {
	{ "podCIDR", NULL }, { "podCIDRs", NULL }, { "taints", np_pick_taint }, { NULL, NULL },
};

/* kubelet writes the status of a Node every few minutes at least, and most of it is not needed. */
static const struct np_pick np_pick_node_address[] = {
	{ "type", NULL }, { "address", NULL }, { NULL, NULL },
};

const struct np_pick np_pick_node_annotations[] = {
	{ "projectcalico.org/IPv4IPIPTunnelAddr", NULL },
	{ "projectcalico.org/IPv4VXLANTunnelAddr", NULL },
	{ "projectcalico.org/IPv6VXLANTunnelAddr", NULL },
	{ "projectcalico.org/IPv4WireguardInterfaceAddr", NULL },
	{ "projectcalico.org/IPv6WireguardInterfaceAddr", NULL },
	[NP_PICK_TUNNELS] = { NP_FLANNEL_BACKEND, NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_kube_node_meta[] = {
	{ "name", NULL }, { "uid", NULL }, { "labels", NULL },
	{ "annotations", np_pick_node_annotations }, { "resourceVersion", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_kube_node_spec[] = {
	{ "podCIDR", NULL }, { "podCIDRs", NULL }, { NULL, NULL },
};

static const struct np_pick np_pick_node_status[] = {
	{ "addresses", np_pick_node_address }, { NULL, NULL },
};

const struct np_pick np_pick_namespace[] = {
	{ "metadata", np_pick_meta }, { NULL, NULL },
};

const struct np_pick np_pick_pod[] = {
	{ "metadata", np_pick_pod_meta }, { "spec", np_pick_pod_spec },
	{ "status", np_pick_pod_status }, { NULL, NULL },
};

/* The spec is read whole, because an unknown field may narrow what the policy allows. */
static const struct np_pick np_pick_policy_meta[] = {
	{ "name", NULL }, { "namespace", NULL }, { "uid", NULL },
	{ "annotations", np_pick_audit }, { "resourceVersion", NULL }, { NULL, NULL },
};

const struct np_pick np_pick_policy[] = {
	{ "metadata", np_pick_policy_meta }, { "spec", NULL }, { NULL, NULL },
};

const struct np_pick np_pick_node[] = {
	{ "metadata", np_pick_name }, { "spec", np_pick_node_spec }, { NULL, NULL },
};

const struct np_pick np_pick_kube_node[] = {
	{ "metadata", np_pick_kube_node_meta }, { "spec", np_pick_kube_node_spec },
	{ "status", np_pick_node_status }, { NULL, NULL },
};
