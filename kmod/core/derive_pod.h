/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A step of an edit: who owns which address, and the entries and interfaces of local pods.
 * Needs the world's mutex. Whatever is changed in place is noted in the undo log first.
 */
#ifndef NETPOL_DERIVE_POD_H
#define NETPOL_DERIVE_POD_H

struct netpol_edit;

/*
 * Brings claims, identities, slots and interfaces of the changed pods up to date. Return: 0,
 * -ENOMEM or -ENOSPC.
 */
int netpol_derive_pods(struct netpol_edit *edit);

/* Gives each touched address the value of its owner. Return: 0, -ENOMEM or -ENOSPC. */
int netpol_derive_addresses(struct netpol_edit *edit);

#endif /* NETPOL_DERIVE_POD_H */
