/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of what stands at an offset of a netlink message, for errors.
 */
#ifndef NP_NETLINK_PLACE_H
#define NP_NETLINK_PLACE_H

#include <stdint.h>
#include <linux/netlink.h>

#include "base/error.h"

/* Names in err->object and err->path what is at a byte offset of a message. */
void np_message_at(const struct nlmsghdr *nlh, uint32_t offset, struct np_error *err);
/* The same for an attribute of a type that is missing in the nest at an offset, 0: none. */
void np_message_missing(const struct nlmsghdr *nlh, uint32_t nest, uint32_t type,
			struct np_error *err);

#endif
