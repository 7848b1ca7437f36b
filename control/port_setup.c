/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuring one DPDK port: a transmit queue per worker always, a receive queue per worker if the device has as many,
 * RSS over them, the MTU of its largest interface, and of the offloads those that it has and the data path uses.
 *
 * What a device refuses but the relay can do without (an MTU in the device, multicast filters, promiscuous mode:
 * software ports have none) is not an error; what would lose packets later is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dpdk_log.h"
#include "eal.h"
#include "ports_priv.h"

#define WANTED_RSS (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP)
#define DEFAULT_DESCRIPTORS 1024
/* In front of a packet in its first buffer there may have been tags, IPv4 with options, UDP. */
#define ROOM_IN_FRONT 128u

static int
failed(const char *step, int ret, char *err, size_t err_len)
{
	const char *why = ts_dpdk_log_reason();

	if (why[0] != '\0')
		snprintf(err, err_len, "%s: %s (DPDK: %s)", step, rte_strerror(-ret), why);
	else
		snprintf(err, err_len, "%s: %s", step, rte_strerror(-ret));
	return -1;
}

/* Largest IP packet of the port's interfaces, and what their tags add to a frame. */
static void
wanted_mtu(const struct ts_config *cfg, unsigned index, uint16_t *mtu, uint16_t *tags)
{
	*mtu = 0;
	*tags = 0;
	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		const struct ts_cfg_interface *f = &cfg->interfaces[i];

		if (f->port != index)
			continue;
		*mtu = RTE_MAX(*mtu, f->mtu);
		*tags = RTE_MAX(*tags, (uint16_t)(f->n_tags * sizeof(struct rte_vlan_hdr)));
	}
	if (*mtu == 0)
		*mtu = RTE_ETHER_MTU;
}

/* As ethdev computes it; it would refuse more with a number that says nothing to an operator. */
static uint32_t
largest_mtu(const struct rte_eth_dev_info *info)
{
	uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	uint32_t by_frame;

	if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
		overhead = info->max_rx_pktlen - info->max_mtu;
	by_frame = info->max_rx_pktlen > overhead ? info->max_rx_pktlen - overhead : UINT16_MAX;
	return RTE_MIN(by_frame, (uint32_t)info->max_mtu);
}

/* A LAG configures its members with its own MTU, and says nothing of what they take. */
static uint32_t
largest_member_mtu(const struct ts_cfg_port *cfg)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	struct rte_eth_dev_info info;
	uint32_t max = UINT16_MAX;
	uint16_t id;

	for (unsigned i = 0; i < cfg->n_members; i++) {
		ts_device_name(cfg->members[i], name, sizeof(name));
		if (rte_eth_dev_get_port_by_name(name, &id) == 0 && rte_eth_dev_info_get(id, &info) == 0)
			max = RTE_MIN(max, largest_mtu(&info));
	}
	return max;
}

/*
 * Room for the tags is added as many devices count them into the MTU; where they do not and the limit is near, the
 * device's limit does.
 */
static int
choose_mtu(const struct ts_config *cfg, unsigned index, const struct rte_eth_dev_info *info, uint16_t *mtu, char *err,
	size_t err_len)
{
	uint32_t max = RTE_MIN(largest_mtu(info), largest_member_mtu(&cfg->ports[index]));
	uint16_t tags;

	wanted_mtu(cfg, index, mtu, &tags);
	if (*mtu > max) {
		snprintf(err, err_len, "an interface on it has MTU %u, the device takes at most %u", *mtu, max);
		return -1;
	}
	*mtu = (uint16_t)RTE_MIN((uint32_t)*mtu + tags, max);
	return 0;
}

static int
choose_queues(const struct ts_config *cfg, const struct rte_eth_dev_info *info, struct ts_port *port, char *err,
	size_t err_len)
{
	unsigned workers = cfg->workers.n_cpus;

	if (info->max_tx_queues < workers) {
		snprintf(err, err_len,
			"it has %u transmit queue%s for %u workers; give workers.cpus at most %u CPU%s, or the device more queues",
			info->max_tx_queues, info->max_tx_queues == 1 ? "" : "s", workers, info->max_tx_queues,
			info->max_tx_queues == 1 ? "" : "s");
		return -1;
	}
	if (info->max_rx_queues == 0) {
		snprintf(err, err_len, "it has no receive queue");
		return -1;
	}
	port->n_txq = (uint16_t)workers;
	port->n_rxq = (uint16_t)RTE_MIN(workers, (unsigned)info->max_rx_queues);
	return 0;
}

/*
 * Drivers that offer to verify UDP checksums and should not be asked. To a host, virtio's then says that it takes
 * packets without checksums (VIRTIO_NET_F_GUEST_CSUM): those of other guests come with a wrong one, which we would
 * forward; and it gives up its vector receive path, as idpf's does. net_tap adds up all packets itself.
 */
