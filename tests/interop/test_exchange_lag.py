# SPDX-License-Identifier: BSD-3-Clause
"""A relay with a LAG (802.3ad) to the exchange, under traffic: a member goes down and comes back, then the other."""

import contextlib

import pytest

from lab.lacp import Switch
from lab.net import sh
from lab.two_relays import ANYCAST4_NET, IPV6_NETS, Member, TwoRelays, relay_config
from outage import outage

MEMBERS = 'wire1a', 'wire1b'
# net_bonding looks at its members' links ten times a second. When one comes back it is taken in use once LACP agrees.
DOWN_S, BACK_S = 0.3, 10
SHIFTED = 0.1  # seconds' worth of packets


class LagMember(Member):
    switch = None

    def start_relay(self):
        super().start_relay()
        for device in self.wires:
            sh(f'ip -n lan link set {device} type bridge_slave isolated on')  # to a switch the two are one port
        self.switch = Switch('lan', *self.wires)

    def stop(self):
        if self.switch:
            self.switch.close()
        super().stop()


class Lag(TwoRelays):
    def __init__(self):
        config = relay_config(1)
        config['ports'][0].update(device='net_bonding0,mode=4,mac=02:00:5e:10:00:01',
                                  members=[f'net_tap{n},iface={device}' for n, device in enumerate(MEMBERS)])
        super().__init__(())
        self.members = [LagMember(1, config)]


LAB = Lag


@contextlib.contextmanager
def nothing_happens(lab):
    """No session goes down, nothing is withdrawn, the port stays up."""
    downs = lab.bfd_downs()
    yield
    relay = lab.members[0]
    assert lab.bfd_downs() == downs and relay.held() == {ANYCAST4_NET, *IPV6_NETS}
    assert relay.relay.show('ports')[0]['link'] == 'up'


@pytest.mark.parametrize('member', [0, 1])
def test_member_down(lab, member):
    """What is lost is what is sent to it until that is noticed, and little when flows move back to it."""
    relay = lab.members[0]
    with nothing_happens(lab), outage(lab, DOWN_S):
        relay.cable('down', member)
    with nothing_happens(lab), outage(lab, BACK_S) as fates:
        relay.cable('up', member)
        lab.stream.wait_clean(5)  # LACP has come to terms
    assert all(f.lost <= SHIFTED * lab.stream.rate for f in fates), fates
