/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where records go, as it is written on a command line.
 */
#ifndef NP_RECORD_TARGET_H
#define NP_RECORD_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum np_target_kind {
	NP_TARGET_FILE,
	NP_TARGET_UDP,
	NP_TARGET_TCP,
};

/**
 * struct np_target - where records go
 * @kind: a file or a program that listens
 * @text: as it was written; of a file its name, or "-" for standard output; not owned
 * @host: name or address of an endpoint, without brackets
 * @port: its port
 */
struct np_target {
	enum np_target_kind kind;
	const char *text;
	char host[256];
	char port[6];
};

/*
 * Reads FILE, -, udp://HOST:PORT or tcp://HOST:PORT. Looks up no name. Returns 0, or -1 with *err
 * filled (NP_EXIT_USAGE), which names the option.
 */
int np_target_parse(const char *option, const char *text, struct np_target *target,
		    struct np_error *err);

#endif
