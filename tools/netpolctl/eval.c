// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl eval
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <netinet/in.h>

#include "base/alloc.h"
#include "common.h"
#include "object/settings.h"
#include "offline/ask.h"

static const char np_eval_help[] =
"Usage: netpolctl eval SRC DST -p PROTO[/PORT] [-f FILE ...] [--family 4|6] [-o FORM]\n"
"\n"
"Asks the kernel for its verdict on a new connection, without sending a packet.\n"
"SRC and DST are NAMESPACE/POD or an address. Prints the steps and one last line\n"
"that begins with ALLOW or DENY. This node judges its own pods only.\n"
"\n"
"With -f the policies of files are judged, by the code that the kernel runs, as if\n"
"both pods were on one node. Needs neither the module nor privileges; settings and\n"
"addresses of a node (guards, host-allow, tunnels) are not known then.\n"
"\n"
"Options:\n"
"  -f, --filename F    a file, a folder, or - for standard input; repeatable\n"
"  -R, --recursive     with the folders below\n"
"      --lenient       leave out, with a warning, what can't be enforced\n"
"  -p, --protocol P    tcp/PORT, udp/PORT, sctp/PORT, icmp, icmpv6, or a number\n"
"      --family 4|6    which addresses of the pods; default: what both have\n"
"\n"
"Exit status: 0 allowed, 1 denied, 3 no such pod.\n"
"\n"
"Examples:\n"
"  netpolctl eval shop/cart-0 shop/redis-0 -p tcp/6379\n"
"  netpolctl eval 203.0.113.9 shop/web-1 -p tcp/443 -o json\n"
"  netpolctl eval shop/cart-0 shop/redis-0 -p tcp/6379 -f cluster.yaml -f new.yaml\n";

enum {
	NP_OPT_FAMILY = 0x100,
	NP_OPT_LENIENT,
};

struct np_eval_options {
	struct np_eval_request request;
	const char *protocol;	/* as it was written */
	const char **file;
	size_t file_count;
	struct np_load_options load;
};

static int np_eval_protocol(const char *text, struct np_eval_request *request,
			    struct np_error *err)
{
	const char *slash = strchr(text, '/');
	unsigned long number;
	char name[16], *end;

	snprintf(name, sizeof(name), "%.*s", slash ? (int)(slash - text) : 15, text);
	request->protocol = np_protocol_parse(name);
	request->has_port = slash;
	if (!request->protocol && !strcasecmp(name, "icmp"))
		request->protocol = IPPROTO_ICMP;
	if (!request->protocol && !strcasecmp(name, "icmpv6"))
		request->protocol = IPPROTO_ICMPV6;
	if (!request->protocol && *name >= '0' && *name <= '9') {
		number = strtoul(name, &end, 10);
		if (!*end && number <= 255)
			request->protocol = (uint8_t)number;
	}
	if (!request->protocol && strcmp(name, "0"))
		goto bad;
	if (slash) {
		number = slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10) : 0;
		if (!number || *end || number > 65535 ||
		    !*np_protocol_name(request->protocol))
			goto bad;
		request->port = (uint16_t)number;
	} else if (*np_protocol_name(request->protocol)) {
		goto bad;
	}
	return 0;
bad:
	np_error_set(err, NP_EXIT_USAGE, "\"%.40s\" is no protocol and port", text);
	np_error_hint(err, "as tcp/80, udp/53, sctp/3868, icmp, icmpv6 or 47; tcp, udp and sctp "
		      "need a port, others have none");
	return -1;
}

static int np_eval_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	struct np_eval_options *opts = ctx;

	switch (code) {
	case 'p':
		opts->protocol = arg;
		return np_eval_protocol(arg, &opts->request, err);
	case 'f':
		opts->file = np_array_grow(opts->file, opts->file_count, sizeof(*opts->file));
		opts->file[opts->file_count++] = arg;
		return 0;
	case 'R':
		opts->load.recursive = true;
		return 0;
	case NP_OPT_LENIENT:
		opts->load.lenient = true;
		return 0;
	}
	if (!strcmp(arg, "4"))
		opts->request.family = AF_INET;
	else if (!strcmp(arg, "6"))
		opts->request.family = AF_INET6;
	else
		return np_error_set(err, NP_EXIT_USAGE, "--family takes 4 or 6, not \"%.40s\"",
				    arg);
	return 0;
}

static bool np_eval_end(const char *text, struct np_end *end)
{
	return !np_address_parse(text, &end->address) ||
	       np_split_name(text, end->namespace, sizeof(end->namespace), end->name,
			     sizeof(end->name));
}

