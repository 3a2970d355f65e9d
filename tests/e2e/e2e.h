/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helpers of the end-to-end tests share: network namespaces by name, addresses,
 * clocks, and a way out.
 */
#ifndef NETPOL_E2E_H
#define NETPOL_E2E_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>

static const char *e2e_name = "e2e";

__attribute__((format(printf, 1, 2), noreturn))
static inline void die(const char *fmt, ...)
{
	int error = errno;
	va_list args;

	fprintf(stderr, "%s: ", e2e_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	if (error)
		fprintf(stderr, ": %s", strerror(error));
	fputc('\n', stderr);
	exit(2);
}

static inline void *need(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

static inline uint64_t clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static inline uint64_t now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/* Enters a network namespace below /run/netns; "-" is the one the program began in. */
static inline void netns_enter(const char *name)
{
	static struct {
		char name[128];
		int fd;
	} known[512];
	static unsigned int count, at;
	char path[160];
	unsigned int i;

	if (!count) {
		strcpy(known[0].name, "-");
		known[0].fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (known[0].fd < 0)
			die("/proc/self/ns/net");
		count = 1;
	}
	for (i = 0; i < count; i++)
		if (!strcmp(known[i].name, name))
			break;
	if (i == count) {
		errno = 0;
		if (count == 512 || strlen(name) >= sizeof(known[0].name))
			die("too many network namespaces, or too long a name: %s", name);
		snprintf(path, sizeof(path), "/run/netns/%s", name);
		known[i].fd = open(path, O_RDONLY | O_CLOEXEC);
		if (known[i].fd < 0)
			die("%s", path);
		strcpy(known[i].name, name);
		count++;
	}
	if (i != at && setns(known[i].fd, CLONE_NEWNET))
		die("entering %s", name);
	at = i;
}

struct address {
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

/* "-" gives the wildcard of no family (sa_family 0). */
static inline void address_parse(struct address *addr, const char *text, unsigned int port)
{
	memset(addr, 0, sizeof(*addr));
	if (!strcmp(text, "-"))
		return;
	if (inet_pton(AF_INET, text, &addr->v4.sin_addr) == 1) {
		addr->v4.sin_family = AF_INET;
		addr->v4.sin_port = htons((uint16_t)port);
		addr->len = sizeof(addr->v4);
	} else if (inet_pton(AF_INET6, text, &addr->v6.sin6_addr) == 1) {
		addr->v6.sin6_family = AF_INET6;
		addr->v6.sin6_port = htons((uint16_t)port);
		addr->len = sizeof(addr->v6);
	} else {
		errno = 0;
		die("\"%s\" is no address", text);
	}
}

static inline void files_raise(void)
{
	struct rlimit limit = { 65536, 65536 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit");
}

#endif
