// SPDX-License-Identifier: GPL-2.0
/* Lists of numbers in one array; see csr.h. */
#include "core/csr.h"

int netpol_csr_init(struct netpol_csr *csr, u32 lists)
{
	csr->lists = lists;
	csr->first = netpol_alloc_array((size_t)lists + 2, sizeof(*csr->first));
	return csr->first ? 0 : -ENOMEM;
}

int netpol_csr_begin(struct netpol_csr *csr)
{
	u32 i;

	for (i = 0; i < csr->lists; i++) {
		csr->first[i + 2] += csr->first[i + 1];
		netpol_offer(i);
	}
	csr->item = netpol_alloc_array(csr->first[csr->lists + 1], sizeof(*csr->item));
	return csr->item ? 0 : -ENOMEM;
}

void netpol_csr_free(struct netpol_csr *csr)
{
	netpol_free(csr->first);
	netpol_free(csr->item);
}
