// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>

#include "layout.h"

#define PATH_LEN 128
/* BTF of an object that nobody has checked yet may go round in circles. */
#define MAX_DEPTH 16

/**
 * struct comparison - two types that are compared
 * @btf: BTF of the one
 * @other_btf: BTF of the other
 * @what: key or value
 * @path: member that is being looked at, "" for all of it
 * @depth: how many structs and arrays it is in
 * @difference: where to write the difference
 */
struct comparison {
	const struct btf *btf;
	const struct btf *other_btf;
	const char *what;
	char path[PATH_LEN];
	int depth;
	char *difference;
};

static bool compare_types(struct comparison *comparison, __u32 id, __u32 other_id);

struct layout layout__of_map(const struct bpf_map *map, const struct btf *btf)
{
	return (struct layout){
		.type = bpf_map__type(map),
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
		.max_entries = bpf_map__max_entries(map),
		.flags = bpf_map__map_flags(map),
		.btf = btf,
		.key_type = bpf_map__btf_key_type_id(map),
		.value_type = bpf_map__btf_value_type_id(map),
	};
}

struct layout layout__of_info(const struct bpf_map_info *info, const struct btf *btf)
{
	return (struct layout){
		.type = info->type,
		.key_size = info->key_size,
		.value_size = info->value_size,
		.max_entries = info->max_entries,
		.flags = info->map_flags,
		.btf = btf,
		.key_type = btf ? info->btf_key_type_id : 0,
		.value_type = btf ? info->btf_value_type_id : 0,
	};
}

/* Always true, so that a comparison can end with it. */
__attribute__((format(printf, 2, 3))) static bool differ(struct comparison *comparison,
							 const char *fmt, ...)
{
	int len;
	va_list args;

	/* Members of values are what is meant when nothing is said. */
	if (*comparison->path)
		len = snprintf(comparison->difference, LAYOUT_DIFFERENCE_LEN, "%smember %s ",
			       strcmp(comparison->what, "value") ? "key " : "", comparison->path);
	else
		len = snprintf(comparison->difference, LAYOUT_DIFFERENCE_LEN, "%s ",
			       comparison->what);
	va_start(args, fmt);
	vsnprintf(comparison->difference + len, LAYOUT_DIFFERENCE_LEN - len, fmt, args);
	va_end(args);

	return true;
}

/* Integers of the same size are the same, whatever they are called. */
static const char *kind_name(const struct btf_type *type)
{
	if (!type)
		return "void";
	if (btf_is_int(type) || btf_is_any_enum(type))
		return "an integer";
	if (btf_is_ptr(type))
		return "a pointer";
	if (btf_is_array(type))
		return "an array";
	if (btf_is_struct(type))
		return "a struct";
	if (btf_is_union(type))
		return "a union";
	if (btf_is_float(type))
		return "a floating point number";
	return "something else";
}

/* Type @id without its other names; NULL if there is none. */
static const struct btf_type *resolve(const struct btf *btf, __u32 id)
{
	int real = btf__resolve_type(btf, id);

	return real < 0 ? NULL : btf__type_by_id(btf, real);
}

static bool compare_arrays(struct comparison *comparison, const struct btf_type *type,
			   const struct btf_type *other)
{
	const struct btf_array *array = btf_array(type), *other_array = btf_array(other);

	if (array->nelems != other_array->nelems)
		return differ(comparison, "has %u elements, had %u", array->nelems,
			      other_array->nelems);
	return compare_types(comparison, array->type, other_array->type);
}

static const char *member_name(const struct btf *btf, const struct btf_type *type, __u32 i)
{
	return btf__name_by_offset(btf, btf_members(type)[i].name_off);
}

/* The member of the other struct that has the same name. One without a name is where it was. */
static int find_member(const struct comparison *comparison, const struct btf_type *other,
		       const char *name, __u32 i)
{
	__u32 j;

	if (!*name)
		return i < btf_vlen(other) && !*member_name(comparison->other_btf, other, i) ?
			       (int)i :
			       -1;
	for (j = 0; j < btf_vlen(other); j++)
		if (!strcmp(member_name(comparison->other_btf, other, j), name))
			return j;
	return -1;
}

static bool compare_places(struct comparison *comparison, const struct btf_type *type, __u32 i,
			   const struct btf_type *other, __u32 j)
{
	__u32 offset = btf_member_bit_offset(type, i), was = btf_member_bit_offset(other, j);
	__u32 bits = btf_member_bitfield_size(type, i);
	__u32 bits_were = btf_member_bitfield_size(other, j);

	if (offset != was && !bits && !bits_were)
		return differ(comparison, "at offset %u, was %u", offset / 8, was / 8);
	if (offset != was)
		return differ(comparison, "at bit %u, was %u", offset, was);
	if (bits != bits_were)
		return differ(comparison, "is a bit field of %u, was %u", bits, bits_were);
	return false;
}

