/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copy-on-write paged array: a directory of pages of 4 KiB, which hold elements whose size is a
 * power of two. A published array never changes. An edit copies the directory and the pages
 * that it writes, and shares the other pages.
 *
 * Readers hold the RCU read lock under which they found the directory, as long as they use it.
 * Edits run in process context under the world's mutex. The memory that an edit allocates is on
 * the lists of its netpol_cow from then on (retire.h).
 */
#ifndef NETPOL_CORE_PAGES_H
#define NETPOL_CORE_PAGES_H

#include "core/retire.h"

/* Most pages of one directory, which are 4 GiB of elements. */
#define NETPOL_PAGES_MAX	BIT(20)

/**
 * struct netpol_pages - a directory; never changes once published
 * @count: number of elements: @npages times those of a page
 * @elem_size: bytes of an element
 * @npages: number of pages, a power of two
 * @page: the pages; netpol_zero_page in place of a page that was never written
 */
struct netpol_pages {
	u32 count;
	u32 elem_size;
	u32 npages;
	void *page[];
};

/* A page of zeroes in place of every page that was never written; read only, never freed. */
extern const u8 netpol_zero_page[NETPOL_PAGE_SIZE];

/**
 * struct netpol_pages_edit - an array while an edit changes it
 * @dir: the published directory, or the edit's copy of it; NULL if the array is empty
 * @fresh: for each page of @dir one bit: the page belongs to the edit and may be written; NULL
 *	while @dir_fresh is false
 * @cow: lists of what the edit allocated and what it replaced
 * @shift: log2 of the bytes of an element
 * @dir_fresh: @dir belongs to the edit
 */
struct netpol_pages_edit {
	struct netpol_pages *dir;
	unsigned long *fresh;
	struct netpol_cow *cow;
	u8 shift;
	bool dir_fresh;
};

/*
 * Element i < count of a directory, which is not NULL. @shift is log2 of the element's bytes;
 * callers pass a constant, so that the compiler folds it. RCU.
 */
static __always_inline const void *netpol_pages_at(const struct netpol_pages *p, u8 shift, u32 i)
{
	const u32 bits = NETPOL_PAGE_SHIFT - shift;

	return (const u8 *)p->page[i >> bits] + ((size_t)(i & ((1U << bits) - 1)) << shift);
}

/* Begins an edit of a published directory; NULL is an empty array. Cannot fail. */
void netpol_pages_edit_init(struct netpol_pages_edit *e, const struct netpol_pages *published,
			    u8 shift, struct netpol_cow *cow);

/*
 * Makes the directory large enough for count elements, so that it is not copied again and
 * again. Returns 0, -ENOMEM, or -ENOSPC above NETPOL_PAGES_MAX.
 */
int netpol_pages_reserve(struct netpol_pages_edit *e, u32 count);

/*
 * Makes page n the edit's own, by copying it if it is not. Returns the page, or NULL for lack of
 * memory or above NETPOL_PAGES_MAX.
 */
void *netpol_pages_own(struct netpol_pages_edit *e, u32 n);

/*
 * Element i, which may be written until the edit ends; zeroes if it was never written. NULL for
 * lack of memory or above NETPOL_PAGES_MAX. Pointers to other elements stay valid.
 */
static inline void *netpol_pages_write(struct netpol_pages_edit *e, u32 i)
{
	u32 bits = NETPOL_PAGE_SHIFT - e->shift;
	u32 n = i >> bits;
	u8 *page;

	if (likely(e->dir_fresh && n < e->dir->npages && test_bit(n, e->fresh)))
		page = e->dir->page[n];
	else
		page = netpol_pages_own(e, n);
	return page ? page + ((size_t)(i & ((1U << bits) - 1)) << e->shift) : NULL;
}

/* Element i as it is now, valid until the next write or reserve; zeroes past the end. */
static inline const void *netpol_pages_read(const struct netpol_pages_edit *e, u32 i)
{
	if (!e->dir || i >= e->dir->count)
		return netpol_zero_page;
	return netpol_pages_at(e->dir, e->shift, i);
}

/* Ends the edit. Returns the directory to publish; NULL if it is empty. Cannot fail. */
struct netpol_pages *netpol_pages_edit_done(struct netpol_pages_edit *e);

/* Ends the edit without a result; the caller frees its pages by running cow->created. */
void netpol_pages_edit_abort(struct netpol_pages_edit *e);

/*
 * Ends the edit and puts the directory and all of its pages, published or not, on cow->retired.
 * Returns 0, or -ENOMEM, after which the whole edit has to be aborted.
 */
int netpol_pages_edit_discard(struct netpol_pages_edit *e);

/* Frees a directory and its pages at once; NULL does nothing. Only when no reader is left. */
void netpol_pages_free_all(struct netpol_pages *dir);

/* The bytes in use, the directory included; 0 for NULL. Walks the directory. */
u64 netpol_pages_bytes(const struct netpol_pages *dir);

#endif /* NETPOL_CORE_PAGES_H */
