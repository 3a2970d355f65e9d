// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The output writers, settings as text, and snapshot files.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>

#include "check.h"
#include "netlink/decode.h"
#include "object/digest.h"
#include "object/state.h"
#include "base/output.h"
#include "netlink/report.h"
#include "netlink/snapshot.h"
#include "object/settings.h"

static char *written;
static size_t written_len;

static FILE *begin_writing(void)
{
	return open_memstream(&written, &written_len);
}

#define WRITTEN(file, want) do {	\
	fclose(file);			\
	CHECK_STR(written, want);	\
	free(written);			\
	written = NULL;			\
} while (0)

static void write_sample(FILE *file, enum np_format format)
{
	struct np_writer w;

	np_writer_init(&w, file, format);
	np_write_top(&w, "Sample");
	np_write_string(&w, "text", "a\"b\x1b[1m\n");
	np_write_string(&w, "no", "yes");
	np_write_number(&w, "big", 18446744073709551615ULL);
	np_write_bool(&w, "flag", true);
	np_write_array(&w, "empty");
	np_write_end(&w);
	np_write_object(&w, "none");
	np_write_end(&w);
	np_write_array(&w, "items");
	np_write_object(&w, NULL);
	np_write_string(&w, "app.kubernetes.io/name", "x");
	np_write_array(&w, "ports");
	np_write_number(&w, NULL, 80);
	np_write_string(&w, NULL, "443");
	np_write_end(&w);
	np_write_end(&w);
	np_write_object(&w, NULL);
	np_write_end(&w);
	np_write_end(&w);
	np_write_end(&w);
}

static void test_writers(void)
{
	FILE *file = begin_writing();

	write_sample(file, NP_FORMAT_JSONL);
	WRITTEN(file, "{\"apiVersion\":\"netpolctl/v1\",\"kind\":\"Sample\","
		"\"text\":\"a\\\"b\\u001b[1m\\u000a\",\"no\":\"yes\","
		"\"big\":18446744073709551615,\"flag\":true,\"empty\":[],\"none\":{},"
		"\"items\":[{\"app.kubernetes.io/name\":\"x\",\"ports\":[80,\"443\"]},{}]}\n");
	file = begin_writing();
	write_sample(file, NP_FORMAT_YAML);
	WRITTEN(file, "apiVersion: netpolctl/v1\nkind: Sample\n"
		"text: \"a\\\"b\\u001b[1m\\u000a\"\n\"no\": \"yes\"\n"
		"big: 18446744073709551615\nflag: true\nempty: []\nnone: {}\n"
		"items:\n- app.kubernetes.io/name: x\n  ports:\n  - 80\n  - \"443\"\n- {}\n");
	file = begin_writing();
	write_sample(file, NP_FORMAT_JSON);
	fclose(file);
	CHECK(strstr(written, "  \"empty\": [],\n  \"none\": {},\n  \"items\": [\n    {\n"));
	CHECK(strstr(written, "\n    {}\n  ]\n}\n"));
	free(written);
}

static void test_tables(void)
{
	static const char *const titles[] = { "NAME", "VALUE" };
	enum np_format format;
	struct np_error err = { 0 };
	struct np_table table;
	FILE *file = begin_writing();

	np_table_init(&table, titles, 2);
	np_table_print(&table, file, false);
	np_table_add(&table, "%s", "longer-name");
	np_table_add(&table, "%d", 1);
	np_table_add(&table, "%s", "a\033[31m");
	np_table_add(&table, "%s", "x y");
	np_table_sort(&table);
	np_table_print(&table, file, false);
	np_table_print(&table, file, true);
	np_table_free(&table);
	WRITTEN(file, "NAME          VALUE\na\\x1b[31m     x y\nlonger-name   1\n"
		"a\\x1b[31m     x y\nlonger-name   1\n");
	CHECK(!np_format_parse("yaml", NP_FORMAT_BIT(NP_FORMAT_YAML), &format, &err));
	CHECK_EQ(format, NP_FORMAT_YAML);
	CHECK_EQ(np_format_parse("json", NP_FORMAT_BIT(NP_FORMAT_YAML), &format, &err), -1);
	CHECK_EQ(err.exit, NP_EXIT_USAGE);
	CHECK_STR(err.hint, "it has: yaml");
}

static bool guards(const struct np_settings *set, const char *text)
{
	struct np_address address;

	CHECK(!np_address_parse(text, &address));
	return np_settings_guard_address(set, &address);
}

