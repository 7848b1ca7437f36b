/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Teredo codec (lib/teredo.h) on any UDP payload: nothing is read beyond it, what is found lies within it and in
 * order, and what is left is walked for trailers.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/teredo.h"

#define PAYLOAD_MAX 65507 /* of UDP */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool true_is_well)
{
	if (!true_is_well)
		abort();
}

static void
check_shims(const uint8_t *p, uint32_t len, const struct ts_teredo_shims *s)
{
	uint32_t at = 0;

	if (s->auth) {
		must(p[0] == 0 && p[1] == 1 && s->id_at == 4 && s->au_at == s->id_at + s->id_len);
		must(s->nonce_at == s->au_at + s->au_len && s->id_len == p[2] && s->au_len == p[3]);
		at = s->nonce_at + 9u;
	}
	if (s->origin) {
		must(s->origin_at == at && p[at] == 0 && p[at + 1] == 0);
		at += TS_TEREDO_ORIGIN_LEN;
	}
	must(s->packet_at == at && at <= len && (at == len || p[at] != 0));
}

/* A Nonce Trailer that is found is somewhere in the bytes. */
static void
check_trailers(const uint8_t *p, uint32_t len)
{
	uint8_t made[TS_TEREDO_NONCE_TRAILER_LEN];
	struct ts_teredo_trailers t;

	if (!ts_teredo_trailers(p, len, &t) || !t.nonce)
		return;
	ts_teredo_nonce_trailer(made, t.nonce_value);
	must(memmem(p, len, made, sizeof(made)) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t len = size > PAYLOAD_MAX ? PAYLOAD_MAX : (uint32_t)size;
	struct ts_teredo_shims s;

	if (ts_teredo_shims(data, len, &s) == TS_SHIMS_OK) {
		check_shims(data, len, &s);
		check_trailers(data + s.packet_at, len - s.packet_at);
	}
	check_trailers(data, len);
	return 0;
}
