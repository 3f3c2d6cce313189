/* SPDX-License-Identifier: GPL-2.0-only */
/* Short forms for building and printing JSON. */
#ifndef TIERX_JSON_H
#define TIERX_JSON_H

#include <stdbool.h>
#include <json-c/json.h>
#include <linux/types.h>

#include "number.h"

void json__add_string(struct json_object *object, const char *key, const char *value);
void json__add_u64(struct json_object *object, const char *key, __u64 value);
void json__add_bool(struct json_object *object, const char *key, bool value);
void json__add_double(struct json_object *object, const char *key, double value);
void json__add_number(struct json_object *object, const char *key, struct number value);

/** json__print() - print @object as one line on stdout, and release it; returns a status */
int json__print(struct json_object *object);

#endif /* TIERX_JSON_H */
