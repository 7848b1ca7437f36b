/* SPDX-License-Identifier: BSD-3-Clause */
/* The vector set of stations: what has no vector version is the scalar one's. */
#include "vec.h"

#ifdef TS_VEC_SET

extern const struct ts_stations TS_VEC(ts_stations);

const struct ts_stations TS_VEC(ts_stations) = {
	.name = TS_VEC_TEXT(TS_VEC_SET),
	.parse = TS_VEC(ts_parse),
	.classify4 = TS_VEC(ts_classify4),
	.classify6 = TS_VEC(ts_classify6),
	.encap_6to4 = TS_VEC(ts_6to4_encap),
	.encap_6rd = TS_VEC(ts_6rd_encap),
	.encap_isatap = TS_VEC(ts_isatap_encap),
	.encap_teredo = TS_VEC(ts_teredo_encap),
	.decap_6to4 = TS_VEC(ts_6to4_decap),
	.decap_6rd = TS_VEC(ts_6rd_decap),
	.decap_isatap = TS_VEC(ts_isatap_decap),
	.decap_teredo = TS_VEC(ts_teredo_decap),
	.teredo_server = TS_VEC(ts_teredo_server_run),
	.local4 = ts_local4,
	.local6 = ts_local6,
};

#endif
