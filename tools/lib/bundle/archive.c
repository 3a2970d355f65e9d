// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes an archive of files: tar, in the form that POSIX calls ustar, compressed by gzip. */
#include "bundle/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define NP_TAR_BLOCK	512u

/* The header of a file, as POSIX has it. Numbers are octal digits. */
struct np_tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char rest[12];
};

static int np_archive_failed(const struct np_archive *archive, int error, struct np_error *err)
{
	np_error_set(err, NP_EXIT_INPUT, "cannot write: %s", strerror(error));
	np_error_place(err, archive->path, 0, 0);
	return -1;
}

/*
 * Looks at what is at the path. Only a regular file may be replaced: a device, a pipe or a link
 * would be lost, and others would miss it. Returns 0 if the path is free, or has a file and force
 * is set.
 */
static int np_archive_look(const struct np_archive *archive, bool force, struct np_error *err)
{
	struct stat st;

	if (lstat(archive->path, &st))
		return errno == ENOENT ? 0 : np_archive_failed(archive, errno, err);
	if (S_ISREG(st.st_mode)) {
		if (force)
			return 0;
		np_archive_failed(archive, EEXIST, err);
		np_error_hint(err, "--force replaces it");
		return -1;
	}
	np_error_set(err, NP_EXIT_INPUT, "cannot write: it is there, and it is %s, which is never "
		     "replaced", S_ISLNK(st.st_mode) ? "a symbolic link" :
		     S_ISDIR(st.st_mode) ? "a folder" : S_ISFIFO(st.st_mode) ? "a pipe" :
		     S_ISSOCK(st.st_mode) ? "a socket" : "a device");
	np_error_place(err, archive->path, 0, 0);
	np_error_hint(err, "-o takes the name of a new file, or - for standard output");
	return -1;
}

int np_archive_begin(struct np_archive *archive, const char *path, bool force, const char *folder,
		     int64_t when, struct np_error *err)
{
	int fd;

	memset(archive, 0, sizeof(*archive));
	archive->path = path;
	archive->folder = folder;
	archive->when = when;
	if (strcmp(path, "-") && np_archive_look(archive, force, err))
		return -1;
	if (!strcmp(path, "-")) {
		fd = dup(STDOUT_FILENO);
	} else if (force) {
		if (snprintf(archive->temp, sizeof(archive->temp), "%s.XXXXXX", path) >=
		    (int)sizeof(archive->temp))
			return np_archive_failed(archive, ENAMETOOLONG, err);
		/* for its owner only, and at a name that was free */
		fd = mkostemp(archive->temp, O_CLOEXEC);
	} else {
		/* O_EXCL follows no symbolic link */
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	if (fd < 0)
		return np_archive_failed(archive, errno, err);
	archive->stream = gzdopen(fd, "wb");
	if (archive->stream)
		return 0;
	close(fd);
	np_archive_end(archive, true, err);
	return np_archive_failed(archive, ENOMEM, err);
}

static void np_archive_write(struct np_archive *archive, const void *data, size_t len)
{
	const char *at = data;
	unsigned int part;

	while (len && !archive->error) {
		part = len < 1u << 20 ? (unsigned int)len : 1u << 20;
		errno = 0;
		if (gzwrite(archive->stream, at, part) != (int)part)
			archive->error = errno ? errno : EIO;
		at += part;
		len -= part;
	}
}

void np_archive_add(struct np_archive *archive, const char *name, const void *data, size_t len)
{
	static const char zeros[NP_TAR_BLOCK];
	struct np_tar_header head = { .type = '0', .magic = "ustar", .version = "00" };
	const unsigned char *byte = (const unsigned char *)&head;
	unsigned int sum = 0, i;
	char number[16];

	_Static_assert(sizeof(head) == NP_TAR_BLOCK, "a header is a block");
	snprintf(head.name, sizeof(head.name), "%s/%s", archive->folder, name);
	strcpy(head.mode, "0000600");
	strcpy(head.uid, "0000000");
	strcpy(head.gid, "0000000");
	strcpy(head.user, "root");
	strcpy(head.group, "root");
	snprintf(number, sizeof(number), "%011llo", (unsigned long long)len & 077777777777ull);
	memcpy(head.size, number, sizeof(head.size));
	snprintf(number, sizeof(number), "%011llo",
		 (unsigned long long)archive->when & 077777777777ull);
	memcpy(head.mtime, number, sizeof(head.mtime));
	/* the sum counts itself as blanks */
	memset(head.checksum, ' ', sizeof(head.checksum));
	for (i = 0; i < sizeof(head); i++)
		sum += byte[i];
	snprintf(number, sizeof(number), "%06o", sum & 0777777);
	memcpy(head.checksum, number, 7);
	np_archive_write(archive, &head, sizeof(head));
	np_archive_write(archive, data, len);
	if (len % NP_TAR_BLOCK)
		np_archive_write(archive, zeros, NP_TAR_BLOCK - len % NP_TAR_BLOCK);
}

int np_archive_end(struct np_archive *archive, bool failed, struct np_error *err)
{
	static const char zeros[2 * NP_TAR_BLOCK];
	bool out = !strcmp(archive->path, "-");
	int ret;

	if (archive->stream) {
		np_archive_write(archive, zeros, sizeof(zeros));
		errno = 0;
		ret = gzclose(archive->stream);
		if (ret != Z_OK && !archive->error)
			archive->error = errno ? errno : EIO;
		archive->stream = NULL;
	}
	failed = failed || archive->error;
	/* Something else may stand there by now. */
	if (!failed && *archive->temp && np_archive_look(archive, true, err)) {
		unlink(archive->temp);
		return -1;
	}
	if (!failed && *archive->temp && rename(archive->temp, archive->path)) {
		archive->error = errno;
		failed = true;
	}
	if (failed && !out)
		unlink(*archive->temp ? archive->temp : archive->path);
	return archive->error ? np_archive_failed(archive, archive->error, err) : 0;
}