static void np_eval_step(const struct np_step *step, unsigned int number)
{
	char pod[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2];
	char policy[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 16];

	snprintf(pod, sizeof(pod), "%s/%s", step->pod_namespace, step->pod_name);
	printf("%u %-7s of ", number, np_direction_name(step->direction));
	if (*step->pod_name)
		np_print_escaped(stdout, pod);
	else
		putchar('-');
	if (!*step->policy_name) {
		printf("   %s%s%s\n", np_verdict_name(step->verdict), step->verdict ? ": " : "",
		       np_reason_text(step->reason));
		return;
	}
	snprintf(policy, sizeof(policy), "%s/%s", step->policy_namespace, step->policy_name);
	fputs("   isolated by ", stdout);
	np_print_escaped(stdout, policy);
	if (step->has_rule)
		printf("   %s by %s[%u]\n", *np_verdict_name(step->verdict) ?
		       np_verdict_name(step->verdict) : "matched",
		       np_direction_name(step->direction), step->rule);
	else
		puts("   no rule matches");
}

/*
 * Finds the half that decided: the one whose direction the verdict has, else the first step
 * that denies.
 */
static const struct np_step *np_eval_decider(const struct np_eval *eval)
{
	const struct np_step *step;
	size_t i;

	for (i = 0; i < eval->step_count; i++) {
		step = &eval->step[i];
		if (*step->pod_name && (eval->has_direction ?
		    step->direction == eval->direction :
		    step->verdict == NETPOL_VERDICT_DENY))
			return step;
	}
	return NULL;
}

static void np_eval_policies(const struct np_eval *eval, const struct np_step *half)
{
	const struct np_step *step;
	unsigned int count = 0;
	char name[NETPOL_NAMESPACE_MAX + NETPOL_NAME_MAX + 2];
	size_t i;

	for (i = 0; half && i < eval->step_count; i++) {
		step = &eval->step[i];
		if (step->direction != half->direction || !*step->policy_name)
			continue;
		snprintf(name, sizeof(name), "%s/%s", step->policy_namespace,
			 step->policy_name);
		fputs(count++ ? ", " : " (policies that isolate: ", stdout);
		np_print_escaped(stdout, name);
	}
	if (count)
		putchar(')');
	else
		printf(" (%s)", np_reason_text(eval->reason));
}

static void np_eval_table(const struct np_eval *eval, char **word, const char *protocol)
{
	const struct np_step *half = np_eval_decider(eval);
	char line[1024];
	unsigned int i;

	for (i = 0; i < eval->step_count; i++)
		np_eval_step(&eval->step[i], i + 1);
	if (eval->verdict != NETPOL_VERDICT_DENY) {
		np_color_print(stdout, NP_COLOR_GOOD, np_verdict_name(eval->verdict));
		snprintf(line, sizeof(line), " %s -> %s %s", word[0], word[1], protocol);
		np_print_escaped(stdout, line);
	} else {
		np_color_print(stdout, NP_COLOR_BAD, "DENY");
		if (half)
			snprintf(line, sizeof(line), " %s %s/%s",
				 np_direction_name(half->direction), half->pod_namespace,
				 half->pod_name);
		else
			snprintf(line, sizeof(line), " %s -> %s %s", word[0], word[1],
				 protocol);
		np_print_escaped(stdout, line);
		np_eval_policies(eval, eval->reason == NETPOL_REASON_ISOLATED ||
				 !eval->reason ? half : NULL);
	}
	if (eval->has_generation)
		printf("   generation %llu\n", (unsigned long long)eval->generation);
	else
		puts("   from files");
}

static void np_eval_write(const struct np_eval *eval, char **word, const char *protocol)
{
	const struct np_step *step;
	struct np_writer w;
	size_t i;

	np_writer_init(&w, stdout, np_common.format);
	np_write_top(&w, "Evaluation");
	np_write_string(&w, "source", word[0]);
	np_write_string(&w, "destination", word[1]);
	np_write_string(&w, "protocol", protocol);
	np_write_string(&w, "verdict", np_verdict_name(eval->verdict));
	np_write_string(&w, "reason", np_reason_name(eval->reason));
	if (eval->has_direction)
		np_write_string(&w, "direction", np_direction_name(eval->direction));
	if (eval->has_generation)
		np_write_number(&w, "generation", eval->generation);
	np_write_array(&w, "steps");
	for (i = 0; i < eval->step_count; i++) {
		step = &eval->step[i];
		np_write_object(&w, NULL);
		np_write_string(&w, "direction", np_direction_name(step->direction));
		if (*step->pod_name)
			np_write_format(&w, "pod", "%s/%s", step->pod_namespace,
					step->pod_name);
		if (*step->policy_name) {
			np_write_format(&w, "policy", "%s/%s", step->policy_namespace,
					step->policy_name);
			if (*step->policy_origin)
				np_write_string(&w, "origin", step->policy_origin);
		}
		if (step->verdict)
			np_write_string(&w, "verdict", np_verdict_name(step->verdict));
		if (step->reason)
			np_write_string(&w, "reason", np_reason_name(step->reason));
		if (step->has_rule)
			np_write_number(&w, "rule", step->rule);
		np_write_end(&w);
	}
	np_write_end(&w);
	np_write_end(&w);
}

