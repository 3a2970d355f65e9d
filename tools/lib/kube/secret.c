// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads, decodes and wipes secrets.
 */
#include "kube/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/buffer.h"

void np_secret_free(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

char *np_secret_read(const char *path, size_t max, size_t *len)
{
	struct np_buffer contents = { .secret = true };
	int fd, ret, saved;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	ret = np_buffer_read(&contents, fd, max);
	saved = errno;
	close(fd);
	if (ret) {
		np_buffer_free(&contents);
		errno = saved;
		return NULL;
	}
	*len = contents.len;
	return contents.data;
}

char *np_base64_decode(const char *text, size_t *len)
{
	size_t have = 0, i;
	char *packed = np_xmalloc(strlen(text) + 1);
	char *data = NULL;
	int n;

	/* Line breaks are removed. The rest must be of the alphabet, with = only at the end. */
	for (i = 0; text[i]; i++)
		if (text[i] != '\n' && text[i] != '\r')
			packed[have++] = text[i];
	packed[have] = 0;
	i = strspn(packed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	if (!have || have % 4 || have - i > 2 || have > INT32_MAX / 2 ||
	    strspn(packed + i, "=") != have - i)
		goto out;
	data = np_xmalloc(have / 4 * 3 + 1);
	n = EVP_DecodeBlock((unsigned char *)data, (unsigned char *)packed,
			    (int)have);
	if (n < 0) {
		free(data);
		data = NULL;
		goto out;
	}
	*len = n - (have - i);
	data[*len] = 0;
out:
	OPENSSL_cleanse(packed, have);
	free(packed);
	return data;
}
