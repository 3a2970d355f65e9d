// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs credential plugins on the event loop and reads what they print.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/buffer.h"
#include "base/time.h"
#include "kube/plugin.h"
#include "kube/secret.h"
#include "object/object.h"

#define NP_PLUGIN_STDERR_KEEP	1024

struct np_plugin {
	struct np_loop *loop;
	const struct np_exec_config *exec;
	void (*done)(void *context, const struct np_plugin_result *result);
	void *context;
	struct np_plugin_killed *killed;
	struct np_plugin *next;		/* in that list */
	struct np_plugin **link;	/* NULL: it is not in it */
	pid_t pid;
	pid_t group;	/* its process group, once that was killed */
	int pidfd;
	int out;
	int err;
	int fail;	/* the child writes the errno of exec there */
	struct np_io pid_io;
	struct np_io out_io;
	struct np_io err_io;
	struct np_timer timer;
	struct np_buffer output;
	char complaint[NP_PLUGIN_STDERR_KEEP];	/* the last part of its stderr */
	size_t complaint_len;
	bool exited;
	bool signalled;
	int status;	/* its exit status, or signal, or an errno if it was not started */
	char error[2048];
};

void np_json_wipe(cJSON *json)
{
	cJSON *node = json;

	/* The parser bounds the depth. */
	for (; node; node = node->next) {
		if (node->valuestring)
			OPENSSL_cleanse(node->valuestring,
					strlen(node->valuestring));
		if (node->child) {
			cJSON *child = node->child;

			node->child = NULL;
			np_json_wipe(child);
		}
	}
	cJSON_Delete(json);
}

/*
 * Reaps the process if it has ended. Returns false if it has not, or if one that was killed with it
 * has not: a plugin may be a script, and what it calls hangs.
 */
static bool np_plugin_reap(struct np_plugin *p)
{
	if (p->pid > 0 && !waitpid(p->pid, NULL, WNOHANG))
		return false;
	p->pid = 0;
	if (!p->group)
		return true;
	/* Orphans are ours where the agent is the first process, as in a container. */
	while (waitpid(-p->group, NULL, WNOHANG) > 0)
		;
	return kill(-p->group, 0) && errno == ESRCH;
}

/* Frees a plugin of which the process has ended, or is left alone. */
static void np_plugin_drop(struct np_plugin *p)
{
	np_io_stop(&p->pid_io);
	if (p->pidfd >= 0)
		close(p->pidfd);
	if (p->link) {
		*p->link = p->next;
		if (p->next)
			p->next->link = p->link;
		p->killed->count--;
	}
	free(p);
}

/* A process that was killed has ended. */
static void np_plugin_ended(void *context, unsigned int events)
{
	struct np_plugin *p = context;

	if (np_plugin_reap(p))
		np_plugin_drop(p);
	else
		/*
		 * A debugger has it, or there are more of its group. It is looked at when the next
		 * plugin is started.
		 */
		np_io_stop(&p->pid_io);
}

/* Reaps those that were not seen to end. */
static void np_plugin_killed_reap(struct np_plugin_killed *killed)
{
	struct np_plugin *p, *next;

	for (p = killed->first; p; p = next) {
		next = p->next;
		if (np_plugin_reap(p))
			np_plugin_drop(p);
	}
}

void np_plugin_killed_free(struct np_plugin_killed *killed)
{
	np_plugin_killed_reap(killed);
	while (killed->first)
		np_plugin_drop(killed->first);
}

/* Frees it, but keeps note of a process that has not ended although it was killed. */
static void np_plugin_free(struct np_plugin *p)
{
	np_timer_stop(&p->timer);
	np_io_stop(&p->out_io);
	np_io_stop(&p->err_io);
	if (p->out >= 0)
		close(p->out);
	if (p->err >= 0)
		close(p->err);
	if (p->fail >= 0)
		close(p->fail);
	np_buffer_free(&p->output);
	if (np_plugin_reap(p)) {
		np_plugin_drop(p);
		return;
	}
	p->next = p->killed->first;
	p->link = &p->killed->first;
	if (p->next)
		p->next->link = &p->next;
	p->killed->first = p;
	p->killed->count++;
	np_io_stop(&p->pid_io);
	p->pid_io.ready = np_plugin_ended;
	if (p->pidfd >= 0)
		np_io_set(p->loop, &p->pid_io, p->pidfd, NP_IO_READ);
}

