/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket against clients of all sorts: the documents it shows, slow, mad and many clients, stale sockets
 * and ones in use. The test serves the socket itself, turn by turn, so that it sees how much work a turn does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <rte_ethdev.h>
#include <rte_version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/ctlsock_priv.h"
#include "ctl_client.h"

/* DPDK's part: one port of 10 Gbit/s. */
uint64_t
rte_get_tsc_hz(void)
{
	return 1000000000;
}

const char *
rte_version(void)
{
	return "DPDK stand-in";
}

int
rte_eth_stats_get(uint16_t port_id, struct rte_eth_stats *stats)
{
	(void)port_id;
	stats->imissed = 12;
	return 0;
}

int
rte_eth_link_get_nowait(uint16_t port_id, struct rte_eth_link *link)
{
	(void)port_id;
	link->link_status = RTE_ETH_LINK_UP;
	link->link_speed = 10000;
	return 0;
}

int
rte_eth_macaddr_get(uint16_t port_id, struct rte_ether_addr *mac)
{
	(void)port_id;
	*mac = (struct rte_ether_addr){{2, 0, 0, 0, 0, 1}};
	return 0;
}

static int
setup(void **state)
{
	*state = server_start();
	return 0;
}

static int
teardown(void **state)
{
	server_stop(*state);
	return 0;
}

static void
test_counters(void **state)
{
	json_t *doc, *counters;
	int fd = client_connect(*state);

	standins.counters[TS_C_rx_packets] = 21;
	standins.counters[TS_C_drop_ip4_rx_v4_csum] = 2;
	doc = client_ask(*state, fd, "show counters");
	counters = json_object_get(doc, "counters");
	assert_int_equal(json_object_size(counters), TS_N_COUNTERS);
	assert_int_equal(json_integer_value(json_object_get(counters, "rx_packets")), 42);
	assert_int_equal(json_integer_value(json_object_get(counters, "drop_ip4_rx_v4_csum")), 4);
	json_decref(doc);
	doc = client_ask(*state, fd, "show drops");
	assert_int_equal(json_object_size(json_object_get(doc, "drops")), 1);
	assert_string_equal(json_string_value(json_object_get(json_object_get(doc, "help"), "drop_ip4_rx_v4_csum")),
		"IPv4 header checksum wrong");
	json_decref(doc);
	doc = client_ask(*state, fd, "show drops all");
	assert_true(json_object_size(json_object_get(doc, "drops")) > 20);
	json_decref(doc);
	close(fd);
}

