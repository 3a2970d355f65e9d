// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the instructions that netpol's hooks spend on a packet. For QEMU with
 * -icount shift=0 only: there the time stamp counter is the number of instructions
 * executed so far, and reading it ends a translated block, so that it is exact.
 *
 * A packet is built and goes through nf_conntrack_in() (an established one after its
 * handshake, confirmed); then each hook that netpol has registered on its way, found by its
 * place in the network namespace's list, is called as nf_hook_slow() does, interrupts off.
 * What the call itself and the counter cost is measured with an empty function and taken off.
 * A packet that the hook drops is freed by it on some kernels: one more reference is
 * held, so that what is counted is the verdict and not the allocator.
 *
 * With the plugin tests/bench/lines.c the emulator also tells which memory the hooks touch.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/inet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/proc_fs.h>
#include <linux/sched/task_stack.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/uaccess.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "../insn.h"

#define PAYLOAD 32

/* Bytes of the stack, from a function on that count() calls, that are the hook's or its caller's. */
#define STACK_BELOW 2048
#define STACK_ABOVE 1024UL

static DEFINE_MUTEX(lock);
static struct netpol_bench_packet last;

static noinline notrace unsigned int empty(void *priv, struct sk_buff *skb,
					   const struct nf_hook_state *state)
{
	return NF_ACCEPT;
}

/* The same and 100 instructions more, to see that one is counted as one. */
static noinline notrace unsigned int hundred(void *priv, struct sk_buff *skb,
					     const struct nf_hook_state *state)
{
	asm volatile(".rept 100\n\tnop\n\t.endr");
	return NF_ACCEPT;
}

static noinline notrace u64 measure(nf_hookfn *hook, void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state, unsigned int *verdict)
{
	u64 before, after;

	barrier();
	before = rdtsc();
	*verdict = hook(priv, skb, state);
	after = rdtsc();
	barrier();
	return after - before;
}

/* Instructions of empty(), by its bytes: [endbr64] mov $1,%eax; ret, or a jump to one. */
static int empty_length(void)
{
	const u8 *at = (const u8 *)empty;
	int n = 0;

	OPTIMIZER_HIDE_VAR(at);		/* objtool thinks that it is called inside */
	if (at[0] == 0xf3 && at[1] == 0x0f && at[2] == 0x1e && at[3] == 0xfa) {
		at += 4;
		n++;
	}
	if (at[0] != 0xb8)
		return -EINVAL;
	at += 5;
	n++;
	if (at[0] == 0xc3)
		return n + 1;
	return at[0] == 0xe9 ? n + 2 : -EINVAL;
}

/* netpol's function at a hook, by its priority, see hook.c. */
static int find_hook(const struct nf_hook_state *state, struct nf_hook_entry *found)
{
	const struct net *net = state->net;
	int priority = NF_IP_PRI_NAT_SRC - 7;
	const struct nf_hook_entries __rcu **all;
	const struct nf_hook_entries *entries;
	struct nf_hook_ops **ops;
	int i, error = -ENOENT;

	if (state->hook == NF_INET_PRE_ROUTING)
		priority = NF_IP_PRI_RAW_BEFORE_DEFRAG - 7;
	else if (state->hook == NF_INET_LOCAL_IN)
		priority = NF_IP_PRI_NAT_SRC + 7;
	all = (const struct nf_hook_entries __rcu **)
		(state->pf == NFPROTO_IPV4 ? net->nf.hooks_ipv4 : net->nf.hooks_ipv6);
	rcu_read_lock();
	entries = rcu_dereference(all[state->hook]);
	if (entries) {
		ops = nf_hook_entries_get_hook_ops(entries);
		for (i = 0; i < entries->num_hook_entries; i++)
			if (READ_ONCE(ops[i])->priority == priority) {
				*found = entries->hooks[i];
				error = 0;
			}
	}
	rcu_read_unlock();
	return error;
}

static void put_tcp(struct sk_buff *skb, bool reply, bool syn, bool ack, u16 source, u16 port)
{
	struct tcphdr *tcp = skb_put_zero(skb, sizeof(*tcp));

	tcp->source = htons(reply ? port : source);
	tcp->dest = htons(reply ? source : port);
	tcp->seq = htonl((reply ? 5000 : 1000) + !syn);
	tcp->ack_seq = ack ? htonl((reply ? 1000 : 5000) + 1) : 0;
	tcp->doff = sizeof(*tcp) / 4;
	tcp->syn = syn;
	tcp->ack = ack;
	tcp->window = htons(60000);
}

