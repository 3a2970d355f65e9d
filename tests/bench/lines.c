// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin of QEMU's emulator for tests/bench/insn.sh: which lines of 64 bytes of memory does
 * netpol read or write for a packet?
 *
 *	qemu-system-x86_64 -plugin lines.so,out=FILE ...
 *
 * The bench module (tests/bench/kmod) says what it does by instructions that do nothing: a nopl
 * whose displacement is one of enum netpol_bench_mark. Between AROUND and BEGIN it touches what does
 * not count: the packet, its conntrack entry, the stack. Between BEGIN and END the hook runs, and
 * each line that it touches, and that does not belong to these, is written to FILE, as a number: its
 * address divided by 64. PACKET ends the line of text that belongs to one packet. What the processor
 * fetches as code is not seen here.
 *
 * QEMU's header of the interface is not a part of Debian's packages. What is needed of it is
 * declared here; QEMU refuses a plugin whose version of the interface it does not have.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insn.h"

#define EXPORT __attribute__((visibility("default")))

/* Most lines of a packet, those around it included. */
#define LINES_MAX 4096

/* The start of QEMU's structure of that name: what the plugin is loaded into. */
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*cb)(uint64_t id,
						struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int cpu, void *data),
					    enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      void (*cb)(unsigned int cpu, uint32_t info,
						 uint64_t address, void *data),
				      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw,
				      void *data);
unsigned int qemu_plugin_mem_size_shift(uint32_t info);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t id, void *data), void *data);

EXPORT int qemu_plugin_version = 1;

static FILE *out;
static enum netpol_bench_mark state = NETPOL_BENCH_MARK_END;
static uint64_t around[LINES_MAX], lines[LINES_MAX];
static unsigned int narounds, nlines;

static void add(uint64_t *set, unsigned int *count, uint64_t line)
{
	unsigned int i;

	for (i = 0; i < *count; i++)
		if (set[i] == line)
			return;
	if (*count == LINES_MAX) {
		fprintf(stderr, "lines: a packet touches too many lines\n");
		abort();
	}
	set[(*count)++] = line;
}

static bool is_around(uint64_t line)
{
	unsigned int i;

	for (i = 0; i < narounds; i++)
		if (around[i] == line)
			return true;
	return false;
}

/* Writes the lines of a packet, and forgets them. */
static void packet(void)
{
	unsigned int i;

	for (i = 0; i < nlines; i++)
		if (!is_around(lines[i]))
			fprintf(out, "%llu ", (unsigned long long)lines[i]);
	fprintf(out, "\n");
	narounds = 0;
	nlines = 0;
}

static void marked(unsigned int cpu, void *data)
{
	(void)cpu;
	state = (uintptr_t)data;
	if (state == NETPOL_BENCH_MARK_PACKET)
		packet();
}

static void touched(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
	uint64_t last = address + (1ULL << qemu_plugin_mem_size_shift(info)) - 1, line;

	(void)cpu;
	(void)data;
	for (line = address / 64; line <= last / 64; line++) {
		if (state == NETPOL_BENCH_MARK_AROUND)
			add(around, &narounds, line);
		else if (state == NETPOL_BENCH_MARK_BEGIN)
			add(lines, &nlines, line);
	}
}

/* The mark that an instruction is, or 0: 0f 1f 80 and four bytes, nopl MARK(%rax). */
static uint32_t mark_of(const struct qemu_plugin_insn *insn)
{
	const uint8_t *bytes = qemu_plugin_insn_data(insn);
	uint32_t mark;

	if (qemu_plugin_insn_size(insn) != 7 || bytes[0] != 0x0f || bytes[1] != 0x1f ||
	    bytes[2] != 0x80)
		return 0;
	memcpy(&mark, bytes + 3, sizeof(mark));
	return mark >= NETPOL_BENCH_MARK_AROUND && mark <= NETPOL_BENCH_MARK_PACKET ? mark : 0;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	/* the kernel alone: its addresses are in the upper half */
	if (!n || !(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)) >> 63))
		return;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uintptr_t mark = mark_of(insn);

		if (mark)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)mark);
		qemu_plugin_register_vcpu_mem_cb(insn, touched, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
	}
}

static void ended(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	if (fclose(out))
		abort();
}

/* What QEMU calls when it loads a plugin. */
EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	/* the state is END until the module says otherwise */
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "usage: -plugin lines.so,out=FILE\n");
		return -1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
