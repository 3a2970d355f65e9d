// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of include/netpol/shim.h that need code in userspace. */
#include <netpol/shim.h>

#include <endian.h>
#include <stdarg.h>
#include <sys/random.h>

unsigned int netpol_warnings;
long netpol_fail_after = -1;
u64 netpol_clock;
void (*netpol_resched)(void);
u64 netpol_random_seed;

void netpol_warn(const char *what, const char *file, int line)
{
	netpol_warnings++;
	fprintf(stderr, "warning: %s at %s:%d\n", what, file, line);
}

/* True if this is the allocation that a test wants to fail. */
static bool netpol_fail_now(void)
{
	return netpol_fail_after >= 0 && netpol_fail_after-- == 0;
}

void *netpol_alloc(size_t size)
{
	if (netpol_fail_now() || size > INT_MAX)
		return NULL;
	return size ? calloc(1, size) : ZERO_SIZE_PTR;
}

void netpol_free(const void *p)
{
	if (p != ZERO_SIZE_PTR)
		free((void *)p);
}

void *netpol_page_alloc(void)
{
	void *page;

	if (netpol_fail_now())
		return NULL;
	page = aligned_alloc(NETPOL_PAGE_SIZE, NETPOL_PAGE_SIZE);
	if (page)
		memset(page, 0, NETPOL_PAGE_SIZE);
	return page;
}

void netpol_page_free(const void *page)
{
	free((void *)page);
}

void sort(void *base, size_t num, size_t size, int (*cmp)(const void *, const void *),
	  void (*swap_func)(void *, void *, int))
{
	(void)swap_func;
	if (num)
		qsort(base, num, size, cmp);
}

/* Returns the next number of a sequence that only the seed determines (splitmix64). */
static u64 netpol_random_next(void)
{
	u64 n = netpol_random_seed += 0x9e3779b97f4a7c15ULL;

	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9ULL;
	n = (n ^ n >> 27) * 0x94d049bb133111ebULL;
	return n ^ n >> 31;
}

void get_random_bytes(void *buf, size_t len)
{
	u8 *at = buf;

	while (netpol_random_seed && len) {
		u64 n = netpol_random_next();
		size_t part = min_t(size_t, len, sizeof(n));

		memcpy(at, &n, part);
		at += part;
		len -= part;
	}
	while (len) {
		ssize_t got = getrandom(at, len, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			/* There is no safe way to go on without random numbers. */
			perror("getrandom");
			abort();
		}
		at += got;
		len -= (size_t)got;
	}
}

static inline u64 rotate_left(u64 n, int bits)
{
	return n << bits | n >> (64 - bits);
}

/*
 * One SipRound of the paper by Aumasson and Bernstein. Its state is kept in registers, as in
 * the kernel.
 */
#define SIP_ROUND do {							\
	v0 += v1;							\
	v2 += v3;							\
	v1 = rotate_left(v1, 13) ^ v0;					\
	v3 = rotate_left(v3, 16) ^ v2;					\
	v0 = rotate_left(v0, 32);					\
	v2 += v1;							\
	v0 += v3;							\
	v1 = rotate_left(v1, 17) ^ v2;					\
	v3 = rotate_left(v3, 21) ^ v0;					\
	v2 = rotate_left(v2, 32);					\
} while (0)

#define SIP_WORD(word) do {						\
	u64 word_ = (word);						\
									\
	v3 ^= word_;							\
	SIP_ROUND;							\
	SIP_ROUND;							\
	v0 ^= word_;							\
} while (0)

/* Reads fewer than 8 bytes as a little-endian number. */
static inline u64 load_rest(const u8 *at, size_t len)
{
	u64 n = 0;
	u32 word;
	u16 half;

	if (len & 1)
		n = at[len - 1];
	if (len & 2) {
		memcpy(&half, at + (len & 4), sizeof(half));
		n = n << 16 | le16toh(half);
	}
	if (len & 4) {
		memcpy(&word, at, sizeof(word));
		n = n << 32 | le32toh(word);
	}
	return n;
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	u64 v0 = key->key[0] ^ 0x736f6d6570736575ULL;
	u64 v1 = key->key[1] ^ 0x646f72616e646f6dULL;
	u64 v2 = key->key[0] ^ 0x6c7967656e657261ULL;
	u64 v3 = key->key[1] ^ 0x7465646279746573ULL;
	const u8 *at = data;
	size_t rest = len;
	u64 word;

	for (; rest >= sizeof(word); at += sizeof(word), rest -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		SIP_WORD(le64toh(word));
	}
	SIP_WORD((u64)len << 56 | load_rest(at, rest));
	v2 ^= 0xff;
	SIP_ROUND;
	SIP_ROUND;
	SIP_ROUND;
	SIP_ROUND;
	return v0 ^ v1 ^ v2 ^ v3;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	/* The kernel warns of more. */
	if (size > INT_MAX)
		abort();
	if (!size)
		return 0;
	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	if (len < 0)
		return 0;
	return (size_t)len < size ? len : (int)size - 1;
}

ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size);

	/* The kernel warns of more. */
	if (size > INT_MAX)
		abort();
	if (!size)
		return -E2BIG;
	if (len == size) {
		memcpy(to, from, size - 1);
		to[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(to, from, len + 1);
	return (ssize_t)len;
}
