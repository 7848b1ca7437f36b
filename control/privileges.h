/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capabilities; the kernel keeps them per thread, so each thread gives up its own.
 */
#ifndef TS_CTL_PRIVILEGES_H
#define TS_CTL_PRIVILEGES_H

/* The calling thread needs none from here on. */
void ts_privileges_drop_all(void);
/* The calling thread keeps what changing the network and entering a namespace takes. */
void ts_privileges_keep_network(void);

#endif
