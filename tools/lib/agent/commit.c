// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commits: full and delta transactions of origin `kube`.
 *
 * One object that the kernel does not take must not keep the others out. Where a refusal
 * carries its number, it is set aside and the rest is sent again; where it doesn't, the
 * changes are halved until it is found. A full transaction can't be halved, as it would
 * sweep what the other half holds: then an audit finds what differs, and that is sent as a
 * delta.
 */
#include "agent/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * As many refused objects are set aside one by one, each with a transaction of all the
 * others; where there are more, halving sends less.
 */
#define NP_COMMIT_SINGLY	8

#define NP_NOT_SENT		UINT32_MAX	/* a change that encodes to nothing */

void np_commit_init(struct np_commit *c, struct np_desired *desired, int timeout)
{
	memset(c, 0, sizeof(*c));
	c->desired = desired;
	c->timeout = timeout;
}

void np_commit_close(struct np_commit *c)
{
	if (c->open)
		np_client_close(&c->client);
	c->open = false;
}

static int np_commit_info(struct np_commit *c, uint64_t *generation, uint64_t *present,
			  struct np_error *err)
{
	struct np_info info;
	size_t i;
	int ret;

	ret = np_info_get(&c->client, &info, err);
	if (!ret)
		ret = np_info_check(&info, err);
	if (!ret) {
		*generation = np_info_generation(&info, NP_KUBE_ORIGIN);
		c->kernel_generation = info.generation;
		c->settings_generation = np_info_generation(&info, NP_SETTINGS_ORIGIN);
		memcpy(c->version, info.version, sizeof(c->version));
		for (i = 0; i < info.limit_count; i++)
			if (info.limit[i].id <= NETPOL_LIMIT_MAX)
				c->limit[info.limit[i].id] = info.limit[i].max;
		for (i = 0; present && i < info.origin_count; i++)
			if (!strcmp(info.origin[i].name, NP_KUBE_ORIGIN))
				*present = info.origin[i].objects;
	}
	np_info_free(&info);
	return ret;
}

int np_commit_open(struct np_commit *c, uint64_t *present, struct np_error *err)
{
	*present = 0;
	if (!c->open) {
		if (np_client_open(&c->client, NETPOL_GENL_NAME, c->timeout, err)) {
			np_client_close(&c->client);
			return -1;
		}
		c->open = true;
	}
	if (!np_commit_info(c, &c->generation, present, err))
		return 0;
	np_commit_close(c);
	return -1;
}

/* --- encoding ------------------------------------------------------------------- */

void np_commit_policy_view(const struct np_desired_policy *policy, struct np_policy *view)
{
	*view = *policy->policy;
	if (!(policy->flags & NP_DESIRED_CLOSED))
		return;
	view->ingress_count = 0;
	view->egress_count = 0;
}

static int np_encode_record_pod(struct np_desired *d, struct np_desired_pod *pod,
				struct np_encoder *enc, uint32_t serial, uint32_t *sets,
				struct np_error *err)
{
	struct np_address address[NP_DESIRED_ADDRESSES];
	struct np_placement place = {
		.local = pod->flags & NP_DESIRED_LOCAL,
		.ifindex = pod->ifindex,
	};
	char uid[NP_UID_TEXT];
	struct np_pod view;

	np_desired_pod_view(d, pod, &view, address, uid);
	if (pod->labels->serial != serial) {
		if (np_encode_label_set(enc, &view, *sets + 1, err))
			return -1;
		pod->labels->serial = serial;
		pod->labels->number = ++*sets;
	}
	return np_encode_pod_of_set(enc, &view, &place, pod->labels->number, err);
}

static int np_encode_removal(const struct np_change *change, struct np_encoder *enc,
			     struct np_error *err)
{
	const struct np_desired_namespace *ns = change->record;
	const struct np_desired_policy *policy = change->record;
	const struct np_desired_pod *pod = change->record;
	const struct np_stray *stray = change->record;

	if (change->stray)
		return np_encode_delete(enc, change->object,
					*stray->namespace ? stray->namespace : NULL,
					stray->name, NULL, err);
	switch (change->object) {
	case NETPOL_OBJECT_NAMESPACE:
		return np_encode_delete(enc, change->object, NULL, ns->name, NULL, err);
	case NETPOL_OBJECT_POD:
		return np_encode_delete(enc, change->object, pod->namespace->name,
					np_desired_pod_name(pod), NULL, err);
	default:
		return np_encode_delete(enc, change->object, policy->namespace->name,
					policy->policy->name, NULL, err);
	}
}

