// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A soak of the node agent: an hour or more of a large cluster with changes all the time and a
 * tenant who does what he can to the others. The agent is whole but for the API client; the
 * module's core in this process takes its commits (inside.h). Time is the loop's clock, which is
 * moved ahead whenever there is nothing to do, so what the agent computes takes time as well.
 *
 *	soak [-q] [-s SECONDS] [-o FILE.json]
 *
 *	-q	a tenth of the objects, a minute
 *	-s	seconds of the loop's clock, 3,600 if it is not given
 *
 * At the end the agent and the core must hold what a cluster with the last version of each object
 * gives from scratch: every object, and the verdicts of many flows.
 */
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/desired.h"
#include "agent/desired_pod.h"
#include "agent/desired_policy.h"
#include "agent/encode.h"
#include "base/log.h"
#include "inside.h"
#include "listing.h"
#include "object/digest.h"
#include "rows.h"

#define RATE		100		/* changes a second */
#define SPACES		100
#define TIERS		8		/* values of the label by which policies select peers */
#define FLOWS		200000
#define EVIL_PODS	20
#define WATCHDOG_S	60

static struct np_agent agent;
static struct np_loop *loop;
static struct np_desired fresh;		/* what the last versions give from scratch */
static bool to_fresh;
static int watchdog;
static int64_t barked_ms, longest_gap_ms;
static unsigned int barks;
static double longest_step, longest_event;
static unsigned int seed = 1;
static uint64_t remarks;

/* the last version of each object */
static unsigned int *pod_version, space_version[SPACES], policy_version[SPACES];
static bool *pod_gone;

static unsigned int any(unsigned int count)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % count;
}

static void give(enum np_source_kind kind, const struct np_node *object)
{
	double cpu = rows_cpu();

	if (to_fresh)
		np_desired_upsert(&fresh, kind, object);
	else
		np_intake_ops()->upsert(&agent.intake, kind, object);
	cpu = rows_cpu() - cpu;
	if (cpu > longest_event && !to_fresh)
		longest_event = cpu;
}

static struct listing listing = {
	.spaces = SPACES,
	.pods = 150000,
	.locals = 110,
	.policies = 10000,
	.distinct = true,
	.give = give,
};

/* The log would have a line a second of what the adversary writes. */
static void remark(void *arg, enum np_source_kind kind, const char *namespace, const char *name,
		   const char *text)
{
	remarks++;
}

/* --- the cluster ------------------------------------------------------------------- */

static void give_pod(unsigned int i)
{
	listing_pod(&listing, i, pod_version[i] % TIERS);
}

static void remove_pod(unsigned int i)
{
	char namespace[32], name[64], uid[40];

	snprintf(namespace, sizeof(namespace), "team-%u", i % SPACES);
	snprintf(name, sizeof(name), "web-%u-7d9f8b6c5d-%05u", i / 50, i);
	snprintf(uid, sizeof(uid), "%08x-1111-4222-8333-%012x", i, i);
	if (to_fresh)
		np_desired_remove(&fresh, NP_SOURCE_POD, namespace, name, uid);
	else
		np_intake_ops()->remove(&agent.intake, NP_SOURCE_POD, namespace, name, uid);
}

static void give_space(unsigned int s)
{
	char text[256];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"team-%u\",\"labels\":{\"team\":"
		 "\"t%u\",\"round\":\"r%u\"}}}", s, s, space_version[s] % 4);
	listing_give(&listing, NP_SOURCE_NAMESPACE, text);
}

/* The policy of all pods of a namespace; the version says who reaches them, and where. */
static void give_policy(unsigned int s)
{
	unsigned int version = policy_version[s];
	char text[1024];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"all\",\"namespace\":\"team-%u\"},"
		 "\"spec\":{\"podSelector\":{},\"policyTypes\":[\"Ingress\",\"Egress\"],\"ingress\":["
		 "{\"from\":[{\"podSelector\":{\"matchLabels\":{\"tier\":\"v%u\"}}},"
		 "{\"namespaceSelector\":{\"matchLabels\":{\"round\":\"r%u\"}},\"podSelector\":{"
		 "\"matchExpressions\":[{\"key\":\"tier\",\"operator\":\"In\",\"values\":[\"v%u\","
		 "\"v%u\"]}]}}],\"ports\":[{\"port\":8080},{\"port\":%u}]}],\"egress\":[{\"to\":[{"
		 "\"namespaceSelector\":{\"matchLabels\":{\"round\":\"r%u\"}}}]}]}}", s,
		 version % TIERS, version % 4, (version + 1) % TIERS, (version + 3) % TIERS,
		 8000 + version % 50, (version + 1) % 4);
	listing_give(&listing, NP_SOURCE_POLICY, text);
}