static void put_udp(struct sk_buff *skb, bool reply, u16 source, u16 port)
{
	struct udphdr *udp = skb_put_zero(skb, sizeof(*udp));

	udp->source = htons(reply ? port : source);
	udp->dest = htons(reply ? source : port);
	udp->len = htons(sizeof(*udp) + PAYLOAD);
}

/* An echo request or reply. Their codes are 0, and what they are has another number in ICMPv6. */
static void put_icmp(struct sk_buff *skb, u8 family, bool reply, u16 id)
{
	struct icmphdr *icmp = skb_put_zero(skb, sizeof(*icmp));

	if (family == AF_INET)
		icmp->type = reply ? ICMP_ECHOREPLY : ICMP_ECHO;
	else
		icmp->type = reply ? ICMPV6_ECHO_REPLY : ICMPV6_ECHO_REQUEST;
	icmp->un.echo.id = htons(id);
}

/* The tags that the ends of an SCTP association ask the other end to send. */
static __be32 sctp_tag(bool reply)
{
	return htonl(reply ? 2000 : 1000);
}

/* One chunk, of @chunk bytes. */
static void put_sctp(struct sk_buff *skb, u8 type, u32 chunk, bool reply, u16 source, u16 port)
{
	struct sctphdr *sctp = skb_put_zero(skb, sizeof(*sctp));
	struct sctp_chunkhdr *first = skb_put_zero(skb, sizeof(*first));
	struct sctp_inithdr *init;

	sctp->source = htons(reply ? port : source);
	sctp->dest = htons(reply ? source : port);
	sctp->vtag = type == SCTP_CID_INIT ? 0 : sctp_tag(!reply);
	first->type = type;
	first->length = htons(chunk);
	if (type == SCTP_CID_INIT || type == SCTP_CID_INIT_ACK) {
		init = skb_put_zero(skb, sizeof(*init));
		init->init_tag = sctp_tag(reply);
		init->a_rwnd = htonl(60000);
		init->num_outbound_streams = htons(1);
		init->num_inbound_streams = htons(1);
		chunk -= sizeof(*init);
	}
	skb_put_zero(skb, chunk - sizeof(*first));
}

/*
 * The chunk of SCTP that comes at the place of a packet of TCP. After its INIT ACK and before any
 * data conntrack wants to see a COOKIE ECHO and a COOKIE ACK, see establish().
 */
static u8 chunk_of(bool syn, bool ack, bool reply)
{
	if (syn)
		return ack ? SCTP_CID_INIT_ACK : SCTP_CID_INIT;
	if (ack)
		return SCTP_CID_DATA;
	return reply ? SCTP_CID_COOKIE_ACK : SCTP_CID_COOKIE_ECHO;
}

/* Bytes of the transport header. */
static int header_of(u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return sizeof(struct tcphdr);
	case IPPROTO_SCTP:
		return sizeof(struct sctphdr);
	default:
		return sizeof(struct udphdr);
	}
}

/*
 * A packet of TCP has the flags @syn and @ack. One of SCTP begins with the chunk that belongs to
 * them: INIT, INIT ACK, or without @syn one of data.
 */
static struct sk_buff *build(const struct netpol_bench_packet *p, bool reply, bool syn, bool ack)
{
	const u8 *source = reply ? p->destination : p->source;
	const u8 *destination = reply ? p->source : p->destination;
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	int transport = header_of(p->protocol);

	if (!skb)
		return NULL;
	skb_reserve(skb, 64);
	skb_reset_network_header(skb);
	if (p->family == AF_INET) {
		struct iphdr *ip = skb_put_zero(skb, sizeof(*ip));

		skb->protocol = htons(ETH_P_IP);
		ip->version = 4;
		ip->ihl = 5;
		ip->ttl = 64;
		ip->protocol = p->protocol;
		ip->tot_len = htons(sizeof(*ip) + transport + PAYLOAD);
		memcpy(&ip->saddr, source, 4);
		memcpy(&ip->daddr, destination, 4);
		ip_send_check(ip);
	} else {
		struct ipv6hdr *ip = skb_put_zero(skb, sizeof(*ip));

		skb->protocol = htons(ETH_P_IPV6);
		ip->version = 6;
		ip->hop_limit = 64;
		ip->nexthdr = p->protocol;
		ip->payload_len = htons(transport + PAYLOAD);
		memcpy(&ip->saddr, source, 16);
		memcpy(&ip->daddr, destination, 16);
	}
	skb_set_transport_header(skb, skb->len);
	switch (p->protocol) {
	case IPPROTO_TCP:
		put_tcp(skb, reply, syn, ack, p->source_port, p->port);
		break;
	case IPPROTO_UDP:
		put_udp(skb, reply, p->source_port, p->port);
		break;
	case IPPROTO_SCTP:
		put_sctp(skb, chunk_of(syn, ack, reply), PAYLOAD, reply, p->source_port, p->port);
		break;
	default:
		put_icmp(skb, p->family, reply, p->source_port);
	}
	if (p->protocol != IPPROTO_SCTP)
		skb_put_zero(skb, PAYLOAD);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return skb;
}

