# SPDX-License-Identifier: GPL-2.0-only
#
# aggregate.jq: from lines of runs (slurped) and the plan of what should be there to one object: figures of each
# contestant under each workload, how far our policies are behind, and what is missing.

# Upper bounds are no peers: nobody can use them.
def bounds: ["all-fast", "oracle"];
# Closer than that is no difference.
def tie: 0.01;
# What a smaller difference between none and all-fast says is noise.
def min_gap: 0.02;

def present: map(select(. != null));
def median: present | sort | length as $n
	| if $n == 0 then null elif $n % 2 == 1 then .[$n / 2 | floor] else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;
def spread: present | if length == 0 then null else {median: median, min: min, max: max, n: length} end;
# Of lists, place by place: as convergence after the start, and after each shift.
def spread_each: present | (map(length) | max // 0) as $n | [range($n) as $i | map(.[$i]) | spread];
# Of objects, member by member.
def spread_members: present | if length == 0 then null else
	[.[] | to_entries[]] | group_by(.key) | map({key: .[0].key, value: (map(.value) | spread)}) | from_entries end;
def ratio_of($a; $b): if $a == null or ($b // 0) == 0 then null else $a / $b end;

def group_id: "\(.workload)/\(.ratio)/\(.guest)";
def order_in($list): . as $x | ($list | index([$x])) // ($list | length);
def unique_in_order: reduce .[] as $x ([]; if index([$x]) then . else . + [$x] end);

# --- one run --------------------------------------------------------------------------

def verified: .time.is == "verified";
def state: if .ejected then "ejected" elif .complete then "ok" else "failed" end;
def modelled: if verified then .time.modelled_s else null end;

# Threads whose work is that of tiering.
def tiering_threads: ["ktierx", "kswapd", "kdamond", "kcompactd", "khugepaged", "tierx", "agerd"];
def scanning_groups: ["scanning", "idle_tracking"];

def cost_of($what): # "instructions" or "work_ns"
	. as $w
	| (if $what == "instructions" then ($w.instructions // {} | add) else $w.work_ns end) as $all
	| {hooks: ($w.groups.hooks[$what] // 0),
	   threads: ([tiering_threads[] | $w.threads[.][$what] // 0] | add),
	   scanning: ([scanning_groups[] | $w.groups[.][$what] // 0] | add)}
	| map_values(ratio_of(.; $all));

def costs: if (.work.instructions // null) == null then null
	else {instructions: (.work | cost_of("instructions"))} + if verified then {ns: (.work | cost_of("work_ns"))} else {} end end;

def steady_cost: if (.steady_work.instructions // null) == null then null
	else .steady_work | cost_of("instructions") | add end;

# --- one contestant -------------------------------------------------------------------

def gap($none; $all_fast): # of a time
	if . == null or $none == null or $all_fast == null or $none < $all_fast * (1 + min_gap) then null
	else ($none - .) / ($none - $all_fast) end;

# The time of a bound with the same seed, or else with any.
def bound($lines; $name; $seed):
	[$lines[] | select(.contestant == $name and state == "ok")] as $of
	| ([$of[] | select(.seed == $seed) | modelled] | median) // ([$of[] | modelled] | median);

def tenants: [.[].tenants // [] | .[]] | group_by(.name) | map({name: .[0].name,
	ops_per_s: (map(ratio_of(.ops; .s)) | spread), fast_mib: (map(.fast_mib) | spread)});

# From the good runs of one contestant.
def figures($lines):
	. as $runs
	| {
		time_s: ($runs | map(modelled) | spread),
		steady_s: ($runs | map(if verified then .time.steady_s else null end) | spread),
		gap: ($runs | map(. as $r | modelled
			| gap(bound($lines; "none"; $r.seed); bound($lines; "all-fast"; $r.seed))) | spread),
		speed: ($runs | map(ratio_of(bound($lines; "none"; .seed); modelled)) | spread),
		fast_share: ($runs | map(.accesses.fast_share) | spread),
		steady_fast_share: ($runs | map(.accesses.steady_fast_share) | spread),
		accesses_of: ($runs[0].accesses.of),
		hot_fast: ($runs | map(.hot_set.steady_fast) | spread),
		converged_s: ($runs | map(if verified then .convergence // [] | map(.after_s) else null end) | spread_each),
		promoted: ($runs | map(.moves.promoted) | spread),
		demoted: ($runs | map(.moves.demoted) | spread),
		migrated: ($runs | map(.moves.migrated) | spread),
		failed_moves: ($runs | map(.moves.failed) | spread),
		pingpong: ($runs | map(.moves.pingpong) | spread),
		bytes_per_hot_byte: ($runs | map(.moves.bytes_per_hot_byte) | spread),
		cost: ($runs | map(costs.instructions) | spread_members),
		steady_cost: ($runs | map(steady_cost) | spread),
		cost_ns: ($runs | map(costs.ns) | spread_members),
		state_bytes: ($runs | map(.state_bytes) | spread),
		latency: ($runs | map(.latency) | spread_members),
		tenants: ($runs | tenants),
		settings: ($runs[0].settings),
		intervals: ($runs | sort_by(.seed) | .[0].intervals)
	};

def row($name; $plan; $lines):
	[$lines[] | select(.contestant == $name)] as $mine
	| [$mine[] | select(state == "ok")] as $good
	| [$plan[] | select(.contestant == $name)] as $planned
	| {contestant: $name,
	   policy: (any($mine[], $planned[]; .policy)),
	   seeds: ($good | map(.seed) | sort),
	   nr_runs: ($mine | length),
	   ejected: [$mine[] | select(state == "ejected") | {seed, reason: .ejected}],
	   failed: [$mine[] | select(state == "failed") | {seed, reason: (.error // "status \(.status)")}],
	   missing: ([$planned[].seed] - [$mine[].seed]),
	   # As long as it went: no figures that can be compared with those of others.
	   figures: (if ($good | length) > 0 then ($good | figures($lines)) else null end)}
	| .state = (if (.ejected | length) > 0 then "ejected" elif .figures then "ok"
		elif (.failed | length) > 0 then "failed" else "missing" end);

# --- one workload ---------------------------------------------------------------------

def score($timed): .figures | if . == null then null elif $timed then .gap.median else .fast_share.median end;

# How far each policy is behind the best that is neither a policy nor a bound. "none" is one of these.
def compare:
	. as $g
	| [$g.rows[] | select(.state == "ok" and (.policy | not) and (.contestant as $c | bounds | index($c) | not))
		| select(score($g.timed) != null)] as $peers
	| ($peers | max_by(score($g.timed))) as $best
	| .best_peer = (if $best then $best | {contestant, score: score($g.timed), time_s: .figures.time_s.median} else null end)
	| .policies = [$g.rows[] | select(.policy and .state != "missing")
		| {contestant, state, score: score($g.timed), time_s: .figures.time_s.median}
		| . + {behind: (if .score != null and $best then ($best | score($g.timed)) - .score else null end),
		       slower: (if .time_s and $best then ratio_of(.time_s; $best.figures.time_s.median) else null end)}]
	| .best_policy = ([.policies[] | select(.state == "ok" and .score != null)] | max_by(.score));

def group_of($plan; $lines; $order):
	($plan + $lines)[0] as $any
	| {workload: $any.workload, ratio: $any.ratio, guest: $any.guest, id: ($any | group_id),
	   rows: [($plan + $lines | map(.contestant) | unique | sort_by(order_in($order)))[] as $name | row($name; $plan; $lines)]}
	# Times say something only when all can be compared.
	| .timed = any(.rows[]; .figures.time_s != null)
	| .unverified = ([$lines[] | select(state == "ok" and (verified | not))] | length)
	| .gap_known = any(.rows[]; .figures.gap != null)
	| .timed = (.timed and .gap_known)
	| compare;

# --- all ------------------------------------------------------------------------------

def system($lines):
	{kernels: ($lines | map(.system.kernel) | present | unique),
	 qemu: ($lines | map(.system.qemu) | present | unique),
	 llc_kib: ($lines | map(.system.llc_kib) | present | unique),
	 clocks: ($lines | map(.system.clock) | present | unique),
	 commits: ($lines | map(.system.commit) | present | unique),
	 rigs: ($lines | map(.rig) | present | unique),
	 from: ($lines | map(.system.date) | present | min), to: ($lines | map(.system.date) | present | max),
	 host_seconds: ($lines | map(.system.host_seconds) | present | add)};

def plan: $plan | split("\n") | map(select(. != "") | split("\t")
	| {workload: .[0], contestant: .[1], ratio: .[2], guest: .[3], seed: (.[4] | tonumber), key: .[5], policy: (.[6] == "policy")});

def run_id: "\(group_id)/\(.contestant)/\(.seed)";

# Not those of a policy before it was changed, or of settings that are no longer those.
def of_plan($plan): INDEX($plan[]; run_id) as $planned | map(select(($planned[run_id] // .).key == .key));

# A run that was repeated counts once, as it went last.
def last_of_each: [INDEX(run_id)[]];

plan as $plan
| (of_plan($plan) | last_of_each) as $lines
| ([$plan[], $lines[]] | map(.contestant) | unique_in_order) as $order
| [([$plan[], $lines[]] | map(group_id) | unique_in_order)[] as $id
	| group_of([$plan[] | select(group_id == $id)]; [$lines[] | select(group_id == $id)]; $order)] as $groups
| {system: system($lines),
   counts: {planned: ($plan | length), runs: ($lines | length), ok: ([$lines[] | select(state == "ok")] | length),
	ejected: ([$lines[] | select(state == "ejected")] | length), failed: ([$lines[] | select(state == "failed")] | length),
	missing: ([$groups[].rows[].missing[]] | length)},
   contestants: $order,
   groups: $groups,
   # By workload, where the best policy is behind, and by policy, wherever one is; the worst first.
   losses: ([$groups[] | select(.best_peer and .best_policy and .best_policy.behind >= tie)
		| {id, workload, ratio, guest, timed, best_peer, best_policy}] | sort_by(-.best_policy.behind)),
   wins: ([$groups[] | select(.best_peer and .best_policy and .best_policy.behind < tie)
		| {id, workload, ratio, guest, timed, best_peer, best_policy}] | sort_by(-.best_policy.behind)),
   behind: ([$groups[] as $g | $g.policies[] | select(.state != "ok" or (.behind // 0) >= tie)
		| . + {id: $g.id, workload: $g.workload, ratio: $g.ratio, timed: $g.timed, best_peer: $g.best_peer}]
		| sort_by(if .state == "ok" then -.behind else -1000 end))}
