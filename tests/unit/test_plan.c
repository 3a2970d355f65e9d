// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What apply sends: order, deletions, bounds, and what it refuses. No kernel is asked.
 */
#include <stdlib.h>
#include <netlink/msg.h>

#include "check.h"
#include "netlink/client.h"
#include "netlink/plan.h"
#include "netlink/transaction.h"
#include "object/digest.h"

#define UID1 "0f8fad5b-d9cb-469f-a165-70867728950e"
#define UID2 "1f8fad5b-d9cb-469f-a165-70867728950e"

static struct np_client client = { .family = 0x20 };
static struct np_error err;

/* Names in the order in which they are sent: " name", and " -name" for a deletion. */
static char sent[256];

static struct nl_msg *fresh(void *arg, size_t size)
{
	struct nl_msg *msg = np_client_message(&client, NETPOL_CMD_TXN_ADD, size);

	nla_put_u32(msg, NETPOL_A_TXN, 7);
	return msg;
}

static int take(void *arg, struct nl_msg *msg, struct np_error *unused)
{
	struct nlattr *attrs, *attr, *name;
	int len, left, type;

	attrs = np_message_attrs(nlmsg_hdr(msg), &len);
	nla_for_each_attr(attr, attrs, len, left) {
		type = nla_type(attr);
		if (type != NETPOL_A_POD && type != NETPOL_A_DELETE)
			continue;
		name = nla_find(nla_data(attr), nla_len(attr), type == NETPOL_A_POD ?
				(int)NETPOL_POD_A_NAME : (int)NETPOL_DELETE_A_NAME);
		snprintf(sent + strlen(sent), sizeof(sent) - strlen(sent), " %s%s",
			 type == NETPOL_A_POD ? "" : "-", name ? nla_get_string(name) : "?");
		if (type == NETPOL_A_DELETE)
			CHECK(!nla_find(nla_data(attr), nla_len(attr), NETPOL_DELETE_A_UID));
	}
	return 0;
}

static struct np_pod *add_pod(struct np_objects *objs, const char *name, const char *uid)
{
	static struct np_address address = { AF_INET, { 10, 1, 2, 3 } };
	struct np_pod *pod = np_objects_add_pod(objs);

	pod->namespace = "shop";
	pod->name = name;
	pod->uid = uid;
	pod->node = "";
	pod->address = &address;
	pod->address_count = 1;
	return pod;
}

static struct np_policy *add_policy(struct np_objects *objs, const char *name)
{
	struct np_policy *policy = np_objects_add_policy(objs);

	policy->namespace = "shop";
	policy->name = name;
	return policy;
}

/* Pods a, b and c and a policy of origin manual, a namespace of origin kube. */
static void make_loaded(struct np_loaded *loaded)
{
	static const char *const name[] = { "a", "b", "c" };
	struct np_state *state = &loaded->state;
	int i;

	memset(loaded, 0, sizeof(*loaded));
	np_state_init(state);
	state->pod = calloc(3, sizeof(*state->pod));
	state->policy = calloc(1, sizeof(*state->policy));
	state->namespace = calloc(1, sizeof(*state->namespace));
	for (i = 0; i < 3; i++) {
		add_pod(&state->objects, name[i], UID1);
		np_uid_bytes(UID1, state->pod[i].uid);
		strcpy(state->pod[i].origin, "manual");
		state->pod[i].place = (struct np_placement) { .local = true, .ifindex = 7 };
	}
	state->pod[2].flags = NETPOL_OBJECT_F_GONE;
	add_policy(&state->objects, "p");
	strcpy(state->policy[0].origin, "manual");
	np_objects_add_namespace(&state->objects)->name = "shop";
	strcpy(state->namespace[0].origin, "kube");
	np_loaded_index(loaded);
}

static const char *action(const struct np_result_list *results, const char *name)
{
	size_t i;

	for (i = 0; i < results->count; i++)
		if (!strcmp(results->item[i].name, name))
			return results->item[i].action;
	return NULL;
}

/* Sends with what is loaded; results are the caller's. */
static void send_plan(struct np_plan *plan, struct np_result_list *results)
{
	struct np_loaded loaded;
	struct np_encoder enc;

	make_loaded(&loaded);
	memset(results, 0, sizeof(*results));
	sent[0] = '\0';
	np_encoder_init(&enc, fresh, take, NULL);
	CHECK(!np_plan_send(plan, &loaded, &enc, results, &err));
	CHECK(!np_encoder_flush(&enc, &err));
	np_encoder_free(&enc);
	np_loaded_free(&loaded);
}

