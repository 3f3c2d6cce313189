# SPDX-License-Identifier: GPL-2.0-only
#
# html.jq: blocks of a report as HTML. Where a plot goes, there is a line "@@plot NAME".

def bold: @html | gsub("\\*\\*(?<t>[^*]*)\\*\\*"; "<b class=\"\(.t)\">\(.t)</b>");
def cells($tag): map("<\($tag)>\(bold)</\($tag)>") | add;

def written:
	if .kind == "h" then "<h\(.level)>\(.text | @html)</h\(.level)>"
	elif .kind == "p" then "<p>\(.text | bold)</p>"
	elif .kind == "pre" then "<pre>\(.text | @html)</pre>"
	elif .kind == "table" then "<div class=\"wide\"><table>\n<tr>\(.head | cells("th"))</tr>\n"
		+ ([.rows[] | "<tr>\(cells("td"))</tr>\n"] | add) + "</table></div>"
	elif .kind == "plot" then "<figure><figcaption>\(.text | @html)</figcaption>\n@@plot \(.file)\n</figure>"
	else empty end;

"<!DOCTYPE html>", "<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tiering policies and their peers, measured</title><style>",
$style, "</style></head><body>", (.[] | written), "</body></html>"