static void
test_documents(void **state)
{
	static const uint8_t gateway[8] = {2, 0, 0, 0, 0, 9};
	static struct ts_neighbour_counters received;
	struct server *sv = *state;

	standins.ports[0] = (struct ts_port_counters){.rx_packets = 5, .tx_refused = 1};
	expect(sv, "show ports",
		"{\"ports\":[{\"name\":\"ix-0\",\"device\":\"net_null0\",\"id\":0,\"link\":\"up\",\"speed_mbps\":10000,"
		"\"mac\":\"02:00:00:00:00:01\",\"rx_checksum\":\"software\",\"rx_packets\":10,\"rx_bytes\":0,\"tx_packets\":0,\"tx_bytes\":0,"
		"\"tx_refused\":2,\"rx_missed\":12,\"rx_nombuf\":0}]}");
	expect(sv, "show interfaces",
		"{\"interfaces\":[{\"name\":\"ix0\",\"port\":\"ix-0\",\"mac\":\"02:00:00:00:00:01\",\"mtu\":1500,"
		"\"twin\":true},{\"name\":\"ix0.7\",\"port\":\"ix-0\",\"mac\":\"02:00:00:00:00:01\",\"mtu\":9000,"
		"\"twin\":false,\"vlan\":7}]}");
	standins.received = &received;
	sv->c->cfg.n_peers = 1;
	sv->c->cfg.peers[0] = (struct ts_cfg_peer){
		.address = {.family = AF_INET, .v4 = RTE_BE32(0xc0000201)}, .as = 64504};
	ts_neighbours_init(&received, 1);
	ts_neighbours_count(&received, ts_neighbour_key(0, gateway), 3, 300);
	expect(sv, "show neighbours",
		"{\"neighbours\":[{\"address\":\"192.0.2.1\",\"interface\":\"ix0\",\"mac\":\"02:00:00:00:00:09\","
		"\"state\":\"resolved\",\"static\":false,\"gateway\":true,\"mac_changes\":0,\"false_claims\":0,"
		"\"as\":64504,\"rx_packets\":6,\"rx_bytes\":600,\"tx_packets\":0,\"tx_bytes\":0},"
		"{\"address\":\"fe80::1\",\"interface\":\"ix0.7\",\"mac\":null,\"state\":\"unresolved\",\"static\":false,"
		"\"gateway\":false,\"mac_changes\":0,\"false_claims\":0,\"as\":null}]}");
	expect(sv, "show tables",
		"{\"tables\":{\"version\":5,\"ipv4_routes\":1,\"ipv6_routes\":2,\"next_hops\":6,\"insert_failures\":0,"
		"\"retries\":4,\"ipv6_fib\":{\"unplaced\":3,\"unit\":\"lines\"},\"mirror\":{\"messages\":77,\"overruns\":1,\"synced\":true},\"punt\":null}}");
	expect(sv, "show version",
		"{\"version\":\"" TS_VERSION "\",\"dpdk\":\"DPDK stand-in\",\"config\":\"test.yaml\"}");
	expect(sv, "help",
		"{\"help\":{\"show routes [PREFIX]\":\"routes; with a prefix only that one and those within it\"}}");
}

static void
test_workers(void **state)
{
	int fd = client_connect(*state);
	json_t *doc = client_ask(*state, fd, "show workers"), *w = json_array_get(json_object_get(doc, "workers"), 1);

	assert_int_equal(json_array_size(json_object_get(doc, "workers")), 2);
	assert_int_equal(json_integer_value(json_object_get(w, "id")), 1);
	assert_int_equal(json_integer_value(json_object_get(w, "cpu")), 3);
	assert_true(json_real_value(json_object_get(w, "busy_ratio")) == 0.25);
	assert_int_equal(json_integer_value(json_object_get(w, "table_version")), 5);
	assert_true(json_integer_value(json_object_get(w, "age_us")) > 0);
	json_decref(doc);
	close(fd);
}

#define ROUTE_VIA                                                                                                  \
	"{\"prefix\":\"192.0.2.0/24\",\"origin\":\"static\",\"kind\":\"via\",\"via\":[{\"interface\":\"ix0\","     \
	"\"weight\":1,\"address\":\"192.0.2.1\"},{\"interface\":\"ix0.7\",\"weight\":3,\"address\":\"fe80::1\"}]," \
	"\"metric\":32,\"best\":true}"
#define ROUTE_6TO4 \
	"{\"prefix\":\"2002::/16\",\"origin\":\"own\",\"kind\":\"6to4\",\"via\":[],\"metric\":32,\"best\":true}"
#define ROUTE_LINK                                                                                                   \
	"{\"prefix\":\"2001:db8:100::/64\",\"origin\":\"kernel\",\"kind\":\"link\",\"via\":[{\"interface\":\"ix0\"," \
	"\"weight\":1}],\"metric\":32,\"best\":true}"

