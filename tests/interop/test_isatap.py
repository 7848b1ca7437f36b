# SPDX-License-Identifier: BSD-3-Clause
"""ISATAP (protocols.md 6) with a real host: Linux's sit in mode isatap, and isatapd, which fills its potential router
list and solicits; and with hosts made of frames.
"""

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS,
                                ICMPv6NDOptMTU, ICMPv6NDOptPrefixInfo, IPv6)

from errors import TOO_BIG, UNREACHABLE, ErrorListener
from hop import HOP_MTU, ManagedExchange
from lab import checks
from lab.exchange import GATEWAY6, HOST6, ID6, PEER6, PROBE4, PROBE6
from lab.net import run, sh, wait_for
from lab.uml import UmlHost

PREFIX, ROUTER4 = '2001:db8:1:2::/64', '10.0.0.2'
ROUTER_LL, ROUTER6 = 'fe80::5efe:a00:2', '2001:db8:1:2:0:5efe:a00:2'
HOST4, USER6, USER_LL = '10.1.2.3', '2001:db8:1:2:0:5efe:a01:203', 'fe80::5efe:a01:203'
DEAD6 = '2001:db8:1:2:0:5efe:a01:2c8'  # 10.1.2.200, which nobody has
A4, A_LL, A6 = '10.9.9.9', 'fe80::5efe:a09:909', '2001:db8:1:2:0:5efe:a09:909'  # a host that the probe plays
B6 = '2001:db8:1:2:0:5efe:a09:808'
MTU = 1280
DOWNLOAD = 2_000_000


class IsatapExchange(ManagedExchange):
    section, service, prefix = 'isatap', ROUTER4, PREFIX
    entry = {'name': 'campus', 'address': ROUTER4, 'prefix': PREFIX, 'site': ['10.0.0.0/8'], 'prl': [ROUTER4],
             'mtu': MTU}

    def config(self, **keys):
        config = super().config(**keys)
        config['local']['addresses'] = [ROUTER6]  # not the relay's unless it is said
        return config

    def boot_site(self):
        self.site = UmlHost('host', 'hop', 'site0')
        self._stack.callback(self.site.stop)
        sh('ip -n hop addr add 10.1.2.254/24 dev site0')

    def wait_site(self):
        self.site.boot()
        self.site.sh(f'ip addr add {HOST4}/24 dev vec0; ip route add default via 10.1.2.254')
        self.site.run(f'exec isatapd --name is0 --link vec0 --user root --router {ROUTER4}', background=True)


LAB = IsatapExchange


def from_host(inner, src=A4, **outer):
    return IP(src=src, dst=ROUTER4, proto=41, **outer) / inner


def is_41(kind):
    return lambda frame: IP in frame and frame[IP].proto == 41 and kind in frame


def dropped(lab, probe, reason, packet):
    """Sent by the probe, answered by nothing, counted once and by this reason."""
    before = lab.relay.drops()
    answers = probe.after_barrier(packet)
    assert not [f for f in answers if IPv6 in f and (is_41(IPv6)(f) or ICMPv6EchoReply in f)], answers
    after = lab.relay.drops()
    moved = {n: after[n] - before.get(n, 0) for n in after if after[n] != before.get(n, 0) and 'l2_rx' not in n}
    assert moved == {f'drop_isatap_{reason}': 1}


# The real host. The first test waits for the address that all others use.

def test_solicits_and_configures_itself(lab):
    """RFC 5214 8.3: link-local address, solicitation, advertisement, address and default route from it."""
    wait_for('the address from the advertised prefix',
             lambda: USER6 in lab.site.run('ip -6 addr show dev is0 scope global')[1], 30)
    assert USER_LL in lab.site.sh('ip -6 addr show dev is0 scope link')
    route = lab.site.sh('ip -6 route show default')
    assert f'via {ROUTER_LL} dev is0' in route and 'proto ra' in route, route
    assert lab.site.sh('cat /proc/sys/net/ipv6/conf/is0/mtu').strip() == str(MTU)
    assert lab.relay.counter('isatap_advertisements') >= 1


