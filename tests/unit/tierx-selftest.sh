#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tierx command as a user meets it on a kernel without tier_ext: what it says, on which
# stream, and its exit status. Nothing of this needs root.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=${BUILD:-$(cd "$here/../.." && pwd)/build}
TIERX=${TIERX:-$BUILD/bin/tierx}
FIXTURES=${FIXTURES:-$BUILD/tests/unit/fixtures}
tmp=$(mktemp -d /tmp/tierx-test-XXXXXX)
shmem=$(mktemp /dev/shm/tierx-test-XXXXXX) || exit 1
trap 'rm -rf "$tmp" "$shmem"' EXIT

# The same for everybody: programs and files where an unprivileged user can read them.
chmod 755 "$tmp"
chmod 644 "$shmem"
mkdir "$tmp/bin" "$tmp/policies"
cp "$TIERX" "$tmp/bin/" || exit 1
cp "$FIXTURES/full.bpf.o" "$tmp/policies/" || exit 1
ln -s full.bpf.o "$tmp/policies/latest.bpf.o"
ln -s nowhere "$tmp/policies/gone.bpf.o"
cp "$FIXTURES/no_ops.bpf.o" "$tmp/"
head -c 2000 "$FIXTURES/full.bpf.o" > "$tmp/truncated.bpf.o"
export TIERX_POLICY_PATH=$tmp/policies

nr=0
as_user=()

report()	# OK DESCRIPTION
{
	nr=$((nr + 1))
	printf '%s %d %s%s\n' "$1" $nr "$2" "${as_user:+ (as nobody)}"
}

# expect STATUS STREAM PATTERN ARGUMENT...: run tierx and compare. The pattern, an extended
# regular expression, has to match one line of stdout or stderr.
expect()
{
	local status=$1 stream=$2 pattern=$3 got
	shift 3
	"${as_user[@]}" "$tmp/bin/tierx" "$@" > "$tmp/stdout" 2> "$tmp/stderr" < /dev/null
	got=$?
	if [ $got -eq "$status" ] && grep -Eq -- "$pattern" "$tmp/$stream"; then
		report ok "status $status: tierx $*"
		return
	fi
	report 'not ok' "status $status: tierx $*"
	echo "# status $got, expected '$pattern' on $stream" | tee -a /dev/stderr
	cat "$tmp/stderr" >&2
}

# Output that is data goes to stdout, and nothing else does.
expect_silent()	# STREAM DESCRIPTION
{
	if [ -s "$tmp/$1" ]; then
		report 'not ok' "$2"
	else
		report ok "$2"
	fi
}

expect_json()	# DESCRIPTION
{
	if python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' < "$tmp/stdout" 2> /dev/null; then
		report ok "$1"
	else
		report 'not ok' "$1"
	fi
}

test_help()
{
	local command
	expect 0 stdout '^Commands:$' --help
	expect 0 stdout '^Exit status:' -h
	expect 0 stdout '^tierx [0-9]' --version
	for command in check topology list info load swap set unload status stats \
			heat shmem; do
		expect 0 stdout "^Usage: tierx $command " $command --help
		expect 0 stdout '--json' $command -h
	done
}

test_usage()
{
	local command
	expect 2 stderr '^Usage: tierx '
	expect_silent stdout 'usage goes to stderr'
	expect 2 stderr 'no command frobnicate' frobnicate
	expect 2 stderr 'did you mean unload' unlod
	expect 2 stderr "unrecognized option '--frob'" --frob
	expect 2 stderr "unrecognized option '--frob'" load full --frob
	expect 2 stderr 'unexpected argument more' status more
	expect 2 stderr 'which policy' load
	expect 2 stderr 'which policy' swap
	expect 2 stderr 'which policy' info
	expect 2 stderr 'which knob' set
	expect 2 stderr 'not a number of 1 or more' stats -i 0
	expect 2 stderr 'not a number of 1 or more' stats -i 1s
	expect 2 stderr 'not a number of 1 or more' stats -n -1
	for command in 'load full' 'swap full' 'set a=1' unload status stats 'heat -'; do
		# shellcheck disable=SC2086 # words are wanted
		expect 2 stderr 'requires an argument' $command --cgroup
		# shellcheck disable=SC2086
		expect 2 stderr 'no such cgroup: /nonexistent; name a folder in /sys/fs/cgroup' \
			$command --cgroup /nonexistent
		# shellcheck disable=SC2086
		expect 2 stderr 'no such cgroup: none/such;' $command --cgroup none/such
		# shellcheck disable=SC2086
		expect 2 stderr 'no such cgroup: ;' $command --cgroup ''
		# shellcheck disable=SC2086
		expect 2 stderr 'no such cgroup: /tmp is not in a cgroup' $command --cgroup=/tmp
	done
	expect 2 stderr "unrecognized option '--cgroup'" list --cgroup /tmp
	expect 2 stderr "unrecognized option '--all'" load full --all
	expect 2 stderr "unrecognized option '--reset'" load full --reset
	expect 2 stderr 'leave out --cgroup or --all' unload --all --cgroup /tmp
}

