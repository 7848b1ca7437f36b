/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a prefix is announced (protocols.md O1 to O4): a state machine without clock or system calls, and the reasons
 * that the rest of health (health_run.c) finds.
 */
#ifndef TS_CTL_HEALTH_H
#define TS_CTL_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

/* What speaks against announcing: bit, name for programs, text for people. */
#define TS_HEALTH_REASONS(X)                                                             \
	X(WORKER, "worker", "a worker is silent")                                        \
	X(STARTING, "starting", "the tunnel has not been tried yet")                     \
	X(PROBE, "probe", "a test packet does not get through the tunnel")               \
	X(ROUTES4, "ipv4-routes", "too few IPv4 routes")                                 \
	X(ROUTES6, "ipv6-routes", "too few IPv6 routes")                                 \
	X(LINK4, "ipv4-link", "all ports that IPv4 routes lead to are down")             \
	X(LINK6, "ipv6-link", "all ports that IPv6 routes lead to are down")             \
	X(TABLES, "tables", "a forwarding table is full: routes are missing")            \
	X(LOSS, "loss", "the ports lose too many packets")                               \
	X(TWIN, "twin", "the kernel's end of an interface is gone")                      \
	X(DEVICE, "device", "the device of the announcement is gone")                    \
	X(ATTACK, "attack", "strangers ask for more contacts than teredo-relay.bubbles") \
	X(DRAIN, "drain", "drained by the operator")                                     \
	X(HOLD, "hold-down", "all is well again, but not for long enough")

enum ts_health_bit {
#define TS_HEALTH_BIT(name, word, text) TS_HEALTH_BIT_##name,
	TS_HEALTH_REASONS(TS_HEALTH_BIT)
#undef TS_HEALTH_BIT
		TS_HEALTH_N_REASONS
};

enum ts_health_reason {
#define TS_HEALTH_REASON(name, word, text) TS_HEALTH_##name = 1 << TS_HEALTH_BIT_##name,
	TS_HEALTH_REASONS(TS_HEALTH_REASON)
#undef TS_HEALTH_REASON
};

struct ts_health_words {
	const char *word, *text;
};
extern const struct ts_health_words ts_health_words[TS_HEALTH_N_REASONS];

struct ts_health_conf {
	uint64_t hold_ms, hold_max_ms;
};

/* One prefix. All zero at first. */
struct ts_health_state {
	bool well;	   /* nothing speaks against it but, maybe, the operator or an attack */
	bool once;	   /* it has been well before: from then on faults have to be over for some time */
	uint64_t since_ms; /* well: since then; not well and without a fault: without one since then */
	uint64_t fault_ms; /* when it was last not well */
	bool faulty;
	uint64_t hold_ms; /* how long it has to be without a fault */
};

/*
 * `reasons`: what speaks against it now. Returns what does in the end, hold-down included: 0 = announce. `now_ms` goes
 * forward. Withdrawal is immediate; O3: the first time a prefix may be announced at once, later only when there has
 * been no fault for hold_ms, doubled with each fault that comes within hold_max_ms of the one before, up to
 * hold_max_ms. What the operator does (DRAIN) and an attack, which is damped by itself (attack.h), are no faults.
 */
uint32_t ts_health_step(
	struct ts_health_state *h, const struct ts_health_conf *conf, uint64_t now_ms, uint32_t reasons);

/* Milliseconds of hold-down that are left; 0 when there is none, or faults are not over. */
uint64_t ts_health_hold_left(const struct ts_health_state *h, uint64_t now_ms);

/* Drain: what is to be done with the routes of the announcement (O3, RFC 8326). */
enum ts_drain_phase {
	TS_DRAIN_OFF,
	TS_DRAIN_SHOWN,	    /* still announced, marked as going */
	TS_DRAIN_WITHDRAWN, /* not announced */
};

struct ts_drain {
	bool on;
	uint64_t since_ms;
};

enum ts_drain_phase ts_drain_phase(const struct ts_drain *d, uint64_t now_ms, uint64_t shown_ms);

/* Loss at the ports, O4: sums of packets that went through and that were lost, since the start. */
struct ts_loss {
	bool started;
	uint64_t at_ms, passed, lost; /* of the last look, one a second */
	uint64_t over_since;	      /* 0: the last second was fine */
	unsigned percent;	      /* of the last second */
	bool over;
};

/* True while more than `percent` of the packets, and no mere handful, have been lost in each second of at least the
 * last `after_s`. percent 0: never. */
bool ts_loss_step(
	struct ts_loss *l, uint64_t now_ms, uint64_t passed, uint64_t lost, unsigned percent, unsigned after_s);

#endif
