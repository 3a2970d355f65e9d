/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Unix socket that sends a text to everybody who connects, and then closes the connection.
 */
#ifndef NP_AGENT_SOCKET_H
#define NP_AGENT_SOCKET_H

#include <stdio.h>

#include "base/error.h"
#include "base/loop.h"

struct np_text_socket {
	struct np_io io;
	int fd;			/* -1: closed */
	const char *path;	/* belongs to the caller */
	/* Writes the text for a connection. */
	void (*write)(void *arg, FILE *file);
	void *arg;
};

/* Sets the members. The socket is not open yet. */
void np_text_socket_init(struct np_text_socket *s, void (*write)(void *arg, FILE *file),
			 void *arg);
/*
 * Opens the socket, for its owner only. If another process answers at the path, that is an error.
 * Returns 0, or -1 with *err filled.
 */
int np_text_socket_open(struct np_text_socket *s, struct np_loop *loop, const char *path,
			struct np_error *err);
/* Closes the socket and removes its path. */
void np_text_socket_close(struct np_text_socket *s);

#endif