/* Kills the plugin and the processes that it started. */
static void np_plugin_kill(struct np_plugin *p)
{
	if (p->pid <= 0)
		return;
	p->group = p->pid;
	kill(-p->pid, SIGKILL);
	kill(p->pid, SIGKILL);
}

void np_plugin_cancel(struct np_plugin *p)
{
	if (!p)
		return;
	np_plugin_kill(p);
	np_plugin_free(p);
}

static void np_plugin_report(struct np_plugin *p,
			     const struct np_plugin_result *result)
{
	p->done(p->context, result);
	np_plugin_free(p);
}

/* Copies a text for a terminal, without control characters. */
static void np_plugin_clean(char *to, size_t size, const char *from)
{
	size_t len = 0;

	for (; *from && len + 1 < size; from++)
		if (*from == '\n' || *from == '\t')
			to[len++] = ' ';
		else if ((unsigned char)*from >= 0x20 && *from != 0x7f)
			to[len++] = *from;
	to[len] = 0;
}

/* Reads and keeps the last part of stderr. Returns false if there is no more to read now. */
static bool np_plugin_listen(struct np_plugin *p)
{
	char text[NP_PLUGIN_STDERR_KEEP + 1], clean[sizeof(text)];
	size_t len, have, drop;
	ssize_t n;

	n = read(p->err, text, sizeof(text) - 1);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n <= 0) {
		np_io_stop(&p->err_io);
		close(p->err);
		p->err = -1;
		return false;
	}
	text[n] = 0;
	np_plugin_clean(clean, sizeof(clean), text);
	len = strlen(clean);
	have = p->complaint_len;
	drop = have + len > sizeof(p->complaint) ?
	       have + len - sizeof(p->complaint) : 0;
	memmove(p->complaint, p->complaint + drop, have - drop);
	memcpy(p->complaint + have - drop, clean, len);
	p->complaint_len = have - drop + len;
	return true;
}

static void np_plugin_complaint(void *context, unsigned int events)
{
	np_plugin_listen(context);
}

static void __attribute__((format(printf, 2, 3)))
np_plugin_fail(struct np_plugin *p, const char *fmt, ...)
{
	struct np_plugin_result result = { .error = p->error };
	unsigned int reads = 0;
	size_t len;
	va_list args;

	while (p->err >= 0 && reads++ < 64 && np_plugin_listen(p))
		;
	len = snprintf(p->error, sizeof(p->error), "credential plugin %.256s ",
		       p->exec->command);
	va_start(args, fmt);
	len += vsnprintf(p->error + len, sizeof(p->error) - len, fmt, args);
	va_end(args);
	if (p->complaint_len && len < sizeof(p->error))
		snprintf(p->error + len, sizeof(p->error) - len,
			 "; it said: %.*s", (int)p->complaint_len, p->complaint);
	np_plugin_kill(p);
	np_plugin_report(p, &result);
}

static const char *np_plugin_text(const cJSON *map, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, name);

	return cJSON_IsString(item) && *item->valuestring ? item->valuestring :
							    NULL;
}

/* Reads the output of a plugin that has exited with status 0. */
static void np_plugin_read(struct np_plugin *p)
{
	struct np_plugin_result result = { 0 };
	const cJSON *status;
	const char *kind, *version, *expires;
	cJSON *root;

	root = cJSON_ParseWithLength(p->output.len ? p->output.data : "", p->output.len);
	kind = root ? np_plugin_text(root, "kind") : NULL;
	version = root ? np_plugin_text(root, "apiVersion") : NULL;
	status = cJSON_GetObjectItemCaseSensitive(root, "status");
	result.token = np_plugin_text(status, "token");
	result.cert = np_plugin_text(status, "clientCertificateData");
	result.key = np_plugin_text(status, "clientKeyData");
	expires = np_plugin_text(status, "expirationTimestamp");
	if (expires)
		result.expires = np_time_parse(expires);
	if (!root)
		np_plugin_fail(p, "printed no JSON");
	else if (!kind || strcmp(kind, "ExecCredential"))
		np_plugin_fail(p, "printed no ExecCredential");
	else if (!version || strcmp(version, p->exec->api_version))
		np_plugin_fail(p, "printed apiVersion %.60s, but %s is configured",
			       version ? version : "(none)",
			       p->exec->api_version);
	else if (!result.cert != !result.key)
		np_plugin_fail(p, "printed a client certificate or key without the other");
	else if (!result.cert && !result.token)
		np_plugin_fail(p, "printed neither a token nor a client certificate");
	else if (result.token && strpbrk(result.token, "\r\n"))
		np_plugin_fail(p, "printed a token of more than one line");
	else if (expires && !result.expires)
		np_plugin_fail(p, "printed an expirationTimestamp that is no time");
	else
		np_plugin_report(p, &result);
	np_json_wipe(root);
}

