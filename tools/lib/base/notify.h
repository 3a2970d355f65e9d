/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words to the service manager: sd_notify(3)'s protocol, which is one datagram.
 */
#ifndef NP_BASE_NOTIFY_H
#define NP_BASE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* fd is -1 where no service manager listens; then nothing is sent. */
struct np_notify {
	int fd;
	int64_t watchdog_ms;	/* it wants to hear that often; 0: never */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the
 * environment, so that children don't speak for us.
 */
void np_notify_open(struct np_notify *notify);
void np_notify_close(struct np_notify *notify);
/* "READY=1\nSTATUS=..."; never fails loudly. */
void np_notify_send(const struct np_notify *notify, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* STATUS= and a text that may quote others: it says nothing but that. */
void np_notify_status(const struct np_notify *notify, const char *text);
/* RELOADING=1, with the time that the service manager asks for. */
void np_notify_reloading(const struct np_notify *notify);

#endif
