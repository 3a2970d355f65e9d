// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes and reads snapshot files. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* fopencookie(), memrchr() */
#endif
#include "netlink/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cjson/cJSON.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/output.h"
#include "object/load.h"
#include "object/settings.h"
#include "object/write.h"

#define NP_SNAPSHOT_MAX	(1024 * 1024 * 1024)

uint64_t np_crc64(uint64_t crc, const void *data, size_t len)
{
	static uint64_t table[256];
	const uint8_t *byte = data;
	unsigned int i, bit;
	uint64_t value;

	for (i = 0; !table[255] && i < 256; i++) {
		for (bit = 0, value = i; bit < 8; bit++)
			value = value & 1 ? value >> 1 ^ 0xc96c5795d7870f42ULL : value >> 1;
		table[i] = value;
	}
	crc = ~crc;
	while (len--)
		crc = table[(uint8_t)(crc ^ *byte++)] ^ crc >> 8;
	return ~crc;
}

void np_boot_id(char id[NETPOL_BOOT_ID_MAX + 1])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, id, NETPOL_BOOT_ID_MAX);

	if (fd >= 0)
		close(fd);
	id[len > 0 ? len : 0] = '\0';
}

/* Keeps a checksum of everything that is written. */
static ssize_t np_summed_write(void *cookie, const char *data, size_t len)
{
	struct np_snapshot_output *out = cookie;
	size_t done = 0;
	ssize_t ret;

	out->crc = np_crc64(out->crc, data, len);
	while (done < len) {
		ret = write(out->fd, data + done, len - done);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			return 0;
		done += ret;
	}
	return (ssize_t)len;
}

static void np_save_head(struct np_writer *w, const struct np_info *info,
			 const struct np_snapshot_version *versions)
{
	char boot[NETPOL_BOOT_ID_MAX + 1], when[32];
	time_t now = time(NULL);
	struct tm tm;

	np_boot_id(boot);
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	np_write_top(w, "Snapshot");
	np_write_number(w, "formatVersion", NP_SNAPSHOT_FORMAT);
	np_write_string(w, "moduleVersion", info->version);
	np_write_number(w, "abi", NETPOL_ABI_MAX);
	np_write_string(w, "bootId", *info->boot_id ? info->boot_id : boot);
	np_write_number(w, "generation", info->generation);
	np_write_string(w, "time", when);
	if (versions) {
		np_write_object(w, "resourceVersions");
		for (; versions->kind; versions++)
			np_write_string(w, versions->kind, versions->version);
		np_write_end(w);
	}
	np_write_end(w);
}

/* A pod and its index in the state. */
struct np_save_pod {
	const struct np_pod *pod;
	size_t index;
	bool conflict;
};

static int np_save_order(const void *a, const void *b)
{
	const struct np_save_pod *left = a, *right = b;
	int order;

	if (left->conflict != right->conflict)
		return left->conflict ? -1 : 1;
	order = strcmp(left->pod->namespace, right->pod->namespace);
	if (!order)
		order = strcmp(left->pod->name, right->pod->name);
	return order ? order : left->index < right->index ? -1 : left->index > right->index;
}

/*
 * Of two running pods that claim an address the kernel takes the later, and a dump tells
 * only who lost: those come first, so that the same pods own their addresses again.
 */
static struct np_save_pod *np_save_pods(const struct np_state *state)
{
	const struct np_objects *objs = &state->objects;
	struct np_save_pod *pod = np_xcalloc(objs->pod_count + 1, sizeof(*pod));
	size_t i;

	for (i = 0; i < objs->pod_count; i++)
		pod[i] = (struct np_save_pod) {
			.pod = &objs->pods[i],
			.index = i,
			.conflict = state->pod[i].flags & NETPOL_OBJECT_F_CONFLICT,
		};
	qsort(pod, objs->pod_count, sizeof(*pod), np_save_order);
	return pod;
}

