/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the vector versions of stations share. Their files, vec_*.c, are compiled once per instruction set, with
 * TS_VEC_SET (avx2, avx512) at the end of every name; compiled without it they are empty. What they call in other files
 * is compiled for any CPU.
 *
 * Vectors of 8 times 32 bits, whatever the set: a burst is done 8 packets at a time.
 */
#ifndef TS_VEC_H
#define TS_VEC_H

#include "worker_priv.h"

/* The bytes there, in the order that they have in memory. */
static inline uint32_t
ts_vec_load32(const void *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t
ts_vec_load64(const void *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

#define TS_VEC_PASTE_(name, set) name##_##set
#define TS_VEC_PASTE(name, set) TS_VEC_PASTE_(name, set)
#define TS_VEC_TEXT_(set) #set
#define TS_VEC_TEXT(set) TS_VEC_TEXT_(set)
#ifdef TS_VEC_SET
#define TS_VEC(name) TS_VEC_PASTE(name, TS_VEC_SET)

/* vec_parse.c */
void TS_VEC(ts_parse)(
	struct ts_worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t n, struct ts_vec *v4, struct ts_vec *v6);

/* vec_classify6.c, vec_encap.c */
void TS_VEC(ts_classify6)(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out);
void TS_VEC(ts_6to4_encap)(struct ts_worker *w, struct ts_vec *in);
void TS_VEC(ts_6rd_encap)(struct ts_worker *w, struct ts_vec *in);
void TS_VEC(ts_isatap_encap)(struct ts_worker *w, struct ts_vec *in);

/* vec_classify4.c, vec_decap.c */
void TS_VEC(ts_classify4)(struct ts_worker *w, struct ts_vec *in, struct ts_lanes *out);
void TS_VEC(ts_6to4_decap)(struct ts_worker *w, struct ts_vec *in);
void TS_VEC(ts_6rd_decap)(struct ts_worker *w, struct ts_vec *in);
void TS_VEC(ts_isatap_decap)(struct ts_worker *w, struct ts_vec *in);

/* vec_teredo_encap.c, vec_teredo_decap.c, vec_teredo_server.c */
void TS_VEC(ts_teredo_encap)(struct ts_worker *w, struct ts_vec *in);
void TS_VEC(ts_teredo_decap)(struct ts_worker *w, struct ts_vec *in);
void TS_VEC(ts_teredo_server_run)(struct ts_worker *w, struct ts_vec *in);

/* All of a burst into a lane that has nothing yet. */
static inline void
ts_vec_hand_over(const struct ts_vec *in, struct ts_vec *lane, uint16_t domain)
{
	memcpy(lane->pkt, in->pkt, in->n * sizeof(in->pkt[0]));
	memcpy(lane->iface, in->iface, in->n * sizeof(in->iface[0]));
	for (unsigned i = 0; i < TS_BURST_MAX; i++) /* a constant number of times: a few wide stores */
		lane->domain[i] = domain;
	lane->n = in->n;
}
#endif

#endif
