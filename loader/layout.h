/* SPDX-License-Identifier: GPL-2.0-only */
/* Do two maps have the same layout, so that one can stand for the other? */
#ifndef TIERX_LAYOUT_H
#define TIERX_LAYOUT_H

#include <bpf/libbpf.h>

#define LAYOUT_DIFFERENCE_LEN 256

/**
 * struct layout - layout of a map
 * @type: &enum bpf_map_type
 * @key_size: in bytes
 * @value_size: in bytes
 * @max_entries: number of elements, at most
 * @flags: as of its creation
 * @btf: BTF that @key_type and @value_type are of, NULL if there is none
 * @key_type: type of the keys, 0 if that is not known
 * @value_type: type of the values, the same
 */
struct layout {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 flags;
	const struct btf *btf;
	__u32 key_type;
	__u32 value_type;
};

/** layout__of_map() - layout of a map of an object as it will be loaded */
struct layout layout__of_map(const struct bpf_map *map, const struct btf *btf);

/** layout__of_info() - layout of a map of the kernel; @btf is what @info names */
struct layout layout__of_info(const struct bpf_map_info *info, const struct btf *btf);

/**
 * layout__differs() - compare
 * @layout: the one
 * @other: the other
 * @difference: the first difference in words, such as "value size 8, was 4"
 *
 * Of keys and values, names, offsets and sizes of their members have to be the same, not the names
 * of their types.
 */
bool layout__differs(const struct layout *layout, const struct layout *other,
		     char difference[LAYOUT_DIFFERENCE_LEN]);

#endif /* TIERX_LAYOUT_H */
