// SPDX-License-Identifier: GPL-2.0-only
/*
 * One hot window in one region: what most workloads have.
 */
#include "wl.h"

#define MAX_SPREAD 8
/* Accesses of a request: milliseconds, because the modelled clock moves in steps of 0.2 ms. */
#define REQUEST 8192

struct wl_window wl_window = { .spread = 1, .hot_percent = WL_HOT_PERCENT };

/* A quarter of the slow node stays free, for what is demoted. */
size_t wl_window_spread(size_t nr)
{
	size_t spread = wl.slow_mib * WL_MIB_PAGES / 4 * 3 / nr;

	return spread < MAX_SPREAD ? spread : MAX_SPREAD;
}

void wl_window_reserve(void)
{
	wl_window.nr = wl.fast_mib * WL_MIB_PAGES / 4;
	wl_window.region = wl_region(wl_window.nr * wl_window_spread(wl_window.nr), false);
}

void wl_window_reserve_spread(void)
{
	wl_window_reserve();
	wl_window.spread = wl_window_spread(wl_window.nr);
}

void wl_window_use(const struct wl_window *window, uint64_t ops)
{
	struct wl_window copy = *window;
	uint64_t state = wl_random_state;

	while (ops--)
		wl_window_access(&copy, wl_random(&state));
	wl_random_state = state;
}

void wl_window_run(uint64_t ops)
{
	wl_window_use(&wl_window, ops);
}

void wl_window_serve(uint64_t ops)
{
	uint64_t start = wl_now_ns(), end;

	for (; ops >= REQUEST; ops -= REQUEST, start = end) {
		wl_window_use(&wl_window, REQUEST);
		end = wl_now_ns();
		wl_latency_note(end - start);
	}
}

void wl_window_reserve_quiet(void)
{
	wl_window.nr = wl.fast_mib * WL_MIB_PAGES / 8;
	wl_window.region = wl_region(wl_window.nr * 2, false);
}

size_t wl_window_nr_hot(void)
{
	return wl_window.nr;
}

struct wl_page wl_window_hot_page(size_t i)
{
	return (struct wl_page){ .addr = wl_window_page(&wl_window, i) };
}