/* Only a hundredth of the pods come and go, so that the number of pods is soon steady. */
static void come_or_go(unsigned int i)
{
	pod_gone[i] = !pod_gone[i];
	if (pod_gone[i])
		remove_pod(i);
	else
		give_pod(i);
}

static void change(void)
{
	unsigned int what = any(100), i = any(listing.pods), s = any(SPACES);

	if (what < 15)
		i = any(listing.locals);
	if (what < 70 && !pod_gone[i]) {
		pod_version[i]++;
		give_pod(i);
	} else if (what < 85) {
		come_or_go(i % (listing.pods / 100));
	} else if (what < 95) {
		policy_version[s]++;
		give_policy(s);
	} else {
		space_version[s]++;
		give_space(s);
	}
}

/* --- the adversary ------------------------------------------------------------------ */

static FILE *begin_text(char **text, size_t *len)
{
	FILE *file = open_memstream(text, len);

	if (!file) {
		perror("soak");
		exit(1);
	}
	return file;
}

static void end_text(FILE *file, char **text, enum np_source_kind kind)
{
	fclose(file);
	listing_give(&listing, kind, *text);
	free(*text);
}

/* A local pod with that many labels, which nobody has had before. */
static void evil_pod(unsigned int n, unsigned int uid, unsigned int labels, unsigned int round)
{
	FILE *file;
	size_t len;
	char *text;
	unsigned int i;

	file = begin_text(&text, &len);
	fprintf(file, "{\"metadata\":{\"name\":\"p%u\",\"namespace\":\"evil\",\"uid\":"
		"\"%08x-2222-4222-8333-%012x\",\"labels\":{\"tier\":\"e%u\"", n, uid, n, round);
	for (i = 0; i < labels; i++)
		fprintf(file, ",\"l%u\":\"%u\"", i, round);
	fprintf(file, "}},\"spec\":{\"nodeName\":\"here0\"},\"status\":{\"phase\":\"Running\","
		"\"podIP\":\"10.250.%u.%u\"}}", n / 256, n % 256);
	end_text(file, &text, NP_SOURCE_POD);
}

/* Policies whose selectors have that many values each. */
static void evil_policies(unsigned int count, unsigned int values, unsigned int round)
{
	FILE *file;
	size_t len;
	char *text;
	unsigned int n, i;

	for (n = 0; n < count; n++) {
		file = begin_text(&text, &len);
		fprintf(file, "{\"metadata\":{\"name\":\"q%u-%u\",\"namespace\":\"evil\"},\"spec\":{"
			"\"podSelector\":{\"matchExpressions\":[{\"key\":\"l1\",\"operator\":\"In\","
			"\"values\":[\"%u\"", values, n, round);
		for (i = 0; i < values; i++)
			fprintf(file, ",\"x%u\"", i);
		fprintf(file, "]}]},\"ingress\":[{\"from\":[{\"podSelector\":{\"matchLabels\":{"
			"\"tier\":\"e%u\"}}}]}]}}", round);
		end_text(file, &text, NP_SOURCE_POLICY);
	}
}

static void evil_policies_gone(unsigned int count, unsigned int values)
{
	char name[32];
	unsigned int n;

	for (n = 0; n < count; n++) {
		snprintf(name, sizeof(name), "q%u-%u", values, n);
		np_intake_ops()->remove(&agent.intake, NP_SOURCE_POLICY, "evil", name, "");
	}
}

