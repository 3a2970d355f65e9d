// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes that grow.
 */
#include "base/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

#define NP_BUFFER_MIN	4096

static void np_buffer_wipe(struct np_buffer *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->room);
}

/* Makes room for len bytes more. The room does not exceed max, which the caller has checked. */
static void np_buffer_grow(struct np_buffer *buffer, size_t len, size_t max)
{
	size_t room = buffer->room ? buffer->room : NP_BUFFER_MIN;
	char *moved;

	if (buffer->room - buffer->len >= len)
		return;
	while (room - buffer->len < len && room <= max / 2)
		room *= 2;
	if (room - buffer->len < len || room > max)
		room = max;
	if (!buffer->secret) {
		buffer->data = np_xrealloc(buffer->data, room, 1);
	} else {
		/* realloc() would leave a copy of the secret behind. */
		moved = np_xmalloc(room);
		if (buffer->len)
			memcpy(moved, buffer->data, buffer->len);
		np_buffer_wipe(buffer);
		free(buffer->data);
		buffer->data = moved;
	}
	buffer->room = room;
}

void np_buffer_reserve(struct np_buffer *buffer, size_t len)
{
	np_buffer_grow(buffer, len, SIZE_MAX);
}

void np_buffer_add(struct np_buffer *buffer, const void *data, size_t len)
{
	np_buffer_add_bounded(buffer, data, len, SIZE_MAX);
}

bool np_buffer_add_bounded(struct np_buffer *buffer, const void *data, size_t len, size_t max)
{
	if (len > max - buffer->len)
		return false;
	np_buffer_grow(buffer, len, max);
	if (len)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	return true;
}

void np_buffer_print(struct np_buffer *buffer, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = np_xvasprintf(fmt, args);
	va_end(args);
	np_buffer_add(buffer, text, strlen(text) + 1);
	buffer->len--;
	free(text);
}

int np_buffer_read(struct np_buffer *buffer, int fd, size_t max)
{
	ssize_t n;

	do {
		/* One byte is left for the NUL. */
		np_buffer_reserve(buffer, 2);
		n = read(fd, buffer->data + buffer->len, buffer->room - buffer->len - 1);
		if (n > 0)
			buffer->len += n;
	} while ((n > 0 && buffer->len <= max) || (n < 0 && errno == EINTR));
	buffer->data[buffer->len] = '\0';
	if (n > 0)
		errno = EFBIG;
	return n ? -1 : 0;
}

void np_buffer_free(struct np_buffer *buffer)
{
	if (buffer->secret)
		np_buffer_wipe(buffer);
	free(buffer->data);
	buffer->data = NULL;
	buffer->len = 0;
	buffer->room = 0;
}
