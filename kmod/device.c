// SPDX-License-Identifier: GPL-2.0
/* Watches the interfaces of local pods. */
#include "device.h"
#include "netns.h"

#include <linux/netdevice.h>
#include <linux/notifier.h>

/*
 * Marks the pods of an interface as gone. From now on netpol_resolve() takes their addresses
 * for unknown ones. A commit under way may bring such a pod: because of the lock, either this
 * function sees that pod, or the commit sees that the interface is gone.
 */
static void device_gone(struct netpol_net *nn, u32 ifindex)
{
	const struct netpol_snapshot *snapshot;
	u32 slot, left;

	mutex_lock(&nn->lock);
	snapshot = nn->world->snapshot;
	left = snapshot->nlocals;
	for (slot = 0; left && slot < snapshot->locals->count; slot++) {
		const struct netpol_local *local = netpol_snapshot_local(snapshot, slot);

		if (!local->runtime)
			continue;
		left--;
		if (local->ifindex == ifindex)
			WRITE_ONCE(local->runtime->gone, true);
	}
	mutex_unlock(&nn->lock);
}

/**
 * netpol_device_adopt() - look up the interfaces of new local pods
 * @nn: state, locked, while a commit is being published
 *
 * Notes what an interface has counted so far, because the hooks did not see those packets. A
 * pod whose interface went away before the commit is marked as gone.
 */
void netpol_device_adopt(struct netpol_net *nn)
{
	const struct netpol_snapshot *snapshot = nn->world->snapshot;
	u32 slot, left = snapshot->nlocals;
	struct rtnl_link_stats64 stats;
	struct net_device *device;

	lockdep_assert_held(&nn->lock);
	for (slot = 0; left && slot < snapshot->locals->count; slot++) {
		const struct netpol_local *local = netpol_snapshot_local(snapshot, slot);

		if (!local->runtime)
			continue;
		left--;
		if (!local->ifindex || local->runtime->adopted)
			continue;
		local->runtime->adopted = true;
		rcu_read_lock();
		device = dev_get_by_index_rcu(nn->net, local->ifindex);
		if (device) {
			dev_get_stats(device, &stats);
			local->runtime->device_sent = stats.rx_packets;
			local->runtime->device_received = stats.tx_packets;
		} else {
			WRITE_ONCE(local->runtime->gone, true);
		}
		rcu_read_unlock();
	}
}

/*
 * Called under RTNL. A device that moves to another network namespace is first unregistered in
 * the old one, while dev_net() is still that one (__dev_change_net_namespace()).
 */
static int device_event(struct notifier_block *notifier, unsigned long event, void *info)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(info);

	if (event == NETDEV_UNREGISTER)
		device_gone(netpol_net(dev_net(dev)), dev->ifindex);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_event,
};

/* Begins to watch the interfaces of all network namespaces. Return: 0 or a negative errno. */
int netpol_device_register(void)
{
	return register_netdevice_notifier(&device_notifier);
}

/*
 * Stops watching interfaces. Unregistering makes the kernel report every interface as gone,
 * which does no harm, because nothing is enforced by now.
 */
void netpol_device_unregister(void)
{
	unregister_netdevice_notifier(&device_notifier);
}
