// SPDX-License-Identifier: GPL-2.0-only
/*
 * tierx_hold OBJECT: attach a policy, say so, and keep it until standard input
 * ends; for tests that are scripts.
 */
#include "tierx_test.h"

static const char *object;

static void hold(void)
{
	struct tierx_policy *policy = tierx_open(object);

	if (tierx_load(policy))
		FAIL("load: %s", tierx_log(policy));
	ASSERT_EQ(tierx_attach(policy), 0);
	tierx_note("attached");
	while (getchar() != EOF)
		;
}

static const struct tierx_test tests[] = {
	TIERX_TEST(hold, "hold a policy"),
};

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	object = argv[1];
	return tierx_main(1, argv, tests, 1, tierx_unmet);
}
