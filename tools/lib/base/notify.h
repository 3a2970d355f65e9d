/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to the service manager. The protocol is that of sd_notify(3): one datagram a
 * message.
 */
#ifndef NP_BASE_NOTIFY_H
#define NP_BASE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* The connection to the service manager. fd is -1 where none listens; then nothing is sent. */
struct np_notify {
	int fd;
	/* the interval at which it expects WATCHDOG=1; 0: it expects none */
	int64_t watchdog_ms;
};

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and removes them from the environment,
 * so that child processes cannot send messages in this process's name.
 */
void np_notify_open(struct np_notify *notify);
void np_notify_close(struct np_notify *notify);
/*
 * Sends a message such as "READY=1\nSTATUS=...". A failure is ignored, because nobody could be
 * told.
 */
void np_notify_send(const struct np_notify *notify, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * Sends STATUS= with a text that may quote what others wrote. Line ends are taken out of it,
 * so that it cannot hold another assignment.
 */
void np_notify_status(const struct np_notify *notify, const char *text);
/* Sends RELOADING=1 with the time stamp that the service manager requires. */
void np_notify_reloading(const struct np_notify *notify);

#endif
