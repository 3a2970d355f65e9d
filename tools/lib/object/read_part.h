/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what policies of both kinds have: selectors, address blocks, numbers of ports. All
 * functions that return int return 0, or -1 with d->err filled.
 */
#ifndef NP_OBJECT_READ_PART_H
#define NP_OBJECT_READ_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "object/field.h"

/* Reads a selector. If node is NULL, it is not present. */
int np_decode_selector(struct np_decode *d, const struct np_node *node,
		       const struct np_path *path, struct np_selector *selector);

/* np_cidr_parse() or np_network_parse() */
typedef const char *(*np_cidr_parse_fn)(const char *text, struct np_cidr *cidr);

/*
 * Reads the block of a string. Sets *host_bits if it has bits behind its mask, which are cleared
 * in *cidr.
 */
int np_decode_cidr(struct np_decode *d, const struct np_node *node,
		   const struct np_path *path, np_cidr_parse_fn parse, struct np_cidr *cidr,
		   bool *host_bits);
/* Notes that a cidr or except of a block was written with such bits; see struct np_ipblock. */
void np_note_host_bits(struct np_decode *d, const struct np_node *node,
		       struct np_ipblock *block, uint32_t at);
/* Reads a number from 1 to 65535. */
int np_decode_port_number(struct np_decode *d, const struct np_node *node,
			  const struct np_path *path, uint16_t *number);

#endif
