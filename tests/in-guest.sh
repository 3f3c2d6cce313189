#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# in-guest.sh TESTS RESULTS: run the programs listed in TESTS (name, seconds) one after the
# other, each under its own time limit; leave NAME.ktap, NAME.err, NAME.status and NAME.seconds in
# RESULTS.
set -u

while read -r name seconds; do
	echo "tier_ext test: $name" > /dev/kmsg
	start=$SECONDS
	timeout -k 5 "$seconds" "./$name" > "$2/$name.ktap" 2> "$2/$name.err" < /dev/null
	echo $? > "$2/$name.status"
	echo $((SECONDS - start)) > "$2/$name.seconds"
done < "$1"
