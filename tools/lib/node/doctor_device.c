// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The checks that look for what moves packets past the hooks (bridges, flowtables, redirects,
 * ipvlan and macvlan) and for devices that hide where a packet comes from.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* setns() */
#endif
#include "node/doctor_device.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/net_namespace.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/stat.h>

/* --- links --------------------------------------------------------------------- */

static void np_read_bridge(struct np_link *link, struct nlattr *data)
{
	struct nlattr *tb[IFLA_BR_MAX + 1];

	if (nla_parse_nested(tb, IFLA_BR_MAX, data, NULL))
		return;
	link->call_iptables = tb[IFLA_BR_NF_CALL_IPTABLES] &&
			      nla_get_u8(tb[IFLA_BR_NF_CALL_IPTABLES]);
	link->call_ip6tables = tb[IFLA_BR_NF_CALL_IP6TABLES] &&
			       nla_get_u8(tb[IFLA_BR_NF_CALL_IP6TABLES]);
}

static bool np_has_xdp(struct nlattr *attr)
{
	struct nlattr *tb[IFLA_XDP_MAX + 1];

	return !nla_parse_nested(tb, IFLA_XDP_MAX, attr, NULL) && tb[IFLA_XDP_ATTACHED] &&
	       nla_get_u8(tb[IFLA_XDP_ATTACHED]) != XDP_ATTACHED_NONE;
}

static int np_link_add(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	const struct ifinfomsg *msg = NLMSG_DATA(nlh);
	struct np_link link = { .parent_netns = -1 };
	struct np_link_list *list = arg;

	(void)err;
	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse((struct nlmsghdr *)nlh, sizeof(*msg), tb, IFLA_MAX, NULL))
		return 0;
	link.ifindex = (uint32_t)msg->ifi_index;
	if (tb[IFLA_IFNAME])
		nla_strlcpy(link.name, tb[IFLA_IFNAME], sizeof(link.name));
	if (tb[IFLA_MASTER] && nla_len(tb[IFLA_MASTER]) >= 4)
		link.master = nla_get_u32(tb[IFLA_MASTER]);
	if (tb[IFLA_LINK] && nla_len(tb[IFLA_LINK]) >= 4)
		link.parent = nla_get_u32(tb[IFLA_LINK]);
	if (tb[IFLA_LINK_NETNSID] && nla_len(tb[IFLA_LINK_NETNSID]) >= 4)
		link.parent_netns = (int32_t)nla_get_u32(tb[IFLA_LINK_NETNSID]);
	link.xdp = tb[IFLA_XDP] && np_has_xdp(tb[IFLA_XDP]);
	if (tb[IFLA_LINKINFO] && !nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL)) {
		if (info[IFLA_INFO_KIND])
			nla_strlcpy(link.kind, info[IFLA_INFO_KIND], sizeof(link.kind));
		if (info[IFLA_INFO_DATA] && !strcmp(link.kind, "bridge"))
			np_read_bridge(&link, info[IFLA_INFO_DATA]);
	}
	list->item = np_array_grow(list->item, list->count, sizeof(*list->item));
	list->item[list->count++] = link;
	return 0;
}

static void np_link_restart(void *list)
{
	((struct np_link_list *)list)->count = 0;
}

/* Makes a dump request of a type, with the header that belongs to the type. */
static struct nl_msg *np_request(uint16_t type, void *head, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, 0);

	if (!msg || nlmsg_append(msg, head, size, NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int np_link_read(struct np_link_list *list, int timeout, struct np_error *err)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct np_client client;
	struct nl_msg *msg;
	int ret = -1;

	memset(list, 0, sizeof(*list));
	if (!np_client_open_route(&client, timeout, err)) {
		msg = np_request(RTM_GETLINK, &head, sizeof(head));
		ret = msg ? np_client_dump(&client, msg, np_link_restart, np_link_add, list, err) :
			    np_error_set(err, NP_EXIT_KERNEL, "no memory for a message");
	}
	np_client_close(&client);
	return ret ? -1 : 0;
}

const struct np_link *np_link_find(const struct np_link_list *list, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->item[i].ifindex == ifindex)
			return &list->item[i];
	return NULL;
}

/* Reads the devices, or adds a finding that they cannot be read. */
static bool np_need_links(const struct np_patient *patient, const char *check,
			  struct np_link_list *links, struct np_finding_list *list)
{
	struct np_error err = { 0 };

