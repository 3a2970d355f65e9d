/* SPDX-License-Identifier: GPL-2.0 */
/* Faults: why a request on the control path was refused, for a person to read. */
#ifndef NETPOL_FAULT_H
#define NETPOL_FAULT_H

#include <netpol/shim.h>

/* Bytes of the sentence, the NUL included. */
#define NETPOL_FAULT_TEXT 192

/**
 * struct netpol_fault - why an operation on a world was refused
 * @error: negative errno; 0: nothing was refused so far
 * @text: a sentence that names the object; empty if the errno says enough
 * @object: the object of the edit that was refused, to compare pointers with and not to be
 *	dereferenced; NULL if it is no single object, or the caller knows which one it is
 *
 * The caller owns it, on its stack. It needs no lock.
 */
struct netpol_fault {
	int error;
	char text[NETPOL_FAULT_TEXT];
	const void *object;
};

int __printf(3, 4) netpol_fail(struct netpol_fault *fault, int error,
			       const char *format, ...);

#endif /* NETPOL_FAULT_H */
