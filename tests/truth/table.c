// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading truth tables; see the header. */
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "object/load.h"
#include "object/nodes.h"
#include "table.h"
#include "object/validate.h"

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{ "TCP", IPPROTO_TCP }, { "UDP", IPPROTO_UDP }, { "SCTP", IPPROTO_SCTP },
	{ "ICMP", IPPROTO_ICMP }, { "ICMPv6", IPPROTO_ICMPV6 }, { "GRE", IPPROTO_GRE },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *table_protocol(uint8_t protocol)
{
	size_t i;

	for (i = 0; i < COUNT(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return "?";
}

const char *table_where(const struct table *t, const struct table_verdict *v, char *buf,
			size_t size)
{
	snprintf(buf, size, "%s, step %d: %s/%u from %s to %s", t->name, t->step,
		 table_protocol(v->protocol), v->port, t->text[v->source],
		 t->text[v->destination]);
	return buf;
}

bool table_naive(const struct table *t, const struct table_verdict *v)
{
	struct evaluator_half egress, ingress;

	return evaluator_judge(&t->ev, &t->end[v->source], &t->end[v->destination],
			       v->protocol, v->port, &egress, &ingress);
}

bool table_is_here(const struct table *t, const struct np_pod *pod)
{
	return !t->ev.node || !strcmp(pod->node, t->ev.node);
}

__attribute__((format(printf, 2, 3)))
static bool bad(struct table *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!*t->problem)
		vsnprintf(t->problem, sizeof(t->problem), format, args);
	va_end(args);
	return false;
}

static const struct np_pod *pod_of(const struct np_objects *objs, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t i;

	for (i = 0; slash && i < objs->pod_count; i++) {
		const struct np_pod *pod = &objs->pods[i];

		if (strlen(pod->namespace) == (size_t)(slash - text) &&
		    !strcmp(pod->name, slash + 1) &&
		    !strncmp(pod->namespace, text, slash - text))
			return pod;
	}
	return NULL;
}

/* Finds the rows and columns. */
static bool table_ends(struct table *t, const cJSON *list)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, list) {
		const char *text = cJSON_GetStringValue(entry);
		struct np_address *address = &t->address[t->ends];
		const struct np_pod *pod;

		if (!text || t->ends + 1 == TABLE_ENDS)
			return bad(t, "a row without a name, or too many rows");
		pod = pod_of(&t->objs, text);
		memset(address, 0, sizeof(*address));
		if (pod && pod->address_count)
			*address = pod->address[0];
		else if (np_address_parse(text, address))
			return bad(t, "no pod with an address: %s", text);
		t->text[t->ends] = text;
		t->end[t->ends].address = address;
		t->end[t->ends].pod = evaluator_owner(&t->ev, address);
		t->ends++;
	}
	return true;
}

static bool parse_port(const char *text, uint8_t *protocol, uint16_t *port)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	size_t i;

	for (i = 0; slash && i < COUNT(protocols); i++) {
		if (strlen(protocols[i].name) != (size_t)(slash - text) ||
		    strncmp(protocols[i].name, text, slash - text))
			continue;
		*protocol = protocols[i].number;
		*port = strtoul(slash + 1, NULL, 10);
		return true;
	}
	return false;
}

static bool table_grid(struct table *t, const cJSON *grid)
{
	struct table_verdict v;
	unsigned int i, j;

	if (!parse_port(grid->string, &v.protocol, &v.port) ||
	    cJSON_GetArraySize(grid) != (int)t->ends)
		return bad(t, "bad grid %s", grid->string);
	for (i = 0; i < t->ends; i++) {
		const char *row = cJSON_GetStringValue(cJSON_GetArrayItem(grid, i));

		if (!row || strlen(row) != t->ends || strspn(row, "01?") != t->ends)
			return bad(t, "bad row %s", row);
		for (j = 0; j < t->ends; j++) {
			if (row[j] == '?')
				continue;
			v.source = i;
			v.destination = j;
			v.allowed = row[j] == '1';
			t->verdict[t->count++] = v;
		}
	}
	return true;
}

static bool table_service(struct table *t, const cJSON *json)
{
	const char *address = cJSON_GetStringValue(cJSON_GetObjectItem(json, "address"));
	const char *to = cJSON_GetStringValue(cJSON_GetObjectItem(json, "to"));
	struct table_service *service = &t->service[t->services];
	unsigned int i;

	if (t->services == COUNT(t->service) || !address || !to ||
	    np_address_parse(address, &service->address) ||
	    !parse_port(cJSON_GetStringValue(cJSON_GetObjectItem(json, "port")),
			&service->protocol, &service->port))
		return bad(t, "bad Service");
	service->target = cJSON_GetNumberValue(cJSON_GetObjectItem(json, "target"));
	for (i = 0; i < t->ends; i++)
		if (!strcmp(t->text[i], to) &&
		    t->address[i].family == service->address.family)
			break;
	if (i == t->ends)
		return bad(t, "a Service to %s, which is no column", to);
	service->to = i;
	t->services++;
	return true;
}

