// SPDX-License-Identifier: GPL-2.0-or-later
/* An archive with what somebody who looks for a fault on a node asks for. */
#include "bundle/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/alloc.h"
#include "bundle/archive.h"
#include "bundle/piece.h"
#include "bundle/redact.h"

struct np_bundle {
	const struct np_bundle_options *opts;
	struct np_piece_places places;
	struct np_bundle_result *result;
	struct np_redact redact;
	struct np_archive archive;
	struct np_buffer manifest;
	struct np_gathered *got;	/* by piece; NULL: each is gathered when it is written */
	char folder[64];
	char date[32];
};

static bool np_is_json(const struct np_piece *piece)
{
	return strstr(piece->file, ".json");
}

/* The node's name, with and without the domain. */
static void np_bundle_learn_node(struct np_bundle *b)
{
	struct utsname name;

	if (uname(&name))
		return;
	np_redact_name(&b->redact, NP_REDACT_NODE, name.nodename, strlen(name.nodename));
	np_redact_name(&b->redact, NP_REDACT_NODE, name.nodename, strcspn(name.nodename, "."));
}

/* Learns the names of a piece, or says why there would be some that are not known. */
static int np_bundle_learn(struct np_bundle *b, const struct np_piece *piece,
			   const struct np_gathered *got, struct np_error *err)
{
	if (piece->names && got->cut) {
		np_error_set(err, NP_EXIT_INPUT, "%s is too long to learn all names from it, so "
			     "they cannot be replaced", piece->file);
		np_error_hint(err, "without --redact, what is longer is cut");
		return -1;
	}
	if (piece->names && *got->error && !got->none) {
		np_error_set(err, NP_EXIT_INPUT, "no names can be learnt from %s, so they cannot "
			     "be replaced: %.300s", piece->file, got->error);
		np_error_hint(err, "without --redact, the archive is made without this file");
		return -1;
	}
	if (np_is_json(piece) && got->data.len)
		np_redact_learn(&b->redact, got->data.data, got->data.len);
	return 0;
}

/*
 * Gathers all pieces before anything is written and learns their names, because any piece may have
 * any of them. Each is gathered once, so that what is written has no names but those.
 */
static int np_bundle_gather(struct np_bundle *b, struct np_error *err)
{
	const struct np_piece *piece;
	size_t i, count = 0;
	int ret = 0;

	while (np_piece_at(count))
		count++;
	b->got = np_xcalloc(count, sizeof(*b->got));
	np_bundle_learn_node(b);
	for (i = 0; !ret && i < count; i++) {
		piece = np_piece_at(i);
		if (piece->gone)
			continue;
		np_piece_gather(piece, &b->places, &b->got[i]);
		ret = np_bundle_learn(b, piece, &b->got[i], err);
	}
	for (i = 0; ret && i < count; i++)
		np_buffer_free(&b->got[i].data);
	return ret;
}

/* Adds a line on a piece to the manifest. */
static void np_bundle_note(struct np_bundle *b, const struct np_piece *piece, const char *state,
			   size_t len, const char *why)
{
	np_buffer_print(&b->manifest, "%-8s %10zu  %-22s ", state, len, piece->file);
	np_piece_describe(piece, &b->manifest);
	if (*why) {
		np_buffer_print(&b->manifest, ": ");
		if (b->opts->redact)
			np_redact_reason(&b->redact, why, strlen(why), &b->manifest);
		else
			np_buffer_print(&b->manifest, "%s", why);
	}
	np_buffer_print(&b->manifest, "\n");
}

/* Adds a piece, and frees what was gathered of it. */
static void np_bundle_add(struct np_bundle *b, const struct np_piece *piece,
			  struct np_gathered *got)
{
	struct np_buffer made = { 0 }, *data = &got->data;

	if (b->opts->redact && piece->gone) {
		np_bundle_note(b, piece, "left out", 0,
			       "it may have names that are not known any more");
		return;
	}
	if (*got->error) {
		b->result->missing++;
		np_bundle_note(b, piece, "missing", 0, got->error);
		return;
	}
	if (b->opts->redact) {
		/* What an object is refused for may quote any part of it. */
		b->redact.hide_quoted = piece->quotes;
		if (np_is_json(piece))
			np_redact_json(&b->redact, data->data, data->len, &made);
		else
			np_redact_text(&b->redact, data->data, data->len, &made);
		data = &made;
	}
	b->result->files++;
	b->result->cut += got->cut;
	np_archive_add(&b->archive, piece->file, data->data, data->len);
	np_bundle_note(b, piece, got->cut ? "cut" : "ok", data->len, "");
	np_buffer_free(&made);
	np_buffer_free(&got->data);
}

static void np_bundle_manifest(struct np_bundle *b)
{
	struct np_buffer head = { 0 };

	np_buffer_print(&head, "netpol support bundle, form 1, of netpolctl %s, %s, names and "
			"addresses are %s\n\nstate         bytes  file                   from\n",
			b->opts->version, b->date, b->opts->redact ? "made up" : "real");
	np_buffer_add(&head, b->manifest.data, b->manifest.len);
	np_archive_add(&b->archive, "MANIFEST", head.data, head.len);
	np_buffer_free(&head);
	b->result->files++;
}

int np_bundle_make(const struct np_bundle_options *opts, struct np_bundle_result *result,
		   struct np_error *err)
{
	struct np_bundle b = {
		.opts = opts,
		.result = result,
		.places = {
			.socket = opts->socket,
			.metrics = opts->metrics,
			.timeout = opts->timeout,
		},
	};
	const struct np_piece *piece;
	struct np_gathered got;
	uint8_t key[NP_REDACT_KEY];
	time_t now = time(NULL);
	struct tm when;
	size_t i;
	int ret;

	memset(result, 0, sizeof(*result));
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return np_error_set(err, NP_EXIT_INPUT, "no random bytes: %s", strerror(errno));
	gmtime_r(&now, &when);
	strftime(b.folder, sizeof(b.folder), "netpol-support-%Y%m%d-%H%M%S", &when);
	strftime(b.date, sizeof(b.date), "%Y-%m-%dT%H:%M:%SZ", &when);
	/* First of all, so that a path that cannot be written is known at once. */
	if (np_archive_begin(&b.archive, opts->path, opts->force, b.folder, now, err))
		return -1;
	np_redact_init(&b.redact, key);
	ret = opts->redact ? np_bundle_gather(&b, err) : 0;
	for (i = 0; !ret && (piece = np_piece_at(i)); i++) {
		if (!b.got)
			np_piece_gather(piece, &b.places, &got);
		np_bundle_add(&b, piece, b.got ? &b.got[i] : &got);
	}
	if (!ret)
		np_bundle_manifest(&b);
	if (np_archive_end(&b.archive, ret, err))
		ret = -1;
	np_buffer_free(&b.manifest);
	free(b.got);
	np_redact_free(&b.redact);
	return ret;
}
