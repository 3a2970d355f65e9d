// SPDX-License-Identifier: GPL-2.0
/*
 * Sends given packets through devices of the initial network namespace, tells which of
 * them came out again, and what that cost. As pktgen does it: one packet at a time, made
 * anew, through dev_queue_xmit(); but with a table of flows, because pktgen's random
 * sources can't follow a model's peers, and because a proof needs each packet's fate.
 * It also registers the empty hook that the others are compared with.
 *
 * Everything goes through /proc/netpol_bench: the flows (struct bench_flow, written to
 * /proc/netpol_bench_flows) are kept until the next open for writing; a command is one
 * line; a read gives the last command's answer.
 *
 *   attach DEVICE            packets that come in by it are counted and end here
 *   hook DEVICE              conntrack and an empty hook, in the namespace behind it
 *   flush DEVICE             no conntrack entries any more, in that namespace
 *   send DEVICE FIRST COUNT  flows FIRST up to FIRST + COUNT. Answer: how many arrived
 *   race FIRST COUNT REPEAT DEVICE...
 *                            the same in whole chunks of CHUNK packets, REPEAT times, by
 *                            all of these devices in turn. Answer, for each device:
 *                            nanoseconds of processor time of the median chunk's last
 *                            CHUNK - WARM packets; packets
 *                            sent, packets that arrived
 *   reply PREFIX FIRST COUNT the same flows once in reverse, flow.pod added to PREFIX
 *   arrived FIRST COUNT      a 0 or 1 for each: did the last packet of this flow arrive?
 *
 * Single-threaded use, on a kernel with one processor; it is no module for real machines.
 */
#include <linux/etherdevice.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/proc_fs.h>
#include <linux/rtnetlink.h>
#include <linux/sort.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/rtnetlink.h>
#include <net/tcp.h>

#define FLOWS_MAX	(1 << 20)
#define CHUNKS_MAX	(1 << 12)	/* of a race */
#define RACE_MAX	16	/* devices in it */
#define FRAME_LENGTH	64
#define CHUNK		128	/* packets of a turn */
#define WARM		32	/* of them, that bring the caches back and aren't timed */

/* As tests/bench/packets/model.h has it. Network byte order; pod is a local pod's number. */
struct bench_flow {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 port;
	u8 protocol;
	u8 pod;
	u8 pad[2];
};

static struct bench_flow *flows;	/* FLOWS_MAX of them */
static u8 *arrived;			/* one a flow */
static u32 arrivals;
static u32 flow_count;
static u32 *chunk_ns;			/* CHUNKS_MAX a device of a race */
static char *answer;
static size_t answer_size;

/*
 * Processor time of this kernel, which is a process of the host: what other processes of
 * a busy machine take is left out. User Mode Linux runs its kernel in that process, so
 * the host's system call is one instruction away.
 */
static u64 processor_ns(void)
{
	struct { long sec, nsec; } now = {};
	long ret;

	asm volatile("syscall" : "=a"(ret)
		     : "0"(228L), "D"(3L), "S"(&now)	/* clock_gettime, thread's time */
		     : "rcx", "r11", "memory");
	return ret ? 0 : now.sec * NSEC_PER_SEC + now.nsec;
}

static rx_handler_result_t bench_arrive(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	__be32 number;

	if (skb->protocol == htons(ETH_P_IP) && skb->len >= FRAME_LENGTH - ETH_HLEN &&
	    !skb_copy_bits(skb, FRAME_LENGTH - ETH_HLEN - 4, &number, 4) &&
	    ntohl(number) < flow_count) {
		arrived[ntohl(number)] = 1;
		arrivals++;
	}
	consume_skb(skb);
	return RX_HANDLER_CONSUMED;
}

static unsigned int bench_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	return NF_ACCEPT;
}

/* Where netpol has its own. */
static const struct nf_hook_ops bench_hooks[] = {
	{
		.hook = bench_hook,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_NAT_SRC - 7,
	},
	{
		.hook = bench_hook,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_NAT_SRC + 7,
	},
};

