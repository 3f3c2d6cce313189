#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-build.sh: build what the project takes from the kernel tree, or find it in the cache.
#
#   kernel-build.sh kernel [guest|debug|base]
#                                          build/<name>/{bzImage,vmlinux,vmlinux.h,config,BUILD-INFO}
#   kernel-build.sh tools                  build/tools/: libbpf.a, its headers, bpftool
#   kernel-build.sh key [guest|debug|base] the cache key, for the curious
#
# base is the guest kernel from the source as it came, without hooks and overlay, to compare
# with.
#
# The cache lives outside the clone and is keyed by content: a second clone, or a branch
# and back, builds nothing. kernel-build.sh exits with 3 when the disk is too full.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
export BUILD=${BUILD:-$top/build}
CACHE=${TIERX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tier_ext}
JOBS=${JOBS:-$(nproc)}
CC=${KERNEL_CC:-gcc}
CACHE_KEEP=12

say() { printf '%s\n' "kernel-build: $*" >&2; }
die() { say "$*"; exit 1; }

# shellcheck source-path=SCRIPTDIR
. "$here/space.sh"

toolchain() { $CC --version | head -1; ld --version | head -1; pahole --version; }

# Documentation and build instructions for people change no bit of the kernel.
overlay_sources()
{
	find "$here/overlay" -type f \( -name '*.[ch]' -o -name Kconfig -o -name Makefile \) |
		LC_ALL=C sort
}

fragments()
{
	printf '%s\n' "$here/config/guest.config"
	[ "$1" = guest ] || [ "$1" = base ] || printf '%s\n' "$here/config/$1.config"
}

fragments_text()
{
	local unknown='^$'
	[ "$1" != base ] || unknown='^CONFIG_TIER_EXT='
	fragments "$1" | xargs cat | grep -v "$unknown"
}

source_checksum() { "$here/kernel-tree.sh" source | sed 's/.* sha256 \([^ ]*\) .*/\1/'; }
series() { "$here/kernel-tree.sh" source | sed 's/^linux \([0-9]*\.[0-9]*\).*/\1/'; }

# Contents with their names relative to the clone, so that every clone has the same key.
hash_files() { (cd "$top" && xargs -r -d '\n' realpath --relative-to=. | xargs -r sha256sum); }

changes()
{
	find "$here/hooks/$(series)" -name '*.patch' | LC_ALL=C sort
	overlay_sources
}

# What was not exported yet is in the kernel, too.
tree_edits()
{
	local tree=$BUILD/linux
	! git -C "$tree" rev-parse -q --verify tierx-applied > /dev/null 2>&1 ||
		git -C "$tree" diff tierx-applied --
}

# A kernel without our changes stays the same when those do.
kernel_key()
{
	{
		source_checksum
		[ "$1" = base ] || { changes | hash_files; tree_edits; }
		fragments "$1" | hash_files
		toolchain
	} | sha256sum | cut -d' ' -f1
}

tools_key() { { source_checksum; toolchain; echo tools-2; } | sha256sum | cut -d' ' -f1; }

# One build of a kind at a time, also between two runs of make.
# locked NAME COMMAND...
locked()
{
	mkdir -p "$BUILD"
	(
		flock -n 9 || { say "waiting for another build of the $1 to end"; flock 9; }
		shift
		"$@"
	) 9> "$BUILD/.lock-$1"
}

# --- the kernel -----------------------------------------------------------------------

# Everything that would make two builds of the same source differ is pinned, for ccache.
kernel_make()
{
	local cc=$CC
	! command -v ccache > /dev/null || cc="ccache $CC"
	CCACHE_BASEDIR=$BUILD CCACHE_NOHASHDIR=1 nice -n 10 \
		make -s -C "$tree" O="$out" CC="$cc" LOCALVERSION= KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_TIMESTAMP='2000-01-01 00:00:00' \
		KBUILD_BUILD_USER=tier_ext KBUILD_BUILD_HOST=tier_ext -j"$JOBS" "$@"
}

configure()
{
	local merged=$out/.fragments
	mkdir -p "$out"
	fragments_text "$1" > "$merged.new"
	if [ -f "$out/.config" ] && cmp -s "$merged" "$merged.new"; then
		rm "$merged.new"
		kernel_make olddefconfig
		return
	fi
	rm -f "$merged"
	kernel_make tinyconfig > /dev/null
	(cd "$tree" && scripts/kconfig/merge_config.sh -m -O "$out" "$out/.config" "$merged.new") \
		> "$out/merge.log"
	kernel_make olddefconfig
	verify_config "$merged.new"
	mv "$merged.new" "$merged"
}

# A symbol whose dependencies are missing is dropped in silence: look for each one.
verify_config()
{
	local missing
	missing=$(awk -F= 'NR == FNR { have[$1] = $2; next }
		/^CONFIG_/ { want[$1] = $2 }
		/^# CONFIG_.* is not set/ { sub(/^# /, ""); sub(/ .*/, ""); want[$0] = "n" }
		END { for (s in want) { got = (s in have) ? have[s] : "n"
			if (got != want[s]) print "  " s "=" want[s] " became " got } }' \
		"$out/.config" "$1" | LC_ALL=C sort)
	[ -z "$missing" ] || die "the kernel configuration refused:"$'\n'"$missing"
}

build_kernel()
{
	local name=$1 key store dest
	case $name in guest|debug|base) ;; *) die "CONFIG=$name: guest, debug or base" ;; esac
	dest=$BUILD/$name
	# Once more if sources were edited during the build: then the key is another one.
	while key=$(kernel_key "$name"); store=$CACHE/kernel/$key; ! [ -f "$store/BUILD-INFO" ]; do
		compile_kernel "$name" "$store" "$key"
	done
	touch "$store"	# it is in use: the others go first
	[ "$(readlink -f "$dest")" != "$store" ] || return 0
	rm -rf "$dest"
	ln -sfn "$store" "$dest"
	say "$name kernel: $(sed -n 1p "$store/BUILD-INFO")"
}

