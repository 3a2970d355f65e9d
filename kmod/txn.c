// SPDX-License-Identifier: GPL-2.0
#include "txn.h"
#include <linux/netlink.h>
#include <linux/notifier.h>
#include "netlink.h"
#include "parse.h"
#include "parse_policy.h"

/* Bytes charged for each attribute, besides its own: about what the object takes. */
#define ATTR_BYTES 128

/* --- the builder ---------------------------------------------------------------- */

/* Frees the object of an operation, if no edit has taken it over. */
static void object_free(struct netpol_world *world, struct netpol_operation *operation)
{
	if (operation->taken)
		return;
	switch (operation->kind) {
	case NETPOL_OPERATION_NAMESPACE:
		netpol_namespace_free(world, operation->object);
		break;
	case NETPOL_OPERATION_POD:
		netpol_pod_free(world, operation->object);
		break;
	case NETPOL_OPERATION_POLICY:
		netpol_policy_free(world, operation->object);
		break;
	case NETPOL_OPERATION_SETTINGS:
		netpol_settings_free(operation->object);
		break;
	case NETPOL_OPERATION_DELETE:
		netpol_free(operation->object);
		break;
	}
}

static void label_set_free(struct netpol_world *world, struct netpol_label_set *set)
{
	netpol_labels_put(world, set->labels);
	netpol_ports_put(world, set->ports);
	netpol_free(set);
}

/* Frees a transaction and the objects that no edit has taken over. @nn is locked. */
static void txn_close(struct netpol_net *nn, struct netpol_txn *txn)
{
	struct netpol_operations *page, *next;
	struct netpol_label_set *set;
	unsigned long number;
	u32 i;

	lockdep_assert_held(&nn->lock);
	list_del(&txn->node);
	WRITE_ONCE(nn->ntransactions, nn->ntransactions - 1);
	for (page = txn->first; page; page = next) {
		next = page->next;
		for (i = 0; i < page->count; i++)
			object_free(nn->world, &page->operation[i]);
		netpol_free(page);
		cond_resched();
	}
	xa_for_each(&txn->label_sets, number, set) {
		label_set_free(nn->world, set);
		cond_resched();
	}
	xa_destroy(&txn->label_sets);
	netpol_free(txn);
}

static struct netpol_txn *txn_by_number(struct netpol_net *nn, u32 number)
{
	struct netpol_txn *txn;

	list_for_each_entry(txn, &nn->transactions, node)
		if (txn->number == number)
			return txn;
	return NULL;
}

/* The transaction that a request names, if the socket owns it. */
static struct netpol_txn *txn_find(struct netpol_parse *parse, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[NETPOL_A_TXN];
	struct netpol_txn *txn;

	if (!attr)
		return ERR_PTR(netpol_refuse_missing(parse->refusal, NULL,
						     NETPOL_A_TXN));
	txn = txn_by_number(parse->nn, nla_get_u32(attr));
	if (!txn || txn->portid != info->snd_portid)
		return ERR_PTR(netpol_refuse(parse->refusal, attr, -ENOENT,
					     "this socket has no transaction %u",
					     nla_get_u32(attr)));
	return txn;
}

/* Appends an operation, which takes over @object: after -ENOMEM the object is freed. */
static int txn_append(struct netpol_parse *parse, struct netpol_txn *txn, void *object,
		      enum netpol_operation_kind kind)
{
	struct netpol_operation operation = { .object = object, .kind = kind };
	struct netpol_operations *page = txn->last;

	if (!page || page->count == NETPOL_OPERATIONS) {
		page = netpol_alloc(sizeof(*page));
		if (!page) {
			object_free(parse->world, &operation);
			return netpol_no_memory(parse);
		}
		if (txn->last)
			txn->last->next = page;
		else
			txn->first = page;
		txn->last = page;
	}
	page->operation[page->count++] = operation;
	txn->noperations++;
	return 0;
}

/* Charges a transaction for an attribute. -ENOSPC above the limit of bytes. */
static int txn_charge(struct netpol_parse *parse, struct netpol_txn *txn,
		      const struct nlattr *attr)
{
	u64 limit = parse->world->limit[NETPOL_LIMIT_BYTES];

	txn->bytes += nla_total_size(nla_len(attr)) + ATTR_BYTES;
	if (txn->bytes <= limit)
		return 0;
	return netpol_refuse(parse->refusal, attr, -ENOSPC,
			     "the transaction has more than %llu bytes",
			     (unsigned long long)limit);
}

