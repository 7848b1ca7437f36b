# SPDX-License-Identifier: BSD-3-Clause
"""O17: an exchange LAN with 300 members, each the next hop of a route of either family, none of which the relay's
kernel ever talks to, as behind a route server. All are kept resolved, through ageing too; a changed MAC address is
followed within a second, a false claim of one never.
"""

import itertools
import socket
import time

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether

from lab import crowd
from lab.crowd import Crowd
from lab.exchange import ANYCAST, PROBE4, PROBE6, PROBE_6TO4, add_lan, add_lan_host, add_probe
from lab.net import RUN, run, sh, wait_for
from lab.probe import Probe, tunnelled
from lab.relay import Relay, demo_config

N = 300
MEMBERS = range(1, N + 1)
FAMILIES = socket.AF_INET, socket.AF_INET6


def add_routes():
    """11.x.y.0/24 and 2001:db8:1xxx::/48 by member; as a routing daemon would put them into the kernel."""
    batch = RUN / 'routes'
    for family, line in (('-4', lambda i: f'route add 11.{i >> 8}.{i & 255}.0/24 via {crowd.v4(i)} dev ix0'),
                         ('-6', lambda i: f'route add 2001:db8:{0x1000 + i:x}::/48 via {crowd.v6(i)} dev ix0')):
        batch.write_text('\n'.join(map(line, MEMBERS)) + '\n')
        run(['ip', '-n', 'relay', family, '-batch', batch])


class World:
    def __init__(self):
        add_lan()
        add_probe()
        add_lan_host('crowd')
        sh('ip -n crowd link set e0 arp off; echo 1 >/proc/sys/net/ipv6/conf/e0/disable_ipv6', ns='crowd')
        config = demo_config()
        config['interfaces'][0]['addresses'] = ['198.51.100.1/22', '2001:db8:100::1/64']
        self.relay = Relay(config)
        self.crowd = self.probe = None

    def up(self):
        self.relay.wait_ready()
        self.relay.attach_wire()
        self.crowd = Crowd(N)
        self.probe = Probe(self)
        self.frames = {key: self.frame(*key) for key in itertools.product(MEMBERS, FAMILIES)}
        self.seq = itertools.count(1)
        return self

    def frame(self, i, family):
        """All but the mark at the end; UDP checksums are nobody's business on the way."""
        data = bytes(len(crowd.payload(0, 0, 0)))
        if family == socket.AF_INET:
            packet = IPv6(src=PROBE6, dst=f'2002:0b{i >> 8:02x}:{i & 255:02x}00::1') / UDP(sport=1, dport=2) / data
        else:
            inner = IPv6(src=PROBE_6TO4, dst=f'2001:db8:{0x1000 + i:x}::1') / UDP(sport=1, dport=2) / data
            packet = tunnelled(inner, src=PROBE4, dst=ANYCAST)
        return bytes(Ether(src=self.probe.mac, dst=self.probe.relay_mac) / packet)[:-len(data)]

    def send(self, i, family):
        seq = next(self.seq)
        self.probe.socket.send(self.frames[i, family] + crowd.payload(i, family, seq))
        return i, family, seq

    def stream(self, keys, seconds, pps=600):
        """Round and round; what was sent."""
        sent, end, begin = [], time.monotonic() + seconds, time.monotonic()
        for n, key in enumerate(itertools.cycle(keys)):
            wait = begin + n / pps - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if time.monotonic() > end:
                return sent
            sent.append(self.send(*key))

    def wait_arrival(self, *sent, limit=5):
        wait_for(f'{len(sent)} packets', lambda: all(s in self.crowd.arrived for s in sent), limit)

    def neighbour(self, address):
        return next((n for n in self.relay.show('neighbours') if n['address'] == address), {})

    def n_resolved(self):
        return sum(n['gateway'] and n['state'] == 'resolved' for n in self.relay.show('neighbours'))

    def close(self):
        if self.crowd:
            self.crowd.close()
        self.relay.stop()

    def explain(self):
        return self.relay.explain()


@pytest.fixture(scope='module')
def world():
    w = World()
    try:
        yield w.up()
    except Exception:
        print(w.explain())
        raise
    finally:
        w.close()


def sysctl(name, value):
    sh(f'for f in 4 6; do echo {value} >/proc/sys/net/ipv$f/neigh/ix0/{name}; done', ns='relay')


def test_all_are_resolved(world):
    """Without a packet for them: because routes go by them."""
    sysctl('base_reachable_time_ms', 1000)  # before there is an entry whose timer runs for half an hour
    sysctl('delay_first_probe_time', 1)
    add_routes()
    wait_for('600 resolved gateways', lambda: world.n_resolved() == 2 * N, 30, 0.2)
    sent = [world.send(*key) for key in world.frames]
    world.wait_arrival(*sent)
    assert all(world.crowd.arrived[s].mac == crowd.mac(s[0]) for s in sent)
    assert 'drop_tx_neigh_unresolved' not in world.relay.drops()


