#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tierx command in the hands of those who may not use it: one clear line, the documented exit
# status, and the policy that is attached goes on.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/tierx_command.sh"

cleanup()
{
	"$TIERX" unload > /dev/null 2>&1
	rm -rf "$tmp" "$shm"
}

# Who does not have CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN, and what is missing then.
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
namespace=("${nobody[@]}" unshare --user --map-root-user)
bpf=(setpriv "--bounding-set=-all,+bpf" "--inh-caps=-all,+bpf")
bpf_net=(setpriv "--bounding-set=-all,+bpf,+net_admin" "--inh-caps=-all,+bpf,+net_admin")
not_nice=(setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice)
bpf_perfmon=(setpriv "--bounding-set=-all,+bpf,+perfmon" "--inh-caps=-all,+bpf,+perfmon")

# refused MESSAGE PERSON... -- ARGUMENT...: one line on stderr, nothing on stdout.
refused()
{
	local message=$1 person=()
	shift
	while [ "$1" != -- ]; do
		person+=("$1")
		shift
	done
	shift
	"${person[@]}" "$TIERX" "$@" > "$tmp/stdout" 2> "$tmp/stderr" < /dev/null
	[ $? -eq 3 ] && [ ! -s "$tmp/stdout" ] && [ "$(wc -l < "$tmp/stderr")" -eq 1 ] &&
		grep -Fq "$message" "$tmp/stderr"
	report $? "tierx $*: $message"
}

state() { cat $SYSFS/{root/ops,enable_seq,switch_seq,nr_rejected}; }

# person_cannot MISSING PERSON...: any of the commands that look at a policy or change one.
person_cannot()
{
	local command before missing="not permitted: run as root (missing: $1)"
	shift
	before=$(state)
	for command in 'load nop' 'swap nop' 'set hot_threshold_ms=1' unload stats status \
			"heat $tmp/heat" "shmem $shm"; do
		# shellcheck disable=SC2086 # words of a command line
		refused "$missing" "$@" -- $command
	done
	is 'nothing has changed' test "$before" = "$(state)"
}

# What needs no privileges.
person_can()
{
	local command
	for command in list 'info tpp' --help topology; do
		# shellcheck disable=SC2086 # words of a command line
		"$@" "$TIERX" $command > "$tmp/stdout" 2> "$tmp/stderr" < /dev/null
		report $? "anybody: tierx $command"
	done
}

start
open_to_others
TIERX=$open/tierx
TIERX_POLICY_PATH=$open
echo '1 1' > "$tmp/heat"
shm=$(mktemp -p /dev/shm)
chmod 644 "$shm"
run 0 load tpp
person_cannot 'CAP_BPF CAP_PERFMON CAP_SYS_ADMIN' "${nobody[@]}"
# Root of a user namespace has every capability, there.
person_cannot 'CAP_SYS_ADMIN' "${namespace[@]}"
person_cannot 'CAP_PERFMON CAP_SYS_ADMIN' "${bpf[@]}"
person_cannot 'CAP_PERFMON CAP_SYS_ADMIN' "${bpf_net[@]}"
person_cannot 'CAP_SYS_ADMIN' "${bpf_perfmon[@]}"
# Nobody is delayed by threads of who may not delay others.
refused 'policy nop did not start: not permitted (if ops.nice is below 0, that takes CAP_SYS_NICE)' \
	"${not_nice[@]}" -- swap nop ops.nice=-1
is 'the old policy goes on' policy_is tpp
person_can "${nobody[@]}"
person_can "${namespace[@]}"
run 0 set hot_threshold_ms=77
run 0 unload
finish
