# SPDX-License-Identifier: BSD-3-Clause
"""The four NATs that the Teredo tests go through are what they are called: their mapping and their filtering are
measured from both sides, as RFC 3489, section 10.1, does with a STUN server of two addresses and two ports.
"""

import contextlib
import socket

import pytest

from lab.exchange import add_lan, add_lan_host
from lab.nat import FULL_CONE, INSIDE, KINDS, PORT_RESTRICTED, RESTRICTED, SYMMETRIC, Nat, add_nat_host
from lab.net import entered, wait_for

OUTSIDE, ONE, OTHER = '198.51.100.10', '198.51.100.41', '198.51.100.42'
PORT, OTHER_PORT = 3478, 3479
HOST = f'{INSIDE}.2'


def udp_socket(ns, address, port=0):
    with entered(ns):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    s.settimeout(5)
    return s


class NatLab:
    """One host behind the NAT; outside, a host with two addresses, which a test sends from by (address, port)."""

    def __init__(self):
        self.nat = None
        self._stack = contextlib.ExitStack()

    def up(self):
        add_lan()
        add_lan_host('nat', f'{OUTSIDE}/24')
        add_lan_host('outside', f'{ONE}/24', f'{OTHER}/24')
        add_nat_host()
        self.remote = {key: self._stack.enter_context(udp_socket('outside', *key))
                       for key in [(ONE, PORT), (ONE, OTHER_PORT), (OTHER, PORT)]}

    def become(self, kind, **options):
        if self.nat:
            self.nat.close()
        self.nat = Nat(kind, OUTSIDE, **options)

    def explain(self):
        return self.nat.explain() if self.nat else ''

    def close(self):
        if self.nat:
            self.nat.close()
        self._stack.close()


LAB = NatLab


@pytest.fixture
def inside(lab):
    with udp_socket('client', HOST) as s:
        yield s


def mapped(lab, inside, remote):
    """What the host's socket looks like to `remote` when it sends there."""
    inside.sendto(b'from inside', remote)
    data, address = lab.remote[remote].recvfrom(2048)
    assert data == b'from inside' and address[0] == OUTSIDE
    return address


def let_in(lab, inside, mapping, barrier):
    """Which of the remote sockets reach the host through `mapping`. `barrier`, which the host has sent to, does; what
    was sent before it has been handled before it."""
    others = [remote for remote in lab.remote if remote != barrier]
    for remote in others + [barrier]:
        lab.remote[remote].sendto(b'to inside', mapping)
    seen = []
    while barrier not in seen:
        data, address = inside.recvfrom(2048)
        assert data == b'to inside'
        seen.append(address)
    return set(seen)


@pytest.mark.parametrize('kind', KINDS)
def test_mapping(lab, inside, kind):
    lab.become(kind)
    ports = [mapped(lab, inside, remote)[1] for remote in lab.remote]
    assert len(set(ports)) == (3 if kind == SYMMETRIC else 1)
    assert ports == [mapped(lab, inside, remote)[1] for remote in lab.remote], 'a mapping is kept'


@pytest.mark.parametrize('kind, expected', [
    (FULL_CONE, {(ONE, PORT), (ONE, OTHER_PORT), (OTHER, PORT)}),
    (RESTRICTED, {(ONE, PORT), (ONE, OTHER_PORT)}),
    (PORT_RESTRICTED, {(ONE, PORT)}),
    (SYMMETRIC, {(ONE, PORT)})])
def test_filtering(lab, inside, kind, expected):
    lab.become(kind)
    mapping = mapped(lab, inside, (ONE, PORT))
    assert let_in(lab, inside, mapping, (ONE, PORT)) == expected
    assert lab.nat.filtered == 3 - len(expected)


def test_two_hosts_two_mappings(lab, inside):
    lab.become(FULL_CONE)
    with udp_socket('client', HOST) as second:
        assert mapped(lab, inside, (ONE, PORT)) != mapped(lab, second, (ONE, PORT))


@pytest.mark.parametrize('kind', KINDS)
def test_forgets_when_told(lab, inside, kind):
    lab.become(kind)
    old = mapped(lab, inside, (ONE, PORT))
    assert lab.nat.forget() == 1
    lab.remote[ONE, PORT].sendto(b'too late', old)
    new = mapped(lab, inside, (ONE, PORT))
    assert new != old
    assert let_in(lab, inside, new, (ONE, PORT))  # and what was sent to the old one has not come in


def test_forgets_in_time(lab, inside):
    """Only what the host sends keeps a mapping (RFC 4787, REQ-6)."""
    lab.become(PORT_RESTRICTED, timeout=0.5)
    old = mapped(lab, inside, (ONE, PORT))

    def gone():
        lab.remote[ONE, PORT].sendto(b'to inside', old)
        return not lab.nat.mappings()
    wait_for('the mapping to time out', gone, 5)
    assert mapped(lab, inside, (ONE, PORT)) != old


def test_large_datagrams(lab, inside):
    """Teredo's largest, many at once, in both directions, unchanged."""
    lab.become(SYMMETRIC)
    mapping = mapped(lab, inside, (ONE, PORT))
    sent = [bytes([n]) * 1280 for n in range(40)]
    for data in sent:
        inside.sendto(data, (ONE, PORT))
    assert [lab.remote[ONE, PORT].recvfrom(2048) for _ in sent] == [(data, mapping) for data in sent]
    for data in sent:
        lab.remote[ONE, PORT].sendto(data, mapping)
    assert [inside.recvfrom(2048) for _ in sent] == [(data, (ONE, PORT)) for data in sent]
