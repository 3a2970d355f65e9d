// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The annotation netpolctl/audit: that it changes nothing unless it is to count, what it means in
 * manifests, and which policies the agent has observed by it. What is closed is enforced.
 */
#include <stdlib.h>
#include <unistd.h>

#include "load_check.h"
#include "agent/desired.h"
#include "agent/desired_policy.h"
#include "agent/desired_refuse.h"
#include "agent/desired_trouble.h"
#include "netlink/snapshot.h"
#include "object/audit.h"
#include "object/digest.h"
#include "object/json.h"

#define UID "00000000-0000-4000-8000-000000000001"
#define ASKS "{\"netpolctl/audit\":\"true\"}"
#define DECLINES "{\"netpolctl/audit\":\"false\"}"
#define ALL "\"podSelector\":{},\"ingress\":[{}]"

/* --- the agent -------------------------------------------------------------------- */

/* As the API client hands it over. */
static void give(struct np_desired *d, enum np_source_kind kind, const char *text)
{
	static struct np_arena arena;
	struct np_node *object;

	np_arena_reset(&arena);
	if (np_json_object(text, strlen(text), np_source_pick(kind), &arena, &object, &err) !=
	    NP_JSON_WHOLE) {
		printf("%s: %s\n", err.text, text);
		exit(1);
	}
	np_desired_upsert(d, kind, object);
}

static void give_namespace(struct np_desired *d, const char *annotations)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"shop\",\"uid\":\"" UID "\","
		 "\"labels\":{\"a\":\"b\"},\"annotations\":%s}}", annotations);
	give(d, NP_SOURCE_NAMESPACE, text);
}

static struct np_desired_policy *give_policy(struct np_desired *d, const char *name,
					     const char *annotations, const char *spec)
{
	char text[1024];

	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"shop\","
		 "\"annotations\":%s},\"spec\":{%s}}", name, annotations, spec);
	give(d, NP_SOURCE_POLICY, text);
	return np_desired_policy(d, "shop", name);
}

/* A namespace with a local pod, and the kernel has all of it. */
static void begin(struct np_desired *d, bool annotations)
{
	np_desired_init(d, "here");
	d->audit_annotations = annotations;
	give(d, NP_SOURCE_POD, "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\""
	     UID "\"},\"spec\":{\"nodeName\":\"here\"},\"status\":{\"phase\":\"Running\","
	     "\"podIP\":\"10.0.0.1\"}}");
	give_namespace(d, "{}");
	np_desired_finish_full(d);
}

/* Commits what is pending, and returns how many changes that were. */
static size_t commit(struct np_desired *d)
{
	struct np_change *change;
	size_t count, i;

	change = np_desired_take(d, &count);
	for (i = 0; i < count; i++)
		np_desired_finish(d, &change[i]);
	free(change);
	return count;
}

static bool observed(const struct np_desired_policy *policy)
{
	struct np_policy view;

	np_desired_policy_view(policy, &view);
	return view.audit;
}

/* Whatever a tenant writes: the policies are enforced, and nothing is sent. */
static void test_ignored(void)
{
	static const char *const value[] = { ASKS, "{}", "{\"netpolctl/audit\":\"maybe\"}", ASKS };
	struct np_desired_policy *plain, *asking;
	__uint128_t digest;
	struct np_policy view;
	struct np_desired d;
	size_t i;

	begin(&d, false);
	plain = give_policy(&d, "plain", "{}", ALL);
	asking = give_policy(&d, "asking", ASKS, ALL);
	CHECK_EQ(commit(&d), 2);
	np_desired_policy_view(asking, &view);
	digest = np_policy_digest(&view);
	for (i = 0; i < 4; i++) {
		give_namespace(&d, value[i]);
		give_policy(&d, "asking", value[i], ALL);
		CHECK_EQ(d.pending_count, 0);
		CHECK(!observed(plain) && !observed(asking));
		CHECK_EQ(np_desired_observed(&d), 0);
		np_desired_policy_view(asking, &view);
		CHECK(np_policy_digest(&view) == digest);
	}
	np_desired_free(&d);
}

