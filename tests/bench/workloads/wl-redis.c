// SPDX-License-Identifier: GPL-2.0-only
/*
 * redis: a Redis server with a skewed client.
 *
 * Idea: values of a page each; a fifth of the keys gets 90 % of the requests. The server is
 * filled when the fast node is full of cold pages, so all its memory is slow. A request
 * asks for eight keys, and the next comes when it is answered.
 * Hot set: the values of hot keys, an eighth of the fast node; where they are is the server's
 * affair, so it is not looked up.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy finds hot values among cold ones in a heap that is laid out by an allocator.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wl.h"

#define SOCKET	    "/run/redis.sock"
#define VALUE_LEN   4000
#define COLD_TIMES  4
#define COMMAND_LEN (VALUE_LEN + 128)
#define KEYS	    8 /* of a request */
/* The answer: "*8", and for each key its value's length and value, each with an end of line. */
#define LIST_HEADER_LEN	 4
#define VALUE_HEADER	 "$4000\r\n"
#define VALUE_HEADER_LEN (sizeof(VALUE_HEADER) - 1)
#define ITEM_LEN	 (VALUE_HEADER_LEN + VALUE_LEN + 2)
#define ANSWER_LEN	 (LIST_HEADER_LEN + KEYS * ITEM_LEN)
#define START_MS	 10000

static size_t nr_hot, nr_keys;
static int server = -1;

static void redis_reserve(void)
{
	nr_hot = wl.fast_mib * WL_MIB_PAGES / 8;
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

static void set(size_t key)
{
	static char command[COMMAND_LEN];
	char answer[5];
	int len = sprintf(command, "*3\r\n$3\r\nSET\r\n$9\r\nk%08zu\r\n$%d\r\n", key, VALUE_LEN);

	memset(command + len, 'a' + key % 26, VALUE_LEN);
	memcpy(command + len + VALUE_LEN, "\r\n", 2);
	send_all(command, len + VALUE_LEN + 2);
	receive(answer, sizeof(answer));
	if (memcmp(answer, "+OK\r\n", sizeof(answer)))
		errx(1, "key %zu was not taken", key);
}

static void check_value(const char *answer, size_t key)
{
	if (memcmp(answer, VALUE_HEADER, VALUE_HEADER_LEN) ||
	    answer[VALUE_HEADER_LEN] != (char)('a' + key % 26))
		errx(1, "key %zu has a wrong value", key);
}

static void get(const size_t *keys)
{
	static char answer[ANSWER_LEN];
	char command[COMMAND_LEN];
	int i, len = sprintf(command, "*%d\r\n$4\r\nMGET\r\n", 1 + KEYS);

	for (i = 0; i < KEYS; i++)
		len += sprintf(command + len, "$9\r\nk%08zu\r\n", keys[i]);
	send_all(command, len);
	receive(answer, sizeof(answer));
	for (i = 0; i < KEYS; i++)
		check_value(answer + LIST_HEADER_LEN + i * ITEM_LEN, keys[i]);
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
	size_t i, keys[KEYS];

	while (ops--) {
		for (i = 0; i < KEYS; i++)
			keys[i] = key_of(wl_record(wl_random(&state), nr_hot, nr_keys));
		start = wl_now_ns();
		get(keys);
		wl_latency_note(wl_now_ns() - start);
	}
	wl_random_state = state;
}

static size_t redis_hot_bytes(void)
{
	return nr_hot * WL_PAGE;
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
