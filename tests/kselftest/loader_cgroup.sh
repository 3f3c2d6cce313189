#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tierx command and cgroups: which one is meant, what is refused and why, and that the policy of
# the machine is not touched.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/tierx_command.sh"
ROOT=/sys/fs/cgroup
NAME=tierx-loader
BARE=$NAME/bare
PINS=/sys/fs/bpf/tier_ext

fake=

cleanup()
{
	[ -z "$fake" ] || umount $SYSFS
	"$TIERX" unload --all > /dev/null 2>&1
	rmdir $ROOT/$BARE $ROOT/$NAME/a/b $ROOT/$NAME/a $ROOT/$NAME 2> /dev/null
	rm -rf "$tmp"
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
	all_say 3 $BARE "cgroup $BARE has no memory controller; write \+memory to"
	all_say 3 "$ROOT/$BARE" "cgroup $ROOT/$BARE has no memory controller; write \+memory to"
}

# A process that is there keeps the name of a removed cgroup.
test_removed()
{
	local keeper name
	mkdir $ROOT/$NAME/dead
	(cd $ROOT/$NAME/dead && exec sleep 1000) &
	keeper=$!
	wait_for test "$(readlink /proc/$keeper/cwd)" != "$PWD"
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
	for name in $NAME $ROOT/$NAME; do
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
	run 0 status --cgroup $NAME --json
	says stdout "\"cgroup\":\"$NAME\",\"cgroup_id\":$(stat -c %i $ROOT/$NAME),\"policy\":null"
	is 'the policy of the machine goes on' policy_is tpp
	is 'it is pinned' test -e $PINS/link
	is 'its settings are on' grep -q true /sys/kernel/mm/numa/demotion_enabled
}

# Kernels differ in whether they can do it.
test_load()
{
	run 5 load nop --cgroup $NAME
	says stderr 'this kernel cannot attach policy nop to a cgroup, only to the machine'
	is 'no pins are left' test ! -e $PINS/cgroup
	is 'the policy of the machine goes on' policy_is tpp
	run 2 load nop ops.cgroup_id=1
	says stderr 'ops.cgroup_id is set by --cgroup'
}

since_is_now()
{
	local since
	since=$(grep -o '"since":[0-9]*' "$tmp/stdout" | cut -d: -f2)
	[ $(($(date +%s) - since)) -ge 0 ] && [ $(($(date +%s) - since)) -lt 120 ]
}

test_tree()
{
	run 0 status
	says stdout '^governs +policy +since +pinned +promoted +demoted +refused +pingpong$'
	says stdout '^machine +tpp +[0-9]{4}-[0-9-]+ [0-9:]+ \+0000 +yes +[0-9]+ +[0-9]+ +[0-9]+ +0$'
	run 0 status --json
	says stdout '"policy":"tpp".*"promoted_pages":[0-9]+,"demoted_pages":[0-9]+,"refused_pages"'
	says stdout '"pingpong_pages":0,"cgroups":\[\]\}$'
	is 'it is as old as it is' since_is_now
}

test_unload_all()
{
	run 0 unload --all
	says stdout '^detached tpp$'
	is 'nothing is left' test ! -e $PINS
	is 'its settings are off' grep -q false /sys/kernel/mm/numa/demotion_enabled
	run 0 unload --all
	says stdout '^no policy is attached$'
	run 0 status
	says stdout '^machine +none +- +no '
	says stdout '^  last exit: tpp: unregistered from user space$'
	run 0 load never
	run 0 unload --all --json
	is 'as JSON' grep -qxF '{"policies":[{"policy":"never","cgroup":null,"cgroup_id":0}]}' "$tmp/stdout"
	run 2 unload --all --cgroup $NAME
	says stderr 'leave out --cgroup or --all'
}

id_of() { stat -c %i "$ROOT/$1"; }

# fake_policy ID NAME EVENTS: as a kernel shows it. One without a name was ejected.
fake_policy()
{
	local folder=$tmp/sys/cgroup/$1
	mkdir -p "$folder"
	echo "$2" > "$folder/ops"
	echo "$3" | tr ',' '\n' > "$folder/events"
	[ -z "$2" ] || return 0
	printf 'kind 1026\ncode 0\nreason a verdict that makes no sense\npolicy wild\nmsg 77\n' \
		> "$folder/last_exit"
	echo 'a dump' > "$folder/last_exit_dump"
}

