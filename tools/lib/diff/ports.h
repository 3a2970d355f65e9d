/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports that two states are asked for. No rule of either state tells the ports of one
 * interval apart, so one of them answers for all, and together the intervals answer for every
 * port of every protocol.
 */
#ifndef NP_DIFF_PORTS_H
#define NP_DIFF_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "diff/side.h"
#include "matrix/verdicts.h"

/**
 * struct np_diff_ports_of - an interval
 * @protocol: IPPROTO_*; 0: every protocol that has no ports for policies, such as ICMP
 * @first: first port of the interval, which is the one that is judged
 * @last: last port
 */
struct np_diff_ports_of {
	uint8_t protocol;
	uint16_t first;
	uint16_t last;
};

/**
 * struct np_diff_ports - all of them, by protocol and port
 * @item: intervals
 * @count: how many
 * @asked: they were asked for, so there may be others
 */
struct np_diff_ports {
	struct np_diff_ports_of *item;
	size_t count;
	bool asked;
};

/* Finds the intervals that the rules of two states make. */
void np_diff_ports_of_rules(struct np_diff_ports *ports, const struct np_diff_side *a,
			    const struct np_diff_side *b);
/* Takes the ports that were asked for. */
void np_diff_ports_asked(struct np_diff_ports *ports, const struct np_matrix *asked);
void np_diff_ports_free(struct np_diff_ports *ports);

/* Returns the protocol to judge, for a family. */
uint8_t np_diff_ports_protocol(const struct np_diff_ports_of *of, uint8_t family);

/*
 * Joins the intervals of a set (a bit for each of ports->item, from the lowest bit of set[0]) that
 * lie side by side. Returns how many there are; out has room for as many as there are bits.
 */
size_t np_diff_ports_join(const struct np_diff_ports *ports, const uint64_t *set, bool complement,
			  struct np_diff_ports_of *out);
/* Writes "tcp/80", "tcp/8000-8010", "udp", "other protocols". */
void np_diff_ports_name(struct np_buffer *to, const struct np_diff_ports *ports,
			const struct np_diff_ports_of *of);
/* Writes a set in the shortest form: "tcp/80, udp", "all ports", "all but tcp/5432". */
void np_diff_ports_text(struct np_buffer *to, const struct np_diff_ports *ports,
			const uint64_t *set);

#endif
