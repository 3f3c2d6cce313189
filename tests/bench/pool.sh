# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# pool.sh: runs, some at a time, each only once; lines go to $results. Sourced by matrix and tune after
# common.sh. After a first signal nothing more is begun, and what runs is waited for; a second one
# ends the guests, and what they did is lost.
#
# Environment: JOBS=2 guests at a time, TIMEOUT=300 seconds for each, RETRY=1 runs again what failed,
# TIMES=1 makes runs so many times as long.

JOBS=${JOBS:-2}
TIMEOUT=${TIMEOUT:-$((300 * ${TIMES:-1}))}
# Of a run, when none is known yet.
GUESS_SECONDS=$((45 * ${TIMES:-1}))

declare -A known=()		# key: ok or failed
declare -A spent=() spent_runs=()	# seconds and runs, of a workload and of all
declare -A content_of=() settings_of=() guest_of=() longer_of=()
declare -A file_of=()		# policies that are files
declare -A job=()		# process: number of its run
queue=()			# runs: workload, contestant, ratio, seed
queue_keys=()
stopping=0
done_here=0

say() { printf '%s\n' "$*" >&2; }

# --- what is known --------------------------------------------------------------------

remember()	# WORKLOAD SECONDS
{
	local w
	for w in "$1" all; do
		spent[$w]=$((${spent[$w]:-0} + $2))
		spent_runs[$w]=$((${spent_runs[$w]:-0} + 1))
	done
}

