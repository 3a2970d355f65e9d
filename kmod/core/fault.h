/* SPDX-License-Identifier: GPL-2.0 */
/* One error of the control path: an errno and a sentence that names the object. */
#ifndef NETPOL_FAULT_H
#define NETPOL_FAULT_H

#include <netpol/shim.h>

/* Bytes of the sentence; the netlink side copies it into its own ring. */
#define NETPOL_FAULT_TEXT 192

/**
 * struct netpol_fault - why an operation on the world was refused
 * @error: negative errno
 * @text: sentence for a person; empty where the errno says it all
 * @object: the object of the edit that was refused, to be compared with and not to be
 *	followed; NULL where it was no single one, or where the caller knows it anyway
 *
 * Owned by the caller, on its stack; no lock.
 */
struct netpol_fault {
	int error;
	char text[NETPOL_FAULT_TEXT];
	const void *object;
};

int __printf(3, 4) netpol_fail(struct netpol_fault *fault, int error,
			       const char *format, ...);

#endif /* NETPOL_FAULT_H */
