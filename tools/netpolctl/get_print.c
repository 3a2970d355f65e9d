// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables and manifests of `netpolctl get`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "get.h"
#include "object/write.h"

/*
 * Indexes into a state, in order of namespace, name and origin. ClusterNetworkPolicies come last,
 * in the order in which they are asked.
 */
struct np_order {
	bool cluster;		/* a ClusterNetworkPolicy */
	uint32_t turn;		/* its tier and priority */
	const char *namespace;
	const char *name;
	const char *origin;
	size_t index;
};

static int np_order_compare(const void *left, const void *right)
{
	const struct np_order *a = left, *b = right;
	int ret = a->cluster - b->cluster;

	if (!ret)
		ret = a->turn < b->turn ? -1 : a->turn > b->turn;
	if (!ret)
		ret = strcmp(a->namespace, b->namespace);
	if (!ret)
		ret = strcmp(a->name, b->name);
	return ret ? ret : strcmp(a->origin, b->origin);
}

static struct np_order *np_get_order(const struct np_get *get, const struct np_state *state,
				     uint8_t command, size_t *count)
{
	const struct np_objects *objs = &state->objects;
	struct np_order *order, *next;
	size_t total, i;

	total = command == NETPOL_CMD_GET_NAMESPACE ? objs->namespace_count :
		command == NETPOL_CMD_GET_POD ? objs->pod_count : objs->policy_count;
	order = np_xcalloc(total + 1, sizeof(*order));
	for (i = 0, next = order; i < total; i++) {
		next->index = i;
		next->namespace = "";
		next->cluster = false;
		next->turn = 0;
		if (command == NETPOL_CMD_GET_NAMESPACE) {
			next->name = objs->namespaces[i].name;
			next->origin = state->namespace[i].origin;
		} else if (command == NETPOL_CMD_GET_POD) {
			next->namespace = objs->pods[i].namespace;
			next->name = objs->pods[i].name;
			next->origin = state->pod[i].origin;
		} else {
			next->namespace = objs->policies[i].namespace;
			next->name = objs->policies[i].name;
			next->origin = state->policy[i].origin;
			next->cluster = objs->policies[i].tier != NP_TIER_NETWORK_POLICY;
			if (next->cluster ? get->no_cluster : get->no_policies)
				continue;
			if (next->cluster)
				next->turn = (uint32_t)objs->policies[i].tier << 16 |
					     objs->policies[i].priority;
		}
		if (np_get_wanted(get, next->namespace, next->name, next->origin))
			next++;
	}
	*count = next - order;
	if (*count)
		qsort(order, *count, sizeof(*order), np_order_compare);
	return order;
}

/* The text of one cell, which grows. */
struct np_cell {
	char *text;
	size_t len;
	FILE *file;
};

static void np_cell_open(struct np_cell *cell)
{
	cell->text = NULL;
	cell->file = open_memstream(&cell->text, &cell->len);
	if (!cell->file)
		abort();
}

static void np_cell_add(struct np_table *table, struct np_cell *cell)
{
	fclose(cell->file);
	np_table_add(table, "%s", *cell->text ? cell->text : "-");
	free(cell->text);
}

static void np_cell_labels(struct np_table *table, const struct np_labels *labels)
{
	struct np_cell cell;
	uint32_t i;

	np_cell_open(&cell);
	for (i = 0; i < labels->count; i++)
		fprintf(cell.file, "%s%s=%s", i ? "," : "", labels->item[i].key,
			labels->item[i].value);
	np_cell_add(table, &cell);
}