/* Counts one more object of a kind. -ENOSPC above the limit for that kind. */
static int txn_count(struct netpol_parse *parse, const struct nlattr *attr, u32 *count,
		     u32 limit, const char *what)
{
	if (*count < parse->world->limit[limit]) {
		++*count;
		return 0;
	}
	return netpol_refuse(parse->refusal, attr, -ENOSPC,
			     "the transaction has more than %llu %s",
			     (unsigned long long)parse->world->limit[limit], what);
}

static int add_label_set(struct netpol_parse *parse, struct netpol_txn *txn,
			 const struct nlattr *attr)
{
	struct netpol_label_set *set;
	u32 id;
	int error;

	error = txn_count(parse, attr, &txn->nlabel_sets, NETPOL_LIMIT_PODS, "label sets");
	if (error)
		return error;
	set = netpol_parse_label_set(parse, attr, &id);
	if (IS_ERR(set))
		return PTR_ERR(set);
	error = xa_insert(&txn->label_sets, id, set, GFP_KERNEL);
	if (!error)
		return 0;
	label_set_free(parse->world, set);
	if (error == -EBUSY)
		return netpol_refuse(parse->refusal, attr, -EEXIST,
				     "label set %u was sent twice", id);
	return netpol_no_memory(parse);
}

static int add_namespace(struct netpol_parse *parse, struct netpol_txn *txn,
			 const struct nlattr *attr)
{
	struct netpol_namespace *namespace;
	int error;

	error = txn_count(parse, attr, &txn->nnamespaces, NETPOL_LIMIT_NAMESPACES,
			  "namespaces");
	if (error)
		return error;
	namespace = netpol_parse_namespace(parse, attr);
	if (IS_ERR(namespace))
		return PTR_ERR(namespace);
	return txn_append(parse, txn, namespace, NETPOL_OPERATION_NAMESPACE);
}

static int add_pod(struct netpol_parse *parse, struct netpol_txn *txn,
		   const struct nlattr *attr)
{
	struct netpol_pod *pod;
	int error;

	error = txn_count(parse, attr, &txn->npods, NETPOL_LIMIT_PODS, "pods");
	if (error)
		return error;
	pod = netpol_parse_pod(parse, attr, &txn->label_sets);
	if (IS_ERR(pod))
		return PTR_ERR(pod);
	error = txn_append(parse, txn, pod, NETPOL_OPERATION_POD);
	if (!error && netpol_pod_is_local(pod))
		error = txn_count(parse, attr, &txn->nlocals, NETPOL_LIMIT_LOCAL_PODS,
				  "local pods");
	return error;
}

static int add_policy(struct netpol_parse *parse, struct netpol_txn *txn,
		      const struct nlattr *attr)
{
	struct netpol_policy *policy;
	int error;

	txn->policy = NULL;
	error = txn_count(parse, attr, &txn->npolicies, NETPOL_LIMIT_POLICIES, "policies");
	if (error)
		return error;
	policy = netpol_parse_policy(parse, attr);
	if (IS_ERR(policy))
		return PTR_ERR(policy);
	error = txn_append(parse, txn, policy, NETPOL_OPERATION_POLICY);
	if (error)
		return error;
	txn->policy = policy;
	txn->policy_number = txn->noperations - 1;
	return 0;
}

static int add_settings(struct netpol_parse *parse, struct netpol_txn *txn,
			const struct nlattr *attr)
{
	struct netpol_settings *settings = netpol_parse_settings(parse, attr);

	if (IS_ERR(settings))
		return PTR_ERR(settings);
	txn->bytes += sizeof(*settings);
	return txn_append(parse, txn, settings, NETPOL_OPERATION_SETTINGS);
}

static int add_delete(struct netpol_parse *parse, struct netpol_txn *txn,
		      const struct nlattr *attr)
{
	struct netpol_deletion *deletion = netpol_parse_delete(parse, attr);

	if (IS_ERR(deletion))
		return PTR_ERR(deletion);
	return txn_append(parse, txn, deletion, NETPOL_OPERATION_DELETE);
}

