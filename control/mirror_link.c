/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links and addresses. With a link the kernel drops IPv4 routes silently, and with the last IPv4 address of a link too;
 * with another address it drops those that preferred it as their source (decisions.md 3). The first two are purged at
 * once, since nothing can be delivered; for the last only a dump can tell.
 */
#include "mirror_priv.h"

#include <stdlib.h>
#include <string.h>

void
mirror_link(struct ts_mirror *m, unsigned iface, bool up)
{
	bool was_up = m->up[iface];

	m->up[iface] = up;
	if (was_up == up || !m->synced)
		return;
	if (!up) {
		feed_nhobjs_purge_iface(&m->feed, (uint16_t)iface);
		feed_nhobjs_work(&m->feed);
		mirror_routes_purge_iface(m, 0, (uint16_t)iface);
	} else {
		mirror_purge_cancel(m, (uint16_t)iface);
	}
	mirror_want_compare(m);
}

static bool
same_addr(const struct ts_host_addr *a, const struct ts_host_addr *b)
{
	return a->family == b->family && a->ifindex == b->ifindex && a->prefix_len == b->prefix_len &&
		memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

static struct known_addr *
find_addr(struct ts_mirror *m, const struct ts_host_addr *a)
{
	for (unsigned i = 0; i < m->n_addrs; i++)
		if (same_addr(&m->addrs[i].addr, a))
			return &m->addrs[i];
	return NULL;
}

static bool
has_ipv4(const struct ts_mirror *m, int iface)
{
	for (unsigned i = 0; i < m->n_addrs; i++)
		if (m->addrs[i].addr.family == AF_INET && m->addrs[i].addr.iface == iface)
			return true;
	return false;
}

static void
remove_addr(struct ts_mirror *m, struct known_addr *k)
{
	struct ts_host_addr gone = k->addr;

	*k = m->addrs[--m->n_addrs];
	m->addrs_changed = true;
	if (gone.family != AF_INET || !m->synced)
		return;
	if (gone.iface >= 0 && !has_ipv4(m, gone.iface))
		mirror_routes_purge_iface(m, AF_INET, (uint16_t)gone.iface);
	mirror_want_compare(m);
}

static void
add_addr(struct ts_mirror *m, const struct ts_host_addr *a)
{
	if (m->n_addrs == m->max_addrs) {
		unsigned max = m->max_addrs == 0 ? 64 : 2 * m->max_addrs;
		struct known_addr *addrs = realloc(m->addrs, max * sizeof(*addrs));

		if (addrs == NULL)
			return;
		m->addrs = addrs;
		m->max_addrs = max;
	}
	m->addrs[m->n_addrs++] = (struct known_addr){*a, m->feed.gen};
	m->addrs_changed = true;
}

void
mirror_addr(struct ts_mirror *m, const struct ts_host_addr *a, bool gone)
{
	struct known_addr *k = find_addr(m, a);

	if (gone && k != NULL)
		remove_addr(m, k);
	else if (!gone && k != NULL)
		k->gen = m->feed.gen;
	else if (!gone)
		add_addr(m, a);
}

void
mirror_addrs_sweep(struct ts_mirror *m)
{
	for (unsigned i = m->n_addrs; i > 0; i--)
		if (m->addrs[i - 1].gen != m->feed.gen)
			remove_addr(m, &m->addrs[i - 1]);
}
