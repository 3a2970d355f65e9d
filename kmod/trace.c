// SPDX-License-Identifier: GPL-2.0
/* The bodies of the tracepoints; see netpol_trace.h. */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "netpol_trace.h"
