# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The checks of calibrate. Each prints a line of what was seen and what it has to be, and sets failed.

# shellcheck disable=SC2154 # what is used of calibrate
report()	# OK-OR-NOT WHAT SEEN WANTED
{
	local verdict=ok
	[ "$1" = 0 ] || { verdict=FAILED; failed=1; }
	printf '%-7s%-48s%-34s%s\n' "$verdict" "$2" "$3" "$4"
}

report_that()	# EXPRESSION-OF-AWK WHAT SEEN WANTED
{
	awk "BEGIN { exit !($1) }"
	report $? "$2" "$3" "$4"
}

# check_line WHAT FILE LINE NODE LATENCY [THREADS [SLOWDOWN [PER_NS]]]: one line of "known"
check_line()
{
	local line share error
	line=$(sed -n "${3}p" "$2")
	[ -n "$line" ] || { report 1 "$1" "nothing measured" ""; return; }
	share=$(jq "[.user_misses[$4] / (.user_misses | add), .user_misses[$4] / .loads] | min" <<< "$line")
	error=$(jq ".ns / (.loads * ($5 + .instructions_per_load / ${8:-1}) * ${7:-1} / ${6:-1}) - 1" <<< "$line")
	report_that "$share >= $MIN_ON_NODE" "$1: misses" "$(percent "$share") on node $4" ">= $(percent $MIN_ON_NODE)"
	report_that "$error <= $MAX_TIME_ERROR && $error >= -$MAX_TIME_ERROR" "$1: time" \
		"$(percent "$error") off theory" "<= $(percent $MAX_TIME_ERROR)"
}

percent() { awk -v x="$1" 'BEGIN { printf "%.3f%%", 100 * x }'; }

# Where the plugin thinks nodes are, and what the firmware told the guest.
check_map()	# WHAT NAME
{
	local seen nr
	nr=$(grep -c 'SRAT: Node .* \[mem' "$results/$2/dmesg")
	seen=$(sed -n 's/.*SRAT: Node \([0-9]*\) PXM .* \[mem \(0x[0-9a-f]*\)-\(0x[0-9a-f]*\)\].*/\1 \2 \3/p' "$results/$2/dmesg" |
		while read -r node first last; do
			jq -r '.memory[] | @tsv' "$results/$2/counters.json" | while read -r n start end; do
				[ "$n" != "$node" ] || ((first < start || last > end)) || echo in
			done
		done | wc -l)
	report_that "$nr > 0 && $seen == $nr" "$1: address map" "$seen of $nr ranges of the SRAT" "all"
}

check_nodes()
{
	local name=below n
	boot below --node size=512M,cpus=1,latency=80 --node size=1G,latency=250 -- \
		sh -c "known misses 0 $MIB 0; known misses 1 $MIB 0"
	check_map "2 nodes below 4 GiB" below
	check_line "2 nodes below 4 GiB, node 0" "$results/below/out" 1 0 80
	check_line "2 nodes below 4 GiB, node 1" "$results/below/out" 2 1 250

	boot above2 --node size=1G,cpus=1,latency=80 --node size=3G,latency=250 -- \
		sh -c "known misses 0 $MIB 0; known misses 1 1536 0"
	check_map "2 nodes, to above 4 GiB" above2
	check_line "2 nodes, to above 4 GiB, node 0" "$results/above2/out" 1 0 80
	check_line "2 nodes, to above 4 GiB, node 1" "$results/above2/out" 2 1 250

	boot above3 --node size=1536M,cpus=1,latency=80 --node size=1G,latency=140 --node size=2G,latency=250 -- \
		sh -c "for n in 0 1 2; do known misses \$n $MIB 0; done"
	check_map "3 nodes, to above 4 GiB" above3
	for n in 0 1 2; do
		check_line "3 nodes, to above 4 GiB, node $n" "$results/above3/out" $((n + 1)) $n \
			"$(echo 80 140 250 | cut -d' ' -f$((n + 1)))"
	done
}

