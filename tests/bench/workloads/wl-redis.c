// SPDX-License-Identifier: GPL-2.0-only
/*
 * redis: a Redis server with a skewed client.
 *
 * Idea: sets of 200 members, some pages each; a fifth of them gets 90 % of the requests, each
 * of which asks how much two sets have in common. That is a walk along pointers, of which
 * nearly all of a set's lines are part. The server is filled when the fast node is full of cold
 * pages, so all its memory is slow. The next request comes when the last is answered.
 * Hot set: the hot sets, a sixteenth of the fast node; where they are is the server's affair,
 * so it is not looked up.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy finds what is hot among what is cold in a heap that is laid out by an allocator.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wl.h"

#define SOCKET	   "/run/redis.sock"
#define MEMBERS	   200
#define SET_PAGES  3 /* a table, and of each member an entry and its name */
#define COLD_TIMES 4
#define NAME_LEN   9 /* of a set: "s%08zu", and of a member */
/* "$9", the name, each with an end of line. */
#define WORD_LEN    (4 + NAME_LEN + 2)
#define COMMAND_LEN (WORD_LEN * (MEMBERS + 4))
#define START_MS    10000
/* With two sets, and what it says: all members are the same. */
#define REQUEST "*4\r\n$10\r\nSINTERCARD\r\n$1\r\n2\r\n$9\r\ns%08zu\r\n$9\r\ns%08zu\r\n"
#define ANSWER	":200\r\n"

static size_t nr_hot, nr_keys;
static int server = -1;

static void redis_reserve(void)
{
	nr_hot = wl.fast_mib * WL_MIB_PAGES / 16 / SET_PAGES;
	nr_keys = nr_hot * (1 + COLD_TIMES);
}

static void run_server(void)
{
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", SOCKET, "--save", "",
	       "--appendonly", "no", "--daemonize", "no", "--logfile", "/run/redis.log", NULL);
}

static void start_server(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	unsigned int waited;

	wl_server_start(run_server);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (waited = 0; waited < START_MS; waited += 10) {
		if (!connect(server, (struct sockaddr *)&address, sizeof(address)))
			return;
		usleep(10000);
	}
	errx(1, "redis-server does not start");
}

/* One after the other in memory, whatever the order of use: hot keys are not neighbours. */
static size_t key_of(size_t record)
{
	return wl_scatter(record, nr_keys);
}

static void send_all(const char *data, size_t len)
{
	while (len) {
		ssize_t sent = send(server, data, len, MSG_NOSIGNAL);

		if (sent <= 0)
			err(1, "the server does not take requests");
		data += sent;
		len -= sent;
	}
}

static void receive(char *data, size_t len)
{
	if (recv(server, data, len, MSG_WAITALL) != (ssize_t)len)
		errx(1, "the server does not answer");
}

static void request(const char *command, size_t len, const char *answer)
{
	char got[sizeof(ANSWER) - 1];

	send_all(command, len);
	receive(got, sizeof(got));
	if (memcmp(got, answer, sizeof(got)))
		errx(1, "the server answers '%.*s' to '%.*s'", (int)sizeof(got), got, (int)len,
		     command);
}

static void set(size_t key)
{
	static char command[COMMAND_LEN];
	int i, len = sprintf(command, "*%d\r\n$4\r\nSADD\r\n$9\r\ns%08zu\r\n", 2 + MEMBERS, key);

	for (i = 0; i < MEMBERS; i++)
		len += sprintf(command + len, "$9\r\nm%08d\r\n", i);
	request(command, len, ANSWER);
}

static void get(size_t key, size_t other)
{
	char command[sizeof(REQUEST) + 2 * NAME_LEN];

	request(command, sprintf(command, REQUEST, key, other), ANSWER);
}

static void redis_populate_hot(void)
{
	size_t record;

	start_server();
	for (record = 0; record < nr_hot; record++)
		set(key_of(record));
}

/* Filled in the order of keys, of which hot ones are a part, or by an oracle, hot ones first. */
static void redis_populate(void)
{
	size_t record, key;

	if (wl.placement == WL_ORACLE) {
		wl_fill();
		for (record = nr_hot; record < nr_keys; record++)
			set(key_of(record));
		return;
	}
	start_server();
	for (key = 0; key < nr_keys; key++)
		set(key);
}

static void redis_run(uint64_t ops)
{
	uint64_t start, state = wl_random_state;
	size_t key, other;

	while (ops--) {
		key = key_of(wl_record(wl_random(&state), nr_hot, nr_keys));
		other = key_of(wl_record(wl_random(&state), nr_hot, nr_keys));
		start = wl_now_ns();
		get(key, other);
		wl_latency_note(wl_now_ns() - start);
	}
	wl_random_state = state;
}

static size_t redis_hot_bytes(void)
{
	return nr_hot * SET_PAGES * WL_PAGE;
}

const struct workload workload = {
	.name = "redis",
	.intervals = 24,
	.ops = 1200,
	.reserve = redis_reserve,
	.run = redis_run,
	.hot_bytes = redis_hot_bytes,
	.print = wl_latency_print,
	.populate_hot = redis_populate_hot,
	.populate = redis_populate,
	.oracle_reserve = 16 * WL_MIB_PAGES,
};
