// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Races: everything at once, on as many processors as there are, for a while.
 *
 *   stress SEED SECONDS
 *
 * Two origins commit, objects and counters are dumped, interfaces and network namespaces
 * with policies of their own come and go, conntrack is flushed, a pod sends random packets,
 * and all the time one pair of pods must lose nothing and another one must stay shut, since
 * every version of the policies says so. The kernel's own checkers (lockdep, KASAN, KCSAN)
 * find more where they are built in. Meant for real machines too, where processors run at
 * the same time: as root, in an idle machine with netpol loaded; it moves to a network
 * namespace of its own first.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../evaluator/random.h"
#include "ask.h"
#include "net.h"
#include "netlink/loaded.h"
#include "netlink/report.h"
#include "noise_packet.h"
#include "object/load.h"

#define CLIENT		1	/* network namespaces of net.h */
#define OPEN		2
#define SHUT		3
#define NOISY		4
#define PODS		4
#define CHURN		100	/* the first number of the pods whose interfaces come and go */
#define CHURNED		8
#define PORT		9000
#define ROUND		64	/* datagrams to each server at a time */
#define LATE		60	/* seconds after which a datagram is lost */

enum worker { COMMITS, OTHER_COMMITS, DUMPS, DEVICES, NAMESPACES, FLUSHES, NOISE, TRAFFIC, WORKERS };

static const char *const worker_name[WORKERS] = {
	"commits", "commits of another origin", "dumps", "interfaces", "network namespaces",
	"flushes of conntrack", "random packets", "datagrams that arrived",
};

/* Shared by all workers. */
static struct {
	volatile bool stop;
	volatile unsigned long done[WORKERS];
	volatile unsigned long refused;
} *shared;

static struct net net;
static uint64_t state;

static uint32_t any(uint32_t n)
{
	return random_below(&state, n);
}

static void address_of(unsigned int pod, bool six, struct np_address *a)
{
	memset(a, 0, sizeof(*a));
	a->family = six ? AF_INET6 : AF_INET;
	a->addr[0] = six ? 0xfd : 10;
	a->addr[1] = 9;
	a->addr[six ? 15 : 3] = pod;
}

static void client_open(struct np_client *client)
{
	struct np_error err = { 0 };

	errno = 0;
	if (np_client_open(client, NETPOL_GENL_NAME, NP_CLIENT_TIMEOUT, &err))
		net_die("%s", err.text);
}

/* --- worlds --------------------------------------------------------------------- */

static void pod_print(FILE *to, const char *namespace, unsigned int number, const char *label)
{
	fprintf(to, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%u, namespace: %s, uid: u%u, "
		"labels: {app: %s}}\nspec: {nodeName: here}\nstatus: {phase: Running, podIPs: "
		"[{ip: 10.9.%u.%u}, {ip: \"fd09::%x:%x\"}]}\n", number, namespace, number, label,
		number >> 8, number & 255, number >> 8, number & 255);
}

static void policy_print(FILE *to, const char *namespace, unsigned int number, const char *app,
			 const char *ingress)
{
	fprintf(to, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
		"metadata: {name: policy-%u, namespace: %s}\nspec: {podSelector: {matchLabels: "
		"{app: %s}}, policyTypes: [Ingress], ingress: [%s]}\n", number, namespace, app,
		ingress);
}

static void cluster_print(FILE *to, unsigned int number, const char *tier, const char *app,
			  const char *rules)
{
	fprintf(to, "---\napiVersion: policy.networking.k8s.io/v1alpha2\n"
		"kind: ClusterNetworkPolicy\nmetadata: {name: wide-%u}\nspec: {tier: %s, priority: "
		"%u, subject: {pods: {podSelector: {matchLabels: {app: %s}}}}, %s}\n", number, tier,
		any(3), app, rules);
}

/*
 * Cluster-wide policies that come and go, and say nothing else about the two servers. The tier
 * Baseline has no word about them, because NetworkPolicies isolate them.
 */
