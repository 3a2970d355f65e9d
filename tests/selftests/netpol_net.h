/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Network namespaces and real packets for the selftests: a node and its pods, each pod
 * behind a routed veth pair. Whatever is made here ends with the test's process.
 */
#ifndef NETPOL_NET_H
#define NETPOL_NET_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "netpol_obj.h"

/* Runs a shell command; its exit status. Errors are shown as comments of TAP. */
static inline int __attribute__((format(printf, 1, 2))) sh(const char *format, ...)
{
	static const char head[] = "exec 1>&2\n";
	char command[4096];
	va_list args;
	int n;

	strcpy(command, head);
	va_start(args, format);
	n = vsnprintf(command + strlen(head), sizeof(command) - strlen(head), format, args);
	va_end(args);
	if (n < 0 || n >= (int)(sizeof(command) - strlen(head)))
		return -1;
	n = system(command);
	return n == -1 ? -1 : WIFEXITED(n) ? WEXITSTATUS(n) : 128 + WTERMSIG(n);
}

static inline int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -errno : 0;
}

/* A number in a file, after the word @key if given; -1 if it is not there. */
static inline long read_number(const char *path, const char *key)
{
	FILE *f = fopen(path, "re");
	char line[512], *at;
	long value = -1;

	while (f && fgets(line, sizeof(line), f)) {
		at = key ? strstr(line, key) : line;
		if (!at || (key && at != line))
			continue;
		value = strtol(at + (key ? strlen(key) : 0), NULL, 10);
		break;
	}
	if (f)
		fclose(f);
	return value;
}

/* References on the module. */
static inline long module_refs(void)
{
	return read_number("/sys/module/netpol/refcnt", NULL);
}

/* A file descriptor of the caller's network namespace. */
static inline int netns_here(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* A new network namespace with lo up; the caller stays where it is. Its descriptor. */
static inline int netns_new(void)
{
	int here = netns_here(), fd = -1;

	if (here < 0 || unshare(CLONE_NEWNET))
		return -1;
	fd = netns_here();
	if (sh("ip link set lo up") || setns(here, CLONE_NEWNET)) {
		close(fd);
		fd = -1;
	}
	close(here);
	return fd;
}

/* A socket in another network namespace. */
static inline int netns_socket(int ns, int family, int type, int protocol)
{
	int here = netns_here(), fd;

	if (here < 0 || setns(ns, CLONE_NEWNET))
		return -1;
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (setns(here, CLONE_NEWNET)) {
		close(fd);
		fd = -1;
	}
	close(here);
	return fd;
}

/**
 * struct netpod - a pod with a real network namespace
 * @ns: its descriptor
 * @ifindex: the node's end of its veth pair
 * @veth: name of that end
 * @address4: its address
 * @address6: its address
 */
struct netpod {
	int ns;
	unsigned int ifindex;
	char veth[16];
	char address4[16];
	char address6[40];
};

/* The node: a new network namespace that forwards, for the calling process. */
static inline int node_enter(void)
{
	if (unshare(CLONE_NEWNET) || sh("ip link set lo up"))
		return -1;
	if (write_file("/proc/sys/net/ipv4/ip_forward", "1") ||
	    write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1"))
		return -1;
	return 0;
}

/* Pod number @n of this node, 1 to 200: addresses 10.0.n.2 and fd00:n::2. */
static inline int netpod_new(struct netpod *p, int n)
{
	int here = netns_here(), ret;
	pid_t pid = getpid();

	memset(p, 0, sizeof(*p));
	snprintf(p->veth, sizeof(p->veth), "pod%d", n);
	snprintf(p->address4, sizeof(p->address4), "10.0.%d.2", n);
	snprintf(p->address6, sizeof(p->address6), "fd00:%d::2", n);
	p->ns = netns_new();
	if (p->ns < 0 || here < 0)
		return -1;
	/* the pod's end is made in the pod, and its peer is sent to the node */
	if (setns(p->ns, CLONE_NEWNET))
		return -1;
	ret = sh("ip link add eth0 type veth peer name pod%d netns /proc/%d/fd/%d", n, pid,
		 here);
	if (ret)
		ret = sh("ip link add eth0 type veth peer name pod%d && "
			 "ip link set pod%d netns /proc/%d/fd/%d", n, n, pid, here);
	if (!ret)
		ret = sh("ip -batch - <<-END\n"
			 "link set eth0 up\n"
			 "addr add 10.0.%d.2/24 dev eth0\n"
			 "addr add fd00:%d::2/64 dev eth0 nodad\n"
			 "END", n, n);
	if (setns(here, CLONE_NEWNET))
		return -1;
	if (!ret)
		ret = sh("ip -batch - <<-END\n"
			 "link set pod%d up\n"
			 "addr add 10.0.%d.1/24 dev pod%d\n"
			 "addr add fd00:%d::1/64 dev pod%d nodad\n"
			 "END", n, n, n, n, n);
	if (!ret && !setns(p->ns, CLONE_NEWNET)) {
		ret = sh("ip -batch - <<-END\n"
			 "route add default via 10.0.%d.1\n"
			 "route add default via fd00:%d::1\n"
			 "END", n, n);
		if (setns(here, CLONE_NEWNET))
			return -1;
	}
	close(here);
	p->ifindex = if_nametoindex(p->veth);
	return ret || !p->ifindex ? -1 : 0;
}

static inline void fill_address(struct sockaddr_storage *to, socklen_t *len,
				const char *address, uint16_t port)
{
	struct sockaddr_in *a4 = (void *)to;
	struct sockaddr_in6 *a6 = (void *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, address, &a4->sin_addr) == 1) {
		a4->sin_family = AF_INET;
		a4->sin_port = htons(port);
		*len = sizeof(*a4);
	} else {
		inet_pton(AF_INET6, address, &a6->sin6_addr);
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons(port);
		*len = sizeof(*a6);
	}
}

/* A UDP socket in a pod, bound to one of its addresses. */
static inline int udp_open(const struct netpod *p, const char *address, uint16_t port)
{
	struct sockaddr_storage self;
	socklen_t len;
	int fd;

	fill_address(&self, &len, address, port);
	fd = netns_socket(p->ns, self.ss_family, SOCK_DGRAM, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&self, len)) {
		close(fd);
		return -1;
	}
	return fd;
}

