/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/path_figures.h"

#include <math.h>
#include <string.h>

const char *const ts_path_side_name[TS_PATH_N_SIDES] = {"tunnel", "native", "whole"};

static unsigned
bucket_of(uint64_t us)
{
	unsigned octave, i;

	if (us >> TS_RTT_LEAST_SHIFT == 0)
		return 0;
	octave = 63 - (unsigned)__builtin_clzll(us >> TS_RTT_LEAST_SHIFT);
	if (octave >= TS_RTT_OCTAVES)
		return TS_RTT_BUCKETS - 1;
	/* The leading one counts a whole octave of steps. */
	i = (unsigned)(us * TS_RTT_STEPS >> (TS_RTT_LEAST_SHIFT + octave)) - TS_RTT_STEPS;
	return 1 + octave * TS_RTT_STEPS + i;
}

/* Where the bucket begins; of the number behind the last, where that one ends. */
static double
bound(unsigned bucket)
{
	if (bucket == 0)
		return 0;
	bucket--;
	return ldexp((TS_RTT_STEPS + bucket % TS_RTT_STEPS) / (double)TS_RTT_STEPS,
		(int)(TS_RTT_LEAST_SHIFT + bucket / TS_RTT_STEPS));
}

static void
forget_half(struct ts_rtt *r)
{
	r->kept = 0;
	for (unsigned i = 0; i < TS_RTT_BUCKETS; i++) {
		r->bucket[i] /= 2;
		r->kept += r->bucket[i];
	}
}

void
ts_rtt_add(struct ts_rtt *r, uint64_t us)
{
	if (r->kept >= TS_RTT_KEPT)
		forget_half(r);
	r->bucket[bucket_of(us)]++;
	r->kept++;
	r->n++;
}

double
ts_rtt_quantile(const struct ts_rtt *r, double q)
{
	double wanted = q * r->kept, below = 0;
	unsigned i = 0;

	if (r->kept == 0)
		return NAN;
	while (i < TS_RTT_BUCKETS - 1 && (r->bucket[i] == 0 || below + r->bucket[i] < wanted))
		below += r->bucket[i++];
	if (r->bucket[i] == 0)
		return bound(i);
	return bound(i) + (bound(i + 1) - bound(i)) * (wanted - below) / r->bucket[i];
}

void
ts_path_figures_add(struct ts_path_figures *f, uint64_t us)
{
	ts_rtt_add(&f->rtt, us);
	ts_histogram_add(&f->histogram, TS_PATH_RTT_SHIFT, us);
	f->log_sum += us > 0 ? (uint64_t)lround(log2((double)us) * 1000) : 0;
}

static bool
same(const struct ts_path_prefix *p, uint8_t mech, const uint8_t addr[4])
{
	return p->mech == mech && memcmp(p->addr, addr, sizeof(p->addr)) == 0;
}

static struct ts_path_prefix *
find_or_take(struct ts_path_prefixes *p, uint8_t mech, const uint8_t addr[4])
{
	struct ts_path_prefix *oldest = &p->of[0];

	for (uint32_t i = 0; i < p->n; i++) {
		if (same(&p->of[i], mech, addr))
			return &p->of[i];
		if (p->of[i].used < oldest->used)
			oldest = &p->of[i];
	}
	if (p->n < TS_PATH_PREFIXES)
		oldest = &p->of[p->n++];
	memset(oldest, 0, sizeof(*oldest));
	oldest->mech = mech;
	memcpy(oldest->addr, addr, sizeof(oldest->addr));
	return oldest;
}

void
ts_path_prefixes_add(struct ts_path_prefixes *p, uint8_t mech, const uint8_t addr[4], uint64_t site, uint64_t us)
{
	struct ts_path_prefix *prefix = find_or_take(p, mech, addr);

	prefix->used = ++p->clock;
	prefix->sites |= UINT64_C(1) << site % 64;
	ts_rtt_add(&prefix->rtt, us);
}

bool
ts_path_prefix_shown(const struct ts_path_prefix *p, uint32_t min_handshakes)
{
	return p->rtt.n >= min_handshakes && (unsigned)__builtin_popcountll(p->sites) >= TS_PATH_SITES;
}
