#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tierx command does with memory: where the pages of a shmem file are, and counters of
# accesses to physical memory for a policy.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/tierx_command.sh"
CGROUP=/sys/fs/cgroup/tierx-loader
HOT=48
COLD=16
pages=
swap=

cleanup()
{
	[ -z "$pages" ] || stop_pages
	"$TIERX" unload > /dev/null 2>&1
	[ -z "$swap" ] || swapoff "$swap"
	umount "$tmp/shm" 2> /dev/null
	rmdir $CGROUP 2> /dev/null
	rm -rf "$tmp"
}

# --- shmem ----------------------------------------------------------------------------

swap_on_zram()
{
	local number
	number=$(cat /sys/class/zram-control/hot_add) || return
	echo 64M > "/sys/block/zram$number/disksize"
	mkswap "/dev/zram$number" > /dev/null && swapon "/dev/zram$number" &&
		swap=/dev/zram$number
}

write_pages()	# FILE FIRST NUMBER
{
	dd if=/dev/urandom of="$1" bs=4096 seek="$2" count="$3" conv=notrunc status=none
}

# The same by a process of a cgroup, whose pages can be reclaimed.
write_pages_there()
{
	(echo "$BASHPID" > $CGROUP/cgroup.procs && write_pages "$@")
}

no_shmem_left() { grep -q '^shmem 0$' $CGROUP/memory.stat; }

reclaim()
{
	echo 16M 2> /dev/null > $CGROUP/memory.reclaim
	no_shmem_left
}

# 256 pages: hole 0-15, resident 16-31, hole 32-63, swapped 64-127, hole 128-255.
mixed_file()
{
	truncate -s 1M "$1" &&
		write_pages_there "$1" 64 64 && wait_for reclaim && write_pages "$1" 16 16
}

expect_ranges()
{
	diff - <(sed 1,2d "$tmp/stdout" | tr -s ' ') <<-END
	0-15 hole 16
	16-31 resident 16
	32-63 hole 32
	64-127 swapped 64
	128-255 hole 128
	total hole 176
	total resident 16
	total swapped 64
	END
}

expect_json()	# FILE
{
	diff - "$tmp/stdout" <<-END
	{"file":"$1","page_size":4096,"pages":256,"ranges":[$(
		)$(range 0 15 hole),$(range 16 31 resident),$(range 32 63 hole),$(
		)$(range 64 127 swapped),$(range 128 255 hole)],"total":{"hole":176,"resident":16,$(
		)"swapped":64,"swapcache":0,"poisoned":0,"unknown":0}}
	END
}

range() { printf '{"first":%d,"last":%d,"state":"%s"}' "$@"; }

test_shmem()
{
	local file=$tmp/shm/mixed
	mkdir -p $CGROUP "$tmp/shm"
	echo +memory > /sys/fs/cgroup/cgroup.subtree_control
	mount -t tmpfs shm "$tmp/shm"
	is 'there is swap' swap_on_zram
	is 'a file is partly in swap' mixed_file "$file"

	run 0 shmem "$file"
	says stdout "^$file: 256 pages of 4096 bytes$"
	is 'the ranges are exact' expect_ranges
	run 0 shmem --json "$file"
	is 'so they are as JSON' expect_json "$file"
	is 'nothing was swapped in to look' no_shmem_left
	cat "$file" > /dev/null
	run 0 shmem "$file"
	says stdout '^64-127 +resident +64$'
	: > "$tmp/shm/empty"
	run 0 shmem "$tmp/shm/empty"
	says stdout '^.*/empty: 0 pages of 4096 bytes$'
}

test_shmem_refusals()
{
	run 2 shmem /sys/kernel/mm/tier_ext/state
	says stderr '/sys/kernel/mm/tier_ext/state is not a shmem file; name a file of a tmpfs'
	run 2 shmem "$tmp/shm"
	says stderr 'is not a shmem file'
	run 2 shmem /dev/null
	says stderr '/dev/null is not a shmem file'
	run 2 shmem "$tmp/shm/none"
	says stderr 'cannot open .*/shm/none: No such file or directory'
	chmod 755 "$tmp"
	refused_as_nobody shmem "$tmp/shm/mixed"
}

# --- heat -----------------------------------------------------------------------------

# Somebody with pages on the slow node; their PFNs go to the file pfns, the memfd to $memfd.
start_pages()	# NUMBER
{
	mkfifo "$tmp/ask"
	"$here/tierx_pages" "$1" < "$tmp/ask" > "$tmp/pages" 2>&1 &
	pages=$!
	exec 3> "$tmp/ask"
	wait_for pages_said $(($1 + 1)) || { cat "$tmp/pages" >&2; return 1; }
	memfd=$(grep -o '/proc/.*' "$tmp/pages")
	sed -n 's/^# \([0-9]*\)$/\1/p' "$tmp/pages" > "$tmp/pfns"
}

pages_said() { [ "$(grep -c '^# [0-9/]' "$tmp/pages")" -eq "$1" ]; }

# They end well if what is in them still is what was.
stop_pages()
{
	exec 3>&-
	wait "$pages"
	pages=
}

nr_fast_is()	# NUMBER
{
	local before
	before=$(wc -l < "$tmp/pages")
	echo >&3
	while [ "$(wc -l < "$tmp/pages")" -eq "$before" ]; do sleep 0.1; done
	[ "$(tail -n 1 "$tmp/pages")" = "# $1" ]
}

