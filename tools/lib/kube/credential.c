// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads credentials, keeps the current ones, and replaces them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "kube/credential.h"
#include "kube/plugin.h"
#include "kube/secret.h"
#include "object/object.h"

#define NP_PEM_MAX	(4 * 1024 * 1024)
#define NP_TOKEN_MAX	(1024 * 1024)

struct np_credential {
	struct np_loop *loop;
	const struct np_kubeconfig *cfg;
	const struct np_credential_ops *ops;
	void *context;
	struct np_tls *tls;
	int64_t cert_expiry;
	uint64_t bad_rotations;
	struct np_timer check_timer;
	int64_t checked_ms;	/* when the files were last read */
	char warned[1200];	/* the last warning about the files, "" once they are good */
	/* the token as a line of a header; NULL: there is none, or none yet */
	char *header;
	int64_t fetched_ms;	/* when the file was read or the plugin printed it */
	bool stale;		/* it must be fetched again */
	/* for a plugin */
	struct np_plugin *plugin;
	struct np_plugin_killed *killed;
	struct np_credential_waiter *waiting;
	bool plugin_valid;	/* what it printed last may be used */
	int64_t expires_ms;	/* end of that by the loop's clock, -1: never */
	char error[2048];
};

void np_secrets_protect(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
}

/* OpenSSL must not ask at a terminal for the passphrase of a key. */
static int np_no_passphrase(char *buffer, int size, int writing, void *context)
{
	return -1;
}

static int64_t np_asn1_seconds(const ASN1_TIME *when)
{
	struct tm tm;
	time_t seconds;

	if (!ASN1_TIME_to_tm(when, &tm))
		return 0;
	seconds = timegm(&tm);
	return seconds > 0 ? seconds : 0;
}

/* Returns what is wrong with certificates of a CA, or NULL. */
static const char *np_check_ca(const char *data, size_t len)
{
	BIO *bio = BIO_new_mem_buf(data, (int)len);
	const char *wrong = "holds no certificate in PEM";
	X509 *cert;

	while (bio && (cert = PEM_read_bio_X509(bio, NULL, np_no_passphrase, NULL))) {
		X509_free(cert);
		wrong = NULL;
	}
	BIO_free(bio);
	ERR_clear_error();
	return wrong;
}

/* Returns what is wrong with a certificate and its key, or NULL. */
static const char *np_check_pair(const struct np_tls *tls, int64_t *expiry)
{
	BIO *cert_bio = BIO_new_mem_buf(tls->cert, (int)tls->cert_len);
	BIO *key_bio = BIO_new_mem_buf(tls->key, (int)tls->key_len);
	const char *wrong = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;

	if (cert_bio)
		cert = PEM_read_bio_X509(cert_bio, NULL, np_no_passphrase, NULL);
	if (key_bio)
		key = PEM_read_bio_PrivateKey(key_bio, NULL, np_no_passphrase, NULL);
	if (!cert)
		wrong = "the client certificate is no certificate in PEM";
	else if (!key)
		wrong = "the client key is no unencrypted key in PEM";
	else if (!X509_check_private_key(cert, key))
		wrong = "the client certificate and its key don't belong together";
	else
		*expiry = np_asn1_seconds(X509_get0_notAfter(cert));
	X509_free(cert);
	EVP_PKEY_free(key);
	BIO_free(cert_bio);
	BIO_free(key_bio);
	ERR_clear_error();
	return wrong;
}

static int np_load_pem(const struct np_pem *pem, char **data, size_t *len,
		       const char *what, struct np_error *err)
{
	if (pem->path) {
		*data = np_secret_read(pem->path, NP_PEM_MAX, len);
		if (*data)
			return 0;
		np_error_set(err, NP_EXIT_API, "the %s cannot be read: %s", what,
			     strerror(errno));
		np_error_hint(err, "the kubeconfig names this file: it must be there and readable");
		np_error_place(err, pem->path, 0, 0);
		return -1;
	}
	if (pem->data) {
		*data = np_xmalloc(pem->len + 1);
		memcpy(*data, pem->data, pem->len);
		(*data)[pem->len] = 0;
		*len = pem->len;
	}
	return 0;
}

