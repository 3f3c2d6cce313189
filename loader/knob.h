/* SPDX-License-Identifier: GPL-2.0-only */
/* Knobs of a policy, and the NAME=VALUE words that set them. */
#ifndef TIERX_KNOB_H
#define TIERX_KNOB_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

#include "number.h"

#define KNOB_UNIT_LEN 16

/**
 * struct knob - a global variable of a policy that users may set
 * @name: its name
 * @type: its type, as the policy spells it
 * @section: ELF section that it is in
 * @offset: where it is in the section
 * @size: 1, 2, 4 or 8 bytes
 * @is_signed: may be negative
 * @is_bool: takes true and false as well as 1 and 0
 * @at_runtime: may be set while the policy runs
 * @min: smallest value
 * @max: largest value
 * @unit: unit of the value, may be empty
 * @help: what it does
 */
struct knob {
	const char *name;
	const char *type;
	const char *section;
	__u32 offset;
	__u32 size;
	bool is_signed;
	bool is_bool;
	bool at_runtime;
	struct number min;
	struct number max;
	char unit[KNOB_UNIT_LEN];
	const char *help;
};

/**
 * knob__parse_tag() - take range, unit and help from the declaration tag of a knob
 * @tag: the whole tag; @knob keeps a pointer into it
 *
 * Return: 0, or -EINVAL if the tag is not of the form that tier_ext/tags.h describes.
 */
int knob__parse_tag(struct knob *knob, const char *tag);

/**
 * knob__parse_value() - check a value that a user wrote
 * @knob: knob that it is for
 * @text: the value
 * @value: the value, if it is good
 *
 * Return: a status.
 */
int knob__parse_value(const struct knob *knob, const char *text, struct number *value);

/** knob__value_json() - a value of @knob as JSON */
struct json_object *knob__value_json(const struct knob *knob, struct number value);

/** knob__value_text() - a value of @knob in words; returns @text */
char *knob__value_text(const struct knob *knob, struct number value, char text[NUMBER_TEXT_LEN]);

/** knob__json() - everything about @knob except its value as JSON */
struct json_object *knob__json(const struct knob *knob);

/**
 * assignment__split() - take NAME=VALUE apart
 * @word: the word
 * @name: NAME, to be freed
 * @value: VALUE, part of @word
 *
 * VALUE has to be a number, true or false.
 *
 * Return: a status.
 */
int assignment__split(const char *word, char **name, const char **value);

#endif /* TIERX_KNOB_H */
