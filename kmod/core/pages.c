// SPDX-License-Identifier: GPL-2.0
/* Copy-on-write paged array; see pages.h. */
#include "core/pages.h"

const u8 netpol_zero_page[NETPOL_PAGE_SIZE] __aligned(NETPOL_PAGE_SIZE);

/* The number of elements in a page. */
static u32 page_elements(const struct netpol_pages_edit *e)
{
	return NETPOL_PAGE_SIZE >> e->shift;
}

/* Is this the page in place of those that were never written? */
static bool never_written(const void *page)
{
	return page == netpol_zero_page;
}

void netpol_pages_edit_init(struct netpol_pages_edit *e, const struct netpol_pages *published,
			    u8 shift, struct netpol_cow *cow)
{
	WARN_ON_ONCE(published && published->elem_size != 1U << shift);
	memset(e, 0, sizeof(*e));
	/* not written before dir_fresh is true */
	e->dir = (struct netpol_pages *)published;
	e->shift = shift;
	e->cow = cow;
}

/*
 * Replaces the directory by a copy of npages pages; the additional ones are zero pages. Return:
 * 0 or -ENOMEM.
 */
static int copy_directory(struct netpol_pages_edit *e, u32 npages)
{
	const struct netpol_pages *old = e->dir;
	u32 have = old ? old->npages : 0;
	struct netpol_pages *dir;
	unsigned long *fresh;
	u64 bytes;
	u32 i;

	bytes = struct_size(dir, page, npages);
	dir = netpol_alloc(bytes);
	fresh = netpol_alloc_array(BITS_TO_LONGS(npages), sizeof(long));
	if (!dir || !fresh)
		goto fail;
	dir->npages = npages;
	dir->elem_size = 1U << e->shift;
	dir->count = npages << (NETPOL_PAGE_SHIFT - e->shift);
	for (i = 0; i < npages; i++)
		dir->page[i] = i < have ? old->page[i] : (void *)netpol_zero_page;
	if (e->fresh)
		memcpy(fresh, e->fresh, BITS_TO_LONGS(have) * sizeof(long));

	if (old && netpol_retire_add_sized(&e->cow->retired, e->dir, NETPOL_RETIRE_MEMORY,
					   struct_size(old, page, have)))
		goto fail;
	if (netpol_retire_add_sized(&e->cow->created, dir, NETPOL_RETIRE_MEMORY, bytes))
		goto fail;
	netpol_free(e->fresh);
	e->fresh = fresh;
	e->dir = dir;
	e->dir_fresh = true;
	return 0;

fail:
	netpol_free(fresh);
	netpol_free(dir);
	return -ENOMEM;
}

int netpol_pages_reserve(struct netpol_pages_edit *e, u32 count)
{
	u32 npages = DIV_ROUND_UP((u64)count, page_elements(e));

	if (!count || (e->dir && count <= e->dir->count))
		return 0;
	if (npages > NETPOL_PAGES_MAX)
		return -ENOSPC;
	return copy_directory(e, roundup_pow_of_two(npages));
}

void *netpol_pages_own(struct netpol_pages_edit *e, u32 n)
{
	void *page, *old;

	if (n >= NETPOL_PAGES_MAX)
		return NULL;
	if (!e->dir || n >= e->dir->npages) {
		if (copy_directory(e, roundup_pow_of_two(n + 1)))
			return NULL;
	} else if (!e->dir_fresh) {
		if (copy_directory(e, e->dir->npages))
			return NULL;
	}

	old = e->dir->page[n];
	if (test_bit(n, e->fresh))
		return old;
	page = netpol_page_alloc();
	if (!page)
		return NULL;
	if (netpol_retire_add(&e->cow->created, page, NETPOL_RETIRE_PAGE)) {
		netpol_page_free(page);
		return NULL;
	}
	if (!never_written(old)) {
		if (netpol_retire_add(&e->cow->retired, old, NETPOL_RETIRE_PAGE))
			return NULL;
		memcpy(page, old, NETPOL_PAGE_SIZE);
	}
	e->dir->page[n] = page;
	__set_bit(n, e->fresh);
	return page;
}

/* Empties the edit and returns the directory that was in it. */
static struct netpol_pages *end_edit(struct netpol_pages_edit *e)
{
	struct netpol_pages *dir = e->dir;

	netpol_free(e->fresh);
	e->fresh = NULL;
	e->dir = NULL;
	e->dir_fresh = false;
	return dir;
}

struct netpol_pages *netpol_pages_edit_done(struct netpol_pages_edit *e)
{
	return end_edit(e);
}

void netpol_pages_edit_abort(struct netpol_pages_edit *e)
{
	end_edit(e);
}

int netpol_pages_edit_discard(struct netpol_pages_edit *e)
{
	struct netpol_pages *dir = end_edit(e);
	struct netpol_retire_list *retired = &e->cow->retired;
	u32 i;

	if (!dir)
		return 0;
	for (i = 0; i < dir->npages; i++) {
		if (never_written(dir->page[i]))
			continue;
		if (netpol_retire_add(retired, dir->page[i], NETPOL_RETIRE_PAGE))
			return -ENOMEM;
	}
	return netpol_retire_add_sized(retired, dir, NETPOL_RETIRE_MEMORY,
				       struct_size(dir, page, dir->npages));
}

void netpol_pages_free_all(struct netpol_pages *dir)
{
	u32 i;

	if (!dir)
		return;
	for (i = 0; i < dir->npages; i++) {
		if (!never_written(dir->page[i]))
			netpol_page_free(dir->page[i]);
		if (i % 64 == 63)
			cond_resched();
	}
	netpol_free(dir);
}

u64 netpol_pages_bytes(const struct netpol_pages *dir)
{
	u64 bytes;
	u32 i;

	if (!dir)
		return 0;
	bytes = struct_size(dir, page, dir->npages);
	for (i = 0; i < dir->npages; i++)
		if (!never_written(dir->page[i]))
			bytes += NETPOL_PAGE_SIZE;
	return bytes;
}
