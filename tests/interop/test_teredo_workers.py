# SPDX-License-Identifier: BSD-3-Clause
"""Our Teredo relay with two workers and many clients. The two directions of a client come to different workers more often
than not, and its peer may belong to either: still nothing is lost, and each flow arrives in the order it was sent.
"""

import contextlib
import os
import socket

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6

from lab.exchange import HOST6
from lab.nat import FULL_CONE
from lab.net import entered
from teredo import OUR_SERVER, TwoWorkers, moved
from teredo_client import Datagram, TeredoClient

CLIENTS, ROUNDS = 32, 50
PORT = 9


class ManyClients(TwoWorkers):
    def config(self, **keys):
        config = super().config(**keys)
        config['teredo-server']['advertisements-per-host'] = 0  # they are behind one NAT
        return config


LAB = ManyClients


@pytest.fixture(scope='module')
def clients(lab):
    """Those of many users, each with a contact with the native host."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip('expected: only one CPU')
    lab.become(FULL_CONE)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(TeredoClient('client', OUR_SERVER[0])) for _ in range(CLIENTS)]
        counted = moved(lab, 'teredo_peers_confirmed', 'teredo_indirect_bubbles', 'drop_teredo_decap_no_peer')
        for client in clients:
            client.qualify()
            assert client.contact(HOST6)
        assert counted() == [CLIENTS, CLIENTS, 0]
        yield clients


@pytest.fixture(scope='module')
def host():
    with entered('host6'):
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with s:
        s.bind((HOST6, PORT))
        s.settimeout(5)
        yield s


def number_of(data):
    return int.from_bytes(data, 'big')


def test_both_workers_have_work(lab, clients):
    workers = lab.relay.show('workers')
    assert len(workers) == 2 and all(w['rx_packets'] > CLIENTS // 2 for w in workers), workers
    assert lab.relay.counter('teredo_handed_off_packets') > 0


def test_clients_to_host(lab, clients, host):
    """All flows at once, several packets of each under way."""
    counted = moved(lab, 'teredo_decap_packets')
    packets = {c: IPv6(src=c.address, dst=HOST6) / UDP(sport=PORT, dport=PORT) for c in clients}
    seen = {c.address: [] for c in clients}
    for first in range(0, ROUNDS, 5):
        for number in range(first, first + 5):
            for client, packet in packets.items():
                client.send(client.relays[HOST6], packet / number.to_bytes(2, 'big'))
        for _ in range(5 * CLIENTS):
            data, (address, *_) = host.recvfrom(2048)
            seen[address].append(number_of(data))
    assert all(numbers == list(range(ROUNDS)) for numbers in seen.values()), seen
    assert counted() == [ROUNDS * CLIENTS]


def test_host_to_clients(lab, clients, host):
    counted = moved(lab, 'teredo_encap_packets')
    for first in range(0, ROUNDS, 5):
        numbers = list(range(first, first + 5))
        for number in numbers:
            for client in clients:
                host.sendto(number.to_bytes(2, 'big'), (client.address, PORT))
        for client in clients:
            client.socket.settimeout(5)
            packets = [Datagram(*client.socket.recvfrom(2048)).packet for _ in numbers]
            assert [number_of(bytes(p[UDP].payload)) for p in packets] == numbers
    assert counted() == [ROUNDS * CLIENTS]
