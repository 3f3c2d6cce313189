# SPDX-License-Identifier: GPL-2.0-only
#
# Report of run.sh, with median.awk. In: variant, kind, median, least, first and third quartile, number of
# accesses, mean, a line per boot. Out: the median of the boots' medians (or means), the range of
# the quartiles (or means), and the ratios that there are limits for.

{
	boots[$1, $2]++
	counts[$1, $2, "median"] = counts[$1, $2, "median"] " " $3
	counts[$1, $2, "mean"] = counts[$1, $2, "mean"] " " $8
	keep_range($1, $2, "median", $5, $6)
	keep_range($1, $2, "mean", $8, $8)
}

function keep_range(variant, kind, which, from, to) {
	if (boots[variant, kind] == 1 || from < low[variant, kind, which])
		low[variant, kind, which] = from
	if (boots[variant, kind] == 1 || to > high[variant, kind, which])
		high[variant, kind, which] = to
}

function middle(variant, kind, which) {
	return median(counts[variant, kind, which])
}

function cell(variant, kind, which) {
	if (!boots[variant, kind])
		return "-"
	return sprintf(which == "mean" ? "%.1f (%.1f-%.1f)" : "%d (%d-%d)",
		middle(variant, kind, which), low[variant, kind, which], high[variant, kind, which])
}

# One line, without whether a limit is kept. Returns by how many percent @limited is more.
function show(kind, which, what, limited, base,    more) {
	more = 100 * (middle(limited, kind, which) / middle(base, kind, which) - 1)
	printf "%-42s %22s %22s %22s %22s %+8.2f%%", what, cell("unpatched", kind, which),
		cell("patched", kind, which), cell("nop", kind, which), cell("tpp", kind, which), more
	return more
}

function row(kind, what, limited, base) {
	show(kind, "median", what, limited, base)
	print ""
}

# The command fails if the limit, in percent, is exceeded.
function limit(percent, kind, which, what, limited, base,    ok) {
	ok = show(kind, which, what, limited, base) <= percent
	printf " (limit %s%%) %s\n", percent, ok ? "ok" : "EXCEEDED"
	bad += !ok
}

# What entering and leaving a BPF program costs is more than that, and nothing we can change.
function goal(percent, kind, what, limited, base,    ok) {
	ok = show(kind, "median", what, limited, base) <= percent
	printf " (goal %s%%) %s\n", percent, ok ? "met" : "missed"
}

END {
	print "Instructions per page fault or read: median of all (first to third quartile)"
	printf "%-42s %22s %22s %22s %22s %9s\n", "", "unpatched", "patched", "with nop", "with tpp", "more"
	limit(0, "loop", "median", "loop of 100000 instructions", "patched", "unpatched")
	print "no policy against the unpatched kernel"
	limit(0.1, "anon", "median", "  anonymous page, first write", "patched", "unpatched")
	limit(0.1, "file", "median", "  cached file, first read", "patched", "unpatched")
	limit(0.1, "swapin", "median", "  swap-in of a shmem page", "patched", "unpatched")
	limit(0.2, "read-fast", "median", "  cached read of 4 KiB, fast node", "patched", "unpatched")
	limit(0.2, "read-slow", "median", "  cached read of 4 KiB, slow node", "patched", "unpatched")
	row("reclaim", "  reclaim of a page", "patched", "unpatched")
	row("hint", "  hint fault, page stays", "patched", "unpatched")
	row("promote", "  hint fault, page is promoted", "patched", "unpatched")
	print "nop against no policy"
	row("anon", "  anonymous page, first write", "nop", "patched")
	row("file", "  cached file, first read", "nop", "patched")
	row("swapin", "  swap-in of a shmem page", "nop", "patched")
	limit(3, "read-fast", "median", "  cached read of 4 KiB, fast node", "nop", "patched")
	limit(3, "read-fast", "mean", "    mean (least to greatest of the boots)", "nop", "patched")
	limit(3, "read-slow", "median", "  cached read of 4 KiB, slow node", "nop", "patched")
	limit(3, "read-slow", "mean", "    mean (least to greatest of the boots)", "nop", "patched")
	goal(3, "hint", "  hint fault, page stays", "nop", "patched")
	row("reclaim", "  reclaim of a page", "nop", "patched")
	goal(3, "promote", "  hint fault, page is promoted", "nop", "patched")
	print "tpp against no policy"
	row("anon", "  anonymous page, first write", "tpp", "patched")
	row("file", "  cached file, first read", "tpp", "patched")
	row("swapin", "  swap-in of a shmem page", "tpp", "patched")
	row("read-slow", "  cached read of 4 KiB, slow node", "tpp", "patched")
	row("reclaim", "  reclaim of a page", "tpp", "patched")
	row("promote", "  hint fault, page is promoted", "tpp", "patched")
	exit bad > 0
}