static struct sk_buff *bench_packet(u32 number, struct net_device *dev, bool reverse)
{
	struct bench_flow flow = flows[number];
	struct sk_buff *skb;
	struct ethhdr *eth;
	struct iphdr *ip;
	void *transport;

	if (reverse) {
		swap(flow.source, flow.destination);
		swap(flow.source_port, flow.port);
	}
	skb = alloc_skb(FRAME_LENGTH + NET_IP_ALIGN, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_IP_ALIGN);
	eth = skb_put_zero(skb, FRAME_LENGTH);
	ip = (void *)(eth + 1);
	transport = ip + 1;
	/* the other end of each wire has the address that node.sh gives it */
	eth->h_dest[0] = 2;
	eth->h_dest[5] = 1;
	eth->h_source[0] = 2;
	eth->h_source[5] = 2;
	eth->h_proto = htons(ETH_P_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = flow.protocol;
	ip->saddr = flow.source;
	ip->daddr = flow.destination;
	ip->tot_len = htons(FRAME_LENGTH - ETH_HLEN);
	ip_send_check(ip);
	*(__be32 *)((u8 *)eth + FRAME_LENGTH - 4) = htonl(number);
	if (flow.protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = transport;

		tcp->source = flow.source_port;
		tcp->dest = flow.port;
		tcp->doff = 5;
		tcp->syn = 1;
		tcp->window = htons(1000);
		tcp->check = tcp_v4_check(FRAME_LENGTH - ETH_HLEN - sizeof(*ip), ip->saddr,
					  ip->daddr,
					  csum_partial(tcp, FRAME_LENGTH - ETH_HLEN -
						       sizeof(*ip), 0));
	} else if (flow.protocol == IPPROTO_UDP) {
		struct udphdr *udp = transport;

		udp->source = flow.source_port;
		udp->dest = flow.port;
		udp->len = htons(FRAME_LENGTH - ETH_HLEN - sizeof(*ip));
	} else if (flow.protocol == IPPROTO_ICMP) {
		struct icmphdr *icmp = transport;

		icmp->type = ICMP_ECHO;
		icmp->un.echo.id = flow.source_port;
		icmp->checksum = csum_fold(csum_partial(icmp, FRAME_LENGTH - ETH_HLEN -
							sizeof(*ip), 0));
	}
	skb->protocol = htons(ETH_P_IP);
	skb->dev = dev;
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + sizeof(*ip));
	return skb;
}

static int bench_send_one(u32 number, struct net_device *dev, bool reverse)
{
	struct sk_buff *skb = bench_packet(number, dev, reverse);

	if (!skb)
		return -ENOMEM;
	local_bh_disable();
	dev_queue_xmit(skb);
	local_bh_enable();	/* and all the way to where it ends */
	return 0;
}

static bool bench_range(u32 first, u32 count)
{
	return first <= flow_count && count <= flow_count - first;
}

static int bench_by_size(const void *a, const void *b)
{
	u32 one = *(const u32 *)a, other = *(const u32 *)b;

	return one < other ? -1 : one > other;
}

static int bench_send(struct net_device *dev, u32 first, u32 count)
{
	u32 i;
	int error;

	arrivals = 0;
	for (i = first; i < first + count; i++) {
		error = bench_send_one(i, dev, false);
		if (error)
			return error;
	}
	answer_size = scnprintf(answer, PAGE_SIZE, "%u\n", arrivals);
	return 0;
}

/*
 * One chunk by each device, the next chunk by each, and so on, every time from another
 * device on: what disturbs the machine for longer than a chunk disturbs all of them.
 */
