# SPDX-License-Identifier: GPL-2.0-only
#
# agerd: a daemon in user space that finds out by idle page tracking which regions of processes
# are in use, and moves regions that are active, or idle, for a while with move_pages().
# Source: the design and settings of memtierd's age policy with its idlepage tracker (test
# policy-age/test03-move-idlepage in its repository): regions of 512 pages, of which one access
# is enough, scanned every 4 s; decisions every 5 s: idle after 8 s, active if seen so for 6 s;
# at most 200 MB/s, in steps of 20 ms. agerd.c says where it differs.
knob region_pages 512 32 64 128 512
knob scan_ms 4000 200 500 1000 4000
knob interval_ms 5000 250 600 1200 5000
knob idle_ms 8000 1000 2000 4000 8000
knob active_ms 6000 0 600 1500 3000 6000
knob mover_ms 20 20
knob bandwidth_mbps 200 50 200 1000

setup()
{
	agerd --region-pages "$region_pages" --scan-ms "$scan_ms" --interval-ms "$interval_ms" \
		--idle-ms "$idle_ms" --active-ms "$active_ms" --mover-ms "$mover_ms" \
		--bandwidth-mbps "$bandwidth_mbps" < /dev/null > "$run/agerd.stats" 2> "$run/agerd.err" &
	echo $! > "$run/agerd.pid"
}

stats()
{
	kill -TERM "$(cat "$run/agerd.pid")"
	while kill -0 "$(cat "$run/agerd.pid")" 2> /dev/null; do usleep 20000; done
	cat "$run/agerd.stats"
}

teardown() { :; }
