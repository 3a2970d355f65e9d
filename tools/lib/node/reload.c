// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads what a snapshot holds into the kernel again.
 */
#include "node/reload.h"

#include "netlink/transaction.h"

int np_reload_settings(const struct np_reload *load, struct np_client *client,
		       const struct np_settings *set, struct np_error *err)
{
	struct np_transaction_options opts = { .full = false };
	struct np_transaction txn = { .client = client };
	int ret;

	ret = np_transaction_begin(&txn, client, NP_SETTINGS_ORIGIN, &opts, err);
	if (!ret)
		ret = np_encode_settings(&txn.encoder, set, err);
	if (!ret)
		ret = np_transaction_commit(&txn, load->check, NULL, err);
	np_transaction_end(&txn);
	return ret;
}

/*
 * Pods keep the order of the file, in which a pod that lost an address to another one comes
 * first.
 */
static int np_reload_objects(struct np_reload *load, const struct np_snapshot_origin *origin,
			     struct np_encoder *enc, struct np_error *err)
{
	const struct np_objects *objs = &origin->objects;
	const struct np_placement *place;
	size_t i;

	for (i = 0; i < objs->namespace_count; i++)
		if (np_encode_namespace(enc, &objs->namespaces[i], err))
			return -1;
	for (i = 0; i < objs->pod_count; i++) {
		if (load->skip && load->skip[i])
			continue;
		place = &origin->place[i];
		if (place->local && place->ifindex && !np_host_device(load->host, place->ifindex)) {
			load->gone++;
			continue;
		}
		if (np_encode_pod(enc, &objs->pods[i], place, err))
			return -1;
		load->objects++;
	}
	for (i = 0; i < objs->policy_count; i++)
		if (np_encode_policy(enc, &objs->policies[i], err))
			return -1;
	load->objects += objs->namespace_count + objs->policy_count;
	return 0;
}

int np_reload_origin(struct np_reload *load, struct np_client *client,
		     const struct np_snapshot_origin *origin, const uint64_t *base,
		     struct np_error *err)
{
	struct np_transaction_options opts = {
		.full = true,
		.has_base = base,
		.base = base ? *base : 0,
	};
	struct np_transaction txn = { .client = client };
	int ret;

	ret = np_transaction_begin(&txn, client, origin->name, &opts, err);
	if (!ret)
		ret = np_reload_objects(load, origin, &txn.encoder, err);
	if (!ret)
		ret = np_transaction_commit(&txn, load->check, NULL, err);
	np_transaction_end(&txn);
	return ret;
}
