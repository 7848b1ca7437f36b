/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's real code between two rings: one port (net_ring), two workers in one thread, control's own tables. EAL
 * and FIBs are made once; what a test changes in the configuration takes effect with rig_configure().
 *
 * TS_SIMD (scalar, avx2, avx512) in the environment says which stations the workers have; without it the best ones.
 *
 * Interfaces: 0 untagged without a twin, 1 VLAN 100 and 2 QinQ 200.300 with twins (their punt ring is read by the
 * test).
 */
#ifndef TS_TEST_RIG_H
#define TS_TEST_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/local.h"
#include "dataplane/contact.h"
#include "dataplane/handshake.h"
#include "dataplane/worker.h"
#include "lib/config.h"

#define RIG_FRAME_MAX 9216
#define RIG_N_WORKERS 2 /* the second one has no queue: it is there for what is handed to it */
#define RIG_VLAN 100
#define RIG_QINQ_OUTER 200
#define RIG_QINQ_INNER 300

extern const uint8_t rig_mac[6];  /* of all interfaces */
extern const uint8_t rig_peer[6]; /* of the neighbour that default routes go by */

struct rig {
	struct ts_config cfg;
	struct ts_ifaces ifaces;
	struct ts_nexthops *nexthops;
	struct ts_rib *rib;
	struct ts_publisher *publisher;
	struct ts_local *local;
	struct ts_worker *worker; /* the one that receives */
	struct ts_worker *workers[RIG_N_WORKERS];
	struct rte_mempool *pool;
	struct ts_handshakes handshakes;
	struct rte_ring *to_port, *from_port;
	uint16_t port;
	uint64_t now;
	uint64_t nic_flags; /* RTE_MBUF_F_RX_* of all frames that are sent to the port, */
	uint32_t nic_type;  /* and RTE_PTYPE_*: as a NIC would set them */
	bool guard;	    /* with ASAN, reading behind a frame that was sent in one segment is an error */
};

/*
 * Exits with a message when the rig cannot be made. `limits`: of every kind and worker, per second and burst. The
 * vectors say NO_TUNNEL where G60 answers a closed port, so they run with answer_closed_ports off.
 */
void rig_start(struct rig *r, char *program, uint32_t limits, bool answer_closed_ports);
void rig_stop(struct rig *r);

/* cfg, and these addresses as the kernel's (none: n 0), into the worker's tables. */
void rig_configure(struct rig *r, const struct ts_host_addr *addrs, unsigned n);
void rig_publish(struct rig *r);

/* One frame into the port, in segments of `segment` bytes (0: one segment). */
void rig_send_frame(struct rig *r, const uint8_t *frame, size_t len, size_t segment);
/* The same for an IP packet: from rig_peer, untagged. */
void rig_send_ip(struct rig *r, const uint8_t *packet, size_t len);
/* One turn of each worker. */
void rig_turn(struct rig *r);
/* Let time go by. */
void rig_advance_ms(struct rig *r, uint64_t ms);
/* The next frame that the port sent, its length, 0 when there is none. */
size_t rig_receive(struct rig *r, uint8_t frame[RIG_FRAME_MAX]);
/* The next frame punted, and its interface. */
size_t rig_punted(struct rig *r, uint8_t frame[RIG_FRAME_MAX], uint16_t *iface);
/* Buffers that are neither in the pool nor anywhere that the test knows of: 0, or there is a leak. */
unsigned rig_buffers_in_use(const struct rig *r);

/* A packet buffer that holds these bytes, in segments of `segment` bytes (0: one segment). */
struct rte_mbuf *rig_packet(struct rig *r, const uint8_t *bytes, size_t len, size_t segment);

/*
 * The Teredo relay's tables, there once it has been configured for the first time. Peers as they are wanted; all of
 * them forgotten, and all that waits. rig_own_peer(): forgets them all, and from now on this address belongs to
 * worker `owner`. rig_fix_nonce(): of all bubbles, until the next rig_configure().
 */
bool rig_plant(struct rig *r, const struct ts_contact_seed *seed);
void rig_forget_peers(struct rig *r);
void rig_own_peer(struct rig *r, const uint8_t addr[16], unsigned owner);
void rig_fix_nonce(struct rig *r, const uint8_t nonce[4]);

void rig_counters(const struct rig *r, uint64_t out[TS_N_COUNTERS]);

#endif
