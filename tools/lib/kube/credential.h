/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credentials for the API server: tokens, files of tokens, plugins and client certificates, and
 * their replacement while the agent runs.
 */
#ifndef NP_KUBE_CREDENTIAL_H
#define NP_KUBE_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kube/http.h"
#include "kube/kubeconfig.h"
#include "base/loop.h"

#define NP_TOKEN_FILE_MS	50000	/* a file with a token is read again after this */
#define NP_TLS_CHECK_MS		300000	/* files with certificates are read again after this */
#define NP_TLS_SUSPECT_MS	1000	/* after a failure they are read once in this time */

struct np_credential;
struct np_plugin_killed;

struct np_credential_ops {
	/* A certificate, key or CA was replaced, so connections must be opened again. */
	void (*changed)(void *context);
	/* New credentials cannot be used, so the old ones are kept. The text has no secrets. */
	void (*warning)(void *context, const char *text);
};

/* Waits for a plugin. The caller provides the memory, zeroed at first. */
struct np_credential_waiter {
	/* error is NULL, or says why there are no credentials. */
	void (*ready)(void *context, const char *error);
	void *context;
	/* private */
	struct np_credential_waiter *next;
	struct np_credential_waiter **link;	/* NULL: it does not wait */
};

/*
 * Reads the credentials. cfg is not copied and must outlive them. Files that cannot be read, or
 * a key that does not fit its certificate, are an error here. Later they are a warning. killed
 * outlives the credentials too. Returns NULL with *err filled after an error.
 */
struct np_credential *np_credential_new(struct np_loop *loop,
					const struct np_kubeconfig *cfg,
					const struct np_credential_ops *ops, void *context,
					struct np_plugin_killed *killed, struct np_error *err);
void np_credential_free(struct np_credential *c);

/*
 * Gets the credentials for a request ready. Returns true if this is done, with *error as in
 * ready(). Returns false if the waiter's ready() will be called from the loop.
 */
bool np_credential_get(struct np_credential *c,
		       struct np_credential_waiter *waiter, const char **error);
/* Ends the waiting. ready() is not called any more. */
void np_credential_forget(struct np_credential_waiter *waiter);
/* Returns the header "Authorization: ..." or NULL. It is valid until the loop runs. */
const char *np_credential_header(const struct np_credential *c);
struct np_tls *np_credential_tls(const struct np_credential *c);
/*
 * The server answered 401 to a request that was sent at this time of the loop's clock. A token
 * that is older than the request is not used any more: statement K11.
 */
void np_credential_rejected(struct np_credential *c, int64_t sent_ms);
/* Reads the files with certificates now. */
void np_credential_check(struct np_credential *c);
/*
 * A handshake has failed, or the server has refused the credentials: the files may have been
 * replaced. They are read now, unless that was done within the last second.
 */
void np_credential_suspect(struct np_credential *c);

/* Returns when the client certificate expires, in seconds since 1970, or 0 without one. */
int64_t np_credential_expiry(const struct np_credential *c);
/* Returns how many times new files were refused because they are unusable. */
uint64_t np_credential_bad_rotations(const struct np_credential *c);

/* Switches off core dumps of this process and the reading of its memory by others. */
void np_secrets_protect(void);

#endif
