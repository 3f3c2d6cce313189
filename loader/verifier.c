// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "verifier.h"

#define NR_LINES    10
#define KFUNC_LEN   64
#define KFUNC_BEGIN "calling kernel function "
#define KFUNC_END   " is not allowed"

bool verifier__kfunc(const char *log, char *name, size_t size)
{
	const char *begin = strstr(log, KFUNC_BEGIN);
	const char *end;

	if (!begin)
		return false;
	begin += strlen(KFUNC_BEGIN);
	end = strstr(begin, KFUNC_END);
	if (!end || (size_t)(end - begin) >= size)
		return false;

	snprintf(name, size, "%.*s", (int)(end - begin), begin);
	return true;
}

char *verifier__tail(const char *log, int nr)
{
	const char *stats = strstr(log, "processed ");
	const char *end = stats && (stats == log || stats[-1] == '\n') ? stats : log + strlen(log);
	const char *begin = end;
	int lines = 0;

	for (; begin > log; begin--)
		if (begin[-1] == '\n' && begin != end && ++lines == nr)
			break;
	return strndup(begin, end - begin);
}

struct search {
	const char *program;
	const char *op;
};

static void match_op(const char *name, const struct btf_type *type, const void *value, void *arg)
{
	struct search *search = arg;
	struct bpf_program *program;

	if (!policy__is_op(type))
		return;
	program = *(struct bpf_program *const *)value;
	if (program && !strcmp(bpf_program__name(program), search->program))
		search->op = name;
}

bool verifier__explain(const struct policy *policy)
{
	struct search search = {};
	char kfunc[KFUNC_LEN];
	const char *log;
	char *tail;

	log = log__verifier(&search.program);
	if (!log)
		return false;

	policy__for_each_member(policy, match_op, &search);
	log__error("the verifier refuses op %s of policy %s",
		   search.op ? search.op : search.program, policy->name);
	if (verifier__kfunc(log, kfunc, sizeof(kfunc)))
		log__error("kfunc %s may not be called from op %s", kfunc,
			   search.op ? search.op : search.program);
	/* With -v libbpf has printed all of it. */
	if (log__is_verbose())
		return true;

	tail = verifier__tail(log, NR_LINES);
	if (tail)
		fprintf(stderr, "last lines of its log (-v shows all):\n%s", tail);
	free(tail);

	return true;
}
