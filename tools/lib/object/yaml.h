/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The YAML reader.
 */
#ifndef NP_OBJECT_YAML_H
#define NP_OBJECT_YAML_H

#include "object/node.h"

/*
 * Reads all documents of an input, one after the other. Returns 0, or -1 with *err filled by
 * the reader's function or because the input is not valid YAML.
 */
int np_yaml_read(struct np_input *in, const struct np_reader *reader,
		 struct np_error *err);

#endif
