// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The core's containers against naive models: histories of edits that are
 * published or aborted, with every published state kept for a while and
 * compared byte for byte, and with every single allocation made to fail. The
 * tries are in test_trie.c.
 *
 * The seed is printed; give it as the first argument to repeat a run.
 */
#include <netpol/shim.h>

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/addrmap.h"
#include "core/array.h"
#include "core/csr.h"
#include "core/retire.h"
#include "core/table.h"

/* Random numbers of the tests' own, so that edits can be replayed. */

static u64 seed;

static u32 next(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (u32)(*state * 0x2545f4914f6cdd1dULL >> 32);
}

static u32 below(u64 *state, u32 n)
{
	return (u32)((u64)next(state) * n >> 32);
}

/* Histories */

#define KEPT 6

/* A published state, and what to free after it. */
struct state {
	const struct netpol_pages *dir;
	u8 *image;
	size_t length;
	struct netpol_retire_list garbage;
};

/* The latest state is the last one. */
struct history {
	struct state state[KEPT];
	int states;
};

static size_t image_length(const struct netpol_pages *dir)
{
	return dir ? struct_size(dir, page, dir->npages) + (size_t)dir->npages * NETPOL_PAGE_SIZE :
		     0;
}

/* Copies the directory and all pages to the image, or compares them with it. */
static bool image_walk(const struct netpol_pages *dir, u8 *image, bool compare)
{
	size_t head;
	u32 i;

	if (!dir)
		return true;
	head = struct_size(dir, page, dir->npages);
	if (compare) {
		if (memcmp(image, dir, head))
			return false;
	} else {
		memcpy(image, dir, head);
	}
	for (i = 0; i < dir->npages; i++) {
		u8 *to = image + head + (size_t)i * NETPOL_PAGE_SIZE;

		if (!compare)
			memcpy(to, dir->page[i], NETPOL_PAGE_SIZE);
		else if (memcmp(to, dir->page[i], NETPOL_PAGE_SIZE))
			return false;
	}
	return true;
}

static bool history_same(const struct history *h)
{
	int i;

	for (i = 0; i < h->states; i++)
		if (!image_walk(h->state[i].dir, h->state[i].image, true))
			return false;
	return true;
}

static void history_release_oldest(struct history *h)
{
	netpol_retire_run(&h->state[0].garbage, NULL, NULL);
	free(h->state[0].image);
	memmove(&h->state[0], &h->state[1], sizeof(h->state[0]) * --h->states);
}

static void history_publish(struct history *h, struct netpol_pages *dir, struct netpol_cow *cow)
{
	struct state *now;

	netpol_retire_drop(&cow->created);
	if (h->states)
		netpol_retire_move(&h->state[h->states - 1].garbage, &cow->retired);
	else
		netpol_retire_run(&cow->retired, NULL, NULL);
	if (h->states == KEPT)
		history_release_oldest(h);
	now = &h->state[h->states++];
	memset(now, 0, sizeof(*now));
	now->dir = dir;
	now->length = image_length(dir);
	now->image = malloc(now->length + 1);
	image_walk(dir, now->image, false);
}

static void history_abort(struct netpol_cow *cow)
{
	netpol_retire_run(&cow->created, NULL, NULL);
	netpol_retire_drop(&cow->retired);
}

static void history_end(struct history *h)
{
	struct netpol_pages *dir = NULL;

	CHECK(history_same(h));
	while (h->states) {
		dir = (struct netpol_pages *)h->state[0].dir;
		history_release_oldest(h);
	}
	netpol_pages_free_all(dir);
}

/*
 * Runs one edit with its first, second, third... allocation failing and each
 * time aborted, and at last without a failure; publishes that one. The edit
 * must do the same for the same script. With walk false there is only the last
 * run. Returns the number of failures.
 */
struct edit_ops {
	void (*begin)(struct netpol_cow *cow);
	int (*run)(u64 script);
	void (*abort)(void);
	struct netpol_pages *(*done)(void);
};

static unsigned int history_edit(struct history *h, const struct edit_ops *ops, u64 script,
				 bool walk)
{
	struct netpol_cow cow = {};
	long after;
	int error;

	for (after = walk ? 0 : -1; ; after++) {
		netpol_fail_after = after;
		ops->begin(&cow);
		error = ops->run(script);
		if (!error)
			break;
		CHECK_EQ(error, -ENOMEM);
		CHECK_EQ(netpol_fail_after, -1);
		ops->abort();
		history_abort(&cow);
		CHECK(history_same(h));
	}
	netpol_fail_after = -1;
	history_publish(h, ops->done(), &cow);
	CHECK(history_same(h));
	return walk ? (unsigned int)after : 0;
}

