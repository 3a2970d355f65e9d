// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules with ipBlocks in a whole world: random blocks that overlap, lie within each other
 * and repeat, in sorted and in any order, against a walk over all of them; the rows that
 * they take; and every allocation of such a commit failing once.
 */
#include <stdlib.h>

#include "check.h"
#include "offline/offline.h"

#define RULES	6
#define BLOCKS	24
#define EXCEPTS	3
#define SUBJECT	"\x0a\x00\x00\x01"
#define SUBJECT6 "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"

struct prefix {
	u8 address[16];
	u8 length;
};

struct block {
	u8 family;
	struct prefix cidr;
	struct prefix except[EXCEPTS];
	u32 excepts;
};

/* Rule i is about port i. */
struct rule {
	struct block block[BLOCKS];
	u32 blocks;
};

static u32 below(u32 n)
{
	return get_random_u32() % n;
}

/* Few values a byte, so that prefixes meet. */
static void random_address(u8 address[16], u8 family)
{
	u32 i;

	memset(address, 0, 16);
	for (i = 0; i < (family == AF_INET ? 4 : 16); i++)
		address[i] = below(2) ? below(3) << 6 : below(3);
}

static bool has_bits(const struct prefix *prefix, const u8 *address)
{
	u32 i;

	for (i = 0; i < prefix->length; i++)
		if ((prefix->address[i / 8] ^ address[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static bool rule_allows(const struct rule *rule, u8 family, const u8 *address)
{
	u32 i, j;

	for (i = 0; i < rule->blocks; i++) {
		const struct block *block = &rule->block[i];

		if (block->family != family || !has_bits(&block->cidr, address))
			continue;
		for (j = 0; j < block->excepts; j++)
			if (has_bits(&block->except[j], address))
				break;
		if (j == block->excepts)
			return true;
	}
	return false;
}

static void make_block(struct block *block)
{
	u32 i, bits;

	block->family = below(3) ? AF_INET : AF_INET6;
	bits = block->family == AF_INET ? 32 : 128;
	random_address(block->cidr.address, block->family);
	block->cidr.length = below(8) ? below(bits + 1) : 0;
	block->excepts = block->cidr.length < bits ? below(EXCEPTS + 1) : 0;
	for (i = 0; i < block->excepts; i++) {
		struct prefix *except = &block->except[i];
		u32 bit;

		random_address(except->address, block->family);
		for (bit = 0; bit < block->cidr.length; bit++) {
			except->address[bit / 8] &= ~(0x80 >> bit % 8);
			except->address[bit / 8] |= block->cidr.address[bit / 8] &
						    (0x80 >> bit % 8);
		}
		except->length = block->cidr.length + 1 + below(bits - block->cidr.length);
	}
}

static int block_order(const void *a, const void *b)
{
	return memcmp(((const struct block *)a)->cidr.address,
		      ((const struct block *)b)->cidr.address, 16);
}

static void make_rules(struct rule rule[RULES])
{
	u32 i, j;

	for (i = 0; i < RULES; i++) {
		rule[i].blocks = 1 + below(BLOCKS);
		for (j = 0; j < rule[i].blocks; j++)
			make_block(&rule[i].block[j]);
		if (j > 1 && !below(3))
			rule[i].block[j - 1] = rule[i].block[0];
		if (below(2))
			qsort(rule[i].block, rule[i].blocks, sizeof(rule[i].block[0]), block_order);
	}
}

static struct netpol_policy *make_policy(struct netpol_world *world, const struct rule *rule)
{
	struct netpol_policy *policy;
	u32 i, j, k;
	int error = 0;

	policy = netpol_policy_create(world, NETPOL_TEXT("ns"), NETPOL_TEXT("blocks"),
				      NETPOL_KIND_NETWORK_POLICY,
				      BIT(NETPOL_DIRECTION_INGRESS), NULL, 0);
	if (!policy)
		return NULL;
	for (i = 0; i < RULES && !error; i++) {
		if (!rule[i].blocks)
			continue;
		if (netpol_policy_add_rule(policy, NETPOL_DIRECTION_INGRESS,
					   NETPOL_ACTION_ACCEPT, NETPOL_TEXT("")))
			error = -ENOMEM;
		for (j = 0; j < rule[i].blocks && !error; j++) {
			const struct block *block = &rule[i].block[j];

			error = netpol_rule_add_block(policy, block->family,
						      block->cidr.address, block->cidr.length);
			for (k = 0; k < block->excepts && !error; k++)
				error = netpol_rule_add_except(policy, block->family,
							       block->except[k].address,
							       block->except[k].length);
		}
		if (!error)
			error = netpol_rule_add_port(world, policy, IPPROTO_TCP,
						     NETPOL_TEXT(""), i, i);
	}
	if (!error)
		return policy;
	netpol_policy_free(world, policy);
	return NULL;
}

/* Loads the rules for the pod. Return: 0 or -ENOMEM with nothing changed. */
static int load_rules(struct np_offline *off, const struct rule *rule)
{
	struct netpol_policy *policy = make_policy(off->world, rule);
	struct np_error err;
	int error;

	if (!policy)
		return -ENOMEM;
	if (np_offline_begin(off, "kube", &err)) {
		netpol_policy_free(off->world, policy);
		return -ENOMEM;
	}
	error = netpol_edit_policy(off->edit, policy);
	if (!error)
		error = netpol_edit_prepare(off->edit);
	if (error)
		np_offline_abort(off);
	else
		np_offline_publish(off);
	return error;
}

static void load_subject(struct np_offline *off)
{
	struct netpol_pod_text text = {
		.ns = NETPOL_TEXT("ns"),
		.name = NETPOL_TEXT("subject"),
		.naddress4 = 1,
		.naddress6 = 1,
		.flags = NETPOL_POD_F_LOCAL | NETPOL_POD_F_RUNNING,
	};
	struct np_error err;

	memcpy(text.address4[0], SUBJECT, 4);
	memcpy(text.address6[0], SUBJECT6, 16);
	text.labels = netpol_labels_get(off->world, NULL, 0);
	CHECK(!np_offline_begin(off, "kube", &err));
	CHECK(!netpol_edit_pod(off->edit, netpol_pod_create(off->world, &text)));
	netpol_labels_put(off->world, text.labels);
	CHECK(!np_offline_prepare(off, &err));
	np_offline_publish(off);
}

/* Asks for one address at the port of each rule; how many answers are wrong. */
static u32 ask(const struct np_offline *off, const struct rule *rule, u8 family,
	       const u8 *address)
{
	struct np_flow flow = {
		.source.family = family,
		.destination.family = family,
		.protocol = IPPROTO_TCP,
	};
	u32 i, wrong = 0;

	memcpy(flow.source.addr, address, 16);
	memcpy(flow.destination.addr, family == AF_INET ? SUBJECT : SUBJECT6,
	       family == AF_INET ? 4 : 16);
	for (i = 0; i < RULES; i++) {
		flow.port = i;
		wrong += np_offline_judge(off, &flow, NULL) !=
			 rule_allows(&rule[i], family, address);
	}
	return wrong;
}

/* Random addresses, and those at the edges of every prefix. */
static u32 ask_all(const struct np_offline *off, const struct rule *rule)
{
	u32 i, j, k, wrong = 0;
	u8 address[16];

	for (i = 0; i < 200; i++) {
		u8 family = i % 2 ? AF_INET : AF_INET6;

		random_address(address, family);
		wrong += ask(off, rule, family, address);
	}
	for (i = 0; i < RULES; i++) {
		for (j = 0; j < rule[i].blocks; j++) {
			const struct block *block = &rule[i].block[j];

			wrong += ask(off, rule, block->family, block->cidr.address);
			for (k = 0; k < block->excepts; k++)
				wrong += ask(off, rule, block->family, block->except[k].address);
		}
	}
	return wrong;
}

static void test_random(void)
{
	static struct rule rule[RULES];
	struct np_offline off;
	struct np_error err;
	u32 world;

	CHECK(!np_offline_init(&off, NULL, &err));
	load_subject(&off);
	for (world = 0; world < 300; world++) {
		make_rules(rule);
		CHECK(!load_rules(&off, rule));
		CHECK_EQ(ask_all(&off, rule), 0);
	}
	np_offline_free(&off);
}

/* Fails each allocation of a change in turn: what was loaded before stays in force. */
static void test_starved(void)
{
	static struct rule before[RULES], after[RULES];
	struct np_offline off;
	struct np_error err;
	u32 failed = 0;
	int error;

	CHECK(!np_offline_init(&off, NULL, &err));
	load_subject(&off);
	make_rules(before);
	make_rules(after);
	CHECK(!load_rules(&off, before));
	do {
		netpol_fail_after = failed++;
		error = load_rules(&off, after);
		netpol_fail_after = -1;
		if (error)
			CHECK_EQ(ask_all(&off, before), 0);
	} while (error);
	CHECK(failed > 20);
	CHECK_EQ(ask_all(&off, after), 0);
	np_offline_free(&off);
}

/* Which of a rule's blocks an address is in makes no difference, so it makes no row. */
static void test_rows(void)
{
	static struct rule rule[RULES];
	const struct netpol_program *program;
	struct np_offline off;
	struct np_error err;
	u32 i, j;

	memset(rule, 0, sizeof(rule));
	for (i = 0; i < 2; i++) {
		rule[i].blocks = BLOCKS;
		for (j = 0; j < BLOCKS; j++) {
			struct block *block = &rule[i].block[j];

			block->family = AF_INET;
			block->cidr.address[0] = 20;
			block->cidr.address[1] = j + i * BLOCKS / 2;
			block->cidr.length = 16;
		}
	}
	CHECK(!np_offline_init(&off, NULL, &err));
	load_subject(&off);
	CHECK(!load_rules(&off, rule));
	program = list_first_entry(&off.world->programs, struct netpol_program, node);
	/* nothing matches; the first rule, both, the second */
	CHECK_EQ(program->nrows, 4);
	CHECK_EQ(program->nprefixes[0], BLOCKS + BLOCKS / 2);
	CHECK_EQ(ask_all(&off, rule), 0);
	np_offline_free(&off);
}

int main(int argc, char **argv)
{
	netpol_random_seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	test_random();
	test_starved();
	test_rows();
	CHECK_EQ(netpol_warnings, 0);
	return check_done("blocks");
}