static void evil_space(unsigned int labels, unsigned int round)
{
	FILE *file;
	size_t len;
	char *text;
	unsigned int i;

	file = begin_text(&text, &len);
	fprintf(file, "{\"metadata\":{\"name\":\"evil\",\"labels\":{\"round\":\"e%u\"", round);
	for (i = 0; i < labels; i++)
		fprintf(file, ",\"l%u\":\"%u\"", i, round);
	fprintf(file, "}}}");
	end_text(file, &text, NP_SOURCE_NAMESPACE);
}

/* What he does in each second: what is taken, and every other time what is over a bound. */
static void evil(unsigned int second)
{
	unsigned int round = second / 8 % 64, n;
	bool over = round % 2;

	switch (second % 8) {
	case 0:
		evil_pod(0, 0, over ? 20000 : 250, round);
		break;
	case 1:
		evil_policies(1, over ? 20000 : 1000, round);
		break;
	case 2:
		np_intake_ops()->rejected(&agent.intake, NP_SOURCE_POD, "evil", "p1", "", "unreadable");
		break;
	case 3:
		evil_policies(50, 1, round);
		break;
	case 4:
		for (n = 1; n < EVIL_PODS; n++)
			evil_pod(n, 0, 5, round * EVIL_PODS + n);
		break;
	case 5:
		evil_space(over ? 1000 : 250, round);
		break;
	case 6:
		for (n = 1; n < EVIL_PODS; n++)
			evil_pod(n, second, 5, n);
		break;
	default:
		evil_policies_gone(50, 1);
	}
}

static void evil_ends(void)
{
	const struct np_source_ops *ops = np_intake_ops();
	char name[32];
	unsigned int n;

	evil_policies_gone(50, 1);
	evil_policies_gone(1, 20000);
	evil_policies_gone(1, 1000);
	for (n = 0; n < EVIL_PODS; n++) {
		snprintf(name, sizeof(name), "p%u", n);
		ops->remove(&agent.intake, NP_SOURCE_POD, "evil", name, "");
	}
	ops->remove(&agent.intake, NP_SOURCE_NAMESPACE, "", "evil", "");
}

/* --- time ----------------------------------------------------------------------------- */

static void watchdog_begin(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char path[64], usec[32];

	snprintf(path, sizeof(path), "@netpol-soak-%d", (int)getpid());
	memcpy(at.sun_path, path, strlen(path));
	at.sun_path[0] = '\0';
	watchdog = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (watchdog < 0 || bind(watchdog, (struct sockaddr *)&at,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)))) {
		perror("soak: watchdog");
		exit(1);
	}
	snprintf(usec, sizeof(usec), "%u000000", WATCHDOG_S);
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", usec, 1);
}

/* What the agent told the service manager. */
static void watchdog_read(void)
{
	int64_t now = np_loop_now(loop);
	char text[1024];
	ssize_t len;

	while ((len = recv(watchdog, text, sizeof(text) - 1, 0)) > 0) {
		text[len] = '\0';
		if (!strstr(text, "WATCHDOG=1"))
			continue;
		barks++;
		barked_ms = now;
	}
	if (now - barked_ms > longest_gap_ms)
		longest_gap_ms = now - barked_ms;
}

static void step(void)
{
	double cpu = rows_cpu();

	if (np_loop_step(loop, 0) < 0) {
		perror("soak: epoll");
		exit(1);
	}
	cpu = rows_cpu() - cpu;
	if (cpu > longest_step)
		longest_step = cpu;
}

/* Lets the agent run until that time of its clock. */
static void run_until(int64_t due)
{
	int64_t left, next;

	step();
	while ((left = due - np_loop_now(loop)) > 0) {
		next = np_loop_next(loop);
		np_loop_skip(loop, next < 0 || next > left ? left : next);
		step();
	}
}

static void wait_ready(void)
{
	int64_t begun = np_loop_now(loop);
	char why[512];

	while (!np_agent_ready(&agent, why, sizeof(why)) || np_agent_pending(&agent)) {
		if (np_loop_now(loop) - begun > 600000) {
			fprintf(stderr, "soak: not ready: %s %s\n", why, agent.commits.error);
			exit(1);
		}
		run_until(np_loop_now(loop) + 10);
	}
}