/* Retire lists */

static u64 freed_order[3000];
static u32 freed;

static void free_object(void *ctx, void *p, u8 kind)
{
	*(u32 *)ctx += kind;
	freed_order[freed++] = *(u64 *)p;
	free(p);
}

static void add_objects(struct netpol_retire_list *l, u64 from, u64 to)
{
	for (; from < to; from++) {
		u64 *object = malloc(sizeof(*object));

		*object = from;
		CHECK_EQ(netpol_retire_add_sized(l, object, NETPOL_RETIRE_FIRST_OBJECT, 10), 0);
	}
}

static void test_retire(void)
{
	struct netpol_retire_list a = {}, b = {}, none = {};
	u32 i, kinds = 0;
	bool ordered = true;
	int x;

	add_objects(&a, 0, 700);
	add_objects(&b, 700, 1700);
	netpol_retire_move(&a, &b);
	netpol_retire_move(&a, &b);
	CHECK(!b.first && !b.last && !b.bytes && !b.count);
	netpol_retire_move(&b, &a);
	add_objects(&b, 1700, 2000);
	CHECK_EQ(netpol_retire_add(&b, netpol_page_alloc(), NETPOL_RETIRE_PAGE), 0);
	CHECK_EQ(netpol_retire_add(&b, netpol_alloc(99), NETPOL_RETIRE_MEMORY), 0);
	CHECK_EQ(b.bytes, 2000 * 10 + 4096);
	CHECK_EQ(b.count, 2002);
	netpol_retire_run(&b, free_object, &kinds);
	CHECK_EQ(freed, 2000);
	CHECK_EQ(kinds, 2000 * NETPOL_RETIRE_FIRST_OBJECT);
	for (i = 0; i < freed; i++)
		ordered &= freed_order[i] == i;
	CHECK(ordered);
	CHECK(!b.first && !b.last && !b.bytes && !b.count);
	netpol_retire_run(&none, NULL, NULL);

	for (i = 0; i < 20; i++)
		CHECK_EQ(netpol_retire_add(&a, &x, NETPOL_RETIRE_FIRST_OBJECT), 0);
	netpol_retire_drop(&a);
	CHECK_EQ(a.count, 0);

	netpol_fail_after = 0;
	CHECK_EQ(netpol_retire_add(&a, &x, NETPOL_RETIRE_MEMORY), -ENOMEM);
	CHECK_EQ(a.count, 0);
	CHECK_EQ(netpol_retire_add(&a, &x, NETPOL_RETIRE_MEMORY), 0);
	netpol_retire_drop(&a);
}

/* Paged arrays */

#define PAGES_BYTES (80 * NETPOL_PAGE_SIZE)

static struct {
	u8 shift;
	u8 model[PAGES_BYTES], after[PAGES_BYTES];
	struct netpol_pages_edit edit;
	struct netpol_pages *published;
	u32 limit;
} pages;

static void pages_begin(struct netpol_cow *cow)
{
	netpol_pages_edit_init(&pages.edit, pages.published, pages.shift, cow);
	memcpy(pages.after, pages.model, PAGES_BYTES);
}

static int pages_run(u64 script)
{
	u32 size = 1U << pages.shift;
	u32 i, n, ops = below(&script, 40);

	if (!below(&script, 4)) {
		int error = netpol_pages_reserve(&pages.edit, below(&script, pages.limit));

		if (error)
			return error;
	}
	while (ops--) {
		u8 *at;

		i = below(&script, pages.limit);
		at = netpol_pages_write(&pages.edit, i);
		if (!at)
			return -ENOMEM;
		if (memcmp(at, pages.after + ((size_t)i << pages.shift), size))
			CHECK(!"a written element has its old content");
		for (n = 0; n < size; n++)
			at[n] = (u8)next(&script);
		memcpy(pages.after + ((size_t)i << pages.shift), at, size);
		i = below(&script, PAGES_BYTES >> pages.shift);
		if (memcmp(netpol_pages_read(&pages.edit, i),
			   pages.after + ((size_t)i << pages.shift), size))
			CHECK(!"an element reads as it was written");
	}
	return 0;
}

static void pages_abort(void)
{
	netpol_pages_edit_abort(&pages.edit);
}

static struct netpol_pages *pages_done(void)
{
	pages.published = netpol_pages_edit_done(&pages.edit);
	memcpy(pages.model, pages.after, PAGES_BYTES);
	return pages.published;
}

