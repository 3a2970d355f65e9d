// SPDX-License-Identifier: GPL-2.0
#include "netns.h"
#include "device.h"
#include "dump.h"
#include "event.h"
#include "hook.h"
#include "look.h"
#include "netlink.h"
#include "netpol_trace.h"
#include "tracer.h"
#include "txn.h"

#include <linux/llist.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>
#include <net/netfilter/nf_conntrack.h>

unsigned int netpol_net_id __read_mostly;

/**
 * struct netpol_old - a replaced snapshot, until it is given back
 * @rcu: waits until no packet reads the snapshot
 * @node: entry in netpol_net.old
 * @nn: state of the network namespace
 * @snapshot: a reference, which the reaper gives back
 */
struct netpol_old {
	struct rcu_head rcu;
	struct llist_node node;
	struct netpol_net *nn;
	struct netpol_snapshot *snapshot;
};

/*
 * Where memory is freed: unbound, so that no work of others on the same processor waits for it,
 * and its own, so that unloading can wait for it.
 */
static struct workqueue_struct *net_workqueue;

/*
 * Has a work item run after @delay, in jiffies, if it does not wait already; with 0 at once, even
 * if it waits for later. For any context.
 */
void netpol_net_queue(struct delayed_work *work, unsigned long delay)
{
	if (delay)
		queue_delayed_work(net_workqueue, work, delay);
	else
		mod_delayed_work(net_workqueue, work, 0);
}

/* Gives back the replaced snapshots whose grace period has passed. @nn is locked. */
static void net_collect(struct netpol_net *nn)
{
	struct llist_node *list = llist_del_all(&nn->old);
	struct netpol_old *old, *next;

	lockdep_assert_held(&nn->lock);
	llist_for_each_entry_safe(old, next, list, node) {
		netpol_snapshot_drop(nn->world, old->snapshot);
		kfree(old);
	}
}

/* Frees what nobody reads any more, and gives the lock back between the pieces. */
static void net_reap_work(struct work_struct *work)
{
	struct netpol_net *nn = container_of(work, struct netpol_net, reaper);
	bool more;

	do {
		mutex_lock(&nn->lock);
		net_collect(nn);
		more = netpol_world_reap(nn->world);
		mutex_unlock(&nn->lock);
		cond_resched();
	} while (more);
}

/* Notes which rules were hit since the last time, and does it again later. */
static void net_look_work(struct work_struct *work)
{
	struct netpol_net *nn = container_of(to_delayed_work(work), struct netpol_net, looker);
	struct netpol_look look = {};
	u64 took = 0, begun;
	bool more;

	do {
		mutex_lock(&nn->lock);
		begun = ktime_get_ns();
		more = nn->enforcing && netpol_look_piece(nn, &look);
		took += ktime_get_ns() - begun;
		mutex_unlock(&nn->lock);
		cond_resched();
	} while (more);
	mutex_lock(&nn->lock);
	if (nn->enforcing)
		queue_delayed_work(net_workqueue, &nn->looker,
				   max_t(u64, NETPOL_LOOK_SECONDS * HZ,
					 nsecs_to_jiffies64(NETPOL_LOOK_REST * took)));
	mutex_unlock(&nn->lock);
}

/* Looks whether an audit has ended, as long as one is going to. @nn is locked. */
static void net_schedule_end(struct netpol_net *nn)
{
	const struct netpol_snapshot *snapshot = nn->world->snapshot;

	/* once in a second, because delays do not go on while the machine sleeps */
	if (netpol_audits_next_end(snapshot->audits, snapshot->now))
		mod_delayed_work(net_workqueue, &nn->ender, HZ);
}

/**
 * netpol_net_end_audits() - enforce the policies whose audit has ended
 * @nn: state, locked
 *
 * To be called before an edit of objects, so that whoever makes it is not to blame. What fails is
 * tried again soon.
 */
void netpol_net_end_audits(struct netpol_net *nn)
{
	struct netpol_snapshot *snapshot = nn->world->snapshot;
	struct netpol_fault fault = {};
	u64 now = netpol_now();
	int error = 0;

	if (!netpol_audits_ended(snapshot->audits, snapshot->now, now))
		return;
	/* without objects there is no program to change, and nothing to publish */
	if (nn->enforcing)
		error = netpol_net_audit(nn, NULL, true, &fault);
	else
		snapshot->now = now;
	if (error)
		pr_warn_ratelimited("netpol: policies whose audit has ended are not enforced yet: %s\n",
				    fault.text[0] ? fault.text : "out of memory");
}

