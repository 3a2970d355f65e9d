/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A step of an edit: the programs of local pods. Needs the world's mutex. Whatever is changed
 * in place is noted in the undo log first.
 */
#ifndef NETPOL_DERIVE_PROGRAM_H
#define NETPOL_DERIVE_PROGRAM_H

struct netpol_edit;

/*
 * Finds or makes the programs of all local pods, completes their entries, and retires the
 * programs that no pod uses any more. Return: 0, -ENOMEM or -ENOSPC.
 */
int netpol_derive_programs(struct netpol_edit *edit);

#endif /* NETPOL_DERIVE_PROGRAM_H */
