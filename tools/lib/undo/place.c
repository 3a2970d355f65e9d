// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a change that waits for its confirmation is kept.
 */
#include "undo/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Makes a folder for root alone, or checks the one that is there. */
static int np_undo_folder(const char *path, struct np_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST) {
		np_error_set(err, errno == EACCES || errno == EPERM ? NP_EXIT_PERMISSION :
			     NP_EXIT_INPUT, "cannot make the folder %s: %s", path, strerror(errno));
		return -1;
	}
	if (lstat(path, &st) || !S_ISDIR(st.st_mode) || st.st_uid || st.st_mode & 077) {
		np_error_set(err, NP_EXIT_PERMISSION, "%s is not a folder that root alone may "
			     "enter", path);
		np_error_hint(err, "what was in force before a change is kept there; nothing was "
			      "changed");
		return -1;
	}
	return 0;
}

int np_undo_place(struct np_undo_place *place, bool make, struct np_error *err)
{
	struct stat st;

	memset(place, 0, sizeof(*place));
	if (stat("/proc/self/ns/net", &st))
		return np_error_set(err, NP_EXIT_INPUT, "/proc/self/ns/net: %s", strerror(errno));
	snprintf(place->folder, sizeof(place->folder), NP_UNDO_FOLDER "/%llu",
		 (unsigned long long)st.st_ino);
	snprintf(place->lock, sizeof(place->lock), "%s/lock", place->folder);
	snprintf(place->socket, sizeof(place->socket), "%s/socket", place->folder);
	snprintf(place->before, sizeof(place->before), "%s/before", place->folder);
	snprintf(place->kept, sizeof(place->kept), "%s/kept", place->folder);
	snprintf(place->last, sizeof(place->last), "%s/last", place->folder);
	return make && (np_undo_folder(NP_UNDO_FOLDER, err) || np_undo_folder(place->folder, err)) ?
		-1 : 0;
}

void np_undo_address(const struct np_undo_place *place, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s", place->socket);
}
