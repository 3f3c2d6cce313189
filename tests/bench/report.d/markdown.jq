# SPDX-License-Identifier: GPL-2.0-only
#
# markdown.jq: blocks of a report as Markdown. Plots are in the HTML page only.

def escaped: gsub("\\|"; "\\|") | gsub("\n"; " ");
def line: "| " + (map(escaped) | join(" | ")) + " |";

def written:
	if .kind == "h" then "#" * .level + " \(.text)\n"
	elif .kind == "p" then "\(.text)\n"
	elif .kind == "pre" then "```\n\(.text | rtrimstr("\n"))\n```\n"
	elif .kind == "table" then ([.head | line] + ["|" + ([.head[] | "---|"] | add)] + [.rows[] | line] | join("\n")) + "\n"
	else empty end;

[.[] | written] | join("\n")
