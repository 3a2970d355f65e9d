// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "gap.h"
#include "netlink/report.h"
#include "object/digest.h"
#include "rows.h"
#include "shape.h"

#define ORIGIN "kube"

static void die(const char *what, const struct np_error *err)
{
	fprintf(stderr, "%s: %s\n", what, err->text);
	exit(2);
}

void loader_open(struct loader *loader, bool kernel)
{
	struct np_error err = {};

	memset(loader, 0, sizeof(*loader));
	loader->kernel = kernel;
	if (kernel ? np_client_open(&loader->client, NETPOL_GENL_NAME, 600000, &err) :
		     np_offline_init(&loader->core, SHAPE_NODE, &err))
		die("no world to load into", &err);
}

void loader_close(struct loader *loader)
{
	struct np_objects none;

	if (!loader->kernel) {
		np_offline_free(&loader->core);
		return;
	}
	np_objects_init(&none);
	loader_do(loader, &none, NULL, true);
	np_client_close(&loader->client);
	np_objects_free(&none);
}

/**
 * struct made - objects of one transaction, as the module has them between two messages
 * @uid: of each pod, in binary
 * @kind_of: number of each pod's label set
 * @example: a pod of each label set
 * @kinds: label sets
 * @kind: label sets, the first @kinds_got of them
 * @kinds_got: how many are there
 * @namespace: objects until the edit takes them, then NULL
 * @pod: the same
 * @policy: the same
 */
struct made {
	uint8_t (*uid)[NETPOL_UID_LEN];
	uint32_t *kind_of;
	const struct np_pod **example;
	size_t kinds;
	struct np_offline_kind *kind;
	size_t kinds_got;
	struct netpol_namespace **namespace;
	struct netpol_pod **pod;
	struct netpol_policy **policy;
};

/* Objects between two offers of the processor: of a message, and of a commit. */
#define MESSAGE_OBJECTS 16
#define COMMIT_OBJECTS 254

/* Numbers label sets as the tool does before it sends them; the objects have room. */
static void number_kinds(const struct np_objects *set, struct made *made)
{
	size_t i, at, room = 16;
	uint32_t *slot;

	while (room < set->pod_count * 2)
		room *= 2;
	slot = calloc(room, sizeof(*slot));
	for (i = 0; i < set->pod_count; i++) {
		const struct np_pod *pod = &set->pods[i];

		np_uid_bytes(pod->uid, made->uid[i]);
		for (at = (size_t)np_label_set_hash(pod) & (room - 1); slot[at];
		     at = (at + 1) & (room - 1))
			if (np_same_label_set(made->example[slot[at] - 1], pod))
				break;
		if (!slot[at]) {
			made->example[made->kinds++] = pod;
			slot[at] = made->kinds;
		}
		made->kind_of[i] = slot[at] - 1;
	}
	free(slot);
}

static void *room(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (!memory)
		abort();
	return memory;
}

static void made_init(struct made *made, const struct np_objects *set)
{
	memset(made, 0, sizeof(*made));
	if (!set)
		return;
	made->uid = room(set->pod_count, sizeof(*made->uid));
	made->kind_of = room(set->pod_count, sizeof(*made->kind_of));
	made->example = room(set->pod_count, sizeof(*made->example));
	made->kind = room(set->pod_count, sizeof(*made->kind));
	made->namespace = room(set->namespace_count, sizeof(*made->namespace));
	made->pod = room(set->pod_count, sizeof(*made->pod));
	made->policy = room(set->policy_count, sizeof(*made->policy));
	number_kinds(set, made);
}

/* Ends it, with the objects that no edit has taken over. */
static void made_free(struct np_offline *core, const struct np_objects *set, struct made *made)
{
	size_t i;

	for (i = 0; set && i < set->namespace_count; i++)
		if (made->namespace[i])
			netpol_namespace_free(core->world, made->namespace[i]);
	for (i = 0; set && i < set->pod_count; i++)
		if (made->pod[i])
			netpol_pod_free(core->world, made->pod[i]);
	for (i = 0; set && i < set->policy_count; i++)
		if (made->policy[i])
			netpol_policy_free(core->world, made->policy[i]);
	for (i = 0; i < made->kinds_got; i++) {
		np_offline_kind_put(core, &made->kind[i]);
		cond_resched();
	}
	free(made->uid);
	free(made->kind_of);
	free(made->example);
	free(made->kind);
	free(made->namespace);
	free(made->pod);
	free(made->policy);
}

/* An object that was made, or NULL with *error. */
static void *made_object(void *object, int *error)
{
	if (!IS_ERR(object))
		return object;
	*error = PTR_ERR(object);
	return NULL;
}

/* What TXN_ADD does, message by message. */
static int core_make(struct np_offline *core, const struct np_objects *set, struct made *made,
		     struct np_error *err)
{
	int error = 0;
	size_t i;