@pytest.mark.parametrize('size', [8, 1232])
def test_ping(lab, size):
    checks.ping(lab.site, HOST6, options=f'-s {size}')
    checks.ping('host6', USER6, options=f'-s {size}')


@pytest.mark.parametrize('address', [f'{ROUTER_LL}%is0', ROUTER6, ID6, ROUTER4])
def test_host_pings_router(lab, address):
    checks.ping(lab.site, address)


def test_native_host_pings_router(lab):
    checks.ping('host6', ROUTER6)


def test_too_big(lab):
    """G41"""
    lab.forget_path_mtu()
    with ErrorListener('host6') as errors:
        run(['ping', '-n', '-c', '1', '-W', '2', '-M', 'do', '-s', '1233', USER6], 'host6', check=False)
        error = errors.expect('Packet Too Big', lambda e: e.type == TOO_BIG)
    assert (error.source, error.word, error.hop_limit) == (ID6, MTU, 63)
    assert (error.quoted.src, error.quoted.dst, error.quoted.hlim) == (HOST6, USER6, 63)
    assert error.size == 1280


def test_download(lab):
    checks.download_to_site(lab.site, 'host6', HOST6, DOWNLOAD)


def test_upload(lab):
    checks.download_from_site(lab.site, USER6, 'host6', DOWNLOAD)


@pytest.mark.parametrize('probes', ['', '-I'])
def test_traceroute(lab, probes):
    checks.expect_hops(lab.site, HOST6, [ID6, PEER6, HOST6], probes)
    checks.expect_hops('host6', USER6, [GATEWAY6, ID6, USER6], probes)


def test_dead_host(lab):
    with ErrorListener('host6') as errors:
        run(['ping', '-n', '-c', '1', '-W', '8', DEAD6], 'host6', check=False)
        error = errors.expect('Destination Unreachable', lambda e: e.type == UNREACHABLE)
    assert (error.source, error.code, error.quoted.dst) == (ID6, 3, DEAD6)


def test_fragmented_both_ways(lab):
    """A hop that not even 1280 bytes pass: DF is clear (1.1), and Linux clears it where IPv6 may go no lower."""
    lab.set_mtu(1000)
    try:
        # Linux learns of the hop by its first packet.
        run(['ping', '-n', '-c', '2', '-i', '0.2', '-W', '1', '-s', '1232', USER6], 'host6', check=False)
        before = lab.relay.counter('reassembled_packets')
        checks.ping('host6', USER6, options='-s 1232')
        assert lab.relay.counter('reassembled_packets') == before + 3
    finally:
        lab.set_mtu(HOP_MTU)


def test_nothing_was_dropped(lab):
    # What the host's kernel sends to its router's link-local address besides solicitations.
    assert {n for n, v in lab.relay.drops().items() if 'isatap' in n and v} <= {'drop_isatap_decap_nd_ignored'}


# Hosts made of frames.

@pytest.mark.parametrize('destination', ['ff02::2', ROUTER_LL])
def test_advertisement(probe, destination):
    """I6: to the sender only, every field."""
    probe.drain()
    probe.send(from_host(IPv6(src=A_LL, dst=destination, hlim=255) / ICMPv6ND_RS()))
    frame = probe.expect('advertisement', is_41(ICMPv6ND_RA))
    outer, inner, ra = frame[IP], frame[IPv6], frame[ICMPv6ND_RA]
    assert (outer.src, outer.dst, outer.ttl, outer.tos, outer.flags.value) == (ROUTER4, A4, 64, 0, 0)
    assert (inner.src, inner.dst, inner.hlim) == (ROUTER_LL, A_LL, 255)
    assert (ra.chlim, ra.M, ra.O, ra.reachabletime, ra.retranstimer) == (64, 0, 0, 0, 0) and ra.routerlifetime > 0
    prefix = ra[ICMPv6NDOptPrefixInfo]
    assert (prefix.prefix, prefix.prefixlen, prefix.L, prefix.A) == ('2001:db8:1:2::', 64, 1, 1)
    assert prefix.validlifetime >= prefix.preferredlifetime > 0
    assert ra[ICMPv6NDOptMTU].mtu == MTU
    again = inner.copy()
    del again[ICMPv6ND_RA].cksum
    assert IPv6(bytes(again))[ICMPv6ND_RA].cksum == ra.cksum


