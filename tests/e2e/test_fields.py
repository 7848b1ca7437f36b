# SPDX-License-Identifier: BSD-3-Clause
"""Fields of what the relay sends on the LAN, frame by frame: outer headers, hop limits, sources of errors, silence."""

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                                ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from lab.exchange import ANYCAST, ANYCAST6, HOST6, ID6, PROBE4, PROBE6, PROBE_6TO4, RELAY4, RELAY6, SITE4, SITE6
from lab.net import mac_of
from lab.probe import from_site, tunnelled

WITH_SITE = False
DATA = bytes(range(56))


def echo(ident, data=DATA):
    return ICMPv6EchoRequest(id=ident, seq=1, data=data)


def is_41(frame):
    return IP in frame and frame[IP].proto == 41


def is_native(kind):
    return lambda frame: IPv6 in frame and not is_41(frame) and kind in frame


def check_outer(frame, src=ANYCAST, dst=PROBE4):
    """Section 2.7 for 6to4: no options, TOS 0, DF clear, TTL 64, checksum right, addresses as they must be."""
    ip = frame[IP]
    assert (ip.ihl, ip.tos, int(ip.flags), ip.frag, ip.ttl, ip.proto) == (5, 0, 0, 0, 64, 41)
    assert (ip.src, ip.dst) == (src, dst)
    assert ip.len == 20 + 40 + ip[IPv6].plen
    assert_checksum(ip)


def assert_checksum(layer):
    """Of an IPv4 header or an ICMPv4 message: as scapy computes it anew."""
    again = layer.copy()
    del again.chksum
    assert again.__class__(bytes(again)).chksum == layer.chksum


def assert_icmp6_checksum(packet, kind):
    again = packet[IPv6].copy()
    sent = again[kind].cksum
    del again[kind].cksum
    assert IPv6(bytes(again))[kind].cksum == sent


@pytest.mark.parametrize('hlim', [1, 64, 255])
def test_echo_through_the_tunnel(probe, hlim):
    """S20, G58, G59: whatever the hop limit, from the address asked; its embedded address is the outer source."""
    request = tunnelled(from_site(ANYCAST6, hlim=hlim) / echo(hlim))
    reply = probe.ask(request, 'echo reply', lambda f: is_41(f) and ICMPv6EchoReply in f)
    check_outer(reply)
    inner = reply[IPv6]
    assert (inner.src, inner.dst, inner.hlim, inner.tc, inner.fl) == (ANYCAST6, PROBE_6TO4, 64, 0, 0)
    assert (inner[ICMPv6EchoReply].id, bytes(inner[ICMPv6EchoReply].data)) == (hlim, DATA)
    assert_icmp6_checksum(reply, ICMPv6EchoReply)
    assert (reply.src, reply.dst) == (probe.relay_mac, probe.mac)


@pytest.mark.parametrize('address', [ANYCAST6, ID6])
def test_native_echo(probe, address):
    """S22: from the address asked, natively, hop limit 64."""
    reply = probe.ask(IPv6(src=PROBE6, dst=address, hlim=1) / echo(7), 'echo reply', is_native(ICMPv6EchoReply))
    assert (reply[IPv6].src, reply[IPv6].dst, reply[IPv6].hlim, reply[IPv6].tc) == (address, PROBE6, 64, 0)
    assert bytes(reply[ICMPv6EchoReply].data) == DATA
    assert_icmp6_checksum(reply, ICMPv6EchoReply)


@pytest.mark.parametrize('address', [ANYCAST, RELAY4])
def test_ipv4_echo(probe, address):
    """G60: TTL 64, TOS 0, DF clear."""
    request = IP(src=PROBE4, dst=address, ttl=1, tos=0xb8, flags='DF') / ICMP(id=5, seq=6) / Raw(DATA)
    reply = probe.ask(request, 'echo reply', lambda f: ICMP in f and f[ICMP].type == 0)
    ip = reply[IP]
    assert (ip.src, ip.dst, ip.ttl, ip.tos, int(ip.flags)) == (address, PROBE4, 64, 0, 0)
    assert (reply[ICMP].id, reply[ICMP].seq, bytes(reply[Raw])) == (5, 6, DATA)
    assert_checksum(ip)
    assert_checksum(reply[ICMP])


@pytest.mark.parametrize('address', [ANYCAST, RELAY4])
def test_udp_to_a_closed_port(probe, address):
    """G60: traceroute to the relay ends visibly."""
    request = IP(src=PROBE4, dst=address) / UDP(sport=4000, dport=33434) / Raw(DATA)
    error = probe.ask(request, 'port unreachable', lambda f: ICMP in f and (f[ICMP].type, f[ICMP].code) == (3, 3))
    assert (error[IP].src, error[IP].dst) == (address, PROBE4)


