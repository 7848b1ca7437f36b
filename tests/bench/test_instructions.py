# SPDX-License-Identifier: BSD-3-Clause
"""No lane takes more instructions per packet than instructions.json says, but for MARGIN.

TS_UPDATE_INSTRUCTIONS=1 in the environment writes the file anew. Compilers differ: with another one than the figures
were counted with, or another DPDK, there is nothing to compare.
"""

import json
import os
import pathlib
import subprocess

import pytest

import instructions

FIGURES = pathlib.Path(os.environ['TS_SOURCE_ROOT']) / 'tests/bench/instructions.json'
MARGIN = 1.02
BENCH = os.environ['TS_BENCH']


def first_line(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[0]


def environment():
    return {'compiler': first_line(os.environ['TS_CC'], '--version').split(' ', 1)[1],
            'dpdk': first_line('pkg-config', '--modversion', 'libdpdk'),
            'buildtype': os.environ['TS_BUILDTYPE']}


def test_instructions_per_packet():
    now = environment()
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    update = os.environ.get('TS_UPDATE_INSTRUCTIONS') == '1'
    if not update and {key: known.get(key) for key in now} != now:
        pytest.skip(f'expected: counted with {known.get("compiler")}, DPDK {known.get("dpdk")}, '
                    f'{known.get("buildtype")}; here are {now["compiler"]}, DPDK {now["dpdk"]}, {now["buildtype"]}')
    counted = instructions.count(BENCH)
    if update:
        FIGURES.write_text(json.dumps({**now, 'instructions': counted}, indent=1) + '\n')
        return
    was = known['instructions']
    for lane, n in counted.items():
        print(f'{lane:14} {n:8.1f}, was {was[lane]:8.1f}, {100 * (n / was[lane] - 1):+.1f} %')
    worse = [lane for lane, n in counted.items() if n > MARGIN * was[lane]]
    assert not worse, f'more instructions per packet: {", ".join(worse)}; if it is worth it: TS_UPDATE_INSTRUCTIONS=1'