# Of memory that the kernel has taken for itself, something that is larger than a page.
tail_pfn()
{
	od -An -v -t u8 -w8 /proc/kpageflags 2> /dev/null |
		awk 'int($1 / 65536) % 2 { print NR - 1; exit }'
}

# A line of each kind, hot and cold ones.
heat_map()
{
	echo '# PFN COUNT'
	echo
	head -n $HOT "$tmp/pfns" | sed 's/$/ 50/'
	tail -n $COLD "$tmp/pfns" | while read -r pfn; do printf '0x%x\t49\n' "$pfn"; done
	echo "$(tail_pfn) 50"
	# Where graphics adapters have been since the beginning.
	echo '0xa0-0xbf 50'
	bad_lines
}

bad_lines()
{
	printf '%s\n' '4711 often' '4711 1 0' '4712-4711 1' '1099511627776 1' '4711 0'
}

counter_is() { "$TIERX" stats | grep -Eq "^  $1 +$2$"; }

test_heat_refusals()
{
	echo '4711 1' > "$tmp/heat"
	run 3 heat "$tmp/heat"
	says stderr 'no policy is attached'
	run 2 heat "$tmp/none"
	says stderr 'cannot read .*/none: No such file or directory'
	run 0 load never
	run 3 heat "$tmp/heat"
	says stderr "policy never takes no heat; load one that has a 'heat' map, such as heatmap"
	run 0 unload
	chmod 644 "$tmp/heat"
	refused_as_nobody heat "$tmp/heat"
}

test_heat_lines()
{
	local first=$((2 + HOT + COLD + 2 + 1))
	heat_map > "$tmp/heat"
	run 0 heat "$tmp/heat"
	says stderr "/heat:$first: not of the form PFN COUNT or FIRST-LAST COUNT$"
	says stderr "/heat:$((first + 1)): something follows COUNT$"
	says stderr "/heat:$((first + 2)): FIRST is larger than LAST$"
	says stderr "/heat:$((first + 3)): no such memory$"
	says stderr "/heat:$((first + 4)): COUNT is not from 1 to 4294967295$"
	is 'and nothing else' test "$(wc -l < "$tmp/stderr")" -eq 5
	says stdout "^heatmap: $((first + 4)) lines read, $((HOT + COLD + 2)) records sent, 5 lines"
	is 'with a line per reason' test "$(grep -c '^         1 ' "$tmp/stdout")" -eq 5
	is 'what is hot is promoted' wait_for nr_fast_is $HOT
	is 'a tail of a folio is counted' counter_is not_first 1
	is 'so is what cannot be moved' counter_is not_movable 32
	is 'and what was taken' counter_is reports $((HOT + COLD))
}

test_heat_json()
{
	{ bad_lines; bad_lines; echo; tail -n 1 "$tmp/pfns" | sed 's/$/ 1/'; } > "$tmp/heat"
	run 0 heat --json "$tmp/heat"
	is 'and prints an object' diff - "$tmp/stdout" <<-END
	{"policy":"heatmap","lines":12,"records":1,"rejected":{"syntax":2,"trailing":2,$(
		)"order":2,"no_memory":2,"count":2}}
	END
	is 'the last cold page is hot with it' wait_for nr_fast_is $((HOT + 1))
}

test_heat_all_bad()
{
	local i
	for i in 1 2 3 4 5; do bad_lines; done > "$tmp/heat"
	run 2 heat "$tmp/heat"
	says stderr 'heat: 5 more lines were rejected$'
	says stderr 'heat: every line was rejected$'
	is 'twenty are shown' test "$(grep -c '/heat:[0-9]' "$tmp/stderr")" -eq 20
	run 0 heat -
	says stdout '^heatmap: 0 lines read, 0 records sent, 0 lines rejected$'
}

# A second one has to wait; and a policy can end while it is fed.
test_heat_pipe()
{
	local feeder
	mkfifo "$tmp/pipe"
	"$TIERX" heat - < "$tmp/pipe" > "$tmp/feeder.stdout" 2> "$tmp/feeder.stderr" &
	feeder=$!
	exec 4> "$tmp/pipe"
	tail -n 2 "$tmp/pfns" | sed 's/$/ 1/;q' >&4
	is 'lines of a pipe are sent as they come' wait_for nr_fast_is $((HOT + 2))
	run 3 heat "$tmp/heat"
	says stderr "another 'tierx heat' is running"
	run 0 unload
	exec 4>&-
	wait "$feeder"
	[ $? -eq 4 ]
	report $? 'status 4 if the policy ends meanwhile'
	cp "$tmp/feeder.stderr" "$tmp/stderr"
	says stderr 'policy heatmap has ended meanwhile'
}

start
test_shmem
test_shmem_refusals
test_heat_refusals
is 'there are pages on the slow node' start_pages $((HOT + COLD))
run 0 shmem "$memfd"
says stdout '^0-63 +resident +64$'
says stdout '^64-127 +hole +64$'
run 0 load heatmap hot_accesses=50 decay_ms=0
test_heat_lines
test_heat_json
test_heat_all_bad
test_heat_pipe
is 'the pages are what they were' stop_pages
finish
