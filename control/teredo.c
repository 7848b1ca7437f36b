/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker makes cookies of the epoch (30 s) by the key of its period (120 epochs), key[period & 1], and takes those
 * of the epoch before as well. So the other key is idle but in the first epoch of a period, and until the next one:
 * it is replaced in the middle, when clocks that differ and a version on its way do no harm.
 */
#include "teredo.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "log.h"

#define PERIOD_S 3600
#define QUIET_S 900 /* at either end of a period */

/* X6: fully read; with so few bytes the call is not interrupted. */
static bool
random_bytes(void *out, size_t len)
{
	return getrandom(out, len, 0) == (ssize_t)len;
}

/* On the NUMA node of the first worker, as the forwarding tables. */
static void *
allocate(size_t bytes)
{
	int socket = rte_eal_has_hugepages() ? (int)rte_lcore_to_socket_id(1) : SOCKET_ID_ANY;

	return rte_zmalloc_socket("ts_teredo", bytes, RTE_CACHE_LINE_SIZE, socket);
}

uint32_t
ts_teredo_unconfirmed(const struct ts_cfg_teredo_relay *cfg)
{
	return cfg->unconfirmed != 0 ? cfg->unconfirmed : cfg->peers / 10;
}

size_t
ts_teredo_bytes(const struct ts_cfg_teredo_relay *cfg, unsigned n_workers)
{
	return ts_peers_bytes(cfg->peers, n_workers) + ts_contacts_bytes(ts_teredo_unconfirmed(cfg), n_workers);
}

static int
create(struct ts_teredo *t, const struct ts_cfg_teredo_relay *cfg, unsigned n_workers, char *err, size_t err_len)
{
	struct ts_peers_conf peers = {.peers = cfg->peers, .n_owners = n_workers, .allocate = allocate};
	struct ts_contacts_conf contacts = {
		.n_owners = n_workers,
		.records = ts_teredo_unconfirmed(cfg),
		.per_source = cfg->unconfirmed_per_source,
		.per_client = cfg->unconfirmed_per_client,
		.queue_bytes = cfg->queue_bytes,
		.allocate = allocate,
		.release = rte_free,
	};

	if (!random_bytes(&peers.seed, sizeof(peers.seed)) || !random_bytes(&contacts.seed, sizeof(contacts.seed)) ||
		!random_bytes(t->cookie_key, sizeof(t->cookie_key))) {
		snprintf(err, err_len, "teredo-relay: the system gives no random numbers");
		return -1;
	}
	t->peers = ts_peers_create(&peers);
	t->contacts = t->peers != NULL ? ts_contacts_create(&contacts) : NULL;
	if (t->contacts != NULL)
		return 0;
	snprintf(err, err_len, "teredo-relay: no memory for %u peers (%zu MiB); see memory.size-mb", cfg->peers,
		ts_teredo_bytes(cfg, n_workers) >> 20);
	ts_teredo_free(t);
	return -1;
}

int
ts_teredo_prepare(
	struct ts_teredo *t, const struct ts_cfg_teredo_relay *cfg, unsigned n_workers, char *err, size_t err_len)
{
	if (!cfg->enabled || t->contacts != NULL)
		return 0;
	return create(t, cfg, n_workers, err, err_len);
}

void
ts_teredo_free(struct ts_teredo *t)
{
	if (t->contacts != NULL)
		ts_contacts_free(t->contacts, rte_free);
	if (t->peers != NULL)
		ts_peers_free(t->peers, rte_free);
	t->contacts = NULL;
	t->peers = NULL;
}

bool
ts_teredo_replace_key(struct ts_teredo *t, uint64_t second)
{
	uint64_t period = second / PERIOD_S, into = second % PERIOD_S;
	uint8_t key[sizeof(t->cookie_key[0])];

	if (t->contacts == NULL || period == t->replaced || into < QUIET_S || into >= PERIOD_S - QUIET_S ||
		second < t->next_try)
		return false;
	t->next_try = second + 1;
	if (!random_bytes(key, sizeof(key))) {
		ts_log_warning("no random numbers: a key of the Teredo relay stays in use for longer");
		return false;
	}
	memcpy(t->cookie_key[(period + 1) & 1], key, sizeof(key));
	t->replaced = period;
	return true;
}
