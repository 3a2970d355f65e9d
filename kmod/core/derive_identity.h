/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A step of an edit: labels of namespaces, and the identities that label keys make of pods.
 * Needs the world's mutex. Whatever is changed in place is noted in the undo log first.
 */
#ifndef NETPOL_DERIVE_IDENTITY_H
#define NETPOL_DERIVE_IDENTITY_H

struct netpol_edit;
struct netpol_template;

/*
 * Gives the namespaces whose objects changed the labels of the object that counts, and lists
 * them in edit->relabelled. Return: 0 or -ENOMEM.
 */
int netpol_derive_namespaces(struct netpol_edit *edit);

/*
 * Makes the label keys tell identities apart that loaded peers name, and no others: splits the
 * identities whose pods differ in a key that the edit's policies are the first to name, and
 * merges those that differ only in keys that nobody names any more. Comes before the edit
 * changes the address map. Return: 0, -ENOMEM or -ENOSPC.
 */
int netpol_derive_keys(struct netpol_edit *edit);

/*
 * Gives a template the identity that the active keys make of it; a new identity is listed in
 * edit->identities. Return: 0, -ENOMEM or -ENOSPC.
 */
int netpol_derive_identity(struct netpol_edit *edit, struct netpol_template *template);

#endif /* NETPOL_DERIVE_IDENTITY_H */
