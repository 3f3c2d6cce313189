/* SPDX-License-Identifier: GPL-2.0-only */
/* Talk to the user, on stderr; and what libbpf and the verifier have to say. */
#ifndef TIERX_LOG_H
#define TIERX_LOG_H

#include <stdbool.h>

/**
 * log__init() - take over libbpf's messages
 *
 * Unless log__set_verbose() was called they are not shown but kept, so that log__verifier()
 * and log__first_warning() can explain a failure.
 */
void log__init(void);

/** log__set_verbose() - show everything that libbpf says, whole verifier logs too */
void log__set_verbose(void);

bool log__is_verbose(void);

/** log__error() - say why the command fails */
void log__error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** log__info() - say what is being done */
void log__info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** log__forget() - forget what libbpf said so far */
void log__forget(void);

/** log__first_warning() - first warning of libbpf that is not a verifier log, or NULL */
const char *log__first_warning(void);

/** log__verifier() - the last verifier log; NULL if there is none. @prog: whose it is */
const char *log__verifier(const char **prog);

#endif /* TIERX_LOG_H */
