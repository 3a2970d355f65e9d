// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hash table of the tool against a plain array, and that nobody can know what collides: texts
 * that collide without a key do not, and another process has other hashes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "check.h"

struct record {
	uint32_t hash;
	uint32_t number;
};

static bool same_number(const void *record, const void *key)
{
	return ((const struct record *)record)->number == *(const uint32_t *)key;
}

#define RECORDS 512

/* Adds and removes records whose hashes are the low bits of their numbers, so that many collide. */
static void test_table(uint32_t bits)
{
	static struct record record[RECORDS];
	bool there[RECORDS] = { false };
	struct np_hash hash = { 0 };
	uint32_t state = 1, step, i;
	size_t count = 0;
	bool right = true;

	for (i = 0; i < RECORDS; i++)
		record[i] = (struct record){ i & ((1u << bits) - 1), i };
	for (step = 0; step < 20000; step++) {
		state = state * 1664525 + 1013904223;
		i = state >> 16 & (RECORDS - 1);
		if (there[i])
			np_hash_remove(&hash, &record[i]);
		else
			np_hash_add(&hash, &record[i]);
		there[i] = !there[i];
		count += there[i] ? 1 : -1;
		i = state >> 7 & (RECORDS - 1);
		if (np_hash_find(&hash, record[i].hash, same_number, &i) !=
		    (there[i] ? &record[i] : NULL) || hash.count != count)
			right = false;
	}
	CHECK(right);
	np_hash_free(&hash);
}

/* What clearing costs, and what is kept, follows from the records that a table had. */
static void test_clear(void)
{
	static struct record record[100000];
	struct np_hash hash = { 0 };
	size_t at = 0, room, i;

	CHECK(!np_hash_next(&hash, &at));
	for (i = 0; i < 100000; i++) {
		record[i] = (struct record){ (uint32_t)i, (uint32_t)i };
		np_hash_add(&hash, &record[i]);
	}
	room = hash.room;
	for (i = 0; np_hash_next(&hash, &at); i++)
		;
	CHECK_EQ(i, 100000);
	np_hash_clear(&hash);
	CHECK_EQ(hash.count, 0);
	CHECK_EQ(hash.room, room);
	np_hash_add(&hash, &record[7]);
	at = 0;
	CHECK(np_hash_next(&hash, &at) == &record[7] && !np_hash_next(&hash, &at));
	np_hash_clear(&hash);
	CHECK_EQ(hash.room, 0);
	np_hash_add(&hash, &record[8]);
	room = hash.room;
	CHECK(room < 1000);
	np_hash_clear(&hash);
	CHECK_EQ(hash.room, room);
	np_hash_free(&hash);
}

static uint32_t text_hash(uint32_t seed, const char *text)
{
	return np_hash_bytes(seed, text, strlen(text));
}

static void test_bytes(void)
{
	char text[40] = "kubernetes.io/metadata.name";
	size_t len, i;
	bool differs = true;

	CHECK_EQ(text_hash(7, text), text_hash(7, text));
	CHECK(text_hash(7, text) != text_hash(8, text));
	/* each length and each byte counts, also zeros at the end */
	for (len = 0; len < sizeof(text); len++) {
		uint32_t hash = np_hash_bytes(0, text, len);

		if (hash == np_hash_bytes(0, text, len + 1))
			differs = false;
		for (i = 0; i < len; i++) {
			text[i] ^= 1;
			if (hash == np_hash_bytes(0, text, len))
				differs = false;
			text[i] ^= 1;
		}
	}
	CHECK(differs);
	/* these pairs collide in FNV-1a, which has no key */
	CHECK(text_hash(0, "costarring") != text_hash(0, "liquid"));
	CHECK(text_hash(0, "declinate") != text_hash(0, "macallums"));
	CHECK(text_hash(0, "altarage") != text_hash(0, "zinke"));
}

/* The hash of a text in another process that runs this program. */
static uint32_t hash_elsewhere(const char *program)
{
	char command[512];
	unsigned int hash = 0;
	FILE *out;

	snprintf(command, sizeof(command), "'%s' hash", program);
	out = popen(command, "r");
	CHECK(out && fscanf(out, "%u", &hash) == 1);
	if (out)
		pclose(out);
	return hash;
}

int main(int argc, char **argv)
{
	char program[256] = "";

	if (argc > 1) {
		printf("%u\n", text_hash(0, "web"));
		return 0;
	}
	CHECK(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
	test_table(0);
	test_table(3);
	test_table(9);
	test_bytes();
	test_clear();
	CHECK(hash_elsewhere(program) != text_hash(0, "web"));
	return check_done("hash");
}
