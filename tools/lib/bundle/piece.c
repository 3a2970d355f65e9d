// SPDX-License-Identifier: GPL-2.0-or-later
/* The pieces of a bundle, and how each is gathered. */
#include "bundle/piece.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <curl/curl.h>

#include "base/error.h"
#include "bundle/child.h"
#include "node/host_read.h"

/* Bytes of a piece, and of one that holds names of objects. */
#define NP_PIECE_MAX		(8u * 1024 * 1024)
#define NP_PIECE_NAMES_MAX	(64u * 1024 * 1024)
#define NP_PIECE_FILE_MAX	(64u * 1024)	/* bytes of one file of /proc or /sys */

#define NP_LINES	"5000"	/* of the journal */

static const struct np_piece np_pieces[] = {
	/* Objects come first, so that their names are known. */
	{ "namespaces.json", NP_PIECE_TOOL, { "get", "namespaces", "-o", "json" }, .names = true },
	{ "pods.json", NP_PIECE_TOOL, { "get", "pods", "-o", "json" }, .names = true },
	{ "policies.json", NP_PIECE_TOOL, { "get", "policies", "-o", "json" }, .names = true },
	{ "agent-status.json", NP_PIECE_TOOL,
	  { "sync", "status", "--socket", "@socket", "-o", "json" }, .fails = true, .names = true,
	  .quotes = true },
	{ "pods.txt", NP_PIECE_TOOL, { "get", "pods", "-o", "wide" } },
	{ "policies.txt", NP_PIECE_TOOL, { "get", "policies", "-o", "wide" } },
	{ "rules.json", NP_PIECE_TOOL, { "get", "rules", "-o", "json" } },
	{ "counters.json", NP_PIECE_TOOL, { "counters", "-o", "json" } },
	{ "version.json", NP_PIECE_TOOL, { "version", "-o", "json" } },
	{ "status.json", NP_PIECE_TOOL, { "status", "-o", "json" } },
	{ "status.txt", NP_PIECE_TOOL, { "status" } },
	{ "settings.txt", NP_PIECE_TOOL, { "settings" } },
	{ "doctor.json", NP_PIECE_TOOL,
	  { "doctor", "--socket", "@socket", "-o", "json" }, .fails = true, .quotes = true },
	{ "agent-metrics.txt", NP_PIECE_METRICS },
	{ "host.txt", NP_PIECE_HOST },
	{ "links.txt", NP_PIECE_RUN, { "ip", "-details", "-statistics", "link", "show" } },
	{ "rules-of-routing.txt", NP_PIECE_RUN, { "ip", "rule", "show" } },
	{ "kernel.txt", NP_PIECE_FILES,
	  { "/proc/version", "/proc/sys/kernel/tainted", "/proc/uptime", "/proc/loadavg",
	    "/etc/os-release" } },
	{ "module.txt", NP_PIECE_FILES,
	  { "/sys/module/netpol/version", "/sys/module/netpol/srcversion",
	    "/sys/module/netpol/refcnt", "/sys/module/netpol/taint",
	    "/sys/module/netpol/initstate", "/sys/module/netpol/parameters/*",
	    "/etc/modules-load.d/netpol.conf" } },
	{ "modules.txt", NP_PIECE_RUN, { "lsmod" } },
	{ "modinfo.txt", NP_PIECE_RUN, { "modinfo", "netpol" } },
	{ "dkms.txt", NP_PIECE_RUN, { "dkms", "status" } },
	{ "sysctl.txt", NP_PIECE_FILES,
	  { "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding",
	    "/proc/sys/net/ipv4/conf/all/rp_filter", "/proc/sys/net/ipv4/conf/default/rp_filter",
	    "/proc/sys/net/bridge/bridge-nf-*", "/proc/sys/net/ipv4/vs/*",
	    "/proc/sys/net/netfilter/nf_conntrack_*", "/proc/sys/kernel/panic*",
	    "/etc/sysctl.d/60-netpol.conf" } },
	{ "conntrack.txt", NP_PIECE_FILES,
	  { "/proc/sys/net/netfilter/nf_conntrack_count",
	    "/proc/sys/net/netfilter/nf_conntrack_max", "/proc/net/stat/nf_conntrack" } },
	{ "memory.txt", NP_PIECE_FILES, { "/proc/meminfo" } },
	{ "dmesg.txt", NP_PIECE_RUN, { "dmesg" }, .grep = "netpol", .gone = true },
	{ "unit-sync.txt", NP_PIECE_RUN,
	  { "systemctl", "show", "netpolctl-sync.service", "--property",
	    "LoadState,ActiveState,SubState,UnitFileState,Result,NRestarts,ExecMainStatus,"
	    "ExecMainStartTimestamp,MemoryCurrent,CPUUsageNSec" } },
	{ "unit-restore.txt", NP_PIECE_RUN,
	  { "systemctl", "show", "netpol-restore.service", "--property",
	    "LoadState,ActiveState,SubState,UnitFileState,Result,ExecMainStatus,"
	    "ExecMainStartTimestamp" } },
	{ "journal.txt", NP_PIECE_RUN,
	  { "journalctl", "--no-pager", "--quiet", "-o", "short-iso", "-n", NP_LINES,
	    "-u", "netpolctl-sync.service", "-u", "netpol-restore.service" }, .gone = true },
};

