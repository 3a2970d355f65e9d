/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where the kernel and userspace differ for the core. The core (kmod/core) uses
 * the kernel's names throughout. In netpol.ko they are the kernel's own; in the tool and the
 * tests they are the thin equivalents below and in tools/lib/offline/shim.c.
 *
 * All memory is zeroed, and in the kernel it is charged to the memory control group of the
 * caller. Every function that allocates may sleep; none is for the packet path.
 */
#ifndef NETPOL_SHIM_H
#define NETPOL_SHIM_H

/* Bytes of a page of copy-on-write arrays (core/pages.h), whatever the CPU's page size is. */
#define NETPOL_PAGE_SHIFT	12
#define NETPOL_PAGE_SIZE	4096

#ifdef __KERNEL__

/* container_of() and va_list come with linux/kernel.h: in 5.10 they have no header of their own. */
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/bug.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/hashtable.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/list_sort.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

/* Allocates zeroed memory, to be freed by netpol_free(); NULL without memory. */
static inline __must_check void *netpol_alloc(size_t size)
{
	if (size > INT_MAX)
		return NULL;
	return kvzalloc(size, GFP_KERNEL_ACCOUNT);
}

/* Frees what netpol_alloc() or netpol_alloc_array() returned; NULL does nothing. */
static inline void netpol_free(const void *p)
{
	kvfree(p);
}

/* Allocates a zeroed, aligned page of NETPOL_PAGE_SIZE bytes; NULL without memory. */
static inline __must_check void *netpol_page_alloc(void)
{
	if (PAGE_SIZE == NETPOL_PAGE_SIZE)
		return (void *)__get_free_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	/* kmalloc() aligns sizes that are powers of two to their size */
	return kzalloc(NETPOL_PAGE_SIZE, GFP_KERNEL_ACCOUNT);
}

/* Frees what netpol_page_alloc() returned; NULL does nothing. */
static inline void netpol_page_free(const void *page)
{
	if (PAGE_SIZE == NETPOL_PAGE_SIZE)
		free_page((unsigned long)page);
	else
		kfree(page);
}

/*
 * Allocates zeroed memory, one copy for each CPU, of at most 32 KiB, to be freed by
 * netpol_percpu_free(); NULL without memory. What fills a line of the cache has one to itself.
 */
static inline __must_check void __percpu *netpol_percpu_alloc(size_t bytes)
{
	return __alloc_percpu_gfp(bytes, bytes < SMP_CACHE_BYTES ? sizeof(u64) : SMP_CACHE_BYTES,
				  GFP_KERNEL_ACCOUNT);
}

static inline void netpol_percpu_free(void __percpu *p)
{
	free_percpu(p);
}

#define netpol_percpu_ptr(p, cpu)	per_cpu_ptr(p, cpu)
#define netpol_for_each_cpu(cpu)	for_each_possible_cpu(cpu)

/* How many copies netpol_percpu_alloc() makes. */
static inline u32 netpol_cpus(void)
{
	return num_possible_cpus();
}

/* The time, in seconds since boot. Nobody can set this clock. */
static inline u64 netpol_now(void)
{
	return ktime_get_boottime_seconds();
}

/* Adds 1 to this CPU's copy of a counter. Any context, no lock. */
static __always_inline void netpol_percpu_inc(u64 __percpu *p)
{
	this_cpu_inc(*p);
}

/* Adds n to this CPU's copy of a counter. Any context, no lock. */
static __always_inline void netpol_percpu_add(u64 __percpu *p, u64 n)
{
	this_cpu_add(*p, n);
}

#else /* userspace */

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>

/* Types and annotations */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#ifndef __always_inline
#define __always_inline		inline __attribute__((__always_inline__))
#endif
#define noinline		__attribute__((__noinline__))
#define __must_check		__attribute__((__warn_unused_result__))
#define __maybe_unused		__attribute__((__unused__))
#ifndef __packed
#define __packed		__attribute__((__packed__))
#endif
#ifndef __aligned
#define __aligned(n)		__attribute__((__aligned__(n)))
#endif
#define __printf(fmt, args)	__attribute__((__format__(__printf__, fmt, args)))
#define ____cacheline_aligned	__aligned(64)
#define fallthrough		__attribute__((__fallthrough__))
#define __rcu
#define __percpu
#define __force
#define __read_mostly

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		__asm__ __volatile__("" : : : "memory")
#define OPTIMIZER_HIDE_VAR(v)	__asm__("" : "+r" (v))
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

