#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Policies hand on what they know: a swap keeps the maps that both share, and refuses to do so when
# they are not the same.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/tierx_command.sh"
PROGS=$here/progs

cleanup()
{
	let_go
	"$TIERX" unload > /dev/null 2>&1
	rm -rf "$tmp"
}

# How often policies that share maps were started, as each of the three maps counts it.
inits_are()	# NUMBER
{
	"$TIERX" stats --json |
		grep -qF "\"counters\":{\"inits\":$1,\"others\":$((2 * $1)),\"page_inits\":$1}"
}

map_id() { "$here/bpftool" -j map show pinned "/sys/fs/bpf/tier_ext/maps/$1" | grep -o '"id":[0-9]*'; }

test_kept()
{
	local id
	run 0 load "$PROGS/loader_share_a.bpf.o"
	id=$(map_id visits_of_many_inits)
	is 'it begins with nothing' inits_are 1
	run 0 swap "$PROGS/loader_share_b.bpf.o"
	says stderr '^tierx: loader_share_b goes on with map visits_of_many_inits of loader_share_a$'
	says stderr 'with map visits_of_many_others of'
	says stderr 'with map share_pages of'
	is 'another policy goes on' inits_are 2
	run 0 swap "$PROGS/loader_share_a.bpf.o" --json
	says stdout '"kept":\["visits_of_many_inits","visits_of_many_others","share_pages"\]'
	is 'and the next one' inits_are 3
	run 0 swap "$PROGS/loader_share_a.bpf.o"
	is 'and the same once more' inits_are 4
	is 'with the very map' test "$(map_id visits_of_many_inits)" = "$id"
	run 0 status
	says stdout '^policy +loader_share_a'
}

# The old policy goes on as if nothing had been.
refuses()	# POLICY MAP DIFFERENCE
{
	local id seq
	id=$(map_id visits_of_many_inits)
	seq=$(cat $SYSFS/switch_seq)
	run 3 swap "$PROGS/$1.bpf.o"
	says stderr "^tierx: error: map $2 of policy $1 is not that of loader_share_a: $3; $(
		)loader_share_a goes on, and --reset would start with empty maps$"
	is 'in one line' test "$(wc -l < "$tmp/stderr")" -eq 1
	is 'and nothing else' test ! -s "$tmp/stdout"
	is 'the old policy goes on' policy_is loader_share_a
	is 'with its maps' inits_are 4
	is 'that are pinned as before' test "$(map_id visits_of_many_inits)" = "$id"
	is 'nothing was replaced' test "$(cat $SYSFS/switch_seq)" = "$seq"
	is 'no other pins are left' test ! -e /sys/fs/bpf/tier_ext/maps_new
}

test_refused()
{
	refuses loader_share_moved visits_of_many_inits 'member heat at offset 0, was 4'
	refuses loader_share_wide visits_of_many_inits 'value size 16, was 8'
}

test_reset()
{
	run 0 swap "$PROGS/loader_share_moved.bpf.o" --reset
	is 'it begins with nothing' inits_are 1
	run 0 swap "$PROGS/loader_share_moved.bpf.o"
	is 'and hands on what it has' inits_are 2
	run 0 swap "$PROGS/loader_share_moved.bpf.o" --reset --json
	says stdout '"kept":\[\]'
	is 'maps that fit are empty, too' inits_are 1
}

silent() { ! grep -q "$1" "$tmp/stderr"; }

# A policy in between that knows nothing of it forgets it.
test_one_sided()
{
	run 0 swap never
	is 'nothing is said of maps' silent 'goes on with'
	run 0 swap "$PROGS/loader_share_a.bpf.o"
	is 'it begins with nothing' inits_are 1
	run 0 unload
}

test_shipped()
{
	run 0 load heatmap
	run 0 swap pagecache
	says stderr 'pagecache goes on with map pages of heatmap'
	run 0 unload
}

# Without pins, names of maps are as the kernel has cut them.
test_unpinned()
{
	hold heatmap
	run 0 swap pagecache
	says stderr 'pagecache goes on with map pages of heatmap'
	run 0 swap "$PROGS/loader_share_a.bpf.o"
	run 3 swap "$PROGS/loader_share_b.bpf.o"
	says stderr 'map visits_of_many_inits of loader_share_a is not pinned, and its first 15 char'
	is 'the old policy goes on' policy_is loader_share_a
	run 0 swap "$PROGS/loader_share_b.bpf.o" --reset
	run 0 unload
	held 0 '^EXIT: loader_share_b: unregistered from user space'
}

start
test_kept
test_refused
test_reset
test_one_sided
test_shipped
test_unpinned
finish
