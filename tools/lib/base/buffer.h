/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that grow. */
#ifndef NP_BASE_BUFFER_H
#define NP_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* A buffer whose bytes are all zero is empty. */
struct np_buffer {
	char *data;	/* NULL until the first byte is added */
	size_t len;
	size_t room;	/* bytes allocated */
	bool secret;	/* its memory is wiped before it is freed, also when the buffer moves */
};

/* Makes room for len bytes behind those that the buffer holds. */
void np_buffer_reserve(struct np_buffer *buffer, size_t len);
void np_buffer_add(struct np_buffer *buffer, const void *data, size_t len);
/*
 * Adds nothing and returns false if the buffer would then hold more than max bytes. The memory
 * that it takes does not exceed max either.
 */
bool np_buffer_add_bounded(struct np_buffer *buffer, const void *data, size_t len, size_t max);
/* Adds text and ends it with a NUL byte, which is not counted in len. */
void np_buffer_print(struct np_buffer *buffer, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * Adds all that can be read from a file or socket, and a NUL byte, which is not counted in len.
 * Returns 0, or -1 with errno set: EFBIG means that the buffer would hold more than max bytes.
 * It then still holds what was read.
 */
int np_buffer_read(struct np_buffer *buffer, int fd, size_t max);
/* Frees the memory. The buffer is empty afterwards. */
void np_buffer_free(struct np_buffer *buffer);

#endif
