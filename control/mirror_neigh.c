/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours both ways: what the kernel knows of them, and asking it to resolve them (decisions.md 1). Gateways are
 * asked for with NTF_EXT_MANAGED, so that the kernel keeps them resolved; where it refuses (before Linux 5.16), and
 * while one does not answer, we ask again. NTF_EXT_LEARNED keeps them out of the kernel's limits of the neighbour table
 * (gc_thresh1 to 3, one for all namespaces), so that a scan cannot push them out.
 */
#include "clock.h"
#include "mirror_priv.h"
#include "neigh.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 5000
/* Marks the sequence numbers of requests with NTF_EXT_MANAGED. */
#define MANAGED_SEQ 0x80000000u

static struct known_neigh *
find_known(const struct ts_mirror *m, const struct known_neigh_key *key)
{
	struct known_neigh *k;

	HASH_FIND(hh, m->neighs, key, sizeof(*key), k);
	return k;
}

bool
mirror_is_gateway(const struct ts_mirror *m, const struct known_neigh_key *key)
{
	struct ts_neigh_info info;

	return ts_neigh_get(m->nexthops, key->iface, key->family, key->addr, &info) && info.gateway;
}

static void
delete_known(struct ts_mirror *m, struct known_neigh *k)
{
	mirror_claim_forget(m, k);
	HASH_DEL(m->neighs, k);
	free(k);
}

/* A gateway may come back with another MAC address, which is worth an alarm. */
static void
forget(struct ts_mirror *m, struct known_neigh *k)
{
	if (!k->gone)
		ts_neigh_update(m->nexthops, m->rib, k->key.iface, k->key.family, k->key.addr, NULL, false);
	mirror_claim_forget(m, k);
	k->gone = true;
	if (!k->has_mac || !mirror_is_gateway(m, &k->key))
		delete_known(m, k);
}

static struct known_neigh *
remember(struct ts_mirror *m, const struct known_neigh_key *key)
{
	struct known_neigh *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->key = *key;
	HASH_ADD(hh, m->neighs, key, sizeof(k->key), k);
	return k;
}

/* What is gone while a dump runs is remembered as such until its end: the dump may be older and tell otherwise. */
static void
lose(struct ts_mirror *m, const struct kernel_neigh *n, struct known_neigh *k)
{
	if (!mirror_dumping(m)) {
		if (k != NULL)
			forget(m, k);
		return;
	}
	if (k == NULL) {
		k = remember(m, &n->key);
		if (k == NULL)
			return;
	} else if (!k->gone) {
		ts_neigh_update(m->nexthops, m->rib, k->key.iface, k->key.family, k->key.addr, NULL, false);
	}
	k->gone = true;
	k->gen = m->feed.gen;
}

void
mirror_neigh(struct ts_mirror *m, const struct kernel_neigh *n, bool dump, bool gone)
{
	struct known_neigh *k = find_known(m, &n->key);

	if (dump && k != NULL && k->gen == m->feed.gen)
		return;
	if (gone || !n->resolved) {
		lose(m, n, k);
		if (gone && mirror_is_gateway(m, &n->key))
			ts_mirror_resolve(m, n->key.iface, n->key.family, n->key.addr, true);
		return;
	}
	if (k == NULL)
		k = remember(m, &n->key);
	if (k == NULL)
		return;
	k->gen = m->feed.gen;
	k->fixed = n->fixed;
	if (!mirror_claim(m, k, n))
		return;
	k->gone = false;
	ts_neigh_update(m->nexthops, m->rib, n->key.iface, n->key.family, n->key.addr, n->mac, false);
}

void
mirror_neighs_sweep(struct ts_mirror *m)
{
	struct known_neigh *k, *next;

	HASH_ITER(hh, m->neighs, k, next)
		if (k->gone || k->gen != m->feed.gen)
			forget(m, k);
}

void
mirror_neighs_free(struct ts_mirror *m)
{
	struct known_neigh *k, *next;

	HASH_ITER(hh, m->neighs, k, next) {
		HASH_DEL(m->neighs, k);
		free(k);
	}
}

