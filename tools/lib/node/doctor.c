// SPDX-License-Identifier: GPL-2.0-or-later
/* The checks that need no devices, and the list of all checks. */
#ifndef _GNU_SOURCE
#endif
#include "node/doctor.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/netpol.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "node/doctor_device.h"
#include "object/settings.h"

static void np_check_module(const struct np_patient *patient, struct np_finding_list *list)
{
	const struct np_info *info = patient->info;

	if (!info) {
		np_finding_add(list, "module", NP_HEALTH_FAIL, "%s", patient->absent->text);
		np_finding_hint(list, "%s", patient->absent->hint);
		return;
	}
	np_finding_add(list, "module", NP_HEALTH_OK, "version %s, ABI %u to %u, as this tool",
		       info->version, info->abi_min, info->abi_max);
}

static void np_check_enforcing(const struct np_patient *patient, struct np_finding_list *list)
{
	const struct np_info *info = patient->info;

	if (!info)
		return;
	if (info->flags & NETPOL_FLAG_ENFORCING)
		np_finding_add(list, "enforcing", NP_HEALTH_OK, "generation %llu",
			       (unsigned long long)info->generation);
	else if (info->generation)
		np_finding_add(list, "enforcing", NP_HEALTH_FAIL,
			       "objects are loaded, but nothing is enforced");
	else
		np_finding_add(list, "enforcing", NP_HEALTH_WARN, "nothing is loaded yet");
}

/*
 * Finds the module of a kernel, relative to /lib/modules/RELEASE. modules.dep lists it whatever
 * its compression is. Returns false if there is none.
 */
static bool np_kernel_module(const char *release, char found[256])
{
	char path[PATH_MAX], *line = NULL;
	bool is = false;
	const char *at;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/lib/modules/%.200s/modules.dep", release);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!is && getline(&line, &room, file) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		at = strrchr(line, '/');
		is = !strncmp(at ? at + 1 : line, "netpol.ko", 9);
		if (is)
			snprintf(found, 256, "%.255s", line);
	}
	free(line);
	fclose(file);
	return is;
}

/* Finds the kernel that /boot/vmlinuz or /vmlinuz points to. */
static bool np_linked_kernel(char release[256])
{
	static const char * const links[] = { "/boot/vmlinuz", "/vmlinuz" };
	char target[PATH_MAX], *at;
	ssize_t len;
	size_t i;

	for (i = 0; i < 2; i++) {
		len = readlink(links[i], target, sizeof(target) - 1);
		if (len <= 0)
			continue;
		target[len] = '\0';
		at = strstr(target, "vmlinuz-");
		if (!at)
			continue;
		snprintf(release, 256, "%.255s", at + 8);
		return true;
	}
	return false;
}

/* Finds the newest kernel in /boot. Returns false if there is none, as in a container. */
static bool np_newest_kernel(char release[256])
{
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	dir = opendir("/boot");
	if (!dir)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "vmlinuz-", 8))
			continue;
		if (!found || strverscmp(entry->d_name + 8, release) > 0)
			snprintf(release, 256, "%.255s", entry->d_name + 8);
		found = true;
	}
	closedir(dir);
	return found;
}

static void np_kernel_lacks(struct np_finding_list *list, enum np_health health,
			    const char *release, const char *which)
{
	np_finding_add(list, "next-kernel", health, "kernel %s, which %s, has no module netpol",
		       release, which);
	np_finding_hint(list, "install its headers, then 'dkms autoinstall -k %s'; "
			"'dkms status netpol' shows what was built", release);
}