def test_encapsulation(probe):
    """G32, G34, G35: one hop, outer TOS 0 although the inner one is marked."""
    packet = IPv6(src=PROBE6, dst=PROBE_6TO4, hlim=33, tc=0xbb, fl=0x12345) / UDP(sport=1, dport=2) / Raw(DATA)
    frame = probe.ask(packet, 'tunnelled packet', lambda f: is_41(f) and UDP in f)
    check_outer(frame)
    inner = frame[IPv6]
    assert (inner.src, inner.dst, inner.hlim, inner.tc, inner.fl) == (PROBE6, PROBE_6TO4, 32, 0xbb, 0x12345)
    assert bytes(inner[UDP]) == bytes(IPv6(bytes(packet))[UDP])


def test_decapsulation(probe):
    """G32, G36: one hop, a congestion mark of the outer header taken over."""
    packet = from_site(PROBE6, hlim=33, tc=0xba) / UDP(sport=3, dport=4) / Raw(DATA)
    frame = probe.ask(tunnelled(packet, tos=3, ttl=1), 'native packet', is_native(UDP))
    inner = frame[IPv6]
    assert (inner.src, inner.dst, inner.hlim, inner.tc) == (PROBE_6TO4, PROBE6, 32, 0xbb)
    assert bytes(inner[UDP]) == bytes(IPv6(bytes(packet))[UDP])


def test_decapsulation_cuts_padding(probe):
    """G27: what follows the inner packet inside the outer one does not travel on."""
    packet = bytes(from_site(PROBE6) / UDP(sport=3, dport=5) / Raw(b'x'))
    frame = probe.ask(tunnelled(Raw(packet + bytes(20))), 'native packet',
                      lambda f: is_native(UDP)(f) and f[UDP].dport == 5)
    assert len(frame) == 14 + len(packet)


def test_time_exceeded_native(probe):
    """G33, G45, G47: from ID6, quoting the packet as it was received."""
    packet = IPv6(src=PROBE6, dst=PROBE_6TO4, hlim=1) / UDP(sport=1, dport=2) / Raw(DATA)
    error = probe.ask(packet, 'time exceeded', is_native(ICMPv6TimeExceeded))
    ip = error[IPv6]
    assert (ip.src, ip.dst, ip.hlim, ip.tc, ip.fl) == (ID6, PROBE6, 64, 0, 0)
    assert (ip[ICMPv6TimeExceeded].code, ip[ICMPv6TimeExceeded].unused) == (0, 0)
    assert bytes(ip)[48:48 + len(packet)] == bytes(packet)
    assert_icmp6_checksum(error, ICMPv6TimeExceeded)


def test_time_exceeded_through_the_tunnel(probe):
    """G49: errors for a 6to4 host go back into its tunnel."""
    packet = from_site(PROBE6, hlim=1) / UDP(sport=1, dport=2) / Raw(DATA)
    error = probe.ask(tunnelled(packet), 'time exceeded', lambda f: is_41(f) and ICMPv6TimeExceeded in f)
    check_outer(error)
    ip = error[IPv6]
    assert (ip.src, ip.dst, ip.hlim) == (ID6, PROBE_6TO4, 64)
    assert bytes(ip)[48:48 + len(packet)] == bytes(packet)


@pytest.mark.parametrize('size,too_big', [(1280, False), (1281, True), (1500, True)])
def test_packet_too_big(probe, size, too_big):
    """G41, G45: exactly the tunnel MTU passes; above it, PTB with 1280 and as much of the packet as fits 1280 bytes."""
    packet = IPv6(src=PROBE6, dst=PROBE_6TO4) / UDP(sport=1, dport=2) / Raw(bytes(size - 48))
    answer = probe.ask(packet, 'answer', lambda f: is_41(f) or is_native(ICMPv6PacketTooBig)(f))
    if not too_big:
        check_outer(answer)
        assert answer[IP].len == size + 20
        return
    ip = answer[IPv6]
    assert (ip.src, ip.dst, ip.hlim, ip[ICMPv6PacketTooBig].mtu) == (ID6, PROBE6, 64, 1280)
    assert ip.plen == 1240
    assert bytes(ip)[48:1280] == bytes(packet)[:1232]
    assert_icmp6_checksum(answer, ICMPv6PacketTooBig)


def test_no_route(probe):
    """S19."""
    packet = from_site('2001:db8:dead::1') / UDP(sport=1, dport=2) / Raw(DATA)
    error = probe.ask(tunnelled(packet), 'unreachable', lambda f: is_41(f) and ICMPv6DestUnreach in f)
    check_outer(error)
    assert (error[IPv6].src, error[ICMPv6DestUnreach].code) == (ID6, 0)


