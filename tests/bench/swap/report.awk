# SPDX-License-Identifier: GPL-2.0-only
#
# Report of run.sh, with median.awk. In: load, policy, seconds of all of it, of user and system CPU time,
# milliseconds of the switch; a line per swap.

{
	k = $1 " " $2
	if (!n[k]++)
		order[++nr] = k
	all[k] = all[k] " " $3 * 1000
	cpu[k] = cpu[k] " " ($4 + $5) * 1000
	switched[k] = switched[k] " " $6
}
END {
	print "Swapping a policy, median, in millions of instructions (milliseconds of such a guest)"
	printf "%-24s %12s %18s %14s\n", "", "all of it", "in tierx itself", "the switch"
	for (i = 1; i <= nr; i++) {
		k = order[i]
		printf "%-24s %12.1f %18.1f %14.3f\n", k, median(all[k]), median(cpu[k]),
			median(switched[k])
	}
}
