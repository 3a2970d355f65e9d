// SPDX-License-Identifier: GPL-2.0-or-later
/* The ends of a connection as people name them. */
#include "explain/end.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/say.h"
#include "object/lint_match.h"
#include "object/validate.h"

#define NP_MADE_UP	"label:"

/* Addresses that are looked at for one that nobody has, and hosts of a network among them. */
#define NP_FREE_TRIES	4096
#define NP_FREE_HOSTS	254

bool np_end_parse(const char *text, struct np_named_end *end)
{
	const char *slash = strchr(text, '/'), *at = strrchr(text, '@');

	memset(end, 0, sizeof(*end));
	end->text = text;
	if (!strcmp(text, "world") || !strcmp(text, "host")) {
		end->kind = *text == 'w' ? NP_END_WORLD : NP_END_HOST;
		return true;
	}
	if (!strncmp(text, NP_MADE_UP, strlen(NP_MADE_UP))) {
		end->kind = NP_END_MADE_UP;
		return at && !np_check_dns_label(at + 1);
	}
	if (!np_address_parse(text, &end->end.address)) {
		end->kind = NP_END_ADDRESS;
		return true;
	}
	end->kind = NP_END_POD;
	if (!slash || slash == text || !slash[1] || strchr(slash + 1, '/') ||
	    (size_t)(slash - text) >= sizeof(end->end.namespace) ||
	    strlen(slash + 1) >= sizeof(end->end.name))
		return false;
	memcpy(end->end.namespace, text, slash - text);
	strcpy(end->end.name, slash + 1);
	return true;
}

static const struct np_pod *np_end_pod(const struct np_objects *objs, const struct np_end *end)
{
	size_t i;

	for (i = 0; i < objs->pod_count; i++)
		if (!strcmp(objs->pods[i].namespace, end->namespace) &&
		    !strcmp(objs->pods[i].name, end->name))
			return &objs->pods[i];
	return NULL;
}

/* A name that no pod has may be that of a workload: its first usable pod in order of names. */
static void np_end_workload(const struct np_objects *objs, struct np_named_end *named)
{
	struct np_end *end = &named->end;
	const struct np_pod *pod, *first = NULL;
	size_t i, count = 0;

	if (np_end_pod(objs, end))
		return;
	for (i = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		if (!pod->owner || strcmp(pod->owner, end->name) ||
		    strcmp(pod->namespace, end->namespace) || !np_pod_usable(pod))
			continue;
		count++;
		if (!first || strcmp(pod->name, first->name) < 0)
			first = pod;
	}
	if (!first)
		return;
	named->workload = true;
	snprintf(named->note, sizeof(named->note), "workload of %zu pod%s, asked for %s", count,
		 count == 1 ? "" : "s", first->name);
	snprintf(end->name, sizeof(end->name), "%s", first->name);
}

/* The i-th address that is tried: those for documentation first, then any. */
static void np_free_candidate(uint8_t family, uint32_t i, struct np_address *address)
{
	static const uint8_t net4[][3] = { { 203, 0, 113 }, { 198, 51, 100 }, { 192, 0, 2 } };
	static const uint8_t net6[] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint8_t *to = address->addr;

	memset(address, 0, sizeof(*address));
	address->family = family;
	if (family == AF_INET6) {
		memcpy(to, net6, sizeof(net6));
		to[0] ^= (uint8_t)(i / NP_FREE_HOSTS % 8 << 1);
		to[4] = (uint8_t)(i / NP_FREE_HOSTS * 37);
		to[15] = (uint8_t)(i % NP_FREE_HOSTS + 1);
	} else if (i < 3 * NP_FREE_HOSTS) {
		memcpy(to, net4[i / NP_FREE_HOSTS], 3);
		to[3] = (uint8_t)(i % NP_FREE_HOSTS + 1);
	} else {
		to[0] = (uint8_t)(1 + i * 89 % 223);
		to[1] = (uint8_t)(i * 57);
		to[2] = (uint8_t)(i * 31);
		to[3] = (uint8_t)(i % NP_FREE_HOSTS + 1);
		to[0] = to[0] == 10 || to[0] == 127 ? 11 : to[0];
	}
}

/* other: the other end, whose address is not free either */
static bool np_free_of_pods(const struct np_objects *objs, const struct np_named_end *other,
			    const struct np_address *address)
{
	const struct np_pod *pod;
	uint32_t k;
	size_t i;

	if (!memcmp(&other->end.address, address, sizeof(*address)))
		return false;
	for (i = 0; i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		for (k = 0; k < pod->address_count; k++)
			if (!memcmp(&pod->address[k], address, sizeof(*address)))
				return false;
	}
	return true;
}

