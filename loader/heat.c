// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include <tier_ext/heat.h>

#include "attached.h"
#include "heat_line.h"
#include "json.h"
#include "kernel.h"
#include "log.h"
#include "output.h"
#include "pfn.h"
#include "tierx.h"

#define STANDARD_INPUT	    "-"
#define MAX_REPORTED	    20
#define FULL_SECONDS	    30
#define MILLISECONDS_A_WAIT 1000

/* Only root can open it, and it is there as long as the policy may be. */
#define LOCK_FILE "abort"

/**
 * struct feed - heat on its way to a policy
 * @file: where it comes from, as the user named it
 * @input: the same
 * @attached: the policy
 * @ring: its ring buffer
 * @end: one more than the highest PFN
 * @checked: when @attached was last seen to be attached, in seconds
 * @lines: lines read
 * @records: records sent
 * @nr: lines by &enum heat_kind
 * @rejected: lines rejected
 */
struct feed {
	const char *file;
	FILE *input;
	struct attached attached;
	struct user_ring_buffer *ring;
	__u64 end;
	time_t checked;
	__u64 lines;
	__u64 records;
	__u64 nr[NR_HEAT_KINDS];
	__u64 rejected;
};

static int refuse_input(const struct feed *feed)
{
	log__error("cannot read %s: %m", feed->file);
	return STATUS_USAGE;
}

static int open_input(struct feed *feed)
{
	feed->input = strcmp(feed->file, STANDARD_INPUT) ? fopen(feed->file, "re") : stdin;
	return feed->input ? STATUS_DONE : refuse_input(feed);
}

/* A ring buffer takes one writer at a time, and does not see to that itself. */
static int lock(const struct place *place, int *fd)
{
	char file[PLACE_FILE_LEN], path[PATH_MAX];

	/* That of the machine has been one level higher for longer. */
	snprintf(path, sizeof(path), KERNEL_DIR "/%s",
		 place->cgroup_id ? place__file(place, LOCK_FILE, file) : LOCK_FILE);
	*fd = open(path, O_WRONLY | O_CLOEXEC);
	if (*fd >= 0 && !flock(*fd, LOCK_EX | LOCK_NB))
		return STATUS_DONE;

	if (errno == EWOULDBLOCK)
		log__error("another 'tierx heat' is running; let it end, or join the inputs");
	else
		log__error("cannot lock %s: %m", path);
	return STATUS_REFUSED;
}

static int open_ring(struct feed *feed)
{
	const struct attached *attached = &feed->attached;

	if (attached->map_fds[ATTACHED_HEAT] >= 0)
		feed->ring = user_ring_buffer__new(attached->map_fds[ATTACHED_HEAT], NULL);
	if (feed->ring)
		return STATUS_DONE;

	log__error("policy %s takes no heat; load one that has a '%s' map, such as heatmap",
		   attached->name, TIERX_HEAT_MAP);
	return STATUS_REFUSED;
}

static int check_attached(struct feed *feed)
{
	feed->checked = time(NULL);
	if (attached__is_current(&feed->attached))
		return STATUS_DONE;

	log__error("policy %s has ended meanwhile", feed->attached.name);
	return STATUS_EJECTED;
}

/* Room for a record. Waits as long as the policy drains the ring buffer now and then. */
static int reserve(struct feed *feed, struct tierx_heat **heat)
{
	int status = STATUS_DONE, waits;

	if (time(NULL) != feed->checked)
		status = check_attached(feed);

	for (waits = 0; !status && waits < FULL_SECONDS; waits++) {
		*heat = user_ring_buffer__reserve_blocking(feed->ring, sizeof(**heat),
							   MILLISECONDS_A_WAIT);
		if (*heat)
			return STATUS_DONE;
		if (errno != ENOSPC && errno != EINTR) {
			log__error("cannot write to the '%s' map of policy %s: %m", TIERX_HEAT_MAP,
				   feed->attached.name);
			return STATUS_INTERNAL;
		}
		status = check_attached(feed);
	}
	if (status)
		return status;

	log__error("policy %s does not read its '%s' map", feed->attached.name, TIERX_HEAT_MAP);
	return STATUS_REFUSED;
}

