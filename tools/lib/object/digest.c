// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Digests of objects, and uids in binary.
 */
#include "object/digest.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/loop.h"

#define NP_DIGEST_BREATHE	256	/* values of a selector, or labels */

/* FNV-1a, 128 bits. */
#define NP_FNV_BASIS	(((__uint128_t)0x6c62272e07bb0142ULL << 64) | 0x62b821756295c58dULL)
#define NP_FNV_PRIME	(((__uint128_t)1 << 88) | 0x13b)

static __uint128_t np_fnv(__uint128_t hash, const void *data, size_t len)
{
	const uint8_t *byte = data;

	while (len--)
		hash = (hash ^ *byte++) * NP_FNV_PRIME;
	return hash;
}

/* Includes the NUL, so that "ab", "c" and "a", "bc" differ. */
static __uint128_t np_fnv_text(__uint128_t hash, const char *text)
{
	return np_fnv(hash, text, strlen(text) + 1);
}

static __uint128_t np_fnv_number(__uint128_t hash, uint32_t number)
{
	return np_fnv(hash, &number, sizeof(number));
}

static int np_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool np_uuid_parse(const char *text, uint8_t bytes[NETPOL_UID_LEN])
{
	int i, high, low;

	for (i = 0; i < NETPOL_UID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			if (*text++ != '-')
				return false;
		high = np_hex(text[0]);
		low = high < 0 ? -1 : np_hex(text[1]);
		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return !*text;
}

void np_uid_bytes(const char *uid, uint8_t bytes[NETPOL_UID_LEN])
{
	__uint128_t hash;
	int i;

	memset(bytes, 0, NETPOL_UID_LEN);
	if (!*uid || np_uuid_parse(uid, bytes))
		return;
	hash = np_fnv(NP_FNV_BASIS, uid, strlen(uid));
	for (i = 0; i < NETPOL_UID_LEN; i++)
		bytes[i] = (uint8_t)(hash >> (8 * (NETPOL_UID_LEN - 1 - i)));
}

const char *np_uid_text(const uint8_t bytes[NETPOL_UID_LEN], char text[NP_UID_TEXT])
{
	static const uint8_t zero[NETPOL_UID_LEN];
	char *to = text;
	int i;

	*to = '\0';
	if (!memcmp(bytes, zero, sizeof(zero)))
		return text;
	for (i = 0; i < NETPOL_UID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		to += sprintf(to, "%02x", bytes[i]);
	}
	return text;
}

static __uint128_t np_labels_digest(__uint128_t hash, const struct np_labels *labels)
{
	uint32_t i;

	hash = np_fnv_number(hash, labels->count);
	for (i = 0; i < labels->count; i++) {
		hash = np_fnv_text(hash, labels->item[i].key);
		hash = np_fnv_text(hash, labels->item[i].value);
		if (!(i % NP_DIGEST_BREATHE))
			np_breathe();
	}
	return hash;
}

static __uint128_t np_ports_digest(__uint128_t hash, const struct np_pod *pod)
{
	__uint128_t sum = 0, one;
	uint32_t i;

	for (i = 0; i < pod->port_count; i++) {
		one = np_fnv_text(NP_FNV_BASIS, pod->port[i].name);
		one = np_fnv_number(one, pod->port[i].number);
		sum += np_fnv_number(one, pod->port[i].protocol);
	}
	return np_fnv(hash, &sum, sizeof(sum));
}

/* Each text is hashed with its NUL, so that "ab", "c" and "a", "bc" differ. */
uint32_t np_label_set_hash(const struct np_pod *pod)
{
	const struct np_named_port *port;
	const struct np_label *label;
	uint32_t hash = 0, i;

	for (i = 0; i < pod->labels.count; i++) {
		label = &pod->labels.item[i];
		hash = np_hash_bytes(hash, label->key, strlen(label->key) + 1);
		hash = np_hash_bytes(hash, label->value, strlen(label->value) + 1);
	}
	for (i = 0; i < pod->port_count; i++) {
		port = &pod->port[i];
		hash = np_hash_bytes(hash, port->name, strlen(port->name) + 1);
		hash = np_hash_bytes(hash, &port->number, sizeof(port->number));
		hash = np_hash_bytes(hash, &port->protocol, sizeof(port->protocol));
	}
	return hash;
}

bool np_same_label_set(const struct np_pod *a, const struct np_pod *b)
{
	uint32_t i;

	if (a->labels.count != b->labels.count || a->port_count != b->port_count)
		return false;
	for (i = 0; i < a->labels.count; i++)
		if (strcmp(a->labels.item[i].key, b->labels.item[i].key) ||
		    strcmp(a->labels.item[i].value, b->labels.item[i].value))
			return false;
	for (i = 0; i < a->port_count; i++)
		if (strcmp(a->port[i].name, b->port[i].name) ||
		    a->port[i].number != b->port[i].number ||
		    a->port[i].protocol != b->port[i].protocol)
			return false;
	return true;
}

bool np_pod_running(const struct np_pod *pod)
{
	return pod->phase == NP_PHASE_RUNNING || pod->phase == NP_PHASE_NONE;
}

__uint128_t np_namespace_digest(const struct np_namespace *ns)
{
	return np_labels_digest(np_fnv_text(NP_FNV_BASIS, ns->name), &ns->labels);
}

__uint128_t np_pod_digest(const struct np_pod *pod, const struct np_placement *place)
{
	__uint128_t hash = np_fnv_text(NP_FNV_BASIS, pod->namespace), sum = 0;
	bool local = place && place->local;
	uint8_t uid[NETPOL_UID_LEN];
	uint32_t i;

	np_uid_bytes(pod->uid, uid);
	hash = np_fnv(np_fnv_text(hash, pod->name), uid, sizeof(uid));
	hash = np_ports_digest(np_labels_digest(hash, &pod->labels), pod);
	for (i = 0; i < pod->address_count; i++)
		sum += np_fnv(np_fnv_number(NP_FNV_BASIS, pod->address[i].family),
			      pod->address[i].addr, np_family_bits(pod->address[i].family) / 8);
	hash = np_fnv(hash, &sum, sizeof(sum));
	hash = np_fnv_number(hash, np_pod_running(pod));
	hash = np_fnv_number(hash, local);
	return np_fnv_number(hash, local ? place->ifindex : 0);
}

/*
 * The order of requirements, values, peers, ports and excepts has no meaning, so their digests
 * are added up.
 */
static __uint128_t np_selector_digest(__uint128_t hash, const struct np_selector *selector)
{
	const struct np_requirement *req;
	__uint128_t sum = 0, one, values;
	uint32_t i, v;

	for (i = 0; i < selector->count; i++) {
		req = &selector->item[i];
		one = np_fnv_number(np_fnv_text(NP_FNV_BASIS, req->key), req->op);
		for (v = 0, values = 0; v < req->value_count; v++) {
			values += np_fnv_text(NP_FNV_BASIS, req->value[v]);
			if (!(v % NP_DIGEST_BREATHE))
				np_breathe();
		}
		sum += np_fnv(one, &values, sizeof(values));
	}
	return np_fnv(hash, &sum, sizeof(sum));
}

static __uint128_t np_cidr_digest(__uint128_t hash, const struct np_cidr *cidr)
{
	hash = np_fnv_number(hash, (uint32_t)cidr->family << 8 | cidr->length);
	return np_fnv(hash, cidr->addr, np_family_bits(cidr->family) / 8);
}

/* Of a ClusterNetworkPolicy, a selector that is not present is one that matches everything. */
static __uint128_t np_peer_digest(const struct np_peer *peer, bool cluster)
{
	__uint128_t hash = NP_FNV_BASIS, sum = 0;
	uint32_t i;

	if (peer->ipblock) {
		for (i = 0; i < peer->ipblock->except_count; i++)
			sum += np_cidr_digest(NP_FNV_BASIS, &peer->ipblock->except[i]);
		hash = np_cidr_digest(np_fnv_number(hash, 4), &peer->ipblock->cidr);
		return np_fnv(hash, &sum, sizeof(sum));
	}
	hash = np_fnv_number(hash, cluster ? 3 :
			     peer->pod_selector.present | peer->ns_selector.present << 1);
	hash = np_selector_digest(hash, &peer->pod_selector);
	return np_selector_digest(hash, &peer->ns_selector);
}

static __uint128_t np_port_digest(const struct np_port *port)
{
	__uint128_t hash = np_fnv_number(NP_FNV_BASIS, port->protocol);

	if (port->kind == NP_PORT_NAME)
		return np_fnv_text(hash, port->name);
	if (port->kind == NP_PORT_ANY)
		return hash;
	return np_fnv_number(hash, (uint32_t)port->first << 16 | port->last);
}

/* What a rule of a ClusterNetworkPolicy has besides. A closed Pass is a closed Deny. */
static __uint128_t np_rule_head_digest(__uint128_t hash, const struct np_rule *rule)
{
	uint8_t action = rule->action;

	if (rule->closed && action == NP_ACTION_PASS)
		action = NP_ACTION_DENY;
	hash = np_fnv_number(hash, action | (uint32_t)rule->closed << 8);
	return np_fnv_text(hash, rule->name ? rule->name : "");
}

static __uint128_t np_rules_digest(__uint128_t hash, const struct np_rule *rule, uint32_t count,
				   bool cluster)
{
	__uint128_t peers, ports;
	uint32_t i, k;

	hash = np_fnv_number(hash, count);
	for (i = 0; i < count; i++, rule++) {
		peers = rule->peer_count;
		ports = rule->port_count;
		for (k = 0; k < rule->peer_count; k++)
			peers += np_peer_digest(&rule->peer[k], cluster);
		for (k = 0; k < rule->port_count; k++)
			ports += np_port_digest(&rule->port[k]);
		if (cluster)
			hash = np_rule_head_digest(hash, rule);
		hash = np_fnv(np_fnv(hash, &peers, sizeof(peers)), &ports, sizeof(ports));
		np_breathe();
	}
	return hash;
}

static __uint128_t np_cluster_policy_digest(const struct np_policy *policy)
{
	__uint128_t hash = np_fnv_text(NP_FNV_BASIS, np_tier_name(policy->tier));

	hash = np_fnv_number(np_fnv_text(hash, policy->name), policy->priority);
	hash = np_selector_digest(hash, &policy->ns_selector);
	hash = np_selector_digest(hash, &policy->pod_selector);
	hash = np_rules_digest(hash, policy->ingress, policy->ingress_count, true);
	return np_rules_digest(hash, policy->egress, policy->egress_count, true);
}

__uint128_t np_policy_digest(const struct np_policy *policy)
{
	__uint128_t hash = np_fnv_text(NP_FNV_BASIS, policy->namespace);

	if (policy->tier != NP_TIER_NETWORK_POLICY)
		return np_cluster_policy_digest(policy);
	hash = np_fnv_number(np_fnv_text(hash, policy->name), policy->directions);
	if (policy->audit)
		hash = np_fnv_text(hash, "audit");
	hash = np_selector_digest(hash, &policy->pod_selector);
	if (policy->directions & NP_DIR_INGRESS)
		hash = np_rules_digest(hash, policy->ingress, policy->ingress_count, false);
	if (policy->directions & NP_DIR_EGRESS)
		hash = np_rules_digest(hash, policy->egress, policy->egress_count, false);
	return hash;
}
