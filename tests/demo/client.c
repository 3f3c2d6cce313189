// SPDX-License-Identifier: GPL-2.0-only
/*
 * client SOCKET fill|load KEYS: fill a Redis server, or load it until a signal.
 *
 * The load is skewed: 90 % of the requests read the 10 % of the keys that are hot. The
 * sequence of keys is the same in every run. Each answer is checked, so that a page that
 * lost its contents on the way to another node is noticed.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "values.h"

#define PIPELINE     32
#define HOT_REQUESTS 90
#define SEED	     88172645463325252ULL
#define BULK_HEADER  "$2000\r\n"
#define COMMAND_LEN  (VALUE_LEN + 128)

static FILE *server_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	FILE *server;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "%s: too long for a socket", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	server = fdopen(fd, "r");
	if (!server)
		err(1, "%s", path);

	return server;
}

static void server_write(FILE *server, const char *data, size_t len)
{
	while (len) {
		ssize_t sent = send(fileno(server), data, len, MSG_NOSIGNAL);

		if (sent <= 0)
			err(1, "the server does not take requests");
		data += sent;
		len -= sent;
	}
}

static void server_read(FILE *server, char *data, size_t len)
{
	if (fread(data, 1, len, server) != len)
		errx(1, "the server does not answer");
}

static void make_value(char *value, unsigned int key)
{
	char tag[TAG_LEN + 1];

	snprintf(tag, sizeof(tag), TAG_FORMAT, key);
	memset(value, 'x', VALUE_LEN);
	memcpy(value, tag, TAG_LEN);
}

static size_t add_set(char *command, unsigned int key)
{
	int header = sprintf(command, "*3\r\n$3\r\nSET\r\n$9\r\nk%08u\r\n" BULK_HEADER, key);

	make_value(command + header, key);
	memcpy(command + header + VALUE_LEN, "\r\n", 2);

	return header + VALUE_LEN + 2;
}

static void expect(FILE *server, const char *wanted)
{
	char answer[64];

	server_read(server, answer, strlen(wanted));
	if (memcmp(answer, wanted, strlen(wanted)))
		errx(1, "unexpected answer: %.*s", (int)strlen(wanted), answer);
}

static void fill(FILE *server, unsigned int nr_keys)
{
	static char batch[PIPELINE * COMMAND_LEN];
	unsigned int key = 0, i, nr;
	size_t len;

	while (key < nr_keys) {
		nr = nr_keys - key < PIPELINE ? nr_keys - key : PIPELINE;
		for (i = 0, len = 0; i < nr; i++)
			len += add_set(batch + len, key++);
		server_write(server, batch, len);
		while (nr--)
			expect(server, "+OK\r\n");
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;

	return *state;
}

static unsigned int next_key(uint64_t *state, unsigned int nr_keys)
{
	unsigned int nr_hot = nr_keys / (100 / HOT_PERCENT), nr_cold = nr_keys - nr_hot;
	bool hot = next_random(state) % 100 < HOT_REQUESTS;
	uint64_t random = next_random(state);

	return hot ? nr_cold + random % nr_hot : random % nr_cold;
}

static void check_value(FILE *server, unsigned int key)
{
	char wanted[VALUE_LEN], answer[VALUE_LEN];

	expect(server, BULK_HEADER);
	server_read(server, answer, VALUE_LEN);
	make_value(wanted, key);
	if (memcmp(answer, wanted, VALUE_LEN))
		errx(1, "key %u has the wrong value", key);
	expect(server, "\r\n");
}

static void load(FILE *server, unsigned int nr_keys)
{
	static char batch[PIPELINE * COMMAND_LEN];
	unsigned int keys[PIPELINE];
	uint64_t state = SEED;
	size_t len;
	int i;

	for (;;) {
		for (i = 0, len = 0; i < PIPELINE; i++) {
			keys[i] = next_key(&state, nr_keys);
			len += sprintf(batch + len, "*2\r\n$3\r\nGET\r\n$9\r\nk%08u\r\n", keys[i]);
		}
		server_write(server, batch, len);
		for (i = 0; i < PIPELINE; i++)
			check_value(server, keys[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned int nr_keys = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

	if (nr_keys < 100)
		errx(2, "usage: client SOCKET fill|load KEYS, at least 100 keys");
	if (!strcmp(argv[2], "fill"))
		fill(server_open(argv[1]), nr_keys);
	else
		load(server_open(argv[1]), nr_keys);

	return 0;
}