@pytest.mark.parametrize('name,packet', [
    ('drop_6to4_decap_src_mismatch', tunnelled(IPv6(src=SITE6, dst=PROBE6) / echo(1))),
    ('drop_6to4_decap_src_not_6to4', tunnelled(IPv6(src='2001:db8:6::66', dst=PROBE6) / echo(1))),
    ('drop_6to4_decap_dst_6to4', tunnelled(from_site(SITE6) / echo(1))),
    ('drop_6to4_decap_v6_dst_invalid', tunnelled(from_site('ff02::1') / echo(1))),
    ('drop_6to4_decap_v4_src_martian', tunnelled(IPv6(src='2002:a00:1::1', dst=PROBE6) / echo(1), src='10.0.0.1')),
    ('drop_6to4_encap_src_6to4', from_site(SITE6) / echo(1)),
    ('drop_6to4_encap_dst_martian', IPv6(src=PROBE6, dst='2002:a00:1::1') / echo(1)),
    ('drop_6to4_encap_v6_src_invalid', IPv6(src='fd00::1', dst=PROBE_6TO4) / echo(1)),
], ids=lambda v: v if isinstance(v, str) else '')
def test_silent_drop(lab, probe, name, packet):
    """Dropped under its own name, once, and nothing at all is sent (G51)."""
    before = lab.relay.drops().get(name, 0)
    seen = probe.after_barrier(packet)
    assert [f.summary() for f in seen if IP in f or IPv6 in f] == []
    assert lab.relay.drops().get(name, 0) == before + 1


def test_no_arp_for_service_addresses(probe):
    """O15: the kernel answers ARP for its LAN address only."""
    def who_has(address):
        return Ether(src=probe.mac, dst='ff:ff:ff:ff:ff:ff') / ARP(op='who-has', hwsrc=probe.mac, psrc=PROBE4,
                                                                  pdst=address)
    probe.drain()
    for address in ANYCAST, '127.0.0.1', RELAY4:
        probe.send(who_has(address))
    first = probe.expect('ARP reply', lambda f: ARP in f and f[ARP].op == 2)
    assert (first[ARP].psrc, first[ARP].hwsrc, first.src) == (RELAY4, probe.relay_mac, probe.relay_mac)


def test_no_neighbour_advertisement_for_service_addresses(probe):
    """Answers for the LAN address only, and says that it is a router (ground for the forwarding sysctl)."""
    def solicit(address):
        return (Ether(src=probe.mac, dst=probe.relay_mac) / IPv6(src=PROBE6, dst=address, hlim=255)
                / ICMPv6ND_NS(tgt=address) / ICMPv6NDOptSrcLLAddr(lladdr=probe.mac))
    probe.drain()
    for address in ANYCAST6, ID6, RELAY6:
        probe.send(solicit(address))
    first = probe.expect('neighbour advertisement', lambda f: ICMPv6ND_NA in f)
    assert (first[ICMPv6ND_NA].tgt, first[ICMPv6ND_NA].R, first[IPv6].hlim) == (RELAY6, 1, 255)


@pytest.mark.parametrize('packet', [
    IP(src=PROBE4, dst=SITE4) / ICMP(),
    IP(src=PROBE4, dst='198.51.100.4') / ICMP(),
    IPv6(src=PROBE6, dst=HOST6) / echo(1),
], ids=['routed IPv4', 'IPv4 to the LAN', 'routed IPv6'])
def test_relay_is_nobodys_router(probe, packet):
    """O15, O16: neither data path nor kernel forwards, redirects or complains."""
    seen = probe.after_barrier(packet)
    assert [f.summary() for f in seen if IP in f or ICMP in f or is_native(ICMPv6EchoRequest)(f)] == []


def test_twin_sends_only_what_an_exchange_allows(probe):
    """O14: what came unasked since the module began is BGP's unicast, ARP and neighbour discovery; no RA, RS, MLD."""
    seen = probe.after_barrier(*[IPv6(src=PROBE6, dst=ANYCAST6) / echo(n) for n in range(20)])
    seen = [frame for frame in seen if frame.src == probe.relay_mac]  # a bridge floods what it has not learned yet
    assert seen
    for frame in seen:
        assert frame.type in (0x0800, 0x0806, 0x86dd), frame.summary()
        assert not ('ICMPv6ND_RA' in frame or 'ICMPv6ND_RS' in frame or 'ICMPv6MLReport2' in frame), frame.summary()


def test_two_macs(probe):
    """The port and its twin are one station to the LAN."""
    assert mac_of('relay', 'ix0') == probe.relay_mac != mac_of('lan', 'ixwire')
