// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cached results of the container network interface.
 */
#include "node/cni.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cjson/cJSON.h>
#include <sys/stat.h>

#include "object/digest.h"
#include "object/validate.h"

const char *const np_cni_folders[] = {
	"/var/lib/cni/results", "/var/lib/cni/cache/results", NULL,
};

void np_cni_free(struct np_cni *cni)
{
	size_t i;

	for (i = 0; i < cni->count; i++) {
		free(cni->entry[i].namespace);
		free(cni->entry[i].name);
		free(cni->entry[i].uid);
	}
	free(cni->entry);
	memset(cni, 0, sizeof(*cni));
}

static const char *np_cni_text(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

/* Finds a value in cniArgs, which is a list of pairs. */
static const char *np_cni_arg(const cJSON *root, const char *key)
{
	const cJSON *pair, *first, *second;

	cJSON_ArrayForEach(pair, cJSON_GetObjectItemCaseSensitive(root, "cniArgs")) {
		if (!cJSON_IsArray(pair))
			continue;
		first = cJSON_GetArrayItem(pair, 0);
		second = cJSON_GetArrayItem(pair, 1);
		if (cJSON_IsString(first) && cJSON_IsString(second) &&
		    !strcmp(first->valuestring, key))
			return second->valuestring;
	}
	return "";
}

/* Adds an address that is written as "10.1.2.3/24". */
static void np_cni_address(struct np_cni_entry *entry, const char *text)
{
	size_t len = strcspn(text, "/");
	char buffer[NP_CIDR_TEXT];
	struct np_address address;

	if (len >= sizeof(buffer) || entry->address_count == NP_CNI_ADDRESSES)
		return;
	memcpy(buffer, text, len);
	buffer[len] = '\0';
	if (!np_address_parse(buffer, &address))
		entry->address[entry->address_count++] = address;
}

/*
 * True if an address is on the first interface of the sandbox. Kubernetes knows nothing of the
 * others.
 */
static bool np_cni_inside(const cJSON *interfaces, const cJSON *ip)
{
	const cJSON *index = cJSON_GetObjectItemCaseSensitive(ip, "interface"), *item;

	if (!cJSON_IsNumber(index))
		return true;
	item = cJSON_GetArrayItem(interfaces, index->valueint);
	return item && *np_cni_text(item, "sandbox");
}

bool np_cni_parse(struct np_cni *cni, const char *text, size_t len, int64_t time)
{
	const cJSON *result, *interfaces, *item;
	struct np_cni_entry entry = { .time = time };
	const char *name, *namespace, *device;
	cJSON *root;

	root = cJSON_ParseWithLength(text, len);
	namespace = np_cni_arg(root, "K8S_POD_NAMESPACE");
	name = np_cni_arg(root, "K8S_POD_NAME");
	result = cJSON_GetObjectItemCaseSensitive(root, "result");
	interfaces = cJSON_GetObjectItemCaseSensitive(result, "interfaces");
	if (!*namespace || !*name || strcmp(np_cni_text(root, "ifName"), "eth0") ||
	    cni->count == NP_CNI_ENTRIES_MAX)
		goto out;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(result, "ips"))
		if (np_cni_inside(interfaces, item))
			np_cni_address(&entry, np_cni_text(item, "address"));
	cJSON_ArrayForEach(item, interfaces) {
		device = np_cni_text(item, "name");
		if (*np_cni_text(item, "sandbox") || !*device || strlen(device) >= IFNAMSIZ ||
		    entry.interface_count == 4)
			continue;
		strcpy(entry.interface[entry.interface_count++], device);
	}
	if (!entry.address_count)
		goto out;
	entry.namespace = strdup(namespace);
	entry.name = strdup(name);
	entry.uid = strdup(np_cni_arg(root, "K8S_POD_UID"));
	cni->entry = np_array_grow(cni->entry, cni->count, sizeof(*cni->entry));
	cni->entry[cni->count++] = entry;
	cJSON_Delete(root);
	return true;
out:
	cJSON_Delete(root);
	return false;
}

static void np_cni_file(struct np_cni *cni, int folder, const char *name, char *buffer)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t got = 0;
	size_t len = 0;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= NP_CNI_FILE_MAX)
		while (len < NP_CNI_FILE_MAX &&
		       (got = read(fd, buffer + len, NP_CNI_FILE_MAX - len)) > 0)
			len += got;
	close(fd);
	if (!len || got < 0 ||
	    !np_cni_parse(cni, buffer, len, (int64_t)st.st_mtim.tv_sec * 1000000000 +
			  st.st_mtim.tv_nsec))
		cni->unreadable++;
}

void np_cni_read(struct np_cni *cni, const char *const *folders)
{
	struct dirent *entry;
	char *buffer = NULL;
	DIR *folder;

	np_cni_free(cni);
	for (; *folders; folders++) {
		folder = opendir(*folders);
		if (!folder)
			continue;
		if (!buffer)
			buffer = np_xmalloc(NP_CNI_FILE_MAX);
		while ((entry = readdir(folder)))
			if (*entry->d_name != '.')
				np_cni_file(cni, dirfd(folder), entry->d_name, buffer);
		closedir(folder);
	}
	free(buffer);
}

const struct np_cni_entry *np_cni_find(const struct np_cni *cni, const char *namespace,
				       const char *name, const uint8_t *uid)
{
	uint8_t bytes[NETPOL_UID_LEN];
	const struct np_cni_entry *best = NULL, *entry;
	size_t i;

	for (i = 0; i < cni->count; i++) {
		entry = &cni->entry[i];
		if (strcmp(entry->name, name) || strcmp(entry->namespace, namespace) ||
		    !*entry->uid)
			continue;
		np_uid_bytes(entry->uid, bytes);
		if (memcmp(bytes, uid, sizeof(bytes)))
			continue;
		if (!best || entry->time > best->time)
			best = entry;
	}
	return best;
}
