# SPDX-License-Identifier: BSD-3-Clause
"""Round trips of TCP handshakes (section path-rtt): measured at the right side, shown to the right people.

The probe is client, server and the way to both: it answers after a known time, and takes the times itself, from the last
thing that it does before the relay sees a packet to the first thing that it knows behind that.
"""

import json
import re
import time

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6

from lab.exchange import PROBE4, PROBE6, PROBE_6TO4
from lab.net import run, wait_for
from lab.page import get, page_config, page_lab
from lab.probe import Probe, tunnelled
from lab.relay import TSUNAGICTL, write_config

SERVER_S, CLIENT_S = 0.03, 0.11  # how long the way beyond the relay is
PORT = 80


def config_of(public=True, **path):
    config = page_config(public=public)
    if path:
        config['path-rtt'] = path
    return config


@pytest.fixture(scope='module')
def lab():
    """Without the section."""
    with page_lab(config_of()) as exchange:
        yield exchange


def ctl(lab, *words):
    return run([TSUNAGICTL, '-s', lab.relay.socket, *words], timeout=20).stdout


def histogram(side):
    """Number and sum (s) by /metrics; None: it is not there."""
    found = dict(re.findall(rf'^tsunagi_path_rtt_seconds_(count|sum){{mechanism="6to4",side="{side}"}} (\S+)$',
                            get('metrics'), re.M))
    return (int(found['count']), float(found['sum'])) if found else None


def reload(lab, **path):
    write_config(config_of(**path), 'tsunagid.yaml')
    assert 'reloaded' in ctl(lab, 'reload')


def site(n):
    """IPv4 and 6to4 address of the n-th site, which is the probe, too."""
    if n == 0:
        return PROBE4, PROBE_6TO4
    return f'198.51.100.{20 + n}', f'2002:c633:64{20 + n:02x}::1'


class Times:
    """Of one half: no less than `least`, no more than `most`."""

    def __init__(self):
        self.least = self.most = 0

    def add(self, question_sent, question_seen, answer_sent, answer_seen):
        self.least += answer_sent - question_seen
        self.most += answer_seen - question_sent


class Handshake:
    """One from a 6to4 site to the probe's native address, or the other way."""

    def __init__(self, probe, port, number=0, from_tunnel=True):
        self.probe, self.port = probe, port
        self.v4, self.v6 = site(number)
        self.from_tunnel = from_tunnel

    def pass_on(self, back, flags, seq, ack):
        """A packet through the relay; when it was sent, when it was there."""
        ends = (self.v6, PROBE6) if self.from_tunnel != back else (PROBE6, self.v6)
        tcp = TCP(sport=PORT if back else self.port, dport=self.port if back else PORT, flags=flags, seq=seq, ack=ack)
        packet = IPv6(src=ends[0], dst=ends[1]) / tcp
        into = self.from_tunnel == back
        self.probe.drain()
        sent = time.monotonic()
        self.probe.send(packet if into else tunnelled(packet, src=self.v4))
        self.probe.expect('the packet', lambda f: TCP in f and (IP in f) == into and f[TCP].flags == flags and
                          self.port in (f[TCP].sport, f[TCP].dport))
        return sent, time.monotonic()

    @staticmethod
    def way(seconds, since):
        """Not a wait for something: the time that packets take beyond the relay."""
        time.sleep(max(0, since + seconds - time.monotonic()))

    def run(self, server, client, repeat_syn=False):
        syn = self.pass_on(False, 'S', 1000, 0)
        if repeat_syn:
            syn = self.pass_on(False, 'S', 1000, 0)
        self.way(SERVER_S, syn[1])
        answer = self.pass_on(True, 'SA', 7000, 1001)
        self.way(CLIENT_S, answer[1])
        ack = self.pass_on(False, 'A', 1001, 7001)
        server.add(syn[0], syn[1], answer[0], answer[1])
        client.add(answer[0], answer[1], ack[0], ack[1])


@pytest.fixture(scope='module')
def probe(lab):
    run(['ip', '-n', 'probe', 'neigh', 'flush', 'dev', 'e0'])
    for n in range(1, 6):
        run(['ip', '-n', 'probe', 'addr', 'add', f'{site(n)[0]}/24', 'dev', 'e0'])
    with Probe(lab) as p:
        yield p


def measured(lab):
    return lab.relay.show('path')['measured']


def test_off_by_default(lab, probe):
    """Nobody looks, nothing is there."""
    Handshake(probe, 40000).run(Times(), Times())
    assert lab.relay.show('path') == {'enabled': False}
    assert histogram('tunnel') is None and 'tsunagi_path' not in get('metrics')
    assert 'Round trips' not in get('') and 'path' not in json.loads(get('status.json'))
    assert 'enabled  no' in ctl(lab, 'show', 'path')


