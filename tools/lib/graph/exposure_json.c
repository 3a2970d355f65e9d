// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes what workloads are exposed to as JSON. */
#include <linux/netpol.h>

#include "base/output.h"
#include "diff/json.h"
#include "graph/exposure_json.h"
#include "netlink/report.h"

struct np_exposure_json {
	const struct np_exposure *exposure;
	struct np_writer w;
};

/* family: 4, 6, or 0: all that both ends have */
static void np_exposure_json_passes(struct np_exposure_json *json, uint64_t family, uint32_t set,
				    bool all)
{
	const struct np_flows *flows = json->exposure->workloads->flows;
	struct np_writer *w = &json->w;

	np_write_object(w, NULL);
	if (family)
		np_write_number(w, "family", family);
	np_diff_write_ports(w, &flows->ports, flows->set[set]->bit);
	np_write_bool(w, "allPods", all);
	np_write_end(w);
}

static void np_exposure_json_set(struct np_exposure_json *json, uint64_t family,
				 const struct np_passes *passes)
{
	struct np_flows *flows = json->exposure->workloads->flows;
	uint32_t rest;

	if (passes->some == NP_FLOWS_UNASKED || passes->some == NP_FLOWS_NOTHING)
		return;
	if (passes->all != NP_FLOWS_NOTHING)
		np_exposure_json_passes(json, family, passes->all, true);
	rest = np_flows_without(flows, passes->some, passes->all);
	if (rest != NP_FLOWS_NOTHING)
		np_exposure_json_passes(json, family, rest, false);
}

/* Writes what passes between pods, once if families do not differ. */
static void np_exposure_json_connections(struct np_exposure_json *json,
					 const struct np_passes passes[2])
{
	np_write_array(&json->w, "connections");
	if (passes[0].all == passes[1].all && passes[0].some == passes[1].some) {
		np_exposure_json_set(json, 0, &passes[0]);
	} else {
		np_exposure_json_set(json, 4, &passes[0]);
		np_exposure_json_set(json, 6, &passes[1]);
	}
	np_write_end(&json->w);
}

static void np_exposure_json_pods(struct np_exposure_json *json, const char *key,
				  const struct np_exposure_list *list)
{
	const struct np_workload *of = json->exposure->workloads->item;
	struct np_writer *w = &json->w;
	size_t i, k;

	np_write_array(w, key);
	for (i = 0; i < list->items; i++) {
		np_write_object(w, NULL);
		np_write_array(w, "workloads");
		for (k = 0; k < list->item[i].count; k++)
			np_write_format(w, NULL, "%s/%s", of[list->item[i].peer[k]].namespace,
					of[list->item[i].peer[k]].name);
		np_write_end(w);
		np_exposure_json_connections(json, list->item[i].passes);
		np_write_end(w);
	}
	np_write_end(w);
}

static void np_exposure_json_range(void *context, uint8_t family,
				   const struct np_diff_range *range)
{
	struct np_address address = { .family = family };
	struct np_exposure_json *json = context;
	char text[NP_CIDR_TEXT];

	np_write_object(&json->w, NULL);
	memcpy(address.addr, range->first, sizeof(address.addr));
	np_write_string(&json->w, "first", np_address_text(&address, text));
	memcpy(address.addr, range->last, sizeof(address.addr));
	np_write_string(&json->w, "last", np_address_text(&address, text));
	np_write_end(&json->w);
}

static void np_exposure_json_world(struct np_exposure_json *json,
				   const struct np_exposure_list *list)
{
	const struct np_exposure_peers *item;
	size_t i;
	int v6;

	np_write_array(&json->w, "world");
	for (i = 0; i < list->items; i++) {
		item = &list->item[i];
		np_write_object(&json->w, NULL);
		np_write_array(&json->w, "ranges");
		for (v6 = 0; v6 < 2; v6++)
			np_exposure_runs(json->exposure, item, v6, false, np_exposure_json_range,
					 json);
		np_write_end(&json->w);
		np_write_array(&json->w, "connections");
		np_exposure_json_set(json, 0, &item->passes[0]);
		np_write_end(&json->w);
		np_write_end(&json->w);
	}
	np_write_end(&json->w);
}

static void np_exposure_json_side(struct np_exposure_json *json, const struct np_exposed *item,
				  uint8_t direction)
{
	static const char *const isolated[] = { "no", "some", "all" };
	const struct np_exposure_side *side = &item->side[direction];
	struct np_writer *w = &json->w;
	size_t i;

	np_write_object(w, np_direction_name(direction));
	np_write_string(w, "isolated", isolated[side->isolated]);
	np_write_array(w, "policies");
	for (i = 0; i < side->policies; i++)
		np_write_string(w, NULL, side->policy[i]);
	np_write_end(w);
	if (side->observeds)
		np_write_array(w, "observed");
	for (i = 0; i < side->observeds; i++)
		np_write_string(w, NULL, side->observed[i]);
	if (side->observeds)
		np_write_end(w);
	if (direction == NETPOL_DIRECTION_INGRESS)
		np_write_string(w, "node", "always");
	np_exposure_json_world(json, &side->world);
	np_exposure_json_pods(json, "otherNamespaces", &side->others);
	np_exposure_json_pods(json, "ownNamespace", &side->own);
	np_write_end(w);
}

void np_exposure_write_json(const struct np_exposure *exposure, FILE *file)
{
	struct np_exposure_json json = { .exposure = exposure };
	const struct np_workload *of;
	struct np_writer *w = &json.w;
	size_t i, k;

	np_writer_init(w, file, NP_FORMAT_JSON);
	np_write_top(w, "Exposure");
	np_write_bool(w, "everyPort", !exposure->workloads->flows->ports.asked);
	np_write_array(w, "workloads");
	for (i = 0; i < exposure->items; i++) {
		of = &exposure->workloads->item[exposure->item[i].workload];
		np_write_object(w, NULL);
		np_write_string(w, "namespace", of->namespace);
		np_write_string(w, "name", of->name);
		np_write_string(w, "kind", of->is_pod ? "pod" : "workload");
		np_write_array(w, "pods");
		for (k = 0; k < of->pods; k++)
			np_write_string(w, NULL, of->pod[k]);
		np_write_end(w);
		np_exposure_json_side(&json, &exposure->item[i], NETPOL_DIRECTION_INGRESS);
		np_exposure_json_side(&json, &exposure->item[i], NETPOL_DIRECTION_EGRESS);
		np_write_end(w);
	}
	np_write_end(w);
	np_write_end(w);
}