const struct np_piece *np_piece_at(size_t index)
{
	return index < sizeof(np_pieces) / sizeof(np_pieces[0]) ? &np_pieces[index] : NULL;
}

void np_piece_describe(const struct np_piece *piece, struct np_buffer *out)
{
	static const char *const what[] = {
		[NP_PIECE_TOOL] = "netpolctl", [NP_PIECE_RUN] = "", [NP_PIECE_FILES] = "",
		[NP_PIECE_HOST] = "interfaces and routes as doctor sees them",
		[NP_PIECE_METRICS] = "metrics of the agent",
	};
	bool first = !*what[piece->source];
	size_t i;

	np_buffer_print(out, "%s", what[piece->source]);
	for (i = 0; piece->word[i]; i++) {
		np_buffer_print(out, "%s%s", first ? "" : " ",
				*piece->word[i] == '@' ? "PATH" : piece->word[i]);
		first = false;
	}
	if (piece->grep)
		np_buffer_print(out, ", lines with \"%s\"", piece->grep);
}

/* Keeps only lines with a text. */
static void np_piece_filter(struct np_buffer *data, const char *text)
{
	size_t len = strlen(text), at = 0, kept = 0, end;
	const char *newline;

	for (; at < data->len; at = end) {
		newline = memchr(data->data + at, '\n', data->len - at);
		end = newline ? (size_t)(newline - data->data) + 1 : data->len;
		if (!memmem(data->data + at, end - at, text, len))
			continue;
		memmove(data->data + kept, data->data + at, end - at);
		kept += end - at;
	}
	data->len = kept;
}

static void np_piece_run(const struct np_piece *piece, const struct np_piece_places *places,
			 struct np_gathered *got)
{
	const char *argv[sizeof(piece->word) / sizeof(piece->word[0]) + 1], *word;
	struct np_child child = {
		.argv = argv,
		.program = piece->source == NP_PIECE_TOOL ? "/proc/self/exe" : NULL,
		.max = piece->names ? NP_PIECE_NAMES_MAX : NP_PIECE_MAX,
		.timeout = places->timeout,
	};
	size_t count = 0, i;

	if (child.program)
		argv[count++] = "netpolctl";
	for (i = 0; piece->word[i]; i++) {
		word = piece->word[i];
		argv[count++] = strcmp(word, "@socket") ? word : places->socket;
	}
	argv[count] = NULL;
	np_child_run(&child);
	got->data = child.out;
	got->cut = child.cut;
	if (child.status && !(piece->fails && child.status == 1)) {
		/* An answer that broke off is none, and the tool's own errors say it better. */
		np_buffer_free(&got->data);
		got->none = child.program && child.status == NP_EXIT_MODULE;
		if (child.status < 0)
			snprintf(got->error, sizeof(got->error), "%s", child.error);
		else
			snprintf(got->error, sizeof(got->error), "exit status %d%s%s", child.status,
				 *child.error ? ": " : "", child.error);
	}
	if (piece->grep)
		np_piece_filter(&got->data, piece->grep);
}

