/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces of local pods. A local pod ends with its interface, whatever the control plane
 * still believes.
 */
#ifndef NETPOL_DEVICE_H
#define NETPOL_DEVICE_H

#include "netns.h"

int netpol_device_register(void);
void netpol_device_unregister(void);
void netpol_device_adopt(struct netpol_net *nn);

#endif /* NETPOL_DEVICE_H */
