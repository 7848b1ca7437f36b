# SPDX-License-Identifier: BSD-3-Clause
"""The exchange with full tables.

What loads has the last CPU (the peers with the tables, and the main thread of the relay's BIRD), what must answer in
time has the first (tsunagid with its worker, the BFD threads, the neighbour with BFD, who asks the control socket). At
an exchange the neighbours are other machines, and a relay has a core for each worker; here a single write of BIRD's to
the kernel, the one that makes the trie of IPv4 routes twice as large, kept its CPU for 40, 95, 225 ms, as the kernel
that this was written on cannot be preempted.
"""

import json
import os
import pathlib
import random
import re
import sys
import time

import internet
from internet import GATEWAYS, ROUTES4, ROUTES6
from lab.bird import Bird
from lab.exchange import Exchange, add_lan_host
from lab.net import Process, sh, wait_for
from lab.relay import demo_config

FLAPPING = 100_000


def macs(family):
    """{gateway: its MAC}"""
    gateway = internet.gateway4 if family == 4 else internet.gateway6
    return {gateway(k): internet.mac(family, k) for k in range(GATEWAYS)}


class Asker:
    """asker.py, before all others: what is measured is tsunagid, not how long this process waits for a CPU."""

    def __init__(self, path):
        argv = [sys.executable, pathlib.Path(__file__).with_name('asker.py'), path]
        self.process = Process('asker', argv, favoured=True)
        os.sched_setaffinity(self.process.pid, {min(os.sched_getaffinity(0))})

    def end(self):
        self.process.stop()
        return json.loads(self.process.log())


def threads(pid):
    return [int(task) for task in os.listdir(f'/proc/{pid}/task')]


class World:
    """`peer4` has the full table, `peer5` a better way to a part of it, `peer6` nothing but BFD."""

    def __init__(self):
        self.lab = Exchange()
        self.routes4, self.routes6 = internet.prefixes4(), internet.prefixes6()
        rng = random.Random(1)
        self.flapping4 = rng.sample(list(self.routes4), FLAPPING * 4 // 5)
        self.flapping6 = rng.sample(list(self.routes6), FLAPPING // 5)

    def up(self):
        lab = self.lab
        lab.add_networks()
        add_lan_host('peer5', '198.51.100.5/24', '2001:db8:100::5/64')
        sh('ip -n peer4 addr add 2001:db8:100::4/64 dev e0; ip -n peer6 addr add 198.51.100.6/24 dev e0')
        lab.start_relay(self.config())
        self.start_routing()

    @staticmethod
    def config():
        config = demo_config()
        config['workers']['cpus'] = [min(os.sched_getaffinity(0))]
        config['tables'] = {'ipv4-routes': 1_000_000, 'ipv6-routes': 240_000}
        config.pop('announce', None)
        config['neighbours'] = [{'interface': 'ix0', 'address': gateway, 'mac': mac}
                                for family in (4, 6) for gateway, mac in macs(family).items()]
        return config

    def start_routing(self):
        other_gateway = {p: (self.routes4[p] + 1) % GATEWAYS for p in self.flapping4}
        other_gateway6 = {p: (self.routes6[p] + 1) % GATEWAYS for p in self.flapping6}
        configs = {
            'relay': internet.relay_config([('peer4', '198.51.100.4', '2001:db8:100::4', 64504, 100),
                                            ('peer5', '198.51.100.5', '2001:db8:100::5', 64505, 200)]),
            'peer4': internet.peer_config('peer4', '198.51.100.4', '2001:db8:100::4', 64504, self.routes4, self.routes6),
            'peer5': internet.peer_config('peer5', '198.51.100.5', '2001:db8:100::5', 64505, other_gateway,
                                          other_gateway6),
            'peer6': internet.other_config(),
        }
        for ns, path in configs.items():
            self.lab.birds[ns] = Bird(ns, path)
            self.lab._stack.callback(self.lab.birds[ns].stop)  # pylint: disable=protected-access
        self.lab.birds['relay'].wait_established('peer6')
        self.place()
        wait_for('BFD', lambda: 'Up' in self.lab.birds['relay'].ctl('show', 'bfd', 'sessions'))

    def place(self):
        """Each thread on the CPU that this file's head says."""
        cpus = sorted(os.sched_getaffinity(0))
        for ns, bird in self.lab.birds.items():
            for task in threads(bird.process.pid):
                loads = task == bird.process.pid and ns != 'peer6'
                os.sched_setaffinity(task, {cpus[-1] if loads else cpus[0]})
        for task in threads(self.lab.relay.process.pid):
            os.sched_setaffinity(task, {cpus[0]})

    def announce(self, ns, on=True):
        for protocol in 'bgp4', 'bgp6':
            self.lab.birds[ns].ctl('enable' if on else 'disable', protocol)

    def tables(self):
        return self.lab.relay.show('tables')

    def kernel_counts(self):
        """Routes of each family that BIRD has put into the kernel; it waits for the kernel's answer to each. The kernel
        itself must not be asked while it matters: /proc/net/fib_triestat walks the whole table, and where the kernel is
        not preemptible (PREEMPT_NONE) nothing else ran on that CPU for 200 to 300 ms, BFD included.
        """
        self.lab.relay.process.check_alive()
        text = [self.lab.birds['relay'].ctl('show', 'protocols', 'all', f'kernel{family}') for family in (4, 6)]
        return [int(re.search(r'Routes:.* (\d+) exported', t).group(1)) for t in text]

    def in_kernel(self):
        return all(n >= wanted for n, wanted in zip(self.kernel_counts(), (ROUTES4, ROUTES6)))

    def loaded(self):
        t = self.tables()
        return t['ipv4_routes'] >= ROUTES4 and t['ipv6_routes'] >= ROUTES6

    def in_workers(self):
        """The version that they all have is the newest, and no newer one comes."""
        version = self.tables()['version']
        if any(w['table_version'] != version for w in self.lab.relay.show('workers')):
            return False
        time.sleep(0.05)
        return self.tables()['version'] == version

    def explain(self):
        relay = self.lab.relay
        return (relay.process.log() + relay.show_text('tables')) if relay and relay.process.alive() else ''
