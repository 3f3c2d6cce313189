#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tierx command and cgroups: which one is meant, what is refused and why, that the policies of
# cgroups and of the machine do not touch each other, and how they end.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/tierx_command.sh"
ROOT=/sys/fs/cgroup
NAME=tierx-loader
END=$here/progs/loader_end.bpf.o

# Two beside each other, and one in the first.
A=$NAME/a
B=$NAME/b
C=$NAME/a/c
# Nobody gives it a memory controller.
BARE=$C/bare

cleanup()
{
	let_go
	"$TIERX" unload --all > /dev/null 2>&1
	rmdir $ROOT/$BARE $ROOT/$C $ROOT/$A $ROOT/$B $ROOT/$NAME 2> /dev/null
	rm -rf "$tmp"
}

make_cgroups()
{
	mkdir -p $ROOT/$A
	echo +memory > $ROOT/$NAME/cgroup.subtree_control
	echo +memory > $ROOT/$A/cgroup.subtree_control
	mkdir -p $ROOT/$B $ROOT/$C
}

id_of() { stat -c %i "$ROOT/$1"; }
state_of() { echo "$SYSFS/cgroup/$(id_of "$1")"; }
policy_of() { cat "$(state_of "$1")/ops" 2> /dev/null; }
pins_of() { echo "$PINS/cgroup/$(id_of "$1")"; }
has_pins() { [ -e "$(pins_of "$1")/link" ]; }

# policies_are MACHINE A B C: '' for one that has none.
policies_are()
{
	policy_is "$1" && [ "$(policy_of $A)" = "$2" ] && [ "$(policy_of $B)" = "$3" ] &&
		[ "$(policy_of $C)" = "$4" ]
}

load_all()
{
	run 0 load tpp
	run 0 load never --cgroup $A
	run 0 load "$END" --cgroup $B
	run 0 load nop --cgroup $C
}

# What each command that takes a cgroup says about one.
all_say()	# STATUS CGROUP PATTERN
{
	local command
	for command in 'load never' 'swap never' 'set end=1' unload stats 'heat /dev/null' status; do
		# shellcheck disable=SC2086 # words are wanted
		run "$1" $command --cgroup "$2"
		says stderr "$3"
	done
}

test_names()
{
	all_say 2 /proc 'no such cgroup: /proc is not in a cgroup v2 file system'
	all_say 2 $ROOT/none "no such cgroup: $ROOT/none; name a folder in $ROOT"
	all_say 2 none/such "no such cgroup: none/such; name a folder in $ROOT"
	all_say 2 $ROOT 'the root cgroup is the machine: leave out --cgroup$'
	all_say 2 . 'the root cgroup is the machine: leave out --cgroup$'
	mkdir $ROOT/$BARE
	all_say 3 $BARE "cgroup $BARE has no memory controller; write \+memory to"
	all_say 3 "$ROOT/$BARE" "cgroup $ROOT/$BARE has no memory controller; write \+memory to"
	rmdir $ROOT/$BARE
	run 2 load nop ops.cgroup_id=1
	says stderr 'ops.cgroup_id is set by --cgroup'
	is 'nothing was changed' nothing_left
}

is_elsewhere() { [ "$(readlink "/proc/$1/cwd")" != "$PWD" ]; }

# A process that is there keeps the name of a removed cgroup.
test_removed()
{
	local keeper name
	mkdir $ROOT/$NAME/dead
	(cd $ROOT/$NAME/dead && exec sleep 1000) &
	keeper=$!
	wait_for is_elsewhere $keeper
	name=/proc/$keeper/cwd
	rmdir $ROOT/$NAME/dead
	all_say 3 "$name" "cgroup $name was removed; name another one"
	{ kill $keeper; wait $keeper; } 2> /dev/null
}

# A cgroup without a policy of its own, while the machine has one.
test_none()
{
	local command name
	run 0 load tpp
	for name in $A $ROOT/$A; do
		for command in 'swap never' 'set hot_threshold_ms=1' stats 'heat /dev/null'; do
			# shellcheck disable=SC2086 # words are wanted
			run 3 $command --cgroup $name
			says stderr "no policy is attached to cgroup $name; 'tierx load' attaches one"
		done
		run 0 unload --cgroup $name
		says stdout "^no policy is attached to cgroup $name$"
		run 0 status --cgroup $name
		says stdout "^cgroup +$name$"
		says stdout '^policy +none of its own$'
	done
	run 0 status --cgroup $A --json
	says stdout "\"cgroup\":\"$A\",\"cgroup_id\":$(id_of $A),\"policy\":null"
	is 'the policy of the machine goes on' policy_is tpp
	is 'it is pinned' test -e $PINS/link
	is 'its settings are on' settings_are 2 true
	run 0 unload
}

