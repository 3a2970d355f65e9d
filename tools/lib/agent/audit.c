// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Audit: what the kernel holds against what it should hold, and the settings.
 *
 * The kernel's objects are compared message by message, so that its memory is not needed
 * twice.
 */
#include "agent/commit.h"

#include <stdlib.h>
#include <string.h>

struct np_audit {
	struct np_desired *desired;
	struct np_state state;
	uint8_t object;
	struct np_hash *hash;
	/* Objects of nobody, found so far; the first `kept` are of kinds that are through. */
	struct np_change *stray;
	size_t stray_count;
	size_t stray_kept;
};

static void np_audit_restart(void *arg)
{
	struct np_audit *audit = arg;
	size_t i;

	np_state_reset(&audit->state);
	for (i = 0; i < audit->hash->room; i++)
		if (audit->hash->slot[i])
			*np_desired_flags(audit->object, audit->hash->slot[i]) &=
				~(NP_DESIRED_AUDITED | NP_DESIRED_COMMITTED);
	while (audit->stray_count > audit->stray_kept)
		free(audit->stray[--audit->stray_count].record);
}

static void np_audit_stray(struct np_audit *audit, const char *namespace, const char *name)
{
	size_t len = strlen(namespace) + 1;
	struct np_stray *stray = np_xmalloc(sizeof(*stray) + len + strlen(name) + 1);

	strcpy(stray->text, namespace);
	strcpy(stray->text + len, name);
	stray->namespace = stray->text;
	stray->name = stray->text + len;
	if (!(audit->stray_count % 64))
		audit->stray = np_xrealloc(audit->stray, audit->stray_count + 64,
					   sizeof(*audit->stray));
	audit->stray[audit->stray_count++].record = stray;
}

/* The kernel has an object of ours; equal tells whether it is what it should be. */
static void np_audit_one(struct np_audit *audit, void *record, bool equal,
			 const char *namespace, const char *name)
{
	uint16_t *flags;

	if (!record) {
		np_audit_stray(audit, namespace, name);
		return;
	}
	flags = np_desired_flags(audit->object, record);
	*flags |= NP_DESIRED_COMMITTED;
	if (equal && np_desired_loaded(audit->object, record))
		*flags |= NP_DESIRED_AUDITED;
}

static void np_audit_namespace(struct np_audit *audit, const struct np_namespace *have)
{
	struct np_desired_namespace *ns = np_desired_namespace(audit->desired, have->name);
	struct np_namespace view;

	if (ns)
		np_desired_namespace_view(ns, &view);
	np_audit_one(audit, ns, ns && np_namespace_digest(&view) == np_namespace_digest(have),
		     "", have->name);
}

static void np_audit_pod(struct np_audit *audit, const struct np_pod *have,
			 const struct np_pod_state *state)
{
	struct np_desired_pod *pod = np_desired_pod(audit->desired, have->namespace, have->name);
	struct np_address address[NP_DESIRED_ADDRESSES];
	struct np_placement place = { 0 };
	char uid[NP_UID_TEXT];
	struct np_pod view;
	bool equal = false;

	if (pod) {
		np_desired_pod_view(audit->desired, pod, &view, address, uid);
		place.local = pod->flags & NP_DESIRED_LOCAL;
		place.ifindex = pod->ifindex;
		equal = np_pod_digest(&view, &place) == np_pod_digest(have, &state->place);
	}
	np_audit_one(audit, pod, equal, have->namespace, have->name);
}

static void np_audit_policy(struct np_audit *audit, const struct np_policy *have)
{
	struct np_desired_policy *policy;
	struct np_policy view;

	policy = np_desired_policy(audit->desired, have->namespace, have->name);
	if (policy)
		np_commit_policy_view(policy, &view);
	np_audit_one(audit, policy,
		     policy && np_policy_digest(&view) == np_policy_digest(have),
		     have->namespace, have->name);
}

static void np_audit_state(struct np_audit *audit)
{
	const struct np_state *state = &audit->state;
	const struct np_objects *objs = &state->objects;
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		if (!strcmp(state->namespace[i].origin, NP_KUBE_ORIGIN))
			np_audit_namespace(audit, &objs->namespaces[i]);
	for (i = 0; i < objs->pod_count; i++)
		if (!strcmp(state->pod[i].origin, NP_KUBE_ORIGIN))
			np_audit_pod(audit, &objs->pods[i], &state->pod[i]);
	for (i = 0; i < objs->policy_count; i++)
		if (!strcmp(state->policy[i].origin, NP_KUBE_ORIGIN))
			np_audit_policy(audit, &objs->policies[i]);
	np_state_reset(&audit->state);
}

static int np_audit_reply(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct np_audit *audit = arg;

	if (np_state_decode(&audit->state, nlh, err))
		return -1;
	/* A policy may go on in the next message, so those wait for the end. */
	if (audit->object != NETPOL_OBJECT_POLICY)
		np_audit_state(audit);
	return 0;
}

/* Lists the records of one kind that the dump did not show as they should be. */
static size_t np_audit_list(struct np_audit *audit)
{
	struct np_desired *d = audit->desired;
	size_t found = 0, i;
	uint16_t *flags;
	void *record;

	for (i = 0; i < audit->hash->room; i++) {
		record = audit->hash->slot[i];
		if (!record)
			continue;
		flags = np_desired_flags(audit->object, record);
		if (*flags & NP_DESIRED_AUDITED) {
			*flags &= ~NP_DESIRED_AUDITED;
			continue;
		}
		if (!(*flags & NP_DESIRED_COMMITTED) &&
		    !np_desired_loaded(audit->object, record))
			continue;
		np_desired_list(d, audit->object, record);
		found++;
	}
	return found;
}

