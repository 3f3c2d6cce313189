#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh BUILD: in the guest, load a Redis server under several tiering policies, and
# end with what each of them did.
#
# The server is filled with more data than the fast node holds while nothing is tiered, so
# the keys written last are on the slow node; they are the hot ones. Server and load run
# through all phases, policies change under them. Where a phase has to begin as the first
# one did, the pages are put back, with the server running.
set -euo pipefail

BUILD=$1
KEYS=120000
PHASE_REQUESTS=150000
PHASE_PASSES=3
PHASE_LIMIT_SECONDS=120
LOOK_SECONDS=3
SCAN_PERIOD_MS=300
HOT_MS=3000
FILL_SECONDS=120

demo=$BUILD/tests/demo
tier_ext=/sys/kernel/mm/tier_ext
scan=/sys/kernel/debug/sched/numa_balancing
cgroup=/sys/fs/cgroup/tierx-demo
run=/run/tierx-demo
socket=$run/redis.sock
export TIERX_POLICY_PATH=$BUILD/bpf

say() { printf '\n== %s\n' "$*"; }
tell() { printf '   %s\n' "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }
tierx() { "$BUILD/bin/tierx" "$@"; }

# Server and load take turns on one CPU: waking up another one costs an emulated guest more
# than what the other would do. The kernel's own threads have the rest.
on_cpu() { exec taskset -c 0 "$@"; }

# --- server and load ------------------------------------------------------------------

redis() { timeout 10 redis-cli -s "$socket" "$@"; }

start_server()
{
	mkdir -p "$run" "$cgroup"
	on_cpu redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no \
		--daemonize no --logfile "$run/redis.log" --dir "$run" &
	server=$!
	echo $server > $cgroup/cgroup.procs
	for _ in $(seq 100); do
		[ "$(redis ping 2> /dev/null || true)" != PONG ] || return 0
		sleep 0.1
	done
	cat "$run/redis.log" >&2
	die "redis-server did not start"
}

fill_server()
{
	(on_cpu timeout $FILL_SECONDS "$demo/client" "$socket" fill $KEYS) || die "the server could not be filled"
	[ "$(redis dbsize)" = $KEYS ] || die "the server does not have all keys"
}

start_load()
{
	on_cpu "$demo/client" "$socket" load $KEYS &
	load=$!
}

check_load()
{
	kill -0 $server 2> /dev/null || die "redis-server ended"
	kill -0 $load 2> /dev/null || die "the load ended"
}

requests() { redis info stats | awk -F '[:\r]' '$1 == "total_commands_processed" { print $2 }'; }

# --- where the pages are --------------------------------------------------------------

start_pages()
{
	coproc PAGES { exec "$demo/pages" $server $KEYS; }
	ask_pages
	[ "$answer" = ready ] || die "the values were not found in the server's memory"
	forget_accesses
}

# To be written, searched and moved counts as being accessed: begin with none.
forget_accesses() { echo 1 > /proc/$server/clear_refs; }

ask_pages()	# [COMMAND]: sets answer
{
	[ $# -eq 0 ] || echo "$1" >&"${PAGES[1]}"
	read -r -t 60 answer <&"${PAGES[0]}" || die "pages ended"
}

percent() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", 100 * a / b }'; }

# Sets hot and cold: percent of their values on the fast node.
look()
{
	local hot_all hot_fast cold_all cold_fast
	ask_pages count
	read -r hot_all hot_fast cold_all cold_fast <<< "$answer"
	hot=$(percent "$hot_fast" "$hot_all")
	cold=$(percent "$cold_fast" "$cold_all")
}

put_pages_back()
{
	ask_pages reset
	forget_accesses
	look
	tell "pages put back: $hot% of the hot values are on the fast node"
}

# --- counters -------------------------------------------------------------------------

vmstat() { awk -v "re=^($1)\$" '$1 ~ re { sum += $2 } END { print sum + 0 }' /proc/vmstat; }
event() { awk -v "re=^($1)\$" '$1 ~ re { sum += $2 } END { print sum + 0 }' $tier_ext/root/events; }

# What a policy is asked: one call of one of its ops.
hook_ops='hint_fault|reclaim|demote_target|admit|migrated|tick'

# time requests promoted demoted failed hook-calls dropped bypassed
snapshot()
{
	echo "$(date +%s.%N) $(requests) $(vmstat pgpromote_success) $(vmstat 'pgdemote_.*')" \
		"$(vmstat pgmigrate_fail) $(event "$hook_ops") $(event queue_dropped) $(event bypassed)"
}

# --- phases ---------------------------------------------------------------------------

# phase NAME POLICY COMMAND...: run COMMAND, which begins the phase, watch for PHASE_REQUESTS,
# note a line of the table.
phase()
{
	local name=$1 policy=$2 before began
	shift 2
	look
	began=$hot
	before=$(snapshot)
	"$@"
	watch_load
	echo "$name|$began|$hot|$cold|$before|$(snapshot)|$swap_ms|$policy" >> $run/table
	swap_ms=-
}

# How often NUMA balancing has been through the server's memory, if it is on at all.
passes() { awk '/^mm->numa_scan_seq/ { print $3 }' /proc/$server/sched; }

# Requests and passes, not seconds: on a busy host a guest is several times slower, and a pass
# takes its time, as a task spends at most 3% of it on arming pages. The first of the passes has
# begun already.
watch_load()
{
	local start=$SECONDS last last_pass
	last=$(($(requests) + PHASE_REQUESTS))
	last_pass=$(passes)
	[ "$(cat /proc/sys/kernel/numa_balancing)" -eq 0 ] || last_pass=$((last_pass + PHASE_PASSES))
	while [ "$(requests)" -lt $last ] || [ "$(passes)" -lt "$last_pass" ]; do
		[ $((SECONDS - start)) -lt $PHASE_LIMIT_SECONDS ] || die "the load came to a stop"
		sleep $LOOK_SECONDS
		check_load
		look
		tell "$((SECONDS - start)) s: $hot% of the hot values on the fast node"
	done
}

kernel_tiering()	# MODE on|off
{
	echo "$1" > /proc/sys/kernel/numa_balancing
	echo "$2" > /sys/kernel/mm/numa/demotion_enabled
}

# kswapd gives up on a full node after some attempts in vain, as there are while nothing may
# be demoted, and waits until somebody else has made room there.
tiering_is_on() { echo 1M > $cgroup/memory.reclaim 2> /dev/null || true; }

kernel_default()
{
	kernel_tiering 2 1
	tiering_is_on
}

load_tpp()
{
	tierx load tpp hot_threshold_ms=$HOT_MS
	tiering_is_on
}

swap_tpp()
{
	swap tpp hot_threshold_ms=$HOT_MS
	tiering_is_on
}

# swap POLICY [KNOB=VALUE...]: sets swap_ms. The load runs on.
swap()
{
	local line
	line=$(tierx swap "$@")
	tell "$line"
	swap_ms=$(sed -n 's/.* in \([0-9.]*\) ms$/\1/p' <<< "$line")
	[ -n "$swap_ms" ] || die "no time in the answer of tierx swap"
	[ "$(cat $tier_ext/root/ops)" = "$1" ] || die "$1 does not decide"
}

run_phases()
{
	swap_ms=-
	say "kernel without tiering"
	phase 'no tiering' '' true

	say "kernel default: kernel.numa_balancing=2, demotion_enabled=1"
	phase 'kernel default' '' kernel_default
	kernel_tiering 0 0
	put_pages_back

	say "tierx load tpp"
	phase tpp tpp load_tpp

	say "tierx swap never, under load"
	swap never
	put_pages_back
	phase 'never, swapped in' never true

	say "tierx swap tpp, under load"
	phase 'tpp, swapped in' tpp swap_tpp
	tierx unload
}

# --- the end --------------------------------------------------------------------------

print_table()
{
	say "what each phase did"
	awk -F '|' '
	function number(what, i) { return to[i] - from[i] }
	BEGIN {
		line = "%-18s %14s %14s %9s %9s %9s %8s %8s %8s %8s\n"
		printf line, "", "hot values on", "cold values", "requests", "promoted", "demoted",
			"failed", "queue", "hook", "swap"
		printf line, "phase", "fast node, %", "there, %", "per s", "pages", "pages",
			"moves", "drops", "calls/s", "ms"
	}
	{
		split($5, from, " ")
		split($6, to, " ")
		seconds = number("time", 1)
		printf line, $1, $2 " -> " $3, $4, sprintf("%d", number("requests", 2) / seconds),
			number("promoted", 3), number("demoted", 4), number("failed", 5),
			$8 ? number("drops", 7) : "-",
			$8 ? sprintf("%.1f", number("calls", 6) / seconds) : "-", $7
	}' $run/table
	echo
	tell "$KEYS keys with values of 2 KiB, $((KEYS / 10)) of them hot: 90% of the requests read those."
	tell "The hot ones were written last, when the fast node was full. pages/node: move_pages(2);"
	tell "promoted, demoted, failed: /proc/vmstat; queue drops and hook calls: root/events."
	tell "Both nodes are the same memory of the host: requests per s do not show a tier's speed."
	tell "hook calls that no policy answered during the swaps: $bypassed"
}

# A demo in which nothing happens has failed.
check_table()
{
	awk -F '|' '
	$2 > 10 { print "demo: phase " $1 " began with " $2 "% of the hot values on the fast node"; bad = 1 }
	/^(kernel default|tpp)/ && $3 < 50 { print "demo: " $1 " promoted too little: " $3 "%"; bad = 1 }
	/^(no tiering|never)/ && $3 > 10 { print "demo: " $1 " promoted: " $3 "%"; bad = 1 }
	END { exit bad || NR != 5 }' $run/table >&2
}

say "a Redis server with $KEYS keys, more than the fast node holds"
awk '/MemTotal|MemFree/ { print "   node " $2 " " $3 " " $4 " kB" }' /sys/devices/system/node/node*/meminfo
kernel_tiering 0 0
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
start_server
fill_server
start_pages
look
tell "filled: $cold% of the cold values and $hot% of the hot ones are on the fast node"
tell "a guest is slow, so pages are armed every $SCAN_PERIOD_MS ms (scan_period_*_ms),"
tell "and hot if touched within $HOT_MS ms (hot_threshold_ms), for the kernel default and tpp alike"
echo $SCAN_PERIOD_MS > $scan/scan_period_min_ms
echo $SCAN_PERIOD_MS > $scan/scan_period_max_ms
echo $HOT_MS > $scan/hot_threshold_ms
: > $run/table
start_load
run_phases
bypassed=$(event bypassed)
check_load
kill $load $server
print_table
check_table