/* Reads and checks what the configuration names. Returns NULL with *err filled after an error. */
static struct np_tls *np_load_tls(const struct np_kubeconfig *cfg,
				  int64_t *expiry, struct np_error *err)
{
	struct np_tls *tls = np_xcalloc(1, sizeof(*tls));
	const char *wrong = NULL;

	tls->refs = 1;
	*expiry = 0;
	if (np_load_pem(&cfg->ca, &tls->ca, &tls->ca_len,
			"certificate authority", err) ||
	    np_load_pem(&cfg->cert, &tls->cert, &tls->cert_len,
			"client certificate", err) ||
	    np_load_pem(&cfg->key, &tls->key, &tls->key_len, "client key", err))
		goto fail;
	if (tls->ca) {
		wrong = np_check_ca(tls->ca, tls->ca_len);
		if (wrong) {
			np_error_set(err, NP_EXIT_API,
				     "the certificate authority %s", wrong);
			np_error_hint(err, "it must begin with -----BEGIN CERTIFICATE-----");
			np_error_place(err, cfg->ca.path ? cfg->ca.path : cfg->file, 0, 0);
			goto fail;
		}
	}
	if (tls->cert) {
		wrong = np_check_pair(tls, expiry);
		if (wrong) {
			np_error_set(err, NP_EXIT_API, "%s", wrong);
			np_error_hint(err, "both must be in PEM, and the key without a passphrase");
			np_error_place(err, cfg->cert.path ? cfg->cert.path : cfg->file, 0, 0);
			goto fail;
		}
	}
	return tls;
fail:
	np_tls_put(tls);
	return NULL;
}

static bool np_same_bytes(const char *a, size_t a_len, const char *b,
			  size_t b_len)
{
	return a_len == b_len && !a == !b && (!a || !memcmp(a, b, a_len));
}

static bool np_same_tls(const struct np_tls *a, const struct np_tls *b)
{
	return np_same_bytes(a->ca, a->ca_len, b->ca, b->ca_len) &&
	       np_same_bytes(a->cert, a->cert_len, b->cert, b->cert_len) &&
	       np_same_bytes(a->key, a->key_len, b->key, b->key_len);
}

static void np_replace_tls(struct np_credential *c, struct np_tls *tls,
			   int64_t expiry)
{
	np_tls_put(c->tls);
	c->tls = tls;
	c->cert_expiry = expiry;
	c->ops->changed(c->context);
}

/*
 * Usable new files replace the old ones, others only cause a warning: statement K17. once: not if
 * the same has been said before.
 */
static void np_credential_read(struct np_credential *c, bool once)
{
	struct np_error err;
	struct np_tls *tls;
	int64_t expiry;
	char text[1200];

	np_timer_start(c->loop, &c->check_timer, NP_TLS_CHECK_MS);
	c->checked_ms = np_loop_now(c->loop);
	if (!c->cfg->ca.path && !c->cfg->cert.path && !c->cfg->key.path)
		return;
	tls = np_load_tls(c->cfg, &expiry, &err);
	if (!tls) {
		snprintf(text, sizeof(text), "%s: %s; the old one is kept",
			 err.file, err.text);
		if (once && !strcmp(text, c->warned))
			return;
		strcpy(c->warned, text);
		c->bad_rotations++;
		c->ops->warning(c->context, text);
		return;
	}
	*c->warned = 0;
	/* The plugin's certificate and key stay, as no file gives other ones. */
	if (!c->cfg->cert.path && !c->cfg->cert.data && c->tls->cert) {
		tls->cert = np_xmalloc(c->tls->cert_len + 1);
		memcpy(tls->cert, c->tls->cert, c->tls->cert_len + 1);
		tls->cert_len = c->tls->cert_len;
		tls->key = np_xmalloc(c->tls->key_len + 1);
		memcpy(tls->key, c->tls->key, c->tls->key_len + 1);
		tls->key_len = c->tls->key_len;
		expiry = c->cert_expiry;
	}
	if (np_same_tls(tls, c->tls))
		np_tls_put(tls);
	else
		np_replace_tls(c, tls, expiry);
}

