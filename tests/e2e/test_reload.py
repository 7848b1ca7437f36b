# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP: what is reloadable changes together and without a lost packet, or nothing changes and the log says why."""

import copy
import re
import signal

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6

from lab import hang
from lab.exchange import ANYCAST6, ID6, PROBE4
from lab.net import run, wait_for
from lab.pings import Pings
from lab.probe import from_site, tunnelled
from lab.relay import write_config

WITH_SITE = False


def reload(relay, config, says='configuration reloaded'):
    """The file with this content and a SIGHUP; returns what the daemon said to it."""
    before = len(relay.process.log())
    write_config(config, relay.path.name)
    relay.process.signal(signal.SIGHUP)
    wait_for(f'tsunagid to say {says!r}', lambda: relay.process.check_alive() and says in relay.process.log()[before:])
    return relay.process.log()[before:]


@pytest.fixture
def changed(lab):
    """A function that reloads with a change; the configuration as it was comes back afterwards."""
    def change(**sections):
        config = copy.deepcopy(lab.relay.config)
        for name, keys in sections.items():
            config.setdefault(name.replace('_', '-').replace('sixto4', '6to4'), {}).update(keys)
        return reload(lab.relay, config)
    yield change
    reload(lab.relay, lab.relay.config)


def request(ident):
    return tunnelled(from_site(ANYCAST6) / ICMPv6EchoRequest(id=ident, seq=1))


def is_reply(frame):
    return IP in frame and frame[IP].proto == 41 and ICMPv6EchoReply in frame


def assert_answered(probe, ident):
    assert probe.ask(request(ident), 'echo reply', is_reply)[ICMPv6EchoReply].id == ident


def assert_dropped(lab, probe, name):
    before = lab.relay.counter(name)
    probe.send(request(99))
    wait_for(f'{name} to count', lambda: lab.relay.counter(name) == before + 1)


def test_access_list(lab, probe, changed):
    assert_answered(probe, 1)
    changed(access={'deny-ipv4': [f'{PROBE4}/32']})
    assert_dropped(lab, probe, 'drop_6to4_decap_v4_src_denied')
    reload(lab.relay, lab.relay.config)
    assert_answered(probe, 2)


def test_rate_of_a_site(lab, probe, changed):
    changed(limits={'echo6': 0})
    assert_dropped(lab, probe, 'drop_ip6_local_echo_limited')
    reload(lab.relay, lab.relay.config)
    assert_answered(probe, 3)


def announced(family):
    return run(['ip', '-n', 'relay', family, 'route', 'show', 'table', '6424'], check=False).stdout


def test_announcement_follows(changed):
    assert '192.88.99.0/24' in announced('-4')
    changed(sixto4={'anycast': False, 'source': '198.51.100.1'})
    assert '192.88.99.0/24' not in announced('-4') and '2002::/16' in announced('-6')


def test_faulty_file_changes_nothing(lab, probe):
    said = reload(lab.relay, 'ports: [\n', 'nothing changed')
    assert re.search(r'tsunagid\.yaml:\d+: ', said)
    assert_answered(probe, 4)


def test_fixed_key_is_named(lab, probe):
    config = copy.deepcopy(lab.relay.config)
    config['workers']['burst'] = 16
    config['access'] = {'deny-ipv4': [f'{PROBE4}/32']}
    said = reload(lab.relay, config, 'nothing changed')
    assert 'workers.burst: changes only at a restart' in said
    assert_answered(probe, 5)  # the access list of that file did not come in by half
    reload(lab.relay, lab.relay.config)


def test_no_packet_is_lost(lab):
    """A ping every 5 ms while the configuration keeps changing."""
    with Pings('host6', ID6, 0.005) as pings:
        for n in range(10):
            config = copy.deepcopy(lab.relay.config)
            config['6to4']['mtu'] = 1280 + n
            config['access'] = {'deny-ipv4': [f'192.0.2.{n}/32']}
            reload(lab.relay, config)
        assert pings.lost() == 0
    reload(lab.relay, lab.relay.config)


def test_waits_for_a_worker_without_cpu(lab):
    """One reload is on the way to it, the next comes: that one waits, it does not ask the operator to try again."""
    process = lab.relay.process
    with hang.stopped(hang.workers(process.pid)[0]):
        reload(lab.relay, lab.relay.config)
        before = len(process.log())
        process.signal(signal.SIGHUP)
    wait_for('tsunagid to reload', lambda: 'reloaded' in process.log()[before:])
    assert 'nothing changed' not in process.log()[before:]


def test_says_that_a_worker_hangs(lab, probe):
    with hang.stopped(hang.workers(lab.relay.process.pid)[0]):
        reload(lab.relay, lab.relay.config)
        reload(lab.relay, lab.relay.config, 'a worker has not taken the last change yet: nothing changed')
    reload(lab.relay, lab.relay.config)
    assert_answered(probe, 6)
