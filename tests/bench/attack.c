/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Half of the frames of the attacked row are for trusted peers, half for addresses that nobody has, a million of them
 * in turn: an rx callback writes them over the destination, because a file of packets cannot have so many. It costs
 * some cycles, which the row is charged with.
 */
#include "attack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "frames.h"

#define STRANGERS (1u << 20)
#define HOPS_AT (RTE_ETHER_HDR_LEN + 7)
#define CLIENT_AT (RTE_ETHER_HDR_LEN + 24)

static struct {
	uint8_t (*address)[16]; /* [STRANGERS] */
	uint32_t next;
	uint64_t started;
	uint64_t offered, forwarded, bubbles, bubbles_allowed;
	struct ts_contacts_stats contacts;
} attack;

static bool
is_in(const struct ts_peers *p, const uint8_t addr[16])
{
	struct ts_peer_hash h = ts_peers_hash(p, addr);
	struct ts_peer_view view;

	return ts_peers_find(p, addr, &h, &view);
}

static bool
plant(const struct ts_teredo *t, const uint8_t addr[16])
{
	struct ts_contact_seed seed = {.confirmed = true, .last_bubble_age = -1};

	memcpy(seed.addr, addr, sizeof(seed.addr));
	return ts_contact_plant(t->peers, t->contacts, &seed, rte_rdtsc(), rte_get_tsc_hz()) == 0;
}

/*
 * Where its buckets are full a peer takes the place of another that was planted a moment ago; so those that have to be
 * there come last, and are looked for afterwards. One that is missing would be handed to its owner, a worker that this
 * one has no ring to.
 */
static void
plant_all(const struct ts_teredo *t, const struct bench_routes *r, size_t must)
{
	for (size_t i = r->n_peers; i-- > 0;)
		plant(t, r->peers[i]);
	for (unsigned tries = 0; tries < 8; tries++)
		for (size_t i = 0; i < must; i++)
			if (!is_in(t->peers, r->peers[i]))
				plant(t, r->peers[i]);
}

size_t
bench_peers_plant(const struct ts_teredo *t, struct bench_routes *r, size_t n, size_t must)
{
	size_t in = 0;

	r->n_peers = RTE_MIN(r->n_peers, n);
	plant_all(t, r, must);
	for (size_t i = 0; i < r->n_peers; i++)
		if (is_in(t->peers, r->peers[i]))
			memmove(r->peers[in++], r->peers[i], sizeof(r->peers[0]));
		else if (i < must) {
			fprintf(stderr, "bench: no room for Teredo peer %zu\n", i);
			exit(2);
		}
	r->n_peers = in;
	return in;
}

static uint16_t
write_strangers(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint16_t max, void *arg)
{
	(void)port, (void)queue, (void)max, (void)arg;
	for (uint16_t i = 0; i < n; i++) {
		uint8_t *frame = rte_pktmbuf_mtod(pkts[i], uint8_t *);

		if (frame[HOPS_AT] == BENCH_STRANGER_HOPS)
			memcpy(frame + CLIENT_AT, attack.address[attack.next++ % STRANGERS], 16);
	}
	return n;
}

/* Ports decide who the owner is: try until it is this one, as the other workers do not run meanwhile. */
static void
belong_to(uint8_t addr[16], const struct ts_peers *p, unsigned owner)
{
	uint16_t port;

	while (ts_peers_hash(p, addr).owner != owner) {
		memcpy(&port, addr + 10, sizeof(port));
		port = (uint16_t)(port + 1);
		memcpy(addr + 10, &port, sizeof(port));
	}
}

void
bench_attack_start(const struct ts_teredo *t, const struct bench_routes *r, uint16_t port, unsigned owner)
{
	struct ts_source_policy *policy = bench_policy();
	uint64_t state = 1;

	attack.address = bench_must(calloc(STRANGERS, sizeof(*attack.address)));
	for (uint32_t i = 0; i < STRANGERS; i++) {
		bench_peer(attack.address[i], r, policy, &state);
		belong_to(attack.address[i], t->peers, owner);
	}
	ts_source_policy_free(policy);
	attack.started = rte_rdtsc();
	if (rte_eth_add_rx_callback(port, 0, write_strangers, NULL) == NULL) {
		fprintf(stderr, "bench: no rx callback\n");
		exit(2);
	}
}

bool
bench_attack_held(const struct ts_worker_stats *s, const struct ts_teredo *t, const struct ts_config *cfg, FILE *out)
{
	const struct ts_cfg_rate *rate = &cfg->teredo_relay.bubbles;
	double seconds = (double)(rte_rdtsc() - attack.started) / (double)rte_get_tsc_hz();
	struct ts_contacts_stats *c = &attack.contacts;

	free(attack.address);
	attack.address = NULL;
	ts_contacts_stats(t->contacts, c);
	attack.offered = s->counters[TS_C_rx_packets] / 2; /* to trusted peers, and as many to strangers */
	attack.forwarded = s->counters[TS_C_teredo_encap_packets];
	attack.bubbles = s->counters[TS_C_teredo_indirect_bubbles];
	attack.bubbles_allowed = rate->burst + (uint64_t)(rate->per_second * seconds);
	fprintf(out,
		"teredo-attack: %" PRIu64 " of %" PRIu64 " packets for trusted peers forwarded; for as many strangers "
		"%" PRIu64 " bubbles of at most %" PRIu64
		", %u records of at most %u, %u packets wait in %u bytes of at most %u\n",
		attack.forwarded, attack.offered, attack.bubbles, attack.bubbles_allowed, c->records, c->records_max,
		c->queued_packets, c->queued_bytes, cfg->teredo_relay.queue_bytes);
	return attack.forwarded == attack.offered && attack.bubbles <= attack.bubbles_allowed &&
		c->records <= c->records_max && c->queued_bytes <= cfg->teredo_relay.queue_bytes;
}

void
bench_attack_json(json_t *object)
{
	json_object_set_new(object, "trusted_offered", json_integer((json_int_t)attack.offered));
	json_object_set_new(object, "trusted_forwarded", json_integer((json_int_t)attack.forwarded));
	json_object_set_new(object, "bubbles", json_integer((json_int_t)attack.bubbles));
	json_object_set_new(object, "bubbles_allowed", json_integer((json_int_t)attack.bubbles_allowed));
	json_object_set_new(object, "records", json_integer(attack.contacts.records));
	json_object_set_new(object, "records_max", json_integer(attack.contacts.records_max));
	json_object_set_new(object, "queued_bytes", json_integer(attack.contacts.queued_bytes));
}
