#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-tree.sh: make build/linux-<version>, a git tree with our changes in it.
#
#   kernel-tree.sh source     print where the source comes from: version, checksum, path
#   kernel-tree.sh tree       make the tree or bring it up to date; print its path
#   kernel-tree.sh export     write the tree's hook commits back to hooks/<series>/
#
# The tree is three layers: the source as one import commit (fixed author and date, so
# the same source gives the same commit id everywhere), our hooks as one commit each,
# and the overlay as symbolic links, so that an edit there is an edit here.
#
# Environment: BUILD (output folder), KERNEL_SERIES (6.12), KERNEL_SRC (own tree).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
BUILD=${BUILD:-$top/build}
KERNEL_SERIES=${KERNEL_SERIES:-6.12}
KERNEL_SRC=${KERNEL_SRC:-}

# What git must not take from the user's configuration: ids have to be reproducible.
export GIT_AUTHOR_NAME=tier_ext GIT_AUTHOR_EMAIL=tier_ext@localhost
export GIT_COMMITTER_NAME=tier_ext GIT_COMMITTER_EMAIL=tier_ext@localhost
export GIT_AUTHOR_DATE='2000-01-01T00:00:00Z' GIT_COMMITTER_DATE='2000-01-01T00:00:00Z'
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

say() { printf '%s\n' "kernel-tree: $*" >&2; }
die() { say "$*"; exit 1; }

# shellcheck source-path=SCRIPTDIR
. "$here/space.sh"

tree_git() { git -C "$tree" -c core.hooksPath=/dev/null -c advice.detachedHead=false "$@"; }

# Sets version, origin (a path), checksum and tree.
find_source()
{
	if [ -n "$KERNEL_SRC" ]; then
		find_own_tree
	else
		find_package
	fi
	series=$(printf '%s' "$version" | cut -d. -f1-2)
	hooks=$here/hooks/$series
	[ -d "$hooks" ] ||
		die "no hooks for Linux $series (have: $(cd "$here/hooks" && echo *))"
}

find_package()
{
	origin=/usr/src/linux-source-$KERNEL_SERIES.tar.xz
	[ -f "$origin" ] ||
		die "$origin is missing: run 'make deps' (Debian package linux-source-$KERNEL_SERIES)"
	# shellcheck disable=SC2016 # the ${} is for dpkg-query
	package=$(dpkg-query -W -f '${Version}' "linux-source-$KERNEL_SERIES")
	version=${package%%-*}
	checksum=$(tarball_checksum)
	tree=$BUILD/linux-$version
}

# 150 MB take half a second to sum, so remember it by name, size and time.
tarball_checksum()
{
	local memo=$BUILD/source.sha256 id
	id=$(stat -L -c '%n %s %Y' "$origin")
	mkdir -p "$BUILD"
	if ! [ -f "$memo" ] || [ "$(sed -n 2p "$memo")" != "$id" ]; then
		printf '%s\n%s\n' "$(sha256sum "$origin" | cut -d' ' -f1)" "$id" > "$memo"
	fi
	sed -n 1p "$memo"
}

