# SPDX-License-Identifier: BSD-3-Clause
"""FRR in a namespace: zebra and the daemons that are asked for, with sockets and files of their own, as the user frr.
As Debian's service does it they start with nothing, and vtysh then gives each its part of the one configuration.
"""

import contextlib
import json
import pathlib
import shutil
import signal

from .net import RUN, LabError, Process, run, wait_for

PROGRAMS = pathlib.Path('/usr/lib/frr')
CRASH_LOGS = pathlib.Path('/var/tmp')  # below it FRR makes a directory for each process, whatever it is told


class Frr:
    """`config`: a file, or the text itself. `fpm`: zebra sends its routes to 127.0.0.1:2620 as well."""

    def __init__(self, ns, config, daemons=('bgpd',), fpm=False, zebra_options=()):
        self.ns, self.fpm, self.zebra_options = ns, fpm, zebra_options
        self.daemons = ('zebra', *daemons)
        self.dir = RUN / f'frr-{ns}'
        self.dir.mkdir(exist_ok=True)
        if not CRASH_LOGS.is_mount():
            run(['mount', '-t', 'tmpfs', 'tmpfs', CRASH_LOGS])
        self.processes = {}
        self.set_config(config)
        self.start()

    def set_config(self, config):
        """Of the next start."""
        text = config.read_text() if isinstance(config, pathlib.Path) else config
        for name, content in ('frr.conf', text), ('vtysh.conf', 'service integrated-vtysh-config\n'), ('none.conf', ''):
            (self.dir / name).write_text(content)
            shutil.chown(self.dir / name, 'frr', 'frr')
        shutil.chown(self.dir, 'frr', 'frr')

    def _argv(self, daemon):
        argv = [PROGRAMS / daemon, '-f', self.dir / 'none.conf', '-i', self.dir / f'{daemon}.pid',
                '-z', self.dir / 'zserv.api', '--vty_socket', self.dir, '-P', '0', '--log', 'stdout']
        if daemon == 'zebra':
            argv += [*(['-M', 'dplane_fpm_nl'] if self.fpm else []), *self.zebra_options]
        return argv

    def start_daemon(self, daemon):
        for file in (self.dir / f'{daemon}.vty', self.dir / f'{daemon}.pid'):
            with contextlib.suppress(FileNotFoundError):
                file.unlink()
        self.processes[daemon] = Process(f'frr-{self.ns}-{daemon}', self._argv(daemon), ns=self.ns, favoured=True)
        wait_for(f'{daemon} in {self.ns} to take commands', lambda: self.processes[daemon].check_alive()
                 and self._vtysh('-d', daemon, '-c', 'show version', check=False).returncode == 0, 20)

    def start(self):
        for daemon in self.daemons:
            self.start_daemon(daemon)
        self._vtysh('-b')

    def _vtysh(self, *words, check=True):
        return run(['vtysh', '--vty_socket', self.dir, '--config_dir', self.dir, *words], check=check)

    def ctl(self, *commands):
        """Output of vtysh; LabError when a command is wrong. Several commands: as typed one after the other."""
        out = self._vtysh(*(word for command in commands for word in ('-c', command))).stdout
        if '% ' in out:
            raise LabError(f'vtysh {commands}: {out}')
        return out

    def json(self, command):
        return json.loads(self.ctl(f'{command} json'))

    def configure(self, *lines):
        self.ctl('configure terminal', *lines)

    def established(self, neighbour):
        with contextlib.suppress(LabError, ValueError):
            return self.json(f'show bgp neighbors {neighbour}')[neighbour]['bgpState'] == 'Established'
        return False

    def wait_established(self, *neighbours, limit=30):
        for neighbour in neighbours:
            wait_for(f'BGP session with {neighbour} in {self.ns}', lambda n=neighbour: self.established(n), limit)

    def has_route(self, prefix):
        """Is the prefix in zebra's table?"""
        family = 'ipv6' if ':' in prefix else 'ip'
        with contextlib.suppress(LabError, ValueError):
            return prefix in self.json(f'show {family} route {prefix}')
        return False

    def log(self):
        return ''.join(p.log() for p in self.processes.values())

    def explain(self):
        text = f'--- FRR in {self.ns}\n{self.log()}'
        for command in 'show bgp summary', 'show ip route', 'show ipv6 route':
            with contextlib.suppress(LabError):
                text += f'--- {command}\n{self.ctl(command)}'
        return text

    def kill(self, *daemons):
        """SIGKILL; all of them unless some are named."""
        for daemon in daemons or self.daemons:
            self.processes[daemon].signal(signal.SIGKILL)
            self.processes[daemon].wait()

    def stop(self, limit=10):
        for daemon in reversed(self.daemons):
            if daemon in self.processes:
                self.processes[daemon].stop(limit)
