// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When snapshot files are written: what changed says how soon, the size of the file how often, and
 * failures how long until the next try. No file is written here, because there is no kernel whose
 * settings it would hold, which is a failure like that of a full disk.
 */
#include "check.h"
#include "agent/desired.h"
#include "agent/snapshot.h"

#define MINUTE	60000

static const struct np_agent_options opts = { .snapshot = "/none/snapshot", .snapshot_ms = 10000 };
static struct np_agent_snapshot snapshot;
static struct np_desired desired;
static struct np_intake intake;
static struct np_kernel kernel;
static struct np_loop *loop;

static int64_t frozen(void *context)
{
	return 0;
}

static void begin(void)
{
	loop = np_loop_new();
	np_loop_set_clock(loop, frozen, NULL);
	np_desired_init(&desired, "here");
	desired.full = false;
	np_agent_snapshot_init(&snapshot, loop, &opts, &desired, &intake, &kernel);
}

static void end(void)
{
	np_timer_stop(&snapshot.timer);
	np_desired_free(&desired);
	np_loop_free(loop);
}

/* As after a file of that size that is complete now. */
static void written(int64_t bytes)
{
	np_timer_stop(&snapshot.timer);
	snapshot.stale = false;
	snapshot.urgent = false;
	snapshot.written_ms = np_loop_now(loop);
	snapshot.bytes = bytes;
}

static void test_pace(void)
{
	begin();
	CHECK(!np_timer_active(&snapshot.timer));
	np_agent_snapshot_later(&snapshot, false);
	CHECK_EQ(np_timer_left(&snapshot.timer), 1000);
	/* Only pods of other nodes. */
	written(1000);
	CHECK(!np_timer_active(&snapshot.timer));
	np_agent_snapshot_later(&snapshot, false);
	CHECK_EQ(np_timer_left(&snapshot.timer), 5 * MINUTE);
	/* Then a policy: the file is due sooner, but not sooner than the interval. */
	np_agent_snapshot_later(&snapshot, true);
	CHECK_EQ(np_timer_left(&snapshot.timer), 10000);
	np_agent_snapshot_later(&snapshot, false);
	CHECK_EQ(np_timer_left(&snapshot.timer), 10000);
	/* A file of 150,000 pods: at most 22 GB a day, whatever changes. */
	written(82000000);
	np_agent_snapshot_later(&snapshot, true);
	CHECK_EQ(np_timer_left(&snapshot.timer), 82000000 / 250);
	CHECK(82000000 * (86400000 / np_timer_left(&snapshot.timer)) < 22000000000);
	end();
}

/* A disk that is full or read-only: an hour of it costs a few tries. */
static void test_failures(void)
{
	int64_t pause = 1000, left, passed = 0;

	begin();
	np_agent_snapshot_later(&snapshot, true);
	while (passed < 60 * MINUTE) {
		left = np_timer_left(&snapshot.timer);
		CHECK_EQ(left, pause);
		np_loop_skip(loop, left);
		CHECK(np_loop_step(loop, 0) > 0);
		passed += left;
		pause = pause * 2 < 5 * MINUTE ? pause * 2 : 5 * MINUTE;
		/* Commits meanwhile do not make it try sooner. */
		np_agent_snapshot_later(&snapshot, true);
	}
	CHECK_EQ(snapshot.failures, snapshot.failing);
	CHECK(snapshot.failures >= 12 && snapshot.failures <= 21);
	end();
}

int main(void)
{
	test_pace();
	test_failures();
	return check_done("pace");
}
