/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of the Teredo relay and server: defaults, what each key puts into the model, and the keys of the
 * server's clients. Its faults are in test_config_teredo_faults.c, what a reload may change in test_config_reload.c.
 */
#include "test_config_faults.h"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/teredo_keys.h"

static void
assert_rate(const struct ts_cfg_rate *r, uint32_t per_second, uint32_t burst)
{
	assert_int_equal(r->per_second, per_second);
	assert_int_equal(r->burst, burst);
}

static void
test_off(void **state)
{
	(void)state;
	test_load_fine(BASE);
	assert_false(test_cfg.teredo_relay.enabled);
	assert_false(test_cfg.teredo_server.enabled);
	assert_null(test_cfg.teredo_server.keys);
	ts_config_free(&test_cfg);
}

static void
test_relay_defaults(void **state)
{
	const struct ts_cfg_teredo_relay *c = &test_cfg.teredo_relay;

	(void)state;
	test_load_fine(TEREDO(""));
	assert_true(c->enabled);
	assert_false(test_cfg.teredo_server.enabled);
	assert_int_equal(c->address, v4("192.0.2.1"));
	assert_int_equal(c->port, 3545);
	assert_v6(&c->bubble_source, "2001:db8:6::1");
	assert_int_equal(c->cookie_prefix.len, 0);
	assert_int_equal(c->ttl, 64);
	assert_int_equal(c->min_client_port, 1);
	assert_false(c->honour_cone);
	assert_false(c->direct_bubble);
	assert_false(c->nonce);
	assert_false(c->accept_mismatch);
	assert_true(c->recover);
	assert_false(c->mss_clamp);
	assert_int_equal(c->valid_s, 30);
	assert_int_equal(c->forget_s, 300);
	assert_int_equal(c->line, 6);
	ts_config_free(&test_cfg);
}

static void
test_relay_default_limits(void **state)
{
	const struct ts_cfg_teredo_relay *c = &test_cfg.teredo_relay;

	(void)state;
	test_load_fine(TEREDO(""));
	assert_int_equal(c->peers, 1048576);
	assert_int_equal(c->unconfirmed, 0);
	assert_int_equal(c->unconfirmed_per_source, 64);
	assert_int_equal(c->unconfirmed_per_client, 16);
	assert_int_equal(c->per_mapping, 4);
	assert_int_equal(c->queue_bytes, 5242880);
	assert_rate(&c->bubbles, 10000, 10000);
	assert_rate(&c->recovery_bubbles, 1000, 1000);
	assert_rate(&c->bubbles_per_server, 1000, 1000);
	assert_rate(&c->bubbles_per_client, 100, 100);
	assert_rate(&c->bubbles_per_source, 250, 250);
	ts_config_free(&test_cfg);
}

static void
test_relay_values(void **state)
{
	const struct ts_cfg_teredo_relay *c = &test_cfg.teredo_relay;

	(void)state;
	test_load_fine(
		TEREDO(", port: 65535, bubble-source: \"2001:db8:6::2\", ttl: 9, min-client-port: 1024,\n"
		       "  honour-cone: yes, direct-bubble: yes, nonce: yes, accept-mismatch: yes, recover: no,\n"
		       "  mss-clamp: yes, valid-time: 5, forget-time: 5, peers: 1024, unconfirmed: 1024,\n"
		       "  unconfirmed-per-source: 1, unconfirmed-per-client: 2, peers-per-mapping: 8, queue-bytes: 0,\n"
		       "  bubbles: 1, recovery-bubbles: 0, bubbles-per-server: {per-second: 2, burst: 3},\n"
		       "  bubbles-per-client: 0, bubbles-per-source: 5"));
	assert_int_equal(c->port, 65535);
	assert_v6(&c->bubble_source, "2001:db8:6::2");
	assert_int_equal(c->ttl, 9);
	assert_int_equal(c->min_client_port, 1024);
	assert_true(c->honour_cone);
	assert_true(c->direct_bubble);
	assert_true(c->nonce);
	assert_true(c->accept_mismatch);
	assert_false(c->recover);
	assert_true(c->mss_clamp);
	assert_int_equal(c->valid_s, 5);
	assert_int_equal(c->forget_s, 5);
	assert_int_equal(c->peers, 1024);
	assert_int_equal(c->unconfirmed, 1024);
	assert_int_equal(c->unconfirmed_per_source, 1);
	assert_int_equal(c->unconfirmed_per_client, 2);
	assert_int_equal(c->per_mapping, 8);
	assert_int_equal(c->queue_bytes, 0);
	assert_rate(&c->bubbles, 1, 1);
	assert_rate(&c->recovery_bubbles, 0, 0);
	assert_rate(&c->bubbles_per_server, 2, 3);
	assert_rate(&c->bubbles_per_client, 0, 0);
	assert_rate(&c->bubbles_per_source, 5, 5);
	ts_config_free(&test_cfg);
}

