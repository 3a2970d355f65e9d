// SPDX-License-Identifier: GPL-2.0
/* Programs; see program.h. They are made in compile.c and patch.c. */
#include "core/pages.h"
#include "core/program.h"

/**
 * netpol_program_free() - free a program, whole or half made
 * @world: world, locked
 * @program: program that no packet can see any more
 */
void netpol_program_free(struct netpol_world *world, struct netpol_program *program)
{
	u32 i;

	for (i = 0; program->rows && i < program->nidentities / NETPOL_ROWS_PAGE; i++)
		if (program->rows[i] != (u16 *)netpol_zero_page)
			netpol_free(program->rows[i]);
	netpol_free(program->rows);
	netpol_free(program->cell);
	netpol_free(program->run);
	netpol_free(program->run_first);
	for (i = 0; i < NETPOL_PROTOCOLS; i++)
		netpol_free(program->ranges[i].first);
	netpol_trie_free(program->trie[0]);
	netpol_trie_free(program->trie[1]);
	netpol_free(program->names);
	netpol_free(program->counter);
	netpol_free(program->order);
	netpol_free(program->policy);
	netpol_free(program->peer);
	netpol_free(program->signature);
	netpol_free(program->peer_random);
	netpol_free(program->prefix);
	netpol_ports_put(world, program->ports);
	netpol_ns_put(world, program->ns);
	netpol_free(program);
}
