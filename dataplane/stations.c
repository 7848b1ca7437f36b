/* SPDX-License-Identifier: BSD-3-Clause */
#include "stations.h"

#include <rte_cpuflags.h>
#include <rte_vect.h>

#include "worker_priv.h"

#ifdef TS_HAVE_VEC /* vec_stations.c, once per set */
extern const struct ts_stations ts_stations_avx2, ts_stations_avx512;
#endif

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

#ifdef TS_HAVE_VEC
static bool
cpu_has(const enum rte_cpu_flag_t *flags, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (rte_cpu_get_flag_enabled(flags[i]) != 1)
			return false;
	return true;
}

static const struct ts_stations *
vector_stations(enum ts_simd simd)
{
	static const enum rte_cpu_flag_t avx2[] = {RTE_CPUFLAG_AVX2, RTE_CPUFLAG_BMI1, RTE_CPUFLAG_BMI2};
	static const enum rte_cpu_flag_t avx512[] = {
		RTE_CPUFLAG_AVX512F, RTE_CPUFLAG_AVX512BW, RTE_CPUFLAG_AVX512VL, RTE_CPUFLAG_AVX512DQ};

	if (!cpu_has(avx2, RTE_DIM(avx2)))
		return NULL;
	if (simd == TS_SIMD_AVX2)
		return &ts_stations_avx2;
	return cpu_has(avx512, RTE_DIM(avx512)) ? &ts_stations_avx512 : NULL;
}
#endif

const struct ts_stations *
ts_stations_of(enum ts_simd simd)
{
	if (simd == TS_SIMD_SCALAR)
		return &scalar;
#ifdef TS_HAVE_VEC
	return vector_stations(simd);
#else
	return NULL;
#endif
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
