# SPDX-License-Identifier: BSD-3-Clause
"""Numbered packets both ways between 6to4 sites and a native host, without a guest kernel: who lost what, and when.

Up: from each of a row of 6to4 sites in one namespace, in protocol 41 to 192.88.99.1, to a UDP port of the native host.
Down: from there to each site; the relay must tunnel to the IPv4 address that the destination embeds. Every packet
carries its direction, flow and number; one that comes by another flow, from a wrong source or twice is counted as
wrong. A process of its own sends and receives, at a steady rate; the tests ask it over a socket. Its clock is
CLOCK_MONOTONIC, so its times compare with time.monotonic() in the test.
"""

import collections
import ipaddress
import json
import os
import pathlib
import select
import socket
import struct
import sys
import time

from .net import LabError, Process, entered, wait_for

_TICK = 0.004
_UNDER_WAY = 0.1  # seconds: a packet older than this and not there yet may be lost
_MAGIC = 0x7473756e
_PAYLOAD = struct.Struct('!IHHI')  # magic, direction, flow, number
_UP, _DOWN = 0, 1
_SITE_PORT, _HOST_PORT = 5000, 7000
_IPPROTO_41, _IP_HDRINCL, _SO_RCVBUFFORCE = 41, 3, 33
# Room for what comes while this process does not run: a busy machine must not look like a lossy relay.
_RECEIVE_BUFFER = 4 << 20

#: What became of the packets that were sent since a mark: `first` and `last` are when the first and the last lost one
#: were sent (None without loss), `wrong` counts what arrived but should not have, `errors` ICMPv6 errors to the sites
#: and packets that could not be sent.
Fate = collections.namedtuple('Fate', 'sent lost first last wrong errors')


def sites(first, count):
    """(IPv4, IPv6) addresses of `count` 6to4 sites from the IPv4 address `first` on."""
    for n in range(count):
        ipv4 = ipaddress.IPv4Address(first) + n
        yield str(ipv4), str(ipaddress.IPv6Address(0x2002 << 112 | int(ipv4) << 80 | 1))


class _Direction:
    """What was sent, when, and what of it has arrived."""

    def __init__(self):
        self.sent, self.arrived, self.wrong, self.errors = [], bytearray(), 0, 0

    def next(self):
        self.sent.append(time.monotonic())
        self.arrived.append(0)
        return len(self.sent) - 1

    def took(self, number):
        if number >= len(self.arrived) or self.arrived[number]:
            self.wrong += 1
        else:
            self.arrived[number] = 1

    def mark(self):
        return len(self.sent), self.wrong, self.errors

    def report(self, start, end):
        (start, wrong, errors), (end, *_) = start, end or self.mark()
        lost = [i for i in range(start, end) if not self.arrived[i]]
        return {'sent': end - start, 'lost': len(lost), 'first': self.sent[lost[0]] if lost else None,
                'last': self.sent[lost[-1]] if lost else None,
                'wrong': self.wrong - wrong, 'errors': self.errors - errors}


def _sum16(data):
    return sum(struct.unpack(f'!{len(data) // 2}H', data))