	for (i = 0; !error && i < set->namespace_count; i++)
		made->namespace[i] =
			made_object(np_offline_make_namespace(core, &set->namespaces[i]), &error);
	for (i = 0; !error && i < made->kinds; i++) {
		error = np_offline_kind_get(core, made->example[i], &made->kind[i]);
		made->kinds_got += !error;
		if (i % MESSAGE_OBJECTS == 0)
			cond_resched();
	}
	for (i = 0; !error && i < set->pod_count; i++) {
		made->pod[i] = made_object(np_offline_make_pod(core, &set->pods[i],
							       &made->kind[made->kind_of[i]],
							       made->uid[i]), &error);
		if (i % MESSAGE_OBJECTS == 0)
			cond_resched();
	}
	for (i = 0; !error && i < set->policy_count; i++) {
		made->policy[i] =
			made_object(np_offline_make_policy(core, &set->policies[i]), &error);
		cond_resched();
	}
	return error ? np_offline_fail(core, error, "", "", "", err) : 0;
}

/* What TXN_COMMIT does with them; each is the edit's from here on. */
static int core_set(struct np_offline *core, const struct np_objects *set, struct made *made,
		    struct np_error *err)
{
	int error = np_offline_expect(core, set->namespace_count, set->pod_count,
				      set->policy_count, err);
	size_t i;

	if (error)
		return error;
	for (i = 0; !error && i < set->namespace_count; i++) {
		error = netpol_edit_namespace(core->edit, made->namespace[i]);
		made->namespace[i] = NULL;
	}
	for (i = 0; !error && i < set->pod_count; i++) {
		error = netpol_edit_pod(core->edit, made->pod[i]);
		made->pod[i] = NULL;
		if (i % COMMIT_OBJECTS == 0)
			cond_resched();
	}
	for (i = 0; !error && i < set->policy_count; i++) {
		error = netpol_edit_policy(core->edit, made->policy[i]);
		made->policy[i] = NULL;
		if (i % COMMIT_OBJECTS == 0)
			cond_resched();
	}
	return error ? np_offline_fail(core, error, "", "", "", err) : 0;
}

static int core_delete(struct np_offline *core, const struct np_objects *gone,
		       struct np_error *err)
{
	int error = 0;
	size_t i;

	for (i = 0; !error && i < gone->policy_count; i++)
		error = np_offline_delete_policy(core, gone->policies[i].namespace,
						 gone->policies[i].name, err);
	for (i = 0; !error && i < gone->pod_count; i++)
		error = np_offline_delete_pod(core, gone->pods[i].namespace,
					      gone->pods[i].name, NULL, err);
	for (i = 0; !error && i < gone->namespace_count; i++)
		error = np_offline_delete_namespace(core, gone->namespaces[i].name, err);
	return error;
}

static int core_commit(struct np_offline *core, const struct np_objects *set,
		       const struct np_objects *gone, struct made *made, bool full,
		       struct np_error *err)
{
	int error = 0;

	if (np_offline_begin(core, ORIGIN, err))
		return -1;
	if (set)
		error = core_set(core, set, made, err);
	if (!error && gone)
		error = core_delete(core, gone, err);
	if (!error && full)
		error = np_offline_sweep(core, err);
	if (!error)
		error = np_offline_prepare(core, err);
	if (error) {
		np_offline_abort(core);
		return error;
	}
	netpol_edit_publish(core->edit);
	core->edit = NULL;
	return 0;
}

/*
 * What the module does: objects are made as messages come, a label set once, and go into
 * one edit at the commit. It ends where packets would see the new state; freeing the old
 * comes after.
 */
static int core_run(struct loader *loader, const struct np_objects *set,
		    const struct np_objects *gone, struct made *made, bool full,
		    struct np_error *err)
{
	struct np_offline *core = &loader->core;
	double start = rows_cpu();
	int error;

	loader->begun = start;
	error = set ? core_make(core, set, made, err) : 0;
	if (!error)
		error = core_commit(core, set, gone, made, full, err);
	loader->cpu = rows_cpu() - start;
	loader->at = rows_clock();
	return error;
}

static int core_try(struct loader *loader, const struct np_objects *set,
		    const struct np_objects *gone, bool full, struct np_error *err)
{
	struct np_offline *core = &loader->core;
	struct netpol_snapshot *old = core->world->snapshot;
	struct made made;
	int error;

	made_init(&made, set);
	memset(&core->fault, 0, sizeof(core->fault));
	if (loader->counted)
		CALLGRIND_TOGGLE_COLLECT;
	error = core_run(loader, set, gone, &made, full, err);
	if (loader->counted)
		CALLGRIND_TOGGLE_COLLECT;
	loader->after = rows_cpu();
	if (!error)
		netpol_snapshot_put(core->world, old);
	loader->after = rows_cpu() - loader->after;
	made_free(core, set, &made);
	return error;
}

