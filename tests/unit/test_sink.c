// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where records are written: files, pipes, datagrams and TCP connections that come and go; what has
 * no room or is refused is counted. All traffic is on the loopback interface.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "record/sink.h"
#include "record/target.h"

#define WAIT	5000	/* milliseconds for what comes at once */

static char warned[1024];	/* all warnings so far */
static int failures;		/* calls of fail, and the last error */
static struct np_error failure;
static struct np_loop *loop;
static struct np_lost lost;

static void warn(const char *fmt, ...)
{
	size_t used = strlen(warned);
	va_list args;

	va_start(args, fmt);
	vsnprintf(warned + used, sizeof(warned) - used, fmt, args);
	va_end(args);
	strncat(warned, "\n", sizeof(warned) - strlen(warned) - 1);
}

static void fail(void *context, const struct np_error *err)
{
	failures++;
	memset(&failure, 0, sizeof(failure));
	if (err)
		failure = *err;
}

/* "G" and the sequence number stand for an IPFIX message. */
static void stamp(void *message, size_t len, uint32_t when, uint32_t sequence)
{
	CHECK(len > 1 && when);
	((char *)message)[1] = (char)('0' + sequence);
}

static struct np_sink_message *message(const char *text, uint32_t counted)
{
	struct np_sink_message *message = np_sink_message(text, strlen(text));

	message->counted = counted;
	message->records = 1;
	message->packets = 10;
	return message;
}

static bool begin(struct np_sink *sink, struct np_target *target, const char *where,
		  struct np_sink_message *greeting)
{
	struct np_sink_use use = {
		.loop = loop,
		.stamp = greeting ? stamp : NULL,
		.greeting = greeting,
		.lost = &lost,
		.warn = warn,
		.fail = fail,
	};
	struct np_error err = { 0 };

	*warned = '\0';
	failures = 0;
	memset(&lost, 0, sizeof(lost));
	return CHECK(!np_target_parse("write", where, target, &err)) &&
	       CHECK(!np_sink_open(sink, &use, target, &err));
}

/* Reads what comes, until it is the text that is wanted or nothing comes for long. */
static void expect(int fd, const char *want)
{
	char have[256] = "";
	size_t used = 0;
	ssize_t got;
	int round;

	for (round = 0; round < WAIT && used < strlen(want); round++) {
		np_loop_step(loop, 1);
		got = recv(fd, have + used, sizeof(have) - 1 - used, MSG_DONTWAIT);
		if (got < 0 && errno == ENOTSOCK)
			got = read(fd, have + used, strlen(want) - used);
		if (!got)
			break;
		used += got > 0 ? (size_t)got : 0;
	}
	have[used] = '\0';
	CHECK_STR(have, want);
}

/* --- targets ------------------------------------------------------------------- */

static void test_targets(void)
{
	static const struct {
		const char *text;
		int kind;	/* -1: refused */
		const char *host;
		const char *port;
	} cases[] = {
		{ "-", NP_TARGET_FILE, "", "" },
		{ "flows.jsonl", NP_TARGET_FILE, "", "" },
		{ "/a:b", NP_TARGET_FILE, "", "" },
		{ "udp://collector:4739", NP_TARGET_UDP, "collector", "4739" },
		{ "tcp://10.1.2.3:1", NP_TARGET_TCP, "10.1.2.3", "1" },
		{ "udp://[fd00::5]:65535", NP_TARGET_UDP, "fd00::5", "65535" },
		{ "", -1, "", "" },
		{ "http://a:80", -1, "", "" },
		{ "udp://", -1, "", "" },
		{ "udp://a", -1, "", "" },
		{ "udp://a:", -1, "", "" },
		{ "udp://:53", -1, "", "" },
		{ "udp://[]:53", -1, "", "" },
		{ "udp://fd00::5:53", -1, "", "" },
		{ "udp://[fd00::5:53", -1, "", "" },
		{ "tcp://a:0", -1, "", "" },
		{ "tcp://a:65536", -1, "", "" },
		{ "tcp://a:99999999999999999999", -1, "", "" },
		{ "tcp://a:80/x", -1, "", "" },
		{ "tcp://a/b:80", -1, "", "" },
	};
	struct np_target target;
	struct np_error err;
	char name[300];
	size_t i;
	int ret;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(&err, 0, sizeof(err));
		ret = np_target_parse("write", cases[i].text, &target, &err);
		if (cases[i].kind < 0) {
			CHECK(ret);
			CHECK_EQ(err.exit, NP_EXIT_USAGE);
			CHECK(strstr(err.text, "--write"));
			CHECK(*err.hint);
			continue;
		}
		CHECK(!ret);
		CHECK_EQ(target.kind, cases[i].kind);
		CHECK_STR(target.host, cases[i].host);
		CHECK_STR(target.port, cases[i].port);
	}
	memset(name, 'a', sizeof(name));
	memcpy(name, "udp://", 6);
	strcpy(name + sizeof(name) - 4, ":53");
	CHECK(np_target_parse("write", name, &target, &err));
}