/* Reports that the plugin was not started, for the errno in p->status. */
static void np_plugin_not_started(void *context)
{
	struct np_plugin *p = context;
	char hint[512] = "";

	if (p->exec->install_hint)
		np_plugin_clean(hint, sizeof(hint), p->exec->install_hint);
	np_plugin_fail(p, "can't be started: %s%s%s", strerror(p->status),
		       *hint ? "; " : "", hint);
}

/* Ends the run if the plugin has exited and the output that matters has been read. */
static void np_plugin_maybe_end(struct np_plugin *p)
{
	if (!p->exited)
		return;
	if (p->signalled)
		np_plugin_fail(p, "was killed by signal %d", p->status);
	else if (p->status)
		np_plugin_fail(p, "failed with status %d", p->status);
	else if (p->out < 0)
		np_plugin_read(p);
}

static void np_plugin_exited(void *context, unsigned int events)
{
	struct np_plugin *p = context;
	siginfo_t info = { 0 };

	/* It is reaped only after its process group was killed, so that the group keeps its id. */
	if (waitid(P_PID, p->pid, &info, WEXITED | WNOHANG | WNOWAIT)) {
		if (errno == EINTR)
			return;
		/* SIGCHLD is ignored, so there is no status. The output decides. */
		p->pid = 0;
	} else if (!info.si_pid) {
		return;
	}
	p->exited = true;
	p->status = info.si_status;
	p->signalled = p->pid && info.si_code != CLD_EXITED;
	np_io_stop(&p->pid_io);
	if (read(p->fail, &p->status, sizeof(p->status)) == sizeof(p->status))
		np_plugin_not_started(p);
	else
		np_plugin_maybe_end(p);
}

static void np_plugin_output(void *context, unsigned int events)
{
	struct np_plugin *p = context;
	ssize_t n;

	if (p->output.len >= NP_PLUGIN_OUTPUT_MAX) {
		np_plugin_fail(p, "printed more than 1 MiB");
		return;
	}
	np_buffer_reserve(&p->output, 1);
	n = read(p->out, p->output.data + p->output.len, p->output.room - p->output.len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		p->output.len += n;
		return;
	}
	np_io_stop(&p->out_io);
	close(p->out);
	p->out = -1;
	np_plugin_maybe_end(p);
}

static void np_plugin_late(void *context)
{
	np_plugin_fail(context, "did not end in 60 seconds");
}

static char *np_plugin_base64(const char *data, size_t len)
{
	char *text = np_xmalloc((len + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)data,
			(int)len);
	return text;
}

/* Makes the variable KUBERNETES_EXEC_INFO, as NAME=VALUE. */
static char *np_plugin_info(const struct np_kubeconfig *cfg,
			    const struct np_tls *ca)
{
	static const char name[] = "KUBERNETES_EXEC_INFO=";
	cJSON *root = cJSON_CreateObject();
	cJSON *spec = cJSON_AddObjectToObject(root, "spec");
	cJSON *cluster;
	char *text, *whole, *data;

	cJSON_AddStringToObject(root, "apiVersion", cfg->exec->api_version);
	cJSON_AddStringToObject(root, "kind", "ExecCredential");
	cJSON_AddFalseToObject(spec, "interactive");
	if (cfg->exec->provide_cluster_info) {
		cluster = cJSON_AddObjectToObject(spec, "cluster");
		cJSON_AddStringToObject(cluster, "server", cfg->server);
		if (cfg->tls_server_name)
			cJSON_AddStringToObject(cluster, "tls-server-name",
						cfg->tls_server_name);
		if (cfg->insecure)
			cJSON_AddTrueToObject(cluster, "insecure-skip-tls-verify");
		if (ca && ca->ca) {
			data = np_plugin_base64(ca->ca, ca->ca_len);
			cJSON_AddStringToObject(cluster,
						"certificate-authority-data", data);
			free(data);
		}
		if (cfg->proxy_url)
			cJSON_AddStringToObject(cluster, "proxy-url", cfg->proxy_url);
		if (cfg->disable_compression)
			cJSON_AddTrueToObject(cluster, "disable-compression");
		if (cfg->exec->cluster_config)
			cJSON_AddItemToObject(cluster, "config",
					      cJSON_Duplicate(cfg->exec->cluster_config, true));
	}
	text = cJSON_PrintUnformatted(root);
	np_json_wipe(root);
	if (!text)
		return NULL;
	whole = np_xmalloc(sizeof(name) + strlen(text));
	memcpy(whole, name, sizeof(name) - 1);
	strcpy(whole + sizeof(name) - 1, text);
	np_secret_free(text);
	return whole;
}

