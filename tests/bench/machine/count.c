// SPDX-License-Identifier: GPL-2.0-only
/* count: markers (count.h) for scripts in the guest. */
#include <errno.h>
#include <error.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../count.h"

static const char *const stream_names[COUNT_STREAMS] = {
	[COUNT_OUT] = "out",
	[COUNT_ERR] = "err",
	[COUNT_DMESG] = "dmesg",
	[COUNT_STATUS] = "status",
};

static int usage(void)
{
	fprintf(stderr, "usage: count start | stop | reset | read | phase TAG\n"
			"       count send out|err|dmesg|status < FILE\n"
			"       count fetch NUMBER > FILE\n");
	return 2;
}

static void print_list(const char *name, const uint64_t *values, unsigned int nr)
{
	printf("\"%s\":[", name);
	for (unsigned int i = 0; i < nr; i++)
		printf("%s%lu", i ? "," : "", values[i]);
	printf("]");
}

static int print_counters(void)
{
	static const char *const classes[] = { "user", "kernel_on_user", "kernel" };
	struct counters c;

	if (!count_read(&c))
		error(1, 0, "nothing counts here");
	printf("{");
	if (c.has_time)
		printf("\"work_ns\":%lu,", c.ns);
	print_list("instructions", c.instructions, 2);
	for (unsigned int i = 0; i < COUNT_CLASSES; i++) {
		printf(",");
		print_list(classes[i], c.misses[i], COUNT_NODES);
	}
	printf("}\n");
	return 0;
}

static int send(const char *name)
{
	static char buffer[1 << 16];
	ssize_t length;
	int stream = 0;

	while (stream < COUNT_STREAMS && strcmp(name, stream_names[stream]))
		stream++;
	if (stream == COUNT_STREAMS)
		return usage();
	while ((length = read(0, buffer, sizeof(buffer))) > 0)
		count_send(stream, buffer, length);
	return length < 0;
}

static int fetch(uint64_t file)
{
	char buffer[sizeof(struct count_chunk)];
	uint64_t offset = 0;
	long length;

	while ((length = count_fetch(file, offset, buffer)) > 0) {
		if (write(1, buffer, length) != length)
			error(1, errno, "cannot write");
		offset += length;
	}
	return length < 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (argc == 3 && !strcmp(command, "phase"))
		count_phase(strtoul(argv[2], NULL, 10));
	else if (argc == 3 && !strcmp(command, "send"))
		return send(argv[2]);
	else if (argc == 3 && !strcmp(command, "fetch"))
		return fetch(strtoull(argv[2], NULL, 10));
	else if (argc == 2 && !strcmp(command, "read"))
		return print_counters();
	else if (argc == 2 && !strcmp(command, "start"))
		count_start();
	else if (argc == 2 && !strcmp(command, "stop"))
		count_stop();
	else if (argc == 2 && !strcmp(command, "reset"))
		count_reset();
	else
		return usage();
	return 0;
}