/*
 * Puts the number of the refused object into the acknowledgment. Objects are counted from 0
 * in the order of the messages. No object is to blame if memory ran out.
 */
static void blame(struct netlink_ext_ack *extack, int error, u32 number)
{
	if (error != -ENOMEM)
		nl_set_extack_cookie_u64(extack, number);
}

/* Blames the object that a refused attribute belongs to. @next: number of the next object. */
static void blame_attr(struct netlink_ext_ack *extack, int error,
		       const struct netpol_txn *txn, const struct nlattr *attr, u32 next)
{
	switch (nla_type(attr)) {
	case NETPOL_A_LABEL_SET:
		break;
	case NETPOL_A_RULE:
	case NETPOL_A_PEER:
	case NETPOL_A_EXCEPT:
	case NETPOL_A_PORT:
		if (txn->policy)
			blame(extack, error, txn->policy_number);
		break;
	default:
		blame(extack, error, next);
	}
}

/* Takes one attribute of TXN_ADD. They come in the order of the message. */
static int add_attr(struct netpol_parse *parse, struct netpol_txn *txn,
		    const struct nlattr *attr)
{
	int error;

	if (nla_type(attr) == NETPOL_A_TXN)
		return 0;
	if (nla_len(attr) > NETPOL_NEST_MAX)
		return netpol_refuse(parse->refusal, attr, -EMSGSIZE,
				     "the attribute has more than %u bytes", NETPOL_NEST_MAX);
	error = txn_charge(parse, txn, attr);
	if (error)
		return error;
	switch (nla_type(attr)) {
	case NETPOL_A_LABEL_SET:
		return add_label_set(parse, txn, attr);
	case NETPOL_A_NAMESPACE:
		return add_namespace(parse, txn, attr);
	case NETPOL_A_POD:
		return add_pod(parse, txn, attr);
	case NETPOL_A_POLICY:
		return add_policy(parse, txn, attr);
	case NETPOL_A_RULE:
		return netpol_parse_rule(parse, attr, txn->policy);
	case NETPOL_A_PEER:
		return netpol_parse_peer(parse, attr, txn->policy);
	case NETPOL_A_EXCEPT:
		return netpol_parse_except(parse, attr, txn->policy);
	case NETPOL_A_PORT:
		return netpol_parse_port(parse, attr, txn->policy);
	case NETPOL_A_SETTINGS:
		return add_settings(parse, txn, attr);
	case NETPOL_A_DELETE:
		return add_delete(parse, txn, attr);
	}
	return netpol_refuse(parse->refusal, attr, -EINVAL,
			     "TXN_ADD does not take this attribute");
}

/* --- commit --------------------------------------------------------------------- */

/* Deletes an object. Settings are not deleted but replaced by the defaults. */
static int apply_delete(struct netpol_parse *parse, struct netpol_edit *edit,
			const struct netpol_deletion *deletion)
{
	struct netpol_settings *settings;

	switch (deletion->object) {
	case NETPOL_OBJECT_NAMESPACE:
		return netpol_edit_delete_namespace(edit, deletion->name);
	case NETPOL_OBJECT_POD:
		return netpol_edit_delete_pod(edit, deletion->ns, deletion->name,
					      deletion->has_uid ? deletion->uid : NULL);
	case NETPOL_OBJECT_POLICY:
		return netpol_edit_delete_policy(edit, deletion->kind, deletion->ns,
						 deletion->name);
	case NETPOL_OBJECT_SETTINGS:
		settings = netpol_parse_settings(parse, NULL);
		if (IS_ERR(settings))
			return PTR_ERR(settings);
		return netpol_edit_settings(edit, settings);
	}
	return -EINVAL;
}

/* Applies one operation. The edit takes over its object, even if this fails. */
static int apply(struct netpol_parse *parse, struct netpol_edit *edit,
		 struct netpol_operation *operation)
{
	void *object = operation->object;

