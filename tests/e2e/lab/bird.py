# SPDX-License-Identifier: BSD-3-Clause
"""BIRD in a namespace."""

import pathlib
import re

from .net import RUN, LabError, Process, run, wait_for


class Bird:
    def __init__(self, ns, config):
        self.ns, self.config = ns, pathlib.Path(config)
        self.socket = RUN / f'bird-{ns}.ctl'
        self.start()

    def start(self):
        self.process = Process(f'bird-{self.ns}', [
            'bird', '-f', '-c', self.config, '-s', self.socket, '-P', RUN / f'bird-{self.ns}.pid'], ns=self.ns,
            favoured=True)
        wait_for(f'BIRD in {self.ns} to take commands', lambda: self.process.check_alive() and self.socket.exists()
                 and run(['birdc', '-s', self.socket, 'show', 'status'], check=False).returncode == 0)

    def ctl(self, *words):
        """Output of birdc; LabError when BIRD calls the command wrong."""
        out = run(['birdc', '-v', '-s', self.socket, *words]).stdout
        if re.search(r'^(8|9)\d\d\d[ -]', out, re.M):
            raise LabError(f'birdc {" ".join(words)}: {out}')
        return re.sub(r'^(0001.*\n|\d{4}[ -]| {5}| )', '', out, flags=re.M)

    def established(self, protocol):
        return 'Established' in self.ctl('show', 'protocols', protocol)

    def wait_established(self, *protocols, limit=30):
        for protocol in protocols:
            wait_for(f'BGP session {protocol} in {self.ns}', lambda p=protocol: self.established(p), limit)

    def has_route(self, prefix, table=None):
        words = ['show', 'route', prefix] + (['table', table] if table else [])
        try:
            return prefix in self.ctl(*words)
        except LabError:
            return False

    def stop(self, limit=10):
        self.process.stop(limit)
