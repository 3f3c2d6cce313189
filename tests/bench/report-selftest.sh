#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the report say what the lines of runs say, and does a matrix run what it should? Over made-up lines,
# and with a made-up tests/bench/run: no guest is booted. Prints KTAP.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=44

for tool in jq gnuplot; do
	command -v $tool > /dev/null || { printf '%s\n' "TAP version 14" "1..0 # SKIP no $tool: make deps BENCH=1"; exit 4; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source-path=SCRIPTDIR
. "$here/../ktap.sh"

# --- lines ----------------------------------------------------------------------------

# line CONTESTANT SEED SECONDS FAST-SHARE [JQ-CHANGE]
line()
{
	jq -nc --arg c "$1" --argjson seed "$2" --argjson s "$3" --argjson fast "$4" '{
	workload: "static", contestant: $c, seed: $seed, ratio: "1:4", guest: "small",
	key: "static/\($c)/1:4/small/\($seed)/-", rig: "0123456789ab", policy: ($c | test("^our")),
	complete: true, status: 0, error: null, ejected: null,
	system: {date: "2026-01-02T03:04:05Z", commit: "abc", kernel: "linux 6.12.1 (6.12.1-1) x", qemu: "10.0.2", llc_kib: 1024,
		clock: "verified", host_seconds: 30},
	time: {modelled_s: $s, steady_s: ($s / 3), is: "verified"},
	accesses: {of: "user", fast_share: $fast, steady_fast_share: $fast},
	hot_set: {bytes: 4096, steady_fast: $fast}, convergence: [{from_s: 1, final: $fast, after_s: 0.5}],
	intervals: [{start_s: 1, s: ($s / 2), fast_share: 0.1}, {start_s: (1 + $s / 2), s: ($s / 2), fast_share: $fast}],
	moves: {promoted: 256, demoted: 128, migrated: 512, failed: 0, pingpong: null, bytes_per_hot_byte: 2},
	work: {instructions: {user: 900, kernel: 100}, work_ns: 2000, threads: {kswapd: {instructions: 20, work_ns: 20}},
		groups: {hooks: {instructions: 10, work_ns: 20}}},
	steady_work: {instructions: {user: 90, kernel: 10}, threads: {kswapd: {instructions: 3}}, groups: {scanning: {instructions: 2}}},
	state_bytes: 0, tenants: [], latency: null} | '"${5:-.}"
}

unverified='.time = {modelled_s: null, steady_s: null, reason: "x"} | .system.clock = "none"'

make_lines()
{
	line none 1 10 0
	line none 2 12 0
	line all-fast 1 5 1
	line all-fast 2 4 1
	line peer 1 6 0.8 '.latency = {p50_us: 1000, p99_us: 4000, "p99.9_us": 5000, steady_p99_us: 3000}'
	# 80 % of 10 to 5, and 50 % of 12 to 4; a third seed has no bounds of its own.
	line our-good 1 6 0.8
	line our-good 2 8 0.6
	line our-good 3 6.5 0.6
	line our-bad 1 11 0.1
	line our-bad 1 7 0.1 '.key = "another run, as with other settings" | .contestant = "our-bad:x=1"'
	line our-bad 1 5 0.9 '.key = "static/our-bad/1:4/small/1/as it was before"'
	line our-changed 1 5 0.9 '.key = "static/our-changed/1:4/small/1/as it was before"'
	line our-thrown-out 1 9 0.4 '.ejected = "stall: no tick"'
	line our-broken 1 9 0.4 '.complete = false | .status = 124 | .error = "a time limit"'
	echo '{"workload":"static","contestant":"cut sh'
}

plan_line() { printf 'static\t%s\t1:4\tsmall\t%s\tstatic/%s/1:4/small/%s/-\t%s\n' "$1" "$2" "$1" "$2" "$3"; }

make_plan()
{
	for c in none all-fast peer; do plan_line $c 1 ''; done
	for c in our-good our-bad our-thrown-out our-broken our-absent our-changed; do plan_line $c 1 policy; done
	plan_line our-bad 2 policy
}

report() { "$here/report" --plan "$work/plan" --out "$work" "$@" 2> "$work/err"; }
figure() { jq -c "$1" "$work/aggregate"; }
row() { echo ".groups[0].rows[] | select(.contestant == \"$1\")"; }

# --- what is tested -------------------------------------------------------------------

test_arithmetic()
{
	result "gap closed is of none and all-fast with the same seed" is \
		"$(figure "$(row our-good) | .figures.gap | [.min, .max]")" "[0.5,0.8]"
	result "without such, of their medians; three seeds have a median" is \
		"$(figure "$(row our-good) | .figures.gap | [.n, (.median * 1000 | round)]")" "[3,692]"
	result "slower than no tiering is negative" is "$(figure "$(row our-bad) | .figures.gap.median")" "-0.2"
	result "the median of two is between them" is "$(figure "$(row none) | .figures.time_s.median")" 11
	result "work is of all instructions" is \
		"$(figure "$(row peer) | .figures.cost | [.hooks.median, .threads.median, .scanning.median]")" "[0.01,0.02,0]"
	result "that of the last third is on its own" is "$(figure "$(row peer) | .figures.steady_cost.median")" "0.05"
	result "and of all time" is "$(figure "$(row peer) | .figures.cost_ns.hooks.median")" "0.01"
}

