/* SPDX-License-Identifier: BSD-3-Clause */
/* What the Teredo server lets out natively (protocols.md V9), and what stops it on that way. */
#include "path_server.h"
#include "path_tests.h"

/* V9 */
void
test_teredo_server_native(void **state)
{
	uint8_t p[512], *payload = PAYLOAD(p), echo[128];

	(void)state;
	server_setup();
	for (size_t trailers = 0; trailers < 10; trailers += 9) {
		for (size_t id_len = 0; id_len < 3; id_len++) {
			size_t auth = id_len == 0 ? 0 : put_auth(payload, "ab", id_len, 0);

			make_echo6(echo, CLIENT_ADDR, NATIVE);
			echo[7] = 2;
			memcpy(payload + auth, echo, 56);
			memset(payload + auth + 56, 0, trailers);
			send_from_client(p, auth + 56 + trailers);
			assert_forwarded(NULL, echo, 56);
			assert_int_equal(moved(TS_C_teredo_server_native_packets), 1);
			assert_int_equal(moved(TS_C_teredo_server_native_bytes), 56);
		}
	}
	/* G36 */
	make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 56);
	make_echo6(payload, CLIENT_ADDR, NATIVE);
	make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 56);
	p[1] = 3;
	set_v4_length(p, 84);
	send_ip(p, 84);
	assert_dropped(TS_C_drop_teredo_server_ecn_ce_not_ect);
	payload[1] = 0x20;
	make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 56);
	p[1] = 3;
	set_v4_length(p, 84);
	send_ip(p, 84);
	memcpy(echo, payload, 56);
	echo[1] = 0x30;
	assert_forwarded(NULL, echo, 56);
	/* no error about a hop limit that ends here; a loop is one whatever it says */
	for (uint8_t hop_limit = 0; hop_limit < 2; hop_limit++) {
		make_echo6(payload, CLIENT_ADDR, NATIVE);
		payload[7] = hop_limit;
		send_from_client(p, 56);
		assert_dropped(TS_C_drop_teredo_server_hop_limit);
		make_echo6(payload, CLIENT_ADDR, "2002:4136:e378::1");
		payload[7] = hop_limit;
		send_from_client(p, 56);
		assert_dropped(TS_C_drop_teredo_server_loop_dst);
		make_echo6(payload, CLIENT_ADDR, "2002:4136:e378::1");
		send_from_client(p, 56);
		assert_dropped(TS_C_drop_teredo_server_loop_dst);
	}
	server_done();
}

/* G58: an address of the box; the reply goes by the route to the client. */
void
test_teredo_server_own_address(void **state)
{
	uint8_t p[256], *payload = PAYLOAD(p), want[56];

	(void)state;
	server_setup();
	make_echo6(payload, CLIENT_ADDR, PATH_ID6);
	payload[7] = 1;
	send_from_client(p, 56);
	make_v6(want, PATH_ID6, CLIENT_ADDR, 16);
	want[6] = 58;
	want[40] = 129;
	set_icmp6_checksum(want, 56);
	assert_native(want, 56);
	payload[42] ^= 1;
	send_from_client(p, 56);
	assert_dropped(TS_C_drop_teredo_server_local_not_echo);
	make_echo6(payload, CLIENT_ADDR, PATH_ID6);
	payload[40] = 129;
	send_from_client(p, 56);
	assert_dropped(TS_C_drop_teredo_server_local_not_echo);
	server_done();
}

/* Access, rates, routes and other tunnels of the box, on the native way. */
void
test_teredo_server_native_refused(void **state)
{
	static const struct outer_header to_site = {.src = X_RELAY, .dst = X_SITE, .ttl = 64};
	uint8_t p[256], *payload = PAYLOAD(p), echo[56];
	uint32_t blackhole = ts_nexthop_get_simple(rig.nexthops, TS_NH_BLACKHOLE);
	uint32_t unreachable = ts_nexthop_get_simple(rig.nexthops, TS_NH_UNREACHABLE);
	size_t n;

	(void)state;
	server_setup();
	make_echo6(payload, CLIENT_ADDR, X_USER);
	memcpy(echo, payload, 56);
	send_from_client(p, 56);
	assert_forwarded(&to_site, echo, 56);
	rig.cfg.handover[TS_MECH_TEREDO][TS_MECH_6TO4] = false;
	path_apply();
	send_from_client(p, 56);
	assert_dropped(TS_C_drop_teredo_server_hairpin);

	put_v6(rig.cfg.access.deny6[0].addr.s6_addr, "2001:db8::");
	rig.cfg.access.deny6[0].len = 64;
	rig.cfg.access.n_deny6 = 1;
	path_apply();
	make_echo6(payload, CLIENT_ADDR, NATIVE);
	n = make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, 56);
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_server_dst_denied);
	rig.cfg.access.n_deny6 = 0;
	path_apply();

	set_keyed_rate(TS_KEYED_SITE, PATH_BURST);
	assert_limited(p, n, TS_C_drop_teredo_server_site_limited);
	set_keyed_rate(TS_KEYED_SITE, 0);
	set_keyed_rate(TS_KEYED_NATIVE, PATH_BURST);
	assert_limited(p, n, TS_C_drop_teredo_server_prefix_limited);
	set_keyed_rate(TS_KEYED_NATIVE, 0);

	set_route(AF_INET6, "2001:db8::", 64, blackhole);
	send_ip(p, n);
	assert_dropped(TS_C_drop_teredo_server_blackhole);
	set_route(AF_INET6, "2001:db8::", 64, unreachable);
	send_ip(p, n);
	memcpy(echo, payload, 56);
	assert_error(NULL, &(struct icmp6_error){.type = 1, .code = 3}, echo, 56);
	assert_limited(p, n, TS_C_drop_teredo_server_icmp6_limited);
	del_route(AF_INET6, "2001:db8::", 64);
	server_done();
}