/* Origins are restored in order too: those that have losers come first. */
static bool np_save_loses(const struct np_state *state, const char *origin)
{
	size_t i;

	for (i = 0; i < state->objects.pod_count; i++)
		if (state->pod[i].flags & NETPOL_OBJECT_F_CONFLICT &&
		    !strcmp(state->pod[i].origin, origin))
			return true;
	return false;
}

/* The same with its origins in the order in which they are to be restored. */
static void np_save_order_origins(struct np_info *to, const struct np_info *info,
				  const struct np_state *state)
{
	size_t i;
	int turn;

	*to = *info;
	to->origin = np_xcalloc(info->origin_count, sizeof(*to->origin));
	to->origin_count = 0;
	for (turn = 0; turn < 2; turn++)
		for (i = 0; i < info->origin_count; i++)
			if (np_save_loses(state, info->origin[i].name) != turn)
				to->origin[to->origin_count++] = info->origin[i];
}

static int np_save_failed(const char *path, int error, struct np_error *err)
{
	return np_error_set(err, error == EACCES || error == EPERM || error == EROFS ?
			    NP_EXIT_PERMISSION : NP_EXIT_INPUT, "%s: %s", path,
			    strerror(error ? error : EIO));
}

/* "FOLDER/.NAME.", and then end, for a file that is written before it is called path. */
static bool np_save_temporary(const char *path, const char *end, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path) : 1;

	return snprintf(name, size, "%.*s/.%s.%s", dir_len, slash ? path : ".",
			slash ? slash + 1 : path, end) < (int)size;
}

void np_snapshot_sweep(const char *path)
{
	char pattern[PATH_MAX];
	struct stat st;
	glob_t found;
	size_t i;

	if (!np_save_temporary(path, "??????", pattern, sizeof(pattern)) ||
	    glob(pattern, GLOB_NOSORT, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++)
		if (!lstat(found.gl_pathv[i], &st) && S_ISREG(st.st_mode) &&
		    st.st_mtime < time(NULL) - 3600)
			unlink(found.gl_pathv[i]);
	globfree(&found);
}

static int np_save_open(struct np_snapshot_output *out, struct np_error *err)
{
	const char *path = out->path;

	if (!strcmp(path, "-")) {
		out->fd = STDOUT_FILENO;
		return 0;
	}
	if (!np_save_temporary(path, "XXXXXX", out->temp, sizeof(out->temp)))
		return np_save_failed(path, ENAMETOOLONG, err);
	out->fd = mkostemp(out->temp, O_CLOEXEC);
	return out->fd < 0 ? np_save_failed(path, errno, err) : 0;
}

int np_snapshot_begin(struct np_snapshot_output *out, const char *path,
		      const struct np_info *info, const struct np_settings *set,
		      const struct np_snapshot_version *versions, struct np_error *err)
{
	cookie_io_functions_t io = { .write = np_summed_write };
	size_t i;

	out->path = path;
	out->temp[0] = '\0';
	out->crc = 0;
	if (np_save_open(out, err))
		return -1;
	out->file = fopencookie(out, "w", io);
	if (!out->file) {
		np_save_failed(path, errno, err);
		if (*out->temp) {
			close(out->fd);
			unlink(out->temp);
		}
		return -1;
	}
	setvbuf(out->file, NULL, _IOFBF, 65536);
	np_writer_init(&out->w, out->file, NP_FORMAT_JSONL);
	np_save_head(&out->w, info, versions);
	np_write_object(&out->w, NULL);
	np_settings_write(&out->w, "settings", set);
	np_write_end(&out->w);
	for (i = 0; i < info->origin_count; i++) {
		np_write_object(&out->w, NULL);
		np_write_string(&out->w, "origin", info->origin[i].name);
		np_write_number(&out->w, "generation", info->origin[i].generation);
		np_write_end(&out->w);
	}
	return 0;
}

void np_snapshot_namespace(struct np_snapshot_output *out, const struct np_namespace *ns,
			   const struct np_namespace_state *state)
{
	np_write_object(&out->w, NULL);
	np_write_string(&out->w, "origin", state->origin);
	np_manifest_namespace(&out->w, "object", ns, state);
	np_write_end(&out->w);
}

void np_snapshot_pod(struct np_snapshot_output *out, const struct np_pod *pod,
		     const struct np_pod_state *state)
{
	np_write_object(&out->w, NULL);
	np_write_string(&out->w, "origin", state->origin);
	if (state->place.local) {
		np_write_bool(&out->w, "local", true);
		np_write_number(&out->w, "ifindex", state->place.ifindex);
	}
	np_manifest_pod(&out->w, "object", pod, state);
	np_write_end(&out->w);
}

void np_snapshot_policy(struct np_snapshot_output *out, const struct np_policy *policy,
			const struct np_policy_state *state)
{
	np_write_object(&out->w, NULL);
	np_write_string(&out->w, "origin", state->origin);
	np_manifest_policy(&out->w, "object", policy, state);
	np_write_end(&out->w);
}

/* The folder must be written to the disk as well, because it holds the new name. */
static void np_save_sync_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	int dir;

	snprintf(folder, sizeof(folder), "%.*s",
		 slash && slash > path ? (int)(slash - path) : 1, slash ? path : ".");
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	fsync(dir);
	close(dir);
}