/* Files are held to more than what comes from an API server. */
static bool table_refused(struct table *t, const char *text, const cJSON *refused)
{
	struct np_load_options opts = {};
	struct np_objects objs;
	struct np_error err;
	int error;

	if (!refused)
		return true;
	np_objects_init(&objs);
	error = np_load_buffer(&objs, t->name, text, strlen(text), &opts, &err);
	if (!error)
		error = np_nodes_resolve_all(&objs, false, NULL, &err);
	np_objects_free(&objs);
	if (!error == !cJSON_IsTrue(refused))
		return true;
	return error ? bad(t, "refused as a file: %s %s", err.path, err.text) :
		       bad(t, "taken as a file");
}

static bool table_objects(struct table *t, const cJSON *objects)
{
	struct np_load_options opts = { .lenient = true };
	char *text = cJSON_PrintUnformatted(objects);
	struct np_error err;
	int error;

	if (!text)
		return bad(t, "no objects");
	table_refused(t, text, cJSON_GetObjectItem(t->json, "refused"));
	error = np_load_buffer(&t->objs, t->name, text, strlen(text), &opts, &err);
	if (!error)
		error = np_nodes_resolve_all(&t->objs, true, NULL, &err);
	cJSON_free(text);
	return error ? bad(t, "%s %s", err.path, err.text) : !*t->problem;
}

/* What the evaluator has to know besides the objects. */
static bool table_view(struct table *t)
{
	const cJSON *entry;

	t->ev = (struct evaluator){ .origin = { &t->objs }, .origins = 1, .range = t->range,
				   .kube_node = t->objs.nodes, .kube_nodes = t->objs.node_count };
	if (cJSON_IsTrue(cJSON_GetObjectItem(t->json, "here")))
		t->ev.node = TABLE_NODE;
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(t->json, "ranges")) {
		const char *text = cJSON_GetStringValue(entry);

		if (!text || t->ranges == TABLE_RANGES ||
		    np_cidr_parse(text, &t->range[t->ranges]))
			return bad(t, "a bad range, or too many");
		t->ranges++;
	}
	t->ev.ranges = t->ranges;
	return true;
}

static bool table_parse(struct table *t)
{
	const char *packets;
	const cJSON *grids, *grid;

	t->json = cJSON_Parse(t->line);
	t->name = cJSON_GetStringValue(cJSON_GetObjectItem(t->json, "case"));
	if (!t->name) {
		t->name = "(no case)";
		return bad(t, "no table: %.80s", t->line);
	}
	t->step = cJSON_GetNumberValue(cJSON_GetObjectItem(t->json, "step"));
	t->masquerade = cJSON_IsTrue(cJSON_GetObjectItem(t->json, "masquerade"));
	packets = cJSON_GetStringValue(cJSON_GetObjectItem(t->json, "packets"));
	t->all_packets = packets && !strcmp(packets, "all");
	if (!table_objects(t, cJSON_GetObjectItem(t->json, "objects")) || !table_view(t) ||
	    !table_ends(t, cJSON_GetObjectItem(t->json, "pods")))
		return false;
	grids = cJSON_GetObjectItem(t->json, "allowed");
	t->verdict = np_xcalloc(cJSON_GetArraySize(grids) * t->ends * t->ends + 1,
				sizeof(*t->verdict));
	cJSON_ArrayForEach(grid, grids)
		if (!table_grid(t, grid))
			return false;
	cJSON_ArrayForEach(grid, cJSON_GetObjectItem(t->json, "services"))
		if (!table_service(t, grid))
			return false;
	return t->count ? true : bad(t, "no verdicts");
}

/* Forgets a step, but not the buffer of the line. */
static void table_reset(struct table *t)
{
	struct table fresh = { .line = t->line, .room = t->room };

	cJSON_Delete(t->json);
	free(t->verdict);
	np_objects_free(&t->objs);
	*t = fresh;
	np_objects_init(&t->objs);
}

bool table_next(struct table *t, FILE *file)
{
	table_reset(t);
	do
		if (getline(&t->line, &t->room, file) <= 0)
			return false;
	while (*t->line == '\n');
	table_parse(t);
	return true;
}

void table_free(struct table *t)
{
	table_reset(t);
	free(t->line);
	memset(t, 0, sizeof(*t));
}

unsigned int table_run(char **files, unsigned int count, table_step_fn step, void *arg,
		       struct table_totals *sum)
{
	unsigned int i, wrong = 0;
	struct table t = {};

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < count; i++) {
		struct table_totals totals = {};
		FILE *file = fopen(files[i], "r");

		if (!file) {
			printf("%s: cannot be read\n", files[i]);
			wrong++;
			continue;
		}
		while (table_next(&t, file)) {
			if (*t.problem) {
				printf("%s, step %d: %s\n", t.name, t.step, t.problem);
				wrong++;
				continue;
			}
			totals.cases += !t.step;
			totals.steps++;
			step(&t, &totals, arg);
		}
		fclose(file);
		printf("%s: %lu cases, %lu steps, %lu verdicts, %lu mismatches\n", files[i],
		       totals.cases, totals.steps, totals.verdicts, totals.mismatches);
		sum->cases += totals.cases;
		sum->steps += totals.steps;
		sum->verdicts += totals.verdicts;
		sum->mismatches += totals.mismatches;
	}
	table_free(&t);
	return wrong;
}
