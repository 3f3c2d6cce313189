# SPDX-License-Identifier: GPL-2.0-only
#
# Count the results in a KTAP file: prints "passed failed skipped remark". Takes the exit
# status of the program in the variable status. Nested results are their parent's business.

/^1\.\.0/ { planned = 0; plan = 1; if (/# SKIP/) all_skipped = 1; next }
/^1\.\.[0-9]+/ { sub(/^1\.\./, ""); planned = $1 + 0; plan = 1; next }
/^Bail out!/ { bailed = 1 }
/^not ok / { if (/# (TODO|SKIP)/) skipped++; else failed++; next }
/^ok / { if (/# SKIP/) skipped++; else passed++; next }

END {
	seen = passed + failed + skipped
	if (all_skipped && !seen)
		skipped = 1
	else if (status == 124 || status == 137)
		remark = "time limit reached"
	else if (status !~ /^[0-9]+$/)
		remark = status == "" ? "no exit status" : status
	else if (status > 128)
		remark = "killed by signal " status - 128
	else if (bailed || !plan || seen != planned)
		remark = "plan not completed, exit status " status
	else if (status != 0 && status != 4 && !failed)
		remark = "exit status " status
	if (remark)
		failed++
	print passed + 0, failed + 0, skipped + 0, remark
}