# What commands do to one policy they do to no other.
test_independent()
{
	load_all
	says stdout "^attached nop to cgroup $C \(enable_seq [0-9]+\)$"
	is 'each has its own' policies_are tpp never loader_end nop
	is 'and its own pins' eval "has_pins $A && has_pins $B && has_pins $C && [ -e $PINS/link ]"
	run 3 load nop --cgroup $A
	says stderr "policy never is attached to cgroup $A; $(
		)replace it with 'tierx swap nop --cgroup $A'$"
	run 0 swap heatmap --cgroup $ROOT/$A
	says stdout '^swapped never for heatmap'
	is 'one is swapped' policies_are tpp heatmap loader_end nop
	run 3 swap "$END" init_error=-12 --cgroup $A
	says stderr 'Cannot allocate memory; the old policy goes on'
	is 'a swap that fails changes nothing' policies_are tpp heatmap loader_end nop
	run 0 set hot_threshold_ms=77
	run 2 set hot_threshold_ms=77 --cgroup $A
	says stderr 'hot_threshold_ms'
	run 0 set end=0 --cgroup $B
	run 0 stats --cgroup $B
	says stdout '^loader_end '
	says stdout '^  ticks +[1-9]'
	run 0 status --cgroup $A
	says stdout '^policy +heatmap: '
	says stdout "^held by +$(pins_of $A)/link$"
	run 0 unload --cgroup $A
	says stdout "^detached heatmap from cgroup $A$"
	is 'one is unloaded' policies_are tpp '' loader_end nop
	is 'its pins are removed' test ! -e "$(pins_of $A)"
	is 'the kernel has forgotten it' test ! -e "$(state_of $A)"
	run 0 unload
	is 'the machine has none' policies_are '' '' loader_end nop
	is 'the settings are still needed' settings_are 2 true
	run 0 unload --cgroup $C
	run 0 unload --cgroup $B
	says stderr 'set kernel.numa_balancing back to 0'
	is 'nothing is left' nothing_left
}

# Whatever the time is, and the node that had the first tick.
expect_tree()
{
	diff - <(sed '1,/^governs/d' "$tmp/stdout" | tr -s ' ' |
		 sed 's/[0-9: -]* +0000/ SINCE/; s/on node [01]$/on a node/')
}

