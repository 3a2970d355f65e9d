// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's connection to the kernel module.
 */
#include "agent/kernel.h"

#include <string.h>

#include "netlink/report.h"
#include "netlink/transaction.h"

void np_kernel_init(struct np_kernel *kernel, int timeout)
{
	memset(kernel, 0, sizeof(*kernel));
	kernel->timeout = timeout;
}

void np_kernel_close(struct np_kernel *kernel)
{
	if (kernel->open)
		np_client_close(&kernel->client);
	kernel->open = false;
}

int np_kernel_info(struct np_kernel *kernel, uint64_t *origin_generation, uint64_t *present,
		   struct np_error *err)
{
	struct np_info info;
	size_t i;
	int ret;

	ret = np_info_get(&kernel->client, &info, err);
	if (!ret)
		ret = np_info_check(&info, err);
	if (!ret) {
		*origin_generation = np_info_generation(&info, NP_KUBE_ORIGIN);
		kernel->generation = info.generation;
		kernel->settings_generation = np_info_generation(&info, NP_SETTINGS_ORIGIN);
		memcpy(kernel->version, info.version, sizeof(kernel->version));
		for (i = 0; i < info.limit_count; i++)
			if (info.limit[i].id <= NETPOL_LIMIT_MAX)
				kernel->limit[info.limit[i].id] = info.limit[i].max;
		if (present)
			*present = np_info_objects(&info, NP_KUBE_ORIGIN);
	}
	np_info_free(&info);
	return ret;
}

int np_kernel_open(struct np_kernel *kernel, uint64_t *present, struct np_error *err)
{
	*present = 0;
	if (!kernel->open) {
		if (np_client_open(&kernel->client, NETPOL_GENL_NAME, kernel->timeout, err)) {
			np_client_close(&kernel->client);
			return -1;
		}
		kernel->open = true;
	}
	if (!np_kernel_info(kernel, &kernel->origin_generation, present, err))
		return 0;
	np_kernel_close(kernel);
	return -1;
}
