/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the node's tables over route netlink.
 */
#ifndef NP_NODE_HOST_READ_H
#define NP_NODE_HOST_READ_H

#include "base/error.h"
#include "node/host.h"

/*
 * Reads the tables of the present network namespace, and the addresses at the other ends of its
 * interfaces. Returns 0, or -1 with *err filled.
 */
int np_host_read(struct np_host *host, int timeout, struct np_error *err);

#endif
