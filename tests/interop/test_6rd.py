# SPDX-License-Identifier: BSD-3-Clause
"""6rd (protocols.md 5) with a real customer edge, Linux's sit with its 6rd mapping, and with customer edges made of
frames: Linux refuses what a border relay sends back to it, so hairpins are shown by those.
"""

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6

from errors import TOO_BIG, UNREACHABLE, ErrorListener
from hop import HOP_MTU, ManagedExchange
from lab import checks
from lab.exchange import ANYCAST, GATEWAY6, HOST6, ID6, PEER6, PROBE4, PROBE6, PROBE_6TO4
from lab.net import run, sh
from lab.probe import Probe, from_site, tunnelled
from lab.qemu import QemuHost

PREFIX, BR4 = '2001:db8:600::/40', '10.0.0.1'
BR_ANYCAST6, BR_OTHER6 = '2001:db8:600:1::', '2001:db8:600:1::5'  # the border relay's own delegated prefix (R7)
CE4, CE6 = '10.100.100.1', '2001:db8:664:6401::1'
DEAD6 = '2001:db8:664:64c8::1'  # 10.100.100.200, which nobody has
A4, A6 = '10.9.9.9', '2001:db8:609:909::1'  # customer edges that the probe plays
B4, B6 = '10.9.8.8', '2001:db8:609:808::1'
RELAY4RD, RELAY6RD = '10.9.7.1', '2001:db8:609:701::1'  # of others, known
DOWNLOAD = 500_000  # the guest is emulated
DATA = bytes(range(56))


class SixrdExchange(ManagedExchange):
    section, service, prefix = '6rd', BR4, PREFIX
    entry = {'name': 'isp', 'prefix': PREFIX, 'ipv4-mask-len': 8, 'ipv4-common': '10.0.0.0', 'br': BR4, 'anycast': True,
             'mtu': 1480, 'known-relays': ['10.9.7.0/24']}

    def boot_site(self):
        self.site = QemuHost('ce', 'hop', 'ce0')
        self._stack.callback(self.site.stop)
        sh('ip -n hop addr add 10.100.100.254/24 dev ce0')

    def wait_site(self):
        self.site.boot(120)
        self.site.up_6rd(f'{CE4}/24', '10.100.100.254', CE6, PREFIX, '10.0.0.0/8', BR4)


LAB = SixrdExchange


@pytest.fixture(scope='module')
def fragmenting_lab(lab):
    """A unicast border relay, DF clear, and a customer edge that clears it as well."""
    lab.with_keys(anycast=False)
    lab.site.sh(f'''ip tunnel del 6rd
        ip tunnel add 6rd mode sit local {CE4} ttl inherit nopmtudisc
        ip tunnel 6rd dev 6rd 6rd-prefix {PREFIX} 6rd-relay_prefix 10.0.0.0/8
        ip link set 6rd up mtu 1480
        ip -6 addr add {CE6}/40 dev 6rd
        ip -6 route add 2000::/3 via ::{BR4} dev 6rd''')
    return lab


def from_ce(inner, src=A4, **outer):
    return IP(src=src, dst=BR4, proto=41, **outer) / inner


def is_41(frame):
    return IP in frame and frame[IP].proto == 41


def dropped(lab, probe, reason, packet):
    """Sent by the probe, answered by nothing, counted once and by this reason."""
    before = lab.relay.drops()
    answers = probe.after_barrier(packet)
    assert not [f for f in answers if is_41(f) or ICMPv6EchoReply in f], answers
    after = lab.relay.drops()
    moved = {n: after[n] - before.get(n, 0) for n in after if after[n] != before.get(n, 0) and 'l2_rx' not in n}
    assert moved == {f'drop_6rd_{reason}': 1}


# The real customer edge.

@pytest.mark.parametrize('size', [8, 1200, 1232])
def test_ping(lab, size):
    checks.ping(lab.site, HOST6, options=f'-s {size}')
    checks.ping('host6', CE6, options=f'-s {size}')


@pytest.mark.parametrize('address', [BR_ANYCAST6, ID6])
def test_customer_pings_relay(lab, address):
    checks.ping(lab.site, address)


def test_host_pings_subnet_router_anycast(lab):
    checks.ping('host6', BR_ANYCAST6)


def test_customer_pings_border_relay_over_ipv4(lab):
    checks.ping(lab.site, BR4)