int np_snapshot_end(struct np_snapshot_output *out, bool failed, struct np_error *err)
{
	int error = 0;

	errno = 0;
	if (fflush(out->file))
		error = errno ? errno : EIO;
	fprintf(out->file, "{\"checksum\":\"crc64:%016llx\"}\n",
		(unsigned long long)out->crc);
	if (ferror(out->file) && !error)
		error = EIO;
	if (fclose(out->file) && !error)
		error = errno ? errno : EIO;
	if (!*out->temp)
		return error ? np_save_failed("standard output", error, err) : 0;
	if (!error && !failed && (fsync(out->fd) || rename(out->temp, out->path)))
		error = errno;
	close(out->fd);
	if (error || failed)
		unlink(out->temp);
	else
		np_save_sync_name(out->path);
	return error ? np_save_failed(out->path, error, err) : 0;
}

int np_snapshot_write(const char *path, const struct np_info *info,
		      const struct np_settings *set, const struct np_state *state,
		      size_t *skipped, struct np_error *err)
{
	const struct np_objects *objs = &state->objects;
	struct np_snapshot_output out;
	struct np_save_pod *pod;
	struct np_info ordered;
	size_t i;
	int ret;

	*skipped = 0;
	np_save_order_origins(&ordered, info, state);
	ret = np_snapshot_begin(&out, path, &ordered, set, NULL, err);
	free(ordered.origin);
	if (ret)
		return -1;
	for (i = 0; i < objs->namespace_count; i++)
		np_snapshot_namespace(&out, &objs->namespaces[i], &state->namespace[i]);
	pod = np_save_pods(state);
	for (i = 0; i < objs->pod_count; i++) {
		if (state->pod[pod[i].index].flags & NETPOL_OBJECT_F_GONE)
			++*skipped;
		else
			np_snapshot_pod(&out, pod[i].pod, &state->pod[pod[i].index]);
	}
	free(pod);
	for (i = 0; i < objs->policy_count; i++)
		np_snapshot_policy(&out, &objs->policies[i], &state->policy[i]);
	return np_snapshot_end(&out, false, err);
}

static int np_damaged(const char *name, struct np_error *err, size_t line, const char *why)
{
	np_error_set(err, NP_EXIT_INPUT, "the snapshot is damaged: %s", why);
	np_error_place(err, name, (uint32_t)line, 1);
	np_error_hint(err, "an older snapshot or 'netpolctl apply' helps");
	return -1;
}

static void np_json_text(const cJSON *json, const char *key, char *to, size_t size)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, key);

	snprintf(to, size, "%s", cJSON_IsString(value) ? value->valuestring : "");
}

static uint64_t np_json_number(const cJSON *json, const char *key)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, key);

	if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0) || value->valuedouble > 1e18)
		return 0;
	return (uint64_t)value->valuedouble;
}

static int np_parse_head(const char *name, const cJSON *json, struct np_snapshot *snap,
			 struct np_error *err)
{
	char kind[16];

