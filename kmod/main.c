// SPDX-License-Identifier: GPL-2.0
/* Loads and unloads the module. */
#include "core/hash.h"
#include "device.h"
#include "netlink.h"
#include "netns.h"

#include <linux/module.h>

static int __init netpol_init(void)
{
	int error;

	netpol_hash_init();
	error = netpol_net_register();
	if (error)
		return error;
	error = netpol_device_register();
	if (error)
		goto unregister_net;
	error = netpol_netlink_register();
	if (error)
		goto unregister_device;
	pr_info("netpol: version %s\n", NETPOL_VERSION);
	return 0;
unregister_device:
	netpol_device_unregister();
unregister_net:
	netpol_net_unregister();
	return error;
}

static void __exit netpol_exit(void)
{
	netpol_netlink_unregister();
	netpol_device_unregister();
	netpol_net_unregister();
}

module_init(netpol_init);
module_exit(netpol_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NETPOL_VERSION);
MODULE_DESCRIPTION("Kubernetes NetworkPolicy enforcement");
