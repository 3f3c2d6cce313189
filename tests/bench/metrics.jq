# SPDX-License-Identifier: GPL-2.0-only
#
# metrics.jq: from what came back of a run (lines of the guest, the plugin's counters) to one object.
# "Steady" is the last third of the intervals.

def share: if (.[0] + .[1]) > 0 then .[0] / (.[0] + .[1]) else null end;
def round4: if . == null then null else (. * 10000 | round) / 10000 end;
def sum_pairs: reduce .[] as $p ([0, 0]; [.[0] + $p[0], .[1] + $p[1]]);
def steady: .[(length * 2 / 3 | floor):];

# Accesses that missed the cache: those of user code, or, of a workload that has its data read by the
# kernel, those of the kernel too.
def accesses($in_kernel): [.user // [0, 0], .kernel_user // [0, 0]] + if $in_kernel then [.kernel // [0, 0]] else [] end | sum_pairs;

# From the start, and from each shift: time until the share is at 90 % of what it ends with before
# the next shift. null: nothing was ever served by the fast node.
def converged:
	. as $part
	| ($part | steady | map(.fast_share | select(. != null)) | if length > 0 then add / length else null end) as $final
	| ($part[0].fast_share) as $first
	| if $final == null or $first == null or $final <= 0 then null
	  else ([$part[] | select((.fast_share // 0) >= 0.9 * $final)][0]) as $there
	  | {from_s: ($part[0].start_ns / 1e9 | round4), final: ($final | round4),
	     after_s: (($there.start_ns + $there.ns - $part[0].start_ns) / 1e9 | round4)}
	  end;

# What shifts most of the time has one part: there is no time to converge in between.
def parts: ((map(select(.shift)) | length) * 2 < length) as $seldom
	| reduce .[] as $i ([]; if ($i.shift and $seldom) or length == 0 then . + [[$i]] else .[:-1] + [.[-1] + [$i]] end);

def delta($before; $after; $name): ($after[$name] // 0) - ($before[$name] // 0);
def delta_all($before; $after): [$after | to_entries[] | {key, value: (.value - ($before[.key] // 0))} | select(.value != 0)] | from_entries;

# Sums of numbers, member by member.
def sum_of($a; $b):
	if ($a | type) == "object" and ($b | type) == "object" then
		reduce ($a + $b | keys_unsorted[]) as $k ({}; .[$k] = sum_of($a[$k]; $b[$k]))
	elif $a == null then $b elif $b == null then $a
	elif ($a | type) == "number" then $a + $b else null end;

# Phases have the number of their first interval, and one more.
def steady_work($phases; $nr): [$phases[] | select(.tag > ($nr * 2 / 3 | floor))
	| {instructions, work_ns, threads, groups}] | reduce .[] as $p (null; sum_of(.; $p));

def first($key): map(select(has($key))) | .[0][$key];

. as $lines
| ($lines | map(select(has("interval")))) as $raw
| ($lines | first("about") // {}) as $about
| ($about.kernel_accesses // false) as $in_kernel
| ($raw | map(. + {fast_share: (accesses($in_kernel) | share)})) as $intervals
| ($lines | first("vmstat_begin") // {}) as $before
| ($lines | first("vmstat_end") // {}) as $after
| ($lines | first("ended") // {}) as $ended
| ($lines | first("contestant") // {}) as $who
| ($counters[0] // {}) as $c
| ($ended.stats.status.events // {}) as $events
| (($c.time // "none") != "none") as $timed
| ($intervals | map(.ns) | add // 0) as $ns
| {
	workload: $workload, contestant: $contestant, seed: $seed, ratio: $ratio, guest: $guest,
	key: $key, rig: $rig, policy: ($object != ""),
	fast_mib: $fast, slow_mib: $slow, settings: (($who.settings // {}) + ($ended.stats.status.knobs // {})), given: ($who.given // ""),
	complete: ($status == 0 and ($ended | has("stats"))), status: $status,
	error: (if $status == 0 then null else ($err | split("\n") | map(select(. != "")) | .[-1]) end),
	ejected: ($ended.ejected | if . == null then null else .reason + (if .msg == "" then "" else ": " + .msg end) end),
	system: {date: $date, commit: $commit, kernel: $kernel, qemu: $c.qemu, llc_kib: $c.llc_kib, slowdown: $c.slowdown, insn_ns: $c.insn_ns,
		clock: ($c.time // "none"), host_seconds: ($seconds | tonumber)},
	time: (if $timed and $ns > 0 then {modelled_s: ($ns / 1e9 | round4), steady_s: ($intervals | steady | map(.ns) | add // 0 | . / 1e9 | round4), is: $c.time}
		else {modelled_s: null, steady_s: null, reason: (if $timed then "the workload did not run" else "the guest\u0027s clock does not feel latencies here (machine/calibrate)" end)} end),
	accesses: {of: (if $in_kernel then "user and kernel" else "user" end),
		fast_share: ($intervals | map(accesses($in_kernel)) | sum_pairs | share | round4),
		steady_fast_share: ($intervals | steady | map(accesses($in_kernel)) | sum_pairs | share | round4),
		misses: ($intervals | map(accesses($in_kernel)) | sum_pairs)},
	hot_set: {bytes: $about.hot_bytes, at_end_fast: ($intervals | last | .hot_fast),
		steady_fast: ($intervals | steady | map(.hot_fast | select(. != null)) | if length > 0 then add / length else null end | round4)},
	convergence: ($intervals | parts | map(converged)),
	intervals: ($intervals | map({start_s: (.start_ns / 1e9 | round4), s: (.ns / 1e9 | round4), ops, shift, hot_fast,
		fast_share: (.fast_share | round4), ops_per_s: (if $timed and .ns > 0 then .ops * 1e9 / .ns | round else null end)}
		+ if has("tenants") then {tenants} else {} end + if has("latency") then {latency} else {} end)),
	moves: {
		promoted: (delta($before; $after; "pgpromote_success")),
		promotion_candidates: (delta($before; $after; "pgpromote_candidate")),
		demoted: (["pgdemote_kswapd", "pgdemote_direct", "pgdemote_khugepaged"] | map(. as $n | delta($before; $after; $n)) | add),
		migrated: (delta($before; $after; "pgmigrate_success")),
		failed: (delta($before; $after; "pgmigrate_fail")),
		pingpong: $events.pingpong_pages,
		bytes_per_hot_byte: (if ($about.hot_bytes // 0) > 0 then delta($before; $after; "pgmigrate_success") * 4096 / $about.hot_bytes | round4 else null end),
		vmstat: delta_all($before; $after)},
	work: ($c.total // {} | {instructions, work_ns, threads, groups, functions}),
	steady_work: steady_work($c.phases // []; $intervals | length),
	state_bytes: $who.bpf_bytes,
	tenants: ([$raw[] | select(has("tenants")) | .tenants[]] | group_by(.name) | map({name: .[0].name, s: (map(.ns) | add / 1e9 | round4), ops: (map(.ops) | add),
		fast_mib: (steady | map(.fast_mib) | if length > 0 then add / length | round4 else null end)})),
	latency: ($raw | last | .latency_so_far // null | if . then . + {steady_p99_us: ($intervals | steady | map(.latency.p99_us) | add / length | round4)} else null end),
	stats: ($ended.stats // null)
}
