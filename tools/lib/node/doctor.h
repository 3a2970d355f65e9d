/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does this node enforce what it was told? Checks of the module, of what goes past its hooks,
 * and of what surprises pods. Only reads. Each check has an identifier that stays, and makes
 * one finding or more.
 */
#ifndef NP_NODE_DOCTOR_H
#define NP_NODE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "base/error.h"
#include "netlink/report.h"

enum np_health {
	NP_HEALTH_OK,
	NP_HEALTH_WARN,		/* may surprise */
	NP_HEALTH_FAIL,		/* policies are not enforced, or will not be */
};

/* What one check has to say; text and hint are the list's. */
struct np_finding {
	const char *check;	/* identifier */
	enum np_health health;
	char *text;
	char *hint;		/* what to do, or NULL */
};

struct np_finding_list {
	struct np_finding *item;
	size_t count;
};

void np_finding_add(struct np_finding_list *list, const char *check, enum np_health health,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* For the finding that was added last. */
void np_finding_hint(struct np_finding_list *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void np_finding_free(struct np_finding_list *list);
enum np_health np_finding_worst(const struct np_finding_list *list);
/* "ok", "warn", "fail" */
const char *np_health_name(enum np_health health);

/* What the module said. Without it, info is NULL and so is all the rest. */
struct np_patient {
	const struct np_info *info;
	const struct np_settings *settings;
	const struct np_counter_list *counters;
	const struct np_error *absent;	/* why info is NULL */
	int timeout;		/* milliseconds for one netlink answer */
};

/*
 * Runs the checks in their order, or with `only` set that one; in the present network
 * namespace, which it leaves for a moment to look into those of pods. False: no check is
 * called `only`.
 */
bool np_doctor(const struct np_patient *patient, const char *only,
	       struct np_finding_list *list);
/* Name of the check with this number, NULL after the last. */
const char *np_doctor_check(size_t index);

/* A device of the node, as the checks need it. */
struct np_link {
	char name[IFNAMSIZ];
	char kind[16];		/* "veth", "bridge", ...; "": physical */
	uint32_t ifindex;
	uint32_t master;
	uint32_t parent;	/* of ipvlan, macvlan, VLAN: ifindex, 0: none */
	int32_t parent_netns;	/* number of the parent's, -1: this one */
	bool xdp;		/* a program is attached */
	bool call_iptables;	/* of a bridge: its own flags */
	bool call_ip6tables;
	bool vlan_tagged;	/* of a VLAN device or bridge */
};

struct np_link_list {
	struct np_link *item;
	size_t count;
};

/* Links of the present network namespace; 0, or -1 with *err. */
int np_link_read(struct np_link_list *list, int timeout, struct np_error *err);
const struct np_link *np_link_find(const struct np_link_list *list, uint32_t ifindex);
/* The pod behind an interface, or NULL. */
const struct np_counters *np_patient_pod(const struct np_patient *patient, uint32_t ifindex);

/* Checks of devices, doctor_device.c: each adds its findings. */
void np_check_bridge(const struct np_patient *patient, struct np_finding_list *list);
void np_check_flowtable(const struct np_patient *patient, struct np_finding_list *list);
void np_check_redirect(const struct np_patient *patient, struct np_finding_list *list);
void np_check_ipvlan(const struct np_patient *patient, struct np_finding_list *list);
void np_check_vrf(const struct np_patient *patient, struct np_finding_list *list);
void np_check_xfrm(const struct np_patient *patient, struct np_finding_list *list);

/*
 * Did a pod's interface move many more packets than the hook saw, one way? Fewer than
 * NP_BYPASS_LEAST are ARP, neighbour discovery, and what came before the pod was loaded.
 */
#define NP_BYPASS_LEAST	20
bool np_bypass_suspected(const struct np_counters *c, int seen_attr, int device_attr);

#endif
