#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does a run's object say what the guest's lines and the plugin's counters say? Of made-up ones: no guest
# is booted. Prints KTAP.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=13

command -v jq > /dev/null || { printf '%s\n' "TAP version 14" "1..0 # SKIP no jq: make deps BENCH=1"; exit 4; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source-path=SCRIPTDIR
. "$here/../ktap.sh"

# --- what came back -------------------------------------------------------------------

# Six intervals of a second, of 100 accesses each; after a shift, the fourth begins on slow memory again.
guest_lines()
{
	local i=0 fast
	echo '{"about": {"hot_bytes": 8192}}'
	echo '{"contestant": {"settings": {"knob": 1}, "given": "", "bpf_bytes": 64}}'
	echo '{"vmstat_begin": {"pgpromote_success": 5, "pgdemote_kswapd": 1, "pgmigrate_success": 10}}'
	for fast in 0 50 90 10 100 100; do
		jq -nc --argjson i $i --argjson fast $fast '{interval: $i, start_ns: ($i * 1000000000), ns: 1000000000, ops: 100,
			shift: ($i == 3), user: [$fast, 100 - $fast], kernel: [50, 0], hot_fast: ($fast / 100),
			latency: {p99_us: $i}, latency_so_far: {p50_us: 1, p99_us: $i}}'
		i=$((i + 1))
	done
	echo '{"vmstat_end": {"pgpromote_success": 7, "pgdemote_kswapd": 1, "pgdemote_direct": 3, "pgmigrate_success": 14}}'
	echo '{"ended": {"ejected": null, "stats": {"status": {"events": {"pingpong_pages": 4}, "knobs": {"rate": 9}}}}}'
}

# A phase for each interval, from 1; what came before has none.
counters()
{
	jq -n '{time: "verified", qemu: "10.0.2", llc_kib: 1024, slowdown: 4,
		total: {instructions: {user: 60, kernel: 6}, work_ns: 66, threads: {ktierx: {instructions: 6}}, groups: {}},
		phases: [range(1; 7) | {tag: ., instructions: {user: (10 * .), kernel: .}, work_ns: .,
			threads: {ktierx: {instructions: .}}, groups: {hooks: {instructions: 1}}}]}' > "$work/counters"
}

# figure FILTER [STATUS]
figure()
{
	jq -c -s -f "$here/metrics.jq" --slurpfile counters "$work/counters" --rawfile err <(echo "it broke") \
		--arg workload w --arg contestant c --arg ratio 1:4 --arg guest small --argjson seed 1 --argjson fast 1 \
		--argjson slow 4 --argjson status "${2:-0}" --arg date now --arg commit abc --arg rig r --arg key k \
		--arg object "" --arg kernel linux --arg seconds 9 < "$work/lines" | jq -c "$1"
}

# --- what is tested -------------------------------------------------------------------

echo "TAP version 14"
echo "1..$tests"
guest_lines > "$work/lines"
counters
result "time is that of the intervals" is "$(figure '.time | [.modelled_s, .steady_s, .is]')" '[6,2,"verified"]'
result "accesses are those of user code" is "$(figure '.accesses | [.fast_share, .steady_fast_share, .misses]')" \
	'[0.5833,1,[350,250]]'
result "convergence begins anew with each shift" is "$(figure '[.convergence[] | [.from_s, .final, .after_s]]')" \
	'[[0,0.9,3],[3,1,2]]'
result "the hot set is looked at in the last third" is "$(figure '.hot_set | [.at_end_fast, .steady_fast]')" '[1,1]'
result "times of requests are those of the run, and of the last third" is "$(figure '.latency')" \
	'{"p50_us":1,"p99_us":5,"steady_p99_us":4.5}'
result "moves are those of the run" is "$(figure '.moves | [.promoted, .demoted, .migrated, .pingpong]')" '[2,3,4,4]'
result "bytes moved are per byte of the hot set" is "$(figure '.moves.bytes_per_hot_byte')" 2
result "steady work is that of the last third's phases" is \
	"$(figure '.steady_work | [.instructions.user, .instructions.kernel, .threads.ktierx.instructions, .groups.hooks.instructions]')" \
	'[110,11,11,2]'
result "settings are those of the contestant and the policy" is "$(figure '.settings')" '{"knob":1,"rate":9}'
result "a run that ended well is complete" is "$(figure '[.complete, .error]')" '[true,null]'
result "one that did not says why" is "$(figure '[.complete, .error]' 3)" '[false,"it broke"]'
jq '.time = "none"' "$work/counters" > "$work/none" && mv "$work/none" "$work/counters"
result "times that cannot be trusted are not there" is "$(figure '[.time.modelled_s, .intervals[0].ops_per_s]')" '[null,null]'
sed -i 's/"hot_bytes"/"kernel_accesses": true, "hot_bytes"/' "$work/lines"
result "of a workload that the kernel reads for, its accesses count too" is "$(figure '.accesses | [.of, .misses]')" \
	'["user and kernel",[650,250]]'
