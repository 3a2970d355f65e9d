/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by tests of a world in this process: its edits, one after the other. */
#ifndef NP_EDIT_CHECK_H
#define NP_EDIT_CHECK_H

#include "check.h"
#include "offline/offline.h"

static struct np_offline off;
static struct np_error err;

static inline void begin(void)
{
	memset(&off.fault, 0, sizeof(off.fault));
	CHECK(!np_offline_begin(&off, "kube", &err));
}

static inline void publish(void)
{
	CHECK(!np_offline_prepare(&off, &err));
	np_offline_publish(&off);
}

#endif
