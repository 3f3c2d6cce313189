#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/check.sh [CHECK...]: everything about the sources that a machine can judge.
#
# Expects build/linux, build/include/vmlinux.h and build/tools (make check sees to that).
# checkpatch findings that we mean to keep are in kfuncs-patch/checkpatch-waivers.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
BUILD=${BUILD:-$top/build}
CLANG=${CLANG:-clang}
CLANG_FORMAT=${CLANG_FORMAT:-clang-format}
linux=$BUILD/linux
cd "$top" || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Tracked or about to be.
files() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ ! -e "$f" ] || echo "$f"; done; }

our_c() { files 'loader/*.[ch]' 'include/*.h' 'bpf/*.c' 'tests/*.[ch]'; }

# --- checkpatch -----------------------------------------------------------------------

# It wants kernel paths, and drops a cache file where it runs: give it a copy.
copy_sources()
{
	(cd kfuncs-patch/overlay && find . -name '*.[ch]' -print0 | xargs -0r cp --parents -t "$work")
	our_c | xargs -r cp --parents -t "$work"
	mkdir -p "$work/hooks"
	files 'kfuncs-patch/hooks/*.patch' | while read -r p; do
		cp "$p" "$work/hooks/$(basename "$(dirname "$p")")-$(basename "$p")"
	done
}

checkpatch()
{
	xargs -r perl "$linux/scripts/checkpatch.pl" --root="$linux" --strict --no-signoff --terse --show-types \
		--no-summary --max-line-length=100 --quiet "$@"
}

# Prints the findings that no waiver covers.
unwaived()
{
	local file line level type rest
	while IFS=: read -r file line level type rest; do
		waived "$type" "$file" || echo "$file:$line:$level:$type:$rest"
	done
}

waived()
{
	local type glob _
	while read -r type glob _; do
		# shellcheck disable=SC2053 # a pattern is wanted
		[ "$type" != "$1" ] || [[ $2 != $glob ]] || return 0
	done < <(grep -v '^#' kfuncs-patch/checkpatch-waivers)
	return 1
}

check_checkpatch()
{
	copy_sources
	(cd "$work" && {
		find . -name '*.[ch]' -printf '%P\n' | LC_ALL=C sort | checkpatch -f
		find hooks -name '*.patch' | LC_ALL=C sort | checkpatch
	}) > "$work/findings"
	unwaived < "$work/findings" > "$work/unwaived"
	cat "$work/unwaived"
	[ ! -s "$work/unwaived" ]
}

# --- the others -----------------------------------------------------------------------

check_format() { our_c | xargs -r "$CLANG_FORMAT" --dry-run -Werror; }

# Each header compiles on its own: *.bpf.h for BPF, the others for user space too.
check_headers()
{
	local h bad=0
	for h in include/tier_ext/*.h; do
		case $h in
		*.bpf.h) "$CLANG" -target bpf -g -O2 -Wall -Werror -fsyntax-only -I include \
			-I "$BUILD/include" -I "$BUILD/tools/include" -x c "$h" || bad=1 ;;
		*) gcc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -I include -x c "$h" || bad=1 ;;
		esac
	done
	return $bad
}

check_kernel_doc()
{
	files 'kfuncs-patch/overlay/*.[ch]' | xargs -r perl "$linux/scripts/kernel-doc" -none -Wall -Werror
}

# Mails quote the kernel's own spelling.
check_spelling()
{
	files | grep -vE '^LICENSE$|\.patch$' | xargs -r codespell -q 3 -L damon
}

check_shell()
{
	files | while read -r f; do
		! head -c 20 "$f" | grep -q '^#!/bin/\(ba\)\?sh' || echo "$f"
	done | xargs -r shellcheck -x -S warning
}

# The license text has no license; a mail has its own form.
check_spdx()
{
	local bad
	bad=$(files | grep -vE '^LICENSE$|\.patch$|\.xz$|^tests/.*/fixtures/' |
		xargs -r grep -L 'SPDX-License-Identifier: GPL-2.0-only')
	[ -z "$bad" ] || { echo "no SPDX line: $bad"; return 1; }
}

# One row per policy, and no row without one.
check_policy_table()
{
	[ -f README.md ] || return 0
	diff <(cd bpf && ls -- *.bpf.c | sed 's/\.bpf\.c$//' | LC_ALL=C sort) \
		<(sed -n 's/^| *\[\?`\([a-z_]*\)`.*bpf\/.*/\1/p' README.md | LC_ALL=C sort) |
		sed -n -e 's/^< /README.md has no row for policy /p' -e 's/^> /README.md has a row for /p' \
			> "$work/table"
	cat "$work/table"
	[ ! -s "$work/table" ]
}

failed=0
checks=(spdx shell spelling format headers checkpatch kernel_doc policy_table)
[ $# -eq 0 ] || checks=("$@")
for c in "${checks[@]}"; do
	if "check_$c" > "$work/log" 2>&1; then
		echo "ok     $c"
	else
		echo "FAILED $c"
		sed 's/^/       /' "$work/log"
		failed=1
	fi
done
exit $failed
