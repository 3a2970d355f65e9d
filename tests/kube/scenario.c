// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scenario - two nodes with a netpol agent each follow a real API server.
 *
 *   scenario -u URL -a CA-FILE -t ADMIN-TOKEN -k AGENT-TOKEN -c CONTROL-PORT
 *            [-n CHANGES] [-s SEED] [-l CHANGES-TIMED]
 *
 * Runs in a virtual machine that reaches the API server and the control port of plane.sh
 * at 10.0.2.2. Makes random changes through the API. After each one, real connections
 * must be what the naive evaluator says of the objects that the API server has, and all
 * the time a prober watches every pair of pods: what stays allowed must not lose a number,
 * what stays denied must not let one through. Then the same with the API server killed
 * and back, etcd compacted while a node is cut off, the agents' token replaced, and the
 * agents killed at random points. The kind ClusterNetworkPolicy comes while the agents run,
 * and goes at the end. Answers in TAP.
 */
#include "../e2e/e2e.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "api.h"
#include "change.h"
#include "cluster.h"
#include "../evaluator/evaluator.h"
#include "kind.h"
#include "latency.h"
#include "pieces.h"
#include "prober.h"

#define API_HOST	"10.0.2.2"
#define CONVERGE	180		/* seconds that a change may take, on an emulated machine */
#define TOLD		12		/* wrong verdicts that are printed */
#define GOES		60		/* seconds for which a kind must be gone to be believed */
#define BATCH_RANDOM	24		/* connections tried after each change, of any pair */
#define RUN		"/run/scenario"
#define TAINT		"netpol.io/agent-not-ready"	/* plane.sh registers the nodes with it */

struct half {
	bool egress;
	bool ingress;
};

/* What is tried between two slots: the prober's two flows, and more by connections. */
static const struct {
	const char *protocol;
	uint8_t number;
	uint16_t port;
	bool six;
} trial[] = {
	[FLOW_UDP] = { "udp", NP_PROTOCOL_UDP, PROBER_UDP, false },
	[FLOW_TCP] = { "tcp", NP_PROTOCOL_TCP, PROBER_TCP, false },
	{ "tcp", NP_PROTOCOL_TCP, 80, false },
	{ "tcp", NP_PROTOCOL_TCP, 8080, true },
	{ "udp", NP_PROTOCOL_UDP, 53, true },
};

#define TRIALS (sizeof(trial) / sizeof(trial[0]))

struct verdicts {
	bool there[SLOTS];
	struct half half[SLOTS][SLOTS][TRIALS];
};

/* What each half, and both together, were in some verdicts. */
#define WAS_NO	1
#define WAS_YES	2

struct span {
	uint8_t egress;
	uint8_t ingress;
	uint8_t both;
};

static struct {
	const char *url;
	const char *ca;
	const char *admin;
	const char *agent;
	unsigned int control;
	unsigned int changes;
	unsigned int timed;
	uint64_t seed;
} option = { .changes = 300, .seed = 1 };

static struct np_objects objects;
static struct verdicts now;
static enum prober_state state[SLOTS][SLOTS][FLOWS];
static pid_t agents[NODES];
static unsigned int snapshots[NODES];	/* the number of the agent's snapshot file */
static unsigned int kinds = ~CHANGE_CLUSTER;	/* of changes */
static unsigned int kills;
static uint64_t compared, accepted, slowest, changes_done;
static unsigned int through;	/* connections of the last comparison that came through where denied */
static unsigned int test_number, test_failed;

