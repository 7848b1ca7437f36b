# SPDX-License-Identifier: BSD-3-Clause
"""A real 6to4 host behind real IPv4 routers and a link of 1300 bytes: path MTU discovery through the tunnel
(protocols.md 2.8, 2.10), fragmented protocol 41 in both directions (2.4), ICMPv4 errors of routers on the way.
"""

import pytest

from errors import TOO_BIG, UNREACHABLE, ErrorListener
from hop import HOP_MTU, HopExchange
from lab import checks
from lab.exchange import GATEWAY6, HOST6, ID6, SITE4, SITE6
from lab.net import run

LAB = HopExchange
TUNNEL_MTU = 1480
DOWNLOAD = 2_000_000
DEAD_SITE6 = '2002:cb00:71c8::1'  # 203.0.113.200, which nobody has


@pytest.fixture(scope='module')
def df_lab(lab):
    """The relay sets Don't Fragment: the router says what does not pass."""
    lab.with_6to4(mtu=TUNNEL_MTU, df=True)
    lab.forget_path_mtu()
    return lab


@pytest.fixture(scope='module')
def fragmenting_lab(lab):
    """Nobody sets it: peer4 fragments towards the host, hop what the host sends."""
    lab.with_6to4(mtu=TUNNEL_MTU, df=False)
    lab.site.sh(f'''ip tunnel del 6to4
        ip tunnel add 6to4 mode sit remote any local {SITE4} ttl inherit nopmtudisc # DF clear
        ip link set 6to4 up mtu {TUNNEL_MTU}
        ip -6 addr add {SITE6}/16 dev 6to4
        ip -6 route add 2000::/3 via ::192.88.99.1 dev 6to4''')
    lab.forget_path_mtu()
    return lab


def too_big_to_site(error):
    return error.type == TOO_BIG and error.quoted.dst == SITE6


def check_translated(error, hop_limit):
    """What an ICMPv4 error about a packet from HOST6 to SITE6 becomes. A Linux router quotes 548 bytes of it."""
    assert (error.source, error.code) == (ID6, 0 if error.type == TOO_BIG else 3)
    assert error.hop_limit == 63  # 64, and peer6 on the way
    quoted = error.quoted
    assert (quoted.version, quoted.src, quoted.hlim) == (6, HOST6, hop_limit)
    assert error.size <= 1280


def test_too_big_of_the_tunnel_and_of_the_hop(df_lab):
    """First the tunnel MTU, which the relay knows; then what the router has room for, less the outer header."""
    with ErrorListener('host6') as errors:
        run(['ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', '1452', SITE6], 'host6', check=False)
        first = errors.expect('Packet Too Big', too_big_to_site)
        assert (first.source, first.word, first.hop_limit) == (ID6, TUNNEL_MTU, 63)
        run(['ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', '1432', SITE6], 'host6', check=False)
        second = errors.expect('Packet Too Big from the hop', too_big_to_site)
    assert second.word == max(1280, HOP_MTU - 20)
    check_translated(second, 62)  # peer6's decrement and the relay's
    quoted = second.quoted
    assert quoted.plen == 1440 and quoted.nh == 58
    assert second.size == 40 + 8 + 548 - 20


def test_download_meets_the_hop(df_lab):
    """Full-size segments: the transfer completes because the host learns 1280."""
    df_lab.forget_path_mtu()
    before = df_lab.relay.counter('icmp4_errors_translated')
    with ErrorListener('host6') as errors:
        checks.download_to_site(df_lab.site, 'host6', HOST6, DOWNLOAD)
        error = errors.expect('Packet Too Big with MTU 1280', lambda e: too_big_to_site(e) and e.word == 1280)
    check_translated(error, 62)
    assert error.quoted.nh == 6 and error.quoted.plen > 1240
    assert df_lab.relay.counter('icmp4_errors_translated') > before
    assert df_lab.relay.counter('reassembled_packets') == 0


def test_upload_meets_the_hop(df_lab):
    """The other way round it is the host's own tunnel that learns."""
    df_lab.forget_path_mtu()
    checks.download_from_site(df_lab.site, SITE6, 'host6', DOWNLOAD)


@pytest.mark.parametrize('size', [8, 1231, 1232])
def test_ping_up_to_the_limit(df_lab, size):
    checks.ping('host6', SITE6, options=f'-M do -s {size}')
    checks.ping(df_lab.site, HOST6, options=f'-M do -s {size}')


@pytest.mark.parametrize('size', [1233, 1432])
def test_ping_beyond_the_limit(df_lab, size):
    df_lab.forget_path_mtu()
    output = checks.command('host6', f'ping -n -c 1 -W 3 -M do -s {size} {SITE6} || true')
    assert f'From {ID6}' in output and 'Packet too big: mtu=1280' in output, output


