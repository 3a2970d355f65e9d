// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes are answered whatever the clients of the metrics do, and no request takes for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "check.h"
#include "agent/desired.h"
#include "agent/http.h"
#include "agent/state.h"

#define CLIENTS	64

static struct np_agent agent;
static char listen_text[32], probes_text[32];
static struct np_agent_options opts = {
	.node = "here", .listen = listen_text, .probes = probes_text, .request_ms = 600,
};

/* A TCP port of loopback that is free now, as text for an option. */
static uint16_t free_port(char *text)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (void *)&to, sizeof(to)) || getsockname(fd, (void *)&to, &len))
		perror("bind");
	close(fd);
	sprintf(text, "127.0.0.1:%u", ntohs(to.sin_port));
	return ntohs(to.sin_port);
}

/* Connects from 127.0.0.N. */
static int client(uint16_t port, unsigned int n)
{
	struct sockaddr_in from = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + n),
	};
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (void *)&from, sizeof(from)) || connect(fd, (void *)&to, sizeof(to)))
		perror("connect");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Sends a request and runs the loop until the answer's first line is there; its status, or 0. */
static int ask(uint16_t port, unsigned int n, const char *path)
{
	char text[1024], request[128];
	int64_t end = real_ms() + 10000;
	size_t len = 0;
	ssize_t got;
	int fd = client(port, n), status = 0;

	sprintf(request, "GET %s HTTP/1.0\r\n\r\n", path);
	if (write(fd, request, strlen(request)) < 0)
		perror("write");
	while (real_ms() < end && len < sizeof(text) - 1) {
		np_loop_step(agent.loop, 10);
		got = read(fd, text + len, sizeof(text) - 1 - len);
		if (!got || (got < 0 && errno != EAGAIN))
			break;
		len += got > 0 ? (size_t)got : 0;
	}
	text[len] = '\0';
	close(fd);
	sscanf(text, "HTTP/%*s %d", &status);
	return status;
}

/* --- probes in the middle of long work ---------------------------------------------- */

#define ANSWERS	3

/* What the process that probes tells. */
struct prober {
	unsigned int answers;
	unsigned int wrong;
};

static struct prober *prober;
static unsigned int listed;

/* Asks one time after the other, and does not run the loop. */
static void probe(uint16_t port)
{
	static const char request[] = "GET /healthz HTTP/1.0\r\n\r\n";
	char text[1024];
	size_t len;
	ssize_t got;
	int fd;

	for (;;) {
		fd = client(port, 1);
		fcntl(fd, F_SETFL, 0);
		len = 0;
		if (write(fd, request, strlen(request)) < 0)
			_exit(1);
		while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
			len += (size_t)got;
		close(fd);
		text[len] = '\0';
		__atomic_fetch_add(&prober->answers, 1, __ATOMIC_SEQ_CST);
		if (!strstr(text, " 200 "))
			__atomic_fetch_add(&prober->wrong, 1, __ATOMIC_SEQ_CST);
	}
}

/* One callback that takes in objects until probes have been answered meanwhile. */
static void list(void *context)
{
	int64_t end = real_ms() + 20000;
	struct np_arena arena = { 0 };
	struct np_error err = { 0 };
	struct np_node *object;
	char text[512];

	(void)context;
	np_intake_ops()->begin(&agent.intake, NP_SOURCE_POD);
	while (real_ms() < end && __atomic_load_n(&prober->answers, __ATOMIC_SEQ_CST) < ANSWERS) {
		snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"pod%u\",\"namespace\":"
			 "\"shop\",\"labels\":{\"app\":\"a%u\"}},\"status\":{\"podIP\":"
			 "\"10.0.0.1\"}}", listed, listed);
		np_json_object(text, strlen(text), np_source_pick(NP_SOURCE_POD), &arena, &object,
			       &err);
		np_intake_ops()->upsert(&agent.intake, NP_SOURCE_POD, object);
		np_arena_reset(&arena);
		listed++;
	}
	np_intake_ops()->synced(&agent.intake, NP_SOURCE_POD);
	np_arena_free(&arena);
}

static void ignore(void *arg)
{
	(void)arg;
}

static void ignore_change(void *arg, bool node)
{
	(void)arg;
	(void)node;
}

