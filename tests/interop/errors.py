# SPDX-License-Identifier: BSD-3-Clause
"""The ICMPv6 errors that a host receives, after its kernel found their checksums right."""

import socket
import struct
import time
from dataclasses import dataclass

from scapy.layers.inet6 import IPv6

from lab.net import LabError, entered

UNREACHABLE, TOO_BIG, TIME_EXCEEDED = 1, 2, 3
_ICMP6_FILTER = 1
_IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT = 51, 52


@dataclass
class Error:
    source: str
    hop_limit: int
    type: int
    code: int
    word: int
    quoted: IPv6
    size: int  # of the IPv6 packet that brought it


class ErrorListener:
    """A raw socket in namespace `ns`, open from construction on: nothing that comes later is missed."""

    def __init__(self, ns):
        with entered(ns):
            self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        passed = (1 << UNREACHABLE) | (1 << TOO_BIG) | (1 << TIME_EXCEEDED)
        self.socket.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER,
                               struct.pack('=8I', 0xffffffff ^ passed, *[0xffffffff] * 7))
        self.socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def errors(self, limit):
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data, ancillary, _, address = self.socket.recvmsg(65536, 256)
            except TimeoutError:
                return
            hop_limit = next(struct.unpack('=i', d)[0] for _, kind, d in ancillary if kind == _IPV6_HOPLIMIT)
            yield Error(address[0], hop_limit, data[0], data[1], struct.unpack('!I', data[4:8])[0], IPv6(data[8:]),
                        40 + len(data))

    def expect(self, what, matches, limit=10):
        """The next error for which matches(error) is true."""
        seen = []
        for error in self.errors(limit):
            if matches(error):
                return error
            seen.append(f'{error.source}: type {error.type} code {error.code} word {error.word}')
        raise LabError(f'no {what} within {limit} s; seen instead:\n' + '\n'.join(seen[-20:]))
