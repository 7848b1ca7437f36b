#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""startup.py TSUNAGID TSUNAGICTL [--full]: seconds from exec to the first forwarded packet, and memory; prints JSON.

Runs under scripts/isolated. The relay has a net_tap port; a native IPv6 packet for a 6to4 site goes into its wire side
every millisecond until one comes out in protocol 41. Tables have their default sizes, and are empty but for two static
routes. With --full a million Teredo peers are configured, and full tables come over FPM; the memory is then what is
resident and, where there are hugepages, all of those that EAL took. Without them what was never written to, as the
table of peers, is not in it: memory_hugepages_mb is then 0.
"""

import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / 'e2e'), str(TESTS / 'full')]

LIMIT_S = 60
WIRE, TWIN, FPM_PORT = 'tswire', 'ts0', 2620
GATEWAY4, GATEWAY6, GATEWAY_MAC = '198.51.100.2', '2001:db8:100::2', bytes((2, 0, 0, 0, 0, 2))
SITE4, HOST6 = '11.0.0.1', '2400::1'
PROTOCOL_41 = 41

CONFIG = f'''
memory: {{hugepages: auto}}
workers: {{cpus: [%d], idle: %s}}
control: {{socket: "%s/tsunagi.sock", file-prefix: tsstart}}
fpm: {{address: 127.0.0.1, port: {FPM_PORT}}}
ports: [{{name: ix, device: "net_tap0,iface={WIRE}"}}]
interfaces:
  - {{name: {TWIN}, port: ix, mtu: 1500, addresses: [198.51.100.1/24, "2001:db8:100::1/64"]}}
source-policy: {{ipv4: core}}
local: {{icmp6-source: "2001:200:0:b000:192:88:99:1"}}
6to4: {{anycast: yes, source: anycast}}
routes:
  - {{prefix: 0.0.0.0/0, via: {GATEWAY4}}}
  - {{prefix: "::/0", via: "{GATEWAY6}"}}
neighbours:
  - {{address: {GATEWAY4}, interface: {TWIN}, mac: "02:00:00:00:00:02"}}
  - {{address: "{GATEWAY6}", interface: {TWIN}, mac: "02:00:00:00:00:02"}}
'''
TEREDO = 'teredo-relay: {address: 198.51.100.1, port: 3545, peers: 1000000}\n'


def frame(mac):
    site = b'\x20\x02' + socket.inet_aton(SITE4) + bytes(9) + b'\x01'
    return (mac + GATEWAY_MAC + b'\x86\xdd' + struct.pack('!IHBB', 6 << 28, 8, socket.IPPROTO_UDP, 64) +
            socket.inet_pton(socket.AF_INET6, HOST6) + site + struct.pack('!HHHH', 4096, 4096, 8, 0xffff))


def open_wire():
    """The wire side of the port once it is there; None before."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    try:
        s.bind((WIRE, 0))
    except OSError:
        s.close()
        return None
    s.settimeout(0.001)
    return s


def is_forwarded(data):
    return len(data) > 34 and data[12:14] == b'\x08\x00' and data[23] == PROTOCOL_41


def first_packet(relay, since):
    """Seconds from `since` until a packet was forwarded."""
    wire = None
    while time.monotonic() - since < LIMIT_S:
        if relay.poll() is not None:
            sys.exit(f'tsunagid ended with {relay.returncode}')
        if wire is None:
            wire = open_wire()
            if wire is None:
                time.sleep(0.001)
                continue
        try:
            # The device's address is the port's own once that has been started.
            wire.send(frame(wire.getsockname()[4]))
            while True:
                if is_forwarded(wire.recv(2048)):
                    return time.monotonic() - since
        except OSError:  # the device is down, or nothing came within a millisecond
            continue
    sys.exit(f'no packet was forwarded within {LIMIT_S} s')


def attribute(kind, data):
    return struct.pack('=HH', 4 + len(data), kind) + data + bytes(-len(data) % 4)


