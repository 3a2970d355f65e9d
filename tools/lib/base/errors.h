/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All errors of an input, where more than the first one is wanted. */
#ifndef NP_BASE_ERRORS_H
#define NP_BASE_ERRORS_H

#include <stddef.h>

#include "base/error.h"

/* More errors of one input are counted and not kept. */
#define NP_ERRORS_MAX	20u

/* All errors of one input. Empty if all bytes are zero. It owns its memory. */
struct np_errors {
	struct np_error *item;	/* the first NP_ERRORS_MAX of them */
	size_t count;		/* how many there were */
};

void np_errors_add(struct np_errors *errors, const struct np_error *err);
/* Returns how many of them are kept. */
size_t np_errors_kept(const struct np_errors *errors);
void np_errors_free(struct np_errors *errors);

#endif