/* Writes a selector as kubectl does: a=b,c in (d,e),!f, and <all> for all pods. */
static void np_cell_selector(struct np_table *table, const struct np_selector *selector)
{
	const struct np_requirement *req;
	struct np_cell cell;
	uint32_t i, v;

	np_cell_open(&cell);
	if (!selector->count)
		fputs("<all>", cell.file);
	for (i = 0; i < selector->count; i++) {
		req = &selector->item[i];
		fprintf(cell.file, "%s%s%s", i ? "," : "",
			req->op == NP_OP_DOES_NOT_EXIST ? "!" : "", req->key);
		if (req->op == NP_OP_IN && req->value_count == 1)
			fprintf(cell.file, "=%s", req->value[0]);
		else if (req->op == NP_OP_NOT_IN && req->value_count == 1)
			fprintf(cell.file, "!=%s", req->value[0]);
		else if (req->value_count)
			fprintf(cell.file, "%s(", req->op == NP_OP_IN ? "=" : "!=");
		for (v = 0; req->value_count > 1 && v < req->value_count; v++)
			fprintf(cell.file, "%s%s", v ? "|" : "", req->value[v]);
		if (req->value_count > 1)
			fputc(')', cell.file);
	}
	np_cell_add(table, &cell);
}

/* The state of an object. lack_count: directions that a pod is closed in for want of room. */
static void np_cell_state(struct np_table *table, uint32_t flags, const struct np_shortage *lack,
			  uint32_t lack_count)
{
	static const char * const name[] = { "shadowed", "conflict", "gone" };
	char text[80] = "";
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!(flags & 1U << i))
			continue;
		strcat(text, *text ? "," : "");
		strcat(text, name[i]);
	}
	for (i = 0; i < lack_count && i < NETPOL_DIRECTIONS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%sno-room-%s",
			 *text ? "," : "", np_direction_name(lack[i].direction));
	np_table_add(table, "%s", *text ? text : "-");
}

static void np_row_namespace(struct np_table *table, const struct np_state *state, size_t i)
{
	np_table_add(table, "%s", state->objects.namespaces[i].name);
	np_table_add(table, "%s", state->namespace[i].origin);
	np_cell_state(table, state->namespace[i].flags, NULL, 0);
	np_cell_labels(table, &state->objects.namespaces[i].labels);
}

static void np_row_pod(struct np_table *table, const struct np_state *state, size_t i, bool wide)
{
	const struct np_pod *pod = &state->objects.pods[i];
	const struct np_pod_state *more = &state->pod[i];
	char text[NP_CIDR_TEXT], name[IF_NAMESIZE];
	struct np_cell cell;
	uint32_t k;

	np_table_add(table, "%s", pod->namespace);
	np_table_add(table, "%s", pod->name);
	np_cell_open(&cell);
	for (k = 0; k < pod->address_count; k++)
		fprintf(cell.file, "%s%s", k ? "," : "",
			np_address_text(&pod->address[k], text));
	np_cell_add(table, &cell);
	np_table_add(table, "%s", more->place.local ? "local" : "remote");
	np_table_add(table, "%s", np_interface_name(more->place.ifindex, name));
	np_cell_state(table, more->flags, more->lack, more->lack_count);
	if (!wide)
		return;
	np_table_add(table, "%s", more->origin);
	np_table_add(table, "%s", more->running ? "yes" : "no");
	np_table_add(table, "%u", more->identity);
	np_table_add(table, "%s", *pod->uid ? pod->uid : "-");
	np_cell_open(&cell);
	for (k = 0; k < pod->port_count; k++)
		fprintf(cell.file, "%s%s=%u/%s", k ? "," : "", pod->port[k].name,
			pod->port[k].number, np_protocol_name(pod->port[k].protocol));
	np_cell_add(table, &cell);
	np_cell_labels(table, &pod->labels);
}

static void np_cell_directions(struct np_table *table, uint8_t directions)
{
	np_table_add(table, "%s%s%s", directions & NP_DIR_INGRESS ? "ingress" : "",
		     directions == (NP_DIR_INGRESS | NP_DIR_EGRESS) ? "," : "",
		     directions & NP_DIR_EGRESS ? "egress" : directions ? "" : "-");
}

static uint32_t np_closed_rules(const struct np_rule *rule, uint32_t count)
{
	uint32_t closed = 0, i;

	for (i = 0; i < count; i++)
		closed += rule[i].closed;
	return closed;
}

