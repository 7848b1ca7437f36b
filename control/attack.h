/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When to stop announcing 2001::/32 (protocols.md X8; RFC 4380 7.3.5): strangers ask for more contacts than the relay
 * makes, and keep at it. Another relay then has them, and the next one; the clients of this one go on by their trust.
 *
 * Damped: it takes some time of overload to withdraw, and each withdrawal that follows soon lasts twice as long as the
 * one before, because the load that would show whether the attack goes on is gone with the announcement.
 */
#ifndef TS_CTL_ATTACK_H
#define TS_CTL_ATTACK_H

#include <stdbool.h>
#include <stdint.h>

#define TS_ATTACK_HOLD_S 60	  /* the first withdrawal */
#define TS_ATTACK_HOLD_MAX_S 3600 /* and the longest; after as long without one it begins anew */

struct ts_attack {
	bool started, withdrawn;
	uint64_t second, refused; /* of the last step */
	uint64_t over_since;	  /* 0: the last step was not over the limit */
	uint64_t until, hold;	  /* of the withdrawal, or of the one before */
};

/*
 * refused: contacts that have been refused since the daemon started; limit: so many in a second are an overload; after:
 * seconds of overload that make a withdrawal, 0: none ever. `second` goes forward; steps within one are ignored. True
 * while the prefix should be withdrawn.
 */
bool ts_attack_step(struct ts_attack *a, uint64_t second, uint64_t refused, uint64_t limit, uint32_t after);

#endif
