# SPDX-License-Identifier: BSD-3-Clause
"""A flood of frames from a namespace on the LAN, for as long as wanted. Paced at what the lab's own bridge and veth
carry without loss: beyond that, the kernel's queues lose frames of sessions and streams alike, whatever the relay does.
"""

import ctypes
import os
import pathlib
import socket
import struct
import sys
import time

from .net import Process, entered, mac_of

_BATCH = 64
_PAUSE = 0.002  # seconds between batches
_PACKET_QDISC_BYPASS, _SOL_PACKET = 20, 263


class _Iovec(ctypes.Structure):
    _fields_ = [('base', ctypes.c_char_p), ('len', ctypes.c_size_t)]


class _Msghdr(ctypes.Structure):
    _fields_ = [('name', ctypes.c_void_p), ('namelen', ctypes.c_uint), ('iov', ctypes.POINTER(_Iovec)),
                ('iovlen', ctypes.c_size_t), ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t),
                ('flags', ctypes.c_int)]


class _Mmsghdr(ctypes.Structure):
    _fields_ = [('hdr', _Msghdr), ('len', ctypes.c_uint)]


def spoofed(site, number):
    """Protocol 41 to 192.88.99.1 whose inner source is another site's: the relay must look at all of it to refuse it."""
    inner = struct.pack('!IHBBH', 6 << 28, 8, 17, 64, 0x2002) + bytes((1, 2, 3, number)) + bytes(10) \
        + socket.inet_pton(socket.AF_INET6, '2001:db8:6::2') + struct.pack('!HHHH', number, 9, 8, 1)
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(inner), number, 0, 64, 41, 0,
                         socket.inet_aton(site), socket.inet_aton('192.88.99.1'))
    total = sum(struct.unpack('!10H', header))
    total = (total & 0xffff) + (total >> 16)
    return header[:10] + struct.pack('!H', ~(total + (total >> 16)) & 0xffff) + header[12:] + inner


def _send(device, destination, source, site):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(_SOL_PACKET, _PACKET_QDISC_BYPASS, 1)
    sock.bind((device, 0))
    ethernet = bytes.fromhex((destination + source).replace(':', '')) + b'\x08\x00'
    frames = [ethernet + spoofed(site, n) for n in range(_BATCH)]
    iovecs = [_Iovec(frame, len(frame)) for frame in frames]
    batch = (_Mmsghdr * _BATCH)(*(_Mmsghdr(_Msghdr(iov=ctypes.pointer(v), iovlen=1)) for v in iovecs))
    sendmmsg = ctypes.CDLL(None).sendmmsg
    while True:
        sendmmsg(sock.fileno(), batch, _BATCH, 0)
        time.sleep(_PAUSE)


class Flood:
    """Until close(). From a namespace on the LAN to the MAC of a relay."""

    def __init__(self, ns, destination, site, device='e0'):
        with entered(ns):
            self.process = Process(f'flood-{ns}', [
                '/usr/bin/python3', '-B', '-m', 'lab.stream_flood', device, destination, mac_of(ns, device), site],
                ns=ns, env={**os.environ, 'PYTHONPATH': str(pathlib.Path(__file__).parents[1])})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop(1)


if __name__ == '__main__':
    _send(*sys.argv[1:])