/* Returns true if a variable of the environment is replaced. */
static bool np_plugin_replaced(const struct np_exec_config *exec,
			       const char *variable)
{
	size_t i, len;

	if (!strncmp(variable, "KUBERNETES_EXEC_INFO=", 21))
		return true;
	for (i = 0; i < exec->env_count; i++) {
		len = strlen(exec->env[i].name);
		if (!strncmp(variable, exec->env[i].name, len) &&
		    variable[len] == '=')
			return true;
	}
	return false;
}

/* Makes the environment: KUBERNETES_EXEC_INFO, the variables of the kubeconfig, and our own. */
static char **np_plugin_environment(const struct np_kubeconfig *cfg,
				    const struct np_tls *ca, size_t *own)
{
	const struct np_exec_config *exec = cfg->exec;
	size_t count = 0, i;
	char **env;

	while (environ && environ[count])
		count++;
	env = np_xcalloc(count + exec->env_count + 2, sizeof(*env));
	*own = 0;
	/* The first *own entries were made here and are wiped afterwards. */
	env[(*own)++] = np_plugin_info(cfg, ca);
	if (!env[0])
		*own = 0;
	for (i = 0; i < exec->env_count; i++) {
		size_t size = strlen(exec->env[i].name) +
			      strlen(exec->env[i].value) + 2;

		env[*own] = np_xmalloc(size);
		snprintf(env[(*own)++], size, "%s=%s", exec->env[i].name,
			 exec->env[i].value);
	}
	count = *own;
	for (i = 0; environ && environ[i]; i++)
		if (!np_plugin_replaced(exec, environ[i]))
			env[count++] = environ[i];
	return env;
}

/*
 * As execvpe(), but a file without a known format is not given to a shell. path: the variable PATH.
 * Returns an errno.
 */
static int np_plugin_exec(const char *command, const char *path, char **argv, char **env)
{
	char file[PATH_MAX];
	int error = ENOENT;
	size_t len;

	if (strchr(command, '/')) {
		execve(command, argv, env);
		return errno;
	}
	for (; ; path += len + 1) {
		len = strcspn(path, ":");
		if (len + strlen(command) + 2 <= sizeof(file)) {
			/* An empty entry is the current folder. */
			memcpy(file, path, len);
			sprintf(file + len, "%s%s", len ? "/" : "", command);
			execve(file, argv, env);
			if (errno == EACCES)
				error = EACCES;
			else if (errno != ENOENT && errno != ENOTDIR)
				return errno;
		}
		if (!path[len])
			return error;
	}
}

/* What the child needs to become the plugin. */
struct np_plugin_child {
	const char *command;
	const char *path;	/* the variable PATH */
	char **argv;
	char **env;
	int out;
	int err;
	int fail;
};

/* Makes the child the plugin. No memory may be allocated here. */
static void __attribute__((noreturn)) np_plugin_become(const struct np_plugin_child *child)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	int null, out, err, fail, signo, error;
	sigset_t none;

	setpgid(0, 0);
	for (signo = 1; signo < NSIG; signo++)
		sigaction(signo, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Away from 0 to 3 first, so that none overwrites another. */
	null = fcntl(open("/dev/null", O_RDONLY), F_DUPFD, 4);
	out = fcntl(child->out, F_DUPFD, 4);
	err = fcntl(child->err, F_DUPFD, 4);
	fail = fcntl(child->fail, F_DUPFD, 4);
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
	    dup3(fail, 3, O_CLOEXEC) < 0)
		_exit(126);
	close_range(4, ~0U, 0);
	error = np_plugin_exec(child->command, child->path, child->argv, child->env);
	_exit(write(3, &error, sizeof(error)) == sizeof(error) ? 127 : 126);
}

