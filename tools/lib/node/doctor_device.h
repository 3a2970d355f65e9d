/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network devices of the node, and the checks that need them.
 */
#ifndef NP_NODE_DOCTOR_DEVICE_H
#define NP_NODE_DOCTOR_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "base/error.h"
#include "node/finding.h"

/* A network device of the node, as the checks need it. */
struct np_link {
	char name[IFNAMSIZ];
	char kind[16];		/* "veth", "bridge", ...; "" for a physical device */
	uint32_t ifindex;
	uint32_t master;
	/* interface index of the parent of an ipvlan, macvlan or VLAN device; 0: none */
	uint32_t parent;
	int32_t parent_netns;	/* number of the parent's network namespace; -1: this one */
	bool xdp;		/* an XDP program is attached */
	bool call_iptables;	/* flags of a bridge */
	bool call_ip6tables;
	bool vlan_tagged;	/* of a VLAN device or a bridge */
};

struct np_link_list {
	struct np_link *item;
	size_t count;
};

/* Reads the devices of the present network namespace. Returns 0, or -1 with *err filled. */
int np_link_read(struct np_link_list *list, int timeout, struct np_error *err);
const struct np_link *np_link_find(const struct np_link_list *list, uint32_t ifindex);
/* The checks of devices: each adds its findings. */
void np_check_bridge(const struct np_patient *patient, struct np_finding_list *list);
void np_check_flowtable(const struct np_patient *patient, struct np_finding_list *list);
void np_check_redirect(const struct np_patient *patient, struct np_finding_list *list);
void np_check_ipvlan(const struct np_patient *patient, struct np_finding_list *list);
void np_check_vrf(const struct np_patient *patient, struct np_finding_list *list);
void np_check_xfrm(const struct np_patient *patient, struct np_finding_list *list);
void np_check_tunnel(const struct np_patient *patient, struct np_finding_list *list);

#endif
