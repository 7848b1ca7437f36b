/* SPDX-License-Identifier: BSD-3-Clause */
#include "path_server.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checksums.h"
#include "lib/teredo_keys.h"

void
server_setup(void)
{
	struct ts_cfg_teredo_server *s = &rig.cfg.teredo_server;

	memset(s, 0, sizeof(*s));
	s->enabled = true;
	put_v4((uint8_t *)&s->address, SERVER);
	put_v4((uint8_t *)&s->secondary, SERVER_2ND);
	s->max_icmp6 = 88;
	s->min_client_port = 1;
	s->ttl = 64;
	path_apply();
}

void
server_done(void)
{
	struct ts_teredo_keys *keys = rig.cfg.teredo_server.keys;

	memset(&rig.cfg.teredo_server, 0, sizeof(rig.cfg.teredo_server));
	path_apply();
	ts_teredo_keys_put(keys);
}

void
server_keys(const char *id)
{
	char path[] = "/tmp/ts-server-keys-XXXXXX", err[512];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	dprintf(fd, "alice correct-horse-battery-staple\nbob hex:00112233445566778899aabbccddeeff\n%s s\n", id);
	close(fd);
	rig.cfg.teredo_server.keys = ts_teredo_keys_load(path, err, sizeof(err));
	unlink(path);
	if (rig.cfg.teredo_server.keys == NULL)
		fail_msg("%s", err);
	path_apply();
}

const struct ts_teredo_key *
server_key(const char *id)
{
	const struct ts_teredo_key *key = ts_teredo_keys_find(
		rig.cfg.teredo_server.keys, (const uint8_t *)id, strlen(id));

	assert_non_null(key);
	return key;
}

size_t
put_rs(uint8_t *at, const char *src, size_t options)
{
	make_v6(at, src, "ff02::2", 8 + options);
	at[6] = 58;
	at[7] = 255;
	at[40] = 133;
	if (options != 0) {
		at[48] = 1;
		at[49] = (uint8_t)(options / 8);
	}
	set_icmp6_checksum(at, 48 + options);
	return 48 + options;
}

size_t
put_bubble(uint8_t *at, const char *src, const char *dst)
{
	make_v6(at, src, dst, 0);
	at[6] = 59;
	at[7] = 255;
	return 40;
}

size_t
put_echo(uint8_t *at, const char *src, const char *dst)
{
	uint8_t echo[56] __rte_aligned(2);
	size_t len = make_echo6(echo, src, dst);

	memcpy(at, echo, len);
	return len;
}

size_t
put_auth(uint8_t *at, const char *id, size_t id_len, uint8_t au_len)
{
	uint8_t *nonce = at + 4 + id_len + au_len;

	at[0] = 0;
	at[1] = 1;
	at[2] = (uint8_t)id_len;
	at[3] = au_len;
	memcpy(at + 4, id, id_len);
	memset(at + 4 + id_len, 0xaa, au_len);
	for (uint8_t i = 0; i < 8; i++)
		nonce[i] = i + 1;
	nonce[8] = 0;
	return 13 + id_len + au_len;
}

size_t
put_secure_rs(uint8_t *at, const char *id, const struct ts_teredo_key *key, uint8_t confirmation, size_t options)
{
	size_t id_len = strlen(id), auth = put_auth(at, id, id_len, TS_TEREDO_HMAC_LEN);
	size_t rs = put_rs(at + auth, RS_CLIENT, options);
	const struct ts_teredo_part parts[] = {{at + auth - 9, 9}, {at + auth, rs}};

	at[auth - 1] = confirmation;
	ts_teredo_hmac(key, parts, 2, at + 4 + id_len);
	return auth + rs;
}

void
set_v4_length(uint8_t *p, size_t len)
{
	uint16_t sum;

	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	memset(p + 10, 0, 2);
	sum = (uint16_t)~rte_raw_cksum(p, (p[0] & 15u) * 4);
	memcpy(p + 10, &sum, 2);
}

size_t
make_udp(uint8_t *p, const char *src, uint16_t src_port, const char *dst, uint16_t dst_port, size_t payload)
{
	size_t len = make_v4(p, src, dst, 17, 8 + payload);
	struct rte_udp_hdr *udp = (void *)(p + 20);

	udp->src_port = rte_cpu_to_be_16(src_port);
	udp->dst_port = rte_cpu_to_be_16(dst_port);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(8 + payload));
	udp->dgram_cksum = 0;
	udp->dgram_cksum = rte_ipv4_udptcp_cksum((const void *)p, udp);
	return len;
}

void
send_from_client(uint8_t *p, size_t payload)
{
	send_ip(p, make_udp(p, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, payload));
}

void
set_keyed_rate(enum ts_keyed_limit limit, uint32_t per_second)
{
	for (unsigned w = 0; w < RIG_N_WORKERS; w++)
		ts_prefix_limiter_init(&rig.workers[w]->keyed[limit], rte_get_tsc_hz(), per_second, per_second, 1);
}

void
assert_udp_ttl(const char *src, const char *dst, uint16_t dst_port, const uint8_t *payload, size_t len, uint8_t ttl)
{
	uint8_t frame[RIG_FRAME_MAX], want[RIG_FRAME_MAX], *got = frame + 14;
	size_t n;
	char why[64];

	assert_no_drops();
	n = rig_receive(&rig, frame);
	assert_int_equal(n, 14 + 28 + len);
	memcpy(PAYLOAD(want), payload, len);
	make_udp(want, src, SERVER_PORT, dst, dst_port, len);
	memcpy(want + 4, got + 4, 2); /* the identification is free */
	want[8] = ttl;
	set_v4_length(want, 28 + len);
	assert_memory_equal(got, want, 28 + len);
	if (!checksums_good(got, 28 + len, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(rig_receive(&rig, frame), 0);
}

void
assert_udp(const char *src, const char *dst, uint16_t dst_port, const uint8_t *payload, size_t len)
{
	assert_udp_ttl(src, dst, dst_port, payload, len, 64);
}
