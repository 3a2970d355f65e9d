// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Buffers: bounds, reading to the end, and that a secret leaves no copy behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "check.h"

/* Of the sanitizers' run-time library. Debian's gcc has no header for them. */
size_t __sanitizer_get_allocated_size(const volatile void *block);
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));

#define SECRET 'S'

static unsigned int leaks, moves;

/* Is called before memory is freed, and counts the blocks that still hold a secret. */
static void on_free(const volatile void *block)
{
	const volatile char *byte = block;
	size_t i, size = block ? __sanitizer_get_allocated_size(block) : 0;

	moves += size >= 4096;
	for (i = 0; size >= 4096 && i < size; i++)
		if (byte[i] == SECRET) {
			leaks++;
			return;
		}
}

static void on_malloc(const volatile void *block, size_t size)
{
}

static void test_secret(bool secret)
{
	struct np_buffer buffer = { .secret = secret };
	char part[1000];
	int i;

	memset(part, SECRET, sizeof(part));
	leaks = 0;
	moves = 0;
	for (i = 0; i < 100; i++)
		np_buffer_add(&buffer, part, sizeof(part));
	CHECK_EQ(buffer.len, 100 * sizeof(part));
	/* Bytes behind the length are wiped too. */
	buffer.len = 0;
	np_buffer_free(&buffer);
	CHECK(moves >= 5);
	CHECK_EQ(leaks, secret ? 0 : moves);
	CHECK(!buffer.data && !buffer.room);
}

static void test_add(void)
{
	struct np_buffer buffer = { 0 };
	size_t i;

	np_buffer_add(&buffer, NULL, 0);
	CHECK(!buffer.data);
	for (i = 0; i < 10000; i++)
		np_buffer_add(&buffer, &i, sizeof(i));
	for (i = 0; i < 10000; i++)
		if (memcmp(buffer.data + i * sizeof(i), &i, sizeof(i)))
			break;
	CHECK_EQ(i, 10000);
	np_buffer_reserve(&buffer, 100000);
	CHECK(buffer.room - buffer.len >= 100000);
	CHECK_EQ(buffer.len, 10000 * sizeof(i));
	np_buffer_free(&buffer);
	np_buffer_print(&buffer, "%s", "");
	CHECK_STR(buffer.data, "");
	np_buffer_print(&buffer, "%s=%d", "a", 1);
	np_buffer_print(&buffer, "&%*d", 5000, 2);
	CHECK_EQ(buffer.len, 5004);
	CHECK_EQ(strlen(buffer.data), 5004);
	CHECK(!strncmp(buffer.data, "a=1& ", 5) && buffer.data[5003] == '2');
	np_buffer_free(&buffer);
}

static void test_bound(size_t max)
{
	struct np_buffer buffer = { 0 };
	char part[7] = "1234567";
	size_t want = max - max % sizeof(part);

	while (np_buffer_add_bounded(&buffer, part, sizeof(part), max) && buffer.room <= max)
		;
	CHECK_EQ(buffer.len, want);
	CHECK(np_buffer_add_bounded(&buffer, part, max - want, max));
	CHECK(!np_buffer_add_bounded(&buffer, part, 1, max));
	CHECK_EQ(buffer.len, max);
	CHECK(buffer.room == max);
	np_buffer_free(&buffer);
}

/* Reads a file of size bytes. Returns the length, or -1 for EFBIG. */
static long read_file(size_t size, size_t max)
{
	struct np_buffer buffer = { .secret = true };
	int fd = memfd_create("t", MFD_CLOEXEC);
	long ret = -1;
	size_t i;

	for (i = 0; i < size && write(fd, &"abc"[i % 3], 1) == 1; i++)
		;
	CHECK_EQ(i, size);
	lseek(fd, 0, SEEK_SET);
	if (!np_buffer_read(&buffer, fd, max))
		ret = (long)buffer.len;
	else
		CHECK_EQ(errno, EFBIG);
	for (i = 0; i < buffer.len; i++)
		if (buffer.data[i] != "abc"[i % 3])
			break;
	CHECK(i == buffer.len && !buffer.data[i]);
	np_buffer_free(&buffer);
	close(fd);
	return ret;
}

static void test_read(void)
{
	struct np_buffer buffer = { 0 };
	int pair[2];

	CHECK_EQ(read_file(0, 0), 0);
	CHECK_EQ(read_file(1, 0), -1);
	CHECK_EQ(read_file(4095, 4095), 4095);
	CHECK_EQ(read_file(4096, 4096), 4096);
	CHECK_EQ(read_file(4097, 4096), -1);
	CHECK_EQ(read_file(10000, 20000), 10000);
	CHECK_EQ(read_file(10000, 5000), -1);
	CHECK_EQ(pipe2(pair, O_CLOEXEC), 0);
	close(pair[0]);
	CHECK_EQ(np_buffer_read(&buffer, pair[1], 10), -1);
	CHECK_EQ(errno, EBADF);
	CHECK_STR(buffer.data, "");
	close(pair[1]);
	np_buffer_free(&buffer);
}

int main(void)
{
	__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
	test_secret(true);
	test_secret(false);
	test_add();
	test_bound(100);
	test_bound(4096);
	test_bound(300000);
	test_read();
	return check_done("buffer");
}