json_tree()
{
	tr -d '\n' <<-END
	"cgroups":[{"cgroup":"$A","cgroup_id":$(id_of $A),"policy":"never","since":0,"pinned":true,
	"last_exit":null,"promoted_pages":0,"demoted_pages":0,"refused_moves":0,"pingpong_pages":0,
	"cgroups":[{"cgroup":"$C","cgroup_id":$(id_of $C),"policy":"nop","since":0,"pinned":true,
	"last_exit":null,"promoted_pages":0,"demoted_pages":0,"refused_moves":0,"pingpong_pages":0,
	"cgroups":[]}]},{"cgroup":"$B","cgroup_id":$(id_of $B),"policy":"loader_end",
	END
}

since_is_now()
{
	local since
	for since in $(grep -o '"since":[0-9]*' "$tmp/stdout" | cut -d: -f2); do
		[ $(($(date +%s) - since)) -ge 0 ] && [ $(($(date +%s) - since)) -lt 120 ] || return
	done
}

test_tree()
{
	run 0 status
	says stdout '^machine +none +- +no '
	load_all
	run 0 status
	says stdout '^governs +policy +since +pinned +promoted +demoted +refused +pingpong$'
	is 'the tree' expect_tree <<-END
	machine tpp SINCE yes 0 0 0 0
	 $A never SINCE yes 0 0 0 0
	 $C nop SINCE yes 0 0 0 0
	 $B loader_end SINCE yes 0 0 0 0
	END
	run 0 status --json
	is 'they are as old as they are' since_is_now
	sed -i 's/"since":[0-9]*/"since":0/g' "$tmp/stdout"
	is 'the tree as JSON' grep -qF "$(json_tree)" "$tmp/stdout"
}

# One policy ends, and the others do not.
test_ends()
{
	echo 1 > "$(state_of $A)/abort"
	is 'one is aborted' wait_for policies_are tpp '' loader_end nop
	run 0 set end=1 --cgroup $B
	is 'one is ejected' wait_for policies_are tpp '' '' nop
	run 0 status
	is 'each with its own end' expect_tree <<-END
	machine tpp SINCE yes 0 0 0 0
	 $A none - no 0 0 0 0
	 last exit: never: aborted by the administrator
	 $C nop SINCE yes 0 0 0 0
	 $B none - no 0 0 0 0
	 last exit: loader_end: error raised by the policy: told to fail on a node
	END
	run 0 status --cgroup $A
	says stdout '^policy +none of its own$'
	says stdout '^last exit +never: aborted by the administrator$'
	run 0 status --cgroup $B
	says stdout '^last exit +loader_end: error raised by the policy: told to fail on node'
	says stdout 'last words of the policy'
	run 0 status --json
	says stdout "\"cgroup\":\"$A\",\"cgroup_id\":[0-9]+,\"policy\":null,[^{]*\"last_exit\":\{\"kind\":67,"
	says stdout "\"cgroup\":\"$B\",\"cgroup_id\":[0-9]+,\"policy\":null,[^{]*\"last_exit\":\{\"kind\":1025,"
	run 3 stats --cgroup $A
	says stderr "no policy is attached to cgroup $A"
	run 0 unload --cgroup $A
	is 'its pins are removed' test ! -e "$(pins_of $A)"
	run 0 load never --cgroup $B
	is 'another one can be loaded' policies_are tpp '' never nop
}

test_unload_all()
{
	run 2 unload --all --cgroup $A
	says stderr 'leave out --cgroup or --all'
	run 0 unload --all
	is 'all are named' diff - <(sort "$tmp/stdout") <<-END
	detached never from cgroup $B
	detached nop from cgroup $C
	detached tpp
	END
	is 'nothing is left' nothing_left
	run 0 unload --all
	says stdout '^no policy is attached$'
	run 0 status
	says stdout '^machine +none +- +no '
	run 0 load never --cgroup $B
	run 0 unload --all --json
	is 'as JSON' grep -qxF "{\"policies\":[{\"policy\":\"never\",\"cgroup\":\"$B\",$(
		)\"cgroup_id\":$(id_of $B)}]}" "$tmp/stdout"
	is 'nothing is left' nothing_left
}

gone() { [ ! -e "$SYSFS/cgroup/$1" ]; }

# With a cgroup its policy goes, and those of others stay.
test_removed_policy()
{
	local id
	id=$(id_of $C)
	run 0 load never --cgroup $B
	run 0 load nop --cgroup $C
	rmdir $ROOT/$C
	is 'its policy ends with it' wait_for gone "$id"
	is 'the other one goes on' test "$(policy_of $B)" = never
	run 0 status
	is 'that is shown' expect_tree <<-END
	machine none - no 0 0 0 0
	 last exit: tpp: unregistered from user space
	 $A none - no 0 0 0 0
	 last exit: never: aborted by the administrator
	 $B never SINCE yes 0 0 0 0
	 (gone) $id none - no 0 0 0 0
	 last exit: nop: its cgroup was removed
	END
	run 0 status --json
	says stdout "\"cgroup\":null,\"cgroup_id\":$id,\"policy\":null,.*\"last_exit\":\{\"kind\":69,"
	is 'its pins are still there' test -e "$PINS/cgroup/$id/link"
	run 0 unload --cgroup $A
	is 'any command that changes something removes them' test ! -e "$PINS/cgroup/$id"
	is 'pins of others stay' has_pins $B
	is 'settings of others stay' settings_are 2 true
	id=$(id_of $B)
	rmdir $ROOT/$B
	is 'the last one ends' wait_for gone "$id"
	run 0 status
	says stderr "the last policy has left settings behind; 'tierx unload' puts them back"
	run 0 unload
	says stderr 'set kernel.numa_balancing back to 0'
	is 'nothing is left' nothing_left
	make_cgroups
}

test_foreground()
{
	local id
	hold never --cgroup $C
	is 'its link is not pinned' test ! -e "$(pins_of $C)"
	run 0 load never --cgroup $B
	rmdir $ROOT/$C
	held 0 '^EXIT: never: its cgroup was removed$'
	is 'the other one goes on' policies_are '' '' never ''
	is 'its settings are on' settings_are 2 true
	run 0 unload --cgroup $B
	make_cgroups

	hold never --cgroup $C
	run 0 load never --cgroup $B
	kill -STOP "$holder"
	id=$(id_of $C)
	rmdir $ROOT/$C
	wait_for gone "$id"
	run 0 unload --cgroup $B
	kill -CONT "$holder"
	held 0 '^tierx: policy never has ended, and another since; the reason is lost$'
	is 'nothing is left' nothing_left
	make_cgroups

	hold nop --cgroup $A
	run 0 load never --cgroup $B
	echo 1 > "$(state_of $A)/abort"
	held 0 '^EXIT: nop: aborted by the administrator$'
	is 'the other one goes on' policies_are '' '' never ''
	run 0 unload --cgroup $B

	hold "$END" --cgroup $A
	run 0 set end=1 --cgroup $A
	held 4 '^EXIT: loader_end: error raised by the policy \(told to fail on node'
	hold never --cgroup $A
	let_go
	is 'a killed loader takes its policy with it' wait_for policies_are '' '' '' ''
	run 0 unload
	is 'nothing is left' nothing_left
}

# Many at once: one wins, and the rest change nothing.
test_race()
{
	local i
	for ((i = 0; i < 8; i++)); do
		"$TIERX" load never --cgroup $A > "$tmp/race.$i" 2> /dev/null &
	done
	wait
	is 'one of eight loaders wins' test "$(cat "$tmp"/race.* | grep -c '^attached')" -eq 1
	is 'its policy is attached' policies_are '' never '' ''
	run 0 unload --cgroup $A
	is 'nothing is left' nothing_left
}

start
settings_off
make_cgroups
test_names
test_removed
test_none
test_independent
test_tree
test_ends
test_unload_all
test_removed_policy
test_foreground
test_race
finish
