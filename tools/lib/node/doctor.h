/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks whether this node enforces what was loaded: checks of the module, of ways past its
 * hooks, and of what may surprise pods. They only read. Each check has a stable identifier and
 * makes one or more findings.
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
	NP_HEALTH_WARN,		/* something may surprise */
	NP_HEALTH_FAIL,		/* policies are not enforced, or will not be after the next boot */
};

/* One result of a check. The list owns text and hint. */
struct np_finding {
	const char *check;	/* identifier of the check */
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
/* Sets the hint of the finding that was added last. */
void np_finding_hint(struct np_finding_list *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void np_finding_free(struct np_finding_list *list);
enum np_health np_finding_worst(const struct np_finding_list *list);
/* Returns "ok", "warn" or "fail". */
const char *np_health_name(enum np_health health);

/* What the module reported. If it could not be asked, info and all the rest is NULL. */
struct np_patient {
	const struct np_info *info;
	const struct np_settings *settings;
	const struct np_counter_list *counters;
	const struct np_error *absent;	/* why info is NULL */
	int timeout;		/* milliseconds to wait for one netlink answer */
};

/*
 * Runs all checks in their order, or only the one that `only` names, in the present network
 * namespace. It enters the network namespaces of pods for a moment and comes back. Returns
 * false if no check has the name.
 */
bool np_doctor(const struct np_patient *patient, const char *only,
	       struct np_finding_list *list);
/* Returns the name of the check with this number, or NULL after the last one. */
const char *np_doctor_check(size_t index);

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
/* Returns the pod behind an interface, or NULL. */
const struct np_counters *np_patient_pod(const struct np_patient *patient, uint32_t ifindex);

/* The checks of devices in doctor_device.c. Each adds its findings. */
void np_check_bridge(const struct np_patient *patient, struct np_finding_list *list);
void np_check_flowtable(const struct np_patient *patient, struct np_finding_list *list);
void np_check_redirect(const struct np_patient *patient, struct np_finding_list *list);
void np_check_ipvlan(const struct np_patient *patient, struct np_finding_list *list);
void np_check_vrf(const struct np_patient *patient, struct np_finding_list *list);
void np_check_xfrm(const struct np_patient *patient, struct np_finding_list *list);

/*
 * True if a pod's interface moved many more packets in one direction than the hooks saw. Fewer
 * than NP_BYPASS_LEAST may be ARP, neighbour discovery, and what passed before the pod was
 * loaded.
 */
#define NP_BYPASS_LEAST	20
bool np_bypass_suspected(const struct np_counters *c, int seen_attr, int device_attr);

#endif
