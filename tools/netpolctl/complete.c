// SPDX-License-Identifier: GPL-2.0-or-later
/* Candidates for the completion of shells. */
#include "complete.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/netpol.h>

#include "common.h"
#include "node/doctor.h"
#include "object/lint.h"

#define NP_COMPLETE_TIME	500	/* milliseconds for an answer of the kernel */
#define NP_COMPLETE_PODS	5000	/* with more, names of pods begin with a namespace */
#define NP_COMPLETE_LONGEST	4096

/**
 * struct np_completion - what is to be completed
 * @commands: the table of commands
 * @count: how many there are
 * @cmd: the command of the line, NULL: none so far
 * @first: its first word, NULL: none so far
 * @words: how many words it has so far
 * @value: the row of the option whose value comes, NULL: none
 * @plain: -- was given, after which there are no options
 * @word: what was typed of the last word, or of the value in it
 * @before: what stands before the value in the last word: "--name="
 * @length: of @before
 * @client: connection to the module, if @connected
 * @info: what it says of itself
 * @connected: it has answered
 */
struct np_completion {
	const struct np_command *const *commands;
	size_t count;
	const struct np_command *cmd;
	const char *first;
	unsigned int words;
	const struct np_option_row *value;
	bool plain;
	const char *word;
	const char *before;
	size_t length;
	struct np_client client;
	struct np_info info;
	bool connected;
};

/*
 * Offers a candidate, if what was typed is its beginning. A name with a character that means
 * something to a shell is left out.
 */
static void np_offer(const struct np_completion *c, const char *text, const char *end,
		     const char *meaning)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._/@+,";
	size_t typed = strlen(c->word), length = strlen(text);

	if (text[strspn(text, plain)])
		return;
	if (typed <= length ? strncmp(text, c->word, typed) :
			      strncmp(text, c->word, length) ||
			      strncmp(end, c->word + length, typed - length))
		return;
	printf("%.*s%s%s%s%s\n", (int)c->length, c->before, text, end, meaning ? "\t" : "",
	       meaning ? meaning : "");
}

static void np_offer_name(const struct np_completion *c, const char *kind, const char *namespace,
			  const char *name)
{
	char text[2 * NETPOL_NAME_MAX + NETPOL_NAMESPACE_MAX];

	snprintf(text, sizeof(text), "%s%s%s%s", kind, namespace, *namespace ? "/" : "", name);
	np_offer(c, text, "", NULL);
}

/* --- names of what is loaded --------------------------------------------------- */

static void np_complete_late(int number)
{
	_exit(NP_EXIT_OK);
}

/* Ends the process after so many milliseconds, if nobody calls it again; 0: never. */
static void np_complete_limit(int milliseconds)
{
	const struct itimerval limit = { .it_value.tv_usec = milliseconds * 1000 };

	fflush(stdout);
	setitimer(ITIMER_REAL, &limit, NULL);
}

/* Connects to the module, if it is loaded; whoever presses a key wants nothing loaded. */
static bool np_complete_connect(struct np_completion *c)
{
	struct np_error err;

	if (c->connected)
		return true;
	np_complete_limit(NP_COMPLETE_TIME);
	c->connected = !access("/sys/module/netpol", F_OK) && !np_enter(&err) &&
		       !np_client_open(&c->client, NETPOL_GENL_NAME, NP_COMPLETE_TIME, &err) &&
		       !np_info_get(&c->client, &c->info, &err);
	np_complete_limit(0);
	return c->connected;
}

/* Asks for objects of a kind; without an answer there are none. The caller frees the state. */
static void np_complete_get(struct np_completion *c, uint8_t command, struct np_state *state)
{
	struct np_error err;

	np_state_init(state);
	if (!np_complete_connect(c))
		return;
	np_complete_limit(NP_COMPLETE_TIME);
	if (np_state_get(&c->client, command, state, &err)) {
		np_state_free(state);
		np_state_init(state);
	}
	np_complete_limit(0);
}