test_files()
{
	local command
	for command in heat shmem; do
		expect 2 stderr 'which file' $command
		expect 2 stderr 'which file' $command --json
		expect 2 stderr 'unexpected argument more' $command "$shmem" more
		expect_silent stdout 'nothing on stdout'
	done
	expect 2 stderr 'cannot read /nonexistent: No such file' heat /nonexistent
	expect 2 stderr 'cannot open /nonexistent: No such file' shmem /nonexistent
	expect 2 stderr '/proc/version is not a shmem file; name a file of a tmpfs' shmem /proc/version
	expect 2 stderr '/dev/null is not a shmem file' shmem /dev/null
	expect 2 stderr '/dev/shm is not a shmem file' shmem /dev/shm
}

test_policies()
{
	expect 0 stdout '^full +knobs of every kind$' list
	expect 0 stdout '^  window_ms +how long to look$' info full
	expect 0 stdout 's8, default -3, from -10 to 10, settable while it runs' info full
	expect 0 stdout '^  stayed +folios that stayed$' info "$tmp/policies/full.bpf.o"
	expect 0 stdout '^  ops.nice +-5$' info full
	expect 0 stdout '"nice":-5[,}]' info full --json
	expect 0 stdout '^full: knobs of every kind$' info latest
	expect 2 stderr 'no policy gone' info gone
	expect 0 stdout '"name":"window_ms"' info full --json
	expect_json 'info --json is JSON'
	expect 0 stdout '"name":"full"' --json list
	expect_json 'list --json is JSON'
	expect 2 stderr 'no policy ful, did you mean full' info ful
	expect 2 stderr 'no policy unheard_of' load unheard_of
	expect 2 stderr 'No such file' load ./unheard_of.bpf.o
	expect 2 stderr 'is not a policy: it has no struct tier_ext_ops' load "$tmp/no_ops.bpf.o"
	expect 2 stderr 'is not a policy' load "$tmp/truncated.bpf.o"
	expect 2 stderr 'is not a policy' swap "$tmp/truncated.bpf.o"
	expect 2 stderr 'is not a policy' load /etc/passwd
	expect 2 stderr 'is not a policy' load "$tmp/"
}

test_full_disk()
{
	local command
	for command in list 'list --json' 'info full' 'info full --json'; do
		# shellcheck disable=SC2086 # words are wanted
		"${as_user[@]}" "$tmp/bin/tierx" $command > /dev/full 2> "$tmp/stderr"
		if [ $? -eq 1 ] && grep -q 'cannot write to standard output' "$tmp/stderr"; then
			report ok "status 1 when the disk is full: tierx $command"
		else
			report 'not ok' "status 1 when the disk is full: tierx $command"
		fi
	done
}

test_words()
{
	local command
	for command in load swap; do
		expect 2 stderr 'has no knob windo_ms, did you mean window_ms' \
			$command full windo_ms=20
		expect 2 stderr 'window_ms=fast: not a number' $command full window_ms=fast
		expect 2 stderr 'window_ms=10k: not a number' $command full window_ms=10k
		expect 2 stderr 'out of range, it goes from 10 to 5000 ms' \
			$command full window_ms=5001
		expect 2 stderr 'out of range' $command full window_ms=20 bias=-11
		expect 2 stderr 'not of the form KNOB=VALUE' $command full window_ms
		expect 2 stderr 'no integer field tock_ms' $command full ops.tock_ms=1
		expect 2 stderr 'ops.tick_ms=-1: out of range' $command full ops.tick_ms=-1
	done
	expect 2 stderr 'not of the form KNOB=VALUE' set window_ms
	expect 2 stderr 'not a number' set window_ms=soon
	expect 2 stderr 'does not fit in 64 bits' set window_ms=99999999999999999999
	expect 2 stderr 'ops.cgroup_id is set by --cgroup' load full ops.cgroup_id=1
}

# Good input meets a kernel that cannot do it.
test_support()
{
	local arguments
	while read -ra arguments; do
		expect 5 stderr 'this kernel has no tier_ext .*kfuncs-patch/README.md' \
			"${arguments[@]}"
		expect_silent stdout 'nothing on stdout'
	done <<-END
		load full window_ms=20 ops.tick_ms=100
		load full --foreground
		load full --json
		swap full bias=-10 active=false
		swap full --reset
		set window_ms=20
		unload
		unload --all
		status
		status --json
		stats
		stats -i 1 -n 2 --json
		heat -
		heat /proc/version
		heat --json -
		shmem $shmem
		shmem --json $shmem
	END
	expect 5 stdout '^missing +tier_ext' check
	expect 5 stdout '"name":"tier_ext","result":"missing"' check --json
	expect_json 'check --json is JSON'
}

test_all()
{
	test_help
	test_usage
	test_files
	test_policies
	test_full_disk
	test_words
	test_support
}

echo 'KTAP version 1'
if [ -d /sys/kernel/mm/tier_ext ]; then
	echo '1..0 # SKIP this kernel has tier_ext'
	exit 4
fi

test_all > "$tmp/ktap"
if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups true 2> /dev/null; then
	as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	test_all >> "$tmp/ktap"
fi
echo "1..$(grep -Ec '^(not )?ok ' "$tmp/ktap")"
cat "$tmp/ktap"
! grep -q '^not ok' "$tmp/ktap"
