/* SPDX-License-Identifier: BSD-3-Clause */
#include "path_teredo.h"

#include <stdio.h>

#include "checksums.h"
#include "control/teredo.h"

#define QUOTE_MAX 1232

struct client
client_of(const char *server, uint16_t flags, const char *v4, uint16_t port)
{
	struct client c = {.port = port};
	rte_be32_t server_v4, client_v4;

	put_v4((uint8_t *)&server_v4, server);
	put_v4((uint8_t *)&client_v4, v4);
	snprintf(c.v4, sizeof(c.v4), "%s", v4);
	ts_teredo_address(c.addr, server_v4, flags, rte_cpu_to_be_16(port), client_v4);
	inet_ntop(AF_INET6, c.addr, c.v6, sizeof(c.v6));
	return c;
}

struct client
client_at(const char *v4, uint16_t port)
{
	return client_of(SERVER, 0, v4, port);
}

struct client
client_number(unsigned n)
{
	char v4[INET_ADDRSTRLEN];

	snprintf(v4, sizeof(v4), "81.%u.%u.%u", n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff);
	return client_at(v4, (uint16_t)(1024 + n % 60000));
}

struct client
client_owned(unsigned owner, unsigned n)
{
	struct client c;

	for (unsigned i = 0;; i++) {
		c = client_number(i);
		if (ts_peers_hash(relay_peers(), c.addr).owner == owner && n-- == 0)
			return c;
	}
}

void
relay_setup(void)
{
	struct ts_cfg_teredo_relay *r = &rig.cfg.teredo_relay;

	memset(r, 0, sizeof(*r));
	r->enabled = true;
	put_v4((uint8_t *)&r->address, R_V4);
	r->port = R_PORT;
	put_v6(r->bubble_source.s6_addr, R_B);
	r->ttl = 64;
	r->min_client_port = 1;
	r->valid_s = 30;
	r->forget_s = 300;
	r->peers = 1024;
	r->unconfirmed = 128;
	r->unconfirmed_per_source = 64;
	r->unconfirmed_per_client = 16;
	r->per_mapping = 4;
	r->queue_bytes = 1 << 20;
	path_apply();
}

/* Where control keeps them; the workers' version of the tables must not name them. */
static void
free_tables(void)
{
	struct ts_teredo *t = (struct ts_teredo *)(uintptr_t)ts_local_teredo(rig.local);

	rig.cfg.teredo_relay.enabled = false;
	relay_apply();
	rig_turn(&rig);
	ts_teredo_free(t);
	relay_apply();
}

void
relay_done(void)
{
	for (unsigned i = 0; i < TS_N_LIMITS; i++)
		set_limit(i, PATH_BURST, PATH_BURST);
	for (unsigned i = TS_KEYED_BUBBLE_SERVER; i <= TS_KEYED_BUBBLE_SOURCE; i++)
		set_keyed(i, 0, 0);
	free_tables();
	memset(&rig.cfg.teredo_relay, 0, sizeof(rig.cfg.teredo_relay));
	path_apply();
}

void
relay_tables(uint32_t peers, uint32_t unconfirmed)
{
	free_tables();
	rig.cfg.teredo_relay.peers = peers;
	rig.cfg.teredo_relay.unconfirmed = unconfirmed;
	rig.cfg.teredo_relay.enabled = true;
	relay_apply();
}

void
relay_apply(void)
{
	struct ts_host_addr host[2] = {{.family = AF_INET, .prefix_len = 24, .ifindex = 1, .iface = 1},
		{.family = AF_INET6, .prefix_len = 64, .ifindex = 1, .iface = 1}};

	put_v4(host[0].addr, ROUTER_V4);
	put_v6(host[1].addr, "2001:db8:100::1");
	rig_configure(&rig, host, 2);
	mark();
}

void
relay_cookies(void)
{
	put_v6(rig.cfg.teredo_relay.cookie_prefix.addr.s6_addr, R_COOKIES);
	rig.cfg.teredo_relay.cookie_prefix.len = 64;
	relay_apply();
}

const struct ts_peers *
relay_peers(void)
{
	return ts_local_teredo(rig.local)->peers;
}

