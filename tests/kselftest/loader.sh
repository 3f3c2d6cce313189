#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tierx command on a kernel with tier_ext: what it attaches, pins, tunes and puts back,
# and that a failure leaves the machine, and a running policy, as they were.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/tierx_command.sh"

cleanup()
{
	let_go
	"$TIERX" unload > /dev/null 2>&1
	rm -rf "$tmp"
}

pinned() { [ -e "$PINS/$1" ]; }
ids() { stat -c %i "$PINS"/maps/* | sort; }

test_look()
{
	run 0 check
	says stdout '^ok +tier_ext'
	run 0 topology
	says stdout '^  demotion_targets +1$'
	says stdout '^  promotion_targets +0$'
	run 0 status
	says stdout '^policy +none'
	run 0 unload
	says stdout 'no policy is attached'
	run 3 stats
	run 3 swap never
	run 3 set end=1
	says stderr 'no policy is attached'
}

test_load()
{
	run 0 load tpp hot_threshold_ms=500
	says stderr 'set kernel.numa_balancing to 2, it was 0'
	is 'the policy outlives the loader' policy_is tpp
	is 'its settings are on' settings_are 2 true
	is 'its link is pinned' pinned link
	is 'its counters are pinned' pinned maps/stats
	is 'its knobs are pinned' pinned maps/tune
	run 3 load never
	says stderr "policy tpp is attached; replace it with 'tierx swap never'"
	run 0 status
	says stdout 'hot_threshold_ms=500 ms'
	run 0 set hot_threshold_ms=250
	run 2 set hot_threshold_ms=100 rate_limit_mbps=0
	says stderr 'rate_limit_mbps=0: out of range'
	run 2 set hot_treshold_ms=1
	says stderr 'did you mean hot_threshold_ms'
	run 0 status --json
	says stdout '"policy":"tpp".*"hot_threshold_ms":250'
	run 0 stats -i 1 -n 2 --json
	is 'one line per sample' test "$(wc -l < "$tmp/stdout")" -eq 2
	run 0 unload
	is 'nothing is left' nothing_left
}

test_swap()
{
	local before
	run 0 load never
	before=$(ids)
	run 3 swap "$here/progs/loader_end.bpf.o" init_error=-12
	says stderr 'Cannot allocate memory; the old policy goes on'
	# Errors that the kernel has for a swap, too.
	run 3 swap "$here/progs/loader_end.bpf.o" init_error=-1
	says stderr 'loader_end did not start: Operation not permitted; the old policy goes on'
	run 3 swap "$here/progs/loader_end.bpf.o" init_error=-67
	says stderr 'Link has been severed; the old policy goes on'
	run 3 swap "$here/progs/loader_kfunc.bpf.o"
	run 3 swap nop ops.tick_ms=1
	is 'the old policy goes on' policy_is never
	is 'its pins are the old ones' test "$before" = "$(ids)"
	is 'no other pins are left' test ! -e $PINS/maps_new
	run 0 swap tpp
	says stdout '^swapped never for tpp \(switch_seq [0-9]+\) in [0-9.]+ ms$'
	is 'the pins are new' test "$before" != "$(ids)"
	run 0 swap never --json
	says stdout '"old":"tpp","new":"never"'
	run 2 set init_error=1
	run 0 swap "$here/progs/loader_end.bpf.o"
	run 2 set init_error=-1
	says stderr 'is fixed when loader_end is loaded'
	run 0 unload
	is 'nothing is left' nothing_left
}

test_refusals()
{
	run 3 load "$here/progs/loader_kfunc.bpf.o"
	says stderr 'kfunc tierx_bpf_dump_bstr may not be called from op tick'
	run 3 load "$here/progs/loader_memory.bpf.o"
	says stderr "^R[0-9] invalid mem access 'scalar'"
	run 5 load "$here/progs/loader_future.bpf.o"
	says stderr 'tierx_bpf_future'
	run 3 load "$here/progs/loader_end.bpf.o" init_error=-19
	says stderr 'policy loader_end was not attached: No such device'
	run 3 load nop ops.tick_ms=1
	says stderr 'out of range'
	run 3 load nop ops.nice=-21
	says stderr 'the kernel refuses a field of policy nop \(ops\.\*\): Numerical result out of range'
	run 2 load nop ops.nice=2147483648
	says stderr 'ops.nice=2147483648: out of range, it is a signed integer of 4 bytes'
	run 2 load nop ops.tick_ms=-1
	says stderr 'ops.tick_ms=-1: out of range, it is an unsigned integer of 4 bytes'
	is 'nothing is left' nothing_left
}

test_settings()
{
	echo 1 > $BALANCING
	run 0 load never
	is 'other bits of numa_balancing stay' settings_are 3 true
	echo 0 > $BALANCING
	run 0 unload
	says stderr 'left kernel.numa_balancing alone'
	is 'somebody else has the last word' settings_are 0 false

	run 0 load tpp
	is 'settings are on' settings_are 2 true
	run 0 swap pagecache
	says stderr 'set kernel.numa_balancing back to 0'
	is 'what only the old policy needed is off' settings_are 0 false
	run 0 swap tpp
	is 'what the new one needs is on' settings_are 2 true
	echo 0 > $BALANCING
	run 3 swap "$here/progs/loader_end.bpf.o" init_error=-12
	is 'a swap that failed leaves what was there' settings_are 0 true
	run 0 unload
	is 'nothing is left' nothing_left
}

test_stats()
{
	run 0 load tpp
	run 0 stats -i 1 -n 2 --json
	says stdout '"per_second":\{"counters":\{"[^}]*"rate_limited":[^}]*\},"events":\{[^}]*"rate_limited":'
	run 0 unload
}

test_ejection()
{
	run 0 load "$here/progs/loader_end.bpf.o"
	run 0 set end=1
	is 'it is ejected' wait_for policy_is ''
	run 0 status
	says stdout '^last exit +loader_end: .*told to fail on node'
	says stdout 'last words of the policy'
	says stderr "'tierx unload' puts them back"
	run 0 load never
	run 0 unload
	is 'what the ejected policy left is put back' nothing_left
}

test_foreground()
{
	hold "$here/progs/loader_end.bpf.o"
	is 'its link is not pinned' test ! -e $PINS/link
	run 0 stats
	says stdout '^  ticks '
	run 0 set end=1
	held 4 '^EXIT: loader_end: .*told to fail on node'
	says stderr 'last words of the policy'
	is 'nothing is left' nothing_left

	hold "$here/progs/loader_end.bpf.o"
	run 0 set end=2
	held 0 '^EXIT: loader_end: .*told to leave'

	hold never
	run 0 swap nop
	kill -INT "$holder"
	held 0 '^EXIT: nop: unregistered from user space'
	is 'nothing is left' nothing_left

	hold never
	run 0 unload
	held 0 '^EXIT: never'

	hold never
	let_go
	is 'a killed loader takes its policy with it' wait_for policy_is ''
	run 0 unload
	is 'and unload puts back its settings' nothing_left
}

attached_are() { [ "$(grep -c '^attached' "$tmp/hold.stdout")" -eq "$1" ]; }

# A policy that ends because it wants to begin anew.
test_restart()
{
	hold "$here/progs/loader_end.bpf.o" init_error=0
	run 0 set end=3
	is 'it is loaded again' wait_for attached_are 2
	is 'and attached' wait_for policy_is loader_end
	is 'its settings are on' settings_are 2 false
	run 0 status
	says stdout '^last exit +loader_end: .*told to come back'
	says stdout '^knob +end=0$'
	run 0 set end=2
	held 0 '^EXIT: loader_end: .*told to leave'
	says stderr '^EXIT: loader_end: .*told to come back'
	says stderr '^tierx: policy loader_end wants to be loaded again$'
	is 'nothing is left' nothing_left

	hold "$here/progs/loader_end.bpf.o" end=3
	held 4 '^tierx: error: policy loader_end has ended in .* and was 5 times within 60 s$'
	is 'it was loaded six times' attached_are 6
	is 'nothing is left' nothing_left

	hold "$here/progs/loader_end.bpf.o"
	run 0 set end=4
	held 0 '^EXIT: loader_end: .*told to stay away'
	is 'an error number asks for nothing' attached_are 1

	hold never
	run 0 swap "$here/progs/loader_end.bpf.o"
	run 0 set end=3
	held 0 '^EXIT: loader_end: .*told to come back'
	is 'another policy is not loaded in place of it' attached_are 1
	is 'nothing is left' nothing_left
}

test_privileges()
{
	local command
	for command in 'load never' 'swap never' 'set end=1' unload status stats; do
		# shellcheck disable=SC2086 # words are wanted
		refused_as_nobody $command
	done
}

# Many at once: one wins, and the rest change nothing.
test_race()
{
	local i
	for ((i = 0; i < 10; i++)); do
		"$TIERX" load never > "$tmp/race.$i" 2> /dev/null &
	done
	wait
	is 'one of ten loaders wins' test "$(cat "$tmp"/race.* | grep -c '^attached')" -eq 1
	is 'its policy is attached' policy_is never
	is 'its settings are on' settings_are 2 true
	run 0 unload
	is 'nothing is left' nothing_left
}

test_no_bpffs()
{
	umount /sys/fs/bpf
	run 3 load never
	says stderr "mount -t bpf bpf /sys/fs/bpf"
	run 3 check
	run 0 unload
	is 'nothing was changed' settings_are 0 false
	mount -t bpf bpf /sys/fs/bpf
}

start
settings_off

test_look
test_load
test_swap
test_refusals
test_settings
test_stats
test_ejection
test_foreground
test_restart
test_privileges
test_race
test_no_bpffs
finish
