/* SPDX-License-Identifier: GPL-2.0 */
/* The hooks of a trace, and what they have noted. */
#ifndef NETPOL_TRACER_HOOK_H
#define NETPOL_TRACER_HOOK_H

#include "tracer.h"

int netpol_tracer_hook(struct netpol_tracer *tracer);
void netpol_tracer_unhook(struct netpol_tracer *tracer);
void netpol_tracer_forget(struct netpol_tracer *tracer, unsigned long age);
bool netpol_tracer_take(struct netpol_tracer *tracer, struct netpol_passage *passage);

#endif /* NETPOL_TRACER_HOOK_H */
