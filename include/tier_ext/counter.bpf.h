/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters that age: of the accesses to a page, mostly, as elements of a map
 * that TIERX_PFN_STATE() declares. They age when they are touched, so nobody has
 * to walk over all of them.
 *
 *	TIERX_PFN_STATE(pages, struct tierx_counter);
 *	...
 *	struct tierx_counter *page = pages_of(tierx_bpf_folio_pfn(folio));
 *
 *	if (page && tierx_counter_add(page, access->nr, decay_ms) >= hot_accesses &&
 *	    tierx_counter_take(page))
 *		tierx_bpf_folio_promote(folio, -1, 0);
 */
#ifndef TIER_EXT_COUNTER_BPF_H
#define TIER_EXT_COUNTER_BPF_H

#include <tier_ext/tier_ext.bpf.h>

#define TIERX_COUNTER_MAX_SHIFT 31

/**
 * struct tierx_counter - a counter that ages
 * @count: the count, as of @since_ms
 * @since_ms: when it was last halved, in milliseconds of bpf_ktime_get_ns()
 */
struct tierx_counter {
	u32 count;
	u32 since_ms;
};

TIERX_INLINE u32 tierx_counter_aged(struct tierx_counter *counter, u32 count, u32 halve_ms)
{
	u32 now = bpf_ktime_get_ns() / 1000000, since = counter->since_ms, steps;

	if (!halve_ms)
		return count;
	steps = (now - since) / halve_ms;
	if (!steps)
		return count;
	counter->since_ms = since + steps * halve_ms;

	return steps <= TIERX_COUNTER_MAX_SHIFT ? count >> steps : 0;
}

/**
 * tierx_counter_add() - count
 * @counter: the counter
 * @nr: how many to add; the sum saturates
 * @halve_ms: the counter halves this often, 0 for never
 *
 * Return: the count, 0 if @nr was lost because another CPU counted at the same
 * time.
 */
TIERX_INLINE u32 tierx_counter_add(struct tierx_counter *counter, u32 nr, u32 halve_ms)
{
	u32 old = *(volatile u32 *)&counter->count;
	u32 count = tierx_counter_aged(counter, old, halve_ms);

	count = count + nr < count ? ~0U : count + nr;
	return __sync_val_compare_and_swap(&counter->count, old, count) == old ? count : 0;
}

/**
 * tierx_counter_take() - begin anew
 * @counter: the counter
 *
 * Return: the count so far. Of those who take at the same time only one gets
 * it, the others get 0.
 */
TIERX_INLINE u32 tierx_counter_take(struct tierx_counter *counter)
{
	return __sync_lock_test_and_set(&counter->count, 0);
}

/**
 * tierx_counter_move() - let a counter follow its page
 * @from: the counter of the old place, or NULL
 * @to: the counter of the new place, or NULL
 */
TIERX_INLINE void tierx_counter_move(struct tierx_counter *from, struct tierx_counter *to)
{
	if (to) {
		to->count = from ? from->count : 0;
		to->since_ms = from ? from->since_ms : 0;
	}
	if (from)
		from->count = 0;
}

#endif /* TIER_EXT_COUNTER_BPF_H */