/* --- files and pipes ------------------------------------------------------------ */

static void test_file(const char *folder)
{
	struct np_sink_message *greeting = message("G?", 3);
	struct np_target target;
	struct np_sink sink;
	char path[256];
	int fd, i;

	snprintf(path, sizeof(path), "%s/file", folder);
	for (i = 0; i < 2; i++) {
		if (!begin(&sink, &target, path, greeting))
			return;
		CHECK(np_sink_put(&sink, message("a?", 2)));
		np_sink_greet(&sink);
		CHECK(np_sink_put(&sink, message("b?", 1)));
		np_sink_close(&sink, WAIT);
		CHECK_EQ(lost.records, 0);
	}
	fd = open(path, O_RDONLY);
	expect(fd, "G0a3b5G0a3b5");
	close(fd);
	unlink(path);
	/* A file system that is full. */
	if (begin(&sink, &target, "/dev/full", NULL)) {
		np_sink_put(&sink, message("line\n", 0));
		CHECK_EQ(failures, 1);
		CHECK(strstr(failure.text, "/dev/full"));
		CHECK_EQ(failure.exit, NP_EXIT_INPUT);
		np_sink_close(&sink, WAIT);
		CHECK_EQ(lost.records, 1);
		CHECK_EQ(lost.packets, 10);
	}
	free(greeting);
}

/* A file that takes only the beginning of a line is left as it was before it. */
static void test_torn(const char *folder)
{
	struct rlimit old, small = { .rlim_cur = 8 };
	struct np_target target;
	struct np_sink sink;
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/torn", folder);
	CHECK(!getrlimit(RLIMIT_FSIZE, &old));
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	if (begin(&sink, &target, path, NULL)) {
		CHECK(!setrlimit(RLIMIT_FSIZE, &small));
		CHECK(np_sink_put(&sink, message("whole\n", 0)));
		np_sink_put(&sink, message("longer\n", 0));
		CHECK(!setrlimit(RLIMIT_FSIZE, &old));
		CHECK_EQ(failures, 1);
		np_sink_close(&sink, WAIT);
		CHECK_EQ(lost.records, 1);
	}
	fd = open(path, O_RDONLY);
	expect(fd, "whole\n");
	CHECK_EQ(lseek(fd, 0, SEEK_END), 6);
	close(fd);
	unlink(path);
}

static void test_no_file(const char *folder)
{
	struct np_sink_use use = { .loop = loop, .lost = &lost, .warn = warn, .fail = fail };
	struct np_error err = { 0 };
	struct np_target target;
	struct np_sink sink;
	char path[256];

	/* A pipe with a name that nobody has opened. */
	snprintf(path, sizeof(path), "%s/pipe", folder);
	CHECK(!mkfifo(path, 0600));
	CHECK(!np_target_parse("write", path, &target, &err));
	CHECK(np_sink_open(&sink, &use, &target, &err));
	CHECK(strstr(err.text, "nobody reads it"));
	CHECK(*err.hint);
	np_sink_close(&sink, 0);
	unlink(path);

	CHECK(!np_target_parse("write", "/no/such/folder/file", &target, &err));
	CHECK(np_sink_open(&sink, &use, &target, &err));
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	np_sink_close(&sink, 0);
	CHECK(!np_target_parse("write", "udp://a..b:53", &target, &err));
	CHECK(np_sink_open(&sink, &use, &target, &err));
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	CHECK(*err.hint);
	np_sink_close(&sink, 0);
}

