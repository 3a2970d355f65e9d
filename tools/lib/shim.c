// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of include/netpol/shim.h that need code in userspace. */
#include <netpol/shim.h>

#include <stdarg.h>
#include <sys/random.h>

unsigned int netpol_warnings;
long netpol_fail_after = -1;
void (*netpol_resched)(void);
u64 netpol_random_seed;

void netpol_warn(const char *what, const char *file, int line)
{
	netpol_warnings++;
	fprintf(stderr, "warning: %s at %s:%d\n", what, file, line);
}

/* Is this the allocation that is to fail? */
static bool netpol_fail_now(void)
{
	return netpol_fail_after >= 0 && netpol_fail_after-- == 0;
}

void *netpol_alloc(size_t size)
{
	if (netpol_fail_now() || size > INT_MAX)
		return NULL;
	return calloc(1, size ? size : 1);
}

void netpol_free(const void *p)
{
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

/* The next number of a sequence that only the seed decides (splitmix64). */
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
			/* No safe way on without random numbers. */
			perror("getrandom");
			abort();
		}
		at += got;
		len -= (size_t)got;
	}
}

static u64 rotate_left(u64 n, int bits)
{
	return n << bits | n >> (64 - bits);
}

/* One SipRound, as in the paper by Aumasson and Bernstein. */
static void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] = rotate_left(v[2], 32);
}

static void sip_word(u64 v[4], u64 word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

/* Up to 8 bytes, little endian. */
static u64 load_le(const u8 *at, size_t len)
{
	u64 n = 0;
	size_t i;

	for (i = 0; i < len; i++)
		n |= (u64)at[i] << (8 * i);
	return n;
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	u64 v[4] = {
		key->key[0] ^ 0x736f6d6570736575ULL,
		key->key[1] ^ 0x646f72616e646f6dULL,
		key->key[0] ^ 0x6c7967656e657261ULL,
		key->key[1] ^ 0x7465646279746573ULL,
	};
	const u8 *at = data;
	size_t rest = len;
	int i;

	for (; rest >= 8; at += 8, rest -= 8)
		sip_word(v, load_le(at, 8));
	sip_word(v, (u64)len << 56 | load_le(at, rest));
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

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