/* Prints the answer, and returns the exit status. */
static int np_eval_print(const struct np_eval *eval, char **word, const char *protocol)
{
	if (np_format_structured(np_common.format))
		np_eval_write(eval, word, protocol);
	else
		np_eval_table(eval, word, protocol);
	return eval->verdict == NETPOL_VERDICT_DENY ? NP_EXIT_NEGATIVE : NP_EXIT_OK;
}

static int np_eval_kernel(const struct np_eval_options *opts, struct np_eval *eval,
			  struct np_error *err)
{
	struct np_client client;
	struct np_info info;
	int ret;

	ret = np_connect(&client, &info, err);
	if (!ret) {
		ret = np_eval_get(&client, &opts->request, eval, err);
		if (ret && (client.refusal.error == ENOENT || client.refusal.error == ESRCH)) {
			err->exit = NP_EXIT_INPUT;
			np_error_hint(err, "'netpolctl get pods' lists what is loaded");
		}
	}
	np_info_free(&info);
	np_client_close(&client);
	return ret;
}

static int np_eval_files(const struct np_eval_options *opts, struct np_eval *eval,
			 struct np_error *err)
{
	struct np_objects objs;
	int ret;

	np_objects_init(&objs);
	ret = np_read_manifests(&objs, opts->file, opts->file_count, &opts->load, err);
	if (!ret)
		ret = np_offline_ask(&objs, &opts->request, eval, err);
	np_objects_free(&objs);
	return ret;
}

static int np_eval_do(const struct np_eval_options *opts, char **word)
{
	struct np_error err = { 0 };
	struct np_eval eval = { 0 };
	char protocol[16], *c;
	int ret;

	snprintf(protocol, sizeof(protocol), "%s", opts->protocol);
	for (c = protocol; *c; c++)
		*c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
	ret = opts->file_count ? np_eval_files(opts, &eval, &err) :
				 np_eval_kernel(opts, &eval, &err);
	ret = ret ? np_report(&err) : np_eval_print(&eval, word, protocol);
	np_eval_free(&eval);
	return ret;
}

static int np_eval_check(const struct np_command *cmd, struct np_eval_options *opts, int words,
			 char **word)
{
	if (words != 2)
		return np_usage(cmd, "eval takes a source and a destination");
	if (!opts->protocol)
		return np_usage(cmd, "eval needs -p PROTO/PORT");
	if (!np_eval_end(word[0], &opts->request.source))
		return np_usage(cmd, "\"%.80s\" is neither NAMESPACE/POD nor an address", word[0]);
	if (!np_eval_end(word[1], &opts->request.destination))
		return np_usage(cmd, "\"%.80s\" is neither NAMESPACE/POD nor an address", word[1]);
	if (!opts->file_count && (opts->load.recursive || opts->load.lenient))
		return np_usage(cmd, "-R and --lenient belong to files, which -f names");
	return NP_PARSE_DONE;
}

static int np_eval_run(const struct np_command *cmd, int argc, char **argv)
{
	static const struct np_option options[] = {
		{ "protocol", required_argument, 'p' },
		{ "family", required_argument, NP_OPT_FAMILY },
		{ "filename", required_argument, 'f' },
		{ "recursive", no_argument, 'R' },
		{ "lenient", no_argument, NP_OPT_LENIENT },
		{ 0 }
	};
	struct np_eval_options opts = { 0 };
	int ret;

	ret = np_parse(cmd, argc, argv, options, np_eval_take, &opts,
		       NP_FORMAT_BIT(NP_FORMAT_TABLE) | NP_FORMAT_BIT(NP_FORMAT_JSON) |
		       NP_FORMAT_BIT(NP_FORMAT_YAML), NP_FORMAT_TABLE);
	if (ret == NP_PARSE_DONE)
		ret = np_eval_check(cmd, &opts, argc - optind, argv + optind);
	if (ret == NP_PARSE_DONE)
		ret = np_eval_do(&opts, argv + optind);
	free(opts.file);
	return ret;
}

const struct np_command np_command_eval = {
	.name = "eval",
	.summary = "the verdict on a connection, with its steps, by kernel or files",
	.help = np_eval_help,
	.run = np_eval_run,
};
