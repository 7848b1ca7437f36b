/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>

#include "lib/addr.h"
#include "lib/headers.h"
#include "lib/teredo.h"
#include "observe.h"

const char *
ts_station_name(unsigned station)
{
	static const char *const names[TS_N_STATIONS] = {
		[TS_STATION_RX] = "rx",
		[TS_STATION_6TO4_ENCAP] = "6to4-encap",
		[TS_STATION_6TO4_DECAP] = "6to4-decap",
		[TS_STATION_6RD_ENCAP] = "6rd-encap",
		[TS_STATION_6RD_DECAP] = "6rd-decap",
		[TS_STATION_ISATAP_ENCAP] = "isatap-encap",
		[TS_STATION_ISATAP_DECAP] = "isatap-decap",
		[TS_STATION_TEREDO_ENCAP] = "teredo-encap",
		[TS_STATION_TEREDO_DECAP] = "teredo-decap",
		[TS_STATION_TEREDO_SERVER] = "teredo-server",
		[TS_STATION_LOCAL4] = "local4",
		[TS_STATION_LOCAL6] = "local6",
		[TS_STATION_REASSEMBLE] = "reassemble",
		[TS_STATION_HANDED_OVER] = "handed-over",
		[TS_STATION_TEREDO_QUEUE] = "teredo-queue",
		[TS_STATION_NEIGH_WAIT] = "neigh-wait",
		[TS_STATION_PUNT] = "punt",
		[TS_STATION_DROP] = "drop",
		[TS_STATION_TX] = "tx",
	};

	return station < TS_N_STATIONS ? names[station] : NULL;
}

static bool
in_prefix(const struct ts_match *m, const uint8_t *addr)
{
	unsigned bytes = m->len / 8, bits = m->len % 8;

	if (memcmp(addr, m->addr, bytes) != 0)
		return false;
	return bits == 0 || ((addr[bytes] ^ m->addr[bytes]) & 0xff00 >> bits & 0xff) == 0;
}

/* An IPv6 address, for a match of IPv4 by what it carries. */
static bool
fits6(const struct ts_match *m, const uint8_t addr[16])
{
	static const uint8_t teredo[4] = {0x20, 0x01, 0, 0};
	rte_be32_t client;

	if (m->family == AF_INET6)
		return in_prefix(m, addr);
	if (ts_is_6to4(addr))
		return in_prefix(m, addr + 2);
	if (memcmp(addr, teredo, sizeof(teredo)) != 0)
		return false;
	client = ts_teredo_client(addr);
	return in_prefix(m, (const uint8_t *)&client);
}

bool
ts_match_packet(const struct ts_match *m, const uint8_t *packet, uint32_t len, bool ethernet)
{
	struct ts_headers h;

	if (m->family == 0)
		return true;
	ts_headers_find(packet, len, ethernet, &h);
	if (m->family == AF_INET && h.ipv4 != TS_NO_HEADER &&
		(in_prefix(m, packet + h.ipv4 + 12) || in_prefix(m, packet + h.ipv4 + 16)))
		return true;
	return h.ipv6 != TS_NO_HEADER && (fits6(m, packet + h.ipv6 + 8) || fits6(m, packet + h.ipv6 + 24));
}
