// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Choice of the server, limit of requests, messages.
 */
#include "kube/cluster_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>

uint32_t np_jitter(uint32_t below)
{
	uint32_t n;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		n = 0;
	return below ? n % below : 0;
}

void np_cluster_log(struct np_cluster *cluster, enum np_log_level level,
		    enum np_source_kind kind, const char *fmt, ...)
{
	char text[1536];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cluster->ops->log(cluster->context, level, kind, text);
}

size_t np_cluster_choose(struct np_cluster *cluster)
{
	int64_t now = np_loop_now(cluster->loop);
	size_t i, best = cluster->current;

	if (cluster->servers[best].bad_until_ms <= now)
		return best;
	for (i = 1; i < cluster->server_count; i++) {
		size_t n = (cluster->current + i) % cluster->server_count;

		if (cluster->servers[n].bad_until_ms <= now) {
			best = n;
			break;
		}
		if (cluster->servers[n].bad_until_ms <
		    cluster->servers[best].bad_until_ms)
			best = n;
	}
	if (best != cluster->current)
		np_cluster_log(cluster, NP_LOG_INFO, NP_SOURCE_KINDS,
			       "using API server %s", cluster->servers[best].url);
	cluster->current = best;
	return best;
}

void np_cluster_mark_bad(struct np_cluster *cluster, size_t server)
{
	if (server < cluster->server_count)
		cluster->servers[server].bad_until_ms =
			np_loop_now(cluster->loop) + NP_SERVER_BAD_MS;
}

int64_t np_cluster_slot(struct np_cluster *cluster)
{
	int64_t now = np_loop_now(cluster->loop), when;

	if (cluster->sent < NP_REQUESTS_A_SECOND)
		return 0;
	when = cluster->sent_ms[cluster->sent_next] + 1000;
	return when > now ? when - now : 0;
}

void np_cluster_sent(struct np_cluster *cluster)
{
	cluster->sent_ms[cluster->sent_next] = np_loop_now(cluster->loop);
	cluster->sent_next = (cluster->sent_next + 1) % NP_REQUESTS_A_SECOND;
	if (cluster->sent < NP_REQUESTS_A_SECOND)
		cluster->sent++;
}
