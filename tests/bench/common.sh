# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# common.sh: what there is to run, and what makes one run the same as another. Sourced by run, matrix
# and tune, with $bench (this folder) and $BUILD set.

: "${bench:?}" "${BUILD:?}"

# What policies differ on: the hot set moves, has no border, is next to a scan, does not fit.
# shellcheck disable=SC2034 # used by those that source this
DECISIVE="jump zipf scan big"

# What needs more in its guest than all others do.
declare -A own_image=([postgres]=-postgres)

names() { find "$1" -name "$2" -printf '%f\n' | sed "$3" | LC_ALL=C sort | paste -sd' '; }
workloads() { names "$bench/workloads" 'wl-*.c' 's/^wl-//; s/\.c$//'; }
contestants() { names "$bench/contestants" '*.sh' 's/\.sh$//; /^policy$/d'; }
policies() { names "$bench/../../bpf" '*.bpf.c' 's/\.bpf\.c$//'; }
tuned() { sed -n 's/^\([a-z][a-z-]*\) .*/\1-tuned/p' "$bench/contestants/tuned.conf" | paste -sd' '; }

# As the workload's opening comment says.
default_guest()	# WORKLOAD
{
	local size
	size=$(sed -n 's/.*this one is for a \([a-z]*\) guest.*/\1/p' "$bench/workloads/wl-$1.c")
	echo "${size:-small}"
}

# TIMES=N: so many times as many intervals as are the workload's own.
longer()	# WORKLOAD
{
	local own
	[ "${TIMES:-1}" != 1 ] || return 0
	own=$(sed -n 's/^\t\.intervals = \([0-9]*\),$/\1/p' "$bench/workloads/wl-$1.c")
	echo "--intervals $((own * TIMES))"
}

image_of() { echo "$BUILD/bench/guest${own_image[$1]:-}.cpio"; }

# The settings that a search found, as in tuned.conf; nothing for a contestant that is not NAME-tuned.
tuned_settings()	# CONTESTANT
{
	[ "${1%-tuned}" = "$1" ] || sed -n "s/^${1%-tuned} //p" "$bench/contestants/tuned.conf" | tail -n 1
}

# --- the same run ---------------------------------------------------------------------

content() { cat "$@" 2> /dev/null | sha256sum | cut -c1-12; }

# What all runs have in common, by content: kernel, machine and whether its times can be trusted, guest,
# and how lines are made of what comes back.
rig_key()
{
	{
		cat "$BUILD/guest/BUILD-INFO" "$BUILD/bench/tier.so" "$BUILD/bench/guest.cpio" \
			"$bench"/{run,metrics.jq} "$bench"/machine/{boot,functions,threads} "$bench/../vm/topology.sh"
		"$bench/machine/qemu" | cut -d' ' -f2
		! "$bench/machine/calibrate" verdict > /dev/null 2>&1 || echo verified
	} | content
}

# What a run's result depends on besides: the object of a policy, the image of a workload.
own_content()	# WORKLOAD OBJECT
{
	[ -n "$2${own_image[$1]:-}" ] || { echo -; return; }
	content ${2:+"$2"} ${own_image[$1]:+"$(image_of "$1")"}
}

run_key()	# WORKLOAD CONTESTANT SETTINGS RATIO GUEST SEED CONTENT [OPTION...]
{
	local settings=${3// /:}
	printf '%s' "$1/$2${settings:+=$settings}/$4/$5/$6/$7"
	[ $# -le 7 ] || printf '/%s' "${@:8}"
}