static void test_setting_words(void)
{
	static const char *const good[] = {
		"guard-prefix=10.244.1.9/24,fd00::/64", "guard-interface=cali*,lxc0",
		"unknown=allow", "established=keep", "host-egress=allow", "tunnels=allow",
		"host-allow=169.254.20.10:udp/53,[fd00::10]:tcp/53,fd00::11:sctp/9",
		"source-allow=10.99.1.2/16,shop/vpn.a=203.0.113.0/24,shop/vpn=fd00:99::7",
		"event-rate=5000", "pod-range=10.244.7.0/16,fd00::/48",
	};
	static const char *const bad[] = {
		"guard-prefix=10.244.1.0/33", "guard-prefix=,", "guard-prefix=10.1/16",
		"guard-interface=a*b", "guard-interface=0123456789abcdef",
		"guard-interface=0123456789abcde*", "guard-prefix=::ffff:10.0.0.0/129",
		"unknown=maybe",
		"host-allow=10.0.0.1:icmp/8", "host-allow=10.0.0.1:tcp/0",
		"source-allow=10.0.0.0/33", "source-allow=vpn=10.0.0.0/8", "source-allow=/vpn=::/0",
		"source-allow=shop/=::/0", "source-allow=shop/vpn=", "source-allow=a/b",
		"source-allow=Shop/vpn=::/0", "source-allow=shop/a/b=::/0",
		"pod-range=10.244.0.0/33", "pod-range=pods",
		"host-allow=10.0.0.1:tcp/65536", "event-rate=0", "event-rate=-1",
		"event-rate=99999999999", "speed=1", "unknown",
	};
	struct np_settings set = { 0 };
	struct np_error err = { 0 };
	FILE *file;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!CHECK_EQ(np_setting_assign(&set, bad[i], &err), -1))
			printf("\t%s\n", bad[i]);
		CHECK_EQ(err.exit, NP_EXIT_USAGE);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(!np_setting_assign(&set, good[i], &err));
	file = begin_writing();
	for (i = 0; i < NP_SETTING_COUNT; i++) {
		CHECK(!np_setting_default(&set, i));
		np_setting_print(file, &set, i);
		fputc(' ', file);
	}
	WRITTEN(file, "10.244.1.0/24,fd00::/64 cali*,lxc0 allow keep allow "
		"169.254.20.10:udp/53,[fd00::10]:tcp/53,[fd00::11]:sctp/9 "
		"10.99.0.0/16,shop/vpn.a=203.0.113.0/24,shop/vpn=fd00:99::7/128 5000 allow "
		"10.244.0.0/16,fd00::/48 ");
	CHECK(np_settings_guard_interface(&set, "cali1"));
	CHECK(np_settings_guard_interface(&set, "cali"));
	CHECK(np_settings_guard_interface(&set, "lxc0"));
	CHECK(!np_settings_guard_interface(&set, "lxc01"));
	CHECK(!np_settings_guard_interface(&set, "cal"));
	CHECK(guards(&set, "10.244.1.255"));
	CHECK(guards(&set, "fd00::7"));
	CHECK(!guards(&set, "10.244.2.0"));
	CHECK(!guards(&set, "fd00:0:0:1::7"));
	for (i = 0; i < NP_SETTING_COUNT; i++) {
		char word_of[64];

		snprintf(word_of, sizeof(word_of), "%s=", np_setting_name(i));
		CHECK(!np_setting_assign(&set, word_of, &err));
		CHECK(np_setting_default(&set, i));
	}
	np_settings_free(&set);
}

static struct np_address address_list[] = {
	{ AF_INET, { 10, 1, 2, 3 } }, { AF_INET6, { 0xfd, 0, [15] = 7 } },
};

static struct np_named_port port_list[] = { { "web", 8080, NP_PROTOCOL_TCP } };
static struct np_label label_list[] = { { "app", "web" }, { "example.com/tier", "" } };

static void add_pod(struct np_objects *objs, const char *name, uint32_t addresses)
{
	struct np_pod *pod = np_objects_add_pod(objs);

	pod->namespace = "shop";
	pod->name = name;
	pod->uid = "0f8fad5b-d9cb-469f-a165-70867728950e";
	pod->node = "";
	pod->labels = (struct np_labels) { label_list, 2 };
	pod->address = address_list;
	pod->address_count = addresses;
	pod->port = port_list;
	pod->port_count = 1;
}

