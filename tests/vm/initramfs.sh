#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs.sh FILE: pack busybox and our init. Not compressed: unpacking costs more time
# under emulation than reading two megabytes.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
image=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

busybox=$(command -v busybox) || { echo "vm: no busybox: run 'make deps'" >&2; exit 1; }
if ldd "$busybox" > /dev/null 2>&1; then
	echo "vm: $busybox is not static: install busybox-static" >&2
	exit 1
fi
mkdir -p "$root/bin" "$root/proc" "$root/dev" "$root/lower" "$root/upper" "$root/root"
cp "$busybox" "$root/bin/busybox"
install -m 755 "$here/init" "$root/init"
mkdir -p "$(dirname "$image")"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) > "$image.$$"
mv "$image.$$" "$image"
