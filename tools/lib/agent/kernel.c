// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's connection to the kernel module.
 */
#include "agent/kernel.h"

#include <string.h>

#include "base/log.h"
#include "netlink/decode.h"
#include "netlink/report.h"
#include "netlink/schema.h"
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

bool np_kernel_lacking(struct np_kernel *kernel, uint32_t *pods)
{
	struct np_error err = { 0 };
	struct np_info info;
	int ret;

	if (!kernel->open)
		return false;
	ret = np_info_get(&kernel->client, &info, &err);
	*pods = info.lacking;
	np_info_free(&info);
	return !ret;
}

/* Looks for ClusterNetworkPolicies of the origin in one message of a dump. arg: whether any is. */
static int np_kernel_policies(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NETPOL_POLICY_A_MAX + 1], *attr, *attrs;
	char origin[NETPOL_ORIGIN_MAX + 1] = "";
	bool *found = arg;
	int len, left;

	attrs = np_message_attrs(nlh, &len);
	nla_for_each_attr(attr, attrs, len, left) {
		if (nla_type(attr) != NETPOL_A_POLICY)
			continue;
		if (!np_parse_nest(&np_policy_schema, attr, tb))
			return np_error_set(err, NP_EXIT_ABI, "a policy cannot be read");
		np_attr_string(tb[NETPOL_POLICY_A_ORIGIN], origin, sizeof(origin));
		if (np_attr_u8(tb[NETPOL_POLICY_A_KIND]) == NETPOL_KIND_CLUSTER_NETWORK_POLICY &&
		    !strcmp(origin, NP_KUBE_ORIGIN))
			*found = true;
	}
	return 0;
}

static void np_kernel_policies_restart(void *arg)
{
	*(bool *)arg = false;
}

bool np_kernel_has_cluster_policies(struct np_kernel *kernel)
{
	struct np_log_about about = { .component = "agent" };
	struct np_error err = { 0 };
	bool found = false;

	if (!np_client_dump(&kernel->client,
			    np_client_message(&kernel->client, NETPOL_CMD_GET_POLICY, 256),
			    np_kernel_policies_restart, np_kernel_policies, &found, &err))
		return found;
	about.error = err.text;
	np_log_line(NP_LOG_WARNING, &about,
		    "whether the kernel holds ClusterNetworkPolicies cannot be told");
	return true;
}