# Lines that came with the sources, if they are of a rig that is the same in all that counts.
pool_restore()	# FILE
{
	local kept=$bench/results/${1##*/}.xz
	mkdir -p "$(dirname "$1")"
	[ -f "$1" ] || [ ! -f "$kept" ] || xz -dc "$kept" > "$1"
	# A line that was cut short does not take the next one with it.
	[ ! -s "$1" ] || [ -z "$(tail -c 1 "$1")" ] || echo >> "$1"
}

# Lines of results that a crash cut short are skipped.
pool_load()	# FILE...
{
	local key complete workload seconds
	while IFS=$'\t' read -r key complete workload seconds; do
		if [ "$complete" = true ]; then
			known[$key]=ok
			remember "$workload" "$seconds"
		elif [ -z "${RETRY:-}" ]; then
			known[$key]=failed
		fi
	done < <(cat "$@" 2> /dev/null | jq -rR 'fromjson? | select(.key) |
		[.key, .complete, .workload, (.system.host_seconds // 0)] | @tsv')
}

object_of()	# CONTESTANT: the object file of a policy
{
	local name=${1%%:*}
	if [ -n "${file_of[$name]:-}" ]; then
		echo "${file_of[$name]}"
	elif [ -f "$bench/../../bpf/$name.bpf.c" ]; then
		echo "$BUILD/bpf/$name.bpf.o"
	fi
}

# Sets key. The same for each seed, so what takes time is looked up only once.
find_key()	# WORKLOAD CONTESTANT RATIO SEED
{
	local which=$1/$2
	[ -n "${guest_of[$1]:-}" ] || guest_of[$1]=$(default_guest "$1")
	[ -n "${content_of[$which]:-}" ] || content_of[$which]=$(own_content "$1" "$(object_of "$2")")
	[ -n "${longer_of[$1]+set}" ] || longer_of[$1]=$(longer "$1")
	[ -n "${settings_of[$2]+set}" ] || settings_of[$2]=$(tuned_settings "$2")
	# shellcheck disable=SC2086 # words
	key=$(run_key "$1" "$2" "${settings_of[$2]}" "$3" "${guest_of[$1]}" "$4" "${content_of[$which]}" \
		${longer_of[$1]})
}

# --- runs -----------------------------------------------------------------------------

pool_add()	# WORKLOAD CONTESTANT RATIO SEED
{
	local key
	find_key "$@"
	[ -z "${known[$key]:-}" ] || return 0
	queue+=("$*")
	queue_keys+=("$key")
}

# In a process group of its own (set -m), out of reach of the terminal's signals.
start()	# NUMBER
{
	local w c ratio seed object
	read -r w c ratio seed <<< "${queue[$1]}"
	object=$(object_of "$c")
	if [ -z "$object" ]; then
		set -- "$1" --contestant "$c"
	elif [ -n "${file_of[${c%%:*}]:-}" ]; then
		set -- "$1" --policy "$object${c#"${c%%:*}"}"
	else
		set -- "$1" --policy "$c"
	fi
	# shellcheck disable=SC2086 # words
	"$bench/run" --workload "$w" "${@:2}" --ratio "$ratio" --seed "$seed" --timeout "$TIMEOUT" \
		--out "$work/$1" ${longer_of[$w]} < /dev/null > "$work/$1.log" 2>&1 &
	job[$!]=$1
	began[$1]=$SECONDS
}

failed_line()	# NUMBER STATUS
{
	local w c ratio seed
	read -r w c ratio seed <<< "${queue[$1]}"
	jq -nc --arg w "$w" --arg c "$c" --arg ratio "$ratio" --argjson seed "$seed" --argjson status "$2" \
		--arg guest "${guest_of[$w]}" --arg key "${queue_keys[$1]}" --arg rig "$BENCH_RIG" \
		--arg error "$(grep . "$work/$1.log" | tail -n 1)" --arg object "$(object_of "$c")" \
		--arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
		'{workload: $w, contestant: $c, seed: $seed, ratio: $ratio, guest: $guest, key: $key, rig: $rig,
		policy: ($object != ""), complete: false, status: $status, error: $error, system: {date: $date}}'
}

finish()	# NUMBER STATUS
{
	local seconds=$((SECONDS - began[$1])) workload=${queue[$1]%% *} result=failed
	done_here=$((done_here + 1))
	# Ended by us: as if it had never begun.
	[ $stopping -lt 2 ] || return 0
	[ -s "$work/$1" ] || failed_line "$1" "$2" > "$work/$1"
	if ! tail -n 1 "$work/$1" >> "$results"; then
		say "matrix: cannot write $results"
		stopping=1
		return
	fi
	[ "$2" -ne 0 ] || { result=ok; remember "$workload" $seconds; }
	known[${queue_keys[$1]}]=$result
	progress "$1" "$seconds"
}

# --- progress -------------------------------------------------------------------------

expected_seconds()	# WORKLOAD
{
	local w=$1
	[ -n "${spent_runs[$w]:-}" ] || w=all
	[ -n "${spent_runs[$w]:-}" ] || { expected=$GUESS_SECONDS; return; }
	expected=$((spent[$w] / spent_runs[$w]))
}

# Sets left: seconds until all of the queue has run.
time_left()
{
	local i expected
	left=0
	for ((i = done_here; i < ${#queue[@]}; i++)); do
		expected_seconds "${queue[$i]%% *}"
		left=$((left + expected))
	done
	left=$((left / JOBS))
}

clock() { printf '%d:%02d' $(($1 / 3600)) $(($1 / 60 % 60)); }

progress()	# NUMBER SECONDS
{
	local left w c ratio seed
	read -r w c ratio seed <<< "${queue[$1]}"
	time_left
	printf '%4d/%d  %-44s %4d s  %-36s %s left\n' "$done_here" "${#queue[@]}" "$w/$c $ratio seed $seed" \
		"$2" "$(outcome "$work/$1")" "$(clock $left)"
}

outcome()
{
	tail -n 1 "$1" | jq -r 'if .complete | not then "FAILED: \(.error // "status \(.status)")"[:70]
		elif .ejected then "EJECTED: \(.ejected)"[:70]
		elif .time.modelled_s then "\(.time.modelled_s) s modelled"
		else "\(.accesses.fast_share // 0 | . * 1000 | round / 10) % fast" end'
}

# --- all of them ----------------------------------------------------------------------

# shellcheck disable=SC2317 # called by the trap
interrupted()
{
	local pid
	stopping=$((stopping + 1))
	if [ $stopping -eq 1 ]; then
		say "interrupted: waiting for ${#job[@]} that run; once more ends them"
		return
	fi
	for pid in "${!job[@]}"; do
		kill -TERM -- "-$pid" 2> /dev/null
	done
}

wait_one()
{
	local pid='' status
	wait -n -p pid "${!job[@]}"
	status=$?
	# Nobody ended: a signal came.
	[ -n "${pid:-}" ] || return 0
	finish "${job[$pid]}" $status
	unset "job[$pid]"
}

# The queue, in order. Nonzero if it was interrupted.
pool_run()
{
	local next=0
	began=()
	done_here=0
	work=$(mktemp -d "${TMPDIR:-/tmp}/tierx-pool.XXXXXX")
	set -m
	trap interrupted INT TERM
	while :; do
		while [ ${#job[@]} -lt "$JOBS" ] && [ $stopping -eq 0 ] && [ $next -lt ${#queue[@]} ]; do
			start $next
			next=$((next + 1))
		done
		[ ${#job[@]} -gt 0 ] || break
		wait_one
	done
	trap - INT TERM
	set +m
	rm -rf "$work"
	queue=() queue_keys=()
	[ $stopping -eq 0 ]
}
