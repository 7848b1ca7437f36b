/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stations of the packet's way that exist in several versions: the scalar one, which is the reference, and vector
 * ones, which must do the same bit for bit: packets, verdicts, counters, and the order in which packets leave. A worker
 * uses one set from start to stop.
 *
 * A vector version decides by vectors which packets of a burst are plain, and makes their headers; all others go
 * through the functions of the scalar one. Both are emitted in the order of the burst.
 */
#ifndef TS_STATIONS_H
#define TS_STATIONS_H

#include <stdint.h>

#include <rte_mbuf.h>

struct ts_worker;
struct ts_vec;
struct ts_lanes;

enum ts_simd {
	TS_SIMD_SCALAR,
	TS_SIMD_AVX2,
	TS_SIMD_AVX512, /* the same sources as AVX2's, compiled for it */
	TS_N_SIMD
};

typedef void (*ts_lane_fn)(struct ts_worker *w, struct ts_vec *in);

struct ts_stations {
	const char *name; /* "scalar", "avx2", "avx512" */
	void (*parse)(struct ts_worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t n, struct ts_vec *v4,
		struct ts_vec *v6);
	void (*classify4)(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out);
	void (*classify6)(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out);
	ts_lane_fn encap_6to4, encap_6rd, encap_isatap, encap_teredo;
	ts_lane_fn decap_6to4, decap_6rd, decap_isatap, decap_teredo;
	ts_lane_fn teredo_server, local4, local6;
};

/* NULL: this CPU lacks what they need, or they were not compiled. */
const struct ts_stations *ts_stations_of(enum ts_simd simd);

/* The widest that the CPU has within rte_vect_get_max_simd_bitwidth(), EAL's --force-max-simd-bitwidth. */
const struct ts_stations *ts_stations_best(void);

#endif
