/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Audits of random worlds: they begin and end by command and by time, about a namespace, a policy or
 * one pod, between transactions, which make no difference to them. Each edit of audits is a step of
 * the history, so that it can be run again and left out. What has to be under way then is written
 * down here, for the evaluator. Some edits lack memory first; they have to leave everything as it
 * was, and to be possible afterwards.
 *
 * Only the core has them: the time of the module cannot be set. tests/e2e/audit.sh tests them there.
 */
#ifndef AUDITS_H
#define AUDITS_H

#include "../evaluator/history.h"
#include "core/pod.h"

struct run;

/**
 * struct audits - the audits that are under way in the core
 * @about: what they are about, for the evaluator
 * @end: when they end, by netpol_now(); 0: they have no end
 * @count: how many
 * @now: the time at which the last edit of audits was published; 0: there was none
 */
struct audits {
	struct evaluator_audit about[HISTORY_AUDITS];
	u64 end[HISTORY_AUDITS];
	unsigned int count;
	u64 now;
};

/* The time begins, and stands still but for the steps that let it go on. */
void audits_begin(void);
/* The time is that of the machine again. */
void audits_end(void);
/* Appends a step to the history, before its next transaction; NULL if there is no room for one. */
const struct audit_step *audits_next(const struct audits *audits, struct history *h);
/* Runs a step, or nothing if it is NULL, and looks whether all is right then. */
void audits_run(struct run *run, const struct audit_step *step);
/* Runs what is not dropped of the steps before a transaction of the history. */
void audits_before(struct run *run, unsigned int transaction);
/* Appends steps to a history by which the same audits are under way. */
void audits_again(const struct audits *audits, struct history *h);
/* Ends all of them by command, without leaving a name in the core. */
void audits_end_all(struct run *run);
/* The core has these, and no other ones, under way. */
void audits_check(struct run *run);
/* Is one about this pod alone? */
bool audits_name(const struct run *run, const struct netpol_pod *pod);

#endif
