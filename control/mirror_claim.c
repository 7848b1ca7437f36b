/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A neighbour's MAC address that changes while the neighbour is there (protocols.md O17).
 *
 * The kernel believes any ARP request or reply and any neighbour advertisement, asked for or not; its "reachable"
 * proves nothing. So another MAC address is a claim: packets go on to the old one, which the kernel is made to ask by
 * unicast. If it answers, the claim was false. If it is silent, the claimant is asked, and believed when it answers.
 * Either way there is an alarm. What the operator has set in the kernel, and a neighbour that had failed before, need
 * no asking.
 */
#include "mirror_priv.h"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define ASKS 3 /* one unicast may be lost */
#define ASK_MS 150
#define ALARMS_PER_MINUTE 20

static void
set_in_kernel(struct ts_mirror *m, const struct known_neigh *k, const uint8_t mac[6], uint16_t state)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));

	nlh->nlmsg_type = RTM_NEWNEIGH;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_REPLACE;
	ndm->ndm_family = k->key.family;
	ndm->ndm_ifindex = m->ifaces->ctl[k->key.iface].ifindex;
	ndm->ndm_state = state;
	mnl_attr_put(nlh, NDA_DST, k->key.family == AF_INET ? 4 : 16, k->key.addr);
	mnl_attr_put(nlh, NDA_LLADDR, 6, mac);
	mnl_socket_sendto(m->ask, nlh, nlh->nlmsg_len);
}

/* Only a change of state makes the kernel ask anew; and saying the state takes the mark of a managed neighbour away. */
static void
ask(struct ts_mirror *m, struct known_neigh *k, const uint8_t mac[6])
{
	set_in_kernel(m, k, mac, NUD_STALE);
	set_in_kernel(m, k, mac, NUD_PROBE);
	if (mirror_is_gateway(m, &k->key))
		ts_mirror_resolve(m, k->key.iface, k->key.family, k->key.addr, true);
	k->next_ask_ms = ts_now_ms() + ASK_MS;
}

static void
alarm_log(struct ts_mirror *m, const struct known_neigh *k, const char *what, const uint8_t mac[6])
{
	const uint8_t *o = k->mac;
	char addr[INET6_ADDRSTRLEN];

	if (!ts_token_bucket_take(&m->alarms, ts_now_ms()))
		return;
	inet_ntop(k->key.family, k->key.addr, addr, sizeof(addr));
	ts_log_warning("neighbour %s on %s, %02x:%02x:%02x:%02x:%02x:%02x: %s %02x:%02x:%02x:%02x:%02x:%02x", addr,
		m->ifaces->ctl[k->key.iface].name, o[0], o[1], o[2], o[3], o[4], o[5], what, mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
}

void
mirror_claims_init(struct ts_mirror *m)
{
	ts_token_bucket_init(&m->alarms, 60 * 1000, ALARMS_PER_MINUTE, ALARMS_PER_MINUTE, ts_now_ms());
}

void
mirror_claim_forget(struct ts_mirror *m, struct known_neigh *k)
{
	m->n_claims -= k->claim != CLAIM_NONE;
	k->claim = CLAIM_NONE;
}

static void
refute(struct ts_mirror *m, struct known_neigh *k)
{
	mirror_claim_forget(m, k);
	m->stats.false_claims++;
	k->false_claims++;
	alarm_log(m, k, "still answers, false claim of", k->claimed);
}

static void
begin(struct ts_mirror *m, struct known_neigh *k, const struct kernel_neigh *n)
{
	m->n_claims += k->claim == CLAIM_NONE;
	if (k->claim == CLAIM_NONE)
		k->asks = 0;
	k->claim = CLAIM_ASK_OLD;
	memcpy(k->claimed, n->mac, sizeof(k->claimed));
	ask(m, k, k->mac);
}

/* The first MAC address, or another one that is believed. */
static bool
accept_mac(struct ts_mirror *m, struct known_neigh *k, const struct kernel_neigh *n)
{
	mirror_claim_forget(m, k);
	if (k->has_mac && !n->fixed && memcmp(k->mac, n->mac, sizeof(k->mac)) != 0) {
		m->stats.mac_changes++;
		k->mac_changes++;
		alarm_log(m, k, "MAC address changed to", n->mac);
	}
	memcpy(k->mac, n->mac, sizeof(k->mac));
	k->has_mac = true;
	return true;
}

bool
mirror_claim(struct ts_mirror *m, struct known_neigh *k, const struct kernel_neigh *n)
{
	bool same = k->has_mac && memcmp(k->mac, n->mac, sizeof(k->mac)) == 0;

	if (!k->has_mac || k->gone || n->fixed || (same && k->claim == CLAIM_NONE))
		return accept_mac(m, k, n);
	if (same) {
		if (n->confirmed)
			refute(m, k);
		return false;
	}
	if (k->claim == CLAIM_ASK_NEW && memcmp(k->claimed, n->mac, sizeof(n->mac)) == 0)
		return n->confirmed && accept_mac(m, k, n);
	begin(m, k, n);
	return false;
}

static void
go_on(struct ts_mirror *m, struct known_neigh *k)
{
	if (++k->asks < ASKS) {
		ask(m, k, k->mac);
		return;
	}
	/* From here on the kernel finds out by itself: the claimant answers, or it fails. */
	k->claim = CLAIM_ASK_NEW;
	ask(m, k, k->claimed);
	k->next_ask_ms = UINT64_MAX;
}

uint64_t
mirror_claims_work(struct ts_mirror *m, uint64_t now)
{
	struct known_neigh *k, *next;
	uint64_t due = UINT64_MAX;

	if (m->n_claims == 0)
		return due;
	HASH_ITER(hh, m->neighs, k, next) {
		if (k->claim == CLAIM_NONE)
			continue;
		if (now >= k->next_ask_ms)
			go_on(m, k);
		due = k->next_ask_ms < due ? k->next_ask_ms : due;
	}
	return due;
}