/* Adds a file: on the line of its name if it is one line. */
static void np_piece_add_file(const char *path, struct np_gathered *got)
{
	struct np_buffer text = { 0 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool cut;

	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		return;
	}
	if (fd < 0) {
		np_buffer_print(&got->data, "%s: (%s)\n", path, strerror(errno));
		return;
	}
	errno = 0;
	cut = np_buffer_read(&text, fd, NP_PIECE_FILE_MAX);
	if (cut && errno != EFBIG)
		np_buffer_print(&got->data, "%s: (%s)\n", path, strerror(errno));
	else if (text.len && memchr(text.data, '\n', text.len - 1))
		np_buffer_print(&got->data, "%s:\n", path);
	else
		np_buffer_print(&got->data, "%s: ", path);
	if (text.len)
		np_buffer_add(&got->data, text.data, text.len);
	if (!text.len || text.data[text.len - 1] != '\n')
		np_buffer_add(&got->data, "\n", 1);
	got->cut = got->cut || (cut && errno == EFBIG);
	np_buffer_free(&text);
	close(fd);
}

static void np_piece_files(const struct np_piece *piece, struct np_gathered *got)
{
	glob_t found;
	size_t i, k;

	for (i = 0; piece->word[i]; i++) {
		if (glob(piece->word[i], 0, NULL, &found))
			continue;
		for (k = 0; k < found.gl_pathc && got->data.len < NP_PIECE_MAX; k++)
			np_piece_add_file(found.gl_pathv[k], got);
		globfree(&found);
	}
	if (!got->data.len)
		snprintf(got->error, sizeof(got->error), "no such file");
}

static void np_piece_host(const struct np_piece_places *places, struct np_gathered *got)
{
	static const char *const device[] = { "physical", "bridge", "tunnel", "pod" };
	static const char *const route[] = { "direct", "gateway", "own", "other" };
	char text[NP_CIDR_TEXT];
	struct np_error err = { 0 };
	struct np_host host;
	size_t i;

	np_host_init(&host);
	if (np_host_read(&host, places->timeout, &err)) {
		snprintf(got->error, sizeof(got->error), "%s", err.text);
		np_host_free(&host);
		return;
	}
	for (i = 0; i < host.device_count && got->data.len < NP_PIECE_MAX; i++)
		np_buffer_print(&got->data, "device %u %s %s master %u peer %u netns %d\n",
				host.device[i].ifindex, host.device[i].name,
				device[host.device[i].kind], host.device[i].master,
				host.device[i].peer, host.device[i].netns);
	for (i = 0; i < host.route_count && got->data.len < NP_PIECE_MAX; i++)
		np_buffer_print(&got->data, "route %s %s device %u priority %u table %u\n",
				np_cidr_text(&host.route[i].to, text), route[host.route[i].kind],
				host.route[i].ifindex, host.route[i].priority,
				host.route[i].table);
	for (i = 0; i < host.inside_count && got->data.len < NP_PIECE_MAX; i++)
		np_buffer_print(&got->data, "inside %s device %u\n",
				np_address_text(&host.inside[i].address, text),
				host.inside[i].ifindex);
	if (host.blind)
		np_buffer_print(&got->data, "other network namespaces cannot be looked into\n");
	got->cut = got->data.len >= NP_PIECE_MAX;
	np_host_free(&host);
}

static size_t np_piece_received(char *data, size_t size, size_t count, void *arg)
{
	struct np_gathered *got = arg;

	if (got->data.len + size * count > NP_PIECE_MAX) {
		got->cut = true;
		return 0;
	}
	np_buffer_add(&got->data, data, size * count);
	return size * count;
}

static void np_piece_metrics(const struct np_piece_places *places, struct np_gathered *got)
{
	CURL *curl = curl_easy_init();
	char url[512];
	CURLcode code;

	if (!curl) {
		snprintf(got->error, sizeof(got->error), "out of memory");
		return;
	}
	snprintf(url, sizeof(url), "http://%s/metrics", places->metrics);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)places->timeout);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, np_piece_received);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, got);
	code = curl_easy_perform(curl);
	if (code && !got->cut)
		snprintf(got->error, sizeof(got->error), "%s: %s", places->metrics,
			 curl_easy_strerror(code));
	curl_easy_cleanup(curl);
}

void np_piece_gather(const struct np_piece *piece, const struct np_piece_places *places,
		     struct np_gathered *got)
{
	memset(got, 0, sizeof(*got));
	switch (piece->source) {
	case NP_PIECE_TOOL:
	case NP_PIECE_RUN:
		np_piece_run(piece, places, got);
		break;
	case NP_PIECE_FILES:
		np_piece_files(piece, got);
		break;
	case NP_PIECE_HOST:
		np_piece_host(places, got);
		break;
	case NP_PIECE_METRICS:
		np_piece_metrics(places, got);
		break;
	}
	if (*got->error)
		np_buffer_free(&got->data);
}