def test_ageing_loses_nothing(world):
    """Far beyond base_reachable_time, each is asked again by unicast, and every packet arrives."""
    world.crowd.asked.clear()
    sent = world.stream(world.frames, 12)
    world.wait_arrival(*sent)
    assert len(sent) > 2000
    assert 'drop_tx_neigh_unresolved' not in world.relay.drops()
    assert sum(world.crowd.asked[i] > 0 for i in MEMBERS) > N * 0.9
    assert world.n_resolved() == 2 * N


@pytest.mark.parametrize('family, address', zip(FAMILIES, (crowd.v4(7), crowd.v6(7))), ids=['IPv4', 'IPv6'])
def test_false_claim(world, family, address):
    """Somebody else's word, while the neighbour answers: nothing goes there, and there is an alarm."""
    before = world.neighbour(address)['false_claims']
    world.crowd.claim(7, crowd.mac(7, 66))
    sent = world.stream([(7, family)], 1.5, 200)
    world.wait_arrival(*sent)
    assert {world.crowd.arrived[s].mac for s in sent} == {crowd.mac(7)}
    wait_for('the alarm', lambda: world.neighbour(address)['false_claims'] > before)
    assert f'neighbour {address} on ix0' in world.relay.process.log()
    assert world.neighbour(address)['mac_changes'] == 0


def test_changed_mac(world):
    """A member's router is replaced and says so: traffic of both families follows within a second."""
    before = world.relay.show('tables')['mirror']['mac_changes']
    world.crowd.mac[9] = crowd.mac(9, 1)
    world.crowd.claim(9, crowd.mac(9, 1))
    begin = time.monotonic()
    sent = world.stream([(9, f) for f in FAMILIES], 2, 200)
    world.wait_arrival(*sent)
    for family in FAMILIES:
        first = min(world.crowd.arrived[s].when for s in sent
                    if s[1] == family and world.crowd.arrived[s].mac == crowd.mac(9, 1))
        assert first - begin < 1
    assert world.neighbour(crowd.v4(9))['mac_changes'] == world.neighbour(crowd.v6(9))['mac_changes'] == 1
    assert world.relay.show('tables')['mirror']['mac_changes'] == before + 2
    assert f'neighbour {crowd.v4(9)} on ix0' in world.relay.process.log()


def test_failed_comes_back(world):
    """A member that falls silent is given up, and found again when it answers; nobody else notices."""
    sysctl('retrans_time_ms', 100)
    world.crowd.muted.add(11)
    for address in crowd.v4(11), crowd.v6(11):
        wait_for(f'{address} to be given up', lambda a=address: world.neighbour(a)['state'] == 'unresolved', 20, 0.2)
    world.wait_arrival(world.send(12, socket.AF_INET), world.send(12, socket.AF_INET6))
    world.crowd.muted.clear()
    for address in crowd.v4(11), crowd.v6(11):
        wait_for(f'{address} to be back', lambda a=address: world.neighbour(a)['state'] == 'resolved', 15, 0.2)
    world.wait_arrival(world.send(11, socket.AF_INET), world.send(11, socket.AF_INET6))


def test_claims_from_elsewhere(world):
    """What is not on the LAN is not learned from it."""
    before = world.relay.counter('drop_punt_off_link')
    world.probe.send(Ether(src=world.probe.mac, dst='ff:ff:ff:ff:ff:ff')
                     / ARP(op='who-has', hwsrc=world.probe.mac, psrc='203.0.113.9', pdst='198.51.100.1'))
    wait_for('it to be dropped', lambda: world.relay.counter('drop_punt_off_link') == before + 1)
    assert '203.0.113.9' not in sh('ip neigh show dev ix0', ns='relay')


def test_fixed_by_the_operator(world):
    """A permanent neighbour stays as it was written when it becomes a gateway, whichever of the two is first."""
    fixed = {'198.51.103.200': '02:00:00:00:02:00', '198.51.103.201': '02:00:00:00:02:01'}
    for n, (address, mac) in enumerate(fixed.items()):
        commands = [f'neigh replace {address} lladdr {mac} dev ix0 nud permanent',
                    f'route add 12.0.{n}.0/24 via {address} dev ix0']
        for command in commands if n == 0 else reversed(commands):
            sh(f'ip -n relay {command}')
        wait_for(f'{address} to be a gateway', lambda a=address: world.neighbour(a).get('gateway'))
        wait_for(f'{address} to be resolved', lambda a=address: world.neighbour(a).get('state') == 'resolved')
    for address, mac in fixed.items():
        assert world.neighbour(address)['mac'] == mac
        assert f'lladdr {mac}' in sh(f'ip -n relay neigh show {address}')
        assert 'PERMANENT' in sh(f'ip -n relay neigh show {address}')


def test_strangers(world):
    """O16: whoever sends us what is nobody's business of ours is known by MAC address."""
    for _ in range(3):
        world.probe.send(IP(src=PROBE4, dst='203.0.113.77') / UDP(sport=1, dport=2))
    wait_for('them to be counted', lambda: [s for s in world.relay.show('strangers') if s == {
        'mac': world.probe.mac, 'interface': 'ix0', 'packets': 3}])