/* False if a block holds the address, but for a block of everything, or an except does. */
static bool np_free_of_rules(const struct np_rule *rule, uint32_t count,
			     const struct np_address *address)
{
	const struct np_ipblock *block;
	struct np_ipblock one = { 0 };
	uint32_t i, k, n;

	for (i = 0; i < count; i++) {
		for (k = 0; k < rule[i].peer_count; k++) {
			block = rule[i].peer[k].ipblock;
			for (n = 0; block && n <= block->except_count; n++) {
				one.cidr = n ? block->except[n - 1] : block->cidr;
				if (one.cidr.length && np_lint_block_holds(&one, address))
					return false;
			}
		}
	}
	return true;
}

static bool np_free_of_blocks(const struct np_objects *objs, const struct np_address *address)
{
	const struct np_policy *policy;
	size_t i;

	for (i = 0; i < objs->policy_count; i++) {
		policy = &objs->policies[i];
		if (!np_free_of_rules(policy->ingress, policy->ingress_count, address) ||
		    !np_free_of_rules(policy->egress, policy->egress_count, address))
			return false;
	}
	return true;
}

/*
 * Finds an address that no pod has and, if there is one among those that are tried, no block
 * either. Returns whether no block has it.
 */
static bool np_free_address(const struct np_objects *objs, const struct np_named_end *other,
			    uint8_t family, struct np_address *address)
{
	uint32_t i;

	for (i = 0; i < NP_FREE_TRIES; i++) {
		np_free_candidate(family, i, address);
		if (np_free_of_pods(objs, other, address) && np_free_of_blocks(objs, address))
			return true;
	}
	for (i = 0; i < NP_FREE_TRIES; i++) {
		np_free_candidate(family, i, address);
		if (np_free_of_pods(objs, other, address))
			break;
	}
	return false;
}

static void np_end_world(const struct np_objects *objs, uint8_t family, struct np_named_end *named,
			 const struct np_named_end *other)
{
	bool clear = np_free_address(objs, other, family, &named->end.address);
	char text[NP_CIDR_TEXT];

	snprintf(named->note, sizeof(named->note), "%s, which is no pod's%s",
		 np_address_text(&named->end.address, text),
		 clear ? " and in no block but those of all addresses" :
			 ", and is in a block of a policy");
}

/* The node of the other end has the addresses of its pods on the network of the host. */
static int np_end_host(const struct np_objects *objs, uint8_t family, struct np_named_end *named,
		       const struct np_named_end *other, struct np_error *err)
{
	const struct np_pod *of = *other->end.name ? np_end_pod(objs, &other->end) : NULL, *pod;
	char text[NP_CIDR_TEXT];
	uint32_t k;
	size_t i;

	for (i = 0; of && *of->node && i < objs->pod_count; i++) {
		pod = &objs->pods[i];
		for (k = 0; pod->host_network && k < pod->address_count; k++) {
			if (pod->address[k].family != family || strcmp(pod->node, of->node))
				continue;
			named->end.address = pod->address[k];
			snprintf(named->note, sizeof(named->note), "%s, the address of node %.64s",
				 np_address_text(&pod->address[k], text), pod->node);
			return 0;
		}
	}
	np_error_set(err, NP_EXIT_INPUT, "the input does not say which address the node of "
		     "%.100s has", other->text);
	np_error_hint(err, "give the address itself: to a policy it is one that is no pod's");
	return -1;
}

static int np_made_up_order(const void *a, const void *b)
{
	return strcmp(((const struct np_label *)a)->key, ((const struct np_label *)b)->key);
}

static int np_made_up_bad(const char *text, const char *part, const char *wrong,
			  struct np_error *err)
{
	np_error_set(err, NP_EXIT_USAGE, "\"%.80s\": \"%.80s\" %s", text, part, wrong);
	np_error_hint(err, "as label:app=web,tier=front@shop");
	return -1;
}

/* Reads "app=a,tier=b". Returns 0, or -1 with *err filled. */
static int np_made_up_labels(struct np_objects *objs, const char *text, struct np_labels *labels,
			     struct np_error *err)
{
	const char *at = text + strlen(NP_MADE_UP), *stop = strrchr(text, '@'), *equal, *wrong;
	struct np_label *label;
	uint32_t room = 1, i;
	size_t len;