/* --- what it must come to ---------------------------------------------------------------- */

static void list(void)
{
	const struct np_source_ops *ops = np_intake_ops();
	unsigned int i, s;

	for (i = 0; i < NP_SOURCE_KINDS; i++)
		if (to_fresh)
			np_desired_begin(&fresh, i);
		else
			ops->begin(&agent.intake, i);
	listing_all(&listing);
	for (s = 0; s < SPACES; s++) {
		give_space(s);
		give_policy(s);
	}
	for (i = 0; i < listing.pods; i++)
		if (pod_gone[i])
			remove_pod(i);
		else if (pod_version[i])
			give_pod(i);
	for (i = 0; i < NP_SOURCE_KINDS; i++)
		if (to_fresh)
			np_desired_synced(&fresh, i);
		else
			ops->synced(&agent.intake, i);
}

/* Memory that is allocated. Beside it, what is resident may hide growth in what is free. */
static double allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return (double)(info.uordblks + info.hblkhd) / 1048576;
}

static bool same_pod(const struct np_desired_pod *a, const struct np_desired_pod *b)
{
	struct np_placement at = { .local = a->flags & NP_DESIRED_LOCAL };
	struct np_placement bt = { .local = b->flags & NP_DESIRED_LOCAL };
	struct np_address address_a[NP_POD_ADDRESSES_MAX], address_b[NP_POD_ADDRESSES_MAX];
	char uid_a[NP_UID_TEXT], uid_b[NP_UID_TEXT];
	struct np_pod x, y;

	np_desired_pod_view(&fresh, a, &x, address_a, uid_a);
	np_desired_pod_view(&agent.desired, b, &y, address_b, uid_b);
	return np_pod_digest(&x, &at) == np_pod_digest(&y, &bt) &&
	       np_desired_pod_loaded(a) == np_desired_pod_loaded(b);
}

/* Objects that the agent has otherwise than it would from scratch. */
static unsigned int objects_differ(void)
{
	const struct np_desired *have = &agent.desired;
	unsigned int differ = 0;
	size_t i;

	differ += have->pods.count != fresh.pods.count;
	differ += have->policies.count != fresh.policies.count;
	differ += have->namespaces.count != fresh.namespaces.count;
	for (i = 0; i < fresh.pods.room; i++) {
		const struct np_desired_pod *a = (void *)fresh.pods.slot[i], *b;

		if (!a)
			continue;
		b = np_desired_pod(have, a->namespace->name, np_desired_pod_name(a));
		differ += !b || !same_pod(a, b);
	}
	for (i = 0; i < fresh.policies.room; i++) {
		const struct np_desired_policy *a = (void *)fresh.policies.slot[i], *b;
		struct np_policy x, y;

		if (!a)
			continue;
		b = np_desired_policy(have, a->namespace->name, a->policy->name);
		if (b) {
			np_desired_policy_view(a, &x);
			np_desired_policy_view(b, &y);
		}
		differ += !b || np_policy_digest(&x) != np_policy_digest(&y) ||
			  np_desired_policy_loaded(a) != np_desired_policy_loaded(b);
	}
	for (i = 0; i < fresh.namespaces.room; i++) {
		const struct np_desired_namespace *a = (void *)fresh.namespaces.slot[i], *b;
		struct np_namespace x, y;

		if (!a)
			continue;
		b = np_desired_namespace(have, a->name);
		if (b) {
			np_desired_namespace_view(a, &x);
			np_desired_namespace_view(b, &y);
		}
		differ += !b || np_namespace_digest(&x) != np_namespace_digest(&y);
	}
	return differ;
}

static void need(int ret, const struct np_error *err)
{
	if (!ret)
		return;
	np_error_print(stderr, err);
	exit(1);
}