/* A pipe that nobody reads takes what it can, and then no more; nothing waits for it. */
static void test_pipe(void)
{
	static char large[300001];
	char path[64], line[1001], have[sizeof(line)];
	unsigned int kept = 0, i;
	size_t done;
	struct np_target target, other_target;
	struct np_sink sink, other;
	ssize_t got;
	int fd[2];

	CHECK(!pipe(fd));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[1]);
	if (!begin(&sink, &target, path, NULL))
		return;
	memset(line, 'x', sizeof(line) - 2);
	strcpy(line + sizeof(line) - 2, "\n");
	while (np_sink_put(&sink, message(line, 0)))
		kept++;
	CHECK(kept > NP_SINK_KEPT / sizeof(line));
	CHECK_EQ(lost.records, 1);
	CHECK(sink.kept <= NP_SINK_KEPT);
	/* A second sink of the same pipe waits for room, and does not have to. */
	if (begin(&other, &other_target, path, NULL)) {
		CHECK(np_sink_put(&other, message(line, 0)));
		CHECK_EQ(lost.records, 0);
		np_sink_give_up(&other);
		np_sink_close(&other, INT_MAX);
		CHECK_EQ(lost.records, 1);
	}
	close(fd[1]);
	/* All that was kept comes, in whole lines. */
	for (i = 0; i < kept; i++) {
		while (np_loop_step(loop, 0) > 0)
			;
		for (got = 0; got < (ssize_t)sizeof(line) - 1;)
			got += read(fd[0], have + got, sizeof(line) - 1 - (size_t)got);
		if (memcmp(have, line, sizeof(line) - 1))
			break;
	}
	CHECK_EQ(i, kept);
	CHECK_EQ(sink.kept, 0);
	CHECK_EQ(failures, 0);
	/* One that is longer than a pipe takes comes in pieces. */
	memset(large, 'y', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	CHECK(np_sink_put(&sink, message(large, 0)));
	for (done = 0; done < sizeof(large) - 1; done += (size_t)got) {
		np_loop_step(loop, 0);
		got = read(fd[0], have, sizeof(have));
		if (got <= 0)
			break;
	}
	CHECK_EQ(done, sizeof(large) - 1);
	CHECK_EQ(sink.kept, 0);
	/* The reader goes. */
	close(fd[0]);
	for (i = 0; i < WAIT && !failures; i++)
		np_loop_step(loop, 1);
	CHECK_EQ(failures, 1);
	CHECK_STR(failure.text, "");
	np_sink_close(&sink, WAIT);
}

/* --- endpoints ------------------------------------------------------------------ */

/* Makes a socket on a port of the loopback interface; 0: any. Returns it, and says the port. */
static int listener(int type, uint16_t *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, type, 0), one = 1;
	socklen_t len = sizeof(at);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	CHECK(!bind(fd, (struct sockaddr *)&at, sizeof(at)));
	CHECK(type == SOCK_DGRAM || !listen(fd, 8));
	CHECK(!getsockname(fd, (struct sockaddr *)&at, &len));
	*port = ntohs(at.sin_port);
	return fd;
}

/*
 * Given up within a message: nothing of what is put later follows the part of it that the pipe has.
 */