/* The later of two claims wins, so the order of the list must mean nothing. */
static void test_order(void)
{
	static const struct {
		const char *name;
		int64_t created;
		bool deleting;
	} pods[] = {
		{ "a-new", 30, false }, { "dying", 40, true }, { "same2", 20, false },
		{ "same1", 20, false }, { "old", 10, false },
	};
	struct np_placement place[5] = { { 0 } };
	struct np_result_list results;
	struct np_objects objs;
	struct np_plan plan = { .objects = &objs, .place = place, .origin = "manual" };
	struct np_pod *pod;
	int turn, i;

	for (turn = 0; turn < 5; turn++) {
		np_objects_init(&objs);
		for (i = 0; i < 5; i++) {
			pod = add_pod(&objs, pods[(i + turn) % 5].name, UID1);
			pod->created = pods[(i + turn) % 5].created;
			pod->deleting = pods[(i + turn) % 5].deleting;
		}
		send_plan(&plan, &results);
		CHECK_STR(sent, " dying old same1 same2 a-new");
		free(results.item);
		np_objects_free(&objs);
	}
}

/* A pod that is none of the network replaces what is loaded by its name. */
static void test_unusable(void)
{
	struct np_placement place[4] = { { 0 } };
	struct np_result_list results;
	struct np_objects objs;
	struct np_plan plan = { .objects = &objs, .place = place, .origin = "manual" };

	np_objects_init(&objs);
	add_pod(&objs, "a", UID2)->address_count = 0;
	add_pod(&objs, "b", UID1);
	place[1].own = true;
	add_pod(&objs, "c", UID1)->host_network = true;
	add_pod(&objs, "new", UID1)->address_count = 0;
	send_plan(&plan, &results);
	CHECK_STR(sent, " -a -b -c");
	CHECK_STR(action(&results, "a"), "deleted");
	CHECK(!action(&results, "new"));
	free(results.item);
	/* where the rest of the origin is dropped anyway nothing is sent for them */
	plan.replace = true;
	send_plan(&plan, &results);
	CHECK_STR(sent, "");
	CHECK_STR(action(&results, "a"), "deleted");
	CHECK_STR(action(&results, "p"), "deleted");
	CHECK(!action(&results, "shop"));
	free(results.item);
	np_objects_free(&objs);
}

