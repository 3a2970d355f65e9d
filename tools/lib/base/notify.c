// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages to the service manager. */
#include "base/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"

static int np_notify_connect(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if ((*path != '/' && *path != '@') || len < 2 || len >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&to,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)))
		return fd;
	close(fd);
	return -1;
}

void np_notify_open(struct np_notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	notify->fd = path ? np_notify_connect(path) : -1;
	notify->watchdog_ms = 0;
	if (usec && notify->fd >= 0 && (!pid || atol(pid) == (long)getpid()))
		notify->watchdog_ms = strtoll(usec, NULL, 10) / 1000;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void np_notify_close(struct np_notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void np_notify_send(const struct np_notify *notify, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int len;

	if (notify->fd < 0)
		return;
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len > 0)
		send(notify->fd, text, len < (int)sizeof(text) ? len : (int)sizeof(text) - 1,
		     MSG_NOSIGNAL);
}

void np_notify_status(const struct np_notify *notify, const char *text)
{
	char *line = NULL;
	size_t len = 0;
	FILE *file;

	if (notify->fd < 0)
		return;
	file = open_memstream(&line, &len);
	if (!file)
		return;
	/* A line end would let a text that others wrote add an assignment such as MAINPID=. */
	np_print_escaped(file, text);
	if (!fclose(file))
		np_notify_send(notify, "STATUS=%s", line);
	free(line);
}

void np_notify_reloading(const struct np_notify *notify)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	np_notify_send(notify, "RELOADING=1\nMONOTONIC_USEC=%lld",
		       (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}
