#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions per packet of each lane, counted by callgrind: a regression guard that a busy machine cannot fool.

The bench runs its rows with the scalar stations (--count); callgrind collects while bench_counted() runs and writes
what it has when that returns, once for each row. Counted are the instructions of the program itself. Those of DPDK's
and libc's libraries are left out: libc chooses among versions of its functions by CPU, and the packets come out of a
driver for tests.
"""

import os
import pathlib
import re
import subprocess
import tempfile

LANES = ('6to4-encap', '6to4-decap', '6rd-encap', '6rd-decap', 'isatap-encap', 'isatap-decap', 'teredo-encap',
         'teredo-decap', 'teredo-server', 'echo4', 'echo6')
PACKETS = 4096
VALGRIND = ('valgrind', '--tool=callgrind', '--collect-atstart=no', '--toggle-collect=bench_counted',
            '--dump-after=bench_counted')
# valgrind does not know what EAL does with --in-memory, nor what is compiled for AVX-512.
EAL = ('-m', '300', '--no-pci', '--no-telemetry', '--no-huge', '--no-shconf', '--iova-mode=va', '--log-level',
       '*:error', '--force-max-simd-bitwidth=64')
TABLES = ('--routes-v4', '2000', '--routes-v6', '1000', '--peers', '1024')


def own_cost(path, program):
    """Sum of what callgrind charged to `program`'s functions, in one of its dumps.

    Names are given once, with a number in parentheses, and then by the number. The line after `calls=` is what the
    called function cost, which is counted where it is.
    """
    names, current, cost, called = {}, None, 0, False
    for line in path.open():
        name = re.match(r'(c?)ob=\((\d+)\)(?: (.*))?$', line)
        if name:
            if name[3]:
                names[name[2]] = name[3]
            if not name[1]:
                current = names[name[2]]
        elif line.startswith('calls='):
            called = True
        elif re.match(r'[-+*\d]\S* \d+$', line):
            if current == program and not called:
                cost += int(line.split()[1])
            called = False
    return cost


def count(bench):
    """{lane: instructions per packet}. On whichever CPU is free: instructions do not mind."""
    cpus = ','.join(map(str, sorted(os.sched_getaffinity(0))))
    program = str(pathlib.Path(bench).resolve())
    with tempfile.TemporaryDirectory(prefix='tsunagi-bench.') as scratch:
        out = pathlib.Path(scratch) / 'out'
        done = subprocess.run(
            [*VALGRIND, f'--callgrind-out-file={out}', program, '--lcores', f'0@({cpus})', *EAL, '--', *TABLES,
             '--rows', ','.join(LANES), '--count', str(PACKETS)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        rows = re.findall(rf'^counted (\S+) {PACKETS}$', done.stdout, re.M)
        if done.returncode != 0 or sorted(rows) != sorted(('io', *LANES)):
            raise RuntimeError(f'exit {done.returncode}\n{done.stdout}')
        return {row: round(own_cost(pathlib.Path(f'{out}.{i}'), program) / PACKETS, 1)
                for i, row in enumerate(rows, 1) if row != 'io'}
