// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds out which settings the kernel should have, and commits them.
 */
#include "agent/settings.h"

#include <string.h>
#include <sys/socket.h>

#include "agent/desired_pod.h"
#include "agent/ranges.h"
#include "netlink/report.h"
#include "netlink/transaction.h"

static bool np_cidr_in(const struct np_cidr *cidr, const struct np_cidr *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!memcmp(cidr, &list[i], sizeof(*cidr)))
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

static bool np_source_in(const struct np_source_allow *allow, const struct np_settings *set)
{
	const struct np_source_allow *have;
	size_t i;

	for (i = 0; i < set->source_allow_count; i++) {
		have = &set->source_allow[i];
		if (!memcmp(&have->prefix, &allow->prefix, sizeof(have->prefix)) &&
		    !strcmp(have->namespace, allow->namespace) &&
		    !strcmp(have->name, allow->name))
			return true;
	}
	return false;
}

bool np_settings_equal(const struct np_settings *a, const struct np_settings *b)
{
	uint32_t rate = a->event_rate ? a->event_rate : NP_EVENT_RATE_DEFAULT;
	size_t i;

	if (a->unknown != b->unknown || a->established != b->established ||
	    a->host_egress != b->host_egress || a->tunnels != b->tunnels ||
	    rate != (b->event_rate ? b->event_rate : NP_EVENT_RATE_DEFAULT) ||
	    a->guard_prefix_count != b->guard_prefix_count ||
	    a->guard_interface_count != b->guard_interface_count ||
	    a->pod_range_count != b->pod_range_count ||
	    a->host_allow_count != b->host_allow_count ||
	    a->source_allow_count != b->source_allow_count)
		return false;
	for (i = 0; i < a->guard_prefix_count; i++)
		if (!np_cidr_in(&a->guard_prefix[i], b->guard_prefix, b->guard_prefix_count))
			return false;
	for (i = 0; i < a->pod_range_count; i++)
		if (!np_cidr_in(&a->pod_range[i], b->pod_range, b->pod_range_count))
			return false;
	for (i = 0; i < a->guard_interface_count; i++)
		if (!np_interface_in(a->guard_interface[i], b))
			return false;
	for (i = 0; i < a->host_allow_count; i++)
		if (!np_allow_in(&a->host_allow[i], b))
			return false;
	for (i = 0; i < a->source_allow_count; i++)
		if (!np_source_in(&a->source_allow[i], b))
			return false;
	return true;
}

int np_settings_commit(struct np_kernel *kernel, const struct np_settings *want, bool *changed,
		       struct np_error *err)
{
	struct np_transaction_options opts = { .full = false };
	struct np_settings have = { 0 };
	struct np_transaction txn;
	bool equal;
	int ret;

	if (changed)
		*changed = false;
	if (np_settings_get(&kernel->client, &have, err)) {
		np_settings_free(&have);
		return -1;
	}
	equal = np_settings_equal(&have, want);
	np_settings_free(&have);
	if (equal)
		return 0;
	ret = np_transaction_begin(&txn, &kernel->client, NP_SETTINGS_ORIGIN, &opts, err);
	if (!ret)
		ret = np_encode_settings(&txn.encoder, want, err);
	if (!ret)
		ret = np_transaction_commit(&txn, false, &kernel->generation, err);
	np_transaction_end(&txn);
	if (!ret && changed)
		*changed = true;
	return ret;
}

static void np_add_prefix(struct np_settings *set, const struct np_cidr *cidr)
{
	if (!np_cidr_in(cidr, set->guard_prefix, set->guard_prefix_count))
		np_settings_add_prefix(set, cidr);
}

static void np_add_prefixes(struct np_settings *set, const struct np_cidr *cidr, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		np_add_prefix(set, &cidr[i]);
}

/*
 * Adds the guards that the kernel has. Those of single addresses are left out, because they belong
 * to quarantined pods.
 */
static void np_keep_prefixes(struct np_settings *set, const struct np_settings *have)
{
	const struct np_cidr *cidr;
	size_t i;

	for (i = 0; i < have->guard_prefix_count; i++) {
		cidr = &have->guard_prefix[i];
		if (cidr->length < np_family_bits(cidr->family))
			np_add_prefix(set, cidr);
	}
}

/* Is an address inside one of the node's podCIDRs? */
static bool np_in_pod_cidr(const struct np_desired *d, const struct np_address *address)
{
	struct np_settings set = {
		.guard_prefix = d->pod_cidr, .guard_prefix_count = d->pod_cidr_count,
	};

	return np_settings_guard_address(&set, address);
}