static void tap(bool ok, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tap(bool ok, const char *format, ...)
{
	va_list args;

	printf("%sok %u - ", ok ? "" : "not ", ++test_number);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	test_failed += !ok;
}

static void pause_ms(unsigned int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* --- agents ------------------------------------------------------------------- */

static void agent_token(const char *token)
{
	FILE *f = fopen(RUN "/token.new", "w");

	if (!f || fprintf(f, "%s\n", token) < 0 || fclose(f) ||
	    chmod(RUN "/token.new", 0600) || rename(RUN "/token.new", RUN "/token"))
		die("the agents' token file");
}

static void kubeconfig_write(void)
{
	FILE *f = fopen(RUN "/kubeconfig", "w");

	if (!f)
		die(RUN "/kubeconfig");
	fprintf(f, "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
		"clusters:\n- name: test\n  cluster:\n    server: %s\n"
		"    certificate-authority: %s\n"
		"users:\n- name: agent\n  user:\n    tokenFile: token\n"
		"contexts:\n- name: test\n  context:\n    cluster: test\n    user: agent\n",
		option.url, option.ca);
	if (fclose(f) || chmod(RUN "/kubeconfig", 0600))
		die(RUN "/kubeconfig");
}

static void agent_start(unsigned int node)
{
	char snapshot[64], control[64], log[64];
	int fd;

	snprintf(snapshot, sizeof(snapshot), RUN "/%s.snapshot%u", node_name[node],
		 snapshots[node]);
	snprintf(control, sizeof(control), RUN "/%s.sock", node_name[node]);
	snprintf(log, sizeof(log), "/out/%s.log", node_name[node]);
	agents[node] = fork();
	if (agents[node] < 0)
		die("fork");
	if (agents[node])
		return;
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	dup2(fd, 1);
	dup2(fd, 2);
	execlp("netpolctl", "netpolctl", "--netns", node_name[node], "sync",
	       "--kubeconfig", RUN "/kubeconfig", "--node", node_name[node],
	       "--snapshot", snapshot, "--socket", control, "--cni-cache", "none",
	       "--remove-taint", TAINT, NULL);
	_exit(127);
}

/* An agent that ends by itself ends the test. */
static void agent_check(unsigned int node)
{
	int status;

	if (waitpid(agents[node], &status, WNOHANG)) {
		errno = 0;
		die("the agent of %s ended by itself, status %x", node_name[node], status);
	}
}

static void agent_end(unsigned int node, int signal_number)
{
	int status;

	agent_check(node);
	kill(agents[node], signal_number);
	if (waitpid(agents[node], &status, 0) < 0)
		die("waitpid");
}

static void agent_kill(unsigned int node)
{
	agent_end(node, SIGKILL);
	agent_start(node);
	kills++;
}

/* What an agent says of a kind; NULL: nothing. */
static const cJSON *kind_of(const cJSON *status, const char *kind)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(status, "kinds"), *item;

	cJSON_ArrayForEach(item, list)
		if (!strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(item, "kind")), kind))
			return item;
	return NULL;
}

/* What an agent says of itself; NULL: it does not answer. */
static cJSON *agent_status(unsigned int node)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t size = 0, room = 1 << 20;
	cJSON *status;
	char *text;
	ssize_t n;
	int fd;

	snprintf(at.sun_path, sizeof(at.sun_path), RUN "/%s.sock", node_name[node]);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&at, sizeof(at))) {
		close(fd);
		return NULL;
	}
	text = need(malloc(room));
	while (size < room && (n = read(fd, text + size, room - size)) > 0)
		size += (size_t)n;
	close(fd);
	status = cJSON_ParseWithLength(text, size);
	free(text);
	return status;
}

static bool says(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static double counts(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

/* Does the agent follow all kinds, with nothing left to commit? */
static bool agent_follows(unsigned int node)
{
	cJSON *status = agent_status(node), *kind;
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(status, "kinds");
	bool follows;

	follows = cJSON_IsArray(list) && says(status, "ready") &&
		  counts(status, "changesWaiting") == 0;
	cJSON_ArrayForEach(kind, list) {
		/* no policy needs it */
		if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(kind, "needed")))
			continue;
		if (!says(kind, "connected") || cJSON_GetObjectItemCaseSensitive(kind, "error"))
			follows = false;
	}
	cJSON_Delete(status);
	return follows;
}

/* Has the agent seen this version of a kind, and put all in force that it has seen? */
static bool agent_has(unsigned int node, const char *resource, const char *version)
{
	cJSON *status = agent_status(node);
	const cJSON *kind = kind_of(status, resource);
	const char *seen = cJSON_GetStringValue(cJSON_GetObjectItem(kind, "resourceVersion"));
	size_t len, want = strlen(version);
	bool has = false;

	if (seen && says(kind, "connected") && counts(status, "changesWaiting") == 0) {
		len = strlen(seen);
		has = len != want ? len > want : strcmp(seen, version) >= 0;
	}
	cJSON_Delete(status);
	return has;
}

/* Does the agent know that the API server does not have the kind? */
static bool agent_absent(unsigned int node)
{
	cJSON *status = agent_status(node);
	bool absent = says(kind_of(status, "clusternetworkpolicies"), "absent");

	cJSON_Delete(status);
	return absent;
}

/* --- what should be ------------------------------------------------------------ */

static void slot_end(unsigned int slot, bool six, struct np_address *address,
		     struct evaluator_end *end, const struct evaluator *ev)
{
	struct address parsed;