void np_credential_check(struct np_credential *c)
{
	np_credential_read(c, false);
}

void np_credential_suspect(struct np_credential *c)
{
	if (np_loop_now(c->loop) - c->checked_ms >= NP_TLS_SUSPECT_MS)
		np_credential_read(c, true);
}

static void np_credential_check_due(void *context)
{
	np_credential_check(context);
}

/* Makes the header "Authorization: SCHEME TOKEN". */
static void np_set_token(struct np_credential *c, const char *scheme,
			 const char *token, size_t len)
{
	size_t size = strlen(scheme) + len + 32;

	np_secret_free(c->header);
	c->header = np_xmalloc(size);
	snprintf(c->header, size, "Authorization: %s %.*s", scheme, (int)len,
		 token);
	c->fetched_ms = np_loop_now(c->loop);
	c->stale = false;
}

static void np_set_basic(struct np_credential *c)
{
	const char *user = c->cfg->username ? c->cfg->username : "";
	const char *password = c->cfg->password ? c->cfg->password : "";
	size_t size = strlen(user) + strlen(password) + 2;
	char *plain = np_xmalloc(size);
	char *text = np_xmalloc((size + 2) / 3 * 4 + 1);
	int len;

	snprintf(plain, size, "%s:%s", user, password);
	len = EVP_EncodeBlock((unsigned char *)text, (unsigned char *)plain,
			      (int)size - 1);
	np_set_token(c, "Basic", text, len);
	np_secret_free(plain);
	np_secret_free(text);
}

/*
 * Reads the token of a file: statements K9 and K10. After an error the last token stays. Returns
 * the error if there is none.
 */
static const char *np_read_token(struct np_credential *c)
{
	const char *path = c->cfg->token_file, *wrong = NULL;
	size_t len, start = 0, i;
	char *data;

	data = np_secret_read(path, NP_TOKEN_MAX, &len);
	if (!data) {
		wrong = strerror(errno);
	} else {
		i = len;
		while (len && strchr(" \t\r\n", data[len - 1]))
			len--;
		while (start < len && strchr(" \t\r\n", data[start]))
			start++;
		if (start == len)
			wrong = "it is empty";
		for (i = start; i < len && !wrong; i++)
			if ((unsigned char)data[i] <= 0x20 || data[i] == 0x7f)
				wrong = "it holds more than one word";
		if (!wrong)
			np_set_token(c, "Bearer", data + start, len - start);
		OPENSSL_cleanse(data, len);
		free(data);
	}
	if (!wrong)
		return NULL;
	snprintf(c->error, sizeof(c->error), "token file %.512s: %s", path, wrong);
	if (!c->header)
		return c->error;
	/* The file is not tried again with every request. */
	c->fetched_ms = np_loop_now(c->loop);
	c->stale = false;
	c->ops->warning(c->context, c->error);
	return NULL;
}

/* Takes the certificate that a plugin printed. The CA stays. Returns what is wrong, or NULL. */
static const char *np_plugin_pair(struct np_credential *c,
				  const struct np_plugin_result *result)
{
	struct np_tls *tls = np_xcalloc(1, sizeof(*tls));
	const char *wrong;
	int64_t expiry = 0;

	tls->refs = 1;
	if (c->tls->ca) {
		tls->ca = np_xmalloc(c->tls->ca_len + 1);
		memcpy(tls->ca, c->tls->ca, c->tls->ca_len + 1);
		tls->ca_len = c->tls->ca_len;
	}
	tls->cert = np_xstrdup(result->cert);
	tls->cert_len = strlen(tls->cert);
	tls->key = np_xstrdup(result->key);
	tls->key_len = strlen(tls->key);
	wrong = np_check_pair(tls, &expiry);
	if (wrong || np_same_tls(tls, c->tls))
		np_tls_put(tls);
	else
		np_replace_tls(c, tls, expiry);
	return wrong;
}

