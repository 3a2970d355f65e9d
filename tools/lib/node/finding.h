/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the checks of doctor work on, and what they find.
 */
#ifndef NP_NODE_FINDING_H
#define NP_NODE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "netlink/local.h"
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

/**
 * struct np_patient_kind - what the agent says of a kind that it watches
 * @name: such as "pods"
 * @error: why it is not connected; may be empty
 * @connected: a watch is open
 * @age: seconds since something came, a bookmark at least; negative: nothing has come yet
 */
struct np_patient_kind {
	char name[32];
	char error[256];
	bool connected;
	double age;
};

#define NP_PATIENT_KINDS	16

/**
 * struct np_patient_agent - what the node agent says of itself
 * @socket: where it was asked
 * @answers: it did; without that only @socket and @owns are filled
 * @owns: the kernel holds objects that an agent has loaded
 * @ready: it follows the cluster
 * @waiting: what it waits for if it is not ready
 * @kind: what it watches
 * @kinds: how many
 */
struct np_patient_agent {
	const char *socket;
	bool answers;
	bool owns;
	bool ready;
	char waiting[256];
	struct np_patient_kind kind[NP_PATIENT_KINDS];
	size_t kinds;
};

/* What module and agent report. Without the module info, settings, counters and local are NULL. */
struct np_patient {
	const struct np_info *info;
	const struct np_settings *settings;
	const struct np_counter_list *counters;
	const struct np_local_list *local;
	const struct np_error *absent;	/* why info is NULL */
	const struct np_patient_agent *agent;
	int timeout;		/* milliseconds to wait for one netlink answer */
};

/* Returns the pod behind an interface, or NULL. */
const struct np_counters *np_patient_pod(const struct np_patient *patient, uint32_t ifindex);

/*
 * True if a pod's interface moved many more packets in one direction than the hooks saw. Fewer
 * than NP_BYPASS_LEAST may be ARP, neighbour discovery, and what passed before the pod was
 * loaded.
 */
#define NP_BYPASS_LEAST	20
bool np_bypass_suspected(const struct np_counters *c, int seen_attr, int device_attr);

#endif