static void test_given_up(void)
{
	static char large[300001], have[sizeof(large)];
	struct np_target target;
	struct np_sink sink;
	char path[64];
	ssize_t got;
	int fd[2];

	CHECK(!pipe(fd));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[1]);
	if (!begin(&sink, &target, path, NULL))
		return;
	memset(large, 'y', sizeof(large) - 1);
	CHECK(np_sink_put(&sink, message(large, 0)));
	CHECK(sink.written > 0 && sink.written < sizeof(large) - 1);
	np_sink_give_up(&sink);
	CHECK_EQ(lost.records, 1);
	got = read(fd[0], have, sizeof(have));
	CHECK(got > 0 && !memchr(have, 'z', (size_t)got));
	CHECK(!np_sink_put(&sink, message("z", 0)));
	CHECK_EQ(lost.records, 2);
	np_sink_close(&sink, WAIT);
	CHECK_EQ(lost.records, 2);
	close(fd[1]);
	while ((got = read(fd[0], have, sizeof(have))) > 0)
		CHECK(!memchr(have, 'z', (size_t)got));
	close(fd[0]);
}

static void test_udp(void)
{
	struct np_sink_message *greeting = message("G?", 2);
	struct np_target target;
	struct np_sink sink;
	uint16_t port = 0;
	char where[64];
	int fd = listener(SOCK_DGRAM, &port);

	greeting->records = 0;
	greeting->packets = 0;
	snprintf(where, sizeof(where), "udp://127.0.0.1:%u", port);
	if (!begin(&sink, &target, where, greeting))
		return;
	np_sink_greet(&sink);
	CHECK(np_sink_put(&sink, message("a?", 3)));
	np_sink_greet(&sink);
	CHECK(np_sink_put(&sink, message("b?", 1)));
	expect(fd, "G0a2G5b7");
	CHECK_STR(warned, "");
	/* Nobody listens: the kernel says so with the next datagram. */
	close(fd);
	CHECK(np_sink_put(&sink, message("c?", 1)));
	CHECK_EQ(lost.records, 0);
	CHECK(np_sink_put(&sink, message("d?", 1)));
	CHECK_EQ(lost.records, 1);
	CHECK_EQ(lost.packets, 10);
	np_sink_greet(&sink);
	CHECK_EQ(lost.records, 2);
	CHECK(strstr(warned, "Connection refused; records are lost"));
	CHECK_EQ(strlen(warned), strcspn(warned, "\n") + 1);	/* once */
	*warned = '\0';
	fd = listener(SOCK_DGRAM, &port);
	CHECK(np_sink_put(&sink, message("e?", 1)));
	CHECK(np_sink_put(&sink, message("f?", 1)));
	CHECK_EQ(lost.records, 2);
	CHECK(strstr(warned, "it is back"));
	np_sink_close(&sink, WAIT);
	CHECK_EQ(lost.records, 2);
	close(fd);
	free(greeting);
}

/* The next connection, once the sink has tried again. */
static int accepted(int fd)
{
	int round, ret = -1;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (round = 0; round < WAIT && ret < 0; round++) {
		np_loop_step(loop, 1);
		ret = accept(fd, NULL, NULL);
	}
	CHECK(ret >= 0);
	return ret;
}

static void test_tcp(void)
{
	struct np_sink_message *greeting = message("G?", 2);
	struct np_target target;
	struct np_sink sink;
	uint16_t port = 0;
	char where[64];
	int fd = listener(SOCK_STREAM, &port), peer, round;

	greeting->records = 0;
	greeting->packets = 0;
	snprintf(where, sizeof(where), "tcp://127.0.0.1:%u", port);
	/* At first nobody listens. What comes meanwhile is kept. */
	close(fd);
	if (!begin(&sink, &target, where, greeting))
		return;
	CHECK(np_sink_put(&sink, message("a?", 1)));
	for (round = 0; round < WAIT && !*warned; round++)
		np_loop_step(loop, 1);
	CHECK(strstr(warned, "Connection refused; records are kept"));
	fd = listener(SOCK_STREAM, &port);
	np_loop_skip(loop, 60000);
	peer = accepted(fd);
	expect(peer, "G0a2");
	CHECK(strstr(warned, "it is back"));
	CHECK(np_sink_put(&sink, message("b?", 1)));
	expect(peer, "b3");
	/* What the collector says is read, and means nothing. */
	CHECK_EQ(send(peer, "hello", 5, 0), 5);
	CHECK(np_sink_put(&sink, message("c?", 1)));
	expect(peer, "c4");
	/* It goes and comes back: a new session, with templates first and numbers from 0. */
	close(peer);
	for (round = 0; round < WAIT && sink.up; round++)
		np_loop_step(loop, 1);
	CHECK(!sink.up);
	CHECK(np_sink_put(&sink, message("d?", 1)));
	CHECK(np_sink_put(&sink, message("e?", 1)));
	np_loop_skip(loop, 60000);
	peer = accepted(fd);
	expect(peer, "G0d2e3");
	CHECK_EQ(lost.records, 0);
	np_sink_close(&sink, WAIT);
	expect(peer, "");
	CHECK_EQ(lost.records, 0);
	close(peer);
	close(fd);
	free(greeting);
}

