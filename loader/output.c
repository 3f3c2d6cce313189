// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "log.h"
#include "output.h"
#include "tierx.h"

int output__flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return STATUS_DONE;

	log__error("cannot write to standard output: %m");
	return STATUS_INTERNAL;
}
