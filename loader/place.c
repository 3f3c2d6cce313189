// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "cgroup.h"
#include "place.h"
#include "tierx.h"

int place__find(struct place *place, const char *cgroup)
{
	*place = (struct place){ .cgroup = cgroup };
	return cgroup ? cgroup__find(cgroup, &place->cgroup_id) : STATUS_DONE;
}

char *place__file(const struct place *place, const char *name, char path[PLACE_FILE_LEN])
{
	if (place->cgroup_id)
		snprintf(path, PLACE_FILE_LEN, "cgroup/%llu/%s", place->cgroup_id, name);
	else
		snprintf(path, PLACE_FILE_LEN, "root/%s", name);
	return path;
}

char *place__words(const struct place *place, const char *before, char text[PLACE_WORDS_LEN])
{
	*text = '\0';
	if (place->cgroup_id)
		snprintf(text, PLACE_WORDS_LEN, " %s%scgroup %s", before, *before ? " " : "",
			 place->cgroup);
	return text;
}

char *place__option(const struct place *place, char text[PLACE_OPTION_LEN])
{
	snprintf(text, PLACE_OPTION_LEN, "%s%s", place->cgroup ? " --cgroup " : "",
		 place->cgroup ? place->cgroup : "");
	return text;
}
