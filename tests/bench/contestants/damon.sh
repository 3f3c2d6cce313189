# SPDX-License-Identifier: GPL-2.0-only
#
# damon: DAMON on physical addresses promotes hot regions (migrate_hot) and demotes cold ones
# (migrate_cold), with quotas that follow how full the fast node is.
# Source: scripts/mem_tier.sh of damo, by DAMON's author: demote what has no access, promote what
# has 5 % or more, at most 200 MB/s each, every second; goals are 0.5 % free and 99.7 % used on
# node 0; what is young is not demoted, what is not young is not promoted. Differences, because
# kernels before 6.16 lack them: the goals' values come from user space (user_input) once a
# second, and intervals are DAMON's defaults instead of tuned ones. What counts as free is what is
# above the high watermark: of a node as small as a guest's, the watermarks are several percent, and
# nothing would ever be demoted for half a percent.
damon=/sys/kernel/mm/damon/admin/kdamonds
knob hot_percent 5 5 25 50
knob quota_mb 200 64 200 1000
knob aggr_us 100000 20000 100000 400000
knob min_regions 10 10 100 500
knob max_regions 1000 1000 5000
knob sample_us 5000 1000 5000 20000
knob apply_ms 1000 200 1000
knob cold_age_ms 0 0 500 2000
knob free_goal_bp 50 20 50 200
knob used_goal_bp 9970 9900 9970
knob update_us 1000000 200000 1000000

put() { echo "$2" > "$1" || die "$1: $2"; }

# node_ranges NODE: physical addresses, first and after the last, one line per zone.
node_ranges()
{
	awk -v node="$1" '
	$1 == "Node" { at = $2 + 0 }
	$1 == "spanned" { spanned = $2 }
	$1 == "present" { present = $2 }
	$1 == "start_pfn:" && at == node && present { printf "%.0f %.0f\n", $2 * 4096, ($2 + spanned) * 4096 }
	' /proc/zoneinfo
}

# context DIR NODE
context()
{
	local i=0 ranges first last
	put "$1/contexts/nr_contexts" 1
	put "$1/contexts/0/operations" paddr
	put "$1/contexts/0/monitoring_attrs/intervals/sample_us" "$sample_us"
	put "$1/contexts/0/monitoring_attrs/intervals/aggr_us" "$aggr_us"
	put "$1/contexts/0/monitoring_attrs/intervals/update_us" "$update_us"
	put "$1/contexts/0/monitoring_attrs/nr_regions/max" "$max_regions"
	put "$1/contexts/0/monitoring_attrs/nr_regions/min" "$min_regions"
	put "$1/contexts/0/targets/nr_targets" 1
	ranges=$(node_ranges "$2")
	put "$1/contexts/0/targets/0/regions/nr_regions" "$(echo "$ranges" | wc -l)"
	echo "$ranges" | while read -r first last; do
		put "$1/contexts/0/targets/0/regions/$i/start" "$first"
		put "$1/contexts/0/targets/0/regions/$i/end" "$last"
		i=$((i + 1))
	done
	put "$1/contexts/0/schemes/nr_schemes" 1
}

max_accesses() { echo $((aggr_us / sample_us)); }

# scheme DIR ACTION TARGET MIN-ACCESSES MAX-ACCESSES MIN-AGE YOUNG-IS-OUT GOAL
scheme()
{
	local s=$1/contexts/0/schemes/0
	put "$s/action" "$2"
	put "$s/target_nid" "$3"
	put "$s/apply_interval_us" $((apply_ms * 1000))
	put "$s/access_pattern/sz/min" 4096
	put "$s/access_pattern/sz/max" 18446744073709551615
	put "$s/access_pattern/nr_accesses/min" "$4"
	put "$s/access_pattern/nr_accesses/max" "$5"
	put "$s/access_pattern/age/min" "$6"
	put "$s/access_pattern/age/max" 4294967295
	put "$s/quotas/bytes" $((quota_mb * 1000000))
	put "$s/quotas/reset_interval_ms" 1000
	put "$s/quotas/goals/nr_goals" 1
	put "$s/quotas/goals/0/target_metric" user_input
	put "$s/quotas/goals/0/target_value" "$8"
	put "$s/quotas/goals/0/current_value" "$8"
	put "$s/filters/nr_filters" 1
	put "$s/filters/0/type" young
	put "$s/filters/0/matching" "$7"
}

high_kib()
{
	awk -v node="$1" '$1 == "Node" { at = $2 + 0 } $1 == "high" && at == node { sum += $2 * 4 } END { print sum }' \
		/proc/zoneinfo
}

# How much of node 0 is free and used, in 1/100 %, once per second.
feed_goals()
{
	local total=0 free=0 high bp
	high=$(high_kib 0)
	while :; do
		while read -r _ _ key value _; do
			case $key in
			MemTotal:) total=$value ;;
			MemFree:) free=$value ;;
			esac
		done < /sys/devices/system/node/node0/meminfo
		free=$((free > high ? free - high : 0))
		bp=$((free * 10000 / total))
		echo $bp > $damon/0/contexts/0/schemes/0/quotas/goals/0/current_value
		echo $((10000 - bp)) > $damon/1/contexts/0/schemes/0/quotas/goals/0/current_value
		echo commit_schemes_quota_goals > $damon/0/state
		echo commit_schemes_quota_goals > $damon/1/state
		sleep 1
	done
}

setup()
{
	local max
	max=$(max_accesses)
	put $damon/nr_kdamonds 2
	context $damon/0 0
	scheme $damon/0 migrate_cold 1 0 0 $((cold_age_ms * 1000 / aggr_us)) Y "$free_goal_bp"
	context $damon/1 1
	scheme $damon/1 migrate_hot 0 $(((hot_percent * max + 99) / 100)) "$max" 0 N "$used_goal_bp"
	put $damon/0/state on
	put $damon/1/state on
	feed_goals < /dev/null > /dev/null 2>&1 &
	echo $! > "$run/damon.pid"
}

# damon_stats DIR
damon_stats()
{
	echo update_schemes_stats > "$1/state"
	printf '{"tried_regions":%s,"tried_bytes":%s,"applied_regions":%s,"applied_bytes":%s,"quota_exceeds":%s}' \
		"$(cat "$1/contexts/0/schemes/0/stats/nr_tried")" \
		"$(cat "$1/contexts/0/schemes/0/stats/sz_tried")" \
		"$(cat "$1/contexts/0/schemes/0/stats/nr_applied")" \
		"$(cat "$1/contexts/0/schemes/0/stats/sz_applied")" \
		"$(cat "$1/contexts/0/schemes/0/stats/qt_exceeds")"
}

stats() { printf '"demoted":%s,"promoted":%s' "$(damon_stats $damon/0)" "$(damon_stats $damon/1)"; }

teardown()
{
	kill "$(cat "$run/damon.pid")"
	echo off > $damon/0/state
	echo off > $damon/1/state
}
