# SPDX-License-Identifier: BSD-3-Clause
"""Packets through the relay, thousands a second: which gateway each of them was sent to.

A packet for an IPv4 route goes in as native IPv6 to a 6to4 address and comes out in a tunnel; one for an IPv6 route goes
in in a tunnel and comes out native. Gateways are MAC addresses that no port of the LAN's bridge has, so the frames come
to the probe as well.
"""

import ipaddress
import socket
import struct
import threading
import time

from lab.exchange import PROBE4, PROBE6, PROBE_6TO4
from lab.net import entered, mac_of

ANYCAST = ipaddress.ip_address('192.88.99.1').packed
PORT = 4242


def _mac(text):
    return bytes.fromhex(text.replace(':', ''))


def _sum16(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def _inner(src, dst, number):
    """IPv6 with UDP and 8 bytes that number it."""
    udp = struct.pack('!HHHHQ', PORT, PORT, 16, 0, number)
    check = 0xffff ^ _sum16(src + dst + struct.pack('!IHBB', 16, 0, 0, 17) + udp)
    return struct.pack('!IHBB', 0x60000000, 16, 17, 64) + src + dst + udp[:6] + struct.pack('!H', check) + udp[8:]


class Wire:
    def __init__(self):
        self.relay, self.probe = _mac(mac_of('relay', 'ix0')), _mac(mac_of('probe', 'e0'))
        with entered('probe'):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.socket.bind(('e0', 0))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        # PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC
        self.socket.setsockopt(263, 1, struct.pack('iHH8s', self._ifindex(), 1, 0, b''))
        self.socket.settimeout(0.1)
        self.seen = {}  # number: MAC that it was sent to
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    @staticmethod
    def _ifindex():
        with entered('probe'):
            return socket.if_nametoindex('e0')

    def _receive(self):
        while not self._stop.is_set():
            try:
                frame, (_, _, kind, *_) = self.socket.recvfrom(2048)
            except TimeoutError:
                continue
            if kind == socket.PACKET_OUTGOING or frame[6:12] != self.relay:
                continue
            at = 34 if frame[12:14] == b'\x08\x00' and frame[23] == 41 else 14 if frame[12:14] == b'\x86\xdd' else 0
            if at and frame[at + 6] == 17 and frame[at + 40:at + 42] == struct.pack('!H', PORT):
                self.seen[struct.unpack_from('!Q', frame, at + 48)[0]] = frame[:6].hex(':')

    def send4(self, address, number):
        """To behind an IPv4 route."""
        dst = b'\x20\x02' + address.to_bytes(4, 'big') + bytes(9) + b'\x01'
        packet = _inner(ipaddress.ip_address(PROBE6).packed, dst, number)
        self.socket.send(self.relay + self.probe + b'\x86\xdd' + packet)

    def send6(self, address, number):
        packet = _inner(ipaddress.ip_address(PROBE_6TO4).packed, address.to_bytes(16, 'big'), number)
        header = struct.pack('!BBHIBBH', 0x45, 0, 20 + len(packet), 0, 64, 41, 0)
        header += ipaddress.ip_address(PROBE4).packed + ANYCAST
        header = header[:10] + struct.pack('!H', 0xffff ^ _sum16(header)) + header[12:]
        self.socket.send(self.relay + self.probe + b'\x08\x00' + header + packet)

    def settle(self, numbers, limit=10.0):
        """Wait for these; returns those that did not come."""
        end = time.monotonic() + limit
        while time.monotonic() < end and not all(n in self.seen for n in numbers):
            time.sleep(0.02)
        return [n for n in numbers if n not in self.seen]

    def deliver(self, family, addresses):
        """{address: MAC that its packet was sent to}, in step with the relay: what the wire loses is not meant here."""
        base = family << 40
        send = self.send4 if family == 4 else self.send6
        for i, address in enumerate(addresses):
            send(address, base + i)
            if i % 50 == 49:
                self.settle([base + i], 1)
        lost = self.settle(range(base, base + len(addresses)))
        for n in lost:  # once more
            send(addresses[n - base], n)
        assert not self.settle(lost, 3)
        return {a: self.seen[base + i] for i, a in enumerate(addresses)}

    def close(self):
        self._stop.set()
        self._thread.join()
        self.socket.close()


class Traffic(threading.Thread):
    """Round and round over the destinations until stopped: (family, address)."""

    def __init__(self, wire, destinations, pps=1500):
        super().__init__(daemon=True)
        self.wire, self.destinations, self.pps = wire, destinations, pps
        self.sent, self._stop_it = {}, threading.Event()  # number: destination

    def run(self):
        number = 1 << 32
        start = time.monotonic()
        while not self._stop_it.is_set():
            family, address = self.destinations[number % len(self.destinations)]
            (self.wire.send4 if family == 4 else self.wire.send6)(address, number)
            self.sent[number] = family, address
            number += 1
            ahead = start + (number - (1 << 32)) / self.pps - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)

    def stop(self):
        self._stop_it.set()
        self.join()