check_slowdown()
{
	local n
	for n in 4 16; do
		boot slow$n --fast 512 --slow 512 --cpus 1 --slowdown $n -- known misses 1 $MIB 0
		check_line "a machine $n times slower, node 1" "$results/slow$n/out" 1 1 250 1 $n
	done
}

check_faster()
{
	boot faster --fast 512 --slow 512 --cpus 1 --slowdown 4 --per-ns 2 -- known misses 1 $MIB 0
	check_line "2 instructions per ns, node 1" "$results/faster/out" 1 1 250 1 4 2
}

# The first line of a page waits, and each of the others is under way by then.
check_prefetch()
{
	boot prefetch --fast 512 --slow 512 --cpus 1 --prefetch -- \
		sh -c "known misses 0 $MIB 0; known misses 1 $MIB 0"
	check_line "prefetched, node 0" "$results/prefetch/out" 1 0 "(80 + 63 * 1) / 64"
	check_line "prefetched, node 1" "$results/prefetch/out" 2 1 "(250 + 63 * 3) / 64"
}

check_sockets()
{
	local cpu node line=0 latency=(80 140 250 140 80 310)
	boot sockets --node size=512M,cpus=1,latency=80 --node size=512M,cpus=1,latency=80 \
		--node size=512M,latency=250,initiator=0 -- \
		sh -c "for c in 0 1; do for n in 0 1 2; do known misses \$n $MIB \$c; done; done"
	for cpu in 0 1; do
		for node in 0 1 2; do
			line=$((line + 1))
			check_line "2 sockets, CPU $cpu, node $node" "$results/sockets/out" $line $node \
				"${latency[$((line - 1))]}"
		done
	done
}

check_parallel()
{
	local n
	boot parallel --fast 512 --slow 512 --cpus 4 -- \
		sh -c "for n in 1 2 4; do known parallel 1 $MIB \$n; done"
	for n in 1 2 4; do
		check_line "$n threads at a time" "$results/parallel/out" $((n == 4 ? 3 : n)) 1 250 $n
	done
}

# shellcheck disable=SC2016 # for the guest's shell
TIERING='echo 2 > /proc/sys/kernel/numa_balancing
	echo 1 > /sys/kernel/mm/numa/demotion_enabled
	for f in scan_delay_ms scan_period_min_ms scan_period_max_ms; do
		echo 100 > /sys/kernel/debug/sched/numa_balancing/$f
	done
	known hot 1 48 $0'

tiering() { boot "$1" --fast 256 --slow 512 --cpus 2 -- sh -c "$TIERING" "$2"; }

check_repeats()
{
	local seed run spread
	for seed in 1 2 3 4 5; do
		tiering "seed$seed" $seed
	done
	for run in 2 3; do
		tiering "again$run" 1
		cmp -s "$results/again$run/counters.json" "$results/seed1/counters.json" &&
			cmp -s "$results/again$run/out" "$results/seed1/out" && [ -s "$results/seed1/out" ]
		report $? "tiering, run $run of the same" "$(sha256sum < "$results/again$run/counters.json" | cut -c1-16)" \
			"$(sha256sum < "$results/seed1/counters.json" | cut -c1-16)"
	done
	spread=$(cat "$results"/seed*/out | jq -s 'map(.ns) | sort | if length == 5 then (.[4] - .[0]) / .[2] else 1 end')
	report_that "$spread <= $MAX_SEED_SPREAD" "tiering, 5 seeds: spread of time" "$(percent "$spread")" \
		"<= $(percent $MAX_SEED_SPREAD)"
}

check_all()
{
	rm -rf "$results"
	mkdir -p "$results"
	printf '%-7s%-48s%-34s%s\n' "" "what" "seen" "wanted"
	check_nodes
	check_slowdown
	check_faster
	check_prefetch
	check_sockets
	check_parallel
	check_repeats
	return $failed
}
