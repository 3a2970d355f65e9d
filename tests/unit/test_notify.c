// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the service manager is told: texts of others in it stay texts.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "base/notify.h"

static const char *got(int fd)
{
	static char text[2048];
	ssize_t len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[len > 0 ? len : 0] = 0;
	return text;
}

int main(void)
{
	struct np_notify notify = { .fd = -1 };
	int pair[2];

	np_notify_status(&notify, "nobody listens");
	if (!CHECK(!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair)))
		return 1;
	notify.fd = pair[0];
	np_notify_status(&notify, "generation 7, 100% here");
	CHECK_STR(got(pair[1]), "STATUS=generation 7, 100% here");
	np_notify_status(&notify, "waiting: no\nMAINPID=1\r\x1b[2J");
	CHECK_STR(got(pair[1]), "STATUS=waiting: no\\nMAINPID=1\\r\\x1b[2J");
	np_notify_send(&notify, "READY=1\nSTATUS=%s", "ok");
	CHECK_STR(got(pair[1]), "READY=1\nSTATUS=ok");
	np_notify_close(&notify);
	close(pair[1]);
	return check_done("notify");
}
