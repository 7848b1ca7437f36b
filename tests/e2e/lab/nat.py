# SPDX-License-Identifier: BSD-3-Clause
"""A NAT for UDP of one of the four kinds of RFC 3489, section 5, in a namespace of its own.

Not by the kernel: whether nftables maps a second destination to the same port is a matter of luck, and it has no
endpoint independent filtering at all. Here a mapping is a UDP socket on the outside address, so that the kernel looks
after checksums, fragments and ARP outside; a thread carries the data:

- inside to outside: an AF_PACKET socket on the inner device sees what the hosts send, the mapping's socket sends it on;
- outside to inside: what the mapping's socket receives and the filter lets through leaves by a raw socket, whose source
  address may be anybody's.

No port is used twice: after forget() or a time-out every mapping is a new one, and can be told from the old. Only UDP
is carried; inside, packets have no IPv4 options and are no fragments.
"""

import contextlib
import itertools
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

from .net import add_ns, add_veth, entered, sh

FULL_CONE, RESTRICTED, PORT_RESTRICTED, SYMMETRIC = KINDS = (
    'full cone', 'restricted cone', 'port restricted cone', 'symmetric')
INSIDE = '192.168.77'  # the NAT is .1, its one host .2
_ETH_P_IP, _SO_RCVBUFFORCE = 0x0800, 33
_PORTS = itertools.count(40001, 7)
_BUFFER = 4 << 20


@dataclass
class Mapping:
    inside: tuple  # (address, port) of the host
    port: int  # outside
    socket: socket.socket
    used: float  # when the host last sent by it
    allowed: dict = field(default_factory=dict)  # remote (address, port) -> when the host last sent there


class Nat:
    """`outside`, an address that the namespace has already, is that of all mappings; they are forgotten `timeout`
    seconds after the host last sent."""

    def __init__(self, kind, outside, ns='nat', device='i0', timeout=300.0):
        assert kind in KINDS
        self.kind, self.ns, self.timeout = kind, ns, timeout
        self.filtered = 0  # packets from outside that the filter did not let in
        self._outside, self._mappings = outside, {}
        self._lock = threading.Lock()
        self._ready = selectors.DefaultSelector()
        with entered(ns):
            self._sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
            self._sniffer.bind((device, _ETH_P_IP))
            self._sniffer.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
            self._inject = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._sniffer.setblocking(False)
        self._ready.register(self._sniffer, selectors.EVENT_READ, None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def forget(self):
        """As by a restart of the box: whatever the host sends next gets a new port. Returns how many were forgotten."""
        with self._lock:
            gone = len(self._mappings)
            for key in list(self._mappings):
                self._drop(key)
            return gone

    def mappings(self):
        """{outside port: (inside address and port, remote addresses and ports that the host has sent to)}"""
        with self._lock:
            self._age()
            return {m.port: (m.inside, set(m.allowed)) for m in self._mappings.values()}

    def close(self):
        self._stop.set()
        self._thread.join()
        self.forget()
        for s in self._sniffer, self._inject, self._ready:
            s.close()

    def explain(self):
        lines = [f'{self._outside}:{port} = {inside}, sent to {sorted(allowed)}\n'
                 for port, (inside, allowed) in self.mappings().items()]
        return f'--- NAT in {self.ns}: {self.kind}, {self.filtered} filtered\n{"".join(lines)}'

    def _drop(self, key):
        mapping = self._mappings.pop(key)
        self._ready.unregister(mapping.socket)
        mapping.socket.close()

    def _age(self):
        oldest = time.monotonic() - self.timeout
        for key, mapping in list(self._mappings.items()):
            if mapping.used < oldest:
                self._drop(key)
                continue
            for remote, used in list(mapping.allowed.items()):
                if used < oldest:
                    del mapping.allowed[remote]

    def _carry(self):
        with entered(self.ns):
            while not self._stop.is_set():
                for key, _ in self._ready.select(0.1):
                    with self._lock:
                        self._age()
                        if key.data is None:
                            self._outward()
                        elif key.data in self._mappings:  # else forgotten while this was waiting for the lock
                            self._inward(self._mappings[key.data])

    def _mapping(self, inside, remote):
        key = (inside, remote) if self.kind == SYMMETRIC else inside
        if key not in self._mappings:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            s.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
            port = next(_PORTS)
            s.bind((self._outside, port))
            self._mappings[key] = Mapping(inside, port, s, 0)
            self._ready.register(s, selectors.EVENT_READ, key)
        return self._mappings[key]

    def _outward(self):
        packet, (_, _, kind, *_) = self._sniffer.recvfrom(65536)
        if kind == socket.PACKET_OUTGOING or packet[0] != 0x45 or packet[9] != socket.IPPROTO_UDP:
            return
        source, remote = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        source_port, remote_port, length = struct.unpack('!3H', packet[20:26])
        if remote.startswith(f'{INSIDE}.') or packet[16] >= 224:  # for itself, multicast
            return
        mapping = self._mapping((source, source_port), (remote, remote_port))
        mapping.used = mapping.allowed[remote, remote_port] = time.monotonic()
        with contextlib.suppress(OSError):  # an ICMPv4 error about what was sent before
            mapping.socket.sendto(packet[28:20 + length], (remote, remote_port))

    def _lets_in(self, mapping, remote):
        if self.kind == FULL_CONE:
            return True
        if self.kind == RESTRICTED:
            return any(address == remote[0] for address, _ in mapping.allowed)
        return remote in mapping.allowed

    def _inward(self, mapping):
        try:
            data, remote = mapping.socket.recvfrom(65536)
        except OSError:  # an ICMPv4 error about what was sent
            return
        if not self._lets_in(mapping, remote):
            self.filtered += 1
            return
        # The kernel fills in the identification and the header's checksum; no UDP checksum is a valid one.
        udp = struct.pack('!4H', remote[1], mapping.inside[1], 8 + len(data), 0) + data
        header = struct.pack('!2B3H2BH4s4s', 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
                             socket.inet_aton(remote[0]), socket.inet_aton(mapping.inside[0]))
        self._inject.sendto(header + udp, (mapping.inside[0], 0))


def add_nat_host(nat='nat', host='client'):
    """A host with the NAT, a namespace that has its outside already, as its default router."""
    add_ns(host)
    add_veth(nat, 'i0', host, 'e0')
    sh(f'''ip -n {nat} addr add {INSIDE}.1/24 dev i0
        ip -n {host} addr add {INSIDE}.2/24 dev e0
        ip -n {host} route add default via {INSIDE}.1''')