/* The kernel that boots next; besides it the one that runs, and the newest one. */
static void np_check_next_kernel(const struct np_patient *patient, struct np_finding_list *list)
{
	char next[256], newest[256] = "", file[256];
	struct utsname uts;

	if (uname(&uts))
		return;
	np_newest_kernel(newest);
	if (!np_linked_kernel(next))
		snprintf(next, sizeof(next), "%.255s", *newest ? newest : uts.release);
	if (np_kernel_module(next, file))
		np_finding_add(list, "next-kernel", NP_HEALTH_OK,
			       "kernel %s, which boots next, has the module", next);
	else
		np_kernel_lacks(list, NP_HEALTH_FAIL, next, "boots next");
	if (strcmp(uts.release, next) && !np_kernel_module(uts.release, file))
		np_kernel_lacks(list, patient->info ? NP_HEALTH_WARN : NP_HEALTH_FAIL,
				uts.release, "runs");
	if (*newest && strcmp(newest, next) && strcmp(newest, uts.release) &&
	    !np_kernel_module(newest, file))
		np_kernel_lacks(list, NP_HEALTH_WARN, newest, "is the newest one");
}

/* Reads the first line of a file. Returns an empty string if there is none. */
static const char *np_file_line(const char *path, char line[128])
{
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (file) {
		if (!fgets(line, 128, file))
			line[0] = '\0';
		fclose(file);
	}
	return line;
}

enum np_signature {
	NP_SIGNATURE_NONE,
	NP_SIGNATURE_THERE,
	NP_SIGNATURE_HIDDEN,	/* the file is compressed or cannot be read */
};

/* A signed module ends with these words. */
static enum np_signature np_module_signature(const char *release, const char *name)
{
	static const char mark[] = "~Module signature appended~\n";
	char path[PATH_MAX], tail[sizeof(mark)] = "";
	size_t len = strlen(name);
	FILE *file;

	if (len < 3 || strcmp(name + len - 3, ".ko"))
		return NP_SIGNATURE_HIDDEN;
	snprintf(path, sizeof(path), "/lib/modules/%.200s/%.255s", release, name);
	file = fopen(path, "re");
	if (!file)
		return NP_SIGNATURE_HIDDEN;
	if (!fseek(file, -(long)(sizeof(mark) - 1), SEEK_END) &&
	    fread(tail, 1, sizeof(mark) - 1, file) != sizeof(mark) - 1)
		tail[0] = '\0';
	fclose(file);
	return strcmp(tail, mark) ? NP_SIGNATURE_NONE : NP_SIGNATURE_THERE;
}

static void np_check_signature(const struct np_patient *patient, struct np_finding_list *list)
{
	char enforce[128], lockdown[128], file[256];
	enum np_signature signature;
	struct utsname uts;

	np_file_line("/sys/module/module/parameters/sig_enforce", enforce);
	np_file_line("/sys/kernel/security/lockdown", lockdown);
	if (*enforce != 'Y' && (!*lockdown || strstr(lockdown, "[none]"))) {
		np_finding_add(list, "signature", NP_HEALTH_OK,
			       "this kernel takes modules without a signature");
		return;
	}
	if (patient->info) {
		np_finding_add(list, "signature", NP_HEALTH_OK,
			       "this kernel wants modules signed, and has taken this one");
		return;
	}
	if (uname(&uts) || !np_kernel_module(uts.release, file))
		return;		/* next-kernel has told */
	signature = np_module_signature(uts.release, file);
	if (signature == NP_SIGNATURE_NONE) {
		np_finding_add(list, "signature", NP_HEALTH_FAIL,
			       "this kernel wants modules signed, and %s is not", file);
		np_finding_hint(list, "DKMS signs with /var/lib/dkms/mok.key, 'make sign' what "
				"'make install' has installed");
		return;
	}
	np_finding_add(list, "signature", NP_HEALTH_WARN, "this kernel wants modules signed by a "
		       "key that it knows, and %s", signature == NP_SIGNATURE_THERE ?
		       "the module is signed" : "the module may be signed");
	np_finding_hint(list, "'modinfo -F signer netpol' names the key; 'mokutil --test-key "
			"/var/lib/dkms/mok.pub' tells whether DKMS's is enrolled, 'mokutil "
			"--import' enrols it");
}

/* Returns the first line of a file as a number, or -1 if there is none. */
static long np_file_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