/* As deep in the path as it was before, afterwards. */
static bool compare_member(struct comparison *comparison, const struct btf_type *type, __u32 i,
			   const struct btf_type *other)
{
	const char *name = member_name(comparison->btf, type, i);
	int j = find_member(comparison, other, name, i);
	size_t len = strlen(comparison->path);
	bool differs;

	if (*name)
		snprintf(comparison->path + len, PATH_LEN - len, "%s%s", len ? "." : "", name);
	if (j < 0)
		differs = differ(comparison, "is new");
	else
		differs = compare_places(comparison, type, i, other, j) ||
			  compare_types(comparison, btf_members(type)[i].type,
					btf_members(other)[j].type);
	comparison->path[len] = '\0';

	return differs;
}

static bool compare_structs(struct comparison *comparison, const struct btf_type *type,
			    const struct btf_type *other)
{
	__u32 i;

	for (i = 0; i < btf_vlen(type); i++)
		if (compare_member(comparison, type, i, other))
			return true;
	if (btf_vlen(type) == btf_vlen(other))
		return false;
	return differ(comparison, "has %u members, had %u", btf_vlen(type), btf_vlen(other));
}

static bool compare_types(struct comparison *comparison, __u32 id, __u32 other_id)
{
	const struct btf_type *type = resolve(comparison->btf, id);
	const struct btf_type *other = resolve(comparison->other_btf, other_id);
	__s64 size = type ? btf__resolve_size(comparison->btf, id) : 0;
	__s64 other_size = other ? btf__resolve_size(comparison->other_btf, other_id) : 0;
	bool differs = false;

	if (strcmp(kind_name(type), kind_name(other)))
		return differ(comparison, "is %s, was %s", kind_name(type), kind_name(other));
	if (!type)
		return false;
	if (++comparison->depth > MAX_DEPTH)
		return differ(comparison, "is nested too deeply");
	if (btf_is_array(type))
		differs = compare_arrays(comparison, type, other);
	else if (btf_is_composite(type))
		differs = compare_structs(comparison, type, other);
	comparison->depth--;

	if (!differs && size != other_size)
		return differ(comparison, "size %lld, was %lld", size, other_size);
	return differs;
}

static bool compare_sides(const struct layout *layout, const struct layout *other, const char *what,
			  __u32 id, __u32 other_id, char *difference)
{
	struct comparison comparison = {
		.btf = layout->btf,
		.other_btf = other->btf,
		.what = what,
		.difference = difference,
	};

	if (!id && !other_id)
		return false;
	if (!id || !other_id)
		return differ(&comparison, "type %s, was %s", id ? "known" : "unknown",
			      other_id ? "known" : "unknown");
	return compare_types(&comparison, id, other_id);
}

static bool compare_numbers(const struct layout *layout, const struct layout *other,
			    char *difference)
{
	const struct {
		const char *what;
		__u32 is;
		__u32 was;
	} numbers[] = {
		{ "key size", layout->key_size, other->key_size },
		{ "value size", layout->value_size, other->value_size },
		{ "max_entries", layout->max_entries, other->max_entries },
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (numbers[i].is == numbers[i].was)
			continue;
		snprintf(difference, LAYOUT_DIFFERENCE_LEN, "%s %u, was %u", numbers[i].what,
			 numbers[i].is, numbers[i].was);
		return true;
	}
	if (layout->flags == other->flags)
		return false;

	snprintf(difference, LAYOUT_DIFFERENCE_LEN, "flags %#x, was %#x", layout->flags,
		 other->flags);
	return true;
}

bool layout__differs(const struct layout *layout, const struct layout *other,
		     char difference[LAYOUT_DIFFERENCE_LEN])
{
	const char *type = libbpf_bpf_map_type_str(layout->type);
	const char *other_type = libbpf_bpf_map_type_str(other->type);

	if (layout->type != other->type) {
		snprintf(difference, LAYOUT_DIFFERENCE_LEN, "type %s, was %s",
			 type ? type : "unknown", other_type ? other_type : "unknown");
		return true;
	}
	return compare_numbers(layout, other, difference) ||
	       compare_sides(layout, other, "key", layout->key_type, other->key_type, difference) ||
	       compare_sides(layout, other, "value", layout->value_type, other->value_type,
			     difference);
}
