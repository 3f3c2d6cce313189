// SPDX-License-Identifier: GPL-2.0-only
/*
 * postgres: a PostgreSQL server and pgbench with Zipfian reads.
 *
 * Idea: queries that each look up bytes all over some neighbouring documents of a page each; which
 * ones is Zipf-distributed (exponent 1.05) and scattered over the table. All of the table is in the
 * server's shared buffers, which come to be on the slow node, while the fast one is full of
 * cold pages.
 * Hot set: the blocks that a quarter of all ranks are; where they are is the server's affair,
 * so it is not looked up.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * this one is for a medium guest: the server's files are in memory too.
 * A good policy finds hot pages of shared memory that several processes map.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wl.h"

#define DIR	    "/usr/share/bench/postgres"
#define BINARIES    DIR "/bin"
#define NOBODY	    65534
#define BLOCK_BYTES (24 * 8192UL)
#define START_MS    20000
#define COMMAND_LEN 512
#define PGBENCH                                                                                    \
	"PGDATABASE=postgres " BINARIES "/pgbench -n -M prepared -h /run/postgres -U postgres"

static unsigned int nr_blocks, nr_hot;
static uint64_t next_seed;

/* What the image's maker has made: tests/bench/postgres/image. */
static void postgres_reserve(void)
{
	FILE *file = fopen(DIR "/blocks", "r");

	if (!file || fscanf(file, "%u", &nr_blocks) != 1)
		errx(1, "no database in this guest");
	fclose(file);
	nr_hot = nr_blocks / 4;
	next_seed = wl.seed * 1000;
}

static void run_server(void)
{
	if (!freopen("/run/postgres/log", "w", stderr) || setgid(NOBODY) || setuid(NOBODY))
		err(1, "postgres");
	execl(BINARIES "/postgres", "postgres", "-D", DIR "/data", NULL);
}

static void start_server(void)
{
	unsigned int waited;

	wl_command("mkdir -p /run/postgres && chown -R 65534:65534 /run/postgres " DIR "/data");
	wl_server_start(run_server);
	for (waited = 0; waited < START_MS; waited += 100) {
		if (!system(PGBENCH " -f " DIR "/nothing.sql -t 1 > /dev/null 2>&1"))
			return;
		usleep(100000);
	}
	wl_command("cat /run/postgres/log >&2");
	errx(1, "postgres does not start");
}

/* Blocks of ranks @first + 1 to @last, in that order. */
static void read_blocks(unsigned int first, unsigned int last)
{
	char command[COMMAND_LEN];

	snprintf(command, sizeof(command),
		 PGBENCH " -D blocks=%u -D rank=%u -f " DIR
			 "/warm.sql -t %u > /run/postgres/warm 2>&1",
		 nr_blocks, first, last - first);
	wl_command(command);
}

static void postgres_populate_hot(void)
{
	start_server();
	read_blocks(0, nr_hot);
}

static void postgres_populate(void)
{
	if (wl.placement == WL_ORACLE) {
		wl_fill();
		read_blocks(nr_hot, nr_blocks);
		return;
	}
	start_server();
	read_blocks(0, nr_blocks);
}

/* client, transaction, microseconds, ... */
static void read_log(const char *path)
{
	unsigned long long us;
	char line[256];
	FILE *file = fopen(path, "r");

	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*u %*u %llu", &us) == 1)
			wl_latency_note(us * 1000);
	fclose(file);
}

static void postgres_run(uint64_t ops)
{
	char command[COMMAND_LEN];

	snprintf(command, sizeof(command),
		 "cd /run/postgres && rm -f log.* && " PGBENCH
		 " --random-seed=%llu -D blocks=%u -l --log-prefix=log -f " DIR
		 "/read.sql -t %llu > /run/postgres/out 2>&1 && mv log.* log.now",
		 (unsigned long long)next_seed++, nr_blocks, (unsigned long long)ops);
	wl_command(command);
}

static void postgres_print(void)
{
	read_log("/run/postgres/log.now");
	wl_latency_print();
}

static size_t postgres_hot_bytes(void)
{
	return nr_hot * BLOCK_BYTES;
}

const struct workload workload = {
	.name = "postgres",
	.intervals = 24,
	.ops = 450,
	.reserve = postgres_reserve,
	.run = postgres_run,
	.hot_bytes = postgres_hot_bytes,
	.print = postgres_print,
	.populate_hot = postgres_populate_hot,
	.populate = postgres_populate,
	.oracle_reserve = 16 * WL_MIB_PAGES,
};
