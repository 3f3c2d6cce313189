# SPDX-License-Identifier: GPL-2.0-only
#
# series.jq: what the plots of one workload show, as tables for gnuplot. $what is "access", "gap", "converged" or
# "traffic".

def shown: [.rows[] | select(.figures)];
def page_mib: . * 4 / 1024;
def quoted: "\"\(.)\"";

# One block of a contestant after the other, two empty lines between them.
def access: [shown[] | select((.figures.intervals // []) | length > 0)
	| .figures.intervals[0].start_s as $t0
	| (.contestant | quoted) + "\n" + ([.figures.intervals[] | select(.fast_share != null) | "\(.start_s + .s - $t0) \(.fast_share * 100)"] | join("\n"))]
	| join("\n\n\n");

def by_gap: [shown[] | select(.figures.gap)] | sort_by(.figures.gap.median);
def gap: by_gap[] | "\(.contestant | quoted) \(.figures.gap | [.median, .min, .max] | map(. * 100) | join(" "))";

def converged: (shown | map(.figures.converged_s | length) | max // 0) as $n
	| shown[] | "\(.contestant | quoted) " + ([range($n) as $i | .figures.converged_s[$i].median // "NaN"] | map(tostring) | join(" "));

# What is neither a promotion nor a demotion by the kernel's counters: DAMON's moves, those of move_pages().
def traffic: shown[] | .figures as $f | ($f.promoted.median // 0) as $up | ($f.demoted.median // 0) as $down
	| "\(.contestant | quoted) \($up | page_mib) \($down | page_mib) \([($f.migrated.median // 0) - $up - $down, 0] | max | page_mib)";

.groups[] | select("\(.workload)-\(.ratio | sub(":"; "-"))-\(.guest)" == $group)
| if $what == "access" then access elif $what == "gap" then gap elif $what == "converged" then converged else traffic end
