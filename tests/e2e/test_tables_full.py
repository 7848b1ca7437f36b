# SPDX-License-Identifier: BSD-3-Clause
"""More routes, or more next hops, than the configuration has room for: an alarm, nothing is announced, forwarding goes
on with what there is; when there is room again, what was missing comes in, and the announcement back.
"""

import contextlib

import pytest

from lab import checks
from lab.exchange import ID6, PEER4, PEER6, Exchange
from lab.health import V4, V6, ctl, reasons, wait_announced, wait_withdrawn
from lab.net import RUN, run, wait_for
from lab.relay import demo_config

ROOM, NEXT_HOPS, EXCESS = 200, 64, 50


class Small(Exchange):
    def start_relay(self, config=None):
        config = demo_config()
        config['tables'] = {'ipv4-routes': ROOM, 'ipv6-routes': ROOM, 'next-hops': NEXT_HOPS}
        super().start_relay(config)


@pytest.fixture(scope='module')
def lab():
    exchange = Small()
    with contextlib.closing(exchange):
        try:
            exchange.up(with_site=False)
            yield exchange
        finally:
            print(exchange.explain())


def batch(family, verb, routes):
    path = RUN / 'routes'
    path.write_text(''.join(f'route {verb} {route}\n' for route in routes))
    run(['ip', '-n', 'relay', family, '-batch', path])


@contextlib.contextmanager
def too_many(lab, family, routes, left):
    """All of `routes` in the kernel inside of this, and only the last `left` of them later."""
    wait_announced(V4, V6)
    said = len(lab.relay.process.log())
    batch(family, 'add', routes)
    try:
        for prefix in V4, V6:
            wait_withdrawn(prefix, 5)
            assert 'tables' in reasons(lab, prefix)
        assert 'a table is full and routes are missing' in lab.relay.process.log()[said:]
        assert ctl(lab, 'health').returncode == 1
        checks.ping('host6', ID6)
        yield
    finally:
        batch(family, 'del', routes[:-left])
    wait_announced(V4, V6)
    for route in routes[-left:]:
        wait_for(f'{route} in tsunagid', lambda r=route: lab.relay.route(r.split()[0]))
    batch(family, 'del', routes[-left:])
    checks.ping('host6', ID6)


@pytest.mark.parametrize('family', ['-4', '-6'])
def test_routes(lab, family):
    net, via = ('10.1.{0}.0/24', PEER4) if family == '-4' else ('2001:db8:10{0:02x}::/48', PEER6)
    routes = [f'{net.format(n)} via {via}' for n in range(ROOM + EXCESS)]
    with too_many(lab, family, routes, ROOM // 2):
        tables = lab.relay.show('tables')
        assert tables[f'ipv{family[1]}_routes'] >= ROOM and tables['refused_full'] >= EXCESS


def test_next_hops(lab):
    routes = [f'10.0.{n}.0/24 via 198.51.100.{n}' for n in range(10, 10 + 2 * NEXT_HOPS)]
    with too_many(lab, '-4', routes, NEXT_HOPS // 4):
        tables = lab.relay.show('tables')
        assert tables['next_hops_full'] > 0 and tables['next_hops'] <= NEXT_HOPS