test_losses()
{
	result "bounds are no peers" is "$(figure '.groups[0].best_peer.contestant')" '"peer"'
	result "our best is compared with the best peer" is \
		"$(figure '.losses[0] | [.best_policy.contestant, (.best_policy.behind * 1000 | round)]')" '["our-good",108]'
	result "each policy that is behind is listed, an ejected one first" is \
		"$(figure '[.behind[].contestant]')" '["our-thrown-out","our-broken","our-bad","our-bad:x=1","our-good"]'
	result "losses are the first thing in the report" is \
		"$(grep -m1 '^## ' "$work/report.md")" "## Losses first"
}

test_states()
{
	result "an ejected policy has no figures" is "$(figure "$(row our-thrown-out) | [.state, .figures]")" '["ejected",null]'
	result "its reason is told" says report.md 'our-thrown-out \| \*\*ejected\*\* \| seed 1 \| stall: no tick'
	result "so is that of a failed run" says report.md 'our-broken \| \*\*failed\*\* \| seed 1 \| a time limit'
	result "a run that was planned is missing" says report.md 'our-absent, our-changed \| \*\*missing\*\* \| seed 1 '
	result "one of a policy before it was changed does not count" is \
		"$(figure "$(row our-changed) | [.state, .figures]") $(figure "$(row our-bad) | .nr_runs")" '["missing",null] 1'
	result "so is another seed of one that is there" is "$(figure "$(row our-bad) | .missing")" "[2]"
	result "what was cut short does not count" is "$(figure '.counts.runs')" 12
	result "the p99 of the steady state is beside that of all requests" says report.md '^\| peer \| 1000.0 \| 4000.0 \| 5000.0 \| 3000.0 \|'
	result "the page has a plot of each kind and no other files" is \
		"$(grep -c '^<svg' "$work/report.html") $(grep -cE '(src|href)=.?(http|[a-z]*\.svg)' "$work/report.html")" "4 0"
}

test_unverified()
{
	{ line none 1 0 0 "$unverified"; line all-fast 1 0 1 "$unverified"; line peer 1 0 0.7 "$unverified"
		line our-good 1 0 0.6 "$unverified"; } > "$work/lines"
	report "$work/lines"
	report --aggregate "$work/lines" > "$work/aggregate"
	result "times that are not verified are not reported" is \
		"$(figure "$(row peer) | .figures | [.time_s, .gap, .cost_ns, .fast_share.median]")" '[null,null,null,0.7]'
	result "accesses are compared then" is "$(figure '.losses[0].best_policy.behind * 1000 | round')" 100
	result "and the report says so" says report.md '^\| times \| not verified on this machine'
}

# A rig whose runs take no time: one contestant fails without a line, one is best with left=2 and right=6.
make_rig()
{
	rig=$work/rig/tests/bench
	mkdir -p "$work/rig/tests/vm" "$work/rig/bpf" "$rig/machine" "$work/build/guest" "$work/build/bench"
	cp -r "$here"/{matrix,tune,pool.sh,common.sh,report,report.d,metrics.jq,workloads,contestants} "$rig"
	touch "$work/rig/tests/vm/topology.sh" "$rig/machine/"{boot,functions,threads} "$work/rig/bpf/tpp.bpf.c" \
		"$work/build/guest/BUILD-INFO" "$work/build/bench/"{tier.so,guest.cpio}
	printf '#!/bin/sh\necho qemu 10.0.2\n' > "$rig/machine/qemu"
	printf 'knob %s\n' 'left 1 1 2 3' 'right 5 5 6' > "$rig/contestants/knobbed.sh"
	: > "$rig/contestants/tuned.conf"
	cat > "$rig/run" <<-'END'
	#!/bin/bash
	echo "$2 $4 $8" >> "$RUNS"
	sleep "${RUN_SECONDS:-0}"
	[ "$4" != numab ] || { echo "the reason" >&2; exit 3; }
	bench=$(dirname "$0") object=
	. "$bench/common.sh"
	[ "$3" = --contestant ] || object=$BUILD/bpf/$4.bpf.o
	key=$(run_key "$2" "$4" "" "$6" small "$8" "$(own_content "$2" "$object")" "${@:13}")
	seconds=10
	[[ $4 != knobbed* ]] || seconds=8
	[[ $4 != *left=2* ]] || seconds=$((seconds - 1))
	[[ $4 != *left=3* ]] || seconds=$((seconds + 1))
	[[ $4 != *right=6* ]] || seconds=$((seconds - 2))
	jq -nc --arg w "$2" --arg c "$4" --argjson s "$8" --arg k "$key" --argjson t $seconds '{workload: $w, contestant: $c,
		ratio: "1:4", guest: "small", seed: $s, key: $k, complete: true, system: {host_seconds: 1},
		time: {modelled_s: $t, is: "verified"}}' > "${12}"
	END
	chmod +x "$rig/machine/qemu" "$rig/run"
}

