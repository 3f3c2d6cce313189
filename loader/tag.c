// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "tag.h"

const char *tag__next_variable(const struct btf *btf, const char *tag, __u32 *id)
{
	const struct btf_type *type, *var;

	while (++*id < btf__type_cnt(btf)) {
		type = btf__type_by_id(btf, *id);
		if (!btf_is_decl_tag(type) || strcmp(btf__name_by_offset(btf, type->name_off), tag))
			continue;
		var = btf__type_by_id(btf, type->type);
		if (var && btf_is_var(var))
			return btf__name_by_offset(btf, var->name_off);
	}
	return NULL;
}

bool tag__is_on(const struct btf *btf, const char *tag, const char *name)
{
	const char *variable;
	__u32 id = 0;

	while ((variable = tag__next_variable(btf, tag, &id)))
		if (!strcmp(variable, name))
			return true;
	return false;
}
