// SPDX-License-Identifier: GPL-2.0
#include "core/fault.h"

/**
 * netpol_fail() - record a failure
 * @fault: where to; the first failure recorded stays
 * @error: negative errno
 * @format: printf format of the sentence
 *
 * Return: @error, so that a caller can return it in the same line.
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
