# SPDX-License-Identifier: BSD-3-Clause
"""A cable between the wire sides of two net_tap ports: it carries every frame, also those that a bridge keeps (LACP)."""

import contextlib
import selectors
import socket
import threading

from .net import entered, sh

_ETH_P_ALL = 3


class Cable:
    def __init__(self, ns, *ends):
        """`ends`: two devices in `ns`, which exist already."""
        self.ns, self.ends, self.carried = ns, ends, 0
        with entered(ns):
            self._sockets = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) for _ in ends]
            for s, device in zip(self._sockets, ends):
                s.bind((device, 0))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self):
        with selectors.DefaultSelector() as ready:
            for s, other in zip(self._sockets, reversed(self._sockets)):
                ready.register(s, selectors.EVENT_READ, other)
            while not self._stop.is_set():
                for key, _ in ready.select(0.1):
                    with contextlib.suppress(OSError):  # a device that is down says so
                        frame, address = key.fileobj.recvfrom(65536)
                        if address[2] != socket.PACKET_OUTGOING:
                            key.data.send(frame)
                            self.carried += 1

    def _set(self, state):
        sh('\n'.join(f'ip -n {self.ns} link set {device} {state}' for device in self.ends))

    def cut(self):
        """Both ends lose the link, as they do when a cable is pulled."""
        self._set('down')

    def mend(self):
        self._set('up')

    def close(self):
        self._stop.set()
        self._thread.join()
        for s in self._sockets:
            s.close()
