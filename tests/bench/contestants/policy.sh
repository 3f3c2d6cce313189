# SPDX-License-Identifier: GPL-2.0-only
#
# A policy in BPF, by its name or its file, with its own knobs and defaults.
# Source: the comment at the top of bpf/NAME.bpf.c.
setup()
{
	# shellcheck disable=SC2086 # knobs are words
	tierx load "$policy" $given >&2 || die "tierx load $policy failed"
}

# An ejected policy is not a slow one.
ejected()
{
	tierx status --json | sed -n 's/.*"policy":null.*"last_exit":{\(.*\)"dump".*/{\1"dump":""}/p'
}

stats() { printf '"status":%s,"stats":%s' "$(tierx status --json)" "$(tierx stats --json || echo null)"; }

# After an ejection there is nothing to unload; whatever else goes wrong is told.
teardown() { [ -n "$reason" ] || tierx unload >&2; }
