// SPDX-License-Identifier: GPL-2.0
/* A local pod ends with its interface, whatever the control plane still believes. */
#include "device.h"
#include "netns.h"

#include <linux/netdevice.h>
#include <linux/notifier.h>

/*
 * From now on the pods of this interface are no pods: netpol_resolve() takes their
 * addresses for unknown ones. The lock makes sure that a commit under way, which may
 * bring such a pod, is either seen here or sees the interface gone.
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
 * @nn: network namespace, locked, while a commit is being published
 *
 * A pod whose interface went away before the commit is gone at once. What the interface
 * has moved so far is noted, as the hooks have not seen it.
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
 * A device that moves to another network namespace is unregistered in the old one first,
 * while dev_net() is still that one (__dev_change_net_namespace()). Under RTNL.
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

/* Begins to watch interfaces, of every network namespace. */
int netpol_device_register(void)
{
	return register_netdevice_notifier(&device_notifier);
}

/* Ends it. On the way out every interface is reported gone: nothing is enforced then. */
void netpol_device_unregister(void)
{
	unregister_netdevice_notifier(&device_notifier);
}