static void net_end_work(struct work_struct *work)
{
	struct netpol_net *nn = container_of(to_delayed_work(work), struct netpol_net, ender);

	mutex_lock(&nn->lock);
	netpol_net_end_audits(nn);
	net_schedule_end(nn);
	mutex_unlock(&nn->lock);
}

/* Called when no packet reads the snapshot any more. */
static void old_unread(struct rcu_head *rcu)
{
	struct netpol_old *old = container_of(rcu, struct netpol_old, rcu);
	struct netpol_net *nn = old->nn;

	/* freeing can take long, so it is not done here in softirq */
	llist_add(&old->node, &nn->old);
	queue_work(net_workqueue, &nn->reaper);
}

/* Gives a reference on a snapshot back. @nn is locked. */
void netpol_net_drop(struct netpol_net *nn, struct netpol_snapshot *snapshot)
{
	netpol_snapshot_drop(nn->world, snapshot);
	queue_work(net_workqueue, &nn->reaper);
}

/* Makes conntrack track the connections of a network namespace. @nn is locked. */
static int net_take_conntrack(struct netpol_net *nn)
{
	int error;

	if (nn->conntrack)
		return 0;
	error = nf_ct_netns_get(nn->net, NFPROTO_INET);
	nn->conntrack = !error;
	return error;
}

/* Begins to enforce: takes conntrack and a reference on the module, registers the hooks. */
static int net_enforce(struct netpol_net *nn, struct netpol_fault *fault)
{
	int error;

	if (nn->enforcing)
		return 0;
	if (!try_module_get(THIS_MODULE))
		return netpol_fail(fault, -ENODEV, "the module is being unloaded");
	error = netpol_event_queue_prepare(nn->events) ?:
		netpol_event_queue_prepare(nn->observed);
	if (error) {
		netpol_fail(fault, error, "out of memory");
		goto put;
	}
	error = net_take_conntrack(nn);
	if (error) {
		netpol_fail(fault, error, "conntrack can't be used (error %d)", error);
		goto put;
	}
	error = netpol_hook_register(nn);
	if (error) {
		netpol_fail(fault, error, "hooks can't be registered (error %d)", error);
		goto put;
	}
	nn->enforcing = true;
	queue_delayed_work(net_workqueue, &nn->looker, 0);
	return 0;
put:
	module_put(THIS_MODULE);
	return error;
}

/* Stops enforcing after the last object is gone, so that the module can be unloaded. */
static void net_release(struct netpol_net *nn)
{
	if (!nn->enforcing)
		return;
	netpol_hook_unregister(nn);
	nn->enforcing = false;
	module_put(THIS_MODULE);
}

/**
 * netpol_net_make_room() - bound the memory of replaced state that still has readers
 * @nn: state, locked; no edit is open, because objects are freed here
 * @fault: explains a refusal
 *
 * Return: 0, or -EAGAIN if there is too much even after all dumps lost their snapshots.
 */
int netpol_net_make_room(struct netpol_net *nn, struct netpol_fault *fault)
{
	struct netpol_world *world = nn->world;
	u64 limit = world->limit[NETPOL_LIMIT_UNFREED_BYTES];

	if (world->retired_bytes <= limit)
		return 0;
	netpol_dump_revoke(nn);
	rcu_barrier();
	net_collect(nn);
	while (netpol_world_reap(world))
		;
	if (world->retired_bytes <= limit)
		return 0;
	return netpol_fail(fault, -EAGAIN,
			   "%llu bytes of replaced state still have readers; try again",
			   (unsigned long long)world->retired_bytes);
}

/**
 * netpol_net_trace() - tell tracers about a commit
 * @nn: state, locked
 * @error: negative errno: it was refused
 * @begun: ktime_get_ns() when its edit began
 */
void netpol_net_trace(const struct netpol_net *nn, int error, u64 begun)
{
	trace_netpol_commit(nn->net->ns.inum, error ? 0 : nn->world->snapshot->generation, error,
			    ktime_get_ns() - begun);
}

/* Is there nothing to enforce? Guards deny even if no object is loaded. */
static bool snapshot_empty(const struct netpol_snapshot *snapshot)
{
	return !snapshot->namespaces.count && !snapshot->pods.count &&
	       !snapshot->policies.count && !snapshot->settings->nguards &&
	       !snapshot->settings->npatterns;
}

/* Tells of local pods that are closed for want of room. It does so once, until there are none. */
static void tell_lacking(const struct netpol_world *world)
{
	const struct netpol_pod *pod;
	u32 count = netpol_world_lacking(world, &pod);

	if (pod)
		pr_warn_ratelimited("netpol: %u local pods, such as %s/%s, are closed, because there is no room for their policies; 'netpolctl status' names the limit\n",
				    count, pod->template->ns->name, netpol_pod_name(pod));
}

