#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What bpftool shows of an attached policy: its name, its link, and its counters by name.
set -u

cd "$(dirname "$0")" || exit 1
bpftool=./bpftool
[ -x $bpftool ] || bpftool=$(command -v bpftool)
nr=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

result()	# WHAT COMMAND...
{
	local what=$1
	shift
	nr=$((nr + 1))
	if "$@" > "$work/result" 2>&1; then
		echo "ok $nr $what"
	else
		echo "not ok $nr $what"
		sed 's/^/# /' "$work/result" "$work/out" "$work/err"
		failed=1
	fi
}

says()	# PATTERN COMMAND...: the command succeeds and its output has a line like that
{
	local pattern=$1
	shift
	"$@" > "$work/out" 2> "$work/err" && grep -qE -- "$pattern" "$work/out"
}

# The hold program ends when the pipe is closed.
start_policy()
{
	mkfifo "$work/pipe"
	./tierx_hold counts < "$work/pipe" > "$work/hold" 2>&1 &
	hold=$!
	exec 3> "$work/pipe"
	for _ in $(seq 100); do
		! grep -q attached "$work/hold" || return 0
		sleep 0.1
	done
	sed 's/^/# /' "$work/hold"
	return 1
}

stop_policy()
{
	exec 3>&-
	wait $hold
}

echo 'TAP version 13'
if [ "$(id -u)" -ne 0 ] || ! [ -d /sys/kernel/mm/tier_ext ]; then
	echo '1..0 # SKIP needs root and tier_ext'
	exit 4
fi
if [ -z "$bpftool" ]; then
	echo '1..0 # SKIP no bpftool'
	exit 4
fi
echo '1..8'

result 'a policy is attached' start_policy
result 'struct_ops show names the policy' says '^[0-9]+: counts_ops +tier_ext_ops' \
	$bpftool struct_ops show
result 'struct_ops dump shows its fields' says '"?name"?: "?counts"?' \
	$bpftool struct_ops dump name counts_ops
result 'link show has its link' says 'struct_ops' $bpftool link show
result 'prog show has its programs' says 'struct_ops +name counts_init' $bpftool prog show
result 'map dump prints a counter by name' says '"inits": 1' $bpftool map dump name stats
result 'and another one' says '"nodes_seen": 4711' $bpftool map dump name stats
result 'the policy goes' stop_policy
exit $failed
