// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Local pods that can't be loaded, because they are over a cap, the kernel refused them or
 * one of their policies can't even be closed. To the kernel their addresses are nobody's,
 * and what is nobody's has no policies: where no guard covers them, each gets one of its own.
 */
#include "agent/agent.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"

static const struct np_log_about np_about = { .component = "local" };

static bool np_shut_has(const struct np_agent *agent, const struct np_cidr *cidr)
{
	size_t i;

	for (i = 0; i < agent->shut_count; i++)
		if (!memcmp(&agent->shut[i], cidr, sizeof(*cidr)))
			return true;
	return false;
}

static void np_shut_add(struct np_agent *agent, const struct np_cidr *cidr)
{
	agent->shut = np_xrealloc(agent->shut, agent->shut_count + 1, sizeof(*agent->shut));
	agent->shut[agent->shut_count++] = *cidr;
}

/* How many guards of single addresses the kernel takes beside the others. */
static size_t np_shut_room(const struct np_agent *agent)
{
	uint64_t limit = agent->commit.limit[NETPOL_LIMIT_GUARDS];
	uint64_t others = agent->opts->settings.guard_prefix_count +
			  agent->desired.pod_cidr_count;

	return limit > others ? limit - others : 0;
}

/* Adds the addresses of a pod; how many did not find room. */
static size_t np_shut_pod(struct np_agent *agent, const struct np_desired_pod *pod, size_t room)
{
	struct np_address address[NP_DESIRED_ADDRESSES];
	uint32_t count = np_desired_addresses(pod, address), i;
	struct np_cidr cidr;
	size_t left = 0;

	for (i = 0; i < count; i++) {
		memset(&cidr, 0, sizeof(cidr));
		cidr.family = address[i].family;
		cidr.length = cidr.family == AF_INET ? 32 : 128;
		memcpy(cidr.addr, address[i].addr, cidr.length / 8);
		if (np_shut_has(agent, &cidr))
			continue;
		if (agent->shut_count < room)
			np_shut_add(agent, &cidr);
		else
			left++;
	}
	return left;
}

bool np_agent_shut(struct np_agent *agent, bool keep)
{
	struct np_cidr *before = agent->shut;
	size_t before_count = agent->shut_count, room = np_shut_room(agent), left = 0, i;
	const struct np_desired_pod *pod;
	bool changed;

	agent->shut = NULL;
	agent->shut_count = 0;
	for (i = 0; keep && i < before_count; i++)
		np_shut_add(agent, &before[i]);
	for (i = 0; i < agent->desired.local_count; i++) {
		pod = agent->desired.local[i];
		if (pod->flags & (NP_DESIRED_ASIDE | NP_DESIRED_WITHHELD) &&
		    !(pod->flags & (NP_DESIRED_GONE | NP_DESIRED_DEAD | NP_DESIRED_OWN)))
			left += np_shut_pod(agent, pod, room);
	}
	changed = agent->shut_count != before_count;
	for (i = 0; !changed && i < before_count; i++)
		changed = !np_shut_has(agent, &before[i]);
	free(before);
	if (changed && left)
		np_log_line(NP_LOG_ERROR, &np_about, "%zu addresses of pods that can't be "
			    "loaded are open: the kernel takes no more guards", left);
	return changed;
}