static bool pages_as_model(void)
{
	u32 i, n = pages.published ? pages.published->count : 0;
	size_t size = 1U << pages.shift;
	static const u8 zero[PAGES_BYTES];

	for (i = 0; i < n && (i + 1) * size <= PAGES_BYTES; i++)
		if (memcmp(netpol_pages_at(pages.published, pages.shift, i),
			   pages.model + i * size, size))
			return false;
	return !memcmp(pages.model + i * size, zero, PAGES_BYTES - i * size);
}

static void test_pages(void)
{
	static const struct edit_ops ops = { pages_begin, pages_run, pages_abort, pages_done };
	static const u8 shifts[] = { 2, 3, 4, 6, 12 };
	static const u8 zero[NETPOL_PAGE_SIZE];
	struct netpol_pages_edit e;
	struct netpol_cow cow = {};
	unsigned int failures = 0;
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		struct history h = {};

		memset(&pages, 0, sizeof(pages));
		pages.shift = shifts[s];
		for (i = 0; i < 120; i++) {
			/* Grows in the course of the history. */
			pages.limit = max_t(u32, (PAGES_BYTES >> pages.shift) * i / 120, 2);
			failures += history_edit(&h, &ops, seed + 977 * i + 1, i % 3 == 0);
			CHECK(pages_as_model());
			CHECK(netpol_pages_bytes(pages.published) <= image_length(pages.published));
		}
		history_end(&h);
	}
	CHECK(failures > 500);
	CHECK(!memcmp(netpol_zero_page, zero, NETPOL_PAGE_SIZE));

	netpol_pages_edit_init(&e, NULL, 3, &cow);
	CHECK(!memcmp(netpol_pages_read(&e, 12345), zero, 8));
	CHECK(!netpol_pages_write(&e, U32_MAX));
	CHECK_EQ(netpol_pages_reserve(&e, U32_MAX), -ENOSPC);
	CHECK_EQ(netpol_pages_reserve(&e, 0), 0);
	CHECK(!netpol_pages_edit_done(&e));
	CHECK_EQ(netpol_pages_bytes(NULL), 0);
	history_abort(&cow);
}

/* Tables. A value is an object's address and, in its low bits, which of its hashes. */

#define OBJECTS 1500
#define TAGS 4

struct object {
	u32 hash[TAGS];
	u32 number;
} __aligned(16);

static struct {
	struct object object[OBJECTS];
	u8 model[OBJECTS][TAGS], after[OBJECTS][TAGS];
	u32 count, after_count;
	u32 grow;
	struct netpol_table published;
	struct netpol_table_edit edit;
} table;

static void *table_value(u32 object, u32 tag)
{
	return (u8 *)&table.object[object] + tag;
}

static const struct object *table_object(const void *value)
{
	return (const struct object *)((uintptr_t)value & ~(uintptr_t)15);
}

static u32 table_hash(const void *value)
{
	return table_object(value)->hash[(uintptr_t)value & 15];
}

static bool table_match(const void *value, const void *key)
{
	return value == key;
}

static void table_begin(struct netpol_cow *cow)
{
	netpol_table_edit_init(&table.edit, &table.published, table_hash, cow);
	memcpy(table.after, table.model, sizeof(table.model));
	table.after_count = table.count;
}

/* Replaces a value by that of its neighbour, which has the same hashes. */
static int table_replace_one(u32 object, u32 tag)
{
	u32 other = object ^ 1;
	int error = netpol_table_replace(&table.edit, table_value(object, tag),
					 table_value(other, tag));

	if (!table.after[object][tag]) {
		if (error != -ENOENT)
			CHECK_EQ(error, -ENOENT);
		return 0;
	}
	if (!error) {
		table.after[object][tag]--;
		table.after[other][tag]++;
	}
	return error;
}

static int table_run(u64 script)
{
	u32 ops = below(&script, 4) ? below(&script, 30) : below(&script, 2000);
	int error;

	if (!below(&script, 10)) {
		error = netpol_table_reserve(&table.edit, below(&script, 5000));
		if (error)
			return error;
	}
	while (ops--) {
		u32 object = below(&script, OBJECTS), tag = below(&script, TAGS);
		void *value = table_value(object, tag);
		u32 what = below(&script, 100);

		if (what < 10) {
			error = table_replace_one(object, tag);
		} else if (what < 10 + table.grow) {
			error = netpol_table_insert(&table.edit, value, table_hash(value));
			table.after[object][tag]++;
			table.after_count++;
		} else {
			error = netpol_table_remove(&table.edit, value);
			if (!table.after[object][tag]) {
				if (error != -ENOENT)
					CHECK_EQ(error, -ENOENT);
				error = 0;
			} else {
				table.after[object][tag]--;
				table.after_count--;
			}
		}
		if (error)
			return error;
		if (!!netpol_table_edit_find(&table.edit, table_hash(value), table_match, value) !=
		    !!table.after[object][tag])
			CHECK(!"an edit finds what it added");
	}
	return 0;
}

