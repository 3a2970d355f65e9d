/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of policies that restrict traffic and that netpol does not enforce, such as
 * AdminNetworkPolicy or those of another network plugin. Whoever writes one may believe that it is
 * in force, so it is looked up now and then whether a cluster has any.
 *
 * The API groups of the cluster are read, which everybody may who is authenticated. Of each kind in
 * one of its groups one object is asked for. This goes beside the lists and watches: one request at
 * a time, with a bound on the bytes that are kept and on the time of each.
 */
#ifndef NP_KUBE_FOREIGN_H
#define NP_KUBE_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

struct np_cluster;
struct np_foreign;

enum np_foreign_state {
	NP_FOREIGN_NONE,	/* the cluster has no object of this kind, or it is not known */
	NP_FOREIGN_FORBIDDEN,	/* its API group is there, and its objects may not be listed */
	NP_FOREIGN_PRESENT,	/* there is an object of this kind */
};

/* Returns the word that metrics and status have for a state. */
const char *np_foreign_state_name(enum np_foreign_state state);

struct np_foreign_kind {
	const char *group;
	const char *resource;	/* plural, in lower case */
	const char *kind;
};

/* Makes it for a cluster. Nothing is sent before np_foreign_start(). */
struct np_foreign *np_foreign_new(struct np_cluster *cluster);
/* Starts, or starts over, after a random pause. */
void np_foreign_start(struct np_foreign *foreign);
/* Cancels what is going on. What has been found stays. */
void np_foreign_stop(struct np_foreign *foreign);
/* foreign may be NULL. */
void np_foreign_free(struct np_foreign *foreign);

/* Returns how many rounds have ended, that is, how many times all kinds have been asked for. */
uint64_t np_foreign_rounds(const struct np_foreign *foreign);
/* Returns the kind with this number and its state, or NULL after the last one. */
const struct np_foreign_kind *np_foreign_kind(const struct np_foreign *foreign, size_t number,
					      enum np_foreign_state *state);

#endif
