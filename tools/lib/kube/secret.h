/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets in memory: read, decoded, wiped.
 */
#ifndef NP_KUBE_SECRET_H
#define NP_KUBE_SECRET_H

#include <stddef.h>

/* Frees a string after wiping it; NULL is fine. */
void np_secret_free(char *text);
/*
 * A whole file of at most max bytes, terminated, to be wiped by its reader.
 * NULL with errno; EFBIG if it is larger.
 */
char *np_secret_read(const char *path, size_t max, size_t *len);
/*
 * Base64 as in *-data: line breaks are fine. NULL if it is none. To be freed
 * with np_secret_free(), or wiped by its length.
 */
char *np_base64_decode(const char *text, size_t *len);

#endif