int np_commit_encode(struct np_desired *d, const struct np_change *change,
		     struct np_encoder *enc, uint32_t serial, uint32_t *sets,
		     struct np_error *err)
{
	struct np_namespace ns;
	struct np_policy policy;

	if (change->stray)
		return np_encode_removal(change, enc, err);
	if (change->object == NETPOL_OBJECT_POD &&
	    ((struct np_desired_pod *)change->record)->flags & NP_DESIRED_DEAD)
		return 0;
	if (!np_desired_loaded(change->object, change->record))
		return np_encode_removal(change, enc, err);
	switch (change->object) {
	case NETPOL_OBJECT_NAMESPACE:
		np_desired_namespace_view(change->record, &ns);
		return np_encode_namespace(enc, &ns, err);
	case NETPOL_OBJECT_POD:
		return np_encode_record_pod(d, change->record, enc, serial, sets, err);
	default:
		np_commit_policy_view(change->record, &policy);
		return np_encode_policy(enc, &policy, err);
	}
}

/* --- order ---------------------------------------------------------------------- */

/*
 * Of two running pods with one address the kernel takes the one whose uid came last: so
 * those being deleted come first, then the others as they were created, then as we saw
 * them.
 */
static int np_arrival_order(const struct np_desired_pod *a, const struct np_desired_pod *b)
{
	bool left = a->flags & NP_DESIRED_DELETING, right = b->flags & NP_DESIRED_DELETING;

	if (left != right)
		return left ? -1 : 1;
	if (a->created != b->created)
		return a->created < b->created ? -1 : 1;
	return a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

/*
 * Where the changes are halved, what closes comes before what opens: policies before the
 * pods that they select, deletions of policies last.
 */
static int np_change_rank(const struct np_change *change)
{
	bool loaded = !change->stray && np_desired_loaded(change->object, change->record);

	switch (change->object) {
	case NETPOL_OBJECT_POLICY:
		return loaded ? 0 : 4;
	case NETPOL_OBJECT_NAMESPACE:
		return 1;
	default:
		return loaded ? 3 : 2;
	}
}

static int np_change_order(const void *left, const void *right)
{
	const struct np_change *a = left, *b = right;
	int x = np_change_rank(a), y = np_change_rank(b);

	if (x != y || x != 3)
		return x - y;
	return np_arrival_order(a->record, b->record);
}

static int np_pod_order(const void *left, const void *right)
{
	return np_arrival_order(*(struct np_desired_pod *const *)left,
				*(struct np_desired_pod *const *)right);
}

/* --- refusals ------------------------------------------------------------------- */

enum np_outcome {
	NP_OUTCOME_DONE,
	NP_OUTCOME_STALE,	/* someone else changed the origin */
	NP_OUTCOME_OBJECT,	/* an object was refused */
	NP_OUTCOME_AGAIN,	/* more changed by setting one aside: begin again */
	NP_OUTCOME_FAILED,	/* try again later */
};

static enum np_outcome np_outcome(struct np_commit *c, int ret, const struct np_error *err)
{
	if (!ret)
		return NP_OUTCOME_DONE;
	c->stats.failures++;
	switch (c->client.refusal.error) {
	case 0:
		if (err->exit == NP_EXIT_INPUT)
			return NP_OUTCOME_OBJECT;
		/* The socket is of no more use: an answer may still be under way. */
		np_commit_close(c);
		return NP_OUTCOME_FAILED;
	case ESTALE:
		c->stats.stale++;
		return NP_OUTCOME_STALE;
	case EINVAL:
	case ERANGE:
	case ENOSPC:
	case EMSGSIZE:
	case EOPNOTSUPP:
	case EEXIST:
		return NP_OUTCOME_OBJECT;
	case EAGAIN:
	case ENOMEM:
		return NP_OUTCOME_FAILED;
	default:
		np_commit_close(c);
		return NP_OUTCOME_FAILED;
	}
}

struct np_change *np_commit_number(struct np_change *change, size_t count, uint64_t number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (change[i].number == number && number != NP_NOT_SENT)
			return &change[i];
	return NULL;
}

/* --- bounds that are known beforehand ------------------------------------------- */

static bool np_over(struct np_commit *c, uint32_t limit, uint64_t count, const char *what,
		    char *reason, size_t size)
{
	if (!c->limit[limit] || count <= c->limit[limit])
		return false;
	snprintf(reason, size, "%llu %s, the kernel takes at most %llu",
		 (unsigned long long)count, what, (unsigned long long)c->limit[limit]);
	return true;
}

static void np_count_rules(const struct np_rule *rule, uint32_t count, uint64_t *peers,
			   uint64_t *ports)
{
	uint32_t i, k;

	for (i = 0; i < count; i++) {
		*peers += rule[i].peer_count;
		*ports += rule[i].port_count;
		for (k = 0; k < rule[i].peer_count; k++)
			if (rule[i].peer[k].ipblock)
				*peers += rule[i].peer[k].ipblock->except_count;
	}
}

static bool np_policy_over(struct np_commit *c, const struct np_desired_policy *policy,
			   char *reason, size_t size)
{
	uint64_t peers = 0, ports = 0, rules = 0;
	struct np_policy view;

	np_commit_policy_view(policy, &view);
	if (view.directions & NP_DIR_INGRESS) {
		np_count_rules(view.ingress, view.ingress_count, &peers, &ports);
		rules += view.ingress_count;
	}
	if (view.directions & NP_DIR_EGRESS) {
		np_count_rules(view.egress, view.egress_count, &peers, &ports);
		rules += view.egress_count;
	}
	return np_over(c, NETPOL_LIMIT_RULES_PER_POLICY, rules, "rules", reason, size) ||
	       np_over(c, NETPOL_LIMIT_PEERS_PER_POLICY, peers, "peers and excepts", reason,
		       size) ||
	       np_over(c, NETPOL_LIMIT_PORTS_PER_POLICY, ports, "ports", reason, size);
}

static bool np_pod_over(struct np_commit *c, const struct np_desired_pod *pod, char *reason,
			size_t size)
{
	return np_over(c, NETPOL_LIMIT_LABELS_PER_OBJECT, pod->labels->label_count, "labels",
		       reason, size) ||
	       np_over(c, NETPOL_LIMIT_PORTS_PER_POD, pod->labels->port_count, "named ports",
		       reason, size) ||
	       np_over(c, NETPOL_LIMIT_ADDRESSES_PER_POD, pod->address4 + pod->address6,
		       "addresses", reason, size);
}

/* Sets a record aside that is over a bound of single objects. */
static void np_commit_bound(struct np_commit *c, uint8_t object, void *record)
{
	const struct np_desired_namespace *ns = record;
	char reason[160];
	bool over;

	if (!np_desired_loaded(object, record))
		return;
	switch (object) {
	case NETPOL_OBJECT_NAMESPACE:
		over = np_over(c, NETPOL_LIMIT_LABELS_PER_OBJECT, ns->labels->label_count,
			       "labels", reason, sizeof(reason));
		break;
	case NETPOL_OBJECT_POD:
		over = np_pod_over(c, record, reason, sizeof(reason));
		break;
	default:
		over = np_policy_over(c, record, reason, sizeof(reason));
	}
	if (over)
		np_desired_set_aside(c->desired, object, record, reason);
}

static void np_commit_bounds(struct np_commit *c, const struct np_hash *hash, uint8_t object)
{
	size_t i;

	for (i = 0; i < hash->room; i++)
		if (hash->slot[i])
			np_commit_bound(c, object, hash->slot[i]);
}

/* --- transactions --------------------------------------------------------------- */

static double np_commit_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void np_commit_count(struct np_commit *c, const struct np_transaction *txn,
			    uint64_t objects, double began)
{
	c->stats.objects += objects;
	c->stats.messages += txn->encoder.messages;
	c->stats.bytes += txn->encoder.bytes;
	np_histogram_add(&c->stats.duration, np_commit_clock() - began);
}

int np_commit_send(struct np_desired *d, struct np_change *change, size_t count,
		   struct np_encoder *enc, struct np_change **refused, struct np_error *err)
{
	uint32_t sets = 0, number;
	size_t i;
	int ret;

	d->serial++;
	for (i = 0; i < count; i++)
		change[i].number = NP_NOT_SENT;
	for (i = 0; i < count; i++) {
		number = enc->objects;
		ret = np_commit_encode(d, &change[i], enc, d->serial, &sets, err);
		if (enc->objects != number)
			change[i].number = number;
		if (ret) {
			*refused = &change[i];
			return -1;
		}
	}
	return 0;
}

/* One transaction. *refused: the change that the kernel does not take, NULL: not known. */
static enum np_outcome np_commit_try(struct np_commit *c, struct np_change *change, size_t count,
				     bool full, struct np_change **refused,
				     struct np_error *err)
{
	struct np_transaction_options opts = { .full = full, .has_base = true };
	const struct np_refusal *refusal = &c->client.refusal;
	double began = np_commit_clock();
	struct np_transaction txn;
	enum np_outcome outcome;
	int ret;

	*refused = NULL;
	memset(err, 0, sizeof(*err));
	memset(&c->client.refusal, 0, sizeof(c->client.refusal));
	if (full && np_commit_info(c, &c->generation, NULL, err))
		return np_outcome(c, -1, err);
	opts.base = c->generation;
	ret = np_transaction_begin(&txn, &c->client, NP_KUBE_ORIGIN, &opts, err);
	if (ret && refusal->error == ENOSPC)
		c->client.refusal.error = EAGAIN;
	if (!ret)
		ret = np_commit_send(c->desired, change, count, &txn.encoder, refused, err);
	if (!ret)
		ret = np_transaction_commit(&txn, false, &c->kernel_generation, err);
	if (refusal->error)
		*refused = refusal->has_object ?
			   np_commit_number(change, count, refusal->object) : NULL;
	outcome = np_outcome(c, ret, err);
	if (outcome == NP_OUTCOME_DONE) {
		c->generation = c->kernel_generation;
		if (full)
			c->stats.full++;
		else
			c->stats.delta++;
		np_commit_count(c, &txn, count, began);
	}
	if (c->open)
		np_transaction_end(&txn);
	else
		np_encoder_free(&txn.encoder);
	return outcome;
}

/* Sets the object of a refused change aside. False: it is not to be sent again as it is. */
static bool np_commit_reject(struct np_commit *c, const struct np_change *refused,
			     const struct np_error *err)
{
	const char *text = c->client.refusal.text;

	return !refused->stray &&
	       np_desired_set_aside(c->desired, refused->object, refused->record,
				    *text ? text : err->text);
}

/* Finishes each change that gets through; the others are given back. */
static enum np_outcome np_commit_some(struct np_commit *c, struct np_change *change,
				      size_t count, struct np_error *err)
{
	struct np_desired *d = c->desired;
	struct np_change *refused;
	enum np_outcome outcome;
	unsigned int singly = 0;
	size_t i;

	for (;;) {
		outcome = np_commit_try(c, change, count, false, &refused, err);
		if (outcome != NP_OUTCOME_OBJECT)
			break;
		if (!refused && count == 1)
			refused = change;
		if (refused && singly++ < NP_COMMIT_SINGLY &&
		    np_commit_reject(c, refused, err)) {
			/*
			 * Pods of a policy that is withdrawn go in the same transaction,
			 * also where they are in another part of the changes.
			 */
			if (!d->change_count &&
			    (refused->object != NETPOL_OBJECT_POLICY ||
			     np_desired_policy_loaded(refused->record)))
				continue;
			outcome = NP_OUTCOME_AGAIN;
			break;
		}
		if (count == 1) {
			outcome = NP_OUTCOME_FAILED;
			break;
		}
		outcome = np_commit_some(c, change, count / 2, err);
		if (outcome == NP_OUTCOME_DONE)
			return np_commit_some(c, change + count / 2, count - count / 2, err);
		change += count / 2;
		count -= count / 2;
		break;
	}
	for (i = 0; i < count; i++) {
		if (outcome == NP_OUTCOME_DONE)
			np_desired_finish(d, &change[i]);
		else
			np_desired_give_back(d, &change[i]);
	}
	return outcome;
}

void np_commit_bound_changes(struct np_commit *c)
{
	struct np_desired *d = c->desired;
	size_t i;

	for (i = 0; i < d->change_count; i++)
		if (!d->change[i].stray)
			np_commit_bound(c, d->change[i].object, d->change[i].record);
}

static enum np_outcome np_commit_delta(struct np_commit *c, struct np_error *err)
{
	struct np_desired *d = c->desired;
	enum np_outcome outcome = NP_OUTCOME_DONE;
	struct np_change *change;
	size_t count;

	/* Setting aside one thing may change another, so until nothing is left. */
	while (d->change_count &&
	       (outcome == NP_OUTCOME_DONE || outcome == NP_OUTCOME_AGAIN)) {
		np_commit_bound_changes(c);
		change = np_desired_take(d, &count);
		qsort(change, count, sizeof(*change), np_change_order);
		outcome = np_commit_some(c, change, count, err);
		free(change);
	}
	return outcome;
}

struct np_desired_pod **np_commit_pods(const struct np_desired *d, size_t *count)
{
	struct np_desired_pod **pod = np_xcalloc(d->pods.count, sizeof(*pod));
	size_t i;

	*count = 0;
	for (i = 0; i < d->pods.room; i++)
		if (d->pods.slot[i] && np_desired_loaded(NETPOL_OBJECT_POD, d->pods.slot[i]))
			pod[(*count)++] = (struct np_desired_pod *)d->pods.slot[i];
	if (*count)
		qsort(pod, *count, sizeof(*pod), np_pod_order);
	return pod;
}

/* All records that are to be loaded; to be freed. */
static struct np_change *np_commit_all(const struct np_desired *d, size_t *count)
{
	const struct np_hash *hash[] = { &d->namespaces, &d->policies };
	static const uint8_t object[] = { NETPOL_OBJECT_NAMESPACE, NETPOL_OBJECT_POLICY };
	struct np_desired_pod **pod = np_commit_pods(d, count);
	struct np_change *change;
	size_t i, k;

	change = np_xcalloc(*count + d->namespaces.count + d->policies.count + 1,
			    sizeof(*change));
	for (i = 0; i < *count; i++)
		change[i] = (struct np_change){ .object = NETPOL_OBJECT_POD, .record = pod[i] };
	free(pod);
	for (k = 0; k < 2; k++)
		for (i = 0; i < hash[k]->room; i++)
			if (hash[k]->slot[i] && np_desired_loaded(object[k], hash[k]->slot[i]))
				change[(*count)++] = (struct np_change){
					.object = object[k],
					.record = hash[k]->slot[i],
				};
	return change;
}

static enum np_outcome np_commit_full(struct np_commit *c, struct np_error *err)
{
	struct np_desired *d = c->desired;
	struct np_change *change, *refused;
	enum np_outcome outcome;
	unsigned int singly = 0;
	size_t count, found;
	bool again;

	do {
		np_commit_bounds(c, &d->namespaces, NETPOL_OBJECT_NAMESPACE);
		np_commit_bounds(c, &d->pods, NETPOL_OBJECT_POD);
		np_commit_bounds(c, &d->policies, NETPOL_OBJECT_POLICY);
		change = np_commit_all(d, &count);
		outcome = np_commit_try(c, change, count, true, &refused, err);
		again = outcome == NP_OUTCOME_OBJECT && refused &&
			singly++ < NP_COMMIT_SINGLY && np_commit_reject(c, refused, err);
		free(change);
	} while (again);
	if (outcome == NP_OUTCOME_DONE)
		np_desired_all_done(d);
	if (outcome != NP_OUTCOME_OBJECT)
		return outcome;
	if (np_audit_run(c, &found, err))
		return NP_OUTCOME_FAILED;
	return np_commit_delta(c, err);
}

#define NP_STALE_TRIES	5

int np_commit_run(struct np_commit *c, struct np_error *err)
{
	enum np_outcome outcome = NP_OUTCOME_STALE;
	uint64_t present;
	int i;

	if (!c->open) {
		/* Whoever answers now may be another kernel module. */
		np_desired_set_full(c->desired);
		if (np_commit_open(c, &present, err)) {
			c->stats.failures++;
			return -1;
		}
	}
	for (i = 0; outcome == NP_OUTCOME_STALE && i < NP_STALE_TRIES; i++) {
		if (c->desired->full)
			outcome = np_commit_full(c, err);
		else
			outcome = np_commit_delta(c, err);
		if (outcome == NP_OUTCOME_STALE)
			np_desired_set_full(c->desired);
	}
	return outcome == NP_OUTCOME_DONE ? 0 : -1;
}

int np_commit_check(struct np_commit *c, bool *touched, struct np_error *err)
{
	uint64_t generation;

	*touched = false;
	if (!c->open || np_commit_info(c, &generation, NULL, err)) {
		np_commit_close(c);
		return -1;
	}
	if (c->desired->full || generation == c->generation)
		return 0;
	*touched = true;
	np_desired_set_full(c->desired);
	return 0;
}