struct ts_contacts *
relay_contacts(void)
{
	return ts_local_teredo(rig.local)->contacts;
}

uint32_t
relay_word(const struct client *c)
{
	struct ts_peer_hash h = ts_peers_hash(relay_peers(), c->addr);
	struct ts_peer_view view;

	return ts_peers_find(relay_peers(), c->addr, &h, &view) ? view.word : 0;
}

static uint32_t
tick_now(void)
{
	return (uint32_t)(rig.now / (rte_get_tsc_hz() / TS_PEER_TICKS_PER_S)) & TS_PEER_TICK_MASK;
}

enum relay_state
relay_state(const struct client *c)
{
	uint32_t word = relay_word(c);

	switch (ts_peer_state(word)) {
	case TS_PEER_UNCONFIRMED:
		return R_UNCONFIRMED;
	case TS_PEER_RENEWING:
		return R_RENEWING;
	case TS_PEER_CONFIRMED:
		return ts_peer_age(word, tick_now()) <= rig.cfg.teredo_relay.valid_s * TS_PEER_TICKS_PER_S ? R_TRUSTED
													   : R_STALE;
	default:
		return R_NONE;
	}
}

static void
count_one(const struct ts_peer_info *info, void *found)
{
	((uint32_t *)found)[info->state]++;
}

void
assert_books(void)
{
	uint32_t found[4] = {0}, confirmed = 0, unconfirmed = 0, renewing = 0;
	struct ts_contacts_stats s;
	uint64_t cursor = 0;

	while (ts_peers_walk(relay_peers(), &cursor, 64, 0, count_one, found))
		;
	for (unsigned i = 0; i < relay_peers()->n_owners; i++) {
		confirmed += relay_peers()->owner[i].confirmed;
		unconfirmed += relay_peers()->owner[i].unconfirmed;
		renewing += relay_peers()->owner[i].renewing;
	}
	assert_int_equal(found[TS_PEER_CONFIRMED], confirmed);
	assert_int_equal(found[TS_PEER_UNCONFIRMED], unconfirmed);
	assert_int_equal(found[TS_PEER_RENEWING], renewing);
	ts_contacts_stats(relay_contacts(), &s);
	assert_int_equal(s.records, unconfirmed + renewing);
	assert_true(s.records <= s.records_max && s.failed <= s.records);
	assert_true(s.queued_packets <= TS_CONTACT_QUEUE * s.records);
	assert_int_equal(s.queued_packets == 0, s.queued_bytes == 0);
	assert_int_equal(s.queued_bytes, s.queued_packets * (uint32_t)RTE_MBUF_DEFAULT_BUF_SIZE);
}

void
plant(const struct client *c, int64_t ms_ago)
{
	struct ts_contact_seed seed = {.confirmed = true, .last_rx_age = ms_ago, .last_bubble_age = -1};

	memcpy(seed.addr, c->addr, 16);
	assert_int_equal(ts_contact_plant((struct ts_peers *)(uintptr_t)relay_peers(), relay_contacts(), &seed, rig.now,
				 rte_get_tsc_hz()),
		0);
}

void
set_limit(enum ts_limit limit, uint32_t per_second, uint32_t burst)
{
	for (unsigned w = 0; w < RIG_N_WORKERS; w++)
		ts_token_bucket_init(&rig.workers[w]->limits[limit], rte_get_tsc_hz(), per_second, burst, rig.now);
}

void
set_keyed(enum ts_keyed_limit limit, uint32_t per_second, uint32_t burst)
{
	for (unsigned w = 0; w < RIG_N_WORKERS; w++)
		ts_prefix_limiter_init(&rig.workers[w]->keyed[limit], rte_get_tsc_hz(), per_second, burst, 1);
}

void
let_pass(unsigned seconds)
{
	for (unsigned i = 0; i < seconds * TS_PEER_TICKS_PER_S; i++) {
		rig.now += rte_get_tsc_hz() / TS_PEER_TICKS_PER_S;
		rig_turn(&rig);
	}
}