	np_json_text(json, "kind", kind, sizeof(kind));
	snap->format = (uint32_t)np_json_number(json, "formatVersion");
	if (strcmp(kind, "Snapshot") || !snap->format) {
		np_error_set(err, NP_EXIT_INPUT, "this is no snapshot of netpolctl");
		np_error_place(err, name, 0, 0);
		np_error_hint(err, "'netpolctl apply -f' takes Kubernetes manifests");
		return -1;
	}
	np_json_text(json, "moduleVersion", snap->module, sizeof(snap->module));
	np_json_text(json, "bootId", snap->boot_id, sizeof(snap->boot_id));
	np_json_text(json, "time", snap->time, sizeof(snap->time));
	snap->generation = np_json_number(json, "generation");
	if (snap->format <= NP_SNAPSHOT_FORMAT)
		return 0;
	np_error_set(err, NP_EXIT_INPUT, "the snapshot has format %u, this tool knows up to %u",
		     snap->format, NP_SNAPSHOT_FORMAT);
	np_error_place(err, name, 0, 0);
	np_error_hint(err, "it was written by a newer netpolctl; use that one");
	return -1;
}

static struct np_snapshot_origin *np_snapshot_origin(struct np_snapshot *snap, const char *name)
{
	struct np_snapshot_origin *origin;
	size_t i;

	for (i = 0; i < snap->origin_count; i++)
		if (!strcmp(snap->origin[i].name, name))
			return &snap->origin[i];
	snap->origin = np_array_grow(snap->origin, snap->origin_count, sizeof(*origin));
	origin = &snap->origin[snap->origin_count++];
	memset(origin, 0, sizeof(*origin));
	snprintf(origin->name, sizeof(origin->name), "%s", name);
	np_objects_init(&origin->objects);
	return origin;
}

static int np_parse_object(const char *name, const cJSON *head, const char *object, size_t len,
			   struct np_snapshot *snap, struct np_snapshot_origin *origin,
			   struct np_error *err)
{
	const struct np_load_options lenient = { .lenient = true, .own = true };
	bool local = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(head, "local"));
	size_t pods = origin->objects.pod_count;

	if (local && !snap->same_boot) {
		snap->left_out++;
		return 0;
	}
	if (np_load_buffer(&origin->objects, name, object, len, &lenient, err))
		return -1;
	if (origin->objects.pod_count > pods + 1)
		return np_error_set(err, NP_EXIT_INPUT, "a line of the snapshot has two pods");
	if (origin->objects.pod_count == pods)
		return 0;
	origin->place = np_array_grow(origin->place, pods, sizeof(*origin->place));
	origin->place[pods].local = local;
	origin->place[pods].ifindex = (uint32_t)np_json_number(head, "ifindex");
	return 0;
}

/*
 * The object of a line is its last member, so it is cut out as text instead of being
 * parsed twice. No string can hold the mark, since its quotes would be escaped.
 */
static int np_parse_line(const char *name, size_t number, char *line, size_t len,
			 struct np_snapshot *snap, struct np_error *err)
{
	static const char mark[] = ",\"object\":";
	char *object = memmem(line, len, mark, sizeof(mark) - 1), text[32];
	size_t head_len = object ? (size_t)(object - line) : len;
	const cJSON *settings;
	cJSON *head;
	int ret = 0;

	if (object) {
		if (line[len - 1] != '}')
			return np_damaged(name, err, number, "an object has no end");
		*object = '}';
		head_len++;
		object += sizeof(mark) - 1;
	}
	head = cJSON_ParseWithLength(line, head_len);
	settings = cJSON_GetObjectItemCaseSensitive(head, "settings");
	np_json_text(head, "origin", text, sizeof(text));
	if (!cJSON_IsObject(head))
		ret = np_damaged(name, err, number, "a line is not JSON");
	else if (settings)
		ret = np_settings_read_json(settings, &snap->settings, err);
	else if (!*text || strlen(text) > NETPOL_ORIGIN_MAX)
		ret = np_damaged(name, err, number, "a line names no origin");
	else if (!object)
		np_snapshot_origin(snap, text);
	else
		ret = np_parse_object(name, head, object, line + len - 1 - object, snap,
				      np_snapshot_origin(snap, text), err);
	if (ret && settings)
		err->exit = NP_EXIT_INPUT;
	if (ret && (!err->line || object))
		np_error_place(err, name, (uint32_t)number, 1);
	cJSON_Delete(head);
	return ret;
}

