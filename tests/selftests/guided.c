// SPDX-License-Identifier: GPL-2.0
/*
 * Transactions that are changed at random, and kept where they reach code that none before
 * them reached: the kernel says by KCOV where a request has been. So damage heaps up, behind
 * checks that one damaged thing alone does not pass. Needs a module that was built with
 * KCOV_INSTRUMENT=y for a kernel with CONFIG_KCOV, as the debug kernel's is; elsewhere it is
 * skipped. NETPOL_SEED chooses other numbers, NETPOL_ROUNDS how many transactions (4,000).
 *
 * netpol-test: timeout=600
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <linux/kcov.h>
#include "kselftest_harness.h"
#include "netpol_mutate.h"

#define KCOV_PATH	"/sys/kernel/debug/kcov"
#define KCOV_WORDS	(1 << 18)	/* places that one request may pass */
#define EDGES		(1 << 20)	/* bits of the map of edges */
#define MESSAGES	6		/* of a transaction at most */
#define CORPUS		1024

/* One TXN_ADD; where the transaction's number is in it, 0: nowhere any more. */
struct piece {
	unsigned char *data;
	uint32_t len;
	bool numbered;
};

/* A transaction: what is added, and how it ends. */
struct recipe {
	struct piece piece[MESSAGES];
	unsigned int pieces;
	bool full;
	bool check;
	bool abort;
};

static struct recipe corpus[CORPUS];
static unsigned int recipes;
static uint64_t *cover;
static int kcov = -1;
static unsigned char seen[EDGES / 8];
static unsigned int edges;

static bool kcov_open(void)
{
	if (mount("none", "/sys/kernel/debug", "debugfs", 0, NULL))
		errno = 0;	/* it may be mounted already */
	kcov = open(KCOV_PATH, O_RDWR | O_CLOEXEC);
	if (kcov < 0 || ioctl(kcov, KCOV_INIT_TRACE, KCOV_WORDS))
		return false;
	cover = mmap(NULL, KCOV_WORDS * sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED, kcov, 0);
	return cover != MAP_FAILED && !ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC);
}

/* Notes the edges since cover_begin(); how many of them are new. */
static unsigned int cover_end(void)
{
	uint64_t count = __atomic_load_n(&cover[0], __ATOMIC_RELAXED), last = 0, i;
	unsigned int fresh = 0;

	for (i = 1; i <= count && i < KCOV_WORDS; i++) {
		uint32_t edge = (uint32_t)((cover[i] ^ last * 31) * 0x9E3779B97F4A7C15ULL >> 44);

		last = cover[i];
		if (seen[edge / 8] >> edge % 8 & 1)
			continue;
		seen[edge / 8] |= 1 << edge % 8;
		fresh++;
	}
	edges += fresh;
	return fresh;
}

static void cover_begin(void)
{
	__atomic_store_n(&cover[0], 0, __ATOMIC_RELAXED);
}

static void piece_take(struct piece *p, const struct msg *m)
{
	p->data = realloc(p->data, m->len);
	if (!p->data)
		abort();
	memcpy(p->data, m->data, m->len);
	p->len = m->len;
}

static void recipe_free(struct recipe *r)
{
	while (r->pieces)
		free(r->piece[--r->pieces].data);
	memset(r, 0, sizeof(*r));
}

static void piece_copy(struct recipe *to, const struct piece *from)
{
	struct piece *p;

	if (to->pieces == MESSAGES)
		return;
	p = &to->piece[to->pieces++];
	*p = *from;
	p->data = malloc(p->len);
	if (!p->data)
		abort();
	memcpy(p->data, from->data, p->len);
}

static void recipe_copy(struct recipe *to, const struct recipe *from)
{
	unsigned int i;

	*to = (struct recipe){ .full = from->full, .check = from->check, .abort = from->abort };
	for (i = 0; i < from->pieces; i++)
		piece_copy(to, &from->piece[i]);
}

/* A good message of each kind; the transaction's number comes when it is sent. */
static void recipe_seed(struct recipe *r, struct nl *nl, unsigned int kind)
{
	struct txn t = { .nl = nl };

	memset(r, 0, sizeof(*r));
	txn_message(&t);
	build_add(&t, kind);
	r->pieces = 1;
	r->piece[0].numbered = true;
	piece_take(&r->piece[0], &nl->out);
}

static void piece_mutate(struct piece *p, struct msg *m)
{
	const uint32_t number = NLMSG_HDRLEN + GENL_HDRLEN;
	const struct nlattr *a;

	memcpy(m->data, p->data, p->len);
	m->len = p->len;
	mutate(m);
	a = (const void *)(m->data + number);
	p->numbered = m->len >= number + NLA_HDRLEN + 4 && a->nla_type == NETPOL_A_TXN &&
		      a->nla_len == NLA_HDRLEN + 4;
	piece_take(p, m);
}