static void np_check_ipvs(const struct np_patient *patient, struct np_finding_list *list)
{
	unsigned int services = 0;
	FILE *file = fopen("/proc/self/net/ip_vs", "re");
	char line[256];

	(void)patient;
	while (file && fgets(line, sizeof(line), file))
		services += !strncmp(line, "TCP ", 4) || !strncmp(line, "UDP ", 4) ||
			    !strncmp(line, "SCTP", 4) || !strncmp(line, "FWM ", 4);
	if (file)
		fclose(file);
	if (!services) {
		np_finding_add(list, "ipvs", NP_HEALTH_OK, "no IPVS services");
	} else if (np_file_number("/proc/sys/net/ipv4/vs/conntrack") == 1) {
		np_finding_add(list, "ipvs", NP_HEALTH_OK, "%u services, with conntrack", services);
	} else {
		np_finding_add(list, "ipvs", NP_HEALTH_FAIL,
			       "%u IPVS services and net.ipv4.vs.conntrack is 0: who opened a "
			       "connection through one is not known", services);
		np_finding_hint(list, "sysctl -w net.ipv4.vs.conntrack=1");
	}
}

/*
 * Reads an address and a port of /proc/net/udp and its siblings, which write words in the
 * host's byte order.
 */
static bool np_proc_address(const char *text, struct np_address *addr, unsigned int *port)
{
	size_t words = strcspn(text, ":") / 8, i;
	uint32_t word;

	memset(addr, 0, sizeof(*addr));
	if (words != 1 && words != 4)
		return false;
	addr->family = words == 1 ? AF_INET : AF_INET6;
	for (i = 0; i < words; i++) {
		if (sscanf(text + i * 8, "%8x", &word) != 1)
			return false;
		memcpy(addr->addr + i * 4, &word, 4);
	}
	return sscanf(text + words * 8, ":%x", port) == 1;
}

/*
 * True if the address is IPv4 link-local, or on a dummy device that was made for it. Such an
 * address belongs to no pod and no other machine.
 */
static bool np_cache_address(const struct np_address *addr, const struct np_link_list *links,
			     const struct ifaddrs *all)
{
	const struct ifaddrs *ifa;
	const struct np_link *link;
	const void *bytes;
	size_t len = np_family_bits(addr->family) / 8;

	if (addr->family == AF_INET && addr->addr[0] == 169 && addr->addr[1] == 254)
		return true;
	for (ifa = all; ifa; ifa = ifa->ifa_next) {
		if (!ifa->ifa_addr || ifa->ifa_addr->sa_family != addr->family)
			continue;
		bytes = addr->family == AF_INET ?
			(const void *)&((const struct sockaddr_in *)ifa->ifa_addr)->sin_addr :
			(const void *)&((const struct sockaddr_in6 *)ifa->ifa_addr)->sin6_addr;
		if (memcmp(bytes, addr->addr, len))
			continue;
		link = np_link_find(links, if_nametoindex(ifa->ifa_name));
		if (link && !strcmp(link->kind, "dummy") && strncmp(link->name, "kube-ipvs", 9))
			return true;
	}
	return false;
}

static bool np_allowed(const struct np_settings *set, const struct np_host_allow *want)
{
	size_t i;

	for (i = 0; i < set->host_allow_count; i++)
		if (set->host_allow[i].protocol == want->protocol &&
		    set->host_allow[i].port == want->port &&
		    set->host_allow[i].address.family == want->address.family &&
		    !memcmp(set->host_allow[i].address.addr, want->address.addr,
			    np_family_bits(want->address.family) / 8))
			return true;
	return false;
}

/* Finds what listens on port 53 of such an address. */
struct np_dns {
	struct np_host_allow item[64];
	size_t count;
};