class _Worker:
    """The process that sends and receives."""

    def __init__(self, site, host, first, flows, host_address, relay, rate):
        self.flows, self.rate = list(sites(first, flows)), rate
        self.relay = socket.inet_aton(relay)
        self.host = socket.inet_pton(socket.AF_INET6, host_address)
        self.directions = _Direction(), _Direction()
        with entered(site):
            self.site = socket.socket(socket.AF_INET, socket.SOCK_RAW, _IPPROTO_41)
            self.site.setsockopt(socket.IPPROTO_IP, _IP_HDRINCL, 1)
        with entered(host):
            self.native = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self.native.bind((host_address, _HOST_PORT))
        for s in self.site, self.native:
            s.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
            s.setblocking(False)
        self.by_site = {socket.inet_pton(socket.AF_INET6, ipv6): n for n, (_, ipv6) in enumerate(self.flows)}

    def _up_packet(self, flow, number):
        """UDP in IPv6 in IPv4; the kernel fills in the outer header's checksum and identification."""
        ipv4, ipv6 = self.flows[flow]
        payload = _PAYLOAD.pack(_MAGIC, _UP, flow, number)
        source, length = socket.inet_pton(socket.AF_INET6, ipv6), 8 + len(payload)
        ports = struct.pack('!HHH', _SITE_PORT + flow, _HOST_PORT, length)
        total = _sum16(source + self.host + struct.pack('!HH', 17, length) + ports + payload)
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        inner = struct.pack('!IHBB', 6 << 28, length, 17, 64) + source + self.host + ports \
            + struct.pack('!H', ~total & 0xffff or 0xffff) + payload
        outer = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(inner), 0, 0, 64, _IPPROTO_41, 0,
                            socket.inet_aton(ipv4), self.relay)
        return outer + inner

    def _send(self, direction):
        number = self.directions[direction].next()
        flow = number % len(self.flows)
        ipv4, ipv6 = self.flows[flow]
        try:
            if direction == _UP:
                self.site.sendto(self._up_packet(flow, number), (socket.inet_ntoa(self.relay), 0))
            else:
                self.native.sendto(_PAYLOAD.pack(_MAGIC, _DOWN, flow, number), (ipv6, _SITE_PORT + flow))
        except OSError:  # an error of an earlier packet is reported here, and this one is not sent: try once more
            self.directions[direction].errors += 1

    def _take_up(self):
        data, (address, port, *_) = self.native.recvfrom(2048)
        source = self.by_site.get(socket.inet_pton(socket.AF_INET6, address))
        self._take(_UP, data, source if source is not None and port == _SITE_PORT + source else None)

    def _take_down(self):
        data = self.site.recv(2048)
        if len(data) >= 60 and data[26] == socket.IPPROTO_ICMPV6:
            self.directions[_UP].errors += 1
            return
        flow = self.by_site.get(data[44:60])
        right = (flow is not None and data[12:16] == self.relay and data[16:20] == data[46:50]
                 and data[28:44] == self.host and data[26] == socket.IPPROTO_UDP
                 and data[60:64] == struct.pack('!HH', _HOST_PORT, _SITE_PORT + flow))
        self._take(_DOWN, data[68:], flow if right else None)

    def _take(self, direction, payload, flow):
        if flow is None or len(payload) != _PAYLOAD.size:
            self.directions[direction].wrong += 1
            return
        magic, its_direction, its_flow, number = _PAYLOAD.unpack(payload)
        if (magic, its_direction, its_flow) == (_MAGIC, direction, flow) and number % len(self.flows) == flow:
            self.directions[direction].took(number)
        else:
            self.directions[direction].wrong += 1

    def _answer(self, line):
        start, end = json.loads(line.recv(4096))
        if start is None:
            answer = [d.mark() for d in self.directions]
        else:
            answer = [d.report(a, b) for d, a, b in zip(self.directions, start, end or (None, None))]
        line.send(json.dumps(answer).encode())

    def run(self, line):
        takers = {self.native: self._take_up, self.site: self._take_down}
        begin, done = time.monotonic(), 0
        while True:
            ready = select.select([line, *takers], [], [], _TICK)[0]
            for s in ready:
                if s is line:
                    if not line.recv(1, socket.MSG_PEEK):
                        return
                    self._answer(line)
                    continue
                try:
                    while True:
                        takers[s]()
                except OSError:
                    pass  # empty, or an ICMP error of an earlier packet
            # What a busy machine kept it from sending is not made up for: a burst is another test.
            due = int((time.monotonic() - begin) * self.rate)
            for _ in range(min(due - done, 8)):
                self._send(_UP)
                self._send(_DOWN)
            done = due


class Stream:
    """Runs from construction to close(). `rate` packets a second each way, over `flows` sites in turn."""

    def __init__(self, site, host, first, host_address, flows=32, relay='192.88.99.1', rate=500):
        self.rate = rate
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {'site': site, 'host': host, 'first': first, 'host_address': host_address, 'flows': flows,
                    'relay': relay, 'rate': rate}
        with theirs:
            self.process = Process('stream', ['/usr/bin/python3', '-B', '-m', 'lab.stream', str(theirs.fileno()),
                                              json.dumps(settings)], pass_fds=[theirs.fileno()],
                                   env={**os.environ, 'PYTHONPATH': str(pathlib.Path(__file__).parents[1])})
        self.line.settimeout(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _ask(self, *request):
        try:
            self.line.send(json.dumps(request).encode())
            return json.loads(self.line.recv(65536))
        except (OSError, ValueError):
            raise LabError(f'the stream does not answer:\n{self.process.log()}') from None

    def mark(self):
        """The beginning of what is sent from now on, or the end of what was."""
        return self._ask(None, None)

    def fates(self, start, end=None):
        """(up, down): the Fate of what was sent from mark to mark; what is still under way counts as lost."""
        return tuple(Fate(**report) for report in self._ask(start, end))

    def wait_clean(self, seconds, limit=20):
        """Wait until nothing has been lost for `seconds`. Returns the mark where that time began."""
        mark, at = self.mark(), time.monotonic()

        def clean():
            nonlocal mark, at
            asked = time.monotonic()
            fates = self.fates(mark)
            if any(f.lost and f.first < asked - _UNDER_WAY for f in fates):
                mark, at = self.mark(), time.monotonic()
            return asked - at >= seconds and all(f.sent for f in fates)
        wait_for(f'{seconds} s without loss', clean, limit)
        return mark

    def settled(self, start, quiet=0.5, limit=20):
        """(up, down) since `start`, once nothing has been lost for `quiet` seconds; nothing is under way then."""
        clean = self.wait_clean(quiet, limit)
        end = self.mark()
        wait_for('what is under way to arrive', lambda: not any(f.lost for f in self.fates(clean, end)), 5)
        return self.fates(start, end)

    def close(self):
        self.line.close()
        self.process.stop(2)


if __name__ == '__main__':
    _Worker(**json.loads(sys.argv[2])).run(socket.socket(fileno=int(sys.argv[1])))
