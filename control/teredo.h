/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the Teredo relay keeps while versions of the services come and go: the peer table, the records of contacts and
 * the keys of cookies. Made when the relay is first switched on, at start or by a reload, and kept until the end.
 */
#ifndef TS_CTL_TEREDO_H
#define TS_CTL_TEREDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/contact.h"
#include "dataplane/peers.h"
#include "lib/config.h"

struct ts_teredo {
	struct ts_peers *peers; /* NULL until the relay is switched on; so is the next */
	struct ts_contacts *contacts;
	uint8_t cookie_key[2][16]; /* by the parity of their period */
	uint64_t replaced;	   /* period in which a key was replaced last */
	uint64_t next_try;	   /* second before which no other is tried */
};

/*
 * Make what the relay of this configuration needs and does not have yet; one owner of peers for each worker. 0, or -1
 * and a message with nothing changed. Does nothing when the relay is off.
 */
int ts_teredo_prepare(
	struct ts_teredo *t, const struct ts_cfg_teredo_relay *cfg, unsigned n_workers, char *err, size_t err_len);
/* No worker may use it any more. */
void ts_teredo_free(struct ts_teredo *t);

/* X2: room for contacts; a tenth of the peers unless the configuration says another number. */
uint32_t ts_teredo_unconfirmed(const struct ts_cfg_teredo_relay *cfg);

/* Bytes of hugepages that ts_teredo_prepare() will take. */
size_t ts_teredo_bytes(const struct ts_cfg_teredo_relay *cfg, unsigned n_workers);

/*
 * X6: once in each period replace the cookie key that workers do not use meanwhile; true when that happened and the
 * services have to be published anew. `second`: time stamp counter by its frequency, the workers' clock.
 */
bool ts_teredo_replace_key(struct ts_teredo *t, uint64_t second);

#endif
