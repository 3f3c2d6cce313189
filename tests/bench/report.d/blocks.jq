# SPDX-License-Identifier: GPL-2.0-only
#
# blocks.jq: from what aggregate.jq made to the report as a list of blocks: headings, paragraphs, tables, plots.
# markdown.jq and html.jq write them down.

def h($level; $text): {kind: "h", level: $level, text: $text};
def p($text): {kind: "p", text: $text};
def pre($text): {kind: "pre", text: $text};
def table($head; $rows): if ($rows | length) > 0 then {kind: "table", head: $head, rows: $rows} else empty end;
def plot($file; $text): {kind: "plot", file: $file, text: $text};

# --- numbers --------------------------------------------------------------------------

def dash: "–";
def fixed($digits): pow(10; $digits) as $k
	| (. * $k | round) as $n | ($n | fabs) as $a
	| (if $n < 0 then "−" else "" end) + ($a / $k | floor | tostring)
	  + if $digits == 0 then "" else "." + ("000\($a % $k)" | .[(length - $digits):]) end;
def count: if . == null then dash elif . >= 1e6 then "\(. / 1e6 | fixed(2))M" elif . >= 1e4 then "\(. / 1e3 | fixed(1))k" else fixed(0) end;
def seconds: if . == null then dash elif . < 10 then fixed(2) else fixed(1) end;
def percent: if . == null then dash else "\(. * 100 | fixed(1)) %" end;
def small_percent: if . == null then dash elif . == 0 then "0" else "\(. * 100 | fixed(2)) %" end;
def size: if . == null then dash elif . >= 1048576 then "\(. / 1048576 | fixed(1)) MiB" else "\(. / 1024 | fixed(0)) KiB" end;
def micros: if . == null then dash else fixed(1) end;
def times: if . == null then dash else "\(fixed(2))×" end;
def plain: if . == null then dash else fixed(2) end;
# A median with its range, when it is of several.
def ranged(f): if . == null then dash elif .n == 1 then (.median | f) else "\(.median | f) (\(.min | f) to \(.max | f))" end;
def ranged_list(f): if length == 0 then dash else map(ranged(f)) | join(" / ") end;

def setting($g): "\($g.workload)\(if $g.ratio == "1:4" then "" else " \($g.ratio)" end)";
def seeds_text: if length == 1 then "seed \(.[0])" else "seeds \(map(tostring) | join(", "))" end;

# --- head -----------------------------------------------------------------------------

def kernel_text: split(" ") | .[1:3] | join(" ");

def clocks_text:
	if . == ["verified"] then "modelled, verified by calibration (within 2 % of theory); none is that of real hardware"
	elif index("verified") then "modelled and verified in some runs only; in the others only accesses are counted"
	else "not verified on this machine: none is reported, accesses are counted" end;

def head: .system as $s | .counts as $c
	| h(1; "Tiering policies and their peers, measured"),
	  table(["", ""]; [
		["runs", "\($s.from // dash) to \($s.to // dash)"],
		["command", $command],
		["kernel", ($s.kernels | map(kernel_text) | join(", "))],
		["machine", "QEMU \($s.qemu | join(", ")), TCG, counted by tests/bench/plugin; last-level cache of "
			+ "\($s.llc_kib | map(tostring) | join(", ")) KiB per CPU"],
		["times", ($s.clocks | clocks_text)],
		["sources", "\($s.commits | join(", ")); key of the rig \($s.rigs | join(", "))"],
		["counts", "\($c.runs) runs: \($c.ok) good, \($c.ejected) with an ejected policy, \($c.failed) failed; "
			+ "\($c.missing) of \($c.planned) planned are missing"],
		["took", "\($s.host_seconds // 0 | . / 60 | fixed(0)) minutes of guests, added up"]]),
	  p("How to read this, and every limit of the model: tests/bench/README.md.");

# --- losses ---------------------------------------------------------------------------

def score_text($timed): if . == null then dash else percent + if $timed then "" else " fast" end end;
def points: if . == null then dash else "\(. * 100 | fixed(1)) points" end;

def versus_rows: map(. as $l | [setting($l), $l.best_policy.contestant, ($l.best_policy.score | score_text($l.timed)),
	$l.best_peer.contestant, ($l.best_peer.score | score_text($l.timed)), ($l.best_policy.behind | points), ($l.best_policy.slower | times)]);

