/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads objects and lists of objects from nodes, by their kind. Used by the loader.
 */
#ifndef NP_OBJECT_READ_H
#define NP_OBJECT_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "object/field.h"

/* The three callbacks of struct np_reader; arg is a struct np_decode. */
int np_decode_items_begin(void *arg, struct np_node *head,
			  struct np_error *err);
int np_decode_item(void *arg, struct np_node *item, uint32_t index,
		   struct np_error *err);
int np_decode_document(void *arg, struct np_node *root, bool items_read,
		       struct np_error *err);

#endif
