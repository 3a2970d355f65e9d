// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl: the table of commands.
 */
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "complete.h"

static const struct np_command * const np_commands[] = {
	&np_command_status,
	&np_command_doctor,
	&np_command_apply,
	&np_command_confirm,
	&np_command_delete,
	&np_command_audit,
	&np_command_get,
	&np_command_eval,
	&np_command_explain,
	&np_command_matrix,
	&np_command_exposure,
	&np_command_graph,
	&np_command_diff,
	&np_command_lint,
	&np_command_convert,
	&np_command_counters,
	&np_command_top,
	&np_command_monitor,
	&np_command_trace,
	&np_command_flows,
	&np_command_settings,
	&np_command_save,
	&np_command_restore,
	&np_command_sync,
	&np_command_flush,
	&np_command_version,
	&np_command_bundle,
};

#define NP_COMMAND_COUNT	(sizeof(np_commands) / sizeof(np_commands[0]))

static const char np_help_exits[] =
"Exit status: 0 done or allowed, 1 denied, differs or not found, 2 usage, 3 input\n"
"rejected, 4 module absent, 5 rejected by the kernel, 6 no permission, 7 API\n"
"server or credentials, 8 timed out, 9 the ABI of tool and module differ.\n";

static void np_help(FILE *file)
{
	size_t i;

	fputs("Usage: netpolctl [OPTION...] [COMMAND [WORD...]]\n\n"
	      "Kubernetes NetworkPolicy in the Linux kernel. Without a command: status.\n\n"
	      "Commands:\n", file);
	for (i = 0; i < NP_COMMAND_COUNT; i++)
		fprintf(file, "  %-14s %s\n", np_commands[i]->name, np_commands[i]->summary);
	fputs("\nOptions of every command:\n", file);
	np_options_rows(np_common_rows, file);
	fprintf(file, "\n%s", np_help_exits);
}

static const struct np_command *np_find(const char *name)
{
	size_t i;

	for (i = 0; i < NP_COMMAND_COUNT; i++)
		if (!strcmp(np_commands[i]->name, name))
			return np_commands[i];
	return NULL;
}

/*
 * Finds the command that a mistyped one most likely was: the one with the most equal letters
 * at the beginning.
 */
static const char *np_guess(const char *name)
{
	const char *best = NULL;
	size_t i, same, most = 1;

	for (i = 0; i < NP_COMMAND_COUNT; i++) {
		for (same = 0; name[same] && name[same] == np_commands[i]->name[same]; same++)
			;
		if (same > most) {
			most = same;
			best = np_commands[i]->name;
		}
	}
	return best;
}

static int np_unknown(const char *name)
{
	struct np_error err = { 0 };
	const char *guess = np_guess(name);

	np_error_set(&err, NP_EXIT_USAGE, "there is no command \"%.40s\"", name);
	if (guess)
		np_error_hint(&err, "did you mean \"%s\"? 'netpolctl help' lists all", guess);
	else
		np_error_hint(&err, "'netpolctl help' lists all commands");
	return np_report(&err);
}

static int np_finish(int status)
{
	struct np_error err = { 0 };

	if (!fflush(stdout) && !ferror(stdout))
		return status;
	np_error_set(&err, NP_EXIT_INPUT, "cannot write the result");
	np_error_print(stderr, &err);
	return status ? status : NP_EXIT_INPUT;
}

int main(int argc, char **argv)
{
	char name[] = "netpolctl", *bare[] = { name, NULL };
	const struct np_command *cmd;
	int first, ret;

	if (argc == 2 && !strcmp(argv[1], "--version"))
		return np_finish(np_command_version.run(&np_command_version, 1, bare));
	ret = np_options_leading(argc, argv, &first);
	if (ret == NP_EXIT_OK)
		np_help(stdout);
	if (ret != NP_PARSE_DONE)
		return np_finish(ret);
	argc -= first;
	argv += first;
	if (argc && !strcmp(argv[0], "help")) {
		if (argc == 1) {
			np_help(stdout);
			return np_finish(NP_EXIT_OK);
		}
		cmd = np_find(argv[1]);
		if (!cmd)
			return np_unknown(argv[1]);
		np_options_help(cmd, stdout);
		return np_finish(NP_EXIT_OK);
	}
	/* These two are not for people, so they are in no help. */
	if (argc && !strcmp(argv[0], "__complete"))
		return np_complete(np_commands, NP_COMMAND_COUNT, argc - 1, argv + 1);
	if (argc && !strcmp(argv[0], "__options")) {
		np_options_write(np_commands, NP_COMMAND_COUNT);
		return np_finish(NP_EXIT_OK);
	}
	if (!argc)
		return np_finish(np_command_status.run(&np_command_status, 1, bare));
	cmd = np_find(argv[0]);
	if (!cmd)
		return np_unknown(argv[0]);
	np_common.changes = cmd->changes;
	return np_finish(cmd->run(cmd, argc, argv));
}
