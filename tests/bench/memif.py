#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""memif.py BUILD [--json FILE] [--seconds N] [--ring N] [KIND...]: the relay as it is between two net_memif ports.

tsunagid (or, to compare with, DPDK's testpmd, which only passes packets on) has a core and a process of its own;
memif_gen on another core sends on one port and receives on the other. The rate without loss is found by bisection: all
that was due was sent, all that was sent was received. Then latency at 50 % and 90 % of it. scripts/bench-memif runs it
under scripts/isolated.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

KINDS = ('6to4-encap', '6to4-decap')
PRECISION = 0.02  # of the rate
TRIES = 3         # of a rate at which something was lost while the kernel gave a core to somebody else
LEAST = 0.01      # of what was delivered at full load: where nothing that is more passes, the rate without loss is 0
LIMIT_S = 60
RING = 1024         # descriptors, a power of two

CONFIG = '''
memory: {{hugepages: auto}}
workers: {{cpus: [{cpu}], idle: spin}}
control: {{socket: "{dir}/tsunagi.sock", file-prefix: tsmemif, cpus: [{cpu}]}}
tables: {{ipv4-routes: 20000, ipv6-routes: 20000}}
ports:
  - {{name: in, device: "net_memif0,{side0}"}}
  - {{name: out, device: "net_memif1,{side1}"}}
interfaces:
  - {{name: in0, port: in, mtu: 1500, twin: none, addresses: [11.255.1.1/24, "2001:200:0:f01::1/64"]}}
  - {{name: out0, port: out, mtu: 1500, twin: none, addresses: [11.255.2.1/24, "2001:200:0:f02::1/64"]}}
local: {{icmp6-source: "2001:200:0:b000:192:88:99:1"}}
6to4: {{anycast: yes, source: anycast}}
6rd: [{{name: rd, prefix: "2001:d68::/32", ipv4-mask-len: 0, br: 192.88.255.6}}]
routes:
  - {{prefix: 0.0.0.0/0, via: 11.255.2.2, interface: out0}}
  - {{prefix: "::/0", via: "2001:200:0:f02::2", interface: out0}}
neighbours:
  - {{address: 11.255.2.2, interface: out0, mac: "02:00:00:00:00:02"}}
  - {{address: "2001:200:0:f02::2", interface: out0, mac: "02:00:00:00:00:02"}}
'''


def side(directory, number, role, ring):
    mac = ',mac=02:00:00:00:00:01' if role == 'server' else ''
    return f'role={role},id={number},socket={directory}/memif{number}.sock,socket-abstract=no,' \
        f'rsize={ring.bit_length() - 1}{mac}'


def relay(build, directory, cpu, ring):
    path = pathlib.Path(directory) / 'tsunagi.yaml'
    path.write_text(CONFIG.format(cpu=cpu, dir=directory, side0=side(directory, 0, 'server', ring),
                                  side1=side(directory, 1, 'server', ring)))
    return [build / 'tsunagid', '-c', path]


def testpmd(_build, directory, cpu, ring):
    """Its command line wants a main core besides; both are on the same CPU, where the main one sleeps."""
    return ['dpdk-testpmd', '--lcores', f'0@{cpu},1@{cpu}', '-m', '512', '--no-pci', '--no-telemetry', '--no-huge',
            '--no-shconf', '--file-prefix', 'tstestpmd', '--vdev', f'net_memif0,{side(directory, 0, "server", ring)}',
            '--vdev', f'net_memif1,{side(directory, 1, "server", ring)}', '--', '--forward-mode=io',
            '--port-topology=paired', '--auto-start', '--nb-cores=1', '--no-lsc-interrupt', '--total-num-mbufs=16383', '--stats-period=3600']


class Generator:
    def __init__(self, build, directory, cpu, kind, ring):
        self.process = subprocess.Popen(
            [build / 'tests/bench/memif_gen', '-l', str(cpu), '-m', '512', '--no-pci', '--no-telemetry', '--no-huge',
             '--no-shconf', '--log-level', '*:error', '--file-prefix', 'tsgen', '--vdev',
             f'net_memif0,{side(directory, 0, "client", ring)}', '--vdev',
             f'net_memif1,{side(directory, 1, "client", ring)}', '--', kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != 'ready\n':
            raise RuntimeError('the generator did not start')

    def run(self, rate, seconds):
        self.process.stdin.write(f'{rate:.0f} {seconds}\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(LIMIT_S)


def lossless(result):
    return result['received'] == result['sent'] >= 0.999 * result['due'] and result['wrong'] == 0


def passes(generator, rate, seconds):
    return any(lossless(generator.run(rate, seconds)) for _ in range(TRIES))


def best_rate(generator, seconds):
    """Packets a second, the highest found that lost nothing."""
    generator.run(0, seconds)  # wakes everything up
    full = generator.run(0, seconds)
    if full['received'] == 0:
        raise RuntimeError(f'nothing came through: {full}')
    low, high = 0.0, 1.2 * full['sent'] / full['seconds']
    while high - low > PRECISION * high and high > LEAST * full['received'] / full['seconds']:
        middle = (low + high) / 2
        if passes(generator, middle, seconds):
            low = middle
        else:
            high = middle
    return low, full


def measure(generator, name, seconds):
    rate, full = best_rate(generator, seconds)
    row = {'name': name, 'mpps': round(rate / 1e6, 3), 'offered_mpps': round(full['sent'] / full['seconds'] / 1e6, 3),
           'delivered_mpps': round(full['received'] / full['seconds'] / 1e6, 3), 'frame_ipv6_bytes': 72, 'flows': 65536}
    for percent in 50, 90:
        at = generator.run(rate * percent / 100, 2 * seconds)
        for key in 'p50_us', 'p99_us', 'p999_us', 'max_us', 'reordered', 'switches':
            row[f'{key}_at_{percent}'] = at[key]
    return row


def wait_ready(process, log, words):
    """Its ports have been started: a memif client that connects too early is turned away, and does not try again."""
    end = time.monotonic() + LIMIT_S
    while words not in pathlib.Path(log.name).read_text(errors='replace'):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f'{process.args[0]} did not start')
        time.sleep(0.02)


@contextlib.contextmanager
def running(argv, words, directory):
    log = open(pathlib.Path(directory) / 'log', 'w+')
    process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_ready(process, log, words)
        yield
    except BaseException:
        log.seek(0)
        sys.stderr.write(log.read()[-4000:])
        raise
    finally:
        process.terminate()
        process.wait(LIMIT_S)
        log.close()


def one(build, what, kind, cpus, seconds, ring):
    with tempfile.TemporaryDirectory(prefix='tsunagi-memif.') as directory:
        argv, words = (relay, 'tsunagid: ready') if what == 'memif' else (testpmd, 'start packet forwarding')
        with running(argv(build, directory, cpus[1], ring), words, directory):
            generator = Generator(build, directory, cpus[0], kind, ring)
            try:
                return {**measure(generator, f'{what}-{kind}', seconds), 'ring': ring}
            finally:
                generator.stop()


def show(row):
    print(f'{row["name"]:20} {row["mpps"]:7.2f}', *(
        f'{row[f"{p}_us_at_{percent}"]:9.1f}' for percent in (50, 90) for p in ('p50', 'p99', 'p999')), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build', type=pathlib.Path)
    parser.add_argument('--json')
    parser.add_argument('--seconds', type=float, default=1.0, help='of each trial')
    parser.add_argument('--ring', type=int, default=RING, help='descriptors')
    parser.add_argument('kinds', nargs='*', default=list(KINDS))
    args = parser.parse_intermixed_args()
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        sys.exit('bench-memif: two CPUs are needed, one for each process')
    peers = ['memif'] + (['testpmd'] if shutil.which('dpdk-testpmd') else [])
    print(f'{"":20} {"Mpps":>7} {"at 50 %:":>9} {"":9} {"":9} {"at 90 %:":>9}')
    print(f'{"row":20} {"no loss":>7}', *(f'{p:>9}' for p in 2 * ('p50 us', 'p99 us', 'p99.9')))
    rows = []
    for kind in args.kinds:
        for what in peers:
            rows.append(one(args.build, what, kind, cpus[-2:], args.seconds, args.ring))
            show(rows[-1])
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
