# SPDX-License-Identifier: BSD-3-Clause
"""Several workers and queues, a LAG, interfaces with tags. Each test has a relay, and a LAN, of its own kind."""

import contextlib
import os
import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from lab import checks
from lab.cable import Cable
from lab.exchange import ANYCAST, PROBE4, PROBE6, PROBE_6TO4, Exchange, add_lan, add_probe
from lab.net import LabError, add_ns, run, sh, wait_for
from lab.probe import Probe, from_site, tunnelled
from lab.relay import Relay, demo_config

FLOWS = 64


@contextlib.contextmanager
def explained(*relays):
    """What the relays say when the test fails."""
    try:
        yield
    except Exception:
        for relay in relays:
            print(relay.explain())
        raise


def config_with(**changes):
    config = demo_config()
    config.update(changes)
    return config


# --- one LAN, one relay, a probe ---

@pytest.fixture(scope='module')
def lan():
    add_lan()
    add_probe()


@contextlib.contextmanager
def relay_on_lan(config, kind=Probe):
    exchange = Exchange()
    with contextlib.closing(exchange):
        exchange.start_relay(config)
        run(['ip', '-n', 'probe', 'neigh', 'flush', 'dev', 'e0'])
        with explained(exchange.relay), kind(exchange) as probe:
            yield exchange.relay, probe


def two_workers():
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip('expected: only one CPU')
    config = demo_config()
    config['workers']['cpus'] = cpus[-2:]
    return config


def collect(probe, what, key, n, limit=10):
    """key(frame) of the frames from the relay until there are `n` different ones; None is not counted."""
    found = set()
    with contextlib.suppress(LabError):
        probe.expect(what, lambda f: key(f) is not None and (found.add(key(f)) or len(found) == n), limit)
    return found


def native_port(frame):
    return frame[UDP].dport if IPv6 in frame and IP not in frame and UDP in frame else None


def tunnelled_port(frame):
    return frame[UDP].dport if IP in frame and frame[IP].proto == 41 and UDP in frame else None


def resolve(probe):
    """Both neighbours of the relay known, so that a burst has nothing to wait for."""
    probe.ask(tunnelled(from_site(PROBE6) / UDP(dport=9)), 'native packet', lambda f: native_port(f) == 9)
    probe.ask(IPv6(src=PROBE6, dst=PROBE_6TO4) / UDP(dport=9), 'tunnelled packet', lambda f: tunnelled_port(f) == 9)


