/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proving to the API server who we are: tokens and their files, plugins,
 * client certificates, and their rotation while we run.
 */
#ifndef NP_KUBE_CREDENTIAL_H
#define NP_KUBE_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kube/http.h"
#include "kube/kubeconfig.h"
#include "base/loop.h"

#define NP_TOKEN_FILE_MS	50000	/* a token file is read again after this */
#define NP_TLS_CHECK_MS		300000	/* and certificate files */

struct np_credential;

struct np_credential_ops {
	/* Certificate, key or CA are others now: connections are to be closed. */
	void (*changed)(void *context);
	/* Something is wrong, but what we have is kept. No secrets. */
	void (*warning)(void *context, const char *text);
};

/* Somebody who waits for a plugin; the caller's, zeroed at first. */
struct np_credential_waiter {
	/* error: NULL, or why there are no credentials */
	void (*ready)(void *context, const char *error);
	void *context;
	/* private */
	struct np_credential_waiter *next;
	struct np_credential_waiter **link;	/* NULL: not waiting */
};

/*
 * cfg is not copied and outlives it. Files that can't be read or don't fit
 * are errors now; later they are warnings.
 */
struct np_credential *np_credential_new(struct np_loop *loop,
					const struct np_kubeconfig *cfg,
					const struct np_credential_ops *ops,
					void *context, struct np_error *err);
void np_credential_free(struct np_credential *c);

/*
 * Makes what is to be sent ready. True: at once, *error as in ready(). False:
 * ready() will be called from the loop.
 */
bool np_credential_get(struct np_credential *c,
		       struct np_credential_waiter *waiter, const char **error);
void np_credential_forget(struct np_credential_waiter *waiter);
/* "Authorization: ..." or NULL; valid until the loop runs. */
const char *np_credential_header(const struct np_credential *c);
struct np_tls *np_credential_tls(const struct np_credential *c);
/* A 401 to a request that was sent then, by the loop's clock: K11. */
void np_credential_rejected(struct np_credential *c, int64_t sent_ms);
/* Looks at the certificate files now. */
void np_credential_check(struct np_credential *c);

/* End of the client certificate's validity, seconds since 1970; 0: none. */
int64_t np_credential_expiry(const struct np_credential *c);
/* Rotations that were refused because the new files are no good. */
uint64_t np_credential_bad_rotations(const struct np_credential *c);

/* No core dumps of this process, and no reading of its memory by others. */
void np_secrets_protect(void);

#endif