/* The tests and the tool have one thread, so that RCU has nothing to do. */
#define rcu_dereference(p)	(p)
#define rcu_dereference_protected(p, held)	(p)
#define rcu_assign_pointer(p, v)	((p) = (v))
#define rcu_read_lock()		do { } while (0)
#define rcu_read_unlock()	do { } while (0)
#define might_sleep()		do { } while (0)

/* Called where the kernel might let other tasks run; a benchmark measures the time between. */
extern void (*netpol_resched)(void);

static inline void cond_resched(void)
{
	if (netpol_resched)
		netpol_resched();
}

/* Assertions: a warning is printed and counted in netpol_warnings. */

extern unsigned int netpol_warnings;
void netpol_warn(const char *what, const char *file, int line);

#define WARN_ON(cond) ({						\
	bool warn_on_ = !!(cond);					\
									\
	if (unlikely(warn_on_))						\
		netpol_warn(#cond, __FILE__, __LINE__);			\
	unlikely(warn_on_);						\
})
#define WARN_ON_ONCE(cond)	WARN_ON(cond)
#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), "BUILD_BUG_ON: " #cond)

/* Numbers */

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define sizeof_field(type, member)	sizeof(((type *)0)->member)
#define BITS_PER_LONG		((int)(8 * sizeof(long)))
#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define U8_MAX			((u8)~0U)
#define U16_MAX			((u16)~0U)
#define U32_MAX			((u32)~0U)
#define U64_MAX			((u64)~0ULL)

#define min_t(type, x, y) ({						\
	type min_x_ = (x);						\
	type min_y_ = (y);						\
									\
	min_x_ < min_y_ ? min_x_ : min_y_;				\
})
#define max_t(type, x, y) ({						\
	type max_x_ = (x);						\
	type max_y_ = (y);						\
									\
	max_x_ > max_y_ ? max_x_ : max_y_;				\
})
#define min(x, y)		min_t(__typeof__(x), x, y)
#define max(x, y)		max_t(__typeof__(x), x, y)
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi)	min_t(type, max_t(type, v, lo), hi)
#define swap(a, b) do {							\
	__typeof__(a) swap_ = (a);					\
									\
	(a) = (b);							\
	(b) = swap_;							\
} while (0)

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_up(n, power)	((((n) - 1) | ((__typeof__(n))(power) - 1)) + 1)
#define round_down(n, power)	((n) & ~((__typeof__(n))(power) - 1))
#define ALIGN(n, power)		round_up(n, power)
#define IS_ALIGNED(n, power)	(((n) & ((__typeof__(n))(power) - 1)) == 0)

/* The number of the highest bit, counted from 1; 0 if there is none. */
static inline int fls(unsigned int n)
{
	return n ? 32 - __builtin_clz(n) : 0;
}

static inline int fls64(u64 n)
{
	return n ? 64 - __builtin_clzll(n) : 0;
}

/* The number of the lowest bit, counted from 0; n isn't 0. */
static __always_inline unsigned long __ffs64(u64 n)
{
	return (unsigned long)__builtin_ctzll(n);
}

static __always_inline unsigned long __ffs(unsigned long n)
{
	return (unsigned long)__builtin_ctzl(n);
}

static __always_inline unsigned int hweight64(u64 n)
{
	return (unsigned int)__builtin_popcountll(n);
}

static __always_inline unsigned int hweight32(u32 n)
{
	return (unsigned int)__builtin_popcount(n);
}

/*
 * As strict as the kernel's, where an answer that does not exist is a shift by too much: a
 * panic with UBSAN and panic_on_warn. Of 0 there is none of the three.
 */
static inline int ilog2(u64 n)
{
	if (!n)
		abort();
	return fls64(n) - 1;
}

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	if (!n || n > 1UL << (BITS_PER_LONG - 1))
		abort();
	return n == 1 ? 1 : 1UL << fls64(n - 1);
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << ilog2(n);
}