def test_two_workers(lan):
    """The port has a queue for each; flows spread over both, all arrive, and the workers' counters add up."""
    with relay_on_lan(two_workers()) as (relay, probe):
        resolve(probe)
        ports = set(range(1000, 1000 + FLOWS))
        probe.drain()
        for port in ports:
            probe.send(tunnelled(from_site(PROBE6) / UDP(dport=port)))
        assert collect(probe, 'native packets', native_port, FLOWS) == ports
        probe.drain()
        for port in ports:
            probe.send(IPv6(src=PROBE6, dst=PROBE_6TO4) / UDP(dport=port))
        assert collect(probe, 'tunnelled packets', tunnelled_port, FLOWS) == ports
        workers = relay.show('workers')
        assert len(workers) == 2 and len({w['cpu'] for w in workers}) == 2
        assert all(w['rx_packets'] >= FLOWS // 8 for w in workers), workers
        # The LAN is never quite silent: what came between the two questions is not missing.
        assert 0 <= relay.counter('rx_packets') - sum(w['rx_packets'] for w in workers) <= 20


def test_fragments_find_their_worker(lan):
    """G25: whichever queue the fragments come by, one worker puts them together."""
    with relay_on_lan(two_workers()) as (relay, probe):
        resolve(probe)
        before = relay.show('counters')
        ports = set(range(2000, 2000 + FLOWS // 2))
        probe.drain()
        for port in ports:
            whole = tunnelled(from_site(PROBE6) / UDP(dport=port) / Raw(bytes(1200)), id=port)
            for piece in reversed(fragment(IP(bytes(whole)), 504)):
                probe.send(piece)
        assert collect(probe, 'native packets', native_port, len(ports)) == ports
        after = relay.show('counters')
        assert after['reassembled_packets'] - before['reassembled_packets'] == len(ports)
        # The owner is drawn from addresses and identification, the queue is not: about half of them changes worker.
        assert after['handed_off_packets'] > before['handed_off_packets']


# --- tags ---

class TaggedProbe(Probe):
    """The kernel takes the outer tag off what it receives, and tells it beside the frame: put back here."""

    SOL_PACKET, PACKET_AUXDATA = 263, 8

    def __init__(self, lab):
        super().__init__(lab)
        self.socket.setsockopt(self.SOL_PACKET, self.PACKET_AUXDATA, 1)

    def frames(self, limit):
        self.socket.settimeout(limit)
        while True:
            try:
                data, extra, _, address = self.socket.recvmsg(65536, 256)
            except TimeoutError:
                return
            if address[2] == socket.PACKET_OUTGOING:
                continue
            for level, kind, value in extra:
                if (level, kind) == (self.SOL_PACKET, self.PACKET_AUXDATA):
                    status, _, _, _, _, tci, tpid = struct.unpack('IIIHHHH', value[:20])
                    if status & 0x10:  # TP_STATUS_VLAN_VALID
                        data = data[:12] + struct.pack('!HH', tpid or 0x8100, tci) + data[12:]
            yield Ether(data)


def tags_of(frame):
    """(ethertype, VLAN) of each tag, outer first."""
    data, at, tags = bytes(frame), 12, []
    while data[at:at + 2] in (b'\x81\x00', b'\x88\xa8'):
        kind, tci = struct.unpack_from('!HH', data, at)
        tags.append((kind, tci & 0xfff))
        at += 4
    return tags


VLAN, QINQ = [(0x8100, 100)], [(0x88a8, 200), (0x8100, 300)]


def tagged(probe, tags, dst=None):
    frame = Ether(src=probe.mac, dst=dst or probe.relay_mac)
    if tags == VLAN:
        return frame / Dot1Q(vlan=100)
    return frame / Dot1AD(vlan=200, type=0x8100) / Dot1Q(vlan=300)


def tagged_config():
    config = demo_config()
    config['interfaces'] += [
        {'name': 'ix100', 'port': 'ix', 'vlan': 100, 'addresses': ['198.18.1.1/24', '2001:db8:101::1/64']},
        {'name': 'ixq', 'port': 'ix', 'qinq': [200, 300], 'addresses': ['198.18.2.1/24', '2001:db8:102::1/64']},
    ]
    return config


@pytest.fixture(scope='module')
def tagged_lan(lan):
    with relay_on_lan(tagged_config(), TaggedProbe) as (relay, probe):
        yield relay, probe


@pytest.mark.parametrize('tags,net', [(VLAN, 1), (QINQ, 2)], ids=['vlan', 'qinq'])
def test_arp_on_tagged_interfaces(tagged_lan, tags, net):
    """Through the twin and back: the kernel answers, the tags are the data path's."""
    _, probe = tagged_lan
    probe.drain()
    for other in 3 - net, net:  # the first is another interface's address, which must stay silent
        probe.send(tagged(probe, tags, 'ff:ff:ff:ff:ff:ff')
                   / ARP(op='who-has', hwsrc=probe.mac, psrc=f'198.18.{net}.9', pdst=f'198.18.{other}.1'))
    reply = probe.expect('ARP reply', lambda f: ARP in f and f[ARP].op == 2)
    assert tags_of(reply) == tags
    assert (reply[ARP].psrc, reply[ARP].hwsrc, reply.src) == (f'198.18.{net}.1', probe.relay_mac, probe.relay_mac)


def test_unknown_tag(tagged_lan):
    relay, probe = tagged_lan
    before = relay.drops().get('drop_l2_rx_unknown_vlan', 0)
    frame = Ether(src=probe.mac, dst=probe.relay_mac) / Dot1Q(vlan=101) / IPv6(src=PROBE6, dst=PROBE_6TO4)
    assert [f.summary() for f in probe.after_barrier(frame) if IPv6 in f] == []
    assert relay.drops()['drop_l2_rx_unknown_vlan'] == before + 1


@pytest.mark.parametrize('tags', [VLAN, QINQ], ids=['vlan', 'qinq'])
def test_into_the_tunnel_from_a_tagged_interface(tagged_lan, tags):
    """In with tags, out without: the IPv4 route is the untagged interface's."""
    _, probe = tagged_lan
    packet = IPv6(src=PROBE6, dst=PROBE_6TO4) / UDP(dport=7)
    probe.drain()
    probe.send(tagged(probe, tags) / packet)
    frame = probe.expect('tunnelled packet', lambda f: tunnelled_port(f) == 7)
    assert tags_of(frame) == [] and (frame[IP].src, frame[IP].dst) == (ANYCAST, PROBE4)


@pytest.mark.parametrize('tags,net', [(VLAN, 1), (QINQ, 2)], ids=['vlan', 'qinq'])
def test_out_of_the_tunnel_to_a_tagged_interface(tagged_lan, tags, net):
    """The neighbour is solicited with tags, answers with tags, and gets the packet that waited, with tags."""
    _, probe = tagged_lan
    there = f'2001:db8:10{net}::9'
    probe.drain()
    probe.send(tunnelled(from_site(there) / UDP(dport=8)))
    solicited = probe.expect('neighbour solicitation', lambda f: ICMPv6ND_NS in f and f[ICMPv6ND_NS].tgt == there)
    assert tags_of(solicited) == tags
    probe.send(tagged(probe, tags) / IPv6(src=there, dst=solicited[IPv6].src, hlim=255)
               / ICMPv6ND_NA(tgt=there, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=probe.mac))
    frame = probe.expect('native packet', lambda f: native_port(f) == 8)
    assert tags_of(frame) == tags
    assert (frame.dst, frame[IPv6].src, frame[IPv6].dst) == (probe.mac, PROBE_6TO4, there)


# --- a LAG of two members between two relays ---

def lag_config(side, number):
    return config_with(
        netns=side,
        control={'socket': f'/run/tsunagi/{side}.sock', 'file-prefix': f'lag-{side}'},
        ports=[{'name': 'ix', 'device': 'net_bonding0,mode=4', 'netns': 'wires',
                'members': [f'net_tap{n},iface={side}{n}' for n in (0, 1)]}],
        interfaces=[{'name': 'ix0', 'port': 'ix', 'addresses': [f'198.51.100.{number}/24']}],
        **{'6to4': {'anycast': True, 'source': 'anycast'}})


def link_of(relay):
    return relay.show('ports')[0]['link']


def test_lag():
    """LACP comes up between two relays; either cable may be pulled, and ping goes on by the other."""
    for ns in 'east', 'west', 'wires':
        add_ns(ns)
    sh('echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6', ns='wires')
    with contextlib.ExitStack() as stack:
        relays = []
        for number, side in enumerate(('east', 'west'), 1):
            config = lag_config(side, number)
            del config['announce']
            relays.append(Relay(config, side))
            stack.callback(relays[-1].stop)
        stack.enter_context(explained(*relays))
        for relay in relays:
            relay.wait_ready()
        cables = [stack.enter_context(contextlib.closing(Cable('wires', f'east{n}', f'west{n}'))) for n in (0, 1)]

        def ping():
            return run(['ping', '-n', '-c', '1', '-W', '1', '198.51.100.2'], 'east', check=False).returncode == 0

        wait_for('LACP and then ping', ping, 60)
        for _ in range(2):
            before = [cable.carried for cable in cables]
            checks.ping('east', '198.51.100.2', count=10)
            used = max(cables, key=lambda cable: cable.carried - before[cables.index(cable)])
            used.cut()
            wait_for('ping by the other cable', ping, 10)
            checks.ping('east', '198.51.100.2', count=5)
            assert [link_of(relay) for relay in relays] == ['up', 'up']
            used.mend()
        assert all(relay.stop() == 0 for relay in relays)
