// SPDX-License-Identifier: GPL-2.0
/* Who may send what, and that network namespaces are apart. */
#include "kselftest_harness.h"
#include "netpol_commands.h"
#include "netpol_net.h"
#include <grp.h>

#define NOBODY 65534

/* Sends a well-formed request of a command; its errno. */
static int send_command(struct nl *nl, unsigned int i)
{
	struct bytes dump = {};
	struct msg *m = commands[i].dump ? nl_dump_msg(nl, commands[i].cmd) :
					   nl_msg(nl, commands[i].cmd);
	uint32_t at;
	int ret;

	switch (commands[i].cmd) {
	case NETPOL_CMD_TXN_BEGIN:
		put_str(m, NETPOL_A_ORIGIN, "manual");
		break;
	case NETPOL_CMD_TXN_ADD:
	case NETPOL_CMD_TXN_COMMIT:
	case NETPOL_CMD_TXN_ABORT:
		put_u32(m, NETPOL_A_TXN, 1);
		break;
	case NETPOL_CMD_GET_TRIE:
		at = nest(m, NETPOL_A_TRIE);
		put_str(m, NETPOL_TRIE_A_POD_NAMESPACE, "shop");
		put_str(m, NETPOL_TRIE_A_POD_NAME, "web");
		nest_end(m, at);
		break;
	case NETPOL_CMD_EVAL:
		return nl_eval_family(nl, "10.0.1.2", "10.0.1.3", IPPROTO_TCP, 80, 0);
	}
	ret = nl_run(nl, &dump);
	bytes_free(&dump);
	return ret;
}

static int drop_privileges(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -1;
	return prctl(PR_SET_DUMPABLE, 1);
}

FIXTURE(permission)
{
	struct nl nl;
	uint64_t generation;
};

FIXTURE_SETUP(permission)
{
	ASSERT_EQ(0, geteuid());
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, load_cluster(&self->nl));
	self->generation = nl_generation(&self->nl);
}

FIXTURE_TEARDOWN(permission)
{
	nl_close(&self->nl);
}

/* The commands as root, so that a refusal below says something about permission. */
TEST_F(permission, root)
{
	unsigned int i;

	for (i = 0; i < NCOMMANDS; i++)
		EXPECT_NE(-EPERM, send_command(&self->nl, i))
			TH_LOG("command %u", commands[i].cmd);
}

TEST_F(permission, every_command_is_listed)
{
	EXPECT_EQ(NSENT, NCOMMANDS);
}

TEST_F(permission, user_without_privileges)
{
	struct nl other;
	unsigned int i;

	ASSERT_EQ(0, drop_privileges());
	ASSERT_EQ(0, nl_open(&other));
	for (i = 0; i < NCOMMANDS; i++)
		EXPECT_EQ(-EPERM, send_command(&other, i))
			TH_LOG("command %u", commands[i].cmd);
	nl_close(&other);
}

/* A socket that root opened gives its new holder nothing. */
TEST_F(permission, inherited_socket)
{
	unsigned int i;

	ASSERT_EQ(0, drop_privileges());
	for (i = 0; i < NCOMMANDS; i++)
		EXPECT_EQ(-EPERM, send_command(&self->nl, i))
			TH_LOG("command %u", commands[i].cmd);
}

/*
 * Nor does root lend its capabilities to a socket that a user opened and connected, as a
 * setuid program does that writes to a descriptor it was given.
 */
TEST_F(permission, socket_of_a_user)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nl other;
	unsigned int i;

	ASSERT_EQ(0, seteuid(NOBODY));
	ASSERT_EQ(0, nl_open(&other));
	ASSERT_EQ(0, connect(other.fd, (struct sockaddr *)&kernel, sizeof(kernel)));
	ASSERT_EQ(0, seteuid(0));
	other.connected = true;
	for (i = 0; i < NCOMMANDS; i++)
		EXPECT_EQ(-EPERM, send_command(&other, i))
			TH_LOG("command %u", commands[i].cmd);
	nl_close(&other);
}

/* Root of its own user and network namespace: a rootless container. */
TEST_F(permission, user_namespace)
{
	struct nl other;
	unsigned int i;

	ASSERT_EQ(0, drop_privileges());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		SKIP(return, "no user namespaces for users here (errno %d)", errno);
	write_file("/proc/self/setgroups", "deny");
	ASSERT_EQ(0, write_file("/proc/self/uid_map", "0 65534 1"));
	ASSERT_EQ(0, write_file("/proc/self/gid_map", "0 65534 1"));
	ASSERT_EQ(0, geteuid());
	ASSERT_EQ(0, nl_open(&other));
	for (i = 0; i < NCOMMANDS; i++)
		EXPECT_EQ(-EPERM, send_command(&other, i))
			TH_LOG("command %u", commands[i].cmd);
	nl_close(&other);
}

