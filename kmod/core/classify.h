/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verdict: a snapshot and a flow in; accept or deny, and the reason, out. Packets run this
 * code in the kernel, and eval and matrix run it too. It allocates nothing, takes no lock, and
 * has no loop without a bound. Needs the RCU read lock, or a reference on the snapshot.
 */
#ifndef NETPOL_CLASSIFY_H
#define NETPOL_CLASSIFY_H

#include "core/world.h"

/**
 * struct netpol_flow - what is judged: a packet in the direction its connection was opened
 * @source: address of the opener in network order, 4 or 16 bytes, aligned to 4
 * @destination: likewise the address that it opens the connection to
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_*
 * @no_ports: the protocol has ports that cannot be read (fragment, short header)
 * @port: destination port, host order; 0 where there is none
 */
struct netpol_flow {
	const void *source;
	const void *destination;
	u8 family;
	u8 protocol;
	bool no_ports;
	u16 port;
};

/**
 * struct netpol_end - what one end of a flow is
 * @identity: number of its identity; 0: no known pod
 * @node: it has an address of this node, which is never a pod's
 * @local: the local pod, or NULL
 */
struct netpol_end {
	u32 identity;
	bool node;
	const struct netpol_local *local;
};

/**
 * struct netpol_decision - one half of a verdict: a subject in one direction
 * @subject: the local pod whose policies are evaluated; NULL: this half is not judged here
 * @program: program of @subject, or NULL
 * @cell: cell of @program that decided
 * @passed: cell of @program that passed before; NETPOL_CELL_NONE: none did
 * @observed: cell of the observed policies that would accept; NETPOL_CELL_NONE: none would, or
 *	nobody asked
 * @accept: the half accepts
 * @audit: it accepts, and would not if the observed policies were enforced
 * @reason: enum netpol_reason
 */
struct netpol_decision {
	const struct netpol_local *subject;
	const struct netpol_program *program;
	u32 cell;
	u32 passed;
	u32 observed;
	bool accept;
	bool audit;
	u8 reason;
};

/**
 * struct netpol_judgement - a verdict and its halves
 * @half: halves, by enum netpol_direction; ingress is judged only if egress accepts
 * @accept: both halves accept
 * @reason: enum netpol_reason of the half that decided
 * @direction: enum netpol_direction of the half that decided
 */
struct netpol_judgement {
	struct netpol_decision half[NETPOL_DIRECTIONS];
	bool accept;
	u8 reason;
	u8 direction;
};

/**
 * struct netpol_named - a destination port that may have a name; small enough to be passed
 *	in a register
 * @identity: identity of the destination
 * @port: port, host order
 * @protocol: IPPROTO_*
 */
struct netpol_named {
	u32 identity;
	u16 port;
	u8 protocol;
};

/*
 * The value of an address in the address map: the number of an identity, or the slot of a
 * local pod and NETPOL_VALUE_LOCAL, or 0 for an address that is no known pod's. RCU.
 */
static __always_inline u32 netpol_address_value(const struct netpol_snapshot *snapshot, u8 family,
						const void *address)
{
	if (family == AF_INET)
		return netpol_addrmap_find4(&snapshot->addrmap[0], *(const __be32 *)address);
	return netpol_addrmap_find6(&snapshot->addrmap[1], address);
}

/* The cell of a class and an identity, which decides if the program is simple. RCU. */
static __always_inline u32 netpol_program_simple_cell(const struct netpol_program *program,
						      u32 class, u32 identity)
{
	u64 row = netpol_program_row(program, identity);

	return program->cell[row * program->nclasses + class];
}

/*
 * The lower of the cells of the other end's row by identity and of its row by address. The program
 * is not sparse. RCU.
 */
static __always_inline u32 netpol_program_blocks_cell(const struct netpol_program *program,
						      u8 family, u32 class, u32 identity,
						      const void *address)
{
	u32 cell = netpol_program_simple_cell(program, class, identity);
	u64 row = netpol_program_address_row(program, family, address);

	return min(cell, program->cell[row * program->nclasses + class]);
}

u32 netpol_program_sparse_cell(const struct netpol_program *program, u8 family, u32 class,
			       u32 identity, const void *address);