static void np_cell_rules(struct np_table *table, const struct np_policy *policy)
{
	uint32_t count = policy->ingress_count + policy->egress_count;
	uint32_t closed = np_closed_rules(policy->ingress, policy->ingress_count) +
			  np_closed_rules(policy->egress, policy->egress_count);

	if (closed)
		np_table_add(table, "%u (%u closed)", count, closed);
	else
		np_table_add(table, "%u", count);
}

static void np_row_policy(struct np_table *table, const struct np_state *state, size_t i,
			  bool wide)
{
	const struct np_policy *policy = &state->objects.policies[i];
	const struct np_policy_state *more = &state->policy[i];
	bool cluster = policy->tier != NP_TIER_NETWORK_POLICY;
	uint32_t peers = 0, ports = 0, k;

	if (!cluster)
		np_table_add(table, "%s", policy->namespace);
	np_table_add(table, "%s", policy->name);
	if (cluster) {
		np_table_add(table, "%s", np_tier_name(policy->tier));
		np_table_add(table, "%u", policy->priority);
		np_cell_selector(table, &policy->ns_selector);
	}
	np_cell_selector(table, &policy->pod_selector);
	np_cell_directions(table, policy->directions);
	np_cell_rules(table, policy);
	np_table_add(table, "%u", more->pods);
	if (!cluster)
		np_table_add(table, "%s", policy->audit || more->observed ? "observed" : "-");
	if (!wide)
		return;
	for (k = 0; k < policy->ingress_count; k++) {
		peers += policy->ingress[k].peer_count;
		ports += policy->ingress[k].port_count;
	}
	for (k = 0; k < policy->egress_count; k++) {
		peers += policy->egress[k].peer_count;
		ports += policy->egress[k].port_count;
	}
	np_table_add(table, "%u", peers);
	np_table_add(table, "%u", ports);
	np_table_add(table, "%s", more->origin);
}

static void np_get_policies_table(const struct np_state *state, const struct np_order *order,
				  size_t count, bool cluster)
{
	static const char * const policies[] = {
		"NAMESPACE", "NAME", "SELECTOR", "TYPES", "RULES", "LOCAL-PODS", "STATE", "PEERS",
		"PORTS", "ORIGIN",
	};
	static const char * const wider[] = {
		"NAME", "TIER", "PRIORITY", "NAMESPACES", "SELECTOR", "TYPES", "RULES",
		"LOCAL-PODS", "PEERS", "PORTS", "ORIGIN",
	};
	bool wide = np_common.format == NP_FORMAT_WIDE;
	struct np_table table;
	size_t i;

	if (cluster)
		np_table_init(&table, wider, wide ? 11 : 8);
	else
		np_table_init(&table, policies, wide ? 10 : 7);
	for (i = 0; i < count; i++)
		if (order[i].cluster == cluster)
			np_row_policy(&table, state, order[i].index, wide);
	np_table_print(&table, stdout, np_common.no_headers);
	np_table_free(&table);
}

/* Policies of both kinds are two tables, because they have little in common. */
static void np_get_policies(const struct np_get *get, const struct np_state *state,
			    const struct np_order *order, size_t count)
{
	bool some = count && order[count - 1].cluster, others = count && !order[0].cluster;

	if (!get->no_policies && (others || !some))
		np_get_policies_table(state, order, count, false);
	if (some && others)
		putchar('\n');
	if (some || get->no_policies)
		np_get_policies_table(state, order, count, true);
}

static void np_get_table(const struct np_get *get, const struct np_state *state, uint8_t command,
			 const struct np_order *order, size_t count)
{
	static const char * const namespaces[] = { "NAME", "ORIGIN", "STATE", "LABELS" };
	static const char * const pods[] = {
		"NAMESPACE", "NAME", "ADDRESSES", "WHERE", "INTERFACE", "STATE", "ORIGIN",
		"RUNNING", "IDENTITY", "UID", "PORTS", "LABELS",
	};
	bool wide = np_common.format == NP_FORMAT_WIDE;
	struct np_table table;
	size_t i;

	if (command == NETPOL_CMD_GET_POLICY) {
		np_get_policies(get, state, order, count);
	} else {
		if (command == NETPOL_CMD_GET_NAMESPACE)
			np_table_init(&table, namespaces, 4);
		else
			np_table_init(&table, pods, wide ? 12 : 6);
		for (i = 0; i < count; i++) {
			if (command == NETPOL_CMD_GET_NAMESPACE)
				np_row_namespace(&table, state, order[i].index);
			else
				np_row_pod(&table, state, order[i].index, wide);
		}
		np_table_print(&table, stdout, np_common.no_headers);
		np_table_free(&table);
	}
	if (!count)
		np_notice("nothing is loaded that was asked for");
}

