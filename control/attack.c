/* SPDX-License-Identifier: BSD-3-Clause */
#include "attack.h"

static bool
over_limit(const struct ts_attack *a, uint64_t second, uint64_t refused, uint64_t limit)
{
	return refused - a->refused > limit * (second - a->second);
}

static void
withdraw(struct ts_attack *a, uint64_t second)
{
	bool again = a->hold != 0 && second - a->until < TS_ATTACK_HOLD_MAX_S;

	a->hold = again ? a->hold * 2 : TS_ATTACK_HOLD_S;
	if (a->hold > TS_ATTACK_HOLD_MAX_S)
		a->hold = TS_ATTACK_HOLD_MAX_S;
	a->until = second + a->hold;
	a->withdrawn = true;
	a->over_since = 0;
}

bool
ts_attack_step(struct ts_attack *a, uint64_t second, uint64_t refused, uint64_t limit, uint32_t after)
{
	bool over;

	if (a->started && second == a->second)
		return a->withdrawn;
	over = a->started && after != 0 && over_limit(a, second, refused, limit);
	if (!over)
		a->over_since = 0;
	else if (a->over_since == 0)
		a->over_since = a->second;
	/* The neighbours may not have heard of the withdrawal yet, or have nowhere else to go. */
	if (a->withdrawn && (after == 0 || (second >= a->until && !over)))
		a->withdrawn = false;
	else if (!a->withdrawn && over && second - a->over_since >= after)
		withdraw(a, second);
	a->started = true;
	a->second = second;
	a->refused = refused;
	return a->withdrawn;
}