static void
test_routes(void **state)
{
	struct server *sv = *state;

	expect(sv, "show routes", "{\"routes\":[" ROUTE_VIA "," ROUTE_6TO4 "," ROUTE_LINK "]}");
	expect(sv, "show routes 192.0.2.0/24", "{\"routes\":[" ROUTE_VIA "]}");
	expect(sv, "show routes 192.0.0.0/22", "{\"routes\":[" ROUTE_VIA "]}");
	expect(sv, "show routes 192.0.4.0/22", "{\"routes\":[]}");
	expect(sv, "show routes 192.0.2.0/25", "{\"routes\":[]}");
	expect(sv, "show routes 2001::/16", "{\"routes\":[" ROUTE_LINK "]}");
	expect(sv, "show routes ::/0", "{\"routes\":[" ROUTE_6TO4 "," ROUTE_LINK "]}");
	expect(sv, "show routes 0.0.0.0/0", "{\"routes\":[" ROUTE_VIA "]}");
	expect(sv, "show routes nonsense", "{\"error\":\"\\\"nonsense\\\" is not a prefix\"}");
	expect(sv, "show routes 192.0.2.0/33", "{\"error\":\"\\\"192.0.2.0/33\\\" is not a prefix\"}");
}

static void
test_wrong_requests(void **state)
{
	struct server *sv = *state;

	expect(sv, "", "{\"error\":\"an empty request; try \\\"help\\\"\"}");
	expect(sv, "   ", "{\"error\":\"an empty request; try \\\"help\\\"\"}");
	expect(sv, "shutdown", "{\"error\":\"no such request: \\\"shutdown\\\"; try \\\"help\\\"\"}");
	expect(sv, "show", "{\"error\":\"no such request: \\\"show\\\"; try \\\"help\\\"\"}");
	expect(sv, "show me", "{\"error\":\"nothing called \\\"me\\\" can be shown; try \\\"help\\\"\"}");
	expect(sv, "show ports 1", "{\"error\":\"show ports takes no further word, not \\\"1\\\"\"}");
	expect(sv, "show drops 1", "{\"error\":\"show drops takes \\\"all\\\" or nothing, not \\\"1\\\"\"}");
	expect(sv, "show routes ::/0 x", "{\"error\":\"too many words; try \\\"help\\\"\"}");
}

static unsigned
count_lines(struct server *sv, int fd, const char *start)
{
	unsigned n = 0;
	char *line;

	while ((line = client_line(sv, fd)) != NULL) {
		assert_memory_equal(line, start, strlen(start));
		free(line);
		n++;
	}
	return n;
}

/* Bytes come as they like: several requests at once, one in pieces, CR LF, and no more after the last. */
static void
test_framing(void **state)
{
	static const char two[] = "show version\r\n  show   version  \nshow ve";
	int fd = client_connect(*state);

	client_send(fd, two, sizeof(two) - 1);
	for (const char *s = "rsion\n"; *s != '\0'; s++) {
		client_send(fd, s, 1);
		server_turn(*state, 0);
	}
	shutdown(fd, SHUT_WR);
	assert_int_equal(count_lines(*state, fd, "{\"version\":"), 3);
	close(fd);
}

static void
test_garbage(void **state)
{
	static const char nul[] = "show version\0hidden\nshow version\n";
	char noise[512], *line;
	int fd = client_connect(*state);

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 37 | 128);
	noise[sizeof(noise) - 1] = '\n';
	client_send(fd, noise, sizeof(noise));
	line = client_line(*state, fd);
	assert_memory_equal(line, "{\"error\":", 9);
	free(line);
	client_send(fd, nul, sizeof(nul) - 1);
	line = client_line(*state, fd);
	assert_memory_equal(line, "{\"error\":", 9);
	free(line);
	line = client_line(*state, fd);
	assert_memory_equal(line, "{\"version\":", 11);
	free(line);
	close(fd);
}

static void
test_oversized_line(void **state)
{
	char flood[3 * TS_CTL_REQUEST_MAX];
	int fd = client_connect(*state);

	memset(flood, 'x', sizeof(flood));
	client_send(fd, flood, sizeof(flood));
	assert_int_equal(count_lines(*state, fd, "{\"error\":\"a request is shorter"), 1);
	close(fd);
	assert_int_equal(ts_ctlsock_clients(((struct server *)*state)->s), 0);
}