def begin(lab, probe):
    """Switched on by a reload; nobody knows when the workers have begun: handshakes until one is measured."""
    reload(lab, enabled=True, sample=1)
    ports = iter(range(50000, 60000))

    def one():
        Handshake(probe, next(ports)).run(Times(), Times())
        return measured(lab) > 0
    wait_for('a handshake to be measured', one, 30)
    wait_for('none to be under way', lambda: lab.relay.show('path')['under_way'] == 0, 30)


def assert_between(times, before, after, n):
    (count0, sum0), (count1, sum1) = before, after
    assert count1 - count0 == n
    # In microseconds, each rounded down.
    assert times.least - 1e-5 * n <= sum1 - sum0 <= times.most + 1e-5, (times.least, sum1 - sum0, times.most)


def test_sides(lab, probe):
    """The client in the tunnel, then the server: what is long is the client's side, in the tunnel or not."""
    begin(lab, probe)
    for from_tunnel in True, False:
        server, client = Times(), Times()
        before = {side: histogram(side) for side in ('tunnel', 'native', 'whole')}
        already = measured(lab)
        for port in range(41000, 41003):
            Handshake(probe, port, from_tunnel=from_tunnel).run(server, client)
        wait_for('three handshakes to be measured', lambda n=already: measured(lab) == n + 3, 20)
        tunnel, native = (client, server) if from_tunnel else (server, client)
        assert_between(tunnel, before['tunnel'], histogram('tunnel'), 3)
        assert_between(native, before['native'], histogram('native'), 3)
        assert histogram('whole')[0] == before['whole'][0] + 3
        assert client.least > 3 * CLIENT_S and server.least > 3 * SERVER_S


def test_repeated_syn(lab, probe):
    """Nobody knows which of the two was answered; the other half counts."""
    native, tunnel = histogram('native'), histogram('tunnel')
    already = measured(lab)
    Handshake(probe, 42000).run(Times(), Times(), repeat_syn=True)
    wait_for('the handshake to be measured', lambda: measured(lab) == already + 1, 20)
    assert histogram('native')[0] == native[0] and histogram('tunnel')[0] == tunnel[0] + 1


def rows(lab, what):
    return {(r.get('prefix', r['mechanism']), r['side']): r for r in lab.relay.show('path')[what]}


def test_prefixes(lab, probe):
    """One site is not shown, however often; five are, as their /24. The one native site never is."""
    assert rows(lab, 'prefixes') == {}
    already = measured(lab)
    for n in range(10):
        Handshake(probe, 43000 + n, number=1 + n % 5).run(Times(), Times())
    wait_for('ten handshakes to be measured', lambda: measured(lab) == already + 10, 20)
    shown = rows(lab, 'prefixes')
    assert list(shown) == [('198.51.100.0/24', 'tunnel')]
    assert shown['198.51.100.0/24', 'tunnel']['handshakes'] >= 20
    # Most are those of sites in the tunnel that waited for CLIENT_S.
    assert CLIENT_S * 900 < shown['198.51.100.0/24', 'tunnel']['median_ms'] < CLIENT_S * 1500
    by_mechanism = rows(lab, 'mechanisms')
    assert list(by_mechanism) == [('6to4', side) for side in ('tunnel', 'native', 'whole')]
    assert by_mechanism['6to4', 'native']['median_ms'] < by_mechanism['6to4', 'tunnel']['median_ms']
    text = ctl(lab, 'show', 'path')
    assert re.search(r'^tunnel +198\.51\.100\.0/24 +6to4 +\d+ ', text, re.M), text


def test_page(lab, probe):
    """Of the public page and of /metrics no prefix is part; the history takes the figures and goes on with them."""
    def in_history():
        series = json.loads(get('history.json'))['series']
        return any(series['6to4.rtt.tunnel.count']['mean'][-3:])
    wait_for('the history to have a measurement', lambda: (
        Handshake(probe, 44000 + time.monotonic_ns() // 1000000 % 1000).run(Times(), Times()), in_history())[1], 40)
    page = get('')
    assert 'Round trips' in page and '198.51.100.0/24' not in page
    assert '198.51.100.0' not in get('metrics') + get('status.json') + get('history.json')
    assert {(m['mechanism'], m['side']) for m in json.loads(get('status.json'))['path']} == {
        ('6to4', 'tunnel'), ('6to4', 'native'), ('6to4', 'whole')}
    reload(lab, public=False, enabled=True, sample=1)
    assert '198.51.100.0/24' in get('')


def test_off_again(lab, probe):
    """What was measured is kept, and not shown."""
    reload(lab, enabled=False)
    assert lab.relay.show('path') == {'enabled': False}
    # A page of /metrics is kept for a moment.
    wait_for('the histogram to go', lambda: histogram('tunnel') is None, 10)
    reload(lab, enabled=True, sample=1)
    wait_for('it to be there again', lambda: (histogram('tunnel') or [0])[0] > 20, 10)