void
turn_of(unsigned worker)
{
	struct ts_worker_conf *c = &rig.workers[worker]->conf;
	uint16_t n_rxq = c->n_rxq;

	c->n_rxq = 1;
	c->rxq[0].port = rig.port;
	c->rxq[0].queue = 0;
	ts_worker_poll(rig.workers[worker], rig.now);
	c->n_rxq = n_rxq;
}

void
give_to(unsigned worker, const uint8_t *packet, size_t len)
{
	rig_send_ip(&rig, packet, len);
	turn_of(worker);
}

/* UDP from port 1000 to 2000, and 32 bytes that follow from the number. */
static size_t
make_numbered(uint8_t *p, const char *src, const char *dst, uint32_t number)
{
	size_t len = make_v6(p, src, dst, 40);

	memcpy(p + 40, ((uint8_t[]){0x03, 0xe8, 0x07, 0xd0, 0, 40}), 6);
	for (unsigned i = 0; i < 28; i++)
		p[52 + i] = (uint8_t)(number * 31 + i);
	memcpy(p + 48, &number, sizeof(number));
	set_udp6_checksum(p, len);
	return len;
}

size_t
make_native(uint8_t *p, const struct client *c, uint32_t number)
{
	return make_numbered(p, NATIVE, c->v6, number);
}

size_t
from_client(uint8_t *p, const struct client *c, size_t inner)
{
	return make_udp(p, c->v4, c->port, R_V4, R_PORT, inner);
}

size_t
make_answer(uint8_t *p, const struct client *c, uint32_t number)
{
	return from_client(p, c, make_numbered(PAYLOAD(p), c->v6, NATIVE, number));
}

size_t
make_bubble(uint8_t *p, const struct client *c, const char *dst)
{
	return from_client(p, c, put_bubble(PAYLOAD(p), c->v6, dst));
}

void
set_udp6_checksum(uint8_t *p, size_t len)
{
	const struct rte_ipv6_hdr *ip = (const void *)p;
	uint16_t folded;

	memset(p + 46, 0, 2);
	(void)len;
	folded = rte_ipv6_udptcp_cksum(ip, p + 40);
	memcpy(p + 46, &folded, 2);
}

size_t
next_packet(uint8_t p[RIG_FRAME_MAX])
{
	uint8_t frame[RIG_FRAME_MAX];
	size_t len = rig_receive(&rig, frame);

	if (len == 0)
		return 0;
	memcpy(p, frame + 14, len - 14);
	return len - 14;
}

void
assert_next_udp(const char *dst, uint16_t dst_port, const uint8_t *payload, size_t len)
{
	uint8_t got[RIG_FRAME_MAX], want[RIG_FRAME_MAX];
	char why[64];

	assert_int_equal(next_packet(got), 28 + len);
	memcpy(PAYLOAD(want), payload, len);
	make_udp(want, R_V4, R_PORT, dst, dst_port, len);
	memcpy(want + 4, got + 4, 2); /* the identification is free */
	want[8] = rig.cfg.teredo_relay.ttl;
	set_v4_length(want, 28 + len);
	assert_memory_equal(got, want, 28 + len);
	assert_true((got[26] | got[27]) != 0); /* F8 */
	if (!checksums_good(got, 28 + len, why, sizeof(why)))
		fail_msg("%s", why);
}

void
assert_next_to(const struct client *c, const uint8_t *sent, size_t len)
{
	uint8_t want[RIG_FRAME_MAX];

	memcpy(want, sent, len);
	want[7]--;
	assert_next_udp(c->v4, c->port, want, len);
}

void
assert_next_native(const uint8_t *sent, size_t len)
{
	uint8_t got[RIG_FRAME_MAX], want[RIG_FRAME_MAX];

	memcpy(want, sent, len);
	want[7]--;
	assert_int_equal(next_packet(got), len);
	assert_memory_equal(got, want, len);
}

