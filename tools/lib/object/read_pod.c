// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Turns nodes into struct np_pod and struct np_namespace. The schema of a pod is huge and
 * grows, so only the fields that are needed are read in its spec and status. But a misspelt
 * field could leave a pod without labels or without an address, and then no policy would reach
 * it; so a name that differs from a needed field by a letter is an error.
 */
#include <stdlib.h>
#include <string.h>

#include "object/read_pod.h"
#include "base/loop.h"
#include "object/validate.h"

/* Far more than a pod can have. There is a limit because ports are compared with each other. */
#define NP_POD_PORTS_MAX 1024

#define NP_NAME_LABEL "kubernetes.io/metadata.name"

/* The API server sets this label since Kubernetes 1.21, and nobody else can change it. */
static void np_set_name_label(struct np_decode *d, const struct np_node *node,
			      const struct np_path *path,
			      struct np_namespace *namespace)
{
	struct np_labels *labels = &namespace->labels;
	struct np_label *item;
	uint32_t i, j;

	for (i = 0; i < labels->count; i++) {
		int order = strcmp(labels->item[i].key, NP_NAME_LABEL);

		if (order > 0)
			break;
		if (order)
			continue;
		if (strcmp(labels->item[i].value, namespace->name)) {
			np_warn(d, node, NP_FIELD(path, "metadata"),
				"label " NP_NAME_LABEL " is \"%.63s\", taken as \"%.63s\"",
				labels->item[i].value, namespace->name);
			labels->item[i].value = namespace->name;
		}
		return;
	}
	item = np_arena_zalloc(&d->objs->arena,
			       (labels->count + 1) * sizeof(*item));
	for (j = 0; j < labels->count; j++)
		item[j + (j >= i)] = labels->item[j];
	item[i].key = np_intern_str(d->objs, NP_NAME_LABEL);
	item[i].value = namespace->name;
	labels->item = item;
	labels->count++;
}

int np_decode_namespace(struct np_decode *d, const struct np_node *node,
			const struct np_path *path)
{
	struct np_namespace namespace = { .place = np_decode_place(d, node) };
	struct np_meta meta;

	if (np_decode_meta(d, node, path, NP_SCOPE_OF_NAMESPACE, &meta) ||
	    NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata",
			    "spec", "status"))
		return -1;
	namespace.name = meta.name;
	namespace.labels = meta.labels;
	np_decode_audit(d, &meta, path, &namespace.audit_asked, NULL);
	np_set_name_label(d, node, path, &namespace);
	*np_objects_add_namespace(d->objs) = namespace;
	return 0;
}

static int np_decode_address(struct np_decode *d, const struct np_node *node,
			     const struct np_path *path, struct np_pod *pod)
{
	struct np_address addr;
	const char *wrong;
	uint32_t i;

	if (!node || !node->count)
		return 0;
	wrong = np_address_parse(node->text, &addr);
	if (wrong && d->lenient) {
		np_warn(d, node, path, "\"%.60s\" %s, ignored", node->text,
			wrong);
		return 0;
	}
	if (wrong)
		return np_fail(d, node, path, "\"%.60s\" %s", node->text,
			       wrong);
	for (i = 0; i < pod->address_count; i++)
		if (!memcmp(&pod->address[i], &addr, sizeof(addr)))
			return 0;
	if (pod->address_count == NP_POD_ADDRESSES_MAX)
		return np_fail(d, node, path,
			       "a pod has more than %u addresses",
			       NP_POD_ADDRESSES_MAX);
	pod->address[pod->address_count++] = addr;
	return 0;
}

static int np_decode_phase(struct np_decode *d, const struct np_node *status,
			   const struct np_path *path, struct np_pod *pod)
{
	const struct np_node *field;

	if (np_get(d, status, "phase", NP_NODE_STRING, path, &field))
		return -1;
	if (!field || !field->count)
		return 0;
	for (pod->phase = NP_PHASE_PENDING; pod->phase < NP_PHASE_UNKNOWN;
	     pod->phase++)
		if (!strcmp(field->text, np_phase_name(pod->phase)))
			return 0;
	if (!strcmp(field->text, "Unknown") || d->lenient)
		return 0;
	return np_fail(d, field, NP_FIELD(path, "phase"),
		       "\"%.60s\" must be Pending, Running, Succeeded, Failed or Unknown",
		       field->text);
}