static void
test_cookie_prefix(void **state)
{
	const struct ts_cfg_teredo_relay *c = &test_cfg.teredo_relay;

	(void)state;
	/* A route around it and the relay's own address in it do no harm. */
	test_load_fine(TEREDO(", cookie-prefix: \"2001:db8:6::/64\"") //
		"routes: [{prefix: \"2001:db8::/32\", blackhole: yes}]\n");
	assert_v6(&c->cookie_prefix.addr, "2001:db8:6::");
	assert_int_equal(c->cookie_prefix.len, 64);
	ts_config_free(&test_cfg);
}

static void
test_server_defaults(void **state)
{
	const struct ts_cfg_teredo_server *c = &test_cfg.teredo_server;

	(void)state;
	test_load_fine(SERVER(""));
	assert_true(c->enabled);
	assert_false(test_cfg.teredo_relay.enabled);
	assert_int_equal(c->address, v4("192.0.2.1"));
	assert_int_equal(c->secondary, v4("192.0.2.2"));
	assert_string_equal(c->keys_file, "");
	assert_null(c->keys);
	assert_int_equal(c->max_icmp6, 88);
	assert_int_equal(c->min_client_port, 1);
	assert_false(c->foreign_clients);
	assert_int_equal(c->ttl, 64);
	assert_rate(&c->advertisements_per_host, 10, 10);
	assert_rate(&c->advertisements_per_net, 1000, 1000);
	assert_int_equal(c->line, 6);
	ts_config_free(&test_cfg);
	test_load_fine(RELAY "teredo-server: {address: 192.0.1.255}\n");
	assert_int_equal(c->secondary, v4("192.0.2.0"));
	ts_config_free(&test_cfg);
}

static void
test_server_values(void **state)
{
	const struct ts_cfg_teredo_server *c = &test_cfg.teredo_server;

	(void)state;
	test_load_fine(SERVER(
		", secondary-address: 203.0.113.9, max-icmp6: 1240, min-client-port: 65535, foreign-clients: yes,\n"
		"  ttl: 255, advertisements-per-host: 0, advertisements-per-net: {per-second: 7, burst: 8}"));
	assert_int_equal(c->secondary, v4("203.0.113.9"));
	assert_int_equal(c->max_icmp6, 1240);
	assert_int_equal(c->min_client_port, 65535);
	assert_true(c->foreign_clients);
	assert_int_equal(c->ttl, 255);
	assert_rate(&c->advertisements_per_host, 0, 0);
	assert_rate(&c->advertisements_per_net, 7, 8);
	ts_config_free(&test_cfg);
}

/* UDP is told from protocol 41, and the server's port from the relay's. */
static void
test_shared_addresses(void **state)
{
	(void)state;
	test_load_fine(TEREDO("") "teredo-server: {address: 192.0.2.1}\n6to4: {addresses: [192.0.2.2, 192.0.2.1]}\n");
	test_load_fine(RELAY "teredo-relay: {address: 192.0.2.2}\nteredo-server: {address: 192.0.2.1}\n"
			     "6rd: [{name: a, prefix: \"2001:db8:600::/40\", br: 192.0.2.2}]\n"
			     "isatap: [{name: b, address: 192.0.2.1, prefix: \"2001:db8:1:2::/64\", "
			     "site: [10.0.0.0/8]}]\n");
	/* An interface's own. */
	test_load_fine(RELAY "teredo-relay: {address: 198.51.100.1, bubble-source: \"2001:db8:100::1\"}\n");
	/* The server is stateless: any of several that share an address may answer. */
	test_load_fine(SERVER("") "6rd: [{name: a, prefix: \"2001:db8:600::/40\", br: 192.0.2.1, anycast: yes}]\n");
	/* Says nothing new. */
	test_load_fine(BASE "local: {icmp6-source: \"2001:db8:6::1\", addresses: [\"2001:db8:6::1\", "
			    "\"2001:db8:6::2\"]}\n"
			    "teredo-relay: {address: 192.0.2.1, bubble-source: \"2001:db8:6::2\"}\n");
	test_load_fine(TEREDO(", bubble-source: \"2001:db8:6::1\""));
	ts_config_free(&test_cfg);
}

/* A directory with teredo.keys and t.yaml. */
static char dir[] = "/tmp/test_config_teredo.XXXXXX";

