// SPDX-License-Identifier: GPL-2.0-only
/*
 * sqlite: point queries of an SQLite database.
 *
 * Idea: a table of documents, each in a page of its own of 64 KiB, on an ext4 file system; a fifth
 * of them gets 90 % of the queries. SQLite's own cache is small, as it is by default, so that it
 * reads from the page cache, which is on the slow node; the fast one is full of cold pages.
 * Hot set: the pages of hot documents, an eighth of the fast node, scattered over the file;
 * which pages these are is not looked up.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy promotes page cache that is read and not mapped.
 */
#include <err.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wl.h"

#define ROW_BYTES  60000
#define ROW_PAGES  16
#define COLD_TIMES 4
#define PATH_LEN   128

static size_t nr_hot, nr_rows;
static char path[PATH_LEN];
static sqlite3 *db;
static sqlite3_stmt *query;

static void sqlite_reserve(void)
{
	nr_hot = wl.fast_mib * WL_MIB_PAGES / 8 / ROW_PAGES;
	nr_rows = nr_hot * (1 + COLD_TIMES);
}

static void execute(const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", sql, sqlite3_errmsg(db));
}

static void open_database(void)
{
	snprintf(path, sizeof(path), "%s/database", wl_mount());
	if (sqlite3_open(path, &db) != SQLITE_OK)
		errx(1, "%s: %s", path, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(const char *sql)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		errx(1, "%s: %s", sql, sqlite3_errmsg(db));
	return statement;
}

static void insert_rows(void)
{
	sqlite3_stmt *insert = prepare("INSERT INTO rows VALUES (?, ?)");
	char data[ROW_BYTES];
	size_t row;

	for (row = 0; row < nr_rows; row++) {
		memset(data, 'a' + row % 26, sizeof(data));
		sqlite3_bind_int64(insert, 1, row);
		sqlite3_bind_blob(insert, 2, data, sizeof(data), SQLITE_STATIC);
		if (sqlite3_step(insert) != SQLITE_DONE)
			errx(1, "row %zu: %s", row, sqlite3_errmsg(db));
		sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
}

/* Out of the page cache again: who reads a page first decides where it is. */
static void forget_pages(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		err(1, "%s", path);
	close(fd);
}

static void make_database(void)
{
	open_database();
	execute("PRAGMA page_size = 65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
		"CREATE TABLE rows (id INTEGER PRIMARY KEY, data BLOB); BEGIN");
	insert_rows();
	execute("COMMIT");
	sqlite3_close(db);
	forget_pages();
	open_database();
	query = prepare("SELECT substr(data, 1, 1), length(data) FROM rows WHERE id = ?");
}

static void select_row(size_t record)
{
	size_t row = wl_scatter(record, nr_rows);
	const char *data;

	sqlite3_bind_int64(query, 1, row);
	if (sqlite3_step(query) != SQLITE_ROW)
		errx(1, "no row %zu: %s", row, sqlite3_errmsg(db));
	data = sqlite3_column_blob(query, 0);
	if (sqlite3_column_int(query, 1) != ROW_BYTES || data[0] != (char)('a' + row % 26))
		errx(1, "row %zu has wrong data", row);
	sqlite3_reset(query);
}

static void select_rows(size_t first, size_t last)
{
	while (first < last)
		select_row(first++);
}

static void sqlite_populate_hot(void)
{
	make_database();
	select_rows(0, nr_hot);
}

static void sqlite_populate(void)
{
	if (wl.placement == WL_ORACLE) {
		wl_fill();
		select_rows(nr_hot, nr_rows);
		return;
	}
	if (wl.placement == WL_INTERLEAVE)
		wl_interleave();
	make_database();
	select_rows(0, nr_rows);
}

static void sqlite_run(uint64_t ops)
{
	uint64_t start, state = wl_random_state;

	execute("BEGIN");
	while (ops--) {
		start = wl_now_ns();
		select_row(wl_record(wl_random(&state), nr_hot, nr_rows));
		wl_latency_note(wl_now_ns() - start);
	}
	execute("COMMIT");
	wl_random_state = state;
}

static size_t sqlite_hot_bytes(void)
{
	return nr_hot * ROW_PAGES * WL_PAGE;
}

const struct workload workload = {
	.name = "sqlite",
	.intervals = 24,
	.ops = 3000,
	.reserve = sqlite_reserve,
	.run = sqlite_run,
	.hot_bytes = sqlite_hot_bytes,
	.kernel_accesses = true,
	.print = wl_latency_print,
	.populate_hot = sqlite_populate_hot,
	.populate = sqlite_populate,
	.oracle_reserve = 8 * WL_MIB_PAGES,
};
