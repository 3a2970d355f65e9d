/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credential plugins ("exec" in a kubeconfig): a program that prints an
 * ExecCredential. Run with an argument vector and never by a shell, for at
 * most 60 seconds, for at most 1 MiB of output.
 */
#ifndef NP_KUBE_PLUGIN_H
#define NP_KUBE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include "kube/http.h"
#include "kube/kubeconfig.h"
#include "base/loop.h"

#define NP_PLUGIN_MS		60000
#define NP_PLUGIN_OUTPUT_MAX	(1024 * 1024)

struct np_plugin;

/*
 * What it printed, or why there is nothing. The strings are the receiver's to
 * read until the call returns; they are wiped then.
 */
struct np_plugin_result {
	const char *error;	/* for people; NULL: it worked */
	const char *token;	/* NULL: none */
	const char *cert;	/* PEM, both or none */
	const char *key;
	int64_t expires;	/* seconds since 1970, 0: never */
};

/*
 * Starts the plugin of cfg; ca is what cfg.ca holds now. done() is called once
 * from the loop, unless it is cancelled; it may not call np_plugin_cancel().
 */
struct np_plugin *np_plugin_start(struct np_loop *loop,
				  const struct np_kubeconfig *cfg,
				  const struct np_tls *ca,
				  void (*done)(void *context,
					       const struct np_plugin_result *result),
				  void *context);
/* Kills it. NULL is fine. */
void np_plugin_cancel(struct np_plugin *plugin);

/* Wipes all strings of a JSON tree and frees it. */
void np_json_wipe(struct cJSON *json);

#endif