static struct known_neigh_key
make_key(uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	struct known_neigh_key key = {.iface = iface, .family = family};

	memcpy(key.addr, addr, family == AF_INET ? 4 : 16);
	return key;
}

static bool
is_gateway_of(const struct ts_mirror *m, uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	struct known_neigh_key key = make_key(iface, family, addr);

	return mirror_is_gateway(m, &key);
}

struct ts_mirror_alarms
ts_mirror_alarms(const struct ts_mirror *m, uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	struct known_neigh_key key = make_key(iface, family, addr);
	const struct known_neigh *k = find_known(m, &key);
	struct ts_mirror_alarms alarms = {0};

	if (k != NULL) {
		alarms.mac_changes = k->mac_changes;
		alarms.false_claims = k->false_claims;
	}
	return alarms;
}

/* A full socket loses the request; misses come again, gateways are retried. */
void
ts_mirror_resolve(struct ts_mirror *m, uint16_t iface, uint8_t family, const uint8_t addr[16], bool managed)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	struct known_neigh_key key = make_key(iface, family, addr);
	const struct known_neigh *k = find_known(m, &key);

	/* What the operator fixed the kernel would take for open again. */
	if (m->ifaces->ctl[iface].ifindex == 0 || (k != NULL && k->fixed && !k->gone))
		return;
	/* A packet that waits for a gateway must not take its mark away. */
	managed = (managed || is_gateway_of(m, iface, family, addr)) && !m->managed_refused;
	nlh->nlmsg_type = RTM_NEWNEIGH;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	m->seq = (m->seq + 1) & ~MANAGED_SEQ;
	nlh->nlmsg_seq = m->seq | (managed ? MANAGED_SEQ : 0);
	ndm->ndm_family = family;
	ndm->ndm_ifindex = m->ifaces->ctl[iface].ifindex;
	ndm->ndm_flags = managed ? NTF_EXT_LEARNED : NTF_USE;
	mnl_attr_put(nlh, NDA_DST, family == AF_INET ? 4 : 16, addr);
	if (managed)
		mnl_attr_put_u32(nlh, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
	mnl_socket_sendto(m->ask, nlh, nlh->nlmsg_len);
}

static void
on_gateway(void *arg, uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	ts_mirror_resolve(arg, iface, family, addr, true);
}

/* NTF_USE without NTF_EXT_MANAGED and NTF_EXT_LEARNED takes the marks away (__neigh_update()). */
static void
on_gateway_gone(void *arg, uint16_t iface, uint8_t family, const uint8_t addr[16])
{
	struct known_neigh_key key = make_key(iface, family, addr);
	struct ts_mirror *m = arg;
	struct known_neigh *k = find_known(m, &key);

	ts_mirror_resolve(m, iface, family, addr, false);
	if (k != NULL && k->gone && !mirror_dumping(m))
		delete_known(m, k);
}

static void
retry(const struct ts_neigh_info *info, void *arg)
{
	if (info->gateway && !info->resolved)
		ts_mirror_resolve(arg, info->iface, info->family, info->addr, true);
}

void
mirror_gateways_retry(struct ts_mirror *m)
{
	m->retry_ms = ts_now_ms() + RETRY_MS;
	ts_neigh_foreach(m->nexthops, retry, m);
}

void
mirror_neigh_refused(struct ts_mirror *m, uint32_t seq, int error)
{
	if ((seq & MANAGED_SEQ) == 0 || m->managed_refused || (error != EINVAL && error != EOPNOTSUPP))
		return;
	m->managed_refused = true;
	m->retry_ms = 0;
}

void
mirror_neigh_hook(struct ts_mirror *m)
{
	ts_nexthops_on_gateway(m->nexthops, on_gateway, m);
	ts_nexthops_on_gateway_gone(m->nexthops, on_gateway_gone, m);
	mirror_gateways_retry(m);
}

void
mirror_neigh_unhook(struct ts_mirror *m)
{
	ts_nexthops_on_gateway(m->nexthops, NULL, NULL);
	ts_nexthops_on_gateway_gone(m->nexthops, NULL, NULL);
}
