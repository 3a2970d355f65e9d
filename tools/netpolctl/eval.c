// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl eval
 */
#include <stdio.h>
#include <stdlib.h>

#include "explain/steps.h"
#include "offline/ask.h"
#include "question.h"

static bool np_eval_end(const char *text, struct np_end *end)
{
	return !np_address_parse(text, &end->address) ||
	       np_split_name(text, end->namespace, sizeof(end->namespace), end->name,
			     sizeof(end->name));
}

static void np_eval_table(const struct np_eval *eval, const struct np_question *question)
{
	unsigned int i;

	for (i = 0; i < eval->step_count; i++)
		np_steps_line(stdout, &eval->step[i], i + 1);
	np_steps_verdict(stdout, eval, question);
	np_steps_source(stdout, eval);
}

static void np_eval_write(const struct np_eval *eval, const struct np_question *question)
{
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, np_common.format);
	np_write_top(&w, "Evaluation");
	np_steps_write_verdict(&w, eval, question);
	np_write_array(&w, "steps");
	for (i = 0; i < eval->step_count; i++) {
		np_write_object(&w, NULL);
		np_steps_write(&w, &eval->step[i]);
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}

/* Prints the answer, and returns the exit status. */
static int np_eval_print(const struct np_eval *eval, const struct np_question *question)
{
	if (np_format_structured(np_common.format))
		np_eval_write(eval, question);
	else
		np_eval_table(eval, question);
	return eval->verdict == NETPOL_VERDICT_DENY ? NP_EXIT_NEGATIVE : NP_EXIT_OK;
}

static int np_eval_files(const struct np_asking *asking, struct np_eval *eval,
			 struct np_error *err)
{
	struct np_objects objs;
	int ret;

	np_objects_init(&objs);
	ret = np_read_manifests(&objs, asking->file, asking->file_count, &asking->load, err);
	if (!ret)
		ret = np_offline_ask(&objs, &asking->request, eval, err);
	np_objects_free(&objs);
	return ret;
}

static int np_eval_do(const struct np_asking *asking, char **word)
{
	struct np_question question;
	struct np_error err = { 0 };
	struct np_eval eval = { 0 };
	int ret;

	np_question_set(&question, word[0], word[1], asking->protocol);
	ret = asking->file_count ? np_eval_files(asking, &eval, &err) :
				   np_asking_kernel(&asking->request, &eval, &err);
	ret = ret ? np_report(&err) : np_eval_print(&eval, &question);
	np_eval_free(&eval);
	return ret;
}

static int np_eval_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	return np_asking_take(ctx, code, arg, err);
}

static int np_eval_check(const struct np_command *cmd, struct np_asking *asking, int words,
			 char **word)
{
	int ret = np_asking_check(cmd, asking, words);

	if (ret != NP_PARSE_DONE)
		return ret;
	if (!np_eval_end(word[0], &asking->request.source))
		return np_usage(cmd, "\"%.80s\" is neither NAMESPACE/POD nor an address", word[0]);
	if (!np_eval_end(word[1], &asking->request.destination))
		return np_usage(cmd, "\"%.80s\" is neither NAMESPACE/POD nor an address", word[1]);
	return NP_PARSE_DONE;
}

static const struct np_option_row np_eval_options[] = {
	NP_ROW_ASK_PROTOCOL,
	NP_ROW_FILES,
	NP_ROW_RECURSIVE,
	NP_ROW_ASK_LENIENT,
	NP_ROW_ASK_FAMILY,
	{ 0 }
};

static int np_eval_run(const struct np_command *cmd, int argc, char **argv)
{
	struct np_asking asking = { 0 };
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_eval_take, &asking);
	if (ret == NP_PARSE_DONE)
		ret = np_eval_check(cmd, &asking, argc - optind, argv + optind);
	if (ret == NP_PARSE_DONE)
		ret = np_eval_do(&asking, argv + optind);
	free(asking.file);
	return ret;
}

const struct np_command np_command_eval = {
	.name = "eval",
	.summary = "the verdict on a connection, with its steps, by kernel or files",
	.usage = "eval SRC DST -p PROTO[/PORT] [-f FILE...] [OPTION...]",
	.about = "Asks the kernel for its verdict on a new connection, without sending a "
		"packet. SRC and DST are NAMESPACE/POD or an address. Prints the steps and "
		"one last line that begins with ALLOW or DENY. This node judges its own pods "
		"only.\n\n"
		"With -f the policies of files are judged, by the code that the kernel runs, "
		"as if both pods were on one node. That needs neither the module nor "
		"privileges; settings and addresses of a node (guards, host-allow, tunnels) "
		"are not known then.",
	.options = np_eval_options,
	.exits = "0 allowed, 1 denied, 3 no such pod, or with -f neither end is a pod of the "
		"files or two pods have one address.",
	.examples = "netpolctl eval shop/cart-0 shop/redis-0 -p tcp/6379\n"
		"netpolctl eval 203.0.113.9 shop/web-1 -p tcp/443 -o json\n"
		"netpolctl eval shop/cart-0 shop/redis-0 -p tcp/6379 -f all.yaml -f "
		"new.yaml",
	.words = "@pods | @pods",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		 NP_FORMAT_BIT(NP_FORMAT_YAML),
	.form = NP_FORMAT_TABLE,
	.run = np_eval_run,
};
