// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A Unix socket that sends a text to everybody who connects.
 */
#include "agent/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

void np_text_socket_init(struct np_text_socket *s, void (*write)(void *arg, FILE *file),
			 void *arg)
{
	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->write = write;
	s->arg = arg;
}

/* A peer that does not read the text at once gets only what fits into the buffer of the socket. */
static void np_text_socket_ready(void *context, unsigned int events)
{
	struct np_text_socket *s = context;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int size = 1024 * 1024;
	char *text = NULL;
	size_t len = 0;
	FILE *file;

	(void)events;
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	file = open_memstream(&text, &len);
	if (file) {
		s->write(s->arg, file);
		if (!fclose(file))
			send(fd, text, len, MSG_NOSIGNAL);
	}
	free(text);
	close(fd);
}

int np_text_socket_open(struct np_text_socket *s, struct np_loop *loop, const char *path,
			struct np_error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t mask;
	int ret;

	if (strlen(path) >= sizeof(at.sun_path))
		return np_error_set(err, NP_EXIT_USAGE, "the path of --socket is too long");
	strcpy(at.sun_path, path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return np_error_set(err, NP_EXIT_USAGE, "a Unix socket cannot be made: %s",
				    strerror(errno));
	if (!connect(s->fd, (struct sockaddr *)&at, sizeof(at)) || errno == EAGAIN) {
		np_error_set(err, NP_EXIT_USAGE, "another agent answers at %s", path);
		np_error_hint(err, "a node needs one agent; a second one needs another --socket");
		return -1;
	}
	unlink(path);
	mask = umask(0177);
	ret = bind(s->fd, (struct sockaddr *)&at, sizeof(at)) || listen(s->fd, 8);
	umask(mask);
	if (ret) {
		np_error_set(err, NP_EXIT_USAGE, "cannot listen at %s: %s", path,
			     strerror(errno));
		np_error_hint(err, "the folder must exist; or give another path to --socket");
		return -1;
	}
	s->path = path;
	s->io.ready = np_text_socket_ready;
	s->io.context = s;
	np_io_set(loop, &s->io, s->fd, NP_IO_READ);
	return 0;
}

void np_text_socket_close(struct np_text_socket *s)
{
	if (s->fd < 0)
		return;
	if (s->io.loop) {
		np_io_stop(&s->io);
		unlink(s->path);
	}
	close(s->fd);
	s->fd = -1;
}
