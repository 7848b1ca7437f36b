# SPDX-License-Identifier: BSD-3-Clause
"""scripts/demo itself: works, and leaves nothing behind however it ends."""

import contextlib
import os
import pathlib
import signal
import subprocess

from lab.net import ROOT, Process, run, wait_for

DEMO = ROOT / 'scripts/demo'


def remains():
    """Processes of a lab, namespaces and sockets outside of it (this test is the outside)."""
    found = []
    for comm in pathlib.Path('/proc').glob('[0-9]*/comm'):
        with contextlib.suppress(OSError):
            found.append(comm.read_text().strip())
    found = [name for name in found if name in ('tsunagid', 'bird', 'linux.uml', 'unshare', 'setpriv')]
    return found + os.listdir('/run/netns') + os.listdir('/run/lab') + [
        f for f in os.listdir('/run') if f in ('tsunagi', 'dpdk')]


def started_stay():
    process = Process('../demo', [DEMO, '--stay'])
    wait_for('the demo to say that it stays', lambda: process.check_alive() and 'until Ctrl-C' in process.log(), 180)
    return process


def test_demo():
    done = subprocess.run([DEMO], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout
    for text in 'All of it worked', ' 1  2001:200:0:b000:192:88:99:1 ', 'Established', '6to4_decap_packets':
        assert text in done.stdout, done.stdout
    assert remains() == []


def test_interrupt_and_kill_leave_nothing():
    for number, group in (signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGKILL, False):
        process = started_stay()
        if group:
            os.killpg(process.pid, number)  # what Ctrl-C does
        else:
            process.signal(number)
        process.wait(30)
        wait_for(f'everything to go after {number.name}', lambda: remains() == [], 15)
        assert 'FAILED' not in process.log()
        process.log_path.unlink()


def test_wrong_option():
    done = run([DEMO, '--nonsense'], check=False)
    assert done.returncode == 1 and 'usage' in done.stdout


def test_unknown_suite_is_named():
    done = run([ROOT / 'scripts/test', 'nonsense'], check=False)
    assert done.returncode == 1
    for suite in 'nonsense', 'unit', 'wire', 'e2e', 'interop', 'fuzz':
        assert suite in done.stdout