/**
 * netpol_net_commit() - put a prepared edit in force
 * @nn: state, locked
 * @edit: prepared; this takes it over: it is published, or aborted after an error
 * @fault: explains a refusal
 *
 * Return: 0, or a negative errno with nothing changed.
 */
int netpol_net_commit(struct netpol_net *nn, struct netpol_edit *edit,
		      struct netpol_fault *fault)
{
	struct netpol_snapshot *snapshot;
	struct netpol_old *old;
	int gone, error = -ENOMEM;
	bool lacked, notified = false;
	u32 i;

	lockdep_assert_held(&nn->lock);
	old = kzalloc(sizeof(*old), GFP_KERNEL_ACCOUNT);
	if (old)
		error = net_enforce(nn, fault);
	if (error) {
		kfree(old);
		netpol_edit_abort(edit);
		return error;
	}

	/* nothing below can fail */
	lacked = nn->world->snapshot->nlacking;
	old->nn = nn;
	old->snapshot = nn->world->snapshot;
	snapshot = netpol_edit_publish(edit);
	gone = atomic_read(&nn->devices_gone);
	netpol_device_adopt(nn);
	rcu_assign_pointer(nn->root, snapshot);
	netpol_device_check(nn, gone);
	call_rcu(&old->rcu, old_unread);
	for (i = 0; i < NETPOL_ORIGINS; i++) {
		if (!snapshot->origin[i].name[0] ||
		    snapshot->origin[i].generation != snapshot->generation)
			continue;
		netpol_notify_change(nn, snapshot->origin[i].name, snapshot->generation);
		notified = true;
	}
	if (!notified)
		netpol_notify_change(nn, NULL, snapshot->generation);
	net_schedule_end(nn);
	if (snapshot->nlacking && !lacked)
		tell_lacking(nn->world);
	if (snapshot->nunobserved)
		pr_warn_ratelimited("netpol: there is no room to observe the policies of %u local pods and directions, which pass as if there were none\n",
				    snapshot->nunobserved);
	if (snapshot_empty(snapshot))
		net_release(nn);
	return 0;
}

/**
 * netpol_net_audit() - begin an audit, or end audits
 * @nn: state, locked
 * @audit: what it is about; NULL: end those whose time has come
 * @end: end it
 * @fault: explains a refusal
 *
 * Return: 0; -ENOENT: there is no audit to end; another negative errno; with nothing changed.
 */
int netpol_net_audit(struct netpol_net *nn, const struct netpol_audit *audit, bool end,
		     struct netpol_fault *fault)
{
	u64 begun = ktime_get_ns();
	struct netpol_edit *edit;
	int error;

	error = netpol_net_make_room(nn, fault);
	if (error)
		return error;
	edit = netpol_edit_begin(nn->world, NULL, fault);
	if (IS_ERR(edit))
		return PTR_ERR(edit);
	if (audit)
		error = end ? netpol_edit_audit_end(edit, audit) : netpol_edit_audit(edit, audit);
	if (!error)
		error = netpol_edit_prepare(edit);
	if (error)
		netpol_edit_abort(edit);
	else
		error = netpol_net_commit(nn, edit, fault);
	netpol_net_trace(nn, error, begun);
	return error;
}

/**
 * netpol_net_flush() - delete all objects of all origins
 * @nn: state, locked
 * @fault: explains a refusal
 *
 * Return: 0, or a negative errno with nothing changed.
 */
int netpol_net_flush(struct netpol_net *nn, struct netpol_fault *fault)
{
	const struct netpol_origin *origin = nn->world->snapshot->origin;
	u64 begun = ktime_get_ns();
	struct netpol_edit *edit;
	int error;

	error = netpol_net_make_room(nn, fault);
	if (error)
		return error;
	/* use an origin that exists: a new one could exceed the limit on origins */
	edit = netpol_edit_begin(nn->world, origin->name[0] ? origin->name : "manual", fault);
	if (IS_ERR(edit))
		return PTR_ERR(edit);
	error = netpol_edit_clear(edit);
	if (!error)
		error = netpol_edit_prepare(edit);
	if (error)
		netpol_edit_abort(edit);
	else
		error = netpol_net_commit(nn, edit, fault);
	netpol_net_trace(nn, error, begun);
	return error;
}

/**
 * struct netpol_grave - the world of a network namespace that has gone, until it is freed
 * @work: frees it
 * @world: the world, which nobody can see any more
 */
struct netpol_grave {
	struct work_struct work;
	struct netpol_world *world;
};

static void net_bury_work(struct work_struct *work)
{
	struct netpol_grave *grave = container_of(work, struct netpol_grave, work);

	netpol_world_destroy(grave->world);
	kfree(grave);
}