static void table_abort(void)
{
	netpol_table_edit_abort(&table.edit);
}

static struct netpol_pages *table_done(void)
{
	netpol_table_edit_done(&table.edit, &table.published);
	memcpy(table.model, table.after, sizeof(table.model));
	table.count = table.after_count;
	return table.published.slots;
}

static bool table_as_model(void)
{
	const struct netpol_table *t = &table.published;
	u32 object, tag, i, dumped = 0;

	for (object = 0; object < OBJECTS; object++) {
		for (tag = 0; tag < TAGS; tag++) {
			const void *value = table_value(object, tag), *at;
			u32 hash = table_hash(value), cursor = 0, found = 0;

			while ((at = netpol_table_for_each(t, hash, &cursor, table_hash))) {
				if (table_hash(at) != hash)
					return false;
				found += at == value;
			}
			if (found != table.model[object][tag])
				return false;
			at = netpol_table_find(t, hash, table_match, value, table_hash);
			if (at != (found ? value : NULL))
				return false;
		}
	}
	for (i = 0; t->slots && i <= t->mask; i++)
		dumped += !!netpol_table_slot(t, i);
	return dumped == table.count && t->count == table.count &&
	       (!t->slots || (u64)t->count * 4 <= ((u64)t->mask + 1) * 3);
}

static void test_table(void)
{
	static const struct edit_ops ops = { table_begin, table_run, table_abort, table_done };
	u32 i, tag, smallest = U32_MAX, largest = 0;
	u64 script = seed ^ 0x7ab1e;
	unsigned int failures = 0;
	struct netpol_table_edit e;
	struct netpol_cow cow = {};
	struct history h = {};

	memset(&table, 0, sizeof(table));
	for (i = 0; i < OBJECTS; i++) {
		table.object[i].number = i;
		for (tag = 0; tag < TAGS; tag++) {
			u32 hash = next(&script);

			/* Some share a hash with many, some sit at the very end. */
			if (i % 64 < 4)
				hash &= 0xff00001f;
			if (i % 64 > 60)
				hash |= 0xfff;
			table.object[i].hash[tag] = i & 1 ? table.object[i - 1].hash[tag] : hash;
		}
	}
	CHECK(table_as_model());
	/* in one of 40 runs so much is added that it takes longer to become small again */
	for (i = 0; i < 600 || (smallest > 2048 && i < 6000); i++) {
		table.grow = i < 600 && i % 200 < 50 ? 75 : 2;
		failures += history_edit(&h, &ops, next(&script) | 1, i % 8 == 0);
		CHECK(table_as_model());
		if (table.published.slots && i > 50)
			smallest = min(smallest, table.published.mask + 1);
		largest = max(largest, table.published.mask + 1);
	}
	CHECK(failures > 500);
	CHECK(smallest <= 2048);
	CHECK(largest >= 8192);

	/* What can't be. */
	netpol_table_edit_init(&e, &table.published, table_hash, &cow);
	CHECK_EQ(netpol_table_insert(&e, NULL, 0), -EINVAL);
	CHECK_EQ(netpol_table_remove(&e, NULL), -ENOENT);
	CHECK_EQ(netpol_table_reserve(&e, U32_MAX), -ENOSPC);
	netpol_table_edit_abort(&e);
	history_abort(&cow);
	CHECK(!netpol_table_slot(&table.published, table.published.mask + 1));
	history_end(&h);
}

/* Address map */

#define ADDRESSES 4000

static struct {
	u8 family;
	u8 address[ADDRESSES][16];
	u32 model[ADDRESSES], after[ADDRESSES];
	u32 count, after_count;
	u32 grow;
	struct netpol_addrmap published;
	struct netpol_addrmap_edit edit;
} addrmap;

static u32 addrmap_find(const struct netpol_addrmap *p, u8 family, const u8 *address)
{
	struct in6_addr a;
	__be32 a4;

	if (family == AF_INET) {
		memcpy(&a4, address, sizeof(a4));
		return netpol_addrmap_find4(p, a4);
	}
	memcpy(&a, address, sizeof(a));
	return netpol_addrmap_find6(p, &a);
}

