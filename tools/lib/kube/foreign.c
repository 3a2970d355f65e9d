// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looks for policies of kinds that netpol does not enforce.
 */
#include "kube/foreign.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "kube/cluster_state.h"
#include "kube/request.h"

#define NP_FOREIGN_FIRST_MS	10000	/* from the start to the first round, at least */
#define NP_FOREIGN_EVERY_MS	900000	/* between two rounds, at least */
#define NP_FOREIGN_SPREAD_MS	300000	/* at random more, because there are many agents */
#define NP_FOREIGN_PAUSE_MS	1000	/* between two requests of a round */
#define NP_FOREIGN_REQUEST_MS	30000	/* for one request, its tries included */
#define NP_FOREIGN_BYTES_MAX	(512 * 1024)	/* of an answer */
#define NP_FOREIGN_ASKS_MAX	64	/* requests of one round */
#define NP_FOREIGN_NAME_MAX	63	/* bytes of an API version's name */

static const struct np_foreign_kind np_foreign_kinds[] = {
	{ NP_CLUSTER_GROUP, "adminnetworkpolicies", "AdminNetworkPolicy" },
	{ NP_CLUSTER_GROUP, "baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy" },
	{ "cilium.io", "ciliumnetworkpolicies", "CiliumNetworkPolicy" },
	{ "cilium.io", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy" },
	{ "crd.projectcalico.org", "networkpolicies", "NetworkPolicy of Calico" },
	{ "crd.projectcalico.org", "globalnetworkpolicies", "GlobalNetworkPolicy of Calico" },
	{ "projectcalico.org", "networkpolicies", "NetworkPolicy of Calico" },
	{ "projectcalico.org", "globalnetworkpolicies", "GlobalNetworkPolicy of Calico" },
	{ "crd.antrea.io", "networkpolicies", "NetworkPolicy of Antrea" },
	{ "crd.antrea.io", "clusternetworkpolicies", "ClusterNetworkPolicy of Antrea" },
	{ "networking.gke.io", "fqdnnetworkpolicies", "FQDNNetworkPolicy" },
	{ "k8s.ovn.org", "egressfirewalls", "EgressFirewall" },
};

#define NP_FOREIGN_KINDS	(sizeof(np_foreign_kinds) / sizeof(np_foreign_kinds[0]))

const char *np_foreign_state_name(enum np_foreign_state state)
{
	switch (state) {
	case NP_FOREIGN_PRESENT:
		return "present";
	case NP_FOREIGN_FORBIDDEN:
		return "forbidden";
	default:
		return "none";
	}
}

/* A request for one object of a kind, in one version of its group. */
struct np_foreign_ask {
	size_t kind;
	char version[NP_FOREIGN_NAME_MAX + 1];
};

struct np_foreign {
	struct np_cluster *cluster;
	struct np_call call;
	bool calling;
	bool groups;		/* the call is for the API groups */
	struct np_source_stats stats;	/* apart from those of the kinds that are followed */
	struct np_timer timer;		/* for the next request */
	struct np_timer deadline;	/* for the call */
	struct np_buffer body;
	bool truncated;		/* the answer has more bytes than are kept */
	struct np_foreign_ask ask[NP_FOREIGN_ASKS_MAX];
	size_t ask_count;
	size_t ask_next;
	uint64_t rounds;	/* that have ended */
	/* what this round has found so far, and whether it is all that there is to know */
	enum np_foreign_state found[NP_FOREIGN_KINDS];
	bool failed[NP_FOREIGN_KINDS];
	enum np_foreign_state state[NP_FOREIGN_KINDS];
};

static void np_foreign_report(struct np_foreign *foreign, size_t i)
{
	const struct np_foreign_kind *kind = &np_foreign_kinds[i];

	if (foreign->state[i] == NP_FOREIGN_PRESENT)
		np_cluster_log(foreign->cluster, NP_LOG_WARNING, NP_SOURCE_KINDS, "the cluster has "
			       "objects of kind %s (%s.%s), which netpol does not enforce",
			       kind->kind, kind->resource, kind->group);
	else if (foreign->state[i] == NP_FOREIGN_FORBIDDEN)
		np_cluster_log(foreign->cluster, NP_LOG_WARNING, NP_SOURCE_KINDS, "the cluster "
			       "knows kind %s (%s.%s), which netpol does not enforce; whether it has "
			       "any may not be listed", kind->kind, kind->resource, kind->group);
}

/* A kind that could not be asked for stays as it was. */
static void np_foreign_round_end(struct np_foreign *foreign)
{
	size_t i;

	for (i = 0; i < NP_FOREIGN_KINDS; i++) {
		if (foreign->failed[i] && foreign->found[i] != NP_FOREIGN_PRESENT)
			continue;
		if (foreign->state[i] == foreign->found[i])
			continue;
		foreign->state[i] = foreign->found[i];
		np_foreign_report(foreign, i);
	}
	np_timer_start(foreign->cluster->loop, &foreign->timer,
		       NP_FOREIGN_EVERY_MS + np_jitter(NP_FOREIGN_SPREAD_MS));
	foreign->ask_count = 0;
	foreign->ask_next = 0;
	foreign->rounds++;
}

static void np_foreign_ask_for(struct np_foreign *foreign, const char *group, const char *version)
{
	struct np_foreign_ask *ask;
	size_t i;

	/* It becomes a part of a path. */
	if (!*version || strlen(version) > NP_FOREIGN_NAME_MAX ||
	    version[strspn(version, "abcdefghijklmnopqrstuvwxyz0123456789")])
		return;
	for (i = 0; i < NP_FOREIGN_KINDS; i++) {
		if (strcmp(np_foreign_kinds[i].group, group))
			continue;
		if (foreign->ask_count == NP_FOREIGN_ASKS_MAX) {
			foreign->failed[i] = true;
			continue;
		}
		ask = &foreign->ask[foreign->ask_count++];
		ask->kind = i;
		strcpy(ask->version, version);
	}
}

static const char *np_foreign_text(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

/* Reads an APIGroupList. Returns false if it is none. */
static bool np_foreign_groups(struct np_foreign *foreign)
{
	cJSON *root = cJSON_ParseWithLength(foreign->body.data, foreign->body.len);
	const cJSON *groups = cJSON_GetObjectItemCaseSensitive(root, "groups"), *group, *version;
	bool good = cJSON_IsArray(groups);

	cJSON_ArrayForEach(group, groups) {
		cJSON_ArrayForEach(version, cJSON_GetObjectItemCaseSensitive(group, "versions")) {
			np_foreign_ask_for(foreign, np_foreign_text(group, "name"),
					   np_foreign_text(version, "version"));
		}
	}
	cJSON_Delete(root);
	return good;
}

/* Reads a list of one object at most. One that is too large to be kept has an object. */
static void np_foreign_list(struct np_foreign *foreign, size_t kind)
{
	const cJSON *items;
	cJSON *root;

	if (foreign->truncated) {
		foreign->found[kind] = NP_FOREIGN_PRESENT;
		return;
	}
	root = cJSON_ParseWithLength(foreign->body.data, foreign->body.len);
	items = cJSON_GetObjectItemCaseSensitive(root, "items");
	if (cJSON_GetArraySize(items) > 0)
		foreign->found[kind] = NP_FOREIGN_PRESENT;
	else if (!root || (items && !cJSON_IsArray(items) && !cJSON_IsNull(items)))
		foreign->failed[kind] = true;
	cJSON_Delete(root);
}

static void np_foreign_next(struct np_foreign *foreign)
{
	if (foreign->ask_next == foreign->ask_count)
		np_foreign_round_end(foreign);
	else
		np_timer_start(foreign->cluster->loop, &foreign->timer, NP_FOREIGN_PAUSE_MS);
}

/* The call has ended. status: of its answer; 0: there is none. */
static void np_foreign_answer(struct np_foreign *foreign, long status)
{
	size_t i, kind;

	foreign->calling = false;
	np_timer_stop(&foreign->deadline);
	if (foreign->groups) {
		if (status != 200 || foreign->truncated || !np_foreign_groups(foreign))
			for (i = 0; i < NP_FOREIGN_KINDS; i++)
				foreign->failed[i] = true;
	} else {
		kind = foreign->ask[foreign->ask_next++].kind;
		if (status == 200)
			np_foreign_list(foreign, kind);
		else if (status == 403 && foreign->found[kind] == NP_FOREIGN_NONE)
			foreign->found[kind] = NP_FOREIGN_FORBIDDEN;
		else if (status != 403 && status != 404)
			foreign->failed[kind] = true;
	}
	np_buffer_free(&foreign->body);
	np_foreign_next(foreign);
}

static void np_foreign_answered(void *context)
{
	struct np_foreign *foreign = context;

	np_buffer_free(&foreign->body);
	foreign->truncated = false;
}

static int np_foreign_data(void *context, const char *data, size_t len)
{
	struct np_foreign *foreign = context;

	if (!np_buffer_add_bounded(&foreign->body, data, len, NP_FOREIGN_BYTES_MAX))
		foreign->truncated = true;
	return foreign->truncated ? -1 : 0;
}

static void np_foreign_done(void *context, const struct np_http_result *result, const char *error)
{
	struct np_foreign *foreign = context;
	bool whole = !error && (result->end == NP_HTTP_DONE || foreign->truncated);

	np_foreign_answer(foreign, whole ? result->status : 0);
}

static void np_foreign_late(void *context)
{
	struct np_foreign *foreign = context;

	np_call_cancel(&foreign->call);
	np_foreign_answer(foreign, 0);
}

static void np_foreign_send(struct np_foreign *foreign, const char *accept)
{
	struct np_call *call = &foreign->call;

	foreign->truncated = false;
	foreign->calling = true;
	call->cluster = foreign->cluster;
	call->accept = accept;
	call->server = np_cluster_choose(foreign->cluster);
	call->aside = true;
	call->stats = &foreign->stats;
	call->answered = np_foreign_answered;
	call->data = np_foreign_data;
	call->done = np_foreign_done;
	call->context = foreign;
	np_timer_start(foreign->cluster->loop, &foreign->deadline, NP_FOREIGN_REQUEST_MS);
	np_call_start(call);
}

static void np_foreign_fire(void *context)
{
	struct np_foreign *foreign = context;
	const struct np_foreign_kind *kind;
	const struct np_foreign_ask *ask;
	struct np_buffer path = { 0 };

	foreign->groups = !foreign->ask_count;
	if (foreign->groups) {
		memset(foreign->found, 0, sizeof(foreign->found));
		memset(foreign->failed, 0, sizeof(foreign->failed));
		foreign->call.path = np_xstrdup("/apis");
		np_foreign_send(foreign, "Accept: application/json");
		return;
	}
	ask = &foreign->ask[foreign->ask_next];
	kind = &np_foreign_kinds[ask->kind];
	np_buffer_print(&path, "/apis/%s/%s/%s?limit=1", kind->group, ask->version,
			kind->resource);
	foreign->call.path = path.data;
	np_foreign_send(foreign, "Accept: application/json;as=PartialObjectMetadataList;"
			"g=meta.k8s.io;v=v1,application/json");
}

struct np_foreign *np_foreign_new(struct np_cluster *cluster)
{
	struct np_foreign *foreign = np_xcalloc(1, sizeof(*foreign));

	foreign->cluster = cluster;
	foreign->timer.fire = np_foreign_fire;
	foreign->timer.context = foreign;
	foreign->deadline.fire = np_foreign_late;
	foreign->deadline.context = foreign;
	return foreign;
}

void np_foreign_start(struct np_foreign *foreign)
{
	np_foreign_stop(foreign);
	np_timer_start(foreign->cluster->loop, &foreign->timer,
		       NP_FOREIGN_FIRST_MS + np_jitter(NP_FOREIGN_FIRST_MS));
}

void np_foreign_stop(struct np_foreign *foreign)
{
	np_timer_stop(&foreign->timer);
	np_timer_stop(&foreign->deadline);
	if (foreign->calling)
		np_call_cancel(&foreign->call);
	foreign->calling = false;
	foreign->ask_count = 0;
	foreign->ask_next = 0;
	np_buffer_free(&foreign->body);
}

void np_foreign_free(struct np_foreign *foreign)
{
	if (!foreign)
		return;
	np_foreign_stop(foreign);
	free(foreign);
}

uint64_t np_foreign_rounds(const struct np_foreign *foreign)
{
	return foreign ? foreign->rounds : 0;
}

const struct np_foreign_kind *np_foreign_kind(const struct np_foreign *foreign, size_t number,
					      enum np_foreign_state *state)
{
	if (number >= NP_FOREIGN_KINDS)
		return NULL;
	*state = foreign ? foreign->state[number] : NP_FOREIGN_NONE;
	return &np_foreign_kinds[number];
}