exec_matrix() { exec env BUILD="$work/build" RUNS="$work/runs" ONLY='static/numab static/tpp' "$rig/matrix" > "$work/out" 2> "$work/err"; }
matrix() { (exec_matrix); }

test_matrix()
{
	make_rig
	: > "$work/runs"
	matrix
	result "a matrix with a failed run ends with 1" is $? 1
	result "bounds are added, and run first" is "$(head -n 2 "$work/runs" | sort | paste -sd,)" "static all-fast 1,static none 1"
	result "a failed run is a line with the reason" is \
		"$(jq -r 'select(.complete | not) | .contestant + ": " + .error' "$work"/build/bench/results/*.jsonl)" "numab: the reason"
	matrix
	result "nothing is run twice, nor what failed" is "$(wc -l < "$work/runs")" 4
	echo changed > "$work/rig/bpf/tpp.bpf.c"
	mkdir -p "$work/build/bpf"
	echo changed > "$work/build/bpf/tpp.bpf.o"
	matrix
	result "a policy that was changed is run again, and only that" is "$(tail -n +5 "$work/runs" | paste -sd,)" "static tpp 1"
	mkdir "$rig/results"
	for f in "$work"/build/bench/results/*.jsonl; do xz -c "$f" > "$rig/results/${f##*/}.xz"; rm "$f"; done
	matrix
	result "what came with the sources is not run again" is "$(wc -l < "$work/runs")" 5
	rm -r "$rig/results"
	TIMES=3 matrix
	result "runs that take longer are others" is "$(wc -l < "$work/runs") $(cat "$work"/build/bench/results/*.x3.jsonl |
		jq -r 'select(.contestant == "tpp") | .key' | cut -d/ -f7-)" "9 --intervals/72"
	result "and the report is of these" says build/bench/report.md "^\\| counts \\| 4 runs: 3 good"
	rm "$work"/build/bench/results/*.x3.jsonl
	result "all that looks for hot memory is run with more seeds" is "$(seeds_of tpp)" "1 2 3 4 5"
	result "what does not is run with one" is "$(seeds_of mglru)" 1
}

seeds_of() { BUILD=$work/build "$rig/matrix" --plan | awk -v c="$1" '$1 == "jump" && $2 == c { print $5 }' | paste -sd' '; }

# One signal: what runs is waited for, and kept. Two: it is not.
interrupt()	# TIMES
{
	rm -f "$work"/build/bench/results/*
	: > "$work/runs"
	RUN_SECONDS=3 JOBS=1 exec_matrix &
	until [ -s "$work/runs" ]; do sleep 0.1; done
	for _ in $(seq "$1"); do
		kill -TERM $!
		sleep 0.5
	done
	wait $!
}

test_interruption()
{
	interrupt 1
	result "an interrupted matrix ends with 130" is $? 130
	result "what ran is kept, and nothing more is begun" is "$(cat "$work"/build/bench/results/*.jsonl | wc -l) $(wc -l < "$work/runs")" "1 1"
	result "what is missing is told" says err 'missing static/tpp 1:4 seed 1'
	interrupt 2
	result "a second signal drops what runs" test ! -s "$(echo "$work"/build/bench/results/*.jsonl)"
}

tune() { (export BUILD=$work/build RUNS=$work/runs; "$rig/tune" "$@" > "$work/out" 2> "$work/err"); }
found() { sed -n 's/^knobbed //p' "$rig/contestants/tuned.conf"; }

# A candidate is four runs: the defaults, left=2, left=3, right=6, and the others once more.
test_tune()
{
	rm -f "$work"/build/bench/results/*
	: > "$work/runs"
	BUDGET=12 tune knobbed
	result "a search ends with its budget" is "$(found) $(grep -c knobbed "$work/runs")" "left=2 12"
	tune knobbed
	result "with more of it, it goes on, and finds the best" is $? "0"
	result "which is written down" is "$(found)" "left=2 right=6"
	result "with what it is worth" says rig/tests/bench/contestants/tuned.conf '^# knobbed: .*space: left=1,2,3 right=5,6; score 0.5000 \(defaults 0.8000\)'
	result "nothing is run twice for it" is "$(wc -l < "$work/runs") $(sort -u "$work/runs" | wc -l)" "28 28"
	result "the next matrix has it" is \
		"$(BUILD=$work/build ONLY='*/knobbed-tuned' SEEDS=1 "$rig/matrix" --plan | grep -c knobbed-tuned)" "$(find "$rig/workloads" -name 'wl-*.c' | wc -l)"
	tune numab
	result "of what fails nothing is found" says err '^tune: nothing known of numab'
}

echo "TAP version 14"
echo "1..$tests"
make_plan > "$work/plan"
make_lines > "$work/lines"
report "$work/lines"
report --aggregate "$work/lines" > "$work/aggregate"
test_arithmetic
test_losses
test_states
test_unverified
test_matrix
test_interruption
test_tune
