#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-deb.sh [CONFIG-FILE]: installable Debian packages of the patched kernel in build/deb,
# configured like the running machine, or like the file given, plus what tier_ext needs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export BUILD=${BUILD:-$(dirname "$here")/build}
config=${1:-/boot/config-$(uname -r)}
# Beside the other kernel builds, so that ccache sees the same relative paths. The packages
# come out one level up.
out=$BUILD/kernel-deb

say() { printf '%s\n' "kernel-deb: $*" >&2; }
die() { say "$*"; exit 1; }

# shellcheck source-path=SCRIPTDIR
. "$here/space.sh"

# A distribution's thousands of modules with debug information are what fills a disk.
check_space()
{
	local need=4000
	[ "$(grep -c '=m$' "$config")" -lt 500 ] || need=25000
	need_space "$out" $need
}

kernel_make()
{
	CCACHE_BASEDIR=$BUILD CCACHE_NOHASHDIR=1 nice -n 10 make -s -C "$tree" O="$out" CC='ccache gcc' LOCALVERSION=-tierext -j"$(nproc)" "$@"
}

# A distribution's configuration names signing keys that only the distribution has.
configure()
{
	cp "$config" "$out/.config"
	"$tree/scripts/config" --file "$out/.config" -e TIER_EXT \
		-e NUMA -e NUMA_BALANCING -e MIGRATION -e MEMCG -e ACPI_HMAT -e TRANSPARENT_HUGEPAGE \
		-e BPF_SYSCALL -e BPF_JIT -e BPF_EVENTS -e MODULES -e DEBUG_INFO_BTF \
		-d DEBUG_INFO_NONE -d DEBUG_INFO_REDUCED -e DEBUG_INFO_DWARF5 \
		--set-str SYSTEM_TRUSTED_KEYS '' --set-str SYSTEM_REVOCATION_KEYS '' -d MODULE_SIG_FORCE
	kernel_make olddefconfig
	grep -qx CONFIG_TIER_EXT=y "$out/.config" ||
		die "$config cannot have CONFIG_TIER_EXT: see its dependencies in mm/tier_ext/Kconfig"
}

# The overlay is linked into the tree; packages must hold files, so tar follows the links.
build_packages()
{
	mkdir -p "$BUILD/deb"
	rm -f "$BUILD"/deb/*.deb "$BUILD"/*.deb
	KDEB_PKGVERSION=$(kernel_make kernelversion)-1 TAR_OPTIONS=--dereference DEB_BUILD_PROFILES=pkg.linux-upstream.nokerneldbg \
		KBUILD_BUILD_USER=tier_ext KBUILD_BUILD_HOST=tier_ext \
		kernel_make bindeb-pkg > "$BUILD/deb/build.log" 2>&1 ||
		build_failed "$out" "$BUILD/deb/build.log"
	mv "$BUILD"/*.deb "$BUILD/deb/"
	rm -f "$BUILD"/linux-upstream_*
}

[ -f "$config" ] || die "no kernel configuration $config: give one with KCONFIG=file"
tree=$("$here/kernel-tree.sh" tree)
check_space
configure
say "building packages from $config (hours for a distribution's configuration on a small machine)"
build_packages
ls "$BUILD"/deb/*.deb
say "install with: sudo apt-get install $BUILD/deb/linux-image-*.deb"
