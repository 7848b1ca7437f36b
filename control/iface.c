/* SPDX-License-Identifier: BSD-3-Clause */
#include "iface.h"

int
ts_iface_by_ifindex(const struct ts_ifaces *ifaces, int ifindex)
{
	if (ifindex <= 0)
		return -1;
	for (unsigned i = 0; i < ifaces->n; i++)
		if (ifaces->ctl[i].ifindex == ifindex)
			return (int)i;
	return -1;
}
