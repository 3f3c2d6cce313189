// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that a workload sends requests to.
 */
#include <err.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "wl.h"

void wl_server_start(void (*run)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (wl.placement == WL_INTERLEAVE)
		wl_interleave();
	run();
	_exit(127);
}
