/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who may use a Teredo server with secure qualification, and the value that proves it (protocols.md F4, V5, V14; RFC
 * 4380 5.2.2, 5.3.2).
 *
 * The file has a line "IDENTIFIER SECRET" for each client; what follows a word that begins with '#' is a comment.
 * Identifier and secret are printable text without blanks, or, the secret, "hex:" and bytes in hexadecimal. Nobody but
 * its owner may read or write the file.
 *
 * Immutable once loaded. References are counted by plain arithmetic: one thread holds and puts them, any number of
 * threads find keys and compute values, without heap or locks.
 */
#ifndef TS_TEREDO_KEYS_H
#define TS_TEREDO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_TEREDO_HMAC_LEN 20	     /* HMAC-SHA1 */
#define TS_TEREDO_ID_MAX 255	     /* its length is one byte on the wire */
#define TS_TEREDO_SECRET_MAX 256     /* bytes */
#define TS_TEREDO_KEYS_MAX_LINE 1024 /* bytes of a line of the file */

struct ts_teredo_keys;
struct ts_teredo_key;

/*
 * NULL, and in `err` what is wrong, beginning with "PATH:LINE: " or "PATH: ". The caller owns the only reference to
 * what is returned.
 */
struct ts_teredo_keys *ts_teredo_keys_load(const char *path, char *err, size_t err_len);

/* One more reference; returns its argument. */
struct ts_teredo_keys *ts_teredo_keys_hold(struct ts_teredo_keys *keys);
/* One less; the last one wipes the secrets. NULL is allowed. */
void ts_teredo_keys_put(struct ts_teredo_keys *keys);

size_t ts_teredo_keys_count(const struct ts_teredo_keys *keys);

/* The key of a client, or NULL. */
const struct ts_teredo_key *ts_teredo_keys_find(const struct ts_teredo_keys *keys, const uint8_t *id, size_t len);

/* Bytes that the value covers, in order: F4 takes them from several places of a datagram. */
struct ts_teredo_part {
	const void *bytes;
	size_t len;
};

/* RFC 2104, FIPS 180: over `n` parts. */
void ts_teredo_hmac(const struct ts_teredo_key *key, const struct ts_teredo_part *parts, unsigned n,
	uint8_t out[TS_TEREDO_HMAC_LEN]);

/* Are these two values equal? Takes the same time wherever they differ (X6). */
bool ts_teredo_hmac_equal(const uint8_t a[TS_TEREDO_HMAC_LEN], const uint8_t b[TS_TEREDO_HMAC_LEN]);

#endif