	if (operation->kind == NETPOL_OPERATION_DELETE)
		return apply_delete(parse, edit, object);
	operation->taken = true;
	switch (operation->kind) {
	case NETPOL_OPERATION_NAMESPACE:
		return netpol_edit_namespace(edit, object);
	case NETPOL_OPERATION_POD:
		return netpol_edit_pod(edit, object);
	case NETPOL_OPERATION_POLICY:
		return netpol_edit_policy(edit, object);
	case NETPOL_OPERATION_SETTINGS:
		return netpol_edit_settings(edit, object);
	}
	return -EINVAL;
}

/* Blames the object that @fault is about, if it is about one. */
static void blame_object(struct netlink_ext_ack *extack, int error,
			 const struct netpol_txn *txn, const struct netpol_fault *fault)
{
	const struct netpol_operations *page;
	u32 i, number = 0;

	if (!fault->object)
		return;
	for (page = txn->first; page; page = page->next) {
		for (i = 0; i < page->count; i++, number++) {
			if (page->operation[i].object != fault->object)
				continue;
			blame(extack, error, number);
			return;
		}
		cond_resched();
	}
}

/* Applies all operations, and prepares the edit. */
static int apply_all(struct netpol_parse *parse, struct netpol_txn *txn,
		     struct netpol_edit *edit, const struct netpol_fault *fault)
{
	int error = netpol_edit_expect(edit, txn->nnamespaces, txn->npods, txn->npolicies);
	struct netpol_operations *page;
	u32 i, number = 0;

	if (error)
		return error;
	for (page = txn->first; page; page = page->next) {
		for (i = 0; i < page->count; i++, number++) {
			error = apply(parse, edit, &page->operation[i]);
			if (!error)
				continue;
			blame(parse->refusal->extack, error, number);
			return error;
		}
		cond_resched();
	}
	if (txn->full)
		error = netpol_edit_sweep(edit);
	if (!error)
		error = netpol_edit_prepare(edit);
	if (error)
		blame_object(parse->refusal->extack, error, txn, fault);
	return error;
}

/* Generation of an origin's last commit; 0: there is no such origin. */
static u64 origin_generation(const struct netpol_net *nn, const char *name)
{
	struct netpol_snapshot *snapshot = nn->world->snapshot;
	int place = netpol_world_origin(snapshot, name);

	return place < 0 ? 0 : snapshot->origin[place].generation;
}

/* Commits, or with @check only finds out whether a commit would be refused. */
static int txn_commit(struct netpol_parse *parse, struct netpol_txn *txn, bool check)
{
	struct netpol_fault fault = {};
	u64 now, begun = ktime_get_ns();
	struct netpol_edit *edit;
	int error;

	netpol_net_end_audits(parse->nn);
	if (txn->failed)
		return netpol_refuse(parse->refusal, NULL, -EINVAL,
				     "a message of this transaction was refused");
	now = origin_generation(parse->nn, txn->origin);
	if (now != txn->base)
		return netpol_refuse(parse->refusal, NULL, -ESTALE,
				     "origin %s is now at generation %llu, this transaction builds on %llu",
				     txn->origin, (unsigned long long)now,
				     (unsigned long long)txn->base);
	error = netpol_net_make_room(parse->nn, &fault);
	if (error)
		return netpol_refuse_fault(parse->refusal, error, &fault);
	edit = netpol_edit_begin(parse->world, txn->origin, &fault);
	if (IS_ERR(edit))
		return netpol_refuse_fault(parse->refusal, PTR_ERR(edit), &fault);
	error = apply_all(parse, txn, edit, &fault);
	if (error || check)
		netpol_edit_abort(edit);
	else
		error = netpol_net_commit(parse->nn, edit, &fault);
	if (!check)
		netpol_net_trace(parse->nn, error, begun);
	return error ? netpol_refuse_fault(parse->refusal, error, &fault) : 0;
}

/* --- requests ------------------------------------------------------------------- */

/* The next free number for a transaction. It wraps after 2^32. @nn is locked. */
static u32 txn_number(struct netpol_net *nn)
{
	static atomic_t last;
	u32 number;

	do {
		number = atomic_inc_return(&last);
	} while (!number || txn_by_number(nn, number));
	return number;
}

/* Opens a transaction for the socket that sent the request. */
static struct netpol_txn *txn_open(struct netpol_parse *parse, struct genl_info *info)
{
	const struct nlattr *base = info->attrs[NETPOL_A_BASE_GENERATION];
	const struct nlattr *flags = info->attrs[NETPOL_A_FLAGS];
	struct netpol_net *nn = parse->nn;
	struct netpol_text origin;
	struct netpol_txn *txn;
	u64 limit;
	int error;