static void test_policy(void)
{
	struct np_desired_policy *policy;
	struct np_desired d;

	begin(&d, true);
	policy = give_policy(&d, "p", "{}", ALL);
	CHECK(!observed(policy));
	commit(&d);
	CHECK(observed(give_policy(&d, "p", ASKS, ALL)));
	CHECK_EQ(np_desired_observed(&d), 1);
	CHECK_EQ(commit(&d), 1);
	/* The same again is no change. */
	give_policy(&d, "p", ASKS, ALL);
	CHECK_EQ(d.pending_count, 0);
	CHECK(!observed(give_policy(&d, "p", DECLINES, ALL)));
	CHECK_EQ(commit(&d), 1);
	give_policy(&d, "p", "{\"netpolctl/audit\":\"TRUE\"}", ALL);
	CHECK(!observed(policy));
	CHECK_EQ(d.pending_count, 0);
	np_desired_remove(&d, NP_SOURCE_POLICY, "shop", "p", "");
	CHECK_EQ(np_desired_observed(&d), 0);
	np_desired_free(&d);
}

/* A namespace asks for all of its policies but those that decline. Only these are sent again. */
static void test_namespace(void)
{
	struct np_desired_policy *plain, *declining, *asking;
	struct np_desired_namespace *ns;
	struct np_desired d;

	begin(&d, true);
	plain = give_policy(&d, "plain", "{}", ALL);
	declining = give_policy(&d, "declining", DECLINES, ALL);
	asking = give_policy(&d, "asking", ASKS, ALL);
	commit(&d);
	give_namespace(&d, ASKS);
	CHECK(observed(plain) && !observed(declining) && observed(asking));
	CHECK_EQ(commit(&d), 1);
	give_namespace(&d, ASKS);
	CHECK_EQ(d.pending_count, 0);
	/* A policy that comes later is observed as well. */
	CHECK(observed(give_policy(&d, "later", "{}", ALL)));
	commit(&d);
	CHECK_EQ(np_desired_observed(&d), 3);
	give_namespace(&d, "{}");
	CHECK(!observed(plain) && !observed(declining) && observed(asking));
	CHECK_EQ(commit(&d), 2);

	/* A namespace that cannot be read, that is refused or gone asks for nothing. */
	give_namespace(&d, ASKS);
	commit(&d);
	np_desired_rejected(&d, NP_SOURCE_NAMESPACE, "", "shop", UID, "too deep");
	CHECK(!observed(plain) && observed(asking));
	CHECK_EQ(commit(&d), 3);
	give_namespace(&d, ASKS);
	commit(&d);
	ns = np_desired_namespace(&d, "shop");
	CHECK(observed(plain) && np_desired_refuse(&d, NETPOL_OBJECT_NAMESPACE, ns, "over a cap"));
	CHECK(!observed(plain));
	CHECK_EQ(commit(&d), 3);
	np_desired_retry(&d);
	CHECK(observed(plain));
	CHECK_EQ(commit(&d), 3);
	np_desired_remove(&d, NP_SOURCE_NAMESPACE, "", "shop", UID);
	CHECK(!observed(plain) && observed(asking));
	CHECK_EQ(commit(&d), 3);
	/* Another one of that name does not ask. */
	give_namespace(&d, "{}");
	CHECK(!observed(plain));
	np_desired_free(&d);
}

/* What is closed isolates, whoever asks, and that stays so when it is tried again. */
static void test_closed(void)
{
	struct np_desired_policy *policy;
	struct np_desired d;

	begin(&d, true);
	give_namespace(&d, ASKS);
	policy = give_policy(&d, "p", ASKS, "\"podSelector\":{},\"ingress\":[{\"future\":1}]");
	CHECK(policy->flags & NP_DESIRED_CLOSED && !observed(policy));
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	np_desired_retry(&d);
	CHECK(np_desired_policy_loaded(policy) && !observed(policy));
	CHECK_EQ(np_desired_observed(&d), 0);
	commit(&d);
	np_desired_rejected(&d, NP_SOURCE_POLICY, "shop", "p", "", "too deep");
	CHECK(!observed(policy));
	/* One that can be read is observed again. */
	CHECK(observed(give_policy(&d, "p", ASKS, ALL)));
	CHECK_EQ(commit(&d), 1);

	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	CHECK(np_desired_policy_loaded(policy) && !observed(policy));
	CHECK_EQ(commit(&d), 1);
	/* The annotation alone is no reason to open it. */
	give_namespace(&d, "{}");
	give_namespace(&d, ASKS);
	CHECK(!observed(policy));
	np_desired_retry(&d);
	CHECK(observed(policy));
	commit(&d);

	/* A policy that a list without it may have under a name that cannot be read. */
	np_desired_begin(&d, NP_SOURCE_POLICY);
	np_desired_rejected(&d, NP_SOURCE_POLICY, "", "", "", "no name");
	np_desired_synced(&d, NP_SOURCE_POLICY);
	CHECK(policy->flags & NP_DESIRED_CLOSED && !observed(policy));
	np_desired_free(&d);
}