static uint64_t np_complete_used(const struct np_completion *c, uint32_t id)
{
	size_t i;

	for (i = 0; i < c->info.limit_count; i++)
		if (c->info.limit[i].id == id && c->info.limit[i].has_used)
			return c->info.limit[i].used;
	return 0;
}

static void np_complete_namespaces(struct np_completion *c, const char *kind, const char *end)
{
	char text[NETPOL_NAMESPACE_MAX + 32];
	struct np_state state;
	size_t i;

	np_complete_get(c, NETPOL_CMD_GET_NAMESPACE, &state);
	for (i = 0; i < state.objects.namespace_count; i++) {
		snprintf(text, sizeof(text), "%s%s", kind, state.objects.namespaces[i].name);
		np_offer(c, text, end, NULL);
	}
	np_state_free(&state);
}

/* Offers namespaces instead of very many pods, until one is chosen. */
static void np_complete_pods(struct np_completion *c, const char *kind)
{
	struct np_state state;
	size_t i;

	if (np_complete_connect(c) && !strchr(c->word + strlen(kind), '/') &&
	    np_complete_used(c, NETPOL_LIMIT_PODS) > NP_COMPLETE_PODS) {
		np_complete_namespaces(c, kind, "/");
		return;
	}
	np_complete_get(c, NETPOL_CMD_GET_POD, &state);
	for (i = 0; i < state.objects.pod_count; i++)
		np_offer_name(c, kind, state.objects.pods[i].namespace,
			      state.objects.pods[i].name);
	np_state_free(&state);
}

static void np_complete_policies(struct np_completion *c, const char *kind, bool namespaced,
				 bool wide)
{
	const struct np_policy *policy;
	struct np_state state;
	size_t i;

	np_complete_get(c, NETPOL_CMD_GET_POLICY, &state);
	for (i = 0; i < state.objects.policy_count; i++) {
		policy = &state.objects.policies[i];
		if (*policy->namespace ? namespaced : wide)
			np_offer_name(c, kind, policy->namespace, policy->name);
	}
	np_state_free(&state);
}

static void np_complete_origins(struct np_completion *c)
{
	size_t i;

	for (i = 0; np_complete_connect(c) && i < c->info.origin_count; i++)
		np_offer(c, c->info.origin[i].name, "", NULL);
}

/* Objects as `delete` takes them: the kind first, then names of that kind. */
static void np_complete_objects(struct np_completion *c)
{
	if (!strncmp(c->word, "policy/", 7)) {
		np_complete_policies(c, "policy/", true, false);
	} else if (!strncmp(c->word, "pod/", 4)) {
		np_complete_pods(c, "pod/");
	} else if (!strncmp(c->word, "namespace/", 10)) {
		np_complete_namespaces(c, "namespace/", "");
	} else if (!strncmp(c->word, "clusternetworkpolicy/", 21)) {
		np_complete_policies(c, "clusternetworkpolicy/", false, true);
	} else {
		np_offer(c, "policy", "/", NULL);
		np_offer(c, "pod", "/", NULL);
		np_offer(c, "namespace", "/", NULL);
		np_offer(c, "clusternetworkpolicy", "/", NULL);
	}
}

/* Names of the kind that is the command's first word, as `get` takes them. */
static void np_complete_named(struct np_completion *c)
{
	const char *kind = c->first ? c->first : "";

	if (!strcmp(kind, "namespaces") || !strcmp(kind, "namespace") || !strcmp(kind, "ns"))
		np_complete_namespaces(c, "", "");
	else if (!strcmp(kind, "pods") || !strcmp(kind, "pod") || !strcmp(kind, "po") ||
		 (!strcmp(kind, "trie") && c->words == 1))
		np_complete_pods(c, "");
	else if (!strcmp(kind, "policies") || !strcmp(kind, "policy") || !strcmp(kind, "rules"))
		np_complete_policies(c, "", true, true);
	else if (!strncmp(kind, "networkpolic", 12) || !strcmp(kind, "netpol"))
		np_complete_policies(c, "", true, false);
	else if (!strncmp(kind, "clusternetworkpolic", 19) || !strcmp(kind, "cnp"))
		np_complete_policies(c, "", false, true);
}