/* The client that takes nothing costs nobody else anything, each turn stays small, and in the end it is dropped. */
static void
test_slow_client(void **state)
{
	struct server *sv = *state;
	int slow = client_connect(sv), quick = client_connect(sv);
	char noise[3 * TS_CTL_REQUEST_MAX];
	unsigned before;

	memset(noise, 'x', sizeof(noise));
	standins.n_routes = 300000;
	client_send(slow, "show routes\n", 12);
	client_send(slow, noise, sizeof(noise));
	do {
		before = standins.paths_asked;
	} while (server_turn(sv, 0) && standins.paths_asked - before < TS_CTL_STEP / 64);
	assert_true(standins.paths_asked > 0 && standins.paths_asked < 100000);
	assert_true(standins.paths_asked - before < TS_CTL_STEP / 64);
	assert_int_equal(standins.held, 1); /* of one step */
	json_decref(client_ask(sv, quick, "show version"));
	ts_ctlsock_expire(sv->s, ts_now_ms() + TS_CTL_STUCK_MS - 5000);
	assert_int_equal(ts_ctlsock_clients(sv->s), 2);
	ts_ctlsock_expire(sv->s, ts_now_ms() + TS_CTL_STUCK_MS + 1);
	assert_int_equal(ts_ctlsock_clients(sv->s), 1);
	assert_int_equal(standins.held, 0);
	json_decref(client_ask(sv, quick, "show version"));
	ts_ctlsock_expire(sv->s, ts_now_ms() + TS_CTL_IDLE_MS + 1);
	assert_int_equal(ts_ctlsock_clients(sv->s), 0);
	close(slow);
	close(quick);
}

static void
test_many_routes(void **state)
{
	int fd = client_connect(*state);
	json_t *doc;

	standins.n_routes = 50000;
	doc = client_ask(*state, fd, "show routes 10.0.0.0/8");
	assert_int_equal(json_array_size(json_object_get(doc, "routes")), 50000);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(doc, "routes"), 49999), "prefix")),
		"10.0.195.79/32");
	json_decref(doc);
	assert_int_equal(standins.held, 0);
	close(fd);
}

/* A snapshot beyond the memory that is left is refused, and leaves no next hop held. */
static void
test_memory_limit(void **state)
{
	struct server *sv = *state;
	struct ts_answer a;

	standins.n_routes = 10000;
	ts_show(sv->c, "show routes", 10000, &a);
	assert_non_null(json_object_get(a.whole, "error"));
	assert_int_equal(standins.held, 0);
	ts_answer_free(sv->c, &a);
	ts_show(sv->c, "show routes 192.0.2.0/24", 100000, &a);
	assert_null(a.whole);
	while (a.n == 0 && a.step(sv->c, &a))
		;
	assert_int_equal(a.n, 1);
	assert_int_equal(standins.held, 1);
	ts_answer_free(sv->c, &a);
	ts_show(sv->c, "show neighbours", 10, &a);
	assert_non_null(json_object_get(a.whole, "error"));
	ts_answer_free(sv->c, &a);
}

static void
test_many_clients(void **state)
{
	struct server *sv = *state;
	int fd[TS_CTL_MAX_CLIENTS], extra;
	json_t *doc;
	char *line;

	for (unsigned i = 0; i < TS_CTL_MAX_CLIENTS; i++) {
		fd[i] = client_connect(sv);
		server_turn(sv, 0);
	}
	extra = client_connect(sv);
	line = client_line(sv, extra);
	assert_string_equal(line, "{\"error\":\"too many clients\"}");
	free(line);
	close(extra);
	for (unsigned i = 0; i < TS_CTL_MAX_CLIENTS; i++) {
		doc = client_ask(sv, fd[i], "show counters");
		json_decref(doc);
	}
	close(fd[0]);
	while (ts_ctlsock_clients(sv->s) == TS_CTL_MAX_CLIENTS)
		assert_true(server_turn(sv, STANDIN_LIMIT_MS));
	fd[0] = client_connect(sv);
	doc = client_ask(sv, fd[0], "show version");
	json_decref(doc);
	for (unsigned i = 0; i < TS_CTL_MAX_CLIENTS; i++)
		close(fd[i]);
	while (ts_ctlsock_clients(sv->s) > 0)
		assert_true(server_turn(sv, STANDIN_LIMIT_MS));
}