static int encode(struct np_encoder *encoder, const struct np_objects *set,
		  const struct np_objects *gone, struct np_error *err)
{
	struct np_placement here = { .local = true }, elsewhere = {};
	int error = 0;
	size_t i;

	for (i = 0; set && !error && i < set->namespace_count; i++)
		error = np_encode_namespace(encoder, &set->namespaces[i], err);
	for (i = 0; set && !error && i < set->pod_count; i++)
		error = np_encode_pod(encoder, &set->pods[i],
				      strcmp(set->pods[i].node, SHAPE_NODE) ? &elsewhere : &here,
				      err);
	for (i = 0; set && !error && i < set->policy_count; i++)
		error = np_encode_policy(encoder, &set->policies[i], err);
	for (i = 0; gone && !error && i < gone->policy_count; i++)
		error = np_encode_delete(encoder, NETPOL_OBJECT_POLICY,
					 gone->policies[i].namespace,
					 gone->policies[i].name, NULL, err);
	for (i = 0; gone && !error && i < gone->pod_count; i++)
		error = np_encode_delete(encoder, NETPOL_OBJECT_POD, gone->pods[i].namespace,
					 gone->pods[i].name, NULL, err);
	for (i = 0; gone && !error && i < gone->namespace_count; i++)
		error = np_encode_delete(encoder, NETPOL_OBJECT_NAMESPACE, NULL,
					 gone->namespaces[i].name, NULL, err);
	return error;
}

static int kernel_try(struct loader *loader, const struct np_objects *set,
		      const struct np_objects *gone, bool full, struct np_error *err)
{
	struct np_transaction_options options = { .full = full };
	struct np_transaction txn;
	double start, before, taken = gap_taken();
	int error;

	error = np_transaction_begin(&txn, &loader->client, ORIGIN, &options, err);
	if (!error)
		error = encode(&txn.encoder, set, gone, err);
	start = rows_clock();
	before = gap_taken();
	if (!error)
		error = np_transaction_commit(&txn, false, NULL, err);
	loader->at = rows_clock();
	loader->commit = loader->at - start;
	loader->commit_taken = gap_taken() - before;
	loader->taken = gap_taken() - taken;
	loader->messages = txn.encoder.messages;
	loader->bytes = txn.encoder.bytes;
	np_transaction_end(&txn);
	return error ? -1 : 0;
}

int loader_try(struct loader *loader, const struct np_objects *set,
	       const struct np_objects *gone, bool full, struct np_error *err)
{
	return loader->kernel ? kernel_try(loader, set, gone, full, err) :
				core_try(loader, set, gone, full, err);
}

void loader_do(struct loader *loader, const struct np_objects *set,
	       const struct np_objects *gone, bool full)
{
	struct np_error err = {};

	if (loader_try(loader, set, gone, full, &err))
		die("a transaction was refused", &err);
}

bool loader_judge(struct loader *loader, const struct np_flow *flow)
{
	struct np_eval_request request = {
		.source.address = flow->source,
		.destination.address = flow->destination,
		.protocol = flow->protocol,
		.has_port = true,
		.port = flow->port,
	};
	struct np_error err = {};
	struct np_eval eval;
	bool accept;

	if (!loader->kernel)
		return np_offline_judge(&loader->core, flow, NULL);
	if (np_eval_get(&loader->client, &request, &eval, &err))
		die("no verdict", &err);
	accept = eval.verdict == NETPOL_VERDICT_ALLOW;
	np_eval_free(&eval);
	return accept;
}

uint64_t loader_generation(struct loader *loader)
{
	struct np_error err = {};
	struct np_info info;
	uint64_t generation;

	if (!loader->kernel)
		return loader->core.world->snapshot->generation;
	if (np_info_get(&loader->client, &info, &err))
		die("no generation", &err);
	generation = info.generation;
	np_info_free(&info);
	return generation;
}

/* Most seconds that the module may take to free what it replaced. */
#define SETTLE_SECONDS	60

uint64_t loader_used(struct loader *loader, uint32_t limit)
{
	struct np_error err = {};
	struct np_info info;
	uint64_t used = 0;
	size_t i;

	if (!loader->kernel)
		return netpol_world_used(loader->core.world, limit);
	if (np_info_get(&loader->client, &info, &err))
		die("no limits", &err);
	for (i = 0; i < info.limit_count; i++)
		if (info.limit[i].id == limit)
			used = info.limit[i].used;
	np_info_free(&info);
	return used;
}

double loader_settle(struct loader *loader)
{
	double start = rows_clock();

	while (loader->kernel && loader_used(loader, NETPOL_LIMIT_UNFREED_BYTES) &&
	       rows_clock() - start < SETTLE_SECONDS)
		usleep(1000);
	return rows_clock() - start;
}

static struct nl_msg *size_message(void *arg, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(size);

	if (!msg || !nlmsg_put(msg, 0, 0, 0, NLMSG_ALIGN(4), 0))
		abort();
	nla_put_u32(msg, NETPOL_A_TXN, 1);
	return msg;
}

static int size_send(void *arg, struct nl_msg *msg, struct np_error *err)
{
	return 0;
}

void loader_size(const struct np_objects *set, const struct np_objects *gone,
		 uint64_t *messages, uint64_t *bytes)
{
	struct np_encoder encoder;
	struct np_error err = {};

	np_encoder_init(&encoder, size_message, size_send, NULL);
	if (encode(&encoder, set, gone, &err) || np_encoder_flush(&encoder, &err))
		die("objects can't be put in messages", &err);
	*messages = encoder.messages;
	*bytes = encoder.bytes;
	np_encoder_free(&encoder);
}
