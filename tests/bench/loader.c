// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Each object comes in a system call of its own, more or less. */
static int core_set(struct np_offline *core, const struct np_objects *set,
		    struct np_error *err)
{
	int error = 0;
	size_t i;

	for (i = 0; !error && i < set->namespace_count; i++)
		error = np_offline_namespace(core, &set->namespaces[i], err);
	for (i = 0; !error && i < set->pod_count; i++) {
		error = np_offline_pod(core, &set->pods[i], err);
		cond_resched();
	}
	for (i = 0; !error && i < set->policy_count; i++) {
		error = np_offline_policy(core, &set->policies[i], err);
		cond_resched();
	}
	return error;
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

/* The time ends where packets would see the new state; freeing the old comes after. */
static int core_try(struct loader *loader, const struct np_objects *set,
		    const struct np_objects *gone, bool full, struct np_error *err)
{
	struct np_offline *core = &loader->core;
	double start = rows_cpu();
	struct netpol_snapshot *old;
	int error;

	if (np_offline_begin(core, ORIGIN, err))
		return -1;
	error = set ? core_set(core, set, err) : 0;
	if (!error && gone)
		error = core_delete(core, gone, err);
	if (!error && full)
		error = np_offline_sweep(core, err);
	if (!error)
		error = np_offline_prepare(core, err);
	if (error) {
		np_offline_abort(core);
		loader->cpu = rows_cpu() - start;
		return -1;
	}
	old = core->world->snapshot;
	netpol_edit_publish(core->edit);
	core->edit = NULL;
	loader->cpu = rows_cpu() - start;
	loader->at = rows_clock();
	netpol_snapshot_put(core->world, old);
	return 0;
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
	int error;

	error = np_transaction_begin(&txn, &loader->client, ORIGIN, &options, err);
	if (!error)
		error = encode(&txn.encoder, set, gone, err);
	if (!error)
		error = np_transaction_commit(&txn, false, NULL, err);
	loader->at = rows_clock();
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