/* A policy that takes too much memory loses its rules, and is enforced without them. */
static void test_bound(void)
{
	const size_t rules = 30000;
	struct np_desired_policy *policy;
	char *text = malloc(rules * 32), *at = text;
	struct np_desired d;
	size_t i;

	begin(&d, true);
	/* As if other policies had used up what all have together. */
	d.policy_bytes = NP_POLICY_BYTES_ALL;
	at += sprintf(at, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\",\"annotations\":"
		      ASKS "},\"spec\":{\"podSelector\":{},\"ingress\":[");
	for (i = 0; i < rules; i++)
		at += sprintf(at, "%s{\"ports\":[{\"port\":%zu}]}", i ? "," : "", i + 1);
	sprintf(at, "]}}");
	give(&d, NP_SOURCE_POLICY, text);
	policy = np_desired_policy(&d, "shop", "p");
	CHECK(policy->flags & NP_DESIRED_CLOSED && !observed(policy));
	CHECK_EQ(policy->policy->ingress_count, 0);
	CHECK(np_desired_refuse(&d, NETPOL_OBJECT_POLICY, policy, "over a cap"));
	np_desired_retry(&d);
	CHECK(np_desired_policy_loaded(policy) && !observed(policy));
	np_desired_free(&d);
	free(text);
}

static char told[512];

static void tell(void *arg, enum np_source_kind kind, const char *namespace, const char *name,
		 const char *text)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s %s/%s: %s\n",
		 np_source_kind_name(kind), namespace, name, text);
}

static void test_notice(void)
{
	struct np_desired d;

	begin(&d, true);
	d.notice = tell;
	give_policy(&d, "p", ASKS, ALL);
	give_policy(&d, "p", DECLINES, ALL);
	give_namespace(&d, "{\"other\":\"yes\"}");
	CHECK_STR(told, "");
	give_policy(&d, "p", "{\"netpolctl/audit\":\"yes\"}", ALL);
	give_namespace(&d, "{\"netpolctl/audit\":\"\"}");
	CHECK_STR(told, "networkpolicies shop/p: \"yes\" is neither \"true\" nor \"false\", "
		  "so NetworkPolicy shop/p does not ask for an audit\n"
		  "namespaces /shop: \"\" is neither \"true\" nor \"false\", "
		  "so Namespace shop does not ask for an audit\n");
	*told = '\0';
	d.audit_annotations = false;
	give_policy(&d, "p", "{\"netpolctl/audit\":\"yes\"}", ALL);
	CHECK_STR(told, "");
	np_desired_free(&d);
}

/* A snapshot of the agent has the flag, and reads it again. */
static void test_snapshot(void)
{
	struct np_origin origin = { .name = "kube", .generation = 3, .objects = 1 };
	struct np_info info = { .generation = 3, .origin = &origin, .origin_count = 1 };
	struct np_policy_state state = { .origin = "kube" };
	char dir[] = "/tmp/netpol-test-XXXXXX", path[64];
	const char *const name[] = { "enforced", "observed" };
	struct np_snapshot_output out;
	struct np_settings set = { 0 };
	const struct np_policy *read;
	struct np_snapshot snap;
	struct np_policy view;
	struct np_desired d;
	size_t i;

	if (!CHECK(mkdtemp(dir)))
		return;
	snprintf(path, sizeof(path), "%s/snap", dir);
	begin(&d, true);
	give_policy(&d, name[0], DECLINES, ALL);
	give_policy(&d, name[1], ASKS, ALL);
	CHECK(!np_snapshot_begin(&out, path, &info, &set, NULL, &err));
	for (i = 0; i < 2; i++) {
		np_desired_policy_view(np_desired_policy(&d, "shop", name[i]), &view);
		np_snapshot_policy(&out, &view, &state);
	}
	CHECK(!np_snapshot_end(&out, false, &err));
	if (CHECK(!np_snapshot_read(path, "", &snap, &err)) && CHECK_EQ(snap.origin_count, 1) &&
	    CHECK_EQ(snap.origin[0].objects.policy_count, 2))
		for (i = 0; i < 2; i++) {
			read = &snap.origin[0].objects.policies[i];
			np_desired_policy_view(np_desired_policy(&d, "shop", name[i]), &view);
			CHECK_STR(read->name, name[i]);
			CHECK_EQ(read->audit, i);
			CHECK(np_policy_digest(read) == np_policy_digest(&view));
		}
	np_snapshot_free(&snap);
	np_desired_free(&d);
	remove(path);
	rmdir(dir);
}

