/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that handle packets of strangers keep no capability; the control thread keeps CAP_NET_ADMIN and CAP_NET_RAW
 * for rtnetlink and ports, CAP_SYS_ADMIN to enter the namespace again at the end, CAP_IPC_LOCK for hugepages. Failing
 * to drop is no reason to stop: the daemon may have been started with fewer already.
 */
#include "privileges.h"

#include <cap-ng.h>

void
ts_privileges_drop_all(void)
{
	capng_clear(CAPNG_SELECT_CAPS);
	(void)capng_apply(CAPNG_SELECT_CAPS);
}

void
ts_privileges_keep_network(void)
{
	capng_clear(CAPNG_SELECT_CAPS);
	(void)capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN,
		CAP_IPC_LOCK, -1);
	(void)capng_apply(CAPNG_SELECT_CAPS);
}