/* --- what needs no module ------------------------------------------------------ */

static void np_complete_netns(const struct np_completion *c)
{
	DIR *dir = opendir("/run/netns");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.')
			np_offer(c, entry->d_name, "", NULL);
	if (dir)
		closedir(dir);
}

static void np_complete_checks(const struct np_completion *c)
{
	size_t i;

	for (i = 0; np_doctor_check(i); i++)
		np_offer(c, np_doctor_check(i), "", NULL);
}

static void np_complete_lint(const struct np_completion *c)
{
	size_t i;

	for (i = 0; i < NP_LINT_COUNT; i++) {
		np_offer(c, np_lint_checks[i].id, "", np_lint_checks[i].name);
		np_offer(c, np_lint_checks[i].name, "", np_lint_checks[i].id);
	}
}

static void np_complete_settings(const struct np_completion *c)
{
	unsigned int i;

	for (i = 0; i < NP_SETTING_COUNT; i++)
		np_offer(c, np_setting_name(i), "=", NULL);
}

static void np_complete_commands(const struct np_completion *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		np_offer(c, c->commands[i]->name, "", c->commands[i]->summary);
}

static void np_complete_forms(const struct np_completion *c)
{
	enum np_format form;

	for (form = 0; np_format_text(form); form++)
		if (!c->cmd || c->cmd->forms & NP_FORMAT_BIT(form))
			np_offer(c, np_format_text(form), "", NULL);
}

static void np_complete_options(const struct np_completion *c)
{
	const struct np_option_row *table[2] = { c->cmd ? c->cmd->options : NULL, np_common_rows };
	const struct np_option_row *row;
	char text[64];
	int i;

	for (i = 0; i < 2; i++) {
		for (row = table[i]; row && row->name; row++) {
			/* A command's row tells more than the common one. */
			if (np_options_find(c->cmd, NULL, 0, row->code) != row)
				continue;
			snprintf(text, sizeof(text), "--%s", row->name);
			np_offer(c, text, "", row->text);
		}
	}
}

/* --- the line ------------------------------------------------------------------ */

/* Offers what one word of a table's text stands for. */
static void np_complete_source(struct np_completion *c, const char *source)
{
	if (!strcmp(source, "@files"))
		puts(":files");
	else if (!strcmp(source, "@folders"))
		puts(":folders");
	else if (!strcmp(source, "@namespaces"))
		np_complete_namespaces(c, "", "");
	else if (!strcmp(source, "@pods"))
		np_complete_pods(c, "");
	else if (!strcmp(source, "@policies"))
		np_complete_policies(c, "", true, true);
	else if (!strcmp(source, "@networkpolicies"))
		np_complete_policies(c, "", true, false);
	else if (!strcmp(source, "@origins"))
		np_complete_origins(c);
	else if (!strcmp(source, "@objects"))
		np_complete_objects(c);
	else if (!strcmp(source, "@named"))
		np_complete_named(c);
	else if (!strcmp(source, "@netns"))
		np_complete_netns(c);
	else if (!strcmp(source, "@doctor"))
		np_complete_checks(c);
	else if (!strcmp(source, "@lint"))
		np_complete_lint(c);
	else if (!strcmp(source, "@settings"))
		np_complete_settings(c);
	else
		np_offer(c, source, "", NULL);
}

/* Offers what a text of a table lists, up to a | or its end. */
static void np_complete_list(struct np_completion *c, const char *list)
{
	char source[32];
	size_t length;

	for (; *list && *list != '|'; list += length + (list[length] == ' ')) {
		length = strcspn(list, " ");
		snprintf(source, sizeof(source), "%.*s", (int)length, list);
		if (*source && strcmp(source, "..."))
			np_complete_source(c, source);
	}
}

