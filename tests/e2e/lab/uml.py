# SPDX-License-Identifier: BSD-3-Clause
"""A real Linux kernel with sit, as a process: Debian's user-mode-linux, its root the host's own, read-only.

The host's kernel may lack sit; this one has it as a module. It boots in about two seconds. Its network is a TAP device
in the namespace where it runs; commands go over its first serial line, which is one end of a socket pair here.
"""

import json
import os
import pathlib
import shutil
import socket
import time

from .net import RUN, LabError, Process, sh

_MODULES = pathlib.Path('/usr/lib/uml/modules')


class UmlHost:
    def __init__(self, name, ns, tap, memory_mb=192):
        """Boot with its vec0 on the TAP device `tap`, which is made in `ns`. boot() waits until it takes commands."""
        home = RUN / f'uml-{name}'
        home.mkdir()
        version = next(p.name for p in _MODULES.iterdir())
        tree = home / 'lib/modules'
        tree.mkdir(parents=True)
        (tree / version).symlink_to(_MODULES / version)
        init = home / 'init'
        shutil.copy(pathlib.Path(__file__).with_name('uml_init.py'), init)
        self.home = home
        sh(f'ip -n {ns} tuntap add {tap} mode tap; ip -n {ns} link set {tap} up')
        self.line, theirs = socket.socketpair()
        with theirs:
            self.process = Process(f'uml-{name}', [
                'linux.uml', f'mem={memory_mb}M', 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro',
                f'init={init}', 'con=null', 'con0=null,fd:1', 'ssl=null', f'ssl0=fd:{theirs.fileno()}',
                f'vec0:transport=tap,ifname={tap},depth=64,gro=0', f'umid=tsunagi-{name}', 'quiet',
            ], ns=ns, pass_fds=[theirs.fileno()], env={**os.environ, 'TMPDIR': str(home), 'HOME': str(home)})
        self._pending = b''
        self._prepare = f'modprobe -d {home} sit\nip link set lo up\nip link set vec0 up\n'

    def boot(self, limit=60):
        """Seconds that its kernel was up when it first spoke."""
        uptime = self._read(limit)['boot']
        self.sh(self._prepare)
        return uptime

    def _read(self, limit):
        end = time.monotonic() + limit
        while b'\n' not in self._pending:
            self.line.settimeout(max(end - time.monotonic(), 0.001))
            try:
                chunk = self.line.recv(65536)
            except TimeoutError:
                raise LabError(f'{self.process.name}: no answer in {limit} s\n{self.process.log()}') from None
            if not chunk:
                raise LabError(f'{self.process.name}: gone\n{self.process.log()}')
            self._pending += chunk
        text, self._pending = self._pending.split(b'\n', 1)
        return json.loads(text)

    def run(self, script, limit=30, background=False):
        """(exit code, output) of some shell in the guest; `background` starts it and returns at once."""
        request = {'script': script, 'limit': limit, 'background': background}
        self.line.sendall(json.dumps(request).encode() + b'\n')
        answer = self._read(limit + 30)
        return answer['code'], answer['output']

    def sh(self, script, limit=30):
        code, output = self.run(script, limit)
        if code != 0:
            raise LabError(f'{self.process.name}: {script.strip()}: exit {code}\n{output}')
        return output

    def up_6to4(self, ipv4, gateway, relay='192.88.99.1', mtu=1480):
        """A 6to4 site of one host: `ipv4` is ADDRESS/LENGTH; native goes to `relay`. Returns its IPv6 address."""
        address = ipv4.split('/')[0]
        ipv6 = '2002:%02x%02x:%02x%02x::1' % tuple(map(int, address.split('.')))
        self.sh(f'''ip addr add {ipv4} dev vec0
            ip route add default via {gateway}
            ip tunnel add 6to4 mode sit remote any local {address} ttl 64
            ip link set 6to4 up mtu {mtu}
            ip -6 addr add {ipv6}/16 dev 6to4
            ip -6 route add 2000::/3 via ::{relay} dev 6to4''')
        return ipv6

    def stop(self):
        self.line.close()
        self.process.stop(0.5)
        shutil.rmtree(self.home, ignore_errors=True)