def route(family, prefix, length, gateway, oif):
    """An RTM_NEWROUTE in an FPM message, as zebra sends it: protocol BGP, table main."""
    size, fam = (4, socket.AF_INET) if family == 4 else (16, socket.AF_INET6)
    body = struct.pack('=BBBBBBBBI', fam, length, 0, 0, 254, 186, 0, 1, 0)
    body += attribute(1, prefix.to_bytes(size, 'big')) + attribute(6, struct.pack('=I', 20))
    body += attribute(5, gateway) + attribute(4, struct.pack('=I', oif))
    message = struct.pack('=IHHII', 16 + len(body), 24, 0x401, 0, 0) + body
    return struct.pack('!BBH', 1, 1, 4 + len(message)) + message


def send_tables():
    """Full tables over FPM. Returns how many routes, IPv4 and IPv6, and the connection, which has to stay."""
    from internet import prefixes4, prefixes6
    oif = socket.if_nametoindex(TWIN)
    gateways = {4: socket.inet_aton(GATEWAY4), 6: socket.inet_pton(socket.AF_INET6, GATEWAY6)}
    tables = {4: prefixes4(), 6: prefixes6()}
    fpm = socket.create_connection(('127.0.0.1', FPM_PORT), timeout=LIMIT_S)
    for family, prefixes in tables.items():
        fpm.sendall(b''.join(route(family, p, length, gateways[family], oif) for p, length in prefixes))
    return len(tables[4]), len(tables[6]), fpm


def wait_tables(ctl, n4, n6, relay):
    end = time.monotonic() + 2 * LIMIT_S
    while time.monotonic() < end:
        done = subprocess.run([*ctl, 'show', 'tables'], stdout=subprocess.PIPE, text=True)
        tables = json.loads(done.stdout or '{}').get('tables', {})
        if relay.poll() is None and tables and has_routes(tables, n4, n6):
            return
        time.sleep(0.2)
    sys.exit(f'the routes did not arrive: {done.stdout}')


def has_routes(tables, n4, n6):
    return tables['ipv4_routes'] >= n4 and tables['ipv6_routes'] >= n6


def memory_mb(pid):
    """MiB: all, and the hugepages in it."""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    ordinary, huge = (int(re.search(rf'^{key}:\s+(\d+) kB$', status, re.M)[1]) / 1024
                      for key in ('VmRSS', 'HugetlbPages'))
    return round(ordinary + huge, 1), round(huge, 1)


def run(tsunagid, scratch, full, then):
    path = pathlib.Path(scratch) / 'tsunagi.yaml'
    idle = 'pause' if full else 'spin'
    path.write_text(CONFIG % (max(os.sched_getaffinity(0)), idle, scratch) + (TEREDO if full else ''))
    with open(pathlib.Path(scratch) / 'log', 'w+') as log:
        since = time.monotonic()
        relay = subprocess.Popen([tsunagid, '-c', path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            return then(relay, since)
        except SystemExit:
            log.seek(0)
            sys.stderr.write(log.read())
            raise
        finally:
            relay.terminate()
            relay.wait(30)


def main():
    tsunagid, tsunagictl = sys.argv[1:3]
    result = {}
    with tempfile.TemporaryDirectory(prefix='tsunagi-bench.') as scratch:
        ctl = [tsunagictl, '-s', f'{scratch}/tsunagi.sock', '--json']

        def memory(relay, since):
            first_packet(relay, since)
            empty = memory_mb(relay.pid)
            n4, n6, fpm = send_tables()
            with fpm:
                wait_tables(ctl, n4, n6, relay)
                full = memory_mb(relay.pid)
            return {'memory_mb': full[0], 'memory_hugepages_mb': full[1], 'memory_empty_mb': empty[0]}

        result['startup_s'] = round(min(run(tsunagid, scratch, False, first_packet) for _ in range(3)), 3)
        if '--full' in sys.argv[3:]:
            result.update(run(tsunagid, scratch, True, memory))
    json.dump(result, sys.stdout)
    print()


if __name__ == '__main__':
    main()
