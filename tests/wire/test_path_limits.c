/* SPDX-License-Identifier: BSD-3-Clause */
/* Every limit: beyond its burst there is silence, and its name. Those of 6rd and ISATAP are with their mechanisms. */
#include "path_tests.h"
#include "path_util.h"

void
test_limits(void **state)
{
	uint8_t p[2048];
	size_t n;

	(void)state;
	assert_limited(p, make_v6(p, "2001:db8::1", "2002:c000:22a::1", 1441), TS_C_drop_6to4_encap_icmp6_limited);
	n = make_6in4(p, SITE_V4, "2002:c000:22a::1", "2001:db8::1", 8);
	p[27] = 1;
	assert_limited(p, n, TS_C_drop_6to4_decap_icmp6_limited);
	assert_limited(p, make_echo4(p, SITE_V4, "192.88.99.1"), TS_C_drop_ip4_local_echo_limited);
	assert_limited(p, make_echo6(p, "2001:db8::1", "2002:c058:6301::"), TS_C_drop_ip6_local_echo_limited);
}