/* Returns the part of a command's words that is about the next one, or NULL. */
static const char *np_complete_part(const struct np_completion *c)
{
	const char *part = c->cmd->words, *next;
	unsigned int i;

	for (i = 0; part && i < c->words; i++) {
		next = strchr(part, '|');
		if (!next)
			return strstr(part, "...") ? part : NULL;
		part = next + 1 + strspn(next + 1, " ");
	}
	return part;
}

/* Takes note of an option of the line; its value is in it, is the next word, or there is none. */
static void np_complete_note(struct np_completion *c, const struct np_option_row *row,
			     const char *value)
{
	c->value = row && row->value && !value ? row : NULL;
	if (row && row->code == NP_OPT_NETNS && value)
		np_common.netns = value;
}

static void np_complete_long(struct np_completion *c, const char *name)
{
	size_t length = strcspn(name, "=");

	np_complete_note(c, np_options_find(c->cmd, name, length, 0),
			 name[length] ? name + length + 1 : NULL);
}

static void np_complete_short(struct np_completion *c, const char *letters)
{
	const struct np_option_row *row;

	for (; *letters; letters++) {
		row = np_options_find(c->cmd, NULL, 0, *letters);
		if (!row || !row->value)
			continue;
		np_complete_note(c, row, letters[1] ? letters + 1 : NULL);
		return;
	}
}

static void np_complete_word(struct np_completion *c, const char *word)
{
	size_t i;

	if (c->value) {
		np_complete_note(c, c->value, word);
	} else if (!c->plain && !strcmp(word, "--")) {
		c->plain = true;
	} else if (!c->plain && !strncmp(word, "--", 2)) {
		np_complete_long(c, word + 2);
	} else if (!c->plain && *word == '-' && word[1]) {
		np_complete_short(c, word + 1);
	} else if (!c->cmd) {
		for (i = 0; i < c->count; i++)
			if (!strcmp(c->commands[i]->name, word))
				c->cmd = c->commands[i];
		c->first = c->cmd ? NULL : word;
		c->words = c->cmd ? 0 : c->words + 1;
	} else {
		c->first = c->words++ ? c->first : word;
	}
}

/* The last word. */
static void np_complete_last(struct np_completion *c, const char *word)
{
	size_t length = strcspn(word, "=");

	c->word = word;
	if (!c->value && !c->plain && !strncmp(word, "--", 2) && word[length]) {
		c->value = np_options_find(c->cmd, word + 2, length - 2, 0);
		if (!c->value || !c->value->value)
			return;
		c->before = word;
		c->length = length + 1;
		c->word = word + c->length;
	}
	if (c->value && c->value->code == 'o' && !c->value->from)
		np_complete_forms(c);
	else if (c->value)
		np_complete_list(c, c->value->from ? c->value->from : "");
	else if (!c->plain && *word == '-')
		np_complete_options(c);
	else if (c->cmd)
		np_complete_list(c, np_complete_part(c) ? np_complete_part(c) : "");
	else if (!c->words || (c->words == 1 && !strcmp(c->first, "help")))
		np_complete_commands(c);
	if (!c->cmd && !c->words && !c->value && *word != '-')
		np_offer(c, "help", "", "all commands, or help on one");
}

int np_complete(const struct np_command *const *commands, size_t count, int words, char **word)
{
	struct np_completion c = { .commands = commands, .count = count };
	int i;

	if (!words || strlen(word[words - 1]) > NP_COMPLETE_LONGEST)
		return NP_EXIT_OK;
	signal(SIGALRM, np_complete_late);
	for (i = 0; i < words - 1; i++)
		np_complete_word(&c, word[i]);
	np_complete_last(&c, word[words - 1]);
	np_info_free(&c.info);
	np_client_close(&c.client);
	return NP_EXIT_OK;
}