	if (!info->attrs[NETPOL_A_ORIGIN])
		return ERR_PTR(netpol_refuse_missing(parse->refusal, NULL,
						     NETPOL_A_ORIGIN));
	error = netpol_parse_text(parse, info->attrs[NETPOL_A_ORIGIN], false, &origin);
	if (error)
		return ERR_PTR(error);
	limit = parse->world->limit[NETPOL_LIMIT_TRANSACTIONS];
	if (nn->ntransactions >= limit)
		return ERR_PTR(netpol_refuse(parse->refusal, NULL, -ENOSPC,
					     "%llu transactions are already open",
					     (unsigned long long)limit));
	txn = netpol_alloc(sizeof(*txn));
	if (!txn)
		return ERR_PTR(netpol_no_memory(parse));
	memcpy(txn->origin, origin.data, origin.length);
	txn->base = origin_generation(nn, txn->origin);
	if (base && nla_get_u64(base) != txn->base) {
		error = netpol_refuse(parse->refusal, base, -ESTALE,
				      "origin %s is at generation %llu", txn->origin,
				      (unsigned long long)txn->base);
		netpol_free(txn);
		return ERR_PTR(error);
	}
	txn->full = flags && nla_get_u32(flags) & NETPOL_FLAG_FULL;
	txn->number = txn_number(nn);
	txn->portid = info->snd_portid;
	xa_init_flags(&txn->label_sets, XA_FLAGS_ACCOUNT);
	list_add_tail(&txn->node, &nn->transactions);
	WRITE_ONCE(nn->ntransactions, nn->ntransactions + 1);
	return txn;
}

/* Locks the network namespace of a request. Return: the context for the parse functions. */
static struct netpol_parse request_lock(struct netpol_refusal *refusal,
					struct genl_info *info)
{
	struct netpol_net *nn = netpol_net(genl_info_net(info));

	mutex_lock(&nn->lock);
	return (struct netpol_parse){ nn, nn->world, refusal };
}

/* Ends what request_lock() began. */
static void request_unlock(struct netpol_parse *parse)
{
	mutex_unlock(&parse->nn->lock);
}

/*
 * NETPOL_CMD_TXN_BEGIN. -EINVAL, -ESTALE, -ENOSPC, -ENOMEM; -EAGAIN if the receive buffer of the
 * sender is full. A transaction whose number can't be told is not left open.
 */
int netpol_txn_begin_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	struct netpol_parse parse;
	struct netpol_txn *txn;
	struct sk_buff *reply;
	void *header;
	int error;

	reply = netpol_reply_new(info, NETPOL_CMD_TXN_BEGIN, NLMSG_DEFAULT_SIZE, &header);
	if (!reply)
		return -ENOMEM;
	parse = request_lock(refusal, info);
	txn = txn_open(&parse, info);
	error = PTR_ERR_OR_ZERO(txn);
	if (!error && (nla_put_u64_64bit(reply, NETPOL_A_GENERATION,
					 parse.world->snapshot->generation, NETPOL_A_PAD) ||
		       nla_put_u32(reply, NETPOL_A_TXN, txn->number) ||
		       nla_put_u64_64bit(reply, NETPOL_A_BASE_GENERATION, txn->base,
					 NETPOL_A_PAD)))
		error = -EMSGSIZE;
	error = netpol_reply_send(info, reply, header, error);
	if (error && !IS_ERR(txn))
		txn_close(parse.nn, txn);
	request_unlock(&parse);
	return error;
}

/* NETPOL_CMD_TXN_ADD. Once a message is refused, the transaction can only be aborted. */
int netpol_txn_add_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	struct netpol_parse parse = request_lock(refusal, info);
	const struct nlattr *attr;
	struct netpol_txn *txn;
	int left, error = 0;
	u32 next;

	txn = txn_find(&parse, info);
	if (IS_ERR(txn)) {
		error = PTR_ERR(txn);
		goto unlock;
	}
	if (txn->failed) {
		error = netpol_refuse(refusal, NULL, -EINVAL,
				      "a message of this transaction was refused");
		goto unlock;
	}
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, left) {
		next = txn->noperations;
		cond_resched();
		error = add_attr(&parse, txn, attr);
		if (error) {
			blame_attr(refusal->extack, error, txn, attr, next);
			txn->failed = true;
			break;
		}
	}
	txn->messages++;
