/* SPDX-License-Identifier: BSD-3-Clause */
#include "stations.h"

#include <rte_vect.h>

#include "worker_priv.h"

static const struct ts_stations scalar = {
	.name = "scalar",
	.parse = ts_parse,
	.classify4 = ts_classify4,
	.classify6 = ts_classify6,
	.encap_6to4 = ts_6to4_encap,
	.encap_6rd = ts_6rd_encap,
	.encap_isatap = ts_isatap_encap,
	.encap_teredo = ts_teredo_encap,
	.decap_6to4 = ts_6to4_decap,
	.decap_6rd = ts_6rd_decap,
	.decap_isatap = ts_isatap_decap,
	.decap_teredo = ts_teredo_decap,
	.teredo_server = ts_teredo_server_run,
	.local4 = ts_local4,
	.local6 = ts_local6,
};

const struct ts_stations *
ts_stations_of(enum ts_simd simd)
{
	return simd == TS_SIMD_SCALAR ? &scalar : NULL;
}

const struct ts_stations *
ts_stations_best(void)
{
	static const uint16_t bits[TS_N_SIMD] = {
		[TS_SIMD_SCALAR] = RTE_VECT_SIMD_DISABLED,
		[TS_SIMD_AVX2] = RTE_VECT_SIMD_256,
		[TS_SIMD_AVX512] = RTE_VECT_SIMD_512,
	};

	for (int simd = TS_N_SIMD - 1; simd > TS_SIMD_SCALAR; simd--)
		if (bits[simd] <= rte_vect_get_max_simd_bitwidth() && ts_stations_of((enum ts_simd)simd) != NULL)
			return ts_stations_of((enum ts_simd)simd);
	return &scalar;
}
