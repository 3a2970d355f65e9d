/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flow records as JSON objects, one a line. docs/schema/flows.json describes them.
 */
#ifndef NP_RECORD_JSONL_H
#define NP_RECORD_JSONL_H

#include <stdint.h>
#include <stdio.h>

#include "record/record.h"

/* Writes a record. */
void np_jsonl_record(FILE *file, const struct np_record *record);
/* Writes what was lost since the beginning; when is in milliseconds since 1970. */
void np_jsonl_lost(FILE *file, const struct np_lost *lost, uint64_t when);

#endif