static void addrmap_begin(struct netpol_cow *cow)
{
	netpol_addrmap_edit_init(&addrmap.edit, &addrmap.published, addrmap.family, cow);
	memcpy(addrmap.after, addrmap.model, sizeof(addrmap.model));
	addrmap.after_count = addrmap.count;
}

static int addrmap_run(u64 script)
{
	u32 ops = below(&script, 4) ? below(&script, 30) : below(&script, 1500);
	int error;

	if (!below(&script, 10)) {
		error = netpol_addrmap_reserve(&addrmap.edit, below(&script, 3000));
		if (error)
			return error;
	}
	while (ops--) {
		u32 i = below(&script, ADDRESSES), value = 0;

		if (below(&script, 100) < addrmap.grow)
			value = below(&script, 3) ? next(&script) | 1 : 7;
		error = netpol_addrmap_set(&addrmap.edit, addrmap.address[i], value);
		if (error)
			return error;
		addrmap.after_count += !!value - !!addrmap.after[i];
		addrmap.after[i] = value;
		i = below(&script, ADDRESSES);
		if (netpol_addrmap_get(&addrmap.edit, addrmap.address[i]) != addrmap.after[i])
			CHECK(!"an edit gets what it set");
	}
	return 0;
}

static void addrmap_abort(void)
{
	netpol_addrmap_edit_abort(&addrmap.edit);
}

static struct netpol_pages *addrmap_done(void)
{
	netpol_addrmap_edit_done(&addrmap.edit, &addrmap.published);
	memcpy(addrmap.model, addrmap.after, sizeof(addrmap.model));
	addrmap.count = addrmap.after_count;
	return addrmap.published.buckets;
}

/* Where an address would be, by its first or its second hash. */
static u32 addrmap_bucket(const u8 *address, int which)
{
	const struct netpol_addrmap *p = &addrmap.published;
	u64 lo, hi;
	__be32 a4;

	memcpy(&a4, address, sizeof(a4));
	memcpy(&lo, address, sizeof(lo));
	memcpy(&hi, address + sizeof(lo), sizeof(hi));
	return p->mask & (addrmap.family == AF_INET ? netpol_addrmap_hash4(p->key[which], a4) :
						    netpol_addrmap_hash6(p->key[which], lo, hi));
}

static const void *addrmap_at(u32 bucket)
{
	return netpol_pages_at(addrmap.published.buckets, NETPOL_ADDRMAP_SHIFT, bucket);
}

static bool addrmap_has(u32 bucket, const u8 *address)
{
	u32 i;

	for (i = 0; i < netpol_addrmap_slots(addrmap.family); i++)
		if (netpol_bucket_value(addrmap_at(bucket), addrmap.family, i) &&
		    !memcmp(netpol_bucket_address(addrmap_at(bucket), addrmap.family, i), address,
			    addrmap.family == AF_INET ? 4 : 16))
			return true;
	return false;
}

/* Does each bucket know how many of its addresses are in their second one? */
static bool addrmap_know_elsewhere(void)
{
	u32 i, first, *elsewhere;
	bool right = true;

	if (!addrmap.published.buckets)
		return true;
	elsewhere = calloc(addrmap.published.mask + 1, sizeof(*elsewhere));
	for (i = 0; i < ADDRESSES; i++) {
		first = addrmap_bucket(addrmap.address[i], 0);
		if (addrmap.model[i] && !addrmap_has(first, addrmap.address[i]))
			elsewhere[first]++;
	}
	for (i = 0; i <= addrmap.published.mask; i++)
		right &= elsewhere[i] == (addrmap.family == AF_INET ?
			((const struct netpol_bucket4 *)addrmap_at(i))->elsewhere :
			((const struct netpol_bucket6 *)addrmap_at(i))->elsewhere);
	free(elsewhere);
	return right;
}

static bool addrmap_as_model(void)
{
	static const u8 zero[16];
	u8 other[16];
	u32 i;

	for (i = 0; i < ADDRESSES; i++) {
		if (addrmap_find(&addrmap.published, addrmap.family, addrmap.address[i]) !=
		    addrmap.model[i])
			return false;
		/* No address of the pool has these bits. */
		memcpy(other, addrmap.address[i], sizeof(other));
		other[0] ^= 0x80;
		if (addrmap_find(&addrmap.published, addrmap.family, other))
			return false;
	}
	return addrmap.count == addrmap.published.count &&
	       !addrmap_find(&addrmap.published, addrmap.family, zero);
}