static void np_get_manifest(const struct np_state *state, uint8_t command,
			    const struct np_order *order, size_t count)
{
	const struct np_objects *objs = &state->objects;
	struct np_writer w;
	size_t i, at;

	np_writer_init(&w, stdout, np_common.format);
	np_write_object(&w, NULL);
	np_write_string(&w, "apiVersion", "v1");
	np_write_string(&w, "kind", "List");
	np_write_array(&w, "items");
	for (i = 0; i < count; i++) {
		at = order[i].index;
		if (command == NETPOL_CMD_GET_NAMESPACE)
			np_manifest_namespace(&w, NULL, &objs->namespaces[at],
					      &state->namespace[at]);
		else if (command == NETPOL_CMD_GET_POD)
			np_manifest_pod(&w, NULL, &objs->pods[at], &state->pod[at]);
		else
			np_manifest_policy(&w, NULL, &objs->policies[at], &state->policy[at]);
	}
	np_write_end(&w);
	np_write_end(&w);
}

/* Notes which policies are observed for all pods by an audit, and until when. */
static void np_get_observed(const struct np_get *get, struct np_state *state)
{
	const struct np_observe *observe;
	const struct np_policy *policy;
	size_t i;

	for (i = 0; i < state->objects.policy_count; i++) {
		policy = &state->objects.policies[i];
		observe = policy->tier == NP_TIER_NETWORK_POLICY ?
			  np_observe_find(&get->observed, policy->namespace, policy->name, "") :
			  NULL;
		state->policy[i].observed = observe;
		state->policy[i].observed_until = observe ? observe->until : 0;
	}
}

void np_get_print(const struct np_get *get, struct np_state *state, uint8_t command)
{
	const char *kind = command == NETPOL_CMD_GET_NAMESPACE ? "namespace" :
			   command == NETPOL_CMD_GET_POD ? "pod" : "networkpolicy";
	struct np_order *order;
	size_t count, i;

	np_get_observed(get, state);
	order = np_get_order(get, state, command, &count);
	if (np_format_structured(np_common.format)) {
		np_get_manifest(state, command, order, count);
	} else if (np_common.format == NP_FORMAT_NAME) {
		for (i = 0; i < count; i++) {
			printf("%s/", order[i].cluster ? "clusternetworkpolicy" : kind);
			np_print_escaped(stdout, order[i].namespace);
			fputs(*order[i].namespace ? "/" : "", stdout);
			np_print_escaped(stdout, order[i].name);
			putchar('\n');
		}
	} else {
		np_get_table(get, state, command, order, count);
	}
	free(order);
}

static const char *np_trie_port_text(const struct np_trie *trie, char text[48])
{
	const struct np_port *port = &trie->port;

	if (!trie->has_port)
		strcpy(text, trie->has_class && !trie->has_row ? "other" : "-");
	else if (port->kind == NP_PORT_ANY)
		snprintf(text, 48, "%s", np_protocol_name(port->protocol));
	else if (port->kind == NP_PORT_NAME && !port->first)
		snprintf(text, 48, "%s/(named)", np_protocol_name(port->protocol));
	else if (port->first == port->last)
		snprintf(text, 48, "%s/%u", np_protocol_name(port->protocol), port->first);
	else
		snprintf(text, 48, "%s/%u-%u", np_protocol_name(port->protocol), port->first,
			 port->last);
	return text;
}