	address_parse(&parsed, six ? slots[slot].v6 : slots[slot].v4, 0);
	memset(address, 0, sizeof(*address));
	address->family = parsed.sa.sa_family;
	if (six)
		memcpy(address->addr, &parsed.v6.sin6_addr, 16);
	else
		memcpy(address->addr, &parsed.v4.sin_addr, 4);
	end->address = address;
	end->pod = evaluator_owner(ev, address);
}

static void verdicts_judge(struct verdicts *v, const struct np_objects *objs)
{
	struct evaluator ev = { .origin = { objs }, .origins = 1 };
	struct evaluator_end source, destination;
	struct np_address from, to;
	struct evaluator_half egress, ingress;
	unsigned int i, j, t;

	memset(v, 0, sizeof(*v));
	for (i = 0; i < SLOTS; i++)
		v->there[i] = slots[i].up && change_pod(&slots[i]);
	for (i = 0; i < SLOTS; i++) {
		for (j = 0; j < SLOTS; j++) {
			if (i == j || !v->there[i] || !v->there[j])
				continue;
			for (t = 0; t < TRIALS; t++) {
				slot_end(i, trial[t].six, &from, &source, &ev);
				slot_end(j, trial[t].six, &to, &destination, &ev);
				errno = 0;
				if (!source.pod || !destination.pod)
					die("%s or %s is no pod to the API server",
					    slots[i].v4, slots[j].v4);
				evaluator_judge(&ev, &source, &destination, trial[t].number,
						trial[t].port, &egress, &ingress);
				v->half[i][j][t].egress = egress.allowed;
				v->half[i][j][t].ingress = ingress.allowed;
			}
		}
	}
}

static void verdicts_make(struct verdicts *v)
{
	api_load(&objects);
	verdicts_judge(v, &objects);
}

static bool allowed(const struct half *h)
{
	return h->egress && h->ingress;
}

static uint8_t was(bool verdict)
{
	return verdict ? WAS_YES : WAS_NO;
}

static void span_add(struct span *s, const struct half *h)
{
	s->egress |= was(h->egress);
	s->ingress |= was(h->ingress);
	s->both |= was(allowed(h));
}

/*
 * Which verdict holds through all that a span has seen, or PROBER_FREE. On one node it changes at
 * once; two nodes change one after the other, in any order, each its own half.
 */
static enum prober_state span_state(const struct span *s, bool one_node)
{
	if (one_node)
		return s->both == WAS_YES ? PROBER_OPEN : s->both == WAS_NO ? PROBER_SHUT :
		       PROBER_FREE;
	if (s->egress == WAS_NO || s->ingress == WAS_NO)
		return PROBER_SHUT;
	return s->egress == WAS_YES && s->ingress == WAS_YES ? PROBER_OPEN : PROBER_FREE;
}

/* What the prober may take for granted; before: NULL after the change has settled. */
static void states_make(const struct verdicts *before, const struct verdicts *after)
{
	unsigned int i, j;
	enum flow f;

	for (i = 0; i < SLOTS; i++) {
		for (j = 0; j < SLOTS; j++) {
			for (f = 0; f < FLOWS; f++) {
				struct span span = { 0 };

				if (i == j || !after->there[i] || !after->there[j]) {
					state[i][j][f] = PROBER_ABSENT;
					continue;
				}
				if (before && (!before->there[i] || !before->there[j])) {
					state[i][j][f] = PROBER_FREE;
					continue;
				}
				span_add(&span, &after->half[i][j][f]);
				if (before)
					span_add(&span, &before->half[i][j][f]);
				state[i][j][f] = span_state(&span, slots[i].node == slots[j].node);
			}
		}
	}
}

/* --- what is -------------------------------------------------------------------- */

