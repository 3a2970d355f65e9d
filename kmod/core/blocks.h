/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows by address: a sweep over the prefixes of ipBlocks and excepts, outer before inner,
 * gives each prefix the row of the rules that match there, so that the longest match is
 * exact and an except costs a packet nothing. Part of the compiler; needs the world's mutex.
 */
#ifndef NETPOL_BLOCKS_H
#define NETPOL_BLOCKS_H

struct netpol_compile;

/**
 * netpol_compile_blocks() - make the rows of addresses, their cells and the rule tries
 * @c: compilation after netpol_compile_rows()
 *
 * Return: 0; -ENOMEM; -ENOSPC over the limit of cells, explained in the fault of @c.
 */
int netpol_compile_blocks(struct netpol_compile *c);

#endif /* NETPOL_BLOCKS_H */