/* Loads what the last versions give into a world of its own. */
static void load_fresh(struct np_offline *off)
{
	struct np_address address[NP_POD_ADDRESSES_MAX];
	struct np_desired_pod **pod;
	char uid[NP_UID_TEXT];
	struct np_namespace ns;
	struct np_error err;
	struct np_policy policy;
	struct np_pod view;
	size_t count, i;

	need(np_offline_init(off, "here0", &err), &err);
	need(np_offline_begin(off, "kube", &err), &err);
	for (i = 0; i < fresh.namespaces.room; i++)
		if (fresh.namespaces.slot[i] &&
		    np_desired_namespace_loaded((void *)fresh.namespaces.slot[i])) {
			np_desired_namespace_view((void *)fresh.namespaces.slot[i], &ns);
			need(np_offline_namespace(off, &ns, &err), &err);
		}
	for (i = 0; i < fresh.policies.room; i++)
		if (fresh.policies.slot[i] &&
		    np_desired_policy_loaded((void *)fresh.policies.slot[i])) {
			np_desired_policy_view((void *)fresh.policies.slot[i], &policy);
			need(np_offline_policy(off, &policy, &err), &err);
		}
	pod = np_desired_by_arrival(&fresh, &count);
	for (i = 0; i < count; i++) {
		np_desired_pod_view(&fresh, pod[i], &view, address, uid);
		need(np_offline_pod(off, &view, &err), &err);
	}
	free(pod);
	need(np_offline_prepare(off, &err), &err);
	np_offline_publish(off);
}

static void pod_address(unsigned int i, struct np_address *address)
{
	memset(address, 0, sizeof(*address));
	address->family = AF_INET;
	address->addr[0] = 10;
	address->addr[1] = (uint8_t)(16 + i / 65536);
	address->addr[2] = (uint8_t)(i / 256);
	address->addr[3] = (uint8_t)i;
}

/* Verdicts that the core gives otherwise than from scratch. *allowed: how many allow. */
static unsigned int verdicts_differ(const struct np_offline *off, unsigned int *allowed)
{
	static const int limit[] = {
		NETPOL_LIMIT_PODS, NETPOL_LIMIT_POLICIES, NETPOL_LIMIT_NAMESPACES,
	};
	unsigned int differ = 0, i, local, other;
	struct np_flow flow = { .protocol = IPPROTO_TCP };
	bool verdict;

	for (i = 0; i < sizeof(limit) / sizeof(limit[0]); i++)
		differ += netpol_world_used(off->world, limit[i]) !=
			  netpol_world_used(inside.off.world, limit[i]);
	*allowed = 0;
	for (i = 0; i < FLOWS; i++) {
		local = any(listing.locals);
		other = any(listing.pods);
		pod_address(any(2) ? local : other, &flow.source);
		pod_address(flow.source.addr[3] == (uint8_t)local &&
			    flow.source.addr[2] == (uint8_t)(local / 256) ? other : local,
			    &flow.destination);
		flow.port = any(2) ? 8080 : (uint16_t)(8000 + any(50));
		verdict = np_offline_judge(off, &flow, NULL);
		*allowed += verdict;
		differ += verdict != np_offline_judge(&inside.off, &flow, NULL);
	}
	return differ;
}

/* One row for each quarter, and one for how far they are apart. */
static void flat(const char *what, const double *at, double bound, const char *params)
{
	double least = at[0], most = at[0];
	char name[64];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "soak: %s after %u of 4 quarters", what, i + 1);
		rows_add(name, params, at[i], "MiB", ROWS_NO_TARGET, false);
		least = at[i] < least ? at[i] : least;
		most = at[i] > most ? at[i] : most;
	}
	snprintf(name, sizeof(name), "soak: %s, most above the least", what);
	rows_add(name, params, 100 * (most - least) / least, "%", bound, true);
}