static void test_addrmap(u8 family)
{
	static const struct edit_ops ops = { addrmap_begin, addrmap_run, addrmap_abort, addrmap_done };
	u64 script = seed ^ 0x9ee7 ^ family;
	static const u8 zero[16];
	unsigned int failures = 0;
	struct history h = {};
	struct netpol_cow cow = {};
	u32 i, n, largest = 0, smallest = U32_MAX;

	memset(&addrmap, 0, sizeof(addrmap));
	addrmap.family = family;
	for (i = 0; i < ADDRESSES; i++) {
		u32 low = cpu_to_be32(i < ADDRESSES / 2 ? i : i << 16);

		/* Dense, strided, and (IPv6) differing in any of the four words. */
		memcpy(addrmap.address[i] + (family == AF_INET ? 0 : i % 4 * 4), &low, sizeof(low));
		addrmap.address[i][0] = i < ADDRESSES / 2 ? 0x0a : 0x40 | (i >> 8 & 0x3f);
		if (family == AF_INET6)
			memcpy(addrmap.address[i] + 4 + i % 2 * 8, &low, sizeof(low));
		addrmap.address[i][family == AF_INET ? 1 : 2] ^= 0x10;
	}
	CHECK(addrmap_as_model());
	for (i = 0; i < 300; i++) {
		addrmap.grow = i / 100 % 2 ? 3 : 85;
		failures += history_edit(&h, &ops, next(&script) | 1, i % 8 == 0);
		CHECK(addrmap_as_model());
		CHECK(addrmap_know_elsewhere());
		n = addrmap.published.mask + 1;
		largest = max(largest, n);
		if (i > 100)
			smallest = min(smallest, n);
		/* Never fuller than 80 percent. */
		CHECK(!addrmap.published.buckets ||
		      (u64)addrmap.count * 10 <= (u64)n * netpol_addrmap_slots(family) * 8);
	}
	CHECK(failures > 300);
	CHECK(largest >= 512);
	CHECK(smallest * 2 <= largest);

	addrmap_begin(&cow);
	CHECK_EQ(netpol_addrmap_set(&addrmap.edit, zero, 1), -EINVAL);
	CHECK_EQ(netpol_addrmap_get(&addrmap.edit, zero), 0);
	CHECK_EQ(netpol_addrmap_reserve(&addrmap.edit, U32_MAX), -ENOSPC);
	addrmap_abort();
	history_abort(&cow);
	history_end(&h);
}

/* Are the addresses of the pool distinct? The models above take it for granted. */
static void test_pool(void)
{
	u32 i, j, same = 0;

	for (i = 0; i < ADDRESSES; i++)
		for (j = 0; j < i; j++)
			same += !memcmp(addrmap.address[i], addrmap.address[j], 16);
	CHECK_EQ(same, 0);
}

/* 150,000 addresses at once: all found, in how many bytes? */
static void test_addrmap_many(u8 family, u32 n, bool reserve)
{
	struct netpol_addrmap_edit e;
	struct netpol_addrmap p = {};
	struct netpol_cow cow = {};
	u8 address[16] = { 10 };
	u32 i, be, wrong = 0;
	int error = 0;

	netpol_addrmap_edit_init(&e, NULL, family, &cow);
	if (reserve)
		error = netpol_addrmap_reserve(&e, n);
	for (i = 0; i < n && !error; i++) {
		be = cpu_to_be32(0x0a000001 + i);
		memcpy(address + (family == AF_INET ? 0 : 12), &be, sizeof(be));
		error = netpol_addrmap_set(&e, address, i + 1);
	}
	CHECK_EQ(error, 0);
	netpol_addrmap_edit_done(&e, &p);
	netpol_retire_drop(&cow.created);
	netpol_retire_run(&cow.retired, NULL, NULL);
	for (i = 0; i < n; i++) {
		be = cpu_to_be32(0x0a000001 + i);
		memcpy(address + (family == AF_INET ? 0 : 12), &be, sizeof(be));
		wrong += addrmap_find(&p, family, address) != i + 1;
	}
	CHECK_EQ(wrong, 0);
	printf("%u IPv%d addresses%s: %llu bytes each\n", n, family == AF_INET ? 4 : 6,
	       reserve ? ", reserved" : "", netpol_pages_bytes(p.buckets) / n);
	CHECK(netpol_pages_bytes(p.buckets) / n <= (family == AF_INET ? 24 : 60));
	netpol_addrmap_free_all(&p);
}

/* Arrays that grow, and lists in one array */

