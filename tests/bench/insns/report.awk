# SPDX-License-Identifier: GPL-2.0-only
#
# Report of run.sh. In: variant, kind, median, least, first and third quartile, number of
# faults, a line per boot. Out: the median of the boots' medians, the range of those, and
# the ratios that there are limits for.

{
	n = ++boots[$1, $2]
	count[$1, $2, n] = $3
	if (n == 1 || $5 < low[$1, $2])
		low[$1, $2] = $5
	if (n == 1 || $6 > high[$1, $2])
		high[$1, $2] = $6
}

function median(variant, kind,    n, i, j, t, v) {
	n = boots[variant, kind]
	for (i = 1; i <= n; i++)
		v[i] = count[variant, kind, i]
	for (i = 1; i <= n; i++)
		for (j = i + 1; j <= n; j++)
			if (v[j] < v[i]) {
				t = v[i]; v[i] = v[j]; v[j] = t
			}
	return v[int((n + 1) / 2)]
}

function cell(variant, kind) {
	return sprintf("%d (%d-%d)", median(variant, kind), low[variant, kind], high[variant, kind])
}

function percent(a, b, kind) {
	return 100 * (median(a, kind) / median(b, kind) - 1)
}

# One line, and whether the limit (percent, or "" for none) is kept.
function row(kind, what, limited, base, limit,    more) {
	more = percent(limited, base, kind)
	printf "%-42s %24s %24s %24s %+8.2f%% %s\n", what, cell("unpatched", kind),
		cell("patched", kind), cell("nop", kind), more,
		limit == "" ? "" : "(limit " limit "%) " (more <= limit ? "ok" : "EXCEEDED")
	bad += limit != "" && more > limit
}

END {
	print "Instructions per page fault: median of all faults (first to third quartile)"
	printf "%-42s %24s %24s %24s %9s\n", "", "unpatched", "patched", "with nop", "more"
	row("loop", "loop of 100000 instructions", "patched", "unpatched", 0)
	print "no policy against the unpatched kernel"
	row("anon", "  anonymous page, first write", "patched", "unpatched", 0.1)
	row("file", "  cached file, first read", "patched", "unpatched", 0.1)
	row("hint", "  hint fault, page stays", "patched", "unpatched", "")
	row("promote", "  hint fault, page is promoted", "patched", "unpatched", "")
	print "nop against no policy"
	row("anon", "  anonymous page, first write", "nop", "patched", "")
	row("file", "  cached file, first read", "nop", "patched", "")
	row("hint", "  hint fault, page stays", "nop", "patched", 3)
	row("promote", "  hint fault, page is promoted", "nop", "patched", 3)
	exit bad > 0
}