/* --- manifests -------------------------------------------------------------------- */

#define NAMED(name, more) "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n"	\
	"  namespace: shop\n  name: " name "\n" more "spec: {podSelector: {}}\n"
#define WITH(value) "  annotations: {netpolctl/audit: " value "}\n"
#define SHOP(more) "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n" more

static void test_values(void)
{
	static const struct {
		const char *value;
		bool asked;
		bool refused;
		const char *warning;
	} want[] = {
		{ "\"true\"", true, false, NULL },
		{ "\"false\"", false, true, NULL },
		{ "\"True\"", false, true, "\"True\" is neither \"true\" nor \"false\", "
		  "so NetworkPolicy shop/a does not ask for an audit" },
		{ "true", false, true, "is a boolean and not the text \"true\" or \"false\" in "
		  "quotes, so NetworkPolicy shop/a does not ask for an audit" },
		{ "1", false, true, "is a number and not the text \"true\" or \"false\" in quotes, "
		  "so NetworkPolicy shop/a does not ask for an audit" },
		{ "null", false, false, NULL },
	};
	const struct np_policy *policy;
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		snprintf(text, sizeof(text), NAMED("a", WITH("%s")), want[i].value);
		CHECK(!load(text));
		policy = &objs.policies[0];
		CHECK_EQ(policy->audit_asked, want[i].asked);
		CHECK_EQ(policy->audit_refused, want[i].refused);
		/* To ask is not to be observed. */
		CHECK(!policy->audit);
		CHECK_EQ(objs.warning_count, !!want[i].warning);
		if (want[i].warning && objs.warning_count == 1) {
			CHECK_STR(objs.warnings[0].text, want[i].warning);
			CHECK_STR(objs.warnings[0].path, "metadata.annotations.netpolctl/audit");
			CHECK_EQ(objs.warnings[0].place.line, 6);
		}
	}
	CHECK(!load(SHOP(WITH("\"true\""))) && objs.namespaces[0].audit_asked);
	CHECK(!load(SHOP(WITH("\"yes\""))) && !objs.namespaces[0].audit_asked);
	CHECK_EQ(objs.warning_count, 1);
}

/* Returns which policies are observed, as letters. */
static const char *decide(const char *text, bool all, bool annotations, size_t asked)
{
	static char letters[16];
	size_t i, count = 0;

	CHECK(!load(text));
	CHECK_EQ(np_audit_decide(&objs, all, annotations), asked);
	for (i = 0; i < objs.policy_count; i++)
		if (objs.policies[i].audit)
			letters[count++] = objs.policies[i].name[0];
	letters[count] = '\0';
	return letters;
}

static void test_decide(void)
{
	static const char policies[] =
		NAMED("a", "") "---\n" NAMED("b", WITH("\"true\"")) "---\n"
		NAMED("c", WITH("\"false\"")) "---\n" NAMED("d", WITH("\"odd\"")) "---\n"
		CLUSTER_HEAD "  annotations: {netpolctl/audit: \"true\"}\n"
		"spec: {tier: Admin, priority: 1, subject: {namespaces: {}}}\n";
	char text[4096];

	CHECK_STR(decide(policies, false, false, 1), "");
	CHECK_STR(decide(policies, false, true, 1), "b");
	CHECK_STR(decide(policies, true, false, 1), "abcd");
	snprintf(text, sizeof(text), SHOP(WITH("\"true\"")) "---\n%s", policies);
	CHECK_STR(decide(text, false, false, 2), "");
	CHECK_STR(decide(text, false, true, 2), "ab");
	snprintf(text, sizeof(text), SHOP(WITH("\"false\"")) "---\n%s", policies);
	CHECK_STR(decide(text, false, true, 1), "b");
}

static void test_digest(void)
{
	struct np_policy policy;
	__uint128_t enforced;

	CHECK(!load(NAMED("a", WITH("\"true\""))));
	policy = objs.policies[0];
	enforced = np_policy_digest(&policy);
	policy.audit = true;
	CHECK(np_policy_digest(&policy) != enforced);
	/* What is asked for is no part of what is in force. */
	policy.audit = false;
	policy.audit_asked = false;
	policy.audit_refused = true;
	CHECK(np_policy_digest(&policy) == enforced);
}

int main(void)
{
	test_ignored();
	test_policy();
	test_namespace();
	test_closed();
	test_bound();
	test_notice();
	test_snapshot();
	test_values();
	test_decide();
	test_digest();
	np_objects_free(&objs);
	return check_done("test_observed");
}
