# SPDX-License-Identifier: BSD-3-Clause
"""The switch's side of a LAG, as far as LACP sees it: it agrees to whatever it is told (PDUs: IEEE 802.1AX 6.4.2), and
says so every second by each member, whether or not it has been told something.

The frames themselves are a Linux bridge's, whose ports the members are: it sends no group's frames of LACP on.
"""

import contextlib
import selectors
import socket
import struct
import threading
import time

from .net import entered

_SLOW_PROTOCOLS = 0x8809
_GROUP = bytes.fromhex('0180c2000002')
_PARTICIPANT = struct.Struct('!H6sHHHB3x')  # system priority, system, key, port priority, port, state
_ACTOR, _PARTNER, _COLLECTOR = (1, 20), (2, 20), (3, 16)
_SYSTEM = bytes.fromhex('02000000005a')
# Active, short time-out, aggregable, in sync, collecting, distributing.
_STATE = 0x3f
_PERIOD = 1


class _Port:
    def __init__(self, device, number):
        self.number, self.partner = number, bytes(_PARTICIPANT.size)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_SLOW_PROTOCOLS))
        self.socket.bind((device, _SLOW_PROTOCOLS))

    def send(self):
        actor = _PARTICIPANT.pack(0x8000, _SYSTEM, 1, 0x80, self.number, _STATE)
        with contextlib.suppress(OSError):  # the device is down
            self.socket.send(_GROUP + _SYSTEM + struct.pack('!HBB', _SLOW_PROTOCOLS, 1, 1) + bytes(_ACTOR) + actor
                             + bytes(_PARTNER) + self.partner + bytes(_COLLECTOR) + bytes(14 + 52))

    def receive(self):
        with contextlib.suppress(OSError):
            frame, address = self.socket.recvfrom(2048)
            if address[2] == socket.PACKET_OUTGOING or len(frame) < 124 or frame[14] != 1:
                return
            self.partner = frame[18:18 + _PARTICIPANT.size]  # what its sender says of itself
            self.send()


class Switch:
    def __init__(self, ns, *members):
        """`members`: devices in `ns`, which exist already."""
        with entered(ns):
            self._ports = [_Port(device, n) for n, device in enumerate(members, 1)]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        due = 0
        with selectors.DefaultSelector() as ready:
            for port in self._ports:
                ready.register(port.socket, selectors.EVENT_READ, port)
            while not self._stop.is_set():
                for key, _ in ready.select(0.1):
                    key.data.receive()
                if time.monotonic() >= due:
                    due = time.monotonic() + _PERIOD
                    for port in self._ports:
                        port.send()

    def close(self):
        self._stop.set()
        self._thread.join()
        for port in self._ports:
            port.socket.close()
