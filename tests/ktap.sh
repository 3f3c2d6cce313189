# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ktap.sh: lines of KTAP from tests on the host; to be sourced by a script that has set $work, a folder.
# What a failed test had to say is in $work/err.

number=0

# result DESCRIPTION CONDITION...
result()
{
	local text=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number $text"
	else
		echo "not ok $number $text"
		{ printf '%s\n' "$*"; cat "$work/err"; } 2> /dev/null | head -c 2000 | sed 's/^/# /'
	fi
}

is() { [ "$1" = "$2" ]; }
# says FILE PATTERN
says() { grep -qE -- "$2" "$work/$1"; }
