// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guards of pods that the API server has forgotten: when they begin and when they end. And the
 * settings that hold them.
 */
#include "check.h"
#include "agent/desired.h"
#include "agent/desired_pod.h"
#include "agent/quarantine.h"
#include "agent/settings.h"
#include "node/host.h"

#define UID1 "00000000-0000-4000-8000-000000000001"

static struct np_desired desired;
static struct np_host host;
static struct np_quarantine quarantine;

static void pod(const char *name, uint8_t last, uint32_t ifindex)
{
	struct np_address address = { .family = AF_INET, .addr = { 10, 0, 0, last } };
	struct np_pod object = {
		.namespace = "shop", .name = name, .uid = UID1, .node = "here",
		.phase = NP_PHASE_RUNNING, .address = &address, .address_count = 1,
	};

	np_desired_pod_upsert(&desired, &object);
	np_desired_set_placement(&desired, np_desired_pod(&desired, "shop", name), ifindex, false);
}

static void devices(bool second)
{
	struct np_device device = { .name = "veth3", .ifindex = 3, .kind = NP_DEVICE_POD };

	np_host_free(&host);
	np_host_add_device(&host, &device);
	device = (struct np_device){ .name = "veth4", .ifindex = 4, .kind = NP_DEVICE_POD };
	if (second)
		np_host_add_device(&host, &device);
	np_host_sort(&host);
}

static void gone(void *arg, struct np_desired_pod *left, bool is_gone)
{
	if (is_gone)
		np_quarantine_leave(&quarantine, left);
}

static void begin(void)
{
	np_desired_init(&desired, "here");
	desired.local_changed = gone;
	devices(true);
	pod("web", 1, 3);
	pod("old", 2, 4);
	CHECK(!np_quarantine_update(&quarantine, &desired, &host, 10, false));
	np_desired_remove(&desired, NP_SOURCE_POD, "shop", "old", UID1);
	CHECK(!np_quarantine_ended(&quarantine, &desired, &host));
	CHECK(np_quarantine_update(&quarantine, &desired, &host, 10, false));
	CHECK_EQ(quarantine.count, 1);
	CHECK_EQ(quarantine.guard[0].addr[3], 2);
	CHECK(!np_quarantine_ended(&quarantine, &desired, &host));
}

static void end(void)
{
	np_quarantine_free(&quarantine);
	np_desired_free(&desired);
	np_host_free(&host);
}

static void ends(void)
{
	CHECK(np_quarantine_ended(&quarantine, &desired, &host));
	CHECK(np_quarantine_update(&quarantine, &desired, &host, 10, false));
	CHECK_EQ(quarantine.count, 0);
	CHECK(!np_quarantine_ended(&quarantine, &desired, &host));
}

/* Ranges of pods: those of the options, or else those that the kernel has. */
static void ranges(void)
{
	struct np_settings have = { 0 }, set;
	struct np_agent_options opts = { 0 };
	struct np_kernel kernel = { 0 };
	struct np_error err = { 0 };
	char text[64];

	begin();
	CHECK(!np_setting_assign(&have, "pod-range=10.0.0.0/8", &err));
	np_settings_wanted(&opts, &desired, &quarantine, &kernel, &have, &set);
	CHECK_EQ(set.pod_range_count, 1);
	CHECK(np_settings_equal(&set, &have));
	np_settings_free(&set);
	CHECK(!np_setting_assign(&opts.settings, "pod-range=10.1.0.0/16,fd00::/8", &err));
	np_settings_wanted(&opts, &desired, &quarantine, &kernel, &have, &set);
	CHECK_EQ(set.pod_range_count, 2);
	CHECK(!strcmp(np_cidr_text(&set.pod_range[0], text), "10.1.0.0/16"));
	CHECK(!np_settings_equal(&set, &have));
	np_settings_free(&set);
	np_settings_free(&opts.settings);
	np_settings_free(&have);
	end();
}

int main(void)
{
	ranges();
	/* The interface is gone. */
	begin();
	devices(false);
	ends();
	end();
	/* Another pod has the interface. */
	begin();
	pod("new", 3, 4);
	ends();
	end();
	return check_done("quarantine");
}
