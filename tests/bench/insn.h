/* SPDX-License-Identifier: GPL-2.0 */
/* What tests/bench/insn.c asks of the module netpol_bench, through /proc/netpol_bench. */
#ifndef NETPOL_BENCH_INSN_H
#define NETPOL_BENCH_INSN_H

#include <linux/types.h>

/* What the module tells tests/bench/lines.c, a plugin of the emulator, see there. */
enum netpol_bench_mark {
	NETPOL_BENCH_MARK_AROUND = 0x6e706c00,
	NETPOL_BENCH_MARK_BEGIN,
	NETPOL_BENCH_MARK_END,
	NETPOL_BENCH_MARK_PACKET,
};

#define NETPOL_BENCH_PROC	"netpol_bench"

/* How the packet stands to conntrack. */
enum netpol_bench_state {
	NETPOL_BENCH_UNTRACKED,		/* no entry, as NOTRACK has it */
	NETPOL_BENCH_NEW,		/* opens a connection, entry not confirmed yet */
	NETPOL_BENCH_ORIGINAL,		/* established, from the one who opened it */
	NETPOL_BENCH_REPLY,		/* established, from the other one */
};

/**
 * struct netpol_bench_packet - one packet through netpol's hooks; written, then read back
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_TCP, _UDP, _SCTP, or that of echo in this family, IPPROTO_ICMP or _ICMPV6
 * @state: enum netpol_bench_state
 * @local_in: its last hook is LOCAL_IN; else POST_ROUTING. With @in, its first is PRE_ROUTING
 * @source: address of who opens the connection, network order
 * @destination: address of the other one
 * @source_port: host order; of ICMP the identifier
 * @port: host order; ICMP has none
 * @in: interface that the packet comes in by, of this network namespace; 0: none
 * @out: interface that it leaves by
 * @accepted: out: the last hook's verdict
 * @pad: 0
 * @instructions: out: of all hooks, from the first one to the return, both counted
 */
struct netpol_bench_packet {
	__u8 family;
	__u8 protocol;
	__u8 state;
	__u8 local_in;
	__u8 source[16];
	__u8 destination[16];
	__u16 source_port;
	__u16 port;
	__u32 in;
	__u32 out;
	__u32 accepted;
	__u32 pad;
	__u64 instructions;
};

#endif /* NETPOL_BENCH_INSN_H */
