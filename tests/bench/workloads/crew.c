// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several processes that do a workload's work. What they are told, and how long they took, is in
 * memory that they share; a pipe each wakes them.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "wl.h"

enum { POPULATE_HOT = 'h', POPULATE = 'p', RUN = 'r' };

struct crew_member {
	pid_t pid;
	int to;
	uint64_t ns;
};

static struct crew {
	uint64_t ops;
	unsigned int nr;
	struct crew_member members[];
} *crew;

static int done[2];

static void obey(const struct wl_member *member, unsigned int me, char what)
{
	uint64_t start = wl_now_ns();

	switch (what) {
	case POPULATE_HOT:
		member->populate_hot(me);
		break;
	case POPULATE:
		member->populate(me);
		break;
	case RUN:
		member->run(me, crew->ops / crew->nr);
		break;
	}
	crew->members[me].ns = wl_now_ns() - start;
}

static void serve(const struct wl_member *member, unsigned int me, int from)
{
	char what;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (member->cgroup)
		wl_cgroup_enter(member->cgroup(me));
	wl_random_state += (me + 1) * 0x9e3779b97f4a7c15ULL;
	while (read(from, &what, 1) == 1) {
		obey(member, me, what);
		if (write(done[1], &what, 1) != 1)
			break;
	}
	_exit(0);
}

static void start_member(const struct wl_member *member, unsigned int me)
{
	int to[2];
	pid_t pid;

	if (pipe2(to, O_CLOEXEC))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(to[1]);
		serve(member, me, to[0]);
	}
	close(to[0]);
	crew->members[me].to = to[1];
	crew->members[me].pid = pid;
}

void wl_crew_start(unsigned int nr, const struct wl_member *member)
{
	size_t bytes = sizeof(*crew) + nr * sizeof(crew->members[0]);
	unsigned int i;

	crew = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crew == MAP_FAILED || pipe2(done, O_CLOEXEC))
		err(1, "crew");
	crew->nr = nr;
	fflush(stdout);
	for (i = 0; i < nr; i++)
		start_member(member, i);
}

static void tell_all(char what)
{
	unsigned int i;

	for (i = 0; i < crew->nr; i++)
		if (write(crew->members[i].to, &what, 1) != 1)
			err(1, "process %u ended", i);
	for (i = 0; i < crew->nr; i++)
		if (read(done[0], &what, 1) != 1)
			err(1, "the processes ended");
}

void wl_crew_populate_hot(void)
{
	tell_all(POPULATE_HOT);
}

void wl_crew_populate(void)
{
	tell_all(POPULATE);
}

void wl_crew_run(uint64_t ops)
{
	crew->ops = ops;
	tell_all(RUN);
}

pid_t wl_crew_pid(unsigned int member)
{
	return crew->members[member].pid;
}

uint64_t wl_crew_ns(unsigned int member)
{
	return crew->members[member].ns;
}