static void np_dns_read(struct np_dns *dns, const char *path, uint8_t protocol,
			const struct np_link_list *links, const struct ifaddrs *all)
{
	struct np_host_allow allow = { .protocol = protocol, .port = 53 };
	char line[512], local[64], remote[64];
	FILE *file = fopen(path, "re");
	unsigned int port, state;
	size_t i;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %*[0-9]: %63s %63s %x", local, remote, &state) != 3 ||
		    (protocol == IPPROTO_TCP && state != 10) ||	/* TCP_LISTEN */
		    !np_proc_address(local, &allow.address, &port) || port != 53 ||
		    !np_cache_address(&allow.address, links, all))
			continue;
		for (i = 0; i < dns->count; i++)
			if (dns->item[i].protocol == protocol &&
			    dns->item[i].address.family == allow.address.family &&
			    !memcmp(dns->item[i].address.addr, allow.address.addr, 16))
				break;
		if (i == dns->count && i < sizeof(dns->item) / sizeof(dns->item[0]))
			dns->item[dns->count++] = allow;
	}
	if (file)
		fclose(file);
}

static void np_check_dns(const struct np_patient *patient, struct np_finding_list *list)
{
	static const struct {
		const char *path;
		uint8_t protocol;
	} tables[] = {
		{ "/proc/self/net/udp", IPPROTO_UDP }, { "/proc/self/net/tcp", IPPROTO_TCP },
		{ "/proc/self/net/udp6", IPPROTO_UDP }, { "/proc/self/net/tcp6", IPPROTO_TCP },
	};
	const struct np_settings *set = patient->settings;
	char text[NP_HOST_ALLOW_TEXT], line[16384] = "";
	struct np_link_list links = { .count = 0 };
	struct np_dns dns = { .count = 0 };
	struct ifaddrs *all = NULL;
	struct np_error err;
	size_t i, missing = 0, len;

	if (np_link_read(&links, patient->timeout, &err) || getifaddrs(&all)) {
		free(links.item);
		return;
	}
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		np_dns_read(&dns, tables[i].path, tables[i].protocol, &links, all);
	freeifaddrs(all);
	free(links.item);
	if (!dns.count) {
		np_finding_add(list, "node-dns", NP_HEALTH_OK, "no DNS cache of the node");
		return;
	}
	for (i = 0; set && i < set->host_allow_count; i++) {
		len = strlen(line);
		snprintf(line + len, sizeof(line) - len, "%s%s", len ? "," : "",
			 np_host_allow_text(&set->host_allow[i], text));
	}
	for (i = 0; i < dns.count; i++) {
		if (set && np_allowed(set, &dns.item[i]))
			continue;
		missing++;
		len = strlen(line);
		snprintf(line + len, sizeof(line) - len, "%s%s", len ? "," : "",
			 np_host_allow_text(&dns.item[i], text));
	}
	np_host_allow_text(&dns.item[0], text);
	if (!missing || (set && set->host_egress == NETPOL_HOST_EGRESS_ALLOW)) {
		np_finding_add(list, "node-dns", NP_HEALTH_OK,
			       "the node's DNS cache (%s) is open to pods", text);
		return;
	}
	np_finding_add(list, "node-dns", NP_HEALTH_WARN,
		       "the node has a DNS cache (%s): for a pod whose egress is isolated it is "
		       "the node, which no rule for DNS pods reaches", text);
	np_finding_hint(list, "netpolctl settings host-allow=%s", line);
}

static bool np_guard_covers(const struct np_settings *set, const struct np_local_pod *pod)
{
	char name[IF_NAMESIZE];
	uint32_t i;

	if (pod->ifindex && if_indextoname(pod->ifindex, name) &&
	    np_settings_guard_interface(set, name))
		return true;
	for (i = 0; i < pod->address_count; i++)
		if (!np_settings_guard_address(set, &pod->address[i]))
			return false;
	return true;
}

/* Returns how many local pods no guard covers. *first is one of them. */
static size_t np_unguarded(const struct np_patient *patient, const struct np_local_pod **first)
{
	const struct np_local_pod *pod;
	size_t count = 0, i;

	for (i = 0; patient->local && i < patient->local->count; i++) {
		pod = &patient->local->item[i];
		if (np_guard_covers(patient->settings, pod))
			continue;
		if (!count++)
			*first = pod;
	}
	return count;
}

