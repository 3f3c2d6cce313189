#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A tenant's fast memory is limited with the tierx command, and that is shown: policy fair on a
# cgroup that wants more than it may have, compared with what the memory controller has counted.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/tierx_command.sh"
ROOT=/sys/fs/cgroup
NAME=tierx-limits
A=$NAME/a
B=$NAME/b
FILE=/dev/shm/tierx-limits
HOT_THRESHOLD=/sys/kernel/debug/sched/numa_balancing/hot_threshold_ms

toy=
threshold=

cleanup()
{
	let_toy_go
	"$TIERX" unload --all > /dev/null 2>&1
	rm -f $FILE
	[ -z "$threshold" ] || echo "$threshold" > $HOT_THRESHOLD
	wait_for rmdir $ROOT/$A 2> /dev/null
	rmdir $ROOT/$B $ROOT/$NAME 2> /dev/null
	rm -rf "$tmp"
}

# in_a COMMAND...: as a process of the first cgroup.
in_a()
(
	echo "$BASHPID" > $ROOT/$A/cgroup.procs
	exec "$@"
)

# Memory on the slow node is touched, so that it is promoted if it may be, and stays in use.
promote()	# PAGES
{
	in_a "$here/memtoy" map "$1" 1 lazy touch where wait < "$tmp/toy" > "$tmp/toy.stdout" 2>&1 &
	toy=$!
	exec 9> "$tmp/toy"
	wait_for grep -q where "$tmp/toy.stdout"
}

let_toy_go()
{
	[ -n "$toy" ] || return 0
	exec 9>&-
	wait "$toy"
	toy=
}

# Bytes of the first cgroup on the fast node; shmem is among the files.
on_fast() { awk -F '[ =]' '/^(anon|file) /{ sum += $3 } END { print sum }' $ROOT/$A/memory.numa_stat; }
is_below() { [ "$(on_fast)" -le $(($1 << 20)) ]; }

# Of the table that status ends with.
column()	# NUMBER CGROUP
{
	"$TIERX" status | awk -v column="$1" -v name="$2" '$1 == name { print $(NF - 4 + column) }'
}
promoted() { column 1 $A; }
demoted() { column 2 $A; }
refused() { column 3 $A; }
moved_back() { column 4 $A; }
reaches() { [ "$("$1")" -ge "$2" ]; }	# COLUMN NUMBER

# What the memory controller has counted. For that, folios that are freed while they move are moved.
counted() { awk -v name="^pg$1" '$1 ~ name { sum += $2 } END { print sum }' $ROOT/$A/memory.stat; }
counts_agree()
{
	local freed=$(($(counted demote_) - $(demoted)))
	[ "$(promoted)" -eq "$(counted promote_success)" ] && [ $freed -ge 0 ] && [ $freed -lt 64 ]
}

test_load()
{
	run 0 load fair --cgroup $A limit_mb=32 protect_mb=16
	says stdout "^attached fair to cgroup $A"
	run 0 load nop --cgroup $B
	run 0 status --cgroup $A
	says stdout '^knob +limit_mb=32 MiB$'
	says stdout '^knob +protect_mb=16 MiB$'
}

test_promoted()
{
	promote 1000
	is 'what is below the limit is promoted' wait_for reaches promoted 1000
	is 'as the memory controller has counted' wait_for counts_agree
	let_toy_go
}

test_limited()
{
	in_a head -c 48M /dev/zero > $FILE
	is 'what is above the limit is demoted' wait_for is_below 32
	is 'not much more' test "$(on_fast)" -ge $((28 << 20))
	is 'that is shown' test "$(demoted)" -ge $((16 << 8))
	is 'as the memory controller has counted' wait_for counts_agree
}

test_set()
{
	local before
	before=$(demoted)
	run 0 set limit_mb=16 --cgroup $A
	is 'a new limit is kept' wait_for is_below 16
	is 'not much more' test "$(on_fast)" -ge $((14 << 20))
	is 'that is shown' test $(($(demoted) - before)) -ge $((8 << 8))
	run 2 set limit_mb=-1 --cgroup $A
	run 2 set limit=1 --cgroup $A
	says stderr 'limit_mb'
	run 0 status --cgroup $A
	says stdout '^knob +limit_mb=16 MiB$'
}

# Since so many were PROMOTED, this NUMBER was promoted or refused.
all_settled() { [ $(($(promoted) - $1 + $(refused))) -ge "$2" ]; }

# There is room for little of what is wanted.
test_refused()
{
	local before
	before=$(promoted)
	run 0 set limit_mb=1 --cgroup $A
	is 'a low limit is kept' wait_for is_below 1
	promote 2000
	is 'what is refused is shown' wait_for reaches refused 500
	is 'the rest was promoted' wait_for all_settled "$before" 2000
	is 'the limit is kept' wait_for is_below 1
	let_toy_go
	run 0 stats --cgroup $A
	says stdout '^  asked +3[0-9]{3}$'
	says stdout '^  refused_limit +[1-9]'
}

# What was promoted less than two seconds before; on a busy host that may take more than one turn.
move_back()
{
	local i
	rm -f $FILE
	for ((i = 0; i < 5 && $(moved_back) == 0; i++)); do
		"$TIERX" set limit_mb=0 --cgroup $A > /dev/null
		promote 600
		"$TIERX" set limit_mb=1 --cgroup $A > /dev/null
		wait_for is_below 1
		let_toy_go
	done
}

test_moved_back()
{
	move_back
	is 'what is moved back and forth is shown' test "$(moved_back)" -ge 1
	is 'it was demoted' test "$(moved_back)" -le "$(demoted)"
	is 'as the kernel has counted' \
		grep -qx "pingpong_pages $(moved_back)" "$SYSFS/cgroup/$(stat -c %i $ROOT/$A)/events"
}

# None of that happened to others, and programs see the same.
test_shown()
{
	local column numbers
	for column in 1 2 3 4; do
		is "nothing of others in column $column" \
			test "$(column $column $B)$(column $column machine)" = 00
	done
	numbers="\"promoted_pages\":$(promoted),\"demoted_pages\":$(demoted),$(
		)\"refused_moves\":$(refused),\"pingpong_pages\":$(moved_back)"
	run 0 status --json
	says stdout "\"cgroup\":\"$A\",[^}]*$numbers,\"cgroups\":\[\]\}"
	run 0 unload --all
	is 'nothing is left' nothing_left
}

start
[ -x "$here/memtoy" ] || skip_all 'no memtoy'
settings_off
# What is touched is hot, however slow the machine is.
threshold=$(cat $HOT_THRESHOLD)
echo 60000 > $HOT_THRESHOLD
mkdir -p $ROOT/$NAME
echo +memory > $ROOT/$NAME/cgroup.subtree_control
mkdir $ROOT/$A $ROOT/$B
mkfifo "$tmp/toy"
test_load
test_promoted
test_limited
test_set
test_refused
test_moved_back
test_shown
finish
