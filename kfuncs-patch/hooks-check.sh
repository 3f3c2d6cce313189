#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hooks-check.sh: do the hooks apply to every release of the source package that the
# package index offers? Only the files that the hooks touch are unpacked.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${TIERX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tier_ext}
KERNEL_SERIES=${KERNEL_SERIES:-6.12}
package=linux-source-$KERNEL_SERIES
hooks=$here/hooks/$KERNEL_SERIES
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '%s\n' "hooks-check: $*"; }

versions() { apt-cache madison "$package" | awk -F' *[|] *' '{ print $2 }' | sort -uV; }

touched_files() { cat "$hooks"/*.patch | sed -n 's,^--- a/,,p' | LC_ALL=C sort -u; }

# fetch VERSION: prints the path of the package, from the cache or the mirror.
fetch()
{
	local file=$CACHE/source/${package}_${1//:/%3a}_all.deb
	if ! [ -f "$file" ]; then
		mkdir -p "$CACHE/source"
		(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package=$1") > "$work/apt.log" 2>&1 ||
			{ tail -n 1 "$work/apt.log" >&2; return 1; }
		mv "$work"/*.deb "$file"
	fi
	echo "$file"
}

# The tarball sits in the package's own tarball.
unpack_touched()	# DEB FOLDER
{
	local tarball=./usr/src/$package.tar.xz
	mkdir -p "$2"
	dpkg-deb --fsys-tarfile "$1" | tar -xO "$tarball" > "$work/source.tar.xz"
	checksum=$(sha256sum "$work/source.tar.xz" | cut -d' ' -f1)
	touched_files | sed "s,^,$package/," |
		tar -C "$2" -xf "$work/source.tar.xz" --strip-components=1 -T - 2> "$work/tar.log" || true
}

# As strict as git am: no fuzz, and each patch on top of the ones before.
apply_all()	# FOLDER
{
	local patch bad=0
	git -C "$1" init -q
	for patch in "$hooks"/*.patch; do
		git -C "$1" apply "$patch" 2> "$work/apply.log" && continue
		say "  $(basename "$patch"):"
		sed 's/^error: /    /' "$work/apply.log"
		bad=1
	done
	return $bad
}

failed=0
list=$(versions)
[ -n "$list" ] || { say "the package index has no $package: run apt-get update"; exit 1; }
for version in $list; do
	rm -rf "$work/tree"
	deb=$(fetch "$version") || { say "$version could not be downloaded"; failed=1; continue; }
	unpack_touched "$deb" "$work/tree"
	if apply_all "$work/tree"; then
		say "$version sha256 $checksum ok"
	else
		say "$version sha256 $checksum FAILED"
		failed=1
	fi
done
exit $failed
