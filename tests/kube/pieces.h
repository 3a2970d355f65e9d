/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of random objects, as JSON.
 */
#ifndef KUBE_PIECES_H
#define KUBE_PIECES_H

#include <stdbool.h>
#include <stdint.h>
#include <cjson/cJSON.h>

/* The namespaces; the last one is kube-system. */
#define NAMESPACES	4
extern const char *const namespace_name[NAMESPACES];

void pieces_seed(uint64_t seed);
/* Less than n. */
uint32_t change_random(uint32_t n);
/* True that many times of a hundred. */
bool chance(unsigned int percent);
const char *any(const char *const *list, unsigned int count);
cJSON *object(void);
cJSON *array(void);
/* Both return the parent. */
cJSON *put_text(cJSON *parent, const char *key, const char *value);
cJSON *put(cJSON *parent, const char *key, cJSON *child);
/* As a patch, with a null for each key that is not to be there. */
cJSON *labels(bool patch);
cJSON *selector(void);
/* The same, or one of the name of a namespace. */
cJSON *namespace_selector(void);

#endif
