// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl explain
 */
#include <stdio.h>
#include <stdlib.h>

#include "explain/kernel.h"
#include "explain/print.h"
#include "question.h"

enum {
	NP_OPT_EXPLAIN_VERIFY = 0x200,
};

struct np_explaining {
	struct np_asking asking;
	bool verify;
};

static int np_explain_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_explaining *run = ctx;

	if (code != NP_OPT_EXPLAIN_VERIFY)
		return np_asking_take(&run->asking, code, arg, err);
	run->verify = true;
	return 0;
}

/* Prints the explanation, and returns the exit status. */
static int np_explain_show(const struct np_explain *x, const struct np_explain_more *more)
{
	struct np_writer w;

	if (np_format_structured(np_common.format)) {
		np_writer_init(&w, stdout, np_common.format);
		np_explain_write(x, more, &w);
	} else {
		np_explain_print(x, more, stdout);
	}
	return x->eval.verdict == NETPOL_VERDICT_DENY || (more->kernel && !more->same) ?
	       NP_EXIT_NEGATIVE : NP_EXIT_OK;
}

static int np_explain_ask(struct np_explain *x)
{
	struct np_explain_more more = { .all = np_common.verbose };
	struct np_explain_loaded loaded = { 0 };
	struct np_error err = { 0 };
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_connect(&client, &info, &err);
	if (!ret)
		ret = np_explain_kernel(x, &client, &loaded, &err);
	ret = ret ? np_report(&err) : np_explain_show(x, &more);
	np_explain_loaded_free(&loaded);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

/* Asks the kernel as well. */
static int np_explain_both(struct np_explain *x, struct np_objects *objs,
			   struct np_eval *kernel, struct np_error *err)
{
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_connect(&client, &info, err);
	if (!ret)
		ret = np_explain_verify(x, &client, objs, kernel, err);
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

static int np_explain_files(struct np_explain *x, const struct np_explaining *run)
{
	struct np_explain_more more = { .all = np_common.verbose };
	struct np_eval kernel = { 0 };
	struct np_error err = { 0 };
	struct np_objects objs;
	int ret;

	np_objects_init(&objs);
	ret = np_read_manifests(&objs, run->asking.file, run->asking.file_count,
				&run->asking.load, &err);
	if (!ret && run->verify) {
		ret = np_explain_both(x, &objs, &kernel, &err);
		more.kernel = &kernel;
		more.same = !ret && np_explain_same(&x->eval, &kernel);
	} else if (!ret) {
		ret = np_explain_objects(x, &objs, &err);
	}
	ret = ret ? np_report(&err) : np_explain_show(x, &more);
	np_eval_free(&kernel);
	np_objects_free(&objs);
	return ret;
}

static int np_explain_check(const struct np_command *cmd, const struct np_explaining *run,
			    struct np_explain *x, int words, char **word)
{
	int i, ret = np_asking_check(cmd, &run->asking, words);

	if (ret != NP_PARSE_DONE)
		return ret;
	for (i = 0; i < 2; i++) {
		if (!np_end_parse(word[i], &x->named[i]))
			return np_usage(cmd, "\"%.80s\" is no NAMESPACE/POD, address, world, host "
					"or label:KEY=VALUE@NAMESPACE", word[i]);
		if (x->named[i].kind == NP_END_MADE_UP && (!run->asking.file_count || run->verify))
			return np_usage(cmd, "the kernel can't be asked about a pod that does not "
					"exist");
		if (x->named[i].kind == NP_END_HOST && run->verify)
			return np_usage(cmd, "--verify takes no host, which is another one in "
					"files");
	}
	if (run->verify && !run->asking.file_count)
		return np_usage(cmd, "--verify compares files with the kernel, and -f names them");
	x->request = run->asking.request;
	np_question_set(&x->question, word[0], word[1], run->asking.protocol);
	return NP_PARSE_DONE;
}

static const struct np_option_row np_explain_options[] = {
	NP_ROW_ASK_PROTOCOL,
	NP_ROW_FILES,
	NP_ROW_RECURSIVE,
	NP_ROW_ASK_LENIENT,
	NP_ROW_ASK_FAMILY,
	{ "verify", NP_OPT_EXPLAIN_VERIFY, NULL, NULL, "with -f: ask the kernel as well" },
	{ "verbose", 'v', NULL, NULL,
	  "list every rule, and everything that the change would open" },
	{ 0 }
};

static int np_explain_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_explaining run = { 0 };
	struct np_explain x = { 0 };
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_explain_take, &run);
	if (ret == NP_PARSE_DONE)
		ret = np_explain_check(cmd, &run, &x, argc - optind, argv + optind);
	if (ret == NP_PARSE_DONE)
		ret = run.asking.file_count ? np_explain_files(&x, &run) : np_explain_ask(&x);
	np_explain_free(&x);
	free(run.asking.file);
	return ret;
}

const struct np_command np_command_explain = {
	.name = "explain",
	.summary = "why a connection is allowed or denied, and what would allow it",
	.usage = "explain SRC DST -p PROTO[/PORT] [-f FILE...] [OPTION...]",
	.about = "Says why a new connection is allowed or denied: which policies isolate the "
		"pods, which of their rules matches, and why the others do not. Asks the "
		"kernel, or with -f judges files by the code that the kernel runs. If it is "
		"denied, the output ends with the policy that would allow it, as YAML, and "
		"with what else that policy would open.\n\n"
		"SRC and DST are one of:\n"
		"  NAMESPACE/NAME      a pod; with -f also a workload, for its first pod\n"
		"  10.0.0.1, fd00::1   an address\n"
		"  world               an address that is no pod's and in no block\n"
		"  host                the node of the other end\n"
		"  label:a=b,c=d@NS    with -f: a pod that does not exist, with these labels",
	.options = np_explain_options,
	.exits = "0 allowed, 1 denied or --verify finds a difference, 3 no such pod.",
	.examples = "netpolctl explain shop/cart-0 shop/redis-0 -p tcp/6379\n"
		"netpolctl explain world shop/web -p tcp/443 -f cluster.yaml -o json\n"
		"netpolctl explain label:app=new@shop shop/redis-0 -p tcp/6379 -f "
		"cluster.yaml",
	.words = "world host @pods | world host @pods",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.run = np_explain_run,
};