static const char *np_action_name(uint8_t action)
{
	static const char * const name[] = { "none", "accept", "deny", "pass" };

	return action < 4 ? name[action] : "other";
}

static void np_trie_write(const struct np_trie_list *list, const char *namespace,
			  const char *name)
{
	const struct np_trie *trie;
	char text[NP_CIDR_TEXT];
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, np_common.format);
	np_write_top(&w, "Trie");
	np_write_format(&w, "pod", "%s/%s", namespace, name);
	np_write_array(&w, "entries");
	for (i = 0; i < list->count; i++) {
		trie = &list->item[i];
		np_write_object(&w, NULL);
		np_write_string(&w, "direction", np_direction_name(trie->direction));
		if (trie->head) {
			np_write_string(&w, "policies", trie->policies ? trie->policies : "");
			np_write_number(&w, "rows", trie->rows);
			np_write_number(&w, "classes", trie->classes);
			np_write_number(&w, "bytes", trie->bytes);
		}
		if (trie->has_prefix)
			np_write_string(&w, "prefix", np_cidr_text(&trie->prefix, text));
		if (trie->has_identity)
			np_write_number(&w, "identity", trie->identity);
		if (trie->has_row)
			np_write_number(&w, "row", trie->row);
		if (trie->has_class)
			np_write_number(&w, "class", trie->class);
		if (trie->has_port)
			np_write_string(&w, "port", np_trie_port_text(trie, text));
		if (trie->has_rule)
			np_write_number(&w, "rule", trie->rule);
		if (trie->has_action)
			np_write_string(&w, "action", np_action_name(trie->action));
		if (trie->passed)
			np_write_bool(&w, "passed", true);
		if (trie->audited)
			np_write_bool(&w, "audited", true);
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}

static void np_trie_row(struct np_table *table, const struct np_trie *trie)
{
	char text[NP_CIDR_TEXT];

	np_table_add(table, "%s", np_direction_name(trie->direction));
	np_table_add(table, "%s", trie->has_prefix ? "prefix" : trie->has_identity ?
		     "identity" : trie->audited ? "audited" : trie->passed ? "passed" :
		     trie->has_row ? "cell" : "class");
	if (trie->has_prefix)
		np_table_add(table, "%s", np_cidr_text(&trie->prefix, text));
	else if (trie->has_identity)
		np_table_add(table, "%u", trie->identity);
	else
		np_table_add(table, "%s", np_trie_port_text(trie, text));
	if (trie->has_row)
		np_table_add(table, "%u", trie->row);
	else
		np_table_add(table, "-");
	if (trie->has_class)
		np_table_add(table, "%u", trie->class);
	else
		np_table_add(table, "-");
	if (trie->has_action)
		np_table_add(table, "%s", np_action_name(trie->action));
	else
		np_table_add(table, "-");
	if (trie->has_rule)
		np_table_add(table, "%u", trie->rule);
	else
		np_table_add(table, "-");
}

void np_get_print_trie(const struct np_trie_list *list, const char *namespace, const char *name)
{
	static const char * const titles[] = {
		"DIRECTION", "ENTRY", "KEY", "ROW", "CLASS", "ACTION", "RULE",
	};
	const struct np_trie *trie;
	struct np_table table;
	size_t i;

	if (np_format_structured(np_common.format)) {
		np_trie_write(list, namespace, name);
		return;
	}
	for (i = 0; i < list->count; i++) {
		trie = &list->item[i];
		if (!trie->head)
			continue;
		printf("%-7s  %u rows, %u classes, %llu bytes; policies: ",
		       np_direction_name(trie->direction), trie->rows, trie->classes,
		       (unsigned long long)trie->bytes);
		np_print_escaped(stdout, trie->policies ? trie->policies : "none");
		putchar('\n');
	}
	np_table_init(&table, titles, 7);
	for (i = 0; i < list->count; i++)
		if (!list->item[i].head)
			np_trie_row(&table, &list->item[i]);
	if (table.count)
		putchar('\n');
	np_table_print(&table, stdout, np_common.no_headers);
	np_table_free(&table);
}