/* The same by real root, who keeps its uid but not its capabilities outside. */
TEST_F(permission, user_namespace_of_root)
{
	struct nl other;
	unsigned int i;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		SKIP(return, "no user namespaces here (errno %d)", errno);
	write_file("/proc/self/setgroups", "deny");
	ASSERT_EQ(0, write_file("/proc/self/uid_map", "0 0 1"));
	ASSERT_EQ(0, write_file("/proc/self/gid_map", "0 0 1"));
	ASSERT_EQ(0, nl_open(&other));
	for (i = 0; i < NCOMMANDS; i++)
		EXPECT_EQ(-EPERM, send_command(&other, i))
			TH_LOG("command %u", commands[i].cmd);
	nl_close(&other);
}

TEST_F(permission, groups_need_net_admin)
{
	struct nl other;
	int i;

	ASSERT_EQ(0, nl_open(&other));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, nl_join(&other, i)) TH_LOG("group %d as root", i);
	nl_close(&other);
	ASSERT_EQ(0, drop_privileges());
	ASSERT_EQ(0, nl_open(&other));
	for (i = 0; i < 3; i++) {
		ASSERT_NE(0, other.group[i]);
		EXPECT_EQ(-EPERM, nl_join(&other, i)) TH_LOG("group %d", i);
	}
	nl_close(&other);
}

/* A listener in another network namespace hears nothing of this one. */
TEST_F(permission, groups_of_another_namespace)
{
	unsigned char buffer[4096];
	struct nl other, here;

	ASSERT_EQ(0, nl_open(&here));
	ASSERT_EQ(0, nl_join(&here, 2));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&other));
	ASSERT_EQ(0, nl_join(&other, 2));
	ASSERT_EQ(0, load_cluster(&self->nl));
	EXPECT_LT(0, nl_take(&here, buffer, sizeof(buffer), NL_TIMEOUT));
	EXPECT_EQ(-ETIMEDOUT, nl_take(&other, buffer, sizeof(buffer), 0));
	nl_close(&other);
	nl_close(&here);
}

TEST_F(permission, state_per_namespace)
{
	struct picture before, after;
	struct bytes dump = {};
	struct nl other;

	ASSERT_EQ(0, picture_take(&self->nl, &before, cluster_pods));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&other));
	EXPECT_EQ(0, nl_generation(&other));
	ASSERT_EQ(0, nl_dump(&other, NETPOL_CMD_GET_POD, &dump));
	EXPECT_EQ(0, dump.count);
	EXPECT_EQ(-ENOENT, nl_verdict(&other, "shop/web", "shop/db", 80));
	ASSERT_EQ(0, load_cluster(&other));
	ASSERT_EQ(0, nl_flush_objects(&other));
	ASSERT_EQ(0, picture_take(&self->nl, &after, cluster_pods));
	EXPECT_EQ(NULL, picture_differs(&before, &after));
	EXPECT_EQ(self->generation, after.generation);
	picture_free(&before);
	picture_free(&after);
	bytes_free(&dump);
	nl_close(&other);
}

/* A transaction belongs to the socket that began it. */
TEST_F(permission, transaction_of_another_socket)
{
	struct nl other;
	struct txn t;
	struct msg *m;

	ASSERT_EQ(0, txn_begin(&t, &self->nl, "manual", 0));
	ASSERT_EQ(0, nl_open(&other));
	m = nl_msg(&other, NETPOL_CMD_TXN_ADD);
	put_u32(m, NETPOL_A_TXN, t.number);
	EXPECT_EQ(-ENOENT, nl_call(&other));
	m = nl_msg(&other, NETPOL_CMD_TXN_COMMIT);
	put_u32(m, NETPOL_A_TXN, t.number);
	EXPECT_EQ(-ENOENT, nl_call(&other));
	m = nl_msg(&other, NETPOL_CMD_TXN_ABORT);
	put_u32(m, NETPOL_A_TXN, t.number);
	EXPECT_EQ(-ENOENT, nl_call(&other));
	EXPECT_EQ(0, txn_abort(&t));
	nl_close(&other);
}

TEST_HARNESS_MAIN