static void soak(unsigned int seconds, const char *params)
{
	int64_t begun = np_loop_now(loop);
	unsigned int second, i, quarter = 0;
	double live[4], whole[4];

	barked_ms = begun;
	longest_step = 0;
	longest_event = 0;
	for (second = 0; second < seconds; second++) {
		evil(second);
		for (i = 0; i < RATE; i++) {
			change();
			run_until(begun + second * 1000ll + (i + 1) * (1000 / RATE));
		}
		watchdog_read();
		if ((second + 1) * 4 / seconds > quarter) {
			live[quarter] = allocated();
			whole[quarter++] = rows_memory("VmRSS:");
		}
	}
	/*
	 * The short form is over before the largest objects have been there a few times, and then
	 * they are a large part of what is resident.
	 */
	flat("allocated", live, seconds < 600 ? 10 : 5, params);
	flat("resident", whole, seconds < 600 ? 30 : 5, params);
	/* An agent that is too slow falls behind the clock that its work moves. */
	rows_add("soak: behind at the end", params,
		 (double)(np_loop_now(loop) - begun - seconds * 1000ll) / 1000, "s", 10, true);
	rows_add("soak: longest time without a sign of life", params, (double)longest_gap_ms / 1000,
		 "s", WATCHDOG_S, true);
	/* One each third of that time; the first came when the agent started. */
	rows_add("soak: signs of life", params, barks, "", ROWS_NO_TARGET, false);
	rows_add("soak: signs of life that are missing", params,
		 barks < seconds / (WATCHDOG_S / 3) ? seconds / (WATCHDOG_S / 3) - barks : 0, "", 0,
		 true);
	rows_add("soak: longest step of the loop, CPU", params, longest_step * 1000, "ms",
		 ROWS_NO_TARGET, false);
	rows_add("soak: longest event of an object, CPU", params, longest_event * 1000, "ms",
		 ROWS_NO_TARGET, false);
}

int main(int argc, char **argv)
{
	static const char *none[1];
	static struct np_agent_options opts = {
		.node = "here0",
		.timeout = 30000,
		.cni = none,
		.node_guard = true,
	};
	unsigned int seconds = 3600, allowed, n;
	struct np_offline off;
	const char *file = NULL;
	struct np_error err = { 0 };
	char params[160];
	double cpu;
	int option;

	while ((option = getopt(argc, argv, "qs:o:")) != -1) {
		switch (option) {
		case 'q':
			listing.pods /= 10;
			listing.policies /= 10;
			seconds = 60;
			break;
		case 's':
			seconds = (unsigned int)atoi(optarg);
			break;
		case 'o':
			file = optarg;
			break;
		default:
			fprintf(stderr, "usage: soak [-q] [-s SECONDS] [-o FILE.json]\n");
			return 2;
		}
	}
	if (seconds < 4)
		seconds = 4;
	snprintf(params, sizeof(params), "\"pods\":%u,\"policies\":%u,\"seconds\":%u,"
		 "\"changes a second\":%u", listing.pods, listing.policies, seconds, RATE);
	pod_version = np_xcalloc(listing.pods, sizeof(*pod_version));
	pod_gone = np_xcalloc(listing.pods, sizeof(*pod_gone));
	rows_begin(file);
	np_log_init(false, false, true);
	watchdog_begin();
	inside_begin("here0");
	loop = np_loop_new();
	need(np_agent_start(&agent, loop, &opts, &err), &err);
	agent.desired.remark = remark;
	list();
	wait_ready();
	/* What the first transaction needed. */
	malloc_trim(0);
	cpu = rows_cpu();
	soak(seconds, params);
	rows_add("soak: CPU", params, rows_cpu() - cpu, "s", ROWS_NO_TARGET, false);
	evil_ends();
	wait_ready();
	rows_add("soak: commits", params, (double)inside.commits, "", ROWS_NO_TARGET, false);
	rows_add("soak: remarks on objects", params, (double)remarks, "", ROWS_NO_TARGET, false);
	rows_add("soak: commits that were refused", params, (double)inside.refused, "",
		 ROWS_NO_TARGET, false);
	np_desired_init(&fresh, "here0");
	to_fresh = true;
	list();
	load_fresh(&off);
	rows_add("soak: objects that the agent has otherwise", params, objects_differ(), "", 0, true);
	n = verdicts_differ(&off, &allowed);
	rows_add("soak: verdicts that are otherwise", params, n, "", 0, true);
	rows_add("soak: flows that are denied, of 200,000", params, FLOWS - allowed, "",
		 FLOWS - FLOWS / 100, true);
	np_offline_free(&off);
	np_desired_free(&fresh);
	np_agent_stop(&agent);
	np_agent_free(&agent);
	np_loop_free(loop);
	inside_end();
	free(pod_version);
	free(pod_gone);
	return rows_end();
}
