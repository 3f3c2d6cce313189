#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/upstream/build.sh LINUX OUTPUT: build the kernel's own selftests of mm, cgroup and damon;
# programs and scripts are then in OUTPUT/run/SUITE. A test that does not compile is left out:
# nobody can run it, and the table of tests says so.
set -euo pipefail

linux=$1
output=$2
suites=(mm cgroup damon)

# lib.mk wants the headers of this kernel.
mkdir -p "$output/headers" "$output/selftests"
make -s -C "$linux" O="$output/headers" ARCH=x86 INSTALL_HDR_PATH="$output/headers/usr" \
	headers_install > "$output/build.log"
env -u MAKEFLAGS make -s -k -j"$(nproc)" -C "$linux/tools/testing/selftests" \
	O="$output/selftests" TARGETS="${suites[*]}" \
	KHDR_INCLUDES="-isystem $output/headers/usr/include" >> "$output/build.log" 2>&1 || true
sed -n 's/^make.*\*\*\* .*\/\([^/]*\)\] Error.*/upstream: \1 does not compile/p' "$output/build.log" >&2

for s in "${suites[@]}"; do
	mkdir -p "$output/run/$s"
	rsync -a --include='*.sh' --include='*.py' --exclude='*' \
		"$linux/tools/testing/selftests/$s/" "$output/run/$s/"
	rsync -a "$output/selftests/kselftest/$s/" "$output/run/$s/"
done