static int bench_race(struct net_device **dev, unsigned int devs, u32 first, u32 count,
		      u32 repeat)
{
	u32 chunks = count / CHUNK * repeat, got[RACE_MAX] = {}, chunk, from, i, n, d;
	u64 start = 0;
	int error;

	if (!chunks || chunks > CHUNKS_MAX || repeat > CHUNKS_MAX)
		return -EINVAL;
	for (chunk = 0; chunk < chunks; chunk++) {
		from = first + chunk % (count / CHUNK) * CHUNK;
		for (n = 0; n < devs; n++) {
			d = (n + chunk) % devs;
			arrivals = 0;
			for (i = from; i < from + CHUNK; i++) {
				if (i == from + WARM)
					start = processor_ns();
				error = bench_send_one(i, dev[d], false);
				if (error)
					return error;
			}
			chunk_ns[d * CHUNKS_MAX + chunk] = processor_ns() - start;
			got[d] += arrivals;
		}
	}
	answer_size = 0;
	for (d = 0; d < devs; d++) {
		u32 *mine = &chunk_ns[d * CHUNKS_MAX];

		sort(mine, chunks, sizeof(*mine), bench_by_size, NULL);
		answer_size += scnprintf(answer + answer_size, PAGE_SIZE - answer_size,
					 "%u %u %u ", mine[chunks / 2], chunks * CHUNK, got[d]);
	}
	answer[answer_size - 1] = '\n';
	return 0;
}

static int bench_race_command(char *line)
{
	struct net_device *dev[RACE_MAX];
	u32 first, count, repeat;
	unsigned int devs = 0;
	int error = -EINVAL, at = 0;
	char *name;

	if (sscanf(line, "race %u %u %u %n", &first, &count, &repeat, &at) < 3 || !at)
		return -EINVAL;
	line = strim(line + at);
	while ((name = strsep(&line, " "))) {
		if (devs == RACE_MAX)
			goto out;
		dev[devs] = dev_get_by_name(&init_net, name);
		if (!dev[devs]) {
			error = -ENODEV;
			goto out;
		}
		devs++;
	}
	if (devs && bench_range(first, count))
		error = bench_race(dev, devs, first, count, repeat);
out:
	while (devs)
		dev_put(dev[--devs]);
	return error;
}

static int bench_reply(const char *prefix, u32 first, u32 count)
{
	struct net_device *dev = NULL;
	char name[IFNAMSIZ];
	int error = 0, pod = -1;
	u32 i;

	for (i = first; i < first + count && !error; i++) {
		if (flows[i].pod != pod) {
			pod = flows[i].pod;
			dev_put(dev);
			snprintf(name, sizeof(name), "%s%d", prefix, pod);
			dev = dev_get_by_name(&init_net, name);
			if (!dev)
				return -ENODEV;
		}
		error = bench_send_one(i, dev, true);
	}
	dev_put(dev);
	return error;
}

/* The namespace of the other end of a veth. */
static struct net *bench_behind(const struct net_device *dev)
{
	if (!dev->rtnl_link_ops || !dev->rtnl_link_ops->get_link_net)
		return NULL;
	return dev->rtnl_link_ops->get_link_net(dev);
}

static int bench_attach(struct net_device *dev)
{
	int error;

	rtnl_lock();
	error = netdev_rx_handler_register(dev, bench_arrive, NULL);
	rtnl_unlock();
	return error;
}

static int bench_all(struct nf_conn *ct, void *data)
{
	return 1;
}

static int bench_flush(struct net *net)
{
	const struct nf_ct_iter_data data = { .net = net };

	nf_ct_iterate_cleanup_net(bench_all, &data);
	return 0;
}

static int bench_hook_net(struct net *net)
{
	int error;

	error = nf_ct_netns_get(net, NFPROTO_INET);
	if (error)
		return error;
	error = nf_register_net_hooks(net, bench_hooks, ARRAY_SIZE(bench_hooks));
	if (error)
		nf_ct_netns_put(net, NFPROTO_INET);
	return error;
}

static int bench_device_command(const char *verb, const char *name, u32 first, u32 count)
{
	struct net_device *dev;
	struct net *net;
	int error = -EINVAL;

	dev = dev_get_by_name(&init_net, name);
	if (!dev)
		return -ENODEV;
	net = bench_behind(dev);
	if (!strcmp(verb, "attach")) {
		error = bench_attach(dev);
	} else if (net && !strcmp(verb, "hook")) {
		error = bench_hook_net(net);
	} else if (net && !strcmp(verb, "flush")) {
		error = bench_flush(net);
	} else if (!strcmp(verb, "send") && bench_range(first, count)) {
		error = bench_send(dev, first, count);
	}
	dev_put(dev);
	return error;
}

