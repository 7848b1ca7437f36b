# SPDX-License-Identifier: BSD-3-Clause
"""Packets to random Teredo addresses from random native networks, more than our relay has room to wait for (X1 to X5):
those who are known do not notice, those who are not get through by a cookie.
"""

import random
import time

import pytest
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether

from lab import checks
from lab.exchange import HOST6, RELAY6
from lab.net import mac_of, sh, wait_for
from teredo import TeredoExchange, first_answer, moved

UNCONFIRMED = 64
FLOOD = 10 * UNCONFIRMED
COOKIES = '2001:db8:c00c:1e::/64'


class SmallRelay(TeredoExchange):
    def config(self, **keys):
        return super().config(unconfirmed=UNCONFIRMED, **{'cookie-prefix': COOKIES}, **keys)

    def add_networks(self):
        super().add_networks()
        sh(f'ip -n peer6 -6 route add {COOKIES} via {RELAY6}')


LAB = SmallRelay


@pytest.fixture
def flood(lab, probe):
    """Call it to flood the relay once; what comes in is handled before what is sent later."""
    dice = random.Random(4380)

    def words(n):
        return ':'.join(f'{dice.getrandbits(16):x}' for _ in range(n))

    def in_net(octet):
        """The upper half of a random address in octet.0.0.0/8."""
        return f'{octet << 8 | dice.getrandbits(8):x}'

    def packet():
        server, port, client = f'{in_net(45)}:{words(1)}', words(1), f'{in_net(44 ^ 0xff)}:{words(1)}'
        return IPv6(src=f'2001:db8:{words(2)}::1', dst=f'2001:0:{server}:0:{port}:{client}') / ICMPv6EchoRequest()

    packets = [bytes(packet()) for _ in range(FLOOD)]  # made before: all are sent within a bubble's time-out

    def send():
        relay_mac = mac_of('relay', 'ix0')  # another after a restart
        for data in packets:
            probe.send(Ether(src=probe.mac, dst=relay_mac, type=0x86dd) / data)
    return send


def contacts(lab):
    relay = lab.relay.show('teredo', 'summary')['relay']
    return relay['contacts'], relay['peers']


def test_contact_by_cookie_address(lab):
    """B is a cookie address (X4), for contacts that are remembered, too; the client answers to it."""
    address = lab.new_client()
    checks.ping(lab.client, HOST6)
    checks.ping('host6', address)


def test_known_client_does_not_notice(lab, flood):
    address = lab.new_client()
    checks.ping(lab.client, HOST6)
    flood()
    wait_for('the relay to be full', lambda: contacts(lab)[0]['records'] == UNCONFIRMED)
    checks.ping(lab.client, HOST6, 10)
    checks.ping('host6', address, 10)
    records, peers = contacts(lab)
    assert records['records_max'] == UNCONFIRMED and peers['trusted'] >= 1
    assert records['records'] <= UNCONFIRMED and peers['unconfirmed'] + peers['renewing'] <= UNCONFIRMED


def test_all_is_counted_once(lab, flood):
    """And bubbles stay within their rate: nothing is gained by more packets."""
    rate = 50
    lab.restart(lab.config(bubbles=rate))
    start = time.monotonic()
    flood()
    checks.ping('host6', RELAY6)
    most = rate + rate * (time.monotonic() - start) + 1
    bubbles, queued = (lab.relay.counter(f'teredo_{name}') for name in ('indirect_bubbles', 'queued_packets'))
    drops = {reason: lab.relay.counter(f'drop_teredo_encap_{reason}') for reason in (
        'bubble_limited', 'stateless', 'no_room', 'queue_full')}
    assert queued + sum(drops.values()) == FLOOD, (queued, drops)
    assert rate <= bubbles <= most and drops['bubble_limited'] >= FLOOD - most


def test_stranger_gets_through(lab, flood):
    """Nothing is remembered of it: its first packet is lost, its answer makes it a peer by the cookie alone."""
    lab.restart(lab.config())
    address = lab.new_client()
    flood()
    wait_for('the relay to be full', lambda: contacts(lab)[0]['records'] == UNCONFIRMED)
    counted = moved(lab, 'teredo_cookies_accepted', 'teredo_peers_confirmed')
    assert first_answer('host6', address) == 2
    assert counted() == [1, 1]