static void wide_world(FILE *to)
{
	static const char *const open[] = {
		"ingress: [{action: Accept, from: [{namespaces: {}}]}]",
		"ingress: [{action: Pass, from: [{pods: {podSelector: {matchLabels: {app: client}}}}]}, "
		"{action: Deny, from: [{namespaces: {}}]}]",
		"ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: "
		"{number: 9000}}}]}]",
	};
	static const char *const shut[] = {
		"ingress: [{action: Deny, from: [{namespaces: {}}]}]",
		"ingress: [{action: Pass, from: [{namespaces: {}}]}]",
		"ingress: [{action: Deny, from: [{pods: {podSelector: {matchLabels: {app: client}}}}]}, "
		"{action: Accept, from: [{namespaces: {}}], protocols: [{destinationNamedPort: web}]}]",
	};
	static const char *const noisy[] = {
		"egress: [{action: Deny, to: [{networks: [10.9.0.0/30, 10.9.0.128/25, \"fd09::/120\"]}]}]",
		"egress: [{action: Pass, to: [{namespaces: {matchLabels: {team: \"1\"}}}]}, {action: "
		"Accept, to: [{networks: [0.0.0.0/0]}]}], ingress: [{action: Deny, from: [{namespaces: "
		"{}}]}]",
	};
	unsigned int i, n = any(3) ? any(12) : 0;

	for (i = 0; i < n; i++)
		switch (any(4)) {
		case 0:
			cluster_print(to, i, "Admin", "open", open[any(3)]);
			break;
		case 1:
			cluster_print(to, i, "Admin", "shut", shut[any(3)]);
			break;
		case 2:
			cluster_print(to, i, any(2) ? "Admin" : "Baseline",
				      any(2) ? "noisy" : "churned", noisy[any(2)]);
			break;
		default:
			cluster_print(to, i, "Baseline", any(2) ? "open" : "shut",
				      any(2) ? open[any(3)] : shut[any(3)]);
		}
}

