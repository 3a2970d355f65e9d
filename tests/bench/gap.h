/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long others wait for the processor in User Mode Linux: a thread of highest priority
 * that wakes up every half millisecond and reads how much processor time its kernel has
 * taken meanwhile. That is time of a process of the machine, so what else the machine does
 * is not in it. packets/kmod, loaded, tells the time.
 */
#ifndef BENCH_GAP_H
#define BENCH_GAP_H

/* Processor time that the kernel has taken so far, in seconds; 0 where nobody tells. */
double gap_taken(void);
/* Starts the thread, once. 0, or -1 without the priority or the module. */
int gap_open(void);
/* Forgets what was noted. */
void gap_reset(void);
/* The longest that the kernel ran between two wake-ups since then, in seconds. */
double gap_longest(void);

#endif
