// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xdp - an XDP program that passes everything on.
 *
 *   xdp NETNS DEVICE      attached until the process ends; "attached" is printed then
 */
#include "e2e.h"

#include <linux/bpf.h>
#include <net/if.h>
#include <sys/syscall.h>

static int bpf(int command, union bpf_attr *attr, size_t size)
{
	return (int)syscall(__NR_bpf, command, attr, size);
}

int main(int argc, char **argv)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	int program;

	e2e_name = "xdp";
	if (argc != 3)
		return 2;
	netns_enter(argv[1]);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uint64_t)(uintptr_t)code;
	attr.insn_cnt = 2;
	attr.license = (uint64_t)(uintptr_t)"GPL";
	program = bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (program < 0)
		die("loading");
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = if_nametoindex(argv[2]);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = 1u << 1;	/* XDP_FLAGS_SKB_MODE: any device */
	if (bpf(BPF_LINK_CREATE, &attr, sizeof(attr)) < 0)
		die("attaching to %s", argv[2]);
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
