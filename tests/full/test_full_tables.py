# SPDX-License-Identifier: BSD-3-Clause
"""Full tables over BGP: loaded while everything else goes on, the same as the kernel's, and flapping under traffic."""

import ipaddress
import json
import os
import pathlib
import random
import re
import sys
import time

import pytest

import internet
from internet import GATEWAYS, ROUTES4, ROUTES6
from lab.bird import Bird
from lab.exchange import Exchange, add_lan_host
from lab.net import Process, run, sh, wait_for
from lab.relay import demo_config
from wire import Traffic, Wire

FLAPPING, SAMPLE = 100_000, 10_000
LAG_S = float(os.environ.get('TS_FULL_LAG_S', 2))  # from the kernel's last route to the workers' last route
ANSWER_S = float(os.environ.get('TS_FULL_ANSWER_S', 0.1))


class World:
    """`peer4` has the full table, `peer5` a better way to a part of it, `peer6` nothing but BFD."""

    def __init__(self):
        self.lab = Exchange()
        self.routes4, self.routes6 = internet.prefixes4(), internet.prefixes6()
        rng = random.Random(1)
        self.flapping4 = rng.sample(list(self.routes4), FLAPPING * 4 // 5)
        self.flapping6 = rng.sample(list(self.routes6), FLAPPING // 5)

    def up(self):
        lab = self.lab
        lab.add_networks()
        add_lan_host('peer5', '198.51.100.5/24', '2001:db8:100::5/64')
        sh('ip -n peer4 addr add 2001:db8:100::4/64 dev e0; ip -n peer6 addr add 198.51.100.6/24 dev e0')
        config = demo_config()
        config['tables'] = {'ipv4-routes': 1_000_000, 'ipv6-routes': 240_000}
        config.pop('announce', None)
        config['neighbours'] = [{'interface': 'ix0', 'address': gateway, 'mac': mac}
                                for family in (4, 6) for gateway, mac in macs(family).items()]
        lab.start_relay(config)
        self.start_birds()

    def start_birds(self):
        other_gateway = {p: (self.routes4[p] + 1) % GATEWAYS for p in self.flapping4}
        other_gateway6 = {p: (self.routes6[p] + 1) % GATEWAYS for p in self.flapping6}
        configs = {
            'relay': internet.relay_config([('peer4', '198.51.100.4', '2001:db8:100::4', 64504, 100),
                                            ('peer5', '198.51.100.5', '2001:db8:100::5', 64505, 200)]),
            'peer4': internet.peer_config('peer4', '198.51.100.4', '2001:db8:100::4', 64504, self.routes4, self.routes6),
            'peer5': internet.peer_config('peer5', '198.51.100.5', '2001:db8:100::5', 64505, other_gateway,
                                          other_gateway6),
            'peer6': internet.other_config(),
        }
        for ns, path in configs.items():
            self.lab.birds[ns] = Bird(ns, path)
            self.lab._stack.callback(self.lab.birds[ns].stop)  # pylint: disable=protected-access
        self.lab.birds['relay'].wait_established('peer6')
        wait_for('BFD', lambda: 'Up' in self.lab.birds['relay'].ctl('show', 'bfd', 'sessions'))

    def announce(self, ns, on=True):
        for protocol in 'bgp4', 'bgp6':
            self.lab.birds[ns].ctl('enable' if on else 'disable', protocol)

    def tables(self):
        return self.lab.relay.show('tables')

    def kernel_counts(self):
        """Routes in the kernel's main tables, without walking them: what its own statistics say."""
        self.lab.relay.process.check_alive()
        stat = run(['cat', '/proc/net/fib_triestat'], ns='relay').stdout
        main = int(re.search(r'Main:.*?Prefixes:\s+(\d+)', stat, re.S).group(1)) if 'Main:' in stat else \
            int(re.search(r'Prefixes:\s+(\d+)', stat).group(1))
        return main, int(run(['cat', '/proc/net/rt6_stats'], ns='relay').stdout.split()[3], 16)

    def loaded(self):
        t = self.tables()
        return t['ipv4_routes'] >= ROUTES4 and t['ipv6_routes'] >= ROUTES6

    def in_workers(self):
        """The version that they all have is the newest, and no newer one comes."""
        version = self.tables()['version']
        if any(w['table_version'] != version for w in self.lab.relay.show('workers')):
            return False
        time.sleep(0.05)
        return self.tables()['version'] == version

    def explain(self):
        relay = self.lab.relay
        return (relay.process.log() + relay.show_text('tables')) if relay and relay.process.alive() else ''


@pytest.fixture(scope='module')
def world():
    w = World()
    try:
        w.up()
        yield w
    finally:
        print(w.explain())
        w.lab.close()


def bfd_since(world):
    """When the session with BFD came up, and how BFD is: both change if it ever goes down."""
    bird = world.lab.birds['relay']
    return bird.ctl('show', 'protocols', 'peer6').split('\n')[-2], 'Up' in bird.ctl('show', 'bfd', 'sessions')


def test_load(world):
    before = bfd_since(world)
    asker = Process('asker', [sys.executable, pathlib.Path(__file__).with_name('asker.py'), world.lab.relay.socket])
    start = time.monotonic()
    world.announce('peer4')
    wait_for('all routes in the kernel',
             lambda: world.kernel_counts()[0] >= ROUTES4 and world.kernel_counts()[1] >= ROUTES6, 300, 0.1)
    in_kernel = time.monotonic()
    wait_for('all routes in tsunagid', world.loaded, 60, 0.02)
    wait_for('all routes in the workers', world.in_workers, 60, 0.02)
    lag = time.monotonic() - in_kernel
    asker.stop()
    asked = json.loads(asker.log())
    tables = world.tables()
    print(f'kernel after {in_kernel - start:.1f} s, workers {lag:.2f} s later; control socket asked {asked["n"]} times, '
          f'worst {asked["worst"] * 1000:.0f} ms; {json.dumps(tables)}')
    assert bfd_since(world) == before, 'BFD or BGP with another neighbour went down'
    assert tables['ipv4_fib']['unplaced'] == tables['ipv6_fib']['unplaced'] == tables['refused_full'] == 0
    assert asked['worst'] < ANSWER_S
    assert lag < LAG_S


def kernel_gateways(family, addresses):
    """{address: gateway} as the kernel says."""
    as_text = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    batch = ''.join(f'route get {as_text(a)}\n' for a in addresses)
    path = internet.RUN / 'batch'
    path.write_text(batch)
    out = run(['ip', '-n', 'relay', '-o', '-b', path], timeout=120).stdout
    found = {int(ipaddress.ip_address(a)): g for a, g in re.findall(r'^(\S+) (?:from :: )?via (\S+) ', out, re.M)}
    assert len(found) == len(set(addresses))
    return found


@pytest.fixture(scope='module')
def wire(world):
    w = Wire()
    yield w
    w.close()


def macs(family):
    gateway = internet.gateway4 if family == 4 else internet.gateway6
    return {gateway(k): internet.mac(family, k) for k in range(GATEWAYS)}


@pytest.mark.parametrize('family', [4, 6])
def test_every_destination_goes_where_the_kernel_says(world, wire, family):
    rng = random.Random(family)
    routes, bits = (world.routes4, 32) if family == 4 else (world.routes6, 128)
    addresses = sorted({internet.inside(rng, p, bits) for p in rng.sample(list(routes), SAMPLE)})
    gateways, mac = kernel_gateways(family, addresses), macs(family)
    base = family << 40
    for i, address in enumerate(addresses):
        (wire.send4 if family == 4 else wire.send6)(address, base + i)
        if i % 50 == 49:
            wire.settle([base + i], 1)  # in step with the relay: what the wire loses is not meant here
    lost = wire.settle(range(base, base + len(addresses)))
    for n in lost:  # once more
        (wire.send4 if family == 4 else wire.send6)(addresses[n - base], n)
    assert not wire.settle(lost, 3)
    wrong = [a for i, a in enumerate(addresses) if wire.seen[base + i] != mac[gateways[a]]]
    assert not wrong, f'{len(wrong)} of {len(addresses)} go elsewhere than the kernel says'


def test_flap_under_traffic(world, wire):
    """A hundred thousand routes get another next hop and get it back: each packet goes by one of the two."""
    rng = random.Random(3)
    destinations, allowed = [], {}
    for family, flapping, routes, bits in ((4, world.flapping4, world.routes4, 32),
                                           (6, world.flapping6, world.routes6, 128)):
        chosen = [internet.inside(rng, p, bits) for p in rng.sample(flapping, 500)]
        for address, gateway in kernel_gateways(family, chosen).items():
            destinations.append((family, address))
            allowed[family, address] = {macs(family)[gateway]}
    del routes
    rng.shuffle(destinations)
    changes = world.tables()['changes']
    traffic = Traffic(wire, destinations)
    traffic.start()
    start = time.monotonic()
    world.announce('peer5')
    wait_for('the routes to change', lambda: world.tables()['changes'] >= changes + FLAPPING, 120, 0.05)
    wait_for('the workers to have them', world.in_workers, 20)
    for family in 4, 6:
        mine = [a for f, a in destinations if f == family]
        for address, gateway in kernel_gateways(family, mine).items():
            allowed[family, address].add(macs(family)[gateway])
    world.announce('peer5', on=False)
    wait_for('the routes to change back', lambda: world.tables()['changes'] >= changes + 2 * FLAPPING, 120, 0.05)
    wait_for('the workers to have them', world.in_workers, 20)
    took = time.monotonic() - start
    traffic.stop()
    lost = wire.settle(list(traffic.sent), 3)
    wrong = [n for n, to in traffic.sent.items() if n in wire.seen and wire.seen[n] not in allowed[to]]
    drops = world.lab.relay.drops()
    print(f'{len(traffic.sent)} packets in {took:.1f} s, {len(lost)} lost, {len(wrong)} to a wrong next hop; {drops}')
    assert not wrong and not lost
    assert sum(len(a) == 2 for a in allowed.values()) > len(allowed) * 0.9, 'the flap was none'
