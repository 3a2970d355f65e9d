/* SPDX-License-Identifier: GPL-2.0 */
/* Keys and values of the maps of cilium.bpf.c. Addresses and ports in network order. */
#ifndef BENCH_CILIUM_BPF_H
#define BENCH_CILIUM_BPF_H

struct ipcache_key {
	__u32 length;	/* of the prefix, in bits of address */
	__u32 address;
};

struct policy_key {
	__u32 length;	/* 40 for identity and direction, and those of protocol and port */
	__u32 identity;
	__u8 egress;
	__u8 protocol;
	__u16 port;
} __attribute__((packed));

struct policy_value {
	__u64 packets;
};

struct ct_key {
	__u32 destination;
	__u32 source;
	__u16 port;
	__u16 source_port;
	__u8 protocol;
	__u8 flags;
} __attribute__((packed));

struct ct_value {
	__u64 packets;
	__u64 bytes;
	__u32 lifetime;
	__u32 identity;
};

#define POLICY_FIXED_BITS	40

#endif