static int np_decode_status(struct np_decode *d, const struct np_node *status,
			    const struct np_path *path, struct np_pod *pod)
{
	const struct np_path *at = NP_FIELD(path, "podIPs");
	const struct np_node *list, *entry, *field;
	uint32_t i = 0;

	if (NP_CHECK_MISSPELT(d, status, path, "phase", "podIP", "podIPs") ||
	    np_decode_phase(d, status, path, pod) ||
	    np_get(d, status, "podIPs", NP_NODE_LIST, path, &list))
		return -1;
	pod->address = np_arena_zalloc(&d->objs->arena,
				       ((list ? list->count : 0) + 1) *
				       sizeof(*pod->address));
	for (entry = list ? list->child : NULL; entry;
	     entry = entry->next, i++) {
		const struct np_path *one = NP_INDEX(at, i);

		if (np_expect(d, entry, NP_NODE_MAP, one) ||
		    NP_CHECK_FIELDS(d, entry, one, "ip") ||
		    np_get(d, entry, "ip", NP_NODE_STRING, one, &field) ||
		    np_decode_address(d, field, NP_FIELD(one, "ip"), pod))
			return -1;
	}
	if (np_get(d, status, "podIP", NP_NODE_STRING, path, &field))
		return -1;
	return np_decode_address(d, field, NP_FIELD(path, "podIP"), pod);
}

/* The named ports found so far. The array grows outside the arena. */
struct np_port_list {
	struct np_named_port *item;
	uint32_t count;
};

static void np_add_named_port(struct np_port_list *ports,
			      const struct np_named_port *port)
{
	uint32_t i;

	for (i = 0; i < ports->count; i++)
		if (ports->item[i].name == port->name &&
		    ports->item[i].number == port->number &&
		    ports->item[i].protocol == port->protocol)
			return;
	ports->item = np_array_grow(ports->item, ports->count, sizeof(*ports->item));
	ports->item[ports->count++] = *port;
}

static int np_decode_container_port(struct np_decode *d,
				    const struct np_node *node,
				    const struct np_path *path,
				    struct np_port_list *ports)
{
	const struct np_node *name, *number, *protocol;
	struct np_named_port port = { 0 };
	const char *wrong;

	if (np_expect(d, node, NP_NODE_MAP, path) ||
	    NP_CHECK_FIELDS(d, node, path, "name", "containerPort", "protocol",
			    "hostPort", "hostIP") ||
	    np_get(d, node, "name", NP_NODE_STRING, path, &name))
		return -1;
	if (!name || !name->count)
		return 0;
	wrong = np_check_port_name(name->text);
	if (wrong)
		return np_fail(d, name, NP_FIELD(path, "name"),
			       "\"%.60s\" is no port name: it %s", name->text,
			       wrong);
	if (np_need(d, node, "containerPort", NP_NODE_INT, path, &number))
		return -1;
	if (number->number < 1 || number->number > 65535)
		return np_fail(d, number, NP_FIELD(path, "containerPort"),
			       "%lld must be 1 to 65535",
			       (long long)number->number);
	if (np_get(d, node, "protocol", NP_NODE_STRING, path, &protocol) ||
	    np_decode_protocol(d, protocol, NP_FIELD(path, "protocol"),
			       &port.protocol))
		return -1;
	if (ports->count == NP_POD_PORTS_MAX)
		return np_fail(d, node, path,
			       "a pod has more than %u named ports",
			       NP_POD_PORTS_MAX);
	np_breathe();
	port.name = np_intern_str(d->objs, name->text);
	port.number = number->number;
	np_add_named_port(ports, &port);
	return 0;
}

/*
 * An init container counts only if it is a sidecar, which keeps running beside the pod's
 * containers.
 */
