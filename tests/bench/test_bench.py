# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/bench promises of its JSON: the rows, the keys, and that the axes are what was asked for."""

import json
import os
import subprocess

import pytest

BENCH = os.environ['TS_BENCH']
KEYS = {'name', 'cycles_min', 'cycles_median', 'mpps_max', 'ratio_min', 'ratio_median', 'routes_v4', 'routes_v6', 
        'peers', 'frame_bytes', 'packets'}
LANES = ['io', '6to4-encap', '6to4-decap', '6rd-encap', '6rd-decap', 'isatap-encap', 'isatap-decap', 'teredo-encap',
         'teredo-decap', 'teredo-server', 'echo4', 'echo6']
EAL = ['-m', '1200', '--no-pci', '--no-telemetry', '--no-huge', '--no-shconf', '--log-level', '*:error']
TABLES = ['--routes-v4', '3000', '--routes-v6', '1000']


def run(cpus, *options):
    return subprocess.run([BENCH, '--lcores', cpus, *EAL, '--', *TABLES, *options],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300)


def measure(tmp_path, cpus, *options):
    path = tmp_path / 'bench.json'
    done = run(cpus, '--rounds', '1', '--json', path, *options)
    assert done.returncode == 0, done.stdout
    return {row['name']: row for row in json.loads(path.read_text())}


CPUS = sorted(os.sched_getaffinity(0))
ANY = f'0@({",".join(map(str, CPUS))})'  # times do not matter here: do not wait for a CPU that is busy


def test_every_lane_hot_and_cold(tmp_path):
    rows = measure(tmp_path, ANY, '--peers', '66000')
    assert set(rows) == {lane + suffix for lane in LANES for suffix in ('', '-cold')} | {'teredo-attack'}
    for row in rows.values():
        assert KEYS <= set(row), row
        assert row['cycles_min'] > 0 and row['mpps_max'] > 0 and row['ratio_min'] > 0
        assert (row['routes_v4'], row['routes_v6']) == (3000, 1000)
        assert row['packets'] == (65536 if row['name'].endswith(('-cold', '-attack')) else 1024)
    assert rows['6to4-encap']['frame_bytes'] == 62
    assert rows['6to4-decap']['frame_bytes'] == rows['6rd-decap']['frame_bytes'] == 82
    assert rows['teredo-decap']['frame_bytes'] == 90
    assert rows['teredo-encap']['peers'] == 66000 and rows['io']['peers'] == 0


def test_all_peers_as_flows(tmp_path):
    rows = measure(tmp_path, ANY, '--rows', 'teredo-??cap-cold', '--peers', '80000', '--spread')
    assert set(rows) == {'io', 'io-cold', 'teredo-encap-cold', 'teredo-decap-cold'}
    assert {rows[f'teredo-{way}-cold']['flows'] for way in ('encap', 'decap')} == {80000}


@pytest.mark.parametrize('size, frame', [('1480', 1494), ('imix', 357)])
def test_sizes(tmp_path, size, frame):
    rows = measure(tmp_path, ANY, '--rows', '6rd-encap,teredo-encap,echo6', '--peers', '1024', '--size', size)
    assert abs(rows['6rd-encap']['frame_bytes'] - frame) <= 1
    assert rows['teredo-encap']['frame_bytes'] <= 1294


def test_two_workers(tmp_path):
    if len(CPUS) < 2:
        pytest.skip('expected: two workers need two CPUs')
    rows = measure(tmp_path, f'0@{CPUS[-2]},1@{CPUS[-1]}', '--rows', '6to4-??cap,teredo-encap', '--peers', '1024',
                   '--workers', '2')
    for row in rows.values():
        assert row['workers'] == 2 and row['speedup'] > 0
        assert {'speedup_median', 'one_cycles_min', 'involuntary_switches'} <= set(row)


@pytest.mark.parametrize('options', [
    ['--rows', 'no-such-lane'], ['--peers', '1024'], ['--size', '20'], ['--rounds', '0']])
def test_refused(options):
    assert run(ANY, *options).returncode == 2
