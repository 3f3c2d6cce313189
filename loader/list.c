// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "json.h"
#include "library.h"
#include "log.h"
#include "output.h"
#include "policy.h"
#include "tierx.h"

/* A file that is no policy is mentioned and passed over. */
static void show(const char *path, struct json_object *list)
{
	struct json_object *object;
	struct policy policy;

	if (policy__open(&policy, path)) {
		policy__close(&policy);
		return;
	}
	if (list) {
		object = json_object_new_object();
		json__add_string(object, "name", policy.name);
		json__add_string(object, "about", policy.description.about);
		json__add_string(object, "file", path);
		json_object_array_add(list, object);
	} else {
		printf("%-24s %s\n", policy.name, policy.description.about);
	}
	policy__close(&policy);
}

int command__list(const struct arguments *args)
{
	struct json_object *object = NULL, *list = NULL;
	struct library library;
	int status, i;

	status = library__read(&library);
	if (status)
		return status;

	if (args->json) {
		object = json_object_new_object();
		list = json_object_new_array();
		json_object_object_add(object, "policies", list);
	}
	for (i = 0; i < library.nr; i++)
		show(library.paths[i], list);
	if (!library.nr)
		log__info("no policies found; build them with 'make policies', or set "
			  "TIERX_POLICY_PATH");
	library__clear(&library);

	return object ? json__print(object) : output__flush();
}
