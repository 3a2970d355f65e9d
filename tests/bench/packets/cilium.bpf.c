// SPDX-License-Identifier: GPL-2.0
/*
 * A policy program in Cilium's shape, at tc egress of a pod's interface on the host: the
 * connection in a hash, the source's identity by longest prefix, and for every packet the
 * policy by longest prefix, first for that identity, then for any. A new connection that
 * may pass is added. Cilium's program does more (NAT, headers, events); none of it is here.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "cilium.bpf.h"

#define WORLD	2	/* the identity of whom the cluster doesn't know */

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 512000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ipcache_key);
	__type(value, __u32);
} ipcache SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct policy_key);
	__type(value, struct policy_value);
} policy SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 17);
	__type(key, struct ct_key);
	__type(value, struct ct_value);
} connections SEC(".maps");

static __always_inline int allowed(__u32 identity, __u8 protocol, __u16 port)
{
	struct policy_key key = {
		.length = POLICY_FIXED_BITS + 24,
		.identity = identity,
		.protocol = protocol,
		.port = port,
	};
	struct policy_value *value;

	value = bpf_map_lookup_elem(&policy, &key);
	if (!value) {
		key.identity = 0;
		value = bpf_map_lookup_elem(&policy, &key);
	}
	if (!value)
		return 0;
	__sync_fetch_and_add(&value->packets, 1);
	return 1;
}

SEC("tc")
int to_container(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ipcache_key address = { .length = 32 };
	struct ct_value *connection, fresh = {};
	struct ct_key key = {};
	struct ethhdr *eth = data;
	struct iphdr *ip;
	__u32 *found, identity;
	__u16 *ports;

	if (data + sizeof(*eth) + sizeof(*ip) + 4 > end)
		return TC_ACT_SHOT;
	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	ip = (void *)(eth + 1);
	if (ip->ihl != 5)
		return TC_ACT_SHOT;
	ports = (void *)(ip + 1);
	key.source = ip->saddr;
	key.destination = ip->daddr;
	key.protocol = ip->protocol;
	if (ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP) {
		key.source_port = ports[0];
		key.port = ports[1];
	}
	connection = bpf_map_lookup_elem(&connections, &key);
	address.address = ip->saddr;
	found = bpf_map_lookup_elem(&ipcache, &address);
	identity = found ? *found : WORLD;
	if (!allowed(identity, key.protocol, key.port))
		return TC_ACT_SHOT;
	if (connection) {
		__sync_fetch_and_add(&connection->packets, 1);
		__sync_fetch_and_add(&connection->bytes, skb->len);
		connection->lifetime = bpf_ktime_get_ns() / 1000000000;
		return TC_ACT_OK;
	}
	fresh.packets = 1;
	fresh.bytes = skb->len;
	fresh.lifetime = bpf_ktime_get_ns() / 1000000000;
	fresh.identity = identity;
	bpf_map_update_elem(&connections, &key, &fresh, BPF_ANY);
	return TC_ACT_OK;
}

/* For BPF_PROG_TEST_RUN: what a run of nothing costs. */
SEC("tc")
int nothing(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
