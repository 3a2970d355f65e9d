// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl sync status
 */
#include "sync.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "common.h"

#define NP_STATUS_MAX	(16 * 1024 * 1024)

/* Returns the agent's answer, which the caller frees, or NULL with *err filled. */
static char *np_status_read(const char *path, struct np_error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct np_buffer answer = { 0 };

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		np_error_set(err, errno == EACCES ? NP_EXIT_PERMISSION : NP_EXIT_MODULE,
			     "no agent answers at %s: %s", path, strerror(errno));
		np_error_hint(err, "systemctl status netpolctl-sync; --socket takes another path");
		goto fail;
	}
	/* If this fails, what was read is not JSON, and the caller says so. */
	np_buffer_read(&answer, fd, NP_STATUS_MAX);
fail:
	if (fd >= 0)
		close(fd);
	return answer.data;
}

const char *np_sync_status_text(const cJSON *object, const char *key, const char *otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : otherwise;
}

double np_number_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void np_status_line(const char *title, const char *text)
{
	printf("%-12s", title);
	np_print_escaped(stdout, text);
	putchar('\n');
}

static void np_status_kind(const cJSON *kind)
{
	const cJSON *age = cJSON_GetObjectItemCaseSensitive(kind, "lastEventAgeSeconds");
	bool synced = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(kind, "synced"));
	bool connected = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(kind, "connected"));
	bool absent = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(kind, "absent"));

	if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(kind, "needed"))) {
		printf("%-22s  not followed, as no policy needs it\n",
		       np_sync_status_text(kind, "kind", "?"));
		return;
	}
	printf("%-22s  %s%s, %s, %.0f events, %.0f malformed, %.0f refused",
	       np_sync_status_text(kind, "kind", "?"), synced ? "synced" : "not synced",
	       absent ? " (the API server does not have the kind)" : "",
	       connected ? "connected" : "not connected", np_number_of(kind, "events"),
	       np_number_of(kind, "malformed"), np_number_of(kind, "refused"));
	if (cJSON_IsNumber(age))
		printf(", last event %.0f s ago", age->valuedouble);
	if (*np_sync_status_text(kind, "error", "")) {
		fputs(": ", stdout);
		np_print_escaped(stdout, np_sync_status_text(kind, "error", ""));
	}
	putchar('\n');
}

static void np_status_trouble(const cJSON *trouble)
{
	const char *namespace = np_sync_status_text(trouble, "namespace", "");

	printf("%-12s%s ", np_sync_status_text(trouble, "state", "?"),
	       np_sync_status_text(trouble, "object", "?"));
	np_print_escaped(stdout, namespace);
	if (*namespace)
		putchar('/');
	np_print_escaped(stdout, np_sync_status_text(trouble, "name", "?"));
	fputs(": ", stdout);
	np_print_escaped(stdout, np_sync_status_text(trouble, "reason", "?"));
	putchar('\n');
}

static void np_status_unguarded_line(const cJSON *root)
{
	double count = np_number_of(root, "localPodsUnguarded");

	if (!count)
		return;
	printf("%-12sno guard covers %.0f local pods (", "warning", count);
	np_print_escaped(stdout, np_sync_status_text(root, "unguardedPod", "?"));
	puts("): such a pod is open before it is loaded; --guard-interface and --guard-prefix "
	     "set guards");
}

static void np_status_not_enforced(const cJSON *kind)
{
	bool present = !strcmp(np_sync_status_text(kind, "state", ""), "present");

	printf("%-12sthe cluster %s kind %s (%s.%s), which netpol does not enforce%s\n", "warning",
	       present ? "has objects of" : "knows", np_sync_status_text(kind, "kind", "?"),
	       np_sync_status_text(kind, "resource", "?"), np_sync_status_text(kind, "group", "?"),
	       present ? "" : "; whether it has any may not be listed");
}

static void np_sync_status_table(const cJSON *root, bool ready)
{
	const cJSON *item, *warning;

	np_status_line("node", np_sync_status_text(root, "node", "?"));
	item = cJSON_GetObjectItemCaseSensitive(root, "server");
	if (item)
		np_status_line("server", np_sync_status_text(item, "url", "?"));
	np_status_line("ready", ready ? "yes" : np_sync_status_text(root, "waitingFor", "no"));
	printf("generation  %.0f; %.0f full commits, %.0f deltas, %.0f failed commits, "
	       "%.0f changes pending\n", np_number_of(root, "generation"),
	       np_number_of(root, "commitsFull"), np_number_of(root, "commitsDelta"),
	       np_number_of(root, "commitFailures"), np_number_of(root, "changesWaiting"));
	printf("objects     %.0f namespaces, %.0f pods, %.0f of them local (%.0f not "
	       "loaded), %.0f policies, %.0f cluster-wide\n",
	       np_number_of(root, "namespaces"), np_number_of(root, "pods"),
	       np_number_of(root, "localPods"), np_number_of(root, "localPodsClosed"),
	       np_number_of(root, "policies"), np_number_of(root, "clusterPolicies"));
	if (np_number_of(root, "policiesObserved"))
		printf("observed    %.0f policies, which their annotations or those of their "
		       "Namespaces ask for\n", np_number_of(root, "policiesObserved"));
	if (np_number_of(root, "podsWithoutRoom"))
		printf("no room     %.0f local pods are closed; see 'netpolctl status'\n",
		       np_number_of(root, "podsWithoutRoom"));
	printf("compared    %.0f times, %.0f repairs\n", np_number_of(root, "audits"),
	       np_number_of(root, "repairs"));
	printf("snapshots   %.0f written, %.0f failed\n", np_number_of(root, "snapshots"),
	       np_number_of(root, "snapshotFailures"));
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "kinds")) {
		np_status_kind(item);
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "troubles")) {
		np_status_trouble(item);
	}
	np_status_unguarded_line(root);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "notEnforced")) {
		np_status_not_enforced(item);
	}
	item = cJSON_GetObjectItemCaseSensitive(root, "server");
	cJSON_ArrayForEach(warning, cJSON_GetObjectItemCaseSensitive(item, "warnings")) {
		np_status_line("warning", cJSON_IsString(warning) ? warning->valuestring : "?");
	}
}

struct cJSON *np_sync_status_fetch(const char *path, char **text, struct np_error *err)
{
	char *answer = np_status_read(path, err);
	cJSON *root;

	if (!answer)
		return NULL;
	root = cJSON_Parse(answer);
	if (!cJSON_IsObject(root)) {
		np_error_set(err, NP_EXIT_KERNEL, "the answer of the agent at %s is not complete",
			     path);
		cJSON_Delete(root);
		root = NULL;
	}
	if (root && text)
		*text = answer;
	else
		free(answer);
	return root;
}

int np_sync_status(const char *path)
{
	struct np_error err = { 0 };
	char *text;
	cJSON *root;
	bool ready;

	root = np_sync_status_fetch(path, &text, &err);
	if (!root)
		return np_report(&err);
	ready = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ready"));
	if (np_common.format == NP_FORMAT_JSON)
		fputs(text, stdout);
	else
		np_sync_status_table(root, ready);
	cJSON_Delete(root);
	free(text);
	return ready ? NP_EXIT_OK : NP_EXIT_NEGATIVE;
}