static ssize_t bench_write(struct file *file, const char __user *data, size_t size,
			   loff_t *offset)
{
	char line[256], verb[16], name[IFNAMSIZ];
	u32 first = 0, count = 0, i;
	int error = 0;

	if (size >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, data, size))
		return -EFAULT;
	line[size] = '\0';
	answer_size = 0;
	if (sscanf(line, "arrived %u %u", &first, &count) == 2) {
		if (!bench_range(first, count))
			return -EINVAL;
		for (i = 0; i < count; i++)
			answer[i] = '0' + arrived[first + i];
		answer[count] = '\n';
		answer_size = count + 1;
		memset(arrived, 0, FLOWS_MAX);
		return size;
	}
	if (!strncmp(line, "race ", 5))
		return bench_race_command(line) ?: size;
	if (sscanf(line, "%15s %15s %u %u", verb, name, &first, &count) < 2)
		return -EINVAL;
	if (!strcmp(verb, "reply"))
		error = bench_range(first, count) ? bench_reply(name, first, count) : -EINVAL;
	else
		error = bench_device_command(verb, name, first, count);
	return error ?: size;
}

static ssize_t bench_read(struct file *file, char __user *data, size_t size, loff_t *offset)
{
	return simple_read_from_buffer(data, size, offset, answer, answer_size);
}

static int bench_flows_open(struct inode *inode, struct file *file)
{
	flow_count = 0;
	memset(arrived, 0, FLOWS_MAX);
	return 0;
}

static ssize_t bench_flows_write(struct file *file, const char __user *data, size_t size,
				 loff_t *offset)
{
	if (*offset + size > FLOWS_MAX * sizeof(*flows))
		return -ENOSPC;
	if (copy_from_user((u8 *)flows + *offset, data, size))
		return -EFAULT;
	*offset += size;
	flow_count = *offset / sizeof(*flows);
	return size;
}

static const struct proc_ops bench_ops = {
	.proc_read = bench_read,
	.proc_write = bench_write,
	.proc_lseek = default_llseek,
};

static const struct proc_ops bench_flows_ops = {
	.proc_open = bench_flows_open,
	.proc_write = bench_flows_write,
	.proc_lseek = default_llseek,
};

/* Processor time so far, in ns. */
static ssize_t bench_time_read(struct file *file, char __user *data, size_t size, loff_t *at)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%llu\n", processor_ns());

	return simple_read_from_buffer(data, size, at, text, length);
}

static const struct proc_ops bench_time_ops = {
	.proc_read = bench_time_read,
	.proc_lseek = default_llseek,
};

static int __init bench_init(void)
{
	flows = vzalloc(FLOWS_MAX * sizeof(*flows));
	arrived = vzalloc(FLOWS_MAX);
	answer = vzalloc(FLOWS_MAX + 1);
	chunk_ns = vzalloc(RACE_MAX * CHUNKS_MAX * sizeof(*chunk_ns));
	if (!flows || !arrived || !answer || !chunk_ns ||
	    !proc_create("netpol_bench", 0600, NULL, &bench_ops) ||
	    !proc_create("netpol_bench_flows", 0600, NULL, &bench_flows_ops) ||
	    !proc_create("netpol_bench_time", 0400, NULL, &bench_time_ops)) {
		remove_proc_subtree("netpol_bench", NULL);
		vfree(flows);
		vfree(arrived);
		vfree(answer);
		vfree(chunk_ns);
		return -ENOMEM;
	}
	return 0;
}

/* No exit: the virtual machine that this is for ends with its measurements. */
module_init(bench_init);
MODULE_DESCRIPTION("Packets from a table of flows, for netpol's benches");
MODULE_LICENSE("GPL");
