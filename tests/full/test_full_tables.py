# SPDX-License-Identifier: BSD-3-Clause
"""Full tables over BGP: loaded while everything else goes on, the same as the kernel's, and flapping under traffic.

Which CPU each thread has, and why: world.py.
"""

import ipaddress
import os
import random
import re
import time

import pytest

import internet
from lab.net import run, wait_for
from wire import Traffic, Wire
from world import FLAPPING, Asker, World, macs

SAMPLE = 10_000
LAG_S = float(os.environ.get('TS_FULL_LAG_S', 2))  # from the kernel's last route to the workers' last route
ANSWER_S = float(os.environ.get('TS_FULL_ANSWER_S', 0.1))


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
    asker = Asker(world.lab.relay.socket)
    start = time.monotonic()
    world.announce('peer4')
    wait_for('all routes in the kernel', world.in_kernel, 300, 0.1)
    in_kernel = time.monotonic()
    wait_for('all routes in tsunagid', world.loaded, 60, 0.02)
    wait_for('all routes in the workers', world.in_workers, 60, 0.02)
    lag = time.monotonic() - in_kernel
    asked = asker.end()
    tables = world.tables()
    print(f'kernel after {in_kernel - start:.1f} s, workers {lag:.2f} s later; control socket asked {asked["n"]} times, '
          f'worst {asked["worst"] * 1000:.0f} ms, longest step of the control thread {tables["control"]}')
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


@pytest.mark.parametrize('family', [4, 6])
def test_every_destination_goes_where_the_kernel_says(world, wire, family):
    rng = random.Random(family)
    routes, bits = (world.routes4, 32) if family == 4 else (world.routes6, 128)
    addresses = sorted({internet.inside(rng, p, bits) for p in rng.sample(list(routes), SAMPLE)})
    gateways, mac = kernel_gateways(family, addresses), macs(family)
    sent_to = wire.deliver(family, addresses)
    wrong = [a for a in addresses if sent_to[a] != mac[gateways[a]]]
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