/* Through conntrack, as at PRE_ROUTING. */
static int track(struct sk_buff *skb, struct net *net, u8 family, struct net_device *in)
{
	struct nf_hook_state state;
	int verdict;

	nf_hook_state_init(&state, NF_INET_PRE_ROUTING, family, in, NULL, NULL, net, NULL);
	local_bh_disable();
	verdict = nf_conntrack_in(skb, &state);
	local_bh_enable();
	return verdict == NF_ACCEPT && skb_nfct(skb) ? 0 : -EPROTO;
}

/*
 * netpol sees the packet that begins an SCTP association, which it remembers. What it says does
 * not matter: the packets of an association that is denied today began one that was allowed.
 */
static int show(const struct netpol_bench_packet *p, struct sk_buff *skb, struct net *net,
		struct net_device *in, struct net_device *out)
{
	struct nf_hook_state state;
	struct nf_hook_entry hook;
	int error;

	nf_hook_state_init(&state, NF_INET_POST_ROUTING, p->family, in, out, NULL, net, NULL);
	error = find_hook(&state, &hook);
	if (error)
		return error;
	skb_get(skb);
	rcu_read_lock();
	local_bh_disable();
	hook.hook(hook.priv, skb, &state);
	local_bh_enable();
	rcu_read_unlock();
	if (refcount_read(&skb->users) == 2)
		kfree_skb(skb);
	return 0;
}

/* One packet of a handshake, whose connection is confirmed. */
static int handshake(const struct netpol_bench_packet *p, struct net *net, struct net_device *in,
		     struct net_device *out, bool reply, bool syn, bool ack)
{
	struct sk_buff *skb = build(p, reply, syn, ack);
	int error;

	if (!skb)
		return -ENOMEM;
	error = track(skb, net, p->family, in);
	if (!error && p->protocol == IPPROTO_SCTP && syn && !reply)
		error = show(p, skb, net, in, out);
	local_bh_disable();
	if (!error && nf_conntrack_confirm(skb) != NF_ACCEPT)
		error = -EPROTO;
	local_bh_enable();
	kfree_skb(skb);
	return error;
}

static int establish(const struct netpol_bench_packet *p, struct net *net, struct net_device *in,
		     struct net_device *out)
{
	int error = handshake(p, net, in, out, false, true, false);

	if (!error)
		error = handshake(p, net, in, out, true, true, true);
	if (!error && p->protocol == IPPROTO_SCTP)
		error = handshake(p, net, in, out, false, false, false);
	if (!error && p->protocol == IPPROTO_SCTP)
		error = handshake(p, net, in, out, true, false, false);
	if (!error)
		error = handshake(p, net, in, out, false, false, true);
	return error;
}

/* Tells the emulator's plugin what comes next; does nothing. */
#define MARK(mark) asm volatile("nopl %c0(%%rax)" : : "i" (mark) : "memory")

/* Reads a byte of each line of 64 bytes. */
static void touch(const void *from, size_t size)
{
	const u8 *at = (const u8 *)((unsigned long)from & ~63UL);

	for (; at < (const u8 *)from + size; at += 64)
		(void)*(const volatile u8 *)at;
}

/*
 * Shows the plugin what every hook has to touch anyway: the packet, its conntrack entry, and the
 * stack around here. Further up it has what the hook is told, further down what it saves.
 */
static noinline void touch_around(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	const unsigned long end = (unsigned long)task_stack_page(current) + THREAD_SIZE;
	const unsigned long sp = current_stack_pointer;

	touch(skb, sizeof(*skb));
	touch(skb->head, skb_end_offset(skb) + sizeof(struct skb_shared_info));
	if (ct)
		touch(ct, sizeof(*ct));
	touch((const void *)(sp - STACK_BELOW), STACK_BELOW + min(end - sp, STACK_ABOVE));
}

