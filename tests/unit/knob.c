// SPDX-License-Identifier: GPL-2.0-only
/* Declaration tags of knobs, values that users give, and words on the command line. */
#include <stdlib.h>
#include <string.h>

#include "knob.h"
#include "ktap.h"
#include "tierx.h"

static const char *const bad_tags[] = {
	"tierx:about:1:2::x",
	"tierx:knob:",
	"tierx:knob:1",
	"tierx:knob:1:2",
	"tierx:knob:1:2:ms",
	"tierx:knob:a:2:ms:x",
	"tierx:knob:1:1u:ms:x",
	"tierx:knob:2:1:ms:x",
	"tierx:knob:1:2:a_unit_that_is_too_long:x",
	"tierx:knob:1111111111111111111111111111111:2:ms:x",
};

static const struct {
	const char *text;
	int status;
	__u64 bits;
} values[] = {
	{ "-5", STATUS_DONE, -5 },   { "0x64", STATUS_DONE, 100 },
	{ "101", STATUS_USAGE, 0 },  { "-6", STATUS_USAGE, 0 },
	{ "fast", STATUS_USAGE, 0 }, { "", STATUS_USAGE, 0 },
	{ "true", STATUS_USAGE, 0 }, { "99999999999999999999", STATUS_USAGE, 0 },
};

static const char *const bad_words[] = { "",   "=",   "=1",   "a",
					 "a=", "a=b", "a=1k", "a=99999999999999999999" };

#define NR_TAGS	  (sizeof(bad_tags) / sizeof(*bad_tags))
#define NR_VALUES (sizeof(values) / sizeof(*values))
#define NR_WORDS  (sizeof(bad_words) / sizeof(*bad_words))

static void test_tags(struct knob *knob)
{
	struct knob bad = {};
	size_t i;

	ktap_ok(!knob__parse_tag(knob, "tierx:knob:-5:0x64:ms:how long: in all"), "a good tag");
	ktap_ok(knob->min.is_negative && knob->min.bits == (__u64)-5 && knob->max.bits == 100,
		"the range of a tag");
	ktap_ok(!strcmp(knob->unit, "ms") && !strcmp(knob->help, "how long: in all"),
		"unit and help of a tag; a colon may be part of the help");
	ktap_ok(!knob__parse_tag(&bad, "tierx:knob:0:1::") && !*bad.unit && !*bad.help,
		"unit and help may be empty");
	for (i = 0; i < NR_TAGS; i++)
		ktap_ok(knob__parse_tag(&bad, bad_tags[i]), "refuse tag '%s'", bad_tags[i]);
}

static void test_values(const struct knob *knob)
{
	struct number value;
	int status;
	size_t i;

	for (i = 0; i < NR_VALUES; i++) {
		status = knob__parse_value(knob, values[i].text, &value);
		ktap_ok(status == values[i].status && (status || value.bits == values[i].bits),
			"%s value '%s'", values[i].status ? "refuse" : "take", values[i].text);
	}
}

static void test_bool(void)
{
	struct knob knob = { .name = "flag", .size = 1, .is_bool = true };
	char text[NUMBER_TEXT_LEN];
	struct number value;

	knob.max.bits = 1;
	ktap_ok(!knob__parse_value(&knob, "true", &value) && value.bits == 1, "true is 1");
	ktap_ok(!knob__parse_value(&knob, "0", &value) && !value.bits, "0 is false");
	ktap_ok(!strcmp(knob__value_text(&knob, value, text), "false"), "and is shown so");
	ktap_ok(knob__parse_value(&knob, "2", &value) == STATUS_USAGE, "2 is neither");
	ktap_ok(knob__parse_value(&knob, "yes", &value) == STATUS_USAGE, "yes is neither");
}

static void test_words(void)
{
	const char *value = NULL;
	char *name = NULL;
	size_t i;

	ktap_ok(!assignment__split("period_ms=-7", &name, &value) && !strcmp(name, "period_ms") &&
			!strcmp(value, "-7"),
		"split a word");
	free(name);
	for (i = 0; i < NR_WORDS; i++)
		ktap_ok(assignment__split(bad_words[i], &name, &value) == STATUS_USAGE,
			"refuse word '%s'", bad_words[i]);
}

int main(void)
{
	struct knob knob = { .name = "period_ms", .size = 4, .is_signed = true };

	ktap_plan(4 + NR_TAGS + NR_VALUES + 5 + 1 + NR_WORDS);
	test_tags(&knob);
	test_values(&knob);
	test_bool();
	test_words();

	return ktap_end();
}
