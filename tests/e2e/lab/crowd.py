# SPDX-License-Identifier: BSD-3-Clause
"""Hundreds of members of an exchange in one thread: each has a MAC address, answers ARP and neighbour solicitations for
its IPv4 and IPv6 address, and notes the marked packets that reach it. The relay's kernel never talks to them otherwise.
"""

import collections
import ipaddress
import socket
import struct
import threading
import time

from .net import entered

MARK = b'TSUN'
BROADCAST = b'\xff' * 6
_ETH_P_ALL = 3

Arrival = collections.namedtuple('Arrival', 'mac when')


def v4(i):
    return str(ipaddress.IPv4Address('198.51.101.0') + i)


def v6(i):
    return f'2001:db8:100::1:{i:x}'


def mac(i, generation=0):
    return bytes((2, 0xc0, generation, 0, i >> 8, i & 255))


def payload(i, family, seq):
    return MARK + struct.pack('!HHI', i, family, seq)


def _checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _advertisement(src_mac, dst_mac, target, dst, solicited):
    body = struct.pack('!BBHI', 136, 0, 0, 0x60000000 if solicited else 0x20000000) + target + b'\x02\x01' + src_mac
    pseudo = target + dst + struct.pack('!II', len(body), 58)
    body = body[:2] + struct.pack('!H', _checksum(pseudo + body)) + body[4:]
    return dst_mac + src_mac + struct.pack('!HIHBB', 0x86dd, 0x60000000, len(body), 58, 255) + target + dst + body


def _arp(src_mac, dst_mac, op, sender, target_mac, target):
    return dst_mac + src_mac + struct.pack('!HHHBBH', 0x0806, 1, 0x0800, 6, 4, op) + src_mac + sender + target_mac + target


class Crowd:
    def __init__(self, n, ns='crowd', device='e0'):
        self.mac = {i: mac(i) for i in range(1, n + 1)}
        self.by_v4 = {ipaddress.ip_address(v4(i)).packed: i for i in self.mac}
        self.by_v6 = {ipaddress.ip_address(v6(i)).packed: i for i in self.mac}
        self.muted = set()
        self.asked = collections.Counter()  # by member: unicast questions of either family
        self.arrived = {}  # (member, family, sequence number) -> Arrival
        with entered(ns):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            self.socket.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
            self.socket.bind((device, 0))
        self.socket.settimeout(0.2)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def close(self):
        self.ended.set()
        self.thread.join()
        self.socket.close()

    def _run(self):
        while not self.ended.is_set():
            try:
                frame, (_, _, kind, *_) = self.socket.recvfrom(65536)
            except TimeoutError:
                continue
            if kind != socket.PACKET_OUTGOING:
                self._take(frame)

    def _take(self, frame):
        at = frame.rfind(MARK)
        if at > 0:
            i, family, seq = struct.unpack_from('!HHI', frame, at + 4)
            self.arrived[i, family, seq] = Arrival(frame[:6], time.monotonic())
        elif frame[12:14] == b'\x08\x06' and frame[20:22] == b'\0\1':
            self._answer(self.by_v4.get(frame[38:42]), frame)
        elif frame[12:14] == b'\x86\xdd' and frame[20] == 58 and frame[54] == 135:
            self._answer(self.by_v6.get(frame[62:78]), frame)

    def _answer(self, i, frame):
        if i is None or i in self.muted or not (frame[0] & 1 or frame[:6] == self.mac[i]):
            return
        self.asked[i] += not frame[0] & 1
        if frame[12:14] == b'\x08\x06':
            self.socket.send(_arp(self.mac[i], frame[6:12], 2, frame[38:42], frame[6:12], frame[28:32]))
        else:
            self.socket.send(_advertisement(self.mac[i], frame[6:12], frame[62:78], frame[22:38], True))

    def claim(self, i, own_mac):
        """The addresses of a member, said to be at this MAC address, without having been asked."""
        a4, a6 = ipaddress.ip_address(v4(i)).packed, ipaddress.ip_address(v6(i)).packed
        self.socket.send(_arp(own_mac, BROADCAST, 1, a4, bytes(6), a4))
        all_nodes = ipaddress.ip_address('ff02::1').packed
        self.socket.send(_advertisement(own_mac, b'\x33\x33\0\0\0\1', a6, all_nodes, False))
