# SPDX-License-Identifier: BSD-3-Clause
"""What a relay can do for hosts that do not learn the path MTU as they should (protocols.md G38, G44), with a real 6to4
host behind a real link with a small MTU.
"""

import contextlib

import pytest

from errors import TOO_BIG, ErrorListener
from hop import HOP_MTU, HopExchange
from lab import checks
from lab.exchange import HOST6, ID6, SITE6
from lab.net import LabError, run, wait_for

LAB = HopExchange
DOWNLOAD = 500_000


@contextlib.contextmanager
def deaf_to_too_big():
    """A firewall at the native host that drops what RFC 4890 says must not be dropped."""
    run(['nft', '''table inet deaf {
        chain in {
            type filter hook input priority 0;
            icmpv6 type packet-too-big drop
        }
    }'''], 'host6')
    try:
        yield
    finally:
        run(['nft', 'delete', 'table', 'inet', 'deaf'], 'host6')


def ping_once(size):
    run(['ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', str(size), SITE6], 'host6', check=False)


def counters(relay, *names):
    return [relay.counter(name) for name in names]


def test_download_by_mss_clamping(lab):
    lab.with_6to4(mtu=1280, **{'mss-clamp': True})
    lab.forget_path_mtu()
    before = lab.relay.counter('icmp6_too_big_sent')
    with deaf_to_too_big():
        checks.download_to_site(lab.site, 'host6', HOST6, DOWNLOAD)
    assert lab.relay.counter('mss_clamped') >= 2  # the SYN of one, the SYN-ACK of the other
    assert lab.relay.counter('icmp6_too_big_sent') == before


@pytest.fixture(scope='module')
def dynamic_lab(lab):
    lab.with_6to4(mtu=1480, **{'dynamic-mtu': True})
    yield lab
    lab.set_mtu(HOP_MTU)


def test_relay_learns_the_hop(dynamic_lab):
    """The first packet meets the router; of the second the relay itself says so, without asking the path again."""
    dynamic_lab.set_mtu(1400)
    dynamic_lab.forget_path_mtu()
    names = 'icmp4_errors_translated', 'icmp6_too_big_sent', '6to4_encap_packets'
    with ErrorListener('host6') as errors:
        before = counters(dynamic_lab.relay, *names)
        for learned in False, True:
            run(['ip', '-n', 'host6', '-6', 'route', 'flush', 'cache'])
            ping_once(1432)
            error = errors.expect('Packet Too Big', lambda e: e.type == TOO_BIG and e.quoted.dst == SITE6)
            assert (error.source, error.word) == (ID6, 1380), learned
        translated, sent, encapsulated = (a - b for a, b in zip(counters(dynamic_lab.relay, *names), before))
    assert (translated, encapsulated) == (1, 1)
    assert sent == 2
    checks.ping('host6', SITE6, options='-M do -s 1332')


def test_small_packets_pass_a_hop_below_1280(dynamic_lab):
    """G38: a packet of 1280 bytes cannot be made smaller by IPv6, so the relay lets IPv4 fragment it."""
    dynamic_lab.set_mtu(1200)
    dynamic_lab.forget_path_mtu()
    ping_once(1232)  # lost: DF was set
    wait_for('a large ping through a small hop', lambda: _passes(dynamic_lab), 10)
    checks.ping('host6', SITE6, options='-M do -s 1232')


def _passes(lab):
    with contextlib.suppress(LabError):
        return checks.ping('host6', SITE6, count=1, options='-M do -s 1232')
    return None
