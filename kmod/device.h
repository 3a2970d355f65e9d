/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces of local pods. When an interface goes away, its pod is gone, even if the control
 * plane still lists it.
 */
#ifndef NETPOL_DEVICE_H
#define NETPOL_DEVICE_H

#include "netns.h"

int netpol_device_register(void);
void netpol_device_unregister(void);
void netpol_device_adopt(struct netpol_net *nn);
void netpol_device_check(struct netpol_net *nn, int gone);

#endif /* NETPOL_DEVICE_H */