/*
 * The cell that decides, except for named ports: the lower of the cells of the other end's row
 * by identity and of its row by address. @class is the class of the destination port. RCU.
 */
static __always_inline u32 netpol_program_cell(const struct netpol_program *program, u8 family,
					       u32 class, u32 identity, const void *address)
{
	if (!program->by_address)
		return netpol_program_simple_cell(program, class, identity);
	if (unlikely(program->sparse))
		return netpol_program_sparse_cell(program, family, class, identity, address);
	return netpol_program_blocks_cell(program, family, class, identity, address);
}

/*
 * Is the pod closed, because nobody knows which cluster-wide policies select it, or because there
 * was no room for its program?
 */
static inline bool netpol_program_closed(const struct netpol_program *program)
{
	return !program->npolicies;
}

/*
 * The reason to tell of a half that has one, for explanations and events: the packet path does not
 * tell why a pod is closed. @program: of the half, or NULL.
 */
static inline u8 netpol_reason_told(u8 reason, const struct netpol_program *program)
{
	return reason == NETPOL_REASON_ISOLATED && program && program->lacking ?
	       NETPOL_REASON_NO_ROOM : reason;
}

/* Do none of its policies have a say, because all are observed? Then it accepts everything. */
static inline bool netpol_program_observes(const struct netpol_program *program)
{
	return !program->nenforced && program->npolicies;
}

/*
 * Are the observed policies asked about what a program accepts by this cell? They would have no say
 * against the Admin tier.
 */
static __always_inline bool netpol_program_asks(const struct netpol_program *program, u32 cell)
{
	return program->audit && NETPOL_CELL_ORDER(cell) >= program->stage2;
}

/*
 * Does a rule of the Admin tier deny by this cell, or could one that nobody knows of? No setting
 * stands above it.
 */
static inline bool netpol_program_admin_denies(const struct netpol_program *program, u32 cell)
{
	return netpol_program_closed(program) ||
	       (NETPOL_CELL_ACTION(cell) == NETPOL_ACTION_DENY &&
		NETPOL_CELL_ORDER(cell) < program->stage2);
}

/*
 * The identity that a program takes the other end for: NETPOL_IDENTITY_UNKNOWN if it has none, but
 * an address that must be a pod's. RCU.
 */
static __always_inline u32 netpol_program_identity(const struct netpol_snapshot *snapshot,
						   const struct netpol_program *program, u8 family,
						   u32 identity, const void *address)
{
	if (identity || !program->doubts ||
	    !netpol_settings_has_pod(snapshot->settings, family, address))
		return identity;
	return NETPOL_IDENTITY_UNKNOWN;
}

/* Would a half deny what both accept, if the observed policies were enforced? */
static inline bool netpol_judgement_audit(const struct netpol_judgement *judgement)
{
	u8 i;

	for (i = 0; i < NETPOL_DIRECTIONS; i++)
		if (judgement->accept && judgement->half[i].subject && judgement->half[i].audit)
			return true;
	return false;
}

u32 netpol_program_name_cell(const struct netpol_snapshot *snapshot,
			     const struct netpol_program *program, u8 family,
			     struct netpol_named named, u32 passed, const void *address);
bool netpol_judge_admin(const struct netpol_snapshot *snapshot, const struct netpol_flow *flow,
			const struct netpol_end *source, const struct netpol_end *destination,
			struct netpol_judgement *judgement);
void netpol_resolve(const struct netpol_snapshot *snapshot, u8 family, const void *address,
		    struct netpol_end *end);
void netpol_judge_half(const struct netpol_snapshot *snapshot,
		       const struct netpol_flow *flow, u8 direction,
		       const struct netpol_local *subject, const struct netpol_end *other,
		       struct netpol_decision *decision);
bool netpol_judge(const struct netpol_snapshot *snapshot, const struct netpol_flow *flow,
		  const struct netpol_end *source, const struct netpol_end *destination,
		  struct netpol_judgement *judgement);
bool netpol_account(const struct netpol_judgement *judgement);
bool netpol_account_observed(const struct netpol_decision *half, u8 direction);

#endif /* NETPOL_CLASSIFY_H */