def test_too_big(lab):
    """R10: DF is set with an anycast address, so the hop's word comes back, as Packet Too Big to the native host."""
    lab.forget_path_mtu()
    with ErrorListener('host6') as errors:
        run(['ping', '-n', '-c', '1', '-W', '2', '-M', 'do', '-s', '1432', CE6], 'host6', check=False)
        error = errors.expect('Packet Too Big', lambda e: e.type == TOO_BIG)
    assert (error.source, error.word, error.hop_limit) == (ID6, HOP_MTU - 20, 63)
    assert (error.quoted.src, error.quoted.dst, error.quoted.hlim) == (HOST6, CE6, 62)


def test_download(lab):
    lab.forget_path_mtu()
    before = lab.relay.counter('icmp4_errors_translated')
    checks.download_to_site(lab.site, 'host6', HOST6, DOWNLOAD)
    assert lab.relay.counter('icmp4_errors_translated') > before


def test_upload(lab):
    lab.forget_path_mtu()
    checks.download_from_site(lab.site, CE6, 'host6', DOWNLOAD)


@pytest.mark.parametrize('probes', ['', '-I'])
def test_traceroute(lab, probes):
    checks.expect_hops(lab.site, HOST6, [ID6, PEER6, HOST6], probes)
    checks.expect_hops('host6', CE6, [GATEWAY6, ID6, CE6], probes)


def test_dead_customer(lab):
    with ErrorListener('host6') as errors:
        run(['ping', '-n', '-c', '1', '-W', '8', DEAD6], 'host6', check=False)
        error = errors.expect('Destination Unreachable', lambda e: e.type == UNREACHABLE)
    assert (error.source, error.code, error.quoted.dst) == (ID6, 3, DEAD6)


def test_nothing_was_dropped(lab):
    assert {n: v for n, v in lab.relay.drops().items() if '6rd' in n} == {}


# Customer edges made of frames.

@pytest.mark.parametrize('tclass', [0, 0xb8, 0xbb, 0x29])
def test_outer_header(probe, tclass):
    """R9, R10: DSCP and ECN are copied, the source is the border relay, DF is set because it is anycast."""
    probe.drain()
    probe.send(IPv6(src=PROBE6, dst=A6, tc=tclass, hlim=33) / ICMPv6EchoRequest(data=DATA))
    frame = probe.expect('packet in protocol 41', is_41)
    outer, inner = frame[IP], frame[IPv6]
    assert (outer.src, outer.dst, outer.ttl, outer.tos, outer.flags.value) == (BR4, A4, 64, tclass, 2)
    assert outer.ihl == 5 and outer.len == 20 + 40 + 8 + len(DATA)
    assert (inner.src, inner.dst, inner.hlim, inner.tc) == (PROBE6, A6, 32, tclass)


def test_reachability_test(lab, probe):
    """R14, RFC 5969 8: from itself to itself, any payload; sent back with the hop limit one less."""
    packet = IPv6(src=A6, dst=A6, hlim=9) / UDP(sport=1, dport=2) / DATA
    probe.drain()
    probe.send(from_ce(packet))
    frame = probe.expect('the packet back', is_41)
    assert (frame[IP].src, frame[IP].dst, frame[IPv6].hlim) == (BR4, A4, 8)
    assert bytes(frame[IPv6].payload)[:8 + len(DATA)] == bytes(packet[UDP])[:8 + len(DATA)]


def test_handed_over_to_6to4(probe):
    """G31: out of one tunnel into the other, by the second one's rules (1.1), one hop in all."""
    probe.drain()
    probe.send(from_ce(IPv6(src=A6, dst=PROBE_6TO4, hlim=9, tc=0xb8) / ICMPv6EchoRequest(), tos=0xb8))
    frame = probe.expect('packet to the 6to4 host', is_41)
    assert (frame[IP].src, frame[IP].dst, frame[IP].tos, frame[IP].flags.value) == (ANYCAST, PROBE4, 0, 0)
    assert (frame[IPv6].src, frame[IPv6].dst, frame[IPv6].hlim) == (A6, PROBE_6TO4, 8)