static inline u64 div_u64(u64 n, u32 d)
{
	return n / d;
}

static inline u64 div64_u64(u64 n, u64 d)
{
	return n / d;
}

static inline bool test_bit(long nr, const unsigned long *map)
{
	return map[nr / BITS_PER_LONG] >> (nr % BITS_PER_LONG) & 1;
}

static inline void __set_bit(long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] |= BIT(nr % BITS_PER_LONG);
}

static inline void __clear_bit(long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] &= ~BIT(nr % BITS_PER_LONG);
}

#define cpu_to_be16(n)		htons(n)
#define cpu_to_be32(n)		htonl(n)
#define be16_to_cpu(n)		ntohs(n)
#define be32_to_cpu(n)		ntohl(n)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define cpu_to_be64(n)		__builtin_bswap64(n)
#else
#define cpu_to_be64(n)		((u64)(n))
#endif
#define be64_to_cpu(n)		cpu_to_be64(n)

/* Sums and products of sizes. On overflow the result is SIZE_MAX, so that allocation fails. */

#define check_add_overflow(a, b, sum)	__builtin_add_overflow(a, b, sum)
#define check_sub_overflow(a, b, diff)	__builtin_sub_overflow(a, b, diff)
#define check_mul_overflow(a, b, prod)	__builtin_mul_overflow(a, b, prod)