static void add_policy(struct np_objects *objs)
{
	static const char *values[] = { "a", "b" };
	static struct np_requirement reqs[] = {
		{ "app", values, 1, NP_OP_IN, true }, { "app", values, 2, NP_OP_NOT_IN, false },
		{ "gone", NULL, 0, NP_OP_DOES_NOT_EXIST, false },
	};
	static struct np_cidr except = { AF_INET, 16, { 10, 9 } };
	static struct np_ipblock block = { { AF_INET, 8, { 10 } }, &except, 1 };
	static struct np_peer peers[] = {
		{ .ipblock = &block }, { .ns_selector.present = true },
		{ .pod_selector = { reqs, 3, true } },
	};
	static struct np_port ports[] = {
		{ .protocol = NP_PROTOCOL_UDP, .kind = NP_PORT_ANY },
		{ .protocol = NP_PROTOCOL_TCP, .kind = NP_PORT_RANGE, .first = 80, .last = 90 },
		{ .protocol = NP_PROTOCOL_TCP, .kind = NP_PORT_NAME, .name = "web" },
	};
	static struct np_rule rules[] = {
		{ .peer = peers, .peer_count = 3, .port = ports, .port_count = 3 }, { 0 },
	};
	struct np_policy *policy = np_objects_add_policy(objs);

	policy->namespace = "shop";
	policy->name = "web";
	policy->pod_selector = (struct np_selector) { reqs, 3, true };
	policy->ingress = rules;
	policy->ingress_count = 2;
	policy->directions = NP_DIR_INGRESS | NP_DIR_EGRESS;
}

/* A snapshot of two origins: a remote and a local pod, and a policy. */
static char *make_snapshot(const char *path, const char *boot, size_t *len)
{
	struct np_origin origins[2] = { { "kube", 4, 2 }, { "manual", 5, 1 } };
	struct np_info info = { .generation = 5, .origin = origins, .origin_count = 2 };
	struct np_settings set = { .unknown = NETPOL_UNKNOWN_ALLOW };
	struct np_error err = { 0 };
	struct np_state state;
	size_t skipped;
	char *data;
	int fd;

	np_state_init(&state);
	add_pod(&state.objects, "web-0", 2);
	add_pod(&state.objects, "web-1", 1);
	add_policy(&state.objects);
	state.pod = calloc(2, sizeof(*state.pod));
	state.policy = calloc(1, sizeof(*state.policy));
	strcpy(state.pod[0].origin, "kube");
	strcpy(state.pod[1].origin, "kube");
	strcpy(state.policy[0].origin, "manual");
	state.pod[0].running = true;
	state.pod[1].place = (struct np_placement) { true, 7 };
	strcpy(info.boot_id, boot);
	strcpy(info.version, "0.1.0");
	CHECK(!np_setting_assign(&set, "source-allow=shop/vpn=203.0.113.0/24", &err));
	if (!CHECK(!np_snapshot_write(path, &info, &set, &state, &skipped, &err)))
		printf("\t%s\n", err.text);
	CHECK_EQ(skipped, 0);
	np_settings_free(&set);
	np_state_free(&state);
	data = calloc(1, 65536);
	fd = open(path, O_RDONLY);
	*len = fd < 0 ? 0 : read(fd, data, 65535);
	if (fd >= 0)
		close(fd);
	return data;
}

/* Parses a copy; the message, or "" if it was taken. */
static const char *parse_copy(const char *data, size_t len, const char *boot,
			      struct np_snapshot *snap)
{
	static struct np_error err;
	char *copy = malloc(len + 1);

	memcpy(copy, data, len);
	copy[len] = '\0';
	memset(&err, 0, sizeof(err));
	if (!np_snapshot_parse("snapshot", copy, len, boot, snap, &err))
		err.text[0] = '\0';
	else
		CHECK_EQ(err.exit, NP_EXIT_INPUT);
	free(copy);
	return err.text;
}