static void np_check_guard(const struct np_patient *patient, struct np_finding_list *list)
{
	const struct np_settings *set = patient->settings;
	const struct np_local_pod *first;
	size_t open;

	if (!set)
		return;
	open = np_unguarded(patient, &first);
	if (!set->guard_prefix_count && !set->guard_interface_count) {
		np_finding_add(list, "guard", NP_HEALTH_WARN,
			       "no guard: a pod is open until it is loaded");
		np_finding_hint(list, "netpolctl settings unknown=deny guard-prefix=PREFIX of "
				"the node's pods");
	} else if (set->unknown != NETPOL_UNKNOWN_DENY) {
		np_finding_add(list, "guard", NP_HEALTH_WARN,
			       "unknown=allow: the guards are not in force");
		np_finding_hint(list, "netpolctl settings unknown=deny");
	} else if (open) {
		np_finding_add(list, "guard", NP_HEALTH_WARN, "no guard covers %zu of %zu local "
			       "pods (%s/%s): such a pod is open before it is loaded", open,
			       patient->local->count, first->namespace, first->name);
		np_finding_hint(list, "netpolctl settings guard-interface=NAME of the pods' "
				"interfaces, or guard-prefix= with their addresses; of the agent "
				"--guard-interface and --guard-prefix");
	} else {
		np_finding_add(list, "guard", NP_HEALTH_OK, "%zu prefixes, %zu interface patterns",
			       set->guard_prefix_count, set->guard_interface_count);
	}
}

static void np_check_unseen(const struct np_patient *patient, struct np_finding_list *list)
{
	const struct np_counters *c;
	size_t i, pods = 0, bad = 0;
	bool sent, received;

	if (!patient->counters)
		return;
	for (i = 0; i < patient->counters->count; i++) {
		c = &patient->counters->item[i];
		if (c->kind != NP_COUNTERS_POD)
			continue;
		pods++;
		sent = np_bypass_suspected(c, NETPOL_COUNTERS_A_SEEN_SENT,
					   NETPOL_COUNTERS_A_DEVICE_SENT);
		received = np_bypass_suspected(c, NETPOL_COUNTERS_A_SEEN_RECEIVED,
					       NETPOL_COUNTERS_A_DEVICE_RECEIVED);
		if (!c->ifindex || (!sent && !received))
			continue;
		bad++;
		np_finding_add(list, "unseen", NP_HEALTH_FAIL,
			       "pod %s/%s: its interface moved many more packets %s it than the "
			       "hook saw", c->namespace, c->name,
			       sent && received ? "from and to" : sent ? "from" : "to");
		np_finding_hint(list, "some of its traffic goes past the policies, or went before "
				"it was loaded; the checks above may name the cause");
	}
	if (!bad)
		np_finding_add(list, "unseen", NP_HEALTH_OK,
			       "what the interfaces of %zu pods moved, the hook saw", pods);
}

static void np_check_interface(const struct np_patient *patient, struct np_finding_list *list)
{
	const struct np_counters *c;
	size_t i, none = 0, pods = 0;
	const struct np_counters *first = NULL;

	if (!patient->counters)
		return;
	for (i = 0; i < patient->counters->count; i++) {
		c = &patient->counters->item[i];
		if (c->kind != NP_COUNTERS_POD)
			continue;
		pods++;
		if (c->ifindex)
			continue;
		none++;
		if (!first)
			first = c;
	}
	if (!none) {
		np_finding_add(list, "interface", NP_HEALTH_OK, "of %zu local pods is known", pods);
		return;
	}
	np_finding_add(list, "interface", NP_HEALTH_WARN,
		       "of %zu local pods is not known (%s/%s): who sends in their name can't be "
		       "told", none, first->namespace, first->name);
	np_finding_hint(list, "load them once they have sent something, or with --interface");
}

/* A server sends a bookmark about once a minute, so that silence means a dead connection. */
#define NP_AGENT_SILENT	300