static int np_decode_containers(struct np_decode *d,
				const struct np_node *spec,
				const struct np_path *up, const char *key,
				bool init, struct np_port_list *ports)
{
	const struct np_path *path = NP_FIELD(up, key);
	const struct np_node *list, *container, *field, *entry;
	uint32_t i = 0, j;

	if (np_get(d, spec, key, NP_NODE_LIST, up, &list))
		return -1;
	for (container = list ? list->child : NULL; container;
	     container = container->next, i++) {
		const struct np_path *one = NP_INDEX(path, i);
		const struct np_path *at = NP_FIELD(one, "ports");

		if (np_expect(d, container, NP_NODE_MAP, one) ||
		    NP_CHECK_MISSPELT(d, container, one, "ports",
				      "restartPolicy") ||
		    np_get(d, container, "restartPolicy", NP_NODE_STRING, one,
			   &field))
			return -1;
		if (init && (!field || strcmp(field->text, "Always")))
			continue;
		if (np_get(d, container, "ports", NP_NODE_LIST, one, &field))
			return -1;
		entry = field ? field->child : NULL;
		for (j = 0; entry; entry = entry->next, j++)
			if (np_go_on(d, np_decode_container_port(d, entry, NP_INDEX(at, j),
								 ports)))
				return -1;
	}
	return 0;
}

/* Adds the addresses of a list such as "169.254.20.10,10.96.0.10". Others are left out. */
static void np_add_listen(struct np_decode *d, const char *list, struct np_pod *pod)
{
	char text[NP_CIDR_TEXT];
	struct np_address *grown, addr;
	size_t len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len >= sizeof(text) || pod->listen_count == NP_POD_ADDRESSES_MAX)
			return;
		memcpy(text, list, len);
		text[len] = '\0';
		if (np_address_parse(text, &addr))
			continue;
		grown = np_arena_alloc(&d->objs->arena,
				       (pod->listen_count + 1) * sizeof(*grown));
		if (pod->listen_count)
			memcpy(grown, pod->listen, pod->listen_count * sizeof(*grown));
		grown[pod->listen_count++] = addr;
		pod->listen = grown;
	}
}

/* Finds -localip LIST, which may also be written as -localip=LIST and with two dashes. */
static void np_find_listen(struct np_decode *d, const struct np_node *spec, const char *key,
			   struct np_pod *pod)
{
	const struct np_node *list = np_node_get(spec, "containers"), *arg;
	const char *text;

	for (list = list ? list->child : NULL; list; list = list->next) {
		arg = np_node_get(list, key);
		if (!arg || arg->type != NP_NODE_LIST)
			continue;
		for (arg = arg->child; arg; arg = arg->next) {
			if (arg->type != NP_NODE_STRING)
				continue;
			text = arg->text + strspn(arg->text, "-");
			if (!strncmp(text, "localip=", 8))
				np_add_listen(d, text + 8, pod);
			else if (!strcmp(text, "localip") && arg->next &&
				 arg->next->type == NP_NODE_STRING)
				np_add_listen(d, arg->next->text, pod);
		}
	}
}

static int np_decode_pod_spec(struct np_decode *d, const struct np_node *spec,
			      const struct np_path *path, struct np_pod *pod)
{
	struct np_port_list ports = { 0 };
	const struct np_node *field;
	size_t size;
	int ret;

	if (NP_CHECK_MISSPELT(d, spec, path, "containers", "initContainers",
			      "hostNetwork", "nodeName") ||
	    np_get_string(d, spec, "nodeName", path, &pod->node) ||
	    np_get(d, spec, "hostNetwork", NP_NODE_BOOL, path, &field))
		return -1;
	pod->host_network = field && field->truth;
	ret = np_decode_containers(d, spec, path, "containers", false, &ports);
	if (!ret)
		ret = np_decode_containers(d, spec, path, "initContainers",
					   true, &ports);
	if (!ret && ports.count) {
		size = ports.count * sizeof(*pod->port);
		pod->port = np_arena_alloc(&d->objs->arena, size);
		memcpy(pod->port, ports.item, size);
		pod->port_count = ports.count;
	}
	if (!ret && pod->host_network) {
		np_find_listen(d, spec, "args", pod);
		np_find_listen(d, spec, "command", pod);
	}
	free(ports.item);
	return ret;
}

/*
 * Finds the workload. What is malformed here is passed over: no policy asks for it. A Deployment
 * names its ReplicaSets by its own name and the value of a label that their pods have.
 */