find_own_tree()
{
	origin=$(cd "$KERNEL_SRC" 2>/dev/null && pwd) || die "KERNEL_SRC=$KERNEL_SRC: no such folder"
	[ -f "$origin/mm/Kconfig" ] || die "$origin is not a Linux source tree"
	package='own tree'
	version=$(awk '/^VERSION =/ { v = $3 } /^PATCHLEVEL =/ { p = $3 } /^SUBLEVEL =/ { s = $3 }
		END { print v "." p "." s }' "$origin/Makefile")
	if [ -e "$origin/.git" ]; then
		checksum=$(git -C "$origin" rev-parse HEAD)
	else
		checksum=$(cd "$origin" && find . -type f -printf '%P %s %T@\n' | LC_ALL=C sort |
			sha256sum | cut -d' ' -f1)
	fi
	tree=$BUILD/linux-$version-own
}

# Everything below that changes with the source goes through this one line.
source_line() { printf 'linux %s (%s) sha256 %s %s\n' "$version" "$package" "$checksum" "$origin"; }

refuse_to_lose_work()	# REASON
{
	[ -z "$(tree_git status --porcelain -uno)" ] ||
		die "$1, but $tree has uncommitted changes: commit and 'make kernel-hooks-export', or discard them"
	[ "$(tree_git rev-parse HEAD)" = "$(tree_git rev-parse -q --verify tierx-applied || tree_git rev-parse tierx-base)" ] ||
		die "$1, but $tree has commits of yours: export or drop them"
}

# --- layer 1: the source as one commit ------------------------------------------------

import_source()
{
	local record=$tree.source
	if [ -d "$tree/.git" ] && [ "$(cat "$record" 2>/dev/null)" = "$(source_line)" ]; then
		return
	fi
	[ ! -d "$tree/.git" ] || refuse_to_lose_work "the source is another one"
	need_space "$BUILD" 3500
	rm -rf "$tree" "$tree.part" "$record"
	say "importing $(source_line)"
	mkdir -p "$tree.part"
	fill_tree "$tree.part"
	mv "$tree.part" "$tree"
	source_line > "$record"
}

# The user's own tree is only ever read: a git tree is cloned at its HEAD, anything else copied.
fill_tree()
{
	if [ -z "$KERNEL_SRC" ]; then
		tar -C "$1" -xf "$origin" --strip-components=1
		import_commit "$1"
	elif [ -e "$origin/.git" ]; then
		[ -z "$(git -C "$origin" status --porcelain -uno)" ] ||
			say "$origin has uncommitted changes: they are left out"
		git -c advice.detachedHead=false clone -q --shared --no-tags "$origin" "$1"
		git -C "$1" config gc.auto 0
		git -C "$1" tag tierx-base
	else
		rsync -a --exclude=.git --exclude='*.o' --exclude='*.cmd' "$origin/" "$1/"
		import_commit "$1"
	fi
}

import_commit()
{
	git -C "$1" init -q -b tier_ext
	git -C "$1" config gc.auto 0
	git -C "$1" config core.looseCompression 1
	git -C "$1" add -A -f
	git -C "$1" commit -q -m "Linux $version (Debian $package)"
	git -C "$1" tag tierx-base
}

# --- layer 2: the hooks, one commit each ----------------------------------------------

list_hooks() { find "$hooks" -name '*.patch' | LC_ALL=C sort; }

hooks_id() { list_hooks | xargs -r cat | sha256sum | cut -d' ' -f1; }

# Applied in a side worktree that holds only the files in question: a hook that does not
# apply leaves the tree as it was, and files that no hook changed keep their time stamps,
# which keeps the kernel build incremental.
apply_hooks()
{
	local record=$tree.hooks side=$tree.am id

	id=$(hooks_id)
	[ "$(cat "$record" 2>/dev/null)" != "$id" ] || return 0
	[ ! -f "$record" ] || refuse_to_lose_work "hooks/ changed"

	rm -rf "$side"
	tree_git worktree prune
	tree_git worktree add -q --detach --no-checkout "$side" tierx-base
	checkout_touched "$side"
	am_all "$side"
	tree_git reset -q --hard "$(git -C "$side" rev-parse HEAD)"
	tree_git worktree remove --force "$side"
	tree_git tag -f tierx-applied > /dev/null
	printf '%s\n' "$id" > "$record"
}

touched_files() { list_hooks | xargs -r sed -n 's,^--- a/,,p' | LC_ALL=C sort -u; }

checkout_touched()
{
	# Files outside the sparse set count as present, so no checkout of 80,000 files.
	git -C "$1" sparse-checkout set --no-cone --stdin < <(touched_files | sed 's,^,/,') 2>/dev/null
	git -C "$1" reset -q --hard
}

am_all()
{
	local patch
	while read -r patch; do
		if ! git -C "$1" am -q --committer-date-is-author-date "$patch" > "$BUILD/am.log" 2>&1; then
			report_failure "$patch"
		fi
		say "applied $(basename "$patch")"
	done < <(list_hooks)
}

# git says "patch failed: FILE:LINE"; the hunk's own heading says which one that is.
report_failure()
{
	local file line
	say "$(basename "$1") does not apply to Linux $version:"
	while IFS=: read -r file line; do
		say "  $file: hunk $(grep -m1 "^@@ -${line}[, ]" "$1" || echo "at line $line")"
	done < <(sed -n 's/^error: patch failed: //p' "$BUILD/am.log")
	sed -n '/^error: patch failed\|patch does not apply$/!{/^error:/p}' "$BUILD/am.log" >&2
	exit 1
}

# --- layer 3: the overlay as links ----------------------------------------------------

# git's own list of ignored files doubles as the record of what was linked last time.
link_overlay()
{
	local exclude path
	exclude=$(tree_git rev-parse --path-format=absolute --git-path info/exclude)
	overlay_links > "$BUILD/overlay.links"
	while read -r path; do
		cut -d' ' -f1 "$BUILD/overlay.links" | grep -qxF "$path" || unlink_path "$path"
	done < <(sed -n 's,^/,,p' "$exclude" 2>/dev/null)
	while read -r path target; do
		mkdir -p "$(dirname "$tree/$path")"
		[ "$(readlink "$tree/$path")" = "$target" ] || ln -sfn "$target" "$tree/$path"
	done < "$BUILD/overlay.links"
	sed 's,^\([^ ]*\) .*,/\1,' "$BUILD/overlay.links" > "$exclude"
	rm -f "$BUILD/overlay.links"
}

overlay_links()
{
	(cd "$here/overlay" && find . -type f -printf '%P\n') | LC_ALL=C sort |
		sed "s,.*,& $here/overlay/&,"
	printf '%s %s\n' tools/testing/selftests/tier_ext "$top/tests/kselftest"
}

unlink_path()
{
	[ ! -L "$tree/$1" ] || rm "$tree/$1"
	rmdir -p --ignore-fail-on-non-empty "$(dirname "$tree/$1")" 2>/dev/null || true
}

make_tree()
{
	mkdir -p "$BUILD"
	exec 8> "$BUILD/.lock-tree"
	flock 8
	import_source
	apply_hooks
	link_overlay
	ln -sfn "$(basename "$tree")" "$BUILD/linux"
	say "$(source_line)"
	printf '%s\n' "$tree"
}

export_hooks()
{
	[ -d "$tree/.git" ] || die "no tree yet: run 'make kernel-tree'"
	rm -f "$hooks"/*.patch
	tree_git format-patch -q --zero-commit --no-signature -o "$hooks" tierx-base..HEAD
	tree_git tag -f tierx-applied > /dev/null
	hooks_id > "$tree.hooks"
	list_hooks
}

find_source
case ${1:-tree} in
source) source_line ;;
tree) make_tree ;;
export) export_hooks ;;
*) die "unknown command '$1'" ;;
esac