static pid_t batch_start(FILE **in, FILE **out)
{
	int to[2], from[2];
	pid_t pid;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		execlp("probe", "probe", "batch", "-m", "200", "-c", "node1,172.30.0.2,9999",
		       NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	*in = fdopen(to[1], "w");
	*out = fdopen(from[0], "r");
	return pid;
}

static void batch_line(FILE *in, unsigned int i, unsigned int j, unsigned int t)
{
	fprintf(in, "%u.%u.%u %s %s %s %s %u\n", i, j, t, slots[i].netns, trial[t].protocol,
		trial[t].six ? slots[i].v6 : slots[i].v4, trial[t].six ? slots[j].v6 : slots[j].v4,
		trial[t].port);
}

/*
 * Real connections: those of all pairs that changed, and some more. Returns how many
 * were not as they should be; tells of them if asked to.
 */
static unsigned int batch_compare(const struct verdicts *before, bool tell)
{
	unsigned int i, j, t, wrong = 0, n, lines = 0;
	char line[128] = "", answer[32];
	FILE *in, *out;
	pid_t pid = batch_start(&in, &out);
	int status;

	for (i = 0; i < SLOTS; i++)
		for (j = 0; j < SLOTS; j++)
			for (t = 0; t < TRIALS; t++) {
				if (i == j || !now.there[i] || !now.there[j])
					continue;
				if (before && before->there[i] && before->there[j] &&
				    !memcmp(&before->half[i][j][t], &now.half[i][j][t],
					    sizeof(now.half[i][j][t])))
					continue;
				batch_line(in, i, j, t);
				lines++;
			}
	for (n = 0; before && n < BATCH_RANDOM; n++) {
		i = change_random(SLOTS);
		j = change_random(SLOTS);
		if (i == j || !now.there[i] || !now.there[j])
			continue;
		batch_line(in, i, j, change_random(TRIALS));
		lines++;
	}
	fclose(in);
	through = 0;
	while (fgets(line, sizeof(line), out)) {
		errno = 0;
		if (sscanf(line, "%u.%u.%u %31s", &i, &j, &t, answer) != 4 || i >= SLOTS ||
		    j >= SLOTS || t >= TRIALS)
			die("an answer of probe: %s", line);
		lines--;
		compared++;
		accepted += !strcmp(answer, "yes");
		if (!strcmp(answer, allowed(&now.half[i][j][t]) ? "yes" : "no"))
			continue;
		through += *answer == 'y';
		wrong += !tell;
		if (tell && ++wrong <= TOLD)
			printf("# %s (%s) -> %s (%s) %s/%u: %s, should be %s\n",
			       change_pod(&slots[i]), slots[i].v4, change_pod(&slots[j]),
			       slots[j].v4, trial[t].protocol, trial[t].port, answer,
			       allowed(&now.half[i][j][t]) ? "yes" : "no");
	}
	if (ferror(out))
		die("reading from probe");
	fclose(out);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	errno = 0;
	if (status || lines)
		die("probe failed (status %x, %u answers missing, the last one %s)", status, lines,
		    line);
	return wrong;
}

/* What the agents say of themselves. */
static void agents_tell(void)
{
	char command[128];
	unsigned int i;

	fflush(stdout);
	for (i = 0; i < NODES; i++) {
		snprintf(command, sizeof(command),
			 "netpolctl sync status --socket " RUN "/%s.sock | sed 's/^/# /'",
			 node_name[i]);
		if (system(command))
			errno = 0;
	}
}

/*
 * Until both agents follow all kinds again. Changes made before would be seen together
 * later, each kind in its own order, so that nothing could be said of what is between.
 */
static bool agents_follow(void)
{
	uint64_t begun = now_us();
	unsigned int i;

	for (i = 0; i < NODES; i++) {
		while (!agent_follows(i)) {
			agent_check(i);
			if (now_us() - begun > CONVERGE * 1000000ull) {
				agents_tell();
				return false;
			}
			pause_ms(100);
		}
	}
	return true;
}

/*
 * Until both agents have put this version of a kind in force. Two kinds have no order between them,
 * so a change must be known to be seen before one of another kind is made: else the agents might
 * see a state that the API server never had.
 */
static bool agents_have(const char *resource, const char *version)
{
	uint64_t begun = now_us();
	unsigned int i;

	for (i = 0; i < NODES; i++) {
		while (!agent_has(i, resource, version)) {
			agent_check(i);
			if (now_us() - begun > CONVERGE * 1000000ull) {
				printf("# %s up to version %s are not in force\n", resource, version);
				agents_tell();
				return false;
			}
			pause_ms(10);
		}
	}
	return true;
}

/* Until real connections are as they should be. False: they are not in time. */
static bool converge(const struct verdicts *before)
{
	uint64_t begun = now_us();
	unsigned int i;

	while (batch_compare(before, false)) {
		for (i = 0; i < NODES; i++)
			agent_check(i);
		if (now_us() - begun > CONVERGE * 1000000ull) {
			batch_compare(before, true);
			agents_tell();
			return false;
		}
	}
	states_make(NULL, &now);
	prober_set(state);
	return true;
}

/* --- phases ---------------------------------------------------------------------- */

/* A pod that the API server does not know yet: nothing may come of it or reach it. */
static void stranger(const struct slot *slot)
{
	unsigned int me = (unsigned int)(slot - slots), i;
	enum flow f;

	for (i = 0; i < SLOTS; i++)
		for (f = 0; i != me && now.there[i] && f < FLOWS; f++)
			state[i][me][f] = state[me][i][f] = PROBER_SHUT;
	prober_set(state);
	pause_ms(3 * PROBER_ROUND / 1000);
}

/* A pod that is about to go: nothing is known of its pairs from now on. */
static void leaving(const struct slot *slot)
{
	unsigned int me = (unsigned int)(slot - slots), i;
	enum flow f;

	for (i = 0; i < SLOTS; i++)
		for (f = 0; f < FLOWS; f++)
			if (state[i][me][f] != PROBER_ABSENT)
				state[i][me][f] = state[me][i][f] = PROBER_FREE;
	prober_set(state);
}

/* One change, as far as the API; `now` is what should be after it. */
static void change_make(unsigned int allowed_kinds, struct change *c)
{
	bool going, early;

	change_choose(c, allowed_kinds);
	going = c->kind == CHANGE_POD_DELETE || c->kind == CHANGE_POD_FINISH;
	/* A kubelet removes the interface before the API server hears of the end, or after. */
	early = going && change_random(2);
	if (c->kind == CHANGE_POD_ADD)
		stranger(c->slot);
	if (going)
		leaving(c->slot);
	if (early)
		change_finish(c);
	change_write(c);
	if (!early)
		change_finish(c);
	verdicts_make(&now);
	changes_done++;
}

static bool changes(unsigned int count, bool killing)
{
	static struct verdicts before;
	uint64_t written, took;
	struct change c;
	bool ok;

	while (count--) {
		before = now;
		if (killing && !change_random(4))
			agent_kill(change_random(NODES));
		change_make(kinds, &c);
		states_make(&before, &now);
		prober_set(state);
		if (killing && !change_random(3)) {
			/* somewhere between the event and the commit */
			pause_ms(change_random(300));
			agent_kill(change_random(NODES));
		}
		written = now_us();
		ok = agents_have(change_resource(&c), change_mark(&c));
		took = now_us() - written;
		if (took > slowest)
			slowest = took;
		if (!ok || !converge(&before)) {
			printf("# after: %s\n", c.text);
			return false;
		}
	}
	return true;
}

/* Changes of one kind at a time while an agent can't see them: what holds all the way holds. */
static void changes_unseen(unsigned int count, unsigned int of_kinds)
{
	static struct verdicts before;
	static enum prober_state sum[SLOTS][SLOTS][FLOWS];
	unsigned int i, j;
	struct change c;
	enum flow f;

	before = now;
	memcpy(sum, state, sizeof(sum));
	while (count--) {
		change_make(of_kinds, &c);
		states_make(&before, &now);
		for (i = 0; i < SLOTS; i++)
			for (j = 0; j < SLOTS; j++)
				for (f = 0; f < FLOWS; f++)
					if (sum[i][j][f] != state[i][j][f])
						sum[i][j][f] = PROBER_FREE;
		memcpy(state, sum, sizeof(sum));
		prober_set(state);
	}
}

static void prober_report(const char *phase, struct prober_result *before)
{
	struct prober_result r = prober_result();

	tap(!(r.lost - before->lost) && !(r.broken - before->broken) &&
	    !(r.passed - before->passed),
	    "%s: of %llu numbers sent meanwhile none was lost, none came through where denied (lost %llu, broken %llu, came through %llu)",
	    phase, (unsigned long long)(r.sent - before->sent),
	    (unsigned long long)(r.lost - before->lost),
	    (unsigned long long)(r.broken - before->broken),
	    (unsigned long long)(r.passed - before->passed));
	*before = r;
}

static void servers_begin(void)
{
	unsigned int i;
	FILE *pipe = popen("probe serve >/dev/null", "w");

	if (!pipe)
		die("popen");
	fprintf(pipe, "node2 tcp 9999\n");
	for (i = 0; i < SLOTS; i++)
		fprintf(pipe, "%s tcp 80\n%s tcp 8080\n%s udp 53\n", slots[i].netns,
			slots[i].netns, slots[i].netns);
	errno = 0;
	if (pclose(pipe))
		die("probe serve");
}

static void begin(void)
{
	unsigned int i;

	mkdir(RUN, 0700);
	agent_token(option.agent);
	kubeconfig_write();
	api_begin(option.url, option.ca, option.admin);
	cluster_begin();
	servers_begin();
	prober_begin();
	change_begin(option.seed);
	for (i = 0; i < NODES; i++)
		agent_start(i);
}

static void everything_free(void)
{
	unsigned int i, j;
	enum flow f;

	for (i = 0; i < SLOTS; i++)
		for (j = 0; j < SLOTS; j++)
			for (f = 0; f < FLOWS; f++)
				if (state[i][j][f] != PROBER_ABSENT)
					state[i][j][f] = PROBER_FREE;
	prober_set(state);
}

/* Nodes that know nothing and nobody but the API server's address. */
static void phase_cold(void)
{
	change_dns();
	verdicts_make(&now);
	tap(converge(NULL), "two cold nodes, each with a DNS pod, come up");
	everything_free();
	change_fill_up();
	verdicts_make(&now);
	tap(converge(NULL), "both agents enforce what the API server has");
}

/* Until no Node has the taint of new nodes. */
static bool taints_gone(void)
{
	uint64_t begun = now_us();

	while (api_says("/api/v1/nodes", TAINT)) {
		if (now_us() - begun > CONVERGE * 1000000ull) {
			agents_tell();
			return false;
		}
		pause_ms(100);
	}
	return true;
}

/* The agents are ready, so they take the taint of a new node away; others stay. */
static void phase_taint(void)
{
	static const char taints[] = "{\"spec\":{\"taints\":["
		"{\"key\":\"example.com/other\",\"effect\":\"NoSchedule\"},"
		"{\"key\":\"" TAINT "\",\"effect\":\"NoSchedule\"},"
		"{\"key\":\"" TAINT "\",\"effect\":\"NoExecute\"}]}}";

	tap(taints_gone(), "the taint of new nodes is removed");
	api("PATCH", "/api/v1/nodes/node1", need(cJSON_Parse(taints)));
	tap(taints_gone() && api_says("/api/v1/nodes/node1", "example.com/other"),
	    "the taint comes again and is removed again, and no other one");
}

static void phase_server_killed(void)
{
	struct prober_result before = prober_result();
	bool ok;

	api_control(API_HOST, option.control, "kill");
	pause_ms(5000);		/* the outage itself: some rounds of the agents' retries */
	tap(converge(NULL), "API server killed: every verdict is as before");
	api_control(API_HOST, option.control, "run");
	ok = agents_follow() && changes(6, false);
	tap(ok, "API server back: 6 changes are enforced");
	prober_report("API server killed and back", &before);
}

static void phase_cut(unsigned int seconds)
{
	static struct verdicts before;
	struct prober_result sum = prober_result();
	uint64_t begun = now_us();

	before = now;
	node_uplink(1, false);
	changes_unseen(10, 1 << CHANGE_POLICY_ADD | 1 << CHANGE_POLICY_REPLACE |
		       1 << CHANGE_POLICY_DELETE);
	while (now_us() - begun < seconds * 1000000ull)
		pause_ms(200);
	api_control(API_HOST, option.control, "compact");
	api_control(API_HOST, option.control, "kill");
	api_control(API_HOST, option.control, "run");
	node_uplink(1, true);
	tap(agents_follow() && converge(&before),
	    "a node cut off for %u s, etcd compacted, API server restarted: 10 changes are enforced",
	    seconds);
	prober_report("node cut off and 410", &sum);
}

static void phase_token(void)
{
	struct prober_result before = prober_result();
	const char *token = api_control(API_HOST, option.control, "rotate");

	agent_token(token);
	tap(agents_follow() && changes(6, false), "the agents' token replaced: 6 changes are enforced");
	prober_report("token replaced", &before);
}

/*
 * A kind that the agents have asked for, and that was not there, is there now. version: of an object
 * of it.
 */
static const char *phase_kind_made(void)
{
	unsigned int i;

	for (i = 0; i < NODES; i++)
		if (!agent_absent(i))
			die("%s does not say that the API server has no ClusterNetworkPolicy",
			    node_name[i]);
	kind_create();
	api("POST", KIND_PATH, kind_marker("marker"));
	return api_version();
}

/*
 * Other changes, half of all at most, go on until both agents have found the kind, which they ask
 * for every minute. From then on ClusterNetworkPolicies change too. Returns how many there were.
 */
static unsigned int phase_kind_found(const char *version, uint64_t begun, bool *ok)
{
	static const char resource[] = "clusternetworkpolicies";
	unsigned int count = 0;

	while (*ok && count < option.changes / 2 &&
	       !(agent_has(0, resource, version) && agent_has(1, resource, version))) {
		*ok = changes(1, false);
		count++;
	}
	tap(agents_have(resource, version),
	    "both agents follow ClusterNetworkPolicy %llu s after the kind came, %u changes later",
	    (unsigned long long)(now_us() - begun) / 1000000, count);
	kinds = ~0u;
	return count;
}

/* Judges with some of the ClusterNetworkPolicies: those whose number among them is in the set. */
static void verdicts_with(struct verdicts *v, unsigned int set)
{
	struct np_objects some = objects;
	size_t i, n = 0, number = 0;

	some.policies = need(calloc(objects.policy_count + 1, sizeof(*some.policies)));
	for (i = 0; i < objects.policy_count; i++)
		if (objects.policies[i].tier == NP_TIER_NETWORK_POLICY || set >> number++ & 1)
			some.policies[n++] = objects.policies[i];
	some.policy_count = n;
	verdicts_judge(v, &some);
	free(some.policies);
}

/* The halves of one node's pods as in the one, those of the other node's as in the other. */
static void verdicts_mix(struct verdicts *v, const struct verdicts *first,
			 const struct verdicts *second)
{
	unsigned int i, j, t;

	*v = *first;
	for (i = 0; i < SLOTS; i++)
		for (j = 0; j < SLOTS; j++)
			for (t = 0; t < TRIALS; t++) {
				if (slots[i].node)
					v->half[i][j][t].egress = second->half[i][j][t].egress;
				if (slots[j].node)
					v->half[i][j][t].ingress = second->half[i][j][t].ingress;
			}
}

/* How many connections the ClusterNetworkPolicies make a difference for. */
static unsigned int verdicts_differ(const struct verdicts *a, const struct verdicts *b)
{
	unsigned int i, j, t, n = 0;

	for (i = 0; i < SLOTS; i++)
		for (j = 0; j < SLOTS; j++)
			for (t = 0; t < TRIALS; t++)
				n += allowed(&a->half[i][j][t]) != allowed(&b->half[i][j][t]);
	return n;
}

/*
 * The first node sees the policies go, one by one, while the second is cut off: what holds with
 * every set of them that may be left holds all the way.
 */
static void states_going(const struct verdicts *with)
{
	static struct span span[SLOTS][SLOTS][FLOWS];
	static struct verdicts some, mixed;
	unsigned int set, i, j;
	enum flow f;

	memset(span, 0, sizeof(span));
	/* and the marker, in whatever order */
	for (set = 0; set < 1u << (KIND_FIXED + 1); set++) {
		verdicts_with(&some, set);
		verdicts_mix(&mixed, &some, with);
		for (i = 0; i < SLOTS; i++)
			for (j = 0; j < SLOTS; j++)
				for (f = 0; f < FLOWS; f++)
					span_add(&span[i][j][f], &mixed.half[i][j][f]);
	}
	for (i = 0; i < SLOTS; i++)
		for (j = 0; j < SLOTS; j++)
			for (f = 0; f < FLOWS; f++)
				if (state[i][j][f] != PROBER_ABSENT)
					state[i][j][f] = span_state(&span[i][j][f],
								    slots[i].node == slots[j].node);
	prober_set(state);
}

/* Until the first agent has seen the last of them go. */
static bool first_without(void)
{
	uint64_t begun = now_us();
	bool without = false;
	cJSON *status;

	while (!without && now_us() - begun < CONVERGE * 1000000ull) {
		agent_check(0);
		status = agent_status(0);
		without = counts(status, "clusterPolicies") == 0 &&
			  counts(status, "changesWaiting") == 0;
		cJSON_Delete(status);
		if (!without)
			pause_ms(50);
	}
	return without;
}

/*
 * Until the second agent believes that the kind is gone. Before that its policies are in force.
 * Returns how many times all connections were seen to be so, 0 if one came through that was denied.
 * On a busy machine one that is allowed may take too long for once.
 */
static unsigned int second_keeps(void)
{
	unsigned int rounds = 0, wrong;
	uint64_t begun = now_us();

	while (now_us() - begun < CONVERGE * 1000000ull) {
		agent_check(1);
		wrong = batch_compare(NULL, false);
		/* What it did in this round may be the end already. */
		if (agent_absent(1))
			return rounds;
		if (through)
			break;
		prober_set(state);
		rounds += !wrong;
	}
	batch_compare(NULL, true);
	agents_tell();
	return 0;
}

/*
 * The definition is deleted: its objects go, then the kind. The second node is cut off meanwhile, and
 * its agent starts anew without any saved version, so that all it has is what the API server says
 * and what the kernel holds.
 */
static void phase_kind_gone(void)
{
	static struct verdicts with, without, mixed;
	struct prober_result sum;
	unsigned int i, rounds;
	uint64_t begun;
	bool ok;

	everything_free();
	change_clusters_end();
	for (i = 0; i < KIND_FIXED; i++)
		api("POST", KIND_PATH, kind_fixed(i));
	ok = agents_have("clusternetworkpolicies", api_version());
	verdicts_make(&now);
	ok = ok && converge(NULL);
	sum = prober_result();
	with = now;
	verdicts_with(&without, 0);
	i = verdicts_differ(&with, &without);
	tap(ok && i, "ClusterNetworkPolicies that change the verdict of %u connections", i);
	node_uplink(1, false);
	states_going(&with);
	kind_delete();
	verdicts_mix(&mixed, &without, &with);
	now = mixed;
	tap(first_without() && converge(NULL),
	    "the kind is deleted: its policies end on one node, and stay on the one that is cut off");
	agent_end(1, SIGKILL);
	snapshots[1]++;
	agent_start(1);
	begun = now_us();
	node_uplink(1, true);
	rounds = second_keeps();
	i = (unsigned int)((now_us() - begun) / 1000000);
	tap(rounds && i >= GOES,
	    "started anew without a saved version, its agent kept them for %u s: %u times every connection was so",
	    i, rounds);
	api_cluster(API_CLUSTER_NONE);
	ok = agents_follow();
	verdicts_make(&now);
	states_make(&mixed, &now);
	prober_set(state);
	tap(ok && converge(&mixed), "then they are gone");
	prober_report("kind deleted", &sum);
	kinds = ~CHANGE_CLUSTER;
}

int main(int argc, char **argv)
{
	struct prober_result sum = { 0 };
	uint64_t made;
	char version[64];
	unsigned int i;
	bool ok;
	int opt;

	e2e_name = "scenario";
	signal(SIGPIPE, SIG_IGN);
	files_raise();
	while ((opt = getopt(argc, argv, "u:a:t:k:c:n:s:l:")) != -1) {
		switch (opt) {
		case 'u': option.url = optarg; break;
		case 'a': option.ca = optarg; break;
		case 't': option.admin = optarg; break;
		case 'k': option.agent = optarg; break;
		case 'c': option.control = (unsigned int)atoi(optarg); break;
		case 'n': option.changes = (unsigned int)atoi(optarg); break;
		case 's': option.seed = strtoull(optarg, NULL, 0); break;
		case 'l': option.timed = (unsigned int)atoi(optarg); break;
		default: return 2;
		}
	}
	errno = 0;
	if (!option.url || !option.ca || !option.admin || !option.agent || !option.control)
		die("-u, -a, -t, -k and -c are needed");
	printf("# seed %llu\n", (unsigned long long)option.seed);
	begin();
	phase_cold();
	phase_taint();
	made = now_us();
	snprintf(version, sizeof(version), "%s", phase_kind_made());
	ok = true;
	i = phase_kind_found(version, made, &ok);
	tap(ok && changes(option.changes - i, false),
	    "%u random changes: real connections are what the evaluator says", option.changes);
	prober_report("random changes", &sum);
	ok = changes(option.changes / 5, true);
	tap(ok && kills, "%u changes with agents killed at random points (%u kills)",
	    option.changes / 5, kills);
	prober_report("agents killed", &sum);
	phase_server_killed();
	phase_token();
	phase_cut(75);
	phase_kind_gone();
	prober_end();
	if (option.timed) {
		change_clear();
		ok = agents_follow() &&
		     latency_run(option.url, option.ca, option.admin, option.timed);
		if (!ok)
			agents_tell();
		tap(ok, "%u timed changes are enforced", option.timed);
	}
	for (i = 0; i < NODES; i++)
		agent_end(i, SIGTERM);
	printf("# %llu changes, %llu connections compared (%llu accepted), the slowest change in force %llu ms after its write\n",
	       (unsigned long long)changes_done, (unsigned long long)compared,
	       (unsigned long long)accepted,
	       (unsigned long long)slowest / 1000);
	printf("1..%u\n", test_number);
	return test_failed ? 1 : 0;
}
