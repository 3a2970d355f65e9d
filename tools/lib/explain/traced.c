// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets of a trace, put together and put into words. */
#include "explain/traced.h"

#include <netinet/in.h>
#include <string.h>

#include "base/time.h"
#include "explain/steps.h"

/* Is this the last point that a packet can pass? */
static bool np_traced_last(const struct np_passage *passage)
{
	return passage->verdict != NETPOL_VERDICT_ALLOW ||
	       passage->point == NETPOL_POINT_POST_ROUTING ||
	       passage->point == NETPOL_POINT_LOCAL_IN;
}

enum np_fate np_traced_fate(const struct np_traced *traced)
{
	const struct np_passage *last = &traced->passage[traced->count - 1];

	if (last->verdict == NETPOL_VERDICT_DENY)
		return NP_FATE_DROPPED;
	if (last->verdict != NETPOL_VERDICT_ALLOW)
		return NP_FATE_UNKNOWN;
	return np_traced_last(last) ? NP_FATE_PASSED : NP_FATE_UNSEEN;
}

static void np_traced_done(struct np_traced_set *set, struct np_traced *traced,
			   np_traced_fn done, void *arg)
{
	set->fate[np_traced_fate(traced)]++;
	done(traced, arg);
	memset(traced, 0, sizeof(*traced));
}

void np_traced_flush(struct np_traced_set *set, int64_t now, bool all, np_traced_fn done,
		     void *arg)
{
	struct np_traced *first;
	size_t i;

	/* in the order of their numbers */
	do {
		first = NULL;
		for (i = 0; i < NP_TRACED_OPEN; i++)
			if (set->open[i].number &&
			    (all || now - set->open[i].since >= NP_TRACED_WAIT) &&
			    (!first || set->open[i].number < first->number))
				first = &set->open[i];
		if (first)
			np_traced_done(set, first, done, arg);
	} while (first);
}

void np_traced_add(struct np_traced_set *set, const struct np_passage *passage, int64_t now,
		   np_traced_fn done, void *arg)
{
	struct np_traced *traced = NULL, *oldest = set->open;
	size_t i;

	np_traced_flush(set, now, false, done, arg);
	for (i = 0; i < NP_TRACED_OPEN; i++) {
		if (set->open[i].number == passage->packet)
			traced = &set->open[i];
		if (oldest->number && (!set->open[i].number || set->open[i].since < oldest->since))
			oldest = &set->open[i];
	}
	if (!traced) {
		traced = oldest;
		if (traced->number)
			np_traced_done(set, traced, done, arg);
	}
	traced->number = passage->packet;
	traced->since = now;
	traced->passage[traced->count++] = *passage;
	if (np_traced_last(passage) || traced->count == NP_TRACED_PASSAGES)
		np_traced_done(set, traced, done, arg);
}

bool np_passage_question(const struct np_passage *passage, struct np_eval_request *request)
{
	bool ports;

	memset(request, 0, sizeof(*request));
	if (passage->point != NETPOL_POINT_POST_ROUTING && passage->point != NETPOL_POINT_LOCAL_IN)
		return false;
	request->protocol = passage->tracked ? passage->ct_protocol : passage->protocol;
	request->source.address = passage->tracked ? passage->opener.address :
				  passage->source.address;
	request->destination.address = passage->tracked ? passage->server.address :
				       passage->destination.address;
	request->port = passage->tracked ? passage->server.port : passage->destination.port;
	request->family = request->source.address.family;
	ports = passage->tracked ? passage->has_ct_ports : passage->has_ports;
	request->has_port = *np_protocol_name(request->protocol);
	/* a packet whose ports can't be read asks nothing that could be answered */
	return ports || !request->has_port;
}

bool np_passage_explained(const struct np_passage *passage, const struct np_eval *eval)
{
	if (passage->verdict == NETPOL_VERDICT_ALLOW)
		return np_verdict_passes(eval->verdict);
	if (passage->verdict != NETPOL_VERDICT_DENY || eval->verdict != NETPOL_VERDICT_DENY)
		return false;
	/* a pod that is closed for want of room is isolated, for the packet */
	return (!eval->has_direction || eval->direction == passage->direction) &&
	       (eval->reason == passage->reason || (passage->reason == NETPOL_REASON_ISOLATED &&
						    eval->reason == NETPOL_REASON_NO_ROOM));
}