static inline int udp_send(int fd, const char *address, uint16_t port, uint32_t word)
{
	struct sockaddr_storage to;
	socklen_t len;

	fill_address(&to, &len, address, port);
	if (sendto(fd, &word, sizeof(word), 0, (struct sockaddr *)&to, len) < 0)
		return -errno;
	return 0;
}

/* The word that arrives within @ms, or -1. */
static inline int64_t udp_take(int fd, int ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	uint32_t word;

	if (poll(&wait, 1, ms) != 1 || recv(fd, &word, sizeof(word), 0) != sizeof(word))
		return -1;
	return word;
}

/*
 * Does a packet arrive? Sent again every 200 ms for @ms, as the first ones may be lost
 * to neighbour discovery. For packets that are to arrive.
 */
static inline bool udp_reaches(int from, int at, const char *address, uint16_t port,
			       int ms)
{
	static uint32_t word;
	int64_t end = now_ms() + ms, got;

	word++;
	while (now_ms() < end) {
		udp_send(from, address, port, word);
		while ((got = udp_take(at, 200)) >= 0)
			if (got == word)
				return true;
	}
	return false;
}

/* --- counters ------------------------------------------------------------------ */

static inline int nl_counters(struct nl *nl, uint32_t flags, struct bytes *to)
{
	struct msg *m = nl_dump_msg(nl, NETPOL_CMD_GET_COUNTERS);

	if (flags)
		put_u32(m, NETPOL_A_FLAGS, flags);
	return nl_run(nl, to);
}

/* The counters nest of a pod "name", of a policy (@policy), or the totals (NULL). */
static inline const struct nlattr *counters_of(const struct bytes *dump, const char *name,
					       bool policy)
{
	struct record r;

	for (size_t at = 0; dump_next(dump, &at, &r); ) {
		const struct nlattr *c = at_find(r.attrs, r.len, NETPOL_A_COUNTERS);
		const char *pod = at_str_in(c, NETPOL_COUNTERS_A_POD_NAME);
		const char *pol = at_str_in(c, NETPOL_COUNTERS_A_POLICY_NAME);

		if (!c)
			continue;
		if (!name ? !*pod && !*pol : !strcmp(policy ? pol : pod, name))
			return c;
	}
	return NULL;
}

/* One counter now: of a pod by its name without namespace, or NULL for the totals. */
static inline uint64_t nl_counter(struct nl *nl, const char *pod, uint16_t type)
{
	struct bytes dump = {};
	uint64_t value = ~0ULL;

	if (!nl_counters(nl, 0, &dump))
		value = at_u_in(counters_of(&dump, pod, false), type);
	bytes_free(&dump);
	return value;
}

/* The namespace t with two pods: t/a, which has app=a, and t/b with app=b. */
static inline void t_pair(struct txn *t, const struct netpod *a, const struct netpod *b)
{
	t_namespace(t, "t", "team=t");
	t_labels(t, 1, "app=a", NULL);
	t_labels(t, 2, "app=b", NULL);
	t_pod(t, &(struct pod){ "t/a", 1, { a->address4, a->address6 }, LOCAL, a->ifindex });
	t_pod(t, &(struct pod){ "t/b", 2, { b->address4, b->address6 }, LOCAL, b->ifindex });
}

#endif /* NETPOL_NET_H */