	if (!np_link_read(links, patient->timeout, &err))
		return true;
	np_finding_add(list, check, NP_HEALTH_WARN, "interfaces can't be read: %s", err.text);
	free(links->item);
	return false;
}

/* --- bridges ------------------------------------------------------------------- */

static bool np_sysctl_on(const char *name)
{
	char path[96];
	FILE *file;
	bool on;

	snprintf(path, sizeof(path), "/proc/sys/net/bridge/%s", name);
	file = fopen(path, "re");
	on = file && fgetc(file) == '1';
	if (file)
		fclose(file);
	return on;
}

/*
 * True if a VLAN device lies on this bridge or on one of its ports, because then frames on the
 * bridge have tags.
 */
static bool np_has_tags(const struct np_link_list *links, const struct np_link *bridge)
{
	const struct np_link *on;
	size_t i;

	for (i = 0; i < links->count; i++) {
		if (strcmp(links->item[i].kind, "vlan") || links->item[i].parent_netns >= 0)
			continue;
		on = np_link_find(links, links->item[i].parent);
		if (on == bridge || (on && on->master == bridge->ifindex))
			return true;
	}
	return false;
}

static void np_check_one_bridge(const struct np_link_list *links, const struct np_link *bridge,
				const struct np_counters *pod, struct np_finding_list *list)
{
	bool loaded = !access("/proc/sys/net/bridge/bridge-nf-call-iptables", F_OK);
	bool v4 = bridge->call_iptables || np_sysctl_on("bridge-nf-call-iptables");
	bool v6 = bridge->call_ip6tables || np_sysctl_on("bridge-nf-call-ip6tables");

	if (!loaded || !v4 || !v6) {
		np_finding_add(list, "bridge", NP_HEALTH_FAIL,
			       "pods on bridge %s (%s/%s) reach each other past the policies: "
			       "%s%s",
			       bridge->name, pod->namespace, pod->name,
			       !loaded ? "br_netfilter is not loaded" :
			       v6 ? "bridge-nf-call-iptables is 0" :
			       v4 ? "bridge-nf-call-ip6tables is 0" :
			       "bridge-nf-call-iptables is 0", !loaded || v4 || v6 ? "" :
			       ", and so is -ip6tables");
		np_finding_hint(list, "modprobe br_netfilter; sysctl -w "
				"net.bridge.bridge-nf-call-iptables=1 "
				"net.bridge.bridge-nf-call-ip6tables=1");
		return;
	}
	if (np_sysctl_on("bridge-nf-filter-vlan-tagged")) {
		np_finding_add(list, "bridge", NP_HEALTH_OK,
			       "%s shows its packets, also tagged ones", bridge->name);
		return;
	}
	np_finding_add(list, "bridge", np_has_tags(links, bridge) ? NP_HEALTH_FAIL : NP_HEALTH_OK,
		       "%s shows its packets, but not those with a VLAN tag "
		       "(bridge-nf-filter-vlan-tagged is 0)", bridge->name);
	if (np_has_tags(links, bridge))
		np_finding_hint(list, "sysctl -w net.bridge.bridge-nf-filter-vlan-tagged=1");
}

void np_check_bridge(const struct np_patient *patient, struct np_finding_list *list)
{
	struct np_link_list links;
	const struct np_counters *pod;
	const struct np_link *bridge;
	size_t i, k, bridges = 0;

	if (!np_need_links(patient, "bridge", &links, list))
		return;
	for (i = 0; i < links.count; i++) {
		bridge = &links.item[i];
		if (strcmp(bridge->kind, "bridge"))
			continue;
		for (k = 0, pod = NULL; k < links.count && !pod; k++)
			if (links.item[k].master == bridge->ifindex)
				pod = np_patient_pod(patient, links.item[k].ifindex);
		if (!pod)
			continue;
		bridges++;
		np_check_one_bridge(&links, bridge, pod, list);
	}
	if (!bridges)
		np_finding_add(list, "bridge", NP_HEALTH_OK, "no local pod is on a bridge");
	free(links.item);
}

/* --- flowtables ---------------------------------------------------------------- */

struct np_flowtables {
	const struct np_patient *patient;
	struct np_finding_list *list;
	size_t found;
};

/* Finds the first device of a flowtable that a pod is behind, else its first device. */
static const struct np_counters *np_flowtable_device(const struct np_patient *patient,
						     struct nlattr *hook, char name[IFNAMSIZ])
{
	struct nlattr *tb[NFTA_FLOWTABLE_HOOK_MAX + 1], *device;
	const struct np_counters *pod = NULL;
	char text[IFNAMSIZ];
	int left;