static const char *np_find_owner(struct np_decode *d, const struct np_meta *meta)
{
	const struct np_node *list = meta->owners, *item, *truth;
	const char *name, *hash;
	size_t len, tail;

	item = list && list->type == NP_NODE_LIST ? list->child : NULL;
	for (; item; item = item->next) {
		truth = item->type == NP_NODE_MAP ? np_node_get(item, "controller") : NULL;
		if (truth && truth->type == NP_NODE_BOOL && truth->truth)
			break;
	}
	if (!item)
		return "";
	name = np_node_text(item, "name");
	len = strlen(name);
	hash = np_labels_get(&meta->labels, "pod-template-hash");
	tail = hash ? strlen(hash) : 0;
	if (tail && !strcmp(np_node_text(item, "kind"), "ReplicaSet") && len > tail + 1 &&
	    name[len - tail - 1] == '-' && !strcmp(name + len - tail, hash))
		len -= tail + 1;
	return np_intern(d->objs, name, len);
}

int np_decode_pod(struct np_decode *d, const struct np_node *node,
		  const struct np_path *path)
{
	struct np_pod pod = { .node = "", .place = np_decode_place(d, node) };
	const struct np_node *spec, *status;
	struct np_meta meta;

	if (np_decode_meta(d, node, path, NP_SCOPE_NAMESPACED, &meta) ||
	    NP_CHECK_FIELDS(d, node, path, "apiVersion", "kind", "metadata",
			    "spec", "status") ||
	    np_get(d, node, "spec", NP_NODE_MAP, path, &spec) ||
	    np_get(d, node, "status", NP_NODE_MAP, path, &status))
		return -1;
	pod.namespace = meta.namespace;
	pod.name = meta.name;
	pod.uid = meta.uid;
	pod.mirror = np_intern_str(d->objs, np_node_text(meta.annotations, NP_MIRROR_KEY));
	pod.owner = np_find_owner(d, &meta);
	pod.labels = meta.labels;
	pod.created = meta.created;
	pod.deleting = meta.deleting;
	if (spec &&
	    np_go_on(d, np_decode_pod_spec(d, spec, NP_FIELD(path, "spec"), &pod)))
		return -1;
	if (status &&
	    np_decode_status(d, status, NP_FIELD(path, "status"), &pod))
		return -1;
	*np_objects_add_pod(d->objs) = pod;
	return 0;
}

static void np_closed_address(struct np_pod *pod, const char *text)
{
	struct np_address address;
	uint32_t i;

	if (pod->address_count == NP_POD_ADDRESSES_MAX || np_address_parse(text, &address))
		return;
	for (i = 0; i < pod->address_count; i++)
		if (!memcmp(&pod->address[i], &address, sizeof(address)))
			return;
	pod->address[pod->address_count++] = address;
}

int np_decode_pod_closed(struct np_decode *d, const struct np_node *node)
{
	const struct np_node *meta = np_node_get(node, "metadata"), *list, *item;
	const struct np_node *spec = np_node_get(node, "spec"), *host;
	const struct np_node *status = np_node_get(node, "status");
	const char *name = np_node_text(meta, "name"), *phase;
	struct np_pod pod = { .place = np_decode_place(d, node) };
	const char *namespace = np_node_text(meta, "namespace");

	if (!*name || !*namespace || np_check_dns_subdomain(name) || np_check_dns_label(namespace))
		return -1;
	pod.namespace = np_intern_str(d->objs, namespace);
	pod.name = np_intern_str(d->objs, name);
	pod.uid = np_intern_str(d->objs, np_node_text(meta, "uid"));
	pod.mirror = np_intern_str(d->objs, np_node_text(np_node_get(meta, "annotations"),
							 NP_MIRROR_KEY));
	pod.node = np_intern_str(d->objs, np_node_text(spec, "nodeName"));
	host = np_node_get(spec, "hostNetwork");
	pod.host_network = host && host->type == NP_NODE_BOOL && host->truth;
	phase = np_node_text(status, "phase");
	for (pod.phase = NP_PHASE_PENDING; pod.phase < NP_PHASE_UNKNOWN; pod.phase++)
		if (!strcmp(phase, np_phase_name(pod.phase)))
			break;
	pod.address = np_arena_zalloc(&d->objs->arena,
				      NP_POD_ADDRESSES_MAX * sizeof(*pod.address));
	list = np_node_get(status, "podIPs");
	for (item = list && list->type == NP_NODE_LIST ? list->child : NULL; item;
	     item = item->next)
		np_closed_address(&pod, np_node_text(item, "ip"));
	np_closed_address(&pod, np_node_text(status, "podIP"));
	*np_objects_add_pod(d->objs) = pod;
	return 0;
}
