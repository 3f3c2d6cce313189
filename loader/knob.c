// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tier_ext/tags.h>

#include "json.h"
#include "knob.h"
#include "log.h"
#include "tierx.h"

/* Copy what is before the next colon, and go past that. */
static int next_field(const char **tag, char *field, size_t size)
{
	size_t len = strcspn(*tag, ":");

	if ((*tag)[len] != ':' || len >= size)
		return -EINVAL;

	memcpy(field, *tag, len);
	field[len] = '\0';
	*tag += len + 1;

	return 0;
}

static int next_number(const char **tag, struct number *number)
{
	char text[NUMBER_TEXT_LEN];
	int err;

	err = next_field(tag, text, sizeof(text));
	return err ? err : number__parse(text, number);
}

int knob__parse_tag(struct knob *knob, const char *tag)
{
	const char *rest = tag + strlen(TIERX_TAG_KNOB);

	if (strncmp(tag, TIERX_TAG_KNOB, strlen(TIERX_TAG_KNOB)))
		return -EINVAL;
	if (next_number(&rest, &knob->min) || next_number(&rest, &knob->max) ||
	    next_field(&rest, knob->unit, sizeof(knob->unit)))
		return -EINVAL;
	if (number__compare(knob->min, knob->max) > 0)
		return -EINVAL;
	knob->help = rest;

	return 0;
}

static int parse_bool(const char *text, struct number *value)
{
	if (strcmp(text, "true") && strcmp(text, "false"))
		return -EINVAL;

	value->bits = !strcmp(text, "true");
	value->is_negative = false;

	return 0;
}

int knob__parse_value(const struct knob *knob, const char *text, struct number *value)
{
	char min[NUMBER_TEXT_LEN], max[NUMBER_TEXT_LEN];
	int err = -EINVAL;

	if (knob->is_bool)
		err = parse_bool(text, value);
	if (err)
		err = number__parse(text, value);
	if (err == -EINVAL) {
		log__error("%s=%s: not %s", knob->name, text,
			   knob->is_bool ? "true or false" : "a number");
		return STATUS_USAGE;
	}
	if (err || number__compare(*value, knob->min) < 0 ||
	    number__compare(*value, knob->max) > 0 ||
	    !number__fits(*value, knob->size, knob->is_signed)) {
		log__error("%s=%s: out of range, it goes from %s to %s%s%s", knob->name, text,
			   number__format(knob->min, min), number__format(knob->max, max),
			   *knob->unit ? " " : "", knob->unit);
		return STATUS_USAGE;
	}

	return STATUS_DONE;
}

struct json_object *knob__value_json(const struct knob *knob, struct number value)
{
	if (knob->is_bool)
		return json_object_new_boolean(value.bits != 0);
	if (value.is_negative)
		return json_object_new_int64((__s64)value.bits);
	return json_object_new_uint64(value.bits);
}

char *knob__value_text(const struct knob *knob, struct number value, char text[NUMBER_TEXT_LEN])
{
	if (!knob->is_bool)
		return number__format(value, text);
	return strcpy(text, value.bits ? "true" : "false");
}

struct json_object *knob__json(const struct knob *knob)
{
	struct json_object *object = json_object_new_object();

	json__add_string(object, "name", knob->name);
	json__add_string(object, "type", knob->type);
	json__add_number(object, "min", knob->min);
	json__add_number(object, "max", knob->max);
	json__add_string(object, "unit", knob->unit);
	json__add_string(object, "help", knob->help);
	json__add_bool(object, "at_runtime", knob->at_runtime);

	return object;
}

int assignment__split(const char *word, char **name, const char **value)
{
	const char *equals = strchr(word, '=');
	struct number number;
	int err;

	if (!equals || equals == word) {
		log__error("'%s' is not of the form KNOB=VALUE", word);
		return STATUS_USAGE;
	}

	err = parse_bool(equals + 1, &number);
	if (err)
		err = number__parse(equals + 1, &number);
	if (err) {
		log__error("%s: %s", word,
			   err == -ERANGE ? "the number does not fit in 64 bits" : "not a number");
		return STATUS_USAGE;
	}

	*name = strndup(word, equals - word);
	if (!*name) {
		log__error("out of memory");
		return STATUS_INTERNAL;
	}
	*value = equals + 1;

	return STATUS_DONE;
}
