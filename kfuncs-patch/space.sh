# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Full disks: say so in one line, before the work where that is possible.

EXIT_DISK_FULL=3

free_mib() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }

# need_space FOLDER MIB
need_space()
{
	mkdir -p "$1"
	[ "$(free_mib "$1")" -lt "$2" ] || return 0
	say "disk full: $1 has $(free_mib "$1") MiB free, $2 MiB are needed"
	exit $EXIT_DISK_FULL
}

# build_failed FOLDER LOG: the disk may have filled up meanwhile; then that is all there is to say.
build_failed()
{
	[ "$(free_mib "$1")" -ge 50 ] || need_space "$1" 50
	tail -n 30 "$2" >&2
	die "the build failed, see $2"
}