static void test_snapshot(void)
{
	char dir[] = "/tmp/netpol-test-XXXXXX", path[64], text[NP_SOURCE_ALLOW_TEXT];
	struct np_snapshot snap;
	struct np_objects objs;
	char *data, *at;
	size_t len, i, refused = 0;
	struct stat st;

	if (!CHECK(mkdtemp(dir)))
		return;
	snprintf(path, sizeof(path), "%s/snap", dir);
	data = make_snapshot(path, "boot-1", &len);
	CHECK(!stat(path, &st) && (st.st_mode & 0777) == 0600);
	CHECK_STR(parse_copy(data, len, "boot-1", &snap), "");
	CHECK_EQ(snap.origin_count, 2);
	CHECK_EQ(snap.origin[0].objects.pod_count, 2);
	CHECK(!snap.origin[0].place[0].local);
	CHECK(snap.origin[0].place[1].local && snap.origin[0].place[1].ifindex == 7);
	CHECK_EQ(snap.origin[1].objects.policy_count, 1);
	/* What was read means what was written. */
	np_objects_init(&objs);
	add_policy(&objs);
	CHECK(np_policy_digest(&objs.policies[0]) ==
	      np_policy_digest(&snap.origin[1].objects.policies[0]));
	add_pod(&objs, "web-0", 2);
	CHECK(np_pod_digest(&objs.pods[0], NULL) ==
	      np_pod_digest(&snap.origin[0].objects.pods[0], &snap.origin[0].place[0]));
	np_objects_free(&objs);
	CHECK_EQ(snap.left_out, 0);
	CHECK_EQ(snap.settings.unknown, NETPOL_UNKNOWN_ALLOW);
	CHECK_EQ(snap.settings.source_allow_count, 1);
	CHECK_STR(np_source_allow_text(snap.settings.source_allow, text),
		  "shop/vpn=203.0.113.0/24");
	CHECK_EQ(snap.generation, 5);
	np_snapshot_free(&snap);
	CHECK_STR(parse_copy(data, len, "boot-2", &snap), "");
	CHECK_EQ(snap.origin[0].objects.pod_count, 1);
	CHECK_EQ(snap.left_out, 1);
	np_snapshot_free(&snap);
	/* No cut and no changed byte is taken. */
	for (i = 0; i < len; i++) {
		refused += *parse_copy(data, i, "boot-1", &snap) != '\0';
		np_snapshot_free(&snap);
	}
	CHECK_EQ(refused, len);
	for (i = 0, refused = 0; i < len; i++) {
		data[i] ^= 0x04;
		refused += *parse_copy(data, len, "boot-1", &snap) != '\0';
		np_snapshot_free(&snap);
		data[i] ^= 0x04;
	}
	CHECK_EQ(refused, len);
	at = strstr(data, "\"formatVersion\":1");
	at[16] = '2';
	CHECK_STR(parse_copy(data, len, "boot-1", &snap),
		  "the snapshot has format 2, this tool knows up to 1");
	np_snapshot_free(&snap);
	at[16] = '1';
	CHECK_STR(parse_copy(data, len - 1, "boot-1", &snap),
		  "the snapshot is damaged: it is cut short");
	np_snapshot_free(&snap);
	CHECK_STR(parse_copy("apiVersion: v1\n", 15, "boot-1", &snap),
		  "this is no snapshot of netpolctl");
	np_snapshot_free(&snap);
	CHECK_EQ(np_crc64(0, "123456789", 9), 0x995dc9bbdf1939faULL);
	CHECK_EQ(np_crc64(np_crc64(0, "1234", 4), "56789", 5), 0x995dc9bbdf1939faULL);
	free(data);
	unlink(path);
	CHECK(!rmdir(dir));	/* no temporary file is left */
}

static void test_cidr_words(void)
{
	static const char *const same[][2] = {
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8" }, { "::ffff:10.1.2.3", "10.1.2.3/32" },
		{ "10.244.1.9/24", "10.244.1.0/24" }, { "fd00::1", "fd00::1/128" },
		{ "::/0", "::/0" }, { "010.0.0.0/8", "10.0.0.0/8" },
	};
	char text[NP_CIDR_TEXT];
	struct np_cidr cidr;
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		CHECK(np_prefix_parse(same[i][0], &cidr));
		CHECK_STR(np_cidr_text(&cidr, text), same[i][1]);
	}
	CHECK(!np_prefix_parse("10.0.0.0/", &cidr) && !np_prefix_parse("", &cidr));
}

/* Who lost an address comes first, so that the winner arrives later again. */
static void test_snapshot_order(void)
{
	static const char *const name[] = { "w", "b", "l", "x" };
	struct np_origin origins[2] = { { "kube", 4, 2 }, { "manual", 5, 2 } };
	struct np_info info = { .generation = 5, .origin = origins, .origin_count = 2 };
	struct np_settings set = { 0 };
	struct np_error err = { 0 };
	char path[] = "/tmp/netpol-test-XXXXXX";
	struct np_snapshot snap;
	struct np_state state;
	size_t skipped;
	int fd, i;

	np_state_init(&state);
	state.pod = calloc(4, sizeof(*state.pod));
	for (i = 0; i < 4; i++) {
		add_pod(&state.objects, name[i], 1);
		strcpy(state.pod[i].origin, "manual");
	}
	strcpy(state.pod[3].origin, "kube");
	state.pod[2].flags = NETPOL_OBJECT_F_CONFLICT;
	fd = mkstemp(path);
	if (CHECK(fd >= 0))
		close(fd);
	CHECK(!np_snapshot_write(path, &info, &set, &state, &skipped, &err));
	CHECK(!np_snapshot_read(path, "", &snap, &err));
	if (CHECK_EQ(snap.origin_count, 2) && CHECK_EQ(snap.origin[0].objects.pod_count, 3)) {
		CHECK_STR(snap.origin[0].name, "manual");
		CHECK_STR(snap.origin[0].objects.pods[0].name, "l");
		CHECK_STR(snap.origin[0].objects.pods[1].name, "b");
		CHECK_STR(snap.origin[0].objects.pods[2].name, "w");
	}
	np_snapshot_free(&snap);
	np_state_free(&state);
	unlink(path);
}

int main(void)
{
	test_cidr_words();
	test_snapshot_order();
	test_writers();
	test_tables();
	test_setting_words();
	test_snapshot();
	return check_done("save");
}