def test_ping_beyond_the_limit_in_fragments(df_lab):
    """Once both hosts have learned the path MTU they fragment in IPv6, and large echoes pass a tunnel with DF set."""
    run(['ping', '-n', '-c', '4', '-i', '0.2', '-W', '1', '-M', 'want', '-s', '1432', SITE6], 'host6', check=False)
    checks.ping('host6', SITE6, options='-M want -s 1432')


def test_other_hop_mtu(df_lab):
    """1400 - 20: the value is the router's, not the minimum of IPv6."""
    df_lab.set_mtu(1400)
    df_lab.forget_path_mtu()
    try:
        with ErrorListener('host6') as errors:
            run(['ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', '1432', SITE6], 'host6', check=False)
            error = errors.expect('Packet Too Big', too_big_to_site)
        assert error.word == 1380
        checks.ping('host6', SITE6, options='-M do -s 1332')
    finally:
        df_lab.set_mtu(HOP_MTU)


def test_hop_below_what_ipv6_needs(df_lab):
    """G53 step 7: for a packet of 1280 bytes no ICMPv6 may ask for less; the error is counted, not translated."""
    df_lab.set_mtu(1200)
    df_lab.forget_path_mtu()
    before = df_lab.relay.counter('drop_ip4_local_icmp4_no_ptb')
    try:
        run(['ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', '1232', SITE6], 'host6', check=False)
        assert df_lab.relay.counter('drop_ip4_local_icmp4_no_ptb') == before + 1
    finally:
        df_lab.set_mtu(HOP_MTU)


@pytest.mark.parametrize('probes', ['', '-I'])
def test_traceroute(df_lab, probes):
    """The IPv4 routers inside the tunnel are no hops of IPv6."""
    checks.expect_hops(df_lab.site, HOST6, [ID6, '2001:db8:100::6', HOST6], probes)
    checks.expect_hops('host6', SITE6, [GATEWAY6, ID6, SITE6], probes)


def test_dead_site(df_lab):
    """hop's ICMPv4 host unreachable becomes Destination Unreachable, address unreachable (RFC 4213 3.4)."""
    with ErrorListener('host6') as errors:
        output = checks.command('host6', f'ping -n -c 1 -W 8 {DEAD_SITE6} || true')
        error = errors.expect('Destination Unreachable',
                              lambda e: e.type == UNREACHABLE and e.quoted.dst == DEAD_SITE6)
    check_translated(error, 62)
    assert error.word == 0
    assert error.quoted.plen == 64 and error.size == 40 + 8 + 40 + 64  # all of so small a packet
    assert f'From {ID6}' in output and 'Address unreachable' in output, output


@pytest.mark.parametrize('size', [1232, 1233, 1432])
def test_ping_in_ipv4_fragments(fragmenting_lab, size):
    """Both ways: the host's kernel reassembles what peer4 cut, the relay what hop cut."""
    relay = fragmenting_lab.relay
    before = {name: relay.counter(name) for name in ('reassembled_packets', 'consume_ip4_rx_incomplete')}
    checks.ping('host6', SITE6, count=3, options=f'-M do -s {size}')
    cut = 3 if size + 48 > HOP_MTU - 20 else 0
    for name, value in before.items():
        assert relay.counter(name) - value == cut, name


def test_download_in_ipv4_fragments(fragmenting_lab):
    fragmenting_lab.forget_path_mtu()
    checks.download_to_site(fragmenting_lab.site, 'host6', HOST6, DOWNLOAD)


def test_upload_in_ipv4_fragments(fragmenting_lab):
    """Every full-size segment reaches the relay in two pieces."""
    relay = fragmenting_lab.relay
    before = relay.counter('reassembled_packets')
    checks.download_from_site(fragmenting_lab.site, SITE6, 'host6', DOWNLOAD)
    assert relay.counter('reassembled_packets') - before > DOWNLOAD // 1480


def test_nothing_else_was_dropped(fragmenting_lab):
    relay = fragmenting_lab.relay
    assert relay.counter('icmp4_errors_translated') == 0
    allowed = ('drop_tx_neigh', 'drop_l2', 'drop_6to4_encap_v6_src', 'drop_6to4_decap_v6_', 'drop_ip6')
    assert {n: v for n, v in relay.drops().items() if not n.startswith(allowed)} == {}


def test_site_without_protocol_41(fragmenting_lab):
    """Last, because it takes the tunnel away: the host's own protocol unreachable is translated as well."""
    fragmenting_lab.site.sh('ip link set 6to4 down; ip tunnel del 6to4; rmmod sit')
    output = checks.command('host6', f'ping -n -c 1 -W 3 {SITE6} || true')
    assert f'From {ID6}' in output and 'Address unreachable' in output, output
