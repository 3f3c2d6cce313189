// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "attached.h"
#include "json.h"
#include "kernel.h"
#include "log.h"
#include "output.h"
#include "pins.h"
#include "settings.h"
#include "tierx.h"

static int report(const char *name, bool as_json)
{
	struct json_object *object;

	if (!as_json) {
		if (*name)
			printf("detached %s\n", name);
		else
			puts("no policy is attached");
		return output__flush();
	}

	object = json_object_new_object();
	json__add_string(object, "detached", *name ? name : NULL);

	return json__print(object);
}

static int detach(char name[POLICY_NAME_LEN])
{
	struct attached attached;
	int status, err;

	name[0] = '\0';
	if (attached__is_none())
		return STATUS_DONE;

	status = attached__open(&attached);
	if (!status) {
		strcpy(name, attached.name);
		err = bpf_link_detach(attached.link_fd);
		if (err) {
			log__error("cannot detach %s: %s", name, strerror(-err));
			status = STATUS_REFUSED;
		}
	}
	attached__close(&attached);

	return status;
}

int command__unload(const struct arguments *args)
{
	struct settings_record record;
	char name[POLICY_NAME_LEN];
	int status, lock_fd = -1;

	status = kernel__require();
	/* Without a BPF file system nothing can have been pinned, but a process may hold one. */
	if (!status && pins__is_mounted())
		status = pins__lock(&lock_fd);
	if (!status)
		status = detach(name);
	if (!status) {
		settings__load(&record);
		settings__restore(&record);
		pins__clear();
		status = report(name, args->json);
	}
	if (lock_fd >= 0)
		close(lock_fd);

	return status;
}