static bool np_pod_guarded(const struct np_agent_options *opts, const struct np_desired *d,
			   const struct np_host *host, const struct np_desired_pod *pod)
{
	const struct np_device *device = np_host_device(host, pod->ifindex);
	struct np_address address[NP_POD_ADDRESSES_MAX];
	uint32_t count = np_desired_addresses(pod, address), i;

	if (device && np_settings_guard_interface(&opts->settings, device->name))
		return true;
	for (i = 0; i < count; i++)
		if (!np_settings_guard_address(&opts->settings, &address[i]) &&
		    !(opts->node_guard && np_in_pod_cidr(d, &address[i])))
			return false;
	return true;
}

size_t np_settings_unguarded(const struct np_agent_options *opts, const struct np_desired *d,
			     const struct np_host *host, const struct np_desired_pod **first)
{
	size_t count = 0, i;

	if (first)
		*first = NULL;
	for (i = 0; i < d->local_count; i++) {
		if (d->local[i]->flags & NP_DESIRED_OWN ||
		    np_pod_guarded(opts, d, host, d->local[i]))
			continue;
		if (first && !count)
			*first = d->local[i];
		count++;
	}
	return count;
}

void np_settings_add_ranges(struct np_settings *set, const struct np_kernel *kernel,
			    const struct np_cidr *cidr, size_t count)
{
	uint64_t limit = kernel->limit[NETPOL_LIMIT_GUARDS];
	size_t i;

	for (i = 0; i < count; i++)
		if ((!limit || set->pod_range_count < limit) &&
		    !np_cidr_in(&cidr[i], set->pod_range, set->pod_range_count))
			np_settings_add_range(set, &cidr[i]);
}

/*
 * The ranges of the options always count. While those of Nodes are asked for and not known, or
 * while it is not known whether they are asked for, nothing that is in force is taken away. Without
 * any of both what somebody else has set stays.
 */
static void np_wanted_ranges(const struct np_agent_options *opts, const struct np_desired *d,
			     const struct np_kernel *kernel, const struct np_settings *have,
			     struct np_settings *set)
{
	const struct np_settings *given = &opts->settings;
	size_t i;

	for (i = 0; i < given->pod_range_count; i++)
		np_settings_add_range(set, &given->pod_range[i]);
	if (np_desired_ranges_known(d))
		np_settings_add_ranges(set, kernel, d->range, d->range_count);
	else if (!given->pod_range_count ||
		 (opts->node_ranges && (!d->synced[NP_SOURCE_CLUSTER_POLICY] ||
					(d->range_users && !d->synced[NP_SOURCE_NODES]))))
		np_settings_add_ranges(set, kernel, have->pod_range, have->pod_range_count);
}

void np_settings_wanted(const struct np_agent_options *opts, const struct np_desired *d,
			const struct np_quarantine *quarantine, const struct np_kernel *kernel,
			const struct np_settings *have, struct np_settings *set)
{
	const struct np_settings *source = opts->settings.source_allow_count ? &opts->settings :
									       have;
	size_t i;

	memset(set, 0, sizeof(*set));
	np_add_prefixes(set, opts->settings.guard_prefix, opts->settings.guard_prefix_count);
	if (opts->node_guard && d->node_read)
		np_add_prefixes(set, d->pod_cidr, d->pod_cidr_count);
	else if (opts->node_guard)
		/* The podCIDRs are not known yet, so the guards that the kernel has stay. */
		np_keep_prefixes(set, have);
	/* The kernel would refuse settings with more guards than its limit. */
	for (i = 0; i < quarantine->count; i++)
		if (set->guard_prefix_count < kernel->limit[NETPOL_LIMIT_GUARDS])
			np_add_prefix(set, &quarantine->guard[i]);
	for (i = 0; i < opts->settings.guard_interface_count; i++)
		np_settings_add_interface(set, opts->settings.guard_interface[i]);
	for (i = 0; i < have->host_allow_count; i++)
		np_settings_add_allow(set, &have->host_allow[i]);
	np_wanted_ranges(opts, d, kernel, have, set);
	for (i = 0; i < source->source_allow_count; i++)
		np_settings_add_source(set, &source->source_allow[i]);
	set->unknown = opts->settings.unknown;
	set->established = have->established;
	set->host_egress = have->host_egress;
	set->tunnels = have->tunnels;
	set->event_rate = have->event_rate;
}
