/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the attribute at an offset of a netlink message, for errors.
 */
#ifndef NP_NETLINK_PLACE_H
#define NP_NETLINK_PLACE_H

#include <stdint.h>
#include <linux/netlink.h>

#include "base/error.h"

/* Sets err->object and err->path to the names of the attribute at a byte offset of a message. */
void np_message_at(const struct nlmsghdr *nlh, uint32_t offset, struct np_error *err);
/*
 * Sets them to the names of an attribute that is missing in the nest at an offset, or in
 * the message if that is 0.
 */
void np_message_missing(const struct nlmsghdr *nlh, uint32_t nest, uint32_t type,
			struct np_error *err);

#endif
