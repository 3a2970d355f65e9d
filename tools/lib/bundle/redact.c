// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts made-up names and addresses in place of real ones in texts. */
#include "bundle/redact.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/loop.h"

#define NP_WORD_MAX	253u	/* the longest name that Kubernetes knows */
#define NP_JSON_LEVELS	64u

/* A name that was learnt. */
struct np_redact_word {
	uint32_t hash;		/* first, for struct np_hash */
	uint32_t number;
	size_t len;
	uint8_t kind;		/* enum np_redact_kind */
	bool weak;		/* no name in texts */
	char text[];
};

/* A piece of a text. */
struct np_span {
	const char *text;
	size_t len;
};

static bool np_span_is(struct np_span span, const char *text)
{
	return strlen(text) == span.len && !memcmp(span.text, text, span.len);
}

static bool np_span_in(struct np_span span, const char *const *list)
{
	for (; *list; list++)
		if (np_span_is(span, *list))
			return true;
	return false;
}

static bool np_word_match(const void *record, const void *key)
{
	const struct np_redact_word *word = record;
	const struct np_span *span = key;

	return word->len == span->len && !memcmp(word->text, span->text, span->len);
}

static struct np_redact_word *np_word_find(const struct np_redact *r, struct np_span span)
{
	return np_hash_find(&r->words, np_hash_bytes(0, span.text, span.len), np_word_match, &span);
}

static bool np_word_weak(struct np_span span)
{
	static const char *const plain[] = {
		"true", "false", "yes", "no", "on", "off", "none", "null", "localhost", NULL,
	};
	size_t i;

	for (i = 0; i < span.len; i++)
		if (!isdigit((unsigned char)span.text[i]))
			break;
	return span.len < 2 || i == span.len || np_span_in(span, plain);
}

/* Returns the record of a name, which is made if there is none, or NULL for one that stays. */
static struct np_redact_word *np_word_add(struct np_redact *r, enum np_redact_kind kind,
					  struct np_span span)
{
	static const char *const known[] = {
		"default", "kube-system", "kube-public", "kube-node-lease", NULL,
	};
	struct np_redact_word *word;

	if (!span.len || np_span_in(span, known))
		return NULL;
	word = np_word_find(r, span);
	if (word)
		return word;
	word = np_xcalloc(1, sizeof(*word) + span.len);
	word->hash = np_hash_bytes(0, span.text, span.len);
	word->number = ++r->count[kind];
	word->kind = kind;
	word->weak = np_word_weak(span);
	word->len = span.len;
	memcpy(word->text, span.text, span.len);
	np_hash_add(&r->words, word);
	return word;
}

static void np_word_print(const struct np_redact_word *word, struct np_buffer *out)
{
	static const char *const name[NP_REDACT_KINDS] = {
		[NP_REDACT_NAMESPACE] = "namespace", [NP_REDACT_POD] = "pod",
		[NP_REDACT_POLICY] = "policy", [NP_REDACT_RULE] = "rule",
		[NP_REDACT_LABEL] = "label", [NP_REDACT_NODE] = "node",
		[NP_REDACT_SERVER] = "server", [NP_REDACT_OBJECT] = "object",
	};

	np_buffer_print(out, "%s-x%u", name[word->kind], word->number);
}

void np_redact_init(struct np_redact *r, const uint8_t *key)
{
	memset(r, 0, sizeof(*r));
	np_redact_map_init(&r->addresses, key);
}

void np_redact_free(struct np_redact *r)
{
	np_hash_free_records(&r->words);
	memset(r, 0, sizeof(*r));
}

void np_redact_name(struct np_redact *r, enum np_redact_kind kind, const char *name, size_t len)
{
	np_word_add(r, kind, (struct np_span){ name, len });
}

/* --- texts ----------------------------------------------------------------------- */