/* Each version lets the client reach one server and not the other, in other words. */
static void first_world(FILE *to)
{
	static const char *const open[] = {
		"{ports: [{protocol: UDP, port: 9000}]}",
		"{from: [{podSelector: {matchLabels: {app: client}}}]}",
		"{from: [{ipBlock: {cidr: 10.9.0.0/24}}, {ipBlock: {cidr: \"fd09::/64\"}}], "
		"ports: [{protocol: UDP, port: 8000, endPort: 9999}]}",
	};
	static const char *const shut[] = {
		"", "{ports: [{protocol: UDP, port: 9001}]}",
		"{from: [{podSelector: {matchLabels: {app: nobody}}}]}",
	};
	unsigned int i, n;

	fprintf(to, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: one, labels: {team: \"%u\"}}\n",
		any(4));
	pod_print(to, "one", CLIENT, "client");
	pod_print(to, "one", OPEN, "open");
	pod_print(to, "one", SHUT, "shut");
	pod_print(to, "one", NOISY, any(2) ? "noisy" : "other");
	policy_print(to, "one", 0, "open", open[any(3)]);
	policy_print(to, "one", 1, "shut", shut[any(3)]);
	for (i = 0, n = any(20); i < n; i++)
		policy_print(to, "one", 10 + i, any(2) ? "noisy" : "churned",
			     any(2) ? open[any(3)] : shut[any(3)]);
	for (i = 0; i < CHURNED; i++)
		if (any(4))
			pod_print(to, "one", CHURN + i, any(3) ? "churned" : "open");
	wide_world(to);
}

static void second_world(FILE *to)
{
	unsigned int i, n = any(300);

	fprintf(to, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: two, labels: {team: \"%u\"}}\n",
		any(4));
	for (i = 0; i < n; i++)
		pod_print(to, "two", 1000 + 2 * i + any(2), any(2) ? "client" : "other");
	for (i = 0, n = any(10); i < n; i++)
		policy_print(to, "two", i, "other",
			     any(2) ? "" : "{from: [{namespaceSelector: {matchLabels: {team: \"1\"}}}]}");
}

static unsigned int interface_of(const char *pod)
{
	unsigned int number = atoi(pod + 1);
	char name[16];

	if (number <= PODS)
		return net.pod[number].ifindex;
	if (number < CHURN || number >= CHURN + CHURNED)
		return 0;
	snprintf(name, sizeof(name), "s%u", number);
	return if_nametoindex(name);
}

static void load(struct np_client *client, const char *origin, void (*print)(FILE *to),
		 enum worker worker)
{
	struct np_load_options opts = { .lenient = true };
	struct np_placement *place;
	struct np_objects objs;
	struct np_error err = { 0 };
	char *text = NULL;
	size_t size = 0, i;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		net_die("memory");
	print(to);
	fclose(to);
	np_objects_init(&objs);
	errno = 0;
	if (np_load_buffer(&objs, origin, text, size, &opts, &err))
		net_die("%s:\n%s", err.text, text);
	place = np_xcalloc(objs.pod_count + 1, sizeof(*place));
	for (i = 0; i < objs.pod_count; i++) {
		place[i].ifindex = interface_of(objs.pods[i].name);
		place[i].local = place[i].ifindex;
	}
	if (ask_load(client, origin, &objs, place, &err))
		shared->refused++;
	else
		shared->done[worker]++;
	free(place);
	free(text);
	np_objects_free(&objs);
}

/* --- workers -------------------------------------------------------------------- */

static void commit_both(enum worker worker)
{
	struct np_client client;

	client_open(&client);
	while (!shared->stop)
		load(&client, worker == COMMITS ? "first" : "second",
		     worker == COMMITS ? first_world : second_world, worker);
}

static void dump(void)
{
	struct np_counter_list list = { 0 };
	struct np_loaded loaded = { 0 };
	struct np_client client;
	struct np_error err = { 0 };

	client_open(&client);
	while (!shared->stop) {
		/* What changes under a dump is told as such, and then the dump is taken again. */
		if (np_loaded_get(&client, &loaded, &err) ||
		    np_counters_get(&client, any(2), &list, &err))
			shared->refused++;
		else
			shared->done[DUMPS]++;
		np_loaded_free(&loaded);
		np_counters_free(&list);
		memset(&loaded, 0, sizeof(loaded));
		memset(&list, 0, sizeof(list));
	}
}

static void run(const char *command)
{
	if (system(command))
		errno = 0;
}

static void devices(void)
{
	char text[256];

	while (!shared->stop) {
		unsigned int i = CHURN + any(CHURNED);

		snprintf(text, sizeof(text), "{ ip link del s%u; ip link add s%u type veth peer name "
			 "t%u; ip link set s%u up; } >/dev/null 2>&1", i, i, i, i);
		run(text);
		shared->done[DEVICES]++;
	}
}

/* A node of its own that goes with all of its state, while packets are in it. */
static void namespaces(void)
{
	while (!shared->stop) {
		pid_t pid = fork();
		int status;

		if (pid < 0)
			net_die("fork");
		if (!pid) {
			struct np_client client;

			if (unshare(CLONE_NEWNET))
				net_die("unshare");
			client_open(&client);
			load(&client, "first", second_world, NAMESPACES);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			net_die("a network namespace");
	}
}

static void flush(void)
{
	while (!shared->stop) {
		run("conntrack -F >/dev/null 2>&1");
		shared->done[FLUSHES]++;
	}
}

static void noise(void)
{
	int fd = net_socket(&net, &net.pod[NOISY], AF_PACKET, SOCK_DGRAM, 0);
	static struct noise_packet p;
	unsigned int i;

	while (!shared->stop) {
		bool six = any(2);
		struct sockaddr_ll to = {
			.sll_family = AF_PACKET, .sll_halen = ETH_ALEN,
			.sll_protocol = htons(six ? ETH_P_IPV6 : ETH_P_IP),
			.sll_ifindex = net.pod[NOISY].inside,
			.sll_addr = { 2, 0, 0, 0, 1, NOISY },
		};

		address_of(any(4) ? NOISY : any(256), six, &p.source);
		address_of(any(4) ? 1 + any(3) : any(256), six, &p.destination);
		address_of(any(8), six, &p.quoted);
		p.number = 1;
		p.may_bend = true;
		noise_make(&p, &state);
		for (i = 0; i < p.parts; i++)
			if (sendto(fd, p.part[i], p.size[i], 0, (struct sockaddr *)&to,
				   sizeof(to)) < 0)
				errno = 0;	/* a full queue */
		shared->done[NOISE]++;
	}
}

static socklen_t sockaddr_of(struct sockaddr_storage *to, unsigned int pod, bool six)
{
	struct np_address a;

	address_of(pod, six, &a);
	return net_sockaddr(to, &a, PORT);
}

static int udp_socket(unsigned int pod, bool six)
{
	int fd = net_socket(&net, &net.pod[pod], six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage own;
	socklen_t len = sockaddr_of(&own, pod, six);
	int size = 8 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&own, len))
		net_die("a UDP socket");
	return fd;
}

static void udp_send(int fd, unsigned int pod, bool six, uint32_t number)
{
	struct sockaddr_storage to;
	socklen_t len = sockaddr_of(&to, pod, six);

	if (sendto(fd, &number, sizeof(number), 0, (struct sockaddr *)&to, len) != sizeof(number))
		net_die("sending a datagram");
}

/* Of each round all must come at the one server; at the other one nothing ever does. */
static void traffic(void)
{
	int from[2], open[2], shut[2];
	uint32_t number = 0, got;
	unsigned int six, i, came;
	time_t deadline;

	for (six = 0; six < 2; six++) {
		from[six] = udp_socket(CLIENT, six);
		open[six] = udp_socket(OPEN, six);
		shut[six] = udp_socket(SHUT, six);
	}
	while (!shared->stop) {
		six = any(2);
		number++;
		for (i = 0; i < ROUND; i++) {
			udp_send(from[six], OPEN, six, number);
			udp_send(from[six], SHUT, six, number);
		}
		came = 0;
		deadline = time(NULL) + LATE;
		while (came < ROUND) {
			/* The noisy pod may be let in too. */
			while (recv(open[six], &got, sizeof(got), 0) == sizeof(got))
				came += got == number;
			errno = 0;
			if (time(NULL) > deadline)
				net_die("%u of %u datagrams are lost", ROUND - came, ROUND);
			sched_yield();
		}
		errno = 0;
		if (recv(shut[six], &got, sizeof(got), 0) >= 0)
			net_die("a datagram came where all policies deny it");
		shared->done[TRAFFIC] += came;
	}
}

static void work(enum worker worker)
{
	switch (worker) {
	case COMMITS:
	case OTHER_COMMITS:
		commit_both(worker);
		break;
	case DUMPS:
		dump();
		break;
	case DEVICES:
		devices();
		break;
	case NAMESPACES:
		namespaces();
		break;
	case FLUSHES:
		flush();
		break;
	case NOISE:
		noise();
		break;
	case TRAFFIC:
		traffic();
		break;
	case WORKERS:
		break;
	}
}

static void begin(struct np_client *client)
{
	const struct np_address *list[2];
	struct np_address address[2];
	unsigned int i;

	/* What a full queue of a processor drops would look denied. */
	run("echo 200000 >/proc/sys/net/core/netdev_max_backlog");
	ask_begin(client);
	net_begin(&net);
	for (i = 1; i <= PODS; i++) {
		address_of(i, false, &address[0]);
		address_of(i, true, &address[1]);
		list[0] = &address[0];
		list[1] = &address[1];
		net_assign(&net, &net.pod[i], list, 2);
	}
	load(client, "first", first_world, COMMITS);
	if (!shared->done[COMMITS])
		net_die("the first world cannot be loaded");
	/* The worker must get on by itself. */
	shared->done[COMMITS] = 0;
}

int main(int argc, char **argv)
{
	struct np_client client;
	pid_t pid[WORKERS];
	unsigned int i;
	bool failed = false;
	time_t end;
	int status;

	if (argc != 3) {
		fputs("usage: stress SEED SECONDS\n", stderr);
		return 2;
	}
	state = strtoull(argv[1], NULL, 0) * 0x2545f4914f6cdd1dULL + 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		net_die("shared memory");
	begin(&client);
	for (i = 0; i < WORKERS; i++) {
		state += i + 1;
		pid[i] = fork();
		if (pid[i] < 0)
			net_die("fork");
		if (!pid[i]) {
			work(i);
			_exit(0);
		}
	}
	end = time(NULL) + atoi(argv[2]);
	while (time(NULL) < end && !waitpid(-1, &status, WNOHANG))
		usleep(100000);
	failed = time(NULL) < end;
	shared->stop = true;
	for (i = 0; i < WORKERS; i++) {
		/* the one that ended early is not there to be waited for any more */
		if (waitpid(pid[i], &status, 0) == pid[i] ? status : !failed)
			failed = true;
	}
	for (i = 0; i < WORKERS; i++) {
		printf("%lu %s\n", shared->done[i], worker_name[i]);
		failed |= !shared->done[i];
	}
	printf("%lu commits and dumps were refused\n", shared->refused);
	printf("races: %lu verdicts compared, %u mismatches\n", 2 * shared->done[TRAFFIC], failed);
	return failed;
}
