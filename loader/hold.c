// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "hold.h"
#include "kernel.h"
#include "log.h"
#include "restart.h"
#include "tierx.h"

#define POLL_MS 1000

static void end_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
}

void hold__block_signals(void)
{
	sigset_t signals;

	end_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static int report_end(const char *name, const struct place *place, bool *again)
{
	struct kernel_exit exit;
	int status;

	kernel_exit__read(&exit, place);
	kernel_exit__print(&exit);
	/* With its cgroup goes what is known about its end, but for the last end of all. */
	if (!exit.kind)
		log__info("policy %s has ended, and another since; the reason is lost", name);
	status = exit.kind >= KERNEL_EXIT_ERROR ? STATUS_EJECTED : STATUS_DONE;
	*again = restart__is_wanted(&exit, name);
	kernel_exit__clear(&exit);

	return status;
}

int hold__until_end(int link_fd, const char *name, const struct place *place, bool *again)
{
	struct pollfd fds[2] = { { .fd = link_fd }, { .events = POLLIN } };
	sigset_t signals;

	end_signals(&signals);
	fds[1].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fds[1].fd < 0) {
		log__error("cannot wait for signals: %m");
		return STATUS_INTERNAL;
	}

	for (;;) {
		if (poll(fds, 2, POLL_MS) < 0 && errno != EINTR)
			break;
		/* The link tells when it is detached; the name goes, too, if that is lost. */
		if (fds[1].revents || (fds[0].revents & POLLHUP) || !kernel__has_policy(place))
			break;
	}
	/* Also waits until the kernel is done with a policy that it is just ejecting. */
	bpf_link_detach(link_fd);
	close(fds[1].fd);

	return report_end(name, place, again);
}
