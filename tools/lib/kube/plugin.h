/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credential plugins, "exec" in a kubeconfig: programs that print an ExecCredential. They are
 * started with a vector of arguments and never by a shell, and may run for 60 seconds and print
 * 1 MiB.
 *
 * Nothing waits for the end of a plugin that was killed: one in uninterruptible sleep, as on a file
 * server that is away, ends only when that is over. Until then it is kept in a list, and its place
 * in that list bounds how many there are.
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
/*
 * No plugin is started while so many have not ended. One that a file server holds up before it has
 * begun keeps a copy of the agent's memory.
 */
#define NP_PLUGIN_KILLED_MAX	2

struct np_plugin;

/* The plugins that were killed and have not ended yet. Zeroed at first. */
struct np_plugin_killed {
	struct np_plugin *first;
	unsigned int count;
};

/* To be called before the loop ends. Processes that have not ended by now are left alone. */
void np_plugin_killed_free(struct np_plugin_killed *killed);

/*
 * The credentials that a plugin printed, or why there are none. The strings are valid until the
 * call returns. Then they are wiped.
 */
struct np_plugin_result {
	const char *error;	/* for people; NULL: there is no error */
	const char *token;	/* NULL: none */
	const char *cert;	/* certificate and key in PEM, or both NULL */
	const char *key;
	int64_t expires;	/* seconds since 1970, 0: never */
};

/*
 * Starts the plugin of cfg. ca has the current contents of cfg.ca, and killed outlives the plugin.
 * done() is called once from the loop, unless the plugin is cancelled. It must not call
 * np_plugin_cancel().
 */
struct np_plugin *np_plugin_start(struct np_loop *loop,
				  const struct np_kubeconfig *cfg,
				  const struct np_tls *ca, struct np_plugin_killed *killed,
				  void (*done)(void *context,
					       const struct np_plugin_result *result),
				  void *context);
/* Kills the plugin, which may be NULL. done() is not called. */
void np_plugin_cancel(struct np_plugin *plugin);

/* Wipes all strings of a JSON tree and frees the tree. */
void np_json_wipe(struct cJSON *json);

#endif