static void test_array(void)
{
	u32 *array = NULL, count = 0, size = 0, i, *more;

	while (count < 1000) {
		netpol_fail_after = count % 3 ? -1 : 0;
		more = netpol_array_more((void **)&array, count, &size, sizeof(*array));
		if (!more) {
			/* nothing has changed, and there is memory the next time */
			CHECK_EQ(count, size);
			netpol_fail_after = -1;
			more = netpol_array_more((void **)&array, count, &size, sizeof(*array));
		}
		if (!CHECK(more == array + count && size > count))
			break;
		*more = count++;
	}
	netpol_fail_after = -1;
	for (i = 0; i < count; i++)
		if (array[i] != i)
			CHECK_EQ(array[i], i);
	CHECK(!netpol_array_reserve((void **)&array, count, &size, 5000, sizeof(*array)));
	CHECK_EQ(size, 5000);
	CHECK_EQ(array[count - 1], count - 1);
	CHECK_EQ(array[4999], 0);
	netpol_free(array);
}

#define CSR_ITEMS 400

/* Lists of items that come in any order of the lists; some lists stay empty. */
static void test_csr(u32 lists)
{
	u64 state = seed ^ 0xc5 ^ lists;
	struct netpol_csr csr = {};
	u32 list[CSR_ITEMS], item, i, next_item, left = 0, total = 0;

	for (item = 0; item < CSR_ITEMS && lists; item++)
		list[item] = below(&state, lists);
	total = lists ? CSR_ITEMS : 0;
	CHECK(!netpol_csr_init(&csr, lists));
	for (item = 0; item < total; item++)
		netpol_csr_count(&csr, list[item]);
	CHECK(!netpol_csr_begin(&csr));
	for (item = 0; item < total; item++)
		netpol_csr_add(&csr, list[item], item);
	for (i = 0; i < lists; i++) {
		u32 at;

		next_item = 0;
		netpol_csr_for_each(&csr, i, at) {
			/* the items of the list, none left out, in the order of adding */
			while (next_item < total && list[next_item] != i)
				next_item++;
			if (csr.item[at] != next_item)
				CHECK_EQ(csr.item[at], next_item);
			next_item++;
			left++;
		}
	}
	CHECK_EQ(left, total);
	netpol_csr_free(&csr);
}

/* The shim's own code */

struct item {
	struct list_head list;
	struct hlist_node node;
	int n;
};

/* The first vectors of the reference implementation, and the one in its paper. */
static void test_siphash(void)
{
	static const u64 vector[] = {
		0x726fdb47dd0e0e31ULL, 0x74f839c593dc67fdULL, 0x0d6c8009d9a94f5aULL,
		0x85676696d7fb7e2dULL, 0xcf2794e0277187b7ULL, 0x18765564cd99a68dULL,
		0xcbc9466e58fee3ceULL, 0xab0200f58b01d137ULL, 0x93f5f5799a932462ULL,
	};
	siphash_key_t key;
	u8 bytes[64];
	u32 i;

	for (i = 0; i < 64; i++)
		bytes[i] = i;
	for (i = 0; i < 2; i++)
		key.key[i] = 0x0706050403020100ULL + i * 0x0808080808080808ULL;
	for (i = 0; i < ARRAY_SIZE(vector); i++)
		CHECK(siphash(bytes, i, &key) == vector[i]);
	CHECK(siphash(bytes, 15, &key) == 0xa129ca6149be45e5ULL);
}

/* What the kernel has no answer to, or warns of. A number is read so that no compiler knows it. */

static volatile unsigned long none, much = 1UL << 63;

static void no_logarithm(void)
{
	none = ilog2(none);
}

static void no_power_up(void)
{
	none = roundup_pow_of_two(none);
}

static void too_large_a_power(void)
{
	none = roundup_pow_of_two(much + 1);
}

static void no_power_down(void)
{
	none = rounddown_pow_of_two(none);
}

static void no_lowest_bit(void)
{
	none = __ffs64(none);
}

static void shift_by_too_much(void)
{
	none = BIT_ULL(much >> 57);
}

static void no_percpu(void)
{
	netpol_percpu_free(netpol_percpu_alloc(none));
}

static void much_percpu(void)
{
	netpol_percpu_free(netpol_percpu_alloc((32 << 10) + 1 + none));
}

static void write_to_nothing(void)
{
	char *memory = netpol_alloc(none);

	WRITE_ONCE(*memory, 1);
}

static void added_twice(void)
{
	struct list_head entry;
	LIST_HEAD(list);

	list_add(&entry, &list);
	list_add(&entry, &list);
}