def test_neighbour_advertisement(probe):
    """I8"""
    probe.drain()
    probe.send(from_host(IPv6(src=A_LL, dst=ROUTER_LL, hlim=255) / ICMPv6ND_NS(tgt=ROUTER_LL)))
    na = probe.expect('advertisement', is_41(ICMPv6ND_NA))
    assert (na[IPv6].src, na[IPv6].dst, na[IPv6].hlim) == (ROUTER_LL, A_LL, 255)
    assert (na[ICMPv6ND_NA].R, na[ICMPv6ND_NA].S, na[ICMPv6ND_NA].O, na[ICMPv6ND_NA].tgt) == (1, 1, 0, ROUTER_LL)


def test_outer_header(probe):
    """I5, 1.1: DSCP and ECN 0, DF clear."""
    probe.drain()
    probe.send(IPv6(src=PROBE6, dst=A6, tc=0xbb, hlim=33) / ICMPv6EchoRequest())
    frame = probe.expect('packet in protocol 41', is_41(ICMPv6EchoRequest))
    outer = frame[IP]
    assert (outer.src, outer.dst, outer.ttl, outer.tos, outer.flags.value) == (ROUTER4, A4, 64, 0, 0)
    assert (frame[IPv6].hlim, frame[IPv6].tc) == (32, 0xbb)


def test_back_into_the_site(probe):
    """I12: a host that was not told that the prefix is on-link sends to its neighbour through the router."""
    probe.drain()
    probe.send(from_host(IPv6(src=A6, dst=B6, hlim=9) / ICMPv6EchoRequest()))
    frame = probe.expect('packet to the other host', is_41(ICMPv6EchoRequest))
    assert (frame[IP].src, frame[IP].dst, frame[IPv6].hlim) == (ROUTER4, '10.9.8.8', 8)


@pytest.mark.parametrize('reason, packet', [
    ('decap_v4_src_not_site', from_host(IPv6(src=A_LL, dst='ff02::2', hlim=255) / ICMPv6ND_RS(), src=PROBE4)),
    ('decap_v4_src_own', from_host(IPv6(src=ROUTER6, dst=HOST6) / ICMPv6EchoRequest(), src=ROUTER4)),
    ('decap_src_mismatch', from_host(IPv6(src=B6, dst=HOST6) / ICMPv6EchoRequest())),
    ('decap_nd_invalid', from_host(IPv6(src=A_LL, dst='ff02::2', hlim=64) / ICMPv6ND_RS())),
    ('encap_src_isatap', IPv6(src=B6, dst=A6) / ICMPv6EchoRequest()),
    ('encap_dst_not_site', IPv6(src=PROBE6, dst='2001:db8:1:2:0:5efe:c633:6409') / ICMPv6EchoRequest()),
], ids=lambda v: v if isinstance(v, str) else '')
def test_refused(lab, probe, reason, packet):
    dropped(lab, probe, reason, packet)


def test_not_an_isatap_identifier(lab):
    """I5: what is in the /64 but embeds no IPv4 address cannot be reached."""
    with ErrorListener('host6') as errors:
        run(['ping', '-n', '-c', '1', '-W', '1', '2001:db8:1:2::5'], 'host6', check=False)
        error = errors.expect('Destination Unreachable', lambda e: e.type == UNREACHABLE)
    assert (error.source, error.code) == (ID6, 3)
