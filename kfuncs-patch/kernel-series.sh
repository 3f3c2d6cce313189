#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-series.sh [--check]: write build/series, the patches to mail, in the order of the
# table kfuncs-patch/series. With --check every step is built with the guest configuration.
#
# Steps are committed through an index of their own, so build/linux stays as it is.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
export BUILD=${BUILD:-$top/build}
out=$BUILD/series
selftests=tools/testing/selftests/tier_ext

export GIT_AUTHOR_NAME=tier_ext GIT_AUTHOR_EMAIL=tier_ext@localhost
export GIT_COMMITTER_NAME=tier_ext GIT_COMMITTER_EMAIL=tier_ext@localhost
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

say() { printf '%s\n' "kernel-series: $*" >&2; }
die() { say "$*"; exit 1; }

tree_git() { git -C "$tree" "$@"; }

# --- one step -------------------------------------------------------------------------

# Sources by their kernel path, one "kernel-path file" per line.
sources()
{
	(cd "$here/overlay" && find . -type f -printf '%P\n') | sed "s,.*,& $here/overlay/&,"
	(cd "$top" && git ls-files -co --exclude-standard tests/kselftest) |
		sed "s,^tests/kselftest/\(.*\),$selftests/\1 $top/&,"
}

add_files()	# GLOB
{
	local path file mode found=
	while read -r path file; do
		# shellcheck disable=SC2053 # a pattern is wanted
		[[ $path == $1 ]] || continue
		mode=100644
		[ ! -x "$file" ] || mode=100755
		tree_git update-index --add \
			--cacheinfo "$mode,$(tree_git hash-object -w "$file"),$path"
		echo "$path" >> "$work/used"
		found=1
	done < "$work/sources"
	[ -n "$found" ] || die "the table names $1: no such file"
}

commit()	# MESSAGE on stdin
{
	head=$(tree_git commit-tree -p "$head" "$(tree_git write-tree)")
	steps+=("$head")
}

end_step()
{
	[ -n "$subject" ] || return 0
	commit < <(printf '%s\n\n%s\n' "$subject" "$body")
	subject=
	body=
}

add_hook()	# GLOB
{
	local patch
	patch=$(find "$hooks" -name "$1")
	[ -f "$patch" ] || die "the table names the hook $1: not exactly one such patch"
	tree_git apply --cached "$patch" || die "$(basename "$patch") does not apply here"
	git mailinfo "$work/message" /dev/null < "$patch" > "$work/info"
	commit < <(sed -n 's/^Subject: //p' "$work/info"; echo; cat "$work/message")
	echo "$patch" >> "$work/used"
}

# --- the series -----------------------------------------------------------------------

build_series()
{
	local word rest glob
	subject=
	body=
	while IFS= read -r line; do
		word=${line%% *}
		rest=${line#"$word"}
		rest=${rest# }
		case $word in
		''|'#'*) ;;
		patch) end_step; subject=$rest ;;
		'|') body+=$rest$'\n' ;;
		file) for glob in $rest; do add_files "$glob"; done ;;
		hook) end_step; add_hook "$rest" ;;
		*) die "kfuncs-patch/series: what is '$word'?" ;;
		esac
	done < "$here/series"
	end_step
}

check_complete()
{
	local left
	left=$( { cut -d' ' -f1 "$work/sources"; find "$hooks" -name '*.patch'; } |
		grep -vxF -f "$work/used" || true)
	[ -z "$left" ] || die "the table kfuncs-patch/series misses:"$'\n'"$left"
}

write_mails()
{
	rm -rf "$out"
	tree_git format-patch -q --zero-commit --no-signature --cover-letter --base=tierx-base \
		--subject-prefix='RFC PATCH' -o "$out" tierx-base.."$head"
	fill_cover "$out"/0000-cover-letter.patch
	ls "$out"
}

# First line of the text: its licence; the second: the subject. @SOURCE@: what the series
# applies to.
fill_cover()
{
	local text=$here/cover-letter.txt source
	source=$("$here/kernel-tree.sh" source | sed 's, [^ ]*$,,')
	awk -v text="$text" -v source="$source" '
		function blurb(  line) {
			while ((getline line < text) > 0) {
				gsub(/@SOURCE@/, source, line)
				print line
			}
		}
		/\*\*\* SUBJECT HERE \*\*\*/ {
			getline licence < text
			getline subject < text
			sub(/\*\*\* SUBJECT HERE \*\*\*/, subject)
		}
		/^\*\*\* BLURB HERE \*\*\*$/ { getline empty < text; blurb(); next }
		{ print }' "$1" > "$1.new"
	mv "$1.new" "$1"
}

# --- does every step build? -----------------------------------------------------------

check_steps()
{
	local side=$BUILD/linux-series obj=$BUILD/kernel-series step n=0
	if ! git -C "$side" rev-parse -q --verify tierx-base > /dev/null 2>&1; then
		rm -rf "$side"
		tree_git worktree prune
		tree_git worktree add -q --detach "$side" tierx-base
	fi
	mkdir -p "$obj"
	"$here/kernel-build.sh" kernel guest
	cp "$BUILD/guest/config" "$obj/.config"
	for step in "${steps[@]}"; do
		n=$((n + 1))
		git -C "$side" checkout -q --detach "$step"
		say "step $n of ${#steps[@]}: $(git -C "$side" log -1 --format=%s)"
		nice -n 10 make -s -C "$side" O="$obj" CC='ccache gcc' LOCALVERSION= -j"$(nproc)" \
			olddefconfig mm/ kernel/cgroup/ kernel/sched/ drivers/base/ > "$out/build.log" 2>&1 ||
			{ tail -n 20 "$out/build.log" >&2; die "step $n does not build"; }
	done
	rm -f "$out/build.log"
	say "all ${#steps[@]} steps compile"
}

tree=$("$here/kernel-tree.sh" tree)
hooks=$here/hooks/$(sed 's/^linux \([0-9]*\.[0-9]*\).*/\1/' "$tree.source")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_INDEX_FILE=$work/index
sources > "$work/sources"
head=$(tree_git rev-parse tierx-base)
steps=()
tree_git read-tree "$head"
build_series
check_complete
write_mails
unset GIT_INDEX_FILE
[ "${1:-}" != --check ] || check_steps
