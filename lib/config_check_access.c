/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of the access lists: a prefix that is allowed and denied is never served, which its author did not mean.
 */
#include "config_internal.h"

static void
check_allowed(struct ts_load *l, unsigned i)
{
	const struct ts_config *cfg = l->cfg;
	const struct ts_prefix4 *allow = &cfg->access.allow4[i];
	char path[TS_PATH_TEXT], text[TS_ADDR_TEXT], other[TS_ADDR_TEXT];

	for (unsigned j = 0; j < cfg->access.n_deny4; j++) {
		const struct ts_prefix4 *deny = &cfg->access.deny4[j];

		/* Length 0 is what a faulty value left. */
		if (deny->len == 0 || !ts_prefix4_covers(deny, allow))
			continue;
		ts_fault_at(l, ts_item(path, "access.allow-ipv4", i, ""),
			"%s lies in access.deny-ipv4[%u], %s: that comes first", ts_prefix4_text(allow, text), j,
			ts_prefix4_text(deny, other));
	}
}

void
ts_check_access(struct ts_load *l)
{
	for (unsigned i = 0; i < l->cfg->access.n_allow4 && !l->more; i++)
		check_allowed(l, i);
}
