// SPDX-License-Identifier: GPL-2.0-or-later
#include "../e2e/e2e.h"

#include <pthread.h>
#include <curl/curl.h>

#include "api.h"
#include "netlink/client.h"
#include "cluster.h"
#include "latency.h"
#include <linux/netpol.h>

#define PORT		7100
#define SEND_EVERY	200000		/* nanoseconds */
#define ENOUGH		40		/* numbers that make a new verdict certain */
#define LIMIT		30000000	/* microseconds for one change */
#define RING		65536

enum kind { POLICY, POD, NAMESPACE, KINDS };

static const char *const kind_name[KINDS] = { "policy", "pod labels", "namespace labels" };

/* Times are microseconds of CLOCK_REALTIME: the kernel stamps packets with it. */
static struct {
	pthread_mutex_t lock;
	bool ending;
	/* a number every SEND_EVERY */
	int out;
	int in;
	struct address to;
	uint64_t sent;			/* the last number */
	uint64_t sent_at[RING];
	/* what came */
	uint64_t got;			/* the last number */
	uint64_t got_at;
	uint64_t first;			/* the first number of the latest run without a gap */
	uint64_t run;			/* its length */
	/* others */
	uint64_t event_at[KINDS];	/* the API server's last event of the kind */
	uint64_t commit_at;		/* the second node's last commit */
} l = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t real_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

static void pause_us(long us)
{
	struct timespec t = { .tv_nsec = us * 1000 };

	nanosleep(&t, NULL);
}

static void receive(void)
{
	uint64_t number, at;
	union {
		char room[128];
		struct cmsghdr align;
	} control;
	struct iovec vec = { .iov_base = &number, .iov_len = sizeof(number) };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };
	struct cmsghdr *c;
	struct timespec ts;

	for (;;) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		if (recvmsg(l.in, &msg, 0) != sizeof(number))
			return;
		at = real_us();
		for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
			if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
				memcpy(&ts, CMSG_DATA(c), sizeof(ts));
				at = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
			}
		}
		if (!l.run || number != l.got + 1) {
			l.first = number;
			l.run = 0;
		}
		l.run++;
		l.got = number;
		l.got_at = at;
	}
}

