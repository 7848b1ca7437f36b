# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's telemetry socket tells what tsunagictl tells."""

import contextlib
import json
import os
import socket

import pytest

from lab import checks
from lab.exchange import ANYCAST6
from lab.net import wait_for

WITH_SITE = False


class Telemetry:
    """A client of the protocol: sequenced packets, a JSON object for each question."""

    def __init__(self, prefix):
        self.path = f'/var/run/dpdk/{prefix}/dpdk_telemetry.v2'
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(5)
        self.socket.connect(self.path)
        self.greeting = json.loads(self.socket.recv(1 << 14))

    def ask(self, command):
        """The value of the one key of the answer, which is the command without its parameters."""
        self.socket.send(command.encode())
        answer = json.loads(self.socket.recv(self.greeting['max_output_len']))
        assert list(answer) == [command.split(',')[0]]
        return answer[command.split(',')[0]]

    def close(self):
        self.socket.close()


@pytest.fixture(scope='module')
def telemetry(lab):
    prefix = lab.relay.config['control'].get('file-prefix', 'tsunagi')
    with contextlib.closing(Telemetry(prefix)) as t:
        yield t


def settled(lab, question):
    """The same answer before and after what `question` asks, so that both sides speak of one moment."""
    def once():
        before = lab.relay.show('counters')
        answer = question()
        return (before, answer) if lab.relay.show('counters') == before else None
    return wait_for('a moment without a packet', once, 20, 0.2)


def test_greeting(lab, telemetry):
    assert telemetry.greeting['pid'] == lab.relay.process.pid
    commands = telemetry.ask('/')
    for name in 'counters', 'drops', 'ports', 'workers':
        assert f'/tsunagi/{name}' in commands
        assert telemetry.ask(f'/help,/tsunagi/{name}')


def all_pages(telemetry, command):
    values, page = {}, 1
    while True:
        answer = telemetry.ask(f'{command},{page}')
        if not answer:
            return values
        values.update(answer)
        page += 1


def test_counters(lab, telemetry):
    checks.ping('host6', ANYCAST6)
    shown, told = settled(lab, lambda: all_pages(telemetry, '/tsunagi/counters'))
    shown = {**shown, **lab.relay.show('drops')}
    assert told['echo6_replies'] >= 3
    assert {n: v for n, v in told.items() if v} == {n: v for n, v in shown.items() if v}
    assert set(shown) <= set(told)


def test_drops(lab, telemetry):
    _, told = settled(lab, lambda: telemetry.ask('/tsunagi/drops') or {})
    assert told == lab.relay.drops()


def test_ports(lab, telemetry):
    _, told = settled(lab, lambda: telemetry.ask('/tsunagi/ports'))
    for port in lab.relay.show('ports'):
        assert told[port['name']]['link'] == port['link']
        assert told[port['name']]['mac'] == port['mac']
        assert told[port['name']]['rx_packets'] <= port['rx_packets']


def test_workers(lab, telemetry):
    told = telemetry.ask('/tsunagi/workers')
    assert {int(n): w['cpu'] for n, w in told.items()} == {w['id']: w['cpu'] for w in lab.relay.show('workers')}


def test_pages_beyond_the_last(telemetry):
    for params in '99', '0', 'x', '-1', '1x':
        assert telemetry.ask(f'/tsunagi/counters,{params}') is None


def test_socket_goes_with_the_daemon(lab):
    prefix = lab.relay.config['control'].get('file-prefix', 'tsunagi')
    assert lab.relay.stop() == 0
    assert not os.path.exists(f'/var/run/dpdk/{prefix}')