/*
 * Starts it, in a process group of its own and without a signal mask. Returns 0 or an errno. What
 * exec says comes later: posix_spawn() would wait for it, and so for a file server that is away.
 */
static int np_plugin_spawn(struct np_plugin *p, char **env, int out, int err)
{
	const struct np_exec_config *exec = p->exec;
	const char *path = getenv("PATH");
	struct np_plugin_child child = {
		.command = exec->command, .path = path ? path : "/bin:/usr/bin",
		.env = env, .out = out, .err = err,
	};
	int fail[2], ret = 0;
	char **argv;

	if (pipe2(fail, O_CLOEXEC | O_NONBLOCK))
		return errno;
	child.fail = fail[1];
	argv = np_xcalloc(exec->arg_count + 2, sizeof(*argv));
	argv[0] = exec->command;
	if (exec->arg_count)
		memcpy(argv + 1, exec->args, exec->arg_count * sizeof(*argv));
	child.argv = argv;
	p->pid = fork();
	if (!p->pid)
		np_plugin_become(&child);
	if (p->pid < 0)
		ret = errno;
	close(fail[1]);
	p->fail = fail[0];
	free(argv);
	return ret;
}

/* Reports from the loop that the plugin was not started. */
static void np_plugin_too_many(void *context)
{
	struct np_plugin *p = context;

	np_plugin_fail(p, "is not started again: %u of its runs were killed and have not "
		       "ended, the last one is process group %d; they may be in uninterruptible "
		       "sleep, as on a file server that is away", p->killed->count,
		       (int)p->killed->first->group);
}

static int np_plugin_pipes(int out[2], int err[2])
{
	if (pipe2(out, O_CLOEXEC))
		return -1;
	if (!pipe2(err, O_CLOEXEC))
		return 0;
	close(out[0]);
	close(out[1]);
	return -1;
}

static int np_plugin_watch(struct np_plugin *p)
{
	/* stderr is also read if it cannot be watched, so it must not block. */
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	fcntl(p->err, F_SETFL, O_NONBLOCK);
	p->pidfd = pidfd_open(p->pid, 0);
	if (p->pidfd < 0 ||
	    np_io_set(p->loop, &p->pid_io, p->pidfd, NP_IO_READ) ||
	    np_io_set(p->loop, &p->out_io, p->out, NP_IO_READ) ||
	    np_io_set(p->loop, &p->err_io, p->err, NP_IO_READ))
		return errno;
	np_timer_start(p->loop, &p->timer, NP_PLUGIN_MS);
	return 0;
}

struct np_plugin *np_plugin_start(struct np_loop *loop,
				  const struct np_kubeconfig *cfg,
				  const struct np_tls *ca, struct np_plugin_killed *killed,
				  void (*done)(void *context,
					       const struct np_plugin_result *result),
				  void *context)
{
	struct np_plugin *p = np_xcalloc(1, sizeof(*p));
	int out[2], err[2];
	size_t own, i;
	char **env;

	*p = (struct np_plugin){
		.loop = loop, .exec = cfg->exec, .done = done,
		.context = context, .killed = killed, .pidfd = -1, .fail = -1, .out = -1, .err = -1,
		.pid_io = { .ready = np_plugin_exited, .context = p },
		.output = { .secret = true },
		.out_io = { .ready = np_plugin_output, .context = p },
		.err_io = { .ready = np_plugin_complaint, .context = p },
		.timer = { .fire = np_plugin_late, .context = p },
	};
	np_plugin_killed_reap(killed);
	if (killed->count >= NP_PLUGIN_KILLED_MAX) {
		p->timer.fire = np_plugin_too_many;
		np_timer_start(loop, &p->timer, 0);
		return p;
	}
	if (np_plugin_pipes(out, err)) {
		p->status = errno;
	} else {
		p->out = out[0];
		p->err = err[0];
		env = np_plugin_environment(cfg, ca, &own);
		p->status = np_plugin_spawn(p, env, out[1], err[1]);
		for (i = 0; i < own; i++)
			np_secret_free(env[i]);
		free(env);
		close(out[1]);
		close(err[1]);
		if (p->status)
			p->pid = 0;
		else
			p->status = np_plugin_watch(p);
	}
	if (p->status) {
		np_io_stop(&p->pid_io);
		np_io_stop(&p->out_io);
		np_io_stop(&p->err_io);
		p->timer.fire = np_plugin_not_started;
		np_timer_start(loop, &p->timer, 0);
	}
	return p;
}
