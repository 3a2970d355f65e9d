/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model's rule sets. Each writes one file, in the form that its tool loads. */
#ifndef BENCH_RENDER_H
#define BENCH_RENDER_H

#include <stdio.h>

#include "model.h"

/* Kubernetes objects, a List in JSON. */
void render_objects(const struct model *model, FILE *out);

/* render_iptables.c: iptables-restore and ipset restore */
void render_kube_router_sets(const struct model *model, FILE *out);
void render_kube_router(const struct model *model, FILE *out);
void render_calico_sets(const struct model *model, FILE *out);
void render_calico(const struct model *model, FILE *out);

/* render_nft.c: nft -f */
void render_vmap(const struct model *model, FILE *out);
void render_interval(const struct model *model, FILE *out);
/* Fails where the model is mixed: a hash has neither blocks nor ranges. */
int render_expanded(const struct model *model, FILE *out);

/* render_cilium.c: what cilium.c puts into the program's maps */
void render_cilium(const struct model *model, FILE *out);

/* "10.1.2.3" of an address in host byte order; a static buffer, four in turn. */
const char *render_address(uint32_t address);

/* An inclusive range of addresses. */
struct render_range {
	uint32_t from, to;
};

/* Whom a rule lets in, ascending and disjoint; returns how many, free @range after use. */
int render_sources(const struct model *model, const struct model_rule *rule,
		   struct render_range **range);

#endif
