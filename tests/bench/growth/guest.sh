#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh PROCESSES SECONDS POLICY...: in the guest that is measured, have each policy do nothing for
# a while in a phase of its own, beside so many processes that do nothing either. Their objects are fetched as
# files 2, 3, ...; "none" has a number, but no file.
set -eu

processes=$1
seconds=$2
shift 2

while [ "$processes" -gt 0 ]; do
	sleep 1000000 &
	processes=$((processes - 1))
done
mkdir -p /run/growth
tag=1
for policy; do
	if [ "$policy" != none ]; then
		count fetch $((tag + 1)) > "/run/growth/$policy.bpf.o"
		tierx load "/run/growth/$policy.bpf.o" >&2
	fi
	# Until what loading it has begun is over.
	sleep 2
	count start
	count phase $tag
	sleep "$seconds"
	count stop
	[ "$policy" = none ] || tierx unload >&2
	tag=$((tag + 1))
done