	*name = '\0';
	if (nla_parse_nested(tb, NFTA_FLOWTABLE_HOOK_MAX, hook, NULL) ||
	    !tb[NFTA_FLOWTABLE_HOOK_DEVS])
		return NULL;
	nla_for_each_nested(device, tb[NFTA_FLOWTABLE_HOOK_DEVS], left) {
		nla_strlcpy(text, device, sizeof(text));
		pod = np_patient_pod(patient, if_nametoindex(text));
		if (pod || !*name)
			strcpy(name, text);
		if (pod)
			break;
	}
	return pod;
}

static int np_flowtable_add(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NFTA_FLOWTABLE_MAX + 1];
	struct np_flowtables *flowtables = arg;
	char table[64] = "", name[64] = "", device[IFNAMSIZ];
	const struct np_counters *pod;

	(void)err;
	if (nlmsg_parse((struct nlmsghdr *)nlh, sizeof(struct nfgenmsg), tb, NFTA_FLOWTABLE_MAX,
			NULL) || !tb[NFTA_FLOWTABLE_HOOK])
		return 0;
	if (tb[NFTA_FLOWTABLE_TABLE])
		nla_strlcpy(table, tb[NFTA_FLOWTABLE_TABLE], sizeof(table));
	if (tb[NFTA_FLOWTABLE_NAME])
		nla_strlcpy(name, tb[NFTA_FLOWTABLE_NAME], sizeof(name));
	pod = np_flowtable_device(flowtables->patient, tb[NFTA_FLOWTABLE_HOOK], device);
	if (!*device)
		return 0;
	flowtables->found++;
	np_finding_add(flowtables->list, "flowtable", NP_HEALTH_FAIL,
		       "flowtable %s of table %s takes connections at %s%s%s%s%s: once established "
		       "they go past the policies", name, table, device, pod ? ", of pod " : "",
		       pod ? pod->namespace : "", pod ? "/" : "", pod ? pod->name : "");
	np_finding_hint(flowtables->list, "leave connections of pods out of the flowtable");
	return 0;
}

void np_check_flowtable(const struct np_patient *patient, struct np_finding_list *list)
{
	struct np_flowtables flowtables = { .patient = patient, .list = list };
	struct nfgenmsg head = { .nfgen_family = 0, .version = NFNETLINK_V0 };
	struct np_error err = { 0 };
	struct np_client client;
	struct nl_msg *msg;
	int ret = -1;

	/* asking for it would load the module */
	if (access("/sys/module/nf_tables", F_OK)) {
		np_finding_add(list, "flowtable", NP_HEALTH_OK, "none");
		return;
	}
	if (!np_client_open_netfilter(&client, patient->timeout, &err)) {
		msg = np_request(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETFLOWTABLE, &head,
				 sizeof(head));
		ret = msg ? np_client_dump(&client, msg, NULL, np_flowtable_add, &flowtables,
					   &err) : -1;
	}
	np_client_close(&client);
	if (ret)
		np_finding_add(list, "flowtable", NP_HEALTH_WARN, "can't be read: %s", err.text);
	else if (!flowtables.found)
		np_finding_add(list, "flowtable", NP_HEALTH_OK, "none");
}

/* --- redirects ----------------------------------------------------------------- */

struct np_redirects {
	const char *way;	/* "ingress" */
	bool redirect;
	bool program;
};

static void np_read_action(struct np_redirects *redirects, struct nlattr *action)
{
	struct nlattr *tb[TCA_ACT_MAX + 1], *options[TCA_MIRRED_MAX + 1];
	const struct tc_mirred *mirred;
	char kind[16];

	if (nla_parse_nested(tb, TCA_ACT_MAX, action, NULL) || !tb[TCA_ACT_KIND])
		return;
	nla_strlcpy(kind, tb[TCA_ACT_KIND], sizeof(kind));
	redirects->program |= !strcmp(kind, "bpf");
	if (strcmp(kind, "mirred") || !tb[TCA_ACT_OPTIONS] ||
	    nla_parse_nested(options, TCA_MIRRED_MAX, tb[TCA_ACT_OPTIONS], NULL) ||
	    !options[TCA_MIRRED_PARMS] ||
	    nla_len(options[TCA_MIRRED_PARMS]) < (int)sizeof(*mirred))
		return;
	mirred = nla_data(options[TCA_MIRRED_PARMS]);
	redirects->redirect |= mirred->eaction == TCA_EGRESS_REDIR ||
			       mirred->eaction == TCA_INGRESS_REDIR;
}

