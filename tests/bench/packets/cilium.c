// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads cilium.bpf.o, fills its maps, and
 *
 *   bench-cilium attach OBJECT MAPS DEVICE...   puts it at tc egress of the devices and
 *                                               pins its connections below /sys/fs/bpf
 *   bench-cilium flush                          forgets the connections of the last attach
 *                                               (they are named by PIN in the environment)
 *   bench-cilium testrun OBJECT MAPS FLOWS FIRST COUNT EXPECT
 *       one BPF_PROG_TEST_RUN a flow: EXPECT (0 or 1) must be the answer to each. Prints
 *       nanoseconds a packet: an empty program, the same run once only, new connections
 *       (run once), established ones
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cilium.bpf.h"
#include "model.h"

#define REPEATS	200

static int map_fd(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		errx(2, "the program has no map \"%s\"", name);
	return fd;
}

static int program_fd(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program)
		errx(2, "the object has no program \"%s\"", name);
	return bpf_program__fd(program);
}

static void fill_line(char *line, int ipcache, int policy)
{
	struct policy_key key = { .length = POLICY_FIXED_BITS };
	struct ipcache_key prefix = {};
	struct policy_value value = {};
	unsigned int identity, protocol, port, bits;
	char address[32];

	if (sscanf(line, "ipcache %31s %u %u", address, &prefix.length, &identity) == 3) {
		prefix.address = inet_addr(address);
		if (bpf_map_update_elem(ipcache, &prefix, &identity, BPF_ANY))
			err(2, "ipcache, %s", line);
		return;
	}
	if (sscanf(line, "policy %u %u %u %u", &identity, &protocol, &port, &bits) != 4)
		errx(2, "\"%s\" is no map entry", line);
	key.length += bits;
	key.identity = identity;
	key.protocol = protocol;
	key.port = htons(port);
	if (bpf_map_update_elem(policy, &key, &value, BPF_ANY))
		err(2, "policy map, %s", line);
}

static struct bpf_object *load(const char *path, const char *maps)
{
	struct bpf_object *object;
	char line[128];
	FILE *in;

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	object = bpf_object__open_file(path, NULL);
	if (!object)
		err(2, "%s", path);
	if (bpf_object__load(object))
		err(3, "this kernel takes no BPF from us: %s", path);
	in = fopen(maps, "r");
	if (!in)
		err(2, "%s", maps);
	while (fgets(line, sizeof(line), in))
		fill_line(line, map_fd(object, "ipcache"), map_fd(object, "policy"));
	fclose(in);
	return object;
}

static void attach(struct bpf_object *object, char **device)
{
	for (; *device; device++) {
		DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = if_nametoindex(*device),
				    .attach_point = BPF_TC_EGRESS);
		DECLARE_LIBBPF_OPTS(bpf_tc_opts, options,
				    .prog_fd = program_fd(object, "to_container"));
		int ret = bpf_tc_hook_create(&hook);

		if (ret && ret != -EEXIST)
			errx(2, "%s: no clsact qdisc: %s", *device, strerror(-ret));
		ret = bpf_tc_attach(&hook, &options);
		if (ret)
			errx(2, "%s: tc takes no program: %s", *device, strerror(-ret));
	}
}

static void forget(int fd)
{
	struct ct_key key;

	while (!bpf_map_get_next_key(fd, NULL, &key)) {
		if (bpf_map_delete_elem(fd, &key))
			break;
	}
}

/* Nanoseconds, and the verdict by @verdict. */
static unsigned int run(int fd, void *frame, size_t size, int repeat, int *verdict)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = size,
			    .repeat = repeat);

	if (bpf_prog_test_run_opts(fd, &options))
		err(2, "BPF_PROG_TEST_RUN");
	*verdict = options.retval == TC_ACT_OK;
	return options.duration;
}

static void make_frame(uint8_t *frame, const struct model_flow *flow)
{
	struct ethhdr *eth = (void *)frame;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);

	memset(frame, 0, 64);
	eth->h_proto = htons(ETH_P_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = flow->protocol;
	ip->saddr = flow->source;
	ip->daddr = flow->destination;
	ip->tot_len = htons(50);
	udp->source = flow->source_port;
	udp->dest = flow->port;
	udp->len = htons(30);
}

/* @number is that of arguments after the maps. */
static int testrun(struct bpf_object *object, const char *path, int first, int count, int expect)
{
	int fd = program_fd(object, "to_container"), i, verdict, wrong = 0;
	unsigned long empty = 0, once = 0, new = 0, established = 0;
	struct model_flow flow;
	uint8_t frame[64];
	FILE *in = fopen(path, "r");

	if (!in || fseek(in, first * sizeof(flow), SEEK_SET))
		err(2, "%s", path);
	for (i = 0; i < count && fread(&flow, sizeof(flow), 1, in) == 1; i++) {
		make_frame(frame, &flow);
		empty += run(program_fd(object, "nothing"), frame, sizeof(frame), REPEATS,
			     &verdict);
		once += run(program_fd(object, "nothing"), frame, sizeof(frame), 1, &verdict);
		new += run(fd, frame, sizeof(frame), 1, &verdict);
		wrong += verdict != expect;
		established += run(fd, frame, sizeof(frame), REPEATS, &verdict);
	}
	fclose(in);
	forget(map_fd(object, "connections"));
	if (!i)
		errx(2, "%s: no flows there", path);
	printf("%.1f %.1f %.1f %.1f\n", (double)empty / i, (double)once / i, (double)new / i,
	       (double)established / i);
	return wrong ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *pin = getenv("PIN");
	struct bpf_object *object;
	int fd;

	if (argc >= 5 && !strcmp(argv[1], "attach") && pin) {
		object = load(argv[2], argv[3]);
		attach(object, argv + 4);
		if (bpf_obj_pin(map_fd(object, "connections"), pin))
			err(2, "%s", pin);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "flush") && pin) {
		fd = bpf_obj_get(pin);
		if (fd < 0)
			err(2, "%s", pin);
		forget(fd);
		return 0;
	}
	if (argc == 8 && !strcmp(argv[1], "testrun"))
		return testrun(load(argv[2], argv[3]), argv[4], atoi(argv[5]), atoi(argv[6]),
			       atoi(argv[7]));
	errx(2, "usage: see the top of cilium.c");
}