static inline size_t size_add(size_t a, size_t b)
{
	size_t sum;

	return check_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static inline size_t size_mul(size_t a, size_t b)
{
	size_t product;

	return check_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

#define array_size(n, size)	size_mul(n, size)
#define struct_size(p, member, n) \
	size_add(sizeof(*(p)), size_mul(n, sizeof((p)->member[0])))
#define flex_array_size(p, member, n)	size_mul(n, sizeof((p)->member[0]))

/* Error pointers: the last 4095 addresses stand for negative error numbers. */

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return unlikely((unsigned long)p >= (unsigned long)-4095);
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return unlikely(!p) || IS_ERR(p);
}

static inline void *ERR_CAST(const void *p)
{
	return (void *)p;
}

static inline int PTR_ERR_OR_ZERO(const void *p)
{
	return IS_ERR(p) ? (int)PTR_ERR(p) : 0;
}

/*
 * Doubly linked lists: a ring through the head. An entry on no list may point to itself. Tests
 * find what a kernel with CONFIG_DEBUG_LIST finds (Makefile).
 */

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

/* Makes b follow a. */
static inline void netpol_list_join(struct list_head *a, struct list_head *b)
{
	a->next = b;
	b->prev = a;
}

/* @entry is to be put between @before and @after, which must be neighbours and others. */
static inline void netpol_list_may_add(const struct list_head *entry,
				       const struct list_head *before,
				       const struct list_head *after)
{
#ifdef NETPOL_DEBUG_LIST
	if (before->next != after || after->prev != before || entry == before || entry == after)
		abort();
#endif
}

/* @entry is to leave its list, so its neighbours must know it. */
static inline void netpol_list_may_leave(const struct list_head *entry)
{
#ifdef NETPOL_DEBUG_LIST
	if (entry->prev->next != entry || entry->next->prev != entry)
		abort();
#endif
}

static inline void list_add(struct list_head *entry, struct list_head *after)
{
	netpol_list_may_add(entry, after, after->next);
	netpol_list_join(entry, after->next);
	netpol_list_join(after, entry);
}

static inline void list_add_tail(struct list_head *entry, struct list_head *before)
{
	list_add(entry, before->prev);
}

/* The pointers of the entry become invalid addresses, so that using them crashes. */
static inline void list_del(struct list_head *entry)
{
	netpol_list_may_leave(entry);
	netpol_list_join(entry->prev, entry->next);
	entry->next = (struct list_head *)0x100;
	entry->prev = (struct list_head *)0x122;
}

static inline void list_del_init(struct list_head *entry)
{
	netpol_list_may_leave(entry);
	netpol_list_join(entry->prev, entry->next);
	INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *after)
{
	netpol_list_may_leave(entry);
	netpol_list_join(entry->prev, entry->next);
	list_add(entry, after);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *before)
{
	netpol_list_may_leave(entry);
	netpol_list_join(entry->prev, entry->next);
	list_add_tail(entry, before);
}

static inline void list_replace(struct list_head *old, struct list_head *entry)
{
	netpol_list_join(entry, old->next);
	netpol_list_join(old->prev, entry);
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline bool list_is_last(const struct list_head *entry, const struct list_head *head)
{
	return entry->next == head;
}

/* Moves the entries of list to the front (or the back) of head. */
static inline void list_splice(const struct list_head *list, struct list_head *head)
{
	if (list_empty(list))
		return;
	netpol_list_join(list->prev, head->next);
	netpol_list_join(head, list->next);
}

static inline void list_splice_tail(const struct list_head *list, struct list_head *head)
{
	list_splice(list, head->prev);
}

static inline void list_splice_init(struct list_head *list, struct list_head *head)
{
	list_splice(list, head);
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list, struct list_head *head)
{
	list_splice_tail(list, head);
	INIT_LIST_HEAD(list);
}

#define list_entry(ptr, type, member)	container_of(ptr, type, member)
#define list_first_entry(head, type, member)	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)	list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member) \
	list_entry((pos)->member.prev, __typeof__(*(pos)), member)

#define list_for_each(pos, head) \
	for (pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_safe(pos, tmp, head) \
	for (pos = (head)->next, tmp = pos->next; pos != (head); \
	     pos = tmp, tmp = pos->next)
#define list_for_each_entry(pos, head, member) \
	for (pos = list_first_entry(head, __typeof__(*pos), member); \
	     &pos->member != (head); \
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member) \
	for (pos = list_last_entry(head, __typeof__(*pos), member); \
	     &pos->member != (head); \
	     pos = list_prev_entry(pos, member))
#define list_for_each_entry_continue(pos, head, member) \
	for (pos = list_next_entry(pos, member); \
	     &pos->member != (head); \
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_safe(pos, tmp, head, member) \
	for (pos = list_first_entry(head, __typeof__(*pos), member), \
	     tmp = list_next_entry(pos, member); \
	     &pos->member != (head); \
	     pos = tmp, tmp = list_next_entry(tmp, member))

/* Sorts a list by merging. Entries that compare() calls equal may change their order. */
static inline void list_sort(void *priv, struct list_head *head,
			     int (*compare)(void *priv, const struct list_head *a,
					    const struct list_head *b))
{
	LIST_HEAD(first);
	LIST_HEAD(second);
	bool left = true;

	if (list_empty(head) || list_is_singular(head))
		return;
	while (!list_empty(head)) {
		list_move_tail(head->next, left ? &first : &second);
		left = !left;
	}
	list_sort(priv, &first, compare);
	list_sort(priv, &second, compare);
	while (!list_empty(&first) && !list_empty(&second))
		list_move_tail(compare(priv, first.next, second.next) <= 0 ? first.next :
			       second.next, head);
	list_splice_tail_init(&first, head);
	list_splice_tail_init(&second, head);
}

/* Lists whose head is one pointer; each entry points to the pointer that leads to it. */

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#define HLIST_HEAD_INIT		{ NULL }
#define HLIST_HEAD(name)	struct hlist_head name = HLIST_HEAD_INIT
#define INIT_HLIST_HEAD(head)	((head)->first = NULL)

static inline void INIT_HLIST_NODE(struct hlist_node *node)
{
	node->next = NULL;
	node->pprev = NULL;
}

static inline bool hlist_unhashed(const struct hlist_node *node)
{
	return !node->pprev;
}

static inline bool hlist_empty(const struct hlist_head *head)
{
	return !head->first;
}

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *head)
{
	node->next = head->first;
	node->pprev = &head->first;
	if (node->next)
		node->next->pprev = &node->next;
	head->first = node;
}

static inline void netpol_hlist_unlink(struct hlist_node *node)
{
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
}

static inline void hlist_del(struct hlist_node *node)
{
	netpol_hlist_unlink(node);
	node->next = (struct hlist_node *)0x100;
	node->pprev = (struct hlist_node **)0x122;
}

static inline void hlist_del_init(struct hlist_node *node)
{
	if (hlist_unhashed(node))
		return;
	netpol_hlist_unlink(node);
	INIT_HLIST_NODE(node);
}

#define hlist_entry(ptr, type, member)	container_of(ptr, type, member)
#define hlist_entry_safe(ptr, type, member) ({				\
	__typeof__(ptr) entry_ = (ptr);					\
									\
	entry_ ? hlist_entry(entry_, type, member) : NULL;		\
})
#define hlist_for_each_entry(pos, head, member) \
	for (pos = hlist_entry_safe((head)->first, __typeof__(*pos), member); \
	     pos; \
	     pos = hlist_entry_safe(pos->member.next, __typeof__(*pos), member))
#define hlist_for_each_entry_safe(pos, tmp, head, member) \
	for (pos = hlist_entry_safe((head)->first, __typeof__(*pos), member); \
	     pos && ((tmp = pos->member.next) || !tmp); \
	     pos = hlist_entry_safe(tmp, __typeof__(*pos), member))

/* Sorting, hashing, strings, randomness */

/* Sorts an array, not stably; swap_func is ignored. */
void sort(void *base, size_t num, size_t size, int (*cmp)(const void *, const void *),
	  void (*swap_func)(void *, void *, int));

typedef struct {
	u64 key[2];
} siphash_key_t;

/* SipHash-2-4, with the same results as in the kernel. */
u64 siphash(const void *data, size_t len, const siphash_key_t *key);

/* Like snprintf(), but returns how many bytes it has written, without the NUL. */
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* Copies a string and always ends it in NUL; returns the length, or -E2BIG if it was cut. */
ssize_t strscpy(char *to, const char *from, size_t size);

/*
 * Random bytes from the system; or, if netpol_random_seed is not 0, a reproducible sequence that
 * begins with this seed and changes it.
 */
extern u64 netpol_random_seed;
void get_random_bytes(void *buf, size_t len);

static inline u32 get_random_u32(void)
{
	u32 n;

	get_random_bytes(&n, sizeof(n));
	return n;
}

/*
 * Memory. If netpol_fail_after is 0 or more, so many more allocations succeed and the next one
 * fails; then netpol_fail_after is -1 again.
 */
extern long netpol_fail_after;
/* What no bytes of memory are, as in the kernel: not NULL, and not to be looked at. */
#define ZERO_SIZE_PTR	((void *)16)
__must_check void *netpol_alloc(size_t size);
void netpol_free(const void *p);
__must_check void *netpol_page_alloc(void);
void netpol_page_free(const void *page);

/* Per-CPU memory: there is one CPU. The kernel warns of no bytes, and of more than 32 KiB. */
static inline __must_check void *netpol_percpu_alloc(size_t bytes)
{
	if (!bytes || bytes > 32 << 10)
		abort();
	return netpol_alloc(bytes);
}

static inline void netpol_percpu_free(void *p)
{
	netpol_free(p);
}

#define netpol_percpu_ptr(p, cpu)	((void)(cpu), (p))
#define netpol_for_each_cpu(cpu)	for ((cpu) = 0; (cpu) < 1; (cpu)++)

static inline u32 netpol_cpus(void)
{
	return 1;
}

/* If it is not 0, it is the time, for tests. */
extern u64 netpol_clock;

static inline u64 netpol_now(void)
{
	struct timespec now;

	if (netpol_clock)
		return netpol_clock;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

static __always_inline void netpol_percpu_inc(u64 *p)
{
	(*p)++;
}

static __always_inline void netpol_percpu_add(u64 *p, u64 n)
{
	*p += n;
}

#endif /* userspace */

/* A loop over small things offers the processor to others once in so many of them. */
#define NETPOL_OFFER_EACH	1024U

/* Called in each round of such a loop, with a count of the rounds. */
static inline void netpol_offer(u32 round)
{
	if (round % NETPOL_OFFER_EACH == NETPOL_OFFER_EACH - 1)
		cond_resched();
}

/* Allocates zeroed memory for n elements; NULL without memory, and if the size overflows. */
static inline __must_check void *netpol_alloc_array(size_t n, size_t size)
{
	return netpol_alloc(array_size(n, size));
}

#endif /* NETPOL_SHIM_H */