/* The attribute in which each classifier keeps its actions. */
static const struct {
	const char *kind;
	int attribute;
} np_classifiers[] = {
	{ "matchall", TCA_MATCHALL_ACT }, { "flower", TCA_FLOWER_ACT },
	{ "u32", TCA_U32_ACT }, { "basic", TCA_BASIC_ACT }, { "fw", TCA_FW_ACT },
	{ "bpf", TCA_BPF_ACT }, { "flow", TCA_FLOW_ACT }, { "cgroup", TCA_CGROUP_ACT },
};

static int np_filter_add(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[TCA_MAX + 1], *actions, *action;
	struct np_redirects *redirects = arg;
	char kind[16];
	size_t i;
	int left;

	(void)err;
	if (nlh->nlmsg_type != RTM_NEWTFILTER ||
	    nlmsg_parse((struct nlmsghdr *)nlh, sizeof(struct tcmsg), tb, TCA_MAX, NULL) ||
	    !tb[TCA_KIND] || !tb[TCA_OPTIONS])
		return 0;
	nla_strlcpy(kind, tb[TCA_KIND], sizeof(kind));
	redirects->program |= !strcmp(kind, "bpf");
	for (i = 0; i < sizeof(np_classifiers) / sizeof(np_classifiers[0]); i++) {
		if (strcmp(kind, np_classifiers[i].kind))
			continue;
		actions = nla_find(nla_data(tb[TCA_OPTIONS]), nla_len(tb[TCA_OPTIONS]),
				   np_classifiers[i].attribute);
		if (!actions)
			continue;
		nla_for_each_nested(action, actions, left)
			np_read_action(redirects, action);
	}
	return 0;
}

static void np_check_filters(struct np_client *client, const struct np_link *link,
			     struct np_redirects *redirects)
{
	static const uint32_t parents[] = {
		TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
	};
	struct np_error err = { 0 };
	struct nl_msg *msg;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct tcmsg head = { .tcm_ifindex = (int)link->ifindex, .tcm_parent = parents[i] };

		msg = np_request(RTM_GETTFILTER, &head, sizeof(head));
		/* the kernel refuses this where the device has no such queue */
		if (msg)
			np_client_dump(client, msg, NULL, np_filter_add, redirects, &err);
	}
}

void np_check_redirect(const struct np_patient *patient, struct np_finding_list *list)
{
	struct np_link_list links;
	const struct np_counters *pod;
	struct np_error err = { 0 };
	struct np_client client;
	size_t i, pods = 0, found = 0;

	if (!np_need_links(patient, "redirect", &links, list))
		return;
	if (np_client_open_route(&client, patient->timeout, &err)) {
		np_finding_add(list, "redirect", NP_HEALTH_WARN, "can't be read: %s", err.text);
		np_client_close(&client);
		free(links.item);
		return;
	}
	for (i = 0; i < links.count; i++) {
		struct np_redirects redirects = { .redirect = false };

		pod = np_patient_pod(patient, links.item[i].ifindex);
		if (!pod)
			continue;
		pods++;
		np_check_filters(&client, &links.item[i], &redirects);
		redirects.program |= links.item[i].xdp;
		if (!redirects.redirect && !redirects.program)
			continue;
		found++;
		np_finding_add(list, "redirect",
			       redirects.redirect ? NP_HEALTH_FAIL : NP_HEALTH_WARN,
			       "%s of pod %s/%s has %s", links.item[i].name, pod->namespace,
			       pod->name, redirects.redirect ?
			       "a tc filter that redirects: what it takes goes past the policies" :
			       links.item[i].xdp ? "an XDP program, which may redirect" :
			       "a BPF filter, which may redirect");
		np_finding_hint(list, "'tc filter show dev %s ingress', egress, and "
				"'ip -d link show %s' show it", links.item[i].name,
				links.item[i].name);
	}
	if (!found)
		np_finding_add(list, "redirect", NP_HEALTH_OK,
			       "no tc redirect, BPF filter or XDP program at %zu pods' interfaces",
			       pods);
	np_client_close(&client);
	free(links.item);
}

/* --- ipvlan and macvlan -------------------------------------------------------- */

#define NP_NETNS_MAX	4096

/* The network namespaces that were looked into. */
struct np_seen {
	int own;		/* the one of this process */
	dev_t device;
	ino_t inode[NP_NETNS_MAX];
	size_t count;
};

