// SPDX-License-Identifier: GPL-2.0-only
/* Numbers are read strictly: nothing is guessed, cut off or wrapped around. */
#include <errno.h>
#include <string.h>

#include "ktap.h"
#include "number.h"

static const struct {
	const char *text;
	int err;
	const char *decimal;
} parse_cases[] = {
	{ "0", 0, "0" },
	{ "-0", 0, "0" },
	{ "+7", 0, "7" },
	{ "0x1F", 0, "31" },
	{ "010", 0, "10" },
	{ "18446744073709551615", 0, "18446744073709551615" },
	{ "-9223372036854775808", 0, "-9223372036854775808" },
	{ "18446744073709551616", -ERANGE, NULL },
	{ "-9223372036854775809", -ERANGE, NULL },
	{ "", -EINVAL, NULL },
	{ "-", -EINVAL, NULL },
	{ "--1", -EINVAL, NULL },
	{ " 1", -EINVAL, NULL },
	{ "1 ", -EINVAL, NULL },
	{ "1k", -EINVAL, NULL },
	{ "1.5", -EINVAL, NULL },
	{ "0x", -EINVAL, NULL },
	{ "1e3", -EINVAL, NULL },
};

static const struct {
	const char *text;
	int size;
	bool is_signed;
	bool fits;
} fit_cases[] = {
	{ "255", 1, false, true },
	{ "256", 1, false, false },
	{ "127", 1, true, true },
	{ "128", 1, true, false },
	{ "-128", 1, true, true },
	{ "-129", 1, true, false },
	{ "-1", 4, false, false },
	{ "4294967295", 4, false, true },
	{ "4294967296", 4, false, false },
	{ "-2147483648", 4, true, true },
	{ "18446744073709551615", 8, false, true },
	{ "18446744073709551615", 8, true, false },
	{ "-9223372036854775808", 8, true, true },
};

#define NR_PARSE (sizeof(parse_cases) / sizeof(*parse_cases))
#define NR_FIT	 (sizeof(fit_cases) / sizeof(*fit_cases))

static void test_parse(void)
{
	char text[NUMBER_TEXT_LEN];
	struct number number;
	size_t i;
	int err;

	for (i = 0; i < NR_PARSE; i++) {
		err = number__parse(parse_cases[i].text, &number);
		ktap_ok(err == parse_cases[i].err && (err || !strcmp(number__format(number, text),
								     parse_cases[i].decimal)),
			"parse '%s'", parse_cases[i].text);
	}
}

static void test_fits(void)
{
	struct number number;
	size_t i;

	for (i = 0; i < NR_FIT; i++) {
		number__parse(fit_cases[i].text, &number);
		ktap_ok(number__fits(number, fit_cases[i].size, fit_cases[i].is_signed) ==
				fit_cases[i].fits,
			"%s %s %s%d", fit_cases[i].text,
			fit_cases[i].fits ? "fits" : "does not fit",
			fit_cases[i].is_signed ? "s" : "u", fit_cases[i].size * 8);
	}
}

static void test_memory(void)
{
	__u8 bytes[16];
	struct number minus = {}, loaded;

	memset(bytes, 0xaa, sizeof(bytes));
	number__parse("-2", &minus);
	number__store(bytes + 4, 4, minus);
	loaded = number__load(bytes + 4, 4, true);
	ktap_ok(loaded.is_negative && !number__compare(loaded, minus),
		"a negative number survives");
	ktap_ok(bytes[3] == 0xaa && bytes[8] == 0xaa, "a store touches only its own bytes");
	loaded = number__load(bytes + 4, 4, false);
	ktap_ok(!loaded.is_negative && loaded.bits == 0xfffffffe, "unsigned is not sign-extended");
}

static void test_compare(void)
{
	struct number minus_two, minus_one, two, huge;

	number__parse("-2", &minus_two);
	number__parse("-1", &minus_one);
	number__parse("2", &two);
	number__parse("18446744073709551615", &huge);
	ktap_ok(number__compare(minus_two, minus_one) < 0, "-2 < -1");
	ktap_ok(number__compare(minus_one, two) < 0, "-1 < 2");
	ktap_ok(number__compare(huge, minus_one) > 0, "2^64-1 > -1");
	ktap_ok(number__compare(two, huge) < 0, "2 < 2^64-1");
}

int main(void)
{
	ktap_plan(NR_PARSE + NR_FIT + 7);
	test_parse();
	test_fits();
	test_memory();
	test_compare();

	return ktap_end();
}
