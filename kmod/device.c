// SPDX-License-Identifier: GPL-2.0
/* Watches the interfaces of local pods. */
#include "device.h"
#include "netns.h"

#include <linux/netdevice.h>
#include <linux/notifier.h>

/* The next local pod that has an interface, in @slot or after it; NULL: there is none. */
static const struct netpol_local *next_device(const struct netpol_snapshot *snapshot, u32 *slot)
{
	while (snapshot->nlocals && *slot < snapshot->locals->count) {
		const struct netpol_local *local = netpol_snapshot_local(snapshot, (*slot)++);

		if (local->runtime && local->ifindex)
			return local;
	}
	return NULL;
}

/*
 * Marks the pods of an interface as gone. From now on netpol_resolve() takes their addresses
 * for unknown ones. This takes no lock, because RTNL is held, and a commit may take long. A
 * commit under way may bring such a pod. Either this function sees the snapshot with that pod,
 * or the commit sees @devices_gone change (netpol_device_check()).
 */
static void device_gone(struct netpol_net *nn, u32 ifindex)
{
	const struct netpol_snapshot *snapshot;
	const struct netpol_local *local;
	u32 slot = 0;

	atomic_inc(&nn->devices_gone);
	/* pairs with that of netpol_device_check() */
	smp_mb__after_atomic();
	rcu_read_lock();
	snapshot = rcu_dereference(nn->root);
	while (snapshot && (local = next_device(snapshot, &slot)))
		if (local->ifindex == ifindex)
			WRITE_ONCE(local->runtime->gone, true);
	rcu_read_unlock();
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
	const struct netpol_local *local;
	struct rtnl_link_stats64 stats;
	struct net_device *device;
	u32 slot = 0;

	lockdep_assert_held(&nn->lock);
	while ((local = next_device(snapshot, &slot))) {
		if (local->runtime->adopted)
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

/**
 * netpol_device_check() - look for interfaces that went away while a commit was published
 * @nn: state, locked, after the snapshot has been published to packets
 * @gone: nn->devices_gone before netpol_device_adopt() looked for the interfaces
 *
 * An interface is out of the kernel's tables before device_gone() is told.
 */
void netpol_device_check(struct netpol_net *nn, int gone)
{
	const struct netpol_snapshot *snapshot = nn->world->snapshot;
	const struct netpol_local *local;
	u32 slot = 0;

	lockdep_assert_held(&nn->lock);
	/* the snapshot is published before the count is read; pairs with that of device_gone() */
	smp_mb();
	if (atomic_read(&nn->devices_gone) == gone)
		return;
	rcu_read_lock();
	while ((local = next_device(snapshot, &slot)))
		if (!dev_get_by_index_rcu(nn->net, local->ifindex))
			WRITE_ONCE(local->runtime->gone, true);
	rcu_read_unlock();
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
