# SPDX-License-Identifier: BSD-3-Clause
"""Announced is only what can be delivered (O1 to O4).

Each fault withdraws what depends on it, at once, and nothing else; it comes back after hold-down. By hand: drain, resume,
reload.
"""

import contextlib
import copy
import time

import pytest

from lab import hang
from lab.exchange import ID6
from lab.health import V4, V6, WITHDRAWN_S, announced, ctl, health, reasons, table, wait_announced, wait_withdrawn
from lab.net import run, sh, wait_for
from lab.pings import Pings
from lab.relay import write_config

WITH_SITE = False

HOLD_S = 2  # config/demo.yaml


@pytest.fixture(autouse=True)
def healthy(lab):
    """Each test begins and ends with everything announced."""
    wait_announced(V4, V6)
    yield
    if lab.relay.process.alive():
        ctl(lab, 'resume')
        wait_announced(V4, V6)


def test_healthy(lab):
    done = ctl(lab, 'health')
    assert done.returncode == 0 and done.stdout.splitlines()[0] == 'healthy'
    state = health(lab)
    assert state['healthy'] and [m['probe'] for m in state['mechanisms']] == ['good']
    assert all(p['announced'] and not p['reasons'] for p in state['prefixes'])


def test_probes_show_nowhere(lab):
    """No counter moves by them, and none leaves the machine: the ports send nothing to their addresses."""
    before = lab.relay.show('counters')
    loops = lab.relay.show('workers')[0]['loops']
    wait_for('several rounds of test packets', lambda: lab.relay.show('workers')[0]['loops'] > loops + 5000, 10)
    after = lab.relay.show('counters')
    assert {n for n in after if '6to4' in n and after[n] != before[n]} == set()


@pytest.mark.parametrize('address, why', [
    ('192.0.0.8/32', 'encapsulation'), ('100::c000:8/128', 'drop_6to4_encap_src_own')])
def test_probe_fails(lab, address, why):
    """Somebody gives the machine an address that test packets go to: they do not arrive, and it is said why."""
    def verdict():
        return next(m for m in health(lab)['mechanisms'] if m['name'] == '6to4')

    run(['ip', '-n', 'relay', 'addr', 'add', address, 'dev', 'lo'])
    try:
        for prefix in V4, V6:
            wait_withdrawn(prefix, 3)
            assert 'probe' in reasons(lab, prefix)
        assert verdict()['probe'] == 'bad' and why in ctl(lab, 'health').stdout
        assert ctl(lab, 'health').returncode == 1
    finally:
        run(['ip', '-n', 'relay', 'addr', 'del', address, 'dev', 'lo'])
    wait_announced(V4, V6)
    assert verdict()['probe'] == 'good'


def test_hanging_worker(lab):
    tid = hang.workers(lab.relay.process.pid)[0]
    with hang.stopped(tid):
        assert wait_withdrawn(V4) <= WITHDRAWN_S and not announced(V6)
        done = ctl(lab, 'health')
        assert done.returncode == 1 and 'a worker is silent' in done.stdout
    began = time.monotonic()
    wait_for('hold-down', lambda: reasons(lab, V4) == {'hold-down'}, 2)
    assert not announced(V4)
    wait_announced(V4, V6)
    assert time.monotonic() - began > HOLD_S / 2


@pytest.mark.parametrize('bird, net, lost, kept, reason', [
    ('peer6', 'nets', V4, V6, 'ipv6-routes'),
    ('peer4', 'nets', V6, V4, 'ipv4-routes'),
])
def test_lost_family(lab, bird, net, lost, kept, reason):
    """O2: who cannot deliver IPv6 must not attract IPv4 packets that carry it, and the reverse."""
    lab.birds[bird].ctl('disable', net)
    try:
        wait_withdrawn(lost, 10)
        assert reasons(lab, lost) == {reason} and reasons(lab, kept) == set() and announced(kept)
    finally:
        lab.birds[bird].ctl('enable', net)


def test_link_down(lab):
    """The kernel sees the cable as well."""
    def carrier():
        return run(['cat', '/sys/class/net/ix0/carrier'], ns='relay', check=False).stdout.strip()

    assert 'NO-CARRIER' not in run(['ip', '-n', 'relay', 'link', 'show', 'ix0']).stdout
    sh('ip -n lan link set ixwire down')
    try:
        wait_withdrawn(V4)
        wait_withdrawn(V6)
        assert {'ipv6-link'} <= reasons(lab, V4) and {'ipv4-link'} <= reasons(lab, V6)
        assert 'NO-CARRIER' in run(['ip', '-n', 'relay', 'link', 'show', 'ix0']).stdout, carrier()
    finally:
        sh('ip -n lan link set ixwire up')
    wait_for('the carrier', lambda: 'NO-CARRIER' not in run(['ip', '-n', 'relay', 'link', 'show', 'ix0']).stdout, 5)


