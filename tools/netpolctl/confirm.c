// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netpolctl confirm, and --confirm of the commands that change something
 */
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "undo/undo.h"

static struct np_undo np_undo = { .fd = -1 };

int np_confirm_begin(struct np_client *client, const char *origin, struct np_error *err)
{
	if (!np_common.confirm)
		return 0;
	return np_undo_begin(&np_undo, client, origin, np_common.confirm, np_common.timeout, err);
}

bool np_confirm_base(uint64_t *base)
{
	if (np_undo.fd < 0)
		return false;
	*base = np_undo.before;
	return true;
}

static bool np_confirm_sent;

void np_confirm_send(void)
{
	np_confirm_sent = true;
	np_undo_send(&np_undo);
}

void np_confirm_end(struct np_client *client, bool failed, bool changed)
{
	int ret;

	if (np_undo.fd < 0)
		return;
	/* What the kernel has refused was not done. What it has not answered may be done. */
	if (failed)
		changed = np_confirm_sent && !client->refusal.error;
	ret = np_undo_end(&np_undo, client, changed);
	np_common.waits = ret > 0;
	if (ret < 0)
		np_warning("the process that would take the change back has ended; 'netpolctl "
			   "confirm' tells how");
	else if (np_common.waits)
		np_notice("the change is taken back in %lld s unless 'netpolctl confirm' is run",
			  (long long)(np_common.confirm + 999) / 1000);
	else if (!failed)
		np_notice("nothing has changed, so nothing waits for a confirmation");
}

static int np_confirm_take(int code, const char *arg, void *ctx, struct np_error *err)
{
	(void)code;
	(void)arg;
	(void)err;
	*(enum np_undo_request *)ctx = NP_UNDO_REVERT;
	return 0;
}

static const struct np_option_row np_confirm_options[] = {
	{ "revert", 0x100, NULL, NULL, "take the change back now" },
	{ 0 }
};

static int np_confirm_run(const struct np_command *cmd, int argc, char **argv)
{
	enum np_undo_request request = NP_UNDO_CONFIRM;
	struct np_error err = { 0 };
	char answer[1024];
	int ret;

	ret = np_options_parse(cmd, argc, argv, np_confirm_take, &request);
	if (ret != NP_PARSE_DONE)
		return ret;
	if (optind < argc)
		return np_usage(cmd, "confirm takes no word \"%.40s\"", argv[optind]);
	ret = np_enter(&err);
	if (!ret)
		ret = np_undo_ask(request, answer, sizeof(answer), &err);
	if (ret == NP_UNDO_ANSWER_REFUSED) {
		ret = -1;
		np_error_set(&err, NP_EXIT_KERNEL, "%s", answer);
	}
	if (ret < 0)
		return np_report(&err);
	if (ret == NP_UNDO_ANSWER_NONE) {
		np_notice("no change waits for a confirmation%s%s",
			  *answer ? "; of the last one: " : "", answer);
		return NP_EXIT_NEGATIVE;
	}
	if (!np_common.quiet) {
		np_print_escaped(stdout, answer);
		putchar('\n');
	}
	return NP_EXIT_OK;
}

const struct np_command np_command_confirm = {
	.name = "confirm",
	.summary = "keep a change that would take itself back",
	.usage = "confirm [--revert]",
	.about = "Keeps a change that was made with --confirm TIME, so that it is not taken "
		"back when the time is over. Until then nothing else can be changed by hand. "
		"'netpolctl status' shows whether a change waits.",
	.options = np_confirm_options,
	.exits = "0 the change stays, or is taken back with --revert; 1 no change waits.",
	.examples = "netpolctl apply -f policies/ --confirm 60s\n"
		"netpolctl confirm",
	.forms = NP_FORMAT_BIT(NP_FORMAT_TABLE),
	.form = NP_FORMAT_TABLE,
	.run = np_confirm_run,
};
