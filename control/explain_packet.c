/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `explain HEX`: a packet explained. Its headers, the lane that it would go to, the checks of that lane's outside with
 * the counters that they would move, and then, for the packet that is left, where its destination leads. Nothing is
 * sent and nothing is remembered: the checks are those of the lanes, in their order, but no worker is asked.
 */
#define TS_MAY_BLOCK
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/explain.h"
#include "control/show.h"
#include "dataplane/worker_priv.h"
#include "lib/headers.h"
#include "lib/teredo.h"

#define PACKET_MAX 512u /* a request is shorter than 1024 characters */

struct packet {
	const struct ts_control *c;
	const struct ts_services *s;
	uint8_t bytes[PACKET_MAX];
	uint32_t len;
	struct ts_headers h;
	json_t *out;
	const char *verdict; /* NULL: nothing has spoken against it */
	char text[TS_VERDICT_LEN];
};

/* Of a word that ts_explain_is_packet() has seen. */
static unsigned
digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

bool
ts_explain_is_packet(const char *word)
{
	size_t n = strspn(word, "0123456789abcdefABCDEF");

	return word[n] == '\0' && n >= 2 * TS_IPV4_HDR_LEN;
}

static bool
read_hex(struct packet *p, const char *hex)
{
	size_t n = strlen(hex);

	if (n % 2 != 0 || n / 2 > sizeof(p->bytes))
		return false;
	for (size_t i = 0; i < n / 2; i++)
		p->bytes[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	p->len = (uint32_t)(n / 2);
	return true;
}

static void
refuse(struct packet *p, int counter)
{
	if (counter < 0 || p->verdict != NULL)
		return;
	snprintf(p->text, sizeof(p->text), "dropped, %s: %s", ts_counter_info[counter].name,
		ts_counter_info[counter].help);
	p->verdict = p->text;
}

static void
put_v4(json_t *o, const char *key, const uint8_t *addr)
{
	char text[INET_ADDRSTRLEN];

	json_object_set_new(o, key, json_string(inet_ntop(AF_INET, addr, text, sizeof(text))));
}

static void
put_v6(json_t *o, const char *key, const uint8_t *addr)
{
	char text[INET6_ADDRSTRLEN];

	json_object_set_new(o, key, json_string(inet_ntop(AF_INET6, addr, text, sizeof(text))));
}

static void
show_headers(struct packet *p)
{
	const struct ts_headers *h = &p->h;

	if (h->ipv4 != TS_NO_HEADER) {
		json_t *o = json_object();

		put_v4(o, "source", p->bytes + h->ipv4 + 12);
		put_v4(o, "destination", p->bytes + h->ipv4 + 16);
		json_object_set_new(o, "protocol", json_integer(p->bytes[h->ipv4 + 9]));
		json_object_set_new(o, "ttl", json_integer(p->bytes[h->ipv4 + 8]));
		if (h->udp != TS_NO_HEADER)
			json_object_set_new(o, "udp_destination_port",
				json_integer(p->bytes[h->udp + 2] << 8 | p->bytes[h->udp + 3]));
		json_object_set_new(p->out, "ipv4", o);
	}
	if (h->ipv6 != TS_NO_HEADER) {
		json_t *o = json_object();

		put_v6(o, "source", p->bytes + h->ipv6 + 8);
		put_v6(o, "destination", p->bytes + h->ipv6 + 24);
		json_object_set_new(o, "next_header", json_integer(h->protocol));
		json_object_set_new(o, "hop_limit", json_integer(p->bytes[h->ipv6 + 7]));
		json_object_set_new(p->out, "ipv6", o);
	}
}

/* What an own IPv4 address is to the data path; NULL: it is none. */
static const struct ts_nexthop *
own_address(const struct packet *p, const uint8_t *addr)
{
	const struct ts_nexthop *nh;
	struct ts_route_info route;
	uint8_t prefix[16] = {0};

	memcpy(prefix, addr, 4);
	if (!ts_rib_get(p->c->rib, AF_INET, prefix, 32, &route))
		return NULL;
	nh = &ts_nexthop_array(p->c->nexthops)[route.nh];
	return nh->kind == TS_NH_LOCAL ? nh : NULL;
}

static rte_be32_t
outer_source(const struct packet *p)
{
	rte_be32_t v4;

	memcpy(&v4, p->bytes + p->h.ipv4 + 12, sizeof(v4));
	return v4;
}

/* G16 and G27 for what comes out of 6to4 and of no other; S15, S16. */
static int
refused_6to4(const struct packet *p, rte_be32_t src)
{
	const uint8_t *ip6 = p->bytes + p->h.ipv6;

	if (ts_ipv6_addr_refused(ip6 + 8))
		return TS_C_drop_6to4_decap_v6_src_invalid;
	if (ts_ipv6_addr_refused(ip6 + 24))
		return TS_C_drop_6to4_decap_v6_dst_invalid;
	if (!ts_is_6to4(ip6 + 8))
		return TS_C_drop_6to4_decap_src_not_6to4;
	if (ts_6to4_v4(ip6 + 8) != src)
		return TS_C_drop_6to4_decap_src_mismatch;
	return ts_is_6to4(ip6 + 24) ? TS_C_drop_6to4_decap_dst_6to4 : -1;
}

/* The lanes' own checks want a worker, and of it only the tables. */
static struct ts_worker *
make_judge(const struct packet *p, struct ts_tables *tables)
{
	struct ts_worker *w = calloc(1, sizeof(*w));

	*tables = (struct ts_tables){.services = p->s};
	if (w != NULL)
		w->tables = tables;
	return w;
}

static void
judge_6in4(struct packet *p, const struct ts_worker *w, const struct ts_nexthop *nh)
{
	rte_be32_t src = outer_source(p);

	if (nh->proto41 == TS_PROTO41_6TO4) {
		json_object_set_new(p->out, "lane", json_string("6to4-decap"));
		refuse(p, ts_6to4_refused_source(w, src));
		refuse(p, p->h.ipv6 == TS_NO_HEADER ? TS_C_drop_6to4_decap_v6_hdr : refused_6to4(p, src));
	} else if (nh->proto41 == TS_PROTO41_6RD) {
		json_object_set_new(p->out, "lane", json_string("6rd-decap"));
		refuse(p, ts_6rd_refused_source(w, &p->s->sixrd[nh->domain], src));
		refuse(p, p->h.ipv6 == TS_NO_HEADER ? TS_C_drop_6rd_decap_v6_hdr : -1);
	} else if (nh->proto41 == TS_PROTO41_ISATAP) {
		json_object_set_new(p->out, "lane", json_string("isatap-decap"));
		refuse(p, ts_isatap_refused_source(w, &p->s->isatap[nh->domain], src));
		refuse(p, p->h.ipv6 == TS_NO_HEADER ? TS_C_drop_isatap_decap_v6_hdr : -1);
	} else {
		p->verdict = "protocol 41 to an address that no tunnel has";
	}
}

static void
judge_udp(struct packet *p, const struct ts_worker *w, const struct ts_nexthop *nh)
{
	uint16_t port = (uint16_t)(p->bytes[p->h.udp + 2] << 8 | p->bytes[p->h.udp + 3]);

	if (nh->udp & TS_UDP_TEREDO_SERVER && port == TS_TEREDO_PORT) {
		json_object_set_new(p->out, "lane", json_string("teredo-server"));
		refuse(p, ts_teredo_server_refused_source(w, outer_source(p)));
		if (p->verdict == NULL)
			p->verdict = "taken by the Teredo server";
	} else if (nh->udp & TS_UDP_TEREDO_RELAY && port == rte_be_to_cpu_16(p->s->relay.port)) {
		json_object_set_new(p->out, "lane", json_string("teredo-decap"));
		refuse(p, ts_teredo_refused_source(w, outer_source(p)));
	} else {
		json_object_set_new(p->out, "lane", json_string("local4"));
		p->verdict = nh->host ? "given to the kernel" : "no service: Port Unreachable";
	}
}

static void
judge_outer(struct packet *p)
{
	const struct ts_nexthop *nh = own_address(p, p->bytes + p->h.ipv4 + 16);
	struct ts_tables tables;
	struct ts_worker *w;

	switch (ts_ipv4_check(p->bytes + p->h.ipv4, UINT16_MAX, p->len - p->h.ipv4)) {
	case TS_V4_HDR:
		refuse(p, TS_C_drop_ip4_rx_v4_hdr);
		break;
	case TS_V4_CSUM:
		refuse(p, TS_C_drop_ip4_rx_v4_csum);
		break;
	case TS_V4_SOURCE_ROUTE:
		refuse(p, TS_C_drop_ip4_rx_v4_source_route);
		break;
	case TS_V4_OK:
		break;
	}
	refuse(p, nh == NULL ? TS_C_drop_ip4_rx_no_tunnel : -1);
	w = nh != NULL && p->verdict == NULL ? make_judge(p, &tables) : NULL;
	if (w == NULL)
		return;
	if (ts_ipv4_is_fragment((const void *)(p->bytes + p->h.ipv4)))
		p->verdict = "a fragment: kept until its datagram is complete, which then has a verdict";
	else if (p->bytes[p->h.ipv4 + 9] == IPPROTO_IPV6)
		judge_6in4(p, w, nh);
	else if (p->h.udp != TS_NO_HEADER)
		judge_udp(p, w, nh);
	else
		p->verdict = nh->host ? "echo answered, all else given to the kernel"
				      : "echo answered, all else refused";
	free(w);
}

/* Where the IPv6 destination leads: what `explain ADDRESS` says of it. */
static void
follow(struct packet *p)
{
	char text[INET6_ADDRSTRLEN];
	struct ts_answer inner = {0};
	json_t *explained;

	inet_ntop(AF_INET6, p->bytes + p->h.ipv6 + 24, text, sizeof(text));
	ts_explain(p->c, text, &inner);
	explained = json_object_get(inner.whole, "explain");
	if (explained != NULL) {
		json_object_set(p->out, "destination", explained);
		snprintf(p->text, sizeof(p->text), "%s", json_string_value(json_object_get(explained, "verdict")));
		p->verdict = p->text;
	}
	json_decref(inner.whole);
}

/* Right in its length, and as IPv4 in its checksum. */
static bool
is_whole_packet(const struct packet *p)
{
	uint8_t version = p->bytes[0] >> 4;
	enum ts_v4_fault fault;

	if (version == 6)
		return p->len >= TS_IPV6_HDR_LEN &&
			TS_IPV6_HDR_LEN + (uint32_t)(p->bytes[4] << 8 | p->bytes[5]) == p->len;
	if (version != 4 || p->len < TS_IPV4_HDR_LEN)
		return false;
	fault = ts_ipv4_check(p->bytes, p->len, p->len);
	return fault == TS_V4_OK || fault == TS_V4_SOURCE_ROUTE;
}

/* A MAC address may begin with 4 or 6, too: a frame is what makes sense as one, unless all of it does as a packet. */
static void
find_headers(struct packet *p)
{
	struct ts_headers frame;

	ts_headers_find(p->bytes, p->len, false, &p->h);
	ts_headers_find(p->bytes, p->len, true, &frame);
	if (!is_whole_packet(p) && (frame.ipv4 != TS_NO_HEADER || frame.ipv6 != TS_NO_HEADER))
		p->h = frame;
}

void
ts_explain_packet(const struct ts_control *c, const char *hex, struct ts_answer *out)
{
	struct packet p = {.c = c, .s = ts_publish_current(c->publisher)};

	if (p.s == NULL || !read_hex(&p, hex)) {
		ts_answer_error(c, out,
			p.s == NULL ? "the tables are not made yet"
				    : "a packet is an even number of hexadecimal digits, at most 1000");
		return;
	}
	find_headers(&p);
	if (p.h.ipv4 == TS_NO_HEADER && p.h.ipv6 == TS_NO_HEADER) {
		ts_answer_error(c, out, "neither a frame nor a packet with an IPv4 or IPv6 header");
		return;
	}
	p.out = json_object();
	show_headers(&p);
	if (p.h.ipv4 != TS_NO_HEADER)
		judge_outer(&p);
	if (p.verdict == NULL && p.h.ipv6 != TS_NO_HEADER)
		follow(&p);
	json_object_set_new(p.out, "verdict", json_string(p.verdict != NULL ? p.verdict : "dropped: no IPv6 packet"));
	out->whole = json_pack("{s:o}", "explain", p.out);
}

/* What of an explanation belongs to the address alone. */
void
ts_decode(const struct ts_control *c, const char *address, struct ts_answer *out)
{
	static const char *const keys[] = {
		"address", "mechanism", "domain", "site", "ipv4", "server", "flags", "cone", "client", "client_port"};
	struct ts_answer whole = {0};
	json_t *explained, *decoded, *value;

	ts_explain(c, address, &whole);
	explained = json_object_get(whole.whole, "explain");
	if (explained == NULL) {
		*out = whole;
		return;
	}
	decoded = json_object();
	for (size_t i = 0; i < RTE_DIM(keys); i++)
		if ((value = json_object_get(explained, keys[i])) != NULL)
			json_object_set(decoded, keys[i], value);
	json_decref(whole.whole);
	out->whole = json_pack("{s:o}", "decode", decoded);
}
