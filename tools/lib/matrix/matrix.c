// SPDX-License-Identifier: GPL-2.0-or-later
/* Computes who reaches whom: ports, rows, verdicts. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "matrix/matrix.h"
#include "matrix/html.h"
#include "matrix/steps.h"
#include "matrix/why.h"
#include "offline/offline.h"
#include "netlink/report.h"
#include "object/settings.h"

void np_matrix_init(struct np_matrix *m)
{
	memset(m, 0, sizeof(*m));
}

void np_matrix_free(struct np_matrix *m)
{
	free(m->pod);
	free(m->allowed);
	free(m->cell);
	free(m->whys);
	free(m->cells);
	np_hash_free(&m->why_table);
	np_hash_free(&m->cell_table);
	np_arena_free(&m->arena);
	memset(m, 0, sizeof(*m));
}

void np_matrix_alloc(struct np_matrix *m, bool reasons)
{
	size_t count = m->ports * m->pods * m->pods;

	free(m->allowed);
	free(m->cell);
	m->allowed = np_xmalloc(count);
	memset(m->allowed, NP_MATRIX_UNKNOWN, count);
	m->cell = NULL;
	if (reasons)
		m->cell = np_xcalloc(count, sizeof(*m->cell));
}

/* Reads a text that is a number of at most `max`. */
static bool np_matrix_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 5)
		return false;
	*number = strtoul(text, &end, 10);
	return !*end && *number <= max;
}

