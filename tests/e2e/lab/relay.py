# SPDX-License-Identifier: BSD-3-Clause
"""tsunagid and tsunagictl."""

import contextlib
import json
import os

import yaml

from .net import ROOT, RUN, LabError, Process, has_device, run, sh, wait_for

BUILD = ROOT / os.environ.get('TS_BUILD', 'build')
TSUNAGID = BUILD / 'tsunagid'
TSUNAGICTL = BUILD / 'tsunagictl'


class _Dumper(yaml.SafeDumper):
    """Writes booleans as the operator does: yes, no."""


_Dumper.add_representer(bool, lambda d, b: d.represent_scalar('tag:yaml.org,2002:bool', 'yes' if b else 'no'))


def demo_config():
    """config/demo.yaml as a dictionary, its worker on the last CPU that this process may use."""
    config = yaml.safe_load((ROOT / 'config/demo.yaml').read_text())
    config['workers']['cpus'] = [max(os.sched_getaffinity(0))]
    return config


def write_config(config, name='tsunagi.yaml'):
    path = RUN / name
    path.write_text(config if isinstance(config, str) else yaml.dump(config, Dumper=_Dumper, sort_keys=False))
    return path


class Relay:
    """A tsunagid from start to stop. Started in the outer namespace; it enters `lan` and `relay` by itself."""

    def __init__(self, config=None, name='tsunagid', env=None):
        self.config = config or demo_config()
        self.socket = self.config['control']['socket']
        self.path = write_config(self.config, f'{name}.yaml')
        os.makedirs(os.path.dirname(self.socket), exist_ok=True)
        self.process = Process(name, [TSUNAGID, '-c', self.path], favoured=True,
                               env={**os.environ, **(env or {})})

    def wait_ready(self, limit=30):
        def answers():
            self.process.check_alive()
            return os.path.exists(self.socket) and self.try_show('workers')
        wait_for('tsunagid to answer on its control socket', answers, limit)

    def try_show(self, what):
        done = run([TSUNAGICTL, '-s', self.socket, '--json', 'show', what], check=False, timeout=10)
        with contextlib.suppress(ValueError):
            return done.returncode == 0 and json.loads(done.stdout)
        return None

    def show(self, *what):
        """The value of the one key in the JSON answer: {"counters": {...}} gives {...}."""
        return json.loads(run([TSUNAGICTL, '-s', self.socket, '--json', 'show', *what], timeout=10).stdout)[what[0]]

    def show_text(self, what):
        return run([TSUNAGICTL, '-s', self.socket, 'show', what], timeout=10).stdout

    def counter(self, name):
        return {**self.show('counters'), **self.show('drops')}[name]

    def drops(self):
        """Drop reasons that are not zero."""
        return {name: n for name, n in self.show('drops').items() if n}

    def route(self, prefix):
        return next((r for r in self.show('routes') if r['prefix'] == prefix), None)

    def explain(self):
        """What helps to understand a failure."""
        state = 'alive' if self.process.alive() else f'ended with {self.process.popen.returncode}'
        text = f'--- tsunagid ({state})\n{self.process.log()}'
        if self.process.alive():
            for what in 'counters', 'drops', 'ports', 'routes', 'neighbours', 'workers':
                with contextlib.suppress(LabError):
                    text += f'--- show {what}\n{self.show_text(what)}'
        return text

    def attach_wire(self, ns='lan', device='ixwire', bridge='br0', mac='02:00:00:00:00:fe'):
        """The wire side of net_tap onto the LAN's bridge.

        It comes with the port's own MAC; with that the bridge would take the relay's frames for itself.
        Only once the relay is ready: starting the port gives the device that MAC again.
        """
        wait_for(f'{device} in {ns}', lambda: self.process.check_alive() and has_device(ns, device), 30)
        sh(f'''ip -n {ns} link set {device} down
            ip -n {ns} link set {device} address {mac}
            ip netns exec {ns} sh -c 'echo 1 >/proc/sys/net/ipv6/conf/{device}/disable_ipv6'
            ip -n {ns} link set {device} master {bridge} up''')

    def stop(self, limit=10):
        return self.process.stop(limit)