static void deleted_twice(void)
{
	struct list_head entry;
	LIST_HEAD(list);

	list_add(&entry, &list);
	list_del(&entry);
	list_del(&entry);
}

static void torn_list(void)
{
	struct list_head one, two;
	LIST_HEAD(list);

	list_add(&one, &list);
	list_add(&two, &list);
	two.next = &list;
	list_del(&one);
}

static void long_text(void)
{
	char text[2];

	none = scnprintf(text, much, "x");
}

static void test_strict(void)
{
	static void (*const undefined[])(void) = {
		no_logarithm, no_power_up, too_large_a_power, no_power_down, no_lowest_bit,
		shift_by_too_much, no_percpu, much_percpu, write_to_nothing, added_twice,
		deleted_twice, torn_list, long_text,
	};
	int i, status;
	pid_t child;

	for (i = 0; i < ARRAY_SIZE(undefined); i++) {
		child = fork();
		if (!child) {
			/* The sanitizers' reports are what is asked for, and not for people. */
			if (!freopen("/dev/null", "w", stderr))
				_exit(0);
			undefined[i]();
			_exit(0);
		}
		CHECK(child > 0 && waitpid(child, &status, 0) == child);
		if (status == 0)
			fprintf(stderr, "undefined operation %d passes\n", i);
		CHECK(status != 0);
	}
	netpol_free(netpol_alloc(none));
	CHECK_EQ(roundup_pow_of_two(much), much);
}

static void test_shim(void)
{
	struct item item[4], *at, *tmp;
	struct hlist_node *after;
	HLIST_HEAD(hash);
	LIST_HEAD(list);
	LIST_HEAD(other);
	char text[8];
	int i, sum;

	for (i = 0; i < 4; i++) {
		item[i].n = i;
		list_add_tail(&item[i].list, i < 2 ? &list : &other);
		hlist_add_head(&item[i].node, &hash);
	}
	list_splice_tail_init(&other, &list);
	CHECK(list_empty(&other));
	sum = 0;
	list_for_each_entry(at, &list, list)
		sum = sum * 10 + at->n;
	CHECK_EQ(sum, 123);
	sum = 0;
	hlist_for_each_entry(at, &hash, node)
		sum = sum * 10 + at->n;
	CHECK_EQ(sum, 3210);
	list_for_each_entry_safe(at, tmp, &list, list)
		if (at->n & 1)
			list_del(&at->list);
	CHECK(list_first_entry(&list, struct item, list) == &item[0]);
	CHECK(list_last_entry(&list, struct item, list) == &item[2]);
	hlist_for_each_entry_safe(at, after, &hash, node)
		if (at->n != 1)
			hlist_del_init(&at->node);
	CHECK(hash.first == &item[1].node && !item[1].node.next);

	CHECK_EQ(scnprintf(text, sizeof(text), "%s", "0123456789"), 7);
	CHECK_STR(text, "0123456");
	CHECK_EQ(strscpy(text, "abc", sizeof(text)), 3);
	CHECK_EQ(strscpy(text, "abcdefgh", sizeof(text)), -E2BIG);
	CHECK_STR(text, "abcdefg");
	CHECK_EQ(roundup_pow_of_two(1025), 2048);
	CHECK_EQ(round_up(13, 8), 16);
	CHECK_EQ(ilog2(4096), 12);
	CHECK_EQ(fls(0), 0);
	CHECK(struct_size((struct netpol_pages *)NULL, page, SIZE_MAX / 2) == SIZE_MAX);
	CHECK(IS_ERR(ERR_PTR(-ENOMEM)) && !IS_ERR(text));
}

int main(int argc, char **argv)
{
	/* Set to follow the seed: the tables' keys come from get_random_bytes(). */
	get_random_bytes(&seed, sizeof(seed));
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	seed |= 1;
	netpol_random_seed = seed;
	printf("seed %#llx\n", seed);

	test_siphash();
	test_shim();
	test_strict();
	test_retire();
	test_array();
	test_csr(0);
	test_csr(1);
	test_csr(37);
	test_csr(1000);
	test_pages();
	test_table();
	test_addrmap(AF_INET);
	test_pool();
	test_addrmap(AF_INET6);
	test_pool();
	test_addrmap_many(AF_INET, 150000, false);
	test_addrmap_many(AF_INET, 150000, true);
	test_addrmap_many(AF_INET6, 150000, true);
	CHECK_EQ(netpol_warnings, 0);
	return check_done("containers");
}
