/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts made-up names and addresses in place of real ones in texts: the same one for the same name
 * in all texts, so that they can still be compared with each other.
 *
 * A name is a word wherever it stands between characters that are no letters or digits. So too much
 * is replaced rather than too little. Made-up addresses keep who shares a prefix with whom.
 */
#ifndef NP_BUNDLE_REDACT_H
#define NP_BUNDLE_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "bundle/redact_address.h"

enum np_redact_kind {
	NP_REDACT_NAMESPACE,
	NP_REDACT_POD,
	NP_REDACT_POLICY,
	NP_REDACT_RULE,
	NP_REDACT_LABEL,	/* the value of a label */
	NP_REDACT_NODE,
	NP_REDACT_SERVER,	/* the host name of the API server */
	NP_REDACT_OBJECT,	/* a namespace, pod or policy: it is not known which */
	NP_REDACT_KINDS,
};

/* What is known of the names. It owns its memory. */
struct np_redact {
	struct np_hash words;
	uint32_t count[NP_REDACT_KINDS];
	struct np_redact_map addresses;
	bool hide_quoted;		/* leave out what a JSON string quotes */
};

/* Begins with no names. key: NP_REDACT_KEY random bytes, which decide about addresses. */
void np_redact_init(struct np_redact *r, const uint8_t *key);
void np_redact_free(struct np_redact *r);

/*
 * Learns a name. The namespaces that every cluster has stay as they are. What is a number, a single
 * character or a word such as "true" is no name in texts, and replaced only where np_redact_json()
 * sees that it is one.
 */
void np_redact_name(struct np_redact *r, enum np_redact_kind kind, const char *name, size_t len);
/* Learns the names in a JSON text that this tool or its agent wrote. */
void np_redact_learn(struct np_redact *r, const char *json, size_t len);

/* Adds a text to out, with made-up names and addresses. */
void np_redact_text(struct np_redact *r, const char *text, size_t len, struct np_buffer *out);
/* The same of an error; what it quotes is left out, because that may be part of any object. */
void np_redact_reason(struct np_redact *r, const char *text, size_t len, struct np_buffer *out);
/* The same of a JSON text. The keys of its objects stay as they are. */
void np_redact_json(struct np_redact *r, const char *json, size_t len, struct np_buffer *out);

#endif
