#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# plots.sh AGGREGATE DIR: the plots of a report as DIR/GROUP-WHAT.svg.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
aggregate=$1
dir=$2

groups() { jq -r '.groups[] | "\(.workload)-\(.ratio | sub(":"; "-"))-\(.guest)"' "$aggregate"; }

# Data of a plot. Nonzero if there is nothing to see.
series()	# GROUP WHAT
{
	jq -r --arg group "$1" --arg what "$2" -f "$here/series.jq" "$aggregate" > "$dir/$1-$2.dat"
	awk '{ for (i = 2; i <= NF; i++) found = found || $i + 0 != 0 } END { exit !found }' "$dir/$1-$2.dat"
}

# A name of its own for each plot: all of them are in one page.
begin()	# GROUP WHAT WIDTH HEIGHT
{
	cat <<-END
	reset
	set terminal svg size $3,$4 font "sans-serif,11" background "#ffffff" name "$(tr -c 'a-z0-9\n' _ <<< "$1_$2")" noenhanced
	set output "$dir/$1-$2.svg"
	set grid lw 0.5 lc "#dddddd"
	set border 3
	set tics nomirror
	file = "$dir/$1-$2.dat"
	END
}

# A block of data for each contestant; their lines are told apart by color and dash.
access_lines()	# GROUP
{
	awk -F'"' '/^"/ {
		printf "%s file index %d using 1:2 with lines lw 1.6 lt %d dt %d title \"%s\"",
			n ? ", \\\n\t" : "plot", n, n % 8 + 1, int(n / 8) + 1, $2
		n++
	} END { print "" }' "$dir/$1-access.dat"
}

plot_access()
{
	begin "$1" access 760 400
	cat <<-'END'
	set key outside right top font ",9"
	set datafile commentschars '#"'
	set xlabel "modelled seconds"
	set ylabel "%"
	set xrange [0:*]
	set yrange [0:105]
	END
	access_lines "$1"
}

plot_gap()
{
	begin "$1" gap 560 340
	cat <<-'END'
	set xtics rotate by -50 font ",9"
	set style fill solid 0.8
	set boxwidth 0.7
	set ylabel "%"
	set xzeroaxis lw 1 lc "#222222"
	unset key
	plot file using 0:2:xtic(1) with boxes lc "#4477aa", "" using 0:2:3:4 with yerrorbars pt 0 lc "#222222"
	END
}

plot_converged()
{
	local columns
	columns=$(awk 'NF > n { n = NF } END { print n + 0 }' "$dir/$1-converged.dat")
	begin "$1" converged 560 340
	cat <<-END
	set xtics rotate by -50 font ",9"
	set style data histogram
	set style histogram clustered gap 1
	set style fill solid 0.8
	set ylabel "s"
	set yrange [0:0.1<*]
	set key top left font ",9"
	plot for [i=2:$columns] file using i:xtic(1) title (i == 2 ? "start" : sprintf("shift %d", i - 2))
	END
}

plot_traffic()
{
	begin "$1" traffic 560 340
	cat <<-'END'
	set xtics rotate by -50 font ",9"
	set style data histogram
	set style histogram rowstacked
	set style fill solid 0.8
	set boxwidth 0.7
	set ylabel "MiB"
	set yrange [0:1<*]
	set key top left font ",9"
	plot file using 2:xtic(1) title "promoted", "" using 3 title "demoted", "" using 4 title "other"
	END
}

mkdir -p "$dir"
for group in $(groups); do
	for what in access gap converged traffic; do
		series "$group" $what || continue
		plot_$what "$group"
	done
done > "$dir/plots.gp"
[ ! -s "$dir/plots.gp" ] || gnuplot "$dir/plots.gp"
