/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of a trace: their passages put together, what became of each packet, in words and as
 * JSON. Nothing here asks the kernel; who does hangs the answer to a passage.
 */
#ifndef NP_EXPLAIN_TRACED_H
#define NP_EXPLAIN_TRACED_H

#include <stdio.h>

#include "base/output.h"
#include "netlink/report.h"
#include "netlink/trace.h"

#define NP_TRACED_PASSAGES	4	/* of one packet in one group */
#define NP_TRACED_OPEN		32	/* packets that are being put together */
#define NP_TRACED_WAIT		300	/* milliseconds until no other passage is expected */

/* What became of a packet, as far as netpol has to do with it. */
enum np_fate {
	NP_FATE_PASSED,		/* it left by an interface, or came to the node */
	NP_FATE_DROPPED,	/* netpol denied it */
	NP_FATE_UNSEEN,		/* it passed where it came in, and was not seen again */
	NP_FATE_UNKNOWN,	/* not seen behind netpol, nor denied by it */
};

/**
 * struct np_traced - a packet
 * @number: of the packet; 0: free
 * @since: when its last passage came, in milliseconds
 * @count: how many passages it has
 * @passage: its passages, in order
 */
struct np_traced {
	uint32_t number;
	int64_t since;
	size_t count;
	struct np_passage passage[NP_TRACED_PASSAGES];
};

/* An end of the trace as it was written, to name its addresses by; text NULL: nothing to name. */
struct np_traced_name {
	const char *text;
	const struct np_trace_end *end;
};

/**
 * struct np_traced_set - packets that are being put together, and counts of those that were
 * @open: packets
 * @name: names of the two ends
 * @fate: how many packets had each fate
 */
struct np_traced_set {
	struct np_traced open[NP_TRACED_OPEN];
	struct np_traced_name name[2];
	uint64_t fate[NP_FATE_UNKNOWN + 1];
};

/* Called for a packet that is complete. */
typedef void (*np_traced_fn)(const struct np_traced *traced, void *arg);

/* Adds a passage that came at a time in milliseconds; calls done for packets that are complete. */
void np_traced_add(struct np_traced_set *set, const struct np_passage *passage, int64_t now,
		   np_traced_fn done, void *arg);
/* Calls done for packets that wait for nothing more; with all set, for all. */
void np_traced_flush(struct np_traced_set *set, int64_t now, bool all, np_traced_fn done,
		     void *arg);
enum np_fate np_traced_fate(const struct np_traced *traced);

/*
 * The question that the module would be asked about the connection of a passage. Returns false if
 * there is none, because the policies had no say at its point.
 */
bool np_passage_question(const struct np_passage *passage, struct np_eval_request *request);
/* True if an answer to that question explains what became of the packet. */
bool np_passage_explained(const struct np_passage *passage, const struct np_eval *eval);

/* Prints the first line of a packet, a passage with its answer or NULL, and the last line. */
void np_traced_head(FILE *file, const struct np_traced_set *set, const struct np_traced *traced);
void np_traced_passage(FILE *file, const struct np_passage *passage, const struct np_eval *eval);
void np_traced_result(FILE *file, const struct np_traced *traced);
/* Writes a passage, as an object of the array that is open. */
void np_traced_write(struct np_writer *w, const struct np_passage *passage,
		     const struct np_eval *eval);
/* "passed", "dropped", "unseen", "unknown" */
const char *np_fate_word(enum np_fate fate);

#endif