/* Adds what netpol's function at one hook spends, and keeps its verdict. */
static int count(struct netpol_bench_packet *p, struct sk_buff *skb,
		 const struct nf_hook_state *state)
{
	u64 none = U64_MAX, more = U64_MAX, n;
	struct nf_hook_entry hook;
	unsigned int verdict;
	unsigned long flags;
	int error, i;

	error = find_hook(state, &hook);
	if (error)
		return error;
	rcu_read_lock();
	local_bh_disable();
	local_irq_save(flags);
	/* the first call of each goes over cold translations; the counts are the same */
	for (i = 0; i < 2; i++) {
		none = min(none, measure(empty, NULL, skb, state, &verdict));
		more = min(more, measure(hundred, NULL, skb, state, &verdict));
	}
	MARK(NETPOL_BENCH_MARK_AROUND);
	touch_around(skb);
	MARK(NETPOL_BENCH_MARK_BEGIN);
	n = measure(hook.hook, hook.priv, skb, state, &verdict);
	MARK(NETPOL_BENCH_MARK_END);
	local_irq_restore(flags);
	local_bh_enable();
	rcu_read_unlock();
	p->instructions += n - none + empty_length();
	p->accepted = (verdict & NF_VERDICT_MASK) == NF_ACCEPT;
	return more - none == 100 && empty_length() > 0 ? 0 : -EOPNOTSUPP;
}

static int run(struct netpol_bench_packet *p)
{
	bool reply = p->state == NETPOL_BENCH_REPLY, tracked = p->state != NETPOL_BENCH_UNTRACKED;
	bool open = p->state == NETPOL_BENCH_NEW || !tracked;
	struct net *net = current->nsproxy->net_ns;
	struct net_device *in = NULL, *out = NULL;
	struct nf_hook_state state;
	struct sk_buff *skb = NULL;
	struct nf_conn *ct;
	enum ip_conntrack_info ctinfo;
	int error = -ENODEV;

	if (p->family != AF_INET && p->family != AF_INET6)
		return -EINVAL;
	if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP &&
	    p->protocol != IPPROTO_SCTP &&
	    p->protocol != (p->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return -EINVAL;
	if (p->in)
		in = dev_get_by_index(net, p->in);
	if (p->out)
		out = dev_get_by_index(net, p->out);
	if ((p->in && !in) || (p->out && !out))
		goto out;
	error = open ? 0 : establish(p, net, in, out);
	if (error)
		goto out;
	skb = build(p, reply, open, !open);
	error = skb ? 0 : -ENOMEM;
	if (!error && tracked)
		error = track(skb, net, p->family, in);
	if (error)
		goto out;
	if (!tracked)
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	skb->skb_iif = p->in;
	p->instructions = 0;
	if (in) {
		skb->dev = in;
		nf_hook_state_init(&state, NF_INET_PRE_ROUTING, p->family, in, NULL, NULL, net,
				   NULL);
		error = count(p, skb, &state);
		if (!error && !p->accepted)
			error = -EPROTO;
		if (error)
			goto out;
	}
	skb->dev = out ?: in;
	nf_hook_state_init(&state, p->local_in ? NF_INET_LOCAL_IN : NF_INET_POST_ROUTING,
			   p->family, in, out, NULL, net, NULL);
	skb_get(skb);
	error = count(p, skb, &state);
	MARK(NETPOL_BENCH_MARK_PACKET);
	if (refcount_read(&skb->users) == 2)
		kfree_skb(skb);
	ct = nf_ct_get(skb, &ctinfo);
	if (ct && nf_ct_is_confirmed(ct))
		nf_ct_kill(ct);
out:
	kfree_skb(skb);
	dev_put(in);
	dev_put(out);
	return error;
}

static ssize_t bench_write(struct file *file, const char __user *data, size_t size, loff_t *at)
{
	struct netpol_bench_packet p;
	int error;

	if (size != sizeof(p))
		return -EINVAL;
	if (copy_from_user(&p, data, size))
		return -EFAULT;
	mutex_lock(&lock);
	error = run(&p);
	last = p;
	mutex_unlock(&lock);
	return error ?: size;
}

static ssize_t bench_read(struct file *file, char __user *data, size_t size, loff_t *at)
{
	int error = 0;

	if (size != sizeof(last))
		return -EINVAL;
	mutex_lock(&lock);
	if (copy_to_user(data, &last, size))
		error = -EFAULT;
	mutex_unlock(&lock);
	return error ?: size;
}

static const struct proc_ops bench_ops = {
	.proc_write = bench_write,
	.proc_read = bench_read,
};

static int __init bench_init(void)
{
	return proc_create(NETPOL_BENCH_PROC, 0600, NULL, &bench_ops) ? 0 : -ENOMEM;
}

static void __exit bench_exit(void)
{
	remove_proc_entry(NETPOL_BENCH_PROC, NULL);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Instruction counts of netpol's hooks, in an emulated machine");
MODULE_LICENSE("GPL");
