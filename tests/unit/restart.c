// SPDX-License-Identifier: GPL-2.0-only
/* Which policies are loaded again, and how often. */
#include "kernel.h"
#include "ktap.h"
#include "restart.h"
#include "testdir.h"

static const struct {
	const char *text;
	bool wanted;
} exits[] = {
	{ "", false },
	{ "kind 66\ncode 281474976710656\npolicy mine\n", true },
	{ "kind 66\ncode 281474976710663\npolicy mine\n", true },
	{ "kind 66\ncode 281474976710655\npolicy mine\n", false },
	{ "kind 66\ncode 562949953421312\npolicy mine\n", false },
	{ "kind 66\ncode 844424930131968\npolicy mine\n", true },
	{ "kind 66\ncode -1\npolicy mine\n", false },
	{ "kind 66\ncode 281474976710656\npolicy yours\n", false },
	{ "kind 66\ncode 281474976710656\n", false },
	{ "kind 64\ncode 281474976710656\npolicy mine\n", false },
	{ "kind 1025\ncode 281474976710656\npolicy mine\n", false },
};

#define NR(array) ((int)(sizeof(array) / sizeof(*(array))))

static void test_wanted(void)
{
	const struct place machine = {};
	struct kernel_exit exit;
	int i;

	for (i = 0; i < NR(exits); i++) {
		testdir__write(KERNEL_DIR "/last_exit", exits[i].text);
		kernel_exit__read(&exit, &machine);
		ktap_ok(restart__is_wanted(&exit, "mine") == exits[i].wanted, "exit %d", i);
		kernel_exit__clear(&exit);
	}
}

static void test_allow(void)
{
	struct restarts restarts = {};
	int i, nr = 0;

	for (i = 0; i < 5; i++)
		nr += restarts__allow(&restarts, 1000 + i);
	ktap_ok(nr == 5, "five in a row");
	ktap_ok(!restarts__allow(&restarts, 1059), "not a sixth within a minute");
	ktap_ok(restarts__allow(&restarts, 1060), "a minute after the first of them");
	ktap_ok(!restarts__allow(&restarts, 1060), "but only one");
	ktap_ok(restarts__allow(&restarts, 1061), "and then the next");
}

int main(void)
{
	if (testdir__create())
		return ktap_skip_all("no temporary folder");

	ktap_plan(NR(exits) + 5);
	test_wanted();
	test_allow();
	testdir__remove();

	return ktap_end();
}
