/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Port classes: ports that no rule of a program tells apart have one class. Part of the
 * compiler; needs the world's mutex.
 */
#ifndef NETPOL_CLASSES_H
#define NETPOL_CLASSES_H

struct netpol_compile;

/* Makes the classes of the program. Needs the orders. Return: 0, -ENOMEM or -EDQUOT. */
int netpol_compile_classes(struct netpol_compile *c);

/* Finds the spans of classes that each rule covers. Needs the classes. Return: 0 or -ENOMEM. */
int netpol_compile_spans(struct netpol_compile *c);

#endif /* NETPOL_CLASSES_H */