static int np_read_number(const struct nlmsghdr *nlh, void *arg, struct np_error *err)
{
	struct nlattr *tb[NETNSA_MAX + 1];

	(void)err;
	if (!nlmsg_parse((struct nlmsghdr *)nlh, sizeof(struct rtgenmsg), tb, NETNSA_MAX, NULL) &&
	    tb[NETNSA_NSID])
		*(int32_t *)arg = (int32_t)nla_get_u32(tb[NETNSA_NSID]);
	return 0;
}

/*
 * Returns the number by which the present network namespace knows the process's own; -1 if it
 * has none.
 */
static int32_t np_own_number(const struct np_seen *seen, int timeout)
{
	struct rtgenmsg head = { .rtgen_family = AF_UNSPEC };
	struct np_error err = { 0 };
	struct np_client client;
	int32_t number = -1;
	struct nl_msg *msg;

	if (!np_client_open_route(&client, timeout, &err)) {
		msg = np_request(RTM_GETNSID, &head, sizeof(head));
		if (msg) {
			nla_put_u32(msg, NETNSA_FD, (uint32_t)seen->own);
			np_client_call(&client, msg, np_read_number, &number, &err);
		}
	}
	np_client_close(&client);
	return number;
}

/* Finds the devices of this network namespace whose parent is a device of the node. */
static size_t np_check_children(const struct np_patient *patient, const struct np_seen *seen,
				const char *where, const struct np_link_list *own,
				struct np_finding_list *list)
{
	struct np_error err = { 0 };
	const struct np_link *link, *parent;
	struct np_link_list links;
	size_t i, found = 0;

	if (np_link_read(&links, patient->timeout, &err)) {
		free(links.item);
		return 0;
	}
	for (i = 0; i < links.count; i++) {
		link = &links.item[i];
		if (strncmp(link->kind, "ipvlan", 6) && strncmp(link->kind, "ipvtap", 6) &&
		    strncmp(link->kind, "macvlan", 7) && strncmp(link->kind, "macvtap", 7))
			continue;
		if (link->parent_netns < 0 ||
		    link->parent_netns != np_own_number(seen, patient->timeout))
			continue;
		parent = np_link_find(own, link->parent);
		found++;
		np_finding_add(list, "ipvlan", NP_HEALTH_FAIL,
			       "%s in network namespace %s is a %s on %s: what it exchanges there "
			       "goes past the policies", link->name, where, link->kind,
			       parent ? parent->name : "one of the node's interfaces");
		np_finding_hint(list, "give pods that policies select a veth pair");
	}
	free(links.item);
	return found;
}

/* Looks into a network namespace, unless that has been done. */
static size_t np_check_netns(const struct np_patient *patient, struct np_seen *seen,
			     const char *path, const char *where, const struct np_link_list *own,
			     struct np_finding_list *list)
{
	size_t i, found = 0;
	struct stat st;
	int fd;

	if (stat(path, &st))
		return 0;
	for (i = 0; i < seen->count; i++)
		if (seen->inode[i] == st.st_ino && seen->device == st.st_dev)
			return 0;
	if (seen->count == NP_NETNS_MAX)
		return 0;
	seen->inode[seen->count++] = st.st_ino;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (!setns(fd, CLONE_NEWNET)) {
		found = np_check_children(patient, seen, where, own, list);
		if (setns(seen->own, CLONE_NEWNET))
			/* The process must not go on in another network namespace. */
			abort();
	}
	close(fd);
	return found;
}

static size_t np_check_names(const struct np_patient *patient, struct np_seen *seen,
			     const char *directory, const char *suffix,
			     const struct np_link_list *own, struct np_finding_list *list)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[512], where[300];
	size_t found = 0;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (*suffix && (*entry->d_name < '0' || *entry->d_name > '9'))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", directory, entry->d_name, suffix);
		snprintf(where, sizeof(where), "%s%s", *suffix ? "of process " : "",
			 entry->d_name);
		if (*entry->d_name != '.')
			found += np_check_netns(patient, seen, path, where, own, list);
	}
	if (dir)
		closedir(dir);
	return found;
}