def versus_head($last): ["workload", "our best", "gap closed", "best peer", "gap closed", $last, "its time / peer's time"];

def behind_rows: map(. as $l | [setting($l), $l.contestant,
	(if $l.state == "ok" then ($l.score | score_text($l.timed)) else "**\($l.state)**" end),
	($l.best_peer.contestant // dash), ($l.best_peer.score | score_text($l.timed)), ($l.behind | points), ($l.slower | times)]);

def losses:
	h(2; "Losses first"),
	p("A peer is whatever is not one of our policies and can be used: no tiering and interleave are peers, all-fast and "
	  + "oracle are bounds. Gap closed is (none − x) / (none − all-fast) in modelled time; where no times are verified, "
	  + "the share of accesses that the fast tier served. Under one point is a tie."),
	(if (.losses | length) > 0 then p("Where even the best of our policies is behind the best peer:")
	 elif any(.groups[]; .best_policy) then
		p("In no workload that was run is the best of our policies behind the best peer.")
	 else p("No policy has been run yet.") end),
	table(versus_head("behind by"); .losses | versus_rows),
	(if (.wins | length) > 0 then p("Where one of our policies is as good as the best peer, or better (a negative number is a lead):") else empty end),
	table(versus_head("behind by"); .wins | versus_rows),
	(if (.behind | length) > 0 then p("Each policy, wherever it is behind the best peer, the worst first:") else empty end),
	table(["workload", "policy", "gap closed", "best peer", "gap closed", "behind by", "its time / peer's time"]; .behind | behind_rows);

# --- what is not there ----------------------------------------------------------------

def problems($what; $of): [.groups[] as $g | $g.rows[] as $r | $r[$of][]
	| [setting($g), $r.contestant, "**\($what)**", "seed \(.seed)", .reason]];

# Contestants that lack the same seeds share a line.
def missing: [.groups[] as $g | [$g.rows[] | select((.missing | length) > 0)] | group_by(.missing)[]
	| [setting($g), (map(.contestant) | join(", ")), "**missing**", (.[0].missing | seeds_text), ""]];

def unfinished: (problems("ejected"; "ejected") + problems("failed"; "failed") + missing) as $rows
	| if ($rows | length) == 0 then empty else
	  h(2; "Ejected, failed, missing"),
	  table(["workload", "contestant", "what", "run", "reason"]; $rows) end;

# --- overview -------------------------------------------------------------------------

def cell($timed): if .state == "missing" then "missing" elif .state != "ok" then "**\(.state)**"
	elif $timed then (.figures.gap.median | if . == null then dash else . * 100 | fixed(0) end)
	else (.figures.fast_share.median | if . == null then dash else "\(. * 100 | fixed(0)) f" end) end;

def overview: . as $all
	| h(2; "Overview"),
	  p("Gap closed in percent, median of the seeds; a negative number is slower than no tiering. \"f\": no verified time, or no gap to speak of, and so the share of accesses that the fast tier served."),
	  table(["contestant"] + [.groups[] | setting(.)];
		[.contestants[] as $c | [$c] + [$all.groups[] | . as $g
			| ([.rows[] | select(.contestant == $c)][0] | if . then cell($g.timed) else "" end)]]);

# --- one workload ---------------------------------------------------------------------

def title($id): $titles | split("\n") | map(split("\t") | select(.[0] == $id) | .[1]) | .[0] // "";

def name_cell: .contestant + if (.seeds | length) > 1 then " (\(.seeds | length) seeds)" else "" end;
def not_ok($width): [name_cell, "**\(.state)**"] + [range($width - 2) | ""];
def sorted_rows: [.rows[] | select(.figures)] | sort_by(-(.figures.gap.median // .figures.speed.median // .figures.fast_share.median // 0));
def others: [.rows[] | select(.figures | not)];

def speed_head: ["contestant", "gap closed", "modelled time, s", "none / it", "fast share", "steady", "hot set fast",
	"converged after, s (start / shifts)"];
def speed_row: .state as $state | .figures as $f | if $f == null then not_ok(8) else
	[name_cell,
	 (if $state == "ejected" then "**ejected** in \(.ejected | length) of \(.nr_runs); " else "" end) + ($f.gap | ranged(percent)),
	 ($f.time_s | ranged(seconds)), ($f.speed | ranged(times)),
	 ($f.fast_share | ranged(percent)), ($f.steady_fast_share | ranged(percent)),
	 ($f.hot_fast | ranged(percent)), ($f.converged_s | ranged_list(seconds))] end;

def moves_head: ["contestant", "promoted", "demoted", "all migrated", "failed", "ping-pong", "bytes moved / hot byte",
	"in hooks", "in threads", "scanning", "all three, steady", "its time in hooks / threads / scanning", "state"];
def moves_row: .figures as $f | [name_cell,
	($f.promoted | ranged(count)), ($f.demoted | ranged(count)), ($f.migrated | ranged(count)),
	($f.failed_moves | ranged(count)), ($f.pingpong | ranged(count)), ($f.bytes_per_hot_byte | ranged(plain)),
	($f.cost.hooks | ranged(small_percent)), ($f.cost.threads | ranged(small_percent)), ($f.cost.scanning | ranged(small_percent)),
	($f.steady_cost | ranged(small_percent)),
	(if $f.cost_ns then $f.cost_ns | [.hooks, .threads, .scanning] | map(.median | small_percent) | join(" / ")
	 else dash end),
	($f.state_bytes | ranged(size))];

def latency_table: [.[] | select(.figures.latency)
		| [name_cell, (.figures.latency | .["p50_us", "p99_us", "p99.9_us", "steady_p99_us"] | ranged(micros))]] as $rows
	| if ($rows | length) == 0 then empty else
	  p("Request time in modelled microseconds:"), table(["contestant", "p50", "p99", "p99.9", "p99 when steady"]; $rows) end;

def tenants_table: [.[] | select((.figures.tenants // []) | length > 0)] as $rows
	| if ($rows | length) == 0 then empty else
	  ($rows[0].figures.tenants | map(.name)) as $names
	  | p("Tenants: operations per modelled second, and fast memory when steady:"),
	    table(["contestant"] + [$names[] | "\(.), per s", "\(.), MiB fast"];
		$rows | map([name_cell] + [.figures.tenants[] | (.ops_per_s | ranged(count)), (.fast_mib | ranged(count))])) end;

def file_of($g): "\($g.workload)-\($g.ratio | sub(":"; "-"))-\($g.guest)";

def clock_note:
	(if .unverified > 0 then
		p("Times were not verified in \(.unverified) of these runs: their accesses are counted, times are left out.")
	 else empty end),
	(if .gap_known then empty else
		p("Gap closed is not known: none or all-fast is missing, has no verified time, or they do not differ.") end);

def workload_blocks: . as $g | sorted_rows as $rows
	| ([.rows[].figures.accesses_of] | map(select(.)) | .[0] // "user") as $of
	| h(2; "\(.workload), \(.ratio), \(.guest) guest"),
	  p("\(title(.workload) | (.[:1] | ascii_upcase) + .[1:]) Accesses of \($of) code are counted."),
	  clock_note,
	  table(speed_head; ($rows + others) | map(speed_row)),
	  table(moves_head; $rows | map(moves_row)),
	  ($rows | latency_table), ($rows | tenants_table),
	  (if ($rows | length) > 0 then
		plot("\(file_of($g))-access"; "Share of accesses that the fast tier served, over modelled time"),
		(if .gap_known then plot("\(file_of($g))-gap"; "Gap closed, %") else empty end),
		plot("\(file_of($g))-converged"; "Time until 90 % of the steady share, after the start and after each shift, s"),
		plot("\(file_of($g))-traffic"; "Memory moved, MiB")
	   else empty end);

# --- settings -------------------------------------------------------------------------

def settings: h(2; "Settings"),
	p("What each contestant was run with; policies have their own defaults."),
	table(["contestant", "settings"];
		[[.groups[].rows[] | select((.figures.settings // {}) != {}) | {contestant, s: .figures.settings}]
		| group_by(.contestant)[] | [.[0].contestant, (.[0].s | to_entries | map("\(.key)=\(.value)") | join(" "))]]),
	(if $tuned != "" then p("Found by make bench-tune (tests/bench/contestants/tuned.conf):"), pre($tuned)
	 else p("No search has been run (make bench-tune).") end),
	p("What a search tries: knob, default, values."), pre($space);

[head, losses, unfinished, overview, (.groups[] | workload_blocks), settings]
