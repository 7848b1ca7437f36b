# SPDX-License-Identifier: BSD-3-Clause
"""The exchange point with a Teredo client behind a NAT; its server and its relay are ours or Miredo's.

    client    a host with Miredo's client, 192.168.77.2, behind
    nat       198.51.100.10, of a kind that a test chooses
    server    Miredo's server, 198.51.100.31 and .32, 2001:db8:100::31
    router    Miredo's relay, 198.51.100.20, 2001:db8:100::20

Ours has both on its own addresses: the relay on 198.51.100.1, the server on 198.51.100.1 and .2. host6 behind peer6 is
the native host. No BGP: the routes are the operator's.
"""

import os
import re

from lab import checks
from lab.exchange import ID6, PEER6, RELAY4, RELAY6, Exchange, add_lan_host
from lab.miredo import TEREDO, MiredoHost, MiredoRelay, MiredoServer
from lab.nat import PORT_RESTRICTED, Nat, add_nat_host
from lab.net import run, sh, wait_for
from lab.relay import Relay, demo_config

NAT4 = '198.51.100.10'
OUR_SERVER = (RELAY4, '198.51.100.2')
MIREDO_SERVER, MIREDO_SERVER6 = ('198.51.100.31', '198.51.100.32'), '2001:db8:100::31'
MIREDO_RELAY4, MIREDO_RELAY6 = '198.51.100.20', '2001:db8:100::20'
LAN_HOSTS = 'peer6', 'nat', 'server', 'router', 'probe'


def moved(lab, *names):
    """A function that says by how much these counters have moved since."""
    before = [lab.relay.counter(name) for name in names]
    return lambda: [lab.relay.counter(name) - n for name, n in zip(names, before)]


def first_answer(where, address, count=10):
    """The sequence number of the first echo request that is answered, and all after it are; 1 is the first."""
    output = checks.command(where, f'ping -n -c {count} -i 0.2 -w {count} {address}', check=False)
    answered = [int(n) for n in re.findall(r'icmp_seq=(\d+) ttl', output)]
    assert len(answered) >= count and answered == list(range(answered[0], answered[0] + len(answered))), output
    return answered[0]


class TeredoExchange(Exchange):
    our_server = our_relay = True

    nat = client = None

    def config(self, **keys):
        """Of our daemon; `keys` are more ones of the relay."""
        config = demo_config()
        del config['6to4'], config['announce']
        config['interfaces'][0]['addresses'] += [f'{OUR_SERVER[1]}/24']
        if self.our_server:
            config['teredo-server'] = {'address': OUR_SERVER[0]}
        if self.our_relay:
            config['teredo-relay'] = {'address': RELAY4, 'peers': 1024, **keys}
        return config

    def add_networks(self):
        super().add_networks()
        add_lan_host('nat', f'{NAT4}/24')
        add_lan_host('server', *(f'{a}/24' for a in MIREDO_SERVER), f'{MIREDO_SERVER6}/64')
        add_lan_host('router', f'{MIREDO_RELAY4}/24', f'{MIREDO_RELAY6}/64')
        add_nat_host()
        next_hop = RELAY6 if self.our_relay else MIREDO_RELAY6
        sh(f'''for ns in server router; do ip -n $ns -6 route add default via {PEER6}; done
            ip -n peer6 -6 route add {TEREDO} via {next_hop}
            ip -n peer6 -6 route add {ID6} via {RELAY6}''')

    def up(self, with_site=False):
        self.add_networks()
        self.become(PORT_RESTRICTED)
        self._stack.callback(lambda: self.nat.close())
        self.client = MiredoHost('client')
        self._stack.callback(self.client.stop)
        if self.our_server or self.our_relay:
            self.start_relay(self.config())
            self.add_routes()
        if not self.our_server:
            self._stack.callback(MiredoServer('server', *MIREDO_SERVER).stop)
        if not self.our_relay:
            self._stack.callback(MiredoRelay('router', MIREDO_RELAY4).stop)
        return self

    def add_routes(self):
        """They go with the twin."""
        sh(f'ip -n relay -6 route add 2001:db8:6::/48 via {PEER6}')
        wait_for('the native route', lambda: self.relay.route('2001:db8:6::/48'))
        if not self.our_relay:
            sh(f'ip -n relay -6 route add {TEREDO} via {MIREDO_RELAY6}')

    def become(self, kind, **options):
        """Another NAT instead of the last."""
        if self.nat:
            self.nat.close()
        self.nat = Nat(kind, NAT4, **options)

    def new_client(self):
        """A client that nobody knows: started anew, with a new mapping. Returns its Teredo address."""
        self.client.stop_miredo()
        self.nat.forget()
        self.client.start(*(OUR_SERVER if self.our_server else MIREDO_SERVER))
        return self.client.wait_qualified()

    def restart(self, config=None):
        """Our daemon, again; it has ended or is stopped. A new one has a new MAC."""
        self.relay.stop()
        self.relay = Relay(config or self.relay.config)
        self.relay.wait_ready()
        self.relay.attach_wire()
        for ns in LAN_HOSTS:
            run(['ip', '-n', ns, 'neigh', 'flush', 'dev', 'e0'])
        self.add_routes()

    def close(self):
        """So that another can be made."""
        super().close()
        run(['ip', '-all', 'netns', 'delete'])

    def explain(self):
        text = super().explain()
        if self.nat:
            text += self.nat.explain()
        if self.client and self.client.miredo:
            text += f'--- Miredo client\n{self.client.miredo.log()}'
        return text


class TwoWorkers(TeredoExchange):
    """A queue and a share of the peers for each."""

    def config(self, **keys):
        config = super().config(**keys)
        config['workers']['cpus'] = sorted(os.sched_getaffinity(0))[-2:]
        return config


class MiredoOnly(TeredoExchange):
    """Nothing of ours."""

    our_server = our_relay = False


class MiredoServerOurRelay(TeredoExchange):
    our_server = False


class OurServerMiredoRelay(TeredoExchange):
    our_relay = False
