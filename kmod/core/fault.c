// SPDX-License-Identifier: GPL-2.0
/* Faults; see fault.h. */
#include "core/fault.h"

/**
 * netpol_fail() - record why an operation is refused
 * @fault: where to record it; a fault that is recorded already stays; NULL does nothing
 * @error: negative errno
 * @format: printf format of the sentence
 *
 * Return: @error, so that a caller can return it in the same statement.
 */
int netpol_fail(struct netpol_fault *fault, int error, const char *format, ...)
{
	va_list args;

	if (!fault || fault->error)
		return error;
	fault->error = error;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return error;
}