/* Which end of the trace an address is of; NULL: neither. */
static const char *np_traced_named(const struct np_traced_set *set, const struct np_address *addr)
{
	struct np_cidr one = np_address_block(addr);
	size_t i, j;

	for (i = 0; i < 2; i++)
		for (j = 0; set->name[i].text && j < set->name[i].end->count; j++)
			if (np_cidr_contains(&set->name[i].end->block[j], &one))
				return set->name[i].text;
	return NULL;
}

static void np_traced_address(FILE *file, const struct np_trace_address *addr, bool has_port)
{
	bool six = addr->address.family == AF_INET6 && has_port;
	char text[NP_CIDR_TEXT];

	fprintf(file, "%s%s%s", six ? "[" : "", np_address_text(&addr->address, text),
		six ? "]" : "");
	if (has_port)
		fprintf(file, ":%u", addr->port);
}

static void np_traced_end(FILE *file, const struct np_traced_set *set,
			  const struct np_trace_address *addr, bool has_port)
{
	const char *name = np_traced_named(set, &addr->address);

	if (name) {
		np_print_escaped(file, name);
		fputs(" (", file);
	}
	np_traced_address(file, addr, has_port);
	if (name)
		fputc(')', file);
}

static void np_traced_flags(FILE *file, uint8_t flags)
{
	static const char * const name[] = {
		"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR",
	};
	bool some = false;
	size_t i;

	for (i = 0; i < NP_COUNT(name); i++)
		if (flags & 1U << i) {
			fprintf(file, "%s%s", some ? "," : " ", name[i]);
			some = true;
		}
}

void np_traced_head(FILE *file, const struct np_traced_set *set, const struct np_traced *traced)
{
	const struct np_passage *first = traced->passage;
	char text[NP_TIME_TEXT_SIZE], protocol[NP_PROTOCOL_TEXT];

	fprintf(file, "#%u %s ", traced->number,
		np_time_of_day_text(first->time / 1000000, text));
	np_traced_end(file, set, &first->source, first->has_ports);
	fputs(" -> ", file);
	np_traced_end(file, set, &first->destination, first->has_ports);
	fprintf(file, " %s", np_protocol_text(first->protocol, protocol));
	if (first->has_tcp)
		np_traced_flags(file, first->tcp_flags);
	if (first->has_icmp)
		fprintf(file, " type %u code %u", first->icmp_type, first->icmp_code);
	fprintf(file, ", %u bytes%s%s\n", first->length,
		first->flags & NETPOL_TRACE_F_NO_PORTS ? ", ports can't be read" : "",
		first->flags & NETPOL_TRACE_F_MALFORMED ? ", malformed" : "");
}

/* Says what conntrack knows. */
static void np_traced_connection(FILE *file, const struct np_passage *passage)
{
	if (passage->connection == NETPOL_CONNECTION_NONE)
		return;
	fprintf(file, ", %s%s", np_connection_word(passage->connection),
		passage->flags & NETPOL_TRACE_F_REPLY ? " (reply)" : "");
	if (!passage->tracked || !memcmp(&passage->service, &passage->server,
					 sizeof(passage->server)))
		return;
	fputs(", opened to ", file);
	np_traced_address(file, &passage->service, passage->has_ct_ports);
	fputs(" and answered by ", file);
	np_traced_address(file, &passage->server, passage->has_ct_ports);
}

void np_traced_passage(FILE *file, const struct np_passage *passage, const struct np_eval *eval)
{
	size_t i;

	fprintf(file, "   %-12s", np_point_name(passage->point));
	if (*passage->in) {
		fputs(" in ", file);
		np_print_escaped(file, passage->in);
	}
	if (*passage->out) {
		fputs(" out ", file);
		np_print_escaped(file, passage->out);
	}
	np_traced_connection(file, passage);
	fputs(": ", file);
	switch (passage->verdict) {
	case NETPOL_VERDICT_DENY:
		np_color_print(file, NP_COLOR_BAD, "DENY");
		fprintf(file, " %s: %s\n", np_direction_name(passage->direction),
			np_reason_text(passage->reason));
		break;
	case NETPOL_VERDICT_ALLOW:
		np_color_print(file, NP_COLOR_GOOD, "ALLOW");
		fputc('\n', file);
		break;
	default:
		fputs("verdict not known\n", file);
	}
	for (i = 0; eval && i < eval->step_count; i++) {
		fputs("      ", file);
		np_steps_line(file, &eval->step[i], (unsigned int)i + 1);
	}
}