unlock:
	request_unlock(&parse);
	return error;
}

/*
 * Did the sender send another number of messages than have arrived? netlink itself may refuse
 * a message, which then never gets here. If the sender overlooks that, its count keeps it from
 * publishing an incomplete state.
 */
static bool messages_missing(const struct netpol_txn *txn, const struct genl_info *info)
{
	const struct nlattr *messages = info->attrs[NETPOL_A_MESSAGES];

	return messages && nla_get_u32(messages) != txn->messages;
}

/* NETPOL_CMD_TXN_COMMIT. The transaction is gone afterwards, even if it was refused. */
int netpol_txn_commit_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	const struct nlattr *flags = info->attrs[NETPOL_A_FLAGS];
	struct netpol_parse parse;
	struct netpol_txn *txn;
	struct sk_buff *reply;
	u64 generation;
	void *header;
	int error;

	parse = request_lock(refusal, info);
	txn = txn_find(&parse, info);
	if (IS_ERR(txn)) {
		request_unlock(&parse);
		return PTR_ERR(txn);
	}
	/* allocate the answer first: once published, a commit can't be taken back */
	reply = netpol_reply_new(info, NETPOL_CMD_TXN_COMMIT, NLMSG_DEFAULT_SIZE, &header);
	if (!reply)
		error = netpol_no_memory(&parse);
	else if (messages_missing(txn, info))
		error = netpol_refuse(refusal, info->attrs[NETPOL_A_MESSAGES], -EINVAL,
				      "messages of this transaction are missing");
	else
		error = txn_commit(&parse, txn, flags &&
				   nla_get_u32(flags) & NETPOL_FLAG_CHECK);
	generation = parse.world->snapshot->generation;
	txn_close(parse.nn, txn);
	request_unlock(&parse);
	if (!error)
		error = nla_put_u64_64bit(reply, NETPOL_A_GENERATION, generation,
					  NETPOL_A_PAD);
	/* once published, a commit must not look refused because a receive buffer is full */
	netpol_reply_send(info, reply, header, error);
	return error;
}

/* NETPOL_CMD_TXN_ABORT. -EINVAL, -ENOENT */
int netpol_txn_abort_doit(struct netpol_refusal *refusal, struct genl_info *info)
{
	struct netpol_parse parse = request_lock(refusal, info);
	struct netpol_txn *txn = txn_find(&parse, info);

	if (!IS_ERR(txn))
		txn_close(parse.nn, txn);
	request_unlock(&parse);
	return PTR_ERR_OR_ZERO(txn);
}

/* --- ends ----------------------------------------------------------------------- */

/*
 * Aborts the transactions of a socket that was closed. Every generic netlink socket of the
 * machine gets here, so the lock is taken only if there are transactions.
 */
static int socket_release(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;
	struct netpol_txn *txn, *next;
	struct netpol_net *nn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	nn = netpol_net(notify->net);
	if (!READ_ONCE(nn->ntransactions))
		return NOTIFY_DONE;
	mutex_lock(&nn->lock);
	list_for_each_entry_safe(txn, next, &nn->transactions, node)
		if (txn->portid == notify->portid)
			txn_close(nn, txn);
	mutex_unlock(&nn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = socket_release,
};

/* Begins to watch sockets. To be called after netpol_net_register(). 0 or a negative errno. */
int netpol_txn_register(void)
{
	return netlink_register_notifier(&socket_notifier);
}

/*
 * Stops watching sockets. To be called when no request can come any more. Open transactions
 * are left to netpol_txn_close_all().
 */
void netpol_txn_unregister(void)
{
	netlink_unregister_notifier(&socket_notifier);
}

/* Frees all transactions of a network namespace that goes away. @nn is locked. */
void netpol_txn_close_all(struct netpol_net *nn)
{
	struct netpol_txn *txn, *next;

	list_for_each_entry_safe(txn, next, &nn->transactions, node)
		txn_close(nn, txn);
}