static void test_busy(uint16_t port)
{
	struct np_timer work = { .fire = list };
	int status;
	pid_t pid;

	prober = mmap(NULL, sizeof(*prober), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	np_desired_init(&agent.desired, "here");
	np_intake_init(&agent.intake, agent.loop, &agent.desired);
	agent.intake.changed = ignore_change;
	agent.intake.synced = ignore;
	agent.intake.news = ignore;
	pid = fork();
	if (!pid)
		probe(port);
	np_timer_start(agent.loop, &work, 0);
	while (!listed)
		np_loop_step(agent.loop, -1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK(prober->answers >= ANSWERS);
	CHECK_EQ(prober->wrong, 0);
	CHECK_EQ(agent.desired.pods.count, listed);
	munmap(prober, sizeof(*prober));
	np_desired_free(&agent.desired);
}

/* Work that looks up and never ends, while no change is pending. */
static void hang(void *context)
{
	int64_t end = real_ms() + 20000;

	np_loop_skip(agent.loop, 599000);
	CHECK(np_agent_progress(&agent));
	np_loop_skip(agent.loop, 1000);
	while (real_ms() < end && __atomic_load_n(&prober->answers, __ATOMIC_SEQ_CST) < ANSWERS)
		np_breathe();
	*(bool *)context = true;
}

/* A supervisor must hear of it, although probes are answered in the middle of it. */
static void test_hung(uint16_t port)
{
	bool ended = false;
	struct np_timer work = { .fire = hang, .context = &ended };
	int status;
	pid_t pid;

	prober = mmap(NULL, sizeof(*prober), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	np_timer_start(agent.loop, &work, 0);
	pid = fork();
	if (!pid)
		probe(port);
	while (!ended)
		np_loop_step(agent.loop, -1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK(prober->answers >= ANSWERS);
	CHECK(prober->wrong >= ANSWERS - 1);	/* the first may have come before the hang */
	munmap(prober, sizeof(*prober));
	CHECK_EQ(ask(port, 1, "/healthz"), 200);
}

/* The taint of a new node stays until the guards that its Node asks for are known. */
static void test_takes_pods(void)
{
	opts.node_guard = true;
	CHECK(!np_agent_takes_pods(&agent, true));
	agent.desired.node_read = true;
	CHECK(np_agent_takes_pods(&agent, true));
	CHECK(!np_agent_takes_pods(&agent, false));
	agent.desired.node_read = false;
	opts.node_guard = false;
	CHECK(np_agent_takes_pods(&agent, true));
}

/* Ready is who knows all kinds. ClusterNetworkPolicies in another version are not known. */
static void test_ready(uint16_t probes)
{
	struct np_intake_kind *cluster = &agent.intake.kind[NP_SOURCE_CLUSTER_POLICY];
	bool *synced = agent.desired.synced;
	char why[512];
	int i;

	for (i = 0; i < NP_SOURCE_KINDS; i++)
		synced[i] = true;
	agent.desired.node_seen = true;
	agent.commits.whole = true;
	CHECK(np_agent_synced(&agent));
	CHECK_EQ(ask(probes, 1, "/readyz"), 200);
	synced[NP_SOURCE_CLUSTER_POLICY] = false;
	CHECK(!np_agent_synced(&agent));
	CHECK_EQ(ask(probes, 1, "/readyz"), 503);
	synced[NP_SOURCE_CLUSTER_POLICY] = true;
	cluster->absent = true;
	CHECK_EQ(ask(probes, 1, "/readyz"), 200);
	cluster->absent = false;
	cluster->other = true;
	strcpy(cluster->error, "only as v1beta1");
	CHECK_EQ(ask(probes, 1, "/readyz"), 503);
	CHECK(!np_agent_ready(&agent, why, sizeof(why)));
	CHECK(!strcmp(why, "clusternetworkpolicies are not followed: only as v1beta1"));
	/* What was committed before goes on. */
	CHECK(np_agent_synced(&agent));
	cluster->other = false;
	CHECK_EQ(ask(probes, 1, "/readyz"), 200);
}

int main(void)
{
	uint16_t metrics = free_port(listen_text), probes = free_port(probes_text);
	struct np_error err = { 0 };
	int fd[CLIENTS], i, open = CLIENTS;
	int64_t end;
	char byte;

	agent.opts = &opts;
	agent.loop = np_loop_new();
	agent.commits.pending_ms = -1;
	CHECK_EQ(np_agent_http_start(&agent, &err), 0);
	CHECK_EQ(ask(metrics, 1, "/healthz"), 200);
	CHECK_EQ(ask(probes, 1, "/healthz"), 200);
	CHECK_EQ(ask(probes, 1, "/readyz"), 503);
	CHECK_EQ(ask(probes, 1, "/metrics"), 404);

	/* All connections of the metrics are taken, by requests that come byte by byte. */
	for (i = 0; i < CLIENTS; i++) {
		fd[i] = client(metrics, 2 + i / 8);
		np_loop_step(agent.loop, 0);
	}
	CHECK_EQ(ask(probes, 1, "/healthz"), 200);
	end = real_ms() + 20000;
	while (open && real_ms() < end) {
		for (i = 0; i < CLIENTS; i++) {
			if (fd[i] < 0)
				continue;
			if (send(fd[i], "X", 1, MSG_NOSIGNAL) > 0 &&
			    (recv(fd[i], &byte, 1, 0) > 0 || errno == EAGAIN))
				continue;
			close(fd[i]);
			fd[i] = -1;
			open--;
		}
		np_loop_step(agent.loop, 20);
	}
	CHECK_EQ(open, 0);
	CHECK_EQ(ask(metrics, 1, "/healthz"), 200);

	test_busy(probes);
	test_hung(probes);
	test_takes_pods();
	test_ready(probes);

	np_agent_http_stop(&agent);
	np_loop_free(agent.loop);
	return check_done("probes");
}
