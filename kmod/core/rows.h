/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows and their cells. Two identities, or two addresses, belong in one row if the same
 * items match them (peers, and rules with blocks; see struct netpol_compile). To find out
 * without comparing sets, each item gets a random number of 128 bits, and the signature of
 * an identity is the exclusive or of the numbers of its items (Zobrist hashing): equal
 * signatures, equal rows. The numbers are drawn anew for each program, so that no tenant can
 * aim at a collision, and a collision by chance is out of reach at 128 bits. The work is the
 * sum of the sizes of the peers' sets, not identities times policies.
 *
 * Part of the compiler; needs the world's mutex.
 */
#ifndef NETPOL_ROWS_H
#define NETPOL_ROWS_H

#include <netpol/shim.h>

struct netpol_compile;
struct netpol_signature;

/**
 * netpol_row_get() - find or add the row of a signature
 * @c: compilation
 * @wanted: signature
 * @row: set to the number of the row
 * @fresh: set to whether the row is new; the caller fills it by netpol_row_hit() and
 *	netpol_row_fill()
 *
 * Return: 0; -ENOMEM; -ENOSPC over the limit of cells, explained in the fault of @c; -EDQUOT.
 */
int netpol_row_get(struct netpol_compile *c, const struct netpol_signature *wanted, u32 *row,
		   bool *fresh);

/* Notes that the rules of an item match in the row that is filled next. */
void netpol_row_hit(struct netpol_compile *c, u32 item);

/*
 * Writes the cells of a row to @cell, from the rules noted in c->hit and the rules without peers,
 * and clears c->hit. May sleep. Needs the spans, and c->hit and c->next allocated.
 */
void netpol_row_cells(struct netpol_compile *c, u32 *cell);

/*
 * Appends the runs of the next row that has none, likewise. Rows are filled in order. Return: 0,
 * -ENOMEM or -EDQUOT.
 */
int netpol_row_fill(struct netpol_compile *c);

/**
 * netpol_compile_rows() - make row 0, the rows of identities, their cells and the row map
 * @c: compilation with items, classes and spans
 *
 * Return: 0; -ENOMEM; -ENOSPC over the limit of cells, explained in the fault of @c; -EDQUOT.
 */
int netpol_compile_rows(struct netpol_compile *c);

/*
 * Gives the program the cells of all rows, in the form that suits them. Return: 0, -ENOMEM or
 * -EDQUOT.
 */
int netpol_compile_cells(struct netpol_compile *c);

#endif /* NETPOL_ROWS_H */