int np_audit_run(struct np_commit *c, size_t *found, struct np_error *err)
{
	struct np_desired *d = c->desired;
	struct {
		uint8_t object;
		uint8_t command;
		struct np_hash *hash;
	} kind[] = {
		{ NETPOL_OBJECT_NAMESPACE, NETPOL_CMD_GET_NAMESPACE, &d->namespaces },
		{ NETPOL_OBJECT_POD, NETPOL_CMD_GET_POD, &d->pods },
		{ NETPOL_OBJECT_POLICY, NETPOL_CMD_GET_POLICY, &d->policies },
	};
	struct np_audit audit = { .desired = d };
	size_t i;
	unsigned int k;
	int ret = 0;

	*found = 0;
	/* What is gone must be out of the tables, else it would pass for an object of ours. */
	np_desired_set_full(d);
	np_state_init(&audit.state);
	for (k = 0; !ret && k < 3; k++) {
		audit.object = kind[k].object;
		audit.hash = kind[k].hash;
		ret = np_client_dump(&c->client, np_client_message(&c->client, kind[k].command,
								   256),
				     np_audit_restart, np_audit_reply, &audit, err);
		if (!ret)
			np_audit_state(&audit);
		for (i = audit.stray_kept; i < audit.stray_count; i++)
			audit.stray[i].object = kind[k].object;
		audit.stray_kept = audit.stray_count;
	}
	np_state_free(&audit.state);
	if (!ret) {
		d->full = false;
		for (k = 0; k < 3; k++) {
			audit.object = kind[k].object;
			audit.hash = kind[k].hash;
			*found += np_audit_list(&audit);
		}
		c->stats.audits++;
	}
	for (i = 0; i < audit.stray_count; i++) {
		struct np_stray *stray = audit.stray[i].record;

		if (!ret)
			np_desired_list_stray(d, audit.stray[i].object, stray->namespace,
					      stray->name);
		free(stray);
	}
	*found += ret ? 0 : audit.stray_count;
	free(audit.stray);
	return ret;
}

/* --- settings ------------------------------------------------------------------- */

static bool np_cidr_in(const struct np_cidr *cidr, const struct np_settings *set)
{
	size_t i;

	for (i = 0; i < set->guard_prefix_count; i++)
		if (!memcmp(cidr, &set->guard_prefix[i], sizeof(*cidr)))
			return true;
	return false;
}

static bool np_interface_in(const char *name, const struct np_settings *set)
{
	size_t i;

	for (i = 0; i < set->guard_interface_count; i++)
		if (!strcmp(name, set->guard_interface[i]))
			return true;
	return false;
}

static bool np_allow_in(const struct np_host_allow *allow, const struct np_settings *set)
{
	const struct np_host_allow *have;
	size_t i;

	for (i = 0; i < set->host_allow_count; i++) {
		have = &set->host_allow[i];
		if (have->protocol == allow->protocol && have->port == allow->port &&
		    !memcmp(&have->address, &allow->address, sizeof(have->address)))
			return true;
	}
	return false;
}

bool np_settings_equal(const struct np_settings *a, const struct np_settings *b)
{
	uint32_t rate = a->event_rate ? a->event_rate : NP_EVENT_RATE_DEFAULT;
	size_t i;

	if (a->unknown != b->unknown || a->established != b->established ||
	    a->host_egress != b->host_egress ||
	    rate != (b->event_rate ? b->event_rate : NP_EVENT_RATE_DEFAULT) ||
	    a->guard_prefix_count != b->guard_prefix_count ||
	    a->guard_interface_count != b->guard_interface_count ||
	    a->host_allow_count != b->host_allow_count)
		return false;
	for (i = 0; i < a->guard_prefix_count; i++)
		if (!np_cidr_in(&a->guard_prefix[i], b))
			return false;
	for (i = 0; i < a->guard_interface_count; i++)
		if (!np_interface_in(a->guard_interface[i], b))
			return false;
	for (i = 0; i < a->host_allow_count; i++)
		if (!np_allow_in(&a->host_allow[i], b))
			return false;
	return true;
}

int np_commit_settings(struct np_commit *c, const struct np_settings *want, bool *changed,
		       struct np_error *err)
{
	struct np_transaction_options opts = { .full = false };
	struct np_settings have = { 0 };
	struct np_transaction txn;
	bool equal;
	int ret;

	if (changed)
		*changed = false;
	if (np_settings_get(&c->client, &have, err)) {
		np_settings_free(&have);
		return -1;
	}
	equal = np_settings_equal(&have, want);
	np_settings_free(&have);
	if (equal)
		return 0;
	ret = np_transaction_begin(&txn, &c->client, NP_SETTINGS_ORIGIN, &opts, err);
	if (!ret)
		ret = np_encode_settings(&txn.encoder, want, err);
	if (!ret)
		ret = np_transaction_commit(&txn, false, &c->kernel_generation, err);
	np_transaction_end(&txn);
	if (!ret && changed)
		*changed = true;
	return ret;
}