void
next_bubble(const struct client *c, uint8_t source[16], uint8_t nonce[4])
{
	rte_be32_t server = ts_teredo_server(c->addr);
	uint8_t got[RIG_FRAME_MAX], want[64];
	char server_text[INET_ADDRSTRLEN];
	size_t len = next_packet(got), inner = nonce != NULL ? 46 : 40;

	assert_int_equal(len, 28 + inner);
	inet_ntop(AF_INET, &server, server_text, sizeof(server_text));
	put_bubble(want, "::", c->v6);
	want[7] = 64;
	memcpy(want + 8, PAYLOAD(got) + 8, 16);
	memcpy(source, PAYLOAD(got) + 8, 16);
	if (nonce != NULL) {
		memcpy(nonce, PAYLOAD(got) + 42, 4);
		want[40] = 1;
		want[41] = 4;
		memcpy(want + 42, nonce, 4);
	}
	/* as assert_next_udp() would have it */
	uint8_t whole[128];

	memcpy(PAYLOAD(whole), want, inner);
	make_udp(whole, R_V4, R_PORT, server_text, SERVER_PORT, inner);
	memcpy(whole + 4, got + 4, 2);
	set_v4_length(whole, len);
	assert_memory_equal(got, whole, len);
}

void
assert_next_bubble(const struct client *c)
{
	uint8_t source[16], want[16];

	next_bubble(c, source, NULL);
	put_v6(want, rig.cfg.teredo_relay.cookie_prefix.len != 0 ? R_COOKIES : R_B);
	assert_memory_equal(source, want, rig.cfg.teredo_relay.cookie_prefix.len != 0 ? 8 : 16);
}

size_t
make_error(uint8_t *p, const struct icmp6_error *e, const uint8_t *about, size_t len)
{
	size_t quote = RTE_MIN(len, (size_t)QUOTE_MAX);

	memset(p, 0, 48);
	p[0] = 0x60;
	p[4] = (uint8_t)((8 + quote) >> 8);
	p[5] = (uint8_t)(8 + quote);
	p[6] = 58;
	p[7] = 64;
	put_v6(p + 8, PATH_ID6);
	memcpy(p + 24, about + 8, 16);
	p[40] = e->type;
	p[41] = e->code;
	p[46] = (uint8_t)(e->word >> 8);
	p[47] = (uint8_t)e->word;
	memcpy(p + 48, about, quote);
	set_icmp6_checksum(p, 48 + quote);
	return 48 + quote;
}

void
assert_next_error(const struct icmp6_error *e, const uint8_t *about, size_t len)
{
	uint8_t got[RIG_FRAME_MAX], want[RIG_FRAME_MAX];
	size_t n = make_error(want, e, about, len);

	assert_int_equal(next_packet(got), n);
	assert_memory_equal(got, want, n);
}

void
assert_nothing_sent(void)
{
	uint8_t frame[RIG_FRAME_MAX];

	assert_int_equal(rig_receive(&rig, frame), 0);
}

void
discard_sent(void)
{
	uint8_t frame[RIG_FRAME_MAX];

	while (rig_receive(&rig, frame) != 0)
		;
}

struct client
known_client(void)
{
	struct client c = client_at(CLIENT, CLIENT_PORT);

	if (relay_state(&c) == R_NONE)
		plant(&c, 0);
	return c;
}

void
send_number(const struct client *c, uint32_t number)
{
	uint8_t p[128];

	send_ip(p, make_native(p, c, number));
}

void
assert_number_sent(const struct client *c, uint32_t number)
{
	uint8_t p[128];

	assert_next_to(c, p, make_native(p, c, number));
}

void
begin_contact(const struct client *c)
{
	send_number(c, 0);
	assert_no_drops();
	assert_int_equal(moved(TS_C_teredo_queued_packets), 1);
	assert_int_equal(moved(TS_C_teredo_indirect_bubbles), 1);
	assert_next_bubble(c);
	assert_nothing_sent();
}

void
answer_bubble(const struct client *c, unsigned waiting)
{
	uint8_t p[128];

	send_ip(p, make_bubble(p, c, R_B));
	assert_no_drops();
	assert_int_equal(moved(TS_C_consume_teredo_decap_bubble), 1);
	assert_int_equal(moved(TS_C_teredo_released_packets), waiting);
	assert_int_equal(relay_state(c), R_TRUSTED);
}