/* The last line holds the checksum of all before it; gives the length without it. */
static int np_check_sum(const char *name, const char *data, size_t *len, struct np_error *err)
{
	char want[64];
	const char *last;

	if (!*len || data[*len - 1] != '\n')
		return np_damaged(name, err, 0, "it is cut short");
	last = memrchr(data, '\n', *len - 1);
	last = last ? last + 1 : data;
	snprintf(want, sizeof(want), "{\"checksum\":\"crc64:%016llx\"}\n",
		 (unsigned long long)np_crc64(0, data, last - data));
	if (strncmp(last, "{\"checksum\":", 12))
		return np_damaged(name, err, 0, "it is cut short, the checksum is missing");
	if (strlen(want) != *len - (last - data) || memcmp(last, want, strlen(want)))
		return np_damaged(name, err, 0, "the checksum does not match");
	*len = last - data;
	return 0;
}

int np_snapshot_parse(const char *name, char *data, size_t len, const char *boot_id,
		      struct np_snapshot *snap, struct np_error *err)
{
	char *line = data, *end = memchr(data, '\n', len);
	size_t number = 1;
	cJSON *head;
	int ret;

	memset(snap, 0, sizeof(*snap));
	head = cJSON_ParseWithLength(data, end ? (size_t)(end - data) : len);
	ret = np_parse_head(name, head, snap, err);
	cJSON_Delete(head);
	if (ret || np_check_sum(name, data, &len, err))
		return -1;
	snap->same_boot = boot_id && *boot_id && !strcmp(boot_id, snap->boot_id);
	for (line = end + 1; line < data + len; line = end + 1) {
		number++;
		end = memchr(line, '\n', data + len - line);
		if (np_parse_line(name, number, line, end - line, snap, err))
			return -1;
	}
	return 0;
}

static char *np_read_all(const char *path, size_t *len, struct np_error *err)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	struct np_buffer file = { 0 };

	if (fd < 0) {
		np_save_failed(path, errno, err);
		return NULL;
	}
	if (np_buffer_read(&file, fd, NP_SNAPSHOT_MAX)) {
		np_save_failed(path, errno, err);
		np_buffer_free(&file);
	}
	if (fd != STDIN_FILENO)
		close(fd);
	*len = file.len;
	return file.data;
}

int np_snapshot_read(const char *path, const char *boot_id, struct np_snapshot *snap,
		     struct np_error *err)
{
	size_t len;
	char *data;
	int ret;

	memset(snap, 0, sizeof(*snap));
	data = np_read_all(path, &len, err);
	if (!data)
		return -1;
	ret = np_snapshot_parse(path, data, len, boot_id, snap, err);
	free(data);
	return ret;
}

void np_snapshot_free(struct np_snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->origin_count; i++) {
		np_objects_free(&snap->origin[i].objects);
		free(snap->origin[i].place);
	}
	free(snap->origin);
	np_settings_free(&snap->settings);
	memset(snap, 0, sizeof(*snap));
}

void np_snapshot_resource_version(const char *path, const char *kind, char *version,
				  size_t size)
{
	const cJSON *versions;
	char *line = NULL;
	size_t room = 0;
	cJSON *head;
	FILE *file;

	*version = '\0';
	file = fopen(path, "re");
	if (!file)
		return;
	if (getline(&line, &room, file) > 0) {
		head = cJSON_Parse(line);
		versions = cJSON_GetObjectItemCaseSensitive(head, "resourceVersions");
		np_json_text(versions, kind, version, size);
		cJSON_Delete(head);
	}
	free(line);
	fclose(file);
}
