/* SPDX-License-Identifier: GPL-2.0 */
/* The compiler: an ordered list of policies in, a program out. Needs the world's mutex. */
#ifndef NETPOL_COMPILE_H
#define NETPOL_COMPILE_H

#include "core/fault.h"
#include "core/program.h"

/**
 * struct netpol_selection - the policies that select a pod in one direction
 * @policy: first those of the Admin tier, then NetworkPolicies. If none of these is enforced, then
 *	those of the Baseline tier instead, and behind them the NetworkPolicies that are observed.
 *	None at all: everything is denied
 * @count: how many
 * @enforced: how many of them, the first ones, are enforced
 */
struct netpol_selection {
	struct netpol_policy **policy;
	u32 count;
	u32 enforced;
};

/**
 * netpol_program_compile() - make the program of a list of policies
 * @world: world, locked
 * @ns: namespace that the memory is charged to
 * @direction: enum netpol_direction; every policy has rules of it or isolates in it
 * @selection: the policies; copied
 * @ports: named ports of the pod if netpol_policies_need_ports(), else NULL
 * @budget: most bytes that the program may have; then those that it has, or had when it was over
 * @fault: a refusal is explained here
 *
 * Peers whose set of identities is not kept yet get one and join world->active_peers.
 *
 * Return: the program, owned by the caller, which must free it before the policies and their
 * namespaces; -ENOMEM; -ENOSPC over the limit of cells; -EDQUOT above @budget, which is not
 * explained in @fault.
 */
struct netpol_program *netpol_program_compile(struct netpol_world *world, struct netpol_ns *ns,
					      u8 direction,
					      const struct netpol_selection *selection,
					      struct netpol_ports *ports,
					      u64 *budget, struct netpol_fault *fault);

#endif /* NETPOL_COMPILE_H */
