/* SPDX-License-Identifier: BSD-3-Clause */
#include "path_tunnels.h"

#include "checksums.h"

#define QUOTE_MAX 1232

static void
domain(struct ts_cfg_6rd *d, const char *prefix, uint8_t len, const char *common, uint8_t mask_len, const char *br)
{
	memset(d, 0, sizeof(*d));
	put_v6(d->map.prefix.addr.s6_addr, prefix);
	d->map.prefix.len = len;
	put_v4((uint8_t *)&d->map.ipv4_common, common);
	d->map.ipv4_mask_len = mask_len;
	put_v4((uint8_t *)&d->br, br);
	d->mtu = 1280;
	d->ttl = 64;
	d->dscp = TS_DSCP_COPY;
	d->ecn = TS_ECN_NORMAL;
	d->hairpin = TS_6RD_HAIRPIN_SELF;
}

static void
site(struct ts_cfg_isatap *s, const char *prefix, const char *router, const char *subnet)
{
	memset(s, 0, sizeof(*s));
	put_v6(s->prefix.addr.s6_addr, prefix);
	s->prefix.len = 64;
	put_v4((uint8_t *)&s->address, router);
	put_v4((uint8_t *)&s->site[0].addr, subnet);
	s->site[0].len = 16;
	s->n_site = 1;
	s->prl[0] = s->address;
	s->n_prl = 1;
	s->mtu = 1280;
	s->ttl = 64;
	s->router_lifetime = 1800;
	s->valid = 2592000;
	s->preferred = 604800;
	s->on_link = s->autonomous = true;
}

void
tunnels_setup(void)
{
	struct ts_config *c = &rig.cfg;

	domain(&c->sixrd[DOMAIN_A], "2001:d00::", 32, "10.0.0.0", 8, A_BR);
	put_v4((uint8_t *)&c->sixrd[DOMAIN_A].known_relays[0].addr, A_RELAY);
	c->sixrd[DOMAIN_A].known_relays[0].len = 32;
	c->sixrd[DOMAIN_A].n_known_relays = 1;
	domain(&c->sixrd[DOMAIN_B], "3fff:40::", 26, "0.0.0.0", 0, B_BR);
	c->sixrd[DOMAIN_B].df = true;
	c->sixrd[DOMAIN_B].mtu = 1480;
	c->sixrd[DOMAIN_B].ttl = 61;
	c->n_sixrd = 2;
	site(&c->isatap[SITE_S], "2001:db8:1:2::", S_ROUTER, "172.20.0.0");
	put_v4((uint8_t *)&c->isatap[SITE_S].prl[1], S_OTHER_ROUTER);
	put_v4((uint8_t *)&c->isatap[SITE_S].prl[2], "203.0.113.99"); /* a router that does not belong to the site */
	c->isatap[SITE_S].n_prl = 3;
	put_v4((uint8_t *)&c->isatap[SITE_S].site[1].addr, "192.0.2.0");
	c->isatap[SITE_S].site[1].len = 25;
	c->isatap[SITE_S].n_site = 2;
	site(&c->isatap[SITE_T], "2001:db8:1:3::", T_ROUTER, "172.21.0.0");
	c->isatap[SITE_T].ttl = 62;
	c->n_isatap = 2;
	path_apply();
}

size_t
wrap(uint8_t *p, const char *outer_src, const char *outer_dst, size_t inner)
{
	return make_v4(p, outer_src, outer_dst, 41, inner);
}

size_t
make_tunnelled(
	uint8_t *p, const char *outer_src, const char *outer_dst, const char *src, const char *dst, size_t payload)
{
	return wrap(p, outer_src, outer_dst, make_v6(p + 20, src, dst, payload));
}

/* The only packet sent, without its Ethernet header. */
static size_t
receive_only(uint8_t *packet, uint16_t ethertype)
{
	uint8_t frame[RIG_FRAME_MAX], second[RIG_FRAME_MAX];
	size_t len = rig_receive(&rig, frame);

	assert_true(len > 14);
	assert_int_equal(rig_receive(&rig, second), 0);
	assert_int_equal(frame[12] << 8 | frame[13], ethertype);
	memcpy(packet, frame + 14, len - 14);
	return len - 14;
}

/* Its inner packet, once the outer header is found to be right. */
static size_t
receive_inner(const struct outer_header *outer, uint8_t *inner)
{
	uint8_t got[RIG_FRAME_MAX], want[20];
	size_t len = receive_only(got, 0x0800);
	char why[64];

	make_v4(want, outer->src, outer->dst, 41, len - 20);
	want[1] = outer->tos;
	memcpy(want + 4, got + 4, 2); /* the identification is free */
	want[6] = outer->df ? 0x40 : 0;
	want[8] = outer->ttl;
	memcpy(want + 10, got + 10, 2);
	assert_memory_equal(got, want, 20);
	if (!checksums_good(got, len, why, sizeof(why)))
		fail_msg("%s", why);
	memcpy(inner, got + 20, len - 20);
	return len - 20;
}

static size_t
receive(const struct outer_header *outer, uint8_t *inner)
{
	return outer != NULL ? receive_inner(outer, inner) : receive_only(inner, 0x86dd);
}

void
assert_native(const uint8_t *want, size_t len)
{
	uint8_t got[RIG_FRAME_MAX];

	assert_no_drops();
	assert_int_equal(receive(NULL, got), len);
	assert_memory_equal(got, want, len);
}

void
assert_tunnelled(const struct outer_header *outer, const uint8_t *want, size_t len)
{
	uint8_t got[RIG_FRAME_MAX];

	assert_no_drops();
	assert_int_equal(receive(outer, got), len);
	assert_memory_equal(got, want, len);
}

void
assert_forwarded(const struct outer_header *outer, const uint8_t *sent, size_t len)
{
	uint8_t want[RIG_FRAME_MAX];

	memcpy(want, sent, len);
	want[7]--;
	if (outer != NULL)
		assert_tunnelled(outer, want, len);
	else
		assert_native(want, len);
}

void
set_icmp6_checksum(uint8_t *p, size_t len)
{
	const struct rte_ipv6_hdr *ip = (const void *)p;
	uint16_t folded;
	uint32_t sum;

	memset(p + 42, 0, 2);
	sum = rte_ipv6_phdr_cksum(ip, 0) + rte_raw_cksum(p + 40, len - 40);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	folded = (uint16_t)~sum;
	memcpy(p + 42, &folded, 2);
}

void
assert_error(const struct outer_header *outer, const struct icmp6_error *e, const uint8_t *about, size_t len)
{
	size_t quote = RTE_MIN(len, (size_t)QUOTE_MAX);
	uint8_t want[RIG_FRAME_MAX] = {0x60}, got[RIG_FRAME_MAX];

	want[4] = (uint8_t)((8 + quote) >> 8);
	want[5] = (uint8_t)(8 + quote);
	want[6] = 58;
	want[7] = 64;
	put_v6(want + 8, PATH_ID6);
	memcpy(want + 24, about + 8, 16);
	want[40] = e->type;
	want[41] = e->code;
	want[44] = (uint8_t)(e->word >> 24);
	want[45] = (uint8_t)(e->word >> 16);
	want[46] = (uint8_t)(e->word >> 8);
	want[47] = (uint8_t)e->word;
	memcpy(want + 48, about, quote);
	set_icmp6_checksum(want, 48 + quote);
	assert_no_drops();
	assert_int_equal(receive(outer, got), 48 + quote);
	assert_memory_equal(got, want, 48 + quote);
}