# What a kernel with policies of cgroups would show, in place of what this one does.
fake_kernel()
{
	mkdir -p $ROOT/$NAME/a/b
	echo +memory > $ROOT/$NAME/cgroup.subtree_control
	echo +memory > $ROOT/$NAME/a/cgroup.subtree_control
	cp -r $SYSFS "$tmp/sys" 2> /dev/null
	fake_policy "$(id_of $NAME)" fair 'promoted_pages 3,demoted_pages 4,pingpong_pages 5'
	fake_policy "$(id_of $NAME/a)" '' 'refused_limit 1,refused_tenant 2,promoted_pages 9'
	fake_policy "$(id_of $NAME/a/b)" never 'promoted_pages 7,queued 8'
	fake_policy 4711 lost ''
	mount --bind "$tmp/sys" $SYSFS && fake=1
}

expect_tree()
{
	diff - <(sed '1,/^governs/d' "$tmp/stdout" | tr -s ' ' | sed 's/[0-9: -]* +0000/SINCE/') <<-END
	machine tppSINCE yes 0 0 0 0
	 $NAME fair unknown no 3 4 0 5
	 $NAME/a none - no 9 0 3 0
	 last exit: wild: a verdict that makes no sense: 77
	 $NAME/a/b never unknown no 7 0 0 0
	 (gone) 4711 lost unknown no 0 0 0 0
	END
}

json_tree()
{
	printf '"cgroups":[{"cgroup":"%s","cgroup_id":%s,"policy":"fair","since":0,"pinned":false,' \
		$NAME "$(id_of $NAME)"
	printf '"last_exit":null,"promoted_pages":3,"demoted_pages":4,"refused_pages":0,'
	printf '"pingpong_pages":5,"cgroups":[{"cgroup":"%s","cgroup_id":%s,"policy":null,' \
		$NAME/a "$(id_of $NAME/a)"
	printf '"since":0,"pinned":false,"last_exit":{"kind":1026,"error":true,"code":0,'
	printf '"reason":"a verdict that makes no sense","policy":"wild","msg":"77","dump":"a dump"},'
	printf '"promoted_pages":9,"demoted_pages":0,"refused_pages":3,"pingpong_pages":0,'
	printf '"cgroups":[]},{"cgroup":"%s"' $NAME/a/b
}

# On a copy of what the kernel says, so that the kernel need not be able to do it.
test_cgroup_tree()
{
	run 0 load tpp
	is 'there are policies of cgroups' fake_kernel
	run 0 status
	is 'they are shown below each other' expect_tree
	run 0 status --json
	is 'one in the other as JSON' grep -qF "$(json_tree)" "$tmp/stdout"
	is 'one that is gone' grep -qF '{"cgroup":null,"cgroup_id":4711,"policy":"lost"' "$tmp/stdout"
	run 0 status --cgroup $NAME/a
	says stdout '^last exit +wild: a verdict that makes no sense: 77$'
	says stdout '^a dump$'
	run 3 load never --cgroup $NAME
	says stderr "policy fair is attached to cgroup $NAME; $(
		)replace it with 'tierx swap never --cgroup $NAME'$"
}

# Pins of a cgroup stay as long as the kernel has something to say about it.
test_cgroup_pins()
{
	local id
	id=$(id_of $NAME)
	mkdir -p $PINS/cgroup/4712/maps $PINS/cgroup/4712/maps_new "$PINS/cgroup/$id/maps"
	run 0 unload --cgroup $NAME/a/b
	is 'pins of a cgroup that is gone are removed' test ! -e $PINS/cgroup/4712
	is 'those of another one stay' test -e "$PINS/cgroup/$id/maps"
	is 'and those of the machine' test -e $PINS/link
	run 0 unload --cgroup $NAME
	is 'its own pins are removed' test ! -e $PINS/cgroup
	is 'nothing of the machine' test -e $PINS/link
	is 'whose settings are on' grep -q true /sys/kernel/mm/numa/demotion_enabled
	mkdir -p "$PINS/cgroup/$id/maps"
	run 0 unload
	is 'the machine leaves the pins of cgroups' test -e "$PINS/cgroup/$id/maps"
	run 0 unload --all
	is 'nothing is left' test ! -e $PINS
	umount $SYSFS
	fake=
}

start
echo 0 > /proc/sys/kernel/numa_balancing
echo 0 > /sys/kernel/mm/numa/demotion_enabled
echo +memory > $ROOT/cgroup.subtree_control
mkdir -p $ROOT/$BARE
test_names
test_removed
test_none
test_load
test_tree
test_unload_all
test_cgroup_tree
test_cgroup_pins
finish