def test_drain(lab):
    """Marked first, then withdrawn, and forwarding goes on all the time."""
    with Pings('host6', ID6) as pings:
        done = ctl(lab, 'drain')
        assert done.returncode == 0 and done.stdout.startswith('draining')
        for prefix in V4, V6:
            wait_for(f'{prefix} with another metric', lambda p=prefix: table(p).count('metric 65535') == 1
                     and table(p).count('\n') == 1, 1, 0.01)
            assert announced(prefix)
        assert health(lab)['drain'] == 'draining' and ctl(lab, 'health').returncode == 1
        wait_withdrawn(V4, 5)
        wait_withdrawn(V6, 1)
        assert reasons(lab, V4) == {'drain'} and health(lab)['drain'] == 'drained'
        assert ctl(lab, 'resume').returncode == 0
        wait_for('both again', lambda: announced(V4) and announced(V6), 1)  # no hold-down: it was no fault
        assert 'metric 65535' not in table(V4) + table(V6)
        assert health(lab)['healthy']
        assert pings.lost() == 0


@contextlib.contextmanager
def configuration(lab, change):
    config = copy.deepcopy(lab.relay.config)
    change(config)
    write_config(config, lab.relay.path.name)
    try:
        yield
    finally:
        write_config(lab.relay.config, lab.relay.path.name)
        assert ctl(lab, 'reload').returncode == 0


def test_reload(lab):
    assert ctl(lab, 'reload').stdout == 'configuration reloaded\n'
    with configuration(lab, lambda c: c['workers'].update(burst=16)):
        done = ctl(lab, 'reload')
        assert done.returncode == 1 and 'workers.burst: changes only at a restart\nnothing changed' in done.stdout
        assert ctl(lab, '--json', 'reload').returncode == 1
    assert announced(V4) and announced(V6)


def test_reload_asks_for_more_routes(lab):
    with configuration(lab, lambda c: c['health'].update({'min-ipv6-routes': 1000})):
        assert ctl(lab, 'reload').returncode == 0
        wait_withdrawn(V4)
        assert announced(V6) and reasons(lab, V4) == {'ipv6-routes'}


def test_reload_switches_the_announcement(lab):
    with configuration(lab, lambda c: c.pop('announce')):
        assert ctl(lab, 'reload').returncode == 0
        assert run(['ip', '-n', 'relay', 'link', 'show', 'tsunagi0'], check=False).returncode != 0
        assert 'nothing is announced' in ctl(lab, 'health').stdout
    wait_announced(V4, V6)


def test_reload_changes_routes_and_neighbours(lab):
    def change(config):
        config['routes'] = [{'prefix': '2001:db8:77::/48', 'blackhole': True},
                            {'prefix': '203.0.113.64/26', 'via': '198.51.100.77'}]
        config['neighbours'] = [{'address': '198.51.100.77', 'interface': 'ix0', 'mac': '02:00:00:00:00:77'}]

    with configuration(lab, change):
        assert ctl(lab, 'reload').returncode == 0
        wait_for('the route', lambda: (lab.relay.route('2001:db8:77::/48') or {}).get('kind') == 'blackhole', 2)
        assert lab.relay.route('203.0.113.64/26')['origin'] == 'static'
        static = next(n for n in lab.relay.show('neighbours') if n['address'] == '198.51.100.77')
        assert static['mac'] == '02:00:00:00:00:77'
    assert lab.relay.route('2001:db8:77::/48') is None and lab.relay.route('203.0.113.64/26') is None
    assert '198.51.100.77' not in {n['address'] for n in lab.relay.show('neighbours')}


def test_deleted_twin(lab):
    """Last: it is not put back. Without the kernel's end there is no BGP by this interface any more."""
    sh('ip -n relay link del ix0')
    wait_withdrawn(V4, 3)
    wait_withdrawn(V6, 1)
    wait_for('the reason', lambda: 'twin' in reasons(lab, V4), 2)  # the routes go before it is looked at
    assert 'interface ix0: its device was deleted' in lab.relay.process.log()
    lab.restart_relay()
    for bird in 'peer4', 'peer6':
        lab.birds[bird].ctl('restart', 'all')
    lab.wait_routes(90)
