/* SPDX-License-Identifier: BSD-3-Clause */
#include "vector_teredo.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/teredo.h"
#include "lib/teredo_keys.h"
#include "vector_json.h"

#define PEERS 4096
#define UNLIMITED UINT16_MAX /* quotas are not what the vectors are about */
#define PACKET_MAX 2048

/* The key has to come out of a file that nobody else may read. Secrets of vectors have blanks: hence hexadecimal. */
static struct ts_teredo_keys *
make_keys(const char *id, const char *secret, char *why, size_t why_len)
{
	char path[] = "/tmp/ts-vector-keys-XXXXXX";
	struct ts_teredo_keys *keys;
	int fd = mkstemp(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL) {
		snprintf(why, why_len, "%s cannot be made", path);
		return NULL;
	}
	fprintf(f, "%s hex:", id);
	for (const char *p = secret; *p != '\0'; p++)
		fprintf(f, "%02x", (unsigned char)*p);
	fprintf(f, "\n");
	fclose(f);
	keys = ts_teredo_keys_load(path, why, why_len);
	unlink(path);
	return keys;
}

static bool
relay(struct ts_cfg_teredo_relay *c, json_t *o, char *why, size_t why_len)
{
	static const char *const keys[] = {"v4", "port", "mtu", "honour_cone", "direct_bubble", "bubble_source",
		"bubble_hop_limit", "nonce", "accept_mismatch", NULL};
	const char *nonce = json_string_value(json_object_get(o, "nonce"));
	struct ts_prefix6 source;

	memset(c, 0, sizeof(*c));
	if (o == NULL)
		return true;
	if (!vector_known_keys(o, keys, why, why_len))
		return false;
	/* The bubbles' hop limit is masked. */
	if (!vector_get_v4(json_object_get(o, "v4"), &c->address) ||
		!vector_get_prefix6(json_object_get(o, "bubble_source"), &source) || nonce == NULL ||
		json_integer_value(json_object_get(o, "mtu")) != TS_TEREDO_MTU)
		return vector_fail(why, why_len, "bad value", "teredo_relay");
	c->enabled = true;
	c->port = (uint16_t)json_integer_value(json_object_get(o, "port"));
	c->bubble_source = source.addr;
	c->honour_cone = json_is_true(json_object_get(o, "honour_cone"));
	c->direct_bubble = json_is_true(json_object_get(o, "direct_bubble"));
	c->nonce = nonce[0] != '\0';
	c->accept_mismatch = json_is_true(json_object_get(o, "accept_mismatch"));
	c->ttl = 64;
	c->min_client_port = 1;
	c->valid_s = 30;
	c->forget_s = 300;
	c->peers = c->unconfirmed = PEERS;
	c->unconfirmed_per_source = c->unconfirmed_per_client = UNLIMITED;
	c->per_mapping = UINT8_MAX;
	c->queue_bytes = UINT32_MAX / 2;
	return true;
}

static bool
server(struct ts_cfg_teredo_server *c, json_t *o, char *why, size_t why_len)
{
	static const char *const keys[] = {"v4", "v4_secondary", "secret", "client_id", "max_icmp6", NULL};
	const char *secret = json_string_value(json_object_get(o, "secret")),
		   *id = json_string_value(json_object_get(o, "client_id"));

	ts_teredo_keys_put(c->keys);
	memset(c, 0, sizeof(*c));
	if (o == NULL)
		return true;
	if (!vector_known_keys(o, keys, why, why_len))
		return false;
	if (!vector_get_v4(json_object_get(o, "v4"), &c->address) ||
		!vector_get_v4(json_object_get(o, "v4_secondary"), &c->secondary) || secret == NULL || id == NULL)
		return vector_fail(why, why_len, "bad value", "teredo_server");
	c->enabled = true;
	c->max_icmp6 = (uint16_t)json_integer_value(json_object_get(o, "max_icmp6"));
	c->min_client_port = 1;
	c->ttl = 64;
	if (secret[0] != '\0')
		c->keys = make_keys(id, secret, why, why_len);
	return secret[0] == '\0' || c->keys != NULL;
}

bool
vector_teredo(struct ts_config *cfg, json_t *relay_object, json_t *server_object, char *why, size_t why_len)
{
	return relay(&cfg->teredo_relay, relay_object, why, why_len) &&
		server(&cfg->teredo_server, server_object, why, why_len);
}

bool
vector_nonce(struct rig *r, json_t *config, char *why, size_t why_len)
{
	json_t *value = json_object_get(json_object_get(config, "teredo_relay"), "nonce");
	uint8_t nonce[4];
	size_t len = 0;

	if (value != NULL && (!vector_get_hex(value, nonce, sizeof(nonce), &len) || (len != 0 && len != sizeof(nonce))))
		return vector_fail(why, why_len, "bad value", "teredo_relay.nonce");
	if (len != 0)
		rig_fix_nonce(r, nonce);
	return true;
}

static bool
queue(struct rig *r, struct ts_contact_seed *seed, json_t *list)
{
	uint8_t packet[PACKET_MAX];
	size_t i, len;
	json_t *one;

	if (!json_is_array(list) || json_array_size(list) > TS_CONTACT_QUEUE)
		return false;
	json_array_foreach(list, i, one) {
		if (!vector_get_hex(one, packet, sizeof(packet), &len))
			return false;
		seed->queue[seed->n_queued++] = rig_packet(r, packet, len, 0);
	}
	return true;
}

static bool
plant(struct rig *r, json_t *o, char *why, size_t why_len)
{
	static const char *const keys[] = {"addr", "trusted", "mapped_v4", "mapped_port", "last_rx_age_s",
		"bubbles_sent", "last_bubble_age_s", "queue", NULL};
	const char *addr = json_string_value(json_object_get(o, "addr"));
	json_t *v4 = json_object_get(o, "mapped_v4"), *port = json_object_get(o, "mapped_port");
	struct ts_contact_seed seed = {
		.confirmed = json_is_true(json_object_get(o, "trusted")),
		.port = rte_cpu_to_be_16((uint16_t)json_integer_value(port)),
		.bubbles = (unsigned)json_integer_value(json_object_get(o, "bubbles_sent")),
	};

	if (!vector_known_keys(o, keys, why, why_len))
		return false;
	if (addr == NULL || inet_pton(AF_INET6, addr, seed.addr) != 1 ||
		(!json_is_null(v4) && !vector_get_v4(v4, &seed.v4)) || json_is_null(v4) != json_is_null(port) ||
		!vector_get_age(json_object_get(o, "last_rx_age_s"), &seed.last_rx_age) ||
		!vector_get_age(json_object_get(o, "last_bubble_age_s"), &seed.last_bubble_age) ||
		!queue(r, &seed, json_object_get(o, "queue"))) {
		rte_pktmbuf_free_bulk(seed.queue, seed.n_queued);
		return vector_fail(why, why_len, "bad value", "state");
	}
	return rig_plant(r, &seed) || vector_fail(why, why_len, "no room", "state");
}

bool
vector_state(struct rig *r, json_t *state, char *why, size_t why_len)
{
	size_t i;
	json_t *o;

	json_array_foreach(state, i, o)
		if (!plant(r, o, why, why_len))
			return false;
	return true;
}