static void wait_up(struct np_sink *sink, bool up)
{
	int round;

	for (round = 0; round < WAIT && sink->up != up; round++)
		np_loop_step(loop, 1);
	CHECK_EQ(sink->up, up);
}

/* A connection that lasts so long, and the pause that follows it. */
static void flap(struct np_sink *sink, int fd, int64_t lasts, int64_t want)
{
	int peer = accepted(fd);

	wait_up(sink, true);
	np_loop_skip(loop, lasts);
	close(peer);
	wait_up(sink, false);
	CHECK(np_timer_left(&sink->timer) <= want);
	CHECK(np_timer_left(&sink->timer) > want / 2);
	np_loop_skip(loop, 60000);
}

/* One that ends each connection at once is left in peace for longer and longer. */
static void test_flapping(void)
{
	struct np_target target;
	struct np_sink sink;
	char where[64];
	uint16_t port = 0;
	int fd = listener(SOCK_STREAM, &port), i;

	snprintf(where, sizeof(where), "tcp://127.0.0.1:%u", port);
	if (!begin(&sink, &target, where, NULL))
		return;
	for (i = 0; i < 8; i++)
		flap(&sink, fd, 0, i < 5 ? 500 << i : 15000);
	flap(&sink, fd, 60000, 500);
	flap(&sink, fd, 0, 1000);
	np_sink_close(&sink, 0);
	close(fd);
}

/* A collector that takes no more, and one that never comes: the rest is counted. */
static void test_slow(void)
{
	struct np_target target;
	struct np_sink sink;
	char where[64], *line = malloc(60001);
	uint16_t port = 0;
	int fd = listener(SOCK_STREAM, &port), peer, i;
	unsigned int put = 0;

	memset(line, 'x', 60000);
	line[60000] = '\0';
	snprintf(where, sizeof(where), "tcp://127.0.0.1:%u", port);
	if (!begin(&sink, &target, where, NULL))
		return;
	peer = accepted(fd);
	for (i = 0; i < 2000 && !lost.records; i++, put++)
		np_sink_put(&sink, message(line, 0));
	CHECK_EQ(lost.records, 1);
	CHECK(sink.kept > NP_SINK_KEPT - 60000 && sink.kept <= NP_SINK_KEPT);
	np_sink_close(&sink, 0);
	CHECK(lost.records > NP_SINK_KEPT / 60000 && lost.records < put);
	CHECK_EQ(lost.packets, 10 * lost.records);
	close(peer);
	close(fd);
	if (!begin(&sink, &target, where, NULL))
		return;
	np_sink_put(&sink, message(line, 0));
	np_sink_close(&sink, 10);
	CHECK_EQ(lost.records, 1);
	free(line);
}

int main(void)
{
	char folder[] = "/tmp/test_sink.XXXXXX";

	signal(SIGPIPE, SIG_IGN);
	if (!CHECK(mkdtemp(folder)))
		return check_done("sink");
	loop = np_loop_new();
	test_targets();
	test_file(folder);
	test_torn(folder);
	test_no_file(folder);
	test_pipe();
	test_given_up();
	test_udp();
	test_tcp();
	test_flapping();
	test_slow();
	np_loop_free(loop);
	rmdir(folder);
	return check_done("sink");
}
