// SPDX-License-Identifier: GPL-2.0-or-later
#include "../e2e/e2e.h"

#include <netdb.h>
#include <curl/curl.h>

#include "api.h"
#include "kind.h"
#include "object/load.h"

struct answer {
	char *text;
	size_t size;
};

static CURL *curl;
static struct curl_slist *json_headers, *patch_headers;
static char base[256];
static struct answer answer;
static enum api_cluster cluster;

static size_t take(char *data, size_t one, size_t count, void *context)
{
	struct answer *a = context;

	a->text = need(realloc(a->text, a->size + one * count + 1));
	memcpy(a->text + a->size, data, one * count);
	a->size += one * count;
	a->text[a->size] = '\0';
	return one * count;
}

void api_begin(const char *url, const char *ca_file, const char *token)
{
	char line[256];

	snprintf(base, sizeof(base), "%s", url);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = need(curl_easy_init());
	snprintf(line, sizeof(line), "Authorization: Bearer %s", token);
	json_headers = curl_slist_append(NULL, line);
	json_headers = curl_slist_append(json_headers, "Content-Type: application/json");
	patch_headers = curl_slist_append(NULL, line);
	patch_headers = curl_slist_append(patch_headers,
					  "Content-Type: application/merge-patch+json");
	need(json_headers);
	need(patch_headers);
	curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
}

long api_try(const char *method, const char *path, cJSON *body)
{
	char url[1024], *text = body ? need(cJSON_PrintUnformatted(body)) : NULL;
	long status = 0;
	CURLcode rc;

	answer.size = 0;
	snprintf(url, sizeof(url), "%s%s", base, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER,
			 strcmp(method, "PATCH") ? json_headers : patch_headers);
	if (text) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
	} else {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	}
	rc = curl_easy_perform(curl);
	if (!rc)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	else
		fprintf(stderr, "# %s %s: %s\n", method, path, curl_easy_strerror(rc));
	free(text);
	cJSON_Delete(body);
	return status;
}

void api(const char *method, const char *path, cJSON *body)
{
	long status = api_try(method, path, body);

	errno = 0;
	if (status < 200 || status > 299)
		die("%s %s: status %ld: %s", method, path, status,
		    answer.size ? answer.text : "no answer");
}

bool api_says(const char *path, const char *text)
{
	api("GET", path, NULL);
	return memmem(answer.text, answer.size, text, strlen(text));
}

const char *api_version(void)
{
	static char version[64];
	cJSON *root = cJSON_ParseWithLength(answer.text, answer.size), *meta, *item;

	meta = cJSON_GetObjectItemCaseSensitive(root, "metadata");
	item = cJSON_GetObjectItemCaseSensitive(meta, "resourceVersion");
	errno = 0;
	if (!cJSON_IsString(item) || strlen(item->valuestring) >= sizeof(version))
		die("an answer without a resourceVersion: %s", answer.size ? answer.text : "");
	strcpy(version, item->valuestring);
	cJSON_Delete(root);
	return version;
}

void api_cluster(enum api_cluster which)
{
	cluster = which;
}

static void load_one(struct np_objects *objects, const char *path, const char *text, size_t size)
{
	const struct np_load_options lenient = { .lenient = true };
	struct np_error err;

	if (!np_load_buffer(objects, path, text, size, &lenient, &err))
		return;
	np_error_print(stderr, &err);
	errno = 0;
	die("%s can't be read", path);
}

void api_load(struct np_objects *objects)
{
	static const char *const path[] = {
		"/api/v1/namespaces", "/api/v1/pods",
		"/apis/networking.k8s.io/v1/networkpolicies",
	};
	static struct answer kept;
	unsigned int i;

	np_objects_reset(objects);
	for (i = 0; i < 3; i++) {
		api("GET", path[i], NULL);
		load_one(objects, path[i], answer.text, answer.size);
	}
	if (cluster == API_CLUSTER_NONE)
		return;
	if (cluster == API_CLUSTER_THERE) {
		api("GET", KIND_PATH, NULL);
		kept.text = need(realloc(kept.text, answer.size + 1));
		memcpy(kept.text, answer.text, answer.size + 1);
		kept.size = answer.size;
	}
	load_one(objects, KIND_PATH, kept.text, kept.size);
}

const char *api_control(const char *host, unsigned int port, const char *what)
{
	static char line[256];
	struct address addr;
	size_t size = 0;
	ssize_t n;
	int fd;

	address_parse(&addr, host, port);
	fd = socket(addr.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, &addr.sa, addr.len))
		die("the control port %u", port);
	if (dprintf(fd, "%s\n", what) < 0)
		die("the control port");
	while (size < sizeof(line) - 1) {
		n = read(fd, line + size, sizeof(line) - 1 - size);
		if (n <= 0)
			break;
		size += (size_t)n;
	}
	close(fd);
	line[size] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	errno = 0;
	if (!size || !strncmp(line, "error", 5))
		die("control: %s: %s", what, size ? line : "no answer");
	return line;
}
