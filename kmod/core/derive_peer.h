/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A step of an edit: the sets of identities that peers match. Needs the world's mutex.
 * Whatever is changed in place is noted in the undo log first.
 */
#ifndef NETPOL_DERIVE_PEER_H
#define NETPOL_DERIVE_PEER_H

#include <netpol/shim.h>

struct netpol_edit;
struct netpol_ns;
struct netpol_peer;

/*
 * Brings the sets of the peers in use up to date, and decides whether the edit goes on one by
 * one. Return: 0 or -ENOMEM.
 */
int netpol_derive_peers(struct netpol_edit *edit);

/* Does a peer match pods of a namespace otherwise than before the edit relabelled it? */
bool netpol_peer_relabelled(const struct netpol_peer *peer, const struct netpol_ns *ns);

#endif /* NETPOL_DERIVE_PEER_H */