static void test_kinds(void)
{
	struct np_objects objs;
	struct np_plan plan = { .objects = &objs, .origin = "manual", .replace = true };
	struct np_loaded loaded;

	make_loaded(&loaded);
	np_objects_init(&objs);
	add_policy(&objs, "q");
	CHECK_EQ(np_plan_kinds(&plan, &loaded, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	CHECK(strstr(err.text, "no pods, but origin \"manual\" has 3 loaded"));
	CHECK(strstr(err.hint, "--allow-empty-kinds"));
	plan.allow_empty_kinds = true;
	CHECK(!np_plan_kinds(&plan, &loaded, &err));
	plan.allow_empty_kinds = false;
	plan.replace = false;
	CHECK(!np_plan_kinds(&plan, &loaded, &err));
	plan.replace = true;
	/* kinds that only another origin has are nobody's loss */
	add_pod(&objs, "z", UID1);
	CHECK(!np_plan_kinds(&plan, &loaded, &err));
	plan.origin = "kube";
	CHECK_EQ(np_plan_kinds(&plan, &loaded, &err), -1);
	CHECK(strstr(err.text, "no namespaces"));
	np_objects_free(&objs);
	plan.origin = "manual";
	np_objects_init(&objs);
	add_pod(&objs, "a", UID1);
	CHECK_EQ(np_plan_kinds(&plan, &loaded, &err), -1);
	CHECK(strstr(err.text, "no network policies"));
	np_objects_free(&objs);
	np_loaded_free(&loaded);
}

/* Policies in no namespace are a kind of their own. */
static void test_cluster_kind(void)
{
	struct np_objects objs;
	struct np_plan plan = { .objects = &objs, .origin = "manual", .replace = true };
	struct np_result_list results = { 0 };
	struct np_loaded loaded = { 0 };
	struct np_policy *policy;

	np_state_init(&loaded.state);
	policy = add_policy(&loaded.state.objects, "c");
	policy->namespace = "";
	policy->tier = NP_TIER_ADMIN;
	loaded.state.policy = np_xcalloc(1, sizeof(*loaded.state.policy));
	strcpy(loaded.state.policy[0].origin, "manual");
	np_loaded_index(&loaded);
	np_objects_init(&objs);
	add_policy(&objs, "c");
	CHECK_EQ(np_plan_kinds(&plan, &loaded, &err), -1);
	CHECK(strstr(err.text, "no cluster network policies, but origin \"manual\" has 1 loaded"));
	policy = add_policy(&objs, "d");
	policy->namespace = "";
	policy->tier = NP_TIER_BASELINE;
	CHECK(!np_plan_kinds(&plan, &loaded, &err));
	np_result_add(&results, NETPOL_OBJECT_POLICY, "", "c", "deleted");
	CHECK_STR(np_object_name(results.item[0].object, results.item[0].namespace),
		  "clusternetworkpolicy");
	CHECK_STR(np_object_name(NETPOL_OBJECT_POLICY, "shop"), "networkpolicy");
	CHECK_STR(np_object_name(NETPOL_OBJECT_NAMESPACE, ""), "namespace");
	/* one of a namespace with that name is another object */
	CHECK(np_loaded_find(&loaded, NETPOL_OBJECT_POLICY, "", "c", "manual"));
	CHECK(!np_loaded_find(&loaded, NETPOL_OBJECT_POLICY, "shop", "c", "manual"));
	free(results.item);
	np_objects_free(&objs);
	np_loaded_free(&loaded);
}

static void test_kept(void)
{
	struct np_placement *place;
	struct np_loaded loaded;
	struct np_objects objs;

	make_loaded(&loaded);
	np_objects_init(&objs);
	add_pod(&objs, "b", UID1);
	add_pod(&objs, "a", UID2);
	add_pod(&objs, "c", UID1);
	add_pod(&objs, "new", UID1);
	place = np_plan_loaded(&objs, &loaded, "manual");
	CHECK(place[0].local && place[0].ifindex == 7);
	CHECK(!place[1].local && !place[2].local && !place[3].local);
	free(place);
	place = np_plan_loaded(&objs, &loaded, "kube");
	CHECK(!place[0].local);
	free(place);
	np_objects_free(&objs);
	np_loaded_free(&loaded);
}

static void test_limits(void)
{
	static struct np_address address[NP_POD_ADDRESSES + 1];
	static struct np_label label[NP_OBJECT_LABELS + 1];
	static struct np_named_port port[NP_POD_PORTS + 1];
	struct np_objects objs;
	struct np_pod *pod;

	np_objects_init(&objs);
	pod = add_pod(&objs, "big", UID1);
	pod->address = address;
	pod->address_count = NP_POD_ADDRESSES;
	pod->labels = (struct np_labels) { label, NP_OBJECT_LABELS };
	pod->port = port;
	pod->port_count = NP_POD_PORTS;
	pod->place = (struct np_place) { "pods.yaml", 7, 1 };
	np_objects_add_namespace(&objs)->name = "wide";
	objs.namespaces[0].labels = (struct np_labels) { label, NP_OBJECT_LABELS };
	CHECK(!np_plan_limits(&objs, NULL, &err));
	pod->address_count++;
	CHECK_EQ(np_plan_limits(&objs, NULL, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_INPUT);
	CHECK_STR(err.text, "has 9 addresses, the kernel takes at most 8");
	CHECK_EQ(err.line, 7);
	/* what is not sent may be as large as it likes */
	pod->host_network = true;
	CHECK(!np_plan_limits(&objs, NULL, &err));
	pod->host_network = false;
	pod->address_count--;
	pod->labels.count++;
	CHECK_EQ(np_plan_limits(&objs, NULL, &err), -1);
	CHECK_STR(err.text, "has 257 labels, the kernel takes at most 256");
	pod->labels.count--;
	pod->port_count++;
	CHECK_EQ(np_plan_limits(&objs, NULL, &err), -1);
	CHECK_STR(err.text, "has 257 named ports, the kernel takes at most 256");
	pod->port_count--;
	objs.namespaces[0].labels.count++;
	CHECK_EQ(np_plan_limits(&objs, NULL, &err), -1);
	CHECK_STR(err.text, "has 257 labels, the kernel takes at most 256");
	np_objects_free(&objs);
}

static void test_origin(void)
{
	CHECK(!np_origin_check("manual", &err));
	CHECK_EQ(np_origin_check("settings", &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_USAGE);
	CHECK(strstr(err.text, "reserved"));
	CHECK_EQ(np_origin_check("", &err), -1);
	CHECK_EQ(np_origin_check("0123456789abcdef", &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_USAGE);
}

int main(void)
{
	test_order();
	test_unusable();
	test_kinds();
	test_cluster_kind();
	test_kept();
	test_limits();
	test_origin();
	return check_done("plan");
}