/* In pieces that the policy can work through without holding up others. */
static int send_range(struct feed *feed, const struct heat_range *range)
{
	__u64 left = range->last - range->first + 1, pfn = range->first, nr;
	struct tierx_heat *heat;
	int status;

	for (; left; left -= nr, pfn += nr) {
		nr = left < TIERX_HEAT_MAX_PAGES ? left : TIERX_HEAT_MAX_PAGES;
		status = reserve(feed, &heat);
		if (status)
			return status;
		*heat = (struct tierx_heat){
			.pfn = pfn,
			.nr_pages = nr,
			.nr_accesses = range->count,
		};
		user_ring_buffer__submit(feed->ring, heat);
		feed->records++;
	}
	return STATUS_DONE;
}

static void reject(struct feed *feed, enum heat_kind kind)
{
	if (++feed->rejected <= MAX_REPORTED)
		log__info("%s:%llu: %s", feed->file, feed->lines, heat_kind__reason(kind));
}

static int feed_line(struct feed *feed, const char *line, size_t len)
{
	struct heat_range range;
	enum heat_kind kind = HEAT_SYNTAX;

	feed->lines++;
	/* A zero byte would hide the rest of the line. */
	if (strlen(line) == len)
		kind = heat_line__parse(line, feed->end, &range);
	feed->nr[kind]++;
	if (kind == HEAT_RANGE)
		return send_range(feed, &range);
	if (kind != HEAT_BLANK)
		reject(feed, kind);

	return STATUS_DONE;
}

static int feed_lines(struct feed *feed)
{
	int status = STATUS_DONE;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (!status && (len = getline(&line, &size, feed->input)) >= 0)
		status = feed_line(feed, line, len);
	free(line);
	if (!status && !feof(feed->input))
		status = refuse_input(feed);
	if (!status)
		status = check_attached(feed);

	if (feed->rejected > MAX_REPORTED)
		log__info("%s: %llu more lines were rejected", feed->file,
			  feed->rejected - MAX_REPORTED);
	if (!status && feed->rejected && !feed->nr[HEAT_RANGE]) {
		log__error("%s: every line was rejected", feed->file);
		status = STATUS_USAGE;
	}

	return status;
}

static int print_json(const struct feed *feed)
{
	struct json_object *object = json_object_new_object();
	struct json_object *rejected = json_object_new_object();
	int kind;

	json__add_string(object, "policy", feed->attached.name);
	json__add_u64(object, "lines", feed->lines);
	json__add_u64(object, "records", feed->records);
	json_object_object_add(object, "rejected", rejected);
	for (kind = HEAT_SYNTAX; kind < NR_HEAT_KINDS; kind++)
		json__add_u64(rejected, heat_kind__key(kind), feed->nr[kind]);

	return json__print(object);
}

static int print(const struct feed *feed, bool as_json)
{
	int kind;

	if (as_json)
		return print_json(feed);

	printf("%s: %llu lines read, %llu records sent, %llu lines rejected\n", feed->attached.name,
	       feed->lines, feed->records, feed->rejected);
	for (kind = HEAT_SYNTAX; kind < NR_HEAT_KINDS; kind++)
		if (feed->nr[kind])
			printf("  %8llu %s\n", feed->nr[kind], heat_kind__reason(kind));

	return output__flush();
}

static int feed_policy(struct feed *feed, const struct place *place, bool as_json)
{
	int status, print_status, lock_fd = -1;

	status = attached__open(&feed->attached, place);
	if (!status)
		status = open_ring(feed);
	if (!status)
		status = lock(&feed->attached.place, &lock_fd);
	if (!status) {
		status = feed_lines(feed);
		print_status = print(feed, as_json);
		status = status ? status : print_status;
	}
	user_ring_buffer__free(feed->ring);
	attached__close(&feed->attached);
	if (lock_fd >= 0)
		close(lock_fd);

	return status;
}

int command__heat(const struct arguments *args)
{
	struct feed feed = { .file = args->file };
	struct place place;
	int status;

	status = place__find(&place, args->cgroup);
	if (!status)
		status = open_input(&feed);
	if (status)
		return status;

	status = kernel__require();
	if (!status)
		status = pfn__end(&feed.end);
	if (!status)
		status = feed_policy(&feed, &place, args->json);
	if (feed.input != stdin)
		fclose(feed.input);

	return status;
}
