/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Patches: a program with other rows for a few identities, without compiling it anew. The
 * row map is copied on write, page by page; everything else is shared with the program whose
 * place it takes. The old struct, its directory of pages and the replaced pages go with the
 * old snapshot; what is shared belongs to the newest of the structs.
 *
 * A set of peers that no row stands for yet gets a new row in the room behind the last row.
 * This writes memory that the program in force shares, but no packet reads it there, because
 * no row map in force leads to it.
 */
#ifndef NETPOL_PATCH_H
#define NETPOL_PATCH_H

struct netpol_edit;
struct netpol_program;

/**
 * netpol_program_patch() - bring a program's rows up to date for the affected identities
 * @edit: edit, one_by_one, with the sets of all peers up to date
 * @program: program in force
 * @patched: set to the program to use from now on: @program itself if it is up to date; a
 *	new struct, which the caller puts into the place of @program in world->programs; or
 *	NULL if there is no room for a new row and the program has to be compiled
 *
 * Return: 0 or -ENOMEM.
 */
int netpol_program_patch(struct netpol_edit *edit, struct netpol_program *program,
			 struct netpol_program **patched);

#endif /* NETPOL_PATCH_H */
