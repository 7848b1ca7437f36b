/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking a changed configuration into a running relay (SIGHUP). */
#ifndef TS_CTL_RELOAD_H
#define TS_CTL_RELOAD_H

#include <stddef.h>

struct ts_control;

/*
 * Read the file again. All reloadable keys take effect together, in one version of the tables, without a lost packet;
 * or nothing changes, and the log says why: a fault of the file with its line, or each key that only a restart can
 * change. 0 or -1; what the log says, lines and all, is in `said` too (NULL: not wanted), as far as it fits.
 */
int ts_control_reload(struct ts_control *c, char *said, size_t len);

#endif