static void np_plugin_done(void *context, const struct np_plugin_result *result)
{
	struct np_credential *c = context;
	struct np_credential_waiter *waiter;
	const char *error = result->error;
	int64_t left;

	c->plugin = NULL;
	if (!error && result->cert)
		error = np_plugin_pair(c, result);
	if (!error) {
		if (result->token)
			np_set_token(c, "Bearer", result->token,
				     strlen(result->token));
		c->fetched_ms = np_loop_now(c->loop);
		c->stale = false;
		c->plugin_valid = true;
		c->expires_ms = -1;
		left = result->expires - time(NULL);
		if (result->expires)
			c->expires_ms = c->fetched_ms + 1000 * (left > 0 ? left : 0);
	} else {
		snprintf(c->error, sizeof(c->error), "%s", error);
		error = c->error;
	}
	while ((waiter = c->waiting)) {
		np_credential_forget(waiter);
		waiter->ready(waiter->context, error);
	}
}

struct np_credential *np_credential_new(struct np_loop *loop,
					const struct np_kubeconfig *cfg,
					const struct np_credential_ops *ops, void *context,
					struct np_plugin_killed *killed, struct np_error *err)
{
	struct np_credential *c = np_xcalloc(1, sizeof(*c));

	c->loop = loop;
	c->cfg = cfg;
	c->ops = ops;
	c->context = context;
	c->killed = killed;
	c->check_timer.fire = np_credential_check_due;
	c->check_timer.context = c;
	c->tls = np_load_tls(cfg, &c->cert_expiry, err);
	if (!c->tls) {
		free(c);
		return NULL;
	}
	if (cfg->token)
		np_set_token(c, "Bearer", cfg->token, strlen(cfg->token));
	else if (cfg->username || cfg->password)
		np_set_basic(c);
	/* A file with a token wins, but may come into being later: statement K9. */
	if (cfg->token_file)
		c->stale = true;
	np_timer_start(loop, &c->check_timer, NP_TLS_CHECK_MS);
	c->checked_ms = np_loop_now(loop);
	return c;
}

void np_credential_free(struct np_credential *c)
{
	if (!c)
		return;
	np_timer_stop(&c->check_timer);
	np_plugin_cancel(c->plugin);
	while (c->waiting)
		np_credential_forget(c->waiting);
	np_secret_free(c->header);
	np_tls_put(c->tls);
	free(c);
}

/* A token or password in the configuration wins over a plugin: statement K15. */
static bool np_uses_plugin(const struct np_credential *c)
{
	return c->cfg->exec && !c->cfg->token && !c->cfg->token_file &&
	       !c->cfg->username && !c->cfg->password;
}

bool np_credential_get(struct np_credential *c,
		       struct np_credential_waiter *waiter, const char **error)
{
	int64_t now = np_loop_now(c->loop);

	*error = NULL;
	if (c->cfg->token_file) {
		if (c->stale || now - c->fetched_ms >= NP_TOKEN_FILE_MS)
			*error = np_read_token(c);
		return true;
	}
	if (!np_uses_plugin(c))
		return true;
	if (c->plugin_valid && (c->expires_ms < 0 || now < c->expires_ms))
		return true;
	/* The plugin runs once for all that wait. */
	if (!waiter->link) {
		waiter->next = c->waiting;
		waiter->link = &c->waiting;
		if (waiter->next)
			waiter->next->link = &waiter->next;
		c->waiting = waiter;
	}
	if (!c->plugin)
		c->plugin = np_plugin_start(c->loop, c->cfg, c->tls, c->killed, np_plugin_done, c);
	return false;
}

void np_credential_forget(struct np_credential_waiter *waiter)
{
	if (!waiter->link)
		return;
	*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
	waiter->link = NULL;
}

const char *np_credential_header(const struct np_credential *c)
{
	return c->header;
}

struct np_tls *np_credential_tls(const struct np_credential *c)
{
	return c->tls;
}

void np_credential_rejected(struct np_credential *c, int64_t sent_ms)
{
	if (c->fetched_ms > sent_ms)
		return;
	c->stale = true;
	c->plugin_valid = false;
}

int64_t np_credential_expiry(const struct np_credential *c)
{
	return c->cert_expiry;
}

uint64_t np_credential_bad_rotations(const struct np_credential *c)
{
	return c->bad_rotations;
}
