/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TIERX_VERIFIER_H
#define TIERX_VERIFIER_H

#include "policy.h"

/**
 * verifier__explain() - say why the verifier refused a policy
 * @policy: the policy; the log was kept by log.c
 *
 * Return: true if it was the verifier that refused it.
 */
bool verifier__explain(const struct policy *policy);

/**
 * verifier__kfunc() - the kfunc that a program may not call
 * @log: verifier log
 * @name: its name, of at least @size bytes
 *
 * Return: true if that is what the log complains about.
 */
bool verifier__kfunc(const char *log, char *name, size_t size);

/** verifier__tail() - last @nr lines of a log, without the statistics at its end; to be freed */
char *verifier__tail(const char *log, int nr);

#endif /* TIERX_VERIFIER_H */
