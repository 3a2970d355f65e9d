/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copy-on-write paged array: a directory of pages of 4 KiB, of elements whose
 * size is a power of two. What is published never changes; an edit copies the
 * directory and the pages that it writes, and shares the others.
 *
 * Readers hold the RCU section under which they found the directory. Edits run
 * in process context under the world's mutex. The memory of an edit is on its
 * netpol_cow from the moment it is allocated (see retire.h).
 */
#ifndef NETPOL_CORE_PAGES_H
#define NETPOL_CORE_PAGES_H

#include "core/retire.h"

/* Most pages in one directory: 4 GiB of elements. */
#define NETPOL_PAGES_MAX	BIT(20)

/**
 * struct netpol_pages - directory; never changes once published
 * @count: elements, npages times what fits into one
 * @elem_size: bytes of one
 * @npages: pages, a power of two
 * @page: pages; the absent ones all point to netpol_zero_page
 */
struct netpol_pages {
	u32 count;
	u32 elem_size;
	u32 npages;
	void *page[];
};

/* Stands for every page that was never written. Never written, never freed. */
extern const u8 netpol_zero_page[NETPOL_PAGE_SIZE];

/**
 * struct netpol_pages_edit - the array while one edit is changing it
 * @dir: the published directory, or this edit's copy of it, or NULL (empty)
 * @fresh: one bit per page of @dir: it belongs to this edit and may be written;
 *	NULL while @dir_fresh is false
 * @dir_fresh: @dir belongs to this edit
 * @shift: log2 of the bytes of an element
 * @cow: owner of what is allocated and replaced
 */
struct netpol_pages_edit {
	struct netpol_pages *dir;
	unsigned long *fresh;
	struct netpol_cow *cow;
	u8 shift;
	bool dir_fresh;
};

/*
 * Element i of a directory that isn't NULL, i < count. The shift is that of the
 * directory; give a constant, so that the compiler folds it.
 */
static __always_inline const void *netpol_pages_at(const struct netpol_pages *p, u8 shift, u32 i)
{
	const u32 bits = NETPOL_PAGE_SHIFT - shift;

	return (const u8 *)p->page[i >> bits] + ((size_t)(i & ((1U << bits) - 1)) << shift);
}

/* Begins an edit of a published directory, or of an empty array (NULL). Can't fail. */
void netpol_pages_edit_init(struct netpol_pages_edit *e, const struct netpol_pages *published,
			    u8 shift, struct netpol_cow *cow);

/*
 * Makes room for at least count elements, so that the directory isn't copied
 * again and again. 0, -ENOMEM, or -ENOSPC above NETPOL_PAGES_MAX.
 */
int netpol_pages_reserve(struct netpol_pages_edit *e, u32 count);

/* Makes page n of the array the edit's own. The page, or NULL as netpol_pages_write(). */
void *netpol_pages_own(struct netpol_pages_edit *e, u32 n);

/*
 * Element i, to be written until done or abort; zeroes if it never was. NULL on
 * ENOMEM or above NETPOL_PAGES_MAX. Pointers got before stay good.
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

/* Element i as it is now, good until the next write or reserve; zeroes past the end. */
static inline const void *netpol_pages_read(const struct netpol_pages_edit *e, u32 i)
{
	if (!e->dir || i >= e->dir->count)
		return netpol_zero_page;
	return netpol_pages_at(e->dir, e->shift, i);
}

/* Ends the edit. The directory to publish; NULL if empty and never written. Can't fail. */
struct netpol_pages *netpol_pages_edit_done(struct netpol_pages_edit *e);

/* Ends the edit and forgets it; running cow->created frees its pages. */
void netpol_pages_edit_abort(struct netpol_pages_edit *e);

/*
 * Ends the edit by retiring the directory and all of its pages, published or
 * not, to cow->retired. 0, or -ENOMEM: then only an abort of the whole cow helps.
 */
int netpol_pages_edit_discard(struct netpol_pages_edit *e);

/* Frees a directory and all its pages at once; NULL is fine. For the final teardown. */
void netpol_pages_free_all(struct netpol_pages *dir);

/* Bytes in use, directory included; 0 for NULL. Walks the directory. */
u64 netpol_pages_bytes(const struct netpol_pages *dir);

#endif /* NETPOL_CORE_PAGES_H */