static bool
verifies_itself(const char *driver)
{
	static const char *const others[] = {"net_virtio", "net_vhost", "net_idpf", "net_tap", "net_tun"};

	for (unsigned i = 0; i < RTE_DIM(others); i++)
		if (strncmp(driver, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

/* A LAG offers what its members do. */
static bool
members_verify(const struct ts_cfg_port *cfg)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	struct rte_eth_dev_info info;
	uint16_t id;

	for (unsigned i = 0; i < cfg->n_members; i++) {
		ts_device_name(cfg->members[i], name, sizeof(name));
		if (rte_eth_dev_get_port_by_name(name, &id) != 0 || rte_eth_dev_info_get(id, &info) != 0 ||
			!verifies_itself(info.driver_name))
			return false;
	}
	return true;
}

static bool
wants_checksum(const struct ts_cfg_port *cfg, const struct rte_eth_dev_info *info)
{
	return cfg->checksum_offload == TS_CHECKSUM_AUTO && info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_UDP_CKSUM &&
		verifies_itself(info->driver_name) && members_verify(cfg);
}

/*
 * Output brings packets in several buffers together. To send them as they are is asked for only where the first one may
 * have no room for that: for this offload alone i40e, ice, iavf and ixgbe give up their vector transmit path.
 */
static uint64_t
multi_segs(const struct ts_config *cfg, uint16_t mtu)
{
	return ts_mbuf_data_room(cfg) < RTE_PKTMBUF_HEADROOM + ROOM_IN_FRONT + mtu ? RTE_ETH_TX_OFFLOAD_MULTI_SEGS : 0;
}

static int
configure(const struct ts_config *cfg, unsigned index, const struct rte_eth_dev_info *info, struct ts_port *port,
	uint16_t mtu)
{
	struct rte_eth_conf conf = {.rxmode.mtu = mtu};
	uint64_t rss = info->flow_type_rss_offloads & WANTED_RSS;

	if (port->n_rxq > 1 && rss != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = rss;
		conf.rxmode.offloads = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
	}
	conf.txmode.offloads = info->tx_offload_capa & multi_segs(cfg, mtu);
	port->rx_checksum = wants_checksum(&cfg->ports[index], info);
	if (port->rx_checksum)
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	port->multi_segs = conf.txmode.offloads != 0;
	return rte_eth_dev_configure(port->id, port->n_rxq, port->n_txq, &conf);
}

static int
setup_queues(const struct ts_cfg_port *cfg, const struct ts_port *port, struct rte_mempool *pool)
{
	uint16_t rxd = cfg->rx_descriptors != 0 ? cfg->rx_descriptors : DEFAULT_DESCRIPTORS;
	uint16_t txd = cfg->tx_descriptors != 0 ? cfg->tx_descriptors : DEFAULT_DESCRIPTORS;
	unsigned node = port->socket_id < 0 ? (unsigned)SOCKET_ID_ANY : (unsigned)port->socket_id;
	int ret = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rxd, &txd);

	for (uint16_t q = 0; ret == 0 && q < port->n_rxq; q++)
		ret = rte_eth_rx_queue_setup(port->id, q, rxd, node, NULL, pool);
	for (uint16_t q = 0; ret == 0 && q < port->n_txq; q++)
		ret = rte_eth_tx_queue_setup(port->id, q, txd, node, NULL);
	return ret;
}

static int
start(const struct ts_cfg_port *cfg, uint16_t id, char *err, size_t err_len)
{
	int ret = rte_eth_dev_start(id);

	if (ret < 0)
		return failed("it does not start", ret, err, err_len);
	/* Neighbour solicitations come by multicast: a port that cannot take all of it has to take everything. */
	bool everything = rte_eth_allmulticast_enable(id) < 0 || cfg->promiscuous;

	ret = everything ? rte_eth_promiscuous_enable(id) : rte_eth_promiscuous_disable(id);
	if (ret < 0 && cfg->promiscuous && ret != -ENOTSUP) {
		rte_eth_dev_stop(id);
		return failed("promiscuous mode is refused", ret, err, err_len);
	}
	return 0;
}

int
ts_port_setup(const struct ts_config *cfg, unsigned index, struct ts_port *port, struct rte_mempool *pool, char *err,
	size_t err_len)
{
	const struct ts_cfg_port *p = &cfg->ports[index];
	struct rte_eth_dev_info info;
	uint16_t mtu;
	int ret;

	ts_dpdk_log_collect();
	ret = rte_eth_dev_info_get(port->id, &info);
	if (ret < 0)
		return failed("the device says nothing about itself", ret, err, err_len);
	if (choose_queues(cfg, &info, port, err, err_len) < 0 || choose_mtu(cfg, index, &info, &mtu, err, err_len) < 0)
		return -1;
	ret = configure(cfg, index, &info, port, mtu);
	if (ret < 0)
		return failed("it cannot be configured", ret, err, err_len);
	ret = rte_eth_dev_set_mtu(port->id, mtu);
	if (ret < 0 && ret != -ENOTSUP)
		return failed("the MTU cannot be set", ret, err, err_len);
	ret = setup_queues(p, port, pool);
	if (ret < 0)
		return failed("its queues cannot be set up", ret, err, err_len);
	return start(p, port->id, err, err_len);
}
