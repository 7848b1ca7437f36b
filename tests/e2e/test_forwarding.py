# SPDX-License-Identifier: BSD-3-Clause
"""A real 6to4 host (Linux's sit) and a native host through the relay, on routes learned by BGP."""

import pytest

from lab import checks
from lab.exchange import ANYCAST, ANYCAST6, GATEWAY6, HOST6, ID6, PEER6, RELAY4, RELAY6, SITE6
from lab.net import run


@pytest.mark.parametrize('size', [8, 1200, 1232], ids=lambda n: f'{n}B')
def test_ping_site_to_host(lab, size):
    checks.ping(lab.site, HOST6, options=f'-s {size}')


@pytest.mark.parametrize('size', [8, 1200, 1232], ids=lambda n: f'{n}B')
def test_ping_host_to_site(lab, size):
    checks.ping('host6', SITE6, options=f'-s {size}')


def test_large_packets_out_of_the_tunnel_pass_unfragmented(lab):
    checks.ping(lab.site, HOST6, count=1, options='-M do -s 1200')
    before = lab.relay.counter('6to4_decap_packets')
    # 1432 bytes of data make 1480 of IPv6; the reply of that size meets the tunnel MTU.
    lab.site.run(f'ping -n -c 2 -i 0.2 -W 2 -M do -s 1432 {HOST6}')
    assert lab.relay.counter('6to4_decap_packets') >= before + 2


def test_traceroute_from_site(lab):
    for probes in '', '-I':
        checks.expect_hops(lab.site, HOST6, [ID6, '2001:db8:100::6', HOST6], probes)


def test_traceroute_from_host(lab):
    for probes in '', '-I':
        checks.expect_hops('host6', SITE6, [GATEWAY6, ID6, SITE6], probes)


def test_download_to_site(lab):
    """The native host's full-size segments exceed the tunnel MTU: path MTU discovery has to work."""
    run(['ip', '-n', 'host6', '-6', 'route', 'flush', 'cache'])  # what it learned before
    before = lab.relay.counter('icmp6_too_big_sent')
    checks.download_to_site(lab.site, 'host6', HOST6, 5_000_000)
    assert lab.relay.counter('icmp6_too_big_sent') > before


def test_download_from_site(lab):
    checks.download_from_site(lab.site, SITE6, 'host6', 1_000_000)


@pytest.mark.parametrize('address', [ANYCAST6, ID6, RELAY6, PEER6])
def test_site_pings_relay_and_lan(lab, address):
    checks.ping(lab.site, address)


@pytest.mark.parametrize('address', [ANYCAST6, ID6])
def test_host_pings_relay(lab, address):
    checks.ping('host6', address)


@pytest.mark.parametrize('address', [ANYCAST, RELAY4])
def test_site_pings_relay_over_ipv4(lab, address):
    checks.ping(lab.site, address)


def test_unicast_equivalent(lab):
    """S21: the relay's unicast address serves as well as 192.88.99.1."""
    lab.site.sh(f'ip -6 route replace {HOST6} via ::{RELAY4} dev 6to4')
    try:
        checks.ping(lab.site, HOST6)
    finally:
        lab.site.sh(f'ip -6 route del {HOST6}')


def test_unreachable_destination(lab):
    """S19: no route beyond the relay is answered through the tunnel, and the host hears it."""
    output = checks.command(lab.site, 'ping -n -c 1 -W 3 2001:db8:dead::1 || true')
    assert f'From {ID6}' in output and 'No route' in output, output


def test_no_drops_but_expected(lab):
    """Ordinary traffic loses nothing inside the relay."""
    allowed = ('drop_tx_neigh', 'drop_l2', 'drop_6to4_encap_v6_src', 'drop_6to4_decap_v6_', 'drop_ip6', 'drop_ip4')
    assert {n: v for n, v in lab.relay.drops().items() if not n.startswith(allowed)} == {}
