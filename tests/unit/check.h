/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a unit test needs: CHECK(), CHECK_EQ(), CHECK_STR(), and at the end of
 * main() `return check_done("name");`.
 */
#ifndef NP_CHECK_H
#define NP_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned int check_passed, check_failed;

static inline bool check_one(bool ok, const char *file, int line,
			     const char *what)
{
	if (ok) {
		check_passed++;
	} else {
		check_failed++;
		printf("%s:%d: failed: %s\n", file, line, what);
	}
	return ok;
}

#define CHECK(cond) check_one((cond), __FILE__, __LINE__, #cond)

/* Integers; both values are shown. */
#define CHECK_EQ(have, want)						\
({									\
	long long check_a = (long long)(have);				\
	long long check_b = (long long)(want);				\
									\
	if (!check_one(check_a == check_b, __FILE__, __LINE__,		\
		       #have " == " #want))				\
		printf("\t%lld is not %lld\n", check_a, check_b);	\
	check_a == check_b;						\
})

/* Strings; NULL is a value too. */
#define CHECK_STR(have, want)						\
({									\
	const char *check_a = (have), *check_b = (want);		\
	bool check_ok = check_a && check_b ?				\
			!strcmp(check_a, check_b) : check_a == check_b;	\
									\
	if (!check_one(check_ok, __FILE__, __LINE__,			\
		       #have " is " #want))				\
		printf("\t\"%s\" is not \"%s\"\n",			\
		       check_a ? check_a : "(null)",			\
		       check_b ? check_b : "(null)");			\
	check_ok;							\
})

/* Prints "name: N passed, N failed"; the exit status of the test. */
static inline int check_done(const char *name)
{
	printf("%s: %u passed, %u failed\n", name, check_passed, check_failed);
	return check_failed ? 1 : 0;
}

#endif