/* Makes the state of a new network namespace, which enforces nothing yet. */
static int __net_init net_init(struct net *net)
{
	struct netpol_net *nn = netpol_net(net);

	nn->net = net;
	mutex_init(&nn->lock);
	mutex_init(&nn->trace);
	init_llist_head(&nn->old);
	INIT_WORK(&nn->reaper, net_reap_work);
	INIT_DELAYED_WORK(&nn->ender, net_end_work);
	INIT_DELAYED_WORK(&nn->looker, net_look_work);
	INIT_LIST_HEAD(&nn->transactions);
	INIT_LIST_HEAD(&nn->dumps);
	nn->grave = kzalloc(sizeof(*nn->grave), GFP_KERNEL_ACCOUNT);
	if (!nn->grave)
		return -ENOMEM;
	INIT_WORK(&nn->grave->work, net_bury_work);
	nn->totals = __alloc_percpu(sizeof(*nn->totals), SMP_CACHE_BYTES);
	if (!nn->totals)
		goto free_grave;
	nn->world = netpol_world_create();
	if (!nn->world)
		goto free_totals;
	nn->events = netpol_event_queue_create(nn, NETPOL_VERDICT_DENY);
	if (!nn->events)
		goto destroy_world;
	nn->observed = netpol_event_queue_create(nn, NETPOL_VERDICT_AUDIT);
	if (!nn->observed)
		goto destroy_events;
	RCU_INIT_POINTER(nn->root, nn->world->snapshot);
	return 0;
destroy_events:
	netpol_event_queue_destroy(nn->events);
destroy_world:
	netpol_world_destroy(nn->world);
free_totals:
	free_percpu(nn->totals);
free_grave:
	kfree(nn->grave);
	return -ENOMEM;
}

/*
 * Ends the trace, transactions and dumps and unregisters the hooks. The network core waits for an
 * RCU grace period before it calls net_exit().
 */
static void __net_exit net_pre_exit(struct net *net)
{
	struct netpol_net *nn = netpol_net(net);

	netpol_tracer_end(nn);
	mutex_lock(&nn->lock);
	netpol_txn_close_all(nn);
	netpol_dump_close_all(nn);
	if (nn->enforcing)
		netpol_hook_unregister(nn);
	mutex_unlock(&nn->lock);
}

/*
 * Frees the state of a network namespace. The world, which may be large, is left to a work item,
 * because other network namespaces that go away wait for this function.
 */
static void __net_exit net_exit(struct net *net)
{
	struct netpol_net *nn = netpol_net(net);

	/* it commits, so that there is one more snapshot to give back */
	cancel_delayed_work_sync(&nn->ender);
	netpol_event_queue_destroy(nn->events);
	netpol_event_queue_destroy(nn->observed);
	rcu_barrier();
	cancel_work_sync(&nn->reaper);
	cancel_delayed_work_sync(&nn->looker);
	RCU_INIT_POINTER(nn->root, NULL);
	mutex_lock(&nn->lock);
	net_collect(nn);
	mutex_unlock(&nn->lock);
	nn->grave->world = nn->world;
	queue_work(net_workqueue, &nn->grave->work);
	if (nn->conntrack)
		nf_ct_netns_put(net, NFPROTO_INET);
	free_percpu(nn->totals);
	if (nn->enforcing)
		module_put(THIS_MODULE);
}

static struct pernet_operations netpol_net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &netpol_net_id,
	.size = sizeof(struct netpol_net),
};

/*
 * Begins to keep state for every network namespace. In the initial one conntrack is taken at
 * once, long before the first policy, because a connection that conntrack first sees in its
 * middle may be recorded in the wrong direction. Return: 0 or a negative errno.
 */
int netpol_net_register(void)
{
	struct netpol_net *nn;
	int error;

	net_workqueue = alloc_workqueue("netpol", WQ_UNBOUND, 0);
	if (!net_workqueue)
		return -ENOMEM;
	error = register_pernet_subsys(&netpol_net_ops);
	if (error)
		goto destroy;
	nn = netpol_net(&init_net);
	mutex_lock(&nn->lock);
	error = net_take_conntrack(nn);
	mutex_unlock(&nn->lock);
	if (!error)
		return 0;
	unregister_pernet_subsys(&netpol_net_ops);
destroy:
	destroy_workqueue(net_workqueue);
	return error;
}

/*
 * Frees all state. No network namespace enforces anything by now, because one that does holds
 * a reference on the module.
 */
void netpol_net_unregister(void)
{
	unregister_pernet_subsys(&netpol_net_ops);
	rcu_barrier();
	destroy_workqueue(net_workqueue);
}