def test_handed_over_from_6to4(probe):
    probe.drain()
    probe.send(tunnelled(from_site(A6, hlim=9, tc=0xb8) / ICMPv6EchoRequest()))
    frame = probe.expect('packet to the customer', is_41)
    assert (frame[IP].src, frame[IP].dst, frame[IP].tos, frame[IP].flags.value) == (BR4, A4, 0xb8, 2)
    assert (frame[IPv6].src, frame[IPv6].dst, frame[IPv6].hlim) == (PROBE_6TO4, A6, 8)


def test_hairpin_self_only(lab, probe):
    dropped(lab, probe, 'decap_hairpin', from_ce(IPv6(src=A6, dst=B6) / ICMPv6EchoRequest()))


@pytest.mark.parametrize('reason, packet', [
    ('decap_src_mismatch', from_ce(IPv6(src=B6, dst=HOST6) / ICMPv6EchoRequest())),
    ('decap_src_not_6rd', from_ce(IPv6(src=PROBE6, dst=HOST6) / ICMPv6EchoRequest())),
    ('decap_v4_src_not_ce', from_ce(IPv6(src=A6, dst=HOST6) / ICMPv6EchoRequest(), src=PROBE4)),
    ('decap_v4_src_relay', from_ce(IPv6(src=RELAY6RD, dst=HOST6) / ICMPv6EchoRequest(), src=RELAY4RD)),
    ('decap_v4_src_own', from_ce(IPv6(src=BR_OTHER6, dst=HOST6) / ICMPv6EchoRequest(), src=BR4)),
    ('decap_v6_dst_invalid', from_ce(IPv6(src=A6, dst='fe80::1') / ICMPv6EchoRequest())),
    ('decap_null_route', from_ce(IPv6(src=A6, dst=BR_OTHER6) / ICMPv6EchoRequest())),
    ('decap_dst_relay', from_ce(IPv6(src=A6, dst=RELAY6RD) / ICMPv6EchoRequest())),
    ('encap_src_6rd', IPv6(src=B6, dst=A6) / ICMPv6EchoRequest()),
    ('encap_null_route', IPv6(src=PROBE6, dst=BR_OTHER6) / ICMPv6EchoRequest()),
    ('encap_dst_relay', IPv6(src=PROBE6, dst=RELAY6RD) / ICMPv6EchoRequest()),
], ids=lambda v: v if isinstance(v, str) else '')
def test_refused(lab, probe, reason, packet):
    dropped(lab, probe, reason, packet)


# Fragments, then the other hairpin policies: each needs a new relay.

@pytest.mark.parametrize('size', [1232, 1233, 1432])
def test_ping_in_ipv4_fragments(fragmenting_lab, size):
    relay = fragmenting_lab.relay
    before = {name: relay.counter(name) for name in ('reassembled_packets', 'consume_ip4_rx_incomplete')}
    checks.ping('host6', CE6, count=3, options=f'-M do -s {size}')
    cut = 3 if size + 48 > HOP_MTU - 20 else 0
    for name, value in before.items():
        assert relay.counter(name) - value == cut, name


def test_transfers_in_ipv4_fragments(fragmenting_lab):
    before = fragmenting_lab.relay.counter('reassembled_packets')
    checks.download_from_site(fragmenting_lab.site, CE6, 'host6', DOWNLOAD)
    assert fragmenting_lab.relay.counter('reassembled_packets') - before > DOWNLOAD // 1480
    checks.download_to_site(fragmenting_lab.site, 'host6', HOST6, DOWNLOAD)


def test_hairpin_all(lab):
    """R14: customer to customer through the relay; R9 applies to what goes back in."""
    lab.with_keys(hairpin='all')
    with Probe(lab) as probe:
        probe.send(from_ce(IPv6(src=A6, dst=B6, hlim=9, tc=0xb8) / ICMPv6EchoRequest(data=DATA), tos=0xb8))
        frame = probe.expect('packet to the other customer', is_41)
        assert (frame[IP].src, frame[IP].dst, frame[IP].tos) == (BR4, B4, 0xb8)
        assert (frame[IPv6].src, frame[IPv6].dst, frame[IPv6].hlim) == (A6, B6, 8)
        assert bytes(frame[ICMPv6EchoRequest].data) == DATA


def test_hairpin_none(lab):
    lab.with_keys(hairpin='none')
    with Probe(lab) as probe:
        for destination in A6, B6:
            dropped(lab, probe, 'decap_hairpin', from_ce(IPv6(src=A6, dst=destination) / ICMPv6EchoRequest()))
