// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "log.h"
#include "number.h"
#include "suggest.h"
#include "tierx.h"

#define OPTION_CGROUP	  0x100
#define OPTION_FOREGROUND 0x101
#define OPTION_JSON	  0x102
#define OPTION_RESET	  0x103
#define OPTION_ALL	  0x104
#define PROGRAM_LEN	  32

#define EXIT_STATUSES                                                                              \
	"Exit status: 0 done, 1 internal error, 2 bad usage (unknown policy or knob, bad value, "  \
	"no such cgroup, not a policy), 3 refused by the kernel or by its present state, "         \
	"4 the policy was ejected, 5 this kernel lacks support."

/* What a command takes besides the common options. */
enum takes {
	TAKES_POLICY = 1 << 0,
	TAKES_ASSIGNMENTS = 1 << 1,
	NEEDS_ASSIGNMENTS = 1 << 2,
	TAKES_FILE = 1 << 3,
	TAKES_CGROUP = 1 << 4,
};

static const struct argp_option common_options[] = {
	{ .name = "json", .key = OPTION_JSON, .doc = "print JSON" },
	{ .name = "verbose", .key = 'v', .doc = "show what libbpf and the verifier say" },
	{ .key = 'h', .flags = OPTION_HIDDEN, .doc = "as --help" },
	{}
};

static const struct argp_option cgroup_options[] = {
	{ .name = "cgroup",
	  .key = OPTION_CGROUP,
	  .arg = "PATH",
	  .doc = "the policy of this memory cgroup, a folder below " CGROUP_ROOT },
	{}
};

static const struct argp_option load_options[] = {
	{ .name = "foreground",
	  .key = OPTION_FOREGROUND,
	  .doc = "hold the policy until a signal, and tell why it ended" },
	{}
};

static const struct argp_option swap_options[] = {
	{ .name = "reset",
	  .key = OPTION_RESET,
	  .doc = "start with empty maps, also with those that are shared" },
	{}
};

static const struct argp_option unload_options[] = {
	{ .name = "all", .key = OPTION_ALL, .doc = "those of the machine and of all cgroups" },
	{}
};

static const struct argp_option stats_options[] = {
	{ .name = "interval", .key = 'i', .arg = "SEC", .doc = "sample every SEC seconds" },
	{ .name = "count", .key = 'n', .arg = "N", .doc = "stop after N samples" },
	{}
};

/**
 * struct command - a command of tierx
 * @name: its name
 * @args_doc: its arguments
 * @doc: what it does
 * @takes: bits of enum takes
 * @options: its options besides the common ones
 * @run: does it, returns a status
 */
