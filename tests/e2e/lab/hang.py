# SPDX-License-Identifier: BSD-3-Clause
"""One thread of a process stopped while the others run: SIGSTOP would stop them all, so it is traced and interrupted.

The tracer is the thread that began it: seize and let go in the same one. If the test dies, the kernel lets it go.
"""

import contextlib
import ctypes
import os
import pathlib

from .net import LabError, wait_for

_PTRACE_SEIZE, _PTRACE_INTERRUPT, _PTRACE_DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def _ptrace(request, tid):
    if _libc.ptrace(request, tid, None, None) != 0:
        number = ctypes.get_errno()
        raise LabError(f'ptrace request {request:#x} of thread {tid}: {os.strerror(number)}')


def threads(pid, prefix):
    """Ids of the threads whose name begins so, by their names' order."""
    found = []
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        name = (task / 'comm').read_text().strip()
        if name.startswith(prefix):
            found.append((name, int(task.name)))
    return [tid for _, tid in sorted(found)]


@contextlib.contextmanager
def stopped(tid):
    """The thread does not run inside of this."""
    _ptrace(_PTRACE_SEIZE, tid)
    try:
        _ptrace(_PTRACE_INTERRUPT, tid)
        wait_for(f'thread {tid} to stop', lambda: os.waitpid(tid, _WALL | os.WNOHANG)[0] == tid, 2, 0.005)
        yield
    finally:
        with contextlib.suppress(LabError):  # it may be dead by now
            _ptrace(_PTRACE_DETACH, tid)


def workers(pid):
    """The worker threads of a tsunagid, as DPDK names them."""
    found = threads(pid, 'rte-worker') or threads(pid, 'lcore-worker')
    if not found:
        raise LabError(f'process {pid} has no worker threads')
    return found
