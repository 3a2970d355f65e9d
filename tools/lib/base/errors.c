// SPDX-License-Identifier: GPL-2.0-or-later
/* All errors of an input, where more than the first one is wanted. */
#include "base/errors.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void np_errors_add(struct np_errors *errors, const struct np_error *err)
{
	if (!errors->item)
		errors->item = np_xcalloc(NP_ERRORS_MAX, sizeof(*errors->item));
	if (errors->count < NP_ERRORS_MAX)
		errors->item[errors->count] = *err;
	errors->count++;
}

size_t np_errors_kept(const struct np_errors *errors)
{
	return errors->count < NP_ERRORS_MAX ? errors->count : NP_ERRORS_MAX;
}

void np_errors_free(struct np_errors *errors)
{
	free(errors->item);
	memset(errors, 0, sizeof(*errors));
}
