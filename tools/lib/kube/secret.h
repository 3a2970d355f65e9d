/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads, decodes and wipes secrets.
 */
#ifndef NP_KUBE_SECRET_H
#define NP_KUBE_SECRET_H

#include <stddef.h>

/* Wipes and frees a string, which may be NULL. */
void np_secret_free(char *text);
/*
 * Reads a file of at most max bytes. Returns its contents, terminated, which the caller wipes.
 * Returns NULL with errno set; EFBIG means that the file is larger.
 */
char *np_secret_read(const char *path, size_t max, size_t *len);
/*
 * Decodes base64 as it stands in fields such as client-key-data, with or without line breaks.
 * Returns NULL if it is not base64. The caller wipes *len bytes and frees the memory.
 */
char *np_base64_decode(const char *text, size_t *len);

#endif