static bool np_matrix_parse_port(const char *text, struct np_matrix_port *port)
{
	const char *slash = strchr(text, '/');
	unsigned long number = 0;
	char name[16];

	memset(port, 0, sizeof(*port));
	if ((slash ? (size_t)(slash - text) : strlen(text)) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", slash ? (int)(slash - text) : 15, text);
	port->protocol = np_protocol_parse(name);
	port->has_port = port->protocol;
	if (!strcasecmp(name, "icmp"))
		port->protocol = IPPROTO_ICMP;
	else if (!strcasecmp(name, "icmpv6"))
		port->protocol = IPPROTO_ICMPV6;
	else if (!port->protocol && np_matrix_number(name, 255, &number))
		port->protocol = (uint8_t)number;
	/* A protocol may be given as a number: tcp is 6. */
	port->has_port = *np_protocol_name(port->protocol);
	if (!port->protocol)
		return false;
	if (slash && !np_matrix_number(slash + 1, 65535, &number))
		return false;
	port->port = slash ? (uint16_t)number : 0;
	if (port->has_port != !!port->port)
		return false;
	if (port->protocol == IPPROTO_ICMP)
		strcpy(port->text, "ICMP/0");
	else if (port->protocol == IPPROTO_ICMPV6)
		strcpy(port->text, "ICMPv6/0");
	else if (port->has_port)
		snprintf(port->text, sizeof(port->text), "%s/%u",
			 np_protocol_name(port->protocol), port->port);
	else
		snprintf(port->text, sizeof(port->text), "%u/0", port->protocol);
	return true;
}

static int np_matrix_add_port(struct np_matrix *m, const char *text, struct np_error *err)
{
	struct np_matrix_port port;
	size_t i;

	if (!np_matrix_parse_port(text, &port)) {
		np_error_set(err, NP_EXIT_USAGE, "\"%.40s\" is no protocol and port", text);
		np_error_hint(err, "as tcp/80, udp/53, sctp/3868, icmp, icmpv6 or 47; tcp, udp "
			      "and sctp need a port, others have none");
		return -1;
	}
	for (i = 0; i < m->ports; i++)
		if (!strcmp(m->port[i].text, port.text))
			return 0;
	if (m->ports == NP_MATRIX_PORTS_MAX)
		return np_error_set(err, NP_EXIT_USAGE, "more than %u ports",
				    NP_MATRIX_PORTS_MAX);
	m->port[m->ports++] = port;
	return 0;
}

int np_matrix_add_ports(struct np_matrix *m, const char *text, struct np_error *err)
{
	char word[32];
	size_t len;

	for (;;) {
		len = strcspn(text, ",");
		snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), text);
		if (np_matrix_add_port(m, word, err))
			return -1;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

static int np_matrix_order(const void *a, const void *b)
{
	const struct np_matrix_pod *left = a, *right = b;

	return strcmp(left->text, right->text);
}

uint32_t np_matrix_find(const struct np_matrix *m, const char *text)
{
	struct np_matrix_pod key = { .text = text }, *found;

	found = m->pods ? bsearch(&key, m->pod, m->pods, sizeof(key), np_matrix_order) : NULL;
	return found ? (uint32_t)(found - m->pod) : NP_MATRIX_NONE;
}

static const struct np_address *np_matrix_address(const struct np_pod *pod, uint8_t family)
{
	uint32_t i;

	for (i = 0; i < pod->address_count; i++)
		if (pod->address[i].family == family)
			return &pod->address[i];
	return NULL;
}

static bool np_matrix_wanted(const struct np_matrix_options *opts, const struct np_pod *pod)
{
	size_t i;

	if (!np_pod_usable(pod))
		return false;
	for (i = 0; i < opts->namespaces; i++)
		if (!strcmp(opts->namespace[i], pod->namespace))
			return true;
	return !opts->namespaces;
}

static int np_matrix_check_size(const struct np_matrix *m, struct np_error *err)
{
	uint64_t cells = (uint64_t)m->pods * m->pods * m->ports;

	if (cells <= NP_MATRIX_CELLS_MAX)
		return 0;
	np_error_set(err, NP_EXIT_INPUT,
		     "%zu pods and %zu ports are %llu verdicts, more than %u", m->pods, m->ports,
		     (unsigned long long)cells, NP_MATRIX_CELLS_MAX);
	np_error_hint(err, "ask for some namespaces with -n, or for fewer ports");
	return -1;
}

/* Makes the rows from all pods that are not skipped. */
static int np_matrix_rows(struct np_matrix *m, const struct np_objects *objs, const bool *skip,
			  const struct np_matrix_options *opts, struct np_error *err)
{
	const struct np_address *address;
	struct np_matrix_pod *row;
	size_t i, room;
	char *text;

	m->family = opts->family ? opts->family : AF_INET6;
	for (i = 0; !opts->family && i < objs->pod_count; i++)
		if (np_matrix_wanted(opts, &objs->pods[i]) && !(skip && skip[i]) &&
		    np_matrix_address(&objs->pods[i], AF_INET))
			m->family = AF_INET;
	m->pods = 0;
	free(m->pod);
	m->pod = np_xcalloc(objs->pod_count, sizeof(*m->pod));
	for (i = 0; i < objs->pod_count; i++) {
		const struct np_pod *pod = &objs->pods[i];

		address = np_matrix_address(pod, m->family);
		if (!address || (skip && skip[i]) || !np_matrix_wanted(opts, pod))
			continue;
		row = &m->pod[m->pods++];
		room = strlen(pod->namespace) + strlen(pod->name) + 2;
		text = np_arena_alloc(&m->arena, room);
		snprintf(text, room, "%s/%s", pod->namespace, pod->name);
		row->text = text;
		row->namespace = np_arena_memdup(&m->arena, text, strlen(pod->namespace));
		row->name = text + strlen(pod->namespace) + 1;
		row->address = *address;
	}
	if (!objs->pod_count) {
		np_error_set(err, NP_EXIT_INPUT, "there are no pods, so there is nobody to reach");
		np_error_hint(err, "give them as well: kubectl get ns,po,netpol -A -o yaml");
		return -1;
	}
	if (!m->pods) {
		np_error_set(err, NP_EXIT_INPUT, "no pod%s has an IPv%c address",
			     opts->namespaces ? " of these namespaces" : "",
			     m->family == AF_INET ? '4' : '6');
		np_error_hint(err, "pods need status.podIP; finished ones and those of the "
			      "host's network don't count");
		return -1;
	}
	qsort(m->pod, m->pods, sizeof(*m->pod), np_matrix_order);
	return opts->page && np_matrix_check_page(m, err) ? -1 : np_matrix_check_size(m, err);
}

/* Stores the verdict of a pair, and its reasons if they were asked for. */
static void np_matrix_note(struct np_matrix *m, size_t at, bool accept,
			   const struct np_matrix_steps *steps)
{
	uint32_t half[2] = { NP_MATRIX_NONE, NP_MATRIX_NONE };
	bool known = steps->self || (steps->judged[0] && steps->judged[1]);
	int i;

	m->allowed[at] = !accept ? NP_MATRIX_DENY : known ? NP_MATRIX_ALLOW :
							    NP_MATRIX_UNKNOWN;
	if (!m->cell)
		return;
	for (i = 0; i < 2; i++)
		if (steps->judged[i])
			half[i] = np_matrix_why(m, &steps->why[i]);
	m->cell[at] = np_matrix_cell(m, half[NETPOL_DIRECTION_EGRESS],
				     half[NETPOL_DIRECTION_INGRESS]);
}

/* A pod always reaches itself: a NetworkPolicy cannot block that. */
static void np_matrix_self(struct np_matrix *m, size_t at, struct np_matrix_steps *steps)
{
	np_matrix_steps_reset(steps);
	np_matrix_steps_half(steps, NETPOL_DIRECTION_INGRESS, NETPOL_REASON_SELF, true);
	np_matrix_note(m, at, true, steps);
}

static void np_matrix_judge(struct np_matrix *m, const struct np_offline *off, size_t port,
			    struct np_matrix_steps *steps)
{
	struct np_flow flow = {
		.protocol = m->port[port].protocol,
		.port = m->port[port].port,
	};
	size_t i, j, at;

	for (i = 0; i < m->pods; i++) {
		flow.source = m->pod[i].address;
		for (j = 0; j < m->pods; j++) {
			at = np_matrix_at(m, port, i, j);
			flow.destination = m->pod[j].address;
			if (i == j) {
				np_matrix_self(m, at, steps);
			} else if (m->cell) {
				np_matrix_steps_reset(steps);
				np_matrix_note(m, at, np_offline_explain(off, &flow, NULL,
									 np_matrix_steps_visit,
									 steps), steps);
			} else {
				m->allowed[at] = np_offline_judge(off, &flow, NULL) ?
						 NP_MATRIX_ALLOW : NP_MATRIX_DENY;
			}
		}
	}
}

int np_matrix_from_objects(struct np_matrix *m, const struct np_objects *objs,
			   const struct np_matrix_options *opts, struct np_error *err)
{
	struct np_matrix_steps *steps;
	struct np_offline off;
	size_t i;
	int ret;

	if (np_matrix_rows(m, objs, NULL, opts, err) || np_offline_init(&off, NULL, err))
		return -1;
	ret = np_offline_apply(&off, "manual", objs, true, err);
	if (!ret) {
		np_matrix_alloc(m, opts->reasons);
		steps = np_xcalloc(1, sizeof(*steps));
		for (i = 0; i < m->ports; i++)
			np_matrix_judge(m, &off, i, steps);
		np_arena_free(&steps->arena);
		free(steps);
	}
	np_offline_free(&off);
	return ret;
}

static void np_matrix_end(const struct np_matrix_pod *pod, struct np_end *end)
{
	memset(end, 0, sizeof(*end));
	snprintf(end->namespace, sizeof(end->namespace), "%s", pod->namespace);
	snprintf(end->name, sizeof(end->name), "%s", pod->name);
	end->address.family = pod->address.family;
}

/* Asks the module one question. Returns 0, -1, or 1 if its generation has changed meanwhile. */
static int np_matrix_ask(struct np_matrix *m, struct np_client *client, size_t port,
			 size_t source, size_t destination, struct np_matrix_steps *steps,
			 struct np_error *err)
{
	struct np_eval_request request = {
		.family = m->family,
		.protocol = m->port[port].protocol,
		.has_port = m->port[port].has_port,
		.port = m->port[port].port,
	};
	struct np_matrix_rule rule;
	struct np_eval eval = { 0 };
	const struct np_step *step;
	int ret;
	size_t i;

	np_matrix_end(&m->pod[source], &request.source);
	np_matrix_end(&m->pod[destination], &request.destination);
	ret = np_eval_get(client, &request, &eval, err);
	if (ret && (client->refusal.error == ENOENT || client->refusal.error == EADDRNOTAVAIL))
		ret = 1;
	if (!ret && eval.generation != m->generation)
		ret = 1;
	np_matrix_steps_reset(steps);
	for (i = 0; !ret && i < eval.step_count; i++) {
		step = &eval.step[i];
		if (step->direction >= NETPOL_DIRECTIONS)
			continue;
		rule = (struct np_matrix_rule) {
			.policy = step->policy_name,
			.name = step->rule_name,
			.rule = step->has_rule ? step->rule : NP_MATRIX_NONE,
			.tier = step->tier,
		};
		/* what is only observed has no part in the verdict */
		if (*step->policy_name && step->audited)
			continue;
		if (*step->policy_name)
			np_matrix_steps_policy(steps, step->direction, step->policy_namespace,
					       &rule, step->action);
		else
			np_matrix_steps_half(steps, step->direction, step->reason,
					     np_verdict_passes(step->verdict));
	}
	if (!ret)
		np_matrix_note(m, np_matrix_at(m, port, source, destination),
			       np_verdict_passes(eval.verdict), steps);
	np_eval_free(&eval);
	return ret;
}

static int np_matrix_ask_all(struct np_matrix *m, struct np_client *client,
			     struct np_matrix_steps *steps, struct np_error *err)
{
	size_t port, i, j;
	int ret = 0;

	for (port = 0; port < m->ports; port++)
		for (i = 0; i < m->pods; i++)
			for (j = 0; !ret && j < m->pods; j++) {
				if (i == j)
					np_matrix_self(m, np_matrix_at(m, port, i, j), steps);
				else
					ret = np_matrix_ask(m, client, port, i, j, steps, err);
			}
	return ret;
}

/* Reads the module's state once. Returns 0, -1, or 1 if its generation changed meanwhile. */
static int np_matrix_read(struct np_matrix *m, struct np_client *client,
			  const struct np_matrix_options *opts, struct np_matrix_steps *steps,
			  struct np_error *err)
{
	struct np_state state;
	struct np_info info;
	bool *skip;
	size_t i;
	int ret;

	ret = np_info_get(client, &info, err);
	m->generation = info.generation;
	np_info_free(&info);
	if (ret)
		return -1;
	np_state_init(&state);
	ret = np_state_get(client, NETPOL_CMD_GET_POD, &state, err);
	if (!ret) {
		skip = np_xcalloc(state.objects.pod_count, sizeof(*skip));
		for (i = 0; i < state.objects.pod_count; i++)
			skip[i] = state.pod[i].flags & NETPOL_OBJECT_F_SHADOWED;
		ret = np_matrix_rows(m, &state.objects, skip, opts, err);
		free(skip);
	}
	np_state_free(&state);
	if (ret)
		return -1;
	np_matrix_alloc(m, opts->reasons);
	return np_matrix_ask_all(m, client, steps, err);
}

#define NP_MATRIX_TRIES	5

int np_matrix_from_kernel(struct np_matrix *m, struct np_client *client,
			  const struct np_matrix_options *opts, struct np_error *err)
{
	struct np_matrix_steps *steps = np_xcalloc(1, sizeof(*steps));
	int try, ret = 1;

	for (try = 0; ret > 0 && try < NP_MATRIX_TRIES; try++)
		ret = np_matrix_read(m, client, opts, steps, err);
	np_arena_free(&steps->arena);
	free(steps);
	if (ret <= 0)
		return ret;
	np_error_set(err, NP_EXIT_TIMEOUT, "the kernel's state changed %u times while it was "
		     "being read", NP_MATRIX_TRIES);
	np_error_hint(err, "run it again, or for fewer pods with -n");
	return -1;
}
