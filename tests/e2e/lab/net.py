# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces, commands and processes in them, waiting."""

import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
RUN = pathlib.Path('/run/lab')  # logs, sockets, rendered configurations

_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab did not do what it should; the text says what and shows the output that explains it."""


def wait_for(what, condition, limit=10.0, interval=0.05):
    """Call condition() until it returns something true, and return that; LabError after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise LabError(f'waited {limit:g} s in vain for: {what}')
        time.sleep(interval)


def in_ns(ns, argv):
    return ['ip', 'netns', 'exec', ns, *map(str, argv)] if ns else list(map(str, argv))


def run(argv, ns=None, check=True, timeout=30, **kwargs):
    """Run to the end, output captured as text, stderr with stdout. LabError with the output if it fails and `check`."""
    try:
        done = subprocess.run(in_ns(ns, argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=kwargs.pop('stderr', subprocess.STDOUT), text=True, errors='replace',
                              timeout=timeout, **kwargs)
    except subprocess.TimeoutExpired as e:
        out = e.stdout.decode(errors='replace') if isinstance(e.stdout, bytes) else e.stdout or ''
        raise LabError(f'{" ".join(map(str, argv))}: not done after {timeout} s\n{out}') from None
    if check and done.returncode != 0:
        raise LabError(f'{" ".join(map(str, argv))}: exit {done.returncode}\n{done.stdout}')
    return done


def sh(script, ns=None, **kwargs):
    """A few lines of shell, stopping at the first that fails; returns the output."""
    return run(['sh', '-ec', script], ns, **kwargs).stdout


def ip_json(*args, ns):
    return json.loads(run(['ip', '-j', '-n', ns, *args], stderr=subprocess.PIPE).stdout or '[]')


def mac_of(ns, device):
    return ip_json('link', 'show', 'dev', device, ns=ns)[0]['address']


def has_device(ns, device):
    return run(['ip', '-n', ns, 'link', 'show', 'dev', device], check=False).returncode == 0


def add_ns(name):
    """A namespace that speaks only when spoken to: no autoconfiguration, no duplicate address detection."""
    sh(f'''ip netns add {name}
        ip -n {name} link set lo up''')
    sh('''cd /proc/sys/net
        for s in all default; do
            echo 0 >ipv6/conf/$s/disable_ipv6; echo 0 >ipv6/conf/$s/accept_ra; echo 0 >ipv6/conf/$s/accept_dad
            echo 0 >ipv6/conf/$s/router_solicitations; echo 0 >ipv4/conf/$s/rp_filter
        done''', ns=name)


def add_veth(ns, device, peer_ns, peer_device):
    """Offloads off: half-made checksums must not travel to what is not this kernel."""
    sh(f'''ip link add {device} netns {ns} type veth peer name {peer_device} netns {peer_ns}
        ip -n {ns} link set {device} up
        ip -n {peer_ns} link set {peer_device} up''')


_SIOCETHTOOL = 0x8946
_OFFLOADS = {'tx checksums': 0x17, 'tso': 0x1f, 'gso': 0x24, 'gro': 0x2c}  # ETHTOOL_S...


def offloads_off(ns, device):
    """Half-made checksums and segments must not travel to what is not this kernel."""
    with entered(ns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for command in _OFFLOADS.values():
            value = ctypes.create_string_buffer(struct.pack('=II', command, 0))
            fcntl.ioctl(s, _SIOCETHTOOL, struct.pack('16sP16x', device.encode(), ctypes.addressof(value)))


@contextlib.contextmanager
def entered(ns):
    """This thread in another network namespace; sockets opened there stay there."""
    back = os.open('/proc/self/ns/net', os.O_RDONLY)
    there = os.open(f'/run/netns/{ns}', os.O_RDONLY)
    try:
        if _libc.setns(there, 0) != 0:
            raise OSError(ctypes.get_errno(), f'setns {ns}')
        yield
    finally:
        _libc.setns(back, 0)
        os.close(there)
        os.close(back)


def _default_signals():
    """Whoever started the tests may have had them ignored, which a shell cannot undo."""
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, signal.SIG_DFL)


_FAVOUR = -15


def _favour(pid):
    """The scheduler weighs sessions first (autogroup), and threads within one of them only then."""
    with contextlib.suppress(FileNotFoundError):
        pathlib.Path(f'/proc/{pid}/autogroup').write_text(str(_FAVOUR))


def _favoured():
    _default_signals()
    os.nice(_FAVOUR)


class Process:
    """A process that runs until stopped; its output goes to RUN/<name>.log. `favoured`: before all others, as if it had
    CPUs of its own: a machine busy with something else must not look like a relay or a neighbour that fails.
    """

    def __init__(self, name, argv, ns=None, favoured=False, **kwargs):
        self.name = name
        self.log_path = RUN / f'{name}.log'
        with open(self.log_path, 'wb') as log:
            self.popen = subprocess.Popen(in_ns(ns, argv), stdin=kwargs.pop('stdin', subprocess.DEVNULL), stdout=log,
                                          stderr=subprocess.STDOUT, start_new_session=True,
                                          preexec_fn=_favoured if favoured else _default_signals, **kwargs)
        if favoured:
            _favour(self.pid)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        return self.log_path.read_text(errors='replace')

    def alive(self):
        return self.popen.poll() is None

    def check_alive(self):
        if not self.alive():
            raise LabError(f'{self.name} ended with {self.popen.returncode}:\n{self.log()}')
        return True

    def signal(self, number):
        if self.alive():
            self.popen.send_signal(number)

    def wait(self, limit=10):
        try:
            return self.popen.wait(limit)
        except subprocess.TimeoutExpired:
            raise LabError(f'{self.name} still runs after {limit} s:\n{self.log()}') from None

    def stop(self, limit=10):
        """SIGTERM, then SIGKILL to all that it started. Returns the exit code of an orderly end, else None."""
        code = None
        if self.alive():
            self.signal(signal.SIGTERM)
            with contextlib.suppress(LabError):
                code = self.wait(limit)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()
        return code if code is not None else self.popen.returncode