# A worktree of the import commit. Tree and output have the same place relative to each other
# as those of the patched kernel, so ccache knows almost every file.
use_unpatched_tree()
{
	local patched=$tree
	tree=$BUILD/unpatched/$(basename "$patched")
	out=$BUILD/unpatched/kernel
	if [ "$(git -C "$tree" rev-parse HEAD 2> /dev/null)" != "$(git -C "$patched" rev-parse tierx-base)" ]; then
		rm -rf "$tree"
		git -C "$patched" worktree prune
		git -C "$patched" worktree add -q --detach "$tree" tierx-base
	fi
}

compile_kernel()
{
	local name=$1 store=$2 key=$3
	out=$BUILD/kernel-$name
	[ -d "$out" ] || need_space "$BUILD" 6144
	need_space "$CACHE" 256
	tree=$("$here/kernel-tree.sh" tree)
	[ "$name" != base ] || use_unpatched_tree
	configure "$name"
	say "building the $name kernel in $out (5 to 10 minutes when nothing is cached)"
	kernel_make bzImage 2> "$out/build.log" || build_failed "$out" "$out/build.log"
	cat "$out/build.log" >&2
	store_kernel "$store.part.$$" "$key"
	if [ "$(kernel_key "$name")" != "$key" ]; then
		rm -rf "$store.part.$$"
		say "sources were edited during the build: once more"
		return
	fi
	keep "$store.part.$$" "$store"
	prune_cache
}

# Another clone may have built the same meanwhile.
keep()	# PART STORE
{
	mv -T "$1" "$2" 2> /dev/null || { [ -f "$2/BUILD-INFO" ] && rm -rf "$1"; }
}

# Forty megabytes for every edit that was built: keep the last ones.
prune_cache()
{
	find "$CACHE/kernel" -mindepth 1 -maxdepth 1 -printf '%T@ %p\n' | sort -rn |
		tail -n +$((CACHE_KEEP + 1)) | cut -d' ' -f2- | xargs -r -d '\n' rm -rf
}

store_kernel()
{
	locked tools build_tools
	mkdir -p "$1"
	cp "$out/arch/x86/boot/bzImage" "$1/bzImage"
	cp "$out/.config" "$1/config"
	objcopy --strip-debug "$out/vmlinux" "$1/vmlinux"
	"$BUILD/tools/bin/bpftool" btf dump file "$1/vmlinux" format c > "$1/vmlinux.h"
	{
		"$here/kernel-tree.sh" source | sed 's, [^ ]*$,,'
		printf 'key %s\n' "$2"
		toolchain
	} > "$1/BUILD-INFO"
}

# --- libbpf and bpftool ---------------------------------------------------------------

build_tools()
{
	local store dest=$BUILD/tools
	store=$CACHE/tools/$(tools_key)
	if ! [ -f "$store/BUILD-INFO" ]; then
		compile_tools "$store"
	fi
	[ "$(readlink -f "$dest")" != "$store" ] || return 0
	rm -rf "$dest"
	ln -sfn "$store" "$dest"
}

compile_tools()
{
	local part=$1.part.$$ out=$BUILD/kernel-tools
	need_space "$BUILD" 3072
	tree=$("$here/kernel-tree.sh" tree)
	say "building libbpf and bpftool"
	mkdir -p "$part/bin" "$part/selftests" "$out/libbpf" "$out/bpftool"
	nice -n 10 make -s -C "$tree/tools/lib/bpf" OUTPUT="$out/libbpf/" DESTDIR="$part" prefix= \
		libdir=/lib EXTRA_CFLAGS='-g -O2 -fPIC' -j"$JOBS" \
		"$out/libbpf/libbpf.a" install_headers > "$out/libbpf.log" 2>&1 ||
		build_failed "$out" "$out/libbpf.log"
	cp "$out/libbpf/libbpf.a" "$part/libbpf.a"
	# No feature detection: what it finds differs between machines, and the disassembler
	# and the skeletons that it would switch on are of no use to us.
	echo feature-libcap=1 > "$out/features"
	nice -n 10 make -s -C "$tree/tools/bpf/bpftool" OUTPUT="$out/bpftool/" \
		FEATURES_DUMP="$out/features" VMLINUX_BTF= VMLINUX_H= \
		-j"$JOBS" > "$out/bpftool.log" 2>&1 || build_failed "$out" "$out/bpftool.log"
	cp "$out/bpftool/bpftool" "$part/bin/bpftool"
	cp "$tree"/tools/testing/selftests/kselftest{,_harness}.h "$part/selftests/"
	# libbpf's headers mean the bpf.h of the same kernel, not the older one of the host.
	install -D -m 644 -t "$part/include/linux" "$tree"/tools/include/uapi/linux/{bpf,bpf_common,btf}.h
	toolchain > "$part/BUILD-INFO"
	keep "$part" "$1"
}

command=${1:-}
shift || true
case $command in
kernel) locked "${1:-guest}-kernel" build_kernel "${1:-guest}" ;;
tools) locked tools build_tools ;;
key) kernel_key "${1:-guest}" ;;
*) die "usage: kernel-build.sh kernel|tools|key" ;;
esac