static void recipe_mutate(struct recipe *r, struct msg *m)
{
	unsigned int times = 1 + below(3), which;
	const struct recipe *other;

	while (times--) {
		which = below(r->pieces);
		switch (below(8)) {
		case 0:
			other = &corpus[below(recipes)];
			piece_copy(r, &other->piece[below(other->pieces)]);
			break;
		case 1:
			if (r->pieces > 1) {
				free(r->piece[which].data);
				memmove(&r->piece[which], &r->piece[which + 1],
					(r->pieces - which - 1) * sizeof(r->piece[0]));
				r->pieces--;
			}
			break;
		case 2:
			r->full = below(2);
			r->check = !below(4);
			r->abort = !below(4);
			break;
		default:
			piece_mutate(&r->piece[which], m);
		}
	}
}

FIXTURE(guided)
{
	struct nl nl;
	struct nl watch;
};

FIXTURE_SETUP(guided)
{
	state = from_env("NETPOL_SEED", 20241130);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->watch));
	ASSERT_EQ(0, load_cluster(&self->watch));
	if (!kcov_open())
		SKIP(return, "no " KCOV_PATH);
}

FIXTURE_TEARDOWN(guided)
{
	nl_close(&self->nl);
	nl_close(&self->watch);
	if (kcov >= 0)
		close(kcov);
}

/* Runs a transaction. Returns what its commit or abort said; -ETIMEDOUT of any message. */
static int recipe_run(struct nl *nl, const struct recipe *r)
{
	struct txn t;
	unsigned int i;
	int ret;

	cover_begin();
	ret = txn_begin(&t, nl, "fuzz", r->full ? NETPOL_FLAG_FULL : 0);
	if (ret)
		return ret;
	for (i = 0; i < r->pieces; i++) {
		const struct piece *p = &r->piece[i];

		memcpy(nl->out.data, p->data, p->len);
		nl->out.len = p->len;
		if (p->numbered)
			memcpy(nl->out.data + NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN, &t.number,
			       4);
		if (nl_call(nl) == -ETIMEDOUT)
			return -ETIMEDOUT;
	}
	return r->abort ? txn_abort(&t) : txn_commit_only(&t, r->check ? NETPOL_FLAG_CHECK : 0);
}

TEST_F_TIMEOUT(guided, transactions, 550)
{
	unsigned long rounds = from_env("NETPOL_ROUNDS", 4000), i, commits = 0;
	uint64_t generation, now;
	unsigned int seeds, first;
	struct nl *nl = &self->nl;
	struct recipe r;
	int ret;

	for (i = 0; i < BUILD_KINDS; i++) {
		recipe_seed(&corpus[recipes], nl, i);
		ret = recipe_run(nl, &corpus[recipes++]);
		ASSERT_NE(-ETIMEDOUT, ret);
		cover_end();
	}
	ASSERT_LT(0, edges) TH_LOG("the module was not built with KCOV_INSTRUMENT=y");
	seeds = recipes;
	first = edges;
	generation = nl_generation(&self->watch);
	for (i = 0; i < rounds; i++) {
		recipe_copy(&r, &corpus[below(recipes)]);
		recipe_mutate(&r, &nl->out);
		ret = recipe_run(nl, &r);
		ASSERT_NE(-ETIMEDOUT, ret) TH_LOG("round %lu", i);
		if (cover_end() && recipes < CORPUS)
			corpus[recipes++] = r;
		else
			recipe_free(&r);
		now = nl_generation(&self->watch);
		commits += now != generation;
		if (now != generation)
			ASSERT_EQ(0, ret) TH_LOG("round %lu: %d changed the generation", i, ret);
		generation = now;
		/* Every so often what was loaded goes, so that the world stays small. */
		if (i % 256 == 255) {
			ASSERT_EQ(0, nl_flush_objects(&self->watch));
			ASSERT_EQ(0, load_cluster(&self->watch));
			generation = nl_generation(&self->watch);
		}
	}
	TH_LOG("%lu transactions, %lu commits, %u edges by %u good ones, %u by %u", rounds, commits,
	       first, seeds, edges, recipes);
	/* What is learned on the way is what this is for. */
	EXPECT_LT(first, edges);
	EXPECT_LT(rounds / 100, commits);
	nl_close(nl);
	ASSERT_EQ(0, nl_open(nl));
	EXPECT_TRUE(WAIT_FOR(!nl_used(nl, NETPOL_LIMIT_TRANSACTIONS), 5000));
	ASSERT_EQ(0, nl_flush_objects(nl));
	ASSERT_EQ(0, load_cluster(nl));
	EXPECT_EQ(NETPOL_VERDICT_ALLOW, nl_verdict(nl, "office/client", "shop/web", 80));
	EXPECT_EQ(NETPOL_VERDICT_DENY, nl_verdict(nl, "office/client", "shop/web", 443));
	while (recipes)
		recipe_free(&corpus[--recipes]);
}

TEST_HARNESS_MAIN
