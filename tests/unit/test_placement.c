// SPDX-License-Identifier: GPL-2.0-or-later
/* How often the node's tables are read. */
#include "check.h"
#include "agent/desired.h"
#include "agent/placement.h"

static const struct np_agent_options opts = { .node = "here", .timeout = 5000 };
static struct np_agent_node node;
static struct np_desired desired;

static int64_t frozen(void *context)
{
	return 100000;
}

/* A notice that comes while the tables are read starts the timer for the next time. */
static void test_pace(struct np_loop *loop)
{
	node.host_stale = true;
	np_timer_start(loop, &node.timer, 10);
	np_agent_node_update(&node);
	CHECK_EQ(node.read_ms, 100000);
	/* It does not lead to reading all the time. */
	CHECK_EQ(np_timer_left(&node.timer), 250);
	/* What needs no reading leaves the timer as it is. */
	np_timer_start(loop, &node.timer, 10);
	node.host_stale = false;
	node.stale = true;
	np_agent_node_update(&node);
	CHECK_EQ(np_timer_left(&node.timer), 10);
	/* Nothing has come, so nothing is due. */
	np_timer_stop(&node.timer);
	node.host_stale = true;
	np_agent_node_update(&node);
	CHECK(node.host_stale || !np_timer_active(&node.timer));
}

int main(void)
{
	struct np_loop *loop = np_loop_new();

	np_loop_set_clock(loop, frozen, NULL);
	np_desired_init(&desired, "here");
	np_agent_node_init(&node, loop, &opts, &desired);
	test_pace(loop);
	np_agent_node_close(&node);
	np_desired_free(&desired);
	np_loop_free(loop);
	return check_done("placement");
}
