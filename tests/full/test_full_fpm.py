# SPDX-License-Identifier: BSD-3-Clause
"""Full tables over BGP into FRR and from there by FPM: loaded within a limit after zebra's last route, and each of many
destinations by the gateway that FRR names. FRR 8.4 puts its routes into the kernel's table as well; tsunagid takes
nothing from there.
"""

import ipaddress
import json
import os
import random
import re
import time

import pytest

import internet
from internet import ROUTES4, ROUTES6
from lab.bird import Bird
from lab.frr import Frr
from lab.net import wait_for
from wire import Wire
from world import Asker, World, macs, threads

SAMPLE, AT_ONCE = 10_000, 200
LAG_S = float(os.environ.get('TS_FULL_LAG_S', 2))  # from zebra's last route to the workers' last route
# More than with BIRD (test_full_tables.py): in steps of 17 ms of its own the control thread once waited 163 ms for the
# CPU or for the kernel, which zebra's writes keep; so what it computes is looked at, too.
ANSWER_S = float(os.environ.get('TS_FULL_ANSWER_S', 0.3))
STEP_CPU_US = 50_000
PEER4, PEER6, PEER_AS = '198.51.100.4', '2001:db8:100::4', 64504


class FpmWorld(World):
    """`peer4` has the full table. All of FRR loads, so it has the CPU of what loads."""

    @staticmethod
    def config():
        return World.config() | {'fpm': {'stale-s': 600}}

    def start_routing(self):
        path = internet.peer_config('peer4', PEER4, PEER6, PEER_AS, self.routes4, self.routes6)
        self.lab.birds['peer4'] = Bird('peer4', path)
        self.frr = Frr('relay', internet.frr_config(PEER4, PEER6, PEER_AS), fpm=True)
        for daemon in self.lab.birds['peer4'], self.frr:
            self.lab._stack.callback(daemon.stop)  # pylint: disable=protected-access
        self.place()
        for process in self.frr.processes.values():
            for task in threads(process.pid):
                os.sched_setaffinity(task, {max(os.sched_getaffinity(0))})
        wait_for('FRR to connect', lambda: self.lab.relay.show('fpm')['connected'], 20)

    def passed_on(self):
        """What zebra has written to FPM so far. Its own tables must not be asked: that would walk them."""
        return int(re.search(r'items processed: (\d+)', self.frr.ctl('show fpm counters')).group(1))

    def zebra_has(self, family):
        """Routes of BGP that zebra's data plane has taken."""
        routes = self.frr.json(f'show {"ip" if family == 4 else "ipv6"} route summary')['routes']
        return sum(r['fib'] for r in routes if 'bgp' in r['type'])

    def gateways(self, family, addresses):
        """{address: gateway} as FRR says."""
        found, decoder = {}, json.JSONDecoder()
        as_text = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
        for i in range(0, len(addresses), AT_ONCE):
            chunk = addresses[i:i + AT_ONCE]
            out = self.frr.ctl(*(f'show {"ip" if family == 4 else "ipv6"} route {as_text(a)} json' for a in chunk))
            for address in chunk:
                routes, end = decoder.raw_decode(out.lstrip())
                out = out.lstrip()[end:]
                best = next(r for r in next(iter(routes.values())) if r.get('selected'))
                found[address] = next(hop['ip'] for hop in best['nexthops'] if hop.get('fib'))
        return found


@pytest.fixture(scope='module')
def world():
    w = FpmWorld()
    try:
        w.up()
        yield w
    finally:
        print(w.explain())
        w.lab.close()


def test_load(world):
    asker = Asker(world.lab.relay.socket)
    start = time.monotonic()
    world.announce('peer4')
    passed, zebra_s = world.passed_on(), start

    def loaded():
        nonlocal passed, zebra_s
        now = world.passed_on()
        if now != passed:
            passed, zebra_s = now, time.monotonic()
        return world.loaded()
    wait_for('all routes in tsunagid', loaded, 600, 0.05)
    loaded()
    wait_for('all routes in the workers', world.in_workers, 60, 0.02)
    lag = time.monotonic() - zebra_s
    asked, tables, fpm = asker.end(), world.tables(), world.lab.relay.show('fpm')
    print(f'zebra after {zebra_s - start:.1f} s, workers {lag:.2f} s later; control socket asked {asked["n"]} times, '
          f'worst {asked["worst"] * 1000:.0f} ms, longest step of the control thread {tables["control"]}; {fpm}')
    assert fpm['routes'] == ROUTES4 + ROUTES6 and fpm['parse_errors'] == 0 and fpm['connections'] == 1
    assert tables['ipv4_fib']['unplaced'] == tables['ipv6_fib']['unplaced'] == tables['refused_full'] == 0
    wait_for('zebra to say that it has them', lambda: [world.zebra_has(f) for f in (4, 6)] == [ROUTES4, ROUTES6], 60, 1)
    assert asked['worst'] < ANSWER_S and tables['control']['step_max_cpu_us'] < STEP_CPU_US
    assert lag < LAG_S


@pytest.fixture(scope='module')
def wire(world):
    w = Wire()
    yield w
    w.close()


@pytest.mark.parametrize('family', [4, 6])
def test_every_destination_goes_where_frr_says(world, wire, family):
    rng = random.Random(family)
    routes, bits = (world.routes4, 32) if family == 4 else (world.routes6, 128)
    addresses = sorted({internet.inside(rng, p, bits) for p in rng.sample(list(routes), SAMPLE)})
    gateways, mac = world.gateways(family, addresses), macs(family)
    sent_to = wire.deliver(family, addresses)
    wrong = [a for a in addresses if sent_to[a] != mac[gateways[a]]]
    assert not wrong, f'{len(wrong)} of {len(addresses)} go elsewhere than FRR says'