	for (i = 0; at[i]; i++)
		room += at[i] == ',';
	labels->item = np_arena_zalloc(&objs->arena, room * sizeof(*labels->item));
	labels->count = 0;
	for (; at < stop; at += len + (at[len] == ',')) {
		len = strcspn(at, ",@");
		equal = memchr(at, '=', len);
		if (!equal)
			return np_made_up_bad(text, np_say(&objs->arena, "%.*s", (int)len, at),
					      "is no label", err);
		label = &labels->item[labels->count++];
		label->key = np_intern(objs, at, equal - at);
		label->value = np_intern(objs, equal + 1, at + len - equal - 1);
		wrong = np_check_label_key(label->key);
		if (wrong)
			return np_made_up_bad(text, label->key, wrong, err);
		wrong = np_check_label_value(label->value);
		if (wrong)
			return np_made_up_bad(text, label->value, wrong, err);
	}
	qsort(labels->item, labels->count, sizeof(*labels->item), np_made_up_order);
	for (i = 1; i < labels->count; i++)
		if (labels->item[i].key == labels->item[i - 1].key)
			return np_made_up_bad(text, labels->item[i].key, "is there twice", err);
	return 0;
}

/* Adds a pod that does not exist, with an address of each family that nobody has. */
static int np_end_made_up(struct np_objects *objs, struct np_named_end *named,
			  const struct np_named_end *other, struct np_error *err)
{
	const char *namespace = strrchr(named->text, '@') + 1;
	struct np_pod pod = { .uid = "", .node = "", .phase = NP_PHASE_RUNNING };
	char text[2][NP_CIDR_TEXT];
	size_t i, len;

	for (i = 0; i < objs->namespace_count; i++)
		if (!strcmp(objs->namespaces[i].name, namespace))
			break;
	if (i == objs->namespace_count) {
		np_error_set(err, NP_EXIT_INPUT, "there is no namespace %s in the input",
			     namespace);
		np_error_hint(err, "give the file that has it with -f");
		return -1;
	}
	pod.namespace = np_intern_str(objs, namespace);
	len = namespace - 1 - named->text;
	if (len + 2 > NETPOL_NAME_MAX)
		return np_error_set(err, NP_EXIT_USAGE, "the labels of a pod that does not exist "
				    "are longer than %u characters", NETPOL_NAME_MAX - 2);
	/* No real pod has such a name. A second one of the same labels is another pod. */
	snprintf(named->end.namespace, sizeof(named->end.namespace), "%s", namespace);
	snprintf(named->end.name, sizeof(named->end.name), "%.*s", (int)len, named->text);
	if (np_end_pod(objs, &named->end))
		strcat(named->end.name, "#2");
	pod.name = np_intern_str(objs, named->end.name);
	if (np_made_up_labels(objs, named->text, &pod.labels, err))
		return -1;
	pod.address = np_arena_zalloc(&objs->arena, 2 * sizeof(*pod.address));
	pod.address_count = 2;
	np_free_address(objs, other, AF_INET, &pod.address[0]);
	np_free_address(objs, other, AF_INET6, &pod.address[1]);
	*np_objects_add_pod(objs) = pod;
	snprintf(named->note, sizeof(named->note),
		 "a pod that does not exist, taken to have %s and %s, and no named ports",
		 np_address_text(&pod.address[0], text[0]),
		 np_address_text(&pod.address[1], text[1]));
	return 0;
}

/* The family of what is asked about: IPv4 if an end that has addresses has one. */
static uint8_t np_end_family(const struct np_objects *objs, const struct np_named_end *end)
{
	const struct np_pod *pod;
	uint32_t i;

	if (!*end->end.name)
		return end->end.address.family;
	pod = np_end_pod(objs, &end->end);
	for (i = 0; pod && i < pod->address_count; i++)
		if (pod->address[i].family == AF_INET)
			return AF_INET;
	return pod && pod->address_count ? AF_INET6 : 0;
}

int np_end_resolve(struct np_objects *objs, struct np_named_end *source,
		   struct np_named_end *destination, uint8_t family, struct np_error *err)
{
	struct np_named_end *end[] = { source, destination };
	int i;

	for (i = 0; i < 2; i++) {
		if (end[i]->kind == NP_END_POD)
			np_end_workload(objs, end[i]);
		if (end[i]->kind == NP_END_MADE_UP && np_end_made_up(objs, end[i], end[!i], err))
			return -1;
	}
	for (i = 0; !family && i < 2; i++)
		if (end[i]->kind != NP_END_WORLD && end[i]->kind != NP_END_HOST)
			family = np_end_family(objs, end[i]);
	family = family ? family : AF_INET;
	for (i = 0; i < 2; i++) {
		if (end[i]->kind == NP_END_WORLD)
			np_end_world(objs, family, end[i], end[!i]);
		/* What the node itself sends needs no address. */
		if (i && end[i]->kind == NP_END_HOST && !end[i]->end.address.family &&
		    np_end_host(objs, family, end[i], end[0], err))
			return -1;
	}
	return 0;
}