void np_check_ipvlan(const struct np_patient *patient, struct np_finding_list *list)
{
	static struct np_seen seen;
	struct np_link_list own;
	struct stat st;
	size_t found;

	memset(&seen, 0, sizeof(seen));
	seen.own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (seen.own < 0 || fstat(seen.own, &st)) {
		np_finding_add(list, "ipvlan", NP_HEALTH_WARN, "/proc is not mounted");
		return;
	}
	seen.device = st.st_dev;
	seen.inode[seen.count++] = st.st_ino;
	if (setns(seen.own, CLONE_NEWNET)) {
		np_finding_add(list, "ipvlan", NP_HEALTH_WARN,
			       "to look into network namespaces needs CAP_SYS_ADMIN");
	} else if (np_need_links(patient, "ipvlan", &own, list)) {
		found = np_check_names(patient, &seen, "/run/netns", "", &own, list);
		found += np_check_names(patient, &seen, "/proc", "/ns/net", &own, list);
		if (!found)
			np_finding_add(list, "ipvlan", NP_HEALTH_OK,
				       "no ipvlan or macvlan of the node's interfaces in %zu other "
				       "network namespaces", seen.count - 1);
		free(own.item);
	}
	close(seen.own);
}

/* --- VRF and IPsec interfaces -------------------------------------------------- */

void np_check_vrf(const struct np_patient *patient, struct np_finding_list *list)
{
	const struct np_link *vrf;
	struct np_link_list links;
	size_t i, found = 0;

	if (!np_need_links(patient, "vrf", &links, list))
		return;
	for (i = 0; i < links.count; i++) {
		vrf = np_link_find(&links, links.item[i].master);
		if (!vrf || strcmp(vrf->kind, "vrf"))
			continue;
		found++;
		np_finding_add(list, "vrf", NP_HEALTH_WARN,
			       "%s is in VRF %s, whose routes are not read: pods there count as "
			       "remote, and who sends can't be checked", links.item[i].name,
			       vrf->name);
		np_finding_hint(list, "load them with --interface NAMESPACE/POD=%s",
				links.item[i].name);
	}
	if (!found)
		np_finding_add(list, "vrf", NP_HEALTH_OK, "no interface is in a VRF");
	free(links.item);
}

void np_check_xfrm(const struct np_patient *patient, struct np_finding_list *list)
{
	struct np_link_list links;
	size_t i, found = 0;

	if (!np_need_links(patient, "xfrm", &links, list))
		return;
	for (i = 0; i < links.count; i++) {
		if (strcmp(links.item[i].kind, "xfrm") && strcmp(links.item[i].kind, "vti") &&
		    strcmp(links.item[i].kind, "vti6"))
			continue;
		found++;
		np_finding_add(list, "xfrm", NP_HEALTH_WARN,
			       "%s is an IPsec interface: what comes out of it is judged by its "
			       "addresses alone", links.item[i].name);
		np_finding_hint(list, "its policies must not let other nodes send in a local pod's "
				"name");
	}
	if (!found)
		np_finding_add(list, "xfrm", NP_HEALTH_OK, "no IPsec interface");
	free(links.item);
}

/* Is this a device at which a tunnel of this node ends, of a kind that a packet may be sent to? */
static bool np_is_tunnel(const struct np_link *link)
{
	static const char * const kind[] = {
		"vxlan", "geneve", "gre", "gretap", "erspan", "ip6gre", "ip6gretap", "ip6erspan",
		"ipip", "sit", "ip6tnl", "wireguard", "bareudp", "gtp", "amt",
	};
	size_t i;

	for (i = 0; i < sizeof(kind) / sizeof(kind[0]); i++)
		if (!strcmp(link->kind, kind[i]))
			return true;
	return false;
}

void np_check_tunnel(const struct np_patient *patient, struct np_finding_list *list)
{
	bool open = patient->settings && patient->settings->tunnels == NETPOL_TUNNELS_ALLOW;
	struct np_link_list links;
	size_t i, found = 0;

	if (!np_need_links(patient, "tunnel", &links, list))
		return;
	for (i = 0; i < links.count; i++) {
		if (!np_is_tunnel(&links.item[i]))
			continue;
		found++;
		if (!open)
			continue;
		np_finding_add(list, "tunnel", NP_HEALTH_WARN,
			       "tunnels=allow: through %s a pod can send in the name of any pod of "
			       "another node", links.item[i].name);
		np_finding_hint(list, "netpolctl settings tunnels=deny");
	}
	if (!found)
		np_finding_add(list, "tunnel", NP_HEALTH_OK, "no tunnel ends here");
	else if (!open)
		np_finding_add(list, "tunnel", NP_HEALTH_OK, "%zu tunnels, closed to pods", found);
	free(links.item);
}
