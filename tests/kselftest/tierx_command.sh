# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Harness of the tests of the tierx command; to be sourced by a script that has set $here.

TIERX=${TIERX:-$here/../../bin/tierx}
SYSFS=/sys/kernel/mm/tier_ext
PINS=/sys/fs/bpf/tier_ext
BALANCING=/proc/sys/kernel/numa_balancing
DEMOTION=/sys/kernel/mm/numa/demotion_enabled
holder=
tmp=$(mktemp -d)
nr=0
failed=0
export TIERX_POLICY_PATH=$here/../../bpf

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 4
}

start()
{
	echo 'KTAP version 1'
	[ "$(id -u)" -eq 0 ] || skip_all 'needs root'
	[ -x "$TIERX" ] || skip_all "no $TIERX"
	[ -d $SYSFS ] || skip_all 'this kernel has no tier_ext'
	policy_is '' || { echo 'Bail out! a policy is attached'; exit 1; }
	trap cleanup EXIT
}

finish()
{
	echo "1..$nr"
	exit $failed
}

report()	# STATUS DESCRIPTION
{
	nr=$((nr + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $nr $2"
		return
	fi
	echo "not ok $nr $2"
	failed=1
	{ echo "# $2"; cat "$tmp/stdout" "$tmp/stderr"; } >&2
}

# run STATUS ARGUMENT...: run tierx, and compare its exit status.
run()
{
	local status=$1
	shift
	"$TIERX" "$@" > "$tmp/stdout" 2> "$tmp/stderr" < /dev/null
	[ $? -eq "$status" ]
	report $? "status $status: tierx ${*//$here/.}"
}

# The command and the policies once more, for others: they may not be allowed to look into this tree.
open=$tmp/open
open_to_others()
{
	[ ! -d "$open" ] || return 0
	chmod 755 "$tmp"
	mkdir "$open"
	cp "$TIERX" "$open/tierx"
	cp "$TIERX_POLICY_PATH"/*.bpf.o "$open"
}

# refused_as_nobody ARGUMENT...: so it ends without privileges.
refused_as_nobody()
{
	open_to_others
	TIERX_POLICY_PATH=$open setpriv --reuid 65534 --clear-groups "$open/tierx" "$@" \
		> "$tmp/stdout" 2> "$tmp/stderr"
	[ $? -eq 3 ]
	report $? "status 3 as nobody: tierx $*"
	says stderr 'not permitted: run as root'
}

says()	# STREAM PATTERN
{
	grep -Eq -- "$2" "$tmp/$1"
	report $? "... and says on $1: $2"
}

is()	# DESCRIPTION COMMAND...
{
	local what=$1
	shift
	"$@" > /dev/null
	report $? "... $what"
}

settings_off()
{
	echo 0 > $BALANCING
	echo 0 > $DEMOTION
}

settings_are() { [ "$(cat $BALANCING)" = "$1" ] && [ "$(cat $DEMOTION)" = "$2" ]; }
nothing_left() { [ ! -e $PINS ] && policy_is '' && settings_are 0 false; }

hold()	# POLICY [ARGUMENT...]: in the background
{
	"$TIERX" load "$@" --foreground > "$tmp/hold.stdout" 2> "$tmp/hold.stderr" < /dev/null &
	holder=$!
	wait_for grep -q attached "$tmp/hold.stdout"
}

# The end of the policy that was held.
held()	# STATUS PATTERN
{
	wait "$holder"
	[ $? -eq "$1" ]
	report $? "the loader in the foreground ends with status $1"
	holder=
	cp "$tmp/hold.stderr" "$tmp/stderr"
	says stderr "$2"
}

# Kill the loader in the foreground, if there is one.
let_go()
{
	[ -n "$holder" ] || return 0
	{ kill -9 "$holder"; wait "$holder"; } 2> /dev/null
	holder=
}

policy_is() { [ "$(cat $SYSFS/root/ops)" = "$1" ]; }

# As long as it takes, up to 10 seconds.
wait_for()
{
	local i
	for ((i = 0; i < 100 * ${TIERX_SLOWER:-1}; i++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}
