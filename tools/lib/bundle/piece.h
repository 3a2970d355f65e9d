/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces of a bundle, and how each is gathered. */
#ifndef NP_BUNDLE_PIECE_H
#define NP_BUNDLE_PIECE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum np_piece_source {
	NP_PIECE_TOOL,		/* netpolctl WORD... */
	NP_PIECE_RUN,		/* another program */
	NP_PIECE_FILES,		/* files of /proc, /sys and /etc, by patterns */
	NP_PIECE_HOST,		/* interfaces and routes, as doctor and apply see them */
	NP_PIECE_METRICS,	/* metrics of the agent */
};

/**
 * struct np_piece - one file of the archive
 * @file: its name
 * @source: where it comes from
 * @word: the command, or the patterns; ended by NULL. "@socket" is the socket of the agent
 * @grep: only lines with this text are kept; NULL: all
 * @fails: exit status 1 of the command is an answer as well
 * @names: it holds names of objects
 * @gone: it may have names of objects that exist no more, so it cannot be redacted
 * @quotes: it may quote any part of objects that were refused
 */
struct np_piece {
	const char *file;
	enum np_piece_source source;
	const char *word[12];
	const char *grep;
	bool fails;
	bool names;
	bool gone;
	bool quotes;
};

/* Where pieces are gathered. */
struct np_piece_places {
	const char *socket;	/* of the agent */
	const char *metrics;	/* ADDRESS:PORT of the agent */
	int timeout;		/* milliseconds for one piece */
};

/* What came of gathering one. */
struct np_gathered {
	struct np_buffer data;
	bool cut;
	bool none;		/* there is nothing: no module is loaded, no agent answers */
	char error[512];	/* why it cannot be had; "" if it can */
};

/* Returns the piece with this number, or NULL after the last one. */
const struct np_piece *np_piece_at(size_t index);
/* Gathers one. The caller frees got->data. */
void np_piece_gather(const struct np_piece *piece, const struct np_piece_places *places,
		     struct np_gathered *got);
/* Says what a piece is: "netpolctl status -o json", "/proc/modules". */
void np_piece_describe(const struct np_piece *piece, struct np_buffer *out);

#endif
