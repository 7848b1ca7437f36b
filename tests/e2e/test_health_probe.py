# SPDX-License-Identifier: BSD-3-Clause
"""Test packets go through every mechanism that there is, on every worker (O1), whatever filters say of their far ends."""

import contextlib
import json
import os

import pytest

from lab.exchange import Exchange, add_lan, add_probe
from lab.net import run, wait_for
from lab.relay import TSUNAGICTL, demo_config


def everything():
    config = demo_config()
    config['workers']['cpus'] = sorted(os.sched_getaffinity(0))[-2:]
    config['source-policy']['ipv4'] = 'extended'
    config['6to4'] = {'anycast': True}
    config['teredo-relay'] = {'address': '192.31.20.2', 'peers': 1024, 'unconfirmed': 64}
    config['6rd'] = [{'name': 'all', 'prefix': '2001:db8:600::/40', 'br': '192.31.20.3'},
                     {'name': 'ten', 'prefix': '2001:db8:8000::/34', 'br': '10.0.0.1', 'ipv4-mask-len': 8}]
    config['isatap'] = [{'name': 'site', 'address': '192.31.20.4', 'prefix': '2001:db8:5efe:1::/64',
                         'site': ['203.0.113.0/24']},
                        {'name': 'one', 'address': '192.31.20.5', 'prefix': '2001:db8:5efe:2::/64',
                         'site': ['203.0.113.8/32']}]
    # Filters and rates of the operator do not judge the relay's own packets.
    config['access'] = {'allow-ipv4': ['203.0.113.0/24'], 'deny-ipv6': ['100::/64'], 'rate-per-site': 1,
                        'rate-per-prefix': 1}
    del config['announce']
    return config


@pytest.fixture(scope='module')
def relay():
    add_lan()
    add_probe()
    exchange = Exchange()
    with contextlib.closing(exchange):
        exchange.start_relay(everything())
        yield exchange.relay
        print(exchange.relay.explain())


def health(relay):
    done = run([TSUNAGICTL, '-s', relay.socket, '--json', 'health'], check=False, timeout=10)
    return json.loads(done.stdout)['health']


def test_every_mechanism(relay):
    def probed():
        return {m['name']: m['probe'] for m in health(relay)['mechanisms']}

    wait_for('the first round', lambda: 'untried' not in probed().values(), 5)
    assert probed() == {'6to4': 'good', 'teredo-relay': 'good', '6rd all': 'good', '6rd ten': 'good',
                        'isatap site': 'good', 'isatap one': 'none'}


def test_nothing_shows(relay):
    """Neither in counters nor in the Teredo relay's table."""
    counters = {**relay.show('counters'), **relay.show('drops')}
    assert {n: v for n, v in counters.items() if v and ('cap_' in n or 'teredo' in n or 'probe' in n)} == {}
    teredo = json.loads(run([TSUNAGICTL, '-s', relay.socket, '--json', 'show', 'teredo', 'peers']).stdout)
    assert teredo == {'peers': []}


def test_what_is_missing_is_said(relay):
    """No neighbour, no route: nothing can be delivered but to sites that may be attached."""
    state = health(relay)
    assert not state['healthy'] and not state['announcing']

    def reasons():
        return {p['prefix']: {r['reason'] for r in p['reasons']} for p in health(relay)['prefixes']}

    # A machine that is too busy for a worker may have brought hold-down, which passes.
    expected = {'192.88.99.0/24': {'ipv6-routes'}, '2002::/16': {'ipv4-routes'}, '2001::/32': {'ipv4-routes'},
                '2001:db8:5efe:1::/64': set()}
    wait_for(f'the reasons to be {expected}', lambda: expected.items() <= reasons().items(), 20)