static const struct command {
	const char *name;
	const char *args_doc;
	const char *doc;
	unsigned int takes;
	const struct argp_option *options;
	int (*run)(const struct arguments *args);
} commands[] = {
	{ "check", "", "what this kernel and machine have, and how to get what is missing",
	  .run = command__check },
	{ "topology", "", "memory tiers, nodes, distances, latency and bandwidth, targets",
	  .run = command__topology },
	{ "list", "", "policies that were found", .run = command__list },
	{ "info", "POLICY", "ops, knobs and counters of a policy", TAKES_POLICY,
	  .run = command__info },
	{ "load", "POLICY [KNOB=VALUE...]", "attach a policy; it stays after tierx ends",
	  TAKES_POLICY | TAKES_ASSIGNMENTS | TAKES_CGROUP, load_options, command__load },
	{ "swap", "POLICY [KNOB=VALUE...]", "replace the attached policy, without a gap",
	  TAKES_POLICY | TAKES_ASSIGNMENTS | TAKES_CGROUP, swap_options, command__swap },
	{ "set", "KNOB=VALUE...", "set knobs of the attached policy while it runs",
	  TAKES_ASSIGNMENTS | NEEDS_ASSIGNMENTS | TAKES_CGROUP, .run = command__set },
	{ "unload", "", "detach the policy, and go back to the kernel's own", TAKES_CGROUP,
	  unload_options, command__unload },
	{ "status", "", "what is attached where, knobs, events, and the last exit", TAKES_CGROUP,
	  .run = command__status },
	{ "stats", "", "counters of the policy and of the kernel, and their rates", TAKES_CGROUP,
	  stats_options, command__stats },
	{ "heat", "FILE|-", "feed counters of accesses to physical memory to the attached policy",
	  TAKES_FILE | TAKES_CGROUP, .run = command__heat },
	{ "shmem", "FILE", "where the pages of a shmem file or memfd are", TAKES_FILE,
	  .run = command__shmem },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

/**
 * struct invocation - the command line while it is parsed
 * @command: the command
 * @next: where its own part of the command line begins
 * @args: what was found
 */
struct invocation {
	const struct command *command;
	int next;
	struct arguments args;
};

const char *argp_program_version = "tierx 0.1";

static error_t parse_count(const char *option, const char *text, unsigned int *count,
			   struct argp_state *state)
{
	struct number number;

	if (number__parse(text, &number) || !number__fits(number, sizeof(*count), false) ||
	    !number.bits) {
		argp_error(state, "%s %s: not a number of 1 or more", option, text);
		return EINVAL;
	}
	*count = number.bits;

	return 0;
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct invocation *invocation = state->input;

	(void)arg;
	switch (key) {
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case 'v':
		log__set_verbose();
		return 0;
	case OPTION_JSON:
		invocation->args.json = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_cgroup(int key, char *arg, struct argp_state *state)
{
	struct invocation *invocation = state->input;

	if (key != OPTION_CGROUP)
		return ARGP_ERR_UNKNOWN;
	invocation->args.cgroup = arg;

	return 0;
}

static error_t parse_word(struct invocation *invocation, char *word, struct argp_state *state)
{
	struct arguments *args = &invocation->args;

	if ((invocation->command->takes & TAKES_POLICY) && !args->policy) {
		args->policy = word;
		return 0;
	}
	if ((invocation->command->takes & TAKES_FILE) && !args->file) {
		args->file = word;
		return 0;
	}
	if (!(invocation->command->takes & TAKES_ASSIGNMENTS)) {
		argp_error(state, "unexpected argument %s", word);
		return EINVAL;
	}
	/* Words come in order, but not necessarily side by side. */
	args->assignments[args->nr_assignments++] = word;

	return 0;
}

static error_t parse_end(const struct invocation *invocation, struct argp_state *state)
{
	if ((invocation->command->takes & TAKES_POLICY) && !invocation->args.policy)
		argp_error(state, "which policy? 'tierx list' shows them");
	if ((invocation->command->takes & NEEDS_ASSIGNMENTS) && !invocation->args.nr_assignments)
		argp_error(state, "which knob? 'tierx status' shows them");
	if ((invocation->command->takes & TAKES_FILE) && !invocation->args.file)
		argp_error(state, "which file?");
	return 0;
}

static error_t parse_command(int key, char *arg, struct argp_state *state)
{
	struct invocation *invocation = state->input;
	struct arguments *args = &invocation->args;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = invocation;
		if (invocation->command->takes & TAKES_CGROUP)
			state->child_inputs[1] = invocation;
		return 0;
	case OPTION_ALL:
		args->all = true;
		return 0;
	case OPTION_FOREGROUND:
		args->foreground = true;
		return 0;
	case OPTION_RESET:
		args->reset = true;
		return 0;
	case 'i':
		return parse_count("-i", arg, &args->interval, state);
	case 'n':
		return parse_count("-n", arg, &args->count, state);
	case ARGP_KEY_ARG:
		return parse_word(invocation, arg, state);
	case ARGP_KEY_END:
		return parse_end(invocation, state);
	}
	return ARGP_ERR_UNKNOWN;
}

static int run_command(struct invocation *invocation, int argc, char **argv)
{
	const struct argp common = { .options = common_options, .parser = parse_common };
	const struct argp cgroup = { .options = cgroup_options, .parser = parse_cgroup };
	const struct argp_child children[] = {
		{ .argp = &common },
		{ .argp = invocation->command->takes & TAKES_CGROUP ? &cgroup : NULL },
		{}
	};
	const struct argp argp = {
		.options = invocation->command->options,
		.parser = parse_command,
		.args_doc = invocation->command->args_doc,
		.doc = invocation->command->doc,
		.children = children,
	};
	char program[PROGRAM_LEN];
	int status;

	invocation->args.assignments = calloc(argc, sizeof(*invocation->args.assignments));
	if (!invocation->args.assignments) {
		log__error("out of memory");
		return STATUS_INTERNAL;
	}
	/* Messages of argp begin with the name of the program. */
	snprintf(program, sizeof(program), "tierx %s", invocation->command->name);
	argv[0] = program;
	if (argp_parse(&argp, argc, argv, 0, NULL, invocation)) {
		status = STATUS_USAGE;
	} else {
		if (invocation->args.count && !invocation->args.interval)
			invocation->args.interval = 1;
		status = invocation->command->run(&invocation->args);
	}
	free(invocation->args.assignments);

	return status;
}

static const struct command *find_command(const char *name)
{
	struct suggestion suggestion = { .word = name };
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
		suggestion__offer(&suggestion, commands[i].name);
	}
	if (suggestion.best)
		log__error("no command %s, did you mean %s?", name, suggestion.best);
	else
		log__error("no command %s; see 'tierx --help'", name);

	return NULL;
}

/* The list of commands belongs into the help text. */
static char *list_commands(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size, i;
	FILE *file;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;

	file = open_memstream(&list, &size);
	if (!file)
		return (char *)text;
	fputs("Commands:\n", file);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(file, "  %-9s %s\n", commands[i].name, commands[i].doc);
	fprintf(file, "\n'tierx COMMAND --help' tells more.\n\n%s", text);
	fclose(file);

	return list;
}

/* Options before the command; the command ends this part. */
static error_t parse_global(int key, char *arg, struct argp_state *state)
{
	struct invocation *invocation = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = invocation;
		return 0;
	case ARGP_KEY_ARG:
		invocation->command = find_command(arg);
		invocation->next = state->next - 1;
		return invocation->command ? ECANCELED : EINVAL;
	case ARGP_KEY_NO_ARGS:
		argp_state_help(state, stderr, ARGP_HELP_USAGE | ARGP_HELP_SEE);
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

int main(int argc, char **argv)
{
	const struct argp common = { .options = common_options, .parser = parse_common };
	const struct argp_child children[] = { { .argp = &common }, {} };
	const struct argp argp = {
		.parser = parse_global,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = "Load, watch and replace memory tiering policies.\v" EXIT_STATUSES,
		.children = children,
		.help_filter = list_commands,
	};
	struct invocation invocation = {};

	argp_err_exit_status = STATUS_USAGE;
	log__init();
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &invocation);
	if (!invocation.command)
		return STATUS_USAGE;

	return run_command(&invocation, argc - invocation.next, argv + invocation.next);
}