static void *traffic(void *context)
{
	struct timespec pause = { .tv_nsec = SEND_EVERY };
	bool ending = false;

	(void)context;
	while (!ending) {
		pthread_mutex_lock(&l.lock);
		l.sent++;
		l.sent_at[l.sent % RING] = real_us();
		if (sendto(l.out, &l.sent, sizeof(l.sent), 0, &l.to.sa, l.to.len) < 0)
			errno = 0;
		receive();
		ending = l.ending;
		pthread_mutex_unlock(&l.lock);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* --- the API server's events and the node's commits --------------------------------- */

static size_t on_event(char *data, size_t one, size_t count, void *context)
{
	enum kind kind = (enum kind)(uintptr_t)context;

	pthread_mutex_lock(&l.lock);
	if (memchr(data, '\n', one * count))	/* the end of an event */
		l.event_at[kind] = real_us();
	pthread_mutex_unlock(&l.lock);
	return one * count;
}

static const char *watch_url, *watch_ca, *watch_token;

static void *watcher(void *context)
{
	static const char *const path[KINDS] = {
		"/apis/networking.k8s.io/v1/networkpolicies", "/api/v1/pods", "/api/v1/namespaces",
	};
	CURLM *multi = need(curl_multi_init());
	CURL *easy[KINDS];
	struct curl_slist *headers;
	bool ending = false;
	char text[512];
	unsigned int i;
	int running;

	(void)context;
	snprintf(text, sizeof(text), "Authorization: Bearer %s", watch_token);
	headers = need(curl_slist_append(NULL, text));
	for (i = 0; i < KINDS; i++) {
		easy[i] = need(curl_easy_init());
		snprintf(text, sizeof(text), "%s%s?watch=1", watch_url, path[i]);
		curl_easy_setopt(easy[i], CURLOPT_URL, text);
		curl_easy_setopt(easy[i], CURLOPT_CAINFO, watch_ca);
		curl_easy_setopt(easy[i], CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(easy[i], CURLOPT_WRITEFUNCTION, on_event);
		curl_easy_setopt(easy[i], CURLOPT_WRITEDATA, (void *)(uintptr_t)i);
		curl_multi_add_handle(multi, easy[i]);
	}
	while (!ending) {
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 100, NULL);
		pthread_mutex_lock(&l.lock);
		ending = l.ending;
		pthread_mutex_unlock(&l.lock);
	}
	for (i = 0; i < KINDS; i++) {
		curl_multi_remove_handle(multi, easy[i]);
		curl_easy_cleanup(easy[i]);
	}
	curl_multi_cleanup(multi);
	curl_slist_free_all(headers);
	return NULL;
}

static int on_commit(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	(void)nlh;
	(void)arg;
	(void)err;
	pthread_mutex_lock(&l.lock);
	l.commit_at = real_us();
	pthread_mutex_unlock(&l.lock);
	return 0;
}

static void *commits(void *context)
{
	struct np_client *client = context;
	struct np_error err;
	uint64_t lost = 0;
	bool ending = false;

	while (!ending) {
		if (np_client_receive(client, 100, on_commit, NULL, &lost, &err) < 0)
			break;
		pthread_mutex_lock(&l.lock);
		ending = l.ending;
		pthread_mutex_unlock(&l.lock);
	}
	return NULL;
}

/* --- objects ------------------------------------------------------------------------ */

__attribute__((format(printf, 1, 2)))
static cJSON *json(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return need(cJSON_Parse(text));
}

static void pod(const char *namespace, const char *name, const char *node, const char *label,
		const char *address)
{
	char path[160];

	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", namespace);
	api("POST", path, json("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\","
			       "\"labels\":{%s}},\"spec\":{\"nodeName\":\"%s\",\"containers\":"
			       "[{\"name\":\"main\",\"image\":\"none\"}]}}", name, label, node));
	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s/status", namespace, name);
	api("PATCH", path, json("{\"status\":{\"phase\":\"Running\",\"podIP\":\"%s\","
				"\"podIPs\":[{\"ip\":\"%s\"}]}}", address, address));
}

static cJSON *policy(bool open)
{
	return json("{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\","
		    "\"metadata\":{\"name\":\"way\"},\"spec\":{\"podSelector\":{\"matchLabels\":"
		    "{\"role\":\"server\"}},\"policyTypes\":[\"Ingress\"],\"ingress\":[%s]}}",
		    open ? "{\"from\":[{\"namespaceSelector\":{\"matchLabels\":{\"open\":\"yes\"}},"
			   "\"podSelector\":{\"matchLabels\":{\"go\":\"yes\"}}}]}" : "");
}

static void change(enum kind kind, bool open)
{
	const char *value = open ? "yes" : "no";

	switch (kind) {
	case POLICY:
		api("PUT", "/apis/networking.k8s.io/v1/namespaces/latency-server/networkpolicies/way",
		    policy(open));
		break;
	case POD:
		api("PATCH", "/api/v1/namespaces/latency-client/pods/client",
		    json("{\"metadata\":{\"labels\":{\"go\":\"%s\"}}}", value));
		break;
	default:
		api("PATCH", "/api/v1/namespaces/latency-client",
		    json("{\"metadata\":{\"labels\":{\"open\":\"%s\"}}}", value));
	}
}

static void objects_make(const struct slot *client, const struct slot *server)
{
	char name[32], address[32];
	unsigned int i;

	api("POST", "/api/v1/namespaces", json("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\","
	    "\"metadata\":{\"name\":\"latency-client\",\"labels\":{\"open\":\"yes\"}}}"));
	api("POST", "/api/v1/namespaces", json("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\","
	    "\"metadata\":{\"name\":\"latency-server\"}}"));
	pod("latency-server", "server", node_name[server->node], "\"role\":\"server\"", server->v4);
	pod("latency-client", "client", node_name[client->node], "\"go\":\"yes\"", client->v4);
	for (i = 2; i < LATENCY_PODS; i++) {
		snprintf(name, sizeof(name), "other-%u", i);
		snprintf(address, sizeof(address), "10.1.9.%u", i);
		pod("latency-client", name, "elsewhere", "\"go\":\"no\"", address);
	}
	api("POST", "/apis/networking.k8s.io/v1/namespaces/latency-server/networkpolicies",
	    policy(true));
}

/* --- measuring ---------------------------------------------------------------------- */

struct sample {
	uint64_t total;
	uint64_t server;
	uint64_t agent;
	uint64_t kernel;
};

/* Which change took longest: what one outlier was can't be seen from percentiles. */
static void print_slowest(const struct sample *samples, unsigned int count)
{
	unsigned int i, slowest = 0;

	for (i = 1; i < count; i++)
		if (samples[i].total > samples[slowest].total)
			slowest = i;
	printf("# latency: the slowest was change %u (%s): event %llu us, agent %llu us, packets %llu us\n",
	       slowest, kind_name[slowest / 2 % KINDS],
	       (unsigned long long)samples[slowest].server,
	       (unsigned long long)samples[slowest].agent,
	       (unsigned long long)samples[slowest].kernel);
}

/* The verdict in force: 1 open, 0 shut, -1 not certain yet. */
static int verdict(void)
{
	int v = -1;

	pthread_mutex_lock(&l.lock);
	if (l.sent - l.got > ENOUGH)
		v = 0;
	else if (l.run > ENOUGH && l.sent - l.got < ENOUGH / 4)
		v = 1;
	pthread_mutex_unlock(&l.lock);
	return v;
}

static bool reach(bool open)
{
	uint64_t begun = now_us();

	while (verdict() != open) {
		if (now_us() - begun > LIMIT)
			return false;
		pause_us(2000);
	}
	return true;
}

static uint64_t after(uint64_t time, uint64_t since)
{
	return time > since ? time - since : 0;
}

static bool measure(enum kind kind, bool open, struct sample *s)
{
	uint64_t returned, last;

	change(kind, open);
	returned = real_us();
	if (!reach(open))
		return false;
	pthread_mutex_lock(&l.lock);
	/* Shut: the last that came; open: when the first that came was sent. */
	last = open ? l.sent_at[l.first % RING] : l.got_at;
	s->total = after(last, returned);
	s->server = after(l.event_at[kind], returned);
	s->agent = after(l.commit_at, returned + s->server);
	s->kernel = after(last, l.commit_at);
	pthread_mutex_unlock(&l.lock);
	return true;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void print(const char *what, const struct sample *samples, unsigned int count, size_t field)
{
	uint64_t *v = need(calloc(count, sizeof(*v)));
	unsigned int i;

	for (i = 0; i < count; i++)
		v[i] = *(const uint64_t *)((const char *)&samples[i] + field);
	qsort(v, count, sizeof(*v), compare);
	printf("# latency %-28s p50 %7llu us   p99 %7llu us   most %7llu us\n", what,
	       (unsigned long long)v[count / 2], (unsigned long long)v[(count * 99ull) / 100],
	       (unsigned long long)v[count - 1]);
	free(v);
}

static int udp_socket(const struct slot *slot, unsigned int port)
{
	struct address any;
	int fd, on = 1;

	netns_enter(slot->netns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	address_parse(&any, "0.0.0.0", port);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    bind(fd, &any.sa, any.len))
		die("a socket in %s", slot->netns);
	netns_enter("-");
	return fd;
}

bool latency_run(const char *url, const char *ca_file, const char *token, unsigned int count)
{
	struct slot *client = &slots[0], *server = &slots[SLOTS - 1];
	struct sample *samples = need(calloc(count, sizeof(*samples)));
	bool open[KINDS] = { true, true, true }, ok;
	pthread_t threads[3];
	struct np_client netlink;
	struct np_error err;
	unsigned int i;

	slot_up(client, 0);
	slot_up(server, 0);
	objects_make(client, server);
	l.out = udp_socket(client, PORT);
	l.in = udp_socket(server, PORT);
	address_parse(&l.to, server->v4, PORT);
	netns_enter(node_name[server->node]);
	errno = 0;
	if (np_client_open(&netlink, "netpol", NP_CLIENT_TIMEOUT, &err) ||
	    np_client_join(&netlink, NETPOL_MCGRP_CHANGE, &err))
		die("netlink: %s", err.text);
	netns_enter("-");
	watch_url = url;
	watch_ca = ca_file;
	watch_token = token;
	pthread_create(&threads[0], NULL, traffic, NULL);
	pthread_create(&threads[1], NULL, watcher, NULL);
	pthread_create(&threads[2], NULL, commits, &netlink);
	ok = reach(true);
	for (i = 0; ok && i < count; i++) {
		enum kind kind = (enum kind)(i / 2 % KINDS);

		open[kind] = !open[kind];
		ok = measure(kind, open[kind], &samples[i]);
		if (!ok)
			printf("# latency: change %u (%s, %s) is not enforced\n", i,
			       kind_name[kind], open[kind] ? "opens" : "shuts");
	}
	pthread_mutex_lock(&l.lock);
	l.ending = true;
	pthread_mutex_unlock(&l.lock);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	if (ok && count) {
		printf("# latency of %u changes at %u pods, from the write's return (emulated processors):\n",
		       count, LATENCY_PODS);
		print("to the last old verdict", samples, count, offsetof(struct sample, total));
		print("of it the API server's event", samples, count, offsetof(struct sample, server));
		print("event to commit (agent)", samples, count, offsetof(struct sample, agent));
		print("commit to packets (kernel)", samples, count, offsetof(struct sample, kernel));
		print_slowest(samples, count);
	}
	np_client_close(&netlink);
	free(samples);
	return ok;
}
