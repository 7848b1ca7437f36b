# SPDX-License-Identifier: BSD-3-Clause
"""A station on the exchange LAN that sends and receives whole frames (scapy builds and reads them).

To show that something is *not* answered, nothing waits: a barrier, an echo request that is always answered, is sent
behind it, and the relay handles frames in order.
"""

import logging
import os
import socket
import time

logging.getLogger('scapy.runtime').setLevel(logging.ERROR)
# pylint: disable=wrong-import-position
from scapy.layers.inet import ICMP, IP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402

from .exchange import ANYCAST, PROBE4, PROBE_6TO4  # noqa: E402
from .net import LabError, entered, mac_of  # noqa: E402

_ETH_P_ALL = 3


class Probe:
    def __init__(self, lab, ns='probe', device='e0'):
        self.lab = lab
        self.mac = mac_of(ns, device)
        self.relay_mac = mac_of('relay', 'ix0')
        with entered(ns):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            self.socket.bind((device, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, packet, dst=None):
        """An IP or IPv6 packet to the relay's MAC; or a whole frame."""
        if not isinstance(packet, Ether):
            packet = Ether(src=self.mac, dst=dst or self.relay_mac) / packet
        self.socket.send(bytes(packet))

    def frames(self, limit):
        """Frames from the relay, one by one, until `limit` seconds are over."""
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data, (_, _, kind, *_) = self.socket.recvfrom(65536)
            except TimeoutError:
                return
            if kind != socket.PACKET_OUTGOING:
                yield Ether(data)

    def drain(self):
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(65536)
        except BlockingIOError:
            pass

    def expect(self, what, matches, limit=5):
        """The next frame for which matches(frame) is true."""
        seen = []
        for frame in self.frames(limit):
            if matches(frame):
                return frame
            seen.append(frame.summary())
        raise LabError(f'no {what} within {limit} s; seen instead:\n' + '\n'.join(seen[-20:]))

    def ask(self, packet, what, matches, limit=5):
        self.drain()
        self.send(packet)
        return self.expect(what, matches, limit)

    def after_barrier(self, *packets):
        """Send these; return every frame from the relay up to the answer to an echo request sent behind them."""
        self.drain()
        for packet in packets:
            self.send(packet)
        ident = int.from_bytes(os.urandom(2), 'big')
        self.send(IP(src=PROBE4, dst=ANYCAST) / ICMP(type='echo-request', id=ident))
        seen = []
        for frame in self.frames(5):
            if ICMP in frame and frame[ICMP].type == 0 and frame[ICMP].id == ident:
                return seen
            seen.append(frame)
        raise LabError('the barrier was not answered')


def tunnelled(inner, src=PROBE4, dst=ANYCAST, **outer):
    """An IPv6 packet in protocol 41 from the probe's 6to4 site."""
    return IP(src=src, dst=dst, proto=41, **outer) / inner


def from_site(dst, **fields):
    return IPv6(src=PROBE_6TO4, dst=dst, **fields)