/* The agent is asked for what it knows: whether changes of the cluster reach this node. */
static void np_check_agent(const struct np_patient *patient, struct np_finding_list *list)
{
	const struct np_patient_agent *agent = patient->agent;
	const struct np_patient_kind *kind, *oldest = NULL;
	size_t i;

	if (!agent->answers) {
		if (!agent->owns) {
			np_finding_add(list, "agent", NP_HEALTH_OK, "none has loaded anything");
			return;
		}
		np_finding_add(list, "agent", NP_HEALTH_WARN, "no agent answers at %s: what one "
			       "has loaded is enforced, but changes of the cluster do not arrive",
			       agent->socket);
		np_finding_hint(list, "systemctl status netpolctl-sync; --socket takes another "
				"path");
		return;
	}
	for (i = 0; i < agent->kinds; i++) {
		kind = &agent->kind[i];
		if (!kind->connected)
			break;
		if (!oldest || kind->age > oldest->age)
			oldest = kind;
	}
	if (i < agent->kinds) {
		kind = &agent->kind[i];
		np_finding_add(list, "agent", NP_HEALTH_WARN,
			       "it does not hear of changes of %s%s%s", kind->name,
			       *kind->error ? ": " : "", kind->error);
		np_finding_hint(list, "netpolctl sync status");
	} else if (!agent->ready) {
		np_finding_add(list, "agent", NP_HEALTH_WARN, "it is not ready: %s",
			       agent->waiting);
		np_finding_hint(list, "netpolctl sync status");
	} else if (oldest && oldest->age > NP_AGENT_SILENT) {
		np_finding_add(list, "agent", NP_HEALTH_WARN,
			       "it has heard nothing of %s for %.0f seconds", oldest->name,
			       oldest->age);
		np_finding_hint(list, "netpolctl sync status; the connection to the API server "
				"may be dead");
	} else {
		np_finding_add(list, "agent", NP_HEALTH_OK, "it follows %zu kinds", agent->kinds);
	}
}

/*
 * Certificates and tokens have a time, so has each event, and the age of what the agent has heard
 * is told by others' clocks as well. The kernel knows whether somebody keeps its clock right.
 */
static void np_check_clock(const struct np_patient *patient, struct np_finding_list *list)
{
	struct timex now = { .modes = 0 };

	(void)patient;
	if (adjtimex(&now) < 0 || now.status & STA_UNSYNC) {
		np_finding_add(list, "clock", NP_HEALTH_WARN,
			       "nobody keeps it right: certificates may be taken for expired, and "
			       "times of events differ from those of other nodes");
		np_finding_hint(list, "run chrony, systemd-timesyncd or another NTP client");
		return;
	}
	np_finding_add(list, "clock", NP_HEALTH_OK, "kept right, within %ld ms",
		       now.maxerror / 1000);
}

static const struct {
	const char *name;
	void (*run)(const struct np_patient *patient, struct np_finding_list *list);
} np_checks[] = {
	{ "module", np_check_module },
	{ "next-kernel", np_check_next_kernel },
	{ "signature", np_check_signature },
	{ "enforcing", np_check_enforcing },
	{ "interface", np_check_interface },
	{ "bridge", np_check_bridge },
	{ "flowtable", np_check_flowtable },
	{ "redirect", np_check_redirect },
	{ "ipvlan", np_check_ipvlan },
	{ "ipvs", np_check_ipvs },
	{ "vrf", np_check_vrf },
	{ "xfrm", np_check_xfrm },
	{ "tunnel", np_check_tunnel },
	{ "node-dns", np_check_dns },
	{ "guard", np_check_guard },
	{ "unseen", np_check_unseen },
	{ "agent", np_check_agent },
	{ "clock", np_check_clock },
};

const char *np_doctor_check(size_t index)
{
	return index < sizeof(np_checks) / sizeof(np_checks[0]) ? np_checks[index].name : NULL;
}

bool np_doctor(const struct np_patient *patient, const char *only, struct np_finding_list *list)
{
	bool found = false;
	size_t i;

	for (i = 0; np_doctor_check(i); i++) {
		if (only && strcmp(only, np_checks[i].name))
			continue;
		found = true;
		np_checks[i].run(patient, list);
	}
	return found;
}