static void
test_vanishing_client(void **state)
{
	struct server *sv = *state;
	int fd = client_connect(sv);

	standins.n_routes = 100000;
	client_send(fd, "show routes\n", 12);
	while (standins.paths_asked == 0)
		assert_true(server_turn(sv, STANDIN_LIMIT_MS));
	close(fd);
	while (ts_ctlsock_clients(sv->s) > 0)
		assert_true(server_turn(sv, STANDIN_LIMIT_MS));
	assert_int_equal(standins.held, 0);
}

static void
test_modes(void **state)
{
	struct server *sv = *state;
	char run[64];
	struct stat st;

	assert_int_equal(stat(sv->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	snprintf(run, sizeof(run), "%s/run", sv->dir);
	assert_int_equal(stat(run, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void
test_in_use(void **state)
{
	struct server *sv = *state;
	char err[256] = "";

	assert_null(ts_ctlsock_create(sv->c, sv->path, err, sizeof(err)));
	assert_non_null(strstr(err, sv->path));
	assert_non_null(strstr(err, "is tsunagid running already?"));
	expect(sv, "show version", "{\"config\":\"test.yaml\"}");
}

static void
test_stale(void **state)
{
	struct server *sv = *state;
	char err[256];

	ts_ctlsock_free(sv->s);
	leave_stale(sv->path);
	sv->s = ts_ctlsock_create(sv->c, sv->path, err, sizeof(err));
	assert_non_null(sv->s);
	expect(sv, "show version", "{\"config\":\"test.yaml\"}");
}

/* A socket that took our place on the path is not ours to remove. */
static void
test_replaced(void **state)
{
	struct server *sv = *state;
	char err[256];

	assert_int_equal(unlink(sv->path), 0);
	leave_stale(sv->path);
	ts_ctlsock_free(sv->s);
	assert_int_equal(access(sv->path, F_OK), 0);
	sv->s = ts_ctlsock_create(sv->c, sv->path, err, sizeof(err));
	assert_non_null(sv->s);
}

static void
test_bad_paths(void **state)
{
	struct server *sv = *state;
	char err[256] = "", path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/file", sv->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_null(ts_ctlsock_create(sv->c, path, err, sizeof(err)));
	assert_non_null(strstr(err, "not a socket"));
	assert_int_equal(access(path, F_OK), 0);
	strcat(path, "/sock");
	assert_null(ts_ctlsock_create(sv->c, path, err, sizeof(err)));
	assert_non_null(strstr(err, "Not a directory"));
	path[strlen(path) - 5] = '\0';
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/no/such/sock", sv->dir);
	assert_null(ts_ctlsock_create(sv->c, path, err, sizeof(err)));
	assert_non_null(strstr(err, "No such file or directory"));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_null(ts_ctlsock_create(sv->c, path, err, sizeof(err)));
	assert_null(ts_ctlsock_create(sv->c, "", err, sizeof(err)));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_counters),
		T(test_documents),
		T(test_workers),
		T(test_routes),
		T(test_wrong_requests),
		T(test_framing),
		T(test_garbage),
		T(test_oversized_line),
		T(test_slow_client),
		T(test_many_routes),
		T(test_memory_limit),
		T(test_many_clients),
		T(test_vanishing_client),
		T(test_modes),
		T(test_in_use),
		T(test_stale),
		T(test_replaced),
		T(test_bad_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
