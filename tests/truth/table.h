/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Truth tables: worlds with the verdict for every pair of pods, computed elsewhere or by
 * hand. One JSON object a line is one step of a case:
 *
 *	case, step, tags	name of the case, number of the step from 0, what it exercises
 *	objects			a Kubernetes List; a later step of a case replaces what the step
 *				before had
 *	pods			rows and columns: "namespace/name" (that pod's first address),
 *				or an address
 *	allowed			"TCP/80": one string a source, one character a destination:
 *				1 allowed, 0 denied, ? not asked
 *	packets			optional: "all": all of its verdicts are sent as packets
 *	services		for packets only, optional: list of {address, port, to, target}:
 *				a Service, DNATed to port `target` of pod `to`
 *	masquerade		for packets only, optional: true: the node hides the sources of
 *				all that it forwards
 *	here			optional: true: only pods whose nodeName is "here" are on the
 *				node that judges; else all are. All steps of a case say the same
 *	ranges			optional: networks that only pods have addresses of
 *	refused			optional: true: what is written in files is refused, and the
 *				verdicts are those of what an API server has let through;
 *				false: files are taken, too
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <cjson/cJSON.h>

#include "../evaluator/evaluator.h"
#include "object/object.h"

#define TABLE_ENDS 64
#define TABLE_RANGES 4
#define TABLE_NODE "here"

/* One cell of a table: rows and columns are indexes of table.end. */
struct table_verdict {
	uint8_t source;
	uint8_t destination;
	uint8_t protocol;
	uint16_t port;
	bool allowed;
};

/* A Service of a step. */
struct table_service {
	struct np_address address;
	uint8_t protocol;
	uint16_t port;
	uint16_t target;
	uint8_t to;
};

/**
 * struct table - one step of one case
 * @json: of the line, or NULL
 * @line: buffer of the line
 * @room: of @line
 * @name: of the case
 * @step: number of the step
 * @objs: its objects
 * @ev: the evaluator's view of them, of one origin
 * @end: rows and columns, with the pod that the evaluator says has the address
 * @address: of each
 * @text: of each, as written
 * @ends: how many
 * @verdict: all cells
 * @count: how many
 * @service: Services
 * @services: how many
 * @range: networks of pods
 * @ranges: how many
 * @masquerade: sources are hidden
 * @all_packets: no sample, all of it
 * @problem: what was wrong with the line; "" if nothing
 */
struct table {
	cJSON *json;
	char *line;
	size_t room;
	const char *name;
	int step;
	struct np_objects objs;
	struct evaluator ev;
	struct evaluator_end end[TABLE_ENDS];
	struct np_address address[TABLE_ENDS];
	const char *text[TABLE_ENDS];
	unsigned int ends;
	struct table_verdict *verdict;
	size_t count;
	struct table_service service[8];
	unsigned int services;
	struct np_cidr range[TABLE_RANGES];
	unsigned int ranges;
	bool masquerade;
	bool all_packets;
	char problem[512];
};

/* The next step of a file; false at its end. Zeroed bytes are a table before the first. */
bool table_next(struct table *t, FILE *file);
void table_free(struct table *t);
/* What the naive evaluator says. */
bool table_naive(const struct table *t, const struct table_verdict *v);
/* Is a pod of its objects on the node that judges? */
bool table_is_here(const struct table *t, const struct np_pod *pod);
/* "TCP" and so on. */
const char *table_protocol(uint8_t protocol);
/* "CASE, step N: TCP/80 from A to B", for a person; returns buf. */
const char *table_where(const struct table *t, const struct table_verdict *v, char *buf,
			size_t size);

/*
 * Calls step for each step of each file, and prints a line for each file. Returns the number
 * of files and lines that could not be read.
 */
struct table_totals {
	unsigned long cases;
	unsigned long steps;
	unsigned long verdicts;
	unsigned long mismatches;
};

typedef void (*table_step_fn)(struct table *t, struct table_totals *totals, void *arg);
unsigned int table_run(char **files, unsigned int count, table_step_fn step, void *arg,
		       struct table_totals *sum);

#endif