static const char *
in_dir(char buf[256], const char *name)
{
	snprintf(buf, 256, "%s/%s", dir, name);
	return buf;
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *f = fopen(in_dir(path, name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	char path[256];

	(void)state;
	unlink(in_dir(path, "teredo.keys"));
	unlink(in_dir(path, "t.yaml"));
	return rmdir(dir);
}

static void
test_keys_file(void **state)
{
	struct ts_teredo_keys *keys;
	char path[256], text[1024];

	(void)state;
	write_file("teredo.keys", "# clients\nalice secret\nbob hex:00ff\n", 0600);
	snprintf(text, sizeof(text), SERVER(", keys-file: \"%s\""), in_dir(path, "teredo.keys"));
	test_load_fine(text);
	assert_string_equal(test_cfg.teredo_server.keys_file, path);
	keys = ts_teredo_keys_hold(test_cfg.teredo_server.keys);
	ts_config_free(&test_cfg);
	assert_null(test_cfg.teredo_server.keys);
	/* Whoever holds them has them still. */
	assert_int_equal(ts_teredo_keys_count(keys), 2);
	assert_non_null(ts_teredo_keys_find(keys, (const uint8_t *)"bob", 3));
	ts_teredo_keys_put(keys);
}

/* Beside the configuration, not where the test runs. */
static void
test_relative_keys_file(void **state)
{
	char path[256];

	(void)state;
	write_file("teredo.keys", "alice secret\n", 0600);
	write_file("t.yaml", SERVER(", keys-file: teredo.keys"), 0644);
	if (test_load_file(in_dir(path, "t.yaml")) != 0)
		fail_msg("%s", test_said);
	assert_int_equal(ts_teredo_keys_count(test_cfg.teredo_server.keys), 1);
	ts_config_free(&test_cfg);
}

/* The message says where in which file, and at which key. */
static void
assert_keys_refused(const char *keys, mode_t mode, const char *where, const char *says)
{
	char path[256], want[512];

	write_file("teredo.keys", keys, mode);
	write_file("t.yaml", SERVER(",\n  keys-file: teredo.keys"), 0644);
	assert_int_equal(test_load_file(in_dir(path, "t.yaml")), -1);
	snprintf(want, sizeof(want), "%s/t.yaml:7: teredo-server.keys-file: %s/teredo.keys:%s", dir, dir, where);
	if (strncmp(test_said, want, strlen(want)) != 0 || strstr(test_said, says) == NULL || test_lines_said() != 1)
		fail_msg("wanted: %s… %s\ngot: %s", want, says, test_said);
	assert_null(test_cfg.teredo_server.keys);
}

static void
test_keys_refused(void **state)
{
	static const struct fault_case missing[] = {
		{SERVER(",\n  keys-file: /nonexistent/teredo.keys"), 7, "teredo-server.keys-file",
			"/nonexistent/teredo.keys: "},
		{SERVER(",\n  keys-file: /"), 7, "teredo-server.keys-file", "/: "},
	};

	(void)state;
	RUN(missing);
	assert_keys_refused("alice secret\nbob\n", 0600, "2: ", "");
	assert_keys_refused("alice secret\nalice other\n", 0600, "2: ", "");
	assert_keys_refused("alice secret\n", 0640, " ", "");
	assert_keys_refused("alice secret\n", 0602, " ", "");
}

/* What has been read is given back when something else is wrong: the sanitizers see whether it is. */
static void
test_keys_with_other_fault(void **state)
{
	char path[256];

	(void)state;
	write_file("teredo.keys", "alice secret\n", 0600);
	write_file("t.yaml", SERVER(", keys-file: teredo.keys, ttl: 0"), 0644);
	assert_int_equal(test_load_file(in_dir(path, "t.yaml")), -1);
	assert_int_equal(test_lines_said(), 1);
	assert_null(test_cfg.teredo_server.keys);
}

static int
stop_listening(void **state)
{
	test_forget(state);
	return remove_dir(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_relay_defaults),
		cmocka_unit_test(test_relay_default_limits),
		cmocka_unit_test(test_relay_values),
		cmocka_unit_test(test_cookie_prefix),
		cmocka_unit_test(test_server_defaults),
		cmocka_unit_test(test_server_values),
		cmocka_unit_test(test_shared_addresses),
		cmocka_unit_test(test_keys_file),
		cmocka_unit_test(test_relative_keys_file),
		cmocka_unit_test(test_keys_refused),
		cmocka_unit_test(test_keys_with_other_fault),
	};

	return cmocka_run_group_tests(tests, make_dir, stop_listening);
}