void np_traced_result(FILE *file, const struct np_traced *traced)
{
	const struct np_passage *last = &traced->passage[traced->count - 1];

	fputs("   = ", file);
	switch (np_traced_fate(traced)) {
	case NP_FATE_DROPPED:
		np_color_print(file, NP_COLOR_BAD, "dropped by netpol");
		fprintf(file, " at %s: %s\n", np_point_name(last->point),
			np_reason_text(last->reason));
		break;
	case NP_FATE_PASSED:
		np_color_print(file, NP_COLOR_GOOD, "passed");
		if (last->point == NETPOL_POINT_LOCAL_IN) {
			fputs(", for this node\n", file);
		} else {
			fputs(", leaves by ", file);
			np_print_escaped(file, last->out);
			fputc('\n', file);
		}
		break;
	case NP_FATE_UNSEEN:
		fprintf(file, "passed at %s and was not seen again: routing, a firewall rule or a "
			"Service took it\n", np_point_name(last->point));
		break;
	case NP_FATE_UNKNOWN:
		fprintf(file, "not seen behind netpol at %s, nor denied by it: another hook took "
			"it, or the trace ended\n", np_point_name(last->point));
	}
}

static void np_traced_write_end(struct np_writer *w, const char *key,
				const struct np_trace_address *addr, bool has_port)
{
	char text[NP_CIDR_TEXT];

	np_write_object(w, key);
	np_write_string(w, "address", np_address_text(&addr->address, text));
	if (has_port)
		np_write_number(w, "port", addr->port);
	np_write_end(w);
}

void np_traced_write(struct np_writer *w, const struct np_passage *passage,
		     const struct np_eval *eval)
{
	char text[NP_TIME_TEXT_SIZE], protocol[NP_PROTOCOL_TEXT];
	bool deny = passage->verdict == NETPOL_VERDICT_DENY;
	size_t i;

	np_write_object(w, NULL);
	np_write_string(w, "time", np_time_milli_text(passage->time / 1000000, text));
	np_write_string(w, "point", np_point_word(passage->point));
	if (passage->in_ifindex)
		np_write_string(w, "in", passage->in);
	if (passage->out_ifindex)
		np_write_string(w, "out", passage->out);
	np_write_string(w, "verdict", passage->verdict ? np_verdict_name(passage->verdict) :
			"UNKNOWN");
	if (deny) {
		np_write_string(w, "direction", np_direction_name(passage->direction));
		np_write_string(w, "reason", np_reason_name(passage->reason));
	}
	np_write_number(w, "generation", passage->generation);
	np_traced_write_end(w, "source", &passage->source, passage->has_ports);
	np_traced_write_end(w, "destination", &passage->destination, passage->has_ports);
	np_write_string(w, "protocol", np_protocol_text(passage->protocol, protocol));
	if (passage->has_tcp)
		np_write_number(w, "tcpFlags", passage->tcp_flags);
	if (passage->has_icmp) {
		np_write_number(w, "icmpType", passage->icmp_type);
		np_write_number(w, "icmpCode", passage->icmp_code);
	}
	np_write_number(w, "bytes", passage->length);
	np_write_string(w, "connection", np_connection_word(passage->connection));
	np_write_bool(w, "reply", passage->flags & NETPOL_TRACE_F_REPLY);
	if (passage->tracked) {
		np_traced_write_end(w, "opener", &passage->opener, passage->has_ct_ports);
		np_traced_write_end(w, "service", &passage->service, passage->has_ct_ports);
		np_traced_write_end(w, "server", &passage->server, passage->has_ct_ports);
	}
	if (eval) {
		np_write_array(w, "steps");
		for (i = 0; i < eval->step_count; i++) {
			np_write_object(w, NULL);
			np_steps_write(w, &eval->step[i]);
			np_write_end(w);
		}
		np_write_end(w);
	}
	np_write_end(w);
}

const char *np_fate_word(enum np_fate fate)
{
	static const char * const word[] = { "passed", "dropped", "unseen", "unknown" };

	return word[fate];
}
