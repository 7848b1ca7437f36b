# SPDX-License-Identifier: BSD-3-Clause
"""A small Teredo client (RFC 4380 5.2) with the symmetric NAT extension of RFC 6081, which Miredo lacks: it answers an
indirect bubble by a direct one with the same Nonce Trailer, so that a relay learns the mapping that the NAT made for
it; and with secure qualification.

Only what the tests need: echo, as the connectivity test and as data. It is honest and trusts everybody.
"""

import hmac
import ipaddress
import os
import socket
import struct
import time

from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptPrefixInfo, IPv6

from lab.net import LabError, entered

PORT = 3544
_NO_NEXT_HEADER = 59
_NONCE = 1


def _origin(data):
    port, address = struct.unpack('!H4s', data)
    return socket.inet_ntoa(bytes(b ^ 0xff for b in address)), port ^ 0xffff


class Datagram:
    """A UDP payload taken apart (F3 to F7)."""

    def __init__(self, data, source):
        self.source, self.trailers = source, {}
        self.nonce = self.identifier = self.value = self.confirmation = self.origin = None
        if data[:2] == b'\0\1':
            value = 4 + data[2]
            end = value + data[3]
            self.identifier, self.value = data[4:value], data[value:end]
            self.nonce, self.confirmation, data = data[end:end + 8], data[end + 8], data[end + 9:]
        self.covered = data  # by the value, behind nonce and confirmation; here without trailers
        if data[:2] == b'\0\0':
            self.origin, data = _origin(data[2:8]), data[8:]
        length = 40 + int.from_bytes(data[4:6], 'big')
        self.packet, rest = IPv6(data[:length]), data[length:]
        while len(rest) >= 2:
            self.trailers[rest[0]], rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]

    @property
    def is_bubble(self):
        return self.packet.nh == _NO_NEXT_HEADER and self.packet.plen == 0


class TeredoClient:
    def __init__(self, ns, server):
        with entered(ns):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server = (server, PORT)
        self.address = self.mapped_port = None
        self.relays = {}  # native address -> (IPv4 address, port) where its packets come from
        self.unsolicited = []  # echo requests that were answered

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, to, packet, trailers=b''):
        self.socket.sendto(bytes(packet) + trailers, to)

    def _receive(self, end):
        self.socket.settimeout(max(end - time.monotonic(), 0.001))
        try:
            return Datagram(*self.socket.recvfrom(2048))
        except TimeoutError:
            return None

    def solicit(self, identifier=b'', secret=None):
        """A router solicitation as from behind a NAT that is not a cone, which RFC 5991 has all do. Its nonce."""
        nonce = os.urandom(8)
        solicitation = bytes(IPv6(src='fe80::ffff:ffff:fffd', dst='ff02::2', hlim=255) / ICMPv6ND_RS())
        value = b'' if secret is None else hmac.digest(secret, nonce + b'\0' + solicitation, 'sha1')
        self.send(self.server, bytes([0, 1, len(identifier), len(value)]) + identifier + value + nonce + b'\0'
                  + solicitation)
        return nonce

    def qualify(self, identifier=b'', secret=None, limit=5):
        """Its address. With a secret, secure qualification (F4): the answer has to prove that the server knows it."""
        nonce = self.solicit(identifier, secret)
        answer = self._receive(time.monotonic() + limit)
        if not answer or answer.source != self.server or answer.nonce != nonce or ICMPv6ND_RA not in answer.packet:
            raise LabError(f'no advertisement for {nonce.hex()}: {answer and vars(answer)}')
        expected = b'' if secret is None else hmac.digest(secret, nonce + b'\0' + answer.covered, 'sha1')
        if (answer.identifier, answer.value, answer.confirmation) != (identifier, expected, 0):
            raise LabError(f'wrong authentication: {vars(answer)}')
        prefix = ipaddress.IPv6Address(answer.packet[ICMPv6NDOptPrefixInfo].prefix).packed[:8]
        address, port = answer.origin
        self.mapped_port = port
        self.address = str(ipaddress.IPv6Address(
            prefix + struct.pack('!HH', 0, port ^ 0xffff) + bytes(b ^ 0xff for b in socket.inet_aton(address))))
        return self.address

    def _handle(self, datagram):
        """Bubbles and echo requests are answered; whatever else is the caller's."""
        packet = datagram.packet
        if datagram.source == self.server and datagram.origin and datagram.is_bubble:
            nonce = datagram.trailers.get(_NONCE)
            trailers = bytes([_NONCE, len(nonce)]) + nonce if nonce else b''
            self.send(datagram.origin, IPv6(src=self.address, dst=packet.src, nh=_NO_NEXT_HEADER), trailers)
            return
        self.relays[packet.src] = datagram.source
        if ICMPv6EchoRequest in packet:
            request = packet[ICMPv6EchoRequest]
            self.unsolicited.append(request.seq)
            self.send(datagram.source, IPv6(src=self.address, dst=packet.src)
                      / ICMPv6EchoReply(id=request.id, seq=request.seq, data=request.data))

    def serve(self, until, limit=10):
        """Until until() is true: for contacts that others start."""
        end = time.monotonic() + limit
        while not until():
            if time.monotonic() > end:
                raise LabError(f'the Teredo client served {limit} s in vain; it answered {self.unsolicited}')
            if datagram := self._receive(time.monotonic() + 0.05):
                self._handle(datagram)

    def _ask(self, to, dst, hop_limit, limit):
        data = os.urandom(16)
        self.send(to, IPv6(src=self.address, dst=dst, hlim=hop_limit) / ICMPv6EchoRequest(id=1, data=data))
        end = time.monotonic() + limit
        while datagram := self._receive(end):
            self._handle(datagram)
            packet = datagram.packet
            if ICMPv6EchoReply in packet and packet.src == dst and bytes(packet[ICMPv6EchoReply].data) == data:
                return True
        return False

    def contact(self, dst, limit=3):
        """The connectivity test through the server (5.2.9): True when the answer came, by a relay."""
        return self._ask(self.server, dst, 21, limit)

    def ping(self, dst, limit=3):
        """Through the relay of `dst`."""
        return self._ask(self.relays[dst], dst, 64, limit)