static bool np_in_word(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

/* Returns the longest name that begins here and ends at the end of a word, or NULL. */
static const struct np_redact_word *np_longest_word(const struct np_redact *r, const char *text,
						    size_t len)
{
	const struct np_redact_word *word;
	size_t run = 0, end;

	while (run < len && run <= NP_WORD_MAX && np_in_word(text[run]))
		run++;
	for (end = run; end > 0; end--) {
		if (!isalnum((unsigned char)text[end - 1]) ||
		    (end < len && isalnum((unsigned char)text[end])))
			continue;
		word = np_word_find(r, (struct np_span){ text, end });
		if (word && !word->weak)
			return word;
	}
	return NULL;
}

void np_redact_text(struct np_redact *r, const char *text, size_t len, struct np_buffer *out)
{
	const struct np_redact_word *word;
	size_t at = 0, taken;
	bool begin = true;

	while (at < len) {
		if ((at & 0xfff) == 0)
			np_breathe();
		taken = begin ? np_redact_address(&r->addresses, text + at, len - at, out) : 0;
		word = begin && !taken ? np_longest_word(r, text + at, len - at) : NULL;
		if (word) {
			np_word_print(word, out);
			taken = word->len;
		}
		if (!taken) {
			np_buffer_add(out, text + at, 1);
			taken = 1;
		}
		at += taken;
		begin = !isalnum((unsigned char)text[at - 1]);
	}
}

/* Writes a text; what stands between two quotes is left out, or all that follows the last one. */
static void np_redact_quoting(struct np_redact *r, struct np_span text, const char *quote,
			      void (*write)(struct np_redact *r, const char *text, size_t len,
					    struct np_buffer *out), struct np_buffer *out)
{
	const char *at = text.text, *end = at + text.len, *open, *close;
	size_t len = strlen(quote);

	while (at < end) {
		open = memmem(at, end - at, quote, len);
		if (!open)
			break;
		close = memmem(open + len, end - open - len, quote, len);
		write(r, at, open - at, out);
		np_buffer_print(out, "%s...%s", quote, quote);
		at = close ? close + len : end;
	}
	write(r, at, end - at, out);
}

void np_redact_reason(struct np_redact *r, const char *text, size_t len, struct np_buffer *out)
{
	np_redact_quoting(r, (struct np_span){ text, len }, "\"", np_redact_text, out);
}

/* --- JSON ------------------------------------------------------------------------- */

/* A container of a JSON text. */
struct np_level {
	struct np_span name;	/* the key that it is the value of, also of the array around it */
	bool array;
};

struct np_lexer {
	struct np_redact *r;
	struct np_buffer *out;	/* NULL: names are learnt only */
	struct np_level level[NP_JSON_LEVELS];
	unsigned int depth;
	struct np_span key;	/* the last one of the innermost object */
	struct np_span kind;	/* the last value of a key "kind" */
};

/* Returns the innermost container, or NULL if there is none, or if it is too deep. */
static const struct np_level *np_innermost(const struct np_lexer *lx)
{
	return lx->depth && lx->depth <= NP_JSON_LEVELS ? &lx->level[lx->depth - 1] : NULL;
}

/* Says what kind of name the value of a key is. Returns false if it is none. */
static bool np_value_kind(const struct np_lexer *lx, enum np_redact_kind *kind)
{
	static const char *const labels[] = { "labels", "matchLabels", NULL };
	static const char *const rules[] = { "rules", "ingress", "egress", NULL };
	static const char *const nodes[] = { "node", "nodeName", NULL };
	static const char *const pods[] = { "pod", "unguardedPod", NULL };
	const struct np_level *in = np_innermost(lx);

	if (!in)
		return false;
	*kind = NP_REDACT_LABEL;
	if (in->array)
		return np_span_is(in->name, "values");
	if (np_span_in(in->name, labels))
		return true;
	*kind = NP_REDACT_NODE;
	if (np_span_in(lx->key, nodes))
		return true;
	*kind = NP_REDACT_NAMESPACE;
	if (np_span_is(lx->key, "namespace"))
		return true;
	*kind = NP_REDACT_POD;
	if (np_span_in(lx->key, pods))
		return true;
	*kind = NP_REDACT_POLICY;
	if (np_span_is(lx->key, "policy"))
		return true;
	if (!np_span_is(lx->key, "name"))
		return false;
	if (np_span_is(in->name, "metadata"))
		*kind = np_span_is(lx->kind, "Namespace") ? NP_REDACT_NAMESPACE :
			np_span_is(lx->kind, "Pod") ? NP_REDACT_POD : NP_REDACT_POLICY;
	else if (np_span_is(in->name, "pods"))
		*kind = NP_REDACT_POD;
	else if (np_span_is(in->name, "troubles"))
		*kind = NP_REDACT_OBJECT;
	else if (np_span_in(in->name, rules) ||
		 (np_span_is(in->name, "items") && np_span_is(lx->kind, "RuleList")))
		*kind = NP_REDACT_RULE;
	else
		return np_span_is(in->name, "policies");
	return true;
}

/* Writes a name, or each half of NAMESPACE/NAME. */
static void np_value_name(struct np_lexer *lx, enum np_redact_kind kind, struct np_span value)
{
	const char *slash = kind == NP_REDACT_RULE ? NULL : memchr(value.text, '/', value.len);
	struct np_span name = value;
	struct np_redact_word *word;

	if (slash) {
		name = (struct np_span){ value.text, slash - value.text };
		np_value_name(lx, NP_REDACT_NAMESPACE, name);
		if (lx->out)
			np_buffer_add(lx->out, "/", 1);
		name = (struct np_span){ slash + 1, value.len - name.len - 1 };
	}
	word = np_word_add(lx->r, kind, name);
	if (!lx->out)
		return;
	if (word)
		np_word_print(word, lx->out);
	else
		np_buffer_add(lx->out, name.text, name.len);
}

/* Learns the host name of https://HOST:PORT/. */
static void np_value_server(struct np_lexer *lx, struct np_span value)
{
	const char *end = value.text + value.len, *host = memmem(value.text, value.len, "://", 3);
	size_t len = 0;

	if (!host)
		return;
	host += 3;
	while (host + len < end && np_in_word(host[len]))
		len++;
	if (len && strspn(host, "0123456789.") < len)
		np_word_add(lx->r, NP_REDACT_SERVER, (struct np_span){ host, len });
}

/* Returns how long the escape at the beginning of a text is, which begins with a backslash. */
static size_t np_escape_length(const char *text, size_t len)
{
	size_t i;

	for (i = 2; i < len && i < 6 && text[1] == 'u'; i++)
		if (!isxdigit((unsigned char)text[i]))
			break;
	return i == 6 ? 6 : len < 2 ? len : 2;
}

/* Writes a part of a string. An escape is no part of a word, so that one may begin behind it. */
static void np_value_part(struct np_redact *r, const char *text, size_t len,
			  struct np_buffer *out)
{
	const char *at = text, *end = text + len, *escape;
	size_t taken;

	while ((escape = memchr(at, '\\', end - at))) {
		np_redact_text(r, at, escape - at, out);
		taken = np_escape_length(escape, end - escape);
		np_buffer_add(out, escape, taken);
		at = escape + taken;
	}
	np_redact_text(r, at, end - at, out);
}

/* Writes a string; what it quotes is left out if it is to be hidden. */
static void np_value_text(struct np_lexer *lx, struct np_span value)
{
	if (lx->r->hide_quoted)
		np_redact_quoting(lx->r, value, "\\\"", np_value_part, lx->out);
	else
		np_value_part(lx->r, value.text, value.len, lx->out);
}

static void np_lexer_value(struct np_lexer *lx, struct np_span value)
{
	const struct np_level *in = np_innermost(lx);
	enum np_redact_kind kind;

	if (np_span_is(lx->key, "kind") && in && !in->array)
		lx->kind = value;
	if (np_span_is(lx->key, "url"))
		np_value_server(lx, value);
	if (np_value_kind(lx, &kind))
		np_value_name(lx, kind, value);
	else if (lx->out)
		np_value_text(lx, value);
}

/* Reads a string behind its first quote. Returns what is left behind its last one. */
static const char *np_lexer_string(struct np_lexer *lx, const char *at, const char *end)
{
	struct np_span value = { at, 0 };
	const char *next;

	while (at < end && *at != '"')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	value.len = at - value.text;
	if (at < end)
		at++;
	for (next = at; next < end && isspace((unsigned char)*next); next++)
		;
	if (lx->out)
		np_buffer_add(lx->out, "\"", 1);
	if (next < end && *next == ':') {
		lx->key = value;
		if (lx->out)
			np_buffer_add(lx->out, value.text, value.len);
	} else {
		np_lexer_value(lx, value);
	}
	if (lx->out)
		np_buffer_add(lx->out, "\"", 1);
	return at;
}

static void np_lexer_begin(struct np_lexer *lx, bool array)
{
	const struct np_level *in = np_innermost(lx);
	/* An entry of an array has the array's name, and keys of its own only from here on. */
	struct np_span name = in && in->array ? in->name : lx->key;

	if (lx->depth < NP_JSON_LEVELS)
		lx->level[lx->depth] = (struct np_level){ name, array };
	lx->depth++;
	lx->key = (struct np_span){ "", 0 };
}

static void np_lexer_run(struct np_lexer *lx, const char *at, size_t len)
{
	const char *end = at + len;

	lx->key = (struct np_span){ "", 0 };
	lx->kind = lx->key;
	while (at < end) {
		if (*at == '"') {
			at = np_lexer_string(lx, at + 1, end);
			continue;
		}
		if (*at == '{' || *at == '[')
			np_lexer_begin(lx, *at == '[');
		else if ((*at == '}' || *at == ']') && lx->depth)
			lx->depth--;
		if (lx->out)
			np_buffer_add(lx->out, at, 1);
		at++;
	}
}

void np_redact_learn(struct np_redact *r, const char *json, size_t len)
{
	struct np_lexer lx = { .r = r };

	np_lexer_run(&lx, json, len);
}

void np_redact_json(struct np_redact *r, const char *json, size_t len, struct np_buffer *out)
{
	struct np_lexer lx = { .r = r, .out = out };

	np_lexer_run(&lx, json, len);
}
